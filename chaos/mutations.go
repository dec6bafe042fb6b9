package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

// A mutation breaks one guard on purpose and then does the deed that the guard
// is there for. Its checker must see it, or the checker is worth nothing; and
// with the guard in place the same deed must leave nothing to see.
//
// The guards of the code are broken in a copy: the build replaces the files by
// changed ones and leaves the tree alone, and ESS_MUTANT chooses at run time
// which guard is gone. What the database guards is broken by SQL.
type mutation struct {
	name      string // value of ESS_MUTANT
	guard     string // what is broken, in words
	invariant string // who must see it
	sees      string // part of what it says
	edits     []edit
	parts     []string // run without the guard
	sql       string   // takes a guard of the database away
	deed      func(ctx context.Context, w *World, t *trial) error
	stays     time.Duration // the guard would have mended it by then, so it must be seen for so long; real time
	alone     bool          // without a control: other scenarios do the same deed with the guard
}

// edit replaces a piece of a file of the product that stands there exactly once.
type edit struct{ file, old, new string }

// trial is one time of a deed.
type trial struct {
	name   string
	broken bool                            // the guard is gone
	n      int                             // of this run: each trial has a place of its own
	about  []casefile.CaseID               // what is seen must be about one of these, if there are any
	after  func(ctx context.Context) error // once the checkers have looked
}

// concerns reports whether something that was seen is about this trial.
func (t *trial) concerns(what string) bool {
	return len(t.about) == 0 || !strings.HasPrefix(what, "case ") ||
		slices.ContainsFunc(t.about, func(id casefile.CaseID) bool { return strings.Contains(what, string(id)) })
}

// without is a condition that holds when the guard is gone.
func without(name string) string { return fmt.Sprintf("mutant(%q)", name) }

// mutations leave traces in their world: those that other cases stumble over come last.
var mutations = []mutation{
	{
		name: "SAYS_SAVED", guard: "503 and the spool when the database takes no webhook: says 200 and drops it",
		invariant: "I1", sees: "is there 0 times", parts: []string{API},
		edits: []edit{{"api/linehook.go", "	if err := s.takeIn(ctx, at, raws); err != nil {\n",
			"	if err := s.takeIn(ctx, at, raws); err != nil {\n		if " + without("SAYS_SAVED") + " {\n			return http.StatusOK\n		}\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			link := w.Links["api-database"]
			if err := link.Refuse(); err != nil {
				return err
			}
			before := len(w.Platform.Webhooks())
			_, err := w.reportAlone(ctx, t, nil)
			if err == nil {
				err = w.until(ctx, "LINE has an answer", func() (bool, error) {
					hooks := w.Platform.Webhooks()
					return len(hooks) > before && hooks[len(hooks)-1].Status != 0, nil
				})
			}
			return errors.Join(err, link.Heal())
		},
	},
	{
		name: "BELIEVES_ALL", guard: "the signature of a webhook",
		invariant: "I1", sees: "forged", parts: []string{API},
		edits: []edit{{"api/linehook.go", "!line.Verify(s.LINESecrets, signatures[0], body)",
			"!line.Verify(s.LINESecrets, signatures[0], body) && !" + without("BELIEVES_ALL")}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			return w.disturbed(ctx, t, lineemu.WebhookFaults{Forged: 1})
		},
	},
	{
		name: "TAKES_AGAIN", guard: "an event ID is taken once: neither the look nor the unique index",
		invariant: "I1", sees: "there 2 times", parts: []string{API},
		sql: "ALTER TABLE inbox DROP CONSTRAINT inbox_arrives_once",
		edits: []edit{{"postgres/intake.go", "	was, err := q.InboxEvent(ctx, string(a.EventID))\n",
			"	if " + without("TAKES_AGAIN") + " {\n		return r, false, nil\n	}\n	was, err := q.InboxEvent(ctx, string(a.EventID))\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			return w.disturbed(ctx, t, lineemu.WebhookFaults{Duplicate: 1})
		},
	},
	{
		name: "NEW_KEY_EACH_TIME", guard: "the retry key of a message is always the same",
		invariant: "I6", sees: "retry key of no recorded message", parts: []string{"worker"},
		edits: []edit{{"line/client.go", "func retryKey(key string) string {", "func retryKey(key string) string {\n	if " + without("NEW_KEY_EACH_TIME") + " {\n		return uuid.NewString()\n	}\n	"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			if err := w.Platform.FailNext("push", lineemu.ErrorAfter, 1); err != nil { // accepted, and the answer is lost
				return err
			}
			id, err := w.reportAlone(ctx, t, w.pin(t, 0))
			if err != nil {
				return err
			}
			_, err = w.asked(ctx, id)
			return err
		},
	},
	{
		name: "CREW_OVERFLOWS", guard: "a crew that is complete takes nobody more",
		invariant: "I5", sees: "accepted for a crew of", parts: []string{"worker"},
		edits: []edit{{"casefile/apply.go", "	if t.Filled() {\n		return refuse(*c, e, \"มีผู้รับเหตุครบแล้ว ขอบคุณ\"", "	if t.Filled() && !" + without("CREW_OVERFLOWS") + " {\n		return refuse(*c, e, \"มีผู้รับเหตุครบแล้ว ขอบคุณ\""}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			id, err := w.reportAlone(ctx, t, w.pin(t, 0))
			if err != nil {
				return err
			}
			asked, err := w.asked(ctx, id)
			if err != nil {
				return err
			}
			for _, officer := range asked[:2] { // of a crew of one
				if err := w.presses(ctx, officer, casefile.ActAccept, id); err != nil {
					return err
				}
			}
			return w.heardAll(ctx, id)
		},
	},
	{
		name: "HELD_TWICE", guard: "a member is on one case: the unique index",
		invariant: "I5", sees: "is on cases", parts: nil,
		sql: "ALTER TABLE assignments DROP CONSTRAINT assignments_one_per_member",
		deed: func(ctx context.Context, w *World, t *trial) error {
			var cases []casefile.CaseID
			for i := range 2 { // two kilometres apart: two incidents
				id, err := w.reportAlone(ctx, &trial{name: fmt.Sprintf("%s %d", t.name, i), n: t.n}, w.pin(t, i)) // a citizen of its own
				if err != nil {
					return err
				}
				cases = append(cases, id)
			}
			asked, err := w.asked(ctx, cases[0], cases[1]) // both cards are there before one is answered
			if err != nil {
				return err
			}
			officer := asked[0]
			for _, id := range cases {
				if err := w.presses(ctx, officer, casefile.ActAccept, id); err != nil {
					return err
				}
				if err := w.heardAll(ctx, id); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "TELLS_NOBODY", guard: "messages are said, and a second watcher rings where they are not",
		invariant: "I3", sees: "nobody was told", parts: []string{"worker"},
		edits: []edit{{"activities/tell.go", "func (a *Activities) say(ctx context.Context, t try, m Message) said {\n",
			"func (a *Activities) say(ctx context.Context, t try, m Message) said {\n	if " + without("TELLS_NOBODY") + " {\n		return said{outcome: OutcomeWithheld}\n	}\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			watcher := w.Parts["watch"]
			watcher.Down()
			_, err := w.reportAlone(ctx, t, w.pin(t, 0))
			if err == nil {
				err = sleep(ctx, w.Clock.Wait(humanWithin)+time.Second)
			}
			t.after = watcher.Up
			return err
		},
	},
	{
		name: "FORGETS_CASES", guard: "the reconciler nudges an open case without a story",
		invariant: "I9", sees: "has no running workflow", stays: 4 * time.Second, parts: []string{"worker"},
		edits: []edit{{"worker/reconcile.go", "	running, unlisted := w.running(ctx)\n", "	if " + without("FORGETS_CASES") + " {\n		return nil\n	}\n	running, unlisted := w.running(ctx)\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			id, err := w.reportAlone(ctx, t, nil)
			if err != nil {
				return err
			}
			if err := w.happens(ctx, id, casefile.Reported, 1); err != nil {
				return err
			}
			return w.Temporal.TerminateWorkflow(ctx, workflows.EmergencyID(id), "", "by mistake")
		},
	},
	{
		name: "HANDS_NOTHING_OVER", guard: "nudge, relay and reconciler",
		invariant: "I11", sees: "was not handed over", stays: 4 * time.Second, parts: []string{API, "worker"},
		edits: []edit{{"cmd/ess/wire.go", "func (p *parts) Nudge(ctx context.Context, id casefile.CaseID, upTo int) error {\n",
			"func (p *parts) Nudge(ctx context.Context, id casefile.CaseID, upTo int) error {\n	if " + without("HANDS_NOTHING_OVER") + " {\n		return nil\n	}\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			_, err := w.reportAlone(ctx, t, nil)
			return err
		},
	},
	{
		name: "NOBODY_WATCHES", guard: "the second watcher",
		invariant: "I15", sees: "worker was away for",
		deed: func(ctx context.Context, w *World, t *trial) error {
			if t.broken {
				w.Parts["watch"].Down()
			}
			over := w.Ledger.broken("worker", "kill -9, away")
			w.Parts["worker"].Down()
			err := sleep(ctx, silences*shortSilence+time.Second)
			over()
			return errors.Join(err, w.Parts["worker"].Up(ctx), w.Parts["watch"].Up(ctx))
		},
	},
	{
		name: "OPENS_TWICE", guard: "a case is opened together with its report",
		invariant: "I2", sees: "has no report", parts: []string{API},
		edits: []edit{{"postgres/intake.go", "		if decision.Case, err = s.openCase(ctx, q, a, t); err != nil {\n",
			"		if " + without("OPENS_TWICE") + " {\n			if _, err = s.openCase(ctx, q, a, t); err != nil {\n				return r, err\n			}\n		}\n" +
				"		if decision.Case, err = s.openCase(ctx, q, a, t); err != nil {\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			_, err := w.reportAlone(ctx, t, nil)
			t.about = nil // the other one is what is seen
			return err
		},
	},
	{
		name: "CANCEL_CLOSES", guard: "a cancellation closes nothing",
		invariant: "I4", sees: "no human ended it", parts: []string{"worker"},
		edits: []edit{{"casefile/apply.go", "		c.Cancel = true // and nothing else: cancelling never closes\n",
			"		c.Cancel = true\n		if " + without("CANCEL_CLOSES") + " {\n			c.EndedAt, c.Clocks, c.Desk = e.At, nil, nil\n			c.move(Closed, e.At)\n		}\n"}},
		deed: func(ctx context.Context, w *World, t *trial) error {
			id, err := w.reportAlone(ctx, t, nil)
			if err != nil {
				return err
			}
			if err := w.presses(ctx, w.citizen(t), casefile.ActCancel, id); err != nil {
				return err
			}
			return w.happens(ctx, id, casefile.CancelRequested, 1)
		},
	},
	{
		name: "SLEEPS", guard: "a deadline rings its story, and the reconciler nudges one that was not served",
		invariant: "I4", sees: "nobody served its deadline", parts: []string{"worker"},
		edits: []edit{
			{"workflows/wait.go", "func (s *story) set(ctx workflow.Context, d casefile.Deadline) {\n",
				"func (s *story) set(ctx workflow.Context, d casefile.Deadline) {\n	if " + without("SLEEPS") + " {\n		return\n	}\n"},
			{"worker/reconcile.go", "	if err != nil || len(open) == 0 {\n", "	if err != nil || len(open) == 0 || " + without("SLEEPS") + " {\n"},
		},
		deed: func(ctx context.Context, w *World, t *trial) error {
			id, err := w.reportAlone(ctx, t, nil)
			if err != nil {
				return err
			}
			var first, now time.Time
			const deadline = "SELECT next_deadline FROM cases WHERE id = $1"
			if err := w.Ask(ctx, &first, deadline, id); err != nil {
				return err
			}
			late := time.Now().Add(w.Clock.Wait(first.Sub(w.Clock.Case(time.Now()))) + breath + time.Second)
			for now = first; now.Equal(first) && time.Now().Before(late); {
				if err := sleep(ctx, 200*time.Millisecond); err != nil {
					return err
				}
				if err := w.Ask(ctx, &now, deadline, id); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "SAYS_SAVED_TOO_SOON", guard: "synchronous_commit is on, and a pool without it is refused",
		invariant: "I1", sees: "is there 0 times", parts: []string{API},
		edits: []edit{{"postgres/store.go", "		if setting == \"off\" {\n", "		if setting == \"off\" && !" + without("SAYS_SAVED_TOO_SOON") + " {\n"}},
		deed:  savedTooSoon, alone: true,
	},
}

// savedTooSoon kills PostgreSQL in the moment after it has said that a webhook
// is committed. The log is written out by nobody else then: Temporal, which
// waits for its own commits, is away, and the log's writer is stopped.
func savedTooSoon(ctx context.Context, w *World, t *trial) error {
	w.Parts["worker"].Down()
	w.Parts["watch"].Down()
	w.Servers.KillTemporal()
	if err := w.execute(ctx, fmt.Sprintf("ALTER ROLE ess IN DATABASE %s SET synchronous_commit = off", w.Name)); err != nil {
		return err
	}
	if err := w.Parts[API].Restart(ctx, map[string]string{"ESS_MUTANT": t.name}); err != nil {
		return err
	}
	var writer int
	if err := w.Ask(ctx, &writer, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"); err != nil {
		return err
	}
	if err := syscall.Kill(writer, syscall.SIGSTOP); err != nil { // of our own server; it is killed with the others
		return err
	}
	before := len(w.Platform.Webhooks())
	if err := w.report(ctx, t.name, plan{n: t.n, typ: casefile.Gathering}); err != nil {
		return err
	}
	err := w.until(ctx, "LINE has its 200", func() (bool, error) {
		hooks := w.Platform.Webhooks()
		return len(hooks) > before && hooks[len(hooks)-1].Status == 200, nil
	})
	err = errors.Join(err, w.Servers.KillPostgres(), w.Servers.Heal(ctx))
	if err == nil {
		err = w.execute(ctx, fmt.Sprintf("ALTER ROLE ess IN DATABASE %s RESET synchronous_commit", w.Name))
	}
	return errors.Join(err, w.Heal(ctx))
}

var mutationScenarios = []Scenario{{
	Name: "broken-guards",
	Says: "each check sees it when the guard that it stands for is broken on purpose, and sees nothing when the same is done with the guard",
	Own:  breakGuards,
}}

// breakGuards does every deed with its guard and without it.
func breakGuards(ctx context.Context, r *Runner, _ Scenario, seed uint64) (result Result) {
	w, err := mutantWorld(ctx, r, seed)
	if err != nil {
		result.Violations = []Violation{{"start", err.Error()}}
		return result
	}
	defer w.Close()
	seen := 0.0
	for n, x := range trials(true) {
		found, err := x.try(ctx, w, n, x.broken)
		if x.broken {
			result.Injected = append(result.Injected, fmt.Sprintf("broken: %s (%s must see it)", x.guard, x.invariant))
		}
		switch {
		case err != nil:
			result.Violations = append(result.Violations, Violation{x.name, err.Error()})
		case x.broken && len(found) == 0:
			result.Violations = append(result.Violations, Violation{x.name, x.invariant + " saw nothing"})
		case x.broken:
			seen++
		case len(found) > 0:
			result.Violations = append(result.Violations, Violation{x.name, fmt.Sprintf("with its guard %s saw %q", x.invariant, found)})
		}
	}
	result.Reports = len(w.Ledger.Reports())
	result.Figures = []Figure{{"guards broken", float64(len(mutations)), ""}, {"of these seen by their check", seen, ""}}
	if len(result.Violations) > 0 {
		result.Tail = w.tail(120)
	}
	return result
}

// attempt is one mutation, with its guard or without it.
type attempt struct {
	mutation
	broken bool
}

// trials are all deeds without their guard, and before them, if it is wanted,
// with it: the scenarios are a control, too.
func trials(control bool) []attempt {
	var all []attempt
	for _, broken := range []bool{false, true} {
		for _, m := range mutations {
			if broken || control && !m.alone {
				all = append(all, attempt{m, broken})
			}
		}
	}
	return all
}

// shortSilence is when a part is silent in the world of the mutations, so that
// an outage that must be told of is over soon.
const shortSilence = 2 * time.Second

// impatient is the policy with a watcher that looks more often.
func impatient(dir string) (string, error) {
	raw, err := os.ReadFile("../policy/default.yaml")
	if err != nil {
		return "", err
	}
	text := string(raw)
	for _, change := range [][2]string{{"  look: 5s\n", "  look: 500ms\n"}, {"  beat: 5s ", "  beat: 500ms "}, {"  silent: 30s ", "  silent: " + shortSilence.String() + " "}} {
		if strings.Count(text, change[0]) != 1 {
			return "", fmt.Errorf("the policy has no line %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	file := filepath.Join(dir, "impatient.yaml")
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// buildMutants builds ess with all guards in one binary that can be without any of them.
func buildMutants(ctx context.Context, dir string) (string, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return "", err
	}
	replace := map[string]string{} // the file in the tree to the one that is built
	texts := map[string]string{}
	for _, m := range mutations {
		for _, e := range m.edits {
			path := filepath.Join(root, e.file)
			if texts[path] == "" {
				raw, err := os.ReadFile(path) // #nosec G304 -- a file of the product
				if err != nil {
					return "", err
				}
				texts[path] = string(raw)
			}
			if n := strings.Count(texts[path], e.old); n != 1 {
				return "", fmt.Errorf("mutation %s: the guard stands %d times in %s: it has moved, and its mutation must follow", m.name, n, e.file)
			}
			texts[path] = strings.Replace(texts[path], e.old, e.new, 1)
		}
	}
	folder := filepath.Join(dir, "mutants")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	for path, text := range texts {
		name, _, _ := strings.Cut(text[strings.Index(text, "\npackage ")+len("\npackage "):], "\n")
		texts[path] = text
		chooser := filepath.Join(filepath.Dir(path), "mutant_of_chaos.go") // not in the tree: only in this build
		texts[chooser] = "package " + name + "\n\nimport \"os\"\n\nfunc mutant(name string) bool { return os.Getenv(\"ESS_MUTANT\") == name }\n"
	}
	for path, text := range texts {
		copied := filepath.Join(folder, strings.ReplaceAll(strings.TrimPrefix(path, root), string(filepath.Separator), "_"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[path] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "ess")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "faults", "-overlay", list, "-o", binary, "./cmd/ess") // #nosec G204 -- our own program
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ess without its guards: %w\n%s", err, out)
	}
	return binary, nil
}

// mutantWorld is a small installation in which nobody answers by themselves.
func mutantWorld(ctx context.Context, r *Runner, seed uint64) (*World, error) {
	binary, err := buildMutants(ctx, r.Dir)
	if err != nil {
		return nil, err
	}
	rules, err := impatient(r.Dir)
	if err != nil {
		return nil, err
	}
	return newWorld(ctx, r.Servers, "mutants", seed, Setup{
		Speed: 60, Provinces: 1, Officers: 12, Still: true, Binary: binary, Env: map[string]string{"ESS_POLICY": rules},
	})
}

// try does the deed of a mutation, with its guard or without it, and returns
// what the checker of its invariant sees of it then.
func (m mutation) try(ctx context.Context, w *World, n int, broken bool) (seen []string, err error) {
	before := m.look(Check(ctx, w))
	t := &trial{name: m.name, n: n, broken: broken}
	if broken {
		if m.sql != "" {
			if err := w.execute(ctx, m.sql); err != nil {
				return nil, err
			}
		}
		for _, part := range m.parts {
			if err := w.Parts[part].Restart(ctx, map[string]string{"ESS_MUTANT": m.name}); err != nil {
				return nil, err
			}
		}
	}
	err = m.deed(ctx, w, t)
	var since time.Time // when it was first as it should be, and has been since
	for until := time.Now().Add(mutantPatience); err == nil; {
		seen = slices.DeleteFunc(m.look(Check(ctx, w)), func(what string) bool { return slices.Contains(before, what) || !t.concerns(what) })
		if (len(seen) > 0) != broken {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		if !since.IsZero() && (!broken || time.Since(since) >= m.stays) || time.Now().After(until) {
			break
		}
		err = sleep(ctx, 200*time.Millisecond)
	}
	if t.after != nil {
		err = errors.Join(err, t.after(ctx))
	}
	if broken {
		for _, part := range m.parts {
			err = errors.Join(err, w.Parts[part].Restart(ctx, nil))
		}
	}
	return seen, err
}

// mutantPatience is how long a checker may take to see what it should, real time.
const mutantPatience = 30 * time.Second

// look picks what the mutation's checker says.
func (m mutation) look(all []Violation) []string {
	var out []string
	for _, v := range all {
		if v.Invariant == m.invariant && strings.Contains(v.Detail, m.sees) || v.Invariant == "evidence" {
			out = append(out, v.Detail)
		}
	}
	return out
}

// until waits until something holds.
func (w *World) until(ctx context.Context, what string, holds func() (bool, error)) error {
	for until := time.Now().Add(mutantPatience); ; {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		if time.Now().After(until) {
			return errors.New("it did not come about that " + what)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// pin is a place of a trial's own, the ith of it: nothing near it joins. Trials
// stand in rows of eight, 700 metres apart.
func (w *World) pin(t *trial, i int) *casefile.Pin {
	return &casefile.Pin{Lat: w.towns[0].Lat + 0.02*float64(i) - 0.006*float64(t.n/8), Lon: w.towns[0].Lon + 0.007*float64(t.n%8)}
}

// reportAlone is one report of a citizen of a trial, and the case that it became.
func (w *World) reportAlone(ctx context.Context, t *trial, pin *casefile.Pin) (casefile.CaseID, error) {
	if err := w.report(ctx, t.name, plan{n: t.n, typ: casefile.Gathering, pin: pin, pinWait: 10 * time.Millisecond}); err != nil {
		return "", err
	}
	all := w.Ledger.Reports()
	event := all[len(all)-1].Event
	var id casefile.CaseID
	if w.Links["api-database"].proxy.Enabled {
		err := w.until(ctx, "the report has a case", func() (bool, error) {
			return w.Ask(ctx, &id, "SELECT case_id::text FROM inbox WHERE event_id = $1 AND case_id IS NOT NULL", event) == nil, nil
		})
		t.about = append(t.about, id)
		return id, err
	}
	return "", nil
}

// disturbed is one report while LINE's webhooks go wrong.
func (w *World) disturbed(ctx context.Context, t *trial, f lineemu.WebhookFaults) error {
	if err := w.Platform.SetFaults(lineemu.Faults{Webhook: f}); err != nil {
		return err
	}
	_, err := w.reportAlone(ctx, t, nil)
	return errors.Join(err, w.Platform.Settled(ctx), w.Platform.SetFaults(lineemu.Faults{}))
}

// citizen is the phone of who reported in a trial.
func (w *World) citizen(t *trial) *lineemu.Phone {
	name := fmt.Sprintf("%s %d", t.name, t.n)
	phones := w.Platform.Phones()
	return phones[slices.IndexFunc(phones, func(p *lineemu.Phone) bool { return p.User().Name == name })]
}

// asked waits until at least two officers hold a card of each of these cases.
func (w *World) asked(ctx context.Context, cases ...casefile.CaseID) ([]*lineemu.Phone, error) {
	var phones []*lineemu.Phone
	err := w.until(ctx, "two officers are asked", func() (bool, error) {
		phones = nil
		for _, a := range w.people.answers {
			if !slices.ContainsFunc(cases, func(id casefile.CaseID) bool { return !holds(a.Phone, id) }) {
				phones = append(phones, a.Phone)
			}
		}
		return len(phones) >= 2, nil
	})
	return phones, err
}

// holds reports whether a phone shows a card of a case that it may accept and not only acknowledge.
func holds(phone *lineemu.Phone, id casefile.CaseID) bool {
	return slices.ContainsFunc(phone.Transcript(), func(i lineemu.Item) bool {
		can := buttons(i)
		_, desk := can[casefile.ActAck]
		in, ok := can[casefile.ActAccept]
		return i.Incoming && ok && !desk && in.Case == id
	})
}

// card waits for a message of a case with a button of that action.
func (w *World) card(ctx context.Context, phone *lineemu.Phone, act casefile.Action, id casefile.CaseID) (lineemu.Item, error) {
	ctx, cancel := context.WithTimeout(ctx, mutantPatience)
	defer cancel()
	item, err := phone.Wait(ctx, func(i lineemu.Item) bool {
		in, ok := buttons(i)[act]
		return i.Incoming && ok && in.Case == id
	})
	if err != nil {
		return item, fmt.Errorf("no card with %s: %w", act, err)
	}
	return item, nil
}

// presses waits for the card and taps the button.
func (w *World) presses(ctx context.Context, phone *lineemu.Phone, act casefile.Action, id casefile.CaseID) error {
	item, err := w.card(ctx, phone, act, id)
	if err != nil {
		return err
	}
	return tapOn(phone, item, act)
}

// tapOn taps the button or the quick reply of an item that means the action.
func tapOn(phone *lineemu.Phone, i lineemu.Item, act casefile.Action) error {
	means := func(b lineemu.Button) bool { return line.Decode(b.Action.Data).Action == act }
	if n := slices.IndexFunc(i.Buttons, means); n >= 0 {
		_, err := phone.TapButtonOf(i.MessageID, i.Buttons[n].Label)
		return err
	}
	n := slices.IndexFunc(i.QuickReplies, means)
	_, err := phone.TapQuickReply(i.QuickReplies[n].Label)
	return err
}

// happens waits until a case has so many events of a kind.
func (w *World) happens(ctx context.Context, id casefile.CaseID, kind casefile.Kind, n int) error {
	return w.until(ctx, fmt.Sprintf("case %s has %d of %s", id, n, kind), func() (bool, error) {
		var found int
		err := w.Ask(ctx, &found, "SELECT count(*)::int FROM case_events WHERE case_id = $1 AND kind = $2", id, kind)
		return found >= n, err
	})
}

// heardAll waits until a case has heard everything that arrived for it.
func (w *World) heardAll(ctx context.Context, id casefile.CaseID) error {
	if err := w.Platform.Settled(ctx); err != nil {
		return err
	}
	return w.until(ctx, "the case has heard everything", func() (bool, error) {
		var heard bool
		err := w.Ask(ctx, &heard, "SELECT inbox_last = (doc->>'inbox')::int FROM cases WHERE id = $1", id)
		return heard, err
	})
}
