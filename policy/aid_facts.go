package policy

import (
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// AidFacts is what the rules ask of a form. It names nobody.
type AidFacts struct {
	Subject  AidPerson           `json:"subject"`
	Members  []AidPerson         `json:"members,omitempty"` // of the household, without the subject
	Income   *int64              `json:"income,omitempty"`  // of the household, satang a month; nil: nobody said
	Tenure   string              `json:"tenure,omitempty"`
	Province string              `json:"province,omitempty"`
	Problems []casefile.Problem  `json:"problems,omitempty"`
	Urgency  casefile.AidUrgency `json:"urgency,omitempty"`
	Debt     bool                `json:"debt,omitempty"`
}

// AidPerson is what the rules ask of one person.
type AidPerson struct {
	Age      AidAge       `json:"age"`
	Sex      casefile.Sex `json:"sex,omitempty"`
	Disabled bool         `json:"disabled,omitempty"`
	School   string       `json:"school,omitempty"`
	Earns    bool         `json:"earns,omitempty"`
}

// AidAge is between which whole years somebody's age lies: a year of birth alone leaves two, and no birth all of them.
type AidAge struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// oldestAge is the greatest age that a form may say.
const oldestAge = 120

// AnyAge is that of somebody whose birth nobody knows.
var AnyAge = AidAge{0, oldestAge}

// FactsOf are the facts of a form on a day.
func FactsOf(f casefile.AidForm, today time.Time) AidFacts {
	today = today.In(Bangkok)
	facts := AidFacts{
		Subject: AidPerson{Age: ageOf(f.Subject.Birth, today), Sex: sexOf(f.Subject.Sex), Disabled: f.Subject.Disabled},
		Income:  f.Need.Income, Tenure: f.Home.Tenure, Province: f.Home.Province, Problems: f.Need.Problems, Urgency: f.Need.Urgency, Debt: f.Need.Debt,
	}
	for _, m := range f.Members {
		facts.Members = append(facts.Members, AidPerson{Age: ageOf(m.Birth, today), Sex: sexOf(m.Sex), Disabled: m.Disabled, School: m.School, Earns: m.Earns})
	}
	return facts
}

func ageOf(birth string, today time.Time) AidAge {
	b, err := casefile.ParseBirth(birth, today)
	if birth == "" || err != nil {
		return AnyAge
	}
	most := b.Age(today)
	if b.Month == 0 {
		return AidAge{max(most-1, 0), most}
	}
	return AidAge{most, most}
}

func sexOf(s string) casefile.Sex {
	if s == "" {
		return casefile.SexUnknown
	}
	return casefile.Sex(s)
}

// people are all of the household.
func (f AidFacts) people() []AidPerson { return append([]AidPerson{f.Subject}, f.Members...) }
