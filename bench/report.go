package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// report is what the run found out: tables, and what was wanted beside what is.
type report struct {
	versions []string
	tables   []table
	targets  []target
	skips    []string
}

type table struct {
	title string
	head  []string
	rows  [][]string
	notes []string
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// target is one figure that somebody promised.
type target struct {
	what      string
	is, bound float64
	atLeast   bool
}

func (r *report) target(what string, is, most float64) {
	r.targets = append(r.targets, target{what: what, is: is, bound: most})
}

func (r *report) targetAtLeast(what string, is, least float64) {
	r.targets = append(r.targets, target{what: what, is: is, bound: least, atLeast: true})
}

func (r *report) skipped(what string) { r.skips = append(r.skips, what) }

func (t target) met() bool {
	if t.atLeast {
		return t.is >= t.bound
	}
	return t.is <= t.bound
}

// String is the report as Markdown, which reads well on a terminal too.
func (r *report) String() string {
	slices.SortStableFunc(r.tables, func(a, b table) int { return strings.Compare(a.title[:3], b.title[:3]) }) // (a), (b) …
	slices.SortStableFunc(r.targets, func(a, b target) int { return strings.Compare(a.what[:3], b.what[:3]) })
	var b strings.Builder
	rows := make([][]string, 0, len(r.targets))
	var missed []string
	for _, t := range r.targets {
		sign, said := "≤", "met"
		if t.atLeast {
			sign = "≥"
		}
		if !t.met() {
			said = "**not met**"
			missed = append(missed, fmt.Sprintf("- %s: %s, wanted %s %s.", t.what, figure(t.is), sign, figure(t.bound)))
		}
		rows = append(rows, []string{t.what, figure(t.is), sign + " " + figure(t.bound), said})
	}
	b.WriteString("## Against the targets\n\n")
	write(&b, []string{"figure", "is", "target", ""}, rows)
	b.WriteString("\n## What was not met\n\n")
	if len(missed)+len(r.skips) == 0 {
		b.WriteString("Nothing.\n")
	}
	for _, line := range missed {
		b.WriteString(line + "\n")
	}
	for _, line := range r.skips {
		b.WriteString("- SKIPPED " + line + ".\n")
	}
	for _, t := range r.tables {
		b.WriteString("\n## " + t.title + "\n\n")
		write(&b, t.head, t.rows)
		if len(t.notes) > 0 {
			b.WriteString("\n")
		}
		for _, n := range t.notes {
			b.WriteString("- " + n + "\n")
		}
	}
	return b.String()
}

// write aligns the columns of a Markdown table.
func write(b *strings.Builder, head []string, rows [][]string) {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	line := func(row []string, pad string) {
		for i := range head {
			cell := row[i]
			b.WriteString("| " + cell + strings.Repeat(pad, widths[i]-utf8.RuneCountInString(cell)) + " ")
		}
		b.WriteString("|\n")
	}
	line(head, " ")
	line(slices.Repeat([]string{""}, len(head)), "-")
	for _, row := range rows {
		line(row, " ")
	}
}

// figure writes a whole number whole, and any other with two digits.
func figure(x float64) string {
	if x == math.Trunc(x) && x >= 10 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// thousands writes 2000000 as 2,000,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// durations is a sample.
type durations []time.Duration

// p is a percentile by nearest rank.
func (d durations) p(percent float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[max(0, int(math.Ceil(percent/100*float64(len(sorted))))-1)]
}

func (d durations) String() string { return milliseconds(d.p(50)) + " / " + milliseconds(d.p(99)) }

func milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.2f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
