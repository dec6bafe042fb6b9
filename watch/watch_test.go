package watch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/postgres/pgtest"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/watch"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// phones keeps what rang, and may be without a network.
type phones struct {
	mu      sync.Mutex
	bells   []watch.Bell
	dead    bool
	refuses map[casefile.Channel]bool
	away    bool   // LINE is
	during  func() // happens once, while it rings
}

func (p *phones) Ring(_ context.Context, b watch.Bell) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if during := p.during; during != nil {
		p.during = nil
		during()
	}
	if p.dead || p.away && b.Way.Channel == casefile.ChannelLINE {
		return false, errors.New("no network")
	}
	if p.refuses[b.Way.Channel] {
		return false, nil
	}
	if !slices.ContainsFunc(p.bells, func(x watch.Bell) bool { return x.Key == b.Key }) { // as LINE does with a retry key
		p.bells = append(p.bells, b)
	}
	return true, nil
}

func (p *phones) Reach(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return errors.New("no network")
	}
	return nil
}

// heard is what rang since the last time, and to whom.
func (p *phones) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, b := range p.bells {
		what := fmt.Sprintf("%s %s %d", b.To.Member, b.Kind, b.Count)
		if b.Over {
			what += " over"
		}
		if b.Way.Channel != casefile.ChannelLINE {
			what += " by " + string(b.Way.Channel)
		}
		out = append(out, what)
	}
	p.bells = nil
	slices.Sort(out)
	return out
}

// world is a record with a national desk of two, of whom one is on duty, and an officer.
type world struct {
	*watch.Watch
	t      *testing.T
	url    string
	store  *postgres.Store
	memory *watch.Postgres
	phones *phones
	began  time.Time
	events int
}

func begin(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: pgtest.New(t, migrations.Up), phones: &phones{}, began: time.Now()}
	keys := filepath.Join(t.TempDir(), "keyset.json")
	if err := vault.Generate(keys); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open("file:" + keys)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), w.url, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w.store = &postgres.Store{Pool: pool, Sealer: v, Now: time.Now, PinWait: time.Minute}
	w.memory = w.open(v)
	w.Watch = w.watcher(w.memory)
	if err := w.store.UpsertUnits(t.Context(), []casefile.Unit{{ID: "desk", Code: "desk", Level: casefile.LevelDesk, State: casefile.UnitLive}}); err != nil {
		t.Fatal(err)
	}
	member := func(id string, level casefile.Level, onDuty bool) postgres.Member {
		m := postgres.Member{LINE: "line-of-" + id, Language: casefile.Thai}
		m.ID, m.Unit, m.Level, m.OnDuty = casefile.MemberID(id), "desk", level, onDuty
		m.Group, m.Class, m.State = casefile.Agency, casefile.Professional, casefile.MemberActive
		return m
	}
	if err := w.store.UpsertMembers(t.Context(), []postgres.Member{
		member("day", casefile.LevelDesk, true), member("night", casefile.LevelDesk, false), member("radio", casefile.LevelRadio191, true),
	}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open(v *vault.Vault) *watch.Postgres {
	w.t.Helper()
	p, err := watch.Open(w.t.Context(), w.url, v)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Close)
	return p
}

func (w *world) watcher(s watch.Store) *watch.Watch {
	return &watch.Watch{
		Store: s, Ringer: w.phones, Rule: policy.Default().Watch, Ways: policy.Default().Channels.Ways,
		Clock: policy.RealTime, Instance: "one", Watchers: 1, Log: slog.New(slog.DiscardHandler),
	}
}

// sql runs a statement as the owner of the record.
func (w *world) sql(statement string, args ...any) string {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	rows, err := conn.Query(w.t.Context(), statement, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		values, err := r.Values()
		return strings.TrimSpace(fmt.Sprintln(values...)), err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func (w *world) arrives(user string, in casefile.Incoming) casefile.CaseID {
	w.t.Helper()
	w.events++
	routed, err := w.store.Intake(w.t.Context(), []postgres.Arrival{{
		EventID: casefile.EventID(fmt.Sprintf("e%d", w.events)), Channel: casefile.ChannelLINE, UserID: user, In: in, At: time.Now(),
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	return routed[0].Case
}

func (w *world) reports(user string) casefile.CaseID {
	return w.arrives(user, casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
}

// presses the button of the newest alarm of a kind, about a case or about all.
func (w *world) presses(member string, kind watch.Kind, id casefile.CaseID) {
	w.t.Helper()
	number := w.sql("SELECT max(id) FROM alarms WHERE kind = $1", kind)
	w.arrives("line-of-"+member, casefile.Incoming{
		Word: casefile.Pressed, Action: casefile.ActDeskTake, Reason: casefile.ReasonWatch, Option: "A" + number, Case: id,
	})
}

// turns looks once and wants these rings.
func (w *world) turns(want ...string) {
	w.t.Helper()
	if err := w.Turn(w.t.Context(), w.began); err != nil {
		w.t.Fatal(err)
	}
	if got := w.phones.heard(); !slices.Equal(got, want) {
		w.t.Errorf("the desk heard %q, want %q; alarms:\n%s", got, want, w.sql("SELECT kind, subject, rings, answered_by, cleared_at IS NOT NULL FROM alarms ORDER BY id"))
	}
}

// passes lets real time pass for the rings and the inbox.
func (w *world) passes(span time.Duration) {
	w.t.Helper()
	w.sql("UPDATE alarms SET rung_at = rung_at - $1::interval, raised_at = raised_at - $1::interval", span)
	w.sql("UPDATE inbox SET stored_at = stored_at - $1::interval", span)
}

func (w *world) ages(id casefile.CaseID, column string, span time.Duration) {
	w.t.Helper()
	w.sql(fmt.Sprintf("UPDATE cases SET %s = now() - $2::interval WHERE id = $1", column), id, span)
}

// A report that no workflow hears of rings the operator on duty until somebody
// takes it; then it is quiet, and the end is told once.
func TestAReportThatNobodyHearsRingsTheDeskUntilSomebodyTakesIt(t *testing.T) {
	w := begin(t)
	id := w.reports("mali")
	w.turns()
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
	w.turns()
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1")
	if got := w.sql("SELECT kind, subject, runbook, rings, rung_to FROM alarms"); got != fmt.Sprintf("INBOX_WAITING %s inbox-waiting 2 [day]", id) {
		t.Errorf("the alarm: %s", got)
	}

	w.presses("radio", watch.InboxWaiting, id) // not of the desk
	w.arrives("line-of-day", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActMenu})
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1")

	w.presses("night", watch.InboxWaiting, id)
	w.turns()
	w.passes(61 * time.Second)
	w.ages(id, "reported_at", time.Hour) // nobody has acknowledged it in the record; a human has answered all the same
	w.turns()
	if got := w.sql("SELECT kind, answered_by FROM alarms"); got != "INBOX_WAITING night" {
		t.Errorf("answered: %s", got)
	}

	w.sql("UPDATE inbox SET handed_at = now()")
	w.sql("UPDATE cases SET acked_at = now()")
	w.turns("day INBOX_WAITING 1 over")
	w.turns()
}

// Many late cases are one ring with a count; what comes later gathers for a
// moment and rings too; one press answers for all that had rung.
func TestManyLateCasesAreOneRing(t *testing.T) {
	w := begin(t)
	for i := range 5 {
		w.ages(w.reports(fmt.Sprint("citizen-", i)), "reported_at", 5*time.Minute)
	}
	w.sql("UPDATE inbox SET handed_at = now()")
	w.turns("day CASE_UNACKNOWLEDGED 5")
	w.ages(w.reports("one more"), "reported_at", 5*time.Minute)
	w.turns()
	w.passes(11 * time.Second)
	w.sql("UPDATE inbox SET handed_at = now()")
	w.turns("day CASE_UNACKNOWLEDGED 6")
	w.presses("day", watch.CaseUnacknowledged, "")
	w.turns()
	w.passes(61 * time.Second)
	w.turns()
	w.ages(w.reports("and another"), "reported_at", 5*time.Minute)
	w.sql("UPDATE inbox SET handed_at = now()")
	w.turns("day CASE_UNACKNOWLEDGED 1")
}

// A ring names at most three cases and says how many there are.
func TestARingNamesItsCases(t *testing.T) {
	w := begin(t)
	for i := range 4 {
		w.ages(w.reports(fmt.Sprint("citizen-", i)), "reported_at", 5*time.Minute)
	}
	w.sql("UPDATE inbox SET handed_at = now()")
	if err := w.Turn(t.Context(), w.began); err != nil {
		t.Fatal(err)
	}
	if b := w.phones.bells; len(b) != 1 || len(b[0].Cases) != 3 || b[0].Count != 4 || b[0].Alarm == 0 || b[0].Way.To != "line-of-day" {
		t.Errorf("rang %+v", b)
	}
}

// What each kind is about: what raises it, and what ends it.
func TestWhatIsWrongIsFoundAndEnds(t *testing.T) {
	tests := []struct {
		kind        watch.Kind
		wrong, well func(*world)
	}{
		{watch.CaseOverdue, func(w *world) { w.ages(w.reports("mali"), "next_deadline", time.Minute) },
			func(w *world) { w.sql("UPDATE cases SET next_deadline = now()") }},
		{watch.MessagesStuck, func(w *world) { w.ages(w.reports("mali"), "sent_at", time.Minute) }, func(w *world) {
			w.sql(`INSERT INTO deliveries (key, case_id, seq, recipient, template, outcome, request_id, at)
				SELECT 'k', id, 1, 'member:day', 'offer', 'ACCEPTED', '', now() FROM cases`)
		}},
		{watch.MediaStuck, func(w *world) {
			w.sql("INSERT INTO media (case_id, seq, at) VALUES ($1, 1, now() - interval '6 minutes')", w.reports("mali"))
		}, func(w *world) { w.sql("UPDATE media SET state = 'GONE'") }},
		{watch.CaseUnacknowledged, func(w *world) { w.ages(w.reports("mali"), "reported_at", 4*time.Minute) },
			func(w *world) { w.sql("UPDATE cases SET acked_at = now()") }},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			w := begin(t)
			tt.wrong(w)
			w.sql("UPDATE inbox SET handed_at = now()")
			w.turns("day " + string(tt.kind) + " 1")
			tt.well(w)
			w.turns("day " + string(tt.kind) + " 1 over")
		})
	}
}

// A case that has ended, or that belongs to another, rings for nothing.
func TestWhatHasEndedIsNeverLate(t *testing.T) {
	w := begin(t)
	id := w.reports("mali")
	w.sql("UPDATE inbox SET handed_at = now()")
	w.sql(`UPDATE cases SET state = 'CLOSED', ended_at = now(), reported_at = now() - interval '1 day', sent_at = reported_at,
		next_deadline = now() - interval '1 day' WHERE id = $1`, id)
	w.turns()
}

// Every part that falls silent is an alarm; while one of its instances beats it is not.
func TestAPartThatFallsSilentRings(t *testing.T) {
	w := begin(t)
	parts := []watch.Part{watch.API, watch.Worker, watch.Relay, watch.Temporal, watch.LINE, watch.Watcher}
	w.began = time.Now().Add(-time.Hour)
	w.turns("day API_SILENT 1", "day LINE_SILENT 1", "day RELAY_SILENT 1", "day TEMPORAL_SILENT 1", "day WATCH_SILENT 1", "day WORKER_SILENT 1")
	for _, p := range parts {
		if err := w.store.Beat(t.Context(), string(p), "a"); err != nil {
			t.Fatal(err)
		}
	}
	w.turns("day API_SILENT 1 over", "day LINE_SILENT 1 over", "day RELAY_SILENT 1 over", "day TEMPORAL_SILENT 1 over", "day WATCH_SILENT 1 over", "day WORKER_SILENT 1 over")
	if err := w.memory.Beat(t.Context(), watch.Worker, "b"); err != nil {
		t.Fatal(err)
	}
	w.sql("UPDATE heartbeats SET beat_at = now() - interval '31 seconds' WHERE instance = 'a' AND part IN ('worker', 'relay')")
	w.turns("day RELAY_SILENT 1")
	w.presses("day", watch.RelaySilent, "")
	w.passes(61 * time.Second)
	w.turns()

	w.Watchers = 2
	w.turns("day WATCH_SILENT 1")
}

// The button of an alarm that is over answers no later one.
func TestAnOldButtonAnswersNothing(t *testing.T) {
	w := begin(t)
	w.began = time.Now().Add(-time.Hour)
	for _, p := range []watch.Part{watch.API, watch.Worker, watch.Temporal, watch.LINE, watch.Watcher} {
		if err := w.memory.Beat(t.Context(), p, "a"); err != nil {
			t.Fatal(err)
		}
	}
	w.turns("day RELAY_SILENT 1")
	old := w.sql("SELECT max(id) FROM alarms")
	if err := w.memory.Beat(t.Context(), watch.Relay, "a"); err != nil {
		t.Fatal(err)
	}
	w.turns("day RELAY_SILENT 1 over")
	w.sql("UPDATE heartbeats SET beat_at = now() - interval '31 seconds' WHERE part = 'relay'")
	w.turns("day RELAY_SILENT 1")
	w.arrives("line-of-day", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActDeskTake, Reason: casefile.ReasonWatch, Option: "A" + old})
	w.turns()
	w.sql("UPDATE alarms SET rung_at = rung_at - interval '61 seconds' WHERE rung_at IS NOT NULL")
	w.turns("day RELAY_SILENT 1")
}

// Nobody on duty: the whole desk is rung, for somebody must hear.
func TestADeskWithNobodyOnDutyIsRungAsAWhole(t *testing.T) {
	w := begin(t)
	w.sql("UPDATE members SET on_duty = false")
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1", "night INBOX_WAITING 1")
}

// A ring that does not get through is tried again at the next turn and counts as none.
func TestARingThatDoesNotGetThroughIsTriedAgain(t *testing.T) {
	w := begin(t)
	w.reports("mali")
	w.passes(11 * time.Second)
	w.phones.dead = true
	w.turns()
	w.phones.dead = false
	w.turns("day INBOX_WAITING 1")
	if s := w.Status(); s.Failures != 1 || s.Rings[watch.InboxWaiting] != 1 || !s.Leads || s.Open[watch.InboxWaiting] != 1 {
		t.Errorf("the watcher says of itself %+v", s)
	}
}

// Two watchers look, one rings; the other takes over when the first is gone, and when its connection is.
func TestOneOfTwoWatchersRings(t *testing.T) {
	w := begin(t)
	other, err := watch.Open(t.Context(), w.url, w.store.Sealer.(*vault.Vault))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	leads := func(p *watch.Postgres, want bool) {
		t.Helper()
		if got, err := p.Lead(t.Context()); err != nil || got != want {
			t.Fatalf("leads: %t, %v; want %t", got, err, want)
		}
	}
	for range 3 {
		leads(w.memory, true)
		leads(other, false)
	}
	w.sql(`SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	leads(other, true)
	leads(w.memory, false)
	leads(w.memory, false)
	other.Close()
	deadline := time.Now().Add(time.Minute)
	for {
		if got, err := w.memory.Lead(t.Context()); err != nil {
			t.Fatal(err)
		} else if got {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody leads")
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
}

// away is a store whose database may be gone.
type away struct {
	watch.Store
	gone bool
}

func (a *away) Lead(ctx context.Context) (bool, error) {
	if a.gone {
		return false, errors.New("gone")
	}
	return a.Store.Lead(ctx)
}

// The database itself is away: the desk that was known rings, by every watcher
// under the same keys, and hears when it is over.
func TestADatabaseThatIsAwayRings(t *testing.T) {
	w := begin(t)
	store := &away{Store: w.memory}
	one, two := w.watcher(store), w.watcher(store)
	one.Rule.Repeat.Duration, two.Rule.Repeat.Duration = 24*time.Hour, 24*time.Hour
	for _, x := range []*watch.Watch{one, two} {
		if err := x.Turn(t.Context(), w.began); err != nil {
			t.Fatal(err)
		}
	}
	one.Rule.Silent.Duration, two.Rule.Silent.Duration = 0, 0
	store.gone = true
	for range 3 {
		for _, x := range []*watch.Watch{one, two} {
			if err := x.Turn(t.Context(), w.began); err == nil {
				t.Fatal("the database was not away")
			}
		}
	}
	if got := w.phones.heard(); !slices.Equal(got, []string{"day DATABASE_AWAY 1"}) {
		t.Errorf("the desk heard %q", got)
	}
	store.gone = false
	w.Watch = one
	one.Rule, one.Store = policy.Default().Watch, w.memory
	w.turns("day DATABASE_AWAY 1 over")
	w.turns()
}

// The watcher's role sees what it needs and nothing that says who somebody is or what happened.
func TestTheWatchersRoleSeesNothingElse(t *testing.T) {
	w := begin(t)
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "SET ROLE "+watch.Role); err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{
		"SELECT doc FROM cases", "SELECT private_sealed FROM cases", "SELECT name_sealed FROM members", "SELECT lat FROM members", "SELECT raw_sealed FROM inbox",
		"SELECT * FROM threads", "SELECT * FROM case_events", "SELECT * FROM audit", "SELECT content_sealed FROM media",
		"SELECT code_hash FROM contacts", "SELECT * FROM contacts", "UPDATE contacts SET verified_at = now()", "UPDATE cases SET acked_at = now()", "DELETE FROM inbox", "INSERT INTO members (id) VALUES ('x')", "DELETE FROM alarms",
	} {
		var state interface{ SQLState() string }
		if _, err := conn.Exec(t.Context(), forbidden); !errors.As(err, &state) || state.SQLState() != "42501" {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT id FROM cases"); err != nil {
		t.Error(err)
	}
}

// Every alarm names a runbook that is there, and has words of its own.
func TestEveryAlarmHasARunbookAndWords(t *testing.T) {
	var kinds []string
	for _, kind := range watch.Kinds {
		kinds = append(kinds, string(kind))
		raw, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", kind.Runbook()+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range []string{"# ", "## What it means", "## What to do", "## When it is over"} {
			if !strings.Contains(string(raw), want) {
				t.Errorf("%s: no %q", kind.Runbook(), want)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "docs", "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".md")
		if name != "README" && !slices.ContainsFunc(watch.Kinds, func(k watch.Kind) bool { return k.Runbook() == name }) {
			t.Errorf("%s: no alarm names it", f)
		}
	}
	slices.Sort(kinds)
	if got := policy.Alarms(); !slices.Equal(got, kinds) {
		t.Errorf("names for %q, alarms %q", got, kinds)
	}
}
