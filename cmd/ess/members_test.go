package main

import (
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/postgres"
)

// Whoever is told of a membership is shown the menu that the roster gives them,
// however they came to it and whether or not they are on duty meanwhile.
func TestTheMenuAfterAMembershipIsTheRosters(t *testing.T) {
	c := openCentre(t)
	p := &parts{store: c.store}
	unit := casefile.Unit{ID: "st", Code: "st", Level: casefile.LevelStation, NameTh: "หน่วยสมมติ", Province: "65", State: casefile.UnitLive, Synthetic: true}
	if err := c.store.UpsertUnits(t.Context(), []casefile.Unit{unit}); err != nil {
		t.Fatal(err)
	}
	member := func(id casefile.MemberID, role casefile.Role, state casefile.MemberState, on bool) postgres.Member {
		return postgres.Member{Member: casefile.Member{
			ID: id, Unit: "st", Group: casefile.Agency, Class: casefile.Professional, Role: role, State: state, OnDuty: on, Province: "65",
		}, Language: casefile.Thai, LINE: "U-" + string(id)}
	}
	if err := c.store.UpsertMembers(t.Context(), []postgres.Member{
		member("on", casefile.Police, casefile.MemberActive, true), member("off", casefile.Police, casefile.MemberActive, false),
		member("helper", "", casefile.MemberActive, false), member("rests", casefile.Police, casefile.MemberSuspended, false),
	}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		template string
		member   casefile.MemberID
		want     line.MenuRole
	}{
		{activities.MemberApproved, "on", line.MenuOnDuty}, // a renewal
		{activities.MemberApproved, "off", line.MenuOffDuty},
		{activities.MemberApproved, "helper", line.MenuCitizen},
		{activities.MemberApproved, "rests", line.MenuCitizen}, // told late
		{activities.MemberResumed, "off", line.MenuOffDuty},
		{activities.MemberResigned, "on", line.MenuCitizen},
		{activities.MemberRenew, "on", ""},
	} {
		if got, err := p.menuOf(t.Context(), postgres.MemberNotice{Template: tt.template, Member: tt.member}); err != nil || got != tt.want {
			t.Errorf("%s to %s shows %q, want %q: %v", tt.template, tt.member, got, tt.want, err)
		}
	}

	// A notice names who it is for, of the roster's own members, too.
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	if _, err := c.store.MoveMember(t.Context(), "rests", casefile.Resume, op, "", casefile.Terms{}); err != nil {
		t.Fatal(err)
	}
	waiting, err := c.store.UntoldMembers(t.Context(), time.Time{}, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait to be told, %v", len(waiting), err)
	}
	if got, err := p.menuOf(t.Context(), waiting[0]); err != nil || got != line.MenuOffDuty {
		t.Errorf("who came back is shown %q: %v", got, err)
	}
}

// The door knows which cases of somebody are open, so that it asks them nothing meanwhile.
func TestTheDoorKnowsTheOpenCases(t *testing.T) {
	c := openCentre(t)
	arrive := func(id string, in casefile.Incoming) api.Routed {
		t.Helper()
		at := time.Now()
		in.At = at
		routed, err := record{c.store}.Intake(t.Context(), []api.Arrival{{EventID: id, Channel: casefile.ChannelLINE, UserID: "U1", In: in, At: at}})
		if err != nil || len(routed) != 1 {
			t.Fatalf("%d routed, %v", len(routed), err)
		}
		return routed[0]
	}
	opened := arrive("e1", casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
	pressed := arrive("e2", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActJoin})
	if opened.Door != casefile.Opens || len(pressed.OpenCases) != 1 || pressed.OpenCases[0].ID != opened.Case {
		t.Errorf("opened %+v, then %+v", opened, pressed)
	}
}
