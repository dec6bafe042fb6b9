package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// command is one console command that somebody waits for.
type command struct {
	in      casefile.Command
	done    bool
	verdict Verdict
	err     error
}

// mayObey refuses what no state of the case could allow. Whether this state
// does is judged when the command's turn comes.
func (s *story) mayObey(ctx workflow.Context, in casefile.Command) error {
	if in.ID == "" || !slices.Contains(casefile.Commands, in.Kind) || !in.By.Human() || in.Proof == "" {
		return refusal(&casefile.RefusedError{Kind: in.Kind, State: s.c.State,
			Th: "คำสั่งไม่ครบถ้วน", En: "a command needs an ID, a known kind and a signed-in person"})
	}
	return nil
}

// obey queues a command and waits for its verdict.
func (s *story) obey(ctx workflow.Context, in casefile.Command) (Verdict, error) {
	if slices.Contains(s.done, in.ID) {
		return s.verdict(in.Kind), nil
	}
	c := &command{in: in}
	s.pending = append(s.pending, c)
	if err := workflow.Await(ctx, func() bool { return c.done }); err != nil {
		return Verdict{}, err
	}
	return c.verdict, c.err
}

func (s *story) verdict(k casefile.Kind) Verdict {
	return Verdict{Case: s.c.ID, State: s.c.State, Version: s.c.Version, Kind: k}
}

// refusal carries the law's words to the caller.
func refusal(err error) error {
	var refused *casefile.RefusedError
	if errors.As(err, &refused) {
		return temporal.NewApplicationErrorWithOptions(refused.En, activities.TypeRefused, temporal.ApplicationErrorOptions{
			NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign, Details: []any{refused.Th, refused.En, string(refused.State)},
		})
	}
	return err
}

// answer carries out the oldest command that waits.
func (s *story) answer(ctx workflow.Context) error {
	c := s.pending[0]
	kind, err := s.carryOut(ctx, c.in)
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == activities.TypeMoved {
		return err // judged again by the record
	}
	if app != nil && app.Type() == activities.TypeRecorded { // an earlier run, or a task that was lost, has done it
		kind, err = c.in.Kind, nil
	}
	s.pending = s.pending[1:]
	c.done = true
	if err != nil {
		c.err = refusal(err)
		return nil
	}
	s.remember(c.in.ID)
	c.verdict = s.verdict(kind)
	return nil
}

func (s *story) carryOut(ctx workflow.Context, in casefile.Command) (casefile.Kind, error) {
	p := s.page(ctx)
	e := casefile.Event{
		ID: casefile.EventID("cmd:" + in.ID), Kind: in.Kind, By: in.By, Role: in.Role, Crew: in.Crew, Level: in.Level, Member: in.Member,
		Unit: in.Unit, Case: in.Case, Severity: in.Severity, Minutes: in.Minutes, Outcome: in.Outcome, Reason: in.Reason,
		Yes: in.Yes, Private: in.Private, Care: in.Care,
	}
	var err error
	switch in.Kind {
	case casefile.PinSet, casefile.PinMoved:
		err = s.placeByHand(ctx, p, e)
	case casefile.ProvinceSet:
		err = s.placeByProvince(ctx, p, e, in.Province)
	case casefile.CentreAsked:
		err = s.askCentre(ctx, p, e)
	case casefile.CaseClosed, casefile.MarkedFalse:
		if in.Kind == casefile.MarkedFalse {
			e.Outcome = casefile.OutcomeFalse
		}
		e.Kind = p.c.EndKind(in.Kind, in.By, e.Outcome)
		err = p.happen(e)
	case casefile.HandoverOffered: // by hand: the ladder of offices does the asking
		if p.c.State != casefile.Controlled && p.c.State != casefile.Handover {
			err = p.happen(e)
			break
		}
		e.Kind, e.Reason = casefile.Noted, "HANDOVER_ASKED"
		if err = p.happen(e); err == nil {
			p.c.SetClock(casefile.Deadline{Clock: casefile.ClockHandover, At: p.now})
		}
	case casefile.Escalated:
		err = p.escalate(e)
	case casefile.Excluded:
		e.Place = &casefile.Place{Province: in.Province}
		err = p.exclude(e)
	case casefile.RoleAdded, casefile.ChildSet:
		if _, planned := p.plan.Role(addedRole(e)); !planned {
			err = &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "เพิ่มหน้าที่นี้ไม่ได้", En: "the policy has no ladder for this role"}
			break
		}
		if t, ok := p.c.Track(e.Role); ok && e.Kind == casefile.RoleAdded {
			e.Crew = t.Crew + max(1, e.Crew)
		}
		err = p.happen(e)
	case casefile.Joined:
		if err = p.happen(e); err == nil {
			p.speak(in.Case, casefile.ActReportJoins, true)
		}
	case casefile.Split:
		lead := p.c.Lead
		if err = p.happen(e); err == nil {
			p.speak(lead, casefile.ActSplit, true)
		}
	default:
		if e.Kind.AboutCare() {
			err = s.tend(ctx, p, e)
			break
		}
		err = p.happen(e)
	}
	if err != nil {
		return "", err
	}
	if e.Kind.AboutCare() {
		p.afterCare(p.events[0])
	} else {
		p.follow(nil, p.events[0])
	}
	proof := &activities.Proof{Command: in.ID, Kind: in.Kind, By: in.By, Seal: in.Proof}
	return p.events[0].Kind, s.commitOwed(ctx, p, proof)
}

func addedRole(e casefile.Event) casefile.Role {
	if e.Kind == casefile.ChildSet {
		return casefile.ChildWorker
	}
	return e.Role
}

// placeByHand sets the pin that an operator found from a written address.
func (s *story) placeByHand(ctx workflow.Context, p *page, e casefile.Event) error {
	refused := &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "พิกัดนี้ไม่อยู่ในประเทศไทย", En: "this pin is not in Thailand"}
	if e.Private.Pin == nil || !e.Private.Pin.Usable() {
		return refused
	}
	var l activities.Located
	in := activities.LocateInput{Pin: *e.Private.Pin, Type: p.c.Type, Child: p.c.Child}
	if err := s.local(ctx, "find the place", deeds.Locate, in).Get(ctx, &l); err != nil {
		return err
	}
	if !l.OK {
		return refused
	}
	p.setPin(l, e)
	if len(p.events) == 0 {
		return &casefile.RefusedError{Kind: e.Kind, State: p.c.State, Th: "เรื่องนี้ยุติแล้ว", En: "the case has ended"}
	}
	p.events[0].ID = e.ID
	return nil
}

// placeByProvince gives a case without a pin to the 191 of the province that an
// operator named: the province's own ladders ring, from the radio centre on.
func (s *story) placeByProvince(ctx workflow.Context, p *page, e casefile.Event, province string) error {
	e.Place = &casefile.Place{Province: province}
	if err := p.happen(e); err != nil {
		return err
	}
	var l activities.Located
	in := activities.LocateInput{Province: province, Type: p.c.Type, Child: p.c.Child}
	if err := s.local(ctx, "find the province", deeds.Locate, in).Get(ctx, &l); err != nil {
		return err
	}
	if !l.OK {
		return &casefile.RefusedError{Kind: e.Kind, State: s.c.State, Th: "ไม่มีจังหวัดนี้", En: "there is no such province"}
	}
	p.leftProvince(p.c) // the province was another one before
	p.plan, p.next = l.Plan, l.Next
	p.need(l.Plan)
	return nil
}

// provincial are the levels whose desks answer for one province, or for a part of it.
var provincial = []casefile.Level{
	casefile.LevelRadio191, casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelEMS,
	casefile.LevelStation, casefile.LevelNextStation,
}

// leftProvince tells the desks of the province in which a case was that another
// one has it. Whose people go on stays on the case.
func (p *page) leftProvince(was casefile.Case) {
	for _, t := range was.Tracks {
		for _, o := range t.Offers {
			_, on := activeOn(t, o.Member)
			if slices.Contains(provincial, o.Level) && o.Answer != casefile.SaidNo && !on {
				p.tellMember(o.Member, "stand_down", func(a *activities.Args) { a.Reason, a.Role = "TRANSFERRED", t.Role })
			}
		}
	}
}

// escalate rings the next rung of a role's ladder at once.
func (p *page) escalate(e casefile.Event) error {
	if e.Role == "" {
		e.Role = casefile.Police
	}
	e.Step = min(3, p.c.Escalation+1)
	if err := p.happen(e); err != nil {
		return err
	}
	if t, ok := p.c.Track(e.Role); ok && !p.satisfied(t) {
		p.c.SetClock(casefile.Deadline{Clock: casefile.ClockLadder, Role: e.Role, At: p.now})
	}
	return nil
}
