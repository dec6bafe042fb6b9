package line

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestVerify(t *testing.T) {
	const secret, body = "8c570fa6dd201bb328f1c1eac23a96d8", `{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}`
	const signature = "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
	tests := []struct {
		name      string
		secrets   []string
		signature string
		body      string
		want      bool
	}{
		{"LINE's own bytes", []string{secret}, signature, body, true},
		{"the old of two secrets", []string{"next", secret}, signature, body, true},
		{"the new of two secrets", []string{secret, "next"}, sign("next", body), body, true},
		{"one bit of the body", []string{secret}, signature, strings.Replace(body, "U8", "U9", 1), false},
		{"one letter of the signature", []string{secret}, "H" + signature[1:], body, false},
		{"a space more", []string{secret}, signature, body + " ", false},
		{"missing", []string{secret}, "", body, false},
		{"truncated", []string{secret}, signature[:20], body, false},
		{"doubled", []string{secret}, signature + signature, body, false},
		{"not base64", []string{secret}, "%%%", body, false},
		{"made with the empty key", []string{""}, sign("", body), body, false},
		{"the empty key beside a good one", []string{secret, ""}, sign("", body), body, false},
		{"no secret", nil, signature, body, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Verify(tt.secrets, tt.signature, []byte(tt.body)); got != tt.want {
				t.Errorf("verified: %v, want %v", got, tt.want)
			}
		})
	}
	if CheckSecrets(nil) == nil || CheckSecrets([]string{"a", ""}) == nil || CheckSecrets([]string{"a"}) != nil {
		t.Error("CheckSecrets lets an empty secret pass, or refuses a good one")
	}
}

func TestSplitKeepsItsCaps(t *testing.T) {
	event := `{"type":"x"},`
	body := func(n int) []byte {
		return []byte(`{"destination":"U","events":[` + strings.TrimSuffix(strings.Repeat(event, n), ",") + `]}`)
	}
	if _, events, err := Split(body(100)); err != nil || len(events) != 100 {
		t.Errorf("100 events: %d, %v", len(events), err)
	}
	if _, _, err := Split(body(101)); err == nil {
		t.Error("101 events passed")
	}
	if _, events, err := Split([]byte(`{"destination":"U1","events":[]}`)); err != nil || len(events) != 0 {
		t.Errorf("the console's test: %v", err)
	}
	for _, bad := range []string{"", "null x", "[]", `{"events":{}}`, `{"events":[` + strings.Repeat("[", 10000) + `]}`} {
		_, _, err := Split([]byte(bad))
		if err == nil {
			t.Errorf("%.20q passed", bad)
		} else if strings.Contains(err.Error(), "[[") {
			t.Errorf("the error holds the body: %v", err)
		}
	}
	// Brackets inside a text are no depth.
	if _, _, err := Split([]byte(`{"events":[{"type":"` + strings.Repeat(`[\"{`, 100) + `"}]}`)); err != nil {
		t.Errorf("brackets in a text: %v", err)
	}
}

const head = `"webhookEventId":"01K0FXTR000000000000000001","timestamp":1790000000000,"mode":"active","replyToken":"0000abcd",` +
	`"deliveryContext":{"isRedelivery":false},"source":{"type":"user","userId":"` + person + `"}`

func TestParse(t *testing.T) {
	at := time.UnixMilli(1790000000000).UTC()
	base := casefile.Incoming{At: at, ReplyToken: "0000abcd"}
	with := func(set func(*casefile.Incoming)) casefile.Incoming {
		in := base
		set(&in)
		return in
	}
	unknown := func(reason string) casefile.Incoming {
		return with(func(in *casefile.Incoming) { in.Word, in.Reason = casefile.Unknown, reason })
	}
	tests := []struct {
		name string
		give string // what stands beside the head
		kind string
		want casefile.Incoming
	}{
		{"text", `"type":"message","message":{"type":"text","id":"7","text":"ช่วย\u0000ด้วย"}`, "message/text",
			with(func(in *casefile.Incoming) {
				in.Word, in.Text, in.MessageID = casefile.Said, "ช่วยด้วย", "7"
			})},
		{"phone number", `"type":"message","message":{"type":"text","id":"7","text":"081-234-5678"}`, "message/text",
			with(func(in *casefile.Incoming) {
				in.Word, in.Text, in.Phone, in.MessageID = casefile.Said, "081-234-5678", "+66812345678", "7"
			})},
		{"image", `"type":"message","message":{"type":"image","id":"8","contentProvider":{"type":"line"}}`, "message/image",
			with(func(in *casefile.Incoming) { in.Word, in.MediaKind, in.MessageID = casefile.SentMedia, "image", "8" })},
		{"audio without duration", `"type":"message","message":{"type":"audio","id":"8"}`, "message/audio",
			with(func(in *casefile.Incoming) { in.Word, in.MediaKind, in.MessageID = casefile.SentMedia, "audio", "8" })},
		{"message ID that walks paths", `"type":"message","message":{"type":"image","id":"../8"}`, "message/image",
			with(func(in *casefile.Incoming) { in.Word, in.MediaKind = casefile.SentMedia, "image" })},
		{"sticker", `"type":"message","message":{"type":"sticker","id":"9","packageId":"1","stickerId":"1"}`, "message/sticker",
			with(func(in *casefile.Incoming) { in.Word, in.Text, in.MessageID = casefile.Said, "[sticker]", "9" })},
		{"incident tap", `"type":"postback","postback":{"data":"v1|report|t=1"}`, "postback",
			with(func(in *casefile.Incoming) { in.Word, in.Type = casefile.Tapped, casefile.ThreatAssault })},
		{"quiet tap", `"type":"postback","postback":{"data":"v1|report|q=1"}`, "postback",
			with(func(in *casefile.Incoming) { in.Word, in.Quiet = casefile.Tapped, true })},
		{"foreign postback", `"type":"postback","postback":{"data":"x=1"}`, "postback", unknown(ReasonBadPostback)},
		{"postback null", `"type":"postback","postback":null`, "postback", unknown(ReasonBadPostback)},
		{"follow", `"type":"follow","follow":{"isUnblocked":true}`, "follow", with(func(in *casefile.Incoming) { in.Word = casefile.Followed })},
		{"unfollow", `"type":"unfollow"`, "unfollow", with(func(in *casefile.Incoming) { in.Word = casefile.Blocked })},
		{"unsend", `"type":"unsend","unsend":{"messageId":"7"}`, "unsend",
			with(func(in *casefile.Incoming) { in.Word, in.MessageID = casefile.Unsent, "7" })},
		{"unsend without message", `"type":"unsend"`, "unsend", unknown(ReasonUndecodable)},
		{"no message", `"type":"message"`, "message", unknown(ReasonUnknownMessage)},
		{"message null", `"type":"message","message":null`, "message", unknown(ReasonUndecodable)},
		{"new kind of message", `"type":"message","message":{"type":"hologram","id":"1"}`, "message", unknown(ReasonUnknownMessage)},
		{"new event", `"type":"telepathy"`, "telepathy", unknown(ReasonUnknownEvent)},
		{"latitude as text", `"type":"message","message":{"type":"location","id":"1","latitude":"16","longitude":100}`, "message", unknown(ReasonUndecodable)},
		{"no type", `"x":1`, "unknown", unknown(ReasonUndecodable)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Parse(json.RawMessage("{" + head + "," + tt.give + "}"))
			if !reflect.DeepEqual(a.In, tt.want) {
				t.Errorf("in\n got %+v\nwant %+v", a.In, tt.want)
			}
			if a.Type != tt.kind || a.UserID != person || a.EventID != "01K0FXTR000000000000000001" || !a.At.Equal(at) || a.ReplyToken != "0000abcd" {
				t.Errorf("envelope %+v", a)
			}
			var unreadable *EventError
			if (tt.want.Word == casefile.Unknown) != errors.As(err, &unreadable) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestParseKeepsPinsThatCannotBeUsed(t *testing.T) {
	for name, message := range map[string]string{
		"zero":    `{"type":"location","id":"1","latitude":0,"longitude":0}`,
		"missing": `{"type":"location","id":"1"}`,
		"abroad":  `{"type":"location","id":"1","latitude":35.6,"longitude":139.7,"address":"東京"}`,
	} {
		a, err := Parse(json.RawMessage(`{` + head + `,"type":"message","message":` + message + `}`))
		if err != nil || a.In.Word != casefile.SentLocation || a.In.Pin == nil || a.In.Pin.Usable() {
			t.Errorf("%s: %+v, %v", name, a.In, err)
		}
	}
	a, err := Parse(json.RawMessage(`{` + head + `,"type":"message","message":{"type":"location","id":"1","latitude":16.8,"longitude":100.2,"title":"บ้าน","address":"ถนน"}}`))
	if err != nil || !a.In.Pin.Usable() || a.In.Text != "บ้าน ถนน" || a.In.Pin.Source != casefile.PinLINE || !a.In.Pin.FixedAt.Equal(a.At) {
		t.Errorf("Thailand: %+v %+v, %v", a.In, a.In.Pin, err)
	}
}

// A group never hears or tells anything about a case.
func TestParseKeepsGroupsOut(t *testing.T) {
	for _, source := range []string{`{"type":"group","groupId":"C1","userId":"` + person + `"}`, `{"type":"room","roomId":"R1","userId":"` + person + `"}`} {
		a, err := Parse(json.RawMessage(`{"type":"postback","webhookEventId":"01A","timestamp":1790000000000,"replyToken":"abcd","source":` + source +
			`,"postback":{"data":"v1|report|t=1"}}`))
		if err == nil || a.In.Word != casefile.Unknown || a.In.Reason != ReasonGroup || a.UserID != "" || a.ReplyToken != "" || a.In.ReplyToken != "" {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

func TestParseNeedsSomebody(t *testing.T) {
	for _, source := range []string{`null`, `{}`, `{"type":"user"}`, `{"type":"user","userId":"U../../x"}`, `{"type":"user","userId":7}`} {
		a, err := Parse(json.RawMessage(`{"type":"follow","webhookEventId":"01A","timestamp":1790000000000,"source":` + source + `}`))
		if err == nil || a.In.Word != casefile.Unknown || a.UserID != "" {
			t.Errorf("%s: %+v, %v", source, a, err)
		}
	}
}

// Without an ID from LINE the same bytes get the same ID, and others another.
func TestParseMakesAnIDFromTheBytes(t *testing.T) {
	one, _ := Parse(json.RawMessage(`{"type":"follow","timestamp":1}`))
	again, _ := Parse(json.RawMessage(`{"type":"follow","timestamp":1}`))
	other, _ := Parse(json.RawMessage(`{"type":"follow","timestamp":2}`))
	if one.EventID == "" || one.EventID != again.EventID || one.EventID == other.EventID {
		t.Errorf("%q %q %q", one.EventID, again.EventID, other.EventID)
	}
	if !one.At.IsZero() {
		t.Errorf("1970 is no time of an event: %v", one.At)
	}
}

func TestParseSeesStandbyAndRedelivery(t *testing.T) {
	a, err := Parse(json.RawMessage(`{"type":"postback","webhookEventId":"01A","timestamp":1790000000000,"mode":"standby","deliveryContext":{"isRedelivery":true},` +
		`"source":{"type":"user","userId":"` + person + `"},"postback":{"data":"v1|report|t=1"}}`))
	if err != nil || !a.Standby || !a.Redelivered || a.In.Word != casefile.Tapped {
		t.Errorf("%+v, %v", a, err)
	}
}

// Every fixture of LINE's webhook bodies is verified, split and kept.
func TestFixtures(t *testing.T) {
	f, err := os.Open("../../shared/line-fixtures/webhook-fixtures.jsonl")
	if err != nil {
		t.Skip("SKIPPED: ../shared/line-fixtures is absent: ", err)
	}
	defer func() { _ = f.Close() }()
	words := map[string]casefile.Word{
		"message_audio": casefile.SentMedia, "message_image": casefile.SentMedia, "message_location": casefile.SentLocation,
		"message_location_zero_zero": casefile.SentLocation,
	}
	lines, n := bufio.NewScanner(f), 0
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		n++
		var fixture struct {
			Name      string   `json:"name"`
			Types     []string `json:"sdk_types"`
			Signature string   `json:"x_line_signature"`
			Body      string   `json:"body"`
		}
		if err := json.Unmarshal(lines.Bytes(), &fixture); err != nil {
			t.Fatal(err)
		}
		if !Verify([]string{"fixture-channel-secret-not-real"}, fixture.Signature, []byte(fixture.Body)) {
			t.Errorf("%s: signature refused", fixture.Name)
		}
		_, events, err := Split([]byte(fixture.Body))
		if err != nil || len(events) != len(fixture.Types) {
			t.Errorf("%s: %d events, want %d, %v", fixture.Name, len(events), len(fixture.Types), err)
		}
		for _, e := range events {
			a, err := Parse(e)
			if a.EventID == "" || a.In.Word == "" {
				t.Errorf("%s: %+v", fixture.Name, a)
			}
			if a.In.Word == casefile.Unknown && a.In.Reason == ReasonUndecodable {
				t.Errorf("%s: undecodable, %v", fixture.Name, err)
			}
			if want := words[fixture.Name]; want != "" && a.In.Word != want {
				t.Errorf("%s: read as %s", fixture.Name, a.In.Word)
			}
		}
	}
	if n != 25 {
		t.Errorf("%d fixtures, want 25", n)
	}
}

func TestParsePhone(t *testing.T) {
	tests := map[string]string{
		"0812345678": "+66812345678", "081-234-5678": "+66812345678", "081 234 5678": "+66812345678", "๐๘๑-๒๓๔-๕๖๗๘": "+66812345678",
		"+66812345678": "+66812345678", "+66 (0)81 234 5678": "+66812345678", "66812345678": "+66812345678", "0066812345678": "+66812345678",
		"02-123-4567": "+6621234567", "055123456": "+6655123456", "เบอร์โทร 0812345678 ครับ": "+66812345678", "Tel: 0612345678": "+66612345678",
		"+14155550123": "+14155550123",
		"191":          "", "1300": "", "08123456789": "", "081234567": "", "0112345678": "", "12345": "", "": "", "ช่วยด้วย": "",
		"คนร้ายโทรจาก 0812345678": "", "0812345678 หรือ 0898765432": "", "6501": "", "๑": "",
	}
	for text, want := range tests {
		if got, ok := ParsePhone(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{` + head + `,"type":"message","message":{"type":"text","id":"7","text":"0812345678"}}`))
	f.Add([]byte(`{` + head + `,"type":"message","message":{"type":"location","id":"1","latitude":16.8,"longitude":1e308}}`))
	f.Add([]byte(`{"type":"postback","source":null,"postback":null}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"type":"message","source":{"type":"group","userId":"` + person + `"},"message":{"type":"text","text":"x"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := Split(raw); err != nil && len(raw) > 3 && strings.Contains(err.Error(), string(raw)) {
			t.Errorf("the error holds the body: %v", err)
		}
		a, err := Parse(raw)
		if a.EventID == "" || a.In.Word == "" || a.Type == "" {
			t.Errorf("not fit to be stored: %+v", a)
		}
		if (err != nil) != (a.In.Word == casefile.Unknown) {
			t.Errorf("error %v for word %s", err, a.In.Word)
		}
		if a.In.Word != casefile.Unknown && a.UserID == "" {
			t.Errorf("a word of nobody: %+v", a.In)
		}
		if strings.ContainsRune(a.In.Text, 0) {
			t.Error("NUL in the text")
		}
		if _, err := json.Marshal(a); err != nil {
			t.Errorf("cannot be stored: %v", err)
		}
		again, _ := Parse(raw)
		if again.EventID != a.EventID {
			t.Errorf("two IDs for the same bytes: %s, %s", a.EventID, again.EventID)
		}
	})
}
