package casefile

import (
	"math"
	"slices"
)

// Dimension is one of the five of the household logbook, สมุดพกครอบครัว (T55013).
type Dimension string

const (
	Housing       Dimension = "HOUSING"        // ความเป็นอยู่
	Health        Dimension = "HEALTH"         // สุขภาพ
	Education     Dimension = "EDUCATION"      // การศึกษา
	Income        Dimension = "INCOME"         // รายได้
	StateServices Dimension = "STATE_SERVICES" // การเข้าถึงบริการภาครัฐ
)

// Dimensions lists the five.
var Dimensions = []Dimension{Housing, Health, Education, Income, StateServices}

// checkSteps says what is wrong with the steps and the dimension of a field.
func (x FormField) checkSteps(say func(string)) {
	scale := x.Type == FieldScale && x.Min != nil && x.Max != nil
	switch {
	case x.Dimension != "" && !slices.Contains(Dimensions, x.Dimension):
		say("unknown dimension")
	case x.Dimension != "" && x.Type != FieldScale:
		say("only a scale counts in a dimension")
	}
	switch {
	case len(x.Steps) == 0:
	case !scale || float64(len(x.Steps)) != *x.Max-*x.Min+1:
		say("steps are for a scale, one for each from min to max")
	case slices.ContainsFunc(x.Steps, func(w Words) bool { return !w.whole() }):
		say("want each step in th and in en")
	}
}

// DimensionScore is how a household stands in one dimension: 0 is the worst, 100 the best.
type DimensionScore struct {
	Dimension Dimension `json:"dimension"`
	Score     int       `json:"score"` // nothing if nothing was answered
	Answered  int       `json:"answered"`
	Of        int       `json:"of"`
}

// Dimensions scores the answers to a form, one score for each dimension that it asks about.
func (f Form) Dimensions(a Filled) []DimensionScore {
	out := []DimensionScore{}
	for _, d := range Dimensions {
		score, answered, of := f.score(d, a, func(FormField) bool { return true })
		if of > 0 {
			out = append(out, DimensionScore{Dimension: d, Score: score, Answered: answered, Of: of})
		}
	}
	return out
}

// score is the mean over the questions of a dimension that were answered and count, of 100.
func (f Form) score(d Dimension, a Filled, counts func(FormField) bool) (score, answered, of int) {
	var sum float64
	for _, x := range f.Fields {
		if x.Dimension != d || x.Dimension == "" || x.Min == nil || x.Max == nil {
			continue
		}
		of++
		if v, ok := step(x, a); ok && counts(x) {
			answered++
			sum += (v - *x.Min) / (*x.Max - *x.Min)
		}
	}
	if answered > 0 {
		score = int(math.Round(100 * sum / float64(answered)))
	}
	return score, answered, of
}

// step is an answer that lies on the scale.
func step(x FormField, a Filled) (float64, bool) {
	v, ok := a[x.Code].(float64)
	return v, ok && x.Min != nil && x.Max != nil && *x.Min < *x.Max && v >= *x.Min && v <= *x.Max
}

// DimensionChange is how a household stands against the visit before. What only one of the two visits answered is not
// compared: another question is no progress.
type DimensionChange struct {
	Dimension Dimension `json:"dimension"`
	Before    *int      `json:"before,omitempty"` // nothing: not answered then
	After     *int      `json:"after,omitempty"`
	By        int       `json:"by"`               // over the questions that both answered
	Better    []string  `json:"better,omitempty"` // fields
	Worse     []string  `json:"worse,omitempty"`
}

// LogbookChange is what changed in each dimension between two visits, by the form of the later one.
func LogbookChange(f Form, before, after Filled) []DimensionChange {
	out := []DimensionChange{}
	for _, d := range Dimensions {
		change := DimensionChange{Dimension: d}
		asked := false
		both := func(x FormField) bool {
			_, was := step(x, before)
			_, is := step(x, after)
			return was && is
		}
		if score, n, of := f.score(d, before, func(FormField) bool { return true }); of > 0 {
			asked = true
			if n > 0 {
				change.Before = &score
			}
		}
		if score, n, _ := f.score(d, after, func(FormField) bool { return true }); n > 0 {
			change.After = &score
		}
		was, _, _ := f.score(d, before, both)
		is, _, _ := f.score(d, after, both)
		change.By = is - was
		for _, x := range f.Fields {
			if x.Dimension != d || !both(x) {
				continue
			}
			a, _ := step(x, before)
			b, _ := step(x, after)
			switch {
			case b > a:
				change.Better = append(change.Better, x.Code)
			case b < a:
				change.Worse = append(change.Worse, x.Code)
			}
		}
		if asked {
			out = append(out, change)
		}
	}
	return out
}
