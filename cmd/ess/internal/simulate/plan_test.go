package simulate

import (
	"math"
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

func input(seed uint64) Input {
	return Input{Seed: seed, Reports: 4000, Hours: 24, Quiet: 0.1, Silence: 0.3, Surge: 1, Taps: 8700, Faults: true, Kills: 2}
}

func TestTheSeedAloneDecidesTheInputs(t *testing.T) {
	places := policy.DefaultPlaces()
	one := Make(input(1), places)
	if again := Make(input(1), places); again.Hash() != one.Hash() {
		t.Error("the same seed gave other inputs")
	}
	if other := Make(input(2), places); other.Hash() == one.Hash() {
		t.Error("another seed gave the same inputs")
	}
	fewer := input(1)
	fewer.Taps = 10
	for i, r := range Make(fewer, places).Reports {
		if r.At != one.Reports[i].At || r.Type != one.Reports[i].Type {
			t.Fatal("fewer taps changed the reports")
		}
	}
}

func TestTheDayHasTheSharesItWasAskedFor(t *testing.T) {
	in := input(3)
	p := Make(in, policy.DefaultPlaces())
	counts := map[string]int{}
	for _, r := range p.Reports {
		counts[string(r.Type)]++
		for name, holds := range map[string]bool{
			"quiet": r.Quiet, "prank": r.Prank, "twin": r.Twin > 0, "no pin": r.Pin == nil, "zero": r.Pin != nil && !r.Pin.Usable(), "phone": r.Phone != "",
		} {
			if holds {
				counts[name]++
			}
		}
		if r.Quiet && r.Phone != "" {
			t.Fatal("a quiet reporter gives a number to ring")
		}
	}
	for name, want := range map[string]float64{
		"quiet": 0.1, "prank": 0.12, "zero": 0.01, "no pin": 0.11, string(casefile.ThreatAssault): 0.44, string(casefile.Confinement): 0.07,
	} {
		if got := float64(counts[name]) / float64(len(p.Reports)); math.Abs(got-want) > 0.02 {
			t.Errorf("%s is %.3f of the reports, want about %.2f", name, got, want)
		}
	}
	if counts["twin"] == 0 {
		t.Error("nobody reported the same incident as somebody else")
	}
	if n := len(p.Taps); n != in.Taps {
		t.Errorf("%d menu taps, want %d in 24 hours", n, in.Taps)
	}
	if len(p.Kills) != 2 || len(p.Outages) == 0 {
		t.Error("nothing is broken on purpose")
	}
}

func TestTheDayHasAShape(t *testing.T) {
	in := input(4)
	before := func(p Plan, hour float64) int {
		n, _ := slices.BinarySearchFunc(p.Reports, hour*3600, func(r Report, at float64) int {
			if r.At < at {
				return -1
			}
			return 1
		})
		return n
	}
	p := Make(in, policy.DefaultPlaces())
	if night, evening := before(p, 7)-before(p, 3), before(p, 23)-before(p, 19); evening < 2*night {
		t.Errorf("%d reports in the evening and %d before dawn", evening, night)
	}
	in.Surge = 13
	p = Make(in, policy.DefaultPlaces())
	if surge, rest := before(p, 12.5)-before(p, 11.5), before(p, 14.5)-before(p, 13.5); float64(surge) < 8*float64(rest) {
		t.Errorf("%d reports in the surge and %d in an hour after it", surge, rest)
	}
	if p.Reports[len(p.Reports)-1].At > in.Hours*3600 {
		t.Error("a report lies behind the end")
	}
}

func TestWhatCannotBeSimulatedIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"no reports": func(in *Input) { in.Reports = 0 }, "two days": func(in *Input) { in.Hours = 48 }, "more than all silent": func(in *Input) { in.Silence = 1.5 },
		"not a number": func(in *Input) { in.Quiet = math.NaN() }, "a surge of nothing": func(in *Input) { in.Surge = 0 },
	} {
		in := input(1)
		change(&in)
		if in.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := input(1).Check(); err != nil {
		t.Error(err)
	}
}
