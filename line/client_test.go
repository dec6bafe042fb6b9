package line

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

func outgoing(change ...func(*activities.Outgoing)) activities.Outgoing {
	m := activities.Outgoing{To: person, Key: "case/7/member/1", Template: "acked", Language: casefile.Thai, Args: sampleArgs()}
	for _, c := range change {
		c(&m)
	}
	return m
}

func byReply(m *activities.Outgoing) { m.ReplyToken = "0000abcd" }
func only(m *activities.Outgoing)    { m.ReplyOnly = true }

type answers = []func(http.ResponseWriter, *http.Request)

// What LINE says decides what the caller does next.
func TestSendUnderstandsLINE(t *testing.T) {
	invalid := say(400, "Invalid reply token")
	conflict := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Line-Accepted-Request-Id", "first")
		say(409, "The retry key is already accepted")(w, r)
	}
	empty := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) } // an error for the SDK, accepted by LINE
	tests := []struct {
		name      string
		give      activities.Outgoing
		answers   answers
		outcome   activities.Outcome
		transient string // reason; empty: none
		calls     string
	}{
		{"a push is accepted", outgoing(), nil, activities.OutcomeAccepted, "", "push"},
		{"accepted with a body nobody can read", outgoing(), answers{empty}, activities.OutcomeAccepted, "", "push"},
		{"accepted before", outgoing(), answers{conflict}, activities.OutcomeAccepted, "", "push"},
		{"unknown person", outgoing(), answers{say(400, "Failed to send messages")}, activities.OutcomeRefused, "", "push"},
		{"our mistake", outgoing(), answers{say(400, "The request body has 1 error(s)")}, activities.OutcomeRefused, "", "push"},
		{"not in our plan", outgoing(), answers{say(403, "Access to this API is not available for your account")}, activities.OutcomeRefused, "", "push"},
		{"month used up", outgoing(), answers{say(429, "You have reached your monthly limit.")}, activities.OutcomeQuota, "", "push"},
		{"too fast", outgoing(), answers{say(429, "The API rate limit has been exceeded. Try again later.")}, "", "rate_limit", "push"},
		{"LINE is broken", outgoing(), answers{say(500, "x")}, "", "status_500", "push"},
		{"LINE hangs", outgoing(), answers{hang}, "", "no_answer", "push"},
		{"the connection breaks", outgoing(), answers{reset}, "", "no_answer", "push"},
		{"the token is refused twice", outgoing(), answers{say(401, "x"), say(401, "x")}, "", "status_401", "push"},
		{"redirected elsewhere", outgoing(), answers{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}}, "", "status_307", "push"},

		{"a reply is free", outgoing(byReply), nil, activities.OutcomeAccepted, "", "reply"},
		{"a spent token becomes a push", outgoing(byReply), answers{invalid}, activities.OutcomeAccepted, "", "reply push"},
		{"a spent token in quiet mode is silence", outgoing(byReply, only), answers{invalid}, activities.OutcomeWithheld, "", "reply"},
		{"quiet mode without a token is silence", outgoing(only), nil, activities.OutcomeWithheld, "", ""},
		{"a reply whose answer was lost, accepted on asking again", outgoing(byReply), answers{hang, nil}, activities.OutcomeAccepted, "", "reply reply"},
		{"a reply whose answer was lost had arrived", outgoing(byReply), answers{say(500, "x"), invalid}, activities.OutcomeAccepted, "", "reply reply"},
		{"a reply lost twice is tried again later, not pushed", outgoing(byReply), answers{reset, say(500, "x")}, "", "status_500", "reply reply"},
		{"a quiet reply lost twice is never pushed", outgoing(byReply, only), answers{reset, say(500, "x")}, "", "status_500", "reply reply"},
		{"a reply that LINE finds wrong is not pushed", outgoing(byReply), answers{say(400, "The request body has 1 error(s)")}, activities.OutcomeRefused, "", "reply"},
		{"a token that could walk paths is not used", outgoing(func(m *activities.Outgoing) { m.ReplyToken = "a/../b" }), nil, activities.OutcomeAccepted, "", "push"},

		{"no user ID", outgoing(func(m *activities.Outgoing) { m.To = "../message/quota" }), nil, activities.OutcomeRefused, "", ""},
		{"no key", outgoing(func(m *activities.Outgoing) { m.Key = "" }), nil, activities.OutcomeRefused, "", ""},
		{"no such template", outgoing(func(m *activities.Outgoing) { m.Template = "x" }), nil, activities.OutcomeRefused, "", ""},
		{"a message that LINE would refuse", outgoing(func(m *activities.Outgoing) { m.Template, m.Args.Code = "status", strings.Repeat("x", 6000) }), nil, activities.OutcomeRefused, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeLINE(t)
			fake.script = tt.answers
			sent, err := fake.client(t).Send(context.Background(), tt.give)
			var transient *activities.TransientError
			if errors.As(err, &transient) != (tt.transient != "") || transient != nil && transient.Reason != tt.transient {
				t.Errorf("error %v, want %q", err, tt.transient)
			}
			if err == nil && sent.Outcome != tt.outcome {
				t.Errorf("outcome %s, want %s", sent.Outcome, tt.outcome)
			}
			if got := fake.routes(); got != tt.calls && tt.transient != "status_401" {
				t.Errorf("calls %q, want %q", got, tt.calls)
			}
		})
	}
}

// Every try of the same message has the same retry key, a UUID; a reply has none.
func TestSendUsesOneKeyForOneMessage(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	fake.script = answers{say(500, "x"), nil, nil, say(400, "Invalid reply token"), nil}
	for _, m := range []activities.Outgoing{
		outgoing(), outgoing(), outgoing(func(m *activities.Outgoing) { m.Key = "another" }), outgoing(byReply),
	} {
		_, _ = c.Send(context.Background(), m) // only the keys matter here
	}
	keys := map[string]int{}
	for _, h := range fake.heard {
		if strings.HasSuffix(h.route, "/reply") {
			if h.key != "" {
				t.Error("a reply with a retry key")
			}
			continue
		}
		if _, err := uuid.Parse(h.key); err != nil {
			t.Errorf("key %q: %v", h.key, err)
		}
		keys[h.key]++
	}
	if len(keys) != 2 || keys[retryKey("case/7/member/1")] != 3 {
		t.Errorf("keys %v", keys)
	}
}

func TestSendWaitsAsLongAsLINESays(t *testing.T) {
	fake := newFakeLINE(t)
	fake.script = answers{func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		say(429, "The API rate limit has been exceeded. Try again later.")(w, r)
	}}
	_, err := fake.client(t).Send(context.Background(), outgoing())
	var transient *activities.TransientError
	if !errors.As(err, &transient) || transient.After != 7*time.Second {
		t.Errorf("error %+v", err)
	}
}

// Quiet mode makes no sound, whoever asked for it.
func TestSendMakesNoSoundInQuietMode(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	for _, tt := range []struct {
		m    activities.Outgoing
		want bool
	}{
		{outgoing(), false},
		{outgoing(func(m *activities.Outgoing) { m.Silent = true }), true},
		{outgoing(func(m *activities.Outgoing) { m.Args.Neutral = true }), true},
		{outgoing(byReply, only, func(m *activities.Outgoing) { m.Args.Quiet = true }), true},
		{outgoing(func(m *activities.Outgoing) { m.Template, m.Args.Quiet = "offer", true }), false}, // an officer's phone rings
	} {
		if _, err := c.Send(context.Background(), tt.m); err != nil {
			t.Fatal(err)
		}
		if got := fake.heard[len(fake.heard)-1].body["notificationDisabled"]; got != tt.want {
			t.Errorf("%s: notificationDisabled %v, want %v", tt.m.Template, got, tt.want)
		}
	}
}

// A refused token is renewed once, and the same call made once more.
func TestSendRenewsARefusedToken(t *testing.T) {
	fake := newFakeLINE(t)
	tokens := &countingTokens{}
	c := fake.client(t, func(cfg *Config) { cfg.Tokens = tokens })
	fake.script = answers{say(401, "x")}
	sent, err := c.Send(context.Background(), outgoing())
	if err != nil || sent.Outcome != activities.OutcomeAccepted || sent.Request != request {
		t.Fatalf("%+v, %v", sent, err)
	}
	if len(fake.heard) != 2 || fake.heard[0].token != "Bearer t0" || fake.heard[1].token != "Bearer t1" || fake.heard[0].key != fake.heard[1].key ||
		fake.heard[1].body["to"] != person {
		t.Errorf("heard %+v", fake.heard)
	}
}

type countingTokens struct {
	mu sync.Mutex
	n  int
}

func (c *countingTokens) Token(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return "t" + string(rune('0'+c.n)), nil
}

func (c *countingTokens) Renew(ctx context.Context, refused string) (string, error) {
	if t, _ := c.Token(ctx); t == refused {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
	}
	return c.Token(ctx)
}

// After failures in a row LINE is left alone for a moment; then tried again.
func TestBreakerOpensAndCloses(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t, func(cfg *Config) { cfg.BreakerAfter, cfg.BreakerWait = 3, 50*time.Millisecond })
	fake.script = answers{say(500, "x"), say(500, "x"), say(500, "x")}
	for range 3 {
		if _, err := c.Send(context.Background(), outgoing()); err == nil {
			t.Fatal("a 500 was accepted")
		}
	}
	_, err := c.Send(context.Background(), outgoing())
	var transient *activities.TransientError
	if !errors.As(err, &transient) || transient.Reason != reasonBreaker || len(fake.heard) != 3 {
		t.Errorf("%v after %d calls", err, len(fake.heard))
	}
	time.Sleep(80 * time.Millisecond)
	if sent, err := c.Send(context.Background(), outgoing()); err != nil || sent.Outcome != activities.OutcomeAccepted {
		t.Errorf("%+v, %v", sent, err)
	}
}

// One caller that gives up does not disturb another: each call has its own context.
func TestConcurrentSendsDoNotShareAContext(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	var wg sync.WaitGroup
	for i := range 40 {
		ctx := context.Background()
		if i%2 == 0 {
			ctx = cancelled
		}
		wg.Go(func() {
			_, err := c.Send(ctx, outgoing())
			if (err != nil) != (ctx == cancelled) {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestMulticast(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	other := strings.Replace(person, "U0", "U1", 1)
	m := outgoing(func(m *activities.Outgoing) { m.Template = "radio_alert" })
	if sent, err := c.Multicast(context.Background(), []string{person, other}, m); err != nil || sent.Outcome != activities.OutcomeAccepted {
		t.Errorf("%+v, %v", sent, err)
	}
	if fake.routes() != "multicast" || fake.heard[0].key == "" {
		t.Errorf("heard %+v", fake.heard)
	}
	for _, to := range [][]string{nil, {"C0123456789abcdef0123456789abcdef"}, make([]string, 501)} {
		if sent, _ := c.Multicast(context.Background(), to, m); sent.Outcome != activities.OutcomeRefused {
			t.Errorf("%d recipients: %s", len(to), sent.Outcome)
		}
	}
}

func TestContent(t *testing.T) {
	photo := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = io.WriteString(w, "0123456789")
	}
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "01234")
	}
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		limit  int64
		want   string
		err    error // nil with want empty: transient
	}{
		{"a photo", photo, 10, "0123456789", nil},
		{"too large", photo, 9, "", activities.ErrTooLarge},
		{"not ready yet", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }, 10, "", nil},
		{"unsent", say(410, "The content is gone"), 10, "", activities.ErrGone},
		{"half of it", half, 1000, "", nil},
		{"LINE is broken", say(500, "x"), 10, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newFakeLINE(t)
			fake.script = answers{tt.answer}
			data, kind, err := fake.client(t, func(cfg *Config) { cfg.ContentLimit = tt.limit }).Content(context.Background(), "123")
			var transient *activities.TransientError
			switch {
			case tt.want != "":
				if string(data) != tt.want || kind != "image/jpeg" || err != nil {
					t.Errorf("%q %s %v", data, kind, err)
				}
			case tt.err != nil:
				if !errors.Is(err, tt.err) || data != nil {
					t.Errorf("%q, %v, want %v", data, err, tt.err)
				}
			case !errors.As(err, &transient) || data != nil:
				t.Errorf("%q, %v, want a transient error", data, err)
			}
		})
	}
	if _, _, err := newFakeLINE(t).client(t).Content(context.Background(), "../profile"); err == nil {
		t.Error("an ID that walks paths was used")
	}
}

func TestProfileAndBot(t *testing.T) {
	reply := func(body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	fake := newFakeLINE(t)
	c := fake.client(t)
	for body, want := range map[string]casefile.Language{
		`{"userId":"x","displayName":"x","language":"en"}`: casefile.English, `{"language":"en-GB"}`: casefile.English,
		`{"language":"th"}`: casefile.Thai, `{"language":"ja"}`: casefile.Thai, `{}`: casefile.Thai,
	} {
		fake.script = answers{reply(body)}
		if lang, err := c.Profile(context.Background(), person); err != nil || lang != want {
			t.Errorf("%s: %s, %v", body, lang, err)
		}
	}
	fake.script = answers{say(404, "Not found")}
	if lang, err := c.Profile(context.Background(), person); !errors.Is(err, casefile.ErrNotFound) || lang != casefile.Thai {
		t.Errorf("nobody: %s, %v", lang, err)
	}
	if _, err := c.Profile(context.Background(), "../message/quota"); err == nil {
		t.Error("an ID that walks paths was used")
	}
	fake.script = answers{reply(`{"userId":"` + person + `"}`)}
	if id, err := c.BotUserID(context.Background()); err != nil || id != person {
		t.Errorf("%s, %v", id, err)
	}
	fake.script = answers{reply(`{}`)}
	if _, err := c.BotUserID(context.Background()); err == nil {
		t.Error("a bot without ID")
	}
}

func TestLoading(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	if err := c.Loading(context.Background(), person, 20); err != nil {
		t.Error(err)
	}
	for _, s := range []int{0, 4, 7, 65} {
		if c.Loading(context.Background(), person, s) == nil {
			t.Errorf("%d s passed", s)
		}
	}
	if len(fake.heard) != 1 {
		t.Errorf("%d calls", len(fake.heard))
	}
}

// In production only LINE's own hosts over HTTPS are spoken to.
func TestNewRefusesOtherHosts(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		ok   bool
	}{
		{"LINE", Config{}, true},
		{"loopback in production", Config{APIEndpoint: "http://127.0.0.1:8080"}, false},
		{"loopback where allowed", Config{APIEndpoint: "http://127.0.0.1:8080", DataEndpoint: "http://localhost:1", AllowLoopback: true}, true},
		{"LINE without TLS", Config{APIEndpoint: "http://api.line.me", AllowLoopback: true}, false},
		{"somewhere else", Config{DataEndpoint: "https://api-data.line.me.example.com", AllowLoopback: true}, false},
		{"console without a host", Config{ConsoleURL: "javascript:x"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Tokens = StaticToken("x")
			if _, err := New(tt.cfg); (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a client without tokens")
	}
}

// Nothing personal is ever logged or returned, whatever goes wrong.
func TestLogsHoldNothingPersonal(t *testing.T) {
	var logged bytes.Buffer
	fake := newFakeLINE(t)
	c := fake.client(t, func(cfg *Config) { cfg.Log = slog.New(slog.NewJSONHandler(&logged, nil)) })
	leak := `{"message":"` + person + ` 0812345678 16.821123"}`
	for _, status := range []int{400, 401, 401, 403, 404, 413, 500, 302} {
		fake.script = append(fake.script, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, leak)
		})
	}
	var errs []string
	for len(fake.script) > 0 {
		m := outgoing(func(m *activities.Outgoing) { m.Template = "accepted_card" })
		if _, err := c.Send(context.Background(), m); err != nil {
			errs = append(errs, err.Error())
		}
	}
	bad := outgoing(func(m *activities.Outgoing) { m.Args.Code = "0812345678\x00" })
	if _, err := c.Send(context.Background(), bad); err != nil {
		errs = append(errs, err.Error())
	}
	all := logged.String() + strings.Join(errs, "\n")
	if !strings.Contains(all, "accepted_card") {
		t.Fatalf("nothing was logged: %s", all)
	}
	for _, secret := range []string{person, "812345678", "16.82", "พิษณุโลก"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q leaked:\n%s", secret, all)
		}
	}
}

func TestTransportStopsAnEmptyRetryKey(t *testing.T) {
	tr := &transport{tokens: StaticToken("x"), base: http.DefaultTransport, limit: 10}
	req := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/", strings.NewReader("{}"))
	req.Header.Set("X-Line-Retry-Key", "")
	if _, err := tr.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "retry key") {
		t.Errorf("error %v", err)
	}
}
