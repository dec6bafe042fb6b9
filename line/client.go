package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
	"github.com/sony/gobreaker/v2"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// LINE's hosts. In production nothing else is spoken to.
const (
	APIHost  = "https://api.line.me"
	DataHost = "https://api-data.line.me"
)

// Path parameters are not escaped by the SDK, so every ID is checked before use.
var (
	userIDPattern    = regexp.MustCompile(`^U[0-9a-f]{32}$`)
	messageIDPattern = regexp.MustCompile(`^[0-9]{1,40}$`)
	menuIDPattern    = regexp.MustCompile(`^richmenu-[0-9a-f]+$`)
	aliasPattern     = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
)

// keySpace is the namespace of our retry keys. It is never changed: the same
// message must always give the same key.
var keySpace = uuid.MustParse("6f0b7c1e-6a53-4b0e-9b67-0b9d0d6a4c11")

// Config is what a Client is made of.
type Config struct {
	APIEndpoint   string        // default APIHost
	DataEndpoint  string        // default DataHost
	AllowLoopback bool          // an emulator on loopback may stand in for LINE; never in production
	Tokens        TokenSource   // required
	Timeout       time.Duration // one call to LINE; default 5 s, so that two fit into one activity try
	ContentLimit  int64         // bytes of one photo, voice message or video; default 25 MiB
	BreakerAfter  uint32        // failures in a row that open the breaker; default 8
	BreakerWait   time.Duration // how long it stays open; default 3 s, because people wait
	PublicURL     string        // base of the links to members' own pages; empty: cards have no link to them
	ConsoleURL    string        // base of the links on responders' cards; empty: cards have no link
	// Names gives the name of a province, district or unit code, or "" if it knows none; nil knows none.
	Names func(code string, lang casefile.Language) string
	// Policy has what to do and not to do at a scene; nil: the built-in one.
	Policy *policy.Policy
	Log    *slog.Logger // default slog.Default()
	// Around watches the calls of a transport, to measure them; nil: nobody does.
	Around func(http.RoundTripper) http.RoundTripper
}

// Client speaks LINE. It is safe for concurrent use and never retries a push by
// itself: the caller's retry policy is the only one.
type Client struct {
	cfg      Config
	api      messaging_api.MessagingApiAPI // copied for every call: WithContext writes into the client
	blob     messaging_api.MessagingApiBlobAPI
	breakers map[string]*gobreaker.CircuitBreaker[*http.Response]
	menus    menuIDs
	account  account
}

var (
	_ activities.Messenger = (*Client)(nil)
	_ activities.Contents  = (*Client)(nil)
)

// New checks the configuration and every template, and returns a Client.
func New(cfg Config) (*Client, error) {
	cfg.APIEndpoint = or(cfg.APIEndpoint, APIHost)
	cfg.DataEndpoint = or(cfg.DataEndpoint, DataHost)
	cfg.Timeout = or(cfg.Timeout, 5*time.Second)
	cfg.ContentLimit = or(cfg.ContentLimit, 25<<20)
	cfg.BreakerAfter = or(cfg.BreakerAfter, 8)
	cfg.BreakerWait = or(cfg.BreakerWait, 3*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	cfg.Policy = or(cfg.Policy, policy.Default())
	if cfg.Names == nil {
		cfg.Names = func(string, casefile.Language) string { return "" }
	}
	errs := []error{
		checkEndpoint(cfg.APIEndpoint, APIHost, cfg.AllowLoopback),
		checkEndpoint(cfg.DataEndpoint, DataHost, cfg.AllowLoopback),
		checkConsole(cfg.ConsoleURL),
		checkConsole(cfg.PublicURL),
	}
	if cfg.Tokens == nil {
		errs = append(errs, errors.New("line: no token source"))
	}
	c := &Client{cfg: cfg}
	errs = append(errs, c.checkTemplates())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	// The SDK wants a token at construction; ours rotates, so the transport sets it.
	api, err := messaging_api.NewMessagingApiAPI("set by transport",
		messaging_api.WithEndpoint(cfg.APIEndpoint), messaging_api.WithHTTPClient(c.httpClient(cfg.Timeout, 1<<20)))
	if err != nil {
		return nil, fmt.Errorf("line api endpoint: %w", err)
	}
	blob, err := messaging_api.NewMessagingApiBlobAPI("set by transport",
		messaging_api.WithBlobEndpoint(cfg.DataEndpoint), messaging_api.WithBlobHTTPClient(c.httpClient(6*cfg.Timeout, cfg.ContentLimit+1)))
	if err != nil {
		return nil, fmt.Errorf("line data endpoint: %w", err)
	}
	c.api, c.blob = *api, *blob
	c.breakers = map[string]*gobreaker.CircuitBreaker[*http.Response]{"api": c.breaker("api"), "data": c.breaker("data")}
	return c, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// checkEndpoint refuses anything but LINE's own host, or loopback where that is allowed.
func checkEndpoint(endpoint, host string, loopback bool) error {
	if endpoint == host {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return errors.New("line: an endpoint is not a URL")
	}
	ip := net.ParseIP(u.Hostname())
	if loopback && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("line: endpoint %s://%s refused: only %s is spoken to", u.Scheme, u.Host, host)
}

func checkConsole(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return errors.New("line: the console URL is not an http(s) URL")
	}
	return nil
}

func (c *Client) breaker(name string) *gobreaker.CircuitBreaker[*http.Response] {
	return gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
		Name:        name,
		MaxRequests: 3,
		Timeout:     c.cfg.BreakerWait,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= c.cfg.BreakerAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // our side gave up
		OnStateChange: func(name string, _, to gobreaker.State) {
			c.cfg.Log.Warn("line breaker", "host", name, "state", to.String())
		},
	})
}

func (c *Client) httpClient(timeout time.Duration, limit int64) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 100 // a wave is many pushes at once; the default of 2 would reconnect for each
	var watched http.RoundTripper = base
	if c.cfg.Around != nil {
		watched = c.cfg.Around(base)
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &transport{tokens: c.cfg.Tokens, base: watched, limit: limit},
	}
}

// transport sets the channel token, asks once for a fresh one when LINE refuses
// it, bounds every answer and stops a send that could never be repeated.
type transport struct {
	tokens TokenSource
	base   http.RoundTripper
	limit  int64
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if key, has := req.Header["X-Line-Retry-Key"]; has && (len(key) != 1 || key[0] == "") {
		return nil, errors.New("empty retry key")
	}
	token, err := t.tokens.Token(req.Context())
	if err != nil {
		return nil, err
	}
	res, err := t.try(req, token)
	if err != nil || res.StatusCode != http.StatusUnauthorized || req.Body != nil && req.GetBody == nil {
		return res, err
	}
	fresh, err := t.tokens.Renew(req.Context(), token)
	if err != nil || fresh == token {
		return res, nil // the 401 is the answer
	}
	_ = res.Body.Close()
	return t.try(req, fresh)
}

func (t *transport) try(req *http.Request, token string) (*http.Response, error) {
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	again.Header.Set("Authorization", "Bearer "+token)
	res, err := t.base.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, t.limit), res.Body}
	return res, nil
}

// answer is what LINE said, as far as we act on it.
type answer struct {
	status  int // 0: no answer at all
	reason  string
	request string
	after   time.Duration
}

func (a answer) accepted() bool { return a.status/100 == 2 || a.status == http.StatusConflict }

// unknown: LINE may or may not have done it.
func (a answer) unknown() bool {
	return a.status == 0 || a.status == http.StatusRequestTimeout || a.status >= 500 || a.status/100 == 3
}

// Codes of what LINE said.
const (
	reasonBreaker    = "breaker_open"
	reasonNoAnswer   = "no_answer"
	reasonReplyToken = "invalid_reply_token"
	reasonRecipient  = "unknown_recipient"
	reasonQuota      = "monthly_quota"
	reasonRate       = "rate_limit"
	reasonHasPicture = "has_picture"
)

// do makes one call through the breaker. The status decides; the SDK's own
// error does not, because it reports accepted sends whose body it cannot read,
// and holds the body of refused ones.
func (c *Client) do(host string, call func() (*http.Response, error)) answer {
	res, err := c.breakers[host].Execute(func() (*http.Response, error) {
		res, err := call()
		switch {
		case res == nil && err != nil:
			return nil, err
		case res == nil:
			return nil, errors.New("no response")
		case res.StatusCode >= 500:
			return res, errServer
		}
		return res, nil
	})
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return answer{reason: reasonBreaker, after: c.cfg.BreakerWait}
	case res == nil:
		return answer{reason: reasonNoAnswer}
	}
	return read(res)
}

var errServer = errors.New("server error")

func read(res *http.Response) answer {
	a := answer{status: res.StatusCode, reason: "status_" + strconv.Itoa(res.StatusCode), request: res.Header.Get("X-Line-Request-Id")}
	if a.status == http.StatusConflict {
		a.request = or(res.Header.Get("X-Line-Accepted-Request-Id"), a.request)
	}
	if a.status != http.StatusBadRequest && a.status != http.StatusTooManyRequests {
		return a
	}
	// The SDK has read the body of a refusal and left a copy in its place.
	var refusal messaging_api.ErrorResponse
	_ = json.NewDecoder(res.Body).Decode(&refusal) // an odd body leaves the reason at the status
	switch {
	case strings.Contains(refusal.Message, "Invalid reply token"):
		a.reason = reasonReplyToken
	case strings.Contains(refusal.Message, "Failed to send messages"):
		a.reason = reasonRecipient
	case strings.Contains(refusal.Message, "monthly limit"):
		a.reason = reasonQuota
	case strings.Contains(refusal.Message, "already been uploaded"):
		a.reason = reasonHasPicture
	case a.status == http.StatusTooManyRequests:
		a.reason, a.after = reasonRate, time.Second
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s <= 60 {
		a.after = time.Duration(s) * time.Second
	}
	return a
}

// outcome turns an answer into what the caller's retry policy understands.
func (c *Client) outcome(ctx context.Context, what string, a answer) (activities.Sent, error) {
	sent := activities.Sent{Request: a.request}
	switch {
	case a.accepted():
		sent.Outcome = activities.OutcomeAccepted
		return sent, nil
	case a.reason == reasonQuota:
		sent.Outcome = activities.OutcomeQuota
		c.cfg.Log.ErrorContext(ctx, "line monthly quota used up", "template", what, "request", a.request)
		return sent, nil
	case a.unknown(), a.reason == reasonRate:
		return activities.Sent{}, &activities.TransientError{After: a.after, Reason: a.reason}
	case a.status == http.StatusUnauthorized: // with a fresh token too
		c.cfg.Log.ErrorContext(ctx, "line refuses our token", "template", what, "request", a.request)
		return activities.Sent{}, &activities.TransientError{After: 5 * time.Second, Reason: a.reason}
	case a.reason == reasonRecipient:
		c.cfg.Log.WarnContext(ctx, "line knows no such recipient", "template", what, "request", a.request)
	default: // 400, 403, 413, 415: our mistake
		c.cfg.Log.ErrorContext(ctx, "line refused a message", "template", what, "reason", a.reason, "request", a.request)
	}
	sent.Outcome = activities.OutcomeRefused
	return sent, nil
}

// Send renders, checks and says one message.
//
// A reply whose answer got lost is tried once more with the same token, which
// works only once: if LINE now calls it invalid, the first try spent it, and the
// message counts as accepted. If that answer is lost too, the error is
// transient; the next Send replies again and only then pushes. So a receipt may
// in the worst case be read twice, never more, and every sentence here is a
// statement that may safely be read twice. A ReplyOnly message is never pushed.
func (c *Client) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	to := userIDPattern
	if _, ok := groupTemplates[m.Template]; ok {
		to = groupIDPattern
		if err := c.knowAccount(ctx); err != nil {
			return activities.Sent{}, err
		}
	}
	if !to.MatchString(m.To) || m.Key == "" {
		c.cfg.Log.ErrorContext(ctx, "message without recipient or key", "template", m.Template)
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	messages, silent, ok := c.compose(ctx, m)
	if !ok {
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	if m.ReplyToken != "" {
		a, done := c.reply(ctx, m.ReplyToken, messages, silent)
		if done {
			return c.outcome(ctx, m.Template, a)
		}
	}
	if m.ReplyOnly {
		return activities.Sent{Outcome: activities.OutcomeWithheld}, nil
	}
	return c.outcome(ctx, m.Template, c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).PushMessageWithHttpInfo(&messaging_api.PushMessageRequest{
			To: m.To, Messages: messages, NotificationDisabled: silent,
		}, retryKey(m.Key))
		return res, err
	}))
}

// reply reports what became of a reply, and whether that settles the message.
func (c *Client) reply(ctx context.Context, token string, messages []messaging_api.MessageInterface, silent bool) (answer, bool) {
	if !replyTokenPattern.MatchString(token) {
		return answer{}, false
	}
	try := func() answer {
		return c.do("api", func() (*http.Response, error) {
			api := c.api
			res, _, err := api.WithContext(ctx).ReplyMessageWithHttpInfo(&messaging_api.ReplyMessageRequest{
				ReplyToken: token, Messages: messages, NotificationDisabled: silent,
			})
			return res, err
		})
	}
	a := try()
	if a.reason == reasonReplyToken {
		return a, false
	}
	if a.unknown() && a.reason != reasonBreaker && ctx.Err() == nil {
		if a = try(); a.reason == reasonReplyToken {
			return answer{status: http.StatusOK, request: a.request}, true
		}
	}
	return a, true
}

// Multicast says the same message to up to 500 people in one call. LINE tells
// nothing about the single recipient.
func (c *Client) Multicast(ctx context.Context, to []string, m activities.Outgoing) (activities.Sent, error) {
	known := len(to) > 0 && len(to) <= 500 && m.Key != ""
	for _, id := range to {
		known = known && userIDPattern.MatchString(id)
	}
	if !known {
		c.cfg.Log.ErrorContext(ctx, "multicast without recipients or key", "template", m.Template)
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	messages, silent, ok := c.compose(ctx, m)
	if !ok {
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	return c.outcome(ctx, m.Template, c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).MulticastWithHttpInfo(&messaging_api.MulticastRequest{
			To: to, Messages: messages, NotificationDisabled: silent,
		}, retryKey(m.Key))
		return res, err
	}))
}

// compose renders a message and checks it against LINE's limits.
func (c *Client) compose(ctx context.Context, m activities.Outgoing) (messages []messaging_api.MessageInterface, silent, ok bool) {
	messages, silent, err := c.render(m)
	if err == nil {
		err = checkMessages(messages)
	}
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "message not fit to send", "template", m.Template, "error", err)
		return nil, false, false
	}
	return messages, silent, true
}

func retryKey(key string) string { return uuid.NewSHA1(keySpace, []byte(key)).String() }

// Loading shows the animation of somebody typing, in an open chat only. Seconds
// are 5 to 60 in steps of five. It is a courtesy: nothing depends on it.
func (c *Client) Loading(ctx context.Context, user string, seconds int) error {
	if !userIDPattern.MatchString(user) {
		return errUserID
	}
	if seconds < 5 || seconds > 60 || seconds%5 != 0 {
		return fmt.Errorf("line: %d s of loading: want 5 to 60 in steps of five", seconds)
	}
	return failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).ShowLoadingAnimationWithHttpInfo(&messaging_api.ShowLoadingAnimationRequest{
			ChatId: user, LoadingSeconds: int32(seconds), // #nosec G115 -- LINE takes 5 to 60
		})
		return res, err
	}))
}

var errUserID = errors.New("line: not a user ID")

// failure is nil for a 2xx, a TransientError for what may work later, and an
// error that tells only the status for the rest.
func failure(a answer) error {
	switch {
	case a.status/100 == 2:
		return nil
	case a.unknown(), a.reason == reasonRate, a.status == http.StatusUnauthorized:
		return &activities.TransientError{After: a.after, Reason: a.reason}
	case a.status == http.StatusNotFound:
		return casefile.ErrNotFound
	default:
		return errors.New("line: " + a.reason)
	}
}

// Profile returns the language of a person's LINE, Thai unless it is English.
// casefile.ErrNotFound: blocked, unknown, or no consent to LINE's terms.
func (c *Client) Profile(ctx context.Context, user string) (casefile.Language, error) {
	if !userIDPattern.MatchString(user) {
		return casefile.Thai, errUserID
	}
	var profile *messaging_api.UserProfileResponse
	a := c.do("api", func() (*http.Response, error) {
		api := c.api
		res, p, err := api.WithContext(ctx).GetProfileWithHttpInfo(user)
		profile = p
		return res, err
	})
	if profile != nil && (profile.Language == "en" || strings.HasPrefix(profile.Language, "en-")) {
		return casefile.English, nil
	}
	return casefile.Thai, failure(a)
}

// BotUserID returns our own user ID, which every webhook names as destination.
func (c *Client) BotUserID(ctx context.Context) (string, error) {
	info, err := c.botInfo(ctx)
	if err != nil {
		return "", err
	}
	return info.UserId, nil
}

func (c *Client) botInfo(ctx context.Context) (*messaging_api.BotInfoResponse, error) {
	var info *messaging_api.BotInfoResponse
	a := c.do("api", func() (*http.Response, error) {
		api := c.api
		res, i, err := api.WithContext(ctx).GetBotInfoWithHttpInfo()
		info = i
		return res, err
	})
	if err := failure(a); err != nil {
		return nil, err
	}
	if info == nil || !userIDPattern.MatchString(info.UserId) {
		return nil, errors.New("line: bot info without a user ID")
	}
	return info, nil
}

// account remembers the public name of our account, such as @esshelpme.
type account struct {
	mu   sync.Mutex
	name string
}

// link opens the chat with the account on a phone.
func (a *account) link() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return "https://line.me/R/oaMessage/" + url.QueryEscape(a.name) + "/"
}

// knowAccount asks LINE for the name of our account, once.
func (c *Client) knowAccount(ctx context.Context) error {
	c.account.mu.Lock()
	known := c.account.name != ""
	c.account.mu.Unlock()
	if known {
		return nil
	}
	info, err := c.botInfo(ctx)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(info.BasicId, "@") {
		return errors.New("line: bot info without a basic ID")
	}
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	c.account.name = or(info.PremiumId, info.BasicId)
	return nil
}

// Content fetches a photo, voice message, video or file. LINE answers 202 while
// it prepares one: that is a TransientError.
func (c *Client) Content(ctx context.Context, messageID string) (data []byte, contentType string, err error) {
	if !messageIDPattern.MatchString(messageID) {
		return nil, "", errors.New("line: not a message ID")
	}
	a := c.do("data", func() (*http.Response, error) {
		blob := c.blob
		res, _, err := blob.WithContext(ctx).GetMessageContentWithHttpInfo(messageID)
		if res == nil || err != nil {
			return res, err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return res, nil
		}
		contentType = res.Header.Get("Content-Type")
		if data, err = io.ReadAll(res.Body); err != nil {
			return nil, err // half a photo is none
		}
		return res, nil
	})
	if a.status/100 == 2 && a.status != http.StatusOK {
		return nil, "", &activities.TransientError{After: 2 * time.Second, Reason: "content_not_ready"}
	}
	if a.status == http.StatusNotFound || a.status == http.StatusGone {
		return nil, "", activities.ErrGone
	}
	if err := failure(a); err != nil {
		return nil, "", err
	}
	if int64(len(data)) > c.cfg.ContentLimit {
		return nil, "", activities.ErrTooLarge
	}
	return data, contentType, nil
}
