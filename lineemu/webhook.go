package lineemu

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// replyToken answers one event, once.
type replyToken struct {
	userID  string // or the group
	eventAt time.Time
	sentAt  time.Time // the last delivery; the minute counts from here
	used    bool
}

// How long a reply token and a channel token live.
const (
	replyLife  = time.Minute
	replyLimit = 20 * time.Minute // past the event, however often it is delivered again
	tokenLife  = 15 * time.Minute
)

// event is something that we are told by webhook.
type event struct {
	phone      *Phone
	id         string
	at         time.Time
	replyToken string
	fields     object
}

// event makes an event of this person, with a reply token where LINE gives one.
func (ph *Phone) event(kind string, answerable bool, fields object) *event {
	now := ph.p.opt.Now()
	standby := ph.p.faults.get().Webhook.Standby
	e := &event{phone: ph, id: ph.p.ids.ulid(now), at: now, fields: object{
		"type": kind, "mode": "active", "timestamp": now.UnixMilli(),
		"source": object{"type": "user", "userId": ph.user.ID},
	}}
	e.fields["webhookEventId"] = e.id
	for name, v := range fields {
		e.fields[name] = v
	}
	if standby {
		e.fields["mode"] = "standby"
	} else if answerable {
		e.replyToken = ph.p.ids.hex(32)
		e.fields["replyToken"] = e.replyToken
		ph.p.mu.Lock()
		ph.p.replies.put(e.replyToken, &replyToken{userID: ph.user.ID, eventAt: now}, now, ph.p.stretch(replyLimit))
		ph.p.mu.Unlock()
	}
	return e
}

func (e *event) json(redelivery bool) json.RawMessage {
	o := object{"deliveryContext": object{"isRedelivery": redelivery}}
	for name, v := range e.fields {
		o[name] = v
	}
	return marshal(o)
}

// marshal writes JSON as LINE does: plain UTF-8, no HTML escapes.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("lineemu: a value of ours cannot be encoded: " + err.Error()) // a programming error
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// body puts events into one webhook request.
func (p *Platform) body(events []json.RawMessage) []byte {
	return marshal(struct {
		Destination string            `json:"destination"`
		Events      []json.RawMessage `json:"events"`
	}{p.botID, events})
}

// enqueue sends an event on its way: after the earlier ones of the same
// person, unless a fault says otherwise.
func (p *Platform) enqueue(e *event) {
	p.track(1)
	f := p.faults.get().Webhook
	switch {
	case p.faults.roll(f.Reorder):
		p.later(f.Hold, func() { p.deliver([]*event{e}, 0) })
	case f.Batch > 1:
		p.addToBatch(e, f.Batch)
	default:
		ph := e.phone
		ph.mu.Lock()
		defer ph.mu.Unlock()
		ph.outbox = append(ph.outbox, e)
		if !ph.sending {
			ph.sending = true
			p.spawn(ph.drain)
		}
	}
}

// drain posts this person's events one after the other.
func (ph *Phone) drain() {
	for {
		ph.mu.Lock()
		if len(ph.outbox) == 0 {
			ph.sending = false
			ph.mu.Unlock()
			return
		}
		e := ph.outbox[0]
		ph.outbox = ph.outbox[1:]
		ph.mu.Unlock()
		if d := ph.p.faults.get().Webhook.Delay; d > 0 && !ph.p.sleep(d) {
			return
		}
		ph.p.deliver([]*event{e}, 0)
	}
}

// batchWait is how long an unfinished batch waits for more.
const batchWait = 50 * time.Millisecond

func (p *Platform) addToBatch(e *event, size int) {
	p.batchMu.Lock()
	defer p.batchMu.Unlock()
	p.batch = append(p.batch, e)
	switch {
	case len(p.batch) >= size:
		full := p.batch
		p.batch = nil
		p.spawn(func() { p.deliver(full, 0) })
	case len(p.batch) == 1:
		p.later(batchWait, p.flushBatch)
	}
}

func (p *Platform) flushBatch() {
	p.batchMu.Lock()
	rest := p.batch
	p.batch = nil
	p.batchMu.Unlock()
	if len(rest) > 0 { // else it was filled, and sent, in the meantime
		p.deliver(rest, 0)
	}
}

// broken is an event that no strict decoder survives.
var broken = json.RawMessage(`{"type":"message","webhookEventId":"","timestamp":"yesterday","source":null,"message":null}`)

// deliver posts events in one request, and again later when the answer is not
// 2xx. A redelivery overtakes nothing and waits for nothing: LINE keeps no
// order either.
func (p *Platform) deliver(events []*event, attempt int) {
	f := p.faults.get().Webhook
	now := p.opt.Now()
	seen := make([]string, len(events))
	raw := make([]json.RawMessage, 0, len(events)+1)
	if p.faults.roll(f.Malformed) {
		raw = append(raw, broken)
	}
	p.mu.Lock()
	target := p.webhookURL
	for i, e := range events {
		seen[i] = e.id
		if t, ok := p.replies.get(e.replyToken, now); ok {
			t.sentAt = now
		}
	}
	p.mu.Unlock()
	for _, e := range events {
		raw = append(raw, e.json(attempt > 0))
	}
	if target == "" { // LINE sends nothing while no webhook is set
		p.track(-len(events))
		return
	}
	post := func(kind string, ids []string, body []byte, signature string) bool {
		status, _ := p.post(p.ctx, target, body, signature)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.webhooks = append(p.webhooks, Webhook{At: now, EventIDs: ids, Attempt: attempt, Status: status, Kind: kind})
		return status >= 200 && status < 300
	}
	if p.faults.roll(f.Forged) {
		forged := *events[0]
		forged.id = p.ids.ulid(now)
		body := p.body([]json.RawMessage{(&event{fields: with(forged.fields, "webhookEventId", forged.id)}).json(false)})
		post("forged", []string{forged.id}, body, p.Sign(append([]byte("forged"), body...)))
	}
	body := p.body(raw)
	signature := p.Sign(body)
	ok := post("genuine", seen, body, signature)
	if p.faults.roll(f.Duplicate) {
		post("duplicate", seen, body, signature)
	}
	if ok || attempt >= p.opt.Redeliveries {
		p.track(-len(events))
		return
	}
	p.later(p.faults.jitter(p.opt.RedeliveryDelay<<min(attempt, 10)), func() { p.deliver(events, attempt+1) })
}

func with(o object, name string, v any) object {
	c := object{name: v}
	for k, old := range o {
		if k != name {
			c[k] = old
		}
	}
	return c
}

// post sends one webhook request and returns its status.
func (p *Platform) post(ctx context.Context, target string, body []byte, signature string) (int, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "LineBotWebhook/2.0")
	if signature != "" {
		req.Header.Set("X-Line-Signature", signature)
	}
	res, err := p.hook.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // read out to keep the connection
	_ = res.Body.Close()
	return res.StatusCode, nil
}

// PostRaw posts any bytes to the webhook: fixtures, huge bodies, forgeries.
// An empty signature sends no signature header.
func (p *Platform) PostRaw(ctx context.Context, body []byte, signature string) (status int, err error) {
	p.mu.Lock()
	target := p.webhookURL
	p.mu.Unlock()
	return p.post(ctx, target, body, signature)
}

// Settled waits until every event has been delivered or given up.
func (p *Platform) Settled(ctx context.Context) error {
	p.pendingMu.Lock()
	if p.pending == 0 {
		p.pendingMu.Unlock()
		return nil
	}
	if p.settled == nil {
		p.settled = make(chan struct{})
	}
	done := p.settled
	p.pendingMu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Platform) track(n int) {
	p.pendingMu.Lock()
	defer p.pendingMu.Unlock()
	p.pending += n
	if p.pending == 0 && p.settled != nil {
		close(p.settled)
		p.settled = nil
	}
}
