package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// A button of the desk or of the radio centre that somebody else presses changes
// nothing. It stands in the record, and who pressed hears that it did not count.
func TestAForgedPressIsNotedAndCountsForNothing(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(10*time.Second, func() { s.presses("ann", casefile.ActRadioSeen, 0) })
	s.at(20*time.Second, func() {
		s.hears(casefile.Incoming{
			Word: casefile.Pressed, Action: casefile.ActDeskTake, Reason: casefile.ReasonWatch, Option: "A1",
			By: casefile.Actor{Kind: casefile.ByMember, ID: "ann"},
		})
	})
	s.at(70*time.Second, func() { s.presses("station-1", casefile.ActDeskTake, 0) })
	s.at(75*time.Second, func() { s.presses("ann", casefile.ActCentreTake, 0) })
	s.at(76*time.Second, func() { s.presses("ann", casefile.ActTakeOver, 0) })
	s.run(80 * time.Second)

	if !s.c.RadioSeen.IsZero() || s.c.Desk != nil && s.c.Desk.Owner != (casefile.Actor{}) || s.c.Owner != "" {
		t.Errorf("radio seen %s, desk %+v, owner %s", s.c.RadioSeen, s.c.Desk, s.c.Owner)
	}
	var noted []string
	for _, e := range s.events {
		if e.Kind == casefile.Noted && e.By.Kind == casefile.ByMember {
			noted = append(noted, e.By.ID+" "+e.Reason)
		}
	}
	want := []string{
		"ann REFUSED:RADIO_SEEN", "ann REFUSED:DESK_TAKEN", "station-1 REFUSED:DESK_TAKEN", "ann REFUSED:CENTRE_TOOK", "ann REFUSED:HANDOVER_ACCEPTED",
	}
	if !slices.Equal(noted, want) {
		t.Errorf("noted %v", noted)
	}
	s.wants("ann", "1 offer", "10 refused", "20 refused", "75 refused", "76 refused")
}

// Whoever reported is asked where it is; without an answer a human of the desk looks for it.
func TestCannotFindReachesTheDeskWithoutAnAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		answers bool
		want    []string
	}{"no answer": {false, []string{"150 desk_item"}}, "a landmark": {true, nil}} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, casefile.Gathering, false)
			s.member("ann", "station-1", "", casefile.Police, 300)
			s.reports()
			s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
			s.at(6*time.Second, func() { s.presses("radio", casefile.ActRadioSeen, 0) })
			s.at(8*time.Second, func() { s.presses("msdhs-duty", casefile.ActAck, 0) })
			s.at(10*time.Second, func() { s.presses("ann", casefile.ActDepart, 0) })
			s.at(30*time.Second, func() { s.presses("ann", casefile.ActCannotFind, 0) })
			s.at(90*time.Second, func() { s.presses("ann", casefile.ActCannotFind, 0) }) // gives nobody more time
			if tt.answers {
				s.at(100*time.Second, func() { s.reporter(casefile.Incoming{Word: casefile.Said, Text: "behind the temple"}) })
			}
			s.run(200 * time.Second)

			if got := s.told("desk"); !slices.Equal(got, tt.want) {
				t.Errorf("the desk heard %v", got)
			}
			if got := s.told("reporter"); !slices.Contains(got, "30 cannot_find") {
				t.Errorf("the reporter heard %v", got)
			}
		})
	}
}

// The first on the scene leads, the others are told, and who leaves is followed by the next.
func TestTheFirstOnTheSceneLeads(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 400)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("bo", casefile.ActAccept, 5) })
	s.at(20*time.Second, func() { s.presses("bo", casefile.ActArrive, 0) })
	s.at(30*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	s.at(40*time.Second, func() { s.presses("bo", casefile.ActArrive, 0) }) // still working
	s.at(50*time.Second, func() { s.presses("bo", casefile.ActWithdraw, 0) })
	s.run(55 * time.Second)

	s.wants("ann", "1 offer", "5 accepted_card", "20 scene_lead", "30 noted", "50 scene_lead")
	s.wants("bo", "1 offer", "6 accepted_card", "20 noted", "40 noted", "50 released")
	leads := map[string][]activities.Lead{}
	for _, m := range s.said {
		if m.Template == "scene_lead" || m.Template == "noted" {
			leads[m.To] = append(leads[m.To], m.Args.Lead)
		}
	}
	if got := leads["ann"]; !slices.Equal(got, []activities.Lead{activities.LeadOnScene, activities.LeadOnScene, activities.LeadYou}) {
		t.Errorf("ann was told %v", got)
	}
	if got := leads["bo"]; !slices.Equal(got, []activities.Lead{activities.LeadYou, activities.LeadYou}) {
		t.Errorf("bo was told %v", got)
	}
}

// Who said yes when the crew was complete is the first to be asked when it opens
// again, before somebody nearer who said nothing.
func TestWhoCameTooLateIsAskedFirst(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("near", "station-1", "", casefile.Police, 200)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 900)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("bo", casefile.ActAccept, 5) })
	s.at(30*time.Second, func() { s.presses("ann", casefile.ActWithdraw, 0) })
	s.run(40 * time.Second)

	s.wants("bo", "1 offer", "5 stand_down", "6 crew_full", "30 offer")
	i := slices.IndexFunc(s.events, func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Round > 0 && e.Role == casefile.Police
	})
	if i < 0 {
		t.Fatal("nobody was asked again")
	}
	near := slices.DeleteFunc(slices.Clone(s.events[i].Asked), func(a casefile.Ask) bool { return a.Level != casefile.LevelNear })
	if len(near) == 0 || near[0].Member != "bo" || near[0].Why != "CHOSEN_CAME_LATE" {
		t.Errorf("asked %+v", near)
	}
}

// Two persons mark a report as false once the people there have said that it is
// over: who still drives is told to turn back, and why.
func TestWhoStillDrivesToAFalseReportIsTurnedBack(t *testing.T) {
	s := begin(t, casefile.ThreatAssault, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.member("bo", "station-1", "", casefile.Police, 400)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	s.at(6*time.Second, func() { s.presses("bo", casefile.ActAccept, 5) })
	s.at(20*time.Second, func() { s.presses("ann", casefile.ActArrive, 0) })
	var early *verdict
	marks := func(who string) func() {
		return func() {
			early = s.commands(who, casefile.Command{Kind: casefile.MarkedFalse, Reason: "PRANK"})
		}
	}
	s.at(22*time.Second, marks("o1"))
	s.at(24*time.Second, marks("o2"))
	s.at(25*time.Second, func() {
		if early.err == nil {
			t.Error("marked as false while an officer is at the scene")
		}
		s.presses("ann", casefile.ActControl, 0)
	})
	s.at(30*time.Second, marks("o2"))
	s.run(35 * time.Second)

	if s.c.State != casefile.FalseReport {
		t.Errorf("the case stands at %s", s.c.State)
	}
	s.wants("ann", "1 offer", "5 accepted_card", "20 noted", "25 controlled_noted", "30 thanks")
	s.wants("bo", "1 offer", "6 accepted_card", "20 scene_lead", "25 controlled_noted", "30 stand_down")
}

// A pin that moves to another province takes the case to its desks; the old ones
// are told that they have it no more.
func TestAPinInTheNextProvinceRingsItsOwnDesks(t *testing.T) {
	s := begin(t, casefile.Berserk, false)
	s.reports()
	s.at(5*time.Second, func() { s.presses("msdhs-duty", casefile.ActAck, 0) })
	s.at(6*time.Second, func() { s.presses("ems", casefile.ActAck, 0) })
	s.at(7*time.Second, func() { s.presses("radio", casefile.ActRadioSeen, 0) })
	s.at(8*time.Second, func() { s.presses("station-1", casefile.ActAck, 0) })
	s.at(20*time.Second, func() {
		chiangMai := casefile.Pin{Lat: 18.7883, Lon: 98.9853, Source: casefile.PinLINE}
		s.reporter(casefile.Incoming{Word: casefile.SentLocation, Pin: &chiangMai})
	})
	s.run(25 * time.Second)

	if s.c.Place.Province != "50" || s.c.State != casefile.Sent {
		t.Errorf("the case stands at %s in %s", s.c.State, s.c.Place.Province)
	}
	for who, offer := range map[string]string{"msdhs-duty": "20 offer_desk", "ems": "20 offer_desk", "radio": "20 radio_alert", "station-1": "20 offer_desk"} {
		if got := s.told(who); !slices.Contains(got, offer) {
			t.Errorf("%s heard %v", who, got)
		}
	}
	for _, who := range []string{"msdhs-duty", "ems", "station-1"} { // of the old province: the same desks, for the roster of this test has one of each
		if got := s.told(who); !slices.Contains(got, "20 stand_down") {
			t.Errorf("%s is not told that it is relieved: %v", who, got)
		}
	}
}
