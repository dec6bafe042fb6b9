package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// MemberContact returns how a member is reached, or casefile.ErrNotFound for nobody.
func (s *Store) MemberContact(ctx context.Context, id casefile.MemberID) (activities.Contact, error) {
	var c activities.Contact
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.MemberContact(ctx, string(id))
		if err != nil {
			return err
		}
		c = activities.Contact{Language: casefile.Language(row.Language), Unit: casefile.UnitID(row.UnitID)}
		if row.GroupSealed != nil {
			if c.Group, err = s.openText(row.GroupSealed, "unit_groups", "group_sealed", row.UnitID); err != nil {
				return err
			}
		}
		if row.LineUserSealed == nil {
			return nil
		}
		c.LINE, err = s.openText(row.LineUserSealed, "members", "line_user_sealed", string(id))
		return err
	})
	return c, err
}

// ReporterContact returns how a reporter is reached, or casefile.ErrNotFound for
// nobody. Somebody who did not come through LINE, or has blocked us there, has
// no LINE contact.
func (s *Store) ReporterContact(ctx context.Context, id casefile.ReporterID) (activities.Contact, error) {
	var c activities.Contact
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.ReporterContact(ctx, string(id))
		if err != nil {
			return err
		}
		c = activities.Contact{Language: casefile.Language(row.Language), Quiet: row.Quiet}
		if casefile.Channel(row.Channel) != casefile.ChannelLINE || row.BlockedAt != nil {
			return nil
		}
		c.LINE, err = s.openText(row.UserSealed, "threads", "user_sealed", string(id))
		return err
	})
	return c, err
}

func (s *Store) openText(sealed []byte, table, column, row string) (string, error) {
	plain, err := s.Sealer.Open(sealed, place(table, column, row))
	if err != nil {
		return "", fmt.Errorf("open %s.%s of %s: %w", table, column, row, err)
	}
	return string(plain), nil
}

// Delivered records what a channel answered to messages; a repeat of a key overwrites.
func (s *Store) Delivered(ctx context.Context, deliveries []activities.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	var p db.DeliveredParams
	last := map[string]int{} // a key twice in one statement would be refused
	for i, d := range deliveries {
		last[d.Key] = i
	}
	for i, d := range deliveries {
		if last[d.Key] != i {
			continue
		}
		p.Keys = append(p.Keys, d.Key)
		p.CaseIds = append(p.CaseIds, string(d.Case))
		p.Seqs = append(p.Seqs, int32(d.Seq)) // #nosec G115 -- a count of events
		p.Recipients = append(p.Recipients, d.To)
		p.Templates = append(p.Templates, d.Template)
		p.Outcomes = append(p.Outcomes, string(d.Outcome))
		p.RequestIds = append(p.RequestIds, d.Request)
		p.Ats = append(p.Ats, d.At)
	}
	return s.once(ctx, func(q *db.Queries) error { return q.Delivered(ctx, p) })
}

// Answered returns which of the keys a channel has already answered for good.
func (s *Store) Answered(ctx context.Context, _ casefile.CaseID, keys []string) (map[string]activities.Outcome, error) {
	out := map[string]activities.Outcome{}
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.Answered(ctx, keys)
		for _, r := range rows {
			out[r.Key] = activities.Outcome(r.Outcome)
		}
		return err
	})
	return out, err
}

// SetLanguage sets the language in which somebody is spoken to, as a reporter
// and as a member.
func (s *Store) SetLanguage(ctx context.Context, id casefile.ReporterID, l casefile.Language) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.SetThreadLanguage(ctx, db.SetThreadLanguageParams{ReporterID: string(id), Language: string(l)})
		if err != nil {
			return err
		}
		if n == 0 {
			return casefile.ErrNotFound
		}
		return q.SetMemberLanguage(ctx, db.SetMemberLanguageParams{LineHash: null(string(id)), Language: string(l)})
	})
}
