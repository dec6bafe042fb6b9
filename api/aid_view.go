package api

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// AidView is a request as the API shows it, with the words of what was found.
type AidView struct {
	casefile.AidRequest
	Code     string         `json:"code"`
	Words    casefile.Words `json:"words"`
	Findings []AidFoundView `json:"findings,omitempty"`
	BegunAt  time.Time      `json:"begun_at,omitzero"`
}

// AidFoundView is a finding with the rule's own words.
type AidFoundView struct {
	casefile.AidFinding
	Words   casefile.Words `json:"words"`
	Cleared bool           `json:"cleared"`
}

// AidFindingName says which finding is meant.
type AidFindingName struct {
	Kind  casefile.AidFindingKind `json:"kind"`
	Code  string                  `json:"code,omitempty"`
	Rule  string                  `json:"rule,omitempty"`
	Other casefile.AidID          `json:"other,omitempty"`
}

// NewAidItem is what a plan grants, as a person names it.
type NewAidItem struct {
	Code     string `json:"code"`
	Satang   int64  `json:"satang"`
	Quantity int    `json:"quantity,omitempty"`
}

// AidTwin is another request of the same person or household.
type AidTwin struct {
	Code    string   `json:"code"`
	By      string   `json:"by"`
	Request *AidView `json:"request,omitempty"`
}

// aidView leaves out nothing: a request holds nothing personal.
func (s *Server) aidView(a casefile.AidRequest, begun time.Time) AidView {
	v := AidView{AidRequest: a, Code: a.ID.Code(), Words: casefile.Words(policy.AidStatusWords(a.State)), BegunAt: begun}
	rules := s.Policy.At(s.Now())
	for _, f := range a.Found {
		v.Findings = append(v.Findings, AidFoundView{AidFinding: f, Words: casefile.Words(rules.AidWords(f)), Cleared: slices.ContainsFunc(a.Clear, f.Same)})
	}
	v.Found, v.Clear = nil, nil // they are the findings
	return v
}

// aidSeen is a request for an operator. By what another request is of the same people, and which one it is, is personal.
func (s *Server) aidSeen(by Operator, a casefile.AidRequest, begun time.Time) AidView {
	v := s.aidView(a, begun)
	if by.MayLook() {
		return v
	}
	for i := range v.Findings {
		f := &v.Findings[i]
		f.By, f.Other = "", ""
		f.Words = casefile.Words(s.Policy.At(s.Now()).AidWords(f.AidFinding))
	}
	return v
}

func fileInfo(f AidFile) AidFileInfo {
	return AidFileInfo{
		ID: f.ID, Kind: f.Kind, ContentType: f.ContentType, Bytes: f.Bytes, Received: f.Received, Whole: !f.WholeAt.IsZero(),
		SHA256: hex.EncodeToString(f.SHA256), At: f.At,
	}
}

func fileInfos(all []AidFile) []AidFileInfo {
	out := make([]AidFileInfo, len(all))
	for i, f := range all {
		out[i] = fileInfo(f)
	}
	return out
}

// aidOf is a request that somebody may reach; any other does not exist for them. A draft is its filer's alone. A member
// reaches what they filed or visit, an operator what lies in their provinces, or whose office does. What came from a case
// keeps away from whom the case keeps away from.
func (s *Server) aidOf(ctx context.Context, by casefile.Actor, id casefile.AidID) (casefile.AidRequest, error) {
	a, err := s.Aids.Aid(ctx, id)
	if err != nil {
		return casefile.AidRequest{}, err
	}
	if ok, err := s.mayReach(ctx, by, a); err != nil || !ok {
		return casefile.AidRequest{}, orNotFound(err)
	}
	return a, nil
}

func orNotFound(err error) error {
	if err == nil {
		return casefile.ErrNotFound
	}
	return err
}

func (s *Server) mayReach(ctx context.Context, by casefile.Actor, a casefile.AidRequest) (bool, error) {
	switch {
	case a.State == casefile.AidDraft:
		return by == a.Filer, nil
	case by.Kind == casefile.ByMember:
		if by != a.Filer && by.ID != string(a.Visitor) {
			return false, nil
		}
		away, err := s.aidKeepsAway(ctx, a, casefile.MemberID(by.ID))
		return !away, err
	}
	viewer := Viewer(ctx)
	if viewer.Actor() != by {
		return false, nil
	}
	if !viewer.sees(a.Place.Province) {
		if ok, err := s.seesOffice(ctx, a.Office, a.To); err != nil || !ok {
			return false, err
		}
	}
	if viewer.Unit == "" || a.Case == "" {
		return true, nil
	}
	c, err := s.Cases.Case(ctx, a.Case)
	return err == nil && !c.Excludes(viewer.Unit, ""), err
}

// seesOffice reports whether one of the offices is of the operator's provinces: one of another province that was asked to
// take a request over, or did.
func (s *Server) seesOffice(ctx context.Context, offices ...casefile.UnitID) (bool, error) {
	for _, id := range offices {
		if id == "" {
			continue
		}
		u, err := s.Shifts.Unit(ctx, id)
		if err == nil && Viewer(ctx).sees(u.Province) {
			return true, nil
		}
		if err != nil && !errors.Is(err, casefile.ErrNotFound) {
			return false, err
		}
	}
	return false, nil
}

// aidKeepsAway reports whether the case of a request keeps away from a member, or from their organisation.
func (s *Server) aidKeepsAway(ctx context.Context, a casefile.AidRequest, id casefile.MemberID) (bool, error) {
	if a.Case == "" {
		return false, nil
	}
	c, err := s.Cases.Case(ctx, a.Case)
	if err != nil || len(c.Excluded) == 0 {
		return false, err
	}
	m, err := s.Roster.Member(ctx, id)
	if err != nil && !errors.Is(err, casefile.ErrNotFound) {
		return false, err
	}
	return c.Excludes(m.Unit, id), nil
}
