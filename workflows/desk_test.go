package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// The desk asks in the chat where that is allowed; in quiet mode the operator is told why not, and nothing is sent.
func TestTheDeskAsksInTheChat(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		s := begin(t, casefile.Gathering, quiet)
		s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering, Quiet: quiet}) })
		var v *verdict
		s.at(70*time.Second, func() { v = s.commands("o1", casefile.Command{Kind: casefile.QuestionAsked, Reason: "LANDMARK"}) })
		s.run(80 * time.Second)

		if refused := v.err != nil; refused != quiet {
			t.Errorf("quiet %t: the command ended with %v", quiet, v.err)
		}
		asked := slices.ContainsFunc(s.said, func(m saying) bool {
			return m.Template == "desk_asks" && m.Args.Reason == "LANDMARK" && m.To == "reporter"
		})
		if asked == quiet {
			t.Errorf("quiet %t: the reporter heard %v", quiet, s.told("reporter"))
		}
	}
}

// Without a pin the desk sends the 191 of a province: the radio centre rings at
// once and the ladder goes on from there; a pin that comes later rings the
// station, the officers near it and the radio centre's screen like a first one.
func TestTheDeskSendsThe191OfAProvince(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("near", "station-1", "", casefile.Police, 300)
	s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering}) })
	var v, unknown *verdict
	s.at(69*time.Second, func() {
		unknown = s.commands("o1", casefile.Command{Kind: casefile.ProvinceSet, Province: "99"})
	})
	s.at(70*time.Second, func() { v = s.commands("o1", casefile.Command{Kind: casefile.ProvinceSet, Province: "65"}) })
	s.at(200*time.Second, s.pins)
	s.run(210 * time.Second)

	if unknown.err == nil || v.err != nil || v.got.State != casefile.New {
		t.Errorf("no such province: %v; 65: %+v, %v", unknown.err, v.got, v.err)
	}
	s.wants("radio", "70 offer_desk", "200 radio_alert")
	s.wants("msdhs-duty", "70 offer_desk", "200 offer_desk")
	s.wants("desk", "60 desk_item", "130 desk_item", "190 desk_item")
	s.wants("station-1", "200 offer_desk")
	s.wants("near", "200 offer")
	s.wants("reporter", "0 received", "30 pin_reminder", "70 status", "120 check_in", "200 pin_echo")
}

// A wrong province is corrected: whoever was asked there is stood down.
func TestTheDeskCorrectsTheProvince(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering}) })
	s.at(10*time.Second, func() { s.commands("o1", casefile.Command{Kind: casefile.ProvinceSet, Province: "50"}) })
	s.at(15*time.Second, func() { s.presses("radio", casefile.ActAck, 0) })
	s.at(20*time.Second, func() { s.commands("o1", casefile.Command{Kind: casefile.ProvinceSet, Province: "65"}) })
	s.run(40 * time.Second)

	if s.c.State != casefile.Sent || s.c.Place.Province != "65" {
		t.Errorf("the case stands at %s in %s", s.c.State, s.c.Place.Province)
	}
	if got := s.told("radio"); !slices.Contains(got, "20 stand_down") {
		t.Errorf("the radio centre of the wrong province heard %v", got)
	}
}

// A caller is handed over warm: the other centre is rung until somebody there
// takes it, and the desk is told at sixty seconds that nobody has.
func TestAnotherCentreTakesTheCallerOver(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ems-2", "ems", casefile.LevelEMS, "", 0)
	s.reports()
	s.at(2*time.Second, func() { s.presses("radio", casefile.ActRadioSeen, 0) })
	var early, first, second, own *verdict
	s.at(0, func() {
		early = s.commands("o1", casefile.Command{Kind: casefile.CentreAsked, Level: casefile.LevelEMS})
	})
	s.at(10*time.Second, func() {
		first = s.commands("o1", casefile.Command{Kind: casefile.CentreAsked, Level: casefile.LevelEMS})
	})
	s.at(20*time.Second, func() {
		second = s.commands("o2", casefile.Command{Kind: casefile.CentreAsked, Level: casefile.LevelEMS})
	})
	s.at(30*time.Second, func() { own = s.commands("o1", casefile.Command{Kind: casefile.CentreTook, Level: casefile.LevelEMS}) })
	s.at(100*time.Second, func() { s.presses("ems", casefile.ActCentreTake, 0) })
	s.run(170 * time.Second)

	if early.err == nil || first.err != nil || second.err == nil || own.err == nil {
		t.Errorf("before a place: %v; asked: %v; asked twice: %v; taken by who asked: %v", early.err, first.err, second.err, own.err)
	}
	s.wants("ems", "10 centre_ask", "70 centre_ask", "100 noted")
	s.wants("ems-2", "10 centre_ask", "70 centre_ask", "100 centre_taken")
	s.wants("desk", "70 desk_item")
	if got := s.told("reporter"); !slices.Contains(got, "100 acked") {
		t.Errorf("a human has the case, and the reporter heard %v", got)
	}
	if s.c.Desk != nil || len(s.c.OpenCentres()) != 0 {
		t.Errorf("taken, and still open: %+v, desk %+v", s.c.OpenCentres(), s.c.Desk)
	}
}
