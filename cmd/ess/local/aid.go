package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"
)

// NudgeAid wakes the process of an aid request, as the API does after something was put into its inbox.
func (w *Casework) NudgeAid(ctx context.Context, id casefile.AidID, upTo int) error {
	start := client.StartWorkflowOptions{
		ID: workflows.AidWorkflowID(id), TaskQueue: workflows.CareQueue, Priority: temporal.Priority{PriorityKey: 3},
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Aid request " + id.Code(),
	}
	_, err := w.Temporal.SignalWithStartWorkflow(ctx, workflows.AidWorkflowID(id), workflows.SignalNudge, workflows.Nudge{UpTo: upTo},
		start, workflows.AidType, workflows.AidRun{Aid: id, UpTo: upTo, Clock: w.Clock})
	if err != nil {
		return fmt.Errorf("nudge aid request %s: %w", id, err)
	}
	return nil
}

// Ask sends a request to the API in an operator's name, and returns what it answered.
func (w *Casework) Ask(ctx context.Context, operator, method, path, key string, body any) (int, []byte, error) {
	raw, isRaw := body.([]byte)
	kind := "text/csv"
	if !isRaw && body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
		kind = "application/json"
	}
	return w.send(ctx, operator, method, path, http.Header{"Content-Type": {kind}, "Idempotency-Key": {key}}, raw)
}

func (w *Casework) send(ctx context.Context, operator, method, path string, head http.Header, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.system.Listen+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	head.Set("Authorization", "Bearer "+w.system.Operators[operator])
	req.Header = head
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return res.StatusCode, answer, err
}

// Must asks and takes nothing but success.
func (w *Casework) Must(ctx context.Context, operator, method, path, key string, body, into any) error {
	status, raw, err := w.Ask(ctx, operator, method, path, key, body)
	switch {
	case err != nil:
		return err
	case status/100 != 2:
		return fmt.Errorf("%s %s: %d %.300s", method, path, status, raw)
	case into != nil:
		return json.Unmarshal(raw, into)
	}
	return nil
}

// PutPayee puts in the account of a request whose payment failed.
func (w *Casework) PutPayee(ctx context.Context, operator string, id casefile.AidID, account casefile.AidAccount) error {
	return w.Must(ctx, operator, http.MethodPut, "/v1/aid-requests/"+string(id)+"/payee", "", account, nil)
}

// Pictures puts a photo and a signature into a request, and returns their IDs.
func (w *Casework) Pictures(ctx context.Context, operator string, id casefile.AidID) ([]string, error) {
	canvas := image.NewRGBA(image.Rect(0, 0, 32, 32))
	for i := range 32 {
		canvas.Set(i, i, color.Black)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, canvas, nil); err != nil {
		return nil, err
	}
	var ids []string
	for _, kind := range []string{"PHOTO", "SIGNATURE"} {
		var file struct {
			ID string `json:"id"`
		}
		path := "/v1/aid-requests/" + string(id) + "/files"
		if err := w.Must(ctx, operator, http.MethodPost, path, w.key(), map[string]any{"kind": kind, "content_type": "image/jpeg", "bytes": b.Len()}, &file); err != nil {
			return nil, err
		}
		head := http.Header{"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
		status, raw, err := w.send(ctx, operator, http.MethodPatch, path+"/"+file.ID, head, b.Bytes())
		if err != nil {
			return nil, err
		}
		if status/100 != 2 {
			return nil, fmt.Errorf("PATCH %s: %d %.300s", path, status, raw)
		}
		ids = append(ids, file.ID)
	}
	return ids, nil
}

// ConfirmCatalogue vouches for every row of the aid catalogue, in the name of an invented officer.
func (w *Casework) ConfirmCatalogue(ctx context.Context, operator string) error {
	now := w.Now()
	for _, row := range policy.Default().AidRows(now) {
		if !row.Verify {
			continue
		}
		body := map[string]any{"digest": row.Digest, "name": "เจ้าหน้าที่สมมติ", "source": "simulation"}
		if err := w.Must(ctx, operator, http.MethodPost, "/v1/aid-catalogue/"+row.Code+"/confirm", "confirm-"+row.Code+strconv.FormatInt(now.Unix(), 36), body, nil); err != nil {
			return err
		}
	}
	return nil
}
