package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// owedCards is how many cards go into one answer of the channel beside the list of tasks.
const owedCards = 4

// owedBy lists what a member owes to cases in follow-up, the earliest first.
func owedBy(ctx context.Context, q *db.Queries, m casefile.MemberID) ([]casefile.OwedCard, error) {
	rows, err := q.OwedCards(ctx, db.OwedCardsParams{MemberID: string(m), AtMost: owedCards})
	if err != nil {
		return nil, err
	}
	var out []casefile.OwedCard
	for _, r := range rows {
		var c casefile.Case
		if err := json.Unmarshal(r.Doc, &c); err != nil {
			return nil, fmt.Errorf("read what a member owes: %w", err)
		}
		if c.Care == nil {
			continue
		}
		if o, ok := c.Care.Obligation(int(r.ID)); ok && o.Open() {
			out = append(out, casefile.OwedCard{Case: c.ID, NoCall: c.NoCall || c.Quiet, Obligation: o, Contact: c.Care.Contact})
		}
	}
	return out, nil
}
