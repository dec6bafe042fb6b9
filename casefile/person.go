package casefile

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// PersonID names a person of the register, and tells nothing of them: it is random,
// or a keyed hash of the key that somebody has in the source of an import.
type PersonID string

// Sex is what the civil register says, or what somebody was told.
type Sex string

const (
	SexFemale  Sex = "FEMALE"
	SexMale    Sex = "MALE"
	SexOther   Sex = "OTHER"
	SexUnknown Sex = "UNKNOWN"
)

// Sexes lists every one.
var Sexes = []Sex{SexFemale, SexMale, SexOther, SexUnknown}

// Person is somebody whom cases are about. What names them is sealed wherever it
// rests; cases and messages know the ID alone.
type Person struct {
	ID          PersonID  `json:"id"`
	Version     int       `json:"version"`
	First       string    `json:"first_name"`
	Last        string    `json:"last_name,omitempty"` // some have one name only
	Number      string    `json:"number,omitempty"`    // national ID or G-code
	Birth       Birth     `json:"birth_date,omitzero"`
	Sex         Sex       `json:"sex"`
	Nationality string    `json:"nationality"`     // ISO 3166-1, two letters; XX: none, or not known
	Province    string    `json:"province"`        // where they live, as far as is known
	Phone       string    `json:"phone,omitempty"` // E.164
	Note        string    `json:"note,omitempty"`
	MergedInto  PersonID  `json:"merged_into,omitempty"` // found to be the same as that one
	ChangedAt   time.Time `json:"changed_at,omitzero"`
}

// PersonInput is a person as a form or a file says it, not yet checked.
type PersonInput struct {
	First, Last, Number, Birth, Sex, Nationality, Province, Phone, Note string
}

const (
	nameRunes = 100
	noteRunes = 2000
)

var (
	twoLetters = regexp.MustCompile(`^[A-Z]{2}$`)
	twoDigits  = regexp.MustCompile(`^[0-9]{2}$`)
)

// ParsePerson checks a person and finds every mistake, not only the first: the
// error joins an *InvalidError for each. Whether the province exists and what
// number a phone has is known at the door.
func ParsePerson(in PersonInput, today time.Time) (Person, error) {
	p := Person{
		First: CleanName(in.First), Last: CleanName(in.Last), Sex: Sex(strings.ToUpper(strings.TrimSpace(in.Sex))),
		Nationality: strings.ToUpper(strings.TrimSpace(in.Nationality)), Province: strings.TrimSpace(in.Province),
		Phone: in.Phone, Note: strings.TrimSpace(in.Note),
	}
	var errs []error
	wrong := func(field, th, en string) { errs = append(errs, &InvalidError{Field: field, Th: th, En: en}) }
	if p.First == "" {
		wrong("first_name", "ต้องมีชื่อ", "a name is needed")
	} else if !isName(p.First) {
		wrong("first_name", "ชื่อต้องเป็นตัวอักษรไม่เกิน 100 ตัว", "a name is letters, at most 100")
	}
	if p.Last != "" && !isName(p.Last) {
		wrong("last_name", "นามสกุลต้องเป็นตัวอักษรไม่เกิน 100 ตัว", "a name is letters, at most 100")
	}
	var err error
	if in.Number != "" {
		p.Number, err = ParseNumber(in.Number)
		errs = append(errs, err)
	}
	if in.Birth != "" {
		p.Birth, err = ParseBirth(in.Birth, today)
		errs = append(errs, err)
	}
	if p.Sex == "" {
		p.Sex = SexUnknown
	}
	if !slices.Contains(Sexes, p.Sex) {
		wrong("sex", "เพศต้องเป็น FEMALE, MALE, OTHER หรือ UNKNOWN", "want FEMALE, MALE, OTHER or UNKNOWN")
	}
	if p.Nationality == "" {
		p.Nationality = "XX"
	}
	if !twoLetters.MatchString(p.Nationality) {
		wrong("nationality", "สัญชาติต้องเป็นรหัสสองตัวอักษร เช่น TH", "want two letters, as TH")
	}
	if !twoDigits.MatchString(p.Province) {
		wrong("province", "จังหวัดต้องเป็นรหัสสองหลัก", "want the two digits of a province")
	}
	if len([]rune(p.Note)) > noteRunes {
		wrong("note", "บันทึกยาวเกิน 2000 ตัวอักษร", "at most 2000 characters")
	}
	if err := errors.Join(errs...); err != nil {
		return Person{}, err
	}
	return p, nil
}

// nameMarks are written in names beside letters.
const nameMarks = " .-'’"

func isName(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case !unicode.IsMark(r) && !strings.ContainsRune(nameMarks, r):
			return false
		}
	}
	return letters > 0 && len([]rune(s)) <= nameRunes
}

// titles stand before first names and are no part of them, the longer first.
var titles = []string{"เด็กหญิง", "เด็กชาย", "นางสาว", "ด.ญ.", "ด.ช.", "น.ส.", "นาย", "นาง", "คุณ"}

var latinTitle = regexp.MustCompile(`(?i)^(mr|mrs|ms|miss|master)(\.\s*|\s+)`)

// unseen are marks that no eye can tell, and spellings that look the same.
var unseen = strings.NewReplacer("\u200b", "", "\u200c", "", "\u200d", "", "\ufeff", "", "\u00a0", " ", "ํา", "ำ", "เเ", "แ")

// CleanName is a name in the one form in which it is kept: without a title that
// can be nothing else, with single spaces, and what looks the same written the same.
func CleanName(s string) string {
	s = strings.Join(strings.Fields(unseen.Replace(s)), " ")
	for _, t := range titles {
		rest, ok := strings.CutPrefix(s, t)
		apart := strings.HasPrefix(rest, " ") || len(t) > len("นาย") || strings.HasSuffix(t, ".")
		if rest = strings.TrimSpace(rest); ok && apart && rest != "" {
			return rest
		}
	}
	if at := latinTitle.FindStringIndex(s); at != nil && at[1] < len(s) {
		return s[at[1]:]
	}
	return s
}

// bareName is a name as it is compared: นายสมชาย is the same as สมชาย, though
// what is kept stays as somebody wrote it, for นางนวล is a name.
func bareName(s string) string {
	s = strings.ToLower(CleanName(s))
	for _, t := range titles {
		rest := []rune(strings.TrimPrefix(s, t))
		if strings.HasPrefix(s, t) && len(rest) > 1 && (rest[0] >= 'ก' && rest[0] <= 'ฮ' || before(rest[0])) {
			return string(rest)
		}
	}
	return s
}

// NameKey is a whole name as it is compared letter by letter.
func NameKey(first, last string) string {
	return bareName(first) + "|" + bareName(last)
}

// PersonQuery looks for people: by number, or by name and what else is known.
type PersonQuery struct {
	Number      string
	First, Last string
	Birth       Birth
	Exact       bool // the name as it is spelt
}

// ParseQuery reads a search. Half a name alone would list half a country.
func ParseQuery(number, first, last, birth string, exact bool, today time.Time) (PersonQuery, error) {
	q := PersonQuery{First: CleanName(first), Last: CleanName(last), Exact: exact}
	var err error
	if number != "" {
		q.Number, err = ParseNumber(number)
		return q, err
	}
	if birth != "" {
		if q.Birth, err = ParseBirth(birth, today); err != nil {
			return q, err
		}
	}
	known := 0
	for _, is := range []bool{q.First != "", q.Last != "", q.Birth.Known()} {
		if is {
			known++
		}
	}
	switch {
	case known < 2:
		return q, &InvalidError{
			Field: "first_name", Th: "ระบุเลขประจำตัว หรืออย่างน้อยสองอย่างจาก ชื่อ นามสกุล ปีเกิด", En: "give the number, or two of first name, last name and year of birth",
		}
	case exact && (q.First == "" || q.Last == ""):
		return q, &InvalidError{Field: "exact", Th: "การค้นตรงตัวต้องมีทั้งชื่อและนามสกุล", En: "an exact search needs the whole name"}
	}
	return q, nil
}
