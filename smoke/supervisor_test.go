package smoke

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/vault"
	"github.com/ess-thailand/ess/workflows"
)

// A supervisor acknowledges a case and leaves a note in the Temporal UI: the
// reporter hears that a human has it. It never counts as one of two persons.
func TestASupervisorAcknowledgesInTheTemporalUI(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin)
	h.comesTo(id, casefile.Sent)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	signal := func(name, text string) {
		if err := h.temporal.SignalWorkflow(ctx, workflows.EmergencyID(id), "", name, workflows.UINote{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	signal(workflows.SignalNote, "โทรไปที่สถานีแล้ว")
	signal(workflows.SignalAcknowledge, "")
	mali.hears("เจ้าหน้าที่รับทราบแล้ว")
	h.comesTo(id, casefile.Acked)
	for _, kind := range []casefile.Kind{casefile.Noted, casefile.Acknowledged} {
		h.happens(id, "it is recorded as unverified", func(e casefile.Event) bool { return e.Kind == kind && e.By.Kind == casefile.ByTemporalUI })
	}
	_, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/private?purpose=supervision", nil)
	if !strings.Contains(string(raw), "โทรไปที่สถานีแล้ว") {
		t.Errorf("the note is not with the case: %s", raw)
	}
}

// What Temporal keeps of a case can be read by who has the key, in plain
// sentences; without it there is nothing personal and nothing in clear.
func TestTemporalKeepsNothingInClear(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali-of-the-blue-house")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	for _, words := range []string{"081 234 5678", "ซอยบ้านสีฟ้า"} {
		if _, err := mali.Say(words); err != nil {
			t.Fatal(err)
		}
		ann.hears("มีข้อมูลเพิ่ม")
	}
	h.orders("somsri", id, "note", map[string]any{"text": "ข้อความของผู้ปฏิบัติงาน"})
	h.settles(id)

	secrets := map[string]string{
		"phone": "812345678", "words": "ซอยบ้านสีฟ้า", "note": "ข้อความของผู้ปฏิบัติงาน", "reporter's account": mali.ID(), "officer's account": ann.ID(),
		"name": "mali-of-the-blue-house", "place": fmt.Sprintf("%v", h.pin.Lat), "map": fmt.Sprintf("%.6f", h.pin.Lat), "kind of message": "offer_desk",
	}
	blind, err := client.Dial(client.Options{HostPort: h.system.stack.Address, Namespace: h.Name, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer blind.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var story historypb.History
	events := blind.GetWorkflowHistory(ctx, workflows.EmergencyID(id), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		story.Events = append(story.Events, e)
	}
	described, err := blind.DescribeWorkflowExecution(ctx, workflows.EmergencyID(id), "")
	if err != nil {
		t.Fatal(err)
	}
	for what, kept := range map[string]proto.Message{"history": &story, "description": described} {
		raw, err := proto.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("the %s holds the %s in clear", what, name)
			}
		}
	}
	if !strings.Contains(described.WorkflowExecutionInfo.SearchAttributes.String(), h.province.Code) {
		t.Errorf("a supervisor cannot find the cases of a province: %s", described.WorkflowExecutionInfo.SearchAttributes)
	}

	keys, err := vault.Open(h.Env["ESS_KEYSET"])
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.VisitPayloads(ctx, &story, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, p []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return keys.Codec().Decode(p)
		},
	}); err != nil {
		t.Fatal(err)
	}
	opened, err := proto.Marshal(&story)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(opened, []byte(secrets["kind of message"])) { // else the search above finds nothing, whatever there is
		t.Error("the key does not open the history")
	}
	sentences := map[string]bool{}
	for _, e := range story.Events {
		var sentence string
		if s := e.GetUserMetadata().GetSummary(); s != nil {
			if err := converter.GetDefaultDataConverter().FromPayload(s, &sentence); err != nil {
				t.Fatal(err)
			}
			sentences[sentence] = true
		}
		for name, secret := range secrets {
			if name != "kind of message" && strings.Contains(sentence, secret) {
				t.Errorf("a sentence holds the %s: %s", name, sentence)
			}
		}
	}
	told := false
	for sentence := range sentences {
		told = told || strings.HasPrefix(sentence, "tell ")
	}
	if !told || len(sentences) < 5 {
		t.Errorf("the history does not read as a story: %v", sentences)
	}
}
