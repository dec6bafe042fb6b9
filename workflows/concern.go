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

// Names of what somebody pointed out that is not urgent.
const (
	ConcernType = "Concern"
	UpdateOrder = "order" // a console's order that somebody waits for
)

// ConcernWorkflowID is the workflow ID of a concern.
func ConcernWorkflowID(id casefile.ConcernID) string { return "concern/" + string(id) }

// ConcernRun starts a run. The record of the concern is in PostgreSQL.
type ConcernRun struct {
	Concern casefile.ConcernID `json:"concern"`
	UpTo    int                `json:"up_to"`
	Clock   policy.Clock       `json:"clock"`
	Done    []string           `json:"done,omitempty"` // IDs of the latest orders
}

// ConcernVerdict is the answer to an order that the law allowed.
type ConcernVerdict struct {
	State   casefile.ConcernState     `json:"state"`
	Version int                       `json:"version"`
	Kind    casefile.ConcernEventKind `json:"kind"`
	Case    casefile.CaseID           `json:"case,omitempty"`
}

// Concern goes on with what somebody pointed out until a human has made a case of
// it, referred it or ended it. The responsible worker is asked, and every silence climbs.
func Concern(ctx workflow.Context, in ConcernRun) error {
	e := &errand{}
	e.clock, e.upTo, e.done, e.nudges = in.Clock, in.UpTo, in.Done, workflow.GetSignalChannel(ctx, SignalNudge)
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateOrder, e.obey, workflow.UpdateHandlerOptions{
		Validator: e.mayObey, Description: "An order of a signed-in console about a concern.",
	})
	if err != nil {
		return err
	}
	if err := e.load(ctx, in.Concern); err != nil {
		return err
	}
	return goOn(ctx, e)
}

// again begins a new run.
func (e *errand) again(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, Concern, ConcernRun{Concern: e.c.ID, UpTo: e.upTo, Clock: e.clock, Done: e.done})
}

func (e *errand) over() bool { return e.c.State.Ended() }

// errand is one run of a concern.
type errand struct {
	round[casefile.ConcernOrder, ConcernVerdict]
	c     casefile.Concern // as last recorded
	plan  policy.ConcernPlan
	words []activities.ConcernWord
	says  []activities.ConcernMessage
	shown casefile.ConcernState
}

func (e *errand) load(ctx workflow.Context, id casefile.ConcernID) error {
	var b activities.ConcernBegin
	if err := e.local(ctx, "load the concern", deeds.BeginConcern, activities.ConcernInput{Concern: id}).Get(ctx, &b); err != nil {
		return err
	}
	e.c, e.plan, e.words = b.Concern, b.Plan, b.Words
	e.keep(ctx, b.Keep)
	return nil
}

func (e *errand) resting() bool { return len(e.words) == 0 && e.quiet(e.c.Inbox) }

func (e *errand) overdue(ctx workflow.Context) bool {
	return e.c.Version > 0 && !e.c.DueAt.IsZero() && !e.c.DueAt.After(e.now(ctx))
}

// turn handles what arrived, then orders, then the clock, and says what was recorded.
func (e *errand) turn(ctx workflow.Context) error {
	for {
		e.drain()
		var err error
		switch {
		case len(e.words) > 0 || e.upTo > e.c.Inbox:
			err = e.hear(ctx)
		case len(e.pending) > 0:
			err = e.answer(e.ordered(ctx), e.stands)
		case e.c.State == casefile.ConcernReceived && e.c.Step == 0 || e.overdue(ctx):
			err = e.climb(ctx)
		default:
			e.tell(ctx)
			e.show(ctx)
			return nil
		}
		if typed(err, activities.TypeMoved, activities.TypeRecorded) {
			err = e.load(ctx, e.c.ID) // somebody else has moved it: the next turn judges by the record
		}
		if err != nil {
			return err
		}
	}
}

// rest waits until something arrives or the concern climbs.
func (e *errand) rest(ctx workflow.Context) error {
	e.wind(ctx, e.c.DueAt, "the concern climbs")
	return workflow.Await(ctx, func() bool { return !e.resting() || e.rang || e.over() && !e.telling() })
}

// commit records events in order; each is judged by the law after the one before.
func (e *errand) commit(ctx workflow.Context, prefix string, proof *activities.ConcernProof, events ...casefile.ConcernEvent) error {
	c, at := e.c, e.now(ctx)
	for i := range events {
		x := &events[i]
		x.Seq, x.ID = c.Version+1, casefile.EventID(fmt.Sprintf("%s:%d", prefix, i))
		if x.At.IsZero() {
			x.At = at
		}
		var err error
		if c, err = c.Apply(*x); err != nil {
			return err
		}
	}
	in := activities.ConcernRecord{After: c, Events: events, Proof: proof}
	if err := e.local(ctx, "record "+string(events[0].Kind), deeds.RecordConcern, in).Get(ctx, nil); err != nil {
		return err
	}
	e.c = c
	var sent []activities.EvidenceInput
	for _, x := range events {
		if x.BringsEvidence() && x.Private.Media != "" {
			sent = append(sent, activities.EvidenceInput{Concern: c.ID, Seq: x.Seq, MessageID: x.Private.Media})
		}
	}
	e.keep(ctx, sent)
	return nil
}

// keep fetches in the background what was sent, before the channel forgets it.
func (e *errand) keep(ctx workflow.Context, sent []activities.EvidenceInput) {
	for _, in := range sent {
		e.background(ctx, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: TellQueue, StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: time.Hour, Summary: "keep the evidence",
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}), deeds.KeepEvidence, in))
	}
}

// tell says what is held, in the background.
func (e *errand) tell(ctx workflow.Context) {
	if len(e.says) == 0 {
		return
	}
	in := activities.TellConcernInput{Concern: e.c.ID, Seq: e.c.Version, Messages: e.says}
	e.says = nil
	e.background(ctx, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TellQueue, StartToCloseTimeout: time.Minute, HeartbeatTimeout: activities.BeatWithin, ScheduleToCloseTimeout: time.Hour,
		Summary:     fmt.Sprintf("tell %d people: %s", len(in.Messages), in.Messages[0].Template),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 200},
	}), deeds.TellConcern, in))
}

// say holds a message to a member, or to the pointer when there is none.
func (e *errand) say(m casefile.MemberID, template, replyToken string) {
	e.says = append(e.says, activities.ConcernMessage{
		Member: m, Template: template, ReplyToken: replyToken, Args: activities.Args{
			Code:     e.c.ID.Code(),
			Province: e.c.Place.Province, District: e.c.Place.District, Child: e.c.Child && e.c.Kind.AlwaysChild(),
			Talk: &casefile.TalkAnswer{Concern: e.c.ID, About: e.c.Kind},
		},
	})
}

// show puts codes where supervisors see them in the Temporal UI.
func (e *errand) show(ctx workflow.Context) {
	if e.shown == e.c.State {
		return
	}
	e.shown = e.c.State
	_ = workflow.UpsertTypedSearchAttributes(ctx, // only a wrong type fails, which the worker has checked
		AttrPhase.ValueSet(string(e.c.State)), AttrKind.ValueSet("CONCERN"), AttrProvince.ValueSet(e.c.Place.Province))
}

// asked are those who were asked, but for one.
func (e *errand) asked(but casefile.Actor) []casefile.MemberID {
	return slices.DeleteFunc(slices.Clone(e.c.Asked), func(m casefile.MemberID) bool {
		return but == (casefile.Actor{Kind: casefile.ByMember, ID: string(m)})
	})
}
