// Package smoke holds one test for each promise to a person, in that person's
// words, against the real parts: the ess binary, PostgreSQL, Temporal, and the
// LINE emulator as phones. Any error that a process logs fails its test.
package smoke

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/vault"
)

// stack is what all systems of this test binary share.
var stack struct {
	once    sync.Once
	err     error
	dir     string
	servers *local.Stack
	systems atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range append(shared.systems, beside.system) {
		if s != nil {
			s.Stop()
		}
	}
	if stack.servers != nil {
		stack.servers.Stop()
	}
	if stack.dir != "" {
		_ = os.RemoveAll(stack.dir)
	}
	os.Exit(code)
}

// buildBinary builds the binary under test.
func buildBinary(dir string) (string, error) {
	binary := filepath.Join(dir, "ess")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/ess").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ess: %w\n%s", err, out)
	}
	return binary, nil
}

func startStack() (*local.Stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var err error
	if stack.dir, err = os.MkdirTemp("", "ess-smoke-"); err != nil {
		return nil, err
	}
	binary, err := buildBinary(stack.dir)
	if err != nil {
		return nil, err
	}
	return local.StartStack(ctx, local.StackOptions{Binary: binary, Localstack: localstackBinary(), Stderr: serverLogs()})
}

// system is one whole installation and what its processes complained of.
type system struct {
	*local.System
	stack    *local.Stack
	temporal client.Client

	towns atomic.Int64

	mu     sync.Mutex
	errors []string
}

// tokens of the operators of every system: two who see everything, and one with a scope.
var tokens = map[string]string{
	"somsri": "token-of-the-first-operator-0001", "wichai": "token-of-the-second-operator-002", scoped: "token-of-the-third-operator-0003",
	deskOnly: "token-of-the-fourth-operator-004",
	onde:     "token-of-the-partner-onde-00004",
	police:   "token-of-the-partner-police-005",
	eef:      "token-of-the-partner-eef-000006",
	cashier:  "token-of-a-cashier-of-an-office-07", teller: "token-of-a-teller-of-an-office-008", clerk: "token-of-a-clerk-of-an-office-009",
	second: "token-of-a-second-clerk-there-010",
}

// scoped is an operator of one province, written as ESS_OPERATORS wants it.
const (
	scoped   = "nok/OPERATOR+SUPERVISOR/" + scopedTo
	scopedTo = "58"
	onde     = "ratree/ONDE" // สดช., a partner that sees its own part
	police   = "prasit/POLICE"
	eef      = "kanya/EEF" // กสศ.
	cashier  = "darun/FINANCE"
	teller   = "malee/FINANCE"
	clerk    = "pim/OPERATOR"
	second   = "orn/OPERATOR"
)

// newSystem starts an installation at a speed, on the shared servers or on others.
func newSystem(servers *local.Stack, speed float64, also ...func(*local.Options)) (*system, error) {
	if servers == nil {
		stack.once.Do(func() { stack.servers, stack.err = startStack() })
		if stack.err != nil {
			return nil, stack.err
		}
		servers = stack.servers
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s := &system{stack: servers}
	name := fmt.Sprintf("smoke%d", stack.systems.Add(1))
	o := local.Options{
		Name: name, Dir: filepath.Join(stack.dir, name), Speed: speed, Operators: tokens, Log: s.note,
		Platform: lineemu.Options{Seed: 1, OpenAPIDir: existing("../../shared/line-openapi")},
		Env:      map[string]string{"ESS_LOG_LEVEL": or(os.Getenv("SMOKE_LEVEL"), "warn"), "ESS_BUILD": "smoke-1", "ESS_CODEC_ORIGIN": uiOrigin},
	}
	for _, change := range also {
		change(&o)
	}
	var err error
	if s.System, err = servers.New(ctx, o); err != nil {
		return nil, err
	}
	if err := s.Run("seed", "--national"); err != nil {
		return nil, err
	}
	if err := s.nationalPhones(); err != nil {
		return nil, err
	}
	keys, err := vault.Open(s.Env["ESS_KEYSET"])
	if err != nil {
		return nil, err
	}
	if s.temporal, err = client.Dial(client.Options{HostPort: servers.Address, Namespace: name, DataConverter: keys.DataConverter(), Logger: quiet{}}); err != nil {
		return nil, err
	}
	if err := s.StartAPI(ctx); err != nil {
		return nil, err
	}
	if err := s.Run("line", "setup"); err != nil {
		return nil, err
	}
	return s, s.StartWorker(ctx, "")
}

// nationalPhones gives the desks that every town shares their phones.
func (s *system) nationalPhones() error {
	codes := []string{"desk-rtp-national", "desk-husec", "desk-msdhs-national", "desk-desk-1300-1", "desk-desk-1300-2"}
	for _, r := range policy.DefaultPlaces().Regions() {
		codes = append(codes, "desk-region-"+r.Code)
	}
	for _, code := range codes {
		if _, err := s.Platform.AddUser(lineemu.User{ID: local.SeedLINE(code), Name: code, Friend: true}); err != nil {
			return err
		}
	}
	return nil
}

// note keeps what a process says went wrong.
func (s *system) note(process, line string) {
	if os.Getenv("SMOKE_LOGS") != "" {
		fmt.Fprintln(os.Stderr, process, line)
	}
	var entry struct{ Level string }
	if json.Unmarshal([]byte(line), &entry) == nil && entry.Level != "ERROR" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors = append(s.errors, process+": "+line)
}

func (s *system) logged() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errors)
}

// Stop ends the installation.
func (s *system) Stop() {
	s.System.Stop()
	s.temporal.Close()
}

// quiet drops what the SDK's client says of itself.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

func existing(dir string) string {
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// shared are the systems that tests without faults have in common, twenty times
// faster than the clock on the wall; each test has a province of its own there, and
// when every province of one is given away the next begins.
var shared struct {
	mu      sync.Mutex
	systems []*system
	given   int // provinces of the last one
}

// sharedSystem is the one that has a province left for a test.
func sharedSystem() (*system, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	n := len(shared.systems)
	if n == 0 || shared.given == len(townProvinces()) {
		s, err := newSystem(nil, sharedSpeed)
		if err != nil {
			return nil, err
		}
		shared.systems, shared.given, n = append(shared.systems, s), 0, n+1
	}
	shared.given++
	return shared.systems[n-1], nil
}

// townProvinces are those that a system gives to its tests, one each.
func townProvinces() []policy.Province {
	return slices.DeleteFunc(policy.DefaultPlaces().Provinces(), func(p policy.Province) bool {
		return policy.Default().Central(p.Code) || slices.Contains(append(borderland[:2:2], scopedTo), p.Code)
	})
}

const sharedSpeed = 20

// borderland are two provinces side by side, far from the capitals of all others.
// They and the province of the operator with a scope are given to no other test.
var borderland = []string{"85", "86"}

// start gives a test its own province in the shared system, or the named one.
func start(t *testing.T, province ...string) *town {
	t.Helper()
	t.Parallel()
	s, err := sharedSystem()
	if err != nil {
		t.Fatal(err)
	}
	if len(province) > 0 {
		return s.townIn(t, province[0])
	}
	return s.town(t)
}

// startOwn gives a test a whole system that it may break.
func startOwn(t *testing.T, speed float64, also ...func(*local.Options)) *town {
	t.Helper()
	t.Parallel()
	return startAlone(t, speed, also...)
}

// startAlone is startOwn for what counts or measures: no other test runs beside it.
func startAlone(t *testing.T, speed float64, also ...func(*local.Options)) *town {
	t.Helper()
	s, err := newSystem(nil, speed, also...)
	if err != nil {
		t.Fatal(err)
	}
	h := s.town(t)
	t.Cleanup(s.Stop) // before the look at what was logged
	return h
}

// town is the place of one test: a province whose station, desks and officers
// nobody else uses.
type town struct {
	*system
	t        *testing.T
	province policy.Province
	pin      casefile.Pin
	n        int
	units    [][]string
	members  [][]string
	people   map[string]*person
	enlisted map[string][]string    // the roster's line of every member, as it was imported last
	numbers  int                    // telephone numbers given away
	failsOn  func(line string) bool // which logged errors fail the test; nil: all
}

// person is a phone with a role in the story.
type person struct {
	*lineemu.Phone
	town *town
	name string
	mark int // how far the person has read
}

var unitHeader = []string{"code", "level", "name_th", "name_en", "province", "region", "lat", "lon", "state"}
var memberHeader = []string{"code", "unit", "name", "line_user_id", "role", "level", "group", "class", "language", "lat", "lon", "on_duty", "female"}

func (s *system) town(t *testing.T) *town {
	t.Helper()
	provinces := townProvinces()
	n := int(s.towns.Add(1))
	if n > len(provinces) {
		t.Fatal("every province of this system has its test: begin another one")
	}
	return s.townIn(t, provinces[n-1].Code)
}

func (s *system) townIn(t *testing.T, province string) *town {
	t.Helper()
	p, _ := policy.DefaultPlaces().Province(province)
	h := &town{system: s, t: t, province: p, pin: casefile.Pin{Lat: p.Lat, Lon: p.Lon}, people: map[string]*person{}, enlisted: map[string][]string{}}
	before := s.logged()
	t.Cleanup(func() {
		for _, line := range s.logged()[len(before):] {
			if h.failsOn == nil || h.failsOn(line) {
				t.Errorf("a process logged an error: %s", line)
			}
		}
	})
	for _, level := range []casefile.Level{
		casefile.LevelStation, casefile.LevelRadio191, casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelEMS,
	} {
		h.unit(string(level), level, h.pin.Lat, h.pin.Lon)
	}
	h.enlist()
	if err := s.Run("seed", "--live", p.Code, "--untested"); err != nil {
		t.Fatal(err)
	}
	return h
}

// code makes a roster code of this town only.
func (h *town) code(name string) string { return strings.ToLower(h.province.Code + "-" + name) }

// unit adds a unit with its duty desk; the desk's phone has the unit's name.
func (h *town) unit(name string, level casefile.Level, lat, lon float64) {
	h.units = append(h.units, []string{
		h.code(name), string(level), name, name, h.province.Code, h.province.Region, number(lat), number(lon), "LIVE",
	})
	h.member(name, name, "", level, lat, lon, false)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }

func (h *town) member(name, unit string, role casefile.Role, level casefile.Level, lat, lon float64, female bool) {
	p := h.phone(name)
	h.members = append(h.members, []string{
		h.code(name), h.code(unit), name, p.ID(), string(role), string(level), "AGENCY", "PROFESSIONAL", "th", number(lat), number(lon), "true", strconv.FormatBool(female),
	})
}

// phone gives somebody a phone.
func (h *town) phone(name string) *person {
	ph, err := h.Platform.AddUser(lineemu.User{Name: name, Friend: true})
	if err != nil {
		h.t.Fatal(err)
	}
	h.people[name] = &person{Phone: ph, town: h, name: name}
	return h.people[name]
}

// enlist imports what was added to the roster since the last call.
func (h *town) enlist() {
	h.t.Helper()
	h.n++
	args := []string{"seed"}
	for flag, rows := range map[string][][]string{"units": append([][]string{unitHeader}, h.units...), "members": append([][]string{memberHeader}, h.members...)} {
		if len(rows) == 1 {
			continue
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.WriteAll(rows)
		file := filepath.Join(h.Dir, fmt.Sprintf("%s-%s-%d.csv", h.province.Code, flag, h.n))
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			h.t.Fatal(err)
		}
		args = append(args, "--"+flag, file)
	}
	if err := h.Run(args...); err != nil {
		h.t.Fatal(err)
	}
	for _, row := range h.members {
		h.enlisted[row[2]] = row
	}
	h.units, h.members = nil, nil
}

// officers adds field officers of the station, each so many metres north of the pin.
func (h *town) officers(at map[string]float64) map[string]*person {
	h.t.Helper()
	names := make([]string, 0, len(at))
	for name := range at {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h.member(name, string(casefile.LevelStation), casefile.Police, "", h.pin.Lat+at[name]/111195, h.pin.Lon, false)
	}
	h.enlist()
	return h.people
}

// desk is the duty desk of a level in this town.
func (h *town) desk(level casefile.Level) *person { return h.people[string(level)] }

// citizen is somebody who added the account.
func (h *town) citizen(name string) *person { return h.phone(name) }

// patience is how long a test waits for something that should happen.
const patience = time.Minute

// hears waits for a message with a button of that action, or, for a plain
// message, for its words.
func (p *person) hears(what string) lineemu.Item {
	p.town.t.Helper()
	return p.hearsWithin(what, patience)
}

func (p *person) hearsWithin(what string, within time.Duration) lineemu.Item {
	p.town.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	item, err := p.WaitSince(ctx, p.mark, func(i lineemu.Item) bool { return i.Incoming && carries(i, what) })
	if err != nil {
		p.town.t.Fatalf("%s did not hear %q within %s; heard %s", p.name, what, within, p.said())
	}
	p.mark = item.Seq
	return item
}

// said is everything the phone showed, for a failing test.
func (p *person) said() string {
	var b strings.Builder
	for _, i := range p.Transcript() {
		if i.Incoming {
			fmt.Fprintf(&b, "\n  %d %s %s", i.Seq, strings.Join(i.Texts, " | "), labels(i))
		}
	}
	return b.String()
}

func labels(i lineemu.Item) []string {
	var out []string
	for _, b := range append(slices.Clone(i.Buttons), i.QuickReplies...) {
		out = append(out, b.Label)
	}
	return out
}

// carries reports whether an item has the words, or a button that means the action.
func carries(i lineemu.Item, what string) bool {
	if i.Says(what) {
		return true
	}
	_, ok := button(i, what)
	return ok
}

func button(i lineemu.Item, action string) (lineemu.Button, bool) {
	for _, b := range append(slices.Clone(i.Buttons), i.QuickReplies...) {
		in := line.Decode(b.Action.Data)
		if in.Word == casefile.Pressed && string(in.Action) == action {
			return b, true
		}
	}
	return lineemu.Button{}, false
}

// hearsNothingFor fails if anything arrives in so much case time.
func (p *person) hearsNothingFor(caseTime time.Duration) {
	p.town.t.Helper()
	before := len(incoming(p.Transcript()))
	time.Sleep(p.town.Clock.Wait(caseTime))
	if after := incoming(p.Transcript()); len(after) > before {
		p.town.t.Errorf("%s heard something unasked: %s", p.name, p.said())
	}
}

func incoming(items []lineemu.Item) []lineemu.Item {
	return slices.DeleteFunc(items, func(i lineemu.Item) bool { return !i.Incoming })
}

// presses taps the newest button that means the action.
func (p *person) presses(action casefile.Action) {
	p.town.t.Helper()
	items := p.Transcript()
	for i := len(items) - 1; i >= 0; i-- {
		b, ok := button(items[i], string(action))
		if !ok {
			continue
		}
		var err error
		if slices.ContainsFunc(items[i].Buttons, func(x lineemu.Button) bool { return x.Label == b.Label }) {
			_, err = p.TapButtonOf(items[i].MessageID, b.Label)
		} else {
			_, err = p.TapQuickReply(b.Label)
		}
		if err != nil {
			p.town.t.Fatalf("%s cannot press %s: %v", p.name, action, err)
		}
		return
	}
	p.town.t.Fatalf("%s has no button for %s; heard %s", p.name, action, p.said())
}

// reports presses an incident type in the rich menu and sends the pin.
func (p *person) reports(typ casefile.IncidentType, at casefile.Pin) casefile.CaseID {
	p.town.t.Helper()
	p.taps(typ, false)
	p.hears("cancel") // the receipt
	p.sends(at)
	p.hears("cancel") // M1: the pin as place and map
	return p.town.caseOf(p)
}

// taps presses an incident type in the rich menu, or its silent button.
func (p *person) taps(typ casefile.IncidentType, quiet bool) {
	p.town.t.Helper()
	in := casefile.Incoming{Word: casefile.Tapped, Type: typ, Quiet: quiet}
	if quiet {
		in.Type = ""
	}
	data := line.Encode(in)
	for i, area := range p.menuAreas() {
		if area == data {
			if _, err := p.TapMenuArea(i); err != nil {
				p.town.t.Fatalf("%s cannot tap %s: %v", p.name, typ, err)
			}
			return
		}
	}
	p.town.t.Fatalf("%s has no menu entry for %s", p.name, typ)
}

// menuAreas is what each area of the person's rich menu posts.
func (p *person) menuAreas() []string {
	var data []string
	if menu := p.Menu(); menu != nil {
		for _, a := range menu.Areas {
			data = append(data, a.Action.Data)
		}
	}
	return data
}

func (p *person) sends(at casefile.Pin) {
	p.town.t.Helper()
	if _, err := p.SendLocation(at.Lat, at.Lon, "", ""); err != nil {
		p.town.t.Fatal(err)
	}
}

// request asks the API as one of the operators, and again when told to slow down.
func (s *system) request(operator, method, path string, body any) (int, []byte) {
	var raw []byte
	if body != nil {
		raw, _ = json.Marshal(body)
	}
	key := fmt.Sprintf("%s-%d", operator, time.Now().UnixNano())
	for {
		status, answer := s.ask(operator, method, path, key, raw)
		if status != http.StatusTooManyRequests {
			return status, answer
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *system) ask(operator, method, path, key string, body []byte) (int, []byte) {
	var payload io.Reader
	if method != http.MethodGet {
		payload = bytes.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://"+s.Listen+path, payload)
	if err != nil {
		return 0, []byte(err.Error())
	}
	req.Header.Set("Authorization", "Bearer "+tokens[operator])
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, raw
}

// eventually waits until a condition holds.
func (h *town) eventually(what string, holds func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if holds() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("it did not come about that %s", what)
}

// caseOf is the case that the person's newest card is about.
func (h *town) caseOf(p *person) casefile.CaseID {
	h.t.Helper()
	var found casefile.CaseID
	h.eventually(p.name+" has a card of a case", func() bool {
		items := p.Transcript()
		for i := len(items) - 1; i >= 0 && found == ""; i-- {
			for _, b := range append(slices.Clone(items[i].Buttons), items[i].QuickReplies...) {
				if in := line.Decode(b.Action.Data); in.Case != "" {
					found = in.Case
				}
			}
		}
		return found != ""
	})
	return found
}

// record is a case as the REST API shows it.
type record struct {
	ID         casefile.CaseID    `json:"id"`
	State      casefile.State     `json:"state"`
	Severity   casefile.Severity  `json:"severity"`
	Lead       casefile.CaseID    `json:"lead"`
	Owner      string             `json:"owner"`
	Escalation int                `json:"escalation_level"`
	Child      bool               `json:"child_involved"`
	Place      casefile.Place     `json:"place"`
	Station    casefile.UnitID    `json:"station"`
	Desk       *casefile.DeskItem `json:"desk"`
	Tracks     []casefile.Track   `json:"tracks"`
}

// team lists where those stand who still belong to the response of a role.
func (r record) team(role casefile.Role) []casefile.AssignmentState {
	var team []casefile.AssignmentState
	for _, t := range r.Tracks {
		for _, a := range t.Team {
			if t.Role == role && a.Active() {
				team = append(team, a.State)
			}
		}
	}
	return team
}

// look reads a case.
func (h *town) look(id casefile.CaseID) record {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id), nil)
	var r record
	if err := json.Unmarshal(raw, &r); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET case: %d %s", status, raw)
	}
	return r
}

// comesTo waits until a case stands in a state.
func (h *town) comesTo(id casefile.CaseID, want casefile.State) {
	h.t.Helper()
	var last record
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if last = h.look(id); last.State == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("the case stands at %s, want %s", last.State, want)
}

// happened is one event of a case's timeline.
type happened struct {
	Seq  int           `json:"seq"`
	Kind casefile.Kind `json:"kind"`
	At   time.Time     `json:"at"`
	Role casefile.Role `json:"role"`
	Step int           `json:"step"`
}

// timeline reads what happened to a case.
func (h *town) timeline(id casefile.CaseID) []happened {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/timeline?limit=200", nil)
	var page struct {
		Events []happened `json:"events"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET timeline: %d %s", status, raw)
	}
	return page.Events
}

// story is everything that happened to a case, as the REST API shows it.
func (h *town) story(id casefile.CaseID) []casefile.Event {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/timeline?limit=200", nil)
	var page struct {
		Events []casefile.Event `json:"events"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET timeline: %d %s", status, raw)
	}
	return page.Events
}

// happens waits until something has happened to a case.
func (h *town) happens(id casefile.CaseID, what string, is func(casefile.Event) bool) casefile.Event {
	h.t.Helper()
	var found casefile.Event
	h.eventually(what, func() bool {
		story := h.story(id)
		i := slices.IndexFunc(story, is)
		if i >= 0 {
			found = story[i]
		}
		return i >= 0
	})
	return found
}

// orders lets an operator do something with a case; a request that was cut off
// is sent again under its key, as the API asks for.
func (h *town) orders(operator string, id casefile.CaseID, kind string, details map[string]any) {
	h.t.Helper()
	if status, raw := h.command(operator, id, kind, details); status != http.StatusOK {
		h.t.Fatalf("%s by %s: %d %s", kind, operator, status, raw)
	}
}

// mayNot fails unless the law refuses an order, in both languages.
func (h *town) mayNot(operator string, id casefile.CaseID, kind string, details map[string]any) {
	h.t.Helper()
	if status, raw := h.command(operator, id, kind, details); status != http.StatusConflict || !strings.Contains(string(raw), "detail_en") {
		h.t.Errorf("%s by %s was not refused: %d %s", kind, operator, status, raw)
	}
}

func (h *town) command(operator string, id casefile.CaseID, kind string, details map[string]any) (int, []byte) {
	if details == nil {
		details = map[string]any{}
	}
	body, _ := json.Marshal(details)
	key := fmt.Sprintf("%s-%s-%d", operator, kind, time.Now().UnixNano())
	deadline := time.Now().Add(patience)
	for {
		status, raw := h.ask(operator, http.MethodPost, "/v1/cases/"+string(id)+"/commands/"+kind, key, body)
		again := []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
		if !slices.Contains(again, status) || time.Now().After(deadline) {
			return status, raw
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// national is a desk that all towns share: it hears of many cases.
func (h *town) national(code string) *person {
	h.t.Helper()
	phone := h.Platform.Phone(local.SeedLINE(code))
	if phone == nil {
		h.t.Fatalf("there is no desk %s", code)
	}
	return &person{Phone: phone, town: h, name: code}
}

// hearsOf waits for a message with a button of that action for one case.
func (p *person) hearsOf(id casefile.CaseID, action casefile.Action) {
	p.town.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := p.Wait(ctx, func(i lineemu.Item) bool { return i.Incoming && about(i, id) && carries(i, string(action)) }); err != nil {
		p.town.t.Fatalf("%s did not hear %q of this case", p.name, action)
	}
}

// about reports whether an item has a button for a case.
func about(i lineemu.Item, id casefile.CaseID) bool {
	return slices.ContainsFunc(append(slices.Clone(i.Buttons), i.QuickReplies...), func(b lineemu.Button) bool { return line.Decode(b.Action.Data).Case == id })
}

// heard reports whether any message so far had the words, or a button of that action.
func (p *person) heard(what string) bool {
	return slices.ContainsFunc(incoming(p.Transcript()), func(i lineemu.Item) bool { return carries(i, what) })
}

// unitID is the ID of a unit of this town.
func (h *town) unitID(name string) casefile.UnitID {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/units?limit=200&province="+h.province.Code, nil)
	var page struct {
		Units []casefile.Unit `json:"units"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET units: %d %s", status, raw)
	}
	i := slices.IndexFunc(page.Units, func(u casefile.Unit) bool { return u.Code == h.code(name) })
	if i < 0 {
		h.t.Fatalf("there is no unit %s: %s", name, raw)
	}
	return page.Units[i].ID
}

// showsMap reports whether a message shows the exact place.
func (h *town) showsMap(i lineemu.Item) bool {
	return slices.ContainsFunc(i.Buttons, func(b lineemu.Button) bool { return strings.Contains(b.Action.URI, "maps") })
}

// accepts is an officer who takes the newest offer and has been told so.
func (p *person) accepts() {
	p.town.t.Helper()
	p.hears("accept")
	p.presses(casefile.ActAccept)
	p.hears("depart")
}

// database asks PostgreSQL for what no door shows.
func (h *town) database(into any, query string, args ...any) {
	h.t.Helper()
	if err := h.tries(into, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

func (h *town) tries(into any, query string, args ...any) error {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, h.system.stack.Postgres.URL(h.Name))
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.QueryRow(ctx, query, args...).Scan(into)
}

// startStackAlone gives a test servers of its own, which it may stop.
func startStackAlone(t *testing.T) (*local.Stack, error) {
	t.Helper()
	t.Parallel()
	stack.once.Do(func() { stack.servers, stack.err = startStack() }) // the binary is built there
	if stack.err != nil {
		return nil, stack.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	servers, err := local.StartStack(ctx, local.StackOptions{Binary: filepath.Join(stack.dir, "ess"), Localstack: localstackBinary(), Stderr: serverLogs()})
	if err == nil {
		t.Cleanup(servers.Stop)
	}
	return servers, err
}

// serverLogs is where Temporal's own messages go: it complains of every shutdown.
func serverLogs() io.Writer {
	if os.Getenv("SMOKE_LOGS") != "" {
		return os.Stderr
	}
	return io.Discard
}

func localstackBinary() string {
	if binary := os.Getenv("ESS_LOCALSTACK"); binary != "" {
		return binary
	}
	binary, _ := filepath.Abs("../.local/bin/localstack")
	return binary
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// rules lets a system of the test's own run under other numbers, each named as it
// stands in the built-in policy.
func (h *town) rules(changes map[string]string) {
	h.t.Helper()
	numbers, err := os.ReadFile("../policy/default.yaml")
	if err != nil {
		h.t.Fatal(err)
	}
	changed := string(numbers)
	for old, young := range changes {
		if strings.Count(changed, old) != 1 {
			h.t.Fatalf("the policy does not say %q once", old)
		}
		changed = strings.Replace(changed, old, young, 1)
	}
	file := filepath.Join(h.Dir, "policy.yaml")
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.Env["ESS_POLICY"] = file
	h.API.Stop()
	h.Worker.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.StartAPI(ctx); err != nil {
		h.t.Fatal(err)
	}
	if err := h.StartWorker(ctx, ""); err != nil {
		h.t.Fatal(err)
	}
}
