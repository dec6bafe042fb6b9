package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// OwedFilter says what is wanted of what is owed. An empty field wants all.
type OwedFilter struct {
	CareScope
	Member    casefile.MemberID
	Unit      casefile.UnitID
	Kind      casefile.ObligationKind
	Overdue   bool
	AfterAt   time.Time // together with AfterCase and AfterID: the last one of the page before
	AfterCase casefile.CaseID
	AfterID   int
	Limit     int
}

// ListObligations serves GET /v1/obligations.
func (s *Server) ListObligations(ctx context.Context, r ListObligationsRequestObject) (ListObligationsResponseObject, error) {
	p := r.Params
	scope, err := Viewer(ctx).scope(p.Province)
	if err != nil {
		return nil, err
	}
	f := OwedFilter{CareScope: scope, Member: p.Member, Unit: p.Unit, Kind: p.Kind, Overdue: p.Overdue, Limit: p.Limit + 1}
	if p.After != "" {
		if err := f.behind(p.After); err != nil {
			return nil, err
		}
	}
	found, err := s.FollowUps.Owed(ctx, f)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	page := ListObligations200JSONResponse{Obligations: orEmpty(found[:min(len(found), p.Limit)])}
	for i := range page.Obligations {
		o := &page.Obligations[i]
		o.CaseCode, o.Overdue = casefile.Case{ID: o.Case}.Code(), o.DueAt.Before(now)
	}
	if len(found) > p.Limit {
		last := found[p.Limit-1]
		page.Next = cursor(last.DueAt, last.Case) + "_" + strconv.Itoa(last.ID)
	}
	return page, nil
}

// behind reads the cursor that ListObligations wrote: a place in a list of cases, and a number within the case.
func (f *OwedFilter) behind(after string) error {
	i := strings.LastIndexByte(after, '_')
	n, err := strconv.Atoi(after[i+1:])
	if i < 0 || err != nil || n < 0 || n > 1_000_000 {
		return invalid("after", "ไม่ใช่ค่า next ของหน้าก่อน", "not the next of a page before")
	}
	f.AfterID = n
	f.AfterAt, f.AfterCase, err = parseCursor(after[:i])
	return err
}

// loadSince is how far back the referrals of a case load are counted by default.
const loadSince = 90 * 24 * time.Hour

// GetCaseLoad serves GET /v1/statistics/case-load.
func (s *Server) GetCaseLoad(ctx context.Context, r GetCaseLoadRequestObject) (GetCaseLoadResponseObject, error) {
	scope, err := Viewer(ctx).scope(r.Params.Province)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	since := r.Params.Since
	if since.IsZero() {
		since = now.Add(-loadSince)
	}
	load, err := s.FollowUps.CaseLoad(ctx, scope, since)
	if err != nil {
		return nil, err
	}
	load.At, load.Since, load.Offices, load.Managers = now, since, orEmpty(load.Offices), orEmpty(load.Managers)
	for i := range load.Offices {
		if o := &load.Offices[i]; o.Supervisors > 0 {
			o.ManagersPerSupervisor = float64(o.Managers) / float64(o.Supervisors)
		}
	}
	return GetCaseLoad200JSONResponse(load), nil
}
