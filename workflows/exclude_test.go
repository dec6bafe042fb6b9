package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

func (s *script) excludes(unit casefile.UnitID, level casefile.Level) *verdict {
	return s.commands("somsri", casefile.Command{Kind: casefile.Excluded, Unit: unit, Level: level, Province: "65"})
}

func TestTheStationOfTheAllegedHearsOnlyThatItIsNotNeeded(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-2", "", casefile.Police, 900)
	s.reports()
	s.at(5*time.Second, func() { s.presses("station-1", casefile.ActAck, 0) })
	s.at(10*time.Second, func() { s.excludes("station-1", casefile.LevelStation) })
	s.at(15*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) }) // the card is still in the chat
	s.at(20*time.Second, func() { s.pins() })                                // and something happens that crews are told of
	s.run(4 * time.Minute)
	s.wants("station-1", "1 offer_desk", "5 noted", "10 stand_down")
	s.wants("ann", "1 offer", "10 stand_down", "15 refused")
	if heard := s.told("radio"); len(heard) < 2 || heard[1] != "10 offer_desk" {
		t.Errorf("the radio centre does not answer in the place of the station: %v", heard)
	}
	if heard := s.told("station-2"); len(heard) == 0 || heard[0] != "10 offer_desk" {
		t.Errorf("the next station does not answer in the place of the station: %v", heard)
	}
	if heard := s.told("bo"); !slices.Contains(heard, "10 offer") && !slices.Contains(heard, "1 offer") {
		t.Errorf("an officer of another station is not asked: %v", heard)
	}
	for _, m := range s.said {
		if m.Template == "stand_down" && (m.Args.Reason != "" || m.Args.Pin != nil || m.Args.Phone != "") {
			t.Errorf("the stand-down says why, or where: %+v", m.Args)
		}
	}
}

func TestTheNextOfficeIsAskedInPlaceOfTheAllegeds(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(2*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(time.Minute, func() { s.presses("ann", casefile.ActControl, 0) })
	s.at(2*time.Minute, func() { s.excludes("msdhs-duty", casefile.LevelMSDHSDuty) })
	s.at(3*time.Minute, func() { s.presses("msdhs-duty", casefile.ActTakeOver, 0) })
	s.at(4*time.Minute, func() { s.presses("msdhs", casefile.ActTakeOver, 0) })
	s.run(5 * time.Minute)
	if heard := s.told("msdhs"); !slices.Contains(heard, "120 handover_offer") || !slices.Contains(heard, "240 handover_taken") {
		t.Errorf("the head of the province: %v", heard)
	}
	if s.c.State != casefile.FollowUp || s.c.Owner != "msdhs" {
		t.Errorf("the case is owned by %q and stands at %s", s.c.Owner, s.c.State)
	}
	if heard := s.told("msdhs-duty"); !slices.Contains(heard, "120 stand_down") || heard[len(heard)-1] != "180 refused" {
		t.Errorf("the office of the alleged: %v", heard)
	}
}

func TestWhoeverIsAboveADeskThatMustNotSeeTheCaseIsRung(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: s.c.Type}) })
	s.at(time.Second, func() { s.reporter(casefile.Incoming{Word: casefile.Said, Text: "behind the market"}) })
	s.at(10*time.Second, func() { s.excludes("desk", casefile.LevelDesk) })
	s.at(2*time.Minute, func() { s.presses("husec", casefile.ActDeskTake, 0) })
	s.run(3 * time.Minute)
	if heard := s.told("husec"); len(heard) == 0 || heard[0] != "10 desk_item" {
		t.Errorf("ศรส.: %v", heard)
	}
	if s.c.Desk.Waits() {
		t.Error("nobody could take the desk's item")
	}
	for _, said := range s.told("desk") {
		if said > "10 " && said != "1 desk_item" {
			t.Errorf("the desk of the alleged heard %s", said)
		}
	}
}

func TestASuspendedMembersOfferGoesToSomebodyElseAtOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	for i, id := range []casefile.MemberID{"ann", "bo", "cho", "dao"} {
		s.member(id, "station-1", "", casefile.Police, float64(300+100*i))
	}
	s.reports()
	gone := func() {
		s.hears(casefile.Incoming{Word: casefile.CaseSpoke, Action: casefile.ActMemberGone, Member: "ann", By: casefile.System})
	}
	s.at(5*time.Second, gone)
	s.at(6*time.Second, gone) // a repeat
	s.run(30 * time.Second)
	s.wants("ann", "1 offer")
	asked := 0
	for _, m := range []string{"bo", "cho", "dao"} {
		asked += len(s.told(m))
	}
	track, _ := s.c.Track(casefile.Police)
	if o, _ := track.Offer("ann"); o.Answer != casefile.Withdrawn || asked < 2 {
		t.Errorf("the offer stands at %q, %d others were asked", o.Answer, asked)
	}
}
