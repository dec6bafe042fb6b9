package channelemu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const ann = "+66812345678"

func start(t *testing.T, o Options) *Emulator {
	t.Helper()
	o.RetryDelay = time.Millisecond
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if _, err := e.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return e
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// ask calls the HTTP side and returns status and body.
func ask(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(raw)
}

func TestOnlyLoopback(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Listen(t.Context(), "0.0.0.0:0"); err == nil {
		t.Error("it listens for everybody")
	}
	for _, bad := range []string{"http://example.org/channels", "https://127.0.0.1/channels", ":"} {
		if e.SetInbound(bad) == nil {
			t.Errorf("it would post to %s", bad)
		}
	}
	if _, err := New(Options{Inbound: "http://10.0.0.1/channels"}); err == nil {
		t.Error("it would post to another machine")
	}
}

func TestTheGatewayOfSMS(t *testing.T) {
	e := start(t, Options{})
	message := `{"from":"ESS","to":"` + ann + `","text":"hello"}`
	key := []string{"Authorization", "Bearer " + e.APIKey()}
	tests := []struct {
		name    string
		body    string
		headers []string
		status  int
		says    string
	}{
		{"without a key", message, nil, 401, "unauthorized"},
		{"with another key", message, []string{"Authorization", "Bearer x"}, 401, "unauthorized"},
		{"a number that is none", `{"to":"0812345678","text":"hello"}`, key, 400, "invalid_number"},
		{"nothing to say", `{"to":"` + ann + `"}`, key, 400, "bad_request"},
		{"no JSON", `hello`, key, 400, "bad_request"},
		{"as it should be", message, key, 202, `"id":"MT`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := ask(t, "POST", e.Base()+"/sms/v1/messages", tt.body, tt.headers...)
			if status != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	same := append([]string{"Idempotency-Key", "k1"}, key...)
	_, first := ask(t, "POST", e.Base()+"/sms/v1/messages", message, same...)
	if _, again := ask(t, "POST", e.Base()+"/sms/v1/messages", message, same...); again != first {
		t.Errorf("a repeat is answered with %s and not %s", again, first)
	}
	if n := len(e.Phone(ann).Transcript()); n != 2 {
		t.Errorf("%d messages on the phone", n)
	}
}

func TestHandingOverStopsAtARefusal(t *testing.T) {
	var calls atomic.Int32
	answers := []int{503, 429, 400, 200}
	done := make(chan struct{})
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in["from"] != ann || in["id"] == "" || r.Header.Get(SecretHeader) != "s" {
			t.Errorf("%v, %v", in, err)
		}
		n := calls.Add(1)
		w.WriteHeader(answers[n-1])
		if n == 3 {
			close(done)
		}
	}))
	defer door.Close()
	e := start(t, Options{Inbound: door.URL, Secret: "s"})
	if _, err := e.Phone(ann).Reply("1"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-within(t).Done():
		t.Fatal("it gave up too soon")
	}
	e.Close() // waits for what is in flight
	if n := calls.Load(); n != 3 {
		t.Errorf("%d tries", n)
	}
	if i := e.Phone(ann).Transcript()[0]; i.Taken || i.Incoming {
		t.Errorf("%+v", i)
	}
}

func TestWhatAPhoneCannotDo(t *testing.T) {
	e := start(t, Options{})
	if _, err := e.Phone("desk@example.org").Reply("1"); err == nil {
		t.Error("a mailbox sent an SMS")
	}
	if _, err := e.Phone(ann).Reply(" "); err == nil {
		t.Error("an empty message was sent")
	}
	if e.Phone(ann).Resend("MO1") == nil {
		t.Error("a message was sent again that never was")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Phone(ann).Hears(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestFaultsAreChecked(t *testing.T) {
	e := start(t, Options{})
	for _, bad := range []Fault{{Kind: "explodes"}, {Service: "fax", Kind: Hang}, {Kind: Hang, Probability: 2}} {
		if e.SetFaults(bad) == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if e.FailNext("fax", Hang, 1) == nil {
		t.Error("a fax failed")
	}
	if err := e.FailNext(ServiceSMS, Hang, 2); err != nil {
		t.Fatal(err)
	}
	if k := e.faults.take(ServiceSMPP); k != "" {
		t.Errorf("another service is hit by %s", k)
	}
	if e.faults.take(ServiceSMS) != Hang || e.Faults()[0].Next != 1 || e.faults.take(ServiceSMS) != Hang || len(e.Faults()) != 0 {
		t.Errorf("left: %+v", e.Faults())
	}
}

func TestThePageShowsPhonesAndActs(t *testing.T) {
	e := start(t, Options{})
	e.Phone(ann).Describe("ร.ต.อ.หญิงแอน", "POLICE")
	page := strings.TrimSuffix(e.Page(), "/")
	if status, body := ask(t, "GET", page+"/", ""); status != 200 || !strings.Contains(body, `<html lang="th">`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := ask(t, "POST", page+"/api/act", `{"address":"`+ann+`","act":"reply","text":"1 10"}`); status != 200 {
		t.Errorf("reply: %d", status)
	}
	if status, _ := ask(t, "POST", page+"/api/phones", `{"address":"+66899999999","name":"มะลิ"}`); status != 200 {
		t.Errorf("add: %d", status)
	}
	if status, _ := ask(t, "PUT", page+"/api/faults", `[{"service":"sms","kind":"hang","next":1}]`); status != 200 {
		t.Errorf("faults: %d", status)
	}
	_, body := ask(t, "GET", page+"/api/state", "")
	for _, want := range []string{"ร.ต.อ.หญิงแอน", "1 10", "+66899999999", "มะลิ", `"kind":"hang"`, `"smpp_bind"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the state lacks %s", want)
		}
	}
	refused := []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"another name for this address", "GET", "/api/state", "", []string{"Host", "evil.example"}, 403},
		{"a form of another site", "POST", "/api/act", "act=off", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"a phone that is not there", "POST", "/api/act", `{"address":"+66800000000","act":"off"}`, nil, 404},
		{"an act that is none", "POST", "/api/act", `{"address":"` + ann + `","act":"explode"}`, nil, 409},
		{"a number that is none", "POST", "/api/phones", `{"address":"081"}`, nil, 422},
		{"a fault that is none", "PUT", "/api/faults", `[{"kind":"explodes"}]`, nil, 422},
		{"no JSON", "PUT", "/api/faults", `{`, nil, 400},
	}
	for _, tt := range refused {
		if status, body := ask(t, tt.method, page+tt.path, tt.body, tt.headers...); status != tt.status {
			t.Errorf("%s: %d %s", tt.name, status, body)
		}
	}
}

// The page must work without the network: nothing of it comes from elsewhere.
func TestThePageIsWhole(t *testing.T) {
	files, err := static.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	away := regexp.MustCompile(`(?:src|href|from|url)\s*[=(:]?\s*["'(]https?://`)
	for _, f := range files {
		raw, err := static.ReadFile("static/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if away.Match(raw) {
			t.Errorf("%s needs the network", f.Name())
		}
	}
}

func TestTextOnTheWire(t *testing.T) {
	for _, text := range []string{"hello", "[ok] {1} €5 \\ ~", "ช่วยด้วย", "🙂", strings.Repeat("a", 161), strings.Repeat("ก", 71), strings.Repeat("[", 81), strings.Repeat("🙂", 36)} {
		coding, parts := encodeText(text)
		whole := ""
		for _, p := range parts {
			s, err := decodeText(coding, p)
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			whole += s
		}
		name, n := measure(text)
		if whole != text || n != len(parts) || (name == "UCS-2") != (coding == 8) {
			t.Errorf("%q comes back as %q in %d parts, counted as %d of %s", text, whole, len(parts), n, name)
		}
	}
	for name, raw := range map[string][]byte{"eight bits": {0x80}, "an escape at the end": {0x41, 0x1b}} {
		if _, err := decodeText(0, raw); err == nil {
			t.Error(name + " was read")
		}
	}
	if _, err := decodeText(8, []byte{0}); err == nil {
		t.Error("half a letter was read")
	}
}

// A peer that speaks SMPP byte by byte meets what a message centre answers.
func TestTheMessageCentre(t *testing.T) {
	e := start(t, Options{})
	login := []byte("ess\x00emulated\x00\x00\x34\x00\x00\x00")
	submit := func(text string) []byte {
		var b bytes.Buffer
		b.WriteString("\x00\x00\x00ESS\x00\x01\x0166812345678\x00")
		b.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(text))})
		b.WriteString(text)
		return b.Bytes()
	}
	tests := []struct {
		name   string
		as     uint32 // bind first; 0: do not
		login  []byte
		send   uint32
		body   []byte
		answer uint32
		status uint32
	}{
		{"a message before a bind", 0, nil, submitSM, submit("hi"), submitSM | answerBit, statusNotBound},
		{"a message of a receiver", bindReceiver, login, submitSM, submit("hi"), submitSM | answerBit, statusNotBound},
		{"a message of a transmitter", bindTransmitter, login, submitSM, submit("hi"), submitSM | answerBit, statusOK},
		{"a message of a transceiver", bindTransceiver, login, submitSM, submit("hi"), submitSM | answerBit, statusOK},
		{"a message that ends too soon", bindTransmitter, login, submitSM, []byte("\x00\x00"), submitSM | answerBit, statusBadDest},
		{"a message too long for the air", bindTransmitter, login, submitSM, submit(strings.Repeat("a", 161)), submitSM | answerBit, statusBadDest},
		{"a link that is tried", bindTransmitter, login, enquireLink, nil, enquireLink | answerBit, statusOK},
		{"leave", bindTransmitter, login, unbind, nil, unbind | answerBit, statusOK},
		{"a command that nobody knows", bindTransmitter, login, 0x77, nil, genericNack, statusBadCommand},
		{"another password", 0, nil, bindTransmitter, []byte("ess\x00wrong\x00\x00\x34\x00\x00\x00"), bindTransmitter | answerBit, statusBindFailed},
		{"a second bind", bindTransmitter, login, bindTransmitter, login, bindTransmitter | answerBit, statusBindFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", e.SMSC())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			exchange := func(command, sequence uint32, body []byte) pduHead {
				if _, err := conn.Write(writePDU(command, 0, sequence, body)); err != nil {
					t.Fatal(err)
				}
				for {
					h, _, err := readPDU(conn)
					if err != nil {
						t.Fatal(err)
					}
					if h.Command != enquireLink { // it tries the link, too
						return h
					}
				}
			}
			if tt.as != 0 {
				if h := exchange(tt.as, 1, tt.login); h.Status != statusOK {
					t.Fatalf("bind: %+v", h)
				}
			}
			if h := exchange(tt.send, 2, tt.body); h.Command != tt.answer || h.Status != tt.status || h.Sequence != 2 {
				t.Errorf("answered %+v", h)
			}
		})
	}
	if n := len(e.Phone(ann).Transcript()); n != 2 {
		t.Errorf("%d messages on the phone", n)
	}
}
