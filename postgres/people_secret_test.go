package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// recorded are the entries of the audit log with an action about a person.
func (f *fixture) recorded(action string, p casefile.PersonID) string {
	f.t.Helper()
	return f.mustSQL(`SELECT count(*)::text FROM audit WHERE action = $1 AND person_id = $2`, action, string(p))
}

// An operator who gives somebody a part that they may not know of learns nothing
// from the answer, whether the person had it or not, and is on record every time.
func TestNobodyLearnsWhoReportedByAddingThem(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	reporter, victim := f.person(casefile.PersonInput{First: "ผู้แจ้ง", Last: "ดี"}), f.person(casefile.PersonInput{First: "ผู้เสียหาย", Last: "ดี"})
	other := f.placed(f.report("U2", casefile.Gathering, began), 16.9, 100.3)
	for _, p := range []casefile.PersonID{reporter, victim} { // the desk knows both from another case
		f.inCase(other.ID, p, casefile.PartWitness)
	}
	f.inCase(c.ID, reporter, casefile.PartReporter)
	before, err := f.CasePersons(t.Context(), desk, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []casefile.PersonID{reporter, victim} {
		entry, err := f.PutInCase(t.Context(), desk, c.ID, p, casefile.PartReporter)
		if err != nil || entry != "" {
			t.Errorf("told %q, %v", entry, err)
		}
		after, err := f.CasePersons(t.Context(), desk, c.ID)
		if err != nil || !slices.Equal(after, before) {
			t.Errorf("the list was %+v and is %+v, %v", before, after, err)
		}
	}
	if n := f.recorded("PERSON_IN_CASE", reporter); n != "3" {
		t.Errorf("%s entries: a repeat is not recorded", n)
	}
	first := f.inCase(c.ID, victim, casefile.PartVictim)
	if again, err := f.PutInCase(t.Context(), desk, c.ID, victim, casefile.PartVictim); err != nil || again != first {
		t.Errorf("a part that the desk may know: %q, then %q, %v", first, again, err)
	}
	var invalid *casefile.InvalidError
	if entry, err := f.PutInCase(t.Context(), desk, c.ID, victim, casefile.PartAlleged); !errors.As(err, &invalid) || entry != "" {
		t.Errorf("the victim is alleged: %q, %v", entry, err)
	}
	if n := f.recorded("PERSON_PART_REFUSED", victim); n != "1" {
		t.Errorf("%s refusals are recorded", n)
	}
}

// Where somebody lives is as secret as they are.
func TestAnAddressIsForWhoMayKnowSomebodyThere(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	reporter, known := f.person(casefile.PersonInput{First: "ผู้แจ้ง", Last: "ดี"}), f.person(casefile.PersonInput{First: "คนอื่น", Last: "ดี"})
	home := casefile.Household{Head: reporter, Address: "1 ม.1", Province: "65", District: "6501", Version: 1}
	var err error
	if home.ID, err = f.AddHousehold(t.Context(), boss, home, "2015-01-01"); err != nil {
		t.Fatal(err)
	}
	f.inCase(c.ID, reporter, casefile.PartReporter)
	if h, err := f.Household(t.Context(), desk, home.ID); !errors.Is(err, casefile.ErrNotFound) || h.Address != "" {
		t.Errorf("the desk is shown %+v, %v", h, err)
	}
	if _, err := f.ChangeHousehold(t.Context(), desk, home); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("changed: %v", err)
	}
	if err := f.JoinHousehold(t.Context(), desk, home.ID, known, "2020-01-01"); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the desk lets somebody in to read the address: %v", err)
	}
	if err := f.JoinHousehold(t.Context(), boss, home.ID, known, "2020-01-01"); err != nil {
		t.Fatal(err)
	}
	if h, err := f.Household(t.Context(), desk, home.ID); err != nil || h.Head != "" || len(h.Members) != 1 || h.Members[0].Person != known {
		t.Errorf("the desk, who knows one of them, is shown %+v, %v", h, err)
	}
}

// Two searches for the same show in the log, and a list of proposals names whom it named.
func TestSearchesAndListsAreToldApartInTheLog(t *testing.T) {
	f := setup(t)
	one := f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี"})
	for _, birth := range []string{"2560", "2560", "2540", ""} {
		f.find(boss, "", "ณัฐ", "ใจดี", birth)
	}
	if n := f.mustSQL(`SELECT count(DISTINCT commitment)::text FROM audit WHERE action = 'PERSONS_SOUGHT'`); n != "3" {
		t.Errorf("%s searches of three are told apart", n)
	}
	two := f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี"})
	before := f.recorded("PERSON_FOUND", one)
	if open, err := f.Duplicates(t.Context(), boss, 0, 100); err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	if f.recorded("PERSON_FOUND", one) == before || f.recorded("PERSON_FOUND", two) != "1" {
		t.Error("who was named is not recorded")
	}
	if n := f.mustSQL(`SELECT count(*)::text FROM audit WHERE action = 'DUPLICATES_LISTED'`); n != "1" {
		t.Errorf("%s lists are recorded", n)
	}
}

// Who were found to be two are not proposed again, whichever of them is written next.
func TestASettledPairIsNotProposedTheOtherWayRound(t *testing.T) {
	f := setup(t)
	one := f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี"})
	f.person(casefile.PersonInput{First: "ณัฐ", Last: "ใจดี"})
	open, err := f.Duplicates(t.Context(), boss, 0, 100)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	if err := f.NotTheSame(t.Context(), boss, open[0].ID); err != nil {
		t.Fatal(err)
	}
	file, err := f.Person(t.Context(), boss, one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ChangePerson(t.Context(), boss, file.Person); err != nil {
		t.Fatal(err)
	}
	if open, err = f.Duplicates(t.Context(), boss, 0, 100); err != nil || len(open) != 0 {
		t.Errorf("proposed again: %+v, %v", open, err)
	}
}
