package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Rules that every row of the catalogue has.
const (
	ruleInForce = "IN_FORCE"       // the row is in the catalogue on that day
	ruleForm    = "MONEY_OR_GOODS" // money is planned as money, goods as goods
	ruleLeast   = "AMOUNT_LEAST"
	ruleMost    = "AMOUNT_MOST"
	// RulePayee is the one of the account into which money is paid.
	RulePayee = "PAYEE_OF_HOUSEHOLD"
)

var aidWords = map[string]Text{
	ruleInForce: {"ไม่มีรายการนี้ในบัญชีความช่วยเหลือของวันนี้", "This is not in the aid catalogue on this day"},
	ruleForm:    {"รายการนี้ต้องเป็นเงินหรือสิ่งของตามบัญชีความช่วยเหลือ", "Money or goods: as the aid catalogue says"},
	RulePayee:   {"ชื่อบัญชีไม่ตรงกับผู้รับความช่วยเหลือหรือคนในครัวเรือน", "The account is in nobody's name of the household"},
	ruleLeast:   {"ต่ำกว่าอัตราขั้นต่ำของรายการนี้ ({min} บาท)", "Less than the catalogue grants ({min} baht)"},
	ruleMost:    {"ช่วยเหลือได้ไม่เกิน {max} บาทต่อ{unit} รายการนี้ช่วยได้อีก {left} บาท", "At most {max} baht for each {unit}; {left} baht may be granted here"},
}

var unitNames = map[AidUnit]Text{
	PerFamily: {"ครอบครัว", "family"}, PerPerson: {"คน", "person"}, PerHouse: {"หลัง", "house"}, PerMonth: {"เดือน", "month"},
}

// JudgeAid says of each wanted code whether its rules are met, which limits stand against it and whether an officer has
// confirmed its row, in that order: whoever is refused hears the rule first. The finding without a rule is the whole of a
// code; those with one are its reasons, and what blocks stands with them. Without items everything wanted may block, with
// items only what they grant.
func (p *Policy) JudgeAid(facts AidFacts, codes []string, items []casefile.AidItem, granted []AidGranted, confirmed []AidConfirmed, at time.Time) []casefile.AidFinding {
	items = slices.DeleteFunc(slices.Clone(items), func(i casefile.AidItem) bool { return i.State == casefile.ItemDropped })
	codes = slices.Clone(codes)
	for _, i := range items {
		codes = append(codes, i.Code)
	}
	out, amounts, unconfirmed := []casefile.AidFinding{}, []casefile.AidFinding{}, []casefile.AidFinding{}
	for n, code := range codes {
		if slices.Index(codes, code) < n {
			continue
		}
		blocks := len(items) == 0 || slices.ContainsFunc(items, func(i casefile.AidItem) bool { return i.Code == code })
		kind, ok := p.AidKind(code, at)
		if !ok {
			out = append(out, casefile.AidFinding{Kind: casefile.FoundNotEligible, Code: code}, casefile.AidFinding{Kind: casefile.FoundNotEligible, Code: code, Rule: ruleInForce, Blocks: blocks})
			continue
		}
		out = append(out, p.eligible(kind, facts, granted, blocks, at)...)
		amounts = append(amounts, kind.amounts(items, len(facts.people()))...)
		if kind.Verify && !p.AidVouched(code, confirmed, at) {
			unconfirmed = append(unconfirmed, casefile.AidFinding{Kind: casefile.FoundUnconfirmed, Code: code, Blocks: blocks})
		}
	}
	return slices.Concat(out, p.over(codes, items, granted, at), amounts, unconfirmed)
}

// eligible is the whole of a code and then each of its rules.
func (p *Policy) eligible(kind AidGrantKind, facts AidFacts, granted []AidGranted, blocks bool, at time.Time) []casefile.AidFinding {
	whole := casefile.FoundEligible
	var reasons []casefile.AidFinding
	for _, rule := range kind.Rules {
		found := p.aid().Rules[rule].judge(facts, granted, at)
		reasons = append(reasons, casefile.AidFinding{Kind: found, Code: kind.Code, Rule: rule, Blocks: blocks && found != casefile.FoundEligible})
		if found == casefile.FoundNotEligible || whole == casefile.FoundEligible {
			whole = found
		}
	}
	return append([]casefile.AidFinding{{Kind: whole, Code: kind.Code}}, reasons...)
}

// amounts looks at each item of a row by itself.
func (k AidGrantKind) amounts(items []casefile.AidItem, people int) []casefile.AidFinding {
	var out []casefile.AidFinding
	add := func(f casefile.AidFinding) {
		f.Code, f.Blocks = k.Code, true
		if !slices.ContainsFunc(out, f.Same) {
			out = append(out, f)
		}
	}
	var sum int64
	var units int
	for _, i := range items {
		if i.Code != k.Code {
			continue
		}
		n := k.units(i, people)
		if i.Goods != k.Goods {
			add(casefile.AidFinding{Kind: casefile.FoundNotEligible, Rule: ruleForm})
		}
		if i.Satang < int64(k.Min)*int64(n) {
			add(casefile.AidFinding{Kind: casefile.FoundNotEligible, Rule: ruleLeast})
		}
		sum, units = sum+counted(i), units+n
	}
	switch k.Unit { // two items of one row are still for one family
	case PerFamily, PerHouse:
		units = min(units, 1)
	case PerPerson:
		units = min(units, people)
	case PerMonth:
		units = min(units, mostMonths)
	}
	if most := int64(k.most()) * int64(units); sum > most {
		add(casefile.AidFinding{Kind: casefile.FoundOverLimit, Rule: ruleMost, Satang: most})
	}
	return out
}

// most is the greatest amount of one unit; what is granted by case has the one that anything has.
func (k AidGrantKind) most() Satang { return cmp.Or(k.Max, mostSatang) }

// mostMonths is for how long one plan grants what is paid by the month: a budget year.
const mostMonths = 12

// units is how many people or months an item is for.
func (k AidGrantKind) units(i casefile.AidItem, people int) int {
	n := max(i.Quantity, 1)
	switch k.Unit {
	case PerPerson:
		return min(n, people)
	case PerMonth:
		return min(n, mostMonths)
	}
	return 1
}

// over are the limits that the items would pass; without items, those that leave nothing for what is wanted.
func (p *Policy) over(codes []string, items []casefile.AidItem, granted []AidGranted, at time.Time) []casefile.AidFinding {
	plan := items
	if len(plan) == 0 {
		for _, code := range codes {
			if kind, ok := p.AidKind(code, at); ok { // the least of each that means anything, by itself
				plan = append(plan, casefile.AidItem{Code: code, Satang: max(int64(kind.Min), 1)})
			}
		}
	}
	var out []casefile.AidFinding
	for _, l := range p.AidLimits(plan, at) {
		for _, code := range l.Codes {
			of := slices.DeleteFunc(slices.Clone(plan), func(i casefile.AidItem) bool { return i.Code != code })
			whole := of
			if len(items) > 0 {
				whole = items
			}
			if len(of) > 0 && l.Over(granted, whole) {
				f := casefile.AidFinding{Kind: casefile.FoundOverLimit, Code: code, Rule: l.Rule, Satang: l.Left(granted), Blocks: true}
				if !slices.ContainsFunc(out, f.Same) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// AidLimits are the limits on what some items grant, for one person or household.
func (p *Policy) AidLimits(items []casefile.AidItem, at time.Time) []AidLimit {
	var out []AidLimit
	for _, i := range items {
		kind, ok := p.AidKind(i.Code, at)
		if !ok || i.State == casefile.ItemDropped {
			continue
		}
		for _, rule := range kind.Limits {
			if !slices.ContainsFunc(out, func(l AidLimit) bool { return l.Rule == rule }) {
				l := p.aid().Limits[rule]
				out = append(out, AidLimit{Codes: slices.Clone(l.Codes), Satang: int64(l.Amount), Times: l.Times, Since: l.since(at), Alone: l.Per == PerOccasion, Rule: rule})
			}
		}
	}
	return out
}

// since is when the period began in which an instant lies; an occasion is a request and has no other before it.
func (l AidCeiling) since(at time.Time) time.Time {
	local := at.In(Bangkok)
	switch l.Per {
	case PerBudgetYear:
		return BudgetYear(at)
	case PerCalendarYear:
		return time.Date(local.Year(), 1, 1, 0, 0, 0, 0, Bangkok)
	case PerDays:
		return at.AddDate(0, 0, -l.Days)
	}
	return at
}

// BudgetYear is the beginning of the budget year in which an instant lies: 1 October (Budget Procedures Act B.E. 2561).
func BudgetYear(at time.Time) time.Time {
	local := at.In(Bangkok)
	year := local.Year()
	if local.Month() < time.October {
		year--
	}
	return time.Date(year, time.October, 1, 0, 0, 0, 0, Bangkok)
}

// Over reports whether the items would pass the limit beside what was granted before. What was granted does not hold
// the items themselves.
func (l AidLimit) Over(granted []AidGranted, items []casefile.AidItem) bool {
	var sum int64
	any := false
	for _, i := range items {
		if slices.Contains(l.Codes, i.Code) && i.State != casefile.ItemDropped {
			sum, any = sum+counted(i), true
		}
	}
	before, times := l.used(granted)
	return any && (l.Satang > 0 && sum > l.Satang-before || l.Times > 0 && times >= l.Times)
}

// Left is what may still be granted, in satang.
func (l AidLimit) Left(granted []AidGranted) int64 {
	before, times := l.used(granted)
	if l.Times > 0 && times >= l.Times {
		return 0
	}
	return max(l.Satang-before, 0)
}

// used is what counts towards the limit: money, and in how many requests.
func (l AidLimit) used(granted []AidGranted) (sum int64, times int) {
	seen := map[casefile.AidID]bool{}
	for _, g := range granted {
		if l.Alone || !slices.Contains(l.Codes, g.Code) || g.At.Before(l.Since) {
			continue
		}
		sum += min(max(g.Satang, 0), mostSatang)
		seen[g.Aid] = true
	}
	return sum, len(seen)
}

// judge is what one rule says of the facts: met, not met, or that the form does not say.
func (r AidTest) judge(f AidFacts, granted []AidGranted, at time.Time) casefile.AidFindingKind {
	switch r.Test {
	case IncomeBelow:
		if f.Income == nil {
			return casefile.FoundUnknown
		}
		return met(*f.Income < int64(r.Amount)*int64(len(f.people())))
	case HasChild:
		return anyone(f.people(), func(p AidPerson) casefile.AidFindingKind { return p.Age.below(r.Age) })
	case HasElderly:
		return anyone(f.people(), func(p AidPerson) casefile.AidFindingKind { return p.Age.from(r.Age) })
	case HasDisabled:
		return anyone(f.people(), func(p AidPerson) casefile.AidFindingKind { return met(p.Disabled) })
	case IsElderly:
		return f.Subject.Age.from(r.Age)
	case IsDisabled:
		return met(f.Subject.Disabled)
	case IsFemale:
		switch f.Subject.Sex {
		case casefile.SexFemale, casefile.SexMale, casefile.SexOther:
			return met(f.Subject.Sex == casefile.SexFemale)
		}
		return casefile.FoundUnknown
	case HomeAllowed:
		if f.Tenure == "" || slices.Contains(r.Ask, f.Tenure) {
			return casefile.FoundUnknown
		}
		return met(slices.Contains(r.Tenures, f.Tenure))
	case ProblemIs:
		if len(f.Problems) == 0 {
			return casefile.FoundUnknown
		}
		return met(slices.ContainsFunc(f.Problems, func(p casefile.Problem) bool { return slices.Contains(r.Problems, p) }))
	case NoPriorGrant:
		since := at.AddDate(0, 0, -r.Days)
		return met(!slices.ContainsFunc(granted, func(g AidGranted) bool { return slices.Contains(r.Kinds, g.Code) && g.At.After(since) }))
	}
	return casefile.FoundUnknown // ON_PAPER
}

func met(is bool) casefile.AidFindingKind {
	if is {
		return casefile.FoundEligible
	}
	return casefile.FoundNotEligible
}

// anyone is met if somebody meets it, and unknown if somebody may.
func anyone(people []AidPerson, test func(AidPerson) casefile.AidFindingKind) casefile.AidFindingKind {
	out := casefile.FoundNotEligible
	for _, p := range people {
		switch test(p) {
		case casefile.FoundEligible:
			return casefile.FoundEligible
		case casefile.FoundUnknown:
			out = casefile.FoundUnknown
		}
	}
	return out
}

func (a AidAge) below(n int) casefile.AidFindingKind {
	switch {
	case a.Most < n:
		return casefile.FoundEligible
	case a.Least >= n:
		return casefile.FoundNotEligible
	}
	return casefile.FoundUnknown
}

func (a AidAge) from(n int) casefile.AidFindingKind {
	switch a.below(n) {
	case casefile.FoundEligible:
		return casefile.FoundNotEligible
	case casefile.FoundNotEligible:
		return casefile.FoundEligible
	}
	return casefile.FoundUnknown
}

// verdicts begin what is said of a rule.
var verdicts = map[casefile.AidFindingKind]Text{
	casefile.FoundEligible:    {"เข้าเกณฑ์", "Met"},
	casefile.FoundNotEligible: {"ไม่เข้าเกณฑ์", "Not met"},
	casefile.FoundUnknown:     {"ยังไม่ทราบ ต้องตรวจเพิ่ม", "Not known, to be looked at"},
	casefile.FoundOverLimit:   {"เกินวงเงิน", "Over the limit"},
	casefile.FoundUnconfirmed: {"ยังไม่มีเจ้าหน้าที่รับรองอัตรา จึงยังจ่ายไม่ได้", "No officer has confirmed this amount: it cannot be paid yet"},
	casefile.FoundDuplicate:   {"มีคำขออื่นที่อาจเป็นบุคคลหรือครัวเรือนเดียวกัน", "Another request may be of the same person or household"},
}

// sameBy says by what a duplicate was found.
var sameBy = map[string]Text{
	"NUMBER": {"เลขประจำตัวตรงกัน", "the same number"}, "NAME": {"ชื่อและวันเกิดตรงกัน", "the same name and birth"},
	"HOME": {"ที่อยู่ตรงกัน", "the same address"}, "NAME_NEAR": {"ชื่อและอำเภอตรงกัน", "the same name in the same district"}, "PHONE": {"โทรศัพท์ตรงกัน", "the same telephone"},
}

// AidWords says what a finding means, with the rule's own words and amounts.
func (p *Policy) AidWords(f casefile.AidFinding) Text {
	kind := p.lastRow(f.Code)
	say := func(l casefile.Language) string {
		text := verdicts[f.Kind].In(l)
		more := sameBy[f.By].In(l)
		if f.Kind != casefile.FoundDuplicate {
			more = p.ruleWords(f, kind, l)
		}
		if name := kind.In(l); name != "" {
			text = name + ": " + text
		}
		if more != "" {
			text += " – " + more
		}
		return text
	}
	return Text{say(casefile.Thai), say(casefile.English)}
}

// ruleWords are the words of a finding's rule, filled in.
func (p *Policy) ruleWords(f casefile.AidFinding, kind AidGrantKind, l casefile.Language) string {
	words, ok := aidWords[f.Rule]
	r, limit := p.aid().Rules[f.Rule], p.aid().Limits[f.Rule]
	if !ok {
		words = r.Text
	}
	if words == (Text{}) {
		words = limit.Text
	}
	return strings.NewReplacer(
		"{amount}", max(r.Amount, limit.Amount).Baht(), "{age}", strconv.Itoa(r.Age), "{days}", strconv.Itoa(max(r.Days, limit.Days)), "{times}", strconv.Itoa(limit.Times),
		"{left}", Satang(f.Satang).Baht(), "{min}", kind.Min.Baht(), "{max}", kind.most().Baht(), "{unit}", unitNames[kind.Unit].In(l),
	).Replace(words.In(l))
}

// lastRow is the newest row of a code, in force or not: words are needed of old findings, too.
func (p *Policy) lastRow(code string) AidGrantKind {
	var last AidGrantKind
	for _, k := range p.aid().Kinds {
		if k.Code == code && (last.Code == "" || k.ValidFrom.After(last.ValidFrom.Time)) {
			last = k
		}
	}
	return last
}
