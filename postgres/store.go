// Package postgres is the memory of the system: cases and their events, the
// inbox, members and units, messages and what became of them.
//
// It keeps rows and their guards, and turns the database's refusals into words
// of the law. It decides nothing that package casefile does not say, and it
// speaks to nobody.
package postgres

//go:generate go tool -modfile=../tools/go.mod sqlc generate -f ../sqlc.yaml

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Sealer keeps personal data shut. vault.Vault happens to provide it.
type Sealer interface {
	// Seal encrypts for one place: ad is "table|column|row ID".
	Seal(plain []byte, ad string) ([]byte, error)
	Open(sealed []byte, ad string) ([]byte, error)
	// Blind is a keyed hash, apart per purpose.
	Blind(purpose, value string) string
}

// Store is the memory. All exported fields must be set.
type Store struct {
	Pool     *pgxpool.Pool
	Sealer   Sealer
	Now      func() time.Time                            // case time
	Severity map[casefile.IncidentType]casefile.Severity // of a new case, until its first event says it
	PinWait  time.Duration                               // a new case must have a usable pin by then
	Tasks    casefile.Tasks                              // what members of the eight groups may do
	TalkWait time.Duration                               // what is pointed out within so long belongs together

	strides sync.Map // part to int: how many rings beyond the first a search there needed
}

var (
	_ activities.Cases    = (*Store)(nil)
	_ activities.Roster   = (*Store)(nil)
	_ activities.Contacts = (*Store)(nil)
	_ activities.Care     = (*Store)(nil)
)

// Bounds of one statement and of one forgotten transaction, real time.
const (
	statementTimeout = "5s"
	idleTimeout      = "5s"
)

// ErrNotDurable refuses a database that says "saved" before it is.
var ErrNotDurable = errors.New("synchronous_commit is off: a report could be lost after we said that we have it")

// Open opens a pool of at most so many connections. Each purpose gets a pool of
// its own, so that a slow list cannot keep a report waiting. A tracer, if one is
// given, watches its queries.
func Open(ctx context.Context, databaseURL string, connections int32, tracer ...pgx.QueryTracer) (*pgxpool.Pool, error) {
	conf, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read") // never its text: it holds the password
	}
	conf.MaxConns = connections
	if len(tracer) > 0 {
		conf.ConnConfig.Tracer = tracer[0]
	}
	conf.ConnConfig.RuntimeParams["statement_timeout"] = statementTimeout
	conf.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleTimeout
	conf.ConnConfig.RuntimeParams["standard_conforming_strings"] = "on" // beginAs quotes by this rule
	conf.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		var setting string
		if err := c.QueryRow(ctx, "SHOW synchronous_commit").Scan(&setting); err != nil {
			return err
		}
		if setting == "off" {
			return ErrNotDurable
		}
		c.TypeMap().RegisterType(&pgtype.Type{ // the zone of this machine is nobody's business
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", domain(err))
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database: %w", domain(err))
	}
	return pool, nil
}

// Purpose says why somebody looks at or changes personal data.
type Purpose string

// Purposes.
const (
	EmergencyResponse  Purpose = "emergency_response"
	ProtectionFollowUp Purpose = "protection_followup"
	Referral           Purpose = "referral"
	Supervision        Purpose = "supervision"
	Statistics         Purpose = "statistics"
	AuditPurpose       Purpose = "audit"
	Legal              Purpose = "legal"
)

// Viewer is who looks, and why.
type Viewer struct {
	Actor   casefile.Actor
	Purpose Purpose
}

type viewerKey struct{}

// As says who looks in everything that is done with the context. Without it the
// system itself looks, to respond to an emergency.
func As(ctx context.Context, v Viewer) context.Context { return context.WithValue(ctx, viewerKey{}, v) }

func viewer(ctx context.Context) Viewer {
	if v, ok := ctx.Value(viewerKey{}).(Viewer); ok {
		return v
	}
	return Viewer{Actor: casefile.System, Purpose: EmergencyResponse}
}

func (v Viewer) actor() string { return actorText(v.Actor) }

func actorText(a casefile.Actor) string {
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

// deadlockTries is how often a transaction is tried that met another one coming
// the other way.
const deadlockTries = 4

// inTx and once are the only ways to the database: whatever is done there is
// done by somebody, for a purpose.
//
// inTx begins, says who looks and why in the same breath, runs fn and commits.
// fn may run again after a deadlock, so it must set what it returns from the
// start and speak to nobody.
func (s *Store) inTx(ctx context.Context, fn func(q *db.Queries, tx pgx.Tx) error) error {
	begin := pgx.TxOptions{BeginQuery: beginAs(viewer(ctx))}
	return again(func() error {
		return pgx.BeginTxFunc(ctx, s.Pool, begin, func(tx pgx.Tx) error { return fn(db.New(tx), tx) })
	})
}

// again runs a transaction until it meets no other one coming the other way.
func again(transaction func() error) error {
	var err error
	for range deadlockTries {
		if err = transaction(); !isCode(err, "40001", "40P01") { // serialization failure, deadlock
			break
		}
	}
	return domain(err)
}

// byConstraint says what each constraint means to people. A test checks that
// every name here exists in the migrated schema, so a rename cannot hide.
var byConstraint = map[string]error{
	"assignments_one_per_member": &casefile.RefusedError{
		Kind: casefile.Accepted,
		Th:   "ท่านกำลังปฏิบัติหน้าที่ในเหตุอื่นอยู่",
		En:   "you are on another case",
	},
	"case_events_recorded_once":    casefile.ErrRecorded,
	"concern_events_recorded_once": casefile.ErrRecorded,
	"aid_events_recorded_once":     casefile.ErrRecorded,
	"members_unit_exists":          &casefile.InvalidError{Field: "unit", Th: "ไม่มีหน่วยงานนี้", En: "no such unit"},
	"members_line_account_is_one_member": &casefile.InvalidError{
		Field: "line", Th: "บัญชี LINE นี้เป็นของสมาชิกคนอื่นแล้ว", En: "another member has this LINE account",
	},
	"members_position_only_on_duty": &casefile.InvalidError{
		Field: "position", Th: "เก็บตำแหน่งเฉพาะเวลาปฏิบัติหน้าที่", En: "a position is kept only on duty",
	},
	"audit_purpose_known":            &casefile.InvalidError{Field: "purpose", Th: "ไม่รู้จักวัตถุประสงค์นี้", En: "unknown purpose"},
	"station_areas_unit_exists":      &casefile.InvalidError{Field: "unit", Th: "ไม่มีหน่วยงานนี้", En: "no such unit"},
	"conflicts_case_exists":          casefile.ErrNotFound,
	"conflicts_member_exists":        &casefile.InvalidError{Field: "member", Th: "ไม่มีสมาชิกนี้", En: "no such member"},
	"conflicts_unit_exists":          &casefile.InvalidError{Field: "unit", Th: "ไม่มีหน่วยงานนี้", En: "no such unit"},
	"choices_case_exists":            casefile.ErrNotFound,
	"media_case_exists":              casefile.ErrNotFound,
	"deliveries_case_exists":         casefile.ErrNotFound,
	"duty_schedules_unit_exists":     casefile.ErrNotFound,
	"duty_overrides_schedule_exists": casefile.ErrNotFound,
	"contacts_member_exists":         casefile.ErrNotFound,
	"papers_case_exists":             casefile.ErrNotFound,
	"aid_batches_office_exists":      casefile.ErrNotFound,
	"aid_batches_one_unfinished":     casefile.ErrMoved,
	"aid_payments_never_twice":       casefile.ErrMoved,
	"contacts_address_once": &casefile.InvalidError{
		Field: "address", Th: "สมาชิกคนนี้มีที่อยู่นี้แล้ว", En: "this member has this address already",
	},
}

// DatabaseError is what the database said, without the values that it quotes:
// they may be personal.
type DatabaseError struct {
	Code       string // SQLSTATE
	Constraint string
}

func (e *DatabaseError) Error() string {
	if e.Constraint != "" {
		return "database: " + e.Code + " " + e.Constraint
	}
	return "database: " + e.Code
}

// domain turns a driver's error into one of ours. Everything returns through it.
func domain(err error) error {
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return casefile.ErrNotFound
	case errors.As(err, &pg):
		if known, ok := byConstraint[pg.ConstraintName]; ok {
			return known
		}
		return &DatabaseError{Code: pg.Code, Constraint: pg.ConstraintName}
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) && !errors.Is(err, ErrNotDurable) {
		return errors.New("database: cannot connect") // the driver's words name host and user
	}
	return err
}

func isCode(err error, codes ...string) bool {
	code := ""
	var pg *pgconn.PgError
	var ours *DatabaseError
	switch {
	case errors.As(err, &pg):
		code = pg.Code
	case errors.As(err, &ours):
		code = ours.Code
	}
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// place is where something sealed rests.
func place(table, column, row string) string { return table + "|" + column + "|" + row }

// sealJSON seals a value, or nothing when there is nothing to seal.
func (s *Store) sealJSON(value any, table, column, row string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", table, column, err)
	}
	return s.Sealer.Seal(plain, place(table, column, row))
}

func (s *Store) openJSON(sealed []byte, value any, table, column, row string) error {
	plain, err := s.Sealer.Open(sealed, place(table, column, row))
	if err != nil {
		return fmt.Errorf("open %s.%s of %s: %w", table, column, row, err)
	}
	if json.Unmarshal(plain, value) != nil { // never the parser's words: they quote
		return fmt.Errorf("open %s.%s of %s: not what was sealed", table, column, row)
	}
	return nil
}

// Helpers between Go's zero values and SQL's null.

func null[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func zero[T any](p *T) T {
	if p == nil {
		var z T
		return z
	}
	return *p
}

func column[R, T any](rows []R, of func(R) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}

// readRows is column for rows that may be unreadable.
func readRows[R, T any](rows []R, read func(R) (T, error)) ([]T, error) {
	out := make([]T, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = read(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
