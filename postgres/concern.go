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

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

var _ activities.Concerns = (*Store)(nil)

// Concern returns a concern as last recorded, or casefile.ErrNotFound.
func (s *Store) Concern(ctx context.Context, id casefile.ConcernID) (casefile.Concern, error) {
	var c casefile.Concern
	if !isUUID(string(id)) {
		return c, casefile.ErrNotFound
	}
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.ReadConcern(ctx, string(id))
		if err != nil {
			return err
		}
		c, err = readConcern(row.Doc)
		return err
	})
	return c, err
}

func readConcern(doc []byte) (casefile.Concern, error) {
	var c casefile.Concern
	if err := json.Unmarshal(doc, &c); err != nil {
		return c, fmt.Errorf("read a concern: %w", err)
	}
	return c, nil
}

// ConcernInbox returns what arrived for a concern behind a number, in order.
func (s *Store) ConcernInbox(ctx context.Context, id casefile.ConcernID, after, limit int) ([]activities.ConcernWord, error) {
	var out []activities.ConcernWord
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.ConcernInbox(ctx, db.ConcernInboxParams{ConcernID: string(id), After: int32(after), AtMost: int32(limit)}) // #nosec G115 -- counts of words
		out = nil
		for _, r := range rows {
			w := activities.ConcernWord{N: int(r.N), EventID: casefile.EventID(r.EventID), At: r.At}
			if err := s.openJSON(r.SaidSealed, &w.In, "concern_inbox", "said_sealed", r.EventID); err != nil {
				return err
			}
			out = append(out, w)
		}
		return err
	})
	return out, err
}

// AppendConcern writes the events, the row and the audit rows, or nothing. It returns no error when the same events
// stand there, and casefile.ErrMoved when others do.
func (s *Store) AppendConcern(ctx context.Context, after casefile.Concern, events []casefile.ConcernEvent) error {
	if !isUUID(string(after.ID)) || len(events) == 0 {
		return casefile.ErrNotFound
	}
	row, evidence, err := s.concernRow(after, events, viewer(ctx))
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		_, err := q.AppendConcernEvents(ctx, row)
		if errors.Is(err, pgx.ErrNoRows) {
			return concernAlready(ctx, q, after, events)
		}
		for _, e := range evidence {
			if err == nil {
				err = q.ExpectEvidence(ctx, e)
			}
		}
		return err
	})
}

func concernAlready(ctx context.Context, q *db.Queries, after casefile.Concern, events []casefile.ConcernEvent) error {
	recorded, err := q.ConcernEventIDs(ctx, db.ConcernEventIDsParams{
		ConcernID: string(after.ID), After: int32(after.Version - len(events)), UpTo: int32(after.Version), // #nosec G115 -- counts of events
	})
	if err != nil {
		return err
	}
	if slices.Equal(recorded, column(events, func(e casefile.ConcernEvent) string { return string(e.ID) })) {
		return nil
	}
	return casefile.ErrMoved
}

// concernRow is everything that AppendConcernEvents writes, and the rows of what was sent as evidence.
func (s *Store) concernRow(c casefile.Concern, events []casefile.ConcernEvent, v Viewer) (db.AppendConcernEventsParams, []db.ExpectEvidenceParams, error) {
	doc, err := json.Marshal(c)
	if err != nil {
		return db.AppendConcernEventsParams{}, nil, fmt.Errorf("write concern %s: %w", c.ID, err)
	}
	p := db.AppendConcernEventsParams{
		ID: string(c.ID), Version: int32(c.Version), VersionBefore: int32(c.Version - len(events)), // #nosec G115 -- counts of events
		State: string(c.State), Kind: string(c.Kind), Province: c.Place.Province, CaseID: null(string(c.Case)), ReferredTo: string(c.To),
		ReceivedAt: nullTime(c.ReceivedAt), ReferredAt: nullTime(c.ReferredAt), EndedAt: nullTime(c.EndedAt), DueAt: nullTime(c.DueAt),
		InboxHeard: int32(c.Inbox), Doc: doc, Purpose: string(v.Purpose), // #nosec G115 -- a count of words
	}
	if c.Owner != (casefile.Actor{}) {
		p.Owner = actorText(c.Owner)
	}
	var evidence []db.ExpectEvidenceParams
	for i, e := range events {
		e.Seq = c.Version - len(events) + 1 + i
		if e.BringsEvidence() {
			row, err := s.expectEvidence(c.ID, e)
			if err != nil {
				return p, nil, err
			}
			evidence = append(evidence, row)
		}
		var sealed []byte
		if !e.Private.Empty() {
			if sealed, err = s.sealJSON(e.Private, "concern_events", "private_sealed", string(e.ID)); err != nil {
				return p, nil, err
			}
		}
		e.Private = casefile.ConcernPrivate{}
		data, err := json.Marshal(e)
		if err != nil {
			return p, nil, fmt.Errorf("write concern %s: %w", c.ID, err)
		}
		commitment := sha256.Sum256(sealed)
		p.Seqs = append(p.Seqs, int32(e.Seq)) // #nosec G115 -- a count of events
		p.EventIds = append(p.EventIds, string(e.ID))
		p.Kinds = append(p.Kinds, string(e.Kind))
		p.Ats = append(p.Ats, e.At)
		p.ActorKinds = append(p.ActorKinds, string(e.By.Kind))
		p.ActorIds = append(p.ActorIds, e.By.ID)
		p.Datas = append(p.Datas, string(data))
		p.PrivatesSealed = append(p.PrivatesSealed, sealed)
		p.Actors = append(p.Actors, actorText(e.By))
		p.Metas = append(p.Metas, concernMeta(c.ID, e.By, "CONCERN_"+string(e.Kind), e.At, v, e.Seq, string(e.ID), data))
		p.Commitments = append(p.Commitments, commitment[:])
	}
	return p, evidence, nil
}

// concernMeta is the text of an audit row, in the form of auditMeta.
func concernMeta(id casefile.ConcernID, by casefile.Actor, action string, at time.Time, v Viewer, seq int, event string, data []byte) []byte {
	return []byte(strings.Join([]string{
		"ess-audit-meta-v1", actorText(by), action, at.UTC().Format(time.RFC3339Nano), string(v.Purpose),
		string(id), fmt.Sprint(seq), event, fmt.Sprintf("%x", sha256.Sum256(data)), "",
	}, "\n"))
}

// SchoolIn finds the one organisation that a text names.
func (s *Store) SchoolIn(ctx context.Context, text string) (casefile.Unit, bool, error) {
	var found []casefile.Unit
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.SchoolsNamed(ctx, text)
		found = column(rows, func(r db.SchoolsNamedRow) casefile.Unit {
			return casefile.Unit{ID: casefile.UnitID(r.ID), Province: r.Province, NameTh: r.NameTh, Lat: r.Lat, Lon: r.Lon}
		})
		return err
	})
	if len(found) == 2 && len(found[0].NameTh) > len(found[1].NameTh) {
		found = found[:1] // the longer name holds the shorter
	}
	if err != nil || len(found) != 1 {
		return casefile.Unit{}, false, err
	}
	return found[0], true, nil
}

// HeadsOf lists the supervisors of a unit.
func (s *Store) HeadsOf(ctx context.Context, unit casefile.UnitID) ([]casefile.MemberID, error) {
	var out []casefile.MemberID
	err := s.once(ctx, func(q *db.Queries) error {
		ids, err := q.HeadsOf(ctx, string(unit))
		out = column(ids, func(id string) casefile.MemberID { return casefile.MemberID(id) })
		return err
	})
	return out, err
}

// PointerContact is how the pointer of a concern is reached. Nothing else reads who that is.
func (s *Store) PointerContact(ctx context.Context, id casefile.ConcernID) (activities.Contact, error) {
	var reporter string
	err := s.once(ctx, func(q *db.Queries) error {
		sealed, err := q.ConcernPointer(ctx, string(id))
		if err != nil {
			return err
		}
		reporter, err = s.openText(sealed, "concern_pointers", "reporter_sealed", string(id))
		return err
	})
	if err != nil {
		return activities.Contact{}, err
	}
	return s.ReporterContact(ctx, casefile.ReporterID(reporter))
}

// ConcernEvents reads what happened to a concern, in order, with what is personal.
func (s *Store) ConcernEvents(ctx context.Context, id casefile.ConcernID) ([]casefile.ConcernEvent, error) {
	var out []casefile.ConcernEvent
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.ConcernEvents(ctx, string(id))
		out = nil
		for _, r := range rows {
			var e casefile.ConcernEvent
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return fmt.Errorf("read concern %s: %w", id, err)
			}
			if r.PrivateSealed != nil {
				if err := s.openJSON(r.PrivateSealed, &e.Private, "concern_events", "private_sealed", r.EventID); err != nil {
					return err
				}
			}
			out = append(out, e)
		}
		return err
	})
	return out, err
}

// ConcernPlain is everything that the pointer said, as one text and the newest pin.
func (s *Store) ConcernPlain(ctx context.Context, id casefile.ConcernID) (casefile.Private, error) {
	events, err := s.ConcernEvents(ctx, id)
	if err != nil {
		return casefile.Private{}, err
	}
	var p casefile.Private
	var texts []string
	for _, e := range events {
		if e.Private.Text != "" {
			texts = append(texts, e.Private.Text)
		}
		if e.Private.Pin != nil {
			p.Pin = e.Private.Pin
		}
	}
	p.Text = strings.Join(texts, "\n")
	return p, nil
}

// ConcernToAlarm opens an emergency from what is recorded of a concern, through the door of all reports. Its
// conversation is the concern: nobody learns from it who pointed it out.
func (s *Store) ConcernToAlarm(ctx context.Context, id casefile.ConcernID, by casefile.Actor) (casefile.CaseID, int, error) {
	c, err := s.Concern(ctx, id)
	if err != nil {
		return "", 0, err
	}
	events, err := s.ConcernEvents(ctx, id)
	if err != nil {
		return "", 0, err
	}
	said, err := s.ConcernPlain(ctx, id)
	if err != nil {
		return "", 0, err
	}
	now := s.Now()
	if by.Kind != casefile.ByOperator {
		by = casefile.Actor{} // a worker who presses the button speaks for the concern
	}
	alarm := func(event string, in casefile.Incoming) Arrival {
		in.At, in.Channel = now, casefile.ChannelREST
		return Arrival{EventID: casefile.EventID("concern:" + string(id) + ":" + event), Channel: casefile.ChannelREST, UserID: "concern:" + string(id), In: in, At: now}
	}
	arrivals := []Arrival{alarm("alarm", casefile.Incoming{Word: casefile.Called, Type: c.Kind.Incident(), Pin: said.Pin, Text: said.Text, By: by, Excluded: c.KeptFrom()})}
	for _, e := range events {
		if e.Private.Media != "" {
			arrivals = append(arrivals, alarm(fmt.Sprintf("media%d", e.Seq), casefile.Incoming{Word: casefile.SentMedia, MessageID: e.Private.Media, MediaKind: e.Private.MediaKind}))
		}
	}
	routed, err := s.Intake(ctx, arrivals)
	if err != nil {
		return "", 0, err
	}
	last := routed[0].N
	for _, r := range routed {
		last = max(last, r.N)
	}
	return routed[0].Case, last, nil
}

// ConcernViewed writes down that somebody is about to see what is personal in a concern, and why.
func (s *Store) ConcernViewed(ctx context.Context, id casefile.ConcernID, v Viewer) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	at, nothing := s.Now(), sha256.Sum256(nil)
	const action = "CONCERN_VIEWED"
	return s.mustMeet(As(ctx, v), func(q *db.Queries) (int64, error) {
		return q.AuditConcernView(ctx, db.AuditConcernViewParams{
			ID: string(id), At: at, Actor: v.actor(), Action: action, Purpose: string(v.Purpose),
			Meta: concernMeta(id, v.Actor, action, at, v, 0, "", nil), Commitment: nothing[:],
		})
	})
}
