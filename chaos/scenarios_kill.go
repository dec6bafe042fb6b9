package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/lineemu"
)

var killScenarios = []Scenario{
	{
		Name: "worker-killed", Says: "kill -9 of the worker at any moment loses nothing and says nothing twice",
		Run: func(ctx context.Context, w *World) error {
			var faults []fault
			random := w.random("faults")
			for _, at := range moments(random, 6, 24*time.Second) {
				faults = append(faults, w.kill("worker", at))
			}
			return w.under(ctx, 36, 26*time.Second, faults)
		},
	},
	{
		Name: "api-killed", Says: "kill -9 of the API with its relay loses no report that was answered 200: LINE delivers again what was not",
		Run: func(ctx context.Context, w *World) error {
			var faults []fault
			random := w.random("faults")
			for _, at := range moments(random, 10, 24*time.Second) {
				faults = append(faults, w.kill(API, at))
			}
			return w.under(ctx, 40, 26*time.Second, faults)
		},
	},
	{
		Name: "temporal-killed", Says: "without Temporal reports are kept, and every case goes on when it is back",
		Run: func(ctx context.Context, w *World) error {
			random := w.random("faults")
			faults := []fault{
				w.killTemporal(2*time.Second, between(random, time.Second, 3*time.Second)),
				w.killTemporal(16*time.Second, between(random, 2*time.Second, 6*time.Second)),
			}
			return w.under(ctx, 30, 26*time.Second, faults)
		},
	},
	{
		Name: "database-killed", Says: "kill -9 of PostgreSQL with all its children loses nothing that was answered 200; what arrives meanwhile waits in the spool",
		Run: func(ctx context.Context, w *World) error {
			var faults []fault
			random := w.random("faults")
			at := 2 * time.Second
			for range 6 {
				faults = append(faults, w.killPostgres(at, between(random, 0, 1500*time.Millisecond)))
				at += between(random, 3*time.Second, 5*time.Second)
			}
			return w.under(ctx, 40, 28*time.Second, faults)
		},
	},
	{
		Name: "everything", Short: true,
		Says: "worker, API, Temporal, PostgreSQL, LINE and the network between them fail at random beside each other, and it still holds",
		Run:  everything,
	},
	{
		Name: "paused-worker", Says: "a worker that slept for 30 seconds and wakes may write nothing that others have written since",
		Setup: Setup{Workers: 2}, Run: pausedWorker,
	},
}

// under lets people report while things break.
func (w *World) under(ctx context.Context, reports int, over time.Duration, faults []fault) error {
	var group errgroup.Group
	group.Go(func() error { return w.Load(ctx, reports, over) })
	group.Go(func() error { return w.schedule(ctx, faults) })
	return group.Wait()
}

// everything breaks anything at any moment.
func everything(ctx context.Context, w *World) error {
	random := w.random("faults")
	n, span, reports := 20, 40*time.Second, 50
	if w.Short {
		n, span, reports = 9, 14*time.Second, 16
	}
	links := []string{"api-database", "worker-database", "worker-temporal", "worker-line", "api-temporal"}
	kinds := []lineemu.FaultKind{lineemu.RateLimited, lineemu.ErrorBefore, lineemu.ErrorAfter, lineemu.ResetAfter, lineemu.HangAfter}
	makers := []func(at, span time.Duration) fault{
		func(at, _ time.Duration) fault { return w.kill("worker", at) },
		func(at, _ time.Duration) fault { return w.kill(API, at) },
		func(at, span time.Duration) fault { return w.killPostgres(at, span/3) },
		func(at, span time.Duration) fault { return w.killTemporal(at, span) },
		func(at, span time.Duration) fault {
			return w.cut(links[random.IntN(len(links))], cuts[random.IntN(len(cuts))], at, span)
		},
		func(at, span time.Duration) fault { return w.line(kinds[random.IntN(len(kinds))], 0.5, at, span) },
		func(at, span time.Duration) fault { return w.webhooks("twice and shuffled", shuffled, at, span) },
	}
	var faults []fault
	for i, at := range moments(random, n, span) {
		faults = append(faults, makers[i%len(makers)](at, between(random, 500*time.Millisecond, 4*time.Second)))
	}
	return w.under(ctx, reports, span, faults)
}

// watchStale counts, beside every transaction that is rolled back, the writes of
// a case that found it changed: a sequence keeps its numbers whatever happens to
// who drew them.
const watchStale = `CREATE SEQUENCE chaos_stale;
	CREATE FUNCTION chaos_stale_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
	BEGIN
		IF NOT EXISTS (SELECT FROM written) THEN
			PERFORM nextval('chaos_stale');
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER chaos_stale AFTER UPDATE ON cases REFERENCING NEW TABLE AS written
		FOR EACH STATEMENT EXECUTE FUNCTION chaos_stale_write()`

// staleWrites is how many there have been.
const staleWrites = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int FROM chaos_stale"

// pauses is how often a worker is put to sleep until one wakes with something to
// write that is no longer true.
const pauses = 3

// pausedWorker stops a worker in the middle of its writes. Its link to the
// database swallows them first, so that it is certain to hold some; while it
// sleeps the other worker does its work, and then it wakes and tries again.
func pausedWorker(ctx context.Context, w *World) error {
	if err := w.execute(ctx, watchStale); err != nil {
		return err
	}
	stale := 0
	for n := 0; n < pauses && stale == 0; n++ {
		before := 0
		var group errgroup.Group
		group.Go(func() error { return w.Load(ctx, 16, 8*time.Second) })
		group.Go(func() error {
			return w.schedule(ctx, []fault{
				w.cut("worker-database", blackHole, 3*time.Second, 1500*time.Millisecond),
				w.pause("worker", 4*time.Second, 30*time.Second, func() error { return w.Ask(ctx, &before, staleWrites) }),
			})
		})
		if err := group.Wait(); err != nil {
			return err
		}
		// What it does when it wakes takes a moment.
		for range 40 {
			if err := w.Ask(ctx, &stale, staleWrites); err != nil {
				return err
			}
			if stale -= before; stale > 0 {
				break
			}
			if err := sleep(ctx, 250*time.Millisecond); err != nil {
				return err
			}
		}
	}
	w.Figure("stale writes refused", float64(stale), "")
	if stale == 0 {
		return errors.New("no worker woke with a stale write in its hand: nothing was proved")
	}
	return nil
}

// pause stops a process as it stands, and wakes it after a span, when somebody
// has looked at how things are without it.
func (w *World) pause(part string, at, span time.Duration, look func() error) fault {
	p := w.Parts[part]
	return fault{at: at, span: span, part: part + ", one of several", what: "SIGSTOP",
		on:  func(context.Context) error { return p.Signal(syscall.SIGSTOP) },
		off: func(context.Context) error { return errors.Join(look(), p.Signal(syscall.SIGCONT)) }}
}

// execute does something to the database as its superuser, past every proxy.
func (w *World) execute(ctx context.Context, sql string) error {
	conn, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return nil
}
