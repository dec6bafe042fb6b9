package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"

	essworker "github.com/ess-thailand/ess/worker"
)

// asking is a script about an aid request: its record and its inbox, in memory.
type asking struct {
	*script
	a       casefile.AidRequest
	events  []casefile.AidEvent
	words   []activities.AidWord
	form    casefile.AidForm
	granted []policy.AidGranted
	trust   []policy.AidConfirmed
	twins   []activities.AidTwin
	limits  []policy.AidLimit // that went with the last word
	over    bool              // somebody else grants to the same people at the same moment
	alarms  int
}

const volunteer = "volunteer"

// asks begins a script of a volunteer who files a request; every row of the catalogue is confirmed.
func asks(t *testing.T) *asking {
	t.Helper()
	w := &asking{script: begin(t, casefile.ThreatAssault, false)}
	w.a = casefile.AidRequest{
		ID: "1f8fad5b-d9cb-469f-a165-70867728950e", State: casefile.AidDraft, Filer: casefile.Actor{Kind: casefile.ByMember, ID: volunteer},
	}
	income := int64(100000)
	w.form = casefile.AidForm{
		Subject: casefile.AidSubject{First: "x", Phone: "0812345678", SafeToCall: true}, Home: casefile.AidHome{Province: "65", District: "6501"},
		Need:     casefile.AidNeed{Problems: []casefile.Problem{casefile.IncomeLiving}, Urgency: casefile.AidNormal, Wanted: []string{"EMERGENCY", "RELIEF_BAG"}, Income: &income},
		Consents: []casefile.AidConsent{{Purpose: casefile.ForContact, Given: true, Basis: "CONSENT"}},
	}
	for _, row := range policy.Default().AidRows(epoch) {
		w.trust = append(w.trust, policy.AidConfirmed{Code: row.Code, Digest: row.Digest, Name: "somebody", At: epoch})
	}
	return w
}

func (w *asking) Aid(context.Context, casefile.AidID) (casefile.AidRequest, error) { return w.a, nil }

func (w *asking) AidInbox(_ context.Context, _ casefile.AidID, after, _ int) ([]activities.AidWord, error) {
	return slices.DeleteFunc(slices.Clone(w.words), func(x activities.AidWord) bool { return x.N <= after }), nil
}

func (w *asking) AppendAid(_ context.Context, after casefile.AidRequest, events []casefile.AidEvent, limits []policy.AidLimit) error {
	if after.Version != w.a.Version+len(events) {
		return casefile.ErrMoved
	}
	if after.State == casefile.AidApproved && w.a.State != casefile.AidApproved {
		if w.limits = limits; w.over {
			w.granted = append(w.granted, policy.AidGranted{Aid: "other", Item: 1, Code: "EMERGENCY", Satang: 300000, At: w.now()})
			return casefile.ErrOverLimit
		}
	}
	w.a, w.events = after, append(w.events, events...)
	return nil
}

func (w *asking) AidForm(context.Context, casefile.AidID, int) (casefile.AidForm, error) {
	return w.form, nil
}

func (w *asking) KeepSubject(context.Context, casefile.AidID, casefile.Actor, casefile.AidForm) (casefile.PersonID, string, error) {
	return "person", "home", nil
}

func (w *asking) AidTwins(context.Context, casefile.AidID) ([]activities.AidTwin, error) {
	return w.twins, nil
}

func (w *asking) Granted(context.Context, casefile.AidID) ([]policy.AidGranted, error) {
	return w.granted, nil
}

func (w *asking) Confirmed(context.Context) ([]policy.AidConfirmed, error) { return w.trust, nil }

func (w *asking) AidToAlarm(context.Context, casefile.AidRequest, casefile.Actor) (casefile.CaseID, int, error) {
	w.alarms++
	return "alarm", 1, nil
}

func (w *asking) AidPlain(context.Context, casefile.AidRequest) (casefile.Private, error) {
	return casefile.Private{Text: "what was written"}, nil
}

// says is a word from a phone.
func (w *asking) says(o casefile.AidOrder) {
	n := len(w.words) + 1
	o.ID = fmt.Sprintf("w%d", n)
	w.words = append(w.words, activities.AidWord{N: n, Order: o})
	w.env.SignalWorkflow(workflows.SignalNudge, workflows.Nudge{UpTo: n})
}

// files sends the form.
func (w *asking) files() {
	w.at(0, func() {
		w.says(casefile.AidOrder{Kind: casefile.AidSent, By: casefile.Actor{Kind: casefile.ByMember, ID: volunteer}, Form: 1})
	})
}

// orders is an order of a console.
func (w *asking) orders(operator string, o casefile.AidOrder) *verdict {
	v := &verdict{}
	w.n2++
	o.ID, o.By, o.Proof = fmt.Sprintf("o%d", w.n2), casefile.Actor{Kind: casefile.ByOperator, ID: operator}, "sealed"
	w.env.UpdateWorkflow(workflows.UpdateOrder, o.ID, v, o)
	return v
}

// runs plays the script until an instant, or the end of the request.
func (w *asking) runs(until time.Duration) {
	w.t.Helper()
	deeds := &activities.Activities{
		Cases: w.world, Media: w.world, Contents: w.world, Roster: w.world, Contacts: w.world, Messenger: w.world, Nudger: w.world, Proofs: w.world,
		Places: policy.DefaultPlaces(), Cells: func(float64, float64) string { return "cell" }, Policy: policy.Default(), Aids: w, Care: w.world,
	}
	essworker.RegisterDeeds(w.env, deeds)
	w.env.RegisterWorkflow(workflows.AidRequest)
	w.at(until, w.env.CancelWorkflow)
	w.env.ExecuteWorkflow(workflows.AidRequest, workflows.AidRun{Aid: w.a.ID})
	if err := w.env.GetWorkflowError(); err != nil && !strings.Contains(err.Error(), "canceled") {
		w.t.Fatalf("the story broke: %v", err)
	}
	for _, e := range w.events {
		if e.Kind == casefile.AidCalled && e.CallAt.IsZero() {
			w.t.Errorf("nobody is called after %+v", e)
		}
	}
	if open := !w.a.State.Ended() && w.a.State != casefile.AidDraft; open == w.a.CallAt.IsZero() {
		w.t.Errorf("in %s somebody is called at %v", w.a.State, w.a.CallAt)
	}
}

func refusedWith(v *verdict, words string) bool {
	var app *temporal.ApplicationError
	if !errors.As(v.err, &app) || app.Type() != activities.TypeRefused {
		return false
	}
	var th, en string
	return app.Details(&th, &en) == nil && strings.Contains(en, words) && th != ""
}

// visited brings a request to where a plan is made, in minutes.
func (w *asking) visited() {
	w.files()
	w.at(time.Minute, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidPassed}) })
	w.at(2*time.Minute, func() {
		w.orders("officer", casefile.AidOrder{Kind: casefile.AidVisitPlanned, Member: "visitor", VisitAt: w.now().Add(day)})
	})
	w.at(day+10*time.Minute, func() {
		w.says(casefile.AidOrder{Kind: casefile.AidWasVisited, By: casefile.Actor{Kind: casefile.ByMember, ID: "visitor"}})
	})
}

func money(satang int64) []casefile.AidItem {
	return []casefile.AidItem{{Code: "EMERGENCY", Satang: satang}}
}

// From the form to the money: each step by its own people, the rules' own words where they forbid.
func TestARequestIsFiledVisitedPlannedDecidedAndPaid(t *testing.T) {
	w := asks(t)
	w.visited()
	var tooMuch, plan, own, agreed, paid *verdict
	w.at(day+time.Hour, func() {
		tooMuch = w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(400000)})
	})
	w.at(day+2*time.Hour, func() {
		plan = w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)})
	})
	w.at(day+3*time.Hour, func() { own = w.orders("planner", casefile.AidOrder{Kind: casefile.AidAgreed}) })
	w.at(day+4*time.Hour, func() { agreed = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
	w.at(day+5*time.Hour, func() { w.orders("cashier", casefile.AidOrder{Kind: casefile.AidOrdered, Item: 1, Order: "P1"}) })
	w.at(day+6*time.Hour, func() {
		paid = w.orders("cashier", casefile.AidOrder{Kind: casefile.AidItemPaid, Item: 1, Order: "P1", Satang: 300000})
	})
	w.at(day+7*time.Hour, func() {
		w.says(casefile.AidOrder{Kind: casefile.AidLookedIn, By: casefile.Actor{Kind: casefile.ByMember, ID: volunteer}})
	})
	w.at(day+8*time.Hour, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidJudged, Outcome: "IMPROVED"}) })
	w.at(day+9*time.Hour, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidEnded}) })
	w.runs(30 * day)
	if !refusedWith(tooMuch, "3,000") {
		t.Errorf("a plan over the rate: %v", tooMuch.err)
	}
	if plan.err != nil || agreed.err != nil || paid.err != nil || own.err == nil {
		t.Errorf("plan %v, agreed %v, paid %v, own %v", plan.err, agreed.err, paid.err, own.err)
	}
	if w.a.State != casefile.AidClosed || w.a.Outcome != "IMPROVED" || w.a.Office != "msdhs" || len(w.limits) == 0 {
		t.Errorf("%+v with limits %+v", w.a, w.limits)
	}
	if !w.env.IsWorkflowCompleted() || w.env.GetWorkflowError() != nil {
		t.Errorf("the process goes on: %v", w.env.GetWorkflowError())
	}
	heard := strings.Join(w.told(volunteer), " ")
	for _, template := range []string{"aid_filed", "aid_visit_set", "aid_approved", "aid_paid", "aid_closed"} {
		if !strings.Contains(heard, template) {
			t.Errorf("who filed it did not hear %s: %s", template, heard)
		}
	}
	if got := strings.Join(w.told("visitor"), " "); !strings.Contains(got, "aid_visit") {
		t.Errorf("the visitor heard %s", got)
	}
	if got := strings.Join(w.told("+66812345678"), " "); strings.Count(got, activities.AidPerson) != 3 { // received, decided, paid
		t.Errorf("the person heard %s", got)
	}
	for _, m := range w.said {
		if m.Args.Pin != nil || m.Args.Phone != "" {
			t.Errorf("%s says where or whom to call", m.Template)
		}
	}
}

// A visit that nobody writes down is asked about of the visitor, then of supervisor, province and centre.
func TestAnOverdueVisitClimbs(t *testing.T) {
	w := asks(t)
	w.files()
	w.at(time.Minute, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidPassed}) })
	w.at(2*time.Minute, func() {
		w.orders("officer", casefile.AidOrder{Kind: casefile.AidVisitPlanned, Member: "visitor", VisitAt: w.now().Add(day)})
	})
	w.runs(14 * day)
	var who []string
	for _, e := range w.events {
		if e.Kind == casefile.AidCalled && e.At.After(epoch.Add(day)) {
			who = append(who, e.Reason)
		}
	}
	if got := strings.Join(who, " "); !strings.HasPrefix(got, "REMINDER OWNER SUPERVISOR PROVINCE CENTRAL CENTRAL") {
		t.Errorf("called %s", got)
	}
	if got := strings.Join(w.told("visitor"), " "); !strings.Contains(got, "aid_task_due") || !strings.Contains(got, "aid_owed") {
		t.Errorf("the visitor heard %s", got)
	}
	for _, office := range []string{"msdhs", "husec"} {
		if got := strings.Join(w.told(office), " "); !strings.Contains(got, "aid_owed") {
			t.Errorf("%s heard %s", office, got)
		}
	}
	if w.a.State != casefile.AidVisitSet {
		t.Errorf("in %s", w.a.State)
	}
}

// What is urgent is owed sooner.
func TestWhatIsUrgentHasShorterClocks(t *testing.T) {
	due := map[bool]time.Time{}
	for _, violent := range []bool{false, true} {
		w := asks(t)
		w.form.Need.Violence = violent // whatever was ticked
		w.files()
		w.runs(time.Hour)
		due[violent] = w.a.DueAt
	}
	if !due[true].Before(due[false]) {
		t.Errorf("urgent by %v, others by %v", due[true], due[false])
	}
}

// Somebody else grants to the same people between the look and the word: the answer is the rule, not a fault.
func TestAnApprovalOverTheLimitIsRefusedInItsWords(t *testing.T) {
	w := asks(t)
	w.over = true
	w.visited()
	var agreed *verdict
	w.at(day+2*time.Hour, func() { w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)}) })
	w.at(day+4*time.Hour, func() { agreed = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
	w.runs(2 * day)
	if w.a.State != casefile.AidPlanned || !refusedWith(agreed, "") {
		t.Errorf("%s: %v", w.a.State, agreed.err)
	}
}

// An amount that no officer has confirmed is not granted.
func TestAPlanOfAnUnconfirmedAmountIsRefused(t *testing.T) {
	w := asks(t)
	w.trust = nil
	w.visited()
	var plan *verdict
	w.at(day+2*time.Hour, func() {
		plan = w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)})
	})
	w.runs(2 * day)
	if !refusedWith(plan, "confirmed") {
		t.Errorf("%v", plan.err)
	}
}

// Another request of the same person stands in the way until an officer has looked at both.
func TestADuplicateWaitsForAnOfficer(t *testing.T) {
	w := asks(t)
	w.twins = []activities.AidTwin{{Aid: casefile.AidRequest{ID: "other", State: casefile.AidSubmitted}, By: "NUMBER"}}
	w.visited()
	var blocked, cleared, agreed *verdict
	w.at(day+2*time.Hour, func() { w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)}) })
	w.at(day+3*time.Hour, func() { blocked = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
	w.at(day+4*time.Hour, func() {
		cleared = w.orders("officer", casefile.AidOrder{Kind: casefile.AidCleared, Reason: "ANOTHER_NEED", Cleared: &casefile.AidFinding{Kind: casefile.FoundDuplicate, Other: "other"}})
	})
	w.at(day+5*time.Hour, func() { agreed = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
	w.runs(2 * day)
	if blocked.err == nil || cleared.err != nil || agreed.err != nil || w.a.State != casefile.AidApproved {
		t.Errorf("blocked %v, cleared %v, agreed %v in %s", blocked.err, cleared.err, agreed.err, w.a.State)
	}
}

// What needs no visit is planned without one; what needs one is not.
func TestOnlyWhatNeedsNoVisitIsPlannedWithoutOne(t *testing.T) {
	w := asks(t)
	w.files()
	var asked, bag *verdict
	w.at(time.Minute, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidPassed}) })
	w.at(2*time.Minute, func() {
		asked = w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)})
	})
	w.at(3*time.Minute, func() {
		bag = w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: []casefile.AidItem{{Code: "RELIEF_BAG", Goods: true, Satang: 80000}}})
	})
	w.runs(time.Hour)
	if !refusedWith(asked, "visited") || bag.err != nil || w.a.State != casefile.AidPlanned {
		t.Errorf("money %v, bag %v in %s", asked.err, bag.err, w.a.State)
	}
}

// A refusal stays open for an appeal and then closes by itself.
func TestARefusalClosesWhenNoAppealComes(t *testing.T) {
	w := asks(t)
	w.files()
	w.at(time.Minute, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidPassed}) })
	w.at(2*time.Minute, func() { w.orders("chief", casefile.AidOrder{Kind: casefile.AidRefused, Reason: "NOT_ELIGIBLE"}) })
	w.runs(60 * day)
	last := w.events[len(w.events)-1]
	if w.a.State != casefile.AidClosed || !last.At.After(w.a.UntilAt) || last.At.Before(epoch.Add(15*day)) {
		t.Errorf("%s by %+v, until %v", w.a.State, last, w.a.UntilAt)
	}
}

// A phone files, visits and hands over; it neither plans nor decides.
func TestAPhoneDecidesNothing(t *testing.T) {
	w := asks(t)
	w.files()
	w.at(time.Minute, func() { w.orders("officer", casefile.AidOrder{Kind: casefile.AidPassed}) })
	w.at(2*time.Minute, func() {
		w.says(casefile.AidOrder{Kind: casefile.AidRefused, Reason: "NOT_ELIGIBLE", By: casefile.Actor{Kind: casefile.ByMember, ID: "msdhs"}})
	})
	w.runs(time.Hour)
	if last := w.events[len(w.events)-1]; w.a.State != casefile.AidScreened || last.Kind != casefile.AidUnused || w.a.Inbox != 2 {
		t.Errorf("%s after %+v", w.a.State, last)
	}
	if got := strings.Join(w.told("msdhs"), " "); !strings.Contains(got, "aid_refused") {
		t.Errorf("the phone heard %s", got)
	}
}

func TestARequestThatCannotWaitBecomesAnEmergency(t *testing.T) {
	w := asks(t)
	w.files()
	var v *verdict
	w.at(time.Minute, func() { v = w.orders("officer", casefile.AidOrder{Kind: casefile.AidIntoAlarm}) })
	w.runs(time.Hour)
	if v.err != nil || w.a.State != casefile.AidUrgent || w.a.Case != "alarm" || w.alarms != 1 {
		t.Errorf("%v: %+v", v.err, w.a)
	}
}

// A process that is woken for a draft has nothing to do, and leaves.
func TestADraftIsNobodysWork(t *testing.T) {
	w := asks(t)
	w.runs(time.Hour)
	if !w.env.IsWorkflowCompleted() || w.env.GetWorkflowError() != nil || len(w.events) != 0 {
		t.Errorf("%v, %+v", w.env.GetWorkflowError(), w.events)
	}
}

// What is cut into two requests needs as many eyes as one, also when the other one was granted after the plan was made.
func TestTwoRequestsNeedAsManyEyesAsOne(t *testing.T) {
	for _, after := range []bool{false, true} {
		w := asks(t)
		grant := func() {
			w.granted = append(w.granted, policy.AidGranted{Aid: "other", Item: 1, Code: "LOW_INCOME", Satang: 300000, At: w.now()})
		}
		w.visited()
		var first, second *verdict
		w.at(day+time.Hour, func() {
			if !after {
				grant()
			}
		})
		w.at(day+2*time.Hour, func() { w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)}) })
		w.at(day+3*time.Hour, func() {
			if after {
				grant()
			}
			first = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed})
		})
		w.at(day+4*time.Hour, func() {
			if w.a.State != casefile.AidPlanned || w.a.Needed != 2 {
				t.Errorf("after one agreed: %s, %d are needed", w.a.State, w.a.Needed)
			}
			second = w.orders("second", casefile.AidOrder{Kind: casefile.AidAgreed})
		})
		w.runs(2 * day)
		if first.err != nil || second.err != nil || w.a.State != casefile.AidApproved {
			t.Errorf("first %v, second %v: %s", first.err, second.err, w.a.State)
		}
	}
}

// Who stands in the home can say that it cannot wait; who has nothing to do with it cannot.
func TestAnEmergencyIsOnePressOnAPhone(t *testing.T) {
	for member, want := range map[string]casefile.AidState{volunteer: casefile.AidUrgent, "stranger": casefile.AidSubmitted} {
		w := asks(t)
		w.files()
		w.at(time.Minute, func() {
			w.says(casefile.AidOrder{Kind: casefile.AidIntoAlarm, By: casefile.Actor{Kind: casefile.ByMember, ID: member}})
		})
		w.runs(time.Hour)
		if w.a.State != want || (w.alarms == 1) != (want == casefile.AidUrgent) {
			t.Errorf("%s: %s with %d alarms", member, w.a.State, w.alarms)
		}
	}
}

// Whom messages were not agreed to with gets none, however safe it would be.
func TestThePersonIsToldOnlyIfTheyAgreed(t *testing.T) {
	w := asks(t)
	w.form.Consents[0].Given = false
	w.files()
	w.runs(time.Hour)
	if got := w.told("+66812345678"); len(got) != 0 {
		t.Errorf("the person heard %v", got)
	}
}

// Money goes to the household. Into another account it goes once an officer has looked whose that is.
func TestAnAccountOfSomebodyElseIsLookedAt(t *testing.T) {
	for name, blocks := range map[string]bool{"นางมะลิ  ดีงาม": false, "บัว ดีงาม": false, "อาสา ใจดี": true} {
		w := asks(t)
		w.form.Subject.First, w.form.Subject.Last = "มะลิ", "ดีงาม"
		w.form.Members = []casefile.AidMember{{First: "บัว", Last: "ดีงาม", Relation: "CHILD"}}
		w.form.Account = casefile.AidAccount{Bank: "006", Number: "0123456789", Name: name}
		w.visited()
		var alone, looked *verdict
		w.at(day+2*time.Hour, func() { w.orders("planner", casefile.AidOrder{Kind: casefile.AidPlanMade, Items: money(300000)}) })
		w.at(day+3*time.Hour, func() { alone = w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
		w.at(day+4*time.Hour, func() {
			finding := &casefile.AidFinding{Kind: casefile.FoundUnknown, Rule: policy.RulePayee}
			looked = w.orders("officer", casefile.AidOrder{Kind: casefile.AidCleared, Reason: "RULE_MET", Cleared: finding})
		})
		w.at(day+5*time.Hour, func() { w.orders("chief", casefile.AidOrder{Kind: casefile.AidAgreed}) })
		w.runs(2 * day)
		if (alone.err != nil) != blocks || (looked.err == nil) != blocks || w.a.State != casefile.AidApproved {
			t.Errorf("%s: alone %v, looked %v: %s", name, alone.err, looked.err, w.a.State)
		}
	}
}
