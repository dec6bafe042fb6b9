package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// areaRes is the H3 resolution of an area that joins lock. Two pins nearer than
// a kilometre always share a cell of their neighbourhoods.
const areaRes = 7

// joinOrLink places a report among the cases of its area, and keeps it away from
// whomever these must not reach.
func (s *Store) joinOrLink(ctx context.Context, q *db.Queries, query activities.JoinQuery) (activities.JoinResult, error) {
	found, err := s.stand(ctx, q, query)
	if err == nil {
		err = excludedToo(ctx, q, query.Case, &found)
	}
	return found, err
}

// stand looks for a case of the same incident that stands already. Under
// the locks of the area one report at a time is placed: the first to find
// nobody stands, and all later ones of the incident find it, in whatever order
// a hundred of them come. So the oldest at the place leads, and nobody joins a
// case that joins another. A repeat gives the answer of the first time.
func (s *Store) stand(ctx context.Context, q *db.Queries, query activities.JoinQuery) (found activities.JoinResult, err error) {
	home := dispatch.Cell(query.Pin.Lat, query.Pin.Lon, areaRes)
	if home == 0 {
		return found, fmt.Errorf("join case %s: no usable pin", query.Case)
	}
	areas := dispatch.Neighbours(home)
	if err := q.LockAreas(ctx, areas); err != nil {
		return found, err
	}
	near, err := s.standing(ctx, q, query, areas)
	if err != nil {
		return found, err
	}
	for _, c := range near {
		if c.otherType(query) {
			found.Linked = append(found.Linked, c.id)
		}
	}
	before, err := q.Placed(ctx, db.PlacedParams{
		ID: string(query.Case), JoinsEvent: joinEventID(query.Case, casefile.ActReportJoins),
		SamePlaceEvent: joinEventID(query.Case, casefile.ActSamePlace),
	})
	if err != nil {
		return found, err
	}
	if before.JoinsN > 0 {
		found.Lead, found.LeadInbox = casefile.CaseID(before.Joins), int(before.JoinsN)
		return found, nil
	}
	if i := slices.IndexFunc(near, func(c neighbour) bool { return c.sameIncident(query) }); i >= 0 && !before.Stands {
		found.Lead = near[i].id
		found.LeadInbox, err = s.sayTo(ctx, q, query, found.Lead, casefile.ActReportJoins)
		return found, err
	}
	if !before.Stands {
		if err := q.StandAlone(ctx, db.StandAloneParams{ID: string(query.Case), At: &query.At}); err != nil {
			return found, err
		}
	}
	if before.SamePlaceN > 0 {
		found.Earlier, found.EarlierInbox = casefile.CaseID(before.SamePlace), int(before.SamePlaceN)
		return found, nil
	}
	if i := slices.IndexFunc(near, func(c neighbour) bool { return c.earlier(query) }); i >= 0 && !before.Stands {
		found.Earlier = near[i].id
		found.EarlierInbox, err = s.sayTo(ctx, q, query, found.Earlier, casefile.ActSamePlace)
	}
	return found, err
}

// neighbour is a case that stands near the place of a new report.
type neighbour struct {
	id           casefile.CaseID
	typ          casefile.IncidentType
	state        casefile.State
	reportedAt   time.Time
	controlledAt time.Time
	metres       float64
}

// sameIncident: the same type, before control, near in place and time.
func (c neighbour) sameIncident(q activities.JoinQuery) bool {
	return c.typ == q.Type && c.together(q)
}

// otherType: linked, never merged; a person decides.
func (c neighbour) otherType(q activities.JoinQuery) bool {
	return c.typ != q.Type && c.together(q)
}

func (c neighbour) together(q activities.JoinQuery) bool {
	return c.state.BeforeControl() && c.metres <= float64(q.RadiusM) && q.ReportedAt.Sub(c.reportedAt).Abs() <= q.Window
}

// earlier: the scene was under control, and there is an alarm again.
func (c neighbour) earlier(q activities.JoinQuery) bool {
	return !c.state.BeforeControl() && !c.controlledAt.IsZero() && c.metres <= float64(q.SamePlaceM) &&
		q.At.Sub(c.controlledAt) <= q.SamePlaceAge
}

// standing lists the cases of the areas that belong to no other, in the order
// in which they were placed.
func (s *Store) standing(ctx context.Context, q *db.Queries, query activities.JoinQuery, areas []int64) ([]neighbour, error) {
	names := column(areas, func(a int64) string { return strconv.FormatInt(a, 16) }) // as casefile.Place.Cell
	rows, err := q.Standing(ctx, db.StandingParams{
		Cells: names, ID: string(query.Case), ControlledSince: query.At.Add(-query.SamePlaceAge),
	})
	if err != nil {
		return nil, err
	}
	var near []neighbour
	for _, r := range rows {
		if r.PrivateSealed == nil {
			continue
		}
		var p private
		if err := s.openJSON(r.PrivateSealed, &p, "cases", "private_sealed", r.ID); err != nil {
			return nil, err
		}
		if p.Private.Pin == nil {
			continue
		}
		near = append(near, neighbour{
			id: casefile.CaseID(r.ID), typ: casefile.IncidentType(r.Type), state: casefile.State(r.State),
			reportedAt: r.ReportedAt, controlledAt: zero(r.ControlledAt),
			metres: query.Pin.MetresTo(p.Private.Pin.Lat, p.Private.Pin.Lon),
		})
	}
	return near, nil
}

// joinEventID names the one word of a kind that a report says when it is placed.
func joinEventID(id casefile.CaseID, a casefile.Action) string {
	return fmt.Sprintf("case:%s:placed:%s", id, a)
}

func (s *Store) sayTo(ctx context.Context, q *db.Queries, query activities.JoinQuery, to casefile.CaseID, a casefile.Action) (int, error) {
	return s.speak(ctx, q, to, joinEventID(query.Case, a), casefile.Incoming{
		Word: casefile.CaseSpoke, At: query.At, Action: a, Case: query.Case, By: casefile.System,
	})
}
