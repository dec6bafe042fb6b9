package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// The built-in mappings can be read, ask for what a request cannot do without, and every question of theirs is one of the logbook.
func TestMappingsAreWhole(t *testing.T) {
	forms := policy.DefaultForms()
	i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == policy.LogbookForm })
	if i < 0 {
		t.Fatal("there is no household logbook")
	}
	names := policy.AidMappings()
	if !slices.Equal(names, []string{"cpis", "mso_logbook", "pom_smart"}) {
		t.Errorf("built in: %v", names)
	}
	for _, name := range names {
		m, err := policy.AidMappingOf(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		has := map[string]bool{}
		for _, c := range m.Columns {
			has[c.Field] = true
			if code, ok := strings.CutPrefix(c.Field, "logbook."); ok {
				if _, known := forms[i].Field(code); !known {
					t.Errorf("%s: the logbook has no question %s", name, code)
				}
			}
		}
		for _, q := range forms[i].Fields {
			if q.Required && !has["logbook."+q.Code] {
				t.Errorf("%s: no column for the question %s, which must be answered", name, q.Code)
			}
		}
		for _, field := range []string{policy.RowKey, "subject.first_name", "home.address", "need.wanted", "consent.aid", "consent.aid.basis", "request.state"} {
			if !has[field] {
				t.Errorf("%s: no column for %s", name, field)
			}
		}
	}
}

// A mapping with mistakes is refused with the line and the path of each.
func TestABadMappingIsRefusedWithItsPaths(t *testing.T) {
	_, err := policy.ParseAidMapping("own.yaml", []byte(`name: own
title: {th: ก, en: a}
encoding: UTF-16
era: BUDDHIST
columns:
  - {name: ก, field: request.key}
  - {name: " ก ", field: subject.first_name}
  - {name: ค, field: subject.shoe_size}
  - {name: ง, field: subject.sex, values: gender}
  - {name: จ, field: home.tenure, values: tenure}
constants:
  - {field: need.urgency, value: SOMETIME}
values:
  tenure:
    CASTLE: [ปราสาท]
    OWN: [ปราสาท]
colour: red
`))
	var invalid *policy.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"own.yaml:3: encoding", "own.yaml:7: columns[1]", "own.yaml:8: columns[2].field", "own.yaml:9: columns[3].values", `home.tenure has no value "CASTLE"`,
		"own.yaml:12: constants[0].value", "says two things", `own.yaml:17: unknown key "colour"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q:\n%v", want, err)
		}
	}
	if _, err := policy.ParseAidMapping("own.yaml", []byte("name: own\ntitle: {th: ก, en: a}\nencoding: UTF-8\nera: COMMON\n")); err == nil || !strings.Contains(err.Error(), "request.key") {
		t.Errorf("a mapping without a key was taken: %v", err)
	}
}
