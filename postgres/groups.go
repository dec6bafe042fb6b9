package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// LinkGroup makes a LINE group the group of the unit whose duty desk asks for it, and returns the language of the
// desk; casefile.ErrNotFound for anybody who is not an active duty desk.
func (s *Store) LinkGroup(ctx context.Context, userID, group string, at time.Time) (casefile.Language, error) {
	language := casefile.Thai
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		desk, err := q.DeskByLINE(ctx, null(string(s.Reporter(casefile.ChannelLINE, userID))))
		if err != nil {
			return err
		}
		language = casefile.Language(desk.Language)
		sealed, err := s.Sealer.Seal([]byte(group), place("unit_groups", "group_sealed", desk.UnitID))
		if err != nil {
			return err
		}
		return q.LinkGroup(ctx, db.LinkGroupParams{
			UnitID: desk.UnitID, GroupSealed: sealed, GroupHash: s.groupHash(group), LinkedBy: desk.ID, LinkedAt: at,
		})
	})
	return language, err
}

// UnlinkGroup forgets a group, because the account was taken out of it.
func (s *Store) UnlinkGroup(ctx context.Context, group string) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return q.UnlinkGroup(ctx, s.groupHash(group)) })
}

func (s *Store) groupHash(group string) string { return s.Sealer.Blind("group", group) }
