package postgres_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

var (
	terms    = activities.Terms(policy.Default().Members)
	lineYing = "U" + strings.Repeat("7", 32)
)

// applies lets somebody ask to be an officer of the station.
func (f *fixture) applies(user string) (casefile.Registration, error) {
	f.t.Helper()
	f.intake(f.line(user, casefile.Incoming{Word: casefile.Followed}))
	j := casefile.Joining{Step: casefile.JoinConsent, Group: casefile.Agency, Unit: "st", Level: casefile.LevelStation, Province: "65", Name: "สมหญิง ใจดี", Subdistrict: "ในเมือง"}
	return f.AskRegistration(f.t.Context(), f.Reporter(casefile.ChannelLINE, user), j, postgres.Applicant{LINE: user, Language: casefile.Thai}, terms)
}

func (f *fixture) notices() []string {
	f.t.Helper()
	waiting, err := f.UntoldMembers(f.t.Context(), f.Now(), 0, 100)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, n := range waiting {
		out = append(out, n.To[:2]+" "+n.Template)
		if err := f.ToldMember(f.t.Context(), n.ID, activities.OutcomeAccepted); err != nil {
			f.t.Fatal(err)
		}
	}
	return out
}

func TestAMembershipFromTheWishToItsEnd(t *testing.T) {
	f := setup(t)
	f.station()
	now := began
	f.Now = func() time.Time { return now }
	reg, err := f.applies(lineYing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.applies(lineYing); !refusedByLaw(err) {
		t.Errorf("applied twice: %v", err)
	}
	if _, err := f.applies(lineOfficer); !refusedByLaw(err) {
		t.Errorf("a member of the roster applied: %v", err)
	}
	if bytes.Contains(f.dump(), []byte("สมหญิง")) || bytes.Contains(f.dump(), []byte(lineYing)) {
		t.Error("who it is rests in clear")
	}
	one, stranger := casefile.Actor{Kind: casefile.ByMember, ID: "one"}, casefile.Actor{Kind: casefile.ByMember, ID: "desk"}
	if err := f.SetVerifies(t.Context(), "one", true, casefile.Actor{Kind: casefile.ByOperator, ID: "op"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Applicant(t.Context(), reg.ID, stranger, "supervision"); !refusedByLaw(err) {
		t.Errorf("somebody who does not vouch saw who it is: %v", err)
	}
	if _, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Approve, stranger, "", terms); !refusedByLaw(err) {
		t.Errorf("somebody who does not vouch decided: %v", err)
	}
	for range 2 { // a second look finds nothing to do
		if next, err := f.LapseRegistration(t.Context(), reg.ID, terms); err != nil || !next.Equal(now.Add(terms.Remind)) {
			t.Errorf("next look at %s: %v", next, err)
		}
	}
	if got := f.notices(); !slices.Equal(got, []string{"U0 member_vet"}) {
		t.Errorf("told: %v", got)
	}
	if _, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Approve, one, "", terms); err != nil {
		t.Fatal(err)
	}
	m, err := f.Member(t.Context(), reg.Member)
	if err != nil || m.Name != "สมหญิง ใจดี" || m.LINE != lineYing || m.State != casefile.MemberActive || m.OnDuty || m.Role != casefile.Police {
		t.Errorf("on the roster: %+v, %v", m, err)
	}
	if _, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Suspend, casefile.Actor{Kind: casefile.ByMember, ID: string(reg.Member)}, "WHY", terms); err == nil {
		t.Error("a member suspended themselves")
	}
	if got := f.notices(); !slices.Equal(got, []string{"U7 member_approved"}) {
		t.Errorf("told: %v", got)
	}

	// On its last day the membership ends, even if no workflow is there to end it.
	if err := f.SetDuty(t.Context(), reg.Member, true); err != nil {
		t.Fatal(err)
	}
	now = began.Add(terms.Valid - terms.Renew)
	if _, err := f.LapseRegistration(t.Context(), reg.ID, terms); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SetPositions(t.Context(), []postgres.Position{{Member: reg.Member, Lat: 16.82, Lon: 100.26, At: now}}); err != nil {
		t.Fatal(err)
	}
	now = began.Add(terms.Valid)
	if to, err := f.MemberContact(t.Context(), reg.Member, ""); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("after the end reached by %+v, %v", to, err)
	}
	near, err := f.Nearest(t.Context(), activities.NearQuery{Pin: casefile.Pin{Lat: 16.82, Lon: 100.26}, Role: casefile.Police, K: 5, At: now})
	if i := slices.IndexFunc(near, func(c dispatch.Candidate) bool { return c.ID == reg.Member }); err != nil || i < 0 || near[i].State != casefile.MemberExpired {
		t.Errorf("after the end: %+v, %v", near, err)
	}
	if next, err := f.LapseRegistration(t.Context(), reg.ID, terms); err != nil || !next.IsZero() {
		t.Errorf("next look at %s: %v", next, err)
	}
	if m, err = f.Member(t.Context(), reg.Member); err != nil || m.State != casefile.MemberExpired || m.OnDuty || m.Lat != 0 {
		t.Errorf("after the end: %+v, %v", m, err)
	}
	if got := f.notices(); !slices.Equal(got, []string{"U7 member_renew", "U7 member_expired"}) {
		t.Errorf("told: %v", got)
	}
	if again, err := f.applies(lineYing); err != nil || again.ID != reg.ID || again.State != casefile.MemberPending {
		t.Errorf("applied again: %+v, %v", again, err)
	}
}

func refusedByLaw(err error) bool {
	var refused *casefile.RefusedError
	return errors.As(err, &refused)
}

// Whoever is suspended is taken off every open case with the change itself, and
// whom the whole list of a unit does not name any more has left.
func TestASuspendedMemberIsTakenOffEveryOpenCase(t *testing.T) {
	f := setup(t)
	f.station()
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	c := f.asked(f.placed(f.report("U1", casefile.Gathering, began), 16.82, 100.26), "one")
	f.report("U2", casefile.Gathering, began) // has asked nobody
	moved, err := f.MoveMember(t.Context(), "one", casefile.Suspend, op, "COMPLAINT", terms)
	if err != nil || moved.State != casefile.MemberSuspended || len(moved.Nudges) != 1 || moved.Nudges[0].Case != c.ID {
		t.Fatalf("%+v, %v", moved, err)
	}
	rows, err := f.Inbox(t.Context(), c.ID, 0, 100)
	if last := rows[len(rows)-1]; err != nil || last.In.Action != casefile.ActMemberGone || last.In.Member != "one" || last.N != moved.Nudges[0].UpTo {
		t.Errorf("the case hears %+v, %v", rows, err)
	}
	if routed := f.intake(f.line(lineOfficer, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAccept, Case: c.ID, Offer: 4})); routed[0].Member != "" || routed[0].Case != "" {
		t.Errorf("the press of a suspended member went to %+v", routed[0])
	}
	if _, err := f.MoveMember(t.Context(), "one", casefile.Suspend, op, "COMPLAINT", terms); !refusedByLaw(err) {
		t.Errorf("suspended twice: %v", err)
	}
	if _, err := f.MoveMember(t.Context(), "nobody", casefile.Suspend, op, "COMPLAINT", terms); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("suspended nobody: %v", err)
	}
	if n, err := f.LeaveOut(t.Context(), []casefile.UnitID{"st"}, []casefile.MemberID{"desk"}, op); err != nil || n != 1 {
		t.Errorf("%d have left, %v", n, err)
	}
	if m, err := f.Member(t.Context(), "one"); err != nil || m.State != casefile.MemberResigned {
		t.Errorf("who is not on the list any more: %+v, %v", m, err)
	}
}

// A postback can be written by hand: whoever does not vouch for an organisation
// moves nobody's membership but their own, and that only to its end.
func TestNobodyEndsTheMembershipOfSomebodyElse(t *testing.T) {
	f := setup(t)
	f.station()
	reg, err := f.applies(lineYing)
	if err != nil {
		t.Fatal(err)
	}
	stranger, self := casefile.Actor{Kind: casefile.ByMember, ID: "one"}, casefile.Actor{Kind: casefile.ByMember, ID: string(reg.Member)}
	for _, state := range []casefile.MemberState{casefile.MemberPending, casefile.MemberActive} {
		for _, d := range casefile.Deeds {
			if _, err := f.DecideRegistration(t.Context(), reg.ID, d, stranger, "WHY", terms); !refusedByLaw(err) {
				t.Errorf("%s of a %s member by somebody who does not vouch: %v", d, state, err)
			}
		}
		if state == casefile.MemberPending {
			if _, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Approve, casefile.Actor{Kind: casefile.ByOperator, ID: "op"}, "", terms); err != nil {
				t.Fatal(err)
			}
		}
	}
	if moved, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Resign, self, "", terms); err != nil || moved.State != casefile.MemberResigned {
		t.Errorf("a member who wants to leave: %+v, %v", moved, err)
	}
}

// Who sits at a duty desk does not end it with a button; a person ends their own membership alone.
func TestNobodyEndsADeskFromTheChat(t *testing.T) {
	f := setup(t)
	f.station()
	desk := listed("desk", "st")
	desk.Level, desk.LINE = casefile.LevelStation, ""
	f.members(desk, listed("one", "st"))
	self := func(m casefile.MemberID) error {
		_, err := f.MoveMember(t.Context(), m, casefile.Resign, casefile.Actor{Kind: casefile.ByMember, ID: string(m)}, "", terms)
		return err
	}
	if err := self("desk"); !refusedByLaw(err) {
		t.Errorf("the desk left: %v", err)
	}
	if err := self("one"); err != nil {
		t.Errorf("a member cannot leave: %v", err)
	}
	if got := f.mustSQL(`SELECT string_agg(state, ',' ORDER BY id) FROM members WHERE id IN ('desk', 'one')`); got != "ACTIVE,RESIGNED" {
		t.Errorf("states %s", got)
	}
}

// A list is copied from yesterday's; a suspension is somebody's decision of today.
func TestAListLiftsNoSuspension(t *testing.T) {
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	f := setup(t)
	f.station()
	f.members(listed("one", "st"))
	if _, err := f.MoveMember(t.Context(), "one", casefile.Suspend, op, "WHY", terms); err != nil {
		t.Fatal(err)
	}
	again := listed("one", "st")
	again.OnDuty = true
	f.members(again)
	if got := f.mustSQL(`SELECT state || ' ' || on_duty FROM members WHERE id = 'one'`); got != "SUSPENDED false" {
		t.Errorf("after the list: %s", got)
	}
	if _, err := f.MoveMember(t.Context(), "one", casefile.Resume, op, "", terms); err != nil {
		t.Fatal(err)
	}
	f.members(again)
	if got := f.mustSQL(`SELECT state || ' ' || on_duty FROM members WHERE id = 'one'`); got != "ACTIVE true" {
		t.Errorf("once it is lifted: %s", got)
	}
	gone := listed("one", "st")
	gone.State = casefile.MemberResigned
	f.members(gone)
	if got := f.mustSQL(`SELECT state FROM members WHERE id = 'one'`); got != "RESIGNED" {
		t.Errorf("who left by the list: %s", got)
	}
}

// The right to decide belongs to one membership in one unit, and never to a minor.
func TestTheRightToDecideEndsWithTheMembership(t *testing.T) {
	op, terms := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}, terms
	for _, tt := range []struct {
		name string
		lose func(*fixture) error
		kept bool
	}{
		{"the same list again", func(f *fixture) error {
			return f.UpsertMembers(f.t.Context(), []postgres.Member{listed("one", "st")})
		}, true},
		{"a rest", func(f *fixture) error {
			if _, err := f.MoveMember(f.t.Context(), "one", casefile.Suspend, op, "WHY", terms); err != nil {
				return err
			}
			_, err := f.MoveMember(f.t.Context(), "one", casefile.Resume, op, "", terms)
			return err
		}, true},
		{"left, and came back with the list", func(f *fixture) error {
			if _, err := f.MoveMember(f.t.Context(), "one", casefile.Resign, op, "", terms); err != nil {
				return err
			}
			return f.UpsertMembers(f.t.Context(), []postgres.Member{listed("one", "st")})
		}, false},
		{"left by the list, and came back with it", func(f *fixture) error {
			gone := listed("one", "st")
			gone.State = casefile.MemberResigned
			return errors.Join(f.UpsertMembers(f.t.Context(), []postgres.Member{gone}), f.UpsertMembers(f.t.Context(), []postgres.Member{listed("one", "st")}))
		}, false},
		{"another unit, and back", func(f *fixture) error {
			return errors.Join(f.UpsertMembers(f.t.Context(), []postgres.Member{listed("one", "other")}), f.UpsertMembers(f.t.Context(), []postgres.Member{listed("one", "st")}))
		}, false},
		{"a minor by the list", func(f *fixture) error {
			child := listed("one", "st")
			child.Class = casefile.Junior
			if err := f.UpsertMembers(f.t.Context(), []postgres.Member{child}); err != nil {
				return err
			}
			if err := f.SetVerifies(f.t.Context(), "one", true, op); !errors.Is(err, casefile.ErrNotFound) {
				f.t.Errorf("a minor was given the right: %v", err)
			}
			return nil
		}, false},
		{"taken away while at rest", func(f *fixture) error {
			_, rests := f.MoveMember(f.t.Context(), "one", casefile.Suspend, op, "WHY", terms)
			taken := f.SetVerifies(f.t.Context(), "one", false, op)
			_, back := f.MoveMember(f.t.Context(), "one", casefile.Resume, op, "", terms)
			return errors.Join(rests, taken, back)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := setup(t)
			f.station()
			f.unit("other", casefile.LevelStation, 16.9, 100.3)
			reg, err := f.applies(lineYing)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetVerifies(t.Context(), "one", true, op); err != nil {
				t.Fatal(err)
			}
			if err := tt.lose(f); err != nil {
				t.Fatal(err)
			}
			_, err = f.DecideRegistration(t.Context(), reg.ID, casefile.Approve, casefile.Actor{Kind: casefile.ByMember, ID: "one"}, "", terms)
			if tt.kept != (err == nil) || !tt.kept && !refusedByLaw(err) {
				t.Errorf("decides: %v", err)
			}
		})
	}
}

// listed is an officer as the list of their unit names them.
func listed(id, unit string) postgres.Member {
	m := officer(id, unit, 16.82, 100.26)
	m.LINE = lineOfficer
	return m
}

// A LINE account is one member: whoever has left may come back with it by
// themselves, and whoever rests may not.
func TestWhoHasLeftMayApplyWithTheSameAccount(t *testing.T) {
	f := setup(t)
	f.station()
	op := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	move := func(d casefile.Deed) {
		t.Helper()
		if _, err := f.MoveMember(t.Context(), "one", d, op, "WHY", terms); err != nil {
			t.Fatal(err)
		}
	}
	move(casefile.Suspend)
	if reg, err := f.applies(lineOfficer); !refusedByLaw(err) {
		t.Errorf("who rests has applied: %+v, %v", reg, err)
	}
	move(casefile.Resign)
	reg, err := f.applies(lineOfficer)
	if err != nil {
		t.Fatal(err)
	}
	if was, err := f.Member(t.Context(), "one"); err != nil || was.LINE != lineOfficer {
		t.Errorf("before anybody has decided, who left has lost the account: %+v, %v", was, err)
	}
	if _, err := f.DecideRegistration(t.Context(), reg.ID, casefile.Approve, op, "", terms); err != nil {
		t.Fatal(err)
	}
	if is, err := f.MemberByLINE(t.Context(), lineOfficer); err != nil || is.ID != reg.Member {
		t.Errorf("the account is of %+v, %v", is, err)
	}
	if was, err := f.Member(t.Context(), "one"); err != nil || was.LINE != "" || was.State != casefile.MemberResigned {
		t.Errorf("who left: %+v, %v", was, err)
	}

	// Whom a case must not reach comes back under no new name.
	named := f.report("U9", casefile.Gathering, began)
	hidden := officer("hidden", "st", 16.82, 100.26)
	hidden.LINE, hidden.State, hidden.OnDuty = "U"+strings.Repeat("8", 32), casefile.MemberResigned, false
	f.members(hidden)
	if err := f.AddConflict(t.Context(), named.ID, "hidden", "", op, began); err != nil {
		t.Fatal(err)
	}
	if again, err := f.applies(hidden.LINE); !refusedByLaw(err) {
		t.Errorf("whom a case must not reach has applied: %+v, %v", again, err)
	}

	// Whose account a list gave away meanwhile cannot be approved, and is told apart from a fault.
	other, err := f.applies(lineYing)
	if err != nil {
		t.Fatal(err)
	}
	twin := officer("two", "st", 16.82, 100.26)
	twin.LINE = lineYing
	f.members(twin)
	var invalid *casefile.InvalidError
	if _, err := f.DecideRegistration(t.Context(), other.ID, casefile.Approve, op, "", terms); !errors.As(err, &invalid) || invalid.Field != "line" {
		t.Errorf("the account of an active member was given away: %v", err)
	}
}
