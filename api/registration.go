package api

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Members is who becomes a member, stays one, or does not.
type Members interface {
	JoiningOf(ctx context.Context, of casefile.ReporterID) (casefile.Joining, bool, error)
	SetJoining(ctx context.Context, of casefile.ReporterID, j casefile.Joining, wait time.Duration) error
	EndJoining(ctx context.Context, of casefile.ReporterID) error
	// UnitByCode returns casefile.ErrNotFound for none.
	UnitByCode(ctx context.Context, code string) (casefile.Unit, error)
	// Apply makes a whole wish a registration; a *casefile.RefusedError for who is a member or has applied.
	Apply(ctx context.Context, of casefile.ReporterID, j casefile.Joining, userID string, l casefile.Language) (casefile.Registration, error)
	Registrations(ctx context.Context, f RegistrationFilter) ([]casefile.Registration, error)
	Registration(ctx context.Context, id casefile.RegistrationID) (casefile.Registration, error)
	// Applicant records the look and shows who it is; a member must vouch for the organisation.
	Applicant(ctx context.Context, id casefile.RegistrationID, by casefile.Actor, purpose string) (casefile.Registration, RegistrationPerson, error)
	Decide(ctx context.Context, id casefile.RegistrationID, d casefile.Deed, by casefile.Actor, reason string) (casefile.Registration, error)
	// MoveMember carries out a deed on anybody of the roster, and takes who is no active member any more off every case.
	MoveMember(ctx context.Context, m casefile.MemberID, d casefile.Deed, by casefile.Actor, reason string) (casefile.MemberState, error)
	SetVerifies(ctx context.Context, m casefile.MemberID, verifies bool, by casefile.Actor) error
}

// RegistrationFilter says which registrations are wanted, the longest waiting first.
type RegistrationFilter struct {
	Province string
	Unit     casefile.UnitID
	State    casefile.MemberState
	Waiting  bool
	AfterAt  time.Time
	AfterID  casefile.RegistrationID
	Limit    int
}

// registered is a registration inside the operator's scope; any other does not exist for them.
func (s *Server) registered(ctx context.Context, id casefile.RegistrationID) (casefile.Registration, error) {
	r, err := s.Members.Registration(ctx, id)
	if err == nil && !Viewer(ctx).sees(r.Province) {
		return r, casefile.ErrNotFound
	}
	return r, err
}

// ListRegistrations serves GET /v1/registrations.
func (s *Server) ListRegistrations(ctx context.Context, r ListRegistrationsRequestObject) (ListRegistrationsResponseObject, error) {
	p := r.Params
	province, err := Viewer(ctx).province(p.Province)
	if err != nil {
		return nil, err
	}
	f := RegistrationFilter{Province: province, Unit: casefile.UnitID(p.Unit), State: p.State, Waiting: p.Waiting, Limit: p.Limit + 1}
	if p.After != "" {
		var id casefile.CaseID
		if f.AfterAt, id, err = parseCursor(p.After); err != nil {
			return nil, err
		}
		f.AfterID = casefile.RegistrationID(id)
	}
	found, err := s.Members.Registrations(ctx, f)
	if err != nil {
		return nil, err
	}
	page := ListRegistrations200JSONResponse{Registrations: orEmpty(found[:min(len(found), p.Limit)])}
	if len(found) > p.Limit {
		last := found[p.Limit-1]
		page.Next = cursor(last.AskedAt, casefile.CaseID(last.ID))
	}
	return page, nil
}

// ShowRegistration serves POST /v1/registrations/{registration}/person. The look is recorded first.
func (s *Server) ShowRegistration(ctx context.Context, r ShowRegistrationRequestObject) (ShowRegistrationResponseObject, error) {
	if _, err := s.registered(ctx, r.Registration); err != nil {
		return nil, err
	}
	_, who, err := s.Members.Applicant(ctx, r.Registration, Viewer(ctx).Actor(), r.Body.Purpose)
	return ShowRegistration200JSONResponse(who), err
}

// DecideRegistration serves POST /v1/registrations/{registration}/decision.
func (s *Server) DecideRegistration(ctx context.Context, r DecideRegistrationRequestObject) (DecideRegistrationResponseObject, error) {
	if _, err := s.registered(ctx, r.Registration); err != nil {
		return nil, err
	}
	deed := casefile.Reject
	if r.Body.Approve {
		deed = casefile.Approve
	}
	reg, err := s.Members.Decide(ctx, r.Registration, deed, Viewer(ctx).Actor(), r.Body.Reason)
	return DecideRegistration200JSONResponse(reg), err
}

// SetMembership serves POST /v1/members/{member}/membership.
func (s *Server) SetMembership(ctx context.Context, r SetMembershipRequestObject) (SetMembershipResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	state, err := s.Members.MoveMember(ctx, r.Member, r.Body.Deed, Viewer(ctx).Actor(), r.Body.Reason)
	return SetMembership200JSONResponse{State: state}, err
}

// SetVerifier serves POST /v1/members/{member}/verifier.
func (s *Server) SetVerifier(ctx context.Context, r SetVerifierRequestObject) (SetVerifierResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	return SetVerifier204Response{}, s.Members.SetVerifies(ctx, r.Member, r.Body.Verifies, Viewer(ctx).Actor())
}
