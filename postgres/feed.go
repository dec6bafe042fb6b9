package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Feed is a screen that is told of the pins of a province by webhooks.
type Feed struct {
	ID       string
	Province string
	Target   FeedTarget
	By       casefile.Actor // who added it; of a listed feed only the actor's ID is known
	AddedAt  time.Time      // case time

	WaitingSince time.Time // when the oldest event happened that is still to be delivered; zero: none
	FailingSince time.Time // since when every delivery has failed; zero: the last one worked
	Failures     int       // in a row
	Fault        string    // of the last one
}

// FeedTarget is where a feed goes and what it is signed with. It rests sealed.
type FeedTarget struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// LeasedFeed is a feed that the caller alone sends for until the lease ends.
type LeasedFeed struct {
	ID       string
	Lease    string
	Province string
	Target   FeedTarget
	After    Mark // everything up to here has been delivered
	Failures int
}

// AddFeed begins a feed: it hears of what happens from here on.
func (s *Store) AddFeed(ctx context.Context, f Feed) error {
	sealed, err := s.sealJSON(f.Target, "feeds", "target_sealed", f.ID)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.AddFeed(ctx, db.AddFeedParams{
			ID: f.ID, Province: f.Province, TargetSealed: sealed, AddedBy: f.By.ID, AddedAt: f.AddedAt,
		})
	})
}

// RemoveFeed ends a feed of a province, or returns casefile.ErrNotFound.
func (s *Store) RemoveFeed(ctx context.Context, id, province string) error {
	if !isUUID(id) {
		return casefile.ErrNotFound
	}
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.RemoveFeed(ctx, db.RemoveFeedParams{ID: id, Province: province})
	})
}

// Feeds lists all feeds; kinds are the events that they are told of.
func (s *Store) Feeds(ctx context.Context, kinds []casefile.Kind) ([]Feed, error) {
	var out []Feed
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Feeds(ctx, column(kinds, func(k casefile.Kind) string { return string(k) }))
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			f := Feed{
				ID: r.ID, Province: r.Province, By: casefile.Actor{Kind: casefile.ByOperator, ID: r.AddedBy}, AddedAt: r.AddedAt,
				WaitingSince: zero(r.WaitingSince), FailingSince: zero(r.FailingSince), Failures: int(r.Failures), Fault: r.Fault,
			}
			if err := s.openJSON(r.TargetSealed, &f.Target, "feeds", "target_sealed", r.ID); err != nil {
				return err
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

// LeaseFeeds takes feeds that have something to read and are due, at most limit.
// Whoever leased one is its only sender until the lease ends, real time.
func (s *Store) LeaseFeeds(ctx context.Context, limit int, lease time.Duration) ([]LeasedFeed, error) {
	var out []LeasedFeed
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.LeaseFeeds(ctx, db.LeaseFeedsParams{AtMost: int32(limit), Lease: lease}) // #nosec G115 -- small
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			f := LeasedFeed{
				ID: r.ID, Lease: r.Lease, Province: r.Province, After: Mark(fmt.Sprintf("%s.%d", r.AfterTx, r.AfterPos)), Failures: int(r.Failures),
			}
			if err := s.openJSON(r.TargetSealed, &f.Target, "feeds", "target_sealed", r.ID); err != nil {
				return err
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

// HoldFeed keeps how far a leased feed has come, and the lease for longer. It
// returns casefile.ErrMoved when the lease is another's, or the feed is gone.
func (s *Store) HoldFeed(ctx context.Context, f LeasedFeed, lease time.Duration) error {
	tx, pos, err := parseMark(f.After)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.HoldFeed(ctx, db.HoldFeedParams{AfterTx: tx, AfterPos: pos, LeaseFor: lease, ID: f.ID, Lease: f.Lease})
		if err == nil && n == 0 {
			return casefile.ErrMoved
		}
		return err
	})
}

// FailFeed notes that a delivery failed and gives the feed back until it is due
// again; since is when it began to fail, case time.
func (s *Store) FailFeed(ctx context.Context, f LeasedFeed, fault string, again time.Duration) (since time.Time, err error) {
	at := s.Now()
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		began, err := q.FailFeed(ctx, db.FailFeedParams{At: &at, Fault: &fault, Again: again, ID: f.ID, Lease: f.Lease})
		since = zero(began)
		return err
	})
	return since, err
}

// ReleaseFeed gives a feed back to whoever comes next.
func (s *Store) ReleaseFeed(ctx context.Context, f LeasedFeed) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.ReleaseFeed(ctx, db.ReleaseFeedParams{ID: f.ID, Lease: f.Lease})
	})
}
