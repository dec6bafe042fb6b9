package channel

import (
	"fmt"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// pair is one text in both languages.
type pair struct{ th, en string }

// in picks the language; Thai unless the reader chose English.
func (w pair) in(l casefile.Language) string {
	if l == casefile.English {
		return w.en
	}
	return w.th
}

// names gives the name of a province, district or unit code, or "" if it knows none.
type names = func(code string, lang casefile.Language) string

// page is one message being written: the values, the language and the tone.
type page struct {
	activities.Args
	lang    casefile.Language
	names   names
	neutral bool // words that betray nothing to whoever else holds the phone
}

func newPage(m activities.Outgoing, of names) page {
	if of == nil {
		of = func(string, casefile.Language) string { return "" }
	}
	return page{Args: m.Args, lang: m.Language, names: of, neutral: m.Args.Quiet || m.Args.Neutral}
}

func (p page) say(th, en string) string { return pair{th, en}.in(p.lang) }

func (p page) in(w pair) string { return w.in(p.lang) }

// tone picks the words: as they are, or neutral.
func (p page) tone(plain, neutral string) string {
	if p.neutral {
		return neutral
	}
	return plain
}

// head begins every message to a responder: who speaks, and about which case.
func (p page) head() string {
	if p.Code == "" {
		return "ESS"
	}
	return "ESS " + p.Code
}

// area names the district and the province, or is empty.
func (p page) area() string {
	return policy.Area(p.names, p.District, p.Province, p.lang)
}

// unit names the unit: its code looked up, or the name as given.
func (p page) unit() string {
	if p.Unit == "" {
		return ""
	}
	return or(p.names(p.Unit, p.lang), p.Unit)
}

func (p page) minutes() string {
	if p.Minutes <= 0 {
		return ""
	}
	return fmt.Sprintf(p.say("%d นาที", "%d min"), p.Minutes)
}

// distance is rounded to what a straight line can promise.
func (p page) distance() string {
	switch m := (p.Metres + 49) / 50 * 50; {
	case p.Metres <= 0:
		return ""
	case m < 1000:
		return fmt.Sprintf(p.say("ห่าง %d ม.", "%d m away"), m)
	default:
		return fmt.Sprintf(p.say("ห่าง %.1f กม.", "%.1f km away"), float64(m)/1000)
	}
}
