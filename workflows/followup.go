package workflows

import (
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// runFor is how long one run of a follow-up lasts at most, case time: a case
// sleeps for months, and its history must not.
const runFor = 30 * 24 * time.Hour

// FollowUp goes on with a case once an office has accepted it, for weeks to
// months, and is its only writer until it ends or rings again. It serves one
// clock: the next call about something that is owed.
func FollowUp(ctx workflow.Context, in Input) error {
	return live(ctx, in, true)
}

// elsewhere reports whether the case stands where the other workflow is responsible.
func (s *story) elsewhere() bool {
	return !s.c.State.Ended() && (s.c.State == casefile.FollowUp) != s.followUp
}

// serves reports whether the clocks of the case are this workflow's.
func (s *story) serves() bool { return !s.elsewhere() && !s.c.State.Ended() }

// lookAgain reads the case that was elsewhere when somebody nudged this workflow:
// it may have come back, and if not, the other one is woken.
func (s *story) lookAgain(ctx workflow.Context) error {
	var b activities.BeginResult
	if err := s.local(ctx, "look where the case stands", deeds.Begin, activities.BeginInput{Case: s.c.ID}).Get(ctx, &b); err != nil {
		return err
	}
	s.load(b)
	s.woken, s.handed = false, false
	return nil
}

// long reports whether a follow-up has run for so long that a new run begins.
func (s *story) long(ctx workflow.Context) bool {
	return s.followUp && s.now(ctx).Sub(s.clock.Case(workflow.GetInfo(ctx).WorkflowStartTime)) >= runFor
}

// finishing reports whether a run that is long enough only waits for what it is
// saying. It calls nobody meanwhile: one who never stops talking never begins anew.
func (s *story) finishing(ctx workflow.Context) bool { return s.long(ctx) && s.telling > 0 }

// handOn lets the other workflow go on, and ends only when that one is known to run.
func (s *story) handOn(ctx workflow.Context) error {
	return s.local(ctx, "hand the case on", deeds.HandOn, activities.HandOnInput{Case: s.c.ID, UpTo: max(s.upTo, s.c.Inbox)}).Get(ctx, nil)
}

// careWaits reports whether the follow-up has not said its first word since the office accepted.
func (s *story) careWaits() bool {
	return s.followUp && s.c.State == casefile.FollowUp && s.c.Version > 0 &&
		(s.c.Care == nil || s.c.Care.BeganAt.IsZero() || s.c.Care.BeganAt.Before(s.c.Over.AcceptAt))
}

// beginCare owes the first steps of a follow-up, each from when it counts.
func (s *story) beginCare(ctx workflow.Context) error {
	p := s.page(ctx)
	from := p.now
	contact := from.Add(p.care.Contact)
	if at := p.c.ControlledAt; !at.IsZero() { // the person waits since the scene was stopped
		contact = at.Add(p.plan.Waits.Welfare)
	}
	var owed []casefile.Obligation
	owe := func(k casefile.ObligationKind, due time.Time) {
		if p.c.Care == nil || !p.c.Care.Owes(k) {
			owed = append(owed, p.care.Owe(k, from, later(due, from)))
		}
	}
	if p.c.Care == nil || p.c.Care.Manager == "" {
		owe(casefile.OweManager, from.Add(p.care.Manager))
	}
	owe(casefile.OweContact, contact)
	owe(casefile.OweAssessment, from.Add(p.care.Assess))
	owe(casefile.OwePlan, from.Add(p.care.Plan))
	p.must(casefile.Event{Kind: casefile.CareBegan, By: casefile.System, Care: &casefile.CareDetail{Owed: owed}})
	return s.commitOwed(ctx, p, nil)
}

// later is an instant, or a moment after another when it has passed already.
func later(at, than time.Time) time.Time {
	if at.After(than) {
		return at
	}
	return than.Add(time.Minute)
}

// commitOwed tells everybody who owes something from this page on, and records it.
func (s *story) commitOwed(ctx workflow.Context, p *page, proof *activities.Proof) error {
	if err := s.announce(ctx, p); err != nil {
		return err
	}
	return s.commit(ctx, p, proof)
}

// announced are the kinds of which whoever owes them is told at once. The others
// follow from what the person has just done, and are reminded of in time.
var announced = []casefile.ObligationKind{
	casefile.OweManager, casefile.OweApproval, casefile.OweTask, casefile.OweVisit, casefile.OweReferral, casefile.OweService,
	casefile.OweLegal, casefile.OweTransfer, casefile.OweHelp,
}

// announce says what is new to whoever owes it.
func (s *story) announce(ctx workflow.Context, p *page) error {
	if p.c.Care == nil {
		return nil
	}
	last := 0
	if s.c.Care != nil {
		last = s.c.Care.Last
	}
	var by casefile.MemberID
	if len(p.events) > 0 && p.events[0].By.Kind == casefile.ByMember {
		by = casefile.MemberID(p.events[0].By.ID)
	}
	planned := len(p.events) > 0 && p.events[0].Kind != casefile.Settled && p.events[0].Kind != casefile.Assessed
	var fresh []casefile.Obligation
	var in []activities.ReachInput
	for _, o := range p.c.Care.Owed {
		if o.ID <= last || !o.Open() || !slices.Contains(announced, o.Kind) || p.c.Care.Responsible(o) == by && by != "" || !p.c.Care.Ready(o) ||
			o.Kind == casefile.OweVisit && !planned { // the next one of the rhythm is reminded of in time
			continue
		}
		ask := []policy.Called{policy.CallOwner}
		if o.Kind == casefile.OweHelp || o.Kind == casefile.OweApproval {
			ask = []policy.Called{policy.CallSupervisor}
		}
		fresh, in = append(fresh, o), append(in, p.reach(o, ask))
	}
	if len(in) == 0 {
		return nil
	}
	reached, err := s.reach(ctx, in)
	if err != nil {
		return err
	}
	for i, o := range fresh {
		for _, a := range reached[i].Asks {
			p.tellOwed(a.Member, "care_owed", o, "")
		}
	}
	return nil
}

func (p *page) reach(o casefile.Obligation, ask []policy.Called) activities.ReachInput {
	return activities.ReachInput{
		Case: p.c.ID, Place: p.c.Place, Office: p.c.Owner, Unit: o.Unit, Member: p.c.Care.Responsible(o), Ask: ask,
	}
}

func (s *story) reach(ctx workflow.Context, in []activities.ReachInput) ([]activities.Reached, error) {
	var reached []activities.Reached
	err := s.local(ctx, "find who is called", deeds.Reach, in).Get(ctx, &reached)
	return reached, err
}

// tellOwed says something about one obligation to a member.
func (p *page) tellOwed(m casefile.MemberID, template string, o casefile.Obligation, reason string) {
	p.tellMember(m, template, func(a *activities.Args) {
		a.Owed, a.Reason, a.Contact = &o, reason, &p.c.Care.Contact
		a.AgeS = int(p.now.Sub(o.DueAt) / time.Second) // of what is owed, not of the report
		if o.Kind == casefile.OweHelp {
			if about, ok := p.c.Care.Obligation(o.About); ok {
				a.Owed = &casefile.Obligation{ID: o.ID, Kind: o.Kind, Code: about.Code, DueAt: o.DueAt, About: o.About}
			}
		}
	})
	last := &p.says[len(p.says)-1]
	last.Key = p.key(last.Seq, string(m), template+"-"+strconv.Itoa(o.ID)) // one person may owe several things of one moment
}

// callOwed reminds of what is due soon and calls somebody about what is overdue:
// all that is due at this moment on one page.
func (s *story) callOwed(ctx workflow.Context) error {
	p := s.page(ctx)
	var due []casefile.Obligation
	var in []activities.ReachInput
	for _, o := range p.c.Care.Open() {
		if o.CallAt.After(p.now) || len(due) == calledAtOnce {
			break
		}
		ask := []policy.Called{policy.CallOwner}
		if !p.remind(o) {
			l := p.care.Ladder(o.Kind)
			ask = l.Ask[min(o.Calls, len(l.Ask)-1):]
		}
		due, in = append(due, o), append(in, p.reach(o, ask))
	}
	if len(due) == 0 {
		return s.commit(ctx, p, nil)
	}
	reached, err := s.reach(ctx, in)
	if err != nil {
		return err
	}
	for i, o := range due {
		if p.passesOn(o) {
			if err := s.passOn(ctx, p, o); err != nil {
				return err
			}
			continue
		}
		p.call(o, reached[i])
	}
	return s.commitOwed(ctx, p, nil)
}

// calledAtOnce bounds one page of calls.
const calledAtOnce = 20

// remind reports whether a call comes before the obligation is due.
func (p *page) remind(o casefile.Obligation) bool { return !o.Reminded && p.now.Before(o.DueAt) }

// call records one reminder or one rung, and says it.
func (p *page) call(o casefile.Obligation, to activities.Reached) {
	e := casefile.Event{Kind: casefile.Chased, By: casefile.System, Asked: to.Asks, Reason: string(to.Who), Care: &casefile.CareDetail{Obligation: o.ID}}
	template := "care_owed"
	if p.remind(o) {
		e.Care.CallAt = later(p.care.Awake(o.Kind, o.DueAt), p.now)
		e.Reason = "REMINDER"
	} else {
		e.Step = o.Calls + to.Rung + 1
		e.Care.CallAt, _ = p.care.NextCall(o, e.Step, p.now)
		if o.Kind == casefile.OweReferral && o.Calls == 0 { // the partner has been reminded; then the next one is asked
			e.Care.CallAt = later(p.care.WorkingDays(o.Since, p.care.Next), p.now)
		}
		template = "care_overdue"
	}
	if !p.must(e) {
		return
	}
	now, _ := p.c.Care.Obligation(o.ID)
	for _, a := range to.Asks {
		p.tellOwed(a.Member, template, now, e.Reason)
	}
	if len(to.Asks) == 0 && template == "care_overdue" { // nobody of any rung can be reached: a human of the nation
		p.raiseDesk(casefile.DeskNobody)
	}
}

// passesOn reports whether a partner has been silent for so long that the next one is asked.
func (p *page) passesOn(o casefile.Obligation) bool {
	return o.Kind == casefile.OweReferral && o.Calls > 0 && !p.now.Before(p.care.WorkingDays(o.Since, p.care.Next))
}

// passOn gives a referral that nobody answered, or that was declined, to the next partner.
func (s *story) passOn(ctx workflow.Context, p *page, o casefile.Obligation) error {
	if o.Open() {
		p.must(casefile.Event{
			Kind: casefile.ReferralAnswered, By: casefile.System, Reason: casefile.ReasonTimedOut, Unit: o.Unit,
			Care: &casefile.CareDetail{Obligation: o.ID},
		})
	}
	next := o.Next
	if len(next) == 0 && o.About == 0 { // About: it has been with the last offices already
		in := activities.UnitsInput{Case: p.c.ID, Levels: p.care.Last, Place: p.c.Place, But: o.Unit}
		if err := s.local(ctx, "find the offices that are asked last", deeds.Units, in).Get(ctx, &next); err != nil {
			return err
		}
	}
	next = slices.DeleteFunc(slices.Clone(next), func(u casefile.UnitID) bool { return u == p.c.Owner || p.c.Excludes(u, "") })
	if len(next) > 0 {
		r := p.referral(o.Code, next[0], next[1:])
		if len(o.Next) == 0 || o.About != 0 {
			r.About = o.ID // the last offices have it
		}
		if p.must(casefile.Event{Kind: casefile.Referred, By: casefile.System, Unit: r.Unit, Care: &casefile.CareDetail{Owed: []casefile.Obligation{r}}}) {
			return nil
		}
	}
	// Nobody is left, or the consent was withdrawn: the office that owns the case decides what else.
	task := p.care.Owe(casefile.OweTask, p.now, p.now.Add(p.care.Approve))
	task.Code = "OTHER"
	p.must(casefile.Event{Kind: casefile.Owed, By: casefile.System, Reason: "REFERRAL_FOUND_NOBODY", Care: &casefile.CareDetail{Owed: []casefile.Obligation{task}}})
	return nil
}

// leaveOwner asks another office to take a case whose own office must not hear of
// it: the province's, ศรส., and again from the first, until one accepts. With nobody to
// ask it is for a human of the nation.
func (s *story) leaveOwner(ctx workflow.Context) error {
	p := s.page(ctx)
	var units []casefile.UnitID
	in := activities.UnitsInput{Case: p.c.ID, Levels: p.care.Last, Place: p.c.Place, But: p.c.Owner}
	if err := s.local(ctx, "find another office", deeds.Units, in).Get(ctx, &units); err != nil {
		return err
	}
	units = slices.DeleteFunc(units, func(u casefile.UnitID) bool { return p.c.Excludes(u, "") })
	asked := 0
	for _, o := range p.c.Care.Owed {
		if o.Kind == casefile.OweTransfer {
			asked++
		}
	}
	if len(units) == 0 { // whoever helps names an office by hand
		p.raiseDesk(casefile.DeskNobody)
		help := p.care.Owe(casefile.OweHelp, p.now, p.now.Add(p.care.Help))
		p.must(casefile.Event{Kind: casefile.Owed, By: casefile.System, Reason: string(casefile.Excluded), Care: &casefile.CareDetail{Owed: []casefile.Obligation{help}}})
		return s.commit(ctx, p, nil)
	}
	t := p.care.Owe(casefile.OweTransfer, p.now, p.now.Add(p.care.Transfer))
	t.Unit = units[asked%len(units)]
	p.must(casefile.Event{
		Kind: casefile.OfficeAsked, By: casefile.System, Unit: t.Unit, Reason: string(casefile.Excluded),
		Care: &casefile.CareDetail{Owed: []casefile.Obligation{t}},
	})
	return s.commitOwed(ctx, p, nil)
}

// referral is a partner asked, with the clock of its answer in working days.
func (p *page) referral(code string, to casefile.UnitID, next []casefile.UnitID) casefile.Obligation {
	r := p.care.Owe(casefile.OweReferral, p.now, p.care.WorkingDays(p.now, p.care.Answer))
	r.Code, r.Unit, r.Next = code, to, next
	return r
}
