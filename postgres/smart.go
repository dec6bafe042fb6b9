package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// How long somebody stays signed in to the volunteers' pages, and has to sign in.
const (
	SessionLife = 7 * 24 * time.Hour
	SessionIdle = 12 * time.Hour
	AttemptLife = 10 * time.Minute

	seeAgain   = time.Minute                // between two notes that a session is in use
	proofsKept = SessionLife + 24*time.Hour // an ID token lives an hour
)

// Actions of the audit log about the volunteers' pages.
const (
	memberSignedIn  = "MEMBER_SIGNED_IN"
	memberSignedOut = "MEMBER_SIGNED_OUT"
)

// KeepAttempt keeps what an attempt to sign in needs to know when its browser comes back.
func (s *Store) KeepAttempt(ctx context.Context, browser, state, nonce, verifier string) error {
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.ForgetAttempts(ctx, at); err != nil {
			return err
		}
		return q.KeepAttempt(ctx, db.KeepAttemptParams{
			StateHash: tokenHash(state), BrowserHash: tokenHash(browser), Nonce: nonce, Verifier: verifier, UntilAt: at.Add(AttemptLife),
		})
	})
}

// TakeAttempt uses an attempt up, or returns casefile.ErrNotFound: it was never
// begun in this browser, is over, or was used.
func (s *Store) TakeAttempt(ctx context.Context, browser, state string) (nonce, verifier string, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.TakeAttempt(ctx, db.TakeAttemptParams{StateHash: tokenHash(state), BrowserHash: tokenHash(browser), At: s.Now()})
		if errors.Is(err, pgx.ErrNoRows) {
			return casefile.ErrNotFound
		}
		nonce, verifier = row.Nonce, row.Verifier
		return err
	})
	return nonce, verifier, err
}

// OpenSession opens a session of a member for the ID token that vouched for them,
// and returns what their browser shows from then on. casefile.ErrNotFound: the
// token was used before, or they are no active member.
func (s *Store) OpenSession(ctx context.Context, member casefile.MemberID, proof string) (token string, err error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw)
	at, used := s.Now(), sha256.Sum256([]byte(proof))
	by := casefile.Actor{Kind: casefile.ByMember, ID: string(member)}
	return token, s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.ForgetSessions(ctx, at.Add(-proofsKept)); err != nil {
			return err
		}
		n, err := q.OpenSession(ctx, db.OpenSessionParams{TokenHash: tokenHash(token), MemberID: string(member), ProofHash: used[:], At: at})
		if err == nil && n == 0 {
			err = casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		return auditRoster(ctx, q, memberSignedIn, by, at, map[string]any{"member": member})
	})
}

// Session returns whose session a token opens, or casefile.ErrNotFound: it is no
// session, is over, or they are no active member any more.
func (s *Store) Session(ctx context.Context, token string) (Member, error) {
	var out Member
	at := s.Now()
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.SessionMember(ctx, db.SessionMemberParams{TokenHash: tokenHash(token), OpenedAfter: at.Add(-SessionLife), SeenAfter: at.Add(-SessionIdle)})
		if errors.Is(err, pgx.ErrNoRows) {
			return casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		if at.Sub(row.SeenAt) > seeAgain {
			if err := q.SeeSession(ctx, db.SeeSessionParams{TokenHash: tokenHash(token), At: at}); err != nil {
				return err
			}
		}
		out, err = s.member(row.Member)
		return err
	})
	return out, err
}

// EndSession signs a member out, here or everywhere.
func (s *Store) EndSession(ctx context.Context, token string, everywhere bool) error {
	at := s.Now()
	m, err := s.Session(ctx, token)
	if err != nil {
		return err
	}
	by := casefile.Actor{Kind: casefile.ByMember, ID: string(m.ID)}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if everywhere {
			err = q.EndSessionsOf(ctx, db.EndSessionsOfParams{MemberID: string(m.ID), At: &at})
		} else {
			err = q.EndSession(ctx, db.EndSessionParams{TokenHash: tokenHash(token), At: &at})
		}
		if err != nil {
			return err
		}
		return auditRoster(ctx, q, memberSignedOut, by, at, map[string]any{"member": m.ID, "everywhere": everywhere})
	})
}
