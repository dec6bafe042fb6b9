package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestMain lets the test binary stand in for the program itself, so that the
// tests see what another program would see: a process, its output, its end.
func TestMain(m *testing.M) {
	if os.Getenv("LOCALSTACK_TEST_RUN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// stack is a localstack as a process.
type stack struct {
	t        *testing.T
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	stderr   strings.Builder
	frontend string
	ui       string
}

// postgres is the server that the tests share; every test run has a fresh one.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		t.Skip("SKIPPED: DATABASE_URL is not set; from the root: go run ./postgres/pgserver/withpg go test -C localstack ./...")
	}
	return url
}

// start runs the program with free ports and waits for its READY line.
func start(t *testing.T, args ...string) *stack {
	t.Helper()
	s := &stack{t: t}
	ports, err := freePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{
		"--frontend-port", strconv.Itoa(ports[0]), "--ui-port", strconv.Itoa(ports[1]), "--stop-on-stdin-close",
	}, args...)
	s.cmd = exec.Command(os.Args[0], args...)
	s.cmd.Env = append(os.Environ(), "LOCALSTACK_TEST_RUN=1", "LOCALSTACK_POSTGRES="+postgres(t))
	s.cmd.Stderr = &s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // no harm if it has ended
		_ = s.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = s.cmd.Wait()
		t.Fatalf("no READY line (%v); it said:\n%s", err, &s.stderr)
	}
	if _, err := fmt.Sscanf(line, "READY frontend=%s ui=%s\n", &s.frontend, &s.ui); err != nil {
		t.Fatalf("unexpected line %q: %v", line, err)
	}
	return s
}

func (s *stack) client(namespace string) client.Client {
	s.t.Helper()
	c, err := client.DialContext(s.t.Context(), client.Options{
		HostPort: s.frontend, Namespace: namespace, Logger: quiet{},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// ends waits for the process and returns how long that took.
func (s *stack) ends(within time.Duration) (time.Duration, error) {
	s.t.Helper()
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		return time.Since(began), err
	case <-time.After(within):
		s.t.Fatalf("still running after %s", within)
		return 0, nil
	}
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var _ sdklog.Logger = quiet{}

// waiting ends when it is told to.
func waiting(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "go on").Receive(ctx, &word)
	return word, nil
}

func TestWorkflowSurvivesAKilledStack(t *testing.T) {
	attributes := []string{"--search-attribute", "CaseState=Keyword", "--search-attribute", "Severity=Int"}
	s := start(t, attributes...)
	c := s.client("ess")
	state := temporal.NewSearchAttributeKeyKeyword("CaseState")
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "kept", TaskQueue: "test",
		TypedSearchAttributes: temporal.NewSearchAttributes(state.ValueSet("OPEN")),
	}, waiting)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignalWorkflow(t.Context(), "kept", run.GetRunID(), "go on", "kept word"); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()

	s = start(t, attributes...)
	c = s.client("ess")
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(waiting)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var word string
	if err := c.GetWorkflow(ctx, "kept", run.GetRunID()).Get(ctx, &word); err != nil || word != "kept word" {
		t.Fatalf("got %q, %v", word, err)
	}
	listed := func() error {
		r, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: "ess", Query: "CaseState = 'OPEN'"})
		if err == nil && r.GetCount() != 1 {
			err = fmt.Errorf("%d workflows found by their search attribute, want 1", r.GetCount())
		}
		return err
	}
	if err := eventually(ctx, listed); err != nil {
		t.Error(err)
	}

	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	took, err := s.ends(10 * time.Second)
	if err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	t.Logf("SIGTERM to exit: %s", took)
	if out := s.stderr.String(); out != "" {
		t.Errorf("a healthy run is not quiet:\n%s", out)
	}
}

func TestStackEndsWithItsParent(t *testing.T) {
	s := start(t, "--namespace", "parent")
	_ = s.stdin.Close() // what a parent's death does
	if _, err := s.ends(10 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestRetentionOfAKnownNamespaceIsChanged(t *testing.T) {
	for _, want := range []time.Duration{72 * time.Hour, 48 * time.Hour} {
		s := start(t, "--namespace", "retention", "--retention", want.String())
		r, err := s.client("retention").WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: "retention"})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != want {
			t.Errorf("retention is %s, want %s", got, want)
		}
		_ = s.stdin.Close()
		_, _ = s.ends(10 * time.Second)
	}
}

func TestSearchAttributeOfAnotherTypeIsFatal(t *testing.T) {
	s := start(t, "--namespace", "types", "--search-attribute", "CaseState=Keyword")
	_ = s.stdin.Close()
	_, _ = s.ends(10 * time.Second)

	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	again := exec.Command(os.Args[0], "--frontend-port", strconv.Itoa(ports[0]), "--ui-port", "0",
		"--namespace", "types", "--search-attribute", "CaseState=Int")
	again.Env = append(os.Environ(), "LOCALSTACK_TEST_RUN=1", "LOCALSTACK_POSTGRES="+postgres(t))
	out, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "CaseState is stored as Keyword, not Int") {
		t.Errorf("got %v:\n%s", err, out)
	}
	if strings.Contains(string(out), "READY") {
		t.Error("it called itself ready")
	}
}

func TestUIShowsTheNamespaceAndKnowsTheCodec(t *testing.T) {
	s := start(t, "--namespace", "shown", "--codec-endpoint", "http://127.0.0.1:9/codec")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	get := func(path string) []byte {
		t.Helper()
		r, err := browser.Get(s.ui + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, r.Status, err)
		}
		return body
	}
	if page := string(get("/namespaces/shown/workflows")); !strings.Contains(page, "<html") {
		t.Error("the page is no page")
	}
	var settings struct {
		Codec            struct{ Endpoint string }
		DefaultNamespace string
	}
	if err := json.Unmarshal(get("/api/v1/settings"), &settings); err != nil {
		t.Fatal(err)
	}
	if settings.Codec.Endpoint != "http://127.0.0.1:9/codec" || settings.DefaultNamespace != "shown" {
		t.Errorf("the UI's settings are %+v", settings)
	}
	if answer := string(get("/api/v1/namespaces/shown/workflow-count")); !strings.Contains(answer, "{") {
		t.Errorf("the UI does not reach the server: %s", answer)
	}
}

// Tasks are queued lowest priority first, with one crowded and one quiet
// fairness key, before a worker exists; the order in which they leave is the
// server's.
func TestUrgentGoesFirstAndTheCrowdDoesNotStarveTheRest(t *testing.T) {
	s := start(t, "--namespace", "order")
	c := s.client("order")
	queue := func(id string, p temporal.Priority) {
		t.Helper()
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "order", Priority: p}, "noted")
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		queue(fmt.Sprintf("crowd-%d", i), temporal.Priority{PriorityKey: 3, FairnessKey: "crowd"})
	}
	queue("quiet", temporal.Priority{PriorityKey: 3, FairnessKey: "quiet"})
	queue("urgent", temporal.Priority{PriorityKey: 1})

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tasks := &taskqueuepb.TaskQueue{Name: "order"}
	err := eventually(ctx, func() error { // a started workflow reaches its queue a moment later
		r, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: "order", TaskQueue: tasks, TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW, ReportStats: true,
		})
		if n := r.GetStats().GetApproximateBacklogCount(); err == nil && n != 12 {
			err = fmt.Errorf("%d tasks queued, want 12", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for range 12 {
		task, err := c.WorkflowService().PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: "order", TaskQueue: tasks, Identity: "test",
		})
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, task.GetWorkflowExecution().GetWorkflowId())
	}
	if order[0] != "urgent" {
		t.Errorf("urgent was not first: %v", order)
	}
	at := 0
	for i, id := range order {
		if id == "quiet" {
			at = i
		}
	}
	if at < 1 || at > 3 {
		t.Errorf("the quiet key waited behind the crowd: %v", order)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	err = run(t.Context(), []string{"--postgres", "postgres://u:p@127.0.0.1/", "--ui-port", port, "--frontend-port", port},
		os.Getenv, strings.NewReader(""), io.Discard, io.Discard)
	for _, want := range []string{"frontend port " + port + " is taken", "ui port " + port + " is taken"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEveryMistakeIsReportedAndNoPasswordIsShown(t *testing.T) {
	_, err := parse([]string{
		"--postgres", "http://user:secret@host/%zz", "--frontend-port", "0", "--ui-port", "70000",
		"--retention", "1m", "--shards", "0", "--log-level", "loud", "extra",
	}, os.Getenv, io.Discard)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--postgres", "--frontend-port", "--ui-port", "--retention", "--shards", "--log-level", "extra"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("the password is in the error")
	}
	if _, err := parse([]string{"--search-attribute", "CaseState=Words"}, os.Getenv, io.Discard); err == nil {
		t.Error("an unknown search attribute type was accepted")
	}
}

func TestUnixSocketIsPassedOn(t *testing.T) {
	o, err := parse([]string{"--postgres", "postgres://ess:pw@/?host=/run/pg&port=5433"}, os.Getenv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	sql := database(o, mainStore, 1)
	if sql.ConnectAttributes["host"] != "/run/pg" || sql.ConnectAttributes["port"] != "5433" || sql.ConnectAddr == "" {
		t.Errorf("got %+v", sql.ConnectAttributes)
	}
}
