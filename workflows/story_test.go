package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// Nobody answers: every rung rings at its second, and the last one again and
// again until a human takes it.
func TestSilenceClimbsTheLadderToTheSecond(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.run(15 * time.Minute)

	s.wants("station-1", "1 offer_desk", "61 offer_desk")
	s.wants("station-2", "121 offer_desk")
	s.wants("region", "301 offer_desk")
	national := s.told("national")
	if len(national) < 3 || national[0] != "601 offer_desk" || national[1] != "721 offer_desk" || national[2] != "841 offer_desk" {
		t.Errorf("the national centre heard %v", national)
	}
	if desk := s.told("desk"); len(desk) == 0 || desk[0] != "61 desk_item" && desk[0] != "181 desk_item" {
		t.Errorf("the national desk heard %v", desk)
	}
}

// The responsible station rings in the first second, the nearest officer beside it.
func TestStationAndNearestRingAtOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("near", "station-1", "", casefile.Police, 300)
	s.member("far", "station-1", "", casefile.Police, 15000)
	s.reports()
	s.at(20*time.Second, func() { s.presses("near", casefile.ActAccept, 5) })
	s.run(50 * time.Second)

	s.wants("near", "1 offer", "20 accepted_card")
	s.wants("station-1", "1 offer_desk", "20 stand_down")
	s.wants("reporter", "0 received", "1 pin_echo", "20 acked")
	if s.c.State != casefile.Assigned {
		t.Errorf("the case stands at %s", s.c.State)
	}
}

// A decline is replaced at once, and who declined hears no more of it.
func TestDeclineMovesOnAtOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	for i, m := range []casefile.MemberID{"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"} {
		s.member(m, "station-1", "", casefile.Police, float64(200+100*i))
	}
	s.reports()
	var asked []string
	s.at(10*time.Second, func() {
		for _, m := range s.members {
			if len(s.told(string(m.ID))) > 0 && m.Role == casefile.Police {
				asked = append(asked, string(m.ID))
			}
		}
		s.presses("m1", casefile.ActDecline, 0)
	})
	s.run(55 * time.Second)

	s.wants("m1", "1 offer", "10 declined_noted")
	replaced := 0
	for _, m := range s.said {
		if m.Template == "offer" && !slices.Contains(asked, m.To) && int(m.At.Sub(epoch)/time.Second) == 10 {
			replaced++
		}
	}
	if replaced == 0 {
		t.Errorf("nobody was asked in the place of who declined; first wave %v, said %v", asked, s.said)
	}
}

// The crew fills in order; whoever comes after it is complete is told so.
func TestWhoComesAfterTheCrewIsCompleteIsToldSo(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 400)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("bo", casefile.ActAccept, 5) })
	s.run(40 * time.Second)

	s.wants("bo", "1 offer", "5 stand_down", "6 crew_full")
	if track, _ := s.c.Track(casefile.Police); track.Active() != 1 {
		t.Errorf("%d officers hold the one place", track.Active())
	}
}

// Two police are needed for a critical type: the first acceptance stops nothing.
func TestFirstOfTwoDoesNotStopTheLadder(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.run(90 * time.Second)

	s.wants("station-1", "1 offer_desk", "61 offer_desk")
}

// A report without a pin reaches a human of the desk at sixty seconds, and rings until one takes it.
func TestNoPinReachesTheDesk(t *testing.T) {
	s := begin(t, casefile.Berserk, false)
	s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Berserk}) })
	s.at(150*time.Second, func() { s.presses("desk", casefile.ActDeskTake, 0) })
	s.run(5 * time.Minute)

	desk := s.told("desk")
	if len(desk) < 3 || desk[0] != "60 desk_item" || desk[len(desk)-1] != "150 noted" {
		t.Errorf("the desk heard %v", desk)
	}
	if got := s.told("reporter"); !slices.Equal(got, []string{"0 received", "30 pin_reminder", "120 check_in"}) {
		t.Errorf("the reporter heard %v", got)
	}
	if s.c.AckedAt.IsZero() {
		t.Error("a human took it, and the case does not know")
	}
}

// In quiet mode nothing unasked is sent, whatever clock rings and whoever answers.
func TestQuietCaseIsNeverPushed(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, true)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 400)
	s.reports()
	s.at(30*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(31*time.Second, func() { s.presses("bo", casefile.ActAccept, 5) })
	s.at(60*time.Second, func() { s.presses("ann", casefile.ActDepart, 0) })
	s.at(120*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(130*time.Second, func() { s.presses("ann", casefile.ActCannotFind, 0) })
	s.at(200*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	s.at(300*time.Second, func() {
		s.reporter(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActStatus, Case: s.c.ID})
	})
	s.run(20 * time.Minute)

	s.wants("reporter", "0 received", "1 pin_echo", "300 status")
	for _, m := range s.said {
		if m.To == "reporter" && !m.Reply {
			t.Errorf("%s was pushed to a reporter in quiet mode", m.Template)
		}
	}
	if s.c.Desk == nil {
		t.Error("an officer could not find the place of a quiet reporter, and no human of the desk was asked")
	}
}

// Cancelling never closes; in quiet mode the responders hear that it counts as forced.
func TestCancelNeverCloses(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		s := begin(t, casefile.Gathering, quiet)
		s.member("ann", "station-1", "", casefile.Police, 300)
		s.member("bo", "station-1", "", casefile.Police, 300)
		s.reports()
		s.at(10*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
		s.at(20*time.Second, func() {
			s.reporter(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActCancel, Case: s.c.ID})
		})
		s.run(55 * time.Second)

		want := "20 reporter_added"
		if quiet {
			want = "20 cancel_forced"
		}
		if got := s.told("ann"); !slices.Contains(got, want) {
			t.Errorf("quiet %t: the officer heard %v", quiet, got)
		}
		if s.c.State != casefile.Assigned || !s.c.Cancel {
			t.Errorf("quiet %t: after a cancel the case stands at %s", quiet, s.c.State)
		}
	}
}

// An officer who accepted and does not come is kept, and another is sought beside.
func TestNotArrivingReopensTheSearch(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(10*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.run(9 * time.Minute)

	if !slices.Contains(s.kinds(), casefile.SearchReopened) {
		t.Fatalf("the search was not reopened: %v", s.kinds())
	}
	track, _ := s.c.Track(casefile.Police)
	if track.Active() != 1 || track.Crew != 2 {
		t.Errorf("%d on the case for %d places, want the first kept and one more place", track.Active(), track.Crew)
	}
	if got := s.told("ann"); !slices.Contains(got, "190 arrival_check") {
		t.Errorf("the officer heard %v", got)
	}
}

// An office that does not answer the hand-over is followed by the next one; who accepts owns the case.
func TestHandoverGoesToTheNextOffice(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("msdhs-duty", casefile.ActAck, 0) })
	s.at(60*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(120*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	s.at(40*time.Minute, func() { s.presses("msdhs", casefile.ActTakeOver, 0) })
	s.run(3 * time.Hour)

	if s.c.State != casefile.FollowUp || s.c.Owner != "msdhs" {
		t.Errorf("the case stands at %s, owned by %q; kinds %v", s.c.State, s.c.Owner, s.kinds())
	}
	if _, ok := s.c.NextDeadline(); !ok {
		t.Error("a case in follow-up has no deadline")
	}
}

// A critical case needs two persons to close; one person twice is one person.
func TestClosingTakesTwoPersons(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(60*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(70*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	end := casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeNoSocialNeed, Reason: "SETTLED"}
	var first, same, second *verdict
	s.at(80*time.Second, func() { first = s.commands("o1", end) })
	s.at(81*time.Second, func() { same = s.commands("o1", end) })
	s.at(82*time.Second, func() {
		if s.c.State.Ended() {
			t.Error("one person closed a critical case")
		}
		second = s.commands("o2", end)
	})
	s.run(2 * time.Minute)

	if first.got.Kind != casefile.CloseProposed || same.got.Kind != casefile.CloseProposed || second.got.Kind != casefile.CaseClosed {
		t.Errorf("verdicts %+v, %+v, %+v", first, same, second)
	}
	if s.c.State != casefile.Closed {
		t.Errorf("the case stands at %s", s.c.State)
	}
}

// A wave that reached nobody is an event, an alarm, and the next rung at once.
func TestNobodyNotified(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.dead["station-1"] = true
	s.reports()
	s.run(50 * time.Second)

	if !slices.Contains(s.kinds(), casefile.NobodyNotified) {
		t.Fatalf("no event says that nobody was notified: %v", s.kinds())
	}
	if got := s.told("desk"); len(got) == 0 || got[0] != "1 desk_item" {
		t.Errorf("the desk heard %v", got)
	}
}

// The Temporal UI may acknowledge and note; it never counts as a person who ends a case.
func TestTemporalUIAcknowledges(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.at(10*time.Second, func() { s.env.SignalWorkflow("acknowledge", struct{ Text string }{"seen"}) })
	s.run(30 * time.Second)

	if s.c.State != casefile.Acked {
		t.Errorf("the case stands at %s", s.c.State)
	}
}

// A run after a loss goes on from the record and says the open offers again under their old keys.
func TestRunAfterALossGoesOn(t *testing.T) {
	first := begin(t, casefile.Gathering, false)
	first.reports()
	first.run(10 * time.Second)

	s := begin(t, casefile.Gathering, false)
	s.c, s.events, s.inbox, s.n = first.c, first.events, first.inbox, first.n
	s.env.SetStartTime(epoch.Add(30 * time.Second))
	s.at(40*time.Second, func() {})
	s.run(100 * time.Second)

	got := s.told("station-1")
	if len(got) < 2 || got[0] != "30 offer_desk" || got[1] != "61 offer_desk" {
		t.Errorf("the station heard %v", got)
	}
	keys := map[string]bool{}
	for k := range first.answers {
		keys[k] = true
	}
	repeated := false
	for k := range s.answers {
		repeated = repeated || keys[k]
	}
	if !repeated {
		t.Error("the offer was said again under a new key: the channel cannot drop the repeat")
	}
}

// A report that joins an older case keeps silent, and rings itself when the older one does not record it.
// What the law refuses before a case has begun leaves no event, and holds up nothing that comes after it.
func TestAFirstWordOfNobodyHoldsUpNoReport(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.at(0, func() { s.hears(casefile.Incoming{Word: casefile.Tapped, Type: s.c.Type}) })
	s.at(time.Second, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: s.c.Type}) })
	s.at(2*time.Second, s.pins)
	s.run(time.Minute)
	if k := s.kinds(); len(k) == 0 || k[0] != casefile.Reported || s.events[0].Inbox != 2 || s.reads > 5 {
		t.Errorf("the inbox was read %d times, and there happened %v", s.reads, k)
	}
	s.wants("reporter", "1 received", "2 pin_echo")
}

func TestJoinedReportWaitsForTheLead(t *testing.T) {
	for _, answered := range []bool{true, false} {
		s := begin(t, casefile.Gathering, false)
		s.join = activities.JoinResult{Lead: "lead-case"}
		s.reports()
		if answered {
			s.at(2*time.Second, func() {
				s.hears(casefile.Incoming{Word: casefile.CaseSpoke, Action: casefile.ActLeadHas, Case: "lead-case", Yes: true, By: casefile.System})
			})
		}
		s.run(30 * time.Second)

		rang := len(s.told("station-1")) > 0
		if rang == answered {
			t.Errorf("lead answered %t: the station rang %t, state %s, kinds %v", answered, rang, s.c.State, s.kinds())
		}
	}
}

// Continue-as-new carries nothing but names: the next run loads the record.
func TestContinueAsNewLosesNothing(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.at(5*time.Second, func() { s.env.SetContinueAsNewSuggested(true) })
	s.at(61*time.Second, func() {})
	err := s.play(20 * time.Minute)
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) {
		t.Fatalf("the run went on for ever: %v", err)
	}
	after := begin(t, casefile.Gathering, false)
	after.c, after.events, after.inbox, after.n = s.c, s.events, s.inbox, s.n
	after.env.SetStartTime(s.env.Now())
	after.run(10 * time.Minute)
	if got := after.told("region"); len(got) != 1 || got[0] != "301 offer_desk" {
		t.Errorf("after continue-as-new the region heard %v", got)
	}
}

// A command that stands in the record already is answered, not applied again:
// the caller repeated it because the first answer was lost with an earlier run.
func TestACommandOfAnEarlierRunIsAnsweredOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	note := casefile.Command{Kind: casefile.Noted, Reason: "SEEN"}
	var first, again *verdict
	s.at(10*time.Second, func() { first = s.commands("o1", note) })
	s.at(12*time.Second, func() {
		s.known["cmd:k2-NOTED"] = true // as if another run had recorded it
		again = s.commands("o1", note)
	})
	s.run(100 * time.Second)

	if first.err != nil || again.err != nil || again.got.Kind != casefile.Noted {
		t.Errorf("verdicts %+v and %+v", first, again)
	}
	s.wants("station-1", "1 offer_desk", "61 offer_desk")
}

// Two nudges in one workflow task are two nudges.
func TestSignalsThatComeTogether(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.at(5*time.Second, func() {
		s.pins()
		s.env.SignalWorkflow("note", struct{ Text string }{"seen"})
		s.reporter(casefile.Incoming{Word: casefile.Said, Text: "more"})
	})
	s.run(30 * time.Second)
	if s.c.Inbox != 4 {
		t.Errorf("%d of 4 rows were heard", s.c.Inbox)
	}
}

// Who withdraws after control wakes nobody: there is no scene to go to any more.
func TestWithdrawingAfterControlRingsNobody(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 400)
	s.reports()
	for _, m := range []casefile.MemberID{"ann", "bo"} {
		s.at(5*time.Second, func() { s.presses(m, casefile.ActAccept, 5) })
	}
	s.at(20*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(30*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	s.at(40*time.Second, func() { s.presses("bo", casefile.ActWithdraw, 0) })
	s.run(10 * time.Minute)
	for _, m := range s.said {
		if at := m.At.Sub(epoch); at > 41*time.Second && (m.Template == "offer" || m.Template == "offer_desk") && m.Args.Role == casefile.Police {
			t.Errorf("%s was asked for police at %s, after control", m.To, at)
		}
	}
}

// "Not solved" rings those who came before, too.
func TestAReopenedCaseRingsLikeANewOne(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("station-1", casefile.ActAck, 0) })
	s.at(20*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(30*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	s.at(60*time.Second, func() {
		s.reporter(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActNotSolved, Case: s.c.ID})
	})
	s.run(90 * time.Second)
	for _, who := range []string{"ann", "station-1"} {
		if got := s.told(who); !slices.Contains(got, "60 offer") && !slices.Contains(got, "60 offer_desk") {
			t.Errorf("%s is not asked again: %v", who, got)
		}
	}
}

// Another reason rings the desk again, although somebody took the first one.
func TestATakenDeskItemSwallowsNoOther(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, true)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(70*time.Second, func() { s.presses("desk", casefile.ActDeskTake, 0) })
	s.at(80*time.Second, func() { s.presses("ann", casefile.ActCannotFind, 0) })
	s.run(100 * time.Second)
	if got := s.told("desk"); !slices.Contains(got, "80 desk_item") {
		t.Errorf("the desk heard %v", got)
	}
}

// Lowering the severity takes no person out of the closing.
func TestLoweringTheSeverityClosesNoCaseAlone(t *testing.T) {
	c := casefile.Case{Severity: casefile.Medium, Gravest: casefile.Critical, State: casefile.FollowUp, Owner: "office"}
	if !c.NeedsTwo(casefile.OutcomeHelped) {
		t.Error("one person may close a case that was critical")
	}
}

// "Not solved" reopens for ten days; after them it is kept, and a new report is needed.
func TestNotSolvedReopensForTenDays(t *testing.T) {
	for _, age := range []time.Duration{9 * 24 * time.Hour, 11 * 24 * time.Hour} {
		s := begin(t, casefile.Gathering, false)
		s.c.State, s.c.Version, s.c.EndedAt, s.c.Severity = casefile.Closed, 3, epoch.Add(-age), casefile.High
		s.c.LocatedAt, s.c.Private.Pin, s.c.Place = epoch.Add(-age), &phitsanulok, casefile.Place{Province: "65", District: "6501"}
		s.c.Tracks = []casefile.Track{{Role: casefile.Police, Crew: 1}}
		s.events = make([]casefile.Event, 3)
		s.at(0, func() {
			s.reporter(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActNotSolved, Case: s.c.ID})
		})
		s.run(20 * time.Second)
		if reopened := s.c.State != casefile.Closed; reopened != (age < 10*24*time.Hour) {
			t.Errorf("after %s the case stands at %s", age, s.c.State)
		}
	}
}
