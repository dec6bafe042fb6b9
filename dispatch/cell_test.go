package dispatch

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"
)

func TestCells(t *testing.T) {
	if got := Cell(16.8211, 100.2659, MemberRes); got <= 0 {
		t.Errorf("the cell of Phitsanulok is %d", got)
	}
	if got := CellName(16.8211, 100.2659); h3.CellFromString(got).Resolution() != 7 {
		t.Errorf("the name of its cell is %q", got)
	}
	if got := Cell(math.NaN(), math.Inf(1), MemberRes); got != 0 {
		t.Errorf("a point that is none lies in %d", got)
	}
	if got := CellName(math.NaN(), 0); got != "" {
		t.Errorf("a point that is none lies in %q", got)
	}
	home := Cell(16.8211, 100.2659, 8)
	if got := Neighbours(home); len(got) != 7 || !slices.Contains(got, home) || !slices.IsSorted(got) {
		t.Errorf("neighbours of %d are %v", home, got)
	}
	if got := Neighbours(0); len(got) != 0 {
		t.Errorf("a cell that is none has neighbours %v", got)
	}
}

// Two who look at the same place from two sides of a cell's edge must meet at a common lock.
func TestNeighboursMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := drawPoint(t)
		near := Neighbours(Cell(lat, lon, 8))
		bearing := rapid.Float64Range(0, 2*math.Pi).Draw(t, "bearing")
		lat2 := lat + 500*math.Cos(bearing)/111195
		lon2 := lon + 500*math.Sin(bearing)/111195/math.Cos(lat*math.Pi/180)
		if !slices.Contains(near, Cell(lat2, lon2, 8)) {
			t.Fatalf("a point 500 m away is in no neighbouring cell of resolution 8")
		}
	})
}

func drawPoint(t *rapid.T) (lat, lon float64) {
	return rapid.Float64Range(5.7, 20.4).Draw(t, "lat"), rapid.Float64Range(97.4, 105.6).Draw(t, "lon")
}

func drawCell(t *rapid.T, res int) h3.Cell {
	lat, lon := drawPoint(t)
	return h3.Cell(Cell(lat, lon, res))
}

// The range of a cell holds exactly its descendants, as the library itself lists them.
func TestDescendants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		res := rapid.IntRange(6, MemberRes).Draw(t, "res")
		c := drawCell(t, res)
		children, err := c.Children(MemberRes)
		if err != nil {
			t.Fatal(err)
		}
		r := descendants(c, res)
		for _, child := range children {
			if int64(child) < r.First || int64(child) > r.Last {
				t.Fatalf("%s is a child of %s and not in its range", child, c)
			}
		}
		other := drawCell(t, MemberRes)
		parent, err := other.Parent(res)
		if err != nil {
			t.Fatal(err)
		}
		if in := int64(other) >= r.First && int64(other) <= r.Last; in != (parent == c) {
			t.Fatalf("%s is in the range of %s: %v; its parent is %s", other, c, in, parent)
		}
	})
}

// The two facts that the proof of Search stands on.
func TestTilesTouchOnlyNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawCell(t, MemberRes)
		around, err := a.GridRing(1)
		if err != nil {
			t.Fatal(err)
		}
		for res := coarsest; res <= finest; res++ {
			tile, err := a.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range around {
				other, err := b.Parent(res)
				if err != nil {
					t.Fatal(err)
				}
				if touching, err := tile.GridDistance(other); err != nil || touching > 1 {
					t.Fatalf("%s and %s touch, their cells of resolution %d are %d apart (%v)", a, b, res, touching, err)
				}
			}
		}
	})
}

func TestTilesReachNoFartherThanTheirSpread(t *testing.T) {
	widest := map[int]float64{}
	rapid.Check(t, func(t *rapid.T) {
		member := drawCell(t, MemberRes)
		corners, err := member.Boundary()
		if err != nil {
			t.Fatal(err)
		}
		for res := coarsest; res <= finest; res++ {
			tile, err := member.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			centre, err := tile.LatLng()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range corners {
				m := casefile.Pin{Lat: centre.Lat, Lon: centre.Lng}.MetresTo(v.Lat, v.Lng)
				if m > spreadM[res] {
					t.Fatalf("a descendant of %s reaches %.0f m, more than %.0f", tile, m, spreadM[res])
				}
				widest[res] = max(widest[res], m)
			}
			ring, err := tile.GridRing(1) // the bound itself: 0.6076 of the distance to any neighbouring centre
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range ring {
				next, err := n.LatLng()
				if err != nil {
					t.Fatal(err)
				}
				if m := 0.6076 * (casefile.Pin{Lat: centre.Lat, Lon: centre.Lng}).MetresTo(next.Lat, next.Lng); m > spreadM[res] {
					t.Fatalf("cells of resolution %d lie so far apart that %.0f m is too little", res, spreadM[res])
				}
			}
		}
	})
	for res, m := range widest {
		if m < 0.8*spreadM[res] {
			t.Errorf("resolution %d: the widest seen is %.0f m of %.0f: the bound wastes work", res, m, spreadM[res])
		}
	}
}

type located struct {
	id       int
	lat, lon float64
	cell     int64
}

// crowd scatters members as people live: some in towns, some anywhere.
func crowd(rnd *rand.Rand, n int) []located {
	members := make([]located, n)
	var lat, lon float64
	for i := range members {
		if i%50 == 0 {
			lat, lon = 5.7+rnd.Float64()*14.7, 97.4+rnd.Float64()*8.2
		}
		m := located{id: i, lat: lat + rnd.NormFloat64()*0.05, lon: lon + rnd.NormFloat64()*0.05}
		if i%3 == 0 {
			m.lat, m.lon = 5.7+rnd.Float64()*14.7, 97.4+rnd.Float64()*8.2
		}
		m.cell = Cell(m.lat, m.lon, MemberRes)
		members[i] = m
	}
	return members
}

// Whoever reads ring after ring finds exactly the true nearest, and no member twice.
func TestSearchFindsTheTrueNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := crowd(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), rapid.IntRange(0, 3000).Draw(t, "members"))
		lat, lon := drawPoint(t)
		k := rapid.IntRange(1, 40).Draw(t, "k")
		limit := rapid.SampledFrom([]float64{1_000, 5_000, 40_000, math.Inf(1)}).Draw(t, "limit")
		start := rapid.IntRange(coarsest-1, finest+1).Draw(t, "start")

		pin := casefile.Pin{Lat: lat, Lon: lon}
		metres := func(m located) float64 { return pin.MetresTo(m.lat, m.lon) }
		nearest := func(of []located) []located {
			of = slices.DeleteFunc(slices.Clone(of), func(m located) bool { return metres(m) > limit })
			slices.SortFunc(of, func(a, b located) int { return cmp.Or(cmp.Compare(metres(a), metres(b)), cmp.Compare(a.id, b.id)) })
			return of[:min(k, len(of))]
		}
		var found []located
		seen, complete := map[int]bool{}, 0.0
		for ring := range Search(lat, lon, start) {
			if ring.CompleteM <= complete {
				t.Fatalf("complete to %.0f m after %.0f", ring.CompleteM, complete)
			}
			complete = ring.CompleteM
			for _, m := range members {
				for _, r := range ring.Ranges {
					if m.cell >= r.First && m.cell <= r.Last {
						if seen[m.id] {
							t.Fatal("the same member in two rings")
						}
						seen[m.id] = true
						found = append(found, m)
					}
				}
			}
			for _, m := range members {
				if !seen[m.id] && metres(m) < complete {
					t.Fatalf("a member %.0f m away was missed; complete to %.0f m", metres(m), complete)
				}
			}
			best := nearest(found)
			if complete >= limit || len(best) == k && metres(best[k-1]) < complete {
				break
			}
		}
		if got, want := nearest(found), nearest(members); !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v", got, want)
		}
	})
}

func TestSearchAsksLittle(t *testing.T) {
	reached := 0.0
	for ring := range Search(16.8211, 100.2659, 8) {
		if len(ring.Ranges) == 0 || len(ring.Ranges) > 40 {
			t.Errorf("%d ranges for a ring complete to %.0f m", len(ring.Ranges), ring.CompleteM)
		}
		if reached > 0 && ring.CompleteM > 6*reached {
			t.Errorf("from %.0f m to %.0f m in one ring", reached, ring.CompleteM)
		}
		if reached = ring.CompleteM; reached > 100_000 {
			break
		}
	}
	for range Search(0, 0, 7) {
		t.Error("a search began where no pin can be")
	}
}

func ExampleSearch() {
	for ring := range Search(16.8211, 100.2659, 7) {
		fmt.Printf("%d ranges more, complete to %.1f km\n", len(ring.Ranges), ring.CompleteM/1000)
		if ring.CompleteM > 40_000 {
			break
		}
	}
	// Output:
	// 5 ranges more, complete to 2.2 km
	// 8 ranges more, complete to 4.6 km
	// 11 ranges more, complete to 5.8 km
	// 9 ranges more, complete to 12.1 km
	// 11 ranges more, complete to 15.2 km
	// 9 ranges more, complete to 31.7 km
	// 11 ranges more, complete to 41.9 km
}
