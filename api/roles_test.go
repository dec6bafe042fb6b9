package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// staff of these tests: a token for each role, and one that has none.
const (
	viewer     = "token-of-a-viewer-of-the-cases"
	deskWoman  = "token-of-an-operator-of-the-desk"
	supervisor = "token-of-a-supervisor-of-cases"
	admin      = "token-of-an-administrator-only"
	admin65    = "token-of-the-administrator-of-65"
	nobody     = "token-of-somebody-without-a-role"
)

func openStaffed(t *testing.T) *door {
	t.Helper()
	d := &door{world: newWorld(), t: t}
	d.server = d.world.server(t)
	d.server.Operators = []Operator{
		{Name: "viewer", Token: viewer, Roles: []OperatorRole{RoleViewer}}, {Name: "desk", Token: deskWoman, Roles: []OperatorRole{RoleOperator}},
		{Name: "supervisor", Token: supervisor, Roles: []OperatorRole{RoleSupervisor}}, {Name: "admin", Token: admin, Roles: []OperatorRole{RoleAdmin}},
		{Name: "admin65", Token: admin65, Roles: []OperatorRole{RoleAdmin}, Provinces: []string{"65"}}, {Name: "nobody", Token: nobody},
	}
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every operation has a rule, every rule an operation, and the door keeps to it:
// who has no role of the rule is refused before anything else is looked at.
func TestEveryRouteHasARule(t *testing.T) {
	d := openStaffed(t)
	tokens := map[OperatorRole]string{RoleViewer: viewer, RoleOperator: deskWoman, RoleSupervisor: supervisor, RoleAdmin: admin}
	seen := map[string]bool{}
	for name, route := range d.server.contract {
		method, path, _ := strings.Cut(name, " ")
		if slices.Contains(openRoutes, name) {
			continue
		}
		id := route.Operation.OperationID
		seen[id] = true
		if len(rules[id]) == 0 {
			t.Errorf("%s has no rule: nobody may use it", id)
		}
		if strings.HasSuffix(path, "stream") {
			path += "?refused=before" // never answered with a stream here
		}
		for role, token := range tokens {
			allowed := slices.Contains(rules[id], role)
			if allowed && strings.Contains(path, "stream") {
				continue // it would not end
			}
			res := d.asks(token, method, pathParam.ReplaceAllString(path, "x"), nil)
			if refused := strings.Contains(res.Body.String(), "not_allowed"); refused == allowed {
				t.Errorf("%s by %s answered %d %s", id, role, res.Code, res.Body)
			}
		}
		if res := d.asks(nobody, method, pathParam.ReplaceAllString(path, "x"), nil); res.Code != http.StatusForbidden {
			t.Errorf("%s by nobody answered %d", id, res.Code)
		}
	}
	for id := range rules {
		if !seen[id] {
			t.Errorf("the rule of %s belongs to no operation", id)
		}
	}
	if len(seen) < 25 {
		t.Fatalf("only %d operations were looked at", len(seen))
	}
	if len(d.commands) != 0 || len(d.viewed) != 0 {
		t.Error("something was done")
	}
}

// What ends a case, or makes two one, is for a supervisor.
func TestOnlySupervisorsDecide(t *testing.T) {
	d := openStaffed(t)
	base := "/v1/cases/" + string(ownCase) + "/commands/"
	bodies := map[string]map[string]any{
		"close": {"outcome": "HELPED", "reason": "SETTLED"}, "merge": {"case": farCase}, "split": {}, "false-report": {"reason": "PRANK"}, "acknowledge": {},
	}
	for kind := range commands {
		decision := slices.Contains(decisions, kind)
		for token, want := range map[string]int{viewer: 403, admin: 403, deskWoman: 200, supervisor: 200} {
			body, given := bodies[kind]
			if decision && token == deskWoman {
				want = http.StatusForbidden
			}
			if !given && want == http.StatusOK {
				continue // its details are another test's
			}
			if got := d.asks(token, http.MethodPost, base+kind, body).Code; got != want {
				t.Errorf("%s by %s answered %d, want %d", kind, token, got, want)
			}
		}
	}
	for _, kind := range append(slices.Clone(decisions), confirms) {
		if _, ok := commands[kind]; !ok {
			t.Errorf("there is no command %s", kind)
		}
	}
}

// Of the two persons who mark a false report the second is a supervisor.
func TestASupervisorConfirmsAFalseReport(t *testing.T) {
	d := openStaffed(t)
	propose := func(by string) {
		c := d.cases[ownCase]
		c.Proposal, c.Proposed = casefile.MarkedFalse, casefile.Actor{Kind: casefile.ByOperator, ID: by}
		d.cases[ownCase] = c
	}
	for _, tt := range []struct {
		name, by, token string
		want            int
	}{
		{"a second operator", "other desk", deskWoman, http.StatusForbidden},
		{"a supervisor", "other desk", supervisor, http.StatusOK},
		{"the first person again, whom the law refuses", "desk", deskWoman, http.StatusOK},
	} {
		propose(tt.by)
		if got := d.asks(tt.token, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/false-report", map[string]any{"reason": "PRANK"}).Code; got != tt.want {
			t.Errorf("%s: answered %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestARoleThatIsNoneIsRefusedAtStart(t *testing.T) {
	s := newWorld().server(t)
	s.Operators[0].Roles = []OperatorRole{"KING"}
	if _, err := s.Handler(); err == nil {
		t.Error("started")
	}
}
