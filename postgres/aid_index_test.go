package postgres_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// lookedAt keeps the statements that a pool sends, one by one or together.
type lookedAt struct {
	tracer
	sent []pgx.TraceQueryStartData
}

func (l *lookedAt) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	l.sent = append(l.sent, d)
	return ctx
}

func (l *lookedAt) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	l.sent = append(l.sent, pgx.TraceQueryStartData{SQL: d.SQL, Args: d.Args})
}

// What is looked for every few seconds, and what people open, reads no more than it finds, however many requests there were.
func TestLooksAtAidRequestsGoThroughTheirIndexes(t *testing.T) {
	f := setup(t)
	f.mustSQL(`INSERT INTO aid_requests (id, version, state, filer, province, begun_at, submitted_at, ended_at, due_at, call_at, inbox_last, inbox_heard, doc)
		SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, CASE WHEN n % 100 = 0 THEN 'SUBMITTED' WHEN n % 100 = 1 THEN 'DRAFT' ELSE 'CLOSED' END,
			'm', (10 + n % 80)::text, $1::timestamptz - n * interval '1 minute', $1::timestamptz - n * interval '1 minute',
			CASE WHEN n % 100 > 1 THEN $1::timestamptz END, $1::timestamptz + interval '1 day', $1::timestamptz + interval '1 day', 1, 1, '{}'
		FROM generate_series(1, 20000) n`, began)
	f.mustSQL(`VACUUM ANALYZE aid_requests`)
	sent := &lookedAt{}
	config := f.Pool.Config()
	config.ConnConfig.Tracer = sent
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	f.Pool = pool
	ctx := t.Context()
	for index, look := range map[string]func() error{
		"aid_requests_unheard":   func() error { _, err := f.LateAids(ctx, began, 100); return err },
		"aid_requests_drafts":    func() error { _, err := f.ForgetDrafts(ctx, began.AddDate(-1, 0, 0)); return err },
		"aid_requests_by_submit": func() error { _, err := f.AidSpans(ctx, began.Add(-time.Hour), began); return err },
		"aid_requests_by_province": func() error {
			_, err := f.AidRequests(ctx, postgres.AidFilter{Provinces: []string{"65"}, States: []casefile.AidState{casefile.AidSubmitted}, Limit: 20})
			return err
		},
	} {
		sent.sent = nil
		if err := look(); err != nil {
			t.Fatalf("%s: %v", index, err)
		}
		found := false
		var plans []string
		for _, s := range slices.Clone(sent.sent) {
			if !strings.Contains(s.SQL, "FROM aid_requests") || strings.Contains(s.SQL, "DELETE") {
				continue
			}
			rows, err := pool.Query(ctx, "EXPLAIN "+s.SQL, s.Args...)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			plan := strings.Join(lines, "\n")
			plans = append(plans, plan)
			found = found || strings.Contains(plan, index) && !strings.Contains(plan, "Seq Scan on aid_requests")
		}
		if !found {
			t.Errorf("%s is not used:\n%s", index, strings.Join(plans, "\n"))
		}
	}
}

// Whoever says no number and no year of birth is found by the name in the district; that alone takes nothing from anybody's limit.
func TestANameInTheDistrictIsLookedAtAndCountsForNoLimit(t *testing.T) {
	f := setup(t)
	form := func(address string) casefile.AidForm {
		x := household("", "สมชาย", "ทดสอบ", address)
		x.Subject.Birth, x.Subject.Phone, x.Members = "", "", nil
		return x
	}
	first := f.planned(form("1 หมู่ 2"), 300000)
	if _, err := f.aided(first, nil, casefile.AidEvent{Kind: casefile.AidAgreed, By: at("chief")}); err != nil {
		t.Fatal(err)
	}
	second := f.filed(form("บ้านเลขที่ 1 ม.2"))
	twins, err := f.AidTwins(t.Context(), second.ID)
	if err != nil || len(twins) != 1 || twins[0].Aid.ID != first.ID || twins[0].By != "NAME_NEAR" {
		t.Errorf("twins %+v, %v", twins, err)
	}
	if words := policy.Default().AidWords(casefile.AidFinding{Kind: casefile.FoundDuplicate, By: "NAME_NEAR"}); !strings.Contains(words.En, "district") {
		t.Errorf("said as %q", words.En)
	}
	if granted, err := f.Granted(t.Context(), second.ID); err != nil || len(granted) != 0 {
		t.Errorf("a neighbour of the name has used up %+v, %v", granted, err)
	}
}
