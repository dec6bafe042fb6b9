package simulate

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// Member is one member of the roster, with a phone.
type Member struct {
	LINE  string
	Code  string
	Level casefile.Level // of a duty desk; empty: in the field
	Role  casefile.Role
	Lat   float64
	Lon   float64
}

// Options say where the day is lived.
type Options struct {
	Plan      Plan
	Begin     time.Time // case time at which the plan begins
	Clock     policy.Clock
	Platform  *lineemu.Platform
	Members   []Member
	Operators int                                // people at the national desk
	Consoles  []Console                          // theirs, and a supervisor's for one who works alone
	Restart   func(ctx context.Context) error    // kill -9 of the worker and a new one
	Progress  func(share float64, status string) // now and then
}

// Span is a stretch of case time in which something was broken on purpose.
type Span struct {
	Why  string    `json:"why"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Lived is what the day saw of itself; the rest stands in the transcripts.
type Lived struct {
	Broken   []Span  // outages and kills
	Stopped  bool    // by the limit, before everything was quiet
	Untapped int     // buttons that were gone when somebody wanted to press them
	Orders   []Order // what the operators sent from their consoles
	Served   []Served
	Refused  int // orders and looks of operators that the API refused
}

// Killed is why a span was broken when it was our worker.
const Killed = "worker killed"

// settle is how long everything must have been quiet, and linger how long the
// day goes on at most, after the last report. Case time.
const (
	settle = 12 * time.Minute
	linger = 100 * time.Minute
)

// Live lives the day. It returns when everything planned is done and has become
// quiet, or when the context ends.
func Live(ctx context.Context, o Options) (Lived, error) {
	d := &day{o: o, news: make(chan heard, 1024), people: map[string]*person{}, reporters: map[string]*person{}, back: make(chan func(), 64)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.gather(ctx); err != nil {
		return Lived{}, err
	}
	d.plan(ctx)
	err := d.live(ctx)
	if healed := o.Platform.SetFaults(lineemu.Faults{}); err == nil {
		err = healed
	}
	if err == nil && d.restarts != nil {
		err = <-d.restarts
	}
	return d.lived, err
}

// day is one loop over what was planned and what is heard. Only the loop touches
// it; each phone has a watcher that waits and hands over.
type day struct {
	o      Options
	acts   acts
	news   chan heard
	people map[string]*person // by LINE user ID
	desk   desk
	now    time.Time // case time of what is being done
	lived  Lived
	busyAt time.Time // when somebody last did something that was not routine
	sent   int       // reports begun

	reporters map[string]*person // by case code
	back      chan func()        // what goes on after something that took real time
	away      int                // how many such things are under way
	elsewhere func(do func(context.Context) (then func()))
	restarts  chan error // the restart under way; nil: none was ever
}

type heard struct {
	who  *person
	item lineemu.Item
}

// person is somebody with a phone: a member, or a citizen with a report.
type person struct {
	*lineemu.Phone
	member *Member
	report *Report
	random *rand.Rand
	jobs   map[string]*job // of a member, by case code
	told   reporterSide
}

// act is something that somebody will do.
type act struct {
	at      time.Time
	n       int // order among equals
	routine bool
	do      func()
}

type acts struct {
	list []act
	n    int
}

func (a acts) Len() int { return len(a.list) }
func (a acts) Less(i, j int) bool {
	if !a.list[i].at.Equal(a.list[j].at) {
		return a.list[i].at.Before(a.list[j].at)
	}
	return a.list[i].n < a.list[j].n
}
func (a acts) Swap(i, j int) { a.list[i], a.list[j] = a.list[j], a.list[i] }
func (a *acts) Push(x any)   { a.list = append(a.list, x.(act)) }
func (a *acts) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

func (d *day) at(when time.Time, routine bool, do func()) {
	d.acts.n++
	heap.Push(&d.acts, act{when, d.acts.n, routine, do})
}

// after plans something so many seconds from what is being done.
func (d *day) after(seconds float64, do func()) {
	d.at(d.now.Add(time.Duration(seconds*float64(time.Second))), false, do)
}

// offset is an instant of the plan.
func (d *day) offset(seconds float64) time.Time {
	return d.o.Begin.Add(time.Duration(seconds * float64(time.Second)))
}

// fate gives everybody a stream of chance of their own, so that what one person
// hears does not change another's luck.
func (d *day) fate(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return rand.New(rand.NewPCG(d.o.Plan.Input.Seed, h.Sum64())) // #nosec -- a simulation, not a secret
}

// gather gives everybody a phone and listens on it.
func (d *day) gather(ctx context.Context) error {
	for i := range d.o.Members {
		m := &d.o.Members[i]
		p, err := d.phone(m.LINE, m.Code)
		if err != nil {
			return err
		}
		p.member, p.jobs = m, map[string]*job{}
		d.watch(ctx, p)
		if m.Level == casefile.LevelDesk {
			d.desk.phones = append(d.desk.phones, p)
		}
	}
	for i := range d.o.Plan.Reports {
		p, err := d.phone("", "reporter-"+strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		p.report = &d.o.Plan.Reports[i]
		d.watch(ctx, p)
		d.at(d.offset(p.report.At), false, func() { d.report(p) })
	}
	return nil
}

func (d *day) phone(id, name string) (*person, error) {
	ph, err := d.o.Platform.AddUser(lineemu.User{ID: id, Name: name, Friend: true})
	if err != nil {
		return nil, err
	}
	p := &person{Phone: ph, random: d.fate(name)}
	d.people[ph.ID()] = p
	return p, nil
}

// watch hands over what a phone shows.
func (d *day) watch(ctx context.Context, p *person) {
	go func() {
		for mark := 0; ; {
			item, err := p.WaitSince(ctx, mark, func(i lineemu.Item) bool { return i.Incoming && i.Shown })
			if err != nil {
				return // the day is over
			}
			mark = item.Seq
			select {
			case d.news <- heard{p, item}:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// plan puts everything that happens unasked in its place.
func (d *day) plan(ctx context.Context) {
	curious := map[int]*lineemu.Phone{}
	for _, t := range d.o.Plan.Taps {
		d.at(d.offset(t.At), true, func() {
			ph := curious[t.Citizen]
			if ph == nil {
				p, err := d.phone("", "curious-"+strconv.Itoa(t.Citizen+1))
				if err != nil {
					return
				}
				ph = p.Phone
				curious[t.Citizen] = ph
			}
			d.look(ph, t.Incoming)
		})
	}
	for _, p := range d.people {
		if p.member != nil && p.member.Role == casefile.Police && p.random.Float64() < patrols {
			d.patrol(p)
		}
	}
	for _, o := range d.o.Plan.Outages {
		d.at(d.offset(o.At), true, func() { d.breakLINE(o) })
	}
	for _, at := range d.o.Plan.Kills {
		d.at(d.offset(at), true, func() { d.kill(ctx) })
	}
	d.elsewhere = func(do func(context.Context) func()) {
		d.away++
		go func() {
			then := do(ctx)
			select {
			case d.back <- then:
			case <-ctx.Done():
			}
		}()
	}
	d.staff()
}

// live does one thing after the other until all is quiet.
func (d *day) live(ctx context.Context) error {
	end := d.offset(d.o.Plan.Input.Hours * 3600)
	d.busyAt = end
	beat := time.NewTicker(500 * time.Millisecond)
	defer beat.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		real := time.Now()
		for d.acts.Len() > 0 && !d.o.Clock.Real(d.acts.list[0].at).After(real) {
			a := heap.Pop(&d.acts).(act)
			d.now = a.at
			if !a.routine && a.at.After(d.busyAt) {
				d.busyAt = a.at
			}
			a.do()
		}
		if d.acts.Len() > 0 {
			next.Reset(time.Until(d.o.Clock.Real(d.acts.list[0].at)))
		} else {
			next.Reset(time.Second)
		}
		select {
		case <-ctx.Done():
			d.lived.Stopped = true
			return nil
		case h := <-d.news:
			d.now = h.item.At
			d.hear(h)
		case then := <-d.back:
			d.now = d.o.Clock.Case(time.Now())
			d.away--
			then()
		case <-next.C:
		case <-beat.C:
			now := d.o.Clock.Case(time.Now())
			d.o.Progress(float64(now.Sub(d.o.Begin))/float64(end.Add(settle).Sub(d.o.Begin)), d.status(now))
			if now.Sub(d.busyAt) > settle && !d.due() || now.After(end.Add(linger)) {
				return nil
			}
		}
	}
}

// due reports whether somebody still means to do something.
func (d *day) due() bool {
	if d.away > 0 {
		return true
	}
	for _, a := range d.acts.list {
		if !a.routine {
			return true
		}
	}
	return false
}

func (d *day) status(now time.Time) string {
	return fmt.Sprintf("%s  %d of %d reports, %d at the desk", now.In(policy.Bangkok).Format("15:04"), d.sent, len(d.o.Plan.Reports), len(d.desk.queue)+len(d.desk.later))
}

func (d *day) hear(h heard) {
	if h.who.report != nil {
		if c := code(h.item); c != "" {
			d.reporters[c] = h.who
		}
		d.reporter(h.who, h.item)
	} else {
		d.responder(h.who, h.item)
	}
}

// buttons are what an item lets a person press, by what it means.
func buttons(i lineemu.Item) map[casefile.Action]bool {
	all := map[casefile.Action]bool{}
	for _, list := range [][]lineemu.Button{i.Buttons, i.QuickReplies} {
		for _, b := range list {
			if in := line.Decode(b.Action.Data); in.Word == casefile.Pressed {
				all[in.Action] = true
			}
		}
	}
	return all
}

// press presses the first button of an item that fits.
func (d *day) press(p *person, i lineemu.Item, fits func(casefile.Incoming) bool) {
	try := func(list []lineemu.Button, tap func(label string) (lineemu.Action, error)) bool {
		for _, b := range list {
			if in := line.Decode(b.Action.Data); in.Word == casefile.Pressed && fits(in) {
				_, err := tap(b.Label)
				return err == nil
			}
		}
		return false
	}
	ok := try(i.Buttons, func(label string) (lineemu.Action, error) { return p.TapButtonOf(i.MessageID, label) }) ||
		try(i.QuickReplies, p.TapQuickReply)
	if !ok {
		d.lived.Untapped++ // quick replies vanish with the next message, as in LINE
	}
}

// deskCases are the cases that a card lets an operator take.
func deskCases(i lineemu.Item) []casefile.CaseID {
	var all []casefile.CaseID
	for _, b := range i.Buttons {
		if in := line.Decode(b.Action.Data); in.Action == casefile.ActDeskTake && !slices.Contains(all, in.Case) {
			all = append(all, in.Case)
		}
	}
	return all
}

func is(a casefile.Action) func(casefile.Incoming) bool {
	return func(in casefile.Incoming) bool { return in.Action == a }
}

// menu presses the area of the rich menu that means something, or its button on
// the menu card that is in the chat already.
func (d *day) menu(ph *lineemu.Phone, what casefile.Incoming) bool {
	same := func(data string) bool {
		in := line.Decode(data)
		return in.Word == what.Word && in.Action == what.Action && in.Type == what.Type && in.Quiet == what.Quiet
	}
	if m := ph.Menu(); m != nil {
		for n, area := range m.Areas {
			if same(area.Action.Data) {
				_, err := ph.TapMenuArea(n)
				return err == nil
			}
		}
	}
	for _, i := range ph.Transcript() {
		for _, b := range i.Buttons {
			if same(b.Action.Data) {
				_, err := ph.TapButtonOf(i.MessageID, b.Label)
				return err == nil
			}
		}
	}
	return false
}

// look presses something in the menu; what lies behind its last area is pressed
// after a while, on the card that came.
func (d *day) look(ph *lineemu.Phone, what casefile.Incoming) {
	if d.menu(ph, what) {
		return
	}
	d.menu(ph, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActMenu})
	d.at(d.now.Add(20*time.Second), true, func() {
		if !d.menu(ph, what) {
			d.lived.Untapped++
		}
	})
}

// outageLength is how long LINE misbehaves each time.
const outageLength = 3 * time.Minute

func (d *day) breakLINE(o Outage) {
	f := lineemu.Faults{}
	switch o.Kind {
	case "duplicate":
		f.Webhook.Duplicate = 0.5
	case "reorder":
		f.Webhook.Reorder = 0.3
	default:
		for _, endpoint := range []string{"push", "reply"} {
			f.API = append(f.API, lineemu.APIFault{Endpoint: endpoint, Kind: lineemu.FaultKind(o.Kind), Probability: 0.3})
		}
	}
	if d.o.Platform.SetFaults(f) != nil {
		return
	}
	until := d.now.Add(outageLength)
	d.lived.Broken = append(d.lived.Broken, Span{Why: "LINE " + o.Kind, From: d.now, To: until})
	d.at(until, true, func() { _ = d.o.Platform.SetFaults(lineemu.Faults{}) }) // no faults are always valid
}

// kill kills the worker and starts another, while the day goes on.
func (d *day) kill(ctx context.Context) {
	done := make(chan error, 1)
	before, n, from := d.restarts, len(d.lived.Broken), d.o.Clock.Case(time.Now())
	d.restarts = done
	d.lived.Broken = append(d.lived.Broken, Span{Why: Killed, From: from, To: from})
	finished := make(chan time.Time, 1)
	go func() {
		var err error
		if before != nil {
			err = <-before // one after the other
		}
		err = errors.Join(err, d.o.Restart(ctx))
		finished <- d.o.Clock.Case(time.Now())
		done <- err
	}()
	var look func()
	look = func() {
		select {
		case d.lived.Broken[n].To = <-finished:
		default:
			d.after(10, look)
		}
	}
	d.after(10, look)
}

// code is the case code that a message names, as "ABCD-1234"; empty: none.
func code(i lineemu.Item) string {
	for _, text := range append([]string{i.AltText}, i.Texts...) {
		for word := range strings.FieldsSeq(text) {
			if isCode(word) {
				return word
			}
		}
	}
	return ""
}

func isCode(w string) bool {
	if len(w) != 9 || w[4] != '-' {
		return false
	}
	for i := range w {
		if i != 4 && !strings.ContainsRune("0123456789ABCDEF", rune(w[i])) {
			return false
		}
	}
	return true
}
