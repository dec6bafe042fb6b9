package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/worker"
)

// Too few operators at the desk are said once for each number, and that there are enough again once.
func TestTooFewOperatorsAreSaidOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var said bytes.Buffer
	var shown []float64
	counts := []int{1, 1, -1, 1, 0, 2, 3, 1}
	d := worker.Desk{
		Operators: func(context.Context) (int, error) {
			if len(counts) == 0 {
				cancel()
				return 0, context.Canceled
			}
			n := counts[0]
			counts = counts[1:]
			if n < 0 {
				return 0, errors.New("away")
			}
			return n, nil
		},
		Least: 2, Show: func(n float64) { shown = append(shown, n) }, Every: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(&said, nil)),
	}
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(shown, []float64{1, 1, 1, 0, 2, 3, 1}) {
		t.Errorf("shown %v", shown)
	}
	var lines []string
	for line := range strings.Lines(said.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ") // without the time
		lines = append(lines, line)
	}
	want := []string{
		`level=WARN msg="too few operators keep the national desk" operators=1 least=2`,
		`level=WARN msg="cannot count the operators of the national desk" error=away`,
		`level=WARN msg="too few operators keep the national desk" operators=0 least=2`,
		`level=INFO msg="enough operators keep the national desk again" operators=2`,
		`level=WARN msg="too few operators keep the national desk" operators=1 least=2`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("said\n%s", said.String())
	}
}
