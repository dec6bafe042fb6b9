// Package workflows tells the story of a case: in what order things happen, how
// long we wait, and who is next.
//
// It decides by the law (casefile) and the policy's numbers, and acts only
// through activities. It holds no I/O, no clock of its own and no SQL.
package workflows

import (
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
)

// Names are the contract with running cases, other processes and supervisors:
// a released name is never changed.
const (
	TaskQueue = "ess-emergency" // stories and database deeds
	TellQueue = "ess-tell"      // messages, limited by the channel's rate
	CareQueue = "ess-care"      // stories that wait for days: they never stand before an emergency

	EmergencyType = "Emergency"
	FollowUpType  = "FollowUp"

	RegistrationType = "Registration"

	SignalNudge       = "nudge"       // something waits in the inbox; carries no content
	SignalAcknowledge = "acknowledge" // from the Temporal UI: unverified
	SignalNote        = "note"        // from the Temporal UI: unverified
	SignalDone        = "done"        // from the Temporal UI: a task or a visit is done; unverified

	UpdateCommand = "command" // a console command that somebody waits for
)

// EmergencyID is the workflow ID of a case.
func EmergencyID(id casefile.CaseID) string { return "emergency/" + string(id) }

// FollowUpID is the workflow ID of what follows an emergency.
func FollowUpID(id casefile.CaseID) string { return "followup/" + string(id) }

// RegistrationID is the workflow ID of a membership.
func RegistrationID(id casefile.RegistrationID) string { return "registration/" + string(id) }

// Nudge says up to which inbox number there is something to hear.
type Nudge struct {
	UpTo int `json:"up_to"`
}

// UINote is what a supervisor types into the Temporal UI.
type UINote struct {
	Text string `json:"text"`
}

// UIDone is a task or a visit that a supervisor marks as done in the Temporal UI.
type UIDone struct {
	Obligation int    `json:"obligation"`
	Text       string `json:"text,omitempty"`
}

// Verdict is the answer to a command that the law allowed.
type Verdict struct {
	Case    casefile.CaseID `json:"case"`
	State   casefile.State  `json:"state"`
	Version int             `json:"version"`
	Kind    casefile.Kind   `json:"kind"` // what was recorded; a first of two persons records a proposal
}

// Search attributes of a case: codes and opaque values only, shown in clear in
// the Temporal UI's list. At most ten; upserted together, on a change of phase.
var (
	AttrPhase      = temporal.NewSearchAttributeKeyKeyword("CasePhase")
	AttrKind       = temporal.NewSearchAttributeKeyKeyword("CaseKind")
	AttrUrgency    = temporal.NewSearchAttributeKeyKeyword("Urgency")
	AttrProvince   = temporal.NewSearchAttributeKeyKeyword("Province")
	AttrOwner      = temporal.NewSearchAttributeKeyKeyword("OwnerTeam")
	AttrEscalation = temporal.NewSearchAttributeKeyInt64("EscalationLevel")
	AttrDue        = temporal.NewSearchAttributeKeyTime("SlaDueAt")
	AttrDesk       = temporal.NewSearchAttributeKeyBool("NeedsSupervisor")
)

// SearchAttributes lists them as name and type, for the server's registration.
func SearchAttributes() [][2]string {
	return [][2]string{
		{AttrPhase.GetName(), "Keyword"}, {AttrKind.GetName(), "Keyword"}, {AttrUrgency.GetName(), "Keyword"},
		{AttrProvince.GetName(), "Keyword"}, {AttrOwner.GetName(), "Keyword"}, {AttrEscalation.GetName(), "Int"},
		{AttrDue.GetName(), "Datetime"}, {AttrDesk.GetName(), "Bool"},
	}
}
