package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

const (
	// Between the tap and the pin, drawn evenly for each report: people are not in
	// step, and a whole number of intervals would put every pin on another's tap.
	tapAheadLeast, tapAheadMost = 1500 * time.Millisecond, 2500 * time.Millisecond

	alertWait = 20 * time.Second // for the last alert of a block
)

// firstAlert is figure (a) at one rate: so many reports in each of some blocks,
// the floor's and ours in turn, open loop.
func firstAlert(ctx context.Context, stack *local.Stack, dir string, rate, blocks, each int, t, where *table, r *report) (err error) {
	name := "bench_alert_" + strconv.Itoa(rate)
	o, err := install(ctx, stack, dir, name, 1, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	phone, err := o.Platform.AddUser(lineemu.User{Name: "floor", Friend: true})
	if err != nil {
		return err
	}
	f, err := floorOf(ctx, stack, o.System, shape{Messages: 1, Locals: 1, Tells: 1, Rows: 1, Pushes: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	for range 5 { // both are warm before the first block
		if err := f.say(ctx, said{Case: uuid.NewString(), To: phone.ID()}); err != nil {
			return err
		}
		if err := o.warm(ctx); err != nil {
			return err
		}
	}
	var ours, floor []alert
	for range blocks {
		list, err := floorAlerts(ctx, o.Platform, f, rate, each)
		if err != nil {
			return err
		}
		floor = append(floor, list...)
		if list, err = o.alerts(ctx, rate, each); err != nil {
			return err
		}
		ours = append(ours, list...)
	}
	c, err := client.Dial(client.Options{HostPort: stack.Address, Namespace: name + "_floor", Logger: mute{}})
	if err != nil {
		return err
	}
	defer c.Close()
	mine, err := stages(ctx, o.temporal, ours)
	if err != nil {
		return err
	}
	theirs, err := stages(ctx, c, floor)
	if err != nil {
		return err
	}
	for i, stage := range stageNames {
		where.rows = append(where.rows, []string{
			fmt.Sprintf("%d a second: %s", rate, stage), milliseconds(mine[i].p(50)), milliseconds(theirs[i].p(50)),
		})
	}
	r.alerts(rate, took(ours), took(floor), t)
	return nil
}

// alerts writes down figure (a) at one rate.
func (r *report) alerts(rate int, ours, floor durations, t *table) {
	ratio := ours.p(50).Seconds() / floor.p(50).Seconds()
	t.rows = append(t.rows, []string{
		fmt.Sprintf("%d a second", rate), strconv.Itoa(len(ours)), ours.String(), floor.String(),
		fmt.Sprintf("%.2f", ratio), fmt.Sprintf("%.2f", ours.p(99).Seconds()/ours.p(50).Seconds()),
	})
	r.target(fmt.Sprintf("(a) first alert at %d/s, p50 ÷ floor's p50", rate), ratio, 1.6)
	r.target(fmt.Sprintf("(a) first alert at %d/s, our p99 ÷ our p50", rate), ours.p(99).Seconds()/ours.p(50).Seconds(), 5)
}

// alert is a report and its first alert.
type alert struct {
	workflow         string
	posted, accepted time.Time
}

func took(list []alert) (d durations) {
	for _, a := range list {
		d = append(d, a.accepted.Sub(a.posted))
	}
	return d
}

// stageNames are the stretches of an alert's way that a history shows.
var stageNames = []string{
	"from the webhook to the signal", "until a worker has the task", "the task: local activities and decisions",
	"until a worker has the message", "until LINE has accepted it",
}

// stages splits the way of alerts, after the last signal of each history.
func stages(ctx context.Context, c client.Client, list []alert) ([]durations, error) {
	out := make([]durations, len(stageNames))
	for _, a := range list {
		events, err := local.History(ctx, c, a.workflow)
		if err != nil {
			return nil, err
		}
		var signalled, started, completed, sent time.Time
		var task, message int64
		for _, e := range events {
			at := e.EventTime.AsTime()
			switch e.EventType {
			case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
				signalled, started, completed, sent, task, message = at, time.Time{}, time.Time{}, time.Time{}, 0, 0
			case enums.EVENT_TYPE_WORKFLOW_TASK_STARTED:
				if started.IsZero() {
					started = at
				}
			case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
				if completed.IsZero() {
					completed, task = at, e.EventId
				}
			case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				if e.GetActivityTaskScheduledEventAttributes().WorkflowTaskCompletedEventId == task {
					message = e.EventId // the last of the task: the offers
				}
			case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
				if e.GetActivityTaskStartedEventAttributes().ScheduledEventId == message {
					sent = at
				}
			}
		}
		if sent.IsZero() {
			continue // more than one task lay between: its stretches cannot be told apart
		}
		for i, d := range []time.Duration{
			signalled.Sub(a.posted), started.Sub(signalled), completed.Sub(started), sent.Sub(completed), a.accepted.Sub(sent),
		} {
			out[i] = append(out[i], d)
		}
	}
	return out, nil
}

func stageTable() table {
	t := table{title: "(a) Where the time goes, p50", head: []string{"", "ours", "floor"}}
	t.note("From the times of the events in the histories; stretches of one report, so their percentiles do not add up.")
	return t
}

func alertTable() table {
	t := table{
		title: "(a) From the webhook that carries the pin to the first alert that LINE has accepted",
		head:  []string{"reports", "each side", "ours p50 / p99", "floor p50 / p99", "p50 ÷ floor", "our p99 ÷ p50"},
	}
	t.note("Open loop, real time. Each report of ours is two webhooks, the tap %s to %s before the pin; the floor's is one.", tapAheadLeast, tapAheadMost)
	t.note("Floor: a door that starts a workflow by signal, one local activity that inserts one row, one ordinary activity that posts a push.")
	t.note("Ours and the floor take turns in blocks, on the same servers; with so few reports p99 is close to the slowest one.")
	return t
}

// floorOf starts a floor with a pool of its own, beside an installation of ours.
func floorOf(ctx context.Context, stack *local.Stack, sys *local.System, s shape) (*floorProcess, error) {
	name := sys.Name + "_floor"
	if err := stack.Postgres.CreateDatabase(ctx, name); err != nil {
		return nil, err
	}
	if err := namespace(ctx, stack.Address, name); err != nil {
		return nil, err
	}
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	return startFloor(ctx, floorConfig{
		Database: stack.Postgres.URL(name), Temporal: stack.Address, Namespace: name, Listen: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		LINE: sys.LineURL, Token: sys.Platform.Token(), Shape: s,
	})
}

// warm lets one case come to its first alert.
func (o *installation) warm(ctx context.Context) error {
	_, err := o.alerts(ctx, 1000, 1)
	return err
}

// alerts sends reports at a rate and returns how long each first alert took.
func (o *installation) alerts(ctx context.Context, rate, n int) ([]alert, error) {
	ctx, cancel := context.WithTimeout(ctx, tapAheadMost+time.Duration(n)*time.Second/time.Duration(rate)+alertWait)
	defer cancel()
	type sent struct {
		id    casefile.CaseID
		event string // of the pin
		who   string
	}
	reports := make([]sent, n)
	errs := make([]error, n)
	since := len(o.Platform.Accepted())
	var group sync.WaitGroup
	luck := rand.New(rand.NewPCG(1, 1)) // #nosec G404 -- the same spread on every run
	start := time.Now()
	for i := range n {
		ahead := tapAheadLeast + time.Duration(luck.Int64N(int64(tapAheadMost-tapAheadLeast)))
		t := o.towns[(i+o.towns[0].reports)%len(o.towns)]
		pin, err := t.place()
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		group.Go(func() {
			begin := time.Now()
			ph, id, err := o.tap(ctx)
			if err != nil {
				errs[i] = fmt.Errorf("tap: %w", err)
				return
			}
			time.Sleep(ahead - time.Since(begin))
			if _, err := ph.SendLocation(pin.Lat, pin.Lon, "", ""); err != nil {
				errs[i] = err
				return
			}
			items := ph.Transcript()
			last := slices.IndexFunc(items, func(x lineemu.Item) bool { return x.Type == "location" && !x.Incoming })
			reports[i] = sent{id, items[last].EventID, ph.ID()}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	reporters := map[string]bool{}
	for _, s := range reports {
		reporters[s.who] = true
	}
	for {
		first := map[casefile.CaseID]time.Time{}
		for _, a := range o.Platform.Accepted()[since:] {
			if len(a.To) == 0 || reporters[a.To[0]] {
				continue
			}
			for _, m := range a.Messages {
				for _, id := range casesIn(m) {
					if at, known := first[id]; !known || a.At.Before(at) {
						first[id] = a.At
					}
				}
			}
		}
		missing := slices.ContainsFunc(reports, func(s sent) bool { return first[s.id].IsZero() })
		if missing && ctx.Err() == nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		if missing {
			return nil, errors.New("a report was never alerted")
		}
		posted := map[string]time.Time{}
		for _, w := range o.Platform.Webhooks() {
			for _, id := range w.EventIDs {
				if _, known := posted[id]; !known {
					posted[id] = w.At
				}
			}
		}
		var list []alert
		for _, s := range reports {
			list = append(list, alert{workflows.EmergencyID(s.id), posted[s.event], first[s.id]})
		}
		return list, nil
	}
}

// floorAlerts does the same with the floor; which alert belongs to which report
// is known by the phone that it goes to.
func floorAlerts(ctx context.Context, p *lineemu.Platform, f *floorProcess, rate, n int) ([]alert, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*time.Second/time.Duration(rate)+alertWait)
	defer cancel()
	list := make([]alert, n)
	errs := make([]error, n)
	var group sync.WaitGroup
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		ph, err := p.AddUser(lineemu.User{Name: "floor", Friend: true})
		if err != nil {
			return nil, err
		}
		group.Go(func() {
			id, posted := uuid.NewString(), time.Now()
			if err := f.say(ctx, said{Case: id, To: ph.ID()}); err != nil {
				errs[i] = err
				return
			}
			item, err := ph.Wait(ctx, func(x lineemu.Item) bool { return x.Incoming })
			list[i], errs[i] = alert{"floor/" + id, posted, item.At}, err
		})
	}
	group.Wait()
	return list, errors.Join(errs...)
}
