package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/internal/simulate"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

func aidSimulation() *cli.Command {
	return &cli.Command{
		Name: "aid", Usage: "live a province's quarter of aid requests in minutes, and leave what `go run ./cmd/ess/prove` judges",
		Description: "Volunteers of the synthetic roster file for invented households, some twice, some over a bad line; officers screen, send\n" +
			"to visit and plan; others decide; a bank refuses some payments. A week takes 604,800 seconds by the speed.",
		Flags: []cli.Flag{
			&cli.UintFlag{Name: "seed", Value: 1, Usage: "chooses the quarter"},
			&cli.StringFlag{Name: "province", Value: aidProvince, Usage: "one of the synthetic roster"},
			&cli.IntFlag{Name: "requests", Value: 120, Usage: "that are filed"},
			&cli.IntFlag{Name: "weeks", Value: 13, Usage: "of case time"},
			&cli.FloatFlag{Name: "speed", Value: 20_000, Usage: "seconds of case time in one second"},
			&cli.StringFlag{Name: "doc", Usage: "write the report and its picture there too: docs/aid.md"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			in := simulate.Aid{
				Seed: uint64(c.Uint("seed")), Province: c.String("province"), Requests: int(c.Int("requests")), Weeks: int(c.Int("weeks")), Speed: c.Float("speed"),
			}
			if err := in.Check(); err != nil {
				return err
			}
			return liveAid(ctx, in, c.String("out"), c.String("doc"))
		},
	}
}

// aidOperators are those who work at the consoles of the quarter.
var aidOperators = []string{"officer-1", "officer-2", "officer-3", "approver-1", "approver-2", "approver-3", "payer-1", "cashier-1"}

func liveAid(ctx context.Context, in simulate.Aid, out, doc string) (err error) {
	dir, err := os.MkdirTemp("", "ess-aid-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "starting PostgreSQL and Temporal …")
	stack, err := local.StartStack(ctx, local.StackOptions{Localstack: localstackBinary(), Binary: self, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	defer stack.Stop()
	operators := map[string]string{}
	for i, name := range aidOperators {
		operators[name] = strings.Repeat(string(rune('a'+i)), 32)
	}
	var logged logs
	system, err := stack.New(ctx, local.Options{
		Name: "aid", Dir: dir, Speed: in.Speed, Operators: operators, Log: logged.add,
		Env: map[string]string{"ESS_LOG_LEVEL": "warn", "ESS_BUILD": "aid-1"}, Platform: lineemu.Options{Seed: in.Seed, Light: true},
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
	if err := office.ConfirmCatalogue(ctx, "approver-3"); err != nil {
		return err
	}
	world := roster.aidWorld(in, office)
	began := time.Now()
	lived, err := world.Live(ctx)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	if err := system.Platform.ExportTranscripts(&said); err != nil {
		return err
	}
	export, err := simulate.ExportAid(ctx, office, in, lived, said.String())
	if err != nil {
		return err
	}
	export.Took, export.Holidays = time.Since(began).Seconds(), world.Holidays
	return writeAid(export, out, doc, &logged)
}

// aidWorld is the province of the roster in which the quarter is lived.
func (r roster) aidWorld(in simulate.Aid, office *local.Casework) *simulate.AidWorld {
	rules := policy.Default()
	w := &simulate.AidWorld{
		Input: in, Office: office, Progress: bar, Officers: aidOperators[:3], Approvers: aidOperators[3:6],
		Kinds: rules.AidKinds(office.Now()), Holidays: rules.Care.Holidays,
	}
	for _, u := range r.Units {
		switch {
		case u.Level == casefile.LevelMSDHSDuty && u.Province == in.Province:
			w.Unit = u.ID
		case u.Level == casefile.LevelMSDHSDuty && w.Other == "":
			w.Other = u.ID
		}
	}
	for _, m := range r.Members {
		if m.Province == in.Province && strings.HasPrefix(m.Code, "sdv-") {
			w.Volunteers = append(w.Volunteers, m.ID)
		}
	}
	for _, d := range policy.DefaultPlaces().Districts() {
		if d.Code[:2] == in.Province {
			w.Districts = append(w.Districts, d)
		}
	}
	forms := policy.DefaultForms()
	if i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == policy.LogbookForm }); i >= 0 {
		w.Logbook = forms[i]
	}
	w.Money = &simulate.AidDesk{Office: office, Unit: w.Unit, Payer: "payer-1", Cashier: "cashier-1"}
	return w
}

func writeAid(x simulate.AidExport, out, doc string, logged *logs) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(out, "casework.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // else prove would judge what another run left there
	}
	raw, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	var report, picture, said bytes.Buffer
	if err := errors.Join(x.Markdown(&report, "aid.svg"), x.Picture(&picture), logged.write(&said)); err != nil {
		return err
	}
	files := map[string][]byte{
		filepath.Join(out, "aid.json"): raw, filepath.Join(out, "aid.md"): report.Bytes(), filepath.Join(out, "aid.svg"): picture.Bytes(),
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
