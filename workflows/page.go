package workflows

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// page is what happens to a case at one moment: events applied to a copy, and
// what is to be said once they are recorded. Writing a page touches nothing.
type page struct {
	c       casefile.Case
	plan    policy.Plan
	care    policy.CarePlan
	next    casefile.UnitID
	now     time.Time
	events  []casefile.Event
	says    []activities.Message
	speaks  []activities.SpeakInput
	replace []casefile.Role // somebody declined: ask another at once
	join    *activities.JoinQuery
}

func (s *story) page(ctx workflow.Context) *page {
	return &page{c: s.c, plan: s.plan, care: s.care, next: s.next, now: s.now(ctx)}
}

// happen applies an event to the page, or returns the law's refusal.
func (p *page) happen(e casefile.Event) error {
	e.Seq = p.c.Version + 1
	if e.At.IsZero() {
		e.At = p.now
	}
	if e.ID == "" {
		e.ID = eventID(p.c.ID, e)
	}
	next, err := casefile.Apply(p.c, e)
	if err != nil {
		return err
	}
	wind(&next, p.plan, e)
	moreThanATap(p.c, &next, p.now)
	was := p.c
	p.c = next
	p.events = append(p.events, e)
	p.passLead(was, e)
	if e.Kind == casefile.MarkedFalse {
		p.turnBack(was)
	}
	return nil
}

// turnBack tells everybody who was on the way that nothing waits for them there, and why.
func (p *page) turnBack(was casefile.Case) {
	for _, t := range was.Tracks {
		for _, a := range t.Team {
			if a.OnTheWay() {
				p.tellMember(a.Member, "stand_down", func(x *activities.Args) { x.Reason, x.Role = string(p.c.Outcome), t.Role })
			}
		}
	}
}

// passLead tells those on the crew who leads at the scene, when that changes. Who
// has just said that they are there hears it with the answer to that.
func (p *page) passLead(was casefile.Case, e casefile.Event) {
	lead := p.c.SceneLead()
	if lead == "" || lead == was.SceneLead() || !p.c.State.BeforeControl() {
		return
	}
	but := casefile.MemberID("")
	if e.Kind == casefile.Arrived {
		but = lead
	}
	p.tellTeam(but, "scene_lead", nil)
}

// leads says who leads at the scene to a member of the crew.
func (p *page) leads(m casefile.MemberID) activities.Lead {
	lead := p.c.SceneLead()
	t, _ := p.c.TrackOf(m)
	switch _, on := activeOn(t, m); {
	case !on || lead == "":
		return ""
	case m == lead:
		return activities.LeadYou
	default:
		return activities.LeadOnScene
	}
}

// must applies an event of the story's own. The law forbids it only when the
// moment has passed, for example an escalation of a case just controlled: then
// it does not happen.
func (p *page) must(e casefile.Event) bool { return p.happen(e) == nil }

// eventID names an event of the story by what it says: a repeated workflow task
// that says the same writes nothing, one that ranked otherwise is a conflict.
func eventID(id casefile.CaseID, e casefile.Event) casefile.EventID {
	said := fmt.Sprint(e.Kind, e.By, e.Role, e.Crew, e.Level, e.Step, e.Round, e.Asked, e.Member, e.Unit, e.Case, e.Desk, e.Severity, e.Reason)
	if e.Care != nil {
		said += fmt.Sprint(e.Care.Obligation, e.Care.Owed, e.Care.CallAt)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(said)) // never fails
	return casefile.EventID(fmt.Sprintf("%s:%d:%016x", id, e.Seq, h.Sum64()))
}

// note records that something was tried and not done, so that nothing is lost.
func (p *page) note(by casefile.Actor, reason string, private casefile.Private) {
	p.must(casefile.Event{Kind: casefile.Noted, By: by, Reason: reason, Private: private})
}

func (p *page) satisfied(t casefile.Track) bool { return satisfied(p.plan, t) }

// args are the values that every template may use. Nothing personal is in them.
func (p *page) args() activities.Args {
	return activities.Args{
		Case: p.c.ID, Code: p.c.Code(), Seq: p.c.Version, Type: p.c.Type, Guessed: p.c.Guessed, Severity: p.c.Severity,
		State: p.c.State, NoCall: p.c.NoCall, Quiet: p.c.Quiet, Neutral: p.c.Neutral, Child: p.c.Child,
		Forced: p.c.Cancel && p.c.Quiet, Province: p.c.Place.Province, District: p.c.Place.District,
		AgeS: int(p.now.Sub(p.c.ReportedAt) / time.Second), Moved: p.c.Moved,
	}
}

// reply answers the person whose word is being handled, through its reply token if
// there is one, by the way on which the word came. Who goes on a case by SMS has
// the card in LINE, too: only there are the place and the buttons.
func (p *page) reply(h *activities.Heard, template string, change func(*activities.Args)) {
	if h.In.By.Kind == casefile.ByMember {
		m := casefile.MemberID(h.In.By.ID)
		p.message(m, template, h, change)
		if h.In.Channel == casefile.ChannelSMS && (template == "accepted_card" || template == "handover_taken") {
			p.tellMember(m, template, change)
			p.says[len(p.says)-1].Channel = casefile.ChannelLINE
		}
		return
	}
	p.message("", template, h, change)
}

// tellReporter says something that the reporter did not just ask for. In quiet
// mode nothing unasked is ever sent: it is told at the person's next tap.
func (p *page) tellReporter(template string, change func(*activities.Args)) {
	if p.c.Quiet || !p.c.Channel.Hears() || p.c.Care != nil && !mayWrite(p.c.Care.Contact, p.now) {
		return
	}
	p.message("", template, nil, change)
}

func (p *page) tellMember(m casefile.MemberID, template string, change func(*activities.Args)) {
	p.message(m, template, nil, change)
}

func (p *page) message(m casefile.MemberID, template string, h *activities.Heard, change func(*activities.Args)) {
	args := p.args()
	if change != nil {
		change(&args)
	}
	to := "reporter"
	if m != "" {
		to, args.Lead = string(m), p.leads(m)
	} else if !p.c.Channel.Hears() {
		return // an operator or another system reported: it reads the case
	}
	out := activities.Message{Key: p.key(args.Seq, to, template), Seq: args.Seq, Member: m, Template: template, Args: args}
	if h != nil && h.In.Channel != casefile.ChannelVoice { // whoever pressed a key has heard it in the call
		out.ReplyToken = h.In.ReplyToken
	}
	if h != nil && h.In.Channel == casefile.ChannelSMS {
		out.Channel = casefile.ChannelSMS
	}
	if m == "" && p.c.Quiet {
		out.ReplyOnly, out.Silent = true, true
		if out.ReplyToken == "" {
			return
		}
	}
	p.says = append(p.says, out)
}

func (p *page) key(seq int, to, template string) string {
	return fmt.Sprintf("%s/%d/%s/%s", p.c.ID, seq, to, template)
}

// tellTeam tells everybody who is under way or at the place, but one.
func (p *page) tellTeam(but casefile.MemberID, template string, change func(*activities.Args)) {
	if p.c.State == casefile.FollowUp && p.c.Care != nil {
		if template == "reporter_added" {
			args := p.args()
			if change != nil {
				change(&args)
			}
			p.careNews(args.Reason)
		}
		return
	}
	if p.c.Lead != "" { // those under way are on the lead
		p.forward(template, change)
		return
	}
	for _, t := range p.c.Tracks {
		for _, a := range t.Team {
			if a.Active() && a.Member != but {
				p.tellMember(a.Member, template, change)
			}
		}
	}
}

// forward lets the lead's team hear what a joined reporter added. The number of
// somebody who may not be called stays here.
func (p *page) forward(template string, change func(*activities.Args)) {
	args := p.args()
	if change != nil {
		change(&args)
	}
	word := activities.SpeakInput{
		From: p.c.ID, To: p.c.Lead, Action: casefile.ActReportAdds, Reason: template, Seq: p.c.Version, At: p.now,
	}
	if template == "pin_moved" {
		word.Pin = p.c.Private.Pin
	}
	if template == "reporter_added" && args.Reason != "" {
		word.Reason = args.Reason
	}
	p.speaks = append(p.speaks, word)
}

// standDown tells those of a role who were asked and have not answered that they
// are no longer needed, and why.
func (p *page) standDown(r casefile.Role, reason string) {
	t, _ := p.c.Track(r)
	for _, o := range t.Offers {
		if o.Answer == casefile.NoAnswer {
			p.tellMember(o.Member, "stand_down", func(a *activities.Args) { a.Reason = reason; a.Role = r })
		}
	}
}

// nobody records that a wave reached no one, and lets the ladder go on at once.
func (p *page) nobody(r casefile.Role) {
	if !p.must(casefile.Event{Kind: casefile.NobodyNotified, By: casefile.System, Role: r}) {
		return
	}
	t, _ := p.c.Track(r)
	rp, _ := p.plan.Role(r)
	if t.Step < len(rp.Steps) {
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockLadder, Role: r, At: p.now})
	}
	p.raiseDesk(casefile.DeskNobody)
}

// raiseDesk asks for a human of the desk; the first reason stays.
func (p *page) raiseDesk(reason casefile.DeskReason) {
	if p.c.Desk == nil || p.c.Desk.Owner != (casefile.Actor{}) && p.c.Desk.Reason != reason { // who took the old item knows nothing of this
		p.must(casefile.Event{Kind: casefile.DeskRaised, By: casefile.System, Desk: reason})
	}
}

// minutesLeft is the shortest stated time to arrival of the team, 0 if nobody stated one.
func (p *page) minutesLeft() int {
	best := 0
	for _, t := range p.c.Tracks {
		for _, a := range t.Team {
			if left := int(a.EtaAt.Sub(p.now)/time.Minute) + 1; a.Active() && a.EtaAt.After(p.now) && (best == 0 || left < best) {
				best = left
			}
		}
	}
	return best
}

// exact puts in what only people under way may see.
func (p *page) exact(a *activities.Args) {
	a.Pin = p.c.Private.Pin
	if !p.c.NoCall {
		a.Phone = p.c.Private.Phone
	}
}

// speak queues a word to another case.
func (p *page) speak(to casefile.CaseID, action casefile.Action, yes bool) {
	if to != "" && !slices.ContainsFunc(p.speaks, func(w activities.SpeakInput) bool { return w.To == to && w.Action == action }) {
		p.speaks = append(p.speaks, activities.SpeakInput{From: p.c.ID, To: to, Action: action, Yes: yes, Seq: p.c.Version, At: p.now})
	}
}
