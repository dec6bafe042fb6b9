package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Beat says that a part of this installation is alive. The second watcher, which
// shares no code with this package, reads it.
func (s *Store) Beat(ctx context.Context, part, instance string) error {
	return s.inTx(ctx, func(_ *db.Queries, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO heartbeats (part, instance) VALUES ($1, $2)
			ON CONFLICT (part, instance) DO UPDATE SET beat_at = now()`, part, instance)
		return err
	})
}
