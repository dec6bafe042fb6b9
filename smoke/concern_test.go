package smoke

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"
)

// picks taps the newest button that means exactly this.
func (p *person) picks(action casefile.Action, reason, option string) {
	p.town.t.Helper()
	items := p.Transcript()
	for i := len(items) - 1; i >= 0; i-- {
		for k, b := range append(slices.Clone(items[i].Buttons), items[i].QuickReplies...) {
			in := line.Decode(b.Action.Data)
			if in.Word != casefile.Pressed || in.Action != action || in.Reason != reason || in.Option != option {
				continue
			}
			var err error
			if k < len(items[i].Buttons) {
				_, err = p.TapButtonOf(items[i].MessageID, b.Label)
			} else {
				_, err = p.TapQuickReply(b.Label)
			}
			if err != nil {
				p.town.t.Fatalf("%s cannot press %s %s: %v", p.name, action, reason, err)
			}
			return
		}
	}
	p.town.t.Fatalf("%s has no button %s %s; heard %s", p.name, action, reason, p.said())
}

// points begins to point something out: the words bring the six kinds, and one is chosen.
func (p *person) points(kind casefile.ConcernKind) {
	p.town.t.Helper()
	p.types("แจ้งเบาะแส")
	p.hears("หนึ่งนาที")
	p.picks(casefile.ActConcern, string(kind), "")
	p.hears("อยู่ที่ไหน")
}

func (p *person) types(words string) {
	p.town.t.Helper()
	if _, err := p.Say(words); err != nil {
		p.town.t.Fatal(err)
	}
}

// pointsOut points a worry out from the first word to the thanks.
func (p *person) pointsOut(kind casefile.ConcernKind, at casefile.Pin, seen string) {
	p.town.t.Helper()
	p.points(kind)
	p.sends(at)
	p.hears("เห็นอะไร")
	p.types(seen)
	p.hears("ได้รับแล้ว ขอบคุณ")
}

// concern is one as the REST API shows it.
type concern struct {
	ID       casefile.ConcernID    `json:"id"`
	State    casefile.ConcernState `json:"state"`
	Place    casefile.Place        `json:"place"`
	Case     casefile.CaseID       `json:"case"`
	Owner    casefile.Actor        `json:"owner"`
	Evidence []struct {
		ID     int    `json:"id"`
		Kind   string `json:"kind"`
		State  string `json:"state"`
		SHA256 string `json:"sha256"`
	} `json:"evidence"`
}

func (h *town) gets(operator, path string, into any) {
	h.t.Helper()
	status, raw := h.request(operator, http.MethodGet, path, nil)
	if status != http.StatusOK {
		h.t.Fatalf("GET %s by %s: %d %s", path, operator, status, raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		h.t.Fatalf("GET %s: %v: %s", path, err, raw)
	}
}

// concernOf is the one among so many that is none of the known: a concern's time is
// kept roughly, so that the list tells nothing of the order in which people spoke.
func (h *town) concernOf(many int, known ...casefile.ConcernID) concern {
	h.t.Helper()
	var page struct{ Concerns []concern }
	h.eventually("the concern stands in the list", func() bool {
		h.gets("somsri", "/v1/concerns?limit=5&province="+h.province.Code, &page)
		return len(page.Concerns) == many
	})
	i := slices.IndexFunc(page.Concerns, func(c concern) bool { return !slices.Contains(known, c.ID) })
	if i < 0 {
		h.t.Fatal("it went into one that was known")
	}
	return page.Concerns[i]
}

func (h *town) concernComesTo(id casefile.ConcernID, want casefile.ConcernState) concern {
	h.t.Helper()
	var c concern
	h.eventually("the concern stands at "+string(want), func() bool {
		h.gets("somsri", "/v1/concerns/"+string(id), &c)
		return c.State == want
	})
	return c
}

// wants gives an order about a concern.
func (h *town) wants(operator string, id casefile.ConcernID, kind string, details map[string]any) (int, []byte) {
	if details == nil {
		details = map[string]any{}
	}
	return h.request(operator, http.MethodPost, "/v1/concerns/"+string(id)+"/orders/"+kind, details)
}

// hearsOfConcern waits for the card of a concern.
func (p *person) hearsOfConcern(id casefile.ConcernID, action casefile.Action) {
	p.town.t.Helper()
	p.town.eventually(p.name+" is asked about the concern", func() bool {
		return slices.ContainsFunc(incoming(p.Transcript()), func(i lineemu.Item) bool {
			return slices.ContainsFunc(i.Buttons, func(b lineemu.Button) bool {
				in := line.Decode(b.Action.Data)
				return in.Concern == id && in.Action == action
			})
		})
	})
}

// Somebody points out a child at risk in a minute. The shelter is asked and is silent, so is the duty desk of the
// ministry; the head of the province's office, ศรส. central after it, until a human takes it up. The pointer learns
// that it was received, and that it was taken up, and never more; what was said becomes a follow-up and is typed by nobody.
func TestAConcernIsTakenUpByClockAndThePointerLearnsTwoThings(t *testing.T) {
	h := startOwn(t, sharedSpeed)
	h.rules(map[string]string{
		"    - {level: SHELTER, wait: 4h}\n    - {level: MSDHS_DUTY, wait: 2h}\n    - {level: MSDHS_PROVINCE, wait: 4h}\n    - {level: HUSEC, wait: 4h}\n": "    - {level: SHELTER, wait: 60s}\n    - {level: MSDHS_DUTY, wait: 60s}\n    - {level: MSDHS_PROVINCE, wait: 60s}\n    - {level: HUSEC, wait: 4h}\n",
	})
	mali := h.citizen("mali")
	mali.pointsOut(casefile.AboutChildSpace, h.pin, "เด็กสองคนนอนหน้าร้านทุกคืน")
	id := h.concernOf(1).ID
	central := h.national("desk-husec")
	for _, office := range []*person{h.desk(casefile.LevelShelter), h.desk(casefile.LevelMSDHSDuty), h.desk(casefile.LevelMSDHSProvince), central} {
		office.hearsOfConcern(id, casefile.ActConcernTake)
	}
	if c := h.concernComesTo(id, casefile.ConcernOffered); c.Place.Province != h.province.Code {
		t.Errorf("the concern lies in %+v", c.Place)
	}

	head := h.desk(casefile.LevelMSDHSProvince)
	head.presses(casefile.ActConcernTake)
	head.hears("ท่านรับเรื่องแล้ว")
	mali.hears("มีผู้ดูแลแล้ว")
	central.hears("มีผู้รับเรื่องแล้ว")
	h.concernComesTo(id, casefile.ConcernTaken)
	shelter := h.desk(casefile.LevelShelter)
	shelter.presses(casefile.ActConcernTake) // who has room for the child takes it over: the head is told
	shelter.hears("ท่านรับเรื่องแล้ว")
	shelter.presses(casefile.ActConcernFollow)
	shelter.hears("เปิดเรื่องติดตามแล้ว")
	c := h.concernComesTo(id, casefile.ConcernFollowed)
	h.comesTo(c.Case, casefile.FollowUp)
	var private struct {
		Said []struct{ Text string }
	}
	h.eventually("what was said stands in the follow-up", func() bool {
		h.gets("somsri", "/v1/cases/"+string(c.Case)+"/private?purpose=protection_followup", &private)
		return strings.Contains(mustJSON(private), "เด็กสองคน")
	})

	h.recordRun(workflows.ConcernWorkflowID(id), "", "a-concern-climbs-and-is-followed")
	if heard := incoming(mali.Transcript()); len(heard) != 5 { // kinds, where, what, received, taken up
		t.Errorf("the pointer heard %d messages: %s", len(heard), mali.said())
	}
	var page json.RawMessage
	h.gets("somsri", "/v1/concerns/"+string(id)+"/private?purpose=protection_followup", &page)
	var threads int
	h.database(&threads, `SELECT count(*) FROM threads WHERE strpos($1, reporter_id) > 0`, string(page))
	if s := string(page); !strings.Contains(s, "เด็กสองคน") || strings.Contains(s, mali.ID()) || threads != 0 {
		t.Errorf("a worker reads %s", s)
	}
	var clear, looks int
	h.database(&clear, `SELECT count(*) FROM (SELECT t::text AS row FROM concerns t UNION ALL SELECT t::text FROM concern_events t UNION ALL SELECT t::text FROM concern_inbox t
		UNION ALL SELECT t::text FROM concern_pointers t UNION ALL SELECT t::text FROM talks t) x JOIN threads h ON strpos(x.row, h.reporter_id) > 0`)
	h.database(&looks, `SELECT count(*) FROM audit WHERE action = 'CONCERN_VIEWED' AND case_id = $1`, string(id))
	if clear != 0 || looks != 1 {
		t.Errorf("%d rows lead to the pointer, %d looks are written down", clear, looks)
	}
	if status, _ := h.request(scoped, http.MethodGet, "/v1/concerns/"+string(id), nil); status != http.StatusNotFound {
		t.Errorf("an operator of another province was answered %d", status)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Whichever of the six goals somebody is worried about, the office that answers for it is asked, a worker takes it up, the
// pointer learns that, and a child is taken for concerned until somebody says otherwise.
func TestAWorryAboutEachOfTheSixGoalsFindsItsWorker(t *testing.T) {
	h := start(t)
	first := map[casefile.ConcernKind]casefile.Level{
		casefile.AboutChildSpace: casefile.LevelShelter, casefile.AboutSchool: casefile.LevelShelter, casefile.AboutPregnancy: casefile.LevelShelter,
		casefile.AboutDrugs: casefile.LevelMSDHSDuty, casefile.AboutViolence: casefile.LevelMSDHSDuty, casefile.AboutOnline: casefile.LevelMSDHSDuty,
	}
	for i, kind := range casefile.ConcernKinds {
		mali := h.citizen("mali" + strconv.Itoa(i))
		mali.pointsOut(kind, h.pin, "น่าห่วง")
		var page struct {
			Concerns []struct {
				ID    casefile.ConcernID
				Child bool
			}
		}
		h.eventually("the worry stands in the list of its goal", func() bool {
			h.gets("somsri", "/v1/concerns?kind="+string(kind)+"&province="+h.province.Code, &page)
			return len(page.Concerns) == 1
		})
		id := page.Concerns[0].ID
		office := h.desk(first[kind])
		office.hearsOfConcern(id, casefile.ActConcernTake)
		if !page.Concerns[0].Child {
			t.Errorf("%s: nobody knows yet that no child is concerned", kind)
		}
		office.presses(casefile.ActConcernTake)
		h.concernComesTo(id, casefile.ConcernTaken)
		mali.hears("มีผู้ดูแลแล้ว")
		if kind == casefile.AboutOnline { // referred in a story of its own
			continue
		}
		if status, raw := h.wants("somsri", id, "take-up", map[string]any{"unit": h.unitID(string(first[kind]))}); status != http.StatusOK {
			t.Fatalf("%s: %d %s", kind, status, raw)
		}
		if status, raw := h.wants("somsri", id, "follow", nil); status != http.StatusOK {
			t.Fatalf("%s: %d %s", kind, status, raw)
		}
		c := h.concernComesTo(id, casefile.ConcernFollowed)
		var followed struct {
			Care struct{ Problem casefile.Problem }
		}
		h.comesTo(c.Case, casefile.FollowUp)
		h.eventually("it is followed as "+string(kind.Problem()), func() bool {
			h.gets("somsri", "/v1/cases/"+string(c.Case), &followed)
			return followed.Care.Problem == kind.Problem()
		})
	}
}

// What is pointed out does not bear waiting: one press makes it an emergency, with the place and the words, and nobody
// types anything again. A worker who reads that it is urgent has the same button.
func TestAConcernThatIsUrgentBecomesAnEmergencyWithOnePress(t *testing.T) {
	h := start(t)
	station := h.desk(casefile.LevelStation)
	mali := h.citizen("mali")
	mali.points(casefile.AboutViolence)
	mali.sends(h.pin)
	mali.hears("เห็นอะไร")
	mali.types("เด็กข้างบ้านกำลังถูกตีตอนนี้")
	mali.hears("เจ้าหน้าที่จะไปทันที")
	first := h.concernOf(1).ID
	mali.picks(casefile.ActConcern, casefile.TalkUrgent, "")
	station.hears("ack")
	station.presses(casefile.ActAck)
	c := h.concernComesTo(first, casefile.ConcernUrgent)
	h.recordRun(workflows.ConcernWorkflowID(first), "", "a-concern-that-is-urgent")
	var private struct {
		Pin  *casefile.Pin
		Said []struct{ Text string }
	}
	h.gets("somsri", "/v1/cases/"+string(c.Case)+"/private?purpose=emergency_response", &private)
	if private.Pin == nil || !strings.Contains(mustJSON(private.Said), "กำลังถูกตี") {
		t.Errorf("the emergency begins with %s", mustJSON(private))
	}

	// Somebody else's worry is not urgent to them, but to the worker who reads it.
	pong := h.citizen("pong")
	duty := h.desk(casefile.LevelMSDHSDuty)
	duty.mark = duty.Mark()
	pong.pointsOut(casefile.AboutDrugs, casefile.Pin{Lat: h.pin.Lat + 0.05, Lon: h.pin.Lon}, "มีวัยรุ่นเสพยาหลังวัด")
	second := h.concernOf(2, first).ID
	duty.hearsOfConcern(second, casefile.ActConcernUrgent)
	station.mark = station.Mark()
	duty.presses(casefile.ActConcernUrgent)
	duty.hears("แจ้งเหตุด่วนแล้ว")
	station.hears("ack")
	later := h.concernComesTo(second, casefile.ConcernUrgent)
	h.gets("somsri", "/v1/cases/"+string(later.Case)+"/private?purpose=emergency_response", &private)
	if !strings.Contains(mustJSON(private.Said), "หลังวัด") || later.Case == c.Case {
		t.Errorf("the worker's emergency begins with %s", mustJSON(private))
	}
	if pong.heard("cancel") {
		t.Error("the pointer was made the reporter of what a worker raised")
	}
}

// Harm online: link and screenshot are kept sealed with hash and time, shown by no chat, and what a worker releases
// reaches ONDE without the identity of child or pointer. ONDE sees its own part of the case and nothing else.
func TestOnlineEvidenceReachesONDEWithoutIdentity(t *testing.T) {
	h := start(t)
	const url = "https://bad.example/room/55"
	mali := h.citizen("mali")
	mali.points(casefile.AboutOnline)
	mali.types("ห้องแชต " + url + " จังหวัด" + h.province.NameTh)
	mali.hears("เห็นอะไร")
	var shot bytes.Buffer
	if err := jpeg.Encode(&shot, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := mali.SendImage(shot.Bytes()); err != nil {
		t.Fatal(err)
	}
	mali.hears("ได้รับแล้ว")
	duty := h.desk(casefile.LevelMSDHSDuty)
	duty.hears("concern_take")
	id := h.concernOf(1).ID
	for _, i := range incoming(duty.Transcript()) {
		if i.Says("bad.example") {
			t.Error("a chat shows the link")
		}
	}
	var c concern
	h.eventually("link and picture are kept", func() bool {
		h.gets("somsri", "/v1/concerns/"+string(id), &c)
		return len(c.Evidence) == 2 && c.Evidence[0].State == "KEPT" && c.Evidence[1].State == "KEPT"
	})
	sum := sha256.Sum256([]byte(url))
	link, picture := c.Evidence[0], c.Evidence[1]
	if link.Kind != "link" || link.SHA256 != hex.EncodeToString(sum[:]) || picture.Kind != "image" {
		t.Fatalf("kept %+v", c.Evidence)
	}

	take := func(kind string, details map[string]any, want int) []byte {
		t.Helper()
		status, raw := h.wants("somsri", id, kind, details)
		if status != want {
			t.Fatalf("%s: %d %s", kind, status, raw)
		}
		return raw
	}
	take("refer", map[string]any{"to": "ONDE"}, http.StatusConflict) // nobody has taken it up
	take("take-up", map[string]any{"unit": h.unitID(string(casefile.LevelMSDHSDuty))}, http.StatusOK)
	take("refer", map[string]any{"to": "ONDE", "evidence": []int{99}}, http.StatusUnprocessableEntity)
	take("refer", map[string]any{"to": "ONDE", "evidence": []int{link.ID}}, http.StatusOK)

	var page struct {
		Referrals []struct {
			Concern  casefile.ConcernID
			Province string
			Evidence []struct {
				ID     int
				SHA256 string
			}
		}
	}
	h.gets(onde, "/v1/referrals?limit=50", &page)
	i := slices.IndexFunc(page.Referrals, func(r struct {
		Concern  casefile.ConcernID
		Province string
		Evidence []struct {
			ID     int
			SHA256 string
		}
	}) bool {
		return r.Concern == id
	})
	if i < 0 || page.Referrals[i].Province != h.province.Code || len(page.Referrals[i].Evidence) != 1 || page.Referrals[i].Evidence[0].ID != link.ID {
		t.Fatalf("ONDE sees %s", mustJSON(page))
	}
	base := "/v1/referrals/" + string(id) + "/evidence/"
	if status, raw := h.request(onde, http.MethodGet, base+strconv.Itoa(link.ID), nil); status != http.StatusOK || string(raw) != url {
		t.Errorf("ONDE gets %d %s", status, raw)
	}
	if status, _ := h.request(onde, http.MethodGet, base+strconv.Itoa(picture.ID), nil); status != http.StatusNotFound {
		t.Errorf("ONDE gets the picture that nobody released: %d", status)
	}
	for _, path := range []string{"/v1/concerns", "/v1/concerns/" + string(id) + "/private?purpose=referral", "/v1/cases", "/v1/members", "/v1/requests"} {
		if status, _ := h.request(onde, http.MethodGet, path, nil); status != http.StatusForbidden {
			t.Errorf("ONDE is answered %d at %s", status, path)
		}
	}
	var counts struct{ Cells []struct{ Concerns int } }
	year := time.Now().Year()
	january := func(year int) string {
		return time.Date(year, 1, 1, 0, 0, 0, 0, policy.Bangkok).UTC().Format(time.RFC3339)
	}
	span := "?since=" + january(year-1) + "&until=" + january(year+2)
	h.gets(onde, "/v1/concern-counts"+span, &counts)
	for _, cell := range counts.Cells {
		if cell.Concerns < 10 {
			t.Errorf("a cell of %d is told", cell.Concerns)
		}
	}

	// The same worry becomes a case: ONDE sees that there is one, and only what is its own.
	var verdict struct{ Case casefile.CaseID }
	if err := json.Unmarshal(take("follow", nil, http.StatusOK), &verdict); err != nil || verdict.Case == "" {
		t.Fatalf("follow: %v", err)
	}
	h.comesTo(verdict.Case, casefile.FollowUp)
	h.recordRun(workflows.ConcernWorkflowID(id), "", "a-concern-referred-becomes-a-case")
	var part map[string]any
	h.gets(onde, "/v1/cases/"+string(verdict.Case)+"/part", &part)
	if part["agency"] != "ONDE" || part["owner"] != nil || part["problem"] != nil || part["severity"] != nil {
		t.Errorf("ONDE's part of the case: %v", part)
	}
	h.eventually("the ministry sees the care in its part of the case", func() bool {
		h.gets("somsri", "/v1/cases/"+string(verdict.Case)+"/part", &part)
		return part["agency"] == "MSDHS" && part["problem"] == string(casefile.OnlineHarm)
	})

	// The police see the response and no care; the fund sees a child once it may.
	path, polices, funds := "/v1/cases/"+string(verdict.Case)+"/part", map[string]any{}, map[string]any{}
	h.gets(police, path, &polices)
	if polices["agency"] != "POLICE" || polices["severity"] == nil || polices["problem"] != nil || polices["owner"] != nil || polices["risk"] != nil {
		t.Errorf("the police's part of the case: %v", polices)
	}
	if status, _ := h.request(eef, http.MethodGet, path, nil); status != http.StatusNotFound {
		t.Errorf("without consent the fund is answered %d", status)
	}
	h.orders("somsri", verdict.Case, "consent", map[string]any{"consent": map[string]any{"purpose": "EDUCATION", "given": true, "basis": "CONSENT"}})
	h.gets(eef, path, &funds)
	if funds["agency"] != "EEF" || funds["child_involved"] != true || funds["severity"] != nil || funds["owner"] != nil {
		t.Errorf("the fund's part of the case: %v", funds)
	}
	other := h.citizen("pong").reports(casefile.Gathering, h.pin)
	if status, _ := h.request(onde, http.MethodGet, "/v1/cases/"+string(other)+"/part", nil); status != http.StatusNotFound {
		t.Errorf("ONDE sees a case that is none of its own: %d", status)
	}
}
