package pgserver_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/postgres/pgserver"
)

// TestMain lets the test binary stand in for a program that starts a server
// and is killed: see TestServerEndsWithItsParent.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("PGSERVER_TEST_PARENT"); ok {
		s, err := pgserver.Start(context.Background(), pgserver.Options{Dir: dir})
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(s.Dir() + "\n" + s.URL("postgres") + "\n")
		select {} // until killed
	}
	os.Exit(m.Run())
}

func start(t *testing.T, o pgserver.Options) *pgserver.Server {
	t.Helper()
	s, err := pgserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// folder is a folder for a server that may run as another user: t.TempDir is
// closed to everybody else.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "postgres")
}

func query[T any](t *testing.T, url, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestServerIsConfiguredAsPromised(t *testing.T) {
	s := start(t, pgserver.Options{Settings: map[string]string{"work_mem": "5MB"}})
	if err := s.CreateDatabase(t.Context(), "ess"); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateDatabase(t.Context(), "ess"); err != nil {
		t.Errorf("creating a database that exists: %v", err)
	}
	url := s.URL("ess")
	for setting, want := range map[string]string{
		"listen_addresses":        "127.0.0.1",
		"data_checksums":          "on",
		"lc_collate":              "C.UTF-8",
		"server_encoding":         "UTF8",
		"timezone":                "UTC",
		"fsync":                   "off",
		"synchronous_commit":      "on",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
		"work_mem":                "5MB",
	} {
		// lc_collate is a property of the database from version 16 on.
		sql := "SELECT current_setting($1)"
		if setting == "lc_collate" {
			sql = "SELECT datcollate FROM pg_database WHERE datname = current_database() AND $1 <> ''"
		}
		if got := query[string](t, url, sql, setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if super := query[bool](t, url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"); super {
		t.Error("the product's role is a superuser: row-level security would not hold for it")
	}
	if super := query[bool](t, s.AdminURL("ess"), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"); !super {
		t.Error("the role of AdminURL is no superuser")
	}
}

func TestNobodyEntersWithoutThePassword(t *testing.T) {
	s := start(t, pgserver.Options{})
	config, err := pgx.ParseConfig(s.AdminURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", "postgres"} {
		config.Password = password
		if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
			conn.Close(t.Context())
			t.Errorf("password %q was let in", password)
		}
	}
}

func TestStopTakesATemporaryFolderAway(t *testing.T) {
	s := start(t, pgserver.Options{})
	s.Stop()
	if _, err := os.Stat(s.Dir()); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", s.Dir(), err)
	}
	s.Stop() // harmless
}

func TestDataIsKeptFromStartToStart(t *testing.T) {
	dir := folder(t)
	s := start(t, pgserver.Options{Dir: dir})
	execute(t, s.AdminURL("postgres"), "CREATE TABLE kept AS SELECT 7 AS n")
	before := s.URL("postgres")
	s.Stop()

	s = start(t, pgserver.Options{Dir: dir, Durable: true})
	if got := query[int](t, s.AdminURL("postgres"), "SELECT n FROM kept"); got != 7 {
		t.Errorf("got %d back, want 7", got)
	}
	if password(t, before) != password(t, s.URL("postgres")) {
		t.Error("the password has changed")
	}
	if got := query[string](t, s.URL("postgres"), "SHOW fsync"); got != "on" {
		t.Errorf("fsync of a durable server is %s", got)
	}
}

func password(t *testing.T, url string) string {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return c.Password
}

func TestDataSurvivesAKilledServer(t *testing.T) {
	dir := folder(t)
	s := start(t, pgserver.Options{Dir: dir})
	execute(t, s.AdminURL("postgres"), "CREATE TABLE kept AS SELECT 7 AS n")

	pidFile := filepath.Join(s.Dir(), "data", "postmaster.pid")
	stale, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	kill(t, stale)
	<-s.Exited()
	s = start(t, pgserver.Options{Dir: dir})
	if got := query[int](t, s.AdminURL("postgres"), "SELECT n FROM kept"); got != 7 {
		t.Errorf("got %d back, want 7", got)
	}

	// The number in the stale file may belong to somebody else by now. Here it
	// is that of a process which the server's user may signal, the case that
	// PostgreSQL cannot tell from a running server.
	s.Stop()
	other := exec.Command("sleep", "60")
	other.Dir = "/"
	if os.Geteuid() == 0 {
		info, err := os.Stat(s.Dir())
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	_, rest, _ := strings.Cut(string(stale), "\n")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(other.Process.Pid)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	s = start(t, pgserver.Options{Dir: dir})
	if got := query[int](t, s.AdminURL("postgres"), "SELECT n FROM kept"); got != 7 {
		t.Errorf("after a stale number: got %d back, want 7", got)
	}
}

func TestServerEndsWithItsParent(t *testing.T) {
	for name, dir := range map[string]string{
		"a temporary server leaves nothing behind": "",
		"a kept server is taken over at once":      folder(t),
	} {
		t.Run(name, func(t *testing.T) {
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), "PGSERVER_TEST_PARENT="+dir)
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			parent.Stderr = os.Stderr
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			said := make([]byte, 1000)
			n, err := io.ReadAtLeast(out, said, 2)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(said[:n]), "\n")
			used, url := lines[0], lines[1]
			if got := query[int](t, url, "SELECT 1"); got != 1 {
				t.Fatal("the child's server does not answer")
			}
			_ = parent.Process.Kill()
			_ = parent.Wait()

			if dir != "" {
				s := start(t, pgserver.Options{Dir: dir}) // while the old one is still shutting down
				if got := query[int](t, s.URL("postgres"), "SELECT 1"); got != 1 {
					t.Error("the successor does not answer")
				}
				return
			}
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				if _, err := os.Stat(used); os.IsNotExist(err) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s is still there", used)
				}
			}
		})
	}
}

func TestSecondServerInOneFolderIsRefused(t *testing.T) {
	dir := folder(t)
	start(t, pgserver.Options{Dir: dir})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // it waits for the first one to go
	defer cancel()
	_, err := pgserver.Start(ctx, pgserver.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "running in this folder already") {
		t.Errorf("got %v", err)
	}
}

func kill(t *testing.T, pidFile []byte) {
	t.Helper()
	line, _, _ := strings.Cut(string(pidFile), "\n")
	if out, err := exec.Command("kill", "-9", line).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
