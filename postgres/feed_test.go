package postgres_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

var pins = []casefile.Kind{casefile.PinSet}

func (f *fixture) feed(province string) postgres.Feed {
	f.t.Helper()
	feed := postgres.Feed{
		ID: uuid.NewString(), Province: province, Target: postgres.FeedTarget{URL: "https://screen.example/canary", Secret: "whsec_canary"},
		By: casefile.Actor{Kind: casefile.ByOperator, ID: "admin"}, AddedAt: began,
	}
	if err := f.AddFeed(f.t.Context(), feed); err != nil {
		f.t.Fatal(err)
	}
	return feed
}

func (f *fixture) lease(limit int, lease time.Duration) []postgres.LeasedFeed {
	f.t.Helper()
	out, err := f.LeaseFeeds(f.t.Context(), limit, lease)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// readable waits until what was recorded can be read: until every older transaction of this server has ended.
func (f *fixture) readable(after postgres.Mark) []postgres.Change {
	f.t.Helper()
	for range 200 {
		changes, err := f.Stream(f.t.Context(), after, 100)
		if err != nil {
			f.t.Fatal(err)
		}
		if len(changes) > 0 {
			return changes
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.t.Fatal("nothing to read")
	return nil
}

func TestAFeedHasOneSenderAtATime(t *testing.T) {
	f := setup(t)
	for range 6 {
		f.feed("65")
	}
	if got := f.lease(10, time.Minute); len(got) != 0 {
		t.Errorf("%d feeds without anything to read were leased", len(got))
	}
	f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.readable("")
	f.warm()
	var mu sync.Mutex
	var all sync.WaitGroup
	took := map[string]int{}
	for range 8 {
		all.Go(func() {
			for range 4 {
				leased, err := f.LeaseFeeds(t.Context(), 2, time.Minute)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, l := range leased {
					took[l.ID]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(took) != 6 {
		t.Errorf("%d of 6 feeds were leased", len(took))
	}
	for id, n := range took {
		if n != 1 {
			t.Errorf("feed %s has %d senders", id, n)
		}
	}
}

func TestAFeedGoesOnWhereItWas(t *testing.T) {
	f := setup(t)
	f.report("U0", casefile.Berserk, began) // before the feed was made
	feed := f.feed("65")
	f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	listed, err := f.Feeds(t.Context(), pins)
	if err != nil || len(listed) != 1 || listed[0].Target != feed.Target || !listed[0].WaitingSince.Equal(began) || listed[0].By != feed.By {
		t.Fatalf("listed %+v, %v", listed, err)
	}
	f.readable("")
	first := f.lease(1, time.Minute)[0]
	changes := f.readable(first.After)
	if changes[0].Case == "" || len(changes) > 3 {
		t.Fatalf("reads %d changes: more than happened since the feed was made", len(changes))
	}
	first.After = changes[len(changes)-1].Mark
	if err := f.HoldFeed(t.Context(), first, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := f.ReleaseFeed(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if got := f.lease(1, time.Minute); len(got) != 0 {
		t.Errorf("leased with nothing left: %+v", got)
	}
	if listed, err = f.Feeds(t.Context(), pins); err != nil || !listed[0].WaitingSince.IsZero() {
		t.Errorf("still waits: %+v, %v", listed, err)
	}
	if err := f.HoldFeed(t.Context(), first, time.Minute); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("held without a lease: %v", err)
	}
}

func TestALeaseEndsWithItsSender(t *testing.T) {
	f := setup(t)
	feed := f.feed("65")
	f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.readable("")
	dead := f.lease(1, time.Millisecond)[0]
	var next []postgres.LeasedFeed
	for range 200 { // the sender died; its lease ends
		if next = f.lease(1, time.Minute); len(next) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(next) != 1 || next[0].Lease == dead.Lease || next[0].After != dead.After {
		t.Fatalf("taken over as %+v", next)
	}
	if err := f.HoldFeed(t.Context(), dead, time.Minute); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("the dead one holds it again: %v", err)
	}
	if _, err := f.FailFeed(t.Context(), dead, "TIMEOUT", 0); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the dead one fails it: %v", err)
	}
	if err := f.RemoveFeed(t.Context(), feed.ID, "50"); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("removed through another province: %v", err)
	}
	if err := f.RemoveFeed(t.Context(), feed.ID, "65"); err != nil {
		t.Fatal(err)
	}
	if err := f.HoldFeed(t.Context(), next[0], time.Minute); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("a feed that is gone is held: %v", err)
	}
}

func TestAFaultIsKeptUntilTheFeedComesFurther(t *testing.T) {
	f := setup(t)
	f.feed("65")
	f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.readable("")
	l := f.lease(1, time.Minute)[0]
	since, err := f.FailFeed(t.Context(), l, "HTTP_503", 0)
	if err != nil || !since.Equal(began) {
		t.Fatalf("failing since %s, %v", since, err)
	}
	f.Now = func() time.Time { return began.Add(time.Hour) }
	l = f.lease(1, time.Minute)[0]
	if err := f.HoldFeed(t.Context(), l, time.Minute); err != nil { // the same place: nothing was delivered
		t.Fatal(err)
	}
	if since, err = f.FailFeed(t.Context(), l, "TIMEOUT", time.Hour); err != nil || !since.Equal(began) {
		t.Errorf("failing since %s, %v", since, err)
	}
	listed, err := f.Feeds(t.Context(), pins)
	if err != nil || listed[0].Failures != 2 || listed[0].Fault != "TIMEOUT" || !listed[0].FailingSince.Equal(began) {
		t.Errorf("listed %+v, %v", listed, err)
	}
	if got := f.lease(1, time.Minute); len(got) != 0 {
		t.Errorf("leased before it is due: %+v", got)
	}
	f.mustSQL(`UPDATE feeds SET due_at = now()`)
	l = f.lease(1, time.Minute)[0]
	if l.Failures != 2 {
		t.Errorf("leased with %d failures", l.Failures)
	}
	changes := f.readable(l.After)
	l.After = changes[len(changes)-1].Mark
	if err := f.HoldFeed(t.Context(), l, time.Minute); err != nil {
		t.Fatal(err)
	}
	if listed, err = f.Feeds(t.Context(), pins); err != nil || listed[0].Failures != 0 || listed[0].Fault != "" || !listed[0].FailingSince.IsZero() {
		t.Errorf("a delivery later: %+v, %v", listed, err)
	}
}

func TestWhereAFeedGoesRestsSealed(t *testing.T) {
	f := setup(t)
	f.feed("65")
	if dump := f.dump(); bytes.Contains(dump, []byte("canary")) || !bytes.Contains(dump, []byte("admin")) {
		t.Error("the address or the secret of a feed rests in clear, or the scan is blind")
	}
}
