package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// addresses is the ways to members as the API wants them.
type addresses struct{ *postgres.Store }

func (a addresses) AddressesOf(ctx context.Context, m casefile.MemberID) ([]api.Way, error) {
	found, err := a.Store.AddressesOf(ctx, m)
	var ways []api.Way
	for _, f := range found {
		ways = append(ways, api.Way(f))
	}
	return ways, err
}

func (a addresses) AddAddress(ctx context.Context, w api.Way, by casefile.Actor) (string, error) {
	return a.Store.AddAddress(ctx, postgres.Address(w), by)
}

func (a addresses) NewCode(ctx context.Context, m casefile.MemberID, id string, life time.Duration, by casefile.Actor) (api.Proof, error) {
	p, err := a.Store.NewCode(ctx, m, id, life, by)
	return api.Proof(p), err
}

func (a addresses) OwnersOf(ctx context.Context, ch casefile.Channel, address string) ([]api.Owner, error) {
	found, err := a.Store.OwnersOf(ctx, ch, address)
	var owners []api.Owner
	for _, f := range found {
		owners = append(owners, api.Owner(f))
	}
	return owners, err
}

func (a addresses) Asked(ctx context.Context, ch casefile.Channel, members []casefile.MemberID) ([]channel.Question, error) {
	found, err := a.AskedOf(ctx, ch, members)
	return questions(found), err
}

func (a addresses) AskedAbout(ctx context.Context, code string, members []casefile.MemberID) ([]channel.Question, error) {
	found, err := a.Store.AskedAbout(ctx, code, members)
	return questions(found), err
}

func (a addresses) OfferedTo(ctx context.Context, members []casefile.MemberID) ([]channel.Question, error) {
	found, err := a.Store.OfferedTo(ctx, members)
	return questions(found), err
}

func questions(asked []postgres.Asked) []channel.Question {
	var all []channel.Question
	for _, x := range asked {
		all = append(all, channel.Question{
			Member: x.Member, Case: x.Case, Offer: x.Seq, Template: x.Template, At: x.At, Answered: x.Answered,
		})
	}
	return all
}

func (a addresses) AlarmOf(ctx context.Context, m casefile.MemberID, said string) (api.Alarm, bool, error) {
	alarm, err := a.Store.AlarmOf(ctx, m, said)
	if errors.Is(err, casefile.ErrNotFound) {
		return api.Alarm{}, false, nil
	}
	return api.Alarm{Option: alarm.Option, Case: alarm.Case}, err == nil, err
}

func (a addresses) Unreachable(ctx context.Context, province string, after casefile.MemberID, limit int) ([]api.UnreachablePerson, error) {
	found, err := a.Store.Unreachable(ctx, province, after, limit)
	var people []api.UnreachablePerson
	for _, u := range found {
		people = append(people, api.UnreachablePerson{
			Member: string(u.Member), Unit: string(u.Unit), Level: string(u.Level), Role: string(u.Role), Province: u.Province,
			Why: api.UnreachablePersonWhy(u.Why),
		})
	}
	return people, err
}

var _ api.Addresses = addresses{}

// mornings shows what the latest morning list counted.
type mornings struct {
	told            prometheus.Gauge
	people, ladders prometheus.Gauge
}

func newMornings(registry *prometheus.Registry) (*mornings, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &mornings{
		told:    gauge("ess_morning_list_timestamp_seconds", "The latest morning list, case time."),
		people:  gauge("ess_unreachable_people", "People in a ladder who could not be reached, at the latest morning list."),
		ladders: gauge("ess_ladders_without_end", "Ladders that ended at nobody, at the latest morning list."),
	}
	return m, errors.Join(registry.Register(m.told), registry.Register(m.people), registry.Register(m.ladders))
}

func (m *mornings) set(x postgres.Morning) {
	if x.ToldAt.IsZero() {
		return
	}
	m.told.Set(float64(x.ToldAt.Unix()))
	m.people.Set(float64(x.People))
	m.ladders.Set(float64(x.Ladders))
}

// morning lists every morning who is in a ladder and cannot be reached, and which
// ladders end at nobody, and tells the national desk: before the night it matters.
// Of several workers one does it; what it could not say is said again.
func (p *parts) morning(ctx context.Context) error {
	gauges, err := newMornings(p.metrics)
	if err != nil {
		return err
	}
	tick := time.NewTicker(max(p.clock.Wait(15*time.Second), time.Second))
	defer tick.Stop()
	for {
		latest, err := p.store.LatestMorning(ctx)
		if err == nil {
			gauges.set(latest)
			err = p.thisMorning(ctx, p.store.Now())
		}
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot make the morning list", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// morningLease is how long one worker may take for a list, real time.
const morningLease = 2 * time.Minute

// thisMorning makes the list of the day, once its hour has come and if nobody else does.
func (p *parts) thisMorning(ctx context.Context, now time.Time) error {
	local := now.In(policy.Bangkok)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, policy.Bangkok)
	if local.Before(midnight.Add(p.policy.At(now).Channels.Morning.Duration)) {
		return nil
	}
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	mine, err := p.store.TakeMorning(ctx, day, morningLease)
	if err != nil || !mine {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, morningLease/2)
	defer cancel()
	m := postgres.Morning{ToldAt: now}
	if m.People, err = p.store.CountUnreachable(ctx); err != nil {
		return err
	}
	units, desks, live, err := p.store.Ladders(ctx)
	if err != nil {
		return err
	}
	m.Ladders = len(policy.EndsAtNobody(p.policy.At(now), units, desks, live))
	if err := p.tellMorning(ctx, day, m); err != nil {
		return err // again when the lease has ended
	}
	p.log.InfoContext(ctx, "the morning list is told", "people", m.People, "ladders", m.Ladders)
	return p.store.MorningTold(ctx, day, m)
}

// tellMorning tells the operators of the national desk what is wrong, and the
// mailbox every morning: a mail that does not come says something, too.
func (p *parts) tellMorning(ctx context.Context, day time.Time, m postgres.Morning) error {
	args := activities.Args{Roster: &activities.RosterGaps{People: m.People, Ladders: m.Ladders}}
	var errs []error
	say := func(out activities.Outgoing) {
		out.Template, out.Args = activities.RosterUnreachable, args
		if _, err := p.channels.Send(ctx, out); err != nil {
			errs = append(errs, fmt.Errorf("tell the morning list: %w", err))
		}
	}
	if m.People+m.Ladders > 0 {
		desks, err := p.store.Desks(ctx, casefile.LevelDesk, casefile.Place{}, "", "")
		if err != nil {
			return err
		}
		for _, d := range desks {
			if d.State != casefile.MemberActive || !d.OnDuty {
				continue
			}
			to, err := p.store.MemberContact(ctx, d.ID, "")
			if err != nil {
				return err
			}
			if to.LINE != "" {
				say(activities.Outgoing{To: to.LINE, Key: fmt.Sprintf("morning/%s/%s", day.Format(time.DateOnly), d.ID), Language: to.Language})
			}
		}
	}
	if to := string(p.cfg.MorningTo); to != "" {
		say(activities.Outgoing{
			Channel: casefile.ChannelEmail, To: to, Key: "morning/" + day.Format(time.DateOnly) + "/mail", Language: casefile.Thai,
		})
	}
	return errors.Join(errs...)
}
