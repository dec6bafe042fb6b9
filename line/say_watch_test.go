package line

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// What the watcher says of one case, of many, and of a part; and that an
// operator's press comes back as what the watcher looks for.
func TestTheWatchersCards(t *testing.T) {
	c := newFakeLINE(t).client(t)
	other := casefile.CaseID("7a000000-0000-4000-8000-000000000000")
	alarms := map[string]activities.Alarm{
		"INBOX_WAITING":       {Answer: "A17", Runbook: "inbox-waiting", Count: 1, Cases: []casefile.CaseID{caseID}},
		"CASE_UNACKNOWLEDGED": {Answer: "A18", Runbook: "case-unacknowledged", Count: 40, Cases: []casefile.CaseID{caseID, other}},
		"WORKER_SILENT":       {Answer: "A19", Runbook: "worker-silent", Count: 1},
		"DATABASE_AWAY":       {Runbook: "database-away", Count: 1},
	}
	var b strings.Builder
	for _, kind := range policy.Alarms() {
		a, ok := alarms[kind]
		if !ok {
			continue
		}
		for _, template := range []string{"watch_alarm", "watch_over"} {
			for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
				messages, _ := mustRender(t, c, template, lang, activities.Args{Reason: kind, Alarm: &a})
				if err := checkMessages(messages); err != nil {
					t.Errorf("%s %s: %v", template, kind, err)
				}
				fmt.Fprintf(&b, "== %s, %s, %s\n%s\n", template, kind, lang, sketch(messages[0]))
			}
		}
	}
	golden(t, "watch_alarm.kinds", b.String())
	for _, want := range []string{"v1|desk_take|c=" + string(caseID) + "|w=WATCH_ALARM|a=A17", "v1|desk_take|w=WATCH_ALARM|a=A19"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no button with %s", want)
		}
		if in := Decode(want); in.Action != casefile.ActDeskTake || in.Reason != casefile.ReasonWatch || in.Option == "" {
			t.Errorf("%s is read as %+v", want, in)
		}
	}
}
