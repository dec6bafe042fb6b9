package casefile

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Filled is what somebody answered, by field, as JSON has it: text, date and
// choice are strings, choices a list of them, yes_no a boolean, number and scale
// a number.
type Filled map[string]any

const textRunes = 4000

func mayDo(rights, needed []Right) bool {
	return slices.ContainsFunc(needed, func(r Right) bool { return slices.Contains(rights, r) })
}

// Accept checks the answers that somebody with the rights gives, against this
// version of the form. A field that they may not write keeps the answer that it
// had, and is not asked of them; so does one that they may write but not read and
// that they left empty, for nobody takes back what they cannot see. An answer
// that does not fit its field any more is not kept. It finds every mistake; each
// is an *InvalidError that names the field.
func (f Form) Accept(given, before Filled, rights []Right) (Filled, error) {
	var errs []error
	wrong := func(field, th, en string) {
		errs = append(errs, &InvalidError{Field: field, Th: th, En: en})
	}
	for code := range given {
		if _, ok := f.Field(code); !ok {
			wrong("answers", "มีช่องที่ไม่อยู่ในแบบฟอร์มรุ่นนี้", "there is a field that this version of the form does not have")
			break
		}
	}
	kept := Filled{}
	for _, x := range f.Fields {
		v, ok := given[x.Code]
		mayWrite := mayDo(rights, x.Write)
		if !mayWrite && ok {
			wrong(x.Code, "ท่านไม่มีสิทธิกรอกช่องนี้", "you may not answer this field")
		}
		var answer any
		var err error
		if mayWrite {
			answer, err = f.parse(x, v)
		}
		if err == nil && answer == nil && !(mayWrite && mayDo(rights, x.Read)) {
			if was, unfit := f.parse(x, before[x.Code]); unfit == nil {
				answer = was
			}
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case answer != nil:
			kept[x.Code] = answer
		case x.Required && mayWrite:
			wrong(x.Code, "ต้องกรอกช่องนี้", "this field must be answered")
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return kept, nil
}

// parse reads one answer; nil is none.
func (f Form) parse(x FormField, v any) (any, error) {
	bad := func(th, en string) (any, error) { return nil, &InvalidError{Field: x.Code, Th: th, En: en} }
	if v == nil {
		return nil, nil
	}
	switch x.Type {
	case FieldText, FieldDate, FieldChoice:
		s, ok := v.(string)
		if s = strings.TrimSpace(s); ok && s == "" {
			return nil, nil
		}
		switch {
		case !ok:
			return bad("ต้องเป็นข้อความ", "want a text")
		case x.Type == FieldText && len([]rune(s)) > textRunes:
			return bad("ยาวเกิน 4000 ตัวอักษร", "at most 4000 characters")
		case x.Type == FieldChoice && !f.offers(x, s):
			return bad("ไม่มีตัวเลือกนี้", "there is no such option")
		case x.Type == FieldDate:
			d, ok := readBirth(thaiDigits.Replace(s))
			if !ok || d.Month == 0 {
				return bad("ไม่ใช่วันที่ที่มีจริง", "not a day that exists")
			}
			return d.String(), nil
		}
		return s, nil
	case FieldNumber, FieldScale:
		n, ok := v.(float64)
		switch {
		case !ok || math.IsNaN(n) || math.IsInf(n, 0):
			return bad("ต้องเป็นตัวเลข", "want a number")
		case x.Type == FieldScale && n != math.Trunc(n):
			return bad("ต้องเป็นจำนวนเต็ม", "want a whole number")
		case x.Min != nil && n < *x.Min || x.Max != nil && n > *x.Max:
			return bad("ตัวเลขอยู่นอกช่วงที่กำหนด", "the number is out of range")
		}
		return n, nil
	case FieldYesNo:
		if _, ok := v.(bool); !ok {
			return bad("ต้องตอบว่าใช่หรือไม่", "want true or false")
		}
		return v, nil
	default: // FieldChoices
		return f.choices(x, v)
	}
}

// choices are kept in the order of their list, as a JSON array is read.
func (f Form) choices(x FormField, v any) (any, error) {
	list, ok := v.([]any)
	for _, o := range list {
		s, is := o.(string)
		ok = ok && is && f.offers(x, s)
	}
	if !ok {
		return nil, &InvalidError{Field: x.Code, Th: "มีตัวเลือกที่ไม่อยู่ในรายการ", En: "there is an option that the list does not have"}
	}
	var kept []any
	for _, o := range f.Lists[x.List] {
		if slices.Contains(list, any(o.Code)) {
			kept = append(kept, o.Code)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, nil
}

// Shown are the answers that somebody with the rights may read, and whether some were left out.
func (f Form) Shown(a Filled, rights []Right) (shown Filled, withheld bool) {
	shown = Filled{}
	for _, x := range f.Fields {
		v, ok := a[x.Code]
		switch {
		case !ok:
		case mayDo(rights, x.Read):
			shown[x.Code] = v
		default:
			withheld = true
		}
	}
	return shown, withheld
}

// Finding is what the rules of a form make of its answers. No score: none, or not for this reader.
type Finding struct {
	Score   int      `json:"score,omitempty"`
	Level   Risk     `json:"level"`
	Reasons []Reason `json:"reasons"`
}

// Reason is one rule that held.
type Reason struct {
	Field  string `json:"field"`
	Points int    `json:"points,omitempty"`
	Level  Risk   `json:"level,omitempty"`
	Why    Words  `json:"why"`
}

// Find weighs the answers; a form without scoring finds nothing.
func (f Form) Find(a Filled) (Finding, bool) {
	if f.Scoring == nil {
		return Finding{}, false
	}
	out := Finding{Reasons: []Reason{}}
	atLeast := len(Risks)
	for _, r := range f.Scoring.Rules {
		if !r.holds(a[r.Field]) {
			continue
		}
		out.Score += r.Points
		out.Reasons = append(out.Reasons, Reason{r.Field, r.Points, r.Level, r.Why})
		if i := slices.Index(Risks, r.Level); i >= 0 {
			atLeast = min(atLeast, i)
		}
	}
	for _, l := range f.Scoring.Levels {
		if out.Score >= l.From {
			out.Level = l.Level
			break
		}
	}
	if out.Level == "" { // points below zero
		out.Level = f.Scoring.Levels[len(f.Scoring.Levels)-1].Level
	}
	if atLeast < slices.Index(Risks, out.Level) {
		out.Level = Risks[atLeast]
	}
	return out, true
}

// ShownFinding is what somebody with the rights may read of a finding: its
// reasons tell what was answered, so each needs the right to its field. The score
// needs the right to every field that is weighed: beside the reasons, it would
// tell what the others hold.
func (f Form) ShownFinding(a Filled, rights []Right) (Finding, bool) {
	found, ok := f.Find(a)
	if !ok || !mayDo(rights, f.Scoring.Read) {
		return Finding{}, false
	}
	secret := func(field string) bool {
		x, _ := f.Field(field)
		return !mayDo(rights, x.Read)
	}
	if slices.ContainsFunc(f.Scoring.Rules, func(r PointRule) bool { return secret(r.Field) }) {
		found.Score = 0
	}
	found.Reasons = slices.DeleteFunc(found.Reasons, func(r Reason) bool { return secret(r.Field) })
	return found, true
}

func (r PointRule) holds(v any) bool {
	switch v := v.(type) {
	case float64:
		return r.AtLeast != nil && v >= *r.AtLeast
	case bool:
		return slices.Contains(r.Is, map[bool]string{true: yes, false: no}[v])
	case string:
		return slices.Contains(r.Is, v)
	case []any:
		return slices.ContainsFunc(v, func(o any) bool { return slices.Contains(r.Is, fmt.Sprint(o)) })
	}
	return false
}

// FormAnswers are one set of answers with who gave them and when. What was
// answered before stays as it was.
type FormAnswers struct {
	Case    CaseID    `json:"case"`
	Form    string    `json:"form"`
	Version string    `json:"version"` // of the form that it was checked against
	N       int       `json:"n"`       // 1, 2, … within the case and the form
	Author  Actor     `json:"author"`
	At      time.Time `json:"at"`
	Answers Filled    `json:"answers,omitempty"`
}
