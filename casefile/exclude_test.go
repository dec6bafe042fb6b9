package casefile

import (
	"slices"
	"testing"
	"time"
)

// alleged keeps the station away from a case; its desk is of unit st1.
func alleged() Event {
	return Event{Kind: Excluded, By: operator, Unit: "st1", Level: LevelStation, Place: &Place{Province: "65"}, At: epoch.Add(time.Minute)}
}

// asked is a case for which the station st1, an officer of it and one of another station were asked.
func asked(t *testing.T) Case {
	pin := Pin{Lat: 16.8, Lon: 100.2, FixedAt: epoch}
	return lives(t, Case{ID: "c", State: Draft},
		Event{Kind: Reported, By: Actor{ByReporter, "r1"}, Type: Gathering, Severity: High},
		Event{Kind: PinSet, By: Actor{ByReporter, "r1"}, Place: &Place{Province: "65"}, Unit: "st1", Private: Private{Pin: &pin}},
		Event{Kind: RoleAdded, By: System, Role: Police, Crew: 1},
		Event{Kind: Offered, By: System, Role: Police, Step: 1, Asked: []Ask{
			{Member: "desk1", Level: LevelStation, Unit: "st1"}, {Member: "ann", Level: LevelNear, Unit: "st1"}, {Member: "bo", Level: LevelNear, Unit: "st2"},
		}})
}

func TestTheOrganisationOfTheAllegedIsBlindToTheCase(t *testing.T) {
	c := lives(t, asked(t), by("desk1", Acknowledged), alleged())
	track, _ := c.Track(Police)
	for m, want := range map[MemberID]Answer{"desk1": Withdrawn, "ann": Withdrawn, "bo": NoAnswer} {
		if o, _ := track.Offer(m); o.Answer != want {
			t.Errorf("the offer to %s stands at %q, want %q", m, o.Answer, want)
		}
	}
	if c.State != Sent || !c.AckedAt.IsZero() || !track.AckedAt.IsZero() || track.Step != 0 {
		t.Errorf("what the station had acknowledged is still in hand: %s, acknowledged %s, step %d", c.State, c.AckedAt, track.Step)
	}
	for _, k := range []Kind{Acknowledged, Accepted, Declined, CameLate, Departed, Arrived, AssistAsked, SceneStopped, RadioSeen} {
		if _, err := Apply(c, by("ann", k)); err == nil {
			t.Errorf("a member of the organisation could still cause %s", k)
		}
	}
	if _, err := Apply(c, Event{Kind: Accepted, By: operator, Member: "ann", At: epoch}); err == nil {
		t.Error("an operator put a member of the organisation on the case")
	}
	if _, err := Apply(c, Event{Kind: Transferred, By: operator, Unit: "st1", At: epoch}); err == nil {
		t.Error("the case was transferred to the organisation")
	}
	if c = lives(t, c, by("bo", Accepted)); c.State != Assigned {
		t.Errorf("another officer cannot take the case: it stands at %s", c.State)
	}
}

func TestWhoIsUnderWayIsTakenOffTheCase(t *testing.T) {
	for _, last := range []Kind{Accepted, Departed, Arrived} {
		c := asked(t)
		for _, k := range []Kind{Accepted, Departed, Arrived} {
			c = lives(t, c, by("ann", k))
			if k == last {
				break
			}
		}
		c = lives(t, c, alleged())
		if track, _ := c.Track(Police); c.State != Sent || track.Active() > 0 || !c.AckedAt.IsZero() {
			t.Errorf("after %s the case stands at %s with %d on the crew, acknowledged %s", last, c.State, track.Active(), c.AckedAt)
		}
	}
}

func TestWhoElseHasTheCaseKeepsIt(t *testing.T) {
	c := lives(t, asked(t), Event{Kind: RoleAdded, By: System, Role: Police, Crew: 2}, by("ann", Accepted), by("bo", Accepted), alleged())
	track, _ := c.Track(Police)
	if c.State != Assigned || track.Active() != 1 || track.AckedBy.ID != "bo" || c.AckedAt.IsZero() {
		t.Errorf("the case stands at %s, %d on the crew, acknowledged by %s", c.State, track.Active(), track.AckedBy.ID)
	}
}

func TestTheOfficeOfTheAllegedCannotTakeTheCaseOver(t *testing.T) {
	c := lives(t, asked(t), by("bo", Accepted), by("bo", SceneStopped),
		Event{Kind: HandoverOffered, By: System, Level: LevelMSDHSDuty, Unit: "office", Asked: []Ask{{Member: "duty", Level: LevelMSDHSDuty, Unit: "office"}}},
		Event{Kind: Excluded, By: operator, Unit: "office", Level: LevelMSDHSDuty, Place: &Place{Province: "65"}})
	take := by("duty", HandoverAccepted)
	take.Level = LevelMSDHSDuty
	if _, err := Apply(c, take); err == nil || c.Over.Unit != "" {
		t.Errorf("the office of the alleged took the case over, or is still asked: %q", c.Over.Unit)
	}
	if _, err := Apply(c, Event{Kind: HandoverAccepted, By: operator, Unit: "office"}); err == nil {
		t.Error("an operator gave the case to the office of the alleged")
	}
	if !c.Blind(LevelMSDHSDuty, "65") || c.Blind(LevelMSDHSDuty, "50") || c.Blind(LevelRadio191, "65") {
		t.Error("not exactly that level there is blind")
	}
}

func TestTheDeskAndTheCentreOfTheAllegedLoseTheCase(t *testing.T) {
	c := lives(t, asked(t), Event{Kind: DeskRaised, By: System, Desk: DeskUnanswered},
		Event{Kind: DeskTaken, By: Actor{ByMember, "op1"}, Level: LevelDesk},
		Event{Kind: CentreAsked, By: operator, Level: LevelRadio191, Asked: []Ask{{Member: "radio", Level: LevelRadio191, Unit: "r65"}}},
		Event{Kind: CentreTook, By: Actor{ByMember, "radio"}, Level: LevelRadio191},
		Event{Kind: Excluded, By: operator, Unit: "desk1300", Level: LevelDesk},
		Event{Kind: Excluded, By: operator, Unit: "r65", Level: LevelRadio191, Place: &Place{Province: "65"}})
	if !c.Desk.Waits() || len(c.OpenCentres()) != 1 || !c.AckedAt.IsZero() {
		t.Errorf("desk waits %v, %d centres wait, acknowledged %s", c.Desk.Waits(), len(c.OpenCentres()), c.AckedAt)
	}
	for l, want := range map[Level]bool{LevelDesk: true, LevelHUSEC: true, LevelRTPNational: true, LevelStation: false} {
		e := Event{Kind: DeskTaken, By: Actor{ByMember, "somebody"}, Level: l}
		if _, err := Apply(c, e); (err == nil) != want {
			t.Errorf("in the place of the blind desk, %s: %v", l, err)
		}
	}
	if slices.ContainsFunc(c.Excluded, func(x Exclusion) bool { return x.Unit == "" }) {
		t.Error("an exclusion names no unit")
	}
}
