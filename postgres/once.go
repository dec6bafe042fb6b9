package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/postgres/internal/db"
)

// once runs fn, each of whose statements is a transaction of its own and one
// round trip, in which the database also hears who looks and why. It is for a
// single statement: two of them may see different states of the world.
func (s *Store) once(ctx context.Context, fn func(q *db.Queries) error) error {
	return s.breathe(ctx, false, fn)
}

// soon is once for what may be lost with the database's last moments: it does
// not wait for the disk. Nothing that is recorded later can outlive it, for the
// log is written in order.
func (s *Store) soon(ctx context.Context, fn func(q *db.Queries) error) error {
	return s.breathe(ctx, true, fn)
}

func (s *Store) breathe(ctx context.Context, soon bool, fn func(q *db.Queries) error) error {
	q := db.New(breath{pool: s.Pool, viewer: viewer(ctx), soon: soon})
	return again(func() error { return fn(q) })
}

// breath sends each statement together with the words that say who looks.
type breath struct {
	pool   *pgxpool.Pool
	viewer Viewer
	soon   bool // does not wait for the disk
}

// setAs says who looks and why, until the transaction ends; setSoon also not to wait for the disk.
const (
	setAs   = `SELECT set_config('app.user', $1, true), set_config('app.purpose', $2, true)`
	setSoon = setAs + `, set_config('synchronous_commit', 'off', true)`
)

func (b breath) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	var batch pgx.Batch
	set := setAs
	if b.soon {
		set = setSoon
	}
	batch.Queue(set, b.viewer.actor(), string(b.viewer.Purpose))
	batch.Queue(sql, args...)
	results := b.pool.SendBatch(ctx, &batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // says the same
		return nil, err
	}
	return results, nil
}

// Exec runs a statement that returns no rows.
func (b breath) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := b.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed // the commit
	}
	return tag, err
}

// Query runs a statement that returns rows.
func (b breath) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := b.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	return &breathRows{Rows: rows, results: results}, err
}

// QueryRow runs a statement that returns one row.
func (b breath) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := b.Query(ctx, sql, args...)
	return breathRow{rows, err}
}

// breathRows gives the connection back when the last row has been read.
type breathRows struct {
	pgx.Rows
	results pgx.BatchResults
	closed  bool
	err     error
}

func (r *breathRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *breathRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	r.err = r.results.Close()
}

func (r *breathRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type breathRow struct {
	rows pgx.Rows
	err  error
}

func (r breathRow) Scan(dest ...any) error {
	if r.err != nil {
		if r.rows != nil {
			r.rows.Close()
		}
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// beginAs begins a transaction and says who looks and why; both end with it.
func beginAs(v Viewer) string {
	return "begin; set local app.\"user\" = " + literal(v.actor()) + "; set local app.purpose = " + literal(string(v.Purpose))
}

// literal quotes a string for SQL where standard_conforming_strings is on. A
// zero byte, which PostgreSQL cannot hold, is dropped.
func literal(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''") + "'"
}
