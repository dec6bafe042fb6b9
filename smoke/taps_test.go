package smoke

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// Taps without a pin ring the desk together, and the one who writes an address
// is heard at once, by name of the case and not as one of many.
func TestCuriousTapsDoNotDrownTheOneThatMatters(t *testing.T) {
	h := startOwn(t, sharedSpeed)
	var curious []casefile.CaseID
	people := map[casefile.CaseID]*person{}
	for _, name := range []string{"mali", "nok", "ploy"} {
		p := h.citizen(name)
		p.taps(casefile.Gathering, false)
		p.hears("cancel")
		id := h.caseOf(p)
		curious, people[id] = append(curious, id), p
	}
	operator := h.national("desk-desk-1300-1")
	card := operator.waitsFor("one card names all who tapped", func(i lineemu.Item) bool {
		return !slices.ContainsFunc(curious, func(id casefile.CaseID) bool { return !takes(i, id) })
	})

	operator.takesFrom(card, curious[1])
	h.happens(curious[1], "an operator has taken it", func(e casefile.Event) bool { return e.Kind == casefile.DeskTaken })

	if _, err := people[curious[2]].Say("ห้อง 12 หอพักข้างตลาด"); err != nil {
		t.Fatal(err)
	}
	operator.waitsFor("a card of its own for who wrote an address", func(i lineemu.Item) bool {
		return i.Seq > card.Seq && takes(i, curious[2]) && !takes(i, curious[0])
	})
	operator.waitsFor("the desk is rung again for who is still only a tap", func(i lineemu.Item) bool {
		return i.Seq > card.Seq && takes(i, curious[0]) && !takes(i, curious[2])
	})
}

// takes reports whether a card has a button that takes the desk's item of a case.
func takes(i lineemu.Item, id casefile.CaseID) bool {
	return slices.ContainsFunc(i.Buttons, func(b lineemu.Button) bool { return isTake(b, id) })
}

func isTake(b lineemu.Button, id casefile.CaseID) bool {
	in := line.Decode(b.Action.Data)
	return in.Action == casefile.ActDeskTake && in.Case == id
}

func (p *person) takesFrom(i lineemu.Item, id casefile.CaseID) {
	p.town.t.Helper()
	at := slices.IndexFunc(i.Buttons, func(b lineemu.Button) bool { return isTake(b, id) })
	if _, err := p.TapButtonOf(i.MessageID, i.Buttons[at].Label); err != nil {
		p.town.t.Fatal(err)
	}
}

// waitsFor waits for a message that fits, old or new.
func (p *person) waitsFor(what string, fits func(lineemu.Item) bool) lineemu.Item {
	p.town.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	item, err := p.Wait(ctx, func(i lineemu.Item) bool { return i.Incoming && fits(i) })
	if err != nil {
		p.town.t.Fatalf("it did not come about that %s; heard %s", what, p.said())
	}
	return item
}
