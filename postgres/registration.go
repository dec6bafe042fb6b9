package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Actions of the audit log about memberships.
const (
	registrationAsked  = "REGISTRATION_ASKED"
	registrationViewed = "REGISTRATION_VIEWED"
	membershipMoved    = "MEMBERSHIP_"
	verifierSet        = "VERIFIER_SET"
)

// Applicant is who wants to be a member. All of it is personal.
type Applicant struct {
	Name        string            `json:"name"`
	Subdistrict string            `json:"subdistrict"`
	Born        int               `json:"born,omitempty"`
	LINE        string            `json:"line"`
	Language    casefile.Language `json:"language"`
}

// JoiningOf returns what somebody who is joining has answered so far; false for nobody who is.
func (s *Store) JoiningOf(ctx context.Context, r casefile.ReporterID) (casefile.Joining, bool, error) {
	var j casefile.Joining
	err := s.once(ctx, func(q *db.Queries) error {
		sealed, err := q.JoiningOf(ctx, db.JoiningOfParams{ReporterID: string(r), At: s.Now()})
		if err != nil {
			return err
		}
		return s.openJSON(sealed, &j, "registration_talks", "doc_sealed", string(r))
	})
	if errors.Is(err, casefile.ErrNotFound) {
		return j, false, nil
	}
	return j, err == nil, err
}

// SetJoining keeps what somebody who is joining has answered, until the next answer is due.
func (s *Store) SetJoining(ctx context.Context, r casefile.ReporterID, j casefile.Joining, wait time.Duration) error {
	sealed, err := s.sealJSON(j, "registration_talks", "doc_sealed", string(r))
	if err != nil {
		return err
	}
	return s.once(ctx, func(q *db.Queries) error {
		return q.SetJoining(ctx, db.SetJoiningParams{ReporterID: string(r), DocSealed: sealed, Until: s.Now().Add(wait)})
	})
}

// EndJoining forgets what somebody answered who is not joining any more.
func (s *Store) EndJoining(ctx context.Context, r casefile.ReporterID) error {
	return s.once(ctx, func(q *db.Queries) error { return q.EndJoining(ctx, string(r)) })
}

// UnitByCode finds an open unit by its code, or returns casefile.ErrNotFound.
func (s *Store) UnitByCode(ctx context.Context, code string) (casefile.Unit, error) {
	var u casefile.Unit
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.UnitByCode(ctx, code)
		u = unit(db.Unit(row))
		return err
	})
	return u, err
}

// AskRegistration makes a whole wish a registration that waits for its verifier. Who
// was a member before, or was rejected, asks anew; who is one is refused.
func (s *Store) AskRegistration(ctx context.Context, r casefile.ReporterID, j casefile.Joining, who Applicant, t casefile.Terms) (casefile.Registration, error) {
	var reg casefile.Registration
	who.Name, who.Subdistrict, who.Born = j.Name, j.Subdistrict, j.Born
	at := s.Now()
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		id := casefile.RegistrationID(uuid.NewString())
		before, err := q.RegistrationOfPerson(ctx, string(r))
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		version := 0
		if err == nil {
			var was casefile.Registration
			if err := json.Unmarshal(before.Doc, &was); err != nil {
				return fmt.Errorf("read registration %s: %w", before.ID, err)
			}
			if was.State == casefile.MemberPending || was.State == casefile.MemberActive || was.State == casefile.MemberSuspended {
				return &casefile.RefusedError{Kind: casefile.Kind(registrationAsked), State: casefile.State(was.State),
					Th: "ท่านมีใบสมัครหรือเป็นสมาชิกอยู่แล้ว", En: "you have applied or are a member already"}
			}
			id, version = was.ID, was.Version
		}
		member := casefile.MemberID("reg-" + string(id))
		held, err := q.AccountHeld(ctx, db.AccountHeldParams{LineHash: null(string(r)), But: string(member)})
		if err != nil {
			return err
		}
		if held {
			return &casefile.RefusedError{Kind: casefile.Kind(registrationAsked), State: casefile.State(casefile.MemberActive),
				Th: "ท่านเป็นสมาชิกอยู่แล้ว", En: "you are a member already"}
		}
		reg, err = j.Asks(id, member, at, t)
		if err != nil {
			return err
		}
		reg.Version = version + 1
		sealed, err := s.sealJSON(who, "registrations", "private_sealed", string(id))
		if err != nil {
			return err
		}
		doc, err := json.Marshal(reg)
		if err != nil {
			return err
		}
		if err := q.SetRegistration(ctx, db.SetRegistrationParams{
			ID: string(id), MemberID: string(reg.Member), ReporterID: string(r), UnitID: string(reg.Unit), Province: reg.Province, State: string(reg.State),
			Waits: true, Version: int32(reg.Version), AskedAt: at, CallAt: nullTime(reg.CallAt), Doc: doc, PrivateSealed: sealed, // #nosec G115 -- a count of changes
		}); err != nil {
			return err
		}
		if err := q.EndJoining(ctx, string(r)); err != nil {
			return err
		}
		return auditRoster(ctx, q, registrationAsked, casefile.Actor{Kind: casefile.ByReporter, ID: string(r)}, at, map[string]any{"registration": id, "unit": reg.Unit})
	})
	return reg, err
}

// Moved is what came of a deed: the cases that must hear that somebody is gone.
type Moved struct {
	Registration casefile.Registration // zero: the roster's own
	State        casefile.MemberState
	Nudges       []Nudge
}

// DecideRegistration carries out what a verifier, or the member, says about a
// registration. Only whoever vouches for the organisation decides on anybody else.
func (s *Store) DecideRegistration(ctx context.Context, id casefile.RegistrationID, d casefile.Deed, by casefile.Actor, reason string, t casefile.Terms) (Moved, error) {
	if !isUUID(string(id)) {
		return Moved{}, casefile.ErrNotFound
	}
	var moved Moved
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		reg, who, err := s.registration(ctx, q, id)
		if err != nil {
			return err
		}
		if by.Kind == casefile.ByMember && by.ID != string(reg.Member) {
			if err := vouches(ctx, q, reg, by); err != nil {
				return err
			}
		}
		moved, err = s.moveRegistration(ctx, q, reg, who, d, by, reason, t)
		return err
	})
	return moved, err
}

// vouches refuses who has no say in an organisation.
func vouches(ctx context.Context, q *db.Queries, reg casefile.Registration, by casefile.Actor) error {
	verifiers, err := q.Verifiers(ctx, db.VerifiersParams{But: string(reg.Member), UnitID: string(reg.Unit), Office: string(reg.Group.Verifier()), Province: reg.Province})
	if err != nil {
		return err
	}
	offices, err := q.Offices(ctx, db.OfficesParams{But: string(reg.Member), Province: reg.Province})
	if err != nil {
		return err
	}
	for _, m := range append(verifiers, offices...) {
		if m == by.ID {
			return nil
		}
	}
	return &casefile.RefusedError{Kind: casefile.Kind(casefile.Approve), State: casefile.State(reg.State),
		Th: "เฉพาะผู้รับรองของหน่วยงานนั้นเท่านั้น", En: "only a verifier of that organisation decides"}
}

func (s *Store) registration(ctx context.Context, q *db.Queries, id casefile.RegistrationID) (casefile.Registration, Applicant, error) {
	var reg casefile.Registration
	var who Applicant
	row, err := q.RegistrationOf(ctx, string(id))
	if err != nil {
		return reg, who, err
	}
	if err := json.Unmarshal(row.Doc, &reg); err != nil {
		return reg, who, fmt.Errorf("read registration %s: %w", id, err)
	}
	return reg, who, s.openJSON(row.PrivateSealed, &who, "registrations", "private_sealed", string(id))
}

// moveRegistration lets a deed happen: the registration, the roster, whom the
// member was to help, and who is told, in one transaction.
func (s *Store) moveRegistration(ctx context.Context, q *db.Queries, reg casefile.Registration, who Applicant, d casefile.Deed, by casefile.Actor, reason string, t casefile.Terms) (Moved, error) {
	at := s.Now()
	was := reg
	reg, err := reg.Apply(d, by, reason, at, t)
	if err != nil {
		return Moved{}, err
	}
	if err := writeRegistration(ctx, q, was, reg); err != nil {
		return Moved{}, err
	}
	moved := Moved{Registration: reg, State: reg.State}
	switch {
	case reg.State == casefile.MemberActive && was.State == casefile.MemberPending:
		err = s.enrol(ctx, q, reg, who, at)
	case was.State != casefile.MemberPending:
		moved.Nudges, err = s.setMembership(ctx, q, reg.Member, was.State, reg.State, reg.ValidUntil, at)
	}
	if err != nil {
		return Moved{}, err
	}
	if template := toldOf[d]; template != "" {
		if err := q.NotifyApplicant(ctx, db.NotifyApplicantParams{RegistrationID: new(string(reg.ID)), Template: template, Reason: reason, At: at}); err != nil {
			return Moved{}, err
		}
	}
	return moved, auditRoster(ctx, q, membershipMoved+string(d), by, at, map[string]any{"registration": reg.ID, "member": reg.Member, "reason": reason})
}

// toldOf is what the member hears of a deed.
var toldOf = map[casefile.Deed]string{
	casefile.Approve: activities.MemberApproved, casefile.Reject: activities.MemberRejected, casefile.Suspend: activities.MemberSuspended,
	casefile.Resume: activities.MemberResumed, casefile.Resign: activities.MemberResigned, casefile.Expire: activities.MemberExpired,
}

func writeRegistration(ctx context.Context, q *db.Queries, was, reg casefile.Registration) error {
	doc, err := json.Marshal(reg)
	if err != nil {
		return fmt.Errorf("write registration %s: %w", reg.ID, err)
	}
	n, err := q.MoveRegistration(ctx, db.MoveRegistrationParams{
		ID: string(reg.ID), State: string(reg.State), Waits: reg.State == casefile.MemberPending || reg.Renewing, CallAt: nullTime(reg.CallAt), Doc: doc,
		Version: int32(reg.Version), VersionBefore: int32(was.Version), // #nosec G115 -- counts of changes
	})
	if err == nil && n == 0 {
		return casefile.ErrMoved
	}
	return err
}

// enrol puts an approved applicant on the roster, off duty. Their LINE account
// leaves whoever they were there before: an account is one member.
func (s *Store) enrol(ctx context.Context, q *db.Queries, reg casefile.Registration, who Applicant, at time.Time) error {
	p, err := s.memberRows([]Member{{
		Member: casefile.Member{
			ID: reg.Member, Unit: reg.Unit, Group: reg.Group, Class: reg.Class, Role: reg.Role, State: casefile.MemberActive, Province: reg.Province,
		},
		Name: who.Name, LINE: who.LINE, Language: who.Language, VerifiedAt: at,
	}})
	if err != nil {
		return err
	}
	account := null(string(s.Reporter(casefile.ChannelLINE, who.LINE)))
	if err := q.FreeAccount(ctx, db.FreeAccountParams{LineHash: account, But: string(reg.Member)}); err != nil {
		return err
	}
	if err := q.UpsertMembers(ctx, p); err != nil {
		return err
	}
	return q.SetMembership(ctx, db.SetMembershipParams{ID: string(reg.Member), State: string(casefile.MemberActive), ValidUntil: nullTime(reg.ValidUntil), At: at})
}

// setMembership moves somebody on the roster. Whoever is no active member any
// more is taken off every open case at once: the word stands in its inbox with
// the change itself.
func (s *Store) setMembership(ctx context.Context, q *db.Queries, m casefile.MemberID, from, to casefile.MemberState, validUntil, at time.Time) ([]Nudge, error) {
	if err := q.SetMembership(ctx, db.SetMembershipParams{ID: string(m), State: string(to), ValidUntil: nullTime(validUntil), At: at}); err != nil {
		return nil, err
	}
	if from != casefile.MemberActive || to == casefile.MemberActive {
		return nil, nil
	}
	open, err := q.OfferedTo(ctx, []string{string(m)})
	if err != nil {
		return nil, err
	}
	cared, err := q.CaredForBy(ctx, string(m))
	if err != nil {
		return nil, err
	}
	for _, id := range cared {
		open = append(open, db.OfferedToRow{ID: id})
	}
	var nudges []Nudge
	for _, c := range open {
		n, err := s.speak(ctx, q, casefile.CaseID(c.ID), fmt.Sprintf("gone:%s:%s:%d", c.ID, m, at.UnixMicro()), casefile.Incoming{
			Word: casefile.CaseSpoke, At: at, Action: casefile.ActMemberGone, Member: m, By: casefile.System,
		})
		if err != nil {
			return nil, err
		}
		nudges = append(nudges, Nudge{Case: casefile.CaseID(c.ID), UpTo: n})
	}
	return nudges, nil
}
