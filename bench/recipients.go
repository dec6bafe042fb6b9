package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
)

const (
	recipients      = 1300
	recipientsRound = 3                // reports
	recipientsMost  = 10 * time.Second // promised
)

// thirteenHundredRecipients is figure (e): one alert to 1,300 duty desks. That
// all of them are reached is smoke's TestThirteenHundredRecipients.
func thirteenHundredRecipients(ctx context.Context, stack *local.Stack, dir string, r *report) (err error) {
	o, err := install(ctx, stack, dir, "bench_recipients", 1, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	if err := o.warm(ctx); err != nil {
		return err
	}
	t := o.towns[len(o.towns)-1]
	desks, err := o.crowd(ctx, stack, t)
	if err != nil {
		return err
	}
	out := table{title: "(e) One alert to 1,300 duty desks", head: []string{"report", "first", "last"}}
	out.note("From the webhook that carries the pin to the first and the last of the pushes that LINE has accepted, real time; batches of 50, 16 of each at a time.")
	worst := 0.0
	for i := range recipientsRound {
		first, last, err := o.alertsAll(ctx, t, desks)
		if err != nil {
			return err
		}
		worst = max(worst, last.Seconds())
		out.rows = append(out.rows, []string{fmt.Sprint(i + 1), milliseconds(first), milliseconds(last)})
	}
	r.tables = append(r.tables, out)
	r.target("(e) 1,300 recipients of one alert, the last of them, s", worst, recipientsMost.Seconds())
	return nil
}

// crowd adds duty desks to the station of a town.
func (o *installation) crowd(ctx context.Context, stack *local.Stack, t *town) ([]*lineemu.Phone, error) {
	keys, err := vault.Open(o.Env["ESS_KEYSET"])
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, stack.Postgres.URL(o.Name), 2)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	p, _ := policy.DefaultPlaces().Province(t.at.Code[:2])
	centre := casefile.Pin{Lat: t.at.Lat, Lon: t.at.Lon}
	b := builder{platform: o.Platform, at: o.Clock.Case(time.Now())}
	station := b.unit(casefile.LevelStation, strings.ToLower("station"+t.at.Code), p, centre)
	desks := []*lineemu.Phone{t.station}
	for i := len(desks); i < recipients; i++ {
		desks = append(desks, b.member(station, fmt.Sprintf("crowd-%04d", i), "", centre))
	}
	if b.err != nil {
		return nil, b.err
	}
	store := &postgres.Store{Pool: pool, Sealer: keys, Now: func() time.Time { return b.at }}
	return desks, store.UpsertMembers(ctx, b.members)
}

// alertsAll reports once in a town and waits until all of the desks have the
// alert: how long it took to the first and to the last of them.
func (o *installation) alertsAll(ctx context.Context, t *town, desks []*lineemu.Phone) (first, last time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	pin, err := t.place()
	if err != nil {
		return 0, 0, err
	}
	reporter, id, err := o.tap(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("tap: %w", err)
	}
	time.Sleep(tapAheadMost)
	begin := o.Clock.Case(time.Now())
	if _, err := reporter.SendLocation(pin.Lat, pin.Lon, "", ""); err != nil {
		return 0, 0, err
	}
	for i, ph := range desks {
		item, err := ph.Wait(ctx, func(x lineemu.Item) bool { return x.Incoming && caseOf(x) == id })
		if err != nil {
			return 0, 0, fmt.Errorf("desk %d of %d was not reached: %w", i+1, len(desks), err)
		}
		took := item.At.Sub(begin)
		if i == 0 {
			first = took
		}
		first, last = min(first, took), max(last, took)
	}
	return first, last, nil
}
