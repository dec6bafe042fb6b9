package postgres

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// firstRes is the H3 resolution at which a search begins: about a kilometre, so
// that a dense town costs one small read.
const firstRes = 8

// Nearest returns the members of a role who are nearest to a point, truly
// nearest first, at most k, none farther than withinM. Only members on duty
// have a position, so only they are found.
func (s *Store) Nearest(ctx context.Context, query activities.NearQuery) ([]dispatch.Candidate, error) {
	var out []dispatch.Candidate
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		near, err := nearest(ctx, q, query)
		if err != nil {
			return err
		}
		out, err = candidates(ctx, q, query.Case, near)
		return err
	})
	return out, err
}

// found is a member with the distance to the point.
type found struct {
	id     string
	metres float64
}

// nearest walks outwards from the point, until nobody who is not yet seen can
// be nearer than the k-th.
func nearest(ctx context.Context, q *db.Queries, query activities.NearQuery) ([]found, error) {
	var best []found
	within := float64(query.WithinM)
	if query.WithinM <= 0 {
		within = math.Inf(1)
	}
	for ring := range dispatch.Search(query.Pin.Lat, query.Pin.Lon, firstRes) {
		rows, err := q.NearestIn(ctx, db.NearestInParams{
			Lat: query.Pin.Lat, Lon: query.Pin.Lon, Role: string(query.Role), K: int32(query.K), // #nosec G115 -- small
			Firsts: column(ring.Ranges, func(r dispatch.Range) int64 { return r.First }),
			Lasts:  column(ring.Ranges, func(r dispatch.Range) int64 { return r.Last }),
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if m := query.Pin.MetresTo(r.Lat, r.Lon); m <= within {
				best = append(best, found{r.ID, m})
			}
		}
		slices.SortFunc(best, func(a, b found) int { return cmp.Or(cmp.Compare(a.metres, b.metres), strings.Compare(a.id, b.id)) })
		best = best[:min(len(best), query.K)]
		if len(best) == query.K && (query.K == 0 || best[query.K-1].metres < ring.CompleteM) || ring.CompleteM >= within {
			break
		}
	}
	return best, nil
}

func candidates(ctx context.Context, q *db.Queries, id casefile.CaseID, near []found) ([]dispatch.Candidate, error) {
	rows, err := q.Candidates(ctx, db.CandidatesParams{
		CaseID: null(string(id)), Ids: column(near, func(f found) string { return f.id }),
	})
	if err != nil {
		return nil, err
	}
	byID := map[string]db.CandidatesRow{}
	for _, r := range rows {
		byID[r.ID] = r
	}
	var out []dispatch.Candidate
	for _, f := range near {
		r, ok := byID[f.id]
		if !ok {
			continue
		}
		out = append(out, dispatch.Candidate{
			Member: casefile.Member{
				ID: casefile.MemberID(r.ID), Unit: casefile.UnitID(r.UnitID), Group: casefile.Group(r.MemberGroup),
				Class: casefile.Class(r.Class), Role: casefile.Role(r.Role), Level: casefile.Level(r.Level),
				State: casefile.MemberState(r.State), OnDuty: r.OnDuty, RestUntil: zero(r.RestUntil), Female: r.Female,
				Lat: r.Lat, Lon: r.Lon, FixedAt: zero(r.FixedAt), Province: r.Province,
			},
			Metres: int(math.Round(f.metres)), Assigned: casefile.CaseID(r.Assigned), Conflicted: r.Conflicted, Reachable: r.Reachable,
		})
	}
	return out, nil
}

// national are the levels of which there is one for the whole country.
var national = []casefile.Level{casefile.LevelRTPNational, casefile.LevelHUSEC, casefile.LevelMSDHSNational, casefile.LevelDesk}

// Desks returns the duty desks that answer for a level at a place: of the
// station, of the province, of the region of the province, or of the nation.
func (s *Store) Desks(ctx context.Context, level casefile.Level, at casefile.Place, station casefile.UnitID) ([]dispatch.Candidate, error) {
	params := db.DesksParams{Level: string(level), Unit: nil, Province: nil, RegionOf: nil}
	switch {
	case level == casefile.LevelStation || level == casefile.LevelNextStation:
		params.Level, params.Unit = string(casefile.LevelStation), new(string(station))
	case level == casefile.LevelPoliceRegion:
		params.RegionOf = &at.Province
	case !slices.Contains(national, level):
		params.Province = &at.Province
	}
	var out []dispatch.Candidate
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Desks(ctx, params)
		out = column(rows, func(r db.DesksRow) dispatch.Candidate {
			return dispatch.Candidate{
				Member: casefile.Member{
					ID: casefile.MemberID(r.ID), Unit: casefile.UnitID(r.UnitID), Group: casefile.Group(r.MemberGroup),
					Class: casefile.Class(r.Class), Role: casefile.Role(r.Role), Level: casefile.Level(r.Level),
					State: casefile.MemberState(r.State), OnDuty: r.OnDuty, RestUntil: zero(r.RestUntil), Female: r.Female,
					Province: r.Province,
				},
				Reachable: r.Reachable,
			}
		})
		return err
	})
	return out, err
}

// stationsLookedAt are the likely nearest stations whose true distances are compared.
const stationsLookedAt = 8

// Station returns the unit responsible for a place, and the next-nearest live
// one. A station that has closed is responsible for nothing.
func (s *Store) Station(ctx context.Context, pin casefile.Pin, at casefile.Place) (responsible, next casefile.UnitID, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		responsible, next = "", ""
		rows, err := q.Stations(ctx, db.StationsParams{Lat: pin.Lat, Lon: pin.Lon, AtMost: stationsLookedAt})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return casefile.ErrNotFound
		}
		slices.SortFunc(rows, func(a, b db.StationsRow) int {
			return cmp.Or(cmp.Compare(pin.MetresTo(a.Lat, a.Lon), pin.MetresTo(b.Lat, b.Lon)), strings.Compare(a.ID, b.ID))
		})
		responsible = casefile.UnitID(rows[0].ID)
		named, err := q.StationOfDistrict(ctx, at.District)
		switch {
		case err == nil:
			responsible = casefile.UnitID(named.ID)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		for _, r := range rows {
			if casefile.UnitID(r.ID) != responsible {
				next = casefile.UnitID(r.ID)
				break
			}
		}
		return nil
	})
	return responsible, next, err
}

// acceptanceSpan is how far back acceptance is measured.
const acceptanceSpan = 28 * 24 * time.Hour

// Acceptance counts offers and acceptances of a role in a province at an hour of
// the day (UTC), over the last four weeks.
func (s *Store) Acceptance(ctx context.Context, role casefile.Role, province string, hour int) (asked, accepted int, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.Acceptance(ctx, db.AcceptanceParams{
			Role: string(role), Province: province, Hour: int16(hour), // #nosec G115 -- an hour of the day
			Since: s.Now().UTC().Add(-acceptanceSpan).Truncate(24 * time.Hour),
		})
		asked, accepted = int(row.Asked), int(row.Accepted)
		return err
	})
	return asked, accepted, err
}

// Live reports whether a province is LIVE; otherwise, and when it is unknown, it
// is DESK_ONLY.
func (s *Store) Live(ctx context.Context, province string) (bool, error) {
	live := false
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		mode, err := q.ProvinceMode(ctx, province)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		live = mode == modeLive
		return err
	})
	return live, err
}

// Chosen keeps, for one OFFERED event, why each candidate was asked or not. A
// wave that is planned again replaces the first plan.
func (s *Store) Chosen(ctx context.Context, id casefile.CaseID, seq int, role casefile.Role, choices []dispatch.Choice) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		drop := db.DropChoicesParams{CaseID: string(id), Seq: int32(seq), Role: string(role)} // #nosec G115 -- a count of events
		if err := q.DropChoices(ctx, drop); err != nil || len(choices) == 0 {
			return err
		}
		p := db.KeepChoicesParams{CaseID: string(id), Seq: drop.Seq, Role: string(role)}
		for i, c := range choices {
			p.Places = append(p.Places, int32(i)) // #nosec G115 -- tens
			p.MemberIds = append(p.MemberIds, string(c.Member))
			p.Metres = append(p.Metres, int32(c.Metres)) // #nosec G115 -- within the earth
			p.Chosen = append(p.Chosen, c.Chosen)
			p.Whys = append(p.Whys, c.Why)
			p.Minutes = append(p.Minutes, int32(min(c.Minutes, math.MaxInt32))) // #nosec G115 -- bounded
		}
		return q.KeepChoices(ctx, p)
	})
}
