package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// CareScope is whose cases somebody may count and list.
type CareScope struct {
	Provinces []string        // none: everywhere
	Blind     casefile.UnitID // cases that keep away from this unit are left out
}

func (s CareScope) provinces() []string { return append([]string{}, s.Provinces...) } // never null

// FollowUpFilter chooses cases in follow-up; empty fields choose all.
type FollowUpFilter struct {
	CareScope
	Owner   casefile.UnitID
	Manager casefile.MemberID
	Risk    casefile.Risk
	Overdue bool      // something in it is overdue
	AfterAt time.Time // with AfterID: the last one of the page before
	AfterID casefile.CaseID
	Limit   int
}

// FollowUp is how a case in follow-up stands.
type FollowUp struct {
	Case          casefile.CaseID
	Owner         casefile.UnitID
	Manager       casefile.MemberID
	Problem       casefile.Problem
	Risk          casefile.Risk
	Plan          casefile.PlanState
	Province      string
	BeganAt       time.Time
	Owed, Overdue int
	NextDueAt     time.Time // zero: nothing is owed
}

// FollowUps lists the cases in follow-up, the newest first.
func (s *Store) FollowUps(ctx context.Context, f FollowUpFilter) ([]FollowUp, error) {
	p := db.FollowUpsParams{
		At: s.Now(), Owner: string(f.Owner), Manager: string(f.Manager), Risk: string(f.Risk), Provinces: f.provinces(), Blind: string(f.Blind),
		OverdueOnly: f.Overdue, AfterAt: endOfTime, AfterID: highestID, AtMost: int32(f.Limit), // #nosec G115 -- a page
	}
	if f.AfterID != "" {
		p.AfterAt, p.AfterID = f.AfterAt, string(f.AfterID)
	}
	var out []FollowUp
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.FollowUps(ctx, p)
		out = column(rows, func(r db.FollowUpsRow) FollowUp {
			return FollowUp{
				Case: casefile.CaseID(r.CaseID), Owner: casefile.UnitID(r.Owner), Manager: casefile.MemberID(r.Manager), Problem: casefile.Problem(r.Problem),
				Risk: casefile.Risk(r.Risk), Plan: casefile.PlanState(r.Plan), Province: r.Province, BeganAt: r.BeganAt,
				Owed: int(r.Owed), Overdue: int(r.Overdue), NextDueAt: instant(r.NextDueAt),
			}
		})
		return err
	})
	return out, err
}

// instant is a time of the database, where year 1 stands for none.
func instant(t time.Time) time.Time {
	if t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// OwedFilter chooses what is owed; empty fields choose all.
type OwedFilter struct {
	CareScope
	Member    casefile.MemberID
	Unit      casefile.UnitID
	Kind      casefile.ObligationKind
	Overdue   bool
	AfterAt   time.Time // with AfterCase and AfterID: the last one of the page before
	AfterCase casefile.CaseID
	AfterID   int
	Limit     int
}

// OwedRow is one open obligation of a case.
type OwedRow struct {
	Case     casefile.CaseID
	ID       int
	Kind     casefile.ObligationKind
	Code     string
	Member   casefile.MemberID
	Unit     casefile.UnitID
	Province string
	Since    time.Time
	DueAt    time.Time
	Calls    int
}

// Owed lists what is owed and not settled, the earliest due first.
func (s *Store) Owed(ctx context.Context, f OwedFilter) ([]OwedRow, error) {
	before, afterCase := endOfTime, lowestID
	if f.Overdue {
		before = s.Now()
	}
	if f.AfterCase != "" {
		afterCase = string(f.AfterCase)
	}
	afterID, most := int32(f.AfterID), int32(f.Limit) // #nosec G115 -- a number within a case, and a page
	kind, provinces, blind := string(f.Kind), f.provinces(), string(f.Blind)
	var out []OwedRow
	err := s.once(ctx, func(q *db.Queries) error {
		var rows []db.Obligation
		var err error
		switch {
		case f.Member != "":
			rows, err = q.OwedByMember(ctx, db.OwedByMemberParams{
				MemberID: string(f.Member), UnitID: string(f.Unit), Kind: kind, Provinces: provinces, Blind: blind, Before: before,
				AfterAt: f.AfterAt, AfterCase: afterCase, AfterID: afterID, AtMost: most,
			})
		case f.Unit != "":
			rows, err = q.OwedByUnit(ctx, db.OwedByUnitParams{
				UnitID: string(f.Unit), Kind: kind, Provinces: provinces, Blind: blind, Before: before,
				AfterAt: f.AfterAt, AfterCase: afterCase, AfterID: afterID, AtMost: most,
			})
		default:
			rows, err = q.OwedByAnybody(ctx, db.OwedByAnybodyParams{
				Kind: kind, Provinces: provinces, Blind: blind, Before: before,
				AfterAt: f.AfterAt, AfterCase: afterCase, AfterID: afterID, AtMost: most,
			})
		}
		out = column(rows, func(r db.Obligation) OwedRow {
			return OwedRow{
				Case: casefile.CaseID(r.CaseID), ID: int(r.ID), Kind: casefile.ObligationKind(r.Kind), Code: r.Code, Member: casefile.MemberID(r.MemberID),
				Unit: casefile.UnitID(r.UnitID), Province: r.Province, Since: r.Since, DueAt: r.DueAt, Calls: int(r.Calls),
			}
		})
		return err
	})
	return out, err
}

// CareLoad is who has how much work. It has counts and nobody's name.
type CareLoad struct {
	Offices  []OfficeLoad
	Managers []ManagerLoad
}

// Load is open cases and what is owed in them.
type Load struct {
	Cases, Owed, Overdue int
	Oldest               time.Time // when the oldest overdue one was due; zero: nothing is overdue
}

func (l *Load) add(m Load) {
	l.Cases, l.Owed, l.Overdue = l.Cases+m.Cases, l.Owed+m.Owed, l.Overdue+m.Overdue
	if l.Oldest.IsZero() || !m.Oldest.IsZero() && m.Oldest.Before(l.Oldest) {
		l.Oldest = m.Oldest
	}
}

// ManagerLoad is the load of a case manager in one office.
type ManagerLoad struct {
	Member casefile.MemberID
	Unit   casefile.UnitID
	Load
}

// OfficeLoad is the load of an office, and what became of its referrals.
type OfficeLoad struct {
	Unit casefile.UnitID
	Load
	Unmanaged             int // cases without a case manager
	Managers, Supervisors int
	Accepted, Declined    int
	TimedOut, Waiting     int
	ReportedBack          int // services of which the partner said what was done
}

// CareLoad counts, at one moment of the record, with the referrals made since then.
func (s *Store) CareLoad(ctx context.Context, scope CareScope, since time.Time) (CareLoad, error) {
	var out CareLoad
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		load, err := q.CareLoad(ctx, db.CareLoadParams{At: s.Now(), Provinces: scope.provinces(), Blind: string(scope.Blind)})
		if err != nil {
			return err
		}
		referrals, err := q.ReferralLoad(ctx, db.ReferralLoadParams{Since: since, Provinces: scope.provinces(), Blind: string(scope.Blind)})
		if err != nil {
			return err
		}
		out = sumLoad(load, referrals)
		units := []string{}
		for _, o := range out.Offices {
			units = append(units, string(o.Unit))
		}
		supervisors, err := q.SupervisorsOf(ctx, units)
		for _, x := range supervisors {
			out.office(casefile.UnitID(x.UnitID)).Supervisors = int(x.Supervisors)
		}
		return err
	})
	return out, err
}

func sumLoad(load []db.CareLoadRow, referrals []db.ReferralLoadRow) CareLoad {
	var out CareLoad
	for _, r := range load {
		one := Load{Cases: int(r.Cases), Owed: int(r.Owed), Overdue: int(r.Overdue), Oldest: instant(r.Oldest)}
		office := out.office(casefile.UnitID(r.Owner))
		office.add(one)
		if r.Manager == "" {
			office.Unmanaged += one.Cases
			continue
		}
		office.Managers++
		out.Managers = append(out.Managers, ManagerLoad{Member: casefile.MemberID(r.Manager), Unit: casefile.UnitID(r.Owner), Load: one})
	}
	for _, r := range referrals {
		o := out.office(casefile.UnitID(r.Owner))
		o.Accepted, o.Declined, o.TimedOut, o.Waiting = int(r.Accepted), int(r.Declined), int(r.TimedOut), int(r.Waiting)
		o.ReportedBack = int(r.ReportedBack)
	}
	return out
}

// office finds or adds one.
func (l *CareLoad) office(unit casefile.UnitID) *OfficeLoad {
	for i := range l.Offices {
		if l.Offices[i].Unit == unit {
			return &l.Offices[i]
		}
	}
	l.Offices = append(l.Offices, OfficeLoad{Unit: unit})
	return &l.Offices[len(l.Offices)-1]
}
