package workflows

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// aboveTheDesk is who is rung for the national desk when the case must not reach it.
var aboveTheDesk = [][]casefile.Level{{casefile.LevelHUSEC}, {casefile.LevelRTPNational}}

// above are the rungs of a ladder behind a step, and then the national desk and
// those above it. A level whose unit must not see the case is answered by them.
func above(rp policy.RolePlan, at int) [][]casefile.Level {
	var up [][]casefile.Level
	for _, step := range rp.Steps[min(at+1, len(rp.Steps)):] {
		up = append(up, step.Ask)
	}
	return append(append(up, []casefile.Level{casefile.LevelDesk}), aboveTheDesk...)
}

// officesAfter are the offices that are asked after a step of the hand-over.
func officesAfter(plan policy.Plan, step int) [][]casefile.Level {
	var up [][]casefile.Level
	for _, o := range plan.Over[min(step+1, len(plan.Over)):] {
		up = append(up, []casefile.Level{o.Level})
	}
	return append(up, []casefile.Level{casefile.LevelHUSEC}, []casefile.Level{casefile.LevelMSDHSNational})
}

// exclude keeps the organisation of the alleged away from the case. Whoever of it
// was asked or is under way is told that they are not needed any more, in the
// words of every stand-down, and then nothing.
func (p *page) exclude(e casefile.Event) error {
	was := p.c
	if err := p.happen(e); err != nil {
		return err
	}
	var parted []casefile.MemberID
	part := func(m casefile.MemberID, u casefile.UnitID, r casefile.Role) {
		if !p.c.Excludes(u, m) || slices.Contains(parted, m) {
			return
		}
		parted = append(parted, m)
		p.tellMember(m, "stand_down", func(a *activities.Args) { a.Role, a.Lead = r, "" })
		p.says[len(p.says)-1].Parting = true
	}
	for _, t := range was.Tracks {
		for _, o := range t.Offers {
			_, on := activeOn(t, o.Member)
			if on || slices.Contains([]casefile.Answer{casefile.NoAnswer, casefile.SaidAck}, o.Answer) {
				part(o.Member, o.Unit, t.Role)
			}
		}
	}
	if was.State == casefile.Handover {
		for _, a := range was.Over.Asked {
			part(a.Member, a.Unit, casefile.MSDHS)
		}
	}
	for _, centre := range was.Centres {
		for _, a := range centre.Asked {
			part(a.Member, a.Unit, "")
		}
	}
	return nil
}

// excludeToo keeps away from a new report whoever must not see the case of the
// same incident, or an earlier one at the place: the alleged is likely the same.
func (p *page) excludeToo(others []casefile.Exclusion) {
	for _, x := range others {
		if !slices.Contains(p.c.Excluded, x) {
			_ = p.exclude(casefile.Event{
				Kind: casefile.Excluded, By: casefile.System, Unit: x.Unit, Member: x.Member, Level: x.Level, Place: &casefile.Place{Province: x.Province},
			})
		}
	}
}

// turnAway answers a tap of somebody whom the case must not reach, as any tap
// that comes too late. That they pressed is written down.
func (p *page) turnAway(h activities.Heard) {
	p.note(h.In.By, "KEPT_AWAY:"+string(h.In.Action), casefile.Private{})
	p.reply(&h, "refused", func(a *activities.Args) { a.Reason = string(h.In.Action) })
	for i := range p.says {
		if p.says[i].Member == casefile.MemberID(h.In.By.ID) {
			p.says[i].Parting = true
		}
	}
}

// memberGone takes somebody off the case whose membership has ended or rests:
// their open offer is withdrawn, and somebody else is asked at once.
func (p *page) memberGone(m casefile.MemberID) {
	if p.c.State == casefile.FollowUp && p.c.Care != nil {
		p.carerGone(m)
		return
	}
	t, asked := p.c.TrackOf(m)
	if !asked {
		return
	}
	_, on := activeOn(t, m)
	o, _ := t.Offer(m)
	if !on && !slices.Contains([]casefile.Answer{casefile.NoAnswer, casefile.SaidAck, casefile.SaidLate}, o.Answer) {
		return
	}
	gone := casefile.Event{Kind: casefile.Released, By: casefile.System, Member: m, Role: t.Role, Reason: "MEMBER_GONE"}
	if !p.must(gone) || on || o.Answer == casefile.SaidLate { // who was on the crew left a ladder that rings by itself
		return
	}
	if held := (casefile.Actor{Kind: casefile.ByMember, ID: string(m)}); t.AckedBy == held {
		p.must(casefile.Event{Kind: casefile.SearchReopened, By: casefile.System, Role: t.Role, Reason: "MEMBER_GONE"})
	}
	p.declined(m)
}

// windExcluded rings anew where the organisation had something in hand.
func windExcluded(c *casefile.Case, plan policy.Plan, at time.Time) {
	for _, d := range slices.Clone(c.Clocks) {
		t, asked := c.TrackOf(d.Member)
		if _, on := activeOn(t, d.Member); d.Member != "" && d.Clock != casefile.ClockOwed && (!asked || !on) {
			c.StopClock(d.Clock, d.Role, d.Member)
		}
		if t, ok := c.Track(d.Role); ok && d.Clock == casefile.ClockDepart && t.AckedAt.IsZero() {
			c.StopClock(d.Clock, d.Role, d.Member)
		}
	}
	if c.Desk.Waits() {
		c.SetClock(casefile.Deadline{Clock: casefile.ClockDesk, At: at})
	}
	if len(c.OpenCentres()) > 0 {
		c.SetClock(casefile.Deadline{Clock: casefile.ClockCentre, At: at})
	}
	if c.State == casefile.Handover && c.Over.Unit == "" {
		c.SetClock(casefile.Deadline{Clock: casefile.ClockHandover, At: at})
	}
	ringUnfilled(c, plan, at)
}
