package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// relationsOf lists the relations of people by the records that stand for them.
func relationsOf(ctx context.Context, q *db.Queries, ids ...casefile.PersonID) ([]casefile.Relation, error) {
	rows, err := q.RelationsOf(ctx, column(ids, func(id casefile.PersonID) string { return string(id) }))
	return column(rows, func(r db.RelationsOfRow) casefile.Relation {
		return casefile.Relation{ID: r.ID, Person: casefile.PersonID(r.PersonRoot), Kind: casefile.RelationKind(r.Kind), To: casefile.PersonID(r.OtherRoot)}
	}), err
}

// root is the record that stands for a person.
func root(p casefile.Person) error {
	if p.MergedInto != "" {
		return &casefile.InvalidError{Field: "person", Th: "บันทึกนี้รวมกับบันทึกอื่นแล้ว โปรดใช้บันทึกที่รวมไว้", En: "this record is merged: use the one that it is merged into"}
	}
	return nil
}

// rootOf is the ID of the record that stands for a person.
func rootOf(ctx context.Context, q *db.Queries, id casefile.PersonID) (casefile.PersonID, error) {
	found, err := q.RootOf(ctx, string(id))
	return casefile.PersonID(found), err
}

// Relate records what one person is to another, and returns the relation's ID.
func (s *Store) Relate(ctx context.Context, r casefile.Reader, rel casefile.Relation) (string, error) {
	id, at := "", s.Now()
	ids := []casefile.PersonID{rel.Person, rel.To}
	err := s.families(ctx, r, ids, func(q *db.Queries, seen []casefile.Person) error {
		for _, p := range seen {
			if err := root(p); err != nil {
				return err
			}
		}
		have, err := relationsOf(ctx, q, ids...)
		if err != nil {
			return err
		}
		ancestors, err := q.Ancestors(ctx, string(rel.Kept().Person))
		if err != nil {
			return err
		}
		above := column(ancestors, func(id string) casefile.PersonID { return casefile.PersonID(id) })
		if err := casefile.CheckRelation(rel, seen[0], seen[1], have, above); err != nil {
			return err
		}
		kept := rel.Kept()
		if id, err = q.AddRelation(ctx, db.AddRelationParams{
			PersonID: string(kept.Person), Kind: string(kept.Kind), OtherID: string(kept.To), AddedBy: actorText(r.By), At: at,
		}); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: relationAdded, person: rel.Person}, looked{action: relationAdded, person: rel.To})
	})
	return id, err
}

// EndRelation ends a relation of a person, or returns casefile.ErrNotFound.
func (s *Store) EndRelation(ctx context.Context, r casefile.Reader, person casefile.PersonID, relation string) error {
	if !isUUID(relation) {
		return casefile.ErrNotFound
	}
	at := s.Now()
	return s.people(ctx, r, []casefile.PersonID{person}, func(q *db.Queries, _ []casefile.Person) error {
		n, err := q.EndRelation(ctx, db.EndRelationParams{ID: relation, RootID: string(person), EndedBy: new(actorText(r.By)), At: &at})
		if err == nil && n == 0 {
			err = casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: relationEnded, person: person, data: []byte(relation)})
	})
}

// agesHold refuses a date of birth that the person's relations forbid, those of
// all records that stand for the person. It looks at all of them, whoever asks:
// the law does not depend on rights.
func (s *Store) agesHold(ctx context.Context, q *db.Queries, p casefile.Person) error {
	stands, err := rootOf(ctx, q, p.ID)
	if err != nil {
		return err
	}
	have, err := relationsOf(ctx, q, stands)
	if err != nil || len(have) == 0 {
		return err
	}
	var ids []casefile.PersonID
	for _, rel := range have {
		ids = append(ids, rel.Person, rel.To)
	}
	all, err := s.known(ctx, q, casefile.Reader{Rights: casefile.Rights}, ids...)
	if err != nil {
		return err
	}
	all[stands] = p
	for _, rel := range have {
		if casefile.CheckAges(rel.Kind, all[rel.Person].Birth, all[rel.To].Birth) != nil { // without the other's name or kind
			return &casefile.InvalidError{Field: "birth_date", Th: "วันเกิดนี้ขัดกับความสัมพันธ์ที่บันทึกไว้", En: "a recorded relation forbids this date of birth"}
		}
	}
	return nil
}

// familyAtMost bounds one tracing.
const familyAtMost = 500

// Family traces the relatives and housemates of a person to a depth, those whom
// the reader may know of, each once and by the shortest way. A path through
// somebody whom they may not know of ends there. cut says that there are more
// than one answer holds. All are written down as found.
func (s *Store) Family(ctx context.Context, r casefile.Reader, id casefile.PersonID, depth int) (all []casefile.Relative, cut bool, err error) {
	at := s.Now()
	err = s.people(ctx, r, []casefile.PersonID{id}, func(q *db.Queries, _ []casefile.Person) error {
		all, cut = []casefile.Relative{}, false
		known := map[casefile.PersonID]bool{id: true}
		entries := []looked{{action: personViewed, person: id}}
		level := []casefile.PersonID{id}
		for d := 1; d <= min(depth, casefile.FamilyDepth) && len(level) > 0 && !cut; d++ {
			found, err := next(ctx, q, level, known)
			if err != nil {
				return err
			}
			seen, err := s.known(ctx, q, r, column(found, func(x casefile.Relative) casefile.PersonID { return x.Person })...)
			if err != nil {
				return err
			}
			level = nil
			for _, x := range found {
				who, ok := seen[x.Person]
				if !ok {
					continue
				}
				if len(all) == familyAtMost {
					cut = true
					break
				}
				x.Depth, x.Age, x.Sex = d, age(who.Birth, at), who.Sex
				all, level = append(all, x), append(level, x.Person)
				entries = append(entries, looked{action: personFound, person: x.Person})
			}
		}
		return s.auditPeople(ctx, q, r, at, entries...)
	})
	return all, cut, err
}

// next are those one step away from a level who are not known yet, each once:
// relatives before housemates.
func next(ctx context.Context, q *db.Queries, level []casefile.PersonID, known map[casefile.PersonID]bool) ([]casefile.Relative, error) {
	var found []casefile.Relative
	add := func(x casefile.Relative) {
		if !known[x.Person] {
			known[x.Person] = true
			found = append(found, x)
		}
	}
	relations, err := relationsOf(ctx, q, level...)
	if err != nil {
		return nil, err
	}
	for _, rel := range relations {
		for _, from := range []casefile.PersonID{rel.Person, rel.To} {
			if slices.Contains(level, from) {
				who, is := rel.Seen(from)
				add(casefile.Relative{Person: who, From: from, Is: is, Relation: rel.ID})
			}
		}
	}
	mates, err := q.Mates(ctx, column(level, func(id casefile.PersonID) string { return string(id) }))
	if err != nil {
		return nil, err
	}
	lives := map[string]casefile.PersonID{} // household: who of the level lives there
	for _, m := range mates {
		if who := casefile.PersonID(m.RootID); lives[m.HouseholdID] == "" && slices.Contains(level, who) {
			lives[m.HouseholdID] = who
		}
	}
	for _, m := range mates {
		add(casefile.Relative{Person: casefile.PersonID(m.RootID), From: lives[m.HouseholdID], Is: casefile.IsHousehold, Household: m.HouseholdID})
	}
	slices.SortStableFunc(found, func(a, b casefile.Relative) int { return strings.Compare(string(a.From), string(b.From)) })
	return found, nil
}
