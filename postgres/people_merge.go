package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// MergePersons lets one record stand behind another: they are one person. Nothing
// is moved, so that parting them gives each back what it had.
func (s *Store) MergePersons(ctx context.Context, r casefile.Reader, id, into casefile.PersonID, reason string) error {
	at := s.Now()
	return s.families(ctx, r, []casefile.PersonID{id, into}, func(q *db.Queries, seen []casefile.Person) error {
		m := casefile.Merging{Person: seen[0], Into: seen[1]}
		var err error
		if m.PersonParts, err = partsByCase(ctx, q, id); err != nil {
			return err
		}
		if m.IntoParts, err = partsByCase(ctx, q, into); err != nil {
			return err
		}
		relations, err := relationsOf(ctx, q, id)
		if err != nil {
			return err
		}
		for _, rel := range relations {
			m.Related = m.Related || rel.Person == into || rel.To == into
		}
		for _, pair := range [][2]casefile.PersonID{{id, into}, {into, id}} { // nobody becomes their own ancestor
			above, err := q.Ancestors(ctx, string(pair[0]))
			if err != nil {
				return err
			}
			m.Related = m.Related || slices.Contains(above, string(pair[1]))
		}
		if err := casefile.CheckMerge(m); err != nil {
			return err
		}
		sealed, err := s.sealReason(reason, "person_merges", "reason_sealed", string(id))
		if err != nil {
			return err
		}
		if _, err := q.MergePerson(ctx, db.MergePersonParams{PersonID: string(id), IntoID: string(into)}); err != nil {
			return err
		}
		if err := q.KeepMerge(ctx, db.KeepMergeParams{
			PersonID: string(id), IntoID: string(into), ReasonSealed: sealed, ByActor: actorText(r.By), At: at,
		}); err != nil {
			return err
		}
		if err := q.SettleDuplicatesOf(ctx, db.SettleDuplicatesOfParams{RootID: string(into), At: &at, ByActor: new(actorText(r.By))}); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personMerged, person: id, data: sealed}, looked{action: personMerged, person: into, data: sealed})
	})
}

// UnmergePerson lets a record stand alone again, with those that stood behind it before.
func (s *Store) UnmergePerson(ctx context.Context, r casefile.Reader, id casefile.PersonID, reason string) error {
	at := s.Now()
	return s.families(ctx, r, []casefile.PersonID{id}, func(q *db.Queries, seen []casefile.Person) error {
		sealed, err := s.sealReason(reason, "person_merges", "undone_sealed", string(id))
		if err != nil {
			return err
		}
		n, err := q.UndoMerge(ctx, db.UndoMergeParams{PersonID: string(id), UndoneSealed: sealed, UndoneBy: new(actorText(r.By)), At: &at})
		if err != nil {
			return err
		}
		if n == 0 {
			return &casefile.InvalidError{Field: "person", Th: "บันทึกนี้ไม่ได้รวมอยู่กับใคร", En: "this record is merged into none"}
		}
		if _, err := q.UnmergePerson(ctx, string(id)); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personUnmerged, person: id, data: sealed},
			looked{action: personUnmerged, person: seen[0].MergedInto, data: sealed})
	})
}

func (s *Store) sealReason(reason, table, column, row string) ([]byte, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return nil, &casefile.InvalidError{Field: "reason", Th: "ต้องระบุเหตุผล", En: "a reason is needed"}
	}
	return s.Sealer.Seal([]byte(reason), place(table, column, row))
}

func partsByCase(ctx context.Context, q *db.Queries, id casefile.PersonID) (map[casefile.CaseID][]casefile.PartInCase, error) {
	rows, err := q.PartsOf(ctx, db.PartsOfParams{RootID: string(id), Unit: ""})
	out := map[casefile.CaseID][]casefile.PartInCase{}
	for _, r := range rows {
		out[casefile.CaseID(r.CaseID)] = append(out[casefile.CaseID(r.CaseID)], casefile.PartInCase(r.Part))
	}
	return out, err
}

// Duplicates lists who may be one person, from the proposal after the given. The
// look and each one named are written down with it.
func (s *Store) Duplicates(ctx context.Context, r casefile.Reader, after int64, limit int) ([]casefile.PersonDuplicate, error) {
	out := []casefile.PersonDuplicate{}
	err := s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Duplicates(ctx, db.DuplicatesParams{After: after, Parts: parts(r), Provinces: provinces(r), Unit: string(r.Unit), AtMost: int32(limit)}) // #nosec G115 -- a page
		if err != nil {
			return err
		}
		entries := []looked{{action: duplicatesRead}}
		out = column(rows, func(d db.DuplicatesRow) casefile.PersonDuplicate {
			person, other := casefile.PersonID(d.PersonID), casefile.PersonID(d.OtherID)
			entries = append(entries, looked{action: personFound, person: person}, looked{action: personFound, person: other})
			return casefile.PersonDuplicate{ID: d.ID, Person: person, Other: other, Why: casefile.Similarity(d.Why), At: d.At}
		})
		return s.auditPeople(ctx, q, r, s.Now(), entries...)
	})
	return out, err
}

// NotTheSame ends a proposal: the two are two, and are not proposed again.
func (s *Store) NotTheSame(ctx context.Context, r casefile.Reader, duplicate int64) error {
	at := s.Now()
	return s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		d, err := q.Duplicate(ctx, duplicate)
		if err != nil {
			return err
		}
		person, other := casefile.PersonID(d.PersonID), casefile.PersonID(d.OtherID)
		seen, err := s.known(ctx, q, r, person, other)
		if err != nil {
			return err
		}
		if len(seen) < 2 {
			return casefile.ErrNotFound
		}
		if _, err := q.SettleDuplicate(ctx, db.SettleDuplicateParams{ID: duplicate, At: &at, ByActor: new(actorText(r.By))}); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: personNotSame, person: person}, looked{action: personNotSame, person: other})
	})
}
