package main

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/postgres"
)

// followUps are the lists of follow-ups as the API wants them.
type followUps struct{ *postgres.Store }

func (r followUps) FollowUps(ctx context.Context, f api.FollowUpFilter) ([]api.FollowUp, error) {
	found, err := r.Store.FollowUps(ctx, postgres.FollowUpFilter{
		CareScope: postgres.CareScope(f.CareScope), Owner: f.Office, Manager: f.Manager, Risk: f.Risk, Overdue: f.Overdue,
		AfterAt: f.AfterAt, AfterID: f.AfterID, Limit: f.Limit,
	})
	out := make([]api.FollowUp, len(found))
	for i, x := range found {
		out[i] = api.FollowUp{
			Case: x.Case, Owner: x.Owner, Manager: x.Manager, Problem: x.Problem, Risk: x.Risk, Plan: x.Plan, Province: x.Province,
			BeganAt: x.BeganAt, Owed: x.Owed, Overdue: x.Overdue, NextDueAt: x.NextDueAt,
		}
	}
	return out, err
}

func (r followUps) Owed(ctx context.Context, f api.OwedFilter) ([]api.OwedItem, error) {
	found, err := r.Store.Owed(ctx, postgres.OwedFilter{
		CareScope: postgres.CareScope(f.CareScope), Member: f.Member, Unit: f.Unit, Kind: f.Kind, Overdue: f.Overdue,
		AfterAt: f.AfterAt, AfterCase: f.AfterCase, AfterID: f.AfterID, Limit: f.Limit,
	})
	out := make([]api.OwedItem, len(found))
	for i, x := range found {
		out[i] = api.OwedItem{
			Case: x.Case, ID: x.ID, Kind: x.Kind, Code: x.Code, Member: x.Member, Unit: x.Unit, Province: x.Province, Since: x.Since, DueAt: x.DueAt, Calls: x.Calls,
		}
	}
	return out, err
}

func (r followUps) CaseLoad(ctx context.Context, scope api.CareScope, since time.Time) (api.CaseLoad, error) {
	found, err := r.CareLoad(ctx, postgres.CareScope(scope), since)
	var out api.CaseLoad
	for _, o := range found.Offices {
		out.Offices = append(out.Offices, api.OfficeLoad{
			Unit: o.Unit, Cases: o.Cases, Owed: o.Owed, Overdue: o.Overdue, OldestOverdueAt: o.Oldest, Unmanaged: o.Unmanaged,
			Managers: o.Managers, Supervisors: o.Supervisors,
			Referrals: api.ReferralCounts{
				Accepted: o.Accepted, Declined: o.Declined, TimedOut: o.TimedOut, Waiting: o.Waiting, ReportedBack: o.ReportedBack,
			},
		})
	}
	for _, m := range found.Managers {
		out.Managers = append(out.Managers, api.ManagerLoad{
			Member: m.Member, Unit: m.Unit, Cases: m.Cases, Owed: m.Owed, Overdue: m.Overdue, OldestOverdueAt: m.Oldest,
		})
	}
	return out, err
}

var _ api.FollowUps = followUps{}
