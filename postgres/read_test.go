package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func TestTheListGoesFromTheNewestPageByPage(t *testing.T) {
	f := setup(t)
	for i := range 7 {
		f.report(fmt.Sprintf("U%d", i), casefile.Berserk, began.Add(time.Duration(i/2)*time.Minute)) // some at the same instant
	}
	seen := map[casefile.CaseID]bool{}
	var at postgres.Cursor
	last := began.Add(time.Hour)
	for range 4 {
		page, next, err := f.Cases(t.Context(), postgres.Filter{}, at, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			if seen[c.ID] || c.ReportedAt.After(last) {
				t.Errorf("%s twice or out of order", c.ID)
			}
			seen[c.ID], last = true, c.ReportedAt
		}
		if at, err = postgres.ParseCursor(next.String()); err != nil {
			t.Fatal(err)
		}
		if next.ID == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d cases seen", len(seen))
	}
	for _, bad := range []string{"x", "1.x", ".", "1.00000000-0000-4000-8000-00000000000Z"} {
		if _, err := postgres.ParseCursor(bad); err == nil {
			t.Errorf("cursor %q passed", bad)
		}
	}
}

func TestTheListIsFiltered(t *testing.T) {
	f := setup(t)
	a := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	b := f.report("U2", casefile.Confinement, began.Add(time.Minute))
	b = f.record(b, casefile.Event{Kind: casefile.DeskRaised, Desk: casefile.DeskNoPin})
	c := f.report("U3", casefile.Gathering, began.Add(2*time.Minute))
	op := func(id string) casefile.Actor { return casefile.Actor{Kind: casefile.ByOperator, ID: id} }
	f.record(c,
		casefile.Event{Kind: casefile.CloseProposed, By: op("1"), Outcome: casefile.OutcomeNoSocialNeed, Reason: "TEST"},
		casefile.Event{Kind: casefile.CaseClosed, By: op("2"), Outcome: casefile.OutcomeNoSocialNeed, Reason: "TEST"})
	yes := true
	tests := []struct {
		name string
		give postgres.Filter
		want []casefile.CaseID
	}{
		{"all", postgres.Filter{}, []casefile.CaseID{c.ID, b.ID, a.ID}},
		{"open", postgres.Filter{OpenOnly: true}, []casefile.CaseID{b.ID, a.ID}},
		{"at the desk", postgres.Filter{DeskOnly: true}, []casefile.CaseID{b.ID}},
		{"of a province", postgres.Filter{Province: "65"}, []casefile.CaseID{a.ID}},
		{"in a state", postgres.Filter{State: casefile.Closed}, []casefile.CaseID{c.ID}},
		{"of a type", postgres.Filter{Type: casefile.Confinement}, []casefile.CaseID{b.ID}},
		{"of a severity", postgres.Filter{Severity: casefile.Low}, nil},
		{"quiet", postgres.Filter{Quiet: &yes}, nil},
		{"older than", postgres.Filter{ReportedBefore: began.Add(time.Minute)}, []casefile.CaseID{a.ID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, _, err := f.Cases(t.Context(), tt.give, postgres.Cursor{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []casefile.CaseID
			for _, c := range page {
				got = append(got, c.ID)
				if !c.Private.Empty() || c.FirstPin != nil {
					t.Error("a list shows what is personal")
				}
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	var open []casefile.CaseID
	for after := casefile.CaseID(""); ; {
		page, err := f.OpenCases(t.Context(), after, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		if after = page[0].ID; page[0].UpTo != 1 || page[0].NextDeadline.IsZero() {
			t.Errorf("%+v", page[0])
		}
		open = append(open, after)
	}
	if len(open) != 2 {
		t.Errorf("open: %v", open)
	}
}

func TestTheWaitsAreMeasuredFromTheReport(t *testing.T) {
	f := setup(t)
	for i := range 10 {
		c := f.placed(f.report(fmt.Sprintf("U%d", i), casefile.Berserk, began), 16.82+float64(i)/10, 100.26)
		f.record(c, casefile.Event{Kind: casefile.Offered, Role: casefile.Police, At: began.Add(time.Duration(i+1) * time.Second),
			Asked: []casefile.Ask{{Member: "m1", Level: casefile.LevelStation}}})
	}
	w, err := f.Waits(t.Context(), began, "65")
	if err != nil || w.Reports != 10 || w.Sent.Reports != 10 || w.Sent.P50 != 5500*time.Millisecond || w.Sent.P90 != 9100*time.Millisecond {
		t.Errorf("%+v, %v", w, err)
	}
	if w.Acked != (postgres.Wait{}) || w.Arrived.P99 != 0 {
		t.Errorf("nobody acknowledged: %+v", w)
	}
	if w, err := f.Waits(t.Context(), began.Add(time.Second), ""); err != nil || w != (postgres.Waits{}) {
		t.Errorf("nothing since: %+v, %v", w, err)
	}
}

func TestTheStreamLosesNothingToWritersWhoCommitLate(t *testing.T) {
	f := setup(t)
	end, err := f.StreamEnd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := f.report("U1", casefile.Berserk, began)
	if got, err := f.Stream(t.Context(), end, 10); err != nil || len(got) != 1 || got[0].Case != first.ID || got[0].Kind != casefile.Reported || got[0].Seq != 1 {
		t.Fatalf("%+v, %v", got, err)
	}

	// A writer who has begun and not committed hides what younger ones committed.
	slow, err := f.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(t.Context(), `SELECT pg_current_xact_id()`); err != nil {
		t.Fatal(err)
	}
	f.report("U2", casefile.Berserk, began)
	if got, err := f.Stream(t.Context(), end, 10); err != nil || len(got) != 1 {
		t.Errorf("given out before its turn: %+v, %v", got, err)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Stream(t.Context(), end, 10); err != nil || len(got) != 2 {
		t.Errorf("after the slow one: %+v, %v", got, err)
	}

	// Many writers at once, one reader beside them: everything, once.
	f.warm()
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() { f.note(first.ID, i) })
	}
	stop := make(chan struct{})
	go func() { group.Wait(); close(stop) }()
	seen := map[string]int{}
	mark := end
	for last := false; ; {
		got, err := f.Stream(t.Context(), mark, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			seen[fmt.Sprint(c.Case, c.Seq)]++
			mark = c.Mark
		}
		if len(got) == 0 && last {
			break
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
	if want := f.mustSQL(`SELECT count(*) FROM case_events`); fmt.Sprint(len(seen)) != want {
		t.Errorf("saw %d of %s changes", len(seen), want)
	}
	for change, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", change, n)
		}
	}
	for _, bad := range []postgres.Mark{"x", "1", "1.x", "-1.0"} {
		var invalid *casefile.InvalidError
		if _, err := f.Stream(t.Context(), bad, 1); !errors.As(err, &invalid) {
			t.Errorf("mark %q: %v", bad, err)
		}
	}
}

// note records a note on a case, however many others do so at the same time.
func (f *fixture) note(id casefile.CaseID, i int) {
	for {
		c, err := f.Case(f.t.Context(), id)
		if err != nil {
			f.t.Error(err)
			return
		}
		after, events := f.apply(c, casefile.Event{Kind: casefile.Noted, ID: casefile.EventID(fmt.Sprint("note ", i))})
		err = f.append(f.t.Context(), after, events)
		if err == nil {
			return
		}
		if !errors.Is(err, casefile.ErrMoved) {
			f.t.Error(err)
			return
		}
	}
}

func TestAListenerHearsOfEveryChange(t *testing.T) {
	f := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	changed, err := f.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	hears := func() {
		t.Helper()
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatal("heard nothing")
		}
	}
	c := f.report("U1", casefile.Berserk, began)
	hears()
	f.mustSQL(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN case_changed'`)
	hears() // the new connection counts as a change
	f.record(c, casefile.Event{Kind: casefile.Noted})
	hears()
	cancel()
	for range changed { //nolint:revive // until it is closed
	}
}

func TestDeliveriesAreRememberedByTheirKey(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	d := activities.Delivery{
		Key: "k1", Case: c.ID, Seq: 1, To: "reporter", Channel: casefile.ChannelLINE, Template: "received", Outcome: activities.OutcomeUnknown, At: began,
	}
	done := d
	done.Key, done.Outcome, done.Request = "k2", activities.OutcomeAccepted, "req"
	if err := f.Delivered(t.Context(), []activities.Delivery{d, done, done}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Answered(t.Context(), c.ID, []string{"k1", "k2", "k3"})
	if err != nil || !reflect.DeepEqual(got, map[string]activities.Outcome{"k2": activities.OutcomeAccepted}) {
		t.Errorf("%v, %v", got, err)
	}
	d.Outcome = activities.OutcomeRefused
	if err := f.Delivered(t.Context(), []activities.Delivery{d}); err != nil {
		t.Fatal(err)
	}
	list, err := f.Deliveries(t.Context(), c.ID)
	if err != nil || len(list) != 2 || list[0].Outcome != activities.OutcomeRefused || !reflect.DeepEqual(list[1], done) {
		t.Errorf("%+v, %v", list, err)
	}
	if err := f.Delivered(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestMembersAreFoundByTheirAccountAndSpokenToInTheirLanguage(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	desk := officer("desk", "st", 16.8, 100.2)
	desk.Level, desk.LINE = casefile.LevelStation, ""
	f.members(officer("m1", "st", 16.8, 100.2), desk)
	r := f.intake(f.line("Um1", casefile.Incoming{Word: casefile.Followed}))[0]
	if err := f.SetLanguage(t.Context(), r.Reporter, casefile.English); err != nil {
		t.Fatal(err)
	}
	m, err := f.MemberByLINE(t.Context(), "Um1")
	if err != nil || m.ID != "m1" || m.Name != "ตำรวจสมมติ m1" || m.Language != casefile.English {
		t.Errorf("%+v, %v", m, err)
	}
	if c, err := f.MemberContact(t.Context(), "m1", ""); err != nil || !reflect.DeepEqual(c, activities.Contact{LINE: "Um1", Unit: "st", Language: casefile.English}) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := f.MemberContact(t.Context(), "desk", ""); err != nil || c.LINE != "" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := f.ReporterContact(t.Context(), r.Reporter); err != nil || !reflect.DeepEqual(c, activities.Contact{LINE: "Um1", Language: casefile.English}) {
		t.Errorf("%+v, %v", c, err)
	}
	for what, err := range map[string]error{
		"member":   second(f.Member(t.Context(), "nobody")),
		"contact":  second(f.MemberContact(t.Context(), "nobody", "")),
		"reporter": second(f.ReporterContact(t.Context(), "nobody")),
		"account":  second(f.MemberByLINE(t.Context(), "nobody")),
		"language": f.SetLanguage(t.Context(), "nobody", casefile.Thai),
		"duty":     f.SetDuty(t.Context(), "nobody", true),
	} {
		if !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("%s of nobody: %v", what, err)
		}
	}
	twin := officer("twin", "st", 16.8, 100.2)
	twin.LINE = "Um1"
	var invalid *casefile.InvalidError
	if err := f.UpsertMembers(t.Context(), []postgres.Member{twin}); !errors.As(err, &invalid) || invalid.Field != "line" {
		t.Errorf("two members with one account: %v", err)
	}
	list, err := f.Members(t.Context(), postgres.MemberFilter{DesksOnly: true, Unit: "st"}, "", 10)
	if err != nil || len(list) != 1 || list[0].ID != "desk" {
		t.Errorf("%+v, %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestARequestKeepsItsNumber(t *testing.T) {
	f := setup(t)
	r := f.intake(f.line("U1", casefile.Incoming{Word: casefile.Followed}))[0]
	one, err := f.AskRequest(t.Context(), "e1", r.Reporter, began)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.AskRequest(t.Context(), "e1", r.Reporter, began); err != nil || again != one {
		t.Errorf("again %d, %v; want %d", again, err, one)
	}
	two, err := f.AskRequest(t.Context(), "e2", r.Reporter, began)
	if err != nil || two <= one {
		t.Errorf("%d, %v", two, err)
	}
	by := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	if err := f.AnswerRequest(t.Context(), one, by, began.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := f.AnswerRequest(t.Context(), one, by, began); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("answered twice: %v", err)
	}
	open, err := f.Requests(t.Context(), true, 0, 10)
	if err != nil || len(open) != 1 || open[0].Number != two {
		t.Errorf("%+v, %v", open, err)
	}
	if all, err := f.Requests(t.Context(), false, 0, 10); err != nil || len(all) != 2 || all[0].AnsweredBy != "OPERATOR:op" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAnIdempotencyKeyIsDoneOnce(t *testing.T) {
	f := setup(t)
	claim := func(hash string) (*postgres.Answer, error) {
		return f.ClaimKey(t.Context(), "op1 POST /v1/reports", "key", hash)
	}
	if a, err := claim("h"); err != nil || a != nil {
		t.Fatalf("first: %v, %v", a, err)
	}
	if _, err := claim("h"); !errors.Is(err, postgres.ErrKeyRunning) {
		t.Errorf("while it runs: %v", err)
	}
	if _, err := claim("other"); !errors.Is(err, postgres.ErrKeyReused) {
		t.Errorf("another request: %v", err)
	}
	f.mustSQL(`UPDATE idempotency SET claimed_at = now() - interval '2 minutes'`)
	if a, err := claim("h"); err != nil || a != nil {
		t.Errorf("after the first died: %v, %v", a, err)
	}
	if err := f.ReleaseKey(t.Context(), "op1 POST /v1/reports", "key"); err != nil {
		t.Fatal(err)
	}
	if a, err := claim("h"); err != nil || a != nil {
		t.Errorf("after it was given back: %v, %v", a, err)
	}
	want := postgres.Answer{Status: 201, Body: []byte(`{"case":"x"}`)}
	if err := f.AnswerKey(t.Context(), "op1 POST /v1/reports", "key", want); err != nil {
		t.Fatal(err)
	}
	if a, err := claim("h"); err != nil || a == nil || !reflect.DeepEqual(*a, want) {
		t.Errorf("answered: %+v, %v", a, err)
	}
	if _, err := claim("other"); !errors.Is(err, postgres.ErrKeyReused) {
		t.Errorf("another request after the answer: %v", err)
	}
	f.mustSQL(`UPDATE idempotency SET claimed_at = now() - interval '2 days'`)
	if n, err := f.ForgetKeys(t.Context(), 24*time.Hour); err != nil || n != 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
}
