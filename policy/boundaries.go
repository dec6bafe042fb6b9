package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// shoreM is how far outside every boundary a point may lie and still belong to the nearest district: bridges, piers,
// small islands that the drawing leaves out, and the drawing's own simplification.
const shoreM = 3_000

// shape is the boundary of one district: rings in any order, holes included, read by the even-odd rule.
type shape struct {
	code                           string
	minLat, maxLat, minLon, maxLon float64
	rings                          [][]vertex
}

type vertex struct{ lat, lon float64 }

// collection is what we read of a GeoJSON FeatureCollection.
type collection struct {
	Features []struct {
		Properties struct {
			Code string `json:"code"`
		} `json:"properties"`
		Geometry struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// LoadBoundaries returns places that know the district boundaries in a folder: every *.geojson file whose features
// carry a district's four digits in the property "code". Other features, such as provinces or neighbouring land, are
// passed over. Districts without a boundary would silently be nowhere, so all must be there.
func (p *Places) LoadBoundaries(dir string) (*Places, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.geojson"))
	if err != nil {
		return nil, fmt.Errorf("boundaries: %w", err)
	}
	with := *p
	with.shapes = nil
	seen := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file) // #nosec G304 -- the operator names the folder
		if err != nil {
			return nil, fmt.Errorf("boundaries: %w", err)
		}
		shapes, err := parseShapes(raw)
		if err != nil {
			return nil, fmt.Errorf("boundaries: %s: %w", filepath.Base(file), err)
		}
		for _, s := range shapes {
			if _, ok := p.districts[s.code]; !ok {
				return nil, fmt.Errorf("boundaries: %s: no district %s", filepath.Base(file), s.code)
			}
			seen[s.code] = true
		}
		with.shapes = append(with.shapes, shapes...)
	}
	if len(seen) == 0 {
		return nil, errors.New("boundaries: the folder holds no *.geojson file with district codes")
	}
	for _, d := range p.byCode {
		if !seen[d.Code] {
			return nil, fmt.Errorf("boundaries: %d of %d districts are missing, the first is %s",
				len(p.byCode)-len(seen), len(p.byCode), d.Code)
		}
	}
	return &with, nil
}

func parseShapes(raw []byte) ([]shape, error) {
	var c collection
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, err
	}
	var shapes []shape
	for _, f := range c.Features {
		if len(f.Properties.Code) != 4 {
			continue
		}
		var polygons [][][][]float64
		var err error
		switch f.Geometry.Type {
		case "Polygon":
			polygons = make([][][][]float64, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
		case "MultiPolygon":
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
		default:
			err = fmt.Errorf("a %s is no boundary", f.Geometry.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Properties.Code, err)
		}
		s := shape{code: f.Properties.Code, minLat: 90, maxLat: -90, minLon: 180, maxLon: -180}
		for _, polygon := range polygons {
			for _, ring := range polygon {
				if err := s.add(ring); err != nil {
					return nil, fmt.Errorf("%s: %w", s.code, err)
				}
			}
		}
		shapes = append(shapes, s)
	}
	return shapes, nil
}

func (s *shape) add(ring [][]float64) error {
	vertices := make([]vertex, 0, len(ring))
	for _, at := range ring {
		if len(at) < 2 {
			return errors.New("a coordinate needs longitude and latitude")
		}
		v := vertex{lat: at[1], lon: at[0]}
		vertices = append(vertices, v)
		s.minLat, s.maxLat = min(s.minLat, v.lat), max(s.maxLat, v.lat)
		s.minLon, s.maxLon = min(s.minLon, v.lon), max(s.maxLon, v.lon)
	}
	s.rings = append(s.rings, vertices)
	return nil
}

// inside is the district that contains the point, else the nearest within the shore, else empty.
func inside(shapes []shape, lat, lon float64) string {
	margin := shoreM / metresPerDegree / math.Cos(lat*math.Pi/180) // in degrees, wide enough for both directions
	nearest, best := "", float64(shoreM)
	for i := range shapes {
		s := &shapes[i]
		if lat < s.minLat-margin || lat > s.maxLat+margin || lon < s.minLon-margin || lon > s.maxLon+margin {
			continue
		}
		if s.contains(lat, lon) {
			return s.code
		}
		if m := s.metres(lat, lon); m < best {
			nearest, best = s.code, m
		}
	}
	return nearest
}

func (s *shape) contains(lat, lon float64) bool {
	in := false
	for _, ring := range s.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.lat > lat) != (b.lat > lat) && lon < a.lon+(lat-a.lat)/(b.lat-a.lat)*(b.lon-a.lon) {
				in = !in
			}
		}
	}
	return in
}

// metresPerDegree is the length of a degree of latitude on the sphere that casefile measures on.
const metresPerDegree = 111_195.0

// metres is the distance to the nearest edge, on a plane that touches the earth at the point: exact enough near it.
func (s *shape) metres(lat, lon float64) float64 {
	east := metresPerDegree * math.Cos(lat*math.Pi/180)
	best := math.Inf(1)
	for _, ring := range s.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			ax, ay := (a.lon-lon)*east, (a.lat-lat)*metresPerDegree
			dx, dy := (b.lon-a.lon)*east, (b.lat-a.lat)*metresPerDegree
			t := 0.0
			if long := dx*dx + dy*dy; long > 0 {
				t = min(1, max(0, -(ax*dx+ay*dy)/long))
			}
			best = min(best, math.Hypot(ax+t*dx, ay+t*dy))
		}
	}
	return best
}
