package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

var _ activities.Aids = (*Store)(nil)

// Aid returns an aid request as last recorded, or casefile.ErrNotFound.
func (s *Store) Aid(ctx context.Context, id casefile.AidID) (casefile.AidRequest, error) {
	var a casefile.AidRequest
	if !isUUID(string(id)) {
		return a, casefile.ErrNotFound
	}
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.ReadAid(ctx, string(id))
		if err != nil {
			return err
		}
		a, err = readAid(row.Doc)
		return err
	})
	return a, err
}

func readAid(doc []byte) (casefile.AidRequest, error) {
	var a casefile.AidRequest
	if err := json.Unmarshal(doc, &a); err != nil {
		return a, fmt.Errorf("read an aid request: %w", err)
	}
	return a, nil
}

// AidInbox returns what arrived for a request behind a number, in order.
func (s *Store) AidInbox(ctx context.Context, id casefile.AidID, after, limit int) ([]activities.AidWord, error) {
	var out []activities.AidWord
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.AidInbox(ctx, db.AidInboxParams{AidID: string(id), After: int32(after), AtMost: int32(limit)}) // #nosec G115 -- counts of words
		out = nil
		for _, r := range rows {
			w := activities.AidWord{N: int(r.N)}
			if err := s.openJSON(r.OrderSealed, &w.Order, "aid_inbox", "order_sealed", r.EventID); err != nil {
				return err
			}
			out = append(out, w)
		}
		return err
	})
	return out, err
}

// AppendAid writes the events, the row and the audit rows, or nothing. It returns no error when the same events stand
// there, casefile.ErrMoved when others do, and casefile.ErrOverLimit when what is approved would go over a limit with
// what was granted meanwhile.
func (s *Store) AppendAid(ctx context.Context, after casefile.AidRequest, events []casefile.AidEvent, limits []policy.AidLimit) error {
	if !isUUID(string(after.ID)) || len(events) == 0 {
		return casefile.ErrNotFound
	}
	row, err := s.aidRow(after, events, viewer(ctx))
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		_, err := q.AppendAidEvents(ctx, row)
		if errors.Is(err, pgx.ErrNoRows) {
			return aidAlready(ctx, q, after, events)
		}
		if err == nil {
			err = givenWhole(ctx, q, after.ID, events)
		}
		if err == nil && grants(after, events) {
			err = grant(ctx, q, after, limits)
		}
		if err == nil {
			err = voidGrants(ctx, q, after, events[len(events)-1].At)
		}
		return err
	})
}

func aidAlready(ctx context.Context, q *db.Queries, after casefile.AidRequest, events []casefile.AidEvent) error {
	recorded, err := q.AidEventIDs(ctx, db.AidEventIDsParams{
		AidID: string(after.ID), After: int32(after.Version - len(events)), UpTo: int32(after.Version), // #nosec G115 -- counts of events
	})
	if err != nil {
		return err
	}
	if slices.Equal(recorded, column(events, func(e casefile.AidEvent) string { return string(e.ID) })) {
		return nil
	}
	return casefile.ErrMoved
}

// grants reports whether these events are the last word that a plan waited for.
func grants(after casefile.AidRequest, events []casefile.AidEvent) bool {
	return after.State == casefile.AidApproved && slices.ContainsFunc(events, func(e casefile.AidEvent) bool { return e.Kind == casefile.AidAgreed })
}

// grant writes down what was granted, if every limit holds with what was granted to the same people meanwhile. Who
// grants to the same people at the same time waits.
func grant(ctx context.Context, q *db.Queries, a casefile.AidRequest, limits []policy.AidLimit) error {
	who, err := q.AidIdentities(ctx, string(a.ID))
	if err != nil {
		return err
	}
	own := people(who.Identities)
	for _, identity := range own { // in one order: nobody waits in a circle
		if err := q.LockAidIdentity(ctx, identity); err != nil {
			return err
		}
	}
	had, err := q.GrantedOf(ctx, db.GrantedOfParams{Identities: own, But: string(a.ID)})
	if err != nil {
		return err
	}
	granted := aidGranted(had)
	for _, l := range limits {
		if l.Over(granted, a.Items) {
			return casefile.ErrOverLimit
		}
	}
	for _, i := range a.Items {
		if i.State != casefile.ItemGranted {
			continue
		}
		err := q.Grant(ctx, db.GrantParams{
			AidID: string(a.ID), Item: int32(i.ID), Code: i.Code, Satang: i.Satang, Identities: own, At: a.DecidedAt, // #nosec G115 -- a few items
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// voidGrants lets what will never be paid or handed over count no more.
func voidGrants(ctx context.Context, q *db.Queries, a casefile.AidRequest, at time.Time) error {
	var items []int32
	for _, i := range a.Items {
		if i.State == casefile.ItemDropped || a.State.Ended() && !i.Settled() {
			items = append(items, int32(i.ID)) // #nosec G115 -- a few items
		}
	}
	if items == nil {
		return nil
	}
	return q.VoidGrants(ctx, db.VoidGrantsParams{AidID: string(a.ID), Items: items, At: &at})
}

// aidRow is everything that AppendAidEvents writes.
func (s *Store) aidRow(a casefile.AidRequest, events []casefile.AidEvent, v Viewer) (db.AppendAidEventsParams, error) {
	doc, err := json.Marshal(a)
	if err != nil {
		return db.AppendAidEventsParams{}, fmt.Errorf("write aid request %s: %w", a.ID, err)
	}
	p := db.AppendAidEventsParams{
		ID: string(a.ID), Version: int32(a.Version), VersionBefore: int32(a.Version - len(events)), // #nosec G115 -- counts of events
		State: string(a.State), Visitor: null(string(a.Visitor)), Office: null(string(a.Office)), ToOffice: null(string(a.To)),
		Province: a.Place.Province, Urgency: string(a.Urgency), SubjectID: null(string(a.Subject)), HouseholdID: null(a.Home), CaseID: null(string(a.Case)),
		SubmittedAt: nullTime(a.SubmittedAt), DecidedAt: nullTime(a.DecidedAt), SettledAt: nullTime(a.SettledAt), EndedAt: nullTime(a.EndedAt),
		DueAt: nullTime(a.DueAt), CallAt: nullTime(a.CallAt), InboxHeard: int32(a.Inbox), Doc: doc, Purpose: string(v.Purpose), // #nosec G115 -- a count of words
	}
	for i, e := range events {
		e.Seq = a.Version - len(events) + 1 + i
		var sealed []byte
		if !e.Private.Empty() {
			if sealed, err = s.sealJSON(e.Private, "aid_events", "private_sealed", string(e.ID)); err != nil {
				return p, err
			}
		}
		e.Private = casefile.AidPrivate{}
		data, err := json.Marshal(e)
		if err != nil {
			return p, fmt.Errorf("write aid request %s: %w", a.ID, err)
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
		p.Metas = append(p.Metas, aidMeta(a.ID, e.By, aidAction(string(e.Kind)), e.At, v, e.Seq, string(e.ID), data))
		p.Commitments = append(p.Commitments, commitment[:])
	}
	return p, nil
}

func aidAction(what string) string { return "AID_" + what }

// aidMeta is the text of an audit row, in the form of auditMeta.
func aidMeta(id casefile.AidID, by casefile.Actor, action string, at time.Time, v Viewer, seq int, event string, data []byte) []byte {
	return concernMeta(casefile.ConcernID(id), by, action, at, v, seq, event, data)
}
