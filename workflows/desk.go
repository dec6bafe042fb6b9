package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// ringDesk rings the operators of the national desk until one takes the item.
func (s *story) ringDesk(ctx workflow.Context) error {
	p := s.page(ctx)
	p.c.StopClocks(casefile.ClockDesk)
	switch {
	case p.c.Desk == nil:
	case !p.c.Desk.Waits(): // taken, and still open after the limit
		p.must(casefile.Event{Kind: casefile.DeskRaised, By: casefile.System, Desk: p.c.Desk.Reason, Reason: "FORGOTTEN"})
	default:
		wave, err := s.deskWave(ctx, p)
		if err != nil {
			return err
		}
		p.ringDesk(wave)
	}
	if len(p.c.Clocks) == 0 {
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockState, At: p.now.Add(p.plan.Waits.Stale)})
	}
	return s.commit(ctx, p, nil)
}

// deskWave finds the operators of the desk. For a tap it says, too, whether the
// ring for all taps that wait is this case's to make.
func (s *story) deskWave(ctx workflow.Context, p *page) (activities.Wave, error) {
	in := activities.RankInput{
		Case: p.c.ID, Type: p.c.Type, State: p.c.State, Place: p.c.Place, Rule: p.plan.Wave, At: p.now,
		Wanted: []activities.Wanted{{Seq: p.c.Version, Levels: []casefile.Level{casefile.LevelDesk}, Up: aboveTheDesk, Needed: 1}},
	}
	if item := p.c.Desk; item.Tap {
		in.Wanted[0].Bundle, in.Wanted[0].Since = p.plan.Bundle, item.HeardAt()
	}
	var ranked activities.RankResult
	if err := s.local(ctx, "find the operators of the desk", deeds.Rank, in).Get(ctx, &ranked); err != nil {
		return activities.Wave{}, err
	}
	return ranked.Waves[0], nil
}

// ringDesk is one ring of the desk: of an item that rings by itself at once, of
// all taps together when the ring is this case's. A ring that another case made
// since this one last rang was for this one, too; after one that came before, the
// next is due at the end of the bundle. In every case another ring is coming.
func (p *page) ringDesk(wave activities.Wave) {
	next := func(rungAt time.Time) {
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockDesk, At: rungAt.Add(deskWait(p.plan.Waits, p.c.Desk.Rings))})
	}
	rung := func(reason string) {
		p.must(casefile.Event{Kind: casefile.Escalated, By: casefile.System, Level: casefile.LevelDesk, Step: p.c.Escalation, Reason: reason})
	}
	switch {
	case wave.Rung == nil || wave.Rung.Mine:
		rung(string(p.c.Desk.Reason))
		for _, a := range wave.Asks {
			p.sayDesk(a.Member, wave.Rung)
			p.askSilentDesk(a.Member)
		}
		next(p.now)
	case wave.Rung.At.After(p.c.Desk.HeardAt()):
		rung("BUNDLED")
		next(wave.Rung.At)
	default:
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockDesk, At: wave.Rung.At.Add(p.plan.Bundle)})
	}
}

// sayDesk says what waits: this item, or all the taps.
func (p *page) sayDesk(m casefile.MemberID, rung *activities.TapsRung) {
	if rung != nil && rung.Taps > 1 {
		p.tellMember(m, "desk_taps", func(x *activities.Args) { x.Level, x.Waiting = casefile.LevelDesk, rung })
		return
	}
	p.sayOffer(m, casefile.LevelDesk, func(x *activities.Args) { x.Reason = string(p.c.Desk.Reason) })
}

// moreThanATap lets an item of the desk ring at once when its reporter, of whom
// there was only a tap, says or sends something.
func moreThanATap(was casefile.Case, c *casefile.Case, at time.Time) {
	if was.Desk != nil && was.Desk.Tap && c.State == casefile.Draft && c.Desk.Waits() && !c.Desk.Tap {
		c.SetClock(casefile.Deadline{Clock: casefile.ClockDesk, At: at})
	}
}

// deskWait is how long the desk may leave an item before it is rung again: twice
// as long each time, so that what waits long does not drown the one that matters.
// The ladders of a case with a place ring on beside it.
func deskWait(w policy.Waits, rings int) time.Duration {
	const doublings = 6
	return min(w.Desk<<min(max(rings-1, 0), doublings), max(w.Stale, w.Desk))
}
