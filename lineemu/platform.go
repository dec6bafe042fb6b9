// Package lineemu is a LINE platform on loopback: LINE's servers, its official
// account and the phones of its people, so that ESS can be tested, simulated
// and lived through without a LINE account.
//
// It answers as LINE documents, keeps every limit that LINE keeps, and can be
// told to fail in the ways that LINE fails. It is not LINE: it proves neither
// how a message looks on a phone nor how long LINE really waits before it
// delivers a webhook again. It never listens on, or posts to, anything but
// loopback, and it keeps everything in memory.
package lineemu

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what the platform is like. ChannelSecret is the only one that
// must be given.
type Options struct {
	ChannelSecret string // signs the webhooks and buys channel tokens
	ChannelID     string // default 1234567890
	AccountName   string // the name above every chat; default ESS Help Me
	WebhookURL    string // where events go; loopback only; may come later

	// Now is the platform's clock for timestamps, reply tokens, retry keys,
	// rate buckets and the month of the quota; default time.Now. Waiting
	// (webhook delays, redelivery) is always in real time.
	Now func() time.Time
	// Speed says how many times faster than real time Now runs; default 1.
	// What LINE limits by the minute is stretched by it, because the wire does
	// not become faster when the day does.
	Speed float64
	// Seed makes IDs and faults repeatable; 0 draws a fresh one.
	Seed uint64

	OpenAPIDir string // folder with LINE's messaging-api.yml; requests are checked against it too
	Quota      int    // recipients a month; 0 is unlimited
	// Light keeps no raw messages in ledger and transcripts, for a day with
	// thousands of people.
	Light bool

	WebhookTimeout  time.Duration  // default 2 s, as LINE
	Redeliveries    int            // how often a failed webhook is sent again; default 5, negative is never
	RedeliveryDelay time.Duration  // before the first redelivery, doubled each time; default 1 s
	AssertionKey    *rsa.PublicKey // verifies JWT assertions; nil takes any well-formed RS256 assertion
	Places          []Place        // reference points on the map of the phones page
}

// Place is a labelled point on the map of the phones page.
type Place struct {
	Name string  `json:"name"`
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
}

// Platform is one LINE platform with one official account.
type Platform struct {
	opt     Options
	botID   string
	ids     *ids
	faults  *faults
	spec    *spec
	login   login
	hook    http.Client
	slots   chan struct{} // how many webhooks are in flight at once
	started time.Time

	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	workMu sync.Mutex // guards closed against work.Add after work.Wait
	closed bool
	work   sync.WaitGroup

	peopleMu sync.RWMutex
	people   map[string]*Phone
	order    []*Phone // in the order of AddUser
	groups   []*Group

	// mu guards what follows. It may be held while a Phone's own lock is
	// taken, never the other way round.
	mu         sync.Mutex
	webhookURL string
	tokens     map[string]time.Time // channel access token → its end
	replies    expiring[*replyToken]
	retries    expiring[retried]
	month      string
	used       int // recipients in month
	quota      int
	accepted   []Accepted
	delivered  []Delivered
	webhooks   []Webhook
	menus      menus
	contents   map[string]*content

	pendingMu sync.Mutex
	pending   int           // events not yet delivered or given up
	settled   chan struct{} // closed when pending becomes 0; nil while nobody waits
	batchMu   sync.Mutex
	batch     []*event

	watchMu  sync.RWMutex
	watchers map[*watcher]struct{}
}

// New makes a platform. Nothing runs until a phone does something or a
// handler is called; Close ends what runs.
func New(o Options) (*Platform, error) {
	if o.ChannelSecret == "" {
		return nil, errors.New("lineemu: an empty channel secret would verify forged webhooks")
	}
	if o.ChannelID == "" {
		o.ChannelID = "1234567890"
	}
	if o.AccountName == "" {
		o.AccountName = "ESS Help Me"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.WebhookTimeout <= 0 {
		o.WebhookTimeout = 2 * time.Second
	}
	switch {
	case o.Redeliveries == 0:
		o.Redeliveries = 5
	case o.Redeliveries < 0:
		o.Redeliveries = 0
	}
	if o.RedeliveryDelay <= 0 {
		o.RedeliveryDelay = time.Second
	}
	bot := sha256.Sum256([]byte("official account " + o.ChannelID))
	p := &Platform{
		opt:      o,
		botID:    "U" + hex.EncodeToString(bot[:16]),
		ids:      newIDs(o.Seed, o.Now()),
		faults:   newFaults(o.Seed),
		slots:    make(chan struct{}, 64),
		started:  o.Now(),
		people:   map[string]*Phone{},
		tokens:   map[string]time.Time{},
		replies:  newExpiring[*replyToken](),
		retries:  newExpiring[retried](),
		quota:    o.Quota,
		menus:    newMenus(),
		contents: map[string]*content{},
		watchers: map[*watcher]struct{}{},
	}
	var err error
	if p.login, err = newLogin(); err != nil {
		return nil, fmt.Errorf("lineemu: %w", err)
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.hook = http.Client{
		Timeout:       o.WebhookTimeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: cap(p.slots)}, // no proxy: loopback only
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if o.OpenAPIDir != "" {
		if p.spec, err = loadSpec(o.OpenAPIDir); err != nil {
			return nil, err
		}
	}
	if o.WebhookURL != "" {
		if err := p.SetWebhookURL(o.WebhookURL); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Close stops deliveries, drops what was still to be sent and waits for what
// is in flight.
func (p *Platform) Close() {
	p.workMu.Lock()
	p.closed = true
	p.workMu.Unlock()
	p.stop()
	p.work.Wait()
	p.hook.CloseIdleConnections()
}

// Listen serves the platform on a loopback address until ctx ends and returns
// its base URL. Port 0 takes a free one.
func (p *Platform) Listen(ctx context.Context, addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("lineemu: listen: %w", err)
	}
	if !loopback(host) {
		return "", fmt.Errorf("lineemu: %q is not a loopback address", addr)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("lineemu: listen: %w", err)
	}
	srv := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second}
	p.spawn(func() {
		select {
		case <-ctx.Done():
		case <-p.ctx.Done():
		}
		_ = srv.Close() // phones page streams never end by themselves
	})
	p.spawn(func() { _ = srv.Serve(l) })
	return "http://" + l.Addr().String(), nil
}

// SetWebhookURL says where events are posted from now on.
func (p *Platform) SetWebhookURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !loopback(u.Hostname()) {
		return errors.New("lineemu: the webhook must be an http URL on loopback")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.webhookURL = raw
	return nil
}

// Sign returns the x-line-signature of body.
func (p *Platform) Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(p.opt.ChannelSecret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// BotID is the user ID of the official account, the destination of webhooks.
func (p *Platform) BotID() string { return p.botID }

// Token issues a channel access token, for tests that do not fetch their own.
func (p *Platform) Token() string {
	now := p.opt.Now()
	t := p.ids.hex(48)
	p.mu.Lock()
	defer p.mu.Unlock()
	for old, end := range p.tokens {
		if now.After(end) {
			delete(p.tokens, old)
		}
	}
	p.tokens[t] = now.Add(p.stretch(tokenLife))
	return t
}

// SetQuota changes the monthly quota; 0 is unlimited.
func (p *Platform) SetQuota(recipients int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quota = recipients
}

// stretch turns a real duration into one of the platform's clock.
func (p *Platform) stretch(d time.Duration) time.Duration {
	return time.Duration(float64(d) * p.opt.Speed)
}

// spawn runs f unless the platform is closed; Close waits for it.
func (p *Platform) spawn(f func()) {
	p.workMu.Lock()
	defer p.workMu.Unlock()
	if p.closed {
		return
	}
	p.work.Go(f)
}

// later runs f after a real delay, unless the platform is closed before.
func (p *Platform) later(d time.Duration, f func()) {
	p.spawn(func() {
		if p.sleep(d) {
			f()
		}
	})
}

// sleep reports whether it slept to the end.
func (p *Platform) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// Accepted is a send that the platform answered with 200: LINE owes nothing
// more, least of all a delivery.
type Accepted struct {
	At        time.Time         `json:"at"`
	Endpoint  string            `json:"endpoint"` // reply, push or multicast
	RequestID string            `json:"requestId"`
	RetryKey  string            `json:"retryKey,omitempty"`
	To        []string          `json:"to"`
	Messages  []json.RawMessage `json:"messages,omitempty"` // not kept when Light
	Silent    bool              `json:"silent"`             // notificationDisabled
}

// Delivered is one message that reached one phone.
type Delivered struct {
	At        time.Time `json:"at"`
	RequestID string    `json:"requestId"`
	UserID    string    `json:"userId"`
	MessageID string    `json:"messageId"`
	Type      string    `json:"type"`
	Rang      bool      `json:"rang"`
}

// Webhook is one attempt to post events to the webhook URL.
type Webhook struct {
	At       time.Time `json:"at"`
	EventIDs []string  `json:"eventIds"`
	Attempt  int       `json:"attempt"` // 0 is the first
	Status   int       `json:"status"`  // 0: no answer
	Kind     string    `json:"kind"`    // genuine, duplicate or forged
}

// Accepted lists every accepted send, oldest first.
func (p *Platform) Accepted() []Accepted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.accepted)
}

// Delivered lists every message that reached a phone, oldest first.
func (p *Platform) Delivered() []Delivered {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.delivered)
}

// Webhooks lists every attempt to deliver events, oldest first.
func (p *Platform) Webhooks() []Webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.webhooks)
}

// ExportTranscripts writes what every phone sent and saw as one JSON object,
// for a checker that trusts nobody else.
func (p *Platform) ExportTranscripts(w io.Writer) error {
	head, err := json.Marshal(struct {
		Account   string    `json:"account"`
		StartedAt time.Time `json:"startedAt"`
		At        time.Time `json:"at"`
	}{p.opt.AccountName, p.started, p.opt.Now()})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s,\"phones\":[", head[:len(head)-1]); err != nil {
		return err
	}
	for i, ph := range p.Phones() {
		if i > 0 {
			if _, err := io.WriteString(w, ","); err != nil {
				return err
			}
		}
		b, err := json.Marshal(ph.transcript())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "\n%s", b); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

// loopback reports whether host names this machine and no other.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// expiring is a map that forgets its oldest entries, so that a long day does
// not fill the memory with spent tokens.
type expiring[V any] struct {
	values map[string]V
	queue  []aged
}

type aged struct {
	key string
	end time.Time
}

func newExpiring[V any]() expiring[V] { return expiring[V]{values: map[string]V{}} }

func (e *expiring[V]) put(key string, v V, now time.Time, life time.Duration) {
	e.forget(now)
	e.values[key] = v
	e.queue = append(e.queue, aged{key, now.Add(life)})
}

func (e *expiring[V]) get(key string, now time.Time) (V, bool) {
	e.forget(now)
	v, ok := e.values[key]
	return v, ok
}

func (e *expiring[V]) forget(now time.Time) {
	for len(e.queue) > 0 && now.After(e.queue[0].end) {
		delete(e.values, e.queue[0].key)
		e.queue = e.queue[1:]
	}
}

// counter numbers messages as LINE does: digits that never repeat, also after
// a restart with the data of yesterday still in the database.
type counter struct{ n atomic.Int64 }

func (c *counter) next() string { return fmt.Sprint(c.n.Add(1)) }
