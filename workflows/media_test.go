package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// LINE forgets what people send: it is fetched at once, again until it is
// there, and after a loss of the run what was left is fetched by the next.
func TestAPhotoIsFetchedAtOnce(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.reports()
	media := func(kind, id string) {
		s.reporter(casefile.Incoming{Word: casefile.SentMedia, MediaKind: kind, MessageID: id})
	}
	s.at(10*time.Second, func() { media("image", "m1") })
	s.at(20*time.Second, func() { media("audio", "gone-2") })
	s.at(25*time.Second, func() { s.reporter(casefile.Incoming{Word: casefile.Said, Text: "x", MessageID: "m3"}) })
	s.run(40 * time.Second)

	var brought []int
	for _, e := range s.events {
		if e.BringsMedia() {
			brought = append(brought, e.Seq)
		}
	}
	if len(brought) != 2 || len(s.kept) != 2 {
		t.Fatalf("brought with events %v, kept %v", brought, s.kept)
	}
	slices.Sort(s.kept)
	if want := []string{fmt.Sprintf("%d KEPT bytes of m1", brought[0]), fmt.Sprintf("%d GONE ", brought[1])}; !slices.Equal(s.kept, want) {
		t.Errorf("kept %q, want %q", s.kept, want)
	}

	next := begin(t, casefile.Gathering, false)
	next.c, next.events, next.inbox, next.n = s.c, s.events, s.inbox, s.n
	next.pending = []activities.KeepInput{{Case: s.c.ID, Seq: brought[0], MessageID: "m1"}}
	next.env.SetStartTime(epoch.Add(time.Minute))
	next.run(30 * time.Second)
	if len(next.kept) != 1 {
		t.Errorf("after a loss: kept %v", next.kept)
	}
}
