package smoke

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// toldSince lists what members were told about a case after an event, whatever the way.
func (h *town) toldSince(id casefile.CaseID, kind casefile.Kind, members ...casefile.MemberID) string {
	h.t.Helper()
	var told string
	var recipients []string
	for _, m := range members {
		recipients = append(recipients, "member:"+string(m))
	}
	h.database(&told, `SELECT coalesce(string_agg(DISTINCT channel || ' ' || template, ', '), '') FROM deliveries
		WHERE case_id = $1 AND recipient = ANY ($2) AND outcome <> 'NO_CONTACT'
		  AND seq >= (SELECT min(seq) FROM case_events WHERE case_id = $1 AND kind = $3)`, string(id), recipients, string(kind))
	return told
}

// The alleged is of the station. From the moment that an operator says so, nobody
// there hears of the case, by no way: not the desk, not its officers, not its group,
// no message and no call; the next station and the 191 centre answer in its place.
func TestAMemberOfTheAllegedsOrganisationHearsNothingOnAnyPath(t *testing.T) {
	h := startBeside(t, "33")
	station := string(casefile.LevelStation)
	h.officers(map[string]float64{"ann": 300})
	h.unit("next", casefile.LevelStation, h.pin.Lat+0.05, h.pin.Lon)
	h.member("cho", "next", casefile.Police, "", h.pin.Lat+900.0/111195, h.pin.Lon, false)
	h.enlist()
	h.carry("ann", station)
	desk, ann, cho := h.people[station], h.people["ann"], h.people["cho"]
	theirs := []casefile.MemberID{casefile.MemberID(h.memberID(station)), casefile.MemberID(h.memberID("ann"))}
	g := h.group(desk, ann)
	g.Invite()
	h.links(g, desk)
	groupHears(h, g, 0, "หน่วยของท่าน")
	mark := g.Mark()

	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin) // needs two
	desk.hearsOf(id, casefile.ActAck)
	groupHears(h, g, mark, "เหตุใหม่")
	before := len(incoming(g.Transcript()))
	desk.presses(casefile.ActAck)
	ann.hearsOf(id, casefile.ActAccept)
	ann.presses(casefile.ActAccept)
	ann.hearsOf(id, casefile.ActDepart)
	h.orders("somsri", id, "exclude", map[string]any{"unit": h.unitID(station)})
	for _, p := range []*person{desk, ann} {
		card := p.hearsWithin("ไม่ต้องเดินทาง", time.Minute)
		if h.showsMap(card) || strings.Contains(strings.Join(card.Texts, " "), "กล่าวหา") {
			t.Errorf("%s is told where, or why: %v", p.name, card.Texts)
		}
	}
	h.people["next"].hearsOf(id, casefile.ActAck)
	h.desk(casefile.LevelRadio191).hearsOf(id, casefile.ActAck)
	cho.hearsOf(id, casefile.ActAccept)

	ann.presses(casefile.ActArrive) // the cards are still in the chat, and do nothing
	ann.hearsWithin("ทำรายการไม่ได้", time.Minute)
	cho.presses(casefile.ActAccept)
	cho.hearsOf(id, casefile.ActDepart)
	if _, err := mali.Say("อยู่หลังตลาด"); err != nil { // crews are told
		t.Fatal(err)
	}
	h.mayNot("somsri", id, "transfer", map[string]any{"unit": h.unitID(station)})
	h.mayNot("somsri", id, "accept", map[string]any{"member": theirs[1]})
	h.happens(id, "the search climbs to the nation's desk", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Role == casefile.Police && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool { return a.Level == casefile.LevelDesk })
	})
	if told := h.toldSince(id, casefile.Excluded, theirs...); told != "LINE refused, LINE stand_down" {
		t.Errorf("they were told %s", told)
	}
	for _, e := range h.story(id) {
		if e.Kind == casefile.Offered && e.Round > 0 && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool { return slices.Contains(theirs, a.Member) }) {
			t.Errorf("somebody of the organisation was asked again: %+v", e.Asked)
		}
	}
	if after := incoming(g.Transcript()); len(after) > before {
		t.Errorf("the group of the station heard %+v", after[before:])
	}
	if team := h.look(id).team(casefile.Police); len(team) != 1 {
		t.Errorf("on the crew: %v", team)
	}
}

// The screen of the radio centre where the alleged works does not have the case,
// and who presses its old card is told nothing.
func TestTheScreenOfTheAllegedsRadioCentreDoesNotHaveTheCase(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	radio := h.desk(casefile.LevelRadio191)
	radio.hears("radio_seen")
	h.orders("somsri", id, "exclude", map[string]any{"member": h.memberID(string(casefile.LevelRadio191))}) // one stands for all of the unit
	radio.presses(casefile.ActRadioSeen)
	radio.hearsWithin("ทำรายการไม่ได้", time.Minute)
	elsewhere := casefile.Pin{Lat: h.pin.Lat + 0.02, Lon: h.pin.Lon} // at the same place it would be kept away, too
	other := h.citizen("pong").reports(casefile.Berserk, elsewhere)
	if pins := h.unreadPins(other); slices.Contains(pins, id) {
		t.Errorf("the screen shows the case: %v", pins)
	}
	h.happens(id, "the ladder climbs past the radio centre", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Role == casefile.Police && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool { return a.Level == casefile.LevelDesk })
	})
	if told := h.toldSince(id, casefile.Excluded, casefile.MemberID(h.memberID(string(casefile.LevelRadio191)))); told != "LINE refused" {
		t.Errorf("the radio centre was told %s", told)
	}
	for words, details := range map[string]map[string]any{"ไม่มีหน่วยงานนี้": {"unit": "nobody"}, "อย่างใดอย่างหนึ่ง": {}, "ไม่มีสมาชิกนี้": {"member": "nobody"}} {
		if status, raw := h.command("somsri", id, "exclude", details); status != http.StatusUnprocessableEntity || !strings.Contains(string(raw), words) {
			t.Errorf("%v: %d %s", details, status, raw)
		}
	}
}

// unreadPins are the cases that the screen of the town's radio centre shows as not
// yet acknowledged, once it shows the given one.
func (h *town) unreadPins(until casefile.CaseID) []casefile.CaseID {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.Listen+"/v1/radio/"+h.province.Code+"/stream", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tokens["somsri"])
	var pins []casefile.CaseID
	h.eventually("the screen shows the other pin", func() bool {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		pins = nil
		buffer := make([]byte, 64<<10)
		n, _ := res.Body.Read(buffer)
		for i := 0; i < 5 && !strings.Contains(string(buffer[:n]), string(until)); i++ {
			more, err := res.Body.Read(buffer[n:])
			if n += more; err != nil {
				break
			}
		}
		for line := range strings.SplitSeq(string(buffer[:n]), "\n") {
			var pin struct {
				Case casefile.CaseID `json:"case"`
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok && json.Unmarshal([]byte(data), &pin) == nil {
				pins = append(pins, pin.Case)
			}
		}
		return slices.Contains(pins, until)
	})
	return pins
}
