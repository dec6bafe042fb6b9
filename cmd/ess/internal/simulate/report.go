package simulate

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ess-thailand/ess/policy"
)

// span writes seconds as people say them.
func span(s float64) string {
	switch {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 600:
		return fmt.Sprintf("%.0f s", s)
	default:
		return fmt.Sprintf("%.0f min", s/60)
	}
}

// Text writes the result for a terminal.
func (r Result) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	in := r.Input
	row("plan", "%s", r.Plan)
	row("day", "seed %d: %d reports in %.4g h of case time from %s, %.0f %% silence, %.0f %% quiet, surge ×%g, %d taps a day",
		in.Seed, in.Reports, in.Hours, time.Unix(int64(in.Begins()*3600), 0).UTC().Format("15:04"), in.Silence*100, in.Quiet*100, in.Surge, in.Taps)
	row("run", "%g × real time, %s real, waves %s, %d at the desk", r.Speed, span(r.RealS), r.Wave, r.Operators)
	row("reports", "%d on the phones (planned ones, taps out of curiosity, repeats), %d cases, %d with a place, %d joined to another",
		r.Reports, r.Cases, r.WithPlace, r.Joined)
	for _, d := range r.distributions() {
		row(d.en, "%s", r.percentiles(d.Dist))
	}
	row("over 240 s to a human", "%d", r.LateReport)
	for _, by := range r.DeskBy {
		row(fmt.Sprintf("  if %d had worked there", by.Operators), "%s", r.percentiles(by.Wait))
	}
	row("desk items never taken", "%d", r.DeskWaiting)
	row("orders from consoles", "%s; %d refused", counts(r.Orders), r.Refused)
	row("alerts", "%d, %.2f a report: %.2f to the national desk, %.2f to all others", r.Alerts, r.AlertsPerReport,
		r.perReport(r.AlertsTo["desk"]), r.perReport(r.Alerts-r.AlertsTo["desk"]))
	row("  to", "%s", counts(r.AlertsTo))
	row("highest level reached", "%s", counts(r.Escalated))
	row("states at the end", "%s", counts(r.States))
	row("unowned", "%d %s", len(r.Unowned), strings.Join(r.Unowned, " "))
	row("timer lag", "p50 %s, p99 %s, max %s of case time (%.0f ms, %.0f ms, %.0f ms real), %d rungs", span(r.Lag.P50), span(r.Lag.P99), span(r.Lag.Max),
		r.Lag.P50/r.Speed*1000, r.Lag.P99/r.Speed*1000, r.Lag.Max/r.Speed*1000, r.Lag.N)
	if r.LagBroken.N > 0 {
		row("  after a kill", "p50 %s, max %s, %d rungs: left out above", span(r.LagBroken.P50), span(r.LagBroken.Max), r.LagBroken.N)
	}
	for _, b := range r.Broken {
		row("  broken", "%s %s for %s (%.1f s real)", b.From.In(policy.Bangkok).Format(time.TimeOnly), b.Why, span(b.To.Sub(b.From).Seconds()), b.To.Sub(b.From).Seconds()/r.Speed)
	}
	c := r.Channel
	row("channel", "%d sends accepted; %d webhooks, %d not answered with 200, %d delivered again, %d sent twice", c.Messages, c.Webhooks, c.WebhooksFailed, c.Redelivered, c.Duplicates)
	for _, said := range slices.Sorted(maps.Keys(c.Logged)) {
		row("  logged", "%d × %s", c.Logged[said], said)
	}
	if r.Untapped > 0 {
		row("taps that found no button", "%d", r.Untapped)
	}
	if r.Stopped {
		row("stopped", "by the limit, before all was quiet: what is above is not the whole day")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Trusted {
		return nil
	}
	if r.Lag.N == 0 {
		_, err := fmt.Fprintf(w, "\nNo percentiles: no ladder climbed, so the timers' lag is not known. Choose more --reports or --silence.\n")
		return err
	}
	_, err := fmt.Fprintf(w, "\nNo percentiles: the timers' lag (p99 %s) is over 10 %% of the shortest wait (%s). This machine is too slow for\nthis day; choose a lower --speed or more --hours.\n",
		span(r.Lag.P99), span(r.ShortestS))
	return err
}

func (r Result) perReport(n int) float64 { return float64(n) / float64(max(1, r.Reports)) }

func (r Result) percentiles(d Dist) string {
	if !r.Trusted {
		return fmt.Sprintf("withheld, n %d", d.N)
	}
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, n %d", span(d.P50), span(d.P90), span(d.P99), d.N)
}

func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s: %d", k, m[k]))
	}
	return strings.Join(parts, ", ")
}

// named is a distribution with what it is called.
type named struct {
	th, en string
	Dist
}

func (r Result) distributions() []named {
	return []named{
		{"หมุด → แจ้งเตือนแรก", "pin to first alert", r.Alert},
		{"แจ้งเหตุ → มีคนรับทราบ", "report to a human", r.Ack},
		{"แจ้งเหตุ → ถึงที่เกิดเหตุ", "report to arrival", r.Arrival},
		{"โต๊ะกลาง: เวลารอ", "wait at the desk", r.Desk},
	}
}
