package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func pin(lat, lon float64) *casefile.Pin {
	return &casefile.Pin{Lat: lat, Lon: lon, FixedAt: began, Source: casefile.PinLINE}
}

func TestATapOpensACaseAndThePinJoinsIt(t *testing.T) {
	f := setup(t)
	out := f.intake(
		f.line("U1", tap(casefile.Gathering)),
		f.line("U1", casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.82, 100.26)}),
		f.line("U2", casefile.Incoming{Word: casefile.Said, Text: "สวัสดี"}),
	)
	if out[0].Door != casefile.Opens || out[0].N != 1 || out[0].Case == "" || len(out[0].OpenCases) != 0 {
		t.Errorf("tap: %+v", out[0])
	}
	if out[1].Door != casefile.Joins || out[1].Case != out[0].Case || out[1].N != 2 {
		t.Errorf("pin: %+v", out[1])
	}
	if out[2].Door != casefile.Neither || out[2].Case != "" || out[2].N != 0 {
		t.Errorf("text without a case: %+v", out[2])
	}
	c, err := f.Case(t.Context(), out[0].Case)
	if err != nil {
		t.Fatal(err)
	}
	if c.State != casefile.Draft || c.Version != 0 || c.Severity != casefile.High || c.Reporter != out[0].Reporter || c.Guessed {
		t.Errorf("case: %+v", c)
	}
	if due := f.mustSQL(`SELECT (next_deadline = reported_at + interval '60 s')::text FROM cases`); due != "true" {
		t.Error("a new case is not due after 60 s")
	}
	rows, err := f.Inbox(t.Context(), out[0].Case, 0, 50)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[1].N != 2 || rows[1].In.Pin == nil || rows[1].In.Pin.Lat != 16.82 || rows[1].From != out[0].Reporter {
		t.Errorf("the pin arrives as %+v", rows[1])
	}
	if by := rows[0].In.By; by.Kind != casefile.ByReporter || by.ID != string(out[0].Reporter) {
		t.Errorf("it was done by %+v", by)
	}
	if rows, err := f.Inbox(t.Context(), out[0].Case, 1, 50); err != nil || len(rows) != 1 || rows[0].N != 2 {
		t.Errorf("after 1: %+v, %v", rows, err)
	}
}

func TestTheSameEventCountsOnce(t *testing.T) {
	f := setup(t)
	a := f.line("U1", tap(casefile.Berserk))
	first := f.intake(a)[0]
	again := f.intake(a, a)
	for _, r := range again {
		if !r.Duplicate || r.Case != first.Case || r.N != 1 || r.Door != casefile.Opens {
			t.Errorf("repeat: %+v", r)
		}
	}
	if n := f.mustSQL(`SELECT count(*) FROM inbox`); n != "1" {
		t.Errorf("%s rows", n)
	}
	if n := f.mustSQL(`SELECT count(*) FROM cases`); n != "1" {
		t.Errorf("%s cases", n)
	}
}

func TestTheSameBodyAHundredTimesAtOnceIsOneCase(t *testing.T) {
	f := setup(t)
	body := []postgres.Arrival{
		f.line("U1", tap(casefile.Berserk)),
		f.line("U1", casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.82, 100.26)}),
	}
	f.warm()
	var group sync.WaitGroup
	fresh := make(chan int, 200)
	for range 100 {
		group.Go(func() {
			out, err := f.Intake(t.Context(), body)
			if err != nil {
				t.Error(err)
				return
			}
			for _, r := range out {
				if !r.Duplicate {
					fresh <- r.N
				}
			}
		})
	}
	group.Wait()
	if len(fresh) != 2 {
		t.Errorf("%d arrivals counted as new, want 2", len(fresh))
	}
	if got := f.mustSQL(`SELECT count(DISTINCT case_id) || ' ' || count(*) FROM inbox`); got != "1 2" {
		t.Errorf("cases and rows: %s", got)
	}
}

func TestAHundredPeopleAtOnceAreAHundredCases(t *testing.T) {
	f := setup(t)
	var bodies [][]postgres.Arrival
	for i := range 100 {
		user := fmt.Sprintf("U%03d", i)
		other := fmt.Sprintf("U%03d", (i*37+11)%100) // two people in one body, in any order
		bodies = append(bodies, []postgres.Arrival{f.line(user, tap(casefile.Berserk)), f.line(other, casefile.Incoming{Word: casefile.Said, Text: "x"})})
	}
	f.warm()
	var group sync.WaitGroup
	for _, body := range bodies {
		group.Go(func() {
			if _, err := f.Intake(t.Context(), body); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := f.mustSQL(`SELECT count(*) || ' ' || count(DISTINCT reporter_id) FROM cases`); got != "100 100" {
		t.Errorf("cases and reporters: %s", got)
	}
	if got := f.mustSQL(`SELECT count(*) FROM cases c WHERE inbox_last <> (SELECT count(*) FROM inbox i WHERE i.case_id = c.id)
		OR inbox_last <> (SELECT max(n) FROM inbox i WHERE i.case_id = c.id)`); got != "0" {
		t.Errorf("%s cases with gaps in their numbers", got)
	}
}

func TestFiveHundredMessagesOfOnePersonAreOneCase(t *testing.T) {
	f := setup(t)
	f.intake(f.line("U1", tap(casefile.Berserk)))
	var batch []postgres.Arrival
	for range 499 {
		batch = append(batch, f.line("U1", tap(casefile.Berserk)))
		if len(batch) == 100 {
			f.intake(batch...)
			batch = nil
		}
	}
	f.intake(batch...)
	if got := f.mustSQL(`SELECT count(*) || ' ' || max(inbox_last) FROM cases`); got != "1 500" {
		t.Errorf("cases and last number: %s", got)
	}
}

func TestSilentTapsJoinTheFirst(t *testing.T) {
	f := setup(t)
	silent := casefile.Incoming{Word: casefile.Tapped, Quiet: true}
	first := f.intake(f.line("U1", silent))[0]
	second := f.intake(f.line("U1", silent))[0]
	if second.Door != casefile.Joins || second.Case != first.Case {
		t.Errorf("second silent tap: %+v", second)
	}
	c, err := f.Case(t.Context(), first.Case)
	if err != nil || !c.Quiet || !c.NoCall || !c.Neutral || !c.Guessed || c.Severity != casefile.Critical {
		t.Errorf("%+v, %v", c, err)
	}
	if rows, err := f.Inbox(t.Context(), first.Case, 0, 1); err != nil || rows[0].In.Type != "" {
		t.Errorf("the guess was written into what the person said: %+v, %v", rows, err)
	}
}

func TestWhoMayAnswerForACase(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2))
	own := f.intake(f.line("U1", tap(casefile.Berserk)))[0]
	press := func(user string, id casefile.CaseID, offer int) postgres.Routed {
		return f.intake(f.line(user, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAccept, Case: id, Offer: offer}))[0]
	}
	by := func(r postgres.Routed) casefile.Actor {
		rows, err := f.Inbox(t.Context(), r.Case, r.N-1, r.N)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%+v, %v", rows, err)
		}
		return rows[0].In.By
	}
	if r := press("Um1", own.Case, 3); r.Door != casefile.Answers || r.Member != "m1" || by(r) != (casefile.Actor{Kind: casefile.ByMember, ID: "m1"}) {
		t.Errorf("a member: %+v by %+v", r, by(r))
	}
	if r := press("U1", own.Case, 0); r.Door != casefile.Answers || by(r).Kind != casefile.ByReporter {
		t.Errorf("the reporter: %+v", r)
	}
	if r := press("U2", own.Case, 0); r.Door != casefile.Neither {
		t.Errorf("a stranger: %+v", r)
	}
	for _, id := range []casefile.CaseID{"00000000-0000-4000-8000-000000000000", "'; drop table cases", "x"} {
		if r := press("Um1", id, 1); r.Door != casefile.Neither {
			t.Errorf("no such case %q: %+v", id, r)
		}
	}
	mine := f.intake(f.line("Um1", tap(casefile.Berserk)))[0]
	if r := press("Um1", mine.Case, 0); by(r).Kind != casefile.ByReporter {
		t.Errorf("a member about the own report: %+v", by(r))
	}
}

// A button says nothing of who presses it: the roster says which desk that is.
func TestADesksButtonComesWithTheDeskThatPressedIt(t *testing.T) {
	f := setup(t)
	for id, level := range map[string]casefile.Level{"st": casefile.LevelStation, "radio": casefile.LevelRadio191, "1300": casefile.LevelDesk} {
		f.unit(id, level, 16.8, 100.2)
		desk := officer("m-"+id, id, 16.8, 100.2)
		desk.Role, desk.Level = "", level
		f.members(desk)
	}
	f.members(officer("field", "1300", 16.8, 100.2))
	id := f.intake(f.line("U1", tap(casefile.Berserk)))[0].Case
	for _, tt := range []struct {
		who    string
		action casefile.Action
		want   activities.Desk
	}{
		{"Um-radio", casefile.ActRadioSeen, activities.Desk{Level: casefile.LevelRadio191, Province: "65"}},
		{"Um-1300", casefile.ActDeskTake, activities.Desk{Level: casefile.LevelDesk}}, // of the nation, wherever it stands
		{"Um-st", casefile.ActDeskTake, activities.Desk{Level: casefile.LevelStation, Province: "65"}},
		{"Ufield", casefile.ActDeskTake, activities.Desk{}}, // of the same unit
	} {
		r := f.intake(f.line(tt.who, casefile.Incoming{Word: casefile.Pressed, Action: tt.action, Case: id, Offer: 1}))[0]
		rows, err := f.Inbox(t.Context(), id, r.N-1, r.N)
		if err != nil || len(rows) != 1 || rows[0].Desk != tt.want {
			t.Errorf("%s pressed %s: %+v, %v", tt.who, tt.action, rows, err)
		}
	}
}

// Who only helps an office speaks for themselves: a button that names a case may be forged.
func TestOnlyStaffAndDesksSpeakForTheirUnit(t *testing.T) {
	f := setup(t)
	f.unit("office", casefile.LevelMSDHSDuty, 16.8, 100.2)
	f.unit("other", casefile.LevelMSDHSDuty, 16.8, 100.2)
	id := f.intake(f.line("U1", tap(casefile.Berserk)))[0].Case
	for _, tt := range []struct {
		who   string
		unit  string
		class casefile.Class
		level casefile.Level
		want  casefile.UnitID
	}{
		{"clerk", "office", casefile.Professional, "", "office"},
		{"head", "office", casefile.Supervisor, "", "office"},
		{"desk", "office", casefile.Volunteer, casefile.LevelMSDHSDuty, "office"},
		{"stranger", "other", casefile.Professional, "", "other"}, // the law sees that it is not theirs
		{"helper", "office", casefile.Volunteer, "", ""},
		{"teacher", "office", casefile.School, "", ""},
		{"child", "office", casefile.Junior, "", ""},
	} {
		m := officer(tt.who, tt.unit, 16.8, 100.2)
		m.Role, m.Class, m.Level = "", tt.class, tt.level
		f.members(m)
		r := f.intake(f.line("U"+tt.who, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActCareManage, Case: id, Offer: 1}))[0]
		rows, err := f.Inbox(t.Context(), id, r.N-1, r.N)
		if err != nil || len(rows) != 1 || rows[0].Desk != (activities.Desk{Unit: tt.want}) {
			t.Errorf("%s: %+v, %v", tt.who, rows, err)
		}
	}
}

func TestOnePoisonousEventDoesNotTakeTheOthersWithIt(t *testing.T) {
	f := setup(t)
	bad := f.line("U1", casefile.Incoming{Word: "NO SUCH WORD", Text: "x"})
	odd := f.line("U1", tap(casefile.Berserk))
	odd.EventID = "nul\x00in the ID"
	out := f.intake(f.line("U1", tap(casefile.Gathering)), bad, f.line("U1", casefile.Incoming{Word: casefile.Said, Text: "y"}), odd)
	if out[1].Door != casefile.Neither || !out[1].Unread || out[1].N != 0 {
		t.Errorf("poison: %+v", out[1])
	}
	if out[2].Door != casefile.Joins || out[2].N != 2 {
		t.Errorf("after the poison: %+v", out[2])
	}
	if out[3].Door != casefile.Opens || out[3].Unread {
		t.Errorf("an odd event ID: %+v", out[3])
	}
	if again := f.intake(odd)[0]; !again.Duplicate || again.Case != out[3].Case {
		t.Errorf("the odd one again: %+v", again)
	}
	if got := f.mustSQL(`SELECT count(*) FROM inbox WHERE word = 'UNKNOWN' AND case_id IS NULL`); got != "1" {
		t.Errorf("%s unread rows", got)
	}
}

func TestEventsOfNobodyAreKept(t *testing.T) {
	f := setup(t)
	r := f.intake(f.line("", casefile.Incoming{Word: casefile.Unknown}))[0]
	if r.Door != casefile.Neither || r.Reporter != "" {
		t.Errorf("%+v", r)
	}
	if n := f.mustSQL(`SELECT count(*) FROM inbox WHERE reporter_id IS NULL`); n != "1" {
		t.Errorf("%s rows", n)
	}
}

func TestALocationOfAMemberOnDutyMovesTheMember(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2))
	move := casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.9, 100.3), At: began.Add(time.Minute)}
	if r := f.intake(f.line("Um1", move))[0]; r.Door != casefile.Neither {
		t.Errorf("%+v", r)
	}
	if m, err := f.Member(t.Context(), "m1"); err != nil || m.Lat != 16.9 || !m.FixedAt.Equal(began.Add(time.Minute)) {
		t.Errorf("%+v, %v", m, err)
	}
	if err := f.SetDuty(t.Context(), "m1", false); err != nil {
		t.Fatal(err)
	}
	f.intake(f.line("Um1", move))
	if m, err := f.Member(t.Context(), "m1"); err != nil || m.Lat != 0 || !m.FixedAt.IsZero() {
		t.Errorf("off duty there is a position: %+v, %v", m, err)
	}
}

func TestSomebodyWhoBlockedUsIsNotReachedUntilTheyFollow(t *testing.T) {
	f := setup(t)
	r := f.intake(f.line("U1", tap(casefile.Berserk)))[0]
	reach := func() string {
		c, err := f.ReporterContact(t.Context(), r.Reporter)
		if err != nil {
			t.Fatal(err)
		}
		return c.LINE
	}
	if reach() != "U1" {
		t.Errorf("reached at %q", reach())
	}
	f.intake(f.line("U1", casefile.Incoming{Word: casefile.Blocked}))
	if reach() != "" {
		t.Error("reached although blocked")
	}
	f.intake(f.line("U1", casefile.Incoming{Word: casefile.Followed}))
	if reach() != "U1" {
		t.Error("not reached after following again")
	}
}

func TestTheRelayTakesWhatTheDoorLeft(t *testing.T) {
	f := setup(t)
	a := f.intake(f.line("U1", tap(casefile.Berserk)), f.line("U1", casefile.Incoming{Word: casefile.Said, Text: "x"}))
	b := f.intake(f.line("U2", tap(casefile.Berserk)))
	if got, err := f.Lease(t.Context(), 10, time.Minute); err != nil || len(got) != 0 {
		t.Errorf("taken from under the door's hands: %v, %v", got, err)
	}
	f.mustSQL(`UPDATE inbox SET stored_at = now() - interval '1 minute'`)
	if waiting, oldest, err := f.Backlog(t.Context()); err != nil || waiting != 3 || oldest < 50*time.Second {
		t.Errorf("backlog %d, %v, %v", waiting, oldest, err)
	}
	f.warm()
	var group sync.WaitGroup
	var mu sync.Mutex
	up := map[casefile.CaseID]int{}
	seen := map[postgres.Nudge]bool{}
	for range 8 {
		group.Go(func() {
			got, err := f.Lease(t.Context(), 1, time.Minute)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, n := range got {
				if seen[n] {
					t.Errorf("%v leased twice", n)
				}
				seen[n] = true
				up[n.Case] = max(up[n.Case], n.UpTo)
			}
		})
	}
	group.Wait()
	if up[a[0].Case] != 2 || up[b[0].Case] != 1 {
		t.Errorf("leased %v", up)
	}
	f.mustSQL(`UPDATE inbox SET leased_until = now() - interval '1 second'`)
	if err := f.HandedOver(t.Context(), a[0].Case, 2); err != nil {
		t.Fatal(err)
	}
	got, err := f.Lease(t.Context(), 10, time.Minute)
	if err != nil || len(got) != 1 || got[0].Case != b[0].Case {
		t.Errorf("after a lapsed lease: %v, %v", got, err)
	}
}
