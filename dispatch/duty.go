package dispatch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// thailand has had no summer time since 1920: every day has 24 hours, and a time
// of day comes again after exactly so many.
var thailand = time.FixedZone("Asia/Bangkok", 7*60*60)

// Schedule says who of a unit is on call, and when: rotations hand over from one
// member to the next, weekly shifts come again on their days.
type Schedule struct {
	Rotations []Rotation    `json:"rotations,omitempty"`
	Weekly    []WeeklyShift `json:"weekly,omitempty"`
}

// Rotation is a list of members who take turns.
type Rotation struct {
	Name     string              `json:"name"`
	Members  []casefile.MemberID `json:"members"`
	Starts   time.Time           `json:"starts"`    // the first member's turn; before it nobody's
	HandOver string              `json:"hand_over"` // time of day in Thailand, 15:04
	Length   int                 `json:"length"`    // of a turn, in
	Unit     TurnUnit            `json:"unit"`
}

// TurnUnit is in what the length of a turn is counted.
type TurnUnit string

// Units of a turn.
const (
	Hours TurnUnit = "HOURS"
	Days  TurnUnit = "DAYS"
	Weeks TurnUnit = "WEEKS"
)

var turnUnits = map[TurnUnit]time.Duration{Hours: time.Hour, Days: 24 * time.Hour, Weeks: 7 * 24 * time.Hour}

// WeeklyShift comes again every week. One that ends no later than it begins ends the next day.
type WeeklyShift struct {
	Name    string              `json:"name"`
	Members []casefile.MemberID `json:"members"`
	Days    []Weekday           `json:"days"`  // on which it begins
	From    string              `json:"from"`  // time of day in Thailand, 15:04
	Until   string              `json:"until"` // the same
}

// Weekday is a day of the week.
type Weekday string

// Weekdays lists the days as time.Weekday counts them.
var Weekdays = []Weekday{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// Override wins over the schedule for its span: By stands in for Of. Without Of,
// By is there beside the others; without By, nobody stands in.
type Override struct {
	From, To time.Time
	Of, By   casefile.MemberID
}

// Shift is one member on call for one span.
type Shift struct {
	Member casefile.MemberID
	From   time.Time
	To     time.Time // no longer on call at this instant
	Cover  bool      // by an override
}

func (s Shift) at(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

func (s Shift) meets(from, to time.Time) bool { return s.From.Before(to) && from.Before(s.To) }

// Check reports what is wrong with a schedule, as a *casefile.InvalidError.
func (s Schedule) Check() error {
	for _, r := range s.Rotations {
		_, known := turnUnits[r.Unit]
		switch {
		case len(r.Members) == 0:
			return &casefile.InvalidError{Field: "members", Th: "รอบเวรต้องมีสมาชิก", En: "a rotation needs members"}
		case r.Length <= 0 || !known:
			return &casefile.InvalidError{Field: "length", Th: "ความยาวเวรไม่ถูกต้อง", En: "the length of a turn is wrong"}
		case r.Starts.IsZero():
			return &casefile.InvalidError{Field: "starts", Th: "โปรดระบุเวลาเริ่มรอบเวร", En: "say when the rotation starts"}
		}
		if err := checkTimes("hand_over", r.HandOver); err != nil {
			return err
		}
	}
	for _, w := range s.Weekly {
		switch {
		case len(w.Members) == 0:
			return &casefile.InvalidError{Field: "members", Th: "เวรต้องมีสมาชิก", En: "a shift needs members"}
		case len(w.Days) == 0 || slices.ContainsFunc(w.Days, func(d Weekday) bool { return !slices.Contains(Weekdays, d) }):
			return &casefile.InvalidError{Field: "days", Th: "วันของเวรไม่ถูกต้อง", En: "the days of the shift are wrong"}
		}
		if err := checkTimes("from", w.From, w.Until); err != nil {
			return err
		}
	}
	return nil
}

func checkTimes(field string, times ...string) error {
	for _, t := range times {
		if _, err := time.Parse("15:04", t); err != nil {
			return &casefile.InvalidError{Field: field, Th: "เวลาต้องเป็น ชั่วโมง:นาที", En: "a time of day is hours:minutes"}
		}
	}
	return nil
}

// Members lists everybody whom the schedule names, once.
func (s Schedule) Members() []casefile.MemberID {
	var all []casefile.MemberID
	for _, r := range s.Rotations {
		all = append(all, r.Members...)
	}
	for _, w := range s.Weekly {
		all = append(all, w.Members...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// timeOfDay is an instant on the day of another, in Thailand. The schedule has been checked.
func timeOfDay(day time.Time, clock string) time.Time {
	t, _ := time.Parse("15:04", clock)
	d := day.In(thailand)
	return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), 0, 0, thailand)
}

// turns lists the turns that meet a span. Who begins in the middle of a turn has the rest of it.
func (r Rotation) turns(from, to time.Time) []Shift {
	length := time.Duration(r.Length) * turnUnits[r.Unit]
	first := timeOfDay(r.Starts, r.HandOver)
	if first.After(r.Starts) {
		first = first.Add(-24 * time.Hour)
	}
	first = first.Add(r.Starts.Sub(first) / length * length) // turns shorter than a day
	if from.Before(r.Starts) {
		from = r.Starts
	}
	var turns []Shift
	for i := int64(from.Sub(first) / length); ; i++ {
		begins := first.Add(time.Duration(i) * length)
		if !begins.Before(to) || !r.Starts.Before(to) {
			return turns
		}
		turn := Shift{Member: r.Members[i%int64(len(r.Members))], From: begins, To: begins.Add(length)}
		if begins.Before(r.Starts) {
			turn.From = r.Starts
		}
		turns = append(turns, turn)
	}
}

// shifts lists the shifts that meet a span.
func (w WeeklyShift) shifts(from, to time.Time) []Shift {
	var shifts []Shift
	for day := timeOfDay(from.Add(-24*time.Hour), "00:00"); day.Before(to); day = day.Add(24 * time.Hour) {
		if !slices.Contains(w.Days, Weekdays[day.Weekday()]) {
			continue
		}
		begins, ends := timeOfDay(day, w.From), timeOfDay(day, w.Until)
		if !ends.After(begins) {
			ends = ends.Add(24 * time.Hour)
		}
		for _, m := range w.Members {
			if s := (Shift{Member: m, From: begins, To: ends}); s.meets(from, to) {
				shifts = append(shifts, s)
			}
		}
	}
	return shifts
}

// Shifts lists who is on call in a span, each for the whole of their shift, in
// order of time. Overrides count in the order in which they were made, so that a
// cover may itself be covered.
func Shifts(s Schedule, overrides []Override, from, to time.Time) []Shift {
	var all []Shift
	for _, r := range s.Rotations {
		all = append(all, r.turns(from, to)...)
	}
	for _, w := range s.Weekly {
		all = append(all, w.shifts(from, to)...)
	}
	for _, o := range overrides {
		all = o.over(all)
	}
	all = slices.DeleteFunc(all, func(x Shift) bool { return !x.meets(from, to) })
	slices.SortFunc(all, func(a, b Shift) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(string(a.Member), string(b.Member)), a.To.Compare(b.To))
	})
	return all
}

// over lays an override over shifts: what lies outside of its span stays.
func (o Override) over(shifts []Shift) []Shift {
	if o.Of == "" {
		if o.By == "" {
			return shifts
		}
		return append(shifts, Shift{Member: o.By, From: o.From, To: o.To, Cover: true})
	}
	var left []Shift
	for _, s := range shifts {
		if s.Member != o.Of || !s.meets(o.From, o.To) {
			left = append(left, s)
			continue
		}
		covered := Shift{Member: o.By, From: s.From, To: s.To, Cover: true}
		if s.From.Before(o.From) {
			left = append(left, Shift{Member: s.Member, From: s.From, To: o.From, Cover: s.Cover})
			covered.From = o.From
		}
		if s.To.After(o.To) {
			left = append(left, Shift{Member: s.Member, From: o.To, To: s.To, Cover: s.Cover})
			covered.To = o.To
		}
		if o.By != "" {
			left = append(left, covered)
		}
	}
	return left
}

// OnCall lists who is on call at an instant, each once.
func OnCall(s Schedule, overrides []Override, at time.Time) []casefile.MemberID {
	return onCall(Shifts(s, overrides, at, at.Add(1)), at)
}

func onCall(shifts []Shift, at time.Time) []casefile.MemberID {
	var on []casefile.MemberID
	for _, s := range shifts {
		if s.at(at) {
			on = append(on, s.Member)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// Change is an instant at which somebody comes or goes.
type Change struct {
	At  time.Time           `json:"at"`
	On  []casefile.MemberID `json:"on,omitempty"`
	Off []casefile.MemberID `json:"off,omitempty"`
}

// Changes lists who comes and who goes after an instant and before another.
// Somebody whose next turn follows their own neither comes nor goes.
func Changes(s Schedule, overrides []Override, from, to time.Time) []Change {
	shifts := Shifts(s, overrides, from, to)
	var changes []Change
	before := onCall(shifts, from)
	for _, at := range bounds(shifts, from, to) {
		now := onCall(shifts, at)
		c := Change{At: at, On: without(now, before), Off: without(before, now)}
		if len(c.On)+len(c.Off) > 0 {
			changes = append(changes, c)
		}
		before = now
	}
	return changes
}

func without(all, these []casefile.MemberID) []casefile.MemberID {
	var left []casefile.MemberID
	for _, m := range all {
		if !slices.Contains(these, m) {
			left = append(left, m)
		}
	}
	return left
}

// bounds lists the instants at which shifts begin or end, in order.
func bounds(shifts []Shift, from, to time.Time) []time.Time {
	var at []time.Time
	for _, s := range shifts {
		for _, t := range []time.Time{s.From, s.To} {
			if t.After(from) && t.Before(to) {
				at = append(at, t)
			}
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return slices.CompactFunc(at, time.Time.Equal)
}

// Bound is the first instant after one, and no later than a limit, at which a
// shift begins or ends; otherwise the limit.
func Bound(s Schedule, overrides []Override, after, limit time.Time) time.Time {
	if at := bounds(Shifts(s, overrides, after, limit), after, limit); len(at) > 0 {
		return at[0]
	}
	return limit
}

// Standing is a member of the unit as a handover finds them.
type Standing struct {
	Member casefile.MemberID
	Level  casefile.Level // of a duty desk
	Active bool
	OnDuty bool
	Busy   bool      // on a case
	Last   *Switched // nil: never switched
}

// Switched is the latest change of somebody's duty.
type Switched struct {
	At   time.Time
	On   bool
	Hand bool // by a person, not by the schedule
}

// Step is a change of duty that the schedule wants now.
type Step struct {
	Member casefile.MemberID
	On     bool
	Cover  bool
	Tell   bool      // not to somebody who has pressed the button in this shift
	Until  time.Time // the end of the shift that begins
}

// Handover says whose duty begins and ends now, and whether the shift has
// nobody. Who switched off by hand stays off until their next shift; who
// switched on by hand beside the schedule, since it was set, stays on. Nobody is
// switched off while on a case, nor is the last duty desk of a level: a ladder
// must end at somebody.
func Handover(s Schedule, overrides []Override, set, now time.Time, standing []Standing) (steps []Step, gap bool) {
	shifts := Shifts(s, overrides, now, now.Add(1))
	named := s.Members()
	on := map[casefile.MemberID]bool{} // after the steps
	for _, m := range standing {
		on[m.Member] = m.OnDuty
		shift, has := latest(shifts, m.Member)
		if !has || !m.Active {
			continue
		}
		inThis := m.Last != nil && !m.Last.At.Before(shift.From)
		switch {
		case inThis && m.Last.Hand && !m.Last.On:
		case m.OnDuty && m.Last != nil && m.Last.On && !m.Last.Hand:
		default:
			on[m.Member] = true
			steps = append(steps, Step{
				Member: m.Member, On: true, Cover: shift.Cover, Tell: !inThis || !m.Last.Hand, Until: shift.To,
			})
		}
	}
	for _, m := range standing {
		if _, has := latest(shifts, m.Member); has || !m.OnDuty || m.Busy {
			continue
		}
		ended := m.Last != nil && m.Last.On && !m.Last.Hand
		before := slices.Contains(named, m.Member) && (m.Last == nil || m.Last.At.Before(set))
		lastDesk := m.Level != "" && !slices.ContainsFunc(standing, func(o Standing) bool {
			return o.Member != m.Member && o.Level == m.Level && o.Active && on[o.Member]
		})
		if (ended || before) && !lastDesk {
			on[m.Member] = false
			steps = append(steps, Step{Member: m.Member, Tell: true})
		}
	}
	there := slices.ContainsFunc(standing, func(m Standing) bool {
		_, has := latest(shifts, m.Member)
		return has && m.Active && on[m.Member]
	})
	needed := len(shifts) > 0 || len(Shifts(s, nil, now, now.Add(1))) > 0
	return steps, needed && !there
}

// latest is the shift of a member that began last.
func latest(shifts []Shift, m casefile.MemberID) (Shift, bool) {
	for _, s := range slices.Backward(shifts) {
		if s.Member == m {
			return s, true
		}
	}
	return Shift{}, false
}
