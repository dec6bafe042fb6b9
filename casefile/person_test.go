package casefile

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func TestParseNumber(t *testing.T) {
	tests := []struct{ name, give, want string }{
		{"a national ID", "1234567890121", "1234567890121"},
		{"as it is printed on the card", "1 2345 67890 12 1", "1234567890121"},
		{"with dashes and Thai digits", "๑-๒๓๔๕-๖๗๘๙๐-๑๒-๑", "1234567890121"},
		{"of a person without a nationality", "0000000000019", "0000000000019"},
		{"a G-code", "g650000001234", "G650000001234"},
		{"a wrong check digit", "1234567890120", ""},
		{"two digits changed over", "1234576890121", ""},
		{"a row of ones", "1111111111119", ""},
		{"too short", "123456789012", ""},
		{"letters", "12345678901O1", ""},
		{"a short G-code", "G65000000123", ""},
		{"a G-code with letters", "G65000000123X", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseNumber(tt.give)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q, %v", got, err)
			}
			if err != nil && tt.give != "" && strings.Contains(err.Error(), tt.give) {
				t.Error("the error quotes the number")
			}
		})
	}
}

func TestParseBirth(t *testing.T) {
	tests := []struct{ name, give, want string }{
		{"the common era", "2017-05-03", "2017-05-03"},
		{"the Buddhist era", "2560-05-03", "2017-05-03"},
		{"as it is written in Thailand", "3/5/2560", "2017-05-03"},
		{"with Thai digits", "๓/๕/๒๕๖๐", "2017-05-03"},
		{"a year alone", "2560", "2017"},
		{"today", "2026-05-01", "2026-05-01"},
		{"a leap day", "29/2/2563", "2020-02-29"},
		{"a leap day in a common year", "29/2/2564", ""},
		{"tomorrow", "2026-05-02", ""},
		{"next year, alone", "2570", ""},
		{"the thirty-first of April", "31/4/2560", ""},
		{"a thirteenth month", "2017-13-01", ""},
		{"121 years ago", "1905-04-30", ""},
		{"120 years ago", "1905-05-02", "1905-05-02"},
		{"a year between the eras", "2200-01-01", ""},
		{"two digits of a year", "3/5/60", ""},
		{"words", "เมื่อปีก่อน", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseBirth(tt.give, today)
			if err == nil && got.String() != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	for birth, want := range map[string]int{"2017-05-01": 9, "2017-05-02": 8, "2017": 9, "2026-05-01": 0} {
		if b, err := ParseBirth(birth, today); err != nil || b.Age(today) != want {
			t.Errorf("born %s is %d, %v", birth, b.Age(today), err)
		}
	}
}

func TestAPersonIsCheckedWhole(t *testing.T) {
	_, err := ParsePerson(PersonInput{First: "12", Number: "1", Birth: "tomorrow", Sex: "x", Nationality: "Thai", Province: "Tak"}, today)
	for _, field := range []string{"first_name", "number", "birth_date", "sex", "nationality", "province"} {
		if err == nil || !strings.Contains(err.Error(), field+": ") {
			t.Errorf("%s is not refused: %v", field, err)
		}
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Th == "" || invalid.En == "" {
		t.Errorf("not said in both languages: %v", err)
	}
	p, err := ParsePerson(PersonInput{First: " ด.ญ. มะลิ ", Last: "ดี  งาม", Birth: "3/5/2560", Sex: "female", Province: "65"}, today)
	if err != nil || p.First != "มะลิ" || p.Last != "ดี งาม" || p.Sex != SexFemale || p.Nationality != "XX" {
		t.Errorf("%+v, %v", p, err)
	}
	raw, err := json.Marshal(p)
	var back Person
	if err != nil || json.Unmarshal(raw, &back) != nil || back != p {
		t.Errorf("%s does not come back: %+v, %v", raw, back, err)
	}
	if p, err = ParsePerson(PersonInput{First: "นางนวล", Province: "65"}, today); err != nil || p.First != "นางนวล" {
		t.Errorf("a name that begins like a title is kept as %q, %v", p.First, err)
	}
}

func TestHalfANameIsNoSearch(t *testing.T) {
	tests := []struct {
		name                       string
		number, first, last, birth string
		exact, ok                  bool
	}{
		{name: "a number", number: "1234567890121", ok: true},
		{name: "both names", first: "มะลิ", last: "ดีงาม", ok: true},
		{name: "a first name and a year", first: "มะลิ", birth: "2560", ok: true},
		{name: "a last name and a date", last: "ดีงาม", birth: "3/5/2560", ok: true},
		{name: "a first name", first: "มะลิ"},
		{name: "a year", birth: "2560"},
		{name: "nothing"},
		{name: "a wrong number beside a name", number: "1", first: "มะลิ", last: "ดีงาม"},
		{name: "exactly, without a last name", first: "มะลิ", birth: "2560", exact: true},
		{name: "a year that has not come", first: "มะลิ", birth: "2600"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseQuery(tt.number, tt.first, tt.last, tt.birth, tt.exact, today); (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}
