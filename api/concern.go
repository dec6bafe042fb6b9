package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// Concerns reads the record of what was pointed out, and has orders carried out. Nothing here says who pointed.
type Concerns interface {
	// Concern returns casefile.ErrNotFound for none.
	Concern(ctx context.Context, id casefile.ConcernID) (casefile.Concern, error)
	// Concerns lists them without anything personal, newest first.
	Concerns(ctx context.Context, f ConcernFilter) ([]ListedConcern, error)
	// Events are what happened to one, with what the pointer said.
	Events(ctx context.Context, id casefile.ConcernID) ([]casefile.ConcernEvent, error)
	// Viewed records that somebody is about to see what is personal in one.
	Viewed(ctx context.Context, by casefile.Actor, id casefile.ConcernID, purpose string) error
	EvidenceOf(ctx context.Context, ids ...casefile.ConcernID) ([]ConcernEvidence, error)
	// EvidenceContent returns casefile.ErrNotFound for what is not kept.
	EvidenceContent(ctx context.Context, id casefile.ConcernID, seq int) (content []byte, kind, contentType string, err error)
	// Referred lists what a partner was given, newest first.
	Referred(ctx context.Context, to casefile.Partner, provinces []string, afterAt time.Time, after casefile.ConcernID, limit int) ([]casefile.Concern, error)
	// CaseIsReferred reports whether a partner was given a concern that became the case.
	CaseIsReferred(ctx context.Context, id casefile.CaseID, to casefile.Partner) (bool, error)
	// Count leaves out cells of fewer than least.
	Count(ctx context.Context, since, until time.Time, least int) ([]ConcernCell, error)
	// Order has one carried out by the concern's own process, and waits for its verdict.
	Order(ctx context.Context, id casefile.ConcernID, o casefile.ConcernOrder) (ConcernVerdict, error)
	// Nudge wakes that process.
	Nudge(ctx context.Context, id casefile.ConcernID, upTo int) error
}

// ConcernFilter says which concerns are wanted. An empty field wants all.
type ConcernFilter struct {
	State     casefile.ConcernState
	Kind      casefile.ConcernKind
	Provinces []string
	Owner     casefile.Actor
	Open      bool
	Blind     casefile.UnitID // leave out what is about this school, unless its pointer lets it know
	AfterAt   time.Time       // together with AfterID: the last one of the page before
	AfterID   casefile.ConcernID
	Limit     int
}

// ListedConcern is a concern, and when it began.
type ListedConcern struct {
	casefile.Concern
	BegunAt time.Time
}

// ConcernEvidence is a link or a picture, without the content.
type ConcernEvidence struct {
	Concern casefile.ConcernID
	Seq     int
	Kind    string
	State   activities.MediaState
	At      time.Time
	Bytes   int
	SHA256  []byte
}

// leastTold is the smallest number of concerns that a count tells.
const leastTold = 10

func concernView(c casefile.Concern, begun time.Time) Concern {
	return Concern{
		Id: c.ID, Code: c.ID.Code(), State: c.State, Kind: c.Kind, Child: c.Child, Place: c.Place, School: string(c.School), Level: c.Level,
		Unit: string(c.Unit), Owner: c.Owner, Office: string(c.Office), Case: c.Case, ReferredTo: c.To, Reason: c.Reason, ProposedBy: c.Proposed,
		BegunAt: begun, ReceivedAt: c.ReceivedAt, TakenAt: c.TakenAt, ReferredAt: c.ReferredAt, EndedAt: c.EndedAt, DueAt: c.DueAt,
	}
}

func evidenceView(all []ConcernEvidence, of casefile.ConcernID, only func(int) bool) []Evidence {
	out := []Evidence{}
	for _, e := range all {
		if e.Concern == of && only(e.Seq) {
			out = append(out, Evidence{ID: e.Seq, Kind: e.Kind, State: string(e.State), At: e.At, Bytes: e.Bytes, SHA256: hex.EncodeToString(e.SHA256)})
		}
	}
	return out
}

// mayHear reports whether a concern is inside the operator's scope, and not about their own school against the pointer's word.
func (o Operator) mayHear(c casefile.Concern) bool {
	return o.sees(c.Place.Province) && (o.Unit == "" || c.AskHere || o.Unit != c.School)
}

// concern is one inside the operator's scope that has begun; any other does not exist for them.
func (s *Server) concern(ctx context.Context, id casefile.ConcernID) (casefile.Concern, error) {
	c, err := s.Concerns.Concern(ctx, id)
	if err != nil {
		return casefile.Concern{}, err
	}
	if c.Version == 0 || !Viewer(ctx).mayHear(c) {
		return casefile.Concern{}, casefile.ErrNotFound
	}
	return c, nil
}

// ListConcerns serves GET /v1/concerns.
func (s *Server) ListConcerns(ctx context.Context, r ListConcernsRequestObject) (ListConcernsResponseObject, error) {
	p, viewer := r.Params, Viewer(ctx)
	f := ConcernFilter{State: p.State, Kind: p.Kind, Provinces: viewer.Provinces, Open: p.Open, Blind: viewer.Unit, Limit: p.Limit + 1}
	if p.Province != "" {
		if !viewer.sees(p.Province) {
			return nil, errOutOfScope
		}
		f.Provinces = []string{p.Province}
	}
	if p.Mine {
		f.Owner = viewer.Actor()
	}
	if p.After != "" {
		at, id, err := parseCursor(p.After)
		if err != nil {
			return nil, err
		}
		f.AfterAt, f.AfterID = at, casefile.ConcernID(id)
	}
	found, err := s.Concerns.Concerns(ctx, f)
	if err != nil {
		return nil, err
	}
	page := ListConcerns200JSONResponse{Concerns: []Concern{}}
	for _, c := range found[:min(len(found), p.Limit)] {
		page.Concerns = append(page.Concerns, concernView(c.Concern, c.BegunAt))
	}
	if len(found) > p.Limit {
		last := found[p.Limit-1]
		page.Next = cursor(last.BegunAt, casefile.CaseID(last.ID))
	}
	return page, nil
}

// GetConcern serves GET /v1/concerns/{concern}.
func (s *Server) GetConcern(ctx context.Context, r GetConcernRequestObject) (GetConcernResponseObject, error) {
	c, err := s.concern(ctx, r.Concern)
	if err != nil {
		return nil, err
	}
	events, err := s.Concerns.Events(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	evidence, err := s.Concerns.EvidenceOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	v := concernView(c, events[0].At)
	v.Evidence = evidenceView(evidence, c.ID, func(int) bool { return true })
	return GetConcern200JSONResponse(v), nil
}

// GetConcernPrivate serves GET /v1/concerns/{concern}/private. The look is recorded first.
func (s *Server) GetConcernPrivate(ctx context.Context, r GetConcernPrivateRequestObject) (GetConcernPrivateResponseObject, error) {
	c, err := s.concern(ctx, r.Concern)
	if err != nil {
		return nil, err
	}
	if err := s.Concerns.Viewed(ctx, Viewer(ctx).Actor(), c.ID, r.Params.Purpose); err != nil {
		return nil, err
	}
	events, err := s.Concerns.Events(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := GetConcernPrivate200JSONResponse{Said: []ConcernSaid{}}
	for _, e := range events {
		if p := e.Private; !p.Empty() {
			said := ConcernSaid{ID: e.Seq, At: e.At, Text: p.Text, Link: p.Link, Pin: p.Pin}
			if p.Media != "" {
				said.Media = p.MediaKind
			}
			out.Said = append(out.Said, said)
		}
	}
	return out, nil
}

// GetEvidence serves GET /v1/concerns/{concern}/evidence/{id}. The look is recorded first; it is only ever downloaded.
func (s *Server) GetEvidence(ctx context.Context, r GetEvidenceRequestObject) (GetEvidenceResponseObject, error) {
	c, err := s.concern(ctx, r.Concern)
	if err != nil {
		return nil, err
	}
	content, name, err := s.evidence(ctx, c, r.ID, r.Params.Purpose)
	if err != nil {
		return nil, err
	}
	return GetEvidence200ApplicationoctetStreamResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)), Headers: GetEvidence200ResponseHeaders{ContentDisposition: name},
	}, nil
}

// evidence is one of a concern with the name under which it is downloaded, after the look at it was recorded.
func (s *Server) evidence(ctx context.Context, c casefile.Concern, id int, purpose string) ([]byte, string, error) {
	if err := s.Concerns.Viewed(ctx, Viewer(ctx).Actor(), c.ID, purpose); err != nil {
		return nil, "", err
	}
	content, kind, contentType, err := s.Concerns.EvidenceContent(ctx, c.ID, id)
	if err != nil {
		return nil, "", err
	}
	end := extension(contentType)
	if kind == "link" {
		end = ".txt"
	}
	return content, fmt.Sprintf(`attachment; filename="%s-%d%s"`, c.ID.Code(), id, end), nil
}

// CountConcerns serves GET /v1/concern-counts.
func (s *Server) CountConcerns(ctx context.Context, r CountConcernsRequestObject) (CountConcernsResponseObject, error) {
	// Two spans of which one is a little longer would tell what the difference is: the months are the cells.
	if err := wholeMonths(r.Params.Since, r.Params.Until); err != nil {
		return nil, err
	}
	cells, err := s.Concerns.Count(ctx, r.Params.Since, r.Params.Until, leastTold)
	if err != nil {
		return nil, err
	}
	viewer := Viewer(ctx)
	cells = slices.DeleteFunc(cells, func(c ConcernCell) bool { return !viewer.sees(c.Province) })
	return CountConcerns200JSONResponse{Least: leastTold, Cells: orEmpty(cells)}, nil
}
