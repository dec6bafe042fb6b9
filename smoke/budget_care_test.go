package smoke

import (
	"context"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/workflows"
)

// careSpeed lets 26 weeks pass in two minutes.
const careSpeed = 26 * 7 * 24 * 60 / 2

// A follow-up of 26 weeks costs what it may cost, and no more.
func TestFollowUpBudget(t *testing.T) {
	h := startOwn(t, careSpeed)
	o := h.office()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	id, err := o.Live(ctx, o.Casework)
	if err != nil {
		t.Fatal(err)
	}
	c := o.comes(id, "it is closed", func(c casefile.Case) bool { return c.State == casefile.Closed })
	if c.Care.Risk != casefile.RiskLow || c.Care.Plan != casefile.PlanApproved {
		t.Errorf("risk %s, plan %s", c.Care.Risk, c.Care.Plan)
	}
	runs, err := local.Runs(t.Context(), o.temporal, workflows.FollowUpID(id))
	if err != nil {
		t.Fatal(err)
	}
	actions := 0
	for n, run := range runs {
		actions += local.Actions(run)
		t.Logf("run %d: %d actions, %d events: %s", n+1, local.Actions(run), len(run), local.KindsOf(run))
		if len(run) > local.EventsOfFollowUp {
			t.Errorf("run %d has %d events, may have %d", n+1, len(run), local.EventsOfFollowUp)
		}
	}
	if len(runs) < 4 {
		t.Errorf("%d runs in 26 weeks", len(runs))
	}
	if actions > local.ActionsOfFollowUp {
		t.Errorf("%d actions, may have %d", actions, local.ActionsOfFollowUp)
	}
	t.Logf("%d actions in %d runs", actions, len(runs))
}
