package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// phoneOrders are what somebody may say from a phone. Who plans, decides or moves money does it at a console.
var phoneOrders = []casefile.AidEventKind{
	casefile.AidSent, casefile.AidTakenBack, casefile.AidVisitMissed, casefile.AidWasVisited, casefile.AidContested, casefile.AidItemGiven, casefile.AidLookedIn,
	casefile.AidIntoAlarm,
}

// hear judges what arrived, one word at a time.
func (p *plea) hear(ctx workflow.Context) error {
	if len(p.words) == 0 {
		in := activities.AidInput{Aid: p.a.ID, After: p.a.Inbox}
		if err := p.local(ctx, "read what arrived", deeds.HearAid, in).Get(ctx, &p.words); err != nil {
			return err
		}
		if len(p.words) == 0 { // nudged past what there is
			p.upTo = p.a.Inbox
			return nil
		}
	}
	w := p.words[0]
	if w.N > p.a.Inbox {
		prefix := fmt.Sprintf("ain:%s:%d", p.a.ID, w.N)
		err := p.heard(ctx, w, prefix)
		if refusedByLaw(err) {
			note := casefile.AidEvent{Kind: casefile.AidUnused, By: w.Order.By, Reason: "REFUSED", Inbox: w.N, Private: w.Order.Private}
			if err = p.commit(ctx, prefix, nil, nil, note); err == nil {
				p.noted(w.Order.By, "")
			}
		}
		if err != nil {
			return err
		}
	}
	p.words = p.words[1:]
	return nil
}

func (p *plea) heard(ctx workflow.Context, w activities.AidWord, prefix string) error {
	if !slices.Contains(phoneOrders, w.Order.Kind) {
		return p.refuse(w.Order.Kind, policy.Text{Th: "ทำสิ่งนี้ได้ที่คอนโซลเท่านั้น", En: "this is done at a console"})
	}
	if err := p.carryOut(ctx, w.Order, prefix, nil, w.N); err != nil {
		return err
	}
	if w.Order.Kind != casefile.AidSent { // whose answer is the receipt
		p.noted(w.Order.By, w.Order.Kind)
	}
	return nil
}

// noted answers who pressed a button on a phone; what nobody may do was refused.
func (p *plea) noted(by casefile.Actor, what casefile.AidEventKind) {
	if by.Kind != casefile.ByMember {
		return
	}
	template := "aid_noted"
	if what == "" {
		template = "aid_refused"
	}
	p.say(casefile.MemberID(by.ID), template, string(what), p.a.DueAt)
}

func (p *plea) refuse(k casefile.AidEventKind, words policy.Text) error {
	return &casefile.RefusedError{Kind: casefile.Kind(k), State: casefile.State(p.a.State), Th: words.Th, En: words.En}
}

// carryOut does what a person wants done, from a phone or from a console.
func (p *plea) carryOut(ctx workflow.Context, o casefile.AidOrder, prefix string, proof *activities.AidProof, inbox int) error {
	x := casefile.AidEvent{
		Kind: o.Kind, By: o.By, At: p.now(ctx), Form: o.Form, Office: o.Office, Member: o.Member, VisitAt: o.VisitAt, Items: o.Items, Item: o.Item,
		Satang: o.Satang, Cleared: o.Cleared, Yes: o.Yes, Reason: o.Reason, Outcome: o.Outcome, Order: o.Order, Private: o.Private, Inbox: inbox,
	}
	events, limits := []casefile.AidEvent{x}, []policy.AidLimit(nil)
	var err error
	switch o.Kind {
	case casefile.AidSent:
		events, err = p.sent(ctx, x)
	case casefile.AidVisitPlanned:
		if latest := p.plan.VisitBefore(p.a.Urgency, x.At); x.VisitAt.After(latest) {
			err = p.refuse(x.Kind, policy.Text{Th: "นัดเยี่ยมช้ากว่ากำหนดของขั้นนี้", En: "the visit would be later than this step allows"})
		}
	case casefile.AidPlanMade:
		events, err = p.planned(ctx, x)
	case casefile.AidAgreed:
		limits, err = p.agreed(ctx, x)
	case casefile.AidRefused:
		events[0].UntilAt = p.plan.AppealUntil(x.At)
	case casefile.AidIntoAlarm, casefile.AidIntoCase:
		events[0].Case, err = p.intoCase(ctx, x, o.Office)
	}
	if err != nil {
		return err
	}
	before := p.a
	err = p.commit(ctx, prefix, proof, limits, events...)
	if overLimit(err) { // somebody else has granted to the same people meanwhile: the limits say so by now
		var checked activities.CheckedAid
		if err := p.check(ctx, before, "look at the limits again", &checked); err != nil {
			return err
		}
		words := policy.Text{Th: "เกินวงเงินตามหลักเกณฑ์", En: "over the limit of the rules"}
		if checked.Words != nil {
			words = *checked.Words
		}
		return p.refuse(o.Kind, words)
	}
	if err != nil {
		return err
	}
	return p.announce(ctx, before, events[0])
}

func overLimit(err error) bool { return typed(err, activities.TypeOverLimit) }

func (p *plea) check(ctx workflow.Context, a casefile.AidRequest, summary string, out *activities.CheckedAid) error {
	return p.local(ctx, summary, deeds.CheckAid, activities.CheckAidInput{Aid: a, At: p.now(ctx)}).Get(ctx, out)
}

// sent is what a form becomes once its people are in the register and the rules were looked at.
func (p *plea) sent(ctx workflow.Context, x casefile.AidEvent) ([]casefile.AidEvent, error) {
	if p.a.State != casefile.AidDraft && p.a.State != casefile.AidReturned {
		_, err := p.a.Apply(x) // in the words of the law
		return nil, err
	}
	var kept activities.KeptAid
	in := activities.KeepAidInput{Aid: p.a.ID, Form: x.Form, By: x.By}
	if err := p.local(ctx, "keep who it is about", deeds.KeepAidSubject, in).Get(ctx, &kept); err != nil {
		return nil, err
	}
	x.Place, x.Problems, x.Urgency, x.Wanted = &kept.Place, kept.Problems, kept.Urgency, kept.Wanted
	x.Subject, x.Home, x.Office = kept.Subject, kept.Home, kept.Office
	if p.a.Office != "" {
		x.Office = p.a.Office
	}
	next, err := p.a.Apply(x)
	if err != nil {
		return nil, err
	}
	next.Items = nil
	var checked activities.CheckedAid
	if err := p.check(ctx, next, "look at rules and duplicates", &checked); err != nil {
		return nil, err
	}
	return []casefile.AidEvent{x, {Kind: casefile.AidChecked, By: casefile.System, Found: checked.Found}}, nil
}

// planned looks at the rules with what the plan grants. A plan that they forbid is refused in their own words.
func (p *plea) planned(ctx workflow.Context, x casefile.AidEvent) ([]casefile.AidEvent, error) {
	would := p.a
	would.Items = x.Items
	var checked activities.CheckedAid
	if err := p.check(ctx, would, "look at the rules", &checked); err != nil {
		return nil, err
	}
	x.Needed, x.Yes = checked.Needed, checked.Unseen
	if _, err := p.a.Apply(x); err != nil {
		return nil, err
	}
	if checked.Words != nil {
		return nil, p.refuse(x.Kind, *checked.Words)
	}
	return []casefile.AidEvent{x, {Kind: casefile.AidChecked, By: casefile.System, Found: checked.Found}}, nil
}

// agreed looks at rules, limits and duplicates once more before the last word: what was granted to the same people
// since the plan counts.
func (p *plea) agreed(ctx workflow.Context, x casefile.AidEvent) ([]policy.AidLimit, error) {
	next, err := p.a.Apply(x)
	if err != nil || next.State != casefile.AidApproved {
		return nil, err
	}
	var checked activities.CheckedAid
	if err := p.check(ctx, p.a, "look at the rules once more", &checked); err != nil {
		return nil, err
	}
	if !slices.Equal(p.a.Found, checked.Found) || checked.Needed > p.a.Needed {
		found := casefile.AidEvent{Kind: casefile.AidChecked, By: casefile.System, Found: checked.Found, Needed: checked.Needed}
		if err := p.commit(ctx, p.clockID(), nil, nil, found); err != nil {
			return nil, err
		}
	}
	if checked.Words != nil {
		return nil, p.refuse(x.Kind, *checked.Words)
	}
	return checked.Limits, nil
}

// intoCase lets a case begin with what was filled in. The law is asked before: what it forbids opens nothing.
func (p *plea) intoCase(ctx workflow.Context, x casefile.AidEvent, office casefile.UnitID) (casefile.CaseID, error) {
	x.Case = "asked"
	if _, err := p.a.Apply(x); err != nil {
		return "", err
	}
	in := activities.AidCaseInput{Aid: p.a, Office: p.a.Office, By: x.By, At: x.At}
	deed, summary := any(deeds.AidAlarm), "raise an emergency"
	if x.Kind == casefile.AidIntoCase {
		deed, summary = deeds.AidFollow, "open a follow-up"
		if in.Office == "" {
			in.Office = office
		}
		if in.Office == "" {
			return "", p.refuse(x.Kind, policy.Text{Th: "ต้องระบุหน่วยงานที่จะติดตาม", En: "name the office that follows it"})
		}
	}
	var id casefile.CaseID
	err := p.local(ctx, summary, deed, in).Get(ctx, &id)
	return id, err
}

func (p *plea) mayObey(_ workflow.Context, in casefile.AidOrder) error {
	known := slices.Contains(casefile.AidOrders, in.Kind) || slices.Contains(casefile.AidPayments, in.Kind)
	signed := (in.By.Kind == casefile.ByOperator || in.By.Kind == casefile.BySystem && slices.Contains(casefile.AidPayments, in.Kind)) && in.Proof != ""
	if strings.TrimSpace(in.ID) == "" || !known || !signed {
		return refusal(&casefile.RefusedError{Kind: casefile.Kind(in.Kind), Th: "คำสั่งไม่ครบถ้วน", En: "an order needs an ID, a known kind and a signed-in person"})
	}
	return nil
}

// obey queues an order and waits for its verdict.
func (p *plea) obey(ctx workflow.Context, in casefile.AidOrder) (AidVerdict, error) {
	return p.queue(ctx, in.ID, in, p.stands)
}

// stands is what an order comes to that was carried out.
func (p *plea) stands(o casefile.AidOrder) AidVerdict {
	return AidVerdict{State: p.a.State, Version: p.a.Version, Kind: o.Kind, Case: p.a.Case}
}

// ordered carries out what a console wants.
func (p *plea) ordered(ctx workflow.Context) func(casefile.AidOrder) (AidVerdict, error) {
	return func(o casefile.AidOrder) (AidVerdict, error) {
		proof := &activities.AidProof{Order: o.ID, Kind: o.Kind, By: o.By, Seal: o.Proof}
		err := p.carryOut(ctx, o, fmt.Sprintf("aord:%s:%s", p.a.ID, o.ID), proof, 0)
		return p.stands(o), err
	}
}
