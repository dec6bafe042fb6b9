package watch

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// keeping is a record that keeps some cases away from some members.
type keeping struct {
	Store
	kept  map[string][]casefile.MemberID
	above []Contact
}

func (k keeping) Above(context.Context) ([]Contact, error) { return k.above, nil }

func (k keeping) KeptAway(_ context.Context, cases []string, members []casefile.MemberID) (map[string][]casefile.MemberID, error) {
	out := map[string][]casefile.MemberID{}
	for _, id := range cases {
		for _, m := range k.kept[id] {
			if slices.Contains(members, m) {
				out[id] = append(out[id], m)
			}
		}
	}
	return out, nil
}

func people(names ...casefile.MemberID) []Contact {
	var all []Contact
	for _, n := range names {
		all = append(all, Contact{Member: n})
	}
	return all
}

// whoHears lists who is told of which cases.
func whoHears(shares []share) []string {
	var out []string
	for _, s := range shares {
		for _, c := range s.to {
			for _, a := range s.alarms {
				out = append(out, string(c.Member)+" "+a.Subject)
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestNobodyIsRungAboutACaseThatMustNotReachThem(t *testing.T) {
	alarms := []Alarm{{ID: 1, Subject: "a"}, {ID: 2, Subject: "b"}}
	for name, tt := range map[string]struct {
		kept map[string][]casefile.MemberID
		want string
	}{
		"nothing is kept away":                {nil, "op1 a,op1 b,op2 a,op2 b"},
		"one operator must not hear of one":   {map[string][]casefile.MemberID{"a": {"op1"}}, "op1 b,op2 a,op2 b"},
		"the whole desk must not hear of one": {map[string][]casefile.MemberID{"a": {"op1", "op2"}}, "husec a,op1 b,op2 b"},
		"nor may those above it":              {map[string][]casefile.MemberID{"a": {"op1", "op2", "husec"}}, "op1 b,op2 b"},
	} {
		w := &Watch{Store: keeping{kept: tt.kept, above: people("husec")}}
		shares, err := w.apart(t.Context(), alarms, people("op1", "op2"))
		if got := strings.Join(whoHears(shares), ","); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.want)
		}
	}
	parts := []Alarm{{ID: 3}}
	shares, err := (&Watch{Store: keeping{}}).apart(t.Context(), parts, people("op1"))
	if err != nil || len(whoHears(shares)) != 1 {
		t.Errorf("an alarm about no case: %v, %v", whoHears(shares), err)
	}
}
