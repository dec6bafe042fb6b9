package postgres

import (
	"context"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// AidPapers lists the papers of an aid request, the oldest first.
func (s *Store) AidPapers(ctx context.Context, id casefile.AidID) ([]paper.Issued, error) {
	var out []paper.Issued
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.AidPapers(ctx, string(id))
		out = column(rows, func(r db.AidPapersRow) paper.Issued {
			return paper.Issued{
				Office: casefile.UnitID(r.Office), Year: int(r.Year), Number: int(r.Number), Kind: paper.Kind(r.Kind), At: r.At, Pages: int(r.Pages), SHA256: r.Sha256,
			}
		})
		return err
	})
	return out, err
}

// DecisionPaper says whether the decision on a request was put on paper, as it stands now. No grant is paid without.
func (s *Store) DecisionPaper(ctx context.Context, id casefile.AidID) (bool, error) {
	if !isUUID(string(id)) {
		return false, casefile.ErrNotFound
	}
	there := false
	err := s.once(ctx, func(q *db.Queries) error {
		var err error
		there, err = q.AidDecisionPaper(ctx, string(id))
		return err
	})
	return there, err
}
