package policy

import (
	"errors"
	"math"
	"time"
)

// Clock is the only map between real and case time. At Speed 1 they are the same; a simulated day runs faster. It is
// recorded in each workflow's input. Calendar rules use case time, timers real time.
type Clock struct {
	Epoch time.Time `json:"epoch"` // the instant at which both agree
	Speed float64   `json:"speed"` // case seconds in a real second; 0 means 1
}

// RealTime is the clock of every installation that serves people.
var RealTime = Clock{Speed: 1}

// Check reports a clock that cannot be used.
func (c Clock) Check() error {
	switch {
	case math.IsNaN(c.Speed) || math.IsInf(c.Speed, 0) || c.Speed < 0:
		return errors.New("clock: the speed must be a positive number")
	case !c.real() && c.Epoch.IsZero():
		return errors.New("clock: a speed other than 1 needs the instant at which both times agree")
	}
	return nil
}

// Real time needs no arithmetic, and gets none: not a nanosecond is rounded.
func (c Clock) real() bool { return c.Speed == 0 || c.Speed == 1 }

// Case is the case time at a real instant.
func (c Clock) Case(real time.Time) time.Time {
	if c.real() {
		return real
	}
	return c.Epoch.Add(time.Duration(math.Round(float64(real.Sub(c.Epoch)) * c.Speed)))
}

// Real is the real instant of a case time.
func (c Clock) Real(at time.Time) time.Time {
	if c.real() {
		return at
	}
	return c.Epoch.Add(c.Wait(at.Sub(c.Epoch)))
}

// Wait is the real span of a span of case time, rounded up, so that a timer never fires before its deadline.
func (c Clock) Wait(span time.Duration) time.Duration {
	if c.real() {
		return span
	}
	return time.Duration(math.Ceil(float64(span) / c.Speed))
}
