package simulate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// How the desk works. No source has these figures. Medians are seconds of case time.
const (
	toTakeItem    = 8
	perItem       = 55
	toConfirm     = 35 // the second of two persons
	perCall       = 40
	callsAtMost   = 3
	answersCall   = 0.8 // of those who did not see the card
	goesAfterCall = 0.75
	visitsAtMost  = 4
	toTellDesk    = 90 // an officer who finds nobody at the place
)

// How often an operator looks at the list on the console, and how long an item
// may have waited without a ring on a phone before one is taken from there.
const (
	looksEvery = time.Minute
	unrung     = 30 * time.Second
)

// desk is the national desk: so many people, one thing each at a time. What rings
// goes before what somebody meant to look at again, and while there are two or
// more, one of them is always free for it.
type desk struct {
	phones []*person
	staff  int // operators, busy or free
	free   []*operator
	queue  []*deskItem // rung
	later  []*deskItem // to confirm, or to look at again
	known  map[casefile.CaseID]*deskItem
	visits map[casefile.CaseID]int
	luck   *rand.Rand
	orders int
}

// operator is one person with a console and a phone.
type operator struct {
	Console
	phone      *person
	supervises bool // only ever the second of two persons
}

type deskItem struct {
	id    casefile.CaseID
	came  time.Time
	cards []heard   // the phones that showed it; none: seen on the console
	by    *operator // who wants to end the case and needs a second person
	hoax  bool      // an officer at the place said that nobody is there
	rung  bool
}

// Served is one thing that an operator did. Seconds of case time.
type Served struct {
	Came float64 // since the plan began
	Took float64 // from a free operator to the one who has it
	Busy float64 // from a free operator to a free one
	Rung bool
}

// staff puts the operators at the desk. Consoles beyond their number are a
// supervisor's, for one who works alone and needs a second person.
func (d *day) staff() {
	k := &d.desk
	k.known, k.visits, k.luck = map[casefile.CaseID]*deskItem{}, map[casefile.CaseID]int{}, d.fate("desk")
	slices.SortFunc(k.phones, func(a, b *person) int { return strings.Compare(a.member.Code, b.member.Code) })
	if d.o.Operators == 0 || len(k.phones) == 0 {
		return
	}
	for i, c := range d.o.Consoles {
		k.free = append(k.free, &operator{Console: c, phone: k.phones[i%len(k.phones)], supervises: i >= d.o.Operators})
	}
	k.staff = d.o.Operators
	d.at(d.o.Begin, true, d.lookAtList)
}

// ring puts an item in the queue; a card of an item that waits already is its echo.
func (d *day) ring(h heard) {
	for _, id := range deskCases(h.item) {
		k := &d.desk
		if known := k.known[id]; known != nil {
			known.cards = append(known.cards, h)
			continue
		}
		d.enqueue(&deskItem{id: id, came: h.item.At, cards: []heard{h}, rung: true})
	}
}

func (d *day) enqueue(item *deskItem) {
	k := &d.desk
	k.known[item.id] = item
	k.queue = append(k.queue, item)
	d.serve()
}

// afterwards puts something in the second queue, so many seconds from now.
func (d *day) afterwards(seconds float64, item *deskItem) {
	d.after(seconds, func() {
		item.came = d.now
		d.desk.later = append(d.desk.later, item)
		d.serve()
	})
}

// serve gives every free operator something to do.
func (d *day) serve() {
	k := &d.desk
	for n := 0; n < len(k.free); {
		o := k.free[n]
		item := k.next(o)
		if item == nil {
			n++
			continue
		}
		k.free = slices.Delete(k.free, n, n+1)
		d.begin(o, item)
	}
}

func (k *desk) next(o *operator) *deskItem {
	if len(k.queue) > 0 && !o.supervises {
		item := k.queue[0]
		k.queue = k.queue[1:]
		return item
	}
	if len(k.free) == 1 && k.staff > 1 {
		return nil
	}
	for n, item := range k.later {
		if item.by != o && (item.by != nil || !o.supervises) {
			k.later = slices.Delete(k.later, n, n+1)
			return item
		}
	}
	return nil
}

// begin takes an item, looks at the case and does what it needs.
func (d *day) begin(o *operator, item *deskItem) {
	k := &d.desk
	started, took, work := d.now, lognormal(k.luck, toTakeItem, 0.4), math.Max(10, lognormal(k.luck, perItem, 0.5))
	if item.by != nil {
		work = math.Max(10, lognormal(k.luck, toConfirm, 0.5))
	}
	done := func() {
		if k.known[item.id] == item {
			delete(k.known, item.id)
		}
		d.lived.Served = append(d.lived.Served, Served{
			Came: item.came.Sub(d.o.Begin).Seconds(), Took: took, Busy: d.now.Sub(started).Seconds(), Rung: item.rung,
		})
		k.free = append(k.free, o)
		d.serve()
	}
	d.after(took, func() {
		if card, ok := item.card(o.phone); ok {
			d.press(card.who, card.item, func(in casefile.Incoming) bool {
				return in.Action == casefile.ActDeskTake && in.Case == item.id
			})
		}
		d.after(work, func() { d.study(o, item, done) })
	})
}

// card is the newest card of the item on the operator's own phone, or on another one of the desk.
func (i *deskItem) card(own *person) (heard, bool) {
	for n := len(i.cards) - 1; n >= 0; n-- {
		if i.cards[n].who == own {
			return i.cards[n], true
		}
	}
	if len(i.cards) == 0 {
		return heard{}, false
	}
	return i.cards[len(i.cards)-1], true
}

// study reads the case on the console and decides.
func (d *day) study(o *operator, item *deskItem, done func()) {
	d.elsewhere(func(ctx context.Context) func() {
		r, err := o.Record(ctx, item.id)
		return func() {
			if err != nil {
				d.lived.Refused++
				d.again(item, 120)
				done()
				return
			}
			d.decide(o, item, r, done)
		}
	})
}

// again looks at a case once more after a while, but not for ever.
func (d *day) again(item *deskItem, seconds float64) {
	k := &d.desk
	if k.visits[item.id]++; k.visits[item.id] <= visitsAtMost {
		d.afterwards(seconds, &deskItem{id: item.id, hoax: item.hoax})
	}
}

// decide turns the judgement into orders.
func (d *day) decide(o *operator, item *deskItem, r record, done func()) {
	c := judge(r, d.now, item.hoax)
	var orders []order
	if r.Desk != nil && r.Desk.Owner == (casefile.Actor{}) && item.by == nil {
		orders = append(orders, order{kind: "take-desk"})
	}
	resolve := func() {
		if r.Desk != nil {
			orders = append(orders, order{"resolve-desk", map[string]any{"reason": c.reason}})
		}
	}
	spent := 0.0
	switch c.deed {
	case leave:
		resolve()
	case locate:
		if pin, found := d.lookUp(r); found {
			orders = append(orders, order{"pin", map[string]any{"pin": map[string]float64{"lat": pin.Lat, "lon": pin.Lon}}})
			break
		}
		if c.mayAsk {
			orders = append(orders, order{"ask", map[string]any{"reason": "LANDMARK"}})
		}
		resolve()
	case ask:
		orders = append(orders, order{"ask", map[string]any{"reason": c.question}})
		resolve()
	case telephone:
		missing := false
		for _, role := range c.calls {
			reached, n := d.call(role.list)
			spent += float64(n) * lognormal(d.desk.luck, perCall, 0.4)
			switch {
			case reached == "":
				missing = missing || !role.more
			case role.role == casefile.Police:
				orders = append(orders, order{"accept", map[string]any{"member": reached, "role": role.role, "minutes": 15}})
			default:
				orders = append(orders, order{"acknowledge", map[string]any{"member": reached, "role": role.role}})
			}
		}
		if !missing { // else the item stays in this hand
			c.again = 0
			resolve()
		}
	case radio:
		spent = lognormal(d.desk.luck, perCall, 0.4)
		orders = append(orders, order{kind: "see-radio"})
		resolve()
	case office:
		orders = append(orders, order{kind: "hand-over"})
		resolve()
	case end:
		orders = append(orders, c.ending())
		resolve()
	}
	if c.again > 0 {
		d.again(item, c.again.Seconds())
	}
	d.after(spent, func() { d.order(o, item, c, orders, done) })
}

// order sends orders one after the other; what needs a second person goes to one.
func (d *day) order(o *operator, item *deskItem, c choice, orders []order, done func()) {
	d.desk.orders++
	key := fmt.Sprintf("%s-%d", o.Name, d.desk.orders)
	d.elsewhere(func(ctx context.Context) func() {
		var answers []Order
		for n, want := range orders {
			a := o.Do(ctx, item.id, want, fmt.Sprintf("%s-%d", key, n))
			a.At = d.o.Clock.Case(a.At)
			answers = append(answers, a)
			if a.Done && (a.Became == casefile.CaseClosed || a.Became == casefile.MarkedFalse) {
				break // there is no item at the desk any more
			}
		}
		return func() {
			for _, a := range answers {
				d.lived.Orders = append(d.lived.Orders, a)
				if !a.Done {
					d.lived.Refused++
				}
				if a.Became == casefile.CloseProposed || a.Became == casefile.FalseProposed {
					d.afterwards(0, &deskItem{id: item.id, by: o, hoax: item.hoax})
				}
			}
			done()
		}
	})
}

// call telephones people one after the other: the first who says yes, and how many calls it took.
func (d *day) call(list []casefile.MemberID) (yes casefile.MemberID, n int) {
	for _, m := range list[:min(len(list), callsAtMost)] {
		n++
		if luck := d.desk.luck; luck.Float64() < answersCall && luck.Float64() < goesAfterCall {
			return m, n
		}
	}
	return "", n
}

// lookUp finds a written address on the map, which the plan is.
func (d *day) lookUp(r record) (casefile.Pin, bool) {
	p := d.reporters[r.Case.Code()]
	if p == nil || p.report.Found == nil || !slices.ContainsFunc(r.words, func(w string) bool { return w == p.report.Address }) {
		return casefile.Pin{}, false
	}
	return *p.report.Found, true
}

// nobodyThere is an officer at the place of a prank, who calls the desk.
func (d *day) nobodyThere(code, id string) {
	if p := d.reporters[code]; p != nil && p.report.Prank && id != "" {
		d.afterwards(lognormal(d.desk.luck, toTellDesk, 0.4), &deskItem{id: casefile.CaseID(id), hoax: true})
	}
}

// lookAtList takes what waits on the console and rang on no phone, or rang while
// somebody was busy with the same case.
func (d *day) lookAtList() {
	d.at(d.now.Add(looksEvery), true, d.lookAtList)
	k := &d.desk
	n := slices.IndexFunc(k.free, func(o *operator) bool { return !o.supervises })
	if n < 0 {
		return
	}
	o := k.free[n]
	d.elsewhere(func(ctx context.Context) func() {
		waiting, err := o.Waiting(ctx)
		return func() {
			if err != nil {
				return // the next look will show it
			}
			for _, w := range waiting {
				if k.known[w.Case] == nil && w.Owner == (casefile.Actor{}) && d.now.Sub(w.SinceAt) >= unrung {
					d.enqueue(&deskItem{id: w.Case, came: w.SinceAt, rung: true})
				}
			}
		}
	})
}
