package casefile

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	aidFiler   = Actor{Kind: ByMember, ID: "volunteer"}
	aidVisitor = Actor{Kind: ByMember, ID: "visitor"}
	aidOfficer = Actor{Kind: ByOperator, ID: "officer"}
	aidPlanner = Actor{Kind: ByOperator, ID: "planner"}
	aidChief   = Actor{Kind: ByOperator, ID: "chief"}
	aidSecond  = Actor{Kind: ByOperator, ID: "second"}
)

// aidStep is an event that is lawful in a state, with everything that it must say.
func aidStep(a AidRequest, kind AidEventKind, by Actor, at time.Time) AidEvent {
	e := AidEvent{Kind: kind, By: by, At: at, DueAt: at.Add(48 * time.Hour), CallAt: at.Add(24 * time.Hour)}
	if codes := AidReasons[kind]; codes != nil {
		e.Reason = codes[0]
	}
	switch kind {
	case AidSent:
		e.Form, e.Place, e.Problems, e.Urgency, e.Wanted = a.Form+1, &Place{Province: "65"}, []Problem{IncomeLiving}, AidNormal, []string{"X"}
		e.Office, e.Subject, e.Home = "office", "person", "home"
	case AidGoesTo:
		e.Office = "other"
		if a.Office == "other" {
			e.Office = "office"
		}
	case AidAnswered:
		e.Office = a.To
	case AidVisitPlanned:
		e.Member, e.VisitAt = MemberID(aidVisitor.ID), at.Add(time.Hour)
	case AidCleared:
		if found := a.Blocking(); len(found) > 0 {
			e.Cleared = &found[0]
		}
	case AidPlanMade:
		e.Items, e.Needed, e.Yes = []AidItem{{Code: "X", Satang: 300000}, {Code: "G", Goods: true, Satang: 50000}}, 2, true
	case AidRefused:
		e.UntilAt = at.Add(15 * 24 * time.Hour)
	case AidOrdered, AidItemPaid, AidItemFailed, AidItemGiven, AidItemDropped:
		for _, i := range a.Items {
			if lawful := a; !i.Settled() {
				e.Item, e.Satang, e.Order = i.ID, i.Satang, i.Order
				if kind == AidOrdered {
					e.Order = fmt.Sprintf("P%d", a.Version)
				}
				e.Private.Files = []string{"photo", "signature"}
				if _, err := lawful.Apply(e); err == nil {
					return e
				}
			}
		}
	case AidIntoAlarm, AidIntoCase:
		e.Case = "case"
	case AidJudged:
		e.Outcome = AidOutcomes[0]
	case AidCalled:
		e.By, e.DueAt = System, time.Time{}
	case AidChecked:
		e.By, e.DueAt, e.CallAt = System, time.Time{}, time.Time{}
	case AidUnused:
		e.DueAt, e.CallAt = time.Time{}, time.Time{}
	case AidEnded:
		if a.State == AidRejected {
			e.By = System
		}
	}
	return e
}

// aidAt walks a request to a state by the shortest way.
func aidAt(t *testing.T, until AidState) AidRequest {
	t.Helper()
	a, at := AidRequest{ID: "1f8fad5b-d9cb-469f-a165-70867728950e", State: AidDraft, Filer: aidFiler}, noon
	way := []struct {
		kind AidEventKind
		by   Actor
	}{{AidSent, aidFiler}, {AidPassed, aidOfficer}, {AidVisitPlanned, aidOfficer}, {AidWasVisited, aidVisitor}, {AidPlanMade, aidPlanner}, {AidAgreed, aidChief}, {AidAgreed, aidSecond},
		{AidItemGiven, aidVisitor}, {AidOrdered, System}, {AidItemPaid, System}, {AidLookedIn, aidVisitor}, {AidJudged, aidOfficer}, {AidEnded, aidOfficer}}
	branch := map[AidState]struct {
		from AidState
		kind AidEventKind
		by   Actor
	}{
		AidReturned: {AidSubmitted, AidSentBack, aidOfficer}, AidReferred: {AidSubmitted, AidGoesTo, aidOfficer}, AidRejected: {AidPlanned, AidRefused, aidChief},
		AidAppealed: {AidRejected, AidContested, aidFiler}, AidWithdrawn: {AidSubmitted, AidTakenBack, aidFiler}, AidUrgent: {AidSubmitted, AidIntoAlarm, aidOfficer},
	}
	do := func(kind AidEventKind, by Actor) {
		t.Helper()
		at = at.Add(time.Minute)
		next, err := a.Apply(aidStep(a, kind, by, at))
		if err != nil {
			t.Fatalf("%s in %s: %v", kind, a.State, err)
		}
		a = next
	}
	if b, ok := branch[until]; ok {
		a = aidAt(t, b.from)
		at = at.Add(time.Hour)
		do(b.kind, b.by)
		return a
	}
	if until == AidDelivered { // goods alone
		a = aidAt(t, AidVisited)
		at = at.Add(time.Hour)
		plan := aidStep(a, AidPlanMade, aidPlanner, at)
		plan.Items, plan.Needed = plan.Items[1:], 1
		next, err := a.Apply(plan)
		if err != nil {
			t.Fatal(err)
		}
		a = next
		do(AidAgreed, aidChief)
		do(AidItemGiven, aidVisitor)
		return a
	}
	for _, w := range way {
		if a.State == until {
			return a
		}
		do(w.kind, w.by)
	}
	if a.State != until {
		t.Fatalf("the way ends in %s, not in %s", a.State, until)
	}
	return a
}

// Whoever filed, visited or planned never decides, in no state and by no kind of decision.
func TestWhoIsPartOfARequestNeverDecidesIt(t *testing.T) {
	for _, state := range AidStates {
		a := aidAt(t, state)
		for _, kind := range []AidEventKind{AidAgreed, AidRefused, AidHeard} {
			for _, by := range []Actor{aidFiler, aidVisitor, aidPlanner} {
				e := aidStep(a, kind, by, noon.Add(24*time.Hour))
				after, err := a.Apply(e)
				visited := !a.VisitedAt.IsZero() || a.Visitor != ""
				switch {
				case by == aidPlanner && kind != AidAgreed, by == aidVisitor && !visited, by == aidPlanner && a.Planner == (Actor{}):
					continue // nothing that they did keeps them away
				case err == nil:
					t.Errorf("%s by %s in %s: now %s", kind, by.ID, state, after.State)
				}
			}
		}
	}
}

// Two people agree above an amount: one of them twice is one, and who has spoken of an interest is none.
func TestFourEyesAreTwoPeople(t *testing.T) {
	a := aidAt(t, AidPlanned)
	agree := func(by Actor) error {
		next, err := a.Apply(aidStep(a, AidAgreed, by, noon.Add(24*time.Hour)))
		if err == nil {
			a = next
		}
		return err
	}
	if err := agree(aidChief); err != nil || a.State != AidPlanned {
		t.Fatal(a.State, err)
	}
	if err := agree(aidChief); err == nil {
		t.Error("the same person agreed twice")
	}
	recused, err := a.Apply(aidStep(a, AidRecused, aidSecond, noon.Add(24*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recused.Apply(aidStep(recused, AidAgreed, aidSecond, noon.Add(24*time.Hour))); err == nil {
		t.Error("who is too close decided")
	}
	if err := agree(aidSecond); err != nil || a.State != AidApproved || a.Items[0].State != ItemGranted {
		t.Errorf("%s, %v: %+v", a.State, err, a.Items)
	}
}

// A plan that was agreed to in part and is changed needs all of them again.
func TestAChangedPlanIsAgreedToAnew(t *testing.T) {
	a := aidAt(t, AidPlanned)
	for _, step := range []struct {
		kind AidEventKind
		by   Actor
	}{{AidAgreed, aidChief}, {AidPlanMade, aidPlanner}, {AidAgreed, aidSecond}} {
		next, err := a.Apply(aidStep(a, step.kind, step.by, noon.Add(24*time.Hour)))
		if err != nil {
			t.Fatal(step.kind, err)
		}
		a = next
	}
	if a.State != AidPlanned || len(a.Approvals) != 1 || a.Items[0].ID != 3 {
		t.Errorf("%s with %d approvals, %+v", a.State, len(a.Approvals), a.Items)
	}
}

func TestWhatWasFoundStandsInTheWayUntilSomebodyElseLooked(t *testing.T) {
	a := aidAt(t, AidPlanned)
	a.Needed = 1
	twin := AidFinding{Kind: FoundDuplicate, By: "NUMBER", Other: "other", Blocks: true}
	limit := AidFinding{Kind: FoundOverLimit, Code: "X", Rule: "YEAR", Blocks: true}
	at := noon.Add(24 * time.Hour)
	a.Found = []AidFinding{twin, limit}
	if _, err := a.Apply(aidStep(a, AidAgreed, aidChief, at)); err == nil {
		t.Error("agreed in spite of both")
	}
	clear := AidEvent{Kind: AidCleared, By: aidOfficer, At: at, Reason: "ANOTHER_PERSON", Cleared: &limit}
	if _, err := a.Apply(clear); err == nil {
		t.Error("a limit was cleared away")
	}
	clear.Cleared, clear.By = &twin, aidFiler
	if _, err := a.Apply(clear); err == nil {
		t.Error("who filed it cleared it")
	}
	clear.By = aidOfficer
	next, err := a.Apply(clear)
	if err != nil {
		t.Fatal(err)
	}
	next.Found = []AidFinding{{Kind: FoundDuplicate, By: "HOME", Other: "other", Blocks: true}} // found again
	if _, err := next.Apply(aidStep(next, AidAgreed, aidChief, at)); err != nil {
		t.Error(err)
	}
}

func TestAnAppealIsHeardByOthersAndOnlyInTime(t *testing.T) {
	a := aidAt(t, AidRejected)
	late := aidStep(a, AidContested, aidFiler, a.UntilAt.Add(time.Second))
	if _, err := a.Apply(late); err == nil {
		t.Error("an appeal came late")
	}
	if _, err := a.Apply(AidEvent{Kind: AidEnded, By: System, At: a.UntilAt}); err == nil {
		t.Error("closed while an appeal may come")
	}
	ended, err := a.Apply(AidEvent{Kind: AidEnded, By: System, At: a.UntilAt.Add(time.Second)})
	if err != nil || ended.State != AidClosed || !ended.CallAt.IsZero() {
		t.Errorf("%s, %v", ended.State, err)
	}
	a = aidAt(t, AidAppealed)
	if _, err := a.Apply(aidStep(a, AidHeard, aidChief, noon.Add(24*time.Hour))); err == nil {
		t.Error("who refused it hears the appeal")
	}
	e := aidStep(a, AidHeard, aidSecond, noon.Add(24*time.Hour))
	e.Yes = true
	again, err := a.Apply(e)
	if err != nil || again.State != AidVisited {
		t.Fatalf("%s, %v", again.State, err)
	}
}

// No lawful order of events leaves an open request without somebody to call, and nothing but the end stops the clock.
func TestNoOrderOfEventsLeavesARequestWithoutAClock(t *testing.T) {
	people := []Actor{aidFiler, aidVisitor, aidOfficer, aidPlanner, aidChief, aidSecond, System}
	kinds := AidEventKinds()
	seen := map[AidState]bool{}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7)) // #nosec G404 -- a test that can be repeated
		a, at := AidRequest{ID: "1f8fad5b-d9cb-469f-a165-70867728950e", State: AidDraft, Filer: aidFiler}, noon
		for range 60 {
			at = at.Add(time.Duration(1+r.IntN(600)) * time.Minute)
			kind := kinds[r.IntN(len(kinds))]
			if kind == AidTakenBack && r.IntN(8) > 0 || kind == AidIntoAlarm && r.IntN(8) > 0 {
				continue // an end too soon shows nothing
			}
			next, err := a.Apply(aidStep(a, kind, people[r.IntN(len(people))], at))
			if err != nil {
				var no *RefusedError
				if !errors.As(err, &no) || no.Th == "" || no.En == "" {
					t.Fatalf("%s in %s: %v", kind, a.State, err)
				}
				continue
			}
			if next.Version != a.Version+1 {
				t.Fatalf("%s counts from %d to %d", kind, a.Version, next.Version)
			}
			a = next
			seen[a.State] = true
			open := !a.State.Ended() && a.State != AidDraft
			if open != !a.CallAt.IsZero() || open != !a.DueAt.IsZero() || a.State.Ended() != !a.EndedAt.IsZero() {
				t.Fatalf("seed %d: after %s in %s: due %v, call %v, ended %v", seed, kind, a.State, a.DueAt, a.CallAt, a.EndedAt)
			}
		}
	}
	for _, s := range AidStates {
		if !seen[s] && s != AidEvaluated && s != AidClosed && s != AidMonitored && s != AidPaid && s != AidDelivered {
			t.Errorf("no order of events came to %s", s)
		}
	}
}

// aidDiagram is the law of aid requests as a picture, drawn by asking it.
func aidDiagram(t *testing.T) string {
	arrows := map[string][]string{}
	for _, from := range AidStates {
		for _, kind := range AidEventKinds() {
			a := aidAt(t, from)
			if from == AidPlanned {
				a.Needed = 1
			}
			for _, yes := range []bool{false, true} {
				for _, by := range []Actor{aidSecond, aidFiler, System} {
					at := noon.Add(24 * time.Hour)
					if from == AidRejected && kind == AidEnded {
						at = a.UntilAt.Add(time.Second)
					}
					if from == AidApproved { // the last thing that is owed
						a.Items = []AidItem{{ID: 1, Code: "X", Satang: 1, State: ItemOrdered, Order: "P1"}}
						if kind == AidItemGiven {
							a.Items[0] = AidItem{ID: 1, Code: "G", Goods: true, Satang: 1, State: ItemGranted}
						}
					}
					e := aidStep(a, kind, by, at)
					e.Yes = e.Yes || yes
					next, err := a.Apply(e)
					if err != nil || next.State == from {
						continue
					}
					key := fmt.Sprintf("    %s --> %s", from, next.State)
					if !slices.Contains(arrows[key], string(kind)) {
						arrows[key] = append(arrows[key], string(kind))
					}
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("# States of an aid request\n\nGenerated from the table in `casefile/aid_law.go` by `go test ./casefile -run TestAidDiagram -update`. In every state but a draft and the\nends, somebody owes the next step until a day; whoever lets it lie is reminded, and then others are called.\n\n```mermaid\nstateDiagram-v2\n    [*] --> DRAFT\n")
	for _, key := range slices.Sorted(maps.Keys(arrows)) {
		slices.Sort(arrows[key])
		fmt.Fprintf(&b, "%s: %s\n", key, strings.Join(arrows[key], ", "))
	}
	b.WriteString("```\n")
	return b.String()
}

func TestAidDiagramInTheDocsIsTheLaw(t *testing.T) {
	inDocs(t, "aid-states.md", aidDiagram(t))
}

// What will never reach anybody is called off by a person with a reason; what the bank has is not.
func TestWhatReachesNobodyIsCalledOff(t *testing.T) {
	a := aidAt(t, AidApproved) // money 1, goods 2
	at := a.DecidedAt.Add(time.Hour)
	drop := func(item int, reason string) error {
		at = at.Add(time.Minute)
		next, err := a.Apply(AidEvent{Kind: AidItemDropped, By: aidOfficer, At: at, Item: item, Reason: reason})
		if err == nil {
			a = next
		}
		return err
	}
	money, goods := a.Items[0].ID, a.Items[1].ID
	if drop(money, "") == nil || drop(99, "DECEASED") == nil {
		t.Error("without a reason, or an item that is not there")
	}
	next, err := a.Apply(AidEvent{Kind: AidOrdered, By: System, At: at, Item: money, Satang: a.Items[0].Satang, Order: "P1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.Apply(AidEvent{Kind: AidItemDropped, By: aidOfficer, At: at, Item: money, Reason: "DECEASED"}); err == nil {
		t.Error("money is called off that the bank has")
	}
	if err := drop(money, "DECEASED"); err != nil || a.State != AidApproved {
		t.Fatalf("%v, %s", err, a.State)
	}
	if err := drop(goods, "DECEASED"); err != nil || a.State != AidClosed || a.Reason != "DECEASED" || a.EndedAt.IsZero() || a.Satang() != 0 {
		t.Errorf("nothing is left of it: %v, %s for %q at %s, worth %d", err, a.State, a.Reason, a.EndedAt, a.Satang())
	}
}
