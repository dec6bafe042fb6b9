package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

var diskScenarios = []Scenario{{
	Name: "disk-full",
	Says: "when the disk of PostgreSQL is full reports wait in the spool, on another disk, and none is lost",
	Own:  diskFull,
}}

// diskSize holds five databases and the log of what is written. PostgreSQL is
// told to keep the log small.
const diskSize = 512 << 20

// diskFull runs an installation whose PostgreSQL lives on a small tmpfs, fills
// it, lets people report, and frees it again.
func diskFull(ctx context.Context, r *Runner, _ Scenario, seed uint64) (result Result) {
	fail := func(what string, err error) Result {
		result.Violations = append(result.Violations, Violation{"start", what + ": " + err.Error()})
		return result
	}
	disk, err := os.MkdirTemp("", "ess-chaos-disk-")
	if err != nil {
		return fail("folder", err)
	}
	defer func() { _ = os.Remove(disk) }()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", diskSize)); err != nil {
		result.Skipped = "a tmpfs cannot be mounted here, so no disk can be filled: " + err.Error()
		return result
	}
	defer func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }()
	dir := filepath.Join(r.Dir, "disk")
	if err := os.MkdirAll(dir, 0o711); err != nil { // #nosec G301 -- PostgreSQL must pass through
		return fail("folder", err)
	}
	servers, err := startServers(ctx, ServerOptions{
		Dir: dir, Binary: r.Binary, PostgresDir: filepath.Join(disk, "postgres"),
		Settings: map[string]string{"max_wal_size": "64MB", "min_wal_size": "32MB"},
	})
	if err != nil {
		return fail("servers", err)
	}
	defer servers.Stop()
	w, err := newWorld(ctx, servers, "disk", seed, Setup{})
	if err != nil {
		return fail("world", err)
	}
	defer w.Close()
	w.Short = r.Short
	result = live(ctx, w, func(ctx context.Context, w *World) error { return w.fillDisk(ctx, disk) })
	result.Violations = append(result.Violations, w.lost(ctx)...)
	return result
}

// lost are the events that LINE sent and that are not there, whatever LINE was
// answered: the spool promises more than the 200 does.
func (w *World) lost(ctx context.Context) []Violation {
	var out []Violation
	for id := range w.Ledger.Events() {
		var kept bool
		if err := w.Ask(ctx, &kept, "SELECT EXISTS (SELECT FROM inbox WHERE event_id = $1)", id); err != nil {
			return []Violation{{"spool", err.Error()}}
		}
		if !kept {
			out = append(out, Violation{"spool", "event " + id + " is lost"})
		}
	}
	return out
}

// How long the disk stays full, and how long at most until a write has failed.
const (
	fullFor     = 15 * time.Second
	fullAtLeast = time.Minute
)

func (w *World) fillDisk(ctx context.Context, disk string) error {
	if err := w.Load(ctx, 10, 3*time.Second); err != nil {
		return err
	}
	ballast := filepath.Join(disk, "ballast")
	free := func(context.Context) error { return os.Remove(ballast) }
	fault := fault{part: "database", what: "no space left on its disk", span: fullFor, on: func(ctx context.Context) error { return w.full(ctx, ballast) }, off: free}
	w.inject(fault.String())
	before := len(w.Platform.Webhooks())
	var spooled int
	var group errgroup.Group
	over := make(chan struct{})
	group.Go(func() error { defer close(over); return w.During(ctx, fault) })
	group.Go(func() error { return w.Load(ctx, 20, fullFor/2) })
	group.Go(func() error {
		for {
			spooled = max(spooled, w.spooled())
			select {
			case <-over:
				return nil
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	if err := group.Wait(); err != nil {
		return err
	}
	refused := 0
	for _, hook := range w.Platform.Webhooks()[before:] {
		if hook.Status == 503 {
			refused++
		}
	}
	w.Figure("webhooks answered 503 while the disk was full", float64(refused), "")
	w.Figure("most webhooks in the spool at once", float64(spooled), "")
	if spooled == 0 {
		return errors.New("nothing came into the spool: nothing was proved")
	}
	return nil
}

// full fills the disk and returns once PostgreSQL has refused a write for it,
// or has ended, as it does when its log finds no room.
func (w *World) full(ctx context.Context, ballast string) error {
	f, err := os.OpenFile(ballast, os.O_CREATE|os.O_WRONLY, 0o600) // #nosec G304 -- a path of our own making
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	fill := func() error {
		for block := make([]byte, 1<<20); len(block) > 0; {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				block = block[:len(block)/2] // the last corners, too
			} else if err != nil {
				return err
			}
		}
		return nil
	}
	for until := time.Now().Add(fullAtLeast); ; {
		if err := fill(); err != nil {
			return err
		}
		how, failed := w.refusesWrites(ctx)
		if failed {
			w.inject("PostgreSQL " + how)
			return nil
		}
		if time.Now().After(until) {
			return errors.New("the disk is full, and PostgreSQL still writes")
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// refusesWrites writes into a table of its own until the disk is felt.
func (w *World) refusesWrites(ctx context.Context) (how string, failed bool) {
	select {
	case <-w.Servers.Postgres().Exited():
		return "ended: no room for its log", true
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.Servers.Postgres().AdminURL("postgres"))
	if err != nil {
		return "takes no connections", true
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS ballast (filling text); INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 200)")
	const diskFullCode = "53100"
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &refused) && refused.Code == diskFullCode:
		return "refuses writes: 53100, disk full", true
	default:
		return "does not answer", true
	}
}
