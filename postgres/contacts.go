package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// MemberContact returns how a member is reached, or casefile.ErrNotFound for nobody.
// Of each channel the address that was verified last counts. The case that the
// message is about may have to keep away from the member; empty: it is about none.
func (s *Store) MemberContact(ctx context.Context, id casefile.MemberID, about casefile.CaseID) (activities.Contact, error) {
	var c activities.Contact
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.MemberContact(ctx, db.MemberContactParams{ID: string(id), About: null(string(about)), At: new(s.Now())})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return casefile.ErrNotFound
		}
		m := rows[0]
		c = activities.Contact{Language: casefile.Language(m.Language), Unit: casefile.UnitID(m.UnitID), Desk: m.Level != "", KeptAway: m.KeptAway}
		if m.GroupSealed != nil && !m.KeptAway {
			if c.Group, err = s.openText(m.GroupSealed, "unit_groups", "group_sealed", m.UnitID); err != nil {
				return err
			}
		}
		if m.LineUserSealed != nil && m.BlockedAt == nil {
			if c.LINE, err = s.openText(m.LineUserSealed, "members", "line_user_sealed", string(id)); err != nil {
				return err
			}
		}
		for _, row := range rows {
			channel := casefile.Channel(zero(row.Channel))
			if channel == "" || slices.ContainsFunc(c.Others, func(w activities.Way) bool { return w.Channel == channel }) {
				continue
			}
			way, err := s.way(id, row)
			if err != nil {
				return err
			}
			c.Others = append(c.Others, way)
		}
		return nil
	})
	return c, err
}

// way is one verified address with its own rules.
func (s *Store) way(m casefile.MemberID, row db.MemberContactRow) (activities.Way, error) {
	w := activities.Way{Channel: casefile.Channel(*row.Channel)}
	if row.AfterS != nil {
		after := time.Duration(*row.AfterS) * time.Second
		w.After = &after
	}
	if row.FromMinute != nil && row.UntilMinute != nil {
		w.Hours = &policy.Hours{}
		w.Hours.From.Duration = time.Duration(*row.FromMinute) * time.Minute
		w.Hours.To.Duration = time.Duration(*row.UntilMinute) * time.Minute
	}
	var err error
	w.To, err = s.openText(row.AddressSealed, "contacts", "address_sealed", string(m)+"|"+*row.Channel)
	return w, err
}

// ReporterContact returns how a reporter is reached, or casefile.ErrNotFound for
// nobody: in LINE unless they have blocked us there, or by SMS. Whoever came
// through another door is reached by nothing.
func (s *Store) ReporterContact(ctx context.Context, id casefile.ReporterID) (activities.Contact, error) {
	var c activities.Contact
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.ReporterContact(ctx, string(id))
		if err != nil {
			return err
		}
		c = activities.Contact{Language: casefile.Language(row.Language), Quiet: row.Quiet}
		channel := casefile.Channel(row.Channel)
		if !channel.Hears() || row.BlockedAt != nil {
			return nil
		}
		user, err := s.openText(row.UserSealed, "threads", "user_sealed", string(id))
		if channel == casefile.ChannelLINE {
			c.LINE = user
		} else {
			c.Others = []activities.Way{{Channel: channel, To: user}}
		}
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
		p.Channels = append(p.Channels, string(cmp.Or(d.Channel, casefile.ChannelLINE)))
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
