package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/policy"
)

// Papers writes official papers, and finds them again.
type Papers interface {
	// IssuePaper numbers and keeps a paper; a repeat of an order returns the paper of the first,
	// or paper.ErrAnother when that was another.
	IssuePaper(ctx context.Context, o paper.Order) (paper.Paper, paper.Document, error)
	// Paper returns the same bytes that were issued, or casefile.ErrNotFound.
	Paper(ctx context.Context, id casefile.CaseID, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error)
	// AidPaper does the same of an aid request, and AidPapers lists what was issued about one.
	AidPaper(ctx context.Context, id casefile.AidID, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error)
	AidPapers(ctx context.Context, id casefile.AidID) ([]paper.Issued, error)
	// Unit returns casefile.ErrNotFound for a unit that is not there.
	Unit(ctx context.Context, id casefile.UnitID) (casefile.Unit, error)
}

// IssueFactFinding serves POST /v1/cases/{case}/papers/fact-finding.
func (s *Server) IssueFactFinding(ctx context.Context, r IssueFactFindingRequestObject) (IssueFactFindingResponseObject, error) {
	p := paper.Paper{Kind: paper.FactFindingPaper, FactFinding: &r.Body.Paper}
	given, err := s.issue(ctx, r.Case, r.Body.Head, p, r.Params.IdempotencyKey, string(r.Params.Purpose))
	return IssueFactFinding201JSONResponse(given), err
}

// IssueReferral serves POST /v1/cases/{case}/papers/referral-letter.
func (s *Server) IssueReferral(ctx context.Context, r IssueReferralRequestObject) (IssueReferralResponseObject, error) {
	p := paper.Paper{Kind: paper.ReferralPaper, Referral: &r.Body.Paper}
	given, err := s.issue(ctx, r.Case, r.Body.Head, p, r.Params.IdempotencyKey, string(r.Params.Purpose))
	return IssueReferral201JSONResponse(given), err
}

// IssueHandover serves POST /v1/cases/{case}/papers/handover-note.
func (s *Server) IssueHandover(ctx context.Context, r IssueHandoverRequestObject) (IssueHandoverResponseObject, error) {
	p := paper.Paper{Kind: paper.HandoverPaper, Handover: &r.Body.Paper}
	given, err := s.issue(ctx, r.Case, r.Body.Head, p, r.Params.IdempotencyKey, string(r.Params.Purpose))
	return IssueHandover201JSONResponse(given), err
}

// issue has a paper written about a case.
func (s *Server) issue(ctx context.Context, id casefile.CaseID, h PaperHead, p paper.Paper, key, purpose string) (PaperGiven, error) {
	c, err := s.visible(ctx, id)
	if err != nil {
		return PaperGiven{}, err
	}
	office := c.Owner
	if h.Office != "" {
		office = casefile.UnitID(h.Office)
	}
	u, err := s.writer(ctx, office)
	if err != nil {
		return PaperGiven{}, err
	}
	p.Secrecy, p.Digits = paper.Secrecy(cmp.Or(h.Secrecy, string(paper.Secret))), paper.Digits(cmp.Or(h.Digits, string(paper.ThaiDigits)))
	p.At = s.Now().UTC()
	p.Office = paper.Office{Name: u.NameTh, Letters: h.Letters, Address: h.Address, Phone: h.Phone, Email: h.Email}
	p.About = paper.About{Code: c.Code(), ReportedAt: c.ReportedAt, Incident: s.Policy.Types[c.Type].Th, Place: s.area(c.Place)}
	written, d, err := s.Papers.IssuePaper(ctx, paper.Order{Key: key, Case: id, Office: office, By: Viewer(ctx).Actor(), Purpose: purpose, Paper: p})
	if err != nil {
		return PaperGiven{}, inPaper(err)
	}
	sum := sha256.Sum256(d.Bytes)
	return given(paper.Issued{Office: office, Year: written.Year, Number: written.Number, Kind: written.Kind, At: written.At, Pages: d.Pages, SHA256: sum[:]}), nil
}

// writer is the office that a paper is from: one that answers, and in the operator's sight.
func (s *Server) writer(ctx context.Context, office casefile.UnitID) (casefile.Unit, error) {
	if office == "" {
		return casefile.Unit{}, invalid("head.office", "ยังไม่มีหน่วยงานรับเรื่องนี้ โปรดระบุหน่วยงานเจ้าของหนังสือ", "no office has accepted this case yet: name the one that writes")
	}
	u, err := s.Papers.Unit(ctx, office)
	if errors.Is(err, casefile.ErrNotFound) || err == nil && !Viewer(ctx).sees(u.Province) {
		return casefile.Unit{}, invalid("head.office", "ไม่มีหน่วยงานนี้", "there is no such office")
	}
	if err == nil && u.State != casefile.UnitLive {
		return casefile.Unit{}, invalid("head.office", "หน่วยงานนี้ปิดแล้ว", "this office is closed")
	}
	return u, err
}

func (s *Server) area(at casefile.Place) string {
	name := func(code string, _ casefile.Language) string {
		if d, ok := s.Places.District(code); ok {
			return d.NameTh
		}
		p, _ := s.Places.Province(code)
		return p.NameTh
	}
	return policy.Area(name, at.District, at.Province, casefile.Thai)
}

// inPaper says where in the request a field of the paper stands.
func inPaper(err error) error {
	if errors.Is(err, paper.ErrAnother) {
		return ErrKeyReused
	}
	var bad *casefile.InvalidError
	if !errors.As(err, &bad) {
		return err
	}
	if bad.Field == "purpose" {
		return err
	}
	if own, ok := strings.CutPrefix(bad.Field, "office."); ok {
		return invalid("head."+own, bad.Th, bad.En)
	}
	return invalid("paper."+bad.Field, bad.Th, bad.En)
}

// GetPaper serves GET /v1/cases/{case}/papers/{number}. The look is recorded first.
func (s *Server) GetPaper(ctx context.Context, r GetPaperRequestObject) (GetPaperResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	year, number, err := paperNumber(r.Number)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.Viewed(ctx, Viewer(ctx).Actor(), r.Case, string(r.Params.Purpose)); err != nil {
		return nil, err
	}
	p, d, err := s.Papers.Paper(ctx, r.Case, casefile.UnitID(r.Params.Office), year, number)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.ReplaceAll(string(p.Kind), "_", "-"))
	return GetPaper200ApplicationpdfResponse{
		Body: bytes.NewReader(d.Bytes), ContentLength: int64(len(d.Bytes)),
		Headers: GetPaper200ResponseHeaders{ContentDisposition: fmt.Sprintf(`attachment; filename="%s-%s-%s.pdf"`, c.Code(), name, r.Number)},
	}, nil
}
