package simulate

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Console is where one operator works, under a name of their own.
type Console struct {
	Client
	Name string
}

// Order is a command that a console sent, with what the API answered.
type Order struct {
	At     time.Time       `json:"at"` // when it was sent
	By     string          `json:"by"`
	Case   casefile.CaseID `json:"case"`
	Kind   string          `json:"kind"`
	Done   bool            `json:"done"`
	Became casefile.Kind   `json:"became,omitempty"` // what was recorded
}

// order is a command with its details.
type order struct {
	kind string
	body map[string]any
}

// Do sends one command. Its instant is real time.
func (c Console) Do(ctx context.Context, id casefile.CaseID, o order, key string) Order {
	if o.body == nil {
		o.body = map[string]any{}
	}
	sent := Order{At: time.Now(), By: c.Name, Case: id, Kind: o.kind}
	var verdict struct {
		Kind casefile.Kind `json:"kind"`
	}
	err := c.do(ctx, http.MethodPost, "/v1/cases/"+string(id)+"/commands/"+o.kind, key, o.body, &verdict)
	sent.Done, sent.Became = err == nil, verdict.Kind
	return sent
}

// Record opens a case: what it is, what happened, and, if the reporter wrote
// something, the words.
func (c Console) Record(ctx context.Context, id casefile.CaseID) (record, error) {
	var r record
	if err := c.do(ctx, http.MethodGet, "/v1/cases/"+string(id), "", nil, &r.Case); err != nil {
		return r, err
	}
	var err error
	if r.events, err = timeline[eventView](ctx, c.Client, string(id)); err != nil || !r.wrote() {
		return r, err
	}
	var private struct {
		Said []struct {
			By   casefile.Actor `json:"by"`
			Text string         `json:"text"`
		} `json:"said"`
	}
	if err := c.do(ctx, http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=emergency_response", "", nil, &private); err != nil {
		return r, err
	}
	for _, s := range private.Said {
		if text := strings.TrimSpace(s.Text); s.By.Kind == casefile.ByReporter && text != "" {
			r.words = append(r.words, text)
		}
	}
	return r, nil
}

// wrote reports whether there are words to read.
func (r record) wrote() bool {
	for _, e := range r.events {
		if e.Kind == casefile.ReporterAdded && e.Reason == "text" {
			return true
		}
	}
	return false
}

// waits is an entry of the desk's list.
type waits struct {
	Case    casefile.CaseID `json:"case"`
	SinceAt time.Time       `json:"since_at"`
	Owner   casefile.Actor  `json:"owner"`
}

// Waiting is the desk's list, with the taps without a pin.
func (c Console) Waiting(ctx context.Context) ([]waits, error) {
	var list struct {
		Items  []waits `json:"items"`
		People []struct {
			Taps []waits `json:"taps"`
		} `json:"people"`
	}
	err := c.do(ctx, http.MethodGet, "/v1/desk", "", nil, &list)
	for _, p := range list.People {
		list.Items = append(list.Items, p.Taps...)
	}
	return list.Items, err
}
