// Command bench measures ESS beside a floor: the same PostgreSQL and Temporal
// server in the same run, doing the same amount of work for a program without a
// rule. What counts is the ratio; absolute figures change with the machine and
// the hour.
//
// It is not a test: nothing fails when a target is missed. It says so in
// docs/benchmarks.md, which it writes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ess-thailand/ess/cmd/ess/local"
)

// longest is how long the whole run may take.
const longest = 15 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := measure
	if len(os.Args) == 2 && os.Args[1] == "floor" { // the floor's process, started by startFloor
		run = func(ctx context.Context, _ []string) error { return serveFloor(ctx, os.Stdin) }
	}
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	members := flags.Int("members", 2_000_000, "members among whom the nearest are sought")
	only := flags.String("only", "abcdef", "figures to measure; all of them write docs/benchmarks.md")
	out := flags.String("out", "docs/benchmarks.md", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	begin := time.Now()
	dir, err := os.MkdirTemp("", "ess-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // #nosec G302 -- the server's own user must pass through
		return err
	}
	binary := filepath.Join(dir, "ess")
	progress("building ess")
	if said, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/ess").CombinedOutput(); err != nil { // #nosec -- our own binary
		return fmt.Errorf("build ess: %w\n%s", err, said)
	}
	progress("starting PostgreSQL and Temporal")
	stack, err := local.StartStack(ctx, local.StackOptions{
		Dir: dir, Binary: binary, Localstack: localstack(), Stderr: io.Discard,
		Settings: map[string]string{"shared_preload_libraries": "pg_stat_statements"},
	})
	if err != nil {
		return err
	}
	defer stack.Stop()
	r := &report{}
	if r.versions, err = versions(ctx, stack); err != nil {
		return err
	}
	if strings.Contains(*only, "a") {
		t, where := alertTable(), stageTable()
		for _, load := range []struct{ rate, blocks, each int }{{1, 2, 15}, {10, 2, 50}} {
			progress(fmt.Sprintf("(a) first alert at %d a second", load.rate))
			if err := firstAlert(ctx, stack, dir, load.rate, load.blocks, load.each, &t, &where, r); err != nil {
				return fmt.Errorf("(a): %w", err)
			}
		}
		r.tables = append(r.tables, t, where)
	}
	if strings.ContainsAny(*only, "bd") {
		if err := cases(ctx, stack, dir, *only, r); err != nil {
			return err
		}
	}
	if strings.Contains(*only, "c") {
		progress(fmt.Sprintf("(c) the nearest ten of %s members", thousands(*members)))
		if err := nearest(ctx, stack, *members, r); err != nil {
			return fmt.Errorf("(c): %w", err)
		}
	}
	if strings.Contains(*only, "e") {
		progress("(e) 1,300 recipients")
		if err := thirteenHundredRecipients(ctx, stack, dir, r); err != nil {
			return fmt.Errorf("(e): %w", err)
		}
	}
	if strings.Contains(*only, "f") {
		progress("(f) 26 weeks of a follow-up, in two minutes")
		if err := followUp(ctx, stack, dir, r); err != nil {
			return fmt.Errorf("(f): %w", err)
		}
	}
	text := heading(r, args, begin) + r.String()
	fmt.Print(text)
	if !strings.Contains(*only, "abcdef") {
		return nil
	}
	return os.WriteFile(*out, []byte(text), 0o644) // #nosec G306 -- a document
}

// cases measures (b) and (d), which share an installation.
func cases(ctx context.Context, stack *local.Stack, dir, only string, r *report) (err error) {
	o, err := install(ctx, stack, dir, "bench_cases", 1, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	if strings.Contains(only, "b") {
		progress("(b) complete emergencies a second")
		if err := wholeCases(ctx, stack, o, r); err != nil {
			return fmt.Errorf("(b): %w", err)
		}
	}
	if strings.Contains(only, "d") {
		progress("(d) cost of a case")
		if err := chapters(ctx, stack, dir, o, r); err != nil {
			return fmt.Errorf("(d): %w", err)
		}
	}
	return nil
}

func progress(what string) { fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), what) }

func localstack() string {
	if binary := os.Getenv("ESS_LOCALSTACK"); binary != "" {
		return binary
	}
	return ".local/bin/localstack"
}

// namespace makes a Temporal namespace and returns when it can be used.
func namespace(ctx context.Context, address, name string) error {
	c, err := client.NewNamespaceClient(client.Options{HostPort: address, Logger: mute{}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}); err != nil {
		return err
	}
	for { // it is known to every service after a moment
		if dialled, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: name, Logger: mute{}}); err == nil {
			_, err = dialled.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: name})
			dialled.Close()
			if err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// versions are those of what is measured.
func versions(ctx context.Context, stack *local.Stack) ([]string, error) {
	conn, err := pgx.Connect(ctx, stack.Postgres.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var server string
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&server); err != nil {
		return nil, err
	}
	c, err := client.Dial(client.Options{HostPort: stack.Address, Logger: mute{}})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	info, err := c.WorkflowService().GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{})
	if err != nil {
		return nil, err
	}
	return []string{runtime.Version(), "PostgreSQL " + server, "Temporal server " + info.ServerVersion}, nil
}

// heading says on what machine and with which programs the figures came about.
func heading(r *report, args []string, begin time.Time) string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nWritten by `make bench`; what it measures and how is in [bench](../bench). Ratios count: absolute figures drift by a third\n" +
		"from run to run. The floor is the same PostgreSQL and Temporal server, in the same run, under a program without a rule.\n\n")
	command := strings.TrimSpace("go run ./bench " + strings.Join(args, " "))
	write(&b, []string{"", ""}, [][]string{
		{"command", "`" + command + "`"},
		{"date", begin.UTC().Format("2006-01-02 15:04 MST") + ", took " + time.Since(begin).Round(time.Second).String()},
		{"machine", machine()},
		{"versions", strings.Join(r.versions, ", ")},
		{"load before", loadBefore},
	})
	b.WriteString("\n")
	return b.String()
}

// loadBefore is what else the machine was doing when the run began.
var loadBefore = func() string { return firstWords("/proc/loadavg", 3) + " (1, 5, 15 minutes)" }()

func machine() string {
	memory := strings.Fields(firstWords("/proc/meminfo", 2) + " 0")
	kilobytes := 0
	_, _ = fmt.Sscan(memory[1], &kilobytes)
	return fmt.Sprintf("%d cores, %d GiB, %s/%s, kernel %s; PostgreSQL, Temporal, ours, the floor and the load share it",
		runtime.NumCPU(), (kilobytes+1<<19)>>20, runtime.GOOS, runtime.GOARCH, firstWords("/proc/sys/kernel/osrelease", 1))
}

// firstWords are the first words of a file of the kernel; empty where there is none.
func firstWords(file string, n int) string {
	raw, err := os.ReadFile(file) // #nosec -- a path of /proc
	if err != nil {
		return "unknown"
	}
	words := strings.Fields(string(raw))
	return strings.Join(words[:min(n, len(words))], " ")
}
