package casefile

import (
	"errors"
	"testing"
)

var operator = Actor{ByOperator, "o1"}

func TestTheDeskAsksOnlyWhoMayHearIt(t *testing.T) {
	hears := Case{ID: "c", State: Sent, Version: 1, Channel: ChannelLINE}
	quiet, phone := hears, hears
	quiet.Quiet, phone.Channel = true, Channel1300
	for name, tt := range map[string]struct {
		c      Case
		by     Actor
		reason string
		ok     bool
	}{
		"in LINE":        {hears, operator, "ADDRESS", true},
		"in quiet mode":  {quiet, operator, "ADDRESS", false},
		"by telephone":   {phone, operator, "ADDRESS", false},
		"nothing":        {hears, operator, "", false},
		"by a responder": {hears, Actor{ByMember, "m1"}, "ADDRESS", false},
	} {
		_, err := Apply(tt.c, Event{Kind: QuestionAsked, By: tt.by, At: epoch, Reason: tt.reason})
		var refused *RefusedError
		if (err == nil) != tt.ok || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProvinceWithoutAPin(t *testing.T) {
	named := func(code string) Event {
		return Event{Kind: ProvinceSet, By: operator, At: epoch, Place: &Place{Province: code}}
	}
	draft := Case{ID: "c", State: Draft, Version: 1, Desk: &DeskItem{Reason: DeskNoPin}}
	c, err := Apply(draft, named("50"))
	if err != nil || c.State != New || c.Place.Province != "50" || !c.Placed() || !c.LocatedAt.IsZero() || c.Desk != nil {
		t.Fatalf("after the province was named: %+v, %v", c, err)
	}
	if _, err := Apply(c, named("50")); err == nil {
		t.Error("the same province was named twice")
	}
	steps := []Event{
		{Kind: RoleAdded, By: System, Role: Police, Crew: 2},
		{Kind: Offered, By: System, Role: Police, Step: 1, Asked: []Ask{{Member: "radio-50", Level: LevelRadio191}}},
		{Kind: Acknowledged, By: Actor{ByMember, "radio-50"}},
		named("65"),
	}
	for _, e := range steps {
		e.At = epoch
		if c, err = Apply(c, e); err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
	}
	if police, _ := c.Track(Police); c.State != Sent || c.Place.Province != "65" || police.Step != 0 || !police.AckedAt.IsZero() {
		t.Errorf("after the province was corrected the case stands at %s, its police search at %+v", c.State, police)
	}
	pin := Event{Kind: PinSet, By: operator, At: epoch, Place: &Place{Province: "65", District: "6501"}}
	pin.Private.Pin = &Pin{Lat: 16.8, Lon: 100.2}
	if c, err = Apply(c, pin); err != nil || c.LocatedAt.IsZero() || c.State != Sent {
		t.Errorf("a pin after the province: %s, %v", c.State, err)
	}
	if _, err := Apply(c, named("50")); err == nil {
		t.Error("a province was named for a case that has a pin")
	}
}

func TestACallerIsTakenOverByAnotherCentre(t *testing.T) {
	c := Case{ID: "c", State: Sent, Version: 1}
	asked := func(l Level, by Actor) Event {
		return Event{Kind: CentreAsked, By: by, At: epoch, Level: l, Asked: []Ask{{Member: "ems-1", Level: l}, {Member: "ems-2", Level: l}}}
	}
	must := func(e Event) {
		t.Helper()
		next, err := Apply(c, e)
		if err != nil {
			t.Fatalf("%s by %s: %v", e.Kind, e.By.Kind, err)
		}
		c = next
	}
	mustNot := func(why string, e Event) {
		t.Helper()
		if _, err := Apply(c, e); err == nil {
			t.Errorf("%s: allowed", why)
		}
	}
	mustNot("1669 of no province", asked(LevelEMS, operator))
	c.Place.Province = "65"
	mustNot("a station", asked(LevelStation, operator))
	mustNot("ringing again what nobody asked for", asked(LevelEMS, System))
	must(asked(LevelEMS, operator))
	mustNot("asking twice", asked(LevelEMS, operator))
	must(asked(LevelDesk, operator))
	must(asked(LevelEMS, System))
	must(Event{Kind: DeskRaised, By: System, At: epoch, Desk: DeskCentre})
	mustNot("by who asked", Event{Kind: CentreTook, By: operator, At: epoch, Level: LevelEMS})
	mustNot("by who was not asked", Event{Kind: CentreTook, By: Actor{ByMember, "m9"}, At: epoch, Level: LevelEMS})
	mustNot("by who was asked and sits there no more", Event{Kind: CentreTook, By: Actor{ByMember, "ems-2"}, At: epoch})
	must(Event{Kind: CentreTook, By: Actor{ByMember, "ems-2"}, At: epoch, Level: LevelEMS})
	if ems, _ := c.Centre(LevelEMS); ems.Open() || ems.Times != 2 || ems.Taken.ID != "ems-2" || c.AckedAt.IsZero() || c.Desk == nil {
		t.Errorf("after 1669 took it: %+v, desk %v", ems, c.Desk)
	}
	mustNot("twice", Event{Kind: CentreTook, By: Actor{ByOperator, "o2"}, At: epoch, Level: LevelEMS})
	must(Event{Kind: CentreTook, By: Actor{ByOperator, "o2"}, At: epoch, Level: LevelDesk})
	if c.Desk != nil || len(c.OpenCentres()) != 0 {
		t.Errorf("all are taken, and %+v waits at the desk", c.Desk)
	}
	must(asked(LevelEMS, operator))
	if ems, _ := c.Centre(LevelEMS); !ems.Open() || len(c.Centres) != 2 {
		t.Errorf("asked anew: %+v", c.Centres)
	}
}

func TestTheLatestAnswerOnACardCounts(t *testing.T) {
	c := Case{ID: "c", State: Sent, Version: 1}
	answer := func(card, option string, score int) error {
		next, err := Apply(c, Event{Kind: CardAnswered, By: Actor{ByReporter, "r"}, At: epoch, Reason: card, Option: option, Score: score})
		c = next
		return err
	}
	for _, a := range []struct {
		card, option string
		score        int
	}{{"WEAPON", "YES", 3}, {"NOW", "UNSURE", 1}, {"WEAPON", "YES", 3}, {"NOW", "YES", 3}} {
		if err := answer(a.card, a.option, a.score); err != nil {
			t.Fatal(err)
		}
	}
	if now, _ := c.Answered("NOW"); c.Score != 6 || len(c.Answers) != 2 || now.Option != "YES" {
		t.Errorf("score %d of %+v", c.Score, c.Answers)
	}
	if answer("", "YES", 1) == nil || answer("NOW", "", 1) == nil || answer("NOW", "YES", -9) == nil {
		t.Error("an answer without card or option, or one that lowers, was taken")
	}
}

// A forgotten item rings on where it had come to; another reason begins anew.
func TestAForgottenDeskItemKeepsItsRings(t *testing.T) {
	operator := Actor{ByOperator, "o1"}
	c := Case{ID: "c", State: Draft, Version: 1, Desk: &DeskItem{Reason: DeskNoPin, Owner: operator, Rings: 4}}
	again, err := Apply(c, Event{Kind: DeskRaised, By: System, Desk: DeskNoPin, Reason: "FORGOTTEN"})
	if err != nil || again.Desk.Rings != 4 || again.Desk.Owner != (Actor{}) {
		t.Errorf("a forgotten item became %+v, %v", again.Desk, err)
	}
	other, err := Apply(c, Event{Kind: DeskRaised, By: System, Desk: DeskCancel})
	if err != nil || other.Desk.Rings != 0 {
		t.Errorf("another reason became %+v, %v", other.Desk, err)
	}
}
