package postgres_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

var (
	lineDesk    = "U" + strings.Repeat("d", 32)
	lineOfficer = "U" + strings.Repeat("0", 32)
	groupOne    = "C" + strings.Repeat("1", 32)
	groupTwo    = "C" + strings.Repeat("2", 32)
)

// station enlists a station with a duty desk and an officer.
func (f *fixture) station() {
	f.t.Helper()
	f.unit("st", casefile.LevelStation, 16.82, 100.26)
	desk := officer("desk", "st", 0, 0)
	desk.Level, desk.LINE, desk.Province = casefile.LevelStation, lineDesk, "65"
	one := officer("one", "st", 16.82, 100.26)
	one.LINE, one.Province = lineOfficer, "65"
	f.members(desk, one)
}

func TestOnlyADutyDeskGivesItsUnitAGroup(t *testing.T) {
	f := setup(t)
	f.station()
	at := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	group := func(of casefile.MemberID) string {
		t.Helper()
		c, err := f.MemberContact(t.Context(), of, "")
		if err != nil || c.Unit != "st" {
			t.Fatalf("contact of unit %q, %v", c.Unit, err)
		}
		return c.Group
	}
	for _, user := range []string{lineOfficer, "U" + strings.Repeat("9", 32)} {
		if _, err := f.LinkGroup(t.Context(), user, groupOne, at); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("linked by somebody who is no duty desk: %v", err)
		}
	}
	if got := group("desk"); got != "" {
		t.Errorf("a group out of nothing: %q", got)
	}
	for _, id := range []string{groupOne, groupTwo, groupTwo} { // the newest counts, and twice is once
		if _, err := f.LinkGroup(t.Context(), lineDesk, id, at); err != nil {
			t.Fatal(err)
		}
		if got := group("desk"); got != id {
			t.Errorf("the desk's group is %q", got)
		}
	}
	if got := group("one"); got != "" {
		t.Error("an officer's message would ring the group")
	}
	if bytes.Contains(f.dump(), []byte(groupTwo)) {
		t.Error("a group rests in clear")
	}
	if err := f.UnlinkGroup(t.Context(), groupOne); err != nil || group("desk") != groupTwo {
		t.Errorf("another group's leave unlinked this one, %v", err)
	}
	if err := f.UnlinkGroup(t.Context(), groupTwo); err != nil || group("desk") != "" {
		t.Errorf("still linked, %v", err)
	}
}

func TestWhoAnswersACommunicationTest(t *testing.T) {
	f := setup(t)
	f.station()
	at := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	answered := func(since time.Time) bool {
		t.Helper()
		found, err := f.RosterDesks(t.Context(), since)
		if err != nil || len(found) != 1 {
			t.Fatalf("desks %+v, %v", found, err)
		}
		return found[0].Answered
	}
	silent := func() int {
		t.Helper()
		list, err := f.SilentDesks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	test := func(province string, at time.Time, want int) {
		t.Helper()
		if desks, err := f.BeginTest(t.Context(), province, at); err != nil || len(desks) != want {
			t.Fatalf("tested %v, %v", desks, err)
		}
	}
	press := func(user, event string, at time.Time) {
		t.Helper()
		routed, err := f.Intake(t.Context(), []postgres.Arrival{{
			EventID: casefile.EventID(event), Channel: casefile.ChannelLINE, UserID: user, At: at,
			In: casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActHeard, At: at},
		}})
		if err != nil || routed[0].Door != casefile.Neither {
			t.Fatalf("routed %+v, %v", routed, err)
		}
	}
	if answered(time.Time{}) || silent() != 0 {
		t.Error("answered, or silent, before any test")
	}
	test("50", at, 0)
	test("65", at, 1)
	if answered(time.Time{}) || silent() != 1 {
		t.Error("a test that nobody answered counts as answered")
	}
	press(lineOfficer, "e1", at.Add(time.Minute))
	if answered(time.Time{}) {
		t.Error("somebody else's press answers for the desk")
	}
	press(lineDesk, "e2", at.Add(time.Minute))
	if !answered(at) || silent() != 0 {
		t.Error("the answer was not kept")
	}
	if answered(at.Add(time.Hour)) {
		t.Error("an answer of long ago counts")
	}
	f.station() // the list is imported again
	if !answered(at) {
		t.Error("an import forgets the answer")
	}
	test("", at.Add(time.Hour), 1)
	if answered(at) || silent() != 1 {
		t.Error("the answer to an earlier test counts for a later one")
	}
}
