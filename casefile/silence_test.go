package casefile

import (
	"testing"
	"time"
)

// Asking again does not begin a new silence; a new round, or a question after a no, does.
func TestSilenceCountsFromTheFirstAsking(t *testing.T) {
	c := Case{ID: "c", State: New, Version: 1, Tracks: []Track{{Role: Police, Crew: 2}}}
	minute := 0
	happens := func(e Event) Offer {
		t.Helper()
		e.At = epoch.Add(time.Duration(minute) * time.Minute)
		minute++
		var err error
		if c, err = Apply(c, e); err != nil {
			t.Fatal(err)
		}
		police, _ := c.Track(Police)
		o, _ := police.Offer("desk")
		return o
	}
	asked := Event{Kind: Offered, By: System, Role: Police, Step: 1, Asked: []Ask{{Member: "desk", Level: LevelStation}}}
	counts := func(what string, o Offer, first, since int) {
		t.Helper()
		if at := epoch.Add(time.Duration(since) * time.Minute); o.First != first || !o.FirstAt.Equal(at) {
			t.Errorf("%s: since event %d at %s, want %d at %s", what, o.First, o.FirstAt, first, at)
		}
	}
	counts("asked", happens(asked), 2, 0)
	o := happens(asked)
	if counts("asked again", o, 2, 0); o.Seq != 3 || o.Times != 2 {
		t.Errorf("asked again: %+v", o)
	}
	happens(Event{Kind: Declined, By: Actor{ByMember, "desk"}})
	counts("asked after a no", happens(asked), 5, 3)
	happens(Event{Kind: SearchReopened, By: System, Role: Police})
	counts("asked in a new round", happens(asked), 7, 5)
}

// The operators' silence counts from when the item came to be, or became more than a tap.
func TestTheSilenceOfTheDesk(t *testing.T) {
	reporter := Actor{ByReporter, "r"}
	c := Case{ID: "c", State: Draft}
	for i, e := range []Event{
		{Kind: Reported, By: reporter, Type: Gathering, Severity: High, Channel: ChannelLINE},
		{Kind: DeskRaised, By: System, Desk: DeskNoPin},
		{Kind: Escalated, By: System, Level: LevelDesk},
		{Kind: ReporterAdded, By: reporter, Private: Private{Text: "x"}},
		{Kind: Escalated, By: System, Level: LevelDesk},
	} {
		e.At = epoch.Add(time.Duration(i) * time.Minute)
		var err error
		if c, err = Apply(c, e); err != nil {
			t.Fatal(err)
		}
		first, since := 2, 1
		if i >= 3 {
			first, since = 4, 3
		}
		if i > 0 && (c.Desk.First != first || !c.Desk.FirstAt.Equal(epoch.Add(time.Duration(since)*time.Minute))) {
			t.Errorf("after %s: since event %d at %s", e.Kind, c.Desk.First, c.Desk.FirstAt)
		}
	}
}

// A citizen who writes by SMS is asked by SMS, never in the lane of the taps, and called only on a number that they name.
func TestAReportBySMS(t *testing.T) {
	reporter := Actor{ByReporter, "r"}
	c, err := Replay("c", []Event{
		{Kind: Reported, By: reporter, At: epoch, Type: ThreatAssault, Severity: Critical, Channel: ChannelSMS, Private: Private{Text: "1"}},
		{Kind: DeskRaised, By: System, At: epoch, Desk: DeskNoPin},
		{Kind: QuestionAsked, By: operator, At: epoch, Reason: "ADDRESS"},
	})
	if err != nil || !c.NoCall || c.HasPhone || c.Desk.Tap {
		t.Fatalf("%+v, %v", c, err)
	}
	heard, err := Apply(c, Event{Kind: PhoneGiven, By: operator, At: epoch, Private: Private{Phone: "+66811111111"}})
	if err != nil || !heard.NoCall {
		t.Errorf("a number that an operator found may be called: %v", err)
	}
	named, err := Apply(c, Event{Kind: PhoneGiven, By: reporter, At: epoch, Private: Private{Phone: "+66811111111"}})
	if err != nil || named.NoCall {
		t.Errorf("the number that they named may not be called: %v", err)
	}
	if again, err := Apply(named, Event{Kind: NoCallAsked, By: reporter, At: epoch}); err != nil || !again.NoCall {
		t.Errorf("asked not to call: %v", err)
	}
}
