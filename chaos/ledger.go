package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
)

// State is what the sender of a report knows of it.
type State string

// States. Only an acked one was promised anything.
const (
	Sent    State = "sent"
	Acked   State = "acked"   // answered 2xx: it must become exactly one case
	Refused State = "error"   // answered otherwise, every time
	Unknown State = "unknown" // an answer is missing, and no 2xx
)

// Report is one report of one person, and what it was answered.
type Report struct {
	N       int              `json:"n"`
	Channel casefile.Channel `json:"channel"`
	Event   string           `json:"event"`           // inbox.event_id of the report itself
	Later   []string         `json:"later,omitempty"` // of what the same person sent after it
	SentAt  time.Time        `json:"sent_at"`
	State   State            `json:"state"`
}

// Tap is one button that somebody who answers reports pressed.
type Tap struct {
	At     time.Time       `json:"at"`
	Who    string          `json:"who"` // LINE user ID, as in what the platform accepted
	Action casefile.Action `json:"action"`
	Case   casefile.CaseID `json:"case,omitempty"`
	Event  string          `json:"event"`
}

// Outage is one thing that was broken on purpose.
type Outage struct {
	Part string    `json:"part"` // api, worker, temporal, database, line, watch, or the name of a link
	What string    `json:"what"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Ledger is the truth about what was sent and broken, whatever the system says
// of itself. Each line is on disk before the deed that it tells of.
type Ledger struct {
	platform *lineemu.Platform

	mu      sync.Mutex
	file    *os.File
	err     error
	reports []*Report
	taps    []Tap
	outages []Outage
}

func openLedger(path string, platform *lineemu.Platform) (*Ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) // #nosec G304 -- a path of our own making
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return &Ledger{platform: platform, file: f}, nil
}

func (l *Ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.Close() // every line is on disk already
}

// write puts one line on disk; the caller holds mu.
func (l *Ledger) write(kind string, v any) {
	line, err := json.Marshal(map[string]any{kind: v})
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("ledger: %w", err)
	}
}

// sent notes a report that is about to be sent, and returns what to tell of it later.
func (l *Ledger) sent(channel casefile.Channel, event string) *Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &Report{N: len(l.reports) + 1, Channel: channel, Event: event, SentAt: time.Now(), State: Sent}
	l.reports = append(l.reports, r)
	l.write("sent", r)
	return r
}

// tell changes what is known of a report.
func (l *Ledger) tell(r *Report, change func(*Report)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(r)
	l.write("known", r)
}

func (l *Ledger) tapped(t Tap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taps = append(l.taps, t)
	l.write("tap", t)
}

// broken notes the beginning of an outage and returns what notes its end.
func (l *Ledger) broken(part, what string) (over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.outages)
	l.outages = append(l.outages, Outage{Part: part, What: what, From: time.Now()})
	l.write("broken", l.outages[n])
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.outages[n].To = time.Now()
		l.write("healed", l.outages[n])
	}
}

// Reports lists every report with what its sender knows of it now.
func (l *Ledger) Reports() []Report {
	answered := l.answered()
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Report, 0, len(l.reports))
	for _, r := range l.reports {
		c := *r
		c.Later = slices.Clone(r.Later)
		if c.Channel == casefile.ChannelLINE {
			c.State = answered[c.Event]
		}
		out = append(out, c)
	}
	return out
}

// answered is what LINE knows of every event: a 2xx to any attempt keeps it.
func (l *Ledger) answered() map[string]State {
	out := map[string]State{}
	for _, w := range l.platform.Webhooks() {
		if w.Kind == "forged" {
			continue
		}
		for _, id := range w.EventIDs {
			switch before := out[id]; {
			case w.Status >= 200 && w.Status < 300:
				out[id] = Acked
			case before == Acked:
			case w.Status == 0 || before == Unknown:
				out[id] = Unknown
			default:
				out[id] = Refused
			}
		}
	}
	return out
}

// Events is what LINE knows of every event that any phone caused.
func (l *Ledger) Events() map[string]State { return l.answered() }

// Taps lists what responders and desks pressed.
func (l *Ledger) Taps() []Tap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.taps)
}

// Outages lists what was broken; one without an end was healed at the end.
func (l *Ledger) Outages() []Outage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.outages)
}

// Err is the first line that could not be written.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
