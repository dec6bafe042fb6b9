package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// aidSpace keeps the IDs of people whom a form brought into the register apart from all other UUIDs.
var aidSpace = uuid.MustParse("c0333a2d-0000-4000-8000-0000000a1d00")

// KeepSubject puts the subject and the household of a form into the register, or finds them there by their numbers, and
// writes the hashes by which the request is found. Who is alike by name alone is proposed to a human. A repeat does
// nothing more.
func (s *Store) KeepSubject(ctx context.Context, id casefile.AidID, by casefile.Actor, f casefile.AidForm) (casefile.PersonID, string, error) {
	if !isUUID(string(id)) {
		return "", "", casefile.ErrNotFound
	}
	who, home, err := s.keepSubject(ctx, id, by, f)
	if poisonous(err) { // no repeat cures it: who filed it corrects it
		err = &casefile.InvalidError{Field: "form", Th: "ข้อมูลบุคคลหรือที่อยู่ไม่ถูกต้อง", En: "the person or the home cannot be as it is written"}
	}
	return who, home, err
}

func (s *Store) keepSubject(ctx context.Context, id casefile.AidID, by casefile.Actor, f casefile.AidForm) (casefile.PersonID, string, error) {
	r := casefile.Reader{By: by, Purpose: string(ProtectionFollowUp), Rights: casefile.Rights}
	today := s.Now()
	subject, err := casefile.ParsePerson(casefile.PersonInput{
		First: f.Subject.First, Last: f.Subject.Last, Number: f.Subject.Number, Birth: f.Subject.Birth, Sex: f.Subject.Sex,
		Nationality: f.Subject.Nationality, Province: f.Home.Province, Phone: f.Subject.Phone,
	}, today)
	if err != nil {
		return "", "", err
	}
	if err := s.register(ctx, r, id, &subject); err != nil {
		return "", "", err
	}
	identities := append(s.identities(subject, homeKey(f.Home.District)),
		"H:"+s.Sealer.Blind("aid.home", homeKey(f.Home.Address)+"|"+f.Home.Province+"|"+homeKey(f.Home.District)))
	if number, ok := phone.E164(subject.Phone); ok {
		identities = append(identities, "P:"+s.Sealer.Blind("aid.phone", number))
	}
	home, err := s.homeOf(ctx, r, subject.ID, f.Home, today)
	if err != nil {
		return "", "", err
	}
	for _, m := range f.Members {
		person, err := casefile.ParsePerson(casefile.PersonInput{
			First: m.First, Last: m.Last, Number: m.Number, Birth: m.Birth, Sex: m.Sex, Province: f.Home.Province,
		}, today)
		if err != nil {
			return "", "", err
		}
		if err := s.register(ctx, r, id, &person); err != nil {
			return "", "", err
		}
		if person.ID == subject.ID {
			continue
		}
		identities = append(identities, s.identities(person, homeKey(f.Home.District))...)
		err = s.JoinHousehold(ctx, r, home, person.ID, today.In(policy.Bangkok).Format(time.DateOnly))
		if err := there(err); err != nil {
			return "", "", err
		}
		_, err = s.Relate(ctx, r, casefile.Relation{Person: person.ID, Kind: casefile.RelationKind(m.Relation), To: subject.ID})
		if err := there(err); err != nil { // the register knows better, or what was said of the household cannot be: a human looks
			return "", "", err
		}
	}
	slices.Sort(identities)
	identities = slices.Compact(identities)
	return subject.ID, home, s.mustMeet(ctx, func(q *db.Queries) (int64, error) {
		return q.IdentifyAid(ctx, db.IdentifyAidParams{ID: string(id), SubjectID: new(string(subject.ID)), HouseholdID: new(home), Identities: identities})
	})
}

// there forgives what is so already, and what the register's own law refuses.
func there(err error) error {
	var invalid *casefile.InvalidError
	if errors.As(err, &invalid) {
		return nil
	}
	return err
}

// sameNumberAtMost bounds how many records of one number are looked at.
const sameNumberAtMost = 10

// soundsLike reports whether two names may be one.
func soundsLike(a, b string) bool {
	kept := casefile.SoundsOf(a).Kept
	return slices.ContainsFunc(casefile.SoundsOf(b).Asked, func(key string) bool { return slices.Contains(kept, key) })
}

// register finds a person by number, unless nothing of the name fits: a number is easily that of somebody else. Else it
// adds them, and a human is shown that two have one number. The same for every repeat of the same form.
func (s *Store) register(ctx context.Context, r casefile.Reader, id casefile.AidID, p *casefile.Person) error {
	if p.Number != "" {
		found, err := s.FindPersons(ctx, r, casefile.PersonQuery{Number: p.Number}, sameNumberAtMost)
		if err != nil {
			return err
		}
		for _, match := range found {
			one, err := s.Person(ctx, r, match.ID)
			if err != nil {
				return err
			}
			if soundsLike(one.First, p.First) || soundsLike(one.Last, p.Last) { // people marry, and are spelled in many ways
				p.ID = one.ID
				return nil
			}
		}
	}
	key := s.Sealer.Blind("aid.person", string(id)+"|"+p.Number+"|"+casefile.NameKey(p.First, p.Last)+"|"+p.Birth.String())
	p.ID = casefile.PersonID(uuid.NewSHA1(aidSpace, []byte(key)).String())
	_, _, _, err := s.AddPerson(ctx, r, *p)
	if err != nil {
		return err
	}
	return s.once(ctx, func(q *db.Queries) error { // somebody may have merged them since an earlier form
		stands, err := rootOf(ctx, q, p.ID)
		p.ID = stands
		return err
	})
}

// identities are keyed hashes of a person, each with what it is of: the number, and the name with the year of birth,
// which is all that many forms say of it, or with the district, for who says none.
func (s *Store) identities(p casefile.Person, district string) []string {
	var out []string
	if p.Number != "" {
		out = append(out, "N:"+s.Sealer.Blind("aid.number", p.Number))
	}
	if p.Last != "" {
		out = append(out, "S:"+s.Sealer.Blind("aid.name.place", casefile.NameKey(p.First, p.Last)+"|"+district))
	}
	if p.Birth.Known() && p.Last != "" {
		out = append(out, "B:"+s.Sealer.Blind("aid.name", fmt.Sprintf("%s|%d", casefile.NameKey(p.First, p.Last), p.Birth.Year)))
	}
	return out
}

// homeKey is an address as it is compared: its letters and digits alone.
func homeKey(address string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(address) {
		switch {
		case c >= '๐' && c <= '๙':
			b.WriteRune('0' + c - '๐')
		case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
			b.WriteRune(c)
		}
	}
	return b.String()
}

// homeOf finds the household in which a person lives at an address, or adds one with the person as its head.
func (s *Store) homeOf(ctx context.Context, r casefile.Reader, who casefile.PersonID, h casefile.AidHome, today time.Time) (string, error) {
	file, err := s.Person(ctx, r, who)
	if err != nil {
		return "", err
	}
	for _, id := range file.Households {
		known, err := s.Household(ctx, r, id)
		if err != nil {
			return "", err
		}
		if known.Province == h.Province && homeKey(known.Address) == homeKey(h.Address) {
			return id, nil
		}
	}
	return s.AddHousehold(ctx, r, casefile.Household{Head: who, Address: h.Address, Province: h.Province, District: h.District},
		today.In(policy.Bangkok).Format(time.DateOnly))
}

// AidOpening is a draft that begins with what a case knows.
type AidOpening struct {
	ID     casefile.AidID  // drawn by the caller: a repeat opens nothing
	By     casefile.Actor  // who fills in the rest
	Office casefile.UnitID // that will work on it; may be empty
	Case   casefile.CaseID
}

// OpenAid begins a draft about the person whom a case is about, with what is known of them in the register, so that
// nobody types it again. Where the case names nobody yet, or several, the form is left to who fills it in.
func (s *Store) OpenAid(ctx context.Context, o AidOpening) error {
	c, err := s.Case(ctx, o.Case)
	if err != nil {
		return err
	}
	a := casefile.AidRequest{ID: o.ID, State: casefile.AidDraft, Filer: o.By, Office: o.Office, Place: c.Place, Case: o.Case}
	r := casefile.Reader{By: o.By, Purpose: string(ProtectionFollowUp), Rights: casefile.Rights}
	form, err := s.knownOf(ctx, r, o.Case, &a)
	if err != nil {
		return err
	}
	var parts []db.SaveAidPartParams
	at := s.Now()
	keep := func(part casefile.AidPart, value any) error {
		doc, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("open an aid request: part %s", part) // never the words
		}
		sealed, err := s.sealPart(o.ID, part, doc)
		parts = append(parts, db.SaveAidPartParams{AidID: string(o.ID), Part: string(part), Saved: 1, PartSealed: sealed, At: at})
		return err
	}
	if form.Subject.First != "" {
		err = keep(casefile.PartSubject, form.Subject)
	}
	if form.Home != (casefile.AidHome{}) {
		err = errors.Join(err, keep(casefile.PartHome, form.Home))
	}
	if len(form.Members) > 0 {
		err = errors.Join(err, keep(casefile.PartMembers, form.Members))
	}
	if err != nil {
		return err
	}
	return s.beginAid(ctx, a, parts, at)
}

// knownOf is what the register knows of the one person whom a case is about, and of who lives with them.
func (s *Store) knownOf(ctx context.Context, r casefile.Reader, id casefile.CaseID, a *casefile.AidRequest) (casefile.AidForm, error) {
	f := casefile.AidForm{Home: casefile.AidHome{District: a.Place.District, Province: a.Place.Province}}
	var victims []db.VictimsOfRow
	err := s.once(ctx, func(q *db.Queries) error {
		var err error
		victims, err = q.VictimsOf(ctx, string(id))
		return err
	})
	if err != nil || len(victims) != 1 {
		return f, err
	}
	a.Subject, a.Home = casefile.PersonID(victims[0].RootID), victims[0].HouseholdID
	who, err := s.Person(ctx, r, a.Subject)
	if err != nil {
		return f, err
	}
	f.Subject = casefile.AidSubject{
		First: who.First, Last: who.Last, Number: who.Number, Birth: who.Birth.String(), Sex: string(who.Sex), Nationality: who.Nationality, Phone: who.Phone,
	}
	if a.Home == "" {
		return f, nil
	}
	home, err := s.Household(ctx, r, a.Home)
	if err != nil {
		return f, err
	}
	f.Home = casefile.AidHome{Address: home.Address, District: home.District, Province: home.Province}
	for _, m := range home.Members {
		if m.Until != "" || m.Person == a.Subject {
			continue
		}
		p, err := s.Person(ctx, r, m.Person)
		if err != nil {
			return f, err
		}
		f.Members = append(f.Members, casefile.AidMember{
			First: p.First, Last: p.Last, Number: p.Number, Birth: p.Birth.String(), Sex: string(p.Sex), Relation: string(casefile.RelOther),
		})
	}
	return f, nil
}

// AidPlain is what a case begins with that grows out of a request, so that nobody types it again.
func (s *Store) AidPlain(ctx context.Context, a casefile.AidRequest) (casefile.Private, error) {
	f, err := s.AidForm(ctx, a.ID, a.Form)
	said := slices.DeleteFunc([]string{f.Need.Story, f.Home.Address}, func(x string) bool { return strings.TrimSpace(x) == "" })
	return casefile.Private{Text: strings.Join(said, "\n"), Pin: f.Home.Pin}, err
}

// AidToAlarm opens an emergency from what was filled in, through the door of all reports. Its conversation is the
// request: a repeat finds the same.
func (s *Store) AidToAlarm(ctx context.Context, a casefile.AidRequest, by casefile.Actor) (casefile.CaseID, int, error) {
	said, err := s.AidPlain(ctx, a)
	if err != nil {
		return "", 0, err
	}
	if by.Kind != casefile.ByOperator {
		by = casefile.Actor{} // a worker who presses the button speaks for the request
	}
	at, from := s.Now(), "aid:"+string(a.ID)
	routed, err := s.Intake(ctx, []Arrival{{
		EventID: casefile.EventID(from + ":alarm"), Channel: casefile.ChannelREST, UserID: from, At: at,
		In: casefile.Incoming{
			Word: casefile.Called, At: at, Channel: casefile.ChannelREST, Type: a.Incident(), Pin: said.Pin, Text: said.Text, By: by,
		},
	}})
	if err != nil {
		return "", 0, err
	}
	return routed[0].Case, routed[0].N, nil
}

// forgetAtOnce bounds how many drafts one look removes.
const forgetAtOnce = 50

// ForgetDrafts removes drafts that nobody sent and nobody has touched since an instant, with everything that was
// filled in, and returns how many.
func (s *Store) ForgetDrafts(ctx context.Context, before time.Time) (int, error) {
	n := 0
	at, v, nothing := s.Now(), viewer(ctx), sha256.Sum256(nil)
	action := aidAction("DRAFT_FORGOTTEN")
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		ids, err := q.ForgottenAids(ctx, db.ForgottenAidsParams{Before: before, AtMost: forgetAtOnce})
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		metas := column(ids, func(id string) []byte { return aidMeta(casefile.AidID(id), v.Actor, action, at, v, 0, "", nil) })
		for _, step := range []func(context.Context, []string) error{q.ForgetAidPieces, q.ForgetAidFiles, q.ForgetAidParts, q.ForgetAids} {
			if err := step(ctx, ids); err != nil {
				return err
			}
		}
		return q.AuditAidsForgotten(ctx, db.AuditAidsForgottenParams{
			At: at, Actor: v.actor(), Action: action, Purpose: string(v.Purpose), Ids: ids, Metas: metas, Commitment: nothing[:],
		})
	})
	return n, err
}
