package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/internal/simulate"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

func caseworkCommand() *cli.Command {
	return &cli.Command{
		Name: "casework", Usage: "live months of follow-ups in minutes, and leave what `go run ./cmd/ess/prove` judges",
		Description: "Offices, social workers and partners of the synthetic roster; some are slow, some ill, some partners sleep. The worker is\n" +
			"killed once, and another build takes over once. A week takes 604,800 seconds by the speed.",
		Flags: []cli.Flag{
			&cli.UintFlag{Name: "seed", Value: 1, Usage: "chooses the months"},
			&cli.IntFlag{Name: "cases", Value: 60, Usage: "follow-ups"},
			&cli.IntFlag{Name: "weeks", Value: 26, Usage: "of case time"},
			&cli.FloatFlag{Name: "speed", Value: 20_000, Usage: "seconds of case time in one second"},
			&cli.StringFlag{Name: "doc", Usage: "write the report and its picture there too: docs/casework.md"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			in := simulate.Casework{Seed: uint64(c.Uint("seed")), Cases: int(c.Int("cases")), Weeks: int(c.Int("weeks")), Speed: c.Float("speed")}
			if err := in.Check(); err != nil {
				return err
			}
			return liveCasework(ctx, in, c.String("out"), c.String("doc"))
		},
	}
}

func liveCasework(ctx context.Context, in simulate.Casework, out, doc string) (err error) {
	dir, err := os.MkdirTemp("", "ess-casework-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stack, err := ownStack(ctx)
	if err != nil {
		return err
	}
	defer stack.Stop()
	var logged logs
	system, err := stack.New(ctx, local.Options{
		Name: "casework", Dir: dir, Speed: in.Speed, Operators: map[string]string{"casework": strings.Repeat("c", 32)}, Log: logged.add,
		Env: map[string]string{"ESS_LOG_LEVEL": "warn", "ESS_BUILD": "casework-1"}, Platform: lineemu.Options{Seed: in.Seed, Light: true},
	})
	if err != nil {
		return err
	}
	defer system.Stop()
	roster := seedRoster(policy.DefaultPlaces(), 1)
	for _, m := range roster.Members {
		if _, err := system.Platform.AddUser(lineemu.User{ID: m.LINE, Name: m.Code, Friend: true}); err != nil {
			return err
		}
	}
	if err := inTurn(
		func() error { return system.Run("seed") },
		func() error { return system.StartAPI(ctx) },
		func() error { return system.StartWorker(ctx, "") },
	); err != nil {
		return err
	}
	office, err := system.Casework(ctx)
	if err != nil {
		return err
	}
	defer office.Close()
	world := simulate.CareWorld{
		Input: in, Office: office, Progress: bar, Partners: map[string][]casefile.UnitID{},
		Break: []func(context.Context) error{
			func(ctx context.Context) error {
				system.Worker.Kill()
				return system.StartWorker(ctx, "")
			},
			func(ctx context.Context) error { // the cases that sleep are the new build's
				system.Worker.Stop()
				return system.StartWorker(ctx, "casework-2")
			},
		},
	}
	world.Offices = roster.careOffices(world.Partners)
	began := time.Now()
	lived, err := world.Live(ctx)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	export, err := simulate.ExportCare(ctx, office, in, lived)
	if err != nil {
		return err
	}
	export.Took = time.Since(began).Seconds()
	return writeCasework(export, out, doc, &logged)
}

// careOffices are the roster's offices that have social workers, and by province the partners.
func (r roster) careOffices(partners map[string][]casefile.UnitID) []simulate.CareOffice {
	workers, heads := map[casefile.UnitID][]casefile.MemberID{}, map[casefile.UnitID]casefile.MemberID{}
	for _, m := range r.Members {
		switch {
		case strings.HasPrefix(m.Code, "worker-"):
			workers[m.Unit] = append(workers[m.Unit], m.ID)
		case strings.HasPrefix(m.Code, "supervisor-"):
			heads[m.Unit] = m.ID
		}
	}
	var offices []simulate.CareOffice
	for _, u := range r.Units {
		switch {
		case len(workers[u.ID]) > 0:
			offices = append(offices, simulate.CareOffice{ID: u.ID, Province: u.Province, Workers: workers[u.ID], Supervisor: heads[u.ID]})
		case u.Level == casefile.LevelOrganisation && !strings.HasPrefix(u.Code, "groups-"):
			partners[u.Province] = append(partners[u.Province], u.ID)
		}
	}
	return offices
}

func writeCasework(x simulate.CareExport, out, doc string, logged *logs) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(out, "aid.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // else prove would judge what another run left there
	}
	raw, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	var report, picture, said bytes.Buffer
	if err := errors.Join(x.Markdown(&report, "casework.svg"), x.Picture(&picture), logged.write(&said)); err != nil {
		return err
	}
	files := map[string][]byte{
		filepath.Join(out, "casework.json"): raw, filepath.Join(out, "casework.md"): report.Bytes(), filepath.Join(out, "casework.svg"): picture.Bytes(),
		filepath.Join(out, "processes.log"): said.Bytes(),
	}
	if doc != "" {
		files[doc], files[strings.TrimSuffix(doc, filepath.Ext(doc))+".svg"] = report.Bytes(), picture.Bytes()
	}
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	fmt.Println(report.String())
	fmt.Println("files in " + out)
	return nil
}
