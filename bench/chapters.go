package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

// waveSpeed rings the second wave after a minute of case time.
const waveSpeed = 20

// ourRows are the bytes of a case's rows; a row of the conversation belongs to a person, not to a case.
const ourRows = `SELECT
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM cases t WHERE t.id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM case_events t WHERE t.case_id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM inbox t WHERE t.case_id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM audit t WHERE t.case_id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM choices t WHERE t.case_id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM deliveries t WHERE t.case_id = $1) +
	(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM assignments t WHERE t.case_id = $1)`

// chapter is where a case stands after a step.
type chapter struct {
	name                        string
	events, actions             int
	historyBytes, databaseBytes int64
}

// look waits until the story of a case rests, and reads where it stands.
func (o *installation) look(ctx context.Context, db *pgx.Conn, id casefile.CaseID, name string) (chapter, error) {
	workflowID := workflows.EmergencyID(id)
	for {
		d, err := o.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
		if err != nil {
			return chapter{}, err
		}
		if len(d.PendingActivities) > 0 || d.PendingWorkflowTask != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		events, err := local.History(ctx, o.temporal, workflowID)
		if err != nil {
			return chapter{}, err
		}
		c := chapter{name: name, events: len(events), actions: local.Actions(events), historyBytes: d.WorkflowExecutionInfo.HistorySizeBytes}
		err = db.QueryRow(ctx, ourRows, string(id)).Scan(&c.databaseBytes)
		return c, err
	}
}

// chapters is figure (d).
func chapters(ctx context.Context, stack *local.Stack, dir string, o *installation, r *report) error {
	one, kinds, err := twoWaves(ctx, stack, dir)
	if err != nil {
		return fmt.Errorf("two waves: %w", err)
	}
	r.chapters("(d) Cost of a case: one role, two waves, to the first acceptance", one, kinds)
	r.target("(d) events: report to first acceptance, one role, two waves", float64(one[len(one)-1].events), local.EventsToAcceptance)

	db, err := pgx.Connect(ctx, stack.Postgres.URL(o.Name))
	if err != nil {
		return err
	}
	defer db.Close(context.WithoutCancel(ctx))
	var whole []chapter
	var id casefile.CaseID
	err = o.live(ctx, o.towns[slots], func(now casefile.CaseID, name string) error {
		id = now
		c, err := o.look(ctx, db, id, name)
		whole = append(whole, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("whole case: %w", err)
	}
	events, err := local.History(ctx, o.temporal, workflows.EmergencyID(id))
	if err != nil {
		return err
	}
	r.chapters("(d) Cost of a case: two roles, every step a message, to the accepted hand-over", whole, local.KindsOf(events))
	r.target("(d) events: report to accepted hand-over, two roles", float64(len(events)), local.EventsToHandOver)
	return nil
}

// twoWaves is a case of one role that nobody answers before the second wave.
func twoWaves(ctx context.Context, stack *local.Stack, dir string) (out []chapter, kinds string, err error) {
	// The radio centre's minute ends with the ladder's; what it does is no part of this chapter.
	file, err := policyFile(dir, map[string]string{"crew: {POLICE: 1, MSDHS: 1}": "crew: {POLICE: 1}", "\n  radio: 60s": "\n  radio: 240s"})
	if err != nil {
		return nil, "", err
	}
	o, err := install(ctx, stack, dir, "bench_waves", waveSpeed, map[string]string{"ESS_POLICY": file})
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	db, err := pgx.Connect(ctx, stack.Postgres.URL(o.Name))
	if err != nil {
		return nil, "", err
	}
	defer db.Close(context.WithoutCancel(ctx))
	t := o.towns[0]
	pin, err := t.place()
	if err != nil {
		return nil, "", err
	}
	reporter, id, err := o.tap(ctx)
	if err != nil {
		return nil, "", err
	}
	look := func(name string) error {
		c, err := o.look(ctx, db, id, name)
		out = append(out, c)
		return err
	}
	if err := look("a tap opens the case"); err != nil {
		return nil, "", err
	}
	mark := t.station.Mark()
	if _, err := reporter.SendLocation(pin.Lat, pin.Lon, "", ""); err != nil {
		return nil, "", err
	}
	for _, wave := range []string{"the pin: the first wave", "nobody answers: the second wave"} {
		item, err := t.station.WaitSince(ctx, mark, func(i lineemu.Item) bool { return i.Incoming })
		if err != nil {
			return nil, "", err
		}
		mark = item.Seq
		if err := look(wave); err != nil {
			return nil, "", err
		}
	}
	if err := press(ctx, t.officer, 0, id, casefile.ActAccept); err != nil {
		return nil, "", err
	}
	if err := look("an officer accepts"); err != nil {
		return nil, "", err
	}
	events, err := local.History(ctx, o.temporal, workflows.EmergencyID(id))
	if err != nil {
		return nil, "", err
	}
	end := local.Recorded(events)
	final := &out[len(out)-1]
	final.events, final.actions = end, local.Actions(events[:end])
	return out, local.KindsOf(events[:end]), nil
}

func (r *report) chapters(title string, list []chapter, kinds string) {
	t := table{title: title, head: []string{"after", "events", "actions", "history, bytes", "our rows, bytes"}}
	var before chapter
	for _, c := range list {
		t.rows = append(t.rows, []string{
			c.name, grown(before.events, c.events), grown(before.actions, c.actions),
			grown(int(before.historyBytes), int(c.historyBytes)), grown(int(before.databaseBytes), int(c.databaseBytes)),
		})
		before = c
	}
	t.note("Each cell: the sum so far, and what the chapter added.")
	t.note("Events: %s.", kinds)
	r.tables = append(r.tables, t)
}

func grown(before, now int) string { return strconv.Itoa(now) + " (+" + strconv.Itoa(now-before) + ")" }
