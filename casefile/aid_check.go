package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What one form may hold.
const (
	mostHousehold = 60 // without the subject
	mostWanted    = 10
	mostPhotos    = 30
	priorRunes    = 2000
	phoneRunes    = 40
	mostIncome    = 1_000_000_000 // satang a month
)

var (
	fourDigits  = regexp.MustCompile(`^[0-9]{4}$`)
	bankCode    = regexp.MustCompile(`^[0-9]{3}$`)
	bankNumber  = regexp.MustCompile(`^[0-9]{10,15}$`)
	houseNumber = regexp.MustCompile(`^[0-9]{11}$`)
)

// CheckAidForm finds everything that is wrong with a form that is to be sent, each an *InvalidError with the path of the
// field, as subject.number. Whether places and aid exist, and what number a phone has, is known at the door. logbooks are
// the forms in force; without any, answers to the logbook are not looked at.
func CheckAidForm(f AidForm, today time.Time, logbooks ...Form) error {
	c := aidCheck{today: today, whole: true, logbooks: logbooks}
	for _, part := range f.Missing() {
		c.wrong(string(part), "ยังไม่ได้กรอกส่วนนี้", "this part is needed")
	}
	for _, part := range AidParts {
		c.part(f, part)
	}
	c.together(f)
	if len(f.Photos) > mostPhotos {
		c.wrong("photos", "มีภาพมากเกินไป", "too many photos")
	}
	return errors.Join(c.errs...)
}

// CheckAidPart finds everything that is wrong with what a part of a draft says; what is still missing in it is said when
// the form is sent. The JSON must be that of the part and no more.
func CheckAidPart(part AidPart, doc []byte, today time.Time, logbooks ...Form) error {
	var f AidForm
	if err := f.SetPart(part, doc); err != nil {
		return err
	}
	c := aidCheck{today: today, logbooks: logbooks}
	c.part(f, part)
	return errors.Join(c.errs...)
}

// SetPart reads a part into the form, in place of what it held.
func (f *AidForm) SetPart(part AidPart, doc []byte) error {
	var next AidForm
	into := map[AidPart]any{
		PartSubject: &next.Subject, PartHome: &next.Home, PartMembers: &next.Members, PartLogbook: &next.Logbook, PartNeed: &next.Need,
		PartConsent: &next.Consents, PartAccount: &next.Account,
	}[part]
	if into == nil {
		return &InvalidError{Field: "part", Th: "ไม่มีส่วนนี้ในแบบคำขอ", En: "the form has no such part"}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF || bytes.Equal(bytes.TrimSpace(doc), []byte("null")) {
			err = errors.New("not one value")
		}
	}
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typed) && typed.Field != "":
		return &InvalidError{Field: string(part) + "." + typed.Field, Th: "ชนิดของข้อมูลไม่ถูกต้อง", En: "a value of another type is needed"}
	case err != nil: // its text may hold what somebody wrote
		return &InvalidError{Field: string(part), Th: "ข้อมูลไม่ใช่ JSON ของส่วนนี้ หรือมีช่องที่ไม่รู้จัก", En: "not the JSON of this part, or with an unknown field"}
	}
	switch part {
	case PartSubject:
		f.Subject = next.Subject
	case PartHome:
		f.Home = next.Home
	case PartMembers:
		f.Members = next.Members
	case PartLogbook:
		f.Logbook = next.Logbook
	case PartNeed:
		f.Need = next.Need
	case PartConsent:
		f.Consents = next.Consents
	case PartAccount:
		f.Account = next.Account
	}
	return nil
}

// aidCheck collects what is wrong with a form.
type aidCheck struct {
	today    time.Time
	whole    bool // what is missing is wrong, too
	logbooks []Form
	errs     []error
}

func (c *aidCheck) wrong(field, th, en string) {
	c.errs = append(c.errs, &InvalidError{Field: field, Th: th, En: en})
}

// take keeps an error under the path of its field.
func (c *aidCheck) take(field string, err error) {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		c.wrong(field, invalid.Th, invalid.En)
	}
}

// missing reports an empty value, and says so where it is needed.
func (c *aidCheck) missing(field, v string) bool {
	if strings.TrimSpace(v) != "" {
		return false
	}
	if c.whole {
		c.wrong(field, "ต้องกรอกช่องนี้", "this is needed")
	}
	return true
}

func (c *aidCheck) name(field, v string) {
	if v != "" && !isName(CleanName(v)) {
		c.wrong(field, "ชื่อต้องเป็นตัวอักษรไม่เกิน 100 ตัว", "a name is letters, at most 100")
	}
}

func (c *aidCheck) long(field, v string, most int) {
	if len([]rune(v)) > most {
		c.wrong(field, fmt.Sprintf("ยาวเกิน %d ตัวอักษร", most), fmt.Sprintf("at most %d characters", most))
	}
}

func (c *aidCheck) oneOf(field, v string, known ...string) {
	if v != "" && !slices.Contains(known, v) {
		c.wrong(field, "ไม่มีตัวเลือกนี้", "there is no such option")
	}
}

// person is what a subject and a member have alike.
func (c *aidCheck) person(path, first, last, number, birth, sex string) {
	if !c.missing(path+".first_name", first) {
		c.name(path+".first_name", first)
	}
	c.name(path+".last_name", last)
	if number != "" {
		_, err := ParseNumber(number)
		c.take(path+".number", err)
	}
	if birth != "" {
		_, err := ParseBirth(birth, c.today)
		c.take(path+".birth_date", err)
	}
	c.oneOf(path+".sex", sex, words(Sexes)...)
}

func words[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

func (c *aidCheck) part(f AidForm, part AidPart) {
	switch part {
	case PartSubject:
		c.subject(f.Subject)
	case PartHome:
		c.home(f.Home)
	case PartMembers:
		c.members(f.Members)
	case PartLogbook:
		c.logbook(f.Logbook)
	case PartNeed:
		c.need(f.Need)
	case PartConsent:
		c.consents(f.Consents)
	case PartAccount:
		c.account(f.Account)
	}
}

func (c *aidCheck) subject(s AidSubject) {
	c.person("subject", s.First, s.Last, s.Number, s.Birth, s.Sex)
	switch {
	case s.Number != "" && s.NoNumber:
		c.wrong("subject.no_number", "กรอกเลขประจำตัวแล้ว จึงไม่ใช่ผู้ไม่มีเลข", "there is a number, so nobody is without one")
	case s.Number == "" && !s.NoNumber && c.whole:
		c.wrong("subject.number", "ต้องกรอกเลขประจำตัว หรือระบุว่าไม่มี", "give the number, or say that there is none")
	}
	if s.Nationality != "" && !twoLetters.MatchString(s.Nationality) {
		c.wrong("subject.nationality", "สัญชาติต้องเป็นรหัสสองตัวอักษร เช่น TH", "want two letters, as TH")
	}
	c.long("subject.phone", s.Phone, phoneRunes)
}

func (c *aidCheck) home(h AidHome) {
	c.missing("home.address", h.Address)
	c.long("home.address", h.Address, addressRunes)
	if !c.missing("home.province", h.Province) && !twoDigits.MatchString(h.Province) {
		c.wrong("home.province", "จังหวัดต้องเป็นรหัสสองหลัก", "want the two digits of a province")
	}
	if !c.missing("home.district", h.District) {
		switch {
		case !fourDigits.MatchString(h.District):
			c.wrong("home.district", "อำเภอต้องเป็นรหัสสี่หลัก", "want the four digits of a district")
		case h.Province != "" && !strings.HasPrefix(h.District, h.Province):
			c.wrong("home.district", "อำเภอไม่อยู่ในจังหวัดนี้", "this district is in another province")
		}
	}
	if h.Pin != nil && !h.Pin.Usable() {
		c.wrong("home.pin", "หมุดไม่ได้อยู่ในประเทศไทย", "the pin is not in Thailand")
	}
	c.missing("home.tenure", h.Tenure)
	c.oneOf("home.tenure", h.Tenure, AidTenures...)
	if h.HouseCode != "" && !houseNumber.MatchString(h.HouseCode) {
		c.wrong("home.house_code", "รหัสประจำบ้านเป็นตัวเลขล้วน 11 หลัก", "a house code has 11 digits and nothing else")
	}
}

func (c *aidCheck) members(list []AidMember) {
	if len(list) > mostHousehold {
		c.wrong("members", fmt.Sprintf("สมาชิกครัวเรือนไม่เกิน %d คน", mostHousehold), fmt.Sprintf("a household has at most %d members", mostHousehold))
		return
	}
	for i, m := range list {
		path := memberPath(i)
		c.person(path, m.First, m.Last, m.Number, m.Birth, m.Sex)
		c.missing(path+".relation", m.Relation)
		c.oneOf(path+".relation", m.Relation, words(RelationKinds)...)
		c.oneOf(path+".school", m.School, AidSchools...)
		if m.Relation == string(RelSpouse) && slices.ContainsFunc(list[:i], func(x AidMember) bool { return x.Relation == m.Relation }) {
			c.wrong(path+".relation", "มีคู่สมรสได้คนเดียว", "nobody has two spouses")
		}
	}
}

func memberPath(i int) string { return fmt.Sprintf("members[%d]", i) }

// together is what the parts say of each other.
func (c *aidCheck) together(f AidForm) {
	if len(f.Members) > mostHousehold {
		return
	}
	birth := func(s string) Birth {
		b, err := ParseBirth(s, c.today)
		if err != nil {
			return Birth{}
		}
		return b
	}
	number := func(s string) string {
		n, err := ParseNumber(s)
		if err != nil {
			return ""
		}
		return n
	}
	subject, seen := birth(f.Subject.Birth), []string{number(f.Subject.Number)}
	for i, m := range f.Members {
		kind, first, second := RelationKind(m.Relation), birth(m.Birth), subject
		if kind == RelChild {
			kind, first, second = RelParent, second, first
		}
		c.take(memberPath(i)+".birth_date", CheckAges(kind, first, second))
		n := number(m.Number)
		if n != "" && slices.Contains(seen, n) {
			c.wrong(memberPath(i)+".number", "เลขประจำตัวนี้ซ้ำกับอีกคนในครัวเรือน", "somebody else of the household has this number")
		}
		seen = append(seen, n)
	}
}

func (c *aidCheck) logbook(a AidAnswers) {
	if a.Form == "" {
		if len(a.Answers) > 0 {
			c.wrong("logbook.form", "ต้องระบุแบบฟอร์ม", "say which form was answered")
		}
		return
	}
	if len(a.Answers) > mostFields {
		c.wrong("logbook.answers", "มีคำตอบมากเกินไป", "too many answers")
		return
	}
	if len(c.logbooks) == 0 {
		return
	}
	i := slices.IndexFunc(c.logbooks, func(f Form) bool { return f.Code == a.Form && f.Version == a.Version })
	if i < 0 {
		c.wrong("logbook.version", "ไม่ใช่รุ่นที่ใช้อยู่", "not the version in force")
		return
	}
	f := c.logbooks[i]
	for code := range a.Answers {
		if _, ok := f.Field(code); !ok {
			c.wrong("logbook.answers", "มีช่องที่ไม่อยู่ในแบบฟอร์มรุ่นนี้", "there is a field that this version of the form does not have")
			break
		}
	}
	for _, x := range f.Fields {
		path := "logbook.answers." + x.Code
		v, err := f.parse(x, a.Answers[x.Code])
		if c.take(path, err); err == nil && v == nil && x.Required && c.whole {
			c.wrong(path, "ต้องกรอกช่องนี้", "this field must be answered")
		}
	}
}

func (c *aidCheck) need(n AidNeed) {
	for i, p := range n.Problems {
		if !slices.Contains(Problems, p) || slices.Index(n.Problems, p) < i {
			c.wrong(fmt.Sprintf("need.problems[%d]", i), "ไม่มีประเภทปัญหานี้ หรือเลือกซ้ำ", "there is no such problem, or it is there twice")
		}
	}
	if len(n.Problems) == 0 && c.whole {
		c.wrong("need.problems", "ต้องเลือกอย่างน้อยหนึ่งอย่าง", "choose at least one")
	}
	if len(n.Wanted) > mostWanted {
		c.wrong("need.wanted", fmt.Sprintf("เลือกได้ไม่เกิน %d อย่าง", mostWanted), fmt.Sprintf("at most %d", mostWanted))
	}
	for i, code := range n.Wanted {
		if !optionCode.MatchString(code) || slices.Index(n.Wanted, code) < i {
			c.wrong(fmt.Sprintf("need.wanted[%d]", i), "ไม่มีความช่วยเหลือนี้ หรือเลือกซ้ำ", "there is no such aid, or it is there twice")
		}
	}
	c.missing("need.urgency", string(n.Urgency))
	c.oneOf("need.urgency", string(n.Urgency), words(AidUrgencies)...)
	c.long("need.story", n.Story, textRunes)
	c.long("need.prior_help", n.PriorHelp, priorRunes)
	if n.Income != nil && (*n.Income < 0 || *n.Income > mostIncome) {
		c.wrong("need.income", "รายได้ไม่ถูกต้อง", "this cannot be an income")
	}
}

func (c *aidCheck) consents(list []AidConsent) {
	for i, x := range list {
		path := fmt.Sprintf("consents[%d]", i)
		if !slices.Contains(ConsentPurposes, x.Purpose) || slices.ContainsFunc(list[:i], func(y AidConsent) bool { return y.Purpose == x.Purpose }) {
			c.wrong(path+".purpose", "ไม่มีวัตถุประสงค์นี้ หรือมีซ้ำ", "there is no such purpose, or it is there twice")
		}
		c.oneOf(path+".basis", x.Basis, Bases...)
		if x.Given && x.Basis == "" {
			c.wrong(path+".basis", "ต้องระบุความยินยอมหรือฐานกฎหมาย", "say on what ground: consent, or one in the law")
		}
	}
}

func (c *aidCheck) account(a AidAccount) {
	if a == (AidAccount{}) {
		return
	}
	if a.Cash {
		if a.Bank != "" || a.Number != "" || a.Name != "" {
			c.wrong("account.cash", "รับเป็นเงินสดหรือเข้าบัญชี เลือกอย่างเดียว", "cash or an account, not both")
		}
		return
	}
	if !c.missing("account.bank", a.Bank) && !bankCode.MatchString(a.Bank) {
		c.wrong("account.bank", "รหัสธนาคารมีสามหลัก", "the code of a bank has three digits")
	}
	if !c.missing("account.number", a.Number) && !bankNumber.MatchString(a.Number) {
		c.wrong("account.number", "เลขบัญชีเป็นตัวเลขล้วน 10–15 หลัก", "an account has 10 to 15 digits and nothing else")
	}
	if !c.missing("account.name", a.Name) {
		c.name("account.name", a.Name)
	}
}
