package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// AidSpan is what a count takes from a request. It holds nothing personal, and no ID.
type AidSpan struct {
	Province                                     string
	Wanted                                       []string
	Refused                                      bool // and not planned anew
	Duplicate                                    bool // another request of the same person or household was found
	SubmittedAt, VisitedAt, DecidedAt, SettledAt time.Time
}

// AidSpans are the requests that were first sent in a span of time.
func (s *Store) AidSpans(ctx context.Context, since, until time.Time) ([]AidSpan, error) {
	var out []AidSpan
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		docs, err := q.AidSpans(ctx, db.AidSpansParams{Since: since, Until: until})
		if err != nil {
			return err
		}
		out, err = readRows(docs, func(doc []byte) (AidSpan, error) {
			a, err := readAid(doc)
			return spanOf(a), err
		})
		return err
	})
	return out, err
}

func spanOf(a casefile.AidRequest) AidSpan {
	return AidSpan{
		Province: a.Place.Province, Wanted: a.Wanted,
		Refused:     a.State == casefile.AidRejected || a.State == casefile.AidAppealed || a.State == casefile.AidClosed && a.Reason != "",
		Duplicate:   slices.ContainsFunc(a.Found, func(f casefile.AidFinding) bool { return f.Kind == casefile.FoundDuplicate }),
		SubmittedAt: a.SubmittedAt, VisitedAt: a.VisitedAt, DecidedAt: a.DecidedAt, SettledAt: a.SettledAt,
	}
}
