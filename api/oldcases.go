package api

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/ess-thailand/ess/line"
)

// A person at a telephone asks for one number at a time. More is somebody who
// goes through a list of them.
const (
	searchApart  = 6 * time.Second
	searchBurst  = 10
	oldCasesMost = 50
)

// searches are each operator's own limit.
func searches(operators []Operator) map[string]*rate.Limiter {
	all := map[string]*rate.Limiter{}
	for _, o := range operators {
		all[o.Name] = rate.NewLimiter(rate.Every(searchApart), searchBurst)
	}
	return all
}

// FindOldCases serves POST /v1/old-cases. The search is recorded first.
func (s *Server) FindOldCases(ctx context.Context, r FindOldCasesRequestObject) (FindOldCasesResponseObject, error) {
	viewer := Viewer(ctx)
	phone, ok := line.ParsePhone(r.Body.Phone)
	if !ok {
		return nil, invalid("phone", "ไม่ใช่หมายเลขโทรศัพท์", "not a phone number")
	}
	if !s.searches[viewer.Name].Allow() {
		return nil, errTooMany
	}
	cases, err := s.Cases.OldCases(ctx, viewer.Actor(), r.Body.Purpose, phone, viewer.Provinces, oldCasesMost)
	if err != nil {
		return nil, err
	}
	all := FindOldCases200JSONResponse{Cases: make([]OldCase, 0, len(cases))}
	for _, c := range cases {
		if c.Excludes(viewer.Unit, "") {
			continue
		}
		all.Cases = append(all.Cases, OldCase{
			Code: c.Code(), State: c.State, Province: c.Place.Province, ReportedAt: c.ReportedAt, EndedAt: c.EndedAt,
		})
	}
	return all, nil
}

// e164 is a number in the one form in which it is kept and looked for. What is
// no number is kept as it was typed: a human may make sense of it.
func e164(phone string) string {
	if p, ok := line.ParsePhone(phone); ok {
		return p
	}
	return phone
}
