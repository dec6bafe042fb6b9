package casefile

import (
	"regexp"
	"slices"
	"strings"
)

// Words say one thing in Thai and in English.
type Words struct {
	Th string `json:"th" yaml:"th"`
	En string `json:"en" yaml:"en"`
}

func (w Words) whole() bool { return strings.TrimSpace(w.Th) != "" && strings.TrimSpace(w.En) != "" }

// FieldType is what sort of answer a field takes.
type FieldType string

const (
	FieldText    FieldType = "text"
	FieldNumber  FieldType = "number"
	FieldDate    FieldType = "date"
	FieldChoice  FieldType = "choice"  // one of a list
	FieldChoices FieldType = "choices" // some of a list
	FieldYesNo   FieldType = "yes_no"
	FieldScale   FieldType = "scale" // a whole number from min to max
)

// FieldTypes lists every type.
var FieldTypes = []FieldType{FieldText, FieldNumber, FieldDate, FieldChoice, FieldChoices, FieldYesNo, FieldScale}

// Option is an entry of a look-up list.
type Option struct {
	Code  string `json:"code" yaml:"code"`
	Words `yaml:",inline"`
}

// FormField is one question. Who may read its answer and who may give it are two things.
type FormField struct {
	Code      string    `json:"code" yaml:"code"`
	Type      FieldType `json:"type" yaml:"type"`
	Label     Words     `json:"label" yaml:"label"`
	Required  bool      `json:"required,omitempty" yaml:"required"`
	List      string    `json:"list,omitempty" yaml:"list"` // of a choice: which look-up list
	Min       *float64  `json:"min,omitempty" yaml:"min"`
	Max       *float64  `json:"max,omitempty" yaml:"max"`
	Steps     []Words   `json:"steps,omitempty" yaml:"steps"`         // of a scale: what each step means, from min to max
	Dimension Dimension `json:"dimension,omitempty" yaml:"dimension"` // of a scale: of the household logbook, whose score it counts in
	Read      []Right   `json:"read" yaml:"read"`
	Write     []Right   `json:"write" yaml:"write"`
}

// PointRule weighs one answer.
type PointRule struct {
	Field   string   `json:"field" yaml:"field"`
	Is      []string `json:"is,omitempty" yaml:"is"`             // any of these options; YES or NO
	AtLeast *float64 `json:"at_least,omitempty" yaml:"at_least"` // of a number or a scale
	Points  int      `json:"points,omitempty" yaml:"points"`
	Level   Risk     `json:"level,omitempty" yaml:"level"` // no lower than this, whatever the points
	Why     Words    `json:"why" yaml:"why"`
}

// LevelRule says from how many points on the risk has a level.
type LevelRule struct {
	Level Risk `json:"level" yaml:"level"`
	From  int  `json:"from" yaml:"from"`
}

// Scoring makes a score and a level of risk out of answers.
type Scoring struct {
	Read   []Right     `json:"read" yaml:"read"`
	Rules  []PointRule `json:"rules" yaml:"rules"`
	Levels []LevelRule `json:"levels" yaml:"levels"` // the gravest first, the last from 0
}

// Form is one version of a form. A version that somebody has answered never
// changes: a better one gets a new version.
type Form struct {
	Code    string              `json:"code" yaml:"code"`
	Version string              `json:"version" yaml:"version"`
	Title   Words               `json:"title" yaml:"title"`
	Lists   map[string][]Option `json:"lists,omitempty" yaml:"lists"`
	Fields  []FormField         `json:"fields" yaml:"fields"`
	Scoring *Scoring            `json:"scoring,omitempty" yaml:"scoring"`
}

// Field finds a field by its code.
func (f Form) Field(code string) (FormField, bool) {
	if i := slices.IndexFunc(f.Fields, func(x FormField) bool { return x.Code == code }); i >= 0 {
		return f.Fields[i], true
	}
	return FormField{}, false
}

// mostFields keeps a form one that somebody answers.
const mostFields = 200

var (
	formCode    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	optionCode  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)
	formVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$`)
)

// Check says everything that is wrong with a form, each with the path to it.
func (f Form) Check(say func(path []any, text string)) {
	at := func(path ...any) []any { return path }
	if !formCode.MatchString(f.Code) {
		say(at("code"), "want a code of small letters")
	}
	if !formVersion.MatchString(f.Version) {
		say(at("version"), "version is missing, or no version")
	}
	if !f.Title.whole() {
		say(at("title"), "want a text in th and in en")
	}
	for name, list := range f.Lists {
		if len(list) == 0 {
			say(at("lists", name), "the list is empty")
		}
		for i, o := range list {
			switch {
			case !optionCode.MatchString(o.Code):
				say(at("lists", name, i), "want a code of capital letters")
			case !o.whole():
				say(at("lists", name, i), "want a text in th and in en")
			case slices.IndexFunc(list, func(x Option) bool { return x.Code == o.Code }) < i:
				say(at("lists", name, i), "this code is there twice")
			}
		}
	}
	if len(f.Fields) == 0 || len(f.Fields) > mostFields {
		say(at("fields"), "want 1 to 200 fields")
	}
	for i, field := range f.Fields {
		if slices.IndexFunc(f.Fields, func(x FormField) bool { return x.Code == field.Code }) < i {
			say(at("fields", i), "this field is there twice")
		}
		f.checkField(field, func(text string) { say(at("fields", i), text) })
	}
	if f.Scoring != nil {
		f.checkScoring(*f.Scoring, say)
	}
}

func (f Form) checkField(x FormField, say func(string)) {
	choice := x.Type == FieldChoice || x.Type == FieldChoices
	_, listed := f.Lists[x.List]
	switch {
	case !formCode.MatchString(x.Code):
		say("want a code of small letters")
	case !slices.Contains(FieldTypes, x.Type):
		say("unknown type")
	case choice != (x.List != ""):
		say("a choice needs a list, and nothing else has one")
	case choice && !listed:
		say("there is no such list")
	}
	if !x.Label.whole() {
		say("want a label in th and in en")
	}
	if x.Type == FieldScale && (x.Min == nil || x.Max == nil || *x.Min >= *x.Max) {
		say("a scale needs min and max")
	}
	if x.Min != nil && x.Max != nil && *x.Min > *x.Max {
		say("min is above max")
	}
	x.checkSteps(say)
	if !known(x.Read) || !known(x.Write) {
		say("want rights in read and in write, each of them known")
	}
}

func known(rights []Right) bool {
	return len(rights) > 0 && !slices.ContainsFunc(rights, func(r Right) bool { return !slices.Contains(Rights, r) })
}

func (f Form) checkScoring(s Scoring, say func(path []any, text string)) {
	if !known(s.Read) {
		say([]any{"scoring"}, "want rights in read, each of them known")
	}
	for i, r := range s.Rules {
		bad := func(text string) { say([]any{"scoring", "rules", i}, text) }
		field, ok := f.Field(r.Field)
		switch {
		case !ok:
			bad("there is no such field")
			continue
		case !r.Why.whole():
			bad("want a reason in th and in en")
		case r.Points == 0 && r.Level == "":
			bad("the rule weighs nothing")
		case r.Level != "" && !slices.Contains(Risks, r.Level):
			bad("unknown level")
		}
		switch field.Type {
		case FieldNumber, FieldScale:
			if r.AtLeast == nil || len(r.Is) > 0 {
				bad("a number needs at_least")
			}
		case FieldYesNo, FieldChoice, FieldChoices:
			if r.AtLeast != nil || len(r.Is) == 0 || slices.ContainsFunc(r.Is, func(o string) bool { return !f.offers(field, o) }) {
				bad("is must name options of the field")
			}
		default:
			bad("this type of field cannot be weighed")
		}
	}
	n := len(s.Levels)
	for i, l := range s.Levels {
		if !slices.Contains(Risks, l.Level) || i > 0 && l.From >= s.Levels[i-1].From {
			say([]any{"scoring", "levels", i}, "want known levels, the gravest first")
		}
	}
	if n == 0 || s.Levels[n-1].From != 0 {
		say([]any{"scoring", "levels"}, "the last level must be from 0")
	}
}

// offers reports whether a field can be answered so.
func (f Form) offers(x FormField, option string) bool {
	if x.Type == FieldYesNo {
		return option == yes || option == no
	}
	return slices.ContainsFunc(f.Lists[x.List], func(o Option) bool { return o.Code == option })
}

// How a rule names the answers of a yes_no.
const (
	yes = "YES"
	no  = "NO"
)
