package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// reader is somebody at a console.
func reader(right casefile.Right, provinces ...string) casefile.Reader {
	return casefile.Reader{
		By: casefile.Actor{Kind: casefile.ByOperator, ID: strings.ToLower(string(right))}, Purpose: string(postgres.ProtectionFollowUp),
		Rights: []casefile.Right{right}, Provinces: provinces,
	}
}

var boss, desk = reader(casefile.RightSupervisor), reader(casefile.RightOperator)

// person adds somebody.
func (f *fixture) person(in casefile.PersonInput) casefile.PersonID {
	f.t.Helper()
	if in.Province == "" {
		in.Province = "65"
	}
	p, err := casefile.ParsePerson(in, began)
	if err != nil {
		f.t.Fatal(err)
	}
	id, added, _, err := f.AddPerson(f.t.Context(), boss, p)
	if err != nil || !added {
		f.t.Fatal(added, err)
	}
	return id
}

func (f *fixture) find(r casefile.Reader, number, first, last, birth string) []casefile.PersonMatch {
	f.t.Helper()
	q, err := casefile.ParseQuery(number, first, last, birth, false, began)
	if err != nil {
		f.t.Fatal(err)
	}
	found, err := f.FindPersons(f.t.Context(), r, q, 50)
	if err != nil {
		f.t.Fatal(err)
	}
	return found
}

func personIDs(found []casefile.PersonMatch) []casefile.PersonID {
	var out []casefile.PersonID
	for _, m := range found {
		out = append(out, m.ID)
	}
	return out
}

// inCase gives somebody a part in a case.
func (f *fixture) inCase(c casefile.CaseID, p casefile.PersonID, part casefile.PartInCase) string {
	f.t.Helper()
	entry, err := f.PutInCase(f.t.Context(), boss, c, p, part)
	if err != nil {
		f.t.Fatal(err)
	}
	return entry
}

func TestAPersonIsFoundByNumberAndBySound(t *testing.T) {
	f := setup(t)
	mali := f.person(casefile.PersonInput{First: "ศิริพร", Last: "วรรณา", Number: "1234567890121", Birth: "2560-05-03", Sex: "FEMALE"})
	vague := f.person(casefile.PersonInput{First: "Siriporn", Last: "Wanna"})
	older := f.person(casefile.PersonInput{First: "สิริพร", Last: "วันนา", Birth: "2540"})
	tests := []struct {
		name                       string
		number, first, last, birth string
		want                       []casefile.PersonID
	}{
		{"the number as it is printed", "1-2345-67890-12-1", "", "", "", []casefile.PersonID{mali}},
		{"another spelling and the year", "", "สิริภรณ์", "วันนา", "2017", []casefile.PersonID{mali, vague}},
		{"a year that is one off", "", "สิริภรณ์", "", "2018", []casefile.PersonID{mali, vague}},
		{"Latin letters", "", "SIRIPHORN", "Vanna", "2560", []casefile.PersonID{mali, vague}},
		{"a last name and a year", "", "", "วันนา", "2540", []casefile.PersonID{older, vague}},
		{"another name", "", "สมชาย", "วรรณา", "", nil},
		{"a number that nobody has", "1000000000009", "", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := f.mustSQL(`SELECT coalesce(max(id), 0) FROM audit`)
			got := personIDs(f.find(boss, tt.number, tt.first, tt.last, tt.birth))
			slices.Sort(got)
			want := slices.Clone(tt.want)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			log := f.mustSQL(`SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE id > $1::text::bigint`, before)
			if want := strings.TrimSpace("PERSONS_SOUGHT" + strings.Repeat(" PERSON_FOUND", len(tt.want))); log != want {
				t.Errorf("recorded %q, want %q", log, want)
			}
		})
	}
	first := f.find(boss, "", "ศิริพร", "วรรณา", "2017")
	if len(first) != 2 || first[0].ID != mali || first[0].How != casefile.SameName || *first[0].Age != 8 || first[1].How != casefile.SameSound || first[1].Age != nil {
		t.Errorf("the surest is not first: %+v", first)
	}
	q, err := casefile.ParseQuery("", "ศิริพร", "วรรณา", "", true, began)
	if err != nil {
		t.Fatal(err)
	}
	if exact, err := f.FindPersons(t.Context(), boss, q, 50); err != nil || len(exact) != 1 || exact[0].ID != mali {
		t.Errorf("exactly: %v, %v", exact, err)
	}
}

func TestADuplicateIsProposedAndNeverMergedByItself(t *testing.T) {
	f := setup(t)
	add := func(r casefile.Reader, in casefile.PersonInput) (casefile.PersonID, []casefile.PersonDuplicate) {
		t.Helper()
		p, err := casefile.ParsePerson(in, began)
		if err != nil {
			t.Fatal(err)
		}
		id, added, may, err := f.AddPerson(t.Context(), r, p)
		if err != nil || !added {
			t.Fatal(added, err)
		}
		return id, may
	}
	first := f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี", Number: "1234567890121", Birth: "2560-05-03"})
	for why, in := range map[casefile.Similarity]casefile.PersonInput{
		casefile.SameNumber: {First: "อื่น", Last: "มาก", Number: "1234567890121", Province: "65"},
		casefile.SameName:   {First: "ด.ช. ณัฐ", Last: "ใจดี", Province: "65"},
		casefile.SameSound:  {First: "นัท", Last: "ใจดีย์", Birth: "2560", Province: "65"},
	} {
		id, may := add(boss, in)
		if i := slices.IndexFunc(may, func(d casefile.PersonDuplicate) bool { return d.Other == first }); i < 0 || may[i].Why != why || may[i].Person != id {
			t.Errorf("%s: proposed %+v", why, may)
		}
	}
	if _, may := add(boss, casefile.PersonInput{First: "ณัฐ", Last: "ใจดี", Birth: "2540", Province: "65"}); slices.ContainsFunc(may, func(d casefile.PersonDuplicate) bool { return d.Other == first }) {
		t.Error("a namesake of another age is proposed")
	}
	far := reader(casefile.RightOperator, "50")
	if _, may := add(far, casefile.PersonInput{First: "ณัฐ", Last: "ใจดี", Number: "1234567890121", Province: "50"}); len(may) != 0 {
		t.Errorf("somebody outside of the scope is shown: %+v", may)
	}
	if n := f.mustSQL(`SELECT count(*) FROM persons WHERE merged_into IS NOT NULL`); n != "0" {
		t.Error("a record merged by itself")
	}
	open, err := f.Duplicates(t.Context(), boss, 0, 100)
	if err != nil || len(open) == 0 {
		t.Fatal(open, err)
	}
	if err := f.NotTheSame(t.Context(), far, open[0].ID); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("settled from outside of the scope: %v", err)
	}
	if err := f.NotTheSame(t.Context(), boss, open[0].ID); err != nil {
		t.Error(err)
	}
	if after, err := f.Duplicates(t.Context(), boss, 0, 100); err != nil || len(after) != len(open)-1 {
		t.Errorf("%d proposals, then %d, %v", len(open), len(after), err)
	}
}

func TestAMergeIsUndoneAndBothHistoriesComeBack(t *testing.T) {
	f := setup(t)
	a, b := f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี"}), f.person(casefile.PersonInput{First: "นัท", Last: "ใจดี", Birth: "2560"})
	mother := f.person(casefile.PersonInput{First: "แม่", Last: "ใจดี", Birth: "2530"})
	one, two := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26), f.placed(f.report("U2", casefile.Gathering, began), 16.9, 100.3)
	f.inCase(one.ID, a, casefile.PartVictim)
	f.inCase(two.ID, b, casefile.PartWitness)
	if _, err := f.Relate(t.Context(), boss, casefile.Relation{Person: mother, Kind: casefile.RelParent, To: a}); err != nil {
		t.Fatal(err)
	}
	cases := func(id casefile.PersonID) []casefile.CaseID {
		t.Helper()
		p, err := f.Person(t.Context(), boss, id)
		if err != nil {
			t.Fatal(err)
		}
		var out []casefile.CaseID
		for _, c := range p.Cases {
			out = append(out, c.Case)
		}
		slices.Sort(out)
		return out
	}
	kin := func(id casefile.PersonID) int {
		t.Helper()
		all, _, err := f.Family(t.Context(), boss, id, 4)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if err := f.MergePersons(t.Context(), boss, a, b, "เลขบ้านเดียวกัน"); err != nil {
		t.Fatal(err)
	}
	both := []casefile.CaseID{one.ID, two.ID}
	slices.Sort(both)
	if !slices.Equal(cases(b), both) || kin(b) != 1 {
		t.Errorf("the merged person has %v and %d relatives", cases(b), kin(b))
	}
	if got := personIDs(f.find(boss, "", "ณัฐ", "ใจดี", "2560")); len(got) != 1 || got[0] != b {
		t.Errorf("the merged spelling finds %v", got)
	}
	if err := f.MergePersons(t.Context(), boss, a, mother, "x"); err == nil {
		t.Error("a merged record was merged again")
	}
	if _, err := f.PutInCase(t.Context(), boss, one.ID, a, casefile.PartChild); err == nil {
		t.Error("a merged record got a part")
	}
	if err := f.UnmergePerson(t.Context(), boss, a, "คนละคน"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(cases(a), []casefile.CaseID{one.ID}) || !slices.Equal(cases(b), []casefile.CaseID{two.ID}) || kin(a) != 1 || kin(b) != 0 {
		t.Errorf("apart: %v and %d, %v and %d", cases(a), kin(a), cases(b), kin(b))
	}
	if err := f.UnmergePerson(t.Context(), boss, a, "คนละคน"); err == nil {
		t.Error("undone twice")
	}
	if err := f.MergePersons(t.Context(), boss, a, b, " "); err == nil {
		t.Error("merged without a reason")
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE action IN ('PERSON_MERGED', 'PERSON_UNMERGED') AND person_id IS NOT NULL`); n != "4" {
		t.Errorf("%s entries about merging", n)
	}
}

// What stood behind a record before it was merged itself stays behind it when that is undone.
func TestAMergeOfMergedRecordsComesApartInSteps(t *testing.T) {
	f := setup(t)
	var p []casefile.PersonID
	for i := range 3 {
		p = append(p, f.person(casefile.PersonInput{First: "ก" + strings.Repeat("า", i+1), Last: "ข"}))
	}
	for i := range 2 {
		if err := f.MergePersons(t.Context(), boss, p[i], p[i+1], "คนเดียวกัน"); err != nil {
			t.Fatal(err)
		}
	}
	behind := func(id casefile.PersonID) []casefile.PersonID {
		t.Helper()
		file, err := f.Person(t.Context(), boss, id)
		if err != nil {
			t.Fatal(err)
		}
		return file.Behind
	}
	if len(behind(p[2])) != 2 {
		t.Errorf("behind the last stand %v", behind(p[2]))
	}
	if err := f.UnmergePerson(t.Context(), boss, p[1], "ไม่ใช่"); err != nil {
		t.Fatal(err)
	}
	if got := behind(p[1]); len(got) != 1 || got[0] != p[0] || len(behind(p[2])) != 0 {
		t.Errorf("behind the middle one %v, behind the last %v", got, behind(p[2]))
	}
}

// Each part has rights of its own: an answer never shows who may not be known.
func TestWhoHasNoRightNeverLearnsWhoHadAPart(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	people := map[casefile.PartInCase]casefile.PersonID{}
	for i, part := range casefile.PartsInCase {
		people[part] = f.person(casefile.PersonInput{First: "คน" + strings.Repeat("ก", i+1), Last: "ทดสอบ", Birth: "2530"})
		f.inCase(c.ID, people[part], part)
	}
	hidden := map[casefile.Right][]casefile.PartInCase{
		casefile.RightViewer: casefile.PartsInCase, casefile.RightOperator: {casefile.PartAlleged, casefile.PartReporter},
		casefile.RightProfessional: {casefile.PartReporter}, casefile.RightSupervisor: nil,
	}
	for right, parts := range hidden {
		r := reader(right)
		entries, err := f.CasePersons(t.Context(), r, c.ID)
		if err != nil || len(entries) != len(people) {
			t.Fatal(len(entries), err)
		}
		for _, e := range entries {
			secret := slices.Contains(parts, e.Part)
			if (e.Person == nil) != secret {
				t.Errorf("%s and the %s: %+v", right, e.Part, e.Person)
			}
			_, err := f.Person(t.Context(), r, people[e.Part])
			if errors.Is(err, casefile.ErrNotFound) != secret {
				t.Errorf("%s opens the %s: %v", right, e.Part, err)
			}
		}
		if got := len(f.find(r, "", "", "ทดสอบ", "2530")); got != len(people)-len(parts) {
			t.Errorf("%s finds %d", right, got)
		}
	}
	// The victim of one case is the reporter of another: only what may be known is told.
	two := f.placed(f.report("U2", casefile.Gathering, began), 16.9, 100.3)
	f.inCase(two.ID, people[casefile.PartVictim], casefile.PartReporter)
	if file, err := f.Person(t.Context(), desk, people[casefile.PartVictim]); err != nil || len(file.Cases) != 1 || file.Cases[0].Case != c.ID {
		t.Errorf("the desk is told %+v, %v", file.Cases, err)
	}
	// Nobody outside of the province, and nobody of an organisation that the case keeps away from.
	away := reader(casefile.RightSupervisor, "50")
	f.mustSQL(`UPDATE cases SET doc = jsonb_set(doc, '{excluded}', '[{"unit": "school"}]') WHERE id = $1`, string(c.ID))
	blind := boss
	blind.Unit = "school"
	for name, r := range map[string]casefile.Reader{"another province": away, "the organisation of the alleged": blind} {
		if _, err := f.Person(t.Context(), r, people[casefile.PartChild]); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if file, err := f.Person(t.Context(), blind, people[casefile.PartVictim]); err != nil || len(file.Cases) != 1 || file.Cases[0].Case != two.ID {
		t.Errorf("the organisation of the alleged is told %+v, %v", file.Cases, err)
	}
}

func TestAPartThatWasAMistakeIsTakenOut(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	p := f.person(casefile.PersonInput{First: "มะลิ", Last: "ดี"})
	entry := f.inCase(c.ID, p, casefile.PartAlleged)
	if again := f.inCase(c.ID, p, casefile.PartAlleged); again != entry {
		t.Error("a repeat made another entry")
	}
	if _, err := f.PutInCase(t.Context(), boss, c.ID, p, casefile.PartVictim); err == nil {
		t.Error("the alleged became the victim")
	}
	if err := f.TakeOutOfCase(t.Context(), desk, c.ID, entry, "ผิดคน"); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("taken out by who may not know: %v", err)
	}
	if err := f.TakeOutOfCase(t.Context(), boss, c.ID, entry, "ผิดคน"); err != nil {
		t.Fatal(err)
	}
	f.inCase(c.ID, p, casefile.PartVictim)
	if n := f.mustSQL(`SELECT count(*) FROM case_persons WHERE person_id = $1`, string(p)); n != "2" {
		t.Errorf("%s entries are kept", n)
	}
}

func TestAChangeNeedsTheVersionThatWasRead(t *testing.T) {
	f := setup(t)
	child := f.person(casefile.PersonInput{First: "ลูก", Last: "ดี", Birth: "2560"})
	mother := f.person(casefile.PersonInput{First: "แม่", Last: "ดี", Birth: "2530"})
	if _, err := f.Relate(t.Context(), boss, casefile.Relation{Person: child, Kind: casefile.RelChild, To: mother}); err != nil {
		t.Fatal(err)
	}
	file, err := f.Person(t.Context(), boss, child)
	if err != nil {
		t.Fatal(err)
	}
	p := file.Person
	p.First = "บัว"
	if v, err := f.ChangePerson(t.Context(), boss, p); err != nil || v != 2 {
		t.Fatal(v, err)
	}
	if _, err := f.ChangePerson(t.Context(), boss, p); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("changed twice with one version: %v", err)
	}
	if len(f.find(boss, "", "บัว", "ดี", "")) != 1 || len(f.find(boss, "", "ลูก", "ดี", "")) != 0 {
		t.Error("the old name still finds")
	}
	p.Version, p.Birth = 2, casefile.Birth{Year: 1980}
	var invalid *casefile.InvalidError
	if _, err := f.ChangePerson(t.Context(), boss, p); !errors.As(err, &invalid) || invalid.Field != "birth_date" {
		t.Errorf("the child became older than the mother: %v", err)
	}
}

func TestAFamilyIsTracedThroughCirclesAndALargeHousehold(t *testing.T) {
	f := setup(t)
	var line []casefile.PersonID // each is the parent of the next
	for i := range 7 {
		line = append(line, f.person(casefile.PersonInput{First: "รุ่น" + strings.Repeat("า", i+1), Last: "ยาว", Birth: fmt.Sprint(2455 + i*15)}))
	}
	relate := func(a casefile.PersonID, kind casefile.RelationKind, b casefile.PersonID) error {
		_, err := f.Relate(t.Context(), boss, casefile.Relation{Person: a, Kind: kind, To: b})
		return err
	}
	for i := range 6 {
		if err := relate(line[i], casefile.RelParent, line[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2]int{{0, 2}, {2, 5}, {5, 0}} { // circles that are no parenthood
		if err := relate(line[pair[0]], casefile.RelRelative, line[pair[1]]); err != nil {
			t.Fatal(err)
		}
	}
	vague := f.person(casefile.PersonInput{First: "ไม่รู้", Last: "ปี"})
	if err := relate(line[6], casefile.RelParent, vague); err != nil {
		t.Fatal(err)
	}
	if err := relate(vague, casefile.RelParent, line[0]); err == nil {
		t.Error("somebody became their own ancestor")
	}
	all, cut, err := f.Family(t.Context(), boss, line[3], 4)
	depth := map[casefile.PersonID]int{}
	for _, x := range all {
		if depth[x.Person] != 0 {
			t.Errorf("%s is there twice", x.Person)
		}
		depth[x.Person] = x.Depth
	}
	if err != nil || cut || len(all) != 7 || depth[line[2]] != 1 || depth[line[0]] != 2 || depth[vague] != 4 {
		t.Errorf("%v, %v, %v", depth, cut, err)
	}
	if near, _, err := f.Family(t.Context(), boss, line[3], 1); err != nil || len(near) != 2 {
		t.Errorf("one step away are %v, %v", near, err)
	}

	home, err := f.AddHousehold(t.Context(), boss, casefile.Household{Head: vague, Address: "99/9 ม.1", Province: "65", District: "6501"}, "2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 59 {
		p := f.person(casefile.PersonInput{First: "ผู้อยู่" + strings.Repeat("า", i+1), Last: "ด้วยกัน"})
		if err := f.JoinHousehold(t.Context(), boss, home, p, "2026-02-01"); err != nil {
			t.Fatal(err)
		}
	}
	all, cut, err = f.Family(t.Context(), boss, vague, 4)
	mates := 0
	for _, x := range all {
		if x.Is == casefile.IsHousehold && x.Depth == 1 && x.From == vague && x.Household == home {
			mates++
		}
	}
	if err != nil || cut || mates != 59 || len(all) < 59+4 {
		t.Errorf("%d housemates of %d, %v, %v", mates, len(all), cut, err)
	}
	if hidden, _, err := f.Family(t.Context(), reader(casefile.RightOperator, "50"), vague, 4); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("traced from outside of the scope: %v, %v", hidden, err)
	}
}

func TestAHouseholdHasAHeadWhoLivesThere(t *testing.T) {
	f := setup(t)
	head, child := f.person(casefile.PersonInput{First: "หัวหน้า", Last: "บ้าน"}), f.person(casefile.PersonInput{First: "ลูก", Last: "บ้าน", Birth: "2020-02-02"})
	id, err := f.AddHousehold(t.Context(), boss, casefile.Household{Head: head, Address: "1 ม.1", Province: "65", District: "6501"}, "2015-01-01")
	if err != nil {
		t.Fatal(err)
	}
	field := func(err error) string {
		var invalid *casefile.InvalidError
		if errors.As(err, &invalid) {
			return invalid.Field
		}
		return fmt.Sprint(err)
	}
	if got := field(f.JoinHousehold(t.Context(), boss, id, child, "2019-01-01")); got != "since" {
		t.Errorf("lives there before the birth: %s", got)
	}
	h, err := f.Household(t.Context(), boss, id)
	if err != nil || h.Address != "1 ม.1" || h.Head != head || len(h.Members) != 1 {
		t.Fatalf("%+v, %v", h, err)
	}
	h.Head = child
	if _, err := f.ChangeHousehold(t.Context(), boss, h); field(err) != "head" {
		t.Errorf("somebody else is head: %v", err)
	}
	if err := f.JoinHousehold(t.Context(), boss, id, child, "2020-02-02"); err != nil {
		t.Fatal(err)
	}
	if got := field(f.JoinHousehold(t.Context(), boss, id, child, "2021-02-02")); got != "person" {
		t.Errorf("lives there twice: %s", got)
	}
	if got := field(f.LeaveHousehold(t.Context(), boss, id, head, "2026-01-01")); got != "person" {
		t.Errorf("the head left: %s", got)
	}
	h.Address = "2 ม.1"
	if v, err := f.ChangeHousehold(t.Context(), boss, h); err != nil || v != 2 {
		t.Fatal(v, err)
	}
	if _, err := f.ChangeHousehold(t.Context(), boss, h); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("changed twice with one version: %v", err)
	}
	if err := f.LeaveHousehold(t.Context(), boss, id, head, "2026-01-01"); err != nil {
		t.Error(err)
	}
	if got := field(f.LeaveHousehold(t.Context(), boss, id, head, "2026-01-01")); got != "until" {
		t.Errorf("left twice: %s", got)
	}
	if h, err = f.Household(t.Context(), boss, id); err != nil || h.Address != "2 ม.1" || h.Head != child || len(h.Members) != 2 || h.Members[0].Until != "2026-01-01" {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := f.Household(t.Context(), reader(casefile.RightSupervisor, "50"), id); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("seen from another province: %v", err)
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE action = 'HOUSEHOLD_VIEWED'`); n != "2" {
		t.Errorf("%s looks are recorded", n)
	}
}

// Two who merge and relate at once leave nobody their own relative.
func TestMergingAndRelatingAtOnceKeepTheLaw(t *testing.T) {
	f := setup(t)
	f.warm()
	for range 5 {
		a, b := f.person(casefile.PersonInput{First: "ก", Last: "ข"}), f.person(casefile.PersonInput{First: "ค", Last: "ง"})
		var group sync.WaitGroup
		var merged, related error
		group.Go(func() { merged = f.MergePersons(t.Context(), boss, a, b, "คนเดียวกัน") })
		group.Go(func() {
			_, related = f.Relate(t.Context(), boss, casefile.Relation{Person: a, Kind: casefile.RelSibling, To: b})
		})
		group.Wait()
		if (merged == nil) == (related == nil) {
			t.Errorf("merged: %v, related: %v", merged, related)
		}
	}
}

func TestNothingThatNamesAPersonRestsInClear(t *testing.T) {
	f := setup(t)
	secret := map[string]string{
		"first name": "มะลิคานารี", "last name": "นามสกุลคานารี", "number": "1234567890121", "birth date": "2017-05-03", "phone": "+66899990003",
		"note": "บันทึกคานารี", "address": "99/9 บ้านคานารี", "reason": "เหตุผลคานารี",
	}
	p := f.person(casefile.PersonInput{
		First: secret["first name"], Last: secret["last name"], Number: secret["number"], Birth: secret["birth date"], Phone: secret["phone"], Note: secret["note"],
	})
	other := f.person(casefile.PersonInput{First: "คนอื่น", Last: "อื่น"})
	if _, err := f.AddHousehold(t.Context(), boss, casefile.Household{Head: p, Address: secret["address"], Province: "65", District: "6501"}, "2020-01-01"); err != nil {
		t.Fatal(err)
	}
	if err := f.MergePersons(t.Context(), boss, other, p, secret["reason"]); err != nil {
		t.Fatal(err)
	}
	f.find(boss, secret["number"], "", "", "")
	dump := f.dump()
	if !bytes.Contains(dump, []byte("PERSON_MERGED")) {
		t.Fatal("the control is not found: the scan is blind")
	}
	for what, text := range secret {
		for how, form := range map[string]string{"as text": text, "as bytes": fmt.Sprintf("%x", text)} {
			if bytes.Contains(dump, []byte(form)) {
				t.Errorf("the %s rests %s in clear", what, how)
			}
		}
	}
}
