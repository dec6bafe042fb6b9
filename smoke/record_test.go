package smoke

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// record keeps the history of a case for the replay test, decoded: everybody in
// it is invented. It writes only when SMOKE_RECORD is set, and only new names: a
// history that was released is never recorded again.
func (h *town) record(id casefile.CaseID, name string) {
	h.t.Helper()
	h.recordRun(workflows.EmergencyID(id), "", name)
}

// recordFollowUp keeps every run of a follow-up: each must replay by itself.
func (h *town) recordFollowUp(id casefile.CaseID, name string) {
	h.t.Helper()
	if os.Getenv("SMOKE_RECORD") == "" {
		return
	}
	runs, err := local.Runs(context.Background(), h.temporal, workflows.FollowUpID(id))
	if err != nil {
		h.t.Fatal(err)
	}
	for n, run := range runs {
		h.recordRun(workflows.FollowUpID(id), run[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId(), fmt.Sprintf("%s-%d", name, n+1))
	}
}

// recordRun keeps one run, the newest if none is named.
func (h *town) recordRun(workflowID, run, name string) {
	h.t.Helper()
	if os.Getenv("SMOKE_RECORD") == "" {
		return
	}
	file := filepath.Join("..", "workflows", "testdata", "histories", name+".json")
	if _, err := os.Stat(file); err == nil {
		h.t.Logf("%s is there already", file)
		return
	}
	ctx := context.Background()
	var history historypb.History
	events := h.temporal.GetWorkflowHistory(ctx, workflowID, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			h.t.Fatal(err)
		}
		history.Events = append(history.Events, e)
	}
	keys, err := vault.Open(h.Env["ESS_KEYSET"])
	if err != nil {
		h.t.Fatal(err)
	}
	err = proxy.VisitPayloads(ctx, &history, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, p []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return keys.Codec().Decode(p)
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		h.t.Fatal(err)
	}
}
