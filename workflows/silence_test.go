package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// phone gives members a number for messages and one for calls, under which they hear what is said there.
func (s *script) phone(members ...casefile.MemberID) {
	if s.ways == nil {
		s.ways = map[casefile.MemberID][]activities.Way{}
	}
	for _, m := range members {
		s.ways[m] = []activities.Way{
			{Channel: casefile.ChannelSMS, To: "sms " + string(m)}, {Channel: casefile.ChannelVoice, To: "call " + string(m)},
		}
	}
}

// replies is a member's answer by SMS, or a key that they press in a call.
func (s *script) replies(m casefile.MemberID, by casefile.Channel, a casefile.Action, minutes int) {
	s.hears(casefile.Incoming{
		Word: casefile.Pressed, Action: a, Case: s.c.ID, Minutes: minutes, Channel: by, By: casefile.Actor{Kind: casefile.ByMember, ID: string(m)},
	})
}

// Who does not answer in LINE is written to after a minute and called after two, when the ladder climbs; asking again
// in LINE begins no new minute.
func TestSilenceIsAskedByTheNextWay(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("near", "station-1", "", casefile.Police, 300)
	s.phone("station-1", "near", "radio", "region", "msdhs-duty")
	s.reports()
	s.run(15 * time.Minute)

	s.wants("station-1", "1 offer_desk", "61 offer_desk")
	s.wants("sms station-1", "61 offer_desk")
	s.wants("call station-1", "121 offer_desk")
	s.wants("sms near", "61 offer")
	s.wants("call near", "121 offer")
	s.wants("sms radio", "181 offer_desk") // asked a minute before, at the second rung
	s.wants("call radio", "301 offer_desk")
	s.wants("sms region", "601 offer_desk") // the next rung is five minutes later
	s.wants("call region", "601 offer_desk")
	s.wants("sms msdhs-duty", "301 offer_desk")
	s.wants("call msdhs-duty", "301 offer_desk")
}

// An answer ends it, whatever it is and whenever it comes: nobody is asked by any way after it.
func TestNobodyIsAskedAfterAnAnswer(t *testing.T) {
	for _, action := range []casefile.Action{casefile.ActDecline, casefile.ActAccept, casefile.ActAck} {
		for _, at := range []time.Duration{2, 60, 62, 100, 120, 122, 170} {
			s := begin(t, casefile.ThreatAssault, false) // two are needed: the search goes on after a yes
			s.member("near", "station-1", "", casefile.Police, 300)
			s.phone("near")
			s.reports()
			s.at(at*time.Second, func() { s.presses("near", action, 5) })
			s.run(10 * time.Minute)
			for _, to := range []string{"sms near", "call near"} {
				for _, heard := range s.told(to) {
					var second time.Duration
					var template string
					if _, err := fmt.Sscan(heard, &second, &template); err != nil {
						t.Fatal(err)
					}
					if template == "offer" && second >= at {
						t.Errorf("%s at %d s, and %s heard %q", action, at, to, heard)
					}
				}
			}
		}
	}
}

// When the crew is complete, the silent hear no more of it.
func TestACompleteCrewEndsTheSilenceOfOthers(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("near", "station-1", "", casefile.Police, 300)
	s.phone("station-1")
	s.reports()
	s.at(90*time.Second, func() { s.presses("near", casefile.ActAccept, 5) })
	s.run(4 * time.Minute)
	s.wants("sms station-1", "61 offer_desk")
	s.wants("call station-1")
}

// A new round is a new question: who was silent before is asked by every way again.
func TestASearchThatReopensAsksAnew(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.phone("station-1")
	s.reports()
	s.at(70*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(200*time.Second, func() { s.presses("ann", casefile.ActWithdraw, 0) })
	s.run(330 * time.Second)
	s.wants("sms station-1", "61 offer_desk", "260 offer_desk")
	s.wants("call station-1", "320 offer_desk")
}

// LINE refuses somebody: a message goes in the same second, and nothing counts as nobody reached.
func TestARefusalIsWrittenAtOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.phone("station-1")
	s.dead["station-1"] = true
	s.reports()
	s.run(150 * time.Second)
	s.wants("station-1")
	s.wants("sms station-1", "1 offer_desk", "61 offer_desk")
	s.wants("call station-1", "121 offer_desk")
	if slices.Contains(s.kinds(), casefile.NobodyNotified) {
		t.Errorf("the station was reached by SMS: %v", s.kinds())
	}
}

// The operators of the national desk have ways, too: until one takes the item.
func TestADeskThatIsSilentIsCalled(t *testing.T) {
	for _, tap := range []bool{false, true} {
		s := begin(t, casefile.Gathering, !tap)
		s.phone("desk")
		s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering, Quiet: !tap}) })
		s.at(300*time.Second, func() {
			s.presses("desk", casefile.ActDeskTake, 0)
		})
		s.run(10 * time.Minute)
		if tap { // a tap without a pin is nobody's reason to call somebody up
			s.wants("sms desk")
			s.wants("call desk")
			continue
		}
		s.wants("sms desk", "120 desk_item")
		s.wants("call desk", "240 desk_item")
	}
}

// An answer goes back by the way of the word; the card with the place goes to LINE, and nobody is called back for a key.
func TestAnAnswerGoesBackTheWayItCame(t *testing.T) {
	for by, want := range map[casefile.Channel][]string{casefile.ChannelSMS: {"70 accepted_card"}, casefile.ChannelVoice: nil} {
		s := begin(t, casefile.Gathering, false)
		s.member("near", "station-1", "", casefile.Police, 300)
		s.phone("near")
		s.reports()
		s.at(70*time.Second, func() { s.replies("near", by, casefile.ActAccept, 10) })
		s.at(80*time.Second, func() { s.replies("near", by, casefile.ActArrive, 0) })
		s.run(100 * time.Second)
		sms, line := s.told("sms near")[1:], s.told("near")[1:]
		if by == casefile.ChannelSMS {
			want = append(want, "80 noted")
		}
		if !slices.Equal(sms, want) {
			t.Errorf("by %s: written %v, want %v", by, sms, want)
		}
		if line[0] != "70 accepted_card" || (by == casefile.ChannelVoice) != slices.Contains(line, "80 noted") {
			t.Errorf("by %s: in LINE %v", by, line)
		}
		if calls := s.told("call near"); len(calls) > 0 {
			t.Errorf("by %s: called %v", by, calls)
		}
		if s.c.State != casefile.OnScene || s.told("reporter")[2] != "70 acked" {
			t.Errorf("by %s: the case stands at %s, the reporter heard %v", by, s.c.State, s.told("reporter"))
		}
	}
}

// Yes by SMS from somebody who sends nobody is their word that they have it.
func TestYesOfAnOfficeThatSendsNobody(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.at(10*time.Second, func() { s.replies("msdhs-duty", casefile.ChannelSMS, casefile.ActAccept, 0) })
	s.run(20 * time.Second)
	if msdhs, _ := s.c.Track(casefile.MSDHS); msdhs.AckedAt.IsZero() || len(msdhs.Team) > 0 {
		t.Errorf("the office's yes is %+v", msdhs)
	}
}

// A citizen without LINE writes, and is written to: never called, and asked nothing that makes a sound for nothing.
func TestACitizenBySMS(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.c.Channel = casefile.ChannelSMS
	s.writes = &activities.Contact{Language: casefile.Thai, Others: []activities.Way{{Channel: casefile.ChannelSMS, To: "sms reporter"}}}
	s.member("near", "station-1", "", casefile.Police, 300)
	says := func(in casefile.Incoming) { in.Channel = casefile.ChannelSMS; s.reporter(in) }
	s.at(0, func() { says(casefile.Incoming{Word: casefile.Said, Text: "ช่วยด้วย"}) })
	pin := phitsanulok
	s.at(40*time.Second, func() { says(casefile.Incoming{Word: casefile.SentLocation, Pin: &pin}) })
	s.at(50*time.Second, func() { s.presses("near", casefile.ActAccept, 5) })
	s.run(5 * time.Minute)

	s.wants("sms reporter", "0 received", "30 pin_reminder", "40 pin_echo", "50 acked")
	s.wants("reporter")
	if !s.c.NoCall || s.c.Channel != casefile.ChannelSMS || s.c.Desk != nil && s.c.Desk.Tap {
		t.Errorf("the case of a citizen by SMS: %+v", s.c)
	}
	for _, m := range s.said {
		if m.To == "near" && m.Template == "accepted_card" && (!m.Args.NoCall || m.Args.Phone != "") {
			t.Errorf("the card says that they may be called: %+v", m.Args)
		}
	}

	// They say which number may be called.
	s2 := begin(t, casefile.ThreatAssault, false)
	s2.c.Channel, s2.writes = casefile.ChannelSMS, s.writes
	s2.at(0, func() {
		s2.reporter(casefile.Incoming{Word: casefile.Said, Text: "1", Channel: casefile.ChannelSMS})
	})
	s2.at(10*time.Second, func() {
		s2.reporter(casefile.Incoming{Word: casefile.Said, Phone: "+66833333333", Channel: casefile.ChannelSMS})
	})
	s2.run(20 * time.Second)
	if s2.c.NoCall || !s2.c.HasPhone {
		t.Errorf("a number that may be called: %+v", s2.c)
	}
}
