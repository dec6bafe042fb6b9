package casefile

import (
	"testing"
	"time"
)

// do has somebody do something to a request, a minute later.
func (a AidRequest) do(t *testing.T, kind AidEventKind, by Actor, with func(*AidEvent)) (AidRequest, error) {
	t.Helper()
	e := aidStep(a, kind, by, noon.Add(24*time.Hour).Add(time.Duration(a.Version)*time.Minute))
	if with != nil {
		with(&e)
	}
	return a.Apply(e)
}

func (a AidRequest) done(t *testing.T, kind AidEventKind, by Actor, with func(*AidEvent)) AidRequest {
	t.Helper()
	next, err := a.do(t, kind, by, with)
	if err != nil {
		t.Fatalf("%s by %s in %s: %v", kind, by.ID, a.State, err)
	}
	return next
}

// Another form is another request: what was seen of the one before does not count, and who wrote it decides nothing.
func TestAFormThatCameBackIsLookedAtAnew(t *testing.T) {
	twin := AidFinding{Kind: FoundDuplicate, By: "NUMBER", Other: "other", Blocks: true}
	a := aidAt(t, AidVisited)
	a = a.done(t, AidChecked, System, func(e *AidEvent) { e.Found = []AidFinding{twin} })
	a = a.done(t, AidCleared, aidOfficer, nil)
	a = a.done(t, AidSentBack, aidOfficer, nil)
	same := a.done(t, AidSent, aidChief, nil).done(t, AidPassed, aidOfficer, nil)
	if same.State != AidVisited || len(same.Blocking()) != 1 {
		t.Errorf("the same people: %s, %v in the way", same.State, same.Blocking())
	}
	if _, err := same.do(t, AidCleared, aidChief, nil); err == nil {
		t.Error("who wrote the form looked at its duplicate")
	}
	planned := same.done(t, AidCleared, aidOfficer, nil).done(t, AidPlanMade, aidPlanner, func(e *AidEvent) { e.Needed = 1 })
	if _, err := planned.do(t, AidAgreed, aidChief, nil); err == nil {
		t.Error("who wrote the form approved it")
	}
	granted := planned.done(t, AidAgreed, aidSecond, nil)
	if _, err := granted.do(t, AidOrdered, aidChief, nil); err == nil {
		t.Error("who wrote the form ordered its money")
	}
	for what, change := range map[string]func(*AidEvent){
		"another person": func(e *AidEvent) { e.Subject = "another" }, "another home": func(e *AidEvent) { e.Home = "another" },
	} {
		if other := a.done(t, AidSent, aidFiler, change).done(t, AidPassed, aidOfficer, nil); other.State != AidScreened {
			t.Errorf("%s needs no visit: %s", what, other.State)
		}
	}
}

// Who was there once does not decide because somebody else was there later.
func TestTheFirstVisitorDoesNotDecideAfterTheSecond(t *testing.T) {
	a := aidAt(t, AidVisitSet).done(t, AidWasVisited, aidChief, nil)
	a = a.done(t, AidVisitPlanned, aidOfficer, func(e *AidEvent) { e.Member = "another" })
	a = a.done(t, AidWasVisited, Actor{Kind: ByMember, ID: "another"}, nil).done(t, AidPlanMade, aidPlanner, nil)
	for _, by := range []Actor{aidChief, aidVisitor, {Kind: ByMember, ID: "another"}} {
		if _, err := a.do(t, AidAgreed, by, nil); err == nil {
			t.Errorf("%s visited and approved", by.ID)
		}
	}
}

// Who stands aside stands aside of all of it, also of what they agreed to before they saw.
func TestWhoStandsAsideIsNotCounted(t *testing.T) {
	a := aidAt(t, AidPlanned).done(t, AidAgreed, aidChief, nil).done(t, AidRecused, aidChief, nil)
	if a.State != AidPlanned || len(a.Approvals) != 0 {
		t.Errorf("%s with %v", a.State, a.Approvals)
	}
	if _, err := a.do(t, AidPlanMade, aidChief, nil); err == nil {
		t.Error("who stands aside made another plan")
	}
	a = a.done(t, AidAgreed, aidSecond, nil).done(t, AidAgreed, aidOfficer, nil)
	if _, err := a.do(t, AidOrdered, aidChief, nil); err == nil {
		t.Error("who stands aside ordered the money")
	}
	if a.MaySetPayee(aidChief) == nil {
		t.Error("who stands aside says where the money goes")
	}
}

// Who approved does not hand the goods over, nor does a member whom the request does not know.
func TestGoodsAreHandedOverByOtherHands(t *testing.T) {
	a := aidAt(t, AidApproved)
	for _, by := range []Actor{aidChief, aidSecond, {Kind: ByMember, ID: "stranger"}} {
		if _, err := a.do(t, AidItemGiven, by, nil); err == nil {
			t.Errorf("%s handed the goods over", by.ID)
		}
	}
	if _, err := aidAt(t, AidPaid).do(t, AidLookedIn, Actor{Kind: ByMember, ID: "stranger"}, nil); err == nil {
		t.Error("a stranger looked in")
	}
	a.done(t, AidItemGiven, aidVisitor, nil)
}

// Whoever puts a visit off does not begin the calls anew.
func TestAVisitThatIsPutOffIsStillLate(t *testing.T) {
	a := aidAt(t, AidVisitSet)
	a.Calls = 2
	for kind, by := range map[AidEventKind]Actor{AidVisitMissed: aidVisitor, AidVisitPlanned: aidOfficer} {
		if b := a.done(t, kind, by, nil); b.Calls != 2 || b.Reminded {
			t.Errorf("after %s: %d calls", kind, b.Calls)
		}
	}
	if b := a.done(t, AidWasVisited, aidVisitor, nil); b.Calls != 0 {
		t.Errorf("the next step begins with %d calls", b.Calls)
	}
}

// A word that comes after the end moves no date.
func TestALateWordMovesNoEnd(t *testing.T) {
	a := aidAt(t, AidWithdrawn)
	if b := a.done(t, AidUnused, aidFiler, nil); !b.EndedAt.Equal(a.EndedAt) {
		t.Errorf("it ended at %v, then at %v", a.EndedAt, b.EndedAt)
	}
}

// More people may be needed than when the plan was made, and never fewer.
func TestALookMayAskForMoreEyes(t *testing.T) {
	a := aidAt(t, AidVisited).done(t, AidPlanMade, aidPlanner, func(e *AidEvent) { e.Needed = 1 })
	a = a.done(t, AidChecked, System, func(e *AidEvent) { e.Needed = 2 }).done(t, AidChecked, System, nil)
	if a = a.done(t, AidAgreed, aidChief, nil); a.State != AidPlanned {
		t.Errorf("one agreed: %s", a.State)
	}
}

// A new refusal is a new decision: it may be appealed against, too.
func TestEachRefusalMayBeAppealedAgainst(t *testing.T) {
	a := aidAt(t, AidAppealed).done(t, AidHeard, aidSecond, func(e *AidEvent) { e.Yes = true })
	a = a.done(t, AidPlanMade, aidPlanner, nil).done(t, AidRefused, aidSecond, func(e *AidEvent) { e.UntilAt = e.At.Add(24 * time.Hour) })
	if a = a.done(t, AidContested, aidFiler, nil); a.State != AidAppealed || a.Appeals != 2 {
		t.Errorf("%s after %d appeals", a.State, a.Appeals)
	}
}
