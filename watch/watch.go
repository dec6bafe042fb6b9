// Package watch is the second watcher: it finds what went wrong behind the back
// of the system and rings the national desk, again and again, until a human
// answers.
//
// It lives on plain SQL, on a database role, a pool and clients of its own for
// LINE, SMS, calls and mail, and never touches Temporal: it works while Temporal,
// the worker or both are gone, and while LINE is. It changes no case. A human's
// answer is a row of the inbox like every other, so the case hears it when its
// workflow is back.
package watch

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/fault"
	"github.com/ess-thailand/ess/policy"
)

// Alarm is one thing that is wrong and that no human has answered.
type Alarm struct {
	ID      int64
	Kind    Kind
	Subject string // a case, or empty
	Rings   int
	RungTo  []casefile.MemberID
	SeenAt  time.Time // when it was read, by the clock of the database
}

// Contact is how an operator of the national desk is reached.
type Contact struct {
	Member   casefile.MemberID
	Language casefile.Language
	Ways     []Way // LINE first
}

// Way is one address of a person.
type Way struct {
	Channel casefile.Channel
	To      string
}

// Limits say from when on something is wrong. Spans are real time, instants case time.
type Limits struct {
	Started        time.Time // no part is silent for longer than somebody has listened; real time
	Inbox          time.Duration
	Silent         time.Duration
	Unacknowledged time.Time
	Overdue        time.Time
	Messages       time.Time
	Media          time.Time
	Watchers       int // so many should beat
}

// Store is what the watcher knows and remembers. Postgres implements it.
type Store interface {
	// Lead reports whether this watcher is the one that rings. At most one is.
	Lead(ctx context.Context) (bool, error)
	// Beat says that a part is alive.
	Beat(ctx context.Context, part Part, instance string) error
	// Look raises an alarm for everything that is wrong and has none, and clears those whose condition ended.
	Look(ctx context.Context, l Limits) error
	// Hear takes the desk's answers from the inbox.
	Hear(ctx context.Context) error
	// Due lists the unanswered alarms of the kinds that should ring now, by kind, oldest first.
	Due(ctx context.Context, gather, repeat time.Duration) ([]Alarm, error)
	// Rung notes that alarms rang, to whom, and since when.
	Rung(ctx context.Context, alarms []int64, to []casefile.MemberID, since time.Time) error
	// Over lists the alarms that rang and have ended, and of which nobody was told so, by kind.
	Over(ctx context.Context) ([]Alarm, error)
	// Told notes that who was rung has heard of the end.
	Told(ctx context.Context, alarms []int64) error
	// Away keeps a record of a time without the database.
	Away(ctx context.Context, since time.Time, rings int, to []casefile.MemberID) error
	// Desk lists who is rung: the operators on duty, or all when none is.
	Desk(ctx context.Context) ([]Contact, error)
	// Above lists who is rung about a case that the national desk must not see.
	Above(ctx context.Context) ([]Contact, error)
	// KeptAway says which members each of some cases must not reach.
	KeptAway(ctx context.Context, cases []string, members []casefile.MemberID) (map[string][]casefile.MemberID, error)
	// Contacts finds members again.
	Contacts(ctx context.Context, ids []casefile.MemberID) ([]Contact, error)
	// Open counts the alarms that have not ended.
	Open(ctx context.Context) (map[Kind]int, error)
}

// Bell is one ring, for one person, by one way.
type Bell struct {
	Key   string // the same for the same ring, whoever rings it
	To    Contact
	Way   Way
	Kind  Kind
	Alarm int64 // what the button answers; 0: nothing can be answered
	Count int
	Cases []casefile.CaseID
	Over  bool // it has ended
}

// Ringer is the watcher's own path to people.
type Ringer interface {
	// Ring reports whether the channel took the message. An error means that a repeat may help.
	Ring(ctx context.Context, b Bell) (bool, error)
	// Reach tries LINE without saying anything.
	Reach(ctx context.Context) error
}

// Watch is one watcher. All fields but those in lower case must be set.
type Watch struct {
	Store    Store
	Ringer   Ringer
	Rule     policy.WatchRule
	Ways     []policy.Way // after what silence which way is used beside LINE
	Clock    policy.Clock
	Instance string
	Watchers int // how many this installation runs
	Log      *slog.Logger

	mu       sync.Mutex
	status   Status
	lineAway bool                            // the latest beat did not reach LINE
	called   map[casefile.MemberID]time.Time // when somebody was called last
	desk     []Contact                       // the last known, for when the database is away
	away     outage
}

// Status is what a watcher says of itself.
type Status struct {
	Leads    bool
	Looked   time.Time // the latest turn that the database answered, real time
	Rings    map[Kind]int
	Failures int // messages that the channel did not take
	Open     map[Kind]int
}

// outage is a time without the database, which no row can remember.
type outage struct {
	since time.Time
	rings int
	to    []casefile.MemberID
}

// Status is a copy.
func (w *Watch) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Rings, s.Open = maps.Clone(s.Rings), maps.Clone(s.Open)
	return s
}

// turnPatience bounds one turn, so that a hanging channel or database cannot hold the next for ever.
const turnPatience = 30 * time.Second

// Run watches until the context ends.
func (w *Watch) Run(ctx context.Context) {
	started := time.Now()
	var group sync.WaitGroup
	group.Go(func() { w.every(ctx, w.Rule.Beat.Duration, w.beat) })
	group.Go(func() {
		w.every(ctx, w.Rule.Look.Duration, func(ctx context.Context) {
			if err := w.Turn(ctx, started); err != nil && ctx.Err() == nil {
				w.Log.WarnContext(ctx, "the watcher cannot look", "error", err)
			}
		})
	})
	group.Wait()
}

func (w *Watch) every(ctx context.Context, span time.Duration, do func(context.Context)) {
	tick := time.NewTicker(span)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat says that this watcher is alive, and that it reaches LINE.
func (w *Watch) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.Rule.Silent.Duration)
	defer cancel()
	err := w.Store.Beat(ctx, Watcher, w.Instance)
	unreached := w.Ringer.Reach(ctx)
	w.mu.Lock()
	w.lineAway = unreached != nil
	w.mu.Unlock()
	if err == nil {
		if err = unreached; err == nil {
			err = w.Store.Beat(ctx, LINE, w.Instance)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.Log.WarnContext(ctx, "the watcher's beat", "error", err)
	}
}

// Turn looks once, and rings what is due if this watcher leads.
func (w *Watch) Turn(ctx context.Context, started time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	leads, err := w.turn(ctx, started)
	w.mu.Lock()
	w.status.Leads = leads && err == nil
	if err == nil {
		w.status.Looked = time.Now()
	}
	w.mu.Unlock()
	if err != nil {
		w.blind(context.WithoutCancel(ctx))
	}
	return err
}

func (w *Watch) turn(ctx context.Context, started time.Time) (leads bool, err error) {
	if leads, err = w.Store.Lead(ctx); err != nil {
		return false, err
	}
	desk, err := w.Store.Desk(ctx)
	if err != nil {
		return leads, err
	}
	if len(desk) > 0 {
		w.desk = desk
	}
	if !leads {
		w.away = outage{} // who leads tells of it
		return false, nil
	}
	if err := w.back(ctx); err != nil {
		return leads, err
	}
	if err := w.Store.Look(ctx, w.limits(started)); err != nil {
		return leads, err
	}
	if err := w.Store.Hear(ctx); err != nil {
		return leads, err
	}
	if err := w.ring(ctx); err != nil {
		return leads, err
	}
	if err := w.over(ctx); err != nil {
		return leads, err
	}
	open, err := w.Store.Open(ctx)
	w.mu.Lock()
	w.status.Open = open
	w.mu.Unlock()
	return leads, err
}

// breath is what a machine needs however fast case time runs: no case is late before it.
const breath = 2 * time.Second

func (w *Watch) limits(started time.Time) Limits {
	now := time.Now()
	before := func(span policy.Span) time.Time {
		return w.Clock.Case(now.Add(-max(w.Clock.Wait(span.Duration), breath)))
	}
	return Limits{
		Started: started, Inbox: w.Rule.Inbox.Duration, Silent: w.Rule.Silent.Duration, Watchers: w.Watchers,
		Unacknowledged: before(w.Rule.Unacknowledged), Overdue: before(w.Rule.Overdue),
		Messages: before(w.Rule.Messages), Media: before(w.Rule.Media),
	}
}

// ring rings what is due: all unanswered alarms of a kind in one message.
func (w *Watch) ring(ctx context.Context) error {
	due, err := w.Store.Due(ctx, w.Rule.Gather.Duration, w.Rule.Repeat.Duration)
	if err != nil || len(due) == 0 {
		return err
	}
	if len(w.desk) == 0 {
		w.Log.ErrorContext(ctx, "an alarm, and the national desk has nobody who can be reached", "kind", string(due[0].Kind))
		return nil
	}
	for _, alarms := range byKind(due) {
		first := alarms[0]
		key := fmt.Sprintf("watch/%d/%d", first.ID, first.Rings+1)
		shares, err := w.apart(ctx, alarms, w.desk)
		if err != nil {
			return err
		}
		var to []casefile.MemberID
		for _, s := range shares {
			to = append(to, w.say(ctx, key, s.to, bell(s.alarms), time.Duration(first.Rings)*w.Rule.Repeat.Duration)...)
		}
		if len(to) == 0 {
			continue // nobody was reached: the next turn tries again, under the same keys
		}
		fault.Here("watch.rung")
		if err := w.Store.Rung(ctx, ids(alarms), to, first.SeenAt); err != nil {
			return err
		}
		w.Log.WarnContext(ctx, "rang the national desk", "kind", string(first.Kind), "alarms", len(alarms), "ring", first.Rings+1, "reached", len(to))
	}
	return nil
}

// tellFor is how long the watcher tries to say that something has ended.
const tellFor = time.Hour

// over tells those who were rung that it has ended, once.
func (w *Watch) over(ctx context.Context) error {
	ended, err := w.Store.Over(ctx)
	if err != nil {
		return err
	}
	for _, alarms := range byKind(ended) {
		var members []casefile.MemberID
		for _, a := range alarms {
			members = append(members, a.RungTo...)
		}
		slices.Sort(members)
		to, err := w.Store.Contacts(ctx, slices.Compact(members))
		if err != nil {
			return err
		}
		shares, err := w.apart(ctx, alarms, to)
		if err != nil {
			return err
		}
		var reached []casefile.MemberID
		for _, s := range shares {
			b := bell(s.alarms)
			b.Over, b.Alarm = true, 0
			reached = append(reached, w.say(ctx, fmt.Sprintf("watch/%d/over", alarms[0].ID), s.to, b, 0)...)
		}
		if len(reached) == 0 && len(to) > 0 && len(shares) > 0 {
			continue
		}
		if err := w.Store.Told(ctx, ids(alarms)); err != nil {
			return err
		}
	}
	return nil
}

// blind rings when the database does not answer: from memory, under keys that
// every watcher makes alike, so that two of them ring once. There is nothing to
// press: no answer could be kept.
func (w *Watch) blind(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	now := time.Now()
	if w.away.since.IsZero() {
		w.away.since = now
	}
	if now.Sub(w.away.since) < w.Rule.Silent.Duration+time.Duration(w.away.rings)*w.Rule.Repeat.Duration || len(w.desk) == 0 {
		return
	}
	key := fmt.Sprintf("watch/database/%d", now.Unix()/int64(w.Rule.Repeat.Seconds()))
	unanswered := time.Duration(w.away.rings) * w.Rule.Repeat.Duration
	if to := w.say(ctx, key, w.desk, Bell{Kind: DatabaseAway, Count: 1}, unanswered); len(to) > 0 {
		w.away.rings++
		w.away.to = to
		w.Log.WarnContext(ctx, "rang the national desk: the database does not answer", "ring", w.away.rings)
	}
}

// back records a time without the database once it answers again.
func (w *Watch) back(ctx context.Context) error {
	if w.away.rings > 0 {
		if err := w.Store.Away(ctx, w.away.since, w.away.rings, w.away.to); err != nil {
			return err
		}
	}
	w.away = outage{}
	return nil
}

// say rings people beside each other and returns who was reached.
func (w *Watch) say(ctx context.Context, key string, to []Contact, b Bell, unanswered time.Duration) []casefile.MemberID {
	var group sync.WaitGroup
	reached := make([]bool, len(to))
	for i, c := range to {
		group.Go(func() {
			one := b
			one.To, one.Key = c, key+"/"+string(c.Member)
			reached[i] = w.reach(ctx, one, unanswered)
		})
	}
	group.Wait()
	var members []casefile.MemberID
	for i, c := range to {
		if reached[i] {
			members = append(members, c.Member)
		}
	}
	if len(members) > 0 && !b.Over {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.status.Rings == nil {
			w.status.Rings = map[Kind]int{}
		}
		w.status.Rings[b.Kind]++
	}
	return members
}

// reach rings one person: by LINE and by every other way for which the alarm has
// been unanswered long enough, all at once, and where none of them takes it by
// the rest in turn. While LINE is not there nobody waits for its refusal.
func (w *Watch) reach(ctx context.Context, b Bell, unanswered time.Duration) bool {
	var now, rest []Way
	for _, way := range b.To.Ways {
		if way.Channel == casefile.ChannelLINE || w.due(way.Channel, unanswered) && (way.Channel != casefile.ChannelVoice || w.mayCall(b.To.Member)) {
			now = append(now, way)
		} else {
			rest = append(rest, way)
		}
	}
	w.mu.Lock()
	lineAway := w.lineAway
	w.mu.Unlock()
	if lineAway && len(rest) > 0 && !slices.ContainsFunc(now, func(y Way) bool { return y.Channel != casefile.ChannelLINE }) {
		now, rest = append(now, rest[0]), rest[1:]
	}
	var group sync.WaitGroup
	took := make([]bool, len(now))
	for i, way := range now {
		group.Go(func() { took[i] = w.by(ctx, b, way) })
	}
	group.Wait()
	reached := slices.Contains(took, true)
	for _, way := range rest {
		if reached {
			break
		}
		reached = w.by(ctx, b, way)
	}
	return reached
}

// due reports whether a way is used after so much silence.
func (w *Watch) due(c casefile.Channel, unanswered time.Duration) bool {
	return slices.ContainsFunc(w.Ways, func(y policy.Way) bool { return y.Channel == c && y.After.Duration <= unanswered })
}

// mayCall reports whether somebody has not been called of late. Several alarms
// are several messages, but who is on the telephone is not called.
func (w *Watch) mayCall(m casefile.MemberID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.called[m]; ok && time.Since(at) < w.Rule.Repeat.Duration {
		return false
	}
	if w.called == nil {
		w.called = map[casefile.MemberID]time.Time{}
	}
	w.called[m] = time.Now()
	return true
}

// by rings by one way.
func (w *Watch) by(ctx context.Context, b Bell, way Way) bool {
	b.Way = way
	if way.Channel != casefile.ChannelLINE {
		b.Key += "/" + string(way.Channel)
	}
	ok, err := w.Ringer.Ring(ctx, b)
	if err != nil {
		w.Log.WarnContext(ctx, "a ring did not get through", "kind", string(b.Kind), "member", string(b.To.Member), "channel", string(way.Channel), "error", err)
	}
	if ok && err == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Failures++
	return false
}

// onCard is how many cases a ring names; the console has the others.
const onCard = 3

// bell is one message about alarms of one kind.
func bell(alarms []Alarm) Bell {
	b := Bell{Kind: alarms[0].Kind, Alarm: alarms[0].ID, Count: len(alarms)}
	for _, a := range alarms {
		if a.Subject != "" && len(b.Cases) < onCard {
			b.Cases = append(b.Cases, casefile.CaseID(a.Subject))
		}
	}
	return b
}

// byKind groups what a store lists by kind.
func byKind(alarms []Alarm) [][]Alarm {
	var groups [][]Alarm
	for i, a := range alarms {
		if i == 0 || a.Kind != alarms[i-1].Kind {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], a)
	}
	return groups
}

func ids(alarms []Alarm) []int64 {
	out := make([]int64, len(alarms))
	for i, a := range alarms {
		out[i] = a.ID
	}
	return out
}

// Answer writes the number of an alarm as the option of its button, and answered reads it.
func Answer(alarm int64) string { return fmt.Sprintf("A%d", alarm) }

func answered(in casefile.Incoming) (alarm int64, ok bool) {
	if in.Word != casefile.Pressed || in.Action != casefile.ActDeskTake || in.Reason != casefile.ReasonWatch || !strings.HasPrefix(in.Option, "A") {
		return 0, false
	}
	n, err := fmt.Sscanf(in.Option, "A%d", &alarm)
	return alarm, n == 1 && err == nil
}
