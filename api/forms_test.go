package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// filled keeps one set of answers to the risk assessment, and the law's word on others.
type filled struct {
	answers casefile.Filled
	n       int
	reader  casefile.Reader
	asked   int
}

func risk() casefile.Form {
	for _, f := range policy.DefaultForms() {
		if f.Code == "risk_assessment" {
			return f
		}
	}
	panic("no risk assessment")
}

func (k *filled) Form(_ context.Context, code, version string) (casefile.Form, error) {
	if f := risk(); f.Code == code && f.Version == version {
		return f, nil
	}
	return casefile.Form{}, casefile.ErrNotFound
}

func (k *filled) AnswerForm(_ context.Context, r casefile.Reader, _ casefile.CaseID, _, _ string, after int, given casefile.Filled) (int, error) {
	k.asked++
	k.reader = r
	if after != k.n {
		return 0, casefile.ErrMoved
	}
	kept, err := risk().Accept(given, k.answers, r.Rights)
	if err == nil {
		k.answers, k.n = kept, k.n+1
	}
	return k.n, err
}

func (k *filled) Answers(_ context.Context, r casefile.Reader, id casefile.CaseID, form string, _ int) (casefile.Form, casefile.FormAnswers, error) {
	k.asked++
	k.reader = r
	if k.n == 0 {
		return casefile.Form{}, casefile.FormAnswers{}, casefile.ErrNotFound
	}
	return risk(), casefile.FormAnswers{Case: id, Form: form, Version: "1", N: k.n, At: now, Answers: k.answers}, nil
}

func (k *filled) AnswersOf(_ context.Context, id casefile.CaseID, _ int) ([]casefile.FormAnswers, error) {
	k.asked++
	return []casefile.FormAnswers{{Case: id, Form: "risk_assessment", Version: "1", N: 1, At: now}}, nil
}

func TestFormsKeepToTheScope(t *testing.T) {
	d, k := open(t), &filled{}
	d.server.Forms = k
	body := map[string]any{"version": "1", "answers": map[string]any{}}
	for _, id := range []casefile.CaseID{farCase, noCase} {
		base := "/v1/cases/" + string(id) + "/forms"
		for _, got := range []int{
			d.asks(radio65, http.MethodGet, base, nil).Code, d.asks(radio65, http.MethodGet, base+"/closing?purpose=legal", nil).Code,
			d.asks(radio65, http.MethodPut, base+"/closing", body, "If-Match", `"0"`).Code,
		} {
			if got != http.StatusNotFound {
				t.Errorf("a case outside of the scope answered %d", got)
			}
		}
	}
	if k.asked != 0 {
		t.Error("the forms were asked")
	}
	if res := d.asks(radio65, http.MethodGet, "/v1/cases/"+string(ownCase)+"/forms", nil); res.Code != http.StatusOK || k.asked != 1 {
		t.Errorf("%d %s", res.Code, res.Body)
	}
}

// A reader gets only the fields that their right allows, and reasons that betray no other.
func TestAFieldIsShownByItsRight(t *testing.T) {
	d := openStaffed(t)
	k := &filled{}
	d.server.Forms = k
	path := "/v1/cases/" + string(ownCase) + "/forms/risk_assessment"
	answers := map[string]any{
		"assessed_on": "1/5/2569", "violence": []string{"EMOTIONAL"}, "frequency": "ONCE", "injury": "NONE", "weapon": false, "threat_to_kill": false,
		"alleged_at_home": true, "self_harm": true, "fear": 3, "protector": true, "opinion": canary,
	}
	put := func(token, ifMatch string, answers map[string]any) int {
		t.Helper()
		res := d.asks(token, http.MethodPut, path, map[string]any{"version": "1", "answers": answers}, "If-Match", ifMatch)
		if res.Code >= 400 && strings.Contains(res.Body.String(), canary) {
			t.Errorf("the refusal quotes an answer: %s", res.Body)
		}
		return res.Code
	}
	if got := put(deskWoman, `"0"`, answers); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	if k.answers["assessed_on"] != "2026-05-01" {
		t.Errorf("kept %v", k.answers["assessed_on"])
	}
	read := func(token string) string {
		t.Helper()
		res := d.asks(token, http.MethodGet, path+"?purpose=protection_followup", nil)
		if res.Code != http.StatusOK || res.Header().Get("ETag") != `"1"` {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
		return res.Body.String()
	}
	for token, want := range map[string]map[string]bool{
		viewer:     {"assessed_on": true, `"fear"`: false, "self_harm": false, canary: false, `"level"`: false, `"withheld":true`: true},
		deskWoman:  {"assessed_on": true, `"fear"`: true, "self_harm": false, canary: false, `"level":"HIGH"`: true, `"score"`: false, `"withheld":true`: true},
		supervisor: {"assessed_on": true, `"fear"`: true, "self_harm": true, canary: true, `"level":"HIGH"`: true, `"score"`: true, `"withheld":false`: true},
	} {
		body := read(token)
		for text, there := range want {
			if strings.Contains(body, text) != there {
				t.Errorf("%s there: %v, want %v\n%s", text, !there, there, body)
			}
		}
	}
	for name, change := range map[string]map[string]any{
		"a field without the right": {"supervisor_opinion": canary}, "an unknown field": {"shoe_size": 1}, "an unknown option": {"injury": canary},
		"a number that is none": {"fear": canary}, "a scale beyond its end": {"fear": 11}, "a required field left out": {"fear": nil},
		"a day that there is not": {"assessed_on": "31/4/2569"}, "yes in words": {"weapon": "yes"},
	} {
		bad := map[string]any{}
		for f, v := range answers {
			bad[f] = v
		}
		for f, v := range change {
			bad[f] = v
		}
		if got := put(deskWoman, `"1"`, bad); got != http.StatusUnprocessableEntity {
			t.Errorf("%s answered %d", name, got)
		}
	}
	if got := put(deskWoman, `"0"`, answers); got != http.StatusConflict {
		t.Errorf("behind an older set: %d", got)
	}
	if got := put(viewer, `"1"`, answers); got != http.StatusForbidden {
		t.Errorf("a viewer answered: %d", got)
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("the log has an answer")
	}
}

// A version that was replaced had rights of its own, which nobody may choose.
func TestOnlyTheVersionInForceIsAnswered(t *testing.T) {
	d, k := openStaffed(t), &filled{}
	d.server.Forms = k
	next := risk()
	next.Version = "2"
	d.server.FormList = []casefile.Form{next}
	base := "/v1/cases/" + string(ownCase) + "/forms/"
	for path, version := range map[string]string{base + "risk_assessment": "1", base + "nothing": "2"} {
		p := read[Problem](t, d.asks(deskWoman, http.MethodPut, path, map[string]any{"version": version, "answers": map[string]any{}}, "If-Match", `"0"`),
			http.StatusUnprocessableEntity)
		if p.Field != "version" || p.Detail != "ไม่ใช่รุ่นที่ใช้อยู่" || k.asked != 0 {
			t.Errorf("%s: %+v, asked %d times", path, p, k.asked)
		}
	}
	d.asks(deskWoman, http.MethodPut, base+"risk_assessment", map[string]any{"version": "2", "answers": map[string]any{}}, "If-Match", `"0"`)
	if k.asked != 1 {
		t.Error("the version in force did not reach the forms")
	}
}

func TestFormsAreListed(t *testing.T) {
	d := openStaffed(t)
	list := read[FormList](t, d.asks(viewer, http.MethodGet, "/v1/forms", nil), http.StatusOK)
	if len(list.Forms) != 5 || list.Forms[0].Code != "closing" {
		t.Errorf("%d forms", len(list.Forms))
	}
	for path, want := range map[string]int{
		"/v1/forms/risk_assessment": 200, "/v1/forms/risk_assessment?version=1": 200, "/v1/forms/risk_assessment?version=0": 404, "/v1/forms/nothing": 404,
	} {
		if got := d.asks(viewer, http.MethodGet, path, nil).Code; got != want {
			t.Errorf("%s answered %d, want %d", path, got, want)
		}
	}
}
