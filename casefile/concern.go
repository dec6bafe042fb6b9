package casefile

import (
	"slices"
	"strings"
	"time"
)

// ConcernID is the ID of a concern: a UUIDv4 in text form.
type ConcernID string

// Code is the short name of a concern for those who work on it.
func (id ConcernID) Code() string { return "B-" + Case{ID: CaseID(id)}.Code() }

// ConcernKind is what somebody is worried about: one of the six goals of the
// policy (thaigov.go.th T66117). Codes are never renumbered or translated.
type ConcernKind string

const (
	AboutChildSpace ConcernKind = "SAFE_CHILD_SPACE"     // พื้นที่ปลอดภัยสำหรับเด็ก
	AboutSchool     ConcernKind = "SAFE_SCHOOL"          // โรงเรียนปลอดภัย
	AboutPregnancy  ConcernKind = "SCHOOL_AGE_PREGNANCY" // ป้องกันการตั้งครรภ์ในวัยเรียน
	AboutDrugs      ConcernKind = "DRUGS"                // ยาเสพติด
	AboutViolence   ConcernKind = "LESS_VIOLENCE"        // ลดความรุนแรงในสังคม
	AboutOnline     ConcernKind = "ONLINE_CRIME"         // ภัยอาชญากรรมทางออนไลน์
)

// ConcernKinds lists the six in the order of the buttons.
var ConcernKinds = []ConcernKind{AboutChildSpace, AboutSchool, AboutPregnancy, AboutDrugs, AboutViolence, AboutOnline}

// AlwaysChild reports whether such a concern is about a child whatever anybody says.
func (k ConcernKind) AlwaysChild() bool {
	return k == AboutChildSpace || k == AboutSchool || k == AboutPregnancy
}

// Incident is the emergency that such a concern becomes when it cannot wait. Danger to life is the safe guess.
func (k ConcernKind) Incident() IncidentType {
	switch k {
	case AboutPregnancy:
		return SexualRisk
	case AboutDrugs:
		return Gathering
	}
	return ThreatAssault
}

// Problem is the hardship under which a follow-up of such a concern is kept.
func (k ConcernKind) Problem() Problem {
	switch k {
	case AboutPregnancy:
		return UnreadyPregnancy
	case AboutDrugs:
		return Drugs
	case AboutViolence:
		return FamilyViolence
	case AboutOnline:
		return OnlineHarm
	}
	return ChildYouth
}

// ConcernState is where a concern stands.
type ConcernState string

const (
	ConcernDraft    ConcernState = "DRAFT"    // กำลังแจ้ง: the place is known, what was seen may follow
	ConcernReceived ConcernState = "RECEIVED" // รับแจ้งแล้ว: nobody asked yet
	ConcernOffered  ConcernState = "OFFERED"  // เสนอผู้รับผิดชอบแล้ว
	ConcernTaken    ConcernState = "TAKEN_UP" // มีผู้รับเรื่องแล้ว
	ConcernFollowed ConcernState = "FOLLOWED" // ติดตาม: it became a case in follow-up
	ConcernReferred ConcernState = "REFERRED" // ส่งต่อเจ้าหน้าที่ผู้มีอำนาจ
	ConcernUrgent   ConcernState = "URGENT"   // it became an emergency
	ConcernClosed   ConcernState = "CLOSED"   // ยุติ
)

// ConcernStates lists every state in the order of a concern's life.
var ConcernStates = []ConcernState{
	ConcernDraft, ConcernReceived, ConcernOffered, ConcernTaken, ConcernFollowed, ConcernReferred, ConcernUrgent, ConcernClosed,
}

// Ended reports whether no clock runs for the concern any more. What follows of
// it has an owner of its own: a case, or the competent official.
func (s ConcernState) Ended() bool {
	return s == ConcernFollowed || s == ConcernReferred || s == ConcernUrgent || s == ConcernClosed
}

// Partner is who a concern is referred to.
type Partner string

const (
	PartnerONDE   Partner = "ONDE" // สดช.: harm by computer
	PartnerPolice Partner = "POLICE"
)

// Partners lists every partner.
var Partners = []Partner{PartnerONDE, PartnerPolice}

// ConcernEventKind is something that happens to a concern.
type ConcernEventKind string

const (
	ConcernBegun      ConcernEventKind = "BEGUN"
	ConcernAdded      ConcernEventKind = "ADDED"       // a place, words, a link, a picture
	ConcernSent       ConcernEventKind = "RECEIVED"    // the pointer has said it, or the time for it is over
	ConcernPlaced     ConcernEventKind = "PLACED"      // province and school were found
	ConcernAsked      ConcernEventKind = "OFFERED"     // a desk or a school was asked
	ConcernNobody     ConcernEventKind = "NOBODY_HERE" // this office has nobody who could be asked
	ConcernDeclined   ConcernEventKind = "DECLINED"
	ConcernTakenUp    ConcernEventKind = "TAKEN_UP"
	ConcernIntoCase   ConcernEventKind = "FOLLOWED"
	ConcernGoesTo     ConcernEventKind = "REFERRED"
	ConcernIntoAlarm  ConcernEventKind = "URGENT"
	ConcernEndWanted  ConcernEventKind = "CLOSE_PROPOSED" // of a child's: a second person must look
	ConcernEnded      ConcernEventKind = "CLOSED"
	ConcernWordUnused ConcernEventKind = "NOTED" // a word that the law refused or that came late
)

// ConcernEvent is one thing that happened to a concern.
type ConcernEvent struct {
	ID       EventID          `json:"id"`
	Seq      int              `json:"seq"`
	Kind     ConcernEventKind `json:"kind"`
	At       time.Time        `json:"at"`
	By       Actor            `json:"by"` // the pointer is {REPORTER} and nothing else
	About    ConcernKind      `json:"about,omitempty"`
	Task     string           `json:"task,omitempty"` // of the task list that led to it
	Place    *Place           `json:"place,omitempty"`
	School   UnitID           `json:"school,omitempty"`
	Level    Level            `json:"level,omitempty"`
	Unit     UnitID           `json:"unit,omitempty"`
	Step     int              `json:"step,omitempty"`     // offices tried before this one
	Asked    []MemberID       `json:"asked,omitempty"`    // of DECLINED: who is asked no more
	Evidence []int            `json:"evidence,omitempty"` // of REFERRED: what goes with it, by the numbers of the events that brought it
	To       Partner          `json:"to,omitempty"`
	Case     CaseID           `json:"case,omitempty"`
	Adult    bool             `json:"adult,omitempty"` // who took it up says that no child is concerned
	Reason   string           `json:"reason,omitempty"`
	DueAt    time.Time        `json:"due_at,omitzero"`
	Inbox    int              `json:"inbox,omitempty"`
	Private  ConcernPrivate   `json:"private,omitzero"`
}

// ConcernPrivate is what a pointer said or sent. It is sealed wherever it rests.
type ConcernPrivate struct {
	Text      string `json:"text,omitempty"`
	Pin       *Pin   `json:"pin,omitempty"`
	Link      string `json:"link,omitempty"`
	Media     string `json:"media,omitempty"` // the channel's message ID
	MediaKind string `json:"media_kind,omitempty"`
}

// Empty reports whether nothing is in it.
func (p ConcernPrivate) Empty() bool { return p == ConcernPrivate{} }

// BringsEvidence reports whether an event brought something that is kept as evidence: a link, or what was sent beside words.
func (e ConcernEvent) BringsEvidence() bool {
	return e.Kind == ConcernAdded && (e.Private.Link != "" || e.Private.Media != "")
}

// Concern is what somebody pointed out, from the first button to who looks after it. It holds nothing personal.
type Concern struct {
	ID       ConcernID    `json:"id"`
	Version  int          `json:"version"`
	State    ConcernState `json:"state"`
	Kind     ConcernKind  `json:"kind"`
	Child    bool         `json:"child"` // in doubt there is one
	Task     string       `json:"task,omitempty"`
	Place    Place        `json:"place"`
	School   UnitID       `json:"school,omitempty"`
	AskHere  bool         `json:"ask_school,omitempty"` // the pointer says that nobody of the school is part of it
	Step     int          `json:"step"`                 // offices tried before the one that is asked
	Level    Level        `json:"level,omitempty"`
	Unit     UnitID       `json:"unit,omitempty"` // asked last
	Asked    []MemberID   `json:"asked,omitempty"`
	Declined []MemberID   `json:"declined,omitempty"` // who said that they are part of it: never asked again
	Owner    Actor        `json:"owner,omitzero"`
	Office   UnitID       `json:"office,omitempty"` // of the owner
	Case     CaseID       `json:"case,omitempty"`
	To       Partner      `json:"referred_to,omitempty"`
	Released []int        `json:"released,omitempty"` // evidence that the partner may see
	Proposed Actor        `json:"proposed_by,omitzero"`
	Reason   string       `json:"reason,omitempty"`
	Evidence int          `json:"evidence,omitempty"` // how many links and pictures there are

	ReceivedAt time.Time `json:"received_at,omitzero"`
	TakenAt    time.Time `json:"taken_at,omitzero"`
	ReferredAt time.Time `json:"referred_at,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	DueAt      time.Time `json:"due_at,omitzero"` // when it climbs; zero only after the end
	Inbox      int       `json:"inbox"`
}

// ReasonConflict is the reason of somebody who is part of it, or close to somebody who is.
const ReasonConflict = "CONFLICT"

// ReasonTellSchool marks that nobody of the school is part of it, so that the school may be asked.
const ReasonTellSchool = "TELL_SCHOOL"

// DeclineReasons are why an office does not take a concern up, EndReasons why there is no more to do.
var (
	DeclineReasons = []string{"NOT_OUR_AREA", "NOT_OUR_WORK", ReasonConflict}
	EndReasons     = []string{"CARED_FOR", "NOTHING_FOUND", "NOT_FOUND", "KNOWN_ALREADY"}
)

// ConcernOrder is something that a person at a console wants done with a concern.
type ConcernOrder struct {
	ID       string           `json:"id"` // the caller's idempotency key; also the ID of the event
	Kind     ConcernEventKind `json:"kind"`
	By       Actor            `json:"by"`
	Proof    string           `json:"proof"`
	Unit     UnitID           `json:"unit,omitempty"` // the office that takes it up
	Adult    bool             `json:"adult,omitempty"`
	Reason   string           `json:"reason,omitempty"`
	To       Partner          `json:"to,omitempty"`
	Evidence []int            `json:"evidence,omitempty"`
}

// ConcernOrders are the kinds that a console may ask for.
var ConcernOrders = []ConcernEventKind{ConcernTakenUp, ConcernDeclined, ConcernIntoCase, ConcernGoesTo, ConcernIntoAlarm, ConcernEnded}

// dangerous are words in what was seen that ask whether it can wait.
var dangerous = []string{
	"ตอนนี้", "เดี๋ยวนี้", "กำลังถูก", "กำลังโดน", "กำลังทำร้าย", "ช่วยด้วย", "ด่วน", "จะฆ่า", "จะตาย", "right now", "happening now", "help", "urgent",
}

// Dangerous reports whether a text speaks of a danger that cannot wait.
func Dangerous(text string) bool {
	words := strings.ToLower(text)
	if _, distressed := Typed(text); distressed {
		return true
	}
	return slices.ContainsFunc(dangerous, func(w string) bool { return strings.Contains(words, w) })
}
