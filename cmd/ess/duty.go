package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/postgres"
)

// rota is the shifts as the API wants them.
type rota struct{ *postgres.Store }

func (r rota) Schedule(ctx context.Context, unit casefile.UnitID) (dispatch.Schedule, []api.DutyOverride, error) {
	schedule, made, err := r.Store.Schedule(ctx, unit)
	var overrides []api.DutyOverride
	for _, o := range made {
		overrides = append(overrides, api.DutyOverride{ID: o.ID, From: o.From, To: o.To, Of: o.Of, By: o.By})
	}
	return schedule, overrides, err
}

func (r rota) DutyAt(ctx context.Context, unit casefile.UnitID, at time.Time) ([]api.OnDuty, error) {
	periods, err := r.Store.DutyAt(ctx, unit, at)
	var on []api.OnDuty
	for _, p := range periods {
		on = append(on, api.OnDuty{Member: p.Member, From: p.From, To: p.To, Source: api.OnDutySource(p.Source)})
	}
	return on, err
}

func (r rota) DutyGaps(ctx context.Context, province string, limit int) ([]api.DutyGap, error) {
	found, err := r.Store.DutyGaps(ctx, province, limit)
	var gaps []api.DutyGap
	for _, g := range found {
		gaps = append(gaps, api.DutyGap{Unit: string(g.Unit), Province: g.Province, Since: g.Since})
	}
	return gaps, err
}

var _ api.Shifts = rota{}

// keepDuty switches duty at every change of shift, and tells those whom it
// concerns. Several workers may do it at once: each takes other units, and what
// two of them say to one person is one message.
func (p *parts) keepDuty(ctx context.Context) error {
	every := max(p.clock.Wait(15*time.Second), time.Second)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.changeShifts(ctx); err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot change shifts", "error", err)
		}
		if err := p.tellShifts(ctx); err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot tell of shifts", "error", err)
		}
	}
}

func (p *parts) changeShifts(ctx context.Context) error {
	for {
		unit, nobody, err := p.store.KeepDuty(ctx)
		if errors.Is(err, casefile.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if nobody {
			p.log.WarnContext(ctx, "a shift has nobody", "unit", string(unit))
		}
	}
}

// tellShifts tells those who wait for it, for an hour at most: an older notice would mislead.
func (p *parts) tellShifts(ctx context.Context) error {
	return outbox[postgres.DutyNotice]{
		Untold: p.store.UntoldDuty, Tell: p.tellShift, Told: p.store.ToldDuty, Patience: time.Hour,
		Of: func(n postgres.DutyNotice) (int64, time.Time) { return n.ID, n.At },
	}.tell(ctx, p.store.Now())
}

// tellShift tells one person and shows the menu that fits; an empty outcome asks for another try.
func (p *parts) tellShift(ctx context.Context, n postgres.DutyNotice) activities.Outcome {
	if n.LINE == "" {
		return activities.OutcomeNoContact
	}
	sent, err := p.line.Send(ctx, activities.Outgoing{
		To: n.LINE, Key: fmt.Sprintf("duty/%d/%s/%d", n.ID, n.Member, n.At.Unix()), Language: n.Language, Template: n.Template,
		Args: activities.Args{Unit: n.Unit, Until: n.Until},
	})
	if err != nil {
		p.log.WarnContext(ctx, "a change of duty was not told", "notice", n.ID, "error", err)
		return ""
	}
	menus := map[string]line.MenuRole{activities.DutyBegins: line.MenuOnDuty, activities.DutyEnds: line.MenuOffDuty}
	if role, ok := menus[n.Template]; ok && sent.Outcome == activities.OutcomeAccepted {
		if err := p.line.LinkMenu(ctx, n.LINE, role, n.Language); err != nil {
			p.log.WarnContext(ctx, "the duty menu was not shown", "notice", n.ID, "error", err)
		}
	}
	return sent.Outcome
}
