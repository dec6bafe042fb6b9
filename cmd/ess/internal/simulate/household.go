package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Names of invented people: flowers, and families of none but ours.
var (
	womensNames = []string{"มะลิ", "บัว", "กุหลาบ", "จำปา", "แก้ว", "พิกุล", "ลำดวน", "ชบา", "สารภี", "บุหงา", "ราตรี", "ทานตะวัน", "กระดังงา", "การะเกด", "เฟื่องฟ้า", "อัญชัน"}
	mensNames   = []string{"สมุทร", "ภูผา", "ตะวัน", "ดิน", "น้ำ", "เมฆ", "ขุนเขา", "ลม", "ไพร", "ธาร", "หิน", "สิงขร", "พนา", "เหมันต์", "คิมหันต์", "วสันต์"}
	familyHeads = []string{"ใจ", "ดี", "งาม", "สุข", "ทอง", "แสง", "ศรี", "บุญ", "มั่น", "เย็น", "ผล", "รุ่ง"}
	familyTails = []string{"สมมติ", "จำลอง", "ทดสอบ", "ตัวอย่าง"}
)

func anyOf[T any](luck *rand.Rand, list []T) T { return list[luck.IntN(len(list))] }

// number is one that nobody has: none that begins with a nine is issued.
func number(n int) string {
	s := fmt.Sprintf("9%011d", n)
	sum := 0
	for i := range 12 {
		sum += int(s[i]-'0') * (13 - i)
	}
	return s + strconv.Itoa((11-sum%11)%10)
}

// Household invents the nth household of a seed, in a district, with an answer to every question of the logbook. What
// it asks for is of the catalogue.
func Household(seed uint64, n int, d policy.District, logbook casefile.Form, kinds []policy.AidGrantKind, year int) casefile.AidForm {
	luck := rand.New(rand.NewPCG(seed, 0xa1d<<32|uint64(n))) // #nosec -- invented people, not a secret
	family := anyOf(luck, familyHeads) + anyOf(luck, familyHeads) + anyOf(luck, familyTails)
	person := func(from, to int) (first, sex, born string) {
		first, sex = anyOf(luck, womensNames), string(casefile.SexFemale)
		if luck.IntN(2) == 0 {
			first, sex = anyOf(luck, mensNames), string(casefile.SexMale)
		}
		return first, sex, fmt.Sprintf("%04d-%02d-%02d", year-from-luck.IntN(to-from), 1+luck.IntN(12), 1+luck.IntN(28))
	}
	f := casefile.AidForm{}
	s := &f.Subject
	s.First, s.Sex, s.Birth = person(22, 80)
	s.Last, s.Nationality = family, "TH"
	s.Number = number(int(seed%1000)*100_000_000 + n*10)
	if luck.Float64() < 0.08 {
		s.Number, s.NoNumber = "", true
	}
	s.Disabled = luck.Float64() < 0.15
	f.Home = casefile.AidHome{
		Address: fmt.Sprintf("%d หมู่ %d (สมมติ)", 1000+n, 1+luck.IntN(12)), District: d.Code, Province: d.Code[:2], Tenure: anyOf(luck, casefile.AidTenures[:4]),
	}
	if luck.Float64() < 0.6 {
		f.Home.Pin = &casefile.Pin{Lat: d.Lat + (luck.Float64()-0.5)*0.05, Lon: d.Lon + (luck.Float64()-0.5)*0.05}
	}
	for i := range luck.IntN(4) {
		m := casefile.AidMember{Last: family, Number: number(int(seed%1000)*100_000_000 + n*10 + i + 1), Relation: string(casefile.RelChild), School: "IN_SCHOOL"}
		m.First, m.Sex, m.Birth = person(7, 17)
		if luck.Float64() < 0.2 {
			m.School = "AT_RISK"
		}
		f.Members = append(f.Members, m)
	}
	if luck.Float64() < 0.3 {
		m := casefile.AidMember{Last: family, Number: number(int(seed%1000)*100_000_000 + n*10 + 9), Relation: string(casefile.RelParent)}
		m.First, m.Sex, m.Birth = person(81, 95)
		f.Members = append(f.Members, m)
	}
	f.Logbook = casefile.AidAnswers{Form: logbook.Code, Version: logbook.Version, Answers: Answers(luck, logbook)}
	income := int64(luck.IntN(9)) * 1000 * 100
	f.Need = casefile.AidNeed{
		Problems: []casefile.Problem{casefile.IncomeLiving}, Urgency: casefile.AidNormal, Wanted: []string{wanted(luck, f, kinds)}, Income: &income,
		Story: "ครอบครัวสมมติ รายได้ไม่พอใช้จ่าย", Debt: luck.Float64() < 0.4,
	}
	f.Consents = []casefile.AidConsent{{Purpose: casefile.ForAid, Given: true, Basis: "CONSENT"}, {Purpose: casefile.ForContact, Given: luck.Float64() < 0.8, Basis: "CONSENT"}}
	f.Account = casefile.AidAccount{Bank: "006", Number: fmt.Sprintf("%010d", 1_000_000+n), Name: s.First + " " + s.Last}
	if luck.Float64() < 0.1 {
		f.Account = casefile.AidAccount{Cash: true}
	}
	return f
}

// wanted is what such a household would ask for.
func wanted(luck *rand.Rand, f casefile.AidForm, kinds []policy.AidGrantKind) string {
	likely := []string{"LOW_INCOME", "LOW_INCOME", "EMERGENCY"}
	if len(f.Members) > 0 {
		likely = append(likely, "POOR_CHILD", "POOR_CHILD")
	}
	if f.Subject.Disabled {
		likely = append(likely, "DISABLED", "DISABLED")
	}
	code := anyOf(luck, likely)
	for _, k := range kinds {
		if k.Code == code {
			return code
		}
	}
	return kinds[luck.IntN(len(kinds))].Code
}

// Answers answers every question of a form.
func Answers(luck *rand.Rand, form casefile.Form) map[string]any {
	out := map[string]any{}
	for _, q := range form.Fields {
		least, most := 0.0, 4.0
		if q.Min != nil {
			least = *q.Min
		}
		if q.Max != nil {
			most = min(*q.Max, least+4)
		}
		switch q.Type {
		case casefile.FieldScale, casefile.FieldNumber:
			out[q.Code] = least + float64(luck.IntN(int(most-least)+1))
		case casefile.FieldYesNo:
			out[q.Code] = luck.IntN(2) == 0
		case casefile.FieldChoice:
			out[q.Code] = anyOf(luck, form.Lists[q.List]).Code
		case casefile.FieldChoices:
			out[q.Code] = []any{anyOf(luck, form.Lists[q.List]).Code}
		}
	}
	return out
}
