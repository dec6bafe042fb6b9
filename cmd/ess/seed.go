package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/mail"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

func seedCommand(vars map[string]string) *cli.Command {
	return &cli.Command{
		Name: "seed", Usage: "units and members: a synthetic roster, or your own lists from CSV files",
		Description: "Without a flag: the nine provinces of Police Region 6 with synthetic stations, desks and officers, LIVE;\n" +
			"radio centres, regions and national desks for all 77. Everything made here is marked as synthetic.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "national", Usage: "only the national desks and the police regions"},
			&cli.StringFlag{Name: "units", Usage: "CSV: " + strings.Join(unitColumns, ",")},
			&cli.StringFlag{Name: "members", Usage: "CSV: " + strings.Join(memberColumns, ",") + ", and if known " + strings.Join(contactColumns, ",")},
			&cli.BoolFlag{Name: "whole", Usage: "with --members: the list is the whole of the units in it; whoever it does not name any more has left"},
			&cli.StringFlag{Name: "areas", Usage: "CSV of the station responsible for a district: " + strings.Join(areaColumns, ",")},
			&cli.StringFlag{Name: "live", Usage: "provinces (two digits, commas) that answer by their own roster from here on"},
			&cli.BoolFlag{Name: "untested", Usage: "with --live: although their desks have not answered a communication test; for trials only"},
			&cli.StringFlag{Name: "desk-only", Usage: "provinces that the radio centre and the national desk answer for"},
			&cli.BoolFlag{Name: "aid", Usage: "synthetic households, and aid requests that the running worker brings as far as they go"},
			&cli.IntFlag{Name: "count", Usage: "so many synthetic field members all over Thailand, for measurements of scale"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(vars)
			if err != nil {
				return fmt.Errorf("the configuration has mistakes:\n%w", err)
			}
			return seed(ctx, cfg, c)
		},
	}
}

func seed(ctx context.Context, cfg Config, c *cli.Command) error {
	p, err := build(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	switch {
	case c.String("units") != "" || c.String("members") != "":
		r, err := readRoster(ctx, p.store, c.String("units"), c.String("members"))
		if err != nil {
			return err
		}
		if err := p.enlist(ctx, r); err != nil || !c.Bool("whole") {
			return err
		}
		return p.leaveOut(ctx, r)
	case c.String("areas") != "":
		return p.importAreas(ctx, c.String("areas"))
	case c.String("live") != "" || c.String("desk-only") != "":
		if !c.Bool("untested") {
			if err := p.mayBeLive(ctx, c.String("live")); err != nil {
				return err
			}
		}
		return p.setModes(ctx, c.String("live"), c.String("desk-only"))
	case c.Bool("aid"):
		return p.seedAid(ctx)
	case c.Int("count") > 0:
		return p.seedCrowd(ctx, int(c.Int("count")))
	case c.Bool("national"):
		b := builder{}
		b.national()
		for _, region := range p.places.Regions() {
			b.unit(casefile.LevelPoliceRegion, "region-"+region.Code, region.NameTh, region.NameEn, "", region.Code, 0, 0)
			b.desk("")
		}
		b.Synthetic = true
		return p.enlist(ctx, b.roster)
	}
	return p.enlist(ctx, seedRoster(p.places, 1))
}

func (p *parts) setModes(ctx context.Context, live, deskOnly string) error {
	for mode, list := range map[bool]string{true: live, false: deskOnly} {
		for code := range strings.SplitSeq(list, ",") {
			if code == "" {
				continue
			}
			if _, ok := p.places.Province(code); !ok {
				return fmt.Errorf("there is no province %q", code)
			}
			if err := p.store.SetProvinceMode(ctx, code, mode); err != nil {
				return err
			}
		}
	}
	return nil
}

// enlist writes a roster; what is there already is brought up to date.
func (p *parts) enlist(ctx context.Context, r roster) error {
	var provinces []postgres.Province
	for _, prov := range p.places.Provinces() {
		provinces = append(provinces, postgres.Province{Code: prov.Code, Region: prov.Region})
	}
	if err := p.store.UpsertProvinces(ctx, provinces); err != nil {
		return err
	}
	if err := p.store.UpsertUnits(ctx, r.Units); err != nil {
		return err
	}
	at := p.clock.Case(time.Now())
	members := make([]postgres.Member, 0, len(r.Members))
	for _, m := range r.Members {
		if m.Lat != 0 {
			m.FixedAt = at
		}
		members = append(members, postgres.Member{
			Member: m.Member, Name: m.Name, LINE: m.LINE, Language: m.Language, VerifiedAt: at, Synthetic: r.Synthetic,
		})
	}
	if err := p.store.UpsertMembers(ctx, members); err != nil {
		return err
	}
	if err := p.store.UpsertAddresses(ctx, r.addresses(at)); err != nil {
		return err
	}
	if err := p.setModes(ctx, strings.Join(r.Live, ","), ""); err != nil {
		return err
	}
	if err := p.linkMenus(ctx, members); err != nil && !errors.Is(err, casefile.ErrNotFound) { // no menus yet: line setup links them
		fmt.Fprintf(os.Stderr, "the members see no duty menu yet; run ess line setup: %v\n", err)
	}
	fmt.Printf("%d units, %d members\n", len(r.Units), len(r.Members))
	return nil
}

// addresses are the ways to the members of a roster beside LINE. A synthetic
// member has nobody who could prove theirs; anybody else has to.
func (r roster) addresses(at time.Time) []postgres.Address {
	var proved time.Time
	if r.Synthetic {
		proved = at
	}
	var all []postgres.Address
	for _, m := range r.Members {
		if m.Phone != "" {
			for _, c := range []casefile.Channel{casefile.ChannelSMS, casefile.ChannelVoice} {
				all = append(all, postgres.Address{Member: m.ID, Channel: c, To: m.Phone, VerifiedAt: proved})
			}
		}
		if m.Email != "" {
			all = append(all, postgres.Address{Member: m.ID, Channel: casefile.ChannelEmail, To: m.Email, VerifiedAt: proved})
		}
	}
	return all
}

var (
	unitColumns   = []string{"code", "level", "name_th", "name_en", "province", "region", "lat", "lon", "state"}
	memberColumns = []string{"code", "unit", "name", "line_user_id", "role", "level", "group", "class", "language", "lat", "lon", "on_duty", "female"}
	// A list may say how its members are reached beside LINE. That counts once they have proved it.
	contactColumns = []string{"phone", "email"}
)

// seedCrowd adds field members all over Thailand around the district points, in
// parts, for measurements of scale. They have no contact.
func (p *parts) seedCrowd(ctx context.Context, count int) error {
	const part = 20000
	b := builder{random: rand.New(rand.NewPCG(2, 0xe55))} // #nosec -- places of invented people, not a secret
	districts := p.places.Districts()
	b.unit(casefile.LevelStation, "crowd", "สถานีทดสอบ", "test station", "", "", 0, 0)
	r := roster{Units: b.Units, Synthetic: true}
	if err := p.enlist(ctx, r); err != nil {
		return err
	}
	at := p.clock.Case(time.Now())
	for done := 0; done < count; {
		n := min(part, count-done)
		members := make([]postgres.Member, n)
		for i := range members {
			d := districts[b.random.IntN(len(districts))]
			lat, lon := b.around(d.Lat, d.Lon, 20000)
			role := casefile.MSDHS
			if b.random.IntN(100) == 0 {
				role = casefile.Police
			}
			members[i] = postgres.Member{Language: casefile.Thai, Synthetic: true, Member: casefile.Member{
				ID: casefile.MemberID(fmt.Sprintf("crowd-%08d", done+i)), Unit: b.last.ID, Group: casefile.VHV, Class: casefile.Volunteer, Role: role,
				State: casefile.MemberActive, OnDuty: b.random.IntN(2) == 0, Lat: lat, Lon: lon, FixedAt: at, Province: d.Code[:2],
			}}
		}
		if err := p.store.UpsertMembers(ctx, members); err != nil {
			return err
		}
		done += n
		fmt.Fprintf(os.Stderr, "\r%d of %d members", done, count)
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

// idOf makes the ID of an imported unit or member from its code, so that a
// second import of the same list changes rows instead of adding them.
func idOf(kind, code string) string {
	return uuid.NewSHA1(seedSpace, []byte("import "+kind+" "+code)).String()
}

// readRoster reads lists and reports every bad line of both, or returns them whole.
func readRoster(ctx context.Context, store *postgres.Store, unitFile, memberFile string) (roster, error) {
	var r roster
	var errs []error
	known := map[string]casefile.Unit{}
	if unitFile != "" {
		errs = append(errs, readCSV(unitFile, unitColumns, func(row map[string]string) error {
			u, err := parseUnit(row)
			if err == nil {
				r.Units = append(r.Units, u)
				known[u.Code] = u
			}
			return err
		}))
	}
	if memberFile != "" {
		there, err := store.Units(ctx, postgres.UnitFilter{})
		if err != nil {
			return r, err
		}
		for _, u := range there {
			if _, named := known[u.Code]; !named {
				known[u.Code] = u
			}
		}
		errs = append(errs, readCSV(memberFile, memberColumns, func(row map[string]string) error {
			m, err := parseMember(row, known)
			if err == nil {
				r.Members = append(r.Members, m)
			}
			return err
		}, contactColumns...))
	}
	return r, errors.Join(errs...)
}

// readCSV hands every line on as a map, and collects what is wrong with each. The
// optional columns stand behind the others, all of them or none.
func readCSV(name string, columns []string, take func(map[string]string) error, optional ...string) error {
	return readTable(name, func(header []string) ([]string, error) {
		if all := slices.Concat(columns, optional); slices.Equal(header, all) {
			return all, nil
		}
		if !slices.Equal(header, columns) {
			return nil, fmt.Errorf("the header is not %s", strings.Join(columns, ",")) // never what stands there: it may be a person
		}
		return columns, nil
	}, take)
}

// readTable hands every line on by the names that its header has for us, and
// collects what is wrong with each. A column without a name is left out.
func readTable(name string, columnsOf func(header []string) ([]string, error), take func(map[string]string) error) error {
	raw, err := os.ReadFile(name) // #nosec -- the operator names it
	if err != nil {
		return err
	}
	text, err := decodeText(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		header = nil
	}
	columns, err := columnsOf(header)
	if err != nil {
		return fmt.Errorf("%s:1: %w", name, err)
	}
	var errs []error
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(errs...)
		}
		if err != nil { // what is wrong with its quotes; it names the line
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		line, _ := r.FieldPos(0)
		if len(row) != len(columns) {
			errs = append(errs, fmt.Errorf("%s:%d: %d columns, want %d · มี %d ช่อง ต้องมี %d", name, line, len(row), len(columns), len(row), len(columns)))
			continue
		}
		values := map[string]string{}
		for i, c := range columns {
			if c != "" {
				values[c] = strings.TrimSpace(row[i])
			}
		}
		if err := take(values); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, line, err))
		}
	}
}

func parsePoint(row map[string]string) (lat, lon float64, err error) {
	if row["lat"] == "" && row["lon"] == "" {
		return 0, 0, nil
	}
	lat, errLat := strconv.ParseFloat(row["lat"], 64)
	lon, errLon := strconv.ParseFloat(row["lon"], 64)
	if errLat != nil || errLon != nil || !(casefile.Pin{Lat: lat, Lon: lon}).Usable() {
		return 0, 0, errors.New("lat and lon are not a place in Thailand")
	}
	return lat, lon, nil
}

func parseUnit(row map[string]string) (casefile.Unit, error) {
	lat, lon, err := parsePoint(row)
	u := casefile.Unit{
		ID: casefile.UnitID(idOf("unit", row["code"])), Code: row["code"], Level: casefile.Level(row["level"]), NameTh: row["name_th"], NameEn: row["name_en"],
		Province: row["province"], Region: row["region"], Lat: lat, Lon: lon, State: casefile.UnitState(row["state"]),
	}
	switch {
	case err != nil:
		return u, err
	case u.Code == "":
		return u, errors.New("no code")
	case !slices.Contains(casefile.Levels, u.Level):
		return u, fmt.Errorf("unknown level %q", u.Level)
	case u.State != casefile.UnitLive && u.State != casefile.UnitClosed:
		return u, fmt.Errorf("unknown state %q: want LIVE or CLOSED", u.State)
	case u.NameTh == "":
		return u, errors.New("no name_th")
	}
	if u.Province != "" {
		if _, ok := policy.DefaultPlaces().Province(u.Province); !ok {
			return u, fmt.Errorf("there is no province %q", u.Province)
		}
	}
	return u, nil
}

func parseMember(row map[string]string, units map[string]casefile.Unit) (person, error) {
	lat, lon, err := parsePoint(row)
	unit, ok := units[row["unit"]]
	m := person{
		Code: row["code"], Name: row["name"], LINE: row["line_user_id"], Language: casefile.Language(row["language"]),
		Member: casefile.Member{
			ID: casefile.MemberID(idOf("member", row["code"])), Unit: unit.ID, Group: casefile.Group(row["group"]), Class: casefile.Class(row["class"]),
			Role: casefile.Role(row["role"]), Level: casefile.Level(row["level"]), State: casefile.MemberActive, OnDuty: row["on_duty"] == "true",
			Female: row["female"] == "true", Lat: lat, Lon: lon, Province: unit.Province,
		},
	}
	switch {
	case err != nil:
		return m, err
	case m.Code == "":
		return m, errors.New("no code")
	case !ok:
		return m, fmt.Errorf("unknown unit %q", row["unit"])
	case !slices.Contains(casefile.Groups, m.Group):
		return m, fmt.Errorf("unknown group %q", m.Group)
	case !slices.Contains(casefile.Classes, m.Class):
		return m, fmt.Errorf("unknown class %q", m.Class)
	case m.Role != "" && !slices.Contains(casefile.Roles, m.Role):
		return m, fmt.Errorf("unknown role %q", m.Role)
	case m.Level != "" && !slices.Contains(casefile.Levels, m.Level):
		return m, fmt.Errorf("unknown level %q", m.Level)
	case m.Language != casefile.Thai && m.Language != casefile.English:
		return m, fmt.Errorf("unknown language %q: want th or en", m.Language)
	case !lineUser(m.LINE) && (m.LINE != "" || row["phone"] == ""): // who has no LINE is reached by telephone
		return m, errors.New("line_user_id is not U and 32 hexadecimal digits")
	}
	err = m.reached(row["phone"], row["email"])
	return m, err
}

// reached reads how a member is reached beside LINE. What is wrong is told without quoting it.
func (p *person) reached(number, mailbox string) error {
	if number != "" {
		e164, ok := phone.E164(number)
		if !ok {
			return errors.New("phone is not a telephone number")
		}
		p.Phone = e164
	}
	if mailbox != "" {
		box, err := mail.ParseAddress(mailbox)
		if err != nil || box.Name != "" {
			return errors.New("email is not a mailbox")
		}
		p.Email = box.Address
	}
	return nil
}

func lineUser(id string) bool {
	return len(id) == 33 && id[0] == 'U' && strings.Trim(id[1:], "0123456789abcdef") == ""
}
