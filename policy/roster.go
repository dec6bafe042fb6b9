package policy

import (
	"fmt"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// RosterDesk is the duty desk of a unit, as far as the check of a roster needs it.
type RosterDesk struct {
	Unit     casefile.UnitID
	Level    casefile.Level // the level that the desk answers for
	Verified bool           // the unit confirmed the contact
	Answered bool           // it answered the latest communication test
}

// Finding is one thing wrong with a roster, in words.
type Finding struct {
	Province string        // two digits; empty: the nation
	Role     casefile.Role // empty: not one role
	Level    casefile.Level
	Blocks   bool // the province must not be LIVE
	Th       string
	En       string
}

// levelNames are the levels in words.
var levelNames = map[casefile.Level]Text{
	casefile.LevelNear:          {"เจ้าหน้าที่ใกล้เคียง", "officers nearby"},
	casefile.LevelStation:       {"สถานีตำรวจ", "police station"},
	casefile.LevelNextStation:   {"สถานีตำรวจถัดไป", "next police station"},
	casefile.LevelRadio191:      {"ศูนย์วิทยุ 191", "191 radio centre"},
	casefile.LevelPoliceRegion:  {"ตำรวจภูธรภาค/บช.น.", "police region"},
	casefile.LevelRTPNational:   {"ศูนย์ปฏิบัติการ ตร.", "national police operations"},
	casefile.LevelMSDHSDuty:     {"เวร พมจ.", "MSDHS duty officer"},
	casefile.LevelMSDHSProvince: {"หัวหน้า พมจ.", "head of the provincial MSDHS office"},
	casefile.LevelHUSEC:         {"ศรส. ส่วนกลาง", "ศรส. central (HuSEC)"},
	casefile.LevelMSDHSNational: {"ปลัดกระทรวง พม.", "permanent secretary of MSDHS"},
	casefile.LevelShelter:       {"บ้านพักเด็กและครอบครัว", "shelter for children and families"},
	casefile.LevelEMS:           {"ศูนย์สั่งการ 1669", "1669 dispatch centre"},
	casefile.LevelDesk:          {"ศูนย์ประสาน ESS (1300)", "national ESS desk (1300)"},
	casefile.LevelOrganisation:  {"องค์กรของสมาชิก", "members' organisation"},
}

// LevelName is a level in words.
func LevelName(l casefile.Level) Text { return levelNames[l] }

// CheckRoster walks every ladder and every hand-over of every province against a roster. A province may be LIVE only
// if each of its ladders begins and ends at a desk that is verified and answered; anything else wrong on the way is
// told, too. What every province needs of the nation is told once, without a province.
func CheckRoster(p *Policy, units []casefile.Unit, desks []RosterDesk) []Finding {
	r := roster{units: map[casefile.UnitID]casefile.Unit{}, desks: desks, said: map[Finding]bool{}}
	for _, u := range units {
		r.units[u.ID] = u
	}
	r.operators(p)
	for _, prov := range DefaultPlaces().Provinces() {
		for _, role := range casefile.Roles {
			r.ladder(prov, p.role(role, 1, prov.Code, true, true), true)
			r.ladder(prov, p.role(role, 1, prov.Code, true, false), false)
		}
		for _, live := range []bool{true, false} {
			for _, o := range p.offices(prov.Code, live) {
				r.ask(prov, "", o.Level, live)
			}
		}
	}
	return r.found
}

// Readiness reports whether a province may be LIVE, and what was found there or in the nation.
func Readiness(findings []Finding, province string) (ready bool, here []Finding) {
	ready = true
	for _, f := range findings {
		if f.Province == province || f.Province == "" {
			here = append(here, f)
			ready = ready && !f.Blocks
		}
	}
	return ready, here
}

type roster struct {
	units map[casefile.UnitID]casefile.Unit
	desks []RosterDesk
	said  map[Finding]bool
	found []Finding
}

func (r *roster) say(f Finding) {
	if !r.said[f] {
		r.said[f] = true
		r.found = append(r.found, f)
	}
}

// ladder checks one ladder; the first and the last step must reach somebody.
func (r *roster) ladder(prov Province, rp RolePlan, live bool) {
	for i, step := range rp.Steps {
		reached := false
		for _, level := range step.Ask {
			if level != casefile.LevelNear && r.ask(prov, rp.Role, level, live) {
				reached = true
			}
		}
		if ends := i == 0 || i == len(rp.Steps)-1; ends && !reached {
			where := Text{"ขั้นสุดท้าย", "last step"}
			if i == 0 {
				where = Text{"ขั้นแรก", "first step"}
			}
			r.say(Finding{
				Province: prov.Code, Role: rp.Role, Level: step.Ask[0], Blocks: true,
				Th: fmt.Sprintf("%s: %sของ %s ไม่มีผู้รับที่ยืนยันแล้วและตอบการทดสอบ", prov.NameTh, where.Th, rp.Role),
				En: fmt.Sprintf("%s: the %s of %s reaches no verified, answering desk", prov.NameEn, where.En, rp.Role),
			})
		}
	}
}

// ask reports whether a level reaches a verified, answering desk in a province, and says what is wrong with it.
func (r *roster) ask(prov Province, role casefile.Role, level casefile.Level, live bool) bool {
	desks := r.at(prov, level)
	if slices.ContainsFunc(desks, func(d RosterDesk) bool { return d.Verified && d.Answered }) {
		return true
	}
	name := LevelName(level)
	th, en := "ไม่มีหน่วยที่เปิดรับ", "has no open unit with a duty desk"
	switch {
	case slices.ContainsFunc(desks, func(d RosterDesk) bool { return d.Verified }):
		th, en = "ไม่ตอบการทดสอบการสื่อสาร", "did not answer the communication test"
	case len(desks) > 0:
		th, en = "ยังไม่ได้ยืนยันช่องทางติดต่อ", "has no verified contact"
	}
	f := Finding{Level: level, Th: name.Th + " " + th, En: name.En + " " + en}
	if !national(level) {
		f.Province, f.Role = prov.Code, role
		f.Th, f.En = prov.NameTh+": "+f.Th, prov.NameEn+": "+f.En
	}
	if live || national(level) || level == casefile.LevelRadio191 { // a province that is not LIVE needs no more
		r.say(f)
	}
	return false
}

// at lists the desks that answer for a level in a province, of units that are open.
func (r *roster) at(prov Province, level casefile.Level) []RosterDesk {
	unitLevel := level
	if level == casefile.LevelNextStation {
		unitLevel = casefile.LevelStation
	}
	var desks []RosterDesk
	for _, d := range r.desks {
		u, ok := r.units[d.Unit]
		if !ok || d.Level != unitLevel || u.State != casefile.UnitLive {
			continue
		}
		if national(level) || u.Province == prov.Code || level == casefile.LevelPoliceRegion && u.Region == prov.Region {
			desks = append(desks, d)
		}
	}
	return desks
}

func national(l casefile.Level) bool {
	return slices.Contains([]casefile.Level{
		casefile.LevelDesk, casefile.LevelHUSEC, casefile.LevelRTPNational, casefile.LevelMSDHSNational,
	}, l)
}

// operators checks that enough operators keep the national desk.
func (r *roster) operators(p *Policy) {
	n := 0
	for _, d := range r.at(Province{}, casefile.LevelDesk) {
		if d.Verified && d.Answered {
			n++
		}
	}
	if n < p.Desk.Operators {
		name := LevelName(casefile.LevelDesk)
		r.say(Finding{
			Level: casefile.LevelDesk, Blocks: true,
			Th: fmt.Sprintf("%s มีผู้ปฏิบัติหน้าที่ที่ตอบการทดสอบ %d คน ต้องมี %d", name.Th, n, p.Desk.Operators),
			En: fmt.Sprintf("%s has %d answering operators on the roster, needs %d", name.En, n, p.Desk.Operators),
		})
	}
}
