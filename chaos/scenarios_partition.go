package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/watch"
)

// parted are the links that a partition cuts one after the other.
var parted = []string{"api-database", "worker-database", "worker-temporal", "worker-line"}

var partitionScenarios = []Scenario{
	{
		Name: "partitions", Short: true,
		Says: "any link between two parts refuses, resets, swallows, delays or flaps, and the case goes on when it is whole",
		Run:  partitions,
	},
	{
		Name: "cut-for-long", Says: "an outage of more than 90 seconds has rung the national desk, whatever it is that is away",
		Setup: Setup{Watchers: 2, Officers: 6}, Run: cutForLong,
	},
}

// long is past the 90 seconds after which every outage has its alarm.
const long = 95 * time.Second

// muted is how long no message reaches LINE: what is stuck rings long before.
const muted = 40 * time.Second

// partitions cuts the links one after the other in every way, and beside them,
// for long, the watcher from the database: it must ring without it.
func partitions(ctx context.Context, w *World) error {
	random := w.random("faults")
	ways, span, blind, reports := cuts, 3*time.Second, long, 50
	if w.Short {
		span, blind, reports = 2*time.Second, 2*time.Second, 12
	}
	faults := []fault{w.cut("watch-database", blackHole, time.Second, blind)}
	at := time.Second
	for i, n := range random.Perm(len(parted)) {
		if w.Short {
			ways = cuts[i : i+1]
		}
		for _, how := range ways {
			faults = append(faults, w.cut(parted[n], how, at, span))
			at += span + between(random, 0, time.Second)
		}
	}
	var group errgroup.Group
	group.Go(func() error { return w.under(ctx, reports, at, faults) })
	if !w.Short {
		group.Go(w.rings(ctx, watch.DatabaseAway))
	}
	return group.Wait()
}

// cutForLong cuts the API from the database, the worker from Temporal and one
// of two watchers from the database, and when the desk has heard of each, the
// worker from LINE, while people report.
func cutForLong(ctx context.Context, w *World) error {
	one := w.cut("watch2-database", refuses, 0, long)
	one.part += ", one of several"
	var group errgroup.Group
	group.Go(func() error {
		return w.schedule(ctx, []fault{w.cut("api-database", blackHole, 0, long), w.cut("worker-temporal", blackHole, 0, long), one})
	})
	for _, kind := range []watch.Kind{watch.APISilent, watch.WorkerSilent, watch.TemporalSilent, watch.WatchSilent} {
		group.Go(w.rings(ctx, kind))
	}
	group.Go(func() error { return w.Load(ctx, 8, 20*time.Second) })
	if err := group.Wait(); err != nil {
		return err
	}
	group = errgroup.Group{}
	group.Go(func() error {
		return w.under(ctx, 8, 20*time.Second, []fault{w.cut("worker-line", blackHole, 0, muted)})
	})
	group.Go(w.rings(ctx, watch.MessagesStuck))
	return group.Wait()
}

// rings waits until the desk has heard an alarm, and notes how long that took.
func (w *World) rings(ctx context.Context, kind watch.Kind) func() error {
	began := time.Now()
	return func() error {
		ctx, cancel := context.WithTimeout(ctx, long)
		defer cancel()
		desk, err := w.listen()
		if err != nil {
			return err
		}
		if _, err := heard(ctx, desk, 0, func(i lineemu.Item) bool { return i.Says(kind.Runbook()) }); err != nil {
			return fmt.Errorf("the desk heard nothing of %s within %s", kind, long)
		}
		w.Figure("outage to the ring: "+kind.Runbook(), time.Since(began).Seconds(), "s")
		return nil
	}
}

// listen is a phone of the national desk.
func (w *World) listen() (*lineemu.Phone, error) {
	for _, a := range w.people.answers {
		if a.code == "desk-desk-1300-1" {
			return a.Phone, nil
		}
	}
	return nil, errors.New("the national desk has no phone")
}
