package casefile

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawCare is a random word in a follow-up: most are refused, none may break a promise.
func drawCare(t *rapid.T, c Case, at time.Time) Event {
	actors := []Actor{{ByMember, "m1"}, {ByMember, "m2"}, {ByMember, "m3"}, {ByOperator, "o1"}, {ByOperator, "o2"}, {ByTemporalUI, ""}, {ByReporter, "r1"}, System}
	units := []UnitID{"", "office", "partner", "other"}
	d := &CareDetail{
		Obligation: rapid.IntRange(0, c.Care.Last+1).Draw(t, "obligation"), State: rapid.SampledFrom(ObligationStates).Draw(t, "state"),
		Risk: rapid.SampledFrom(append([]Risk{""}, Risks...)).Draw(t, "risk"), Rating: rapid.IntRange(0, 6).Draw(t, "rating"),
		DueAt: at.Add(time.Duration(rapid.IntRange(-5, 50).Draw(t, "due")) * time.Hour), CallAt: at.Add(time.Duration(rapid.IntRange(-1, 9).Draw(t, "call")) * time.Hour),
		Goals: []Goal{{Code: "SAFE", Horizon: Urgent}}[:rapid.IntRange(0, 1).Draw(t, "goals")],
	}
	if rapid.Bool().Draw(t, "consents") {
		d.Consent = &Consent{Purpose: ForReferral, Given: rapid.Bool().Draw(t, "given"), Basis: rapid.SampledFrom([]string{"CONSENT", "HEARSAY"}).Draw(t, "basis")}
	}
	for range rapid.IntRange(0, 2).Draw(t, "owed") {
		d.Owed = append(d.Owed, Obligation{
			Kind: rapid.SampledFrom(ObligationKinds).Draw(t, "kind"), Code: rapid.SampledFrom([]string{"", "CODE"}).Draw(t, "code"),
			Member: rapid.SampledFrom([]MemberID{"", "m1", "m2"}).Draw(t, "who"), Unit: rapid.SampledFrom(units).Draw(t, "whose"),
			DueAt: at.Add(time.Duration(rapid.IntRange(-2, 90).Draw(t, "by")) * time.Hour), CallAt: at.Add(time.Duration(rapid.IntRange(1, 80).Draw(t, "next")) * time.Hour),
		})
	}
	return Event{
		Kind: rapid.SampledFrom(append([]Kind{CloseProposed, CaseClosed, Noted, Excluded}, careKinds...)).Draw(t, "kind"), At: at,
		By: rapid.SampledFrom(actors).Draw(t, "by"), Unit: rapid.SampledFrom(units).Draw(t, "unit"), Member: rapid.SampledFrom([]MemberID{"", "m2"}).Draw(t, "member"),
		Yes: rapid.Bool().Draw(t, "yes"), Reason: rapid.SampledFrom([]string{"", "WHY"}).Draw(t, "reason"), Step: rapid.IntRange(0, 4).Draw(t, "step"),
		Outcome: OutcomeHelped, Care: d,
	}
}

func TestNoOrderOfWordsBreaksAFollowUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Case{ID: "c1", Version: 9, State: FollowUp, Severity: High, Owner: "office", Care: &Care{Problem: UrgentIncident, BeganAt: epoch}}
		for i := range rapid.IntRange(1, 150).Draw(t, "length") {
			e := drawCare(t, c, epoch.Add(time.Duration(i)*time.Hour))
			before := written(t, c)
			next, err := Apply(c, e)
			if written(t, c) != before {
				t.Fatalf("Apply of %s changed the case it was given", e.Kind)
			}
			if err != nil {
				continue
			}
			carePromises(t, c, next, e)
			c = next
		}
	})
}

func carePromises(t *rapid.T, was, is Case, e Event) {
	if is.Owner == "" || is.Owner != was.Owner && (e.Kind != OfficeAnswered || !e.Yes || e.By.Kind == ByMember && e.Unit != is.Owner) {
		t.Fatalf("%s by %v gave the case from %q to %q", e.Kind, e.By, was.Owner, is.Owner)
	}
	if is.Care.Plan == PlanApproved && is.Care.Planner == is.Care.Approver {
		t.Fatal("a plan was approved by whoever wrote it")
	}
	if is.State == Closed && was.State != Closed && (was.Proposed == e.By || was.Proposed == Actor{} || len(is.Care.Open()) > 0) {
		t.Fatalf("closed by %v after %v with %d things owed", e.By, was.Proposed, len(is.Care.Open()))
	}
	if _, waits := is.NextDeadline(); len(is.Care.Open()) > 0 && is.State == FollowUp && !waits {
		t.Fatal("something is owed and nobody will be called")
	}
	settled := 0
	for i, o := range is.Care.Owed {
		if i > 0 && o.ID <= is.Care.Owed[i-1].ID || o.ID > is.Care.Last {
			t.Fatalf("obligation %d after %d, last %d", o.ID, is.Care.Owed[max(0, i-1)].ID, is.Care.Last)
		}
		if o.Open() && (o.CallAt.IsZero() || o.DueAt.IsZero()) {
			t.Fatalf("obligation %d would be silent: %+v", o.ID, o)
		}
		if !o.Open() {
			settled++
		}
	}
	for _, o := range was.Care.Owed {
		now, kept := is.Care.Obligation(o.ID)
		switch {
		case o.Open() && !kept:
			t.Fatalf("%s forgot obligation %d, which is owed", e.Kind, o.ID)
		case o.Open() && !now.Open() && e.By.Kind == BySystem && e.Kind != ReferralAnswered && e.Kind != OfficeAnswered && e.Kind != Excluded:
			t.Fatalf("a clock settled obligation %d by %s", o.ID, e.Kind)
		case o.Open() && !now.Open() && e.By.Kind == ByTemporalUI && o.Kind != OweTask && o.Kind != OweVisit:
			t.Fatalf("the Temporal UI settled %s", o.Kind)
		case o.Kind == OweLegal && o.Open() && kept && !now.Open() && e.Kind != Settled:
			t.Fatalf("%s ended a legal clock", e.Kind)
		}
	}
	if settled > settledKept+len(is.Care.Open())*4+calledTogether {
		t.Fatalf("%d settled obligations are kept in the state", settled)
	}
	if e.Kind == Referred && !was.Care.Allows(ForReferral) {
		t.Fatal("referred without consent and without a legal basis")
	}
}

func TestAConsoleMayNotSayWhatClocksAndThePersonSay(t *testing.T) {
	for _, k := range []Kind{CareOpened, CareBegan, Chased, Rated} {
		if slices.Contains(Commands, k) {
			t.Errorf("a console may say %s", k)
		}
	}
}

// calledTogether is room for what one word settles at once.
const calledTogether = 4

// What was owed for long and is settled at last is kept before what was settled long ago.
func TestALongObligationThatIsSettledAtLastIsHeardOf(t *testing.T) {
	c := Case{ID: "c1", Version: 9, State: FollowUp, Severity: High, Owner: "office", Care: &Care{Problem: UrgentIncident, BeganAt: epoch}}
	must := func(e Event) {
		t.Helper()
		next, err := Apply(c, e)
		if err != nil {
			t.Fatal(err)
		}
		c = next
	}
	owe := func(at time.Time) {
		must(Event{Kind: Owed, At: at, By: Actor{ByOperator, "o1"}, Care: &CareDetail{Owed: []Obligation{{Kind: OweTask, Code: "X", DueAt: at.Add(time.Hour), CallAt: at.Add(time.Minute)}}}})
	}
	owe(epoch)
	for i := range 2 * settledKept {
		at := epoch.Add(time.Duration(i+1) * time.Hour)
		owe(at)
		must(Event{Kind: Settled, At: at, By: Actor{ByOperator, "o1"}, Care: &CareDetail{Obligation: i + 2, State: Done}})
	}
	must(Event{Kind: Settled, At: epoch.Add(1000 * time.Hour), By: Actor{ByOperator, "o1"}, Care: &CareDetail{Obligation: 1, State: Done}})
	if o, kept := c.Care.Obligation(1); !kept || o.State != Done || len(c.Care.Owed) > settledKept {
		t.Errorf("obligation 1: %+v, kept %t of %d", o, kept, len(c.Care.Owed))
	}
}
