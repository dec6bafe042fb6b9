package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// PutInCase gives a person a part in a case, and returns the entry's ID; a repeat
// returns the same. Whoever may not know who has the part gets no ID, by which
// they would learn whether the person had it before. A repeat is written down as
// a first is, and a refusal, too: each tells something.
func (s *Store) PutInCase(ctx context.Context, r casefile.Reader, id casefile.CaseID, person casefile.PersonID, part casefile.PartInCase) (string, error) {
	if !isUUID(string(id)) {
		return "", casefile.ErrNotFound
	}
	var refused error
	entry, at := "", s.Now()
	err := s.families(ctx, r, []casefile.PersonID{person}, func(q *db.Queries, seen []casefile.Person) error { // a merge looks at parts, too
		if err := root(seen[0]); err != nil {
			return err
		}
		have, err := partsByCase(ctx, q, person)
		if err != nil {
			return err
		}
		if refused = casefile.CheckPart(part, have[id]); refused != nil {
			return s.auditPeople(ctx, q, r, at, looked{action: personNoPart, id: id, person: person, data: []byte(part)})
		}
		entry, err = q.PutInCase(ctx, db.PutInCaseParams{CaseID: string(id), PersonID: string(person), Part: string(part), AddedBy: actorText(r.By), At: at})
		if errors.Is(err, pgx.ErrNoRows) {
			entry, err = q.EntryOf(ctx, db.EntryOfParams{CaseID: string(id), PersonID: string(person), Part: string(part)})
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personInCase, id: id, person: person, data: []byte(part)})
	})
	if err = cmp.Or(err, refused); err != nil || !slices.Contains(parts(r), string(part)) {
		return "", err
	}
	return entry, nil
}

// TakeOutOfCase ends a part that was a mistake. The entry stays, with the reason.
func (s *Store) TakeOutOfCase(ctx context.Context, r casefile.Reader, id casefile.CaseID, entry, reason string) error {
	if !isUUID(string(id)) || !isUUID(entry) {
		return casefile.ErrNotFound
	}
	sealed, err := s.sealReason(reason, "case_persons", "removed_sealed", entry)
	if err != nil {
		return err
	}
	at := s.Now()
	return s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		e, err := q.CaseEntry(ctx, db.CaseEntryParams{ID: entry, CaseID: string(id)})
		if err != nil {
			return err
		}
		if !slices.Contains(parts(r), e.Part) { // nobody takes out whom they may not know
			return casefile.ErrNotFound
		}
		if _, err := q.TakeOutOfCase(ctx, db.TakeOutOfCaseParams{
			ID: entry, CaseID: string(id), RemovedBy: new(actorText(r.By)), At: &at, RemovedSealed: sealed,
		}); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personOutOfCase, id: id, person: casefile.PersonID(e.PersonID), data: sealed})
	})
}

// casePersonsAtMost bounds how many people of a case one answer holds.
const casePersonsAtMost = 500

// CasePersons lists who has which part in a case. Of a part whose people the
// reader may not know there is the part alone, and that once, however many have
// it: a count would tell whether whom they add was there. The look is written
// down with it.
func (s *Store) CasePersons(ctx context.Context, r casefile.Reader, id casefile.CaseID) ([]casefile.CasePerson, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	out := []casefile.CasePerson{}
	err := s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.CasePersons(ctx, db.CasePersonsParams{CaseID: string(id), AtMost: casePersonsAtMost})
		if err != nil {
			return err
		}
		out = []casefile.CasePerson{}
		may := parts(r)
		var shown []casefile.PersonID
		for _, e := range rows {
			if slices.Contains(may, e.Part) {
				shown = append(shown, casefile.PersonID(e.RootID))
			}
		}
		seen, err := s.known(ctx, q, r, shown...)
		if err != nil {
			return err
		}
		entries := []looked{{action: personViewed, id: id}}
		hidden := map[string]bool{}
		for _, e := range rows {
			c := casefile.CasePerson{Part: casefile.PartInCase(e.Part), AddedAt: e.AddedAt}
			if !slices.Contains(may, e.Part) {
				if !hidden[e.Part] {
					hidden[e.Part] = true
					out = append(out, c)
				}
				continue
			}
			c.ID = e.ID
			if p, ok := seen[casefile.PersonID(e.RootID)]; ok {
				c.Person = &p
				entries = append(entries, looked{action: personViewed, id: id, person: p.ID})
			}
			out = append(out, c)
		}
		return s.auditPeople(ctx, q, r, s.Now(), entries...)
	})
	return out, err
}
