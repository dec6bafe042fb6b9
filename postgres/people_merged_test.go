package postgres_test

import (
	"errors"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

func TestAMergeLeavesNobodyTheirOwnAncestor(t *testing.T) {
	f := setup(t)
	var line []casefile.PersonID // each is the parent of the next
	for _, name := range []string{"ทวด", "ยาย", "แม่", "ลูก"} {
		line = append(line, f.person(casefile.PersonInput{First: name, Last: "ยาว"}))
	}
	for i := range 3 {
		if _, err := f.Relate(t.Context(), boss, casefile.Relation{Person: line[i], Kind: casefile.RelParent, To: line[i+1]}); err != nil {
			t.Fatal(err)
		}
	}
	var invalid *casefile.InvalidError
	for _, pair := range [][2]int{{0, 3}, {3, 0}, {1, 3}, {3, 1}} {
		if err := f.MergePersons(t.Context(), boss, line[pair[0]], line[pair[1]], "x"); !errors.As(err, &invalid) {
			t.Errorf("%d became %d: %v", pair[0], pair[1], err)
		}
	}
}

// The law of a family holds for whichever record of a person is changed.
func TestAMergedRecordKeepsToTheFamilyOfThePerson(t *testing.T) {
	f := setup(t)
	mother := f.person(casefile.PersonInput{First: "แม่", Last: "ดี", Birth: "2530"})
	child, twin := f.person(casefile.PersonInput{First: "ลูก", Last: "ดี", Birth: "2560"}), f.person(casefile.PersonInput{First: "ลูกๆ", Last: "ดี"})
	if _, err := f.Relate(t.Context(), boss, casefile.Relation{Person: mother, Kind: casefile.RelParent, To: child}); err != nil {
		t.Fatal(err)
	}
	if err := f.MergePersons(t.Context(), boss, twin, child, "คนเดียวกัน"); err != nil {
		t.Fatal(err)
	}
	file, err := f.Person(t.Context(), boss, twin)
	if err != nil {
		t.Fatal(err)
	}
	p := file.Person
	p.Birth = casefile.Birth{Year: 1980}
	var invalid *casefile.InvalidError
	if _, err := f.ChangePerson(t.Context(), boss, p); !errors.As(err, &invalid) || invalid.Field != "birth_date" {
		t.Errorf("the child became older than the mother: %v", err)
	}
	p.Birth = casefile.Birth{Year: 2017}
	if _, err := f.ChangePerson(t.Context(), boss, p); err != nil {
		t.Error(err)
	}
}

// A person lives in a house once, and leaves it, by whichever record they came.
func TestWhoWasMergedStillLeavesTheHousehold(t *testing.T) {
	f := setup(t)
	add := func(name string) casefile.PersonID {
		return f.person(casefile.PersonInput{First: name, Last: "บ้าน"})
	}
	head, headAgain, son, sonAgain := add("หัวหน้า"), add("หัวหนา"), add("ลูก"), add("ลูกชาย")
	id, err := f.AddHousehold(t.Context(), boss, casefile.Household{Head: head, Address: "1 ม.1", Province: "65", District: "6501"}, "2015-01-01")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.JoinHousehold(t.Context(), boss, id, son, "2016-01-01"); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]casefile.PersonID{{head, headAgain}, {son, sonAgain}} {
		if err := f.MergePersons(t.Context(), boss, pair[0], pair[1], "คนเดียวกัน"); err != nil {
			t.Fatal(err)
		}
	}
	h, err := f.Household(t.Context(), boss, id)
	if err != nil || h.Head != headAgain || len(h.Members) != 2 {
		t.Fatalf("%+v, %v", h, err)
	}
	var invalid *casefile.InvalidError
	if err := f.JoinHousehold(t.Context(), boss, id, sonAgain, "2020-01-01"); !errors.As(err, &invalid) || invalid.Field != "person" {
		t.Errorf("lives there twice: %v", err)
	}
	for _, who := range []casefile.PersonID{head, headAgain} {
		if err := f.LeaveHousehold(t.Context(), boss, id, who, "2026-01-01"); !errors.As(err, &invalid) || invalid.Field != "person" {
			t.Errorf("the head left: %v", err)
		}
	}
	h.Head = son // a record that is merged is the same person
	if _, err := f.ChangeHousehold(t.Context(), boss, h); err != nil {
		t.Fatal(err)
	}
	if err := f.LeaveHousehold(t.Context(), boss, id, headAgain, "2026-01-01"); err != nil {
		t.Error(err)
	}
	if h, err = f.Household(t.Context(), boss, id); err != nil || h.Head != sonAgain || h.Members[0].Until != "2026-01-01" {
		t.Errorf("%+v, %v", h, err)
	}
}
