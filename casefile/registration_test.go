package casefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var terms = Terms{Remind: 24 * time.Hour, Climb: 72 * time.Hour, Valid: 365 * 24 * time.Hour, Renew: 30 * 24 * time.Hour, Adult: 20}

func pending() Registration {
	return Registration{ID: "r1", Member: "m1", Unit: "u1", Group: Agency, State: MemberPending, Version: 1, AskedAt: epoch, CallAt: epoch}
}

func TestNobodyDecidesOnTheirOwnMembership(t *testing.T) {
	self, head := Actor{ByMember, "m1"}, Actor{ByMember, "head"}
	for state, deeds := range map[MemberState][]Deed{
		MemberPending: {Approve, Reject, Resign}, MemberActive: {Suspend, Resign}, MemberSuspended: {Resume, Resign},
		MemberExpired: {}, MemberResigned: {}, MemberRejected: {},
	} {
		for _, d := range []Deed{Approve, Reject, Suspend, Resume, Resign} {
			_, err := Membership(state, d, "m1", head, "WHY")
			may := slices.Contains(deeds, d) || state == MemberActive && (d == Approve || d == Reject) // of a renewal: Apply sees whether there is one
			if (err == nil) != may {
				t.Errorf("%s of a %s member by another: %v", d, state, err)
			}
			if _, err := Membership(state, d, "m1", self, "WHY"); err == nil && d != Resign {
				t.Errorf("%s of a %s member by themselves", d, state)
			}
		}
	}
	for _, by := range []Actor{{ByReporter, "r"}, {ByTemporalUI, ""}, System} {
		if _, err := Membership(MemberPending, Approve, "m1", by, ""); err == nil {
			t.Errorf("%s approved a member", by.Kind)
		}
	}
	for _, d := range []Deed{Reject, Suspend} {
		state := map[Deed]MemberState{Reject: MemberPending, Suspend: MemberActive}[d]
		var refused *RefusedError
		if _, err := Membership(state, d, "m1", head, ""); !errors.As(err, &refused) || refused.Th == "" || refused.En == "" {
			t.Errorf("%s without a reason: %v", d, err)
		}
	}
}

// A membership through its whole life: silence climbs, a year passes, the renewal
// loses no day, and the end comes on its day.
func TestAMembershipKeepsItsTimes(t *testing.T) {
	r := pending()
	var asked []Due
	at := epoch
	for range 4 {
		var due Due
		if r, due = r.Lapse(at, terms); !due.Ask {
			t.Fatalf("at %s nobody is asked: %+v", at.Sub(epoch), due)
		}
		asked = append(asked, due)
		at = r.CallAt
	}
	if asked[0].Office || asked[2].Office || !asked[3].Office {
		t.Errorf("the office of the province is asked at the wrong time: %+v", asked)
	}
	r, err := r.Apply(Approve, Actor{ByMember, "head"}, "", epoch, terms)
	end := epoch.Add(terms.Valid)
	if err != nil || !r.ValidUntil.Equal(end) || !r.CallAt.Equal(end.Add(-terms.Renew)) {
		t.Fatalf("approved until %s, next look %s: %v", r.ValidUntil, r.CallAt, err)
	}
	if _, due := r.Lapse(r.CallAt.Add(-time.Second), terms); due != (Due{}) {
		t.Errorf("before its time: %+v", due)
	}
	r, due := r.Lapse(r.CallAt, terms)
	if !due.Remind || !r.CallAt.Equal(end) {
		t.Errorf("30 days before the end: %+v, next look %s", due, r.CallAt)
	}
	if renewed, err := r.Apply(Renew, Actor{ByMember, "m1"}, "", end.Add(-time.Hour), terms); err != nil {
		t.Error(err)
	} else if again, err := renewed.Apply(Approve, Actor{ByMember, "head"}, "", end.Add(-time.Minute), terms); err != nil || !again.ValidUntil.Equal(end.Add(terms.Valid)) || again.Renewing {
		t.Errorf("renewed until %s, want %s: %v", again.ValidUntil, end.Add(terms.Valid), err)
	}
	if _, err := r.Apply(Renew, Actor{ByOperator, "o"}, "", end, terms); err == nil {
		t.Error("an operator wished to go on in the member's place")
	}
	if _, err := r.Apply(Approve, Actor{ByMember, "head"}, "", epoch, terms); err == nil {
		t.Error("approved again, and nobody had asked")
	}
	if r, due = r.Lapse(end, terms); !due.Expired || r.State != MemberExpired || !r.CallAt.IsZero() {
		t.Errorf("on its day: %+v, %s", due, r.State)
	}
}

func TestMinorsAreJuniors(t *testing.T) {
	for _, tt := range []struct {
		group Group
		age   int
		want  Class
	}{
		{StudentCouncil, 30, Junior}, {YouthCouncil, 19, Junior}, {YouthCouncil, 20, Volunteer}, {CyberScout, 14, Junior}, {CyberScout, 25, Volunteer},
		{Teacher, 15, School}, {VHV, 0, Volunteer}, {SDV, 0, Volunteer}, {Community, 0, Volunteer}, {Agency, 0, Professional},
	} {
		got := ClassOf(tt.group, tt.age, terms.Adult)
		if got != tt.want {
			t.Errorf("%s of %d is %s, want %s", tt.group, tt.age, got, tt.want)
		}
		if got == Junior && (got.MayGoToScene(Controlled) || RoleOf(tt.group, LevelStation) != "") {
			t.Errorf("a junior %s may be sent", tt.group)
		}
	}
}

// membershipDiagram is the table of memberships as a mermaid picture.
func membershipDiagram() string {
	var b strings.Builder
	b.WriteString("# States of a membership\n\n")
	b.WriteString("Generated from the table in `casefile/registration.go` by `go test ./casefile -run TestMembershipDiagram -update`.\n\n```mermaid\nstateDiagram-v2\n    [*] --> PENDING: asked for\n")
	for _, d := range Deeds {
		rule := memberships[d]
		for _, from := range rule.from {
			to := rule.to
			if to == "" {
				to = from
			}
			fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, d)
		}
	}
	b.WriteString("    REJECTED --> PENDING: asked for again\n    RESIGNED --> PENDING: asked for again\n    EXPIRED --> PENDING: asked for again\n```\n")
	return b.String()
}

func TestMembershipDiagramInTheDocsIsTheLaw(t *testing.T) {
	inDocs(t, "members.md", membershipDiagram())
}
