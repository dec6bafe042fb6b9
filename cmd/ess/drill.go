package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

func rosterCommand(vars map[string]string) *cli.Command {
	return &cli.Command{
		Name: "roster", Usage: "the people who are rung",
		Commands: []*cli.Command{{
			Name: "test", Usage: "ask every duty desk whether its phone is heard; ess policy check --roster lists who has not answered",
			Flags: []cli.Flag{&cli.StringFlag{Name: "province", Usage: "two digits; without it every desk, the nation's too"}},
			Action: func(ctx context.Context, c *cli.Command) error {
				cfg, err := load(vars)
				if err != nil {
					return fmt.Errorf("the configuration has mistakes:\n%w", err)
				}
				return testRoster(ctx, cfg, c.String("province"))
			},
		}, {
			Name: "practice", Usage: "send the members of a province, or of one unit, a practice alert: nothing has happened, and they know it",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "province", Usage: "two digits", Required: true},
				&cli.StringFlag{Name: "unit", Usage: "code of a unit; without it all of the province"},
				&cli.BoolFlag{Name: "answers", Usage: "send nothing; say how many have answered"},
			},
			Action: func(ctx context.Context, c *cli.Command) error {
				cfg, err := load(vars)
				if err != nil {
					return fmt.Errorf("the configuration has mistakes:\n%w", err)
				}
				return practise(ctx, cfg, c.String("province"), c.String("unit"), c.Bool("answers"))
			},
		}},
	}
}

// testRoster sends the communication test. Which desks are tested is kept first: one that could not be reached counts
// as one that did not answer.
func testRoster(ctx context.Context, cfg Config, province string) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	if _, ok := p.places.Province(province); province != "" && !ok {
		return fmt.Errorf("there is no province %q", province)
	}
	at := p.store.Now()
	desks, err := p.store.BeginTest(ctx, province, at)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range desks {
		if err := p.test(ctx, id, "test_alert", "test/"+string(id)+"/"+strconv.FormatInt(at.UnixMilli(), 10)); err != nil {
			errs = append(errs, fmt.Errorf("desk %s: %w", id, err))
		}
	}
	fmt.Printf("%d duty desks, the test was sent to %d\n", len(desks), len(desks)-len(errs))
	return errors.Join(errs...)
}

// practise sends the members of an area an alert that is none. Answers count as
// those of a communication test do: by the button.
func practise(ctx context.Context, cfg Config, province, unit string, answers bool) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	if _, ok := p.places.Province(province); !ok {
		return fmt.Errorf("there is no province %q", province)
	}
	if answers {
		asked, answered, err := p.store.PracticeAnswers(ctx, province)
		fmt.Printf("%d members have practised, %d have answered the latest\n", asked, answered)
		return err
	}
	at := p.store.Now()
	members, err := p.store.BeginPractice(ctx, province, unit, at)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range members {
		if err := p.test(ctx, id, "practice_alert", "practice/"+string(id)+"/"+strconv.FormatInt(at.UnixMilli(), 10)); err != nil {
			errs = append(errs, fmt.Errorf("member %s: %w", id, err))
		}
	}
	fmt.Printf("%d members, the practice alert was sent to %d\n", len(members), len(members)-len(errs))
	return errors.Join(errs...)
}

func (p *parts) test(ctx context.Context, id casefile.MemberID, template, key string) error {
	to, err := p.store.MemberContact(ctx, id, "")
	if err != nil {
		return err
	}
	if to.LINE == "" {
		return errors.New("has no LINE account")
	}
	sent, err := p.line.Send(ctx, activities.Outgoing{To: to.LINE, Key: key, Language: to.Language, Template: template})
	if err == nil && sent.Outcome != activities.OutcomeAccepted {
		err = errors.New("LINE answered " + string(sent.Outcome))
	}
	return err
}
