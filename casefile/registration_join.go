package casefile

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ClassOf is the class that a member of a group has. Minors are juniors: never
// sent to a scene, and never shown a person.
func ClassOf(g Group, age, adult int) Class {
	switch g {
	case Teacher:
		return School
	case StudentCouncil:
		return Junior
	case YouthCouncil, CyberScout:
		if age < adult {
			return Junior
		}
		return Volunteer
	case Agency:
		return Professional
	default:
		return Volunteer
	}
}

// AsksAge reports whether the class depends on the age.
func (g Group) AsksAge() bool { return g == YouthCouncil || g == CyberScout }

// RoleOf is the part that a professional of a unit has in an emergency.
func RoleOf(g Group, l Level) Role {
	if g != Agency {
		return ""
	}
	switch l {
	case LevelStation, LevelRadio191, LevelPoliceRegion, LevelRTPNational:
		return Police
	case LevelMSDHSDuty, LevelMSDHSProvince, LevelHUSEC, LevelMSDHSNational:
		return MSDHS
	case LevelEMS:
		return Medical
	case LevelShelter:
		return ChildWorker
	}
	return ""
}

// Fits reports whether members of a group belong to units of a level.
func (g Group) Fits(l Level) bool {
	switch g {
	case Agency:
		return l != LevelDesk // the operators of the national desk are on its roster
	case SDV:
		return l == LevelMSDHSDuty || l == LevelOrganisation
	case YouthCouncil:
		return l == LevelShelter || l == LevelOrganisation
	default:
		return l == LevelOrganisation
	}
}

// Verifier is the office that vouches for a group beside its own organisation (domain §6); empty: none does.
func (g Group) Verifier() Level {
	switch g {
	case SDV:
		return LevelMSDHSDuty
	case YouthCouncil:
		return LevelShelter
	}
	return ""
}

// Answers to the questions of joining, and of a verifier's card.
const (
	JoinAgree  = "AGREE"
	JoinCancel = "CANCEL"
	JoinRenew  = "RENEW"
	JoinLeave  = "LEAVE" // a member wants to leave, and is asked once more
	JoinLeft   = "LEFT"  // and says so
	VetShow    = "SHOW"

	ReasonPractice = "PRACTICE" // of ActHeard: the answer to a practice alert
)

// JoinStep is what somebody who is joining is asked next.
type JoinStep string

const (
	JoinUnit    JoinStep = "UNIT"    // the code of the organisation
	JoinBorn    JoinStep = "BORN"    // year of birth
	JoinPlace   JoinStep = "PLACE"   // sub-district
	JoinName    JoinStep = "NAME"    // first and last name
	JoinConsent JoinStep = "CONSENT" // has read what is kept, and why
)

// Joining is a wish that is not whole yet. It is personal data.
type Joining struct {
	Step        JoinStep `json:"step"`
	Group       Group    `json:"group"`
	Unit        UnitID   `json:"unit,omitempty"`
	Level       Level    `json:"level,omitempty"`
	Province    string   `json:"province,omitempty"`
	Born        int      `json:"born,omitempty"` // CE
	Subdistrict string   `json:"subdistrict,omitempty"`
	Name        string   `json:"name,omitempty"`
}

// Begin is the first question to somebody of a group.
func (g Group) Begin() (Joining, error) {
	if !slices.Contains(Groups, g) {
		return Joining{}, &InvalidError{Field: "group", Th: "ไม่มีกลุ่มสมาชิกนี้", En: "there is no such group"}
	}
	return Joining{Step: JoinUnit, Group: g}, nil
}

// At takes the organisation that somebody belongs to.
func (j Joining) At(u Unit) (Joining, error) {
	if u.State != UnitLive || !j.Group.Fits(u.Level) {
		return j, &InvalidError{Field: "unit", Th: "กลุ่มนี้ไม่สังกัดหน่วยงานประเภทนี้", En: "members of this group do not belong to such an organisation"}
	}
	j.Unit, j.Level, j.Province, j.Step = u.ID, u.Level, u.Province, JoinPlace
	if j.Group.AsksAge() {
		j.Step = JoinBorn
	}
	return j, nil
}

// buddhist is how far the Buddhist era is ahead of the common one.
const buddhist = 543

// Says takes a typed answer to the question that was asked.
func (j Joining) Says(text string, at time.Time) (Joining, error) {
	text = strings.Join(strings.Fields(text), " ")
	switch j.Step {
	case JoinBorn:
		year, ok := year(text)
		if year > at.Year()+100 {
			year -= buddhist
		}
		if age := at.Year() - year; !ok || age < 7 || age > 110 {
			return j, &InvalidError{Field: "born", Th: "ปีเกิดไม่ถูกต้อง พิมพ์ปี พ.ศ. เช่น 2550", En: "not a year of birth: write it like 2550 or 2007"}
		}
		j.Born, j.Step = year, JoinPlace
	case JoinPlace:
		if n := utf8.RuneCountInString(text); n < 2 || n > 60 {
			return j, &InvalidError{Field: "subdistrict", Th: "พิมพ์ชื่อตำบลหรือแขวง", En: "write the name of the sub-district"}
		}
		j.Subdistrict, j.Step = text, JoinName
	case JoinName:
		if n := utf8.RuneCountInString(text); n < 5 || n > 100 || !strings.Contains(text, " ") || strings.ContainsAny(text, "0123456789@/") {
			return j, &InvalidError{Field: "name", Th: "พิมพ์ชื่อและนามสกุล เว้นวรรคหนึ่งครั้ง", En: "write first and last name with a space between them"}
		}
		j.Name, j.Step = text, JoinConsent
	default:
		return j, &InvalidError{Field: "answer", Th: "กดปุ่มเพื่อตอบ", En: "answer with the button"}
	}
	return j, nil
}

// year reads four digits, Thai or Arabic.
func year(text string) (int, bool) {
	n := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			n = n*10 + int(r-'0')
		case r >= '๐' && r <= '๙':
			n = n*10 + int(r-'๐')
		default:
			return 0, false
		}
	}
	return n, utf8.RuneCountInString(text) == 4
}

// Asks is the registration that a whole wish becomes.
func (j Joining) Asks(id RegistrationID, m MemberID, at time.Time, t Terms) (Registration, error) {
	if j.Step != JoinConsent {
		return Registration{}, &InvalidError{Field: "answer", Th: "ยังตอบไม่ครบ", En: "not every question is answered"}
	}
	return Registration{ // only the year of birth is known: whoever may still be a minor is one
		ID: id, Member: m, Group: j.Group, Class: ClassOf(j.Group, at.Year()-j.Born-1, t.Adult), Role: RoleOf(j.Group, j.Level), Unit: j.Unit,
		Province: j.Province, State: MemberPending, Version: 1, AskedAt: at, CallAt: at,
	}, nil
}
