package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/workflows"
)

// kept is a receiver of spans in this process.
type kept struct{ spans []sdktrace.ReadOnlySpan }

func (k *kept) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	k.spans = append(k.spans, spans...)
	return nil
}
func (*kept) Shutdown(context.Context) error { return nil }

func traced(t *testing.T) (*tracing, *kept) {
	t.Helper()
	k := &kept{}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(impersonal{k}))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return &tracing{provider: provider, tracer: provider.Tracer("test")}, k
}

func TestWhatIsNotKnownToBeHarmlessLeavesInNoSpan(t *testing.T) {
	tr, k := traced(t)
	const id = "0198c0de-0000-7000-8000-000000000001"
	_, span := tr.tracer.Start(t.Context(), "GET /v1/cases/:caseID", trace.WithAttributes(
		attribute.String("url.full", "canary"), attribute.String("db.query.text", "canary"), attrCase.String(id), attrTry.String("canary")))
	span.RecordError(errors.New("canary"))
	span.AddEvent("canary")
	span.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.String("canary", "canary")}})
	span.SetStatus(codes.Error, "canary")
	span.End()
	for _, name := range []string{"GET /v1/cases/0198c0de", "call 0812345678", "มะลิ", strings.Repeat("a", 121)} {
		_, odd := tr.tracer.Start(t.Context(), name)
		odd.End()
	}
	s := k.spans[0]
	if a := s.Attributes(); len(a) != 1 || a[0] != attrCase.String(id) {
		t.Errorf("attributes %v, want the case alone", a)
	}
	if s.Name() != "GET /v1/cases/:caseID" || s.Status().Code != codes.Error || s.Status().Description != "" || len(s.Events())+len(s.Links()) != 0 {
		t.Errorf("%q %v %v %v", s.Name(), s.Status(), s.Events(), s.Links())
	}
	for _, odd := range k.spans[1:] {
		if odd.Name() != "other" {
			t.Errorf("a span is named %q", odd.Name())
		}
	}
}

func TestPathsOfLINEBecomeTheNameOfTheEndpoint(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/bot/message/push":                 "message push",
		"/v2/bot/profile/U0123456789abcdef":    "profile",
		"/v2/bot/message/12345678/content":     "message content",
		"/v2/bot/user/U0123/richmenu/richm-12": "user richmenu",
		"/U0123":                               "other",
	} {
		if got := endpoint(path); got != want {
			t.Errorf("%s is called %q, want %q", path, got, want)
		}
	}
}

// A story goes the same way with tracing as without: cases that run while it is
// switched on must replay.
func TestEverySavedHistoryReplaysWithTracing(t *testing.T) {
	files, err := filepath.Glob("../../workflows/testdata/histories/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no histories", err)
	}
	tr, k := traced(t)
	for _, file := range files {
		r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: []interceptor.WorkerInterceptor{&threads{t: tr}}})
		if err != nil {
			t.Fatal(err)
		}
		r.RegisterWorkflowWithOptions(workflows.Emergency, workflow.RegisterOptions{Name: workflows.EmergencyType})
		r.RegisterWorkflowWithOptions(workflows.FollowUp, workflow.RegisterOptions{Name: workflows.FollowUpType})
		r.RegisterWorkflowWithOptions(workflows.Concern, workflow.RegisterOptions{Name: workflows.ConcernType})
		r.RegisterWorkflowWithOptions(workflows.AidRequest, workflow.RegisterOptions{Name: workflows.AidType})
		if err := r.ReplayWorkflowHistoryFromJSONFile(nil, file); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
	if len(k.spans) != 0 {
		t.Errorf("a replay sent %d spans", len(k.spans))
	}
}

// appends records anything, or nothing.
type appends struct {
	activities.Cases
	err error
}

func (a *appends) Append(context.Context, casefile.Case, []casefile.Event, *activities.JoinQuery) (activities.JoinResult, error) {
	return activities.JoinResult{}, a.err
}

func TestAWaitIsMeasuredOnceAndOnlyWhenRecorded(t *testing.T) {
	registry := prometheus.NewRegistry()
	record := &appends{err: casefile.ErrMoved}
	w, err := newWaits(record, registry)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	c := casefile.Case{Type: casefile.Gathering, Severity: casefile.High, ReportedAt: began, SentAt: at(2), AckedAt: at(40), EndedAt: at(9000)}
	batches := [][]casefile.Event{
		{{Kind: casefile.Offered, At: at(2)}},
		{{Kind: casefile.Offered, At: at(30)}},                                       // a second wave ends no wait
		{{Kind: casefile.DeskTaken, At: at(40)}, {Kind: casefile.Noted, At: at(40)}}, // a human has it in hand
		{{Kind: casefile.Acknowledged, At: at(50)}},
		{{Kind: casefile.HandoverAccepted, At: at(5000)}},
		{{Kind: casefile.CaseClosed, At: at(9000)}},
	}
	for _, tries := range []error{casefile.ErrMoved, nil} {
		record.err = tries
		for _, events := range batches {
			if _, err := w.Append(t.Context(), c, events, nil); !errors.Is(err, tries) {
				t.Fatal(err)
			}
		}
	}
	got := map[string]float64{}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].Metric {
		if n := m.Histogram.GetSampleCount(); n != 1 {
			t.Errorf("%v was measured %d times", m.Label, n)
		}
		for _, l := range m.Label {
			if l.GetName() == "until" {
				got[l.GetValue()] = m.Histogram.GetSampleSum()
			}
		}
	}
	want := map[string]float64{"alert": 2, "acknowledge": 40, "hand_over": 5000, "close": 9000}
	if len(got) != len(want) {
		t.Errorf("measured %v, want %v", got, want)
	}
	for until, seconds := range want {
		if got[until] != seconds {
			t.Errorf("until %s: %v s, want %v", until, got[until], seconds)
		}
	}
}
