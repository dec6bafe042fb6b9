package smoke

import (
	"context"
	"net/http"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/workflows"
)

// uiOrigin is where the Temporal UI of the tests would be.
const uiOrigin = "http://temporal-ui.example"

// A supervisor who may look everywhere reads a case in the Temporal UI. The same
// request of anybody else gets nothing, nor does a page of another origin.
func TestTheTemporalUIIsReadableByRightOnly(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	blind, err := client.Dial(client.Options{HostPort: h.system.stack.Address, Namespace: h.Name, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer blind.Close()
	events := blind.GetWorkflowHistory(ctx, workflows.EmergencyID(id), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	started, err := events.Next()
	if err != nil {
		t.Fatal(err)
	}
	sealed := started.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
	if len(sealed) != 1 || strings.Contains(string(sealed[0].Data), string(id)) {
		t.Fatalf("the input of the workflow is not sealed: %v", sealed)
	}
	reads := func(authorization string) ([]*commonpb.Payload, error) {
		return converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
			Endpoint: "http://" + h.Listen + "/codec",
			ModifyRequest: func(r *http.Request) error {
				r.Header.Set("Origin", uiOrigin)
				if authorization != "" {
					r.Header.Set("Authorization", authorization)
				}
				return nil
			},
		}).Decode(sealed)
	}
	if open, err := reads("Bearer " + tokens["somsri"]); err != nil || len(open) != 1 || !strings.Contains(string(open[0].Data), string(id)) {
		t.Errorf("a supervisor reads %v, %v", open, err)
	}
	for who, authorization := range map[string]string{
		"nobody": "", "a stranger": "Bearer token-that-nobody-was-given-01", "an operator of one province": "Bearer " + tokens[scoped], "another scheme": "Basic " + tokens["somsri"],
	} {
		if open, err := reads(authorization); err == nil {
			t.Errorf("%s reads %v", who, open)
		}
	}
	for origin, allowed := range map[string]string{uiOrigin: uiOrigin, "http://elsewhere.example": ""} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.Listen+"/codec/decode", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != allowed || res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a page of %s without a token: %d, allowed for %q", origin, res.StatusCode, got)
		}
	}
}
