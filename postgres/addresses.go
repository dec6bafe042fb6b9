package postgres

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Actions of the audit log about the ways to a member.
const (
	contactAdded    = "CONTACT_ADDED"
	contactRemoved  = "CONTACT_REMOVED"
	contactCodeSent = "CONTACT_CODE_SENT"
	contactVerified = "CONTACT_VERIFIED"
)

// Address is a way to a member beside LINE: a telephone in E.164 form, or a mailbox.
type Address struct {
	ID          string // given by the database
	Member      casefile.MemberID
	Channel     casefile.Channel // SMS, VOICE or EMAIL
	To          string           // personal
	AfterS      *int             // seconds of silence after which it is used; -1: only when LINE has failed; nil: as the policy says
	FromMinute  *int             // of the day in Thailand, together with UntilMinute; nil: always
	UntilMinute *int
	VerifiedAt  time.Time // zero: its owner has not answered from it, and it does not count
	CodeWaits   bool      // a code was sent and is still good
}

// addressHash is how an address is found again. A number is one person, whether
// it is written to or called; its hash is that of its conversation by SMS.
func (s *Store) addressHash(channel casefile.Channel, to string) string {
	if channel == casefile.ChannelEmail {
		return string(s.Reporter(channel, strings.ToLower(to)))
	}
	return string(s.Reporter(casefile.ChannelSMS, to))
}

func addressPlace(member string, channel string) string {
	return place("contacts", "address_sealed", member+"|"+channel)
}

// UpsertAddresses writes ways to members, new or known, in parts. What its owner has proved stays so.
func (s *Store) UpsertAddresses(ctx context.Context, addresses []Address) error {
	for part := range slices.Chunk(addresses, membersAtOnce) {
		var p db.UpsertAddressesParams
		seen := map[string]bool{} // a row twice in one statement would be refused
		for _, a := range slices.Backward(part) {
			hash := s.addressHash(a.Channel, a.To)
			key := string(a.Member) + "|" + string(a.Channel) + "|" + hash
			if seen[key] {
				continue
			}
			seen[key] = true
			sealed, err := s.Sealer.Seal([]byte(a.To), addressPlace(string(a.Member), string(a.Channel)))
			if err != nil {
				return err
			}
			p.MemberIds = append(p.MemberIds, string(a.Member))
			p.Channels = append(p.Channels, string(a.Channel))
			p.AddressesSealed = append(p.AddressesSealed, sealed)
			p.AddressHashes = append(p.AddressHashes, hash)
			p.AfterS = append(p.AfterS, int32(orNone(a.AfterS)))                  // #nosec G115 -- a day at most
			p.FromMinutes = append(p.FromMinutes, int16(orNone(a.FromMinute)))    // #nosec G115 -- of a day
			p.UntilMinutes = append(p.UntilMinutes, int16(orNone(a.UntilMinute))) // #nosec G115 -- of a day
			p.VerifiedAt = append(p.VerifiedAt, a.VerifiedAt)
		}
		if err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return q.UpsertAddresses(ctx, p) }); err != nil {
			return err
		}
	}
	return nil
}

// none stands for null in an array of plain numbers.
const none = -2

func orNone(n *int) int {
	if n == nil {
		return none
	}
	return *n
}

// AddAddress writes a new way to a member and returns its ID. It counts once its owner has answered from it.
func (s *Store) AddAddress(ctx context.Context, a Address, by casefile.Actor) (string, error) {
	sealed, err := s.Sealer.Seal([]byte(a.To), addressPlace(string(a.Member), string(a.Channel)))
	if err != nil {
		return "", err
	}
	p := db.AddAddressParams{
		MemberID: string(a.Member), Channel: string(a.Channel), AddressSealed: sealed, AddressHash: s.addressHash(a.Channel, a.To),
		AfterS: small[int32](a.AfterS), FromMinute: small[int16](a.FromMinute), UntilMinute: small[int16](a.UntilMinute),
	}
	id, at := "", s.Now()
	return id, s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if id, err = q.AddAddress(ctx, p); err != nil {
			return err
		}
		return auditRoster(ctx, q, contactAdded, by, at, contactChange{a.Member, id, a.Channel})
	})
}

func small[T int16 | int32](n *int) *T {
	if n == nil {
		return nil
	}
	v := T(*n) // #nosec G115 -- the contract bounds it
	return &v
}

// contactChange is what the audit log says of a way: never the address.
type contactChange struct {
	Member  casefile.MemberID `json:"member"`
	Contact string            `json:"contact"`
	Channel casefile.Channel  `json:"channel,omitempty"`
}

// AddressesOf lists the ways to a member beside LINE.
func (s *Store) AddressesOf(ctx context.Context, m casefile.MemberID) ([]Address, error) {
	var out []Address
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.AddressesOf(ctx, string(m))
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			to, err := s.Sealer.Open(r.AddressSealed, addressPlace(string(m), r.Channel))
			if err != nil {
				return fmt.Errorf("open contacts.address_sealed of %s: %w", r.ID, err)
			}
			out = append(out, Address{
				ID: r.ID, Member: m, Channel: casefile.Channel(r.Channel), To: string(to), AfterS: large(r.AfterS),
				FromMinute: large(r.FromMinute), UntilMinute: large(r.UntilMinute), VerifiedAt: zero(r.VerifiedAt), CodeWaits: r.CodeWaits,
			})
		}
		return nil
	})
	return out, err
}

func large[T int16 | int32](n *T) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}

// RemoveAddress forgets a way to a member, or returns casefile.ErrNotFound.
func (s *Store) RemoveAddress(ctx context.Context, m casefile.MemberID, id string, by casefile.Actor) error {
	if !isUUID(id) {
		return casefile.ErrNotFound
	}
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.RemoveAddress(ctx, db.RemoveAddressParams{ID: id, MemberID: string(m)})
		if err != nil {
			return err
		}
		if n == 0 {
			return casefile.ErrNotFound
		}
		return auditRoster(ctx, q, contactRemoved, by, at, contactChange{Member: m, Contact: id})
	})
}

// Proof is a code and where it is sent.
type Proof struct {
	Code     string
	Channel  casefile.Channel
	To       string
	Language casefile.Language
}

// NewCode draws the code that proves an address; an older one ends. It returns
// casefile.ErrNotFound for no such way, and refuses a second code within a minute.
func (s *Store) NewCode(ctx context.Context, m casefile.MemberID, id string, life time.Duration, by casefile.Actor) (Proof, error) {
	if !isUUID(id) {
		return Proof{}, casefile.ErrNotFound
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Proof{}, fmt.Errorf("draw a code: %w", err)
	}
	proof, at := Proof{Code: fmt.Sprintf("%06d", n)}, s.Now()
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.SetCode(ctx, db.SetCodeParams{ID: id, MemberID: string(m), CodeHash: new(s.codeHash(id, proof.Code)), Life: life})
		if errors.Is(err, pgx.ErrNoRows) {
			return s.noCode(ctx, q, m, id)
		}
		if err != nil {
			return err
		}
		to, err := s.Sealer.Open(row.AddressSealed, addressPlace(string(m), row.Channel))
		if err != nil {
			return fmt.Errorf("open contacts.address_sealed of %s: %w", id, err)
		}
		proof.Channel, proof.To, proof.Language = casefile.Channel(row.Channel), string(to), casefile.Language(row.Language)
		return auditRoster(ctx, q, contactCodeSent, by, at, contactChange{m, id, proof.Channel})
	})
	return proof, err
}

// noCode says why there is no new code.
func (s *Store) noCode(ctx context.Context, q *db.Queries, m casefile.MemberID, id string) error {
	rows, err := q.AddressesOf(ctx, string(m))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rows, func(r db.AddressesOfRow) bool { return r.ID == id }) {
		return casefile.ErrNotFound
	}
	return &casefile.InvalidError{
		Field: "contact", Th: "เพิ่งส่งรหัสไป โปรดรอหนึ่งนาที", En: "a code was sent just now: wait a minute",
	}
}

// codeHash binds a code to its address.
func (s *Store) codeHash(id, code string) string { return s.Sealer.Blind("contact_code", id+"|"+code) }

// errCode is all that anybody learns of a code that does not prove anything.
var errCode = &casefile.InvalidError{Field: "code", Th: "รหัสไม่ถูกต้องหรือหมดอายุ", En: "the code is wrong or too old"}

// ConfirmCode notes that an address is proved, if the code is right; after so
// many wrong ones the code is gone.
func (s *Store) ConfirmCode(ctx context.Context, m casefile.MemberID, id, code string, most int, by casefile.Actor) error {
	if !isUUID(id) {
		return casefile.ErrNotFound
	}
	right, at := false, s.Now()
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		right = false
		row, err := q.CodeOf(ctx, db.CodeOfParams{ID: id, MemberID: string(m)})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		right, err = s.try(ctx, q, db.CodesOfAddressRow(row), code, most, by, at)
		return err
	})
	if err == nil && !right {
		return errCode
	}
	return err
}

// ConfirmByAddress notes that an address is proved because the code came from it,
// and says of whom; empty: nobody waits for this code there.
func (s *Store) ConfirmByAddress(ctx context.Context, channel casefile.Channel, from, code string, most int) (casefile.MemberID, error) {
	var proved casefile.MemberID
	at := s.Now()
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		proved = ""
		rows, err := q.CodesOfAddress(ctx, s.addressHash(channel, from))
		if err != nil {
			return err
		}
		for _, r := range rows {
			m := casefile.MemberID(r.MemberID)
			right, err := s.try(ctx, q, r, code, most, casefile.Actor{Kind: casefile.ByMember, ID: r.MemberID}, at)
			if err != nil {
				return err
			}
			if right {
				proved = m
			}
		}
		return nil
	})
	return proved, err
}

func (s *Store) try(ctx context.Context, q *db.Queries, r db.CodesOfAddressRow, code string, most int, by casefile.Actor, at time.Time) (bool, error) {
	if subtle.ConstantTimeCompare([]byte(r.CodeHash), []byte(s.codeHash(r.ID, code))) != 1 {
		return false, q.WrongCode(ctx, db.WrongCodeParams{ID: r.ID, Most: int32(most)}) // #nosec G115 -- a few
	}
	if err := q.Verify(ctx, db.VerifyParams{ID: r.ID, At: &at}); err != nil {
		return false, err
	}
	return true, auditRoster(ctx, q, contactVerified, by, at, contactChange{Member: casefile.MemberID(r.MemberID), Contact: r.ID})
}

// Owner is an active member who has proved an address.
type Owner struct {
	Member   casefile.MemberID
	Level    casefile.Level
	Language casefile.Language
}

// OwnersOf says whose an address is: nobody's, somebody's, or that of several who share a telephone.
func (s *Store) OwnersOf(ctx context.Context, channel casefile.Channel, address string) ([]Owner, error) {
	var out []Owner
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.OwnersOf(ctx, s.addressHash(channel, address))
		out = column(rows, func(r db.OwnersOfRow) Owner {
			return Owner{casefile.MemberID(r.MemberID), casefile.Level(r.Level), casefile.Language(r.Language)}
		})
		return err
	})
	return out, err
}

// Asked is something that a member was told, and its case, without what is personal.
type Asked struct {
	Member   casefile.MemberID
	Case     casefile.Case
	Seq      int
	Template string // empty: only the case knows that it has asked the member
	At       time.Time
	Answered bool
}

const (
	askedSpan   = 24 * time.Hour // case time; an answer to what is older names its case
	askedAtMost = 50
)

// AskedOf lists what members were told on a channel of late, the newest first.
func (s *Store) AskedOf(ctx context.Context, channel casefile.Channel, members []casefile.MemberID) ([]Asked, error) {
	return s.asked(ctx, func(q *db.Queries) ([]db.AskedAboutRow, error) {
		rows, err := q.AskedOf(ctx, db.AskedOfParams{
			Recipients: recipients(members), Channel: string(channel), Since: s.Now().Add(-askedSpan), AtMost: askedAtMost,
		})
		return column(rows, func(r db.AskedOfRow) db.AskedAboutRow { return db.AskedAboutRow(r) }), err
	})
}

// AskedAbout lists what members were told about the cases of a code, on any channel, the newest first.
func (s *Store) AskedAbout(ctx context.Context, code string, members []casefile.MemberID) ([]Asked, error) {
	first, last := strings.ToLower(code[:4]+code[5:]), "-0000-0000-0000-000000000000"
	return s.asked(ctx, func(q *db.Queries) ([]db.AskedAboutRow, error) {
		ids, err := q.CasesBetween(ctx, db.CasesBetweenParams{First: first + last, Last: first + strings.ReplaceAll(last, "0", "f")})
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		rows, err := q.AskedAbout(ctx, db.AskedAboutParams{CaseIds: ids, Recipients: recipients(members), AtMost: askedAtMost})
		for _, id := range ids { // what is not written down yet
			for _, m := range members {
				rows = append(rows, db.AskedAboutRow{Recipient: recipient + string(m), CaseID: id})
			}
		}
		return rows, err
	})
}

// OfferedTo lists the open cases that have asked members, whatever became of the messages.
func (s *Store) OfferedTo(ctx context.Context, members []casefile.MemberID) ([]Asked, error) {
	return s.asked(ctx, func(q *db.Queries) ([]db.AskedAboutRow, error) {
		rows, err := q.OfferedTo(ctx, column(members, func(m casefile.MemberID) string { return string(m) }))
		return column(rows, func(r db.OfferedToRow) db.AskedAboutRow {
			return db.AskedAboutRow{Recipient: recipient + r.MemberID, CaseID: r.ID}
		}), err
	})
}

// recipient is how deliveries name a member.
const recipient = "member:"

func recipients(members []casefile.MemberID) []string {
	return column(members, func(m casefile.MemberID) string { return recipient + string(m) })
}

// asked reads messages and then their cases.
func (s *Store) asked(ctx context.Context, read func(q *db.Queries) ([]db.AskedAboutRow, error)) ([]Asked, error) {
	var out []Asked
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		out = nil
		rows, err := read(q)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := column(rows, func(r db.AskedAboutRow) string { return r.CaseID })
		slices.Sort(ids)
		docs, err := q.ReadDocs(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		cases := map[string]casefile.Case{}
		for _, d := range docs {
			var c casefile.Case
			if err := json.Unmarshal(d.Doc, &c); err != nil {
				return fmt.Errorf("case %s: %w", d.ID, err)
			}
			cases[d.ID] = c
		}
		for _, r := range rows {
			out = append(out, Asked{
				Member: casefile.MemberID(strings.TrimPrefix(r.Recipient, recipient)), Case: cases[r.CaseID], Seq: int(r.Seq),
				Template: r.Template, At: r.At, Answered: r.Answered,
			})
		}
		return nil
	})
	return out, err
}

// AnsweredBy notes that a member answered what was asked about a case on a channel.
func (s *Store) AnsweredBy(ctx context.Context, m casefile.MemberID, id casefile.CaseID, channel casefile.Channel) error {
	return s.once(ctx, func(q *db.Queries) error {
		return q.AnsweredBy(ctx, db.AnsweredByParams{CaseID: string(id), Recipient: recipient + string(m), Channel: string(channel), At: new(s.Now())})
	})
}

// Handed notes what a channel says later of a message that it had taken: it
// arrived, or it never will. known says that the message is on record.
func (s *Store) Handed(ctx context.Context, channel casefile.Channel, request string, arrived bool) (known bool, err error) {
	err = s.once(ctx, func(q *db.Queries) error {
		var n int64
		if arrived {
			n, err = q.HandedToPhone(ctx, db.HandedToPhoneParams{RequestID: request, Channel: string(channel), At: new(s.Now())})
		} else {
			n, err = q.NotHanded(ctx, db.NotHandedParams{RequestID: request, Channel: string(channel)})
		}
		known = n > 0
		return err
	})
	return known, err
}

// MayHelp reports whether a line of help may go to a conversation now: there was none for so long, real time.
func (s *Store) MayHelp(ctx context.Context, of casefile.ReporterID, apart time.Duration) (bool, error) {
	may := false
	err := s.once(ctx, func(q *db.Queries) error {
		n, err := q.MayHelp(ctx, db.MayHelpParams{ReporterID: string(of), Apart: apart})
		may = n == 1
		return err
	})
	return may, err
}
