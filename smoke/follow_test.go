package smoke

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// feed is a stream of the REST API that somebody watches.
type feed struct {
	mu    sync.Mutex
	lines []string
}

// watches follows a stream until the test ends.
func (h *town) watches(operator, path string) *feed {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Listen+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tokens[operator])
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		h.t.Fatalf("GET %s: %v %v", path, res, err)
	}
	f, done := &feed{}, make(chan struct{})
	go func() {
		defer close(done)
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			f.mu.Lock()
			f.lines = append(f.lines, lines.Text())
			f.mu.Unlock()
		}
	}()
	h.t.Cleanup(func() { cancel(); <-done })
	return f
}

// of lists what a feed said about a case.
func (f *feed) of(id casefile.CaseID) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.lines), func(l string) bool { return !strings.HasPrefix(l, "data:") || !strings.Contains(l, string(id)) })
}

// Supervisors and the 191 screen see the help as it happens, with nothing
// personal in it; whoever reported sees it, too, when they ask.
func TestTheHelpIsFollowedAsItHappens(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	changes := h.watches("somsri", "/v1/stream")
	screen := h.watches("wichai", "/v1/radio/"+h.province.Code+"/stream")
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	if _, err := mali.Say("0812345678"); err != nil {
		t.Fatal(err)
	}
	mali.hears("บันทึกเบอร์โทรกลับแล้ว")
	mali.presses(casefile.ActStatus)
	mali.hears("เจ้าหน้าที่รับทราบแล้ว คาดว่าถึงใน")
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	mali.hears("เจ้าหน้าที่ถึงที่เกิดเหตุแล้ว")
	h.eventually("the supervisor has seen it all", func() bool {
		seen := map[casefile.Kind]bool{}
		for _, line := range changes.of(id) {
			var change struct {
				Kind casefile.Kind `json:"kind"`
			}
			if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data:")), &change); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			seen[change.Kind] = true
		}
		return seen[casefile.PinSet] && seen[casefile.Offered] && seen[casefile.Accepted] && seen[casefile.PhoneGiven] && seen[casefile.Arrived]
	})
	h.eventually("the 191 screen shows the pin", func() bool { return len(screen.of(id)) > 0 })
	for _, line := range append(changes.of(id), screen.of(id)...) {
		if strings.Contains(line, "812345678") || strings.Contains(line, fmt.Sprint(h.pin.Lat)) {
			t.Errorf("a feed shows what is personal: %s", line)
		}
	}
}

// Every look, every order and every change of a case is written down with who
// and what for, and nobody can rewrite it.
func TestEveryLookOrderAndChangeIsWrittenDown(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	h.comesTo(id, casefile.Sent)
	h.orders("wichai", id, "severity", map[string]any{"severity": "CRITICAL", "reason": "CROWD"})
	for _, purpose := range []string{"supervision", "supervision", "legal"} {
		if status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose="+purpose, nil); status != http.StatusOK {
			t.Fatalf("with a purpose: %d %s", status, raw)
		}
	}
	count := func(where string, args ...any) (n int) {
		h.database(&n, "SELECT count(*) FROM audit WHERE case_id = $1 AND "+where, append([]any{string(id)}, args...)...)
		return n
	}
	for purpose, want := range map[string]int{"supervision": 2, "legal": 1, "statistics": 0} {
		if got := count("action = 'VIEWED' AND actor LIKE '%somsri' AND purpose = $2", purpose); got != want {
			t.Errorf("%d looks for %s, %d are written down", want, purpose, got)
		}
	}
	if got := count("action = 'SEVERITY_SET' AND actor LIKE '%wichai'"); got != 1 {
		t.Errorf("one order, %d are written down", got)
	}
	known := len(h.story(id))
	if got := count("action <> 'VIEWED'"); got < known {
		t.Errorf("%d things happened, %d are written down", known, got)
	}
	for _, rewrite := range []string{"UPDATE audit SET actor = 'nobody' WHERE case_id = $1 RETURNING 1", "DELETE FROM audit WHERE case_id = $1 RETURNING 1"} {
		var n int
		if err := h.tries(&n, rewrite, string(id)); err == nil {
			t.Errorf("the record was rewritten: %s", rewrite)
		}
	}
}

// An operator of one province works there, and nothing of another exists for
// them: no case, no person, no list, no order.
func TestAnOperatorSeesNothingOfAnotherProvince(t *testing.T) {
	home := start(t, scopedTo)
	away := home.town(t)
	own := home.citizen("mali").reports(casefile.Gathering, home.pin)
	foreign := away.citizen("manee").reports(casefile.Gathering, away.pin)
	home.comesTo(own, casefile.Sent)
	away.comesTo(foreign, casefile.Sent)
	for _, part := range []string{"", "/timeline", "/waves", "/deliveries", "/media", "/private?purpose=supervision"} {
		if status, _ := home.request(scoped, http.MethodGet, "/v1/cases/"+string(foreign)+part, nil); status != http.StatusNotFound {
			t.Errorf("GET a foreign case%s: %d", part, status)
		}
		if status, raw := home.request(scoped, http.MethodGet, "/v1/cases/"+string(own)+part, nil); status != http.StatusOK {
			t.Errorf("GET an own case%s: %d %s", part, status, raw)
		}
	}
	if status, raw := home.command(scoped, foreign, "child", nil); status != http.StatusNotFound {
		t.Errorf("an order for a foreign case: %d %s", status, raw)
	}
	home.orders(scoped, own, "child", nil)
	if r := away.look(foreign); r.Child {
		t.Error("an order for a foreign case was carried out")
	}
	status, raw := home.request(scoped, http.MethodGet, "/v1/cases?limit=200", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), string(own)) || strings.Contains(string(raw), string(foreign)) {
		t.Errorf("the list of cases: %d, own %t, foreign %t", status, strings.Contains(string(raw), string(own)), strings.Contains(string(raw), string(foreign)))
	}
	if status, _ := home.request(scoped, http.MethodGet, "/v1/cases?province="+away.province.Code, nil); status/100 == 2 {
		t.Errorf("the list of another province: %d", status)
	}
}

// The nine provinces of the pilot answer by their own stations; in every other
// of the 77 a report reaches a human all the same.
func TestEveryProvinceAnswers(t *testing.T) {
	h := startOwn(t, 1)
	pilot := map[string]*town{}
	for _, p := range policy.DefaultPlaces().Provinces() {
		switch {
		case p.Code == h.province.Code:
			pilot[p.Code] = h
		case p.Pilot:
			pilot[p.Code] = h.townIn(t, p.Code)
		}
	}
	ids := map[string]casefile.CaseID{}
	for _, p := range policy.DefaultPlaces().Provinces() {
		ids[p.Code] = h.file("somsri", map[string]any{
			"channel": "HOTLINE_1300", "call_id": "everywhere-" + p.Code, "kind": "REPORT", "type": "GATHERING",
			"pin": map[string]any{"lat": p.Lat, "lon": p.Lon},
		})
	}
	for code, id := range ids {
		if live := pilot[code]; live != nil {
			live.desk(casefile.LevelStation).hearsOf(id, casefile.ActAck)
			continue
		}
		asked := h.happens(id, "somebody is asked for a report from province "+code, func(e casefile.Event) bool { return e.Kind == casefile.Offered && len(e.Asked) > 0 })
		if slices.ContainsFunc(asked.Asked, func(a casefile.Ask) bool { return a.Level == casefile.LevelStation || a.Level == casefile.LevelNear }) {
			t.Errorf("province %s is not live, and %v were asked", code, asked.Asked)
		}
		h.eventually("a human of the desk hears of province "+code, func() bool {
			return slices.ContainsFunc(h.national("desk-desk-1300-1").Transcript(), func(i lineemu.Item) bool { return about(i, id) })
		})
	}
}
