package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/workflows"
)

// careSpeed lets 26 weeks pass in two minutes.
const careSpeed = 26 * 7 * 24 * 60 / 2

// followUp is figure (f): what 26 weeks of one follow-up cost in Temporal.
func followUp(ctx context.Context, stack *local.Stack, dir string, r *report) (err error) {
	o, err := install(ctx, stack, dir, "bench_care", careSpeed, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	w, err := o.Casework(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	province := o.towns[0].at.Code[:2]
	unit := func(l casefile.Level) casefile.UnitID { return casefile.UnitID(strings.ToLower(string(l) + province)) }
	desk := func(l casefile.Level) casefile.MemberID { return casefile.MemberID(string(unit(l)) + "-desk") }
	id, err := local.Typical{
		Office: unit(casefile.LevelMSDHSDuty), Partner: unit(casefile.LevelEMS), Place: casefile.Place{Province: province},
		Manager: desk(casefile.LevelMSDHSDuty), Volunteer: desk(casefile.LevelShelter),
	}.Live(ctx, w)
	if err != nil {
		return err
	}
	runs, err := local.Runs(ctx, o.temporal, workflows.FollowUpID(id))
	if err != nil {
		return err
	}
	t := table{title: "(f) Cost of a follow-up of 26 weeks", head: []string{"run", "events", "actions", "made of"}}
	sum, most := 0, 0
	for n, run := range runs {
		actions := local.Actions(run)
		sum, most = sum+actions, max(most, len(run))
		t.rows = append(t.rows, []string{strconv.Itoa(n + 1), strconv.Itoa(len(run)), strconv.Itoa(actions), local.KindsOf(run)})
	}
	t.note("Managed, contacted, of high risk, planned and approved, three tasks, one referral, visits at the rhythm of a risk that falls from review to review, one visit forgotten until the supervisor heard of it, closed by two.")
	t.note("An action: a start, a signal, an update, a timer, an activity, a change of search attributes, a run that continues as new, and all local activities of one workflow task together.")
	r.tables = append(r.tables, t)
	r.target("(f) actions: a follow-up of 26 weeks", float64(sum), local.ActionsOfFollowUp)
	r.target(fmt.Sprintf("(f) events: the longest of its %d runs", len(runs)), float64(most), local.EventsOfFollowUp)
	return nil
}
