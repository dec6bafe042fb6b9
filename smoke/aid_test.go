package smoke

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// aidMemory is the memory of the system, for what a volunteer's phone keeps there.
func (h *town) aidMemory() *postgres.Store {
	h.t.Helper()
	pool, err := postgres.Open(h.t.Context(), h.system.stack.Postgres.URL(h.Name), 2)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	keys, err := vault.Open(h.Env["ESS_KEYSET"])
	if err != nil {
		h.t.Fatal(err)
	}
	return &postgres.Store{Pool: pool, Sealer: keys, Now: func() time.Time { return h.Clock.Case(time.Now()) }}
}

// sendsForm fills in a form about a household of the town as a member and sends it. Nothing wakes its process: that a nudge
// got lost is noticed.
func (h *town) sendsForm(s *postgres.Store, filer string) casefile.AidID {
	h.t.Helper()
	by := casefile.Actor{Kind: casefile.ByMember, ID: h.memberID(filer)}
	id := casefile.AidID(uuid.NewString())
	ctx := postgres.As(context.Background(), postgres.Viewer{Actor: by, Purpose: postgres.ProtectionFollowUp})
	err := s.BeginAid(ctx, id, by, s.Now())
	income, districts := int64(150000), policy.DefaultPlaces().Districts()
	i := slices.IndexFunc(districts, func(d policy.District) bool { return d.Code[:2] == h.province.Code })
	for part, value := range map[casefile.AidPart]any{
		casefile.PartSubject: casefile.AidSubject{First: "สมมติ", Last: "ทดสอบระบบ", NoNumber: true, Birth: "1950"},
		casefile.PartHome:    casefile.AidHome{Address: "1 หมู่ 2 " + string(id[:8]), District: districts[i].Code, Province: h.province.Code, Tenure: "RENT"},
		casefile.PartLogbook: casefile.AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{}},
		casefile.PartNeed: casefile.AidNeed{
			Problems: []casefile.Problem{casefile.IncomeLiving}, Urgency: casefile.AidNormal, Wanted: []string{"EMERGENCY"}, Story: "ไม่มีข้าวกินสามวัน", Income: &income,
		},
		casefile.PartConsent: []casefile.AidConsent{{Purpose: casefile.ForAid, Given: true, Basis: "CONSENT"}},
	} {
		doc, _ := json.Marshal(value)
		if err == nil {
			_, err = s.SavePart(ctx, id, part, doc, 0)
		}
	}
	if err == nil {
		_, err = s.SendAid(ctx, id, by, uuid.NewString())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// aidStandsAt waits until a request stands somewhere.
func (h *town) aidStandsAt(id casefile.AidID, want casefile.AidState) casefile.AidRequest {
	h.t.Helper()
	var a casefile.AidRequest
	h.eventually("the request stands at "+string(want), func() bool {
		status, raw := h.request("somsri", http.MethodGet, "/v1/aid-requests/"+string(id), nil) // a draft is nobody else's
		return status == http.StatusOK && json.Unmarshal(raw, &a) == nil && a.State == want
	})
	return a
}

// ordersAid gives an order about a request.
func (h *town) ordersAid(operator string, id casefile.AidID, kind string, details map[string]any) (int, string) {
	h.t.Helper()
	if details == nil {
		details = map[string]any{}
	}
	status, raw := h.request(operator, http.MethodPost, "/v1/aid-requests/"+string(id)+"/orders/"+kind, details)
	return status, string(raw)
}

func (h *town) aidIsDone(operator string, id casefile.AidID, kind string, details map[string]any) {
	h.t.Helper()
	if status, raw := h.ordersAid(operator, id, kind, details); status != http.StatusOK {
		h.t.Fatalf("%s by %s: %d %s", kind, operator, status, raw)
	}
}

// standsBy has an officer confirm a row of the catalogue.
func (h *town) standsBy(code string) {
	h.t.Helper()
	rows := policy.Default().AidRows(time.Now())
	row := rows[slices.IndexFunc(rows, func(r policy.AidRow) bool { return r.Code == code })]
	status, raw := h.request("wichai", http.MethodPost, "/v1/aid-catalogue/"+code+"/confirm", map[string]any{
		"digest": row.Digest, "name": "เจ้าหน้าที่สมมติ", "source": "หนังสือสมมติ",
	})
	if status != http.StatusNoContent {
		h.t.Fatalf("confirm %s: %d %s", code, status, raw)
	}
}

// volunteers are a volunteer who files and one who visits.
func (h *town) volunteers() {
	h.t.Helper()
	for _, name := range []string{"volunteer", "visitor"} {
		h.member(name, string(casefile.LevelMSDHSProvince), "", "", h.pin.Lat, h.pin.Lon, true)
	}
	h.enlist()
}

// A volunteer files, an officer screens, somebody visits, the officer plans, and another approves. Over the rate nothing
// is planned, in the rule's own words; who planned it does not approve it.
func TestARequestForAidIsFiledVisitedPlannedAndApproved(t *testing.T) {
	h := start(t)
	h.volunteers()
	h.standsBy("EMERGENCY")
	s := h.aidMemory()
	id := h.sendsForm(s, "volunteer")
	volunteer, visitor := h.people["volunteer"], h.people["visitor"]
	code := id.Code()
	a := h.aidStandsAt(id, casefile.AidSubmitted)
	volunteer.hears(code)
	if a.Office != h.unitID(string(casefile.LevelMSDHSProvince)) || a.Subject == "" || a.Home == "" {
		t.Errorf("%+v", a)
	}
	h.desk(casefile.LevelMSDHSProvince).hears(code)

	h.aidIsDone("somsri", id, "screen", nil)
	at := h.Clock.Case(time.Now()).Add(24 * time.Hour)
	h.aidIsDone("somsri", id, "schedule-visit", map[string]any{"member": h.memberID("visitor"), "visit_at": at})
	visitor.hears(code)
	if status, raw := h.ordersAid("somsri", id, "plan", map[string]any{"items": []any{map[string]any{"code": "EMERGENCY", "satang": 300000}}}); status != http.StatusConflict {
		t.Errorf("planned before the visit: %d %s", status, raw)
	}
	by := casefile.Actor{Kind: casefile.ByMember, ID: h.memberID("visitor")}
	if _, err := s.SayToAid(t.Context(), id, casefile.AidOrder{ID: uuid.NewString(), Kind: casefile.AidWasVisited, By: by, Private: casefile.AidPrivate{Text: "พบที่บ้าน"}}); err != nil {
		t.Fatal(err)
	}
	h.aidStandsAt(id, casefile.AidVisited)
	for satang, want := range map[int64]int{400000: http.StatusConflict, 300000: http.StatusOK} {
		status, raw := h.ordersAid("somsri", id, "plan", map[string]any{"items": []any{map[string]any{"code": "EMERGENCY", "satang": satang}}})
		if status != want || status == http.StatusConflict && !strings.Contains(raw, "3,000") {
			t.Errorf("a plan of %d satang: %d %s", satang, status, raw)
		}
	}
	h.aidStandsAt(id, casefile.AidPlanned)
	if status, raw := h.ordersAid("somsri", id, "approve", nil); status != http.StatusConflict {
		t.Errorf("who planned it approved it: %d %s", status, raw)
	}
	h.aidIsDone("wichai", id, "approve", nil)
	if a = h.aidStandsAt(id, casefile.AidApproved); len(a.Items) != 1 || a.Items[0].State != casefile.ItemGranted {
		t.Errorf("%+v", a.Items)
	}
	volunteer.hears(code)
	h.recordRun(workflows.AidWorkflowID(id), "", "aid-filed-to-approved")
	var grants, clear int
	h.database(&grants, `SELECT count(*) FROM aid_grants WHERE aid_id = $1 AND void_at IS NULL`, string(id))
	h.database(&clear, `SELECT count(*) FROM (SELECT t::text AS row FROM aid_requests t UNION ALL SELECT t::text FROM aid_events t UNION ALL SELECT t::text FROM aid_inbox t
		UNION ALL SELECT t::text FROM aid_parts t UNION ALL SELECT t::text FROM aid_forms t) x WHERE strpos(x.row, 'ไม่มีข้าวกินสามวัน') > 0 OR strpos(x.row, 'พบที่บ้าน') > 0`)
	if grants != 1 || clear != 0 {
		t.Errorf("%d grants, %d rows in clear", grants, clear)
	}
}

// A visit that nobody makes is first the visitor's, then the province's, then that of ศรส., in this order and unasked.
func TestAnOverdueVisitForAidClimbs(t *testing.T) {
	h := startOwn(t, 24*60*60/4) // a day in four seconds
	h.volunteers()
	s := h.aidMemory()
	id := h.sendsForm(s, "volunteer")
	h.aidStandsAt(id, casefile.AidSubmitted)
	h.aidIsDone("somsri", id, "screen", nil)
	at := h.Clock.Case(time.Now()).Add(24 * time.Hour)
	h.aidIsDone("somsri", id, "schedule-visit", map[string]any{"member": h.memberID("visitor"), "visit_at": at})
	var page struct {
		Events []casefile.AidEvent `json:"events"`
	}
	called := func(who string) (at time.Time) {
		h.eventually(who+" is called about the visit", func() bool {
			h.gets("somsri", "/v1/aid-requests/"+string(id)+"/events?limit=100", &page)
			i := slices.IndexFunc(page.Events, func(e casefile.AidEvent) bool { return e.Kind == casefile.AidCalled && e.Reason == who })
			if i >= 0 {
				at = page.Events[i].At
			}
			return i >= 0
		})
		return at
	}
	if owner, province, central := called(string(policy.CallOwner)), called(string(policy.CallProvince)), called(string(policy.CallCentral)); !at.Before(owner) || !owner.Before(province) || !province.Before(central) {
		t.Errorf("the visit was for %s; called: visitor %s, province %s, centre %s", at, owner, province, central)
	}
	h.people["visitor"].hears("เลยกำหนด")
	h.desk(casefile.LevelMSDHSProvince).hears("เลยกำหนด")
	h.aidIsDone("somsri", id, "visited", map[string]any{"text": "เจ้าหน้าที่ไปเอง"})
	h.aidStandsAt(id, casefile.AidVisited)
}
