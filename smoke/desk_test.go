package smoke

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// The desk asks in the chat where the place is, and the answer reaches those
// under way; what was written is shown to who says what it is needed for.
func TestTheDeskAsksAndTheAnswerReachesThoseUnderWay(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	h.orders("somsri", id, "ask", map[string]any{"reason": "LANDMARK"})
	mali.hears("จุดสังเกต")
	const answer = "หลังวัด ข้างบ่อน้ำ"
	if _, err := mali.Say(answer); err != nil {
		t.Fatal(err)
	}
	card := ann.hears("ผู้แจ้งพิมพ์ข้อความเพิ่ม")
	if card.Says(answer) || strings.Contains(card.LockScreen+card.AltText, answer) {
		t.Error("the words of the reporter stand in the chat of the officer")
	}
	mali.hears("ได้รับข้อมูลเพิ่มแล้ว")
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=emergency_response", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), answer) {
		t.Errorf("the answer is not with the case: %d %s", status, raw)
	}
}

// Somebody who must hide is asked nothing: the desk is refused and told why, and nothing is sent.
func TestTheDeskMayNotAskOnAQuietPhone(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.taps("", true)
	mali.hears("ได้รับข้อมูลแล้ว")
	id := h.caseOf(mali)
	h.mayNot("somsri", id, "ask", map[string]any{"reason": "LANDMARK"})
	mali.sends(h.pin)
	mali.hears("ได้รับข้อมูลแล้ว") // what was said before it is there by now
	h.desk(casefile.LevelStation).hears("ack")
	if n := h.times(id, casefile.QuestionAsked); n != 0 {
		t.Errorf("the question was recorded %d times", n)
	}
	if _, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/deliveries", nil); strings.Contains(string(raw), "desk_asks") {
		t.Errorf("the question was sent: %s", raw)
	}
	if mali.heard("จุดสังเกต") {
		t.Errorf("the quiet phone was asked: %s", mali.said())
	}
}

// A report without a pin is not lost: an operator sends the 191 of the province,
// whose radio centre rings at once, and the reporter is told.
func TestTheDeskSendsThe191OfAProvince(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.taps(casefile.ThreatAssault, false)
	mali.hears("cancel")
	id := h.caseOf(mali)
	h.mayNot("somsri", id, "send-province", map[string]any{"province": "99"})
	h.orders("somsri", id, "send-province", map[string]any{"province": h.province.Code})
	radio := h.desk(casefile.LevelRadio191)
	radio.hears("ack")
	mali.hears("ส่งให้เจ้าหน้าที่แล้ว")
	if h.desk(casefile.LevelStation).heard("ack") {
		t.Error("a station was asked without a place")
	}
	radio.presses(casefile.ActAck)
	mali.hears("เจ้าหน้าที่รับทราบแล้ว")

	mali.sends(h.pin) // and a pin that comes after all rings the station like a first one
	h.desk(casefile.LevelStation).hears("ack")
}

// A supervisor adds people, rings the next rung at once and gives the case to
// another station; the one who has it already is kept.
func TestASupervisorAddsPeopleEscalatesAndTransfers(t *testing.T) {
	h := start(t)
	h.unit("second station", casefile.LevelStation, h.pin.Lat+0.05, h.pin.Lon)
	h.officers(map[string]float64{"ann": 300, "bo": 600})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts()
	bo.hears("ไม่ต้องเดินทาง") // one was enough

	h.orders("somsri", id, "add-resources", map[string]any{"role": "POLICE", "crew": 1, "reason": "CROWD"})
	bo.accepts()

	rings := func() int {
		return len(slices.DeleteFunc(h.story(id), func(e casefile.Event) bool { return e.Kind != casefile.Offered || e.Role != casefile.MSDHS }))
	}
	for n := range 2 { // the duty officer once more, then the head of the office
		h.eventually("the ladder of the ministry rings", func() bool { return rings() > n })
		h.orders("somsri", id, "escalate", map[string]any{"role": "MSDHS", "reason": "CROWD"})
	}
	h.desk(casefile.LevelMSDHSProvince).hears("ack")

	h.orders("somsri", id, "add-resources", map[string]any{"role": "POLICE", "crew": 1, "reason": "CROWD"})
	second := h.people["second station"]
	second.mark = second.Mark()
	h.orders("wichai", id, "transfer", map[string]any{"unit": h.unitID("second station"), "reason": "AREA"})
	second.hears("ack")
	second.presses(casefile.ActAck)
	h.happens(id, "the second station has it", func(e casefile.Event) bool {
		return e.Kind == casefile.Acknowledged && e.By.Kind == casefile.ByMember
	})
	if r := h.look(id); len(r.team(casefile.Police)) != 2 || r.Station != h.unitID("second station") {
		t.Errorf("after all this there go %v of station %s", r.team(casefile.Police), r.Station)
	}
}

// A responder in danger presses one button: everybody on the case hears it, more
// are sought, and a human of the desk looks.
func TestAResponderInDangerIsHeard(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 500})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin) // needs two
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts()
	bo.accepts()
	h.member("chai", string(casefile.LevelStation), casefile.Police, "", h.pin.Lat+700/111195.0, h.pin.Lon, false)
	h.enlist()
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActAssist)
	bo.hears("ขอกำลังเสริมด่วน")
	h.people["chai"].hears("accept")
	h.happens(id, "a human of the desk looks", func(e casefile.Event) bool { return e.Kind == casefile.DeskRaised })
	h.national("desk-desk-1300-1").hearsOf(id, casefile.ActDeskTake)
}
