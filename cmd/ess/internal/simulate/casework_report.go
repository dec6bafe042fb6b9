package simulate

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// week is how the months stood at the end of one of their weeks.
type week struct {
	Open, Owed, Overdue int
	Oldest              float64 // days since the oldest open case began
	Load                Dist    // open cases per manager who has any
}

// weeks counts, from the record, how things stood week by week.
func (x CareExport) weeks() []week {
	all := make([]week, x.Input.Weeks)
	for n := range all {
		at := x.Lived.Begin.Add(time.Duration(n+1) * careWeek)
		if at.After(x.Lived.End) {
			at = x.Lived.End
		}
		w := &all[n]
		load := map[casefile.MemberID]float64{}
		for _, c := range x.Cases {
			if c.Began.IsZero() || c.Began.After(at) || !c.Ended.IsZero() && !c.Ended.After(at) {
				continue
			}
			w.Open++
			w.Oldest = max(w.Oldest, at.Sub(c.Began).Hours()/24)
			if c.Manager != "" {
				load[c.Manager]++
			}
		}
		for _, o := range x.Owed {
			if o.Since.After(at) || !o.Settled.IsZero() && !o.Settled.After(at) {
				continue
			}
			w.Owed++
			if o.Due.Before(at) {
				w.Overdue++
			}
		}
		var list []float64
		for _, n := range load {
			list = append(list, n)
		}
		w.Load = distribution(list)
	}
	return all
}

// Lag is how long after its instant each call was recorded, in seconds of case
// time, but for those of the night and while something was broken.
func (x CareExport) Lag() Dist {
	named := map[string]time.Time{}
	var list []float64
	for _, c := range x.Calls {
		k := fmt.Sprintf("%s/%d", c.Case, c.Owed)
		if due, ok := named[k]; ok && c.At.After(due) && !x.broken(due, c.At) {
			list = append(list, c.At.Sub(due).Seconds())
		}
		named[k] = c.Next
	}
	return distribution(list)
}

func (x CareExport) broken(from, to time.Time) bool {
	felt := time.Duration(12 * x.Input.Speed * float64(time.Second)) // Temporal waits ten seconds for what a killed worker took along
	return slices.ContainsFunc(x.Lived.Broken, func(b Span) bool { return from.Before(b.To.Add(felt)) && to.After(b.From) })
}

// Markdown writes docs/casework.md.
func (x CareExport) Markdown(w io.Writer, picture string) error {
	b := bufio.NewWriter(w) // keeps the first error for Flush
	in, lag := x.Input, x.Lag()
	ended, referrals, rungs, events := 0, map[casefile.ObligationState]int{}, map[string]int{}, 0
	for _, c := range x.Cases {
		events += c.Events
		if c.State.Ended() {
			ended++
		}
	}
	for _, o := range x.Owed {
		if o.Kind == casefile.OweReferral {
			referrals[o.State]++
		}
	}
	for _, c := range x.Calls {
		rungs[c.Who]++
	}
	fmt.Fprintf(b, "# Casework, simulated\n\nWritten by `ess simulate casework --seed %d --cases %d --weeks %d --speed %g` and judged by `cmd/ess/prove`. Everybody in it is\n"+
		"invented; how fast people work, who falls ill and which partners sleep are figures of ours.\n\n", in.Seed, in.Cases, in.Weeks, in.Speed)
	fmt.Fprintf(b, "![open cases, overdue work and load per worker, week by week](%s)\n\n| | |\n| --- | --- |\n", picture)
	fmt.Fprintf(b, "| lived | %d weeks in %.0f s: %g times real time |\n", in.Weeks, x.Took, in.Speed)
	fmt.Fprintf(b, "| follow-ups | %d begun, %d closed, %d events |\n", len(x.Cases), ended, events)
	fmt.Fprintf(b, "| owed | %d things, %d calls about them |\n| calls to | ", len(x.Owed), len(x.Calls))
	fmt.Fprintf(b, "%s |\n| referrals | DONE: %d (accepted), REJECTED: %d, MISSED: %d (passed on), DROPPED: %d, OPEN: %d |\n", counts(rungs),
		referrals[casefile.Done], referrals[casefile.Rejected], referrals[casefile.Missed], referrals[casefile.Dropped], referrals[casefile.Owing])
	fmt.Fprintf(b, "| orders | %d with a verdict; %d tries repeated; refused by the law: %s |\n", len(x.Lived.Orders), x.Lived.Failed, counts(x.Lived.Refused))
	if lag.N > 0 {
		ms := func(s float64) float64 { return s / in.Speed * 1000 }
		fmt.Fprintf(b, "| lag of calls | p50 %s, p99 %s, max %s of case time (%.0f, %.0f, %.0f ms real), n %d |\n",
			span(lag.P50), span(lag.P99), span(lag.Max), ms(lag.P50), ms(lag.P99), ms(lag.Max), lag.N)
	}
	for _, s := range x.Lived.Broken {
		fmt.Fprintf(b, "| broken | %s in week %d for %.1f s real |\n", s.Why, s.From.Sub(x.Lived.Begin)/careWeek+1, s.To.Sub(s.From).Seconds()/in.Speed)
	}
	fmt.Fprintf(b, "\n| week | open cases | oldest, days | owed | overdue | cases per worker, median | most |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for n, k := range x.weeks() {
		fmt.Fprintf(b, "| %d | %d | %.0f | %d | %d | %.0f | %.0f |\n", n+1, k.Open, k.Oldest, k.Owed, k.Overdue, k.Load.P50, k.Load.Max)
	}
	return b.Flush()
}

// Picture draws the weeks as SVG: one row for each figure.
func (x CareExport) Picture(w io.Writer) error {
	b := bufio.NewWriter(w)
	weeks := x.weeks()
	rows := []struct {
		th, en string
		value  func(week) float64
		colour string
	}{
		{"กรณีที่ดูแลอยู่", "open cases", func(k week) float64 { return float64(k.Open) }, "#1565C0"},
		{"กรณีที่เก่าที่สุด (วัน)", "oldest case, days", func(k week) float64 { return k.Oldest }, "#1565C0"},
		{"งานเกินกำหนด", "overdue work", func(k week) float64 { return float64(k.Overdue) }, "#B71C1C"},
		{"ภาระต่อคน (มัธยฐาน)", "cases per worker, median", func(k week) float64 { return k.Load.P50 }, "#2E7D32"},
		{"ภาระต่อคน (มากที่สุด)", "cases per worker, most", func(k week) float64 { return k.Load.Max }, "#2E7D32"},
	}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Noto Sans Thai, Sarabun, Tahoma, sans-serif" role="img">`+"\n", pictureWide, rowsTop+rowHigh*len(rows))
	fmt.Fprintf(b, "<title>%s</title>\n", "งานติดตามช่วยเหลือจำลอง / Simulated casework")
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", pictureWide, rowsTop+rowHigh*len(rows))
	text(b, 24, 36, 20, "#111", "start", "งานติดตามช่วยเหลือจำลอง · Simulated casework")
	text(b, 24, 60, 13, "#555", "start", fmt.Sprintf("%d กรณี/cases · %d สัปดาห์/weeks · seed %d · ×%g", len(x.Cases), x.Input.Weeks, x.Input.Seed, x.Input.Speed))
	for n, r := range rows {
		top := float64(rowsTop + n*rowHigh)
		base, most := top+plotHigh, 1.0
		for _, k := range weeks {
			most = max(most, r.value(k))
		}
		text(b, 24, top+38, 16, "#111", "start", r.th)
		text(b, 24, top+58, 13, "#555", "start", r.en)
		text(b, plotLeft-8, top+4, 10, "#999", "end", fmt.Sprintf("%.0f", most))
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#999"/>`+"\n", plotLeft, base, plotLeft+plotWide)
		wide := plotWide / float64(len(weeks))
		for i, k := range weeks {
			high := plotHigh * r.value(k) / most
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity=".75"/>`+"\n", plotLeft+float64(i)*wide+1, base-high, wide-2, high, r.colour)
			if i%4 == 3 || len(weeks) < 8 {
				text(b, plotLeft+(float64(i)+0.5)*wide, base+16, 11, "#555", "middle", fmt.Sprint(i+1))
			}
		}
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}
