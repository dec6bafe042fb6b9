package smoke

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// file files a call card and returns its case.
func (h *town) file(operator string, card map[string]any) casefile.CaseID {
	h.t.Helper()
	status, raw := h.request(operator, http.MethodPost, "/v1/reports", card)
	var filed struct {
		Case casefile.CaseID `json:"case"`
	}
	if err := json.Unmarshal(raw, &filed); err != nil || status/100 != 2 {
		h.t.Fatalf("filing a call: %d %s", status, raw)
	}
	return filed.Case
}

// One operator files ten calls: ten cases. The same call filed again, by whoever, is the same case.
func TestOneOperatorFilesTenCallsTenCases(t *testing.T) {
	h := start(t)
	seen := map[casefile.CaseID]bool{}
	for i := range 10 {
		card := map[string]any{
			"channel": "HOTLINE_1300", "call_id": fmt.Sprintf("%s-%d", h.province.Code, i), "kind": "REPORT", "type": "GATHERING",
			"pin": map[string]any{"lat": h.pin.Lat + float64(i)*0.02, "lon": h.pin.Lon},
		}
		id := h.file("somsri", card)
		if again := h.file("wichai", card); again != id {
			t.Errorf("call %d filed again is another case", i)
		}
		seen[id] = true
	}
	if len(seen) != 10 {
		t.Errorf("ten calls made %d cases", len(seen))
	}
	h.desk(casefile.LevelStation).hears("ack")
}

// In Bangkok, which has no office of the ministry, ศรส. is asked in the first second.
func TestBangkokGoesThroughHUSEC(t *testing.T) {
	h := startOwn(t, 1)
	if err := h.Run("seed", "--live", "10", "--untested"); err != nil {
		t.Fatal(err)
	}
	id := h.file("somsri", map[string]any{
		"channel": "RADIO_191", "call_id": "191-10-1", "kind": "REPORT", "type": "THREAT_ASSAULT", "pin": map[string]any{"lat": 13.7563, "lon": 100.5018},
	})
	h.eventually("ศรส. is asked", func() bool {
		for _, e := range h.offers(id) {
			if e.Role == casefile.MSDHS && e.Step == 1 && slices.ContainsFunc(e.Asked, func(a casefile.Ask) bool { return a.Level == casefile.LevelHUSEC }) {
				return true
			}
		}
		return false
	})
}

// A station that closed is not asked: the next-nearest answers for the place.
func TestAStationThatClosedIsNotAsked(t *testing.T) {
	h := start(t)
	h.unit("second station", casefile.LevelStation, h.pin.Lat+0.05, h.pin.Lon)
	h.units = append(h.units, []string{h.code(string(casefile.LevelStation)), string(casefile.LevelStation), "STATION", "STATION", h.province.Code, h.province.Region, number(h.pin.Lat), number(h.pin.Lon), "CLOSED"})
	h.enlist()
	mali := h.citizen("mali")
	mali.reports(casefile.Gathering, h.pin)
	h.people["second station"].hears("ack")
	if got := incoming(h.desk(casefile.LevelStation).Transcript()); len(got) != 0 {
		t.Errorf("the closed station was asked %d times", len(got))
	}
}

// offers lists whom a case asked, wave by wave.
func (h *town) offers(id casefile.CaseID) []casefile.Event {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/timeline?limit=200", nil)
	var page struct {
		Events []casefile.Event `json:"events"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET timeline: %d %s", status, raw)
	}
	return slices.DeleteFunc(page.Events, func(e casefile.Event) bool { return e.Kind != casefile.Offered })
}
