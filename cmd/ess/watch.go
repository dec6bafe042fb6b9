package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/watch"
)

// serveWatch runs the second watcher. It is made of parts of its own: a pool
// under its own role, its own clients of LINE, SMS, calls and mail, and no Temporal.
func serveWatch(ctx context.Context, cfg Config) error {
	p := &parts{cfg: cfg, log: logger(cfg.LogLevel), clock: policy.Clock{Epoch: cfg.Epoch, Speed: cfg.Speed}, metrics: prometheus.NewRegistry()}
	p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if p.policy, err = loadPolicy(cfg.Policy); err != nil {
		return err
	}
	if p.places, err = loadPlaces(cfg.Boundaries); err != nil {
		return err
	}
	if p.vault, err = vault.Open(cfg.Keyset); err != nil {
		return err
	}
	if p.line, err = lineClient(p); err != nil {
		return err
	}
	if err = p.openChannels(); err != nil {
		return err
	}
	defer p.closeChannels()
	store, err := watch.Open(ctx, string(cfg.DatabaseURL), p.vault)
	if err != nil {
		return err
	}
	defer store.Close()
	w := &watch.Watch{
		Store: store, Ringer: bells{p.channels, p.line}, Rule: p.policy.Watch, Ways: p.policy.Channels.Ways,
		Clock: p.clock, Instance: instance(), Watchers: cfg.Watchers, Log: p.log,
	}
	p.metrics.MustRegister(watchMetrics{w})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { w.Run(ctx); return nil })
	group.Go(func() error { return serveHTTP(ctx, cfg.Listen, p.watchHealth(w)) })
	return group.Wait()
}

func (p *parts) watchHealth(w *watch.Watch) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, _ *http.Request) {
		if time.Since(w.Status().Looked) > p.policy.Watch.Silent.Duration {
			http.Error(rw, "has not looked lately: the database does not answer", http.StatusServiceUnavailable)
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{}))
	return mux
}

// bells are the watcher's rings as messages of every channel.
type bells struct {
	channels channel.Router
	line     *line.Client
}

// Ring says one ring. A channel's yes is not a delivery: the watcher repeats until somebody answers.
func (b bells) Ring(ctx context.Context, bell watch.Bell) (bool, error) {
	a := &activities.Alarm{Runbook: bell.Kind.Runbook(), Count: bell.Count, Cases: bell.Cases}
	if bell.Alarm != 0 {
		a.Answer = watch.Answer(bell.Alarm)
	}
	m := activities.Outgoing{
		Channel: bell.Way.Channel, To: bell.Way.To, Key: bell.Key, Language: bell.To.Language, Template: "watch_alarm",
		Args: activities.Args{Reason: string(bell.Kind), Alarm: a},
	}
	if bell.Over {
		m.Template = "watch_over"
	}
	sent, err := b.channels.Send(ctx, m)
	return sent.Outcome == activities.OutcomeAccepted, err
}

// Reach asks LINE who we are.
func (b bells) Reach(ctx context.Context) error {
	_, err := b.line.BotUserID(ctx)
	return err
}

// watchMetrics shows what a watcher says of itself.
type watchMetrics struct{ watch *watch.Watch }

var (
	watchLeads    = prometheus.NewDesc("ess_watch_leads", "1 for the watcher that rings.", nil, nil)
	watchLooked   = prometheus.NewDesc("ess_watch_looked_timestamp_seconds", "The latest look at the database.", nil, nil)
	watchOpen     = prometheus.NewDesc("ess_watch_alarms_open", "Alarms that have not ended, as seen by the watcher that rings.", []string{"kind"}, nil)
	watchRings    = prometheus.NewDesc("ess_watch_rings_total", "Rings that reached somebody.", []string{"kind"}, nil)
	watchFailures = prometheus.NewDesc("ess_watch_messages_failed_total", "Messages that the channel did not take.", nil, nil)
)

// Describe implements prometheus.Collector.
func (watchMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{watchLeads, watchLooked, watchOpen, watchRings, watchFailures} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m watchMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.watch.Status()
	leads := 0.0
	if s.Leads {
		leads = 1
	}
	ch <- prometheus.MustNewConstMetric(watchLeads, prometheus.GaugeValue, leads)
	if !s.Looked.IsZero() {
		ch <- prometheus.MustNewConstMetric(watchLooked, prometheus.GaugeValue, float64(s.Looked.Unix()))
	}
	ch <- prometheus.MustNewConstMetric(watchFailures, prometheus.CounterValue, float64(s.Failures))
	for _, kind := range watch.Kinds {
		if s.Leads {
			ch <- prometheus.MustNewConstMetric(watchOpen, prometheus.GaugeValue, float64(s.Open[kind]), string(kind))
		}
		ch <- prometheus.MustNewConstMetric(watchRings, prometheus.CounterValue, float64(s.Rings[kind]), string(kind))
	}
}
