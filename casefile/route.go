package casefile

import "slices"

// Door says what an incoming word does to the cases of its thread.
type Door string

const (
	Opens   Door = "OPENS"   // a new case
	Joins   Door = "JOINS"   // the reporter's newest open case
	Answers Door = "ANSWERS" // the case that the button names; the law checks the right to it
	Neither Door = "NEITHER" // answered at the door: menu, hotlines, duty switch
)

// OpenCase is what routing needs to know of one of the reporter's open cases.
type OpenCase struct {
	ID    CaseID
	Type  IncidentType
	State State
	Quiet bool
}

// Thread is a conversation: one person on one channel.
type Thread struct {
	Reporter ReporterID
	Member   MemberID   // set when the person is also a member
	Open     []OpenCase // the reporter's open cases, newest first
}

// Decision is where an incoming word goes. Case is empty for Opens (the door
// draws a new ID) and Neither.
type Decision struct {
	Door Door
	Case CaseID
}

// unacknowledged are the states in which a further tap of the same type means
// the same report.
var unacknowledged = []State{Draft, New, Sent, Reopened}

// Route decides where an incoming word goes. When in doubt it opens a new case,
// because joining is reversible and a swallowed report is not.
func Route(t Thread, in Incoming) Decision {
	switch in.Word {
	case Tapped, Called:
		return tap(t, in.Type, in.Quiet)
	case Said:
		typ, ok := Typed(in.Text)
		if ok && len(t.Open) == 0 {
			return tap(t, typ, false)
		}
		if ok && Cries(in.Text) && !t.Open[0].State.BeforeControl() && t.Open[0].State != Duplicate { // whoever is in care for months may be attacked again
			return Decision{Door: Opens}
		}
		return join(t)
	case SentLocation, SentMedia, Unsent, Blocked:
		return join(t)
	case Pressed, CaseSpoke:
		if in.Case != "" {
			return Decision{Answers, in.Case}
		}
	}
	return Decision{Door: Neither}
}

func join(t Thread) Decision {
	if len(t.Open) == 0 {
		return Decision{Door: Neither}
	}
	return Decision{Joins, t.Open[0].ID}
}

func tap(t Thread, typ IncidentType, quiet bool) Decision {
	if len(t.Open) == 0 {
		return Decision{Door: Opens}
	}
	newest := t.Open[0]
	same := newest.Type == typ && newest.Quiet == quiet
	if same && slices.Contains(unacknowledged, newest.State) {
		return Decision{Joins, newest.ID}
	}
	return Decision{Door: Opens}
}
