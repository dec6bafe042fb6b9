package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/policy"
)

// person is one member of the roster with what only the channel and the officers
// on the case may see.
type person struct {
	casefile.Member
	Code     string // readable key of the import file
	Name     string
	LINE     string
	Phone    string // in E.164 form, for SMS and calls; empty: none
	Email    string // empty: none
	Language casefile.Language
}

// roster is a set of units and members, synthetic or imported.
type roster struct {
	Units     []casefile.Unit
	Members   []person
	Synthetic bool
	Live      []string // provinces with a full roster; the others are DESK_ONLY
}

// seedSpace makes the IDs of synthetic units and members the same on every run.
var seedSpace = uuid.MustParse("5ec1a1ed-0000-4000-8000-000000000e55")

// officersPerStation is how many field officers each synthetic station has on its roster.
const officersPerStation = 6

// seedRoster makes a synthetic roster: the nine pilot provinces of Police
// Region 6 with a station in every district, officers around it, radio centre,
// offices, shelter and EMS; the radio centres of all 77 provinces; the regions
// and the national desks. No openly licensed list of real units exists.
func seedRoster(places *policy.Places, seed uint64) roster {
	b := builder{roster: roster{Synthetic: true}, random: rand.New(rand.NewPCG(seed, 0xe55))} // #nosec -- places of invented people, not a secret
	b.national()
	b.number(b.Members) // the second watcher rings the desk of 1300 beside LINE, too
	for _, region := range places.Regions() {
		b.unit(casefile.LevelPoliceRegion, "region-"+region.Code, "กองบังคับการ "+region.NameTh, region.NameEn+" command", "", region.Code, 0, 0)
		b.desk("")
	}
	for _, p := range places.Provinces() {
		b.unit(casefile.LevelRadio191, "radio-"+p.Code, "ศูนย์วิทยุ 191 "+p.NameTh, "191 radio centre "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
		b.desk("")
		if p.Pilot {
			b.pilot(places, p)
		}
	}
	return b.roster
}

type builder struct {
	roster
	random  *rand.Rand
	last    casefile.Unit
	numbers int // telephones given away
}

func (b *builder) unit(level casefile.Level, code, th, en, province, region string, lat, lon float64) {
	b.last = casefile.Unit{
		ID: casefile.UnitID(uuid.NewSHA1(seedSpace, []byte("unit "+code)).String()), Code: code, Level: level,
		NameTh: th + " (สมมติ)", NameEn: en + " (synthetic)", Province: province, Region: region, Lat: lat, Lon: lon,
		State: casefile.UnitLive, Synthetic: true,
	}
	b.Units = append(b.Units, b.last)
}

// desk adds a duty desk to the unit made last.
func (b *builder) desk(suffix string) {
	b.member(casefile.Member{Level: b.last.Level, Lat: b.last.Lat, Lon: b.last.Lon}, "desk-"+b.last.Code+suffix, b.last.NameTh)
}

func (b *builder) member(m casefile.Member, code, name string) {
	m.ID = casefile.MemberID(uuid.NewSHA1(seedSpace, []byte("member "+code)).String())
	m.Unit, m.Province = b.last.ID, b.last.Province
	m.State, m.OnDuty = casefile.MemberActive, true
	if m.Group == "" {
		m.Group, m.Class = casefile.Agency, casefile.Professional
	}
	b.Members = append(b.Members, person{Member: m, Code: code, Name: name, LINE: local.SeedLINE(code), Language: casefile.Thai})
}

func (b *builder) national() {
	b.unit(casefile.LevelRTPNational, "rtp-national", "ศูนย์ปฏิบัติการสำนักงานตำรวจแห่งชาติ", "Royal Thai Police operations", "", "", 0, 0)
	b.desk("")
	b.unit(casefile.LevelHUSEC, "husec", "ศรส. ส่วนกลาง", "HuSEC central", "", "", 0, 0)
	b.desk("")
	b.unit(casefile.LevelMSDHSNational, "msdhs-national", "สำนักงานปลัดกระทรวง พม.", "MSDHS permanent secretary", "", "", 0, 0)
	b.desk("")
	b.unit(casefile.LevelDesk, "desk-1300", "โต๊ะปฏิบัติการ ESS 1300", "ESS desk 1300", "", "", 0, 0)
	b.desk("-1")
	b.desk("-2") // two operators at the least
}

// pilot adds everything that a LIVE province needs.
func (b *builder) pilot(places *policy.Places, p policy.Province) {
	b.Live = append(b.Live, p.Code)
	first := len(b.Members)
	defer func() { b.number(b.Members[first:]) }()
	b.unit(casefile.LevelMSDHSDuty, "msdhs-"+p.Code, "พมจ."+p.NameTh, "MSDHS office "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
	b.desk("")
	b.member(casefile.Member{Level: casefile.LevelMSDHSProvince, Lat: p.Lat, Lon: p.Lon}, "head-"+b.last.Code, "หัวหน้า "+b.last.NameTh)
	b.caseworkers(workersOfOffice)
	b.unit(casefile.LevelShelter, "shelter-"+p.Code, "บ้านพักเด็กและครอบครัว"+p.NameTh, "Shelter "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
	b.desk("")
	b.caseworkers(workersOfShelter)
	b.unit(casefile.LevelEMS, "ems-"+p.Code, "ศูนย์สั่งการ 1669 "+p.NameTh, "EMS 1669 "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
	b.desk("")
	for _, d := range places.Districts() {
		if d.Code[:2] != p.Code {
			continue
		}
		b.unit(casefile.LevelStation, "station-"+d.Code, "สภ."+d.NameTh, d.NameEn+" police station", p.Code, p.Region, d.Lat, d.Lon)
		b.desk("")
		for i := range officersPerStation {
			lat, lon := b.around(d.Lat, d.Lon, 6000)
			b.member(casefile.Member{Role: casefile.Police, Lat: lat, Lon: lon, Female: i%3 == 0},
				fmt.Sprintf("officer-%s-%d", d.Code, i+1), fmt.Sprintf("เจ้าหน้าที่ %d %s", i+1, b.last.NameTh))
		}
		lat, lon := b.around(d.Lat, d.Lon, 4000)
		b.member(casefile.Member{Group: casefile.SDV, Class: casefile.Volunteer, Role: casefile.MSDHS, Lat: lat, Lon: lon},
			"sdv-"+d.Code, "อพม. "+d.NameTh)
	}
	b.casework(p)
}

// citizensWithNumbers is how many of the seed's numbers are those of citizens.
const citizensWithNumbers = 2

// officersWithNumbers is how many officers of each synthetic station can be
// reached beside LINE; the others show what it is like without.
const officersWithNumbers = 2

// number gives duty desks, and the first officers of each station, a telephone
// that nobody has, and desks a mailbox.
func (b *builder) number(members []person) {
	officers := map[casefile.UnitID]int{}
	for i := range members {
		m := &members[i]
		switch {
		case m.Desk():
			m.Email = m.Code + "@ess.invalid"
		case m.Role == casefile.Police && officers[m.Unit] < officersWithNumbers:
			officers[m.Unit]++
		default:
			continue
		}
		m.Phone = local.SeedNumber(citizensWithNumbers + b.numbers)
		b.numbers++
	}
}

// around is a random point within so many metres.
func (b *builder) around(lat, lon, metres float64) (float64, float64) {
	const metresPerDegree = 111195.0
	r, a := metres*math.Sqrt(b.random.Float64()), 2*math.Pi*b.random.Float64()
	return lat + r*math.Cos(a)/metresPerDegree, lon + r*math.Sin(a)/(metresPerDegree*math.Cos(lat*math.Pi/180))
}
