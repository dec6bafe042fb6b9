package channelemu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Channels of an Item.
const (
	SMS   = "SMS"
	Voice = "VOICE"
	Email = "EMAIL"
)

// Item is one thing that happened on a phone or in a mailbox, in either direction.
type Item struct {
	Seq      int       `json:"seq"`
	At       time.Time `json:"at"`
	Incoming bool      `json:"incoming"` // to the person; else by the person
	Channel  string    `json:"channel"`
	ID       string    `json:"id"`            // what the provider calls it
	Key      string    `json:"key,omitempty"` // what the sender called it
	From     string    `json:"from,omitempty"`
	Subject  string    `json:"subject,omitempty"` // of a mail
	Text     string    `json:"text"`
	Coding   string    `json:"coding,omitempty"` // of an SMS: GSM-7 or UCS-2
	Parts    int       `json:"parts,omitempty"`  // that it came in
	Taken    bool      `json:"taken,omitempty"`  // by the person, and it was handed over
}

// Phone is one telephone, known by its number, or one mailbox, known by its
// address. Its methods may be called from anywhere.
type Phone struct {
	e       *Emulator
	address string

	mu     sync.Mutex
	name   string
	label  string
	off    bool
	held   []func() // what waits for the phone to be switched on
	items  []Item
	call   *call                      // that the phone is in
	pickup Pickup                     // what happens when it rings
	parts  map[string]map[byte]string // of long messages that are not whole yet
	news   chan struct{}              // closed by the next change; nil while nobody waits
}

// Phone returns the phone of a number, or the mailbox of an address. It exists
// from its first use on.
func (e *Emulator) Phone(address string) *Phone {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.phones[address]
	if !ok {
		p = &Phone{e: e, address: address, parts: map[string]map[byte]string{}}
		e.phones[address] = p
		e.order = append(e.order, p)
	}
	return p
}

// Phones lists all phones, oldest first.
func (e *Emulator) Phones() []*Phone {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.order)
}

// Address is the number or the mailbox.
func (p *Phone) Address() string { return p.address }

// Describe says whose phone it is, for the page.
func (p *Phone) Describe(name, label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.label = name, label
}

// Transcript is everything that happened on the phone, oldest first.
func (p *Phone) Transcript() []Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.items)
}

// Wait returns the first item after a number, here already or still to come, that matches.
func (p *Phone) Wait(ctx context.Context, after int, match func(Item) bool) (Item, error) {
	for {
		p.mu.Lock()
		for _, i := range p.items {
			if i.Seq > after && match(i) {
				p.mu.Unlock()
				return i, nil
			}
		}
		if p.news == nil {
			p.news = make(chan struct{})
		}
		news := p.news
		p.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return Item{}, fmt.Errorf("channelemu: %s: %w", p.address, ctx.Err())
		}
	}
}

// Hears returns the first message to the person, here already or still to come, that says the words.
func (p *Phone) Hears(ctx context.Context, words string) (Item, error) {
	return p.Wait(ctx, 0, func(i Item) bool { return i.Incoming && strings.Contains(i.Text, words) })
}

// SwitchOff makes the phone unreachable: what is sent to it waits.
func (p *Phone) SwitchOff() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = true
	p.changed()
}

// SwitchOn makes it reachable again; what waited arrives.
func (p *Phone) SwitchOn() {
	p.mu.Lock()
	held := p.held
	p.held, p.off = nil, false
	p.changed()
	p.mu.Unlock()
	for _, arrive := range held {
		arrive()
	}
}

// reach runs arrive now, or when the phone is switched on.
func (p *Phone) reach(arrive func()) {
	p.mu.Lock()
	if p.off {
		p.held = append(p.held, arrive)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	arrive()
}

// add puts an item on the phone and returns it as it stands there.
func (p *Phone) add(i Item) Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	i.Seq, i.At = len(p.items)+1, p.e.opt.Now()
	p.items = append(p.items, i)
	p.changed()
	return i
}

// change alters the items for which match holds.
func (p *Phone) change(match func(Item) bool, alter func(*Item)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.items {
		if match(p.items[i]) {
			alter(&p.items[i])
		}
	}
	p.changed()
}

// changed wakes who waits; p.mu is held.
func (p *Phone) changed() {
	if p.news != nil {
		close(p.news)
		p.news = nil
	}
}

// Reply writes a message of SMS to us and returns what the provider calls it. It
// is handed over through the SMSC where somebody is bound to it, else by HTTP.
func (p *Phone) Reply(text string) (id string, err error) {
	if !strings.HasPrefix(p.address, "+") {
		return "", errors.New("channelemu: a mailbox sends no SMS")
	}
	if strings.TrimSpace(text) == "" {
		return "", errors.New("channelemu: nothing to send")
	}
	id = p.e.number("MO")
	i := p.add(Item{Channel: SMS, ID: id, Text: text})
	p.handOver(i)
	return id, nil
}

// Resend hands a message of this phone over once more, as providers do that did
// not hear that it was taken.
func (p *Phone) Resend(id string) error {
	for _, i := range p.Transcript() {
		if i.ID == id && !i.Incoming && i.Channel == SMS {
			p.handOver(i)
			return nil
		}
	}
	return errors.New("channelemu: this phone sent no such message")
}

func (p *Phone) handOver(i Item) {
	p.e.spawn(func() {
		if p.e.persist(func() error { return p.e.handOver(p.address, i) }) == nil {
			p.change(func(o Item) bool { return o.Seq == i.Seq }, func(o *Item) { o.Taken = true })
		}
	})
}

// handOver gives one message of a phone to us.
func (e *Emulator) handOver(from string, i Item) error {
	if b := e.receiver(); b != nil {
		return b.deliver(from, i.Text)
	}
	return e.post("/sms", map[string]string{"id": i.ID, "from": from, "to": e.opt.Sender, "text": i.Text, "at": i.At.Format(time.RFC3339)})
}

// errGone is an answer that no other try would change.
var errGone = errors.New("channelemu: refused for good")

// persist tries until it works, is refused for good, or was tried often enough.
func (e *Emulator) persist(try func() error) error {
	wait := e.opt.RetryDelay
	for n := 0; ; n++ {
		err := try()
		if err == nil || errors.Is(err, errGone) || n == e.opt.Retries || !e.sleep(wait) {
			return err
		}
		wait *= 2
	}
}

// post hands something over to us by HTTP, once.
func (e *Emulator) post(path string, v any) error {
	e.mu.Lock()
	base := e.inbound
	e.mu.Unlock()
	if base == "" {
		return errors.New("channelemu: nobody to hand over to")
	}
	return e.postTo(base+path, v)
}

// postTo does so at any address of loopback.
func (e *Emulator) postTo(address string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(e.ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(SecretHeader, e.opt.Secret)
	res, err := e.hook.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode/100 == 4 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestTimeout:
		return fmt.Errorf("%w: %d", errGone, res.StatusCode)
	default:
		return fmt.Errorf("channelemu: handed over: %d", res.StatusCode)
	}
}

// number names a message, a call or a mail.
func (e *Emulator) number(prefix string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next++
	return fmt.Sprintf("%s%08d%04x", prefix, e.next, e.run) // another run names others, with the data of yesterday still in the database
}
