package casefile

import (
	"slices"
	"time"
)

// Group is one of the eight groups that may join (thaigov.go.th T66117).
type Group string

const (
	Teacher        Group = "TEACHER"
	StudentCouncil Group = "STUDENT_COUNCIL"
	YouthCouncil   Group = "YOUTH_COUNCIL"
	CyberScout     Group = "CYBER_SCOUT"
	VHV            Group = "VHV" // อสม. village health volunteer
	SDV            Group = "SDV" // อพม. social-development volunteer
	Community      Group = "COMMUNITY"
	Agency         Group = "AGENCY" // police, MSDHS, EMS, hospital, อปท., กสศ.
)

// Groups lists the eight.
var Groups = []Group{Teacher, StudentCouncil, YouthCouncil, CyberScout, VHV, SDV, Community, Agency}

// Class decides what a member may be sent to and may see.
type Class string

const (
	Junior       Class = "JUNIOR"
	Volunteer    Class = "VOLUNTEER"
	School       Class = "SCHOOL"
	Professional Class = "PROFESSIONAL"
	Supervisor   Class = "SUPERVISOR"
)

// Classes lists every class.
var Classes = []Class{Junior, Volunteer, School, Professional, Supervisor}

// MayGoToScene reports whether a member of the class may be sent towards an
// incident in that state: professionals always, volunteers only once the scene
// is under control, juniors and schools never.
func (c Class) MayGoToScene(s State) bool {
	switch c {
	case Professional, Supervisor:
		return true
	case Volunteer:
		return s == Controlled || s == Handover || s == FollowUp
	default:
		return false
	}
}

// MemberState is where a membership stands.
type MemberState string

const (
	MemberPending   MemberState = "PENDING"
	MemberActive    MemberState = "ACTIVE"
	MemberSuspended MemberState = "SUSPENDED"
	MemberExpired   MemberState = "EXPIRED"
	MemberResigned  MemberState = "RESIGNED"
	MemberRejected  MemberState = "REJECTED"
)

// MemberStates lists every state of a membership.
var MemberStates = []MemberState{MemberPending, MemberActive, MemberSuspended, MemberExpired, MemberResigned, MemberRejected}

// Member is somebody, or the duty desk of a unit, who can be alerted. Name and
// contact are not here: only the channel's adapter needs them.
type Member struct {
	ID        MemberID    `json:"id"`
	Unit      UnitID      `json:"unit"`
	Group     Group       `json:"group"`
	Class     Class       `json:"class"`
	Role      Role        `json:"role,omitempty"`  // empty: takes no part in an emergency
	Level     Level       `json:"level,omitempty"` // a duty desk answers for this level of its unit; empty: a person in the field
	State     MemberState `json:"state"`
	OnDuty    bool        `json:"on_duty"`
	RestUntil time.Time   `json:"rest_until,omitzero"`
	Female    bool        `json:"female,omitempty"`
	Lat       float64     `json:"-"`
	Lon       float64     `json:"-"`
	FixedAt   time.Time   `json:"fixed_at,omitzero"` // when the position was last known
	Province  string      `json:"province,omitempty"`
}

// Desk reports whether the member is the duty desk of a unit.
func (m Member) Desk() bool { return m.Level != "" }

// filers are the groups whose members ask for aid in the name of others: those who
// visit homes, and no pupils.
var filers = []Group{SDV, VHV, Community, YouthCouncil, Teacher, Agency}

// MayFileAid reports whether a member may sign in to the volunteers' pages and ask
// for aid there. No minor may, and nobody at the shared phone of a duty desk: what
// is filed is somebody's own work.
func (m Member) MayFileAid() bool {
	return m.State == MemberActive && !m.Desk() && m.Class != Junior && slices.Contains(filers, m.Group)
}

// UnitState says whether a unit answers.
type UnitState string

const (
	UnitLive   UnitState = "LIVE"
	UnitClosed UnitState = "CLOSED"
)

// Unit is a station, radio centre, office or shelter.
type Unit struct {
	ID        UnitID    `json:"id"`
	Code      string    `json:"code"`
	Level     Level     `json:"level"`
	NameTh    string    `json:"name_th"`
	NameEn    string    `json:"name_en"`
	Province  string    `json:"province,omitempty"` // empty for national units
	Region    string    `json:"region,omitempty"`   // MPB, P1 … P9
	Lat       float64   `json:"lat"`
	Lon       float64   `json:"lon"`
	State     UnitState `json:"state"`
	Synthetic bool      `json:"synthetic,omitempty"` // made by the seed, no real unit
}
