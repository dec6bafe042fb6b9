// Package activities holds the deeds of a case: hear what arrived, record what
// happened, rank who could come, tell people, speak to another case.
//
// A deed does one thing to one outside world and decides nothing: what to do is
// the law's, the arithmetic's and the story's. Every deed may be repeated.
package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
)

// Activities carries what the deeds need of the world.
type Activities struct {
	Cases         Cases
	Concerns      Concerns
	Aids          Aids
	Media         Media
	Contents      Contents
	Roster        Roster
	Contacts      Contacts
	Registrations Registrations
	Messenger     Messenger
	Nudger        Nudger
	Proofs        Proofs
	Places        Places
	Cells         func(lat, lon float64) string // H3 cell at resolution 7
	Policy        *policy.Policy
	Clock         policy.Clock
	Care          Care
}

// Error types that callers of the deeds branch on.
const (
	TypeRefused   = "Refused"
	TypeMoved     = "Moved"
	TypeRecorded  = "Recorded"
	TypeNotFound  = "NotFound"
	TypeOverLimit = "OverLimit" // what is approved would go over a limit with what was granted meanwhile
	TypeUnsaid    = "Unsaid"    // some messages were not accepted yet; details: []Told
)

// final marks the errors that a retry cannot cure. Everything else is retried.
func final(ctx context.Context, err error) error {
	var refused *casefile.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return temporal.NewNonRetryableApplicationError("refused", TypeRefused, err)
	case errors.Is(err, casefile.ErrMoved):
		return temporal.NewNonRetryableApplicationError("moved", TypeMoved, err)
	case errors.Is(err, casefile.ErrRecorded):
		return temporal.NewNonRetryableApplicationError("recorded", TypeRecorded, err)
	case errors.Is(err, casefile.ErrNotFound):
		return temporal.NewNonRetryableApplicationError("not found", TypeNotFound, err)
	default:
		if activity.IsActivity(ctx) { // the SDK says nothing of a local activity that it will try again
			activity.GetLogger(ctx).Warn("deed will be tried again", "deed", activity.GetInfo(ctx).ActivityType.Name, "error", err)
		}
		return err
	}
}

// Located is where a pin lies and what the policy says there.
type Located struct {
	Place   casefile.Place  `json:"place"`
	OK      bool            `json:"ok"` // in Thailand
	Station casefile.UnitID `json:"station,omitempty"`
	Next    casefile.UnitID `json:"next,omitempty"`
	Plan    policy.Plan     `json:"plan"`
}

// Heard is one inbox row, with its pin located if it carries one.
type Heard struct {
	Arrived
	Located *Located `json:"located,omitempty"`
}

// HearInput asks for the inbox rows of a case in (After, UpTo]. UpTo 0: all there are.
type HearInput struct {
	Case  casefile.CaseID       `json:"case"`
	Type  casefile.IncidentType `json:"type"`
	Child bool                  `json:"child,omitempty"`
	After int                   `json:"after"`
	UpTo  int                   `json:"up_to"`
}

// HearResult is what arrived, in order.
type HearResult struct {
	Rows []Heard `json:"rows"`
}

// HeardAtOnce bounds one result of Hear, far below Temporal's payload limit.
const HeardAtOnce = 50

// Hear reads what arrived for a case.
func (a *Activities) Hear(ctx context.Context, in HearInput) (HearResult, error) {
	upTo := in.UpTo
	if upTo == 0 || upTo > in.After+HeardAtOnce {
		upTo = in.After + HeardAtOnce
	}
	rows, err := a.Cases.Inbox(ctx, in.Case, in.After, upTo)
	if err != nil {
		return HearResult{}, final(ctx, fmt.Errorf("hear case %s: %w", in.Case, err))
	}
	var out HearResult
	for _, r := range rows {
		h := Heard{Arrived: r}
		if r.In.Pin != nil && r.In.Pin.Usable() {
			t := in.Type
			if t == "" {
				t = r.In.Type
			}
			located, err := a.locate(ctx, *r.In.Pin, t, in.Child)
			if err != nil {
				return HearResult{}, final(ctx, fmt.Errorf("locate case %s: %w", in.Case, err))
			}
			h.Located = &located
		}
		out.Rows = append(out.Rows, h)
	}
	return out, nil
}

// Locate finds what the policy says at a pin that an operator set, or in a province that an operator named.
func (a *Activities) Locate(ctx context.Context, in LocateInput) (Located, error) {
	if in.Province != "" {
		l, err := a.locateProvince(ctx, in.Province, in.Type, in.Child)
		return l, final(ctx, err)
	}
	l, err := a.locate(ctx, in.Pin, in.Type, in.Child)
	return l, final(ctx, err)
}

// LocateInput is a pin, or only a province, and what the plan depends on.
type LocateInput struct {
	Pin      casefile.Pin          `json:"pin,omitzero"`
	Province string                `json:"province,omitempty"`
	Type     casefile.IncidentType `json:"type"`
	Child    bool                  `json:"child,omitempty"`
}

// locateProvince is as much of Located as there is without a pin: no district, no station.
func (a *Activities) locateProvince(ctx context.Context, province string, t casefile.IncidentType, child bool) (Located, error) {
	if _, ok := a.Places.Province(province); !ok {
		return Located{}, nil
	}
	live, err := a.Roster.Live(ctx, province)
	if err != nil {
		return Located{}, err
	}
	place := casefile.Place{Province: province}
	return Located{Place: place, OK: true, Plan: a.policy().Plan(t, place, false, live, child).WithoutPin()}, nil
}

func (a *Activities) locate(ctx context.Context, pin casefile.Pin, t casefile.IncidentType, child bool) (Located, error) {
	place, ok := a.Places.Locate(pin.Lat, pin.Lon)
	if !ok {
		return Located{}, nil
	}
	place.Cell = a.Cells(pin.Lat, pin.Lon)
	live, err := a.Roster.Live(ctx, place.Province)
	if err != nil {
		return Located{}, err
	}
	station, next, err := a.Roster.Station(ctx, pin, place)
	if err != nil && !errors.Is(err, casefile.ErrNotFound) {
		return Located{}, err
	}
	return Located{
		Place: place, OK: true, Station: station, Next: next,
		Plan: a.policy().Plan(t, place, a.Places.Urban(place.District), live, child),
	}, nil
}

// policy is the policy with the dated rows that are in force.
func (a *Activities) policy() *policy.Policy { return a.Policy.At(a.Clock.Case(time.Now())) }

// BeginInput names a case.
type BeginInput struct {
	Case casefile.CaseID `json:"case"`
}

// BeginResult is the case as recorded, what the policy says of it, and what arrived since.
type BeginResult struct {
	Case casefile.Case   `json:"case"`
	Plan policy.Plan     `json:"plan"`
	Care policy.CarePlan `json:"care,omitzero"`  // of a case in follow-up, or after it
	Next casefile.UnitID `json:"next,omitempty"` // next-nearest station
	Rows []Heard         `json:"rows"`
	Keep []KeepInput     `json:"keep,omitempty"` // sent in an earlier run, and not fetched yet
}

// Begin loads a case for a run: the first one, or the one after a loss.
func (a *Activities) Begin(ctx context.Context, in BeginInput) (BeginResult, error) {
	c, err := a.Cases.Case(ctx, in.Case)
	if err != nil {
		return BeginResult{}, final(ctx, fmt.Errorf("begin case %s: %w", in.Case, err))
	}
	out := BeginResult{Case: c}
	var l Located
	switch {
	case c.Private.Pin != nil:
		l, err = a.locate(ctx, *c.Private.Pin, c.Type, c.Child)
	case c.Place.Province != "":
		l, err = a.locateProvince(ctx, c.Place.Province, c.Type, c.Child)
	default:
		l.Plan = a.policy().Plan(c.Type, casefile.Place{}, false, true, c.Child)
	}
	if err != nil {
		return BeginResult{}, final(ctx, fmt.Errorf("begin case %s: %w", in.Case, err))
	}
	out.Plan, out.Next = l.Plan, l.Next
	if c.State == casefile.FollowUp || c.State == casefile.Closed {
		out.Care = a.policy().CarePlan()
	}
	if c.Version > 0 { // nothing was sent to a case that has just begun
		if out.Keep, err = a.Media.PendingMedia(ctx, c.ID); err != nil {
			return BeginResult{}, final(ctx, fmt.Errorf("begin case %s: %w", in.Case, err))
		}
	}
	heard, err := a.Hear(ctx, HearInput{Case: c.ID, Type: c.Type, Child: c.Child, After: c.Inbox})
	out.Rows = heard.Rows
	return out, err
}

// RecordInput is a case after some events, and these events.
type RecordInput struct {
	After  casefile.Case    `json:"after"`
	Events []casefile.Event `json:"events"`
	Proof  *Proof           `json:"proof,omitempty"` // of the console command that caused them
	Join   *JoinQuery       `json:"join,omitempty"`  // answered in the same transaction
}

// Proof is the API's seal on a command.
type Proof struct {
	Command string         `json:"command"`
	Kind    casefile.Kind  `json:"kind"`
	By      casefile.Actor `json:"by"`
	Seal    string         `json:"seal"`
}

// RecordResult is the answer to the join query, if there was one.
type RecordResult struct {
	Join JoinResult `json:"join"`
}

// Record writes events, case row and audit rows in one transaction.
func (a *Activities) Record(ctx context.Context, in RecordInput) (RecordResult, error) {
	if p := in.Proof; p != nil && !a.Proofs.CheckProof(p.Seal, string(in.After.ID), p.Command, string(p.Kind), string(p.By.Kind), p.By.ID) {
		return RecordResult{}, final(ctx, &casefile.RefusedError{
			Kind: p.Kind, State: in.After.State,
			Th: "คำสั่งนี้ไม่ได้มาจากระบบที่ลงชื่อเข้าใช้", En: "this command did not come through a signed-in console",
		})
	}
	found, err := a.Cases.Append(ctx, in.After, in.Events, in.Join)
	if err != nil {
		return RecordResult{}, final(ctx, fmt.Errorf("record case %s: %w", in.After.ID, err))
	}
	if found.Lead != "" {
		a.nudge(ctx, found.Lead, found.LeadInbox)
	}
	if found.Earlier != "" {
		a.nudge(ctx, found.Earlier, found.EarlierInbox)
	}
	return RecordResult{Join: found}, nil
}

// nudge is best effort: the relay hands over what a lost nudge left in the inbox.
func (a *Activities) nudge(ctx context.Context, id casefile.CaseID, upTo int) {
	if err := a.Nudger.Nudge(ctx, id, upTo); err != nil && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("nudge left to the relay", "case", string(id))
	}
}

// SpeakInput is one word of a case to another.
type SpeakInput struct {
	From   casefile.CaseID `json:"from"`
	To     casefile.CaseID `json:"to"`
	Action casefile.Action `json:"action"`
	Yes    bool            `json:"yes,omitempty"`
	Reason string          `json:"reason,omitempty"`
	Pin    *casefile.Pin   `json:"pin,omitempty"`
	Seq    int             `json:"seq"` // event of From that says it
	At     time.Time       `json:"at"`
}

// Speak puts words of a case into the inboxes of others.
func (a *Activities) Speak(ctx context.Context, in []SpeakInput) error {
	for _, w := range in {
		id := fmt.Sprintf("case:%s:%d:%s:%s", w.From, w.Seq, w.Action, w.To)
		n, err := a.Cases.Speak(ctx, w.To, id, casefile.Incoming{
			Word: casefile.CaseSpoke, At: w.At, Action: w.Action, Case: w.From, Yes: w.Yes, Reason: w.Reason, Pin: w.Pin, By: casefile.System,
		})
		if errors.Is(err, casefile.ErrNotFound) {
			continue
		}
		if err != nil {
			return final(ctx, fmt.Errorf("speak to case %s: %w", w.To, err))
		}
		a.nudge(ctx, w.To, n)
	}
	return nil
}

// KeepInput names a photo, voice message, video or file that was sent to a case.
type KeepInput struct {
	Case      casefile.CaseID `json:"case"`
	Seq       int             `json:"seq"` // the event that says it arrived
	MessageID string          `json:"message_id"`
}

// Keep fetches one and keeps it sealed, before the channel forgets it.
func (a *Activities) Keep(ctx context.Context, in KeepInput) error {
	kept, err := a.fetch(ctx, in.MessageID)
	if err != nil {
		return err
	}
	if err := a.Media.KeepMedia(ctx, in.Case, in.Seq, kept); err != nil {
		return final(ctx, fmt.Errorf("keep media of case %s: %w", in.Case, err))
	}
	return nil
}

// fetch gets what somebody sent, or asks for another try.
func (a *Activities) fetch(ctx context.Context, messageID string) (Kept, error) {
	kept, err := Fetch(ctx, a.Contents, messageID)
	if err == nil {
		return kept, nil
	}
	t := transient(err)
	return kept, temporal.NewApplicationErrorWithOptions("content not fetched yet: "+t.Reason, TypeUnsaid,
		temporal.ApplicationErrorOptions{NextRetryDelay: t.After, Category: temporal.ApplicationErrorCategoryBenign})
}

// Fetch gets what somebody sent. That it will never come is an answer, too; an error may be tried again.
func Fetch(ctx context.Context, from Contents, messageID string) (Kept, error) {
	data, contentType, err := from.Content(ctx, messageID)
	switch {
	case errors.Is(err, ErrGone):
		return Kept{State: MediaGone}, nil
	case errors.Is(err, ErrTooLarge):
		return Kept{State: MediaTooLarge}, nil
	case err != nil:
		return Kept{}, err
	}
	return Kept{State: MediaKept, ContentType: contentType, Content: data}, nil
}

// RankInput asks for waves of one case, all at the same moment.
type RankInput struct {
	Case    casefile.CaseID       `json:"case"`
	Type    casefile.IncidentType `json:"type"`
	State   casefile.State        `json:"state"`
	Child   bool                  `json:"child,omitempty"`
	Pin     *casefile.Pin         `json:"pin,omitempty"`
	Place   casefile.Place        `json:"place"`
	Station casefile.UnitID       `json:"station,omitempty"`
	Next    casefile.UnitID       `json:"next,omitempty"`
	Rule    policy.WaveRule       `json:"rule"`
	At      time.Time             `json:"at"`
	Wanted  []Wanted              `json:"wanted"`
}

// Wanted is one wave of one role.
type Wanted struct {
	Role     casefile.Role       `json:"role"`
	Seq      int                 `json:"seq"` // number that the OFFERED event will have
	Levels   []casefile.Level    `json:"levels"`
	Up       [][]casefile.Level  `json:"up,omitempty"` // the first of these that reaches somebody answers for a level that the case must not reach
	WithinM  int                 `json:"within_m"`
	Needed   int                 `json:"needed"`             // people still missing in the crew
	Asked    []casefile.MemberID `json:"asked,omitempty"`    // near members who have an open offer
	Declined []casefile.MemberID `json:"declined,omitempty"` // never asked again for this case
	First    []casefile.MemberID `json:"first,omitempty"`    // said yes when the crew was complete: asked before all others
	ReachM   int                 `json:"reach_m,omitempty"`  // how far these are looked for
	Bundle   time.Duration       `json:"bundle,omitempty"`   // above 0: a tap without a pin, rung for together with the others
	Since    time.Time           `json:"since,omitzero"`     // and a ring after this instant was for this one, too
}

// Wave is whom to ask for a role.
type Wave struct {
	Role casefile.Role  `json:"role"`
	Asks []casefile.Ask `json:"asks"`
	Rung *TapsRung      `json:"rung,omitempty"` // of a tap: nobody is asked unless the ring is this case's
}

// RankResult holds the waves in the order wanted.
type RankResult struct {
	Waves []Wave `json:"waves"`
}

// Rank finds who could come and keeps the reasons of every choice.
func (a *Activities) Rank(ctx context.Context, in RankInput) (RankResult, error) {
	var out RankResult
	var chosen []Chosen
	for _, w := range in.Wanted {
		wave := Wave{Role: w.Role}
		var why []dispatch.Choice
		ask := func(level casefile.Level) (reached, blind bool, err error) {
			found, choices, err := a.rankLevel(ctx, in, w, level)
			if err != nil {
				return false, false, fmt.Errorf("rank case %s: %w", in.Case, err)
			}
			for _, c := range choices {
				reached = reached || c.Chosen
				blind = blind || c.Why == dispatch.Conflict
				if c.Chosen && !slices.ContainsFunc(wave.Asks, func(x casefile.Ask) bool { return x.Member == c.Member }) {
					wave.Asks = append(wave.Asks, casefile.Ask{Member: c.Member, Level: level, Unit: unitOf(found, c.Member), Metres: c.Metres, Why: c.Why})
				}
			}
			why = append(why, choices...)
			return reached, blind && !reached && level != casefile.LevelNear, nil
		}
		for _, level := range w.Levels {
			_, blind, err := ask(level)
			if err == nil && blind {
				err = firstOf(w.Up, w.Levels, ask)
			}
			if err != nil {
				return RankResult{}, final(ctx, err)
			}
		}
		if w.Bundle > 0 && len(wave.Asks) > 0 { // who reaches nobody leaves the ring to another
			rung, err := a.Roster.RingTaps(ctx, TapRing{Level: w.Levels[0], Case: in.Case, Seq: w.Seq, Since: w.Since, At: in.At, Bundle: w.Bundle})
			if err != nil {
				return RankResult{}, final(ctx, fmt.Errorf("rank case %s: %w", in.Case, err))
			}
			wave.Rung = &rung
			if !rung.Mine {
				wave.Asks = nil
			}
		}
		out.Waves = append(out.Waves, wave)
		if w.Role != "" { // else a desk or a radio centre beside the ladders: nobody was chosen from many
			chosen = append(chosen, Chosen{Seq: w.Seq, Role: w.Role, Choices: why})
		}
	}
	if err := a.Roster.Chosen(ctx, in.Case, chosen); err != nil {
		return RankResult{}, final(ctx, fmt.Errorf("rank case %s: %w", in.Case, err))
	}
	return out, nil
}

func unitOf(found []dispatch.Candidate, m casefile.MemberID) casefile.UnitID {
	for _, c := range found {
		if c.ID == m {
			return c.Unit
		}
	}
	return ""
}

// firstOf asks the first rung that reaches somebody: it answers for a level that
// the case must not reach. What is asked anyway needs no second asking.
func firstOf(rungs [][]casefile.Level, already []casefile.Level, ask func(casefile.Level) (reached, blind bool, err error)) error {
	for _, rung := range rungs {
		answers := false
		for _, level := range rung {
			if level == casefile.LevelNear || slices.Contains(already, level) {
				continue
			}
			reached, _, err := ask(level)
			if err != nil {
				return err
			}
			answers = answers || reached
		}
		if answers {
			return nil
		}
	}
	return nil
}

// rankLevel gives everybody of one level a verdict.
func (a *Activities) rankLevel(ctx context.Context, in RankInput, w Wanted, level casefile.Level) ([]dispatch.Candidate, []dispatch.Choice, error) {
	if level == casefile.LevelNear {
		return a.rankNear(ctx, in, w)
	}
	station, ask := in.Station, level
	if level == casefile.LevelNextStation {
		station, ask = in.Next, casefile.LevelStation
	}
	if ask == casefile.LevelStation && station == "" {
		return nil, nil, nil
	}
	found, err := a.Roster.Desks(ctx, ask, in.Place, station, in.Case)
	return found, dispatch.Desks(found, w.Declined), err
}

func (a *Activities) rankNear(ctx context.Context, in RankInput, w Wanted) ([]dispatch.Candidate, []dispatch.Choice, error) {
	if in.Pin == nil {
		return nil, nil, nil
	}
	near, err := a.Roster.Nearest(ctx, NearQuery{
		Pin: *in.Pin, Role: w.Role, K: in.Rule.K, WithinM: max(w.WithinM, w.ReachM), Case: in.Case, At: in.At,
	})
	if err != nil {
		return nil, nil, err
	}
	asked, accepted, err := a.Roster.Acceptance(ctx, w.Role, in.Place.Province, in.At.UTC().Hour())
	if err != nil {
		return nil, nil, err
	}
	return near, dispatch.Wave(near, dispatch.Rule{
		Target: in.Rule.Target, PriorYes: in.Rule.PriorYes, PriorAsked: in.Rule.PriorAsked,
		Max: in.Rule.Max, Fixed: in.Rule.Fixed, Fresh: in.Rule.Fresh, Needed: w.Needed,
		Type: in.Type, State: in.State, Role: w.Role, Child: in.Child, At: in.At, WithinM: w.WithinM, FemaleLeadM: in.Rule.FemaleLeadM,
		MeasuredAsked: asked, MeasuredYes: accepted, AlreadyAsked: w.Asked, Declined: w.Declined, First: w.First,
	}), nil
}
