package casefile

import (
	"slices"
	"strings"
	"time"
)

// Word is what somebody did, in our own words, whatever the channel called it.
type Word string

const (
	Tapped       Word = "TAPPED"        // pressed an incident type; Quiet for the silent button
	SentLocation Word = "SENT_LOCATION" // sent a pin
	Said         Word = "SAID"          // wrote text
	SentMedia    Word = "SENT_MEDIA"    // sent a photo, a voice message, a video or a file
	Pressed      Word = "PRESSED"       // pressed a button that carries an Action
	Unsent       Word = "UNSENT"        // took a message back
	Followed     Word = "FOLLOWED"      // added the account
	Blocked      Word = "BLOCKED"       // cannot be reached through this channel from here on
	Called       Word = "CALLED"        // an operator's call card, or another agency's report
	CaseSpoke    Word = "CASE_SPOKE"    // another case told this one something (Action says what)
	OpenedByUs   Word = "OPENED"        // an office began a case by itself
	Unknown      Word = "UNKNOWN"       // stored, not acted on
)

// Action is what a pressed button, or another case, means.
type Action string

const (
	// A reporter's buttons.
	ActCancel    Action = "cancel"     // asks to cancel; never closes
	ActSafe      Action = "safe"       // "I am safe"; never closes
	ActStatus    Action = "status"     // where does my case stand
	ActMovePin   Action = "move_pin"   // the echoed pin is wrong
	ActNoCall    Action = "no_call"    // text only, do not call
	ActCheckYes  Action = "check_yes"  // the silent question: in danger still
	ActCheckNo   Action = "check_no"   // the silent question: fine; never lowers severity
	ActNotSolved Action = "not_solved" // the closing question: reopens
	ActSolved    Action = "solved"
	ActRate      Action = "rate" // how the help was; Option is one of Ratings
	ActCard      Action = "card" // an answer on a question card
	// Menu entries without a case.
	ActMenu      Action = "menu"
	ActHotlines  Action = "hotlines"
	ActPractice  Action = "practice"
	ActNotUrgent Action = "not_urgent" // becomes a numbered request in the 1300 queue
	ActLanguage  Action = "language"
	// A responder's buttons.
	ActAck        Action = "ack" // a duty desk: we have it
	ActAccept     Action = "accept"
	ActDecline    Action = "decline"
	ActDepart     Action = "depart"
	ActArrive     Action = "arrive"
	ActCannotFind Action = "cannot_find"
	ActControl    Action = "control"
	ActWithdraw   Action = "withdraw"  // accepted, cannot go after all
	ActAssist     Action = "assist"    // a responder in danger needs help
	ActTakeOver   Action = "take_over" // a social worker accepts the hand-over
	ActRefuseOver Action = "refuse_over"
	ActRadioSeen  Action = "radio_seen"  // the radio centre has read the pin on its screen
	ActDeskTake   Action = "desk_take"   // an operator of the national desk takes the item
	ActCentreTake Action = "centre_take" // the centre that was asked takes the caller over
	ActDutyOn     Action = "duty_on"
	ActDutyOff    Action = "duty_off"
	ActHeard      Action = "heard" // a duty desk answers a communication test
	// What is owed in a follow-up; Offer is the number of the obligation.
	ActCareDone    Action = "care_done"
	ActCareMissed  Action = "care_missed" // nobody was there
	ActCareRefused Action = "care_refused"
	ActCareUnable  Action = "care_unable"
	ActCareHelp    Action = "care_help"    // cannot be done alone
	ActCareManage  Action = "care_manage"  // becomes the case manager
	ActCareAccept  Action = "care_accept"  // a partner or office takes what it was asked for
	ActCareDecline Action = "care_decline" // and does not, for a reason
	// Pointing something out that is not urgent, and the tasks of members.
	ActConcern        Action = "concern" // Reason says which kind, or one of the Talk reasons
	ActTasks          Action = "tasks"   // what is there for me to do
	ActTask           Action = "task"    // Reason names the task, Option the answer
	ActConcernTake    Action = "concern_take"
	ActConcernDecline Action = "concern_decline"
	ActConcernFollow  Action = "concern_follow" // it becomes a case in follow-up
	ActConcernUrgent  Action = "concern_urgent" // it cannot wait
	// An aid request, which Aid names; Reason says why.
	ActAidMissed   Action = "aid_missed"   // the visitor could not visit
	ActAidWithdraw Action = "aid_withdraw" // who filed it takes it back
	// Another case's words.
	ActReportJoins Action = "report_joins" // to the lead: my report is the same incident
	ActReportAdds  Action = "report_adds"  // to the lead: my reporter added something; Reason says what, Pin where
	ActLeadHas     Action = "lead_has"     // to the joined case: recorded, stop ringing
	ActLeadAcked   Action = "lead_acked"   // to the joined case: a human has the incident in hand, Minutes if known
	ActLeadEnded   Action = "lead_ended"   // to the joined case: Yes says that a human owned it to the end
	ActSplit       Action = "split"        // to the lead: a person took my report out again
	ActSamePlace   Action = "same_place"   // to an earlier case: an alarm again at your place
	// Becoming a member: Reason says which group, Option the answer. A verifier's card: Option says what is decided.
	ActJoin Action = "join"
	ActVet  Action = "vet"
	// The roster's word.
	ActMemberGone Action = "member_gone" // to a case that has asked Member: suspended, expired or gone
)

// Ratings are the answers of a person helped, from poor to very good.
var Ratings = []string{"R1", "R2", "R3", "R4", "R5"}

// ReasonWatch marks the desk's answer to an alarm of the second watcher. Option
// says which alarm; a button about one case names the case too.
const ReasonWatch = "WATCH_ALARM"

// ReasonCare marks the answer to how the follow-up went: what is not settled is
// for the social worker, where the same word about a scene rings again.
const ReasonCare = "CARE"

// Call is an operator's card of a call to a hotline. The texts in it are personal.
type Call struct {
	CallID     string `json:"call_id"`          // the switchboard's; the key against double filing
	Silent     bool   `json:"silent,omitempty"` // nobody spoke
	CallerName string `json:"caller_name,omitempty"`
	Category   string `json:"category,omitempty"` // one of 1300's groups
	Kind       string `json:"kind,omitempty"`     // REPORT, OLD_CASE, PRANK, WRONG_NUMBER
}

// Incoming is one thing that somebody did. It is personal data as a whole.
type Incoming struct {
	Word       Word         `json:"word"`
	At         time.Time    `json:"at"` // when it happened, as the channel says
	Action     Action       `json:"action,omitempty"`
	Type       IncidentType `json:"type,omitempty"`
	Quiet      bool         `json:"quiet,omitempty"`
	Yes        bool         `json:"yes,omitempty"`
	Case       CaseID       `json:"case,omitempty"`  // the case that the button names
	Offer      int          `json:"offer,omitempty"` // the event number of the offer that the button answers
	Minutes    int          `json:"minutes,omitempty"`
	Role       Role         `json:"role,omitempty"`
	Reason     string       `json:"reason,omitempty"` // a reason code, never free text; of ActCard the card's code
	Option     string       `json:"option,omitempty"` // code of the answer on a card
	Pin        *Pin         `json:"pin,omitempty"`
	Text       string       `json:"text,omitempty"`
	Phone      string       `json:"phone,omitempty"` // E.164
	MessageID  string       `json:"message_id,omitempty"`
	MediaKind  string       `json:"media_kind,omitempty"` // image, audio, video, file
	ReplyToken string       `json:"reply_token,omitempty"`
	Language   Language     `json:"language,omitempty"`
	Channel    Channel      `json:"channel,omitempty"` // empty: LINE
	Call       *Call        `json:"call,omitempty"`
	Opening    *Opening     `json:"opening,omitempty"`
	Concern    ConcernID    `json:"concern,omitempty"` // the concern that a worker's button names
	Aid        AidID        `json:"aid,omitempty"`     // the aid request that a member's button names
	By         Actor        `json:"by"`                // who did it, as the door knows them
	Member     MemberID     `json:"member,omitempty"`  // of ActMemberGone

	Registration RegistrationID `json:"registration,omitempty"` // that a verifier's button names
	Excluded     []Exclusion    `json:"excluded,omitempty"`     // of a report that a concern became: whom the case must not reach
}

// distress are typed words that mean the same as the silent button's neighbour
// "urgent": for people on a computer or an old phone, where no menu is shown.
var distress = []string{"ช่วยด้วย", "ช่วย", "help", "sos", "ฉุกเฉิน", "191", "1300"}

// typed are the digits that stand for the five menu entries.
var typed = map[string]IncidentType{
	"1": ThreatAssault, "2": Confinement, "3": SexualRisk, "4": Berserk, "5": Gathering,
	"๑": ThreatAssault, "๒": Confinement, "๓": SexualRisk, "๔": Berserk, "๕": Gathering,
}

// Cries reports whether a written message is a cry for help, and not a digit of the menu.
func Cries(text string) bool {
	_, reports := Typed(text)
	_, digit := typed[strings.Trim(strings.TrimSpace(text), ".!。 ")]
	return reports && !digit
}

// Typed is the incident that a written message reports, and whether it does. A
// digit names its type; a distress word alone reports danger to life.
func Typed(text string) (IncidentType, bool) {
	word := strings.ToLower(strings.Trim(strings.TrimSpace(text), ".!。 "))
	if t, ok := typed[word]; ok {
		return t, true
	}
	if slices.Contains(distress, word) || strings.HasPrefix(word, "ช่วยด้วย") {
		return ThreatAssault, true
	}
	return "", false
}
