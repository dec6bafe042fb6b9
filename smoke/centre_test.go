package smoke

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A caller is handed from 1300 to 1669, and from 191 to 1300, only when somebody
// there takes the call. Until then who asked stays with the caller, the other
// side is rung again, and the desk is rung, too.
func TestACallerIsHandedOverOnlyWhenTheOtherSideTakesIt(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	id := h.file("somsri", map[string]any{
		"channel": "HOTLINE_1300", "call_id": h.province.Code + "-centre", "kind": "REPORT", "type": "GATHERING",
		"pin": map[string]any{"lat": h.pin.Lat, "lon": h.pin.Lon},
	})
	h.calms(id, h.people["ann"])

	ems := h.desk(casefile.LevelEMS)
	h.orders("somsri", id, "ask-centre", map[string]any{"level": "EMS"})
	if ask := ems.hears("centre_take"); len(ask.Texts) == 0 || h.showsMap(ask) {
		t.Errorf("the exact place is shown before somebody has taken the caller: %v", ask.Texts)
	}
	h.mayNot("somsri", id, "take-centre", map[string]any{"level": "EMS"}) // not to oneself
	h.mayNot("somsri", id, "ask-centre", map[string]any{"level": "EMS"})  // it rings already
	h.happens(id, "the desk is told that nobody has taken the caller", func(e casefile.Event) bool {
		return e.Kind == casefile.DeskRaised && e.Desk == casefile.DeskCentre
	})
	h.national("desk-desk-1300-1").hearsOf(id, casefile.ActDeskTake)
	ems.hears("centre_take") // again
	if h.times(id, casefile.CentreTook) != 0 {
		t.Fatal("the caller was taken over by nobody")
	}
	ems.presses(casefile.ActCentreTake)
	if taken := ems.hears("บันทึกแล้ว"); !h.showsMap(taken) {
		t.Errorf("who took the caller over does not see the place: %v", taken.Texts)
	}
	h.eventually("the desk is needed no more", func() bool { return h.look(id).Desk == nil })

	h.orders("wichai", id, "ask-centre", map[string]any{"level": "DESK"})
	h.national("desk-desk-1300-2").hearsOf(id, casefile.ActCentreTake)
	h.mayNot("wichai", id, "take-centre", map[string]any{"level": "DESK"})
	h.orders("somsri", id, "take-centre", map[string]any{"level": "DESK"})
	if n := h.times(id, casefile.CentreTook); n != 2 {
		t.Errorf("two callers were taken over, %d are recorded", n)
	}
}

// calms lets everybody answer who could be rung for a case, so that nothing but
// the test raises the desk.
func (h *town) calms(id casefile.CaseID, officer *person) {
	h.t.Helper()
	h.orders("wichai", id, "see-radio", nil)
	officer.accepts()
	officer.presses(casefile.ActArrive)
	duty := h.desk(casefile.LevelMSDHSDuty)
	duty.hears("ack")
	duty.presses(casefile.ActAck)
	h.happens(id, "the duty officer knows", func(e casefile.Event) bool { return e.Kind == casefile.Acknowledged && e.By.Kind == casefile.ByMember })
	h.comesTo(id, casefile.OnScene)
	if h.look(id).Desk != nil {
		h.orders("wichai", id, "resolve-desk", map[string]any{"reason": "IN_HAND"})
	}
}

// A telephone operator who has no place yet is told to find one first.
func TestACallerWithoutAPlaceIsNotHandedOver(t *testing.T) {
	h := start(t)
	id := h.file("somsri", map[string]any{
		"channel": "HOTLINE_1300", "call_id": h.province.Code + "-nowhere", "kind": "REPORT", "type": "BERSERK", "address": "บ้านสีฟ้า",
	})
	h.mayNot("somsri", id, "ask-centre", map[string]any{"level": "EMS"})
	h.orders("somsri", id, "pin", map[string]any{"pin": map[string]any{"lat": h.pin.Lat, "lon": h.pin.Lon}, "address": "บ้านสีฟ้า ซอย 5"})
	h.desk(casefile.LevelStation).hears("ack")
	h.orders("somsri", id, "ask-centre", map[string]any{"level": "RADIO_191"})
	h.desk(casefile.LevelRadio191).hears("centre_take")
	h.desk(casefile.LevelRadio191).presses(casefile.ActCentreTake)
	h.happens(id, "191 has the caller", func(e casefile.Event) bool { return e.Kind == casefile.CentreTook })
	status, raw := h.request("wichai", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=emergency_response", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), "ซอย 5") {
		t.Errorf("the address that was found is not with the case: %d %s", status, raw)
	}
}
