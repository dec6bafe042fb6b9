package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// deskAtMost bounds one look at the desk; far more than it ever holds.
const deskAtMost = 5000

// GetDesk serves GET /v1/desk.
func (s *Server) GetDesk(ctx context.Context, r GetDeskRequestObject) (GetDeskResponseObject, error) {
	province, err := Viewer(ctx).province(r.Params.Province)
	if err != nil {
		return nil, err
	}
	var waiting []casefile.Case
	f := CaseFilter{Province: province, Desk: true, Limit: 500}
	for len(waiting) < deskAtMost {
		cases, err := s.Cases.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if Viewer(ctx).mayHave(c) {
				waiting = append(waiting, c)
			}
		}
		if len(cases) < f.Limit {
			break
		}
		f.AfterAt, f.AfterID = cases[len(cases)-1].ReportedAt, cases[len(cases)-1].ID
	}
	return GetDesk200JSONResponse(lanes(waiting, s.Now())), nil
}

// lanes puts what waits in order, the longest wait first, and the taps without
// a pin into a lane of their own with one entry for each person.
func lanes(waiting []casefile.Case, now time.Time) Desk {
	waiting = slices.DeleteFunc(waiting, func(c casefile.Case) bool { return c.Desk == nil })
	slices.SortStableFunc(waiting, func(a, b casefile.Case) int { return a.Desk.SinceAt.Compare(b.Desk.SinceAt) })
	d := Desk{Items: []DeskEntry{}, People: []DeskPerson{}}
	place := map[casefile.ReporterID]int{}
	for _, c := range waiting {
		e := deskEntry(c, now)
		if !c.Desk.Tap {
			d.Items = append(d.Items, e)
			continue
		}
		i, known := place[c.Reporter]
		if !known {
			i = len(d.People)
			place[c.Reporter] = i
			d.People = append(d.People, DeskPerson{SinceAt: e.SinceAt, AgeS: e.AgeS})
		}
		p := &d.People[i]
		p.Taps = append(p.Taps, e)
		p.Owner = cmp.Or(p.Owner, e.Owner)
	}
	return d
}

func deskEntry(c casefile.Case, now time.Time) DeskEntry {
	return DeskEntry{
		Case: c.ID, Code: c.Code(), State: c.State, Type: c.Type, Severity: c.Severity, Quiet: c.Quiet, Province: c.Place.Province,
		Reason: c.Desk.Reason, SinceAt: c.Desk.SinceAt, AgeS: max(0, int(now.Sub(c.Desk.SinceAt)/time.Second)),
		Owner: c.Desk.Owner, TakenAt: c.Desk.TakenAt,
	}
}
