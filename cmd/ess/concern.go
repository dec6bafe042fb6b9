package main

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/workflows"
)

// concerns are the record and the processes of concerns as the API wants them.
type concerns struct{ *parts }

func (c concerns) Concern(ctx context.Context, id casefile.ConcernID) (casefile.Concern, error) {
	return c.store.Concern(ctx, id)
}

func (c concerns) Concerns(ctx context.Context, f api.ConcernFilter) ([]api.ListedConcern, error) {
	found, err := c.store.Concerns(ctx, postgres.ConcernFilter{
		State: f.State, Kind: f.Kind, Provinces: f.Provinces, Owner: f.Owner, OpenOnly: f.Open, Blind: f.Blind, AfterAt: f.AfterAt, AfterID: f.AfterID, Limit: f.Limit,
	})
	out := make([]api.ListedConcern, len(found))
	for i, x := range found {
		out[i] = api.ListedConcern{Concern: x.Concern, BegunAt: x.BegunAt}
	}
	return out, err
}

func (c concerns) Events(ctx context.Context, id casefile.ConcernID) ([]casefile.ConcernEvent, error) {
	return c.store.ConcernEvents(ctx, id)
}

func (c concerns) Viewed(ctx context.Context, by casefile.Actor, id casefile.ConcernID, purpose string) error {
	return c.store.ConcernViewed(ctx, id, postgres.Viewer{Actor: by, Purpose: postgres.Purpose(purpose)})
}

func (c concerns) EvidenceOf(ctx context.Context, ids ...casefile.ConcernID) ([]api.ConcernEvidence, error) {
	found, err := c.store.EvidenceOf(ctx, ids...)
	out := make([]api.ConcernEvidence, len(found))
	for i, e := range found {
		out[i] = api.ConcernEvidence{Concern: e.Concern, Seq: e.Seq, Kind: e.Kind, State: e.State, At: e.At, Bytes: e.Bytes, SHA256: e.SHA256}
	}
	return out, err
}

func (c concerns) EvidenceContent(ctx context.Context, id casefile.ConcernID, seq int) (content []byte, kind, contentType string, err error) {
	return c.store.EvidenceContent(ctx, id, seq)
}

func (c concerns) Referred(ctx context.Context, to casefile.Partner, provinces []string, afterAt time.Time, after casefile.ConcernID, limit int) ([]casefile.Concern, error) {
	return c.store.ReferredConcerns(ctx, to, provinces, afterAt, after, limit)
}

func (c concerns) CaseIsReferred(ctx context.Context, id casefile.CaseID, to casefile.Partner) (bool, error) {
	return c.store.CaseIsReferred(ctx, id, to)
}

func (c concerns) Count(ctx context.Context, since, until time.Time, least int) ([]api.ConcernCell, error) {
	found, err := c.store.CountConcerns(ctx, since, until, least)
	out := make([]api.ConcernCell, len(found))
	for i, x := range found {
		out[i] = api.ConcernCell{Kind: x.Kind, Province: x.Province, Month: x.Month, Concerns: x.Concerns}
	}
	return out, err
}

// start names the process of a concern. One that was referred may become a case later, by a new run.
func (c concerns) start(id casefile.ConcernID) client.StartWorkflowOptions {
	return beside(workflows.ConcernWorkflowID(id), "Concern "+id.Code())
}

// Nudge wakes the process of a concern, or starts one.
func (c concerns) Nudge(ctx context.Context, id casefile.ConcernID, upTo int) error {
	return nudge(ctx, c.temporal, c.start(id), workflows.ConcernType, workflows.ConcernRun{Concern: id, UpTo: upTo, Clock: c.clock}, upTo)
}

// Order carries out a console's order through the process of the concern.
func (c concerns) Order(ctx context.Context, id casefile.ConcernID, o casefile.ConcernOrder) (api.ConcernVerdict, error) {
	v, err := order[workflows.ConcernVerdict](ctx, c.temporal, ask{
		Start: c.start(id), Workflow: workflows.ConcernType, Input: workflows.ConcernRun{Concern: id, Clock: c.clock},
		Update: workflows.UpdateOrder, ID: o.ID, Order: o,
	})
	if err != nil {
		return api.ConcernVerdict{}, refused(casefile.CaseID(id), casefile.Kind(o.Kind), err)
	}
	return api.ConcernVerdict{State: v.State, Version: v.Version, Kind: string(v.Kind), Case: string(v.Case)}, nil
}

// taskReports is what members did of their lists, as the API wants it.
type taskReports struct{ *postgres.Store }

func (t taskReports) UnitTasks(ctx context.Context, unit casefile.UnitID, since, until time.Time) ([]api.UnitTask, []api.UnitTaskMember, error) {
	tasks, members, err := t.Store.UnitTasks(ctx, unit, since, until)
	a, b := make([]api.UnitTask, len(tasks)), make([]api.UnitTaskMember, len(members))
	for i, x := range tasks {
		a[i] = api.UnitTask(x)
	}
	for i, x := range members {
		b[i] = api.UnitTaskMember(x)
	}
	return a, b, err
}

func (t taskReports) SafePlaces(ctx context.Context, province string, after int64, limit int) ([]api.SafePlace, error) {
	found, err := t.Store.SafePlaces(ctx, province, after, limit)
	out := make([]api.SafePlace, len(found))
	for i, x := range found {
		out[i] = api.SafePlace(x)
	}
	return out, err
}

var (
	_ api.Concerns    = concerns{}
	_ api.TaskReports = taskReports{}
)

// keepConcerns looks after what nobody serves: a concern whose nudge got lost or whose deadline passed, a safe place
// whose province and picture are not known yet, and conversations whose time is over.
func (p *parts) keepConcerns(ctx context.Context) error {
	const (
		late   = 30 * time.Second // case time
		atOnce = 100
	)
	tick := time.NewTicker(max(p.clock.Wait(late), time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		found, err := p.store.LateConcerns(ctx, p.store.Now().Add(-late), atOnce)
		for _, c := range found {
			if err == nil {
				err = concerns{p}.Nudge(ctx, c.ID, c.UpTo)
			}
		}
		err = errors.Join(err, p.finishPlaces(ctx, atOnce), p.store.ForgetTalks(ctx))
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot look after concerns", "error", err)
		}
	}
}

// finishPlaces finds the provinces of new safe places and fetches their pictures.
func (p *parts) finishPlaces(ctx context.Context, limit int) error {
	places, err := p.store.UnfinishedPlaces(ctx, limit)
	if err != nil {
		return err
	}
	for _, s := range places {
		at, _ := p.places.Locate(s.Pin.Lat, s.Pin.Lon)
		var photo activities.Kept
		if s.MessageID != "" {
			if photo, err = activities.Fetch(ctx, p.line, s.MessageID); err != nil {
				continue // the channel is busy: the next look
			}
		}
		if err := p.store.FinishPlace(ctx, s, at.Province, photo); err != nil {
			return err
		}
	}
	return nil
}
