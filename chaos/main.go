// Command chaos breaks whole installations of ESS on purpose, with people
// reporting and answering all the while, and checks that what was promised
// still holds.
//
// It kills, pauses, cuts and fills what it has started itself, on loopback and
// by process ID only, and nothing else. It proves the death of processes and of
// links; a power cut cannot be tested on one machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	seed := f.Uint64("seed", 1, "chooses who reports, and what breaks when; 0 draws one")
	name := f.String("scenario", "", "only these, separated by commas")
	short := f.Bool("short", false, "only the scenarios of the short form, with fewer reports and faults")
	list := f.Bool("list", false, "name the scenarios and what they promise")
	doc := f.String("doc", "", "write what came of it to this file")
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*name, *short)
	if err != nil {
		return err
	}
	if *doc != "" && (*name != "" || *short) {
		*doc = "" // the document is of a whole run
	}
	if *list {
		for _, s := range chosen {
			fmt.Fprintf(out, "%-34s %s\n", s.Name, s.Says)
		}
		return nil
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) % 1_000_000 // #nosec G115 -- of now
	}
	began := time.Now()
	fmt.Fprintf(out, "seed %d; building ess, starting PostgreSQL and Temporal\n", *seed)
	runner, err := newRunner(ctx, *short)
	if err != nil {
		return err
	}
	defer func() { _ = runner.Close() }() // a folder of ours in the folder for such things
	var results []Result
	var failed []string
	for _, s := range chosen {
		result := runner.Run(ctx, s, *seed)
		result.Print(out)
		results = append(results, result)
		if len(result.Violations) > 0 {
			failed = append(failed, s.Name)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	fmt.Fprintf(out, "%d scenarios in %s\n", len(results), time.Since(began).Round(time.Second))
	if *doc != "" {
		if err := writeDoc(*doc, results); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("seed %d: not everything held in %s", *seed, strings.Join(failed, ", "))
	}
	return nil
}

// choose finds scenarios by their names, or those of a form.
func choose(names string, short bool) ([]Scenario, error) {
	all := scenarios()
	if names == "" {
		return slices.DeleteFunc(all, func(s Scenario) bool { return short && !s.Short }), nil
	}
	var chosen []Scenario
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; --list names them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
