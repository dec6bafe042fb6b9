package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

func TestWebhookDoor(t *testing.T) {
	tap := pressed("01TAP", casefile.Incoming{Word: casefile.Tapped, Type: casefile.Confinement})
	good := webhook(tap)
	tests := []struct {
		name       string
		body       []byte
		signatures []string
		want       int
		kept       int
	}{
		{"a report is kept", good, []string{sign(good)}, http.StatusOK, 1},
		{"a connection test has no events", webhook(), []string{sign(webhook())}, http.StatusOK, 0},
		{"an event that LINE invented since is kept", webhook(event("01NEW", `"type":"teleport"`)), []string{sign(webhook(event("01NEW", `"type":"teleport"`)))}, http.StatusOK, 1},
		{"one bad event does not spoil the good ones", webhook(tap, `{"type":7}`, wrote("01TXT", "hello")),
			[]string{sign(webhook(tap, `{"type":7}`, wrote("01TXT", "hello")))}, http.StatusOK, 3},
		{"no signature", good, nil, http.StatusUnauthorized, 0},
		{"an empty signature", good, []string{""}, http.StatusUnauthorized, 0},
		{"a signature of another body", good, []string{sign(webhook())}, http.StatusUnauthorized, 0},
		{"a signature that is no base64", good, []string{"%%%"}, http.StatusUnauthorized, 0},
		{"a truncated signature", good, []string{sign(good)[:20]}, http.StatusUnauthorized, 0},
		{"two signatures", good, []string{sign(good), sign(good)}, http.StatusUnauthorized, 0},
		{"two megabytes", bytes.Repeat([]byte("a"), 2<<20), []string{sign(bytes.Repeat([]byte("a"), 2<<20))}, http.StatusRequestEntityTooLarge, 0},
		{"signed and not JSON", []byte("hello"), []string{sign([]byte("hello"))}, http.StatusBadRequest, 0},
		{"nested ten thousand deep", bytes.Repeat([]byte("["), 10_000), []string{sign(bytes.Repeat([]byte("["), 10_000))}, http.StatusBadRequest, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t)
			if got := d.posts(tt.body, tt.signatures...); got != tt.want {
				t.Errorf("answered %d, want %d", got, tt.want)
			}
			if len(d.arrived) != tt.kept {
				t.Errorf("%d events kept, want %d", len(d.arrived), tt.kept)
			}
		})
	}
}

// Every bit of body, signature and secret counts.
func TestT_W1_OneBitFlippedIsForged(t *testing.T) {
	d := open(t)
	body := webhook(wrote("01TXT", "hello"))
	signature := sign(body)
	for i := range len(body) * 8 {
		flipped := bytes.Clone(body)
		flipped[i/8] ^= 1 << (i % 8)
		if got := d.posts(flipped, signature); got != http.StatusUnauthorized {
			t.Fatalf("bit %d of the body flipped: answered %d", i, got)
		}
	}
	if d.intakes != 0 {
		t.Errorf("%d forged webhooks reached the database", d.intakes)
	}
}

func TestWebhookOfUntoldLength(t *testing.T) {
	d := open(t)
	body := webhook(wrote("01TXT", "hello"))
	server := startServing(t, d.server)
	req, err := http.NewRequest(http.MethodPost, server+"/line/webhook", io.MultiReader(bytes.NewReader(body))) // chunked
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Line-Signature", sign(body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("answered %d", res.StatusCode)
	}
}

func TestT_W4_SlowSendersAreCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: waits for five seconds")
	}
	t.Parallel()
	d := open(t)
	server := startServing(t, d.server)
	conn, err := net.Dial("tcp", strings.TrimPrefix(server, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /line/webhook HTTP/1.1\r\nHost: x\r\n")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_ = conn.SetReadDeadline(began.Add(10 * time.Second))
	if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a sender that never finishes its headers is still connected after ten seconds")
	}
}

func TestRepeatsAreKeptOnceAndAnsweredOnce(t *testing.T) {
	d := open(t)
	body := webhook(wrote("01TXT", "hello"))
	for range 5 {
		if got := d.posts(body, sign(body)); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	if len(d.arrived) != 1 || len(d.said) != 1 {
		t.Errorf("kept %d times, answered %d times", len(d.arrived), len(d.said))
	}
}

func TestArrivalsCarryWhatIntakeNeeds(t *testing.T) {
	d := open(t)
	raw := pressed("01TAP", casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
	body := webhook(raw)
	d.posts(body, sign(body))
	a := d.arrived[0]
	if a.EventID != "01TAP" || a.UserID != user || a.Channel != casefile.ChannelLINE || string(a.Raw) != raw || !a.At.Equal(now) || a.In.Type != casefile.Gathering {
		t.Errorf("intake got %+v", a)
	}
	if len(d.nudged) != 1 || d.nudged[0] != 1 {
		t.Errorf("nudged %v", d.nudged)
	}
	if len(d.said) != 0 {
		t.Error("the door answered for a case")
	}
}

// While the database is away LINE is asked to send again, and the spool takes
// what comes in until then.
func TestNothingIsLostWithoutDatabase(t *testing.T) {
	d := open(t)
	d.intakeErr = errors.New("no connection")
	body := webhook(wrote("01TXT", canary))
	if got := d.posts(body, sign(body)); got != http.StatusServiceUnavailable {
		t.Fatalf("answered %d", got)
	}
	if n := d.server.Spool.Waiting(); n != 1 {
		t.Fatalf("%d webhooks in the spool", n)
	}
	if err := d.server.Spool.Drain(t.Context(), d.server.takeInSpooled); err == nil || d.server.Spool.Waiting() != 1 {
		t.Error("forgotten before it was taken in")
	}
	d.intakeErr = nil
	if err := d.server.Spool.Drain(t.Context(), d.server.takeInSpooled); err != nil {
		t.Fatal(err)
	}
	if d.server.Spool.Waiting() != 0 || len(d.arrived) != 1 {
		t.Errorf("%d wait, %d arrived", d.server.Spool.Waiting(), len(d.arrived))
	}
	if got := d.posts(body, sign(body)); got != http.StatusOK || len(d.arrived) != 1 {
		t.Errorf("LINE's repeat was answered %d and kept as a second one: %d", got, len(d.arrived))
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("a text is in the log")
	}
}

func TestSignedButNotUnderstoodIsKeptForAHuman(t *testing.T) {
	d := open(t)
	body := []byte("a new format")
	d.posts(body, sign(body))
	d.posts(body, sign(body))
	odd, err := filepath.Glob(filepath.Join(d.server.Spool.root.Name(), "*"+oddFile))
	if err != nil || len(odd) != 1 {
		t.Fatalf("%d files kept, %v", len(odd), err)
	}
	raw, err := os.ReadFile(odd[0])
	if err != nil || bytes.Contains(raw, body) {
		t.Errorf("not sealed, %v", err)
	}
}

func TestFloodOfOneCaseIsAFewNudges(t *testing.T) {
	d := open(t)
	d.server.nudges.apart = 50 * time.Millisecond
	d.door = casefile.Joins
	for i := range 500 {
		d.server.nudges.add(t.Context(), ownCase, i+1)
	}
	d.server.run.wait()
	if n := len(d.nudged); n > 5 || d.nudged[n-1] != 500 {
		t.Errorf("%d nudges, the last up to %d", n, d.nudged[n-1])
	}
}

func TestDoorAnswers(t *testing.T) {
	press := func(a casefile.Action) string {
		return pressed("01EVT", casefile.Incoming{Word: casefile.Pressed, Action: a})
	}
	tests := []struct {
		name   string
		member casefile.MemberID
		event  string
		want   string // template; empty: nothing
		check  func(*testing.T, *door)
	}{
		{"somebody adds the account", "", event("01EVT", `"type":"follow","follow":{"isUnblocked":false}`), "welcome", nil},
		{"somebody blocks the account", "", event("01EVT", `"type":"unfollow"`), "", nil},
		{"a word that reports nothing gets the menu", "", wrote("01EVT", "สวัสดี"), "menu", nil},
		{"hotlines", "", press(casefile.ActHotlines), "hotlines", nil},
		{"practice", "", press(casefile.ActPractice), "practice", nil},
		{"menu", "", press(casefile.ActMenu), "menu", nil},
		{"what is not urgent gets a number", "", press(casefile.ActNotUrgent), "not_urgent", func(t *testing.T, d *door) {
			if len(d.requests) != 1 || d.said[0].Args.Code != "1" {
				t.Errorf("requests %v, told %q", d.requests, d.said[0].Args.Code)
			}
		}},
		{"language", "", pressed("01EVT", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActLanguage, Language: casefile.English}), "language_set",
			func(t *testing.T, d *door) {
				if d.languages["reporter"] != casefile.English || d.said[0].Language != casefile.English {
					t.Errorf("kept %v, spoke %s", d.languages, d.said[0].Language)
				}
			}},
		{"a member goes on duty", officer, press(casefile.ActDutyOn), "duty_set", func(t *testing.T, d *door) {
			if !d.members[officer].OnDuty || len(d.linked) != 1 || d.linked[0] != line.MenuOnDuty {
				t.Errorf("on duty %v, menus %v", d.members[officer].OnDuty, d.linked)
			}
		}},
		{"a member adds the account and sees the duty switch", officer, event("01EVT", `"type":"follow","follow":{"isUnblocked":false}`), "welcome",
			func(t *testing.T, d *door) {
				if len(d.linked) != 1 || d.linked[0] != line.MenuOffDuty {
					t.Errorf("menus %v", d.linked)
				}
			}},
		{"a duty desk answers a communication test", officer, press(casefile.ActHeard), "test_noted", nil},
		{"nobody else answers one", "", press(casefile.ActHeard), "menu", nil},
		{"nobody else goes on duty", "", press(casefile.ActDutyOn), "menu", nil},
		{"a member's location is a fix", officer, event("01EVT", `"type":"message","message":{"type":"location","id":"1","latitude":16.8,"longitude":100.2}`), "",
			func(t *testing.T, d *door) {
				if d.fixes != 1 || d.members[officer].Lat != 16.8 {
					t.Errorf("%d fixes, %v", d.fixes, d.members[officer].Lat)
				}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t)
			d.member = tt.member
			body := webhook(tt.event)
			if got := d.posts(body, sign(body)); got != http.StatusOK {
				t.Fatalf("answered %d", got)
			}
			switch {
			case tt.want == "" && len(d.said) > 0:
				t.Errorf("said %s", d.said[0].Template)
			case tt.want != "" && (len(d.said) != 1 || d.said[0].Template != tt.want || !d.said[0].ReplyOnly || d.said[0].ReplyToken == ""):
				t.Errorf("said %+v, want a reply of %s", d.said, tt.want)
			}
			if tt.check != nil {
				tt.check(t, d)
			}
		})
	}
}

func TestEveryDoorTemplateExists(t *testing.T) {
	for _, name := range []string{"welcome", "menu", "hotlines", "practice", "not_urgent", "language_set", "duty_set", "test_noted", "group_linked"} {
		found := false
		for _, known := range line.Templates() {
			found = found || known == name
		}
		if !found {
			t.Errorf("line has no template %s", name)
		}
	}
}

// startServing runs the server on loopback until the test ends.
func startServing(t *testing.T, s *Server) string {
	t.Helper()
	s.Registry = newWorld().server(t).Registry // the one of open has its metrics already
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

func FuzzWebhook(f *testing.F) {
	f.Add(webhook(wrote("01TXT", "1")), true)
	f.Add(webhook(pressed("01TAP", casefile.Incoming{Word: casefile.Tapped, Type: casefile.Berserk})), true)
	f.Add(webhook(), true)
	f.Add([]byte(`{"events":[{}]}`), true)
	f.Add([]byte(`{"events":[null,{"type":"message"}]}`), true)
	f.Add([]byte("["), true)
	f.Add(webhook(), false)
	d := open(f)
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		d.t = t
		d.arrived, d.routes, d.intakes, d.said = nil, map[string]Routed{}, 0, nil
		signature := sign(body)
		if !signed {
			signature = sign(append(bytes.Clone(body), 'x'))
		}
		got := d.posts(body, signature)
		switch {
		case !signed && (got != http.StatusUnauthorized || d.intakes > 0):
			t.Fatalf("a forged webhook was answered %d after %d intakes", got, d.intakes)
		case signed && got != http.StatusOK && got != http.StatusBadRequest:
			t.Fatalf("a signed webhook was answered %d", got)
		case signed && got == http.StatusOK:
			var b struct{ Events []json.RawMessage }
			if json.Unmarshal(body, &b) != nil || len(d.routes) > len(b.Events) || len(b.Events) > 0 && len(d.routes) == 0 {
				t.Fatalf("%d events kept as %d", len(b.Events), len(d.routes))
			}
		}
	})
}
