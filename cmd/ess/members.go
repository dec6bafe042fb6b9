package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/workflows"
)

// membership is who becomes a member and stays one, as the API wants it: the
// record, and a nudge to the stories that wait for it.
type membership struct {
	*postgres.Store
	parts *parts
}

func (m membership) terms() casefile.Terms { return activities.Terms(m.parts.policy.Members) }

func (m membership) Apply(ctx context.Context, of casefile.ReporterID, j casefile.Joining, userID string, l casefile.Language) (casefile.Registration, error) {
	r, err := m.AskRegistration(ctx, of, j, postgres.Applicant{LINE: userID, Language: l}, m.terms())
	if err == nil {
		m.parts.nudgeRegistration(ctx, r.ID)
	}
	return r, err
}

func (m membership) Registrations(ctx context.Context, f api.RegistrationFilter) ([]casefile.Registration, error) {
	return m.Store.Registrations(ctx, postgres.RegistrationFilter(f))
}

func (m membership) Applicant(ctx context.Context, id casefile.RegistrationID, by casefile.Actor, purpose string) (casefile.Registration, api.RegistrationPerson, error) {
	r, who, err := m.Store.Applicant(ctx, id, by, purpose)
	return r, api.RegistrationPerson{Name: who.Name, Subdistrict: who.Subdistrict, Born: who.Born}, err
}

func (m membership) Decide(ctx context.Context, id casefile.RegistrationID, d casefile.Deed, by casefile.Actor, reason string) (casefile.Registration, error) {
	moved, err := m.DecideRegistration(ctx, id, d, by, reason, m.terms())
	m.moved(ctx, moved, err)
	return moved.Registration, err
}

func (m membership) MoveMember(ctx context.Context, id casefile.MemberID, d casefile.Deed, by casefile.Actor, reason string) (casefile.MemberState, error) {
	moved, err := m.Store.MoveMember(ctx, id, d, by, reason, m.terms())
	m.moved(ctx, moved, err)
	return moved.State, err
}

// moved wakes the stories that a deed concerns. What a lost nudge leaves, the relay
// and the look at overdue registrations find.
func (m membership) moved(ctx context.Context, moved postgres.Moved, err error) {
	if err != nil {
		return
	}
	for _, n := range moved.Nudges {
		if err := m.parts.Nudge(ctx, n.Case, n.UpTo); err != nil {
			m.parts.log.WarnContext(ctx, "nudge left to the relay", "case", string(n.Case), "error", err)
		}
	}
	if moved.Registration.ID != "" {
		m.parts.nudgeRegistration(ctx, moved.Registration.ID)
	}
}

var _ api.Members = membership{}

// nudgeRegistration lets the workflow of a registration look, or starts one.
func (p *parts) nudgeRegistration(ctx context.Context, id casefile.RegistrationID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := p.temporal.SignalWithStartWorkflow(ctx, workflows.RegistrationID(id), workflows.SignalNudge, nil, client.StartWorkflowOptions{
		ID: workflows.RegistrationID(id), TaskQueue: workflows.CareQueue, StaticSummary: "Membership " + casefile.Registration{ID: id}.Code(),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority: temporal.Priority{PriorityKey: 3},
	}, workflows.RegistrationType, workflows.RegistrationStart{ID: id, Clock: p.clock})
	if err != nil {
		p.log.WarnContext(ctx, "a membership is looked at later", "registration", string(id), "error", err)
	}
}

// registrationGrace is how long after its instant a registration counts as forgotten, case time.
const registrationGrace = time.Minute

// keepMembers tells people of memberships, and wakes the workflows that missed
// their instant. Several workers may do it at once: what two of them say is one message.
func (p *parts) keepMembers(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	every := max(p.clock.Wait(30*time.Second), time.Second)
	looked := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.tellMembers(ctx); err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot tell of memberships", "error", err)
		}
		if time.Since(looked) < every {
			continue
		}
		looked = time.Now()
		late, err := p.store.OverdueRegistrations(ctx, registrationGrace, 100)
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot look for overdue memberships", "error", err)
		}
		for _, id := range late {
			p.nudgeRegistration(ctx, id)
		}
	}
}

// tellMembers tells those who wait for it, for a day at most.
func (p *parts) tellMembers(ctx context.Context) error {
	now := p.store.Now()
	rest := p.policy.Members.Care.Duration
	careSince := now.Add(-rest)
	if p.policy.Quiet(now) {
		careSince = time.Time{}
	}
	return outbox[postgres.MemberNotice]{
		Untold: func(ctx context.Context, after int64, limit int) ([]postgres.MemberNotice, error) {
			return p.store.UntoldMembers(ctx, careSince, after, limit)
		},
		Tell: p.tellMember, Told: p.store.ToldMember, Patience: 24 * time.Hour,
		Of: func(n postgres.MemberNotice) (int64, time.Time) {
			if n.Template == activities.MemberCare {
				return n.ID, n.At.Add(rest)
			}
			return n.ID, n.At
		},
	}.tell(ctx, now)
}

// tellMember tells one person and shows the menu that fits; an empty outcome asks for another try.
func (p *parts) tellMember(ctx context.Context, n postgres.MemberNotice) activities.Outcome {
	if n.To == "" {
		return activities.OutcomeNoContact
	}
	args := activities.Args{Reason: n.Reason, Registration: n.Registration.ID}
	if n.Registration.ID != "" {
		args.Code = n.Registration.Code()
	}
	sent, err := p.line.Send(ctx, activities.Outgoing{
		To: n.To, Key: fmt.Sprintf("member/%d/%s/%d", n.ID, n.Template, n.At.Unix()), Language: n.Language, Template: n.Template, Args: args,
	})
	if err != nil {
		p.log.WarnContext(ctx, "a membership was not told", "notice", n.ID, "error", err)
		return ""
	}
	menu, err := p.menuOf(ctx, n)
	if err == nil && menu != "" {
		err = p.line.LinkMenu(ctx, n.To, menu, n.Language)
	}
	if err != nil {
		p.log.WarnContext(ctx, "the menu of a member was not shown", "notice", n.ID, "error", err)
	}
	return sent.Outcome
}

// menuOf is the menu that whoever was told of a membership has from here on, by
// what the roster says of them; empty: the one they have.
func (p *parts) menuOf(ctx context.Context, n postgres.MemberNotice) (line.MenuRole, error) {
	switch n.Template {
	case activities.MemberApproved, activities.MemberResumed:
	case activities.MemberSuspended, activities.MemberResigned, activities.MemberExpired:
		return line.MenuCitizen, nil
	default:
		return "", nil
	}
	m, err := p.store.Member(ctx, n.Member)
	if err != nil {
		return "", err
	}
	if m.State != casefile.MemberActive { // what was told has been overtaken
		return line.MenuCitizen, nil
	}
	return line.MenuOf(m.Member), nil
}

// leaveOut ends the membership of everybody of the units in a whole list whom it
// does not name any more: their access ends the same day, and their open offers at once.
func (p *parts) leaveOut(ctx context.Context, r roster) error {
	var units []casefile.UnitID
	var stay []casefile.MemberID
	for _, m := range r.Members {
		units, stay = append(units, m.Unit), append(stay, m.ID)
	}
	gone, err := p.store.LeaveOut(ctx, units, stay, casefile.Actor{Kind: casefile.ByOperator, ID: "roster"})
	if err == nil && gone > 0 {
		fmt.Printf("%d members have left\n", gone)
	}
	return err
}
