// Command ess is the whole product in one binary: the API with the webhook door,
// the worker, and the commands that set up, seed, simulate and try it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// version is set by the linker (-X main.version); it is the worker's build ID
// where the configuration names none.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, environment()); err != nil {
		fmt.Fprintln(os.Stderr, "ess:", err)
		os.Exit(1) // the only exit in the program
	}
}

// run is the program; its world comes in as arguments.
func run(ctx context.Context, args []string, vars map[string]string) error {
	with := func(do func(context.Context, Config) error) cli.ActionFunc {
		return func(ctx context.Context, _ *cli.Command) error {
			c, err := load(vars)
			if err != nil {
				return fmt.Errorf("the configuration has mistakes:\n%w", err)
			}
			return do(ctx, c)
		}
	}
	root := &cli.Command{
		Name: "ess", Usage: "social emergencies: from a pin in LINE to a closed case", Version: version,
		HideHelpCommand: true,
		Commands: []*cli.Command{
			devCommand(),
			{Name: "serve", Usage: "api and worker in one process", Action: with(serve)},
			{Name: "api", Usage: "LINE webhook, REST API, health checks", Action: with(serveAPI)},
			{Name: "worker", Usage: "stories and deeds", Action: with(serveWorker)},
			{Name: "watch", Usage: "the second watcher: finds what stands still without Temporal and rings the national desk", Action: with(serveWatch)},
			{Name: "migrate", Usage: "bring the database schema up to date", Action: with(migrate)},
			{Name: "health", Usage: "ask the process on ESS_LISTEN whether it is ready", Action: healthAction(vars)},
			keysCommand(),
			seedCommand(vars),
			simulateCommand(),
			policyCommand(vars),
			rosterCommand(vars),
			peopleCommand(vars),
			aidCommand(vars),
			{Name: "line", Usage: "what lives at LINE", Commands: []*cli.Command{
				{Name: "setup", Usage: "create the rich menus and make one the default", Action: with(lineSetup)},
			}},
		},
	}
	err := root.Run(ctx, args)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // asked to stop
	}
	return err
}
