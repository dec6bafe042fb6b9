package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ess-thailand/ess/lineemu"
)

// fault is one thing that will be broken, and healed after a span.
type fault struct {
	at, span time.Duration
	part     string // as in Outage
	what     string
	on, off  func(ctx context.Context) error
}

func (f fault) String() string {
	if f.span == 0 {
		return fmt.Sprintf("at %.1f s %s: %s", f.at.Seconds(), f.part, f.what)
	}
	return fmt.Sprintf("at %.1f s %s: %s for %.1f s", f.at.Seconds(), f.part, f.what, f.span.Seconds())
}

// schedule lives through faults, each at its moment, and returns when the last
// one is over. What was planned is known before anything happens.
func (w *World) schedule(ctx context.Context, faults []fault) error {
	slices.SortStableFunc(faults, func(a, b fault) int { return int(a.at - b.at) })
	for _, f := range faults {
		w.inject(f.String())
	}
	began := time.Now()
	var group sync.WaitGroup
	errs := make([]error, len(faults))
	for i, f := range faults {
		group.Go(func() {
			if errs[i] = sleep(ctx, time.Until(began.Add(f.at))); errs[i] == nil {
				errs[i] = w.During(ctx, f)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// inject notes what will be done, for the result.
func (w *World) inject(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.injected = append(w.injected, what)
}

// During breaks one thing for its span, and notes it in the ledger.
func (w *World) During(ctx context.Context, f fault) error {
	over := w.Ledger.broken(f.part, f.what)
	defer over()
	if err := f.on(ctx); err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	if err := sleep(ctx, f.span); err != nil {
		return err
	}
	if err := f.off(ctx); err != nil {
		return fmt.Errorf("the end of %s: %w", f, err)
	}
	return nil
}

func sleep(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return nil
	}
}

// moments are so many random moments of a span, in order, the first not before
// anything has begun.
func moments(random *rand.Rand, n int, over time.Duration) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = time.Second + time.Duration(random.Int64N(int64(over)))
	}
	slices.Sort(out)
	return out
}

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// kill is kill -9 of a process, which comes back by itself.
func (w *World) kill(part string, at time.Duration) fault {
	p := w.Parts[part]
	return fault{at: at, part: part, what: "kill -9",
		on: func(context.Context) error { p.Kill(); return nil }, off: func(context.Context) error { return nil }}
}

// killTemporal and killPostgres take a server away for a span.
func (w *World) killTemporal(at, span time.Duration) fault {
	return fault{at: at, span: span, part: "temporal", what: "kill -9, away",
		on: func(context.Context) error { w.Servers.KillTemporal(); return nil },
		off: func(ctx context.Context) error {
			// It lives on PostgreSQL, which may be away too: what does not start now is started by Heal.
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			_ = w.Servers.StartTemporal(ctx)
			return nil
		}}
}

func (w *World) killPostgres(at, span time.Duration) fault {
	return fault{at: at, span: span, part: "database", what: "kill -9 of the postmaster and its children, away",
		on: func(context.Context) error { return w.Servers.KillPostgres() }, off: w.Servers.StartPostgres}
}

// How a link fails.
const (
	refuses    = "connections refused"
	resets     = "connections reset"
	blackHole  = "black hole"
	slow       = "300 ms slower"
	flaps      = "cut and whole every half second"
	slowBy     = 300 * time.Millisecond
	flapsEvery = 500 * time.Millisecond
)

var cuts = []string{refuses, resets, blackHole, slow, flaps}

// cut breaks a link in one of these ways.
func (w *World) cut(link, how string, at, span time.Duration) fault {
	l := w.Links[link]
	f := fault{at: at, span: span, part: link, what: how, off: func(context.Context) error { return l.Heal() }}
	switch how {
	case refuses:
		f.on = func(context.Context) error { return l.Refuse() }
	case resets:
		f.on = func(context.Context) error { return l.Reset() }
	case blackHole:
		f.on = func(context.Context) error { return l.BlackHole() }
	case slow:
		f.on = func(context.Context) error { return l.Slow(slowBy) }
	default: // the span passes while it flaps
		f.on = func(ctx context.Context) error {
			for until := time.Now().Add(span); time.Now().Before(until); {
				if err := l.Refuse(); err != nil {
					return err
				}
				if err := sleep(ctx, flapsEvery); err != nil {
					return err
				}
				if err := l.Heal(); err != nil {
					return err
				}
				if err := sleep(ctx, flapsEvery); err != nil {
					return err
				}
			}
			return nil
		}
		f.span = 0
		f.what = fmt.Sprintf("%s, for %.1f s", how, span.Seconds())
	}
	return f
}

// line lets LINE fail in one way, with a probability, in everything that we ask of it.
func (w *World) line(kind lineemu.FaultKind, probability float64, at, span time.Duration) fault {
	change := func(to func([]lineemu.APIFault) []lineemu.APIFault) func(context.Context) error {
		return func(context.Context) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			now := w.Platform.Faults()
			now.API = to(now.API)
			return w.Platform.SetFaults(now)
		}
	}
	return fault{at: at, span: span, part: "line", what: fmt.Sprintf("%s, of every call %.0f %%", strings.ReplaceAll(string(kind), "_", " "), 100*probability),
		on: change(func(all []lineemu.APIFault) []lineemu.APIFault {
			return append(all, lineemu.APIFault{Kind: kind, Probability: probability})
		}),
		off: change(func(all []lineemu.APIFault) []lineemu.APIFault {
			return slices.DeleteFunc(all, func(f lineemu.APIFault) bool { return f.Kind == kind })
		})}
}

// webhooks disturbs the way of events to us.
func (w *World) webhooks(what string, f lineemu.WebhookFaults, at, span time.Duration) fault {
	change := func(to lineemu.WebhookFaults) func(context.Context) error {
		return func(context.Context) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			now := w.Platform.Faults()
			now.Webhook = to
			return w.Platform.SetFaults(now)
		}
	}
	return fault{at: at, span: span, part: "webhooks", what: what, on: change(f), off: change(lineemu.WebhookFaults{})}
}
