package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// Ports of ess dev: fixed, so that bookmarks live on.
const (
	devAPI      = 8080
	devLINE     = 8090
	devPhones   = 8091
	devUI       = 8233
	devFrontend = 7233
	devPostgres = 54329
)

func devCommand() *cli.Command {
	return &cli.Command{
		Name: "dev", Usage: "the whole product on this machine: PostgreSQL, Temporal with its UI, LINE and its phones, telephones beside it, api, worker, watcher",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Value: ".local/dev", Usage: "folder in which everything is kept from start to start"},
			&cli.FloatFlag{Name: "speed", Value: 1, Usage: "seconds of case time in one second"},
		},
		Action: func(ctx context.Context, c *cli.Command) error { return dev(ctx, c.String("dir"), c.Float("speed")) },
	}
}

func dev(ctx context.Context, dir string, speed float64) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if os.Getenv("ESS_LOCALSTACK") == "" {
		_ = os.Setenv("ESS_LOCALSTACK", filepath.Join(filepath.Dir(self), "localstack"))
	}
	fmt.Println("starting PostgreSQL and Temporal …")
	stack, err := local.StartStack(ctx, local.StackOptions{
		Dir: dir, Binary: self, PostgresPort: devPostgres, FrontendPort: devFrontend, UIPort: devUI,
		Codec: address(devAPI) + "/codec", Stderr: os.Stderr,
	})
	if err != nil {
		return err
	}
	defer stack.Stop()
	token, err := devToken(filepath.Join(dir, "operator-tokens.json"))
	if err != nil {
		return err
	}
	fmt.Println("migrating, seeding the synthetic roster …")
	system, err := stack.New(ctx, local.Options{
		Name: "ess", Dir: dir, Speed: speed, Listen: "127.0.0.1:" + strconv.Itoa(devAPI), LINE: "127.0.0.1:" + strconv.Itoa(devLINE), Operators: token,
		Platform: lineemu.Options{Places: mapPlaces()}, Channels: "127.0.0.1:" + strconv.Itoa(devPhones),
		Env: map[string]string{"ESS_LOG_LEVEL": "warn", "ESS_CODEC_ORIGIN": stack.UI, "ESS_CODEC_OPEN": "true", "ESS_BUILD": buildID()},
		Log: func(process, line string) { fmt.Fprintln(os.Stderr, process+": "+line) },
	})
	if err != nil {
		return err
	}
	defer system.Stop()
	if err := system.Run("seed"); err != nil {
		return err
	}
	if err := addPhones(system.Platform); err != nil {
		return err
	}
	addTelephones(system.Phones)
	if err := system.StartAPI(ctx); err != nil {
		return err
	}
	if err := system.StartWorker(ctx, ""); err != nil {
		return err
	}
	watcher, err := system.StartWatch(ctx)
	if err != nil {
		return err
	}
	if err := system.Run("line", "setup"); err != nil {
		return err
	}
	if err := system.Run("seed", "--aid"); err != nil {
		return err
	}
	printAddresses(stack, system)
	select {
	case <-ctx.Done():
		fmt.Println("\nstopping; the data stays in " + dir)
		return nil
	case <-stack.Ended():
		return errors.New("PostgreSQL or Temporal ended by itself; see the messages above")
	case <-system.API.Done():
		return errors.New("the api ended by itself; see the messages above")
	case <-system.Worker.Done():
		return errors.New("the worker ended by itself; see the messages above")
	case <-watcher.Done():
		return errors.New("the watcher ended by itself; see the messages above")
	}
}

func address(port int) string { return "http://127.0.0.1:" + strconv.Itoa(port) }

// devToken keeps two operators' tokens from start to start: two persons close a critical case.
func devToken(file string) (map[string]string, error) {
	tokens := map[string]string{}
	if raw, err := os.ReadFile(file); err == nil { // #nosec -- a path of our own making
		return tokens, json.Unmarshal(raw, &tokens)
	}
	for _, name := range []string{"operator-1", "operator-2"} {
		raw := make([]byte, 16)
		_, _ = rand.Read(raw) // never fails
		tokens[name] = hex.EncodeToString(raw)
	}
	raw, err := json.Marshal(tokens)
	if err != nil {
		return nil, err
	}
	return tokens, os.WriteFile(file, raw, 0o600)
}

func mapPlaces() []lineemu.Place {
	var dots []lineemu.Place
	for _, p := range policy.DefaultPlaces().Provinces() {
		dots = append(dots, lineemu.Place{Name: p.NameTh, Lat: p.Lat, Lon: p.Lon})
	}
	return dots
}

// pinned are the members with whom a page of phones opens, in this order.
var pinned = []string{"desk-station-6501", "officer-6501-1", "desk-msdhs-65", "desk-radio-65", "desk-desk-1300-1", "group-65-SDV"}

func shownAt(m person) int {
	if i := slices.Index(pinned, m.Code); i >= 0 {
		return i
	}
	return len(pinned)
}

// label says on a phone what its owner is.
func label(m person) string {
	switch {
	case m.Group != casefile.Agency:
		return string(m.Group)
	case m.Desk():
		return policy.LevelName(m.Level).Th
	default:
		return string(m.Role)
	}
}

// addPhones gives every synthetic member a phone, and two citizens. The page
// opens with one of each kind around Phitsanulok.
func addPhones(platform *lineemu.Platform) error {
	for _, c := range []lineemu.User{
		{ID: local.SeedLINE("citizen-1"), Name: "ประชาชน", Label: "ประชาชน / citizen", Friend: true, Pinned: true},
		{ID: local.SeedLINE("citizen-2"), Name: "Citizen", Label: "citizen (English)", Language: "en", Friend: true},
	} {
		if _, err := platform.AddUser(c); err != nil {
			return err
		}
	}
	members := seedRoster(policy.DefaultPlaces(), 1).Members
	slices.SortStableFunc(members, func(a, b person) int { return shownAt(a) - shownAt(b) })
	for _, m := range members {
		if _, err := platform.AddUser(lineemu.User{ID: m.LINE, Name: m.Name, Label: label(m), Friend: true, Pinned: slices.Contains(pinned, m.Code)}); err != nil {
			return err
		}
	}
	// The group of a station: invite ESS, and let its desk write “เชื่อมกลุ่ม”.
	platform.AddGroup("กลุ่มเวร สภ.เมืองพิษณุโลก", true,
		platform.Phone(local.SeedLINE("desk-station-6501")), platform.Phone(local.SeedLINE("officer-6501-1")), platform.Phone(local.SeedLINE("officer-6501-2")))
	return nil
}

// addTelephones names the telephones of the synthetic members who have one, and
// gives two citizens a telephone without LINE.
func addTelephones(phones *channelemu.Emulator) {
	for i, name := range [citizensWithNumbers]string{"ประชาชน", "citizen"} {
		phones.Phone(local.SeedNumber(i)).Describe(name, "โทรศัพท์ไม่มี LINE / a telephone without LINE")
	}
	members := seedRoster(policy.DefaultPlaces(), 1).Members
	slices.SortStableFunc(members, func(a, b person) int { return shownAt(a) - shownAt(b) })
	for _, m := range members {
		if m.Phone != "" {
			phones.Phone(m.Phone).Describe(m.Name, label(m))
		}
	}
}

func printAddresses(stack *local.Stack, system *local.System) {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"phones (report on one, accept on another)", system.LineURL + "/phones"},
		{"telephones without LINE (SMS, calls, mail)", system.Phones.Page()},
		{"the volunteers' pages (sign in as an อพม.)", "http://" + system.Listen + "/smart/"},
		{"Temporal UI (watch a case)", stack.UI + "/namespaces/" + system.Name + "/workflows"},
		{"REST API", "http://" + system.Listen + "/v1/cases"},
		{"health, metrics", "http://" + system.Listen + "/healthz, /readyz, /metrics"},
		{"PostgreSQL", "127.0.0.1:" + strconv.Itoa(devPostgres) + ", database ess"},
	} {
		fmt.Fprintf(w, "  %s\t%s\n", row[0], row[1])
	}
	for _, name := range []string{"operator-1", "operator-2"} {
		fmt.Fprintf(w, "  token of %s\t%s\n", name, system.Operators[name])
	}
	_ = w.Flush()
	fmt.Printf("\n  curl -H 'Authorization: Bearer %s' http://%s/v1/cases\n\nCtrl-C stops everything.\n", system.Operators["operator-1"], system.Listen)
}
