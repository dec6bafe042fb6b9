package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// command writes the document.
const command = "make chaos"

// head is what the document says before its figures. Nothing in it was measured.
const head = `# Fault tests

Written by ` + "`" + command + "`" + `; how it breaks things and what it looks at is in [chaos](../chaos). Every scenario is a whole
installation of its own, with real processes, a real PostgreSQL and a real Temporal, and people who report and answer all
the while. First things are broken (safety), then everything is healed and must be done within 120 seconds (liveness), and
then every invariant is checked. The short form is part of ` + "`make test`" + `.

It proves the death of processes, links and disks on one machine. It proves nothing about a power cut, or about two machines
that disagree.

`

// writeDoc writes docs/faults.md: what was broken, what held, and the figures.
func writeDoc(file string, results []Result) error {
	var b strings.Builder
	b.WriteString(head)
	var took time.Duration
	reports, faults := 0, 0
	for _, r := range results {
		took += r.Took
		reports += r.Reports
		faults += len(r.Injected)
	}
	table(&b, []string{"", ""}, [][]string{
		{"command", "`" + command + "`"},
		{"date", fmt.Sprintf("%s, took %s", time.Now().UTC().Format("2006-01-02 15:04 UTC"), took.Round(time.Second))},
		{"machine", fmt.Sprintf("%d cores, %s/%s%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, postgresVersion())},
		{"load at the end", load()},
		{"reports", fmt.Sprint(reports)},
		{"faults injected", fmt.Sprint(faults)},
	})

	b.WriteString("## What held\n\n")
	var lines [][]string
	for _, r := range results {
		lines = append(lines, []string{r.Scenario, fmt.Sprint(r.Seed), fmt.Sprint(r.Reports), fmt.Sprint(len(r.Injected)), r.Took.Round(time.Second).String(), r.verdict()})
	}
	table(&b, []string{"scenario", "seed", "reports", "faults", "took", ""}, lines)
	for _, r := range results {
		for _, v := range r.Violations {
			fmt.Fprintf(&b, "- %s, %s: %s\n\n", r.Scenario, v.Invariant, v.Detail)
		}
	}

	b.WriteString("## What is checked after every scenario\n\n")
	lines = nil
	for _, i := range invariants {
		lines = append(lines, []string{i.name, i.says})
	}
	table(&b, []string{"", "invariant"}, lines)

	b.WriteString("## The scenarios\n\n")
	for _, r := range results {
		fmt.Fprintf(&b, "### %s\n\n%s. `go run -C chaos . --seed %d --scenario %s`\n\n", r.Scenario, sentence(r.Says), r.Seed, r.Scenario)
		for _, what := range grouped(r.Injected) {
			fmt.Fprintf(&b, "- %s\n", what)
		}
		if len(r.Injected) > 0 {
			b.WriteString("\n")
		}
		lines = nil
		for _, f := range r.Figures {
			lines = append(lines, []string{f.Name, strings.TrimSpace(fmt.Sprintf("%.4g %s", f.Value, f.Unit))})
		}
		if len(lines) > 0 {
			table(&b, []string{"figure", ""}, lines)
		}
	}
	return os.WriteFile(file, []byte(strings.TrimRight(b.String(), "\n")+"\n"), 0o644) // #nosec G306 -- a document
}

func (r Result) verdict() string {
	switch {
	case r.Skipped != "":
		return "SKIPPED: " + r.Skipped
	case !r.OK():
		return "**did not hold**"
	default:
		return "held"
	}
}

// sentence begins with a capital.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[n:]
}

// grouped says the same once, and how often: a schedule has many kills.
func grouped(injected []string) []string {
	const most = 12
	if len(injected) <= most {
		return injected
	}
	return append(slices.Clone(injected[:most]), fmt.Sprintf("and %d more, from the same seed", len(injected)-most))
}

// postgresVersion is what the server on this machine says of itself.
func postgresVersion() string {
	out, err := exec.Command("psql", "--version").Output()
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(out)) // psql (PostgreSQL) 15.14 (Debian …)
	if len(fields) < 3 {
		return ""
	}
	return ", PostgreSQL " + fields[2]
}

// load is how busy the machine is, with all that is not ours.
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(raw))[:3], " ") + " (1, 5, 15 minutes)"
}

// table writes a table whose columns stand below each other in the source, too.
func table(b *strings.Builder, header []string, lines [][]string) {
	width := make([]int, len(header))
	for _, line := range append([][]string{header}, lines...) {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	write := func(line []string) {
		b.WriteString("|")
		for i, cell := range line {
			fmt.Fprintf(b, " %s%s |", cell, strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("\n")
	}
	write(header)
	b.WriteString("|")
	for i := range header {
		b.WriteString(" " + strings.Repeat("-", max(width[i], 1)) + " |")
	}
	b.WriteString("\n")
	for _, line := range lines {
		write(line)
	}
	b.WriteString("\n")
}
