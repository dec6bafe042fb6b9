package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// DutySource says what began or ended somebody's duty.
type DutySource string

// Sources of a change of duty.
const (
	ByShift DutySource = "SHIFT" // the schedule
	ByCover DutySource = "COVER" // an override
	ByHand  DutySource = "HAND"  // the button, or an operator
	ByList  DutySource = "LIST"  // a roster that was imported
)

// Actions of the audit log that belong to no case.
const (
	scheduleSet       = "DUTY_SCHEDULE_SET"
	overrideMade      = "DUTY_OVERRIDE_MADE"
	overrideWithdrawn = "DUTY_OVERRIDE_WITHDRAWN"
	calendarMade      = "DUTY_CALENDAR_MADE"
	calendarRevoked   = "DUTY_CALENDAR_REVOKED"
)

// auditRoster writes down, in the transaction of the act, what somebody changed in the roster.
func auditRoster(ctx context.Context, q *db.Queries, action string, by casefile.Actor, at time.Time, what any) error {
	said, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	nothing := sha256.Sum256(nil)
	return q.AuditRoster(ctx, db.AuditRosterParams{
		At: at, Actor: actorText(by), Action: action, Purpose: string(Supervision), Commitment: nothing[:],
		Meta: []byte(strings.Join([]string{
			"ess-audit-meta-v1", actorText(by), action, at.UTC().Format(time.RFC3339Nano), string(Supervision), string(said), "",
		}, "\n")),
	})
}

// SetSchedule sets the schedule of a unit. Everybody in it belongs to the unit.
func (s *Store) SetSchedule(ctx context.Context, unit casefile.UnitID, schedule dispatch.Schedule, by casefile.Actor) error {
	if err := schedule.Check(); err != nil {
		return err
	}
	doc, err := json.Marshal(schedule)
	if err != nil {
		return fmt.Errorf("schedule of %s: %w", unit, err)
	}
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := ofUnit(ctx, q, unit, schedule.Members()); err != nil {
			return err
		}
		if err := q.SetSchedule(ctx, db.SetScheduleParams{UnitID: string(unit), Doc: doc, At: at}); err != nil {
			return err
		}
		return auditRoster(ctx, q, scheduleSet, by, at, struct {
			Unit     casefile.UnitID   `json:"unit"`
			Schedule dispatch.Schedule `json:"schedule"`
		}{unit, schedule})
	})
}

// ofUnit refuses members who do not belong to the unit: nobody is called from two schedules.
func ofUnit(ctx context.Context, q *db.Queries, unit casefile.UnitID, members []casefile.MemberID) error {
	n, err := q.CountOfUnit(ctx, db.CountOfUnitParams{
		UnitID: string(unit), Ids: column(members, func(m casefile.MemberID) string { return string(m) }),
	})
	if err == nil && n != int64(len(members)) {
		return &casefile.InvalidError{Field: "members", Th: "มีสมาชิกที่ไม่ใช่ของหน่วยนี้", En: "somebody is no member of this unit"}
	}
	return err
}

// Override is an override that has been made.
type Override struct {
	ID string
	dispatch.Override
}

// overridesBack is how long before an instant overrides are still read: they cut
// the shift that holds at it.
const overridesBack = 35 * 24 * time.Hour

// Schedule returns the schedule of a unit and the overrides that are not over, or casefile.ErrNotFound.
func (s *Store) Schedule(ctx context.Context, unit casefile.UnitID) (dispatch.Schedule, []Override, error) {
	var schedule dispatch.Schedule
	var overrides []Override
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.ScheduleOf(ctx, string(unit))
		if err != nil {
			return err
		}
		schedule, overrides, err = scheduled(ctx, q, unit, row.Doc, s.Now())
		return err
	})
	return schedule, overrides, err
}

func scheduled(ctx context.Context, q *db.Queries, unit casefile.UnitID, doc []byte, now time.Time) (dispatch.Schedule, []Override, error) {
	schedule, err := readSchedule(unit, doc)
	if err != nil {
		return schedule, nil, err
	}
	rows, err := q.OverridesOf(ctx, db.OverridesOfParams{UnitID: string(unit), After: now.Add(-overridesBack)})
	return schedule, column(rows, func(r db.OverridesOfRow) Override {
		return Override{r.ID, dispatch.Override{
			From: r.FromAt, To: r.ToAt, Of: casefile.MemberID(zero(r.MemberID)), By: casefile.MemberID(zero(r.CoverID)),
		}}
	}), err
}

func readSchedule(unit casefile.UnitID, doc []byte) (dispatch.Schedule, error) {
	var schedule dispatch.Schedule
	if err := json.Unmarshal(doc, &schedule); err != nil {
		return schedule, fmt.Errorf("schedule of %s: %w", unit, err)
	}
	return schedule, nil
}

func bare(overrides []Override) []dispatch.Override {
	return column(overrides, func(o Override) dispatch.Override { return o.Override })
}

// AddOverride lays an override over the schedule of a unit, and returns its ID.
func (s *Store) AddOverride(ctx context.Context, unit casefile.UnitID, o dispatch.Override, by casefile.Actor) (string, error) {
	id, at := uuid.NewString(), s.Now()
	if !o.To.After(o.From) || !o.To.After(at) {
		return "", &casefile.InvalidError{Field: "to", Th: "เวลาสิ้นสุดต้องอยู่หลังเวลาเริ่มและยังไม่ผ่านไป", En: "the end must be after the beginning and not yet over"}
	}
	var members []casefile.MemberID
	for _, m := range []casefile.MemberID{o.Of, o.By} {
		if m != "" {
			members = append(members, m)
		}
	}
	if len(members) == 0 || o.Of == o.By {
		return "", &casefile.InvalidError{Field: "by", Th: "โปรดระบุว่าใครแทนใคร", En: "say who stands in for whom"}
	}
	return id, s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := ofUnit(ctx, q, unit, members); err != nil {
			return err
		}
		if err := q.AddOverride(ctx, db.AddOverrideParams{
			ID: id, UnitID: string(unit), MemberID: null(string(o.Of)), CoverID: null(string(o.By)), FromAt: o.From, ToAt: o.To,
		}); err != nil {
			return err
		}
		if err := q.MakeDutyDue(ctx, db.MakeDutyDueParams{UnitID: string(unit), At: at}); err != nil {
			return err
		}
		return auditRoster(ctx, q, overrideMade, by, at, map[string]any{
			"unit": unit, "override": id, "from": o.From, "to": o.To, "of": o.Of, "by": o.By,
		})
	})
}

// WithdrawOverride takes an override back, or returns casefile.ErrNotFound for one that is over.
func (s *Store) WithdrawOverride(ctx context.Context, unit casefile.UnitID, id string, by casefile.Actor) error {
	if !isUUID(id) {
		return casefile.ErrNotFound
	}
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.WithdrawOverride(ctx, db.WithdrawOverrideParams{ID: id, UnitID: string(unit), At: &at})
		if err != nil {
			return err
		}
		if n == 0 {
			return casefile.ErrNotFound
		}
		if err := q.MakeDutyDue(ctx, db.MakeDutyDueParams{UnitID: string(unit), At: at}); err != nil {
			return err
		}
		return auditRoster(ctx, q, overrideWithdrawn, by, at, map[string]any{"unit": unit, "override": id})
	})
}

// DutyPeriod is a time for which somebody was on duty, as it was written down.
type DutyPeriod struct {
	Member   casefile.MemberID
	From, To time.Time // To is zero while it lasts
	Source   DutySource
}

// DutyAt lists who of a unit was on duty at an instant that has passed: what
// shifts, covers, buttons and imported lists did, as it was written down.
func (s *Store) DutyAt(ctx context.Context, unit casefile.UnitID, at time.Time) ([]DutyPeriod, error) {
	var out []DutyPeriod
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.DutyAt(ctx, db.DutyAtParams{UnitID: string(unit), Instant: at})
		out = column(rows, func(r db.DutyAtRow) DutyPeriod {
			return DutyPeriod{casefile.MemberID(r.MemberID), r.FromAt, r.ToAt, DutySource(r.Source)}
		})
		return err
	})
	return out, err
}

// After how long somebody looks at a schedule in which nothing happens, case
// time: a member may have been suspended, or a case that outlasts a shift may have ended.
const (
	dutyLook     = time.Hour
	dutyBusyLook = time.Minute
)

// KeepDuty looks at one schedule that is due: it switches the duty of those
// whose shift begins or ends, writes it down, and has them told. It returns
// casefile.ErrNotFound when none is due. Several processes may do it at once.
func (s *Store) KeepDuty(ctx context.Context) (unit casefile.UnitID, nobody bool, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		now := s.Now()
		due, err := q.DueSchedule(ctx, now)
		if err != nil {
			return err
		}
		unit = casefile.UnitID(due.UnitID)
		schedule, made, err := scheduled(ctx, q, unit, due.Doc, now)
		if err != nil {
			return err
		}
		rows, err := q.StandingOf(ctx, due.UnitID)
		if err != nil {
			return err
		}
		steps, gap := dispatch.Handover(schedule, bare(made), due.SetAt, now, column(rows, standing))
		for _, step := range steps {
			if err := takeStep(ctx, q, unit, step, now); err != nil {
				return err
			}
		}
		if nobody, err = keepGap(ctx, q, unit, gap, now); err != nil {
			return err
		}
		look := now.Add(dutyLook)
		if slices.ContainsFunc(rows, func(r db.StandingOfRow) bool { return r.Busy }) {
			look = now.Add(dutyBusyLook)
		}
		return q.ScheduleSeen(ctx, db.ScheduleSeenParams{UnitID: due.UnitID, DueAt: dispatch.Bound(schedule, bare(made), now, look)})
	})
	return unit, nobody, err
}

func standing(r db.StandingOfRow) dispatch.Standing {
	m := dispatch.Standing{Member: casefile.MemberID(r.ID), Level: casefile.Level(r.Level), Active: r.Active, OnDuty: r.OnDuty, Busy: r.Busy}
	if !r.LastAt.IsZero() {
		m.Last = &dispatch.Switched{At: r.LastAt, On: r.LastOn, Hand: DutySource(r.LastSource) == ByHand}
	}
	return m
}

func takeStep(ctx context.Context, q *db.Queries, unit casefile.UnitID, step dispatch.Step, now time.Time) error {
	source, template := ByShift, activities.DutyEnds
	if step.Cover {
		source = ByCover
	}
	if step.On {
		template = activities.DutyBegins
	}
	if _, err := q.SetDuty(ctx, db.SetDutyParams{ID: string(step.Member), OnDuty: step.On, At: now, Source: string(source)}); err != nil || !step.Tell {
		return err
	}
	return q.AddDutyNotice(ctx, db.AddDutyNoticeParams{
		UnitID: string(unit), MemberID: string(step.Member), Template: template, At: now, Until: nullTime(step.Until),
	})
}

// keepGap notes that the shift has nobody, or somebody again. The duty desks of
// the unit are told once; nobody is true at the first look that finds it.
func keepGap(ctx context.Context, q *db.Queries, unit casefile.UnitID, gap bool, now time.Time) (nobody bool, err error) {
	if !gap {
		return false, q.EndDutyGap(ctx, db.EndDutyGapParams{UnitID: string(unit), At: &now})
	}
	n, err := q.OpenDutyGap(ctx, db.OpenDutyGapParams{UnitID: string(unit), Since: now})
	if err != nil || n == 0 {
		return false, err
	}
	return true, q.AddDutyGapNotices(ctx, db.AddDutyGapNoticesParams{UnitID: string(unit), At: now})
}

// DutyGap is a unit whose shift has nobody.
type DutyGap struct {
	Unit     casefile.UnitID
	Province string
	Since    time.Time
}

// DutyGaps lists the units whose shift has nobody, the longest first; an empty province means all.
func (s *Store) DutyGaps(ctx context.Context, province string, limit int) ([]DutyGap, error) {
	var out []DutyGap
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.OpenDutyGaps(ctx, db.OpenDutyGapsParams{Province: null(province), AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.OpenDutyGapsRow) DutyGap { return DutyGap{casefile.UnitID(r.UnitID), r.Province, r.Since} })
		return err
	})
	return out, err
}

// DutyNotice is a member who must be told of a change of duty.
type DutyNotice struct {
	ID        int64
	Member    casefile.MemberID
	Template  string
	At, Until time.Time
	LINE      string // empty: no contact
	Language  casefile.Language
	Unit      string // its name in that language
}

// UntoldDuty lists who must still be told, the longest waiting first, from the one after the given.
func (s *Store) UntoldDuty(ctx context.Context, after int64, limit int) ([]DutyNotice, error) {
	var out []DutyNotice
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.UntoldDutyNotices(ctx, db.UntoldDutyNoticesParams{After: after, AtMost: int32(limit)}) // #nosec G115 -- a batch
		out = nil
		for _, r := range rows {
			n := DutyNotice{
				ID: r.ID, Member: casefile.MemberID(r.MemberID), Template: r.Template, At: r.At, Until: zero(r.Until),
				Language: casefile.Language(r.Language), Unit: inLanguage(r.Language, r.NameTh, r.NameEn),
			}
			if r.LineUserSealed != nil {
				if n.LINE, err = s.openText(r.LineUserSealed, "members", "line_user_sealed", r.MemberID); err != nil {
					return err
				}
			}
			out = append(out, n)
		}
		return err
	})
	return out, err
}

func inLanguage(language, th, en string) string {
	if casefile.Language(language) == casefile.English {
		return en
	}
	return th
}

// ToldDuty keeps what the channel said to a notice.
func (s *Store) ToldDuty(ctx context.Context, id int64, outcome activities.Outcome) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.DutyNoticeTold(ctx, db.DutyNoticeToldParams{ID: id, Outcome: null(string(outcome))})
	})
}

// NewCalendar gives the feed of a member's shifts a new random address; an older one ends.
func (s *Store) NewCalendar(ctx context.Context, id casefile.MemberID, by casefile.Actor) (token string, err error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw)
	at := s.Now()
	return token, s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.SetCalendar(ctx, db.SetCalendarParams{MemberID: string(id), TokenHash: tokenHash(token)}); err != nil {
			return err
		}
		return auditRoster(ctx, q, calendarMade, by, at, map[string]any{"member": id})
	})
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// RevokeCalendar ends the feed of a member's shifts, or returns casefile.ErrNotFound when there is none.
func (s *Store) RevokeCalendar(ctx context.Context, id casefile.MemberID, by casefile.Actor) error {
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.DropCalendar(ctx, string(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return casefile.ErrNotFound
		}
		return auditRoster(ctx, q, calendarRevoked, by, at, map[string]any{"member": id})
	})
}

// Calendar returns a member's shifts in a span and the name of their unit, or
// casefile.ErrNotFound for an address that is not, or no longer, one.
func (s *Store) Calendar(ctx context.Context, token string, from, to time.Time) (unit string, shifts []dispatch.Shift, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		who, err := q.CalendarOf(ctx, tokenHash(token))
		if err != nil {
			return err
		}
		unit, shifts = inLanguage(who.Language, who.NameTh, who.NameEn), nil
		row, err := q.ScheduleOf(ctx, who.UnitID)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		schedule, made, err := scheduled(ctx, q, casefile.UnitID(who.UnitID), row.Doc, from)
		for _, x := range dispatch.Shifts(schedule, bare(made), from, to) {
			if x.Member == casefile.MemberID(who.ID) {
				shifts = append(shifts, x)
			}
		}
		return err
	})
	return unit, shifts, err
}
