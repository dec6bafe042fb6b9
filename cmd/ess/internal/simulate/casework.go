package simulate

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
)

// Casework says what sort of months they are.
type Casework struct {
	Seed  uint64  `json:"seed"`
	Cases int     `json:"cases"`
	Weeks int     `json:"weeks"`
	Speed float64 `json:"speed"`
}

// Check reports what cannot be simulated.
func (in Casework) Check() error {
	var errs []error
	if in.Cases < 1 || in.Cases > 2000 {
		errs = append(errs, errors.New("cases: want 1 to 2,000"))
	}
	if in.Weeks < 1 || in.Weeks > 52 {
		errs = append(errs, errors.New("weeks: want 1 to 52"))
	}
	if !(in.Speed >= 1000 && in.Speed <= 100_000) {
		errs = append(errs, errors.New("speed: want 1,000 to 100,000"))
	}
	return errors.Join(errs...)
}

// CareOffice is an office that owns follow-ups.
type CareOffice struct {
	ID         casefile.UnitID
	Province   string
	Workers    []casefile.MemberID
	Supervisor casefile.MemberID
}

// CareWorld is where the months are lived.
type CareWorld struct {
	Input    Casework
	Office   *local.Casework
	Offices  []CareOffice
	Partners map[string][]casefile.UnitID       // by province
	Break    []func(context.Context) error      // done one after the other, evenly spread over the months
	Progress func(share float64, status string) // now and then
	now      func() time.Time                   // case time
	begin    time.Time                          //
	tempers  map[casefile.MemberID]temper       //
	mu       sync.Mutex                         //
	lived    CareLived                          //
}

// CareLived is what the months saw of themselves.
type CareLived struct {
	Begin   time.Time         `json:"begin"`
	End     time.Time         `json:"end"`
	Broken  []Span            `json:"broken"`
	Orders  []string          `json:"orders"` // keys of those that got a verdict
	Refused map[string]int    `json:"refused"`
	Failed  int               `json:"failed"` // tries that got no verdict, and were repeated
	Cases   []casefile.CaseID `json:"cases"`
}

// temper is how somebody works. No source has these figures; they are ours.
type temper struct {
	slow     bool
	ill, fit time.Time // away from, until
}

const (
	slowWorkers     = 0.2
	illWorkers      = 0.2
	sleepyPartners  = 0.2
	partnersDecline = 0.25
	casesMove       = 0.08
	careWeek        = 7 * 24 * time.Hour
)

func (w *CareWorld) fate(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return rand.New(rand.NewPCG(w.Input.Seed, h.Sum64())) // #nosec -- a simulation, not a secret
}

// Live lives the months: cases begin through the first four fifths of them.
func (w *CareWorld) Live(ctx context.Context) (CareLived, error) {
	w.now, w.begin = w.Office.Now, w.Office.Now()
	span := time.Duration(w.Input.Weeks) * careWeek
	end := w.begin.Add(span)
	w.lived = CareLived{Begin: w.begin, Refused: map[string]int{}}
	w.tempers = map[casefile.MemberID]temper{}
	for _, o := range w.Offices {
		for _, m := range o.Workers {
			r := w.fate(string(m))
			t := temper{slow: r.Float64() < slowWorkers}
			if r.Float64() < illWorkers {
				t.ill = w.begin.Add(time.Duration(r.Float64() * float64(span)))
				t.fit = t.ill.Add(time.Duration((1 + 3*r.Float64()) * float64(careWeek)))
			}
			w.tempers[m] = t
		}
	}
	ending, stop := context.WithDeadline(ctx, w.Office.Clock.Real(end))
	defer stop()
	var all sync.WaitGroup
	for n := range w.Input.Cases {
		all.Go(func() { w.newLife(n).live(ending) })
	}
	broke := make(chan error, 1)
	go func() { broke <- w.breakThings(ending, span) }()
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for done := false; !done; {
		select {
		case <-ending.Done():
			done = true
		case <-beat.C:
			w.mu.Lock()
			w.Progress(float64(w.now().Sub(w.begin))/float64(span), fmt.Sprintf("week %d  %d cases, %d orders", w.now().Sub(w.begin)/careWeek+1, len(w.lived.Cases), len(w.lived.Orders)))
			w.mu.Unlock()
		}
	}
	all.Wait()
	w.lived.End = w.now()
	return w.lived, errors.Join(<-broke, ctx.Err())
}

func (w *CareWorld) breakThings(ctx context.Context, span time.Duration) error {
	for i, do := range w.Break {
		if w.Office.Until(ctx, w.begin.Add(span*time.Duration(i+1)/time.Duration(len(w.Break)+1))) != nil {
			return nil
		}
		from := w.now()
		if err := do(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		w.mu.Lock()
		w.lived.Broken = append(w.lived.Broken, Span{Why: Killed, From: from, To: w.now()})
		w.mu.Unlock()
	}
	return nil
}

// careLife is one case and the chance that rules it.
type careLife struct {
	*CareWorld
	n       int
	luck    *rand.Rand
	id      casefile.CaseID
	closeAt time.Time
	moveAt  time.Time
	when    map[int]time.Time // by obligation: when somebody deals with it
	urged   map[int]bool      // the supervisor looks after it
	asleep  map[casefile.UnitID]bool
}

func (w *CareWorld) newLife(n int) *careLife {
	l := &careLife{CareWorld: w, n: n, luck: w.fate(fmt.Sprintf("case %d", n)), when: map[int]time.Time{}, urged: map[int]bool{}, asleep: map[casefile.UnitID]bool{}}
	return l
}

func (l *careLife) live(ctx context.Context) {
	span := time.Duration(l.Input.Weeks) * careWeek
	begin := l.begin.Add(time.Duration(0.8 * l.luck.Float64() * float64(span)))
	l.closeAt = begin.Add(careWeek * time.Duration(4+l.luck.IntN(30)))
	if l.luck.Float64() < casesMove {
		l.moveAt = begin.Add(careWeek * time.Duration(1+l.luck.IntN(6)))
	}
	office := l.Offices[l.luck.IntN(len(l.Offices))]
	opening := casefile.Opening{
		Event: casefile.EventID(fmt.Sprintf("casework-%d-%d", l.Input.Seed, l.n)), By: casefile.Actor{Kind: casefile.ByOperator, ID: string(office.Supervisor)},
		Office: office.ID, Problem: casefile.Problems[l.luck.IntN(len(casefile.Problems))], Place: casefile.Place{Province: office.Province}, Child: l.luck.Float64() < 0.4,
	}
	if l.Office.Until(ctx, begin) != nil {
		return
	}
	for l.id == "" {
		id, err := l.Office.Open(ctx, opening) // a repeat opens the same case
		if err == nil {
			l.id = id
			break
		}
		if l.failed(ctx) != nil {
			return
		}
	}
	l.mu.Lock()
	l.lived.Cases = append(l.lived.Cases, l.id)
	l.mu.Unlock()
	for {
		c, err := l.Office.Store.Case(ctx, l.id)
		if err == nil && c.State.Ended() {
			return
		}
		wait := l.now().Add(24 * time.Hour)
		if err == nil && c.Care != nil {
			wait = l.tend(ctx, c, wait)
		}
		if least := l.now().Add(l.Office.Clock.Case(time.Now().Add(300 * time.Millisecond)).Sub(l.now())); wait.Before(least) {
			wait = least // the record is not asked without a pause
		}
		if l.Office.Until(ctx, wait) != nil {
			return
		}
	}
}

// failed counts a try without a verdict and rests a moment.
func (l *careLife) failed(ctx context.Context) error {
	if ctx.Err() == nil {
		l.mu.Lock()
		l.lived.Failed++
		l.mu.Unlock()
	}
	return l.Office.Until(ctx, l.now().Add(l.Office.Clock.Case(time.Now().Add(time.Second)).Sub(l.now())))
}

// tend does what is to be done now and returns when to look again.
func (l *careLife) tend(ctx context.Context, c casefile.Case, wait time.Time) time.Time {
	now := l.now()
	if !now.Before(l.closeAt) && l.mayEnd(c) {
		end := casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeHelped, Reason: "SAFE"}
		if l.order(ctx, l.boss(c), end) {
			l.order(ctx, l.worker(c), end)
		}
		return now
	}
	if !l.moveAt.IsZero() && !now.Before(l.moveAt) && !c.Care.Owes(casefile.OweTransfer) {
		l.moveAt = time.Time{}
		l.order(ctx, l.boss(c), casefile.Command{Kind: casefile.OfficeAsked, Unit: l.other(c), Reason: "MOVED"})
		return now
	}
	for _, o := range c.Care.Open() {
		at, known := l.when[o.ID]
		if !known {
			at = l.plan(c, o)
			l.when[o.ID] = at
		}
		if o.Calls >= 2 && !l.urged[o.ID] && o.Kind != casefile.OweReferral {
			l.urged[o.ID] = true
			if urgent := now.Add(l.hours(10)); urgent.Before(at) {
				at = urgent
				l.when[o.ID] = at
			}
		}
		if !at.After(now) {
			l.when[o.ID] = now.Add(24 * time.Hour) // if it stays open
			l.act(ctx, c, o)
			return now
		}
		if at.Before(wait) {
			wait = at
		}
	}
	return wait
}

func (l *careLife) hours(median float64) time.Duration {
	return time.Duration(lognormal(l.luck, median, 0.6) * float64(time.Hour))
}

// plan is when whoever owes something deals with it.
func (l *careLife) plan(c casefile.Case, o casefile.Obligation) time.Time {
	at := o.Since.Add(l.hours(3))
	switch o.Kind {
	case casefile.OweVisit, casefile.OweTask, casefile.OweReview, casefile.OweService, casefile.OweLegal:
		at = o.DueAt.Add(-time.Duration(l.luck.Float64() * 0.4 * float64(o.DueAt.Sub(o.Since))))
	case casefile.OweContact, casefile.OweAssessment, casefile.OwePlan, casefile.OweApproval:
		at = o.Since.Add(time.Duration((0.2 + 0.6*l.luck.Float64()) * float64(o.DueAt.Sub(o.Since))))
	case casefile.OweReferral:
		if l.luck.Float64() < sleepyPartners {
			return o.Since.AddDate(1, 0, 0)
		}
		at = o.Since.Add(l.hours(60))
	}
	t := l.tempers[c.Care.Responsible(o)]
	if t.slow {
		at = at.Add(l.hours(40))
	}
	if at.After(t.ill) && at.Before(t.fit) {
		at = t.fit
	}
	return at
}

func (l *careLife) mayEnd(c casefile.Case) bool {
	return c.Care.AssessedAt != (time.Time{}) && !c.Care.Owes(casefile.OweLegal) && !c.Care.Owes(casefile.OweReferral) && !c.Care.Owes(casefile.OweTransfer)
}

func (l *careLife) office(c casefile.Case) CareOffice {
	i := slices.IndexFunc(l.Offices, func(o CareOffice) bool { return o.ID == c.Owner })
	return l.Offices[max(i, 0)]
}

func (l *careLife) other(c casefile.Case) casefile.UnitID {
	for {
		if o := l.Offices[l.luck.IntN(len(l.Offices))]; o.ID != c.Owner {
			return o.ID
		}
	}
}

func (l *careLife) boss(c casefile.Case) string { return string(l.office(c).Supervisor) }

func (l *careLife) worker(c casefile.Case) string {
	if c.Care.Manager != "" {
		return string(c.Care.Manager)
	}
	return string(l.office(c).Workers[0])
}

// act deals with one thing that is owed.
func (l *careLife) act(ctx context.Context, c casefile.Case, o casefile.Obligation) {
	settle := func(s casefile.ObligationState, reason string) {
		l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.Settled, Reason: reason, Care: &casefile.CareDetail{Obligation: o.ID, State: s}})
	}
	about := &casefile.CareDetail{Obligation: o.ID}
	x := l.luck.Float64()
	switch o.Kind {
	case casefile.OweManager:
		workers := l.office(c).Workers
		l.order(ctx, l.boss(c), casefile.Command{Kind: casefile.ManagerSet, Member: workers[l.luck.IntN(len(workers))]})
	case casefile.OweAssessment, casefile.OweReview:
		risk := pick(l.luck, []weighted[casefile.Risk]{{casefile.RiskHigh, 30}, {casefile.RiskMedium, 40}, {casefile.RiskLow, 30}})
		l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.Assessed, Care: &casefile.CareDetail{Risk: risk}})
	case casefile.OwePlan:
		if c.Care.Risk != "" {
			l.makePlan(ctx, c)
		}
	case casefile.OweApproval:
		if x < 0.1 {
			l.order(ctx, l.boss(c), casefile.Command{Kind: casefile.PlanDecided, Reason: "INCOMPLETE"})
		} else {
			l.order(ctx, l.boss(c), casefile.Command{Kind: casefile.PlanDecided, Yes: true})
		}
	case casefile.OweReferral, casefile.OweTransfer:
		kind := casefile.ReferralAnswered
		if o.Kind == casefile.OweTransfer {
			kind = casefile.OfficeAnswered
		}
		answer := casefile.Command{Kind: kind, Yes: x >= partnersDecline, Care: about}
		if !answer.Yes {
			answer.Reason = "NO_CAPACITY"
		}
		l.order(ctx, string(o.Unit), answer)
	case casefile.OweVisit, casefile.OweContact:
		switch {
		case x < 0.12:
			settle(casefile.Missed, "NOBODY_THERE")
		case x < 0.17:
			settle(casefile.Refused, "NOT_WANTED")
		default:
			settle(casefile.Done, "")
		}
	case casefile.OweTask:
		switch {
		case x < 0.08 && !c.Care.Owes(casefile.OweHelp):
			l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.HelpAsked, Care: about})
		case x < 0.15:
			settle(casefile.Unable, "NO_TIME")
		default:
			settle(casefile.Done, "")
		}
	default:
		settle(casefile.Done, "")
	}
}

// makePlan proposes a plan, and refers the case where it needs a partner.
func (l *careLife) makePlan(ctx context.Context, c casefile.Case) {
	d := casefile.CareDetail{Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}}}
	for range 1 + l.luck.IntN(3) {
		code := []string{"SCHOOL_CONTACT", "HEALTH_CONTACT", "DOCUMENTS", "SUPPLIES", "CHECK_IN"}[l.luck.IntN(5)]
		d.Owed = append(d.Owed, casefile.Obligation{Kind: casefile.OweTask, Code: code, DueAt: l.now().Add(time.Duration(5+l.luck.IntN(25)) * 24 * time.Hour)})
	}
	if !l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.PlanSet, Care: &d}) {
		return
	}
	partners := l.Partners[l.office(c).Province]
	if len(partners) < 2 || l.luck.Float64() < 0.5 {
		return
	}
	l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.ConsentSet, Care: &casefile.CareDetail{
		Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: true, Basis: "CONSENT"},
	}})
	first := l.luck.IntN(len(partners))
	l.order(ctx, l.worker(c), casefile.Command{Kind: casefile.Referred, Unit: partners[first], Care: &casefile.CareDetail{Owed: []casefile.Obligation{
		{Code: "HEALTH", Next: []casefile.UnitID{partners[(first+1)%len(partners)]}},
	}}})
}

// order gives a command until there is a verdict; a repeat is recognised by its key.
func (l *careLife) order(ctx context.Context, operator string, c casefile.Command) bool {
	l.mu.Lock()
	c.ID = fmt.Sprintf("casework-%d-%d-%d", l.Input.Seed, l.n, len(l.when)*100000+l.luck.IntN(100000))
	l.mu.Unlock()
	for {
		_, err := l.Office.Order(ctx, operator, l.id, c)
		var app *temporal.ApplicationError
		switch {
		case err == nil:
			l.mu.Lock()
			l.lived.Orders = append(l.lived.Orders, c.ID)
			l.mu.Unlock()
			return true
		case errors.As(err, &app) && app.Type() == activities.TypeRefused:
			l.mu.Lock()
			l.lived.Refused[string(c.Kind)+": "+app.Message()]++
			l.mu.Unlock()
			return false
		}
		if l.failed(ctx) != nil {
			return false
		}
	}
}
