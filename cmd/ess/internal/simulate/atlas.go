package simulate

import (
	"math"
	"math/rand/v2"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// atlas draws places: around the reference points of districts, more in towns,
// nearly all in the pilot provinces.
type atlas struct{ pilot, other []weighted[casefile.Pin] }

func newMap(places *policy.Places) *atlas {
	a := &atlas{}
	for _, d := range places.Districts() {
		p, _ := places.Province(d.Code[:2])
		w := weighted[casefile.Pin]{casefile.Pin{Lat: d.Lat, Lon: d.Lon, Source: casefile.PinLINE}, 1}
		if d.Urban {
			w.weight = 6 // about the share of a provincial capital's district in the people of its province
		}
		if p.Pilot {
			a.pilot = append(a.pilot, w)
		} else {
			a.other = append(a.other, w)
		}
	}
	return a
}

func (a *atlas) point(r *rand.Rand) casefile.Pin {
	from := a.pilot
	if r.Float64() < notLive {
		from = a.other
	}
	return around(r, pick(r, from), lognormal(r, 2500, 0.6))
}

// around is a point within so many metres of another.
func around(r *rand.Rand, pin casefile.Pin, metres float64) casefile.Pin {
	const metresPerDegree = 111195.0
	d, a := metres*math.Sqrt(r.Float64()), 2*math.Pi*r.Float64()
	lat := pin.Lat + d*math.Cos(a)/metresPerDegree
	lon := pin.Lon + d*math.Sin(a)/(metresPerDegree*math.Cos(pin.Lat*math.Pi/180))
	pin.Lat, pin.Lon = rounded(lat, 1e6), rounded(lon, 1e6)
	return pin
}
