package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/fault"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/watch"
	"github.com/ess-thailand/ess/worker"
)

// openStore connects to the record.
func openStore(ctx context.Context, cfg Config, v *vault.Vault, p *policy.Policy, tracer pgx.QueryTracer) (*postgres.Store, error) {
	pool, err := postgres.Open(ctx, string(cfg.DatabaseURL), cfg.DatabaseConns, tracer)
	if err != nil {
		return nil, err
	}
	return newStore(pool, cfg, v, p), nil
}

func newStore(pool *pgxpool.Pool, cfg Config, v *vault.Vault, p *policy.Policy) *postgres.Store {
	clock := policy.Clock{Epoch: cfg.Epoch, Speed: cfg.Speed}
	severity := map[casefile.IncidentType]casefile.Severity{}
	for _, t := range casefile.IncidentTypes {
		severity[t] = p.Types[t].Severity
	}
	plan := p.Plan(casefile.ThreatAssault, casefile.Place{}, false, true, false)
	return &postgres.Store{
		Pool: pool, Sealer: v, Now: func() time.Time { return clock.Case(time.Now()) }, Severity: severity, PinWait: plan.Waits.Pin,
		Tasks: policy.Tasks(), TalkWait: p.Concern.Talk.Duration,
	}
}

// serve runs api and worker in one process, for one small server.
func serve(ctx context.Context, cfg Config) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.runAPI(ctx) })
	group.Go(func() error { return p.runWorker(ctx, func() {}) })
	return group.Wait()
}

func serveAPI(ctx context.Context, cfg Config) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	return p.runAPI(ctx)
}

// runAPI answers LINE, consoles and health checks, and hands over what waits in the inbox.
func (p *parts) runAPI(ctx context.Context) error {
	spool, err := api.OpenSpool(p.cfg.Spool, p.vault)
	if err != nil {
		return err
	}
	defer spool.Close()
	forms, err := p.loadForms(ctx)
	if err != nil {
		return err
	}
	s := &api.Server{
		Intake: record{p.store}, Cases: record{p.store}, Commander: p, Nudger: p, Prover: p.vault, Roster: rosterView{p.store},
		Requests: queue{p.store}, Concerns: concerns{p}, Aids: aids{p}, AidPayments: p.store, Logbooks: p.store, FollowUps: followUps{p.store}, TaskReports: taskReports{p.store}, Changes: changes{p.store}, Feeds: screens{p.store}, Shifts: rota{p.store}, Keys: keys{p.store}, Addresses: addresses{p.store}, Members: membership{p.store, p}, Messenger: p.channels, SMS: p.gateway, Menus: p.line, Groups: p.store, People: p.store, Forms: p.store, FormList: forms, Papers: p.store, Spool: spool,
		Policy: p.policy, Places: p.places, Ready: p.store.Pool.Ping, PerSecond: operatorRate, Registry: p.metrics, Log: p.log, Now: p.store.Now,
		NudgeApart: p.clock.Wait(time.Second), Development: p.cfg.Development, Smart: pages{p.store}, PublicURL: p.cfg.PublicURL,
	}
	if p.tracing != nil {
		s.Step = p.tracing.step
	}
	if s.Bank, err = p.bankFormat(); err != nil {
		return err
	}
	if s.Login, err = p.login(); err != nil {
		return err
	}
	for _, secret := range p.cfg.LINESecrets {
		s.LINESecrets = append(s.LINESecrets, string(secret))
	}
	for _, secret := range p.cfg.ChannelSecrets {
		s.ChannelSecrets = append(s.ChannelSecrets, string(secret))
	}
	for name, o := range p.cfg.Operators {
		s.Operators = append(s.Operators, api.Operator{Name: name, Token: string(o.Token), Provinces: o.Provinces, Roles: o.Roles, Unit: o.Unit, Member: o.Member})
	}
	if p.cfg.CodecOrigin != "" {
		s.Codec = p.codec()
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.cfg.Listen)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.relay(ctx) })
	group.Go(func() error { return p.beats(ctx, watch.API, lives) })
	group.Go(func() error { return p.beats(ctx, watch.Temporal, p.temporalLives) })
	group.Go(func() error { return p.feedSender().Run(ctx) })
	if p.smpp != nil {
		group.Go(func() error { return p.smpp.Receive(ctx, channel.Hears{Message: s.TakeSMS, Receipt: s.TakeReceipt}) })
	}
	group.Go(func() error { return s.Serve(ctx, listener) })
	return group.Wait()
}

// operatorRate is how many requests a second one operator may make.
const operatorRate = 50

// codec decodes payloads for the Temporal UI. In ess dev anybody on loopback may
// ask; elsewhere the token of an operator is needed who may look everywhere. Who asked for how
// many payloads is logged, never what was in them.
func (p *parts) codec() http.Handler {
	authorize := func(r *http.Request) error {
		if p.cfg.CodecOpen {
			return nil
		}
		for _, o := range p.cfg.Operators {
			if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+string(o.Token))) == 1 &&
				(api.Operator{Roles: o.Roles}).MayLook() && len(o.Provinces) == 0 {
				return nil
			}
		}
		return errors.New("not an operator who may look everywhere")
	}
	return p.vault.CodecHandler(p.cfg.CodecOrigin, authorize, func(r *http.Request, action string, payloads int) error {
		p.log.InfoContext(r.Context(), "payloads for the Temporal UI", "action", action, "payloads", payloads)
		return nil
	})
}

// serveWorker runs the worker, and answers health checks once it polls.
func serveWorker(ctx context.Context, cfg Config) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	group, ctx := errgroup.WithContext(ctx)
	polls := make(chan struct{})
	group.Go(func() error { return p.runWorker(ctx, func() { close(polls) }) })
	group.Go(func() error { return serveHTTP(ctx, cfg.Listen, p.workerHealth(polls)) })
	return group.Wait()
}

func (p *parts) workerHealth(polls <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-polls:
		default:
			http.Error(w, "not polling yet", http.StatusServiceUnavailable)
			return
		}
		if err := p.store.Pool.Ping(r.Context()); err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{}))
	return mux
}

func (p *parts) runWorker(ctx context.Context, polls func()) error {
	takes := make(chan struct{})
	w := &worker.Worker{
		Client: p.temporal, Namespace: p.cfg.TemporalNamespace, Activities: p.deeds(), Build: p.cfg.Build, Open: openCases{p.store, overdueGrace}, Log: p.log,
		Polls: func() { close(takes); polls() }, Every: max(p.clock.Wait(30*time.Second), time.Second),
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.Run(ctx) })
	group.Go(func() error { return p.watchDesk(ctx, w.Every) })
	group.Go(func() error { return p.keepDuty(ctx) })
	group.Go(func() error { return p.keepMembers(ctx) })
	group.Go(func() error { return p.keepConcerns(ctx) })
	group.Go(func() error { return p.keepAids(ctx) })
	group.Go(func() error { return p.morning(ctx) })
	group.Go(func() error { return p.beats(ctx, watch.Temporal, p.temporalLives) })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-takes: // a worker that takes no tasks, or is cut off from where they are, does not live
			return p.beats(ctx, watch.Worker, p.temporalLives)
		}
	})
	return group.Wait()
}

// watchDesk shows how many operators keep the national desk, and says so when they are too few.
func (p *parts) watchDesk(ctx context.Context, every time.Duration) error {
	operators := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "ess_desk_operators", Help: "Operators of the national desk who would be rung at this moment.",
	})
	if err := p.metrics.Register(operators); err != nil {
		return err
	}
	d := worker.Desk{
		Operators: p.store.Operators, Least: p.policy.Desk.Operators, Show: operators.Set, Every: every, Log: p.log,
	}
	return d.Run(ctx)
}

// openCases shows the worker the cases that a story should tell.
type openCases struct {
	store *postgres.Store
	grace time.Duration // case time: a follow-up is looked at only when its deadline passed so long ago
}

// overdueGrace is how long after its deadline a follow-up counts as forgotten, case time.
const overdueGrace = 30 * time.Second

// OpenCases walks over the open emergencies, which are few, and over the follow-ups
// that missed their deadline. The others sleep by the hundred thousand; the one whose
// workflow is gone is found when its deadline passes, or something arrives for it.
func (o openCases) OpenCases(ctx context.Context) ([]worker.OpenCase, error) {
	const page = 500
	var all []worker.OpenCase
	var after casefile.CaseID
	for {
		open, err := o.store.OpenCases(ctx, after, page, o.grace)
		if err != nil {
			return nil, err
		}
		for _, c := range open {
			all = append(all, worker.OpenCase{Case: c.ID, UpTo: c.UpTo, Deadline: c.NextDeadline})
			after = c.ID
		}
		if len(open) < page {
			return all, nil
		}
	}
}

// relay hands over what a lost nudge left in the inbox, by lease, and holds no
// transaction while it speaks to Temporal.
func (p *parts) relay(ctx context.Context) error {
	const (
		every  = time.Second
		atOnce = 200
		lease  = 15 * time.Second
	)
	tick := time.NewTicker(every)
	defer tick.Stop()
	var beaten time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		waiting, err := p.store.Lease(ctx, atOnce, lease)
		if err != nil {
			p.log.WarnContext(ctx, "relay cannot read the inbox", "error", err)
			continue
		}
		if since := time.Since(beaten); since >= p.policy.Watch.Beat.Duration {
			p.beat(ctx, watch.Relay, lives)
			beaten = time.Now()
		}
		for _, n := range waiting {
			fault.Here("relay.leased")
			if err := p.Nudge(ctx, n.Case, n.UpTo); err != nil {
				p.log.WarnContext(ctx, "relay cannot hand over", "case", string(n.Case), "error", err)
				break // Temporal is away: the lease ends and it is tried again
			}
		}
	}
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, cfg Config) error {
	return migrations.Up(ctx, string(cfg.DatabaseURL))
}

// lineSetup creates the rich menus and shows every member the one that fits.
func lineSetup(ctx context.Context, cfg Config) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	ids, err := p.line.SetupMenus(ctx)
	if err != nil {
		return err
	}
	if err := p.linkAllMenus(ctx); err != nil {
		return err
	}
	fmt.Printf("%d rich menus are in place\n", len(ids))
	return nil
}

// healthAction asks a process of this machine whether it is ready: for container health checks.
func healthAction(vars map[string]string) cli.ActionFunc {
	return func(ctx context.Context, _ *cli.Command) error {
		listen := vars["ESS_LISTEN"]
		if listen == "" {
			listen = "127.0.0.1:8080"
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return errors.New("nothing answers on " + listen)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", res.Status)
		}
		return nil
	}
}

// buildID names this build: the linker's version, or the binary's own time in development.
func buildID() string {
	if version != "dev" {
		return version
	}
	self, err := os.Executable()
	if err != nil {
		return version
	}
	info, err := os.Stat(self)
	if err != nil {
		return version
	}
	return info.ModTime().UTC().Format("dev-20060102-150405")
}
