package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// mostEntries bounds the forms, and the visits, of one household that one look reads.
const mostEntries = 200

const logbookViewed = "LOGBOOK_VIEWED"

// Logbook lists what the forms and visits of a household's aid requests said, the oldest first. It counts requests of
// the provinces alone, all where none is named; casefile.ErrNotFound where there is none. The look is written down first.
func (s *Store) Logbook(ctx context.Context, by casefile.Actor, purpose, household string, provinces []string) ([]casefile.LogbookEntry, error) {
	if !isUUID(household) {
		return nil, casefile.ErrNotFound
	}
	if provinces == nil {
		provinces = []string{}
	}
	v := Viewer{Actor: by, Purpose: Purpose(purpose)}
	var out []casefile.LogbookEntry
	err := s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		out = nil
		forms, err := q.LogbookForms(ctx, db.LogbookFormsParams{Household: &household, Provinces: provinces, AtMost: mostEntries})
		if err != nil {
			return err
		}
		if len(forms) == 0 {
			return casefile.ErrNotFound
		}
		for _, r := range forms {
			var f casefile.AidForm
			if err := s.openJSON(r.FormSealed, &f, "aid_forms", "form_sealed", aidFormRow(casefile.AidID(r.AidID), int(r.N))); err != nil {
				return err
			}
			if f.Logbook.Form != "" {
				out = append(out, casefile.LogbookEntry{At: r.At, From: casefile.AidSent, Aid: casefile.AidID(r.AidID), Answers: f.Logbook})
			}
		}
		visits, err := q.LogbookVisits(ctx, db.LogbookVisitsParams{Household: &household, Provinces: provinces, AtMost: mostEntries})
		if err != nil {
			return err
		}
		for _, r := range visits {
			var p casefile.AidPrivate
			if err := s.openJSON(r.PrivateSealed, &p, "aid_events", "private_sealed", r.EventID); err != nil {
				return err
			}
			if p.Logbook != nil {
				out = append(out, casefile.LogbookEntry{At: r.At, From: casefile.AidEventKind(r.Kind), Aid: casefile.AidID(r.AidID), Answers: *p.Logbook})
			}
		}
		slices.SortStableFunc(out, func(a, b casefile.LogbookEntry) int { return a.At.Compare(b.At) })
		return auditMoney(ctx, q, v, logbookViewed, s.Now(), "", []byte(household))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
