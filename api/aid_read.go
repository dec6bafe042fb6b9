package api

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// ListAidRequests serves GET /v1/aid-requests.
func (s *Server) ListAidRequests(ctx context.Context, r ListAidRequestsRequestObject) (ListAidRequestsResponseObject, error) {
	p, viewer := r.Params, Viewer(ctx)
	f := AidFilter{State: p.State, Office: p.Office, Provinces: viewer.Provinces, Open: p.Open, Overdue: p.Overdue, Limit: p.Limit + 1}
	if p.Province != "" {
		if !viewer.sees(p.Province) {
			return nil, errOutOfScope
		}
		f.Provinces = []string{p.Province}
	}
	switch {
	case p.Filer != "" && p.Mine:
		return nil, invalid("filer", "ระบุได้อย่างใดอย่างหนึ่ง", "name a member, or your own, one of the two")
	case p.Filer != "":
		f.Filer = casefile.Actor{Kind: casefile.ByMember, ID: string(p.Filer)}
	case p.Mine:
		f.Filer = viewer.Actor()
		f.Provinces = nil // a draft has none yet; what was sent is looked at below
	}
	if p.Office != "" && p.Province == "" {
		ok, err := s.seesOffice(ctx, p.Office)
		if err != nil {
			return nil, err
		}
		if ok {
			f.Provinces = nil // what came to it from another province is its own; each is looked at below
		}
	}
	if p.After != "" {
		at, id, err := parseCursor(p.After)
		if err != nil {
			return nil, err
		}
		f.AfterAt, f.AfterID = at, casefile.AidID(id)
	}
	found, err := s.Aids.List(ctx, f)
	if err != nil {
		return nil, err
	}
	page := ListAidRequests200JSONResponse{Requests: []AidRequest{}}
	for _, a := range found[:min(len(found), p.Limit)] {
		ok, err := s.mayReach(ctx, viewer.Actor(), a.AidRequest)
		if err != nil {
			return nil, err
		}
		if ok && (p.Province == "" || a.Place.Province == p.Province) {
			page.Requests = append(page.Requests, s.aidSeen(viewer, a.AidRequest, a.BegunAt))
		}
	}
	if len(found) > p.Limit {
		last := found[p.Limit-1]
		page.Next = cursor(last.BegunAt, casefile.CaseID(last.ID))
	}
	return page, nil
}

// GetAidRequest serves GET /v1/aid-requests/{aid}.
func (s *Server) GetAidRequest(ctx context.Context, r GetAidRequestRequestObject) (GetAidRequestResponseObject, error) {
	a, err := s.aidOf(ctx, Viewer(ctx).Actor(), r.Aid)
	if err != nil {
		return nil, err
	}
	return GetAidRequest200JSONResponse(s.aidSeen(Viewer(ctx), a, time.Time{})), nil
}

// ListAidEvents serves GET /v1/aid-requests/{aid}/events.
func (s *Server) ListAidEvents(ctx context.Context, r ListAidEventsRequestObject) (ListAidEventsResponseObject, error) {
	a, err := s.aidOf(ctx, Viewer(ctx).Actor(), r.Aid)
	if err != nil {
		return nil, err
	}
	events, err := s.Aids.Events(ctx, a.ID)
	for i := range events {
		events[i].Private = casefile.AidPrivate{}
		if !Viewer(ctx).MayLook() {
			events[i].Found, events[i].Cleared = nil, nil // whose duplicate it is; what stands is in the request
		}
	}
	return ListAidEvents200JSONResponse{Events: orEmpty(events)}, err
}

// GetAidForm serves GET /v1/aid-requests/{aid}/form. The look is recorded first.
func (s *Server) GetAidForm(ctx context.Context, r GetAidFormRequestObject) (GetAidFormResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	n := r.Params.N
	if n == 0 {
		n = a.Form
	}
	if n < 1 || n > a.Form {
		return nil, casefile.ErrNotFound
	}
	if err := s.Aids.Viewed(ctx, by, a.ID, r.Params.Purpose); err != nil {
		return nil, err
	}
	out := GetAidForm200JSONResponse{N: n, Said: []AidSaid{}}
	if out.Form, err = s.Aids.Form(ctx, a.ID, n); err != nil {
		return nil, err
	}
	files, err := s.Aids.Files(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	out.Files = fileInfos(files)
	events, err := s.Aids.Events(ctx, a.ID)
	for _, e := range events {
		if p := e.Private; p.Text != "" || len(p.Files) > 0 || p.Logbook != nil {
			out.Said = append(out.Said, AidSaid{Seq: e.Seq, At: e.At, Text: p.Text, Files: p.Files, Logbook: p.Logbook})
		}
	}
	return out, err
}

// ListAidDuplicates serves GET /v1/aid-requests/{aid}/duplicates. The look is recorded first: that two requests are of one
// household is personal.
func (s *Server) ListAidDuplicates(ctx context.Context, r ListAidDuplicatesRequestObject) (ListAidDuplicatesResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	if err := s.Aids.Viewed(ctx, by, a.ID, r.Params.Purpose); err != nil {
		return nil, err
	}
	twins, err := s.Aids.Twins(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	out := ListAidDuplicates200JSONResponse{Requests: []AidTwin{}}
	for _, t := range twins {
		twin := AidTwin{Code: t.Aid.ID.Code(), By: t.By}
		ok, err := s.mayReach(ctx, by, t.Aid)
		if err != nil {
			return nil, err
		}
		if ok {
			v := s.aidView(t.Aid, time.Time{})
			twin.Request = &v
		}
		out.Requests = append(out.Requests, twin)
	}
	return out, nil
}
