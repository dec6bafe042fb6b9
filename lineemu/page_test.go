package lineemu

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestPageLivesThroughAChat(t *testing.T) {
	w := start(t)
	w.person(User{Name: "ร.ต.อ.สมศักดิ์", Label: "ตำรวจ สภ.เมือง", Friend: true, Pinned: true})
	var mali User
	made := w.call("POST", "/phones/api/phones", `{"name":"มะลิ","label":"ประชาชน"}`)
	if err := json.Unmarshal([]byte(made.body), &mali); err != nil || !mali.Friend || !userIDPattern.MatchString(mali.ID) {
		t.Fatalf("%+v", made)
	}
	at := "/phones/api/phones/" + mali.ID
	state := func(after int) (s phoneState) {
		t.Helper()
		r := w.call("GET", fmt.Sprintf("%s?after=%d", at, after), "")
		if err := json.Unmarshal([]byte(r.body), &s); err != nil {
			t.Fatalf("%+v", r)
		}
		return s
	}
	for _, act := range []string{`{"act":"say","text":"ช่วยด้วย"}`, `{"act":"location","lat":16.82,"lon":100.26,"title":"วัด"}`, `{"act":"image","data":"R0lGODlh"}`} {
		if r := w.call("POST", at, act); r.status != 200 {
			t.Errorf("%s: %+v", act, r)
		}
	}
	w.call("POST", pushPath, string(marshal(object{"to": mali.ID, "messages": []any{confirm(postback("ใช่", "y"), postback("ไม่", "n"))}})))
	s := state(1)
	if len(s.Items) != 4 || s.Items[3].Message == nil || len(s.Items[3].Buttons) != 2 {
		t.Fatalf("%+v", s.Items)
	}
	if r := w.call("POST", at, `{"act":"button","messageId":"`+s.Items[3].MessageID+`","label":"ใช่"}`); r.status != 200 || !strings.Contains(r.body, `"data":"y"`) {
		t.Errorf("%+v", r)
	}
	if r := w.call("POST", at, `{"act":"fly"}`); r.status != 409 {
		t.Errorf("%+v", r)
	}
	if r := w.call("GET", "/phones/api/content/"+s.Items[2].MessageID, ""); r.body != "GIF89a" || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%+v", r)
	}
	if r := w.call("GET", "/phones/api/phones?q=สภ", ""); !strings.Contains(r.body, "สมศักดิ์") || strings.Contains(r.body, "มะลิ") {
		t.Errorf("%s", r.body)
	}
	if r := w.call("GET", "/phones/api/phones?pinned", ""); !strings.Contains(r.body, "สมศักดิ์") || strings.Contains(r.body, "มะลิ") {
		t.Errorf("%s", r.body)
	}
	w.settle()
	events := w.hook.events(t)
	if kinds := len(events); kinds != 5 || events[0]["type"] != "follow" || events[4]["type"] != "postback" {
		t.Errorf("%v", events)
	}
}

func TestPageKeepsOtherPagesOut(t *testing.T) {
	w := start(t)
	tests := []struct {
		name, host, kind string
		status           int
	}{
		{"the page itself", "", "application/json", 200},
		{"another name for this address", "evil.example", "application/json", 403},
		{"a form posted across sites", "", "text/plain", 415},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, _ := http.NewRequestWithContext(t.Context(), "POST", w.base+"/phones/api/phones", strings.NewReader(`{"name":"มะลิ"}`))
			req.Header.Set("Content-Type", tt.kind)
			req.Host = tt.host
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != tt.status {
				t.Errorf("%d, want %d", res.StatusCode, tt.status)
			}
		})
	}
}

func TestPageStreamTellsWhatChanged(t *testing.T) {
	w := start(t)
	ann, bo := w.friend("แอน"), w.friend("โบ")
	req, _ := http.NewRequestWithContext(t.Context(), "GET", w.base+"/phones/api/stream?phone="+ann.ID(), nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || lines.Text() != ": open" {
		t.Fatalf("begins with %q", lines.Text())
	}
	_, _ = bo.Say("nobody watches this")
	_, _ = ann.Say("somebody watches this")
	for lines.Scan() && lines.Text() == "" {
	}
	if got, want := lines.Text(), `data: {"all":false,"phones":["`+ann.ID()+`"]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r := w.call("PUT", "/phones/api/faults", `{"webhook":{"duplicate":0.5}}`); r.status != 200 || w.p.Faults().Webhook.Duplicate != 0.5 {
		t.Errorf("%+v", r)
	}
	for lines.Scan() && lines.Text() == "" {
	}
	if got := lines.Text(); got != `data: {"all":true,"phones":[]}` {
		t.Errorf("got %s", got)
	}
	if r := w.call("PUT", "/phones/api/faults", `{"webhook":{"duplicate":7}}`); r.status != 422 {
		t.Errorf("%+v", r)
	}
}

// The page must work without the network: every file it names is in the tree.
func TestPageAsksNobodyOutside(t *testing.T) {
	w := start(t)
	files, err := static.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		r := w.call("GET", "/phones/"+f.Name(), "")
		body := strings.ReplaceAll(r.body, "http://www.w3.org/2000/svg", "") // a name, not an address
		body = strings.ReplaceAll(body, `"https://line.me/R/nv/location"`, "")
		if r.status != 200 && f.Name() != "index.html" || strings.Contains(body, "//fonts.") || strings.Contains(body, "https://") || strings.Contains(body, "http://") {
			t.Errorf("%s: %d, or it names an address outside", f.Name(), r.status)
		}
	}
	if r := w.call("GET", "/phones/", ""); !strings.Contains(r.header.Get("Content-Security-Policy"), "default-src 'self'") || !strings.Contains(r.body, `<html lang="th">`) {
		t.Errorf("%+v", r.header)
	}
}

// A crowd at once: everything accepted is delivered, once, and every event
// arrives.
func TestCrowd(t *testing.T) {
	w := start(t, func(o *Options) { o.Light = true })
	const people = 300
	var all sync.WaitGroup
	for n := range people {
		ph := w.friend(fmt.Sprint("คนที่ ", n))
		all.Go(func() {
			_, _ = ph.Say("ช่วยด้วย")
			for range 2 { // the same key twice
				w.call("POST", pushPath, pushTo(ph.ID(), "รับแล้ว"), "X-Line-Retry-Key", fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
			}
			if _, err := ph.Wait(t.Context(), func(i Item) bool { return i.Says("รับแล้ว") }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.settle()
	if a, d, e := len(w.p.Accepted()), len(w.p.Delivered()), len(w.hook.events(t)); a != people || d != people || e != people {
		t.Errorf("%d accepted, %d delivered, %d events; want %d each", a, d, e, people)
	}
	if m := w.p.Phones()[0].Transcript()[1].Message; m != nil {
		t.Errorf("a light transcript keeps %s", m)
	}
}

// BenchmarkPush is a whole call, without the network.
func BenchmarkPush(b *testing.B) {
	for _, dir := range []string{"", openAPI} {
		b.Run("openapi="+dir, func(b *testing.B) {
			p, err := New(Options{ChannelSecret: secret, Light: true, OpenAPIDir: dir})
			if err != nil {
				b.Skipf("SKIPPED: %v", err)
			}
			defer p.Close()
			ph, err := p.AddUser(User{Friend: true})
			if err != nil {
				b.Fatal(err)
			}
			handler, token := p.Handler(), p.Token()
			body := string(marshal(object{"to": ph.ID(), "messages": []any{flex(bubble(textOf("เหตุใหม่"), button(postback("รับ", "v1|a"))))}}))
			for b.Loop() {
				r := httptest.NewRequest("POST", pushPath, strings.NewReader(body))
				r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK && w.Code != http.StatusTooManyRequests {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
