package postgres_test

import (
	"testing"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// The organisation of the alleged is out of every answer about people for the case:
// near, desk, contact, shared telephone and group, press; for another case it is not.
func TestNoQueryFindsWhomACaseMustNotReach(t *testing.T) {
	f := setup(t)
	f.station()
	f.unit("st2", casefile.LevelStation, 16.85, 100.26)
	neighbour := officer("neighbour", "st2", 0, 0)
	neighbour.Level, neighbour.LINE = casefile.LevelStation, "U"+"e0000000000000000000000000000000"
	f.members(neighbour)
	for _, m := range []casefile.MemberID{"desk", "neighbour"} { // two stations with one telephone and one group
		f.address(m, casefile.ChannelSMS, "+66811111111", began, "")
	}
	for _, user := range []string{lineDesk, neighbour.LINE} {
		if _, err := f.LinkGroup(t.Context(), user, groupOne, began); err != nil {
			t.Fatal(err)
		}
	}
	f.report("U0", casefile.Gathering, began)
	c := f.asked(f.placed(f.report("U1", casefile.Gathering, began), 16.82, 100.26), "one")
	other := f.placed(f.report("U2", casefile.Gathering, began), 17.5, 100.26)
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	c = f.record(c, casefile.Event{Kind: casefile.Excluded, By: op, At: began, Unit: "st", Level: casefile.LevelStation, Place: &casefile.Place{Province: "65"}})
	for id, kept := range map[casefile.CaseID]bool{c.ID: true, other.ID: false} {
		near, err := f.Nearest(t.Context(), activities.NearQuery{Pin: *c.Private.Pin, Role: casefile.Police, K: 10, Case: id, At: began})
		if err != nil || len(near) != 1 || near[0].Conflicted != kept {
			t.Errorf("near officers: %+v, %v", near, err)
		}
		desks, err := f.Desks(t.Context(), casefile.LevelStation, casefile.Place{Province: "65"}, "st", id)
		if err != nil || len(desks) != 1 || desks[0].Conflicted != kept {
			t.Errorf("desks: %+v, %v", desks, err)
		}
		for _, m := range []casefile.MemberID{"desk", "one"} {
			to, err := f.MemberContact(t.Context(), m, id)
			if err != nil || to.KeptAway != kept || kept && to.Group != "" {
				t.Errorf("contact of %s: %+v, %v", m, to, err)
			}
		}
		to, err := f.MemberContact(t.Context(), "neighbour", id)
		if err != nil || to.KeptAway || (to.Group == "") != kept || (len(to.Others) == 0) != kept {
			t.Errorf("who shares a telephone and a group with them: %+v, %v", to, err)
		}
	}
	press := f.line(lineOfficer, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAccept, Case: c.ID, Offer: 4})
	f.intake(press)
	rows, err := f.Inbox(t.Context(), c.ID, 0, 100)
	if err != nil || len(rows) == 0 || !rows[len(rows)-1].KeptAway {
		t.Errorf("the press of an officer there: %+v, %v", rows, err)
	}
}

// A report of the same incident, or of the same place, keeps away from whom the first must not reach.
func TestWhoeverAnotherReportOfTheIncidentMustNotReachIsKeptAway(t *testing.T) {
	f := setup(t)
	f.station()
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	lead := f.placed(f.report("U1", casefile.Gathering, began), 16.82, 100.26)
	f.joinOrLink(lead)
	lead = f.record(lead, casefile.Event{Kind: casefile.Excluded, By: op, At: began, Unit: "st", Level: casefile.LevelStation, Place: &casefile.Place{Province: "65"}})
	for typ, joins := range map[casefile.IncidentType]bool{casefile.Gathering: true, casefile.Berserk: false} {
		later := f.placed(f.report("U"+string(typ), typ, began), 16.8201, 100.26)
		found := f.joinOrLink(later)
		if (found.Lead == lead.ID) != joins || len(found.Excluded) != 1 || found.Excluded[0].Unit != "st" {
			t.Errorf("%s: %+v", typ, found)
		}
		if to, err := f.MemberContact(t.Context(), "desk", later.ID); err != nil || !to.KeptAway {
			t.Errorf("%s reaches the desk: %+v, %v", typ, to, err)
		}
	}
}
