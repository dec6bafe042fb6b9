package smoke

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	payloads "go.temporal.io/api/common/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// receiver takes spans in as a collector of OpenTelemetry does.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	raw   []byte // everything that was ever sent
	spans []*spans.Span
	said  []*common.KeyValue // of the processes and of the spans
	odd   []error
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err == nil && req.URL.Path != "/v1/traces" {
		err = fmt.Errorf("spans were sent to %s", req.URL.Path)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.odd = append(r.odd, err)
	}
	r.raw = append(r.raw, body...)
	for _, process := range sent.ResourceSpans {
		r.said = append(r.said, process.Resource.GetAttributes()...)
		for _, scope := range process.ScopeSpans {
			for _, s := range scope.Spans {
				r.said = append(r.said, s.Attributes...)
				r.spans = append(r.spans, s)
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// ways are the names of the spans above each span of that name, itself first.
func (r *receiver) ways(name string) [][]string {
	byID := map[string]*spans.Span{}
	for _, s := range r.spans {
		byID[string(s.TraceId)+string(s.SpanId)] = s
	}
	var out [][]string
	for _, s := range r.spans {
		if s.Name != name {
			continue
		}
		var way []string
		for at := s; at != nil; at = byID[string(at.TraceId)+string(at.ParentSpanId)] {
			way = append(way, at.Name)
		}
		out = append(out, way)
	}
	return out
}

// restart lets the processes of the installation begin anew with its environment.
func (h *town) restart() {
	h.t.Helper()
	h.API.Stop()
	h.Worker.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := h.StartAPI(ctx); err != nil {
		h.t.Fatal(err)
	}
	if err := h.StartWorker(ctx, ""); err != nil {
		h.t.Fatal(err)
	}
}

// One trace leads from the webhook to the message that follows, and nothing in
// any of them says who needed help, where, or what they wrote. Nothing is sent
// by an installation that was not told to.
func TestTracesTellTheWayAndNobodysSecrets(t *testing.T) {
	h := startOwn(t, sharedSpeed)
	silent, told := receive(t), receive(t)
	h.officers(map[string]float64{"ann": 300})

	h.Env["OTEL_EXPORTER_OTLP_ENDPOINT"] = silent.URL // the library's own setting is not ours
	h.restart()
	nok := h.citizen("nok")
	nok.reports(casefile.Berserk, casefile.Pin{Lat: h.pin.Lat + 0.2, Lon: h.pin.Lon})

	delete(h.Env, "OTEL_EXPORTER_OTLP_ENDPOINT")
	h.Env["ESS_OTLP_ENDPOINT"], h.Env["ESS_TRACE_RATIO"] = told.URL, "1"
	h.restart()
	const name, number, words = "มะลิวัลย์ Maliwan", "0812349876", "เขามีมีด ห้องสีเขียว"
	mali := h.citizen(name)
	pin := casefile.Pin{Lat: h.pin.Lat + 0.001234, Lon: h.pin.Lon + 0.004321}
	id := mali.reports(casefile.Gathering, pin)
	for text, kind := range map[string]casefile.Kind{number: casefile.PhoneGiven, words: casefile.ReporterAdded} {
		if _, err := mali.Say(text); err != nil {
			t.Fatal(err)
		}
		h.happens(id, "it is recorded: "+string(kind), func(e casefile.Event) bool { return e.Kind == kind })
	}
	h.livesToHandOver(id, h.people["ann"])
	h.comesTo(id, casefile.FollowUp)
	h.settles(id)
	h.waitsAreCounted("alert", "acknowledge", "arrive", "hand_over")
	h.API.Stop() // what is not sent yet goes out now
	h.Worker.Stop()

	if len(silent.raw) != 0 {
		t.Errorf("%d bytes of traces were sent unasked", len(silent.raw))
	}
	if len(told.odd) != 0 {
		t.Errorf("the receiver did not understand: %v", told.odd)
	}
	h.oneTraceJoins(told, "LINE message reply", "LINE message push")
	lon, lat := fmt.Sprintf("%.4f", pin.Lon), fmt.Sprintf("%.4f", pin.Lat)
	secrets := []string{name, "มะลิวัลย์", "Maliwan", number, number[1:], words, "ห้องสีเขียว", mali.ID(), h.people["ann"].ID(), lat, lon, lat[:len(lat)-1], lon[:len(lon)-1]}
	for _, secret := range secrets {
		if bytes.Contains(told.raw, []byte(secret)) {
			t.Errorf("a trace holds %q", secret)
		}
	}
	if !bytes.Contains(told.raw, []byte(id)) {
		t.Error("no trace holds the reference of the case: the search finds nothing")
	}
	sayable := []string{"service.name", "service.version", "ess.case", "ess.try", "http.response.status_code"}
	for _, a := range told.said {
		if !slices.Contains(sayable, a.Key) {
			t.Errorf("a trace says %s", a.Key)
		}
	}
	for _, s := range told.spans {
		if s.Status.GetMessage() != "" || len(s.Events) != 0 || len(s.Links) != 0 || s.TraceState != "" {
			t.Errorf("the span %q says more than it may", s.Name)
		}
	}
	h.headersHoldTheTraceAlone(id)
}

// oneTraceJoins fails unless calls of these names lead back to a webhook, through deed and story.
func (h *town) oneTraceJoins(r *receiver, calls ...string) {
	h.t.Helper()
	for _, call := range calls {
		ways := r.ways(call)
		if !slices.ContainsFunc(ways, func(way []string) bool {
			return slices.Equal(way, []string{call, "deed Tell", "wake Emergency", "intake", "POST /line/webhook"})
		}) {
			h.t.Errorf("no %s leads back to a webhook: %v", call, ways)
		}
	}
	for _, s := range []string{"story hears nudge", "deed Record", "SQL AppendEvents", "SQL commit"} {
		if ways := r.ways(s); !slices.ContainsFunc(ways, func(way []string) bool { return way[len(way)-1] == "POST /line/webhook" }) {
			h.t.Errorf("no %s leads back to a webhook: %v", s, ways)
		}
	}
}

// headersHoldTheTraceAlone looks at what stands unsealed in Temporal, and
// replays the history in a worker that traces nothing.
func (h *town) headersHoldTheTraceAlone(id casefile.CaseID) {
	h.t.Helper()
	seen := 0
	story := h.history(id)
	for _, e := range story {
		for key, payload := range header(e).GetFields() {
			var parent string
			if err := converter.GetDefaultDataConverter().FromPayload(payload, &parent); err != nil || key != "traceparent" {
				h.t.Errorf("%s has the header %s: %v", e.EventType, key, err)
				continue
			}
			if !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$`).MatchString(parent) {
				h.t.Errorf("%s has the header %s", e.EventType, parent)
			}
			carrier := propagation.MapCarrier{"traceparent": parent}
			if ctx := (propagation.TraceContext{}).Extract(context.Background(), carrier); ctx == context.Background() {
				h.t.Errorf("nobody can follow %s", parent)
			}
			seen++
		}
	}
	if seen == 0 {
		h.t.Error("no header carries a trace")
	}
	keys, err := vault.Open(h.Env["ESS_KEYSET"])
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: keys.DataConverter(), FailureConverter: keys.FailureConverter()})
	if err != nil {
		h.t.Fatal(err)
	}
	r.RegisterWorkflowWithOptions(workflows.Emergency, workflow.RegisterOptions{Name: workflows.EmergencyType})
	if err := r.ReplayWorkflowHistory(quiet{}, &history.History{Events: story}); err != nil {
		h.t.Errorf("a history with traces does not replay without: %v", err)
	}
}

// header is what an event carries unsealed, beside its payloads.
func header(e *history.HistoryEvent) *payloads.Header {
	switch {
	case e.GetWorkflowExecutionStartedEventAttributes() != nil:
		return e.GetWorkflowExecutionStartedEventAttributes().GetHeader()
	case e.GetWorkflowExecutionSignaledEventAttributes() != nil:
		return e.GetWorkflowExecutionSignaledEventAttributes().GetHeader()
	case e.GetActivityTaskScheduledEventAttributes() != nil:
		return e.GetActivityTaskScheduledEventAttributes().GetHeader()
	default:
		return e.GetMarkerRecordedEventAttributes().GetHeader()
	}
}

// waitsAreCounted reads the worker's metrics: the times that people waited are there.
func (h *town) waitsAreCounted(until ...string) {
	h.t.Helper()
	res, err := http.Get("http://" + h.Worker.Listen + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, end := range until {
		want := fmt.Sprintf(`ess_case_wait_seconds_count{severity="[A-Z]+",type="%s",until="%s"} 1\b`, casefile.Gathering, end)
		if !regexp.MustCompile(want).Match(page) {
			h.t.Errorf("the wait until %s is not counted once:\n%s", end, linesOf(string(page), "ess_case_wait_seconds_count"))
		}
	}
}

// linesOf are the lines of a page that begin so.
func linesOf(page, begin string) string {
	lines := slices.DeleteFunc(strings.Split(page, "\n"), func(l string) bool { return !strings.HasPrefix(l, begin) })
	return strings.Join(lines, "\n")
}
