// Command prove checks a simulated day from the outside: it reads what the phones
// saw (transcripts.json) and what the REST API shows (cases.json), and nothing
// else of the system that it judges.
//
//	prove DIR            each report reached a human's hand in time, or is listed; of months of casework
//	                     (casework.json): no case without an owner and a call to come, nothing silent, nothing lost
//	prove --compare A B  the day A alerted fewer people a report than the day B, and nobody arrived later
//
// A hand is a person's tap on a phone, or an order from an operator's console,
// that the record knows too: an acknowledgement, an acceptance, an item taken
// from the desk, a caller or a case taken over. Having been asked is none, nor is
// a screen that was read.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	switch {
	case len(args) == 3 && args[0] == "--compare":
		a, err := load(args[1])
		if err != nil {
			return err
		}
		b, err := load(args[2])
		if err != nil {
			return err
		}
		return compare(a, b, out)
	case len(args) == 1 && !strings.HasPrefix(args[0], "-"):
		if m, err := loadMonths(args[0]); err != nil || m != nil {
			if err != nil {
				return err
			}
			return m.prove(out)
		}
		if q, err := loadQuarter(args[0]); err != nil || q != nil {
			if err != nil {
				return err
			}
			return q.prove(out)
		}
		d, err := load(args[0])
		if err != nil {
			return err
		}
		return d.prove(out)
	}
	return errors.New("usage: prove DIR | prove --compare A B")
}

// limit is the longest that a report may be in nobody's hand, in case time.
const limit = 240 * time.Second

// slack is how much earlier than the tap an event may be stamped: clocks of two
// processes, and LINE's timestamps in whole milliseconds, at the day's speed.
const slack = 2 * time.Second

// aftermath is how long, in real time, what was broken is felt: Temporal waits
// ten seconds for a task that a killed worker took along.
const aftermath = 12 * time.Second

// transcripts is what the phones saw.
type transcripts struct {
	Phones []struct {
		User  struct{ ID string }
		Items []item
	}
}

type item struct {
	Seq      int
	At       time.Time
	Incoming bool
	Type     string
	Texts    []string
	AltText  string
	Buttons  []button
	Tapped   *button
	EventID  string
	Via      string
}

type button struct {
	Action struct{ Data string }
}

// export is what the API shows.
type export struct {
	Plan  string
	Speed float64
	Wave  string
	Cases []struct {
		Case struct {
			ID    casefile.CaseID
			Code  string
			State casefile.State
		}
		Timeline []event
	}
	Orders []struct { // what the operators' consoles sent
		At   time.Time
		By   string
		Case casefile.CaseID
		Kind string
		Done bool
	}
	Broken []span
}

// span is a time in which something was broken on purpose.
type span struct {
	Why      string
	From, To time.Time
}

type event struct {
	ID   string
	Seq  int
	Kind casefile.Kind
	At   time.Time
	By   casefile.Actor
	Case casefile.CaseID // the other case
}

// day is one run.
type day struct {
	plan, wave string
	speed      float64
	reports    []report
	alerts     int            // cards that ask somebody to take a case in hand
	alertsTo   map[string]int // of these, by role; the radio centres and the desk apart
	toDesk     int            // everything pushed to the phones of the national desk
	cases      map[casefile.CaseID]*filed
	rings      map[casefile.CaseID][]ring
	words      map[casefile.CaseID][]time.Time // taps and orders that take a case in hand
	broken     []span
	loose      int // words in the record that neither a phone nor a console said
}

// ring is a card that asked somebody to take a case in hand.
type ring struct {
	at time.Time
	to string
}

// report is one incident tap or distress word on a phone.
type report struct {
	at   time.Time
	name string // code of its case, or the webhook event if it has none
	in   casefile.CaseID
}

// filed is a case in the record.
type filed struct {
	code    string
	hands   []time.Time // when a human took it in hand
	arrived time.Time
	leads   []casefile.CaseID // it was joined to these, one after the other
}

// word is what somebody said to take a case in hand: a tap, or an operator's order.
type word struct {
	in   casefile.CaseID
	kind casefile.Kind
	by   string // the operator; empty: a member, on a phone
}

// means are the buttons that take a case in hand, and what the record may call
// that. An item that had left the desk when somebody took it is an acknowledgement.
var means = map[casefile.Action][]casefile.Kind{
	casefile.ActAck: {casefile.Acknowledged}, casefile.ActAccept: {casefile.Accepted}, casefile.ActCentreTake: {casefile.CentreTook},
	casefile.ActDeskTake: {casefile.DeskTaken, casefile.Acknowledged}, casefile.ActTakeOver: {casefile.HandoverAccepted},
}

// orders are the commands of a console that do.
var orders = map[string]casefile.Kind{
	"acknowledge": casefile.Acknowledged, "accept": casefile.Accepted, "take-desk": casefile.DeskTaken, "take-centre": casefile.CentreTook,
	"accept-hand-over": casefile.HandoverAccepted,
}

// taken are the kinds of event by which a human has a case in hand.
var taken = []casefile.Kind{
	casefile.Acknowledged, casefile.Accepted, casefile.DeskTaken, casefile.CentreTook, casefile.HandoverAccepted,
}

// asks are the buttons of a card that asks for one of them. A hand-over to a
// social office is no alarm.
var asks = []casefile.Action{casefile.ActAck, casefile.ActAccept, casefile.ActCentreTake, casefile.ActDeskTake, casefile.ActRadioSeen}

func load(dir string) (*day, error) {
	var seen transcripts
	var shown export
	for name, into := range map[string]any{"transcripts.json": &seen, "cases.json": &shown} {
		raw, err := os.ReadFile(filepath.Join(dir, name)) // #nosec -- the caller names the folder
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return judge(seen, shown), nil
}

// judge puts the two sources beside each other.
func judge(seen transcripts, shown export) *day {
	d := &day{
		plan: shown.Plan, wave: shown.Wave, speed: shown.Speed, cases: map[casefile.CaseID]*filed{}, alertsTo: map[string]int{}, broken: shown.Broken,
		rings: map[casefile.CaseID][]ring{}, words: map[casefile.CaseID][]time.Time{},
	}
	said := map[word][]time.Time{}
	say := func(w word, at time.Time) { said[w] = append(said[w], at) }
	for _, ph := range seen.Phones {
		desk, pushes := false, 0
		for _, i := range ph.Items {
			switch in := i.pressed(); {
			case !i.Incoming:
				for _, kind := range means[in.Action] {
					say(word{in: in.Case, kind: kind}, i.At)
				}
				if means[in.Action] != nil {
					d.words[in.Case] = append(d.words[in.Case], i.At)
				}
			default:
				if i.Via != "reply" {
					pushes++
				}
				desk = d.alert(i) || desk
			}
		}
		if desk {
			d.toDesk += pushes
		}
	}
	for _, o := range shown.Orders {
		if kind := orders[o.Kind]; kind != "" && o.Done {
			say(word{o.Case, kind, o.By}, o.At)
			d.words[o.Case] = append(d.words[o.Case], o.At)
		}
	}
	byEvent, byCode := map[string]casefile.CaseID{}, map[string]casefile.CaseID{}
	for _, c := range shown.Cases {
		f := &filed{code: c.Case.Code}
		d.cases[c.Case.ID], byCode[f.code] = f, c.Case.ID
		for _, e := range c.Timeline {
			if event, ok := strings.CutPrefix(e.ID, "in:"); ok { // the arrival that it comes from
				event, _, _ = strings.Cut(event, ":")
				byEvent[event] = c.Case.ID
			}
			switch {
			case e.Kind == casefile.Joined:
				f.leads = append(f.leads, e.Case)
			case e.Kind == casefile.Arrived && f.arrived.IsZero():
				f.arrived = e.At
			case e.By.Human() && slices.Contains(taken, e.Kind):
				w := word{in: c.Case.ID, kind: e.Kind}
				if e.By.Kind == casefile.ByOperator {
					w.by = e.By.ID
				}
				if slices.ContainsFunc(said[w], func(at time.Time) bool { return at.Before(e.At.Add(slack)) }) {
					f.hands = append(f.hands, e.At)
				} else {
					d.loose++
				}
			}
		}
	}
	for _, ph := range seen.Phones {
		for n, i := range ph.Items {
			if !i.reports() {
				continue
			}
			r := report{at: i.At, in: byEvent[i.EventID], name: "event " + i.EventID}
			if r.in == "" { // the record does not say: what the phone was answered
				r.in = byCode[answeredCode(ph.Items[n+1:])]
			}
			if c := d.cases[r.in]; c != nil {
				r.name = c.code
			}
			d.reports = append(d.reports, r)
		}
	}
	slices.SortFunc(d.reports, func(a, b report) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.name, b.name)) })
	return d
}

func (i item) pressed() casefile.Incoming {
	if i.Tapped == nil {
		return casefile.Incoming{}
	}
	return line.Decode(i.Tapped.Action.Data)
}

// reports reports whether a person's act is a report.
func (i item) reports() bool {
	if i.Incoming {
		return false
	}
	if i.Type == "text" && len(i.Texts) == 1 {
		_, ok := casefile.Typed(i.Texts[0])
		return ok
	}
	return i.pressed().Word == casefile.Tapped
}

// alert counts a card that asks somebody to take a case in hand, and reports
// whether it asks the national desk.
func (d *day) alert(i item) (desk bool) {
	to := ""
	for _, b := range i.Buttons {
		in := line.Decode(b.Action.Data)
		if !slices.Contains(asks, in.Action) || in.Case == "" {
			continue
		}
		switch {
		case in.Action == casefile.ActDeskTake:
			to, desk = "desk", true
		case in.Action == casefile.ActRadioSeen:
			to = "radio"
		case in.Role != "":
			to = string(in.Role)
		default:
			to = "others"
		}
		r := ring{i.At, to}
		if list := d.rings[in.Case]; len(list) == 0 || list[len(list)-1] != r {
			d.rings[in.Case] = append(list, r)
		}
	}
	if to != "" {
		d.alerts++
		d.alertsTo[to]++
	}
	return desk
}

// answeredCode is the first case code that the phone was told.
func answeredCode(items []item) string {
	for _, i := range items {
		if !i.Incoming {
			continue
		}
		for _, text := range append([]string{i.AltText}, i.Texts...) {
			for word := range strings.FieldsSeq(text) {
				if len(word) == 9 && word[4] == '-' && strings.Trim(word, "0123456789ABCDEF-") == "" {
					return word
				}
			}
		}
	}
	return ""
}

// hand is when a report came into a human's hand, through its own case or one
// that leads it; a hand that was there before counts from the report on.
func (d *day) hand(r report) (at time.Time, joined, ok bool) {
	own := d.cases[r.in]
	if own == nil {
		return time.Time{}, false, false
	}
	consider := func(f *filed, lead bool) {
		for _, h := range f.hands {
			if h.Before(r.at) {
				h = r.at
			}
			if !ok || h.Before(at) {
				at, joined, ok = h, lead, true
			}
		}
	}
	consider(own, false)
	for _, id := range own.leads {
		if lead := d.cases[id]; lead != nil {
			consider(lead, true)
		}
	}
	return at, joined, ok
}

// cause says in a few words why a report was in nobody's hand in time, from what
// the phones and consoles show.
func (d *day) cause(r report) string {
	own := d.cases[r.in]
	if own == nil {
		return "no case in the record"
	}
	until := r.at.Add(limit)
	inTime := func(at time.Time) bool { return !at.After(until) }
	var rung []ring
	said := false
	for _, id := range append([]casefile.CaseID{r.in}, own.leads...) {
		said = said || slices.ContainsFunc(d.words[id], inTime)
		for _, ring := range d.rings[id] {
			if inTime(ring.at) {
				rung = append(rung, ring)
			}
		}
	}
	slices.SortFunc(rung, func(a, b ring) int { return a.at.Compare(b.at) })
	why := "everybody who was asked stayed silent or said no"
	switch {
	case said:
		why = "taken in time, and not recorded so"
	case len(rung) == 0:
		why = "nobody was asked in time"
	case rung[0].at.After(until.Add(-limit / 2)):
		why = "asked late"
	case !slices.ContainsFunc(rung, func(g ring) bool { return g.to != "desk" }):
		why = "waited at the desk"
	case len(own.leads) > 0:
		why = "joined to a case that waited"
	}
	var broken []string
	for _, b := range d.broken {
		if b.From.Before(until) && b.To.Add(time.Duration(d.speed*float64(aftermath))).After(r.at) && !slices.Contains(broken, b.Why) {
			broken = append(broken, b.Why)
		}
	}
	if len(broken) > 0 {
		why += ", while broken: " + strings.Join(broken, ", ")
	}
	return why
}

// prove lists every report that was in nobody's hand in time.
func (d *day) prove(out io.Writer) error {
	if len(d.reports) == 0 {
		return errors.New("there is no report on any phone: nothing is proven")
	}
	var waits []float64
	var listed []string
	throughLead, never, causes := 0, 0, map[string]int{}
	for _, r := range d.reports {
		at, joined, ok := d.hand(r)
		wait := at.Sub(r.at)
		if joined {
			throughLead++
		}
		if ok {
			waits = append(waits, wait.Seconds())
		}
		if ok && wait <= limit {
			continue
		}
		end := fmt.Sprintf("in a hand after %.0f s", wait.Seconds())
		if !ok {
			never++
			end = "in nobody's hand at the end"
		}
		why := d.cause(r)
		causes[why]++
		listed = append(listed, fmt.Sprintf("%s  %s  %s: %s", r.name, stamp(r.at), end, why))
	}
	fmt.Fprintf(out, "plan %s, waves %s\n", d.plan, d.wave)
	fmt.Fprintf(out, "%d reports on the phones, %d cases in the record\n", len(d.reports), len(d.cases))
	fmt.Fprintf(out, "%d in a human's hand within %.0f s of case time (%d through the case that leads theirs), %d later, %d never\n",
		len(d.reports)-len(listed), limit.Seconds(), throughLead, len(listed)-never, never)
	if len(waits) > 0 {
		slices.Sort(waits)
		fmt.Fprintf(out, "p50 %.0f s, p90 %.0f s, p99 %.0f s, longest %.0f s\n", at(waits, 0.5), at(waits, 0.9), at(waits, 0.99), waits[len(waits)-1])
	}
	per := func(n int) float64 { return float64(n) / float64(len(d.reports)) }
	fmt.Fprintf(out, "%.2f alerts a report", per(d.alerts))
	for _, to := range slices.Sorted(maps.Keys(d.alertsTo)) {
		fmt.Fprintf(out, ", %s %.2f", to, per(d.alertsTo[to]))
	}
	fmt.Fprintf(out, "; %.2f pushes to the desk a report\n", per(d.toDesk))
	if d.loose > 0 {
		fmt.Fprintf(out, "%d words in the record came from no phone and no console and were not counted\n", d.loose)
	}
	for _, why := range slices.SortedFunc(maps.Keys(causes), func(a, b string) int { return cmp.Or(causes[b]-causes[a], cmp.Compare(a, b)) }) {
		fmt.Fprintf(out, "%5d late: %s\n", causes[why], why)
	}
	for _, l := range listed {
		fmt.Fprintln(out, l)
	}
	if len(listed) > 0 {
		return fmt.Errorf("%d of %d reports are listed", len(listed), len(d.reports))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

// at is the smallest value of a sorted list that so large a share does not exceed.
func at(sorted []float64, share float64) float64 {
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// noise is by how much two runs of one day differ in their arrivals when nothing
// was changed: what a person does depends on whom they hear from first.
const noise = 0.05

// compare proves that day a asked fewer people than day b for the same reports
// and that nobody waited longer for it.
func compare(a, b *day, out io.Writer) error {
	if a.plan == "" || a.plan != b.plan {
		return errors.New("these are two different days: their plans differ")
	}
	var errs []error
	fmt.Fprintf(out, "plan %s\n%-24s %14s %14s\n", a.plan, "", a.wave, b.wave)
	row := func(name string, x, y, allow float64) {
		verdict := "ok"
		if x > y*(1+allow) {
			verdict = "NOT SO"
			errs = append(errs, fmt.Errorf("%s: %.2f is more than %.2f", name, x, y))
		}
		fmt.Fprintf(out, "%-24s %14.2f %14.2f  %s\n", name, x, y, verdict)
	}
	if len(a.reports) == 0 || len(b.reports) == 0 {
		return errors.New("a day without a report")
	}
	fmt.Fprintf(out, "%-24s %14d %14d\n", "reports", len(a.reports), len(b.reports))
	perA, perB := float64(a.alerts)/float64(len(a.reports)), float64(b.alerts)/float64(len(b.reports))
	row("alerts a report", perA, perB, 0)
	if perA == perB {
		errs = append(errs, errors.New("alerts a report: not fewer"))
	}
	arrivedA, arrivedB := a.arrivals(), b.arrivals()
	fmt.Fprintf(out, "%-24s %14d %14d\n", "with an arrival", len(arrivedA), len(arrivedB))
	if len(arrivedA) == 0 || len(arrivedB) == 0 {
		return errors.Join(append(errs, errors.New("a day on which nobody arrived"))...)
	}
	row("arrival p50, s", at(arrivedA, 0.5), at(arrivedB, 0.5), noise)
	row("arrival p90, s", at(arrivedA, 0.9), at(arrivedB, 0.9), noise)
	return errors.Join(errs...)
}

// arrivals are the spans from report to arrival, sorted; a joined report has the
// arrival of the case that leads it.
func (d *day) arrivals() []float64 {
	var list []float64
	for _, r := range d.reports {
		own := d.cases[r.in]
		if own == nil {
			continue
		}
		first := own.arrived
		for _, id := range own.leads {
			if lead := d.cases[id]; lead != nil && (first.IsZero() || !lead.arrived.IsZero() && lead.arrived.Before(first)) {
				first = lead.arrived
			}
		}
		if !first.IsZero() {
			list = append(list, max(0, first.Sub(r.at).Seconds()))
		}
	}
	slices.Sort(list)
	return list
}
