// Package pgtest gives each test a PostgreSQL database of its own.
//
// One server per test binary, one migration per test binary: a new database is
// a copy of the migrated one and costs some tens of milliseconds. It is not a
// place for fixtures or for queries.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ess-thailand/ess/postgres/pgserver"
)

const (
	template  = "template_migrated"
	startWait = 2 * time.Minute // a loaded machine; two seconds otherwise
)

// Main runs the tests and takes the server away. Use it as TestMain:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// Without it the server ends a moment after the test binary instead.
func Main(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.Exit(code)
}

// shared is the one server of this test binary; it starts with the first test
// that wants a database.
var shared struct {
	once   sync.Once
	err    error
	server *pgserver.Server
	last   atomic.Int64 // number of the last database
}

// New returns the URL of a fresh, migrated database, and drops it when the test
// ends. migrate runs once, for the first test that asks, so all tests of a
// package give the same one; nil means an empty database.
func New(t testing.TB, migrate func(ctx context.Context, url string) error) string {
	t.Helper()
	s := Server(t)
	from := "template1"
	if migrate != nil {
		migrated.once.Do(func() { migrated.err = prepare(s, migrate) })
		if migrated.err != nil {
			t.Fatal(migrated.err)
		}
		from = template
	}
	name := fmt.Sprintf("test_%d", shared.last.Add(1))
	if err := s.CloneDatabase(t.Context(), name, from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // t.Context has ended
		defer cancel()
		if err := s.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return s.URL(name)
}

var migrated struct {
	once sync.Once
	err  error
}

func prepare(s *pgserver.Server, migrate func(context.Context, string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	if err := s.CreateDatabase(ctx, template); err != nil {
		return err
	}
	if err := migrate(ctx, s.URL(template)); err != nil {
		return fmt.Errorf("migrate the template database: %w", err)
	}
	return nil
}

// Server is the server of this test binary, for what a database URL is not
// enough for.
func Server(t testing.TB) *pgserver.Server {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startWait)
		defer cancel()
		shared.server, shared.err = pgserver.Start(ctx, pgserver.Options{})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}
