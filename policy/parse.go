package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ess-thailand/ess/casefile"
	"gopkg.in/yaml.v3"
)

// Mistake is one thing wrong in a policy file.
type Mistake struct {
	Line int
	Text string
}

// InvalidError lists everything wrong in a policy file, in the order of its lines.
type InvalidError struct {
	Name     string
	Mistakes []Mistake
}

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = fmt.Sprintf("%s:%d: %s", e.Name, m.Line, m.Text)
	}
	return strings.Join(lines, "\n")
}

// Parse reads a policy document. It finds every mistake, not just the first: the error is an *InvalidError. The name
// stands before each line.
func Parse(name string, raw []byte) (*Policy, error) {
	c := &checker{said: map[int]bool{}}
	p := &Policy{}
	if c.decode(raw, p) {
		for code, card := range p.Cards {
			card.Code = code
			p.Cards[code] = card
		}
		c.policy(p)
	}
	if err := c.invalid(name); err != nil {
		return nil, err
	}
	return p, nil
}

// waitFields says where each wait of the document goes. A test compares it with the fields of Waits.
var waitFields = map[string]func(*Waits) *time.Duration{
	"pin_nudge":     func(w *Waits) *time.Duration { return &w.PinNudge },
	"pin":           func(w *Waits) *time.Duration { return &w.Pin },
	"depart":        func(w *Waits) *time.Duration { return &w.Depart },
	"depart_reopen": func(w *Waits) *time.Duration { return &w.DepartReopen },
	"arrive":        func(w *Waits) *time.Duration { return &w.Arrive },
	"arrive_reopen": func(w *Waits) *time.Duration { return &w.ArriveReopen },
	"eta_grace":     func(w *Waits) *time.Duration { return &w.EtaGrace },
	"check_in":      func(w *Waits) *time.Duration { return &w.CheckIn },
	"find":          func(w *Waits) *time.Duration { return &w.Find },
	"scene":         func(w *Waits) *time.Duration { return &w.Scene },
	"control":       func(w *Waits) *time.Duration { return &w.Control },
	"desk":          func(w *Waits) *time.Duration { return &w.Desk },
	"radio":         func(w *Waits) *time.Duration { return &w.Radio },
	"join":          func(w *Waits) *time.Duration { return &w.Join },
	"welfare":       func(w *Waits) *time.Duration { return &w.Welfare },
	"dispute":       func(w *Waits) *time.Duration { return &w.Dispute },
	"stale":         func(w *Waits) *time.Duration { return &w.Stale },
	"resay":         func(w *Waits) *time.Duration { return &w.Resay },
	"centre":        func(w *Waits) *time.Duration { return &w.Centre },
	"close_after":   func(w *Waits) *time.Duration { return &w.CloseAfter },
}

func setWaits(w *Waits, from map[string]Either[Span], urban bool) {
	for name, span := range from {
		*waitFields[name](w) = span.at(urban).Duration
	}
}

// A question card is one LINE message with a button for each option.
const (
	labelRunes    = 20
	questionRunes = 160
	mostOptions   = 4
)

// codePattern are the codes that a button may carry.
var codePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,31}$`)

// checker collects mistakes and finds the line of a value by its path.
type checker struct {
	root     yaml.Node
	mistakes []Mistake
	said     map[int]bool // lines that the decoder could not read: nothing more is said about them
}

func (c *checker) add(line int, format string, args ...any) {
	if !c.said[line] {
		c.mistakes = append(c.mistakes, Mistake{Line: line, Text: fmt.Sprintf(format, args...)})
	}
}

// decode reads the one document of a file and takes over what the decoder finds wrong. It
// reports whether the values can be looked at, each with its line.
func (c *checker) decode(raw []byte, into any) bool {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	err := dec.Decode(into)
	var types *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		c.add(1, "the document is empty")
		return false
	case errors.As(err, &types):
		for _, text := range types.Errors {
			c.decoder(text)
		}
	case err != nil:
		c.decoder(strings.TrimPrefix(err.Error(), "yaml: "))
		return false
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		c.add(1, "more than one document in the file")
	}
	if err := yaml.Unmarshal(raw, &c.root); err != nil {
		c.decoder(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return true
}

// invalid is everything that was found, in the order of its lines.
func (c *checker) invalid(name string) error {
	if len(c.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(c.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text))
	})
	return &InvalidError{Name: name, Mistakes: c.mistakes}
}

// decoder takes over a mistake that the YAML decoder found.
func (c *checker) decoder(text string) {
	line := 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, message, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, text = n, message
			}
		}
	}
	text = unknownField.ReplaceAllString(text, `unknown key "$1"`)
	c.mistakes = append(c.mistakes, Mistake{Line: line, Text: text})
	c.said[line] = true
}

var unknownField = regexp.MustCompile(`^field (.+) not found in type .+$`)

// at is a path into the document: keys as strings, list positions as ints.
type at []any

func (a at) to(more ...any) at { return append(slices.Clone(a), more...) }

// fail adds a mistake at a value; where the value is absent, at the nearest thing around it.
func (c *checker) fail(path at, format string, args ...any) {
	n, line := &c.root, 1
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		child := -1
		switch s := step.(type) {
		case int:
			if n.Kind == yaml.SequenceNode && s < len(n.Content) {
				child, line = s, n.Content[s].Line
			}
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == s {
					child, line = i+1, n.Content[i].Line
				}
			}
		}
		if child < 0 {
			break
		}
		n = n.Content[child]
	}
	c.add(line, format, args...)
}

// positive fails unless a number or span is above zero.
func positive[T int | float64 | time.Duration](c *checker, path at, v T) {
	if !(v > 0) { // NaN is not above zero either
		c.fail(path, "%v must be above zero", path[len(path)-1])
	}
}

func (c *checker) policy(p *Policy) {
	if p.Version == "" {
		c.fail(at{"version"}, "version is missing")
	}
	if p.ValidFrom.IsZero() {
		c.fail(at{"valid_from"}, "valid_from is missing")
	}
	c.types(p)
	c.roles(p)
	c.offices(at{"handover"}, p.Handover)
	c.offices(at{"central", "handover"}, p.CentralRule.Handover)
	c.offices(at{"desk_only", "handover"}, p.DeskOnly.Handover)
	c.waits(p)
	c.numbers(p)
	c.hotlines(p)
	c.cards(p)
	c.overrides(p)
	c.care(p.Care)
	c.members(p.Members)
	c.aid(p)
}

// holidayPattern is a day of every year, or one day.
var holidayPattern = regexp.MustCompile(`^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$`)

func (c *checker) care(r CareRule) {
	root := at{"care"}
	for name, span := range map[string]Span{
		"manager": r.Manager, "contact": r.Contact, "assess": r.Assess, "approve": r.Approve, "transfer": r.Transfer, "help": r.Help,
		"remind": r.Remind, "service": r.Service,
	} {
		positive(c, root.to(name), span.Duration)
	}
	for _, risk := range casefile.Risks {
		rhythm, ok := r.Risk[risk]
		if !ok {
			c.fail(root.to("risk"), "risk %s is missing", risk)
			continue
		}
		positive(c, root.to("risk").to(string(risk)).to("visit"), rhythm.Visit.Duration)
		positive(c, root.to("risk").to(string(risk)).to("review"), rhythm.Review.Duration)
	}
	c.callLadder(root.to("slow"), r.Slow)
	c.callLadder(root.to("pressing"), r.Pressing)
	for _, day := range r.Holidays {
		if !holidayPattern.MatchString(day) {
			c.fail(root.to("holidays"), "%q is not a day such as 04-06 or 2026-03-03", day)
		}
	}
	for name, texts := range map[string]map[string]Text{"tasks": r.Tasks, "goals": r.Goals} {
		for code, t := range texts {
			if !codePattern.MatchString(code) {
				c.fail(root.to(name), "%q is not a code", code)
			}
			c.text(root.to(name).to(code), t)
		}
	}
	for code, l := range r.Legal {
		c.legal(root.to("legal").to(code), l)
	}
}

func (c *checker) callLadder(path at, l CallLadder) {
	positive(c, path.to("again"), l.Again.Duration)
	if len(l.Steps) == 0 || l.Steps[len(l.Steps)-1].Ask != CallCentral {
		c.fail(path.to("steps"), "a ladder ends at CENTRAL: nothing overdue is silent")
	}
	for i, s := range l.Steps {
		if !slices.Contains(Calleds, s.Ask) {
			c.fail(path.to("steps"), "unknown person %q", s.Ask)
		}
		if i > 0 && s.After.Duration <= l.Steps[i-1].After.Duration {
			c.fail(path.to("steps"), "each step comes later than the one before")
		}
	}
}

func (c *checker) legal(path at, l LegalClock) {
	c.text(path, l.Text)
	positive(c, path.to("limit"), l.Limit.Duration)
	if l.Act == "" || l.Section == "" || l.Source == "" {
		c.fail(path, "a legal clock names its act, its section and its source")
	}
	if l.Warn.Duration >= l.Limit.Duration {
		c.fail(path.to("warn"), "the warning comes before the limit")
	}
}

func (c *checker) text(path at, t Text) {
	if strings.TrimSpace(t.Th) == "" || strings.TrimSpace(t.En) == "" {
		c.fail(path, "want a text in th and in en")
	}
}

func (c *checker) crew(path at, crew map[casefile.Role]int) {
	for role, n := range crew {
		if !slices.Contains(casefile.Roles, role) {
			c.fail(path.to(string(role)), "unknown role %q", role)
		} else {
			positive(c, path.to(string(role)), n)
		}
	}
}

func (c *checker) types(p *Policy) {
	for _, t := range casefile.IncidentTypes {
		if _, ok := p.Types[t]; !ok {
			c.fail(at{"types"}, "type %s is missing", t)
		}
	}
	for t, rule := range p.Types {
		path := at{"types", string(t)}
		if !t.Known() {
			c.fail(path, "unknown type %q: the ministry fixed five", t)
			continue
		}
		c.text(path, rule.Text)
		if rule.Severity != casefile.Critical && rule.Severity != casefile.High {
			c.fail(path.to("severity"), "severity %q: intake assigns only CRITICAL or HIGH", rule.Severity)
		}
		c.crew(path.to("crew"), rule.Crew)
		switch police := rule.Crew[casefile.Police]; {
		case police < 1:
			c.fail(path.to("crew"), "POLICE leads every type")
		case police < 2 && rule.Severity == casefile.Critical:
			c.fail(path.to("crew", string(casefile.Police)), "a CRITICAL type needs two police")
		}
		for i, code := range rule.Cards {
			if _, ok := p.Cards[code]; !ok {
				c.fail(path.to("cards", i), "no card %q", code)
			}
			if slices.Index(rule.Cards, code) < i {
				c.fail(path.to("cards", i), "card %q twice", code)
			}
		}
		for i, line := range rule.Do {
			c.text(path.to("do", i), line)
		}
		for i, line := range rule.Dont {
			c.text(path.to("dont", i), line)
		}
	}
	c.crew(at{"child"}, p.Child)
	if p.Child[casefile.ChildWorker] < 1 {
		c.fail(at{"child"}, "CHILD_WORKER must be added when a child is involved")
	}
}

func (c *checker) roles(p *Policy) {
	for _, role := range casefile.Roles {
		path := at{"roles", string(role)}
		rule, ok := p.Roles[role]
		if !ok {
			c.fail(at{"roles"}, "role %s is missing", role)
			continue
		}
		c.ladder(path, rule.Ladder)
		if role != casefile.Police { // needed by every type, so never added later
			positive(c, path.to("spare"), rule.Spare)
		}
		near := slices.IndexFunc(rule.Steps, func(r Rung) bool { return slices.Contains(r.Ask, casefile.LevelNear) })
		if near >= 0 && !rule.Sends {
			c.fail(path.to("steps", near), "NEAR is for a role that sends people to the scene")
		}
	}
	for role := range p.Roles {
		if !slices.Contains(casefile.Roles, role) {
			c.fail(at{"roles", string(role)}, "unknown role %q", role)
		}
	}
	c.ladders(at{"central", "ladders"}, p.CentralRule.Ladders, casefile.MSDHS)
	c.ladders(at{"desk_only", "ladders"}, p.DeskOnly.Ladders, casefile.Roles...)
	for i, code := range p.CentralRule.Provinces {
		if _, ok := DefaultPlaces().Province(code); !ok {
			c.fail(at{"central", "provinces", i}, "no province %q", code)
		}
	}
	police := p.Roles[casefile.Police].Steps
	desk := slices.IndexFunc(police, func(r Rung) bool { return slices.Contains(r.Ask, casefile.LevelDesk) })
	if desk < 0 || police[desk].After.Duration > p.Clocks.Unowned.Duration {
		c.fail(at{"roles", string(casefile.Police), "steps"}, "the national DESK must be asked within clocks.unowned")
	}
}

func (c *checker) ladders(path at, ladders map[casefile.Role]Ladder, must ...casefile.Role) {
	for _, role := range must {
		if _, ok := ladders[role]; !ok {
			c.fail(path, "a ladder for %s is missing", role)
		}
	}
	for role, ladder := range ladders {
		if !slices.Contains(casefile.Roles, role) {
			c.fail(path.to(string(role)), "unknown role %q", role)
			continue
		}
		c.ladder(path.to(string(role)), ladder)
	}
}

func (c *checker) ladder(path at, l Ladder) {
	positive(c, path.to("again"), l.Again.Duration)
	if len(l.Steps) == 0 {
		c.fail(path.to("steps"), "a ladder needs steps")
		return
	}
	station := false
	for i, r := range l.Steps {
		step := path.to("steps", i)
		switch {
		case i == 0 && (r.After.Duration != 0 || r.OnlyIf != ""):
			c.fail(step, "the first step comes at 0s, always")
		case i > 0 && r.After.Duration <= l.Steps[i-1].After.Duration:
			c.fail(step, "after must be later than in the step before")
		}
		if r.Escalate < 0 || r.Escalate > 3 || i > 0 && r.Escalate < l.Steps[i-1].Escalate {
			c.fail(step, "escalate must be 0 to 3 and never fall")
		}
		if r.OnlyIf != "" && r.OnlyIf != OnlyUnacked {
			c.fail(step, "only_if %q: want %s or nothing", r.OnlyIf, OnlyUnacked)
		}
		for _, level := range r.Ask {
			if !slices.Contains(casefile.Levels, level) || level == casefile.LevelOrganisation {
				c.fail(step, "unknown level %q", level)
			}
		}
		station = station || slices.Contains(r.Ask, casefile.LevelStation)
		near := slices.Contains(r.Ask, casefile.LevelNear)
		switch within := r.WithinM; {
		case near && !station:
			c.fail(step, "NEAR is never asked before the STATION responsible")
		case near && (within.Town <= 0 || within.Country <= 0):
			c.fail(step, "NEAR needs within_m")
		case !near && within != Either[int]{}:
			c.fail(step, "within_m is for NEAR only")
		}
		if len(r.Ask) == 0 {
			c.fail(step, "asks nobody")
		}
	}
	last := l.Steps[len(l.Steps)-1].Ask
	if !slices.ContainsFunc(last, func(level casefile.Level) bool { return level != casefile.LevelNear }) {
		c.fail(path.to("steps", len(l.Steps)-1), "a ladder must end at a desk")
	}
}

func (c *checker) offices(path at, list []Office) {
	if len(list) == 0 {
		c.fail(path, "no office takes the case over")
	}
	for i, o := range list {
		if !slices.Contains(casefile.Levels, o.Level) || o.Level == casefile.LevelNear || o.Level == casefile.LevelOrganisation {
			c.fail(path.to(i), "%q is no office", o.Level)
		}
		positive(c, path.to(i, "wait"), o.Wait.Duration)
	}
}

func (c *checker) waits(p *Policy) {
	for name := range waitFields {
		if _, ok := p.Waits[name]; !ok {
			c.fail(at{"waits"}, "wait %s is missing", name)
		}
	}
	c.waitNames(at{"waits"}, p.Waits)
	for _, order := range [][2]string{{"pin_nudge", "pin"}, {"depart", "depart_reopen"}, {"arrive", "arrive_reopen"}} {
		a, b := p.Waits[order[0]], p.Waits[order[1]]
		if a.Town.Duration >= b.Town.Duration || a.Country.Duration >= b.Country.Duration {
			c.fail(at{"waits", order[1]}, "%s must be longer than %s", order[1], order[0])
		}
	}
}

func (c *checker) waitNames(path at, waits map[string]Either[Span]) {
	for name, span := range waits {
		if _, ok := waitFields[name]; !ok {
			c.fail(path.to(name), "unknown wait %q", name)
			continue
		}
		positive(c, path.to(name), min(span.Town.Duration, span.Country.Duration))
	}
}

func (c *checker) numbers(p *Policy) {
	positive(c, at{"clocks", "push"}, p.Clocks.Push.Duration)
	positive(c, at{"clocks", "unowned"}, p.Clocks.Unowned.Duration)
	positive(c, at{"clocks", "plan"}, p.Clocks.Plan.Duration)
	positive(c, at{"clocks", "referral_working_days"}, p.Clocks.ReferralWorkingDays)
	positive(c, at{"clocks", "referral_next_working_days"}, p.Clocks.ReferralNextWorkingDays)
	positive(c, at{"clocks", "interpreter_ahead_days"}, p.Clocks.InterpreterAheadDays)

	positive(c, at{"join", "radius_m"}, min(p.Join.RadiusM.Town, p.Join.RadiusM.Country))
	positive(c, at{"join", "window"}, p.Join.Window.Duration)
	positive(c, at{"join", "same_place_m"}, min(p.Join.SamePlaceM.Town, p.Join.SamePlaceM.Country))
	positive(c, at{"join", "same_place_age"}, p.Join.SamePlaceAge.Duration)

	if !(p.Wave.Target > 0 && p.Wave.Target < 1) {
		c.fail(at{"wave", "target"}, "target is a chance: above 0, below 1")
	}
	if !(p.Wave.PriorYes > 0 && p.Wave.PriorAsked >= p.Wave.PriorYes) {
		c.fail(at{"wave", "prior_yes"}, "want 0 < prior_yes ≤ prior_asked")
	}
	positive(c, at{"wave", "max"}, p.Wave.Max)
	positive(c, at{"wave", "fresh"}, p.Wave.Fresh.Duration)
	if p.Wave.K < p.Wave.Max {
		c.fail(at{"wave", "k"}, "k must be at least max")
	}
	if p.Wave.Fixed < 0 {
		c.fail(at{"wave", "fixed"}, "fixed must not be negative")
	}
	if p.Wave.FemaleLeadM < 0 {
		c.fail(at{"wave", "female_lead_m"}, "female_lead_m must not be negative")
	}
	positive(c, at{"desk", "operators"}, p.Desk.Operators)
	c.watch(p)
	c.channels(p)
	c.concern(p)
	positive(c, at{"desk", "answered_within"}, p.Desk.AnsweredWithin.Duration)
	positive(c, at{"desk", "bundle"}, p.Desk.Bundle.Duration)
	positive(c, at{"feeds", "again"}, p.Feeds.Again.Duration)
	positive(c, at{"feeds", "alarm"}, p.Feeds.Alarm.Duration)
	if p.Feeds.AgainMost.Duration < p.Feeds.Again.Duration {
		c.fail(at{"feeds", "again_most"}, "again_most must be at least again")
	}
	if p.QuietHours.From == p.QuietHours.To {
		c.fail(at{"quiet_hours"}, "quiet_hours need a from and a to that differ")
	}
	if p.OfficeHours.From == p.OfficeHours.To {
		c.fail(at{"office_hours"}, "office_hours need a from and a to that differ")
	}
}

func (c *checker) watch(p *Policy) {
	w := p.Watch
	for name, span := range map[string]Span{
		"look": w.Look, "inbox": w.Inbox, "unacknowledged": w.Unacknowledged, "overdue": w.Overdue, "messages": w.Messages,
		"media": w.Media, "beat": w.Beat, "silent": w.Silent, "gather": w.Gather, "repeat": w.Repeat,
	} {
		positive(c, at{"watch", name}, span.Duration)
	}
	if w.Unacknowledged.Duration+w.Look.Duration > p.Clocks.Unowned.Duration {
		c.fail(at{"watch", "unacknowledged"}, "unacknowledged and one look must fit into clocks.unowned")
	}
	if w.Silent.Duration < 3*w.Beat.Duration {
		c.fail(at{"watch", "silent"}, "silent must be at least three beats: one may be lost")
	}
	if w.Repeat.Duration < w.Gather.Duration {
		c.fail(at{"watch", "repeat"}, "repeat must not be shorter than gather")
	}
}

func (c *checker) channels(p *Policy) {
	for name, span := range map[string]Span{"line_wait": p.Channels.LineWait, "help_again": p.Channels.HelpAgain, "code": p.Channels.Code} {
		positive(c, at{"channels", name}, span.Duration)
	}
	positive(c, at{"channels", "code_tries"}, p.Channels.CodeTries)
	for _, channel := range casefile.Ways[1:] {
		if !slices.ContainsFunc(p.Channels.Ways, func(w Way) bool { return w.Channel == channel }) {
			c.fail(at{"channels", "ways"}, "way %s is missing", channel)
		}
	}
	for i, w := range p.Channels.Ways {
		path := at{"channels", "ways", i}
		if !slices.Contains(casefile.Ways[1:], w.Channel) {
			c.fail(path, "%q is no way beside LINE", w.Channel)
		}
		if slices.IndexFunc(p.Channels.Ways, func(o Way) bool { return o.Channel == w.Channel }) < i {
			c.fail(path, "way %s twice", w.Channel)
		}
	}
}

func (c *checker) hotlines(p *Policy) {
	for _, code := range HotlineCodes {
		if _, ok := p.Hotlines[code]; !ok {
			c.fail(at{"hotlines"}, "hotline %s is missing", code)
		}
	}
	for code, h := range p.Hotlines {
		path := at{"hotlines", string(code)}
		if !slices.Contains(HotlineCodes, code) {
			c.fail(path, "unknown hotline %q", code)
			continue
		}
		c.text(path, h.Text)
		if !hotlineNumber.MatchString(h.Number) {
			c.fail(path, "number %q: want digits, in quotes", h.Number)
		}
	}
}

var hotlineNumber = regexp.MustCompile(`^[0-9]{3,10}$`)

func (c *checker) cards(p *Policy) {
	for _, code := range slices.Sorted(maps.Keys(p.Cards)) {
		card, path := p.Cards[code], at{"cards", code}
		c.text(path, card.Text)
		if !codePattern.MatchString(code) {
			c.fail(path, "a card's code is in capitals: %q", code)
		}
		if utf8.RuneCountInString(card.Th) > questionRunes || utf8.RuneCountInString(card.En) > questionRunes {
			c.fail(path, "a question has at most %d characters", questionRunes)
		}
		if len(card.Options) < 2 || len(card.Options) > mostOptions {
			c.fail(path, "a card needs 2 to %d options", mostOptions)
		}
		for i, o := range card.Options {
			option := path.to("options", i)
			c.text(option, o.Text)
			if !codePattern.MatchString(o.Code) || slices.IndexFunc(card.Options, func(x Option) bool { return x.Code == o.Code }) < i {
				c.fail(option, "an option needs a code of its own, in capitals")
			}
			if o.Score < 0 {
				c.fail(option, "a score never lowers a case")
			}
			if utf8.RuneCountInString(o.Th) > labelRunes || utf8.RuneCountInString(o.En) > labelRunes {
				c.fail(option, "an option is a button: at most %d characters", labelRunes)
			}
		}
	}
}

func (c *checker) overrides(p *Policy) {
	for i, o := range p.Overrides {
		path := at{"overrides", i}
		if _, ok := DefaultPlaces().Province(o.Province); o.Province != "" && !ok {
			c.fail(path.to("province"), "no province %q", o.Province)
		}
		if o.Type != "" && !o.Type.Known() {
			c.fail(path.to("type"), "unknown type %q", o.Type)
		}
		if o.Severity != "" && !slices.Contains(casefile.Severities, o.Severity) {
			c.fail(path.to("severity"), "unknown severity %q", o.Severity)
		}
		if len(o.Waits) == 0 && len(o.Crew) == 0 {
			c.fail(path, "changes nothing: want waits or crew")
		}
		c.waitNames(path.to("waits"), o.Waits)
		c.crew(path.to("crew"), o.Crew)
		if n, ok := o.Crew[casefile.Police]; ok && n < 2 && p.critical(o) {
			c.fail(path.to("crew", string(casefile.Police)), "a CRITICAL type needs two police")
		}
	}
}

// critical reports whether an override can meet a CRITICAL type.
func (p *Policy) critical(o Override) bool {
	for t, rule := range p.Types {
		if rule.Severity == casefile.Critical && (o.Type == "" || o.Type == t) && (o.Severity == "" || o.Severity == casefile.Critical) {
			return true
		}
	}
	return false
}
