package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/workflows"
)

// Open finds the cases that need a story.
type Open interface {
	// OpenCases lists every open case that a story should tell now.
	OpenCases(ctx context.Context) ([]OpenCase, error)
}

// OpenCase is an open case as the record has it.
type OpenCase struct {
	Case     casefile.CaseID
	UpTo     int       // the last inbox number given
	Deadline time.Time // its next one, case time
}

// reconcile compares the open cases with Temporal again and again, and nudges
// those whose story is gone: terminated, deleted, lost, or never started. One
// whose deadline passed long ago is nudged too, whatever Temporal says of it.
func (w *Worker) reconcile(ctx context.Context, fatal <-chan error) error {
	every := w.Every
	if every == 0 {
		every = 30 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return fmt.Errorf("worker: %w", err)
		case <-tick.C:
		}
		if err := w.compare(ctx); err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "cannot compare open cases with Temporal", "error", err)
		}
	}
}

func (w *Worker) compare(ctx context.Context) error {
	grace := w.Grace
	if grace == 0 {
		grace = 30 * time.Second
	}
	open, err := w.Open.OpenCases(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	running, unlisted := w.running(ctx)
	forgotten := w.Activities.Clock.Case(time.Now()).Add(-grace)
	for _, c := range open {
		if late := c.Deadline.Before(forgotten); !late {
			if running[c.Case] || unlisted != nil {
				continue
			}
			runs, err := w.runs(ctx, c.Case) // the list lags; this does not
			if err != nil {
				w.Log.WarnContext(ctx, "cannot ask after a story", "case", string(c.Case), "error", err)
			}
			if err != nil || runs {
				continue
			}
			w.Log.WarnContext(ctx, "an open case had no story", "case", string(c.Case))
		}
		if err := w.Activities.Nudger.Nudge(ctx, c.Case, c.UpTo); err != nil {
			w.Log.WarnContext(ctx, "cannot nudge a forgotten case", "case", string(c.Case), "error", err)
		}
	}
	return unlisted
}

// running lists the cases whose story runs, a moment late.
func (w *Worker) running(ctx context.Context) (map[casefile.CaseID]bool, error) {
	all := map[casefile.CaseID]bool{}
	req := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: w.Namespace, PageSize: 1000,
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflows.EmergencyType),
	}
	for {
		page, err := w.Client.ListWorkflow(ctx, req)
		if err != nil {
			return nil, fmt.Errorf("list running stories: %w", err)
		}
		for _, x := range page.GetExecutions() {
			if id, ok := strings.CutPrefix(x.GetExecution().GetWorkflowId(), workflows.EmergencyID("")); ok {
				all[casefile.CaseID(id)] = true
			}
		}
		if req.NextPageToken = page.GetNextPageToken(); len(req.NextPageToken) == 0 {
			return all, nil
		}
	}
}

// runs asks after one story.
func (w *Worker) runs(ctx context.Context, id casefile.CaseID) (bool, error) {
	x, err := w.Client.DescribeWorkflowExecution(ctx, workflows.EmergencyID(id), "")
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask after the story of case %s: %w", id, err)
	}
	return x.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}
