package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Request is something not urgent that somebody asked 1300 for.
type Request struct {
	Number     int64
	At         time.Time
	AnsweredAt time.Time
	AnsweredBy string
}

// AskRequest puts a request into the queue of 1300 and returns its number; a
// repeat of the event gets the same.
func (s *Store) AskRequest(ctx context.Context, id casefile.EventID, r casefile.ReporterID, at time.Time) (int64, error) {
	var number int64
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		number, err = q.AskRequest(ctx, db.AskRequestParams{EventID: string(id), ReporterID: string(r), At: at})
		return err
	})
	return number, err
}

// Requests lists the queue of 1300, oldest first, from the number after the given.
func (s *Store) Requests(ctx context.Context, openOnly bool, after int64, limit int) ([]Request, error) {
	var out []Request
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Requests(ctx, db.RequestsParams{After: after, OpenOnly: openOnly, AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.RequestsRow) Request {
			return Request{r.Number, r.At, zero(r.AnsweredAt), zero(r.AnsweredBy)}
		})
		return err
	})
	return out, err
}

// AnswerRequest takes an open request off the queue, or returns casefile.ErrNotFound.
func (s *Store) AnswerRequest(ctx context.Context, number int64, by casefile.Actor, at time.Time) error {
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.AnswerRequest(ctx, db.AnswerRequestParams{Number: number, At: &at, By: new(actorText(by))})
	})
}

// Errors of an idempotency key.
var (
	ErrKeyReused  = errors.New("the idempotency key belongs to another request")
	ErrKeyRunning = errors.New("the first request with this idempotency key is still running")
)

// Answer is what the API answered to the first request with a key.
type Answer struct {
	Status int
	Body   []byte
}

// keyAbandoned is when a request that never answered counts as dead, real time.
const keyAbandoned = time.Minute

// ClaimKey takes an idempotency key for a request. It returns nil when the
// request is the first and must be done, the answer when it has been done, and
// ErrKeyReused or ErrKeyRunning otherwise. scope is the caller and the route.
func (s *Store) ClaimKey(ctx context.Context, scope, key, requestHash string) (*Answer, error) {
	var answer *Answer
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		answer = nil
		n, err := q.ClaimKey(ctx, db.ClaimKeyParams{Scope: scope, Key: key, RequestHash: requestHash, Abandoned: keyAbandoned})
		if err != nil || n == 1 {
			return err
		}
		row, err := q.KeyOf(ctx, db.KeyOfParams{Scope: scope, Key: key})
		switch {
		case err != nil:
			return err
		case row.RequestHash != requestHash:
			return ErrKeyReused
		case row.Status == nil:
			return ErrKeyRunning
		}
		body, err := s.Sealer.Open(row.ResponseSealed, place("idempotency", "response_sealed", scope+"|"+key))
		answer = &Answer{int(*row.Status), body}
		return err
	})
	return answer, err
}

// AnswerKey keeps the answer for whoever repeats the request.
func (s *Store) AnswerKey(ctx context.Context, scope, key string, a Answer) error {
	sealed, err := s.Sealer.Seal(a.Body, place("idempotency", "response_sealed", scope+"|"+key))
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.AnswerKey(ctx, db.AnswerKeyParams{
			Scope: scope, Key: key, Status: new(int32(a.Status)), ResponseSealed: sealed, // #nosec G115 -- an HTTP status
		})
	})
}

// ReleaseKey gives the key of a failed request back, so that a repeat may try again.
func (s *Store) ReleaseKey(ctx context.Context, scope, key string) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.ReleaseKey(ctx, db.ReleaseKeyParams{Scope: scope, Key: key})
	})
}

// ForgetKeys drops keys older than an age, real time, and says how many.
func (s *Store) ForgetKeys(ctx context.Context, age time.Duration) (int, error) {
	var n int64
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		n, err = q.ForgetKeys(ctx, age)
		return err
	})
	return int(n), err
}
