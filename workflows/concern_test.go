package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"

	essworker "github.com/ess-thailand/ess/worker"
)

// worry is a script about a concern: its record and its inbox, in memory.
type worry struct {
	*script
	concern casefile.Concern
	events  []casefile.ConcernEvent
	words   []activities.ConcernWord
	school  *casefile.Unit
	heads   []casefile.MemberID
	opened  []casefile.Opening
	alarms  int
}

func pointOut(t *testing.T, kind casefile.ConcernKind) *worry {
	t.Helper()
	w := &worry{script: begin(t, casefile.ThreatAssault, false)}
	w.concern = casefile.Concern{ID: "1f8fad5b-d9cb-469f-a165-70867728950e", Kind: kind, Child: true, DueAt: epoch.Add(30 * time.Minute)}
	return w
}

func (w *worry) Concern(context.Context, casefile.ConcernID) (casefile.Concern, error) {
	return w.concern, nil
}

func (w *worry) ConcernInbox(_ context.Context, _ casefile.ConcernID, after, _ int) ([]activities.ConcernWord, error) {
	return slices.DeleteFunc(slices.Clone(w.words), func(x activities.ConcernWord) bool { return x.N <= after }), nil
}

func (w *worry) AppendConcern(_ context.Context, after casefile.Concern, events []casefile.ConcernEvent) error {
	if after.Version != w.concern.Version+len(events) {
		return casefile.ErrMoved
	}
	w.concern, w.events = after, append(w.events, events...)
	return nil
}

func (w *worry) PendingEvidence(context.Context, casefile.ConcernID) ([]activities.EvidenceInput, error) {
	return nil, nil
}
func (w *worry) KeepEvidence(context.Context, casefile.ConcernID, int, activities.Kept) error {
	return nil
}

func (w *worry) SchoolIn(_ context.Context, text string) (casefile.Unit, bool, error) {
	if w.school == nil || !strings.Contains(text, w.school.NameTh) {
		return casefile.Unit{}, false, nil
	}
	return *w.school, true, nil
}

func (w *worry) HeadsOf(context.Context, casefile.UnitID) ([]casefile.MemberID, error) {
	return w.heads, nil
}

func (w *worry) PointerContact(context.Context, casefile.ConcernID) (activities.Contact, error) {
	return activities.Contact{LINE: "pointer", Language: casefile.Thai}, nil
}

func (w *worry) ConcernToAlarm(context.Context, casefile.ConcernID, casefile.Actor) (casefile.CaseID, int, error) {
	w.alarms++
	return "alarm", 1, nil
}

func (w *worry) ConcernPlain(context.Context, casefile.ConcernID) (casefile.Private, error) {
	return casefile.Private{Text: "what was said"}, nil
}

func (w *worry) OpenFollowUp(_ context.Context, o casefile.Opening) (casefile.CaseID, int, error) {
	w.opened = append(w.opened, o)
	return "followed", 1, nil
}

// opener stands in for the record of follow-ups.
type opener struct {
	*world
	w *worry
}

func (o opener) OpenFollowUp(ctx context.Context, x casefile.Opening) (casefile.CaseID, int, error) {
	return o.w.OpenFollowUp(ctx, x)
}

func (w *worry) word(in casefile.Incoming) {
	in.At = w.env.Now()
	n := len(w.words) + 1
	w.words = append(w.words, activities.ConcernWord{N: n, EventID: casefile.EventID(fmt.Sprintf("w%d", n)), At: in.At, In: in})
	w.env.SignalWorkflow(workflows.SignalNudge, workflows.Nudge{UpTo: n})
}

// pointed says where it is and what was seen.
func (w *worry) pointed(where casefile.Incoming) {
	by := casefile.Actor{Kind: casefile.ByReporter}
	where.Option, where.By = casefile.MarkWhere, by
	w.at(0, func() { w.word(where) })
	w.at(time.Second, func() {
		w.word(casefile.Incoming{Word: casefile.Said, Text: "what was seen", Option: casefile.MarkWhat, By: by})
	})
}

func (w *worry) member(m casefile.MemberID, a casefile.Action, reason string) {
	w.word(casefile.Incoming{Word: casefile.Pressed, Action: a, Reason: reason, By: casefile.Actor{Kind: casefile.ByMember, ID: string(m)}})
}

func (w *worry) runs(until time.Duration) {
	w.t.Helper()
	deeds := &activities.Activities{
		Cases: w.world, Media: w.world, Contents: w.world, Roster: w.world, Contacts: w.world, Messenger: w.world, Nudger: w.world, Proofs: w.world,
		Places: policy.DefaultPlaces(), Cells: func(float64, float64) string { return "cell" }, Policy: policy.Default(), Concerns: w, Care: opener{w.world, w},
	}
	essworker.RegisterDeeds(w.env, deeds)
	w.env.RegisterWorkflow(workflows.Concern)
	w.at(until, w.env.CancelWorkflow)
	w.env.ExecuteWorkflow(workflows.Concern, workflows.ConcernRun{Concern: w.concern.ID})
	if err := w.env.GetWorkflowError(); err != nil && !strings.Contains(err.Error(), "canceled") {
		w.t.Fatalf("the story broke: %v", err)
	}
}

// askedAt lists the offices that were asked, with the minutes since the start.
func (w *worry) askedAt() string {
	var out []string
	for _, e := range w.events {
		if e.Kind == casefile.ConcernAsked {
			out = append(out, fmt.Sprintf("%d %s", int(e.At.Sub(epoch).Minutes()), e.Unit))
		}
	}
	return strings.Join(out, ", ")
}

func pinned() casefile.Incoming {
	pin := phitsanulok
	return casefile.Incoming{Word: casefile.SentLocation, Pin: &pin}
}

func TestEverySilenceAboutAConcernClimbsAndTheLastIsAskedAgain(t *testing.T) {
	w := pointOut(t, casefile.AboutChildSpace)
	w.pointed(pinned())
	w.runs(20 * time.Hour)
	if got := w.askedAt(); got != "0 shelter, 240 msdhs-duty, 360 msdhs, 600 husec, 840 husec, 1080 husec" {
		t.Errorf("asked %s", got)
	}
}

func TestARefusalGoesToTheNextOfficeAtOnce(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	w.pointed(pinned())
	w.at(10*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernDecline, "NOT_OUR_WORK") })
	w.at(11*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernDecline, "") })
	w.runs(time.Hour)
	if got := w.askedAt(); got != "0 msdhs-duty, 10 msdhs" {
		t.Errorf("asked %s", got)
	}
	if last := w.events[len(w.events)-1]; last.Kind != casefile.ConcernWordUnused || w.concern.Inbox != 4 {
		t.Errorf("a refusal without a reason: %+v", last)
	}
}

// Whoever says that they are part of it can neither take it up nor is asked again or told what became of it.
func TestAConflictIsKept(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	w.pointed(pinned())
	w.at(10*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernDecline, casefile.ReasonConflict) })
	w.at(11*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernTake, "") })
	w.at(12*time.Minute, func() { w.member("msdhs", casefile.ActConcernTake, "") })
	w.runs(time.Hour)
	if w.concern.Owner.ID != "msdhs" || slices.Contains(w.concern.Asked, "msdhs-duty") || !slices.Equal(w.concern.Declined, []casefile.MemberID{"msdhs-duty"}) {
		t.Errorf("%+v", w.concern)
	}
	if told := strings.Join(w.told("msdhs-duty"), ", "); strings.Contains(told, "concern_gone") || !strings.Contains(told, "concern_refused") {
		t.Errorf("who declined was told %s", told)
	}
}

// The last office is asked again and again, but nobody of it who is part of it.
func TestTheLastOfficeWithAConflictIsAskedNoMore(t *testing.T) {
	w := pointOut(t, casefile.AboutOnline)
	w.pointed(casefile.Incoming{Word: casefile.Said, Text: "https://bad.example"})
	w.at(10*time.Minute, func() { w.member("husec", casefile.ActConcernDecline, casefile.ReasonConflict) })
	w.runs(20 * time.Hour)
	if got := w.askedAt(); got != "0 husec" || w.concern.State.Ended() || w.concern.DueAt.IsZero() {
		t.Errorf("asked %s, %+v", got, w.concern)
	}
}

func TestWhatSomebodyTookUpAndLeftLyingClimbs(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	w.pointed(pinned())
	w.at(time.Hour, func() { w.member("msdhs-duty", casefile.ActConcernTake, "") })
	w.runs(4 * 24 * time.Hour)
	if got := w.askedAt(); !strings.HasPrefix(got, "0 msdhs-duty, 4380 msdhs, ") { // three days after an hour
		t.Errorf("asked %s", got)
	}
	if w.concern.State != casefile.ConcernTaken || w.concern.Office != "msdhs-duty" {
		t.Errorf("%+v", w.concern)
	}
	told := strings.Join(w.told("pointer"), ", ")
	if told != "3600 concern_pointer_taken" {
		t.Errorf("the pointer was told %s", told)
	}
}

func TestAPlaceAloneIsReceivedWhenTheTalkIsOver(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	where := pinned()
	where.Option, where.By = casefile.MarkWhere, casefile.Actor{Kind: casefile.ByReporter}
	w.at(0, func() { w.word(where) })
	w.runs(time.Hour)
	if got := w.askedAt(); got != "30 msdhs-duty" {
		t.Errorf("asked %s", got)
	}
}

func TestWithoutAPlaceTheCentreIsAsked(t *testing.T) {
	w := pointOut(t, casefile.AboutOnline)
	w.pointed(casefile.Incoming{Word: casefile.Said, Text: "https://bad.example"})
	w.runs(time.Hour)
	if got := w.askedAt(); got != "0 husec" || w.concern.Evidence != 1 {
		t.Errorf("asked %s, %d pieces", got, w.concern.Evidence)
	}
}

// A school is asked only when the pointer says that nobody of it is part of it.
func TestASchoolIsAskedOnlyWhereThePointerSaysSo(t *testing.T) {
	for _, tell := range []bool{false, true} {
		w := pointOut(t, casefile.AboutSchool)
		w.school, w.heads = &casefile.Unit{ID: "school", NameTh: "โรงเรียนริมน้ำ", Province: "65"}, []casefile.MemberID{"husec"} // somebody with a telephone
		by := casefile.Actor{Kind: casefile.ByReporter}
		w.at(0, func() {
			w.word(casefile.Incoming{Word: casefile.Said, Text: "โรงเรียนริมน้ำ", Option: casefile.MarkWhere, By: by})
		})
		if tell {
			w.at(time.Second, func() {
				w.word(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActConcern, Reason: casefile.ReasonTellSchool, Option: casefile.MarkTell, By: by})
			})
		}
		w.at(2*time.Second, func() {
			w.word(casefile.Incoming{Word: casefile.Said, Text: "seen", Option: casefile.MarkWhat, By: by})
		})
		w.runs(time.Hour)
		if got := w.askedAt(); (got == "0 school") != tell || w.concern.School != "school" || w.concern.Place.Province != "65" {
			t.Errorf("tell %v: asked %s, %+v", tell, got, w.concern.Place)
		}
	}
}

func TestAWorkerFollowsAConcernAndNothingIsTypedAgain(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	w.pointed(pinned())
	w.at(time.Minute, func() { w.member("husec", casefile.ActConcernTake, "") }) // was not asked
	w.at(2*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernTake, "") })
	w.at(3*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernFollow, "") })
	w.runs(time.Hour)
	if w.concern.State != casefile.ConcernFollowed || w.concern.Case != "followed" || len(w.opened) != 1 {
		t.Fatalf("%+v, opened %d", w.concern, len(w.opened))
	}
	if o := w.opened[0]; o.Office != "msdhs-duty" || o.Problem != casefile.Drugs || o.Private.Text != "what was said" || o.Place.Province != "65" {
		t.Errorf("opened %+v", o)
	}
	if !w.env.IsWorkflowCompleted() || w.env.GetWorkflowError() != nil {
		t.Errorf("the process goes on: %v", w.env.GetWorkflowError())
	}
}

// What the pointer did not let the school know reaches it in no case that comes from the concern either.
func TestACaseFromAConcernIsKeptFromTheSchoolItIsAbout(t *testing.T) {
	for _, tell := range []bool{false, true} {
		w := pointOut(t, casefile.AboutDrugs)
		w.concern.School, w.concern.AskHere = "school", tell
		w.pointed(pinned())
		w.at(2*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernTake, "") })
		w.at(3*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernFollow, "") })
		w.runs(time.Hour)
		want := map[bool][]casefile.Exclusion{false: {{Unit: "school"}}}[tell]
		if len(w.opened) != 1 || !slices.Equal(w.opened[0].Excluded, want) {
			t.Errorf("told %v: opened %+v", tell, w.opened)
		}
	}
	f := follows(t)
	f.c = casefile.Case{ID: f.c.ID, State: casefile.FollowUp, Channel: casefile.ChannelREST, Owner: "msdhs-duty", Clocks: []casefile.Deadline{{Clock: casefile.ClockState, At: epoch.Add(time.Minute)}}}
	f.events = nil
	f.at(0, func() {
		f.hears(casefile.Incoming{Word: casefile.OpenedByUs, By: casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}, Opening: &casefile.Opening{
			Event: "x", By: casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}, Office: "msdhs-duty", Problem: casefile.Drugs, Place: casefile.Place{Province: "65"}, At: epoch,
			Excluded: []casefile.Exclusion{{Unit: "school"}},
		}})
	})
	f.followed(time.Hour)
	if !f.c.Excludes("school", "") || f.c.Care == nil {
		t.Errorf("the follow-up is kept from %+v", f.c.Excluded)
	}
	s := begin(t, casefile.ThreatAssault, false)
	pin := phitsanulok
	s.at(0, func() {
		s.reporter(casefile.Incoming{Word: casefile.Called, Type: casefile.ThreatAssault, Channel: casefile.ChannelREST, Pin: &pin, Excluded: []casefile.Exclusion{{Unit: "station-1"}}})
	})
	s.run(2 * time.Minute)
	if !s.c.Excludes("station-1", "") || len(s.told("station-1")) != 0 || len(s.told("radio")) == 0 {
		t.Errorf("kept from %+v, told %v, radio %v", s.c.Excluded, s.told("station-1"), s.told("radio"))
	}
}

func TestAnEmergencyOfAWorkerEndsTheConcern(t *testing.T) {
	w := pointOut(t, casefile.AboutDrugs)
	w.pointed(pinned())
	w.at(2*time.Minute, func() { w.member("msdhs-duty", casefile.ActConcernUrgent, "") })
	w.runs(time.Hour)
	if w.concern.State != casefile.ConcernUrgent || w.concern.Case != "alarm" || w.alarms != 1 {
		t.Errorf("%+v", w.concern)
	}
	if told := w.told("pointer"); len(told) != 0 {
		t.Errorf("the pointer was told %v", told)
	}
}
