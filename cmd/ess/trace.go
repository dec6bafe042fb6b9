package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracing says how long the steps of an interaction took, from the webhook to
// the message that follows. Nil is off, and costs nothing.
//
// A trace begins with us: what a stranger's request says of itself is not read,
// and LINE is told nothing. There is one short trace for each thing that happens,
// never one for a whole case.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// newTracing starts to send spans to the receiver of the configuration, if it names one.
func newTracing(ctx context.Context, cfg Config, log *slog.Logger) (*tracing, error) {
	if cfg.OTLPEndpoint == "" {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(cfg.OTLPEndpoint, "/")+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// The library tells nobody else of a receiver that is away. Its words may quote an address: only that it is so is logged.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.LogAttrs(ctx, slog.LevelWarn, "traces are not sent", slog.String("kind", fmt.Sprintf("%T", err)))
	}))
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(impersonal{exporter}, sdktrace.WithBatchTimeout(2*time.Second)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.TraceRatio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "ess"), attribute.String("service.version", version))), // nothing of the machine or its command line
	)
	return &tracing{provider: provider, tracer: provider.Tracer("ess")}, nil
}

// close sends what is left.
func (t *tracing) close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // what could not be sent is lost; nobody waits for it
}

// Names of what may be said of a span.
const (
	attrCase   = attribute.Key("ess.case")
	attrTry    = attribute.Key("ess.try")
	attrStatus = attribute.Key("http.response.status_code")
)

// sayable is everything that may leave in a span, by key, and what its value
// looks like. What is not here stays here, whoever wrote it.
var sayable = map[attribute.Key]*regexp.Regexp{
	attrCase:   regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
	attrTry:    regexp.MustCompile(`^[0-9]{1,4}$`),
	attrStatus: regexp.MustCompile(`^[1-5][0-9]{2}$`),
}

// spanName is a name that we could have given: our own words and route
// templates. No digit but that of /v1, so no number, pin or ID can be in it.
var spanName = regexp.MustCompile(`^(?:[A-Za-z ./:*_-]|/v1/){1,120}$`)

// impersonal takes everything out of spans that is not known to be harmless:
// errors quote rows and addresses, and a library may add an attribute any day.
type impersonal struct{ sdktrace.SpanExporter }

func (i impersonal) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for n, s := range spans {
		out[n] = bare{s}
	}
	return i.SpanExporter.ExportSpans(ctx, out)
}

// bare is a span without what could name a person.
type bare struct{ sdktrace.ReadOnlySpan }

func (b bare) Name() string {
	if name := b.ReadOnlySpan.Name(); spanName.MatchString(name) {
		return name
	}
	return "other"
}

func (b bare) Attributes() []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, a := range b.ReadOnlySpan.Attributes() {
		if form, ok := sayable[a.Key]; ok && form.MatchString(a.Value.String()) {
			out = append(out, a)
		}
	}
	return out
}

func (b bare) Status() sdktrace.Status {
	return sdktrace.Status{Code: b.ReadOnlySpan.Status().Code}
}
func (bare) Events() []sdktrace.Event { return nil }
func (bare) Links() []sdktrace.Link   { return nil }

// end ends a span; of an error only that there was one is told.
func end(span trace.Span, failed bool) {
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// probes are asked every few seconds, by machines.
var probes = map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /metrics": true}

// step is a part of what the API does: a request by its route, or the intake.
func (t *tracing) step(ctx context.Context, name string) (context.Context, func(status int)) {
	if probes[name] {
		return ctx, func(int) {}
	}
	kind := trace.SpanKindInternal
	if !trace.SpanContextFromContext(ctx).IsValid() {
		kind = trace.SpanKindServer
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, func(status int) {
		if status != 0 {
			span.SetAttributes(attrStatus.Int(status))
		}
		end(span, status >= 500)
	}
}

// begin starts a step outside of this process, within a trace only: what runs
// by the clock all day is not traced.
func (t *tracing) begin(ctx context.Context, name string) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, trace.SpanFromContext(context.Background()) // one that does nothing
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
}

// queries measures what PostgreSQL is asked, by the name of the query: no SQL and no arguments.
type queries struct{ t *tracing }

var (
	queryName = regexp.MustCompile(`^-- name: ([A-Za-z]+) `)
	verbs     = regexp.MustCompile(`^(begin|commit|rollback)`)
)

func (q queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	name := "other"
	if m := queryName.FindStringSubmatch(data.SQL); m != nil {
		name = m[1]
	} else if verb := verbs.FindString(data.SQL); verb != "" {
		name = verb
	}
	ctx, span := q.t.begin(ctx, "SQL "+name)
	return context.WithValue(ctx, querySpan{}, span)
}

func (q queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if span, ok := ctx.Value(querySpan{}).(trace.Span); ok {
		end(span, data.Err != nil)
	}
}

type querySpan struct{}

// queryTracer is the tracer of the pool, or none.
func (t *tracing) queryTracer() pgx.QueryTracer {
	if t == nil {
		return nil
	}
	return queries{t}
}

// calls measures what a provider is asked. It learns nothing of the trace.
type calls struct {
	t    *tracing
	base http.RoundTripper
	name func(*http.Request) string // of a span; nothing personal
}

// around watches the calls of LINE's transport, or leaves it alone. They are named
// after the endpoint: paths hold user IDs.
func (t *tracing) around(base http.RoundTripper) http.RoundTripper {
	if t == nil {
		return base
	}
	return calls{t, base, func(r *http.Request) string { return "LINE " + endpoint(r.URL.Path) }}
}

// aroundGateway does the same for a provider of SMS or of calls, under one name:
// who knows what stands in the paths of theirs.
func (t *tracing) aroundGateway(name string) func(http.RoundTripper) http.RoundTripper {
	return func(base http.RoundTripper) http.RoundTripper {
		if t == nil {
			return base
		}
		return calls{t, base, func(*http.Request) string { return name }}
	}
}

func (c calls) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, span := c.t.begin(req.Context(), c.name(req))
	res, err := c.base.RoundTrip(req.WithContext(ctx))
	if res != nil {
		span.SetAttributes(attrStatus.Int(res.StatusCode))
	}
	end(span, err != nil || res.StatusCode >= 500)
	return res, err
}

// endpoint is what a path of LINE is for. What stands between the words is somebody's ID.
func endpoint(path string) string {
	words := []string{}
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "message", "push", "reply", "multicast", "profile", "content", "chat", "loading", "start", "richmenu", "alias", "info", "user", "group", "summary":
			words = append(words, part)
		}
	}
	if len(words) == 0 {
		return "other"
	}
	return strings.Join(words, " ")
}
