package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Who said no time is asked when the allowed one has passed, and only then another is sought beside them.
func TestWithoutAStatedTimeFirstAQuestion(t *testing.T) {
	for until, reopened := range map[time.Duration]bool{14 * time.Minute: false, 16 * time.Minute: true} {
		s := begin(t, casefile.Gathering, false)
		s.member("ann", "station-1", "", casefile.Police, 300)
		s.reports()
		s.at(10*time.Second, func() { s.presses("ann", casefile.ActAccept, 0) })
		s.at(60*time.Second, func() { s.presses("ann", casefile.ActDepart, 0) })
		s.run(until)

		if got := s.told("ann"); !slices.Contains(got, "610 arrival_check") || slices.Contains(got, "910 arrival_check") != reopened {
			t.Errorf("after %s the officer has heard %v", until, got)
		}
		if slices.Contains(s.kinds(), casefile.SearchReopened) != reopened {
			t.Errorf("after %s: %v", until, s.kinds())
		}
	}
}

// Who said a time is held to it, though they say none when they leave.
func TestAStatedTimeStandsAfterDeparture(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(10*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(100*time.Second, func() { s.presses("ann", casefile.ActDepart, 0) })
	s.run(8 * time.Minute)

	if got := s.told("ann"); !slices.Contains(got, "430 arrival_check") || !slices.Contains(s.kinds(), casefile.SearchReopened) {
		t.Errorf("the officer heard %v; %v", got, s.kinds())
	}
}

// A case under control that no office takes and nobody ends reaches a human of the desk.
func TestAControlledCaseThatNobodyOwnsReachesTheDesk(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("msdhs-duty", casefile.ActAck, 0) })
	s.at(60*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(100*time.Second, func() { s.presses("ann", casefile.ActControl, 0) })
	s.run(24*time.Hour + 110*time.Second)

	s.wants("desk", "86500 desk_item")
	if s.c.Desk == nil || s.c.Desk.Reason != casefile.DeskStale {
		t.Errorf("the desk has %+v", s.c.Desk)
	}
}

// A quiet reporter is reminded of nothing, and a call to a hotline is no chat: a human at sixty seconds.
func TestNobodyWhoMayNotBeRemindedIs(t *testing.T) {
	for _, channel := range []casefile.Channel{casefile.ChannelLINE, casefile.Channel1300} {
		s := begin(t, casefile.Gathering, channel == casefile.ChannelLINE)
		s.at(0, func() {
			s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering, Quiet: s.c.Quiet, Channel: channel})
		})
		s.run(70 * time.Second)
		s.wants("desk", "60 desk_item")
		if got := s.told("reporter"); slices.Contains(got, "30 pin_reminder") || s.c.Desk.Tap {
			t.Errorf("%s: the reporter heard %v, the desk has %+v", channel, got, s.c.Desk)
		}
	}
}
