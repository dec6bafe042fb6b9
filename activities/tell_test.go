package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// exchange is every channel and one person at the end of them, in memory.
type exchange struct {
	mu      sync.Mutex
	contact Contact
	says    map[casefile.Channel]func(context.Context, Outgoing) (Sent, error) // absent: accepted
	said    []Outgoing
	rows    map[string]Delivery
}

func (x *exchange) Send(ctx context.Context, m Outgoing) (Sent, error) {
	channel := cmp.Or(m.Channel, line)
	x.mu.Lock()
	x.said = append(x.said, m)
	answer := x.says[channel]
	x.mu.Unlock()
	if answer != nil {
		return answer(ctx, m)
	}
	return Sent{Outcome: OutcomeAccepted, Request: "r-" + string(channel)}, nil
}

func (x *exchange) MemberContact(context.Context, casefile.MemberID, casefile.CaseID) (Contact, error) {
	return x.contact, nil
}

func (x *exchange) ReporterContact(context.Context, casefile.ReporterID) (Contact, error) {
	return x.contact, nil
}

func (x *exchange) Delivered(_ context.Context, list []Delivery) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range list {
		x.rows[d.Key] = d
	}
	return nil
}

func (x *exchange) Answered(_ context.Context, _ casefile.CaseID, keys []string) (map[string]Outcome, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := map[string]Outcome{}
	for _, k := range keys {
		if d, ok := x.rows[k]; ok {
			out[k] = d.Outcome
		}
	}
	return out, nil
}

// heard lists the channels in the order in which they were used, and forgets them.
func (x *exchange) heard() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []string
	for _, m := range x.said {
		out = append(out, string(cmp.Or(m.Channel, line)))
	}
	x.said = nil
	return strings.Join(out, " ")
}

const (
	line, sms, voice, email = casefile.ChannelLINE, casefile.ChannelSMS, casefile.ChannelVoice, casefile.ChannelEmail
)

var (
	refuse = func(context.Context, Outgoing) (Sent, error) { return Sent{Outcome: OutcomeRefused}, nil }
	absent = func(context.Context, Outgoing) (Sent, error) { return Sent{Outcome: OutcomeNoContact}, nil }
	broken = func(context.Context, Outgoing) (Sent, error) { return Sent{}, &TransientError{Reason: "status_500"} }
	hangs  = func(ctx context.Context, _ Outgoing) (Sent, error) {
		<-ctx.Done()
		return Sent{}, &TransientError{Reason: "no_answer"}
	}
)

type answers = map[casefile.Channel]func(context.Context, Outgoing) (Sent, error)

// patience stands for the policy's line_wait where a test waits for it.
const patience = 30 * time.Millisecond

// person has a number for messages and calls, and a mailbox.
func person(says answers) (*Activities, *exchange) {
	x := &exchange{rows: map[string]Delivery{}, says: says, contact: Contact{LINE: "U1", Language: casefile.Thai, Others: []Way{
		{Channel: email, To: "a@example.org"}, {Channel: voice, To: "+66811111111"}, {Channel: sms, To: "+66811111111"},
	}}}
	p := *policy.Default()
	p.Channels.LineWait.Duration = patience
	return &Activities{Messenger: x, Contacts: x, Policy: &p, Clock: policy.RealTime}, x
}

func offer(change func(*Message)) Message {
	m := Message{Key: "case/7/m1/offer", Seq: 7, Member: "m1", Template: "offer", Args: Args{Case: "case", Seq: 7}}
	if change != nil {
		change(&m)
	}
	return m
}

func (a *Activities) tell(t testing.TB, messages ...Message) ([]Told, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a.Tell)
	got, err := env.ExecuteActivity(a.Tell, TellInput{Case: "case", Reporter: "r", Messages: messages})
	if err != nil {
		return nil, err
	}
	var r TellResult
	if err := got.Get(&r); err != nil {
		t.Fatal(err)
	}
	return r.Told, nil
}

func (a *Activities) mustTell(t testing.TB, messages ...Message) []Told {
	t.Helper()
	told, err := a.tell(t, messages...)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func TestByErrorTheNextWayStandsIn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		says    answers
		change  func(*Message)
		heard   string
		outcome Outcome
		rows    map[string]Outcome
	}{
		{"LINE takes it", nil, nil, "LINE", OutcomeAccepted, map[string]Outcome{"": OutcomeAccepted}},
		{"LINE refuses", answers{line: refuse}, nil, "LINE SMS", OutcomeAccepted,
			map[string]Outcome{"": OutcomeRefused, "/SMS": OutcomeAccepted}},
		{"nobody set up text messages", answers{line: refuse, sms: absent}, nil, "LINE SMS VOICE", OutcomeAccepted,
			map[string]Outcome{"": OutcomeRefused, "/SMS": OutcomeNoContact, "/VOICE": OutcomeAccepted}},
		{"nobody takes it, and a mailbox is for desks", answers{line: refuse, sms: refuse, voice: absent}, nil, "LINE SMS VOICE",
			OutcomeRefused, map[string]Outcome{"": OutcomeRefused, "/SMS": OutcomeRefused, "/VOICE": OutcomeNoContact}},
		{"LINE hangs", answers{line: hangs}, nil, "LINE SMS", OutcomeAccepted,
			map[string]Outcome{"": OutcomeStale, "/SMS": OutcomeAccepted}},
		{"LINE and the provider hang", answers{line: hangs, sms: hangs}, nil, "LINE SMS VOICE", OutcomeAccepted,
			map[string]Outcome{"": OutcomeStale, "/SMS": OutcomeStale, "/VOICE": OutcomeAccepted}},
		{"a courtesy stays in LINE", answers{line: refuse}, func(m *Message) { m.Template = "thanks" }, "LINE", OutcomeRefused,
			map[string]Outcome{"": OutcomeRefused}},
		{"an answer to a word does not", answers{line: refuse}, func(m *Message) { m.Template, m.ReplyToken = "noted", "token" },
			"LINE SMS", OutcomeAccepted, map[string]Outcome{"": OutcomeRefused, "/SMS": OutcomeAccepted}},
		{"nor what answers a key of a call", answers{line: refuse}, func(m *Message) { m.Template = "accepted_card" }, "LINE SMS",
			OutcomeAccepted, map[string]Outcome{"": OutcomeRefused, "/SMS": OutcomeAccepted}},
		{"an answer to a text message is one", nil, func(m *Message) { m.Template, m.Channel, m.ReplyToken = "accepted_card", sms, "id" }, "SMS",
			OutcomeAccepted, map[string]Outcome{"/SMS": OutcomeAccepted}},
		{"and no other way stands in for it", answers{sms: refuse}, func(m *Message) { m.Template, m.Channel = "accepted_card", sms }, "SMS",
			OutcomeRefused, map[string]Outcome{"/SMS": OutcomeRefused}},
		{"the card in LINE beside it", answers{line: refuse}, func(m *Message) { m.Template, m.Channel = "accepted_card", line }, "LINE",
			OutcomeRefused, map[string]Outcome{"": OutcomeRefused}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, x := person(tt.says)
			m := offer(tt.change)
			told := a.mustTell(t, m)
			if got := x.heard(); got != tt.heard || told[0].Outcome != tt.outcome {
				t.Errorf("said by %q: %s; want %q: %s", got, told[0].Outcome, tt.heard, tt.outcome)
			}
			rows := map[string]Outcome{}
			for key, d := range x.rows {
				rows[strings.TrimPrefix(key, m.Key)] = d.Outcome
				if want := strings.TrimPrefix(strings.TrimPrefix(key, m.Key), "/"); string(d.Channel) != want && (want != "" || d.Channel != line) {
					t.Errorf("%s is kept for %s", key, d.Channel)
				}
			}
			if fmt.Sprint(rows) != fmt.Sprint(tt.rows) {
				t.Errorf("kept %v, want %v", rows, tt.rows)
			}
		})
	}
}

// The other way does not know LINE's reply token, and a text message answers what was written.
func TestAReplyTokenStaysOnItsChannel(t *testing.T) {
	a, x := person(answers{line: refuse})
	a.mustTell(t, offer(func(m *Message) { m.ReplyToken = "of LINE" }))
	a.mustTell(t, offer(func(m *Message) { m.Key, m.Channel, m.ReplyToken = "other", sms, "of SMS" }))
	var tokens []string
	for _, m := range x.said {
		tokens = append(tokens, m.ReplyToken)
	}
	if !slices.Equal(tokens, []string{"of LINE", "", "of SMS"}) {
		t.Errorf("reply tokens %q", tokens)
	}
}

// Nobody hears a text message twice because something was repeated.
func TestEveryLegIsSaidOnce(t *testing.T) {
	a, x := person(answers{line: refuse})
	for range 3 { // a repeat after a loss begins as a first try
		if told := a.mustTell(t, offer(nil)); told[0].Outcome != OutcomeAccepted {
			t.Fatalf("%+v", told)
		}
	}
	if n := strings.Count(x.heard(), "SMS"); n != 1 {
		t.Errorf("%d text messages for one question", n)
	}
	// A later try of the same Tell: LINE's refusal is final, the text message was taken.
	try := try{in: TellInput{Case: "case"}, n: 2, began: time.Now(), answered: map[string]Outcome{"case/7/m1/offer": OutcomeRefused, "case/7/m1/offer/SMS": OutcomeAccepted}}
	if got := try.done(offer(nil)); got != OutcomeAccepted {
		t.Errorf("a question that is said is %q", got)
	}
	delete(try.answered, "case/7/m1/offer/SMS")
	if got := try.done(offer(nil)); got != "" {
		t.Errorf("a question that LINE refused is done: %q", got)
	}
	if got := try.done(offer(func(m *Message) { m.Template = "thanks" })); got != OutcomeRefused {
		t.Errorf("a courtesy that LINE refused is %q", got)
	}
}

// LINE says "later": it is tried again until its time is over, and then the next way
// is used at that moment, not when LINE's own wait is.
func TestLINEHasItsTimeAndNoMore(t *testing.T) {
	a, x := person(answers{line: broken})
	a.Policy.Channels.LineWait.Duration = time.Minute
	_, err := a.tell(t, offer(nil))
	var unsaid *temporal.ApplicationError
	if !errors.As(err, &unsaid) || unsaid.Type() != TypeUnsaid || x.heard() != "LINE" {
		t.Fatalf("%v", err)
	}
	if after := unsaid.NextRetryDelay(); after != time.Second {
		t.Errorf("tried again after %s", after)
	}
	in := TellInput{Case: "case", Messages: []Message{offer(nil)}}
	near := try{in: in, n: 6, began: time.Now().Add(-50 * time.Second)}
	r := a.say(t.Context(), near, offer(nil))
	if after, again := near.again([]said{r}); !again || after <= 0 || after > 10*time.Second {
		t.Errorf("fifty seconds of a minute have passed, and the next try comes after %s", after)
	}
	over := try{in: in, n: 7, began: time.Now().Add(-time.Minute)}
	x.heard()
	if r := a.say(t.Context(), over, offer(nil)); r.outcome != OutcomeAccepted || len(r.rows) != 1 || r.rows[0].Outcome != OutcomeStale {
		t.Errorf("after a minute: %+v", r)
	}
	if got := x.heard(); got != "LINE SMS" {
		t.Errorf("said by %q", got)
	}
	// Every way is broken: nothing is done, and all is tried again.
	x.says = answers{line: broken, sms: broken, voice: broken}
	m := offer(func(m *Message) { m.Key = "other" })
	if r := a.say(t.Context(), try{in: in, n: 9, began: time.Now().Add(-time.Hour)}, m); r.outcome != "" || r.wait == nil {
		t.Errorf("nobody took it: %+v", r)
	}
}

func TestBySilenceEachWayOnceInItsTime(t *testing.T) {
	silent := func(d time.Duration) Message {
		return offer(func(m *Message) { m.Beside, m.Unanswered = true, d })
	}
	a, x := person(nil)
	a.mustTell(t, offer(nil))
	x.heard()
	for _, step := range []struct {
		at   time.Duration
		want string
	}{{59 * time.Second, ""}, {time.Minute, "SMS"}, {119 * time.Second, ""}, {2 * time.Minute, "VOICE"}, {time.Hour, ""}} {
		told := a.mustTell(t, silent(step.at))
		if got := x.heard(); got != step.want {
			t.Errorf("after %s: said by %q, want %q", step.at, got, step.want)
		}
		if told[0].Member != "" {
			t.Errorf("the story is told what it must not conclude from: %+v", told[0])
		}
	}

	a, x = person(nil)
	x.contact.Desk = true
	if a.mustTell(t, silent(time.Hour)); x.heard() != "SMS VOICE EMAIL" {
		t.Error("a desk has a mailbox, too")
	}

	never, soon := -time.Second, time.Duration(0)
	a, x = person(nil)
	x.contact.Others[1].After, x.contact.Others[2].After = &never, &soon
	if a.mustTell(t, offer(nil)); x.heard() != "LINE SMS" {
		t.Error("who wants a text message at once gets it beside LINE")
	}
	if a.mustTell(t, silent(time.Hour)); x.heard() != "" {
		t.Error("who wants no calls is called")
	}

	// LINE refused it, and the text message is reported back as lost: the call comes before its time.
	a, x = person(answers{line: refuse})
	if a.mustTell(t, offer(nil)); x.heard() != "LINE SMS" {
		t.Error("a text message stands in for LINE")
	}
	if a.mustTell(t, silent(30*time.Second)); x.heard() != "" {
		t.Error("the text message was taken, and has its time")
	}
	lost := x.rows["case/7/m1/offer/SMS"]
	lost.Outcome = OutcomeFailed
	x.rows[lost.Key] = lost
	if a.mustTell(t, silent(40*time.Second)); x.heard() != "VOICE" {
		t.Error("nothing has reached them")
	}

	// A provider that is broken is tried again soon, and then left to the next rung: an answer may have come.
	a, _ = person(answers{sms: broken})
	if _, err := a.tell(t, silent(time.Minute)); err == nil {
		t.Error("a text message that nobody took counts as said")
	}
	late := try{in: TellInput{Case: "case"}, n: 5, began: time.Now().Add(-time.Minute)}
	if r := a.say(t.Context(), late, silent(time.Minute)); r.wait != nil {
		t.Errorf("a minute later it is still tried: %+v", r)
	}
}

// A reporter is written to where the report came from.
func TestAReporterBySMS(t *testing.T) {
	a, x := person(nil)
	x.contact = Contact{Language: casefile.Thai, Others: []Way{{Channel: sms, To: "+66822222222"}}}
	m := Message{Key: "case/1/reporter/received", Seq: 1, Template: "received", ReplyToken: "id"}
	told := a.mustTell(t, m)
	if told[0].Outcome != OutcomeAccepted || len(x.said) != 1 || x.said[0].Channel != sms || x.said[0].To != "+66822222222" || x.said[0].ReplyToken != "id" {
		t.Fatalf("%+v, said %+v", told, x.said)
	}
	x.said = nil
	x.contact.Quiet = true // whatever case it is about
	if a.mustTell(t, Message{Key: "case/2/reporter/acked", Seq: 2, Template: "acked"}); len(x.said) != 1 || !x.said[0].ReplyOnly || !x.said[0].Args.Quiet {
		t.Errorf("said %+v", x.said)
	}
	x.contact = Contact{} // blocked, or by telephone
	if told := a.mustTell(t, Message{Key: "k", Template: "acked"}); told[0].Outcome != OutcomeNoContact {
		t.Errorf("%+v", told)
	}
}

// Whatever fails and however often the ladder climbs: on one way a question is
// taken once at most, and before its time only when nothing had taken it.
func TestNoWayTwiceAndNoneTooSoon(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, x := person(nil)
		x.contact.Desk = rapid.Bool().Draw(r, "desk")
		fates := rapid.SliceOfN(rapid.SampledFrom([]string{"taken", "taken", "refused", "later"}), 32, 32).Draw(r, "fates")
		fate := func(ctx context.Context, m Outgoing) (Sent, error) {
			next := fates[0]
			fates = append(fates[1:], next)
			switch next {
			case "taken":
				return Sent{Outcome: OutcomeAccepted}, nil
			case "refused":
				return refuse(ctx, m)
			}
			return broken(ctx, m)
		}
		x.says = answers{line: fate, sms: fate, voice: fate, email: fate}
		after := map[casefile.Channel]time.Duration{sms: time.Minute, voice: 2 * time.Minute, email: time.Minute}
		_, _ = a.tell(t, offer(nil))
		silent := time.Duration(0)
		for range rapid.IntRange(1, 5).Draw(r, "rungs") {
			silent += time.Duration(rapid.IntRange(1, 200).Draw(r, "seconds")) * time.Second
			before := map[string]Delivery{}
			reached := false
			for k, d := range x.rows {
				before[k] = d
				reached = reached || d.Outcome == OutcomeAccepted
			}
			x.said = nil
			_, _ = a.tell(t, offer(func(m *Message) { m.Beside, m.Unanswered = true, silent }))
			for i, m := range x.said {
				if _, was := before[m.Key]; was || m.Channel == "" {
					r.Fatalf("%q again, which was kept as %s", m.Key, before[m.Key].Outcome)
				}
				if reached && after[m.Channel] > silent {
					r.Fatalf("%s after %s", m.Channel, silent)
				}
				for _, o := range x.said[:i] {
					if o.Channel == m.Channel {
						r.Fatalf("%s twice at one rung", m.Channel)
					}
				}
			}
		}
	})
}
