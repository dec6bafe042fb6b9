package policy

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"gopkg.in/yaml.v3"
)

// AidCatalogue is the document of what may be granted, to whom, up to what, and who approves. It is shared: nobody
// changes it after ParseAid.
type AidCatalogue struct {
	Version   string                `yaml:"version"`
	Kinds     []AidGrantKind        `yaml:"kinds"`
	Rules     map[string]AidTest    `yaml:"rules"`
	Limits    map[string]AidCeiling `yaml:"limits"`
	Approvers []AidChain            `yaml:"approvers"`
	Together  int                   `yaml:"together"` // days in which the requests of one household are approved as one
}

// AidTestKind is what a rule looks at.
type AidTestKind string

const (
	IncomeBelow  AidTestKind = "INCOME_BELOW"          // of the household, for each person and month
	HasChild     AidTestKind = "HAS_CHILD"             // somebody in the household is younger than age
	HasElderly   AidTestKind = "HAS_ELDERLY"           // or at least as old
	HasDisabled  AidTestKind = "HAS_DISABLED"          // or disabled
	IsElderly    AidTestKind = "IS_ELDERLY"            // the same of who is helped
	IsDisabled   AidTestKind = "IS_DISABLED"           //
	IsFemale     AidTestKind = "IS_FEMALE"             //
	HomeAllowed  AidTestKind = "HOME_OWNED_OR_ALLOWED" // a tenure of the list; one of ask needs the owner's leave
	ProblemIs    AidTestKind = "PROBLEM_IS"
	NoPriorGrant AidTestKind = "NO_PRIOR_GRANT_WITHIN" // of the kinds, so many days back
	OnPaper      AidTestKind = "ON_PAPER"              // no form can say it: an officer looks at a paper, or asks
)

// AidTestKinds lists every kind.
var AidTestKinds = []AidTestKind{IncomeBelow, HasChild, HasElderly, HasDisabled, IsElderly, IsDisabled, IsFemale, HomeAllowed, ProblemIs, NoPriorGrant, OnPaper}

// AidTest is one rule of eligibility. Its words may hold {amount}, {age} and {days}.
type AidTest struct {
	Text     `yaml:",inline"`
	Test     AidTestKind        `yaml:"test" json:"test"`
	Amount   Satang             `yaml:"amount" json:"amount,omitempty"`
	Age      int                `yaml:"age" json:"age,omitempty"`
	Days     int                `yaml:"days" json:"days,omitempty"`
	Kinds    []string           `yaml:"kinds" json:"kinds,omitempty"`
	Problems []casefile.Problem `yaml:"problems" json:"problems,omitempty"`
	Tenures  []string           `yaml:"tenures" json:"tenures,omitempty"`
	Ask      []string           `yaml:"ask" json:"ask,omitempty"`
	Source   string             `yaml:"source" json:"source"`
}

// AidPeriod is over what a limit counts.
type AidPeriod string

const (
	PerOccasion     AidPeriod = "OCCASION"      // one request
	PerBudgetYear   AidPeriod = "BUDGET_YEAR"   // from 1 October
	PerCalendarYear AidPeriod = "CALENDAR_YEAR" // from 1 January
	PerDays         AidPeriod = "DAYS"          // so many days back
)

// AidPeriods lists every one.
var AidPeriods = []AidPeriod{PerOccasion, PerBudgetYear, PerCalendarYear, PerDays}

// AidCeiling is a limit for one family. Its words may hold {amount}, {times}, {days} and {left}.
type AidCeiling struct {
	Text   `yaml:",inline"`
	Codes  []string  `yaml:"codes" json:"codes"` // all count together
	Amount Satang    `yaml:"amount" json:"amount,omitempty"`
	Times  int       `yaml:"times" json:"times,omitempty"` // requests
	Per    AidPeriod `yaml:"per" json:"per"`
	Days   int       `yaml:"days" json:"days,omitempty"`
	Source string    `yaml:"source" json:"source"`
}

// AidChain is who approves some kinds, or all, in a province, or all.
type AidChain struct {
	Kinds    []string  `yaml:"kinds"`
	Province string    `yaml:"province"`
	Tiers    []AidTier `yaml:"tiers"`
}

// AidTier is what plans above an amount need.
type AidTier struct {
	Above  Satang           `yaml:"above"`
	Needed int              `yaml:"needed"`
	Rights []casefile.Right `yaml:"rights"`
}

// mostSatang keeps sums far from overflow: ten million baht.
const mostSatang = 1_000_000_000

var bahtPattern = regexp.MustCompile(`^[0-9]{1,8}(\.[0-9]{2})?$`)

func (s *Satang) UnmarshalYAML(n *yaml.Node) error {
	whole, rest, _ := strings.Cut(n.Value, ".")
	v, err := strconv.ParseInt(whole+(rest + "00")[:2], 10, 64)
	if !bahtPattern.MatchString(n.Value) || err != nil || v > mostSatang {
		return mistake(n, "%q is not an amount in baht such as 3000 or 3000.50", n.Value)
	}
	*s = Satang(v)
	return nil
}

// ParseAid reads an aid catalogue. It finds every mistake, not just the first: the error is an *InvalidError.
func ParseAid(name string, raw []byte) (*AidCatalogue, error) {
	c := &checker{said: map[int]bool{}}
	a := &AidCatalogue{}
	if c.decode(raw, a) {
		if a.Version == "" {
			c.fail(at{"version"}, "version is missing")
		}
		for i, k := range a.Kinds {
			c.aidKind(at{"kinds", i}, a, i)
			a.Kinds[i].terms = a.terms(k)
		}
		if len(a.Kinds) == 0 {
			c.fail(at{"kinds"}, "the catalogue is empty")
		}
		for _, code := range slices.Sorted(maps.Keys(a.Rules)) {
			c.aidTest(at{"rules", code}, a, code)
		}
		for _, code := range slices.Sorted(maps.Keys(a.Limits)) {
			c.aidCeiling(at{"limits", code}, a, code)
		}
		c.aidChains(a)
	}
	if err := c.invalid(name); err != nil {
		return nil, err
	}
	return a, nil
}

// terms is what the rules and limits of a row say.
func (a *AidCatalogue) terms(k AidGrantKind) string {
	var rules []AidTest
	var limits []AidCeiling
	for _, code := range k.Rules {
		rules = append(rules, a.Rules[code])
	}
	for _, code := range k.Limits {
		limits = append(limits, a.Limits[code])
	}
	raw, err := json.Marshal([]any{rules, limits})
	if err != nil {
		panic(err) // only plain values
	}
	return string(raw)
}

func (a *AidCatalogue) has(code string) bool {
	return slices.ContainsFunc(a.Kinds, func(k AidGrantKind) bool { return k.Code == code })
}

func (c *checker) aidKind(path at, a *AidCatalogue, i int) {
	k := a.Kinds[i]
	if !codePattern.MatchString(k.Code) || slices.Contains(aidLegal, k.Code) {
		c.fail(path.to("code"), "want a code of capital letters that is no legal clock's")
	}
	c.text(path, k.Text)
	for name, v := range map[string]string{"owner": k.Owner, "source": k.Source} {
		if strings.TrimSpace(v) == "" {
			c.fail(path.to(name), "%s is missing", name)
		}
	}
	if !slices.Contains(AidUnits, k.Unit) {
		c.fail(path.to("unit"), "unknown unit %q", k.Unit)
	}
	if k.Max > 0 && k.Min > k.Max {
		c.fail(path.to("min"), "min is above max")
	}
	switch {
	case k.ValidFrom.IsZero():
		c.fail(path.to("valid_from"), "valid_from is missing")
	case !k.ValidTo.IsZero() && k.ValidTo.Before(k.ValidFrom.Time):
		c.fail(path.to("valid_to"), "the row ends before it begins")
	}
	for _, other := range a.Kinds[:i] {
		apart := !other.ValidTo.IsZero() && other.ValidTo.Before(k.ValidFrom.Time) || !k.ValidTo.IsZero() && k.ValidTo.Before(other.ValidFrom.Time)
		if other.Code == k.Code && !apart {
			c.fail(path, "two rows of %s hold on the same day", k.Code)
		}
	}
	if len(k.Rules) == 0 {
		c.fail(path.to("rules"), "a row needs a rule: nothing is for everybody")
	}
	for j, rule := range k.Rules {
		if _, ok := a.Rules[rule]; !ok || slices.Index(k.Rules, rule) < j {
			c.fail(path.to("rules", j), "no rule %q, or it is there twice", rule)
		}
	}
	for j, limit := range k.Limits {
		if l, ok := a.Limits[limit]; !ok || !slices.Contains(l.Codes, k.Code) || slices.Index(k.Limits, limit) < j {
			c.fail(path.to("limits", j), "no limit %q for this row, or it is there twice", limit)
		}
	}
}

// builtIn are the rules that every row has; their words stand in the program.
func builtIn(code string) bool { _, ok := aidWords[code]; return ok }

func (c *checker) aidTest(path at, a *AidCatalogue, code string) {
	r := a.Rules[code]
	if !codePattern.MatchString(code) || builtIn(code) {
		c.fail(path, "want a code of capital letters of its own")
	}
	c.text(path, r.Text)
	if strings.TrimSpace(r.Source) == "" {
		c.fail(path, "source is missing")
	}
	if !slices.Contains(AidTestKinds, r.Test) {
		c.fail(path.to("test"), "unknown test %q", r.Test)
		return
	}
	needs := map[string]bool{}
	switch r.Test {
	case IncomeBelow:
		needs["amount"] = true
	case HasChild, HasElderly, IsElderly:
		needs["age"] = true
	case HomeAllowed:
		needs["tenures"] = true
	case ProblemIs:
		needs["problems"] = true
	case NoPriorGrant:
		needs["days"], needs["kinds"] = true, true
	}
	for name, has := range map[string]bool{
		"amount": r.Amount > 0, "age": r.Age > 0, "days": r.Days > 0, "kinds": len(r.Kinds) > 0, "problems": len(r.Problems) > 0, "tenures": len(r.Tenures) > 0,
		"ask": len(r.Ask) > 0 && r.Test != HomeAllowed,
	} {
		if has != needs[name] {
			c.fail(path.to(name), "%s: the test %s needs %s", name, r.Test, strings.Join(slices.Sorted(maps.Keys(needs)), " and "))
		}
	}
	if r.Age < 0 || r.Age > oldestAge {
		c.fail(path.to("age"), "want an age of 1 to %d", oldestAge)
	}
	if r.Days < 0 || r.Days > maxDays {
		c.fail(path.to("days"), "want 1 to %d days", maxDays)
	}
	for i, k := range r.Kinds {
		if !a.has(k) {
			c.fail(path.to("kinds", i), "no row %q", k)
		}
	}
	for i, p := range r.Problems {
		if !slices.Contains(casefile.Problems, p) {
			c.fail(path.to("problems", i), "unknown problem %q", p)
		}
	}
	for _, name := range []string{"tenures", "ask"} {
		for i, t := range map[string][]string{"tenures": r.Tenures, "ask": r.Ask}[name] {
			if !slices.Contains(casefile.AidTenures, t) || name == "ask" && slices.Contains(r.Tenures, t) {
				c.fail(path.to(name, i), "unknown tenure %q, or it stands in both lists", t)
			}
		}
	}
	c.placeholders(path, r.Text, map[string]bool{"amount": r.Amount > 0, "age": r.Age > 0, "days": r.Days > 0})
	if !slices.ContainsFunc(a.Kinds, func(k AidGrantKind) bool { return slices.Contains(k.Rules, code) }) {
		c.fail(path, "no row asks for this rule")
	}
}

func (c *checker) aidCeiling(path at, a *AidCatalogue, code string) {
	l := a.Limits[code]
	if _, rule := a.Rules[code]; !codePattern.MatchString(code) || builtIn(code) || rule {
		c.fail(path, "want a code of capital letters of its own")
	}
	c.text(path, l.Text)
	if strings.TrimSpace(l.Source) == "" {
		c.fail(path, "source is missing")
	}
	if l.Amount == 0 && l.Times == 0 || l.Times < 0 {
		c.fail(path, "limits nothing: want an amount, times or both")
	}
	if !slices.Contains(AidPeriods, l.Per) {
		c.fail(path.to("per"), "unknown period %q", l.Per)
	}
	if (l.Per == PerDays) != (l.Days > 0) || l.Days < 0 || l.Days > maxDays {
		c.fail(path.to("days"), "DAYS needs 1 to %d days, and nothing else has them", maxDays)
	}
	if l.Per == PerOccasion && l.Times > 0 {
		c.fail(path.to("times"), "an occasion is one request")
	}
	if len(l.Codes) == 0 {
		c.fail(path.to("codes"), "is for no row")
	}
	for i, k := range l.Codes {
		if !a.has(k) || slices.Index(l.Codes, k) < i {
			c.fail(path.to("codes", i), "no row %q, or it is there twice", k)
			continue
		}
		for _, row := range a.Kinds {
			if row.Code == k && !slices.Contains(row.Limits, code) {
				c.fail(path.to("codes", i), "the row %s does not name this limit: its confirmation would not cover it", k)
			}
		}
	}
	c.placeholders(path, l.Text, map[string]bool{"amount": l.Amount > 0, "times": l.Times > 0, "days": l.Days > 0, "left": l.Amount > 0})
}

var placeholderPattern = regexp.MustCompile(`\{([a-z]*)\}`)

// placeholders fails on one that nothing fills.
func (c *checker) placeholders(path at, t Text, known map[string]bool) {
	for _, m := range placeholderPattern.FindAllStringSubmatch(t.Th+t.En, -1) {
		if !known[m[1]] {
			c.fail(path, "nothing fills %s", m[0])
		}
	}
}

func (c *checker) aidChains(a *AidCatalogue) {
	whole := false
	for i, chain := range a.Approvers {
		path := at{"approvers", i}
		whole = whole || chain.Province == "" && len(chain.Kinds) == 0
		if _, ok := DefaultPlaces().Province(chain.Province); chain.Province != "" && !ok {
			c.fail(path.to("province"), "no province %q", chain.Province)
		}
		for j, k := range chain.Kinds {
			if !a.has(k) {
				c.fail(path.to("kinds", j), "no row %q", k)
			}
		}
		for _, other := range a.Approvers[:i] {
			both := len(chain.Kinds) == 0 && len(other.Kinds) == 0 || slices.ContainsFunc(chain.Kinds, func(k string) bool { return slices.Contains(other.Kinds, k) })
			if chain.Province == other.Province && both {
				c.fail(path, "another chain is for the same kind and province")
			}
		}
		if len(chain.Tiers) == 0 || chain.Tiers[0].Above != 0 {
			c.fail(path.to("tiers"), "the first tier is above 0")
		}
		for j, t := range chain.Tiers {
			tier := path.to("tiers", j)
			if j > 0 && (t.Above <= chain.Tiers[j-1].Above || t.Needed < chain.Tiers[j-1].Needed) {
				c.fail(tier, "each tier is above a greater amount, and needs no fewer people")
			}
			if t.Needed < 1 || t.Needed > mostApprovals {
				c.fail(tier.to("needed"), "want 1 to %d people", mostApprovals)
			}
			if len(t.Rights) == 0 || slices.ContainsFunc(t.Rights, func(r casefile.Right) bool { return !slices.Contains(aidApprovers, r) }) {
				c.fail(tier.to("rights"), "want rights of those who may approve: %v", aidApprovers)
			}
		}
	}
	if a.Together < 0 || a.Together > 366 {
		c.fail(at{"together"}, "want 0 to 366 days")
	}
	if !whole {
		c.fail(at{"approvers"}, "a chain without kinds and province is missing: somebody must approve everything")
	}
}

// mostApprovals keeps a plan one that can be approved at all.
const mostApprovals = 5
