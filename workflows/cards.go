package workflows

import (
	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// question is the next card to put to the reporter, nil for none. A phone that
// other eyes may see is asked nothing, and after control nothing is left to ask.
func (p *page) question() *policy.Card {
	underWay := p.c.State.BeforeControl() || p.c.State == casefile.Duplicate // a joined report reads like one of its own
	if p.c.Quiet || p.c.Neutral || !underWay {
		return nil
	}
	card, ok := p.plan.NextCard(func(code string) bool { _, done := p.c.Answered(code); return done })
	if !ok {
		return nil
	}
	return &card
}

// answered takes the answer on a card. It may make the case graver and never
// less grave: the phone may be in other hands.
func (p *page) answered(h activities.Heard) {
	in := h.In
	card, _ := p.plan.Card(in.Reason)
	option, known := card.Option(in.Option)
	if !known {
		p.note(in.By, "UNKNOWN_CARD", casefile.Private{})
		p.status(h)
		return
	}
	before, _ := p.c.Answered(card.Code)
	if !p.must(casefile.Event{Kind: casefile.CardAnswered, By: in.By, Reason: card.Code, Option: option.Code, Score: option.Score}) {
		return
	}
	if before.Option != option.Code {
		p.graver(option)
		p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "card" })
	}
	if next := p.question(); next != nil {
		p.reply(&h, "card", func(a *activities.Args) { a.Question = next })
		return
	}
	p.reply(&h, "added_noted", nil)
}

func (p *page) graver(o policy.Option) {
	if raised := p.c.Severity.Raised(); o.Raise && raised != p.c.Severity {
		p.must(casefile.Event{Kind: casefile.SeveritySet, By: casefile.System, Severity: raised, Reason: "CARD"})
	}
	if o.Child && !p.c.Child {
		p.must(casefile.Event{Kind: casefile.ChildSet, By: casefile.System, Reason: "CARD"})
	}
}
