package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// registration is one as the REST API lists it.
type registration struct {
	ID     string
	Member string
	State  string
	Class  string
	Role   string
}

// writes types an answer.
func (p *person) writes(text string) {
	p.town.t.Helper()
	if _, err := p.Say(text); err != nil {
		p.town.t.Fatal(err)
	}
}

// chooses taps the newest button of an action that carries this answer.
func (p *person) chooses(action casefile.Action, answer string) {
	p.town.t.Helper()
	items := p.Transcript()
	for i := len(items) - 1; i >= 0; i-- {
		for _, b := range append(slices.Clone(items[i].Buttons), items[i].QuickReplies...) {
			in := line.Decode(b.Action.Data)
			if in.Action != action || in.Option != answer && in.Reason != answer {
				continue
			}
			if _, err := p.TapButtonOf(items[i].MessageID, b.Label); err != nil {
				if _, err := p.TapQuickReply(b.Label); err != nil {
					p.town.t.Fatalf("%s cannot tap %s: %v", p.name, b.Label, err)
				}
			}
			return
		}
	}
	p.town.t.Fatalf("%s has no button for %s %s; heard %s", p.name, action, answer, p.said())
}

// applies goes through all questions of joining, from the menu to the end.
func (p *person) applies(group casefile.Group, unit string) {
	p.town.t.Helper()
	p.writes("สวัสดี")
	p.hears("สมัครเป็นสมาชิก")
	p.presses(casefile.ActJoin)
	p.hears("ท่านอยู่กลุ่มใด")
	p.chooses(casefile.ActJoin, string(group))
	p.hears("รหัสหน่วยงาน")
	p.writes("no such unit")
	p.hears("ใช้ไม่ได้")
	p.writes(strings.ToUpper(p.town.code(unit)))
	p.hears("ตำบล")
	p.writes("ในเมือง")
	p.hears("ชื่อและนามสกุล")
	p.writes("สมหญิง ใจดี")
	p.hears("ข้อมูลที่เก็บ")
	p.chooses(casefile.ActJoin, casefile.JoinAgree)
	p.hears("ส่งใบสมัครแล้ว")
}

// waiting is the one registration of the town that waits for a decision.
func (h *town) waiting() registration {
	h.t.Helper()
	var found []registration
	h.eventually("a registration waits", func() bool {
		page := fetch[struct{ Registrations []registration }](h, "/v1/registrations?waiting=true&province="+h.province.Code)
		found = page.Registrations
		return len(found) == 1
	})
	return found[0]
}

func (h *town) membership(member, deed, reason string) (int, []byte) {
	h.t.Helper()
	body := map[string]any{"deed": deed}
	if reason != "" {
		body["reason"] = reason
	}
	return h.request("somsri", http.MethodPost, "/v1/members/"+member+"/membership", body)
}

// verifier lets a member of the town decide on the members of their unit.
func (h *town) verifier(name string) *person {
	h.t.Helper()
	if status, raw := h.request("somsri", http.MethodPost, "/v1/members/"+h.memberID(name)+"/verifier", map[string]any{"verifies": true}); status != http.StatusNoContent {
		h.t.Fatalf("%s cannot become a verifier: %d %s", name, status, raw)
	}
	return h.people[name]
}

// An officer joins in LINE, their station's verifier approves with one press, and
// the next report nearby rings them. When the membership is over, none does.
func TestARegistrationIsVettedGetsAlertsExpiresAndStopsAlerts(t *testing.T) {
	h := startOwn(t, sharedSpeed)
	h.rules(map[string]string{"valid: 365d": "valid: 60m", "renew: 30d": "renew: 50m"})
	h.officers(map[string]float64{"head": 90_000}) // too far to be asked
	head := h.verifier("head")
	ying := h.citizen("ying")
	ying.applies(casefile.Agency, string(casefile.LevelStation))
	reg := h.waiting()
	if reg.Class != string(casefile.Professional) || reg.Role != string(casefile.Police) {
		t.Errorf("an officer of a station is a %s of role %q", reg.Class, reg.Role)
	}
	ying.writes("สวัสดี") // no member yet: no duty switch, and no way to decide on it
	ying.hears("สมัครเป็นสมาชิก")

	card := head.hears("vet")
	if words := strings.Join(card.Texts, " ") + card.LockScreen; strings.Contains(words, "สมหญิง") || strings.Contains(words, "ในเมือง") {
		t.Errorf("the push says who it is: %s", words)
	}
	head.presses(casefile.ActVet)
	head.hears("สมหญิง ใจดี") // only now, and the look is recorded
	var looks int
	h.database(&looks, "SELECT count(*) FROM audit WHERE action = 'REGISTRATION_VIEWED'")
	if looks != 1 {
		t.Errorf("%d looks at the applicant are recorded", looks)
	}
	head.chooses(casefile.ActVet, string(casefile.Approve))
	ying.hears("ท่านเป็นสมาชิกแล้ว")
	ying.goesOnDuty()
	ying.sends(casefile.Pin{Lat: h.pin.Lat + 300.0/111195, Lon: h.pin.Lon})
	h.eventually("the new member has a position", func() bool {
		return !fetch[casefile.Member](h, "/v1/members/"+reg.Member).FixedAt.IsZero()
	})
	mali := h.citizen("mali")
	first := mali.reports(casefile.Gathering, h.pin)
	ying.hearsOf(first, casefile.ActAccept)
	ying.presses(casefile.ActDecline)
	ying.hearsWithin("ไม่รับแล้ว", time.Minute)

	ying.hearsWithin("จะหมดอายุ", 3*time.Minute) // and does nothing about it
	ying.hearsWithin("หมดอายุแล้ว", 6*time.Minute)
	if m := fetch[casefile.Member](h, "/v1/members/"+reg.Member); m.State != casefile.MemberExpired || m.OnDuty || !m.FixedAt.IsZero() {
		t.Errorf("after the end: %+v", m)
	}
	pong := h.citizen("pong")
	second := pong.reports(casefile.Berserk, casefile.Pin{Lat: h.pin.Lat + 0.01, Lon: h.pin.Lon})
	h.people[string(casefile.LevelStation)].hearsOf(second, casefile.ActAck)
	h.happens(second, "the second wave is asked", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Role == casefile.Police && e.Step == 2
	})
	if slices.ContainsFunc(incoming(ying.Transcript()), func(i lineemu.Item) bool { return about(i, second) }) {
		t.Errorf("an expired member was asked: %s", ying.said())
	}
}

// goesOnDuty goes on duty with the button of the menu that a member is shown.
func (p *person) goesOnDuty() {
	p.town.t.Helper()
	data := line.Encode(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActDutyOn})
	p.town.eventually(p.name+" has the duty switch", func() bool { return slices.Contains(p.menuAreas(), data) })
	if _, err := p.TapMenuArea(slices.Index(p.menuAreas(), data)); err != nil {
		p.town.t.Fatal(err)
	}
	p.hears("เข้าเวรแล้ว")
}

// Nobody approves themselves, nobody of another organisation decides, and where an
// organisation has no verifier the office of the province is asked.
func TestNobodyApprovesThemselves(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	ying := h.citizen("ying")
	ying.applies(casefile.Agency, string(casefile.LevelStation))
	reg := h.waiting()
	office := h.desk(casefile.LevelMSDHSProvince)
	office.hears("vet") // nobody of the station vouches
	forged := line.Encode(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActVet, Registration: casefile.RegistrationID(reg.ID), Option: string(casefile.Approve)})
	for _, p := range []*person{ying, h.people["ann"]} {
		p.forges(forged)
	}
	ying.hearsNothingFor(time.Minute)
	if again := h.waiting(); again.ID != reg.ID {
		t.Errorf("the registration does not wait any more: %+v", again)
	}
	if status, raw := h.request("somsri", http.MethodPost, "/v1/registrations/"+reg.ID+"/decision", map[string]any{"approve": false}); status != http.StatusConflict || !strings.Contains(string(raw), "เหตุผล") {
		t.Errorf("a rejection without a reason: %d %s", status, raw)
	}
	status, raw := h.request("somsri", http.MethodPost, "/v1/registrations/"+reg.ID+"/person", map[string]any{"purpose": "supervision"})
	if status != http.StatusOK || !strings.Contains(string(raw), "สมหญิง") {
		t.Errorf("an operator cannot see who it is: %d %s", status, raw)
	}
	if status, raw := h.request("somsri", http.MethodPost, "/v1/registrations/"+reg.ID+"/decision", map[string]any{"approve": false, "reason": "NOT_OURS"}); status != http.StatusOK {
		t.Errorf("a rejection with its reason: %d %s", status, raw)
	}
	ying.hears("ไม่ได้รับการรับรอง")
	ying.applies(casefile.Agency, string(casefile.LevelStation)) // and may ask again
}

// A member is suspended: the open offer ends at once, somebody else is asked, and
// the member hears that, and nothing else, until the membership is resumed.
func TestASuspendedMembersOpenOfferEndsAtOnce(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400, "cho": 500, "dao": 600, "ek": 700})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.hearsOf(id, casefile.ActAccept)
	status, raw := h.membership(h.memberID("ann"), "SUSPEND", "COMPLAINT")
	var now struct{ State string }
	if err := json.Unmarshal(raw, &now); err != nil || status != http.StatusOK || now.State != string(casefile.MemberSuspended) {
		t.Fatalf("suspend: %d %s", status, raw)
	}
	ann.hearsWithin("พักสมาชิกภาพ", time.Minute)
	h.happens(id, "the offer is withdrawn", func(e casefile.Event) bool {
		return e.Kind == casefile.Released && string(e.Member) == h.memberID("ann") && e.Reason == "MEMBER_GONE"
	})
	h.happens(id, "somebody else is asked", func(e casefile.Event) bool { return e.Kind == casefile.Offered && e.Reason == "REPLACES_DECLINED" })
	ann.presses(casefile.ActAccept) // the card is still in the chat
	h.eventually("the press does nothing", func() bool { return len(h.look(id).team(casefile.Police)) == 0 })
	if m := fetch[casefile.Member](h, "/v1/members/"+h.memberID("ann")); m.OnDuty {
		t.Error("a suspended member is on duty")
	}
	if status, raw := h.membership(h.memberID("ann"), "SUSPEND", "COMPLAINT"); status != http.StatusConflict {
		t.Errorf("suspended twice: %d %s", status, raw)
	}
	if status, raw := h.membership(h.memberID("ann"), "RESUME", ""); status != http.StatusOK {
		t.Errorf("resume: %d %s", status, raw)
	}
	ann.hearsWithin("กลับเป็นสมาชิกแล้ว", time.Minute)
}

// forges posts what no card of the person has, as somebody could with a client of their own.
func (p *person) forges(data string) {
	p.town.t.Helper()
	body := []byte(fmt.Sprintf(`{"destination":%q,"events":[{"type":"postback","mode":"active","timestamp":%d,"webhookEventId":"01F%d",
		"deliveryContext":{"isRedelivery":false},"source":{"type":"user","userId":%q},"postback":{"data":%q}}]}`,
		p.town.Platform.BotID(), time.Now().UnixMilli(), time.Now().UnixNano(), p.ID(), data))
	if status, err := p.town.Platform.PostRaw(context.Background(), body, p.town.Platform.Sign(body)); err != nil || status != http.StatusOK {
		p.town.t.Fatalf("the forged press: %d %v", status, err)
	}
}

// An officer lets the members of a province practise: they are told that nothing
// has happened, and who answers is counted.
func TestMembersPractise(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	if err := h.Run("roster", "practice", "--province", h.province.Code); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bo"} {
		if card := h.people[name].hears("heard"); !strings.Contains(strings.Join(card.Texts, " "), "ไม่ใช่เหตุจริง") {
			t.Errorf("%s may think that it is real: %v", name, card.Texts)
		}
	}
	h.people["ann"].presses(casefile.ActHeard)
	h.people["ann"].hears("บันทึกแล้วว่าท่านได้รับการซ้อม")
	var answered int
	h.database(&answered, "SELECT count(*) FROM members WHERE province = $1 AND level = '' AND answered_at >= tested_at", h.province.Code)
	if answered != 1 || len(incoming(h.desk(casefile.LevelStation).Transcript())) != 0 {
		t.Errorf("%d have answered; the desk heard %s", answered, h.desk(casefile.LevelStation).said())
	}
}
