package lineemu

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed static
var static embed.FS

// watcher is one open phones page.
type watcher struct {
	phones map[string]bool // the ones it shows

	mu    sync.Mutex
	dirty map[string]bool
	all   bool // the list of phones or the faults
	wake  chan struct{}
}

func (w *watcher) note(ids []string, all bool) {
	w.mu.Lock()
	for _, id := range ids {
		w.dirty[id] = true
	}
	w.all = w.all || all
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // already awake
	}
}

// changed tells the pages that show this phone; nil is news for every page.
// It costs nothing while no page is open.
func (p *Platform) changed(ph *Phone) {
	p.watchMu.RLock()
	defer p.watchMu.RUnlock()
	for w := range p.watchers {
		switch {
		case ph == nil:
			w.note(nil, true)
		case w.phones[ph.user.ID]:
			w.note([]string{ph.user.ID}, false)
		}
	}
}

// changedMenu tells all pages that any phone may show another menu.
func (p *Platform) changedMenu() {
	p.watchMu.RLock()
	defer p.watchMu.RUnlock()
	for w := range p.watchers {
		ids := make([]string, 0, len(w.phones))
		for id := range w.phones {
			ids = append(ids, id)
		}
		w.note(ids, true)
	}
}

// mountPage serves the phones page and what it asks for.
func (p *Platform) mountPage(mux *http.ServeMux) {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	page := http.StripPrefix("/phones/", http.FileServerFS(files))
	handle := func(pattern string, h http.HandlerFunc) { mux.HandleFunc(pattern, localOnly(h)) }
	handle("GET /phones", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/phones/", http.StatusMovedPermanently)
	})
	handle("GET /phones/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-cache")
		page.ServeHTTP(w, r)
	})
	handle("GET /phones/api/setting", p.pageSetting)
	handle("GET /phones/api/phones", p.pageList)
	handle("POST /phones/api/phones", p.pageAdd)
	handle("GET /phones/api/phones/{id}", p.pagePhone)
	handle("POST /phones/api/phones/{id}", p.pageDo)
	handle("GET /phones/api/content/{id}", p.pageContent)
	handle("GET /phones/api/menus/{id}", p.pageMenuImage)
	handle("GET /phones/api/faults", func(w http.ResponseWriter, _ *http.Request) { say(w, p.Faults()) })
	handle("PUT /phones/api/faults", p.pageFaults)
	handle("GET /phones/api/stream", p.pageStream)
}

// localOnly keeps other web pages in the same browser out: a foreign name for
// this address (DNS rebinding) and forms posted across sites.
func localOnly(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "only on loopback", http.StatusForbidden)
			return
		}
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodGet && kind != "application/json" {
			http.Error(w, "only JSON", http.StatusUnsupportedMediaType)
			return
		}
		h(w, r)
	}
}

func say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(marshal(v))
}

func complain(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(marshal(map[string]string{"error": strings.TrimPrefix(err.Error(), "lineemu: ")}))
}

// maxPhoto is what the page may send in one go, as base64.
const maxPhoto = 16 << 20

func hear(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPhoto)).Decode(v); err != nil {
		complain(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

func (p *Platform) pageSetting(w http.ResponseWriter, _ *http.Request) {
	endpoints := []string{}
	for _, r := range routes {
		if !slices.Contains(endpoints, r.name) {
			endpoints = append(endpoints, r.name)
		}
	}
	say(w, map[string]any{"account": p.opt.AccountName, "places": p.opt.Places, "endpoints": endpoints, "kinds": faultKinds})
}

// pageList finds phones by name, label or ID; a list of thousands would help
// nobody.
func (p *Platform) pageList(w http.ResponseWriter, r *http.Request) {
	const most = 50
	q := strings.ToLower(r.URL.Query().Get("q"))
	pinned := r.URL.Query().Has("pinned")
	found := []User{}
	all := p.Phones()
	for _, g := range p.Groups() {
		all = append(all, g.chat)
	}
	for _, ph := range all {
		u := ph.User()
		if pinned && !u.Pinned || !strings.Contains(strings.ToLower(u.Name+" "+u.Label+" "+u.ID), q) {
			continue
		}
		if found = append(found, u); len(found) == most {
			break
		}
	}
	say(w, map[string]any{"phones": found, "total": len(all)})
}

func (p *Platform) pageAdd(w http.ResponseWriter, r *http.Request) {
	var u User
	if !hear(w, r, &u) {
		return
	}
	u.ID, u.Friend = "", false
	ph, err := p.AddUser(u)
	if err == nil {
		err = ph.Follow()
	}
	if err != nil {
		complain(w, http.StatusConflict, err)
		return
	}
	say(w, ph.User())
}

// phoneState is what the page needs to draw a phone.
type phoneState struct {
	User         User     `json:"user"`
	Blocked      bool     `json:"blocked"`
	Items        []Item   `json:"items"` // after the one asked for
	Menu         *Menu    `json:"menu"`
	QuickReplies []Button `json:"quickReplies"`
	Loading      bool     `json:"loading"`
	ReadUpTo     string   `json:"readUpTo,omitempty"`
	Members      []User   `json:"members,omitempty"` // of a group: who can speak in it
}

// mostItems is how far back a freshly opened phone goes.
const mostItems = 200

func (p *Platform) pagePhone(w http.ResponseWriter, r *http.Request) {
	ph := p.screen(r.PathValue("id"))
	if ph == nil {
		http.NotFound(w, r)
		return
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	s := phoneState{User: ph.User(), Menu: ph.Menu()}
	ph.mu.Lock()
	after = max(after, len(ph.items)-mostItems, 0)
	s.Items = append([]Item{}, ph.items[min(after, len(ph.items)):]...) // never null for the page
	s.QuickReplies = slices.Clone(ph.quick)
	s.Blocked, s.ReadUpTo = ph.blocked, ph.readUpTo
	s.Loading = p.opt.Now().Before(ph.loadingUntil)
	ph.mu.Unlock()
	if ph.group != nil {
		for _, m := range ph.group.members {
			s.Members = append(s.Members, m.User())
		}
	}
	say(w, s)
}

// act is one thing a person does on the page.
type act struct {
	Act       string  `json:"act"`
	Text      string  `json:"text"`
	Label     string  `json:"label"`
	MessageID string  `json:"messageId"`
	Area      int     `json:"area"`
	Lat       float64 `json:"lat"`
	Lon       float64 `json:"lon"`
	Title     string  `json:"title"`
	Address   string  `json:"address"`
	Data      []byte  `json:"data"`
	By        string  `json:"by"` // in a group: who does it
}

func (p *Platform) pageDo(w http.ResponseWriter, r *http.Request) {
	ph := p.screen(r.PathValue("id"))
	if ph == nil {
		http.NotFound(w, r)
		return
	}
	var in act
	if !hear(w, r, &in) {
		return
	}
	if ph.group != nil {
		if err := ph.group.act(in); err != nil {
			complain(w, http.StatusConflict, err)
			return
		}
		say(w, map[string]any{})
		return
	}
	var action Action
	var err error
	switch in.Act {
	case "say":
		_, err = ph.Say(in.Text)
	case "location":
		_, err = ph.SendLocation(in.Lat, in.Lon, in.Title, in.Address)
	case "image":
		_, err = ph.SendImage(in.Data)
	case "audio":
		_, err = ph.SendAudio(in.Data)
	case "menu":
		action, err = ph.TapMenuArea(in.Area)
	case "quick":
		action, err = ph.TapQuickReply(in.Label)
	case "button":
		action, err = ph.TapButtonOf(in.MessageID, in.Label)
	case "follow":
		err = ph.Follow()
	case "unblock":
		err = ph.Unblock()
	case "block":
		ph.Block()
	case "unsend":
		err = ph.Unsend(in.MessageID)
	default:
		err = fmt.Errorf("lineemu: a phone cannot %q", in.Act)
	}
	if err != nil {
		complain(w, http.StatusConflict, err)
		return
	}
	say(w, map[string]any{"action": action})
}

// act does what the page asks for in a group.
func (g *Group) act(in act) error {
	switch in.Act {
	case "invite":
		g.Invite()
	case "remove":
		g.Remove()
	case "say":
		_, err := g.Say(g.p.Phone(in.By), in.Text)
		return err
	default:
		return fmt.Errorf("lineemu: a group cannot %q", in.Act)
	}
	return nil
}

func (p *Platform) pageContent(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	var mime string
	var data []byte
	if c := p.contents[r.PathValue("id")]; c != nil {
		mime, data = c.mime, c.bytes
	}
	p.mu.Unlock()
	picture(w, r, mime, data)
}

func (p *Platform) pageMenuImage(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	var mime string
	var data []byte
	if m := p.menus.byID[r.PathValue("id")]; m != nil {
		mime, data = m.mime, m.image
	}
	p.mu.Unlock()
	picture(w, r, mime, data)
}

// picture writes bytes that a person uploaded; they must never run as a page.
func picture(w http.ResponseWriter, r *http.Request, mime string, data []byte) {
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, _ = w.Write(data)
}

func (p *Platform) pageFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if !hear(w, r, &f) {
		return
	}
	if err := p.SetFaults(f); err != nil {
		complain(w, http.StatusUnprocessableEntity, err)
		return
	}
	say(w, p.Faults())
}

const (
	gather    = 40 * time.Millisecond // changes told together
	heartbeat = 15 * time.Second      // shows a dead page to the server
)

// pageStream tells a page which of its phones changed; it then asks for what
// is new. So a storm of messages is a few small events.
func (p *Platform) pageStream(w http.ResponseWriter, r *http.Request) {
	me := &watcher{phones: map[string]bool{}, dirty: map[string]bool{}, wake: make(chan struct{}, 1)}
	for _, id := range r.URL.Query()["phone"] {
		me.phones[id] = true
	}
	p.watchMu.Lock()
	p.watchers[me] = struct{}{}
	p.watchMu.Unlock()
	defer func() {
		p.watchMu.Lock()
		delete(p.watchers, me)
		p.watchMu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, ": open\n\n"); err != nil || flush.Flush() != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		line := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return
		case <-p.ctx.Done():
			return
		case <-beat.C:
		case <-me.wake:
			if !p.sleep(gather) {
				return
			}
			me.mu.Lock()
			news := map[string]any{"all": me.all, "phones": keys(me.dirty)}
			me.dirty, me.all = map[string]bool{}, false
			me.mu.Unlock()
			line = fmt.Sprintf("data: %s\n\n", marshal(news))
		}
		if _, err := fmt.Fprint(w, line); err != nil || flush.Flush() != nil {
			return
		}
	}
}

func keys(m map[string]bool) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
