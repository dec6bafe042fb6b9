package api

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/policy"
)

// input is one question on a page, with what was answered and what is wrong with it.
type input struct {
	Name  string // of the field, and of the JSON that it becomes
	Apart string // from a field of the same name in another form of the page
	Kind  string // text, number, phone, long, pin, one, list, many, tick, scale
	Label string
	Hint  string
	Need  bool
	More  bool // folded away: few fill it in
	Max   int
	Of    []choice

	Values []string
	Wrong  string
}

// choice is one of the answers that a question offers.
type choice struct{ Code, Label string }

// Value is the answer to a question that takes one.
func (i input) Value() string {
	if len(i.Values) == 0 {
		return ""
	}
	return i.Values[0]
}

// Picked reports whether an answer was chosen.
func (i input) Picked(code string) bool { return slices.Contains(i.Values, code) }

// ID is what a label points to.
func (i input) ID() string { return "f-" + i.Apart + i.Name }

// Long reports whether the choices need a line each.
func (i input) Long() bool {
	return slices.ContainsFunc(i.Of, func(c choice) bool { return len([]rune(c.Label)) > 18 })
}

// A long list shows what is chosen most often; the rest is folded away.
const shownChoices = 6

// Head are the choices that are shown.
func (i input) Head() []choice {
	if len(i.Of) <= shownChoices+2 {
		return i.Of
	}
	return i.Of[:shownChoices]
}

// Tail are those that are folded away.
func (i input) Tail() []choice { return i.Of[len(i.Head()):] }

// Opened reports whether one of those was chosen.
func (i input) Opened() bool {
	return slices.ContainsFunc(i.Tail(), func(c choice) bool { return i.Picked(c.Code) })
}

// asks makes the questions of a page in one language.
type asks struct {
	lang casefile.Language
	list []input
}

func (a *asks) say(th, en string) string { return policy.Text{Th: th, En: en}.In(a.lang) }

func (a *asks) add(i input) *input {
	a.list = append(a.list, i)
	return &a.list[len(a.list)-1]
}

func (a *asks) text(name, th, en string) *input {
	return a.add(input{Name: name, Kind: "text", Label: a.say(th, en), Max: 200})
}

func (a *asks) number(name, th, en string) *input {
	return a.add(input{Name: name, Kind: "number", Label: a.say(th, en), Max: 20})
}

func (a *asks) tick(name, th, en string) *input {
	return a.add(input{Name: name, Kind: "tick", Label: a.say(th, en)})
}

func (a *asks) one(name, th, en string, of []choice) *input {
	return a.add(input{Name: name, Kind: "one", Label: a.say(th, en), Of: of})
}

func (a *asks) many(name, th, en string, of []choice) *input {
	return a.add(input{Name: name, Kind: "many", Label: a.say(th, en), Of: of})
}

// choicesOf makes choices of codes that the policy has words for.
func choicesOf[C ~string](l casefile.Language, codes []C, word func(C) policy.Text) []choice {
	of := make([]choice, 0, len(codes))
	for _, c := range codes {
		of = append(of, choice{string(c), word(c).In(l)})
	}
	return of
}

// fill puts answers and mistakes beside the questions; what belongs to none of them is returned.
func fill(list []input, values url.Values, wrong []FieldProblem, l casefile.Language) (rest []string) {
	for n := range list {
		list[n].Values = values[list[n].Name]
	}
	for _, w := range wrong {
		field := w.Field[strings.LastIndexByte(w.Field, '.')+1:]
		said := policy.Text{Th: w.Detail, En: w.DetailEn}.In(l)
		if i := slices.IndexFunc(list, func(x input) bool { return x.Name == field }); i >= 0 && field != "" {
			list[i].Wrong = said
			continue
		}
		rest = append(rest, said)
	}
	return rest
}

// unanswered are the questions of a page that must be answered, and were not.
func unanswered(list []input, v url.Values) (wrong []FieldProblem) {
	for _, i := range list {
		if i.Need && trimmed(v, i.Name) == "" {
			wrong = append(wrong, FieldProblem{Field: i.Name, Detail: "ต้องตอบช่องนี้", DetailEn: "this must be answered"})
		}
	}
	return wrong
}

// smartForms knows what the questions of the aid form are made of.
type smartForms struct {
	lang     casefile.Language
	places   *policy.Places
	policy   *policy.Policy
	logbook  casefile.Form
	province string // whose districts are offered
	now      time.Time
}

func (f smartForms) asks() *asks { return &asks{lang: f.lang} }

func (f smartForms) code(code string) policy.Text { return policy.AidCodeWords(code) }

var sexes = map[casefile.Sex]policy.Text{
	casefile.SexFemale: {Th: "หญิง", En: "Female"}, casefile.SexMale: {Th: "ชาย", En: "Male"},
	casefile.SexOther: {Th: "อื่น ๆ", En: "Other"},
}

func (f smartForms) sexes() []choice {
	return choicesOf(f.lang, []casefile.Sex{casefile.SexFemale, casefile.SexMale, casefile.SexOther}, func(s casefile.Sex) policy.Text { return sexes[s] })
}

// subject asks who needs help.
func (f smartForms) subject() []input {
	a := f.asks()
	a.text("first_name", "ชื่อ", "First name").Need = true
	a.text("last_name", "นามสกุล", "Last name")
	a.number("number", "เลขประจำตัวประชาชน หรือเลข G", "ID number, or G-code").Hint = a.say("13 หลัก เว้นว่างได้ถ้าไม่มี แล้วเลือก “ไม่มีเลข”", "13 digits; leave it empty if there is none, and tick “no number”")
	a.tick("no_number", "ไม่มีเลขประจำตัว", "Has no number")
	a.number("birth_date", "ปีเกิด หรือวันเกิด", "Year or day of birth").Hint = a.say("ปีเกิดอย่างเดียวก็พอ เช่น 2510 หรือ 3.5.2510", "the year will do: 2510, 1967, or 3.5.2510")
	a.one("sex", "เพศ", "Sex", f.sexes())
	a.list = append(a.list, input{Name: "phone", Kind: "phone", Label: a.say("โทรศัพท์", "Telephone"), Max: 20})
	a.tick("safe_to_call", "โทรหาได้อย่างปลอดภัย", "It is safe to call")
	a.tick("disabled", "เป็นคนพิการ", "Lives with a disability")
	nation := a.text("nationality", "สัญชาติ (รหัสสองตัวอักษร)", "Nationality (two letters)")
	nation.More, nation.Max = true, 2
	return a.list
}

// home asks where the household lives.
func (f smartForms) home() []input {
	a := f.asks()
	address := a.text("address", "บ้านเลขที่ หมู่ ตำบล", "House, village, sub-district")
	address.Need, address.Max = true, 300
	var of []choice
	for _, d := range f.places.Districts() {
		if strings.HasPrefix(d.Code, f.province) {
			of = append(of, choice{d.Code, policy.Text{Th: d.NameTh, En: d.NameEn}.In(f.lang)})
		}
	}
	district := a.one("district", "อำเภอ", "District", of)
	district.Kind, district.Need = "list", true
	pin := a.text("pin", "หมุดบ้าน", "Pin of the home")
	pin.Kind, pin.Max = "pin", 500
	pin.Hint = a.say("วางลิงก์จากแผนที่ หรือพิมพ์ ละติจูด,ลองจิจูด", "Paste a link of a map, or write latitude,longitude")
	a.one("tenure", "ที่อยู่อาศัยเป็นแบบใด", "How the home is held", choicesOf(f.lang, casefile.AidTenures, f.code)).Need = true
	house := a.number("house_code", "รหัสประจำบ้าน", "House code")
	house.More = true
	return a.list
}

// member asks about one more person of the household.
func (f smartForms) member() []input {
	a := f.asks()
	a.text("first_name", "ชื่อ", "First name").Need = true
	a.text("last_name", "นามสกุล", "Last name")
	kind := a.one("relation", "เป็นอะไรกับผู้ขอความช่วยเหลือ", "What they are to the person", choicesOf(f.lang, casefile.RelationKinds, policy.RelationWords))
	kind.Kind, kind.Need = "list", true
	a.number("birth_date", "ปีเกิด หรือวันเกิด", "Year or day of birth")
	a.one("sex", "เพศ", "Sex", f.sexes())
	school := a.one("school", "การเรียน (ถ้าเป็นเด็ก)", "School (of a child)", choicesOf(f.lang, casefile.AidSchools, f.code))
	school.Kind = "list"
	a.tick("disabled", "เป็นคนพิการ", "Lives with a disability")
	a.tick("earns", "มีรายได้", "Brings in money")
	a.number("number", "เลขประจำตัวประชาชน", "ID number").More = true
	return a.list
}

// need asks what is wanted, and why.
func (f smartForms) need() []input {
	a := f.asks()
	problems := slices.DeleteFunc(slices.Clone(casefile.Problems), func(p casefile.Problem) bool { return p == casefile.UrgentIncident })
	common := []casefile.Problem{casefile.IncomeLiving, casefile.Elderly, casefile.Disability, casefile.ChildYouth, casefile.HealthAccident}
	slices.SortStableFunc(problems, func(x, y casefile.Problem) int { // what is met most often comes first
		return place(common, x) - place(common, y)
	})
	a.many("problems", "ปัญหา", "Hardship", choicesOf(f.lang, problems, policy.ProblemWords)).Need = true
	var kinds []choice
	for _, k := range f.policy.AidKinds(f.now) {
		kinds = append(kinds, choice{k.Code, k.In(f.lang)})
	}
	a.many("wanted", "ความช่วยเหลือที่ขอ", "Help that is asked for", kinds).Need = true
	a.one("urgency", "ความเร่งด่วน", "How soon", []choice{
		{string(casefile.AidNormal), a.say("ตามปกติ", "As usual")},
		{string(casefile.AidSoon), a.say("ภายในไม่กี่วัน (อาหาร ที่พัก ยา)", "Within days (food, shelter, medicine)")},
	})
	a.number("income", "รายได้ของครัวเรือนต่อเดือน (บาท)", "Income of the household a month (baht)")
	a.tick("debt", "มีหนี้สินที่ชำระไม่ได้", "Debt that cannot be paid")
	a.tick("violence", "พบร่องรอยความรุนแรง", "Signs of violence")
	a.tick("suicide", "มีความเสี่ยงทำร้ายตนเอง", "Danger of self-harm")
	a.list = append(a.list,
		input{Name: "story", Kind: "long", Label: a.say("เล่าความเดือดร้อนสั้น ๆ", "The hardship in short"), Max: 4000},
		input{Name: "prior_help", Kind: "long", Label: a.say("เคยได้รับความช่วยเหลืออะไร", "Help that was given before"), Max: 2000, More: true})
	return a.list
}

func place[T comparable](in []T, x T) int {
	if i := slices.Index(in, x); i >= 0 {
		return i
	}
	return len(in)
}

// consents asks what the person agrees to, and on which ground.
func (f smartForms) consents() []input {
	a := f.asks()
	a.many("purposes", "ตกลงให้ใช้ข้อมูลเพื่อ", "Data may be used for", choicesOf(f.lang, []casefile.ConsentPurpose{
		casefile.ForAid, casefile.ForContact, casefile.ForReferral, casefile.ForEducation,
	}, func(c casefile.ConsentPurpose) policy.Text { return policy.AidCodeWords(string(c)) })).Need = true
	a.one("basis", "โดย", "On the ground of", choicesOf(f.lang, casefile.Bases, f.code)).Need = true
	return a.list
}

// account asks where money goes.
func (f smartForms) account() []input {
	a := f.asks()
	a.one("way", "ถ้าได้รับเงิน ให้จ่ายทาง", "If money is granted, pay it", []choice{
		{"cash", a.say("เงินสดที่หน่วยงาน", "In cash, over the counter")}, {"bank", a.say("โอนเข้าบัญชี", "To a bank account")},
	})
	var banks []choice
	for _, b := range thaiBanks {
		banks = append(banks, choice{b.code, b.In(f.lang)})
	}
	bank := a.one("bank", "ธนาคาร", "Bank", banks)
	bank.Kind = "list"
	a.number("number", "เลขที่บัญชี", "Account number")
	a.text("name", "ชื่อบัญชี", "Name of the account")
	return a.list
}

// thaiBanks are those that households have, by the codes of the Bank of Thailand.
var thaiBanks = []struct {
	code string
	policy.Text
}{
	{"006", policy.Text{Th: "กรุงไทย", En: "Krungthai"}}, {"030", policy.Text{Th: "ออมสิน", En: "Government Savings"}},
	{"034", policy.Text{Th: "ธ.ก.ส.", En: "BAAC"}}, {"002", policy.Text{Th: "กรุงเทพ", En: "Bangkok Bank"}},
	{"004", policy.Text{Th: "กสิกรไทย", En: "Kasikornbank"}}, {"014", policy.Text{Th: "ไทยพาณิชย์", En: "Siam Commercial"}},
	{"025", policy.Text{Th: "กรุงศรีอยุธยา", En: "Krungsri"}}, {"011", policy.Text{Th: "ทหารไทยธนชาต", En: "TTB"}},
	{"033", policy.Text{Th: "อาคารสงเคราะห์", En: "Government Housing"}}, {"066", policy.Text{Th: "อิสลามแห่งประเทศไทย", En: "Islamic Bank"}},
	{"022", policy.Text{Th: "ซีไอเอ็มบีไทย", En: "CIMB Thai"}}, {"024", policy.Text{Th: "ยูโอบี", En: "UOB"}},
	{"067", policy.Text{Th: "ทิสโก้", En: "Tisco"}}, {"069", policy.Text{Th: "เกียรตินาคินภัทร", En: "Kiatnakin Phatra"}},
	{"070", policy.Text{Th: "ไอซีบีซีไทย", En: "ICBC Thai"}}, {"071", policy.Text{Th: "ไทยเครดิต", En: "Thai Credit"}}, {"073", policy.Text{Th: "แลนด์แอนด์เฮ้าส์", En: "LH Bank"}},
}

// logbookInputs asks what a form that is data asks, of those who may answer it.
func (f smartForms) logbookInputs() []input {
	a := f.asks()
	for _, x := range f.logbook.Fields {
		if !slices.Contains(x.Write, casefile.RightVolunteer) {
			continue
		}
		i := input{Name: x.Code, Label: a.say(x.Label.Th, x.Label.En), Need: x.Required, More: !x.Required, Max: 2000}
		switch x.Type {
		case casefile.FieldNumber, casefile.FieldDate:
			i.Kind, i.Max = "number", 20
		case casefile.FieldChoice, casefile.FieldChoices:
			if i.Kind = "one"; x.Type == casefile.FieldChoices {
				i.Kind = "many"
			}
			for _, o := range f.logbook.Lists[x.List] {
				i.Of = append(i.Of, choice{o.Code, a.say(o.Th, o.En)})
			}
		case casefile.FieldYesNo:
			i.Kind, i.Of = "one", []choice{{"true", a.say("ใช่", "Yes")}, {"false", a.say("ไม่ใช่", "No")}}
		case casefile.FieldScale:
			i.Kind = "scale"
			for n := int(*x.Min); n <= int(*x.Max); n++ {
				i.Of = append(i.Of, choice{strconv.Itoa(n), strconv.Itoa(n)})
			}
			for n, step := range x.Steps {
				i.Kind, i.Of[n].Label = "one", a.say(step.Th, step.En)
			}
		default:
			i.Kind = "long"
		}
		a.list = append(a.list, i)
	}
	return a.list
}

// The parts of the form as answers on a page, and answers as parts.

func yes(v url.Values, name string) bool { return v.Get(name) != "" }

func trimmed(v url.Values, name string) string { return strings.TrimSpace(v.Get(name)) }

// readBirth reads a year, or a day as the number keys of a phone can write it: 3.5.2510.
func readBirth(v url.Values) string {
	return strings.NewReplacer(".", "/", " ", "").Replace(trimmed(v, "birth_date"))
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func tick(v url.Values, name string, is bool) {
	if is {
		v.Set(name, "1")
	}
}

func subjectValues(x casefile.AidSubject) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"first_name": x.First, "last_name": x.Last, "number": x.Number, "birth_date": x.Birth, "sex": x.Sex, "nationality": x.Nationality, "phone": x.Phone,
	} {
		set(v, name, value)
	}
	tick(v, "no_number", x.NoNumber)
	tick(v, "safe_to_call", x.SafeToCall)
	tick(v, "disabled", x.Disabled)
	return v
}

func readSubject(v url.Values) casefile.AidSubject {
	return casefile.AidSubject{
		First: trimmed(v, "first_name"), Last: trimmed(v, "last_name"), Number: trimmed(v, "number"), NoNumber: yes(v, "no_number"), Birth: readBirth(v),
		Sex: v.Get("sex"), Nationality: strings.ToUpper(trimmed(v, "nationality")), Phone: trimmed(v, "phone"), SafeToCall: yes(v, "safe_to_call"), Disabled: yes(v, "disabled"),
	}
}

func homeValues(x casefile.AidHome) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"address": x.Address, "district": x.District, "tenure": x.Tenure, "house_code": x.HouseCode} {
		set(v, name, value)
	}
	if x.Pin != nil {
		v.Set("pin", strconv.FormatFloat(x.Pin.Lat, 'f', -1, 64)+","+strconv.FormatFloat(x.Pin.Lon, 'f', -1, 64))
	}
	return v
}

// readHome reads where the household lives. A place that is none is a mistake: the
// person believes that it was kept.
// The same place as before stays as it was: what is sent twice is the same.
func readHome(v url.Values, before *casefile.Pin, at time.Time) (casefile.AidHome, []FieldProblem) {
	h := casefile.AidHome{Address: trimmed(v, "address"), District: v.Get("district"), Tenure: v.Get("tenure"), HouseCode: trimmed(v, "house_code")}
	if len(h.District) >= 2 {
		h.Province = h.District[:2]
	}
	text := trimmed(v, "pin")
	if text == "" {
		return h, nil
	}
	lat, lon, _, ok := channel.ParsePin(text)
	if !ok {
		return h, []FieldProblem{{Field: "home.pin", Detail: "ไม่พบพิกัดในประเทศไทยในข้อความนี้", DetailEn: "no place in Thailand can be read in this"}}
	}
	if h.Pin = before; before == nil || before.Lat != lat || before.Lon != lon {
		h.Pin = &casefile.Pin{Lat: lat, Lon: lon, FixedAt: at, Source: casefile.PinText}
	}
	return h, nil
}

func readMember(v url.Values) casefile.AidMember {
	return casefile.AidMember{
		First: trimmed(v, "first_name"), Last: trimmed(v, "last_name"), Number: trimmed(v, "number"), Birth: readBirth(v), Sex: v.Get("sex"),
		Relation: v.Get("relation"), School: v.Get("school"), Disabled: yes(v, "disabled"), Earns: yes(v, "earns"),
	}
}

func needValues(x casefile.AidNeed) url.Values {
	v := url.Values{"wanted": x.Wanted}
	for _, p := range x.Problems {
		v.Add("problems", string(p))
	}
	v.Set("urgency", string(casefile.AidNormal))
	set(v, "urgency", string(x.Urgency))
	set(v, "story", x.Story)
	set(v, "prior_help", x.PriorHelp)
	if x.Income != nil {
		v.Set("income", strings.ReplaceAll(policy.Satang(*x.Income).Baht(), ",", ""))
	}
	tick(v, "debt", x.Debt)
	tick(v, "violence", x.Violence)
	tick(v, "suicide", x.Suicide)
	return v
}

func readNeed(v url.Values) (casefile.AidNeed, []FieldProblem) {
	n := casefile.AidNeed{
		Urgency: casefile.AidUrgency(v.Get("urgency")), Wanted: v["wanted"], Story: trimmed(v, "story"), PriorHelp: trimmed(v, "prior_help"),
		Debt: yes(v, "debt"), Violence: yes(v, "violence"), Suicide: yes(v, "suicide"),
	}
	for _, p := range v["problems"] {
		n.Problems = append(n.Problems, casefile.Problem(p))
	}
	text := strings.ReplaceAll(trimmed(v, "income"), ",", "")
	if text == "" {
		return n, nil
	}
	baht, err := strconv.ParseFloat(text, 64)
	if err != nil || !(baht >= 0 && baht < 1e9) {
		return n, []FieldProblem{{Field: "need.income", Detail: "เขียนเป็นตัวเลข เช่น 3000", DetailEn: "write a number, such as 3000"}}
	}
	satang := int64(baht*100 + .5)
	n.Income = &satang
	return n, nil
}

func consentValues(list []casefile.AidConsent) url.Values {
	v := url.Values{}
	for _, c := range list {
		if c.Given {
			v.Add("purposes", string(c.Purpose))
		}
		set(v, "basis", c.Basis)
	}
	return v
}

// readConsents has an answer to every purpose: what was not ticked was refused.
func readConsents(v url.Values) (list []casefile.AidConsent) {
	for _, p := range casefile.ConsentPurposes {
		list = append(list, casefile.AidConsent{Purpose: p, Given: slices.Contains(v["purposes"], string(p)), Basis: v.Get("basis")})
	}
	return list
}

func accountValues(x casefile.AidAccount) url.Values {
	v := url.Values{}
	set(v, "bank", x.Bank)
	set(v, "number", x.Number)
	set(v, "name", x.Name)
	switch {
	case x.Cash:
		v.Set("way", "cash")
	case x.Number != "":
		v.Set("way", "bank")
	}
	return v
}

func readAccount(v url.Values) casefile.AidAccount {
	if v.Get("way") == "cash" {
		return casefile.AidAccount{Cash: true}
	}
	return casefile.AidAccount{Bank: v.Get("bank"), Number: trimmed(v, "number"), Name: trimmed(v, "name")}
}

func logbookValues(x casefile.AidAnswers) url.Values {
	v := url.Values{}
	for name, value := range x.Answers {
		switch value := value.(type) {
		case string:
			v.Set(name, value)
		case bool:
			v.Set(name, strconv.FormatBool(value))
		case float64:
			v.Set(name, strconv.FormatFloat(value, 'f', -1, 64))
		case json.Number:
			v.Set(name, value.String())
		case []any:
			for _, one := range value {
				if text, ok := one.(string); ok {
					v.Add(name, text)
				}
			}
		}
	}
	return v
}

// readLogbook reads answers to a form that is data. A number that is none stays a
// text, and the form says what is wrong with it.
func readLogbook(form casefile.Form, v url.Values) casefile.AidAnswers {
	out := casefile.AidAnswers{Form: form.Code, Version: form.Version, Answers: map[string]any{}}
	for _, x := range form.Fields {
		text := trimmed(v, x.Code)
		if text == "" {
			continue
		}
		switch x.Type {
		case casefile.FieldNumber, casefile.FieldScale:
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				out.Answers[x.Code] = n
				continue
			}
			out.Answers[x.Code] = text
		case casefile.FieldYesNo:
			out.Answers[x.Code] = text == "true"
		case casefile.FieldChoices:
			var all []any
			for _, one := range v[x.Code] {
				all = append(all, one)
			}
			out.Answers[x.Code] = all
		default:
			out.Answers[x.Code] = text
		}
	}
	return out
}
