package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// AidType is a request for aid.
const AidType = "AidRequest"

// AidWorkflowID is the workflow ID of an aid request.
func AidWorkflowID(id casefile.AidID) string { return "aid/" + string(id) }

// AidRun starts a run. The record of the request is in PostgreSQL.
type AidRun struct {
	Aid   casefile.AidID `json:"aid"`
	UpTo  int            `json:"up_to"`
	Clock policy.Clock   `json:"clock"`
	Done  []string       `json:"done,omitempty"` // IDs of the latest orders
}

// AidVerdict is the answer to an order that the law allowed.
type AidVerdict struct {
	State   casefile.AidState     `json:"state"`
	Version int                   `json:"version"`
	Kind    casefile.AidEventKind `json:"kind"`
	Case    casefile.CaseID       `json:"case,omitempty"`
}

// AidRequest goes on with a request for aid until it is closed. Every step is owed by somebody until a day, and
// whoever lets it lie is reminded, then others are called.
func AidRequest(ctx workflow.Context, in AidRun) error {
	p := &plea{}
	p.clock, p.upTo, p.done, p.nudges = in.Clock, in.UpTo, in.Done, workflow.GetSignalChannel(ctx, SignalNudge)
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateOrder, p.obey, workflow.UpdateHandlerOptions{
		Validator: p.mayObey, Description: "An order of a signed-in console about an aid request.",
	})
	if err != nil {
		return err
	}
	if err := p.load(ctx, in.Aid); err != nil {
		return err
	}
	return goOn(ctx, p)
}

// again begins a new run.
func (p *plea) again(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, AidRequest, AidRun{Aid: p.a.ID, UpTo: p.upTo, Clock: p.clock, Done: p.done})
}

// plea is one run of an aid request.
type plea struct {
	round[casefile.AidOrder, AidVerdict]
	a     casefile.AidRequest // as last recorded
	plan  policy.AidPlan
	words []activities.AidWord
	says  []activities.AidMessage
	shown casefile.AidState
}

func (p *plea) load(ctx workflow.Context, id casefile.AidID) error {
	var b activities.AidBegin
	if err := p.local(ctx, "load the aid request", deeds.BeginAid, activities.AidInput{Aid: id}).Get(ctx, &b); err != nil {
		return err
	}
	p.a, p.plan, p.words = b.Aid, b.Plan, b.Words
	return nil
}

func (p *plea) resting() bool { return len(p.words) == 0 && p.quiet(p.a.Inbox) }

// called reports whether somebody is to be called now.
func (p *plea) called(ctx workflow.Context) bool {
	return !p.a.CallAt.IsZero() && !p.a.CallAt.After(p.now(ctx))
}

// turn handles what arrived, then orders, then the clock, and says what was recorded.
func (p *plea) turn(ctx workflow.Context) error {
	for {
		p.drain()
		var err error
		switch {
		case len(p.words) > 0 || p.upTo > p.a.Inbox:
			err = p.hear(ctx)
		case len(p.pending) > 0:
			err = p.answer(p.ordered(ctx), p.stands)
		case p.called(ctx):
			err = p.climb(ctx)
		default:
			p.tell(ctx)
			p.show(ctx)
			return nil
		}
		if typed(err, activities.TypeMoved, activities.TypeRecorded) {
			err = p.load(ctx, p.a.ID) // somebody else has moved it: the next turn judges by the record
		}
		if err != nil {
			return err
		}
	}
}

// rest waits until something arrives or somebody is called.
func (p *plea) rest(ctx workflow.Context) error {
	p.wind(ctx, p.a.CallAt, "somebody is called about the aid request")
	return workflow.Await(ctx, func() bool { return !p.resting() || p.rang || p.over() && !p.telling() })
}

// over reports whether a run has nothing to wait for: the request has ended, or is a draft, which is nobody's yet.
func (p *plea) over() bool { return p.a.State.Ended() || p.a.State == casefile.AidDraft }

// clocked are the events after which the next step is owed anew. Whatever else happens on the way moves no deadline.
var clocked = []casefile.AidEventKind{
	casefile.AidVisitPlanned, casefile.AidVisitMissed, casefile.AidPlanMade, casefile.AidLookedIn, casefile.AidItemFailed,
}

// dated gives an event its time, and its deadline where it begins a step.
func (p *plea) dated(a casefile.AidRequest, x casefile.AidEvent, at time.Time) (casefile.AidRequest, casefile.AidEvent, error) {
	if x.At.IsZero() {
		x.At = at
	}
	next, err := a.Apply(x)
	if err != nil || x.Kind == casefile.AidCalled || next.State.Ended() || next.State == casefile.AidDraft {
		return next, x, err
	}
	if next.State != a.State || slices.Contains(clocked, x.Kind) {
		from := x.At
		if x.Kind == casefile.AidVisitPlanned {
			from = x.VisitAt
		}
		x.DueAt, x.CallAt = p.plan.Due(next.State, next.Urgency, from)
		next, err = a.Apply(x)
	}
	return next, x, err
}

// commit records events in order; each is judged by the law after the one before.
func (p *plea) commit(ctx workflow.Context, prefix string, proof *activities.AidProof, limits []policy.AidLimit, events ...casefile.AidEvent) error {
	a, at := p.a, p.now(ctx)
	for i := range events {
		x := &events[i]
		x.Seq, x.ID = a.Version+1, casefile.EventID(fmt.Sprintf("%s:%d", prefix, i))
		var err error
		if a, *x, err = p.dated(a, *x, at); err != nil {
			return err
		}
	}
	in := activities.AidRecord{After: a, Events: events, Limits: limits, Proof: proof}
	if err := p.local(ctx, "record "+string(events[0].Kind), deeds.RecordAid, in).Get(ctx, nil); err != nil {
		return err
	}
	p.a = a
	return nil
}

func (p *plea) clockID() string { return fmt.Sprintf("aclk:%s:%d", p.a.ID, p.a.Version+1) }

// tell says what is held, in the background.
func (p *plea) tell(ctx workflow.Context) {
	if len(p.says) == 0 {
		return
	}
	in := activities.TellAidInput{Aid: p.a.ID, Form: p.a.Form, Case: p.a.Case, Seq: p.a.Version, Messages: p.says}
	p.says = nil
	p.background(ctx, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TellQueue, StartToCloseTimeout: time.Minute, HeartbeatTimeout: activities.BeatWithin, ScheduleToCloseTimeout: time.Hour,
		Summary:     fmt.Sprintf("tell %d people: %s", len(in.Messages), in.Messages[0].Template),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 200},
	}), deeds.TellAid, in))
}

// say holds a message to a member; nobody: the person helped.
func (p *plea) say(m casefile.MemberID, template, reason string, at time.Time) {
	message := activities.AidMessage{Member: m, Template: template, Args: activities.Args{
		Code: p.a.ID.Code(), Reason: reason, Aid: &activities.AidSaid{ID: p.a.ID, State: p.a.State, At: at},
	}}
	same := func(x activities.AidMessage) bool { return x.Member == m && x.Template == template }
	if !slices.ContainsFunc(p.says, same) { // one moment says a thing once
		p.says = append(p.says, message)
	}
}

// show puts codes where supervisors see them in the Temporal UI.
func (p *plea) show(ctx workflow.Context) {
	if p.shown == p.a.State {
		return
	}
	p.shown = p.a.State
	_ = workflow.UpsertTypedSearchAttributes(ctx, // only a wrong type fails, which the worker has checked
		AttrPhase.ValueSet(string(p.a.State)), AttrKind.ValueSet("AID"), AttrProvince.ValueSet(p.a.Place.Province))
}
