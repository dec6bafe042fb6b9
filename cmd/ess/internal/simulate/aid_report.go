package simulate

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

var bangkok = policy.Bangkok

// aidWaits are how long the steps of requests took, in working days.
type aidWaits struct {
	th, en string
	days   Dist
	list   []float64
}

// waits measures from the first sending to the visit, the decision and the last payment.
func (x AidExport) waits() []aidWaits {
	rows := []aidWaits{
		{th: "ถึงการเยี่ยมบ้าน", en: "to the visit"}, {th: "ถึงการพิจารณา", en: "to the decision"}, {th: "ถึงการจ่ายหรือมอบครบ", en: "to payment or delivery"},
		{th: "จากอนุมัติถึงจ่าย", en: "approval to payment"},
	}
	add := func(n int, from, to time.Time) {
		if !from.IsZero() && !to.IsZero() {
			rows[n].list = append(rows[n].list, x.workingDays(from, to))
		}
	}
	for _, a := range x.Aids {
		add(0, a.SubmittedAt, a.VisitedAt)
		add(1, a.SubmittedAt, a.DecidedAt)
		add(2, a.SubmittedAt, a.SettledAt)
		add(3, a.DecidedAt, a.SettledAt)
	}
	for i := range rows {
		rows[i].days = distribution(rows[i].list)
	}
	return rows
}

// aidWeek is how things stood at the end of one of the weeks.
type aidWeek struct {
	Filed, Open, Overdue, Settled int
	Baht                          float64 // paid so far
}

func (x AidExport) weeks() []aidWeek {
	all := make([]aidWeek, x.Input.Weeks)
	for n := range all {
		at, w := x.Lived.Begin.Add(time.Duration(n+1)*careWeek), &all[n]
		for _, a := range x.Aids {
			if a.SubmittedAt.IsZero() || a.SubmittedAt.After(at) {
				continue
			}
			w.Filed++
			if !a.SettledAt.IsZero() && !a.SettledAt.After(at) {
				w.Settled++
			}
			var due time.Time
			for _, e := range a.Events {
				if e.At.After(at) {
					break
				}
				if !e.DueAt.IsZero() {
					due = e.DueAt
				}
				if e.Kind == casefile.AidItemPaid {
					w.Baht += float64(e.Satang) / 100
				}
			}
			if a.EndedAt.IsZero() || a.EndedAt.After(at) {
				w.Open++
				if !due.IsZero() && due.Before(at) {
					w.Overdue++
				}
			}
		}
	}
	return all
}

// tally counts what the events say.
type tally struct {
	events, calls, duplicates, failed, cameBack int
	reasons, failures, states                   map[string]int
	paid                                        int64
}

func (x AidExport) tally() tally {
	t := tally{reasons: map[string]int{}, failures: map[string]int{}, states: map[string]int{}}
	for _, a := range x.Aids {
		t.states[string(a.State)]++
		failed, double := map[int]bool{}, false
		for _, e := range a.Events {
			t.events++
			switch e.Kind {
			case casefile.AidCalled:
				t.calls++
			case casefile.AidRefused:
				t.reasons[e.Reason]++
			case casefile.AidChecked:
				double = double || slices.ContainsFunc(e.Found, func(f casefile.AidFinding) bool { return f.Kind == casefile.FoundDuplicate })
			case casefile.AidItemFailed:
				t.failed++
				t.failures[e.Reason]++
				failed[e.Item] = true
			case casefile.AidItemPaid:
				t.paid += e.Satang
				if failed[e.Item] {
					t.cameBack++
				}
			}
		}
		if double {
			t.duplicates++
		}
	}
	return t
}

// Markdown writes docs/aid.md.
func (x AidExport) Markdown(w io.Writer, picture string) error {
	b := bufio.NewWriter(w) // keeps the first error for Flush
	in, t := x.Input, x.tally()
	fmt.Fprintf(b, "# A province's quarter of aid requests, simulated\n\nWritten by `ess simulate aid --seed %d --province %s --requests %d --weeks %d --speed %g` and judged by `cmd/ess/prove`.\n"+
		"Everybody in it is invented; how fast people work, what they get wrong and how often the bank refuses are figures of ours.\n\n", in.Seed, in.Province, in.Requests, in.Weeks, in.Speed)
	fmt.Fprintf(b, "![requests, overdue work and money, week by week](%s)\n\n| working days | n | median | p90 | most |\n| --- | ---: | ---: | ---: | ---: |\n", picture)
	for _, r := range x.waits() {
		fmt.Fprintf(b, "| %s (%s) | %d | %.1f | %.1f | %.1f |\n", r.en, r.th, r.days.N, r.days.P50, r.days.P90, r.days.Max)
	}
	var files, refused int
	var inFiles int64
	for _, r := range x.Lived.Rounds {
		files++
		refused += r.Refused
		inFiles += r.Satang
	}
	fmt.Fprintf(b, "\n| | |\n| --- | --- |\n| lived | %d weeks in %.0f s: %g times real time |\n", in.Weeks, x.Took, in.Speed)
	fmt.Fprintf(b, "| requests | %d sent (%s); %d events |\n", len(x.Aids), counts(x.Lived.Meant), t.events)
	fmt.Fprintf(b, "| bad line | %d answers lost, and said again by the phone; %d forms sent, none twice |\n", x.Lived.Lost, x.Forms)
	fmt.Fprintf(b, "| where they stand | %s |\n| refused | %s |\n", counts(t.states), counts(t.reasons))
	fmt.Fprintf(b, "| duplicates | %d put in, found in %d requests |\n| over a limit | %d plans refused by the rule's words |\n", len(x.Lived.Twins), t.duplicates, x.Lived.Over)
	fmt.Fprintf(b, "| money | %d bank files over %s baht; %s baht paid |\n", files, policy.Satang(inFiles).Baht(), policy.Satang(t.paid).Baht())
	fmt.Fprintf(b, "| failed payments | %d; %d paid in the end; %s |\n", t.failed, t.cameBack, counts(t.failures))
	fmt.Fprintf(b, "| own plans | %d attempts to approve one, all refused |\n", x.Lived.Eyes)
	fmt.Fprintf(b, "| calls | %d reminders and rungs about what was due |\n", t.calls)
	fmt.Fprintf(b, "| orders | %d with a verdict; %d tries repeated; refused: %s |\n", x.Lived.Orders, x.Lived.Failed, counts(x.Lived.Refused))
	fmt.Fprintf(b, "\n| week | sent so far | open | overdue | paid or delivered | baht paid |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for n, k := range x.weeks() {
		fmt.Fprintf(b, "| %d | %d | %d | %d | %d | %.0f |\n", n+1, k.Filed, k.Open, k.Overdue, k.Settled, k.Baht)
	}
	return b.Flush()
}

// Picture draws the weeks as SVG: one row for each figure.
func (x AidExport) Picture(w io.Writer) error {
	b := bufio.NewWriter(w)
	weeks := x.weeks()
	rows := []struct {
		th, en string
		value  func(aidWeek) float64
		colour string
	}{
		{"คำขอที่ยื่นแล้ว", "requests sent", func(k aidWeek) float64 { return float64(k.Filed) }, "#1565C0"},
		{"คำขอที่ยังไม่ปิด", "open requests", func(k aidWeek) float64 { return float64(k.Open) }, "#1565C0"},
		{"งานเกินกำหนด", "overdue work", func(k aidWeek) float64 { return float64(k.Overdue) }, "#B71C1C"},
		{"จ่ายหรือมอบครบ", "paid or delivered", func(k aidWeek) float64 { return float64(k.Settled) }, "#2E7D32"},
		{"เงินที่จ่าย (บาท)", "baht paid", func(k aidWeek) float64 { return k.Baht }, "#2E7D32"},
	}
	high := rowsTop + rowHigh*len(rows)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Noto Sans Thai, Sarabun, Tahoma, sans-serif" role="img">`+"\n", pictureWide, high)
	fmt.Fprintf(b, "<title>%s</title>\n", "คำขอรับความช่วยเหลือหนึ่งไตรมาส (จำลอง) / A simulated quarter of aid requests")
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", pictureWide, high)
	text(b, 24, 36, 20, "#111", "start", "คำขอรับความช่วยเหลือหนึ่งไตรมาส (จำลอง) · A quarter of aid requests, simulated")
	text(b, 24, 60, 13, "#555", "start", fmt.Sprintf("%d คำขอ/requests · %d สัปดาห์/weeks · seed %d · ×%g", len(x.Aids), x.Input.Weeks, x.Input.Seed, x.Input.Speed))
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
			tall := plotHigh * r.value(k) / most
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity=".75"/>`+"\n", plotLeft+float64(i)*wide+1, base-tall, wide-2, tall, r.colour)
			text(b, plotLeft+(float64(i)+0.5)*wide, base+16, 11, "#555", "middle", fmt.Sprint(i+1))
		}
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}
