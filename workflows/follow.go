package workflows

import (
	"slices"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// follow says and starts what follows from something a responder, a desk or an
// operator did. h is the tap to answer; nil for a console command.
func (p *page) follow(h *activities.Heard, e casefile.Event) {
	answer := func(template string, change func(*activities.Args)) {
		if h != nil {
			p.reply(h, template, change)
		} else if e.Member != "" {
			p.tellMember(e.Member, template, change)
		}
	}
	m := e.Member
	if m == "" && e.By.Kind == casefile.ByMember {
		m = casefile.MemberID(e.By.ID)
	}
	switch e.Kind {
	case casefile.Acknowledged:
		p.acknowledged(h, e)
	case casefile.Accepted:
		answer("accepted_card", func(a *activities.Args) {
			p.exact(a)
			a.Minutes = e.Minutes
		})
		p.accepted(m, e)
	case casefile.Declined:
		answer("declined_noted", nil)
		p.declined(m)
	case casefile.Departed:
		answer("noted", nil)
		if e.Minutes > 0 {
			p.tellReporter("acked", func(a *activities.Args) { a.Minutes = e.Minutes })
		}
	case casefile.Arrived:
		answer("noted", nil)
		p.tellReporter("on_scene", nil)
	case casefile.CannotFind:
		answer("noted", nil)
		if mayAsk(p.c) { // without an answer, a human of the desk
			p.tellReporter("cannot_find", p.exact)
		} else {
			p.raiseDesk(casefile.DeskCannotFind)
			p.tellTeam(m, "reporter_added", func(a *activities.Args) {
				if a.Reason = "cannot_find"; !p.c.Quiet && !p.c.Neutral {
					a.Reason = "desk_finds"
				}
			})
		}
	case casefile.AssistAsked:
		p.assist(m)
		answer("noted", nil)
	case casefile.SceneStopped:
		answer("controlled_noted", nil)
		p.tellTeam(m, "controlled_noted", nil)
		p.standDown(casefile.Police, "controlled")
		p.standDown(casefile.Medical, "controlled")
		p.tellReporter("closing_question", nil)
	case casefile.Released:
		answer("released", func(a *activities.Args) { a.Reason = e.Reason })
	case casefile.HandoverAccepted:
		answer("handover_taken", p.exact)
		p.tellTeam(m, "thanks", func(a *activities.Args) { a.Reason = "CARED_FOR" })
		p.ended(true)
	case casefile.CentreTook:
		p.acknowledged(h, e)
		p.centreTaken(e)
	case casefile.ProvinceSet:
		p.tellReporter("status", nil) // "sent to officers": the first of the two messages, without a place to echo
	case casefile.QuestionAsked:
		p.tellReporter("desk_asks", func(a *activities.Args) { a.Reason = e.Reason })
	case casefile.HandoverDeclined:
		answer("declined_noted", nil)
	case casefile.Excluded: // whom it is about is told nothing
	case casefile.CaseClosed, casefile.MarkedFalse:
		p.tellTeam("", "thanks", func(a *activities.Args) { a.Reason = string(p.c.Outcome) })
		p.asksHowItWent()
		p.ended(e.Kind == casefile.CaseClosed)
	default:
		answer("noted", nil)
	}
}

// acknowledged tells the reporter that a human has the case, and the cases that
// are joined to it, once.
func (p *page) acknowledged(h *activities.Heard, e casefile.Event) {
	if h != nil {
		p.reply(h, "noted", p.exact)
	}
	if p.c.AckedAt.Equal(p.now) {
		p.tellReporter("acked", func(a *activities.Args) { a.Minutes = p.minutesLeft() })
		for _, report := range p.c.Reports {
			p.speak(report, casefile.ActLeadAcked, true)
		}
	}
}

func (p *page) accepted(m casefile.MemberID, e casefile.Event) {
	t, _ := p.c.TrackOf(m)
	if t.Role == casefile.Police {
		p.tellReporter("acked", func(a *activities.Args) { a.Minutes = e.Minutes })
		for _, report := range p.c.Reports {
			p.speak(report, casefile.ActLeadAcked, true)
		}
	}
	if t.Filled() {
		p.standDown(t.Role, "crew_complete")
	}
}

// declined lets somebody else be asked at once: another near officer, or the
// next rung of the ladder when a desk cannot.
func (p *page) declined(m casefile.MemberID) {
	t, ok := p.c.TrackOf(m)
	if !ok || p.satisfied(t) {
		return
	}
	if o, _ := t.Offer(m); o.Level == casefile.LevelNear {
		if !slices.Contains(p.replace, t.Role) {
			p.replace = append(p.replace, t.Role)
		}
		return
	}
	p.c.SetClock(casefile.Deadline{Clock: casefile.ClockLadder, Role: t.Role, At: p.now})
}

// assist answers a responder in danger: everybody on the case hears it, more
// are sought, and a human of the desk looks.
func (p *page) assist(m casefile.MemberID) {
	p.tellTeam(m, "assist_alert", p.exact)
	if t, ok := p.c.Track(casefile.Police); ok {
		p.must(casefile.Event{Kind: casefile.RoleAdded, By: casefile.System, Role: casefile.Police, Crew: t.Active() + 2, Reason: "ASSIST"})
	}
	p.raiseDesk(casefile.DeskUnanswered)
}

// mayAsk reports whether the reporter may be asked where it is: never on a phone
// that other eyes may see, and to no purpose where nobody reads it.
func mayAsk(c casefile.Case) bool {
	return !c.Quiet && !c.Neutral && !c.Blocked && c.Channel.Hears()
}

// ended tells the joined reports that the lead has ended; owned says that a
// human owned it to the end, otherwise they ring again.
func (p *page) ended(owned bool) {
	for _, report := range p.c.Reports {
		p.speak(report, casefile.ActLeadEnded, owned)
	}
}
