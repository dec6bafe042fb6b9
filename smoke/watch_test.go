package smoke

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/workflows"
)

// long is how long a test waits for an alarm: the machine may be busy.
const long = 3 * time.Minute

// operator is an operator of the national desk, as a phone of the test.
func (h *town) operator() *person {
	h.t.Helper()
	p := h.Platform.Phone(local.SeedLINE("desk-desk-1300-1"))
	if p == nil {
		h.t.Fatal("the national desk has no phone")
	}
	return &person{Phone: p, town: h, name: "operator"}
}

func (h *town) watcher() *local.Process {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, err := h.StartWatch(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// leads reports whether a watcher says that it is the one that rings.
func leads(w *local.Process) bool {
	res, err := http.Get("http://" + w.Listen + "/metrics")
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return err == nil && strings.Contains(string(raw), "\ness_watch_leads 1\n")
}

func (h *town) eventuallyWithin(span time.Duration, what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(span); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("it did not come about that %s", what)
		}
	}
}

// Temporal is away, and somebody reports: the watcher rings the national desk by
// its own path, a human takes the case, and the case has heard it when Temporal
// is back.
func TestWithoutTemporalAHumanStillHears(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: starts its own servers")
	}
	servers, err := startStackAlone(t)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSystem(servers, 1)
	if err != nil {
		t.Fatal(err)
	}
	h := s.town(t)
	t.Cleanup(s.Stop)
	h.failsOn = func(line string) bool { return !strings.Contains(line, "temporal") && !strings.Contains(line, "nudge") }
	operator := h.operator()
	h.watcher()
	servers.StopTemporal()
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.sends(h.pin)

	card := operator.hearsWithin("inbox-waiting", long)
	b, ok := button(card, string(casefile.ActDeskTake))
	if !ok {
		t.Fatalf("the alarm has no button: %s", operator.said())
	}
	operator.presses(casefile.ActDeskTake)
	id := line.Decode(b.Action.Data).Case
	if id == "" {
		t.Fatalf("the button names no case: %s", b.Action.Data)
	}

	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	if err := servers.StartTemporal(ctx); err != nil {
		t.Fatal(err)
	}
	h.eventuallyWithin(long, "the case has heard that the operator took it", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.DeskTaken })
	})
	h.desk(casefile.LevelStation).hearsWithin("ack", long) // and its ladder begins
	operator.hearsWithin("กลับเป็นปกติแล้ว", long)         // and the alarm ends by itself
}

// The worker dies: the alarm says so and names its runbook. Two watchers run and
// one rings; when it is killed the other takes over and says that it is alone.
// The worker is back: that is said too.
func TestADeadWorkerIsAnAlarmAndADeadWatcherToo(t *testing.T) {
	h := startOwn(t, 1)
	h.failsOn = func(line string) bool { return strings.HasPrefix(line, "watch") }
	operator := h.operator()
	h.Env["ESS_WATCHERS"] = "2"
	one, two := h.watcher(), h.watcher()
	h.eventuallyWithin(long, "one of two watchers leads", func() bool { return leads(one) != leads(two) })
	h.Worker.Kill()
	operator.hearsWithin("worker-silent", long)
	operator.presses(casefile.ActDeskTake)
	operator.hearsWithin("รับทราบ", long)

	first, second := one, two
	if leads(two) {
		first, second = two, one
	}
	if leads(second) {
		t.Error("both watchers ring")
	}
	first.Kill()
	h.eventuallyWithin(long, "the other watcher leads", func() bool { return leads(second) })
	operator.hearsWithin("watch-silent", long)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.StartWorker(ctx, ""); err != nil {
		t.Fatal(err)
	}
	operator.hearsWithin("กลับเป็นปกติแล้ว", long)
}

// A workflow that was terminated, and one that was deleted with its whole
// history, are there again before anybody missed them, and the case goes on.
func TestAWorkflowThatIsGoneComesBack(t *testing.T) {
	h := startOwn(t, 20)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	station := h.desk(casefile.LevelStation)
	station.hears("ack")
	station.presses(casefile.ActAck)
	h.comesTo(id, casefile.Acked)
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	for name, gone := range map[string]func() error{
		"terminated": func() error { return h.temporal.TerminateWorkflow(ctx, workflows.EmergencyID(id), "", "by mistake") },
		"deleted": func() error {
			_, err := h.temporal.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
				Namespace: h.Name, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflows.EmergencyID(id)},
			})
			return err
		},
	} {
		before := h.run(ctx, id)
		if err := gone(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h.eventuallyWithin(long, "the "+name+" workflow runs again", func() bool {
			now := h.run(ctx, id)
			return now != "" && now != before
		})
	}
	h.eventuallyWithin(long, "the search goes on: nobody was sent", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.SearchReopened })
	})
}

// run is the ID of the run of a case that is under way, empty for none.
func (h *town) run(ctx context.Context, id casefile.CaseID) string {
	h.t.Helper()
	x, err := h.temporal.DescribeWorkflowExecution(ctx, workflows.EmergencyID(id), "")
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return ""
	}
	if err != nil {
		h.t.Fatal(err)
	}
	if x.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return ""
	}
	return x.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}
