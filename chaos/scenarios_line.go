package main

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/lineemu"
)

// shuffled is the worst that LINE may do to the order of events.
var shuffled = lineemu.WebhookFaults{Duplicate: 0.8, Reorder: 0.4, Hold: 1200 * time.Millisecond, Batch: 10, Forged: 0.3, Malformed: 0.2}

var lineScenarios = []Scenario{
	{
		Name: "line-failing", Says: "LINE answers 429 and 500, accepts and loses its answer, hangs and resets: no message is said twice under one key, and none is left out",
		Run: func(ctx context.Context, w *World) error {
			var faults []fault
			random := w.random("faults")
			at := time.Second
			for _, kind := range []lineemu.FaultKind{
				lineemu.RateLimited, lineemu.ErrorBefore, lineemu.ErrorAfter, lineemu.HangAfter, lineemu.Hang, lineemu.Reset, lineemu.ResetAfter,
			} {
				span := between(random, 3*time.Second, 4500*time.Millisecond)
				faults = append(faults, w.line(kind, 0.6, at, span))
				at += span
			}
			return w.under(ctx, 40, at, faults)
		},
	},
	{
		Name: "webhooks-shuffled", Says: "events that come twice, out of order, many at once, forged or broken are each kept once",
		Run: func(ctx context.Context, w *World) error {
			return w.under(ctx, 50, 15*time.Second, []fault{w.webhooks("twice, shuffled, ten at once, forged and broken ones among them", shuffled, 0, 18*time.Second)})
		},
	},
}
