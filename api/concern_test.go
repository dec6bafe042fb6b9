package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

const (
	nearConcern = casefile.ConcernID("c0000000-0000-4000-8000-000000000065")
	farConcern  = casefile.ConcernID("c0000000-0000-4000-8000-000000000050")
	secretPic   = 3
	openLink    = 2
	ondeToken   = "token-of-the-partner-ONDE"
	eefToken    = "token-of-the-partner-EEF"
)

// worries is a record of concerns: one of Phitsanulok, referred to ONDE with one of its two pieces, and one elsewhere.
type worries struct {
	viewed []string
	orders []casefile.ConcernOrder
	linked casefile.CaseID // the case that came from what ONDE was given
	school casefile.UnitID // that the near one is about
	tell   bool            // its pointer lets the school know
	asked  ConcernFilter
}

func (w *worries) Concern(_ context.Context, id casefile.ConcernID) (casefile.Concern, error) {
	for _, c := range w.all() {
		if c.ID == id {
			return c.Concern, nil
		}
	}
	return casefile.Concern{}, casefile.ErrNotFound
}

func (w *worries) all() []ListedConcern {
	near := casefile.Concern{
		ID: nearConcern, Version: 9, State: casefile.ConcernReferred, Kind: casefile.AboutOnline, Child: true, Place: casefile.Place{Province: "65"},
		To: casefile.PartnerONDE, Released: []int{openLink}, ReferredAt: now, Owner: casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"},
	}
	near.School, near.AskHere = w.school, w.tell
	far := casefile.Concern{ID: farConcern, Version: 4, State: casefile.ConcernOffered, Kind: casefile.AboutDrugs, Place: casefile.Place{Province: "50"}, DueAt: now}
	return []ListedConcern{{near, now}, {far, now.Add(-time.Hour)}}
}

func (w *worries) Concerns(_ context.Context, f ConcernFilter) ([]ListedConcern, error) {
	w.asked = f
	var out []ListedConcern
	for _, c := range w.all() {
		scope := Operator{Provinces: f.Provinces}
		if scope.sees(c.Place.Province) && (f.Owner == (casefile.Actor{}) || f.Owner == c.Owner) && (f.AfterID == "" || c.BegunAt.Before(f.AfterAt)) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (w *worries) Events(context.Context, casefile.ConcernID) ([]casefile.ConcernEvent, error) {
	by := casefile.Actor{Kind: casefile.ByReporter}
	return []casefile.ConcernEvent{
		{Seq: 1, Kind: casefile.ConcernBegun, At: now, By: by},
		{Seq: openLink, Kind: casefile.ConcernAdded, At: now, By: by, Private: casefile.ConcernPrivate{Text: "the child is called Mali", Link: "https://x.example"}},
		{Seq: secretPic, Kind: casefile.ConcernAdded, At: now, By: by, Private: casefile.ConcernPrivate{Media: "1234567", MediaKind: "image"}},
	}, nil
}

func (w *worries) Viewed(_ context.Context, by casefile.Actor, id casefile.ConcernID, purpose string) error {
	w.viewed = append(w.viewed, by.ID+" "+purpose)
	return nil
}

func (w *worries) EvidenceOf(context.Context, ...casefile.ConcernID) ([]ConcernEvidence, error) {
	return []ConcernEvidence{
		{Concern: nearConcern, Seq: openLink, Kind: "link", State: activities.MediaKept, At: now, SHA256: []byte{1}},
		{Concern: nearConcern, Seq: secretPic, Kind: "image", State: activities.MediaKept, At: now, SHA256: []byte{2}},
	}, nil
}

func (w *worries) EvidenceContent(_ context.Context, _ casefile.ConcernID, seq int) ([]byte, string, string, error) {
	return []byte("content"), map[int]string{openLink: "link", secretPic: "image"}[seq], "text/plain", nil
}

func (w *worries) Referred(_ context.Context, to casefile.Partner, _ []string, _ time.Time, _ casefile.ConcernID, _ int) ([]casefile.Concern, error) {
	var out []casefile.Concern
	for _, c := range w.all() {
		if c.To == to {
			out = append(out, c.Concern)
		}
	}
	return out, nil
}

func (w *worries) CaseIsReferred(_ context.Context, id casefile.CaseID, _ casefile.Partner) (bool, error) {
	return id == w.linked, nil
}

func (w *worries) Count(context.Context, time.Time, time.Time, int) ([]ConcernCell, error) {
	return []ConcernCell{{Kind: casefile.AboutDrugs, Province: "50", Month: "2026-11", Concerns: 12}, {Kind: casefile.AboutDrugs, Province: "65", Month: "2026-11", Concerns: 11}}, nil
}

func (w *worries) Order(_ context.Context, _ casefile.ConcernID, o casefile.ConcernOrder) (ConcernVerdict, error) {
	w.orders = append(w.orders, o)
	return ConcernVerdict{State: casefile.ConcernTaken, Version: 10, Kind: string(o.Kind)}, nil
}

func (w *worries) Nudge(context.Context, casefile.ConcernID, int) error { return nil }

// worried is a door behind which concerns are kept.
func worried(t *testing.T, change ...func(*Server)) (*door, *worries) {
	t.Helper()
	d, w := &door{world: newWorld(), t: t}, &worries{}
	d.server = d.world.server(t)
	d.server.Concerns = w
	d.server.Operators = append(d.server.Operators,
		Operator{Name: "onde", Token: ondeToken, Roles: []OperatorRole{RoleONDE}}, Operator{Name: "eef", Token: eefToken, Roles: []OperatorRole{RoleEEF}})
	for _, c := range change {
		c(d.server)
	}
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	return d, w
}

func TestConcernsAreSeenInScopeAndReadWithAPurpose(t *testing.T) {
	d, w := worried(t)
	for path, want := range map[string]int{
		"/v1/concerns/" + string(nearConcern): 200, "/v1/concerns/" + string(farConcern): 404, "/v1/concerns?province=50": 403,
		"/v1/concerns/" + string(nearConcern) + "/private": 422, "/v1/concerns/" + string(nearConcern) + "/private?purpose=supervision": 200,
		"/v1/concerns/" + string(nearConcern) + "/evidence/3?purpose=supervision": 200,
		"/v1/concerns/" + string(farConcern) + "/private?purpose=supervision":     404,
	} {
		if res := d.asks(radio65, http.MethodGet, path, nil); res.Code != want {
			t.Errorf("%s: %d %s", path, res.Code, res.Body)
		}
	}
	if got := strings.Join(w.viewed, ", "); got != "radio65 supervision, radio65 supervision" {
		t.Errorf("looks: %s", got)
	}
	var page ConcernPage
	if err := json.Unmarshal(d.asks(radio65, http.MethodGet, "/v1/concerns", nil).Body.Bytes(), &page); err != nil || len(page.Concerns) != 1 {
		t.Errorf("radio65 lists %+v, %v", page, err)
	}
	first := d.asks(somsri, http.MethodGet, "/v1/concerns?limit=1", nil).Body.Bytes()
	if err := json.Unmarshal(first, &page); err != nil || page.Next == "" {
		t.Fatalf("%s", first)
	}
	if strings.Contains(string(first), "Mali") {
		t.Error("a list holds what was said")
	}
	if err := json.Unmarshal(d.asks(somsri, http.MethodGet, "/v1/concerns?limit=1&after="+page.Next, nil).Body.Bytes(), &page); err != nil || len(page.Concerns) != 1 || page.Concerns[0].Id != farConcern {
		t.Errorf("the next page: %+v, %v", page, err)
	}
	if body := d.asks(wichai, http.MethodGet, "/v1/concerns?mine=true", nil).Body.String(); strings.Contains(body, string(nearConcern)) {
		t.Errorf("another operator's: %s", body)
	}
}

func TestAnOrderAboutAConcernHasWhatItNeedsAndNothingElse(t *testing.T) {
	d, w := worried(t)
	path := "/v1/concerns/" + string(nearConcern) + "/orders/"
	for _, tt := range []struct {
		kind  string
		body  map[string]any
		want  int
		field string
	}{
		{"take-up", map[string]any{}, 200, ""},
		{"take-up", map[string]any{"reason": "X"}, 422, "reason"},
		{"take-up", map[string]any{"unit": "no-such-unit"}, 422, "unit"},
		{"decline", map[string]any{}, 422, "reason"},
		{"decline", map[string]any{"reason": "NOT_OUR_AREA"}, 200, ""},
		{"decline", map[string]any{"reason": "because she said so"}, 422, "reason"},
		{"refer", map[string]any{}, 422, "to"},
		{"refer", map[string]any{"to": "ARMY"}, 422, "to"},
		{"refer", map[string]any{"to": "ONDE", "evidence": []int{99}}, 422, "evidence"},
		{"refer", map[string]any{"to": "ONDE", "evidence": []int{openLink}}, 200, ""},
		{"close", map[string]any{"reason": "CARED_FOR", "note": "Mali"}, 422, ""},
		{"explode", map[string]any{}, 422, ""},
	} {
		res := d.asks(radio65, http.MethodPost, path+tt.kind, tt.body)
		if res.Code != tt.want || tt.field != "" && !strings.Contains(res.Body.String(), `"field":"`+tt.field) {
			t.Errorf("%s %v: %d %s", tt.kind, tt.body, res.Code, res.Body)
		}
	}
	if len(w.orders) != 3 || w.orders[0].Proof == "" || w.orders[0].By.ID != "radio65" || w.orders[0].ID == w.orders[1].ID {
		t.Errorf("orders: %+v", w.orders)
	}
	if res := d.asks(radio65, http.MethodPost, "/v1/concerns/"+string(farConcern)+"/orders/take-up", map[string]any{}); res.Code != http.StatusNotFound {
		t.Errorf("outside of the scope: %d", res.Code)
	}
}

func TestASpanOfTasksTellsNobodysMinute(t *testing.T) {
	midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, policy.Bangkok)
	for _, tt := range []struct {
		name         string
		since, until time.Time
		field        string
	}{
		{"a week", midnight, midnight.AddDate(0, 0, 7), ""},
		{"six days", midnight, midnight.AddDate(0, 0, 6), "until"},
		{"a minute more at the start", midnight.Add(-time.Minute), midnight.AddDate(0, 0, 7), "since"},
		{"a minute more at the end", midnight, midnight.AddDate(0, 0, 7).Add(time.Minute), "until"},
		{"midnight of another country", midnight.Add(7 * time.Hour), midnight.AddDate(0, 0, 9), "since"},
		{"backwards", midnight, midnight.AddDate(0, 0, -7), "until"},
	} {
		err := wholeDays(tt.since, tt.until)
		var wrong *casefile.InvalidError
		if errors.As(err, &wrong) != (tt.field != "") || wrong != nil && wrong.Field != tt.field {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// tallies are the reports of one unit.
type tallies struct{ TaskReports }

func (tallies) Unit(_ context.Context, id casefile.UnitID) (casefile.Unit, error) {
	return casefile.Unit{ID: id, Province: "65"}, nil
}

func (tallies) UnitTasks(context.Context, casefile.UnitID, time.Time, time.Time) ([]UnitTask, []UnitTaskMember, error) {
	return nil, nil, nil
}

func TestTasksAreCountedByWholeDays(t *testing.T) {
	d, _ := worried(t, func(s *Server) { s.TaskReports = tallies{} })
	for span, want := range map[string]int{
		"since=2026-10-31T17:00:00Z&until=2026-11-07T17:00:00Z": 200, "since=2026-10-31T17:00:00Z&until=2026-10-31T17:01:00Z": 422,
	} {
		if res := d.asks(somsri, http.MethodGet, "/v1/units/st/tasks?"+span, nil); res.Code != want {
			t.Errorf("%s: %d %s", span, res.Code, res.Body)
		}
	}
}

// Whoever works at the school that a concern is about reads it only where its pointer let the school know.
func TestASchoolReadsNothingAboutItselfAgainstThePointersWord(t *testing.T) {
	for _, tell := range []bool{false, true} {
		const school = "token-of-the-school"
		d, w := worried(t, func(s *Server) {
			s.Operators = append(s.Operators, Operator{Name: "school65", Token: school, Unit: "school65", Provinces: []string{"65"}, Roles: mayRead})
		})
		w.school, w.tell = "school65", tell
		want := map[bool]int{false: http.StatusNotFound, true: http.StatusOK}[tell]
		for _, path := range []string{"", "/private?purpose=supervision", "/evidence/3?purpose=supervision"} {
			if res := d.asks(school, http.MethodGet, "/v1/concerns/"+string(nearConcern)+path, nil); res.Code != want {
				t.Errorf("told %v, %q: %d", tell, path, res.Code)
			}
		}
		d.asks(school, http.MethodGet, "/v1/concerns", nil)
		if w.asked.Blind != "school65" {
			t.Errorf("the list was asked for with %+v", w.asked)
		}
		onde := Operator{Unit: "school65", Provinces: []string{"65"}, Roles: []OperatorRole{RoleONDE}}
		if near := w.all()[0].Concern; onde.mayHear(near) != tell {
			t.Errorf("told %v, a partner hears: %v", tell, !tell)
		}
	}
}

// ONDE sees what it was given, without identity, and nothing else; กสศ. not even that.
func TestAPartnerSeesItsOwnPartAndNothingElse(t *testing.T) {
	d, w := worried(t)
	list := d.asks(ondeToken, http.MethodGet, "/v1/referrals", nil)
	if body := list.Body.String(); list.Code != 200 || strings.Contains(body, "Mali") || strings.Contains(body, `"id":3`) || !strings.Contains(body, `"id":2`) {
		t.Errorf("ONDE lists %d %s", list.Code, body)
	}
	base := "/v1/referrals/" + string(nearConcern) + "/evidence/"
	w.linked = ownCase
	for path, want := range map[string]int{
		base + "2": 200, base + "3": 404, "/v1/referrals/" + string(farConcern) + "/evidence/2": 404,
		"/v1/cases/" + string(ownCase) + "/part": 200, "/v1/cases/" + string(farCase) + "/part": 404,
		"/v1/concern-counts?since=2025-12-31T17:00:00Z&until=2026-12-31T17:00:00Z": 200,
		"/v1/concern-counts?since=2025-12-31T17:00:00Z&until=2026-11-20T17:00:00Z": 422,
		"/v1/concern-counts?since=2026-01-01T00:00:00Z&until=2026-12-31T17:00:00Z": 422,
	} {
		if res := d.asks(ondeToken, http.MethodGet, path, nil); res.Code != want {
			t.Errorf("ONDE at %s: %d %s", path, res.Code, res.Body)
		}
	}
	if strings.Join(w.viewed, ", ") != "onde referral" {
		t.Errorf("looks: %v", w.viewed)
	}
	for name, route := range d.server.contract {
		method, path, _ := strings.Cut(name, " ")
		allowed := map[string]bool{
			"listReferrals": true, "getReferralEvidence": true, "getCasePart": true, "countConcerns": true,
		}[route.Operation.OperationID]
		if method == http.MethodGet && !allowed && strings.HasPrefix(path, "/v1/") {
			if res := d.asks(ondeToken, method, pathParam.ReplaceAllString(path, "x"), nil); res.Code != http.StatusForbidden {
				t.Errorf("ONDE at %s: %d", path, res.Code)
			}
		}
	}
	var part CasePart
	if err := json.Unmarshal(d.asks(ondeToken, http.MethodGet, "/v1/cases/"+string(ownCase)+"/part", nil).Body.Bytes(), &part); err != nil ||
		part.Agency != "ONDE" || part.Type != "" || part.Severity != "" || part.Owner != "" || part.Station != "" {
		t.Errorf("ONDE's part: %+v, %v", part, err)
	}

	eef := func() int {
		return d.asks(eefToken, http.MethodGet, "/v1/cases/"+string(ownCase)+"/part", nil).Code
	}
	if got := eef(); got != http.StatusNotFound {
		t.Errorf("กสศ. sees a case that nobody agreed to: %d", got)
	}
	c := d.cases[ownCase]
	c.Child, c.Care = true, &casefile.Care{Problem: casefile.ChildYouth, Consents: []casefile.Consent{{Purpose: casefile.ForEducation, Given: true}}}
	d.cases[ownCase] = c
	if got := eef(); got != http.StatusOK {
		t.Errorf("กสศ. does not see what was agreed to: %d", got)
	}
	if got := d.asks(eefToken, http.MethodGet, "/v1/referrals", nil).Code; got != http.StatusForbidden {
		t.Errorf("กสศ. reads referrals: %d", got)
	}
}
