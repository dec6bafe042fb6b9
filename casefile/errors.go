package casefile

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	ErrNotFound = errors.New("no such case")
	ErrMoved    = errors.New("somebody else changed the case first")
	ErrRecorded = errors.New("this event stands in the record already")

	ErrOverLimit = errors.New("a limit would be passed with what was granted meanwhile")
)

// InvalidError says which value is wrong and why, in words for people.
type InvalidError struct {
	Field string
	Th    string // shown to people who read Thai
	En    string
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.En }

// RefusedError says that the law forbids an event, and why, in words for people.
type RefusedError struct {
	Kind  Kind  // what was tried
	State State // where the case stood
	Th    string
	En    string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s refused in %s: %s", e.Kind, e.State, e.En)
}
