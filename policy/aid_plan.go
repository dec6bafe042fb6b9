package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// AidRule is how long each step of an aid request may take, and who is called when nothing happens.
type AidRule struct {
	Steps  map[casefile.AidState]AidStep      `yaml:"steps"`
	Remind Span                               `yaml:"remind"` // before it is due, whoever owes it is reminded
	Draft  Span                               `yaml:"draft"`  // a draft that nobody sent is forgotten
	Ladder map[casefile.AidUrgency]CallLadder `yaml:"ladder"`
	Legal  map[string]LegalClock              `yaml:"legal"`
}

// AidStep is by when the next step of a state is owed, in working days, by urgency.
type AidStep struct {
	Normal int `yaml:"normal"`
	Urgent int `yaml:"urgent"`
}

// The two legal clocks of an aid request.
const (
	AppealUntil  = "APPEAL_UNTIL"  // an appeal may come until then
	AppealDecide = "APPEAL_DECIDE" // and is decided by then
)

var aidLegal = []string{AppealUntil, AppealDecide}

// aidClocked are the states whose next step has working days; those of a refusal and an appeal stand in the law.
var aidClocked = slices.DeleteFunc(slices.Clone(casefile.AidStates), func(s casefile.AidState) bool {
	return s.Ended() || s == casefile.AidDraft || s == casefile.AidRejected || s == casefile.AidAppealed
})

// AidPlan is what the policy says about the time of an aid request, small enough to travel with it.
type AidPlan struct {
	Normal   map[casefile.AidState]int        `json:"normal"` // working days
	Urgent   map[casefile.AidState]int        `json:"urgent"`
	Remind   time.Duration                    `json:"remind"`
	Ladder   map[casefile.AidUrgency]CallPlan `json:"ladder"`
	Appeal   int                              `json:"appeal"` // days
	Decide   int                              `json:"decide"` // days, of an appeal
	Quiet    [2]time.Duration                 `json:"quiet"`
	Holidays []string                         `json:"holidays"`
}

// AidPlan is cut once for each run of an aid request.
func (p *Policy) AidPlan() AidPlan {
	plan := AidPlan{
		Normal: map[casefile.AidState]int{}, Urgent: map[casefile.AidState]int{}, Ladder: map[casefile.AidUrgency]CallPlan{},
		Remind: p.Aid.Remind.Duration, Appeal: days(p.Aid.Legal[AppealUntil].Limit), Decide: days(p.Aid.Legal[AppealDecide].Limit),
		Quiet: [2]time.Duration{p.QuietHours.From.Duration, p.QuietHours.To.Duration}, Holidays: slices.Clone(p.Care.Holidays),
	}
	for _, s := range aidClocked {
		plan.Normal[s], plan.Urgent[s] = p.Aid.Steps[s].Normal, p.Aid.Steps[s].Urgent
	}
	for _, u := range casefile.AidUrgencies {
		plan.Ladder[u] = p.Aid.Ladder[u].plan()
	}
	return plan
}

func days(s Span) int { return int(s.Duration / (24 * time.Hour)) }

// IsZero reports whether the policy was not asked for one.
func (p AidPlan) IsZero() bool { return len(p.Normal) == 0 }

// Due is when the next step of a state is owed that began at an instant, and when somebody is first called about it.
// A visit is written down so long after the time that was agreed; a refusal waits for its appeal.
func (p AidPlan) Due(s casefile.AidState, u casefile.AidUrgency, at time.Time) (due, call time.Time) {
	switch s {
	case casefile.AidRejected:
		due = p.AppealUntil(at)
		return due, p.awake(due)
	case casefile.AidAppealed:
		due = p.lastDay(at, p.Decide)
	default:
		due = workingDays(p.Holidays, at, max(p.days(s, u), 1))
	}
	call = due.Add(-p.Remind)
	if half := at.Add(due.Sub(at) / 2); call.Before(half) {
		call = half
	}
	return due, p.awake(call)
}

func (p AidPlan) days(s casefile.AidState, u casefile.AidUrgency) int {
	if u == casefile.AidSoon {
		return p.Urgent[s]
	}
	return p.Normal[s]
}

// VisitBefore is the latest time at which a visit may be agreed on.
func (p AidPlan) VisitBefore(u casefile.AidUrgency, at time.Time) time.Time {
	return workingDays(p.Holidays, at, max(p.days(casefile.AidScreened, u), 1))
}

// NextCall is when somebody is called after the call that is due now, and who is called now. Before a step is due, its
// owner is reminded; then the ladder is climbed, and the owner hears each rung.
func (p AidPlan) NextCall(a casefile.AidRequest, at time.Time) (time.Time, []Called) {
	l, ok := p.Ladder[a.Urgency]
	if !ok {
		l = p.Ladder[casefile.AidNormal]
	}
	who, rung := []Called{CallOwner}, 0
	if !at.Before(a.DueAt) && len(l.Ask) > 0 {
		if ask := l.Ask[min(a.Calls, len(l.Ask)-1)]; ask != CallOwner {
			who = []Called{ask, CallOwner}
		}
		rung = a.Calls + 1
	}
	next := at.Add(max(l.Again, time.Minute))
	if rung < len(l.After) {
		next = a.DueAt.Add(l.After[rung])
	}
	if !next.After(at) {
		next = at.Add(time.Second)
	}
	return p.awake(next), who
}

// AppealUntil is the last instant at which an appeal may come after a decision was told: the day of the telling does
// not count, and a last day that is no working day moves to the next one (Act B.E. 2539, s.44 and s.64).
func (p AidPlan) AppealUntil(told time.Time) time.Time { return p.lastDay(told, p.Appeal) }

// lastDay is the end of the day so many days after another, or of the first working day behind it.
func (p AidPlan) lastDay(from time.Time, n int) time.Time {
	local := from.In(Bangkok)
	last := time.Date(local.Year(), local.Month(), local.Day(), 23, 59, 59, 0, Bangkok).AddDate(0, 0, max(n, 1))
	return workingDays(p.Holidays, last.AddDate(0, 0, -1), 1)
}

// awake moves a call out of the night.
func (p AidPlan) awake(at time.Time) time.Time {
	return CarePlan{Quiet: p.Quiet}.Awake(casefile.OweTask, at)
}

func (c *checker) aid(p *Policy) {
	root := at{"aid"}
	for _, s := range aidClocked {
		step, ok := p.Aid.Steps[s]
		if !ok {
			c.fail(root.to("steps"), "step %s is missing", s)
			continue
		}
		positive(c, root.to("steps", string(s), "normal"), step.Normal)
		positive(c, root.to("steps", string(s), "urgent"), step.Urgent)
		if step.Urgent > step.Normal {
			c.fail(root.to("steps", string(s), "urgent"), "what is urgent takes no longer")
		}
		if step.Normal > maxWorkingDays {
			c.fail(root.to("steps", string(s), "normal"), "at most %d working days", maxWorkingDays)
		}
	}
	for s := range p.Aid.Steps {
		if !slices.Contains(aidClocked, s) {
			c.fail(root.to("steps", string(s)), "%q is no state with working days", s)
		}
	}
	positive(c, root.to("remind"), p.Aid.Remind.Duration)
	positive(c, root.to("draft"), p.Aid.Draft.Duration)
	for _, u := range casefile.AidUrgencies {
		c.callLadder(root.to("ladder", string(u)), p.Aid.Ladder[u])
	}
	for u := range p.Aid.Ladder {
		if !slices.Contains(casefile.AidUrgencies, u) {
			c.fail(root.to("ladder", string(u)), "unknown urgency %q", u)
		}
	}
	for _, code := range aidLegal {
		if _, ok := p.Aid.Legal[code]; !ok {
			c.fail(root.to("legal"), "the legal clock %s is missing", code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.Aid.Legal)) {
		path := root.to("legal", code)
		if !slices.Contains(aidLegal, code) {
			c.fail(path, "unknown legal clock %q", code)
		}
		if limit := p.Aid.Legal[code].Limit.Duration; limit%(24*time.Hour) != 0 {
			c.fail(path.to("limit"), "the Act counts in whole days")
		}
		c.legal(path, p.Aid.Legal[code])
	}
}

// maxWorkingDays keeps a request from being forgotten for half a year.
const maxWorkingDays = 120
