package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// lapse acts on the clocks that have run out: the ladders together in one wave,
// the others on one page.
func (s *story) lapse(ctx workflow.Context) error {
	p := s.page(ctx)
	for _, d := range s.lapsed(ctx) {
		switch d.Clock {
		case casefile.ClockLadder:
		case casefile.ClockHandover:
			return s.handOver(ctx)
		case casefile.ClockDesk:
			return s.ringDesk(ctx)
		case casefile.ClockCentre:
			return s.ringCentres(ctx)
		case casefile.ClockOwed:
			return s.callOwed(ctx)
		default:
			p.lapse(d)
		}
	}
	if err := s.commit(ctx, p, nil); err != nil {
		return err
	}
	return s.climbDue(ctx)
}

// lapse is what one clock means. A clock always stops or moves here, so that it
// cannot ring twice for the same reason.
func (p *page) lapse(d casefile.Deadline) {
	w := p.plan.Waits
	again := func() {
		d.At = p.now.Add(w.Stale)
		p.c.SetClock(d)
	}
	p.c.StopClock(d.Clock, d.Role, d.Member)
	switch d.Clock {
	case casefile.ClockPin: // no usable pin: one reminder, then a human
		if human := p.c.ReportedAt.Add(w.Pin); p.now.Before(human) {
			p.note(casefile.System, "PIN_REMINDED", casefile.Private{})
			p.tellReporter("pin_reminder", nil)
			d.At = human
			p.c.SetClock(d)
			break
		}
		p.raiseDesk(casefile.DeskNoPin)
	case casefile.ClockCheckIn:
		if p.c.State.BeforeControl() && p.c.ArrivedAt.IsZero() && !p.c.Quiet {
			p.must(casefile.Event{Kind: casefile.CheckInAsked, By: casefile.System})
			p.tellReporter("check_in", nil)
		}
	case casefile.ClockFind:
		p.raiseDesk(casefile.DeskCannotFind)
		p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "desk_finds" })
	case casefile.ClockRadio:
		if p.c.RadioSeen.IsZero() && p.c.AckedAt.IsZero() {
			p.must(casefile.Event{Kind: casefile.RadioUnread, By: casefile.System})
			p.raiseDesk(casefile.DeskRadioUnread)
		}
	case casefile.ClockDepart:
		p.notMoving(d)
	case casefile.ClockArrive:
		p.notArrived(d)
	case casefile.ClockScene:
		p.tellMember(d.Member, "scene_check", nil)
		d.At = p.now.Add(w.Scene)
		p.c.SetClock(d)
	case casefile.ClockControl:
		p.raiseDesk(casefile.DeskStale)
		again()
	case casefile.ClockClose:
		p.raiseDesk(casefile.DeskStale)
		d.At = p.now.Add(w.CloseAfter)
		p.c.SetClock(d)
	case casefile.ClockJoin: // the lead did not answer: when in doubt, ring
		p.must(casefile.Event{Kind: casefile.Split, By: casefile.System, Reason: "LEAD_SILENT", Case: p.c.Waiting})
	case casefile.ClockState:
		if p.c.State == casefile.FollowUp && p.c.Care != nil { // nothing is owed, and nobody has closed it: it is looked at again
			review := p.care.Owe(casefile.OweReview, p.now, p.now.Add(p.care.Review[casefile.RiskHigh]))
			p.must(casefile.Event{Kind: casefile.Owed, By: casefile.System, Reason: "NOTHING_OWED", Care: &casefile.CareDetail{Owed: []casefile.Obligation{review}}})
			break
		}
		p.raiseDesk(casefile.DeskStale)
		again()
	}
	if _, waits := p.c.NextDeadline(); !waits {
		d.Clock, d.Role, d.Member = casefile.ClockState, "", ""
		again()
	}
}

// notMoving: acknowledged or accepted, and nobody moves. First a question, then the search goes on beside them.
func (p *page) notMoving(d casefile.Deadline) {
	w := p.plan.Waits
	if d.Member == "" { // a desk acknowledged; nobody has been sent
		t, ok := p.c.Track(d.Role)
		if !ok || t.Active() > 0 || t.AckedAt.IsZero() {
			return
		}
		if reopenAt := t.AckedAt.Add(w.DepartReopen); p.now.Before(reopenAt) {
			if o, asked := t.Offer(casefile.MemberID(t.AckedBy.ID)); asked {
				p.tellMember(o.Member, "arrival_check", nil)
			}
			d.At = reopenAt
			p.c.SetClock(d)
			return
		}
		p.must(casefile.Event{Kind: casefile.SearchReopened, By: casefile.System, Role: d.Role, Reason: "NOBODY_SENT"})
		return
	}
	t, ok := p.c.TrackOf(d.Member)
	a, on := activeOn(t, d.Member)
	if !ok || !on || a.State != casefile.AssignAccepted {
		return
	}
	if reopenAt := a.At.Add(w.DepartReopen); p.now.Before(reopenAt) {
		p.tellMember(d.Member, "arrival_check", nil)
		d.At = reopenAt
		p.c.SetClock(d)
		return
	}
	if !a.Late {
		p.must(casefile.Event{Kind: casefile.SearchReopened, By: casefile.System, Role: t.Role, Member: d.Member, Reason: "NOT_MOVING"})
	}
}

// notArrived: the stated or allowed time has passed. First a question, where no
// time was stated; then the first responder is kept, and another is sought beside them.
func (p *page) notArrived(d casefile.Deadline) {
	t, ok := p.c.TrackOf(d.Member)
	a, on := activeOn(t, d.Member)
	if !ok || !on || a.State == casefile.AssignOnScene {
		return
	}
	p.tellMember(d.Member, "arrival_check", nil)
	if reopenAt := a.At.Add(p.plan.Waits.ArriveReopen); a.EtaAt.IsZero() && !a.Late && p.now.Before(reopenAt) {
		d.At = reopenAt
		p.c.SetClock(d)
		return
	}
	if !a.Late {
		p.must(casefile.Event{Kind: casefile.SearchReopened, By: casefile.System, Role: t.Role, Member: d.Member, Reason: "NOT_ARRIVED"})
	}
	d.At = p.now.Add(p.plan.Waits.ArriveReopen)
	p.c.SetClock(d)
}

// handOver offers the case to the next office, or to the last one again.
func (s *story) handOver(ctx workflow.Context) error {
	p := s.page(ctx)
	p.c.StopClocks(casefile.ClockHandover)
	if p.c.State == casefile.Handover {
		p.must(casefile.Event{Kind: casefile.HandoverTimedOut, By: casefile.System, Unit: p.c.Over.Unit, Step: p.c.Over.Step})
	}
	step := 0
	if !p.c.Over.OfferedAt.IsZero() {
		step = p.c.Over.Step + 1
	}
	office := overStep(p.plan, step)
	in := activities.RankInput{
		Case: p.c.ID, Type: p.c.Type, State: p.c.State, Place: p.c.Place, Rule: p.plan.Wave, At: p.now,
		Wanted: []activities.Wanted{{Role: casefile.MSDHS, Seq: p.c.Version + 1, Levels: []casefile.Level{office.Level}, Up: officesAfter(p.plan, step), Needed: 1}},
	}
	var ranked activities.RankResult
	if err := s.local(ctx, "find the office that takes the case over", deeds.Rank, in).Get(ctx, &ranked); err != nil {
		return err
	}
	asks := ranked.Waves[0].Asks
	e := casefile.Event{Kind: casefile.HandoverOffered, By: casefile.System, Level: office.Level, Step: step, Asked: asks}
	if len(asks) > 0 {
		e.Unit, e.Level = asks[0].Unit, asks[0].Level
	}
	if p.must(e) {
		for _, a := range asks {
			p.tellMember(a.Member, "handover_offer", nil)
		}
		if len(asks) == 0 {
			p.nobody(casefile.MSDHS)
			p.c.SetClock(casefile.Deadline{Clock: casefile.ClockHandover, At: p.now.Add(min(office.Wait, p.plan.Waits.Desk))})
		}
	}
	return s.commit(ctx, p, nil)
}
