package lineemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// bodyKind is what a call carries.
type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	formBody
	imageBody
)

// maxBody is LINE's limit for a request; beyond it the answer is 413.
const maxBody = 2 << 20

// limit is a token bucket: so many calls, refilled evenly over a span.
type limit struct {
	calls int
	per   time.Duration
}

var (
	usual     = limit{2000, time.Second}
	multicast = limit{200, time.Second}
	animation = limit{100, time.Second}
	listing   = limit{10, time.Second}
	rare      = limit{100, time.Hour}
	trial     = limit{60, time.Hour}
	endpoint  = limit{1000, time.Minute}
	issuing   = limit{370, time.Second}
)

// route is one call of LINE's API. Its path is spelled as in LINE's OpenAPI
// description, which is looked up by it.
type route struct {
	name   string // what Faults call it
	method string
	path   string
	limit  limit
	body   bodyKind
	open   bool // needs no channel token
	// check finds in a body what LINE documents a text for. It goes before the
	// OpenAPI description, whose refusals are worded by the validator.
	check func(body []byte) *problem
	serve func(*Platform, *call) answer
}

// call is one request on its way through a route.
type call struct {
	*http.Request
	requestID string
	now       time.Time
	bytes     []byte
}

// answer is what a route says. A nil body writes raw.
type answer struct {
	status int
	body   any
	raw    []byte
	header map[string]string
}

type none struct{}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func refuse(status int, message string, details ...Detail) answer {
	return answer{status: status, body: &problem{Message: message, Details: details}}
}

// refuseBare is refuse with the empty list of details that LINE sends from its
// rich-menu service.
func refuseBare(status int, message string) answer { return refuse(status, message, []Detail{}...) }

func refuseFor(p *problem) answer { return answer{status: http.StatusBadRequest, body: p} }

const (
	rateText  = "The API rate limit has been exceeded. Try again later."
	quotaText = "You have reached your monthly limit."
)

// Handler serves API host, data host, login host and the phones page. The
// paths of the hosts do not overlap, so one base URL does for all three.
func (p *Platform) Handler() http.Handler {
	mux := http.NewServeMux()
	shared := map[string]map[string]http.HandlerFunc{} // method → path → handler
	for _, r := range routes {
		if r.path == contentPath || r.path == aliasPath && r.method != http.MethodDelete {
			if shared[r.method] == nil {
				shared[r.method] = map[string]http.HandlerFunc{}
			}
			shared[r.method][r.path] = p.endpoint(r)
			continue
		}
		mux.HandleFunc(r.method+" "+r.path, p.endpoint(r))
	}
	for method, handlers := range shared {
		mux.HandleFunc(method+" /v2/bot/richmenu/{first}/{second}", func(w http.ResponseWriter, req *http.Request) {
			first, second := req.PathValue("first"), req.PathValue("second")
			switch {
			case first == "alias":
				req.SetPathValue("richMenuAliasId", second)
				handlers[aliasPath](w, req)
			case second == "content":
				req.SetPathValue("richMenuId", first)
				handlers[contentPath](w, req)
			default:
				p.notFound(w, req)
			}
		})
	}
	p.mountPage(mux)
	mux.HandleFunc("GET /oauth2/v2.1/authorize", p.authorize)
	mux.HandleFunc("/", p.notFound)
	return mux
}

// Image upload and alias update are calls on two hosts of LINE. On one mux
// their patterns would overlap, so they share one.
const (
	contentPath = "/v2/bot/richmenu/{richMenuId}/content"
	aliasPath   = "/v2/bot/richmenu/alias/{richMenuAliasId}"
)

func (p *Platform) notFound(w http.ResponseWriter, _ *http.Request) {
	p.write(w, p.ids.uuid(), refuse(http.StatusNotFound, "Not found"))
}

// endpoint is the way of every call: request ID, token, fault, bucket, body,
// and only then the work.
func (p *Platform) endpoint(r route) http.HandlerFunc {
	bucket := rate.NewLimiter(rate.Limit(float64(r.limit.calls)/r.limit.per.Seconds()/p.opt.Speed), r.limit.calls)
	return func(w http.ResponseWriter, req *http.Request) {
		c := &call{Request: req, requestID: p.ids.uuid(), now: p.opt.Now()}
		if !r.open {
			if bad, refused := p.authenticate(c); refused {
				p.write(w, c.requestID, bad)
				return
			}
		}
		// The body is read first: a client that gave up is noticed only then.
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		c.bytes = body
		fault, hit := p.faults.take(r.name)
		if hit && !p.before(w, c, fault) {
			return
		}
		var a answer
		switch {
		case !bucket.AllowN(c.now, 1):
			a = refuse(http.StatusTooManyRequests, rateText)
		case err != nil:
			a = refuse(http.StatusRequestEntityTooLarge, "Request body too large")
		default:
			if a, err = p.read(r, c); err == nil {
				a = r.serve(p, c)
			}
		}
		if hit && !p.after(w, c, fault) {
			return
		}
		p.write(w, c.requestID, a)
	}
}

var errRefused = errors.New("refused")

// read checks the body before the route sees it.
func (p *Platform) read(r route, c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	wrong := refuse(http.StatusUnsupportedMediaType, fmt.Sprintf("The content type, %s, is not supported", c.Header.Get("Content-Type")))
	switch r.body {
	case imageBody:
		if kind != "image/jpeg" && kind != "image/png" {
			return wrong, errRefused
		}
	case formBody:
		if kind != "application/x-www-form-urlencoded" {
			return wrong, errRefused
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(c.bytes))
		if c.ParseForm() != nil {
			return invalidToken("Invalid form."), errRefused
		}
	case jsonBody:
		if kind != "application/json" {
			return wrong, errRefused
		}
		var v any
		if err := json.Unmarshal(c.bytes, &v); err != nil {
			line, column := position(c.bytes, err)
			return refuse(http.StatusBadRequest, fmt.Sprintf("The request body could not be parsed as JSON (line: %d, column: %d)", line, column)), errRefused
		}
		if _, isObject := v.(object); !isObject {
			return refuse(http.StatusBadRequest, "The request body could not be parsed as JSON (line: 1, column: 1)"), errRefused
		}
		if bad := p.spec.check(r.method, r.path, v); bad != nil {
			if r.check != nil {
				if documented := r.check(c.bytes); documented != nil {
					bad = documented
				}
			}
			return refuseFor(bad), errRefused
		}
	}
	return answer{}, nil
}

// position finds line and column of a JSON error.
func position(body []byte, err error) (line, column int) {
	offset := len(body)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset)
	}
	before := body[:min(offset, len(body))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n') - 1
}

// decode reads the JSON body into v; a property of the wrong type is refused
// in LINE's words.
func (c *call) decode(v any) (answer, bool) {
	err := json.Unmarshal(c.bytes, v)
	if err == nil {
		return answer{}, true
	}
	property := "-"
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		property = wrong.Field
	}
	return refuseProperty(property), false
}

func refuseProperty(name string) answer {
	return refuse(http.StatusBadRequest, fmt.Sprintf("The property, %s, in the request body is invalid (line: -, column: -)", name))
}

// authenticate refuses a call without a living channel token.
func (p *Platform) authenticate(c *call) (answer, bool) {
	const because = "Authentication failed due to the following reason: "
	token, bearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !bearer || token == "" {
		return refuse(http.StatusUnauthorized, because+"missing or malformed authorization header"), true
	}
	p.mu.Lock()
	end, known := p.tokens[token]
	p.mu.Unlock()
	switch {
	case !known:
		return refuse(http.StatusUnauthorized, because+"invalid token. Confirm that the access token in the authorization header is valid."), true
	case c.now.After(end):
		return refuse(http.StatusUnauthorized, because+"access token expired"), true
	}
	return answer{}, false
}

// before plays the faults that strike instead of the work; false ends the call.
func (p *Platform) before(w http.ResponseWriter, c *call, f APIFault) bool {
	switch f.Kind {
	case RateLimited:
		p.write(w, c.requestID, refuse(http.StatusTooManyRequests, rateText))
	case QuotaReached:
		p.write(w, c.requestID, refuse(http.StatusTooManyRequests, quotaText))
	case ErrorBefore:
		p.write(w, c.requestID, refuse(http.StatusInternalServerError, "Internal server error"))
	case Hang:
		p.hang(c)
	case Reset:
		reset(w)
	case Slow:
		wait := time.NewTimer(f.Delay)
		defer wait.Stop()
		select {
		case <-wait.C:
			return true
		case <-c.Context().Done():
		case <-p.ctx.Done():
		}
	default:
		return true
	}
	return false
}

// after plays the faults that strike when the work is done.
func (p *Platform) after(w http.ResponseWriter, c *call, f APIFault) bool {
	switch f.Kind {
	case ErrorAfter:
		p.write(w, c.requestID, refuse(http.StatusInternalServerError, "Internal server error"))
	case HangAfter:
		p.hang(c)
	case ResetAfter:
		reset(w)
	default:
		return true
	}
	return false
}

// hang keeps the caller waiting until it gives up. The connection dies with
// the handler, so that no answer ever comes.
func (p *Platform) hang(c *call) {
	select {
	case <-c.Context().Done():
	case <-p.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a recorder: ends the stream all the same
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // RST, not FIN
	}
	_ = conn.Close()
}

func (p *Platform) write(w http.ResponseWriter, requestID string, a answer) {
	h := w.Header()
	h.Set("X-Line-Request-Id", requestID)
	h.Set("Content-Type", "application/json")
	for name, v := range a.header {
		h.Set(name, v)
	}
	body := a.raw
	if a.body != nil {
		body = marshal(a.body)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

// routes is the table of contents.
var routes = []route{
	{name: "reply", method: http.MethodPost, path: "/v2/bot/message/reply", limit: usual, body: jsonBody, check: checkSend, serve: (*Platform).reply},
	{name: "push", method: http.MethodPost, path: "/v2/bot/message/push", limit: usual, body: jsonBody, check: checkSend, serve: (*Platform).push},
	{name: "multicast", method: http.MethodPost, path: "/v2/bot/message/multicast", limit: multicast, body: jsonBody, check: checkSend, serve: (*Platform).multicast},
	{name: "validate", method: http.MethodPost, path: "/v2/bot/message/validate/reply", limit: usual, body: jsonBody, check: checkSend, serve: (*Platform).validate},
	{name: "validate", method: http.MethodPost, path: "/v2/bot/message/validate/push", limit: usual, body: jsonBody, check: checkSend, serve: (*Platform).validate},
	{name: "validate", method: http.MethodPost, path: "/v2/bot/message/validate/multicast", limit: usual, body: jsonBody, check: checkSend, serve: (*Platform).validate},
	{name: "loading", method: http.MethodPost, path: "/v2/bot/chat/loading/start", limit: animation, body: jsonBody, check: checkLoading, serve: (*Platform).loading},
	{name: "markAsRead", method: http.MethodPost, path: "/v2/bot/chat/markAsRead", limit: usual, body: jsonBody, serve: (*Platform).markAsRead},

	{name: "profile", method: http.MethodGet, path: "/v2/bot/profile/{userId}", limit: usual, serve: (*Platform).profile},
	{name: "info", method: http.MethodGet, path: "/v2/bot/info", limit: usual, serve: (*Platform).info},
	{name: "quota", method: http.MethodGet, path: "/v2/bot/message/quota", limit: usual, serve: (*Platform).quotaLimit},
	{name: "quota", method: http.MethodGet, path: "/v2/bot/message/quota/consumption", limit: usual, serve: (*Platform).quotaUsed},
	{name: "content", method: http.MethodGet, path: "/v2/bot/message/{messageId}/content", limit: usual, serve: (*Platform).content},

	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/richmenu", limit: rare, body: jsonBody, check: checkMenuBody, serve: (*Platform).createMenu},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/richmenu/validate", limit: usual, body: jsonBody, check: checkMenuBody, serve: (*Platform).validateMenu},
	{name: "richmenu", method: http.MethodGet, path: "/v2/bot/richmenu/list", limit: listing, serve: (*Platform).listMenus},
	{name: "richmenu", method: http.MethodGet, path: "/v2/bot/richmenu/{richMenuId}", limit: usual, serve: (*Platform).getMenu},
	{name: "richmenu", method: http.MethodDelete, path: "/v2/bot/richmenu/{richMenuId}", limit: rare, serve: (*Platform).deleteMenu},
	{name: "richmenu", method: http.MethodGet, path: contentPath, limit: usual, serve: (*Platform).getMenuImage},
	{name: "richmenu", method: http.MethodPost, path: contentPath, limit: usual, body: imageBody, serve: (*Platform).setMenuImage},
	{name: "richmenu", method: http.MethodGet, path: "/v2/bot/user/all/richmenu", limit: usual, serve: (*Platform).getDefaultMenu},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/user/all/richmenu/{richMenuId}", limit: usual, serve: (*Platform).setDefaultMenu},
	{name: "richmenu", method: http.MethodDelete, path: "/v2/bot/user/all/richmenu", limit: usual, serve: (*Platform).clearDefaultMenu},
	{name: "richmenu", method: http.MethodGet, path: "/v2/bot/user/{userId}/richmenu", limit: usual, serve: (*Platform).getUserMenu},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/user/{userId}/richmenu/{richMenuId}", limit: usual, serve: (*Platform).linkUserMenu},
	{name: "richmenu", method: http.MethodDelete, path: "/v2/bot/user/{userId}/richmenu", limit: usual, serve: (*Platform).unlinkUserMenu},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/richmenu/bulk/link", limit: usual, body: jsonBody, serve: (*Platform).bulkLink},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/richmenu/bulk/unlink", limit: usual, body: jsonBody, serve: (*Platform).bulkUnlink},
	{name: "richmenu", method: http.MethodPost, path: "/v2/bot/richmenu/alias", limit: usual, body: jsonBody, serve: (*Platform).createAlias},
	{name: "richmenu", method: http.MethodGet, path: "/v2/bot/richmenu/alias/list", limit: usual, serve: (*Platform).listAliases},
	{name: "richmenu", method: http.MethodGet, path: aliasPath, limit: usual, serve: (*Platform).getAlias},
	{name: "richmenu", method: http.MethodPost, path: aliasPath, limit: usual, body: jsonBody, serve: (*Platform).updateAlias},
	{name: "richmenu", method: http.MethodDelete, path: aliasPath, limit: rare, serve: (*Platform).deleteAlias},

	{name: "webhook", method: http.MethodGet, path: "/v2/bot/channel/webhook/endpoint", limit: endpoint, serve: (*Platform).getEndpoint},
	{name: "webhook", method: http.MethodPut, path: "/v2/bot/channel/webhook/endpoint", limit: endpoint, body: jsonBody, serve: (*Platform).setEndpoint},
	{name: "webhook", method: http.MethodPost, path: "/v2/bot/channel/webhook/test", limit: trial, body: jsonBody, serve: (*Platform).testEndpoint},
	{name: "token", method: http.MethodPost, path: "/oauth2/v3/token", limit: issuing, body: formBody, open: true, serve: (*Platform).issueToken},

	{name: "login", method: http.MethodPost, path: "/oauth2/v2.1/token", limit: usual, body: formBody, open: true, serve: (*Platform).signInToken},
	{name: "login", method: http.MethodPost, path: "/oauth2/v2.1/verify", limit: usual, body: formBody, open: true, serve: (*Platform).verifyIDToken},
	{name: "login", method: http.MethodGet, path: "/oauth2/v2.1/certs", limit: usual, open: true, serve: (*Platform).certs},
}
