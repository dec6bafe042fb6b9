package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// atTheDesk lets somebody tap, and nobody send a pin.
func (f *fixture) atTheDesk(user string, typ casefile.IncidentType, at time.Time, reason casefile.DeskReason) casefile.Case {
	f.t.Helper()
	c := f.record(f.report(user, typ, at), casefile.Event{Kind: casefile.DeskRaised, At: at.Add(time.Minute), Desk: reason})
	if c.Desk.Tap != (reason == casefile.DeskNoPin) {
		f.t.Fatalf("%s stands at the desk as %+v", reason, c.Desk)
	}
	return c
}

func ringOf(c casefile.Case, at time.Time) activities.TapRing {
	return activities.TapRing{Level: casefile.LevelDesk, Case: c.ID, Seq: c.Version, Since: c.Desk.HeardAt(), At: at, Bundle: time.Minute}
}

// One ring is for all taps that wait, and the next comes a bundle later at the earliest.
func TestOneRingIsForAllTaps(t *testing.T) {
	f := setup(t)
	a := f.atTheDesk("U1", casefile.Gathering, began, casefile.DeskNoPin)
	b := f.atTheDesk("U2", casefile.Gathering, began.Add(time.Second), casefile.DeskNoPin)
	b2 := f.atTheDesk("U2", casefile.Berserk, began.Add(2*time.Second), casefile.DeskNoPin)
	f.atTheDesk("U3", casefile.Gathering, began.Add(3*time.Second), casefile.DeskPinAbroad)
	taken := f.atTheDesk("U4", casefile.Gathering, began.Add(4*time.Second), casefile.DeskNoPin)
	f.record(taken, casefile.Event{Kind: casefile.DeskTaken, By: casefile.Actor{Kind: casefile.ByOperator, ID: "o1"}})
	wrote := f.atTheDesk("U5", casefile.Gathering, began.Add(5*time.Second), casefile.DeskNoPin)
	f.record(wrote, casefile.Event{Kind: casefile.PhoneGiven, By: casefile.Actor{Kind: casefile.ByReporter, ID: "r"}, Private: casefile.Private{Phone: "+66812345678"}})

	ring := func(r activities.TapRing) activities.TapsRung {
		t.Helper()
		rung, err := f.RingTaps(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return rung
	}
	at := began.Add(2 * time.Minute)
	first := ring(ringOf(a, at))
	if !first.Mine || !first.At.Equal(at) || first.Taps != 3 || first.People != 2 || len(first.Longest) != 2 || first.Longest[0] != a.ID || first.Longest[1] != b.ID {
		t.Errorf("the first ring is %+v", first)
	}
	if again := ring(ringOf(a, at.Add(time.Second))); !again.Mine {
		t.Errorf("a repeat of the same event rings nobody: %+v", again)
	}
	at = at.Add(time.Second)
	if early := ring(ringOf(b, at.Add(30*time.Second))); early.Mine || !early.At.Equal(at) || early.Taps != 0 {
		t.Errorf("half a bundle later another case rings: %+v", early)
	}
	if heard := ring(ringOf(b, at.Add(time.Hour))); heard.Mine || !heard.At.Equal(at) {
		t.Errorf("a case that the latest ring was for rings again: %+v", heard)
	}
	b2.Desk.RungAt = at
	if due := ring(ringOf(b2, at.Add(time.Minute))); !due.Mine || due.Taps != 3 {
		t.Errorf("a bundle later nobody rings: %+v", due)
	}
}

// Of many cases that want to ring in the same instant one does, and the others learn when.
func TestOfManyTapsOneRings(t *testing.T) {
	f := setup(t)
	var cases []casefile.Case
	for i := range 12 {
		cases = append(cases, f.atTheDesk("U"+string(rune('a'+i)), casefile.Gathering, began.Add(time.Duration(i)*time.Second), casefile.DeskNoPin))
	}
	for round := range 3 {
		at := began.Add(time.Duration(5+2*round) * time.Minute)
		var all sync.WaitGroup
		rung := make([]activities.TapsRung, len(cases))
		for i, c := range cases {
			all.Go(func() {
				var err error
				c.Desk.RungAt = at.Add(-time.Minute)
				if rung[i], err = f.RingTaps(t.Context(), ringOf(c, at)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		mine := 0
		for _, r := range rung {
			if r.Mine {
				mine++
			}
			if !r.At.Equal(at) {
				t.Errorf("round %d: the latest ring was at %s", round, r.At)
			}
		}
		if mine != 1 {
			t.Errorf("round %d: %d cases ring", round, mine)
		}
	}
}

func TestOperatorsAreThoseWhoWouldBeRung(t *testing.T) {
	f := setup(t)
	f.unit("desk-1300", casefile.LevelDesk, 13.7, 100.5)
	operator := func(id string, change func(*postgres.Member)) {
		m := officer(id, "desk-1300", 0, 0)
		m.Role, m.Level = "", casefile.LevelDesk
		if change != nil {
			change(&m)
		}
		f.members(m)
	}
	operator("o1", nil)
	operator("o2", nil)
	operator("asleep", func(m *postgres.Member) { m.OnDuty = false })
	operator("gone", func(m *postgres.Member) { m.State = casefile.MemberSuspended })
	operator("no phone", func(m *postgres.Member) { m.LINE = "" })
	if n, err := f.Operators(t.Context()); n != 2 || err != nil {
		t.Errorf("%d operators, %v", n, err)
	}
}
