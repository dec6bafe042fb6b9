package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// parts are what a process is made of. Everything is built here and handed on;
// no package keeps a global of its own.
type parts struct {
	cfg      Config
	log      *slog.Logger
	metrics  *prometheus.Registry
	clock    policy.Clock
	policy   *policy.Policy
	places   *policy.Places
	vault    *vault.Vault
	store    *postgres.Store
	line     *line.Client
	channels channel.Router   // every way to people, LINE among them
	gateway  *channel.Gateway // the dialect of the provider of SMS; nil: none by HTTP
	smpp     *channel.SMPP    // nil: SMS does not go by SMPP
	temporal client.Client
	tracing  *tracing // nil: off
	waits    waits
}

// build makes the parts that api and worker share, and reports the first that cannot be made.
func build(ctx context.Context, cfg Config) (*parts, error) {
	p := &parts{cfg: cfg, log: logger(cfg.LogLevel), clock: policy.Clock{Epoch: cfg.Epoch, Speed: cfg.Speed}, metrics: prometheus.NewRegistry()}
	p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if p.policy, err = loadPolicy(cfg.Policy); err != nil {
		return nil, err
	}
	if p.policy, err = withAid(p.policy, cfg.Aid); err != nil {
		return nil, err
	}
	if p.places, err = loadPlaces(cfg.Boundaries); err != nil {
		return nil, err
	}
	if p.vault, err = vault.Open(cfg.Keyset); err != nil {
		return nil, err
	}
	if p.tracing, err = newTracing(ctx, cfg, p.log); err != nil {
		return nil, err
	}
	if p.store, err = openStore(ctx, cfg, p.vault, p.policy, p.tracing.queryTracer()); err != nil {
		return nil, err
	}
	if p.waits, err = newWaits(p.store, p.metrics); err != nil {
		return nil, err
	}
	if p.line, err = lineClient(p); err != nil {
		return nil, err
	}
	if err = p.openChannels(); err != nil {
		return nil, err
	}
	p.temporal, err = client.NewLazyClient(client.Options{ // api starts without Temporal: intake must not wait for it
		HostPort: cfg.TemporalAddress, Namespace: cfg.TemporalNamespace, Identity: "ess-" + hostname(),
		DataConverter: p.vault.DataConverter(), FailureConverter: p.vault.FailureConverter(),
		Logger: log.NewStructuredLogger(p.log.With("part", "temporal")), Interceptors: p.tracing.interceptors(),
	})
	return p, err
}

func (p *parts) close() {
	p.closeChannels()
	p.temporal.Close()
	p.store.Pool.Close()
	p.tracing.close()
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func lineClient(p *parts) (*line.Client, error) {
	tokens, err := line.NewStatelessTokens(line.Channel{
		ID: p.cfg.LINEChannel, Secret: string(p.cfg.LINESecrets[0]), APIEndpoint: p.cfg.LINEAPI, AllowLoopback: p.cfg.Development, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	return line.New(line.Config{
		APIEndpoint: p.cfg.LINEAPI, DataEndpoint: p.cfg.LINEData, AllowLoopback: p.cfg.Development, Tokens: tokens,
		Policy: p.policy, PublicURL: p.cfg.PublicURL,
		Names: names(p.places), Log: p.log, Around: p.tracing.around,
	})
}

// openChannels makes every way to people that is configured. LINE always is; a
// way that is not answers NO_CONTACT, and whoever speaks goes on to the next.
func (p *parts) openChannels() (err error) {
	p.channels = channel.Router{casefile.ChannelLINE: p.line}
	loopback, words := p.cfg.Development, names(p.places)
	switch {
	case p.cfg.SMSGateway != "":
		if p.gateway, err = channel.ReadGateway(p.cfg.SMSGateway); err != nil {
			return fmt.Errorf("ESS_SMS_GATEWAY: %w", err)
		}
		sms, err := channel.NewSMS(channel.SMSConfig{
			Gateway: p.gateway, Secret: string(p.cfg.SMSSecret), AllowLoopback: loopback, Names: words, Log: p.log, Around: p.tracing.aroundGateway("SMS"),
		})
		if err != nil {
			return fmt.Errorf("ESS_SMS_GATEWAY: %w", err)
		}
		p.channels[casefile.ChannelSMS] = sms
	case p.cfg.SMPPURL != "":
		p.smpp, err = channel.NewSMPP(channel.SMPPConfig{
			URL: p.cfg.SMPPURL, Password: string(p.cfg.SMPPPassword), Names: words, Log: p.log,
		})
		if err != nil {
			return fmt.Errorf("ESS_SMPP_URL: %w", err)
		}
		p.channels[casefile.ChannelSMS] = p.smpp
	}
	if p.cfg.VoiceGateway != "" {
		calls, err := channel.ReadGateway(p.cfg.VoiceGateway)
		if err != nil {
			return fmt.Errorf("ESS_VOICE_GATEWAY: %w", err)
		}
		voice, err := channel.NewVoice(channel.VoiceConfig{
			Gateway: calls, Secret: string(p.cfg.VoiceSecret), AllowLoopback: loopback, Names: words, Log: p.log, Around: p.tracing.aroundGateway("call"),
		})
		if err != nil {
			return fmt.Errorf("ESS_VOICE_GATEWAY: %w", err)
		}
		p.channels[casefile.ChannelVoice] = voice
	}
	if p.cfg.SMTPURL != "" {
		mail, err := channel.NewEmail(channel.EmailConfig{
			URL: string(p.cfg.SMTPURL), From: p.cfg.MailFrom, AllowLoopback: loopback, Names: words, Log: p.log,
		})
		if err != nil {
			return fmt.Errorf("ESS_SMTP_URL: %w", err)
		}
		p.channels[casefile.ChannelEmail] = mail
	}
	return nil
}

func (p *parts) closeChannels() {
	if p.smpp != nil {
		p.smpp.Close()
	}
}

// names finds the name of a province or district by its code.
func names(places *policy.Places) func(code string, l casefile.Language) string {
	return func(code string, l casefile.Language) string {
		if p, ok := places.Province(code); ok {
			return policy.Text{Th: p.NameTh, En: p.NameEn}.In(l)
		}
		if d, ok := places.District(code); ok {
			return policy.Text{Th: d.NameTh, En: d.NameEn}.In(l)
		}
		return ""
	}
}

// deeds are the activities with everything that they need.
func (p *parts) deeds() *activities.Activities {
	return &activities.Activities{
		Cases: p.waits, Concerns: p.store, Aids: p.store, Media: p.store, Contents: p.line, Roster: p.store, Contacts: p.store, Messenger: p.channels, Nudger: p, Proofs: p.vault, Places: p.places,
		Cells: dispatch.CellName, Policy: p.policy, Clock: p.clock, Registrations: p.store, Care: p.store,
	}
}

// Nudge wakes the workflow of a case, or starts one. The nudge carries a number and no content.
func (p *parts) Nudge(ctx context.Context, id casefile.CaseID, upTo int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	start, typ := p.start(ctx, id)
	if err := nudge(ctx, p.temporal, start, typ, workflows.Input{Case: id, UpTo: upTo, Clock: p.clock}, upTo); err != nil {
		return err
	}
	return p.store.HandedOver(ctx, id, upTo)
}

// start is the workflow that is responsible for a case where it stands. When the
// record cannot say, the emergency hands on what is not its own.
func (p *parts) start(ctx context.Context, id casefile.CaseID) (client.StartWorkflowOptions, string) {
	start := client.StartWorkflowOptions{
		ID: workflows.EmergencyID(id), TaskQueue: workflows.TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, // a run that ended may be followed by another
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Emergency " + casefile.Case{ID: id}.Code(),
		Priority:                 temporal.Priority{PriorityKey: 1},
	}
	if in, err := p.store.InFollowUp(ctx, id); err != nil || !in {
		return start, workflows.EmergencyType
	}
	start.ID, start.TaskQueue = workflows.FollowUpID(id), workflows.CareQueue
	start.StaticSummary, start.Priority = "Follow-up "+casefile.Case{ID: id}.Code(), temporal.Priority{PriorityKey: 3}
	return start, workflows.FollowUpType
}

// Command carries out a console command through the workflow of its case, and
// starts one where none runs.
func (p *parts) Command(ctx context.Context, id casefile.CaseID, c casefile.Command) (api.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, orderWait) // the look for its workflow included
	defer cancel()
	start, typ := p.start(ctx, id)
	v, err := order[workflows.Verdict](ctx, p.temporal, ask{
		Start: start, Workflow: typ, Input: workflows.Input{Case: id, Clock: p.clock}, Update: workflows.UpdateCommand, ID: c.ID, Order: c,
	})
	if err != nil {
		return api.Verdict{}, refused(id, c.Kind, err)
	}
	return api.Verdict{Case: v.Case, State: v.State, Version: v.Version, Kind: v.Kind}, nil
}

// refused finds the law's words in an error that came through Temporal.
func refused(id casefile.CaseID, kind casefile.Kind, err error) error {
	var app *temporal.ApplicationError
	switch {
	case !errors.As(err, &app):
		return fmt.Errorf("command %s on case %s: %w: %w", kind, id, api.ErrAway, err)
	case app.Type() == activities.TypeNotFound:
		return casefile.ErrNotFound
	case app.Type() != activities.TypeRefused:
		return fmt.Errorf("command %s on case %s: %w", kind, id, err)
	}
	r := &casefile.RefusedError{Kind: kind}
	var state string
	if app.Details(&r.Th, &r.En, &state) != nil {
		r.Th, r.En = "ระบบไม่อนุญาตให้ทำสิ่งนี้", app.Message()
	}
	r.State = casefile.State(state)
	return r
}

// logger writes JSON to standard error and drops what could name a person.
func logger(level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l, ReplaceAttr: redact}))
}

// personal are keys that must never reach a log, whoever writes them.
var personal = []string{"phone", "name", "text", "address", "lat", "lon", "body", "user", "token", "secret", "payload", "input", "result"}

func redact(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, p := range personal {
		if key == p {
			return slog.String(a.Key, "[redacted]")
		}
	}
	return a
}

// serveHTTP answers until the context ends.
func serveHTTP(ctx context.Context, listen string, h http.Handler) error {
	s := &http.Server{Addr: listen, Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- s.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Shutdown(ending)
}
