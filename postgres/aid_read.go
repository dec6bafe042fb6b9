package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// AidFilter chooses aid requests; empty fields choose all. Drafts are listed only for who fills them in.
type AidFilter struct {
	Offices   []casefile.UnitID // that work on it, or were asked to
	Provinces []string
	Filer     casefile.Actor
	Visitor   casefile.MemberID
	States    []casefile.AidState
	Case      casefile.CaseID
	Home      string
	Overdue   bool // the next step is owed and late
	OpenOnly  bool
	AfterAt   time.Time // with AfterID: the last one of the page before
	AfterID   casefile.AidID
	Limit     int
}

// AidRow is a request, and when it was begun.
type AidRow struct {
	casefile.AidRequest
	BegunAt time.Time
}

// AidRequests lists requests, the newest first.
func (s *Store) AidRequests(ctx context.Context, f AidFilter) ([]AidRow, error) {
	p := db.AidRequestsParams{
		Visitor: null(string(f.Visitor)), Offices: strs(f.Offices), Provinces: f.Provinces, States: strs(f.States), CaseID: null(string(f.Case)),
		HouseholdID: null(f.Home), OpenOnly: f.OpenOnly, AfterAt: firstConcern.at, AfterID: firstConcern.id, AtMost: int32(f.Limit), // #nosec G115 -- a page
	}
	if f.Filer != (casefile.Actor{}) {
		p.Filer = new(actorText(f.Filer))
	}
	if f.Overdue {
		p.OverdueAt = new(s.Now())
	}
	if f.AfterID != "" {
		p.AfterAt, p.AfterID = f.AfterAt, string(f.AfterID)
	}
	var out []AidRow
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.AidRequests(ctx, p)
		if err != nil {
			return err
		}
		out, err = readRows(rows, func(r db.AidRequestsRow) (AidRow, error) {
			a, err := readAid(r.Doc)
			return AidRow{a, r.BegunAt}, err
		})
		return err
	})
	return out, err
}

// strs is a list for SQL: nil, which asks for nothing, stays nil.
func strs[T ~string](list []T) []string {
	if list == nil {
		return nil
	}
	return column(list, func(v T) string { return string(v) })
}

// AidEvents reads what happened to a request, in order, with what is personal.
func (s *Store) AidEvents(ctx context.Context, id casefile.AidID) ([]casefile.AidEvent, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []casefile.AidEvent
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.AidEvents(ctx, string(id))
		out = nil
		for _, r := range rows {
			var e casefile.AidEvent
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return fmt.Errorf("read aid request %s: %w", id, err)
			}
			if r.PrivateSealed != nil {
				if err := s.openJSON(r.PrivateSealed, &e.Private, "aid_events", "private_sealed", r.EventID); err != nil {
					return err
				}
			}
			out = append(out, e)
		}
		return err
	})
	return out, err
}

// AidViewed writes down that somebody is about to see what is personal in a request, and why.
func (s *Store) AidViewed(ctx context.Context, id casefile.AidID, v Viewer) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	at, nothing, action := s.Now(), sha256.Sum256(nil), aidAction("VIEWED")
	return s.mustMeet(As(ctx, v), func(q *db.Queries) (int64, error) {
		return q.AuditAidView(ctx, db.AuditAidViewParams{
			ID: string(id), At: at, Actor: v.actor(), Action: action, Purpose: string(v.Purpose),
			Meta: aidMeta(id, v.Actor, action, at, v, 0, "", nil), Commitment: nothing[:],
		})
	})
}

// twinsAtOnce bounds how many other requests are looked at.
const twinsAtOnce = 20

// AidTwins lists other requests of the same person or household, the newest first, with the surest that matches.
func (s *Store) AidTwins(ctx context.Context, id casefile.AidID) ([]activities.AidTwin, error) {
	var out []activities.AidTwin
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		own, err := q.AidIdentities(ctx, string(id))
		if err != nil {
			return err
		}
		rows, err := q.AidTwins(ctx, db.AidTwinsParams{ID: string(id), Identities: own.Identities, AtMost: twinsAtOnce})
		if err != nil {
			return err
		}
		out, err = readRows(rows, func(r db.AidTwinsRow) (activities.AidTwin, error) {
			a, err := readAid(r.Doc)
			return activities.AidTwin{Aid: a, By: matches(own.Identities, r.Identities)}, err
		})
		return err
	})
	return out, err
}

// aidMarks are what identities are of, the surest first.
var aidMarks = []struct{ mark, by string }{{"N:", "NUMBER"}, {"B:", "NAME"}, {"H:", "HOME"}, {"S:", "NAME_NEAR"}, {"P:", "PHONE"}}

// matches says by what two lists of identities are of the same.
func matches(a, b []string) string {
	for _, m := range aidMarks {
		if slices.ContainsFunc(a, func(x string) bool { return strings.HasPrefix(x, m.mark) && slices.Contains(b, x) }) {
			return m.by
		}
	}
	return ""
}

// people are the identities by which limits count, sorted: a telephone may be a neighbour's, and so may a name.
func people(identities []string) []string {
	own := slices.DeleteFunc(slices.Clone(identities), func(x string) bool { return strings.HasPrefix(x, "P:") || strings.HasPrefix(x, "S:") })
	slices.Sort(own)
	return slices.Compact(own)
}

// Granted lists what was granted to the same person or household by other requests, and not void.
func (s *Store) Granted(ctx context.Context, id casefile.AidID) ([]policy.AidGranted, error) {
	var out []policy.AidGranted
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		own, err := q.AidIdentities(ctx, string(id))
		if err != nil {
			return err
		}
		rows, err := q.GrantedOf(ctx, db.GrantedOfParams{Identities: people(own.Identities), But: string(id)})
		out = aidGranted(rows)
		return err
	})
	return out, err
}

func aidGranted(rows []db.GrantedOfRow) []policy.AidGranted {
	return column(rows, func(r db.GrantedOfRow) policy.AidGranted {
		return policy.AidGranted{Aid: casefile.AidID(r.AidID), Item: int(r.Item), Code: r.Code, Satang: r.Satang, At: r.At}
	})
}

// Confirmed lists what officers have confirmed of the catalogue.
func (s *Store) Confirmed(ctx context.Context) ([]policy.AidConfirmed, error) {
	all, err := s.Confirmations(ctx)
	return column(all, func(c AidConfirmation) policy.AidConfirmed { return c.AidConfirmed }), err
}

// AidConfirmation is what an officer vouches for, with what they looked at.
type AidConfirmation struct {
	policy.AidConfirmed
	By     string // the operator who typed it
	Source string // the regulation or letter
}

// Confirmations lists everything that was ever confirmed of the catalogue.
func (s *Store) Confirmations(ctx context.Context) ([]AidConfirmation, error) {
	var out []AidConfirmation
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.Confirmations(ctx)
		out = column(rows, func(r db.AidConfirmation) AidConfirmation {
			return AidConfirmation{policy.AidConfirmed{Code: r.Code, Digest: r.Digest, Name: r.Name, At: r.At}, r.By, r.Source}
		})
		return err
	})
	return out, err
}

// Confirm writes down that an officer vouches for a row of the catalogue as it is; the first word counts.
func (s *Store) Confirm(ctx context.Context, c AidConfirmation) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.ConfirmAid(ctx, db.ConfirmAidParams{Code: c.Code, Digest: c.Digest, By: c.By, Name: c.Name, Source: c.Source, At: s.Now()})
	})
}

// LateAid is a request that nobody serves.
type LateAid struct {
	ID   casefile.AidID
	UpTo int
}

// LateAids lists requests about which somebody should have been called before an instant, or which have not heard a
// word from before it.
func (s *Store) LateAids(ctx context.Context, before time.Time, limit int) ([]LateAid, error) {
	var out []LateAid
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.LateAids(ctx, db.LateAidsParams{Late: &before, AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.LateAidsRow) LateAid { return LateAid{casefile.AidID(r.ID), int(r.InboxLast)} })
		return err
	})
	return out, err
}
