package policy

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// CareRule is what follows an emergency, or what an office opened by itself: by when each first step is owed, how often
// somebody is visited, and who is called when nothing happens.
type CareRule struct {
	Manager  Span                     `yaml:"manager"` // somebody has become case manager
	Contact  Span                     `yaml:"contact"` // first contact, where no emergency says since when
	Assess   Span                     `yaml:"assess"`
	Approve  Span                     `yaml:"approve"`  // a second person has decided on a plan
	Transfer Span                     `yaml:"transfer"` // the other office has answered
	Help     Span                     `yaml:"help"`     // somebody helps whoever asked
	Remind   Span                     `yaml:"remind"`   // before it is due, whoever owes it is reminded
	Service  Span                     `yaml:"service"`  // after a partner accepted, it says what was done
	Risk     map[casefile.Risk]Rhythm `yaml:"risk"`
	Slow     CallLadder               `yaml:"slow"`     // visits, tasks, plans
	Pressing CallLadder               `yaml:"pressing"` // first contact, legal clocks, answers of offices, cries for help
	Last     []casefile.Level         `yaml:"last"`     // where a referral goes when no partner is left
	Holidays []string                 `yaml:"holidays"` // 01-02 every year, or 2026-03-03: no working days
	Tasks    map[string]Text          `yaml:"tasks"`
	Goals    map[string]Text          `yaml:"goals"`
	Legal    map[string]LegalClock    `yaml:"legal"`
}

// Rhythm is how often a household of some risk is seen.
type Rhythm struct {
	Visit  Span `yaml:"visit" json:"visit"`
	Review Span `yaml:"review" json:"review"`
}

// CallLadder is who is called about what is overdue, and how long after it fell due.
type CallLadder struct {
	Steps []CallStep `yaml:"steps"`
	Again Span       `yaml:"again"` // after the last step: it again, until somebody settles it
}

// CallStep is one rung.
type CallStep struct {
	After Span   `yaml:"after"`
	Ask   Called `yaml:"ask"`
}

// Called says who is called about what is owed.
type Called string

const (
	CallOwner      Called = "OWNER"      // whoever owes it
	CallSupervisor Called = "SUPERVISOR" // the supervisors of the office that owns the case, else its duty desk
	CallProvince   Called = "PROVINCE"   // the head of the province's office
	CallCentral    Called = "CENTRAL"    // ศรส.
)

// Calleds lists them, the nearest first.
var Calleds = []Called{CallOwner, CallSupervisor, CallProvince, CallCentral}

// LegalClock is a limit that stands in an Act.
type LegalClock struct {
	Text    `yaml:",inline"`
	Act     string `yaml:"act"`
	Section string `yaml:"section"`
	Limit   Span   `yaml:"limit"`
	Warn    Span   `yaml:"warn"`   // after its start, whoever owes it is reminded
	Verify  bool   `yaml:"verify"` // a lawyer has not confirmed it: shown to officers with that mark, never to the public
	Source  string `yaml:"source"`
}

// CarePlan is what the policy says about the care of one case, small enough to travel with it.
type CarePlan struct {
	Manager  time.Duration                   `json:"manager"`
	Contact  time.Duration                   `json:"contact"`
	Assess   time.Duration                   `json:"assess"`
	Plan     time.Duration                   `json:"plan"`
	Approve  time.Duration                   `json:"approve"`
	Transfer time.Duration                   `json:"transfer"`
	Help     time.Duration                   `json:"help"`
	Remind   time.Duration                   `json:"remind"`
	Service  time.Duration                   `json:"service"`
	Answer   int                             `json:"answer"` // working days until a partner is reminded
	Next     int                             `json:"next"`   // and until the next one is asked
	Visit    map[casefile.Risk]time.Duration `json:"visit"`
	Review   map[casefile.Risk]time.Duration `json:"review"`
	Slow     CallPlan                        `json:"slow"`
	Pressing CallPlan                        `json:"pressing"`
	Last     []casefile.Level                `json:"last"`
	Legal    map[string]Limit                `json:"legal"`
	Quiet    [2]time.Duration                `json:"quiet"` // of the day: calls that do not press wait for its end
	Holidays []string                        `json:"holidays"`
}

// IsZero reports whether the policy was not asked for one.
func (c CarePlan) IsZero() bool { return c.Manager == 0 }

// Limit is a legal clock as a story needs it.
type Limit struct {
	Limit time.Duration `json:"limit"`
	Warn  time.Duration `json:"warn"`
}

// CallPlan is a CallLadder as a story needs it.
type CallPlan struct {
	After []time.Duration `json:"after"`
	Ask   []Called        `json:"ask"`
	Again time.Duration   `json:"again"`
}

// CarePlan is cut once for each run of a follow-up.
func (p *Policy) CarePlan() CarePlan {
	c := p.Care
	plan := CarePlan{
		Manager: c.Manager.Duration, Contact: c.Contact.Duration, Assess: c.Assess.Duration, Plan: p.Clocks.Plan.Duration, Approve: c.Approve.Duration,
		Transfer: c.Transfer.Duration, Help: c.Help.Duration, Remind: c.Remind.Duration, Service: c.Service.Duration,
		Answer: p.Clocks.ReferralWorkingDays, Next: p.Clocks.ReferralNextWorkingDays,
		Visit: map[casefile.Risk]time.Duration{}, Review: map[casefile.Risk]time.Duration{}, Legal: map[string]Limit{},
		Slow: c.Slow.plan(), Pressing: c.Pressing.plan(), Last: slices.Clone(c.Last), Holidays: slices.Clone(c.Holidays),
		Quiet: [2]time.Duration{p.QuietHours.From.Duration, p.QuietHours.To.Duration},
	}
	for risk, r := range c.Risk {
		plan.Visit[risk], plan.Review[risk] = r.Visit.Duration, r.Review.Duration
	}
	for code, l := range c.Legal {
		plan.Legal[code] = Limit{Limit: l.Limit.Duration, Warn: l.Warn.Duration}
	}
	return plan
}

func (l CallLadder) plan() CallPlan {
	out := CallPlan{Again: l.Again.Duration}
	for _, s := range l.Steps {
		out.After, out.Ask = append(out.After, s.After.Duration), append(out.Ask, s.Ask)
	}
	return out
}

// Ladder is who is called about a kind of obligation.
func (c CarePlan) Ladder(k casefile.ObligationKind) CallPlan {
	if k.Pressing() {
		return c.Pressing
	}
	return c.Slow
}

// Owe is an obligation due at an instant, with its reminder before that. What presses is called about at any hour.
func (c CarePlan) Owe(k casefile.ObligationKind, since, due time.Time) casefile.Obligation {
	call := due.Add(-c.Remind)
	if half := since.Add(due.Sub(since) / 2); call.Before(half) {
		call = half
	}
	return casefile.Obligation{Kind: k, DueAt: due, CallAt: c.Awake(k, call)}
}

// NextCall is when somebody is called about an obligation after a number of calls have been made, and who.
func (c CarePlan) NextCall(o casefile.Obligation, calls int, at time.Time) (time.Time, Called) {
	l := c.Ladder(o.Kind)
	who := l.Ask[min(calls, len(l.Ask)-1)]
	next := at.Add(max(l.Again, time.Minute))
	if calls < len(l.After) {
		next = o.DueAt.Add(l.After[calls])
	}
	if !next.After(at) {
		next = at.Add(time.Second)
	}
	return c.Awake(o.Kind, next), who
}

// Awake moves a call that does not press out of the night.
func (c CarePlan) Awake(k casefile.ObligationKind, at time.Time) time.Time {
	from, to := c.Quiet[0], c.Quiet[1]
	if k.Pressing() || from == to || !(Hours{TimeOfDay{from}, TimeOfDay{to}}).Cover(at) {
		return at
	}
	local := at.In(Bangkok)
	morning := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, Bangkok).Add(to)
	if !morning.After(at) {
		morning = morning.AddDate(0, 0, 1)
	}
	return morning.UTC()
}

// WorkingDays is the instant a number of working days after another, at the same time of the day.
func (c CarePlan) WorkingDays(at time.Time, n int) time.Time { return workingDays(c.Holidays, at, n) }

func workingDays(holidays []string, at time.Time, n int) time.Time {
	day := at.In(Bangkok)
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday &&
			!slices.Contains(holidays, day.Format("01-02")) && !slices.Contains(holidays, day.Format(time.DateOnly)) {
			n--
		}
	}
	return day.UTC()
}
