package paper

import "github.com/ess-thailand/ess/casefile"

// Order is a wish for a paper: all of it but number and year, which the store gives.
type Order struct {
	Key     string // the same for every repeat of one wish
	Case    casefile.CaseID
	Office  casefile.UnitID
	By      casefile.Actor
	Purpose string
	Paper   Paper
}
