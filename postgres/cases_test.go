package postgres_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// placed gives a case a pin and a police crew.
func (f *fixture) placed(c casefile.Case, lat, lon float64) casefile.Case {
	f.t.Helper()
	place := casefile.Place{Province: "65", District: "6501", Cell: cellName(lat, lon)}
	return f.record(c,
		casefile.Event{Kind: casefile.PinSet, By: casefile.Actor{Kind: casefile.ByReporter, ID: string(c.Reporter)}, Place: &place,
			Private: casefile.Private{Pin: pin(lat, lon), Address: "บ้านเลขที่สมมติ 1"}},
		casefile.Event{Kind: casefile.RoleAdded, Role: casefile.Police, Crew: 2},
	)
}

// asked offers a case to near officers.
func (f *fixture) asked(c casefile.Case, members ...casefile.MemberID) casefile.Case {
	f.t.Helper()
	e := casefile.Event{Kind: casefile.Offered, Role: casefile.Police, Step: 1}
	for _, m := range members {
		e.Asked = append(e.Asked, casefile.Ask{Member: m, Level: casefile.LevelNear})
	}
	return f.record(c, e)
}

func accepts(m casefile.MemberID) casefile.Event {
	return casefile.Event{Kind: casefile.Accepted, By: casefile.Actor{Kind: casefile.ByMember, ID: string(m)}, Minutes: 7}
}

func TestACaseReadsBackAsItWasRecorded(t *testing.T) {
	f := setup(t)
	want := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26), "m1", "m2")
	got, err := f.Case(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v\nwant\n%+v", got, want)
	}
	events, err := f.Timeline(t.Context(), want.ID, 0, 100)
	if err != nil || len(events) != want.Version {
		t.Fatalf("%d events, %v", len(events), err)
	}
	minimal := casefile.Case{ID: want.ID, State: casefile.Draft, Reporter: want.Reporter, Language: want.Language}
	for i, e := range events {
		if e.Seq != i+1 {
			t.Errorf("event %d has the number %d", i+1, e.Seq)
		}
		if minimal, err = casefile.Apply(minimal, e); err != nil {
			t.Fatal(err)
		}
	}
	minimal.Clocks = want.Clocks // the story winds them
	if !reflect.DeepEqual(minimal, want) {
		t.Errorf("the events alone give\n%+v\nwant\n%+v", minimal, want)
	}
}

func TestNoSuchCase(t *testing.T) {
	f := setup(t)
	for _, id := range []casefile.CaseID{"", "x", "00000000-0000-4000-8000-000000000000"} {
		if _, err := f.Case(t.Context(), id); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("case %q: %v", id, err)
		}
		if err := f.append(t.Context(), casefile.Case{ID: id, Version: 1, State: casefile.Draft}, []casefile.Event{{ID: "e", Kind: casefile.Noted, By: casefile.System}}); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("append to %q: %v", id, err)
		}
		if _, err := f.Speak(t.Context(), id, "e", casefile.Incoming{Word: casefile.CaseSpoke}); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("speak to %q: %v", id, err)
		}
	}
}

func TestAppendIsSafeToRepeatAndToLose(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	after, events := f.apply(c, casefile.Event{Kind: casefile.Noted, ID: "one"}, casefile.Event{Kind: casefile.Noted, ID: "two"})
	for range 3 {
		if err := f.append(t.Context(), after, events); err != nil {
			t.Fatal(err)
		}
	}
	other, others := f.apply(c, casefile.Event{Kind: casefile.Noted, ID: "three"})
	if err := f.append(t.Context(), other, others); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("another event at a taken number: %v", err)
	}
	again, repeated := f.apply(after, casefile.Event{Kind: casefile.Noted, ID: "one"})
	if err := f.append(t.Context(), again, repeated); !errors.Is(err, casefile.ErrRecorded) {
		t.Errorf("a known event at a new number: %v", err)
	}
	ahead := after
	ahead.Version += 5
	if err := f.append(t.Context(), ahead, []casefile.Event{{ID: "far", Kind: casefile.Noted, At: began, By: casefile.System}}); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("a gap: %v", err)
	}
	if got := f.mustSQL(`SELECT (SELECT count(*) FROM case_events) || ' ' || (SELECT count(*) FROM audit) || ' ' || (SELECT version FROM cases)`); got != "3 3 3" {
		t.Errorf("events, audit rows, version: %s", got)
	}
}

func TestOfManyWritersOneWins(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	type try struct {
		after  casefile.Case
		events []casefile.Event
	}
	tries := make([]try, 20)
	for i := range tries {
		tries[i].after, tries[i].events = f.apply(c, casefile.Event{Kind: casefile.Noted, ID: casefile.EventID(fmt.Sprint("try ", i))})
	}
	f.warm()
	var group sync.WaitGroup
	won := make(chan int, len(tries))
	for i, w := range tries {
		group.Go(func() {
			switch err := f.append(t.Context(), w.after, w.events); {
			case err == nil:
				won <- i
			case !errors.Is(err, casefile.ErrMoved):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Errorf("%d writers won", len(won))
	}
}

func TestAnOpenCaseAlwaysHasADeadline(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	after, events := f.apply(c, casefile.Event{Kind: casefile.Noted, At: began.Add(time.Minute)})
	after.Clocks = nil
	if err := f.append(t.Context(), after, events); err != nil {
		t.Fatal(err)
	}
	if got := f.mustSQL(`SELECT (next_deadline = $1)::text FROM cases`, began.Add(time.Minute)); got != "true" {
		t.Error("a case that nobody wakes is not due at once")
	}
	if _, err := f.sql(`UPDATE cases SET next_deadline = NULL`); err == nil || !strings.Contains(err.Error(), "cases_open_has_deadline") {
		t.Errorf("an open case lost its deadline: %v", err)
	}
}

func TestAMemberIsOnOneCaseAtATimeAndADeskOnMany(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	desk := officer("desk", "st", 16.8, 100.2)
	desk.Level = casefile.LevelStation
	f.members(officer("m1", "st", 16.8, 100.2), desk)
	a := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26), "m1", "desk")
	b := f.asked(f.placed(f.report("U2", casefile.Berserk, began), 16.92, 100.26), "m1", "desk")
	a = f.record(a, accepts("m1"), accepts("desk"))
	b = f.record(b, accepts("desk"))

	busy, events := f.apply(b, accepts("m1"))
	var refused *casefile.RefusedError
	if err := f.append(t.Context(), busy, events); !errors.As(err, &refused) || refused.Kind != casefile.Accepted || refused.Th == "" {
		t.Fatalf("on two cases at once: %v", err)
	}
	if c, err := f.Case(t.Context(), b.ID); err != nil || c.Version != b.Version {
		t.Errorf("the refused event left a mark: %+v, %v", c.Version, err)
	}

	a = f.record(a, casefile.Event{Kind: casefile.Released, Member: "m1"})
	f.record(b, accepts("m1"))
	if got := f.mustSQL(`SELECT string_agg(case_id::text || member_id, ',') FROM assignments`); got != string(b.ID)+"m1" {
		t.Errorf("assignments %s", got)
	}
	_ = a
}

// Who was at a hard scene is asked how they are, a day later and once; who never came is not.
func TestWhoWasAtAHardSceneIsAskedTheNextDay(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2), officer("m2", "st", 16.8, 100.2))
	over := func(user string, s casefile.Severity) time.Time {
		c := f.asked(f.placed(f.report(user, casefile.Berserk, began), 16.82, 100.26), "m1", "m2")
		by := casefile.Actor{Kind: casefile.ByMember, ID: "m1"}
		c = f.record(c, casefile.Event{Kind: casefile.SeveritySet, By: casefile.Actor{Kind: casefile.ByOperator, ID: "op"}, Severity: s, Reason: "SEEN"}, accepts("m1"), casefile.Event{Kind: casefile.Arrived, By: by})
		c = f.record(c, casefile.Event{Kind: casefile.SceneStopped, By: by})
		return c.ControlledAt
	}
	over("U1", casefile.High)
	if n := f.mustSQL(`SELECT count(*) FROM member_notices`); n != "0" {
		t.Errorf("%s are asked after a case like others", n)
	}
	at := over("U2", casefile.Critical)
	over("U3", casefile.Critical)
	if got := f.mustSQL(`SELECT string_agg(member_id || ' ' || template, ',') FROM member_notices`); got != "m1 member_care" {
		t.Errorf("asked: %s", got)
	}
	for since, want := range map[time.Time]int{at.Add(-time.Second): 0, at: 1} {
		waiting, err := f.UntoldMembers(t.Context(), since, 0, 10)
		if err != nil || len(waiting) != want {
			t.Errorf("of those whose case was over by %s wait %d, want %d: %v", since, len(waiting), want, err)
		}
	}
}

func TestAControlledSceneFreesItsCrew(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2))
	c := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26), "m1")
	by := casefile.Actor{Kind: casefile.ByMember, ID: "m1"}
	c = f.record(c, accepts("m1"), casefile.Event{Kind: casefile.Arrived, By: by})
	if n := f.mustSQL(`SELECT count(*) FROM assignments`); n != "1" {
		t.Errorf("%s assignments on the scene", n)
	}
	f.record(c, casefile.Event{Kind: casefile.SceneStopped, By: by})
	if n := f.mustSQL(`SELECT count(*) FROM assignments`); n != "0" {
		t.Errorf("%s assignments after control", n)
	}
}

func TestAcceptanceIsCounted(t *testing.T) {
	f := setup(t)
	c := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26), "m1", "m2", "m3")
	f.record(c, accepts("m2"))
	asked, accepted, err := f.Acceptance(t.Context(), casefile.Police, "65", began.Hour())
	if err != nil || asked != 3 || accepted != 1 {
		t.Errorf("%d of %d, %v", accepted, asked, err)
	}
	if asked, _, err := f.Acceptance(t.Context(), casefile.Police, "65", began.Hour()+1); err != nil || asked != 0 {
		t.Errorf("another hour: %d, %v", asked, err)
	}
	f.Now = func() time.Time { return began.Add(40 * 24 * time.Hour) }
	if asked, _, err := f.Acceptance(t.Context(), casefile.Police, "65", began.Hour()); err != nil || asked != 0 {
		t.Errorf("long ago: %d, %v", asked, err)
	}
}

func TestEvidenceIsAppendOnly(t *testing.T) {
	f := setup(t)
	f.report("U1", casefile.Berserk, began)
	for _, statement := range []string{
		`UPDATE case_events SET kind = 'NOTED'`, `DELETE FROM case_events`, `TRUNCATE case_events`,
		`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`,
	} {
		if _, err := f.sql(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestEveryEventHasItsAuditRowWithTheHashesOfWhatIsStored(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	rows, err := f.Pool.Query(t.Context(), `SELECT e.seq, e.event_id, e.data::text, e.private_sealed, a.meta, a.commitment
		FROM audit a JOIN case_events e ON e.case_id = a.case_id AND a.meta LIKE ('%' || chr(10) || e.event_id || chr(10) || '%')::bytea`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var seq int
		var id, data string
		var sealed, meta, commitment []byte
		if err := rows.Scan(&seq, &id, &data, &sealed, &meta, &commitment); err != nil {
			t.Fatal(err)
		}
		n++
		if sum := sha256.Sum256(sealed); string(sum[:]) != string(commitment) {
			t.Errorf("event %d: the commitment does not bind the sealed part", seq)
		}
		lines := strings.Split(string(meta), "\n")
		if len(lines) != 10 || lines[0] != "ess-audit-meta-v1" || lines[5] != string(c.ID) || lines[6] != fmt.Sprint(seq) ||
			lines[8] != fmt.Sprintf("%x", sha256.Sum256([]byte(data))) {
			t.Errorf("event %d: meta %q", seq, lines)
		}
	}
	if n != c.Version {
		t.Errorf("%d audit rows for %d events", n, c.Version)
	}
}

func TestSpeakingTwiceIsSpeakingOnce(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	word := casefile.Incoming{Word: casefile.CaseSpoke, Action: casefile.ActLeadAcked, At: began, By: casefile.System}
	for range 3 {
		n, err := f.Speak(t.Context(), c.ID, "case:x:1", word)
		if err != nil || n != 2 {
			t.Errorf("number %d, %v", n, err)
		}
	}
	if n, err := f.Speak(t.Context(), c.ID, "case:x:2", word); err != nil || n != 3 {
		t.Errorf("another word: number %d, %v", n, err)
	}
	rows, err := f.Inbox(t.Context(), c.ID, 1, 10)
	if err != nil || len(rows) != 2 || rows[0].In.Action != casefile.ActLeadAcked || rows[0].From != "" {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestAViewIsWrittenDownWithItsPurpose(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	v := postgres.Viewer{Actor: casefile.Actor{Kind: casefile.ByOperator, ID: "op1"}, Purpose: postgres.Supervision}
	if err := f.Viewed(t.Context(), c.ID, v); err != nil {
		t.Fatal(err)
	}
	if got := f.mustSQL(`SELECT action || ' ' || actor || ' ' || purpose FROM audit ORDER BY id DESC LIMIT 1`); got != "VIEWED OPERATOR:op1 supervision" {
		t.Errorf("written down as %q", got)
	}
	var invalid *casefile.InvalidError
	v.Purpose = "curiosity"
	if err := f.Viewed(t.Context(), c.ID, v); !errors.As(err, &invalid) {
		t.Errorf("without a purpose: %v", err)
	}
	v.Purpose = postgres.Legal
	if err := f.Viewed(t.Context(), "00000000-0000-4000-8000-000000000000", v); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
}
