package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// RegistrationStart starts a run. The record of the registration is in PostgreSQL.
type RegistrationStart struct {
	ID    casefile.RegistrationID `json:"id"`
	Clock policy.Clock            `json:"clock"`
}

// Registration keeps time for a membership: it reminds whoever decides, climbs to
// the office of the province, asks a year later whether the member goes on, and
// lets the membership end on its day. What people say is written by the doors;
// a nudge lets the story look.
func Registration(ctx workflow.Context, in RegistrationStart) error {
	s := &story{clock: in.Clock}
	nudges := workflow.GetSignalChannel(ctx, SignalNudge)
	for {
		for nudges.ReceiveAsync(nil) { // they carry nothing: the record says what is to be done
		}
		var kept activities.RegistrationKept
		if err := s.local(ctx, "do what is due", deeds.KeepRegistration, activities.RegistrationInput{ID: in.ID}).Get(ctx, &kept); err != nil {
			return err
		}
		if kept.Next.IsZero() && nudges.Len() == 0 { // rejected, resigned or expired: a new wish starts a new run
			return nil
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && nudges.Len() == 0 {
			return workflow.NewContinueAsNewError(ctx, Registration, in)
		}
		if err := restUntil(ctx, s, kept.Next, nudges); err != nil {
			return err
		}
	}
}

// restUntil waits for an instant in case time, or for a nudge.
func restUntil(ctx workflow.Context, s *story, at time.Time, nudges workflow.ReceiveChannel) error {
	timerCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	rang := false
	wait := max(time.Millisecond, s.clock.Wait(at.Sub(s.now(ctx))))
	timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: "until the membership must be looked at"})
	workflow.Go(ctx, func(ctx workflow.Context) { rang = timer.Get(ctx, nil) == nil })
	return workflow.Await(ctx, func() bool { return rang || nudges.Len() > 0 })
}
