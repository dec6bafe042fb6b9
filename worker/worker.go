// Package worker registers workflows and activities with Temporal and runs them.
// It holds no rule and no deed of its own.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/workflows"
)

// Deployment names the worker deployment that every build of ESS belongs to.
const Deployment = "ess"

// Worker runs the stories and the deeds of one process.
type Worker struct {
	Client     client.Client
	Namespace  string
	Activities *activities.Activities
	Build      string // build ID; a new build takes over running cases once it polls
	Open       Open
	Log        *slog.Logger
	Polls      func()        // called once, when this build takes tasks
	Every      time.Duration // real time between two comparisons of the open cases with Temporal; 0: 30 s
	Grace      time.Duration // case time past a deadline before a case counts as forgotten; 0: 30 s
}

// Register puts every workflow and activity under its released name.
func Register(r worker.Registry, a *activities.Activities) {
	r.RegisterWorkflowWithOptions(workflows.Emergency, workflow.RegisterOptions{
		Name: workflows.EmergencyType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	r.RegisterWorkflowWithOptions(workflows.FollowUp, workflow.RegisterOptions{
		Name: workflows.FollowUpType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	r.RegisterWorkflowWithOptions(workflows.Concern, workflow.RegisterOptions{
		Name: workflows.ConcernType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	r.RegisterWorkflowWithOptions(workflows.AidRequest, workflow.RegisterOptions{
		Name: workflows.AidType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	r.RegisterWorkflowWithOptions(workflows.Registration, workflow.RegisterOptions{
		Name: workflows.RegistrationType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	RegisterDeeds(r, a)
}

// RegisterDeeds puts every activity under its released name.
func RegisterDeeds(r worker.ActivityRegistry, a *activities.Activities) {
	for name, deed := range map[string]any{
		"Begin": a.Begin, "Hear": a.Hear, "Locate": a.Locate, "Record": a.Record, "Rank": a.Rank, "Speak": a.Speak, "Tell": a.Tell,
		"BeginConcern": a.BeginConcern, "HearConcern": a.HearConcern, "RecordConcern": a.RecordConcern, "PlaceConcern": a.PlaceConcern,
		"FindConcernOffice": a.FindConcernOffice, "ConcernUnit": a.ConcernUnit, "ConcernFollow": a.ConcernFollow, "ConcernAlarm": a.ConcernAlarm,
		"TellConcern": a.TellConcern, "KeepEvidence": a.KeepEvidence,
		"BeginAid": a.BeginAid, "HearAid": a.HearAid, "RecordAid": a.RecordAid, "KeepAidSubject": a.KeepAidSubject, "CheckAid": a.CheckAid,
		"AidAlarm": a.AidAlarm, "AidFollow": a.AidFollow, "TellAid": a.TellAid,
		"KeepRegistration": a.KeepRegistration, "Keep": a.Keep, "Reach": a.Reach, "Units": a.Units, "HandOn": a.HandOn,
	} {
		r.RegisterActivityWithOptions(deed, activity.RegisterOptions{Name: name})
	}
}

// Run polls until the context ends, then lets what is under way finish.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.verify(ctx); err != nil {
		return err
	}
	fatal := make(chan error, 2)
	options := worker.Options{
		WorkerStopTimeout:                20 * time.Second,
		DisableRegistrationAliasing:      true,
		MaxConcurrentWorkflowTaskPollers: 4,
		MaxConcurrentActivityTaskPollers: 4,
		DisableEagerActivities:           true,
		MaxHeartbeatThrottleInterval:     activities.BeatWithin / 3, // else the SDK holds beats back until a fifth of their time is left
		OnFatalError:                     func(err error) { fatal <- err },
		DeploymentOptions: worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: Deployment, BuildID: w.Build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		},
	}
	story := worker.New(w.Client, workflows.TaskQueue, options)
	Register(story, w.Activities)
	care := worker.New(w.Client, workflows.CareQueue, options)
	Register(care, w.Activities)
	options.DisableWorkflowWorker = true
	tell := worker.New(w.Client, workflows.TellQueue, options)
	RegisterDeeds(tell, w.Activities)
	for _, one := range []worker.Worker{story, care, tell} {
		if err := one.Start(); err != nil {
			return fmt.Errorf("start worker: %w", err)
		}
		defer one.Stop()
	}
	if err := w.makeCurrent(ctx); err != nil {
		return err
	}
	w.Log.InfoContext(ctx, "worker polls", "build", w.Build)
	w.Polls()
	return w.reconcile(ctx, fatal)
}

// verify refuses to start on a server that does not know our search attributes:
// an unknown one upserted inside a workflow would wedge the case.
func (w *Worker) verify(ctx context.Context) error {
	known, err := w.Client.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: w.Namespace})
	if err != nil {
		return fmt.Errorf("ask for search attributes: %w", err)
	}
	var missing []error
	for _, want := range workflows.SearchAttributes() {
		if got, ok := known.CustomAttributes[want[0]]; !ok || got != attributeType[want[1]] {
			missing = append(missing, fmt.Errorf("search attribute %s of type %s is not registered in namespace %s", want[0], want[1], w.Namespace))
		}
	}
	return errors.Join(missing...)
}

var attributeType = map[string]enumspb.IndexedValueType{
	"Keyword": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Int": enumspb.INDEXED_VALUE_TYPE_INT,
	"Datetime": enumspb.INDEXED_VALUE_TYPE_DATETIME, "Bool": enumspb.INDEXED_VALUE_TYPE_BOOL,
}

// makeCurrent makes this build the one that takes tasks. The server learns of a
// build from its first poll, so the call is repeated until it is known.
func (w *Worker) makeCurrent(ctx context.Context) error {
	handle := w.Client.WorkerDeploymentClient().GetHandle(Deployment)
	var last error
	for range 120 {
		_, last = handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: w.Build})
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
	return fmt.Errorf("make build %s current: %w", w.Build, last)
}
