package smoke

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/vault"
)

// tapsEntry presses an entry of the rich menu that reports nothing.
func (p *person) tapsEntry(action casefile.Action) {
	p.town.t.Helper()
	i := slices.IndexFunc(p.menuAreas(), func(data string) bool { return line.Decode(data).Action == action })
	if i < 0 {
		p.town.t.Fatalf("%s has no menu entry for %s", p.name, action)
	}
	if _, err := p.TapMenuArea(i); err != nil {
		p.town.t.Fatal(err)
	}
}

// cases counts the cases of a person, whom the record knows by a keyed hash only.
func (h *town) cases(p *person) int {
	h.t.Helper()
	keys, err := vault.Open(h.Env["ESS_KEYSET"])
	if err != nil {
		h.t.Fatal(err)
	}
	var n int
	h.database(&n, "SELECT count(*) FROM cases WHERE reporter_id = $1", keys.Blind("reporter", string(casefile.ChannelLINE)+"|"+p.ID()))
	return n
}

// What is not urgent gets a number in the queue of 1300, and leaves it when
// somebody there has answered.
func TestWhatIsNotUrgentGetsANumber(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.tapsEntry(casefile.ActMenu)
	mali.hears("not_urgent")
	mali.presses(casefile.ActNotUrgent)
	said := mali.hears("เลขที่")
	found := regexp.MustCompile(`เลขที่ ([0-9]+)`).FindStringSubmatch(said.Texts[0])
	if found == nil {
		t.Fatalf("no number: %v", said.Texts)
	}
	number, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	waits := func() bool {
		status, raw := h.request("somsri", http.MethodGet, fmt.Sprintf("/v1/requests?open=true&after=%d", number-1), nil)
		var page struct {
			Requests []struct {
				Number int `json:"number"`
			} `json:"requests"`
		}
		if err := json.Unmarshal(raw, &page); err != nil || status != http.StatusOK {
			t.Fatalf("GET requests: %d %s", status, raw)
		}
		return len(page.Requests) > 0 && page.Requests[0].Number == number
	}
	if !waits() {
		t.Errorf("request %d is not in the queue", number)
	}
	answer := fmt.Sprintf("/v1/requests/%d/answer", number)
	if status, raw := h.request("somsri", http.MethodPost, answer, nil); status/100 != 2 {
		t.Errorf("answering: %d %s", status, raw)
	}
	if waits() {
		t.Error("an answered request waits on")
	}
	if status, _ := h.request("wichai", http.MethodPost, answer, nil); status != http.StatusNotFound {
		t.Errorf("a second answer: %d", status)
	}
	if n := h.cases(mali); n != 0 {
		t.Errorf("what is not urgent opened %d cases", n)
	}
}

// Whoever chose English is spoken to in English, to the end of the report.
func TestWhoChoseEnglishIsSpokenToInEnglish(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	john := h.citizen("john")
	john.tapsEntry(casefile.ActLanguage)
	john.hears("The language is now English.")
	john.taps(casefile.Gathering, false)
	john.hears("Received.")
	john.sends(h.pin)
	john.hears("Your report is in")
	ann := h.people["ann"]
	if card := ann.hears("accept"); !card.Says("ขอกำลัง") {
		t.Errorf("the officer is spoken to in the language of the reporter: %v", card.Texts)
	}
	ann.presses(casefile.ActAccept)
	john.hears("Officers have it. Expected in 5")
}

// Who only tries the service alerts nobody, however often; a real report after it is one.
func TestPracticeAlertsNobody(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.tapsEntry(casefile.ActMenu)
	mali.hears("practice")
	for range 3 {
		mali.presses(casefile.ActPractice)
		mali.hears("ไม่มีการแจ้งเจ้าหน้าที่")
	}
	if n := h.cases(mali); n != 0 {
		t.Errorf("practice opened %d cases", n)
	}
	mali.reports(casefile.Gathering, h.pin)
	if n := h.cases(mali); n != 1 {
		t.Errorf("one report is %d cases", n)
	}
	station := h.desk(casefile.LevelStation)
	station.hears("ack")
}
