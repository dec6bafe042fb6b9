package casefile

import (
	"math"
	"time"
)

// Pin is a point on the map that somebody claimed. It is personal data.
type Pin struct {
	Lat       float64   `json:"lat"` // degrees, WGS 84
	Lon       float64   `json:"lon"`
	AccuracyM int       `json:"accuracy_m,omitempty"` // 0: unknown; LINE never tells
	FixedAt   time.Time `json:"fixed_at"`             // when the pin was sent
	Source    string    `json:"source"`               // PinLINE, PinTyped, PinDevice, PinText
}

// Sources of a pin.
const (
	PinLINE   = "LINE"   // a LINE location message: droppable anywhere, a claim
	PinTyped  = "TYPED"  // an operator found it from a written address
	PinDevice = "DEVICE" // a device's own position
	PinText   = "TEXT"   // coordinates or a map's link in a text message: a claim, too
)

// Bounds of Thailand with half a degree of sea, degrees. Inside them a pin is
// usable; whether it lies on Thai land is decided by the place table.
const (
	minLat, maxLat = 5.1, 21.0
	minLon, maxLon = 96.8, 106.2
)

// Usable reports whether the pin can be sent to responders: a number, not the
// (0,0) of a missing coordinate, and inside the bounds of Thailand.
func (p Pin) Usable() bool {
	return !math.IsNaN(p.Lat) && !math.IsNaN(p.Lon) &&
		p.Lat >= minLat && p.Lat <= maxLat && p.Lon >= minLon && p.Lon <= maxLon
}

// earthRadiusM is the mean radius of the earth in metres (IUGG R1).
const earthRadiusM = 6371008.8

// MetresTo is the great-circle distance to another point.
func (p Pin) MetresTo(lat, lon float64) float64 {
	rad := math.Pi / 180
	dLat, dLon := (lat-p.Lat)*rad, (lon-p.Lon)*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(p.Lat*rad)*math.Cos(lat*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadiusM * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Place is where a pin lies, coarse enough to stand in a list.
type Place struct {
	Province string `json:"province,omitempty"` // two digits
	District string `json:"district,omitempty"` // four digits; the first two are the province
	Cell     string `json:"cell,omitempty"`     // H3 cell at resolution 7, about 5 km²
}
