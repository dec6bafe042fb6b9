package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/line"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	k, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range k {
		return r.Spec
	}
	t.Fatal("openapi.yaml has no paths")
	return nil
}

// open routes need no operator: they are signed by LINE, shown a gateway's secret, or tell nothing.
var openRoutes = []string{"POST /line/webhook", "GET /healthz", "GET /readyz", "GET /calendar/:feed", "POST /channels/sms", "POST /channels/sms/receipts", "POST /channels/voice"}

var pathParam = regexp.MustCompile(`:[a-z]+`)

// Every route is in openapi.yaml, every operation there is a route, and none but
// the named ones answers a stranger.
func TestEveryRouteIsListedAndGuarded(t *testing.T) {
	d := open(t)
	d.server.Registry = newWorld().server(t).Registry
	engine, err := d.server.engine()
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, r := range engine.Routes() {
		name := r.Method + " " + r.Path
		routes[name] = true
		operation, listed := d.server.contract[name]
		if !listed {
			t.Errorf("%s is not in openapi.yaml", name)
			continue
		}
		open := slices.Contains(openRoutes, name)
		if noSecurity := operation.Operation.Security != nil && len(*operation.Operation.Security) == 0; noSecurity != open {
			t.Errorf("%s: openapi.yaml says that it is open: %v", name, noSecurity)
		}
		if r.Method == http.MethodGet && operation.Operation.RequestBody != nil {
			t.Errorf("%s reads and has a body", name)
		}
		path := pathParam.ReplaceAllString(r.Path, "x")
		for _, headers := range [][]string{
			nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Bearer"}, {"Authorization", "Basic " + somsri}, {"Authorization", somsri},
		} {
			res := d.asks("", r.Method, path, nil, headers...)
			if !open && (res.Code != http.StatusUnauthorized || res.Header().Get("WWW-Authenticate") != "Bearer") {
				t.Errorf("%s with %v answered %d", name, headers, res.Code)
			}
		}
		if _, patched := d.server.contract["PATCH "+r.Path]; patched {
			continue
		}
		if other := d.asks(somsri, http.MethodPatch, path, nil); other.Code != http.StatusMethodNotAllowed {
			t.Errorf("PATCH %s answered %d", r.Path, other.Code)
		}
	}
	for name := range d.server.contract {
		if !routes[name] {
			t.Errorf("openapi.yaml has %s and nobody serves it", name)
		}
	}
	if len(routes) < 25 {
		t.Fatalf("only %d routes were looked at", len(routes))
	}
}

// scope says for every operation with something of a province in its path what
// an operator of another province gets. An operation without a row fails.
func TestT_A4_OutOfScopeDoesNotExist(t *testing.T) {
	d := open(t)
	bodies := map[string]any{
		"command": map[string]any{}, "setMembership": map[string]any{"deed": "SUSPEND", "reason": "WHY"}, "setVerifier": map[string]any{"verifies": true}, "setDuty": map[string]any{"on_duty": true}, "setPosition": map[string]any{"lat": 16.8, "lon": 100.2},
	}
	checked := 0
	for name, route := range d.server.contract {
		method, path, _ := strings.Cut(name, " ")
		var own, others string
		switch {
		case slices.ContainsFunc(route.Operation.Tags, func(tag string) bool { return tag == "people" || tag == "forms" }):
			continue // TestPeopleKeepToTheScope, TestFormsKeepToTheScope
		case slices.Contains(route.Operation.Tags, "papers"):
			continue // TestPapersKeepToTheScope
		case strings.Contains(path, ":case"):
			own, others = string(ownCase), string(farCase)
		case strings.Contains(path, "/contacts"):
			continue // TestContactsKeepToTheScope
		case strings.Contains(path, ":member"):
			own, others = string(officer), string(stranger)
		case strings.Contains(path, ":province"):
			continue // a stream: TestRadioFeedIsScoped
		case strings.Contains(path, ":concern"):
			continue // TestConcernsAreSeenInScopeAndReadWithAPurpose
		case strings.Contains(path, ":aid"):
			continue // TestAidRequestsKeepToTheScope
		case strings.Contains(path, "/aid-payments"):
			continue // TestMoneyIsForItsRoleAndProvince
		case strings.Contains(path, "/aid-catalogue"):
			continue // the catalogue is one for all provinces
		case strings.Contains(path, ":registration"):
			continue // TestWhoMayDecideOnMembers
		case strings.Contains(path, ":feed"):
			continue // TestFeedsKeepToTheScope
		case strings.Contains(path, ":unit"):
			continue // TestShiftsKeepToTheScope
		case strings.Contains(path, ":number"):
			if got := d.asks(radio65, method, "/v1/requests/1/answer", nil).Code; got != http.StatusForbidden {
				t.Errorf("%s answered %d", name, got)
			}
			continue
		case strings.Contains(path, ":"):
			t.Errorf("%s has a parameter that this test does not know", name)
			continue
		default:
			continue
		}
		checked++
		fill := func(id string) string {
			p := strings.NewReplacer(":case", id, ":member", id, ":kind", "acknowledge", ":id", "2").Replace(path)
			if slices.Contains([]string{"getPrivate", "getMedia"}, route.Operation.OperationID) {
				p += "?purpose=emergency_response"
			}
			return p
		}
		body := bodies[route.Operation.OperationID]
		if got := d.asks(radio65, method, fill(own), body).Code; got >= 300 {
			t.Errorf("%s: own answered %d", name, got)
		}
		ids := []string{others, string(noCase)}
		if own == string(ownCase) {
			ids = append(ids, string(bareCase)) // no province yet
		}
		answers := map[string]bool{}
		for _, id := range ids {
			res := d.asks(radio65, method, fill(id), body)
			if res.Code != http.StatusNotFound {
				t.Errorf("%s: %s answered %d", name, id, res.Code)
			}
			answers[res.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: what is out of scope and what does not exist look different", name)
		}
	}
	if checked < 9 {
		t.Fatalf("only %d operations were looked at", checked)
	}
	if len(d.commands) != 1 || len(d.viewed) != 2 || d.fixes != 1 {
		t.Errorf("beside the own: %d commands, %d looks, %d fixes", len(d.commands), len(d.viewed), d.fixes)
	}
}

// jsonNames are the names that a struct has in JSON.
func jsonNames(t reflect.Type, without ...string) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, jsonNames(f.Type, without...)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" && !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// What openapi.yaml tells of the law's own types is what they are.
func TestSchemasAreTheTypes(t *testing.T) {
	doc := document(t)
	types := map[string]reflect.Type{
		"Actor": reflect.TypeFor[casefile.Actor](), "Place": reflect.TypeFor[casefile.Place](), "Offer": reflect.TypeFor[casefile.Offer](),
		"Assignment": reflect.TypeFor[casefile.Assignment](), "Track": reflect.TypeFor[casefile.Track](),
		"Deadline": reflect.TypeFor[casefile.Deadline](), "DeskItem": reflect.TypeFor[casefile.DeskItem](),
		"Ask": reflect.TypeFor[casefile.Ask](), "HandoverStep": reflect.TypeFor[casefile.HandoverStep](), "CentreAsk": reflect.TypeFor[casefile.CentreAsk](),
		"CardAnswer": reflect.TypeFor[casefile.CardAnswer](), "Case": reflect.TypeFor[CaseView](),
		"Event": reflect.TypeFor[casefile.Event](), "Choice": reflect.TypeFor[dispatch.Choice](), "Pin": reflect.TypeFor[casefile.Pin](),
		"Member": reflect.TypeFor[casefile.Member](), "Unit": reflect.TypeFor[casefile.Unit](),
		"Schedule": reflect.TypeFor[dispatch.Schedule](), "Rotation": reflect.TypeFor[dispatch.Rotation](),
		"Care": reflect.TypeFor[casefile.Care](), "Obligation": reflect.TypeFor[casefile.Obligation](), "CareDetail": reflect.TypeFor[casefile.CareDetail](),
		"CarePlanGoal": reflect.TypeFor[casefile.Goal](), "CareConsent": reflect.TypeFor[casefile.Consent](), "SafeContact": reflect.TypeFor[casefile.SafeContact](),
		"WeeklyShift": reflect.TypeFor[dispatch.WeeklyShift](), "DutyChange": reflect.TypeFor[dispatch.Change](),
	}
	for name, typ := range types {
		listed := slices.Sorted(maps.Keys(doc.Components.Schemas[name].Value.Properties))
		if want := jsonNames(typ, "private", "first_pin"); !slices.Equal(listed, want) {
			t.Errorf("%s has\n %v, openapi.yaml\n %v", name, want, listed)
		}
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

func TestEnumsAreTheLists(t *testing.T) {
	doc := document(t)
	enum := func(s *openapi3.SchemaRef) []string {
		var out []string
		for _, v := range s.Value.Enum {
			out = append(out, v.(string))
		}
		return out
	}
	property := func(schema, name string) []string { return enum(doc.Components.Schemas[schema].Value.Properties[name]) }
	for name, lists := range map[string][2][]string{
		"states":     {enum(doc.Components.Schemas["State"]), words(casefile.States)},
		"types":      {enum(doc.Components.Schemas["IncidentType"]), words(casefile.IncidentTypes)},
		"severities": {enum(doc.Components.Schemas["Severity"]), words(casefile.Severities)},
		"roles":      {enum(doc.Components.Schemas["Role"]), words(casefile.Roles)},
		"levels":     {enum(doc.Components.Schemas["Level"]), words(casefile.Levels)},
		"channels":   {append([]string{"LINE", "SMS"}, enum(doc.Components.Schemas["Channel"])...), words(casefile.Channels)},
		"outcomes":   {append(enum(doc.Components.Schemas["Outcome"]), "FALSE_REPORT"), words(casefile.Outcomes)},
		"groups":     {property("Member", "group"), words(casefile.Groups)},
		"classes":    {property("Member", "class"), words(casefile.Classes)},
		"members":    {property("Member", "state"), words(casefile.MemberStates)},
		"centres":    {property("Order", "level"), words(casefile.Centres)},
		"media": {property("MediaItem", "state"), words([]activities.MediaState{
			activities.MediaPending, activities.MediaKept, activities.MediaGone, activities.MediaTooLarge,
		})},
		"media kinds": {property("MediaItem", "kind"), casefile.MediaKinds},
		"channel answers": {property("DeliveredMessage", "outcome"), words([]activities.Outcome{
			activities.OutcomeAccepted, activities.OutcomeRefused, activities.OutcomeQuota, activities.OutcomeNoContact,
			activities.OutcomeWithheld, activities.OutcomeUnknown, activities.OutcomeStale, activities.OutcomeFailed,
		})},
		"ways":     {property("DeliveredMessage", "channel"), words(casefile.Ways)},
		"problems": {enum(doc.Components.Schemas["CareProblem"]), words(casefile.Problems)}, "risks": {enum(doc.Components.Schemas["Risk"]), words(casefile.Risks)},
		"horizons": {enum(doc.Components.Schemas["Horizon"]), words(casefile.Horizons)}, "obligations": {enum(doc.Components.Schemas["ObligationKind"]), words(casefile.ObligationKinds)},
		"obligation states": {property("Obligation", "state"), words(casefile.ObligationStates)},
		"consent purposes":  {property("NewConsent", "purpose"), words(casefile.ConsentPurposes)}, "consent bases": {property("NewConsent", "basis"), casefile.Bases},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: openapi.yaml has %v, the program %v", name, lists[0], lists[1])
		}
	}
}

// The table of commands, its description and the law's list are one.
func TestCommandsAreTheLaws(t *testing.T) {
	doc := document(t)
	op := doc.Paths.Value("/v1/cases/{case}/commands/{kind}").Post
	var listed []string
	for _, v := range op.Parameters.GetByInAndName("path", "kind").Schema.Value.Enum {
		listed = append(listed, v.(string))
	}
	slices.Sort(listed)
	if have := slices.Sorted(maps.Keys(commands)); !slices.Equal(listed, have) {
		t.Errorf("openapi.yaml lists %v, the table %v", listed, have)
	}
	cell := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return "`" + strings.Join(names, "`, `") + "`"
	}
	for name, c := range commands {
		row := strings.Join(strings.Fields("| `"+name+"` | "+cell(c.needs)+" | "+cell(c.may)+" |"), " ")
		if !strings.Contains(strings.Join(strings.Fields(op.Description), " "), row) {
			t.Errorf("the description lacks the row %s", row)
		}
		if !slices.Contains(casefile.Commands, c.kind) {
			t.Errorf("%s asks for %s, which is no command", name, c.kind)
		}
	}
	for _, q := range line.Questions() {
		if !strings.Contains(op.Description, "`"+q+"`") {
			t.Errorf("the description lacks the question %s", q)
		}
	}
	for _, k := range casefile.Commands {
		served := k == casefile.PinMoved // pin moves what is set
		for _, c := range commands {
			served = served || c.kind == k
		}
		if !served {
			t.Errorf("nobody can ask for %s", k)
		}
	}
}

// Answers of the handlers are as openapi.yaml says.
func TestAnswersMatchTheirSchemas(t *testing.T) {
	d := open(t)
	doc := document(t)
	d.requests = []NotUrgent{{Number: 1, At: now}}
	d.feeds = []Feed{{ID: "f", Province: "65", URL: "https://screen.example", AddedBy: "admin", AddedAt: now, FailingSince: now, Failures: 1, Fault: "TIMEOUT"}}
	c := d.cases[ownCase]
	c.Desk = &casefile.DeskItem{Reason: casefile.DeskNoPin, SinceAt: now}
	d.cases[ownCase] = c
	for path, schema := range map[string]string{
		"/v1/cases": "CasePage", "/v1/cases/" + string(ownCase): "Case", "/v1/cases/" + string(ownCase) + "/timeline": "Timeline",
		"/v1/cases/" + string(ownCase) + "/media": "MediaList",
		"/v1/cases/" + string(ownCase) + "/waves": "Waves", "/v1/cases/" + string(ownCase) + "/deliveries": "Deliveries",
		"/v1/cases/" + string(ownCase) + "/private?purpose=audit": "PrivatePart", "/v1/desk": "Desk", "/v1/members": "MemberPage",
		"/v1/members/" + string(officer): "Member", "/v1/units": "UnitPage", "/v1/provinces": "Provinces", "/v1/policy": "Policy",
		"/v1/policy/plan?type=BERSERK&district=6501": "Plan", "/v1/statistics/waits": "Waits", "/v1/requests": "RequestPage", "/v1/feeds": "FeedList", "/v1/units/station/schedule": "UnitSchedule", "/v1/units/station/on-call": "OnCall", "/v1/duty/gaps": "DutyGaps", "/v1/nothing": "Problem",
	} {
		res := d.asks(somsri, http.MethodGet, path, nil)
		var body any
		if err := json.Unmarshal(res.Body.Bytes(), &body); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if err := doc.Components.Schemas[schema].Value.VisitJSON(body); err != nil {
			t.Errorf("%s answered %d and is no %s: %v", path, res.Code, schema, err)
		}
	}
}
