package smoke

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// Whoever has no right to a field of a form never gets it, and the risk that it
// leads to is said without it.
func TestAFieldIsOnlyForThoseWithTheRight(t *testing.T) {
	h := start(t)
	id := h.citizen("mali").reports(casefile.Berserk, h.pin)
	path := "/v1/cases/" + string(id) + "/forms/risk_assessment"
	const secret = "ความเห็นลับคานารี"
	body, err := json.Marshal(map[string]any{"version": "1", "answers": map[string]any{
		"assessed_on": "1/5/2569", "violence": []string{"EMOTIONAL"}, "frequency": "ONCE", "injury": "NONE", "weapon": false, "threat_to_kill": false,
		"alleged_at_home": true, "self_harm": true, "fear": 3, "protector": true, "opinion": secret,
	}})
	if err != nil {
		t.Fatal(err)
	}
	put := func() int {
		req, err := http.NewRequest(http.MethodPut, "http://"+h.Listen+path, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+tokens[deskOnly])
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("If-Match", `"0"`)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if got := put(); got != http.StatusOK {
		t.Fatalf("answering gave %d", got)
	}
	if got := put(); got != http.StatusConflict {
		t.Errorf("answering behind an older set gave %d", got)
	}
	read := func(operator string) string {
		t.Helper()
		status, raw := h.request(operator, http.MethodGet, path+"?purpose=protection_followup", nil)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, raw)
		}
		return string(raw)
	}
	if desk := read(deskOnly); strings.Contains(desk, secret) || strings.Contains(desk, "self_harm") || !strings.Contains(desk, `"level":"HIGH"`) {
		t.Errorf("the desk reads %s", desk)
	}
	if all := read("somsri"); !strings.Contains(all, secret) || !strings.Contains(all, "self_harm") {
		t.Errorf("the supervisor reads %s", all)
	}
	var clear int
	h.database(&clear, `SELECT count(*) FROM form_answers f WHERE f::text LIKE '%' || $1 || '%'`, secret)
	if clear != 0 {
		t.Error("the answers rest in clear")
	}
}
