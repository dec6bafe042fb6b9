package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/cmd/ess/internal/simulate"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// simulation is what one run was asked for.
type simulation struct {
	simulate.Input
	Speed     float64
	FixedWave int
	Operators int
	Limit     time.Duration
	Out       string
}

func simulateCommand() *cli.Command {
	return &cli.Command{
		Commands: []*cli.Command{caseworkCommand(), aidSimulation()},
		Name:     "simulate", Usage: "live a believable day with virtual phones on a stack of its own, and measure it",
		Description: "What people do is planned from the seed alone; its hash is printed. The folder --out gets the report (report.txt,\n" +
			"result.json, picture.svg) and what `go run ./cmd/ess/prove` reads: transcripts.json and cases.json.",
		Flags: []cli.Flag{
			&cli.UintFlag{Name: "seed", Value: 1, Usage: "chooses the day"},
			&cli.IntFlag{Name: "reports", Value: 500, Usage: "reports of citizens"},
			&cli.FloatFlag{Name: "speed", Value: 120, Usage: "seconds of case time in one second"},
			&cli.FloatFlag{Name: "hours", Usage: "case time from the first report to the last, until midnight; 0: as many as two cores can live through"},
			&cli.FloatFlag{Name: "silence", Value: 0.3, Usage: "chance that a responder never answers a card"},
			&cli.FloatFlag{Name: "quiet", Value: 0.1, Usage: "share of reports made with the silent button"},
			&cli.FloatFlag{Name: "surge", Value: 1, Usage: "one hour with so many times the reports of the others"},
			&cli.BoolFlag{Name: "line-faults", Usage: "LINE answers 429, 500 and loses answers, delivers twice and out of order, at intervals"},
			&cli.IntFlag{Name: "worker-kills", Usage: "kill -9 of the worker at so many moments"},
			&cli.IntFlag{Name: "operators", Value: 6, Usage: "people at the national desk; two cannot do what such a day brings them"},
			&cli.IntFlag{Name: "fixed-wave", Usage: "always ask so many near officers, to compare with; 0: as many as are needed"},
			&cli.IntFlag{Name: "taps", Value: 8700, Usage: "menu taps a day beside the reports"},
			&cli.StringFlag{Name: "out", Value: ".local/simulation", Usage: "folder of the report"},
			&cli.FloatFlag{Name: "limit", Value: 20, Usage: "real minutes after which the run stops by itself"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			s := simulation{
				Input: simulate.Input{
					Seed: uint64(c.Uint("seed")), Reports: int(c.Int("reports")), Hours: c.Float("hours"), Quiet: c.Float("quiet"),
					Silence: c.Float("silence"), Surge: c.Float("surge"), Taps: int(c.Int("taps")), Faults: c.Bool("line-faults"), Kills: int(c.Int("worker-kills")),
				},
				Speed: c.Float("speed"), FixedWave: int(c.Int("fixed-wave")), Operators: int(c.Int("operators")),
				Limit: time.Duration(c.Float("limit") * float64(time.Minute)), Out: c.String("out"),
			}
			if err := s.check(); err != nil {
				return err
			}
			return s.run(ctx)
		},
	}
}

// easyRate is how many reports a second two cores live through. The busiest hour
// has nearly twice as many, and the taps come on top.
const easyRate = 0.8

func (s *simulation) check() error {
	var errs []error
	if !(s.Speed >= 1 && s.Speed <= 1000) {
		errs = append(errs, errors.New("speed: want 1 to 1000"))
	} else if s.Hours == 0 {
		s.Hours = min(24, max(1, math.Ceil(float64(s.Reports)*s.Speed/easyRate/3600)))
	}
	if s.Operators < 0 || s.Operators > 100 {
		errs = append(errs, errors.New("operators: want 0 to 100"))
	}
	if s.FixedWave < 0 || s.FixedWave > 40 {
		errs = append(errs, errors.New("fixed-wave: want 0 to 40"))
	}
	if !(s.Limit > 0 && s.Limit <= 24*time.Hour) {
		errs = append(errs, errors.New("limit: want minutes, at most a day"))
	}
	return errors.Join(append(errs, s.Input.Check())...)
}

// fixedWave is the built-in policy with waves of one size.
func fixedWave(dir string, n int) (string, error) {
	const adaptive = "\n  fixed: 0 "
	doc := policy.Document()
	if !bytes.Contains(doc, []byte(adaptive)) {
		return "", errors.New("the built-in policy has no wave.fixed to change")
	}
	doc = bytes.Replace(doc, []byte(adaptive), []byte("\n  fixed: "+strconv.Itoa(n)+" "), 1)
	file := filepath.Join(dir, "policy.yaml")
	return file, os.WriteFile(file, doc, 0o600)
}

func (s *simulation) run(ctx context.Context) error {
	plan := simulate.Make(s.Input, policy.DefaultPlaces())
	fmt.Printf("plan %s\n", plan.Hash())
	if peak := plan.Peak(s.Speed); peak > 8 {
		fmt.Fprintf(os.Stderr, "ess: at most %.1f reports a second: more than two cores are likely to keep up with\n", peak)
	}
	if err := os.MkdirAll(s.Out, 0o750); err != nil {
		return err
	}
	for _, other := range []string{"casework.json", "aid.json"} {
		if err := os.Remove(filepath.Join(s.Out, other)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err // else prove would judge the months that another run left there
		}
	}
	dir, err := os.MkdirTemp("", "ess-simulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stack, err := ownStack(ctx)
	if err != nil {
		return err
	}
	defer stack.Stop()

	env := map[string]string{"ESS_LOG_LEVEL": "warn", "ESS_BUILD": "simulate"}
	rules, wave := policy.Default(), "adaptive"
	if s.FixedWave > 0 {
		wave = "fixed at " + strconv.Itoa(s.FixedWave)
		if env["ESS_POLICY"], err = fixedWave(dir, s.FixedWave); err != nil {
			return err
		}
		if rules, err = loadPolicy(env["ESS_POLICY"]); err != nil {
			return err
		}
	}
	var logged logs
	names := []string{"simulation"} // reads the record at the end
	for n := range s.Operators {
		names = append(names, "desk-"+strconv.Itoa(n+1))
	}
	if s.Operators == 1 {
		names = append(names, "supervisor") // the second person, where two are needed
	}
	operators := map[string]string{}
	for _, name := range names {
		token := make([]byte, 16)
		_, _ = rand.Read(token) // never fails
		operators[name] = hex.EncodeToString(token)
	}
	begin, epoch := s.instants(time.Now().UTC())
	system, err := stack.New(ctx, local.Options{
		Name: "simulation", Dir: dir, Speed: s.Speed, Epoch: epoch, Operators: operators, Env: env, Log: logged.add,
		Platform: lineemu.Options{Seed: s.Seed, Light: true},
	})
	if err != nil {
		return err
	}
	defer system.Stop()
	if err := inTurn(
		func() error { return system.Run("seed") },
		func() error { return system.StartAPI(ctx) },
		func() error { return system.StartWorker(ctx, "") },
		func() error { return system.Run("line", "setup") },
	); err != nil {
		return err
	}
	if early := system.Clock.Case(time.Now()).Add(simulate.LeadIn); early.After(begin) {
		begin = early // the start took longer than planned; the day begins as much later
	}
	roster := seedRoster(policy.DefaultPlaces(), 1)
	client := func(name string) simulate.Client {
		return simulate.Client{URL: "http://" + system.Listen, Token: operators[name]}
	}
	options := simulate.Options{
		Plan: plan, Begin: begin, Clock: system.Clock, Platform: system.Platform, Operators: s.Operators, Progress: bar,
		Restart: func(ctx context.Context) error {
			system.Worker.Kill()
			return system.StartWorker(ctx, "")
		},
	}
	for _, name := range names[1:] {
		options.Consoles = append(options.Consoles, simulate.Console{Client: client(name), Name: name})
	}
	for _, m := range roster.Members {
		options.Members = append(options.Members, simulate.Member{LINE: m.LINE, Code: m.Code, Level: m.Level, Role: m.Role, Lat: m.Lat, Lon: m.Lon})
	}
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	lived, err := simulate.Live(limited, options)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	export := simulate.Export{Plan: plan.Hash(), Speed: s.Speed, Wave: wave, Orders: lived.Orders, Broken: lived.Broken}
	if export.Cases, err = client("simulation").Cases(ctx); err != nil {
		return err
	}
	live := func(province string) bool { return slices.Contains(roster.Live, province) }
	result, err := simulate.Measure(options, lived, export, rules, live)
	if err != nil {
		return err
	}
	result.RealS, result.Channel.Logged = time.Since(started).Seconds(), logged.counts()
	return s.write(system.Platform, export, result, &logged)
}

// ownStack starts PostgreSQL and Temporal for one run.
func ownStack(ctx context.Context) (*local.Stack, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "starting PostgreSQL and Temporal …")
	return local.StartStack(ctx, local.StackOptions{Localstack: localstackBinary(), Binary: self, Stderr: os.Stderr})
}

// inTurn takes steps until one of them fails.
func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func localstackBinary() string {
	if server := os.Getenv("ESS_LOCALSTACK"); server != "" {
		return server
	}
	return filepath.Join(".local", "bin", "localstack")
}

// instants chooses when case time shows which hour: the plan begins at its hour
// of the day, and the start has a while until then.
func (s *simulation) instants(now time.Time) (begin, epoch time.Time) {
	ready := now.Add(startsWithin)
	if s.Speed == 1 {
		return ready.Add(simulate.LeadIn), now // real time cannot be shifted
	}
	local := now.In(policy.Bangkok)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, policy.Bangkok)
	begin = midnight.Add(time.Duration(s.Begins() * float64(time.Hour))).UTC()
	shown := begin.Add(-simulate.LeadIn)
	return begin, ready.Add(time.Duration(float64(ready.Sub(shown)) / (s.Speed - 1)))
}

// startsWithin is how long seeding and starting the processes may take.
const startsWithin = 15 * time.Second

// write leaves everything in the folder and prints the report.
func (s *simulation) write(platform *lineemu.Platform, export simulate.Export, result simulate.Result, logged *logs) error {
	asJSON := func(v any) func(io.Writer) error {
		return func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", " ")
			return enc.Encode(v)
		}
	}
	for name, fill := range map[string]func(io.Writer) error{
		"transcripts.json": platform.ExportTranscripts, "cases.json": asJSON(export), "result.json": asJSON(result),
		"report.txt": result.Text, "picture.svg": result.Picture, "processes.log": logged.write,
	} {
		var b bytes.Buffer
		if err := fill(&b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(s.Out, name), b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	if err := result.Text(os.Stdout); err != nil {
		return err
	}
	fmt.Println("\nfiles in " + s.Out)
	return nil
}

// bar draws progress over itself.
func bar(share float64, status string) {
	const wide = 40
	full := int(math.Round(wide * min(1, max(0, share))))
	fmt.Fprintf(os.Stderr, "\r[%s%s] %s\x1b[K", strings.Repeat("█", full), strings.Repeat("·", wide-full), status)
}

// logs keeps what the processes say went wrong, and counts it by its sentence.
type logs struct {
	mu    sync.Mutex
	lines []string
	said  map[string]int
}

// keptLines bounds what is kept word for word.
const keptLines = 5000

// variable is what differs between sentences that say the same.
var variable = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9:]+)?`)

func (l *logs) add(process, line string) {
	var entry struct{ Level, Msg string }
	if json.Unmarshal([]byte(line), &entry) != nil {
		entry.Level, entry.Msg = "ERROR", "a line that is no log entry"
	}
	if entry.Level != "WARN" && entry.Level != "ERROR" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == nil {
		l.said = map[string]int{}
	}
	l.said[process+" "+entry.Level+": "+variable.ReplaceAllString(entry.Msg, "…")]++
	if len(l.lines) < keptLines {
		l.lines = append(l.lines, process+" "+line)
	}
}

// write writes the lines; secrets and personal data are in no log.
func (l *logs) write(w io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (l *logs) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int{}
	for k, n := range l.said {
		out[k] = n
	}
	return out
}
