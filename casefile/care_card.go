package casefile

// OwedCard is something that a member owes to a case, as a card in the chat shows it.
type OwedCard struct {
	Case       CaseID      `json:"case"`
	NoCall     bool        `json:"no_call,omitempty"`
	Obligation Obligation  `json:"obligation"`
	Contact    SafeContact `json:"contact,omitzero"`
}
