package api

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// CaseView is a case as the API shows it: all of it but what is personal.
type CaseView struct {
	casefile.Case
	Code         string             `json:"code"`
	NextDeadline *casefile.Deadline `json:"next_deadline,omitempty"`
}

func view(c casefile.Case) CaseView {
	c.Private, c.FirstPin = casefile.Private{}, nil // everything personal in a case is in these two
	v := CaseView{Case: c, Code: c.Code()}
	if d, runs := c.NextDeadline(); runs {
		v.NextDeadline = &d
	}
	return v
}

// visible is a case inside the operator's scope; any other does not exist for them.
func (s *Server) visible(ctx context.Context, id casefile.CaseID) (casefile.Case, error) {
	c, err := s.Cases.Case(ctx, id)
	if err != nil {
		return casefile.Case{}, err
	}
	if !Viewer(ctx).mayHave(c) {
		return casefile.Case{}, casefile.ErrNotFound
	}
	return c, nil
}

// ListCases serves GET /v1/cases.
func (s *Server) ListCases(ctx context.Context, r ListCasesRequestObject) (ListCasesResponseObject, error) {
	p := r.Params
	province, err := Viewer(ctx).province(p.Province)
	if err != nil {
		return nil, err
	}
	f := CaseFilter{
		State: p.State, Type: p.Type, Severity: p.Severity, Province: province, Open: p.Open, Desk: p.Desk, Limit: p.Limit + 1, // one more tells whether there is more
	}
	if p.OlderThanS > 0 {
		f.ReportedBefore = s.Now().Add(-time.Duration(p.OlderThanS) * time.Second)
	}
	if p.After != "" {
		if f.AfterAt, f.AfterID, err = parseCursor(p.After); err != nil {
			return nil, err
		}
	}
	cases, err := s.Cases.List(ctx, f)
	if err != nil {
		return nil, err
	}
	page := ListCases200JSONResponse{Cases: make([]Case, 0, len(cases))}
	for _, c := range cases[:min(len(cases), p.Limit)] {
		if !Viewer(ctx).mayHave(c) {
			continue
		}
		if c.Care != nil { // a list shows how the care stands, not all that is owed
			care := *c.Care
			care.Owed, c.Care = nil, &care
		}
		page.Cases = append(page.Cases, view(c))
	}
	if len(cases) > p.Limit {
		last := cases[p.Limit-1]
		page.Next = cursor(last.ReportedAt, last.ID)
	}
	return page, nil
}

// cursor is a place in the list of cases.
func cursor(at time.Time, id casefile.CaseID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + "|" + string(id)))
}

func parseCursor(after string) (time.Time, casefile.CaseID, error) {
	raw, err := base64.RawURLEncoding.DecodeString(after)
	at, id, found := strings.Cut(string(raw), "|")
	t, timeErr := time.Parse(time.RFC3339Nano, at)
	if err != nil || timeErr != nil || !found || len(id) != 36 {
		return time.Time{}, "", invalid("after", "ไม่ใช่ค่า next ของหน้าก่อน", "not the next of a page before")
	}
	return t, casefile.CaseID(id), nil
}

// etag is the version of a case, as HTTP writes it.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// has reports whether the caller holds this version already.
func has(ifNoneMatch, tag string) bool {
	return slices.ContainsFunc(strings.Split(ifNoneMatch, ","), func(t string) bool {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		return t == tag || t == "*"
	})
}

// GetCase serves GET /v1/cases/{case}.
func (s *Server) GetCase(ctx context.Context, r GetCaseRequestObject) (GetCaseResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	tag := etag(c.Version)
	if has(r.Params.IfNoneMatch, tag) {
		return GetCase304Response{}, nil
	}
	return GetCase200JSONResponse{Body: view(c), Headers: GetCase200ResponseHeaders{ETag: tag}}, nil
}

// GetTimeline serves GET /v1/cases/{case}/timeline.
func (s *Server) GetTimeline(ctx context.Context, r GetTimelineRequestObject) (GetTimelineResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	tag := etag(c.Version)
	if has(r.Params.IfNoneMatch, tag) {
		return GetTimeline304Response{}, nil
	}
	events, err := s.Cases.Timeline(ctx, r.Case, r.Params.After, r.Params.Limit+1)
	if err != nil {
		return nil, err
	}
	page := Timeline{Events: make([]Event, 0, len(events))}
	for _, e := range events[:min(len(events), r.Params.Limit)] {
		e.Private = casefile.Private{}
		page.Events = append(page.Events, e)
	}
	if len(events) > r.Params.Limit {
		page.Next = page.Events[r.Params.Limit-1].Seq
	}
	return GetTimeline200JSONResponse{Body: page, Headers: GetTimeline200ResponseHeaders{ETag: tag}}, nil
}

// GetWaves serves GET /v1/cases/{case}/waves.
func (s *Server) GetWaves(ctx context.Context, r GetWavesRequestObject) (GetWavesResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	waves, err := s.Cases.Waves(ctx, r.Case)
	return GetWaves200JSONResponse{Waves: orEmpty(waves)}, err
}

// GetDeliveries serves GET /v1/cases/{case}/deliveries.
func (s *Server) GetDeliveries(ctx context.Context, r GetDeliveriesRequestObject) (GetDeliveriesResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	kept, err := s.Cases.Deliveries(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	all := GetDeliveries200JSONResponse{Deliveries: make([]DeliveredMessage, 0, len(kept))}
	for _, d := range kept {
		all.Deliveries = append(all.Deliveries, DeliveredMessage{
			Key: d.Key, Seq: d.Seq, To: d.To, Channel: DeliveredMessageChannel(d.Channel), Template: d.Template, Outcome: d.Outcome,
			Request: d.Request, At: d.At, DeliveredAt: d.DeliveredAt, AnsweredAt: d.AnsweredAt,
		})
	}
	return all, nil
}

// privateEvents bounds how much of a case's conversation one answer holds.
const privateEvents = 10_000

// GetPrivate serves GET /v1/cases/{case}/private. The look is recorded first.
func (s *Server) GetPrivate(ctx context.Context, r GetPrivateRequestObject) (GetPrivateResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.Viewed(ctx, Viewer(ctx).Actor(), r.Case, r.Params.Purpose); err != nil {
		return nil, err
	}
	events, err := s.Cases.Timeline(ctx, r.Case, 0, privateEvents)
	if err != nil {
		return nil, err
	}
	p := GetPrivate200JSONResponse{
		Case: c.ID, NoCall: c.NoCall, Pin: c.Private.Pin, FirstPin: c.FirstPin, Phone: c.Private.Phone, Address: c.Private.Address,
		Caller: c.Private.Caller, Said: said(events),
	}
	if c.NoCall {
		p.Phone = ""
	}
	return p, nil
}

// said is what people said, without the messages that they took back.
func said(events []casefile.Event) []Said {
	unsent := takenBack(events)
	all := []Said{}
	for _, e := range events {
		p := e.Private
		if e.TakesBack() != "" || p.Pin == nil && p.Text == "" && p.Address == "" && p.Media == "" || p.Media != "" && unsent[p.Media] {
			continue
		}
		all = append(all, Said{Seq: e.Seq, At: e.At, By: e.By, Text: p.Text, Media: p.Media, Address: p.Address, Pin: p.Pin})
	}
	return all
}

// takenBack are the channel's IDs of the messages that their sender took back.
func takenBack(events []casefile.Event) map[string]bool {
	unsent := map[string]bool{}
	for _, e := range events {
		if id := e.TakesBack(); id != "" {
			unsent[id] = true
		}
	}
	return unsent
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
