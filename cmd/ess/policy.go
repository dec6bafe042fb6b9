package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

func policyCommand(vars map[string]string) *cli.Command {
	return &cli.Command{
		Name: "policy", Usage: "the ministry's numbers",
		Commands: []*cli.Command{{
			Name: "check", Usage: "check a policy file, or with --roster whether every ladder ends at somebody who answers", ArgsUsage: "[FILE]",
			Flags: []cli.Flag{&cli.BoolFlag{Name: "roster", Usage: "check the roster in the database against the policy"}},
			Action: func(ctx context.Context, c *cli.Command) error {
				if !c.Bool("roster") {
					return policyFile(c.Args().First())
				}
				cfg, err := load(vars)
				if err != nil {
					return fmt.Errorf("the configuration has mistakes:\n%w", err)
				}
				return checkRoster(ctx, cfg)
			},
		}, policyAidCommand()},
	}
}

// checkRoster lists what would ring nobody, province by province.
func checkRoster(ctx context.Context, cfg Config) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	findings, err := p.findings(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		fmt.Println(f.Th + " · " + f.En)
	}
	silent, err := p.store.SilentDesks(ctx)
	if err != nil {
		return err
	}
	for _, d := range silent {
		fmt.Printf("%s %s: no answer to the test of %s\n", d.Unit, policy.LevelName(d.Level).En, d.TestedAt.Format("2006-01-02 15:04"))
	}
	gaps, err := p.store.DutyGaps(ctx, "", 1000)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		fmt.Printf("%s: its shift has nobody since %s\n", g.Unit, g.Since.Format("2006-01-02 15:04"))
	}
	provinces, err := p.store.Provinces(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range findings {
		if f.Province == "" && f.Blocks { // the desk that every ladder ends at
			errs = append(errs, errors.New(f.En))
		}
	}
	for _, prov := range provinces {
		if ready, _ := policy.Readiness(findings, prov.Code); prov.Live && !ready {
			errs = append(errs, fmt.Errorf("province %s is LIVE and not ready", prov.Code))
		}
	}
	return errors.Join(errs...)
}

// findings is everything that is wrong with the roster.
func (p *parts) findings(ctx context.Context) ([]policy.Finding, error) {
	units, err := p.store.Units(ctx, postgres.UnitFilter{})
	if err != nil {
		return nil, err
	}
	desks, err := p.store.RosterDesks(ctx, p.store.Now().Add(-p.policy.Desk.AnsweredWithin.Duration))
	if err != nil {
		return nil, err
	}
	return policy.CheckRoster(p.policy, units, desks), nil
}

// mayBeLive refuses provinces in which a ladder begins or ends at nobody who
// answers, and says where. What was LIVE before stays so.
func (p *parts) mayBeLive(ctx context.Context, provinces string) error {
	if provinces == "" {
		return nil
	}
	findings, err := p.findings(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for code := range strings.SplitSeq(provinces, ",") {
		ready, here := policy.Readiness(findings, code)
		if ready || code == "" {
			continue
		}
		errs = append(errs, fmt.Errorf("province %s may not be LIVE yet; `ess roster test` rings its desks", code))
		for _, f := range here {
			if f.Blocks {
				errs = append(errs, errors.New("  "+f.En))
			}
		}
	}
	return errors.Join(errs...)
}
