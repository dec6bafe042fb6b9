package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// quarter is what `ess simulate aid` left of the record.
type quarter struct {
	Input struct {
		Speed    float64
		Requests int
	}
	Lived struct {
		Begin, End time.Time
		Aids       []casefile.AidID
		Twins      []struct{ First, Second casefile.AidID }
		Rounds     []struct {
			Paid int64 `json:"paid_satang"`
		}
	}
	Aids     []aidTold
	Payments []struct {
		Reference string
		Aid       casefile.AidID
		Item      int
		Satang    int64
		Result    string
		Dropped   bool
		Told      bool
	}
	Unheard int `json:"inbox_unheard"`
	Forms   int
	Pushes  int
	Named   []string
}

// aidTold is a request with everything that happened to it.
type aidTold struct {
	casefile.AidRequest
	Events []casefile.AidEvent
}

// aidSlack is how late, in real time, a call may be on a busy machine at such a speed.
const aidSlack = 5 * time.Second

// loadQuarter reads aid.json, if that is what the folder holds.
func loadQuarter(dir string) (*quarter, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "aid.json")) // #nosec -- the caller names it
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	q := &quarter{}
	if err := json.Unmarshal(raw, q); err != nil {
		return nil, fmt.Errorf("aid.json: %w", err)
	}
	return q, nil
}

func (q *quarter) late(due, at time.Time) bool {
	return at.Sub(due) > time.Duration(float64(aidSlack)*q.Input.Speed)
}

// prove checks what was promised about a quarter of aid requests.
func (q *quarter) prove(out io.Writer) error {
	var wrong []string
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(q.Aids) == 0 || len(q.Payments) == 0 || q.Pushes == 0 {
		fail("%d requests, %d payments, %d pushes: nothing to judge", len(q.Aids), len(q.Payments), q.Pushes)
	}
	q.silence(fail)
	q.eyes(fail)
	q.money(fail)
	q.limits(fail)
	q.twins(fail)
	if q.Unheard > 0 {
		fail("%d words wait that no request has heard", q.Unheard)
	}
	for _, code := range q.Named {
		fail("request %s: a phone was told something that names its people", code)
	}
	for _, line := range wrong[:min(len(wrong), 20)] {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d promises broken", len(wrong))
	}
	_, err := fmt.Fprintf(out, "proved: %d requests, %d forms, %d payments, %d duplicates, %d pushes: none silent, none lost, none paid twice, none over a limit, nobody decided alone\n",
		len(q.Aids), q.Forms, len(q.Payments), len(q.Lived.Twins), q.Pushes)
	return err
}

// silence: a request that was sent has ended or has a clock that runs, each call came when it was to come, and each
// form that was sent is heard once.
func (q *quarter) silence(fail func(string, ...any)) {
	sent := 0
	for _, a := range q.Aids {
		if !a.State.Ended() && (a.CallAt.IsZero() || q.late(a.CallAt, q.Lived.End)) {
			fail("request %s stands at %s, and nobody is called about it (its clock stands at %s)", a.ID.Code(), a.State, a.CallAt)
		}
		var call time.Time
		form := 0
		for _, e := range a.Events {
			if !call.IsZero() && q.late(call, e.At) {
				fail("request %s: somebody was to be called at %s, and nothing happened until %s", a.ID.Code(), call, e.At)
			}
			if !e.CallAt.IsZero() {
				call = e.CallAt
			}
			if e.Kind == casefile.AidSent {
				sent++
				if e.Form != form+1 {
					fail("request %s: form %d follows form %d", a.ID.Code(), e.Form, form)
				}
				form = e.Form
			}
		}
	}
	if sent != q.Forms {
		fail("%d forms were frozen, %d were heard", q.Forms, sent)
	}
}

// eyes: nobody decided who filed it, visited it or was too close, nobody approved their own plan, and nobody twice.
func (q *quarter) eyes(fail func(string, ...any)) {
	for _, a := range q.Aids {
		var visitor, planner casefile.Actor
		var away, agreed []casefile.Actor
		needed := 0
		for _, e := range a.Events {
			switch e.Kind {
			case casefile.AidWasVisited:
				visitor = e.By
			case casefile.AidPlanMade:
				planner, needed, agreed = e.By, e.Needed, nil
			case casefile.AidRecused:
				away = append(away, e.By)
			case casefile.AidAgreed, casefile.AidRefused, casefile.AidHeard:
				switch {
				case e.By == a.Filer, e.By == visitor, slices.Contains(away, e.By):
					fail("request %s: %s by somebody who filed, visited or stood aside", a.ID.Code(), e.Kind)
				case e.Kind == casefile.AidAgreed && (e.By == planner || slices.Contains(agreed, e.By)):
					fail("request %s: the same eyes approved it twice, or their own plan", a.ID.Code())
				}
				if e.Kind == casefile.AidAgreed {
					agreed = append(agreed, e.By)
				}
			case casefile.AidOrdered:
				if len(agreed) < max(needed, 1) {
					fail("request %s: ordered with %d of %d who must agree", a.ID.Code(), len(agreed), needed)
				}
			}
		}
	}
}

// money: an item is paid once, by the record and by the bank, and both come to the same sum.
func (q *quarter) money(fail func(string, ...any)) {
	type item struct {
		id casefile.AidID
		n  int
	}
	recorded, ordered := map[item]int{}, map[item]int{}
	var events, bank, files int64
	for _, a := range q.Aids {
		for _, e := range a.Events {
			if e.Kind == casefile.AidItemPaid {
				recorded[item{a.ID, e.Item}]++
				events += e.Satang
			}
		}
	}
	for _, p := range q.Payments {
		if p.Result == "PAID" {
			ordered[item{p.Aid, p.Item}]++
			bank += p.Satang
			if !p.Told {
				fail("payment %s: the request was never told that it is paid", p.Reference)
			}
		}
	}
	for _, r := range q.Lived.Rounds {
		files += r.Paid
	}
	for i, n := range recorded {
		if n > 1 || ordered[i] != 1 {
			fail("request %s: item %d is paid %d times by the record, %d times by the bank", i.id.Code(), i.n, n, ordered[i])
		}
	}
	if events != bank || bank != files {
		fail("paid: %d satang by the record, %d by the orders, %d by the bank's answers", events, bank, files)
	}
}

// limits: what a household was granted was never above a limit with what it had been granted before.
func (q *quarter) limits(fail func(string, ...any)) {
	rules := policy.Default()
	for _, a := range q.Aids {
		if a.DecidedAt.IsZero() || !granted(a.AidRequest) {
			continue
		}
		var before []policy.AidGranted
		for _, b := range q.Aids {
			same := a.Home != "" && a.Home == b.Home || a.Subject != "" && a.Subject == b.Subject
			if b.ID == a.ID || !same || !granted(b.AidRequest) || !b.DecidedAt.Before(a.DecidedAt) {
				continue
			}
			for _, i := range b.Items {
				if i.State != casefile.ItemDropped {
					before = append(before, policy.AidGranted{Aid: b.ID, Item: i.ID, Code: i.Code, Satang: i.Satang, At: b.DecidedAt})
				}
			}
		}
		for _, limit := range rules.AidLimits(a.Items, a.DecidedAt) {
			if limit.Over(before, a.Items) {
				fail("request %s: granted above the limit %s", a.ID.Code(), limit.Rule)
			}
		}
	}
}

// granted reports whether something of the plan was granted.
func granted(a casefile.AidRequest) bool {
	return slices.ContainsFunc(a.Items, func(i casefile.AidItem) bool {
		return i.State != casefile.ItemPlanned && i.State != casefile.ItemDropped
	})
}

// twins: a duplicate that was put in was found before any money moved for the second of the two.
func (q *quarter) twins(fail func(string, ...any)) {
	for _, t := range q.Lived.Twins {
		i := slices.IndexFunc(q.Aids, func(a aidTold) bool { return a.ID == t.Second })
		if i < 0 || !slices.ContainsFunc(q.Aids, func(a aidTold) bool { return a.ID == t.First && a.Form > 0 }) {
			continue // one of the two was not sent before the quarter was over
		}
		found := false
		for _, e := range q.Aids[i].Events {
			switch e.Kind {
			case casefile.AidChecked:
				found = found || slices.ContainsFunc(e.Found, func(f casefile.AidFinding) bool { return f.Kind == casefile.FoundDuplicate })
			case casefile.AidOrdered:
				if !found {
					fail("request %s: money moved before its duplicate %s was found", t.Second.Code(), t.First.Code())
				}
			}
		}
		if !found && q.Aids[i].Form > 0 {
			fail("request %s: its duplicate %s was never found", t.Second.Code(), t.First.Code())
		}
	}
}
