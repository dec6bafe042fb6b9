package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// ConcernFilter chooses concerns; empty fields choose all.
type ConcernFilter struct {
	State     casefile.ConcernState
	Kind      casefile.ConcernKind
	Provinces []string
	Owner     casefile.Actor
	OpenOnly  bool
	Blind     casefile.UnitID // leave out what is about this school, unless its pointer lets it know
	AfterAt   time.Time       // with AfterID: the last one of the page before
	AfterID   casefile.ConcernID
	Limit     int
}

// ConcernRow is a concern, and when it began.
type ConcernRow struct {
	casefile.Concern
	BegunAt time.Time
}

// firstConcern is a place before all concerns of a list that begins with the newest.
var firstConcern = struct {
	at time.Time
	id string
}{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff"}

// Concerns lists concerns, newest first.
func (s *Store) Concerns(ctx context.Context, f ConcernFilter) ([]ConcernRow, error) {
	p := db.ConcernsParams{
		State: null(string(f.State)), Kind: null(string(f.Kind)), Provinces: f.Provinces, OpenOnly: f.OpenOnly, Blind: string(f.Blind),
		AfterAt: firstConcern.at, AfterID: firstConcern.id, AtMost: int32(f.Limit), // #nosec G115 -- a page
	}
	if f.Owner != (casefile.Actor{}) {
		p.Owner = new(actorText(f.Owner))
	}
	if f.AfterID != "" {
		p.AfterAt, p.AfterID = f.AfterAt, string(f.AfterID)
	}
	var out []ConcernRow
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Concerns(ctx, p)
		if err != nil {
			return err
		}
		out, err = readRows(rows, func(r db.ConcernsRow) (ConcernRow, error) {
			c, err := readConcern(r.Doc)
			return ConcernRow{c, r.BegunAt}, err
		})
		return err
	})
	return out, err
}

// ReferredConcerns lists what a partner was given, newest first, behind a place in the list.
func (s *Store) ReferredConcerns(ctx context.Context, to casefile.Partner, provinces []string, afterAt time.Time, after casefile.ConcernID, limit int) ([]casefile.Concern, error) {
	p := db.ReferredConcernsParams{Partner: string(to), Provinces: provinces, AfterAt: firstConcern.at, AfterID: firstConcern.id, AtMost: int32(limit)} // #nosec G115 -- a page
	if after != "" {
		p.AfterAt, p.AfterID = afterAt, string(after)
	}
	var out []casefile.Concern
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.ReferredConcerns(ctx, p)
		if err != nil {
			return err
		}
		out, err = readRows(rows, func(r db.ReferredConcernsRow) (casefile.Concern, error) { return readConcern(r.Doc) })
		return err
	})
	return out, err
}

// CaseIsReferred reports whether a partner was given a concern that became the case.
func (s *Store) CaseIsReferred(ctx context.Context, id casefile.CaseID, to casefile.Partner) (bool, error) {
	referred := false
	if !isUUID(string(id)) {
		return false, casefile.ErrNotFound
	}
	err := s.once(ctx, func(q *db.Queries) error {
		var err error
		referred, err = q.CaseIsReferred(ctx, db.CaseIsReferredParams{CaseID: null(string(id)), Partner: string(to)})
		return err
	})
	return referred, err
}

// ConcernCount is how many concerns of a kind were received in a province in a month.
type ConcernCount struct {
	Kind     casefile.ConcernKind
	Province string
	Month    string // 2026-11
	Concerns int
}

// CountConcerns counts the concerns of a span. A cell of fewer than least is not told, and no sum from which it could be worked out.
func (s *Store) CountConcerns(ctx context.Context, since, until time.Time, least int) ([]ConcernCount, error) {
	var out []ConcernCount
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.CountConcerns(ctx, db.CountConcernsParams{Since: &since, Until: &until, Least: int32(least)}) // #nosec G115 -- small
		out = column(rows, func(r db.CountConcernsRow) ConcernCount {
			return ConcernCount{casefile.ConcernKind(r.Kind), r.Province, r.Month, int(r.Concerns)}
		})
		return err
	})
	return out, err
}

// LateConcern is a concern that nobody serves.
type LateConcern struct {
	ID   casefile.ConcernID
	UpTo int
}

// LateConcerns lists concerns whose deadline passed before an instant, or which have not heard a word from before it.
func (s *Store) LateConcerns(ctx context.Context, before time.Time, limit int) ([]LateConcern, error) {
	var out []LateConcern
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.LateConcerns(ctx, db.LateConcernsParams{Late: &before, AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.LateConcernsRow) LateConcern { return LateConcern{casefile.ConcernID(r.ID), int(r.InboxLast)} })
		return err
	})
	return out, err
}

// ForgetTalks drops the conversations whose time is over.
func (s *Store) ForgetTalks(ctx context.Context) error {
	return s.once(ctx, func(q *db.Queries) error {
		_, err := q.ForgetTalks(ctx, s.Now())
		return err
	})
}
