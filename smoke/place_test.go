package smoke

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// onBothSides are two points a few kilometres apart, each in its own province.
func onBothSides(t *testing.T, a, b policy.Province) (here, there casefile.Pin) {
	t.Helper()
	const steps = 1000
	at := func(i int) casefile.Pin {
		part := float64(i) / steps
		return casefile.Pin{Lat: a.Lat + (b.Lat-a.Lat)*part, Lon: a.Lon + (b.Lon-a.Lon)*part}
	}
	for i := range steps {
		if place, ok := policy.DefaultPlaces().Locate(at(i).Lat, at(i).Lon); ok && place.Province == b.Code {
			return at(i - 40), at(i + 40)
		}
	}
	t.Fatalf("no border between %s and %s", a.NameEn, b.NameEn)
	return
}

// At a border between provinces the station of the side that the pin lies on
// answers. Moved across, the other side's does, and who is under way hears.
func TestAPinOnAProvinceBorderRingsItsOwnSide(t *testing.T) {
	here := start(t, borderland[0])
	there := here.townIn(t, borderland[1])
	pin, moved := onBothSides(t, here.province, there.province)
	here.unit("border", casefile.LevelStation, pin.Lat, pin.Lon)
	there.unit("border", casefile.LevelStation, moved.Lat, moved.Lon)
	here.member("ann", "border", casefile.Police, "", pin.Lat, pin.Lon, false)
	here.enlist()
	there.enlist()

	mali := here.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, pin) // needs two
	here.people["border"].hears("ack")
	ann := here.people["ann"]
	ann.accepts()
	if r := here.look(id); r.Place.Province != here.province.Code || r.Station != here.unitID("border") {
		t.Errorf("a pin in %s was taken for %s, station %s", here.province.NameEn, r.Place.Province, r.Station)
	}
	here.happens(id, "the stations have had their rings", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Role == casefile.Police && e.Step >= 3
	})
	mali.sends(moved)
	mali.hears("ย้ายหมุดแล้ว")
	card := ann.hears("หมุดถูกย้าย")
	if want := fmt.Sprintf("%.6f", moved.Lat); !slices.ContainsFunc(card.Buttons, func(b lineemu.Button) bool { return strings.Contains(b.Action.URI, want) }) {
		t.Errorf("who is under way does not see the new place: %v", card.Buttons)
	}
	if r := here.look(id); r.Place.Province != there.province.Code || r.Station != there.unitID("border") || len(r.team(casefile.Police)) != 1 {
		t.Errorf("moved to %s: %s, station %s, team %v", there.province.NameEn, r.Place.Province, r.Station, r.team(casefile.Police))
	}
	responsible := there.unitID("border")
	asked := here.happens(id, "the station of the other side is asked as its own", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool {
			return a.Level == casefile.LevelStation && a.Unit == responsible
		})
	})
	var last casefile.Kind // of what lets a ladder begin again
	for _, e := range here.story(id) {
		if e.Seq < asked.Seq && slices.Contains([]casefile.Kind{casefile.PinMoved, casefile.SearchReopened}, e.Kind) {
			last = e.Kind
		}
	}
	if last != casefile.PinMoved {
		t.Errorf("the station of the other side was not asked because the pin was moved there: %s", last)
	}
	there.people["border"].hears("ack")
}

// The patrol cannot find the place: whoever reported is asked, and the corrected
// pin reaches everybody under way.
func TestAPlaceThatIsNotFoundIsAskedFor(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 500})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts()
	bo.accepts()
	ann.presses(casefile.ActCannotFind)
	mali.hears("ยังหาไม่พบ")
	found := h.pin
	found.Lat += 0.003
	mali.sends(found)
	mali.hears("ย้ายหมุดแล้ว")
	for _, officer := range []*person{ann, bo} {
		if card := officer.hears("หมุดถูกย้าย"); !h.showsMap(card) {
			t.Errorf("%s does not see the new place: %v", officer.name, card.Texts)
		}
	}
	bo.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	bo.presses(casefile.ActControl)
	h.comesTo(id, casefile.Handover)
	ann.hears("ระงับเหตุแล้ว")
}

// On a quiet phone nothing is asked: the desk and the others of the patrol hear instead.
func TestAPlaceThatIsNotFoundIsNeverAskedForOnAQuietPhone(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 500})
	mali := h.citizen("mali")
	mali.taps("", true)
	mali.hears("ได้รับข้อมูลแล้ว")
	id := h.caseOf(mali)
	mali.sends(h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts()
	bo.accepts()
	before := len(incoming(mali.Transcript()))
	ann.presses(casefile.ActCannotFind)
	bo.hears("ห้ามถามผู้แจ้ง")
	h.happens(id, "the place is not found", func(e casefile.Event) bool { return e.Kind == casefile.CannotFind })
	h.happens(id, "the desk is asked", func(e casefile.Event) bool { return e.Kind == casefile.DeskRaised })
	mali.sends(h.pin)
	mali.hears("") // the answer to it comes behind all that was said before
	if mali.heard("หาไม่พบ") || mali.heard("จุดสังเกต") {
		t.Errorf("after %d answers the quiet phone was asked: %s", before, mali.said())
	}
}

// An officer who set out and does not arrive stays on the case, and somebody
// who had been told to stay at home is asked after all.
func TestAnotherIsSoughtBesideWhoDoesNotArrive(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 600})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts() // in five minutes
	bo.hears("ไม่ต้องเดินทาง")
	ann.presses(casefile.ActDepart)
	h.comesTo(id, casefile.EnRoute)
	ann.hearsWithin("ถึงที่เกิดเหตุหรือยัง", time.Minute)
	bo.hearsWithin("accept", time.Minute)
	bo.presses(casefile.ActAccept)
	bo.hears("depart")
	h.eventually("both are on the case", func() bool { return len(h.look(id).team(casefile.Police)) == 2 })
}

// After two minutes whoever reported is asked with two buttons whether there is
// still danger, and the answer reaches those under way.
func TestWhoReportedIsAskedWhetherThereIsStillDanger(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	mali.hears("check_yes")
	mali.presses(casefile.ActCheckYes)
	ann.hears("ผู้แจ้งยืนยันว่ายังมีอันตราย")
	h.happens(id, "the answer is recorded", func(e casefile.Event) bool { return e.Kind == casefile.CheckInAnswered && e.Yes })
}

// The case was closed, and whoever reported says that it is not solved: it is
// open again, graver, and rings like a new one.
func TestNotSolvedRingsAgain(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	station, ann, duty := h.desk(casefile.LevelStation), h.people["ann"], h.desk(casefile.LevelMSDHSDuty)
	station.hears("ack")
	ann.accepts()
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	mali.hears("not_solved")
	duty.hears("take_over")
	duty.presses(casefile.ActTakeOver)
	h.comesTo(id, casefile.FollowUp)
	for _, operator := range []string{"somsri", "wichai"} { // a follow-up is closed by two
		h.orders(operator, id, "close", map[string]any{"outcome": "HELPED", "reason": "SETTLED"})
	}
	h.comesTo(id, casefile.Closed)

	station.mark = station.Mark()
	mali.presses(casefile.ActNotSolved)
	mali.hears("เปิดเรื่องอีกครั้งแล้ว")
	station.hears("ack")
	if r := h.look(id); r.Severity != casefile.Critical || r.State.Ended() {
		t.Errorf("disputed, the case stands at %s, %s", r.State, r.Severity)
	}
}

// Whoever is at a scene is asked again and again whether all is well, and a
// scene that does not come to rest is seen by a human of the desk.
func TestNobodyOnTheSceneIsForgotten(t *testing.T) {
	h := startOwn(t, 600)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	station := h.desk(casefile.LevelStation)
	station.hears("accept")
	station.presses(casefile.ActAccept)
	station.hears("arrive")
	station.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	if h.look(id).Desk != nil {
		h.orders("somsri", id, "resolve-desk", map[string]any{"reason": "IN_HAND"})
	}
	for range 2 {
		station.hears("ที่เกิดเหตุเป็นอย่างไร")
	}
	h.happens(id, "the desk looks at a scene that does not come to rest", func(e casefile.Event) bool {
		return e.Kind == casefile.DeskRaised && e.Desk == casefile.DeskStale
	})
}
