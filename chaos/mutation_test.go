package main

import (
	"testing"
)

// Every guard is broken once, on purpose, and its checker must see it. That the
// same deeds leave nothing to see with the guard in place is shown by make chaos.
func TestEveryCheckerSeesItsGuardBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: starts its own servers")
	}
	r := shared(t)
	w, err := mutantWorld(t.Context(), r, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n, x := range trials(false) {
		t.Run(x.name, func(t *testing.T) {
			seen, err := x.try(t.Context(), w, n, x.broken)
			switch {
			case err != nil:
				t.Fatalf("%s: %v\n%s", x.guard, err, w.tail(20))
			case len(seen) == 0:
				t.Errorf("%s is broken, and %s saw nothing\n%s", x.guard, x.invariant, w.tail(20))
			}
		})
	}
}

// An invariant that no mutation breaks might be blind.
func TestEveryInvariantHasAMutation(t *testing.T) {
	broken := map[string]bool{}
	for _, m := range mutations {
		broken[m.invariant] = true
	}
	for _, i := range invariants {
		if !broken[i.name] {
			t.Errorf("no mutation shows that %s sees anything", i.name)
		}
	}
}
