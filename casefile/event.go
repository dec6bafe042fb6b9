package casefile

import (
	"slices"
	"time"
)

// Kind names what happened to a case.
type Kind string

const (
	// Report and place.
	Reported        Kind = "REPORTED"
	PinSet          Kind = "PIN_SET"        // first usable pin
	PinMoved        Kind = "PIN_MOVED"      // the reporter or an operator corrected it; the first stays on record
	ProvinceSet     Kind = "PROVINCE_SET"   // no pin: an operator named the province, whose 191 goes and finds out
	PhoneGiven      Kind = "PHONE_GIVEN"    // call-back number
	NoCallAsked     Kind = "NO_CALL_ASKED"  // ห้ามโทรกลับ
	ReporterAdded   Kind = "REPORTER_ADDED" // text, photo or voice; more taps
	MessageUnsent   Kind = "MESSAGE_UNSENT" // hidden, sealed under the evidence policy
	CancelRequested Kind = "CANCEL_REQUESTED"
	SafeSaid        Kind = "SAFE_SAID"
	CheckInAsked    Kind = "CHECK_IN_ASKED"
	CheckInAnswered Kind = "CHECK_IN_ANSWERED"
	CardAnswered    Kind = "CARD_ANSWERED"
	ReporterBlocked Kind = "REPORTER_BLOCKED"
	ReporterAsked   Kind = "REPORTER_ASKED" // the reporter asked where the case stands
	QuestionAsked   Kind = "QUESTION_ASKED" // the desk asked the reporter something in the chat; Reason is the question's code
	// Search and answer.
	Offered        Kind = "OFFERED"   // members were asked; the recorded offer is the outbox
	Escalated      Kind = "ESCALATED" // a ladder climbed to a level of the chain of command
	NobodyNotified Kind = "NOBODY_NOTIFIED"
	Acknowledged   Kind = "ACKNOWLEDGED" // a human has it in hand
	Accepted       Kind = "ACCEPTED"     // a member goes
	Declined       Kind = "DECLINED"
	CameLate       Kind = "CAME_LATE" // accepted after the crew was complete
	SearchReopened Kind = "SEARCH_REOPENED"
	Transferred    Kind = "TRANSFERRED" // to another station
	RoleAdded      Kind = "ROLE_ADDED"  // add resources: a role, or more crew
	SeveritySet    Kind = "SEVERITY_SET"
	ChildSet       Kind = "CHILD_SET"
	RadioSeen      Kind = "RADIO_SEEN"   // the province's radio centre acknowledged the pin on its screen
	RadioUnread    Kind = "RADIO_UNREAD" // the screen was not read in time
	// On the way and at the place.
	Departed     Kind = "DEPARTED"
	Arrived      Kind = "ARRIVED"
	CannotFind   Kind = "CANNOT_FIND"
	AssistAsked  Kind = "ASSIST_ASKED" // a responder in danger
	Released     Kind = "RELEASED"     // stand-down or withdrawal, with the reason
	SceneStopped Kind = "CONTROLLED"
	// The desk.
	DeskRaised   Kind = "DESK_RAISED"
	DeskTaken    Kind = "DESK_TAKEN"
	DeskResolved Kind = "DESK_RESOLVED"
	Noted        Kind = "NOTED"
	Excluded     Kind = "EXCLUDED"     // the alleged belongs to an organisation: it is blind to the case from here on
	CentreAsked  Kind = "CENTRE_ASKED" // 191, 1300 or 1669 was asked to take the caller over; by the system: rung again
	CentreTook   Kind = "CENTRE_TOOK"  // and somebody there has
	// Other cases.
	JoinAsked    Kind = "JOIN_ASKED"    // this report looks like an older case; waiting for that one to record it
	Joined       Kind = "JOINED"        // the lead has recorded it: this case stops its ladders
	ReportJoined Kind = "REPORT_JOINED" // in the lead: another report of this incident
	Split        Kind = "SPLIT"         // a person decided that they are two incidents
	LeadAcked    Kind = "LEAD_ACKED"    // in the joined case: a human has the incident in hand
	LeadEnded    Kind = "LEAD_ENDED"
	Linked       Kind = "LINKED"     // another type at the same place, or an earlier case there; not merged
	SamePlace    Kind = "SAME_PLACE" // in an earlier case: an alarm again after control
	// The end.
	HandoverOffered  Kind = "HANDOVER_OFFERED"
	HandoverAccepted Kind = "HANDOVER_ACCEPTED"
	HandoverDeclined Kind = "HANDOVER_DECLINED"
	HandoverTimedOut Kind = "HANDOVER_TIMED_OUT"
	CloseProposed    Kind = "CLOSE_PROPOSED" // first of two persons
	CaseClosed       Kind = "CLOSED"
	FalseProposed    Kind = "FALSE_PROPOSED" // first of two persons
	MarkedFalse      Kind = "FALSE_REPORT"
	CaseReopened     Kind = "REOPENED"
	LateRecorded     Kind = "LATE_RECORDED" // something arrived for a case that had ended
	// Care: what follows an emergency, or what an office opened by itself.
	CareOpened       Kind = "CARE_OPENED" // first event of a case that nobody rang for
	CareBegan        Kind = "CARE_BEGAN"  // the follow-up's first word: what is owed from here on
	ManagerSet       Kind = "MANAGER_SET"
	TeamSet          Kind = "TEAM_SET"
	Assessed         Kind = "ASSESSED"
	PlanSet          Kind = "PLAN_SET"
	PlanDecided      Kind = "PLAN_DECIDED" // by a second person: Yes approves
	Owed             Kind = "OWED"         // tasks, visits, legal clocks
	Settled          Kind = "SETTLED"      // done, missed, refused, dropped
	HelpAsked        Kind = "HELP_ASKED"   // whoever owes something cannot do it alone
	DueMoved         Kind = "DUE_MOVED"
	Chased           Kind = "CHASED" // somebody was reminded of what is owed (Step 0) or called because it is overdue
	Referred         Kind = "REFERRED"
	ReferralAnswered Kind = "REFERRAL_ANSWERED"
	ConsentSet       Kind = "CONSENT_SET"
	ContactSet       Kind = "CONTACT_SET" // when the person may be spoken to, and the safety plan
	OfficeAsked      Kind = "OFFICE_ASKED"
	OfficeAnswered   Kind = "OFFICE_ANSWERED" // Yes: another office owns the case
	CareReopened     Kind = "CARE_REOPENED"
	Rated            Kind = "RATED" // by the person helped
)

// DeskReason says why a human of the desk is needed.
type DeskReason string

const (
	DeskNoPin       DeskReason = "NO_PIN"       // no usable pin within the wait
	DeskPinAbroad   DeskReason = "PIN_ABROAD"   // (0,0), sea or abroad
	DeskNobody      DeskReason = "NOBODY_FOUND" // a ladder ended at nobody reachable
	DeskUnanswered  DeskReason = "UNANSWERED"   // the ladder climbed to the national desk
	DeskCannotFind  DeskReason = "CANNOT_FIND"  // and the reporter may not be asked
	DeskCancel      DeskReason = "CANCEL"       // somebody must see the person
	DeskNotLive     DeskReason = "PROVINCE_NOT_LIVE"
	DeskLeadEnded   DeskReason = "LEAD_ENDED"    // a joined report waits for a person's decision
	DeskStale       DeskReason = "TIME_IN_STATE" // too long in one state
	DeskRadioUnread DeskReason = "RADIO_UNREAD"
	DeskCentre      DeskReason = "CENTRE_UNANSWERED" // another centre was asked to take the caller over, and nobody there has
)

// Outcome says how a case ended.
type Outcome string

const (
	OutcomeHelped       Outcome = "HELPED"
	OutcomeNoSocialNeed Outcome = "NO_SOCIAL_NEED" // closed without a hand-over; two persons
	OutcomeReferred     Outcome = "REFERRED"
	OutcomeNotFound     Outcome = "NOT_FOUND"
	OutcomeDuplicate    Outcome = "DUPLICATE"
	OutcomeMoved        Outcome = "MOVED" // away; whoever looks after them there knows
	OutcomeDeclined     Outcome = "DECLINED_HELP"
	OutcomeDeceased     Outcome = "DECEASED"
	OutcomeFalse        Outcome = "FALSE_REPORT"
)

// Outcomes lists every way to end.
var Outcomes = []Outcome{OutcomeHelped, OutcomeNoSocialNeed, OutcomeReferred, OutcomeNotFound, OutcomeDuplicate, OutcomeMoved, OutcomeDeclined,
	OutcomeDeceased, OutcomeFalse}

// Private is the personal part of an event or a case. It is sealed wherever it rests.
type Private struct {
	Pin     *Pin   `json:"pin,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Text    string `json:"text,omitempty"`    // what was written, or an operator's note
	Address string `json:"address,omitempty"` // as typed
	Media   string `json:"media,omitempty"`   // message ID at the channel
	Caller  string `json:"caller,omitempty"`
}

// Empty reports whether nothing personal is in it.
func (p Private) Empty() bool { return p == Private{} }

// MediaKinds are what people send beside words; the reason of the event that says so.
var MediaKinds = []string{"image", "audio", "video", "file"}

// BringsMedia reports whether a photo, voice message, video or file arrived with the event.
func (e Event) BringsMedia() bool {
	return e.Private.Media != "" &&
		(e.Kind == ReporterAdded && slices.Contains(MediaKinds, e.Reason) || e.Kind == LateRecorded && e.Reason == string(SentMedia))
}

// TakesBack is the channel's ID of the message that its sender took back with the event, empty for none.
func (e Event) TakesBack() string {
	if e.Kind == MessageUnsent || e.Kind == LateRecorded && e.Reason == string(Unsent) {
		return e.Private.Media
	}
	return ""
}

// Ask is one member asked in a wave, with the reason of the choice.
type Ask struct {
	Member MemberID `json:"member"`
	Level  Level    `json:"level"`
	Unit   UnitID   `json:"unit,omitempty"`
	Metres int      `json:"metres,omitempty"` // 0 for desks
	Why    string   `json:"why,omitempty"`    // dispatch's reason code
}

// Event is one thing that happened to a case. Which details are set depends on Kind.
type Event struct {
	ID   EventID   `json:"id"`
	Seq  int       `json:"seq"` // 1, 2, … within the case, given by Apply
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"` // case time
	By   Actor     `json:"by"`

	Type     IncidentType `json:"type,omitempty"`
	Severity Severity     `json:"severity,omitempty"`
	Channel  Channel      `json:"channel,omitempty"`
	Quiet    bool         `json:"quiet,omitempty"`
	Yes      bool         `json:"yes,omitempty"`
	Role     Role         `json:"role,omitempty"`
	Crew     int          `json:"crew,omitempty"`  // people needed in the role
	Level    Level        `json:"level,omitempty"` // of a member's press: the duty desk that they are
	Step     int          `json:"step,omitempty"`  // ladder step, 0-based
	Round    int          `json:"round,omitempty"` // how often the ladder has begun again
	Asked    []Ask        `json:"asked,omitempty"`
	Member   MemberID     `json:"member,omitempty"`
	Unit     UnitID       `json:"unit,omitempty"`
	Place    *Place       `json:"place,omitempty"`
	Minutes  int          `json:"minutes,omitempty"` // stated minutes to arrival
	Case     CaseID       `json:"case,omitempty"`    // the other case
	Desk     DeskReason   `json:"desk,omitempty"`
	Outcome  Outcome      `json:"outcome,omitempty"`
	Reason   string       `json:"reason,omitempty"` // a code, never free text
	Option   string       `json:"option,omitempty"` // the answer on the question card that Reason names
	Score    int          `json:"score,omitempty"`
	Inbox    int          `json:"inbox,omitempty"` // the inbox number that this event comes from
	Care     *CareDetail  `json:"care,omitempty"`

	Private Private `json:"private,omitzero"`
}
