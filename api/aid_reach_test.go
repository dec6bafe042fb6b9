package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
)

// keepsAway has a case keep away from somebody.
func (d *door) keepsAway(from casefile.Exclusion) {
	c := d.cases[ownCase]
	c.Excluded = append(c.Excluded, from)
	d.cases[ownCase] = c
}

// visited is a request that was filed, and whose home a phone's owner visits.
func (v *village) visited(by *browser, ph *lineemu.Phone) (base string, id casefile.AidID) {
	v.t.Helper()
	base = by.begins()
	by.fillIn(base, "สายใจ")
	id = casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	a := v.book.requests[id]
	a.State, a.Visitor, a.VisitAt, a.SubmittedAt = casefile.AidVisitSet, v.users.members[ph.ID()].ID, now.Add(time.Hour), now.Add(-time.Hour)
	v.book.requests[id] = a
	return base, id
}

// A request that came from a case keeps away from the member whom the case keeps away from, whatever they had to do with it.
func TestAnExcludedMemberReachesNoRequestOfTheCase(t *testing.T) {
	v := newVillage(t)
	hers, ph := v.in(v.phoneOf("มะลิ", nil)), v.phoneOf("ผู้เยี่ยม", nil)
	his := v.in(ph)
	base, id := v.visited(hers, ph)
	a := v.book.requests[id]
	a.Case = ownCase
	v.book.requests[id] = a
	if res := his.get(base); res.Code != http.StatusOK {
		t.Fatalf("before: %d", res.Code)
	}
	v.keepsAway(casefile.Exclusion{Unit: "elsewhere", Member: v.users.members[ph.ID()].ID})
	for _, page := range []string{"", "/visit"} {
		if res := his.get(base + page); res.Code != http.StatusNotFound || strings.Contains(res.Body.String(), "สายใจ") {
			t.Errorf("GET %s: %d", page, res.Code)
		}
	}
	if page := his.get("/smart/").Body.String(); strings.Contains(page, base) {
		t.Error("it is still among their tasks")
	}
	if res := hers.get(base); res.Code != http.StatusOK {
		t.Errorf("who is not kept away: %d", res.Code)
	}
}

func TestAnExcludedMemberIsSentToNoHome(t *testing.T) {
	d, w := helping(t)
	a := w.requests[nearAid]
	a.Case = ownCase
	w.requests[nearAid] = a
	body := map[string]any{"member": officer, "visit_at": now.Add(time.Hour)}
	if res := d.asks(radio65, http.MethodPost, aidPath(nearAid, "/orders/schedule-visit"), body); res.Code != http.StatusOK {
		t.Fatalf("before: %d %s", res.Code, res.Body)
	}
	d.keepsAway(casefile.Exclusion{Unit: "station"}) // the officer's
	if res := d.asks(radio65, http.MethodPost, aidPath(nearAid, "/orders/schedule-visit"), body); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("after: %d", res.Code)
	}
}

// Whoever visits sees the photos while the visit is theirs, and no longer.
func TestAVisitorSeesThePhotosWhileTheyVisit(t *testing.T) {
	v := newVillage(t)
	hers, ph := v.in(v.phoneOf("มะลิ", nil)), v.phoneOf("ผู้เยี่ยม", nil)
	his := v.in(ph)
	base, id := v.visited(hers, ph)
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	if res := his.upload(base+"/photos", his.form(base+"/visit", "to", "visit"), png); res.Code >= http.StatusBadRequest {
		t.Fatalf("%d", res.Code)
	}
	photo := base + "/photos/" + v.book.files[id][0].ID
	if res := his.get(photo); res.Code != http.StatusOK {
		t.Fatalf("before: %d", res.Code)
	}
	a := v.book.requests[id]
	a.State = casefile.AidVisited
	v.book.requests[id] = a
	if res := his.get(photo); res.Code != http.StatusNotFound {
		t.Errorf("after: %d", res.Code)
	}
	if res := hers.get(photo); res.Code != http.StatusOK {
		t.Errorf("who filed it: %d", res.Code)
	}
}

// An office of another province that is asked to take a request over reaches it, and lists it.
func TestAReferredRequestReachesTheOfficeThatIsAsked(t *testing.T) {
	d, w := helping(t)
	a := w.requests[farAid]
	path := aidPath(farAid, "")
	if got := d.asks(radio65, http.MethodGet, path, nil).Code; got != http.StatusNotFound {
		t.Fatalf("before: %d", got)
	}
	for name, change := range map[string]func(*casefile.AidRequest){
		"asked": func(a *casefile.AidRequest) { a.State, a.To = casefile.AidReferred, "station" },
		"took":  func(a *casefile.AidRequest) { a.Office = "station" },
	} {
		b := a
		change(&b)
		w.requests[farAid] = b
		if got := d.asks(radio65, http.MethodGet, path, nil).Code; got != http.StatusOK {
			t.Errorf("%s: %d", name, got)
		}
		if body := d.asks(radio65, http.MethodGet, "/v1/aid-requests?office=station", nil).Body.String(); !strings.Contains(body, string(farAid)) {
			t.Errorf("%s: not listed", name)
		}
	}
	if body := d.asks(radio65, http.MethodGet, "/v1/aid-requests", nil).Body.String(); strings.Contains(body, `"id":"`+string(farAid)) {
		t.Error("a list of the province has what lies in another")
	}
}

// Money and the logbook keep away from an organisation as the request does.
func TestMoneyAndLogbookKeepAwayFromAnExcludedOrganisation(t *testing.T) {
	const insider = "token-of-somebody-of-the-alleged"
	d, w := &door{world: newWorld(), t: t}, newAided()
	d.server = d.world.server(t)
	d.server.Aids, d.server.Logbooks, d.server.Forms = w, &bookcase{}, keptForms{}
	d.server.Operators = append(d.server.Operators, Operator{Name: "insider", Token: insider, Unit: "station", Provinces: []string{"65"}, Roles: OperatorRoles})
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	d.server.AidPayments = &treasury{accounts: map[casefile.AidID]casefile.AidAccount{}}
	w.requests[aid1] = casefile.AidRequest{ID: aid1, State: casefile.AidApproved, Form: 1, Place: casefile.Place{Province: "65"}, Case: ownCase}
	const logbook = "/v1/households/home/logbook?purpose=protection_followup"
	payee := map[string]any{"cash": true}
	for _, want := range [][2]int{{http.StatusOK, http.StatusNoContent}, {http.StatusNotFound, http.StatusNotFound}} {
		if got := d.asks(insider, http.MethodGet, logbook, nil).Code; got != want[0] {
			t.Errorf("the logbook: %d, want %d", got, want[0])
		}
		if got := d.asks(insider, http.MethodPut, aidPath(aid1, "/payee"), payee).Code; got != want[1] {
			t.Errorf("the account: %d, want %d", got, want[1])
		}
		d.keepsAway(casefile.Exclusion{Unit: "station", Level: casefile.LevelStation, Province: "65"})
	}
}

// What a case put into a draft is personal and was written by nobody at this console: the look is recorded.
func TestALookAtADraftOutOfACaseIsRecorded(t *testing.T) {
	d, w := helping(t)
	me := casefile.Actor{Kind: casefile.ByOperator, ID: "radio65"}
	for _, of := range []casefile.CaseID{"", ownCase} {
		w.requests[noAid] = casefile.AidRequest{ID: noAid, State: casefile.AidDraft, Filer: me, Case: of}
		if res := d.asks(radio65, http.MethodGet, aidPath(noAid, "/draft"), nil); res.Code != http.StatusOK {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
		if looked := slices.ContainsFunc(w.viewed, func(v string) bool { return strings.HasPrefix(v, "radio65 ") }); looked != (of != "") {
			t.Errorf("of case %q: recorded %v", of, w.viewed)
		}
	}
}

// The catalogue is of the whole nation: nobody of one province vouches for an amount in it.
func TestNobodyOfOneProvinceVouchesForTheNation(t *testing.T) {
	d, w := helping(t)
	c := read[AidCatalogue](t, d.asks(somsri, http.MethodGet, "/v1/aid-catalogue", nil), http.StatusOK)
	body := map[string]any{"digest": c.Kinds[0].Digest, "name": "นางสาวตัวอย่าง ทดสอบ", "source": "ระเบียบ พ.ศ. 2552 ข้อ 9"}
	path := "/v1/aid-catalogue/" + c.Kinds[0].Code + "/confirm"
	if got := d.asks(radio65, http.MethodPost, path, body).Code; got != http.StatusForbidden || len(w.vouched) != 0 {
		t.Errorf("of one province: %d", got)
	}
	if got := d.asks(somsri, http.MethodPost, path, body).Code; got != http.StatusNoContent {
		t.Errorf("of the nation: %d", got)
	}
}

// One person is one, at a console and on a phone: what they filed, wrote or visited as a member they do not decide as an operator.
func TestAnOperatorDoesNotDecideOnTheirOwnRequest(t *testing.T) {
	const both = "token-of-somebody-who-is-both"
	d, w := &door{world: newWorld(), t: t}, newAided()
	d.server = d.world.server(t)
	d.server.Aids = w
	d.server.Operators = append(d.server.Operators, Operator{Name: "both", Token: both, Member: stranger, Roles: OperatorRoles})
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	self := casefile.Actor{Kind: casefile.ByMember, ID: string(stranger)}
	orders := map[string]map[string]any{
		"approve": {}, "reject": {"reason": "NOT_ELIGIBLE"}, "hear-appeal": {"yes": false},
		"clear": {"reason": "ANOTHER_NEED", "finding": map[string]any{"kind": "DUPLICATE", "other": farAid}},
	}
	of := w.requests[nearAid]
	for name, change := range map[string]func(*casefile.AidRequest){
		"nobody's": func(*casefile.AidRequest) {},
		"filed":    func(a *casefile.AidRequest) { a.Filer = self },
		"wrote":    func(a *casefile.AidRequest) { a.Wrote = []casefile.Actor{self} },
		"went":     func(a *casefile.AidRequest) { a.Went = []casefile.Actor{self} },
		"visits":   func(a *casefile.AidRequest) { a.Visitor = stranger },
	} {
		a := of
		change(&a)
		w.requests[nearAid] = a
		for kind, body := range orders {
			want := http.StatusForbidden
			if name == "nobody's" || kind == "clear" && (name == "went" || name == "visits") {
				want = http.StatusOK
			}
			if res := d.asks(both, http.MethodPost, aidPath(nearAid, "/orders/"+kind), body); res.Code != want {
				t.Errorf("%s, %s: %d %s", name, kind, res.Code, res.Body)
			}
		}
	}
}

// That two requests are of one person or household is personal: who may not look at that sees that something was found, and
// neither by what nor which other request.
func TestWhoseDuplicateItIsIsNotForEveryEye(t *testing.T) {
	d := openStaffed(t)
	for token, told := range map[string]bool{viewer: false, deskWoman: true} {
		for _, path := range []string{aidPath(nearAid, ""), "/v1/aid-requests"} {
			body := d.asks(token, http.MethodGet, path, nil).Body.String()
			if !strings.Contains(body, "DUPLICATE") || strings.Contains(body, `"other":"`+string(farAid)) != told || strings.Contains(body, `"by":"HOME"`) != told {
				t.Errorf("%s by %s: %s", path, token, body)
			}
		}
	}
}
