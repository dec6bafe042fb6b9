package main

import (
	"context"
	"fmt"
	"time"
)

// How many reports an ordinary stretch has, and how many times as many a surge.
const (
	ordinary = 4
	thirteen = 13
)

var surgeScenarios = []Scenario{
	{
		Name: "surge-of-thirteen", Says: "thirteen times the ordinary number of reports are all kept, and all have a human soon after",
		Setup: Setup{Provinces: 4, Officers: 16},
		Run: func(ctx context.Context, w *World) error {
			const stretch = 10 * time.Second
			if err := w.Load(ctx, ordinary, stretch); err != nil {
				return err
			}
			w.inject(fmt.Sprintf("%d reports in %s, after %d", ordinary*thirteen, stretch, ordinary))
			return w.Load(ctx, ordinary*thirteen, stretch)
		},
	},
}
