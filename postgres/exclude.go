package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// keepAway keeps organisations away from a case from the moment that it is
// recorded, and from the other reports of its incident. Every query that finds
// people for a case looks there.
func keepAway(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	for _, e := range events {
		switch e.Kind {
		case casefile.Excluded:
			named := []db.AddConflictParams{{CaseID: string(c.ID), MemberID: nil, UnitID: null(string(e.Unit)), Actor: actorText(e.By), At: e.At}}
			if e.Member != "" {
				named = append(named, db.AddConflictParams{CaseID: string(c.ID), MemberID: null(string(e.Member)), UnitID: nil, Actor: actorText(e.By), At: e.At})
			}
			for _, p := range named {
				if err := q.AddConflict(ctx, p); err != nil {
					return err
				}
			}
		case casefile.Joined, casefile.ReportJoined:
			if err := shareConflicts(ctx, q, c.ID, e.Case); err != nil {
				return err
			}
		}
	}
	return nil
}

// shareConflicts keeps away from each of two cases whom the other must not reach.
func shareConflicts(ctx context.Context, q *db.Queries, a, b casefile.CaseID) error {
	if !isUUID(string(b)) {
		return nil
	}
	if err := q.ShareConflicts(ctx, db.ShareConflictsParams{CaseID: string(a), Of: []string{string(b)}}); err != nil {
		return err
	}
	return q.ShareConflicts(ctx, db.ShareConflictsParams{CaseID: string(b), Of: []string{string(a)}})
}

// excludedToo finds whom a new report must keep away from, because a case of the
// same incident, or an earlier one at the place, must.
func excludedToo(ctx context.Context, q *db.Queries, id casefile.CaseID, found *activities.JoinResult) error {
	var others []string
	for _, other := range append(slices.Clone(found.Linked), found.Lead, found.Earlier) {
		if isUUID(string(other)) {
			others = append(others, string(other))
		}
	}
	if len(others) == 0 {
		return nil
	}
	if err := q.ShareConflicts(ctx, db.ShareConflictsParams{CaseID: string(id), Of: others}); err != nil {
		return err
	}
	docs, err := q.ExcludedOf(ctx, others)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		var excluded []casefile.Exclusion
		if err := json.Unmarshal(doc, &excluded); err != nil {
			return fmt.Errorf("read whom the cases near %s must not reach: %w", id, err)
		}
		for _, x := range excluded {
			if !slices.Contains(found.Excluded, x) {
				found.Excluded = append(found.Excluded, x)
			}
		}
	}
	return nil
}
