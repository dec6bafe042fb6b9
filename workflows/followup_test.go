package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/workflows"
)

const day = 24 * time.Hour

func (w *world) Office(_ context.Context, unit casefile.UnitID, _ casefile.CaseID) (activities.Office, error) {
	var o activities.Office
	for _, m := range w.members {
		switch {
		case m.Unit != unit:
		case m.Level != "":
			o.Desks = append(o.Desks, m.ID)
		case m.Class == casefile.Supervisor:
			o.Supervisors = append(o.Supervisors, m.ID)
		}
	}
	return o, nil
}

func (w *world) OpenFollowUp(context.Context, casefile.Opening) (casefile.CaseID, int, error) {
	return w.c.ID, 1, nil
}

// follows begins a script in follow-up: the office "msdhs-duty" accepted an emergency a minute ago.
func follows(t *testing.T) *script {
	t.Helper()
	s := begin(t, casefile.ThreatAssault, false)
	s.env.SetTestTimeout(2 * time.Minute)
	s.c.State, s.c.Version, s.c.Severity, s.c.Owner = casefile.FollowUp, 1, casefile.High, "msdhs-duty"
	s.c.Place = casefile.Place{Province: "65"}
	s.c.ReportedAt, s.c.ControlledAt = epoch.Add(-2*time.Hour), epoch.Add(-time.Hour)
	s.c.Over = casefile.HandoverStep{Unit: "msdhs-duty", AcceptAt: epoch.Add(-time.Minute)}
	s.events = []casefile.Event{{ID: "reported", Seq: 1, Kind: casefile.Reported}}
	s.member("worker", "msdhs-duty", "", "", 0)
	s.member("boss", "msdhs-duty", "", "", 0)
	s.members[len(s.members)-1].Class = casefile.Supervisor
	s.member("volunteer", "village", "", "", 0)
	return s
}

// followed plays the script through FollowUp.
func (s *script) followed(until time.Duration) {
	s.t.Helper()
	s.story = workflows.FollowUp
	s.run(until)
}

func owe(kind casefile.ObligationKind, code string, due time.Duration, m casefile.MemberID) casefile.Obligation {
	return casefile.Obligation{Kind: kind, Code: code, DueAt: epoch.Add(due), Member: m}
}

// cares gives a command about the care of the case.
func (s *script) cares(operator string, k casefile.Kind, d casefile.CareDetail, change ...func(*casefile.Command)) *verdict {
	c := casefile.Command{Kind: k, Care: &d}
	for _, f := range change {
		f(&c)
	}
	return s.commands(operator, c)
}

func (s *script) pressesOwed(m casefile.MemberID, a casefile.Action, id int) {
	s.hears(casefile.Incoming{Word: casefile.Pressed, Action: a, Offer: id, By: casefile.Actor{Kind: casefile.ByMember, ID: string(m)}})
}

// heardOf lists what was said to somebody about what is owed, as hours since the start, template and reason.
func (s *script) heardOf(to string) []string {
	var out []string
	for _, m := range s.said {
		if m.To == to {
			out = append(out, m.At.Sub(epoch).Round(time.Hour).String()+" "+m.Template+" "+m.Args.Reason)
		}
	}
	return out
}

func (s *script) obligation(k casefile.ObligationKind, state casefile.ObligationState) (casefile.Obligation, bool) {
	i := slices.IndexFunc(s.c.Care.Owed, func(o casefile.Obligation) bool { return o.Kind == k && o.State == state })
	if i < 0 {
		return casefile.Obligation{}, false
	}
	return s.c.Care.Owed[i], true
}

func TestAFollowUpThatNobodyTouchesClimbsToTheCentre(t *testing.T) {
	s := follows(t)
	s.followed(3 * day)
	want := []casefile.ObligationKind{casefile.OweManager, casefile.OweContact, casefile.OweAssessment, casefile.OwePlan}
	for _, k := range want {
		if o, ok := s.obligation(k, casefile.Owing); !ok || o.Calls == 0 && k != casefile.OwePlan {
			t.Errorf("%s: %+v, want it open and chased", k, o)
		}
	}
	for _, who := range []string{"msdhs-duty", "boss", "msdhs", "husec"} {
		if len(s.heardOf(who)) == 0 {
			t.Errorf("%s heard nothing of an untouched case", who)
		}
	}
	// 4 h to name a manager, reminded at half of it; then the ladder of what presses: at once, 1 h, 4 h, 8 h.
	if heard := s.heardOf("husec"); len(heard) == 0 || heard[0] != "12h0m0s care_overdue CENTRAL" {
		t.Errorf("the centre heard %v, want the missing manager first, after 12 h", heard)
	}
	if s.c.State != casefile.FollowUp {
		t.Errorf("state %s", s.c.State)
	}
}

func TestACaseIsManagedAssessedPlannedVisitedAndClosed(t *testing.T) {
	s := follows(t)
	var early, assessed, planned, own, approved, task, before, closing, alone, closed *verdict
	s.at(time.Minute, func() { s.pressesOwed("worker", casefile.ActCareManage, 1) })
	s.at(2*time.Minute, func() {
		early = s.cares("anna", casefile.PlanSet, casefile.CareDetail{Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}}})
	})
	s.at(time.Hour, func() { s.pressesOwed("worker", casefile.ActCareDone, 2) })
	s.at(2*time.Hour, func() { assessed = s.cares("anna", casefile.Assessed, casefile.CareDetail{Risk: casefile.RiskHigh}) })
	s.at(3*time.Hour, func() {
		planned = s.cares("anna", casefile.PlanSet, casefile.CareDetail{
			Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}},
			Owed:  []casefile.Obligation{owe(casefile.OweTask, "SCHOOL_CONTACT", 5*day, "volunteer")},
		})
	})
	s.at(4*time.Hour, func() {
		own = s.cares("anna", casefile.PlanDecided, casefile.CareDetail{}, func(c *casefile.Command) { c.Yes = true })
	})
	s.at(5*time.Hour, func() {
		approved = s.cares("berta", casefile.PlanDecided, casefile.CareDetail{}, func(c *casefile.Command) { c.Yes = true })
	})
	s.at(6*time.Hour, func() { s.pressesOwed("boss", casefile.ActCareManage, 1) }) // an old card
	s.at(day, func() {
		o, _ := s.obligation(casefile.OweTask, casefile.Owing)
		s.pressesOwed("stranger", casefile.ActCareDone, o.ID)
	})
	s.at(2*day, func() {
		o, _ := s.obligation(casefile.OweTask, casefile.Owing)
		s.pressesOwed("volunteer", casefile.ActCareDone, o.ID)
	})
	s.at(6*day, func() {
		o, _ := s.obligation(casefile.OweVisit, casefile.Owing)
		task = s.cares("anna", casefile.Settled, casefile.CareDetail{Obligation: o.ID, State: casefile.Done})
	})
	s.at(7*day, func() {
		before = s.cares("anna", casefile.Owed, casefile.CareDetail{Owed: []casefile.Obligation{{Kind: casefile.OweVisit, DueAt: epoch.Add(day)}}})
	})
	s.at(8*day, func() {
		s.cares("anna", casefile.Owed, casefile.CareDetail{Owed: []casefile.Obligation{{Kind: casefile.OweLegal, Code: "CP_TEMP_CARE", Since: epoch.Add(7 * day)}}})
	})
	s.at(9*day, func() {
		closing = s.commands("anna", casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeHelped, Reason: "SAFE"})
	})
	s.at(10*day, func() {
		o, _ := s.obligation(casefile.OweLegal, casefile.Owing)
		s.cares("anna", casefile.Settled, casefile.CareDetail{Obligation: o.ID, State: casefile.Done})
	})
	s.at(11*day, func() {
		alone = s.commands("anna", casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeHelped, Reason: "SAFE"})
	})
	s.at(12*day, func() {
		closed = s.commands("berta", casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeHelped, Reason: "SAFE"})
	})
	s.followed(20 * day)
	for name, v := range map[string]*verdict{"assessed": assessed, "planned": planned, "approved": approved, "visited": task, "first of two": alone, "closed": closed} {
		if v == nil || v.err != nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for name, v := range map[string]*verdict{"a plan before the assessment": early, "one's own plan": own, "a visit in the past": before, "closing over a legal clock": closing} {
		if v == nil || v.err == nil {
			t.Errorf("%s was allowed", name)
		}
	}
	if alone != nil && alone.got.Kind != casefile.CloseProposed {
		t.Errorf("one person alone recorded %s", alone.got.Kind)
	}
	if s.c.State != casefile.Closed || len(s.c.Care.Open()) != 0 {
		t.Errorf("state %s, %d still owed", s.c.State, len(s.c.Care.Open()))
	}
	if s.c.Care.Manager != "worker" { // an old card takes the case from nobody
		t.Errorf("managed by %s", s.c.Care.Manager)
	}
	if o, ok := s.obligation(casefile.OweVisit, casefile.Dropped); !ok || o.DueAt.Sub(epoch.Add(6*day)) != 7*day {
		t.Errorf("the next visit by the rhythm of a high risk: %+v", o)
	}
	if !slices.Contains(s.kinds(), casefile.Noted) { // the stranger's press
		t.Error("a press of somebody without a part left no mark")
	}
}

func TestAnOverdueVisitReachesTheSupervisor(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() { s.pressesOwed("worker", casefile.ActCareManage, 1) })
	s.at(2*time.Minute, func() { s.cares("anna", casefile.Settled, casefile.CareDetail{Obligation: 2, State: casefile.Done}) })
	s.at(3*time.Minute, func() { s.cares("anna", casefile.Assessed, casefile.CareDetail{Risk: casefile.RiskHigh}) })
	s.at(4*time.Minute, func() {
		s.cares("anna", casefile.PlanSet, casefile.CareDetail{Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}}})
	})
	s.at(5*time.Minute, func() {
		s.cares("berta", casefile.PlanDecided, casefile.CareDetail{}, func(c *casefile.Command) { c.Yes = true })
	})
	s.followed(14 * day)
	var steps []string
	for _, e := range s.events {
		if e.Kind == casefile.Chased {
			steps = append(steps, e.Reason)
		}
	}
	if want := []string{"REMINDER", "OWNER", "SUPERVISOR", "PROVINCE", "CENTRAL"}; len(steps) < 5 || !slices.Equal(steps[:5], want) {
		t.Errorf("chased %v, want %v", steps, want)
	}
	for _, m := range s.said {
		if local := m.At.UTC().Add(7 * time.Hour); m.Template == "care_overdue" && (local.Hour() >= 21 || local.Hour() < 7) {
			t.Errorf("%s was called at %s in the night about a visit", m.To, local.Format(time.TimeOnly))
		}
	}
}

func TestAReferralThatNobodyAnswersGoesToTheNextOffice(t *testing.T) {
	s := follows(t)
	s.member("hospital", "hospital", casefile.LevelEMS, "", 0)
	s.member("shelter-b", "shelter-b", casefile.LevelShelter, "", 0)
	var without *verdict
	refer := func() *verdict {
		return s.cares("anna", casefile.Referred, casefile.CareDetail{Owed: []casefile.Obligation{{Code: "HEALTH", Next: []casefile.UnitID{"shelter-b"}}}},
			func(c *casefile.Command) { c.Unit = "hospital" })
	}
	s.at(time.Minute, func() { without = refer() })
	s.at(2*time.Minute, func() {
		s.cares("anna", casefile.ConsentSet, casefile.CareDetail{Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: true, Basis: "CONSENT"}})
	})
	s.at(3*time.Minute, func() { refer() })
	s.at(20*day, func() { // the second partner declines, the offices of the last resort follow
		i := slices.IndexFunc(s.c.Care.Owed, func(o casefile.Obligation) bool { return o.Unit == "shelter-b" && o.Open() })
		if i < 0 {
			t.Error("after ten working days the next partner was not asked")
			return
		}
		s.pressesOwed("shelter-b", casefile.ActCareDecline, s.c.Care.Owed[i].ID)
	})
	s.at(21*day, func() {
		i := slices.IndexFunc(s.c.Care.Owed, func(o casefile.Obligation) bool {
			return o.Unit == "msdhs" && o.Kind == casefile.OweReferral && o.Open()
		})
		if i < 0 {
			t.Error("after a refusal the office of the last resort was not asked")
			return
		}
		s.pressesOwed("msdhs", casefile.ActCareAccept, s.c.Care.Owed[i].ID)
	})
	s.followed(22 * day)
	if without == nil || without.err == nil {
		t.Error("a referral without consent or legal basis was allowed")
	}
	if _, ok := s.obligation(casefile.OweService, casefile.Owing); !ok {
		t.Error("who accepted owes no service")
	}
	if len(s.heardOf("hospital")) == 0 || len(s.heardOf("shelter-b")) == 0 {
		t.Error("a partner was never told")
	}
}

func TestAnotherOfficeTakesTheCaseOnlyByItsOwnWord(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() { s.pressesOwed("worker", casefile.ActCareManage, 1) })
	s.at(2*time.Minute, func() {
		s.cares("anna", casefile.OfficeAsked, casefile.CareDetail{}, func(c *casefile.Command) { c.Unit, c.Reason = "shelter", "MOVED" })
	})
	asked := func() casefile.Obligation { o, _ := s.obligation(casefile.OweTransfer, casefile.Owing); return o }
	s.at(time.Hour, func() {
		if s.c.Owner != "msdhs-duty" {
			t.Error("the sender lost the case before the other office took it")
		}
		s.pressesOwed("worker", casefile.ActCareAccept, asked().ID) // not theirs to accept
	})
	s.at(2*time.Hour, func() { s.pressesOwed("shelter", casefile.ActCareAccept, asked().ID) })
	s.followed(3 * time.Hour)
	if s.c.Owner != "shelter" || s.c.Care.Manager != "" || !s.c.Care.Owes(casefile.OweManager) {
		t.Errorf("owner %s, manager %q", s.c.Owner, s.c.Care.Manager)
	}
}

func TestWhoCannotDoItAloneGetsHelp(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() {
		s.cares("anna", casefile.Owed, casefile.CareDetail{Owed: []casefile.Obligation{owe(casefile.OweTask, "ACCOMPANY", 4*day, "volunteer")}})
	})
	s.at(time.Hour, func() {
		o, _ := s.obligation(casefile.OweTask, casefile.Owing)
		s.pressesOwed("volunteer", casefile.ActCareHelp, o.ID)
		s.pressesOwed("volunteer", casefile.ActCareHelp, o.ID) // twice is once
	})
	s.followed(2 * time.Hour)
	helps := 0
	for _, o := range s.c.Care.Owed {
		if o.Kind == casefile.OweHelp {
			helps++
		}
	}
	if helps != 1 || !slices.ContainsFunc(s.heardOf("boss"), func(m string) bool { return m == "1h0m0s care_owed " }) {
		t.Errorf("%d calls for help, the supervisor heard %v", helps, s.heardOf("boss"))
	}
}

func TestAFollowUpContinuesMonthlyAndLosesNothing(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() {
		s.cares("anna", casefile.Owed, casefile.CareDetail{Owed: []casefile.Obligation{owe(casefile.OweTask, "CHECK_IN", 50*day, "volunteer")}})
	})
	s.story = workflows.FollowUp
	err := s.play(60 * day)
	if !workflow.IsContinueAsNewError(err) {
		t.Fatalf("after a month: %v, want a new run", err)
	}
	owed := len(s.c.Care.Open())

	next := follows(t)
	next.world, next.story = s.world, workflows.FollowUp
	next.now = next.env.Now
	next.env.SetStartTime(epoch.Add(31 * day))
	next.n = s.n
	next.at(time.Hour, func() {
		o, _ := next.obligation(casefile.OweTask, casefile.Owing)
		next.pressesOwed("volunteer", casefile.ActCareDone, o.ID)
	})
	next.run(2 * time.Hour)
	if got := len(s.c.Care.Open()); got != owed-1 {
		t.Errorf("%d owed before, %d after one was done in the next run", owed, got)
	}
}

func TestAnAlarmInFollowUpRingsAgainAndComesBack(t *testing.T) {
	s := follows(t)
	s.at(time.Hour, func() { s.commands("anna", casefile.Command{Kind: casefile.CaseReopened, Reason: "ATTACKED_AGAIN"}) })
	s.story = workflows.FollowUp
	if err := s.play(2 * time.Hour); err != nil {
		t.Fatalf("the follow-up did not end for the emergency: %v", err)
	}
	if s.c.State != casefile.Sent || s.c.Care == nil || s.nudged == 0 {
		t.Errorf("state %s, handed on %d times", s.c.State, s.nudged)
	}
}

func TestATaskIsDoneFromTheTemporalUI(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() {
		s.cares("anna", casefile.Owed, casefile.CareDetail{Owed: []casefile.Obligation{owe(casefile.OweTask, "CHECK_IN", 5*day, "volunteer")}})
	})
	s.at(time.Hour, func() {
		o, _ := s.obligation(casefile.OweTask, casefile.Owing)
		s.env.SignalWorkflow(workflows.SignalDone, workflows.UIDone{Obligation: o.ID, Text: "seen"})
		s.env.SignalWorkflow(workflows.SignalDone, workflows.UIDone{Obligation: 4}) // a plan is not done by a click
	})
	s.followed(2 * time.Hour)
	if o, ok := s.obligation(casefile.OweTask, casefile.Done); !ok || o.By.Kind != casefile.ByTemporalUI {
		t.Errorf("the task: %+v", o)
	}
	if !s.c.Care.Owes(casefile.OwePlan) {
		t.Error("a click settled the plan")
	}
}

func TestAClosedEmergencyWithoutCareIsNoFollowUpToReopen(t *testing.T) {
	s := follows(t)
	s.c.State, s.c.EndedAt, s.c.Outcome = casefile.Closed, epoch.Add(-time.Minute), casefile.OutcomeHelped
	var reopened *verdict
	s.at(0, func() {
		s.hears(casefile.Incoming{Word: casefile.Said, Text: "hello", By: casefile.Actor{Kind: casefile.ByReporter, ID: "reporter"}})
		reopened = s.commands("anna", casefile.Command{Kind: casefile.CareReopened, Reason: "AGAIN"})
	})
	s.run(time.Hour)
	if reopened == nil || reopened.err == nil {
		t.Error("a case that never was in follow-up was reopened into it")
	}
}

func TestACaseThatAnOfficeOpened(t *testing.T) {
	s := follows(t)
	s.c = casefile.Case{ID: s.c.ID, State: casefile.FollowUp, Channel: casefile.ChannelREST, Owner: "msdhs-duty", Clocks: []casefile.Deadline{{Clock: casefile.ClockState, At: epoch.Add(time.Minute)}}}
	s.events = nil
	s.at(0, func() {
		s.hears(casefile.Incoming{Word: casefile.OpenedByUs, By: casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}, Opening: &casefile.Opening{
			Event: "x", By: casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}, Office: "msdhs-duty", Problem: casefile.ChildYouth,
			Place: casefile.Place{Province: "65"}, Child: true, At: epoch,
		}})
	})
	s.followed(5 * time.Hour)
	if s.c.Care == nil || s.c.Care.Problem != casefile.ChildYouth || !s.c.Child || !s.c.Care.Owes(casefile.OweContact) {
		t.Errorf("care %+v", s.c.Care)
	}
	if got := s.kinds(); len(got) < 2 || got[0] != casefile.CareOpened || got[1] != casefile.CareBegan {
		t.Errorf("began with %v", got)
	}
}

// An opening without an office is refused, and what is opened properly after it is begun.
func TestAnOpeningThatIsRefusedHoldsUpNothing(t *testing.T) {
	s := follows(t)
	s.c = casefile.Case{ID: s.c.ID, State: casefile.FollowUp}
	s.events = nil
	by := casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}
	for i, office := range []casefile.UnitID{"", "msdhs-duty"} {
		s.at(time.Duration(i)*time.Second, func() {
			o := casefile.Opening{By: by, Office: office, Problem: casefile.Homeless, At: s.env.Now()}
			s.hears(casefile.Incoming{Word: casefile.OpenedByUs, By: by, Opening: &o})
		})
	}
	s.followed(time.Minute)
	if k := s.kinds(); len(k) < 2 || k[0] != casefile.CareOpened || k[1] != casefile.CareBegan || s.events[0].Inbox != 2 || s.reads > 5 {
		t.Errorf("the inbox was read %d times, and there happened %v", s.reads, k)
	}
}

func TestAnExcludedOwnerHearsNothingAndLosesTheCase(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() { s.pressesOwed("worker", casefile.ActCareManage, 1) })
	heard := 0
	s.at(time.Hour, func() {
		s.commands("anna", casefile.Command{Kind: casefile.Excluded, Unit: "msdhs-duty"})
	})
	s.at(2*time.Hour, func() {
		heard = len(s.heardOf("msdhs-duty")) + len(s.heardOf("boss")) + len(s.heardOf("worker"))
		o, ok := s.obligation(casefile.OweTransfer, casefile.Owing)
		if !ok || o.Unit != "msdhs" {
			t.Errorf("asked %+v, want the province's office", o)
		}
		s.pressesOwed("msdhs", casefile.ActCareAccept, o.ID)
	})
	s.followed(5 * day)
	if s.c.Owner != "msdhs" || s.c.Care.Manager == "worker" {
		t.Errorf("owner %s, manager %s", s.c.Owner, s.c.Care.Manager)
	}
	if now := len(s.heardOf("msdhs-duty")) + len(s.heardOf("boss")) + len(s.heardOf("worker")); now != heard {
		t.Errorf("the excluded office was told %d things more", now-heard)
	}
}

func TestAReferralWhoseConsentWasWithdrawnIsStillSomebodysWork(t *testing.T) {
	s := follows(t)
	consent := func(given bool) {
		s.cares("anna", casefile.ConsentSet, casefile.CareDetail{Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: given, Basis: "CONSENT"}})
	}
	s.at(time.Minute, func() { consent(true) })
	s.at(2*time.Minute, func() {
		s.cares("anna", casefile.Referred, casefile.CareDetail{Owed: []casefile.Obligation{{Code: "HEALTH"}}}, func(c *casefile.Command) { c.Unit = "ems" })
	})
	s.at(time.Hour, func() { consent(false) })
	s.at(2*time.Hour, func() {
		o, _ := s.obligation(casefile.OweReferral, casefile.Owing)
		s.pressesOwed("ems", casefile.ActCareDecline, o.ID)
	})
	s.followed(3 * time.Hour)
	if _, asked := s.obligation(casefile.OweReferral, casefile.Owing); asked {
		t.Error("another partner was asked without consent")
	}
	if o, ok := s.obligation(casefile.OweTask, casefile.Owing); !ok || o.Code != "OTHER" {
		t.Error("nobody decides what else is to be done")
	}
}

func TestAManagerWhoLeavesLeavesTheCaseToTheOffice(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() { s.pressesOwed("worker", casefile.ActCareManage, 1) })
	s.at(time.Hour, func() {
		s.hears(casefile.Incoming{Word: casefile.CaseSpoke, Action: casefile.ActMemberGone, Member: "worker", By: casefile.System})
	})
	s.followed(2 * time.Hour)
	if s.c.Care.Manager != "" || !s.c.Care.Owes(casefile.OweManager) {
		t.Errorf("managed by %q, a manager is owed: %t", s.c.Care.Manager, s.c.Care.Owes(casefile.OweManager))
	}
	if !slices.ContainsFunc(s.heardOf("msdhs-duty"), func(m string) bool { return m == "1h0m0s care_owed " }) {
		t.Errorf("the office heard %v", s.heardOf("msdhs-duty"))
	}
}

func TestWhatIsWrittenBeforeAnybodyManagesTheCaseReachesAHuman(t *testing.T) {
	s := follows(t)
	s.at(time.Minute, func() { s.reporter(casefile.Incoming{Word: casefile.Said, Text: "เขากลับมา"}) })
	s.followed(10 * time.Minute)
	if s.c.Desk == nil || len(s.told("desk")) == 0 {
		t.Errorf("desk item %+v, the desk heard %v", s.c.Desk, s.told("desk"))
	}
}

func TestWhoMustNotBeWrittenToIsNot(t *testing.T) {
	s := follows(t)
	var asked *verdict
	s.at(time.Minute, func() {
		s.cares("anna", casefile.ContactSet, casefile.CareDetail{Contact: &casefile.SafeContact{NoMessage: true}})
	})
	s.at(2*time.Minute, func() { asked = s.commands("anna", casefile.Command{Kind: casefile.QuestionAsked, Reason: "WHERE"}) })
	s.at(time.Hour, func() { s.commands("anna", casefile.Command{Kind: casefile.CaseReopened, Reason: "ATTACKED_AGAIN"}) })
	s.story = workflows.FollowUp
	_ = s.play(2 * time.Hour)
	if asked == nil || asked.err == nil {
		t.Error("an operator could ask in the chat of somebody who must not be written to")
	}
	if got := s.told("reporter"); len(got) > 0 {
		t.Errorf("told %v", got)
	}
}
