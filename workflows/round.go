package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/policy"
)

// round is what runs of a concern and of an aid request share: nudges about an inbox, orders O that somebody waits for
// and their verdicts V, one timer, and what goes on in the background. What any of it means is each one's own.
type round[O, V any] struct {
	clock   policy.Clock
	upTo    int
	pending []*orderOf[O, V]
	nudges  workflow.ReceiveChannel
	busy    int // what is said or fetched at the moment
	done    []string
	at      time.Time // of the timer that runs, case time
	rang    bool
	cancel  workflow.CancelFunc
}

// orderOf is one order that somebody waits for.
type orderOf[O, V any] struct {
	id      string
	in      O
	done    bool
	verdict V
	err     error
}

func (r *round[O, V]) now(ctx workflow.Context) time.Time { return r.clock.Case(workflow.Now(ctx)) }

func (r *round[O, V]) local(ctx workflow.Context, summary string, deed any, in any) workflow.Future {
	return (&story{}).local(ctx, summary, deed, in)
}

// drain takes in the nudges that have come.
func (r *round[O, V]) drain() {
	for n := (Nudge{}); r.nudges.ReceiveAsync(&n); n = (Nudge{}) {
		r.upTo = max(r.upTo, n.UpTo)
	}
}

// quiet reports whether nothing that arrived waits, where the inbox was heard up to a number.
func (r *round[O, V]) quiet(heard int) bool {
	return r.nudges.Len() == 0 && r.upTo <= heard && len(r.pending) == 0
}

func (r *round[O, V]) telling() bool { return r.busy > 0 }

// wind sets the one timer to an instant; zero: none.
func (r *round[O, V]) wind(ctx workflow.Context, due time.Time, summary string) {
	if due.Equal(r.at) && !r.rang {
		return
	}
	if r.cancel != nil && !r.rang {
		r.cancel()
	}
	r.at, r.rang, r.cancel = due, false, nil
	if due.IsZero() {
		return
	}
	timerCtx, cancel := workflow.WithCancel(ctx)
	r.cancel = cancel
	wait := max(time.Millisecond, r.clock.Wait(due.Sub(r.now(ctx))))
	timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: summary})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) == nil && r.at.Equal(due) {
			r.rang = true
		}
	})
}

// background lets something go on beside the round, whatever becomes of it.
func (r *round[O, V]) background(ctx workflow.Context, f workflow.Future) {
	r.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		_ = f.Get(ctx, nil) // what was not said or fetched is followed by the next office, or stays pending in the record
		r.busy--
	})
}

// queue waits until an order is answered; one that was answered before gets what stands.
func (r *round[O, V]) queue(ctx workflow.Context, id string, in O, stands func(O) V) (V, error) {
	if slices.Contains(r.done, id) {
		return stands(in), nil
	}
	o := &orderOf[O, V]{id: id, in: in}
	r.pending = append(r.pending, o)
	if err := workflow.Await(ctx, func() bool { return o.done }); err != nil {
		var none V
		return none, err
	}
	return o.verdict, o.err
}

// ordersKept is how many orders a run knows to have answered.
const ordersKept = 50

// answer carries out the oldest order that waits.
func (r *round[O, V]) answer(carryOut func(O) (V, error), stands func(O) V) error {
	o := r.pending[0]
	verdict, err := carryOut(o.in)
	switch {
	case typed(err, activities.TypeMoved):
		return err // judged again by the record
	case typed(err, activities.TypeRecorded): // an earlier run has done it
		verdict = stands(o.in)
	case err != nil:
		o.err = refusal(err)
	}
	r.pending = r.pending[1:]
	o.done = true
	if o.err == nil {
		r.done = append(r.done, o.id)
		r.done = r.done[max(0, len(r.done)-ordersKept):]
		o.verdict = verdict
	}
	return nil
}

// typed reports whether a deed failed in one of these ways.
func typed(err error, types ...string) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && slices.Contains(types, app.Type())
}

// rounds is a run that takes one turn at a time.
type rounds interface {
	turn(workflow.Context) error // handles all that waits
	rest(workflow.Context) error // until something arrives
	resting() bool               // nothing waits
	telling() bool
	over() bool                   // nothing is to be waited for any more
	again(workflow.Context) error // a new run
}

// goOn lives one run to its end.
func goOn(ctx workflow.Context, r rounds) error {
	for {
		if err := r.turn(ctx); err != nil {
			return err
		}
		idle := r.resting() && !r.telling()
		if idle && r.over() {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) || !r.resting() }); err != nil {
				return err
			}
			if r.resting() {
				return nil
			}
			continue
		}
		if idle && workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx) {
			return r.again(ctx)
		}
		if err := r.rest(ctx); err != nil {
			return err
		}
	}
}
