package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// remind is the reason of a call before the step is due.
const remind = "REMINDER"

// climb calls whoever the plan names about the step that is owed. A refusal whose time for an appeal is over is closed.
func (p *plea) climb(ctx workflow.Context) error {
	now := p.now(ctx)
	if p.a.State == casefile.AidRejected && now.After(p.a.UntilAt) {
		if err := p.commit(ctx, p.clockID(), nil, nil, casefile.AidEvent{Kind: casefile.AidEnded, By: casefile.System}); err != nil {
			return err
		}
		p.filer("aid_closed", "", time.Time{})
		return nil
	}
	due := p.a.DueAt
	next, who := p.plan.NextCall(p.a, now)
	overdue := !now.Before(due)
	reason := remind
	if overdue {
		reason = string(who[0])
	}
	if err := p.commit(ctx, p.clockID(), nil, nil, casefile.AidEvent{Kind: casefile.AidCalled, By: casefile.System, CallAt: next, Reason: reason}); err != nil {
		return err
	}
	var asks []activities.ReachInput
	for i, called := range who {
		ask := []policy.Called{called}
		if overdue && i == 0 { // an empty office keeps nobody from hearing of it
			ask = append(ask, higher(called)...)
		}
		asks = append(asks, p.reach(ask...))
	}
	var reached []activities.Reached
	if err := p.local(ctx, "find who is called", deeds.Reach, asks).Get(ctx, &reached); err != nil {
		return err
	}
	for _, r := range reached {
		for _, m := range r.Asks {
			if !overdue {
				p.say(m.Member, "aid_task_due", remind, due)
				continue
			}
			p.say(m.Member, "aid_owed", string(r.Who), due)
			if i := len(p.says) - 1; i >= 0 && p.says[i].Member == m.Member && p.says[i].Template == "aid_owed" {
				p.says[i].Args.AgeS = int(now.Sub(due).Seconds())
			}
		}
	}
	return nil
}

// rungs are who can be called, the nearest first.
var rungs = []policy.Called{policy.CallOwner, policy.CallSupervisor, policy.CallProvince, policy.CallCentral}

func higher(c policy.Called) []policy.Called {
	i := slices.Index(rungs, c)
	return rungs[i+1:]
}

// reach asks for people who answer for the request where it stands.
func (p *plea) reach(ask ...policy.Called) activities.ReachInput {
	in := activities.ReachInput{
		Case: casefile.CaseID(p.a.ID), Place: p.a.Place, Office: p.a.Office, Member: p.a.Owner(), Ask: ask,
	}
	if p.a.Case != "" { // a case that keeps away from somebody does so here, too
		in.Case = p.a.Case
	}
	if p.a.State == casefile.AidReferred {
		in.Unit = p.a.To
	}
	return in
}

// filer says something to who filed it, if that is a member.
func (p *plea) filer(template, reason string, at time.Time) {
	if p.a.Filer.Kind == casefile.ByMember {
		p.say(casefile.MemberID(p.a.Filer.ID), template, reason, at)
	}
}

// announce says what an event means to those who wait for it.
func (p *plea) announce(ctx workflow.Context, before casefile.AidRequest, x casefile.AidEvent) error {
	moved := before.State != p.a.State
	switch x.Kind {
	case casefile.AidSent:
		p.filer("aid_filed", "", p.a.DueAt)
		p.say("", activities.AidPerson, "", time.Time{})
		return p.owners(ctx, "aid_task_due", policy.CallOwner)
	case casefile.AidSentBack:
		p.filer("aid_returned", x.Reason, p.a.DueAt)
	case casefile.AidGoesTo:
		return p.owners(ctx, "aid_referred", policy.CallOwner)
	case casefile.AidAnswered, casefile.AidHeard:
		if p.a.State.Ended() {
			break
		}
		return p.owners(ctx, "aid_task_due", policy.CallOwner)
	case casefile.AidVisitPlanned:
		p.say(p.a.Visitor, "aid_visit", "", p.a.VisitAt)
		if p.a.Filer != (casefile.Actor{Kind: casefile.ByMember, ID: string(p.a.Visitor)}) {
			p.filer("aid_visit_set", "", p.a.VisitAt)
		}
	case casefile.AidPlanMade, casefile.AidContested:
		return p.owners(ctx, "aid_decide", policy.CallOwner, policy.CallSupervisor)
	case casefile.AidAgreed:
		if moved {
			p.filer("aid_approved", "", p.a.DueAt)
			p.say("", activities.AidPerson, "", time.Time{})
		}
	case casefile.AidRefused:
		p.filer("aid_rejected", "", p.a.UntilAt)
		p.say("", activities.AidPerson, "", time.Time{})
	case casefile.AidItemFailed:
		p.filer("aid_failed", "", p.a.DueAt)
		return p.owners(ctx, "aid_failed", policy.CallOwner)
	}
	switch {
	case moved && p.a.State == casefile.AidPaid:
		p.filer("aid_paid", "", p.a.DueAt)
		p.say("", activities.AidPerson, "", time.Time{})
	case moved && p.a.State == casefile.AidDelivered:
		p.filer("aid_delivered", "", p.a.DueAt)
		p.say("", activities.AidPerson, "", time.Time{})
	case p.a.State.Ended() && moved:
		p.filer("aid_closed", "", time.Time{})
	}
	return nil
}

// owners says something to everybody on these rungs.
func (p *plea) owners(ctx workflow.Context, template string, who ...policy.Called) error {
	var asks []activities.ReachInput
	for _, w := range who {
		in := p.reach(w)
		if p.a.State == casefile.AidSubmitted {
			in.Member = "" // the office hears of what comes in, whoever had it before
		}
		asks = append(asks, in)
	}
	var reached []activities.Reached
	if err := p.local(ctx, "find who is told", deeds.Reach, asks).Get(ctx, &reached); err != nil {
		return err
	}
	for _, r := range reached {
		for _, m := range r.Asks {
			p.say(m.Member, template, "", p.a.DueAt)
		}
	}
	return nil
}
