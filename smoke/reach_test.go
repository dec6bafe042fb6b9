package smoke

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
)

// wave is one wave of a case, as a supervisor reads it.
type wave struct {
	Seq     int
	Role    casefile.Role
	Choices []dispatch.Choice
}

func (h *town) waves(id casefile.CaseID) []wave {
	h.t.Helper()
	return fetch[struct{ Waves []wave }](h, "/v1/cases/"+string(id)+"/waves").Waves
}

// why waits for the verdict on somebody in the first wave of the police.
func (h *town) why(id casefile.CaseID, m casefile.MemberID) dispatch.Choice {
	h.t.Helper()
	var found dispatch.Choice
	h.eventually("the first wave has a word on "+string(m), func() bool {
		for _, w := range h.waves(id) {
			if i := slices.IndexFunc(w.Choices, func(c dispatch.Choice) bool { return c.Member == m }); w.Role == casefile.Police && i >= 0 {
				found = w.Choices[i]
				return true
			}
		}
		return false
	})
	return found
}

// asks finds the event that first asked somebody.
func (h *town) asks(id casefile.CaseID, m casefile.MemberID) casefile.Event {
	h.t.Helper()
	return h.happens(id, string(m)+" is asked", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool { return a.Member == m })
	})
}

// An officer of whom nobody knows where they are is not asked. With a fresh
// position they are.
func TestAnOldPositionIsNoPosition(t *testing.T) {
	h := start(t)
	annID := h.joins("ann", 300)
	h.joins("bo", 900)
	ann, bo := h.people["ann"], h.people["bo"]
	var aged string
	h.database(&aged, `UPDATE members SET fixed_at = fixed_at - interval '31 minutes' WHERE id = $1 RETURNING id`, string(annID))
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	bo.hears("accept")
	if c := h.why(id, annID); c.Chosen || c.Why != dispatch.StalePosition || c.Minutes < 31 {
		t.Errorf("of a position half an hour old the record says %+v", c)
	}
	if ann.heard("accept") {
		t.Errorf("asked by an old position: %s", ann.said())
	}
	ann.sends(north(h.pin, 300))
	ann.hearsWithin("accept", time.Minute) // at the next ring
}

// district is the point of a district of the province in which the limits of the
// town hold, or those of the country.
func (h *town) district(urban bool) casefile.Pin {
	h.t.Helper()
	places := policy.DefaultPlaces()
	for _, d := range places.Districts() {
		at, ok := places.Locate(d.Lat, d.Lon)
		if ok && at.Province == h.province.Code && places.Urban(at.District) == urban {
			return casefile.Pin{Lat: d.Lat, Lon: d.Lon}
		}
	}
	h.t.Fatalf("%s has no such district", h.province.NameEn)
	return casefile.Pin{}
}

// north is a point so many metres north of another.
func north(of casefile.Pin, metres float64) casefile.Pin {
	return casefile.Pin{Lat: of.Lat + metres/111195, Lon: of.Lon}
}

// In a town the near ones are asked first, in the country those farther away as well: there are fewer.
func TestInTheCountryHelpIsSoughtFarther(t *testing.T) {
	h := start(t)
	streets, fields := h.district(true), h.district(false)
	town, country := h.joinsAt("town", north(streets, 9000)), h.joinsAt("country", north(fields, 9000))
	inTown, inCountry := h.citizen("mali"), h.citizen("malee")
	a := inTown.reports(casefile.Gathering, streets)
	b := inCountry.reports(casefile.Gathering, fields)
	if e := h.asks(b, country); e.Step != 1 {
		t.Errorf("nine kilometres away in the country, asked at step %d", e.Step)
	}
	if e := h.asks(a, town); e.Step < 2 {
		t.Errorf("nine kilometres away in a town, asked at step %d", e.Step)
	}
}

// joinsAt adds one officer of the station who is somewhere else, and returns their ID.
func (h *town) joinsAt(name string, at casefile.Pin) casefile.MemberID {
	h.t.Helper()
	members := func() []casefile.Member {
		return fetch[struct{ Members []casefile.Member }](h, "/v1/members?limit=200&unit="+string(h.stationOf())).Members
	}
	before := members()
	h.member(name, string(casefile.LevelStation), casefile.Police, "", at.Lat, at.Lon, false)
	h.enlist()
	for _, m := range members() {
		if !slices.ContainsFunc(before, func(b casefile.Member) bool { return b.ID == m.ID }) {
			return m.ID
		}
	}
	h.t.Fatalf("%s did not join", name)
	return ""
}

// Who rests is on duty and hears nothing, until the rest is over.
func TestWhoRestsIsLeftAlone(t *testing.T) {
	h := start(t)
	annID := h.joins("ann", 300)
	h.joins("bo", 900)
	ann, bo := h.people["ann"], h.people["bo"]
	rests := func(body map[string]any) {
		t.Helper()
		if status, raw := h.request("somsri", http.MethodPost, "/v1/members/"+string(annID)+"/duty", body); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, raw)
		}
	}
	rests(map[string]any{"on_duty": true, "rest_until": h.Clock.Case(time.Now()).Add(8 * time.Hour)})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	bo.hears("accept")
	if c := h.why(id, annID); c.Chosen || c.Why != dispatch.Resting || c.Minutes < 60 {
		t.Errorf("of somebody who rests the record says %+v", c)
	}
	if ann.heard("accept") {
		t.Errorf("woken: %s", ann.said())
	}
	rests(map[string]any{"on_duty": true})
	ann.hearsWithin("accept", time.Minute)
}

// The time that an officer named has passed, and nobody has arrived: the search
// ranks anew, by where everybody is at that moment.
func TestWhoIsNearestWhenTheTimeHasPassedIsAsked(t *testing.T) {
	h := start(t)
	h.joins("ann", 300)
	ids := map[string]casefile.MemberID{"bo": h.joins("bo", 900), "cho": h.joins("cho", 2500)}
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann, bo, cho := h.people["ann"], h.people["bo"], h.people["cho"]
	bo.hears("accept")
	cho.hears("accept")
	ann.accepts() // in five minutes
	ann.presses(casefile.ActDepart)
	bo.hears("กำลังครบแล้ว")
	cho.hears("กำลังครบแล้ว")
	bo.sends(north(h.pin, 900))
	cho.sends(north(h.pin, 400))
	reopened := h.happens(id, "the search is opened again beside who is late", func(e casefile.Event) bool { return e.Kind == casefile.SearchReopened })
	cho.hearsWithin("accept", time.Minute)
	for _, w := range h.waves(id) {
		if w.Seq < reopened.Seq || w.Role != casefile.Police {
			continue
		}
		place := func(name string) int {
			return slices.IndexFunc(w.Choices, func(c dispatch.Choice) bool { return c.Member == ids[name] })
		}
		if place("cho") < 0 || place("cho") > place("bo") {
			t.Errorf("cho is 400 m away and bo 900 m, and the order is %+v", w.Choices)
		}
		return
	}
	t.Error("there is no wave after the search was opened again")
}

// Each class of member is sent only where it may go: to a scene that is not under
// control the professionals, volunteers and juniors never. Who is farther away is asked in the next phase.
func TestEachClassIsSentOnlyWhereItMayGo(t *testing.T) {
	h := start(t)
	ids, streets := map[string]casefile.MemberID{}, h.district(true)
	for name, metres := range map[string]float64{"volunteer": 100, "junior": 150, "officer": 900, "farther": 8000} {
		ids[name] = h.joinsAt(name, north(streets, metres))
	}
	h.relists("volunteer", map[string]string{"group": string(casefile.SDV), "class": string(casefile.Volunteer)})
	h.relists("junior", map[string]string{"group": string(casefile.StudentCouncil), "class": string(casefile.Junior)})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, streets)
	h.people["officer"].hears("accept")
	for _, name := range []string{"volunteer", "junior"} {
		if c := h.why(id, ids[name]); c.Chosen || c.Why != dispatch.ClassNotSent {
			t.Errorf("of the %s the record says %+v", name, c)
		}
	}
	if first, second := h.asks(id, ids["officer"]), h.asks(id, ids["farther"]); first.Step != 1 || second.Step != 2 {
		t.Errorf("asked at steps %d and %d", first.Step, second.Step)
	}
	h.people["farther"].hearsWithin("accept", time.Minute)
	for _, name := range []string{"volunteer", "junior"} {
		if h.people[name].heard("accept") {
			t.Errorf("the %s was sent to a scene that is not under control", name)
		}
	}
}

// The duty button decides who is rung.
func TestTheDutyButtonDecidesWhoIsRung(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 900})
	ann, bo := h.people["ann"], h.people["bo"]
	switches := func(action casefile.Action, answer string) {
		t.Helper()
		i := -1
		h.eventually("the menu has the duty switch", func() bool {
			i = slices.IndexFunc(ann.menuAreas(), func(data string) bool { return strings.HasPrefix(data, "v1|"+string(action)) })
			return i >= 0
		})
		if _, err := ann.TapMenuArea(i); err != nil {
			t.Fatal(err)
		}
		ann.hearsWithin(answer, time.Minute)
	}
	switches(casefile.ActDutyOff, "ออกเวรแล้ว")
	mali := h.citizen("mali")
	mali.reports(casefile.Gathering, h.pin)
	bo.hears("accept")
	if ann.heard("accept") {
		t.Errorf("rung off duty: %s", ann.said())
	}
	switches(casefile.ActDutyOn, "เข้าเวรแล้ว")
	ann.sends(north(h.pin, 300))
	ann.hearsWithin("accept", time.Minute)
}
