package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// membersAtMost bounds how much of a household one answer holds.
const membersAtMost = 1000

// day reads a day that the law has read before.
func day(text string) time.Time {
	t, _ := time.Parse(time.DateOnly, text)
	return t
}

// AddHousehold adds a household whose head lives there from a day on, and returns its ID.
func (s *Store) AddHousehold(ctx context.Context, r casefile.Reader, h casefile.Household, since string) (string, error) {
	if err := inScope(r, h.Province); err != nil {
		return "", err
	}
	h.ID = uuid.NewString()
	at := s.Now()
	sealed, err := s.Sealer.Seal([]byte(h.Address), place("households", "address_sealed", h.ID))
	if err != nil {
		return "", err
	}
	return h.ID, s.people(ctx, r, []casefile.PersonID{h.Head}, func(q *db.Queries, seen []casefile.Person) error {
		if err := livesFrom(seen[0], since); err != nil {
			return err
		}
		if _, err := q.AddHousehold(ctx, db.AddHouseholdParams{
			ID: h.ID, HeadID: string(h.Head), AddressSealed: sealed, Province: h.Province, District: h.District, AddedBy: actorText(r.By), At: at,
		}); err != nil {
			return err
		}
		if _, err := q.JoinHousehold(ctx, db.JoinHouseholdParams{HouseholdID: h.ID, PersonID: string(h.Head), Since: day(since)}); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: householdAdded, person: h.Head, data: sealed})
	})
}

func inScope(r casefile.Reader, province string) error {
	if !r.In(province) {
		return &casefile.InvalidError{Field: "province", Th: "จังหวัดนี้อยู่นอกพื้นที่ของท่าน", En: "this province is outside your scope"}
	}
	return nil
}

// livesFrom refuses a stay that begins before a birth.
func livesFrom(p casefile.Person, since string) error {
	if p.Birth.Known() && since < p.Birth.String() {
		return &casefile.InvalidError{Field: "since", Th: "วันที่เข้าอยู่มาก่อนวันเกิด", En: "nobody lives anywhere before their birth"}
	}
	return nil
}

// Household reads a household with those of its people whom the reader may know
// of; who may know of nobody there gets no address, either. The look is written
// down with it.
func (s *Store) Household(ctx context.Context, r casefile.Reader, id string) (casefile.Household, error) {
	var h casefile.Household
	err := s.household(ctx, r, id, func(q *db.Queries, row home) error {
		address, err := s.openText(row.AddressSealed, "households", "address_sealed", id)
		if err != nil {
			return err
		}
		h = casefile.Household{
			ID: id, Version: int(row.Version), Address: address, Province: row.Province, District: row.District, Members: []casefile.HouseholdMember{},
		}
		if _, ok := row.seen[casefile.PersonID(row.HeadRoot)]; ok {
			h.Head = casefile.PersonID(row.HeadRoot)
		}
		entries := []looked{{action: householdViewed, person: h.Head, data: []byte(id)}}
		for _, m := range row.members {
			who := casefile.PersonID(m.RootID)
			if _, ok := row.seen[who]; ok {
				h.Members = append(h.Members, casefile.HouseholdMember{Person: who, Since: m.Since, Until: m.Until})
				entries = append(entries, looked{action: personFound, person: who})
			}
		}
		return s.auditPeople(ctx, q, r, s.Now(), entries...)
	})
	return h, err
}

// home is a household with all who live and lived there, and those of them whom a reader may know of.
type home struct {
	db.HouseholdRow
	members []db.HouseholdMembersRow
	seen    map[casefile.PersonID]casefile.Person
}

// household runs fn on a household within the reader's provinces in which they
// may know of somebody.
func (s *Store) household(ctx context.Context, r casefile.Reader, id string, fn func(q *db.Queries, row home) error) error {
	if !isUUID(id) {
		return casefile.ErrNotFound
	}
	return s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.Household(ctx, db.HouseholdParams{ID: id, Provinces: provinces(r)})
		if err != nil {
			return err
		}
		members, err := q.HouseholdMembers(ctx, db.HouseholdMembersParams{HouseholdID: id, AtMost: membersAtMost})
		if err != nil {
			return err
		}
		seen, err := s.known(ctx, q, r, append(column(members, func(m db.HouseholdMembersRow) casefile.PersonID { return casefile.PersonID(m.RootID) }),
			casefile.PersonID(row.HeadRoot))...)
		if err == nil && len(seen) == 0 {
			err = casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		return fn(q, home{row, members, seen})
	})
}

// ChangeHousehold changes head, address and place of a household whose version is
// still the given one. The head lives there.
func (s *Store) ChangeHousehold(ctx context.Context, r casefile.Reader, h casefile.Household) (version int, err error) {
	if err := inScope(r, h.Province); err != nil {
		return 0, err
	}
	at := s.Now()
	sealed, err := s.Sealer.Seal([]byte(h.Address), place("households", "address_sealed", h.ID))
	if err != nil {
		return 0, err
	}
	return h.Version + 1, s.household(ctx, r, h.ID, func(q *db.Queries, row home) error {
		seen, err := s.known(ctx, q, r, h.Head)
		if err != nil {
			return err
		}
		lives := false
		if len(seen) > 0 {
			head, err := rootOf(ctx, q, h.Head)
			if err != nil {
				return err
			}
			lives = slices.ContainsFunc(row.members, func(m db.HouseholdMembersRow) bool { return m.Until == "" && m.RootID == string(head) })
		}
		if !lives {
			return &casefile.InvalidError{Field: "head", Th: "หัวหน้าครัวเรือนต้องอยู่ในครัวเรือนนี้", En: "the head must live in the household"}
		}
		n, err := q.ChangeHousehold(ctx, db.ChangeHouseholdParams{
			ID: h.ID, Version: int32(h.Version), HeadID: string(h.Head), AddressSealed: sealed, Province: h.Province, District: h.District, At: at, // #nosec G115 -- a count of changes
		})
		if err == nil && n == 0 {
			err = casefile.ErrMoved
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: householdChange, person: h.Head, data: sealed})
	})
}

// JoinHousehold lets a person live in a household from a day on.
func (s *Store) JoinHousehold(ctx context.Context, r casefile.Reader, id string, person casefile.PersonID, since string) error {
	return s.household(ctx, r, id, func(q *db.Queries, _ home) error {
		seen, err := s.known(ctx, q, r, person)
		if err != nil {
			return err
		}
		who, ok := seen[person]
		if !ok {
			return &casefile.InvalidError{Field: "person", Th: "ไม่พบบุคคลนี้", En: "there is no such person"}
		}
		if err := root(who); err != nil {
			return err
		}
		if err := livesFrom(who, since); err != nil {
			return err
		}
		n, err := q.JoinHousehold(ctx, db.JoinHouseholdParams{HouseholdID: id, PersonID: string(person), Since: day(since)})
		if err == nil && n == 0 {
			err = &casefile.InvalidError{Field: "person", Th: "บุคคลนี้อยู่ในครัวเรือนนี้แล้ว", En: "this person lives there already"}
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, s.Now(), looked{action: householdChange, person: person, data: []byte(id)})
	})
}

// LeaveHousehold ends a stay. The head leaves when somebody else is head.
func (s *Store) LeaveHousehold(ctx context.Context, r casefile.Reader, id string, person casefile.PersonID, until string) error {
	return s.household(ctx, r, id, func(q *db.Queries, row home) error {
		seen, err := s.known(ctx, q, r, person)
		if err != nil {
			return err
		}
		if len(seen) == 0 {
			return casefile.ErrNotFound
		}
		who, err := rootOf(ctx, q, person)
		if err != nil {
			return err
		}
		if row.HeadRoot == string(who) {
			return &casefile.InvalidError{Field: "person", Th: "กำหนดหัวหน้าครัวเรือนคนใหม่ก่อน", En: "name another head first"}
		}
		n, err := q.LeaveHousehold(ctx, db.LeaveHouseholdParams{HouseholdID: id, PersonID: string(person), Until: day(until)})
		if err == nil && n == 0 {
			err = &casefile.InvalidError{Field: "until", Th: "บุคคลนี้ไม่ได้อยู่ในครัวเรือนในวันนั้น", En: "this person did not live there on that day"}
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, s.Now(), looked{action: householdChange, person: person, data: []byte(id)})
	})
}
