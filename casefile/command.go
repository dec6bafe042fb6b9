package casefile

import "slices"

// Command is something that a person at a console wants done with a case, and
// waits for the answer. It becomes an event only if the law allows it.
type Command struct {
	ID       string   `json:"id"` // the caller's idempotency key; also the ID of the event
	Kind     Kind     `json:"kind"`
	By       Actor    `json:"by"`
	Proof    string   `json:"proof"` // the API's seal over case, ID, kind and actor; a hand-typed update has none
	Role     Role     `json:"role,omitempty"`
	Crew     int      `json:"crew,omitempty"`
	Level    Level    `json:"level,omitempty"`
	Member   MemberID `json:"member,omitempty"`
	Unit     UnitID   `json:"unit,omitempty"`
	Province string   `json:"province,omitempty"`
	Case     CaseID   `json:"case,omitempty"`
	Severity Severity `json:"severity,omitempty"`
	Minutes  int      `json:"minutes,omitempty"`
	Outcome  Outcome  `json:"outcome,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Yes      bool     `json:"yes,omitempty"`
	Private  Private  `json:"private,omitzero"`

	Care *CareDetail `json:"care,omitempty"`
}

// Commands lists the kinds that a console may ask for.
var Commands = append([]Kind{
	Acknowledged, Accepted, Declined, Departed, Arrived, CannotFind, SceneStopped, Released, Transferred, Escalated,
	RoleAdded, SeveritySet, ChildSet, PinSet, PinMoved, RadioSeen, DeskTaken, DeskResolved, Noted, Joined, Split, Linked,
	HandoverOffered, HandoverAccepted, HandoverDeclined, CaseClosed, MarkedFalse, CaseReopened, SearchReopened, QuestionAsked,
	ProvinceSet, CentreAsked, CentreTook, Excluded,
}, CareCommands...)

// CareCommands are those about what follows an emergency.
var CareCommands = []Kind{
	ManagerSet, TeamSet, Assessed, PlanSet, PlanDecided, Owed, Settled, HelpAsked, DueMoved, Referred, ReferralAnswered, ConsentSet,
	ContactSet, OfficeAsked, OfficeAnswered, CareReopened,
}

// AboutCare reports whether a command is about what follows an emergency.
func (k Kind) AboutCare() bool { return slices.Contains(CareCommands, k) }
