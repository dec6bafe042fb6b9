package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Bangkok is Thailand's time zone, which has had no summer time since 1920.
var Bangkok = time.FixedZone("Asia/Bangkok", 7*60*60)

// Span is a length of time as the document writes it: 60s, 10m, 24h, 10d.
type Span struct{ time.Duration }

// maxDays keeps a span far from overflow: ten years.
const maxDays = 3650

func (s *Span) UnmarshalYAML(n *yaml.Node) error {
	text := n.Value
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if d, err := strconv.Atoi(days); err == nil && d >= 0 && d <= maxDays {
			s.Duration = time.Duration(d) * 24 * time.Hour
			return nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 && d <= maxDays*24*time.Hour {
		s.Duration = d
		return nil
	}
	return mistake(n, "%q is not a span such as 60s, 10m, 24h or 10d", text)
}

// Day is a calendar day in Thailand, at its beginning.
type Day struct{ time.Time }

func (d *Day) UnmarshalYAML(n *yaml.Node) error {
	t, err := time.ParseInLocation(time.DateOnly, n.Value, Bangkok)
	if err != nil {
		return mistake(n, "%q is not a day such as 2026-01-31", n.Value)
	}
	d.Time = t
	return nil
}

// Either is a value that may differ between town and country.
type Either[T any] struct{ Town, Country T }

func (e Either[T]) at(urban bool) T {
	if urban {
		return e.Town
	}
	return e.Country
}

func (e *Either[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		if err := n.Decode(&e.Town); err != nil {
			return err
		}
		e.Country = e.Town
		return nil
	}
	parts := map[string]*T{"town": &e.Town, "country": &e.Country}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		part, ok := parts[key.Value]
		if !ok {
			return mistake(key, "unknown or repeated key %q: want town and country", key.Value)
		}
		delete(parts, key.Value)
		if err := n.Content[i+1].Decode(part); err != nil {
			return err
		}
	}
	if len(parts) > 0 {
		return mistake(n, "want both town and country")
	}
	return nil
}

// Hours are a span of the day in Thailand, such as 08:30 to 16:30, or across midnight, such as 21:00 to 07:00.
type Hours struct {
	From TimeOfDay `yaml:"from"`
	To   TimeOfDay `yaml:"to"` // not included
}

// TimeOfDay is a span since midnight, written 08:30.
type TimeOfDay struct{ time.Duration }

func (t *TimeOfDay) UnmarshalYAML(n *yaml.Node) error {
	at, err := time.Parse("15:04", n.Value)
	if err != nil {
		return mistake(n, "%q is not a time of day such as 08:30", n.Value)
	}
	t.Duration = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	return nil
}

// Cover reports whether an instant lies in the hours.
func (h Hours) Cover(at time.Time) bool {
	local := at.In(Bangkok)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second
	if h.From.Duration <= h.To.Duration {
		return clock >= h.From.Duration && clock < h.To.Duration
	}
	return clock >= h.From.Duration || clock < h.To.Duration
}

// OfficeOpen reports whether government offices are open: in office hours from Monday to Friday.
func (p *Policy) OfficeOpen(at time.Time) bool {
	day := at.In(Bangkok).Weekday()
	return day != time.Saturday && day != time.Sunday && p.OfficeHours.Cover(at)
}

// mistake is a type error that the YAML decoder collects instead of stopping at.
func mistake(n *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: ", n.Line) + fmt.Sprintf(format, args...)}}
}
