package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
)

// Shifts know who is on call, who was and who will be.
type Shifts interface {
	// Unit returns casefile.ErrNotFound for no unit.
	Unit(ctx context.Context, id casefile.UnitID) (casefile.Unit, error)
	// Schedule returns casefile.ErrNotFound for a unit without one. The overrides
	// are all that cut a shift of today or later, in the order in which they were made.
	Schedule(ctx context.Context, unit casefile.UnitID) (dispatch.Schedule, []DutyOverride, error)
	SetSchedule(ctx context.Context, unit casefile.UnitID, schedule dispatch.Schedule, by casefile.Actor) error
	AddOverride(ctx context.Context, unit casefile.UnitID, o dispatch.Override, by casefile.Actor) (id string, err error)
	WithdrawOverride(ctx context.Context, unit casefile.UnitID, id string, by casefile.Actor) error
	// DutyAt tells what was written down about an instant that has passed.
	DutyAt(ctx context.Context, unit casefile.UnitID, at time.Time) ([]OnDuty, error)
	DutyGaps(ctx context.Context, province string, limit int) ([]DutyGap, error)
	NewCalendar(ctx context.Context, id casefile.MemberID, by casefile.Actor) (token string, err error)
	RevokeCalendar(ctx context.Context, id casefile.MemberID, by casefile.Actor) error
	// Calendar returns the shifts of the member whose feed it is and the name of
	// their unit, or casefile.ErrNotFound.
	Calendar(ctx context.Context, token string, from, to time.Time) (unit string, shifts []dispatch.Shift, err error)
}

// dutyUnit is one inside the operator's scope; any other does not exist for them.
func (s *Server) dutyUnit(ctx context.Context, id casefile.UnitID) error {
	u, err := s.Shifts.Unit(ctx, id)
	if err == nil && !Viewer(ctx).sees(u.Province) {
		return casefile.ErrNotFound
	}
	return err
}

// How far the lists look ahead and back.
const (
	changesAhead   = 14 * 24 * time.Hour
	calendarBehind = 7 * 24 * time.Hour
	calendarAhead  = 90 * 24 * time.Hour
	gapsAtMost     = 200
)

// GetSchedule serves GET /v1/units/{unit}/schedule.
func (s *Server) GetSchedule(ctx context.Context, r GetScheduleRequestObject) (GetScheduleResponseObject, error) {
	if err := s.dutyUnit(ctx, r.Unit); err != nil {
		return nil, err
	}
	schedule, overrides, err := s.Shifts.Schedule(ctx, r.Unit)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	answer := GetSchedule200JSONResponse{Schedule: schedule, Overrides: []DutyOverride{}}
	for _, o := range overrides {
		if o.To.After(now) {
			answer.Overrides = append(answer.Overrides, o)
		}
	}
	answer.Changes = orEmpty(dispatch.Changes(schedule, pure(overrides), now, now.Add(changesAhead)))
	return answer, nil
}

func pure(overrides []DutyOverride) []dispatch.Override {
	var out []dispatch.Override
	for _, o := range overrides {
		out = append(out, dispatch.Override{From: o.From, To: o.To, Of: o.Of, By: o.By})
	}
	return out
}

// SetSchedule serves PUT /v1/units/{unit}/schedule.
func (s *Server) SetSchedule(ctx context.Context, r SetScheduleRequestObject) (SetScheduleResponseObject, error) {
	if err := s.dutyUnit(ctx, r.Unit); err != nil {
		return nil, err
	}
	return SetSchedule204Response{}, s.Shifts.SetSchedule(ctx, r.Unit, *r.Body, Viewer(ctx).Actor())
}

// AddOverride serves POST /v1/units/{unit}/overrides.
func (s *Server) AddOverride(ctx context.Context, r AddOverrideRequestObject) (AddOverrideResponseObject, error) {
	if err := s.dutyUnit(ctx, r.Unit); err != nil {
		return nil, err
	}
	o := dispatch.Override{From: r.Body.From, To: r.Body.To, Of: r.Body.Of, By: r.Body.By}
	id, err := s.Shifts.AddOverride(ctx, r.Unit, o, Viewer(ctx).Actor())
	return AddOverride201JSONResponse{ID: id, From: o.From, To: o.To, Of: o.Of, By: o.By}, err
}

// WithdrawOverride serves DELETE /v1/units/{unit}/overrides/{override}.
func (s *Server) WithdrawOverride(ctx context.Context, r WithdrawOverrideRequestObject) (WithdrawOverrideResponseObject, error) {
	if err := s.dutyUnit(ctx, r.Unit); err != nil {
		return nil, err
	}
	return WithdrawOverride204Response{}, s.Shifts.WithdrawOverride(ctx, r.Unit, r.Override, Viewer(ctx).Actor())
}

// GetOnCall serves GET /v1/units/{unit}/on-call.
func (s *Server) GetOnCall(ctx context.Context, r GetOnCallRequestObject) (GetOnCallResponseObject, error) {
	if err := s.dutyUnit(ctx, r.Unit); err != nil {
		return nil, err
	}
	now := s.Now()
	at := r.Params.At
	if at.IsZero() {
		at = now
	}
	answer := GetOnCall200JSONResponse{At: at, Recorded: !at.After(now), OnCall: []OnDuty{}}
	if answer.Recorded {
		on, err := s.Shifts.DutyAt(ctx, r.Unit, at)
		answer.OnCall = orEmpty(on)
		return answer, err
	}
	schedule, overrides, err := s.Shifts.Schedule(ctx, r.Unit)
	if err != nil {
		return nil, err
	}
	for _, shift := range dispatch.Shifts(schedule, pure(overrides), at, at.Add(1)) {
		on := OnDuty{Member: shift.Member, From: shift.From, To: shift.To, Source: SHIFT}
		if shift.Cover {
			on.Source = COVER
		}
		answer.OnCall = append(answer.OnCall, on)
	}
	return answer, nil
}

// ListDutyGaps serves GET /v1/duty/gaps.
func (s *Server) ListDutyGaps(ctx context.Context, r ListDutyGapsRequestObject) (ListDutyGapsResponseObject, error) {
	province, err := Viewer(ctx).province(r.Params.Province)
	if err != nil {
		return nil, err
	}
	gaps, err := s.Shifts.DutyGaps(ctx, province, gapsAtMost)
	return ListDutyGaps200JSONResponse{Gaps: orEmpty(gaps)}, err
}

// NewCalendar serves POST /v1/members/{member}/calendar.
func (s *Server) NewCalendar(ctx context.Context, r NewCalendarRequestObject) (NewCalendarResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	token, err := s.Shifts.NewCalendar(ctx, r.Member, Viewer(ctx).Actor())
	return NewCalendar201JSONResponse{Path: "/calendar/" + token + calendarSuffix}, err
}

// RevokeCalendar serves DELETE /v1/members/{member}/calendar.
func (s *Server) RevokeCalendar(ctx context.Context, r RevokeCalendarRequestObject) (RevokeCalendarResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	return RevokeCalendar204Response{}, s.Shifts.RevokeCalendar(ctx, r.Member, Viewer(ctx).Actor())
}

const calendarSuffix = ".ics"

// calendar serves GET /calendar/{feed} to a calendar program, which cannot sign in.
func (s *Server) calendar(c *gin.Context) {
	token, ok := strings.CutSuffix(c.Param("feed"), calendarSuffix)
	if !ok || len(token) > 64 {
		s.fail(c, casefile.ErrNotFound)
		return
	}
	now := s.Now()
	unit, shifts, err := s.Shifts.Calendar(c.Request.Context(), token, now.Add(-calendarBehind), now.Add(calendarAhead))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "text/calendar; charset=utf-8", iCalendar(unit, shifts, now))
}

// iCalendar is shifts as RFC 5545 wants them. It names nobody.
func iCalendar(unit string, shifts []dispatch.Shift, now time.Time) []byte {
	const utc = "20060102T150405Z"
	var b strings.Builder
	line := func(format string, args ...any) { fold(&b, fmt.Sprintf(format, args...)) }
	escaped := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "").Replace(unit)
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//ESS//duty//TH")
	line("X-WR-CALNAME:ESS %s", escaped)
	for _, s := range shifts {
		id := sha256.Sum256(fmt.Appendf(nil, "%s %d", s.Member, s.From.Unix()))
		line("BEGIN:VEVENT")
		line("UID:%s@ess", hex.EncodeToString(id[:16]))
		line("DTSTAMP:%s", now.UTC().Format(utc))
		line("DTSTART:%s", s.From.UTC().Format(utc))
		line("DTEND:%s", s.To.UTC().Format(utc))
		line("SUMMARY:ESS %s", escaped)
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	return []byte(b.String())
}

// fold writes a line in pieces of at most 75 bytes, never through a letter.
func fold(b *strings.Builder, line string) {
	const most = 75
	room := most
	for _, r := range line {
		if n := utf8.RuneLen(r); n > room {
			b.WriteString("\r\n ")
			room = most - 1
		}
		room -= utf8.RuneLen(r)
		b.WriteRune(r)
	}
	b.WriteString("\r\n")
}
