package main

import (
	"context"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The interceptors take a trace through Temporal: into the nudge or command that
// wakes a story, through the story, into the deeds that follow from it. A story
// lives for months and hears many people, so each deed belongs to the trace of
// what was heard last; a deed that follows from a clock long after has its own.
//
// The SDK's own tracing is not used: it makes one trace of a whole case, puts
// the texts of errors into it, and fails a story whose header it cannot read.

// traceHeader carries version, trace, span and the sampling bit: random numbers, as headers are not sealed.
const traceHeader = "traceparent"

// heardFor is how long a deed still counts as the answer to what was heard, real time.
const heardFor = time.Minute

// interceptors of the Temporal client, which the workers made of it take over.
func (t *tracing) interceptors() []interceptor.ClientInterceptor {
	if t == nil {
		return nil
	}
	return []interceptor.ClientInterceptor{&threads{t: t}}
}

// threads holds what the parts of a trace are threaded on.
type threads struct {
	interceptor.InterceptorBase
	t *tracing
}

// thread writes the trace of a context; nil if there is none.
func thread(ctx context.Context) *commonpb.Payload {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if carrier[traceHeader] == "" {
		return nil
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(carrier[traceHeader])
	if err != nil {
		return nil
	}
	return p
}

// follow continues the trace of a header. One that cannot be read is none.
func follow(ctx context.Context, p *commonpb.Payload) context.Context {
	var parent string
	if p == nil || converter.GetDefaultDataConverter().FromPayload(p, &parent) != nil {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceHeader: parent})
}

// caseOf is the case that a workflow is about: <story>/<case ID>.
func caseOf(workflowID string) trace.SpanStartEventOption {
	_, id, _ := strings.Cut(workflowID, "/")
	return trace.WithAttributes(attrCase.String(id))
}

// InterceptClient watches what wakes stories.
func (i *threads) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	w := &wakes{t: i.t}
	w.Next = next
	return w
}

type wakes struct {
	interceptor.ClientOutboundInterceptorBase
	t *tracing
}

func (w *wakes) begin(ctx context.Context, name, workflowID string) (context.Context, trace.Span) {
	ctx, span := w.t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindProducer), caseOf(workflowID))
	if p := thread(ctx); p != nil {
		interceptor.Header(ctx)[traceHeader] = p
	}
	return ctx, span
}

func (w *wakes) SignalWithStartWorkflow(ctx context.Context, in *interceptor.ClientSignalWithStartWorkflowInput) (client.WorkflowRun, error) {
	ctx, span := w.begin(ctx, "wake "+in.WorkflowType, in.Options.ID)
	run, err := w.Next.SignalWithStartWorkflow(ctx, in)
	end(span, err != nil)
	return run, err
}

func (w *wakes) UpdateWithStartWorkflow(ctx context.Context, in *interceptor.ClientUpdateWithStartWorkflowInput) (client.WorkflowUpdateHandle, error) {
	ctx, span := w.begin(ctx, "command "+in.UpdateOptions.UpdateName, in.UpdateOptions.WorkflowID)
	handle, err := w.Next.UpdateWithStartWorkflow(ctx, in)
	end(span, err != nil)
	return handle, err
}

// InterceptWorkflow keeps what a story heard last.
func (i *threads) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &hears{t: i.t}
	in.Next = next
	return in
}

// hears is beside one run of a story. It reads headers and the story's own
// clock and commands nothing, so a replay, with or without it, goes the same way.
type hears struct {
	interceptor.WorkflowInboundInterceptorBase
	t    *tracing
	last *commonpb.Payload
	at   time.Time
}

func (h *hears) Init(out interceptor.WorkflowOutboundInterceptor) error {
	d := &does{heard: h}
	d.Next = out
	return h.Next.Init(d)
}

func (h *hears) hear(ctx workflow.Context, what string) {
	p, ok := interceptor.WorkflowHeader(ctx)[traceHeader]
	if !ok {
		return
	}
	h.last, h.at = p, workflow.Now(ctx)
	if !workflow.IsReplaying(ctx) {
		_, span := h.t.tracer.Start(follow(context.Background(), p), what,
			trace.WithSpanKind(trace.SpanKindConsumer), caseOf(workflow.GetInfo(ctx).WorkflowExecution.ID))
		span.End()
	}
}

func (h *hears) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	h.hear(ctx, "story "+workflow.GetInfo(ctx).WorkflowType.Name)
	return h.Next.ExecuteWorkflow(ctx, in)
}

func (h *hears) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	h.hear(ctx, "story hears "+in.SignalName)
	return h.Next.HandleSignal(ctx, in)
}

func (h *hears) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	h.hear(ctx, "story hears "+in.Name)
	return h.Next.ExecuteUpdate(ctx, in)
}

// does hands the trace on to the deeds.
type does struct {
	interceptor.WorkflowOutboundInterceptorBase
	heard *hears
}

func (d *does) thread(ctx workflow.Context) {
	if d.heard.last != nil && workflow.Now(ctx).Sub(d.heard.at) <= heardFor {
		interceptor.WorkflowHeader(ctx)[traceHeader] = d.heard.last
	}
}

func (d *does) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	d.thread(ctx)
	return d.Next.ExecuteActivity(ctx, name, args...)
}

func (d *does) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	d.thread(ctx)
	return d.Next.ExecuteLocalActivity(ctx, name, args...)
}

// InterceptActivity measures a deed.
func (i *threads) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	d := &deedSpans{t: i.t}
	d.Next = next
	return d
}

type deedSpans struct {
	interceptor.ActivityInboundInterceptorBase
	t *tracing
}

func (d *deedSpans) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	ctx, span := d.t.tracer.Start(follow(ctx, interceptor.Header(ctx)[traceHeader]), "deed "+info.ActivityType.Name,
		caseOf(info.WorkflowExecution.ID), trace.WithAttributes(attrTry.Int(int(info.Attempt))))
	out, err := d.Next.ExecuteActivity(ctx, in)
	end(span, err != nil)
	return out, err
}
