package postgres_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// began is the case time at which every test begins.
var began = time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)

// fixture is a store on a database of its own, and the database behind it.
type fixture struct {
	*postgres.Store
	t   *testing.T
	url string
	n   int // events made so far
}

func setup(t *testing.T) *fixture {
	t.Helper()
	url := pgtest.New(t, migrations.Up)
	pool, err := postgres.Open(t.Context(), url, connections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &fixture{t: t, url: url, Store: &postgres.Store{
		Pool: pool, Sealer: testSealer{}, Now: func() time.Time { return began }, PinWait: time.Minute,
		Severity: map[casefile.IncidentType]casefile.Severity{casefile.Gathering: casefile.High},
	}}
}

// connections of the store's pool.
const connections = 16

// warm opens every connection of the pool, so that what is started at once runs at once.
func (f *fixture) warm() {
	f.t.Helper()
	for range connections {
		conn, err := f.Pool.Acquire(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		defer conn.Release()
	}
}

// sql runs a statement beside the store and returns the first column of its first row.
func (f *fixture) sql(statement string, args ...any) (string, error) {
	conn, err := pgx.Connect(context.Background(), f.url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), statement, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	out := ""
	if rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return "", err
		}
		if len(values) > 0 {
			out = fmt.Sprint(values[0])
		}
	}
	rows.Close()
	return out, rows.Err()
}

func (f *fixture) mustSQL(statement string, args ...any) string {
	f.t.Helper()
	out, err := f.sql(statement, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// testSealer seals with a fixed key, for real: package vault is another leaf.
type testSealer struct{}

var testKey = sha256.Sum256([]byte("a key for tests"))

func (testSealer) gcm() cipher.AEAD {
	block, err := aes.NewCipher(testKey[:])
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

func (s testSealer) Seal(plain []byte, ad string) ([]byte, error) {
	nonce := make([]byte, 12)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return s.gcm().Seal(nonce, nonce, plain, []byte(ad)), nil
}

func (s testSealer) Open(sealed []byte, ad string) ([]byte, error) {
	if len(sealed) < 12 {
		return nil, errors.New("too short")
	}
	return s.gcm().Open(nil, sealed[:12], sealed[12:], []byte(ad))
}

func (testSealer) Blind(purpose, value string) string {
	mac := hmac.New(sha256.New, testKey[:])
	fmt.Fprintf(mac, "%d %s%s", len(purpose), purpose, value)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// line is something that a LINE user did.
func (f *fixture) line(user string, in casefile.Incoming) postgres.Arrival {
	f.n++
	if in.At.IsZero() {
		in.At = began
	}
	return postgres.Arrival{
		EventID: casefile.EventID(fmt.Sprintf("event-%04d", f.n)), Channel: casefile.ChannelLINE, UserID: user,
		Raw: []byte(`{"raw":true}`), In: in, At: in.At,
	}
}

func (f *fixture) intake(arrivals ...postgres.Arrival) []postgres.Routed {
	f.t.Helper()
	out, err := f.Intake(f.t.Context(), arrivals)
	if err != nil {
		f.t.Fatal(err)
	}
	if len(out) != len(arrivals) {
		f.t.Fatalf("%d arrivals, %d routed", len(arrivals), len(out))
	}
	return out
}

func tap(typ casefile.IncidentType) casefile.Incoming {
	return casefile.Incoming{Word: casefile.Tapped, Type: typ}
}

// report opens a case and records its first event.
func (f *fixture) report(user string, typ casefile.IncidentType, at time.Time) casefile.Case {
	f.t.Helper()
	in := tap(typ)
	in.At = at
	r := f.intake(f.line(user, in))[0]
	if r.Door != casefile.Opens {
		f.t.Fatalf("the tap of %s %s", user, r.Door)
	}
	c, err := f.Case(f.t.Context(), r.Case)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.record(c, casefile.Event{
		Kind: casefile.Reported, At: at, Type: typ, Severity: casefile.Critical, Channel: casefile.ChannelLINE,
		By: casefile.Actor{Kind: casefile.ByReporter, ID: string(r.Reporter)}, Inbox: 1,
	})
}

// apply lets events happen to a case without recording them.
func (f *fixture) apply(c casefile.Case, events ...casefile.Event) (casefile.Case, []casefile.Event) {
	f.t.Helper()
	for i := range events {
		e := &events[i]
		e.Seq = c.Version + 1
		if e.ID == "" {
			e.ID = casefile.EventID(fmt.Sprintf("%s/%d/%s", c.ID, e.Seq, e.Kind))
		}
		if e.At.IsZero() {
			e.At = began
		}
		if e.By == (casefile.Actor{}) {
			e.By = casefile.System
		}
		next, err := casefile.Apply(c, *e)
		if err != nil {
			f.t.Fatal(err)
		}
		c = next
	}
	if c.Open() {
		c.SetClock(casefile.Deadline{Clock: casefile.ClockState, At: began.Add(time.Hour)})
	}
	return c, events
}

// append records events without placing the case.
func (f *fixture) append(ctx context.Context, after casefile.Case, events []casefile.Event) error {
	_, err := f.Append(ctx, after, events, nil)
	return err
}

// record lets events happen to a case and records them.
func (f *fixture) record(c casefile.Case, events ...casefile.Event) casefile.Case {
	f.t.Helper()
	after, events := f.apply(c, events...)
	if err := f.append(f.t.Context(), after, events); err != nil {
		f.t.Fatal(err)
	}
	return after
}

func (f *fixture) unit(id string, level casefile.Level, lat, lon float64) casefile.Unit {
	f.t.Helper()
	u := casefile.Unit{
		ID: casefile.UnitID(id), Code: id, Level: level, NameTh: "หน่วยสมมติ", NameEn: "test unit", Province: "65", Region: "P6",
		Lat: lat, Lon: lon, State: casefile.UnitLive, Synthetic: true,
	}
	if err := f.UpsertUnits(f.t.Context(), []casefile.Unit{u}); err != nil {
		f.t.Fatal(err)
	}
	return u
}

func officer(id, unit string, lat, lon float64) postgres.Member {
	return postgres.Member{
		Member: casefile.Member{
			ID: casefile.MemberID(id), Unit: casefile.UnitID(unit), Group: casefile.Agency, Class: casefile.Professional,
			Role: casefile.Police, State: casefile.MemberActive, OnDuty: true, Lat: lat, Lon: lon, FixedAt: began, Province: "65",
		},
		Name: "ตำรวจสมมติ " + id, LINE: "U" + id, Language: casefile.Thai,
	}
}

func (f *fixture) members(list ...postgres.Member) {
	f.t.Helper()
	if err := f.UpsertMembers(f.t.Context(), list); err != nil {
		f.t.Fatal(err)
	}
}

func TestADatabaseThatForgetsIsRefused(t *testing.T) {
	f := setup(t)
	sep := "?"
	if strings.Contains(f.url, "?") {
		sep = "&"
	}
	pool, err := postgres.Open(t.Context(), f.url+sep+"options=-c%20synchronous_commit%3Doff", 2)
	if !errors.Is(err, postgres.ErrNotDurable) {
		t.Errorf("opened: %v", err)
	}
	if pool != nil {
		pool.Close()
	}
}

func TestEveryStatementSaysWhoLooks(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	uses := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, text := range strings.Split(string(source), "\n") {
			if !strings.Contains(text, "s.Pool") {
				continue
			}
			uses++
			helper := strings.Contains(text, "pgx.BeginTxFunc(ctx, s.Pool, begin, func(tx pgx.Tx)") || strings.Contains(text, "db.New(breath{pool: s.Pool, ")
			if !helper && !strings.Contains(text, "s.Pool.Config()") {
				t.Errorf("%s:%d uses the pool outside inTx and once: %s", file, n+1, strings.TrimSpace(text))
			}
		}
	}
	if uses == 0 {
		t.Error("no use of the pool found: the test would pass by doing nothing")
	}
}

func TestTheViewerEndsWithTheTransaction(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	ctx := postgres.As(t.Context(), postgres.Viewer{Actor: casefile.Actor{Kind: casefile.ByOperator, ID: "op1"}, Purpose: postgres.Supervision})
	after, events := f.apply(c, casefile.Event{Kind: casefile.Noted, By: casefile.Actor{Kind: casefile.ByOperator, ID: "op1"}})
	if err := f.append(ctx, after, events); err != nil {
		t.Fatal(err)
	}
	if got := f.mustSQL(`SELECT purpose || ' ' || actor FROM audit ORDER BY id DESC LIMIT 1`); got != "supervision OPERATOR:op1" {
		t.Errorf("audited as %q", got)
	}
	odd := postgres.As(t.Context(), postgres.Viewer{Actor: casefile.Actor{Kind: casefile.ByOperator, ID: `o'p\'; --`}, Purpose: postgres.Legal})
	for _, once := range []bool{false, true} {
		if got, err := f.WhoLooks(odd, once); err != nil || got != `OPERATOR:o'p\'; -- legal` {
			t.Errorf("looks as %q, %v", got, err)
		}
	}
	for range connections { // held until the end, so that each is looked at
		conn, err := f.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		var left string
		if err := conn.QueryRow(t.Context(), `SELECT coalesce(current_setting('app.user', true), '')`).Scan(&left); err != nil || left != "" {
			t.Errorf("the next one looks as %q, %v", left, err)
		}
	}
}

func TestErrorsQuoteNothing(t *testing.T) {
	f := setup(t)
	err := f.UpsertMembers(t.Context(), []postgres.Member{officer("m1", "no-such-unit-กขค", 16.8, 100.2)})
	var invalid *casefile.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v", err)
	}
	bad := officer("m1", "u", 16.8, 100.2)
	bad.Class = "SECRETVALUE"
	f.unit("u", casefile.LevelStation, 16.8, 100.2)
	if err := f.UpsertMembers(t.Context(), []postgres.Member{bad}); err == nil || strings.Contains(err.Error(), "SECRETVALUE") ||
		!strings.Contains(err.Error(), "members_class_known") {
		t.Errorf("error %v", err)
	}
}
