package main

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/workflows"
)

// aids are the record and the processes of aid requests as the API wants them.
type aids struct{ *parts }

var _ api.Aids = aids{}

// aidViewer is somebody who fills in a form about somebody's hardship.
func aidViewer(ctx context.Context, by casefile.Actor) context.Context {
	return postgres.As(ctx, postgres.Viewer{Actor: by, Purpose: postgres.ProtectionFollowUp})
}

func (a aids) Begin(ctx context.Context, id casefile.AidID, filer casefile.Actor, from casefile.CaseID) error {
	if from != "" {
		return a.store.OpenAid(aidViewer(ctx, filer), postgres.AidOpening{ID: id, By: filer, Case: from})
	}
	return a.store.BeginAid(aidViewer(ctx, filer), id, filer, a.store.Now())
}

func (a aids) Aid(ctx context.Context, id casefile.AidID) (casefile.AidRequest, error) {
	return a.store.Aid(ctx, id)
}

func (a aids) List(ctx context.Context, f api.AidFilter) ([]api.ListedAid, error) {
	want := postgres.AidFilter{
		Provinces: f.Provinces, Filer: f.Filer, Visitor: f.Visitor, Overdue: f.Overdue, OpenOnly: f.Open, AfterAt: f.AfterAt, AfterID: f.AfterID, Limit: f.Limit,
	}
	if f.State != "" {
		want.States = []casefile.AidState{f.State}
	}
	if f.Office != "" {
		want.Offices = []casefile.UnitID{f.Office}
	}
	found, err := a.store.AidRequests(ctx, want)
	out := make([]api.ListedAid, len(found))
	for i, x := range found {
		out[i] = api.ListedAid{AidRequest: x.AidRequest, BegunAt: x.BegunAt}
	}
	return out, err
}

func (a aids) Events(ctx context.Context, id casefile.AidID) ([]casefile.AidEvent, error) {
	return a.store.AidEvents(ctx, id)
}

func (a aids) Form(ctx context.Context, id casefile.AidID, n int) (casefile.AidForm, error) {
	return a.store.AidForm(ctx, id, n)
}

func (a aids) Viewed(ctx context.Context, by casefile.Actor, id casefile.AidID, purpose string) error {
	return a.store.AidViewed(ctx, id, postgres.Viewer{Actor: by, Purpose: postgres.Purpose(purpose)})
}

func (a aids) Twins(ctx context.Context, id casefile.AidID) ([]activities.AidTwin, error) {
	return a.store.AidTwins(ctx, id)
}

func (a aids) Draft(ctx context.Context, id casefile.AidID) (casefile.AidForm, map[casefile.AidPart]int, error) {
	return a.store.AidDraft(ctx, id)
}

func (a aids) SavePart(ctx context.Context, by casefile.Actor, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error) {
	return a.store.SavePart(aidViewer(ctx, by), id, part, doc, saved)
}

func (a aids) Send(ctx context.Context, by casefile.Actor, id casefile.AidID, key string) (int, error) {
	return a.store.SendAid(aidViewer(ctx, by), id, by, key)
}

func (a aids) Say(ctx context.Context, id casefile.AidID, o casefile.AidOrder) (int, error) {
	return a.store.SayToAid(aidViewer(ctx, o.By), id, o)
}

func aidFile(f postgres.AidFile) api.AidFile {
	return api.AidFile{
		ID: f.ID, Kind: string(f.Kind), ContentType: f.ContentType, Bytes: f.Bytes, Received: f.Received, SHA256: f.SHA256, At: f.At, WholeAt: f.WholeAt,
	}
}

func (a aids) AddFile(ctx context.Context, by casefile.Actor, id casefile.AidID, f api.AidFile) (api.AidFile, error) {
	out, err := a.store.AddFile(aidViewer(ctx, by), postgres.AidFile{
		ID: f.ID, Aid: id, Kind: postgres.AidFileKind(f.Kind), ContentType: f.ContentType, Bytes: f.Bytes,
	}, by)
	return aidFile(out), err
}

func (a aids) File(ctx context.Context, id casefile.AidID, file string) (api.AidFile, error) {
	f, err := a.store.FileOffset(ctx, id, file)
	return aidFile(f), err
}

func (a aids) Files(ctx context.Context, id casefile.AidID) ([]api.AidFile, error) {
	found, err := a.store.Files(ctx, id)
	out := make([]api.AidFile, len(found))
	for i, f := range found {
		out[i] = aidFile(f)
	}
	return out, err
}

func (a aids) AppendPiece(ctx context.Context, id casefile.AidID, file string, from int, piece []byte) (api.AidFile, error) {
	f, err := a.store.AppendPiece(ctx, id, file, from, piece)
	return aidFile(f), err
}

func (a aids) FileContent(ctx context.Context, id casefile.AidID, file string) (content []byte, contentType string, err error) {
	return a.store.File(ctx, id, file)
}

func (a aids) Confirmed(ctx context.Context) ([]policy.AidConfirmed, error) {
	return a.store.Confirmed(ctx)
}

func (a aids) Spans(ctx context.Context, since, until time.Time) ([]api.AidSpan, error) {
	found, err := a.store.AidSpans(ctx, since, until)
	out := make([]api.AidSpan, len(found))
	for i, x := range found {
		out[i] = api.AidSpan(x)
	}
	return out, err
}

func (a aids) Confirmations(ctx context.Context) ([]api.AidConfirmation, error) {
	found, err := a.store.Confirmations(ctx)
	out := make([]api.AidConfirmation, len(found))
	for i, c := range found {
		out[i] = api.AidConfirmation(c)
	}
	return out, err
}

func (a aids) Confirm(ctx context.Context, c api.AidConfirmation) error {
	return a.store.Confirm(ctx, postgres.AidConfirmation(c))
}

// start names the process of an aid request. A draft that was refused is sent again, by a new run.
func (a aids) start(id casefile.AidID) client.StartWorkflowOptions {
	return beside(workflows.AidWorkflowID(id), "Aid request "+id.Code())
}

// Nudge wakes the process of an aid request, or starts one.
func (a aids) Nudge(ctx context.Context, id casefile.AidID, upTo int) error {
	return nudge(ctx, a.temporal, a.start(id), workflows.AidType, workflows.AidRun{Aid: id, UpTo: upTo, Clock: a.clock}, upTo)
}

// Order carries out a console's order through the process of the request.
func (a aids) Order(ctx context.Context, id casefile.AidID, o casefile.AidOrder) (api.AidVerdict, error) {
	v, err := order[workflows.AidVerdict](ctx, a.temporal, ask{
		Start: a.start(id), Workflow: workflows.AidType, Input: workflows.AidRun{Aid: id, Clock: a.clock},
		Update: workflows.UpdateOrder, ID: o.ID, Order: o,
	})
	if err != nil {
		return api.AidVerdict{}, refused(casefile.CaseID(id), casefile.Kind(o.Kind), err)
	}
	return api.AidVerdict{State: v.State, Version: v.Version, Kind: string(v.Kind), Case: string(v.Case)}, nil
}

// keepAids looks after what nobody serves: a request whose nudge got lost or whose call is late, and drafts that were
// never sent and hold what is personal longer than they may.
func (p *parts) keepAids(ctx context.Context) error {
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
		found, err := p.store.LateAids(ctx, p.store.Now().Add(-late), atOnce)
		for _, a := range found {
			err = errors.Join(err, aids{p}.Nudge(ctx, a.ID, a.UpTo))
		}
		_, forgot := p.store.ForgetDrafts(ctx, p.store.Now().Add(-p.policy.Aid.Draft.Duration))
		if err = errors.Join(err, forgot); err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "cannot look after aid requests", "error", err)
		}
	}
}
