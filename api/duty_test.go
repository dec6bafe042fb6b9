package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
)

// planned is the shifts of a station in 65, in memory.
type planned struct {
	schedule  dispatch.Schedule
	overrides []DutyOverride
	by        []string // who did what
	revoked   bool
}

const station = casefile.UnitID("station")

func (p *planned) did(what string, by casefile.Actor) { p.by = append(p.by, by.ID+" "+what) }

func (p *planned) Unit(_ context.Context, id casefile.UnitID) (casefile.Unit, error) {
	provinces := map[casefile.UnitID]string{station: "65", "far": "50", "national": ""}
	province, ok := provinces[id]
	if !ok {
		return casefile.Unit{}, casefile.ErrNotFound
	}
	return casefile.Unit{ID: id, Province: province}, nil
}

func (p *planned) Schedule(context.Context, casefile.UnitID) (dispatch.Schedule, []DutyOverride, error) {
	return p.schedule, p.overrides, nil
}

func (p *planned) SetSchedule(_ context.Context, _ casefile.UnitID, s dispatch.Schedule, by casefile.Actor) error {
	p.schedule = s
	p.did("set", by)
	return s.Check()
}

func (p *planned) AddOverride(_ context.Context, _ casefile.UnitID, o dispatch.Override, by casefile.Actor) (string, error) {
	p.did("covered", by)
	p.overrides = append(p.overrides, DutyOverride{ID: string(noCase), From: o.From, To: o.To, Of: o.Of, By: o.By})
	return string(noCase), nil
}

func (p *planned) WithdrawOverride(_ context.Context, _ casefile.UnitID, id string, by casefile.Actor) error {
	before := len(p.overrides)
	p.overrides = slices.DeleteFunc(p.overrides, func(o DutyOverride) bool { return o.ID == id })
	if len(p.overrides) == before {
		return casefile.ErrNotFound
	}
	p.did("withdrew", by)
	return nil
}

func (p *planned) DutyAt(_ context.Context, _ casefile.UnitID, at time.Time) ([]OnDuty, error) {
	return []OnDuty{{Member: officer, From: at.Add(-time.Hour), Source: HAND}}, nil
}

func (p *planned) DutyGaps(_ context.Context, province string, _ int) ([]DutyGap, error) {
	return []DutyGap{{Unit: "station", Province: province, Since: now}}, nil
}

func (p *planned) NewCalendar(context.Context, casefile.MemberID, casefile.Actor) (string, error) {
	return "random", nil
}

func (p *planned) RevokeCalendar(context.Context, casefile.MemberID, casefile.Actor) error {
	p.revoked = true
	return nil
}

func (p *planned) Calendar(_ context.Context, token string, from, to time.Time) (string, []dispatch.Shift, error) {
	if token != "random" || p.revoked {
		return "", nil, casefile.ErrNotFound
	}
	return "สภ.เมืองพิษณุโลก, เวรกลางคืนของสายตรวจรถยนต์และรถจักรยานยนต์", []dispatch.Shift{{Member: officer, From: from, To: to}}, nil
}

func aRotation() map[string]any {
	return map[string]any{"rotations": []any{map[string]any{
		"name": "เวร", "members": []string{"day", "night"}, "starts": now.Add(-time.Hour), "hand_over": "08:00", "length": 12, "unit": "HOURS",
	}}}
}

func TestShiftsAreSetAndRead(t *testing.T) {
	d := openStaffed(t)
	p := d.server.Shifts.(*planned)
	base := "/v1/units/station"
	if got := d.asks(supervisor, http.MethodPut, base+"/schedule", aRotation()); got.Code != http.StatusNoContent {
		t.Fatalf("set with %d: %s", got.Code, got.Body)
	}
	for _, spoil := range []string{`"08:00"`, `"HOURS"`, `12`} {
		body := map[string]any{"rotations": []any{map[string]any{"name": spoil}}}
		if got := d.asks(supervisor, http.MethodPut, base+"/schedule", body).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("half a rotation: %d", got)
		}
	}
	tomorrow := now.Add(24 * time.Hour)
	made := read[DutyOverride](t, d.asks(admin, http.MethodPost, base+"/overrides", map[string]any{
		"from": tomorrow, "to": tomorrow.Add(20 * time.Hour), "of": "day", "by": "guest",
	}), http.StatusCreated)
	u := read[UnitSchedule](t, d.asks(viewer, http.MethodGet, base+"/schedule", nil), http.StatusOK)
	if len(u.Overrides) != 1 || u.Overrides[0].By != "guest" || len(u.Changes) < 20 || len(u.Schedule.Rotations) != 1 {
		t.Errorf("read %+v", u)
	}
	will := read[OnCall](t, d.asks(viewer, http.MethodGet, base+"/on-call?at="+tomorrow.UTC().Format(time.RFC3339), nil), http.StatusOK)
	if will.Recorded || len(will.OnCall) != 1 || will.OnCall[0].Member != "guest" || will.OnCall[0].Source != COVER {
		t.Errorf("tomorrow %+v", will)
	}
	was := read[OnCall](t, d.asks(viewer, http.MethodGet, base+"/on-call", nil), http.StatusOK)
	if !was.Recorded || len(was.OnCall) != 1 || was.OnCall[0].Source != HAND {
		t.Errorf("now %+v", was)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if got := d.asks(admin, http.MethodDelete, base+"/overrides/"+made.ID, nil).Code; got != want {
			t.Errorf("withdrawn with %d, want %d", got, want)
		}
	}
	if want := []string{"supervisor set", "admin covered", "admin withdrew"}; !slices.Equal(p.by, want) {
		t.Errorf("done by %v", p.by)
	}
}

func TestShiftsKeepToTheScope(t *testing.T) {
	d := openStaffed(t)
	p := d.server.Shifts.(*planned)
	cover := map[string]any{"from": now, "to": now.Add(time.Hour), "of": "day", "by": "guest"}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "/schedule", nil}, {http.MethodPut, "/schedule", aRotation()}, {http.MethodPost, "/overrides", cover},
		{http.MethodGet, "/on-call", nil}, {http.MethodDelete, "/overrides/" + string(noCase), nil},
	} {
		answers := map[string]bool{}
		for _, unit := range []string{"far", "national", "none"} {
			res := d.asks(admin65, c.method, "/v1/units/"+unit+c.path, c.body)
			if res.Code != http.StatusNotFound {
				t.Errorf("%s %s of %s answered %d", c.method, c.path, unit, res.Code)
			}
			answers[res.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: what is out of scope and what does not exist look different", c.path)
		}
	}
	if len(p.by) != 0 {
		t.Errorf("done: %v", p.by)
	}
	if gaps := read[DutyGaps](t, d.asks(admin65, http.MethodGet, "/v1/duty/gaps", nil), http.StatusOK); gaps.Gaps[0].Province != "65" {
		t.Errorf("gaps of %+v", gaps)
	}
	if got := d.asks(admin65, http.MethodGet, "/v1/duty/gaps?province=50", nil).Code; got != http.StatusForbidden {
		t.Errorf("gaps elsewhere: %d", got)
	}
}

func TestACalendarFeedNamesNobody(t *testing.T) {
	d := openStaffed(t)
	made := read[CalendarAddress](t, d.asks(admin, http.MethodPost, "/v1/members/"+string(officer)+"/calendar", nil), http.StatusCreated)
	res := d.asks("", http.MethodGet, made.Path, nil)
	if res.Code != http.StatusOK || !strings.HasPrefix(res.Header().Get("Content-Type"), "text/calendar") {
		t.Fatalf("answered %d %s", res.Code, res.Header().Get("Content-Type"))
	}
	feed := res.Body.String()
	for _, line := range strings.Split(strings.TrimSuffix(feed, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	whole := strings.ReplaceAll(feed, "\r\n ", "") // unfolded
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", `SUMMARY:ESS สภ.เมืองพิษณุโลก\, เวรกลางคืนของสายตรวจรถยนต์และรถจักรยานยนต์` + "\r\n",
		"DTSTART:20260424T030405Z\r\n", "DTEND:20260730T030405Z\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("the feed lacks %q:\n%s", want, whole)
		}
	}
	if strings.Contains(whole, string(officer)) || strings.Contains(d.logged(), "random") {
		t.Error("the feed names its owner, or the log the address")
	}
	if got := d.asks(admin, http.MethodDelete, "/v1/members/"+string(officer)+"/calendar", nil).Code; got != http.StatusNoContent {
		t.Errorf("revoked with %d", got)
	}
	for _, path := range []string{made.Path, "/calendar/other.ics", "/calendar/random", "/calendar/" + strings.Repeat("x", 100) + ".ics"} {
		if got := d.asks("", http.MethodGet, path, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s answered %d", path, got)
		}
	}
}
