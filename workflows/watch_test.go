package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// The desk answers an alarm of the second watcher while the case stood still:
// the case hears it as that operator's, though its own story never asked the
// desk, and goes on with its search.
func TestTheDesksAnswerToTheWatcherIsHeard(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	s.at(20*time.Second, func() {
		s.hears(casefile.Incoming{
			Word: casefile.Pressed, Action: casefile.ActDeskTake, Reason: casefile.ReasonWatch, Option: "A1",
			By: casefile.Actor{Kind: casefile.ByMember, ID: "desk"},
		})
	})
	s.run(70 * time.Second)

	if s.c.Desk == nil || s.c.Desk.Owner.ID != "desk" || s.c.AckedAt.IsZero() {
		t.Errorf("the desk has %+v, acknowledged at %s", s.c.Desk, s.c.AckedAt)
	}
	if got := s.told("desk"); !slices.Equal(got, []string{"20 noted"}) {
		t.Errorf("the desk heard %v", got)
	}
	s.wants("station-1", "1 offer_desk", "61 offer_desk")
}
