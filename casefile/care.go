package casefile

import (
	"slices"
	"time"
)

// Problem is a kind of hardship: the ten categories of the hotline 1300 and the
// reporting groups of ศรส. that are about a person (thaigov.go.th T92143).
type Problem string

const (
	FamilyViolence   Problem = "FAMILY_VIOLENCE"   // ความรุนแรงในครอบครัว
	UnreadyPregnancy Problem = "UNREADY_PREGNANCY" // ตั้งครรภ์ไม่พร้อม
	Trafficking      Problem = "TRAFFICKING"       // ค้ามนุษย์
	Drugs            Problem = "DRUGS"             // ยาเสพติด
	Homeless         Problem = "HOMELESS"          // คนเร่ร่อน/ไร้ที่พึ่ง
	ChildYouth       Problem = "CHILD_YOUTH"       // เด็กและเยาวชน
	Missing          Problem = "MISSING"           // คนหาย
	Elderly          Problem = "ELDERLY"           // ผู้สูงอายุ
	Disability       Problem = "DISABILITY"        // คนพิการ
	Begging          Problem = "BEGGING"           // ขอทาน
	IncomeLiving     Problem = "INCOME_LIVING"     // รายได้ความเป็นอยู่
	FamilyRelations  Problem = "FAMILY_RELATIONS"  // ความสัมพันธ์ในครอบครัว
	WelfareRights    Problem = "WELFARE_RIGHTS"    // สิทธิสวัสดิการ
	HealthAccident   Problem = "HEALTH_ACCIDENT"   // สุขภาพและอุบัติเหตุ
	SocialPhenomenon Problem = "SOCIAL_PHENOMENON" // ปรากฏการณ์ทางสังคม
	UrgentIncident   Problem = "URGENT_INCIDENT"   // follows an emergency of ESS Help Me
	OnlineHarm       Problem = "ONLINE_HARM"       // ภัยออนไลน์
	SchoolAttendance Problem = "SCHOOL_ATTENDANCE" // a child who leaves school, or may
	OtherHardship    Problem = "OTHER"
)

// Problems lists every kind of hardship.
var Problems = []Problem{
	FamilyViolence, UnreadyPregnancy, Trafficking, Drugs, Homeless, ChildYouth, Missing, Elderly, Disability, Begging, IncomeLiving,
	FamilyRelations, WelfareRights, HealthAccident, SocialPhenomenon, UrgentIncident, OnlineHarm, SchoolAttendance, OtherHardship,
}

// Risk is what an assessment finds; it sets the rhythm of visits and reviews.
type Risk string

const (
	RiskHigh   Risk = "HIGH"
	RiskMedium Risk = "MEDIUM"
	RiskLow    Risk = "LOW"
)

// Risks lists them from the gravest.
var Risks = []Risk{RiskHigh, RiskMedium, RiskLow}

// ObligationKind is what sort of thing is owed by a date.
type ObligationKind string

const (
	OweManager    ObligationKind = "MANAGER"    // somebody must become case manager
	OweContact    ObligationKind = "CONTACT"    // first contact with the person
	OweAssessment ObligationKind = "ASSESSMENT" // risk, needs, the child's best interest
	OwePlan       ObligationKind = "PLAN"       // a care plan
	OweApproval   ObligationKind = "APPROVAL"   // a second person decides on the plan
	OweTask       ObligationKind = "TASK"
	OweVisit      ObligationKind = "VISIT"
	OweReview     ObligationKind = "REVIEW"   // assessed again
	OweReferral   ObligationKind = "REFERRAL" // a partner's answer
	OweService    ObligationKind = "SERVICE"  // what a partner accepted to do
	OweLegal      ObligationKind = "LEGAL"    // a legal clock
	OweTransfer   ObligationKind = "TRANSFER" // another office's answer
	OweHelp       ObligationKind = "HELP"     // whoever owes something asked for help
)

// ObligationKinds lists every kind.
var ObligationKinds = []ObligationKind{
	OweManager, OweContact, OweAssessment, OwePlan, OweApproval, OweTask, OweVisit, OweReview, OweReferral, OweService, OweLegal,
	OweTransfer, OweHelp,
}

// Pressing reports whether silence about it climbs in hours and not in days.
func (k ObligationKind) Pressing() bool {
	return slices.Contains([]ObligationKind{OweManager, OweContact, OweLegal, OweTransfer, OweHelp}, k)
}

// ObligationState is where an obligation stands.
type ObligationState string

const (
	Owing    ObligationState = "OPEN"
	Done     ObligationState = "DONE"
	Missed   ObligationState = "MISSED"   // nobody was there
	Refused  ObligationState = "REFUSED"  // the person did not want it
	Unable   ObligationState = "UNABLE"   // who owed it could not
	Rejected ObligationState = "REJECTED" // a partner or office declined
	Dropped  ObligationState = "DROPPED"  // no longer needed
)

// ObligationStates lists every state.
var ObligationStates = []ObligationState{Owing, Done, Missed, Refused, Unable, Rejected, Dropped}

// Obligation is something that somebody owes to a case by a date. Nothing that is
// owed is ever silent: until it is settled it has an instant at which somebody is
// called, and each call climbs.
type Obligation struct {
	ID       int             `json:"id"` // 1, 2, … within the case; never given twice
	Kind     ObligationKind  `json:"kind"`
	Code     string          `json:"code,omitempty"`   // the policy's code of a task or a legal clock; the case's service at a partner
	Goal     int             `json:"goal,omitempty"`   // the goal of the plan that it serves
	After    []int           `json:"after,omitempty"`  // not to be done before these are settled
	Member   MemberID        `json:"member,omitempty"` // who owes it; empty: the case manager, and without one the office
	Unit     UnitID          `json:"unit,omitempty"`   // the partner or office whose answer is owed; empty: the case's own office
	Next     []UnitID        `json:"next,omitempty"`   // of a referral: the partners asked after this one
	About    int             `json:"about,omitempty"`  // of HELP and APPROVAL: the obligation or plan that it is about
	Since    time.Time       `json:"since"`
	DueAt    time.Time       `json:"due_at"`          // case time
	CallAt   time.Time       `json:"call_at"`         // when somebody is called next, first of all as a reminder before it is due
	Calls    int             `json:"calls,omitempty"` // calls made since it fell due: rungs of the ladder
	Reminded bool            `json:"reminded,omitempty"`
	State    ObligationState `json:"state"`
	SettleAt time.Time       `json:"settled_at,omitzero"`
	By       Actor           `json:"settled_by,omitzero"`
	Reason   string          `json:"reason,omitempty"` // a code, never free text
}

// Open reports whether it is still owed.
func (o Obligation) Open() bool { return o.State == Owing }

// Horizon is how far a goal of a care plan looks (ศรส.: urgent, short, medium of about six months, long; T64959, T37862).
type Horizon string

const (
	Urgent     Horizon = "URGENT"
	ShortTerm  Horizon = "SHORT"
	MediumTerm Horizon = "MEDIUM"
	LongTerm   Horizon = "LONG"
)

// Horizons lists them, the nearest first.
var Horizons = []Horizon{Urgent, ShortTerm, MediumTerm, LongTerm}

// Goal is one goal of a care plan. What it says in words is sealed with the event.
type Goal struct {
	ID      int     `json:"id"`
	Code    string  `json:"code"` // one of the policy's goals
	Horizon Horizon `json:"horizon"`
	Reached bool    `json:"reached,omitempty"`
}

// PlanState is where a care plan stands.
type PlanState string

const (
	NoPlan       PlanState = ""
	PlanProposed PlanState = "PROPOSED"
	PlanApproved PlanState = "APPROVED"
	PlanReturned PlanState = "RETURNED"
)

// ConsentPurpose is what personal data of the person helped are used for beyond the case itself.
type ConsentPurpose string

const (
	ForReferral  ConsentPurpose = "REFERRAL"
	ForEducation ConsentPurpose = "EDUCATION"
	ForAid       ConsentPurpose = "AID"
	ForContact   ConsentPurpose = "CONTACT" // by messages
)

// ConsentPurposes lists every purpose.
var ConsentPurposes = []ConsentPurpose{ForReferral, ForEducation, ForAid, ForContact}

// Bases are the grounds on which data are used: consent, or one that stands in the law.
var Bases = []string{"CONSENT", "GUARDIAN_CONSENT", "VITAL_INTEREST", "STATUTORY_DUTY", "BEST_INTEREST"}

// Consent is one answer to one purpose; the latest counts.
type Consent struct {
	Purpose ConsentPurpose `json:"purpose"`
	Given   bool           `json:"given"`
	Basis   string         `json:"basis"`
	At      time.Time      `json:"at"`
	By      Actor          `json:"by"` // who wrote it down
}

// SafeContact is when and how the person may be spoken to without danger.
type SafeContact struct {
	FromMinute int   `json:"from_minute"`    // of the day in Thailand
	ToMinute   int   `json:"to_minute"`      // both 0: at any time
	Days       []int `json:"days,omitempty"` // 1 Monday … 7 Sunday; empty: every day
	NoCall     bool  `json:"no_call,omitempty"`
	NoMessage  bool  `json:"no_message,omitempty"`
}

// Care is what follows an emergency, or what an office opened by itself: who
// manages it, what was found, what is planned, and everything that is owed.
type Care struct {
	Problem     Problem      `json:"problem"`
	BeganAt     time.Time    `json:"began_at,omitzero"`
	Manager     MemberID     `json:"manager,omitempty"`
	Team        []MemberID   `json:"team,omitempty"`
	Risk        Risk         `json:"risk,omitempty"`
	AssessedAt  time.Time    `json:"assessed_at,omitzero"`
	Assessments int          `json:"assessments,omitempty"`
	Plan        PlanState    `json:"plan,omitempty"`
	Planner     Actor        `json:"planner,omitzero"`
	Approver    Actor        `json:"approver,omitzero"`
	Goals       []Goal       `json:"goals,omitempty"`
	Owed        []Obligation `json:"owed,omitempty"` // open ones, and the latest that were settled
	Last        int          `json:"last,omitempty"` // the highest number given to an obligation
	Consents    []Consent    `json:"consents,omitempty"`
	Contact     SafeContact  `json:"contact,omitzero"`
	SafetyPlan  bool         `json:"safety_plan,omitempty"` // one is on record; its words are sealed with the event
	Rating      int          `json:"rating,omitempty"`      // 1 to 5, by the person helped
}

// settledKept is how many settled obligations a case keeps in its state; the record keeps all.
const settledKept = 40

// Obligation returns one by its number.
func (c Care) Obligation(id int) (Obligation, bool) {
	if i := c.obligation(id); i >= 0 {
		return c.Owed[i], true
	}
	return Obligation{}, false
}

func (c Care) obligation(id int) int {
	return slices.IndexFunc(c.Owed, func(o Obligation) bool { return o.ID == id })
}

// Open lists what is owed, the earliest call first.
func (c Care) Open() []Obligation {
	open := slices.DeleteFunc(slices.Clone(c.Owed), func(o Obligation) bool { return !o.Open() })
	slices.SortStableFunc(open, func(a, b Obligation) int { return a.CallAt.Compare(b.CallAt) })
	return open
}

// Owes reports whether something of a kind is open.
func (c Care) Owes(k ObligationKind) bool {
	return slices.ContainsFunc(c.Owed, func(o Obligation) bool { return o.Kind == k && o.Open() })
}

// Ready reports whether everything that an obligation waits for is settled.
func (c Care) Ready(o Obligation) bool {
	return !slices.ContainsFunc(o.After, func(id int) bool {
		before, ok := c.Obligation(id)
		return ok && before.Open()
	})
}

// Allows reports whether data may be used for a purpose.
func (c Care) Allows(p ConsentPurpose) bool {
	i := slices.IndexFunc(c.Consents, func(x Consent) bool { return x.Purpose == p })
	return i >= 0 && c.Consents[i].Given
}

// Responsible is who owes an obligation: the member it names, or the case manager.
func (c Care) Responsible(o Obligation) MemberID {
	if o.Member != "" || o.Unit != "" {
		return o.Member
	}
	return c.Manager
}

// NextCall is when somebody is called next, and about what.
func (c Care) NextCall() (Obligation, bool) {
	open := c.Open()
	if len(open) == 0 {
		return Obligation{}, false
	}
	return open[0], true
}

// CareDetail is what an event or a command says about the care of a case.
type CareDetail struct {
	Problem    Problem         `json:"problem,omitempty"`
	Owed       []Obligation    `json:"owed,omitempty"`       // new ones; their numbers are given by Apply
	Obligation int             `json:"obligation,omitempty"` // the one that the event is about
	State      ObligationState `json:"state,omitempty"`      // how it was settled
	Risk       Risk            `json:"risk,omitempty"`
	Goals      []Goal          `json:"goals,omitempty"`
	Team       []MemberID      `json:"team,omitempty"`
	Consent    *Consent        `json:"consent,omitempty"`
	Contact    *SafeContact    `json:"contact,omitempty"`
	DueAt      time.Time       `json:"due_at,omitzero"`
	CallAt     time.Time       `json:"call_at,omitzero"`
	Rating     int             `json:"rating,omitempty"`
	Form       string          `json:"form,omitempty"` // name and version of the form whose answers are kept beside the case
}

func (c Care) clone() *Care {
	c.Team, c.Goals, c.Owed, c.Consents = slices.Clone(c.Team), slices.Clone(c.Goals), slices.Clone(c.Owed), slices.Clone(c.Consents)
	return &c
}
