package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// machine is what all tests of this binary share.
var machine struct {
	once   sync.Once
	err    error
	runner *Runner
}

// shared starts the servers once; a test that breaks them heals them.
func shared(t *testing.T) *Runner {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: starts its own servers")
	}
	machine.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		machine.runner, machine.err = newRunner(ctx, true)
	})
	if machine.err != nil {
		t.Fatal(machine.err)
	}
	return machine.runner
}

func TestMain(m *testing.M) {
	code := m.Run()
	if machine.runner != nil {
		_ = machine.runner.Close()
	}
	os.Exit(code)
}

// The short form of every scenario that has one. CHAOS_SEED repeats a failure.
func TestWhatWasPromisedHoldsWhileThingsBreak(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("CHAOS_SEED: %v", err)
		}
		seed = n
	}
	for _, s := range scenarios() {
		if !s.Short {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			result := shared(t).Run(t.Context(), s, seed)
			var b strings.Builder
			result.Print(&b)
			switch {
			case result.Skipped != "":
				t.Skip(b.String())
			case !result.OK():
				t.Error(b.String())
			default:
				t.Log(b.String())
			}
		})
	}
}

// What is planned depends on the seed alone, or no failure could be repeated.
func TestTheSeedChoosesEverything(t *testing.T) {
	plan := func(seed uint64) string {
		w := &World{Seed: seed, towns: []*town{{Province: provinces(1)[0]}}}
		var b strings.Builder
		for _, p := range w.plans(w.random("load 1"), 20, time.Minute) {
			fmt.Fprintln(&b, p.n, p.at, p.call, p.quiet, p.typ, p.pin != nil, p.pinWait)
		}
		fmt.Fprintln(&b, moments(w.random("faults"), 8, time.Minute))
		return b.String()
	}
	seven := plan(7)
	if again := plan(7); again != seven {
		t.Error("the same seed plans different things")
	}
	if plan(8) == seven {
		t.Error("another seed plans the same")
	}
}
