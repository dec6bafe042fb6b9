package watch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
	"github.com/ess-thailand/ess/watch"
)

// can gives a member another way, proved so long ago; never: not proved.
func (w *world) can(member string, c casefile.Channel, to string, ago time.Duration) {
	w.t.Helper()
	sealed, err := w.store.Sealer.Seal([]byte(to), "contacts|address_sealed|"+member+"|"+string(c))
	if err != nil {
		w.t.Fatal(err)
	}
	hash := w.store.Reporter(casefile.ChannelSMS, to) // a number is one person, whatever it does
	w.sql(`INSERT INTO contacts (member_id, channel, address_sealed, address_hash, verified_at)
		VALUES ($1, $2, $3, $4, CASE WHEN $5::interval >= interval '0' THEN now() - $5::interval END)`, member, c, sealed, hash, ago)
}

const never = -time.Second

// writes is an answer by SMS, as the door files it.
func (w *world) writes(number, member string, kind watch.Kind, id casefile.CaseID) {
	w.t.Helper()
	w.events++
	in := casefile.Incoming{
		Word: casefile.Pressed, Action: casefile.ActDeskTake, Reason: casefile.ReasonWatch, Case: id, Channel: casefile.ChannelSMS,
		Option: "A" + w.sql("SELECT max(id) FROM alarms WHERE kind = $1", kind), By: casefile.Actor{Kind: casefile.ByMember, ID: member},
	}
	if _, err := w.store.Intake(w.t.Context(), []postgres.Arrival{{
		EventID: casefile.EventID(fmt.Sprintf("e%d", w.events)), Channel: casefile.ChannelSMS, UserID: number, In: in, At: time.Now(),
	}}); err != nil {
		w.t.Fatal(err)
	}
}

// LINE refuses: the next way that takes it rings at once, and no more than that one.
func TestWhereLINERefusesTheNextWayRings(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelVoice, "+66812345678", time.Hour)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.phones.refuses = map[casefile.Channel]bool{casefile.ChannelLINE: true}
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1 by SMS")
	w.turns()
	w.phones.refuses[casefile.ChannelSMS] = true
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1 by VOICE")
}

// What nobody answers rings by more and more ways; the end is told by LINE.
func TestAnUnansweredAlarmRingsByMoreWays(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelVoice, "+66812345678", time.Hour)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1", "day INBOX_WAITING 1 by SMS")
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1", "day INBOX_WAITING 1 by SMS", "day INBOX_WAITING 1 by VOICE")
	w.sql("UPDATE inbox SET handed_at = now()")
	w.turns("day INBOX_WAITING 1 over")
}

// Several alarms that nobody answers are several messages, and one call.
func TestSeveralAlarmsAreOneCall(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelVoice, "+66812345678", time.Hour)
	id := w.reports("mali")
	w.ages(id, "reported_at", time.Hour)
	for range 2 {
		w.passes(61 * time.Second)
		w.turns("day CASE_UNACKNOWLEDGED 1", "day INBOX_WAITING 1")
	}
	w.passes(61 * time.Second)
	w.turns("day CASE_UNACKNOWLEDGED 1", "day CASE_UNACKNOWLEDGED 1 by VOICE", "day INBOX_WAITING 1")
}

// Two rings of one alarm to one person have different keys, and so has each way of one ring.
func TestEveryWayOfEveryRingHasItsKey(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.reports("mali")
	for range 3 {
		w.passes(61 * time.Second)
		if err := w.Turn(t.Context(), w.began); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for _, b := range w.phones.bells {
		keys = append(keys, b.Key)
	}
	slices.Sort(keys)
	if len(keys) != 5 || len(slices.Compact(keys)) != 5 {
		t.Errorf("rang under %q", keys)
	}
}

// An answer by SMS or by a key is an answer: the rings end, and who gave it is kept.
func TestAnAnswerBySMSEndsTheRings(t *testing.T) {
	w := begin(t)
	w.can("night", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.can("radio", casefile.ChannelSMS, "+66811111111", time.Hour)
	w.can("day", casefile.ChannelSMS, "+66822222222", never)
	id := w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
	w.writes("+66811111111", "radio", watch.InboxWaiting, id) // not of the desk
	w.writes("+66822222222", "day", watch.InboxWaiting, id)   // a number that nobody proved
	w.writes("+66833333333", "day", watch.InboxWaiting, id)   // a number that we do not know
	w.passes(61 * time.Second)
	w.turns("day INBOX_WAITING 1")
	w.writes("+66812345678", "night", watch.InboxWaiting, id)
	w.turns()
	w.passes(61 * time.Second)
	w.turns()
	if got := w.sql("SELECT kind, answered_by FROM alarms"); got != "INBOX_WAITING night" {
		t.Errorf("answered: %s", got)
	}
}

// Who answers while others are still being rung has answered.
func TestAnAnswerWhileItStillRings(t *testing.T) {
	w := begin(t)
	w.began = time.Now().Add(-time.Hour)
	for _, p := range []watch.Part{watch.API, watch.Relay, watch.Temporal, watch.LINE, watch.Watcher} {
		if err := w.memory.Beat(t.Context(), p, "a"); err != nil {
			t.Fatal(err)
		}
	}
	w.phones.during = func() { w.presses("day", watch.WorkerSilent, "") }
	w.turns("day WORKER_SILENT 1")
	w.turns()
	if got := w.sql("SELECT answered_by FROM alarms"); got != "day" {
		t.Errorf("answered by %s", got)
	}
}

// Two operators share the telephone of the desk: who answered is who says so.
func TestATelephoneOfTwoIsAnsweredByOne(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.can("night", casefile.ChannelSMS, "+66812345678", time.Hour)
	id := w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
	w.writes("+66812345678", "night", watch.InboxWaiting, id)
	w.turns()
	if got := w.sql("SELECT answered_by FROM alarms"); got != "night" {
		t.Errorf("answered by %s", got)
	}
}

// Who has no LINE is rung all the same, at the address that was proved last.
func TestAnOperatorWithoutLINEIsRung(t *testing.T) {
	w := begin(t)
	w.sql("UPDATE members SET line_user_sealed = NULL, line_hash = NULL WHERE id = 'day'")
	w.can("day", casefile.ChannelSMS, "+66811111111", 48*time.Hour)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.can("day", casefile.ChannelSMS, "+66822222222", never)
	w.reports("mali")
	w.passes(11 * time.Second)
	if err := w.Turn(t.Context(), w.began); err != nil {
		t.Fatal(err)
	}
	if b := w.phones.bells; len(b) != 1 || b[0].Way != (watch.Way{Channel: casefile.ChannelSMS, To: "+66812345678"}) || b[0].To.Member != "day" {
		t.Errorf("rang %+v", b)
	}
}

// Nobody on duty can be reached, however many are: the whole desk is rung.
func TestADeskOnDutyWithoutAWayLeavesTheOthers(t *testing.T) {
	w := begin(t)
	w.sql("UPDATE members SET line_user_sealed = NULL, line_hash = NULL WHERE id = 'day'")
	w.can("day", casefile.ChannelSMS, "+66822222222", never)
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("night INBOX_WAITING 1")
}

// An address that cannot be opened takes its own way away, and no other.
func TestAnAddressThatCannotBeOpened(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.sql("UPDATE contacts SET address_sealed = 'x'")
	w.reports("mali")
	w.passes(11 * time.Second)
	w.turns("day INBOX_WAITING 1")
}

// LINE falls silent: the desk hears it by SMS, without anybody waiting for LINE,
// and that it is over by LINE itself.
func TestLINEFallsSilentAndTheDeskHears(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	w.phones.away = true
	w.Rule.Beat.Duration, w.Rule.Look.Duration = 20*time.Millisecond, 20*time.Millisecond
	w.Rule.Silent.Duration = 2 * time.Second
	for _, p := range []watch.Part{watch.API, watch.Worker, watch.Relay, watch.Temporal} {
		w.sql("INSERT INTO heartbeats (part, instance, beat_at) VALUES ($1, 'a', now() + interval '1 hour')", p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	hears := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			got := w.phones.heard()
			if slices.Contains(got, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the desk did not hear %s", want)
			}
		}
	}
	hears("day LINE_SILENT 1 by SMS")
	w.phones.mu.Lock()
	w.phones.away = false
	w.phones.mu.Unlock()
	hears("day LINE_SILENT 1 over")
}

// The database is away: who was known is rung by the ways that were known, more of them each time.
func TestADatabaseThatIsAwayRingsByMoreWays(t *testing.T) {
	w := begin(t)
	w.can("day", casefile.ChannelSMS, "+66812345678", time.Hour)
	store := &away{Store: w.memory}
	one := w.watcher(store)
	if err := one.Turn(t.Context(), w.began); err != nil {
		t.Fatal(err)
	}
	one.Rule.Silent.Duration, one.Rule.Repeat.Duration = 0, time.Second
	one.Ways = []policy.Way{{Channel: casefile.ChannelSMS, After: policy.Span{Duration: time.Second}}}
	store.gone = true
	var heard []string
	for deadline := time.Now().Add(time.Minute); !slices.Contains(heard, "day DATABASE_AWAY 1 by SMS"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the desk heard %s", strings.Join(heard, ", "))
		}
		_ = one.Turn(t.Context(), w.began)
		heard = append(heard, w.phones.heard()...)
	}
	if heard[0] != "day DATABASE_AWAY 1" {
		t.Errorf("the desk heard %s first", fmt.Sprint(heard[0]))
	}
}
