package policy

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ess-thailand/ess/casefile"
)

func TestTheBuiltInFormsAreWhole(t *testing.T) {
	var codes []string
	for _, f := range DefaultForms() {
		codes = append(codes, f.Code)
	}
	if got := strings.Join(codes, " "); got != "closing home_visit household_logbook risk_assessment safety_plan" {
		t.Errorf("built in are %s", got)
	}
}

func TestAFolderReplacesFormsByCode(t *testing.T) {
	const own = `
code: closing
version: "2"
title: {th: ก, en: a}
fields:
  - {code: x, type: text, label: {th: ก, en: a}, read: [OPERATOR], write: [OPERATOR]}
`
	forms, err := Forms(fstest.MapFS{"own.yaml": {Data: []byte(own)}, "more.yaml": {Data: []byte(strings.Replace(own, "closing", "more", 1))}})
	if err != nil || len(forms) != 6 || forms[0].Code != "closing" || forms[0].Version != "2" || len(forms[0].Fields) != 1 {
		t.Errorf("%+v, %v", forms, err)
	}
	if _, err := Forms(fstest.MapFS{"a.yaml": {Data: []byte(own)}, "b.yaml": {Data: []byte(own)}}); err == nil {
		t.Error("one code stands in two files")
	}
}

func TestEveryMistakeOfAFormIsFoundWithItsLine(t *testing.T) {
	_, err := ParseForm("bad.yaml", []byte(`code: Bad
version: ""
title: {th: ก}
lists:
  empty: []
fields:
  - {code: a, type: choice, list: gone, label: {th: ก, en: a}, read: [KING], write: [OPERATOR]}
  - {code: a, type: scale, label: {th: ก, en: a}, read: [OPERATOR], write: [OPERATOR]}
scoring:
  read: [OPERATOR]
  rules:
    - {field: b, points: 1, why: {th: ก, en: a}}
  levels:
    - {level: HIGH, from: 3}
`))
	for _, want := range []string{
		"bad.yaml:1: want a code", ":2: version", ":3: want a text", ":5: the list is empty", ":7: there is no such list", ":7: want rights", ":8: this field is there twice",
		":8: a scale needs", ":12: there is no such field", "the last level must be from 0",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not said: %q\n%v", want, err)
		}
	}
	_, err = ParseForm("x.yaml", []byte("code: A\nquestions: []\n---\ncode: b\n"))
	for _, want := range []string{`x.yaml:2: unknown key "questions"`, "x.yaml:1: want a code", "x.yaml:1: more than one document"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not said: %q\n%v", want, err)
		}
	}
}

// The level of risk follows from the answers by rules that say why.
func TestTheRiskIsExplained(t *testing.T) {
	var form casefile.Form
	for _, f := range DefaultForms() {
		if f.Code == "risk_assessment" {
			form = f
		}
	}
	calm := casefile.Filled{"violence": []any{"EMOTIONAL"}, "frequency": "ONCE", "injury": "NONE", "weapon": false, "threat_to_kill": false, "fear": 2.0, "protector": true, "alleged_at_home": false}
	with := func(field string, v any) casefile.Filled {
		a := casefile.Filled{}
		for k, x := range calm {
			a[k] = x
		}
		a[field] = v
		return a
	}
	for name, tt := range map[string]struct {
		give    casefile.Filled
		want    casefile.Risk
		reasons int
	}{
		"nothing grave":            {calm, casefile.RiskLow, 0},
		"a threat to kill":         {with("threat_to_kill", true), casefile.RiskHigh, 1},
		"nobody who protects":      {with("protector", false), casefile.RiskMedium, 1},
		"very afraid, and no more": {with("fear", 9.0), casefile.RiskLow, 1},
		"beaten and neglected":     {with("violence", []any{"PHYSICAL", "NEGLECT"}), casefile.RiskMedium, 2},
	} {
		got, ok := form.Find(tt.give)
		if !ok || got.Level != tt.want || len(got.Reasons) != tt.reasons {
			t.Errorf("%s: %+v", name, got)
		}
	}
	found, _ := form.ShownFinding(with("self_harm", true), []casefile.Right{casefile.RightOperator})
	if found.Level != casefile.RiskHigh || len(found.Reasons) != 0 {
		t.Errorf("a reason tells what may not be read: %+v", found)
	}
	if _, ok := form.ShownFinding(calm, []casefile.Right{casefile.RightViewer}); ok {
		t.Error("a viewer is told the risk")
	}
}
