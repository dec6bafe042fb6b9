package main

import (
	"context"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func (r record) OldCases(ctx context.Context, by casefile.Actor, purpose, phone string, provinces []string, limit int) ([]casefile.Case, error) {
	found, err := r.Store.OldCases(ctx, postgres.Viewer{Actor: by, Purpose: postgres.Purpose(purpose)}, phone, provinces, limit)
	out := make([]casefile.Case, len(found))
	for i, c := range found {
		out[i] = casefile.Case{ID: c.ID, State: c.State, Place: casefile.Place{Province: c.Province}, ReportedAt: c.ReportedAt, EndedAt: c.EndedAt}
	}
	return out, err
}
