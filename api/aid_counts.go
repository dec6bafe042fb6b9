package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/policy"
)

// AidCountCell is how many requests of one kind a province had, and how long they took. What would tell of a few is left out.
type AidCountCell struct {
	Province     string `json:"province"`
	Code         string `json:"code"`
	Requests     int    `json:"requests"`
	Refused      *int   `json:"refused,omitempty"`
	Duplicates   *int   `json:"duplicates,omitempty"`
	VisitDays    *int   `json:"visit_days,omitempty"`
	DecisionDays *int   `json:"decision_days,omitempty"`
	PaymentDays  *int   `json:"payment_days,omitempty"`
}

// CountAid serves GET /v1/statistics/aid.
func (s *Server) CountAid(ctx context.Context, r CountAidRequestObject) (CountAidResponseObject, error) {
	if err := wholeMonths(r.Params.Since, r.Params.Until); err != nil {
		return nil, err
	}
	spans, err := s.Aids.Spans(ctx, r.Params.Since, r.Params.Until)
	if err != nil {
		return nil, err
	}
	viewer := Viewer(ctx)
	spans = slices.DeleteFunc(spans, func(a AidSpan) bool { return !viewer.sees(a.Province) })
	return CountAid200JSONResponse{Least: leastTold, Cells: countAid(spans, s.Policy.At(s.Now()).CarePlan(), leastTold)}, nil
}

// wholeMonths refuses spans from whose difference somebody could be told.
func wholeMonths(since, until time.Time) error {
	for _, end := range []spanEnd{{"since", since}, {"until", until}} {
		if !midnight(end.at) || end.at.In(policy.Bangkok).Day() != 1 {
			return invalid(end.name, "ต้องเป็นเวลาเริ่มต้นเดือนของประเทศไทย", "must be the beginning of a month in Thailand")
		}
	}
	if !until.After(since) {
		return invalid("until", "ต้องอยู่หลัง since", "must be after since")
	}
	return nil
}

// countAid makes the cells, by province and code.
func countAid(spans []AidSpan, plan policy.CarePlan, least int) []AidCountCell {
	type key struct{ province, code string }
	by := map[key][]AidSpan{}
	for _, a := range spans {
		for _, code := range a.Wanted {
			by[key{a.Province, code}] = append(by[key{a.Province, code}], a)
		}
	}
	cells := []AidCountCell{}
	for k, of := range by {
		if len(of) < least {
			continue
		}
		count := func(is func(AidSpan) bool) *int {
			n := 0
			for _, a := range of {
				if is(a) {
					n++
				}
			}
			if n < least || len(of)-n < least {
				return nil
			}
			return &n
		}
		cells = append(cells, AidCountCell{
			Province: k.province, Code: k.code, Requests: len(of),
			Refused:      count(func(a AidSpan) bool { return a.Refused }),
			Duplicates:   count(func(a AidSpan) bool { return a.Duplicate }),
			VisitDays:    medianDays(of, plan, least, func(a AidSpan) time.Time { return a.VisitedAt }),
			DecisionDays: medianDays(of, plan, least, func(a AidSpan) time.Time { return a.DecidedAt }),
			PaymentDays:  medianDays(of, plan, least, func(a AidSpan) time.Time { return a.SettledAt }),
		})
	}
	slices.SortFunc(cells, func(a, b AidCountCell) int {
		if n := strings.Compare(a.Province, b.Province); n != 0 {
			return n
		}
		return strings.Compare(a.Code, b.Code)
	})
	return cells
}

// medianDays is the middle of how many whole working days it took, the lower one of two.
func medianDays(of []AidSpan, plan policy.CarePlan, least int, until func(AidSpan) time.Time) *int {
	var days []int
	for _, a := range of {
		if end := until(a); !end.IsZero() {
			n := 0
			for !plan.WorkingDays(a.SubmittedAt, n+1).After(end) {
				n++
			}
			days = append(days, n)
		}
	}
	if len(days) < least {
		return nil
	}
	slices.Sort(days)
	return &days[(len(days)-1)/2]
}
