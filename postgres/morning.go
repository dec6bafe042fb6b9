package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// WhyUnreachable says why somebody in a ladder cannot be reached.
type WhyUnreachable string

// Reasons.
const (
	NoAddress  WhyUnreachable = "NO_ADDRESS" // there is no way at all
	Unverified WhyUnreachable = "UNVERIFIED" // there is one that nobody has proved
	LINEBlock  WhyUnreachable = "BLOCKED"    // LINE is blocked, and there is nothing else
)

// Unreachable is somebody in a ladder who has no way that works.
type Unreachable struct {
	Member   casefile.MemberID
	Unit     casefile.UnitID
	Level    casefile.Level // of a duty desk; empty: an officer in the field
	Role     casefile.Role
	Province string
	Why      WhyUnreachable
}

// aheadOfMorning is how far ahead somebody who is to be on call is asked for.
const aheadOfMorning = 7 * 24 * time.Hour

// onCall lists everybody whom a schedule puts on call in the coming days.
func (s *Store) onCall(ctx context.Context, q *db.Queries) ([]string, error) {
	now := s.Now()
	rows, err := q.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	overrides, err := q.OverridesAfter(ctx, now.Add(-overridesBack))
	if err != nil {
		return nil, err
	}
	laid := map[string][]dispatch.Override{}
	for _, o := range overrides {
		laid[o.UnitID] = append(laid[o.UnitID], dispatch.Override{
			From: o.FromAt, To: o.ToAt, Of: casefile.MemberID(zero(o.MemberID)), By: casefile.MemberID(zero(o.CoverID)),
		})
	}
	on := []string{}
	for _, r := range rows {
		schedule, err := readSchedule(casefile.UnitID(r.UnitID), r.Doc)
		if err != nil {
			return nil, err
		}
		for _, shift := range dispatch.Shifts(schedule, laid[r.UnitID], now, now.Add(aheadOfMorning)) {
			on = append(on, string(shift.Member))
		}
	}
	slices.Sort(on)
	return slices.Compact(on), nil
}

// Unreachable lists who is in a ladder and cannot be reached, by their IDs, from
// the one after the given; an empty province means all.
func (s *Store) Unreachable(ctx context.Context, province string, after casefile.MemberID, limit int) ([]Unreachable, error) {
	var out []Unreachable
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		on, err := s.onCall(ctx, q)
		if err != nil {
			return err
		}
		rows, err := q.Unreachable(ctx, db.UnreachableParams{
			OnCall: on, Province: null(province), After: string(after), AtMost: int32(limit), // #nosec G115 -- a page
		})
		out = column(rows, func(r db.UnreachableRow) Unreachable {
			u := Unreachable{
				casefile.MemberID(r.ID), casefile.UnitID(r.UnitID), casefile.Level(r.Level), casefile.Role(r.Role), r.Province, NoAddress,
			}
			switch {
			case r.Blocked:
				u.Why = LINEBlock
			case r.HasAny:
				u.Why = Unverified
			}
			return u
		})
		return err
	})
	return out, err
}

// Ladders is what a check of all ladders needs of the roster: the units that are
// open, the desks that can be reached, and the provinces that are LIVE.
func (s *Store) Ladders(ctx context.Context) (units []casefile.Unit, desks []policy.RosterDesk, live []string, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		units, desks, live = nil, nil, nil
		on, err := s.onCall(ctx, q)
		if err != nil {
			return err
		}
		rows, err := q.ReachableDesks(ctx, on)
		if err != nil {
			return err
		}
		desks = column(rows, func(r db.ReachableDesksRow) policy.RosterDesk {
			return policy.RosterDesk{Unit: casefile.UnitID(r.UnitID), Level: casefile.Level(r.Level), Verified: true, Answered: true}
		})
		all, err := q.Units(ctx, db.UnitsParams{After: "", Level: nil, Province: nil, State: new(string(casefile.UnitLive)), AtMost: nil})
		if err != nil {
			return err
		}
		units = column(all, unit)
		provinces, err := q.Provinces(ctx)
		for _, p := range provinces {
			if p.Mode == modeLive {
				live = append(live, p.Code)
			}
		}
		return err
	})
	return units, desks, live, err
}

// CountUnreachable counts who is in a ladder and cannot be reached.
func (s *Store) CountUnreachable(ctx context.Context) (int, error) {
	n := 0
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		on, err := s.onCall(ctx, q)
		if err != nil {
			return err
		}
		count, err := q.CountUnreachable(ctx, on)
		n = int(count)
		return err
	})
	return n, err
}

// Morning is what the list of a day counted.
type Morning struct {
	ToldAt          time.Time
	People, Ladders int
}

// TakeMorning reports whether it is for the caller to make the list of a day: nobody
// has made it, and nobody has begun to within the lease.
func (s *Store) TakeMorning(ctx context.Context, day time.Time, lease time.Duration) (bool, error) {
	mine := false
	err := s.once(ctx, func(q *db.Queries) error {
		n, err := q.TakeMorning(ctx, db.TakeMorningParams{Day: day, Lease: lease})
		mine = n == 1
		return err
	})
	return mine, err
}

// MorningTold notes what the list of a day counted, and that whom it concerns has it.
func (s *Store) MorningTold(ctx context.Context, day time.Time, m Morning) error {
	return s.once(ctx, func(q *db.Queries) error {
		return q.MorningTold(ctx, db.MorningToldParams{
			Day: day, At: &m.ToldAt, People: new(int32(m.People)), Ladders: new(int32(m.Ladders)), // #nosec G115 -- counts of people
		})
	})
}

// LatestMorning returns what the latest list counted; the zero value before the first.
func (s *Store) LatestMorning(ctx context.Context) (Morning, error) {
	var m Morning
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.LatestMorning(ctx)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		m = Morning{zero(row.ToldAt), int(zero(row.People)), int(zero(row.Ladders))}
		return err
	})
	return m, err
}
