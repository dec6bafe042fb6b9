package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// register is the people behind the API: it notes who asked for what, and knows one person.
type register struct {
	asked  []string
	reader casefile.Reader
	person casefile.Person
	query  casefile.PersonQuery
	home   casefile.Household
	entry  string
	err    error
}

const mali = casefile.PersonID("44444444-4444-4444-8444-444444444444")

func (g *register) note(r casefile.Reader, what string) error {
	g.asked, g.reader = append(g.asked, what), r
	return g.err
}

func (g *register) AddPerson(_ context.Context, r casefile.Reader, p casefile.Person) (casefile.PersonID, bool, []casefile.PersonDuplicate, error) {
	g.person = p
	return mali, true, []casefile.PersonDuplicate{{ID: 1, Person: mali, Other: "other", Why: casefile.SameSound, At: now}}, g.note(r, "add")
}

func (g *register) ChangePerson(_ context.Context, r casefile.Reader, p casefile.Person) (int, error) {
	g.person = p
	return p.Version + 1, g.note(r, "change")
}

func (g *register) Person(_ context.Context, r casefile.Reader, id casefile.PersonID) (casefile.PersonFile, error) {
	return casefile.PersonFile{Person: casefile.Person{ID: id, Version: 3, First: "มะลิ", Sex: casefile.SexFemale, Nationality: "TH", Province: "65"}}, g.note(r, "open")
}

func (g *register) FindPersons(_ context.Context, r casefile.Reader, q casefile.PersonQuery, _ int) ([]casefile.PersonMatch, error) {
	g.query = q
	return []casefile.PersonMatch{{ID: mali, How: casefile.SameSound, Sex: casefile.SexFemale, Province: "65"}}, g.note(r, "find")
}

func (g *register) MergePersons(_ context.Context, r casefile.Reader, _, _ casefile.PersonID, _ string) error {
	return g.note(r, "merge")
}

func (g *register) UnmergePerson(_ context.Context, r casefile.Reader, _ casefile.PersonID, _ string) error {
	return g.note(r, "unmerge")
}

func (g *register) Duplicates(_ context.Context, r casefile.Reader, after int64, limit int) ([]casefile.PersonDuplicate, error) {
	var all []casefile.PersonDuplicate
	for i := after + 1; i <= 3 && len(all) < limit; i++ {
		all = append(all, casefile.PersonDuplicate{ID: i, Person: mali, Other: "other", Why: casefile.SameNumber, At: now})
	}
	return all, g.note(r, "duplicates")
}

func (g *register) NotTheSame(_ context.Context, r casefile.Reader, _ int64) error {
	return g.note(r, "dismiss")
}

func (g *register) Relate(_ context.Context, r casefile.Reader, _ casefile.Relation) (string, error) {
	return "relation", g.note(r, "relate")
}

func (g *register) EndRelation(_ context.Context, r casefile.Reader, _ casefile.PersonID, _ string) error {
	return g.note(r, "unrelate")
}

func (g *register) Family(_ context.Context, r casefile.Reader, _ casefile.PersonID, _ int) ([]casefile.Relative, bool, error) {
	return nil, false, g.note(r, "family")
}

func (g *register) AddHousehold(_ context.Context, r casefile.Reader, h casefile.Household, since string) (string, error) {
	g.home = h
	return "home", g.note(r, "home since "+since)
}

func (g *register) Household(_ context.Context, r casefile.Reader, id string) (casefile.Household, error) {
	return casefile.Household{ID: id, Version: 2, Members: []casefile.HouseholdMember{}}, g.note(r, "open home")
}

func (g *register) ChangeHousehold(_ context.Context, r casefile.Reader, h casefile.Household) (int, error) {
	g.home = h
	return h.Version + 1, g.note(r, "change home")
}

func (g *register) JoinHousehold(_ context.Context, r casefile.Reader, _ string, _ casefile.PersonID, since string) error {
	return g.note(r, "join "+since)
}

func (g *register) LeaveHousehold(_ context.Context, r casefile.Reader, _ string, _ casefile.PersonID, until string) error {
	return g.note(r, "leave "+until)
}

func (g *register) PutInCase(_ context.Context, r casefile.Reader, _ casefile.CaseID, _ casefile.PersonID, _ casefile.PartInCase) (string, error) {
	return g.entry, g.note(r, "put")
}

func (g *register) TakeOutOfCase(_ context.Context, r casefile.Reader, _ casefile.CaseID, _, _ string) error {
	return g.note(r, "take out")
}

func (g *register) CasePersons(_ context.Context, r casefile.Reader, _ casefile.CaseID) ([]casefile.CasePerson, error) {
	return []casefile.CasePerson{{ID: "entry", Part: casefile.PartReporter, AddedAt: now}}, g.note(r, "case persons")
}

func openPeople(t *testing.T) (*door, *register) {
	t.Helper()
	d, g := openStaffed(t), &register{}
	d.server.People = g
	return d, g
}

// Whatever reaches the register says who asks, why, by which right and for which provinces.
func TestPeopleKeepToTheScope(t *testing.T) {
	d, g := open(t), &register{}
	d.server.People = g
	if res := d.asks(radio65, http.MethodGet, "/v1/persons/"+string(mali)+"?purpose=legal", nil); res.Code != http.StatusOK || res.Header().Get("ETag") != `"3"` {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	r := g.reader
	if r.By.ID != "radio65" || r.Purpose != "legal" || !slices.Equal(r.Provinces, []string{"65"}) || !slices.Contains(r.Rights, casefile.RightSupervisor) {
		t.Errorf("the register is asked by %+v", r)
	}
	g.asked = nil
	for _, id := range []casefile.CaseID{farCase, noCase} {
		base := "/v1/cases/" + string(id) + "/persons"
		for _, got := range []int{
			d.asks(radio65, http.MethodGet, base+"?purpose=legal", nil).Code,
			d.asks(radio65, http.MethodPost, base, map[string]any{"person": mali, "part": "VICTIM"}).Code,
			d.asks(radio65, http.MethodPost, base+"/entry/remove", map[string]any{"reason": "x"}).Code,
		} {
			if got != http.StatusNotFound {
				t.Errorf("a case outside of the scope answered %d", got)
			}
		}
	}
	if len(g.asked) != 0 {
		t.Errorf("the register was asked %v", g.asked)
	}
	own := "/v1/cases/" + string(ownCase) + "/persons"
	if res := d.asks(radio65, http.MethodGet, own+"?purpose=legal", nil); res.Code != http.StatusOK || strings.Contains(res.Body.String(), `"person"`) {
		t.Errorf("%d %s", res.Code, res.Body)
	}
	for entry, want := range map[string]string{"entry": `{"id":"entry"}`, "": `{}`} { // no ID: who may not know gets none
		g.entry = entry
		res := d.asks(radio65, http.MethodPost, own, map[string]any{"person": mali, "part": "VICTIM"})
		if res.Code != http.StatusCreated || strings.TrimSpace(res.Body.String()) != want {
			t.Errorf("%d %s", res.Code, res.Body)
		}
	}
	g.err = casefile.ErrNotFound
	if res := d.asks(radio65, http.MethodGet, "/v1/persons/"+string(mali)+"?purpose=legal", nil); res.Code != http.StatusNotFound || strings.Contains(res.Body.String(), "มะลิ") {
		t.Errorf("who may not be known: %d %s", res.Code, res.Body)
	}
}

func TestEachRoleAsksWithItsOwnRight(t *testing.T) {
	d, g := openPeople(t)
	for token, right := range map[string]casefile.Right{deskWoman: casefile.RightOperator, supervisor: casefile.RightSupervisor} {
		if res := d.asks(token, http.MethodGet, "/v1/persons/"+string(mali)+"?purpose=legal", nil); res.Code != http.StatusOK {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
		if !slices.Equal(g.reader.Rights, []casefile.Right{right}) {
			t.Errorf("asked with %v", g.reader.Rights)
		}
	}
	merge := map[string]any{"into": "other", "reason": "คนเดียวกัน"}
	for token, want := range map[string]int{viewer: 403, admin: 403, deskWoman: 403, supervisor: 204} {
		if got := d.asks(token, http.MethodPost, "/v1/persons/"+string(mali)+"/merge", merge).Code; got != want {
			t.Errorf("merging answered %d, want %d", got, want)
		}
	}
}

func TestWhatIsWrongWithAPersonIsSaidByField(t *testing.T) {
	d, g := openPeople(t)
	whole := map[string]any{"first_name": "ด.ญ. มะลิ", "last_name": "ดีงาม", "province": "65", "birth_date": "3/5/2560", "phone": "081-234-5678", "number": "1-2345-67890-12-1"}
	with := func(field string, value any) map[string]any {
		m := map[string]any{}
		for k, v := range whole {
			m[k] = v
		}
		m[field] = value
		return m
	}
	for field, value := range map[string]any{
		"first_name": "123", "last_name": "<b>", "number": "1234567890120", "birth_date": "2599-01-01", "phone": "123", "province": "00", "nationality": "t1",
		"sex": "BOY",
	} {
		res := d.asks(deskWoman, http.MethodPost, "/v1/persons", with(field, value))
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), `"field":"`+field+`"`) || !strings.Contains(res.Body.String(), "detail_en") {
			t.Errorf("%s: %d %s", field, res.Code, res.Body)
		}
		for _, secret := range []string{"มะลิ", "ดีงาม", "812345678", "12345678901"} {
			if strings.Contains(res.Body.String(), secret) {
				t.Errorf("the refusal quotes %s: %s", secret, res.Body)
			}
		}
	}
	if len(g.asked) != 0 {
		t.Errorf("the register was asked %v", g.asked)
	}
	if res := d.asks(deskWoman, http.MethodPost, "/v1/persons", whole); res.Code != http.StatusCreated || !strings.Contains(res.Body.String(), `"SOUND"`) {
		t.Errorf("%d %s", res.Code, res.Body)
	}
	if p := g.person; p.First != "มะลิ" || p.Birth.String() != "2017-05-03" || p.Phone != "+66812345678" || p.Number != "1234567890121" {
		t.Errorf("added %+v", p)
	}
	if res := d.asks(deskWoman, http.MethodPut, "/v1/persons/"+string(mali), whole, "If-Match", `"3"`); res.Code != http.StatusOK || g.person.Version != 3 || g.person.ID != mali {
		t.Errorf("%d %s, %+v", res.Code, res.Body, g.person)
	}
	if res := d.asks(deskWoman, http.MethodPut, "/v1/persons/"+string(mali), whole); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("changed without a version: %d", res.Code)
	}
	g.err = casefile.ErrMoved
	if res := d.asks(deskWoman, http.MethodPut, "/v1/persons/"+string(mali), whole, "If-Match", `"2"`); res.Code != http.StatusConflict {
		t.Errorf("changed with an old version: %d", res.Code)
	}
	if strings.Contains(d.logged(), "มะลิ") || strings.Contains(d.logged(), "12345678901") {
		t.Error("the log names the person")
	}
}

func TestASearchForPeopleIsNarrowAndRare(t *testing.T) {
	d, g := openPeople(t)
	search := func(body map[string]any) int {
		body["purpose"] = "protection_followup"
		return d.asks(deskWoman, http.MethodPost, "/v1/persons/search", body).Code
	}
	for _, body := range []map[string]any{{"first_name": "มะลิ"}, {"birth": "2560"}, {"number": "1"}, {}} {
		if got := search(body); got != http.StatusUnprocessableEntity {
			t.Errorf("%v answered %d", body, got)
		}
	}
	if len(g.asked) != 0 {
		t.Fatalf("the register was asked %v", g.asked)
	}
	answers := map[int]int{}
	for range 3 * searchBurst {
		answers[search(map[string]any{"first_name": "มะลิ", "birth": "2560"})]++
	}
	if g.query.Birth.Year != 2017 || answers[http.StatusOK] < searchBurst || answers[http.StatusTooManyRequests] == 0 {
		t.Errorf("%+v, %v", g.query, answers)
	}
}

func TestHouseholdsAndPages(t *testing.T) {
	d, g := openPeople(t)
	home := map[string]any{"head": mali, "address": "1 ม.1", "province": "65", "district": "6501", "since": "1/2/2566"}
	if res := d.asks(deskWoman, http.MethodPost, "/v1/households", home); res.Code != http.StatusCreated || g.asked[0] != "home since 2023-02-01" {
		t.Errorf("%d %s, %v", res.Code, res.Body, g.asked)
	}
	for field, value := range map[string]any{"district": "5001", "since": "2599-01-01", "address": "  "} {
		bad := map[string]any{"head": mali, "address": "1 ม.1", "province": "65", "district": "6501", "since": "1/2/2566"}
		bad[field] = value
		if res := d.asks(deskWoman, http.MethodPost, "/v1/households", bad); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), field) {
			t.Errorf("%s: %d %s", field, res.Code, res.Body)
		}
	}
	page := read[PersonDuplicates](t, d.asks(supervisor, http.MethodGet, "/v1/duplicates?limit=2", nil), http.StatusOK)
	rest := read[PersonDuplicates](t, d.asks(supervisor, http.MethodGet, "/v1/duplicates?limit=2&after=2", nil), http.StatusOK)
	if len(page.Duplicates) != 2 || page.Next != 2 || len(rest.Duplicates) != 1 || rest.Next != 0 {
		t.Errorf("%+v, then %+v", page, rest)
	}
}
