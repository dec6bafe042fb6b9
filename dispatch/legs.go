package dispatch

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Way is one way to somebody beside LINE, by their own rules or the policy's.
type Way struct {
	Channel     casefile.Channel
	After       time.Duration // silence after which it is used, case time; negative: only in place of one that failed
	From, Until time.Duration // of the day in Thailand, in which it is used; Until not included; the same: all day
}

// Open reports whether a way may be used at an instant.
func (w Way) Open(at time.Time) bool {
	local := at.In(thailand)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	switch {
	case w.From == w.Until:
		return true
	case w.From < w.Until:
		return clock >= w.From && clock < w.Until
	default: // across midnight
		return clock >= w.From || clock < w.Until
	}
}

// Tried is a channel on which a question has gone to somebody already.
type Tried struct {
	Channel casefile.Channel
	Failed  bool // it was not taken, or reported back as not delivered
}

// Due lists the ways by which a question goes now to somebody who has been silent
// for so long, in their order: each whose time has come. When every channel that it
// went on so far has failed, the next one goes before its time. None twice, and none
// outside its hours.
func Due(ways []Way, tried []Tried, silence time.Duration, at time.Time) []Way {
	lost := len(tried) > 0 && !slices.ContainsFunc(tried, func(t Tried) bool { return !t.Failed })
	var due []Way
	for _, w := range ways {
		was := slices.ContainsFunc(tried, func(t Tried) bool { return t.Channel == w.Channel })
		ripe := w.After >= 0 && w.After <= silence
		if !was && w.Open(at) && (ripe || lost && len(due) == 0) {
			due = append(due, w)
		}
	}
	return due
}
