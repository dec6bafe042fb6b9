package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// desks finds the duty desks of a level, beside all ladders.
func (s *story) desks(ctx workflow.Context, p *page, summary string, level casefile.Level) ([]casefile.Ask, error) {
	in := activities.RankInput{
		Case: p.c.ID, Type: p.c.Type, State: p.c.State, Place: p.c.Place, Rule: p.plan.Wave, At: p.now,
		Wanted: []activities.Wanted{{Seq: p.c.Version, Levels: []casefile.Level{level}, Needed: 1}},
	}
	var ranked activities.RankResult
	if err := s.local(ctx, summary, deeds.Rank, in).Get(ctx, &ranked); err != nil {
		return nil, err
	}
	return ranked.Waves[0].Asks, nil
}

// askCentre asks 191, 1300 or 1669 to take the caller over.
func (s *story) askCentre(ctx workflow.Context, p *page, e casefile.Event) error {
	if slices.Contains(casefile.Centres, e.Level) { // anything else is refused below
		var err error
		if e.Asked, err = s.desks(ctx, p, "find the centre", e.Level); err != nil {
			return err
		}
	}
	if err := p.happen(e); err != nil {
		return err
	}
	p.ringCentre(e)
	return nil
}

// ringCentres rings every centre that was asked and has not taken the caller,
// and has a human of the desk see to it, too.
func (s *story) ringCentres(ctx workflow.Context) error {
	p := s.page(ctx)
	p.c.StopClocks(casefile.ClockCentre)
	for _, open := range p.c.OpenCentres() {
		asks, err := s.desks(ctx, p, "find the centre again", open.Level)
		if err != nil {
			return err
		}
		e := casefile.Event{Kind: casefile.CentreAsked, By: casefile.System, Level: open.Level, Round: open.Times, Asked: asks}
		if p.must(e) {
			p.ringCentre(e)
			p.raiseDesk(casefile.DeskCentre)
		}
	}
	if len(p.c.Clocks) == 0 {
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockState, At: p.now.Add(p.plan.Waits.Stale)})
	}
	return s.commit(ctx, p, nil)
}

func (p *page) ringCentre(e casefile.Event) {
	for _, a := range e.Asked {
		p.tellMember(a.Member, "centre_ask", func(x *activities.Args) { x.Level = e.Level })
	}
	if len(e.Asked) == 0 {
		p.raiseDesk(casefile.DeskCentre)
	}
}

// centreTaken tells the others at the centre that somebody has the caller.
func (p *page) centreTaken(e casefile.Event) {
	for _, centre := range p.c.Centres {
		if centre.Taken != e.By || !centre.TakenAt.Equal(p.now) {
			continue
		}
		for _, a := range centre.Asked {
			if e.By != (casefile.Actor{Kind: casefile.ByMember, ID: string(a.Member)}) {
				p.tellMember(a.Member, "centre_taken", nil)
			}
		}
	}
}
