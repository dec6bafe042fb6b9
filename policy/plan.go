package policy

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Plan is what the policy says about one case: small, serialisable, recorded in
// the workflow's state, so that a new policy never changes a running case.
type Plan struct {
	Version  string            `json:"version"`
	Severity casefile.Severity `json:"severity"` // of the type, at intake
	Urban    bool              `json:"urban"`    // town or country limits
	Live     bool              `json:"live"`     // province LIVE; otherwise desk and radio centre only
	Roles    []RolePlan        `json:"roles"`
	Spare    []RolePlan        `json:"spare"` // roles that may be added later: more resources, a child
	Waits    Waits             `json:"waits"`
	Join     JoinRule          `json:"join"`
	Wave     WaveRule          `json:"wave"`
	Cards    []Card            `json:"cards"`       // questions to the reporter, in the order asked; none blocks
	Over     []OverStep        `json:"handover"`    // the offices asked to take the case, in order, then the last again and again
	Bundle   time.Duration     `json:"desk_bundle"` // taps without a pin ring the national desk together, once in so long
}

// RolePlan is one role that the incident needs.
type RolePlan struct {
	Role  casefile.Role `json:"role"`
	Crew  int           `json:"crew"`  // people who must have accepted before the ladder stops
	Sends bool          `json:"sends"` // members are sent to the scene; otherwise a desk's acknowledgement fills the role
	Steps []Step        `json:"steps"`
	Again time.Duration `json:"again"` // after the last step: its repeat, again and again until a human takes it
}

// Step is one rung of a ladder.
type Step struct {
	After    time.Duration    `json:"after"`             // since the ladder began
	Ask      []casefile.Level `json:"ask"`               // whom; those asked before are asked again
	WithinM  int              `json:"within_m"`          // for NEAR: how far
	Escalate int              `json:"escalate"`          // escalation level reached, 0–3
	OnlyIf   string           `json:"only_if,omitempty"` // OnlyUnacked: skipped once a human has acknowledged the role
}

// OnlyUnacked marks a step that is skipped once a human has acknowledged the role.
const OnlyUnacked = "UNACKED"

// Waits are the spans of one case, in case time.
type Waits struct {
	PinNudge     time.Duration `json:"pin_nudge"`     // one reminder to send a pin (never in quiet mode)
	Pin          time.Duration `json:"pin"`           // no usable pin: a human of the desk
	Depart       time.Duration `json:"depart"`        // acknowledged: somebody must be moving
	DepartReopen time.Duration `json:"depart_reopen"` // nobody moving: search reopened
	Arrive       time.Duration `json:"arrive"`        // without a stated ETA: the responder is asked
	ArriveReopen time.Duration `json:"arrive_reopen"` // search reopened beside the first responder
	EtaGrace     time.Duration `json:"eta_grace"`     // past a stated ETA
	CheckIn      time.Duration `json:"check_in"`
	Find         time.Duration `json:"find"`        // asked because nobody finds the place, the reporter must have answered
	Scene        time.Duration `json:"scene"`       // check-in of the people on the scene
	Control      time.Duration `json:"control"`     // time-in-state limit on the scene
	Desk         time.Duration `json:"desk"`        // a desk item must be taken
	Radio        time.Duration `json:"radio"`       // the radio centre must see the pin
	Join         time.Duration `json:"join"`        // the lead must record a joined report; else it rings itself
	Welfare      time.Duration `json:"welfare"`     // first contact of the office after control
	Dispute      time.Duration `json:"dispute"`     // "not solved" reopens for so long
	Stale        time.Duration `json:"stale"`       // time-in-state limit elsewhere
	Resay        time.Duration `json:"resay"`       // after a loss, offers younger than this are said again under their old keys
	Centre       time.Duration `json:"centre"`      // another centre must take the caller over
	CloseAfter   time.Duration `json:"close_after"` // controlled or handed over and not ended: supervisor
}

// JoinRule says when two reports are one incident.
type JoinRule struct {
	RadiusM      int           `json:"radius_m"`
	Window       time.Duration `json:"window"`
	SamePlaceM   int           `json:"same_place_m"`
	SamePlaceAge time.Duration `json:"same_place_age"`
}

// WaveRule sizes a wave.
type WaveRule struct {
	Target     float64       `json:"target"`    // chance that at least one accepts
	PriorYes   float64       `json:"prior_yes"` // pseudo-counts of the acceptance prior
	PriorAsked float64       `json:"prior_asked"`
	Max        int           `json:"max"`   // most people asked in one wave
	Fixed      int           `json:"fixed"` // >0: waves of this size, for comparison runs
	Fresh      time.Duration `json:"fresh"` // a position older than this is not a position
	K          int           `json:"k"`     // candidates looked at
	// FemaleLeadM is how much nearer a male officer may be and a female one still goes first, where she is preferred.
	FemaleLeadM int `json:"female_lead_m"`
}

// OverStep is one office asked to take the case over.
type OverStep struct {
	Level casefile.Level `json:"level"`
	Wait  time.Duration  `json:"wait"`
}

// Card is a question card of the plan by its code.
func (p Plan) Card(code string) (Card, bool) {
	i := slices.IndexFunc(p.Cards, func(c Card) bool { return c.Code == code })
	if i < 0 {
		return Card{}, false
	}
	return p.Cards[i], true
}

// NextCard is the first card that has no answer yet; ok is false when all have one.
func (p Plan) NextCard(answered func(code string) bool) (c Card, ok bool) {
	i := slices.IndexFunc(p.Cards, func(c Card) bool { return !answered(c.Code) })
	if i < 0 {
		return Card{}, false
	}
	return p.Cards[i], true
}

// needPin are the levels that nobody can find without a pin.
var needPin = []casefile.Level{casefile.LevelNear, casefile.LevelStation, casefile.LevelNextStation}

// WithoutPin is the plan for a case of which only the province is known: the
// same roles, and ladders that begin at once at the first rung that a province
// is enough for.
func (p Plan) WithoutPin() Plan {
	p.Roles, p.Spare = provinceOnly(p.Roles), provinceOnly(p.Spare)
	return p
}

func provinceOnly(roles []RolePlan) []RolePlan {
	out := slices.Clone(roles)
	for i, rp := range out {
		out[i].Steps = nil
		var first time.Duration
		for _, s := range rp.Steps {
			s.Ask = slices.DeleteFunc(slices.Clone(s.Ask), func(l casefile.Level) bool { return slices.Contains(needPin, l) })
			if len(s.Ask) == 0 {
				continue
			}
			if len(out[i].Steps) == 0 {
				first, s.OnlyIf = s.After, ""
			}
			s.After, s.WithinM = s.After-first, 0
			out[i].Steps = append(out[i].Steps, s)
		}
		if len(out[i].Steps) == 0 { // every rung needs a pin: a human of the nation finds somebody
			out[i].Steps = []Step{{Ask: []casefile.Level{casefile.LevelDesk}, Escalate: 1}}
		}
	}
	return out
}

// Role returns the plan of a role, needed or spare.
func (p Plan) Role(r casefile.Role) (RolePlan, bool) {
	for _, list := range [][]RolePlan{p.Roles, p.Spare} {
		for _, rp := range list {
			if rp.Role == r {
				return rp, true
			}
		}
	}
	return RolePlan{}, false
}
