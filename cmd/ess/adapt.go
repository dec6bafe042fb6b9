package main

import (
	"context"
	"errors"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// record lets the API see the store as it wants to: same words, its own types.
// Nothing is decided here.
type record struct{ *postgres.Store }

func (r record) Intake(ctx context.Context, arrived []api.Arrival) ([]api.Routed, error) {
	in := make([]postgres.Arrival, len(arrived))
	for i, a := range arrived {
		in[i] = postgres.Arrival{EventID: casefile.EventID(a.EventID), Channel: a.Channel, UserID: a.UserID, Raw: a.Raw, In: a.In, At: a.At}
	}
	routed, err := r.Store.Intake(ctx, in)
	out := make([]api.Routed, len(routed))
	for i, x := range routed {
		out[i] = api.Routed{
			EventID: string(x.EventID), Door: x.Door, Case: x.Case, N: x.N, Duplicate: x.Duplicate, Reporter: x.Reporter, Member: x.Member, Language: x.Language,
			OpenCases: x.OpenCases, Talk: x.Talk, Concern: x.Concern, ConcernN: x.ConcernN, Aid: x.Aid, AidN: x.AidN,
		}
	}
	return out, err
}

func (r record) List(ctx context.Context, f api.CaseFilter) ([]casefile.Case, error) {
	cases, _, err := r.Cases(ctx, postgres.Filter{
		State: f.State, Type: f.Type, Severity: f.Severity, Province: f.Province, OpenOnly: f.Open, DeskOnly: f.Desk, ReportedBefore: f.ReportedBefore,
	}, postgres.Cursor{ReportedAt: f.AfterAt, ID: f.AfterID}, f.Limit)
	return cases, err
}

func (r record) Waves(ctx context.Context, id casefile.CaseID) ([]api.Wave, error) {
	waves, err := r.Choices(ctx, id)
	out := make([]api.Wave, len(waves))
	for i, w := range waves {
		out[i] = api.Wave{Seq: w.Seq, Role: w.Role, Choices: w.Choices}
	}
	return out, err
}

func (r record) Media(ctx context.Context, id casefile.CaseID) ([]api.Medium, error) {
	found, err := r.Store.Media(ctx, id)
	out := make([]api.Medium, len(found))
	for i, m := range found {
		out[i] = api.Medium(m)
	}
	return out, err
}

func (r record) Viewed(ctx context.Context, by casefile.Actor, id casefile.CaseID, purpose string) error {
	return r.Store.Viewed(ctx, id, postgres.Viewer{Actor: by, Purpose: postgres.Purpose(purpose)})
}

func (r record) Waits(ctx context.Context, since time.Time, province string) (api.WaitTimes, error) {
	w, err := r.Store.Waits(ctx, since, province)
	one := func(x postgres.Wait) api.WaitTime {
		return api.WaitTime{Count: x.Reports, P50: x.P50, P90: x.P90, P99: x.P99}
	}
	return api.WaitTimes{Reports: w.Reports, Sent: one(w.Sent), Acked: one(w.Acked), Arrived: one(w.Arrived)}, err
}

// rosterView is the roster as the API wants it.
type rosterView struct{ *postgres.Store }

func (r rosterView) Member(ctx context.Context, id casefile.MemberID) (casefile.Member, error) {
	m, err := r.Store.Member(ctx, id)
	return m.Member, err
}

func (r rosterView) Members(ctx context.Context, f api.MemberFilter) ([]casefile.Member, error) {
	found, err := r.Store.Members(ctx, postgres.MemberFilter{Unit: f.Unit, Province: f.Province, Role: f.Role, OnDuty: f.OnDuty, DesksOnly: f.Desks}, f.After, f.Limit)
	out := make([]casefile.Member, len(found))
	for i, m := range found {
		out[i] = m.Member
	}
	return out, err
}

func (r rosterView) SetPosition(ctx context.Context, id casefile.MemberID, lat, lon float64, at time.Time) error {
	_, err := r.SetPositions(ctx, []postgres.Position{{Member: id, Lat: lat, Lon: lon, At: at}})
	return err
}

func (r rosterView) Units(ctx context.Context, f api.UnitFilter) ([]casefile.Unit, error) {
	return r.Store.Units(ctx, postgres.UnitFilter{Level: f.Level, Province: f.Province, State: f.State, After: f.After, Limit: f.Limit})
}

func (r rosterView) LiveProvinces(ctx context.Context) ([]string, error) {
	provinces, err := r.Provinces(ctx)
	var live []string
	for _, p := range provinces {
		if p.Live {
			live = append(live, p.Code)
		}
	}
	return live, err
}

// queue is the requests of 1300 as the API wants them.
type queue struct{ *postgres.Store }

func (q queue) Ask(ctx context.Context, eventID string, by casefile.ReporterID, at time.Time) (int64, error) {
	return q.AskRequest(ctx, casefile.EventID(eventID), by, at)
}

func (q queue) Requests(ctx context.Context, openOnly bool, after int64, limit int) ([]api.NotUrgent, error) {
	found, err := q.Store.Requests(ctx, openOnly, after, limit)
	out := make([]api.NotUrgent, len(found))
	for i, r := range found {
		out[i] = api.NotUrgent{Number: r.Number, At: r.At, AnsweredAt: r.AnsweredAt, AnsweredBy: r.AnsweredBy}
	}
	return out, err
}

func (q queue) Answer(ctx context.Context, number int64, by string, at time.Time) error {
	return q.AnswerRequest(ctx, number, casefile.Actor{Kind: casefile.ByOperator, ID: by}, at)
}

// changes is the stream as the API wants it.
type changes struct{ *postgres.Store }

func (c changes) Changes(ctx context.Context, after string, limit int) ([]api.Happened, error) {
	found, err := c.Stream(ctx, postgres.Mark(after), limit)
	out := make([]api.Happened, len(found))
	for i, x := range found {
		out[i] = api.Happened{Cursor: string(x.Mark), Change: api.Change{Case: x.Case, Seq: x.Seq, Kind: x.Kind, At: x.At, Province: x.Province, State: x.State}}
	}
	return out, err
}

func (c changes) Latest(ctx context.Context) (string, error) {
	end, err := c.StreamEnd(ctx)
	return string(end), err
}

func (c changes) Listen(ctx context.Context, wake func()) error {
	changed, err := c.Store.Listen(ctx)
	if err != nil {
		return err
	}
	for range changed {
		wake()
	}
	return ctx.Err()
}

// keys remembers the answers of the API.
type keys struct{ *postgres.Store }

func (k keys) Claim(ctx context.Context, scope, key, requestHash string) (*api.Kept, error) {
	answer, err := k.ClaimKey(ctx, scope, key, requestHash)
	switch {
	case errors.Is(err, postgres.ErrKeyReused):
		return nil, api.ErrKeyReused
	case errors.Is(err, postgres.ErrKeyRunning):
		return nil, api.ErrKeyBusy
	case err != nil || answer == nil:
		return nil, err
	}
	return &api.Kept{Status: answer.Status, Body: answer.Body}, nil
}

func (k keys) Keep(ctx context.Context, scope, key string, kept api.Kept) error {
	return k.AnswerKey(ctx, scope, key, postgres.Answer{Status: kept.Status, Body: kept.Body})
}

func (k keys) Release(ctx context.Context, scope, key string) error {
	return k.ReleaseKey(ctx, scope, key)
}

var (
	_ api.Intake   = record{}
	_ api.Cases    = record{}
	_ api.Roster   = rosterView{}
	_ api.Requests = queue{}
	_ api.Changes  = changes{}
	_ api.Keys     = keys{}

	_ activities.Cases = record{}.Store
)
