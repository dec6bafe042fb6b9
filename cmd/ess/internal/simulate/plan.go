// Package simulate lives a believable day through an installation: citizens and
// responders as virtual phones on the LINE emulator, in case time.
//
// What people will do is planned before anything runs, from the seed alone, so
// two runs can be compared; what becomes of it is measured from the phones and
// the REST API, and differs. It proves nothing by itself (package main in
// cmd/ess/prove does, from the files that a run leaves), and it knows no rule of
// the product: responders press the buttons that they are shown.
package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Input says what sort of day it is. Two equal inputs give the same plan.
type Input struct {
	Seed    uint64  `json:"seed"`
	Reports int     `json:"reports"`
	Hours   float64 `json:"hours"`   // case time from the first report to the last
	Quiet   float64 `json:"quiet"`   // share of reports made with the silent button
	Silence float64 `json:"silence"` // chance that a responder never answers a card
	Surge   float64 `json:"surge"`   // above 1: an hour with so many times the reports of its neighbours
	Taps    int     `json:"taps"`    // menu taps a day beside the reports
	Faults  bool    `json:"faults"`  // LINE misbehaves at intervals
	Kills   int     `json:"kills"`   // kill -9 of the worker
}

// Check reports what cannot be simulated.
func (in Input) Check() error {
	share := func(name string, v float64) error {
		if v >= 0 && v <= 1 { // false for NaN
			return nil
		}
		return errors.New(name + ": want a share between 0 and 1")
	}
	errs := []error{share("silence", in.Silence), share("quiet", in.Quiet)}
	if in.Reports < 1 || in.Reports > maxReports {
		errs = append(errs, errors.New("reports: want 1 to 20,000"))
	}
	if !(in.Hours > 0 && in.Hours <= 24) {
		errs = append(errs, errors.New("hours: want more than 0 and at most 24"))
	}
	if !(in.Surge >= 1 && in.Surge <= 100) {
		errs = append(errs, errors.New("surge: want 1 (none) to 100"))
	}
	if in.Taps < 0 || in.Taps > maxTaps || in.Kills < 0 || in.Kills > 20 {
		errs = append(errs, errors.New("taps, kills: out of range"))
	}
	return errors.Join(errs...)
}

const (
	maxReports = 20_000
	maxTaps    = 1_000_000
)

// Plan is everything that people will do unasked, in order of time.
type Plan struct {
	Input   Input     `json:"input"`
	Reports []Report  `json:"reports"`
	Taps    []Tap     `json:"taps"`
	Outages []Outage  `json:"outages"`
	Kills   []float64 `json:"kills"` // seconds of case time
}

// Report is one citizen's report: what they do at first, and how they answer.
// All spans are seconds of case time.
type Report struct {
	At       float64               `json:"at"` // since the plan began
	Type     casefile.IncidentType `json:"type"`
	Quiet    bool                  `json:"quiet,omitempty"`
	Words    string                `json:"words,omitempty"` // typed instead of a tap
	Twin     int                   `json:"twin,omitempty"`  // 1 + the report of the same incident that somebody else made before
	Prank    bool                  `json:"prank,omitempty"`
	Pin      *casefile.Pin         `json:"pin,omitempty"` // nil: never sends one
	PinWait  float64               `json:"pin_wait"`      // after the question for it
	Address  string                `json:"address,omitempty"`
	Found    *casefile.Pin         `json:"found,omitempty"` // where the address is, for an operator who looks it up
	Phone    string                `json:"phone,omitempty"` // given after the pin was echoed
	NoCall   bool                  `json:"no_call,omitempty"`
	Answers  bool                  `json:"answers,omitempty"` // answers the check-in and the closing question
	Photo    bool                  `json:"photo,omitempty"`
	Cancels  bool                  `json:"cancels,omitempty"`
	AsksWhen float64               `json:"asks_when,omitempty"` // asks where the case stands; 0: never
}

// Tap is one press in the rich menu by somebody who reports nothing. An incident
// tap out of curiosity cannot be told from a report, and is one.
type Tap struct {
	At       float64           `json:"at"`
	Citizen  int               `json:"citizen"`
	Incoming casefile.Incoming `json:"incoming"`
}

// Outage is a time in which LINE misbehaves.
type Outage struct {
	At   float64 `json:"at"`
	Kind string  `json:"kind"` // a lineemu.FaultKind, or duplicate, reorder: of webhooks
}

// hourly is how reports spread over a day, from midnight. No source counts ESS
// reports by the hour; the shape is ours: quiet before dawn, violence and
// gatherings in the evening.
var hourly = [24]float64{5, 4, 3, 2, 2, 2, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 7, 8, 9, 9, 8, 6}

// types are the shares of the five causes. Published is only which are most:
// threat or assault, gathering, berserk (thaigov.go.th T67900).
var types = []weighted[casefile.IncidentType]{
	{casefile.ThreatAssault, 42}, {casefile.Gathering, 22}, {casefile.Berserk, 20}, {casefile.SexualRisk, 9}, {casefile.Confinement, 7},
}

// curiosity is what a person presses who only looks. Practice takes most of what
// would be a false alarm.
var curiosity = []weighted[casefile.Incoming]{
	{casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActMenu}, 46},
	{casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActHotlines}, 18},
	{casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActPractice}, 33},
	{casefile.Incoming{Word: casefile.Tapped}, 3},
}

// Shares of reports, beside those of Input. Pranks: 12 % of the contacts of 1300
// in 2567 (T92143). The others have no source.
const (
	pranks    = 0.12
	twins     = 0.08
	wordsOnly = 0.04 // typed, without the menu
	noPin     = 0.05 // of those who are not pranks
	abroad    = 0.01
	notLive   = 0.03
	phones    = 0.55
	noCalls   = 0.15
	answering = 0.5
	photos    = 0.06
	cancels   = 0.03
	asks      = 0.2
)

type weighted[T any] struct {
	value  T
	weight float64
}

func pick[T any](r *rand.Rand, from []weighted[T]) T {
	total := 0.0
	for _, w := range from {
		total += w.weight
	}
	at := r.Float64() * total
	for _, w := range from {
		if at -= w.weight; at < 0 {
			return w.value
		}
	}
	return from[len(from)-1].value
}

// lognormal has half its values below the median; sigma 0.7 puts one in ten
// above two and a half times of it.
func lognormal(r *rand.Rand, median, sigma float64) float64 {
	return rounded(median*math.Exp(sigma*r.NormFloat64()), 1000)
}

// rounded keeps the plan free of the last bits, in which processors may differ.
func rounded(v, parts float64) float64 { return math.Round(v*parts) / parts }

// Make plans a day.
func Make(in Input, places *policy.Places) Plan {
	// One stream for each thing, so that more taps do not change the reports.
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(in.Seed, n)) } // #nosec -- a repeatable day, not a secret
	p := Plan{Input: in}
	p.reports(stream(1), newMap(places))
	p.curious(stream(2))
	p.trouble(stream(3))
	return p
}

// Begins is the hour of the day at which the plan begins: its last hour ends at midnight.
func (in Input) Begins() float64 { return 24 - in.Hours }

// instants draws so many instants after the shape of the day, in order.
func (in Input) instants(r *rand.Rand, n int, surge float64) []float64 {
	const slot = 300.0 // seconds
	slots := max(1, int(in.Hours*3600/slot))
	length := in.Hours * 3600 / float64(slots)
	weights := make([]weighted[int], slots)
	for i := range weights {
		at := float64(i) * length
		weights[i] = weighted[int]{i, hourly[int(in.Begins()+at/3600)%24]}
		if middle := in.Hours * 1800; math.Abs(at+length/2-middle) < min(1800, in.Hours*900) {
			weights[i].weight *= surge
		}
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = rounded((float64(pick(r, weights))+r.Float64())*length, 1000)
	}
	slices.Sort(out)
	return out
}

func (p *Plan) reports(r *rand.Rand, where *atlas) {
	for i, at := range p.Input.instants(r, p.Input.Reports, p.Input.Surge) {
		rep := Report{
			At: at, Type: pick(r, types), Quiet: r.Float64() < p.Input.Quiet, Prank: r.Float64() < pranks, PinWait: lognormal(r, 18, 0.7),
			NoCall: r.Float64() < noCalls, Answers: r.Float64() < answering, Photo: r.Float64() < photos, Cancels: r.Float64() < cancels,
		}
		if r.Float64() < phones && !rep.Quiet && !rep.NoCall {
			rep.Phone = "08" + digits(r, 8)
		}
		if r.Float64() < asks {
			rep.AsksWhen = lognormal(r, 240, 0.5)
		}
		if !rep.Quiet && r.Float64() < wordsOnly {
			rep.Words, rep.Type = "ช่วยด้วย", casefile.ThreatAssault
		}
		pin := where.point(r)
		switch x := r.Float64(); {
		case rep.Prank && x < 0.5, !rep.Prank && x < noPin:
			if !rep.Prank && r.Float64() < 0.5 {
				rep.Address, rep.Found = "บ้านไม้หลังที่สามหลังวัด ตรงข้ามร้านขายของชำ", &pin // invented
			}
		case x > 1-abroad:
			rep.Pin = &casefile.Pin{} // a phone without a fix sends 0,0
		default:
			rep.Pin = &pin
		}
		p.twin(r, &rep, i)
		p.Reports = append(p.Reports, rep)
	}
}

// twin makes the report one of an incident that somebody reported before: at the
// same place, mostly under the same name.
func (p *Plan) twin(r *rand.Rand, rep *Report, i int) {
	if i == 0 || rep.Prank || rep.Words != "" || r.Float64() >= twins {
		return
	}
	first := p.Reports[i-1]
	if first.Pin == nil || !first.Pin.Usable() || first.Prank || rep.At-first.At > 15*60 {
		return
	}
	rep.Twin = i // 1 + the index of the report before
	if !rep.Quiet && r.Float64() < 0.85 {
		rep.Type = first.Type
	}
	near := around(r, *first.Pin, 80)
	rep.Pin = &near
}

func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10)) // #nosec G115 -- a digit
	}
	return string(b)
}

// citizens who are curious: a tenth of the taps, so that some tap again.
func (p *Plan) curious(r *rand.Rand) {
	n := int(math.Round(float64(p.Input.Taps) * p.Input.Hours / 24))
	for _, at := range p.Input.instants(r, n, 1) {
		t := Tap{At: at, Citizen: r.IntN(1 + n/10), Incoming: pick(r, curiosity)}
		if t.Incoming.Word == casefile.Tapped {
			t.Incoming.Type = pick(r, types)
		}
		p.Taps = append(p.Taps, t)
	}
}

// outages are the ways in which LINE misbehaves, one after the other.
var outages = []string{"rate_limited", "error_before", "error_after", "duplicate", "reorder"}

// trouble spreads outages and kills over the plan, away from its edges.
func (p *Plan) trouble(r *rand.Rand) {
	span := p.Input.Hours * 3600
	if p.Input.Faults {
		for i := range 2 * len(outages) {
			at := rounded(span*(float64(i)+0.25+0.5*r.Float64())/float64(2*len(outages)), 1000)
			p.Outages = append(p.Outages, Outage{At: at, Kind: outages[i%len(outages)]})
		}
	}
	for i := range p.Input.Kills {
		p.Kills = append(p.Kills, rounded(span*(float64(i)+0.25+0.5*r.Float64())/float64(p.Input.Kills), 1000))
	}
}

// Hash names the plan: the same hash, the same inputs.
func (p Plan) Hash() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // a Plan is plain data
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Peak is the largest number of reports in any five minutes, as reports a second of real time.
func (p Plan) Peak(speed float64) float64 {
	const window = 300.0
	most, from := 0, 0
	for to := range p.Reports {
		for p.Reports[to].At-p.Reports[from].At > window {
			from++
		}
		most = max(most, to-from+1)
	}
	return float64(most) / window * speed
}
