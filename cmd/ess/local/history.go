package local

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// What one case may cost in Temporal, in events of its history. The cost of a
// case follows them, and a case that rests for months must stay far below the
// limits of a history.
const (
	EventsToAcceptance = 50  // report to first acceptance, one role, two waves
	EventsToHandOver   = 150 // report to accepted hand-over, two roles, every step a message of its own
)

// History reads all events of the newest run of a workflow.
func History(ctx context.Context, c client.Client, workflowID string) ([]*historypb.HistoryEvent, error) {
	var out []*historypb.HistoryEvent
	for events := c.GetWorkflowHistory(ctx, workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Recorded is how much of a history there is when the last thing that happened
// has been recorded; what is said about it then comes after it.
func Recorded(events []*historypb.HistoryEvent) int {
	for i, e := range slices.Backward(events) {
		if e.EventType == enums.EVENT_TYPE_MARKER_RECORDED { // a local activity: its last is Record
			return i + 1
		}
	}
	return 0
}

// KindsOf says what a history is made of, the most frequent first.
func KindsOf(events []*historypb.HistoryEvent) string {
	counts := map[string]int{}
	for _, e := range events {
		counts[e.EventType.String()]++
	}
	var words []string
	for kind, n := range counts {
		words = append(words, fmt.Sprintf("%3d %s", n, kind))
	}
	slices.Sort(words)
	slices.Reverse(words)
	return strings.Join(strings.Fields(strings.Join(words, ", ")), " ")
}
