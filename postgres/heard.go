package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// BeginTest notes that the duty desks of a province, or of everywhere, are tested now, and lists them.
func (s *Store) BeginTest(ctx context.Context, province string, at time.Time) ([]casefile.MemberID, error) {
	var desks []casefile.MemberID
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		ids, err := q.TestDesks(ctx, db.TestDesksParams{At: &at, Province: province})
		desks = column(ids, func(id string) casefile.MemberID { return casefile.MemberID(id) })
		return err
	})
	return desks, err
}

// SilentDesk is a duty desk that has not answered its latest communication test.
type SilentDesk struct {
	Member   casefile.MemberID
	Unit     string // code
	Level    casefile.Level
	Province string
	TestedAt time.Time
}

// SilentDesks lists them by province.
func (s *Store) SilentDesks(ctx context.Context) ([]SilentDesk, error) {
	var out []SilentDesk
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.SilentDesks(ctx)
		out = column(rows, func(r db.SilentDesksRow) SilentDesk {
			return SilentDesk{casefile.MemberID(r.ID), r.Code, casefile.Level(r.Level), r.Province, zero(r.TestedAt)}
		})
		return err
	})
	return out, err
}

// BeginPractice notes that the members of a province, or of one of its units, practise now, and lists them.
func (s *Store) BeginPractice(ctx context.Context, province, unitCode string, at time.Time) ([]casefile.MemberID, error) {
	var members []casefile.MemberID
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		ids, err := q.PracticeMembers(ctx, db.PracticeMembersParams{At: &at, Province: province, UnitCode: unitCode})
		members = column(ids, func(id string) casefile.MemberID { return casefile.MemberID(id) })
		return err
	})
	return members, err
}

// PracticeAnswers counts the members of a province who have practised, and who have answered.
func (s *Store) PracticeAnswers(ctx context.Context, province string) (asked, answered int, err error) {
	err = s.once(ctx, func(q *db.Queries) error {
		row, err := q.PracticeAnswers(ctx, province)
		asked, answered = int(row.Asked), int(row.Answered)
		return err
	})
	return asked, answered, err
}
