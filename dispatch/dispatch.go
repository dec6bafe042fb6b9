// Package dispatch decides whom to ask, how many, in which order, and why.
//
// It is arithmetic: no clock, no database, no waiting. The same candidates and
// the same rule give the same wave, so every choice can be replayed.
package dispatch

import "github.com/ess-thailand/ess/casefile"

// Candidate is a member who might be asked, with what the choice depends on.
type Candidate struct {
	casefile.Member
	Metres     int             `json:"metres"`               // great-circle distance; 0 for desks
	Assigned   casefile.CaseID `json:"assigned,omitempty"`   // the case that the member is on
	Conflicted bool            `json:"conflicted,omitempty"` // on the conflict-of-interest list of the case
	Reachable  bool            `json:"reachable"`            // has a working contact
}

// Choice is one candidate with the verdict: Chosen, or the reason why not.
type Choice struct {
	Member  casefile.MemberID `json:"member"`
	Metres  int               `json:"metres,omitempty"`
	Chosen  bool              `json:"chosen"`
	Why     string            `json:"why"`               // a reason code such as CHOSEN_NEAREST, OFF_DUTY, RESTING, STALE_POSITION
	Minutes int               `json:"minutes,omitempty"` // of rest left, or age of the position
}
