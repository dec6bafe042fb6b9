package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/policy"
)

// withAid is the policy with the aid catalogue of a file, or with the one that is built in.
func withAid(p *policy.Policy, file string) (*policy.Policy, error) {
	if file == "" {
		return p, nil
	}
	raw, err := os.ReadFile(file) // #nosec -- the operator names it
	if err != nil {
		return nil, fmt.Errorf("ESS_AID: %w", err)
	}
	a, err := policy.ParseAid(file, raw)
	if err != nil {
		return nil, err
	}
	return p.WithAid(a), nil
}

func policyAidCommand() *cli.Command {
	return &cli.Command{
		Name: "aid", Usage: "check the aid catalogue in a file and show what is in force; without a file, the one that is built in", ArgsUsage: "[FILE]",
		Action: func(_ context.Context, c *cli.Command) error {
			p, err := withAid(policy.Default(), c.Args().First())
			if err != nil {
				return err
			}
			return showAid(os.Stdout, p, time.Now())
		},
	}
}

// showAid writes a line for each row in force.
func showAid(w io.Writer, p *policy.Policy, at time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { _, _ = fmt.Fprintln(t, strings.Join(cells, "\t")) } // Flush says what went wrong
	line("CODE", "BAHT", "UNIT", "RULES", "LIMITS", "CONFIRMATION", "SOURCE")
	for _, k := range p.AidKinds(at) {
		amount, verify := k.Min.Baht()+"–"+k.Max.Baht(), "not needed"
		if k.Max == 0 {
			amount = "by case"
		}
		if k.Goods {
			amount += " in goods"
		}
		if k.Verify {
			verify = "needed"
		}
		line(k.Code, amount, string(k.Unit), strings.Join(k.Rules, " "), strings.Join(k.Limits, " "), verify, k.Source)
	}
	return t.Flush()
}
