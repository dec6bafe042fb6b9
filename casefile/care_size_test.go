package casefile

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"
)

// A case of years stays small: what it carries with every event is bounded, the
// record alone keeps all.
func TestTenThousandEventsLeaveACaseSmall(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	by := Actor{Kind: ByOperator, ID: "anna"}
	c := Case{ID: "c", State: FollowUp}
	apply := func(e Event) {
		t.Helper()
		at = at.Add(time.Minute)
		e.At, e.By, e.ID = at, by, EventID(strconv.Itoa(c.Version))
		next, err := Apply(c, e)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		c = next
	}
	apply(Event{Kind: CareOpened, Unit: "office", Place: &Place{Province: "65"}, Care: &CareDetail{Problem: Elderly}})
	for range 5000 {
		due := at.Add(24 * time.Hour)
		apply(Event{Kind: Owed, Care: &CareDetail{Owed: []Obligation{{Kind: OweTask, Code: "CHECK_IN", DueAt: due, CallAt: due}}}})
		apply(Event{Kind: Settled, Care: &CareDetail{Obligation: c.Care.Last, State: Done}})
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Care.Owed) > settledKept || len(raw) > 32<<10 {
		t.Errorf("after %d events the case carries %d obligations in %d bytes", c.Version, len(c.Care.Owed), len(raw))
	}
	if c.Care.Last != 5000 {
		t.Errorf("the highest number is %d: a number was given twice", c.Care.Last)
	}
}
