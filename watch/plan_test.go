package watch

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/postgres/pgtest"
)

// history fills a database with cases that have ended, their inbox and their
// messages, and a few that are open.
func history(tb testing.TB, ended int) *pgx.Conn {
	tb.Helper()
	ctx := tb.Context()
	conn, err := pgx.Connect(ctx, pgtest.New(tb, migrations.Up))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(ctx) })
	for _, statement := range []string{
		`INSERT INTO threads (reporter_id, channel, user_sealed, language, last_at) VALUES ('r', 'LINE', '', 'th', now())`,
		`INSERT INTO cases (id, version, state, type, severity, channel, reporter_id, quiet, reported_at, sent_at, acked_at, ended_at, next_deadline, doc)
			SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 9, CASE WHEN open THEN 'SENT' ELSE 'CLOSED' END, 'GATHERING', 'HIGH',
				'LINE', 'r', false, at, at, CASE WHEN NOT open THEN at END, CASE WHEN NOT open THEN at END, now() + interval '1 hour', '{}'
			FROM (SELECT n, n % (` + strconv.Itoa(ended) + ` / 100) = 0 AS open, now() - n * interval '1 second' AS at FROM generate_series(1, ` + strconv.Itoa(ended) + `) n) x`,
		`INSERT INTO inbox (event_id, reporter_id, case_id, n, door, word, said_sealed, received_at, stored_at, handed_at)
			SELECT 'e' || id, 'r', id, 1, 'OPENS', 'TAPPED', '', reported_at, reported_at, reported_at FROM cases`,
		`INSERT INTO deliveries (key, case_id, seq, recipient, template, outcome, request_id, at)
			SELECT 'k' || id, id, 1, 'member:m', 'offer', 'ACCEPTED', '', reported_at FROM cases`,
		`INSERT INTO media (case_id, seq, at, state) SELECT id, 1, reported_at, 'GONE' FROM cases`,
		`ANALYZE`,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			tb.Fatal(err)
		}
	}
	return conn
}

func lookArgs(kind Kind, now time.Time) pgx.NamedArgs {
	return pgx.NamedArgs{
		"kind": kind, "part": silence[kind], "started": now, "inbox": 10 * time.Second, "silent": 30 * time.Second, "watchers": 1,
		"unacknowledged": now.Add(-220 * time.Second), "overdue": now.Add(-30 * time.Second), "messages": now.Add(-30 * time.Second),
		"media": now.Add(-5 * time.Minute),
	}
}

// A look walks over what is open, however much has ended: every table that grows
// is read through an index of what is open, or by the key of an open case.
func TestALookNeverWalksOverWhatHasEnded(t *testing.T) {
	conn := history(t, 20_000)
	through := map[Kind][]string{
		InboxWaiting: {"inbox_not_handed_over"}, CaseUnacknowledged: {"cases_unacknowledged"}, CaseOverdue: {"cases_open_by_deadline"},
		MessagesStuck: {"cases_unacknowledged", "deliveries_by_case"}, MediaStuck: {"media_pending"},
	}
	check := func(name, sql string, args pgx.NamedArgs, indexes []string) {
		t.Helper()
		rows, err := conn.Query(t.Context(), "EXPLAIN "+sql, args)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan := strings.Join(lines, "\n")
		for _, table := range []string{"cases", "inbox", "deliveries", "media"} {
			if strings.Contains(plan, "Seq Scan on "+table) {
				t.Errorf("%s walks over all %s:\n%s", name, table, plan)
			}
		}
		for _, index := range indexes {
			if !strings.Contains(plan, index) {
				t.Errorf("%s does not use %s:\n%s", name, index, plan)
			}
		}
	}
	for kind, sql := range late {
		args := lookArgs(kind, time.Now())
		check(string(kind), sql, args, through[kind])
		check("clear "+string(kind), fmt.Sprintf(wellAgain, sql), args, through[kind])
		delete(through, kind)
	}
	for kind := range through {
		t.Errorf("nothing finds %s", kind)
	}
	check("answers", pressed, nil, []string{"inbox_pressed"})
}

// BenchmarkLook is one look of every kind behind WATCH_ENDED ended cases (default 100,000).
func BenchmarkLook(b *testing.B) {
	ended := 100_000
	if n, err := strconv.Atoi(os.Getenv("WATCH_ENDED")); err == nil {
		ended = n
	}
	conn := history(b, ended)
	for b.Loop() {
		for kind, sql := range late {
			rows, err := conn.Query(b.Context(), sql, lookArgs(kind, time.Now()))
			if err != nil {
				b.Fatal(err)
			}
			rows.Close()
		}
	}
}
