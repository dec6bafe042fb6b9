package policy

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ess-thailand/ess/casefile"
)

// Province is one of the 77. Its code is two digits; the first digit is not the police region.
type Province struct {
	Code   string
	NameTh string
	NameEn string
	Region string  // MPB, P1 … P9
	Lat    float64 // one reference point
	Lon    float64
	Pilot  bool // one of the nine where the service began in 2566
}

// District is an amphoe, or a khet of Bangkok. The first two digits of its code are the province.
type District struct {
	Code   string
	NameTh string
	NameEn string
	Lat    float64 // one reference point
	Lon    float64
	Urban  bool // a khet, or the district of a provincial capital: town limits apply
}

// Region is a police command between province and nation.
type Region struct {
	Code   string
	NameTh string
	NameEn string
}

// regions are the Metropolitan Police Bureau and the nine provincial regions.
var regions = []Region{
	{"MPB", "กองบัญชาการตำรวจนครบาล", "Metropolitan Police Bureau"},
	{"P1", "ตำรวจภูธรภาค 1", "Provincial Police Region 1"},
	{"P2", "ตำรวจภูธรภาค 2", "Provincial Police Region 2"},
	{"P3", "ตำรวจภูธรภาค 3", "Provincial Police Region 3"},
	{"P4", "ตำรวจภูธรภาค 4", "Provincial Police Region 4"},
	{"P5", "ตำรวจภูธรภาค 5", "Provincial Police Region 5"},
	{"P6", "ตำรวจภูธรภาค 6", "Provincial Police Region 6"},
	{"P7", "ตำรวจภูธรภาค 7", "Provincial Police Region 7"},
	{"P8", "ตำรวจภูธรภาค 8", "Provincial Police Region 8"},
	{"P9", "ตำรวจภูธรภาค 9", "Provincial Police Region 9"},
}

// reachM is how far from the nearest district's reference point a pin may lie and still count as Thailand. On a grid of
// 27,000 points inside the boundaries 99.9 % lie within 42 km, and beyond 45 km there are only the outer Andaman islands
// (Similan, Adang, Lipe), whose pins go to the desk. The price is a strip abroad as wide: a town across the border is
// taken for the Thai district beside it, and rings there. Boundaries (LoadBoundaries) do away with both.
const reachM = 50_000

// Places answers which district, province and police region a point lies in. It is never changed once made, so all
// may share it.
type Places struct {
	provinces map[string]Province
	districts map[string]District
	byCode    []District // in the order of the codes
	shapes    []shape    // empty: reference points only
}

var (
	//go:embed provinces.csv
	provincesCSV string
	//go:embed districts.csv
	districtsCSV string
)

// DefaultPlaces is the table of 77 provinces and 928 districts, with a reference point each and without boundaries.
var DefaultPlaces = sync.OnceValue(func() *Places {
	p, err := parsePlaces(provincesCSV, districtsCSV)
	if err != nil {
		panic(err) // the embedded table is broken; a test parses it
	}
	return p
})

func parsePlaces(provinces, districts string) (*Places, error) {
	p := &Places{provinces: map[string]Province{}, districts: map[string]District{}}
	err := eachRow("provinces.csv", provinces, 7, func(row []string, lat, lon float64) {
		p.provinces[row[0]] = Province{
			Code: row[0], NameTh: row[1], NameEn: row[2], Region: row[3], Lat: lat, Lon: lon, Pilot: row[6] == "yes",
		}
	}, 4)
	if err != nil {
		return nil, err
	}
	err = eachRow("districts.csv", districts, 6, func(row []string, lat, lon float64) {
		d := District{Code: row[0], NameTh: row[1], NameEn: row[2], Lat: lat, Lon: lon, Urban: row[5] == "yes"}
		p.districts[d.Code] = d
	}, 3)
	if err != nil {
		return nil, err
	}
	for _, code := range slices.Sorted(maps.Keys(p.districts)) {
		if _, ok := p.provinces[province(code)]; !ok {
			return nil, fmt.Errorf("districts.csv: %s belongs to no province", code)
		}
		p.byCode = append(p.byCode, p.districts[code])
	}
	return p, nil
}

// eachRow reads a table with a header line, whose latitude and longitude stand in the columns at and at+1.
func eachRow(name, table string, columns int, keep func(row []string, lat, lon float64), at int) error {
	r := csv.NewReader(strings.NewReader(table))
	r.FieldsPerRecord = columns
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, row := range rows[min(1, len(rows)):] {
		lat, errLat := strconv.ParseFloat(row[at], 64)
		lon, errLon := strconv.ParseFloat(row[at+1], 64)
		if errLat != nil || errLon != nil {
			return fmt.Errorf("%s: line %d: not a coordinate", name, i+2)
		}
		keep(row, lat, lon)
	}
	return nil
}

// province is the province of a district code.
func province(district string) string { return district[:min(2, len(district))] }

// Locate finds the province and district of a point; ok is false for a point that is not in Thailand as far as the
// places can tell, such as (0,0). The cell stays empty: package dispatch names it.
//
// Without boundaries the district is the one with the nearest reference point: on that grid the right province at 92 of
// 100 points and the right district at 74. With boundaries it is the district that contains the point, or the nearest
// one for a point just outside: on a border bridge, or off the shore.
func (p *Places) Locate(lat, lon float64) (at casefile.Place, ok bool) {
	pin := casefile.Pin{Lat: lat, Lon: lon}
	if !pin.Usable() {
		return casefile.Place{}, false
	}
	var code string
	if len(p.shapes) > 0 {
		code = inside(p.shapes, lat, lon)
	} else {
		code = p.nearest(pin)
	}
	if code == "" {
		return casefile.Place{}, false
	}
	return casefile.Place{Province: province(code), District: code}, true
}

func (p *Places) nearest(pin casefile.Pin) string {
	code, best := "", float64(reachM)
	for _, d := range p.byCode {
		if m := pin.MetresTo(d.Lat, d.Lon); m <= best {
			code, best = d.Code, m
		}
	}
	return code
}

// Province looks a province up by its two digits.
func (p *Places) Province(code string) (Province, bool) {
	found, ok := p.provinces[code]
	return found, ok
}

// District looks a district up by its four digits.
func (p *Places) District(code string) (District, bool) {
	found, ok := p.districts[code]
	return found, ok
}

// Region looks a police region up by its code, MPB or P1 … P9.
func (p *Places) Region(code string) (Region, bool) {
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Code == code })
	if i < 0 {
		return Region{}, false
	}
	return regions[i], true
}

// Provinces lists all 77 in the order of their codes.
func (p *Places) Provinces() []Province {
	return slices.SortedFunc(maps.Values(p.provinces), func(a, b Province) int { return strings.Compare(a.Code, b.Code) })
}

// Districts lists all 928 in the order of their codes.
func (p *Places) Districts() []District { return slices.Clone(p.byCode) }

// Regions lists the ten police regions.
func (p *Places) Regions() []Region { return slices.Clone(regions) }

// Urban reports whether town limits apply in a district. An unknown one counts as country, whose wider radius reaches
// more people.
func (p *Places) Urban(district string) bool { return p.districts[district].Urban }

// Chain is who stands above whom in a province: from the station and the duty officer up to the nation.
type Chain struct {
	Province Province
	Region   Region
	Police   []casefile.Level // levels 0 to 3
	MSDHS    []casefile.Level
}

// Chain is the chain of command of a province. The policy says which provinces have no office of the ministry.
func (p *Places) Chain(rules *Policy, code string) (Chain, bool) {
	prov, ok := p.provinces[code]
	if !ok {
		return Chain{}, false
	}
	region, _ := p.Region(prov.Region)
	c := Chain{
		Province: prov, Region: region,
		Police: []casefile.Level{
			casefile.LevelStation, casefile.LevelRadio191, casefile.LevelPoliceRegion, casefile.LevelRTPNational,
		},
		MSDHS: []casefile.Level{
			casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelHUSEC, casefile.LevelMSDHSNational,
		},
	}
	if rules.Central(code) {
		c.MSDHS = []casefile.Level{casefile.LevelShelter, casefile.LevelHUSEC, casefile.LevelMSDHSNational}
	}
	return c, true
}
