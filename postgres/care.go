package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// keepCare writes what a follow-up owes beside its case, in the same transaction.
func keepCare(ctx context.Context, q *db.Queries, after casefile.Case, events []casefile.Event) error {
	if after.Care == nil {
		return nil
	}
	var ended *time.Time
	if after.State != casefile.FollowUp {
		ended = &events[len(events)-1].At
	}
	c := after.Care
	if err := q.KeepCare(ctx, db.KeepCareParams{
		CaseID: string(after.ID), Owner: string(after.Owner), Manager: string(c.Manager), Problem: string(c.Problem), Risk: string(c.Risk),
		Plan: string(c.Plan), Province: after.Place.Province, BeganAt: began(after), EndedAt: ended,
	}); err != nil {
		return err
	}
	p := db.KeepObligationsParams{CaseID: string(after.ID), Province: after.Place.Province}
	for _, o := range c.Owed {
		if !touched(o, after, events) {
			continue
		}
		p.Ids = append(p.Ids, int32(o.ID)) // #nosec G115 -- a count of obligations
		p.Kinds = append(p.Kinds, string(o.Kind))
		p.Codes = append(p.Codes, o.Code)
		p.MemberIds = append(p.MemberIds, string(c.Responsible(o)))
		p.UnitIds = append(p.UnitIds, string(cmp.Or(o.Unit, after.Owner)))
		p.States = append(p.States, string(o.State))
		p.Sinces = append(p.Sinces, o.Since)
		p.DueAts = append(p.DueAts, o.DueAt)
		p.Calls = append(p.Calls, int32(o.Calls)) // #nosec G115 -- a count of calls
		p.SettledAts = append(p.SettledAts, o.SettleAt)
		p.Reasons = append(p.Reasons, o.Reason)
	}
	if len(p.Ids) == 0 {
		return nil
	}
	return q.KeepObligations(ctx, p)
}

func began(c casefile.Case) time.Time {
	if c.Care.BeganAt.IsZero() {
		return c.ReportedAt
	}
	return c.Care.BeganAt
}

// touched reports whether an obligation may have been changed by the events.
func touched(o casefile.Obligation, after casefile.Case, events []casefile.Event) bool {
	return slices.ContainsFunc(events, func(e casefile.Event) bool {
		switch e.Kind {
		case casefile.ManagerSet, casefile.OfficeAnswered, casefile.CareReopened, casefile.HandoverAccepted, casefile.CareBegan,
			casefile.Excluded, casefile.Released: // who owes the open ones may be another
			return true
		}
		return e.Care != nil && e.Care.Obligation == o.ID || o.Since.Equal(e.At) || o.SettleAt.Equal(e.At)
	}) || after.State != casefile.FollowUp
}

// Office finds who is called in a unit about a case. Who must not hear of it is left out.
func (s *Store) Office(ctx context.Context, unit casefile.UnitID, about casefile.CaseID) (activities.Office, error) {
	var o activities.Office
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.OfficeMembers(ctx, db.OfficeMembersParams{UnitID: string(unit), CaseID: string(about)})
		o = activities.Office{}
		for _, r := range rows {
			if r.Level != "" {
				o.Desks = append(o.Desks, casefile.MemberID(r.ID))
			}
			if r.Class == string(casefile.Supervisor) {
				o.Supervisors = append(o.Supervisors, casefile.MemberID(r.ID))
			}
		}
		return err
	})
	return o, err
}

// InFollowUp reports whether a case stands in follow-up.
func (s *Store) InFollowUp(ctx context.Context, id casefile.CaseID) (bool, error) {
	if !isUUID(string(id)) {
		return false, casefile.ErrNotFound
	}
	state := ""
	err := s.once(ctx, func(q *db.Queries) error {
		var err error
		state, err = q.StateOf(ctx, string(id))
		return err
	})
	return state == string(casefile.FollowUp), err
}

// caseSpace keeps the IDs of cases that an office opened apart from all other UUIDs.
var caseSpace = uuid.MustParse("c0333a2d-0000-4000-8000-0000000ca5e5")

// OpenFollowUp begins a case that an office opened by itself and returns its ID
// and the number of its first word. A repeat of the event returns the same: the ID
// follows from a keyed hash of the event, which tells nothing by itself.
func (s *Store) OpenFollowUp(ctx context.Context, o casefile.Opening) (casefile.CaseID, int, error) {
	if o.Event == "" || o.Office == "" || !slices.Contains(casefile.Problems, o.Problem) {
		return "", 0, &casefile.InvalidError{Field: "problem", Th: "ต้องระบุหน่วยงานและประเภทปัญหา", En: "say the office and the kind of hardship"}
	}
	id := casefile.CaseID(uuid.NewSHA1(caseSpace, []byte(s.Sealer.Blind("opening", string(o.Event)))).String())
	a := Arrival{
		EventID: "opening:" + o.Event, Channel: casefile.ChannelREST, UserID: "office:" + string(o.Office), At: o.At,
		In: casefile.Incoming{Word: casefile.OpenedByUs, At: o.At, By: o.By, Channel: casefile.ChannelREST, Opening: &o},
	}
	n := 0
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.UnitLive(ctx, string(o.Office)); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				return &casefile.InvalidError{Field: "office", Th: "ไม่มีหน่วยงานนี้ หรือปิดแล้ว", En: "no such office, or it is closed"}
			}
			return err
		}
		threads, err := s.lockThreads(ctx, q, []Arrival{a})
		if err != nil {
			return err
		}
		t := threads[s.thread(a)]
		r, seen, err := s.seen(ctx, q, a, t)
		if err != nil {
			return err
		}
		if seen {
			n = r.N
			return nil
		}
		c := casefile.Case{
			ID: id, State: casefile.FollowUp, SinceAt: o.At, Severity: cmp.Or(o.Severity, casefile.High), Channel: casefile.ChannelREST,
			Reporter: t.reporter, Language: t.language, ReportedAt: o.At, Owner: o.Office, Place: o.Place, Child: o.Child,
			Clocks: []casefile.Deadline{{Clock: casefile.ClockState, At: o.At.Add(s.PinWait)}},
		}
		doc, err := document(c)
		if err != nil {
			return fmt.Errorf("open a case: %w", err)
		}
		if err := q.OpenCase(ctx, db.OpenCaseParams{
			ID: string(id), State: string(c.State), Type: "", Severity: string(c.Severity), Channel: string(c.Channel), ReporterID: string(c.Reporter),
			Quiet: false, ReportedAt: c.ReportedAt, NextDeadline: &c.Clocks[0].At, Doc: doc,
		}); err != nil {
			return err
		}
		r.Door, r.Case = casefile.Opens, id
		n, err = s.store(ctx, q, a, r)
		return err
	})
	return id, n, err
}

// careAction reports whether a button is about something that is owed.
func careAction(a casefile.Action) bool { return strings.HasPrefix(string(a), "care_") }
