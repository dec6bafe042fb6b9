package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/workflows"
)

// orderWait is how long somebody waits for a verdict.
const orderWait = 15 * time.Second

// ask is what somebody wants done, and the workflow that does it: the only writer of its record.
type ask struct {
	Start    client.StartWorkflowOptions // of a run, where none runs
	Workflow string
	Input    any // of that run
	Update   string
	ID       string // the caller's idempotency key: a repeat gets the verdict of the first
	Order    any
}

// order has something carried out and waits for the verdict.
func order[V any](ctx context.Context, c client.Client, a ask) (verdict V, err error) {
	ctx, cancel := context.WithTimeout(ctx, orderWait)
	defer cancel()
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.NewWithStartWorkflowOperation(a.Start, a.Workflow, a.Input),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: a.ID, WorkflowID: a.Start.ID, UpdateName: a.Update, Args: []any{a.Order},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(ctx, &verdict)
	}
	return verdict, err
}

// beside names a process that goes on beside the cases: after every emergency, and again after its end.
func beside(id, summary string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.CareQueue, StaticSummary: summary, Priority: temporal.Priority{PriorityKey: 3},
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
}

// nudge wakes a process, or starts one. It carries a number and no content.
func nudge(ctx context.Context, c client.Client, start client.StartWorkflowOptions, typ string, input any, upTo int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := c.SignalWithStartWorkflow(ctx, start.ID, workflows.SignalNudge, workflows.Nudge{UpTo: upTo}, start, typ, input); err != nil {
		return fmt.Errorf("nudge %s: %w", start.ID, err)
	}
	return nil
}
