package simulate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
)

// AidExport is what the record says after the quarter; package main in
// cmd/ess/prove judges it.
type AidExport struct {
	Input    Aid          `json:"input"`
	Lived    AidLived     `json:"lived"`
	Took     float64      `json:"real_seconds"`
	Holidays []string     `json:"holidays"`
	Aids     []AidRecord  `json:"aids"`
	Payments []AidPayment `json:"payments"`
	Unheard  int          `json:"inbox_unheard"`
	Forms    int          `json:"forms"`  // that were frozen
	Pushes   int          `json:"pushes"` // things said to phones
	Named    []string     `json:"named"`  // requests about whose people a phone was told something that names them
}

// AidRecord is one request as it stands, and everything that happened to it.
type AidRecord struct {
	casefile.AidRequest
	Events []casefile.AidEvent `json:"events"` // without anything personal
}

// AidPayment is a payment order as it stands.
type AidPayment struct {
	Reference string         `json:"reference"`
	Aid       casefile.AidID `json:"aid"`
	Item      int            `json:"item"`
	Satang    int64          `json:"satang"`
	Result    string         `json:"result"`
	Dropped   bool           `json:"dropped"`
	Told      bool           `json:"told"`
}

// ExportAid reads the record, and looks for people's names in what phones were told.
func ExportAid(ctx context.Context, w *local.Casework, in Aid, lived AidLived, said string) (AidExport, error) {
	x := AidExport{Input: in, Lived: lived, Pushes: strings.Count(said, `"incoming":true`)}
	for _, id := range lived.Aids {
		a, err := w.Store.Aid(ctx, id)
		if err != nil {
			return x, err
		}
		r := AidRecord{AidRequest: a}
		if r.Events, err = w.Store.AidEvents(ctx, id); err != nil {
			return x, err
		}
		for i := range r.Events {
			r.Events[i].Private = casefile.AidPrivate{}
		}
		x.Aids = append(x.Aids, r)
		if a.Form == 0 {
			continue
		}
		f, err := w.Store.AidForm(ctx, id, a.Form)
		if err != nil {
			return x, err
		}
		for _, word := range []string{f.Subject.First + " " + f.Subject.Last, f.Subject.Last, f.Subject.Number, f.Home.Address, f.Account.Number} {
			if word != "" && strings.Contains(said, word) {
				x.Named = append(x.Named, a.ID.Code())
				break
			}
		}
	}
	rows, err := w.Store.Pool.Query(ctx, `SELECT reference, aid_id, item, satang, coalesce(result, ''), dropped_at IS NOT NULL, told_at IS NOT NULL FROM aid_payments ORDER BY reference`)
	if err != nil {
		return x, err
	}
	if x.Payments, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p AidPayment, err error) {
		err = row.Scan(&p.Reference, &p.Aid, &p.Item, &p.Satang, &p.Result, &p.Dropped, &p.Told)
		return p, err
	}); err != nil {
		return x, err
	}
	err = w.Store.Pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM aid_forms),
		(SELECT count(*) FROM aid_inbox i JOIN aid_requests a ON a.id = i.aid_id WHERE i.n > a.inbox_heard)`).Scan(&x.Forms, &x.Unheard)
	return x, err
}

// workingDays are the working days between two instants, as an office counts them: with their parts.
func (x AidExport) workingDays(from, to time.Time) float64 {
	days := 0.0
	for at := from; at.Before(to); {
		local := at.In(bangkok)
		next := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, bangkok)
		if next.After(to) {
			next = to
		}
		if d := local.Weekday(); d != time.Saturday && d != time.Sunday && !slices.Contains(x.Holidays, local.Format(time.DateOnly)) {
			days += next.Sub(at).Hours() / 24
		}
		at = next
	}
	return days
}
