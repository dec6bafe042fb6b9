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

	ActionsOfFollowUp = 200  // a follow-up of 26 weeks, all its runs together
	EventsOfFollowUp  = 1000 // in each run of a follow-up

	ActionsOfAid = 60 // a request for aid from its form to its last visit, all its runs together
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

// Runs reads the histories of all runs of a workflow that continued as new, the first one first.
func Runs(ctx context.Context, c client.Client, workflowID string) ([][]*historypb.HistoryEvent, error) {
	var runs [][]*historypb.HistoryEvent
	for run := ""; ; {
		var one []*historypb.HistoryEvent
		for events := c.GetWorkflowHistory(ctx, workflowID, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
			e, err := events.Next()
			if err != nil {
				return nil, err
			}
			one = append(one, e)
		}
		runs = slices.Insert(runs, 0, one)
		if run = one[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId(); run == "" {
			return runs, nil
		}
	}
}

// Actions counts what Temporal Cloud would bill: a start (the first signal and the
// start are one together), a signal, an update, a timer, an activity, a change of
// search attributes, a run that continues as new, and all local activities of one
// workflow task together.
func Actions(events []*historypb.HistoryEvent) int {
	n := 0
	local := map[int64]bool{}
	for _, e := range events {
		switch e.EventType {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enums.EVENT_TYPE_TIMER_STARTED, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
			enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
			enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			n++
		case enums.EVENT_TYPE_MARKER_RECORDED:
			local[e.GetMarkerRecordedEventAttributes().WorkflowTaskCompletedEventId] = true
		}
	}
	return n + len(local)
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
