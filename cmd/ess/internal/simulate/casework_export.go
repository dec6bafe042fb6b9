package simulate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
)

// CareExport is what the record says after the months; package main in
// cmd/ess/prove judges it.
type CareExport struct {
	Input    Casework     `json:"input"`
	Lived    CareLived    `json:"lived"`
	Took     float64      `json:"real_seconds"`
	Cases    []CareRecord `json:"cases"`
	Owed     []OwedRecord `json:"owed"`
	Calls    []CareCall   `json:"calls"`
	Recorded int          `json:"orders_recorded"` // of Lived.Orders, those that the record has
	Unheard  int          `json:"inbox_unheard"`   // rows that no story has taken in
}

// CareRecord is one follow-up as it stands.
type CareRecord struct {
	ID       casefile.CaseID   `json:"id"`
	State    casefile.State    `json:"state"`
	Owner    casefile.UnitID   `json:"owner"`
	Manager  casefile.MemberID `json:"manager"`
	Began    time.Time         `json:"began"`
	Ended    time.Time         `json:"ended,omitzero"`
	NextCall time.Time         `json:"next_call,omitzero"` // of what is owed
	Deadline time.Time         `json:"deadline,omitzero"`  // at which its story wakes
	Events   int               `json:"events"`
}

// OwedRecord is one obligation as it stands, or stood at its end.
type OwedRecord struct {
	Case    casefile.CaseID          `json:"case"`
	ID      int                      `json:"id"`
	Kind    casefile.ObligationKind  `json:"kind"`
	State   casefile.ObligationState `json:"state"`
	Member  casefile.MemberID        `json:"member"`
	Since   time.Time                `json:"since"`
	Due     time.Time                `json:"due"`
	Settled time.Time                `json:"settled,omitzero"`
}

// CareCall is a reminder or a rung, and when the next one was to be.
type CareCall struct {
	Case casefile.CaseID `json:"case"`
	Owed int             `json:"owed"`
	At   time.Time       `json:"at"`
	Step int             `json:"step"` // 0: a reminder
	Who  string          `json:"who"`
	Next time.Time       `json:"next"`
}

// ExportCare reads the record.
func ExportCare(ctx context.Context, w *local.Casework, in Casework, lived CareLived) (CareExport, error) {
	x := CareExport{Input: in, Lived: lived}
	for _, id := range lived.Cases {
		c, err := w.Store.Case(ctx, id)
		if err != nil {
			return x, err
		}
		r := CareRecord{ID: id, State: c.State, Owner: c.Owner, Events: c.Version, Ended: c.EndedAt}
		if c.Care != nil {
			r.Manager, r.Began = c.Care.Manager, c.Care.BeganAt
			if o, owed := c.Care.NextCall(); owed {
				r.NextCall = o.CallAt
			}
		}
		if d, waits := c.NextDeadline(); waits {
			r.Deadline = d.At
		}
		x.Cases = append(x.Cases, r)
		const page = 200
		for after := 0; ; {
			events, err := w.Store.Timeline(ctx, id, after, page)
			if err != nil {
				return x, err
			}
			for _, e := range events {
				after = e.Seq
				if e.Kind == casefile.Chased && e.Care != nil {
					x.Calls = append(x.Calls, CareCall{Case: id, Owed: e.Care.Obligation, At: e.At, Step: e.Step, Who: e.Reason, Next: e.Care.CallAt})
				}
			}
			if len(events) < page {
				break
			}
		}
	}
	rows, err := w.Store.Pool.Query(ctx, `SELECT case_id, id, kind, state, member_id, since, due_at, coalesce(settled_at, '0001-01-01 00:00:00+00')
		FROM obligations ORDER BY case_id, id`)
	if err != nil {
		return x, err
	}
	if x.Owed, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o OwedRecord, err error) {
		err = row.Scan(&o.Case, &o.ID, &o.Kind, &o.State, &o.Member, &o.Since, &o.Due, &o.Settled)
		if o.Settled.Year() == 1 {
			o.Settled = time.Time{}
		}
		return o, err
	}); err != nil {
		return x, err
	}
	if err := w.Store.Pool.QueryRow(ctx, "SELECT count(*) FROM case_events WHERE event_id = ANY(SELECT 'cmd:' || o FROM unnest($1::text[]) o)", lived.Orders).Scan(&x.Recorded); err != nil {
		return x, err
	}
	err = w.Store.Pool.QueryRow(ctx, `SELECT count(*) FROM inbox i JOIN cases c ON c.id = i.case_id WHERE i.n > (c.doc->>'inbox')::int`).Scan(&x.Unheard)
	return x, err
}
