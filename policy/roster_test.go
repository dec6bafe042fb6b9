package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// fullRoster has one open unit per level and province, with a verified, answering desk each.
func fullRoster() (units []casefile.Unit, desks []RosterDesk) {
	add := func(level casefile.Level, province, region string) {
		id := casefile.UnitID(string(level) + "/" + province + region)
		units = append(units, casefile.Unit{ID: id, Level: level, Province: province, Region: region, State: casefile.UnitLive})
		desks = append(desks, RosterDesk{Unit: id, Level: level, Verified: true, Answered: true})
	}
	for _, level := range []casefile.Level{
		casefile.LevelDesk, casefile.LevelHUSEC, casefile.LevelRTPNational, casefile.LevelMSDHSNational,
	} {
		add(level, "", "")
	}
	desks = append(desks, desks[0]) // the second operator of the national desk
	for _, r := range DefaultPlaces().Regions() {
		add(casefile.LevelPoliceRegion, "", r.Code)
	}
	for _, prov := range DefaultPlaces().Provinces() {
		levels := []casefile.Level{casefile.LevelStation, casefile.LevelRadio191, casefile.LevelEMS, casefile.LevelShelter}
		if !Default().Central(prov.Code) {
			levels = append(levels, casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince)
		}
		for _, level := range levels {
			add(level, prov.Code, prov.Region)
		}
	}
	return units, desks
}

func TestAFullRosterHasNoFindings(t *testing.T) {
	units, desks := fullRoster()
	if found := CheckRoster(Default(), units, desks); len(found) != 0 {
		t.Errorf("%d findings, the first: %+v", len(found), found[0])
	}
}

func TestAnEmptyRosterBlocksEveryProvince(t *testing.T) {
	found := CheckRoster(Default(), nil, nil)
	for _, prov := range DefaultPlaces().Provinces() {
		if ready, _ := Readiness(found, prov.Code); ready {
			t.Errorf("%s is ready with nobody there", prov.Code)
		}
	}
}

func TestFindings(t *testing.T) {
	set := func(desks []RosterDesk, unit casefile.UnitID, change func(*RosterDesk)) {
		for i := range desks {
			if desks[i].Unit == unit {
				change(&desks[i])
			}
		}
	}
	tests := []struct {
		name   string
		spoil  func(units []casefile.Unit, desks []RosterDesk)
		say    string
		ready  bool // Phitsanulok
		others bool // Chiang Mai
	}{
		{
			"a station that did not answer the test",
			func(_ []casefile.Unit, desks []RosterDesk) {
				set(desks, "STATION/65P6", func(d *RosterDesk) { d.Answered = false })
			},
			"Phitsanulok: police station did not answer", false, true,
		},
		{
			"a station that closed",
			func(units []casefile.Unit, _ []RosterDesk) {
				for i := range units {
					if units[i].ID == "STATION/65P6" {
						units[i].State = casefile.UnitClosed
					}
				}
			},
			"Phitsanulok: police station has no open unit", false, true,
		},
		{
			"an office in the middle of a ladder is told, and does not block",
			func(_ []casefile.Unit, desks []RosterDesk) {
				set(desks, "MSDHS_PROVINCE/65P6", func(d *RosterDesk) { d.Verified, d.Answered = false, false })
			},
			"Phitsanulok: head of the provincial MSDHS office has no verified contact", true, true,
		},
		{
			"no shelter blocks, for a child may be involved",
			func(_ []casefile.Unit, desks []RosterDesk) {
				set(desks, "SHELTER/65P6", func(d *RosterDesk) { d.Answered = false })
			},
			"the first step of CHILD_WORKER reaches no verified, answering desk", false, true,
		},
		{
			"the national desk with nobody there blocks all",
			func(_ []casefile.Unit, desks []RosterDesk) {
				set(desks, "DESK/", func(d *RosterDesk) { d.Answered = false })
			},
			"0 answering operators on the roster, needs 2", false, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			units, desks := fullRoster()
			tt.spoil(units, desks)
			found := CheckRoster(Default(), units, desks)
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.En, tt.say) }) {
				t.Errorf("nobody said %q in %+v", tt.say, found)
			}
			if ready, _ := Readiness(found, "65"); ready != tt.ready {
				t.Errorf("Phitsanulok ready: %v", ready)
			}
			if ready, _ := Readiness(found, "50"); ready != tt.others {
				t.Errorf("Chiang Mai ready: %v", ready)
			}
		})
	}
}

func TestEveryLevelHasAName(t *testing.T) {
	for _, level := range casefile.Levels {
		if name := LevelName(level); name.Th == "" || name.En == "" {
			t.Errorf("%s has no name", level)
		}
	}
}
