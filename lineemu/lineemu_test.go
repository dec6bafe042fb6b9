package lineemu

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"
)

const (
	secret  = "a-channel-secret-for-tests"
	openAPI = "../../shared/line-openapi"
)

// world is a platform, a client of it and an official account that listens.
type world struct {
	t     *testing.T
	p     *Platform
	base  string
	sdk   *messaging_api.MessagingApiAPI
	token string
	hook  *inbox

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) pass(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }

// inbox is the account's webhook: it answers status and keeps what came.
type inbox struct {
	mu     sync.Mutex
	bodies [][]byte
	signed []bool
	answer func(n int) int // status for the n-th request, from 0
	came   chan struct{}
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	in.mu.Lock()
	n := len(in.bodies)
	in.bodies = append(in.bodies, body)
	in.signed = append(in.signed, webhook.ValidateSignature(secret, r.Header.Get("X-Line-Signature"), body))
	status := in.answer(n)
	in.mu.Unlock()
	w.WriteHeader(status)
	in.came <- struct{}{}
}

// events returns every event of every request, in order of arrival.
func (in *inbox) events(t *testing.T) []map[string]any {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	var all []map[string]any
	for _, b := range in.bodies {
		var body struct {
			Destination string
			Events      []map[string]any
		}
		if err := json.Unmarshal(b, &body); err != nil {
			t.Fatal(err)
		}
		all = append(all, body.Events...)
	}
	return all
}

func start(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)}
	w.hook = &inbox{answer: func(int) int { return 200 }, came: make(chan struct{}, 1000)}
	account := httptest.NewServer(w.hook)
	t.Cleanup(account.Close)
	o := Options{ChannelSecret: secret, WebhookURL: account.URL + "/line", Now: w.clock, Seed: 7, RedeliveryDelay: 10 * time.Millisecond}
	if _, err := os.Stat(openAPI); err == nil {
		o.OpenAPIDir = openAPI
	}
	for _, c := range change {
		c(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.p = p
	api := httptest.NewServer(p.Handler())
	t.Cleanup(func() { p.Close(); api.Close() })
	w.base, w.token = api.URL, p.Token()
	if w.sdk, err = messaging_api.NewMessagingApiAPI(w.token, messaging_api.WithEndpoint(api.URL)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) person(u User) *Phone {
	w.t.Helper()
	ph, err := w.p.AddUser(u)
	if err != nil {
		w.t.Fatal(err)
	}
	return ph
}

func (w *world) friend(name string) *Phone { return w.person(User{Name: name, Friend: true}) }

func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
	defer cancel()
	if err := w.p.Settled(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// reply is an answer of the platform.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) message() string {
	var b struct{ Message string }
	_ = json.Unmarshal([]byte(r.body), &b)
	return b.Message
}

// call makes a raw call; header values come as pairs.
func (w *world) call(method, path, body string, header ...string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

const (
	pushPath  = "/v2/bot/message/push"
	replyPath = "/v2/bot/message/reply"
	manyPath  = "/v2/bot/message/multicast"
	key1      = "123e4567-e89b-12d3-a456-426614174000"
	key2      = "123e4567-e89b-12d3-a456-426614174001"
	stranger  = "Uffffffffffffffffffffffffffffffff"
)

func pushTo(id, text string) string {
	return string(marshal(object{"to": id, "messages": []object{{"type": "text", "text": text}}}))
}

func replyTo(token any, text string) string {
	return string(marshal(object{"replyToken": token, "messages": []object{{"type": "text", "text": text}}}))
}

func want(t *testing.T, got reply, status int, message string) {
	t.Helper()
	if got.status != status || got.message() != message {
		t.Errorf("got %d %s, want %d %q", got.status, got.body, status, message)
	}
}

func TestSDKSendsAndPersonSees(t *testing.T) {
	w := start(t)
	mali := w.friend("มะลิ")
	flex := &messaging_api.FlexMessage{AltText: "มีข้อความใหม่", Contents: &messaging_api.FlexBubble{
		Body: &messaging_api.FlexBox{Layout: "vertical", Contents: []messaging_api.FlexComponentInterface{
			&messaging_api.FlexText{Text: "ขโมยเข้าบ้าน", Wrap: true, Scaling: true},
			&messaging_api.FlexButton{Style: "primary", Action: &messaging_api.PostbackAction{Label: "รับเหตุ", Data: "v1|accept", DisplayText: "รับเหตุ"}},
		}},
	}, QuickReply: &messaging_api.QuickReply{Items: []messaging_api.QuickReplyItem{
		{Type: "action", Action: &messaging_api.LocationAction{Label: "ส่งตำแหน่ง"}},
		{Type: "action", Action: &messaging_api.PostbackAction{Label: "ยกเลิก", Data: "v1|cancel"}},
	}}}
	res, err := w.sdk.PushMessage(&messaging_api.PushMessageRequest{To: mali.ID(), Messages: []messaging_api.MessageInterface{flex}, NotificationDisabled: true}, key1)
	if err != nil {
		t.Fatal(err)
	}
	item := mali.Transcript()[0]
	if item.MessageID != res.SentMessages[0].Id || !item.Says("ขโมยเข้าบ้าน") || !item.Says("รับเหตุ") || item.AltText != "มีข้อความใหม่" {
		t.Errorf("the phone shows %+v", item)
	}
	if item.Rang || item.LockScreen != "" || item.Preview != "มีข้อความใหม่" {
		t.Errorf("a silent message rang: %+v", item)
	}
	if quick := mali.QuickReplies(); len(quick) != 2 || quick[0].Label != "ส่งตำแหน่ง" {
		t.Errorf("quick replies %+v", quick)
	}
	if a, err := mali.TapQuickReply("ส่งตำแหน่ง"); err != nil || a.Type != "location" || len(mali.QuickReplies()) != 2 {
		t.Errorf("a location quick reply must open a screen and stay: %+v %v", a, err)
	}
	if _, err := mali.TapQuickReply("ยกเลิก"); err != nil || len(mali.QuickReplies()) != 0 {
		t.Errorf("a tapped quick reply must go: %v", err)
	}
	if _, err := mali.TapButton("รับเหตุ"); err != nil {
		t.Fatal(err)
	}
	if _, err := mali.TapButton("ไม่มีปุ่มนี้"); err == nil {
		t.Error("tapped a button that is not there")
	}
	w.settle()
	var taps []webhook.PostbackEvent
	for i, body := range w.hook.bodies {
		if !w.hook.signed[i] {
			t.Error("a webhook was not signed")
		}
		var cb webhook.CallbackRequest
		if err := json.Unmarshal(body, &cb); err != nil {
			t.Fatal(err)
		}
		if cb.Destination != w.p.BotID() {
			t.Errorf("destination %s", cb.Destination)
		}
		for _, e := range cb.Events {
			taps = append(taps, e.(webhook.PostbackEvent))
		}
	}
	if len(taps) != 2 || taps[0].Postback.Data != "v1|cancel" || taps[1].Postback.Data != "v1|accept" || len(taps[0].WebhookEventId) != 26 {
		t.Fatalf("postbacks %+v", taps)
	}
	items := mali.Transcript()
	silent, loud := items[len(items)-2], items[len(items)-1]
	if silent.Shown || !loud.Shown || !loud.Says("รับเหตุ") {
		t.Errorf("only a tap with displayText leaves a bubble: %+v, %+v", silent, loud)
	}
}

func TestReplyTokens(t *testing.T) {
	w := start(t)
	mali := w.friend("มะลิ")
	token := func() any {
		t.Helper()
		if _, err := mali.Say("ช่วยด้วย"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		all := w.hook.events(t)
		return all[len(all)-1]["replyToken"]
	}
	first := token()
	want(t, w.call("POST", replyPath, replyTo(first, "รับแล้ว"), "X-Line-Retry-Key", key1), 400, "The retry key is not supported by this API")
	if got := w.call("POST", replyPath, replyTo(first, "รับแล้ว")); got.status != 200 || !strings.Contains(got.body, "sentMessages") {
		t.Errorf("a fresh token: %+v", got)
	}
	want(t, w.call("POST", replyPath, replyTo(first, "อีกครั้ง")), 400, "Invalid reply token")
	want(t, w.call("POST", replyPath, replyTo("unknown", "ใคร")), 400, "Invalid reply token")
	late := token()
	w.pass(61 * time.Second)
	want(t, w.call("POST", replyPath, replyTo(late, "ช้าไป")), 400, "Invalid reply token")
	if items := mali.Transcript(); !items[1].Says("รับแล้ว") || items[1].Via != "reply" || len(items) != 3 {
		t.Errorf("the phone shows %+v", items)
	}
	if got := w.call("GET", "/v2/bot/message/quota/consumption", ""); got.body != `{"totalUsage":0}` {
		t.Errorf("replies must not count: %s", got.body)
	}
}

func TestRedeliveryGivesTheTokenAnotherMinuteAndKeepsTheEvent(t *testing.T) {
	w := start(t)
	w.hook.answer = func(n int) int {
		if n == 0 {
			w.pass(2 * time.Minute) // the token of the first delivery is long gone by the second
			return 503
		}
		return 200
	}
	mali := w.friend("มะลิ")
	if _, err := mali.SendLocation(16.8211, 100.2659, "", ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	got := w.hook.events(t)
	if len(got) != 2 {
		t.Fatalf("%d deliveries, want 2", len(got))
	}
	again := got[1]["deliveryContext"].(map[string]any)["isRedelivery"]
	if got[0]["webhookEventId"] != got[1]["webhookEventId"] || got[0]["replyToken"] != got[1]["replyToken"] || again != true || got[0]["timestamp"] != got[1]["timestamp"] {
		t.Errorf("the redelivery is another event: %v", got)
	}
	if r := w.call("POST", replyPath, replyTo(got[1]["replyToken"], "รับแล้ว")); r.status != 200 {
		t.Errorf("the token must live again: %+v", r)
	}
}

func TestRedeliveryStopsTwentyMinutesAfterTheEvent(t *testing.T) {
	w := start(t)
	w.hook.answer = func(n int) int {
		if n == 0 {
			w.pass(21 * time.Minute)
			return 500
		}
		return 200
	}
	mali := w.friend("มะลิ")
	_, _ = mali.Say("ช่วยด้วย")
	w.settle()
	w.token = w.p.Token()
	want(t, w.call("POST", replyPath, replyTo(w.hook.events(t)[1]["replyToken"], "รับแล้ว")), 400, "Invalid reply token")
}

func TestRetryKeys(t *testing.T) {
	w := start(t)
	ann, bo := w.friend("แอน"), w.friend("โบ")
	first := w.call("POST", pushPath, pushTo(ann.ID(), "เหตุใหม่"), "X-Line-Retry-Key", key1)
	again := w.call("POST", pushPath, pushTo(ann.ID(), "เหตุใหม่"), "X-Line-Retry-Key", key1)
	want(t, again, 409, "The retry key is already accepted")
	if again.header.Get("X-Line-Accepted-Request-Id") != first.header.Get("X-Line-Request-Id") || again.header.Get("X-Line-Request-Id") == first.header.Get("X-Line-Request-Id") {
		t.Error("409 must name the accepted request and its own")
	}
	var a, b struct{ SentMessages []sentMessage }
	_ = json.Unmarshal([]byte(first.body), &a)
	_ = json.Unmarshal([]byte(again.body), &b)
	if len(a.SentMessages) != 1 || !slices.Equal(a.SentMessages, b.SentMessages) {
		t.Errorf("409 must repeat sentMessages: %s, %s", first.body, again.body)
	}
	many := `{"to":["` + ann.ID() + `","` + bo.ID() + `"],"messages":[{"type":"text","text":"ถึงทุกคน"}]}`
	if r := w.call("POST", manyPath, many, "X-Line-Retry-Key", key2); r.status != 200 || r.body != "{}" {
		t.Errorf("multicast: %+v", r)
	}
	if r := w.call("POST", manyPath, many, "X-Line-Retry-Key", key2); r.status != 409 || strings.Contains(r.body, "sentMessages") {
		t.Errorf("multicast again: %+v", r)
	}
	if len(ann.Transcript()) != 2 || len(bo.Transcript()) != 1 || len(w.p.Accepted()) != 2 || len(w.p.Delivered()) != 3 {
		t.Error("a retry was delivered, or a send was not")
	}
	want(t, w.call("POST", pushPath, pushTo(ann.ID(), "x"), "X-Line-Retry-Key", "case-1"), 400, "Invalid X-Line-Retry-Key: must be a UUID")
	want(t, w.call("POST", pushPath, pushTo(ann.ID(), "x"), "X-Line-Retry-Key", ""), 400, "Invalid X-Line-Retry-Key: must be a UUID")
	w.pass(24*time.Hour + time.Second)
	w.token = w.p.Token()
	if r := w.call("POST", pushPath, pushTo(ann.ID(), "เหตุใหม่"), "X-Line-Retry-Key", key1); r.status != 200 {
		t.Errorf("after a day the key sends again: %+v", r)
	}
}

func TestARefusedKeyIsNotRemembered(t *testing.T) {
	w := start(t)
	w.call("POST", pushPath, pushTo(stranger, "x"), "X-Line-Retry-Key", key1)
	if r := w.call("POST", pushPath, pushTo(w.friend("แอน").ID(), "x"), "X-Line-Retry-Key", key1); r.status != 200 {
		t.Errorf("%+v", r)
	}
}

func TestWhoIsReached(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*world, *Phone)
		arrives bool
	}{
		{"a friend", func(_ *world, ph *Phone) { _ = ph.Follow() }, true},
		{"a stranger", func(*world, *Phone) {}, false},
		{"a stranger who wrote to us", func(_ *world, ph *Phone) { _, _ = ph.Say("สวัสดี") }, true},
		{"a stranger who wrote more than a week ago", func(w *world, ph *Phone) {
			_, _ = ph.Say("สวัสดี")
			w.pass(8 * 24 * time.Hour)
		}, false},
		{"someone who blocked us", func(_ *world, ph *Phone) { _ = ph.Follow(); ph.Block() }, false},
		{"someone who took the block back", func(_ *world, ph *Phone) { ph.Block(); _ = ph.Unblock() }, true},
		{"someone who left LINE", func(_ *world, ph *Phone) { _ = ph.Follow(); ph.DeleteAccount() }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t)
			ph := w.person(User{Name: "คนหนึ่ง"})
			tt.prepare(w, ph)
			w.token = w.p.Token()
			r := w.call("POST", pushPath, pushTo(ph.ID(), "ถึงไหม"))
			arrived := slices.ContainsFunc(ph.Transcript(), func(i Item) bool { return i.Says("ถึงไหม") })
			if r.status != 200 || arrived != tt.arrives {
				t.Errorf("status %d, arrived %v; want 200 and %v", r.status, arrived, tt.arrives)
			}
			used := w.call("GET", "/v2/bot/message/quota/consumption", "").body
			if (used == `{"totalUsage":1}`) != tt.arrives {
				t.Errorf("counted %s", used)
			}
		})
	}
}

// TestRefusals is the table of answers to a push, by what is wrong with it.
func TestRefusals(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน").ID()
	text := func(m string) string { return `{"to":"` + ann + `","messages":[` + m + `]}` }
	say := `{"type":"text","text":"x"}`
	tests := []struct {
		name, path, body string
		header           []string
		status           int
		message          string
	}{
		{"no token", pushPath, pushTo(ann, "x"), []string{"Authorization", ""}, 401, "Authentication failed due to the following reason: missing or malformed authorization header"},
		{"a wrong token", pushPath, pushTo(ann, "x"), []string{"Authorization", "Bearer nope"}, 401, "Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid."},
		{"not JSON", pushPath, pushTo(ann, "x"), []string{"Content-Type", "text/plain"}, 415, "The content type, text/plain, is not supported"},
		{"broken JSON", pushPath, "{\"to\":\n  oops}", nil, 400, "The request body could not be parsed as JSON (line: 2, column: 3)"},
		{"over 2 MB", pushPath, pushTo(ann, strings.Repeat("x", maxBody)), nil, 413, "Request body too large"},
		{"an unknown user", pushPath, pushTo(stranger, "x"), nil, 400, "Failed to send messages"},
		{"a malformed user", pushPath, pushTo("mali", "x"), nil, 400, "The property, to, in the request body is invalid (line: -, column: -)"},
		{"a malformed user in a multicast", manyPath, `{"to":["` + ann + `","C` + stranger[1:] + `"],"messages":[` + say + `]}`, nil, 400, "The property, to[1], in the request body is invalid (line: -, column: -)"},
		{"an unknown path", "/v2/bot/nothing", "{}", nil, 404, "Not found"},
		{"no message", pushPath, text(""), nil, 400, "The request body has 1 error(s)"},
		{"six messages", pushPath, text(strings.TrimSuffix(strings.Repeat(say+",", 6), ",")), nil, 400, "The request body has 1 error(s)"},
		{"an unknown message type", pushPath, text(`{"type":"hologram"}`), nil, 400, "The request body has 1 error(s)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.call("POST", tt.path, tt.body, tt.header...)
			want(t, got, tt.status, tt.message)
			if !uuidPattern.MatchString(got.header.Get("X-Line-Request-Id")) {
				t.Error("no request ID")
			}
		})
	}
	if len(w.p.Accepted()) != 0 {
		t.Error("something was accepted")
	}
}

// Whether the OpenAPI description is there or not, what LINE documents a text
// for is refused with that text.
func TestRefusalsInLINEsWords(t *testing.T) {
	without := start(t, func(o *Options) { o.OpenAPIDir = "" })
	with := start(t)
	tests := []struct{ name, path, body, message, property string }{
		{"no message", pushPath, `{"to":"` + stranger + `","messages":[]}`, "Size must be between 1 and 5", "messages"},
		{"long text", pushPath, pushTo(stranger, strings.Repeat("ก", 5001)), "Length must be between 0 and 5000", "messages[0].text"},
		{"validate", "/v2/bot/message/validate/reply", `{"messages":[{"type":"text","text":""}]}`, "May not be empty", "messages[0].text"},
		{"loading too long", "/v2/bot/chat/loading/start", `{"chatId":"` + stranger + `","loadingSeconds":65}`, "Must be between 5 and 60", "loadingSeconds"},
		{"a menu without a name", "/v2/bot/richmenu", `{"chatBarText":"x","selected":true,"size":{"width":800,"height":500},"areas":[]}`, "must be specified", "name"},
		{"a bad uri in a menu", "/v2/bot/richmenu/validate", `{"name":"x","chatBarText":"x","selected":true,"size":{"width":800,"height":500},"areas":[{"bounds":{"x":0,"y":0,"width":1,"height":1},"action":{"type":"uri","uri":"ftp://x"}}]}`, "invalid uri", "areas[0].action.uri"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, w := range []*world{without, with} {
				r := w.call("POST", tt.path, tt.body)
				if want := `"details":[{"message":"` + tt.message + `","property":"` + tt.property + `"}]`; r.status != 400 || !strings.Contains(r.body, want) {
					t.Errorf("%d %s, want %s", r.status, r.body, want)
				}
			}
		})
	}
}

func TestMulticastSwitchForUnknownUsers(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	body := `{"to":["` + stranger + `","` + ann.ID() + `"],"messages":[{"type":"text","text":"x"}]}`
	if r := w.call("POST", manyPath, body); r.status != 200 || len(ann.Transcript()) != 1 {
		t.Errorf("%+v", r)
	}
	if err := w.p.SetFaults(Faults{RefuseUnknownInMulticast: true}); err != nil {
		t.Fatal(err)
	}
	want(t, w.call("POST", manyPath, body), 400, "The property, to[0], in the request body is invalid (line: -, column: -)")
}

func TestQuotaCountsRecipientsByMonth(t *testing.T) {
	w := start(t, func(o *Options) { o.Quota = 3 })
	ann, bo := w.friend("แอน"), w.friend("โบ")
	w.friend("ซี").Block()
	many := `{"to":["` + ann.ID() + `","` + bo.ID() + `"],"messages":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}`
	if r := w.call("POST", manyPath, many); r.status != 200 {
		t.Fatalf("%+v", r)
	}
	want(t, w.call("POST", manyPath, many), 429, "You have reached your monthly limit.")
	if got := w.call("GET", "/v2/bot/message/quota/consumption", "").body; got != `{"totalUsage":2}` {
		t.Errorf("used %s", got)
	}
	if got := w.call("GET", "/v2/bot/message/quota", "").body; got != `{"type":"limited","value":3}` {
		t.Errorf("quota %s", got)
	}
	w.pass(24 * time.Hour) // 31 March becomes April
	w.token = w.p.Token()
	if r := w.call("POST", manyPath, many); r.status != 200 {
		t.Errorf("a new month: %+v", r)
	}
}

func TestRateBucketEmptiesAndRefills(t *testing.T) {
	w := start(t)
	codes := map[int]int{}
	for range listing.calls + 1 {
		codes[w.call("GET", "/v2/bot/richmenu/list", "").status]++
	}
	if codes[200] != listing.calls || codes[429] != 1 {
		t.Errorf("answers %v", codes)
	}
	w.pass(time.Second)
	if r := w.call("GET", "/v2/bot/richmenu/list", ""); r.status != 200 {
		t.Errorf("%+v", r)
	}
}

func TestLoadingAnimation(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	tests := []struct {
		name, body, detail string
		status             int
	}{
		{"by default", `{"chatId":"` + ann.ID() + `"}`, "", 202},
		{"for a stranger", `{"chatId":"` + stranger + `","loadingSeconds":60}`, "", 202},
		{"seven seconds", `{"chatId":"` + ann.ID() + `","loadingSeconds":7}`, "must be a multiple of five", 400},
		{"a group", `{"chatId":"C` + stranger[1:] + `"}`, "Only user id is acceptable", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r := w.call("POST", "/v2/bot/chat/loading/start", tt.body); r.status != tt.status || !strings.Contains(r.body, tt.detail) {
				t.Errorf("%+v", r)
			}
		})
	}
	if items := ann.Transcript(); len(items) != 1 || items[0].Type != "loading" || items[0].Shown {
		t.Errorf("%+v", items)
	}
}

func TestProfileAndInfo(t *testing.T) {
	w := start(t)
	ann := w.person(User{Name: "แอน", Language: "en", Friend: true})
	got, err := w.sdk.GetProfile(ann.ID())
	if err != nil || got.DisplayName != "แอน" || got.Language != "en" {
		t.Errorf("%+v %v", got, err)
	}
	ann.Block()
	want(t, w.call("GET", "/v2/bot/profile/"+ann.ID(), ""), 404, "Not found")
	want(t, w.call("GET", "/v2/bot/profile/mali", ""), 400, "The value for the 'userId' parameter is invalid")
	info, err := w.sdk.GetBotInfo()
	if err != nil || info.UserId != w.p.BotID() || info.DisplayName != "ESS Help Me" {
		t.Errorf("%+v %v", info, err)
	}
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRichMenus(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	blob, err := messaging_api.NewMessagingApiBlobAPI(w.token, messaging_api.WithBlobEndpoint(w.base))
	if err != nil {
		t.Fatal(err)
	}
	area := func(x int64, a messaging_api.ActionInterface) messaging_api.RichMenuArea {
		return messaging_api.RichMenuArea{Bounds: &messaging_api.RichMenuBounds{X: x, Width: 400, Height: 500}, Action: a}
	}
	make1 := func(name string) string {
		t.Helper()
		r, err := w.sdk.CreateRichMenu(&messaging_api.RichMenuRequest{
			Size: &messaging_api.RichMenuSize{Width: 800, Height: 500}, Selected: true, Name: name,
			ChatBarText: "แจ้งเหตุฉุกเฉิน", // 15 code points, but 11 clusters
			Areas: []messaging_api.RichMenuArea{
				area(0, &messaging_api.PostbackAction{Label: "ถูกทำร้าย", Data: "v1|violence", InputOption: "closeRichMenu"}),
				area(400, &messaging_api.RichMenuSwitchAction{Label: "English", RichMenuAliasId: "menu-en", Data: "v1|switch"}),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.RichMenuId
	}
	thai, english := make1("th"), make1("en")
	upload := func(id string, picture []byte) (int, string) {
		res, _, err := blob.SetRichMenuImageWithHttpInfo(id, "image/png", bytes.NewReader(picture))
		if res == nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	want(t, w.call("POST", "/v2/bot/user/all/richmenu/"+thai, ""), 400, "must upload richmenu image before applying it to user")
	want(t, w.call("POST", "/v2/bot/richmenu/alias", `{"richMenuAliasId":"menu-th","richMenuId":"`+thai+`"}`), 400, "richmenu not found")
	if code, body := upload(thai, pngOf(t, 800, 400)); code != 400 || !strings.Contains(body, "The image size is not allowed for richmenu") {
		t.Errorf("a wrong size: %d %s", code, body)
	}
	for _, id := range []string{thai, english} {
		if code, body := upload(id, pngOf(t, 800, 500)); code != 200 {
			t.Fatalf("upload: %d %s", code, body)
		}
	}
	if code, body := upload(thai, pngOf(t, 800, 500)); code != 400 || !strings.Contains(body, "An image has already been uploaded to the richmenu") {
		t.Errorf("a second image: %d %s", code, body)
	}
	if ann.Menu() != nil {
		t.Error("a menu before any was set")
	}
	if _, err := w.sdk.SetDefaultRichMenu(thai); err != nil {
		t.Fatal(err)
	}
	if m := ann.Menu(); m == nil || m.ID != thai || m.Areas[0].Label != "ถูกทำร้าย" || !m.HasImage {
		t.Fatalf("menu %+v", m)
	}
	alias := func(id, menu string) reply {
		return w.call("POST", "/v2/bot/richmenu/alias", `{"richMenuAliasId":"`+id+`","richMenuId":"`+menu+`"}`)
	}
	want(t, alias("menu-en", english), 200, "")
	want(t, alias("menu-en", thai), 400, "conflict richmenu alias id")
	want(t, w.call("POST", "/v2/bot/richmenu/alias/menu-xx", `{"richMenuId":"`+thai+`"}`), 404, "richmenu alias not found")
	want(t, w.call("POST", "/v2/bot/richmenu/alias/menu-en", `{"richMenuId":"`+english+`"}`), 200, "")
	if got := w.call("GET", "/v2/bot/richmenu/alias/list", "").body; got != `{"aliases":[{"richMenuAliasId":"menu-en","richMenuId":"`+english+`"}]}` {
		t.Errorf("aliases %s", got)
	}
	if _, err := ann.TapMenu("ถูกทำร้าย"); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.TapMenu("English"); err != nil || ann.Menu().ID != english {
		t.Errorf("the switch shows %+v, %v", ann.Menu(), err)
	}
	w.settle()
	events := w.hook.events(t)
	params := events[1]["postback"].(map[string]any)["params"].(map[string]any)
	if len(events) != 2 || params["newRichMenuAliasId"] != "menu-en" || params["status"] != "SUCCESS" {
		t.Errorf("events %v", events)
	}
	want(t, w.call("DELETE", "/v2/bot/user/"+ann.ID()+"/richmenu", ""), 200, "")
	want(t, w.call("GET", "/v2/bot/user/"+ann.ID()+"/richmenu", ""), 404, "the user has no richmenu")
	if ann.Menu().ID != thai {
		t.Error("without a menu of one's own the default shows")
	}
	if _, err := w.sdk.LinkRichMenuIdToUsers(&messaging_api.RichMenuBulkLinkRequest{RichMenuId: english, UserIds: []string{ann.ID()}}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Second); ann.Menu().ID != english; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the bulk link never took effect")
		}
	}
	if got, err := w.sdk.GetRichMenuIdOfUser(ann.ID()); err != nil || got.RichMenuId != english {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := w.sdk.DeleteRichMenu(english); err != nil || ann.Menu().ID != thai {
		t.Errorf("a deleted menu shows: %v", err)
	}
	list, err := w.sdk.GetRichMenuList()
	if err != nil || len(list.Richmenus) != 1 || list.Richmenus[0].RichMenuId != thai || list.Richmenus[0].ChatBarText != "แจ้งเหตุฉุกเฉิน" {
		t.Errorf("%+v %v", list, err)
	}
	want(t, w.call("GET", "/v2/bot/richmenu/"+english, ""), 404, "Not found")
	want(t, w.call("POST", "/v2/bot/user/"+stranger+"/richmenu/"+thai, ""), 400, "The value for the 'userId' parameter is invalid")
}

func TestContent(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	photo := pngOf(t, 2, 2)
	id, err := ann.SendImage(photo)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.p.SetFaults(Faults{ContentPreparing: 1}); err != nil {
		t.Fatal(err)
	}
	path := "/v2/bot/message/" + id + "/content"
	if r := w.call("GET", path, ""); r.status != 202 || r.body != "" {
		t.Errorf("preparing: %+v", r)
	}
	if r := w.call("GET", path, ""); r.status != 200 || r.body != string(photo) || r.header.Get("Content-Type") != "image/png" {
		t.Errorf("ready: %d %s", r.status, r.header.Get("Content-Type"))
	}
	want(t, w.call("GET", "/v2/bot/message/1/content", ""), 404, "not found")
	if err := ann.Unsend(id); err != nil {
		t.Fatal(err)
	}
	want(t, w.call("GET", path, ""), 410, "The content is gone")
	w.settle()
	last := w.hook.events(t)[1]
	if last["type"] != "unsend" || last["unsend"].(map[string]any)["messageId"] != id || last["replyToken"] != nil {
		t.Errorf("%v", last)
	}
	if !ann.Transcript()[0].Unsent {
		t.Error("the unsent message still shows")
	}
}

func TestMarkAsRead(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	id, _ := ann.Say("อยู่ไหม")
	w.settle()
	token := w.hook.events(t)[0]["message"].(map[string]any)["markAsReadToken"].(string)
	want(t, w.call("POST", "/v2/bot/chat/markAsRead", `{"markAsReadToken":"`+token+`"}`), 200, "")
	if ann.readUpTo != id {
		t.Errorf("read up to %q", ann.readUpTo)
	}
	want(t, w.call("POST", "/v2/bot/chat/markAsRead", `{"markAsReadToken":"`+token+`0"}`), 400, "Invalid markAsReadToken. Tokens must be used by the bot that received them via Webhook.")
}

func TestWebhookEndpoint(t *testing.T) {
	w := start(t, func(o *Options) { o.WebhookTimeout = 100 * time.Millisecond })
	want(t, w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"https://ess.example/line"}`), 400, "Invalid webhook endpoint URL")
	got, err := w.sdk.TestWebhookEndpoint(&messaging_api.TestWebhookEndpointRequest{})
	if err != nil || !got.Success || got.StatusCode != 200 || string(w.hook.bodies[0]) != `{"destination":"`+w.p.BotID()+`","events":[]}` || !w.hook.signed[0] {
		t.Errorf("%+v %v %s", got, err, w.hook.bodies)
	}
	w.hook.answer = func(int) int { return 503 }
	if got, _ := w.sdk.TestWebhookEndpoint(&messaging_api.TestWebhookEndpointRequest{}); got.Success || got.Reason != "ERROR_STATUS_CODE" {
		t.Errorf("%+v", got)
	}
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that the client left only after the body
		<-r.Context().Done()
	}))
	defer slow.Close()
	for target, reason := range map[string]string{slow.URL: "REQUEST_TIMEOUT", "http://127.0.0.1:1": "COULD_NOT_CONNECT"} {
		want(t, w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"`+target+`"}`), 200, "")
		if r := w.call("POST", "/v2/bot/channel/webhook/test", `{}`); r.status != 200 || !strings.Contains(r.body, reason) {
			t.Errorf("%s: %+v", reason, r)
		}
	}
	if got := w.call("GET", "/v2/bot/channel/webhook/endpoint", "").body; !strings.Contains(got, `"active":true`) {
		t.Errorf("%s", got)
	}
}

func TestTokens(t *testing.T) {
	w := start(t)
	form := func(pairs ...string) reply {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return w.call("POST", "/oauth2/v3/token", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
	}
	got := form("grant_type", "client_credentials", "client_id", "1234567890", "client_secret", secret)
	var token struct {
		Type   string `json:"token_type"`
		Access string `json:"access_token"`
		Life   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.body), &token); err != nil || token.Type != "Bearer" || token.Life != 900 {
		t.Fatalf("%+v", got)
	}
	w.token = token.Access
	if r := w.call("GET", "/v2/bot/info", ""); r.status != 200 {
		t.Errorf("%+v", r)
	}
	w.pass(16 * time.Minute)
	want(t, w.call("GET", "/v2/bot/info", ""), 401, "Authentication failed due to the following reason: access token expired")
	if r := form("grant_type", "client_credentials", "client_id", "1234567890", "client_secret", "wrong"); r.status != 400 || !strings.Contains(r.body, "Invalid 'client_credentials'.") {
		t.Errorf("%+v", r)
	}
	claims := object{"iss": "1234567890", "sub": "1234567890", "aud": "https://api.line.me/", "exp": w.clock().Add(20 * time.Minute).Unix()}
	for _, tt := range []struct {
		name   string
		key    signer
		claims object
		status int
	}{
		{"signed by the registered key", registered, claims, 200},
		{"signed by another key", foreign, claims, 404},
		{"longer than half an hour", registered, with(claims, "exp", w.clock().Add(time.Hour).Unix()), 404},
		{"of another channel", registered, with(claims, "iss", "1"), 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.p.opt.AssertionKey = registered.public()
			r := form("grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", tt.key.sign(t, tt.claims))
			if r.status != tt.status {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAPIFaults(t *testing.T) {
	tests := []struct {
		kind     FaultKind
		status   int // 0: no answer
		message  string
		accepted bool
	}{
		{RateLimited, 429, rateText, false},
		{QuotaReached, 429, quotaText, false},
		{ErrorBefore, 500, "Internal server error", false},
		{ErrorAfter, 500, "Internal server error", true},
		{Reset, 0, "", false},
		{ResetAfter, 0, "", true},
		{Hang, 0, "", false},
		{HangAfter, 0, "", true},
		{Slow, 200, "", true},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			w := start(t)
			ann := w.friend("แอน")
			if err := w.p.FailNext("push", tt.kind, 1); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, "POST", w.base+pushPath, strings.NewReader(pushTo(ann.ID(), "เหตุใหม่")))
			req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}, "X-Line-Retry-Key": {key1}}
			res, err := http.DefaultClient.Do(req)
			if (err == nil) != (tt.status != 0) {
				t.Fatalf("answered %v, %v", res, err)
			}
			if err == nil {
				b, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				want(t, reply{res.StatusCode, res.Header, string(b)}, tt.status, tt.message)
			}
			if got := len(ann.Transcript()) == 1; got != tt.accepted {
				t.Errorf("accepted %v, want %v", got, tt.accepted)
			}
			// The retry with the same key always ends with exactly one message.
			again := w.call("POST", pushPath, pushTo(ann.ID(), "เหตุใหม่"), "X-Line-Retry-Key", key1)
			if ok := again.status == 409; ok != tt.accepted || len(ann.Transcript()) != 1 {
				t.Errorf("the retry: %+v, %d messages", again, len(ann.Transcript()))
			}
		})
	}
}

func TestFaultsStrikeOnlyTheirEndpoint(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	if err := w.p.SetFaults(Faults{API: []APIFault{{Endpoint: "profile", Kind: ErrorBefore, Probability: 1}}}); err != nil {
		t.Fatal(err)
	}
	if r := w.call("POST", pushPath, pushTo(ann.ID(), "x")); r.status != 200 {
		t.Errorf("%+v", r)
	}
	if r := w.call("GET", "/v2/bot/profile/"+ann.ID(), ""); r.status != 500 {
		t.Errorf("%+v", r)
	}
	for _, bad := range []APIFault{{Kind: "magic"}, {Kind: Slow, Endpoint: "pusch"}, {Kind: Slow, Probability: 2}} {
		if w.p.SetFaults(Faults{API: []APIFault{bad}}) == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestWebhookFaults(t *testing.T) {
	said := func(events []map[string]any) (texts []string) {
		for _, e := range events {
			m, _ := e["message"].(map[string]any)
			text, _ := m["text"].(string)
			texts = append(texts, text)
		}
		return texts
	}
	t.Run("in order without faults", func(t *testing.T) {
		w := start(t)
		ann := w.friend("แอน")
		var wanted []string
		for _, text := range strings.Split("abcdefghij", "") {
			_, _ = ann.Say(text)
			wanted = append(wanted, text)
		}
		w.settle()
		if got := said(w.hook.events(t)); !slices.Equal(got, wanted) {
			t.Errorf("came as %v", got)
		}
	})
	t.Run("duplicates are the same bytes", func(t *testing.T) {
		w := start(t)
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Duplicate: 1}})
		_, _ = w.friend("แอน").Say("a")
		w.settle()
		if len(w.hook.bodies) != 2 || !bytes.Equal(w.hook.bodies[0], w.hook.bodies[1]) {
			t.Errorf("%s", w.hook.bodies)
		}
	})
	t.Run("reordered", func(t *testing.T) {
		w := start(t)
		ann := w.friend("แอน")
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Reorder: 1, Hold: 60 * time.Millisecond}})
		_, _ = ann.Say("first")
		_ = w.p.SetFaults(Faults{})
		_, _ = ann.Say("second")
		w.settle()
		if got := said(w.hook.events(t)); !slices.Equal(got, []string{"second", "first"}) {
			t.Errorf("came as %v", got)
		}
	})
	t.Run("several people in one request", func(t *testing.T) {
		w := start(t)
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Batch: 3}})
		for _, name := range []string{"แอน", "โบ", "ซี", "ดี"} {
			_, _ = w.friend(name).Say(name)
		}
		w.settle()
		if len(w.hook.bodies) != 2 || len(w.hook.events(t)) != 4 {
			t.Errorf("%d requests, %d events", len(w.hook.bodies), len(w.hook.events(t)))
		}
	})
	t.Run("a forgery comes first, under an ID of its own", func(t *testing.T) {
		w := start(t)
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Forged: 1}})
		_, _ = w.friend("แอน").Say("a")
		w.settle()
		e := w.hook.events(t)
		if !slices.Equal(w.hook.signed, []bool{false, true}) || e[0]["webhookEventId"] == e[1]["webhookEventId"] {
			t.Errorf("signed %v, %v", w.hook.signed, e)
		}
	})
	t.Run("a broken event beside a good one", func(t *testing.T) {
		w := start(t)
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Malformed: 1}})
		_, _ = w.friend("แอน").Say("a")
		w.settle()
		var all struct{ Events []json.RawMessage }
		_ = json.Unmarshal(w.hook.bodies[0], &all)
		if _, err := webhook.UnmarshalEvent(all.Events[0]); err == nil || len(all.Events) != 2 {
			t.Errorf("%s", w.hook.bodies[0])
		}
		if _, err := webhook.UnmarshalEvent(all.Events[1]); err != nil {
			t.Error(err)
		}
	})
	t.Run("standby has no reply token", func(t *testing.T) {
		w := start(t)
		_ = w.p.SetFaults(Faults{Webhook: WebhookFaults{Standby: true}})
		_, _ = w.friend("แอน").Say("a")
		w.settle()
		if e := w.hook.events(t)[0]; e["mode"] != "standby" || e["replyToken"] != nil {
			t.Errorf("%v", e)
		}
	})
	t.Run("given up after the last redelivery", func(t *testing.T) {
		w := start(t, func(o *Options) { o.Redeliveries, o.RedeliveryDelay = 2, time.Millisecond })
		w.hook.answer = func(int) int { return 500 }
		_, _ = w.friend("แอน").Say("a")
		w.settle()
		if got := w.p.Webhooks(); len(got) != 3 || got[2].Attempt != 2 || got[2].Status != 500 {
			t.Errorf("%+v", got)
		}
	})
}

func TestWaitWakesUp(t *testing.T) {
	w := start(t)
	ann := w.friend("แอน")
	mark := ann.Mark()
	got := make(chan Item)
	go func() {
		i, err := ann.WaitSince(t.Context(), mark, func(i Item) bool { return i.Says("สอง") })
		if err != nil {
			t.Error(err)
		}
		got <- i
	}()
	w.call("POST", pushPath, pushTo(ann.ID(), "หนึ่ง"))
	w.call("POST", pushPath, pushTo(ann.ID(), "สอง"))
	if i := <-got; i.Seq != 2 || !i.Rang || i.LockScreen != "สอง" {
		t.Errorf("%+v", i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := ann.Wait(ctx, func(Item) bool { return false }); err == nil {
		t.Error("waited for nothing and got it")
	}
}

func TestSameSeedSameIDs(t *testing.T) {
	ids := func() (all []string) {
		w := start(t)
		ann := w.friend("แอน")
		_, _ = ann.Say("a")
		w.settle()
		e := w.hook.events(t)[0]
		return []string{ann.ID(), e["webhookEventId"].(string), e["replyToken"].(string)}
	}
	if a, b := ids(), ids(); !slices.Equal(a, b) {
		t.Errorf("%v, %v", a, b)
	}
}

func TestLoopbackOnly(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("an empty channel secret was taken")
	}
	if _, err := New(Options{ChannelSecret: secret, WebhookURL: "https://ess.example/line"}); err == nil {
		t.Error("a webhook in the world was taken")
	}
	w := start(t)
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "example.com:80"} {
		if _, err := w.p.Listen(t.Context(), addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
	base, err := w.p.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(base + "/phones/")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("the page answers %d", res.StatusCode)
	}
}

func TestExportTranscripts(t *testing.T) {
	w := start(t)
	ann := w.person(User{Name: "แอน", Label: "ประชาชน", Friend: true})
	w.friend("โบ")
	_, _ = ann.SendLocation(16.8, 100.2, "วัด", "พิษณุโลก")
	w.call("POST", pushPath, pushTo(ann.ID(), "รับแจ้งแล้ว"))
	var b bytes.Buffer
	if err := w.p.ExportTranscripts(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Account string
		Phones  []phoneTranscript
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Account != "ESS Help Me" || len(got.Phones) != 2 || got.Phones[0].User.Label != "ประชาชน" || len(got.Phones[0].Items) != 2 || *got.Phones[0].Items[0].Lat != 16.8 {
		t.Errorf("%s", b.String())
	}
}

func TestFixtures(t *testing.T) {
	file := filepath.Join("..", "..", "shared", "line-fixtures", "webhook-fixtures.jsonl")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("SKIPPED: no webhook fixtures at %s", file)
	}
	w := start(t, func(o *Options) { o.ChannelSecret = "fixture-channel-secret-not-real" })
	n := 0
	for line := range bytes.Lines(data) {
		var f struct {
			Name      string
			Body      string
			Signature string `json:"x_line_signature"`
		}
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		if got := w.p.Sign([]byte(f.Body)); got != f.Signature {
			t.Errorf("%s: signed %s, want %s", f.Name, got, f.Signature)
		}
		status, err := w.p.PostRaw(t.Context(), []byte(f.Body), f.Signature)
		if err != nil || status != 200 || string(w.hook.bodies[n]) != f.Body {
			t.Errorf("%s: %d %v", f.Name, status, err)
		}
		n++
	}
	if n < 20 {
		t.Errorf("only %d fixtures", n)
	}
}
