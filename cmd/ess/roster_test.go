package main

import (
	"regexp"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/policy"
)

// Whoever runs the synthetic roster with a real provider reaches nobody by mistake.
func TestSyntheticPeopleHaveNumbersThatNobodyHas(t *testing.T) {
	fiction := regexp.MustCompile(`^\+1[0-9]{3}55501[0-9]{2}$`)
	owner := map[string]string{local.SeedNumber(0): "a citizen", local.SeedNumber(citizensWithNumbers - 1): "a citizen"}
	desks, officers := 0, 0
	for _, m := range seedRoster(policy.DefaultPlaces(), 1).Members {
		if m.Phone == "" {
			if m.Level == casefile.LevelStation || m.Level == casefile.LevelMSDHSDuty {
				t.Errorf("the desk %s of a pilot province has no number", m.Code)
			}
			continue
		}
		if m.Desk() {
			desks++
		} else {
			officers++
		}
		if same, ok := phone.E164(m.Phone); !ok || same != m.Phone || !fiction.MatchString(m.Phone) {
			t.Errorf("%s has %s", m.Code, m.Phone)
		}
		if other := owner[m.Phone]; other != "" {
			t.Errorf("%s and %s have one number", m.Code, other)
		}
		owner[m.Phone] = m.Code
	}
	if desks == 0 || officers == 0 {
		t.Errorf("%d desks and %d officers have a number", desks, officers)
	}
}
