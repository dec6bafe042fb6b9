package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// rung is one step of one role's ladder about to be taken.
type rung struct {
	role    casefile.Role
	step    int // index of the step; the last one again when the ladder repeats
	round   int
	levels  []casefile.Level
	up      [][]casefile.Level // the rungs above, for a level that the case must not reach
	within  int
	climb   int // escalation level reached
	replace bool
}

// climbDue takes the next rung of every ladder whose clock has run out.
func (s *story) climbDue(ctx workflow.Context) error {
	var roles []casefile.Role
	for _, d := range s.lapsed(ctx) {
		if d.Clock == casefile.ClockLadder {
			roles = append(roles, d.Role)
		}
	}
	if len(roles) == 0 {
		return nil
	}
	return s.climb(ctx, roles, false)
}

// climb asks the next people of some roles, all in one wave: ranked together,
// recorded together, told together.
func (s *story) climb(ctx workflow.Context, roles []casefile.Role, replace bool) error {
	p := s.page(ctx)
	var rungs []rung
	for _, role := range roles {
		if r, ok := p.rung(role, replace); ok {
			rungs = append(rungs, r)
		} else {
			p.c.StopClock(casefile.ClockLadder, role, "")
		}
	}
	if len(rungs) == 0 {
		return s.commit(ctx, p, nil)
	}
	in := activities.RankInput{
		Case: p.c.ID, Type: p.c.Type, State: p.c.State, Child: p.c.Child, Pin: p.c.Private.Pin, Place: p.c.Place,
		Station: p.c.Station, Next: p.next, Rule: p.plan.Wave, At: p.now,
	}
	for i, r := range rungs {
		in.Wanted = append(in.Wanted, p.wanted(r, p.c.Version+1+i))
	}
	first := p.newPin() && p.c.RadioSeen.IsZero() && !replace && !p.begun()
	if first { // the province's radio centre sees every new pin, beside the ladders
		in.Wanted = append(in.Wanted, activities.Wanted{Seq: p.c.Version, Levels: []casefile.Level{casefile.LevelRadio191}})
	}
	var ranked activities.RankResult
	if err := s.local(ctx, "find who could come", deeds.Rank, in).Get(ctx, &ranked); err != nil {
		return err
	}
	for i, r := range rungs {
		p.ask(r, ranked.Waves[i].Asks)
	}
	if first {
		for _, a := range ranked.Waves[len(rungs)].Asks {
			p.tellMember(a.Member, "radio_alert", p.exact)
		}
	}
	return s.commit(ctx, p, nil)
}

// newPin reports whether nobody has been asked since the pin lies in this province.
func (p *page) newPin() bool {
	return !p.c.EnteredAt.IsZero() && !slices.ContainsFunc(p.c.Tracks, func(t casefile.Track) bool {
		return slices.ContainsFunc(t.Offers, func(o casefile.Offer) bool { return !o.At.Before(p.c.EnteredAt) })
	})
}

// begun reports whether a ladder has rung for this pin already.
func (p *page) begun() bool {
	return slices.ContainsFunc(p.c.Tracks, func(t casefile.Track) bool { return !t.BeganAt.IsZero() && !t.BeganAt.Before(p.c.EnteredAt) })
}

// rung is the next step of a role, or false when the role needs nobody more.
func (p *page) rung(role casefile.Role, replace bool) (rung, bool) {
	t, ok := p.c.Track(role)
	rp, planned := p.plan.Role(role)
	if !ok || !planned || len(rp.Steps) == 0 || p.satisfied(t) || p.c.Waiting != "" || p.c.Lead != "" || !p.c.Placed() {
		return rung{}, false
	}
	if replace {
		at := max(0, min(t.Step, len(rp.Steps))-1)
		step := rp.Steps[at]
		return rung{role: role, step: t.Step, round: t.Round, levels: []casefile.Level{casefile.LevelNear}, within: widest(rp, at, step), replace: true}, true
	}
	at := min(t.Step, len(rp.Steps)-1)
	step := rp.Steps[at]
	r := rung{role: role, step: t.Step + 1, round: t.Round, levels: step.Ask, up: above(rp, at), within: step.WithinM, climb: step.Escalate}
	if !t.AckedAt.IsZero() && step.OnlyIf == policy.OnlyUnacked {
		r.levels, r.climb = []casefile.Level{casefile.LevelNear}, 0
		r.within = widest(rp, at, step)
	}
	return r, true
}

// widest is the range for near officers at a step: its own, or that of an earlier one.
func widest(rp policy.RolePlan, at int, step policy.Step) int {
	within := step.WithinM
	for i := 0; i <= at && i < len(rp.Steps); i++ {
		within = max(within, rp.Steps[i].WithinM)
	}
	return within
}

func (p *page) wanted(r rung, seq int) activities.Wanted {
	t, _ := p.c.Track(r.role)
	w := activities.Wanted{Role: r.role, Seq: seq, Levels: r.levels, Up: r.up, WithinM: r.within, Needed: max(1, t.Crew-t.Active())}
	if r.replace {
		w.Needed = 1
	}
	rp, _ := p.plan.Role(r.role)
	again := t.Step >= len(rp.Steps) // every rung taken: the silent are asked again
	for _, o := range t.Offers {
		// Of an earlier round: stood down, or silent then. Whoever is needed now is asked again.
		past := t.BeganAt.IsZero() || o.At.Before(t.BeganAt)
		switch {
		case o.Answer == casefile.SaidNo || o.Answer == casefile.Withdrawn:
			w.Declined = append(w.Declined, o.Member)
		case o.Answer == casefile.SaidLate:
			w.First, w.ReachM = append(w.First, o.Member), widest(rp, len(rp.Steps)-1, policy.Step{})
		case o.Level == casefile.LevelNear && (!again && !past || o.Answer != casefile.NoAnswer):
			w.Asked = append(w.Asked, o.Member)
		}
	}
	return w
}

// ask records the offers of a rung and says them.
func (p *page) ask(r rung, asks []casefile.Ask) {
	t, _ := p.c.Track(r.role)
	asks = slices.DeleteFunc(slices.Clone(asks), func(a casefile.Ask) bool {
		o, asked := t.Offer(a.Member)
		return p.c.Excludes(a.Unit, a.Member) || asked && (o.Answer == casefile.SaidAck || o.Answer == casefile.SaidYes) // has it in hand: hears no more of it
	})
	offered := casefile.Event{Kind: casefile.Offered, By: casefile.System, Role: r.role, Step: r.step, Round: r.round, Asked: asks}
	if r.replace {
		offered.Reason = "REPLACES_DECLINED"
	}
	if !p.must(offered) { // a clock that rang is stopped or moved, whatever the law says: else it rings for ever
		p.c.StopClock(casefile.ClockLadder, r.role, "")
		return
	}
	seq := p.c.Version
	rp, _ := p.plan.Role(r.role)
	if r.climb > p.c.Escalation {
		p.must(casefile.Event{Kind: casefile.Escalated, By: casefile.System, Role: r.role, Step: r.climb, Level: r.levels[0]})
	}
	for _, a := range asks {
		p.sayOffer(a.Member, a.Level, func(x *activities.Args) {
			x.Seq, x.Role, x.Metres, x.AckOnly = seq, r.role, a.Metres, !rp.Sends
		})
	}
	if slices.Contains(r.levels, casefile.LevelDesk) || slices.ContainsFunc(asks, func(a casefile.Ask) bool { return a.Level == casefile.LevelDesk }) {
		p.raiseDesk(casefile.DeskUnanswered)
		told := slices.ContainsFunc(asks, func(a casefile.Ask) bool { return a.Level == casefile.LevelDesk })
		if told && p.c.Desk != nil && p.c.Desk.Owner == (casefile.Actor{}) { // it has rung just now
			p.c.SetClock(casefile.Deadline{Clock: casefile.ClockDesk, At: p.now.Add(p.plan.Waits.Desk)})
		}
	}
	if len(asks) == 0 && !r.replace && t.AckedAt.IsZero() {
		p.nobody(r.role)
	}
	if !r.replace {
		p.askSilent(r.role)
	}
}

// sayOffer asks a member in the words of the level at which they are asked: an
// officer nearby, a duty desk, or an operator of the national desk.
func (p *page) sayOffer(m casefile.MemberID, level casefile.Level, change func(*activities.Args)) {
	template := "offer_desk"
	switch level {
	case casefile.LevelNear:
		template = "offer"
	case casefile.LevelDesk:
		template = "desk_item"
	}
	p.tellMember(m, template, func(x *activities.Args) {
		x.Level = level
		change(x)
	})
}

// resay says the open offers of the case again after a loss. A recorded offer
// is the outbox: its messages keep their keys, so who heard it hears nothing twice.
func (s *story) resay(ctx workflow.Context) {
	p := s.page(ctx)
	for _, t := range p.c.Tracks {
		if p.satisfied(t) {
			continue
		}
		rp, _ := p.plan.Role(t.Role)
		for _, o := range t.Offers {
			if o.Answer != casefile.NoAnswer || p.now.Sub(o.At) > p.plan.Waits.Resay {
				continue
			}
			p.sayOffer(o.Member, o.Level, func(x *activities.Args) {
				x.Seq, x.Role, x.AckOnly = o.Seq, t.Role, !rp.Sends
			})
		}
	}
	s.held = append(s.held, p.says...)
}
