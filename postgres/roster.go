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
	if query.K <= 0 {
		return nil, nil
	}
	var out []dispatch.Candidate
	err := s.once(ctx, func(q *db.Queries) error { // rings are apart: each may see its own moment
		found, err := s.nearest(ctx, q, query)
		out = column(found, candidate)
		return err
	})
	return out, err
}

// near is a member with the distance to the point.
type near struct {
	db.NearestInRow
	metres  float64
	expired bool
}

// nearest walks outwards from the point, until nobody who is not yet seen can
// be nearer than the k-th. Its first step goes as far as the last search for the
// role went in the same part of the country.
func (s *Store) nearest(ctx context.Context, q *db.Queries, query activities.NearQuery) ([]near, error) {
	within := float64(query.WithinM)
	if query.WithinM <= 0 {
		within = math.Inf(1)
	}
	var best []near
	ask := func(ranges []dispatch.Range) error {
		rows, err := q.NearestIn(ctx, db.NearestInParams{
			Lat: query.Pin.Lat, Lon: query.Pin.Lon, Role: string(query.Role), K: int32(query.K), CaseID: null(string(query.Case)), // #nosec G115 -- small
			Firsts: column(ranges, func(r dispatch.Range) int64 { return r.First }),
			Lasts:  column(ranges, func(r dispatch.Range) int64 { return r.Last }),
		})
		for _, r := range rows {
			if m := query.Pin.MetresTo(r.Lat, r.Lon); m <= within {
				best = append(best, near{r, m, r.ValidUntil != nil && !r.ValidUntil.After(query.At)})
			}
		}
		slices.SortFunc(best, func(a, b near) int { return cmp.Or(cmp.Compare(a.metres, b.metres), strings.Compare(a.ID, b.ID)) })
		best = best[:min(len(best), query.K)]
		return err
	}
	farthest := func() float64 { // beyond it nobody matters
		if len(best) < query.K {
			return within
		}
		return best[query.K-1].metres
	}
	part := partOf(query)
	stride, _ := s.strides.Load(part)
	first, _ := stride.(int)
	var complete []float64
	var ahead []dispatch.Range // not asked for yet
	for ring := range dispatch.Search(query.Pin.Lat, query.Pin.Lon, firstRes) {
		ahead, complete = append(ahead, ring.Ranges...), append(complete, ring.CompleteM)
		if len(complete) <= first && ring.CompleteM < within {
			continue
		}
		if err := ask(dispatch.Union(ahead)); err != nil {
			return nil, err
		}
		if ahead = ahead[:0]; farthest() < ring.CompleteM {
			break
		}
	}
	if len(ahead) > 0 { // the map ended within the first step
		if err := ask(dispatch.Union(ahead)); err != nil {
			return nil, err
		}
	}
	needed := slices.IndexFunc(complete, func(m float64) bool { return m > farthest() })
	if needed < 0 {
		needed = len(complete) - 1
	}
	if needed != first {
		s.strides.Store(part, needed)
	}
	return best, nil
}

// part is a stretch of country in which searches for a role go about as far as
// each other.
type part struct {
	cell int64
	role casefile.Role
	k    int
}

// partRes is the H3 resolution of a part: about 50 km wide, so that Thailand has some hundreds.
const partRes = 4

func partOf(q activities.NearQuery) part {
	return part{dispatch.Cell(q.Pin.Lat, q.Pin.Lon, partRes), q.Role, q.K}
}

func candidate(n near) dispatch.Candidate {
	state := casefile.MemberState(n.State)
	if n.expired {
		state = casefile.MemberExpired
	}
	return dispatch.Candidate{
		Member: casefile.Member{
			ID: casefile.MemberID(n.ID), Unit: casefile.UnitID(n.UnitID), Group: casefile.Group(n.MemberGroup),
			Class: casefile.Class(n.Class), Role: casefile.Role(n.Role), Level: casefile.Level(n.Level),
			State: state, OnDuty: n.OnDuty, RestUntil: zero(n.RestUntil), Female: n.Female,
			Lat: n.Lat, Lon: n.Lon, FixedAt: zero(n.FixedAt), Province: n.Province,
		},
		Metres: int(math.Round(n.metres)), Assigned: casefile.CaseID(n.Assigned), Conflicted: n.Conflicted, Reachable: n.Reachable,
	}
}

// national are the levels of which there is one for the whole country.
var national = []casefile.Level{casefile.LevelRTPNational, casefile.LevelHUSEC, casefile.LevelMSDHSNational, casefile.LevelDesk}

// Desks returns the duty desks that answer for a level at a place: of the
// station, of the province, of the region of the province, or of the nation. Those
// that the case must not reach are marked; an empty case marks none.
func (s *Store) Desks(ctx context.Context, level casefile.Level, at casefile.Place, station casefile.UnitID, of casefile.CaseID) ([]dispatch.Candidate, error) {
	params := db.DesksParams{Level: string(level), Unit: nil, Province: nil, RegionOf: nil, CaseID: null(string(of))}
	switch {
	case level == casefile.LevelStation || level == casefile.LevelNextStation:
		params.Level, params.Unit = string(casefile.LevelStation), new(string(station))
	case level == casefile.LevelPoliceRegion:
		params.RegionOf = &at.Province
	case !slices.Contains(national, level):
		params.Province = &at.Province
	}
	var out []dispatch.Candidate
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.Desks(ctx, params)
		out = column(rows, func(r db.DesksRow) dispatch.Candidate {
			return dispatch.Candidate{
				Member: casefile.Member{
					ID: casefile.MemberID(r.ID), Unit: casefile.UnitID(r.UnitID), Group: casefile.Group(r.MemberGroup),
					Class: casefile.Class(r.Class), Role: casefile.Role(r.Role), Level: casefile.Level(r.Level),
					State: casefile.MemberState(r.State), OnDuty: r.OnDuty, RestUntil: zero(r.RestUntil), Female: r.Female,
					Province: r.Province,
				},
				Reachable: r.Reachable, Conflicted: r.Conflicted,
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
	var rows []db.StationsRow
	err = s.once(ctx, func(q *db.Queries) (err error) {
		rows, err = q.Stations(ctx, db.StationsParams{Lat: pin.Lat, Lon: pin.Lon, AtMost: stationsLookedAt, District: at.District})
		return err
	})
	if err != nil {
		return "", "", err
	}
	if len(rows) == 0 {
		return "", "", casefile.ErrNotFound
	}
	slices.SortFunc(rows, func(a, b db.StationsRow) int {
		return cmp.Or(cmp.Compare(pin.MetresTo(a.Lat, a.Lon), pin.MetresTo(b.Lat, b.Lon)), strings.Compare(a.ID, b.ID))
	})
	responsible = casefile.UnitID(rows[0].ID)
	if i := slices.IndexFunc(rows, func(r db.StationsRow) bool { return r.Named }); i >= 0 {
		responsible = casefile.UnitID(rows[i].ID)
	}
	if i := slices.IndexFunc(rows, func(r db.StationsRow) bool { return casefile.UnitID(r.ID) != responsible }); i >= 0 {
		next = casefile.UnitID(rows[i].ID)
	}
	return responsible, next, nil
}

// acceptanceSpan is how far back acceptance is measured.
const acceptanceSpan = 28 * 24 * time.Hour

// Acceptance counts offers and acceptances of a role in a province at an hour of
// the day (UTC), over the last four weeks.
func (s *Store) Acceptance(ctx context.Context, role casefile.Role, province string, hour int) (asked, accepted int, err error) {
	err = s.once(ctx, func(q *db.Queries) error {
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
	err := s.once(ctx, func(q *db.Queries) error {
		mode, err := q.ProvinceMode(ctx, province)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		live = mode == modeLive
		return err
	})
	return live, err
}

// Chosen keeps why each candidate of some waves was asked or not. A wave that is
// planned again replaces the first plan. The offers are recorded after it, and
// cannot outlive it.
func (s *Store) Chosen(ctx context.Context, id casefile.CaseID, waves []activities.Chosen) error {
	if len(waves) == 0 {
		return nil
	}
	p := db.KeepChoicesParams{CaseID: string(id)}
	for _, w := range waves {
		seq := int32(w.Seq) // #nosec G115 -- a count of events
		p.WaveSeqs, p.WaveRoles = append(p.WaveSeqs, seq), append(p.WaveRoles, string(w.Role))
		p.WaveSizes = append(p.WaveSizes, int32(len(w.Choices))) // #nosec G115 -- tens
		for i, c := range w.Choices {
			p.Seqs, p.Roles = append(p.Seqs, seq), append(p.Roles, string(w.Role))
			p.Places = append(p.Places, int32(i)) // #nosec G115 -- tens
			p.MemberIds = append(p.MemberIds, string(c.Member))
			p.Metres = append(p.Metres, int32(c.Metres)) // #nosec G115 -- within the earth
			p.Chosen = append(p.Chosen, c.Chosen)
			p.Whys = append(p.Whys, c.Why)
			p.Minutes = append(p.Minutes, int32(min(c.Minutes, math.MaxInt32))) // #nosec G115 -- bounded
		}
	}
	return s.soon(ctx, func(q *db.Queries) error { return q.KeepChoices(ctx, p) })
}
