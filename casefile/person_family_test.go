package casefile

import (
	"errors"
	"slices"
	"testing"
)

func TestRelationsThatCannotBe(t *testing.T) {
	old, young, twin := Person{ID: "old", Birth: Birth{1980, 1, 1}}, Person{ID: "young", Birth: Birth{2015, 5, 3}}, Person{ID: "twin", Birth: Birth{Year: 1980}}
	unknown := Person{ID: "unknown"}
	tests := []struct {
		name      string
		kind      RelationKind
		of, to    Person
		have      []Relation
		ancestors []PersonID
		ok        bool
	}{
		{name: "a parent", kind: RelParent, of: old, to: young, ok: true},
		{name: "the same as a child", kind: RelChild, of: young, to: old, ok: true},
		{name: "a parent younger than the child", kind: RelParent, of: young, to: old},
		{name: "a child older than the parent", kind: RelChild, of: old, to: young},
		{name: "a parent born in the same year", kind: RelParent, of: old, to: twin},
		{name: "a parent whose birth nobody knows", kind: RelParent, of: unknown, to: old, ok: true},
		{name: "a grandparent younger than the grandchild", kind: RelGrandparent, of: young, to: old},
		{name: "a guardian younger than the ward", kind: RelGuardian, of: young, to: old},
		{name: "a guardian of the same age", kind: RelGuardian, of: old, to: twin, ok: true},
		{name: "oneself", kind: RelSibling, of: old, to: old},
		{name: "the child of one's own child", kind: RelParent, of: unknown, to: old, ancestors: []PersonID{"old"}},
		{name: "what is recorded already", kind: RelParent, of: old, to: young, have: []Relation{{Person: "old", Kind: RelParent, To: "young"}}},
		{name: "what is recorded already, from the other side", kind: RelChild, of: young, to: old, have: []Relation{{Person: "old", Kind: RelParent, To: "young"}}},
		{name: "spouse and sibling at once", kind: RelSpouse, of: old, to: twin, have: []Relation{{Person: "twin", Kind: RelSibling, To: "old"}}},
		{name: "a second spouse", kind: RelSpouse, of: old, to: twin, have: []Relation{{Person: "x", Kind: RelSpouse, To: "old"}}},
		{name: "guardian and grandparent at once", kind: RelGuardian, of: old, to: young, have: []Relation{{Person: "old", Kind: RelGrandparent, To: "young"}}, ok: true},
		{name: "a second parent", kind: RelParent, of: old, to: young, have: []Relation{{Person: "x", Kind: RelParent, To: "young"}}, ok: true},
		{name: "a kind that there is not", kind: "COUSIN", of: old, to: young},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckRelation(Relation{Person: tt.of.ID, Kind: tt.kind, To: tt.to.ID}, tt.of, tt.to, tt.have, tt.ancestors)
			if (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhoMayKnowWhoHadAPart(t *testing.T) {
	for right, want := range map[Right][]PartInCase{
		RightViewer: {}, RightVolunteer: {}, RightSchool: {},
		RightOperator:     {PartVictim, PartWitness, PartGuardian, PartChild},
		RightProfessional: {PartVictim, PartWitness, PartAlleged, PartGuardian, PartChild},
		RightSupervisor:   PartsInCase,
	} {
		if got := PartsSeenBy([]Right{right}); !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", right, got, want)
		}
	}
}

func TestTheAllegedIsNotTheVictim(t *testing.T) {
	for _, tt := range []struct {
		part PartInCase
		have []PartInCase
		ok   bool
	}{
		{PartAlleged, []PartInCase{PartVictim}, false}, {PartChild, []PartInCase{PartAlleged}, false}, {PartReporter, []PartInCase{PartVictim}, true},
		{PartGuardian, []PartInCase{PartAlleged}, true}, {PartVictim, nil, true}, {"KING", nil, false},
	} {
		if err := CheckPart(tt.part, tt.have); (err == nil) != tt.ok {
			t.Errorf("%s beside %v: %v", tt.part, tt.have, err)
		}
	}
}

func TestTwoPeopleWhoCannotBeOne(t *testing.T) {
	a, b := Person{ID: "a", Number: "1234567890121"}, Person{ID: "b"}
	tests := []struct {
		name string
		give Merging
		ok   bool
	}{
		{"two records of one", Merging{Person: a, Into: b}, true},
		{"the same record", Merging{Person: a, Into: a}, false},
		{"another national ID", Merging{Person: a, Into: Person{ID: "b", Number: "1000000000009"}}, false},
		{"a G-code beside a national ID", Merging{Person: a, Into: Person{ID: "b", Number: "G650000001234"}}, true},
		{"one that is merged already", Merging{Person: a, Into: Person{ID: "b", MergedInto: "c"}}, false},
		{"relatives", Merging{Person: a, Into: b, Related: true}, false},
		{"the alleged and the victim of one case", Merging{
			Person: a, Into: b, PersonParts: map[CaseID][]PartInCase{"1": {PartAlleged}}, IntoParts: map[CaseID][]PartInCase{"1": {PartChild}},
		}, false},
		{"the alleged of one case and the victim of another", Merging{
			Person: a, Into: b, PersonParts: map[CaseID][]PartInCase{"1": {PartAlleged}}, IntoParts: map[CaseID][]PartInCase{"2": {PartVictim}},
		}, true},
		{"born in years two apart", Merging{Person: Person{ID: "a", Birth: Birth{Year: 2015}}, Into: Person{ID: "b", Birth: Birth{Year: 2017}}}, true},
		{"born in years three apart", Merging{Person: Person{ID: "a", Birth: Birth{Year: 2018}}, Into: Person{ID: "b", Birth: Birth{Year: 2015}}}, false},
		{"one whose year nobody knows", Merging{Person: Person{ID: "a", Birth: Birth{Year: 2018}}, Into: Person{ID: "b"}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckMerge(tt.give); (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

// Whoever asks may have no right to know who is alleged.
func TestARefusedMergeDoesNotSayWhoIsAlleged(t *testing.T) {
	err := CheckMerge(Merging{
		Person: Person{ID: "a"}, Into: Person{ID: "b"},
		PersonParts: map[CaseID][]PartInCase{"1": {PartAlleged}}, IntoParts: map[CaseID][]PartInCase{"1": {PartChild}},
	})
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Th != "สองคนนี้รวมกันไม่ได้" || invalid.En != "these two cannot be one" {
		t.Errorf("said %v", err)
	}
}
