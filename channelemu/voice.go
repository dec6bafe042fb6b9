package channelemu

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A voice gateway: it is given a number, a sentence and what the keys mean; it
// calls, speaks, hears keys and posts everything that happens. It says that an
// answer is recorded only once we have taken it.

// Pickup is what a person does when the phone rings.
type Pickup int

// What a person does when the phone rings.
const (
	PicksUp Pickup = iota
	LetsItRing
	IsEngaged   // is on the phone already
	CannotBeHad // the network cannot reach the phone
)

const (
	keyPause = 3 * time.Second  // after a key, before what was pressed is taken as whole
	callWait = 45 * time.Second // without any key, before the gateway hangs up
)

// order is what the gateway is asked for.
type order struct {
	To        string `json:"to"`
	Language  string `json:"language"`
	Say       string `json:"say"`
	Keys      []key  `json:"keys"`
	Code      string `json:"code"` // so many digits are asked for instead of a key
	Unheard   string `json:"unheard"`
	Callback  string `json:"callback"`
	Reference string `json:"reference"`
}

type key struct {
	Key    string `json:"key"`
	Means  string `json:"means"`
	Digits int    `json:"digits"`
	Say    string `json:"say"`
}

// call is one call from its acceptance until somebody hangs up.
type call struct {
	order
	e      *Emulator
	id     string
	phone  *Phone
	keys   chan string // pressed, one by one
	hangUp chan struct{}
	events int
}

// VoiceGateway is the description of this gateway, in YAML, as ESS reads it.
func (e *Emulator) VoiceGateway() []byte {
	e.mu.Lock()
	callback := e.inbound + "/voice"
	e.mu.Unlock()
	return fmt.Appendf(nil, `url: %s/voice/v1/calls
headers:
  Authorization: Bearer {secret}
  Idempotency-Key: "{key}"
json:
  to: "{to}"
  language: "{language}"
  say: "{text}"
  keys: "{keys}"
  code: "{code}"
  unheard: "{unheard}"
  callback: %s
  reference: "{reference}"
answer:
  id: id
`, e.Base(), callback)
}

func (e *Emulator) mountVoice(mux *http.ServeMux) {
	mux.HandleFunc("POST /voice/v1/calls", e.acceptCall)
}

func (e *Emulator) acceptCall(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+e.opt.APIKey {
		say(w, http.StatusUnauthorized, problem("unauthorized"))
		return
	}
	var o order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&o); err != nil || !o.whole() {
		say(w, http.StatusBadRequest, problem("bad_request"))
		return
	}
	fault := e.faults.take(ServiceVoice)
	if e.refuses(w, r, fault) {
		return
	}
	id := e.takeCall(o, r.Header.Get("Idempotency-Key"), fault)
	if !e.losesAnswer(w, r, fault) {
		say(w, http.StatusAccepted, map[string]string{"id": id})
	}
}

// whole reports whether a call can be made of it, and told of.
func (o order) whole() bool {
	u, err := url.Parse(o.Callback)
	return err == nil && u.Scheme == "http" && loopback(u.Hostname()) && numberPattern.MatchString(o.To) && o.Say != "" &&
		(o.Language == "th-TH" || o.Language == "en-US")
}

// takeCall takes a call once for each key and begins it.
func (e *Emulator) takeCall(o order, idempotency string, fault FaultKind) string {
	id := e.number("CA")
	if idempotency != "" && !e.opt.ForgetsKeys {
		e.mu.Lock()
		first, again := e.said["voice|"+idempotency]
		if !again {
			e.said["voice|"+idempotency] = id
		}
		e.mu.Unlock()
		if again {
			return first
		}
	}
	c := &call{order: o, e: e, id: id, phone: e.Phone(o.To), keys: make(chan string, 64), hangUp: make(chan struct{}, 1)}
	switch fault {
	case Vanished:
	case NotDelivered:
		c.status("FAILED")
	default:
		e.spawn(c.run)
	}
	return id
}

// run is one call.
func (c *call) run() {
	c.status("RINGING")
	how := c.phone.ring(c)
	if how != PicksUp {
		c.phone.add(Item{Incoming: true, Channel: Voice, ID: c.id}) // a call that was missed says nothing
		c.status(map[Pickup]string{LetsItRing: "NO_ANSWER", IsEngaged: "BUSY", CannotBeHad: "FAILED"}[how])
		return
	}
	c.speak(c.Say)
	c.status("ANSWERED")
	c.listen()
	c.phone.ended(c)
	c.status("COMPLETED")
}

func (c *call) speak(words string) {
	c.phone.add(Item{Incoming: true, Channel: Voice, ID: c.id, Text: words})
}

// listen hears keys until an answer is whole and taken, or the call ends.
func (c *call) listen() {
	pressed, wait := "", callWait
	for {
		timer := time.NewTimer(wait)
		select {
		case <-c.e.ctx.Done():
			timer.Stop()
			return
		case <-c.hangUp:
			timer.Stop()
			if pressed != "" {
				_ = c.answer(pressed)
			}
			return
		case <-timer.C:
			if pressed == "" {
				return
			}
		case k := <-c.keys:
			timer.Stop()
			wait = keyPause
			if k == "*" {
				pressed = ""
				c.speak(c.Say)
				continue
			}
			if pressed += k; !c.complete(pressed) {
				continue
			}
		}
		if c.answer(pressed) {
			return
		}
		pressed, wait = "", callWait
	}
}

// complete reports whether nothing more can belong to a press.
func (c *call) complete(pressed string) bool {
	if strings.HasSuffix(pressed, "#") {
		return true
	}
	if n, _ := strconv.Atoi(c.Code); n > 0 {
		return len(pressed) == n
	}
	k, known := c.means(pressed)
	return !known || len(pressed) > k.Digits
}

func (c *call) means(pressed string) (key, bool) {
	i := slices.IndexFunc(c.Keys, func(k key) bool { return k.Key != "*" && strings.HasPrefix(pressed, k.Key) })
	if i < 0 {
		return key{}, false
	}
	return c.Keys[i], true
}

// answer hands a press over and tells the person what became of it.
func (c *call) answer(pressed string) bool {
	k, known := c.means(pressed)
	if n, _ := strconv.Atoi(c.Code); n == 0 && !known {
		c.speak(c.Unheard)
		return false
	}
	if c.e.persist(c.event("key", pressed)) != nil {
		c.speak(c.Unheard)
		return false
	}
	c.phone.change(func(i Item) bool { return i.ID == c.id && !i.Incoming }, func(i *Item) { i.Taken = true })
	if k.Say != "" {
		c.speak(k.Say)
	}
	return true
}

// status tells where the call stands; the call waits for nobody to hear it.
func (c *call) status(s string) {
	tell := c.event("status", s)
	c.e.spawn(func() { _ = c.e.persist(tell) })
}

// event is one thing to tell of the call, under the same name however often it is told.
func (c *call) event(name, value string) (tell func() error) {
	c.events++
	what := map[string]string{
		"id": fmt.Sprintf("%s/%d", c.id, c.events), "call": c.id, "reference": c.Reference, "to": c.To, name: value,
	}
	return func() error { return c.e.postTo(c.Callback, what) }
}

// WhenCalled says what the person does when the phone rings; of itself everybody picks up.
func (p *Phone) WhenCalled(how Pickup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pickup = how
}

// ring reports what becomes of a call that reaches the phone.
func (p *Phone) ring(c *call) Pickup {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.off:
		return CannotBeHad
	case p.call != nil:
		return IsEngaged
	}
	if p.pickup == PicksUp {
		p.call = c
	}
	return p.pickup
}

func (p *Phone) ended(c *call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.call == c {
		p.call = nil
	}
	p.changed()
}

// errNoCall is what somebody hears who presses keys without a call.
var errNoCall = errors.New("channelemu: this phone is in no call")

// Press presses keys in the call that the phone is in, one after the other: "1",
// "110#", "*".
func (p *Phone) Press(keys string) error {
	if keys == "" || strings.Trim(keys, "0123456789*#") != "" || len(keys) > 16 {
		return errors.New("channelemu: a telephone has the keys 0 to 9, * and #")
	}
	p.mu.Lock()
	c := p.call
	p.mu.Unlock()
	if c == nil {
		return errNoCall
	}
	p.add(Item{Channel: Voice, ID: c.id, Text: keys})
	for _, k := range strings.Split(keys, "") {
		select {
		case c.keys <- k:
		default: // nobody presses so fast
		}
	}
	return nil
}

// HangUp ends the call that the phone is in.
func (p *Phone) HangUp() error {
	p.mu.Lock()
	c := p.call
	p.mu.Unlock()
	if c == nil {
		return errNoCall
	}
	select {
	case c.hangUp <- struct{}{}:
	default:
	}
	return nil
}
