package api

import (
	"context"

	"github.com/ess-thailand/ess/casefile"
)

// AddRelation serves POST /v1/persons/{person}/relations.
func (s *Server) AddRelation(ctx context.Context, r AddRelationRequestObject) (AddRelationResponseObject, error) {
	id, err := s.People.Relate(ctx, asReader(ctx, writing), casefile.Relation{Person: r.Person, Kind: r.Body.Kind, To: r.Body.To})
	return AddRelation201JSONResponse{Id: id}, err
}

// EndRelation serves DELETE /v1/persons/{person}/relations/{relation}.
func (s *Server) EndRelation(ctx context.Context, r EndRelationRequestObject) (EndRelationResponseObject, error) {
	return EndRelation204Response{}, s.People.EndRelation(ctx, asReader(ctx, writing), r.Person, r.Relation)
}

// GetFamily serves GET /v1/persons/{person}/family. The look is recorded with it.
func (s *Server) GetFamily(ctx context.Context, r GetFamilyRequestObject) (GetFamilyResponseObject, error) {
	all, cut, err := s.People.Family(ctx, asReader(ctx, r.Params.Purpose), r.Person, r.Params.Depth)
	return GetFamily200JSONResponse{Relatives: orEmpty(all), More: cut}, err
}

// home checks what somebody wrote of a household.
func (s *Server) home(h casefile.Household) error {
	if err := s.place(h.Province, h.District); err != nil {
		return err
	}
	return casefile.CheckHousehold(h)
}

// AddHousehold serves POST /v1/households.
func (s *Server) AddHousehold(ctx context.Context, r AddHouseholdRequestObject) (AddHouseholdResponseObject, error) {
	b := r.Body
	h := casefile.Household{Head: b.Head, Address: b.Address, Province: b.Province, District: b.District}
	if err := s.home(h); err != nil {
		return nil, err
	}
	since, err := casefile.ParseDay("since", b.Since, s.Now())
	if err != nil {
		return nil, err
	}
	id, err := s.People.AddHousehold(ctx, asReader(ctx, writing), h, since)
	return AddHousehold201JSONResponse{Id: id}, err
}

// GetHousehold serves GET /v1/households/{household}. The look is recorded with it.
func (s *Server) GetHousehold(ctx context.Context, r GetHouseholdRequestObject) (GetHouseholdResponseObject, error) {
	h, err := s.People.Household(ctx, asReader(ctx, r.Params.Purpose), r.Household)
	return GetHousehold200JSONResponse{Body: h, Headers: GetHousehold200ResponseHeaders{ETag: etag(h.Version)}}, err
}

// ChangeHousehold serves PUT /v1/households/{household}.
func (s *Server) ChangeHousehold(ctx context.Context, r ChangeHouseholdRequestObject) (ChangeHouseholdResponseObject, error) {
	b := r.Body
	h := casefile.Household{
		ID: r.Household, Version: version(r.Params.IfMatch), Head: b.Head, Address: b.Address, Province: b.Province, District: b.District,
	}
	if err := s.home(h); err != nil {
		return nil, err
	}
	next, err := s.People.ChangeHousehold(ctx, asReader(ctx, writing), h)
	return ChangeHousehold200JSONResponse{Version: next}, err
}

// JoinHousehold serves POST /v1/households/{household}/members.
func (s *Server) JoinHousehold(ctx context.Context, r JoinHouseholdRequestObject) (JoinHouseholdResponseObject, error) {
	since, err := casefile.ParseDay("since", r.Body.Since, s.Now())
	if err != nil {
		return nil, err
	}
	return JoinHousehold204Response{}, s.People.JoinHousehold(ctx, asReader(ctx, writing), r.Household, r.Body.Person, since)
}

// LeaveHousehold serves POST /v1/households/{household}/members/{person}/leave.
func (s *Server) LeaveHousehold(ctx context.Context, r LeaveHouseholdRequestObject) (LeaveHouseholdResponseObject, error) {
	until, err := casefile.ParseDay("until", r.Body.Until, s.Now())
	if err != nil {
		return nil, err
	}
	return LeaveHousehold204Response{}, s.People.LeaveHousehold(ctx, asReader(ctx, writing), r.Household, r.Person, until)
}
