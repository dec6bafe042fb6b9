package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// MoveMember carries out a deed on anybody of the roster, however they came there.
func (s *Store) MoveMember(ctx context.Context, m casefile.MemberID, d casefile.Deed, by casefile.Actor, reason string, t casefile.Terms) (Moved, error) {
	var moved Moved
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.RegistrationOfMember(ctx, string(m))
		if err == nil {
			reg, who, err := s.registration(ctx, q, casefile.RegistrationID(row.ID))
			if err != nil {
				return err
			}
			moved, err = s.moveRegistration(ctx, q, reg, who, d, by, reason, t)
			return err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		is, err := q.MembershipOf(ctx, string(m))
		if err != nil {
			return err
		}
		if is.Level != "" && by.Kind == casefile.ByMember { // a duty desk is its office's, whoever sits there
			return &casefile.RefusedError{Kind: casefile.Kind(d), State: casefile.State(is.State), Th: "โต๊ะเวรเปลี่ยนได้โดยหน่วยงานเท่านั้น", En: "a duty desk is changed by its office alone"}
		}
		to, err := casefile.Membership(casefile.MemberState(is.State), d, m, by, reason)
		if err != nil {
			return err
		}
		at := s.Now()
		moved = Moved{State: to}
		if moved.Nudges, err = s.setMembership(ctx, q, m, casefile.MemberState(is.State), to, time.Time{}, at); err != nil {
			return err
		}
		if template := toldOf[d]; template != "" {
			if err := q.NotifyMembers(ctx, db.NotifyMembersParams{MemberIds: []string{string(m)}, RegistrationID: nil, Template: template, Reason: reason, At: at}); err != nil {
				return err
			}
		}
		return auditRoster(ctx, q, membershipMoved+string(d), by, at, map[string]any{"member": m, "reason": reason})
	})
	return moved, err
}

// LeaveOut ends the membership of everybody whom the whole list of some units does
// not name any more, the same day, and says how many.
func (s *Store) LeaveOut(ctx context.Context, units []casefile.UnitID, stay []casefile.MemberID, by casefile.Actor) (int, error) {
	var gone []string
	err := s.once(ctx, func(q *db.Queries) (err error) {
		gone, err = q.LeftOut(ctx, db.LeftOutParams{
			UnitIds: column(units, func(u casefile.UnitID) string { return string(u) }), Ids: column(stay, func(m casefile.MemberID) string { return string(m) }),
		})
		return err
	})
	for _, m := range gone {
		if err == nil {
			_, err = s.MoveMember(ctx, casefile.MemberID(m), casefile.Resign, by, "LEFT_OUT", casefile.Terms{})
		}
	}
	return len(gone), err
}

// LapseRegistration does what is due for a registration, and says when something is due next; zero: never.
func (s *Store) LapseRegistration(ctx context.Context, id casefile.RegistrationID, t casefile.Terms) (next time.Time, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		was, who, err := s.registration(ctx, q, id)
		if err != nil {
			return err
		}
		at := s.Now()
		reg, due := was.Lapse(at, t)
		next = reg.CallAt
		if reg.Version == was.Version {
			return nil
		}
		if due.Expired {
			moved, err := s.moveRegistration(ctx, q, was, who, casefile.Expire, casefile.System, "", t)
			next = moved.Registration.CallAt
			return err
		}
		if err := writeRegistration(ctx, q, was, reg); err != nil {
			return err
		}
		if due.Remind {
			return q.NotifyApplicant(ctx, db.NotifyApplicantParams{RegistrationID: new(string(id)), Template: activities.MemberRenew, Reason: "", At: at})
		}
		return askVerifiers(ctx, q, reg, due.Office, at)
	})
	return next, err
}

// askVerifiers has those told who decide. Where nobody vouches for an
// organisation, the office of the province does.
func askVerifiers(ctx context.Context, q *db.Queries, reg casefile.Registration, office bool, at time.Time) error {
	who, err := q.Verifiers(ctx, db.VerifiersParams{But: string(reg.Member), UnitID: string(reg.Unit), Office: string(reg.Group.Verifier()), Province: reg.Province})
	if err != nil {
		return err
	}
	if office || len(who) == 0 {
		more, err := q.Offices(ctx, db.OfficesParams{But: string(reg.Member), Province: reg.Province})
		if err != nil {
			return err
		}
		who = append(who, more...)
	}
	return q.NotifyMembers(ctx, db.NotifyMembersParams{MemberIds: who, RegistrationID: new(string(reg.ID)), Template: activities.MemberVet, Reason: "", At: at})
}

// RegistrationFilter chooses registrations; empty fields choose all.
type RegistrationFilter struct {
	Province string
	Unit     casefile.UnitID
	State    casefile.MemberState
	Waiting  bool // for somebody's decision
	AfterAt  time.Time
	AfterID  casefile.RegistrationID
	Limit    int
}

// Registrations lists registrations without what is personal, the longest waiting first.
func (s *Store) Registrations(ctx context.Context, f RegistrationFilter) ([]casefile.Registration, error) {
	after := string(f.AfterID)
	if after == "" {
		after = lowestID
	}
	var out []casefile.Registration
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		docs, err := q.Registrations(ctx, db.RegistrationsParams{
			Province: null(f.Province), Unit: null(string(f.Unit)), State: null(string(f.State)), Waiting: f.Waiting,
			AfterAt: f.AfterAt, AfterID: after, AtMost: int32(f.Limit), // #nosec G115 -- a page
		})
		out = nil
		for _, doc := range docs {
			var r casefile.Registration
			if err := json.Unmarshal(doc, &r); err != nil {
				return fmt.Errorf("read a registration: %w", err)
			}
			out = append(out, r)
		}
		return err
	})
	return out, err
}

// Registration returns one, or casefile.ErrNotFound.
func (s *Store) Registration(ctx context.Context, id casefile.RegistrationID) (casefile.Registration, error) {
	if !isUUID(string(id)) {
		return casefile.Registration{}, casefile.ErrNotFound
	}
	var reg casefile.Registration
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) (err error) {
		reg, _, err = s.registration(ctx, q, id)
		return err
	})
	return reg, err
}

// Applicant shows who a registration is about. The look is recorded first; a
// member is shown it only as a verifier.
func (s *Store) Applicant(ctx context.Context, id casefile.RegistrationID, by casefile.Actor, purpose string) (casefile.Registration, Applicant, error) {
	if !isUUID(string(id)) {
		return casefile.Registration{}, Applicant{}, casefile.ErrNotFound
	}
	var reg casefile.Registration
	var who Applicant
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) (err error) {
		if reg, who, err = s.registration(ctx, q, id); err != nil {
			return err
		}
		if by.Kind == casefile.ByMember {
			if err := vouches(ctx, q, reg, by); err != nil {
				return err
			}
		}
		return auditRoster(ctx, q, registrationViewed, by, s.Now(), map[string]any{"registration": id, "purpose": purpose})
	})
	return reg, who, err
}

// SetVerifies lets an active member who is no minor decide who is a member of their unit, or not any more.
func (s *Store) SetVerifies(ctx context.Context, m casefile.MemberID, verifies bool, by casefile.Actor) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.SetVerifies(ctx, db.SetVerifiesParams{ID: string(m), Verifies: verifies})
		if err != nil {
			return err
		}
		if n == 0 {
			return casefile.ErrNotFound
		}
		return auditRoster(ctx, q, verifierSet, by, s.Now(), map[string]any{"member": m, "verifies": verifies})
	})
}

// OverdueRegistrations lists those whose instant passed so long ago that no workflow can be at it.
func (s *Store) OverdueRegistrations(ctx context.Context, grace time.Duration, limit int) ([]casefile.RegistrationID, error) {
	var out []casefile.RegistrationID
	before := s.Now().Add(-grace)
	err := s.once(ctx, func(q *db.Queries) error {
		ids, err := q.OverdueRegistrations(ctx, db.OverdueRegistrationsParams{Before: &before, AtMost: int32(limit)}) // #nosec G115 -- a batch
		out = column(ids, func(id string) casefile.RegistrationID { return casefile.RegistrationID(id) })
		return err
	})
	return out, err
}

// MemberNotice is somebody who must be told of a membership.
type MemberNotice struct {
	ID           int64
	Member       casefile.MemberID // who is told; of an applicant, as the roster will know them
	To           string            // LINE user; empty: no contact
	Language     casefile.Language
	Template     string
	Reason       string
	At           time.Time
	Registration casefile.Registration // whom it is about; zero: the roster's own
	Own          bool                  // told to the one whom it is about
}

// UntoldMembers lists who must still be told, the longest waiting first, from the one after the given.
func (s *Store) UntoldMembers(ctx context.Context, careSince time.Time, after int64, limit int) ([]MemberNotice, error) {
	var out []MemberNotice
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.UntoldMemberNotices(ctx, db.UntoldMemberNoticesParams{After: after, Care: activities.MemberCare, CareSince: careSince, AtMost: int32(limit)}) // #nosec G115 -- a batch
		out = nil
		for _, r := range rows {
			n := MemberNotice{ID: r.ID, Language: casefile.Language(r.Language), Template: r.Template, Reason: r.Reason, At: r.At, Own: r.MemberID == "" || r.RegistrationID == nil}
			if err := json.Unmarshal(r.Doc, &n.Registration); err != nil {
				return fmt.Errorf("read a registration: %w", err)
			}
			n.Member = cmp.Or(casefile.MemberID(r.MemberID), n.Registration.Member)
			switch {
			case r.MemberID != "" && r.LineUserSealed != nil:
				n.To, err = s.openText(r.LineUserSealed, "members", "line_user_sealed", r.MemberID)
			case r.MemberID == "":
				var who Applicant
				err = s.openJSON(r.PrivateSealed, &who, "registrations", "private_sealed", zero(r.RegistrationID))
				n.To = who.LINE
			}
			if err != nil {
				return err
			}
			out = append(out, n)
		}
		return err
	})
	return out, err
}

// ToldMember keeps what the channel said to a notice.
func (s *Store) ToldMember(ctx context.Context, id int64, outcome activities.Outcome) error {
	return s.once(ctx, func(q *db.Queries) error {
		return q.MemberNoticeTold(ctx, db.MemberNoticeToldParams{ID: id, Outcome: null(string(outcome))})
	})
}
