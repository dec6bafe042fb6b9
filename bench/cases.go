package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

const (
	slots    = 64                     // cases under way at once: both sides fill the machine
	thinks   = 500 * time.Millisecond // between what a phone hears and what it presses
	rampFor  = 12 * time.Second       // until as many cases end as begin
	countFor = 25 * time.Second       // then it counts; each side twice
	lookedAt = 10                     // histories of each side that are looked at
	statsLag = 11 * time.Second       // until an idle PostgreSQL backend has told its counts
)

// work is what a case costs, on average.
type work struct {
	events, tasks, signals, locals, ordinary float64
	rows, statements, pushes                 float64
}

// wholeCases is figure (b): complete emergencies a second, closed loop, the
// floor beside it doing as much work without a rule.
func wholeCases(ctx context.Context, stack *local.Stack, o *installation, r *report) (err error) {
	admin, err := pgx.Connect(ctx, stack.Postgres.AdminURL("postgres"))
	if err != nil {
		return err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	if _, err := admin.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return err
	}
	var lived []casefile.CaseID
	var mu sync.Mutex
	ours := side{run: func(ctx context.Context, slot int) error {
		return o.live(ctx, o.towns[slot], func(id casefile.CaseID, chapter string) error {
			if strings.HasPrefix(chapter, "the office takes") {
				mu.Lock()
				lived = append(lived, id)
				mu.Unlock()
			}
			return nil
		})
	}}
	before, err := counted(ctx, admin, o.Name, o.Platform)
	if err != nil {
		return err
	}
	if err := ours.phase(ctx); err != nil {
		return err
	}
	time.Sleep(statsLag)
	after, err := counted(ctx, admin, o.Name, o.Platform)
	if err != nil {
		return err
	}
	mine, err := worked(ctx, o.temporal, workflowIDs(lived))
	if err != nil {
		return err
	}
	mine.per(before, after, len(lived))

	s := shape{
		Messages: round(mine.signals), Locals: round(mine.locals), Tells: round(mine.ordinary),
		Rows: round(mine.rows), Pushes: round(mine.pushes), AtDoor: true,
	}
	f, err := floorOf(ctx, stack, o.System, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	var phones []*lineemu.Phone
	for range slots {
		ph, err := o.Platform.AddUser(lineemu.User{Name: "floor", Friend: true})
		if err != nil {
			return err
		}
		phones = append(phones, ph)
	}
	var floorIDs []string
	floor := side{run: func(ctx context.Context, slot int) error {
		id := uuid.NewString()
		if err := floorLives(ctx, f, s, id, phones[slot]); err != nil {
			return err
		}
		mu.Lock()
		floorIDs = append(floorIDs, "floor/"+id)
		mu.Unlock()
		return nil
	}}
	before, err = counted(ctx, admin, o.Name+"_floor", o.Platform)
	if err != nil {
		return err
	}
	if err := floor.phase(ctx); err != nil {
		return err
	}
	time.Sleep(statsLag)
	after, err = counted(ctx, admin, o.Name+"_floor", o.Platform)
	if err != nil {
		return err
	}
	c, err := client.Dial(client.Options{HostPort: stack.Address, Namespace: o.Name + "_floor", Logger: mute{}})
	if err != nil {
		return err
	}
	defer c.Close()
	theirs, err := worked(ctx, c, floorIDs)
	if err != nil {
		return err
	}
	theirs.per(before, after, len(floorIDs))
	for _, one := range []*side{&ours, &floor} {
		if err := one.phase(ctx); err != nil {
			return err
		}
	}
	r.cases(ours, floor, mine, theirs)
	return nil
}

func round(x float64) int { return int(x + 0.5) }

func workflowIDs(ids []casefile.CaseID) []string {
	var out []string
	for _, id := range ids {
		out = append(out, workflows.EmergencyID(id))
	}
	return out
}

// side is ours or the floor.
type side struct {
	run  func(ctx context.Context, slot int) error
	done int // cases that ended while it counted
	took time.Duration
	cpu  map[string]time.Duration
}

// phase lives cases in every slot, one after another. It counts once the ramp is
// over, when as many cases end as begin, and lets the last ones end.
func (s *side) phase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rampFor+countFor+2*time.Minute)
	defer cancel()
	var group sync.WaitGroup
	var ended atomic.Int64
	failed := make(chan error, slots)
	var over atomic.Bool
	for slot := range slots {
		group.Go(func() {
			for !over.Load() {
				if err := s.run(ctx, slot); err != nil {
					failed <- err
					over.Store(true)
					return
				}
				ended.Add(1)
			}
		})
	}
	time.Sleep(rampFor)
	before, first, begin := cpu(), ended.Load(), time.Now()
	for time.Since(begin) < countFor && !over.Load() {
		time.Sleep(100 * time.Millisecond)
	}
	s.done, s.took = s.done+int(ended.Load()-first), s.took+time.Since(begin)
	if s.cpu == nil {
		s.cpu = map[string]time.Duration{}
	}
	for name, used := range usedSince(before) {
		s.cpu[name] += used
	}
	over.Store(true)
	group.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (s *side) rate() float64 { return float64(s.done) / s.took.Seconds() }

// floorLives sends the messages of one case of the floor; each is answered by
// the pushes that belong to it before the next one goes.
func floorLives(ctx context.Context, f *floorProcess, s shape, id string, ph *lineemu.Phone) error {
	tells, pushes := 0, 0
	for i := range s.Messages {
		mark := ph.Mark()
		if i > 0 {
			time.Sleep(thinks)
		}
		if err := f.say(ctx, said{Case: id, N: i, To: ph.ID()}); err != nil {
			return err
		}
		tells += s.share(s.Tells, i)
		wanted := tells*s.Pushes/s.Tells - pushes
		pushes += wanted
		for range wanted {
			item, err := ph.WaitSince(ctx, mark, func(x lineemu.Item) bool { return x.Incoming })
			if err != nil {
				return fmt.Errorf("the floor is silent after message %d: %w", i, err)
			}
			mark = item.Seq
		}
	}
	return nil
}

// counts are read from PostgreSQL and from the phones' side.
type totals struct{ rows, statements, pushes int64 }

func counted(ctx context.Context, admin *pgx.Conn, database string, p *lineemu.Platform) (totals, error) {
	var c totals
	if err := admin.QueryRow(ctx, `SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = $1`, database).Scan(&c.rows); err != nil {
		return c, err
	}
	err := admin.QueryRow(ctx, `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1`,
		database).Scan(&c.statements)
	c.pushes = int64(len(p.Accepted()))
	return c, err
}

func (w *work) per(before, after totals, cases int) {
	n := float64(cases)
	w.rows = float64(after.rows-before.rows) / n
	w.statements = float64(after.statements-before.statements) / n
	w.pushes = float64(after.pushes-before.pushes) / n
}

// worked counts what some histories are made of.
func worked(ctx context.Context, c client.Client, ids []string) (work, error) {
	var w work
	ids = ids[:min(lookedAt, len(ids))]
	if len(ids) == 0 {
		return w, errors.New("no case was lived through: nothing to count")
	}
	n := float64(len(ids))
	for _, id := range ids {
		events, err := local.History(ctx, c, id)
		if err != nil {
			return w, err
		}
		for _, e := range events {
			w.events += 1 / n
			switch e.EventType {
			case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
				w.tasks += 1 / n
			case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
				w.signals += 1 / n
			case enums.EVENT_TYPE_MARKER_RECORDED:
				w.locals += 1 / n
			case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				w.ordinary += 1 / n
			}
		}
	}
	return w, nil
}

// cores is how many processors a side kept busy.
func cores(s side) float64 {
	var used time.Duration
	for _, x := range s.cpu {
		used += x
	}
	return used.Seconds() / s.took.Seconds()
}

// cases writes down figure (b).
func (r *report) cases(ours, floor side, mine, theirs work) {
	t := table{title: "(b) Complete emergencies a second: report to accepted hand-over, two roles", head: []string{"", "ours", "floor", "ours ÷ floor"}}
	row := func(what string, a, b float64, digits int) {
		ratio := "–"
		if b > 0 {
			ratio = fmt.Sprintf("%.2f", a/b)
		}
		t.rows = append(t.rows, []string{what, strconv.FormatFloat(a, 'f', digits, 64), strconv.FormatFloat(b, 'f', digits, 64), ratio})
	}
	row("cases a second", ours.rate(), floor.rate(), 1)
	row("cases counted", float64(ours.done), float64(floor.done), 0)
	names := map[string]bool{}
	var sumOurs, sumFloor time.Duration
	for _, s := range []side{ours, floor} {
		for name := range s.cpu {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, b := ours.cpu[name]/time.Duration(max(1, ours.done)), floor.cpu[name]/time.Duration(max(1, floor.done))
		sumOurs, sumFloor = sumOurs+a, sumFloor+b
		if a+b >= time.Millisecond/2 {
			row("CPU ms a case: "+name, float64(a)/1e6, float64(b)/1e6, 1)
		}
	}
	row("CPU ms a case: all", float64(sumOurs)/1e6, float64(sumFloor)/1e6, 1)
	row("messages that arrive", mine.signals, theirs.signals, 1)
	row("workflow tasks", mine.tasks, theirs.tasks, 1)
	row("local activities", mine.locals, theirs.locals, 1)
	row("ordinary activities", mine.ordinary, theirs.ordinary, 1)
	row("events of history", mine.events, theirs.events, 1)
	row("rows written", mine.rows, theirs.rows, 1)
	row("SQL statements", mine.statements, theirs.statements, 1)
	row("messages that leave", mine.pushes, theirs.pushes, 1)
	row("cores in use", cores(ours), cores(floor), 2)
	t.note("Closed loop, %d cases at once, virtual phones that think for %s; two phases of %s for each side, in turn, on the same servers, after a ramp of %s.",
		slots, thinks, countFor, rampFor)
	t.note("The floor is shaped after our own histories (%d of them) and counts: as many messages, local and ordinary activities, rows and pushes; "+
		"its workflow tasks follow from these. It has no timers, no search attributes, no encryption, no rule, and reads nothing.", lookedAt)
	t.note("`api` and `worker` are ours, `floor` is the floor's one process; `phones and LINE` is the load itself and the emulator, which checks our Flex messages and the floor's short texts.")
	r.tables = append(r.tables, t)
	r.targetAtLeast("(b) complete emergencies a second ÷ floor", ours.rate()/floor.rate(), 0.6)
}
