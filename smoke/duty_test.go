package smoke

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// fetch reads something of the API.
func fetch[T any](h *town, path string) T {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, path, nil)
	var v T
	if err := json.Unmarshal(raw, &v); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s", path, status, raw)
	}
	return v
}

// stationOf is the town's station, as the API knows it.
func (h *town) stationOf() casefile.UnitID {
	h.t.Helper()
	page := fetch[struct{ Units []casefile.Unit }](h, "/v1/units?limit=200&level=STATION&province="+h.province.Code)
	i := slices.IndexFunc(page.Units, func(u casefile.Unit) bool { return u.Code == h.code(string(casefile.LevelStation)) })
	if i < 0 {
		h.t.Fatal("the town has no station")
	}
	return page.Units[i].ID
}

// joins adds one officer of the station and returns their ID.
func (h *town) joins(name string, metres float64) casefile.MemberID {
	h.t.Helper()
	members := func() []casefile.Member {
		return fetch[struct{ Members []casefile.Member }](h, "/v1/members?limit=200&unit="+string(h.stationOf())).Members
	}
	before := members()
	h.officers(map[string]float64{name: metres})
	for _, m := range members() {
		if !slices.ContainsFunc(before, func(b casefile.Member) bool { return b.ID == m.ID }) {
			return m.ID
		}
	}
	h.t.Fatalf("%s did not join", name)
	return ""
}

// onCall is who the API says is on call by the schedule at an instant.
func (h *town) onCall(at time.Time) []casefile.MemberID {
	h.t.Helper()
	type person struct {
		Member casefile.MemberID
		Source string
	}
	answer := fetch[struct {
		OnCall []person `json:"on_call"`
	}](h, "/v1/units/"+string(h.stationOf())+"/on-call?at="+url.QueryEscape(at.UTC().Format(time.RFC3339Nano)))
	var who []casefile.MemberID
	for _, p := range answer.OnCall {
		if p.Source != "LIST" { // the duty desk, which has no shifts: the roster has it on duty
			who = append(who, p.Member)
		}
	}
	return who
}

// The night shift begins: the next alert rings the night officer, not the day
// officer, and both were told. Who was on call before has one answer for ever.
func TestTheNightShiftBegins(t *testing.T) {
	h := start(t)
	ids := map[string]casefile.MemberID{"day": h.joins("day", 300), "night": h.joins("night", 600)}
	day, night := h.people["day"], h.people["night"]
	shifts := func(members []casefile.MemberID, starts time.Time, handOver time.Time) {
		t.Helper()
		status, raw := h.request("somsri", http.MethodPut, "/v1/units/"+string(h.stationOf())+"/schedule", map[string]any{"rotations": []any{map[string]any{
			"name": "เวรสายตรวจ", "members": members, "starts": starts, "hand_over": handOver.In(policy.Bangkok).Format("15:04"), "length": 12, "unit": "HOURS",
		}}})
		if status != http.StatusNoContent {
			t.Fatalf("PUT schedule: %d %s", status, raw)
		}
	}
	now := h.Clock.Case(time.Now())
	dusk := now.Add(30 * time.Minute).Truncate(time.Minute) // a minute and a half from now on the wall
	shifts([]casefile.MemberID{ids["day"], ids["night"]}, now.Add(-time.Hour), dusk)
	day.hearsWithin("เวรของท่านเริ่มแล้ว", time.Minute)
	night.hearsWithin("หมดเวรแล้ว", time.Minute) // the roster had both on duty
	before := h.Clock.Case(time.Now())

	night.hearsWithin("เวรของท่านเริ่มแล้ว", 3*time.Minute)
	day.hearsWithin("หมดเวรแล้ว", time.Minute)
	if h.Clock.Case(time.Now()).Before(dusk) {
		t.Error("the night began before dusk")
	}
	night.sends(casefile.Pin{Lat: h.pin.Lat + 600.0/111195, Lon: h.pin.Lon}) // as the card asks
	h.eventually("the night officer has a position", func() bool {
		return !fetch[casefile.Member](h, "/v1/members/"+string(ids["night"])).FixedAt.IsZero()
	})
	id := h.citizen("mali").reports(casefile.Gathering, h.pin)
	night.hearsOf(id, casefile.ActAccept)
	if slices.ContainsFunc(incoming(day.Transcript()), func(i lineemu.Item) bool { return about(i, id) && carries(i, "accept") }) { // a neighbour's alarm may have rung by day
		t.Errorf("the day officer was rung: %s", day.said())
	}

	if got := h.onCall(before); !slices.Equal(got, []casefile.MemberID{ids["day"]}) {
		t.Errorf("before dusk %v was on call, not the day officer", got)
	}
	shifts([]casefile.MemberID{ids["night"]}, now.Add(-time.Hour), dusk) // a schedule without the day officer
	if got := h.onCall(before); !slices.Equal(got, []casefile.MemberID{ids["day"]}) {
		t.Errorf("after an edit %v was on call then, not the day officer", got)
	}
	if got := h.onCall(h.Clock.Case(time.Now())); !slices.Equal(got, []casefile.MemberID{ids["night"]}) {
		t.Errorf("now %v is on call, not the night officer", got)
	}
}
