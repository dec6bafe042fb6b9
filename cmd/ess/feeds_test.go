package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/postgres/pgtest"
	"github.com/ess-thailand/ess/vault"
)

// centre is an installation as far as feeds need one: the record and its senders.
type centre struct {
	t     *testing.T
	store *postgres.Store
	rule  policy.FeedRule
	last  int

	mu  sync.Mutex
	log bytes.Buffer
}

func openCentre(t *testing.T) *centre {
	t.Helper()
	keyset := filepath.Join(t.TempDir(), "keyset.json")
	if err := vault.Generate(keyset); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open("file:" + keyset)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), pgtest.New(t, migrations.Up), 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	span := func(d time.Duration) policy.Span { return policy.Span{Duration: d} }
	return &centre{
		t: t, store: newStore(pool, Config{Speed: 1}, v, policy.Default()),
		rule: policy.FeedRule{Again: span(time.Millisecond), AgainMost: span(50 * time.Millisecond), Alarm: span(time.Hour)},
	}
}

// Write takes the log.
func (c *centre) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(p)
}

func (c *centre) logged() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

// process begins a sender, as each process has one; stop ends it and waits.
func (c *centre) process(answer time.Duration) (registry *prometheus.Registry, stop func()) {
	client := api.FeedClient(true)
	client.Timeout = answer
	s := &api.FeedSender{
		Queue: screens{c.store}, Changes: changes{c.store}, Cases: record{c.store}, Client: client, Rule: c.rule,
		Wait: func(d time.Duration) time.Duration { return d }, Now: time.Now, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewJSONHandler(c, nil)),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Error(err)
		}
	})
	c.t.Cleanup(stop)
	return s.Registry, stop
}

func (c *centre) feed(province, url, secret string) string {
	c.t.Helper()
	f := api.Feed{ID: uuid.NewString(), Province: province, URL: url, AddedBy: "admin", AddedAt: time.Now()}
	if err := (screens{c.store}).AddFeed(c.t.Context(), f, secret); err != nil {
		c.t.Fatal(err)
	}
	return f.ID
}

// reports opens a case and lets one thing happen to it that a radio centre is told of.
func (c *centre) reports(province string, kind casefile.Kind) casefile.CaseID {
	c.t.Helper()
	c.last++
	now := time.Now()
	routed, err := c.store.Intake(c.t.Context(), []postgres.Arrival{{
		EventID: casefile.EventID(fmt.Sprintf("event-%d", c.last)), Channel: casefile.ChannelLINE, UserID: fmt.Sprintf("U%d", c.last), At: now,
		In: casefile.Incoming{Word: casefile.Tapped, Type: casefile.ThreatAssault, At: now},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	by := casefile.Actor{Kind: casefile.ByReporter, ID: string(routed[0].Reporter)}
	placed := casefile.Event{Kind: kind, At: now, By: by, Place: &casefile.Place{Province: province}}
	if kind == casefile.PinSet {
		placed.Private.Pin = &casefile.Pin{Lat: 16.823456, Lon: 100.267891, FixedAt: now, Source: casefile.PinLINE}
	} else {
		placed.By = casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}
	}
	c.happens(routed[0].Case, casefile.Event{
		Kind: casefile.Reported, At: now, Type: casefile.ThreatAssault, Severity: casefile.Critical, Channel: casefile.ChannelLINE, By: by, Inbox: 1,
		Private: casefile.Private{Phone: "+66899990001"},
	}, placed)
	return routed[0].Case
}

func (c *centre) happens(id casefile.CaseID, events ...casefile.Event) {
	c.t.Helper()
	after, err := c.store.Case(c.t.Context(), id)
	for i := range events {
		if err != nil {
			break
		}
		events[i].Seq = after.Version + 1
		events[i].ID = casefile.EventID(fmt.Sprintf("%s/%d", id, events[i].Seq))
		after, err = casefile.Apply(after, events[i])
	}
	if err != nil {
		c.t.Fatal(err)
	}
	after.SetClock(casefile.Deadline{Clock: casefile.ClockState, At: time.Now().Add(time.Hour)})
	if _, err := c.store.Append(c.t.Context(), after, events, nil); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centre) eventually(what string, holds func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not so: %s\n%s", what, c.logged())
		}
	}
}

// key is what the screens of these tests know, and its form in a feed.
var (
	key    = []byte("a key of thirty-two letters ....")
	secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
)

// aScreen is a 191 screen of another maker.
type aScreen struct {
	t      *testing.T
	server *httptestServer

	mu     sync.Mutex
	answer func(try int) int // a status; 0 hangs until the sender goes
	tries  int
	busy   int
	taken  []taken
}

type taken struct {
	id   string
	body []byte
	pin  api.RadioPin
}

// httptestServer listens on one address and may stop and start again there.
type httptestServer struct {
	address string
	server  *http.Server
}

func (s *aScreen) start(address string) {
	s.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = &httptestServer{address: listener.Addr().String(), server: &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}}
	server := s.server.server
	go func() { _ = server.Serve(listener) }()
	s.t.Cleanup(func() { _ = server.Close() })
}

func newScreen(t *testing.T, answer func(try int) int) *aScreen {
	t.Helper()
	s := &aScreen{t: t, answer: answer}
	s.start("127.0.0.1:0")
	return s
}

func takesAll(int) int { return http.StatusNoContent }

func (s *aScreen) url() string {
	return "http://" + s.server.address + "/pins?token=canary-of-the-screen"
}

// ServeHTTP checks a delivery as Standard Webhooks tells a receiver to.
func (s *aScreen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.tries++
	status := s.answer(s.tries)
	if status != 0 { // of one that hangs the sender knows the end before we do
		s.busy++
	}
	if s.busy > 1 {
		s.t.Error("two deliveries to one screen at once")
	}
	s.mu.Unlock()
	if status == 0 {
		<-r.Context().Done()
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	id, at := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
		s.t.Errorf("signature %q, want %q", r.Header.Get("webhook-signature"), want)
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)).Abs(); err != nil || age > 5*time.Minute {
		s.t.Errorf("timestamp %q", at)
	}
	if status/100 == 2 {
		var message struct {
			Type      string
			Timestamp time.Time
			Data      api.RadioPin
		}
		if err := json.Unmarshal(body, &message); err != nil || message.Type != "pin" || message.Timestamp.IsZero() {
			s.t.Errorf("not a pin: %v %s", err, body)
		}
		s.mu.Lock()
		s.taken = append(s.taken, taken{id, body, message.Data})
		s.mu.Unlock()
	}
	w.WriteHeader(status)
}

// has lists the cases that the screen took, in order.
func (s *aScreen) has() []casefile.CaseID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []casefile.CaseID
	for _, d := range s.taken {
		ids = append(ids, d.pin.Case)
	}
	return ids
}

func (s *aScreen) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy == 0
}

func (s *aScreen) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

func TestA191ScreenIsToldOfEveryPinInOrder(t *testing.T) {
	c := openCentre(t)
	c.reports("65", casefile.PinSet) // before the feed
	screen := newScreen(t, takesAll)
	c.feed("65", screen.url(), secret)
	c.process(time.Minute)
	var want []casefile.CaseID
	for i := range 8 {
		if i%3 == 0 {
			c.reports("50", casefile.PinSet) // another province's
		}
		want = append(want, c.reports("65", casefile.PinSet))
	}
	want = append(want, c.reports("65", casefile.ProvinceSet)) // no pin, sent by the desk
	c.eventually("all pins are on the screen", func() bool { return len(screen.has()) >= len(want) })
	if got := screen.has(); !slices.Equal(got, want) {
		t.Errorf("took %v\nwant %v", got, want)
	}
	for i, d := range screen.taken {
		if d.pin.NoPin != (i == len(want)-1) || d.pin.Seen || d.pin.Moved || d.pin.Type != casefile.ThreatAssault {
			t.Errorf("pin %d is %+v", i, d.pin)
		}
		for _, personal := range []string{"66899990001", "16.82", "100.26", "U1", "province"} {
			if bytes.Contains(d.body, []byte(personal)) {
				t.Errorf("the body has %q: %s", personal, d.body)
			}
		}
		if d.id != fmt.Sprintf("msg_%s_2", d.pin.Case) {
			t.Errorf("webhook-id %s", d.id)
		}
	}
}

// A screen that refuses, hangs, restarts and redirects gets every pin, in order, in the end.
func TestA191ScreenThatFailsMissesNothing(t *testing.T) {
	c := openCentre(t)
	var mended atomic.Bool
	screen := newScreen(t, func(try int) int {
		switch {
		case try <= 2:
			return http.StatusServiceUnavailable
		case try == 4:
			return 0
		case try == 5:
			return http.StatusFound
		case try >= 7 && !mended.Load():
			return http.StatusBadGateway
		default:
			return http.StatusOK
		}
	})
	c.feed("65", screen.url(), secret)
	var want []casefile.CaseID
	for range 5 {
		want = append(want, c.reports("65", casefile.PinSet))
	}
	c.process(10 * time.Second) // as in earnest: a busy machine is not a hanging screen
	c.eventually("the screen is at fault", func() bool { return strings.Contains(c.logged(), "HTTP_502") })
	_ = screen.server.server.Close()
	c.eventually("the sender notices that nobody is there", func() bool { return strings.Contains(c.logged(), "NO_CONNECTION") })
	mended.Store(true)
	screen.start(screen.server.address)
	c.eventually("all pins are on the screen", func() bool { return len(screen.has()) >= len(want) })
	if got := screen.has(); !slices.Equal(got, want) {
		t.Errorf("took %v\nwant %v", got, want)
	}
	for _, fault := range []string{"HTTP_503", "TIMEOUT", "HTTP_302", "HTTP_502"} {
		if !strings.Contains(c.logged(), fault) {
			t.Errorf("nothing was said of %s", fault)
		}
	}
	for _, hidden := range []string{"canary-of-the-screen", secret, screen.server.address} {
		if strings.Contains(c.logged(), hidden) {
			t.Errorf("the log has %q", hidden)
		}
	}
}

// A process that stops is followed by the next one, which goes on where it was.
func TestFeedsGoOnAfterARestart(t *testing.T) {
	c := openCentre(t)
	var stop func()
	halfway := make(chan struct{})
	screen := newScreen(t, func(try int) int {
		if try == 4 {
			close(halfway)
		}
		return http.StatusOK
	})
	c.feed("65", screen.url(), secret)
	var want []casefile.CaseID
	for range 10 {
		want = append(want, c.reports("65", casefile.PinSet))
	}
	_, stop = c.process(time.Minute)
	<-halfway
	stop()
	c.eventually("the screen has done with what it was sent", func() bool { return screen.idle() })
	for range 3 { // while nobody sends
		want = append(want, c.reports("65", casefile.PinSet))
	}
	c.process(time.Minute)
	c.eventually("all pins are on the screen", func() bool {
		got := screen.has()
		return len(got) > 0 && got[len(got)-1] == want[len(want)-1]
	})
	if got := slices.Compact(screen.has()); !slices.Equal(got, want) { // one may have come twice
		t.Errorf("took %v\nwant %v", got, want)
	}
}

func TestManyProcessesSendEachPinOnce(t *testing.T) {
	c := openCentre(t)
	for range 3 {
		c.process(time.Minute)
	}
	screen := newScreen(t, takesAll)
	c.feed("65", screen.url(), secret)
	var want []casefile.CaseID
	for range 20 {
		want = append(want, c.reports("65", casefile.PinSet))
	}
	c.eventually("all pins are on the screen", func() bool { return len(screen.has()) >= len(want) })
	if got := screen.has(); !slices.Equal(got, want) {
		t.Errorf("took %v\nwant %v", got, want)
	}
}

func TestOneSlowScreenHoldsUpNoOther(t *testing.T) {
	c := openCentre(t)
	slow, quick := newScreen(t, func(int) int { return 0 }), newScreen(t, takesAll)
	c.feed("65", slow.url(), secret)
	c.feed("65", quick.url(), secret)
	c.process(time.Minute)
	want := []casefile.CaseID{c.reports("65", casefile.PinSet)}
	c.eventually("the slow one hangs", func() bool { return slow.tried() > 0 })
	for range 4 {
		want = append(want, c.reports("65", casefile.PinSet))
	}
	c.eventually("the other has all pins", func() bool { return len(quick.has()) >= len(want) })
	if got := quick.has(); !slices.Equal(got, want) || len(slow.has()) != 0 {
		t.Errorf("took %v\nwant %v; the slow one took %v", got, want, slow.has())
	}
}

func TestA191ScreenThatTakesNothingIsAnAlarm(t *testing.T) {
	c := openCentre(t)
	c.rule.Alarm = policy.Span{Duration: time.Millisecond}
	var mu sync.Mutex
	broken := true
	screen := newScreen(t, func(int) int {
		mu.Lock()
		defer mu.Unlock()
		if broken {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	id := c.feed("65", screen.url(), secret)
	registry, _ := c.process(time.Minute)
	c.reports("65", casefile.PinSet)
	c.eventually("it is said aloud", func() bool {
		return strings.Contains(c.logged(), `"level":"WARN","msg":"a 191 screen takes no pins","feed":"`+id+`"`)
	})
	c.eventually("the gauges show it", func() bool {
		return gauge(t, registry, "ess_feed_failing", id) == 1 && gauge(t, registry, "ess_feed_waiting_seconds", id) > 0
	})
	mu.Lock()
	broken = false
	mu.Unlock()
	c.eventually("it is over", func() bool {
		return len(screen.has()) == 1 && gauge(t, registry, "ess_feed_failing", id) == 0 && gauge(t, registry, "ess_feed_waiting_seconds", id) == 0
	})
}

// gauge is the value of a feed's gauge, or -1.
func gauge(t *testing.T, registry *prometheus.Registry, name, feed string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == feed {
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}
