package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
)

// joiners are those who become members, in memory. The law is the real one.
type joiners struct {
	Members // what a test does not use
	mu      sync.Mutex
	joining map[casefile.ReporterID]casefile.Joining
	regs    map[casefile.RegistrationID]casefile.Registration
	looks   []string
	moved   []string

	decideErr error
}

func (w *world) joiners() *joiners {
	if w.applied == nil {
		w.applied = &joiners{joining: map[casefile.ReporterID]casefile.Joining{}, regs: map[casefile.RegistrationID]casefile.Registration{}}
	}
	return w.applied
}

func (j *joiners) JoiningOf(_ context.Context, of casefile.ReporterID) (casefile.Joining, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	is, ok := j.joining[of]
	return is, ok, nil
}

func (j *joiners) SetJoining(_ context.Context, of casefile.ReporterID, is casefile.Joining, _ time.Duration) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.joining[of] = is
	return nil
}

func (j *joiners) EndJoining(_ context.Context, of casefile.ReporterID) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.joining, of)
	return nil
}

func (j *joiners) Registrations(_ context.Context, f RegistrationFilter) ([]casefile.Registration, error) {
	var all []casefile.Registration
	for _, r := range j.regs {
		if f.Province == "" || r.Province == f.Province {
			all = append(all, r)
		}
	}
	return all, nil
}

func (j *joiners) Registration(_ context.Context, id casefile.RegistrationID) (casefile.Registration, error) {
	r, ok := j.regs[id]
	if !ok {
		return r, casefile.ErrNotFound
	}
	return r, nil
}

func (j *joiners) Applicant(_ context.Context, id casefile.RegistrationID, by casefile.Actor, purpose string) (casefile.Registration, RegistrationPerson, error) {
	j.looks = append(j.looks, by.ID+" "+purpose)
	return j.regs[id], RegistrationPerson{Name: "สมหญิง ใจดี", Subdistrict: "ในเมือง"}, nil
}

func (j *joiners) Decide(_ context.Context, id casefile.RegistrationID, d casefile.Deed, by casefile.Actor, reason string) (casefile.Registration, error) {
	j.moved = append(j.moved, string(id)+" "+string(d))
	if j.decideErr != nil {
		return casefile.Registration{}, j.decideErr
	}
	r, err := j.regs[id].Apply(d, by, reason, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), casefile.Terms{Valid: time.Hour})
	if err == nil {
		j.regs[id] = r
	}
	return r, err
}

func (j *joiners) MoveMember(_ context.Context, m casefile.MemberID, d casefile.Deed, by casefile.Actor, reason string) (casefile.MemberState, error) {
	j.moved = append(j.moved, string(m)+" "+string(d)+" "+reason)
	return casefile.Membership(casefile.MemberActive, d, m, by, reason)
}

func (j *joiners) SetVerifies(_ context.Context, m casefile.MemberID, verifies bool, _ casefile.Actor) error {
	j.moved = append(j.moved, string(m))
	return nil
}

const waiting = "11111111-1111-4111-8111-111111111111"

// An administrator of one province decides on who is of it, sees who it is only
// after the look is recorded, and gives a reason for a no.
func TestWhoMayDecideOnMembers(t *testing.T) {
	d := openStaffed(t)
	regs := d.world.joiners().regs
	regs[waiting] = casefile.Registration{ID: waiting, Member: "reg-1", State: casefile.MemberPending, Province: "65"}
	elsewhere := "22222222-2222-4222-8222-222222222222"
	regs[casefile.RegistrationID(elsewhere)] = casefile.Registration{ID: casefile.RegistrationID(elsewhere), State: casefile.MemberPending, Province: "50"}
	post := func(token, path string, body any) int {
		return d.asks(token, http.MethodPost, path, body, "Idempotency-Key", "key-"+path).Code
	}
	person := map[string]any{"purpose": "supervision"}
	for _, tt := range []struct {
		name, token, path string
		body              any
		want              int
	}{
		{"an operator of the desk sees nobody", deskWoman, "/v1/registrations/" + waiting + "/person", person, http.StatusForbidden},
		{"another province does not exist", admin65, "/v1/registrations/" + elsewhere + "/person", person, http.StatusNotFound},
		{"no purpose, no look", admin65, "/v1/registrations/" + waiting + "/person", map[string]any{}, http.StatusUnprocessableEntity},
		{"a look", admin65, "/v1/registrations/" + waiting + "/person", person, http.StatusOK},
		{"no without a reason", admin65, "/v1/registrations/" + waiting + "/decision", map[string]any{"approve": false}, http.StatusConflict},
		{"another province's decision", admin65, "/v1/registrations/" + elsewhere + "/decision", map[string]any{"approve": true}, http.StatusNotFound},
	} {
		if got := post(tt.token, tt.path, tt.body); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	if looks := strings.Join(d.world.joiners().looks, ", "); looks != "admin65 supervision" {
		t.Errorf("recorded looks: %s", looks)
	}
	list := d.asks(admin65, http.MethodGet, "/v1/registrations", nil)
	if list.Code != http.StatusOK || strings.Contains(list.Body.String(), elsewhere) || strings.Contains(list.Body.String(), "สมหญิง") {
		t.Errorf("the list: %d %s", list.Code, list.Body)
	}
}

// The questions of joining, one after the other; what cannot be read is asked again.
func TestAWishToBeAMemberIsAskedForStepByStep(t *testing.T) {
	at := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	j, err := casefile.CyberScout.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.At(casefile.Unit{ID: "st", Level: casefile.LevelStation, State: casefile.UnitLive}); err == nil {
		t.Error("a cyber scout belongs to a police station")
	}
	if j, err = j.At(casefile.Unit{ID: "prog", Level: casefile.LevelOrganisation, State: casefile.UnitLive, Province: "65"}); err != nil {
		t.Fatal(err)
	}
	for _, answer := range []struct {
		text string
		ok   bool
	}{
		{"ไม่บอก", false}, {"2650", false}, {"2553", true}, {"", false}, {"ในเมือง", true}, {"สมหญิง", false}, {"สมหญิง ใจดี", true}, {"และ", false},
	} {
		next, err := j.Says(answer.text, at)
		if (err == nil) != answer.ok {
			t.Errorf("%q as %s: %v", answer.text, j.Step, err)
		}
		if err == nil {
			j = next
		}
	}
	terms := casefile.Terms{Adult: policy.Default().Members.Adult}
	if r, err := j.Asks("id", "m", at, terms); err != nil || r.Class != casefile.Junior || r.Role != "" || r.State != casefile.MemberPending || j.Born != 2010 {
		t.Errorf("a cyber scout of 16: %+v, born %d, %v", r, j.Born, err)
	}
}

// saidTo is what a press is answered with at the door.
func (d *door) saidTo(in casefile.Incoming, r Routed) activities.Outgoing {
	d.t.Helper()
	in.Word = casefile.Pressed
	d.world.said = nil
	a := line.Arrival{EventID: "01PRESS", ReplyToken: "token", UserID: "U1", In: in}
	if err := d.server.answerNow(d.t.Context(), a, r); err != nil || len(d.world.said) != 1 {
		d.t.Fatalf("said %d things, %v", len(d.world.said), err)
	}
	return d.world.said[0]
}

// A postback can be written by hand: a verifier's card approves or rejects, and
// does nothing else.
func TestAVerifiersCardOnlyApprovesOrRejects(t *testing.T) {
	d := open(t)
	j := d.world.joiners()
	vet := func(option string) string {
		t.Helper()
		in := casefile.Incoming{Action: casefile.ActVet, Registration: waiting, Option: option, Reason: "WHY"}
		said := d.saidTo(in, Routed{Reporter: "r", Member: "one", Language: casefile.Thai})
		if said.Template != "member_decided" {
			t.Errorf("%s is answered with %s", option, said.Template)
		}
		return said.Args.Reason
	}
	for _, deed := range append(slices.Clone(casefile.Deeds), "", "ANYTHING") {
		j.regs[waiting], j.moved = casefile.Registration{ID: waiting, Member: "reg-1", State: casefile.MemberPending}, nil
		may := deed == casefile.Approve || deed == casefile.Reject
		want := "REFUSED"
		if may {
			want = string(deed)
		}
		if got := vet(string(deed)); got != want || (len(j.moved) > 0) != may {
			t.Errorf("%s: %s, done %v", deed, got, j.moved)
		}
	}
	j.decideErr = &casefile.InvalidError{Field: "line", Th: "บัญชี LINE นี้เป็นของสมาชิกคนอื่นแล้ว", En: "another member has this LINE account"}
	if got := vet(string(casefile.Approve)); got != "REFUSED" {
		t.Errorf("whose account is another member's: %s", got)
	}
}

// A member leaves by themselves, and is asked once more before it counts.
func TestAMemberLeavesByThemselves(t *testing.T) {
	d := open(t)
	j := d.world.joiners()
	r := Routed{Reporter: "r", Member: "m1", Language: casefile.Thai}
	for _, step := range []struct{ option, template string }{
		{"", "member_already"}, {casefile.JoinLeave, "member_leave"}, {casefile.JoinCancel, "member_stopped"}, {casefile.JoinLeft, "member_left"},
	} {
		if len(j.moved) > 0 {
			t.Errorf("before %q: %v", step.option, j.moved)
		}
		if said := d.saidTo(casefile.Incoming{Action: casefile.ActJoin, Option: step.option}, r); said.Template != step.template {
			t.Errorf("%q is answered with %s", step.option, said.Template)
		}
	}
	if !slices.Equal(j.moved, []string{"m1 " + string(casefile.Resign) + " "}) {
		t.Errorf("moved %v", j.moved)
	}
	r.Member = ""
	if said := d.saidTo(casefile.Incoming{Action: casefile.ActJoin, Option: casefile.JoinLeft}, r); said.Template != "member_join" || len(j.moved) != 1 {
		t.Errorf("a forged button of who is no member: %s, %v", said.Template, j.moved)
	}
}

// What somebody with an open case types belongs to the case, so they are asked
// nothing: a name typed as an answer would be read by whoever is on the case.
func TestWhoHasAnOpenCaseIsNotAskedToJoin(t *testing.T) {
	d := open(t)
	j := d.world.joiners()
	r := Routed{Reporter: "r", Language: casefile.Thai, OpenCases: []casefile.OpenCase{{ID: ownCase, State: casefile.FollowUp}}}
	for _, in := range []casefile.Incoming{
		{Action: casefile.ActJoin}, {Action: casefile.ActJoin, Reason: string(casefile.Agency)}, {Action: casefile.ActJoin, Option: casefile.JoinAgree},
	} {
		if said := d.saidTo(in, r); said.Template != "concern_later" || len(j.joining) > 0 {
			t.Errorf("%+v is answered with %s, asked %v", in, said.Template, j.joining)
		}
	}
	if said := d.saidTo(casefile.Incoming{Action: casefile.ActJoin, Option: casefile.JoinCancel}, r); said.Template != "member_stopped" {
		t.Errorf("a wish to stop is answered with %s", said.Template)
	}
	r.OpenCases = nil
	if said := d.saidTo(casefile.Incoming{Action: casefile.ActJoin, Reason: string(casefile.Agency)}, r); said.Template != "member_ask" || len(j.joining) != 1 {
		t.Errorf("without a case the answer is %s, asked %v", said.Template, j.joining)
	}
}
