package api

import (
	"context"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// ListMembers serves GET /v1/members.
func (s *Server) ListMembers(ctx context.Context, r ListMembersRequestObject) (ListMembersResponseObject, error) {
	p := r.Params
	province, err := Viewer(ctx).province(p.Province)
	if err != nil {
		return nil, err
	}
	members, err := s.Roster.Members(ctx, MemberFilter{
		Unit: casefile.UnitID(p.Unit), Province: province, Role: p.Role, OnDuty: p.OnDuty, Desks: p.Desks,
		After: casefile.MemberID(p.After), Limit: p.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListMembers200JSONResponse{Members: orEmpty(members)}
	if len(members) > p.Limit {
		page.Members = members[:p.Limit]
		page.Next = string(members[p.Limit-1].ID)
	}
	return page, nil
}

// member is one inside the operator's scope; any other does not exist for them.
func (s *Server) member(ctx context.Context, id casefile.MemberID) (casefile.Member, error) {
	m, err := s.Roster.Member(ctx, id)
	if err != nil {
		return casefile.Member{}, err
	}
	if !Viewer(ctx).sees(m.Province) {
		return casefile.Member{}, casefile.ErrNotFound
	}
	return m, nil
}

// GetMember serves GET /v1/members/{member}.
func (s *Server) GetMember(ctx context.Context, r GetMemberRequestObject) (GetMemberResponseObject, error) {
	m, err := s.member(ctx, r.Member)
	return GetMember200JSONResponse(m), err
}

// SetDuty serves POST /v1/members/{member}/duty.
func (s *Server) SetDuty(ctx context.Context, r SetDutyRequestObject) (SetDutyResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	if err := s.Roster.SetDuty(ctx, r.Member, r.Body.OnDuty); err != nil {
		return nil, err
	}
	return SetDuty204Response{}, s.Roster.SetRest(ctx, r.Member, r.Body.RestUntil)
}

// SetPosition serves POST /v1/members/{member}/position.
func (s *Server) SetPosition(ctx context.Context, r SetPositionRequestObject) (SetPositionResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	at := s.Now() // a fix from the future would outlive every true one
	if f := r.Body.FixedAt; !f.IsZero() && f.Before(at) {
		at = f
	}
	return SetPosition204Response{}, s.Roster.SetPosition(ctx, r.Member, r.Body.Lat, r.Body.Lon, at)
}

// ListUnits serves GET /v1/units. Offices are public: every operator may transfer to any of them.
func (s *Server) ListUnits(ctx context.Context, r ListUnitsRequestObject) (ListUnitsResponseObject, error) {
	p := r.Params
	units, err := s.Roster.Units(ctx, UnitFilter{
		Level: p.Level, Province: p.Province, State: p.State, After: casefile.UnitID(p.After), Limit: p.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListUnits200JSONResponse{Units: orEmpty(units)}
	if len(units) > p.Limit {
		page.Units = units[:p.Limit]
		page.Next = string(units[p.Limit-1].ID)
	}
	return page, nil
}

// ListProvinces serves GET /v1/provinces.
func (s *Server) ListProvinces(ctx context.Context, _ ListProvincesRequestObject) (ListProvincesResponseObject, error) {
	live, err := s.Roster.LiveProvinces(ctx)
	if err != nil {
		return nil, err
	}
	all := ListProvinces200JSONResponse{Provinces: []ProvinceEntry{}}
	for _, p := range s.Places.Provinces() {
		all.Provinces = append(all.Provinces, ProvinceEntry{
			Code: p.Code, NameTh: p.NameTh, NameEn: p.NameEn, Region: p.Region, Live: slices.Contains(live, p.Code),
		})
	}
	return all, nil
}
