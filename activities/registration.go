package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Templates of what is said about memberships, which belong to no case.
const (
	MemberVet       = "member_vet"      // to a verifier: somebody wants to be a member
	MemberApproved  = "member_approved" // to the member from here on
	MemberRejected  = "member_rejected"
	MemberSuspended = "member_suspended"
	MemberResumed   = "member_resumed"
	MemberResigned  = "member_resigned"
	MemberExpired   = "member_expired"
	MemberRenew     = "member_renew" // the membership ends soon
	MemberCare      = "member_care"  // the day after a hard case: how are you?
)

// Applicant is who wants to be a member, for the eyes of a verifier.
type Applicant struct {
	Name        string
	Subdistrict string
	Group       casefile.Group
	Class       casefile.Class
}

// Registrations keeps time for memberships. postgres.Store happens to provide it.
type Registrations interface {
	// LapseRegistration does what is due, and says when something is due next; zero: never.
	LapseRegistration(ctx context.Context, id casefile.RegistrationID, t casefile.Terms) (next time.Time, err error)
}

// Terms are the policy's spans of a membership.
func Terms(m policy.MemberRule) casefile.Terms {
	return casefile.Terms{
		Remind: m.Remind.Duration, Climb: m.Climb.Duration, Valid: m.Valid.Duration, Renew: m.Renew.Duration, Adult: m.Adult,
	}
}

// RegistrationInput names a registration.
type RegistrationInput struct {
	ID casefile.RegistrationID `json:"id"`
}

// RegistrationKept says when a registration must be looked at again.
type RegistrationKept struct {
	Next time.Time `json:"next,omitzero"` // case time; zero: never, until somebody does something
}

// KeepRegistration does what is due for a registration, and records who must be told.
func (a *Activities) KeepRegistration(ctx context.Context, in RegistrationInput) (RegistrationKept, error) {
	next, err := a.Registrations.LapseRegistration(ctx, in.ID, Terms(a.policy().Members))
	if err != nil {
		return RegistrationKept{}, final(ctx, fmt.Errorf("keep registration %s: %w", in.ID, err))
	}
	return RegistrationKept{Next: next}, nil
}
