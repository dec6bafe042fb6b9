package dispatch

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ess-thailand/ess/casefile"
)

// evening is 22:00 in Thailand.
var evening = time.Date(2026, 5, 1, 15, 0, 0, 0, time.UTC)

func TestDue(t *testing.T) {
	sms, voice := Way{Channel: casefile.ChannelSMS, After: time.Minute}, Way{Channel: casefile.ChannelVoice, After: 2 * time.Minute}
	email := Way{Channel: casefile.ChannelEmail, After: time.Minute}
	all := []Way{sms, voice, email}
	atOnce, onlyAfter, byDay, byNight := sms, voice, voice, voice
	atOnce.After, onlyAfter.After = 0, -1
	byDay.From, byDay.Until = 7*time.Hour, 21*time.Hour
	byNight.From, byNight.Until = 21*time.Hour, 7*time.Hour
	was := func(channels ...casefile.Channel) []Tried {
		var out []Tried
		for _, c := range channels {
			out = append(out, Tried{Channel: c})
		}
		return out
	}
	failed := func(channels ...casefile.Channel) []Tried {
		out := was(channels...)
		for i := range out {
			out[i].Failed = true
		}
		return out
	}
	const line, s, v, e = casefile.ChannelLINE, casefile.ChannelSMS, casefile.ChannelVoice, casefile.ChannelEmail
	for _, tt := range []struct {
		name   string
		ways   []Way
		tried  []Tried
		silent time.Duration
		want   []casefile.Channel
	}{
		{"asked just now", all, was(line), 0, nil},
		{"a second too soon", all, was(line), 59 * time.Second, nil},
		{"after a minute", all, was(line), time.Minute, []casefile.Channel{s, e}},
		{"after two, and the first two were used", all, was(line, s, e), 2 * time.Minute, []casefile.Channel{v}},
		{"a rung that came late: all that is due, in order", all, was(line), time.Hour, []casefile.Channel{s, v, e}},
		{"nothing left", all, was(line, s, v, e), time.Hour, nil},
		{"LINE refused: the next at once", all, failed(line), 0, []casefile.Channel{s}},
		{"which does not hurry the one after it", []Way{sms, voice}, append(failed(line), was(s)...), 119 * time.Second, nil},
		{"the message could not be delivered either", all, failed(line, s), 30 * time.Second, []casefile.Channel{v}},
		{"LINE took it, the text message was lost: the next has its time", all, append(was(line), failed(s)...), 119 * time.Second, []casefile.Channel{e}},
		{"at once beside LINE", []Way{atOnce, voice}, was(line), 0, []casefile.Channel{s}},
		{"never by silence", []Way{sms, onlyAfter}, was(line, s), time.Hour, nil},
		{"only when nothing else has taken it", []Way{sms, onlyAfter}, failed(line, s), time.Minute, []casefile.Channel{v}},
		{"not at this hour", []Way{sms, byDay}, was(line), time.Hour, []casefile.Channel{s}},
		{"just at this hour", []Way{sms, byNight}, was(line), time.Hour, []casefile.Channel{s, v}},
		{"an hour that is closed spends no turn", []Way{byDay, email}, failed(line), 0, []casefile.Channel{e}},
		{"nobody but LINE", nil, failed(line), time.Hour, nil},
	} {
		var got []casefile.Channel
		for _, w := range Due(tt.ways, tt.tried, tt.silent, evening) {
			got = append(got, w.Channel)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever fails and whenever the ladder climbs: no way is used before its time
// unless every one before it failed, none twice, none outside its hours, and none
// whose time has come is left out.
func TestEveryWayInItsTimeAndOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ways []Way
		for _, c := range rapid.Permutation(casefile.Ways[1:]).Draw(t, "order")[:rapid.IntRange(0, 3).Draw(t, "ways")] {
			w := Way{Channel: c, After: time.Duration(rapid.IntRange(-1, 300).Draw(t, "after")) * time.Second}
			if rapid.Bool().Draw(t, "has hours") {
				w.From = time.Duration(rapid.IntRange(0, 1439).Draw(t, "from")) * time.Minute
				w.Until = time.Duration(rapid.IntRange(0, 1439).Draw(t, "until")) * time.Minute
			}
			ways = append(ways, w)
		}
		tried := []Tried{{casefile.ChannelLINE, rapid.Bool().Draw(t, "line fails")}}
		was := func(w Way) bool {
			return slices.ContainsFunc(tried, func(x Tried) bool { return x.Channel == w.Channel })
		}
		silent, at := time.Duration(0), evening
		for range rapid.IntRange(1, 6).Draw(t, "rungs") {
			taken := slices.ContainsFunc(tried, func(x Tried) bool { return !x.Failed })
			early := 0
			for _, w := range Due(ways, tried, silent, at) {
				switch {
				case was(w):
					t.Fatalf("%s twice", w.Channel)
				case !w.Open(at):
					t.Fatalf("%s outside its hours", w.Channel)
				case w.After < 0 || w.After > silent:
					if early++; taken || early > 1 {
						t.Fatalf("%s before its time: %v", w.Channel, tried)
					}
				}
				tried = append(tried, Tried{w.Channel, rapid.Bool().Draw(t, "fails")})
			}
			for _, w := range ways {
				if w.After >= 0 && w.After <= silent && w.Open(at) && !was(w) {
					t.Fatalf("%s is due and left out", w.Channel)
				}
			}
			step := time.Duration(rapid.IntRange(0, 600).Draw(t, "step")) * time.Second
			silent, at = silent+step, at.Add(step)
		}
	})
}
