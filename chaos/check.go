package main

import (
	"context"
	"crypto/sha1" // #nosec G505 -- version 5 of UUIDs is made of it
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/watch"
	"github.com/ess-thailand/ess/workflows"
)

// evidence is everything that a world left behind, read once: the database as
// its superuser sees it, what the phones and LINE know, what Temporal runs.
type evidence struct {
	at       time.Time // case time
	speed    float64
	rule     policy.WatchRule
	reports  []Report
	outages  []Outage
	webhooks []lineemu.Webhook
	accepted []lineemu.Accepted
	watchers int

	cases       []caseRow
	inbox       []inboxRow
	deliveries  []deliveryRow
	alarms      []alarmRow
	notices     []noticeRow
	field       map[casefile.MemberID]bool // members who are no duty desk
	desk        []casefile.MemberID        // of the national desk
	assignments []assignmentRow
	running     map[casefile.CaseID]bool
	spooled     int
	pending     int // photos and voices that are not fetched
	began       time.Time
}

type caseRow struct {
	ID           casefile.CaseID
	State        casefile.State
	InboxLast    int
	ReportedAt   time.Time
	AckedAt      *time.Time
	EndedAt      *time.Time
	NextDeadline *time.Time
	Doc          []byte

	doc    casefile.Case
	events []casefile.Event
}

type inboxRow struct {
	EventID string
	Case    casefile.CaseID
	N       int
	Door    casefile.Door
	Handed  bool
}

type deliveryRow struct {
	Key, Recipient, Outcome string
	Case                    casefile.CaseID
}

type alarmRow struct {
	ID       int64
	Kind     watch.Kind
	Subject  string
	RaisedAt time.Time // real time
	Rings    int
	Cleared  bool
}

type noticeRow struct {
	ID      int64
	Member  casefile.MemberID
	At      time.Time
	Outcome string
}

type assignmentRow struct {
	Case   casefile.CaseID
	Member casefile.MemberID
}

// invariant is something that holds after every scenario, whatever was broken
// in it. The names are those of the promises; docs/faults.md says them in words.
type invariant struct {
	name, says string
	check      func(e *evidence) []string
}

var invariants = []invariant{
	{"I1", "every report that was acknowledged has exactly one case, and every event that LINE was told we have is kept once", oneCase},
	{"I2", "no case without a report", noOrphans},
	{"I3", "every case came to a human within the bound: somebody was told, or the national desk was", somebodyTold},
	{"I4", "every open case has an owner or a live deadline, and only a human ended a case", owned},
	{"I5", "at most one assignment for each place in a crew, and nobody is on two cases", oneAssignment},
	{"I6", "nobody was sent the same message twice: every push has the retry key of one recorded message", noPushTwice},
	{"I9", "every open case has its running workflow", oneWorkflow},
	{"I11", "inbox, outbox and spool are empty", drained},
	{"I15", "every outage that lasted longer than three silences of the watcher has its alarm, and every alarm has ended", alarmed},
}

// Check looks at all invariants. It changes nothing.
func Check(ctx context.Context, w *World) []Violation {
	e, err := gather(ctx, w)
	if err != nil {
		return []Violation{{"evidence", "cannot be read: " + err.Error()}}
	}
	var out []Violation
	for _, i := range invariants {
		for _, what := range i.check(e) {
			out = append(out, Violation{i.name, what})
		}
	}
	return out
}

// gather reads the evidence, the database in one snapshot.
func gather(ctx context.Context, w *World) (*evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e := &evidence{
		at: w.Clock.Case(time.Now()), speed: w.Clock.Speed, reports: w.Ledger.Reports(), outages: w.Ledger.Outages(),
		webhooks: w.Platform.Webhooks(), accepted: w.Platform.Accepted(), spooled: w.spooled(), watchers: w.Setup.Watchers,
		began: w.started, field: map[casefile.MemberID]bool{}, running: map[casefile.CaseID]bool{},
	}
	p := policy.Default()
	if file := w.Env["ESS_POLICY"]; file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if p, err = policy.Parse(file, raw); err != nil {
			return nil, err
		}
	}
	e.rule = p.Watch
	conn, err := pgx.Connect(ctx, w.AdminURL())
	if err != nil {
		return nil, errors.New("the database does not answer") // never the driver's words: they hold the address
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return e.record(ctx, tx)
	}); err != nil {
		return nil, err
	}
	for _, c := range e.cases {
		if c.EndedAt != nil {
			continue
		}
		id := workflows.EmergencyID(c.ID)
		if c.State == casefile.FollowUp {
			id = workflows.FollowUpID(c.ID)
		}
		x, err := w.Temporal.DescribeWorkflowExecution(ctx, id, "")
		var none *serviceerror.NotFound
		if err != nil && !errors.As(err, &none) {
			return nil, fmt.Errorf("ask Temporal: %w", err)
		}
		e.running[c.ID] = err == nil && x.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return e, nil
}

// record reads the database.
func (e *evidence) record(ctx context.Context, tx pgx.Tx) error {
	var err error
	if e.cases, err = rows[caseRow](ctx, tx, `SELECT id::text, state, inbox_last, reported_at, acked_at, ended_at, next_deadline, doc FROM cases ORDER BY reported_at, id`); err != nil {
		return err
	}
	if e.inbox, err = rows[inboxRow](ctx, tx, `SELECT event_id, coalesce(case_id::text, ''), coalesce(n, 0), door, handed_at IS NOT NULL FROM inbox ORDER BY id`); err != nil {
		return err
	}
	if e.deliveries, err = rows[deliveryRow](ctx, tx, `SELECT key, recipient, outcome, case_id::text FROM deliveries`); err != nil {
		return err
	}
	if e.alarms, err = rows[alarmRow](ctx, tx, `SELECT id, kind, subject, raised_at, rings, cleared_at IS NOT NULL FROM alarms`); err != nil {
		return err
	}
	if e.notices, err = rows[noticeRow](ctx, tx, `SELECT id, member_id, at, coalesce(outcome, '') FROM duty_notices`); err != nil {
		return err
	}
	if e.assignments, err = rows[assignmentRow](ctx, tx, `SELECT case_id::text, member_id FROM assignments`); err != nil {
		return err
	}
	type member struct {
		ID    casefile.MemberID
		Level string
	}
	members, err := rows[member](ctx, tx, `SELECT id, level FROM members ORDER BY id`)
	if err != nil {
		return err
	}
	for _, m := range members {
		e.field[m.ID] = m.Level == ""
		if m.Level == string(casefile.LevelDesk) {
			e.desk = append(e.desk, m.ID)
		}
	}
	type event struct {
		Case casefile.CaseID
		Data []byte
	}
	events, err := rows[event](ctx, tx, `SELECT case_id::text, data::text::bytea FROM case_events ORDER BY case_id, seq`)
	if err != nil {
		return err
	}
	for i := range e.cases {
		c := &e.cases[i]
		if err := json.Unmarshal(c.Doc, &c.doc); err != nil {
			return fmt.Errorf("case %s: %w", c.ID, err)
		}
		for _, x := range events {
			if x.Case != c.ID {
				continue
			}
			var ev casefile.Event
			if err := json.Unmarshal(x.Data, &ev); err != nil {
				return fmt.Errorf("case %s: %w", c.ID, err)
			}
			c.events = append(c.events, ev)
		}
	}
	return tx.QueryRow(ctx, `SELECT count(*) FROM media WHERE state = 'PENDING'`).Scan(&e.pending)
}

func rows[T any](ctx context.Context, tx pgx.Tx, sql string) ([]T, error) {
	found, err := tx.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(r pgx.CollectableRow) (T, error) { return pgx.RowToStructByPos[T](r) })
}

// oneCase is I1.
func oneCase(e *evidence) []string {
	var wrong []string
	kept := map[string][]inboxRow{}
	opens := map[casefile.CaseID]int{}
	numbers := map[casefile.CaseID][]int{}
	for _, r := range e.inbox {
		kept[r.EventID] = append(kept[r.EventID], r)
		if r.Door == casefile.Opens {
			opens[r.Case]++
		}
		if r.Case != "" {
			numbers[r.Case] = append(numbers[r.Case], r.N)
		}
	}
	for _, r := range e.reports {
		rows := kept[r.Event]
		switch {
		case r.State == Acked && len(rows) == 0:
			wrong = append(wrong, fmt.Sprintf("report %d was acknowledged and is not there", r.N))
		case len(rows) > 1:
			wrong = append(wrong, fmt.Sprintf("report %d is there %d times", r.N, len(rows)))
		case len(rows) == 1 && rows[0].Case == "":
			wrong = append(wrong, fmt.Sprintf("report %d has no case", r.N))
		}
	}
	told := map[string]bool{}
	for _, hook := range e.webhooks {
		for _, id := range hook.EventIDs {
			switch {
			case hook.Kind == "forged" && len(kept[id]) > 0:
				wrong = append(wrong, "a forged event was taken in: "+id)
			case hook.Kind != "forged" && hook.Status == 200 && !told[id]:
				told[id] = true
				if n := len(kept[id]); n != 1 {
					wrong = append(wrong, fmt.Sprintf("event %s was answered 200 and is there %d times", id, n))
				}
			}
		}
	}
	for _, c := range e.cases {
		if opens[c.ID] > 1 {
			wrong = append(wrong, fmt.Sprintf("case %s was opened by %d reports", c.ID, opens[c.ID]))
		}
		slices.Sort(numbers[c.ID])
		for i, n := range numbers[c.ID] {
			if n != i+1 {
				wrong = append(wrong, fmt.Sprintf("case %s: its inbox has number %d where %d should be", c.ID, n, i+1))
				break
			}
		}
		if got := len(numbers[c.ID]); got != c.InboxLast {
			wrong = append(wrong, fmt.Sprintf("case %s gave %d inbox numbers and holds %d", c.ID, c.InboxLast, got))
		}
	}
	return wrong
}

// noOrphans is I2.
func noOrphans(e *evidence) []string {
	opened := map[casefile.CaseID]bool{}
	for _, r := range e.inbox {
		opened[r.Case] = opened[r.Case] || r.Door == casefile.Opens
	}
	var wrong []string
	for _, c := range e.cases {
		if !opened[c.ID] {
			wrong = append(wrong, fmt.Sprintf("case %s has no report", c.ID))
		}
	}
	return wrong
}

// humanWithin is the promise: a report rings the next human within so long, case time.
const humanWithin = 240 * time.Second

// somebodyTold is I3.
func somebodyTold(e *evidence) []string {
	told := map[casefile.CaseID]bool{}
	for _, d := range e.deliveries {
		if d.Outcome == "ACCEPTED" && d.Recipient != "reporter" {
			told[d.Case] = true
		}
	}
	for _, a := range e.alarms {
		if a.Rings > 0 && a.Subject != "" {
			told[casefile.CaseID(a.Subject)] = true
		}
	}
	for _, c := range e.cases { // one ring of the desk is for all taps that wait there
		for _, ev := range c.events {
			if ev.Kind == casefile.Escalated && ev.Reason == "BUNDLED" {
				told[c.ID] = true
			}
		}
	}
	var wrong []string
	for _, c := range e.cases {
		if !told[c.ID] && c.doc.Lead == "" && c.AckedAt == nil && e.at.Sub(c.ReportedAt) > humanWithin {
			wrong = append(wrong, fmt.Sprintf("case %s in %s: nobody was told in %s", c.ID, c.State, e.at.Sub(c.ReportedAt).Round(time.Second)))
		}
	}
	return wrong
}

// breath is what a machine needs to serve a deadline, however fast case time runs; real time.
const breath = 5 * time.Second

// owned is I4.
func owned(e *evidence) []string {
	grace := max(e.rule.Overdue.Duration, time.Duration(e.speed*float64(breath)))
	var wrong []string
	for _, c := range e.cases {
		var last casefile.Event
		for _, ev := range c.events {
			if ev.Kind == casefile.CaseClosed || ev.Kind == casefile.MarkedFalse {
				last = ev
			}
		}
		switch {
		case c.State.Ended() && !last.By.Human():
			wrong = append(wrong, fmt.Sprintf("case %s ended, and no human ended it", c.ID))
		case c.State.Ended():
		case c.State == casefile.FollowUp && c.doc.Owner == "":
			wrong = append(wrong, fmt.Sprintf("case %s is followed up by nobody", c.ID))
		case c.NextDeadline == nil:
			wrong = append(wrong, fmt.Sprintf("case %s in %s has no deadline", c.ID, c.State))
		case e.at.Sub(*c.NextDeadline) > grace:
			wrong = append(wrong, fmt.Sprintf("case %s in %s: nobody served its deadline for %s", c.ID, c.State, e.at.Sub(*c.NextDeadline).Round(time.Second)))
		}
	}
	return wrong
}

// crew is what the events of a case say of one role, without the law's help.
type crew struct {
	needed int
	on     []casefile.MemberID
}

// oneAssignment is I5: it counts the events again, and compares them with the
// record and with the guard of the database.
func oneAssignment(e *evidence) []string {
	var wrong []string
	on := map[casefile.MemberID]casefile.CaseID{} // field members who are under way to a dangerous scene
	for _, c := range e.cases {
		crews, found := count(c)
		wrong = append(wrong, found...)
		for role, crew := range crews {
			t, _ := c.doc.Track(role)
			var recorded []casefile.MemberID
			for _, a := range t.Team {
				if a.Active() {
					recorded = append(recorded, a.Member)
				}
			}
			if slices.Sort(recorded); !slices.Equal(recorded, slices.Sorted(slices.Values(crew.on))) {
				wrong = append(wrong, fmt.Sprintf("case %s, %s: the events say that %d are on it, the record says %d", c.ID, role, len(crew.on), len(recorded)))
			}
			for _, m := range crew.on {
				if !e.field[m] || !c.State.BeforeControl() {
					continue
				}
				if other, twice := on[m]; twice && other != c.ID {
					wrong = append(wrong, fmt.Sprintf("member %s is on cases %s and %s", m, other, c.ID))
				}
				on[m] = c.ID
			}
		}
	}
	held := map[casefile.MemberID]int{}
	for _, a := range e.assignments {
		if held[a.Member]++; held[a.Member] == 2 {
			wrong = append(wrong, fmt.Sprintf("member %s is assigned twice", a.Member))
		}
		if on[a.Member] != a.Case {
			wrong = append(wrong, fmt.Sprintf("member %s is held for case %s and not on it", a.Member, a.Case))
		}
	}
	for m, id := range on {
		if held[m] == 0 {
			wrong = append(wrong, fmt.Sprintf("member %s is on case %s and free for the next", m, id))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// count follows who came and went on a case.
func count(c caseRow) (map[casefile.Role]*crew, []string) {
	var wrong []string
	crews := map[casefile.Role]*crew{}
	roleOf := func(m casefile.MemberID) casefile.Role {
		for _, t := range c.doc.Tracks {
			for _, a := range t.Team {
				if a.Member == m {
					return t.Role
				}
			}
		}
		t, _ := c.doc.TrackOf(m)
		return t.Role
	}
	of := func(r casefile.Role) *crew {
		if crews[r] == nil {
			crews[r] = &crew{}
		}
		return crews[r]
	}
	for _, ev := range c.events {
		m := ev.Member
		if m == "" && ev.By.Kind == casefile.ByMember {
			m = casefile.MemberID(ev.By.ID)
		}
		switch ev.Kind {
		case casefile.RoleAdded:
			k := of(ev.Role)
			k.needed = max(k.needed, ev.Crew)
		case casefile.ChildSet:
			k := of(casefile.ChildWorker)
			k.needed = max(k.needed, ev.Crew, 1)
		case casefile.SearchReopened: // another one beside the first, who is kept
			if k := of(or(ev.Role, casefile.Police)); slices.Contains(k.on, ev.Member) {
				k.needed++
			}
		case casefile.Accepted:
			k := of(or(ev.Role, roleOf(m)))
			if slices.Contains(k.on, m) {
				wrong = append(wrong, fmt.Sprintf("case %s: member %s accepted twice", c.ID, m))
			} else if k.on = append(k.on, m); len(k.on) > k.needed {
				wrong = append(wrong, fmt.Sprintf("case %s: %d accepted for a crew of %d", c.ID, len(k.on), k.needed))
			}
		case casefile.Released:
			k := of(or(ev.Role, roleOf(m)))
			k.on = slices.DeleteFunc(k.on, func(x casefile.MemberID) bool { return x == m })
		case casefile.Joined, casefile.CaseReopened:
			for _, k := range crews {
				k.on = nil
			}
		}
	}
	return crews, wrong
}

func or[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

// keySpace is the name space of our retry keys. It is written down a second
// time here: a check that asked the product for it would believe anything.
var keySpace = [16]byte{0x6f, 0x0b, 0x7c, 0x1e, 0x6a, 0x53, 0x4b, 0x0e, 0x9b, 0x67, 0x0b, 0x9d, 0x0d, 0x6a, 0x4c, 0x11}

// retryKey is a UUID of version 5.
func retryKey(key string) string {
	h := sha1.New() // #nosec G401 -- an ID, no secret
	h.Write(keySpace[:])
	h.Write([]byte(key))
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// noPushTwice is I6. A message has one key, and the key one retry key: a push
// whose retry key belongs to no message that is recorded was said under a key
// of its own, and nothing would have stopped it the second time.
func noPushTwice(e *evidence) []string {
	known := map[string]bool{}
	know := func(key string, parts ...any) { known[retryKey(fmt.Sprintf(key, parts...))] = true }
	for _, d := range e.deliveries {
		know("%s", d.Key)
	}
	for _, n := range e.notices {
		know("duty/%d/%s/%d", n.ID, n.Member, n.At.Unix())
	}
	for _, m := range e.desk {
		for _, a := range e.alarms {
			for ring := range a.Rings + 2 { // one that reached somebody and was not noted, too
				know("watch/%d/%d/%s", a.ID, ring, m)
			}
			know("watch/%d/over/%s", a.ID, m)
		}
		every := int64(e.rule.Repeat.Seconds())
		for bucket := e.began.Unix()/every - 1; bucket <= time.Now().Unix()/every; bucket++ {
			know("watch/database/%d/%s", bucket, m)
		}
	}
	var wrong []string
	times := map[string]int{}
	for _, a := range e.accepted {
		if a.Endpoint == "reply" { // a reply token works once
			continue
		}
		times[a.RetryKey]++
		switch {
		case a.RetryKey == "":
			wrong = append(wrong, fmt.Sprintf("%s %s has no retry key", a.Endpoint, a.RequestID))
		case times[a.RetryKey] == 2:
			wrong = append(wrong, fmt.Sprintf("retry key %s was accepted twice", a.RetryKey))
		case !known[a.RetryKey]:
			wrong = append(wrong, fmt.Sprintf("%s %s has a retry key of no recorded message", a.Endpoint, a.RequestID))
		}
	}
	return wrong
}

// oneWorkflow is I9.
func oneWorkflow(e *evidence) []string {
	var wrong []string
	for _, c := range e.cases {
		if c.EndedAt == nil && !e.running[c.ID] {
			wrong = append(wrong, fmt.Sprintf("case %s in %s has no running workflow", c.ID, c.State))
		}
	}
	return wrong
}

// drained is I11.
func drained(e *evidence) []string {
	var wrong []string
	said := map[string]bool{}
	for _, d := range e.deliveries {
		said[string(d.Case)+" "+d.Recipient] = true
	}
	for _, r := range e.inbox {
		if r.Case != "" && !r.Handed {
			wrong = append(wrong, fmt.Sprintf("case %s: number %d of its inbox was not handed over", r.Case, r.N))
		}
	}
	for _, c := range e.cases {
		if c.doc.Inbox != c.InboxLast {
			wrong = append(wrong, fmt.Sprintf("case %s has heard %d of %d", c.ID, c.doc.Inbox, c.InboxLast))
		}
		for _, ev := range c.events {
			for _, a := range ev.Asked {
				if ev.Kind == casefile.Offered && !said[string(c.ID)+" member:"+string(a.Member)] {
					wrong = append(wrong, fmt.Sprintf("case %s: member %s was chosen and nothing became of the message", c.ID, a.Member))
				}
			}
		}
	}
	for _, n := range e.notices {
		if n.Outcome == "" {
			wrong = append(wrong, fmt.Sprintf("notice of duty %d was not told", n.ID))
		}
	}
	if e.spooled > 0 {
		wrong = append(wrong, fmt.Sprintf("%d webhooks wait in the spool", e.spooled))
	}
	if e.pending > 0 {
		wrong = append(wrong, fmt.Sprintf("%d photos or voices are not fetched", e.pending))
	}
	return wrong
}

// alarmsOf are the alarms that say that a part or a link is away; any of them will do.
var alarmsOf = map[string][]watch.Kind{
	"api": {watch.APISilent}, "worker": {watch.WorkerSilent}, "temporal": {watch.TemporalSilent}, "database": {watch.DatabaseAway},
	"line": {watch.LINESilent}, "watch-line": {watch.LINESilent}, "watch": {watch.WatchSilent},
	"api-database": {watch.APISilent}, "worker-database": {watch.WorkerSilent}, "watch-database": {watch.DatabaseAway},
	"api-temporal":    {watch.InboxWaiting, watch.TemporalSilent},
	"worker-temporal": {watch.CaseOverdue, watch.CaseUnacknowledged, watch.WorkerSilent},
	"worker-line":     {watch.MessagesStuck, watch.LINESilent},
	// The other watcher rings.
	"watch2-database, one of several": {watch.WatchSilent},
}

// silences is how many silences of the watcher an outage may last without an
// alarm: 90 s with the numbers of the policy.
const silences = 3

// alarmed is I15.
func alarmed(e *evidence) []string {
	var wrong []string
	for _, o := range e.outages {
		to := o.To
		if to.IsZero() {
			to = time.Now()
		}
		span := to.Sub(o.From)
		if span <= silences*e.rule.Silent.Duration || o.What == slow || o.Part == "watch" && e.watchers < 2 { // nobody is left to ring
			continue
		}
		kinds, known := alarmsOf[o.Part]
		if !known {
			wrong = append(wrong, fmt.Sprintf("nobody knows which alarm tells of %s", o.Part))
			continue
		}
		if !slices.ContainsFunc(e.alarms, func(a alarmRow) bool {
			rung := a.Rings > 0 || a.Kind == watch.LINESilent || a.Kind == watch.MessagesStuck // what is away cannot ring
			return rung && slices.Contains(kinds, a.Kind) && !a.RaisedAt.Before(o.From) && !a.RaisedAt.After(to)
		}) {
			wrong = append(wrong, fmt.Sprintf("%s was away for %s and no alarm of %v rang", o.Part, span.Round(time.Second), kinds))
		}
	}
	for _, a := range e.alarms {
		if !a.Cleared {
			wrong = append(wrong, fmt.Sprintf("alarm %s has not ended", a.Kind.Runbook()))
		}
	}
	return wrong
}
