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
)

// months is what `ess simulate casework` left of the record.
type months struct {
	Input struct {
		Speed float64
	}
	Lived struct {
		Begin, End time.Time
		Broken     []struct{ From, To time.Time }
		Orders     []string
		Cases      []casefile.CaseID
	}
	Cases []struct {
		ID              casefile.CaseID
		State           casefile.State
		Owner           string
		NextCall        time.Time `json:"next_call"`
		Deadline, Began time.Time
	}
	Owed []struct {
		Case                casefile.CaseID
		ID                  int
		Kind                casefile.ObligationKind
		State               casefile.ObligationState
		Since, Due, Settled time.Time
	}
	Calls []struct {
		Case     casefile.CaseID
		Owed     int
		At, Next time.Time
		Step     int
	}
	Recorded int `json:"orders_recorded"`
	Unheard  int `json:"inbox_unheard"`
}

// careSlack is how late, in real time, a call may be: at such a speed the lag of a
// busy machine is the most of it. careNight is how long a call that does not press waits for the morning.
const (
	careSlack = 4 * time.Second
	careNight = 11 * time.Hour
)

// loadMonths reads casework.json, if that is what the folder holds.
func loadMonths(dir string) (*months, error) {
	f, err := os.Open(filepath.Join(dir, "casework.json")) // #nosec -- the caller names it
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := &months{}
	return m, decodeMonths(f, m)
}

func decodeMonths(r io.Reader, m *months) error {
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return fmt.Errorf("casework.json: %w", err)
	}
	return nil
}

// late reports whether something came later than the machine's lag explains, which is
// more while something was broken.
func (m *months) late(due, at time.Time) bool {
	allowed := time.Duration(float64(careSlack) * m.Input.Speed)
	for _, b := range m.Lived.Broken {
		felt := b.To.Add(time.Duration(float64(aftermath) * m.Input.Speed))
		if due.Before(felt) && at.After(b.From) {
			allowed += felt.Sub(b.From)
		}
	}
	return at.Sub(due) > allowed
}

// prove checks what was promised about months of casework.
func (m *months) prove(out io.Writer) error {
	var wrong []string
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(m.Cases) == 0 || len(m.Calls) == 0 {
		fail("%d cases, %d calls: nothing to judge", len(m.Cases), len(m.Calls))
	}
	m.openCases(fail)
	m.calls(fail)
	if m.Recorded != len(m.Lived.Orders) {
		fail("%d orders got a verdict, the record has %d of them", len(m.Lived.Orders), m.Recorded)
	}
	if m.Unheard > 0 {
		fail("%d words wait that no story has heard", m.Unheard)
	}
	for _, line := range wrong[:min(len(wrong), 20)] {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d promises broken", len(wrong))
	}
	_, err := fmt.Fprintf(out, "proved: %d cases, %d things owed, %d calls, %d orders: none without an owner, none silent, none lost\n",
		len(m.Cases), len(m.Owed), len(m.Calls), len(m.Lived.Orders))
	return err
}

// openCases: each has an owner, and a call that is still to come.
func (m *months) openCases(fail func(string, ...any)) {
	for _, c := range m.Cases {
		switch {
		case c.State != casefile.FollowUp:
		case c.Owner == "":
			fail("case %s has no owner", c.ID)
		case c.Deadline.IsZero() || m.late(c.Deadline, m.Lived.End):
			fail("case %s: nothing wakes it (its clock stands at %s)", c.ID, c.Deadline)
		case !c.Began.IsZero() && (c.NextCall.IsZero() || m.late(c.NextCall, m.Lived.End)):
			fail("case %s: nobody is called about it any more", c.ID)
		}
	}
}

// calls: what is overdue is called about, and each call is followed by the next
// at the instant that it named, until somebody has settled it.
func (m *months) calls(fail func(string, ...any)) {
	type key struct {
		id   casefile.CaseID
		owed int
	}
	said := map[key][]int{}
	for i, c := range m.Calls {
		k := key{c.Case, c.Owed}
		said[k] = append(said[k], i)
	}
	for _, o := range m.Owed {
		until := o.Settled
		if until.IsZero() {
			until = m.Lived.End
		}
		list := said[key{o.Case, o.ID}]
		slices.SortFunc(list, func(a, b int) int { return m.Calls[a].At.Compare(m.Calls[b].At) })
		night := careNight
		if o.Kind.Pressing() {
			night = 0
		}
		rungs := 0
		for n, i := range list {
			c := m.Calls[i]
			if c.Step > 0 {
				rungs++
			}
			if n+1 < len(list) {
				if next := m.Calls[list[n+1]]; m.late(c.Next, next.At) {
					fail("case %s: call %d about %s %d came at %s, was to come at %s", o.Case, n+2, o.Kind, o.ID, next.At, c.Next)
				}
			} else if m.late(c.Next, until) {
				fail("case %s: after %d calls about %s %d there was silence from %s to %s", o.Case, len(list), o.Kind, o.ID, c.Next, until)
			}
		}
		if rungs == 0 && m.late(o.Due.Add(night), until) {
			fail("case %s: %s %d was overdue from %s to %s, and nobody was called", o.Case, o.Kind, o.ID, o.Due, until)
		}
	}
}
