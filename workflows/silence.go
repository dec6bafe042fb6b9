package workflows

import (
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// askSilent asks by other ways than LINE whoever was asked for a role and has not
// answered. The ladder is the clock: it is done whenever the ladder climbs. The
// operators of the national desk have a clock of their own (askSilentDesk).
func (p *page) askSilent(role casefile.Role) {
	t, _ := p.c.Track(role)
	rp, _ := p.plan.Role(role)
	if p.satisfied(t) {
		return
	}
	for _, o := range t.Offers {
		if o.Answer != casefile.NoAnswer || o.Level == casefile.LevelDesk || o.FirstAt.Before(t.BeganAt) {
			continue
		}
		if silent := silence(rp, t, o.FirstAt, p.now); silent > 0 {
			p.askBeside(o.First, silent, func() {
				p.sayOffer(o.Member, o.Level, func(x *activities.Args) { x.Seq, x.Role, x.AckOnly = o.Seq, t.Role, !rp.Sends })
			})
		}
	}
}

// askSilentDesk asks an operator by other ways than LINE about an item that nobody
// has taken. Taps without a pin, which are many and nearly all curious, call nobody up.
func (p *page) askSilentDesk(m casefile.MemberID) {
	if silent := p.now.Sub(p.c.Desk.FirstAt); silent > 0 && !p.c.Desk.Tap {
		p.askBeside(p.c.Desk.First, silent, func() { p.sayDesk(m, nil) })
	}
}

// askBeside lets a question go by the other ways only. Its key is that of the first
// asking, so that no way is used twice for one question.
func (p *page) askBeside(first int, silent time.Duration, say func()) {
	before := len(p.says)
	say()
	for i := before; i < len(p.says); i++ {
		m := &p.says[i]
		m.Key, m.Beside, m.Unanswered = p.key(first, string(m.Member), m.Template), true, silent
	}
}

// silence is how long somebody has not answered. It counts by the ladder's own
// rungs: where the ladder was late, the person in danger has waited already, and a
// moment must not cost a way a whole rung.
func silence(rp policy.RolePlan, t casefile.Track, first, now time.Time) time.Duration {
	return max(now.Sub(first), rungAt(rp, t, now)-rungAt(rp, t, first))
}

// rungAt is when the latest rung at an instant was due, since the ladder began.
func rungAt(rp policy.RolePlan, t casefile.Track, at time.Time) time.Duration {
	latest := time.Duration(0)
	for _, s := range rp.Steps {
		if !t.BeganAt.Add(s.After).After(at) {
			latest = max(latest, s.After)
		}
	}
	return latest
}
