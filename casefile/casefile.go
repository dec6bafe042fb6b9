// Package casefile says what a case is and what may happen to it.
//
// It is the law of the system. Everything here is a value: no clock, no
// database, no Temporal, no LINE. The same Apply runs in the workflow, in the
// API's validator and in the tests, so the three cannot disagree.
package casefile

import "slices"

// Identifiers. They are opaque, random and free of personal data.
type (
	CaseID     string // UUIDv4 in text form
	EventID    string // unique over all cases; deterministic, so a repeat is recognised
	MemberID   string // a person or a duty desk that can be alerted
	UnitID     string // a station, radio centre or office
	ReporterID string // keyed hash of the channel and the user there; never the user's own ID
)

// IncidentType is one of the five causes that the ministry fixed for urgent
// reports (thaigov.go.th T66117). Codes are never renumbered or translated.
type IncidentType string

const (
	ThreatAssault IncidentType = "THREAT_ASSAULT" // ข่มขู่ว่าจะทำร้ายหรือทำร้าย
	Confinement   IncidentType = "CONFINEMENT"    // กักขังหน่วงเหนี่ยว
	SexualRisk    IncidentType = "SEXUAL_RISK"    // เสี่ยงถูกล่วงละเมิดทางเพศ
	Berserk       IncidentType = "BERSERK"        // ผู้คลุ้มคลั่งก่อให้เกิดเหตุร้าย
	Gathering     IncidentType = "GATHERING"      // มั่วสุมจนก่อให้เกิดเหตุร้าย
)

// IncidentTypes lists the five in the order of the menu.
var IncidentTypes = []IncidentType{ThreatAssault, Confinement, SexualRisk, Berserk, Gathering}

// Known reports whether the code is one of the five.
func (t IncidentType) Known() bool { return slices.Contains(IncidentTypes, t) }

// Neutral reports whether the reporter is spoken to in words that betray
// nothing until they choose otherwise.
func (t IncidentType) Neutral() bool { return t == Confinement || t == SexualRisk }

// Severity orders cases. Intake assigns only Critical or High; an officer may lower it with a reason.
type Severity string

const (
	Critical Severity = "CRITICAL"
	High     Severity = "HIGH"
	Medium   Severity = "MEDIUM"
	Low      Severity = "LOW"
)

// Severities lists them from the gravest.
var Severities = []Severity{Critical, High, Medium, Low}

// Rank is 1 for Critical to 4 for Low, 5 for anything unknown.
func (s Severity) Rank() int {
	if i := slices.Index(Severities, s); i >= 0 {
		return i + 1
	}
	return len(Severities) + 1
}

// Raised is the next graver severity.
func (s Severity) Raised() Severity {
	if i := slices.Index(Severities, s); i > 0 {
		return Severities[i-1]
	}
	return Critical
}

// Role is a part that an incident needs somebody for.
type Role string

const (
	Police      Role = "POLICE"
	MSDHS       Role = "MSDHS" // Ministry of Social Development and Human Security, พม.
	Medical     Role = "MEDICAL"
	ChildWorker Role = "CHILD_WORKER"
)

// Roles lists every role; Police leads.
var Roles = []Role{Police, MSDHS, Medical, ChildWorker}

// Level is whom a ladder step reaches: officers by distance, or a desk in the chain of command.
type Level string

const (
	LevelNear          Level = "NEAR"           // officers nearest to the place
	LevelStation       Level = "STATION"        // duty desk of the responsible สภ./สน.
	LevelNextStation   Level = "NEXT_STATION"   // duty desk of the next-nearest station
	LevelRadio191      Level = "RADIO_191"      // ศูนย์วิทยุ 191 of the province
	LevelPoliceRegion  Level = "POLICE_REGION"  // ภ.1–9, บช.น.
	LevelRTPNational   Level = "RTP_NATIONAL"   // ตร. national operations
	LevelMSDHSDuty     Level = "MSDHS_DUTY"     // duty officer of พมจ.
	LevelMSDHSProvince Level = "MSDHS_PROVINCE" // หัวหน้า พมจ.
	LevelHUSEC         Level = "HUSEC"          // ศรส. central
	LevelMSDHSNational Level = "MSDHS_NATIONAL" // permanent secretary
	LevelShelter       Level = "SHELTER"        // บ้านพักเด็กและครอบครัว
	LevelEMS           Level = "EMS"            // 1669 dispatch of the province
	LevelDesk          Level = "DESK"           // the national ESS desk (1300), staffed day and night

	// LevelOrganisation is a unit that no ladder asks: a school, a health centre, a volunteer group, a programme.
	LevelOrganisation Level = "ORGANISATION"
)

// Levels lists every level.
var Levels = []Level{
	LevelNear, LevelStation, LevelNextStation, LevelRadio191, LevelPoliceRegion, LevelRTPNational, LevelMSDHSDuty,
	LevelMSDHSProvince, LevelHUSEC, LevelMSDHSNational, LevelShelter, LevelEMS, LevelDesk, LevelOrganisation,
}

// Centres are the three that hand callers over to each other: 191 of the
// province, the national desk at 1300, and 1669 of the province.
var Centres = []Level{LevelRadio191, LevelDesk, LevelEMS}

// Channel is the way between a person and us: the door through which a report
// or an answer came, or the way by which somebody is reached.
type Channel string

const (
	ChannelLINE  Channel = "LINE"
	ChannelSMS   Channel = "SMS"
	Channel1300  Channel = "HOTLINE_1300"
	Channel191   Channel = "RADIO_191"
	Channel1669  Channel = "EMS_1669"
	ChannelREST  Channel = "REST" // another agency's system
	ChannelVoice Channel = "VOICE"
	ChannelEmail Channel = "EMAIL"
)

// Channels lists every channel through which a report may come.
var Channels = []Channel{ChannelLINE, ChannelSMS, Channel1300, Channel191, Channel1669, ChannelREST}

// Hears reports whether somebody who reported through the channel can be written to there.
func (c Channel) Hears() bool { return c == ChannelLINE || c == ChannelSMS }

// Ways lists every channel by which a member may be reached.
var Ways = []Channel{ChannelLINE, ChannelSMS, ChannelVoice, ChannelEmail}

// Language is the language a person is spoken to in.
type Language string

const (
	Thai    Language = "th"
	English Language = "en"
)

// ActorKind says what sort of actor did something.
type ActorKind string

const (
	ByReporter   ActorKind = "REPORTER"
	ByMember     ActorKind = "MEMBER"      // a responder or a duty desk, through the chat
	ByOperator   ActorKind = "OPERATOR"    // a person at 1300, 191 or an office, through the API
	ByTemporalUI ActorKind = "TEMPORAL_UI" // unverified; may acknowledge and note, never counts as one of two persons
	BySystem     ActorKind = "SYSTEM"      // a clock, or another case
)

// Actor is who did something. ID is opaque: a member's, a reporter's or an operator's.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// System is the actor of clocks.
var System = Actor{Kind: BySystem}

// Human reports whether a verified person stands behind the actor.
func (a Actor) Human() bool { return a.Kind == ByMember || a.Kind == ByOperator }
