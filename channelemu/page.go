package channelemu

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"strings"
)

//go:embed static
var static embed.FS

// mountPage serves the page that shows the phones, and what it asks for.
func (e *Emulator) mountPage(mux *http.ServeMux) {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	page := http.StripPrefix("/phones/", http.FileServerFS(files))
	handle := func(pattern string, h http.HandlerFunc) { mux.HandleFunc(pattern, localOnly(h)) }
	handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/phones/", http.StatusFound) })
	handle("GET /phones/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-cache")
		page.ServeHTTP(w, r)
	})
	handle("GET /phones/api/state", e.pageState)
	handle("POST /phones/api/phones", e.pageAdd)
	handle("POST /phones/api/act", e.pageAct)
	handle("PUT /phones/api/faults", e.pageFaults)
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

// phoneState is what the page needs to draw a phone.
type phoneState struct {
	Address string `json:"address"`
	Name    string `json:"name"`
	Label   string `json:"label"`
	Off     bool   `json:"off"`
	InCall  bool   `json:"inCall"`
	Items   []Item `json:"items"`
}

// mostItems is how far back the page shows a phone.
const mostItems = 100

func (p *Phone) state() phoneState {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.items[max(0, len(p.items)-mostItems):]
	return phoneState{Address: p.address, Name: p.name, Label: p.label, Off: p.off, InCall: p.call != nil, Items: append([]Item{}, last...)}
}

func (e *Emulator) pageState(w http.ResponseWriter, _ *http.Request) {
	phones := []phoneState{}
	for _, p := range e.Phones() {
		phones = append(phones, p.state())
	}
	say(w, http.StatusOK, map[string]any{
		"phones": phones, "faults": append([]Fault{}, e.Faults()...), "services": services, "kinds": faultKinds,
	})
}

func hear(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(v); err != nil {
		complain(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

func complain(w http.ResponseWriter, status int, err error) {
	say(w, status, map[string]string{"error": strings.TrimPrefix(err.Error(), "channelemu: ")})
}

func (e *Emulator) pageAdd(w http.ResponseWriter, r *http.Request) {
	var in struct{ Address, Name string }
	if !hear(w, r, &in) {
		return
	}
	if !numberPattern.MatchString(in.Address) {
		complain(w, http.StatusUnprocessableEntity, errors.New("a number is written as +66812345678"))
		return
	}
	p := e.Phone(in.Address)
	if in.Name != "" {
		p.Describe(in.Name, "")
	}
	say(w, http.StatusOK, p.state())
}

// pageAct is one thing that a person does on the page.
func (e *Emulator) pageAct(w http.ResponseWriter, r *http.Request) {
	var in struct{ Address, Act, Text string }
	if !hear(w, r, &in) {
		return
	}
	p := e.known(in.Address)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	var err error
	switch in.Act {
	case "reply":
		_, err = p.Reply(in.Text)
	case "press":
		err = p.Press(in.Text)
	case "hang_up":
		err = p.HangUp()
	case "off":
		p.SwitchOff()
	case "on":
		p.SwitchOn()
	default:
		err = fmt.Errorf("channelemu: a phone cannot %q", in.Act)
	}
	if err != nil {
		complain(w, http.StatusConflict, err)
		return
	}
	say(w, http.StatusOK, p.state())
}

// known is a phone that exists.
func (e *Emulator) known(address string) *Phone {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.phones[address]
}

func (e *Emulator) pageFaults(w http.ResponseWriter, r *http.Request) {
	var list []Fault
	if !hear(w, r, &list) {
		return
	}
	if err := e.SetFaults(list...); err != nil {
		complain(w, http.StatusUnprocessableEntity, err)
		return
	}
	say(w, http.StatusOK, e.Faults())
}
