package local

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// Casework is an office at its consoles: it opens follow-ups in the record and
// gives commands to their workflows, as the API does for whoever is signed in.
type Casework struct {
	Store    *postgres.Store
	Temporal client.Client
	Clock    policy.Clock

	system *System
	keys   *vault.Vault
	name   string // keeps the keys of two of them apart
	n      atomic.Int64
}

// Casework opens an office's way into an installation.
func (s *System) Casework(ctx context.Context) (*Casework, error) {
	keys, err := vault.Open(s.Env["ESS_KEYSET"])
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, s.Env["ESS_DATABASE_URL"], 4)
	if err != nil {
		return nil, err
	}
	t, err := client.Dial(client.Options{
		HostPort: s.Env["ESS_TEMPORAL_ADDRESS"], Namespace: s.Name, DataConverter: keys.DataConverter(), FailureConverter: keys.FailureConverter(), Logger: quiet{},
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	w := &Casework{system: s, Temporal: t, Clock: s.Clock, keys: keys, name: strconv.FormatInt(time.Now().UnixNano(), 36)}
	w.Store = &postgres.Store{Pool: pool, Sealer: keys, Now: w.Now, PinWait: time.Hour}
	return w, nil
}

// Close ends it.
func (w *Casework) Close() {
	w.Temporal.Close()
	w.Store.Pool.Close()
}

// Now is the case time.
func (w *Casework) Now() time.Time { return w.Clock.Case(time.Now()) }

// Until waits for an instant of case time.
func (w *Casework) Until(ctx context.Context, at time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(w.Clock.Real(at))):
		return nil
	}
}

// Open begins a follow-up and wakes its workflow.
func (w *Casework) Open(ctx context.Context, o casefile.Opening) (casefile.CaseID, error) {
	if o.Event == "" {
		o.Event = casefile.EventID(w.key())
	}
	o.At = w.Now()
	id, n, err := w.Store.OpenFollowUp(ctx, o)
	if err != nil {
		return "", err
	}
	if _, err := w.Temporal.SignalWithStartWorkflow(ctx, workflows.FollowUpID(id), workflows.SignalNudge, workflows.Nudge{UpTo: n},
		w.start(id), workflows.FollowUpType, workflows.Input{Case: id, UpTo: n, Clock: w.Clock}); err != nil {
		return "", fmt.Errorf("nudge case %s: %w", id, err)
	}
	return id, w.Store.HandedOver(ctx, id, n)
}

func (w *Casework) start(id casefile.CaseID) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.FollowUpID(id), TaskQueue: workflows.CareQueue, Priority: temporal.Priority{PriorityKey: 3},
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Follow-up " + casefile.Case{ID: id}.Code(),
	}
}

// Order gives a command as an operator and waits for the verdict.
func (w *Casework) Order(ctx context.Context, operator string, id casefile.CaseID, c casefile.Command) (workflows.Verdict, error) {
	if c.ID == "" {
		c.ID = w.key()
	}
	c.By = casefile.Actor{Kind: casefile.ByOperator, ID: operator}
	c.Proof = w.keys.Proof(string(id), c.ID, string(c.Kind), string(c.By.Kind), c.By.ID)
	handle, err := w.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: w.Temporal.NewWithStartWorkflowOperation(w.start(id), workflows.FollowUpType, workflows.Input{Case: id, Clock: w.Clock}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: c.ID, WorkflowID: workflows.FollowUpID(id), UpdateName: workflows.UpdateCommand, Args: []any{c},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	var v workflows.Verdict
	if err == nil {
		err = handle.Get(ctx, &v)
	}
	if err != nil {
		return v, fmt.Errorf("%s by %s: %w", c.Kind, operator, err)
	}
	return v, nil
}

func (w *Casework) key() string { return w.name + "-" + strconv.FormatInt(w.n.Add(1), 10) }

// Comes waits until a case is as wanted, and returns it.
func (w *Casework) Comes(ctx context.Context, id casefile.CaseID, wanted func(casefile.Case) bool) (casefile.Case, error) {
	for {
		c, err := w.Store.Case(ctx, id)
		if err == nil && wanted(c) {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return c, fmt.Errorf("case %s did not become what was waited for: %w", id, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
