package smoke

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// The 191 screen that the radio centre has had for years shows a new pin, though
// it did not answer at first, and nothing on it says who or where exactly.
func TestAnOldScreenShowsEveryNewPin(t *testing.T) {
	h := start(t)
	var mu sync.Mutex
	var secret string
	var shown []casefile.CaseID
	tries := 0
	screen := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "." + string(body)))
		if signed := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || r.Header.Get("webhook-signature") != signed {
			t.Errorf("not signed by us: %v", err)
		}
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var message struct {
			Data struct {
				Case casefile.CaseID `json:"case"`
			} `json:"data"`
		}
		if json.Unmarshal(body, &message) != nil || strings.Contains(string(body), `"lat"`) || strings.Contains(string(body), "phone") {
			t.Errorf("the screen was told %s", body)
		}
		shown = append(shown, message.Data.Case)
	}))
	t.Cleanup(screen.Close)
	mu.Lock()
	status, raw := h.request("somsri", http.MethodPost, "/v1/feeds", map[string]any{"province": h.province.Code, "url": screen.URL + "/pins"})
	var added struct {
		Feed struct {
			ID string `json:"id"`
		} `json:"feed"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(raw, &added); err != nil || status != http.StatusCreated {
		mu.Unlock()
		t.Fatalf("the screen cannot be added: %d %s", status, raw)
	}
	secret = added.Secret
	mu.Unlock()

	id := h.citizen("mali").reports(casefile.Gathering, h.pin)
	h.eventually("the pin is on the screen", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(shown) == 1 && shown[0] == id
	})
	if status, raw := h.request("somsri", http.MethodPost, "/v1/cases/"+string(id)+"/commands/see-radio", map[string]any{}); status != http.StatusOK {
		t.Errorf("the radio centre cannot acknowledge it: %d %s", status, raw)
	}
	if status, _ := h.request("somsri", http.MethodDelete, "/v1/feeds/"+added.Feed.ID, nil); status != http.StatusNoContent {
		t.Errorf("the screen cannot be taken away: %d", status)
	}
}

// A caller who asks about an old case is found by the number that they gave, however it is dialled, and the search is recorded.
func TestAnOldCaseIsFoundByTheNumber(t *testing.T) {
	h := start(t)
	call := map[string]any{
		"channel": "HOTLINE_1300", "call_id": "1300-" + h.code("old"), "kind": "REPORT", "type": "GATHERING", "phone": "+66899970" + h.province.Code + "1",
		"pin": map[string]any{"lat": h.pin.Lat, "lon": h.pin.Lon},
	}
	status, raw := h.request("somsri", http.MethodPost, "/v1/reports", call)
	var filed struct {
		Case casefile.CaseID `json:"case"`
		Code string          `json:"code"`
	}
	if err := json.Unmarshal(raw, &filed); err != nil || status != http.StatusCreated {
		t.Fatalf("the call cannot be filed: %d %s", status, raw)
	}
	search := map[string]any{"phone": "0 8999 70" + h.province.Code + "-1", "purpose": "protection_followup"}
	h.eventually("the case is found", func() bool {
		status, raw = h.request("somsri", http.MethodPost, "/v1/old-cases", search)
		return status == http.StatusOK && strings.Contains(string(raw), filed.Code)
	})
	if strings.Contains(string(raw), "899970") || strings.Contains(string(raw), string(filed.Case)) {
		t.Errorf("the answer shows more than it should: %s", raw)
	}
	var log string
	h.database(&log, `SELECT DISTINCT actor || ' ' || purpose FROM audit WHERE case_id = $1 AND action = 'OLD_CASE_FOUND'`, string(filed.Case))
	if log != "OPERATOR:somsri protection_followup" {
		t.Errorf("the search is recorded as %q", log)
	}
}
