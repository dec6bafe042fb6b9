package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ess-thailand/ess/casefile"
)

// aDay is a Monday in the budget year 2569.
var aDay = time.Date(2026, 3, 2, 9, 0, 0, 0, Bangkok)

func baht(n int64) *int64 { n *= 100; return &n }

// plain is a household of whom every rule that a form can meet is met.
func plain() AidFacts {
	return AidFacts{
		Subject: AidPerson{Age: AidAge{70, 70}, Sex: casefile.SexFemale, Disabled: true}, Members: []AidPerson{{Age: AidAge{9, 9}}},
		Income: baht(2000), Tenure: "OWN", Province: "65", Problems: []casefile.Problem{casefile.IncomeLiving}, Urgency: casefile.AidNormal,
	}
}

// vouched are confirmations of everything.
func vouched(p *Policy, at time.Time) []AidConfirmed {
	var out []AidConfirmed
	for _, r := range p.AidRows(at) {
		out = append(out, AidConfirmed{Code: r.Code, Digest: r.Digest, Name: "ผู้ตรวจ", At: at})
	}
	return out
}

func kindOf(found []casefile.AidFinding, code, rule string) (casefile.AidFinding, bool) {
	i := slices.IndexFunc(found, func(f casefile.AidFinding) bool { return f.Code == code && f.Rule == rule })
	if i < 0 {
		return casefile.AidFinding{}, false
	}
	return found[i], true
}

func TestEachRuleIsMetNotMetOrUnknown(t *testing.T) {
	const yes, no, unknown = casefile.FoundEligible, casefile.FoundNotEligible, casefile.FoundUnknown
	with := func(change func(*AidFacts)) AidFacts {
		f := plain()
		change(&f)
		return f
	}
	ago := func(days int, code string) []AidGranted {
		return []AidGranted{{Aid: "a", Item: 1, Code: code, Satang: 100, At: aDay.AddDate(0, 0, -days)}}
	}
	for _, tt := range []struct {
		rule, name string
		facts      AidFacts
		granted    []AidGranted
		want       casefile.AidFindingKind
	}{
		{"LOW_INCOME_LINE", "below the line for two", with(func(f *AidFacts) { f.Income = baht(5999) }), nil, yes},
		{"LOW_INCOME_LINE", "on the line", with(func(f *AidFacts) { f.Income = baht(6000) }), nil, no},
		{"LOW_INCOME_LINE", "the same money for one", with(func(f *AidFacts) { f.Income, f.Members = baht(3000), nil }), nil, no},
		{"LOW_INCOME_LINE", "no income at all", with(func(f *AidFacts) { f.Income = baht(0) }), nil, yes},
		{"LOW_INCOME_LINE", "nobody said", with(func(f *AidFacts) { f.Income = nil }), nil, unknown},
		{"CHILD_AT_HOME", "a child", plain(), nil, yes},
		{"CHILD_AT_HOME", "eighteen today", with(func(f *AidFacts) { f.Members[0].Age = AidAge{18, 18} }), nil, no},
		{"CHILD_AT_HOME", "by the year alone", with(func(f *AidFacts) { f.Members[0].Age = AidAge{17, 18} }), nil, unknown},
		{"CHILD_AT_HOME", "a birth that nobody knows", with(func(f *AidFacts) { f.Members[0].Age = AnyAge }), nil, unknown},
		{"CHILD_AT_HOME", "one who is known settles it", with(func(f *AidFacts) { f.Members = append(f.Members, AidPerson{Age: AnyAge}) }), nil, yes},
		{"CHILD_AT_HOME", "the subject is the child", with(func(f *AidFacts) { f.Subject.Age, f.Members = AidAge{3, 3}, nil }), nil, yes},
		{"SUBJECT_ELDERLY", "sixty", with(func(f *AidFacts) { f.Subject.Age = AidAge{60, 60} }), nil, yes},
		{"SUBJECT_ELDERLY", "fifty-nine", with(func(f *AidFacts) { f.Subject.Age = AidAge{59, 59} }), nil, no},
		{"SUBJECT_ELDERLY", "by the year alone", with(func(f *AidFacts) { f.Subject.Age = AidAge{59, 60} }), nil, unknown},
		{"ELDERLY_AT_HOME", "somebody else is", with(func(f *AidFacts) { f.Subject.Age, f.Members[0].Age = AidAge{30, 30}, AidAge{61, 61} }), nil, yes},
		{"ELDERLY_AT_HOME", "nobody is", with(func(f *AidFacts) { f.Subject.Age = AidAge{30, 30} }), nil, no},
		{"SUBJECT_DISABLED", "is", plain(), nil, yes},
		{"SUBJECT_DISABLED", "somebody else is", with(func(f *AidFacts) { f.Subject.Disabled, f.Members[0].Disabled = false, true }), nil, no},
		{"DISABLED_AT_HOME", "somebody else is", with(func(f *AidFacts) { f.Subject.Disabled, f.Members[0].Disabled = false, true }), nil, yes},
		{"DISABLED_AT_HOME", "nobody is", with(func(f *AidFacts) { f.Subject.Disabled = false }), nil, no},
		{"SUBJECT_FEMALE", "a woman", plain(), nil, yes},
		{"SUBJECT_FEMALE", "a man", with(func(f *AidFacts) { f.Subject.Sex = casefile.SexMale }), nil, no},
		{"SUBJECT_FEMALE", "not said", with(func(f *AidFacts) { f.Subject.Sex = casefile.SexUnknown }), nil, unknown},
		{"HOME_OWNED", "owns it", plain(), nil, yes},
		{"HOME_OWNED", "rents it: the owner is asked", with(func(f *AidFacts) { f.Tenure = "RENT" }), nil, unknown},
		{"HOME_OWNED", "has none", with(func(f *AidFacts) { f.Tenure = "NONE" }), nil, no},
		{"HOME_OWNED", "not said", with(func(f *AidFacts) { f.Tenure = "" }), nil, unknown},
		{"HARDSHIP", "one of them", plain(), nil, yes},
		{"HARDSHIP", "another one", with(func(f *AidFacts) { f.Problems = []casefile.Problem{casefile.SocialPhenomenon} }), nil, no},
		{"HARDSHIP", "not said", with(func(f *AidFacts) { f.Problems = nil }), nil, unknown},
		{"HOME_NOT_BEFORE", "never", plain(), nil, yes},
		{"HOME_NOT_BEFORE", "two years ago", plain(), ago(730, "HOME_REPAIR"), no},
		{"HOME_NOT_BEFORE", "on the last day", plain(), ago(1095, "HOME_REPAIR"), yes},
		{"HOME_NOT_BEFORE", "something else", plain(), ago(1, "LOW_INCOME"), yes},
		{"TRAINING_PAPER", "a form cannot say it", plain(), nil, unknown},
	} {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			rule, ok := DefaultAid().Rules[tt.rule]
			if !ok {
				t.Fatal("there is no such rule")
			}
			if got := rule.judge(tt.facts, tt.granted, aDay); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// The results show their reasoning, and say no more than the rules.
func TestEveryRuleIsAReason(t *testing.T) {
	p := Default()
	facts := plain()
	facts.Income = nil
	found := p.JudgeAid(facts, []string{"POOR_CHILD", "LOTTERY", "POOR_CHILD"}, nil, nil, vouched(p, aDay), aDay)
	for _, want := range []casefile.AidFinding{
		{Kind: casefile.FoundUnknown, Code: "POOR_CHILD"},
		{Kind: casefile.FoundEligible, Code: "POOR_CHILD", Rule: "CHILD_AT_HOME"},
		{Kind: casefile.FoundUnknown, Code: "POOR_CHILD", Rule: "LOW_INCOME_LINE", Blocks: true},
		{Kind: casefile.FoundNotEligible, Code: "LOTTERY"},
		{Kind: casefile.FoundNotEligible, Code: "LOTTERY", Rule: "IN_FORCE", Blocks: true},
	} {
		if got, _ := kindOf(found, want.Code, want.Rule); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if len(found) != 5 {
		t.Errorf("%d findings: %+v", len(found), found)
	}
	// What is wanted and not in the plan does not stand in its way.
	found = p.JudgeAid(facts, []string{"POOR_CHILD"}, []casefile.AidItem{{Code: "DISABLED", Satang: 100000}}, nil, vouched(p, aDay), aDay)
	if f, _ := kindOf(found, "POOR_CHILD", "LOW_INCOME_LINE"); f.Blocks {
		t.Errorf("blocks, and is not planned: %+v", f)
	}
}

func TestAmountsAndLimits(t *testing.T) {
	p := Default()
	item := func(code string, n int64, quantity int) casefile.AidItem {
		k, _ := p.AidKind(code, aDay)
		return casefile.AidItem{Code: code, Goods: k.Goods, Satang: n * 100, Quantity: quantity}
	}
	before := func(n int, code string, satang int64, at time.Time) []AidGranted {
		var out []AidGranted
		for i := range n {
			out = append(out, AidGranted{Aid: casefile.AidID(fmt.Sprint(i)), Item: 1, Code: code, Satang: satang, At: at})
		}
		return out
	}
	money := item("LOW_INCOME", 3000, 1)
	money.Goods = true
	for _, tt := range []struct {
		name    string
		items   []casefile.AidItem
		granted []AidGranted
		code    string
		rule    string // that blocks; empty: none
		left    int64
	}{
		{"all of it", []casefile.AidItem{item("LOW_INCOME", 3000, 1)}, nil, "LOW_INCOME", "", 0},
		{"a satang more", []casefile.AidItem{{Code: "LOW_INCOME", Satang: 300001}}, nil, "LOW_INCOME", "LOW_INCOME_AT_A_TIME", 300000},
		{"in two pieces", []casefile.AidItem{item("LOW_INCOME", 2000, 1), item("LOW_INCOME", 1001, 1)}, nil, "LOW_INCOME", "LOW_INCOME_AT_A_TIME", 300000},
		{"a family is one, whatever the quantity", []casefile.AidItem{item("LOW_INCOME", 6000, 2)}, nil, "LOW_INCOME", "AMOUNT_MOST", 300000},
		{"a third time", []casefile.AidItem{item("LOW_INCOME", 3000, 1)}, before(2, "LOW_INCOME", 300000, aDay.AddDate(0, -1, 0)), "LOW_INCOME", "", 0},
		{"a fourth time", []casefile.AidItem{item("LOW_INCOME", 1, 1)}, before(3, "LOW_INCOME", 300000, aDay.AddDate(0, -1, 0)), "LOW_INCOME", "LOW_INCOME_A_YEAR", 0},
		{"three times in another budget year", []casefile.AidItem{item("LOW_INCOME", 3000, 1)}, before(3, "LOW_INCOME", 300000, time.Date(2025, 9, 30, 23, 59, 59, 0, Bangkok)), "LOW_INCOME", "", 0},
		{"three times since its first instant", []casefile.AidItem{item("LOW_INCOME", 3000, 1)}, before(3, "LOW_INCOME", 300000, time.Date(2025, 10, 1, 0, 0, 0, 0, Bangkok)), "LOW_INCOME", "LOW_INCOME_A_YEAR", 0},
		{"two items of one request are one time", []casefile.AidItem{item("LOW_INCOME", 3000, 1)}, append(before(2, "LOW_INCOME", 100, aDay), AidGranted{Aid: "0", Item: 2, Code: "LOW_INCOME", Satang: 100, At: aDay}), "LOW_INCOME", "", 0},
		{"rows count together", []casefile.AidItem{item("HOME_REPAIR", 20000, 1)}, before(1, "HOME_ELDERLY", 3000000, aDay.AddDate(0, -1, 0)), "HOME_REPAIR", "HOUSE_AT_A_TIME", 1000000},
		{"a row without a limit, in two pieces", []casefile.AidItem{item("TEMP_HOUSING", 18000, 1), item("TEMP_HOUSING", 1, 1)}, nil, "TEMP_HOUSING", "AMOUNT_MOST", 1800000},
		{"less than the least", []casefile.AidItem{item("POOR_CHILD", 999, 1)}, nil, "POOR_CHILD", "AMOUNT_LEAST", 0},
		{"four months of foster care", []casefile.AidItem{item("FOSTER", 16000, 4)}, nil, "FOSTER", "", 0},
		{"more than four months", []casefile.AidItem{item("FOSTER", 16001, 4)}, nil, "FOSTER", "AMOUNT_MOST", 1600000},
		{"two people who live there", []casefile.AidItem{item("ELDERLY_CARE", 6000, 2)}, nil, "ELDERLY_CARE", "", 0},
		{"three where two live", []casefile.AidItem{item("ELDERLY_CARE", 9000, 3)}, nil, "ELDERLY_CARE", "AMOUNT_MOST", 600000},
		{"in two items, three where two live", []casefile.AidItem{item("ELDERLY_CARE", 6000, 2), item("ELDERLY_CARE", 3000, 1)}, nil, "ELDERLY_CARE", "AMOUNT_MOST", 600000},
		{"a year and a month", []casefile.AidItem{item("FOSTER", 24000, 12), item("FOSTER", 24001, 1)}, nil, "FOSTER", "AMOUNT_MOST", 4800000},
		{"by case", []casefile.AidItem{item("CHILD_FUND", 90000, 1)}, nil, "CHILD_FUND", "", 0},
		{"by case, and more than anybody has", []casefile.AidItem{item("CHILD_FUND", 10000001, 1)}, nil, "CHILD_FUND", "AMOUNT_MOST", 1000000000},
		{"money as goods", []casefile.AidItem{money}, nil, "LOW_INCOME", "MONEY_OR_GOODS", 0},
		{"dropped, and too much", []casefile.AidItem{{Code: "LOW_INCOME", Satang: 9e9, State: casefile.ItemDropped}, item("LOW_INCOME", 3000, 1)}, nil, "LOW_INCOME", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := p.JudgeAid(plain(), nil, tt.items, tt.granted, vouched(p, aDay), aDay)
			said := map[string]casefile.AidFinding{}
			for _, f := range found {
				if f.Kind == casefile.FoundOverLimit || builtIn(f.Rule) {
					said[f.Rule] = f
				}
			}
			f, ok := said[tt.rule]
			if tt.rule == "" && len(said) > 0 || tt.rule != "" && (!ok || !f.Blocks || f.Code != tt.code || f.Satang != tt.left) {
				t.Errorf("found %+v", said)
			}
		})
	}
	// Before anything is planned, what leaves nothing is said.
	found := p.JudgeAid(plain(), []string{"LOW_INCOME"}, nil, before(3, "LOW_INCOME", 100, aDay), vouched(p, aDay), aDay)
	if f, ok := kindOf(found, "LOW_INCOME", "LOW_INCOME_A_YEAR"); !ok || f.Kind != casefile.FoundOverLimit {
		t.Errorf("found %+v", found)
	}
	// Whoever is refused hears the rule before anything else that stands against the plan.
	found = p.JudgeAid(plain(), nil, []casefile.AidItem{item("LOW_INCOME", 6000, 1)}, nil, nil, aDay)
	first := slices.IndexFunc(found, func(f casefile.AidFinding) bool { return f.Blocks })
	if first < 0 || found[first].Rule != "LOW_INCOME_AT_A_TIME" || found[len(found)-1].Kind != casefile.FoundUnconfirmed {
		t.Errorf("found %+v", found)
	}
	words := p.AidWords(casefile.AidFinding{Kind: casefile.FoundOverLimit, Code: "LOW_INCOME", Rule: "LOW_INCOME_AT_A_TIME", Satang: 120050})
	if !strings.Contains(words.Th, "ครั้งละไม่เกิน 3,000 บาทต่อครอบครัว ช่วยได้อีก 1,200.50 บาท") || !strings.Contains(words.En, "1,200.50 baht are left") {
		t.Errorf("%+v", words)
	}
}

func TestTheBudgetYearBeginsInOctober(t *testing.T) {
	for at, want := range map[string]string{
		"2026-09-30T23:59:59+07:00": "2025-10-01", "2026-10-01T00:00:00+07:00": "2026-10-01", "2026-09-30T17:00:00Z": "2026-10-01",
		"2028-02-29T12:00:00+07:00": "2027-10-01", "2026-12-31T23:59:59+07:00": "2026-10-01", "2027-01-01T00:00:00+07:00": "2026-10-01",
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if got := BudgetYear(instant).Format(time.DateOnly); err != nil || got != want {
			t.Errorf("%s lies in the year from %s, want %s", at, got, want)
		}
	}
	for _, tt := range []struct {
		per  AidPeriod
		want string
	}{{PerBudgetYear, "2027-10-01 00:00"}, {PerCalendarYear, "2028-01-01 00:00"}, {PerDays, "2028-01-30 09:00"}, {PerOccasion, "2028-02-29 09:00"}} {
		got := AidCeiling{Per: tt.per, Days: 30}.since(time.Date(2028, 2, 29, 9, 0, 0, 0, Bangkok)).In(Bangkok).Format("2006-01-02 15:04")
		if got != tt.want {
			t.Errorf("%s since %s, want %s", tt.per, got, tt.want)
		}
	}
}

func TestARowCountsOnItsDaysAlone(t *testing.T) {
	k := AidGrantKind{ValidFrom: Day{time.Date(2026, 3, 1, 0, 0, 0, 0, Bangkok)}, ValidTo: Day{time.Date(2026, 3, 31, 0, 0, 0, 0, Bangkok)}}
	for at, want := range map[time.Time]bool{
		time.Date(2026, 2, 28, 23, 59, 59, 0, Bangkok): false, time.Date(2026, 3, 1, 0, 0, 0, 0, Bangkok): true,
		time.Date(2026, 3, 31, 23, 59, 59, 0, Bangkok): true, time.Date(2026, 4, 1, 0, 0, 0, 0, Bangkok): false,
	} {
		if k.valid(at) != want {
			t.Errorf("on %s: %t", at, !want)
		}
	}
	if _, ok := Default().AidKind("RELIEF_BAG", time.Date(2024, 9, 30, 12, 0, 0, 0, Bangkok)); ok {
		t.Error("a row counts before its first day")
	}
}

// An officer vouches for what they read. Whatever is changed afterwards needs another look.
func TestAChangedRowNeedsANewConfirmation(t *testing.T) {
	p := Default()
	items := []casefile.AidItem{{Code: "LOW_INCOME", Satang: 100000}}
	unconfirmed := func(p *Policy, confirmed []AidConfirmed) bool {
		f, ok := kindOf(p.JudgeAid(plain(), nil, items, nil, confirmed, aDay), "LOW_INCOME", "")
		if !ok || f.Blocks {
			t.Fatalf("%+v", f)
		}
		return slices.ContainsFunc(p.JudgeAid(plain(), nil, items, nil, confirmed, aDay), func(f casefile.AidFinding) bool {
			return f.Kind == casefile.FoundUnconfirmed && f.Code == "LOW_INCOME" && f.Blocks
		})
	}
	confirmed := vouched(p, aDay)
	if !unconfirmed(p, nil) || unconfirmed(p, confirmed) {
		t.Error("a row is paid without a confirmation, or not paid with one")
	}
	nameless := slices.Clone(confirmed)
	for i := range nameless {
		nameless[i].Name = " "
	}
	if !unconfirmed(p, nameless) {
		t.Error("nobody vouches for it")
	}
	raw := string(aidYAML)
	for name, change := range map[string][2]string{
		"its amount":         {"max: 3000\n    unit: FAMILY\n    valid_from: 2023-10-01\n    source: 2567 T88298, T44747", "max: 3500\n    unit: FAMILY\n    valid_from: 2023-10-01\n    source: 2567 T88298, T44747"},
		"a rule's amount":    {"test: INCOME_BELOW\n    amount: 3000", "test: INCOME_BELOW\n    amount: 3500"},
		"a limit":            {"times: 3\n", "times: 4\n"},
		"the words of a row": {"en: Families with a low income, and the destitute", "en: Families with a low income"},
	} {
		text := strings.Replace(raw, change[0], change[1], 1)
		a, err := ParseAid("x.yaml", []byte(text))
		if text == raw || err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		changed := p.WithAid(a)
		if !unconfirmed(changed, confirmed) {
			t.Errorf("%s changed, and the old confirmation counts", name)
		}
		if changed.AidVouched("EMERGENCY", confirmed, aDay) != true {
			t.Errorf("%s: a row that did not change needs another confirmation", name)
		}
	}
	if p.AidVouched(AppealUntil, nil, aDay) || !p.AidVouched(AppealUntil, confirmed, aDay) || p.AidVouched("LOTTERY", confirmed, aDay) {
		t.Error("a legal clock is told without a confirmation")
	}
}

func TestFourEyesAboveAnAmount(t *testing.T) {
	a, err := ParseAid("aid.yaml", []byte(strings.Replace(string(aidYAML), "approvers:\n", `approvers:
  - province: "65"
    tiers: [{above: 0, needed: 3, rights: [SUPERVISOR]}]
  - {kinds: [RELIEF_BAG], province: "65", tiers: [{above: 0, needed: 1, rights: [OPERATOR]}]}
`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	p := Default().WithAid(a)
	item := func(code string, n int64) casefile.AidItem { return casefile.AidItem{Code: code, Satang: n * 100} }
	for _, tt := range []struct {
		name     string
		province string
		items    []casefile.AidItem
		needed   int
		rights   []casefile.Right
	}{
		{"a small one", "50", []casefile.AidItem{item("LOW_INCOME", 5000)}, 1, []casefile.Right{casefile.RightSupervisor}},
		{"a satang above", "50", []casefile.AidItem{{Code: "LOW_INCOME", Satang: 500001}}, 2, []casefile.Right{casefile.RightSupervisor}},
		{"cut in pieces", "50", []casefile.AidItem{item("LOW_INCOME", 3000), item("DISABLED", 2001)}, 2, []casefile.Right{casefile.RightSupervisor}},
		{"a bag", "50", []casefile.AidItem{item("RELIEF_BAG", 700)}, 1, []casefile.Right{casefile.RightOperator, casefile.RightSupervisor}},
		{"a bag beside money", "50", []casefile.AidItem{item("RELIEF_BAG", 700), item("LOW_INCOME", 100)}, 1, []casefile.Right{casefile.RightSupervisor}},
		{"dropped", "50", []casefile.AidItem{item("LOW_INCOME", 3000), {Code: "HOME_REPAIR", Satang: 4e6, State: casefile.ItemDropped}}, 1, []casefile.Right{casefile.RightSupervisor}},
		{"a kind of its own", "50", []casefile.AidItem{item("CHILD_FUND", 1)}, 2, []casefile.Right{casefile.RightSupervisor}},
		{"a province of its own", "65", []casefile.AidItem{item("LOW_INCOME", 1)}, 3, []casefile.Right{casefile.RightSupervisor}},
		{"a kind in a province", "65", []casefile.AidItem{item("RELIEF_BAG", 700)}, 1, []casefile.Right{casefile.RightOperator}},
		{"no right is enough for both", "65", []casefile.AidItem{item("RELIEF_BAG", 700), item("LOW_INCOME", 1)}, 3, []casefile.Right{casefile.RightSupervisor}},
		{"nothing", "50", nil, 1, []casefile.Right{casefile.RightSupervisor}},
	} {
		if n, rights := p.AidApprovals(tt.items, tt.province), p.AidApprover(tt.items, tt.province); n != tt.needed || !slices.Equal(rights, tt.rights) {
			t.Errorf("%s: %d of %v", tt.name, n, rights)
		}
	}
	if bag := []casefile.AidItem{item("RELIEF_BAG", 700)}; p.MayApproveAid(bag, "50", []casefile.Right{casefile.RightViewer}) || !p.MayApproveAid(bag, "50", []casefile.Right{casefile.RightViewer, casefile.RightOperator}) {
		t.Error("who may approve is not who has the right")
	}
}

func TestFactsOfAForm(t *testing.T) {
	f := casefile.AidForm{
		Subject: casefile.AidSubject{First: "มะลิ", Birth: "2509", Disabled: true}, Home: casefile.AidHome{Province: "65", Tenure: "RENT"},
		Members: []casefile.AidMember{{First: "บุญ", Birth: "29/2/2551", School: "AT_RISK"}, {First: "เพชร"}, {First: "ดี", Birth: "no date"}}, Need: casefile.AidNeed{Income: baht(100), Debt: true},
	}
	for day, want := range map[string]AidAge{"2026-02-28": {17, 17}, "2026-03-01": {18, 18}} {
		at, _ := time.ParseInLocation(time.DateOnly, day, Bangkok)
		facts := FactsOf(f, at)
		if facts.Members[0].Age != want || facts.Subject.Age != (AidAge{59, 60}) || facts.Members[1].Age != AnyAge || facts.Members[2].Age != AnyAge {
			t.Errorf("on %s: %+v", day, facts)
		}
	}
	facts := FactsOf(f, aDay)
	if facts.Subject.Sex != casefile.SexUnknown || !facts.Subject.Disabled || facts.Tenure != "RENT" || *facts.Income != 10000 || !facts.Debt || facts.Members[0].School != "AT_RISK" {
		t.Errorf("%+v", facts)
	}
	if strings.Contains(fmt.Sprintf("%+v", facts), "มะลิ") {
		t.Error("the facts name somebody")
	}
}

func TestBahtAreWrittenAsPeopleDo(t *testing.T) {
	for s, want := range map[Satang]string{0: "0", 5: "0.05", 100: "1", 99999: "999.99", 100000: "1,000", 123456789: "1,234,567.89", -300050: "-3,000.50"} {
		if got := s.Baht(); got != want {
			t.Errorf("%d is %s, want %s", s, got, want)
		}
	}
}

// Whatever a form says: no panic, never met with a rule that is not, and words for all that is found.
func TestJudgeNeverSaysMoreThanItsRules(t *testing.T) {
	p := Default()
	codes := []string{"LOTTERY", ""}
	for _, k := range p.AidKinds(aDay) {
		codes = append(codes, k.Code)
	}
	rapid.Check(t, func(t *rapid.T) {
		person := rapid.Custom(func(t *rapid.T) AidPerson {
			a := rapid.IntRange(0, 120).Draw(t, "least")
			return AidPerson{
				Age: AidAge{a, rapid.IntRange(a, 120).Draw(t, "most")}, Sex: rapid.SampledFrom(append(casefile.Sexes, "", "X")).Draw(t, "sex"), Disabled: rapid.Bool().Draw(t, "disabled"),
			}
		})
		item := rapid.Custom(func(t *rapid.T) casefile.AidItem {
			return casefile.AidItem{
				Code: rapid.SampledFrom(codes).Draw(t, "code"), Satang: rapid.Int64().Draw(t, "satang"), Quantity: rapid.Int().Draw(t, "quantity"),
				Goods: rapid.Bool().Draw(t, "goods"), State: rapid.SampledFrom(append(casefile.AidItemStates, "")).Draw(t, "state"),
			}
		})
		granted := rapid.Custom(func(t *rapid.T) AidGranted {
			return AidGranted{
				Aid: casefile.AidID(rapid.StringN(0, 2, 2).Draw(t, "aid")), Code: rapid.SampledFrom(codes).Draw(t, "code"), Satang: rapid.Int64().Draw(t, "satang"),
				At: aDay.AddDate(0, 0, -rapid.IntRange(-10, 2000).Draw(t, "ago")),
			}
		})
		facts := AidFacts{
			Subject: person.Draw(t, "subject"), Members: rapid.SliceOfN(person, 0, 4).Draw(t, "members"), Tenure: rapid.SampledFrom(append(casefile.AidTenures, "", "x")).Draw(t, "tenure"),
			Problems: rapid.SliceOfN(rapid.SampledFrom(casefile.Problems), 0, 3).Draw(t, "problems"),
		}
		if rapid.Bool().Draw(t, "said") {
			facts.Income = baht(rapid.Int64Range(0, 100000).Draw(t, "income"))
		}
		items, had := rapid.SliceOfN(item, 0, 4).Draw(t, "items"), rapid.SliceOfN(granted, 0, 5).Draw(t, "granted")
		found := p.JudgeAid(facts, rapid.SliceOfN(rapid.SampledFrom(codes), 0, 4).Draw(t, "wanted"), items, had, nil, aDay)
		for _, f := range found {
			if !slices.Contains(casefile.AidFindingKinds, f.Kind) || f.Satang < 0 || f.Kind == casefile.FoundEligible && f.Blocks {
				t.Fatalf("%+v", f)
			}
			if w := p.AidWords(f); w.Th == "" || w.En == "" || strings.ContainsAny(w.Th+w.En, "{}") {
				t.Fatalf("%+v is said as %+v", f, w)
			}
			if f.Kind == casefile.FoundEligible && f.Rule == "" && slices.ContainsFunc(found, func(r casefile.AidFinding) bool {
				return r.Code == f.Code && r.Rule != "" && !builtIn(r.Rule) && (r.Kind == casefile.FoundUnknown || r.Kind == casefile.FoundNotEligible)
			}) {
				t.Fatalf("%s is met, and one of its rules is not: %+v", f.Code, found)
			}
		}
		for _, l := range p.AidLimits(items, aDay) {
			over := l.Over(had, items)
			if said := slices.ContainsFunc(found, func(f casefile.AidFinding) bool { return f.Kind == casefile.FoundOverLimit && f.Rule == l.Rule }); over != said {
				t.Fatalf("%s: over %t, said %t", l.Rule, over, said)
			}
		}
		if n := p.AidApprovals(items, "65"); n < 1 || n > mostApprovals || len(p.AidApprover(items, "65")) == 0 {
			t.Fatalf("%d must agree", n)
		}
	})
}
