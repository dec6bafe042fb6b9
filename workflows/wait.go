package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// alarm is the one timer of a story: the next deadline.
type alarm struct {
	at     time.Time // case time; zero: not set
	rang   bool
	cancel workflow.CancelFunc
}

// rest waits until something arrives or the next deadline passes. It is the
// only place that starts timers: absolute, named, cancelled when not needed.
func (s *story) rest(ctx workflow.Context) error {
	if d, ok := s.c.NextDeadline(); ok && s.serves() && !s.finishing(ctx) {
		s.set(ctx, d)
	} else {
		s.unset()
	}
	return workflow.Await(ctx, func() bool { return !s.resting() || s.alarm.rang || s.over() || s.mayContinueAsNew(ctx) })
}

func (s *story) set(ctx workflow.Context, d casefile.Deadline) {
	if s.alarm.at.Equal(d.At) && !s.alarm.rang {
		return
	}
	s.unset()
	timerCtx, cancel := workflow.WithCancel(ctx)
	a := &alarm{at: d.At, cancel: cancel}
	s.alarm = a
	wait := max(time.Millisecond, s.clock.Wait(d.At.Sub(s.now(ctx))))
	timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: clockSentence(d)})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) == nil {
			a.rang = true
		}
	})
}

func (s *story) unset() {
	if s.alarm.cancel != nil && !s.alarm.rang {
		s.alarm.cancel()
	}
	s.alarm = &alarm{}
}

// lapsed lists the clocks that have run out at this turn.
func (s *story) lapsed(ctx workflow.Context) []casefile.Deadline {
	return s.c.Due(s.now(ctx))
}

// localOptions bound a database deed: short tries, repeated until the workflow
// task is handed on; a deed that PostgreSQL cannot do goes on being tried.
func (s *story) local(ctx workflow.Context, summary string, deed any, in any) workflow.Future {
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    5 * time.Second,
		ScheduleToCloseTimeout: 24 * time.Hour,
		Summary:                summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second,
		},
	}), deed, in)
}

// keep fetches in the background what people sent beside words, before the channel forgets it.
func (s *story) keep(ctx workflow.Context, sent []activities.KeepInput) {
	for _, in := range sent {
		actCtx := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue:              TellQueue,
			StartToCloseTimeout:    time.Minute,
			ScheduleToCloseTimeout: time.Hour,
			Summary:                "keep what the reporter sent",
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			},
		})
		kept := workflow.ExecuteActivity(actCtx, deeds.Keep, in)
		s.telling++
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = kept.Get(ctx, nil) // what could not be fetched stays pending in the record
			s.telling--
		})
	}
}

// brought lists what arrived beside words with some events.
func brought(id casefile.CaseID, events []casefile.Event) []activities.KeepInput {
	var sent []activities.KeepInput
	for _, e := range events {
		if e.BringsMedia() {
			sent = append(sent, activities.KeepInput{Case: id, Seq: e.Seq, MessageID: e.Private.Media})
		}
	}
	return sent
}

// toldAtOnce is how many messages one activity says at most.
const toldAtOnce = 50

// tell says what is held, in the background: the story goes on while the channel answers.
// The tries of one batch end after an hour; by then the ladders have long gone on.
func (s *story) tell(ctx workflow.Context) {
	says := s.held
	s.held = nil
	for len(says) > 0 {
		n := min(toldAtOnce, len(says))
		batch := says[:n]
		says = says[n:]
		actCtx := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue:              TellQueue,
			StartToCloseTimeout:    time.Minute, // channels may hang one after the other; a dead worker is missed by its beat
			HeartbeatTimeout:       activities.BeatWithin,
			ScheduleToCloseTimeout: time.Hour,
			Summary:                fmt.Sprintf("tell %d people: %s", len(batch), batch[0].Template),
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 200,
			},
		})
		said := workflow.ExecuteActivity(actCtx, deeds.Tell, activities.TellInput{Case: s.c.ID, Reporter: s.c.Reporter, Messages: batch})
		s.telling++
		workflow.Go(ctx, func(ctx workflow.Context) {
			var r activities.TellResult
			err := said.Get(ctx, &r)
			s.telling--
			if err != nil {
				for _, m := range batch {
					if !m.Beside {
						r.Told = append(r.Told, activities.Told{Key: m.Key, Member: m.Member, Seq: m.Seq, Outcome: activities.OutcomeUnknown})
					}
				}
			}
			for _, t := range r.Told {
				if t.Outcome != activities.OutcomeAccepted && t.Member != "" {
					s.told = append(s.told, r.Told...)
					return
				}
			}
		})
	}
}
