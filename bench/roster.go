package main

import (
	"math"
	"math/rand/v2"

	"github.com/ess-thailand/ess/casefile"
)

const metresPerDegree = 111195.0

// offset is a point so many metres north and east of another.
func offset(p casefile.Pin, north, east float64) casefile.Pin {
	return casefile.Pin{Lat: p.Lat + north/metresPerDegree, Lon: p.Lon + east/(metresPerDegree*math.Cos(p.Lat*math.Pi/180))}
}

// around is a random point within scatterM.
func around(p casefile.Pin, random *rand.Rand) casefile.Pin {
	r, a := scatterM*math.Sqrt(random.Float64()), 2*math.Pi*random.Float64()
	return offset(p, r*math.Cos(a), r*math.Sin(a))
}
