package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

const (
	modeLive     = "LIVE"
	modeDeskOnly = "DESK_ONLY"
)

// Province is a province as this installation serves it.
type Province struct {
	Code   string
	Region string // MPB, P1 … P9
	Live   bool   // otherwise DESK_ONLY
}

// UpsertProvinces writes provinces. A new one is DESK_ONLY; the mode of a known
// one stays (SetProvinceMode).
func (s *Store) UpsertProvinces(ctx context.Context, provinces []Province) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.UpsertProvinces(ctx, db.UpsertProvincesParams{
			Codes:   column(provinces, func(p Province) string { return p.Code }),
			Regions: column(provinces, func(p Province) string { return p.Region }),
		})
	})
}

// SetProvinceMode makes a province LIVE or DESK_ONLY. Whether it is ready is for the caller to check.
func (s *Store) SetProvinceMode(ctx context.Context, code string, live bool) error {
	mode := modeDeskOnly
	if live {
		mode = modeLive
	}
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.SetProvinceMode(ctx, db.SetProvinceModeParams{Code: code, Mode: mode})
	})
}

// mustMeet runs a statement that must meet a row.
func (s *Store) mustMeet(ctx context.Context, fn func(q *db.Queries) (int64, error)) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := fn(q)
		if err == nil && n == 0 {
			return casefile.ErrNotFound
		}
		return err
	})
}

// Provinces lists the provinces.
func (s *Store) Provinces(ctx context.Context) ([]Province, error) {
	var out []Province
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Provinces(ctx)
		out = column(rows, func(p db.Province) Province { return Province{p.Code, p.Region, p.Mode == modeLive} })
		return err
	})
	return out, err
}

// UpsertUnits writes units, new or known.
func (s *Store) UpsertUnits(ctx context.Context, units []casefile.Unit) error {
	var p db.UpsertUnitsParams
	for _, u := range units {
		p.Ids = append(p.Ids, string(u.ID))
		p.Codes = append(p.Codes, u.Code)
		p.Levels = append(p.Levels, string(u.Level))
		p.NamesTh = append(p.NamesTh, u.NameTh)
		p.NamesEn = append(p.NamesEn, u.NameEn)
		p.Provinces = append(p.Provinces, u.Province)
		p.Regions = append(p.Regions, u.Region)
		p.Lats = append(p.Lats, u.Lat)
		p.Lons = append(p.Lons, u.Lon)
		p.States = append(p.States, string(u.State))
		p.Synthetic = append(p.Synthetic, u.Synthetic)
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return q.UpsertUnits(ctx, p) })
}

// UnitFilter chooses units; empty fields choose all.
type UnitFilter struct {
	Level    casefile.Level
	Province string
	State    casefile.UnitState
	After    casefile.UnitID // the last one of the page before
	Limit    int
}

// Units lists units in the order of their IDs.
func (s *Store) Units(ctx context.Context, f UnitFilter) ([]casefile.Unit, error) {
	var out []casefile.Unit
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Units(ctx, db.UnitsParams{
			After: string(f.After), Level: null(string(f.Level)), Province: null(f.Province), State: null(string(f.State)),
			AtMost: null(int32(f.Limit)), // #nosec G115 -- a page
		})
		out = column(rows, unit)
		return err
	})
	return out, err
}

// Unit returns a unit, or casefile.ErrNotFound.
func (s *Store) Unit(ctx context.Context, id casefile.UnitID) (casefile.Unit, error) {
	var out casefile.Unit
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.Unit(ctx, string(id))
		out = unit(row)
		return err
	})
	return out, err
}

func unit(u db.Unit) casefile.Unit {
	return casefile.Unit{
		ID: casefile.UnitID(u.ID), Code: u.Code, Level: casefile.Level(u.Level), NameTh: u.NameTh, NameEn: u.NameEn,
		Province: u.Province, Region: u.Region, Lat: u.Lat, Lon: u.Lon, State: casefile.UnitState(u.State), Synthetic: u.Synthetic,
	}
}

// SetUnitState opens or closes a unit.
func (s *Store) SetUnitState(ctx context.Context, id casefile.UnitID, state casefile.UnitState) error {
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.SetUnitState(ctx, db.SetUnitStateParams{ID: string(id), State: string(state)})
	})
}

// StationArea names the station that is responsible for a district.
type StationArea struct {
	District string
	Unit     casefile.UnitID
}

// UpsertStationAreas names the responsible stations of districts.
func (s *Store) UpsertStationAreas(ctx context.Context, areas []StationArea) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.UpsertStationAreas(ctx, db.UpsertStationAreasParams{
			Districts: column(areas, func(a StationArea) string { return a.District }),
			UnitIds:   column(areas, func(a StationArea) string { return string(a.Unit) }),
		})
	})
}

// Member is a member with what only the roster knows. Name and LINE are personal data.
type Member struct {
	casefile.Member
	Name       string
	LINE       string // LINE user ID; empty: no contact
	Language   casefile.Language
	VerifiedAt time.Time // the unit confirmed the contact
	AnsweredAt time.Time // the latest communication test that was answered
	Synthetic  bool
}

// membersAtOnce is how many members one statement writes: many enough that the
// statement does not count, few enough for its time limit.
const membersAtOnce = 2000

// UpsertMembers writes members, new or known, in parts. The position of a member
// who is not on duty is left out.
func (s *Store) UpsertMembers(ctx context.Context, members []Member) error {
	for len(members) > 0 {
		part := members[:min(membersAtOnce, len(members))]
		members = members[len(part):]
		p, err := s.memberRows(part)
		if err != nil {
			return err
		}
		if err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return q.UpsertMembers(ctx, p) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) memberRows(members []Member) (db.UpsertMembersParams, error) {
	p := db.UpsertMembersParams{At: s.Now()}
	for _, m := range members {
		var name, user []byte
		var err error
		hash := ""
		if m.Name != "" {
			if name, err = s.Sealer.Seal([]byte(m.Name), place("members", "name_sealed", string(m.ID))); err != nil {
				return p, err
			}
		}
		if m.LINE != "" {
			if user, err = s.Sealer.Seal([]byte(m.LINE), place("members", "line_user_sealed", string(m.ID))); err != nil {
				return p, err
			}
			hash = string(s.Reporter(casefile.ChannelLINE, m.LINE))
		}
		cell := int64(0)
		if pin := (casefile.Pin{Lat: m.Lat, Lon: m.Lon}); m.OnDuty && pin.Usable() && !m.FixedAt.IsZero() {
			cell = dispatch.Cell(m.Lat, m.Lon, dispatch.MemberRes)
		}
		language := m.Language
		if language == "" {
			language = casefile.Thai
		}
		p.Ids = append(p.Ids, string(m.ID))
		p.UnitIds = append(p.UnitIds, string(m.Unit))
		p.MemberGroups = append(p.MemberGroups, string(m.Group))
		p.Classes = append(p.Classes, string(m.Class))
		p.Roles = append(p.Roles, string(m.Role))
		p.Levels = append(p.Levels, string(m.Level))
		p.States = append(p.States, string(m.State))
		p.OnDuty = append(p.OnDuty, m.OnDuty)
		p.RestUntil = append(p.RestUntil, m.RestUntil)
		p.Female = append(p.Female, m.Female)
		p.Provinces = append(p.Provinces, m.Province)
		p.Lats = append(p.Lats, m.Lat)
		p.Lons = append(p.Lons, m.Lon)
		p.Cells = append(p.Cells, cell)
		p.FixedAt = append(p.FixedAt, m.FixedAt)
		p.Languages = append(p.Languages, string(language))
		p.NamesSealed = append(p.NamesSealed, name)
		p.LineUsersSealed = append(p.LineUsersSealed, user)
		p.LineHashes = append(p.LineHashes, hash)
		p.VerifiedAt = append(p.VerifiedAt, m.VerifiedAt)
		p.AnsweredAt = append(p.AnsweredAt, m.AnsweredAt)
		p.Synthetic = append(p.Synthetic, m.Synthetic)
	}
	return p, nil
}

// Member returns a member, or casefile.ErrNotFound.
func (s *Store) Member(ctx context.Context, id casefile.MemberID) (Member, error) {
	var out Member
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.Member(ctx, string(id))
		if err != nil {
			return err
		}
		out, err = s.member(row.Member)
		return err
	})
	return out, err
}

// MemberByLINE returns the active member with a LINE account, or casefile.ErrNotFound.
func (s *Store) MemberByLINE(ctx context.Context, userID string) (Member, error) {
	var out Member
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.MemberByLINE(ctx, null(string(s.Reporter(casefile.ChannelLINE, userID))))
		if err != nil {
			return err
		}
		out, err = s.member(row.Member)
		return err
	})
	return out, err
}

// MemberFilter chooses members; empty fields choose all.
type MemberFilter struct {
	Unit      casefile.UnitID
	Province  string
	Role      casefile.Role
	OnDuty    *bool
	DesksOnly bool
}

// Members lists members in the order of their IDs, from the one after the given, at most limit.
func (s *Store) Members(ctx context.Context, f MemberFilter, after casefile.MemberID, limit int) ([]Member, error) {
	var out []Member
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Members(ctx, db.MembersParams{
			After: string(after), Unit: null(string(f.Unit)), Province: null(f.Province), Role: null(string(f.Role)),
			OnDuty: f.OnDuty, DesksOnly: f.DesksOnly, AtMost: int32(limit), // #nosec G115 -- a page
		})
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			m, err := s.member(r.Member)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

func (s *Store) member(r db.Member) (Member, error) {
	m := Member{
		Member: casefile.Member{
			ID: casefile.MemberID(r.ID), Unit: casefile.UnitID(r.UnitID), Group: casefile.Group(r.MemberGroup),
			Class: casefile.Class(r.Class), Role: casefile.Role(r.Role), Level: casefile.Level(r.Level),
			State: casefile.MemberState(r.State), OnDuty: r.OnDuty, RestUntil: zero(r.RestUntil), Female: r.Female,
			Lat: zero(r.Lat), Lon: zero(r.Lon), FixedAt: zero(r.FixedAt), Province: r.Province,
		},
		Language: casefile.Language(r.Language), VerifiedAt: zero(r.VerifiedAt), AnsweredAt: zero(r.AnsweredAt), Synthetic: r.Synthetic,
	}
	var err error
	if r.NameSealed != nil {
		if m.Name, err = s.openText(r.NameSealed, "members", "name_sealed", r.ID); err != nil {
			return m, err
		}
	}
	if r.LineUserSealed != nil {
		m.LINE, err = s.openText(r.LineUserSealed, "members", "line_user_sealed", r.ID)
	}
	return m, err
}

// SetDuty begins or ends a member's duty. With the duty ends what we know of
// where the member is.
func (s *Store) SetDuty(ctx context.Context, id casefile.MemberID, on bool) error {
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.SetDuty(ctx, db.SetDutyParams{ID: string(id), OnDuty: on, At: s.Now(), Source: string(ByHand)})
	})
}

// SetRest lets a member rest until then; the zero time ends the rest.
func (s *Store) SetRest(ctx context.Context, id casefile.MemberID, until time.Time) error {
	return s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.SetRest(ctx, db.SetRestParams{ID: string(id), Until: nullTime(until)})
	})
}

// Position is where a member was.
type Position struct {
	Member   casefile.MemberID
	Lat, Lon float64
	At       time.Time // case time
}

// SetPositions moves members who are on duty, in one statement, and says how
// many it moved. Of several positions of a member the youngest counts.
func (s *Store) SetPositions(ctx context.Context, moved []Position) (int, error) {
	youngest := map[casefile.MemberID]Position{}
	for _, p := range moved {
		if pin := (casefile.Pin{Lat: p.Lat, Lon: p.Lon}); pin.Usable() && !p.At.Before(youngest[p.Member].At) {
			youngest[p.Member] = p
		}
	}
	var list []Position
	for _, p := range youngest {
		list = append(list, p)
	}
	var n int64
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		n, err = q.SetPositions(ctx, positions(list))
		return err
	})
	return int(n), err
}

func positions(list []Position) db.SetPositionsParams {
	return db.SetPositionsParams{
		Ids:     column(list, func(p Position) string { return string(p.Member) }),
		Lats:    column(list, func(p Position) float64 { return p.Lat }),
		Lons:    column(list, func(p Position) float64 { return p.Lon }),
		Cells:   column(list, func(p Position) int64 { return dispatch.Cell(p.Lat, p.Lon, dispatch.MemberRes) }),
		FixedAt: column(list, func(p Position) time.Time { return p.At }),
	}
}

// AddConflict keeps a member, or everybody of a unit, away from a case. Exactly
// one of the two is set.
func (s *Store) AddConflict(ctx context.Context, id casefile.CaseID, m casefile.MemberID, u casefile.UnitID, by casefile.Actor, at time.Time) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return q.AddConflict(ctx, db.AddConflictParams{
			CaseID: string(id), MemberID: null(string(m)), UnitID: null(string(u)), Actor: actorText(by), At: at,
		})
	})
}

// RosterDesks lists the active duty desks for policy.CheckRoster. Who has not answered since then has not answered.
func (s *Store) RosterDesks(ctx context.Context, since time.Time) ([]policy.RosterDesk, error) {
	var out []policy.RosterDesk
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.RosterDesks(ctx, since)
		out = column(rows, func(r db.RosterDesksRow) policy.RosterDesk {
			return policy.RosterDesk{
				Unit: casefile.UnitID(r.UnitID), Level: casefile.Level(r.Level), Verified: r.Verified, Answered: r.Answered,
			}
		})
		return err
	})
	return out, err
}
