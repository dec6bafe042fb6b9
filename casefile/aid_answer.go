package casefile

import "time"

// AidAnswer is a file in which a bank says what became of payment orders, and what each of its lines did. It holds
// nothing personal.
type AidAnswer struct {
	ID        string          `json:"id"`
	By        Actor           `json:"-"`
	Provinces []string        `json:"-"` // of the operator; none: everywhere
	SHA256    []byte          `json:"-"`
	At        time.Time       `json:"at"`
	Trial     bool            `json:"trial,omitempty"` // nothing was written
	Again     bool            `json:"again,omitempty"` // this person has sent the same file before: this is what became of it then
	Lines     []AidAnswerLine `json:"lines"`
}

// AidAnswerBecame is what a line did.
type AidAnswerBecame string

const (
	AnswerApplied   AidAnswerBecame = "APPLIED"
	AnswerAlready   AidAnswerBecame = "ALREADY"   // another file or line said the same
	AnswerOtherwise AidAnswerBecame = "OTHERWISE" // another file or line said something else before: a person looks into it
	AnswerAmount    AidAnswerBecame = "AMOUNT"    // not the amount that was ordered
	AnswerUnknown   AidAnswerBecame = "UNKNOWN"   // no such order of the operator's provinces
	AnswerCash      AidAnswerBecame = "CASH"      // the order is over the counter, and no bank's
	AnswerBad       AidAnswerBecame = "BAD"       // the line cannot be read
)

// AidAnswerLine is one line.
type AidAnswerLine struct {
	N         int             `json:"line"`
	Became    AidAnswerBecame `json:"became"`
	Reference string          `json:"reference,omitempty"`
	Satang    int64           `json:"satang,omitempty"`
	Ordered   int64           `json:"ordered_satang,omitempty"` // where it is another amount
	Result    AidEventKind    `json:"result,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Th        string          `json:"th,omitempty"` // what is wrong with it
	En        string          `json:"en,omitempty"`
}

// LogbookEntry is what a form or a visit said of a household.
type LogbookEntry struct {
	At      time.Time
	From    AidEventKind // SUBMITTED, VISITED or MONITORED
	Aid     AidID
	Answers AidAnswers
}
