package main

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
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
