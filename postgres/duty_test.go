package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres"
)

var planner = casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}

// rota is a station with a desk, a day and a night officer, on a clock that the test moves.
func rota(t *testing.T) (f *fixture, move func(hours int)) {
	f = setup(t)
	now := began // 10:00 in Thailand
	f.Now = func() time.Time { return now }
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.unit("other", casefile.LevelStation, 16.9, 100.2)
	desk := officer("desk", "st", 16.8, 100.2)
	desk.Level, desk.Role = casefile.LevelStation, ""
	f.members(desk, officer("day", "st", 16.8, 100.2), officer("night", "st", 16.8, 100.2), officer("guest", "st", 16.8, 100.2), officer("foreign", "other", 16.9, 100.2))
	return f, func(hours int) { now = now.Add(time.Duration(hours) * time.Hour) }
}

func halfDays(members ...casefile.MemberID) dispatch.Schedule {
	return dispatch.Schedule{Rotations: []dispatch.Rotation{{
		Name: "เวร", Members: members, Starts: began.Add(-2 * time.Hour), HandOver: "08:00", Length: 12, Unit: dispatch.Hours,
	}}}
}

// keep changes shifts until none is due, and says how many of them have nobody.
func (f *fixture) keep() (looked, nobody int) {
	f.t.Helper()
	for {
		_, gap, err := f.KeepDuty(f.t.Context())
		if errors.Is(err, casefile.ErrNotFound) {
			return looked, nobody
		}
		if err != nil {
			f.t.Fatal(err)
		}
		looked++
		if gap {
			nobody++
		}
	}
}

func (f *fixture) onDuty(members ...casefile.MemberID) {
	f.t.Helper()
	want := map[casefile.MemberID]bool{}
	for _, m := range members {
		want[m] = true
	}
	for _, id := range []casefile.MemberID{"day", "night"} {
		m, err := f.Member(f.t.Context(), id)
		if err != nil {
			f.t.Fatal(err)
		}
		if m.OnDuty != want[id] || !m.OnDuty && m.Lat != 0 {
			f.t.Errorf("%s on duty %v, with a position %v", id, m.OnDuty, m.Lat != 0)
		}
	}
}

// then is who was on call, and since when and by what.
func (f *fixture) then(at time.Time) string {
	f.t.Helper()
	on, err := f.DutyAt(f.t.Context(), "st", at)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, p := range on {
		out = append(out, fmt.Sprintf("%s %s+%s", p.Member, p.Source, p.From.Sub(began)))
	}
	return strings.Join(out, ", ")
}

func (f *fixture) untold() []string {
	f.t.Helper()
	waiting, err := f.UntoldDuty(f.t.Context(), 0, 100)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, n := range waiting {
		if n.LINE == "" || n.Unit == "" || n.Template == activities.DutyBegins && !n.Until.After(n.At) {
			f.t.Errorf("odd notice %+v", n)
		}
		out = append(out, string(n.Member)+" "+n.Template)
		if err := f.ToldDuty(f.t.Context(), n.ID, activities.OutcomeAccepted); err != nil {
			f.t.Fatal(err)
		}
	}
	return out
}

func TestShiftsChangeAndThePastStays(t *testing.T) {
	f, move := rota(t)
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	if looked, nobody := f.keep(); looked != 1 || nobody != 0 {
		t.Errorf("%d looks, %d gaps", looked, nobody)
	}
	f.onDuty("day")
	if got := f.untold(); !slices.Equal(got, []string{"day duty_begins", "night duty_ends"}) {
		t.Errorf("told %v", got)
	}
	move(9) // 19:00: nothing happens, whoever looks
	f.keep()
	if got := f.untold(); len(got) != 0 {
		t.Errorf("told %v", got)
	}
	move(1)
	f.keep()
	f.onDuty("night")
	if got := f.untold(); !slices.Equal(got, []string{"night duty_begins", "day duty_ends"}) {
		t.Errorf("told %v", got)
	}
	move(1)
	if err := f.SetSchedule(t.Context(), "st", halfDays("night", "day"), planner); err != nil { // the other way round
		t.Fatal(err)
	}
	f.keep()
	f.onDuty("day")
	for hours, want := range map[int]string{
		-1: "", 0: "day SHIFT+0s, desk LIST+0s, guest LIST+0s", 9: "day SHIFT+0s, desk LIST+0s, guest LIST+0s",
		10: "desk LIST+0s, guest LIST+0s, night SHIFT+10h0m0s", 11: "day SHIFT+11h0m0s, desk LIST+0s, guest LIST+0s",
	} {
		if got := f.then(began.Add(time.Duration(hours) * time.Hour)); got != want {
			t.Errorf("after %d hours %q, want %q", hours, got, want)
		}
	}
	if _, err := f.sql(`UPDATE duty_changes SET on_duty = true`); err == nil {
		t.Error("the past was rewritten")
	}
	if got := f.mustSQL(`SELECT string_agg(actor || ' ' || action, ', ' ORDER BY id) FROM audit`); got != "OPERATOR:somsri DUTY_SCHEDULE_SET, OPERATOR:somsri DUTY_SCHEDULE_SET" {
		t.Errorf("audited %s", got)
	}
}

func TestWhoSwitchesOffStaysOffAndTheDeskHears(t *testing.T) {
	f, move := rota(t)
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	f.keep()
	f.untold()
	move(1)
	if err := f.SetDuty(t.Context(), "day", false); err != nil {
		t.Fatal(err)
	}
	if _, nobody := f.keep(); nobody != 1 {
		t.Errorf("%d gaps", nobody)
	}
	f.onDuty()
	if got := f.untold(); !slices.Equal(got, []string{"desk duty_gap"}) {
		t.Errorf("told %v", got)
	}
	move(2)
	if _, nobody := f.keep(); nobody != 0 || len(f.untold()) != 0 {
		t.Error("the gap was told twice")
	}
	gaps, err := f.DutyGaps(t.Context(), "", 10)
	if err != nil || len(gaps) != 1 || gaps[0].Unit != "st" || !gaps[0].Since.Equal(began.Add(time.Hour)) {
		t.Errorf("gaps %+v, %v", gaps, err)
	}
	if far, err := f.DutyGaps(t.Context(), "99", 10); err != nil || len(far) != 0 {
		t.Errorf("elsewhere %+v, %v", far, err)
	}
	move(7) // the night begins
	f.keep()
	f.onDuty("night")
	if gaps, err := f.DutyGaps(t.Context(), "", 10); err != nil || len(gaps) != 0 {
		t.Errorf("still gaps: %+v, %v", gaps, err)
	}
	move(12) // and the next day the day officer has a new shift
	f.keep()
	f.onDuty("day")
}

func TestSomebodyStandsIn(t *testing.T) {
	f, move := rota(t)
	if _, err := f.AddOverride(t.Context(), "st", dispatch.Override{From: began, To: began.Add(time.Hour), Of: "day", By: "night"}, planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("without a schedule: %v", err)
	}
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "day"), planner); err != nil {
		t.Fatal(err)
	}
	if err := f.SetDuty(t.Context(), "night", false); err != nil {
		t.Fatal(err)
	}
	f.keep()
	f.onDuty("day")
	move(1)
	cover := dispatch.Override{From: began.Add(time.Hour), To: began.Add(3 * time.Hour), Of: "day", By: "night"}
	id, err := f.AddOverride(t.Context(), "st", cover, planner)
	if err != nil {
		t.Fatal(err)
	}
	f.keep()
	f.onDuty("night")
	if got := f.then(began.Add(time.Hour)); got != "desk LIST+0s, guest LIST+0s, night COVER+1h0m0s" {
		t.Errorf("recorded %s", got)
	}
	if err := f.WithdrawOverride(t.Context(), "other", id, planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("withdrawn from elsewhere: %v", err)
	}
	move(1)
	if err := f.WithdrawOverride(t.Context(), "st", id, planner); err != nil {
		t.Fatal(err)
	}
	if err := f.WithdrawOverride(t.Context(), "st", id, planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("withdrawn twice: %v", err)
	}
	f.keep()
	f.onDuty("day")
	var invalid *casefile.InvalidError
	for name, o := range map[string]dispatch.Override{
		"of another unit": {From: began, To: began.Add(9 * time.Hour), Of: "day", By: "foreign"},
		"backwards":       {From: began.Add(9 * time.Hour), To: began.Add(8 * time.Hour), Of: "day", By: "night"},
		"over":            {From: began, To: began.Add(time.Hour), Of: "day", By: "night"},
		"nobody at all":   {From: began, To: began.Add(9 * time.Hour)},
		"themselves":      {From: began, To: began.Add(9 * time.Hour), Of: "day", By: "day"},
	} {
		if _, err := f.AddOverride(t.Context(), "st", o, planner); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "foreign"), planner); !errors.As(err, &invalid) {
		t.Errorf("a schedule with somebody of another unit: %v", err)
	}
	if err := f.SetSchedule(t.Context(), "nowhere", dispatch.Schedule{}, planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("a schedule of no unit: %v", err)
	}
}

// Several workers change shifts at once: each change happens once.
func TestShiftsChangeOnceWhoeverLooks(t *testing.T) {
	f, _ := rota(t)
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	f.warm()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, _, err := f.KeepDuty(t.Context()); err != nil && !errors.Is(err, casefile.ErrNotFound) {
				t.Error(err)
			}
		})
		group.Go(func() {
			if err := f.SetDuty(t.Context(), "guest", true); err != nil { // already on: nothing to write down
				t.Error(err)
			}
		})
	}
	group.Wait()
	f.keep() // whoever met a button that was being pressed leaves the look to the next one
	if got := f.untold(); !slices.Equal(got, []string{"day duty_begins", "night duty_ends"}) {
		t.Errorf("told %v", got)
	}
	if got := f.mustSQL(`SELECT count(*) FROM duty_changes WHERE source <> 'LIST'`); got != "2" {
		t.Errorf("%s changes", got)
	}
}

// Who is on a case is not sent home by the clock.
func TestAShiftDoesNotEndOnACase(t *testing.T) {
	f, move := rota(t)
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	f.keep()
	id := f.report("u1", casefile.Gathering, f.Now()).ID
	f.mustSQL(`INSERT INTO assignments (case_id, member_id) VALUES ($1, 'day')`, string(id))
	move(10)
	f.keep()
	f.onDuty("day", "night")
	f.mustSQL(`DELETE FROM assignments`)
	move(1)
	f.keep()
	f.onDuty("night")
}

func TestCalendarFeeds(t *testing.T) {
	f, _ := rota(t)
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	token, err := f.NewCalendar(t.Context(), "night", planner)
	if err != nil || len(token) != 43 {
		t.Fatalf("token %q, %v", token, err)
	}
	unit, shifts, err := f.Calendar(t.Context(), token, began, began.Add(48*time.Hour))
	if err != nil || unit == "" || len(shifts) != 2 {
		t.Fatalf("%q %+v, %v", unit, shifts, err)
	}
	for _, s := range shifts {
		if s.Member != "night" {
			t.Errorf("somebody else's shift: %+v", s)
		}
	}
	if n := f.mustSQL(`SELECT count(*) FROM duty_calendars WHERE position($1::bytea in token_hash) > 0`, []byte(token)); n != "0" {
		t.Error("the token itself is kept")
	}
	newer, err := f.NewCalendar(t.Context(), "night", planner)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.RevokeCalendar(t.Context(), "day", planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("revoked what is not: %v", err)
	}
	if _, _, err := f.Calendar(t.Context(), newer, began, began); err != nil {
		t.Error(err)
	}
	if err := f.RevokeCalendar(t.Context(), "night", planner); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{token, newer, ""} {
		if _, _, err := f.Calendar(t.Context(), old, began, began); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("a revoked address answers: %v", err)
		}
	}
}

// What an imported list does to somebody's duty is written down like a press of the button.
func TestAListSwitchesDutyAndItIsWrittenDown(t *testing.T) {
	f, move := rota(t)
	at := func() []postgres.DutyPeriod {
		t.Helper()
		periods, err := f.DutyAt(t.Context(), "st", f.Now())
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(periods, func(p postgres.DutyPeriod) bool { return p.Member != "guest" })
	}
	imported := func(unit string, on bool) {
		guest := officer("guest", unit, 16.8, 100.2)
		guest.OnDuty = on
		f.members(guest)
	}
	if got := at(); len(got) != 1 || got[0].Source != postgres.ByList || !got[0].From.Equal(began) {
		t.Errorf("after the first list: %+v", got)
	}
	move(1)
	imported("st", true) // the same again changes nothing
	if got := at(); len(got) != 1 || !got[0].From.Equal(began) {
		t.Errorf("after the same list: %+v", got)
	}
	imported("st", false)
	if got := at(); len(got) != 0 {
		t.Errorf("off duty by the list: %+v", got)
	}
	move(1)
	imported("st", true)
	move(1)
	imported("other", true)
	if got := at(); len(got) != 0 {
		t.Errorf("in another unit, and still on duty in this one: %+v", got)
	}
	if got, err := f.DutyAt(t.Context(), "other", f.Now()); err != nil || !slices.ContainsFunc(got, func(p postgres.DutyPeriod) bool { return p.Member == "guest" }) {
		t.Errorf("on duty in the other unit: %+v, %v", got, err)
	}
}
