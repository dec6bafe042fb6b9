package paper

import (
	"errors"

	"github.com/ess-thailand/ess/casefile"
)

// ErrAnother says that the key of an order belongs to a paper of another case, kind or office.
var ErrAnother = errors.New("the key belongs to another paper")

// Order is a wish for a paper: all of it but number and year, which the store gives.
type Order struct {
	Key     string // the same for every repeat of one wish
	Case    casefile.CaseID
	Office  casefile.UnitID
	By      casefile.Actor
	Purpose string
	Paper   Paper
}
