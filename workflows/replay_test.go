package workflows_test

import (
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/workflows"
)

// Every history ever saved must still replay: they are our promise to cases
// that are running while we deploy. They are made by smoke tests; no real case
// is ever saved.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no histories: the test would pass by doing nothing")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(workflows.Emergency, workflow.RegisterOptions{Name: workflows.EmergencyType})
			r.RegisterWorkflowWithOptions(workflows.Concern, workflow.RegisterOptions{Name: workflows.ConcernType})
			r.RegisterWorkflowWithOptions(workflows.AidRequest, workflow.RegisterOptions{Name: workflows.AidType})
			r.RegisterWorkflowWithOptions(workflows.FollowUp, workflow.RegisterOptions{Name: workflows.FollowUpType})
			if err := r.ReplayWorkflowHistoryFromJSONFile(nil, file); err != nil {
				t.Error(err)
			}
		})
	}
}
