package policy

import (
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// ConcernRule is how long a concern may wait, and who is asked about it.
type ConcernRule struct {
	Talk    Span     `yaml:"talk"`    // what is said and sent within so long belongs together
	School  Span     `yaml:"school"`  // the school answers, where it may be asked
	Decide  Span     `yaml:"decide"`  // who took it up follows it, refers it or ends it
	Offices []Office `yaml:"offices"` // asked in order, the last again and again
	Child   []Office `yaml:"child"`   // of a concern that is a child's by its kind
	Central []Office `yaml:"central"` // where the place is not known, or the province has no office of the ministry
}

// ConcernPlan is what the policy says of one concern.
type ConcernPlan struct {
	Talk   time.Duration `json:"talk"`
	School time.Duration `json:"school"`
	Decide time.Duration `json:"decide"`
	Steps  []OverStep    `json:"steps"`
}

// ConcernPlan cuts it for a kind at a place.
func (p *Policy) ConcernPlan(kind casefile.ConcernKind, province string) ConcernPlan {
	rule := p.Concern
	list := rule.Offices
	switch {
	case province == "" || p.Central(province):
		list = rule.Central
	case kind.AlwaysChild():
		list = rule.Child
	}
	plan := ConcernPlan{Talk: rule.Talk.Duration, School: rule.School.Duration, Decide: rule.Decide.Duration}
	for _, o := range list {
		plan.Steps = append(plan.Steps, OverStep{Level: o.Level, Wait: o.Wait.Duration})
	}
	return plan
}

func (c *checker) concern(p *Policy) {
	r := p.Concern
	for name, span := range map[string]Span{"talk": r.Talk, "school": r.School, "decide": r.Decide} {
		positive(c, at{"concern", name}, span.Duration)
	}
	for name, list := range map[string][]Office{"offices": r.Offices, "child": r.Child, "central": r.Central} {
		c.offices(at{"concern", name}, list)
		if n := len(list); n > 0 && !national(list[n-1].Level) {
			c.fail(at{"concern", name, n - 1}, "the last office must be one of the nation: a concern is never left to a province alone")
		}
	}
}

// ProvinceIn is the province that a text names; empty: none, or more than one.
func ProvinceIn(text string) string {
	words, found := strings.ToLower(text), ""
	for _, p := range DefaultPlaces().Provinces() {
		if !strings.Contains(words, p.NameTh) && !strings.Contains(words, strings.ToLower(p.NameEn)) {
			continue
		}
		if found != "" {
			return ""
		}
		found = p.Code
	}
	return found
}

// Quiet reports whether nothing that can wait makes a sound at an instant of case time.
func (p *Policy) Quiet(at time.Time) bool {
	local := at.In(Bangkok)
	now := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	from, to := p.QuietHours.From.Duration, p.QuietHours.To.Duration
	if from < to {
		return from <= now && now < to
	}
	return now >= from || now < to
}
