//go:build !faults

// Package fault marks the points at which a process may die, so that tests can
// let it die exactly there.
//
// It is nothing in a real build: only the tag faults makes a marked point do
// something, and only where ESS_FAULT names it.
package fault

// Here is a marked point. The compiler removes it.
func Here(string) {}
