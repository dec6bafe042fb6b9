package watch

import (
	"context"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// share is what some people are told of the alarms of a kind.
type share struct {
	to     []Contact
	alarms []Alarm
}

// apart says who is told of which alarms. Nobody hears of a case that must not
// reach them, because the alleged is of their organisation; what the desk may not
// hear at all, those above it do.
func (w *Watch) apart(ctx context.Context, alarms []Alarm, to []Contact) ([]share, error) {
	var cases []string
	for _, a := range alarms {
		if a.Subject != "" {
			cases = append(cases, a.Subject)
		}
	}
	if len(cases) == 0 {
		return []share{{to, alarms}}, nil
	}
	kept, err := w.Store.KeptAway(ctx, cases, members(to))
	if err != nil {
		return nil, err
	}
	if len(kept) == 0 {
		return []share{{to, alarms}}, nil
	}
	shares, heard := deal(alarms, to, kept)
	left := slices.DeleteFunc(slices.Clone(alarms), func(a Alarm) bool { return heard[a.ID] })
	if len(left) == 0 {
		return shares, nil
	}
	above, err := w.Store.Above(ctx)
	if err != nil {
		return nil, err
	}
	if kept, err = w.Store.KeptAway(ctx, cases, members(above)); err != nil {
		return nil, err
	}
	more, _ := deal(left, above, kept)
	return append(shares, more...), nil
}

// deal gives each person the alarms that may reach them, and says which reached anybody.
func deal(alarms []Alarm, to []Contact, kept map[string][]casefile.MemberID) (shares []share, heard map[int64]bool) {
	heard = map[int64]bool{}
	for _, c := range to {
		own := slices.DeleteFunc(slices.Clone(alarms), func(a Alarm) bool { return slices.Contains(kept[a.Subject], c.Member) })
		if len(own) > 0 {
			shares = append(shares, share{[]Contact{c}, own})
		}
		for _, a := range own {
			heard[a.ID] = true
		}
	}
	return shares, heard
}

func members(of []Contact) []casefile.MemberID {
	all := make([]casefile.MemberID, len(of))
	for i, c := range of {
		all[i] = c.Member
	}
	return all
}
