package channelemu

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf16"
)

// A provider of SMS with an HTTP gateway: a bearer key, a message in JSON, its
// name in the answer, receipts and replies by post. It knows idempotency keys
// unless told to forget them.

var numberPattern = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// SMSGateway is the description of this gateway, in YAML, as ESS reads it.
func (e *Emulator) SMSGateway() []byte {
	return fmt.Appendf(nil, `url: %s/sms/v1/messages
headers:
  Authorization: Bearer {secret}
  Idempotency-Key: "{key}"
json:
  from: "%s"
  to: "{to}"
  text: "{text}"
answer:
  id: message.id
`, e.Base(), e.opt.Sender)
}

// APIKey buys messages and calls: the secret of the gateways.
func (e *Emulator) APIKey() string { return e.opt.APIKey }

func (e *Emulator) mountSMS(mux *http.ServeMux) {
	mux.HandleFunc("POST /sms/v1/messages", e.acceptSMS)
}

func (e *Emulator) acceptSMS(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+e.opt.APIKey {
		say(w, http.StatusUnauthorized, problem("unauthorized"))
		return
	}
	var in struct{ From, To, Text string }
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10)) // to its end: only then is it seen that a caller has gone
	if err != nil || json.Unmarshal(body, &in) != nil || in.Text == "" {
		say(w, http.StatusBadRequest, problem("bad_request"))
		return
	}
	if !numberPattern.MatchString(in.To) {
		say(w, http.StatusBadRequest, problem("invalid_number"))
		return
	}
	fault := e.faults.take(ServiceSMS)
	if e.refuses(w, r, fault) {
		return
	}
	id := e.accept(in.From, in.To, in.Text, r.Header.Get("Idempotency-Key"), fault)
	if !e.losesAnswer(w, r, fault) {
		say(w, http.StatusAccepted, map[string]any{"message": map[string]string{"id": id}})
	}
}

// accept takes a message once for each key and sends it on its way.
func (e *Emulator) accept(from, to, text, key string, fault FaultKind) string {
	id := e.number("MT")
	if key != "" && !e.opt.ForgetsKeys {
		e.mu.Lock()
		first, again := e.said[key]
		if !again {
			e.said[key] = id
		}
		e.mu.Unlock()
		if again {
			return first
		}
	}
	coding, parts := measure(text)
	receipt := func(status string) {
		e.spawn(func() {
			_ = e.persist(func() error { return e.post("/sms/receipts", map[string]string{"id": id, "status": status}) })
		})
	}
	switch fault {
	case NotDelivered:
		receipt("UNDELIV")
	case Vanished:
	default:
		p := e.Phone(to)
		p.reach(func() {
			p.add(Item{Incoming: true, Channel: SMS, ID: id, Key: key, From: from, Text: text, Coding: coding, Parts: parts})
			receipt("DELIVRD")
		})
	}
	return id
}

// measure says how a network carries a text.
func measure(text string) (coding string, parts int) {
	room, alone, each := 0, 160, 153
	coding = "GSM-7"
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmLetters, r):
			room++
		case gsmEscapes[r] != 0:
			room += 2
		default:
			coding = "UCS-2"
		}
	}
	if coding == "UCS-2" {
		room, alone, each = len(utf16.Encode([]rune(text))), 70, 67
	}
	if room <= alone {
		return coding, 1
	}
	return coding, (room + each - 1) / each
}

// hang holds a call until its caller has given up.
func (e *Emulator) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-e.ctx.Done():
	}
}

// reset breaks the connection without an answer.
func reset(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func problem(code string) any { return map[string]any{"error": map[string]string{"code": code}} }

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
