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

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/policy"
)

// Aid says what sort of quarter it is.
type Aid struct {
	Seed     uint64  `json:"seed"`
	Province string  `json:"province"`
	Requests int     `json:"requests"`
	Weeks    int     `json:"weeks"`
	Speed    float64 `json:"speed"`
}

// Check reports what cannot be simulated.
func (in Aid) Check() error {
	var errs []error
	if p, ok := policy.DefaultPlaces().Province(in.Province); !ok || !p.Pilot {
		errs = append(errs, errors.New("province: want one of the synthetic roster, such as 65"))
	}
	if in.Requests < 1 || in.Requests > 2000 {
		errs = append(errs, errors.New("requests: want 1 to 2,000"))
	}
	if in.Weeks < 6 || in.Weeks > 52 {
		errs = append(errs, errors.New("weeks: want 6 to 52"))
	}
	if !(in.Speed >= 1000 && in.Speed <= 100_000) {
		errs = append(errs, errors.New("speed: want 1,000 to 100,000"))
	}
	return errors.Join(errs...)
}

// AidWorld is where the quarter is lived.
type AidWorld struct {
	Input      Aid
	Office     *local.Casework
	Unit       casefile.UnitID // the province's office, which works on the requests
	Other      casefile.UnitID // another one
	Volunteers []casefile.MemberID
	Officers   []string // operators who screen, send to visit and plan
	Approvers  []string // operators who decide
	Districts  []policy.District
	Logbook    casefile.Form
	Kinds      []policy.AidGrantKind
	Holidays   []string
	Money      AidMoney
	Progress   func(share float64, status string)

	now   func() time.Time
	begin time.Time
	mu    sync.Mutex
	lived AidLived
}

// AidMoney is the payment desk and the bank behind it.
type AidMoney interface {
	// Round writes a bank file of what is to be paid, and takes in what the bank answers. The bank refuses one in so many.
	Round(ctx context.Context, refuses func() string) (AidRound, error)
}

// AidRound is one bank file and its answer.
type AidRound struct {
	At       time.Time `json:"at"`
	Orders   int       `json:"orders"`
	Satang   int64     `json:"satang"`      // in the file
	Paid     int64     `json:"paid_satang"` // of it, what the bank paid
	Refused  int       `json:"refused"`
	Repeated bool      `json:"repeated,omitempty"` // the answer was read in twice
}

// AidLived is what the quarter saw of itself.
type AidLived struct {
	Begin   time.Time        `json:"begin"`
	End     time.Time        `json:"end"`
	Aids    []casefile.AidID `json:"aids"`
	Twins   []AidTwin        `json:"twins"` // duplicates that were put in
	Lost    int              `json:"lost"`  // answers that a bad line swallowed, so that the phone said it again
	Orders  int              `json:"orders"`
	Refused map[string]int   `json:"refused"`
	Failed  int              `json:"failed"` // tries that got no verdict, and were repeated
	Rounds  []AidRound       `json:"rounds"`
	Over    int              `json:"over"`  // plans above a limit, which the rules refused
	Eyes    int              `json:"eyes"`  // attempts to approve one's own plan, all of which must be refused
	Meant   map[string]int   `json:"meant"` // what sort of requests were put in
}

// AidTwin is a request about a household of which another one tells already.
type AidTwin struct {
	First  casefile.AidID `json:"first"`
	Second casefile.AidID `json:"second"`
}

// What sort of requests there are, and how people work. No source has these
// figures; they are ours.
const (
	aidTwins      = 0.08
	aidIncomplete = 0.12
	aidOver       = 0.08
	aidUrgent     = 0.15
	aidAlarm      = 0.04
	aidBadLine    = 0.25
	aidElsewhere  = 0.04
	aidMissed     = 0.12
	aidNoNeed     = 0.08
	aidRecused    = 0.04
	aidAppeals    = 0.4
	aidHeardYes   = 0.5
	aidOwnEyes    = 0.1
	aidSlow       = 0.15
	aidGivesUp    = 0.15 // of those who were asked to correct
	bankRefuses   = 0.1
)

func (w *AidWorld) fate(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return rand.New(rand.NewPCG(w.Input.Seed, h.Sum64())) // #nosec -- a simulation, not a secret
}

// Live lives the quarter: requests are filed through its first two thirds.
func (w *AidWorld) Live(ctx context.Context) (AidLived, error) {
	w.now, w.begin = w.Office.Now, w.Office.Now()
	span := time.Duration(w.Input.Weeks) * careWeek
	end := w.begin.Add(span)
	w.lived = AidLived{Begin: w.begin, Refused: map[string]int{}, Meant: map[string]int{}}
	ending, stop := context.WithDeadline(ctx, w.Office.Clock.Real(end))
	defer stop()
	lives := w.lives()
	var all sync.WaitGroup
	for _, l := range lives {
		all.Go(func() { l.live(ending) })
	}
	all.Go(func() { w.pay(ending) })
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for done := false; !done; {
		select {
		case <-ending.Done():
			done = true
		case <-beat.C:
			w.mu.Lock()
			w.Progress(float64(w.now().Sub(w.begin))/float64(span), fmt.Sprintf("week %d  %d requests, %d orders, %d bank files", w.now().Sub(w.begin)/careWeek+1,
				len(w.lived.Aids), w.lived.Orders, len(w.lived.Rounds)))
			w.mu.Unlock()
		}
	}
	all.Wait()
	w.lived.End = w.now()
	return w.lived, ctx.Err()
}

// lives plans every request from the seed alone.
func (w *AidWorld) lives() []*aidLife {
	span := time.Duration(w.Input.Weeks) * careWeek
	var all []*aidLife
	for n := range w.Input.Requests {
		luck := w.fate(fmt.Sprintf("aid %d", n))
		d := anyOf(luck, w.Districts)
		l := &aidLife{
			AidWorld: w, n: n, luck: luck, when: map[string]time.Time{}, urged: map[string]bool{}, renewed: map[int]int{}, id: aidID(w.Input.Seed, n),
			begin: w.begin.Add(time.Duration(0.65 * luck.Float64() * float64(span))), by: w.Volunteers[luck.IntN(len(w.Volunteers))],
			form: Household(w.Input.Seed, n+1, d, w.Logbook, w.Kinds, w.begin.Year()), slow: luck.Float64() < aidSlow,
		}
		l.visitor = w.Volunteers[luck.IntN(len(w.Volunteers))]
		switch x := luck.Float64(); {
		case x < aidTwins && n > 2:
			l.meant("twin")
			first := all[luck.IntN(n)]
			for first.twin != nil {
				first = first.twin
			}
			l.twin, l.form, l.begin = first, first.form, first.begin.Add(time.Duration((1+9*luck.Float64())*24)*time.Hour)
			if luck.IntN(2) == 0 && len(first.form.Members) > 0 { // somebody else of the household asks
				l.form.Subject.Number, l.form.Subject.NoNumber = "", true
				l.form.Subject.First = anyOf(luck, womensNames)
			}
		case x < aidTwins+aidAlarm:
			l.meant("emergency")
			l.alarm = true
			l.form.Need.Violence, l.form.Need.Urgency = true, casefile.AidSoon
		case x < aidTwins+aidAlarm+aidIncomplete:
			l.meant("incomplete")
			l.lacks, l.form.Need.Income = true, nil
		case x < aidTwins+aidAlarm+aidIncomplete+aidOver:
			l.meant("over limit")
			l.over = true
		case x < aidTwins+aidAlarm+aidIncomplete+aidOver+aidUrgent:
			l.meant("urgent")
			l.form.Need.Urgency = casefile.AidSoon
		default:
			l.meant("plain")
		}
		all = append(all, l)
	}
	return all
}

func (l *aidLife) meant(what string) { l.lived.Meant[what]++ }

// aidID is a random-looking UUID of a seed and a number.
func aidID(seed uint64, n int) casefile.AidID {
	r := rand.New(rand.NewPCG(seed, uint64(n)^0xa1d)) // #nosec -- a simulation, not a secret
	a, b := r.Uint64(), r.Uint64()
	return casefile.AidID(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff))
}

// working moves an instant to where an office works: Monday to Friday, half past eight to half past four.
func (w *AidWorld) working(at time.Time, luck *rand.Rand) time.Time {
	at = at.In(policy.Bangkok)
	for range 30 {
		open := time.Date(at.Year(), at.Month(), at.Day(), 8, 30, 0, 0, policy.Bangkok)
		closed := open.Add(8 * time.Hour)
		switch {
		case at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || slices.Contains(w.Holidays, at.Format(time.DateOnly)) || !at.Before(closed):
			at = open.AddDate(0, 0, 1).Add(time.Duration(luck.IntN(180)) * time.Minute)
		case at.Before(open):
			return open.Add(time.Duration(luck.IntN(120)) * time.Minute)
		default:
			return at
		}
	}
	return at
}

// pay has a bank file made every working day, until the quarter is over.
func (w *AidWorld) pay(ctx context.Context) {
	luck := w.fate("bank")
	for at := w.working(w.begin.Add(24*time.Hour), luck); ; at = w.working(at.Add(24*time.Hour), luck) {
		if w.Office.Until(ctx, at) != nil {
			return
		}
		round, err := w.Money.Round(context.WithoutCancel(ctx), func() string { // what a bank was told, it answers
			if luck.Float64() >= bankRefuses {
				return ""
			}
			return anyOf(luck, []string{"ACCOUNT_CLOSED", "ACCOUNT_WRONG", "NAME_DIFFERS"})
		})
		w.mu.Lock()
		if err != nil { // tried again on the next day; what it did is in the record
			w.lived.Refused["payment desk: "+err.Error()]++
		}
		if round.Orders > 0 {
			round.At = w.now()
			w.lived.Rounds = append(w.lived.Rounds, round)
		}
		w.mu.Unlock()
	}
}
