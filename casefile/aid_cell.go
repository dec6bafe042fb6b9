package casefile

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// AidCellKind is how one thing of a form is written in a cell of a table.
type AidCellKind string

const (
	CellText    AidCellKind = "TEXT"
	CellDate    AidCellKind = "DATE" // of birth, as ParseBirth reads it
	CellYes     AidCellKind = "YES"  // YES or NO
	CellChoice  AidCellKind = "CHOICE"
	CellChoices AidCellKind = "CHOICES" // codes, with a semicolon between them
	CellBaht    AidCellKind = "BAHT"
	CellPin     AidCellKind = "PIN"    // latitude, comma, longitude
	CellAnswer  AidCellKind = "ANSWER" // to a question of the household logbook
)

// AidCell is one thing of the form of an aid request as a cell of a table has it.
type AidCell struct {
	Name string // section.field, members.2.field, logbook.question, consent.purpose
	Kind AidCellKind
	List []string // the codes of a choice; empty: any
	at   func(f *AidForm, add bool) any
}

// aidCellMembers is how many people of a household a row has room for beside the subject.
const aidCellMembers = 8

// aidCells are all but the answers of the logbook, whose form is data.
var aidCells = func() []AidCell {
	codes := func(list ...Problem) (out []string) {
		for _, p := range list {
			out = append(out, string(p))
		}
		return out
	}
	var sexes, relations, urgencies []string
	for _, s := range Sexes {
		sexes = append(sexes, string(s))
	}
	for _, r := range RelationKinds {
		relations = append(relations, string(r))
	}
	for _, u := range AidUrgencies {
		urgencies = append(urgencies, string(u))
	}
	cells := []AidCell{
		{"subject.first_name", CellText, nil, func(f *AidForm, _ bool) any { return &f.Subject.First }},
		{"subject.last_name", CellText, nil, func(f *AidForm, _ bool) any { return &f.Subject.Last }},
		{"subject.number", CellText, nil, func(f *AidForm, _ bool) any { return &f.Subject.Number }},
		{"subject.no_number", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Subject.NoNumber }},
		{"subject.birth_date", CellDate, nil, func(f *AidForm, _ bool) any { return &f.Subject.Birth }},
		{"subject.sex", CellChoice, sexes, func(f *AidForm, _ bool) any { return &f.Subject.Sex }},
		{"subject.nationality", CellText, nil, func(f *AidForm, _ bool) any { return &f.Subject.Nationality }},
		{"subject.phone", CellText, nil, func(f *AidForm, _ bool) any { return &f.Subject.Phone }},
		{"subject.safe_to_call", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Subject.SafeToCall }},
		{"subject.disabled", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Subject.Disabled }},
		{"home.address", CellText, nil, func(f *AidForm, _ bool) any { return &f.Home.Address }},
		{"home.district", CellText, nil, func(f *AidForm, _ bool) any { return &f.Home.District }},
		{"home.province", CellText, nil, func(f *AidForm, _ bool) any { return &f.Home.Province }},
		{"home.pin", CellPin, nil, func(f *AidForm, _ bool) any { return &f.Home.Pin }},
		{"home.tenure", CellChoice, AidTenures, func(f *AidForm, _ bool) any { return &f.Home.Tenure }},
		{"home.house_code", CellText, nil, func(f *AidForm, _ bool) any { return &f.Home.HouseCode }},
		{"need.problems", CellChoices, codes(Problems...), func(f *AidForm, _ bool) any { return &f.Need.Problems }},
		{"need.urgency", CellChoice, urgencies, func(f *AidForm, _ bool) any { return &f.Need.Urgency }},
		{"need.wanted", CellChoices, nil, func(f *AidForm, _ bool) any { return &f.Need.Wanted }},
		{"need.story", CellText, nil, func(f *AidForm, _ bool) any { return &f.Need.Story }},
		{"need.prior_help", CellText, nil, func(f *AidForm, _ bool) any { return &f.Need.PriorHelp }},
		{"need.income", CellBaht, nil, func(f *AidForm, _ bool) any { return &f.Need.Income }},
		{"need.violence", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Need.Violence }},
		{"need.suicide", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Need.Suicide }},
		{"need.debt", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Need.Debt }},
		{"account.cash", CellYes, nil, func(f *AidForm, _ bool) any { return &f.Account.Cash }},
		{"account.bank", CellText, nil, func(f *AidForm, _ bool) any { return &f.Account.Bank }},
		{"account.number", CellText, nil, func(f *AidForm, _ bool) any { return &f.Account.Number }},
		{"account.name", CellText, nil, func(f *AidForm, _ bool) any { return &f.Account.Name }},
	}
	for _, purpose := range ConsentPurposes {
		of := func(f *AidForm, add bool) *AidConsent {
			n := slices.IndexFunc(f.Consents, func(c AidConsent) bool { return c.Purpose == purpose })
			if n < 0 && !add {
				return nil
			}
			if n < 0 {
				n, f.Consents = len(f.Consents), append(f.Consents, AidConsent{Purpose: purpose})
			}
			return &f.Consents[n]
		}
		name := "consent." + strings.ToLower(string(purpose))
		cells = append(cells, AidCell{name, CellYes, nil, func(f *AidForm, add bool) any {
			if c := of(f, add); c != nil {
				return &c.Given
			}
			return nil
		}}, AidCell{name + ".basis", CellChoice, Bases, func(f *AidForm, add bool) any {
			if c := of(f, add); c != nil {
				return &c.Basis
			}
			return nil
		}})
	}
	for n := range aidCellMembers {
		of := func(kind AidCellKind, list []string, name string, field func(*AidMember) any) {
			cells = append(cells, AidCell{"members." + strconv.Itoa(n+1) + "." + name, kind, list, func(f *AidForm, add bool) any {
				for add && len(f.Members) <= n {
					f.Members = append(f.Members, AidMember{})
				}
				if len(f.Members) <= n {
					return nil
				}
				return field(&f.Members[n])
			}})
		}
		of(CellText, nil, "first_name", func(m *AidMember) any { return &m.First })
		of(CellText, nil, "last_name", func(m *AidMember) any { return &m.Last })
		of(CellText, nil, "number", func(m *AidMember) any { return &m.Number })
		of(CellDate, nil, "birth_date", func(m *AidMember) any { return &m.Birth })
		of(CellChoice, sexes, "sex", func(m *AidMember) any { return &m.Sex })
		of(CellChoice, relations, "relation", func(m *AidMember) any { return &m.Relation })
		of(CellChoice, AidSchools, "school", func(m *AidMember) any { return &m.School })
		of(CellYes, nil, "disabled", func(m *AidMember) any { return &m.Disabled })
		of(CellYes, nil, "earns", func(m *AidMember) any { return &m.Earns })
	}
	return cells
}()

// logbookCell begins the name of an answer of the household logbook.
const logbookCell = "logbook."

// AidCellOf finds a cell by its name.
func AidCellOf(name string) (AidCell, bool) {
	if code, ok := strings.CutPrefix(name, logbookCell); ok && code != "" {
		return AidCell{Name: name, Kind: CellAnswer}, true
	}
	i := slices.IndexFunc(aidCells, func(c AidCell) bool { return c.Name == name })
	if i < 0 {
		return AidCell{}, false
	}
	return aidCells[i], true
}

func (c AidCell) wrong(th, en string) error { return &InvalidError{Field: c.Name, Th: th, En: en} }

// Read puts what a cell says, in codes, into the form. The logbook is the form whose questions the answers are to.
func (c AidCell) Read(f *AidForm, text string, logbook Form) error {
	if text == "" {
		return nil
	}
	if c.Kind == CellAnswer {
		return c.readAnswer(f, text, logbook)
	}
	list := []string{text}
	if c.Kind == CellChoices {
		list = nil
		for _, x := range strings.Split(text, ";") {
			if x = strings.TrimSpace(x); x != "" {
				list = append(list, x)
			}
		}
	}
	if len(c.List) > 0 && slices.ContainsFunc(list, func(x string) bool { return !slices.Contains(c.List, x) }) {
		return c.wrong("ไม่ใช่ค่าในรายการ", "not a value of the list")
	}
	if born, ok := readBirth(strings.TrimSpace(thaiDigits.Replace(text))); ok && c.Kind == CellDate {
		text = born.String() // in one era; what is no day is told with the rest of the form
	}
	switch into := c.at(f, true).(type) {
	case *string:
		*into = text
	case *bool:
		if text != "YES" && text != "NO" {
			return c.wrong("ต้องเป็นใช่หรือไม่ใช่", "want yes or no")
		}
		*into = text == "YES"
	case *AidUrgency:
		*into = AidUrgency(text)
	case *[]string:
		*into = list
	case *[]Problem:
		*into = nil
		for _, x := range list {
			*into = append(*into, Problem(x))
		}
	case **int64:
		baht, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil || !(baht >= 0 && baht < 1e9) {
			return c.wrong("ไม่ใช่จำนวนเงินบาท", "not an amount of baht")
		}
		satang := int64(math.Round(baht * 100))
		*into = &satang
	case **Pin:
		lat, lon, _ := strings.Cut(text, ",")
		var pin Pin
		var errLat, errLon error
		pin.Lat, errLat = strconv.ParseFloat(strings.TrimSpace(lat), 64)
		pin.Lon, errLon = strconv.ParseFloat(strings.TrimSpace(lon), 64)
		if errLat != nil || errLon != nil || !pin.Usable() {
			return c.wrong("ไม่ใช่พิกัดในประเทศไทย", "not a place in Thailand")
		}
		*into = &pin
	}
	return nil
}

// readAnswer reads an answer as its question wants it.
func (c AidCell) readAnswer(f *AidForm, text string, logbook Form) error {
	code := strings.TrimPrefix(c.Name, logbookCell)
	i := slices.IndexFunc(logbook.Fields, func(q FormField) bool { return q.Code == code })
	if i < 0 {
		return c.wrong("สมุดพกครอบครัวไม่มีข้อนี้", "the household logbook has no such question")
	}
	var answer any = text
	switch logbook.Fields[i].Type {
	case FieldNumber, FieldScale:
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil {
			return c.wrong("ต้องเป็นตัวเลข", "want a number")
		}
		answer = n
	case FieldYesNo:
		if text != "YES" && text != "NO" {
			return c.wrong("ต้องเป็นใช่หรือไม่ใช่", "want yes or no")
		}
		answer = text == "YES"
	case FieldChoices:
		var list []any
		for _, x := range strings.Split(text, ";") {
			list = append(list, strings.TrimSpace(x))
		}
		answer = list
	}
	if f.Logbook.Answers == nil {
		f.Logbook = AidAnswers{Form: logbook.Code, Version: logbook.Version, Answers: map[string]any{}}
	}
	f.Logbook.Answers[code] = answer
	return nil
}

// Write says what a form has, in codes; empty: nothing.
func (c AidCell) Write(f AidForm) string {
	yes := func(b bool) string {
		if b {
			return "YES"
		}
		return "NO"
	}
	if c.Kind == CellAnswer {
		switch x := f.Logbook.Answers[strings.TrimPrefix(c.Name, logbookCell)].(type) {
		case string:
			return x
		case bool:
			return yes(x)
		case float64:
			return strconv.FormatFloat(x, 'f', -1, 64)
		case []any:
			var list []string
			for _, one := range x {
				if s, ok := one.(string); ok {
					list = append(list, s)
				}
			}
			return strings.Join(list, ";")
		}
		return ""
	}
	switch x := c.at(&f, false).(type) {
	case *string:
		return *x
	case *bool:
		return yes(*x)
	case *AidUrgency:
		return string(*x)
	case *[]string:
		return strings.Join(*x, ";")
	case *[]Problem:
		var list []string
		for _, p := range *x {
			list = append(list, string(p))
		}
		return strings.Join(list, ";")
	case **int64:
		if *x != nil {
			return strconv.FormatFloat(float64(**x)/100, 'f', -1, 64)
		}
	case **Pin:
		if *x != nil {
			return strconv.FormatFloat((*x).Lat, 'f', -1, 64) + "," + strconv.FormatFloat((*x).Lon, 'f', -1, 64)
		}
	}
	return ""
}

// Parts are the parts of a form that say something, as they are saved one by one.
func (f AidForm) Parts() map[AidPart]any {
	parts := map[AidPart]any{PartSubject: f.Subject, PartHome: f.Home, PartLogbook: f.Logbook, PartNeed: f.Need, PartConsent: f.Consents}
	if len(f.Members) > 0 {
		parts[PartMembers] = f.Members
	}
	if f.Account != (AidAccount{}) {
		parts[PartAccount] = f.Account
	}
	return parts
}
