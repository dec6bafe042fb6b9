package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// tend carries out something that a person does in a follow-up: the policy's
// dates are filled in, the law decides, and what follows is owed.
func (s *story) tend(ctx workflow.Context, p *page, e casefile.Event) error {
	if err := p.complete(&e); err != nil {
		return err
	}
	before, _ := p.owed(e)
	if err := p.happen(e); err != nil {
		return err
	}
	if e.Kind == casefile.ReferralAnswered && !e.Yes {
		before.State = casefile.Rejected
		return s.passOn(ctx, p, before)
	}
	return nil
}

// owed is the obligation that an event is about, as it stands on the page.
func (p *page) owed(e casefile.Event) (casefile.Obligation, bool) {
	if p.c.Care == nil || e.Care == nil {
		return casefile.Obligation{}, false
	}
	return p.c.Care.Obligation(e.Care.Obligation)
}

// complete fills in what the policy says about a person's word: when it is due,
// when somebody is called, and what is owed next.
func (p *page) complete(e *casefile.Event) error {
	if p.c.Care == nil {
		return nil // the law refuses it
	}
	if e.Care == nil {
		e.Care = &casefile.CareDetail{}
	}
	d := *e.Care
	e.Care = &d
	owe := func(k casefile.ObligationKind, span time.Duration) casefile.Obligation {
		return p.care.Owe(k, p.now, p.now.Add(span))
	}
	none := func(k casefile.ObligationKind) bool { return !p.c.Care.Owes(k) }
	was, _ := p.owed(*e)
	switch e.Kind {
	case casefile.Assessed:
		d.Owed = append(d.Owed, owe(casefile.OweReview, p.care.Review[d.Risk]))
		if span := p.care.Visit[d.Risk]; span > 0 && !p.visited(p.now.Add(span), 0) { // a graver risk is seen sooner
			d.Owed = append(d.Owed, owe(casefile.OweVisit, span))
		}
		if none(casefile.OwePlan) && p.c.Care.Plan == casefile.NoPlan {
			d.Owed = append(d.Owed, owe(casefile.OwePlan, p.care.Plan))
		}
	case casefile.PlanSet, casefile.Owed:
		for i, o := range d.Owed {
			filled, err := p.fill(o, *e)
			if err != nil {
				return err
			}
			d.Owed[i] = filled
		}
		if e.Kind == casefile.PlanSet {
			d.Owed = append(d.Owed, owe(casefile.OweApproval, p.care.Approve))
		}
	case casefile.PlanDecided:
		if !e.Yes {
			d.Owed = append(d.Owed, owe(casefile.OwePlan, p.care.Plan))
		}
	case casefile.Settled:
		if was.Kind == casefile.OweVisit && d.State != casefile.Dropped { // the next one by the rhythm of the risk; missed: soon again
			span := p.care.Visit[p.c.Care.Risk]
			if d.State == casefile.Missed || span == 0 {
				span = p.care.Assess
			}
			if !p.visited(p.now.Add(span), was.ID) { // a visit planned by hand begins no rhythm of its own
				next := owe(casefile.OweVisit, span)
				next.Member = was.Member
				d.Owed = append(d.Owed, next)
			}
		}
		if was.Kind == casefile.OweContact && d.State != casefile.Done && d.State != casefile.Dropped {
			d.Owed = append(d.Owed, owe(casefile.OweContact, p.care.Contact))
		}
	case casefile.HelpAsked:
		help := owe(casefile.OweHelp, p.care.Help)
		help.About = d.Obligation
		d.Owed = []casefile.Obligation{help}
	case casefile.DueMoved:
		o := p.care.Owe(was.Kind, p.now, d.DueAt)
		d.CallAt = later(o.CallAt, p.now)
	case casefile.Referred:
		to := casefile.Obligation{}
		if len(d.Owed) == 1 {
			to = d.Owed[0]
		}
		r := p.referral(to.Code, e.Unit, to.Next)
		d.Owed = []casefile.Obligation{r}
	case casefile.ReferralAnswered:
		if e.Yes {
			service := owe(casefile.OweService, p.care.Service)
			service.Unit, service.Code = was.Unit, was.Code
			d.Owed = []casefile.Obligation{service}
		}
	case casefile.OfficeAsked:
		t := owe(casefile.OweTransfer, p.care.Transfer)
		t.Unit = e.Unit
		d.Owed = []casefile.Obligation{t}
	case casefile.OfficeAnswered:
		if e.Yes {
			d.Owed = []casefile.Obligation{owe(casefile.OweManager, p.care.Manager)}
		}
	case casefile.CareReopened:
		d.Owed = []casefile.Obligation{owe(casefile.OweContact, p.care.Contact), owe(casefile.OweReview, p.care.Review[casefile.RiskHigh])}
		if p.c.Care.Manager == "" {
			d.Owed = append(d.Owed, owe(casefile.OweManager, p.care.Manager))
		}
	}
	*e.Care = d
	return nil
}

// visited reports whether a visit is owed by an instant, beside one.
func (p *page) visited(by time.Time, but int) bool {
	return slices.ContainsFunc(p.c.Care.Owed, func(o casefile.Obligation) bool {
		return o.Kind == casefile.OweVisit && o.Open() && o.ID != but && !o.DueAt.After(by)
	})
}

// fill is an obligation as a person named it, with its dates.
func (p *page) fill(o casefile.Obligation, e casefile.Event) (casefile.Obligation, error) {
	since, due := p.now, o.DueAt
	if o.Kind == casefile.OweLegal {
		limit, known := p.care.Legal[o.Code]
		if !known {
			return o, &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "ไม่รู้จักกำหนดเวลาตามกฎหมายนี้", En: "the policy has no such legal clock"}
		}
		if !o.Since.IsZero() {
			since = o.Since
		}
		if since.After(p.now) {
			return o, &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "วันเริ่มต้องไม่อยู่ในอนาคต", En: "it cannot have begun in the future"}
		}
		due = since.Add(limit.Limit)
		filled := p.care.Owe(o.Kind, since, due)
		filled.CallAt = later(since.Add(limit.Warn), p.now)
		filled.Code, filled.Member = o.Code, o.Member
		return filled, nil
	}
	if o.Kind != casefile.OweTask && o.Kind != casefile.OweVisit {
		return o, &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "เพิ่มได้เฉพาะงาน การเยี่ยม และกำหนดเวลาตามกฎหมาย", En: "only tasks, visits and legal clocks are added by hand"}
	}
	filled := p.care.Owe(o.Kind, p.now, due)
	filled.CallAt = later(filled.CallAt, p.now)
	filled.Code, filled.Goal, filled.After, filled.Member = o.Code, o.Goal, o.After, o.Member
	return filled, nil
}

// careButtons are what a member presses on a card about something that is owed.
var careButtons = map[casefile.Action]struct {
	kind  casefile.Kind
	state casefile.ObligationState
	yes   bool
}{
	casefile.ActCareDone:    {casefile.Settled, casefile.Done, false},
	casefile.ActCareMissed:  {casefile.Settled, casefile.Missed, false},
	casefile.ActCareRefused: {casefile.Settled, casefile.Refused, false},
	casefile.ActCareUnable:  {casefile.Settled, casefile.Unable, false},
	casefile.ActCareHelp:    {casefile.HelpAsked, "", false},
	casefile.ActCareManage:  {casefile.ManagerSet, "", false},
	casefile.ActCareAccept:  {casefile.ReferralAnswered, "", true},
	casefile.ActCareDecline: {casefile.ReferralAnswered, "", false},
}

// pressedCare handles such a button.
func (s *story) pressedCare(ctx workflow.Context, p *page, h activities.Heard) error {
	in := h.In
	b := careButtons[in.Action]
	e := casefile.Event{
		Kind: b.kind, By: in.By, Unit: h.Desk.Unit, Yes: b.yes, Reason: in.Reason, Private: casefile.Private{Text: in.Text},
		Care: &casefile.CareDetail{Obligation: in.Offer, State: b.state},
	}
	if was, ok := p.owed(e); ok && was.Kind == casefile.OweTransfer && e.Kind == casefile.ReferralAnswered {
		e.Kind = casefile.OfficeAnswered
	}
	if e.Reason == "" && (b.state != "" && b.state != casefile.Done || in.Action == casefile.ActCareDecline) {
		e.Reason = string(in.Action)
	}
	err := s.tend(ctx, p, e)
	var refused *casefile.RefusedError
	switch {
	case errors.As(err, &refused):
		p.note(in.By, "REFUSED:"+string(e.Kind), casefile.Private{})
		p.reply(&h, "refused", func(a *activities.Args) { a.Reason = string(e.Kind) })
		return nil
	case err != nil:
		return err
	}
	p.reply(&h, "care_noted", func(a *activities.Args) { a.Reason = string(in.Action) })
	p.afterCare(e)
	return nil
}

// afterCare says what follows from a word in a follow-up, beside what is owed from
// here on: the case manager hears what others did.
func (p *page) afterCare(e casefile.Event) {
	m := p.c.Care.Manager
	if m == "" || e.By == (casefile.Actor{Kind: casefile.ByMember, ID: string(m)}) {
		return
	}
	switch e.Kind {
	case casefile.Settled, casefile.ReferralAnswered, casefile.PlanDecided, casefile.HelpAsked:
		o, _ := p.owed(e)
		p.tellOwed(m, "care_news", o, string(e.Kind))
	case casefile.ManagerSet:
		p.tellMember(m, "care_manager", nil)
	}
}

// carerGone takes somebody out of a follow-up whose membership has ended or rests:
// what they owed is owed by the office again, and a case manager is sought.
func (p *page) carerGone(m casefile.MemberID) {
	d := &casefile.CareDetail{}
	if p.c.Care.Manager == m && !p.c.Care.Owes(casefile.OweManager) {
		d.Owed = append(d.Owed, p.care.Owe(casefile.OweManager, p.now, p.now.Add(p.care.Manager)))
	}
	p.must(casefile.Event{Kind: casefile.Released, By: casefile.System, Member: m, Reason: "MEMBER_GONE", Care: d})
}

// careNews tells the case manager and the team that the person wrote or called.
func (p *page) careNews(reason string) {
	told := []casefile.MemberID{}
	for _, m := range append([]casefile.MemberID{p.c.Care.Manager}, p.c.Care.Team...) {
		if m != "" {
			told = append(told, m)
		}
	}
	if accepted := p.c.Over.Accepted; len(told) == 0 && accepted.Kind == casefile.ByMember && p.c.Owner == p.c.Over.Unit { // nobody manages it yet
		told = append(told, casefile.MemberID(accepted.ID))
	}
	if len(told) == 0 {
		p.raiseDesk(casefile.DeskUnanswered)
	}
	for _, m := range told {
		p.tellMember(m, "care_news", func(a *activities.Args) { a.Reason = reason })
	}
}
