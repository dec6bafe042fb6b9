package paper

import (
	"cmp"
	"errors"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// ErrAnother says that the key of an order belongs to a paper of another case or request, kind or office.
var ErrAnother = errors.New("the key belongs to another paper")

// Order is a wish for a paper: all of it but number and year, which the store gives.
type Order struct {
	Key     string          // the same for every repeat of one wish
	Case    casefile.CaseID // that it is about, or
	Aid     casefile.AidID  // the aid request
	Office  casefile.UnitID
	By      casefile.Actor
	Purpose string
	Paper   Paper

	DecidedAt time.Time // of a decision on an aid request: which one
}

// About is the ID of what the paper is about.
func (o Order) About() string { return cmp.Or(string(o.Aid), string(o.Case)) }

// Issued is a paper as a list knows it, without what stands on it.
type Issued struct {
	Office casefile.UnitID
	Year   int
	Number int
	Kind   Kind
	At     time.Time
	Pages  int
	SHA256 []byte
}
