package vault_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ess-thailand/ess/vault"
)

func TestPayloadsAreEncodedAndComeBack(t *testing.T) {
	v, _ := fresh(t)
	p, err := v.DataConverter().ToPayload(map[string]string{"text": canary})
	if err != nil {
		t.Fatal(err)
	}
	if shows(p.String()) || string(p.GetMetadata()["encoding"]) != "binary/ess-aead" {
		t.Errorf("payload %v", p)
	}
	var back map[string]string
	if err := v.DataConverter().FromPayload(p, &back); err != nil || back["text"] != canary {
		t.Errorf("came back as %v, %v", back, err)
	}
	p.Metadata["ess-place"] = []byte("elsewhere")
	if err := v.DataConverter().FromPayload(p, &back); err == nil {
		t.Error("changed metadata opened")
	}
}

func TestForeignPayloadsPass(t *testing.T) {
	v, _ := fresh(t)
	typed, err := converter.GetDefaultDataConverter().ToPayload("typed into the UI")
	if err != nil {
		t.Fatal(err)
	}
	var back string
	if err := v.DataConverter().FromPayload(typed, &back); err != nil || back != "typed into the UI" {
		t.Errorf("came back as %q, %v", back, err)
	}
}

func TestErrorTextsDoNotLeak(t *testing.T) {
	v, _ := fresh(t)
	cause := temporal.NewApplicationError("call "+canary, "Kind", canary)
	failure := v.FailureConverter().ErrorToFailure(cause)
	if shows(failure.String()) {
		t.Errorf("the failure shows the text: %v", failure)
	}
	if got := v.FailureConverter().FailureToError(failure).Error(); !shows(got) {
		t.Errorf("the text did not come back: %s", got)
	}
	// The default converter does leak: otherwise the check above proves nothing.
	open := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: v.DataConverter()})
	if !shows(open.ErrorToFailure(cause).String()) {
		t.Error("the control shows nothing: the check is blind")
	}
}

// shows looks for the phone number of the canary, which no escaping changes.
func shows(s string) bool { return strings.Contains(s, "66812345678") }

const ui = "https://temporal.example"

type codecServer struct {
	*httptest.Server
	lines    []string
	auditErr error
}

func serve(t *testing.T, v *vault.Vault) *codecServer {
	t.Helper()
	s := &codecServer{}
	s.Server = httptest.NewServer(v.CodecHandler(ui,
		func(r *http.Request) error {
			if r.Header.Get("Authorization") != "Bearer good" {
				return errors.New("no")
			}
			return nil
		},
		func(r *http.Request, action string, n int) error {
			s.lines = append(s.lines, action+" "+r.Header.Get("X-Namespace"))
			return s.auditErr
		}))
	t.Cleanup(s.Close)
	return s
}

func (s *codecServer) do(t *testing.T, method, path, token, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", ui)
	req.Header.Set("Authorization", token)
	req.Header.Set("X-Namespace", "ess")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestCodecServerDecodesForThoseWhoMayAndWritesItDown(t *testing.T) {
	v, _ := fresh(t)
	s := serve(t, v)
	p, err := v.DataConverter().ToPayload(canary)
	if err != nil {
		t.Fatal(err)
	}
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{p}})
	if err != nil {
		t.Fatal(err)
	}

	resp, text := s.do(t, http.MethodPost, "/decode?preserveStorageRefs=true", "Bearer good", string(body))
	var out struct {
		Payloads []struct{ Data []byte }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || resp.StatusCode != http.StatusOK || !shows(string(out.Payloads[0].Data)) {
		t.Fatalf("%d %v", resp.StatusCode, err)
	}
	if got := resp.Header.Get("Access-Control-Allow-Origin"); got != ui {
		t.Errorf("allowed origin %q", got)
	}
	if len(s.lines) != 1 || s.lines[0] != "decode ess" {
		t.Errorf("audit lines %q", s.lines)
	}

	resp, text = s.do(t, http.MethodPost, "/decode", "Bearer bad", string(body))
	if resp.StatusCode != http.StatusUnauthorized || len(s.lines) != 1 {
		t.Errorf("without the right: %d %s, lines %q", resp.StatusCode, text, s.lines)
	}

	s.auditErr = errors.New("audit away")
	resp, text = s.do(t, http.MethodPost, "/decode", "Bearer good", string(body))
	if resp.StatusCode == http.StatusOK || shows(text) {
		t.Errorf("given out without an audit line: %d", resp.StatusCode)
	}
}

func TestCodecServerAnswersTheBrowsersQuestionFirst(t *testing.T) {
	v, _ := fresh(t)
	s := serve(t, v)
	resp, _ := s.do(t, http.MethodOptions, "/decode", "", "")
	if resp.StatusCode != http.StatusNoContent || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Authorization-Extras") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+"/decode", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	foreign, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = foreign.Body.Close()
	if foreign.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin is allowed")
	}
}

func TestCodecServerRefusesHugeBodies(t *testing.T) {
	v, _ := fresh(t)
	s := serve(t, v)
	resp, _ := s.do(t, http.MethodPost, "/decode", "Bearer good", strings.Repeat("x", 5<<20))
	if resp.StatusCode == http.StatusOK || len(s.lines) != 0 {
		t.Errorf("%d, lines %q", resp.StatusCode, s.lines)
	}
}
