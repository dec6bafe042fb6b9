package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// followed are the follow-ups of a world.
type followed struct {
	opened []casefile.Opening
	asked  []CareScope
	lists  []FollowUpFilter
	owed   []OwedFilter
}

func (f *followed) OpenFollowUp(_ context.Context, o casefile.Opening) (casefile.CaseID, int, error) {
	f.opened = append(f.opened, o)
	return ownCase, 1, nil
}

func (f *followed) FollowUps(_ context.Context, filter FollowUpFilter) ([]FollowUp, error) {
	f.asked, f.lists = append(f.asked, filter.CareScope), append(f.lists, filter)
	all := []FollowUp{
		{Case: ownCase, Owner: "office", Problem: casefile.FamilyViolence, Risk: casefile.RiskHigh, Province: "65", BeganAt: now, Owed: 3, Overdue: 1, NextDueAt: now},
		{Case: farCase, Owner: "office", Problem: casefile.Elderly, Province: "65", BeganAt: now.Add(-time.Hour)},
	}
	if filter.AfterID != "" {
		all = all[1:]
	}
	return all[:min(len(all), filter.Limit)], nil
}

func (f *followed) Owed(_ context.Context, filter OwedFilter) ([]OwedItem, error) {
	f.asked, f.owed = append(f.asked, filter.CareScope), append(f.owed, filter)
	all := []OwedItem{
		{Case: ownCase, ID: 2, Kind: casefile.OweVisit, Unit: "office", Province: "65", Since: now, DueAt: now.Add(-time.Minute)},
		{Case: ownCase, ID: 3, Kind: casefile.OweTask, Code: "DOCUMENTS", Member: officer, Unit: "office", Province: "65", Since: now, DueAt: now.Add(time.Hour)},
	}
	return all[:min(len(all), filter.Limit)], nil
}

func (f *followed) CaseLoad(_ context.Context, scope CareScope, _ time.Time) (CaseLoad, error) {
	f.asked = append(f.asked, scope)
	return CaseLoad{Offices: []OfficeLoad{{Unit: "office", Cases: 4, Managers: 3, Supervisors: 2}, {Unit: "other", Cases: 1, Managers: 1}}}, nil
}

// offices are the units of these tests.
type offices struct{ *planned }

func (offices) Unit(_ context.Context, id casefile.UnitID) (casefile.Unit, error) {
	known := map[casefile.UnitID]casefile.Unit{
		"office":   {Level: casefile.LevelMSDHSDuty, Province: "65", State: casefile.UnitLive},
		"far":      {Level: casefile.LevelMSDHSDuty, Province: "50", State: casefile.UnitLive},
		"closed":   {Level: casefile.LevelShelter, Province: "65", State: casefile.UnitClosed},
		"station":  {Level: casefile.LevelStation, Province: "65", State: casefile.UnitLive},
		"hospital": {Level: casefile.LevelOrganisation, Province: "65", State: casefile.UnitLive},
	}
	u, ok := known[id]
	if !ok {
		return u, casefile.ErrNotFound
	}
	u.ID = id
	return u, nil
}

// openCaring is a door behind which the office's own case is in follow-up.
func openCaring(t *testing.T) (*door, *followed) {
	t.Helper()
	d := openStaffed(t)
	f := &followed{}
	d.server.FollowUps, d.server.Shifts = f, offices{&planned{}}
	for id, change := range map[casefile.MemberID]casefile.Member{
		"worker":    {Unit: "office", Class: casefile.Professional, State: casefile.MemberActive},
		"volunteer": {Unit: "village", Class: casefile.Volunteer, State: casefile.MemberActive},
		"neighbour": {Unit: "office", Class: casefile.Volunteer, State: casefile.MemberActive},
		"pupil":     {Unit: "school", Class: casefile.Junior, State: casefile.MemberActive},
		"gone":      {Unit: "office", Class: casefile.Professional, State: casefile.MemberResigned},
		"theirs":    {Unit: "theirs", Class: casefile.Professional, State: casefile.MemberActive},
	} {
		change.ID = id
		d.members[id] = change
	}
	c := d.cases[ownCase]
	c.State, c.Owner = casefile.FollowUp, "office"
	c.Excluded = []casefile.Exclusion{{Unit: "theirs"}}
	c.Care = &casefile.Care{
		Problem: casefile.FamilyViolence, BeganAt: now, Goals: []casefile.Goal{{ID: 1, Code: "SAFE", Horizon: casefile.Urgent}},
		Owed: []casefile.Obligation{{ID: 7, Kind: casefile.OweLegal, Code: "MH_BOARD", State: casefile.Owing, DueAt: now.Add(time.Hour), CallAt: now, Since: now}},
	}
	d.cases[ownCase] = c
	return d, f
}

func (d *door) orders(token, kind string, body map[string]any) (int, Problem) {
	d.t.Helper()
	res := d.asks(token, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/"+kind, body)
	var p Problem
	if res.Code != http.StatusOK {
		if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
			d.t.Fatal(err)
		}
		if p.Detail == "" || p.DetailEn == "" {
			d.t.Errorf("%s: refused without words: %s", kind, res.Body)
		}
	}
	return res.Code, p
}

func TestWhatAFollowUpIsOrderedReachesTheLaw(t *testing.T) {
	d, _ := openCaring(t)
	due := now.Add(72 * time.Hour).Format(time.RFC3339)
	for _, tt := range []struct {
		kind string
		body map[string]any
		want string // of the command's care, as JSON
	}{
		{"manage", map[string]any{"member": "worker"}, `null`},
		{"team", map[string]any{"team": []string{"worker", "volunteer"}}, `{"team":["worker","volunteer"]}`},
		{"assess", map[string]any{"risk": "HIGH", "form": "risk/1", "text": canary}, `{"risk":"HIGH","form":"risk/1"}`},
		{"plan", map[string]any{"goals": []any{map[string]any{"code": "SCHOOL", "horizon": "SHORT"}}, "owed": []any{map[string]any{"kind": "TASK", "code": "SCHOOL_CONTACT", "goal": 1, "due_at": due, "member": "volunteer"}}},
			`{"owed":[{"id":0,"kind":"TASK","code":"SCHOOL_CONTACT","goal":1,"member":"volunteer","since":"0001-01-01T00:00:00Z","due_at":"` + due + `","call_at":"0001-01-01T00:00:00Z","state":""}],"goals":[{"id":0,"code":"SCHOOL","horizon":"SHORT"}]}`},
		{"approve-plan", map[string]any{}, `{}`},
		{"return-plan", map[string]any{"reason": "NO_GOAL_FOR_SCHOOL"}, `{}`},
		{"settle", map[string]any{"obligation": 7, "state": "DONE", "text": canary}, `{"obligation":7,"state":"DONE"}`},
		{"ask-help", map[string]any{"obligation": 7}, `{"obligation":7}`},
		{"move-due", map[string]any{"obligation": 7, "due_at": due, "reason": "AWAY"}, `{"obligation":7,"due_at":"` + due + `"}`},
		{"refer", map[string]any{"unit": "hospital", "service": "HEALTH_CONTACT", "next": []string{"far"}},
			`{"owed":[{"id":0,"kind":"REFERRAL","code":"HEALTH_CONTACT","unit":"hospital","next":["far"],"since":"0001-01-01T00:00:00Z","due_at":"0001-01-01T00:00:00Z","call_at":"0001-01-01T00:00:00Z","state":""}]}`},
		{"answer-referral", map[string]any{"obligation": 7, "yes": true}, `{"obligation":7}`},
		{"answer-transfer", map[string]any{"obligation": 7, "yes": false, "reason": "FULL"}, `{"obligation":7}`},
		{"consent", map[string]any{"consent": map[string]any{"purpose": "REFERRAL", "given": true, "basis": "CONSENT"}},
			`{"consent":{"purpose":"REFERRAL","given":true,"basis":"CONSENT","at":"0001-01-01T00:00:00Z","by":{"kind":""}}}`},
		{"contact", map[string]any{"contact": map[string]any{"from_minute": 540, "to_minute": 720, "no_call": true}}, `{"contact":{"from_minute":540,"to_minute":720,"no_call":true}}`},
		{"offer-transfer", map[string]any{"unit": "far", "reason": "MOVED"}, `{}`},
		{"reopen-follow-up", map[string]any{"reason": "AGAIN"}, `{}`},
		{"close", map[string]any{"outcome": "MOVED", "reason": "NEW_PROVINCE"}, `null`},
	} {
		before := len(d.commands)
		if status, p := d.orders(supervisor, tt.kind, tt.body); status != http.StatusOK || len(d.commands) != before+1 {
			t.Errorf("%s: %d %+v", tt.kind, status, p)
			continue
		}
		got := d.commands[before]
		raw, _ := json.Marshal(got.Care)
		if string(raw) != tt.want {
			t.Errorf("%s says\n %s, want\n %s", tt.kind, raw, tt.want)
		}
		if yes := tt.kind == "approve-plan" || tt.kind == "answer-referral"; got.Yes != yes {
			t.Errorf("%s says yes: %v", tt.kind, got.Yes)
		}
		if _, says := tt.body["text"]; says != (got.Private.Text == canary) {
			t.Errorf("%s: the words are %q", tt.kind, got.Private.Text)
		}
	}
}

func TestWhatCannotBeIsRefusedWithItsField(t *testing.T) {
	d, _ := openCaring(t)
	past, old, soon := now.Add(-time.Minute).Format(time.RFC3339), now.Add(-48*time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)
	owe := func(o map[string]any) map[string]any { return map[string]any{"owed": []any{o}} }
	for name, tt := range map[string]struct {
		kind  string
		body  map[string]any
		field string
	}{
		"a manager of another office":            {"manage", map[string]any{"member": "volunteer"}, "member"},
		"a manager who is no professional":       {"manage", map[string]any{"member": "neighbour"}, "member"},
		"a manager who has left":                 {"manage", map[string]any{"member": "gone"}, "member"},
		"a manager whom nobody knows":            {"manage", map[string]any{"member": "x"}, "member"},
		"a pupil in the team":                    {"team", map[string]any{"team": []string{"pupil"}}, "team"},
		"the alleged's colleague in the team":    {"team", map[string]any{"team": []string{"theirs"}}, "team"},
		"an unknown goal":                        {"plan", map[string]any{"goals": []any{map[string]any{"code": "WEALTH", "horizon": "LONG"}}}, "goals"},
		"an unknown task":                        {"owe", owe(map[string]any{"kind": "TASK", "code": "FLY", "due_at": soon}), "owed.code"},
		"a task without a code":                  {"owe", owe(map[string]any{"kind": "TASK", "due_at": soon}), "owed.code"},
		"an unknown legal clock":                 {"owe", owe(map[string]any{"kind": "LEGAL", "code": "DOCUMENTS"}), "owed.code"},
		"a legal clock with a date of one's own": {"owe", owe(map[string]any{"kind": "LEGAL", "code": "MH_BOARD", "due_at": soon}), "owed.due_at"},
		"a legal clock that has passed":          {"owe", owe(map[string]any{"kind": "LEGAL", "code": "CP_EXAM", "began_at": old}), "owed.began_at"},
		"a legal clock of tomorrow":              {"owe", owe(map[string]any{"kind": "LEGAL", "code": "CP_EXAM", "began_at": soon}), "owed.began_at"},
		"a visit before the case":                {"owe", owe(map[string]any{"kind": "VISIT", "due_at": old}), "owed.due_at"},
		"a visit in the past":                    {"owe", owe(map[string]any{"kind": "VISIT", "due_at": past}), "owed.due_at"},
		"a visit without a date":                 {"owe", owe(map[string]any{"kind": "VISIT"}), "owed.due_at"},
		"a visit in another century":             {"owe", owe(map[string]any{"kind": "VISIT", "due_at": "2126-01-01T00:00:00Z"}), "owed.due_at"},
		"a task for no goal of the plan":         {"owe", owe(map[string]any{"kind": "TASK", "code": "DOCUMENTS", "goal": 2, "due_at": soon}), "owed.goal"},
		"a task for a pupil":                     {"owe", owe(map[string]any{"kind": "TASK", "code": "DOCUMENTS", "due_at": soon, "member": "pupil"}), "owed.member"},
		"a due date moved into the past":         {"move-due", map[string]any{"obligation": 7, "due_at": past, "reason": "AWAY"}, "due_at"},
		"a transfer to a closed office":          {"offer-transfer", map[string]any{"unit": "closed", "reason": "MOVED"}, "unit"},
		"a transfer to no office":                {"offer-transfer", map[string]any{"unit": "x", "reason": "MOVED"}, "unit"},
		"a transfer to a police station":         {"offer-transfer", map[string]any{"unit": "station", "reason": "MOVED"}, "unit"},
		"a transfer without a reason":            {"offer-transfer", map[string]any{"unit": "far"}, "reason"},
		"a referral to a closed office":          {"refer", map[string]any{"unit": "closed", "service": "SHELTER"}, "unit"},
		"a referral on to nobody":                {"refer", map[string]any{"unit": "hospital", "service": "SHELTER", "next": []string{"x"}}, "next"},
		"a referral for an unknown service":      {"refer", map[string]any{"unit": "hospital", "service": "MAGIC"}, "service"},
		"a no without a reason":                  {"answer-referral", map[string]any{"obligation": 7, "yes": false}, "reason"},
		"an answer that is none":                 {"answer-referral", map[string]any{"obligation": 7}, "yes"},
		"hours that end before they begin":       {"contact", map[string]any{"contact": map[string]any{"from_minute": 700, "to_minute": 600}}, "contact.to_minute"},
		"nothing about safe contact":             {"contact", map[string]any{}, "contact"},
		"a basis that is none":                   {"consent", map[string]any{"consent": map[string]any{"purpose": "AID", "given": true, "basis": "HABIT"}}, "consent.basis"},
	} {
		if status, p := d.orders(supervisor, tt.kind, tt.body); status != http.StatusUnprocessableEntity || p.Field != tt.field {
			t.Errorf("%s: %d %+v", name, status, p)
		}
	}
	if len(d.commands) != 0 {
		t.Errorf("%d commands reached the case", len(d.commands))
	}
}

func TestASupervisorDecidesOnPlansAndLegalClocks(t *testing.T) {
	d, _ := openCaring(t)
	for kind, body := range map[string]map[string]any{
		"approve-plan": {}, "return-plan": {"reason": "UNCLEAR"}, "settle": {"obligation": 7, "state": "DROPPED", "reason": "COURT_SAID_SO"},
	} {
		if status, _ := d.orders(deskWoman, kind, body); status != http.StatusForbidden {
			t.Errorf("%s by an operator: %d", kind, status)
		}
		if status, p := d.orders(supervisor, kind, body); status != http.StatusOK {
			t.Errorf("%s by a supervisor: %d %+v", kind, status, p)
		}
	}
}

func TestAFollowUpIsOpenedWithoutAnEmergency(t *testing.T) {
	d, f := openCaring(t)
	body := map[string]any{"office": "office", "problem": "CHILD_YOUTH", "child": true, "name": canary, "phone": "+66812345678", "address": canary, "text": canary}
	first := d.asks(deskWoman, http.MethodPost, "/v1/follow-ups", body, keyHeader, "the-same-key")
	again := d.asks(deskWoman, http.MethodPost, "/v1/follow-ups", body, keyHeader, "the-same-key")
	d.server.run.wait()
	if first.Code != http.StatusCreated || again.Body.String() != first.Body.String() || len(f.opened) != 1 || len(d.nudged) != 1 {
		t.Fatalf("%d %s, then %d; opened %d, nudged %v", first.Code, first.Body, again.Code, len(f.opened), d.nudged)
	}
	o := f.opened[0]
	if o.Place != (casefile.Place{Province: "65"}) || !o.Child || o.Private.Caller != canary || o.Private.Phone != "+66812345678" || o.By.ID != "desk" || !o.At.Equal(now) {
		t.Errorf("opened as %+v", o)
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("the log has personal data")
	}
	body["pin"] = map[string]any{"lat": 16.8211, "lon": 100.2659}
	d.asks(deskWoman, http.MethodPost, "/v1/follow-ups", body)
	if o := f.opened[len(f.opened)-1]; o.Place.District == "" || o.Place.Cell == "" || o.Private.Pin == nil || o.Event == f.opened[0].Event {
		t.Errorf("with a pin it is opened as %+v", o)
	}
	for field, wrong := range map[string]map[string]any{
		"office": {"office": "closed"}, "pin": {"pin": map[string]any{"lat": 51.5, "lon": 0}}, "problem": {"problem": "BOREDOM"},
		"district": {"pin": nil, "district": "6599"}, "province": {"pin": nil, "province": "99"}, "text": {"text": ""},
	} {
		bad := map[string]any{"office": "office", "problem": "CHILD_YOUTH", "text": "x"}
		for k, v := range wrong {
			if v != nil {
				bad[k] = v
			}
		}
		res := d.asks(deskWoman, http.MethodPost, "/v1/follow-ups", bad)
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("a wrong %s: %d %s", field, res.Code, res.Body)
		}
	}
	if len(f.opened) != 2 {
		t.Errorf("%d were opened", len(f.opened))
	}
}

func TestListsOfFollowUpsKeepToTheScope(t *testing.T) {
	d, f := openCaring(t)
	d.server.Operators = append(d.server.Operators, Operator{Name: "nok", Token: radio65, Provinces: []string{"65", "66"}, Unit: "theirs", Roles: OperatorRoles})
	d.server.Registry = newWorld().server(t).Registry
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/follow-ups", "/v1/obligations", "/v1/statistics/case-load"} {
		f.asked = nil
		d.asks(radio65, http.MethodGet, path, nil)
		d.asks(radio65, http.MethodGet, path+"?province=66", nil)
		if res := d.asks(radio65, http.MethodGet, path+"?province=50", nil); res.Code != http.StatusForbidden {
			t.Errorf("%s of another province: %d", path, res.Code)
		}
		if len(f.asked) != 2 || len(f.asked[0].Provinces) != 2 || len(f.asked[1].Provinces) != 1 || f.asked[0].Blind != "theirs" {
			t.Errorf("%s asked for %+v", path, f.asked)
		}
	}
}

func TestListsOfFollowUpsGoOnWhereTheyEnded(t *testing.T) {
	d, f := openCaring(t)
	page := read[FollowUpPage](t, d.asks(viewer, http.MethodGet, "/v1/follow-ups?limit=1&overdue=true&risk=HIGH", nil), http.StatusOK)
	next := read[FollowUpPage](t, d.asks(viewer, http.MethodGet, "/v1/follow-ups?limit=1&after="+page.Next, nil), http.StatusOK)
	if len(page.FollowUps) != 1 || page.FollowUps[0].Code == "" || len(next.FollowUps) != 1 || next.FollowUps[0].Case != farCase || next.Next != "" {
		t.Errorf("pages %+v and %+v", page, next)
	}
	if !f.lists[0].Overdue || f.lists[0].Risk != casefile.RiskHigh || f.lists[1].AfterID != ownCase {
		t.Errorf("asked for %+v", f.lists)
	}
	owed := read[ObligationPage](t, d.asks(viewer, http.MethodGet, "/v1/obligations?limit=1&member=m&kind=VISIT", nil), http.StatusOK)
	if len(owed.Obligations) != 1 || !owed.Obligations[0].Overdue || owed.Obligations[0].CaseCode == "" || owed.Next == "" {
		t.Fatalf("owed %+v", owed)
	}
	read[ObligationPage](t, d.asks(viewer, http.MethodGet, "/v1/obligations?after="+owed.Next, nil), http.StatusOK)
	if last := f.owed[1]; last.AfterCase != ownCase || last.AfterID != 2 || !last.AfterAt.Equal(now.Add(-time.Minute)) {
		t.Errorf("the second page begins after %+v", last)
	}
	for _, path := range []string{"/v1/follow-ups?after=nonsense", "/v1/obligations?after=nonsense", "/v1/obligations?after=_1", "/v1/obligations?after=x_-1"} {
		if res := d.asks(viewer, http.MethodGet, path, nil); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, res.Code)
		}
	}
	load := read[CaseLoad](t, d.asks(viewer, http.MethodGet, "/v1/statistics/case-load", nil), http.StatusOK)
	if len(load.Offices) != 2 || load.Offices[0].ManagersPerSupervisor != 1.5 || load.Offices[1].ManagersPerSupervisor != 0 {
		t.Errorf("load %+v", load)
	}
}

// A case shows how it is cared for; a list of cases does not show all that is owed.
func TestACaseShowsItsCare(t *testing.T) {
	d, _ := openCaring(t)
	d.events[ownCase] = append(d.events[ownCase], casefile.Event{
		ID: "e5", Seq: 5, Kind: casefile.Assessed, At: now, By: casefile.Actor{Kind: casefile.ByOperator, ID: "desk"},
		Care: &casefile.CareDetail{Risk: casefile.RiskHigh}, Private: casefile.Private{Text: "what was found"},
	})
	doc := document(t)
	for path, schema := range map[string]string{
		"/v1/cases/" + string(ownCase): "Case", "/v1/cases/" + string(ownCase) + "/timeline": "Timeline", "/v1/follow-ups": "FollowUpPage",
		"/v1/obligations": "ObligationPage", "/v1/statistics/case-load": "CaseLoad",
	} {
		res := d.asks(viewer, http.MethodGet, path, nil)
		var body any
		if err := json.Unmarshal(res.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas[schema].Value.VisitJSON(body); err != nil {
			t.Errorf("%s answered %d and is no %s: %v", path, res.Code, schema, err)
		}
		if strings.Contains(res.Body.String(), canary) || strings.Contains(res.Body.String(), "what was found") {
			t.Errorf("%s shows what is personal", path)
		}
	}
	one := d.asks(viewer, http.MethodGet, "/v1/cases/"+string(ownCase), nil).Body.String()
	all := d.asks(viewer, http.MethodGet, "/v1/cases?province=65", nil).Body.String()
	if !strings.Contains(one, "MH_BOARD") || strings.Contains(all, "MH_BOARD") || !strings.Contains(all, "FAMILY_VIOLENCE") {
		t.Errorf("one %s\nlist %s", one, all)
	}
	if d.cases[ownCase].Care.Owed == nil {
		t.Error("the list changed the case")
	}
	private := d.asks(deskWoman, http.MethodGet, "/v1/cases/"+string(ownCase)+"/private?purpose=protection_followup", nil).Body.String()
	if !strings.Contains(private, "what was found") || len(d.viewed) != 1 {
		t.Errorf("private %s, looks %v", private, d.viewed)
	}
}
