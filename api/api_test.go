package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
)

// read decodes an answer of the expected status.
func read[T any](t *testing.T, res *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if res.Code != status {
		t.Fatalf("answered %d, want %d: %s", res.Code, status, res.Body)
	}
	if err := json.Unmarshal(res.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, res.Body)
	}
	return v
}

func TestProblems(t *testing.T) {
	tests := []struct {
		err    error
		status int
		code   string
	}{
		{&casefile.RefusedError{Kind: casefile.Accepted, State: casefile.OnScene, Th: "ครบแล้ว", En: "complete"}, 409, "refused"},
		{&casefile.InvalidError{Field: "pin", Th: "ผิด", En: "wrong"}, 422, "invalid"},
		{casefile.ErrNotFound, 404, "not_found"},
		{fmt.Errorf("read case: %w", casefile.ErrNotFound), 404, "not_found"},
		{casefile.ErrMoved, 409, "moved"},
		{ErrKeyReused, 422, "key_reused"},
		{ErrKeyBusy, 409, "key_busy"},
		{ErrAway, 503, "away"},
		{fmt.Errorf("update: %w", context.DeadlineExceeded), 504, "timeout"},
		{context.Canceled, 503, "cancelled"},
		{errNotSignedIn, 401, "not_signed_in"},
		{errOutOfScope, 403, "out_of_scope"},
		{errNotAllowed, 403, "not_allowed"},
		{errTooMany, 429, "too_many"},
		{errMalformed, 422, "malformed"},
		{errTooLarge, 413, "too_large"},
		{errNoRoute, 404, "no_route"},
		{errMethod, 405, "method"},
		{errCrossSite, 403, "cross_site"},
		{errors.New("pq: secret at /var/lib"), 500, "internal"},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		p := problem(tt.err)
		if p.Status != tt.status || p.Code != tt.code || p.Detail == "" || p.DetailEn == "" || p.Title == "" || p.Type != "urn:ess:problem:"+tt.code {
			t.Errorf("%v is %+v, want %d %s", tt.err, p, tt.status, tt.code)
		}
		if strings.Contains(p.Detail+p.DetailEn, "/var/lib") {
			t.Errorf("%v tells the outside about the inside", tt.err)
		}
		seen[p.Code] = true
	}
	for _, known := range problems {
		if !seen[known.code] {
			t.Errorf("%s is not tested", known.code)
		}
	}
}

// What is personal shows on the private part of a case only, and after the look is recorded.
func TestPersonalDataShowsInOnePlaceOnly(t *testing.T) {
	d := open(t)
	c := d.cases[ownCase]
	c.Desk = &casefile.DeskItem{Reason: casefile.DeskUnanswered, SinceAt: now}
	d.cases[ownCase] = c
	base := "/v1/cases/" + string(ownCase)
	for _, path := range []string{"/v1/cases", base, base + "/timeline", base + "/waves", base + "/deliveries", "/v1/desk"} {
		res := d.asks(somsri, http.MethodGet, path, nil)
		if res.Code != http.StatusOK {
			t.Errorf("%s answered %d", path, res.Code)
		}
		for _, personal := range []string{canary, "66812345678", "16.8211", "taken back"} {
			if strings.Contains(res.Body.String(), personal) {
				t.Errorf("%s shows %q", path, personal)
			}
		}
	}
	if len(d.viewed) != 0 {
		t.Errorf("looks recorded without a look: %v", d.viewed)
	}
	if got := d.asks(somsri, http.MethodGet, base+"/private", nil).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("without a purpose: answered %d", got)
	}
	p := read[PrivatePart](t, d.asks(somsri, http.MethodGet, base+"/private?purpose=emergency_response", nil), http.StatusOK)
	if p.Phone == "" || p.Pin == nil || p.Address != canary || len(p.Said) != 1 || p.Said[0].Text != canary {
		t.Errorf("the private part is %+v", p)
	}
	if want := []string{"somsri " + string(ownCase) + " emergency_response"}; !slices.Equal(d.viewed, want) {
		t.Errorf("recorded %v", d.viewed)
	}
	if strings.Contains(d.logged(), canary) || strings.Contains(d.logged(), "purpose") || strings.Contains(d.logged(), string(ownCase)) {
		t.Error("the request log has more than the route")
	}
	if !strings.Contains(d.logged(), `"operator":"somsri"`) || !strings.Contains(d.logged(), `"route":"/v1/cases/:case/private"`) {
		t.Error("the request log lacks operator or route")
	}
}

func TestDoNotCallHidesTheNumber(t *testing.T) {
	d := open(t)
	c := d.cases[ownCase]
	c.NoCall = true
	d.cases[ownCase] = c
	p := read[PrivatePart](t, d.asks(somsri, http.MethodGet, "/v1/cases/"+string(ownCase)+"/private?purpose=supervision", nil), http.StatusOK)
	if p.Phone != "" || !p.NoCall {
		t.Errorf("phone %q, no_call %v", p.Phone, p.NoCall)
	}
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	d := open(t)
	for i := range 23 {
		id := casefile.CaseID(fmt.Sprintf("44444444-4444-4444-8444-%012d", i))
		c := aCase(id, "65")
		c.ReportedAt = now.Add(-time.Duration(i/3) * time.Minute) // several at the same instant
		d.cases[id] = c
	}
	seen := map[casefile.CaseID]int{}
	path := "/v1/cases?limit=5&province=65"
	for range 10 {
		page := read[CasePage](t, d.asks(somsri, http.MethodGet, path, nil), http.StatusOK)
		for _, c := range page.Cases {
			seen[c.ID]++
		}
		if page.Next == "" {
			break
		}
		path = "/v1/cases?limit=5&province=65&after=" + url.QueryEscape(page.Next)
	}
	if len(seen) != 24 {
		t.Errorf("%d cases seen, want 24", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s seen %d times", id, n)
		}
	}
	if got := d.asks(somsri, http.MethodGet, "/v1/cases?after=bm9uc2Vuc2U", nil).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("a made-up cursor was answered %d", got)
	}
}

func TestListsKeepToTheScope(t *testing.T) {
	d := open(t)
	for path, want := range map[string]int{"/v1/cases": 200, "/v1/cases?province=65": 200, "/v1/cases?province=50": 403, "/v1/desk?province=50": 403,
		"/v1/members?province=50": 403, "/v1/statistics/waits?province=50": 403, "/v1/requests": 403} {
		if got := d.asks(radio65, http.MethodGet, path, nil).Code; got != want {
			t.Errorf("%s answered %d, want %d", path, got, want)
		}
	}
	page := read[CasePage](t, d.asks(radio65, http.MethodGet, "/v1/cases", nil), http.StatusOK)
	if len(page.Cases) != 1 || page.Cases[0].ID != ownCase {
		t.Errorf("saw %d cases", len(page.Cases))
	}
	if _, err := (Operator{Provinces: []string{"65", "66"}}).province(""); err == nil {
		t.Error("an operator of two provinces need not name one")
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	d := open(t)
	for _, path := range []string{"/v1/cases/" + string(ownCase), "/v1/cases/" + string(ownCase) + "/timeline", "/v1/policy"} {
		tag := d.asks(somsri, http.MethodGet, path, nil).Header().Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
		}
		for given, want := range map[string]int{tag: 304, "W/" + tag: 304, `"0", ` + tag: 304, `"0"`: 200} {
			if res := d.asks(somsri, http.MethodGet, path, nil, "If-None-Match", given); res.Code != want {
				t.Errorf("%s with %s answered %d, want %d", path, given, res.Code, want)
			}
		}
	}
	c := d.cases[ownCase]
	tag := etag(c.Version)
	c.Version++
	d.cases[ownCase] = c
	if got := d.asks(somsri, http.MethodGet, "/v1/cases/"+string(ownCase), nil, "If-None-Match", tag).Code; got != http.StatusOK {
		t.Errorf("a changed case was answered %d", got)
	}
}

func TestCommandCarriesWhoAndProof(t *testing.T) {
	d := open(t)
	res := d.asks(somsri, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/accept", map[string]any{"member": officer, "minutes": 12})
	v := read[Verdict](t, res, http.StatusOK)
	c := d.commands[0]
	by := casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}
	if v.Kind != casefile.Accepted || c.Kind != casefile.Accepted || c.By != by || c.Member != officer || c.Minutes != 12 {
		t.Errorf("verdict %+v of %+v", v, c)
	}
	if want := d.Proof(string(ownCase), c.ID, "ACCEPTED", "OPERATOR", "somsri"); c.Proof != want {
		t.Errorf("sealed %q, want %q", c.Proof, want)
	}
}

func TestCommandsSayWhatTheyNeed(t *testing.T) {
	d := open(t)
	tests := []struct {
		kind  string
		body  map[string]any
		want  int
		field string
	}{
		{"acknowledge", map[string]any{}, 200, ""},
		{"accept", map[string]any{}, 422, "member"},
		{"accept", map[string]any{"member": officer, "unit": "u"}, 422, "unit"},
		{"release", map[string]any{"member": officer}, 422, "reason"},
		{"release", map[string]any{"member": officer, "reason": "free text"}, 422, "reason"},
		{"pin", map[string]any{"pin": map[string]any{"lat": 16.8, "lon": 100.2}, "address": "ซอย 5"}, 200, ""},
		{"pin", map[string]any{"pin": map[string]any{"lat": 999, "lon": 100.2}}, 422, "pin.lat"},
		{"pin", map[string]any{"address": "ซอย 5"}, 422, "pin"},
		{"send-province", map[string]any{"province": "65"}, 200, ""},
		{"send-province", map[string]any{"province": "เชียงใหม่"}, 422, "province"},
		{"send-province", map[string]any{}, 422, "province"},
		{"ask-centre", map[string]any{"level": "EMS"}, 200, ""},
		{"ask-centre", map[string]any{"level": "NEAR"}, 422, "level"},
		{"take-centre", map[string]any{}, 422, "level"},
		{"note", map[string]any{}, 422, "text"},
		{"note", map[string]any{"text": "โทรแล้ว"}, 200, ""},
		{"close", map[string]any{"outcome": "HELPED"}, 422, "reason"},
		{"close", map[string]any{"outcome": "WON", "reason": "SETTLED"}, 422, "outcome"},
		{"severity", map[string]any{"severity": "LOW", "reason": "FOUND_SAFE"}, 200, ""},
		{"merge", map[string]any{"case": farCase}, 200, ""},
		{"merge", map[string]any{"case": noCase}, 404, ""},
		{"ask", map[string]any{"reason": "LANDMARK"}, 200, ""},
		{"ask", map[string]any{"reason": "HOW_ARE_YOU"}, 422, "reason"},
		{"child", map[string]any{"surprise": 1}, 422, ""},
		{"explode", map[string]any{}, 422, "kind"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.kind, tt.body), func(t *testing.T) {
			p := read[Problem](t, d.asks(somsri, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/"+tt.kind, tt.body), tt.want)
			if p.Field != tt.field {
				t.Errorf("field %q, want %q: %s", p.Field, tt.field, p.DetailEn)
			}
		})
	}
	if res := d.asks(radio65, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/merge", map[string]any{"case": farCase}); res.Code != http.StatusNotFound {
		t.Errorf("joined to a case out of scope: answered %d", res.Code)
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	d := open(t)
	d.refuse = &casefile.RefusedError{Kind: casefile.Accepted, State: casefile.OnScene, Th: "มีผู้รับเหตุครบแล้ว", En: "the crew is complete"}
	res := d.asks(somsri, http.MethodPost, "/v1/cases/"+string(ownCase)+"/commands/accept", map[string]any{"member": officer})
	p := read[Problem](t, res, http.StatusConflict)
	if p.Code != "refused" || p.Detail != "มีผู้รับเหตุครบแล้ว" || p.State != "ON_SCENE" || !strings.HasPrefix(res.Header().Get("Content-Type"), "application/problem+json") {
		t.Errorf("%s %+v", res.Header().Get("Content-Type"), p)
	}
}

func TestRepeatsGetTheFirstAnswer(t *testing.T) {
	d := open(t)
	ask := func(token, path, k string, body any) *httptest.ResponseRecorder {
		return d.asks(token, http.MethodPost, path, body, keyHeader, k)
	}
	path := "/v1/cases/" + string(ownCase) + "/commands/acknowledge"
	first := ask(somsri, path, "same-key-1", map[string]any{})
	again := ask(somsri, path, "same-key-1", map[string]any{})
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || again.Header().Get(replayedHeader) != "true" || len(d.commands) != 1 {
		t.Errorf("%d then %d, %d commands", first.Code, again.Code, len(d.commands))
	}
	if p := read[Problem](t, ask(somsri, path, "same-key-1", map[string]any{"role": "POLICE"}), 422); p.Code != "key_reused" {
		t.Errorf("another request with the key: %s", p.Code)
	}
	if got := ask(wichai, path, "same-key-1", map[string]any{}).Code; got != 200 || len(d.commands) != 2 || d.commands[0].ID == d.commands[1].ID {
		t.Errorf("another operator with the key was answered %d", got)
	}

	d.refuse = &casefile.RefusedError{Kind: casefile.Acknowledged, State: casefile.Closed, Th: "ยุติแล้ว", En: "ended"}
	refused := ask(somsri, path, "same-key-2", map[string]any{})
	d.refuse = nil
	again = ask(somsri, path, "same-key-2", map[string]any{})
	if again.Code != 409 || again.Body.String() != refused.Body.String() || !strings.HasPrefix(again.Header().Get("Content-Type"), "application/problem+json") {
		t.Errorf("a repeated refusal was answered %d", again.Code)
	}

	d.refuse = ErrAway // nobody knows whether it happened: the repeat asks again, under the same ID
	if got := ask(somsri, path, "same-key-3", map[string]any{}).Code; got != 503 {
		t.Errorf("answered %d", got)
	}
	d.refuse = nil
	before := d.commands[len(d.commands)-1].ID
	if got := ask(somsri, path, "same-key-3", map[string]any{}).Code; got != 200 || d.commands[len(d.commands)-1].ID != before {
		t.Errorf("the repeat was answered %d", got)
	}

	d.during = func() {
		d.during = nil
		if p := read[Problem](t, ask(somsri, path, "same-key-4", map[string]any{}), 409); p.Code != "key_busy" {
			t.Errorf("a repeat while the first still runs: %s", p.Code)
		}
	}
	if got := ask(somsri, path, "same-key-4", map[string]any{}).Code; got != 200 {
		t.Errorf("the first was answered %d", got)
	}

	if got := d.asks(somsri, http.MethodPost, path, map[string]any{}, keyHeader, "").Code; got != 422 {
		t.Errorf("without a key: answered %d", got)
	}
}

func TestCallCards(t *testing.T) {
	d := open(t)
	card := map[string]any{"channel": "HOTLINE_1300", "call_id": "c-1", "kind": "REPORT", "type": "CONFINEMENT", "category": "FAMILY_VIOLENCE",
		"phone": "+66812345678", "caller_name": canary, "address": "ซอย 5", "text": "ร้องขอให้ช่วย", "pin": map[string]any{"lat": 16.8, "lon": 100.2}}
	filed := read[Filed](t, d.asks(somsri, http.MethodPost, "/v1/reports", card), http.StatusCreated)
	if filed.Case != ownCase || filed.Code != "1111-1111" || filed.Repeated {
		t.Errorf("filed %+v", filed)
	}
	a := d.arrived[0]
	if a.EventID != "call:HOTLINE_1300:c-1" || a.UserID != "call:c-1" || a.Channel != casefile.Channel1300 || a.In.Word != casefile.Called || a.In.Pin.Lat != 16.8 ||
		a.In.Text != "ซอย 5\nร้องขอให้ช่วย" || a.In.By.ID != "somsri" || a.In.Call.Category != "FAMILY_VIOLENCE" || a.In.Quiet || a.In.Language != casefile.Thai {
		t.Errorf("intake got %+v", a)
	}
	again := read[Filed](t, d.asks(wichai, http.MethodPost, "/v1/reports", card), http.StatusOK)
	if again.Case != filed.Case || !again.Repeated || len(d.arrived) != 1 {
		t.Errorf("the same call, typed by another operator: %+v", again)
	}
	for i := range 10 { // one operator files ten calls
		card["call_id"] = fmt.Sprint("ten-", i)
		read[Filed](t, d.asks(somsri, http.MethodPost, "/v1/reports", card), http.StatusCreated)
	}
	threads := map[string]bool{}
	for _, a := range d.arrived {
		threads[a.UserID] = true
	}
	if len(threads) != 11 {
		t.Errorf("%d conversations for 11 calls", len(threads))
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("a name is in the log")
	}
}

func TestCallsThatAreSpecial(t *testing.T) {
	d := open(t)
	post := func(card map[string]any) *httptest.ResponseRecorder {
		return d.asks(somsri, http.MethodPost, "/v1/reports", card)
	}
	silent := read[Filed](t, post(map[string]any{"channel": "RADIO_191", "call_id": "s", "kind": "REPORT", "silent": true}), http.StatusCreated)
	if silent.Case == "" || !d.arrived[0].In.Quiet {
		t.Errorf("a silent call: %+v, quiet %v", silent, d.arrived[0].In.Quiet)
	}
	for _, kind := range []string{"PRANK", "WRONG_NUMBER", "OLD_CASE"} {
		filed := read[Filed](t, post(map[string]any{"channel": "HOTLINE_1300", "call_id": kind, "kind": kind}), http.StatusCreated)
		if filed.Case != "" {
			t.Errorf("%s became a case", kind)
		}
	}
	if len(d.arrived) != 4 {
		t.Errorf("%d of 4 calls kept", len(d.arrived))
	}
	for name, card := range map[string]map[string]any{
		"type":    {"channel": "HOTLINE_1300", "call_id": "x", "kind": "REPORT"},
		"channel": {"channel": "LINE", "call_id": "x", "kind": "REPORT", "type": "BERSERK"},
		"phone":   {"channel": "REST", "call_id": "x", "kind": "REPORT", "type": "BERSERK", "phone": "081"},
	} {
		if p := read[Problem](t, post(card), http.StatusUnprocessableEntity); p.Field != name || strings.Contains(p.DetailEn, "081") {
			t.Errorf("%v: field %q, %s", card, p.Field, p.DetailEn)
		}
	}
	if got := d.asks(somsri, http.MethodPost, "/v1/reports", map[string]any{"text": strings.Repeat("ก", 200<<10)}).Code; got != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge card was answered %d", got)
	}
}

func TestDeskShowsTheLongestWaitFirst(t *testing.T) {
	d := open(t)
	put := func(id string, reporter casefile.ReporterID, reason casefile.DeskReason, waited time.Duration, owner casefile.Actor) {
		c := aCase(casefile.CaseID(id), "65")
		c.Reporter, c.Desk = reporter, &casefile.DeskItem{Reason: reason, SinceAt: now.Add(-waited), Owner: owner, Tap: reason == casefile.DeskNoPin && id[0] != 'd'}
		d.cases[c.ID] = c
	}
	wanted := casefile.Actor{Kind: casefile.ByOperator, ID: "wichai"}
	put("a1111111-1111-4111-8111-111111111111", "ann", casefile.DeskNoPin, 3*time.Minute, casefile.Actor{})
	put("a2222222-1111-4111-8111-111111111111", "ann", casefile.DeskNoPin, time.Minute, wanted)
	put("b1111111-1111-4111-8111-111111111111", "bo", casefile.DeskNoPin, 2*time.Minute, casefile.Actor{})
	put("c1111111-1111-4111-8111-111111111111", "chai", casefile.DeskUnanswered, time.Minute, casefile.Actor{})
	put("c2222222-1111-4111-8111-111111111111", "chai", casefile.DeskCannotFind, 5*time.Minute, casefile.Actor{})
	put("d1111111-1111-4111-8111-111111111111", "dao", casefile.DeskNoPin, 4*time.Minute, casefile.Actor{}) // wrote an address: more than a tap
	desk := read[Desk](t, d.asks(radio65, http.MethodGet, "/v1/desk", nil), http.StatusOK)
	if len(desk.Items) != 3 || desk.Items[1].Reason != casefile.DeskNoPin || desk.Items[0].Reason != casefile.DeskCannotFind || desk.Items[0].AgeS != 300 {
		t.Errorf("items %+v", desk.Items)
	}
	if len(desk.People) != 2 || len(desk.People[0].Taps) != 2 || desk.People[0].AgeS != 180 || desk.People[0].Owner != wanted || len(desk.People[1].Taps) != 1 {
		t.Errorf("people %+v", desk.People)
	}
}

func TestRosterAndRequests(t *testing.T) {
	d := open(t)
	path := "/v1/members/" + string(officer)
	if got := d.asks(somsri, http.MethodPost, path+"/duty", map[string]any{"on_duty": true}).Code; got != http.StatusNoContent || !d.members[officer].OnDuty {
		t.Errorf("answered %d", got)
	}
	for _, rest := range []map[string]any{{"on_duty": true, "rest_until": now.Add(time.Hour)}, {"on_duty": true}} {
		if got := d.asks(somsri, http.MethodPost, path+"/duty", rest).Code; got != http.StatusNoContent || d.members[officer].RestUntil.IsZero() == (rest["rest_until"] != nil) {
			t.Errorf("asked for %v: answered %d, rests until %s", rest, got, d.members[officer].RestUntil)
		}
	}
	if got := d.asks(somsri, http.MethodPost, path+"/position", map[string]any{"lat": 16.8, "lon": 100.2, "fixed_at": now.Add(time.Hour)}).Code; got != http.StatusNoContent {
		t.Errorf("answered %d", got)
	}
	if m := d.members[officer]; !m.FixedAt.Equal(now) {
		t.Errorf("a fix from the future was kept as of %s", m.FixedAt)
	}
	page := read[MemberPage](t, d.asks(somsri, http.MethodGet, "/v1/members?limit=1&on_duty=false", nil), http.StatusOK)
	if len(page.Members) != 1 || page.Members[0].ID != stranger || page.Next != "" {
		t.Errorf("members %+v", page)
	}
	d.requests = []NotUrgent{{Number: 1, At: now}}
	if got := d.asks(somsri, http.MethodPost, "/v1/requests/1/answer", nil).Code; got != http.StatusNoContent || d.requests[0].AnsweredBy != "somsri" {
		t.Errorf("answered %d", got)
	}
	if got := d.asks(somsri, http.MethodPost, "/v1/requests/1/answer", nil).Code; got != http.StatusNotFound {
		t.Errorf("a second answer was answered %d", got)
	}
}

func TestPlanIsInSeconds(t *testing.T) {
	d := open(t)
	plan := read[Plan](t, d.asks(somsri, http.MethodGet, "/v1/policy/plan?type=THREAT_ASSAULT&district=6501", nil), http.StatusOK)
	want := d.server.Policy.Plan(casefile.ThreatAssault, casefile.Place{Province: "65", District: "6501"}, d.server.Places.Urban("6501"), true, false)
	if !plan.Live || plan.Waits["pin"] != int(want.Waits.Pin/time.Second) || plan.Waits["pin"] == 0 || len(plan.Ladders) != len(casefile.Roles) ||
		plan.Ladders[0].Steps[1].AfterS != int(want.Roles[0].Steps[1].After/time.Second) {
		t.Errorf("plan %+v", plan)
	}
	if got := d.asks(somsri, http.MethodGet, "/v1/policy/plan?type=BERSERK&district=9999", nil).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("a district that does not exist was answered %d", got)
	}
}

// A page of another site cannot act with somebody's session; LINE, which sends no such header, can.
func TestT_A3_OtherSitesAreRefused(t *testing.T) {
	d := open(t)
	path := "/v1/cases/" + string(ownCase) + "/commands/acknowledge"
	for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200, "": 200} {
		if got := d.asks(somsri, http.MethodPost, path, map[string]any{}, "Sec-Fetch-Site", site).Code; got != want {
			t.Errorf("Sec-Fetch-Site %q answered %d, want %d", site, got, want)
		}
	}
	if got := d.asks(somsri, http.MethodPost, path, map[string]any{}, "Origin", "https://evil.example").Code; got != 403 {
		t.Errorf("another origin was answered %d", got)
	}
	if got := d.asks(somsri, http.MethodGet, "/v1/cases", nil, "Sec-Fetch-Site", "cross-site").Code; got != 200 {
		t.Errorf("a read was answered %d", got)
	}
}

func TestT_W6_NobodysForwardedAddressCounts(t *testing.T) {
	d := open(t)
	d.server.Registry = newWorld().server(t).Registry
	engine, err := d.server.engine()
	if err != nil {
		t.Fatal(err)
	}
	ip := ""
	engine.GET("/ip", func(c *gin.Context) { ip = c.ClientIP() })
	req := httptest.NewRequest(http.MethodGet, "/ip", nil)
	req.RemoteAddr = "203.0.113.9:1"
	req.Header.Set("X-Forwarded-For", "10.0.0.1")
	engine.ServeHTTP(httptest.NewRecorder(), req)
	if ip != "203.0.113.9" {
		t.Errorf("the client is %s", ip)
	}
}

func TestOperatorsAreLimited(t *testing.T) {
	d := &door{world: newWorld(), t: t}
	d.server = d.world.server(t)
	d.server.PerSecond = 1
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	codes := map[int]int{}
	for range 10 {
		res := d.asks(somsri, http.MethodGet, "/v1/units", nil)
		codes[res.Code]++
		if res.Code == http.StatusTooManyRequests && res.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if codes[200] < 2 || codes[429] < 7 {
		t.Errorf("answers %v", codes)
	}
	if got := d.asks(wichai, http.MethodGet, "/v1/units", nil).Code; got != http.StatusOK {
		t.Errorf("one operator's flood stops another: %d", got)
	}
}

func TestPanicIsA500WithoutWords(t *testing.T) {
	d := open(t)
	d.server.Registry = newWorld().server(t).Registry
	engine, err := d.server.engine()
	if err != nil {
		t.Fatal(err)
	}
	engine.GET("/boom", func(*gin.Context) { panic(canary) })
	res := httptest.NewRecorder()
	engine.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/boom", nil))
	if p := read[Problem](t, res, http.StatusInternalServerError); p.Code != "internal" || strings.Contains(d.logged(), canary) || !strings.Contains(d.logged(), "panic of type string") {
		t.Errorf("%+v; logged %s", p, d.logged())
	}
}

func TestHealthAndHeaders(t *testing.T) {
	d := open(t)
	if got := d.asks("", http.MethodGet, "/readyz", nil).Code; got != http.StatusOK {
		t.Errorf("ready: %d", got)
	}
	d.intakeErr = errors.New("no connection")
	if got := d.asks("", http.MethodGet, "/readyz", nil).Code; got != http.StatusServiceUnavailable {
		t.Errorf("not ready: %d", got)
	}
	res := d.asks("", http.MethodGet, "/healthz", nil)
	if res.Code != http.StatusOK {
		t.Errorf("healthy: %d", res.Code)
	}
	for _, h := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cache-Control"} {
		if res.Header().Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
	if metrics := d.asks(somsri, http.MethodGet, "/metrics", nil).Body.String(); !strings.Contains(metrics, `ess_http_request_seconds_count{method="GET",route="/healthz",status="200"} 1`) {
		t.Error("requests are not counted")
	}
}

func TestServerRefusesToStartUnguarded(t *testing.T) {
	for name, change := range map[string]func(*Server){
		"no channel secret":    func(s *Server) { s.LINESecrets = nil },
		"an empty secret":      func(s *Server) { s.LINESecrets = []string{""} },
		"an empty token":       func(s *Server) { s.Operators = []Operator{{Name: "x"}} },
		"no limit of requests": func(s *Server) { s.PerSecond = 0 },
	} {
		s := newWorld().server(t)
		change(s)
		if _, err := s.Handler(); err == nil {
			t.Errorf("%s: it started", name)
		}
	}
}
