package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// OpenCase is an open case as the reconciler compares it with its workflow.
type OpenCase struct {
	ID           casefile.CaseID
	State        casefile.State
	UpTo         int       // last inbox number given
	NextDeadline time.Time // case time
}

// lowestID is before every case ID.
const lowestID = "00000000-0000-0000-0000-000000000000"

// highestID is after every case ID.
const highestID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// OpenCases walks over the open cases in the order of their IDs, from the one
// after the given (empty: from the first), at most limit; of those in follow-up only
// the ones whose deadline passed longer ago than a grace of case time.
func (s *Store) OpenCases(ctx context.Context, after casefile.CaseID, limit int, grace time.Duration) ([]OpenCase, error) {
	if after == "" {
		after = lowestID
	}
	var out []OpenCase
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.OpenCases(ctx, db.OpenCasesParams{After: string(after), Forgotten: s.Now().Add(-grace), AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.OpenCasesRow) OpenCase {
			return OpenCase{casefile.CaseID(r.ID), casefile.State(r.State), int(r.InboxLast), r.NextDeadline}
		})
		return err
	})
	return out, err
}

// Filter chooses cases; empty fields choose all.
type Filter struct {
	State          casefile.State
	Province       string
	Type           casefile.IncidentType
	Severity       casefile.Severity
	Quiet          *bool
	OpenOnly       bool
	DeskOnly       bool      // a human of the desk is needed
	ReportedBefore time.Time // older than this, case time; zero: any age
}

// Cursor is a place in a list: after this case. The zero value is before the first.
type Cursor struct {
	ReportedAt time.Time
	ID         casefile.CaseID
}

// String is the cursor for a URL. Nothing personal is in it.
func (c Cursor) String() string {
	if c.ID == "" {
		return ""
	}
	return strconv.FormatInt(c.ReportedAt.UnixMicro(), 10) + "." + string(c.ID)
}

// ParseCursor reads what String wrote.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	micros, id, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(micros, 10, 64)
	if !ok || err != nil || !isUUID(id) {
		return Cursor{}, &casefile.InvalidError{Field: "cursor", Th: "ตำแหน่งในรายการไม่ถูกต้อง", En: "not a cursor of this list"}
	}
	return Cursor{time.UnixMicro(n).UTC(), casefile.CaseID(id)}, nil
}

// endOfTime is after every report.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Cases lists cases without what is personal, newest first, at most limit; next
// is where the list goes on, or the zero value at its end.
func (s *Store) Cases(ctx context.Context, f Filter, after Cursor, limit int) (cases []casefile.Case, next Cursor, err error) {
	p := db.CasesParams{
		State: null(string(f.State)), Province: null(f.Province), Type: null(string(f.Type)), Severity: null(string(f.Severity)),
		Quiet: f.Quiet, OpenOnly: f.OpenOnly, DeskOnly: f.DeskOnly, ReportedBefore: endOfTime,
		AfterAt: endOfTime, AfterID: highestID, AtMost: int32(limit), // #nosec G115 -- a page
	}
	if !f.ReportedBefore.IsZero() {
		p.ReportedBefore = f.ReportedBefore
	}
	if after.ID != "" {
		p.AfterAt, p.AfterID = after.ReportedAt, string(after.ID)
	}
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		docs, err := q.Cases(ctx, p)
		if err != nil {
			return err
		}
		cases, next = nil, Cursor{}
		for _, doc := range docs {
			c, err := s.readCase("", doc, nil)
			if err != nil {
				return err
			}
			cases = append(cases, c)
		}
		if len(cases) == limit && limit > 0 {
			last := cases[limit-1]
			next = Cursor{last.ReportedAt, last.ID}
		}
		return nil
	})
	return cases, next, err
}

// Timeline reads what happened to a case, in order, from the event after the
// given number, at most limit. What is personal is opened.
func (s *Store) Timeline(ctx context.Context, id casefile.CaseID, after, limit int) ([]casefile.Event, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []casefile.Event
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Timeline(ctx, db.TimelineParams{CaseID: string(id), After: int32(after), AtMost: int32(limit)}) // #nosec G115 -- a page
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			var e casefile.Event
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return fmt.Errorf("read event %d of case %s: %w", r.Seq, id, err)
			}
			if r.PrivateSealed != nil {
				if err := s.openJSON(r.PrivateSealed, &e.Private, "case_events", "private_sealed", r.EventID); err != nil {
					return err
				}
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// Wave is why each candidate of one OFFERED event was asked or not.
type Wave struct {
	Seq     int
	Role    casefile.Role
	Choices []dispatch.Choice
}

// Choices lists the waves of a case with their reasons.
func (s *Store) Choices(ctx context.Context, id casefile.CaseID) ([]Wave, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []Wave
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Choices(ctx, string(id))
		out = nil
		for _, r := range rows {
			role := casefile.Role(r.Role)
			if n := len(out); n == 0 || out[n-1].Seq != int(r.Seq) || out[n-1].Role != role {
				out = append(out, Wave{Seq: int(r.Seq), Role: role})
			}
			w := &out[len(out)-1]
			w.Choices = append(w.Choices, dispatch.Choice{
				Member: casefile.MemberID(r.MemberID), Metres: int(r.Metres), Chosen: r.Chosen, Why: r.Why, Minutes: int(r.Minutes),
			})
		}
		return err
	})
	return out, err
}

// Deliveries lists what the channel said to the messages of a case.
func (s *Store) Deliveries(ctx context.Context, id casefile.CaseID) ([]activities.Delivery, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []activities.Delivery
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Deliveries(ctx, string(id))
		out = column(rows, func(r db.DeliveriesRow) activities.Delivery {
			return activities.Delivery{
				Key: r.Key, Case: id, Seq: int(r.Seq), To: r.Recipient, Channel: casefile.Channel(r.Channel), Template: r.Template,
				Outcome: activities.Outcome(r.Outcome), Request: r.RequestID, At: r.At,
				DeliveredAt: zero(r.DeliveredAt), AnsweredAt: zero(r.AnsweredAt),
			}
		})
		return err
	})
	return out, err
}

// Wait is how long people waited from their report, in case time.
type Wait struct {
	Reports       int // that got so far
	P50, P90, P99 time.Duration
}

// Waits are the waits of the reports since an instant.
type Waits struct {
	Reports              int
	Sent, Acked, Arrived Wait
}

// Waits says how long people waited since an instant, in a province or (empty) in all.
func (s *Store) Waits(ctx context.Context, since time.Time, province string) (Waits, error) {
	var out Waits
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		r, err := q.Waits(ctx, db.WaitsParams{Since: since, Province: null(province)})
		out = Waits{
			Reports: int(r.Reports), Sent: wait(r.Sent, r.SentS), Acked: wait(r.Acked, r.AckedS), Arrived: wait(r.Arrived, r.ArrivedS),
		}
		return err
	})
	return out, err
}

func wait(n int32, seconds []float64) Wait {
	w := Wait{Reports: int(n)}
	for i, to := range []*time.Duration{&w.P50, &w.P90, &w.P99} {
		if i < len(seconds) {
			*to = time.Duration(seconds[i] * float64(time.Second))
		}
	}
	return w
}

// Mark is a place in the stream of changes: everything up to it has been read. It is
// opaque to readers, and what Last-Event-ID carries.
type Mark string

// Change is one event of one case, without what is personal.
type Change struct {
	Mark Mark
	Case casefile.CaseID
	Seq  int
	Kind casefile.Kind
	At   time.Time
	// Province and State are those of the case when it is read.
	Province string
	State    casefile.State
}

// Stream reads the changes after a place (empty: from the very first), at most
// limit. Nothing turns up later before what was read: changes are given out once
// every transaction older than theirs has ended, a moment after their commit.
func (s *Store) Stream(ctx context.Context, after Mark, limit int) ([]Change, error) {
	tx, pos, err := parseMark(after)
	if err != nil {
		return nil, err
	}
	var out []Change
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Stream(ctx, db.StreamParams{AfterTx: tx, AfterPos: pos, AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.StreamRow) Change {
			return Change{
				Mark: Mark(fmt.Sprintf("%d.%d", r.Tx, r.Pos)), Case: casefile.CaseID(r.CaseID), Seq: int(r.Seq),
				Kind: casefile.Kind(r.Kind), At: r.At, Province: r.Province, State: casefile.State(r.State),
			}
		})
		return err
	})
	return out, err
}

// StreamEnd is where the stream ends now, for a reader who wants only what comes.
func (s *Store) StreamEnd(ctx context.Context) (Mark, error) {
	var end Mark
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		tx, err := q.StreamEnd(ctx)
		end = Mark(tx + ".0")
		return err
	})
	return end, err
}

func parseMark(p Mark) (tx string, pos int64, err error) {
	if p == "" {
		return "0", 0, nil
	}
	tx, rest, ok := strings.Cut(string(p), ".")
	_, errTx := strconv.ParseUint(tx, 10, 63)
	n, errPos := strconv.ParseInt(rest, 10, 64)
	if !ok || errTx != nil || errPos != nil {
		return "", 0, &casefile.InvalidError{Field: "Last-Event-ID", Th: "ตำแหน่งในรายการไม่ถูกต้อง", En: "not a place in this stream"}
	}
	return tx, n, nil
}

// relisten is the wait after a lost listening connection.
const relisten = time.Second

// Listen returns a channel that gets a value some time after every change, one
// for many, until the context ends. A lost connection is made again, and counts
// as a change, for nobody knows what was missed.
func (s *Store) Listen(ctx context.Context) (<-chan struct{}, error) {
	conn, err := s.listen(ctx)
	if err != nil {
		return nil, err
	}
	changed := make(chan struct{}, 1)
	ring := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	go func() {
		defer close(changed)
		for {
			var err error
			if conn != nil {
				if _, err = conn.WaitForNotification(ctx); err == nil {
					ring()
					continue
				}
				_ = conn.Close(context.WithoutCancel(ctx))
			}
			if ctx.Err() != nil {
				return
			}
			slog.WarnContext(ctx, "listening to changes again", "error", domain(err))
			select {
			case <-ctx.Done():
				return
			case <-time.After(relisten):
			}
			if conn, err = s.listen(ctx); err == nil {
				ring()
			}
		}
	}()
	return changed, nil
}

// listen opens a connection of its own: a pool's may be taken away at any time.
func (s *Store) listen(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.Pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("listen to changes: %w", domain(err))
	}
	if _, err := conn.Exec(ctx, "LISTEN case_changed"); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("listen to changes: %w", domain(err))
	}
	return conn, nil
}
