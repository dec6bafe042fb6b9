package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

func TestEveryGroupHasTasksAndTheYoungGetNothingAboutAPerson(t *testing.T) {
	list, err := ParseTasks(tasksYAML)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range casefile.Groups {
		class := casefile.Volunteer
		if slices.Contains(young, g) {
			class = casefile.Junior
		}
		m := casefile.Member{Group: g, Class: class, State: casefile.MemberActive}
		open := list.Open(m, nil, Default().ValidFrom.Time)
		if len(open) == 0 {
			t.Errorf("there is nothing to do for %s", g)
		}
		for _, task := range open {
			if class == casefile.Junior && (task.Person || task.About == casefile.AboutPregnancy) {
				t.Errorf("%s is given to the young", task.Code)
			}
		}
	}
}

func TestAWrongTaskListSaysWhatIsWrong(t *testing.T) {
	raw := string(tasksYAML)
	for _, tt := range []struct{ name, old, young, want string }{
		{"a person for the young", "groups: [CYBER_SCOUT]\n    th: แจ้งภัยออนไลน์", "groups: [CYBER_SCOUT]\n    person: true\n    th: แจ้งภัยออนไลน์", "for the young"},
		{"a sexual matter for the young", "about: ONLINE_CRIME", "about: SCHOOL_AGE_PREGNANCY", "for the young"},
		{"a group without a task", "groups: [VHV]", "groups: [SDV]", "group VHV has 0 tasks"},
		{"a kind that is none", "about: ONLINE_CRIME", "about: CRIME", "about names the kind"},
		{"a task twice", "code: ONLINE_LESSON", "code: ONLINE_POINT", "twice"},
		{"an option that is no button", "en: I told a friend", "en: I told a friend and all of my family", "at most 20"},
		{"an unknown key", "every: 1h", "often: 1h", `unknown key "often"`},
		{"no span", "every: 1h", "every: 0s", "above zero"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Count(raw, tt.old) < 1 {
				t.Fatalf("the list does not say %q", tt.old)
			}
			_, err := ParseTasks([]byte(strings.Replace(raw, tt.old, tt.young, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTheLastOfficeOfAConcernIsOneOfTheNation(t *testing.T) {
	for _, kind := range casefile.ConcernKinds {
		for _, province := range []string{"", "10", "65"} {
			plan := Default().ConcernPlan(kind, province)
			if n := len(plan.Steps); n == 0 || !national(plan.Steps[n-1].Level) {
				t.Errorf("%s in %q ends at %+v", kind, province, plan.Steps)
			}
		}
	}
	if first := Default().ConcernPlan(casefile.AboutChildSpace, "65").Steps[0].Level; first != casefile.LevelShelter {
		t.Errorf("a child's concern goes to %s first", first)
	}
	if first := Default().ConcernPlan(casefile.AboutDrugs, "65").Steps[0].Level; first != casefile.LevelMSDHSDuty {
		t.Errorf("drugs go to %s first", first)
	}
	broken := strings.Replace(string(defaultYAML), "  decide: 3d #", "  decide: 0s #", 1)
	if _, err := Parse("x", []byte(broken)); err == nil || !strings.Contains(err.Error(), "decide must be above zero") {
		t.Errorf("a span of nothing: %v", err)
	}
}

func TestAProvinceIsFoundInWords(t *testing.T) {
	for text, want := range map[string]string{
		"หลังตลาด จ.พิษณุโลก": "65", "near the market, Phitsanulok": "65", "หลังตลาด": "", "พิษณุโลกหรือสุโขทัย": "",
	} {
		if got := ProvinceIn(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
