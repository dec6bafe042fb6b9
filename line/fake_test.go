package line

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

const (
	person  = "U0123456789abcdef0123456789abcdef"
	caseID  = casefile.CaseID("6f3a2d90-1c55-4b7e-9a10-5d2f8f6c1e01")
	request = "0d1c3b1e-0000-4000-8000-00000000abcd"
)

// postbackData is the data of a button, or "" for another action.
func postbackData(a messaging_api.ActionInterface) string {
	switch a := a.(type) {
	case *messaging_api.PostbackAction:
		return a.Data
	case *messaging_api.RichMenuSwitchAction:
		return a.Data
	}
	return ""
}

// heard is one call that the fake got.
type heard struct {
	route, key, token string
	body              map[string]any
}

// fakeLINE answers like LINE, as far as this package's tests need it. Script
// gives the answers to sends, one after the other; without one a send succeeds.
type fakeLINE struct {
	*httptest.Server

	mu          sync.Mutex
	heard       []heard
	script      []func(w http.ResponseWriter, r *http.Request)
	menus       []map[string]any
	pictures    map[string]bool
	aliases     map[string]string
	linked      map[string]string
	defaultMenu string
	failUploads int
}

func newFakeLINE(t *testing.T) *fakeLINE {
	t.Helper()
	f := &fakeLINE{pictures: map[string]bool{}, aliases: map[string]string{}, linked: map[string]string{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeLINE) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		APIEndpoint: f.URL, DataEndpoint: f.URL, AllowLoopback: true, Tokens: StaticToken("token"),
		Timeout: 300 * time.Millisecond, Names: names, Log: slog.New(slog.DiscardHandler), ConsoleURL: "https://ess.example", PublicURL: "https://ess.example",
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// names knows Phitsanulok.
func names(code string, lang casefile.Language) string {
	known := map[string]pair{
		"65": {"พิษณุโลก", "Phitsanulok"}, "6501": {"เมืองพิษณุโลก", "Mueang Phitsanulok"}, "PPS": {"สภ.ตัวอย่าง", "Example station"},
	}
	return page{lang: lang}.pair(known[code])
}

func (f *fakeLINE) count(route string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, h := range f.heard {
		if h.route == route {
			n++
		}
	}
	return n
}

func (f *fakeLINE) routes() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, h := range f.heard {
		all = append(all, strings.TrimPrefix(h.route, "POST /v2/bot/message/"))
	}
	return strings.Join(all, " ")
}

func (f *fakeLINE) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	h := heard{route: r.Method + " " + r.URL.Path, key: r.Header.Get("X-Line-Retry-Key"), token: r.Header.Get("Authorization")}
	_ = json.Unmarshal(raw, &h.body) // pictures are no JSON
	w.Header().Set("X-Line-Request-Id", request)
	w.Header().Set("Content-Type", "application/json")
	if next := f.take(h); next != nil {
		next(w, r) // without the lock: it may hang
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer(w, r, h)
}

// take notes a call and returns the scripted answer to it, if there is one.
func (f *fakeLINE) take(h heard) func(http.ResponseWriter, *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, h)
	if len(f.script) == 0 {
		return nil
	}
	next := f.script[0]
	f.script = f.script[1:]
	return next
}

func (f *fakeLINE) answer(w http.ResponseWriter, r *http.Request, h heard) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/bot/"), "/")
	switch {
	case h.route == "GET /v2/bot/richmenu/list":
		_ = json.NewEncoder(w).Encode(map[string]any{"richmenus": f.menus})
	case h.route == "POST /v2/bot/richmenu":
		id := fmt.Sprintf("richmenu-%032x", len(f.menus)+1)
		h.body["richMenuId"] = id
		f.menus = append(f.menus, h.body)
		_ = json.NewEncoder(w).Encode(map[string]any{"richMenuId": id})
	case len(parts) == 3 && parts[0] == "richmenu" && parts[2] == "content":
		switch {
		case f.failUploads > 0:
			f.failUploads--
			say(http.StatusBadRequest, "The image size is not allowed for richmenu")(w, r)
		case f.pictures[parts[1]]:
			say(http.StatusBadRequest, "An image has already been uploaded to the richmenu")(w, r)
		default:
			f.pictures[parts[1]] = true
			_, _ = io.WriteString(w, "{}")
		}
	case r.Method == http.MethodGet && len(parts) == 3 && parts[1] == "alias":
		id, ok := f.aliases[parts[2]]
		if !ok {
			say(http.StatusNotFound, "richmenu alias not found")(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"richMenuAliasId": parts[2], "richMenuId": id})
	case h.route == "POST /v2/bot/richmenu/alias":
		f.aliases[h.body["richMenuAliasId"].(string)] = h.body["richMenuId"].(string)
		_, _ = io.WriteString(w, "{}")
	case strings.HasPrefix(r.URL.Path, "/v2/bot/user/all/richmenu/"):
		f.defaultMenu = parts[3]
		_, _ = io.WriteString(w, "{}")
	case len(parts) == 4 && parts[0] == "user" && parts[2] == "richmenu":
		f.linked[parts[1]] = parts[3]
		_, _ = io.WriteString(w, "{}")
	default:
		_, _ = io.WriteString(w, `{"sentMessages":[{"id":"1","quoteToken":"q"}]}`)
	}
}

// say answers with a status and LINE's error body.
func say(status int, message string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
	}
}

// hang gives no answer within the client's timeout.
func hang(_ http.ResponseWriter, _ *http.Request) { time.Sleep(600 * time.Millisecond) }

// reset closes the connection in the middle.
func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
