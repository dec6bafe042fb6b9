package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// tapsShown is how many people one ring names; the list of the desk has them all.
const tapsShown = 5

// RingTaps lets a case ring the desks of a level for all taps without a pin that
// wait there, if that is due. Whoever loses the race learns when the desk was rung.
func (s *Store) RingTaps(ctx context.Context, r activities.TapRing) (activities.TapsRung, error) {
	since := r.At.Add(-r.Bundle)
	if r.Since.Before(since) {
		since = r.Since
	}
	var out activities.TapsRung
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rang, err := q.RingTaps(ctx, db.RingTapsParams{
			Level: string(r.Level), At: r.At, CaseID: string(r.Case), Seq: int32(r.Seq), Since: since, // #nosec G115 -- a count of events
		})
		if err != nil {
			return err
		}
		if rang == 0 {
			out = activities.TapsRung{}
			out.At, err = q.TapsRungAt(ctx, string(r.Level))
			return err
		}
		waiting, err := q.WaitingTaps(ctx, tapsShown)
		out = activities.TapsRung{
			Mine: true, At: r.At, Taps: int(waiting.Taps), People: int(waiting.People),
			Longest: column(waiting.Longest, func(id string) casefile.CaseID { return casefile.CaseID(id) }),
		}
		return err
	})
	out.At = out.At.UTC()
	return out, err
}

// Operators counts the operators of the national desk who would be rung at this moment.
func (s *Store) Operators(ctx context.Context) (int, error) {
	desks, err := s.Desks(ctx, casefile.LevelDesk, casefile.Place{}, "", "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, choice := range dispatch.Desks(desks, nil) {
		if choice.Chosen {
			n++
		}
	}
	return n, nil
}
