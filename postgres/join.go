package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// areaRes is the H3 resolution of an area that joins lock. Two pins nearer than
// a kilometre always share a cell of their neighbourhoods.
const areaRes = 7

// JoinOrLink looks for a case of the same incident that stands already. Under
// the locks of the area one report at a time is placed: the first to find
// nobody stands, and all later ones of the incident find it, in whatever order
// a hundred of them come. So the oldest at the place leads, and nobody joins a
// case that joins another. A repeat gives the answer of the first time.
func (s *Store) JoinOrLink(ctx context.Context, query activities.JoinQuery) (activities.JoinResult, error) {
	home := dispatch.Cell(query.Pin.Lat, query.Pin.Lon, areaRes)
	if home == 0 || !isUUID(string(query.Case)) {
		return activities.JoinResult{}, fmt.Errorf("join case %s: no usable pin", query.Case)
	}
	areas := dispatch.Neighbours(home)
	var found activities.JoinResult
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		found = activities.JoinResult{}
		if err := q.LockAreas(ctx, areas); err != nil {
			return err
		}
		near, err := s.standing(ctx, q, query, areas)
		if err != nil {
			return err
		}
		for _, c := range near {
			if c.otherType(query) {
				found.Linked = append(found.Linked, c.id)
			}
		}
		if joined, err := s.asked(ctx, q, query.Case, casefile.ActReportJoins); err != nil || joined.n > 0 {
			found.Lead, found.LeadInbox = joined.id, joined.n
			return err
		}
		stood, err := q.Stands(ctx, string(query.Case))
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(near, func(c neighbour) bool { return c.sameIncident(query) }); i >= 0 && !stood {
			found.Lead = near[i].id
			found.LeadInbox, err = s.sayTo(ctx, q, query, found.Lead, casefile.ActReportJoins)
			return err
		}
		if err := q.StandAlone(ctx, db.StandAloneParams{ID: string(query.Case), At: &query.At}); err != nil {
			return err
		}
		earlier, err := s.asked(ctx, q, query.Case, casefile.ActSamePlace)
		if err != nil || earlier.n > 0 {
			found.Earlier, found.EarlierInbox = earlier.id, earlier.n
			return err
		}
		if i := slices.IndexFunc(near, func(c neighbour) bool { return c.earlier(query) }); i >= 0 && !stood {
			found.Earlier = near[i].id
			found.EarlierInbox, err = s.sayTo(ctx, q, query, found.Earlier, casefile.ActSamePlace)
		}
		return err
	})
	if err != nil {
		return activities.JoinResult{}, err
	}
	return found, nil
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

type said struct {
	id casefile.CaseID
	n  int
}

// asked finds what an earlier try of the same report has said already.
func (s *Store) asked(ctx context.Context, q *db.Queries, id casefile.CaseID, a casefile.Action) (said, error) {
	row, err := q.InboxEvent(ctx, joinEventID(id, a))
	if errors.Is(err, pgx.ErrNoRows) {
		return said{}, nil
	}
	return said{casefile.CaseID(row.CaseID), int(row.N)}, err
}
