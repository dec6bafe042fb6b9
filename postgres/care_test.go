package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

var (
	clerk   = casefile.Actor{Kind: casefile.ByOperator, ID: "clerk"}
	manager = casefile.MemberID("worker-1")
)

// office adds a unit that may own a case.
func (f *fixture) office(id string, state string) casefile.UnitID {
	f.t.Helper()
	f.mustSQL(`INSERT INTO units (id, code, level, name_th, name_en, province, region, lat, lon, state, synthetic)
		VALUES ($1, $1, 'MSDHS_DUTY', $1, $1, '65', '6', 16.8, 100.2, $2, true)`, id, state)
	return casefile.UnitID(id)
}

// follow opens a follow-up at an office and begins it.
func (f *fixture) follow(key string, office casefile.UnitID, at time.Time) casefile.Case {
	f.t.Helper()
	o := casefile.Opening{
		Event: casefile.EventID(key), By: clerk, Office: office, Problem: casefile.ChildYouth, Place: casefile.Place{Province: "65"}, At: at,
		Private: casefile.Private{Text: "ข้อความสมมติ"},
	}
	id, _, err := f.OpenFollowUp(f.t.Context(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	c, err := f.Case(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	c = f.record(c, opening(o, at))
	return f.record(c, casefile.Event{Kind: casefile.CareBegan, At: at, By: casefile.System, Care: &casefile.CareDetail{Owed: []casefile.Obligation{
		owes(casefile.OweManager, at, time.Hour), owes(casefile.OweContact, at, 24*time.Hour),
	}}})
}

func opening(o casefile.Opening, at time.Time) casefile.Event {
	e := o.Begin()
	e.At, e.Inbox = at, 1
	return e
}

func owes(k casefile.ObligationKind, at time.Time, in time.Duration) casefile.Obligation {
	return casefile.Obligation{Kind: k, DueAt: at.Add(in), CallAt: at.Add(in / 2)}
}

func TestOpenedTwiceIsOneCase(t *testing.T) {
	f := setup(t)
	office := f.office("office", "LIVE")
	f.office("shut", "CLOSED")
	o := casefile.Opening{Event: "key", By: clerk, Office: office, Problem: casefile.ChildYouth, Place: casefile.Place{Province: "65"}, At: began}
	f.warm()
	var group sync.WaitGroup
	ids := make([]casefile.CaseID, 8)
	for i := range ids {
		group.Go(func() {
			id, n, err := f.OpenFollowUp(t.Context(), o)
			if err != nil || n != 1 {
				t.Errorf("number %d, %v", n, err)
			}
			ids[i] = id
		})
	}
	group.Wait()
	if slices.Sort(ids); ids[0] != ids[7] {
		t.Errorf("cases %v", ids)
	}
	other := o
	other.Event = "another key"
	if id, _, err := f.OpenFollowUp(t.Context(), other); err != nil || id == ids[0] {
		t.Errorf("another opening: %s %v", id, err)
	}
	if got := f.mustSQL(`SELECT count(*) || ' ' || (SELECT count(*) FROM inbox) FROM cases`); got != "2 2" {
		t.Errorf("cases and arrivals: %s", got)
	}
	for _, wrong := range []func(*casefile.Opening){
		func(o *casefile.Opening) { o.Office = "shut" }, func(o *casefile.Opening) { o.Office = "nobody" },
		func(o *casefile.Opening) { o.Problem = "BOREDOM" }, func(o *casefile.Opening) { o.Event = "" },
	} {
		bad := o
		bad.Event = "a third key"
		wrong(&bad)
		if _, _, err := f.OpenFollowUp(t.Context(), bad); err == nil {
			t.Errorf("opened: %+v", bad)
		}
	}
	if got := f.mustSQL(`SELECT count(*) FROM cases`); got != "2" {
		t.Errorf("%s cases", got)
	}
}

// Whatever happens to a case, the table of what is owed says the same as the case.
func TestWhatIsOwedIsProjectedAsTheCaseHasIt(t *testing.T) {
	f := setup(t)
	office, other := f.office("office", "LIVE"), f.office("other", "LIVE")
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a test's choices, the same each time
	at := began
	for n := range 6 {
		c := f.follow(fmt.Sprint("case", n), office, at)
		for range 60 {
			at = at.Add(time.Minute)
			e := randomCare(random, c, at, other)
			e.Seq, e.At = c.Version+1, at
			e.ID = casefile.EventID(fmt.Sprintf("%s/%d", c.ID, e.Seq))
			after, err := casefile.Apply(c, e)
			if err != nil {
				continue // not lawful now
			}
			if err := f.append(t.Context(), after, []casefile.Event{e}); err != nil {
				t.Fatal(err)
			}
			c = after
			f.sameOwed(c)
		}
		if c.Version < 20 {
			t.Fatalf("only %d events were lawful", c.Version)
		}
	}
}

func randomCare(r *rand.Rand, c casefile.Case, at time.Time, other casefile.UnitID) casefile.Event {
	pick := func() int { return 1 + r.IntN(c.Care.Last) }
	one := func(k casefile.ObligationKind) []casefile.Obligation {
		o := owes(k, at, time.Duration(1+r.IntN(100))*time.Hour)
		if k == casefile.OweTask {
			o.Code, o.Member = "DOCUMENTS", []casefile.MemberID{"", manager, "volunteer"}[r.IntN(3)]
		}
		return []casefile.Obligation{o}
	}
	e := casefile.Event{By: clerk}
	switch r.IntN(12) {
	case 0:
		e.Kind, e.Member = casefile.ManagerSet, []casefile.MemberID{manager, "worker-2"}[r.IntN(2)]
	case 1, 2, 3:
		e.Kind, e.Care = casefile.Owed, &casefile.CareDetail{Owed: one([]casefile.ObligationKind{casefile.OweTask, casefile.OweVisit}[r.IntN(2)])}
	case 4, 5:
		e.Kind, e.Reason = casefile.Settled, "WHY"
		e.Care = &casefile.CareDetail{Obligation: pick(), State: []casefile.ObligationState{casefile.Done, casefile.Missed, casefile.Dropped, casefile.Unable}[r.IntN(4)]}
	case 6:
		e.Kind, e.Care = casefile.Assessed, &casefile.CareDetail{Risk: casefile.Risks[r.IntN(3)], Owed: one(casefile.OweReview)}
	case 7:
		e.Kind, e.Care = casefile.HelpAsked, &casefile.CareDetail{Obligation: pick(), Owed: one(casefile.OweHelp)}
		e.Care.Owed[0].About = e.Care.Obligation
	case 8:
		e.Kind, e.Reason, e.Care = casefile.DueMoved, "WHY", &casefile.CareDetail{Obligation: pick(), DueAt: at.Add(50 * time.Hour), CallAt: at.Add(time.Hour)}
	case 9:
		e.Kind, e.By, e.Step, e.Care = casefile.Chased, casefile.System, r.IntN(4), &casefile.CareDetail{Obligation: pick(), CallAt: at.Add(time.Hour)}
	case 10:
		e.Kind, e.Reason, e.Unit, e.Care = casefile.OfficeAsked, "MOVED", other, &casefile.CareDetail{Owed: one(casefile.OweTransfer)}
		e.Care.Owed[0].Unit = other
	default:
		e.Kind, e.Yes, e.Reason, e.Care = casefile.OfficeAnswered, r.IntN(2) == 0, "WHY", &casefile.CareDetail{Obligation: pick()}
	}
	return e
}

// sameOwed compares every obligation that the case has with its row.
func (f *fixture) sameOwed(c casefile.Case) {
	f.t.Helper()
	var want []string
	for _, o := range c.Care.Owed {
		want = append(want, fmt.Sprint(o.ID, o.Kind, o.Code, c.Care.Responsible(o), cmp.Or(o.Unit, c.Owner), o.State, o.DueAt.Unix(), o.Calls, o.Open()))
	}
	rows, err := f.Pool.Query(f.t.Context(), `SELECT id, kind, code, member_id, unit_id, state, due_at, calls, settled_at IS NULL FROM obligations WHERE case_id = $1 ORDER BY id`, string(c.ID))
	if err != nil {
		f.t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		var id, calls int
		var kind, code, member, unit, state string
		var due time.Time
		var open bool
		err := r.Scan(&id, &kind, &code, &member, &unit, &state, &due, &calls, &open)
		return fmt.Sprint(id, casefile.ObligationKind(kind), code, casefile.MemberID(member), casefile.UnitID(unit), casefile.ObligationState(state), due.Unix(), calls, open), err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	got = slices.DeleteFunc(got, func(row string) bool { // settled long ago: in the record alone
		return strings.HasSuffix(row, "false") && !slices.Contains(want, row) && len(c.Care.Owed) >= 40
	})
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		f.t.Fatalf("version %d: the rows are\n%s\nwant\n%s", c.Version, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestListsAndLoadOfFollowUps(t *testing.T) {
	f := setup(t)
	office, other, partner := f.office("office", "LIVE"), f.office("other", "LIVE"), f.office("hospital", "LIVE")
	f.mustSQL(`INSERT INTO members (id, unit_id, member_group, class, state, synthetic) VALUES ('boss', 'office', 'AGENCY', 'SUPERVISOR', 'ACTIVE', true)`)
	first, second, third := f.follow("1", office, began), f.follow("2", office, began.Add(time.Minute)), f.follow("3", other, began.Add(2*time.Minute))
	first = f.record(first, casefile.Event{Kind: casefile.ManagerSet, By: clerk, Member: manager})
	first = f.record(first, casefile.Event{Kind: casefile.ConsentSet, By: clerk, Care: &casefile.CareDetail{Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: true, Basis: "CONSENT"}}})
	for _, answer := range []string{"yes", "no", casefile.ReasonTimedOut, ""} {
		referral := owes(casefile.OweReferral, began, 100*time.Hour)
		referral.Unit, referral.Code = partner, "HEALTH_CONTACT"
		first = f.record(first, casefile.Event{Kind: casefile.Referred, By: clerk, Unit: partner, Care: &casefile.CareDetail{Owed: []casefile.Obligation{referral}}})
		if answer == "" {
			continue
		}
		e := casefile.Event{Kind: casefile.ReferralAnswered, By: clerk, Unit: partner, Reason: answer, Care: &casefile.CareDetail{Obligation: first.Care.Last}}
		if answer == "yes" {
			e.Yes, e.Reason = true, ""
			service := owes(casefile.OweService, began, 200*time.Hour)
			service.Unit = partner
			e.Care.Owed = []casefile.Obligation{service}
		}
		first = f.record(first, e)
		if answer == "yes" {
			first = f.record(first, casefile.Event{Kind: casefile.Settled, By: clerk, Care: &casefile.CareDetail{Obligation: first.Care.Last, State: casefile.Done}})
		}
	}
	f.Now = func() time.Time { return began.Add(2 * time.Hour) } // nobody manages the second and the third, and that is overdue
	everywhere := postgres.CareScope{}
	names := map[casefile.CaseID]string{first.ID: "1", second.ID: "2", third.ID: "3"}
	lists := map[string]postgres.FollowUpFilter{
		"321": {}, "21": {Owner: office}, "1": {Manager: manager}, "32": {Overdue: true}, "": {Risk: casefile.RiskHigh},
	}
	for want, filter := range lists {
		got := ""
		for filter.Limit = 1; ; { // a page of one: the cursor is looked at, too
			page, err := f.FollowUps(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got += names[page[0].Case]
			filter.AfterAt, filter.AfterID = page[0].BeganAt, page[0].Case
		}
		if got != want {
			t.Errorf("%+v lists %q, want %q", filter, got, want)
		}
	}
	page, err := f.FollowUps(t.Context(), postgres.FollowUpFilter{Owner: other, Limit: 5})
	if err != nil || len(page) != 1 || page[0].Owed != 2 || page[0].Overdue != 1 || !page[0].NextDueAt.Equal(began.Add(62*time.Minute)) || page[0].Problem != casefile.ChildYouth {
		t.Errorf("follow-up %+v %v", page, err)
	}
	for name, tt := range map[string]struct {
		filter postgres.OwedFilter
		want   int
	}{
		"all":                  {postgres.OwedFilter{}, 6},
		"of the manager":       {postgres.OwedFilter{Member: manager}, 1},
		"of the partner":       {postgres.OwedFilter{Unit: partner}, 1},
		"referrals":            {postgres.OwedFilter{Kind: casefile.OweReferral}, 1},
		"overdue":              {postgres.OwedFilter{Overdue: true}, 2},
		"of another province":  {postgres.OwedFilter{CareScope: postgres.CareScope{Provinces: []string{"50"}}}, 0},
		"of the member's unit": {postgres.OwedFilter{Member: manager, Unit: partner}, 0},
	} {
		got := 0
		for tt.filter.Limit = 2; ; {
			page, err := f.Owed(t.Context(), tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got += len(page)
			last := page[len(page)-1]
			tt.filter.AfterAt, tt.filter.AfterCase, tt.filter.AfterID = last.DueAt, last.Case, last.ID
		}
		if got != tt.want {
			t.Errorf("%s: %d are owed, want %d", name, got, tt.want)
		}
	}
	load, err := f.CareLoad(t.Context(), everywhere, began.Add(-time.Hour))
	if err != nil || len(load.Offices) != 2 || len(load.Managers) != 1 {
		t.Fatalf("load %+v %v", load, err)
	}
	want := postgres.OfficeLoad{
		Unit: office, Load: postgres.Load{Cases: 2, Owed: 4, Overdue: 1, Oldest: began.Add(61 * time.Minute)}, Unmanaged: 1, Managers: 1, Supervisors: 1,
		Accepted: 1, Declined: 1, TimedOut: 1, Waiting: 1, ReportedBack: 1,
	}
	if got := load.Offices[0]; !got.Oldest.Equal(want.Oldest) {
		t.Errorf("oldest %s", got.Oldest)
	}
	if load.Offices[0].Oldest = want.Oldest; load.Offices[0] != want {
		t.Errorf("the office has\n%+v, want\n%+v", load.Offices[0], want)
	}
	f.mustSQL(`INSERT INTO conflicts (case_id, unit_id, actor, at) VALUES ($1, 'other', 'operator:clerk', now())`, string(first.ID))
	blind := postgres.CareScope{Blind: other}
	if page, err := f.FollowUps(t.Context(), postgres.FollowUpFilter{CareScope: blind, Limit: 9}); err != nil || len(page) != 2 {
		t.Errorf("who must not hear of a case lists %d, %v", len(page), err)
	}
	if page, err := f.Owed(t.Context(), postgres.OwedFilter{CareScope: blind, Limit: 9}); err != nil || len(page) != 4 {
		t.Errorf("who must not hear of a case sees %d owed, %v", len(page), err)
	}
	if load, err := f.CareLoad(t.Context(), blind, began); err != nil || load.Offices[0].Cases != 1 || load.Offices[0].Accepted != 0 {
		t.Errorf("who must not hear of a case counts %+v, %v", load, err)
	}
}

// tracer keeps the statements that a pool sends.
type tracer struct {
	mu   sync.Mutex
	sent []pgx.TraceBatchQueryData
}

func (w *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (w *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (w *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (w *tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
func (w *tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, d)
}

// Lists walk over what they show, however much is owed elsewhere and however much
// has been settled.
func TestListsOfWhatIsOwedGoThroughTheirIndexes(t *testing.T) {
	f := setup(t)
	f.mustSQL(`INSERT INTO threads (reporter_id, channel, user_sealed, language, last_at) VALUES ('r', 'REST', '', 'th', now())`)
	f.mustSQL(`INSERT INTO cases (id, version, state, type, severity, channel, reporter_id, quiet, reported_at, next_deadline, doc)
		SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, 'FOLLOW_UP', '', 'HIGH', 'REST', 'r', false, $1, $1, '{}' FROM generate_series(1, 20000) n`, began)
	f.mustSQL(`INSERT INTO care (case_id, owner, manager, problem, province, began_at)
		SELECT id, 'u' || n % 200, 'm' || n % 1000, 'OTHER', (10 + n % 80)::text, $1::timestamptz - n * interval '1 minute'
		FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cases) x`, began)
	f.mustSQL(`INSERT INTO obligations (case_id, id, kind, state, member_id, unit_id, since, due_at, settled_at, province)
		SELECT c.case_id, i, 'TASK', CASE WHEN i < 5 THEN 'DONE' ELSE 'OPEN' END, c.manager, c.owner, c.began_at, c.began_at + i * interval '1 day',
			CASE WHEN i < 5 THEN c.began_at END, c.province
		FROM care c CROSS JOIN generate_series(1, 5) i`)
	f.mustSQL(`UPDATE obligations SET member_id = 'busy' WHERE state = 'OPEN' AND case_id IN (SELECT case_id FROM care ORDER BY case_id LIMIT 500)`)
	f.mustSQL(`VACUUM ANALYZE obligations`)
	f.mustSQL(`ANALYZE`)
	sent := &tracer{}
	config := f.Pool.Config()
	config.ConnConfig.Tracer = sent
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	f.Pool = pool
	ctx := t.Context()
	for index, list := range map[string]func() (int, error){
		"obligations_open_by_member": func() (int, error) {
			l, err := f.Owed(ctx, postgres.OwedFilter{Member: "busy", Limit: 500})
			return len(l), err
		},
		"obligations_open_by_unit": func() (int, error) {
			l, err := f.Owed(ctx, postgres.OwedFilter{Unit: "u7", Limit: 50})
			return len(l), err
		},
		"obligations_open_by_due": func() (int, error) { l, err := f.Owed(ctx, postgres.OwedFilter{Limit: 50}); return len(l), err },
		"care_open_by_owner": func() (int, error) {
			l, err := f.FollowUps(ctx, postgres.FollowUpFilter{Owner: "u7", Limit: 50})
			return len(l), err
		},
		"care_open_by_manager": func() (int, error) {
			l, err := f.FollowUps(ctx, postgres.FollowUpFilter{Manager: "m7", Limit: 20})
			return len(l), err
		},
		"care_open_by_began": func() (int, error) {
			l, err := f.FollowUps(ctx, postgres.FollowUpFilter{Limit: 50})
			return len(l), err
		},
	} {
		sent.sent = nil
		n, err := list()
		if err != nil || n < 20 {
			t.Fatalf("%s: %d rows, %v", index, n, err)
		}
		last := sent.sent[len(sent.sent)-1]
		rows, err := pool.Query(ctx, "EXPLAIN "+last.SQL, last.Args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on obligations") || strings.Contains(plan, "Seq Scan on care") {
			t.Errorf("the list does not go through %s:\n%s", index, plan)
		}
	}
}
