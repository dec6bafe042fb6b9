package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/activities"
)

// outbox is what people wait to be told, each until the channel has answered.
type outbox[N any] struct {
	Untold   func(ctx context.Context, after int64, limit int) ([]N, error) // from the one after the given
	Of       func(N) (id int64, at time.Time)
	Tell     func(context.Context, N) activities.Outcome // empty: again at the next tick
	Told     func(ctx context.Context, id int64, o activities.Outcome) error
	Patience time.Duration // case time; who has waited longer is told no more
}

// tell tells everybody who waits at an instant.
func (o outbox[N]) tell(ctx context.Context, now time.Time) error {
	const (
		atOnce = 16
		batch  = 200
	)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for after := int64(0); ; {
		waiting, err := o.Untold(ctx, after, batch)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		for _, n := range waiting {
			id, at := o.Of(n)
			after = id
			group.Go(func() error {
				outcome := activities.OutcomeUnknown
				if at.After(now.Add(-o.Patience)) {
					if outcome = o.Tell(ctx, n); outcome == "" {
						return nil
					}
				}
				return o.Told(ctx, id, outcome)
			})
		}
		if len(waiting) < batch {
			return group.Wait()
		}
	}
}
