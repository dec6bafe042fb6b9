package simulate

import (
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// shown is what a console shows of a case reported at noon.
func shown(s casefile.State, events ...eventView) record {
	return record{Case: casefile.Case{State: s, Channel: casefile.ChannelLINE, ReportedAt: noon}, events: events}
}

func (r record) with(change func(*record)) record {
	change(&r)
	return r
}

func seen(k casefile.Kind, more ...func(*eventView)) eventView {
	e := eventView{Kind: k}
	for _, change := range more {
		change(&e)
	}
	return e
}

func because(reason string) func(*eventView) { return func(e *eventView) { e.Reason = reason } }
func yes(e *eventView)                       { e.Yes = true }

func TestWhatAnOperatorMakesOfACase(t *testing.T) {
	quiet := func(r *record) { r.Quiet = true }
	cancelled := func(r *record) { r.Cancel = true }
	arrived := func(r *record) { r.ArrivedAt = noon }
	item := func(reason casefile.DeskReason) func(*record) {
		return func(r *record) { r.Desk = &casefile.DeskItem{Reason: reason} }
	}
	team := func(role casefile.Role, crew int, offers []casefile.Offer, going ...casefile.MemberID) func(*record) {
		return func(r *record) {
			track := casefile.Track{Role: role, Crew: crew, Offers: offers}
			for _, m := range going {
				track.Team = append(track.Team, casefile.Assignment{Member: m, State: casefile.AssignEnRoute})
			}
			r.Tracks = append(r.Tracks, track)
		}
	}
	silent := []casefile.Offer{{Member: "no", Level: casefile.LevelNear, Answer: casefile.SaidNo}, {Member: "car", Level: casefile.LevelStation}}
	tests := []struct {
		name    string
		r       record
		minutes int
		hoax    bool
		deed    deed
		outcome casefile.Outcome
	}{
		{"a tap, and nothing since", shown(casefile.Draft), 2, false, ask, ""},
		{"nothing, and asked", shown(casefile.Draft, seen(casefile.QuestionAsked)), 2, false, leave, ""},
		{"nothing for long", shown(casefile.Draft, seen(casefile.QuestionAsked), seen(casefile.ReporterAdded, because("TAPPED_AGAIN"))), 16, false, end, casefile.OutcomeNotFound},
		{"somebody in hiding is not asked", shown(casefile.Draft).with(quiet), 2, false, leave, ""},
		{"and is waited for longer", shown(casefile.Draft).with(quiet), 40, false, leave, ""},
		{"a photo, no place", shown(casefile.Draft, seen(casefile.ReporterAdded, because("image"))), 60, false, ask, ""},
		{"danger lasts, no place", shown(casefile.Draft, seen(casefile.CheckInAnswered, yes)), 60, false, ask, ""},
		{"a pin that cannot be used", shown(casefile.Draft, seen(casefile.ReporterAdded, because("pin_unusable")), seen(casefile.QuestionAsked)), 60, false, leave, ""},
		{"a distress word is a sign", shown(casefile.Draft).with(func(r *record) { r.Guessed = true }), 60, false, ask, ""},
		{"an address", shown(casefile.Draft).with(func(r *record) { r.words = []string{"x"} }), 2, false, locate, ""},
		{"cancelled and safe", shown(casefile.Draft, seen(casefile.SafeSaid)).with(cancelled), 5, false, end, casefile.OutcomeNoSocialNeed},
		{"cancelled, and in danger by the last word", shown(casefile.Draft, seen(casefile.SafeSaid), seen(casefile.CheckInAnswered, yes)).with(cancelled), 60, false, ask, ""},
		{"cancelled in hiding counts as forced", shown(casefile.Draft, seen(casefile.SafeSaid)).with(cancelled).with(quiet), 5, false, leave, ""},
		{"cancelled, with a car on its way", shown(casefile.EnRoute, seen(casefile.SafeSaid)).with(cancelled).with(team(casefile.Police, 1, nil, "car")), 9, false, leave, ""},
		{"cancelled and seen", shown(casefile.Controlled, seen(casefile.SafeSaid)).with(cancelled), 40, false, end, casefile.OutcomeNoSocialNeed},
		{"asked and silent", shown(casefile.Sent).with(team(casefile.Police, 2, silent)), 4, false, telephone, ""},
		{"all under way", shown(casefile.EnRoute).with(team(casefile.Police, 1, silent, "car")), 4, false, leave, ""},
		{"no ambulance yet", shown(casefile.EnRoute).with(team(casefile.Police, 1, nil, "car")).with(team(casefile.Medical, 1, silent)), 4, false, telephone, ""},
		{"an unread screen", shown(casefile.Sent).with(item(casefile.DeskRadioUnread)).with(team(casefile.Police, 2, silent)), 4, false, radio, ""},
		{"nobody is there, says the officer", shown(casefile.Controlled).with(arrived), 30, true, end, casefile.OutcomeFalse},
		{"and is still looking", shown(casefile.OnScene).with(arrived), 30, true, leave, ""},
		{"the officer left before", shown(casefile.Sent), 30, true, leave, ""},
		{"others reported it too", shown(casefile.OnScene).with(arrived).with(func(r *record) { r.Reports = []casefile.CaseID{"other"} }), 30, true, leave, ""},
		{"under control for long", shown(casefile.Handover).with(item(casefile.DeskStale)), 100, false, office, ""},
		{"an office has it", shown(casefile.FollowUp, seen(casefile.SafeSaid)).with(cancelled), 100, true, leave, ""},
		{"the case that leads was helped", shown(casefile.Duplicate, seen(casefile.LeadEnded, yes)), 60, false, end, casefile.OutcomeDuplicate},
		{"the case that leads goes on", shown(casefile.Duplicate), 60, false, leave, ""},
		{"ended", shown(casefile.Closed), 60, false, leave, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(tt.r, noon.Add(time.Duration(tt.minutes)*time.Minute), tt.hoax)
			if got.deed != tt.deed || got.outcome != tt.outcome {
				t.Errorf("%+v", got)
			}
			if got.deed == telephone && (len(got.calls) != 1 || got.calls[0].list[0] != "car" || len(got.calls[0].list) != 1) {
				t.Errorf("called %+v; who said no is left alone", got.calls)
			}
		})
	}
}

func TestOperatorsAreSharedByTheirItems(t *testing.T) {
	work := []Served{
		{Came: 0, Took: 5, Busy: 100, Rung: true}, {Came: 10, Took: 5, Busy: 100}, {Came: 20, Took: 5, Busy: 100, Rung: true},
	}
	sum := func(list []float64) (s float64) {
		for _, v := range list {
			s += v
		}
		return s
	}
	if got := waitsWith(1, work); len(got) != 2 || got[0] != 5 || got[1] != 85 {
		t.Errorf("one person: %v; what rings goes before what was to be looked at again", got)
	}
	if got := waitsWith(2, work); len(got) != 2 || sum(got) != 10 {
		t.Errorf("two people: %v; one stays free for what rings", got)
	}
	together := []Served{{Took: 5, Busy: 50, Rung: true}, {Took: 5, Busy: 60, Rung: true}, {Took: 5, Busy: 50, Rung: true}}
	if got := waitsWith(2, together); len(got) != 3 || got[2] != 55 {
		t.Errorf("three things for two people: %v", got)
	}
	if got := waitsWith(0, work); got != nil {
		t.Errorf("nobody: %v", got)
	}
}

func TestTheSecondPersonIsAnotherOne(t *testing.T) {
	one, two, boss := &operator{}, &operator{}, &operator{supervises: true}
	wish := &deskItem{by: one}
	k := desk{staff: 2, free: []*operator{one, two}, later: []*deskItem{wish, {}}}
	if k.next(one) == wish || k.next(two) != wish {
		t.Error("who wants to end a case confirmed it, or nobody else may")
	}
	k = desk{staff: 1, free: []*operator{boss}, queue: []*deskItem{{rung: true}}, later: []*deskItem{{}, wish}}
	if k.next(boss) != wish || k.next(boss) != nil || len(k.queue) != 1 {
		t.Error("a supervisor does nothing but confirm")
	}
	k = desk{staff: 2, free: []*operator{two}, queue: []*deskItem{{rung: true}}, later: []*deskItem{wish}}
	if k.next(two) == wish || k.next(two) != nil {
		t.Error("the last free operator began something that can wait")
	}
}
