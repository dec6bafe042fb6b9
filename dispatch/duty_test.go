package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ess-thailand/ess/casefile"
)

// monday is a Monday, 00:00 in Thailand.
var monday = time.Date(2026, 11, 2, 0, 0, 0, 0, thailand)

func at(hours float64) time.Time { return monday.Add(time.Duration(hours * float64(time.Hour))) }

func dayAndNight() Schedule {
	return Schedule{Rotations: []Rotation{{
		Name: "เวร", Members: []casefile.MemberID{"day", "night"}, Starts: at(8), HandOver: "08:00", Length: 12, Unit: Hours,
	}}}
}

func TestWhoIsOnCall(t *testing.T) {
	weekly := Schedule{Weekly: []WeeklyShift{
		{Name: "กลางคืน", Members: []casefile.MemberID{"ann", "bo"}, Days: []Weekday{"MON", "SUN"}, From: "20:00", Until: "08:00"},
	}}
	days := Schedule{Rotations: []Rotation{{
		Name: "r", Members: []casefile.MemberID{"ann", "bo", "chai"}, Starts: at(10), HandOver: "08:00", Length: 1, Unit: Days,
	}}}
	for _, c := range []struct {
		name      string
		schedule  Schedule
		overrides []Override
		at        float64
		want      string
	}{
		{"before it starts nobody", dayAndNight(), nil, 7.99, "[]"},
		{"the day begins", dayAndNight(), nil, 8, "[day]"},
		{"the night begins to the second", dayAndNight(), nil, 20, "[night]"},
		{"the day comes again", dayAndNight(), nil, 32, "[day]"},
		{"a year later at the same hour", dayAndNight(), nil, 365*24 + 20, "[night]"},
		{"who begins in mid-turn has the rest of it", days, nil, 31.99, "[ann]"},
		{"and hands over at the time of day", days, nil, 32, "[bo]"},
		{"round and round", days, nil, 10 + 3*24, "[ann]"},
		{"a weekly shift over midnight", weekly, nil, 20, "[ann bo]"},
		{"still there in the morning", weekly, nil, 31.99, "[ann bo]"},
		{"and gone at eight", weekly, nil, 32, "[]"},
		{"of the week before", weekly, nil, 1, "[ann bo]"},
		{"a cover", dayAndNight(), []Override{{at(10), at(12), "day", "chai"}}, 10, "[chai]"},
		{"a cover is over", dayAndNight(), []Override{{at(10), at(12), "day", "chai"}}, 12, "[day]"},
		{"a cover of somebody not on call", dayAndNight(), []Override{{at(10), at(12), "night", "chai"}}, 10, "[day]"},
		{"a cover that is covered", dayAndNight(), []Override{{at(9), at(12), "day", "chai"}, {at(10), at(11), "chai", "dao"}}, 10, "[dao]"},
		{"beside the others", dayAndNight(), []Override{{at(10), at(12), "", "chai"}}, 10, "[chai day]"},
		{"nobody", dayAndNight(), []Override{{at(10), at(12), "day", ""}}, 10, "[]"},
	} {
		if err := c.schedule.Check(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := fmt.Sprint(OnCall(c.schedule, c.overrides, at(c.at))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAScheduleThatMakesNoSenseIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Schedule){
		"no members":  func(s *Schedule) { s.Rotations[0].Members = nil },
		"no length":   func(s *Schedule) { s.Rotations[0].Length = 0 },
		"odd unit":    func(s *Schedule) { s.Rotations[0].Unit = "MONTHS" },
		"no start":    func(s *Schedule) { s.Rotations[0].Starts = time.Time{} },
		"odd time":    func(s *Schedule) { s.Rotations[0].HandOver = "25:00" },
		"odd day":     func(s *Schedule) { s.Weekly[0].Days = []Weekday{"XXX"} },
		"no day":      func(s *Schedule) { s.Weekly[0].Days = nil },
		"nobody":      func(s *Schedule) { s.Weekly[0].Members = nil },
		"odd weekday": func(s *Schedule) { s.Weekly[0].Until = "8" },
	} {
		s := dayAndNight()
		s.Weekly = []WeeklyShift{{Members: []casefile.MemberID{"ann"}, Days: []Weekday{"MON"}, From: "08:00", Until: "16:00"}}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(&s)
		if s.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// drawn is any schedule and any overrides about a week.
func drawn(t *rapid.T) (Schedule, []Override) {
	member := rapid.SampledFrom([]casefile.MemberID{"ann", "bo", "chai", "dao"})
	clock := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
	})
	var s Schedule
	for range rapid.IntRange(0, 2).Draw(t, "rotations") {
		s.Rotations = append(s.Rotations, Rotation{
			Members: rapid.SliceOfN(member, 1, 4).Draw(t, "members"), Starts: monday.Add(time.Duration(rapid.IntRange(-20_000, 5_000).Draw(t, "starts")) * time.Minute),
			HandOver: clock.Draw(t, "hand over"), Length: rapid.IntRange(1, 30).Draw(t, "length"), Unit: rapid.SampledFrom([]TurnUnit{Hours, Days, Weeks}).Draw(t, "unit"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "weekly") {
		s.Weekly = append(s.Weekly, WeeklyShift{
			Members: rapid.SliceOfN(member, 1, 2).Draw(t, "members"), Days: rapid.SliceOfN(rapid.SampledFrom(Weekdays), 1, 7).Draw(t, "days"),
			From: clock.Draw(t, "from"), Until: clock.Draw(t, "until"),
		})
	}
	var overrides []Override
	for range rapid.IntRange(0, 4).Draw(t, "overrides") {
		from := monday.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "from")) * time.Minute)
		overrides = append(overrides, Override{
			From: from, To: from.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "span")) * time.Minute),
			Of: rapid.SampledFrom([]casefile.MemberID{"", "ann", "bo", "chai"}).Draw(t, "of"), By: rapid.SampledFrom([]casefile.MemberID{"", "bo", "chai", "dao"}).Draw(t, "by"),
		})
	}
	return s, overrides
}

func instant(t *rapid.T, name string) time.Time {
	return monday.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, name)) * time.Minute)
}

// A rotation that has started has exactly one member on call at every instant.
func TestARotationHasNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := drawn(t)
		now := instant(t, "now")
		for _, r := range s.Rotations {
			turns := r.turns(now, now.Add(1))
			if now.Before(r.Starts) {
				if len(turns) > 0 {
					t.Fatalf("on call before the start: %+v", turns)
				}
				continue
			}
			if len(turns) != 1 || !turns[0].at(now) {
				t.Fatalf("%d turns at %s: %+v", len(turns), now, turns)
			}
			next := r.turns(turns[0].To, turns[0].To.Add(1))
			if len(next) != 1 || !next[0].From.Equal(turns[0].To) {
				t.Fatalf("after %+v comes %+v", turns, next)
			}
		}
	})
}

// An override changes who is on call within its span, and at no other instant.
func TestAnOverrideReplacesExactlyItsSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, overrides := drawn(t)
		now := instant(t, "now")
		want := OnCall(s, nil, now)
		for _, o := range overrides { // instant by instant, as a person would say it
			switch {
			case now.Before(o.From) || !now.Before(o.To):
			case o.Of == "":
				if o.By != "" {
					want = append(want, o.By)
				}
			case slices.Contains(want, o.Of):
				want = slices.DeleteFunc(want, func(m casefile.MemberID) bool { return m == o.Of })
				if o.By != "" {
					want = append(want, o.By)
				}
			}
		}
		slices.Sort(want)
		if got := OnCall(s, overrides, now); !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("at %s %v, want %v", now, got, want)
		}
	})
}

// Who is on call at the end is who was at the beginning, and every change in between.
func TestChangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, overrides := drawn(t)
		from, to := instant(t, "from"), instant(t, "to")
		if to.Before(from) {
			from, to = to, from
		}
		now := OnCall(s, overrides, from)
		last := from
		for _, c := range Changes(s, overrides, from, to) {
			if !c.At.After(last) || !c.At.Before(to) || len(c.On)+len(c.Off) == 0 {
				t.Fatalf("odd change %+v after %s", c, last)
			}
			if between := c.At.Add(-1); !slices.Equal(OnCall(s, overrides, between), now) {
				t.Fatalf("it changed before %s", c.At)
			}
			now = append(without(now, c.Off), c.On...)
			slices.Sort(now)
			last = c.At
		}
		if end := to.Add(-1); !end.Before(from) && !slices.Equal(OnCall(s, overrides, end), now) {
			t.Fatalf("at the end %v, want %v", OnCall(s, overrides, end), now)
		}
		if bound := Bound(s, overrides, from, to.Add(1)); bound.Before(from) || bound.After(to.Add(1)) {
			t.Fatalf("the next look is at %s", bound)
		}
	})
}

func TestHandover(t *testing.T) {
	member := func(id casefile.MemberID, on bool, last *Switched) Standing {
		return Standing{Member: id, Active: true, OnDuty: on, Last: last}
	}
	desk := func(m Standing) Standing { m.Level = casefile.LevelMSDHSDuty; return m }
	shift := func(h float64, on bool) *Switched { return &Switched{At: at(h), On: on} }
	hand := func(h float64, on bool) *Switched { return &Switched{At: at(h), On: on, Hand: true} }
	single := Schedule{Rotations: []Rotation{{Members: []casefile.MemberID{"day"}, Starts: at(8), HandOver: "08:00", Length: 12, Unit: Hours}}}
	for _, c := range []struct {
		name      string
		schedule  Schedule
		overrides []Override
		now       float64
		standing  []Standing
		want      string // on:member, off:member, quiet when nobody is told
		gap       bool
	}{
		{"the first look", dayAndNight(), nil, 9, []Standing{member("day", true, nil), member("night", true, nil), member("guest", true, nil)}, "[on:day off:night]", false},
		{"the night begins", dayAndNight(), nil, 20, []Standing{member("day", true, shift(9, true)), member("night", false, shift(9, false))}, "[on:night off:day]", false},
		{"a second look changes nothing", dayAndNight(), nil, 21, []Standing{member("day", false, shift(20, false)), member("night", true, shift(20, true))}, "[]", false},
		{"switched off by hand stays off", dayAndNight(), nil, 21, []Standing{member("night", false, hand(20.5, false))}, "[]", true},
		{"until the next shift", dayAndNight(), nil, 44, []Standing{member("night", false, hand(20.5, false))}, "[on:night]", false},
		{"also when it follows their own", single, nil, 20, []Standing{member("day", false, hand(10, false))}, "[on:day]", false},
		{"their own next shift says nothing", single, nil, 20, []Standing{member("day", true, shift(8, true))}, "[]", false},
		{"on by hand beside the schedule stays", dayAndNight(), nil, 9, []Standing{member("day", true, shift(8, true)), member("night", true, hand(8.5, true))}, "[]", false},
		{"on by hand before it was set does not", dayAndNight(), nil, 9, []Standing{member("day", true, shift(8, true)), member("night", true, hand(1, true))}, "[off:night]", false},
		{"early by hand is told when it begins", dayAndNight(), nil, 20, []Standing{member("night", true, hand(19, true))}, "[on:night]", false},
		{"back by hand in the shift is not told", dayAndNight(), nil, 21, []Standing{member("night", true, hand(20.5, true))}, "[on:night quiet]", false},
		{"a suspended member keeps no shift", dayAndNight(), nil, 20, []Standing{{Member: "night"}}, "[]", true},
		{"nobody stands in", dayAndNight(), []Override{{at(8), at(20), "day", ""}}, 9, []Standing{member("day", true, shift(8, true))}, "[off:day]", true},
		{"a cover", dayAndNight(), []Override{{at(8), at(20), "day", "guest"}}, 9, []Standing{member("day", false, nil), member("guest", false, nil)}, "[on:guest cover]", false},
		{"a gap of the schedule is none", Schedule{}, nil, 9, []Standing{member("day", false, nil)}, "[]", false},
		{"on a case", dayAndNight(), nil, 20, []Standing{{Member: "day", Active: true, OnDuty: true, Busy: true, Last: shift(8, true)}, member("night", true, shift(20, true))}, "[]", false},
		{"the last desk stays", dayAndNight(), nil, 20, []Standing{desk(member("day", true, shift(8, true))), desk(member("night", false, hand(20, false)))}, "[]", true},
		{"a desk hands over to a desk", dayAndNight(), nil, 20, []Standing{desk(member("day", true, shift(8, true))), desk(member("night", false, shift(8, false)))}, "[on:night off:day]", false},
	} {
		steps, gap := Handover(c.schedule, c.overrides, at(2), at(c.now), c.standing)
		got := []string{}
		for _, s := range steps {
			word := "off:" + string(s.Member)
			if s.On {
				word = "on:" + string(s.Member)
				if !s.Until.After(at(c.now)) {
					t.Errorf("%s: a shift that ends at %s", c.name, s.Until)
				}
			}
			if s.Cover {
				word += " cover"
			}
			if !s.Tell {
				word += " quiet"
			}
			got = append(got, word)
		}
		if fmt.Sprint(got) != c.want || gap != c.gap {
			t.Errorf("%s: %v, gap %v; want %s, %v", c.name, got, gap, c.want, c.gap)
		}
	}
}
