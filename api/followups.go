package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
)

// FollowUps are the lists of what follows an emergency, and the door to a case
// without one.
type FollowUps interface {
	// OpenFollowUp begins a case that an office opened by itself and returns its ID and the number of its first word. A
	// repeat of the event returns the same.
	OpenFollowUp(ctx context.Context, o casefile.Opening) (casefile.CaseID, int, error)
	// FollowUps lists cases in follow-up, newest first.
	FollowUps(ctx context.Context, f FollowUpFilter) ([]FollowUp, error)
	// Owed lists what is open, the earliest due first.
	Owed(ctx context.Context, f OwedFilter) ([]OwedItem, error)
	// CaseLoad counts open cases, overdue work and the referrals made since then.
	CaseLoad(ctx context.Context, scope CareScope, since time.Time) (CaseLoad, error)
}

// CareScope is whose cases an operator may count and list.
type CareScope struct {
	Provinces []string        // none: everywhere
	Blind     casefile.UnitID // cases that keep away from this unit are left out
}

// FollowUpFilter says which cases are wanted. An empty field wants all.
type FollowUpFilter struct {
	CareScope
	Office  casefile.UnitID
	Manager casefile.MemberID
	Risk    casefile.Risk
	Overdue bool
	AfterAt time.Time // together with AfterID: the last one of the page before
	AfterID casefile.CaseID
	Limit   int
}

// scope is what an operator may count, of one province or of all that are theirs.
func (o Operator) scope(province string) (CareScope, error) {
	if province == "" {
		return CareScope{Provinces: o.Provinces, Blind: o.Unit}, nil
	}
	if !o.sees(province) {
		return CareScope{}, errOutOfScope
	}
	return CareScope{Provinces: []string{province}, Blind: o.Unit}, nil
}

// ListFollowUps serves GET /v1/follow-ups.
func (s *Server) ListFollowUps(ctx context.Context, r ListFollowUpsRequestObject) (ListFollowUpsResponseObject, error) {
	p := r.Params
	scope, err := Viewer(ctx).scope(p.Province)
	if err != nil {
		return nil, err
	}
	f := FollowUpFilter{CareScope: scope, Office: p.Office, Manager: p.Manager, Risk: p.Risk, Overdue: p.Overdue, Limit: p.Limit + 1}
	if p.After != "" {
		if f.AfterAt, f.AfterID, err = parseCursor(p.After); err != nil {
			return nil, err
		}
	}
	found, err := s.FollowUps.FollowUps(ctx, f)
	if err != nil {
		return nil, err
	}
	page := ListFollowUps200JSONResponse{FollowUps: orEmpty(found[:min(len(found), p.Limit)])}
	for i := range page.FollowUps {
		page.FollowUps[i].Code = casefile.Case{ID: page.FollowUps[i].Case}.Code()
	}
	if len(found) > p.Limit {
		last := found[p.Limit-1]
		page.Next = cursor(last.BeganAt, last.Case)
	}
	return page, nil
}

// socialOffices are the levels that may own a case in follow-up.
var socialOffices = []casefile.Level{
	casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelMSDHSNational, casefile.LevelHUSEC,
}

// liveUnit is a unit that may be asked for something.
func (s *Server) liveUnit(ctx context.Context, field string, id casefile.UnitID) (casefile.Unit, error) {
	u, err := s.Shifts.Unit(ctx, id)
	switch {
	case errors.Is(err, casefile.ErrNotFound):
		return u, invalid(field, "ไม่มีหน่วยงานนี้", "no such unit")
	case err != nil:
		return u, err
	case u.State == casefile.UnitClosed:
		return u, invalid(field, "หน่วยงานนี้ปิดแล้ว", "this unit is closed")
	}
	return u, nil
}

// office is a unit that may own a case.
func (s *Server) office(ctx context.Context, field string, id casefile.UnitID) (casefile.Unit, error) {
	u, err := s.liveUnit(ctx, field, id)
	if err == nil && !slices.Contains(socialOffices, u.Level) {
		return u, invalid(field, "หน่วยงานนี้ไม่ใช่หน่วยงานด้านสังคม", "this unit is not a social office")
	}
	return u, err
}

// OpenFollowUp serves POST /v1/follow-ups.
func (s *Server) OpenFollowUp(ctx context.Context, r OpenFollowUpRequestObject) (OpenFollowUpResponseObject, error) {
	b, by := *r.Body, Viewer(ctx).Actor()
	u, err := s.office(ctx, "office", b.Office)
	if err != nil {
		return nil, err
	}
	o := casefile.Opening{
		Event: casefile.EventID(uuid.NewSHA1(commandSpace, []byte(by.ID+"\nfollow-up\n"+r.Params.IdempotencyKey)).String()), By: by, Office: b.Office,
		Problem: b.Problem, Child: b.Child, Severity: b.Severity, At: s.Now(),
		Private: casefile.Private{Text: b.Text, Address: b.Address, Phone: e164(b.Phone), Caller: b.Name},
	}
	if o.Place, err = s.placeOf(b, u); err != nil {
		return nil, err
	}
	if !Viewer(ctx).sees(o.Place.Province) {
		return nil, errOutOfScope
	}
	if b.Pin != nil {
		o.Private.Pin = &casefile.Pin{Lat: b.Pin.Lat, Lon: b.Pin.Lon, AccuracyM: b.Pin.AccuracyM, FixedAt: o.At, Source: casefile.PinTyped}
	}
	id, n, err := s.FollowUps.OpenFollowUp(ctx, o)
	if err != nil {
		return nil, err
	}
	s.nudges.add(ctx, id, n)
	return OpenFollowUp201JSONResponse{Case: id, Code: casefile.Case{ID: id}.Code()}, nil
}

// placeOf is the most that is known of where a household lives; at the least the
// province of its office.
func (s *Server) placeOf(b NewFollowUp, office casefile.Unit) (casefile.Place, error) {
	switch {
	case b.Pin != nil:
		place, ok := s.Places.Locate(b.Pin.Lat, b.Pin.Lon)
		if !ok {
			return place, invalid("pin", "พิกัดนี้ไม่อยู่ในประเทศไทย", "this pin is not in Thailand")
		}
		place.Cell = dispatch.CellName(b.Pin.Lat, b.Pin.Lon)
		return place, nil
	case b.District != "":
		if _, ok := s.Places.District(b.District); !ok || b.Province != "" && b.Province != b.District[:2] {
			return casefile.Place{}, invalid("district", "ไม่มีอำเภอหรือเขตนี้", "there is no such district")
		}
		return casefile.Place{Province: b.District[:2], District: b.District}, nil
	}
	province := b.Province
	if province == "" {
		province = office.Province
	}
	if _, ok := s.Places.Province(province); !ok {
		return casefile.Place{}, invalid("province", "ต้องระบุจังหวัด", "say which province")
	}
	return casefile.Place{Province: province}, nil
}
