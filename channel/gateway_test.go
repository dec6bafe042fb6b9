package channel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/activities"
)

// A provider that speaks forms, answers 200 to everything and counts in its body.
const formGateway = `
url: %s/send.php
headers: {X-Account: "ess:{secret}"}
form:
  msisdn: "{national}"
  message: "{text}"
  ref: "{key}"
answer:
  id: data.0.sms_id
  code: status
  accepted: ["0"]
  transient: ["97"]
  quota: ["12"]
statuses: {transient: [403]}
incoming: {list: results, id: mid, from: sender, text: body}
receipts: {id: mid, status: dlr, delivered: ["1"], failed: ["2", "16"]}
`

func TestAGatewayOfAnotherKind(t *testing.T) {
	var got url.Values
	status, answer := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, _ = url.ParseQuery(string(body))
		if r.Header.Get("X-Account") != "ess:hush" || r.URL.RawQuery != "" {
			t.Errorf("account %q, query %q", r.Header.Get("X-Account"), r.URL.RawQuery)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	g, err := ParseGateway(fmt.Appendf(nil, formGateway, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSMS(SMSConfig{Gateway: g, Secret: "hush", AllowLoopback: true, Names: thaiNames})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		status  int
		answer  string
		outcome activities.Outcome
		request string
	}{
		{"its own yes", 200, `{"status":0,"data":[{"sms_id":1234567890123456789}]}`, activities.OutcomeAccepted, "1234567890123456789"},
		{"its own no", 200, `{"status":"44"}`, activities.OutcomeRefused, ""},
		{"its own empty purse", 200, `{"status":12}`, activities.OutcomeQuota, ""},
		{"its own not now", 200, `{"status":97}`, "", ""},
		{"somebody else's page", 200, `<html>sign in to this network</html>`, "", ""},
		{"a status that means something else here", 403, ``, "", ""},
		{"a redirect", 302, ``, "", ""},
		{"a refusal", 404, ``, activities.OutcomeRefused, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, answer = tt.status, tt.answer
			sent, err := s.Send(within(t), offerTo(anns))
			var again *activities.TransientError
			if errors.As(err, &again) != (tt.outcome == "") || sent.Outcome != tt.outcome || tt.request != "" && sent.Request != tt.request {
				t.Errorf("%+v, %v", sent, err)
			}
		})
	}
	if got.Get("msisdn") != "0812345678" || !strings.Contains(got.Get("message"), "ตอบ 1") || len(got.Get("ref")) != 36 {
		t.Errorf("it was sent %v", got)
	}
	list, err := g.Messages("application/json; charset=utf-8", []byte(`{"results":[{"mid":7,"sender":"0812345678","body":"1 10"},{"mid":8,"sender":"ADVERT","body":"buy"}]}`))
	if err != nil || len(list) != 2 || list[0] != (Incoming{ID: "7", From: anns, Text: "1 10"}) || list[1].From != "ADVERT" {
		t.Errorf("%+v, %v", list, err)
	}
	news, err := g.Receipts("application/x-www-form-urlencoded", []byte("mid=9&dlr=16"))
	if err != nil || len(news) != 1 || news[0].ID != "9" || news[0].Delivered {
		t.Errorf("%+v, %v", news, err)
	}
	if news, err = g.Receipts("application/json", []byte(`{"mid":"9","dlr":"8"}`)); err != nil || len(news) != 0 {
		t.Errorf("on its way: %+v, %v", news, err)
	}
	for _, bad := range []string{"", "[1", `{"results":[{"mid":"7","body":"1 10","from":"0812345678"}]}`, `"x"`} {
		if _, err := g.Messages("application/json", []byte(bad)); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

func TestQuotesInATextStayInTheText(t *testing.T) {
	g, err := ParseGateway([]byte("url: https://sms.example\njson: {to: [\"{to}\"], text: \"ESS: {text}\", keys: \"{keys}\", flash: false}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCaller(g, callerConfig{Name: "test"}, []string{"to", "text", "keys"})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := c.body(map[string]any{"to": anns, "text": "\",\"to\":\"x\n{secret}", "keys": []int{1, 0}})
	var back struct {
		To    []string
		Text  string
		Keys  []int
		Flash *bool
	}
	if err := json.Unmarshal(body, &back); err != nil || back.Text != "ESS: \",\"to\":\"x\n{secret}" || len(back.Keys) != 2 || back.Flash == nil {
		t.Errorf("%s, %v", body, err)
	}
}

func TestAGatewayThatCouldNotWorkStopsTheStart(t *testing.T) {
	tests := []struct{ name, file, why string }{
		{"not YAML", "url: [", "gateway"},
		{"a field that nobody knows", "url: https://sms.example\njson: {}\nretries: 3", "retries"},
		{"no body", "url: https://sms.example", "json or form"},
		{"two bodies", "url: https://sms.example\njson: {a: b}\nform: {a: b}", "json or form"},
		{"in clear over the network", "url: http://sms.example\njson: {a: b}", "only https"},
		{"a message in the URL", "url: https://sms.example/{to}\njson: {a: b}", "never in the url"},
		{"a password in the URL", "url: https://u:p@sms.example\njson: {a: b}", "not an http"},
		{"a placeholder that nobody fills", "url: https://sms.example\njson: {a: \"{name}\"}", "{name} is not known"},
		{"a text in a header", "url: https://sms.example\njson: {a: b}\nheaders: {X: \"{text}\"}", "header"},
		{"a GET", "url: https://sms.example\nmethod: GET\njson: {a: b}", "POST or PUT"},
		{"a code that refuses everything", "url: https://sms.example\njson: {a: b}\nanswer: {code: status}", "refuse everything"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := ParseGateway([]byte(tt.file))
			if err == nil {
				_, err = NewSMS(SMSConfig{Gateway: g, AllowLoopback: true})
			}
			if err == nil || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := ReadGateway(t.TempDir() + "/none.yaml"); err == nil {
		t.Error("a file that is not there was read")
	}
	if _, err := NewSMS(SMSConfig{}); err == nil {
		t.Error("no gateway is one")
	}
}
