// Package policy holds the ministry's numbers: which roles an incident needs, whom their ladders ask and when, how long
// everything may wait, hotlines, question cards; and the table of provinces and districts.
//
// It decides nothing about a running case and reads no clock: a Plan is cut from the policy once per case and travels
// with it, so that a new policy never changes a case that is already running.
package policy

import (
	"bytes"
	_ "embed"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Policy is one version of the whole document. It is shared: nobody changes it after Parse.
type Policy struct {
	Version     string                         `yaml:"version"`
	ValidFrom   Day                            `yaml:"valid_from"`
	Types       map[casefile.IncidentType]Type `yaml:"types"`
	Child       map[casefile.Role]int          `yaml:"child"` // crews added when a child is involved
	Roles       map[casefile.Role]RoleRule     `yaml:"roles"`
	CentralRule CentralRule                    `yaml:"central"`
	DeskOnly    DeskOnlyRule                   `yaml:"desk_only"`
	Handover    []Office                       `yaml:"handover"`
	Waits       map[string]Either[Span]        `yaml:"waits"` // by the JSON names of Waits
	Clocks      Clocks                         `yaml:"clocks"`
	Join        JoinNumbers                    `yaml:"join"`
	Wave        WaveNumbers                    `yaml:"wave"`
	Desk        DeskRule                       `yaml:"desk"`
	Watch       WatchRule                      `yaml:"watch"`
	Feeds       FeedRule                       `yaml:"feeds"`
	Care        CareRule                       `yaml:"care"`
	Channels    ChannelRule                    `yaml:"channels"`
	Members     MemberRule                     `yaml:"members"`
	Concern     ConcernRule                    `yaml:"concern"`
	Aid         AidRule                        `yaml:"aid"`
	QuietHours  Hours                          `yaml:"quiet_hours"`
	OfficeHours Hours                          `yaml:"office_hours"`
	Hotlines    map[HotlineCode]Hotline        `yaml:"hotlines"`
	Cards       map[string]Card                `yaml:"cards"`
	Overrides   []Override                     `yaml:"overrides"`
	asOf        time.Time                      // see At
	catalogue   *AidCatalogue                  // nil: the one that comes with the program
}

// Text is one sentence in both languages.
type Text struct {
	Th string `yaml:"th" json:"th"`
	En string `yaml:"en" json:"en"`
}

// In is the sentence in a language, Thai unless English is asked for.
func (t Text) In(l casefile.Language) string {
	if l == casefile.English {
		return t.En
	}
	return t.Th
}

// Type is what the policy says about one incident type.
type Type struct {
	Text     `yaml:",inline"`
	Severity casefile.Severity     `yaml:"severity"`
	Crew     map[casefile.Role]int `yaml:"crew"`  // roles needed, with the smallest crew of each
	Cards    []string              `yaml:"cards"` // question cards, in the order asked
	Do       []Text                `yaml:"do"`    // for responders
	Dont     []Text                `yaml:"dont"`
}

// Ladder is who is asked, after how long, then whom.
type Ladder struct {
	Again Span   `yaml:"again"`
	Steps []Rung `yaml:"steps"`
}

// Rung is one step of a ladder.
type Rung struct {
	After    Span             `yaml:"after"`
	Ask      []casefile.Level `yaml:"ask"`
	WithinM  Either[int]      `yaml:"within_m"`
	Escalate int              `yaml:"escalate"`
	OnlyIf   string           `yaml:"only_if"`
}

// RoleRule is one role and its ladder.
type RoleRule struct {
	Ladder `yaml:",inline"`
	Sends  bool `yaml:"sends"`
	Spare  int  `yaml:"spare"` // crew when the role is added to a case later
}

// CentralRule is for provinces without an office of the ministry.
type CentralRule struct {
	Provinces []string                 `yaml:"provinces"`
	Ladders   map[casefile.Role]Ladder `yaml:"ladders"`
	Handover  []Office                 `yaml:"handover"`
}

// DeskOnlyRule is for provinces that are not LIVE.
type DeskOnlyRule struct {
	Ladders  map[casefile.Role]Ladder `yaml:"ladders"`
	Handover []Office                 `yaml:"handover"`
}

// Office is one office asked to take a case over.
type Office struct {
	Level casefile.Level `yaml:"level"`
	Wait  Span           `yaml:"wait"`
}

// Clocks are targets, and the spans of what follows an emergency.
type Clocks struct {
	Push                    Span `yaml:"push"`    // alert accepted by the channel, p99
	Unowned                 Span `yaml:"unowned"` // never unowned and silent beyond
	Plan                    Span `yaml:"plan"`    // care plan after the hand-over
	ReferralWorkingDays     int  `yaml:"referral_working_days"`
	ReferralNextWorkingDays int  `yaml:"referral_next_working_days"`
	InterpreterAheadDays    int  `yaml:"interpreter_ahead_days"`
}

// JoinNumbers is JoinRule before town or country is known.
type JoinNumbers struct {
	RadiusM      Either[int] `yaml:"radius_m"`
	Window       Span        `yaml:"window"`
	SamePlaceM   Either[int] `yaml:"same_place_m"`
	SamePlaceAge Span        `yaml:"same_place_age"`
}

// WaveNumbers is WaveRule as the document writes it.
type WaveNumbers struct {
	Target      float64 `yaml:"target"`
	PriorYes    float64 `yaml:"prior_yes"`   // before anything is measured: as if so many
	PriorAsked  float64 `yaml:"prior_asked"` // of so many had accepted
	Max         int     `yaml:"max"`
	Fixed       int     `yaml:"fixed"`
	Fresh       Span    `yaml:"fresh"`
	K           int     `yaml:"k"`
	FemaleLeadM int     `yaml:"female_lead_m"`
}

// DeskRule is what the national desk must keep.
type DeskRule struct {
	Operators      int  `yaml:"operators"`       // on duty at any time; fewer is an alarm
	AnsweredWithin Span `yaml:"answered_within"` // a communication test answered longer ago proves nothing
	Bundle         Span `yaml:"bundle"`          // taps without a pin ring together, once in so long
}

// ChannelRule is when somebody is reached by other ways than LINE, and how an address comes to count.
type ChannelRule struct {
	LineWait  Span      `yaml:"line_wait"`  // real time: a channel has not taken a message that matters, and the next way is used
	Ways      []Way     `yaml:"ways"`       // in the order in which they are used
	Morning   TimeOfDay `yaml:"morning"`    // who cannot be reached is listed
	HelpAgain Span      `yaml:"help_again"` // real time: between two lines of help to one number
	Code      Span      `yaml:"code"`       // real time: life of the code that proves an address
	CodeTries int       `yaml:"code_tries"` // wrong codes until it is spent
}

// Way is one channel beside LINE, for everybody whose contact says nothing else.
type Way struct {
	Channel casefile.Channel `yaml:"channel"`
	After   Span             `yaml:"after"` // case time: silence after which it is used
	Desks   bool             `yaml:"desks"` // for duty desks only
}

// FeedRule is how long the webhooks to 191 screens wait.
type FeedRule struct {
	Again     Span `yaml:"again"`      // after the first delivery that failed
	AgainMost Span `yaml:"again_most"` // however many have failed
	Alarm     Span `yaml:"alarm"`      // a screen that takes nothing for so long is a fault
}

// WatchRule is when the second watcher calls something wrong, and how it rings. Spans that a case or its people wait
// for are case time; the others are real time, for they are about machines.
type WatchRule struct {
	Look           Span `yaml:"look"`           // between two looks
	Inbox          Span `yaml:"inbox"`          // what was stored is handed over to its case
	Unacknowledged Span `yaml:"unacknowledged"` // case time: a human has the case in hand
	Overdue        Span `yaml:"overdue"`        // case time: a deadline that passed is served
	Messages       Span `yaml:"messages"`       // case time: a channel took a message about a case that was sent to people
	Media          Span `yaml:"media"`          // case time: a photo is fetched
	Beat           Span `yaml:"beat"`           // a part says that it is alive
	Silent         Span `yaml:"silent"`         // it has not
	Gather         Span `yaml:"gather"`         // what is new of a kind that has just rung waits for more of it
	Repeat         Span `yaml:"repeat"`         // between two rings, until a human answers
}

// HotlineCode names a hotline for templates.
type HotlineCode string

const (
	HotlinePolice     HotlineCode = "POLICE"
	HotlineMSDHS      HotlineCode = "MSDHS"
	HotlineEMS        HotlineCode = "EMS"
	HotlineMental     HotlineCode = "MENTAL"
	HotlineChild      HotlineCode = "CHILD"
	HotlinePoliceTips HotlineCode = "POLICE_TIPS"
	HotlineDamrong    HotlineCode = "DAMRONGTHAM"
	HotlineDisaster   HotlineCode = "DISASTER"
)

// HotlineCodes lists every hotline, the three for emergencies first.
var HotlineCodes = []HotlineCode{
	HotlinePolice, HotlineMSDHS, HotlineEMS, HotlineMental, HotlineChild, HotlinePoliceTips, HotlineDamrong,
	HotlineDisaster,
}

// Hotline is a number that anybody may call.
type Hotline struct {
	Text   `yaml:",inline"`
	Number string `yaml:"number"`
}

// Card is one question to the reporter. An answer adds its score to the case; none is ever required.
type Card struct {
	Code    string `yaml:"-" json:"code"`
	Text    `yaml:",inline"`
	Options []Option `yaml:"options" json:"options"`
}

// Option is one answer of a card. Its text is the label of a button.
type Option struct {
	Text  `yaml:",inline"`
	Code  string `yaml:"code" json:"code"`
	Score int    `yaml:"score" json:"score"`
	Raise bool   `yaml:"raise" json:"raise,omitempty"` // the case becomes graver by one
	Child bool   `yaml:"child" json:"child,omitempty"` // a child is involved
}

// Option is an answer by its code; ok is false for one that the card does not have.
func (c Card) Option(code string) (o Option, ok bool) {
	i := slices.IndexFunc(c.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return Option{}, false
	}
	return c.Options[i], true
}

// Override changes waits and crews for a province, a type or a severity, from a day on. An empty field matches all.
type Override struct {
	From     Day                     `yaml:"from"` // empty: always
	Province string                  `yaml:"province"`
	Type     casefile.IncidentType   `yaml:"type"`
	Severity casefile.Severity       `yaml:"severity"`
	Waits    map[string]Either[Span] `yaml:"waits"`
	Crew     map[casefile.Role]int   `yaml:"crew"`
}

func (o Override) matches(t casefile.IncidentType, s casefile.Severity, province string, asOf time.Time) bool {
	return (o.From.IsZero() || !asOf.IsZero() && !asOf.Before(o.From.Time)) &&
		(o.Province == "" || o.Province == province) &&
		(o.Type == "" || o.Type == t) &&
		(o.Severity == "" || o.Severity == s)
}

//go:embed default.yaml
var defaultYAML []byte

// Document is the policy that comes with the program as it is written, for a deployment that starts its own from it.
func Document() []byte { return bytes.Clone(defaultYAML) }

// Default is the policy that comes with the program.
var Default = sync.OnceValue(func() *Policy {
	p, err := Parse("default.yaml", defaultYAML)
	if err != nil {
		panic(err) // the embedded document is broken; a test parses it
	}
	return p
})

// At is the policy as of an instant: overrides that begin on a day hold from that day on. A policy that was never
// asked At knows no day, and its plans leave dated overrides out.
func (p *Policy) At(at time.Time) *Policy {
	as := *p
	as.asOf = at
	return &as
}

// Central reports whether a province has no office of the ministry, so that ศรส. central acts in its place.
func (p *Policy) Central(province string) bool {
	return slices.Contains(p.CentralRule.Provinces, province)
}

// Plan is what the policy says about one case. Roles, and the spare ones that may be added to it later, come in the
// order of casefile.Roles.
func (p *Policy) Plan(t casefile.IncidentType, place casefile.Place, urban, live, child bool) Plan {
	rule := p.Types[t]
	plan := Plan{
		Version:  p.Version,
		Severity: rule.Severity,
		Urban:    urban,
		Live:     live,
		Join: JoinRule{
			RadiusM: p.Join.RadiusM.at(urban), Window: p.Join.Window.Duration,
			SamePlaceM: p.Join.SamePlaceM.at(urban), SamePlaceAge: p.Join.SamePlaceAge.Duration,
		},
		Wave: WaveRule{
			Target: p.Wave.Target, PriorYes: p.Wave.PriorYes, PriorAsked: p.Wave.PriorAsked,
			Max: p.Wave.Max, Fixed: p.Wave.Fixed, Fresh: p.Wave.Fresh.Duration, K: p.Wave.K, FemaleLeadM: p.Wave.FemaleLeadM,
		},
		Over:   p.offices(place.Province, live),
		Cards:  p.CardsOf(t),
		Bundle: p.Desk.Bundle.Duration,
	}
	setWaits(&plan.Waits, p.Waits, urban)
	crew := maps.Clone(rule.Crew)
	if crew == nil {
		crew = map[casefile.Role]int{}
	}
	if child {
		maps.Copy(crew, p.Child)
	}
	for _, o := range p.Overrides {
		if o.matches(t, rule.Severity, place.Province, p.asOf) {
			setWaits(&plan.Waits, o.Waits, urban)
			maps.Copy(crew, o.Crew)
		}
	}
	for _, role := range casefile.Roles {
		if n := crew[role]; n > 0 {
			plan.Roles = append(plan.Roles, p.role(role, n, place.Province, urban, live))
		} else {
			plan.Spare = append(plan.Spare, p.role(role, p.Roles[role].Spare, place.Province, urban, live))
		}
	}
	return plan
}

// role is the ladder that serves a role in a province.
func (p *Policy) role(role casefile.Role, crew int, province string, urban, live bool) RolePlan {
	rule := p.Roles[role]
	ladder, sends := rule.Ladder, rule.Sends
	if !live {
		ladder, sends, crew = p.DeskOnly.Ladders[role], false, 1
	} else if central, ok := p.CentralRule.Ladders[role]; ok && p.Central(province) {
		ladder = central
	}
	rp := RolePlan{Role: role, Crew: crew, Sends: sends, Again: ladder.Again.Duration}
	for _, r := range ladder.Steps {
		rp.Steps = append(rp.Steps, Step{
			After: r.After.Duration, Ask: slices.Clone(r.Ask), WithinM: r.WithinM.at(urban), Escalate: r.Escalate, OnlyIf: r.OnlyIf,
		})
	}
	return rp
}

func (p *Policy) offices(province string, live bool) []OverStep {
	list := p.Handover
	switch {
	case !live:
		list = p.DeskOnly.Handover
	case p.Central(province):
		list = p.CentralRule.Handover
	}
	var steps []OverStep
	for _, o := range list {
		steps = append(steps, OverStep{Level: o.Level, Wait: o.Wait.Duration})
	}
	return steps
}

// CardsOf are the question cards of a type, in the order asked.
func (p *Policy) CardsOf(t casefile.IncidentType) []Card {
	var cards []Card
	for _, code := range p.Types[t].Cards {
		cards = append(cards, p.Cards[code])
	}
	return cards
}
