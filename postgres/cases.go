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
	"github.com/ess-thailand/ess/fault"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// private is what of a case is sealed beside its row.
type private struct {
	Private  casefile.Private `json:"private,omitzero"`
	FirstPin *casefile.Pin    `json:"first_pin,omitempty"`
}

// document is a case without what is personal.
func document(c casefile.Case) ([]byte, error) {
	c.Private, c.FirstPin = casefile.Private{}, nil
	return json.Marshal(c)
}

func (s *Store) readCase(id casefile.CaseID, doc, sealed []byte) (casefile.Case, error) {
	var c casefile.Case
	if err := json.Unmarshal(doc, &c); err != nil {
		return c, fmt.Errorf("read case %s: %w", id, err)
	}
	if sealed == nil {
		return c, nil
	}
	var p private
	if err := s.openJSON(sealed, &p, "cases", "private_sealed", string(id)); err != nil {
		return c, err
	}
	c.Private, c.FirstPin = p.Private, p.FirstPin
	return c, nil
}

// Case returns a case as last recorded, or casefile.ErrNotFound.
func (s *Store) Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error) {
	if !isUUID(string(id)) {
		return casefile.Case{}, casefile.ErrNotFound
	}
	var c casefile.Case
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.ReadCase(ctx, string(id))
		if err != nil {
			return err
		}
		c, err = s.readCase(id, row.Doc, row.PrivateSealed)
		return err
	})
	return c, err
}

// Append writes the events, the case row and the audit rows, or nothing. The
// case must be the result of applying exactly these events. It returns no error
// when the same event IDs are already recorded at these numbers, and
// casefile.ErrMoved when the numbers are taken by other events. With a join
// query, the case is placed among those of its area in the same transaction.
func (s *Store) Append(ctx context.Context, after casefile.Case, events []casefile.Event, join *activities.JoinQuery) (activities.JoinResult, error) {
	if !isUUID(string(after.ID)) {
		return activities.JoinResult{}, casefile.ErrNotFound
	}
	row, err := s.caseRow(after, events, viewer(ctx))
	if err != nil {
		return activities.JoinResult{}, err
	}
	var found activities.JoinResult
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		err := s.append(ctx, q, row, after, events)
		if err == nil && join != nil {
			found, err = s.joinOrLink(ctx, q, *join)
		}
		fault.Here("record.before_commit")
		return err
	})
	fault.Here("record.committed")
	if err != nil {
		return activities.JoinResult{}, err
	}
	return found, nil
}

func (s *Store) append(ctx context.Context, q *db.Queries, row db.AppendEventsParams, after casefile.Case, events []casefile.Event) error {
	_, err := q.AppendEvents(ctx, row)
	if errors.Is(err, pgx.ErrNoRows) {
		return s.already(ctx, q, after, events)
	}
	if err != nil {
		return err
	}
	if err := expectMedia(ctx, q, after, events); err != nil {
		return err
	}
	if err := s.keepPhones(ctx, q, after, events); err != nil {
		return err
	}
	if err := assign(ctx, q, after, events); err != nil {
		return err
	}
	if err := careForCrew(ctx, q, after, events); err != nil {
		return err
	}
	if err := keepCare(ctx, q, after, events); err != nil {
		return err
	}
	if err := keepAway(ctx, q, after, events); err != nil {
		return err
	}
	return countAcceptance(ctx, q, after, events)
}

// already tells a repeat from a race lost.
func (s *Store) already(ctx context.Context, q *db.Queries, after casefile.Case, events []casefile.Event) error {
	before := after.Version - len(events)
	recorded, err := q.EventIDs(ctx, db.EventIDsParams{CaseID: string(after.ID), After: int32(before), UpTo: int32(after.Version)}) // #nosec G115 -- counts of events
	if err != nil {
		return err
	}
	ids := column(events, func(e casefile.Event) string { return string(e.ID) })
	if slices.Equal(recorded, ids) {
		return nil
	}
	if _, err := q.ReadCase(ctx, string(after.ID)); err != nil {
		return err
	}
	return casefile.ErrMoved
}

// caseRow is everything that AppendEvents writes.
func (s *Store) caseRow(c casefile.Case, events []casefile.Event, v Viewer) (db.AppendEventsParams, error) {
	doc, err := document(c)
	if err != nil {
		return db.AppendEventsParams{}, fmt.Errorf("write case %s: %w", c.ID, err)
	}
	p := db.AppendEventsParams{
		ID: string(c.ID), Version: int32(c.Version), VersionBefore: int32(c.Version - len(events)), // #nosec G115 -- counts of events
		State: string(c.State), Type: string(c.Type), Severity: string(c.Severity), Channel: string(c.Channel),
		Province: c.Place.Province, District: c.Place.District, Cell: c.Place.Cell, Station: string(c.Station), Quiet: c.Quiet,
		Escalation: int16(c.Escalation), // #nosec G115 -- 0 to 3
		LeadID:     null(string(c.Lead)), StandsAlone: standsAlone(c, events), At: &events[len(events)-1].At,
		RadioDue: radioDue(c), RadioSeen: nullTime(c.RadioSeen),
		ReportedAt: c.ReportedAt, SentAt: nullTime(c.SentAt), AckedAt: nullTime(c.AckedAt), ArrivedAt: nullTime(c.ArrivedAt),
		ControlledAt: nullTime(c.ControlledAt), EndedAt: nullTime(c.EndedAt), NextDeadline: deadline(c, events),
		Doc: doc, Purpose: string(v.Purpose),
	}
	if c.Desk != nil {
		p.DeskReason, p.DeskSince = null(string(c.Desk.Reason)), &c.Desk.SinceAt
		if c.Desk.Owner != (casefile.Actor{}) {
			p.DeskOwner = null(actorText(c.Desk.Owner))
		}
	}
	if !c.Private.Empty() || c.FirstPin != nil {
		if p.PrivateSealed, err = s.sealJSON(private{c.Private, c.FirstPin}, "cases", "private_sealed", string(c.ID)); err != nil {
			return p, err
		}
	}
	for i, e := range events {
		var sealed []byte
		if !e.Private.Empty() {
			if sealed, err = s.sealJSON(e.Private, "case_events", "private_sealed", string(e.ID)); err != nil {
				return p, err
			}
		}
		e.Seq, e.Private = c.Version-len(events)+1+i, casefile.Private{}
		data, err := json.Marshal(e)
		if err != nil {
			return p, fmt.Errorf("write case %s: %w", c.ID, err)
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
		p.Metas = append(p.Metas, auditMeta(c.ID, e, v, data))
		p.Commitments = append(p.Commitments, commitment[:])
	}
	return p, nil
}

// auditMeta is the text of an audit row that a later seal signs: a line each,
// the last one the hash of the event as it is stored.
func auditMeta(id casefile.CaseID, e casefile.Event, v Viewer, data []byte) []byte {
	return []byte(strings.Join([]string{
		"ess-audit-meta-v1", actorText(e.By), string(e.Kind), e.At.UTC().Format(time.RFC3339Nano), string(v.Purpose),
		string(id), fmt.Sprint(e.Seq), string(e.ID), fmt.Sprintf("%x", sha256.Sum256(data)), "",
	}, "\n"))
}

// Viewed writes down that somebody is about to see what is personal in a case,
// and why. Who gets an error must not be shown it.
func (s *Store) Viewed(ctx context.Context, id casefile.CaseID, v Viewer) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	e := casefile.Event{Kind: viewed, By: v.Actor, At: s.Now()}
	nothing := sha256.Sum256(nil)
	return s.mustMeet(As(ctx, v), func(q *db.Queries) (int64, error) {
		return q.AuditView(ctx, db.AuditViewParams{
			ID: string(id), At: e.At, Actor: v.actor(), Action: string(e.Kind), Purpose: string(v.Purpose),
			Meta: auditMeta(id, e, v, nil), Commitment: nothing[:],
		})
	})
}

// viewed is an action of the audit log that is no event of a case.
const viewed = "VIEWED"

// deadline is when somebody must look at the case again. An open case whose
// clocks have all been stopped is due at once: the watcher finds it.
func deadline(c casefile.Case, events []casefile.Event) *time.Time {
	if !c.Open() {
		return nil
	}
	if d, ok := c.NextDeadline(); ok {
		return &d.At
	}
	return &events[len(events)-1].At
}

func radioDue(c casefile.Case) *time.Time {
	i := slices.IndexFunc(c.Clocks, func(d casefile.Deadline) bool { return d.Clock == casefile.ClockRadio })
	if i < 0 {
		return nil
	}
	return &c.Clocks[i].At
}

// standsAlone reports whether the events made a joined or joining report a case of its own.
func standsAlone(c casefile.Case, events []casefile.Event) bool {
	return c.Lead == "" && c.Waiting == "" && !c.LocatedAt.IsZero() && slices.ContainsFunc(events, func(e casefile.Event) bool {
		return e.Kind == casefile.Split || e.Kind == casefile.LeadEnded
	})
}

// assign keeps the members who are under way to a dangerous scene or at it, and
// frees everybody else: the next alarm may have them.
func assign(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	quiet := func(e casefile.Event) bool {
		switch e.Kind {
		case casefile.Accepted, casefile.Released, casefile.Excluded, casefile.SceneStopped, casefile.Joined, casefile.CaseClosed,
			casefile.MarkedFalse, casefile.CaseReopened:
			return false
		}
		return true
	}
	if !slices.ContainsFunc(events, func(e casefile.Event) bool { return !quiet(e) }) {
		return nil
	}
	team := []string{}
	if c.State.BeforeControl() {
		for _, t := range c.Tracks {
			for _, a := range t.Team {
				if a.Active() {
					team = append(team, string(a.Member))
				}
			}
		}
	}
	if err := q.FreeMembers(ctx, db.FreeMembersParams{CaseID: string(c.ID), But: team}); err != nil || len(team) == 0 {
		return err
	}
	return q.AssignMembers(ctx, db.AssignMembersParams{CaseID: string(c.ID), Members: team})
}

// careForCrew writes down who was at the scene of a hard case that is over, so
// that they are asked the next day how they are.
func careForCrew(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	i := slices.IndexFunc(events, func(e casefile.Event) bool { return e.Kind == casefile.SceneStopped })
	if i < 0 || !c.Hard() {
		return nil
	}
	var crew []string
	for _, t := range c.Tracks {
		for _, a := range t.Team {
			if !a.SceneAt.IsZero() && !slices.Contains(crew, string(a.Member)) {
				crew = append(crew, string(a.Member))
			}
		}
	}
	if len(crew) == 0 {
		return nil
	}
	return q.CareForMembers(ctx, db.CareForMembersParams{MemberIds: crew, Template: activities.MemberCare, At: events[i].At})
}

// countAcceptance counts the near officers asked and those who said yes, at the
// hour at which they were asked.
func countAcceptance(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	counts := map[db.CountAcceptanceParams]db.CountAcceptanceParams{} // by role, province, hour, day
	count := func(r casefile.Role, at time.Time, asked, accepted int32) {
		at = at.UTC()
		key := db.CountAcceptanceParams{
			Role: string(r), Province: c.Place.Province,
			Hour: int16(at.Hour()), Day: at.Truncate(24 * time.Hour), // #nosec G115 -- an hour of the day
			Asked: 0, Accepted: 0,
		}
		n := counts[key]
		n.Asked += asked
		n.Accepted += accepted
		counts[key] = n
	}
	for _, e := range events {
		switch e.Kind {
		case casefile.Offered:
			for _, a := range e.Asked {
				if a.Level == casefile.LevelNear {
					count(e.Role, e.At, 1, 0)
				}
			}
		case casefile.Accepted, casefile.CameLate:
			m := e.Member
			if m == "" {
				m = casefile.MemberID(e.By.ID)
			}
			if t, ok := c.TrackOf(m); ok {
				if o, asked := t.Offer(m); asked && o.Level == casefile.LevelNear {
					count(t.Role, o.At, 0, 1)
				}
			}
		}
	}
	keys := make([]db.CountAcceptanceParams, 0, len(counts))
	for k, n := range counts {
		k.Asked, k.Accepted = n.Asked, n.Accepted
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b db.CountAcceptanceParams) int { // one order for all, so that nobody deadlocks
		if c := strings.Compare(a.Role, b.Role); c != 0 {
			return c
		}
		return a.Day.Add(time.Duration(a.Hour) * time.Hour).Compare(b.Day.Add(time.Duration(b.Hour) * time.Hour))
	})
	for _, k := range keys {
		if err := q.CountAcceptance(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// Inbox returns what arrived for a case with numbers in (after, upTo], in order.
func (s *Store) Inbox(ctx context.Context, id casefile.CaseID, after, upTo int) ([]activities.Arrived, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []activities.Arrived
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.Inbox(ctx, db.InboxParams{CaseID: null(string(id)), After: int32(after), UpTo: int32(upTo)}) // #nosec G115 -- counts of messages
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			a := activities.Arrived{
				N: int(r.N), EventID: casefile.EventID(r.EventID), At: r.ReceivedAt, From: casefile.ReporterID(r.ReporterID),
			}
			if err := s.openJSON(r.SaidSealed, &a.In, "inbox", "said_sealed", r.EventID); err != nil {
				return err
			}
			if a.Desk, err = pressedBy(ctx, q, a.In); err != nil {
				return err
			}
			if a.In.Word == casefile.Pressed && a.In.By.Kind == casefile.ByMember {
				if a.KeptAway, err = q.KeptAway(ctx, db.KeptAwayParams{CaseID: string(id), MemberID: a.In.By.ID}); err != nil {
					return err
				}
			}
			out = append(out, a)
		}
		return nil
	})
	return out, err
}

// ofDesks are the buttons that count only from a duty desk. Whoever has seen one
// could press it.
var ofDesks = []casefile.Action{casefile.ActDeskTake, casefile.ActRadioSeen, casefile.ActCentreTake, casefile.ActTakeOver}

// pressedBy is the duty desk of the member who pressed a desk's button.
func pressedBy(ctx context.Context, q *db.Queries, in casefile.Incoming) (activities.Desk, error) {
	if in.Word != casefile.Pressed || in.By.Kind != casefile.ByMember {
		return activities.Desk{}, nil
	}
	if careAction(in.Action) { // staff of the office or the partner whose word is owed, desk or not
		unit, err := q.UnitOf(ctx, in.By.ID)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return activities.Desk{Unit: casefile.UnitID(unit)}, err
	}
	if !slices.Contains(ofDesks, in.Action) {
		return activities.Desk{}, nil
	}
	row, err := q.DeskOf(ctx, in.By.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return activities.Desk{}, nil
	}
	desk := activities.Desk{Level: casefile.Level(row.Level), Province: row.Province}
	if slices.Contains(national, desk.Level) { // wherever its office stands
		desk.Province = ""
	}
	return desk, err
}

// Speak puts one word of a case, or of the system, into the inbox of another
// case and returns its number there. The event ID makes a repeat harmless.
func (s *Store) Speak(ctx context.Context, to casefile.CaseID, eventID string, in casefile.Incoming) (int, error) {
	if !isUUID(string(to)) {
		return 0, casefile.ErrNotFound
	}
	n := 0
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		n, err = s.speak(ctx, q, to, eventID, in)
		return err
	})
	return n, err
}

func (s *Store) speak(ctx context.Context, q *db.Queries, to casefile.CaseID, eventID string, in casefile.Incoming) (int, error) {
	if _, err := q.LockCase(ctx, string(to)); err != nil {
		return 0, err
	}
	if was, err := q.InboxEvent(ctx, eventID); err == nil {
		return int(was.N), nil
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	said, err := s.sealJSON(in, "inbox", "said_sealed", eventID)
	if err != nil {
		return 0, err
	}
	n, err := q.NextNumber(ctx, string(to))
	if err != nil {
		return 0, err
	}
	return int(n), q.Store(ctx, db.StoreParams{
		EventID: eventID, ReporterID: nil, CaseID: null(string(to)), N: &n, Door: string(casefile.Answers),
		Word: string(in.Word), RawSealed: nil, SaidSealed: said, ReceivedAt: in.At,
	})
}

// isUUID guards queries against IDs that PostgreSQL would refuse with an error
// instead of not finding them.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, r := range id {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if r != '-' {
				return false
			}
		case !strings.ContainsRune("0123456789abcdef", r):
			return false
		}
	}
	return true
}
