package dispatch

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/ess-thailand/ess/casefile"
	"github.com/uber/h3-go/v4"
)

// MemberRes is the H3 resolution at which members' positions are kept: cells about 0.1 km² wide.
const MemberRes = 9

// placeRes is the resolution of a cell that may stand in a list: about 5 km².
const placeRes = 7

// Cell is the H3 cell of a point, as the signed number that PostgreSQL keeps; 0 for a point that is none.
func Cell(lat, lon float64, res int) int64 {
	c, err := h3.LatLngToCell(h3.NewLatLng(lat, lon), res)
	if err != nil {
		return 0
	}
	return int64(c)
}

// CellName is the name of the cell of a point that may stand in a list (casefile.Place); empty for a point that is none.
func CellName(lat, lon float64) string {
	c := Cell(lat, lon, placeRes)
	if c == 0 {
		return ""
	}
	return h3.Cell(c).String()
}

// Neighbours are a cell and the six around it, in rising order, so that all who lock them lock in the same order.
func Neighbours(cell int64) []int64 {
	disk, err := h3.Cell(cell).GridDisk(1)
	if err != nil {
		return nil
	}
	cells := make([]int64, len(disk))
	for i, c := range disk {
		cells[i] = int64(c)
	}
	slices.Sort(cells)
	return cells
}

// Range is a run of cell numbers at MemberRes, both ends included: cell BETWEEN First AND Last.
type Range struct{ First, Last int64 }

// Ring is the next part of the map around a point. Ranges are new: no earlier ring had them. Every member nearer than
// CompleteM is in this ring or an earlier one.
type Ring struct {
	Ranges    []Range
	CompleteM float64
}

// Resolutions of the rings. The coarsest goes on outwards.
const (
	coarsest = 4
	finest   = 8
)

// spreadM is how far from the centre of a cell its descendants at MemberRes can reach, by resolution, anywhere in
// Thailand: at most 0.61 of the distance between neighbouring centres (the sum of the steps down, each shorter by √7),
// here 0.62 of the widest. A test measures it.
var spreadM = map[int]float64{8: 630, 7: 1670, 6: 4400, 5: 11650, 4: 30800}

// farM is farther than any two points of Thailand are apart.
const farM = 2_100_000

// Search walks the map outwards from a point, in rings whose area grows about two and a half times each. The finest
// rings have cells of the resolution start, 8 to 4: finer reads less where many can come, coarser asks less often where
// few can. Whoever looks for the nearest k reads ring after ring, and stops when the k-th found is nearer than
// CompleteM, or CompleteM is beyond the limit.
//
// Why nothing nearer than CompleteM is missed: the descendants of coarse cells tile the map, and two tiles touch only
// if their cells are neighbours. A straight line from the point to a member outside the disk of radius n must therefore
// cross a tile of the ring n+1, and no point of that tile is nearer than the centre of its cell less spreadM.
func Search(lat, lon float64, start int) iter.Seq[Ring] {
	return func(yield func(Ring) bool) {
		from := casefile.Pin{Lat: lat, Lon: lon}
		home, err := h3.LatLngToCell(h3.NewLatLng(lat, lon), MemberRes)
		if err != nil || !from.Usable() {
			return
		}
		var seen []Range
		complete := 0.0
		for res, n := min(finest, max(coarsest, start)), 1; complete < farM; res, n = outwards(res, n) {
			disk, edge, err := around(home, from, res, n)
			if err != nil {
				return
			}
			if edge <= complete { // the coarser disk reaches no farther on this side
				continue
			}
			complete = edge
			ring := Ring{Ranges: subtract(disk, seen), CompleteM: complete}
			seen = Union(append(seen, disk...))
			if !yield(ring) {
				return
			}
		}
	}
}

// outwards is the next disk: one and two rings of each resolution, then coarser, at last half as many rings again.
func outwards(res, n int) (int, int) {
	switch {
	case n < 2:
		return res, 2
	case res > coarsest:
		return res - 1, 1
	default:
		return res, n + n/2 + 1
	}
}

// around is the disk of n rings around home, and the distance within which it is complete.
func around(home h3.Cell, from casefile.Pin, res, n int) (disk []Range, edge float64, err error) {
	origin, err := home.Parent(res)
	if err != nil {
		return nil, 0, err
	}
	cells, err := origin.GridDisk(n)
	if err != nil {
		return nil, 0, err
	}
	outside, err := origin.GridRing(n + 1)
	if err != nil {
		return nil, 0, err
	}
	edge = math.Inf(1)
	for _, c := range outside {
		centre, err := c.LatLng()
		if err != nil {
			return nil, 0, err
		}
		edge = min(edge, from.MetresTo(centre.Lat, centre.Lng)-spreadM[res])
	}
	for _, c := range cells {
		disk = append(disk, descendants(c, res))
	}
	return Union(disk), edge, nil
}

// An H3 index is 4 bits of resolution at bit 52, then the base cell, then a digit of 3 bits per resolution, from the
// coarsest, unused digits all ones. So the descendants of a cell are one run of numbers.
const resBit = 52

func descendants(c h3.Cell, res int) Range {
	below := int64(1)<<(3*(15-res)) - 1 // the digits finer than the cell's own
	index := int64(c)&^(0xf<<resBit) | MemberRes<<resBit
	return Range{First: index &^ below, Last: index | below}
}

// Union sorts ranges and joins those that touch.
func Union(list []Range) []Range {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	var out []Range
	for _, r := range list {
		if last := len(out) - 1; last >= 0 && r.First <= out[last].Last+1 {
			out[last].Last = max(out[last].Last, r.Last)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// subtract is what of the ranges is not in seen; both are unions.
func subtract(ranges, seen []Range) []Range {
	var out []Range
	for _, r := range ranges {
		for len(seen) > 0 && seen[0].Last < r.First {
			seen = seen[1:]
		}
		for _, s := range seen {
			if s.First > r.Last {
				break
			}
			if s.First > r.First {
				out = append(out, Range{r.First, s.First - 1})
			}
			r.First = s.Last + 1
		}
		if r.First <= r.Last {
			out = append(out, r)
		}
	}
	return out
}
