package smoke

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A wave that reached nobody is an event and an alarm, not a silence.
func TestNobodyNotifiedIsAnAlarm(t *testing.T) {
	h := start(t)
	station := h.code(string(casefile.LevelStation))
	h.members = append(h.members, []string{ // an account that LINE does not know
		station, station, "STATION", "U" + strings.Repeat("e", 32), "", string(casefile.LevelStation), "AGENCY", "PROFESSIONAL", "th", "", "", "true", "false",
	})
	h.enlist()
	h.failsOn = func(line string) bool { return !strings.Contains(line, "line refused a message") }
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	h.eventually("the case knows that nobody was notified, and the desk is asked", func() bool {
		kinds := map[casefile.Kind]bool{}
		for _, e := range h.timeline(id) {
			kinds[e.Kind] = true
		}
		return kinds[casefile.NobodyNotified] && kinds[casefile.DeskRaised]
	})
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/deliveries", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), `"REFUSED"`) || !strings.Contains(string(raw), `"ACCEPTED"`) {
		t.Errorf("what became of the messages is not kept: %d %s", status, raw)
	}
}

// Everybody who was asked, or was not, has a reason that a supervisor can read.
func TestEveryChoiceHasItsReason(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 600})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.hears("accept")
	ann.presses(casefile.ActDecline)
	h.eventually("the next wave says who declined", func() bool {
		status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/waves", nil)
		return status == http.StatusOK && strings.Contains(string(raw), "CHOSEN_NEAREST") && strings.Contains(string(raw), `"DECLINED"`)
	})
}

// The personal part of a case is seen only with a purpose, and the look is recorded.
func TestEveryLookAtAPersonIsRecorded(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	looks := func() (log string) {
		h.database(&log, `SELECT coalesce(string_agg(actor || ' ' || purpose, ', ' ORDER BY id), '') FROM audit WHERE case_id = $1 AND action = 'VIEWED'`, string(id))
		return log
	}
	if status, _ := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/private", nil); status/100 == 2 {
		t.Error("the personal part is shown without a purpose")
	}
	if log := looks(); log != "" {
		t.Errorf("a look is recorded that was refused: %s", log)
	}
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=emergency_response", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), `"lat"`) {
		t.Errorf("with a purpose: %d %s", status, raw)
	}
	if log := looks(); log != "OPERATOR:somsri emergency_response" {
		t.Errorf("the look is recorded as %q", log)
	}
	if status, _ := h.request("wichai", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=supervision", nil); status != http.StatusOK {
		t.Errorf("another operator: %d", status)
	}
	if log := looks(); log != "OPERATOR:somsri emergency_response, OPERATOR:wichai supervision" {
		t.Errorf("the looks are recorded as %q", log)
	}
	if plain, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id), nil); plain != http.StatusOK || strings.Contains(string(raw), `"lat"`) {
		t.Errorf("the case itself shows the exact place: %s", raw)
	}
}

// Nobody is put on a case who was not asked.
func TestWhoWasNotAskedCannotAccept(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	status, raw := h.request("somsri", http.MethodPost, "/v1/cases/"+string(id)+"/commands/accept", map[string]any{"member": "nobody-of-this-name"})
	if status != http.StatusConflict || !strings.Contains(string(raw), "detail_en") {
		t.Errorf("a ghost was sent: %d %s", status, raw)
	}
	if slices.Contains([]casefile.State{casefile.Assigned, casefile.EnRoute}, h.look(id).State) {
		t.Error("a ghost stands on the case")
	}
}
