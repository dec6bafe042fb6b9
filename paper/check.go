package paper

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Check says what keeps the paper from being written: the first thing that is
// missing, or that cannot be printed.
func (p Paper) Check() error {
	if _, ok := secrecyWords[p.Secrecy]; !ok {
		return invalid("secrecy", "โปรดเลือกชั้นความลับ", "choose the mark of secrecy")
	}
	if p.Digits != ThaiDigits && p.Digits != ArabicDigits {
		return invalid("digits", "โปรดเลือกเลขไทยหรือเลขอารบิก", "choose Thai or Arabic digits")
	}
	if blank(p.Office.Name) {
		return invalid("office", "ยังไม่ทราบหน่วยงานเจ้าของหนังสือ", "the office that writes is not known")
	}
	if p.Number < 1 || p.Year < 1 || p.At.IsZero() {
		return invalid("number", "ยังไม่ได้ออกเลขที่หนังสือ", "the paper has no number and date")
	}
	if err := p.missing(); err != nil {
		return err
	}
	f, err := fonts()
	if err != nil {
		return err
	}
	return printable(f, "", reflect.ValueOf(p))
}

// missing says what the paper of this kind cannot be without.
func (p Paper) missing() error {
	need, aid, err := p.missingOfAid()
	if err != nil {
		return err
	}
	switch {
	case aid:
	case p.Kind == FactFindingPaper && p.FactFinding != nil:
		x := *p.FactFinding
		need = append(need,
			required{"person.name", x.Person.Name, "ยังไม่ได้ระบุชื่อผู้ประสบปัญหา", "the name of the person in need is missing"},
			required{"facts", x.Facts, "ยังไม่ได้เขียนข้อเท็จจริง", "the facts are missing"},
			required{"opinion", x.Opinion, "ยังไม่ได้เขียนความเห็นของผู้สอบข้อเท็จจริง", "the opinion of the writer is missing"})
		need = append(need, signer("writer", x.Writer, "ผู้สอบข้อเท็จจริง", "who found the facts")...)
		need = append(need, names("household", x.Household)...)
	case p.Kind == ReferralPaper && p.Referral != nil:
		x := *p.Referral
		need = append(need,
			required{"to", x.To, "ยังไม่ได้ระบุผู้รับหนังสือ (เรียน)", "the addressee is missing"},
			required{"person.name", x.Person.Name, "ยังไม่ได้ระบุชื่อผู้ประสบปัญหา", "the name of the person in need is missing"},
			required{"problem", x.Problem, "ยังไม่ได้เขียนสภาพปัญหา", "the problem is missing"},
			required{"asked", x.Asked, "ยังไม่ได้เขียนสิ่งที่ขอให้ช่วยเหลือ", "what is asked for is missing"})
		need = append(need, signer("signer", x.Signer, "ผู้ลงนาม", "who signs")...)
	case p.Kind == HandoverPaper && p.Handover != nil:
		x := *p.Handover
		if len(x.Persons) == 0 {
			return invalid("persons", "ยังไม่ได้ระบุผู้ประสบปัญหา", "the person in need is missing")
		}
		need = append(need, names("persons", x.Persons)...)
		need = append(need,
			required{"to", x.To, "ยังไม่ได้ระบุหน่วยงานที่รับมอบ", "the office that takes over is missing"},
			required{"state", x.State, "ยังไม่ได้เขียนสภาพปัจจุบันของผู้ประสบปัญหา", "how the person is now is missing"})
		need = append(need, signer("giver", x.Giver, "ผู้ส่งมอบ", "who hands over")...)
		for i, e := range x.Events {
			if e.At.IsZero() {
				return invalid(at("events", i, "at"), "ยังไม่ได้ระบุเวลา", "the time is missing")
			}
			need = append(need, required{at("events", i, "what"), e.What, "ยังไม่ได้เขียนว่าเกิดอะไรขึ้น", "what happened is missing"})
		}
		for i, o := range x.Owed {
			need = append(need, required{at("owed", i, "what"), o.What, "ยังไม่ได้เขียนสิ่งที่ต้องทำ", "what is owed is missing"})
		}
	default:
		return invalid("kind", "ไม่รู้จักหนังสือประเภทนี้", "there is no such paper")
	}
	for _, n := range need {
		if blank(n.value) {
			return invalid(n.field, n.th, n.en)
		}
	}
	return nil
}

// required is a field that must hold something.
type required struct{ field, value, th, en string }

func signer(field string, s Signer, th, en string) []required {
	return []required{
		{field + ".name", s.Name, "ยังไม่ได้ระบุชื่อ" + th, "the name of " + en + " is missing"},
		{field + ".position", s.Position, "ยังไม่ได้ระบุตำแหน่งของ" + th, "the position of " + en + " is missing"},
	}
}

func names(field string, people []Person) []required {
	var need []required
	for i, p := range people {
		need = append(need, required{at(field, i, "name"), p.Name, "ยังไม่ได้ระบุชื่อ", "the name is missing"})
	}
	return need
}

func at(field string, i int, of string) string { return field + "." + strconv.Itoa(i) + "." + of }

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// printable refuses what the fonts have no letters for: a name with a gap in it
// is no name. The letter itself is not quoted, for it may be a part of one.
func printable(f *faces, field string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		for _, r := range v.String() {
			if r == '\n' {
				continue
			}
			if unicode.IsControl(r) || !f.regular.has(r) || !f.bold.has(r) {
				return invalid(field, "มีตัวอักษรที่พิมพ์ในหนังสือไม่ได้ โปรดเขียนด้วยอักษรไทยหรือโรมัน", "holds a letter that cannot be printed; write it in Thai or Latin letters")
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return printable(f, field, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := printable(f, field+"."+strconv.Itoa(i), v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if v.Field(i).Kind() == reflect.Pointer && v.Field(i).Type().Elem().Kind() == reflect.Struct {
				name = "" // the paper's own part: its fields are those that the caller named
			}
			if err := printable(f, strings.TrimPrefix(field+"."+name, "."), v.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
