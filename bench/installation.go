package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/vault"
)

// Every report gets a place of its own, farther from the others than two
// reports of one incident can be.
const (
	apartM       = 700
	gridLen      = 8
	towns        = 100
	townsOfEach  = 2 // of each province
	reporterName = "reporter"
)

// installation is ours: a whole system with towns where one case at a time is lived.
type installation struct {
	*local.System
	temporal client.Client
	towns    []*town

	mu     sync.Mutex
	errors []string // what its processes complained of
}

// town is a district with a station and officers. The office of the ministry is
// its province's, and answers for the other towns there too.
type town struct {
	at                     policy.District
	station, duty, officer *lineemu.Phone
	reports                int
}

// install starts an installation of ours and gives it its towns.
func install(ctx context.Context, stack *local.Stack, dir, name string, speed float64, env map[string]string) (*installation, error) {
	o := &installation{}
	settings := map[string]string{"ESS_LOG_LEVEL": "error", "ESS_BUILD": "bench"}
	for k, v := range env {
		settings[k] = v
	}
	var err error
	if o.System, err = stack.New(ctx, local.Options{
		Name: name, Dir: filepath.Join(dir, name), Speed: speed, Operators: map[string]string{"bench": strings.Repeat("b", 32)},
		Platform: lineemu.Options{Seed: 1}, Env: settings, Log: o.complain,
	}); err != nil {
		return nil, err
	}
	if err := o.populate(ctx, stack.Postgres.URL(name)); err != nil {
		return nil, errors.Join(err, o.stop())
	}
	keys, err := vault.Open(o.Env["ESS_KEYSET"])
	if err == nil {
		o.temporal, err = client.Dial(client.Options{HostPort: stack.Address, Namespace: name, DataConverter: keys.DataConverter(), Logger: mute{}})
	}
	if err == nil {
		err = o.StartAPI(ctx)
	}
	if err == nil {
		err = o.Run("line", "setup")
	}
	if err == nil {
		err = o.StartWorker(ctx, "")
	}
	if err != nil {
		return nil, errors.Join(err, o.stop())
	}
	return o, nil
}

// stop ends the installation. What its processes complained of makes the run fail:
// a figure of a system that fails is no figure.
func (o *installation) stop() error {
	o.System.Stop()
	if o.temporal != nil {
		o.temporal.Close()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.errors) > 0 {
		return fmt.Errorf("%s logged %d errors, the first: %s", o.Name, len(o.errors), o.errors[0])
	}
	return nil
}

func (o *installation) complain(process, line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errors = append(o.errors, process+": "+line)
}

// populate writes the roster: in each province the radio centre and the offices,
// in each town a station and two officers. Everybody has a phone.
func (o *installation) populate(ctx context.Context, url string) error {
	keys, err := vault.Open(o.Env["ESS_KEYSET"])
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, url, 2)
	if err != nil {
		return err
	}
	defer pool.Close()
	b := builder{platform: o.Platform, at: o.Clock.Case(time.Now())}
	store := &postgres.Store{Pool: pool, Sealer: keys, Now: func() time.Time { return b.at }}
	for _, level := range []casefile.Level{casefile.LevelRTPNational, casefile.LevelHUSEC, casefile.LevelMSDHSNational, casefile.LevelDesk} {
		u := b.unit(level, string(level), policy.Province{}, casefile.Pin{})
		b.member(u, "desk", "", casefile.Pin{})
		b.member(u, "second", "", casefile.Pin{})
	}
	duty := map[string]*lineemu.Phone{}
	var provinces []postgres.Province
	for _, d := range roomy() {
		p, _ := policy.DefaultPlaces().Province(d.Code[:2])
		if duty[p.Code] == nil {
			provinces = append(provinces, postgres.Province{Code: p.Code, Region: p.Region})
			for _, level := range []casefile.Level{
				casefile.LevelRadio191, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelEMS, casefile.LevelMSDHSDuty,
			} {
				at := casefile.Pin{Lat: p.Lat, Lon: p.Lon}
				duty[p.Code] = b.member(b.unit(level, string(level)+p.Code, p, at), "desk", "", at) // the last one stays
			}
		}
		centre := casefile.Pin{Lat: d.Lat, Lon: d.Lon}
		u := b.unit(casefile.LevelStation, "station"+d.Code, p, centre)
		o.towns = append(o.towns, &town{
			at: d, duty: duty[p.Code], station: b.member(u, "desk", "", centre), officer: b.member(u, "first", casefile.Police, offset(centre, 100, 0)),
		})
		b.member(u, "second", casefile.Police, offset(centre, 0, 5000))
	}
	if b.err != nil {
		return b.err
	}
	if len(o.towns) < towns {
		return fmt.Errorf("only %d districts have room for a grid", len(o.towns))
	}
	if err := store.UpsertProvinces(ctx, provinces); err != nil {
		return err
	}
	if err := store.UpsertUnits(ctx, b.units); err != nil {
		return err
	}
	if err := store.UpsertMembers(ctx, b.members); err != nil {
		return err
	}
	for _, p := range provinces {
		if err := store.SetProvinceMode(ctx, p.Code, true); err != nil {
			return err
		}
	}
	return nil
}

// builder gathers units and members, and gives the members phones.
type builder struct {
	platform *lineemu.Platform
	at       time.Time
	units    []casefile.Unit
	members  []postgres.Member
	err      error // the first
}

func (b *builder) unit(level casefile.Level, code string, p policy.Province, at casefile.Pin) casefile.Unit {
	code = strings.ToLower(code)
	u := casefile.Unit{
		ID: casefile.UnitID(code), Code: code, Level: level, NameTh: code, NameEn: code, Province: p.Code, Region: p.Region,
		Lat: at.Lat, Lon: at.Lon, State: casefile.UnitLive, Synthetic: true,
	}
	b.units = append(b.units, u)
	return u
}

// member adds a duty desk, or somebody with a role in the field.
func (b *builder) member(u casefile.Unit, name string, role casefile.Role, at casefile.Pin) *lineemu.Phone {
	m := casefile.Member{
		ID: casefile.MemberID(u.Code + "-" + name), Unit: u.ID, Group: casefile.Agency, Class: casefile.Professional, Role: role,
		State: casefile.MemberActive, OnDuty: true, Lat: at.Lat, Lon: at.Lon, Province: u.Province,
	}
	if at.Usable() {
		m.FixedAt = b.at
	}
	if role == "" {
		m.Level = u.Level
	}
	user := local.SeedLINE(string(m.ID))
	b.members = append(b.members, postgres.Member{
		Member: m, Name: string(m.ID), LINE: user, Language: casefile.Thai, VerifiedAt: b.at, Synthetic: true,
	})
	ph, err := b.platform.AddUser(lineemu.User{ID: user, Name: string(m.ID), Friend: true})
	if b.err == nil {
		b.err = err
	}
	return ph
}

// roomy are districts in which a whole grid of places lies.
func roomy() []policy.District {
	places, rules := policy.DefaultPlaces(), policy.Default()
	var out []policy.District
	taken := map[string]int{}
	for _, d := range places.Districts() {
		province := d.Code[:2]
		fits := !rules.Central(province) && taken[province] < townsOfEach && len(out) < towns
		for i := 0; fits && i < gridLen*gridLen; i++ {
			pin := gridPin(d, i)
			at, ok := places.Locate(pin.Lat, pin.Lon)
			fits = ok && at.District == d.Code
		}
		if fits {
			out = append(out, d)
			taken[province]++
		}
	}
	return out
}

func gridPin(d policy.District, i int) casefile.Pin {
	row, column := i/gridLen%gridLen, i%gridLen
	return offset(casefile.Pin{Lat: d.Lat, Lon: d.Lon}, float64(apartM*(row-gridLen/2)), float64(apartM*(column-gridLen/2)))
}

// errFull says that a town has no place left for another incident.
var errFull = errors.New("every place of this town has had its incident: make the grid larger")

// place is where the town's next incident is.
func (t *town) place() (casefile.Pin, error) {
	t.reports++
	if t.reports > gridLen*gridLen {
		return casefile.Pin{}, errFull
	}
	return gridPin(t.at, t.reports-1), nil
}

// tap opens a case on a new phone and waits for the receipt.
func (o *installation) tap(ctx context.Context) (*lineemu.Phone, casefile.CaseID, error) {
	ph, err := o.Platform.AddUser(lineemu.User{Name: reporterName, Friend: true})
	if err != nil {
		return nil, "", err
	}
	menu := ph.Menu()
	if menu == nil {
		return nil, "", lineemu.ErrNoMenu
	}
	wanted := line.Encode(casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
	area := slices.IndexFunc(menu.Areas, func(a lineemu.Area) bool { return a.Action.Data == wanted })
	if area < 0 {
		return nil, "", lineemu.ErrNoButton
	}
	if _, err := ph.TapMenuArea(area); err != nil {
		return nil, "", err
	}
	var id casefile.CaseID
	_, err = ph.Wait(ctx, func(i lineemu.Item) bool { id = caseOf(i); return id != "" })
	return ph, id, err
}

// caseOf is the case that a card is about.
func caseOf(i lineemu.Item) casefile.CaseID {
	for _, b := range append(slices.Clone(i.Buttons), i.QuickReplies...) {
		if in := line.Decode(b.Action.Data); in.Case != "" {
			return in.Case
		}
	}
	return ""
}

// press waits for a button of a case on a phone, presses it and waits for the answer.
func press(ctx context.Context, ph *lineemu.Phone, mark int, id casefile.CaseID, action casefile.Action) error {
	var label string
	item, err := ph.WaitSince(ctx, mark, func(i lineemu.Item) bool {
		for _, b := range i.Buttons {
			if in := line.Decode(b.Action.Data); in.Case == id && in.Action == action {
				label = b.Label
				return true
			}
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("%s has no button %s: %w", ph.User().Name, action, err)
	}
	now := ph.Mark()
	if _, err := ph.TapButtonOf(item.MessageID, label); err != nil {
		return err
	}
	code := casefile.Case{ID: id}.Code()
	_, err = ph.WaitSince(ctx, now, func(i lineemu.Item) bool { return i.Incoming && i.Says(code) })
	if err != nil {
		return fmt.Errorf("%s hears no answer to %s: %w", ph.User().Name, action, err)
	}
	return nil
}

// step is one message of a whole emergency after the pin.
type step struct {
	who     *lineemu.Phone
	action  casefile.Action
	chapter string
}

// steps are the messages between the first alert and the accepted hand-over.
func (t *town) steps() []step {
	return []step{
		{t.duty, casefile.ActAck, "MSDHS duty has it in hand"},
		{t.officer, casefile.ActAccept, "an officer accepts"},
		{t.officer, casefile.ActDepart, "departs"},
		{t.officer, casefile.ActArrive, "arrives"},
		{t.officer, casefile.ActControl, "the scene is controlled, the office is asked"},
		{t.duty, casefile.ActTakeOver, "the office takes over"},
	}
}

// live lives one emergency through: the tap, the pin, every step. After each of
// these, told is called, if it is given.
func (o *installation) live(ctx context.Context, t *town, told func(id casefile.CaseID, chapter string) error) error {
	pin, err := t.place()
	if err != nil {
		return err
	}
	marks := map[*lineemu.Phone]int{}
	for _, s := range t.steps() {
		marks[s.who] = s.who.Mark()
	}
	reporter, id, err := o.tap(ctx)
	if err != nil {
		return fmt.Errorf("tap: %w", err)
	}
	if told == nil {
		told = func(casefile.CaseID, string) error { return nil }
	}
	if err := told(id, "a tap opens the case"); err != nil {
		return err
	}
	mark := reporter.Mark()
	time.Sleep(thinks)
	if _, err := reporter.SendLocation(pin.Lat, pin.Lon, "", ""); err != nil {
		return err
	}
	if _, err := reporter.WaitSince(ctx, mark, func(i lineemu.Item) bool { return i.Incoming && i.Type != "loading" }); err != nil {
		return fmt.Errorf("the pin is not echoed: %w", err)
	}
	if err := told(id, "the pin: both roles are asked"); err != nil {
		return err
	}
	for _, s := range t.steps() {
		time.Sleep(thinks)
		if err := press(ctx, s.who, marks[s.who], id, s.action); err != nil {
			return err
		}
		if err := told(id, s.chapter); err != nil {
			return err
		}
	}
	return nil
}

// casesIn finds the cases that a message has buttons of, anywhere in it.
func casesIn(raw json.RawMessage) (ids []casefile.CaseID) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			if data, ok := x["data"].(string); ok {
				if in := line.Decode(data); in.Case != "" {
					ids = append(ids, in.Case)
				}
			}
			for _, below := range x {
				walk(below)
			}
		case []any:
			for _, below := range x {
				walk(below)
			}
		}
	}
	walk(v)
	return ids
}

// policyFile writes the built-in policy with some lines replaced.
func policyFile(dir string, changes map[string]string) (string, error) {
	raw, err := os.ReadFile("policy/default.yaml")
	if err != nil {
		return "", errors.New("run from the root of the repository: " + err.Error())
	}
	text := string(raw)
	for old, young := range changes {
		if strings.Count(text, old) != 1 {
			return "", fmt.Errorf("the policy does not say %q once", old)
		}
		text = strings.Replace(text, old, young, 1)
	}
	file := filepath.Join(dir, "policy.yaml")
	return file, os.WriteFile(file, []byte(text), 0o600) // #nosec G703 -- a temporary folder of our own
}
