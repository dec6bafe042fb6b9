package api

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Roles of partners: agencies that see their own part of what concerns them, and nothing else.
const (
	RolePolice OperatorRole = "POLICE"
	RoleMSDHS  OperatorRole = "MSDHS"
	RoleONDE   OperatorRole = "ONDE" // สดช.: harm by computer
	RoleEEF    OperatorRole = "EEF"  // กสศ.: education
)

// PartnerRoles lists them. No operator has one without being given it.
var PartnerRoles = []OperatorRole{RolePolice, RoleMSDHS, RoleONDE, RoleEEF}

var (
	mayShare   = append([]OperatorRole{RolePolice, RoleMSDHS, RoleONDE, RoleEEF}, mayRead...)
	mayReceive = []OperatorRole{RolePolice, RoleONDE}
	mayCount   = append([]OperatorRole{RoleONDE}, mayRead...)
)

// partner is the agency behind an operator who may receive referrals.
func (o Operator) partner() casefile.Partner {
	if o.has([]OperatorRole{RoleONDE}) {
		return casefile.PartnerONDE
	}
	return casefile.PartnerPolice
}

// ListReferrals serves GET /v1/referrals.
func (s *Server) ListReferrals(ctx context.Context, r ListReferralsRequestObject) (ListReferralsResponseObject, error) {
	p, viewer := r.Params, Viewer(ctx)
	var afterAt time.Time
	var after casefile.ConcernID
	if p.After != "" {
		at, id, err := parseCursor(p.After)
		if err != nil {
			return nil, err
		}
		afterAt, after = at, casefile.ConcernID(id)
	}
	found, err := s.Concerns.Referred(ctx, viewer.partner(), viewer.Provinces, afterAt, after, p.Limit+1)
	if err != nil {
		return nil, err
	}
	page := ListReferrals200JSONResponse{Referrals: []ReferralItem{}}
	shown := found[:min(len(found), p.Limit)]
	var ids []casefile.ConcernID
	for _, c := range shown {
		ids = append(ids, c.ID)
	}
	evidence, err := s.Concerns.EvidenceOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, c := range shown {
		if !viewer.mayHear(c) {
			continue
		}
		page.Referrals = append(page.Referrals, ReferralItem{
			Concern: c.ID, Code: c.ID.Code(), To: c.To, Kind: c.Kind, Province: c.Place.Province, ReferredAt: c.ReferredAt,
			Evidence: evidenceView(evidence, c.ID, func(n int) bool { return slices.Contains(c.Released, n) }),
		})
	}
	if len(found) > p.Limit {
		last := shown[p.Limit-1]
		page.Next = cursor(last.ReferredAt, casefile.CaseID(last.ID))
	}
	return page, nil
}

// GetReferralEvidence serves GET /v1/referrals/{concern}/evidence/{id}: what a worker released to this partner, and nothing else.
func (s *Server) GetReferralEvidence(ctx context.Context, r GetReferralEvidenceRequestObject) (GetReferralEvidenceResponseObject, error) {
	c, err := s.concern(ctx, r.Concern)
	if err != nil {
		return nil, err
	}
	if c.To != Viewer(ctx).partner() || !slices.Contains(c.Released, r.ID) {
		return nil, casefile.ErrNotFound
	}
	content, name, err := s.evidence(ctx, c, r.ID, "referral")
	if err != nil {
		return nil, err
	}
	return GetReferralEvidence200ApplicationoctetStreamResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)), Headers: GetReferralEvidence200ResponseHeaders{ContentDisposition: name},
	}, nil
}

// GetCasePart serves GET /v1/cases/{case}/part.
func (s *Server) GetCasePart(ctx context.Context, r GetCasePartRequestObject) (GetCasePartResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	viewer := Viewer(ctx)
	part := CasePart{Id: c.ID, Code: c.Code(), State: c.State, Province: c.Place.Province, ReportedAt: c.ReportedAt}
	switch {
	case viewer.has(mayRead) || viewer.has([]OperatorRole{RoleMSDHS}):
		part.Agency = string(RoleMSDHS)
		part.response(c)
		part.care(c)
	case viewer.has([]OperatorRole{RolePolice}):
		part.Agency = string(RolePolice)
		part.response(c)
	case viewer.has([]OperatorRole{RoleONDE}):
		part.Agency = string(RoleONDE)
		referred, err := s.Concerns.CaseIsReferred(ctx, c.ID, casefile.PartnerONDE)
		if err != nil {
			return nil, err
		}
		if !referred {
			return nil, casefile.ErrNotFound
		}
	default:
		part.Agency = string(RoleEEF)
		if c.Care == nil || !c.Child || !c.Care.Allows(casefile.ForEducation) {
			return nil, casefile.ErrNotFound
		}
		part.ChildInvolved, part.Problem, part.EndedAt = true, string(c.Care.Problem), c.EndedAt
	}
	return GetCasePart200JSONResponse(part), nil
}

// response is what the police have in a case.
func (p *CasePart) response(c casefile.Case) {
	p.Type, p.Severity, p.Station, p.ChildInvolved = c.Type, c.Severity, string(c.Station), c.Child
	p.AckedAt, p.ArrivedAt, p.ControlledAt, p.EndedAt = c.AckedAt, c.ArrivedAt, c.ControlledAt, c.EndedAt
}

// care is what the ministry has in it beside the response.
func (p *CasePart) care(c casefile.Case) {
	p.Owner = string(c.Owner)
	if c.Care == nil {
		return
	}
	p.Problem, p.Risk, p.Plan = string(c.Care.Problem), string(c.Care.Risk), string(c.Care.Plan)
	for _, o := range c.Care.Owed {
		if o.Open() {
			p.Owed++
		}
	}
}
