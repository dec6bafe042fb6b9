package simulate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// Dist is a distribution of seconds of case time.
type Dist struct {
	N    int       `json:"n"`
	P50  float64   `json:"p50,omitempty"`
	P90  float64   `json:"p90,omitempty"`
	P99  float64   `json:"p99,omitempty"`
	Max  float64   `json:"max,omitempty"`
	List []float64 `json:"-"` // sorted
}

func distribution(list []float64) Dist {
	slices.Sort(list)
	d := Dist{N: len(list), List: list}
	if d.N > 0 {
		d.P50, d.P90, d.P99, d.Max = d.at(0.5), d.at(0.9), d.at(0.99), list[d.N-1]
	}
	return d
}

// at is the smallest value that so large a share does not exceed.
func (d Dist) at(share float64) float64 {
	return d.List[max(0, int(math.Ceil(share*float64(d.N)))-1)]
}

// Result is what the day came to. Spans are seconds of case time.
type Result struct {
	Input     Input   `json:"input"`
	Plan      string  `json:"plan"`
	Speed     float64 `json:"speed"`
	Wave      string  `json:"wave"`
	Operators int     `json:"operators"`
	RealS     float64 `json:"real_seconds"`
	Stopped   bool    `json:"stopped_by_limit"`

	Reports   int `json:"reports"` // incident taps and distress words on the phones
	Cases     int `json:"cases"`
	Joined    int `json:"joined"`
	WithPlace int `json:"with_place"`

	Alert   Dist `json:"pin_to_first_alert"`
	Ack     Dist `json:"report_to_acknowledgement"`
	Arrival Dist `json:"report_to_arrival"`
	Desk    Dist `json:"desk_wait"`

	DeskBy          []DeskWith     `json:"desk_wait_by_operators"` // the day's work at the desk, done by so many
	DeskWaiting     int            `json:"desk_never_taken"`
	Orders          map[string]int `json:"orders"`         // of the operators' consoles, by kind
	Refused         int            `json:"orders_refused"` // by the law, or because the API could not answer
	Alerts          int            `json:"alerts"`
	AlertsTo        map[string]int `json:"alerts_to"` // by role, the radio centres and the national desk apart
	AlertsPerReport float64        `json:"alerts_per_report"`
	Escalated       map[string]int `json:"cases_by_highest_level"` // 0 to 3
	Unowned         []string       `json:"unowned"`                // codes of cases that no human ever had in hand
	States          map[string]int `json:"cases_by_state"`

	Lag        Dist    `json:"timer_lag"`            // but for those below
	LagBroken  Dist    `json:"timer_lag_after_kill"` // while a killed worker's tasks were not yet given to the next
	LagLimit   float64 `json:"timer_lag_limit"`
	Trusted    bool    `json:"percentiles_hold"`
	Broken     []Span  `json:"broken"`
	Untapped   int     `json:"taps_without_a_button"`
	Channel    Channel `json:"channel"`
	ShortestS  float64 `json:"shortest_wait"`
	LateReport int     `json:"acknowledged_after_240_s"`
}

// DeskWith is how long items would have waited for so many operators.
type DeskWith struct {
	Operators int  `json:"operators"`
	Wait      Dist `json:"wait"`
}

// Channel is what LINE and our processes saw go wrong.
type Channel struct {
	Messages       int            `json:"messages_accepted"`
	Webhooks       int            `json:"webhooks"`
	WebhooksFailed int            `json:"webhooks_failed"`
	Redelivered    int            `json:"webhooks_redelivered"`
	Duplicates     int            `json:"webhooks_duplicated"`
	Logged         map[string]int `json:"logged"` // warnings and errors of the processes, by what they say
}

// caseView and eventView are what is read of the API's answers.
type caseView struct {
	ID    string `json:"id"`
	Code  string `json:"code"`
	State string `json:"state"`
	Type  string `json:"type"`
}

type eventView struct {
	Kind   casefile.Kind `json:"kind"`
	At     time.Time     `json:"at"`
	By     actorView     `json:"by"`
	Role   casefile.Role `json:"role"`
	Step   int           `json:"step"`
	Round  int           `json:"round"`
	Reason string        `json:"reason"`
	Yes    bool          `json:"yes"`
	Case   string        `json:"case"`
	Place  *placeView    `json:"place"`
}

type actorView struct {
	Kind casefile.ActorKind `json:"kind"`
}

type placeView struct {
	Province string `json:"province"`
	District string `json:"district"`
}

// told is a case with what is measured of it.
type told struct {
	caseView
	events           []eventView
	reported, placed time.Time
	acked, arrived   time.Time
	lead             string
	level            int
}

// Measure reads the day from the phones and the export.
func Measure(o Options, lived Lived, export Export, rules *policy.Policy, live func(province string) bool) (Result, error) {
	r := Result{
		Input: o.Plan.Input, Plan: export.Plan, Speed: export.Speed, Wave: export.Wave, Operators: o.Operators, Stopped: lived.Stopped,
		Broken: lived.Broken, Untapped: lived.Untapped, Escalated: map[string]int{}, States: map[string]int{}, Cases: len(export.Cases),
		Orders: map[string]int{}, Refused: lived.Refused, AlertsTo: map[string]int{},
	}
	for _, sent := range lived.Orders {
		r.Orders[sent.Kind]++
	}
	for n := 1; n <= max(4, o.Operators+2) && len(lived.Served) > 0; n++ {
		r.DeskBy = append(r.DeskBy, DeskWith{n, distribution(waitsWith(n, lived.Served))})
	}
	cases := map[string]*told{}
	for _, f := range export.Cases {
		t, err := read(f)
		if err != nil {
			return r, err
		}
		cases[t.ID] = t
	}
	r.phones(o, cases)
	r.times(cases)
	r.lag(cases, rules, live)
	if !r.Trusted {
		for _, d := range []*Dist{&r.Alert, &r.Ack, &r.Arrival, &r.Desk} {
			*d = Dist{N: d.N} // what a late clock made of them says nothing
		}
		r.DeskBy = nil
	}
	for _, w := range o.Platform.Webhooks() {
		r.Channel.Webhooks++
		if w.Status < 200 || w.Status > 299 {
			r.Channel.WebhooksFailed++
		}
		if w.Attempt > 0 {
			r.Channel.Redelivered++
		}
		if w.Kind == "duplicate" {
			r.Channel.Duplicates++
		}
	}
	r.Channel.Messages = len(o.Platform.Accepted())
	return r, nil
}

func read(f Filed) (*told, error) {
	t := &told{}
	if err := json.Unmarshal(f.Case, &t.caseView); err != nil {
		return nil, fmt.Errorf("a case of the export: %w", err)
	}
	for _, raw := range f.Timeline {
		var e eventView
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("timeline of case %s: %w", t.ID, err)
		}
		t.events = append(t.events, e)
		human := e.By.Kind == casefile.ByMember || e.By.Kind == casefile.ByOperator
		switch e.Kind {
		case casefile.Reported:
			t.reported = e.At
		case casefile.PinSet:
			t.placed = e.At
		case casefile.Acknowledged, casefile.Accepted, casefile.DeskTaken, casefile.CentreTook:
			if human && t.acked.IsZero() {
				t.acked = e.At
			}
		case casefile.Arrived:
			if t.arrived.IsZero() {
				t.arrived = e.At
			}
		case casefile.Joined:
			t.lead = e.Case
		case casefile.Split:
			t.lead = ""
		case casefile.LeadEnded:
			if !e.Yes { // nobody owned the incident to its end: the report rings again by itself
				t.lead = ""
			}
		case casefile.Escalated:
			t.level = max(t.level, e.Step)
		}
	}
	return t, nil
}

// isAlert reports whether a card asks somebody to take a case in hand.
func isAlert(can map[casefile.Action]bool) bool {
	return can[casefile.ActAccept] || can[casefile.ActAck] || can[casefile.ActDeskTake] || can[casefile.ActRadioSeen] || can[casefile.ActCentreTake]
}

// alertTo is whom a card asks: a role of the response, the radio centres or the national desk.
func alertTo(i lineemu.Item, can map[casefile.Action]bool) string {
	switch {
	case can[casefile.ActDeskTake]:
		return "desk"
	case can[casefile.ActRadioSeen]:
		return "radio"
	}
	for _, b := range i.Buttons {
		if in := line.Decode(b.Action.Data); in.Role != "" {
			return string(in.Role)
		}
	}
	return "others"
}

// phones counts what was tapped and what rang.
func (r *Result) phones(o Options, cases map[string]*told) {
	first := map[string]time.Time{} // by case
	for _, ph := range o.Platform.Phones() {
		for _, i := range ph.Transcript() {
			if !i.Incoming {
				if reports(i) {
					r.Reports++
				}
				continue
			}
			can := buttons(i)
			if !isAlert(can) {
				continue
			}
			r.Alerts++
			r.AlertsTo[alertTo(i, can)]++
			if id := caseOf(i); id != "" {
				if was, ok := first[id]; !ok || i.At.Before(was) {
					first[id] = i.At
				}
			}
		}
	}
	var alert []float64
	for id, at := range first {
		if t := cases[id]; t != nil && !t.placed.IsZero() && !at.Before(t.placed) {
			alert = append(alert, at.Sub(t.placed).Seconds())
		}
	}
	r.Alert = distribution(alert)
	if r.Reports > 0 {
		r.AlertsPerReport = float64(r.Alerts) / float64(r.Reports)
	}
}

// reports reports whether something that a person did is a report.
func reports(i lineemu.Item) bool {
	if i.Tapped != nil {
		return line.Decode(i.Tapped.Action.Data).Word == casefile.Tapped
	}
	if i.Type != "text" || len(i.Texts) != 1 {
		return false
	}
	_, ok := casefile.Typed(i.Texts[0])
	return ok
}

// caseOf is the case that the buttons of a card name.
func caseOf(i lineemu.Item) string {
	for _, b := range i.Buttons {
		if in := line.Decode(b.Action.Data); in.Case != "" {
			return string(in.Case)
		}
	}
	return ""
}

// times are the spans of each report; a joined one is in the hand that has its lead.
func (r *Result) times(cases map[string]*told) {
	var ack, arrival, desk []float64
	for _, t := range cases {
		r.States[t.State]++
		r.Escalated[fmt.Sprint(t.level)]++
		if !t.placed.IsZero() {
			r.WithPlace++
		}
		acked, arrived := t.acked, t.arrived
		if lead := cases[t.lead]; lead != nil {
			r.Joined++
			acked, arrived = earlier(acked, lead.acked), earlier(arrived, lead.arrived)
		}
		if acked.IsZero() {
			r.Unowned = append(r.Unowned, t.Code)
		} else {
			s := max(0, acked.Sub(t.reported).Seconds())
			ack = append(ack, s)
			if s > unowned.Seconds() {
				r.LateReport++
			}
		}
		if !arrived.IsZero() {
			arrival = append(arrival, max(0, arrived.Sub(t.reported).Seconds()))
		}
		waits, open := deskWaits(t.events)
		desk = append(desk, waits...)
		r.DeskWaiting += open
	}
	slices.Sort(r.Unowned)
	r.Ack, r.Arrival, r.Desk = distribution(ack), distribution(arrival), distribution(desk)
}

// unowned is the longest that a report may be in nobody's hand.
const unowned = 240 * time.Second

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ends are what takes an item from the desk before anybody took it.
var ends = []casefile.Kind{
	casefile.PinSet, casefile.ProvinceSet, casefile.DeskResolved, casefile.CentreTook, casefile.CaseClosed, casefile.MarkedFalse,
}

// deskWaits are the waits of a case's desk items, and how many nobody took.
func deskWaits(events []eventView) (waits []float64, open int) {
	var since time.Time
	for _, e := range events {
		switch {
		case e.Kind == casefile.DeskRaised && since.IsZero():
			since = e.At
		case e.Kind == casefile.DeskTaken && !since.IsZero():
			waits = append(waits, e.At.Sub(since).Seconds())
			since = time.Time{}
		case slices.Contains(ends, e.Kind):
			since = time.Time{} // no longer needed
		}
	}
	if !since.IsZero() {
		open = 1
	}
	return waits, open
}

// lag is how much later than due the rungs of the ladders rang. A rung that a
// person's answer brought forward is not late.
func (r *Result) lag(cases map[string]*told, rules *policy.Policy, live func(string) bool) {
	r.ShortestS = math.Inf(1)
	var calm, shaken []float64
	for _, t := range cases {
		began := map[string]time.Time{}
		var place casefile.Place
		for _, e := range t.events {
			if e.Place != nil {
				place = casefile.Place{Province: e.Place.Province, District: e.Place.District}
			}
			if e.Kind == casefile.JoinAsked || e.Kind == casefile.Transferred {
				break // the ladder stood still from here on, and may have gone on later
			}
			if e.Kind != casefile.Offered || e.Reason != "" {
				continue
			}
			plan := rules.Plan(casefile.IncidentType(t.Type), place, false, live(place.Province), false)
			role, _ := plan.Role(e.Role)
			key := fmt.Sprintf("%s/%d", e.Role, e.Round)
			from, known := began[key]
			switch {
			case !known:
				began[key] = e.At
			case e.Step >= 2 && e.Step <= len(role.Steps):
				for n := 1; n < len(role.Steps); n++ {
					r.ShortestS = min(r.ShortestS, (role.Steps[n].After - role.Steps[n-1].After).Seconds())
				}
				if late := e.At.Sub(from.Add(role.Steps[e.Step-1].After)).Seconds(); late >= 0 {
					if r.afterKill(e.At) {
						shaken = append(shaken, late)
					} else {
						calm = append(calm, late)
					}
				}
			}
		}
	}
	if math.IsInf(r.ShortestS, 1) {
		r.ShortestS = 60
	}
	r.Lag, r.LagBroken = distribution(calm), distribution(shaken)
	r.LagLimit = r.ShortestS / 10
	r.Trusted = r.Lag.N > 0 && r.Lag.P99 <= r.LagLimit
}

// aftershock is how long, in real time, a late rung is put down to a worker that
// was killed: Temporal waits ten seconds for the task that it took along.
const aftershock = 12 * time.Second

func (r *Result) afterKill(at time.Time) bool {
	shock := time.Duration(float64(aftershock) * r.Speed)
	return slices.ContainsFunc(r.Broken, func(s Span) bool { return s.Why == Killed && !at.Before(s.From) && !at.After(s.To.Add(shock)) })
}
