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

// careOf is how a case is cared for, as the REST API shows it.
func (h *town) careOf(id casefile.CaseID) casefile.Care {
	h.t.Helper()
	return fetch[struct{ Care casefile.Care }](h, "/v1/cases/"+string(id)).Care
}

// owedOf waits for something open of a kind.
func (h *town) owedOf(id casefile.CaseID, kind casefile.ObligationKind) casefile.Obligation {
	h.t.Helper()
	var found casefile.Obligation
	h.eventually("there is a "+string(kind)+" to do", func() bool {
		owed := h.careOf(id).Owed
		i := slices.IndexFunc(owed, func(o casefile.Obligation) bool { return o.Kind == kind && o.Open() })
		if i >= 0 {
			found = owed[i]
		}
		return i >= 0
	})
	return found
}

// begins opens a follow-up at an office of the town, without an emergency.
func (h *town) begins(office casefile.UnitID) casefile.CaseID {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodPost, "/v1/follow-ups", map[string]any{
		"office": office, "problem": "CHILD_YOUTH", "child": true, "text": "เด็กสมมติสองคนไม่ได้ไปโรงเรียน",
	})
	var opened struct{ Case casefile.CaseID }
	if err := json.Unmarshal(raw, &opened); err != nil || status != http.StatusCreated {
		h.t.Fatalf("open a follow-up: %d %s", status, raw)
	}
	h.owedOf(opened.Case, casefile.OweContact) // it has begun
	return opened.Case
}

// An emergency becomes a follow-up without retyping: the same case is managed,
// assessed, planned by one and approved by another, visited, and closed by two.
func TestAnEmergencyIsFollowedToItsEndWithoutRetyping(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	duty := string(casefile.LevelMSDHSDuty)
	h.member("worker", duty, "", "", h.pin.Lat, h.pin.Lon, true)
	h.enlist()
	mali, ann := h.citizen("mali"), h.people["ann"]
	id := mali.reports(casefile.Gathering, h.pin)
	if _, err := mali.Say("มีคนล้อมบ้านสมมติ"); err != nil {
		t.Fatal(err)
	}
	ann.accepts()
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	h.desk(casefile.LevelMSDHSDuty).hears(string(casefile.ActTakeOver))
	h.desk(casefile.LevelMSDHSDuty).presses(casefile.ActTakeOver)
	h.comesTo(id, casefile.FollowUp)
	contact := h.owedOf(id, casefile.OweContact)

	worker := h.memberID("worker")
	h.orders("somsri", id, "manage", map[string]any{"member": worker})
	h.orders("somsri", id, "settle", map[string]any{"obligation": contact.ID, "state": "DONE"})
	h.mayNot("somsri", id, "plan", map[string]any{"goals": []any{map[string]any{"code": "SAFE", "horizon": "URGENT"}}}) // before it is assessed
	h.orders("somsri", id, "assess", map[string]any{"risk": "HIGH", "text": "พบว่ากลัวมาก"})
	due := h.Clock.Case(time.Now()).Add(72 * time.Hour)
	h.orders("somsri", id, "plan", map[string]any{
		"goals": []any{map[string]any{"code": "SAFE", "horizon": "URGENT"}},
		"owed":  []any{map[string]any{"kind": "TASK", "code": "LEGAL_AID", "goal": 1, "due_at": due, "member": worker}},
	})
	h.mayNot("somsri", id, "approve-plan", nil) // who wrote it
	h.orders("wichai", id, "approve-plan", nil)
	visit, task := h.owedOf(id, casefile.OweVisit), h.owedOf(id, casefile.OweTask)
	page := fetch[struct {
		Obligations []struct {
			Case casefile.CaseID
			ID   int
		}
	}](h, "/v1/obligations?kind=TASK&member="+string(worker))
	if len(page.Obligations) != 1 || page.Obligations[0].Case != id || page.Obligations[0].ID != task.ID {
		t.Errorf("the worker's list has %+v", page.Obligations)
	}
	h.orders("somsri", id, "settle", map[string]any{"obligation": visit.ID, "state": "DONE", "text": "พบที่บ้าน"})
	h.orders("somsri", id, "settle", map[string]any{"obligation": task.ID, "state": "UNABLE", "reason": "NO_LAWYER"})
	if next := h.owedOf(id, casefile.OweVisit); next.ID == visit.ID {
		t.Error("after a visit the next one is not owed")
	}
	end := map[string]any{"outcome": "HELPED", "reason": "SAFE"}
	for i, operator := range []string{"somsri", "somsri", "wichai"} {
		h.orders(operator, id, "close", end)
		if closed := h.look(id).State == casefile.Closed; closed != (i == 2) {
			t.Fatalf("after %d wishes to close, closed is %t", i+1, closed)
		}
	}
	said := fetch[struct{ Said []struct{ Text string } }](h, "/v1/cases/"+string(id)+"/private?purpose=protection_followup").Said
	for _, words := range []string{"มีคนล้อมบ้านสมมติ", "พบว่ากลัวมาก", "พบที่บ้าน"} {
		if !slices.ContainsFunc(said, func(s struct{ Text string }) bool { return s.Text == words }) {
			t.Errorf("the case has not kept %q", words)
		}
	}
	if raw, _ := json.Marshal(h.story(id)); strings.Contains(string(raw), "พบ") {
		t.Error("the timeline shows words")
	}
	h.orders("wichai", id, "reopen-follow-up", map[string]any{"reason": "AFRAID_AGAIN"})
	h.comesTo(id, casefile.FollowUp)
	h.owedOf(id, casefile.OweContact)
}

// A legal clock warns whoever owes it, then its office, then the province.
func TestALegalClockWarnsAndClimbs(t *testing.T) {
	h := startOwn(t, 1200)
	duty := h.unitID(string(casefile.LevelMSDHSDuty))
	id := h.begins(duty)
	began := h.Clock.Case(time.Now()).Add(-18 * time.Hour)
	h.orders("somsri", id, "owe", map[string]any{"owed": []any{map[string]any{"kind": "LEGAL", "code": "CP_EXAM", "began_at": began}}})
	legal := h.owedOf(id, casefile.OweLegal)
	if want := began.Add(24 * time.Hour); legal.DueAt.Sub(want).Abs() > time.Second {
		t.Errorf("the check is due at %s, want %s", legal.DueAt, want)
	}
	for step, who := range []string{"REMINDER", "OWNER", "SUPERVISOR", "PROVINCE"} {
		called := h.happens(id, "it calls "+who, func(e casefile.Event) bool {
			return e.Kind == casefile.Chased && e.Care != nil && e.Care.Obligation == legal.ID && e.Step == step
		})
		if called.Reason != who || len(called.Asked) == 0 {
			t.Errorf("call %d went to %s, %d people; want %s", step, called.Reason, len(called.Asked), who)
		}
	}
	h.mayNot("somsri", id, "move-due", map[string]any{"obligation": legal.ID, "due_at": h.Clock.Case(time.Now()).Add(240 * time.Hour), "reason": "NO_DOCTOR"})
	h.orders("somsri", id, "settle", map[string]any{"obligation": legal.ID, "state": "DONE"})
}

// The scene is safe and the office on duty does not answer: the head of the province
// is asked, and whoever takes it over owns what follows.
func TestAHandOverThatNobodyAnswersGoesToTheNextOffice(t *testing.T) {
	h := startOwn(t, 120) // half an hour in 15 s
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	ann.hears("arrive")
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	h.desk(casefile.LevelMSDHSDuty).hears("take_over") // and nobody there touches it
	head := h.desk(casefile.LevelMSDHSProvince)
	head.hears("take_over")
	head.presses(casefile.ActTakeOver)
	h.comesTo(id, casefile.FollowUp)
	var owner string
	h.eventually("the office that accepted owns the follow-up", func() bool {
		h.database(&owner, "SELECT coalesce((SELECT owner FROM care WHERE case_id = $1), '')", string(id))
		return owner == string(h.unitID(string(casefile.LevelMSDHSProvince)))
	})
}
