package pgtest_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var migrations atomic.Int64

func migrate(ctx context.Context, url string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE cases (id int PRIMARY KEY)")
	return err
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Run("many at once", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				conn, err := pgx.Connect(t.Context(), pgtest.New(t, migrate))
				if err != nil {
					t.Fatal(err)
				}
				// Left open on purpose: a test that forgets must not block the drop.
				if _, err := conn.Exec(t.Context(), "INSERT INTO cases VALUES (1)"); err != nil {
					t.Error(err) // a duplicate if two tests shared one
				}
			})
		}
	})
	if n := migrations.Load(); n != 1 {
		t.Errorf("migrated %d times, want once", n)
	}

	conn, err := pgx.Connect(t.Context(), pgtest.Server(t).AdminURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var left int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'test\\_%'").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d databases were left behind", left)
	}
}

func TestWithoutMigrationTheDatabaseIsEmpty(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.New(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var tables int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Errorf("%d tables in an empty database", tables)
	}
}
