package casefile

import (
	"slices"
)

// RelationKind is what one person is to another: "A is PARENT of B".
type RelationKind string

const (
	RelParent      RelationKind = "PARENT"
	RelGuardian    RelationKind = "GUARDIAN"
	RelChild       RelationKind = "CHILD"
	RelSibling     RelationKind = "SIBLING"
	RelSpouse      RelationKind = "SPOUSE"
	RelGrandparent RelationKind = "GRANDPARENT"
	RelRelative    RelationKind = "RELATIVE"
	RelOther       RelationKind = "OTHER"
)

// RelationKinds lists every kind.
var RelationKinds = []RelationKind{RelParent, RelGuardian, RelChild, RelSibling, RelSpouse, RelGrandparent, RelRelative, RelOther}

// Relation says that Person is Kind of To.
type Relation struct {
	ID     string       `json:"id"`
	Person PersonID     `json:"person"`
	Kind   RelationKind `json:"kind"`
	To     PersonID     `json:"to"`
}

// Kept is the one form in which a relation is kept: a child is kept as its parent's parenthood.
func (r Relation) Kept() Relation {
	if r.Kind == RelChild {
		r.Person, r.Kind, r.To = r.To, RelParent, r.Person
	}
	return r
}

// elder are the kinds in which the first is older than the second.
var elder = []RelationKind{RelParent, RelGrandparent}

// closeKin are the kinds of which two people can have only one.
var closeKin = []RelationKind{RelParent, RelGrandparent, RelSibling, RelSpouse}

func badRelation(th, en string) error { return &InvalidError{Field: "relation", Th: th, En: en} }

// CheckRelation says whether a relation can be, beside those that the two people
// have. ancestors are everybody above its first person, through any number of generations.
func CheckRelation(r Relation, person, to Person, have []Relation, ancestors []PersonID) error {
	if !slices.Contains(RelationKinds, r.Kind) {
		return badRelation("ไม่รู้จักความสัมพันธ์นี้", "there is no such relation")
	}
	if r.Person == r.To {
		return badRelation("บุคคลเป็นญาติของตนเองไม่ได้", "nobody is their own relative")
	}
	if r.Kind == RelChild {
		person, to = to, person
	}
	r = r.Kept()
	if err := CheckAges(r.Kind, person.Birth, to.Birth); err != nil {
		return err
	}
	if slices.Contains(elder, r.Kind) && slices.Contains(ancestors, r.To) {
		return badRelation("ผู้นี้เป็นบรรพบุรุษของอีกฝ่ายอยู่แล้ว", "this one descends from the other already")
	}
	for _, h := range have {
		h = h.Kept()
		same := h.Person == r.Person && h.To == r.To || h.Person == r.To && h.To == r.Person
		switch {
		case same && h.Kind == r.Kind:
			return badRelation("บันทึกความสัมพันธ์นี้ไว้แล้ว", "this relation is recorded already")
		case same && slices.Contains(closeKin, h.Kind) && slices.Contains(closeKin, r.Kind):
			return badRelation("สองคนนี้มีความสัมพันธ์อื่นที่ขัดกันอยู่", "these two have another relation that excludes it")
		case r.Kind == RelSpouse && h.Kind == RelSpouse:
			return badRelation("ฝ่ายหนึ่งมีคู่สมรสอยู่แล้ว ให้สิ้นสุดความสัมพันธ์เดิมก่อน", "one of them has a spouse: end that relation first")
		}
	}
	return nil
}

// CheckAges says whether two people can be so related by their years of birth.
// Nobody has a child in the year of their own birth.
func CheckAges(kind RelationKind, first, second Birth) error {
	if !first.Known() || !second.Known() {
		return nil
	}
	switch {
	case kind == RelParent && first.Year >= second.Year:
		return badRelation("ลูกแก่กว่าพ่อแม่ไม่ได้", "a child is not older than the parent")
	case kind == RelGrandparent && first.Year >= second.Year:
		return badRelation("หลานแก่กว่าปู่ย่าตายายไม่ได้", "a grandchild is not older than the grandparent")
	case kind == RelGuardian && first.Year > second.Year:
		return badRelation("ผู้ปกครองต้องไม่อ่อนกว่าผู้ที่อยู่ในความปกครอง", "a guardian is not younger than the ward")
	}
	return nil
}

// PartInCase is what a person is in a case. Each is a record of its own with
// rights of its own: who may read one may not read another.
type PartInCase string

const (
	PartVictim   PartInCase = "VICTIM"
	PartWitness  PartInCase = "WITNESS"
	PartAlleged  PartInCase = "ALLEGED"
	PartGuardian PartInCase = "GUARDIAN"
	PartReporter PartInCase = "REPORTER"
	PartChild    PartInCase = "CHILD"
)

// PartsInCase lists every part.
var PartsInCase = []PartInCase{PartVictim, PartWitness, PartAlleged, PartGuardian, PartReporter, PartChild}

// Right is what entitles somebody to read or write: the role of an operator or
// the class of a member.
type Right string

const (
	RightViewer       Right = "VIEWER"
	RightOperator     Right = "OPERATOR"
	RightProfessional Right = "PROFESSIONAL"
	RightSchool       Right = "SCHOOL"
	RightVolunteer    Right = "VOLUNTEER"
	RightSupervisor   Right = "SUPERVISOR"
)

// Rights lists every right.
var Rights = []Right{RightViewer, RightOperator, RightProfessional, RightSchool, RightVolunteer, RightSupervisor}

// seenBy is who may know who had a part in a case. A reporter is protected from
// everybody but the supervisor who answers for it (good faith, s.41 CPA, s.5 DVA).
var seenBy = map[PartInCase][]Right{
	PartVictim:   {RightOperator, RightProfessional, RightSupervisor},
	PartChild:    {RightOperator, RightProfessional, RightSupervisor},
	PartGuardian: {RightOperator, RightProfessional, RightSupervisor},
	PartWitness:  {RightOperator, RightProfessional, RightSupervisor},
	PartAlleged:  {RightProfessional, RightSupervisor},
	PartReporter: {RightSupervisor},
}

// PartsSeenBy are the parts whose people somebody with the rights may know.
func PartsSeenBy(rights []Right) []PartInCase {
	seen := []PartInCase{}
	for _, p := range PartsInCase {
		if slices.ContainsFunc(seenBy[p], func(r Right) bool { return slices.Contains(rights, r) }) {
			seen = append(seen, p)
		}
	}
	return seen
}

// harmed are the parts of those whom a case protects.
var harmed = []PartInCase{PartVictim, PartChild}

// CheckPart says whether a person may have a part in a case beside those they
// have: the alleged is not the one who was harmed. The words do not say which
// part stands against it, for whoever asks may have no right to know.
func CheckPart(part PartInCase, have []PartInCase) error {
	if !slices.Contains(PartsInCase, part) {
		return &InvalidError{Field: "part", Th: "ไม่รู้จักบทบาทนี้", En: "there is no such part"}
	}
	for _, h := range have {
		if part == PartAlleged && slices.Contains(harmed, h) || h == PartAlleged && slices.Contains(harmed, part) {
			return &InvalidError{
				Field: "part", Th: "บุคคลนี้รับบทบาทนี้ในเรื่องนี้ไม่ได้", En: "this person cannot have this part in this case",
			}
		}
	}
	return nil
}

// Merging is what the law must know of two people who are said to be one.
type Merging struct {
	Person, Into           Person
	Related                bool                    // the two have a relation to each other, or one descends from the other
	PersonParts, IntoParts map[CaseID][]PartInCase // in the cases of each
}

// birthSlip is by how many years two records of one person may differ: people err in years.
const birthSlip = 2

// CheckMerge says whether two people can be one. What is merged can be parted
// again, but a child must never be shown as somebody else. Of parts that exclude
// each other the words say nothing: whoever asks may have no right to know them.
func CheckMerge(m Merging) error {
	no := func(th, en string) error { return &InvalidError{Field: "into", Th: th, En: en} }
	switch {
	case m.Person.ID == m.Into.ID:
		return no("เป็นคนเดียวกันอยู่แล้ว", "this is the same person")
	case m.Person.MergedInto != "" || m.Into.MergedInto != "":
		return no("คนหนึ่งรวมกับคนอื่นไว้แล้ว", "one of them is merged already")
	case m.Person.Number != "" && m.Into.Number != "" && m.Person.Number[0] != 'G' && m.Into.Number[0] != 'G' && m.Person.Number != m.Into.Number:
		return no("เลขประจำตัวประชาชนต่างกัน", "they have different national IDs")
	case m.Related:
		return no("สองคนนี้เป็นญาติกัน จึงไม่ใช่คนเดียวกัน", "they are relatives, so they are two")
	}
	if a, b := m.Person.Birth, m.Into.Birth; a.Known() && b.Known() && max(a.Year-b.Year, b.Year-a.Year) > birthSlip {
		return no("ปีเกิดต่างกันเกินสองปี", "their years of birth are more than two apart")
	}
	for id, parts := range m.PersonParts {
		for _, p := range parts {
			if CheckPart(p, m.IntoParts[id]) != nil {
				return no("สองคนนี้รวมกันไม่ได้", "these two cannot be one")
			}
		}
	}
	return nil
}

// Similarity is why two people may be one.
type Similarity string

const (
	SameNumber Similarity = "NUMBER" // the same national ID or G-code
	SameName   Similarity = "NAME"   // the same name, and no other year of birth
	SameSound  Similarity = "SOUND"  // a name that sounds the same, and the same year of birth
)

// Similarities lists them, the surest first.
var Similarities = []Similarity{SameNumber, SameName, SameSound}
