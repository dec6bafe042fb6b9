package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/watch"
)

// instance names this process among others of its kind.
func instance() string { return fmt.Sprintf("%s-%d", hostname(), os.Getpid()) }

// beats says again and again that a part is alive, for as long as alive finds
// it so. What cannot be said is no fault here: its absence is the alarm.
func (p *parts) beats(ctx context.Context, part watch.Part, alive func(context.Context) error) error {
	every := p.policy.Watch.Beat.Duration
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		p.beat(ctx, part, alive)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (p *parts) beat(ctx context.Context, part watch.Part, alive func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, p.policy.Watch.Beat.Duration)
	defer cancel()
	err := alive(ctx)
	if err == nil {
		err = p.store.Beat(ctx, string(part), instance())
	}
	if err != nil && ctx.Err() == nil {
		p.log.WarnContext(ctx, "no beat", "part", string(part), "error", err)
	}
}

func lives(context.Context) error { return nil }

// temporalLives asks the frontend of Temporal.
func (p *parts) temporalLives(ctx context.Context) error {
	_, err := p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
