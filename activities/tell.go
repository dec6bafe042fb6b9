package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/fault"
)

// Message is one message of a case to one person.
type Message struct {
	Key        string            `json:"key"` // case, event number, recipient, template: the same for every try; "/" and the channel on any way but LINE
	Seq        int               `json:"seq"`
	Member     casefile.MemberID `json:"member,omitempty"`     // empty: the reporter
	Channel    casefile.Channel  `json:"channel,omitempty"`    // the only way to say it: an answer goes back by the way of the word; empty: by the person's rules
	Unanswered time.Duration     `json:"unanswered,omitempty"` // case time for which the person has not answered the question
	Beside     bool              `json:"beside,omitempty"`     // only by the other ways whose time has come: LINE has said it
	Template   string            `json:"template"`
	ReplyToken string            `json:"reply_token,omitempty"`
	ReplyOnly  bool              `json:"reply_only,omitempty"`
	Silent     bool              `json:"silent,omitempty"`
	Parting    bool              `json:"parting,omitempty"` // the one word that still goes to whom the case must not reach any more
	Args       Args              `json:"args"`
}

// leg is the key of a message on one channel. LINE's is the message's own.
func (m Message) leg(channel casefile.Channel) string {
	if channel == casefile.ChannelLINE {
		return m.Key
	}
	return m.Key + "/" + string(channel)
}

// legs are the keys of a message on every channel.
func (m Message) legs() []string {
	var keys []string
	for _, channel := range casefile.Ways {
		keys = append(keys, m.leg(channel))
	}
	return keys
}

// questions are what somebody must answer: other ways go beside LINE for these.
var questions = []string{
	"offer", offerDesk, "desk_item", "desk_taps", "radio_alert", "centre_ask", "handover_offer", "assist_alert",
}

// needed are what somebody on a case must know, and what answers a key that was
// pressed in a call. Other ways stand in when LINE does not take these.
var needed = []string{
	"accepted_card", "crew_full", "refused", "released", "stand_down", "handover_taken", "arrival_check", "scene_check", "pin_moved",
	"same_place_again", "cancel_forced", "care_overdue",
}

// asks reports whether the message is a question to a member.
func (m Message) asks() bool { return m.Member != "" && slices.Contains(questions, m.Template) }

// matters reports whether another way stands in for LINE: for questions, for what
// must be known, and for every answer to a member's own word.
func (m Message) matters() bool {
	pressing := m.Template == "care_owed" && m.Args.Owed != nil && m.Args.Owed.Kind.Pressing()
	return m.Member != "" && m.Channel == "" && (m.ReplyToken != "" || m.asks() || pressing || slices.Contains(needed, m.Template))
}

// TellInput is what is said at one moment of a case.
type TellInput struct {
	Case     casefile.CaseID     `json:"case"`
	Reporter casefile.ReporterID `json:"reporter"`
	Messages []Message           `json:"messages"`
}

// Told is what became of one message.
type Told struct {
	Key     string            `json:"key"`
	Member  casefile.MemberID `json:"member,omitempty"` // empty also where nothing follows from it: LINE has said it before
	Seq     int               `json:"seq"`
	Outcome Outcome           `json:"outcome,omitempty"` // empty: not accepted yet
}

// TellResult is what became of every message, in order.
type TellResult struct {
	Told []Told `json:"told"`
}

// toldAtOnce bounds how many messages of one moment are under way together.
const toldAtOnce = 16

// lastWord is how long a channel that has not taken a message in its time may
// still take it before the next way is used. Real time.
const lastWord = 2 * time.Second

// Tell speaks to people; it changes no case. Messages that a channel has
// answered for good are not said again by a retry; the rest keep their keys,
// so the channel itself drops what it had accepted.
func (a *Activities) Tell(ctx context.Context, in TellInput) (TellResult, error) {
	defer beat(ctx)()
	t, err := a.try(ctx, in)
	if err != nil {
		return TellResult{}, fmt.Errorf("tell case %s: %w", in.Case, err)
	}
	told := make([]Told, len(in.Messages))
	results := make([]said, len(in.Messages))
	var group sync.WaitGroup
	slots := make(chan struct{}, toldAtOnce)
	for i, m := range in.Messages {
		told[i] = Told{Key: m.Key, Member: m.Member, Seq: m.Seq, Outcome: t.done(m)}
		if m.Beside {
			told[i].Member = ""
		}
		if told[i].Outcome != "" {
			continue
		}
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; group.Done() }()
			results[i] = a.say(ctx, t, m)
			told[i].Outcome = results[i].outcome
		}()
	}
	group.Wait()
	var rows []Delivery
	for _, r := range results {
		rows = append(rows, r.rows...)
	}
	if err := a.Contacts.Delivered(ctx, rows); err != nil {
		return TellResult{}, fmt.Errorf("tell case %s: %w", in.Case, err)
	}
	if after, unsaid := t.again(results); unsaid {
		return TellResult{}, temporal.NewApplicationErrorWithOptions("some messages were not accepted yet", TypeUnsaid,
			temporal.ApplicationErrorOptions{
				NextRetryDelay: after, Details: []any{told}, Category: temporal.ApplicationErrorCategoryBenign, // expected of a channel
			})
	}
	return TellResult{Told: told}, nil
}

// try is one try of a Tell.
type try struct {
	in       TellInput
	n        int32
	began    time.Time          // of the first try, real time
	answered map[string]Outcome // by an earlier try, by key
}

func (a *Activities) try(ctx context.Context, in TellInput) (try, error) {
	info := activity.GetInfo(ctx)
	t := try{in: in, n: info.Attempt, began: time.Now()}
	if t.n <= 1 {
		return t, nil
	}
	t.began = info.ScheduledTime
	var keys []string
	for _, m := range in.Messages {
		keys = append(keys, m.legs()...)
	}
	var err error
	t.answered, err = a.Contacts.Answered(ctx, in.Case, keys)
	return t, err
}

// done is what an earlier try came to, if that was the end of the message.
func (t try) done(m Message) Outcome {
	for _, channel := range casefile.Ways {
		if (m.Channel == "" || m.Channel == channel) && t.answered[m.leg(channel)] == OutcomeAccepted && !m.Beside {
			return OutcomeAccepted
		}
	}
	if !m.matters() && !m.Beside && m.Channel == "" {
		return t.answered[m.Key]
	}
	return ""
}

// again is after how long what was not accepted is tried again, zero for what the
// story's rule says, and whether there is anything. Where another way waits for
// its moment, that is the time.
func (t try) again(results []said) (after time.Duration, unsaid bool) {
	soon := time.Duration(0)
	for _, r := range results {
		if r.wait == nil {
			continue
		}
		unsaid, after = true, max(after, r.wait.After)
		if r.next > 0 && (soon == 0 || r.next < soon) {
			soon = r.next
		}
	}
	if soon > 0 {
		after = min(max(after, time.Second<<min(t.n-1, 5)), soon)
	}
	return after, unsaid
}

// BeatWithin is how soon a deed that has grown slow must be heard of: a worker
// that died holds up those who were not reached yet no longer than this. Real time.
const BeatWithin = 5 * time.Second

// beat tells Temporal that the deed is alive, until the returned function is
// called. One that ends soon, as nearly all do, costs no beat.
func beat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(BeatWithin / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

func recipient(m Message) string {
	if m.Member == "" {
		return "reporter"
	}
	return "member:" + string(m.Member)
}

func transient(err error) *TransientError {
	var t *TransientError
	if errors.As(err, &t) {
		return t
	}
	return &TransientError{Reason: "error"}
}

// said is what one try of a message came to.
type said struct {
	outcome Outcome         // empty: not accepted yet
	rows    []Delivery      // kept with those of the other messages
	wait    *TransientError // another try may help
	next    time.Duration   // above 0: until the next way may be used
}

// way is an address of somebody, and when it is used.
type way struct {
	dispatch.Way
	To string
}

// say says one message: a question by the ways whose time has come, and everything
// by LINE or by what stands in for it.
func (a *Activities) say(ctx context.Context, t try, m Message) said {
	to, err := a.contact(ctx, t.in.Reporter, t.in.Case, m)
	if err != nil {
		return said{wait: transient(err)}
	}
	if m.Member == "" && to.Quiet { // a silent tap binds whatever we say to this person, of an older loud case too
		m.ReplyOnly, m.Silent, m.Args.Quiet, m.Args.Neutral = true, true, true, true
	}
	now := a.Clock.Case(time.Now())
	ways := a.ways(to)
	if m.Beside {
		return a.beside(ctx, t, m, to, ways, now)
	}
	out := a.inTurn(ctx, t, m, to, turns(m, to, ways, now))
	if m.asks() && m.Channel == "" { // somebody may want a call at once; what it does not take is left to the ladder
		out.rows = append(out.rows, a.beside(ctx, t, m, to, ways, now).rows...)
	}
	if m.Template == offerDesk && to.Group != "" {
		a.ringGroup(ctx, t.in.Case, m.Seq, to)
	}
	return out
}

// contact is how the person is reached; nobody is reached by no way.
func (a *Activities) contact(ctx context.Context, reporter casefile.ReporterID, about casefile.CaseID, m Message) (Contact, error) {
	var to Contact
	var err error
	if m.Member != "" {
		to, err = a.Contacts.MemberContact(ctx, m.Member, about)
		if to.KeptAway && !m.Parting { // whatever was queued, or is tried again
			return Contact{}, err
		}
	} else {
		to, err = a.Contacts.ReporterContact(ctx, reporter)
	}
	if errors.Is(err, casefile.ErrNotFound) {
		return Contact{}, nil
	}
	return to, err
}

// ways are a person's ways beside LINE in the policy's order, by their own rules where they have any.
func (a *Activities) ways(to Contact) []way {
	var out []way
	for _, rule := range a.Policy.Channels.Ways {
		i := slices.IndexFunc(to.Others, func(w Way) bool { return w.Channel == rule.Channel })
		if i < 0 || rule.Desks && !to.Desk {
			continue
		}
		w := way{dispatch.Way{Channel: rule.Channel, After: rule.After.Duration}, to.Others[i].To}
		if own := to.Others[i].After; own != nil {
			w.After = *own
		}
		if hours := to.Others[i].Hours; hours != nil {
			w.From, w.Until = hours.From.Duration, hours.To.Duration
		}
		out = append(out, w)
	}
	return out
}

// turns are the ways of a message in the order in which one stands in for the other.
func turns(m Message, to Contact, ways []way, at time.Time) []way {
	line := way{dispatch.Way{Channel: casefile.ChannelLINE}, to.LINE}
	others := ways
	if m.Member == "" { // a reporter has one way: that of the report
		others = nil
		for _, w := range to.Others {
			others = append(others, way{dispatch.Way{Channel: w.Channel}, w.To})
		}
	}
	switch {
	case m.Channel != "" && m.Channel != casefile.ChannelLINE:
		i := slices.IndexFunc(others, func(w way) bool { return w.Channel == m.Channel })
		if i < 0 {
			return []way{{dispatch.Way{Channel: m.Channel}, ""}}
		}
		return others[i : i+1]
	case m.Member == "" && to.LINE == "" && len(others) > 0:
		return others[:1]
	}
	out := []way{line}
	if m.matters() {
		for _, w := range others {
			if w.Open(at) {
				out = append(out, w)
			}
		}
	}
	return out
}

// inTurn says a message by the first way that takes it. A way that fails gives way
// to the next at once; one that neither takes nor refuses has its time for it, and
// then the next is used, and what the first one might have taken is stale.
func (a *Activities) inTurn(ctx context.Context, t try, m Message, to Contact, ways []way) said {
	var out said
	var waiting []way
	patience := a.Policy.Channels.LineWait.Duration
	for i, w := range ways {
		if len(waiting) > 0 {
			if out.next = time.Until(t.began.Add(time.Duration(len(waiting)) * patience)); out.next > 0 {
				return out
			}
		}
		bound := ctx
		if i+1 < len(ways) {
			left := time.Until(t.began.Add(time.Duration(len(waiting)+1) * patience))
			if t.n > 1 {
				left = max(left, lastWord)
			}
			var cancel context.CancelFunc
			bound, cancel = context.WithTimeout(ctx, left)
			defer cancel()
		}
		if i > 0 {
			m.ReplyToken = "" // it was LINE's
		}
		outcome, row, err := a.once(bound, t, m, to, w)
		if row.Key != "" {
			out.rows = append(out.rows, row)
		}
		switch {
		case err != nil:
			out.wait = transient(err)
			waiting = append(waiting, w)
		case outcome == OutcomeAccepted:
			for _, s := range waiting {
				out.rows = append(out.rows, a.row(t, m, s.Channel, Sent{Outcome: OutcomeStale}))
			}
			return said{outcome: outcome, rows: out.rows}
		case out.outcome == "":
			out.outcome = outcome // of the first one that failed: it is the person's own
		}
	}
	if out.wait != nil {
		out.outcome = ""
	}
	return out
}

// beside asks by the ways whose time has come, each once for a question. What a way
// does not take soon is left to the ladder's next rung: nobody is asked who has
// answered meanwhile.
func (a *Activities) beside(ctx context.Context, t try, m Message, to Contact, ways []way, now time.Time) said {
	rules := make([]dispatch.Way, len(ways))
	for i, w := range ways {
		rules[i] = w.Way
	}
	out := said{outcome: OutcomeNoContact}
	if len(ways) == 0 || !m.Beside && len(dispatch.Due(rules, nil, m.Unanswered, now)) == 0 {
		return out
	}
	before, err := a.Contacts.Answered(ctx, t.in.Case, m.legs())
	if err != nil {
		return said{wait: transient(err)}
	}
	var tried []dispatch.Tried
	for _, channel := range casefile.Ways {
		if got := before[m.leg(channel)]; got != "" {
			tried = append(tried, dispatch.Tried{Channel: channel, Failed: got != OutcomeAccepted})
		}
	}
	for due := dispatch.Due(rules, tried, m.Unanswered, now); len(due) > 0; due = dispatch.Due(rules, tried, m.Unanswered, now) {
		for _, next := range due {
			i := slices.IndexFunc(ways, func(w way) bool { return w.Channel == next.Channel })
			outcome, row, err := a.once(ctx, t, m, to, ways[i])
			if row.Key != "" {
				out.rows = append(out.rows, row)
			}
			if outcome == OutcomeAccepted {
				out.outcome = outcome
			}
			if err != nil && time.Since(t.began) < a.Policy.Channels.LineWait.Duration {
				out.wait = transient(err)
			}
			tried = append(tried, dispatch.Tried{Channel: next.Channel, Failed: err != nil || outcome != OutcomeAccepted})
		}
	}
	return out
}

// once says a message by one way, unless that way has answered it before. LINE
// knows a message again by its key, so its row is kept with the others of the
// batch; the other ways may not, so theirs is kept at once.
func (a *Activities) once(ctx context.Context, t try, m Message, to Contact, w way) (Outcome, Delivery, error) {
	key := m.leg(w.Channel)
	before := t.answered
	if w.Channel != casefile.ChannelLINE {
		var err error
		if before, err = a.Contacts.Answered(ctx, t.in.Case, []string{key}); err != nil {
			return "", Delivery{}, err
		}
	}
	if outcome := before[key]; outcome != "" {
		return outcome, Delivery{}, nil
	}
	sent := Sent{Outcome: OutcomeNoContact}
	if w.To != "" {
		out := Outgoing{
			To: w.To, Key: key, ReplyToken: m.ReplyToken, ReplyOnly: m.ReplyOnly, Silent: m.Silent,
			Language: to.Language, Template: m.Template, Args: m.Args,
		}
		if w.Channel != casefile.ChannelLINE {
			out.Channel = w.Channel
		}
		var err error
		if sent, err = a.Messenger.Send(ctx, out); err != nil {
			return "", Delivery{}, err
		}
		fault.Here("tell.accepted")
	}
	row := a.row(t, m, w.Channel, sent)
	if w.Channel != casefile.ChannelLINE && a.Contacts.Delivered(context.WithoutCancel(ctx), []Delivery{row}) == nil {
		row = Delivery{}
	}
	return sent.Outcome, row, nil
}

func (a *Activities) row(t try, m Message, channel casefile.Channel, sent Sent) Delivery {
	return Delivery{
		Key: m.leg(channel), Case: t.in.Case, Seq: m.Seq, To: recipient(m), Channel: channel, Template: m.Template,
		Outcome: sent.Outcome, Request: sent.Request, At: a.Clock.Case(time.Now()),
	}
}
