package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Scenario is one way to break an installation, and what must hold all the same.
type Scenario struct {
	Name  string
	Says  string // the promise, in a sentence
	Short bool   // part of the short form
	Setup Setup
	// Run breaks things and returns when it has done so; the runner heals, waits and checks.
	Run func(ctx context.Context, w *World) error
	// Own takes the place of Setup and Run where a scenario needs servers of its own.
	Own func(ctx context.Context, r *Runner, s Scenario, seed uint64) Result
}

// scenarios are all there are, in the order in which they run.
func scenarios() []Scenario {
	return slices.Concat(killScenarios, lineScenarios, partitionScenarios, surgeScenarios, deskScenarios, pointScenarios, diskScenarios, mutationScenarios)
}

// Result is what came of one scenario.
type Result struct {
	Scenario   string        `json:"scenario"`
	Says       string        `json:"says"`
	Seed       uint64        `json:"seed"`
	Reports    int           `json:"reports"`
	Injected   []string      `json:"injected"`
	Figures    []Figure      `json:"figures"`
	Violations []Violation   `json:"violations,omitempty"`
	Skipped    string        `json:"skipped,omitempty"` // why it could not run here
	Took       time.Duration `json:"took"`
	Tail       string        `json:"-"` // what the processes said last
}

// OK reports whether the scenario ran and everything held.
func (r Result) OK() bool { return len(r.Violations) == 0 && r.Skipped == "" }

// Runner runs scenarios on servers that they share.
type Runner struct {
	Dir     string
	Binary  string
	Servers *Servers
	Short   bool
	n       int
}

// newRunner builds ess and starts the servers.
func newRunner(ctx context.Context, short bool) (*Runner, error) {
	dir, err := os.MkdirTemp("", "ess-chaos-")
	if err != nil {
		return nil, err
	}
	r := &Runner{Dir: dir, Short: short}
	if err := os.Chmod(dir, 0o711); err != nil { // #nosec G302 -- PostgreSQL does not run as root, and must pass through
		return nil, errors.Join(err, r.Close())
	}
	if r.Binary, err = buildBinary(ctx, dir); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if r.Servers, err = startServers(ctx, ServerOptions{Dir: dir, Binary: r.Binary}); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close ends the servers and removes everything.
func (r *Runner) Close() error {
	if r.Servers != nil {
		r.Servers.Stop()
	}
	return os.RemoveAll(r.Dir)
}

// scenarioLimit bounds one scenario, so that a hanging one ends.
const scenarioLimit = 8 * time.Minute

// Run runs one scenario. It returns what was found, whatever happened.
func (r *Runner) Run(ctx context.Context, s Scenario, seed uint64) Result {
	ctx, cancel := context.WithTimeout(ctx, scenarioLimit)
	defer cancel()
	began := time.Now()
	var result Result
	if s.Own != nil {
		result = s.Own(ctx, r, s, seed)
	} else {
		result = r.run(ctx, s, seed)
	}
	result.Scenario, result.Says, result.Seed, result.Took = s.Name, s.Says, seed, time.Since(began)
	return result
}

// run makes a world on the shared servers.
func (r *Runner) run(ctx context.Context, s Scenario, seed uint64) (result Result) {
	r.n++
	w, err := newWorld(ctx, r.Servers, fmt.Sprintf("chaos%d", r.n), seed, s.Setup)
	if err != nil {
		result.Violations = []Violation{{"start", err.Error()}}
		return result
	}
	defer w.Close()
	w.Short = r.Short
	return live(ctx, w, s.Run)
}

// live runs a scenario in its world, heals, waits until all is done, and checks.
func live(ctx context.Context, w *World, run func(context.Context, *World) error) Result {
	var broke []Violation
	if err := run(ctx, w); err != nil {
		broke = []Violation{{"scenario", err.Error()}}
	}
	healed := time.Now()
	drained, late := w.Settle(ctx)
	w.Figure("every case has a human after the last fault", drained.Seconds(), "s")
	// A message that LINE did not answer is tried again after a while: what
	// is not done yet may come about, what is wrong stays wrong.
	wrong := Check(ctx, w)
	for len(late) == 0 && len(wrong) > 0 && time.Since(healed) < liveness && sleep(ctx, time.Second) == nil {
		wrong = Check(ctx, w)
	}
	w.Figure("everything is done after the last fault", time.Since(healed).Seconds(), "s")
	if err := w.measure(ctx); err != nil {
		late = append(late, Violation{"measure", err.Error()})
	}
	result := Result{Reports: len(w.Ledger.Reports()), Violations: slices.Concat(broke, late, wrong)}
	if !result.OK() {
		result.Tail = w.tail(120)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	result.Injected, result.Figures = w.injected, w.Figures
	return result
}

// measure notes the figures that every scenario has.
func (w *World) measure(ctx context.Context) error {
	states := map[State]float64{}
	for _, r := range w.Ledger.Reports() {
		states[r.State]++
	}
	w.Figure("reports answered 2xx", states[Acked], "")
	w.Figure("reports refused every time", states[Refused], "")
	w.Figure("reports without an answer", states[Unknown]+states[Sent], "")
	var p50, most float64
	var cases int
	if err := w.Ask(ctx, &cases, "SELECT count(*)::int FROM cases"); err != nil {
		return err
	}
	w.Figure("cases", float64(cases), "")
	const alert = `SELECT coalesce(percentile_cont($1::float8) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - reported_at)), 0)::float8 / $2::float8
		FROM cases WHERE sent_at IS NOT NULL`
	for share, into := range map[float64]*float64{0.5: &p50, 1: &most} {
		if err := w.Ask(ctx, into, alert, share, w.Setup.Speed); err != nil {
			return err
		}
	}
	w.Figure("report to first recorded alert, half of them within", p50, "s")
	w.Figure("report to first recorded alert, at most", most, "s")
	w.Figure("messages that LINE took", float64(len(w.Platform.Accepted())), "")
	starts := 0
	for _, p := range w.Parts {
		starts += p.Starts() - 1
	}
	w.Figure("processes started again", float64(starts), "")
	return nil
}

// Print writes a result for people; a failure says how to repeat it.
func (r Result) Print(out io.Writer) {
	verdict := "ok"
	switch {
	case r.Skipped != "":
		verdict = "SKIPPED: " + r.Skipped
	case !r.OK():
		verdict = "FAILED"
	}
	fmt.Fprintf(out, "%-34s seed %-6d %3d reports, %2d faults, %5.1f s  %s\n", r.Scenario, r.Seed, r.Reports, len(r.Injected), r.Took.Seconds(), verdict)
	for _, f := range r.Figures {
		fmt.Fprintf(out, "    %-48s %10.4g %s\n", f.Name, f.Value, f.Unit)
	}
	if r.OK() || r.Skipped != "" {
		return
	}
	fmt.Fprintf(out, "    what must hold: %s\n    to repeat it: go run -C chaos . --seed %d --scenario %s\n", r.Says, r.Seed, r.Scenario)
	for _, what := range r.Injected {
		fmt.Fprintln(out, "    injected:", what)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(out, "    VIOLATED %s: %s\n", v.Invariant, v.Detail)
	}
	if r.Tail != "" {
		fmt.Fprintln(out, "    the processes said last:\n"+r.Tail)
	}
}

// quiet drops what the SDK's client says of itself.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
