package postgres

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Actions of the audit log about people.
const (
	personAdded     = "PERSON_ADDED"
	personChanged   = "PERSON_CHANGED"
	personViewed    = "PERSON_VIEWED"
	personsSought   = "PERSONS_SOUGHT"
	personFound     = "PERSON_FOUND"
	personMerged    = "PERSON_MERGED"
	personUnmerged  = "PERSON_UNMERGED"
	personNotSame   = "PERSON_NOT_THE_SAME"
	relationAdded   = "RELATION_ADDED"
	relationEnded   = "RELATION_ENDED"
	householdAdded  = "HOUSEHOLD_ADDED"
	householdChange = "HOUSEHOLD_CHANGED"
	householdViewed = "HOUSEHOLD_VIEWED"
	duplicatesRead  = "DUPLICATES_LISTED"
	personInCase    = "PERSON_IN_CASE"
	personNoPart    = "PERSON_PART_REFUSED"
	personOutOfCase = "PERSON_OUT_OF_CASE"
)

// personPrivate is what of a person is sealed beside the row.
type personPrivate struct {
	First  string         `json:"first"`
	Last   string         `json:"last,omitempty"`
	Number string         `json:"number,omitempty"`
	Birth  casefile.Birth `json:"birth,omitzero"`
	Phone  string         `json:"phone,omitempty"`
	Note   string         `json:"note,omitempty"`
}

// looked is one entry of the audit log about people: what was done, to whom, in
// which case if in one, and what it left at rest.
type looked struct {
	action string
	id     casefile.CaseID
	person casefile.PersonID
	data   []byte
}

// auditPeople writes down what a reader does with people, or is about to see of them.
func (s *Store) auditPeople(ctx context.Context, q *db.Queries, r casefile.Reader, at time.Time, entries ...looked) error {
	if len(entries) == 0 {
		return nil
	}
	v := viewerOf(r)
	p := db.AuditPeopleParams{At: at, Actor: v.actor(), Purpose: r.Purpose}
	for _, x := range entries {
		if x.id == "" {
			x.id = lowestID
		}
		e := casefile.Event{Kind: casefile.Kind(x.action), By: r.By, At: at, ID: casefile.EventID("person/" + x.person)}
		commitment := sha256.Sum256(x.data)
		p.Actions, p.CaseIds, p.PersonIds = append(p.Actions, x.action), append(p.CaseIds, string(x.id)), append(p.PersonIds, string(x.person))
		p.Metas, p.Commitments = append(p.Metas, auditMeta(x.id, e, v, x.data)), append(p.Commitments, commitment[:])
	}
	return q.AuditPeople(ctx, p)
}

func viewerOf(r casefile.Reader) Viewer { return Viewer{Actor: r.By, Purpose: Purpose(r.Purpose)} }

// people runs fn for a reader, who must know all the persons named.
func (s *Store) people(ctx context.Context, r casefile.Reader, ids []casefile.PersonID, fn func(q *db.Queries, seen []casefile.Person) error) error {
	return s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error { return s.withPeople(ctx, q, r, ids, fn) })
}

// families is people for what changes who is who, or whose relative: one at a
// time, so that what fn is given is still so when it writes.
func (s *Store) families(ctx context.Context, r casefile.Reader, ids []casefile.PersonID, fn func(q *db.Queries, seen []casefile.Person) error) error {
	return s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockFamilies(ctx); err != nil {
			return err
		}
		return s.withPeople(ctx, q, r, ids, fn)
	})
}

func (s *Store) withPeople(ctx context.Context, q *db.Queries, r casefile.Reader, ids []casefile.PersonID, fn func(q *db.Queries, seen []casefile.Person) error) error {
	seen, err := s.known(ctx, q, r, ids...)
	if err != nil {
		return err
	}
	all := make([]casefile.Person, 0, len(ids))
	for _, id := range ids { // in the order asked
		p, ok := seen[id]
		if !ok {
			return casefile.ErrNotFound
		}
		all = append(all, p)
	}
	return fn(q, all)
}

// known reads those of the persons whom a reader may know of.
func (s *Store) known(ctx context.Context, q *db.Queries, r casefile.Reader, ids ...casefile.PersonID) (map[casefile.PersonID]casefile.Person, error) {
	var real []string
	for _, id := range ids {
		if isUUID(string(id)) {
			real = append(real, string(id))
		}
	}
	rows, err := q.SeenPersons(ctx, db.SeenPersonsParams{Ids: real, Parts: parts(r), Provinces: provinces(r), Unit: string(r.Unit)})
	if err != nil {
		return nil, err
	}
	out := map[casefile.PersonID]casefile.Person{}
	for _, row := range rows {
		p, err := s.openPerson(row.ID, row.PrivateSealed)
		if err != nil {
			return nil, err
		}
		p.Version, p.Sex, p.Nationality, p.Province = int(row.Version), casefile.Sex(row.Sex), row.Nationality, row.Province
		p.MergedInto, p.ChangedAt = casefile.PersonID(zero(row.MergedInto)), row.ChangedAt
		out[p.ID] = p
	}
	return out, nil
}

func (s *Store) openPerson(id string, sealed []byte) (casefile.Person, error) {
	var p personPrivate
	if err := s.openJSON(sealed, &p, "persons", "private_sealed", id); err != nil {
		return casefile.Person{}, err
	}
	return casefile.Person{ID: casefile.PersonID(id), First: p.First, Last: p.Last, Number: p.Number, Birth: p.Birth, Phone: p.Phone, Note: p.Note}, nil
}

func parts(r casefile.Reader) []string {
	return column(casefile.PartsSeenBy(r.Rights), func(p casefile.PartInCase) string { return string(p) })
}

func provinces(r casefile.Reader) []string {
	if r.Provinces == nil {
		return []string{}
	}
	return r.Provinces
}

func (s *Store) sealPerson(p casefile.Person) ([]byte, error) {
	return s.sealJSON(personPrivate{p.First, p.Last, p.Number, p.Birth, p.Phone, p.Note}, "persons", "private_sealed", string(p.ID))
}

// duplicatesAtOnce bounds how many people one new record may be.
const duplicatesAtOnce = 10

// AddPerson adds a person, and proposes who of those that the reader may know of
// they may be already. A person with an ID that is there is left as it is: added is false.
func (s *Store) AddPerson(ctx context.Context, r casefile.Reader, p casefile.Person) (id casefile.PersonID, added bool, may []casefile.PersonDuplicate, err error) {
	if p.ID == "" {
		p.ID = casefile.PersonID(uuid.NewString())
	}
	if err := inScope(r, p.Province); err != nil {
		return "", false, nil, err
	}
	h, at := s.hashes(p.Number, p.First, p.Last, p.Birth), s.Now()
	sealed, err := s.sealPerson(p)
	if err != nil {
		return "", false, nil, err
	}
	err = s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.AddPerson(ctx, db.AddPersonParams{
			ID: string(p.ID), Sex: string(p.Sex), Nationality: p.Nationality, Province: p.Province, PrivateSealed: sealed, NumberHash: h.number,
			NameHash: h.name, FirstSounds: h.first, LastSounds: h.last, BirthHash: h.birth, BirthYearHash: h.year, AddedBy: actorText(r.By), At: at,
		})
		if added = n > 0; err != nil || !added {
			return err
		}
		if may, err = s.propose(ctx, q, r, p.ID, h, at); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personAdded, person: p.ID, data: sealed})
	})
	return p.ID, added, may, err
}

// propose notes who else a person may be, and returns those whom the reader may know of.
func (s *Store) propose(ctx context.Context, q *db.Queries, r casefile.Reader, id casefile.PersonID, h hashes, at time.Time) ([]casefile.PersonDuplicate, error) {
	rows, err := q.ProposeDuplicates(ctx, db.ProposeDuplicatesParams{
		PersonID: string(id), At: at, NumberHash: h.number, NameHash: h.name, BirthYearHash: h.year, FirstSounds: h.first, LastSounds: h.last, AtMost: duplicatesAtOnce,
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	seen, err := s.known(ctx, q, r, column(rows, func(d db.ProposeDuplicatesRow) casefile.PersonID { return casefile.PersonID(d.OtherID) })...)
	if err != nil {
		return nil, err
	}
	var may []casefile.PersonDuplicate
	var found []looked
	for _, d := range rows {
		other := casefile.PersonID(d.OtherID)
		if _, ok := seen[other]; ok {
			may = append(may, casefile.PersonDuplicate{ID: d.ID, Person: id, Other: other, Why: casefile.Similarity(d.Why), At: at})
			found = append(found, looked{action: personFound, person: other})
		}
	}
	return may, s.auditPeople(ctx, q, r, at, found...)
}

// ChangePerson changes a person whose version is still the given one, and returns the next.
func (s *Store) ChangePerson(ctx context.Context, r casefile.Reader, p casefile.Person) (version int, err error) {
	if err := inScope(r, p.Province); err != nil {
		return 0, err
	}
	h, at := s.hashes(p.Number, p.First, p.Last, p.Birth), s.Now()
	sealed, err := s.sealPerson(p)
	if err != nil {
		return 0, err
	}
	return p.Version + 1, s.families(ctx, r, []casefile.PersonID{p.ID}, func(q *db.Queries, _ []casefile.Person) error {
		if err := s.agesHold(ctx, q, p); err != nil {
			return err
		}
		n, err := q.ChangePerson(ctx, db.ChangePersonParams{
			ID: string(p.ID), Version: int32(p.Version), Sex: string(p.Sex), Nationality: p.Nationality, Province: p.Province, PrivateSealed: sealed, // #nosec G115 -- a count of changes
			NumberHash: h.number, NameHash: h.name, FirstSounds: h.first, LastSounds: h.last, BirthHash: h.birth, BirthYearHash: h.year, At: at,
		})
		if err == nil && n == 0 {
			err = casefile.ErrMoved
		}
		if err != nil {
			return err
		}
		if _, err := s.propose(ctx, q, r, p.ID, h, at); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personChanged, person: p.ID, data: sealed})
	})
}

// PersonsThere says which of the IDs are in the register.
func (s *Store) PersonsThere(ctx context.Context, ids []casefile.PersonID) (map[casefile.PersonID]bool, error) {
	there := map[casefile.PersonID]bool{}
	err := s.once(ctx, func(q *db.Queries) error {
		found, err := q.PersonsThere(ctx, column(ids, func(id casefile.PersonID) string { return string(id) }))
		for _, id := range found {
			there[casefile.PersonID(id)] = true
		}
		return err
	})
	return there, err
}

// Person reads a person with what hangs on them. The look is written down with it.
func (s *Store) Person(ctx context.Context, r casefile.Reader, id casefile.PersonID) (casefile.PersonFile, error) {
	var f casefile.PersonFile
	err := s.people(ctx, r, []casefile.PersonID{id}, func(q *db.Queries, seen []casefile.Person) error {
		f = casefile.PersonFile{Person: seen[0], Behind: []casefile.PersonID{}, Cases: []casefile.PersonCase{}, Households: []string{}}
		behind, err := q.MergedInto(ctx, string(id))
		if err != nil {
			return err
		}
		for _, b := range behind {
			f.Behind = append(f.Behind, casefile.PersonID(b))
		}
		rows, err := q.PartsOf(ctx, db.PartsOfParams{RootID: string(id), Unit: string(r.Unit)})
		if err != nil {
			return err
		}
		may := " " + strings.Join(parts(r), " ") + " "
		for _, c := range rows {
			if r.In(c.Province) && strings.Contains(may, " "+c.Part+" ") {
				f.Cases = append(f.Cases, casefile.PersonCase{
					Case: casefile.CaseID(c.CaseID), Code: casefile.Case{ID: casefile.CaseID(c.CaseID)}.Code(), Part: casefile.PartInCase(c.Part),
					State: casefile.State(c.State), Province: c.Province, ReportedAt: c.ReportedAt,
				})
			}
		}
		if f.Households, err = q.HouseholdsOf(ctx, db.HouseholdsOfParams{RootID: string(id), Provinces: provinces(r)}); err != nil {
			return err
		}
		if f.Households == nil {
			f.Households = []string{}
		}
		return s.auditPeople(ctx, q, r, s.Now(), looked{action: personViewed, person: id})
	})
	return f, err
}
