package workflows

import (
	"errors"
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
	e := &errand{clock: in.Clock, upTo: in.UpTo, done: in.Done, nudges: workflow.GetSignalChannel(ctx, SignalNudge)}
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateOrder, e.obey, workflow.UpdateHandlerOptions{
		Validator: e.mayObey, Description: "An order of a signed-in console about a concern.",
	})
	if err != nil {
		return err
	}
	if err := e.load(ctx, in.Concern); err != nil {
		return err
	}
	for {
		if err := e.turn(ctx); err != nil {
			return err
		}
		if e.resting() && e.telling == 0 && e.c.State.Ended() {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) || !e.resting() }); err != nil {
				return err
			}
			if e.resting() {
				return nil
			}
			continue
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && e.resting() && e.telling == 0 && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, Concern, ConcernRun{Concern: e.c.ID, UpTo: e.upTo, Clock: e.clock, Done: e.done})
		}
		if err := e.rest(ctx); err != nil {
			return err
		}
	}
}

// errand is one run of a concern.
type errand struct {
	c       casefile.Concern // as last recorded
	plan    policy.ConcernPlan
	clock   policy.Clock
	upTo    int
	words   []activities.ConcernWord
	pending []*concernOrder
	nudges  workflow.ReceiveChannel
	says    []activities.ConcernMessage
	telling int
	done    []string
	shown   casefile.ConcernState
	at      time.Time // of the timer that runs, case time
	rang    bool
	cancel  workflow.CancelFunc
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

func (e *errand) now(ctx workflow.Context) time.Time { return e.clock.Case(workflow.Now(ctx)) }

func (e *errand) local(ctx workflow.Context, summary string, deed any, in any) workflow.Future {
	return (&story{}).local(ctx, summary, deed, in)
}

func (e *errand) resting() bool {
	return e.nudges.Len() == 0 && len(e.words) == 0 && e.upTo <= e.c.Inbox && len(e.pending) == 0
}

func (e *errand) overdue(ctx workflow.Context) bool {
	return e.c.Version > 0 && !e.c.DueAt.IsZero() && !e.c.DueAt.After(e.now(ctx))
}

// turn handles what arrived, then orders, then the clock, and says what was recorded.
func (e *errand) turn(ctx workflow.Context) error {
	for {
		for n := (Nudge{}); e.nudges.ReceiveAsync(&n); n = (Nudge{}) {
			e.upTo = max(e.upTo, n.UpTo)
		}
		var err error
		switch {
		case len(e.words) > 0 || e.upTo > e.c.Inbox:
			err = e.hear(ctx)
		case len(e.pending) > 0:
			err = e.answer(ctx)
		case e.c.State == casefile.ConcernReceived && e.c.Step == 0 || e.overdue(ctx):
			err = e.climb(ctx)
		default:
			e.tell(ctx)
			e.show(ctx)
			return nil
		}
		var app *temporal.ApplicationError
		if errors.As(err, &app) && (app.Type() == activities.TypeMoved || app.Type() == activities.TypeRecorded) {
			err = e.load(ctx, e.c.ID) // somebody else has moved it: the next turn judges by the record
		}
		if err != nil {
			return err
		}
	}
}

// rest waits until something arrives or the concern climbs.
func (e *errand) rest(ctx workflow.Context) error {
	if due := e.c.DueAt; !due.Equal(e.at) || e.rang {
		if e.cancel != nil && !e.rang {
			e.cancel()
		}
		e.at, e.rang, e.cancel = due, false, nil
		if !due.IsZero() {
			timerCtx, cancel := workflow.WithCancel(ctx)
			e.cancel = cancel
			wait := max(time.Millisecond, e.clock.Wait(due.Sub(e.now(ctx))))
			timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: "the concern climbs"})
			workflow.Go(ctx, func(ctx workflow.Context) {
				if timer.Get(ctx, nil) == nil && e.at.Equal(due) {
					e.rang = true
				}
			})
		}
	}
	return workflow.Await(ctx, func() bool { return !e.resting() || e.rang || e.c.State.Ended() && e.telling == 0 })
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
		kept := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: TellQueue, StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: time.Hour, Summary: "keep the evidence",
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}), deeds.KeepEvidence, in)
		e.telling++
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = kept.Get(ctx, nil) // what could not be fetched stays pending in the record
			e.telling--
		})
	}
}

// tell says what is held, in the background.
func (e *errand) tell(ctx workflow.Context) {
	if len(e.says) == 0 {
		return
	}
	in := activities.TellConcernInput{Concern: e.c.ID, Seq: e.c.Version, Messages: e.says}
	e.says = nil
	said := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TellQueue, StartToCloseTimeout: time.Minute, HeartbeatTimeout: activities.BeatWithin, ScheduleToCloseTimeout: time.Hour,
		Summary:     fmt.Sprintf("tell %d people: %s", len(in.Messages), in.Messages[0].Template),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 200},
	}), deeds.TellConcern, in)
	e.telling++
	workflow.Go(ctx, func(ctx workflow.Context) {
		_ = said.Get(ctx, nil) // whoever was not reached is followed by the next office
		e.telling--
	})
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
