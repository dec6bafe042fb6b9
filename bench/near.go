package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// Shares of the roles among the members, in percent; half of the members are on
// duty.
var roleShares = []struct {
	role    casefile.Role
	percent int
}{{casefile.MSDHS, 60}, {casefile.Police, 30}, {casefile.ChildWorker, 9}, {casefile.Medical, 1}}

const (
	nearestK    = 10
	queries     = 500             // of each kind
	bruteForced = 20              // of these are compared with a sequential scan
	atOnce      = 8               // connections of the mixed queries
	mixedFor    = 3 * time.Second // each side, twice
	scatterM    = 20000           // members live so far around a district's point
)

// crowd is a country of members in a database of its own, and the same members
// in a table for PostGIS.
type crowd struct {
	store  *postgres.Store
	pool   *pgxpool.Pool // for the floor, as large as the store's
	points []casefile.Pin
	rand   *rand.Rand
}

// nearest is figure (c): the nearest ten of the members with a role who are on duty.
func nearest(ctx context.Context, stack *local.Stack, members int, r *report) error {
	const database = "bench_nearest"
	if err := stack.Postgres.CreateDatabase(ctx, database); err != nil {
		return err
	}
	if err := migrations.Up(ctx, stack.Postgres.URL(database)); err != nil {
		return err
	}
	admin, err := pgx.Connect(ctx, stack.Postgres.AdminURL(database))
	if err != nil {
		return err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	c := crowd{rand: rand.New(rand.NewPCG(7, 0xbe))} // #nosec -- places of invented people, not a secret
	ours, err := postgres.Open(ctx, stack.Postgres.URL(database), atOnce)
	if err != nil {
		return err
	}
	defer ours.Close()
	floor, err := postgres.Open(ctx, stack.Postgres.URL(database), atOnce)
	if err != nil {
		return err
	}
	defer floor.Close()
	c.store, c.pool = &postgres.Store{Pool: ours, Now: time.Now}, floor
	if err := c.settle(ctx, admin, members); err != nil {
		return fmt.Errorf("seed %d members: %w", members, err)
	}
	same, err := c.compare(ctx, admin)
	if err != nil {
		return fmt.Errorf("compare with a sequential scan: %w", err)
	}
	t := table{
		title: fmt.Sprintf("(c) The nearest ten of %s members", thousands(members)),
		head:  []string{"", "ours p50 / p99", "PostGIS p50 / p99", "p50 ÷", "PostGIS, and what ours reads", "p50 ÷"},
	}
	var shares []string
	for _, x := range roleShares {
		shares = append(shares, fmt.Sprintf("%s %d %%", x.role, x.percent))
	}
	t.note("Members: %s; half of all are on duty.", strings.Join(shares, ", "))
	t.note("Ours is `postgres.Store.Nearest`: the search, and then what a choice depends on (contact, assignment, conflict) of the ten, "+
		"in one transaction. PostGIS answers with the IDs and distances alone, in one statement, from a narrow table: this is what the targets are held against. "+
		"The last two columns let it read the same of the ten as ours, in a transaction. "+
		"%d queries of each kind, ours and PostGIS in turn; mixed: all roles alike, %d connections, queries a second.", queries, atOnce)
	t.note("Same ten as a sequential scan over all members: %s. Ours and PostGIS give the same ten in the same order in every query, unless said below.", same)
	defer func() { r.tables = append(r.tables, t) }()
	version, err := c.postGIS(ctx, admin)
	if err != nil {
		t.rows = append(t.rows, []string{"PostGIS", "", "SKIPPED: " + err.Error(), "", "", ""})
		r.skipped("(c) nearest ten beside PostGIS: PostGIS is not installed (Debian: apt-get install postgresql-15-postgis-3)")
		return c.alone(ctx, &t)
	}
	r.versions = append(r.versions, "PostGIS "+version)
	for _, against := range []struct {
		name  string
		most  float64
		index []string
	}{
		{"one index WHERE on_duty", 1.0, []string{"CREATE INDEX floor_on_duty ON floor_members USING gist (place) WHERE on_duty"}},
		{"one partial index per capability", 2.5, perCapability()},
	} {
		for _, statement := range append(append([]string{"DROP INDEX IF EXISTS floor_on_duty"}, against.index...), "ANALYZE floor_members") {
			if _, err := admin.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if err := c.beside(ctx, against.name, against.most, &t, r); err != nil {
			return err
		}
	}
	return nil
}

func perCapability() []string {
	var out []string
	for _, x := range roleShares {
		out = append(out, fmt.Sprintf("CREATE INDEX floor_%s ON floor_members USING gist (place) WHERE on_duty AND role = '%s'", strings.ToLower(string(x.role)), x.role))
	}
	return out
}

// settle fills the members table the fast way: without its secondary indexes,
// which are made again as the migrations have them.
func (c *crowd) settle(ctx context.Context, admin *pgx.Conn, members int) error {
	places := policy.DefaultPlaces()
	if err := c.store.UpsertUnits(ctx, []casefile.Unit{{
		ID: "crowd", Code: "crowd", Level: casefile.LevelStation, NameTh: "สถานีทดสอบ", NameEn: "test station", State: casefile.UnitLive, Synthetic: true,
	}}); err != nil {
		return err
	}
	rows, err := admin.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes
		WHERE tablename = 'members' AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
	if err != nil {
		return err
	}
	type index struct{ Name, Definition string }
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return err
	}
	if _, err := admin.Exec(ctx, "SET session_replication_role = replica"); err != nil { // one unit for all: nothing to look up
		return err
	}
	for _, i := range indexes {
		if _, err := admin.Exec(ctx, "DROP INDEX "+i.Name); err != nil {
			return err
		}
	}
	districts, at, n := places.Districts(), time.Now().UTC(), 0
	columns := []string{"id", "unit_id", "member_group", "class", "role", "state", "on_duty", "province", "lat", "lon", "cell", "fixed_at", "synthetic"}
	_, err = admin.CopyFrom(ctx, pgx.Identifier{"members"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if n == members {
			return nil, nil
		}
		n++
		d := districts[c.rand.IntN(len(districts))]
		pin := around(casefile.Pin{Lat: d.Lat, Lon: d.Lon}, c.rand)
		row := []any{fmt.Sprintf("crowd-%08d", n), "crowd", "VHV", "VOLUNTEER", string(c.role()), "ACTIVE", n%2 == 0, d.Code[:2], nil, nil, nil, nil, true}
		if n%2 == 0 {
			row[8], row[9], row[10], row[11] = pin.Lat, pin.Lon, dispatch.Cell(pin.Lat, pin.Lon, dispatch.MemberRes), at
		}
		return row, nil
	}))
	if err != nil {
		return err
	}
	for _, i := range indexes {
		if _, err := admin.Exec(ctx, i.Definition); err != nil {
			return err
		}
	}
	for range queries {
		d := districts[c.rand.IntN(len(districts))]
		c.points = append(c.points, around(casefile.Pin{Lat: d.Lat, Lon: d.Lon}, c.rand))
	}
	_, err = admin.Exec(ctx, "VACUUM ANALYZE members")
	return err
}

// role draws a role by its share.
func (c *crowd) role() casefile.Role {
	x := c.rand.IntN(100)
	for _, s := range roleShares {
		if x -= s.percent; x < 0 {
			return s.role
		}
	}
	return roleShares[0].role
}

// ours asks the store.
func (c *crowd) ours(ctx context.Context, at casefile.Pin, role casefile.Role) ([]string, error) {
	found, err := c.store.Nearest(ctx, activities.NearQuery{Pin: at, Role: role, K: nearestK})
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = string(f.ID)
	}
	return ids, err
}

// floor asks PostGIS. The role stands in the text, so that a partial index of
// the role can be chosen.
func (c *crowd) floor(ctx context.Context, at casefile.Pin, role casefile.Role) ([]string, error) {
	return knn(ctx, c.pool, at, role)
}

type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func knn(ctx context.Context, db asker, at casefile.Pin, role casefile.Role) ([]string, error) {
	rows, err := db.Query(ctx, `SELECT id, place <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography
		FROM floor_members WHERE on_duty AND role = '`+string(role)+`'
		ORDER BY place <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography LIMIT `+fmt.Sprint(nearestK), at.Lon, at.Lat)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (id string, err error) {
		var metres float64
		err = row.Scan(&id, &metres)
		return id, err
	})
}

// floorWhole asks PostGIS, and then reads of the ten what ours reads of them, in
// one transaction as ours.
func (c *crowd) floorWhole(ctx context.Context, at casefile.Pin, role casefile.Role) (ids []string, err error) {
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if ids, err = knn(ctx, tx, at, role); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT m.*, a.case_id, t.blocked_at,
				EXISTS (SELECT FROM conflicts c WHERE c.case_id = $2::uuid AND (c.member_id = m.id OR c.unit_id = m.unit_id))
			FROM members m LEFT JOIN assignments a ON a.member_id = m.id LEFT JOIN threads t ON t.reporter_id = m.line_hash
			WHERE m.id = ANY ($1::text[])`, ids, nil)
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, pgx.RowToMap)
		return err
	})
	return ids, err
}

// brute looks at every member.
func brute(ctx context.Context, admin *pgx.Conn, at casefile.Pin, role casefile.Role) ([]string, error) {
	rows, err := admin.Query(ctx, `SELECT id FROM members WHERE on_duty AND state = 'ACTIVE' AND level = '' AND role = $3
		ORDER BY sind((lat - $1::float8) / 2) ^ 2 + cosd($1) * cosd(lat) * sind((lon - $2::float8) / 2) ^ 2 LIMIT $4`, at.Lat, at.Lon, role, nearestK)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// compare holds a sample of our answers against a sequential scan.
func (c *crowd) compare(ctx context.Context, admin *pgx.Conn) (string, error) {
	for _, setting := range []string{"enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"} {
		if _, err := admin.Exec(ctx, "SET "+setting+" = off"); err != nil {
			return "", err
		}
	}
	same := 0
	for i := range bruteForced {
		role := roleShares[i%len(roleShares)].role
		mine, err := c.ours(ctx, c.points[i], role)
		if err != nil {
			return "", err
		}
		want, err := brute(ctx, admin, c.points[i], role)
		if err != nil {
			return "", err
		}
		if slices.Equal(mine, want) {
			same++
		}
	}
	for _, setting := range []string{"enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"} {
		if _, err := admin.Exec(ctx, "RESET "+setting); err != nil {
			return "", err
		}
	}
	if same != bruteForced {
		return "", fmt.Errorf("only %d of %d answers are those of a sequential scan", same, bruteForced)
	}
	return fmt.Sprintf("%d of %d", same, bruteForced), nil
}

// postGIS gives PostGIS the same members.
func (c *crowd) postGIS(ctx context.Context, admin *pgx.Conn) (version string, err error) {
	for _, statement := range []string{
		"CREATE EXTENSION postgis",
		"CREATE TABLE floor_members (id text, role text NOT NULL, on_duty boolean NOT NULL, place geography(Point, 4326))",
		`INSERT INTO floor_members SELECT id, role, on_duty, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography FROM members`,
		"GRANT SELECT ON floor_members TO PUBLIC",
		"VACUUM ANALYZE floor_members",
	} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	err = admin.QueryRow(ctx, "SELECT postgis_lib_version()").Scan(&version)
	return version, err
}

type search func(ctx context.Context, at casefile.Pin, role casefile.Role) ([]string, error)

// beside measures ours and PostGIS in turn.
func (c *crowd) beside(ctx context.Context, index string, most float64, t *table, r *report) error {
	for _, kind := range []struct {
		name string
		role casefile.Role
	}{{"common", casefile.MSDHS}, {"rare", casefile.Medical}} {
		var mine, theirs, whole durations
		agree := 0
		for i, at := range append(slices.Clone(c.points[:50]), c.points...) { // the first fifty warm the caches
			a, tookA, err := timed(ctx, c.ours, at, kind.role)
			if err != nil {
				return err
			}
			b, tookB, err := timed(ctx, c.floor, at, kind.role)
			if err != nil {
				return err
			}
			_, tookC, err := timed(ctx, c.floorWhole, at, kind.role)
			if err != nil {
				return err
			}
			if i < 50 {
				continue
			}
			mine, theirs, whole = append(mine, tookA), append(theirs, tookB), append(whole, tookC)
			if slices.Equal(a, b) {
				agree++
			}
		}
		ratio := mine.p(50).Seconds() / theirs.p(50).Seconds()
		t.rows = append(t.rows, []string{
			fmt.Sprintf("%s (%s), %s", kind.name, kind.role, index), mine.String(), theirs.String(), fmt.Sprintf("%.2f", ratio),
			whole.String(), fmt.Sprintf("%.2f", mine.p(50).Seconds()/whole.p(50).Seconds()),
		})
		if agree != len(c.points) {
			t.note("%s, %s: the two give the same ten in the same order in %d of %d queries only.", kind.name, index, agree, len(c.points))
		}
		r.target(fmt.Sprintf("(c) %s p50, PostGIS with %s", kind.name, index), ratio, most)
	}
	mine, theirs, err := c.mixed(ctx)
	if err != nil {
		return err
	}
	t.rows = append(t.rows, []string{
		"mixed, " + index, fmt.Sprintf("%.0f/s", mine), fmt.Sprintf("%.0f/s", theirs), fmt.Sprintf("%.2f", theirs/mine), "", "",
	})
	r.target("(c) mixed, time of a query, PostGIS with "+index, theirs/mine, most)
	return nil
}

func timed(ctx context.Context, s search, at casefile.Pin, role casefile.Role) ([]string, time.Duration, error) {
	begin := time.Now()
	ids, err := s(ctx, at, role)
	return ids, time.Since(begin), err
}

// mixed counts queries a second, ours and PostGIS in turn.
func (c *crowd) mixed(ctx context.Context) (ours, floor float64, err error) {
	for range 2 {
		a, err := c.busy(ctx, c.ours)
		if err != nil {
			return 0, 0, err
		}
		b, err := c.busy(ctx, c.floor)
		if err != nil {
			return 0, 0, err
		}
		ours, floor = ours+a/2, floor+b/2
	}
	return ours, floor, nil
}

func (c *crowd) busy(ctx context.Context, s search) (perSecond float64, err error) {
	var done atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, atOnce)
	begin := time.Now()
	for worker := range atOnce {
		group.Go(func() {
			for i := worker; time.Since(begin) < mixedFor; i += atOnce {
				if _, err := s(ctx, c.points[i%len(c.points)], roleShares[i/7%len(roleShares)].role); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(done.Load()) / time.Since(begin).Seconds(), nil
	}
}

// alone measures ours without a floor.
func (c *crowd) alone(ctx context.Context, t *table) error {
	for _, x := range roleShares {
		var mine durations
		for _, at := range c.points {
			_, took, err := timed(ctx, c.ours, at, x.role)
			if err != nil {
				return err
			}
			mine = append(mine, took)
		}
		t.rows = append(t.rows, []string{string(x.role), mine.String(), "SKIPPED", "", "SKIPPED", ""})
	}
	return nil
}
