package migrations_test

import (
	"bufio"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var update = flag.Bool("update", false, "add the checksums of new migrations; those of released ones stay")

const checksums = "checksums.txt"

func files(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return names
}

func TestMigrationsAreNumberedWithoutGapsAndSayWhy(t *testing.T) {
	name := regexp.MustCompile(`^\d{5}_[a-z0-9_]+\.sql$`)
	for i, file := range files(t) {
		if !name.MatchString(file) || !strings.HasPrefix(file, fmt.Sprintf("%05d_", i+1)) {
			t.Errorf("%s: want %05d_what_it_is_about.sql", file, i+1)
		}
		raw, err := fs.ReadFile(migrations.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		if !strings.HasPrefix(text, "-- ") {
			t.Errorf("%s: begin with a comment that says why", file)
		}
		if !strings.Contains(text, "\n-- +goose Up\n") || strings.Contains(text, "+goose Down") {
			t.Errorf("%s: forward only: one Up and no Down", file)
		}
	}
}

func TestReleasedMigrationsAreNeverEdited(t *testing.T) {
	listed := map[string]string{}
	f, err := os.Open(checksums)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if err == nil {
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if sum, name, ok := strings.Cut(lines.Text(), "  "); ok {
				listed[name] = sum
			}
		}
		_ = f.Close()
	}
	var out strings.Builder
	for _, file := range files(t) {
		raw, err := fs.ReadFile(migrations.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(raw))
		switch was, ok := listed[file]; {
		case !ok && !*update:
			t.Errorf("%s is new: go test ./migrations -update", file)
		case !ok:
			listed[file] = sum
		case was != sum:
			t.Errorf("%s was edited: a released migration never is; write a further file", file)
		}
		fmt.Fprintf(&out, "%s  %s\n", listed[file], file)
		delete(listed, file)
	}
	for name := range listed {
		t.Errorf("%s is gone: a released migration stays", name)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(checksums, []byte(out.String()), 0o644); err != nil { // #nosec G306 -- a file of the source tree
			t.Fatal(err)
		}
	}
}

func TestProcessesMayMigrateAtOnceAndAgain(t *testing.T) {
	url := pgtest.New(t, nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := migrations.Up(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if pending, err := migrations.Pending(t.Context(), url); err != nil || pending {
		t.Errorf("pending %v, %v", pending, err)
	}
}

func TestEveryConstraintHasANameThatSomebodyChose(t *testing.T) {
	url := pgtest.New(t, migrations.Up)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `SELECT conrelid::regclass::text, conname FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u') AND conrelid::regclass::text <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	generated := regexp.MustCompile(`_(check|fkey|key)\d*$`)
	n := 0
	var table, name string
	if _, err := pgx.ForEachRow(rows, []any{&table, &name}, func() error {
		n++
		if generated.MatchString(name) || !strings.HasPrefix(name, table+"_") {
			t.Errorf("%s: constraint %s has no name of its own", table, name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("no constraints found: the test would pass by doing nothing")
	}
}
