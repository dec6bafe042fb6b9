package policy

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

func TestTheTable(t *testing.T) {
	p := DefaultPlaces()
	pilot, urban, perRegion := 0, 0, map[string]int{}
	for _, prov := range p.Provinces() {
		perRegion[prov.Region]++
		if prov.Pilot {
			pilot++
		}
		if prov.NameTh == "" || prov.NameEn == "" || !(casefile.Pin{Lat: prov.Lat, Lon: prov.Lon}).Usable() {
			t.Errorf("%+v", prov)
		}
	}
	for _, d := range p.Districts() {
		if d.Urban {
			urban++
		}
		if at, ok := p.Locate(d.Lat, d.Lon); !ok || at.District != d.Code {
			t.Errorf("the reference point of %s lies in %+v", d.Code, at)
		}
	}
	if n := len(p.Provinces()); n != 77 || len(p.Districts()) != 928 || pilot != 9 {
		t.Errorf("%d provinces, %d districts, %d of the pilot", n, len(p.Districts()), pilot)
	}
	if urban != 50+76 { // every khet, and the capital district of each other province
		t.Errorf("%d urban districts", urban)
	}
	want := map[string]int{"MPB": 1, "P1": 9, "P2": 8, "P3": 8, "P4": 12, "P5": 8, "P6": 9, "P7": 8, "P8": 7, "P9": 7}
	for _, r := range p.Regions() {
		if perRegion[r.Code] != want[r.Code] {
			t.Errorf("%s has %d provinces, want %d", r.Code, perRegion[r.Code], want[r.Code])
		}
	}
}

func TestLocate(t *testing.T) {
	tests := []struct {
		name         string
		lat, lon     float64
		want         string // province; empty: not in Thailand
		region       string
		urban, pilot bool
	}{
		{"Phitsanulok, the town", 16.8211, 100.2659, "65", "P6", true, true},
		{"Chiang Mai, the town", 18.7883, 98.9853, "50", "P5", true, false},
		{"Bangkok, Phra Nakhon", 13.7563, 100.5018, "10", "MPB", true, false},
		{"Uttaradit, whose code begins with 5, is of region 6", 17.6300, 100.2000, "53", "P6", true, true},
		{"Bueng Kan", 18.3609, 103.6464, "38", "P4", true, false},
		{"Betong, on the border with Malaysia", 5.7730, 101.0720, "95", "P9", false, false},
		{"Mae Sot, on the border with Myanmar", 16.7130, 98.5700, "63", "P6", false, true},
		{"nowhere", 0, 0, "", "", false, false},
		{"no number", math.NaN(), 100, "", "", false, false},
		{"Phnom Penh", 11.5564, 104.9282, "", "", false, false},
		{"Yangon", 16.8409, 96.1735, "", "", false, false},
		{"the middle of the Gulf", 11.5, 100.9, "", "", false, false},
		{"latitude and longitude swapped", 100.2659, 16.8211, "", "", false, false},
	}
	p := DefaultPlaces()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, ok := p.Locate(tt.lat, tt.lon)
			if ok != (tt.want != "") || at.Province != tt.want {
				t.Fatalf("got %+v, %v", at, ok)
			}
			if !ok {
				return
			}
			prov, _ := p.Province(at.Province)
			if prov.Region != tt.region || prov.Pilot != tt.pilot || p.Urban(at.District) != tt.urban {
				t.Errorf("region %s, pilot %v, urban %v", prov.Region, prov.Pilot, p.Urban(at.District))
			}
		})
	}
}

func TestChain(t *testing.T) {
	rules, p := Default(), DefaultPlaces()
	for _, prov := range p.Provinces() {
		c, ok := p.Chain(rules, prov.Code)
		if !ok || c.Region.NameTh == "" || len(c.Police) != 4 || c.MSDHS[len(c.MSDHS)-1] != casefile.LevelMSDHSNational {
			t.Errorf("%s: %+v", prov.Code, c)
		}
		if office := c.MSDHS[0] == casefile.LevelMSDHSDuty; office == (prov.Code == "10") {
			t.Errorf("%s begins with %s", prov.Code, c.MSDHS[0])
		}
	}
	if _, ok := p.Chain(rules, "99"); ok {
		t.Error("a province that does not exist has a chain of command")
	}
}

// squares draws a boundary of a tenth of a degree around each reference point, and wide ones for the two districts of
// the test, which share the meridian 100.0.
func squares(t *testing.T, skip string) string {
	t.Helper()
	var features []string
	box := func(code, s, w, n, e string) {
		ring := "[[" + w + "," + s + "],[" + e + "," + s + "],[" + e + "," + n + "],[" + w + "," + n + "],[" + w + "," + s + "]]"
		features = append(features, `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[`+ring+`]},"properties":{"code":"`+code+`"}}`)
	}
	for _, d := range DefaultPlaces().Districts() {
		switch d.Code {
		case skip:
		case "6501":
			box(d.Code, "16.5", "100.0", "17.0", "100.5")
		case "6401":
			box(d.Code, "16.5", "99.5", "17.0", "100.0")
		default:
			box(d.Code, "5.0", "97.0", "5.1", "97.1") // out of the way
		}
	}
	features = append(features, `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}`)
	dir := t.TempDir()
	text := `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	if err := os.WriteFile(filepath.Join(dir, "districts.geojson"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestBorderPins(t *testing.T) {
	p, err := DefaultPlaces().LoadBoundaries(squares(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		lat, lon float64
		want     string
	}{
		{"a metre east of a province border", 16.75, 100.00001, "6501"},
		{"a metre west of it", 16.75, 99.99999, "6401"},
		{"on the border it is one of the two, always the same", 16.75, 100.0, "6501"},
		{"two kilometres outside every boundary", 16.75, 100.519, "6501"},
		{"four kilometres outside", 16.75, 100.538, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, ok := p.Locate(tt.lat, tt.lon)
			if at.District != tt.want || ok != (tt.want != "") {
				t.Errorf("got %+v, %v", at, ok)
			}
		})
	}
	if _, err := DefaultPlaces().LoadBoundaries(squares(t, "6501")); err == nil || !strings.Contains(err.Error(), "6501") {
		t.Errorf("a missing boundary was not named: %v", err)
	}
	if _, err := DefaultPlaces().LoadBoundaries(t.TempDir()); err == nil {
		t.Error("an empty folder was accepted")
	}
}

// Against the real boundaries, which are not part of this repository.
func TestRealBoundaries(t *testing.T) {
	dir := "../../shared/data"
	if _, err := os.Stat(filepath.Join(dir, "districts.geojson")); err != nil {
		t.Skip("SKIPPED: no boundaries in ../shared/data")
	}
	p, err := DefaultPlaces().LoadBoundaries(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Districts() {
		at, ok := p.Locate(d.Lat, d.Lon)
		if !ok || at.District != d.Code {
			t.Errorf("the reference point of %s lies in %+v", d.Code, at)
		}
	}
	for name, pin := range map[string][2]float64{"Vientiane": {17.9757, 102.6331}, "Penang": {5.41, 100.33}} {
		if at, ok := p.Locate(pin[0], pin[1]); ok {
			t.Errorf("%s lies in %+v", name, at)
		}
	}
	if at, ok := p.Locate(8.65, 97.64); !ok || at.Province != "82" {
		t.Errorf("the Similan islands lie in %+v, %v", at, ok)
	}
}

func FuzzLocate(f *testing.F) {
	for _, pin := range [][2]float64{{16.82, 100.26}, {0, 0}, {math.NaN(), math.Inf(1)}, {5.1, 96.8}, {21, 106.2}, {-91, 181}} {
		f.Add(pin[0], pin[1])
	}
	p := DefaultPlaces()
	f.Fuzz(func(t *testing.T, lat, lon float64) {
		at, ok := p.Locate(lat, lon)
		if !ok {
			if at != (casefile.Place{}) {
				t.Fatalf("nowhere, yet %+v", at)
			}
			return
		}
		if !(casefile.Pin{Lat: lat, Lon: lon}).Usable() {
			t.Fatalf("(%v, %v) is no usable pin, yet lies in %+v", lat, lon, at)
		}
		d, known := p.District(at.District)
		if !known || at.Province != d.Code[:2] {
			t.Fatalf("located in %+v", at)
		}
		if m := (casefile.Pin{Lat: lat, Lon: lon}).MetresTo(d.Lat, d.Lon); m > reachM {
			t.Fatalf("located %0.f m away", m)
		}
	})
}
