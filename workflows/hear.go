package workflows

import (
	"errors"
	"fmt"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// judge turns one thing that arrived into events and answers. What the law
// refuses is recorded as a note and answered in words; nothing is lost.
func (p *page) judge(h activities.Heard) {
	p.mark(h, func() {
		if p.rates(h.In) {
			p.rated(h)
		} else if p.c.State.Ended() && (h.In.Action != casefile.ActNotSolved || p.now.Sub(p.c.EndedAt) > p.plan.Waits.Dispute) {
			p.late(h)
		} else {
			p.act(h)
		}
	})
}

// refuse answers something that the record has a rule against.
func (p *page) refuse(h activities.Heard) {
	p.mark(h, func() {
		p.note(h.In.By, "REFUSED_BY_RECORD:"+string(h.In.Action), casefile.Private{})
		p.reply(&h, "refused", func(a *activities.Args) { a.Reason = string(h.In.Action) })
	})
}

// mark lets something happen that comes from an inbox row, and names the events
// after the row.
func (p *page) mark(h activities.Heard, happen func()) {
	before := len(p.events)
	happen()
	if len(p.events) == before { // every row leaves a mark, so that the inbox number moves on
		p.note(h.In.By, "HEARD:"+string(h.In.Word), casefile.Private{})
	}
	for i := before; i < len(p.events); i++ {
		e := &p.events[i]
		e.Inbox = h.N
		e.ID = casefile.EventID(fmt.Sprintf("in:%s:%d", h.EventID, i-before))
	}
	p.c.Inbox = max(p.c.Inbox, h.N)
}

func (p *page) late(h activities.Heard) {
	p.must(casefile.Event{Kind: casefile.LateRecorded, By: h.In.By, Reason: string(h.In.Word), Private: private(h.In)})
	switch {
	case h.In.Word != casefile.CaseSpoke:
		p.reply(&h, "late_noted", nil)
	case h.In.Action == casefile.ActReportJoins:
		p.speak(h.In.Case, casefile.ActLeadEnded, false)
	}
}

func private(in casefile.Incoming) casefile.Private {
	out := casefile.Private{Text: in.Text, Phone: in.Phone, Media: in.MessageID, Pin: in.Pin}
	if in.Call != nil {
		out.Caller = in.Call.CallerName
	}
	return out
}

func (p *page) act(h activities.Heard) {
	in := h.In
	if p.c.Version == 0 {
		if in.Opening != nil {
			p.must(in.Opening.Begin())
			p.excludeToo(in.Opening.Excluded)
			return
		}
		p.report(h)
		return
	}
	switch in.Word {
	case casefile.Tapped, casefile.Called:
		p.must(casefile.Event{Kind: casefile.ReporterAdded, By: in.By, Reason: "TAPPED_AGAIN", Private: private(in)})
		if h.Located != nil {
			p.pin(h)
		}
		if p.c.LocatedAt.IsZero() {
			p.reply(&h, "received", nil)
		} else {
			p.status(h)
		}
	case casefile.SentLocation:
		p.pin(h)
	case casefile.Said:
		p.said(h)
	case casefile.SentMedia:
		p.must(casefile.Event{Kind: casefile.ReporterAdded, By: in.By, Reason: in.MediaKind, Private: private(in)})
		p.reply(&h, "added_noted", nil)
		p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = in.MediaKind })
	case casefile.Unsent:
		p.must(casefile.Event{Kind: casefile.MessageUnsent, By: in.By, Private: private(in)})
	case casefile.Blocked:
		p.must(casefile.Event{Kind: casefile.ReporterBlocked, By: in.By})
	case casefile.CaseSpoke:
		p.otherCase(h)
	case casefile.Pressed:
		if in.By.Kind == casefile.ByMember {
			p.responder(h)
		} else {
			p.reporter(h)
		}
	}
}

// report is the first word of a case.
func (p *page) report(h activities.Heard) {
	in := h.In
	e := casefile.Event{
		Kind: casefile.Reported, By: in.By, At: h.At, Type: in.Type, Quiet: in.Quiet, Channel: in.Channel,
		Severity: p.plan.Severity, Private: private(in),
	}
	e.Private.Pin = nil
	if e.Channel == "" {
		e.Channel = casefile.ChannelLINE
	}
	if !e.Type.Known() { // the silent button and distress words name no type: the row of the case has the guess
		e.Type, e.Reason = p.c.Type, casefile.ReasonGuessed
	}
	if err := p.happen(e); err != nil {
		return
	}
	p.excludeToo(in.Excluded)
	if in.Pin != nil {
		p.pin(h)
		return
	}
	p.reply(&h, "received", nil)
}

func (p *page) said(h activities.Heard) {
	in := h.In
	if in.Phone != "" {
		p.must(casefile.Event{Kind: casefile.PhoneGiven, By: in.By, Private: casefile.Private{Phone: in.Phone}})
		p.reply(&h, "phone_noted", nil)
		if !p.c.NoCall {
			p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "phone"; p.exact(a) })
		}
		return
	}
	p.must(casefile.Event{Kind: casefile.ReporterAdded, By: in.By, Reason: "text", Private: private(in)})
	if p.c.LocatedAt.IsZero() {
		p.raiseDesk(casefile.DeskNoPin) // a written address needs a human who finds it
	}
	p.reply(&h, "added_noted", nil)
	p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "text" })
}

// pin takes a location: the place of the incident, or a correction of it.
func (p *page) pin(h activities.Heard) {
	in := h.In
	if h.Located == nil || !h.Located.OK {
		p.must(casefile.Event{Kind: casefile.ReporterAdded, By: in.By, Reason: "pin_unusable", Private: casefile.Private{Pin: in.Pin}})
		if p.c.LocatedAt.IsZero() {
			p.raiseDesk(casefile.DeskPinAbroad)
		}
		p.reply(&h, "pin_ask_again", nil)
		return
	}
	moved := !p.c.LocatedAt.IsZero()
	p.setPin(*h.Located, casefile.Event{By: in.By, Private: casefile.Private{Pin: in.Pin}})
	if moved {
		p.reply(&h, "pin_moved_noted", p.exact)
		return
	}
	p.reply(&h, "pin_echo", func(a *activities.Args) { p.exact(a); a.Question = p.question() })
}

// setPin records the first or a corrected pin and what follows from it.
func (p *page) setPin(l activities.Located, e casefile.Event) {
	moved := !p.c.LocatedAt.IsZero()
	was := p.c
	e.Kind, e.Place, e.Unit = casefile.PinSet, &l.Place, l.Station
	if moved {
		e.Kind = casefile.PinMoved
	}
	p.plan, p.next = l.Plan, l.Next
	if !p.must(e) {
		return
	}
	p.tellTeam("", "pin_moved", p.exact) // nobody before a first pin, unless they went on the province alone
	if was.Place.Province != "" && was.Place.Province != l.Place.Province {
		p.leftProvince(was)
	}
	if moved {
		if !l.Plan.Live {
			p.raiseDesk(casefile.DeskNotLive)
		}
		return
	}
	p.need(l.Plan)
	p.join = &activities.JoinQuery{
		Case: p.c.ID, Type: p.c.Type, Reporter: p.c.Reporter, ReportedAt: p.c.ReportedAt, At: p.now, Pin: *p.c.Private.Pin,
		RadiusM: l.Plan.Join.RadiusM, Window: l.Plan.Join.Window, SamePlaceM: l.Plan.Join.SamePlaceM, SamePlaceAge: l.Plan.Join.SamePlaceAge,
	}
}

// need gives the case the roles of its plan.
func (p *page) need(plan policy.Plan) {
	for _, r := range plan.Roles {
		p.must(casefile.Event{Kind: casefile.RoleAdded, By: casefile.System, Role: r.Role, Crew: r.Crew})
	}
	if !plan.Live {
		p.raiseDesk(casefile.DeskNotLive)
	}
}

// status answers "where does my case stand".
func (p *page) status(h activities.Heard) {
	p.reply(&h, "status", func(a *activities.Args) { a.Minutes, a.Until = p.minutesLeft(), p.nextMeeting() })
}

// reporter handles the buttons of the person who reported.
func (p *page) reporter(h activities.Heard) {
	in := h.In
	simple := func(k casefile.Kind, template string) {
		p.must(casefile.Event{Kind: k, By: in.By, Yes: in.Yes, Private: private(in)})
		p.reply(&h, template, nil)
	}
	switch in.Action {
	case casefile.ActCancel:
		simple(casefile.CancelRequested, "cancel_noted")
		if p.c.Quiet {
			p.tellTeam("", "cancel_forced", nil)
		} else {
			p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "cancel" })
		}
		p.raiseDesk(casefile.DeskCancel)
	case casefile.ActSafe:
		simple(casefile.SafeSaid, "safe_noted")
	case casefile.ActNoCall:
		simple(casefile.NoCallAsked, "no_call_noted")
		p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "no_call" })
	case casefile.ActCheckYes, casefile.ActCheckNo:
		p.must(casefile.Event{Kind: casefile.CheckInAnswered, By: in.By, Yes: in.Action == casefile.ActCheckYes})
		p.status(h)
		if in.Action == casefile.ActCheckYes {
			p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "still_in_danger" })
		}
	case casefile.ActCard:
		p.answered(h)
	case casefile.ActMovePin:
		p.must(casefile.Event{Kind: casefile.ReporterAsked, By: in.By, Reason: "move_pin"})
		p.reply(&h, "received", nil)
	case casefile.ActNotSolved:
		again := casefile.Event{Kind: casefile.CaseReopened, By: in.By, Reason: "REPORTER_DISPUTES"}
		long := p.now.Sub(p.c.ControlledAt) > p.plan.Waits.Dispute
		if p.c.State == casefile.Closed && p.c.Care != nil && (long || in.Reason == casefile.ReasonCare) { // the social worker hears it; a new danger has its own button
			again.Kind = casefile.CareReopened
			_ = p.complete(&again) // fails for no reopening
		}
		if err := p.happen(again); err != nil {
			p.must(casefile.Event{Kind: casefile.ReporterAdded, By: in.By, Reason: "not_solved"})
			p.must(casefile.Event{Kind: casefile.LateRecorded, By: in.By, Reason: "not_solved"})
		}
		p.reply(&h, "not_solved_noted", nil)
	default: // status, solved
		p.must(casefile.Event{Kind: casefile.ReporterAsked, By: in.By, Reason: string(in.Action)})
		p.status(h)
	}
}

var errControlled = errors.New("nobody comes any more")

// otherCase handles the words of another case.
func (p *page) otherCase(h activities.Heard) {
	in := h.In
	by := casefile.System
	switch in.Action {
	case casefile.ActReportJoins:
		err := errControlled
		if p.c.State.BeforeControl() {
			err = p.happen(casefile.Event{Kind: casefile.ReportJoined, By: by, Case: in.Case})
		}
		if err != nil {
			p.speak(in.Case, casefile.ActLeadEnded, false) // the other one rings itself
			return
		}
		p.speak(in.Case, casefile.ActLeadHas, true)
		if !p.c.AckedAt.IsZero() {
			p.speak(in.Case, casefile.ActLeadAcked, true)
		}
		p.tellTeam("", "reporter_added", func(a *activities.Args) { a.Reason = "second_report" })
	case casefile.ActReportAdds:
		p.tellTeam("", reportAdds(in.Reason), func(a *activities.Args) {
			a.Reason = in.Reason
			if in.Pin != nil {
				a.Pin = in.Pin
			}
		})
	case casefile.ActLeadHas:
		if p.c.Waiting == in.Case || in.Yes && p.c.Lead == "" {
			p.must(casefile.Event{Kind: casefile.Joined, By: by, Case: in.Case})
		}
	case casefile.ActLeadAcked:
		if p.c.Lead == in.Case && p.must(casefile.Event{Kind: casefile.LeadAcked, By: by, Case: in.Case}) {
			p.tellReporter("acked", nil)
		}
	case casefile.ActLeadEnded:
		if p.c.Lead == in.Case && p.must(casefile.Event{Kind: casefile.LeadEnded, By: by, Case: in.Case, Yes: in.Yes}) && in.Yes {
			p.raiseDesk(casefile.DeskLeadEnded)
		}
	case casefile.ActSplit:
		p.must(casefile.Event{Kind: casefile.Split, By: by, Case: in.Case})
	case casefile.ActMemberGone:
		p.memberGone(in.Member)
	case casefile.ActSamePlace:
		if p.must(casefile.Event{Kind: casefile.SamePlace, By: by, Case: in.Case}) {
			p.tellTeam("", "same_place_again", nil)
		}
	}
}

// reportAdds is the template for what a joined reporter added.
func reportAdds(reason string) string {
	switch reason {
	case "pin_moved", "cancel_forced":
		return reason
	default:
		return "reporter_added"
	}
}

// responder handles the buttons of members.
func (p *page) responder(h activities.Heard) {
	in := h.In
	if h.KeptAway {
		p.turnAway(h)
		return
	}
	e := casefile.Event{By: in.By, Minutes: in.Minutes, Role: in.Role, Reason: in.Reason}
	kinds := map[casefile.Action]casefile.Kind{
		casefile.ActAck: casefile.Acknowledged, casefile.ActAccept: casefile.Accepted, casefile.ActDecline: casefile.Declined,
		casefile.ActDepart: casefile.Departed, casefile.ActArrive: casefile.Arrived, casefile.ActCannotFind: casefile.CannotFind,
		casefile.ActControl: casefile.SceneStopped, casefile.ActWithdraw: casefile.Released, casefile.ActAssist: casefile.AssistAsked,
		casefile.ActTakeOver: casefile.HandoverAccepted, casefile.ActRefuseOver: casefile.HandoverDeclined,
		casefile.ActRadioSeen: casefile.RadioSeen, casefile.ActDeskTake: casefile.DeskTaken,
		casefile.ActCentreTake: casefile.CentreTook,
	}
	e.Kind = kinds[in.Action]
	if e.Kind == "" {
		p.note(in.By, "UNKNOWN_BUTTON", casefile.Private{})
		return
	}
	e.Level = h.Desk.For(p.c.Place)
	if e.Kind == casefile.DeskTaken && e.Level == casefile.LevelDesk && p.c.Desk == nil {
		if in.Reason == casefile.ReasonWatch { // the watcher rang the desk in the place of a story that stood still
			p.raiseDesk(casefile.DeskUnanswered)
		} else { // resolved meanwhile: a desk that was asked has it in hand all the same
			e.Kind = casefile.Acknowledged
		}
	}
	if t, asked := p.c.TrackOf(casefile.MemberID(in.By.ID)); asked && e.Kind == casefile.Accepted {
		if rp, planned := p.plan.Role(t.Role); planned && !rp.Sends { // "yes" by SMS: nobody is sent in this role
			e.Kind = casefile.Acknowledged
		}
	}
	err := p.happen(e)
	var refused *casefile.RefusedError
	if errors.As(err, &refused) {
		p.refused(&h, e)
		return
	}
	p.follow(&h, e)
}

// refused answers a member whose tap came too late or was not theirs.
func (p *page) refused(h *activities.Heard, e casefile.Event) {
	m := casefile.MemberID(e.By.ID)
	if t, asked := p.c.TrackOf(m); asked && e.Kind == casefile.Accepted && t.Filled() {
		if _, on := activeOn(t, m); !on && p.must(casefile.Event{Kind: casefile.CameLate, By: e.By, Role: t.Role}) {
			p.reply(h, "crew_full", nil)
			return
		}
	}
	p.note(e.By, "REFUSED:"+string(e.Kind), casefile.Private{})
	p.reply(h, "refused", func(a *activities.Args) { a.Reason = string(e.Kind) })
}

func activeOn(t casefile.Track, m casefile.MemberID) (casefile.Assignment, bool) {
	for _, a := range t.Team {
		if a.Member == m && a.Active() {
			return a, true
		}
	}
	return casefile.Assignment{}, false
}
