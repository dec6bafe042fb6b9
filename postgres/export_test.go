package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// JoinOrLink places a case that is recorded already.
func (s *Store) JoinOrLink(ctx context.Context, query activities.JoinQuery) (found activities.JoinResult, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		found, err = s.joinOrLink(ctx, q, query)
		return err
	})
	return found, err
}

// WhoLooks is what the database knows of the viewer, in both ways to it.
func (s *Store) WhoLooks(ctx context.Context, once bool) (who string, err error) {
	const sql = `SELECT current_setting('app.user') || ' ' || current_setting('app.purpose')`
	if once {
		q := breath{pool: s.Pool, viewer: viewer(ctx)}
		err = q.QueryRow(ctx, sql).Scan(&who)
		return who, err
	}
	err = s.inTx(ctx, func(_ *db.Queries, tx pgx.Tx) error { return tx.QueryRow(ctx, sql).Scan(&who) })
	return who, err
}
