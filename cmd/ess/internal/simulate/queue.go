package simulate

import (
	"cmp"
	"math"
	"slices"
)

// waitsWith are the waits of what rang at the desk, if so many people had done
// the day's work there, by the rule of the desk: what rings goes first, and of
// two or more one is always free for it. It is arithmetic over one day, not
// another day: what would have rung less, or more, is not known.
func waitsWith(people int, work []Served) []float64 {
	var rung, later []Served // in order of their coming
	for _, w := range slices.SortedStableFunc(slices.Values(work), func(a, b Served) int { return cmp.Compare(a.Came, b.Came) }) {
		if w.Rung {
			rung = append(rung, w)
		} else {
			later = append(later, w)
		}
	}
	freeAt := make([]float64, people)
	take := func(from *[]Served, at float64) (Served, bool) {
		if len(*from) == 0 || (*from)[0].Came > at {
			return Served{}, false
		}
		w := (*from)[0]
		*from = (*from)[1:]
		freeAt[slices.IndexFunc(freeAt, func(f float64) bool { return f <= at })] = at + w.Busy
		return w, true
	}
	idle := func(at float64) (n int) {
		for _, f := range freeAt {
			if f <= at {
				n++
			}
		}
		return n
	}
	var waits []float64
	for at := math.Inf(-1); people > 0; {
		for idle(at) > 0 {
			w, ok := take(&rung, at)
			if !ok {
				break
			}
			waits = append(waits, at+w.Took-w.Came)
		}
		for idle(at) > min(1, people-1) {
			if _, ok := take(&later, at); !ok {
				break
			}
		}
		next := math.Inf(1)
		for _, list := range [][]Served{rung, later} {
			if len(list) > 0 && list[0].Came > at {
				next = min(next, list[0].Came)
			}
		}
		for _, f := range freeAt {
			if f > at {
				next = min(next, f)
			}
		}
		if at = next; math.IsInf(at, 1) {
			break
		}
	}
	return waits
}
