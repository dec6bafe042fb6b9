package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"gopkg.in/yaml.v3"

	"github.com/ess-thailand/ess/activities"
)

// Gateway is how one provider with an HTTP gateway is spoken to, and how it
// speaks to us, as its file says. The file holds no secret: {secret} stands for it.
type Gateway struct {
	URL     string            `yaml:"url"`    // of one call; nothing of a message is ever in it, for URLs are kept in logs
	Method  string            `yaml:"method"` // default POST
	Headers map[string]string `yaml:"headers"`
	// The body, one of the two. In its strings {to} is +66812345678, {digits} 66812345678,
	// {national} 0812345678, {text} what is said, {key} the same for every try.
	JSON     any               `yaml:"json"`
	Form     map[string]string `yaml:"form"`
	Answer   GatewayAnswer     `yaml:"answer"`
	Statuses GatewayStatuses   `yaml:"statuses"`
	Incoming IncomingFields    `yaml:"incoming"`
	Receipt  ReceiptFields     `yaml:"receipts"`
}

// GatewayAnswer says how an answer is read. A field is a path in its JSON such as
// messages.0.id, or header:<name>.
type GatewayAnswer struct {
	ID string `yaml:"id"` // what the provider calls the message
	// Code is for providers that answer 200 to everything: where their own code stands,
	// and what it means. A code that is named nowhere is a refusal.
	Code      string   `yaml:"code"`
	Accepted  []string `yaml:"accepted"`
	Quota     []string `yaml:"quota"`
	Transient []string `yaml:"transient"`
}

// GatewayStatuses says what HTTP statuses mean where a provider differs. Of
// itself 2xx is accepted, 402 the quota, 401, 408, 425, 429, 3xx and 5xx may work
// later, and every other 4xx is a refusal for good.
type GatewayStatuses struct {
	Accepted  []int `yaml:"accepted"`
	Refused   []int `yaml:"refused"`
	Quota     []int `yaml:"quota"`
	Transient []int `yaml:"transient"`
}

// IncomingFields says where the parts of a message stand in what a provider posts.
type IncomingFields struct {
	List string `yaml:"list"` // of several messages in one post; default: the post itself
	ID   string `yaml:"id"`   // default id
	From string `yaml:"from"` // default from
	Text string `yaml:"text"` // default text
	At   string `yaml:"at"`   // default at; RFC 3339
}

// ReceiptFields says the same of what became of a message.
type ReceiptFields struct {
	List      string   `yaml:"list"`
	ID        string   `yaml:"id"`        // default id
	Status    string   `yaml:"status"`    // default status
	Delivered []string `yaml:"delivered"` // in any case of letters
	Failed    []string `yaml:"failed"`    // everything else is news of the way, which is not kept
}

// ReadGateway reads the file of a provider.
func ReadGateway(file string) (*Gateway, error) {
	raw, err := os.ReadFile(file) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return ParseGateway(raw)
}

// ParseGateway reads the description of a provider. Unknown fields are mistakes.
func ParseGateway(raw []byte) (*Gateway, error) {
	var g Gateway
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&g); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g.Method = or(g.Method, http.MethodPost)
	return &g, nil
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// check looks at everything that could fail with the first message.
func (g *Gateway) check(loopbackToo bool, known []string) error {
	var errs []error
	u, err := url.Parse(g.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		errs = append(errs, errors.New("gateway: url is not an http(s) URL"))
	case u.Scheme != "https" && !(u.Scheme == "http" && loopbackToo && loopback(u.Hostname())):
		errs = append(errs, fmt.Errorf("gateway: url %s://%s refused: only https is spoken", u.Scheme, u.Host))
	}
	if placeholder.MatchString(g.URL) {
		errs = append(errs, errors.New("gateway: a message is never in the url, for URLs are kept in logs"))
	}
	if g.Method != http.MethodPost && g.Method != http.MethodPut {
		errs = append(errs, errors.New("gateway: method is POST or PUT"))
	}
	if (g.JSON == nil) == (g.Form == nil) {
		errs = append(errs, errors.New("gateway: want json or form, and one of them"))
	}
	if _, err := json.Marshal(g.JSON); err != nil {
		errs = append(errs, errors.New("gateway: json is no tree of JSON"))
	}
	used := map[string]bool{}
	note := func(s string) any {
		for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
			used[m[1]] = true
		}
		return s
	}
	walk(g.JSON, func(s string) any { return note(s) })
	for _, v := range g.Form {
		note(v)
	}
	for name, v := range g.Headers {
		note(v)
		if strings.Contains(v, "{text}") {
			errs = append(errs, fmt.Errorf("gateway: header %s: a text does not fit into a header", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("gateway: {%s} is not known; there are %v", name, known))
		}
	}
	if g.Answer.Code != "" && len(g.Answer.Accepted) == 0 {
		errs = append(errs, errors.New("gateway: answer.code without answer.accepted would refuse everything"))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// walk copies a tree with every string changed.
func walk(tree any, change func(string) any) any {
	switch t := tree.(type) {
	case string:
		return change(t)
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, v := range t {
			out[k] = walk(v, change)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, v := range t {
			out[i] = walk(v, change)
		}
		return out
	default:
		return t
	}
}

// callerConfig is what a caller is made of.
type callerConfig struct {
	Name          string // of the gateway, in logs
	Secret        string
	AllowLoopback bool
	Timeout       time.Duration // one call; default 5 s, so that two fit into one activity try
	Log           *slog.Logger
	Around        func(http.RoundTripper) http.RoundTripper
}

// caller makes calls to one gateway. It never tries a message again by itself:
// the caller's retry policy is the only one.
type caller struct {
	gateway *Gateway
	cfg     callerConfig
	client  http.Client
	breaker *gobreaker.CircuitBreaker[gatewayAnswer]
}

const (
	breakerAfter = 8               // failures in a row
	breakerWait  = 3 * time.Second // because people wait
	mostAnswer   = 64 << 10
)

// newCaller checks the gateway; known are the placeholders that its body may use.
func newCaller(g *Gateway, cfg callerConfig, known []string) (*caller, error) {
	if g == nil {
		return nil, errors.New("gateway: none")
	}
	if err := g.check(cfg.AllowLoopback, append(slices.Clone(known), "secret")); err != nil {
		return nil, err
	}
	cfg.Timeout = or(cfg.Timeout, 5*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 20 // a wave is many messages at once
	var watched http.RoundTripper = base
	if cfg.Around != nil {
		watched = cfg.Around(base)
	}
	return &caller{
		gateway: g, cfg: cfg,
		client: http.Client{
			Timeout: cfg.Timeout, Transport: watched,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		breaker: gobreaker.NewCircuitBreaker[gatewayAnswer](gobreaker.Settings{
			Name: cfg.Name, MaxRequests: 3, Timeout: breakerWait,
			ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= breakerAfter },
			IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // our side gave up
			OnStateChange: func(name string, _, to gobreaker.State) {
				cfg.Log.Warn("gateway breaker", "gateway", name, "state", to.String())
			},
		}),
	}, nil
}

// gatewayAnswer is what a provider said, as far as we act on it.
type gatewayAnswer struct {
	status  int // 0: no answer at all
	outcome activities.Outcome
	reason  string
	request string
	after   time.Duration
}

// call makes one call and turns the answer into what the caller's retry policy understands.
func (c *caller) call(ctx context.Context, template string, values map[string]any) (activities.Sent, error) {
	body, contentType := c.body(values)
	a, err := c.breaker.Execute(func() (gatewayAnswer, error) {
		req, err := http.NewRequestWithContext(ctx, c.gateway.Method, c.gateway.URL, bytes.NewReader(body))
		if err != nil {
			return gatewayAnswer{}, err
		}
		req.Header.Set("Content-Type", contentType)
		for name, v := range c.gateway.Headers {
			req.Header.Set(name, c.fill(v, values))
		}
		res, err := c.client.Do(req)
		if err != nil {
			return gatewayAnswer{reason: reasonNoAnswer}, err
		}
		defer func() { _ = res.Body.Close() }()
		a := c.gateway.read(res)
		if a.status >= http.StatusInternalServerError {
			return a, errServer
		}
		return a, nil
	})
	log := c.cfg.Log.With("gateway", c.cfg.Name, "template", template)
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return activities.Sent{}, &activities.TransientError{After: breakerWait, Reason: reasonBreaker}
	case a.outcome == activities.OutcomeAccepted:
	case a.outcome == activities.OutcomeQuota:
		log.ErrorContext(ctx, "gateway quota used up", "reason", a.reason)
	case a.outcome == activities.OutcomeRefused:
		log.WarnContext(ctx, "gateway refused a message", "reason", a.reason)
	default:
		if a.status == http.StatusUnauthorized {
			log.ErrorContext(ctx, "gateway refuses our secret")
		}
		return activities.Sent{}, &activities.TransientError{After: a.after, Reason: or(a.reason, reasonNoAnswer)}
	}
	return activities.Sent{Request: a.request, Outcome: a.outcome}, nil
}

func (c *caller) fill(s string, values map[string]any) string {
	return placeholder.ReplaceAllStringFunc(s, func(name string) string {
		if name == "{secret}" {
			return c.cfg.Secret
		}
		switch v := values[name[1:len(name)-1]].(type) {
		case string:
			return v
		case json.RawMessage: // a tree in a text, such as the field of a form
			return string(v)
		default:
			return ""
		}
	})
}

// value is what stands for a string of the tree: one placeholder alone may be more than a text.
func (c *caller) value(s string, values map[string]any) any {
	if m := placeholder.FindStringSubmatch(s); m != nil && m[0] == s {
		if v, ok := values[m[1]]; ok {
			return v
		}
	}
	return c.fill(s, values)
}

// body writes the values into the tree or the form; the encoder quotes them.
func (c *caller) body(values map[string]any) (body []byte, contentType string) {
	if c.gateway.Form != nil {
		form := url.Values{}
		for k, v := range c.gateway.Form {
			form.Set(k, c.fill(v, values))
		}
		return []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	body, _ = json.Marshal(walk(c.gateway.JSON, func(s string) any { return c.value(s, values) })) // a tree of YAML is one of JSON
	return body, "application/json"
}

// read decides by the status first; a body that cannot be read takes nothing back.
func (g *Gateway) read(res *http.Response) gatewayAnswer {
	a := gatewayAnswer{status: res.StatusCode, reason: "status_" + strconv.Itoa(res.StatusCode)}
	raw, _ := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	tree := decode(raw)
	at := func(path string) string {
		if name, ok := strings.CutPrefix(path, "header:"); ok {
			return res.Header.Get(name)
		}
		return find(tree, path)
	}
	a.request = requestID(at(g.Answer.ID))
	a.outcome = g.meaning(res.StatusCode)
	if a.outcome == activities.OutcomeAccepted && g.Answer.Code != "" {
		code := at(g.Answer.Code)
		a.reason = "gateway_code"
		switch {
		case slices.Contains(g.Answer.Accepted, code):
		case slices.Contains(g.Answer.Quota, code):
			a.outcome = activities.OutcomeQuota
		case slices.Contains(g.Answer.Transient, code), code == "": // an answer that is not theirs, such as a proxy's page
			a.outcome, a.after = "", time.Second
		default:
			a.outcome = activities.OutcomeRefused
		}
	}
	switch res.StatusCode {
	case http.StatusTooManyRequests:
		a.reason, a.after = reasonRate, time.Second
	case http.StatusUnauthorized:
		a.after = 5 * time.Second
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s <= 60 {
		a.after = time.Duration(s) * time.Second
	}
	return a
}

// meaning is the outcome of a status; empty: it may work later.
func (g *Gateway) meaning(status int) activities.Outcome {
	switch s := g.Statuses; {
	case slices.Contains(s.Accepted, status):
		return activities.OutcomeAccepted
	case slices.Contains(s.Refused, status):
		return activities.OutcomeRefused
	case slices.Contains(s.Quota, status):
		return activities.OutcomeQuota
	case slices.Contains(s.Transient, status):
		return ""
	}
	switch {
	case status/100 == 2:
		return activities.OutcomeAccepted
	case status == http.StatusPaymentRequired:
		return activities.OutcomeQuota
	case status == http.StatusUnauthorized, status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status/100 != 4:
		return ""
	default:
		return activities.OutcomeRefused
	}
}

var requestPattern = regexp.MustCompile(`^[!-~]{1,128}$`)

// requestID keeps what a provider calls a message, if it looks like a name.
func requestID(s string) string {
	if !requestPattern.MatchString(s) {
		return ""
	}
	return s
}

func decode(raw []byte) any {
	var tree any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // an ID of 19 digits is not a float
	if dec.Decode(&tree) != nil {
		return nil
	}
	return tree
}

// find returns the value at a path such as messages.0.id as text, or "".
func find(tree any, path string) string {
	switch v := descend(tree, path).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

func descend(tree any, path string) any {
	if path == "" {
		return tree
	}
	step, rest, _ := strings.Cut(path, ".")
	switch t := tree.(type) {
	case map[string]any:
		return descend(t[step], rest)
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(t) {
			return descend(t[i], rest)
		}
	}
	return nil
}

// errPost quotes nothing of what was posted.
var errPost = errors.New("gateway: a post that cannot be read")

// Messages reads the messages that a provider posts, JSON or a form. A sender is
// in E.164 form, or a name as it came. A nil gateway reads our own field names.
func (g *Gateway) Messages(contentType string, body []byte) ([]Incoming, error) {
	f := IncomingFields{}
	if g != nil {
		f = g.Incoming
	}
	posts, err := posted(contentType, body, f.List)
	if err != nil {
		return nil, err
	}
	var list []Incoming
	for _, at := range posts {
		in := Incoming{ID: requestID(at(or(f.ID, "id"))), From: sender(at(or(f.From, "from"))), Text: at(or(f.Text, "text"))}
		if in.From == "" { // the fields have other names: a mistake that must be seen, for it would swallow every cry for help
			return nil, errPost
		}
		in.At, _ = time.Parse(time.RFC3339, at(or(f.At, "at"))) // zero: the provider does not say
		list = append(list, in)
	}
	return list, nil
}

var (
	deliveredWords = []string{"DELIVERED", "DELIVRD"}
	failedWords    = []string{"FAILED", "UNDELIVERED", "UNDELIVERABLE", "UNDELIV", "EXPIRED", "REJECTED", "REJECTD", "DELETED"}
)

// Receipts reads what became of messages.
func (g *Gateway) Receipts(contentType string, body []byte) ([]Receipt, error) {
	f := ReceiptFields{}
	if g != nil {
		f = g.Receipt
	}
	if len(f.Delivered) == 0 {
		f.Delivered = deliveredWords
	}
	if len(f.Failed) == 0 {
		f.Failed = failedWords
	}
	posts, err := posted(contentType, body, f.List)
	if err != nil {
		return nil, err
	}
	var list []Receipt
	for _, at := range posts {
		r := Receipt{ID: at(or(f.ID, "id"))}
		if requestID(r.ID) == "" {
			return nil, errPost
		}
		is := func(word string) bool { return strings.EqualFold(word, at(or(f.Status, "status"))) }
		r.Delivered = slices.ContainsFunc(f.Delivered, is)
		if r.Delivered || slices.ContainsFunc(f.Failed, is) {
			list = append(list, r)
		}
	}
	return list, nil
}

// posted gives each thing of a post as a way to ask for its fields.
func posted(contentType string, body []byte, list string) ([]func(path string) string, error) {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errPost
		}
		return []func(string) string{form.Get}, nil
	}
	tree := descend(decode(body), list)
	if tree == nil {
		return nil, errPost
	}
	things, several := tree.([]any)
	if !several {
		things = []any{tree}
	}
	out := make([]func(string) string, len(things))
	for i, thing := range things {
		out[i] = func(path string) string { return find(thing, path) }
	}
	return out, nil
}
