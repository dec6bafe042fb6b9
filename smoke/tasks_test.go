package smoke

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
)

// joinsAs adds a member of one of the eight groups who takes no part in emergencies.
func (h *town) joinsAs(name string, group casefile.Group, class casefile.Class) {
	h.t.Helper()
	p := h.phone(name)
	h.members = append(h.members, []string{
		h.code(name), h.code(string(casefile.LevelShelter)), name, p.ID(), "", "", string(group), string(class), "th",
		number(h.pin.Lat), number(h.pin.Lon), "true", "false",
	})
}

// asksForTasks opens the list of what there is to do.
func (p *person) asksForTasks() {
	p.town.t.Helper()
	p.types("งานของฉัน")
	p.hears("งานของฉัน")
}

// offered are the tasks of the newest list.
func (p *person) offered() []string {
	var codes []string
	items := incoming(p.Transcript())
	for _, b := range items[len(items)-1].Buttons {
		if in := line.Decode(b.Action.Data); in.Action == casefile.ActTask {
			codes = append(codes, in.Reason)
		}
	}
	return codes
}

// Each of the eight groups finds something to do in the chat, does it in a few taps and is thanked; what they find
// becomes a concern or a point on the map. The head of their unit sees counts. The young are given nothing about a person.
func TestEachOfTheEightGroupsDoesOneOfItsTasks(t *testing.T) {
	h := start(t)
	groups := map[string]casefile.Group{
		"kru": casefile.Teacher, "nakrian": casefile.StudentCouncil, "yaowachon": casefile.YouthCouncil, "cyber": casefile.CyberScout,
		"osm": casefile.VHV, "opm": casefile.SDV, "chumchon": casefile.Community, "nuayngan": casefile.Agency,
	}
	young := []casefile.Group{casefile.StudentCouncil, casefile.YouthCouncil, casefile.CyberScout}
	for name, group := range groups {
		class := casefile.Volunteer
		switch {
		case slices.Contains(young, group):
			class = casefile.Junior
		case group == casefile.Teacher:
			class = casefile.School
		}
		h.joinsAs(name, group, class)
	}
	h.enlist()
	since := h.Clock.Case(time.Now()).Add(-time.Hour)

	var shot bytes.Buffer
	if err := jpeg.Encode(&shot, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	simple := func(name, task, option string) {
		t.Helper()
		p := h.people[name]
		p.asksForTasks()
		p.picks(casefile.ActTask, task, "")
		p.hears("task")
		p.picks(casefile.ActTask, task, option)
		p.hears("ขอบคุณ บันทึกแล้ว")
	}
	walk := func(name, task string) {
		t.Helper()
		p := h.people[name]
		p.asksForTasks()
		p.picks(casefile.ActTask, task, "")
		p.hears("ปักหมุด")
		p.sends(h.pin)
		p.hears("ส่งภาพสถานที่")
		if _, err := p.SendImage(shot.Bytes()); err != nil {
			t.Fatal(err)
		}
		p.hears("ขอบคุณ บันทึกแล้ว")
	}
	finds := func(name, task, option, where string) {
		t.Helper()
		p := h.people[name]
		p.asksForTasks()
		p.picks(casefile.ActTask, task, "")
		if option != "" {
			p.hears("task")
			p.picks(casefile.ActTask, task, option)
		}
		p.hears("อยู่ที่ไหน")
		p.types(where)
		p.hears("เห็นอะไร")
		p.types("น่าห่วง")
		p.hears("ได้รับแล้ว ขอบคุณ")
	}
	simple("cyber", "ONLINE_LESSON", "TOLD")
	finds("cyber", "ONLINE_POINT", "", "https://bad.example/1 จังหวัด"+h.province.NameTh)
	walk("nakrian", "SAFE_WALK")
	walk("yaowachon", "SAFE_WALK")
	simple("kru", "WELFARE", "NONE")
	finds("kru", "ATTENDANCE", "AWAY", "โรงเรียนริมน้ำ จังหวัด"+h.province.NameTh)
	finds("osm", "HOME_LOOK", "WORRY", "หมู่ 4 จังหวัด"+h.province.NameTh)
	simple("opm", "VISIT", "VISITED")
	walk("chumchon", "SAFE_SPACE")
	simple("nuayngan", "SITE_CHECK", "CHECKED")

	// A lesson is once a week: it is not offered again.
	cyber := h.people["cyber"]
	cyber.asksForTasks()
	if slices.Contains(cyber.offered(), "ONLINE_LESSON") {
		t.Errorf("offered again: %v", cyber.offered())
	}
	for _, name := range []string{"cyber", "nakrian", "yaowachon"} {
		p := h.people[name]
		p.asksForTasks()
		for _, code := range p.offered() {
			if slices.Contains([]string{"ATTENDANCE", "WELFARE", "HOME_LOOK", "VISIT"}, code) {
				t.Errorf("%s is given %s, which is about a person", name, code)
			}
		}
	}

	// What they found is there for the workers, and for the map.
	h.eventually("three concerns and three safe places", func() bool {
		var page struct{ Concerns []concern }
		h.gets("somsri", "/v1/concerns?province="+h.province.Code, &page)
		var places struct{ Places []struct{ Photo bool } }
		h.gets("somsri", "/v1/safe-places?province="+h.province.Code, &places)
		return len(page.Concerns) == 3 && len(places.Places) == 3 && places.Places[0].Photo
	})
	var sums struct {
		Tasks   []struct{ Reports, Members int }
		Members []struct {
			Member  string
			Reports int
		}
	}
	day := since.In(policy.Bangkok)
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, policy.Bangkok)
	span := "?since=" + midnight.UTC().Format(time.RFC3339) + "&until=" + midnight.AddDate(0, 0, 42).UTC().Format(time.RFC3339)
	h.gets("somsri", "/v1/units/"+string(h.unitID(string(casefile.LevelShelter)))+"/tasks"+span, &sums)
	all := 0
	for _, m := range sums.Members {
		all += m.Reports
	}
	if len(sums.Members) != 7 || all != 7 || // what somebody pointed out is counted for nobody
		!slices.IsSortedFunc(sums.Members, func(a, b struct {
			Member  string
			Reports int
		}) int {
			if a.Member < b.Member {
				return -1
			}
			return 1
		}) {
		t.Errorf("the head of the unit sees %+v", sums)
	}
	if status, _ := h.request(scoped, http.MethodGet, "/v1/units/"+string(h.unitID(string(casefile.LevelShelter)))+"/tasks"+span, nil); status != http.StatusNotFound {
		t.Errorf("somebody of another province was answered %d", status)
	}
}
