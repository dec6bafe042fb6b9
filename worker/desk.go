package worker

import (
	"context"
	"log/slog"
	"time"
)

// Desk watches how many operators keep the national desk: the last rung of every
// ladder must never come to nobody.
type Desk struct {
	Operators func(ctx context.Context) (int, error) // who would be rung at this moment
	Least     int                                    // fewer is an alarm
	Show      func(operators float64)                // to whoever watches the machines
	Every     time.Duration                          // real time between two looks
	Log       *slog.Logger
}

// Run looks until the context ends. It says something at the start and when the
// number changes: a warning while too few are there.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(d.Every)
	defer tick.Stop()
	for last := -1; ; {
		switch n, err := d.Operators(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			d.Log.WarnContext(ctx, "cannot count the operators of the national desk", "error", err)
		default:
			d.Show(float64(n))
			if n < d.Least && n != last {
				d.Log.WarnContext(ctx, "too few operators keep the national desk", "operators", n, "least", d.Least)
			} else if n != last && last >= 0 && last < d.Least {
				d.Log.InfoContext(ctx, "enough operators keep the national desk again", "operators", n)
			}
			last = n
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
