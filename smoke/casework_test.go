package smoke

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/workflows"
)

// office is where a test's follow-ups are lived: an office of the ministry with a
// social worker and a supervisor, a partner that answers, and a volunteer.
type office struct {
	*town
	*local.Casework
	local.Typical
}

func (h *town) office() office {
	h.t.Helper()
	duty := string(casefile.LevelMSDHSDuty)
	h.member("worker", duty, "", "", h.pin.Lat, h.pin.Lon, true)
	h.member("boss", duty, "", "", h.pin.Lat, h.pin.Lon, true)
	h.members[len(h.members)-1][7] = string(casefile.Supervisor)
	h.member("volunteer", string(casefile.LevelShelter), casefile.MSDHS, "", h.pin.Lat, h.pin.Lon, true)
	h.members[len(h.members)-1][7] = string(casefile.Volunteer)
	h.enlist()
	w, err := h.Casework(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(w.Close)
	o := office{town: h, Casework: w, Typical: local.Typical{
		Office: h.unitID(duty), Partner: h.unitID(string(casefile.LevelEMS)), Place: casefile.Place{Province: h.province.Code},
	}}
	o.Manager, o.Volunteer = h.memberOf(o.Office, casefile.Professional), h.memberOf(h.unitID(string(casefile.LevelShelter)), casefile.Volunteer)
	return o
}

// memberOf is somebody of a unit, no duty desk.
func (h *town) memberOf(unit casefile.UnitID, class casefile.Class) casefile.MemberID {
	h.t.Helper()
	var id string
	h.database(&id, "SELECT id FROM members WHERE unit_id = $1 AND class = $2 AND level = ''", string(unit), string(class))
	return casefile.MemberID(id)
}

// opens begins a follow-up and waits for its first word.
func (o office) opens() casefile.CaseID {
	o.t.Helper()
	id, err := o.Open(o.t.Context(), casefile.Opening{
		By: casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}, Office: o.Office, Problem: casefile.FamilyViolence, Place: o.Place,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.comes(id, "it has begun", func(c casefile.Case) bool { return c.Care != nil && !c.Care.BeganAt.IsZero() })
	return id
}

func (o office) comes(id casefile.CaseID, what string, wanted func(casefile.Case) bool) casefile.Case {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	c, err := o.Comes(ctx, id, wanted)
	if err != nil {
		o.t.Fatalf("it did not come about that %s: %v", what, err)
	}
	return c
}

func (o office) order(id casefile.CaseID, c casefile.Command) {
	o.t.Helper()
	o.orderBy("somsri", id, c)
}

func (o office) orderBy(operator string, id casefile.CaseID, c casefile.Command) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	if _, err := o.Order(ctx, operator, id, c); err != nil {
		o.t.Fatal(err)
	}
}

// begins does what an office owes first, so that little is overdue and chased.
func (o office) begins(id casefile.CaseID) {
	o.t.Helper()
	o.order(id, casefile.Command{Kind: casefile.ManagerSet, Member: o.Manager})
	c := o.comes(id, "somebody manages it", func(c casefile.Case) bool { return c.Care.Manager == o.Manager })
	contact := slices.IndexFunc(c.Care.Owed, func(x casefile.Obligation) bool { return x.Kind == casefile.OweContact })
	o.order(id, casefile.Command{Kind: casefile.Settled, Care: &casefile.CareDetail{Obligation: c.Care.Owed[contact].ID, State: casefile.Done}})
	o.order(id, casefile.Command{Kind: casefile.Assessed, Care: &casefile.CareDetail{Risk: casefile.RiskLow}})
	o.order(id, casefile.Command{Kind: casefile.PlanSet, Care: &casefile.CareDetail{Goals: []casefile.Goal{{Code: "SAFE", Horizon: casefile.Urgent}}}})
	o.orderBy("malee", id, casefile.Command{Kind: casefile.PlanDecided, Yes: true})
}

// tasks are so many tasks of the volunteer, due long after the test.
func (o office) tasks(n int) casefile.Command {
	var owed []casefile.Obligation
	for range n {
		owed = append(owed, casefile.Obligation{Kind: casefile.OweTask, Code: "CHECK_IN", Member: o.Volunteer, DueAt: o.Now().Add(400 * 24 * time.Hour)})
	}
	return casefile.Command{Kind: casefile.Owed, Care: &casefile.CareDetail{Owed: owed}}
}

// run is the run of a follow-up that goes on at the moment.
func (o office) run(id casefile.CaseID) string {
	o.t.Helper()
	d, err := o.temporal.DescribeWorkflowExecution(o.t.Context(), workflows.FollowUpID(id), "")
	if err != nil {
		o.t.Fatal(err)
	}
	return d.WorkflowExecutionInfo.Execution.RunId
}

func done(c casefile.Case) int {
	n := 0
	for _, x := range c.Care.Owed {
		if x.Kind == casefile.OweTask && x.State == casefile.Done {
			n++
		}
	}
	return n
}

// A follow-up begins a new run every month, and whatever is said to it just then is heard.
func TestANewMonthLosesNoWord(t *testing.T) {
	const perMonth = 12 * time.Second // real
	h := startOwn(t, float64(30*24*time.Hour)/float64(perMonth))
	o := h.office()
	id := o.opens()
	o.begins(id)
	const tasks = 60
	first := o.run(id)
	o.order(id, o.tasks(tasks))
	c := o.comes(id, "all tasks are owed", func(c casefile.Case) bool { return c.Care.Owes(casefile.OweTask) })
	// A word now and then, all through a change of runs, each by the signal of the Temporal UI.
	said := 0
	deadline := time.Now().Add(2 * patience)
	for _, x := range c.Care.Owed {
		if x.Kind != casefile.OweTask {
			continue
		}
		if err := o.temporal.SignalWorkflow(t.Context(), workflows.FollowUpID(id), "", workflows.SignalDone, workflows.UIDone{Obligation: x.ID}); err != nil {
			t.Fatal(err)
		}
		said++
		time.Sleep(2 * perMonth / tasks)
	}
	for o.run(id) == first && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if o.run(id) == first {
		t.Fatal("after a month there is no new run: the test would pass by doing nothing")
	}
	story := 0
	h.eventually("every word was heard", func() bool {
		h.database(&story, "SELECT count(*) FROM obligations WHERE case_id = $1 AND kind = 'TASK' AND state = 'DONE'", string(id))
		return story == said
	})
	runs, err := local.Runs(t.Context(), o.temporal, workflows.FollowUpID(id))
	if err != nil || len(runs) < 2 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
}

// A case that sleeps for weeks is taken over by the build that is there when somebody wakes it.
func TestANewBuildTakesOverASleepingCase(t *testing.T) {
	h := startOwn(t, 1)
	o := h.office()
	id := o.opens()
	o.order(id, o.tasks(2))
	c := o.comes(id, "the tasks are owed", func(c casefile.Case) bool { return c.Care.Owes(casefile.OweTask) })
	run := o.run(id)
	h.Worker.Stop() // nobody is there; the case sleeps
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.StartWorker(ctx, "smoke-2"); err != nil {
		t.Fatal(err)
	}
	for _, x := range c.Care.Owed {
		if x.Kind == casefile.OweTask {
			o.order(id, casefile.Command{Kind: casefile.Settled, Care: &casefile.CareDetail{Obligation: x.ID, State: casefile.Done}})
		}
	}
	if n := done(o.comes(id, "it is written down", func(c casefile.Case) bool { return done(c) == 2 })); n != 2 {
		t.Errorf("%d tasks are done", n)
	}
	if o.run(id) != run {
		t.Error("the case began anew instead of being taken over")
	}
	if build := builds(t, o.temporal, id); !strings.Contains(build, "smoke-2") {
		t.Errorf("the case was last served by %q", build)
	}
}

// builds is the build that serves a follow-up.
func builds(t *testing.T, c client.Client, id casefile.CaseID) string {
	t.Helper()
	d, err := c.DescribeWorkflowExecution(t.Context(), workflows.FollowUpID(id), "")
	if err != nil {
		t.Fatal(err)
	}
	return d.WorkflowExecutionInfo.GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

// A partner that never answers is passed over after ten working days, and another
// office takes the case only by its own word; a month later all of it is still there.
func TestAReferralThatNobodyAnswersGoesOnAndOutlivesItsMonth(t *testing.T) {
	const perMonth = 12 * time.Second // real
	h := startOwn(t, float64(30*24*time.Hour)/float64(perMonth))
	o := h.office()
	shelter, hospital := h.unitID(string(casefile.LevelShelter)), h.unitID(string(casefile.LevelRadio191))
	id := o.opens()
	o.begins(id)
	first := o.run(id)
	owes := func(k casefile.ObligationKind, unit casefile.UnitID) casefile.Obligation {
		var found casefile.Obligation
		o.comes(id, string(k)+" is asked of "+string(unit), func(c casefile.Case) bool {
			for _, x := range c.Care.Open() {
				if x.Kind == k && x.Unit == unit {
					found = x
					return true
				}
			}
			return false
		})
		return found
	}
	o.order(id, casefile.Command{Kind: casefile.ConsentSet, Care: &casefile.CareDetail{
		Consent: &casefile.Consent{Purpose: casefile.ForReferral, Given: true, Basis: "CONSENT"},
	}})
	o.order(id, casefile.Command{Kind: casefile.Referred, Unit: o.Partner, Care: &casefile.CareDetail{Owed: []casefile.Obligation{{Code: "HEALTH", Next: []casefile.UnitID{hospital}}}}})
	silent := owes(casefile.OweReferral, o.Partner).ID
	o.order(id, casefile.Command{Kind: casefile.ReferralAnswered, Yes: true, Care: &casefile.CareDetail{Obligation: owes(casefile.OweReferral, hospital).ID}})
	asked := o.comes(id, "the service is owed", func(c casefile.Case) bool { return c.Care.Owes(casefile.OweService) })
	if err := o.Until(t.Context(), asked.Care.BeganAt.Add(26*24*time.Hour)); err != nil { // nobody manages it from then on
		t.Fatal(err)
	}
	o.order(id, casefile.Command{Kind: casefile.OfficeAsked, Unit: shelter, Reason: "MOVED"})
	o.order(id, casefile.Command{Kind: casefile.OfficeAnswered, Yes: true, Care: &casefile.CareDetail{Obligation: owes(casefile.OweTransfer, shelter).ID}})
	h.eventually("a new month begins", func() bool { return o.run(id) != first })
	c := o.comes(id, "the shelter has it", func(c casefile.Case) bool { return c.Owner == shelter })
	if x, _ := c.Care.Obligation(silent); x.State != casefile.Missed || x.Reason != casefile.ReasonTimedOut {
		t.Errorf("the partner that never answered stands as %+v", x)
	}
	if !c.Care.Owes(casefile.OweService) || !c.Care.Owes(casefile.OweManager) {
		t.Errorf("after a month it owes %+v", c.Care.Open())
	}
	h.recordFollowUp(id, "follow-up-passed-on-and-moved")
}
