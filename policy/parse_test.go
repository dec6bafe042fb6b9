package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// edited is the default policy with one piece of its text replaced.
func edited(t *testing.T, old, new string) *Policy {
	t.Helper()
	p, err := Parse("edited.yaml", []byte(replaced(t, old, new)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func replaced(t *testing.T, old, new string) string {
	t.Helper()
	text := string(defaultYAML)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q stands %d times in default.yaml", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

func TestMistakesNameTheirLine(t *testing.T) {
	tests := []struct {
		name     string
		old, new string // the first line of new is the one that is wrong, unless below says otherwise
		below    int
		want     string
	}{
		{"an unknown key", `  depart: 3m`, `  deepart: 3m`, 0, `unknown wait "deepart"`},
		{"an unknown key of a struct", `  push: 5s`, `  push: 5s` + "\n  pull: 5s", 1, `unknown key "pull"`},
		{"not a span", `  depart: 3m `, `  depart: 3 minutes `, 0, `"3 minutes" is not a span`},
		{"a span that runs backwards", `  depart: 3m `, `  depart: -3m `, 0, `"-3m" is not a span`},
		{"a wait of nothing", `  scene: 10m`, `  scene: 0s`, 0, `scene must be above zero`},
		{"a target that is later than its reopening", `  depart_reopen: 5m`, `  depart_reopen: 2m`, 0, `longer than depart`},
		{"town without country", `  arrive: {town: 10m, country: 20m}`, `  arrive: {town: 10m}`, 0, `both town and country`},
		{"a third kind of place", `  arrive: {town: 10m, country: 20m}`, `  arrive: {town: 10m, sea: 1h}`, 0, `unknown or repeated key "sea"`},
		{"not a day", `valid_from: 2026-01-01`, `valid_from: soon`, 0, `"soon" is not a day`},
		{"not a number", `  operators: 2`, `  operators: two`, 0, "cannot unmarshal"},
		{"one police for a critical type", `    crew: {POLICE: 2, MSDHS: 1}
    cards: [NOW, WEAPON, INJURY, CHILDREN]`, `    crew: {POLICE: 1, MSDHS: 1}
    cards: [NOW, WEAPON, INJURY, CHILDREN]`, 0, "two police"},
		{"an answer that a button cannot carry", `      - {code: MANY, th: มากกว่า 30 คน`, `      - {code: many, th: มากกว่า 30 คน`, 0, "a code of its own, in capitals"},
		{"more answers than a message has buttons", "    th: มีคนประมาณกี่คน\n    en: About how many people?\n    options:\n",
			"    th: มีคนประมาณกี่คน\n    en: About how many people?\n    options:\n" +
				"      - {code: A, th: ก, en: A, score: 0}\n      - {code: B, th: ข, en: B, score: 0}\n", -1, "2 to 4 options"},
		{"a card that is not there", `cards: [NOW, CAN_LEAVE, INJURY, CHILDREN]`, `cards: [NOW, CAN_FLY, INJURY, CHILDREN]`, 0, `no card "CAN_FLY"`},
		{"steps out of order", `{after: 120s, ask: [RADIO_191, NEXT_STATION], escalate: 1}`, `{after: 50s, ask: [RADIO_191, NEXT_STATION], escalate: 1}`, 0, "later than in the step before"},
		{"an escalation that falls", `{after: 300s, ask: [POLICE_REGION], escalate: 2, only_if: UNACKED}`, `{after: 300s, ask: [POLICE_REGION], escalate: 0}`, 0, "never fall"},
		{"an unknown level", `ask: [POLICE_REGION]`, `ask: [THE_MAYOR]`, 0, `unknown level "THE_MAYOR"`},
		{"an unknown condition", `escalate: 2, only_if: UNACKED`, `escalate: 2, only_if: SUNNY`, 0, `only_if "SUNNY"`},
		{"officers before the station", `{after: 0s, ask: [STATION, NEAR]`, `{after: 0s, ask: [NEAR]`, 0, "never asked before the STATION"},
		{"officers in a role that sends nobody", `    steps:
      - {after: 0s, ask: [EMS], escalate: 0}`, `    steps:
      - {after: 0s, ask: [EMS, STATION, NEAR], within_m: 9, escalate: 0}`, 1, "sends people"},
		{"officers without a radius", `ask: [STATION, NEAR], within_m: {town: 5000, country: 15000}`, `ask: [STATION, NEAR]`, 0, "needs within_m"},
		{"no national desk in time", `{after: 180s, ask: [DESK], escalate: 1}
      # พมจ.`, `{after: 290s, ask: [DESK], escalate: 1}
      # พมจ.`, -5, "within clocks.unowned"},
		{"an invented province", `provinces: ["10"]`, `provinces: ["10", "99"]`, 0, `no province "99"`},
		{"a number that is no number", `number: "1669"`, `number: "16x9"`, 0, `want digits`},
		{"a longest wait that is shorter than the first", `  again_most: 2m`, `  again_most: 500ms`, 0, "at least again"},
		{"a way twice", `{channel: VOICE, after: 120s}`, `{channel: SMS, after: 120s}`, 0, "way SMS twice"},
		{"a way too few", `    - {channel: VOICE, after: 120s}`, `    # nobody rings`, -2, "way VOICE is missing"},
		{"a way that is none", `{channel: VOICE, after: 120s}`, `{channel: LINE, after: 120s}`, 0, `"LINE" is no way beside LINE`},
		{"a code that may be guessed for ever", `  code_tries: 5`, `  code_tries: 0`, 0, "must be above zero"},
		{"a list at no time", `  morning: "07:30"`, `  morning: early`, 0, `"early" is not a time of day`},
		{"a certain wave", `  target: 0.9 `, `  target: 1.0 `, 0, "below 1"},
		{"fewer candidates than the wave", `  k: 40 `, `  k: 4 `, 0, "at least max"},
		{"a label that no button can hold", `th: มากกว่า 30 คน, en: More than 30`, `th: มากกว่า 30 คน, en: Many more people than thirty`, 0, "at most 20 characters"},
		{"an override of nothing", `overrides: []`, "overrides:\n  - {province: \"65\"}", 1, "changes nothing"},
		{"one police for every type", `overrides: []`, "overrides:\n  - {crew: {POLICE: 1}}", 1, "two police"},
		{"the same key twice", "version: \"1\"\n", "version: \"1\"\nversion: \"2\"\n", 1, "already defined"},
		{"broken YAML", `  operators: 2`, `  operators: [2`, -1, "did not find expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := replaced(t, tt.old, tt.new)
			line := 1 + strings.Count(text[:strings.Index(text, tt.new)], "\n") + tt.below
			_, err := Parse("x.yaml", []byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			prefix := fmt.Sprintf("x.yaml:%d: ", line)
			for said := range strings.Lines(err.Error()) {
				if strings.HasPrefix(said, prefix) && strings.Contains(said, tt.want) {
					return
				}
			}
			t.Errorf("want %q with %q, got:\n%s", prefix, tt.want, err)
		})
	}
}

func TestEveryMistakeIsTold(t *testing.T) {
	text := replaced(t, "  scene: 10m", "  scene: soon")
	for _, r := range [][2]string{{"  operators: 2", "  operators: 0"}, {"  max: 8 ", "  maximum: 8 "}, {"valid_from: 2026-01-01", "valid_from: x"}} {
		text = strings.Replace(text, r[0], r[1], 1)
	}
	_, err := Parse("x.yaml", []byte(text))
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{`"soon"`, "operators", `"maximum"`, "max must", `"x" is not a day`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %s in:\n%s", want, err)
		}
	}
	for i, m := range invalid.Mistakes {
		if m.Line < 1 || i > 0 && m.Line < invalid.Mistakes[i-1].Line {
			t.Errorf("not in the order of the lines: %v", invalid.Mistakes)
		}
	}
}

func TestDocumentsThatAreNoPolicy(t *testing.T) {
	for _, text := range []string{"", "null", "42", "[]", "{}", "a: &a [*a]", string(defaultYAML) + "\n---\nversion: \"2\"\n"} {
		if _, err := Parse("x.yaml", []byte(text)); err == nil {
			t.Errorf("accepted %.40q", text)
		}
	}
}

// A wait without a place in the document would be zero for ever.
func TestEveryWaitHasAName(t *testing.T) {
	var w Waits
	for _, field := range waitFields {
		*field(&w) = 1
	}
	v := reflect.ValueOf(w)
	for i := range v.NumField() {
		name := strings.Split(v.Type().Field(i).Tag.Get("json"), ",")[0]
		if v.Field(i).Int() != 1 {
			t.Errorf("%s cannot be set from the document", name)
		}
		if _, ok := waitFields[name]; !ok {
			t.Errorf("%s has another name in the document", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(defaultYAML)
	f.Add([]byte("version: \"1\"\nwaits: {pin: 60s}\noverrides: [{waits: {x: {town: 1s}}}]\n"))
	f.Add([]byte("a: &a {b: *a}\n<<: *a\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Parse("fuzz.yaml", raw)
		if err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) || len(invalid.Mistakes) == 0 {
				t.Fatalf("an error without a mistake: %v", err)
			}
			return
		}
		for _, typ := range casefile.IncidentTypes { // what was accepted must be usable
			for _, live := range []bool{true, false} {
				plan := p.Plan(typ, casefile.Place{Province: "10"}, true, live, true)
				for _, r := range plan.Roles {
					if r.Crew < 1 || len(r.Steps) == 0 || r.Again <= 0 {
						t.Fatalf("%s: %s has crew %d and %d steps, again %s", typ, r.Role, r.Crew, len(r.Steps), r.Again)
					}
				}
				if len(plan.Roles) == 0 || len(plan.Over) == 0 || plan.Waits.Pin <= 0 {
					t.Fatalf("%s: nobody responsible: %+v", typ, plan)
				}
			}
		}
	})
}
