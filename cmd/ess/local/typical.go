package local

import (
	"context"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Typical is a follow-up of 26 weeks as an office lives it: managed, contacted,
// found to be of high risk, planned by one and approved by another, three tasks,
// one referral, visits at the rhythm of a risk that falls from review to review,
// one visit forgotten until the supervisor hears of it, closed by two.
type Typical struct {
	Office    casefile.UnitID
	Partner   casefile.UnitID
	Manager   casefile.MemberID
	Volunteer casefile.MemberID
	Place     casefile.Place
}

const (
	typicalDay   = 24 * time.Hour
	typicalLong  = 26 * 7 * typicalDay
	beforeDue    = 12 * time.Hour // a visit is made so long before it is due: after its reminder
	forgottenFor = 30 * time.Hour // past due: the owner has been called, and the supervisor
)

// deed is what somebody does at a day of a typical case.
type deed struct {
	after time.Duration
	do    func() error
}

// Live lives the case through and returns its ID once it is closed.
func (t Typical) Live(ctx context.Context, w *Casework) (casefile.CaseID, error) {
	id, err := w.Open(ctx, casefile.Opening{
		By: casefile.Actor{Kind: casefile.ByOperator, ID: "anna"}, Office: t.Office, Problem: casefile.FamilyViolence, Place: t.Place,
	})
	if err != nil {
		return "", err
	}
	c, err := w.Comes(ctx, id, func(c casefile.Case) bool { return c.Care != nil && !c.Care.BeganAt.IsZero() })
	if err != nil {
		return id, err
	}
	l := life{Casework: w, ctx: ctx, id: id, begin: c.Care.BeganAt}
	return id, l.live(t.deeds(&l))
}

// deeds are what the case's people do beside the visits, in order.
func (t Typical) deeds(l *life) []deed {
	order := func(operator string, c casefile.Command) func() error {
		return func() error { return l.order(operator, c) }
	}
	task := func(code string, due int) casefile.Obligation {
		return casefile.Obligation{Kind: casefile.OweTask, Code: code, Member: t.Volunteer, DueAt: l.begin.Add(time.Duration(due) * typicalDay)}
	}
	assess := func(r casefile.Risk) casefile.Command {
		return casefile.Command{Kind: casefile.Assessed, Care: &casefile.CareDetail{Risk: r}}
	}
	end := casefile.Command{Kind: casefile.CaseClosed, Outcome: casefile.OutcomeHelped, Reason: "SAFE"}
	const h = time.Hour
	return []deed{
		{1 * h, order("anna", casefile.Command{Kind: casefile.ManagerSet, Member: t.Manager})},
		{8 * h, l.settle(casefile.OweContact)},
		{20 * h, order("anna", assess(casefile.RiskHigh))},
		{30 * h, order("anna", casefile.Command{Kind: casefile.PlanSet, Care: &casefile.CareDetail{
			Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}, {Code: "FAMILY", Horizon: casefile.MediumTerm}},
			Owed:  []casefile.Obligation{task("SCHOOL_CONTACT", 10), task("DOCUMENTS", 17), task("CHECK_IN", 24)},
		}})},
		{40 * h, order("berta", casefile.Command{Kind: casefile.PlanDecided, Yes: true})},
		{50 * h, order("anna", casefile.Command{Kind: casefile.ConsentSet, Care: &casefile.CareDetail{
			Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: true, Basis: "CONSENT"},
		}})},
		{60 * h, order("anna", casefile.Command{Kind: casefile.Referred, Unit: t.Partner, Care: &casefile.CareDetail{Owed: []casefile.Obligation{{Code: "HEALTH"}}}})},
		{4 * typicalDay, func() error { return l.accept() }},
		{9*typicalDay + 12*h, l.settle(casefile.OweTask)},
		{16*typicalDay + 12*h, l.settle(casefile.OweTask)},
		{23*typicalDay + 12*h, l.settle(casefile.OweTask)},
		{30 * typicalDay, order("anna", assess(casefile.RiskMedium))},
		{33 * typicalDay, l.settle(casefile.OweService)},
		{89 * typicalDay, order("anna", assess(casefile.RiskLow))},
		{typicalLong - 3*typicalDay, order("anna", assess(casefile.RiskLow))},
		{typicalLong - 2*typicalDay, order("anna", end)},
		{typicalLong, order("berta", end)},
	}
}

// life is one case that is lived through.
type life struct {
	*Casework
	ctx    context.Context
	id     casefile.CaseID
	begin  time.Time
	visits int
}

func (l *life) live(deeds []deed) error {
	for _, next := range deeds {
		if err := l.visit(l.begin.Add(next.after)); err != nil {
			return err
		}
		if err := l.Until(l.ctx, l.begin.Add(next.after)); err != nil {
			return err
		}
		if err := next.do(); err != nil {
			return err
		}
	}
	return nil
}

// forgotten is the visit that nobody makes in time.
const forgotten = 2

// visit makes every visit whose turn comes before an instant.
func (l *life) visit(before time.Time) error {
	for {
		o, owed, err := l.owed(casefile.OweVisit)
		at, d := o.DueAt.Add(-beforeDue), casefile.CareDetail{Obligation: o.ID, State: casefile.Done}
		reason := ""
		if l.visits == forgotten {
			at, d.State, reason = o.DueAt.Add(forgottenFor), casefile.Missed, "NOBODY_THERE"
		}
		if err != nil || !owed || !at.Before(before) {
			return err
		}
		if err := l.Until(l.ctx, at); err != nil {
			return err
		}
		if err := l.order("anna", casefile.Command{Kind: casefile.Settled, Reason: reason, Care: &d}); err != nil {
			return err
		}
		l.visits++
	}
}

func (l *life) order(operator string, c casefile.Command) error {
	_, err := l.Order(l.ctx, operator, l.id, c)
	return err
}

// owed is the open obligation of a kind that is due first.
func (l *life) owed(k casefile.ObligationKind) (casefile.Obligation, bool, error) {
	c, err := l.Store.Case(l.ctx, l.id)
	if err != nil {
		return casefile.Obligation{}, false, err
	}
	open := slices.DeleteFunc(c.Care.Open(), func(o casefile.Obligation) bool { return o.Kind != k })
	if len(open) == 0 {
		return casefile.Obligation{}, false, nil
	}
	return slices.MinFunc(open, func(a, b casefile.Obligation) int { return a.DueAt.Compare(b.DueAt) }), true, nil
}

// settle is the deed of doing what is owed of a kind.
func (l *life) settle(k casefile.ObligationKind) func() error {
	return func() error {
		o, owed, err := l.owed(k)
		if err != nil || !owed {
			return err
		}
		return l.order("anna", casefile.Command{Kind: casefile.Settled, Care: &casefile.CareDetail{Obligation: o.ID, State: casefile.Done}})
	}
}

// accept is the partner's yes.
func (l *life) accept() error {
	o, owed, err := l.owed(casefile.OweReferral)
	if err != nil || !owed {
		return err
	}
	return l.order("berta", casefile.Command{Kind: casefile.ReferralAnswered, Yes: true, Care: &casefile.CareDetail{Obligation: o.ID}})
}
