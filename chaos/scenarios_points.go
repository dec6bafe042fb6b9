package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A marked point is a place in the code at which a process kills itself as
// kill -9 would, the nth time that it comes there.
type markedPoint struct {
	name, part string
	most       int // it is passed so often at least, within one load
}

// Points that are passed whenever people report.
var everydayPoints = []markedPoint{
	{"intake.before_commit", API, 3},
	{"intake.committed", API, 3}, // and before the 200
	{"record.before_commit", "worker", 4},
	{"record.committed", "worker", 4}, // and before Temporal hears of it
	{"tell.accepted", "worker", 3},    // LINE has taken the message, and no row says so
}

// pointReports is how many people report while one point waits for its moment.
const pointReports = 5

var pointScenarios = []Scenario{
	{
		Name: "marked-points", Short: true,
		Says: "a process that dies before a commit, between a commit and its 200, or between LINE's answer and its row loses nothing and repeats nothing",
		Run: func(ctx context.Context, w *World) error {
			random := w.random("points")
			order := random.Perm(len(everydayPoints))
			if w.Short {
				order = order[:3]
			}
			for _, i := range order {
				p := everydayPoints[i]
				if err := w.dies(ctx, p, 1+random.IntN(p.most), nil); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		Name: "marked-points-of-the-rescuers",
		Says: "a relay that dies between its lease and the hand-over, and a watcher that dies between its ring and the row, are no loss",
		Run: func(ctx context.Context, w *World) error {
			cut := w.Links["api-temporal"]
			if err := w.dies(ctx, markedPoint{name: "relay.leased", part: API}, 1, cut.Refuse); err != nil { // no nudge comes through: the relay must
				return err
			}
			if err := w.dies(ctx, markedPoint{name: "watch.rung", part: "watch"}, 1, nil); err != nil { // the inbox still waits, and the watcher rings
				return err
			}
			return cut.Heal()
		},
	},
}

// pointPatience is how long a process may take to come to a marked point, real time.
const pointPatience = 90 * time.Second

// dies lets a part kill itself at a marked point while people report. A point
// that is never passed is an error: the scenario would prove nothing.
func (w *World) dies(ctx context.Context, p markedPoint, nth int, broken func() error) error {
	fault := fmt.Sprintf("%s:%d", p.name, nth)
	w.inject(fmt.Sprintf("%s kills itself at %s", p.part, fault))
	part := w.Parts[p.part]
	if err := part.Restart(ctx, map[string]string{"ESS_FAULT": fault}); err != nil {
		return err
	}
	if broken != nil {
		if err := broken(); err != nil {
			return err
		}
	}
	before := part.Starts()
	if err := w.Load(ctx, pointReports, time.Second); err != nil {
		return err
	}
	for until := time.Now().Add(pointPatience); part.Starts() == before; {
		if time.Now().After(until) {
			return errors.New("nobody passed " + fault)
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return part.Up(ctx)
}
