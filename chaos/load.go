package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// How reports come. Shares of all.
const (
	byPhone   = 0.15 // a call to 1300 that an operator types
	quietly   = 0.1  // the silent button
	withoutAt = 0.1  // no pin at all
	samePlace = 0.2  // where somebody has reported already
)

// plan is what one reporter will do; all of it is drawn before anything happens.
type plan struct {
	n       int
	at      time.Duration
	call    bool
	quiet   bool
	typ     casefile.IncidentType
	pin     *casefile.Pin
	pinWait time.Duration
}

// plans draws so many reports at random moments of a span.
func (w *World) plans(random *rand.Rand, n int, over time.Duration) []plan {
	all := make([]plan, n)
	var pins []casefile.Pin
	for i := range all {
		t := w.towns[random.IntN(len(w.towns))]
		pin := casefile.Pin{Lat: t.Lat + float64(random.IntN(13)-6)*0.009, Lon: t.Lon + float64(random.IntN(13)-6)*0.009}
		if len(pins) > 0 && random.Float64() < samePlace {
			pin = pins[random.IntN(len(pins))]
		}
		pins = append(pins, pin)
		p := plan{
			n: i, at: time.Duration(random.Int64N(int64(over) + 1)), typ: casefile.IncidentTypes[random.IntN(len(casefile.IncidentTypes))],
			call: random.Float64() < byPhone, quiet: random.Float64() < quietly, pinWait: time.Duration(100+random.IntN(900)) * time.Millisecond,
		}
		if random.Float64() >= withoutAt || p.call {
			p.pin = &pin
		}
		all[i] = p
	}
	slices.SortFunc(all, func(a, b plan) int { return int(a.at - b.at) })
	return all
}

// Load lets so many people report at random moments of a span, and returns when
// all have done what they wanted to do. Nobody waits for anybody.
func (w *World) Load(ctx context.Context, n int, over time.Duration) error {
	w.mu.Lock()
	w.loads++
	name := fmt.Sprintf("load %d", w.loads)
	w.mu.Unlock()
	began := time.Now()
	var group sync.WaitGroup
	errs := make([]error, n)
	for i, p := range w.plans(w.random(name), n, over) {
		group.Go(func() {
			select {
			case <-ctx.Done():
				errs[i] = ctx.Err()
			case <-time.After(time.Until(began.Add(p.at))):
				errs[i] = w.report(ctx, name, p)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return w.Ledger.Err()
}

// report is one person who reports.
func (w *World) report(ctx context.Context, name string, p plan) error {
	if p.call {
		return w.call(ctx, fmt.Sprintf("%s-%d", strings.ReplaceAll(name, " ", "-"), p.n), p)
	}
	phone, err := w.Platform.AddUser(lineemu.User{Name: fmt.Sprintf("%s %d", name, p.n), Friend: true})
	if err != nil {
		return err
	}
	mark := phone.Mark()
	if err := tapReport(phone, p); err != nil {
		return err
	}
	r := w.Ledger.sent(casefile.ChannelLINE, eventSince(phone, mark))
	if p.pin == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(p.pinWait):
	}
	mark = phone.Mark()
	if _, err := phone.SendLocation(p.pin.Lat, p.pin.Lon, "", ""); err != nil {
		return err
	}
	w.Ledger.tell(r, func(r *Report) { r.Later = append(r.Later, eventSince(phone, mark)) })
	return nil
}

// tapReport presses the incident type in the rich menu, or its silent button.
func tapReport(phone *lineemu.Phone, p plan) error {
	in := casefile.Incoming{Word: casefile.Tapped, Type: p.typ, Quiet: p.quiet}
	if p.quiet {
		in.Type = ""
	}
	data, menu := line.Encode(in), phone.Menu()
	if menu == nil {
		return lineemu.ErrNoMenu
	}
	for i, area := range menu.Areas {
		if area.Action.Data == data {
			_, err := phone.TapMenuArea(i)
			return err
		}
	}
	return fmt.Errorf("no menu entry for %s", p.typ)
}

// callPatience is how long an operator tries to file a call, and callAgain how
// long between two tries; every try has the same key and the same call ID.
const (
	callPatience = 100 * time.Second
	callAgain    = time.Second
	callTimeout  = 8 * time.Second
)

// call is an operator of 1300 who types what a caller says.
func (w *World) call(ctx context.Context, id string, p plan) error {
	r := w.Ledger.sent(casefile.Channel1300, "call:"+string(casefile.Channel1300)+":"+id)
	body, err := json.Marshal(map[string]any{
		"channel": casefile.Channel1300, "call_id": id, "kind": "REPORT", "type": p.typ, "quiet": p.quiet,
		"pin": map[string]float64{"lat": p.pin.Lat, "lon": p.pin.Lon},
	})
	if err != nil {
		return err
	}
	for until := time.Now().Add(callPatience); ; {
		status := w.ask(ctx, http.MethodPost, "/v1/reports", id, body)
		state := Refused
		switch {
		case status/100 == 2:
			state = Acked
		case status == 0 || r.State == Unknown:
			state = Unknown
		case status < 500 && status != http.StatusTooManyRequests && status != http.StatusConflict:
			w.Ledger.tell(r, func(r *Report) { r.State = Refused })
			return fmt.Errorf("a call was answered %d", status)
		}
		w.Ledger.tell(r, func(r *Report) { r.State = state })
		if state == Acked || time.Now().After(until) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(callAgain):
		}
	}
}

// ask asks the API as an operator and returns the status; 0 is no answer.
func (w *World) ask(ctx context.Context, method, path, key string, body []byte) int {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.Listen+path, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode
}
