package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// hashes are how a person is found.
type hashes struct {
	number, year, birth *string
	name                string
	first, last         []string
}

func (s *Store) hashes(number, first, last string, born casefile.Birth) hashes {
	h := hashes{name: s.Sealer.Blind("person.name", casefile.NameKey(first, last))}
	h.first, h.last = s.sounds("first", casefile.SoundsOf(first).Kept), s.sounds("last", casefile.SoundsOf(last).Kept)
	if number != "" {
		h.number = new(s.Sealer.Blind("person.number", number))
	}
	if born.Known() {
		h.year = new(s.yearHash(born.Year))
	}
	if born.Month != 0 {
		h.birth = new(s.Sealer.Blind("person.birth", born.String()))
	}
	return h
}

func (s *Store) yearHash(year int) string { return s.Sealer.Blind("person.year", strconv.Itoa(year)) }

func (s *Store) sounds(of string, keys []string) []string {
	out := []string{}
	for _, k := range keys {
		out = append(out, s.Sealer.Blind("person."+of, k))
	}
	return out
}

// FindPersons finds people, the surest first, without what names them. The
// search and each one found are written down with it, also when nobody is found.
// The log holds a hash of what was asked, by which two searches for the same show.
func (s *Store) FindPersons(ctx context.Context, r casefile.Reader, query casefile.PersonQuery, limit int) ([]casefile.PersonMatch, error) {
	at := s.Now()
	p := db.FindPersonsParams{
		FirstSounds: s.sounds("first", casefile.SoundsOf(query.First).Asked), LastSounds: s.sounds("last", casefile.SoundsOf(query.Last).Asked),
		Years: []string{}, Exact: query.Exact, Parts: parts(r), Provinces: provinces(r), Unit: string(r.Unit), AtMost: int32(limit), // #nosec G115 -- a page
	}
	asked := s.hashes(query.Number, query.First, query.Last, query.Birth)
	p.NumberHash, p.NameHash, p.BirthHash = asked.number, &asked.name, asked.birth
	if y := query.Birth.Year; y != 0 { // people err by a year
		p.Years = []string{s.yearHash(y - 1), s.yearHash(y), s.yearHash(y + 1)}
	}
	var out []casefile.PersonMatch
	err := s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.FindPersons(ctx, p)
		if err != nil {
			return err
		}
		out = []casefile.PersonMatch{}
		sought := strings.Join([]string{zero(asked.number), asked.name, zero(asked.year), zero(asked.birth)}, " ")
		entries := []looked{{action: personsSought, data: []byte(sought)}}
		for _, row := range rows {
			who, err := s.openPerson(row.ID, row.PrivateSealed)
			if err != nil {
				return err
			}
			out = append(out, casefile.PersonMatch{
				ID: who.ID, How: casefile.Similarities[row.How], Age: age(who.Birth, at), Sex: casefile.Sex(row.Sex), Province: row.Province,
			})
			entries = append(entries, looked{action: personFound, person: who.ID})
		}
		return s.auditPeople(ctx, q, r, at, entries...)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func age(b casefile.Birth, at time.Time) *int {
	if !b.Known() {
		return nil
	}
	return new(b.Age(at))
}
