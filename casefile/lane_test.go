package casefile

import (
	"testing"
	"time"
)

// Only a tap is a tap: whatever else a reporter did, the item rings by itself.
func TestTheLaneOfTheTaps(t *testing.T) {
	reporter := Actor{ByReporter, "r"}
	tap := Event{Kind: Reported, By: reporter, Type: Gathering, Severity: High, Channel: ChannelLINE}
	raised := Event{Kind: DeskRaised, By: System, Desk: DeskNoPin}
	rung := Event{Kind: Escalated, By: System, Level: LevelDesk}
	quiet, typed, guessed, called := tap, tap, tap, tap
	quiet.Quiet, typed.Private.Text, guessed.Reason, called.Channel = true, "1", ReasonGuessed, Channel1300
	abroad := raised
	abroad.Desk = DeskPinAbroad
	more := func(kind Kind, change func(*Event)) Event {
		e := Event{Kind: kind, By: reporter}
		if change != nil {
			change(&e)
		}
		return e
	}
	for _, tt := range []struct {
		name   string
		events []Event
		tap    bool
	}{
		{"a tap", []Event{tap, raised}, true},
		{"a tap, and again", []Event{tap, raised, more(ReporterAdded, func(e *Event) { e.Reason = "TAPPED_AGAIN" })}, true},
		{"a tap that asks where it stands", []Event{tap, raised, more(ReporterAsked, nil)}, true},
		{"a tap that says it is safe", []Event{tap, raised, more(SafeSaid, nil)}, true},
		{"a tap that says all is fine", []Event{tap, raised, more(CheckInAnswered, nil)}, true},
		{"a quiet tap", []Event{quiet, raised}, false},
		{"a typed digit: no menu, perhaps no way to send a pin", []Event{typed, raised}, false},
		{"a distress word", []Event{guessed, raised}, false},
		{"a call", []Event{called, raised}, false},
		{"a pin abroad", []Event{tap, abroad}, false},
		{"words", []Event{tap, more(ReporterAdded, func(e *Event) { e.Private.Text = "x" }), raised}, false},
		{"words after the desk was raised", []Event{tap, raised, rung, more(ReporterAdded, func(e *Event) { e.Private.Text = "x" })}, false},
		{"a photo", []Event{tap, raised, rung, more(ReporterAdded, func(e *Event) { e.Private.Media = "1" })}, false},
		{"a number", []Event{tap, raised, rung, more(PhoneGiven, func(e *Event) { e.Private.Phone = "+66812345678" })}, false},
		{"do not call", []Event{tap, raised, rung, more(NoCallAsked, nil)}, false},
		{"in danger still", []Event{tap, raised, rung, more(CheckInAnswered, func(e *Event) { e.Yes = true })}, false},
		{"a cancel", []Event{tap, raised, rung, more(CancelRequested, nil)}, false},
	} {
		c := Case{ID: "c", State: Draft}
		for i, e := range tt.events {
			e.At = epoch.Add(time.Duration(i) * time.Minute)
			var err error
			if c, err = Apply(c, e); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		if c.Desk.Tap != tt.tap {
			t.Errorf("%s: in the lane of the taps %t", tt.name, c.Desk.Tap)
		}
		if !tt.tap && (c.Desk.Rings != 0 || !c.Desk.RungAt.IsZero()) {
			t.Errorf("%s: rung %d times as a tap, and it counts", tt.name, c.Desk.Rings)
		}
	}
}
