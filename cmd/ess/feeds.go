package main

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// screens are the webhooks to 191 screens as the API wants them.
type screens struct{ *postgres.Store }

func (s screens) Feeds(ctx context.Context, kinds []casefile.Kind) ([]api.Feed, error) {
	found, err := s.Store.Feeds(ctx, kinds)
	out := make([]api.Feed, len(found))
	for i, f := range found {
		out[i] = api.Feed{
			ID: f.ID, Province: f.Province, URL: f.Target.URL, AddedBy: f.By.ID, AddedAt: f.AddedAt, WaitingSince: f.WaitingSince,
			FailingSince: f.FailingSince, Failures: f.Failures, Fault: f.Fault,
		}
	}
	return out, err
}

func (s screens) AddFeed(ctx context.Context, f api.Feed, secret string) error {
	return s.Store.AddFeed(ctx, postgres.Feed{
		ID: f.ID, Province: f.Province, Target: postgres.FeedTarget{URL: f.URL, Secret: secret},
		By: casefile.Actor{Kind: casefile.ByOperator, ID: f.AddedBy}, AddedAt: f.AddedAt,
	})
}

func (s screens) LeaseFeeds(ctx context.Context, limit int, lease time.Duration) ([]api.LeasedFeed, error) {
	found, err := s.Store.LeaseFeeds(ctx, limit, lease)
	out := make([]api.LeasedFeed, len(found))
	for i, f := range found {
		out[i] = api.LeasedFeed{
			ID: f.ID, Lease: f.Lease, Province: f.Province, URL: f.Target.URL, Secret: f.Target.Secret, After: string(f.After), Failures: f.Failures,
		}
	}
	return out, err
}

func (s screens) HoldFeed(ctx context.Context, f api.LeasedFeed, lease time.Duration) error {
	return s.Store.HoldFeed(ctx, leased(f), lease)
}

func (s screens) FailFeed(ctx context.Context, f api.LeasedFeed, fault string, again time.Duration) (time.Time, error) {
	return s.Store.FailFeed(ctx, leased(f), fault, again)
}

func (s screens) ReleaseFeed(ctx context.Context, f api.LeasedFeed) error {
	return s.Store.ReleaseFeed(ctx, leased(f))
}

// leased is a feed as the store knows it again.
func leased(f api.LeasedFeed) postgres.LeasedFeed {
	return postgres.LeasedFeed{ID: f.ID, Lease: f.Lease, Province: f.Province, After: postgres.Mark(f.After), Failures: f.Failures}
}

var (
	_ api.Feeds     = screens{}
	_ api.FeedQueue = screens{}
)

// feedSender posts pins to the 191 screens that exist already.
func (p *parts) feedSender() *api.FeedSender {
	return &api.FeedSender{
		Queue: screens{p.store}, Changes: changes{p.store}, Cases: record{p.store}, Client: api.FeedClient(p.cfg.Development),
		Rule: p.policy.Feeds, Wait: p.clock.Wait, Now: p.store.Now, Registry: p.metrics, Log: p.log,
	}
}
