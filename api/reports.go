package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

// reportKind is the one kind of call that becomes a case.
const reportKind = "REPORT"

// FileReport serves POST /v1/reports: the same door as LINE's, for people who type what a caller says.
func (s *Server) FileReport(ctx context.Context, r FileReportRequestObject) (FileReportResponseObject, error) {
	a, err := s.callCard(ctx, *r.Body)
	if err != nil {
		return nil, err
	}
	routed, err := s.Intake.Intake(ctx, []Arrival{a})
	if err != nil {
		return nil, err
	}
	if len(routed) != 1 {
		return nil, fmt.Errorf("intake answered %d of 1 arrivals", len(routed))
	}
	filed := Filed{Case: routed[0].Case, Repeated: routed[0].Duplicate}
	if filed.Case != "" {
		filed.Code = casefile.Case{ID: filed.Case}.Code()
		s.nudges.add(ctx, filed.Case, routed[0].N)
	}
	if filed.Repeated {
		return FileReport200JSONResponse(filed), nil
	}
	return FileReport201JSONResponse(filed), nil
}

// callCard is a report in our own words. The call is the conversation: neither
// the caller's telephone, which may be anybody's, nor the operator who typed it.
func (s *Server) callCard(ctx context.Context, b Report) (Arrival, error) {
	now := s.Now()
	a := Arrival{
		EventID: "call:" + string(b.Channel) + ":" + b.CallId, Channel: b.Channel, UserID: "call:" + b.CallId, At: now,
		In: casefile.Incoming{
			Word: casefile.Called, At: now, Type: b.Type, Quiet: b.Quiet || b.Silent, Phone: e164(b.Phone), Language: b.Language, Channel: b.Channel,
			Text: strings.TrimSpace(b.Address + "\n" + b.Text), By: Viewer(ctx).Actor(),
			Call: &casefile.Call{CallID: b.CallId, Silent: b.Silent, CallerName: b.CallerName, Category: b.Category, Kind: b.Kind},
		},
	}
	if b.Pin != nil {
		a.In.Pin = &casefile.Pin{Lat: b.Pin.Lat, Lon: b.Pin.Lon, AccuracyM: b.Pin.AccuracyM, FixedAt: now, Source: casefile.PinTyped}
		if b.Device {
			a.In.Pin.Source = casefile.PinDevice
		}
	}
	switch {
	case b.Kind != reportKind:
		a.In.Word = casefile.Unknown // kept, and no case
	case b.Type == "" && !b.Silent:
		return Arrival{}, invalid("type", "ต้องระบุประเภทเหตุ เว้นแต่เป็นสายเงียบ", "a report names its type, unless nobody spoke")
	}
	return a, nil
}
