package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/watch"
)

var deskScenarios = []Scenario{
	{
		Name: "desk-without-temporal", Short: true,
		Says:  "with Temporal and all workers killed a report rings the national desk within 240 s, is answered there, and the case goes on when they return",
		Setup: Setup{Speed: 1, Workers: 2, Provinces: 1, Officers: 4}, Run: deskWithoutTemporal,
	},
}

// rungWithin is the promise, in real time.
const rungWithin = 240 * time.Second

func deskWithoutTemporal(ctx context.Context, w *World) error {
	desk, err := w.listen()
	if err != nil {
		return err
	}
	reports := 4
	if w.Short {
		reports = 1
	}
	w.inject("at 0.0 s temporal, worker, worker2: kill -9, away until the desk has answered")
	for _, part := range []string{"worker", "worker2"} {
		w.Parts[part].Down()
	}
	w.Servers.KillTemporal()
	temporalBack, workersBack := w.Ledger.broken("temporal", "kill -9, away"), w.Ledger.broken("worker", "kill -9 of all, away")

	var group errgroup.Group
	for i := range reports {
		group.Go(func() error {
			if err := sleep(ctx, time.Duration(i)*3*time.Second); err != nil {
				return err
			}
			return w.rungAndAnswered(ctx, desk, i)
		})
	}
	err = group.Wait()

	back := time.Now()
	if err := errors.Join(err, w.Servers.StartTemporal(ctx)); err != nil {
		return err
	}
	temporalBack()
	for _, part := range []string{"worker", "worker2"} {
		if err := w.Parts[part].Up(ctx); err != nil {
			return err
		}
	}
	workersBack()
	return w.goOn(ctx, back, reports)
}

// rungAndAnswered is one report: the desk is rung by the watcher's own path, and
// presses its button. One alarm may tell of several cases.
func (w *World) rungAndAnswered(ctx context.Context, desk *lineemu.Phone, n int) error {
	ctx, cancel := context.WithTimeout(ctx, rungWithin)
	defer cancel()
	pin := casefile.Pin{Lat: w.towns[0].Lat + float64(n)*0.02, Lon: w.towns[0].Lon}
	began := time.Now()
	if err := w.report(ctx, "without Temporal", plan{n: n, typ: casefile.Gathering, pin: &pin, pinWait: 300 * time.Millisecond}); err != nil {
		return err
	}
	for _, step := range []struct{ name, query string }{
		{"report to the ring at the desk", `SELECT count(*)::int FROM alarms WHERE kind = $1 AND rings > 0`},
		{"report to the answer of the desk", `SELECT count(*)::int FROM alarms WHERE kind = $1 AND answered_at IS NOT NULL`},
	} {
		for done := 0; done <= n; {
			if err := w.Ask(ctx, &done, step.query, watch.InboxWaiting); err != nil && ctx.Err() == nil {
				return err
			}
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return fmt.Errorf("%s: not within %s", step.name, rungWithin)
			}
		}
		w.Figure(fmt.Sprintf("%s, report %d", step.name, n+1), time.Since(began).Seconds(), "s")
	}
	if !slices.ContainsFunc(desk.Transcript(), func(i lineemu.Item) bool { return i.Incoming && i.Says(watch.InboxWaiting.Runbook()) }) {
		return errors.New("the alarm is in the database, and on no phone of the desk")
	}
	return nil
}

// goOn waits until every case has heard that the desk took it, and its station has rung.
func (w *World) goOn(ctx context.Context, back time.Time, cases int) error {
	ctx, cancel := context.WithTimeout(ctx, liveness)
	defer cancel()
	const knows = `SELECT count(*)::int FROM cases c
		WHERE EXISTS (SELECT FROM case_events WHERE case_id = c.id AND kind = 'DESK_TAKEN')
		  AND EXISTS (SELECT FROM case_events WHERE case_id = c.id AND kind = 'OFFERED')`
	for done := 0; done < cases; {
		if err := w.Ask(ctx, &done, knows); err != nil && ctx.Err() == nil {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d cases know within %s that the desk took them, and ring their station", done, cases, liveness)
		}
	}
	w.Figure("Temporal is started again to every case going on", time.Since(back).Seconds(), "s")
	return nil
}
