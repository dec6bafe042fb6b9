package smoke

import (
	"fmt"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/workflows"
)

// A request for aid, from its form through visit, decision and the bank to the last look, costs what it may cost, and no more.
func TestAidRequestBudget(t *testing.T) {
	h := start(t)
	h.worker()
	id := h.filesAid("ชบา", map[string]any{"bank": "006", "number": "0123456781", "name": "ชบา จ่ายสมมติ"})
	h.grants(id, map[string]any{"code": "LOW_INCOME", "satang": 300000})
	h.decidesOnPaper(id)
	made, _ := h.pays(h.plea(id).Office)
	if len(made.Batch.Orders) != 1 {
		t.Fatalf("the batch: %+v", made)
	}
	h.bankSays("", fmt.Sprintf(`%s,"3,000.00",SUCCESS,%s,`, made.Batch.Orders[0].Reference, h.today()))
	h.pleaComesTo(id, "it is paid", func(p plea) bool { return p.State == casefile.AidPaid })
	h.wantsAid("somsri", id, "monitor", nil)
	h.wantsAid("somsri", id, "evaluate", map[string]any{"outcome": "IMPROVED"})
	h.wantsAid("wichai", id, "close", nil)
	h.pleaComesTo(id, "it is closed", func(p plea) bool { return p.State == casefile.AidClosed })
	runs, err := local.Runs(t.Context(), h.temporal, workflows.AidWorkflowID(id))
	if err != nil {
		t.Fatal(err)
	}
	actions := 0
	for n, run := range runs {
		actions += local.Actions(run)
		t.Logf("run %d: %d actions, %d events: %s", n+1, local.Actions(run), len(run), local.KindsOf(run))
	}
	if actions > local.ActionsOfAid {
		t.Errorf("%d actions, may have %d", actions, local.ActionsOfAid)
	}
	t.Logf("%d actions in %d runs", actions, len(runs))
}
