package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/fault"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Arrival is one thing that came through a door.
type Arrival struct {
	EventID casefile.EventID
	Channel casefile.Channel
	UserID  string // the user's own ID on the channel, or the ID of a call; empty: nobody who can have a case
	Raw     []byte // as the channel sent it; nil: not from a channel
	In      casefile.Incoming
	At      time.Time // case time

	Media []casefile.Incoming // of what was pointed out and cannot wait: pictures that were sent before
}

// Routed is what became of an arrival.
type Routed struct {
	EventID   casefile.EventID
	Door      casefile.Door
	Case      casefile.CaseID // empty for Neither
	N         int             // its number in the case's inbox
	Duplicate bool            // it had arrived before; Door, Case and N are those of the first time
	Unread    bool            // kept as it came, because it could not be taken in
	Reporter  casefile.ReporterID
	Member    casefile.MemberID // set when the sender is also an active member
	Language  casefile.Language
	OpenCases []casefile.OpenCase // of the sender, newest first, before this arrival
	Talk      casefile.TalkAnswer // of a conversation beside any case
	Concern   casefile.ConcernID  // the word went to a concern, as its number ConcernN
	ConcernN  int
	Aid       casefile.AidID // the word went to an aid request, as its number AidN
	AidN      int
}

// openAtMost bounds the open cases that routing looks at; it needs the newest.
const openAtMost = 20

// Reporter is the ID of a user of a channel, by which the user's own ID is found
// again and never shown.
func (s *Store) Reporter(channel casefile.Channel, userID string) casefile.ReporterID {
	return casefile.ReporterID(s.Sealer.Blind("reporter", string(channel)+"|"+userID))
}

// Intake stores everything that arrived together, routes it to cases and numbers
// it there, in one transaction: when it returns, all of it is kept. What had
// arrived before is recognised by its event ID. One event that cannot be taken
// in is kept unread, and the others go on.
func (s *Store) Intake(ctx context.Context, arrivals []Arrival) ([]Routed, error) {
	out, err := s.intake(ctx, arrivals, len(arrivals) > 1)
	if poisonous(err) { // alone, and nothing of it is kept yet
		out, err = s.intake(ctx, arrivals, true)
	}
	fault.Here("intake.committed")
	return out, err
}

// intake with savepoints lets one event fail and keeps the others.
func (s *Store) intake(ctx context.Context, arrivals []Arrival, savepoints bool) ([]Routed, error) {
	var out []Routed
	err := s.inTx(ctx, func(q *db.Queries, tx pgx.Tx) error {
		threads, err := s.lockThreads(ctx, q, arrivals)
		if err != nil {
			return err
		}
		out = make([]Routed, len(arrivals))
		for i, a := range arrivals {
			a.EventID = eventID(a)
			t := threads[s.thread(a)]
			if !savepoints {
				if out[i], err = s.take(ctx, q, a, t); err != nil {
					return err
				}
				continue
			}
			err := pgx.BeginFunc(ctx, tx, func(sub pgx.Tx) error { // a savepoint
				var err error
				out[i], err = s.take(ctx, db.New(sub), a, t)
				return err
			})
			if poisonous(err) {
				err = pgx.BeginFunc(ctx, tx, func(sub pgx.Tx) error {
					var err error
					out[i], err = s.keepUnread(ctx, db.New(sub), a, t)
					return err
				})
			}
			if err != nil {
				return err
			}
		}
		fault.Here("intake.before_commit")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// eventID is the channel's ID, or for one that cannot be a key, a hash of what came.
func eventID(a Arrival) casefile.EventID {
	id := string(a.EventID)
	if id != "" && len(id) <= 200 && utf8.ValidString(id) && !strings.Contains(id, "\x00") {
		return a.EventID
	}
	sum := sha256.Sum256(append([]byte(id+"\x00"), a.Raw...))
	return casefile.EventID("raw:" + hex.EncodeToString(sum[:]))
}

// poisonous reports whether the event itself is at fault, and not the database:
// a value that it refuses, or one that does not fit.
func poisonous(err error) bool {
	var d *DatabaseError
	if !errors.As(domain(err), &d) {
		return false
	}
	class := d.Code[:2]
	return class == "22" || class == "23" || class == "54"
}

// thread is a locked conversation.
type thread struct {
	reporter casefile.ReporterID
	member   casefile.MemberID
	language casefile.Language
}

func (s *Store) thread(a Arrival) casefile.ReporterID {
	if a.UserID == "" {
		return ""
	}
	return s.Reporter(a.Channel, a.UserID)
}

// lockThreads finds or begins every conversation, in the order of the keys, so
// that two webhooks with the same people never wait for each other.
func (s *Store) lockThreads(ctx context.Context, q *db.Queries, arrivals []Arrival) (map[casefile.ReporterID]thread, error) {
	of := map[casefile.ReporterID]Arrival{}
	for _, a := range arrivals {
		if r := s.thread(a); r != "" {
			if _, seen := of[r]; !seen {
				of[r] = a
			}
		}
	}
	threads := map[casefile.ReporterID]thread{"": {language: casefile.Thai}}
	for _, r := range slices.Sorted(maps.Keys(of)) {
		a := of[r]
		user, err := s.Sealer.Seal([]byte(a.UserID), place("threads", "user_sealed", string(r)))
		if err != nil {
			return nil, err
		}
		row, err := q.Thread(ctx, db.ThreadParams{
			ReporterID: string(r), Channel: string(a.Channel), UserSealed: user,
			Language: string(cmp.Or(a.In.Language, casefile.Thai)), LastAt: a.At,
		})
		if err != nil {
			return nil, err
		}
		threads[r] = thread{r, casefile.MemberID(row.MemberID), casefile.Language(row.Language)}
	}
	return threads, nil
}

// take stores one arrival and routes it.
func (s *Store) take(ctx context.Context, q *db.Queries, a Arrival, t thread) (Routed, error) {
	r, seen, err := s.seen(ctx, q, a, t)
	if err != nil || seen {
		return r, err
	}
	decision := casefile.Decision{Door: casefile.Neither}
	if t.reporter != "" {
		if r.OpenCases, err = openCases(ctx, q, t.reporter); err != nil {
			return r, err
		}
		decision = casefile.Route(casefile.Thread{Reporter: t.reporter, Member: t.member, Open: r.OpenCases}, guessed(a.In))
	}
	if decision, err = s.converse(ctx, q, decision, &a, t, &r); err != nil {
		return r, err
	}
	if decision.Door == casefile.Answers {
		if decision, err = s.answers(ctx, q, decision, &a, t); err != nil {
			return r, err
		}
	}
	a.In.Channel = cmp.Or(a.In.Channel, a.Channel)
	if a.In.By == (casefile.Actor{}) && t.reporter != "" {
		a.In.By = casefile.Actor{Kind: casefile.ByReporter, ID: string(t.reporter)}
	}
	switch decision.Door {
	case casefile.Opens:
		if decision.Case, err = s.openCase(ctx, q, a, t); err != nil {
			return r, err
		}
	case casefile.Joins:
		if a.In.Word == casefile.Blocked {
			if err := q.SetBlocked(ctx, db.SetBlockedParams{ReporterID: string(t.reporter), At: &a.At}); err != nil {
				return r, err
			}
		}
	case casefile.Neither:
		if r.Talk.Say != "" {
			break // a place that was pointed out is not where a member is
		}
		if err := s.atTheDoor(ctx, q, a, t); err != nil {
			return r, err
		}
	}
	r.Door, r.Case = decision.Door, decision.Case
	if r.N, err = s.store(ctx, q, a, r); err != nil || r.Case == "" || a.In.Word != casefile.Tapped || len(a.Media) == 0 && a.In.Concern == "" {
		return r, err
	}
	return r, s.alarmed(ctx, q, a, t, &r)
}

// seen recognises what had arrived before.
func (s *Store) seen(ctx context.Context, q *db.Queries, a Arrival, t thread) (Routed, bool, error) {
	r := Routed{EventID: a.EventID, Door: casefile.Neither, Reporter: t.reporter, Member: t.member, Language: t.language}
	was, err := q.InboxEvent(ctx, string(a.EventID))
	if errors.Is(err, pgx.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	r.Duplicate, r.Door, r.Case, r.N = true, casefile.Door(was.Door), casefile.CaseID(was.CaseID), int(was.N)
	return r, true, nil
}

func openCases(ctx context.Context, q *db.Queries, r casefile.ReporterID) ([]casefile.OpenCase, error) {
	rows, err := q.OpenOfReporter(ctx, db.OpenOfReporterParams{ReporterID: string(r), AtMost: openAtMost})
	if err != nil {
		return nil, err
	}
	return column(rows, func(c db.OpenOfReporterRow) casefile.OpenCase {
		return casefile.OpenCase{
			ID: casefile.CaseID(c.ID), Type: casefile.IncidentType(c.Type), State: casefile.State(c.State), Quiet: c.Quiet,
		}
	}), nil
}

// guessed is the arrival as routing sees it: a report that names no type is
// routed by the type that its case gets, so that a second silent tap joins the
// first.
func guessed(in casefile.Incoming) casefile.Incoming {
	if in.Word == casefile.Tapped || in.Word == casefile.Called {
		in.Type, _ = typeOf(in)
	}
	return in
}

// typeOf is the type of a report, and whether nobody named it. Danger to life is
// the safe guess.
func typeOf(in casefile.Incoming) (typ casefile.IncidentType, guessed bool) {
	if in.Type.Known() {
		return in.Type, false
	}
	if t, ok := casefile.Typed(in.Text); ok {
		return t, true
	}
	return casefile.ThreatAssault, true
}

// answers checks that the case which a button names exists, and says who
// pressed: the reporter of that case, or a member. Anybody else's press is
// answered at the door.
func (s *Store) answers(ctx context.Context, q *db.Queries, d casefile.Decision, a *Arrival, t thread) (casefile.Decision, error) {
	neither := casefile.Decision{Door: casefile.Neither}
	if !isUUID(string(d.Case)) {
		return neither, nil
	}
	owner, err := q.ReporterOfCase(ctx, string(d.Case))
	if errors.Is(err, pgx.ErrNoRows) {
		return neither, nil
	}
	if err != nil {
		return neither, err
	}
	own := owner == string(t.reporter)
	if a.In.By == (casefile.Actor{}) {
		switch {
		case t.member != "" && (!own || a.In.Offer > 0):
			a.In.By = casefile.Actor{Kind: casefile.ByMember, ID: string(t.member)}
		case !own:
			return neither, nil
		}
	}
	return d, nil
}

// openCase writes the row of a new case and draws its ID.
func (s *Store) openCase(ctx context.Context, q *db.Queries, a Arrival, t thread) (casefile.CaseID, error) {
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("draw a case ID: %w", err)
	}
	typ, guessed := typeOf(a.In)
	c := casefile.Case{
		ID: casefile.CaseID(random.String()), State: casefile.Draft, SinceAt: a.At, Type: typ, Guessed: guessed,
		Severity: cmp.Or(s.Severity[typ], casefile.Critical), Channel: a.Channel, Reporter: t.reporter, Language: t.language,
		Quiet: a.In.Quiet, Neutral: a.In.Quiet || typ.Neutral(), NoCall: a.In.Quiet || a.Channel == casefile.ChannelSMS, ReportedAt: a.At,
		Clocks: []casefile.Deadline{{Clock: casefile.ClockPin, At: a.At.Add(s.PinWait)}},
	}
	doc, err := document(c)
	if err != nil {
		return "", fmt.Errorf("open a case: %w", err)
	}
	return c.ID, q.OpenCase(ctx, db.OpenCaseParams{
		ID: string(c.ID), State: string(c.State), Type: string(c.Type), Severity: string(c.Severity), Channel: string(c.Channel),
		ReporterID: string(c.Reporter), Quiet: c.Quiet, ReportedAt: c.ReportedAt, NextDeadline: &c.Clocks[0].At, Doc: doc,
	})
}

// atTheDoor keeps what concerns no case: whether somebody can be reached, where
// a member on duty is, and that a duty desk answered a communication test.
func (s *Store) atTheDoor(ctx context.Context, q *db.Queries, a Arrival, t thread) error {
	switch {
	case t.reporter == "":
		return nil
	case a.In.Word == casefile.Blocked:
		return q.SetBlocked(ctx, db.SetBlockedParams{ReporterID: string(t.reporter), At: &a.At})
	case a.In.Word == casefile.Followed:
		return q.SetBlocked(ctx, db.SetBlockedParams{ReporterID: string(t.reporter), At: nil})
	case a.In.Word == casefile.SentLocation && t.member != "" && a.In.Pin != nil && a.In.Pin.Usable():
		_, err := q.SetPositions(ctx, positions([]Position{{Member: t.member, Lat: a.In.Pin.Lat, Lon: a.In.Pin.Lon, At: a.At}}))
		return err
	case a.In.Action == casefile.ActHeard && t.member != "":
		_, err := q.SetAnswered(ctx, db.SetAnsweredParams{ID: string(t.member), At: &a.At})
		return err
	}
	return nil
}

// store numbers one arrival in its case and keeps it.
func (s *Store) store(ctx context.Context, q *db.Queries, a Arrival, r Routed) (int, error) {
	if r.Concern != "" && r.Case == "" { // the concern has it; here only its ID is needed, against a repeat
		r.Reporter, a.Raw, a.At = "", nil, roughly(a.At)
		a.In = casefile.Incoming{Word: a.In.Word}
	}
	said, err := s.sealJSON(a.In, "inbox", "said_sealed", string(a.EventID))
	if err != nil {
		return 0, err
	}
	var raw []byte
	if a.Raw != nil {
		if raw, err = s.Sealer.Seal(a.Raw, place("inbox", "raw_sealed", string(a.EventID))); err != nil {
			return 0, err
		}
	}
	row := db.StoreParams{
		EventID: string(a.EventID), ReporterID: null(string(r.Reporter)), CaseID: null(string(r.Case)), N: nil,
		Door: string(r.Door), Word: string(a.In.Word), RawSealed: raw, SaidSealed: said, ReceivedAt: a.At,
	}
	n := int32(0)
	if r.Case != "" {
		if n, err = q.NextNumber(ctx, string(r.Case)); err != nil {
			return 0, err
		}
		row.N = &n
	}
	return int(n), q.Store(ctx, row)
}

// keepUnread keeps an event that could not be taken in, as it came.
func (s *Store) keepUnread(ctx context.Context, q *db.Queries, a Arrival, t thread) (Routed, error) {
	r, seen, err := s.seen(ctx, q, a, t) // the fault may be that somebody else stored it meanwhile
	if err != nil || seen {
		return r, err
	}
	r.Unread = true
	a.In = casefile.Incoming{Word: casefile.Unknown, At: a.In.At}
	_, err = s.store(ctx, q, a, r)
	return r, err
}

// Nudge is a case whose workflow should hear something up to a number.
type Nudge struct {
	Case casefile.CaseID
	UpTo int
}

// handOverGrace is how long the door that stored a row may take to hand it over itself, real time.
const handOverGrace = 2 * time.Second

// Lease takes what no workflow knows of, at most limit rows, for a relay to hand
// over. Whoever leased it has it alone until the lease ends.
func (s *Store) Lease(ctx context.Context, limit int, lease time.Duration) ([]Nudge, error) {
	var out []Nudge
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Lease(ctx, db.LeaseParams{Grace: handOverGrace, AtMost: int32(limit), Lease: lease}) // #nosec G115 -- small
		out = column(rows, func(r db.LeaseRow) Nudge { return Nudge{casefile.CaseID(r.CaseID), int(r.UpTo)} })
		return err
	})
	return out, err
}

// HandedOver notes that the workflow of a case knows of everything up to a
// number. A note that is lost costs one nudge more.
func (s *Store) HandedOver(ctx context.Context, id casefile.CaseID, upTo int) error {
	return s.soon(ctx, func(q *db.Queries) error {
		return q.HandedOver(ctx, db.HandedOverParams{CaseID: null(string(id)), UpTo: int32(upTo)}) // #nosec G115 -- a count of messages
	})
}

// Backlog counts the rows that no workflow knows of, and for how long the oldest has waited.
func (s *Store) Backlog(ctx context.Context) (waiting int, oldest time.Duration, err error) {
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.InboxBacklog(ctx)
		waiting, oldest = int(row.Waiting), time.Duration(row.OldestS*float64(time.Second))
		return err
	})
	return waiting, oldest, err
}
