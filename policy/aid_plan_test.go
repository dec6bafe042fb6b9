package policy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ess-thailand/ess/casefile"
)

func inBangkok(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, Bangkok)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTheStepsOfARequestAreDueInWorkingDays(t *testing.T) {
	plan := Default().AidPlan()
	for _, tt := range []struct {
		name    string
		state   casefile.AidState
		urgency casefile.AidUrgency
		at, due string
	}{
		{"over a weekend", casefile.AidSubmitted, casefile.AidNormal, "2026-03-05 10:00", "2026-03-10 10:00"},
		{"urgent", casefile.AidSubmitted, casefile.AidSoon, "2026-03-05 10:00", "2026-03-06 10:00"},
		{"urgent on a Friday", casefile.AidSubmitted, casefile.AidSoon, "2026-03-06 10:00", "2026-03-09 10:00"},
		{"over Songkran", casefile.AidSubmitted, casefile.AidNormal, "2026-04-10 10:00", "2026-04-20 10:00"},
		{"filed in Songkran", casefile.AidSubmitted, casefile.AidNormal, "2026-04-14 10:00", "2026-04-20 10:00"},
		{"urgent over Songkran", casefile.AidSubmitted, casefile.AidSoon, "2026-04-10 10:00", "2026-04-16 10:00"},
		{"over the new year", casefile.AidVisited, casefile.AidNormal, "2026-12-30 16:00", "2027-01-06 16:00"},
		{"over the end of February", casefile.AidScreened, casefile.AidNormal, "2028-02-24 09:00", "2028-03-06 09:00"},
		{"an appeal, by days of the calendar", casefile.AidAppealed, casefile.AidSoon, "2026-03-02 09:00", "2026-04-01 23:59"},
	} {
		due, call := plan.Due(tt.state, tt.urgency, inBangkok(t, tt.at))
		if got := due.In(Bangkok).Format("2006-01-02 15:04"); got != tt.due || !call.After(inBangkok(t, tt.at)) {
			t.Errorf("%s: due %s, want %s; called %s", tt.name, got, tt.due, call.In(Bangkok))
		}
	}
	raw, err := json.Marshal(plan)
	var back AidPlan
	if err != nil || json.Unmarshal(raw, &back) != nil || !reflect.DeepEqual(plan, back) || back.IsZero() || !(AidPlan{}).IsZero() {
		t.Errorf("the plan does not travel: %s, %v", raw, err)
	}
}

// Act B.E. 2539, s.44 and s.64: fifteen days after the day of the telling, and no last day that is none.
func TestAnAppealMayComeForFifteenDays(t *testing.T) {
	plan := Default().AidPlan()
	for told, want := range map[string]string{
		"2026-03-02 00:00": "2026-03-17", "2026-03-02 23:59": "2026-03-17", // the day of the telling does not count
		"2026-03-06 09:00": "2026-03-23", // the 15th day is a Saturday
		"2026-03-29 09:00": "2026-04-16", // the 15th day is Songkran
		"2026-12-17 09:00": "2027-01-04", // the 15th day is New Year's Day, a Friday
		"2028-02-15 09:00": "2028-03-01",
	} {
		until := plan.AppealUntil(inBangkok(t, told)).In(Bangkok)
		if until.Format(time.DateOnly) != want || until.Format(time.TimeOnly) != "23:59:59" {
			t.Errorf("told %s: until %s, want the end of %s", told, until, want)
		}
		if due, call := plan.Due(casefile.AidRejected, casefile.AidNormal, inBangkok(t, told)); !due.Equal(until) || !call.After(until) {
			t.Errorf("told %s: ends at %s, called at %s", told, due, call)
		}
	}
	for _, code := range aidLegal {
		if l := Default().Aid.Legal[code]; !l.Verify || l.Section == "" || l.Source == "" {
			t.Errorf("%s is told as if a lawyer had confirmed it", code)
		}
	}
}

func TestTheLadderOfARequestEndsAtTheNation(t *testing.T) {
	plan := Default().AidPlan()
	for _, urgency := range []casefile.AidUrgency{casefile.AidNormal, casefile.AidSoon, ""} {
		a := casefile.AidRequest{State: casefile.AidScreened, Urgency: urgency}
		at := inBangkok(t, "2026-03-02 10:00")
		a.DueAt, a.CallAt = plan.Due(a.State, a.Urgency, at)
		var who [][]Called
		for range 7 {
			next, called := plan.NextCall(a, a.CallAt)
			who = append(who, called)
			if a.CallAt.Before(a.DueAt) {
				a.Reminded = true
			} else {
				a.Calls++
			}
			if !next.After(a.CallAt) {
				t.Fatalf("%q: the call after %s is at %s", urgency, a.CallAt, next)
			}
			a.CallAt = next
		}
		want := [][]Called{
			{CallOwner}, {CallOwner}, {CallSupervisor, CallOwner}, {CallProvince, CallOwner}, {CallCentral, CallOwner}, {CallCentral, CallOwner}, {CallCentral, CallOwner},
		}
		if !reflect.DeepEqual(who, want) {
			t.Errorf("%q: %v are called", urgency, who)
		}
	}
}

// A wait that ends in the night ends in the morning, and no call is before its time.
func TestNobodyIsCalledAtNightOrTooEarly(t *testing.T) {
	plan, p := Default().AidPlan(), Default()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, Bangkok).Add(time.Duration(rapid.IntRange(0, 3*365*24*3600).Draw(t, "second")) * time.Second)
		state := rapid.SampledFrom(casefile.AidStates).Draw(t, "state")
		urgency := rapid.SampledFrom(append(slices.Clone(casefile.AidUrgencies), "")).Draw(t, "urgency")
		due, call := plan.Due(state, urgency, at)
		if !due.After(at) || !call.After(at) || p.Quiet(call) {
			t.Fatalf("%s since %s: due %s, called %s", state, at, due, call.In(Bangkok))
		}
		if day := due.In(Bangkok).Weekday(); day == time.Saturday || day == time.Sunday {
			t.Fatalf("%s is due on a %s", state, day)
		}
		a := casefile.AidRequest{State: state, Urgency: urgency, DueAt: due, Calls: rapid.IntRange(0, 9).Draw(t, "calls")}
		now := due.Add(time.Duration(rapid.IntRange(-72, 400).Draw(t, "hours")) * time.Hour)
		next, who := plan.NextCall(a, now)
		if !next.After(now) || p.Quiet(next) || len(who) == 0 || who[len(who)-1] != CallOwner {
			t.Fatalf("called %v at %s, then at %s", who, now, next.In(Bangkok))
		}
	})
}

func TestAVisitIsAgreedOnInTime(t *testing.T) {
	plan := Default().AidPlan()
	for urgency, want := range map[casefile.AidUrgency]string{casefile.AidNormal: "2026-03-11 10:00", casefile.AidSoon: "2026-03-04 10:00"} {
		if got := plan.VisitBefore(urgency, inBangkok(t, "2026-03-02 10:00")).In(Bangkok).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: %s, want %s", urgency, got, want)
		}
	}
}

func TestMistakesInTheClocksOfAidNameTheirLine(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"no working day", "SCREENED: {normal: 7, urgent: 2}", "SCREENED: {normal: 0, urgent: 0}", "normal must be above zero"},
		{"urgent is slower", "SCREENED: {normal: 7, urgent: 2}", "SCREENED: {normal: 7, urgent: 8}", "takes no longer"},
		{"half a year", "SCREENED: {normal: 7, urgent: 2}", "SCREENED: {normal: 121, urgent: 2}", "at most 120"},
		{"a state too few", "    SCREENED: {normal: 7, urgent: 2} # visited [T_AID_VISIT]\n", "", "step SCREENED is missing"},
		{"a state of the law", "EVALUATED: {normal: 5, urgent: 5}", "REJECTED: {normal: 5, urgent: 5}", `"REJECTED" is no state`},
		{"a draft of no time", "  draft: 90d", "  draft: 0s", "draft must be above zero"},
		{"a ladder that ends nowhere", "        - {after: 24h, ask: CENTRAL}\n  # A decision", "  # A decision", "ends at CENTRAL"},
		{"an appeal of hours", "section: s.44, limit: 15d", "section: s.44, limit: 36h", "whole days"},
		{"an Act without a section", "act: APA 2539, section: s.45", `act: APA 2539, section: ""`, "its section"},
		{"a clock too few", "APPEAL_DECIDE: {", "APPEAL_WISH: {", "APPEAL_DECIDE is missing"},
		{"a clock too many", "APPEAL_DECIDE: {", "APPEAL_WISH: {", `unknown legal clock "APPEAL_WISH"`},
	} {
		if _, err := Parse("x.yaml", []byte(replaced(t, tt.old, tt.new))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
