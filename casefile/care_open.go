package casefile

import "time"

// Opening is a case that an office begins by itself: a concern that was taken
// up, a household that somebody found. Nobody is rung for it.
type Opening struct {
	Event    EventID   `json:"event"` // the caller's key: a repeat opens nothing
	By       Actor     `json:"by"`
	Office   UnitID    `json:"office"`
	Problem  Problem   `json:"problem"`
	Place    Place     `json:"place"`
	Child    bool      `json:"child,omitempty"`
	Severity Severity  `json:"severity,omitempty"` // empty: HIGH
	From     string    `json:"from,omitempty"`     // what it came from: "concern/…"; nothing personal
	Private  Private   `json:"private,omitzero"`
	At       time.Time `json:"at"` // case time

	Excluded []Exclusion `json:"excluded,omitempty"` // whom the case must not reach
}

// Begin is the opening as the first event of its case.
func (o Opening) Begin() Event {
	place := o.Place
	return Event{
		Kind: CareOpened, By: o.By, At: o.At, Unit: o.Office, Place: &place, Yes: o.Child, Severity: o.Severity, Reason: o.From,
		Private: o.Private, Care: &CareDetail{Problem: o.Problem},
	}
}
