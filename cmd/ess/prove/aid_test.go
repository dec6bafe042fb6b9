package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// aQuarter is one of two requests about one household, the first of which was paid.
func aQuarter() *quarter {
	begin := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	at := func(day int) time.Time { return begin.AddDate(0, 0, day) }
	member := casefile.Actor{Kind: casefile.ByMember, ID: "volunteer"}
	who := func(name string) casefile.Actor { return casefile.Actor{Kind: casefile.ByOperator, ID: name} }
	q := &quarter{Forms: 2, Pushes: 5}
	q.Input.Speed, q.Lived.Begin, q.Lived.End = 20_000, begin, at(90)
	q.Lived.Twins = []struct{ First, Second casefile.AidID }{{"a", "b"}}
	q.Lived.Rounds = []struct {
		Paid int64 `json:"paid_satang"`
	}{{Paid: 300000}}
	paid := aidTold{AidRequest: casefile.AidRequest{
		ID: "a", State: casefile.AidClosed, Filer: member, Form: 1, Home: "home", DecidedAt: at(5),
		Items: []casefile.AidItem{{ID: 1, Code: "LOW_INCOME", Satang: 300000, State: casefile.ItemPaid}},
	}, Events: []casefile.AidEvent{
		{Kind: casefile.AidSent, At: at(0), By: member, Form: 1, CallAt: at(2)},
		{Kind: casefile.AidWasVisited, At: at(2), By: member, CallAt: at(4)},
		{Kind: casefile.AidPlanMade, At: at(3), By: who("planner"), Needed: 1, CallAt: at(6)},
		{Kind: casefile.AidAgreed, At: at(5), By: who("approver"), CallAt: at(8)},
		{Kind: casefile.AidOrdered, At: at(6), By: who("payer"), Item: 1},
		{Kind: casefile.AidItemPaid, At: at(7), By: who("payer"), Item: 1, Satang: 300000, CallAt: at(30)},
		{Kind: casefile.AidEnded, At: at(20), By: who("approver")},
	}}
	twin := aidTold{AidRequest: casefile.AidRequest{ID: "b", State: casefile.AidScreened, Filer: member, Form: 1, Home: "home", CallAt: at(91)}, Events: []casefile.AidEvent{
		{Kind: casefile.AidSent, At: at(80), By: member, Form: 1, CallAt: at(91)},
		{Kind: casefile.AidChecked, At: at(80), By: casefile.System, Found: []casefile.AidFinding{{Kind: casefile.FoundDuplicate, Other: "a"}}},
	}}
	q.Aids = []aidTold{paid, twin}
	q.Payments = append(q.Payments, struct {
		Reference string
		Aid       casefile.AidID
		Item      int
		Satang    int64
		Result    string
		Dropped   bool
		Told      bool
	}{Reference: "P1", Aid: "a", Item: 1, Satang: 300000, Result: "PAID", Told: true})
	return q
}

func TestAQuarterIsJudged(t *testing.T) {
	for _, tt := range []struct {
		name, wants string
		spoil       func(*quarter)
	}{
		{"whole", "", func(*quarter) {}},
		{"nobody is called any more", "nobody is called about it", func(q *quarter) { q.Aids[1].CallAt = q.Lived.Begin }},
		{"a silence", "nothing happened until", func(q *quarter) { q.Aids[0].Events[0].CallAt = q.Lived.Begin.Add(time.Hour) }},
		{"a form that nobody heard", "forms were frozen", func(q *quarter) { q.Forms++ }},
		{"the own plan", "the same eyes", func(q *quarter) { q.Aids[0].Events[3].By = q.Aids[0].Events[2].By }},
		{"the visitor decides", "filed, visited or stood aside", func(q *quarter) { q.Aids[0].Events[3].By = q.Aids[0].Events[1].By }},
		{"two must agree", "1 of 2 who must agree", func(q *quarter) { q.Aids[0].Events[2].Needed = 2 }},
		{"paid twice", "is paid 2 times", func(q *quarter) { q.Aids[0].Events[6] = q.Aids[0].Events[5] }},
		{"the bank paid more", "by the bank's answers", func(q *quarter) { q.Lived.Rounds[0].Paid++ }},
		{"never told", "never told that it is paid", func(q *quarter) { q.Payments[0].Told = false }},
		{"a duplicate that nobody found", "was never found", func(q *quarter) { q.Aids[1].Events = q.Aids[1].Events[:1] }},
		{"above a limit", "granted above the limit", func(q *quarter) {
			q.Aids[1].Items, q.Aids[1].DecidedAt = []casefile.AidItem{{ID: 1, Code: "LOW_INCOME", Satang: 300001, State: casefile.ItemGranted}}, q.Lived.End
		}},
		{"a name on a phone", "names its people", func(q *quarter) { q.Named = []string{"A-1"} }},
		{"words that wait", "no request has heard", func(q *quarter) { q.Unheard = 1 }},
		{"an empty one", "nothing to judge", func(q *quarter) { q.Aids, q.Payments, q.Lived.Twins, q.Lived.Rounds, q.Forms = nil, nil, nil, nil, 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := aQuarter()
			tt.spoil(q)
			raw, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "aid.json"), raw, 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = run([]string{dir}, &out)
			if (err == nil) != (tt.wants == "") || !strings.Contains(out.String(), tt.wants) {
				t.Errorf("want %q, got %v\n%s", tt.wants, err, out.String())
			}
		})
	}
}
