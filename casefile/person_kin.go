package casefile

import (
	"slices"
	"strings"
	"time"
)

// Reader is who looks at people or changes what is known of them, why, and what
// entitles them. No provinces: everywhere.
type Reader struct {
	By        Actor
	Purpose   string
	Rights    []Right
	Provinces []string
	Unit      UnitID // their organisation, from which a case may keep away
}

// In reports whether a province is within the reader's.
func (r Reader) In(province string) bool {
	return len(r.Provinces) == 0 || slices.Contains(r.Provinces, province)
}

// PersonMatch is somebody whom a search found, without what names them.
type PersonMatch struct {
	ID       PersonID   `json:"id"`
	How      Similarity `json:"how"`
	Age      *int       `json:"age,omitempty"`
	Sex      Sex        `json:"sex"`
	Province string     `json:"province"`
}

// PersonFile is a person with what hangs on them.
type PersonFile struct {
	Person
	Behind     []PersonID   `json:"merged"` // records that were merged into this one
	Cases      []PersonCase `json:"cases"`  // those that the reader may know of
	Households []string     `json:"households"`
}

// PersonCase is a part in a case, by the case's code.
type PersonCase struct {
	Case       CaseID     `json:"case"`
	Code       string     `json:"code"`
	Part       PartInCase `json:"part"`
	State      State      `json:"state"`
	Province   string     `json:"province"`
	ReportedAt time.Time  `json:"reported_at"`
}

// PersonDuplicate proposes that two records are one person. A human decides.
type PersonDuplicate struct {
	ID     int64      `json:"id"`
	Person PersonID   `json:"person"`
	Other  PersonID   `json:"other"`
	Why    Similarity `json:"why"`
	At     time.Time  `json:"at"`
}

// CasePerson is one part in a case. Person and ID are missing where the reader may
// not know who it is; there it stands for everybody who has that part.
type CasePerson struct {
	ID      string     `json:"id,omitempty"`
	Part    PartInCase `json:"part"`
	AddedAt time.Time  `json:"added_at"`
	Person  *Person    `json:"person,omitempty"`
}

// FamilyDepth is how many steps away a relative is still traced.
const FamilyDepth = 4

// Relative is somebody whom a tracing reached: From is one step nearer to the
// person that it began with, and Is says what this one is to From.
type Relative struct {
	Person    PersonID `json:"person"`
	Depth     int      `json:"depth"`
	From      PersonID `json:"from"`
	Is        string   `json:"is"`                  // a kind of relation, or HOUSEHOLD
	Relation  string   `json:"relation,omitempty"`  // its ID
	Household string   `json:"household,omitempty"` // in which the two live
	Age       *int     `json:"age,omitempty"`
	Sex       Sex      `json:"sex"`
}

// IsHousehold is what somebody is who is traced through a common household.
const IsHousehold = "HOUSEHOLD"

// Seen is what the other one is, seen from one of the two; a grandchild has no kind of its own.
func (r Relation) Seen(from PersonID) (PersonID, string) {
	r = r.Kept()
	if from == r.To {
		return r.Person, string(r.Kind)
	}
	switch r.Kind {
	case RelParent:
		return r.To, string(RelChild)
	case RelGrandparent:
		return r.To, "GRANDCHILD"
	case RelGuardian:
		return r.To, "WARD"
	}
	return r.To, string(r.Kind)
}

// Household is people who live together; one house may hold several.
type Household struct {
	ID       string            `json:"id"`
	Version  int               `json:"version"`
	Head     PersonID          `json:"head"`
	Address  string            `json:"address"`
	Province string            `json:"province"`
	District string            `json:"district"`
	Members  []HouseholdMember `json:"members"`
}

// HouseholdMember is one stay, by days.
type HouseholdMember struct {
	Person PersonID `json:"person"`
	Since  string   `json:"since"`
	Until  string   `json:"until,omitempty"`
}

const addressRunes = 500

// CheckHousehold says whether what is written of a household can be.
func CheckHousehold(h Household) error {
	h.Address = strings.TrimSpace(h.Address)
	switch {
	case h.Address == "" || len([]rune(h.Address)) > addressRunes:
		return &InvalidError{Field: "address", Th: "ต้องมีที่อยู่ ไม่เกิน 500 ตัวอักษร", En: "an address is needed, of at most 500 characters"}
	case !strings.HasPrefix(h.District, h.Province):
		return &InvalidError{Field: "district", Th: "อำเภอไม่อยู่ในจังหวัดนี้", En: "this district is in another province"}
	}
	return nil
}

// ParseDay reads a day that has come, in either era.
func ParseDay(field, text string, today time.Time) (string, error) {
	b, ok := readBirth(strings.TrimSpace(thaiDigits.Replace(text)))
	switch {
	case !ok || b.Month == 0:
		return "", &InvalidError{Field: field, Th: "ไม่ใช่วันที่ที่มีจริง", En: "not a day that exists"}
	case b.after(today):
		return "", &InvalidError{Field: field, Th: "วันนี้ยังมาไม่ถึง", En: "this day has not come yet"}
	}
	return b.String(), nil
}
