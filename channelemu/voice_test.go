package channelemu

import (
	"errors"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

// The voice gateway posts to loopback only, knows its customers, and makes one call of one key.
func TestTheVoiceGateway(t *testing.T) {
	e := start(t, Options{})
	order := func(to, callback string) string {
		return `{"to":"` + to + `","language":"th-TH","say":"สวัสดี","callback":"` + callback + `","reference":"offer/7/"}`
	}
	key := "Bearer " + e.APIKey()
	tests := []struct {
		name, key, body string
		status          int
	}{
		{"a stranger", "Bearer x", order("+66812345678", "http://127.0.0.1:1/voice"), http.StatusUnauthorized},
		{"a callback elsewhere", key, order("+66812345678", "http://192.0.2.1/voice"), http.StatusBadRequest},
		{"no number", key, order("0812345678", "http://127.0.0.1:1/voice"), http.StatusBadRequest},
		{"nothing to say", key, strings.Replace(order("+66812345678", "http://127.0.0.1:1/voice"), "สวัสดี", "", 1), http.StatusBadRequest},
		{"a call", key, order("+66812345678", "http://127.0.0.1:1/voice"), http.StatusAccepted},
		{"the same call again", key, order("+66812345678", "http://127.0.0.1:1/voice"), http.StatusAccepted},
	}
	var ids []string
	for _, tt := range tests {
		status, body := ask(t, http.MethodPost, e.Base()+"/voice/v1/calls", tt.body, "Authorization", tt.key, "Idempotency-Key", "k1")
		if status != tt.status {
			t.Errorf("%s: %d %s", tt.name, status, body)
		}
		if status == http.StatusAccepted {
			ids = append(ids, body)
		}
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("one key made the calls %q", ids)
	}
	phone := e.Phone("+66812345678")
	if _, err := phone.Hears(within(t), "สวัสดี"); err != nil {
		t.Fatal(err)
	}
	if err := phone.Press("call"); err == nil {
		t.Error("a telephone has no letters")
	}
	if err := e.Phone("+66811111111").Press("1"); !errors.Is(err, errNoCall) {
		t.Errorf("keys without a call: %v", err)
	}
	if err := phone.HangUp(); err != nil {
		t.Error(err)
	}
}

// The mail server takes mails in the order of its protocol, and nothing without it.
func TestTheMailServer(t *testing.T) {
	e := start(t, Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.SMTPURL(), "smtp://"))
	if err != nil {
		t.Fatal(err)
	}
	c := textproto.NewConn(conn)
	defer func() { _ = c.Close() }()
	says := func(line string, code int) {
		t.Helper()
		if line != "" {
			if err := c.PrintfLine("%s", line); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := c.ReadResponse(code); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	says("", 220)
	says("EHLO test", 250)
	says("DATA", 503)
	says("RCPT TO:<a@b.example>", 503)
	says("AUTH PLAIN x", 504)
	says("STARTTLS", 502)
	says("MAIL FROM:<ess@ess.example>", 250)
	says("RCPT TO:<a@b.example>", 250)
	says("DATA", 354)
	w := c.DotWriter()
	if _, err := w.Write([]byte("Subject: =?UTF-8?q?=E0=B8=81?=\r\nContent-Transfer-Encoding: base64\r\n\r\nd29y\r\nZHM=\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	says("", 250)
	says("QUIT", 221)
	got, err := e.Phone("a@b.example").Hears(within(t), "words")
	if err != nil || got.Subject != "ก" || got.From != "ess@ess.example" {
		t.Errorf("arrived %+v, %v", got, err)
	}
}
