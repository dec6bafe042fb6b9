package casefile

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// State is where a case stands. The strings are the same in Go, SQL, JSON and Temporal.
type State string

const (
	Draft       State = "DRAFT"        // กำลังแจ้ง: tapped, no usable place yet
	New         State = "NEW"          // รับแจ้งใหม่: placed, nobody asked yet
	Sent        State = "SENT"         // ส่งสถานีแล้ว: somebody has been asked
	Acked       State = "ACKED"        // รับทราบแล้ว
	Assigned    State = "ASSIGNED"     // มอบหมายแล้ว
	EnRoute     State = "EN_ROUTE"     // กำลังเดินทาง
	OnScene     State = "ON_SCENE"     // ถึงที่เกิดเหตุ
	Controlled  State = "CONTROLLED"   // ระงับเหตุแล้ว
	Handover    State = "HANDOVER"     // ส่งต่อ พม.
	FollowUp    State = "FOLLOW_UP"    // ติดตาม/เยียวยา: owned by the office that accepted
	Closed      State = "CLOSED"       // ยุติเรื่อง
	Reopened    State = "REOPENED"     // เปิดใหม่
	Duplicate   State = "DUPLICATE"    // แจ้งซ้ำ: another case leads
	FalseReport State = "FALSE_REPORT" // แจ้งเท็จ/ก่อกวน
)

// States lists every state in the order of a case's life.
var States = []State{
	Draft, New, Sent, Acked, Assigned, EnRoute, OnScene, Controlled, Handover, FollowUp, Closed, Reopened, Duplicate, FalseReport,
}

// Ended reports whether nothing more is owed in that state. A case in
// FOLLOW_UP has not ended: somebody owns what follows.
func (s State) Ended() bool { return s == Closed || s == FalseReport }

// Searching reports whether nobody has the case in hand yet.
func (s State) Searching() bool { return s == New || s == Sent || s == Reopened }

// BeforeControl reports whether the scene is still dangerous.
func (s State) BeforeControl() bool {
	return slices.Contains([]State{Draft, New, Sent, Acked, Assigned, EnRoute, OnScene, Reopened}, s)
}

// AssignmentState is where one responder stands.
type AssignmentState string

const (
	AssignAccepted AssignmentState = "ACCEPTED"
	AssignEnRoute  AssignmentState = "EN_ROUTE"
	AssignOnScene  AssignmentState = "ON_SCENE"
	AssignReleased AssignmentState = "RELEASED"
)

// Assignment is one member who said that they go.
type Assignment struct {
	Member  MemberID        `json:"member"`
	State   AssignmentState `json:"state"`
	At      time.Time       `json:"at"`
	EtaAt   time.Time       `json:"eta_at,omitzero"` // zero: none stated
	SceneAt time.Time       `json:"scene_at,omitzero"`
	Late    bool            `json:"late,omitempty"` // the search was reopened beside this member
}

// Active reports whether the member still belongs to the response.
func (a Assignment) Active() bool { return a.State != AssignReleased }

// OnTheWay reports whether the member goes to the scene and has not arrived.
func (a Assignment) OnTheWay() bool { return a.State == AssignAccepted || a.State == AssignEnRoute }

// Hard reports whether a case is one after which those who were there are asked how they are.
func (c Case) Hard() bool { return c.Severity == Critical || c.Child }

// Answer is what an asked member said.
type Answer string

const (
	NoAnswer  Answer = ""
	SaidAck   Answer = "ACK"
	SaidYes   Answer = "YES"
	SaidLate  Answer = "LATE" // yes, when the crew was complete: the first to be asked when it opens again
	SaidNo    Answer = "NO"
	Withdrawn Answer = "WITHDRAWN" // stood down before an answer
)

// Offer is one member asked for one role.
type Offer struct {
	Member MemberID  `json:"member"`
	Unit   UnitID    `json:"unit,omitempty"`
	Level  Level     `json:"level"`
	Seq    int       `json:"seq"` // the latest OFFERED event that asked this member
	Times  int       `json:"times"`
	At     time.Time `json:"at"`
	Answer Answer    `json:"answer,omitempty"`

	First   int       `json:"first,omitempty"`   // the OFFERED event that asked this member first in this round
	FirstAt time.Time `json:"first_at,omitzero"` // since when silence counts; asking again does not move it
}

// Track is the search and the crew of one role: its own ladder, its own answers.
type Track struct {
	Role    Role         `json:"role"`
	Crew    int          `json:"crew"`            // people needed
	Step    int          `json:"step"`            // ladder steps already taken in this round
	Round   int          `json:"round,omitempty"` // how often the ladder began again
	BeganAt time.Time    `json:"began_at,omitzero"`
	AckedAt time.Time    `json:"acked_at,omitzero"`
	AckedBy Actor        `json:"acked_by,omitzero"`
	FullAt  time.Time    `json:"full_at,omitzero"`
	Offers  []Offer      `json:"offers,omitempty"`
	Team    []Assignment `json:"team,omitempty"`
}

// Active counts the members who still belong to the response.
func (t Track) Active() int {
	n := 0
	for _, a := range t.Team {
		if a.Active() {
			n++
		}
	}
	return n
}

// Filled reports whether the crew is complete.
func (t Track) Filled() bool { return t.Active() >= t.Crew }

// Offer returns the offer made to a member, if any.
func (t Track) Offer(m MemberID) (Offer, bool) {
	if i := t.offer(m); i >= 0 {
		return t.Offers[i], true
	}
	return Offer{}, false
}

func (t Track) offer(m MemberID) int {
	return slices.IndexFunc(t.Offers, func(o Offer) bool { return o.Member == m })
}

func (t Track) member(m MemberID) int {
	return slices.IndexFunc(t.Team, func(a Assignment) bool { return a.Member == m && a.Active() })
}

// Clock names a deadline of a case.
type Clock string

const (
	ClockPin      Clock = "PIN"      // no usable pin yet
	ClockLadder   Clock = "LADDER"   // next step of a role's ladder
	ClockDepart   Clock = "DEPART"   // acknowledged, nobody moving
	ClockArrive   Clock = "ARRIVE"   // a responder's arrival
	ClockCheckIn  Clock = "CHECK_IN" // the silent yes/no to the reporter
	ClockScene    Clock = "SCENE"    // the people on the scene are asked if all is well
	ClockControl  Clock = "CONTROL"  // too long on the scene
	ClockClose    Clock = "CLOSE"    // under control, and neither handed over nor ended
	ClockHandover Clock = "HANDOVER" // the office must accept
	ClockRadio    Clock = "RADIO"    // the radio centre must see the pin
	ClockDesk     Clock = "DESK"     // an operator must take the item
	ClockJoin     Clock = "JOIN"     // the lead must record the joined report
	ClockWelfare  Clock = "WELFARE"  // first contact of the office after it accepted
	ClockState    Clock = "STATE"    // time-in-state limit
	ClockCentre   Clock = "CENTRE"   // a centre that was asked must take the caller over
	ClockFind     Clock = "FIND"     // the reporter was asked where it is, because nobody finds the place
	ClockOwed     Clock = "OWED"     // somebody is called about what is owed; kept with the obligation
)

// Deadline is a clock that runs for a case.
type Deadline struct {
	Clock  Clock     `json:"clock"`
	Role   Role      `json:"role,omitempty"`
	Member MemberID  `json:"member,omitempty"`
	At     time.Time `json:"at"` // case time
}

// DeskItem is what waits for an operator of the desk.
type DeskItem struct {
	Reason  DeskReason `json:"reason"`
	SinceAt time.Time  `json:"since_at"`
	Owner   Actor      `json:"owner,omitzero"` // who took it
	TakenAt time.Time  `json:"taken_at,omitzero"`
	Rings   int        `json:"rings,omitempty"` // how often the desk was rung for it
	RungAt  time.Time  `json:"rung_at,omitzero"`
	Tap     bool       `json:"tap,omitempty"`     // nothing but a tap: it stands in the lane of the taps
	First   int        `json:"first,omitempty"`   // the event for which the operators were asked first
	FirstAt time.Time  `json:"first_at,omitzero"` // since when their silence counts
}

// CentreAsk is another centre asked to take the caller over. Until somebody
// there has, the centre that asked stays with the caller.
type CentreAsk struct {
	Level   Level     `json:"level"`
	By      Actor     `json:"by"` // who asked
	At      time.Time `json:"at"`
	Times   int       `json:"times"` // how often it was rung
	Asked   []Ask     `json:"asked,omitempty"`
	Taken   Actor     `json:"taken_by,omitzero"`
	TakenAt time.Time `json:"taken_at,omitzero"`
}

// Open reports whether nobody there has taken it yet.
func (a CentreAsk) Open() bool { return a.TakenAt.IsZero() }

// CardAnswer is what the reporter answered on a question card.
type CardAnswer struct {
	Card   string `json:"card"`
	Option string `json:"option"`
	Score  int    `json:"score"`
}

// HandoverStep is the hand-over to a social office in progress.
type HandoverStep struct {
	Unit      UnitID    `json:"unit,omitempty"`
	Level     Level     `json:"level,omitempty"`
	Step      int       `json:"step"` // offices asked before this one
	OfferedAt time.Time `json:"offered_at,omitzero"`
	Asked     []Ask     `json:"asked,omitempty"`
	Accepted  Actor     `json:"accepted,omitzero"`
	AcceptAt  time.Time `json:"accept_at,omitzero"`
}

// Case is one emergency from its report to its close.
type Case struct {
	ID       CaseID       `json:"id"`
	Version  int          `json:"version"` // events applied
	State    State        `json:"state"`
	SinceAt  time.Time    `json:"since_at"` // when the state began
	Type     IncidentType `json:"type"`
	Guessed  bool         `json:"guessed,omitempty"` // a silent or typed report named no type
	Severity Severity     `json:"severity"`
	Gravest  Severity     `json:"gravest,omitempty"` // ever held: lowering it takes no person out of the closing
	Channel  Channel      `json:"channel"`
	Reporter ReporterID   `json:"reporter"`
	Language Language     `json:"language"`
	Quiet    bool         `json:"quiet,omitempty"`   // nothing unasked is ever sent
	Neutral  bool         `json:"neutral,omitempty"` // neutral words
	NoCall   bool         `json:"no_call,omitempty"`
	HasPhone bool         `json:"has_phone,omitempty"`
	Cancel   bool         `json:"cancel_requested,omitempty"`
	Safe     bool         `json:"safe_said,omitempty"`
	Child    bool         `json:"child_involved,omitempty"`
	Blocked  bool         `json:"unreachable,omitempty"`
	Moved    bool         `json:"pin_moved,omitempty"`
	Spoke    bool         `json:"spoke,omitempty"` // the reporter said or sent something, or answered: more than a tap
	Transfer bool         `json:"transferred,omitempty"`

	ReportedAt   time.Time `json:"reported_at"`
	LocatedAt    time.Time `json:"located_at,omitzero"`
	EnteredAt    time.Time `json:"entered_at,omitzero"` // since when the pin lies in this province
	SentAt       time.Time `json:"sent_at,omitzero"`
	AckedAt      time.Time `json:"acked_at,omitzero"`
	ArrivedAt    time.Time `json:"arrived_at,omitzero"`
	ControlledAt time.Time `json:"controlled_at,omitzero"`
	EndedAt      time.Time `json:"ended_at,omitzero"`

	Place      Place      `json:"place"`
	Station    UnitID     `json:"station,omitempty"` // the responsible one
	Escalation int        `json:"escalation_level"`  // 0–3, only ever rises
	Tracks     []Track    `json:"tracks,omitempty"`
	Clocks     []Deadline `json:"clocks,omitempty"`
	Desk       *DeskItem  `json:"desk,omitempty"`
	RadioSeen  time.Time  `json:"radio_seen_at,omitzero"`
	CheckAsked bool       `json:"check_in_asked,omitempty"`
	Score      int        `json:"card_score,omitempty"` // sum of the answered question cards; never blocks

	Answers []CardAnswer `json:"card_answers,omitempty"` // one of each card: the latest
	Centres []CentreAsk  `json:"centres,omitempty"`      // one of each level at most: the latest

	Lead            CaseID       `json:"lead,omitempty"`    // this report belongs to that case
	Waiting         CaseID       `json:"joining,omitempty"` // join asked, not yet recorded by the lead
	Reports         []CaseID     `json:"reports,omitempty"` // in the lead: the reports joined to it
	Links           []CaseID     `json:"links,omitempty"`   // same place, not merged
	Excluded        []Exclusion  `json:"excluded,omitempty"`
	Over            HandoverStep `json:"handover,omitzero"`
	Owner           UnitID       `json:"owner,omitempty"`      // the office that accepted the hand-over
	Proposed        Actor        `json:"proposed_by,omitzero"` // first of two persons
	Proposal        Kind         `json:"proposal,omitempty"`
	ProposedOutcome Outcome      `json:"proposed_outcome,omitempty"`
	Outcome         Outcome      `json:"outcome,omitempty"`
	Reason          string       `json:"reason,omitempty"`
	Inbox           int          `json:"inbox"` // last inbox number applied
	Care            *Care        `json:"care,omitempty"`

	Private  Private `json:"private,omitzero"`    // pin, phone, address: the newest of each
	FirstPin *Pin    `json:"first_pin,omitempty"` // as first sent; sealed with Private
}

// Open reports whether the case still has somebody or a clock responsible for it.
func (c Case) Open() bool { return !c.State.Ended() }

// Placed reports whether somebody can be asked: there is a pin, or at least a province.
func (c Case) Placed() bool { return !c.LocatedAt.IsZero() || c.Place.Province != "" }

// Code is the short name of a case for people: eight letters and digits of its
// random ID, so it tells nothing by itself.
func (c Case) Code() string {
	id := strings.ToUpper(strings.ReplaceAll(string(c.ID), "-", ""))
	if len(id) < 8 {
		return id
	}
	return id[:4] + "-" + id[4:8]
}

// Track returns the track of a role, if the case needs that role.
func (c Case) Track(r Role) (Track, bool) {
	if i := c.track(r); i >= 0 {
		return c.Tracks[i], true
	}
	return Track{}, false
}

func (c Case) track(r Role) int {
	return slices.IndexFunc(c.Tracks, func(t Track) bool { return t.Role == r })
}

// TrackOf returns the role in which a member was asked.
func (c Case) TrackOf(m MemberID) (Track, bool) {
	for _, t := range c.Tracks {
		if t.offer(m) >= 0 || t.member(m) >= 0 {
			return t, true
		}
	}
	return Track{}, false
}

// SceneLead is who leads at the scene: the first of the police there or, as long as
// none of them is, the first of anybody. Who leaves is followed by the next.
func (c Case) SceneLead() MemberID {
	var police, other Assignment
	for _, t := range c.Tracks {
		first := &other
		if t.Role == Police {
			first = &police
		}
		for _, a := range t.Team {
			if a.State == AssignOnScene && (first.Member == "" || a.SceneAt.Before(first.SceneAt)) {
				*first = a
			}
		}
	}
	return cmp.Or(police.Member, other.Member)
}

// Answered returns the answer on a question card, if there is one.
func (c Case) Answered(card string) (CardAnswer, bool) {
	i := slices.IndexFunc(c.Answers, func(a CardAnswer) bool { return a.Card == card })
	if i < 0 {
		return CardAnswer{}, false
	}
	return c.Answers[i], true
}

// Centre returns the latest time that a centre was asked to take the caller over.
func (c Case) Centre(l Level) (CentreAsk, bool) {
	if i := c.centre(l); i >= 0 {
		return c.Centres[i], true
	}
	return CentreAsk{}, false
}

func (c Case) centre(l Level) int {
	return slices.IndexFunc(c.Centres, func(a CentreAsk) bool { return a.Level == l })
}

// OpenCentres lists the centres that were asked to take the caller over and have not.
func (c Case) OpenCentres() []CentreAsk {
	return slices.DeleteFunc(slices.Clone(c.Centres), func(a CentreAsk) bool { return !a.Open() })
}

// NextDeadline is the earliest clock that runs, and whether one runs. In
// follow-up the next call about what is owed is one, too.
func (c Case) NextDeadline() (Deadline, bool) {
	clocks := c.Clocks
	if o, owed := c.nextCall(); owed {
		clocks = append(slices.Clone(clocks), Deadline{Clock: ClockOwed, Member: c.Care.Responsible(o), At: o.CallAt})
	}
	if len(clocks) == 0 {
		return Deadline{}, false
	}
	return slices.MinFunc(clocks, func(a, b Deadline) int { return a.At.Compare(b.At) }), true
}

func (c Case) nextCall() (Obligation, bool) {
	if c.State != FollowUp || c.Care == nil {
		return Obligation{}, false
	}
	return c.Care.NextCall()
}

// Due lists the clocks that have run out, earliest first.
func (c Case) Due(at time.Time) []Deadline {
	var due []Deadline
	for _, d := range c.Clocks {
		if !d.At.After(at) {
			due = append(due, d)
		}
	}
	if o, owed := c.nextCall(); owed && !o.CallAt.After(at) {
		due = append(due, Deadline{Clock: ClockOwed, Member: c.Care.Responsible(o), At: o.CallAt})
	}
	slices.SortStableFunc(due, func(a, b Deadline) int { return a.At.Compare(b.At) })
	return due
}

// SetClock starts a clock, or moves it when it runs already.
func (c *Case) SetClock(d Deadline) {
	c.StopClock(d.Clock, d.Role, d.Member)
	c.Clocks = append(c.Clocks, d)
}

// StopClock stops one clock; a clock that does not run is fine.
func (c *Case) StopClock(k Clock, r Role, m MemberID) {
	c.Clocks = slices.DeleteFunc(slices.Clone(c.Clocks), func(d Deadline) bool {
		return d.Clock == k && d.Role == r && d.Member == m
	})
}

// StopClocks stops every clock of the kinds.
func (c *Case) StopClocks(kinds ...Clock) {
	c.Clocks = slices.DeleteFunc(slices.Clone(c.Clocks), func(d Deadline) bool { return slices.Contains(kinds, d.Clock) })
}

// Clone is a copy that shares nothing that Apply writes.
func (c Case) Clone() Case {
	tracks := slices.Clone(c.Tracks)
	for i := range tracks {
		tracks[i].Offers = slices.Clone(tracks[i].Offers)
		tracks[i].Team = slices.Clone(tracks[i].Team)
	}
	c.Tracks = tracks
	c.Clocks = slices.Clone(c.Clocks)
	c.Reports = slices.Clone(c.Reports)
	c.Links = slices.Clone(c.Links)
	c.Centres = slices.Clone(c.Centres)
	c.Excluded = slices.Clone(c.Excluded)
	c.Answers = slices.Clone(c.Answers)
	if c.Desk != nil {
		desk := *c.Desk
		c.Desk = &desk
	}
	if c.Care != nil {
		c.Care = c.Care.clone()
	}
	return c
}
