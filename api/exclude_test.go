package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A case that must not reach an organisation does not exist for the operators of
// it, on any path, and not on the screen of its radio centre.
func TestACaseThatMustNotReachAnOrganisationDoesNotExistThere(t *testing.T) {
	d := &door{world: newWorld(), t: t}
	d.server = d.world.server(t)
	for i := range d.server.Operators {
		if d.server.Operators[i].Token == radio65 {
			d.server.Operators[i].Unit = "radio65"
		}
	}
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	c := d.world.cases[ownCase]
	c.Excluded = []casefile.Exclusion{{Unit: "radio65", Level: casefile.LevelRadio191, Province: c.Place.Province}}
	d.world.cases[ownCase] = c
	for _, path := range []string{"", "/timeline", "/waves", "/deliveries", "/media", "/private?purpose=emergency_response"} {
		if got := d.asks(radio65, http.MethodGet, "/v1/cases/"+string(ownCase)+path, nil).Code; got != http.StatusNotFound {
			t.Errorf("GET %s answered %d", path, got)
		}
		if got := d.asks(somsri, http.MethodGet, "/v1/cases/"+string(ownCase)+path, nil).Code; got != http.StatusOK {
			t.Errorf("GET %s of another operator answered %d", path, got)
		}
	}
	if res := d.asks(radio65, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/note", map[string]any{"reason": "WHY"}, "Idempotency-Key", "key-of-a-note-0001"); res.Code != http.StatusNotFound {
		t.Errorf("a command answered %d", res.Code)
	}
	for _, path := range []string{"/v1/cases", "/v1/desk"} {
		if res := d.asks(radio65, http.MethodGet, path, nil); res.Code != http.StatusOK || strings.Contains(res.Body.String(), string(ownCase)) {
			t.Errorf("%s: %d %s", path, res.Code, res.Body)
		}
	}
	own := Operator{Provinces: []string{c.Place.Province}, Unit: "radio65"}
	other := Operator{Provinces: []string{c.Place.Province}, Unit: "station"}
	if own.mayHave(c) || !other.mayHave(c) || !(Operator{}).mayHave(c) {
		t.Error("not exactly the operators of the organisation are kept away")
	}
	if onScreen(c, c.Place.Province, "") || onScreen(c, "99", "radio65") || !onScreen(c, "99", "station") {
		t.Error("the screen of the province shows the case, or another does not")
	}
}

// Whoever is named stands for their whole unit, and the other reports of the incident hear it, too.
func TestAnExclusionIsOfTheWholeUnitAndOfTheWholeIncident(t *testing.T) {
	d := open(t)
	c := d.world.cases[ownCase]
	c.Reports = []casefile.CaseID{bareCase}
	d.world.cases[ownCase] = c
	path := "/v1/cases/" + string(ownCase) + "/commands/exclude"
	for _, body := range []map[string]any{{}, {"unit": "st", "member": string(officer)}, {"member": "nobody"}} {
		if res := d.asks(somsri, http.MethodPost, path, body, "Idempotency-Key", "key-of-a-bad-one-1"); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %s", body, res.Code, res.Body)
		}
	}
	if res := d.asks(somsri, http.MethodPost, path, map[string]any{"member": string(officer)}, "Idempotency-Key", "key-of-a-good-one"); res.Code != http.StatusOK {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	want := d.world.members[officer].Unit
	if len(d.world.commands) != 2 || d.world.commands[0].Unit != want || d.world.commands[0].Member != officer || d.world.commands[1].Unit != want ||
		d.world.commands[0].ID == d.world.commands[1].ID || d.world.commands[0].Proof == d.world.commands[1].Proof {
		t.Errorf("commands: %+v", d.world.commands)
	}
}
