package casefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var logbook = Form{
	Code: "household_logbook", Version: "1", Title: Words{"ก", "a"},
	Fields: []FormField{
		{Code: "house", Type: FieldScale, Dimension: Housing, Label: Words{"ก", "a"}, Required: true, Min: new(1.0), Max: new(4.0), Read: Rights, Write: Rights},
		{Code: "water", Type: FieldScale, Dimension: Housing, Label: Words{"ก", "a"}, Min: new(1.0), Max: new(4.0), Read: Rights, Write: Rights},
		{Code: "income", Type: FieldScale, Dimension: Income, Label: Words{"ก", "a"}, Min: new(1.0), Max: new(4.0), Read: Rights, Write: Rights},
		{Code: "note", Type: FieldText, Label: Words{"ก", "a"}, Read: Rights, Write: Rights},
	},
}

// filledAid is a form that may be sent.
func filledAid() AidForm {
	return AidForm{
		Subject: AidSubject{First: "มะลิ", Last: "ดีงาม", Number: "1234567890121", Birth: "3/5/2530", Sex: "FEMALE", Nationality: "TH", Phone: "0812345678"},
		Home:    AidHome{Address: "12 หมู่ 3", Province: "65", District: "6501", Tenure: "RENT", Pin: &Pin{Lat: 16.8, Lon: 100.2}, HouseCode: "65010012345"},
		Members: []AidMember{{First: "บุญ", Birth: "2560", Relation: "CHILD", School: "IN_SCHOOL"}, {First: "คำ", Birth: "2500", Relation: "PARENT"}},
		Logbook: AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{"house": 2.0}},
		Need:    AidNeed{Problems: []Problem{IncomeLiving}, Urgency: AidNormal, Wanted: []string{"LOW_INCOME"}, Income: new(int64(500000))},
		Consents: []AidConsent{
			{Purpose: ForAid, Given: true, Basis: "CONSENT"}, {Purpose: ForContact},
		},
		Account: AidAccount{Bank: "006", Number: "1234567890", Name: "นางมะลิ ดีงาม"},
	}
}

// saidOf are the fields that an error names.
func saidOf(t interface{ Fatalf(string, ...any) }, err error) []string {
	var out []string
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		joined = one{err}
	}
	for _, e := range joined.Unwrap() {
		var invalid *InvalidError
		if !errors.As(e, &invalid) || invalid.Field == "" || invalid.Th == "" || invalid.En == "" {
			t.Fatalf("%v does not say what is wrong in both languages", e)
		}
		out = append(out, invalid.Field)
	}
	return out
}

type one struct{ err error }

func (o one) Unwrap() []error { return []error{o.err} }

func TestAFormThatMayBeSent(t *testing.T) {
	if err := CheckAidForm(filledAid(), today, logbook); err != nil {
		t.Error(err)
	}
	f := filledAid()
	f.Subject.Number, f.Subject.NoNumber, f.Account = "", true, AidAccount{Cash: true}
	if err := CheckAidForm(f, today, logbook); err != nil {
		t.Errorf("without a number and an account: %v", err)
	}
}

func TestEveryMistakeOfAnAidFormIsFoundWithItsField(t *testing.T) {
	for _, tt := range []struct {
		field, name string
		change      func(*AidForm)
	}{
		{"subject.first_name", "no name", func(f *AidForm) { f.Subject.First = " " }},
		{"subject.last_name", "a name of digits", func(f *AidForm) { f.Subject.Last = "123" }},
		{"subject.number", "a wrong check digit", func(f *AidForm) { f.Subject.Number = "1234567890120" }},
		{"subject.number", "forgotten", func(f *AidForm) { f.Subject.Number = "" }},
		{"subject.no_number", "both", func(f *AidForm) { f.Subject.NoNumber = true }},
		{"subject.birth_date", "a day that is none", func(f *AidForm) { f.Subject.Birth = "31/4/2560" }},
		{"subject.birth_date", "tomorrow", func(f *AidForm) { f.Subject.Birth = "2026-05-02" }},
		{"subject.sex", "no sex", func(f *AidForm) { f.Subject.Sex = "girl" }},
		{"subject.nationality", "in words", func(f *AidForm) { f.Subject.Nationality = "Thai" }},
		{"subject.phone", "a book", func(f *AidForm) { f.Subject.Phone = strings.Repeat("1", 41) }},
		{"home.address", "too long", func(f *AidForm) { f.Home.Address = strings.Repeat("ก", 501) }},
		{"home.province", "in words", func(f *AidForm) { f.Home.Province = "ตาก" }},
		{"home.district", "another province's", func(f *AidForm) { f.Home.District = "1001" }},
		{"home.district", "none", func(f *AidForm) { f.Home.District = "" }},
		{"home.pin", "in the sea", func(f *AidForm) { f.Home.Pin = &Pin{} }},
		{"home.tenure", "a castle", func(f *AidForm) { f.Home.Tenure = "CASTLE" }},
		{"home.tenure", "not said", func(f *AidForm) { f.Home.Tenure = "" }},
		{"home.house_code", "too short", func(f *AidForm) { f.Home.HouseCode = "123" }},
		{"members", "a crowd", func(f *AidForm) { f.Members = make([]AidMember, 61) }},
		{"members[0].first_name", "nobody", func(f *AidForm) { f.Members[0].First = "" }},
		{"members[0].number", "a wrong number", func(f *AidForm) { f.Members[0].Number = "1" }},
		{"members[0].number", "the subject's own", func(f *AidForm) { f.Members[0].Number = "1-2345-67890-12-1" }},
		{"members[0].relation", "none", func(f *AidForm) { f.Members[0].Relation = "" }},
		{"members[0].relation", "a friend", func(f *AidForm) { f.Members[0].Relation = "FRIEND" }},
		{"members[1].relation", "two spouses", func(f *AidForm) { f.Members[0].Relation, f.Members[1].Relation = "SPOUSE", "SPOUSE" }},
		{"members[0].school", "no state", func(f *AidForm) { f.Members[0].School = "SOMETIMES" }},
		{"members[0].birth_date", "a child older than the parent", func(f *AidForm) { f.Members[0].Birth = "2520" }},
		{"members[1].birth_date", "a parent younger than the child", func(f *AidForm) { f.Members[1].Birth = "2540" }},
		{"logbook", "not answered", func(f *AidForm) { f.Logbook = AidAnswers{} }},
		{"logbook.version", "another version", func(f *AidForm) { f.Logbook.Version = "0" }},
		{"logbook.answers.house", "left out", func(f *AidForm) { f.Logbook.Answers = map[string]any{"water": 1.0} }},
		{"logbook.answers.house", "off the scale", func(f *AidForm) { f.Logbook.Answers["house"] = 5.0 }},
		{"logbook.answers", "a question that is not there", func(f *AidForm) { f.Logbook.Answers["x"] = 1.0 }},
		{"need.problems[0]", "no problem", func(f *AidForm) { f.Need.Problems[0] = "RAIN" }},
		{"need.problems[1]", "twice", func(f *AidForm) { f.Need.Problems = []Problem{Elderly, Elderly} }},
		{"need.problems", "none", func(f *AidForm) { f.Need.Problems = nil }},
		{"need.wanted[0]", "no code", func(f *AidForm) { f.Need.Wanted[0] = "money" }},
		{"need.wanted", "everything", func(f *AidForm) { f.Need.Wanted = slices.Repeat([]string{"A"}, 11) }},
		{"need", "nothing wanted", func(f *AidForm) { f.Need.Wanted = nil }},
		{"need.urgency", "not said", func(f *AidForm) { f.Need.Urgency = "" }},
		{"need.story", "a book", func(f *AidForm) { f.Need.Story = strings.Repeat("ก", 4001) }},
		{"need.income", "below nothing", func(f *AidForm) { f.Need.Income = new(int64(-1)) }},
		{"consents[0].basis", "given on no ground", func(f *AidForm) { f.Consents[0].Basis = "" }},
		{"consents[0].basis", "on hearsay", func(f *AidForm) { f.Consents[0].Basis = "HEARSAY" }},
		{"consents[1].purpose", "twice", func(f *AidForm) { f.Consents[1].Purpose = ForAid }},
		{"consents", "refused", func(f *AidForm) { f.Consents[0].Given = false }},
		{"account.bank", "in words", func(f *AidForm) { f.Account.Bank = "KTB" }},
		{"account.number", "nine digits", func(f *AidForm) { f.Account.Number = "123456789" }},
		{"account.number", "with dashes", func(f *AidForm) { f.Account.Number = "123-4-56789-0" }},
		{"account.name", "whose", func(f *AidForm) { f.Account.Name = "" }},
		{"account.cash", "both", func(f *AidForm) { f.Account.Cash = true }},
		{"photos", "an album", func(f *AidForm) { f.Photos = make([]string, 31) }},
	} {
		t.Run(tt.field+" "+tt.name, func(t *testing.T) {
			f := filledAid()
			tt.change(&f)
			if said := saidOf(t, CheckAidForm(f, today, logbook)); !slices.Contains(said, tt.field) {
				t.Errorf("said: %v", said)
			}
		})
	}
	if said := saidOf(t, CheckAidForm(AidForm{}, today, logbook)); len(said) < 10 {
		t.Errorf("an empty form lacks only %v", said)
	}
}

func TestAPartOfADraftMayBeHalfDone(t *testing.T) {
	for _, tt := range []struct{ part, doc, want string }{
		{"subject", `{"first_name":"มะลิ"}`, ""},
		{"subject", `{}`, ""},
		{"subject", `{"first_name":"มะลิ","number":"12"}`, "subject.number"},
		{"subject", `{"first_name":"มะลิ","nickname":"ลิ"}`, "subject"},
		{"subject", `{"first_name":12}`, "subject.first_name"},
		{"subject", `{"first_name":"มะลิ"} {}`, "subject"},
		{"subject", `null`, "subject"},
		{"subject", `[`, "subject"},
		{"subject", ``, "subject"},
		{"home", `{"address":"1","province":"65"}`, ""},
		{"home", `{"address":"1","province":"65","district":"1001"}`, "home.district"},
		{"members", `[]`, ""},
		{"members", `[{"first_name":"บุญ"}]`, ""},
		{"members", `[{"first_name":"บุญ","relation":"KING"}]`, "members[0].relation"},
		{"members", `{}`, "members"},
		{"logbook", `{"form":"household_logbook","version":"1","answers":{}}`, ""},
		{"logbook", `{"form":"household_logbook","version":"1","answers":{"house":"good"}}`, "logbook.answers.house"},
		{"need", `{"problems":[],"wanted":[],"income":0}`, ""},
		{"need", `{"problems":["RAIN"]}`, "need.problems[0]"},
		{"consents", `[{"purpose":"AID","given":true}]`, "consents[0].basis"},
		{"account", `{"bank":"006"}`, ""},
		{"account", `{"cash":true,"bank":"006"}`, "account.cash"},
		{"photos", `[]`, "part"},
	} {
		err := CheckAidPart(AidPart(tt.part), []byte(tt.doc), today, logbook)
		said := saidOf(t, err)
		if tt.want == "" && err != nil || tt.want != "" && !slices.Equal(said, []string{tt.want}) {
			t.Errorf("%s %s: %v, want %q", tt.part, tt.doc, said, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "มะลิ") || strings.Contains(err.Error(), "nickname")) {
			t.Errorf("an error tells what was written: %v", err)
		}
	}
}

// Each part is read as it was written, and leaves the others alone.
func TestPartsMakeTheForm(t *testing.T) {
	want := filledAid()
	raw, err := json.Marshal(want)
	var parts map[string]json.RawMessage
	if err != nil || json.Unmarshal(raw, &parts) != nil {
		t.Fatal(err)
	}
	var got AidForm
	for _, part := range AidParts {
		if err := got.SetPart(part, parts[string(part)]); err != nil {
			t.Errorf("%s: %v", part, err)
		}
	}
	if a, b := string(raw), asJSON(t, got); a != b {
		t.Errorf("\n%s\n%s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Whatever a phone sends: no panic, and every mistake has a field and words.
func TestAnyPartIsTakenOrRefusedWithWords(t *testing.T) {
	docs := []string{`{}`, `[]`, `{"first_name":"\u0000","birth_date":"9/9/9999"}`, `[{"birth_date":"2400"}]`, `{"answers":{"house":1e400}}`, `{"answers":{"house":[]}}`, `{"pin":{"lat":1e300}}`, `{"income":-9}`, `[null]`, `{"answers":null,"form":"household_logbook"}`}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom(append(slices.Clone(AidParts), "x")).Draw(t, "part")
		doc := []byte(rapid.OneOf(rapid.SampledFrom(docs), rapid.String()).Draw(t, "doc"))
		saidOf(t, CheckAidPart(part, doc, today, logbook))
		var f AidForm
		if f.SetPart(part, doc) == nil {
			saidOf(t, CheckAidForm(f, today, logbook))
		}
	})
}

func TestTheLogbookScoresEachDimension(t *testing.T) {
	got := logbook.Dimensions(Filled{"house": 1.0, "water": 4.0, "note": "x", "income": 9.0})
	want := []DimensionScore{{Housing, 50, 2, 2}, {Income, 0, 0, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := (Form{Fields: logbook.Fields[3:]}).Dimensions(Filled{}); len(got) != 0 {
		t.Errorf("a form without dimensions has %+v", got)
	}
}

func TestWhatChangedSinceTheLastVisit(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after Filled
		want          string
	}{
		{"better", Filled{"house": 1.0, "income": 2.0}, Filled{"house": 4.0, "income": 2.0}, "HOUSING 0→100 +100 [house] []; INCOME 33→33 +0 [] []"},
		{"one up, one down", Filled{"house": 2.0, "water": 4.0}, Filled{"house": 3.0, "water": 3.0}, "HOUSING 67→67 +0 [house] [water]; INCOME -→- +0 [] []"},
		{"another question is no progress", Filled{"house": 1.0}, Filled{"house": 1.0, "water": 4.0}, "HOUSING 0→50 +0 [] []; INCOME -→- +0 [] []"},
		{"not answered before", Filled{}, Filled{"income": 4.0}, "HOUSING -→- +0 [] []; INCOME -→100 +0 [] []"},
		{"worse", Filled{"income": 4.0}, Filled{"income": 1.0}, "HOUSING -→- +0 [] []; INCOME 100→0 -100 [] [income]"},
		{"nonsense", Filled{"income": "4", "house": nil}, Filled{"income": 0.0}, "HOUSING -→- +0 [] []; INCOME -→- +0 [] []"},
	} {
		var said []string
		for _, c := range LogbookChange(logbook, tt.before, tt.after) {
			said = append(said, fmt.Sprintf("%s %s→%s %+d %v %v", c.Dimension, score(c.Before), score(c.After), c.By, c.Better, c.Worse))
		}
		if got := strings.Join(said, "; "); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
	before := Filled{"house": 1.0}
	kept := maps.Clone(before)
	LogbookChange(logbook, before, before)
	if !maps.Equal(before, kept) {
		t.Error("the answers were changed")
	}
}

func score(v *int) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

func TestStepsAndDimensionsAreChecked(t *testing.T) {
	steps := []Words{{"ก", "a"}, {"ข", "b"}}
	for _, tt := range []struct {
		name  string
		field FormField
		want  string
	}{
		{"whole", FormField{Type: FieldScale, Dimension: Health, Min: new(1.0), Max: new(2.0), Steps: steps}, ""},
		{"a dimension that is none", FormField{Type: FieldScale, Dimension: "LUCK", Min: new(1.0), Max: new(2.0)}, "unknown dimension"},
		{"a dimension of a text", FormField{Type: FieldText, Dimension: Health}, "only a scale"},
		{"a step too few", FormField{Type: FieldScale, Min: new(1.0), Max: new(3.0), Steps: steps}, "one for each"},
		{"steps of a text", FormField{Type: FieldText, Steps: steps}, "steps are for a scale"},
		{"steps in one language", FormField{Type: FieldScale, Min: new(1.0), Max: new(2.0), Steps: []Words{{"ก", "a"}, {Th: "ข"}}}, "in th and in en"},
	} {
		x := tt.field
		x.Code, x.Label, x.Read, x.Write = "x", Words{"ก", "a"}, Rights, Rights
		var said []string
		Form{Code: "f", Version: "1", Title: Words{"ก", "a"}, Fields: []FormField{x}}.Check(func(_ []any, text string) { said = append(said, text) })
		if got := strings.Join(said, "; "); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
