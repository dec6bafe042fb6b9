package postgres

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// OldCase is what somebody who asks about an earlier case is told of it.
type OldCase struct {
	ID         casefile.CaseID
	State      casefile.State
	Province   string
	ReportedAt time.Time
	EndedAt    time.Time
}

// Actions of the audit log that are no events of a case.
const (
	oldCasesSought = "OLD_CASES_SOUGHT" // by a number; about no case, so lowestID stands there
	oldCaseFound   = "OLD_CASE_FOUND"
)

// phoneHash is a number in E.164 form as it can be looked for.
func (s *Store) phoneHash(phone string) string { return s.Sealer.Blind("phone", phone) }

// keepPhones lets a case be found by the numbers in its events.
func (s *Store) keepPhones(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	p := db.KeepPhonesParams{CaseID: string(c.ID)}
	for _, e := range events {
		if e.Private.Phone != "" {
			p.PhoneHashes = append(p.PhoneHashes, s.phoneHash(e.Private.Phone))
		}
	}
	if len(p.PhoneHashes) == 0 {
		return nil
	}
	return q.KeepPhones(ctx, p)
}

// OldCases finds the cases in which a number was given, newest first, at most
// limit; no provinces: everywhere. That somebody searched, why, and each case
// found is written down before anything is told; also when nothing is found. The
// log holds a hash of the number, by which two searches for the same one show.
func (s *Store) OldCases(ctx context.Context, v Viewer, phone string, provinces []string, limit int) ([]OldCase, error) {
	hash, nothing, at := s.phoneHash(phone), sha256.Sum256(nil), s.Now()
	if provinces == nil {
		provinces = []string{}
	}
	var out []OldCase
	err := s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.OldCases(ctx, db.OldCasesParams{PhoneHash: hash, Provinces: provinces, AtMost: int32(limit)}) // #nosec G115 -- a page
		if err != nil {
			return err
		}
		out = column(rows, func(r db.OldCasesRow) OldCase {
			return OldCase{casefile.CaseID(r.ID), casefile.State(r.State), r.Province, r.ReportedAt, zero(r.EndedAt)}
		})
		p := db.AuditSearchParams{At: at, Actor: v.actor(), Purpose: string(v.Purpose), Commitment: nothing[:]}
		write := func(action, id string) {
			e := casefile.Event{Kind: casefile.Kind(action), By: v.Actor, At: at}
			p.Actions, p.CaseIds = append(p.Actions, action), append(p.CaseIds, id)
			p.Metas = append(p.Metas, auditMeta(casefile.CaseID(id), e, v, []byte(hash)))
		}
		write(oldCasesSought, lowestID)
		for _, c := range out {
			write(oldCaseFound, string(c.ID))
		}
		return q.AuditSearch(ctx, p)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
