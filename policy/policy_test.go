package policy

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

var (
	phitsanulok = casefile.Place{Province: "65", District: "6501"}
	chiangMai   = casefile.Place{Province: "50", District: "5001"}
	bangkok     = casefile.Place{Province: "10", District: "1001"}
)

func roleOf(t *testing.T, p Plan, role casefile.Role) RolePlan {
	t.Helper()
	i := slices.IndexFunc(p.Roles, func(r RolePlan) bool { return r.Role == role })
	if i < 0 {
		t.Fatalf("the plan has no %s", role)
	}
	return p.Roles[i]
}

// Every number of the domain reference's list of default timers, by its name there.
func TestDefaultTimers(t *testing.T) {
	p := Default()
	town := p.Plan(casefile.ThreatAssault, phitsanulok, true, true, false)
	country := p.Plan(casefile.ThreatAssault, phitsanulok, false, true, false)
	police, msdhs := roleOf(t, town, casefile.Police), roleOf(t, town, casefile.MSDHS)
	const day = 24 * time.Hour

	tests := []struct {
		name string
		got  time.Duration
		want time.Duration
	}{
		{"T_PUSH: the channel accepts the alert", p.Clocks.Push.Duration, 5 * time.Second},
		{"T_ACK: the station rings at once", police.Steps[0].After, 0},
		{"T_ACK: re-alert", police.Steps[1].After, 60 * time.Second},
		{"T_ACK: 191 centre and next station", police.Steps[2].After, 120 * time.Second},
		{"T_ACK: national desk", police.Steps[3].After, 180 * time.Second},
		{"T_ACK: region", police.Steps[4].After, 300 * time.Second},
		{"T_ACK: พมจ. duty if still unaware", msdhs.Steps[1].After, 300 * time.Second},
		{"T_ACK: nation and ศรส.", police.Steps[5].After, 600 * time.Second},
		{"T_ACK: then again and again", police.Again, 120 * time.Second},
		{"T_ACK: never unowned and silent beyond", p.Clocks.Unowned.Duration, 240 * time.Second},
		{"T_MSDHS_ACK: duty asked again", msdhs.Steps[1].After, 5 * time.Minute},
		{"T_MSDHS_ACK: head of พมจ.", msdhs.Steps[2].After, 15 * time.Minute},
		{"T_MSDHS_ACK: ศรส. central", msdhs.Steps[3].After, 30 * time.Minute},
		{"T_DEPART: moving", town.Waits.Depart, 3 * time.Minute},
		{"T_DEPART: search reopened", town.Waits.DepartReopen, 5 * time.Minute},
		{"T_ARRIVE: town", town.Waits.Arrive, 10 * time.Minute},
		{"T_ARRIVE: country", country.Waits.Arrive, 20 * time.Minute},
		{"T_ARRIVE: search reopened, town", town.Waits.ArriveReopen, 15 * time.Minute},
		{"T_ARRIVE: search reopened, country", country.Waits.ArriveReopen, 30 * time.Minute},
		{"T_CHECKIN", town.Waits.CheckIn, 2 * time.Minute},
		{"T_HANDOVER: accepted in", town.Over[0].Wait, 30 * time.Minute},
		{"T_HANDOVER: next office", town.Over[0].Wait + town.Over[1].Wait, 60 * time.Minute},
		{"T_HANDOVER: ศรส.", town.Over[0].Wait + town.Over[1].Wait + town.Over[2].Wait, 4 * time.Hour},
		{"T_WELFARE", town.Waits.Welfare, 24 * time.Hour},
		{"taps ring together", town.Bundle, time.Minute},
		{"T_PLAN", p.Clocks.Plan.Duration, 72 * time.Hour},
		{"T_REFERRAL: working days", time.Duration(p.Clocks.ReferralWorkingDays) * day, 5 * day},
		{"T_REFERRAL: next office, working days", time.Duration(p.Clocks.ReferralNextWorkingDays) * day, 10 * day},
		{"T_AID_SCREEN: working days", time.Duration(p.Aid.Steps["SUBMITTED"].Normal) * day, 3 * day},
		{"T_AID_VISIT: working days", time.Duration(p.Aid.Steps["SCREENED"].Normal) * day, 7 * day},
		{"T_INTERPRETER: days ahead", time.Duration(p.Clocks.InterpreterAheadDays) * day, 3 * day},
		{"no pin: one reminder", town.Waits.PinNudge, 30 * time.Second},
		{"no pin: a human", town.Waits.Pin, 60 * time.Second},
		{"not solved: reopened within", town.Waits.Dispute, 10 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %s, want %s", tt.got, tt.want)
			}
		})
	}
}

func TestPoliceLadder(t *testing.T) {
	want := []struct {
		after    time.Duration
		ask      []casefile.Level
		escalate int
	}{
		{0, []casefile.Level{casefile.LevelStation, casefile.LevelNear}, 0},
		{60 * time.Second, []casefile.Level{casefile.LevelStation, casefile.LevelNear}, 0},
		{120 * time.Second, []casefile.Level{casefile.LevelRadio191, casefile.LevelNextStation}, 1},
		{180 * time.Second, []casefile.Level{casefile.LevelDesk}, 1},
		{300 * time.Second, []casefile.Level{casefile.LevelPoliceRegion}, 2},
		{600 * time.Second, []casefile.Level{casefile.LevelRTPNational, casefile.LevelHUSEC}, 3},
	}
	for _, typ := range casefile.IncidentTypes {
		police := roleOf(t, Default().Plan(typ, phitsanulok, true, true, false), casefile.Police)
		if len(police.Steps) != len(want) || !police.Sends {
			t.Fatalf("%s: %d steps, sends %v", typ, len(police.Steps), police.Sends)
		}
		for i, w := range want {
			got := police.Steps[i]
			if got.After != w.after || !slices.Equal(got.Ask, w.ask) || got.Escalate != w.escalate {
				t.Errorf("%s: step %d is %+v, want %+v", typ, i, got, w)
			}
		}
		if police.Steps[1].WithinM <= police.Steps[0].WithinM {
			t.Errorf("%s: the second ring is not wider", typ)
		}
	}
}

func TestRolesOfTypes(t *testing.T) {
	type crew map[casefile.Role]int
	tests := []struct {
		name  string
		typ   casefile.IncidentType
		child bool
		want  crew
	}{
		{"an assault needs two police and MSDHS", casefile.ThreatAssault, false, crew{casefile.Police: 2, casefile.MSDHS: 1}},
		{"confinement too", casefile.Confinement, false, crew{casefile.Police: 2, casefile.MSDHS: 1}},
		{
			"sexual risk needs the hospital's crisis centre", casefile.SexualRisk, false,
			crew{casefile.Police: 2, casefile.MSDHS: 1, casefile.Medical: 1},
		},
		{"a frenzy needs an ambulance", casefile.Berserk, false, crew{casefile.Police: 2, casefile.MSDHS: 1, casefile.Medical: 1}},
		{"a gathering needs one police", casefile.Gathering, false, crew{casefile.Police: 1, casefile.MSDHS: 1}},
		{
			"a child needs a child worker", casefile.Gathering, true,
			crew{casefile.Police: 1, casefile.MSDHS: 1, casefile.ChildWorker: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := crew{}
			for _, r := range Default().Plan(tt.typ, phitsanulok, true, true, tt.child).Roles {
				got[r.Role] = r.Crew
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Only POLICE sends people to the scene; every other role is filled by a desk.
func TestWhoSends(t *testing.T) {
	for _, r := range Default().Plan(casefile.Berserk, phitsanulok, true, true, true).Roles {
		if r.Sends != (r.Role == casefile.Police) {
			t.Errorf("%s sends: %v", r.Role, r.Sends)
		}
	}
}

func TestBangkokGoesThroughTheNationalCentre(t *testing.T) {
	plan := Default().Plan(casefile.ThreatAssault, bangkok, true, true, true)
	first := roleOf(t, plan, casefile.MSDHS).Steps[0]
	if first.After != 0 || !slices.Equal(first.Ask, []casefile.Level{casefile.LevelHUSEC, casefile.LevelShelter}) {
		t.Errorf("MSDHS begins with %+v", first)
	}
	for _, r := range plan.Roles {
		for _, s := range r.Steps {
			if slices.Contains(s.Ask, casefile.LevelMSDHSDuty) || slices.Contains(s.Ask, casefile.LevelMSDHSProvince) {
				t.Errorf("%s asks an office that Bangkok does not have: %+v", r.Role, s)
			}
		}
	}
	if plan.Over[0].Level != casefile.LevelHUSEC {
		t.Errorf("hand-over begins with %s", plan.Over[0].Level)
	}
	if steps := roleOf(t, plan, casefile.Police).Steps; steps[0].Ask[0] != casefile.LevelStation {
		t.Errorf("police begin with %+v", steps[0])
	}
}

func TestDeskOnlyProvinceRingsOnlyDesks(t *testing.T) {
	allowed := []casefile.Level{casefile.LevelRadio191, casefile.LevelDesk, casefile.LevelHUSEC}
	for _, typ := range casefile.IncidentTypes {
		plan := Default().Plan(typ, chiangMai, true, false, true)
		if plan.Live {
			t.Fatal("the plan says LIVE")
		}
		for _, r := range plan.Roles {
			if r.Sends || r.Crew != 1 {
				t.Errorf("%s %s: sends %v, crew %d", typ, r.Role, r.Sends, r.Crew)
			}
			for _, s := range r.Steps {
				for _, level := range s.Ask {
					if !slices.Contains(allowed, level) {
						t.Errorf("%s %s asks %s", typ, r.Role, level)
					}
				}
			}
		}
		first := roleOf(t, plan, casefile.Police).Steps[0]
		if !slices.Contains(first.Ask, casefile.LevelRadio191) || !slices.Contains(first.Ask, casefile.LevelDesk) {
			t.Errorf("%s begins with %+v", typ, first)
		}
	}
}

// A role may be added to any case later, with its ladder, so every role is in the plan: needed or spare.
func TestEveryRoleIsPlanned(t *testing.T) {
	for _, typ := range casefile.IncidentTypes {
		for _, place := range []casefile.Place{phitsanulok, bangkok, {}} {
			for _, live := range []bool{true, false} {
				plan := Default().Plan(typ, place, true, live, false)
				for _, role := range casefile.Roles {
					rp, ok := plan.Role(role)
					if !ok || rp.Crew < 1 || len(rp.Steps) == 0 {
						t.Errorf("%s in %q, live %v: %s is %+v", typ, place.Province, live, role, rp)
					}
				}
				if len(plan.Roles)+len(plan.Spare) != len(casefile.Roles) {
					t.Errorf("%s: %d roles and %d spare", typ, len(plan.Roles), len(plan.Spare))
				}
			}
		}
	}
}

func TestOverridesAreDated(t *testing.T) {
	p := edited(t, "overrides: []", `overrides:
  - {from: 2026-10-01, province: "58", waits: {arrive: {town: 10m, country: 25m}}}
  - {type: GATHERING, crew: {POLICE: 3, MEDICAL: 1}}
  - {severity: CRITICAL, waits: {check_in: 90s}}`)
	maeHongSon := casefile.Place{Province: "58", District: "5801"}
	before := time.Date(2026, 9, 30, 23, 59, 59, 0, Bangkok)
	arrive := func(p *Policy, at casefile.Place) time.Duration {
		return p.Plan(casefile.ThreatAssault, at, false, true, false).Waits.Arrive
	}
	if got := arrive(p.At(before), maeHongSon); got != 20*time.Minute {
		t.Errorf("before its day: %s", got)
	}
	if got := arrive(p.At(before.Add(time.Second)), maeHongSon); got != 25*time.Minute {
		t.Errorf("on its day: %s", got)
	}
	if got := arrive(p.At(before.Add(time.Second)), phitsanulok); got != 20*time.Minute {
		t.Errorf("in another province: %s", got)
	}
	if got := arrive(p, maeHongSon); got != 20*time.Minute {
		t.Errorf("a policy without a day used a dated row: %s", got)
	}
	gathering := p.Plan(casefile.Gathering, phitsanulok, true, true, false)
	if got := roleOf(t, gathering, casefile.Police).Crew; got != 3 {
		t.Errorf("crew of a gathering: %d", got)
	}
	if got := roleOf(t, gathering, casefile.Medical).Crew; got != 1 {
		t.Errorf("role added by an override: crew %d", got)
	}
	if gathering.Waits.CheckIn != 2*time.Minute {
		t.Error("a row for CRITICAL changed a HIGH type")
	}
	if base := Default().Plan(casefile.Gathering, phitsanulok, true, true, false); roleOf(t, base, casefile.Police).Crew != 1 {
		t.Error("an override changed the policy that it was laid over")
	}
}

// A plan travels in the workflow's state, so it must come back from JSON as it went.
func TestPlanSurvivesJSON(t *testing.T) {
	want := Default().Plan(casefile.SexualRisk, phitsanulok, true, true, true)
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Plan
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCards(t *testing.T) {
	p := Default()
	for _, typ := range casefile.IncidentTypes {
		plan := p.Plan(typ, casefile.Place{Province: "65"}, false, true, false)
		var asked []string
		answered := func(code string) bool { return slices.Contains(asked, code) }
		for card, ok := plan.NextCard(answered); ok; card, ok = plan.NextCard(answered) {
			asked = append(asked, card.Code)
			if got, ok := plan.Card(card.Code); !ok || got.Th != card.Th {
				t.Errorf("%s: no card %s", typ, card.Code)
			}
		}
		if !slices.Equal(asked, p.Types[typ].Cards) || len(asked) == 0 {
			t.Errorf("%s asks %v, the policy says %v", typ, asked, p.Types[typ].Cards)
		}
		if len(p.Types[typ].Do) == 0 || len(p.Types[typ].Dont) == 0 {
			t.Errorf("%s has no advice for responders", typ)
		}
	}
	if o, ok := p.Cards["WEAPON"].Option("YES"); !ok || o.Score != 3 || !o.Raise {
		t.Errorf("a weapon counts as %+v, %v", o, ok)
	}
	if o, ok := p.Cards["CHILDREN"].Option("YES"); !ok || !o.Child {
		t.Errorf("children count as %+v, %v", o, ok)
	}
	if _, ok := p.Cards["WEAPON"].Option("PERHAPS"); ok {
		t.Error("an answer that the card does not have was found")
	}
}

func TestHotlines(t *testing.T) {
	want := map[HotlineCode]string{
		HotlinePolice: "191", HotlineMSDHS: "1300", HotlineEMS: "1669", HotlineMental: "1323", HotlineChild: "1387",
		HotlinePoliceTips: "1599", HotlineDamrong: "1567", HotlineDisaster: "1784",
	}
	for _, code := range HotlineCodes {
		if got := Default().Hotlines[code].Number; got != want[code] {
			t.Errorf("%s is %q, want %q", code, got, want[code])
		}
	}
}

func TestHours(t *testing.T) {
	p := Default()
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, Bangkok).UTC()
	}
	tests := []struct {
		name        string
		at          time.Time
		quiet, open bool
	}{
		{"a Tuesday morning", at(24, 9, 0), false, true},
		{"the minute the office opens", at(24, 8, 30), false, true},
		{"the minute it closes", at(24, 16, 30), false, false},
		{"late evening", at(24, 21, 0), true, false},
		{"before dawn", at(24, 6, 59), true, false},
		{"Saturday noon", at(28, 12, 0), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.QuietHours.Cover(tt.at); got != tt.quiet {
				t.Errorf("quiet hours: %v", got)
			}
			if got := p.OfficeOpen(tt.at); got != tt.open {
				t.Errorf("office open: %v", got)
			}
		})
	}
}

func TestWithoutAPinTheProvinceRingsAtOnce(t *testing.T) {
	plan := Default().Plan(casefile.ThreatAssault, casefile.Place{Province: "65"}, false, true, false)
	police, _ := plan.WithoutPin().Role(casefile.Police)
	if police.Crew != 2 || len(police.Steps) == 0 || police.Steps[0].After != 0 || !slices.Equal(police.Steps[0].Ask, []casefile.Level{casefile.LevelRadio191}) {
		t.Errorf("the police are sought by %+v", police)
	}
	for _, list := range [][]RolePlan{plan.WithoutPin().Roles, plan.WithoutPin().Spare} {
		for _, rp := range list {
			for i, step := range rp.Steps {
				if step.WithinM != 0 || i > 0 && step.After <= rp.Steps[i-1].After {
					t.Errorf("%s: step %d is %+v", rp.Role, i, step)
				}
				for _, level := range step.Ask {
					if level == casefile.LevelNear || level == casefile.LevelStation || level == casefile.LevelNextStation {
						t.Errorf("%s asks %s, which nobody can find without a pin", rp.Role, level)
					}
				}
			}
		}
	}
	if whole, _ := plan.Role(casefile.Police); !slices.Contains(whole.Steps[0].Ask, casefile.LevelStation) {
		t.Error("the whole plan was changed")
	}
	onlyNear := Plan{Roles: []RolePlan{{Role: casefile.Police, Steps: []Step{{Ask: []casefile.Level{casefile.LevelStation}}}}}}
	if got := onlyNear.WithoutPin().Roles[0].Steps; len(got) != 1 || !slices.Equal(got[0].Ask, []casefile.Level{casefile.LevelDesk}) {
		t.Errorf("a ladder of stations alone became %+v", got)
	}
}
