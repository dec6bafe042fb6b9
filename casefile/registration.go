package casefile

import (
	"slices"
	"time"
)

// RegistrationID names somebody's wish to be a member.
type RegistrationID string

// Registration is a membership from the wish to its end. Who it is stands sealed beside it.
type Registration struct {
	ID          RegistrationID `json:"id"`
	Member      MemberID       `json:"member"` // as the roster will know them
	Group       Group          `json:"group"`
	Class       Class          `json:"class"`
	Role        Role           `json:"role,omitempty"`
	Unit        UnitID         `json:"unit"`
	Province    string         `json:"province,omitempty"`
	State       MemberState    `json:"state"`
	Version     int            `json:"version"`
	AskedAt     time.Time      `json:"asked_at"`
	Renewing    bool           `json:"renewing,omitempty"` // the member wants to go on, and the verifier has not said so yet
	Asked       int            `json:"asked,omitempty"`    // how often whoever decides was asked
	Climbed     bool           `json:"climbed,omitempty"`  // the office of the province was asked, too
	Told        bool           `json:"told,omitempty"`     // the member knows that the end is near
	ValidUntil  time.Time      `json:"valid_until,omitzero"`
	CallAt      time.Time      `json:"call_at,omitzero"` // when something is to be done next; zero: nothing
	DecidedBy   Actor          `json:"decided_by,omitzero"`
	DecidedAt   time.Time      `json:"decided_at,omitzero"`
	Reason      string         `json:"reason,omitempty"` // a code
	SuspendedBy Actor          `json:"suspended_by,omitzero"`
}

// Code is the short name of a registration, for people.
func (r Registration) Code() string { return "R-" + Case{ID: CaseID(r.ID)}.Code() }

// Deed is what is done with a membership.
type Deed string

const (
	Approve Deed = "APPROVE"
	Reject  Deed = "REJECT"
	Suspend Deed = "SUSPEND"
	Resume  Deed = "RESUME"
	Resign  Deed = "RESIGN" // by themselves, or the organisation says that they have left
	Renew   Deed = "RENEW"  // the member wants to go on
	Expire  Deed = "EXPIRE" // a clock
)

// Deeds lists every deed.
var Deeds = []Deed{Approve, Reject, Suspend, Resume, Resign, Renew, Expire}

// memberships is the whole truth about where a membership may go from where.
var memberships = map[Deed]struct {
	from []MemberState
	to   MemberState // empty: it stays
}{
	Approve: {[]MemberState{MemberPending, MemberActive}, MemberActive}, // of an active one: the renewal
	Reject:  {[]MemberState{MemberPending, MemberActive}, MemberRejected},
	Suspend: {[]MemberState{MemberActive}, MemberSuspended},
	Resume:  {[]MemberState{MemberSuspended}, MemberActive},
	Resign:  {[]MemberState{MemberPending, MemberActive, MemberSuspended}, MemberResigned},
	Renew:   {[]MemberState{MemberActive}, ""},
	Expire:  {[]MemberState{MemberActive, MemberSuspended}, MemberExpired},
}

// Membership is where a deed leads a member, or why it may not be. It is the
// law for everybody on the roster, however they came there.
func Membership(state MemberState, d Deed, m MemberID, by Actor, reason string) (MemberState, error) {
	rule, known := memberships[d]
	self := by.Kind == ByMember && MemberID(by.ID) == m
	no := func(th, en string) (MemberState, error) {
		return state, &RefusedError{Kind: Kind(d), State: State(state), Th: th, En: en}
	}
	switch {
	case !known || !slices.Contains(rule.from, state):
		return no("ทำไม่ได้ในสถานะปัจจุบันของสมาชิก", "not possible where the membership stands")
	case self && !slices.Contains([]Deed{Resign, Renew}, d):
		return no("ตัดสินเรื่องสมาชิกภาพของตนเองไม่ได้", "nobody decides on their own membership")
	case d == Renew && !self:
		return no("เฉพาะเจ้าตัวเท่านั้น", "only the member may say so")
	case d == Expire && by.Kind != BySystem || d != Expire && !by.Human():
		return no("ผู้ใช้นี้ไม่มีสิทธิ์ทำสิ่งนี้", "this actor may not do that")
	case slices.Contains([]Deed{Reject, Suspend}, d) && reason == "":
		return no("ต้องระบุเหตุผล", "a reason is needed")
	case rule.to == "":
		return state, nil
	}
	return rule.to, nil
}

// Terms are the spans of a membership.
type Terms struct {
	Remind, Climb, Valid, Renew time.Duration
	Adult                       int
}

// Apply is what a registration becomes by a deed.
func (r Registration) Apply(d Deed, by Actor, reason string, at time.Time, t Terms) (Registration, error) {
	to, err := Membership(r.State, d, r.Member, by, reason)
	switch {
	case err != nil:
		return r, err
	case d == Approve && r.State == MemberActive && !r.Renewing, d == Reject && r.State == MemberActive && !r.Renewing:
		return r, &RefusedError{Kind: Kind(d), State: State(r.State), Th: "ไม่มีคำขอที่รอการตัดสิน", En: "nothing waits for a decision"}
	}
	was := r.State
	r.State, r.Version, r.Reason = to, r.Version+1, reason
	switch d {
	case Approve:
		from := at
		if was == MemberActive && r.ValidUntil.After(at) { // who renews early loses nothing
			from = r.ValidUntil
		}
		r.ValidUntil = from.Add(t.Valid)
		r.Renewing, r.Asked, r.Climbed, r.Told = false, 0, false, false
		r.DecidedBy, r.DecidedAt = by, at
	case Reject:
		r.Renewing, r.DecidedBy, r.DecidedAt = false, by, at
	case Suspend:
		r.SuspendedBy = by
	case Resume:
		r.SuspendedBy = Actor{}
	case Renew:
		r.Renewing, r.Asked, r.Climbed, r.AskedAt = true, 0, false, at
	}
	r.CallAt = r.nextCall(at, t)
	return r, nil
}

// nextCall is when something is to be done for a membership without anybody asking.
func (r Registration) nextCall(at time.Time, t Terms) time.Time {
	switch {
	case r.State == MemberPending && r.Asked == 0, r.State == MemberActive && r.Renewing && r.Asked == 0:
		return at
	case r.State == MemberPending:
		return at.Add(t.Remind)
	case r.State == MemberActive && r.Renewing:
		return earlier(at.Add(t.Remind), r.ValidUntil)
	case r.State == MemberActive && !r.Told && !r.ValidUntil.IsZero():
		return r.ValidUntil.Add(-t.Renew)
	case r.State == MemberActive || r.State == MemberSuspended:
		return r.ValidUntil
	}
	return time.Time{}
}

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Due is what a clock brings about.
type Due struct {
	Expired bool
	Ask     bool // whoever decides is asked, or reminded
	Office  bool // and so is the office of the province
	Remind  bool // the member is asked whether to go on
}

// Lapse is what becomes of a registration when its instant has come, and what follows.
func (r Registration) Lapse(at time.Time, t Terms) (Registration, Due) {
	var due Due
	if r.CallAt.IsZero() || r.CallAt.After(at) {
		return r, due
	}
	live := r.State == MemberActive || r.State == MemberSuspended
	if live && !r.ValidUntil.IsZero() && !r.ValidUntil.After(at) {
		if after, err := r.Apply(Expire, System, "", at, t); err == nil {
			return after, Due{Expired: true}
		}
	}
	r.Version++
	switch {
	case r.State == MemberPending || r.State == MemberActive && r.Renewing:
		due.Ask = true
		due.Office = !at.Before(r.AskedAt.Add(t.Climb))
		r.Asked, r.Climbed = r.Asked+1, due.Office
	case r.State == MemberActive && !r.Told:
		r.Told, due.Remind = true, true
	}
	r.CallAt = r.nextCall(at, t)
	return r, due
}
