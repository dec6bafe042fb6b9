package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/postgres/pgserver"
)

// ServerOptions say what PostgreSQL and Temporal of a run are like.
type ServerOptions struct {
	Dir         string            // of everything; the caller removes it
	Binary      string            // ess
	PostgresDir string            // empty: in Dir
	Settings    map[string]string // of PostgreSQL, beside ours
}

// Servers are the PostgreSQL and the Temporal of a run, which scenarios kill.
type Servers struct {
	Stack *local.Stack
	Dir   string

	options  pgserver.Options
	database sync.Mutex // held by who kills or starts PostgreSQL
	temporal sync.Mutex // and Temporal, which cannot start while PostgreSQL is away
	look     sync.Mutex // guards Stack.Postgres
}

// buildBinary builds ess with the marked points at which a process may kill itself.
func buildBinary(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "ess")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "faults", "-o", binary, "./cmd/ess") // #nosec G204 -- our own program
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ess: %w\n%s", err, out)
	}
	return binary, nil
}

func startServers(ctx context.Context, o ServerOptions) (*Servers, error) {
	if o.PostgresDir == "" {
		o.PostgresDir = filepath.Join(o.Dir, "postgres")
	}
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	// The death of a process loses nothing that was written, synced or not. A
	// power cut would; no test on one machine can prove anything about that.
	settings := map[string]string{"fsync": "off", "full_page_writes": "off"}
	for k, v := range o.Settings {
		settings[k] = v
	}
	var said io.Writer = io.Discard // Temporal complains of every outage
	if os.Getenv("CHAOS_LOGS") != "" {
		said = os.Stderr
	}
	s := &Servers{Dir: o.Dir, options: pgserver.Options{Dir: o.PostgresDir, Port: port, Durable: true, Settings: settings}}
	if s.Stack, err = local.StartStack(ctx, local.StackOptions{
		Dir: filepath.Dir(o.PostgresDir), Localstack: localstack(), Binary: o.Binary, PostgresPort: port, Stderr: said, Settings: settings,
	}); err != nil {
		return nil, err
	}
	return s, nil
}

func localstack() string {
	if binary := os.Getenv("ESS_LOCALSTACK"); binary != "" {
		return binary
	}
	binary, _ := filepath.Abs("../.local/bin/localstack") // fails without a working directory only
	return binary
}

// Stop ends both.
func (s *Servers) Stop() { s.Stack.Stop() }

// Postgres is the server that runs, or ran last.
func (s *Servers) Postgres() *pgserver.Server {
	s.look.Lock()
	defer s.look.Unlock()
	return s.Stack.Postgres
}

// KillPostgres is kill -9 of the postmaster and of every process that it started.
func (s *Servers) KillPostgres() error {
	s.database.Lock()
	defer s.database.Unlock()
	p := s.Postgres()
	select {
	case <-p.Exited():
		return nil
	default:
	}
	all, err := children(p.PID())
	if err != nil {
		return err
	}
	for _, pid := range append([]int{p.PID()}, all...) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // fails when it has just ended
	}
	<-p.Exited()
	return nil
}

// children lists the processes that a process has started.
func children(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, errors.New("chaos needs Linux: there is no /proc")
	}
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat")) // #nosec G304 -- of the kernel
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ") // pid (name) state ppid …
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(parent) {
			found = append(found, pid)
		}
	}
	return found, nil
}

// StartPostgres starts it again in the same folder, after a kill.
func (s *Servers) StartPostgres(ctx context.Context) error {
	s.database.Lock()
	defer s.database.Unlock()
	old := s.Postgres()
	select {
	case <-old.Exited():
	default:
		return nil // it runs
	}
	old.Stop() // dismisses the one that watches over it
	p, err := pgserver.Start(ctx, s.options)
	if err != nil {
		return fmt.Errorf("start PostgreSQL again: %w", err)
	}
	s.look.Lock()
	defer s.look.Unlock()
	s.Stack.Postgres = p
	return nil
}

// KillTemporal is kill -9 of Temporal.
func (s *Servers) KillTemporal() {
	s.temporal.Lock()
	defer s.temporal.Unlock()
	s.Stack.KillTemporal()
}

// StartTemporal starts it again, unless it runs.
func (s *Servers) StartTemporal(ctx context.Context) error {
	s.temporal.Lock()
	defer s.temporal.Unlock()
	if s.Stack.TemporalRuns() {
		return nil
	}
	return s.Stack.StartTemporal(ctx)
}

// Heal starts what does not run. PostgreSQL is first: Temporal lives on it.
func (s *Servers) Heal(ctx context.Context) error {
	if err := s.StartPostgres(ctx); err != nil {
		return err
	}
	for {
		err := s.StartTemporal(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}
