package policy

import (
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

// LadderEnd is a ladder whose last step reaches nobody, so that a case nobody
// took before is taken by nobody.
type LadderEnd struct {
	Province string           // two digits; empty: the last step is the same for the whole country
	Role     casefile.Role    // empty: the offices that are asked to take a case over
	Levels   []casefile.Level // who should be there
}

// EndsAtNobody walks every ladder and every hand-over of every province, as LIVE
// or not as it is, and lists those that end at nobody. Any desk given counts.
func EndsAtNobody(p *Policy, units []casefile.Unit, desks []RosterDesk, live []string) []LadderEnd {
	r := roster{units: map[casefile.UnitID]casefile.Unit{}, desks: desks}
	for _, u := range units {
		r.units[u.ID] = u
	}
	var ends []LadderEnd
	known := map[string]bool{}
	last := func(prov Province, role casefile.Role, levels []casefile.Level) {
		if slices.ContainsFunc(levels, func(l casefile.Level) bool { return len(r.at(prov, l)) > 0 }) {
			return
		}
		end := LadderEnd{Province: prov.Code, Role: role, Levels: levels}
		if !slices.ContainsFunc(levels, func(l casefile.Level) bool { return !national(l) }) {
			end.Province = ""
		}
		key := []string{end.Province, string(role)}
		for _, l := range levels {
			key = append(key, string(l))
		}
		if k := strings.Join(key, "|"); !known[k] {
			known[k] = true
			ends = append(ends, end)
		}
	}
	for _, prov := range DefaultPlaces().Provinces() {
		isLive := slices.Contains(live, prov.Code)
		for _, role := range casefile.Roles {
			if steps := p.role(role, 1, prov.Code, true, isLive).Steps; len(steps) > 0 {
				last(prov, role, steps[len(steps)-1].Ask)
			}
		}
		if offices := p.offices(prov.Code, isLive); len(offices) > 0 {
			last(prov, "", []casefile.Level{offices[len(offices)-1].Level})
		}
	}
	return ends
}
