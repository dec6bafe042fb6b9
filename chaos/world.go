package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/vault"
)

// Setup says what the installation of a scenario is like.
type Setup struct {
	Speed     float64           // case seconds per second; 0: 20
	Workers   int               // 0: 1
	Watchers  int               // 0: 1
	Provinces int               // with a roster of their own; 0: 2
	Officers  int               // in each province; 0: 10
	Binary    string            // ess; empty: the servers'
	Still     bool              // nobody answers by themselves
	Env       map[string]string // of every process, beside what the stack sets
}

func (s Setup) whole() Setup {
	if s.Speed == 0 {
		s.Speed = 20
	}
	s.Workers, s.Watchers = max(s.Workers, 1), max(s.Watchers, 1)
	if s.Provinces == 0 {
		s.Provinces = 2
	}
	if s.Officers == 0 {
		s.Officers = 10
	}
	return s
}

// World is one installation that a scenario breaks: the real processes, the
// phones of its people, and the ledger of what they did.
type World struct {
	*local.System // database name, clock, LINE platform, environment
	Servers       *Servers
	Setup         Setup
	Seed          uint64
	Ledger        *Ledger
	Temporal      client.Client // in the installation's namespace
	Links         map[string]*Link
	Parts         map[string]*Part
	Figures       []Figure
	Short         bool // fewer reports and faults

	towns   []*town
	people  *people
	dir     string
	started time.Time
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu       sync.Mutex
	loads    int
	injected []string
	last     []string // their last lines
}

// Figure is one number of a result.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Violation is an invariant that does not hold.
type Violation struct {
	Invariant string `json:"invariant"`
	Detail    string `json:"detail"` // IDs and numbers, nothing personal
}

// tokens of the operators of every world.
const (
	operatorName  = "chaos"
	operatorToken = "token-of-the-operator-of-chaos-01"
)

// newWorld makes an installation on the servers and starts all its processes.
func newWorld(ctx context.Context, servers *Servers, name string, seed uint64, setup Setup) (*World, error) {
	setup = setup.whole()
	w := &World{
		Servers: servers, Setup: setup, Seed: seed, Links: map[string]*Link{}, Parts: map[string]*Part{}, started: time.Now(),
		dir: filepath.Join(servers.Dir, name),
	}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := w.prepare(ctx, name); err != nil {
		w.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

func (w *World) prepare(ctx context.Context, name string) error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	env := map[string]string{"ESS_LOG_LEVEL": "warn", "ESS_BUILD": "chaos", "ESS_WATCHERS": fmt.Sprint(w.Setup.Watchers)}
	for k, v := range w.Setup.Env {
		env[k] = v
	}
	var err error
	if w.System, err = w.Servers.Stack.New(ctx, local.Options{
		Name: name, Dir: w.dir, Speed: w.Setup.Speed, Operators: map[string]string{operatorName: operatorToken}, Log: w.note, Env: env,
		Binary:   w.Setup.Binary,
		Platform: lineemu.Options{Seed: w.Seed, Light: true, Redeliveries: 7},
	}); err != nil {
		return err
	}
	if w.Ledger, err = openLedger(filepath.Join(w.dir, "ledger.jsonl"), w.Platform); err != nil {
		return err
	}
	keys, err := vault.Open(w.Env["ESS_KEYSET"])
	if err != nil {
		return err
	}
	if w.Temporal, err = client.NewLazyClient(client.Options{
		HostPort: w.Servers.Stack.Address, Namespace: name, DataConverter: keys.DataConverter(), Logger: quiet{},
	}); err != nil {
		return err
	}
	if err := w.link(); err != nil {
		return err
	}
	if err := w.populate(); err != nil {
		return err
	}
	for _, part := range w.names() {
		if err := w.Parts[part].start(ctx); err != nil {
			return err
		}
		if part == API {
			if err := w.Run("line", "setup"); err != nil {
				return err
			}
		}
	}
	if !w.Setup.Still {
		w.people.live()
	}
	return nil
}

// Close ends the processes and forgets the installation.
func (w *World) Close() {
	w.stop()
	for _, p := range w.Parts {
		p.close()
	}
	if w.people != nil {
		w.people.work.Wait()
	}
	w.work.Wait()
	for _, l := range w.Links {
		l.Close()
	}
	if w.Temporal != nil {
		w.Temporal.Close()
	}
	if w.Ledger != nil {
		w.Ledger.close()
	}
	if w.System != nil {
		w.API, w.Worker, w.Watchers = nil, nil, nil
		w.System.Stop()
	}
}

// random is a source of its own for each purpose, so that one more draw here
// does not change what happens there.
func (w *World) random(purpose string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose))                 // never fails
	return rand.New(rand.NewPCG(w.Seed, h.Sum64())) // #nosec G404 -- faults to repeat, not a secret
}

// Figure notes a number of the result.
func (w *World) Figure(name string, value float64, unit string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Figures = append(w.Figures, Figure{name, value, unit})
}

// note keeps what the processes complain of.
func (w *World) note(process, line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last = append(w.last, process+" "+line); len(w.last) > 400 {
		w.last = w.last[1:]
	}
}

// AdminURL is the installation's database for the superuser, past every proxy.
func (w *World) AdminURL() string { return w.Servers.Postgres().AdminURL(w.Name) }

// Ask asks the database, past every proxy.
func (w *World) Ask(ctx context.Context, into any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.QueryRow(ctx, query, args...).Scan(into)
}

func (w *World) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, w.AdminURL())
	if err != nil {
		return nil, errors.New("the database does not answer") // the driver's words hold the address
	}
	return conn, nil
}

// SpoolDir is where the API keeps reports while the database is away.
func (w *World) SpoolDir() string { return w.Env["ESS_SPOOL"] }

func (w *World) spooled() int {
	files, _ := filepath.Glob(filepath.Join(w.SpoolDir(), "*.webhook")) // fails for a bad pattern only
	return len(files)
}

// waiting is what is not done yet: for the liveness phase, and for its failure.
const waiting = `SELECT
	(SELECT count(*) FROM inbox WHERE handed_at IS NULL AND case_id IS NOT NULL)::int,
	(SELECT count(*) FROM cases WHERE coalesce((doc->>'inbox')::int, 0) < inbox_last)::int,
	(SELECT count(*) FROM cases WHERE ended_at IS NULL AND acked_at IS NULL AND state <> 'DUPLICATE')::int,
	(SELECT count(*) FROM cases WHERE ended_at IS NULL AND next_deadline < $1)::int,
	(SELECT count(*) FROM alarms WHERE cleared_at IS NULL)::int`

// Backlog is what a healed system still has to do.
type Backlog struct {
	Spooled, NotHandedOver, Unheard, Unacknowledged, Overdue, Alarms int
}

// settled is how much case time a deadline may be past: serving it takes a moment.
const settled = 30 * time.Second

// Backlog counts what waits.
func (w *World) Backlog(ctx context.Context) (Backlog, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	b := Backlog{Spooled: w.spooled()}
	conn, err := w.connect(ctx)
	if err != nil {
		return b, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, waiting, w.Clock.Case(time.Now()).Add(-max(settled, time.Duration(w.Setup.Speed*float64(2*time.Second))))).
		Scan(&b.NotHandedOver, &b.Unheard, &b.Unacknowledged, &b.Overdue, &b.Alarms)
	return b, err
}

// liveness is how long a healed system may take until everything is done, real time.
const liveness = 120 * time.Second

// Settle heals everything and waits until every case has a human and nothing
// waits. Then nobody presses anything more, and what they pressed last is taken
// in too. What is left after the liveness bound is a violation.
func (w *World) Settle(ctx context.Context) (time.Duration, []Violation) {
	if err := w.Heal(ctx); err != nil {
		return 0, []Violation{{"liveness", "not healed: " + err.Error()}}
	}
	healed := time.Now()
	ctx, cancel := context.WithTimeout(ctx, liveness)
	defer cancel()
	done := func(b Backlog) bool { return b == Backlog{} }
	left, err := w.drain(ctx, func(b Backlog) bool {
		b.NotHandedOver, b.Unheard = 0, 0 // people still press
		return done(b)
	})
	took := time.Since(healed)
	if err == nil {
		w.people.rest()
		left, err = w.drain(ctx, done)
	}
	if err != nil {
		return took, []Violation{{"liveness", fmt.Sprintf("%.0f s after the last fault there were still: %+v", time.Since(healed).Seconds(), left)}}
	}
	return took, nil
}

// drain waits until what is left is little enough, twice in a row.
func (w *World) drain(ctx context.Context, enough func(Backlog) bool) (left Backlog, err error) {
	if err := w.Platform.Settled(ctx); err != nil {
		return left, fmt.Errorf("LINE still delivers: %w", err)
	}
	for quiet := 0; quiet < 2; {
		now, err := w.Backlog(ctx)
		switch {
		case err != nil: // the database is coming up
			quiet = 0
		case enough(now):
			left = now
			quiet++
		default:
			left, quiet = now, 0
		}
		if err := sleep(ctx, 250*time.Millisecond); err != nil {
			return left, err
		}
		if os.Getenv("CHAOS_LOGS") != "" {
			fmt.Fprintf(os.Stderr, "%s %+v\n", time.Since(w.started).Round(time.Second), left)
		}
	}
	return left, nil
}

// Heal takes every fault away and waits until all parts run.
func (w *World) Heal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, liveness)
	defer cancel()
	errs := []error{w.Platform.SetFaults(lineemu.Faults{})}
	for _, l := range w.Links {
		errs = append(errs, l.Heal())
	}
	for _, p := range w.Parts {
		if p.Process() != nil {
			_ = p.Signal(syscall.SIGCONT) // fails for one that has ended
		}
	}
	errs = append(errs, w.Servers.Heal(ctx))
	for _, name := range w.names() {
		errs = append(errs, w.Parts[name].Up(ctx))
	}
	return errors.Join(errs...)
}

// tail is what the processes said last, for a failure.
func (w *World) tail(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.last[max(0, len(w.last)-n):], "\n")
}

// provinces are those that live by their own roster here: far from each other, none of them central.
func provinces(n int) []policy.Province {
	all := slices.DeleteFunc(policy.DefaultPlaces().Provinces(), func(p policy.Province) bool { return policy.Default().Central(p.Code) })
	out := make([]policy.Province, 0, n)
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}
