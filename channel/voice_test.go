package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
)

// inbound is our own door, as far as a provider sees it.
type inbound struct {
	*httptest.Server
	mu     sync.Mutex
	events []CallEvent
	away   int // so many posts are answered 503
}

func newInbound(t *testing.T) *inbound {
	t.Helper()
	in := &inbound{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e, bad := ReadCall(body)
		if err != nil || bad != nil || r.URL.Path != "/channels/voice" {
			t.Errorf("posted to %s: %v, %v", r.URL.Path, err, bad)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.away > 0 && e.Status == CallKey {
			in.away--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if !slices.ContainsFunc(in.events, func(x CallEvent) bool { return x.ID == e.ID }) {
			in.events = append(in.events, e)
		}
	}))
	t.Cleanup(in.Close)
	return in
}

// heard waits for a status, and returns the event.
func (in *inbound) heard(t *testing.T, status CallStatus) CallEvent {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		in.mu.Lock()
		i := slices.IndexFunc(in.events, func(e CallEvent) bool { return e.Status == status })
		if i >= 0 {
			e := in.events[i]
			in.mu.Unlock()
			return e
		}
		in.mu.Unlock()
	}
	t.Fatalf("nothing was heard of %s", status)
	return CallEvent{}
}

// providers are emulated ones that post to in.
func providers(t *testing.T, in *inbound, o channelemu.Options) *channelemu.Emulator {
	t.Helper()
	if in != nil {
		o.Inbound = in.URL + "/channels"
	}
	e, err := channelemu.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if _, err := e.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return e
}

func voice(t *testing.T, e *channelemu.Emulator, log io.Writer) *Voice {
	t.Helper()
	g, err := ParseGateway(e.VoiceGateway())
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVoice(VoiceConfig{
		Gateway: g, Secret: e.APIKey(), AllowLoopback: true, Timeout: time.Second, Names: thaiNames, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func thaiNames(code string, l casefile.Language) string {
	names := map[string]pair{"65": {"พิษณุโลก", "Phitsanulok"}, "6501": {"เมืองพิษณุโลก", "Mueang Phitsanulok"}, "10": {"กรุงเทพมหานคร", "Bangkok"}, "1001": {"พระนคร", "Phra Nakhon"}}
	return names[code].in(l)
}

const calledNumber = "+66812345678"

func callFor(template string) activities.Outgoing {
	return activities.Outgoing{
		Channel: casefile.ChannelVoice, To: calledNumber, Key: string(calledCase) + "/7/pol-1/" + template + "/VOICE", Language: casefile.English,
		Template: template, Args: spokenArgs(),
	}
}

// spokenArgs hold everything that a call must not say.
func spokenArgs() activities.Args {
	return activities.Args{
		Case: calledCase, Code: "6F3A-2D90", Seq: 7, Type: casefile.SexualRisk, Severity: casefile.Critical, Role: casefile.Police,
		Metres: 1180, Province: "65", District: "6501", Pin: &casefile.Pin{Lat: 16.821123, Lon: 100.265849}, Phone: "+66899999999", Unit: "PPS", Child: true,
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A phone rings, speaks, and hears 1, ten minutes, hash; the answer comes to us
// with what it is about, and the person hears that it is recorded.
func TestACallIsAnsweredByKeys(t *testing.T) {
	in := newInbound(t)
	e := providers(t, in, channelemu.Options{})
	phone := e.Phone(calledNumber)
	sent, err := voice(t, e, io.Discard).Send(t.Context(), callFor("offer"))
	if err != nil || sent.Outcome != activities.OutcomeAccepted || sent.Request == "" {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	said, err := phone.Hears(within(t), "An officer is needed")
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.Press("*"); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Wait(within(t), said.Seq, func(i channelemu.Item) bool { return i.Incoming && i.Text == said.Text }); err != nil {
		t.Fatalf("not repeated: %v", err)
	}
	if err := phone.Press("110#"); err != nil {
		t.Fatal(err)
	}
	got := in.heard(t, CallKey)
	want := CallEvent{ID: got.ID, Call: sent.Request, To: calledNumber, Status: CallKey, Template: "offer", Case: calledCase, Offer: 7, Reply: "1 10"}
	if got != want {
		t.Errorf("heard %+v, want %+v", got, want)
	}
	if _, err := phone.Hears(within(t), "Your answer is recorded"); err != nil {
		t.Error(err)
	}
	in.heard(t, CallRinging)
	in.heard(t, CallAnswered)
	in.heard(t, CallCompleted)
}

// While we do not take the answer the person does not hear that it is recorded.
func TestACallNeverSaysThatAnUntakenAnswerIsRecorded(t *testing.T) {
	in := newInbound(t)
	in.away = 2
	e := providers(t, in, channelemu.Options{Retries: 1, RetryDelay: time.Millisecond})
	phone := e.Phone(calledNumber)
	if _, err := voice(t, e, io.Discard).Send(t.Context(), callFor("desk_item")); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Hears(within(t), "national desk"); err != nil {
		t.Fatal(err)
	}
	if err := phone.Press("1"); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Hears(within(t), "It was not recorded"); err != nil {
		t.Fatal(err)
	}
	for _, i := range phone.Transcript() {
		if strings.Contains(i.Text, "Your answer is recorded") {
			t.Error("it said that the answer is recorded")
		}
	}
	if err := phone.Press("1"); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Hears(within(t), "Your answer is recorded"); err != nil {
		t.Error(err)
	}
	in.heard(t, CallKey)
}

// A call that reaches nobody says so.
func TestACallThatNobodyTakes(t *testing.T) {
	for how, want := range map[channelemu.Pickup]CallStatus{
		channelemu.LetsItRing: CallNoAnswer, channelemu.IsEngaged: CallBusy, channelemu.CannotBeHad: CallFailed,
	} {
		in := newInbound(t)
		e := providers(t, in, channelemu.Options{})
		e.Phone(calledNumber).WhenCalled(how)
		if _, err := voice(t, e, io.Discard).Send(t.Context(), callFor("offer")); err != nil {
			t.Fatal(err)
		}
		if got := in.heard(t, want); got.Case != calledCase {
			t.Errorf("%s is about %+v", want, got)
		}
	}
}

// What the gateway says decides what the caller does next; one key is one call.
func TestVoiceUnderstandsItsGateway(t *testing.T) {
	tests := []struct {
		fault     channelemu.FaultKind
		outcome   activities.Outcome
		transient string
		calls     int
	}{
		{channelemu.RateLimited, "", "rate_limit", 0},
		{channelemu.ErrorBefore, "", "status_500", 0},
		{channelemu.Hang, "", "no_answer", 0},
		{channelemu.Reset, "", "no_answer", 0},
		{channelemu.ErrorAfter, "", "status_500", 1},
		{channelemu.HangAfter, "", "no_answer", 1},
		{channelemu.QuotaReached, activities.OutcomeQuota, "", 0},
		{channelemu.Refused, activities.OutcomeRefused, "", 0},
		{channelemu.Vanished, activities.OutcomeAccepted, "", 0},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			in := newInbound(t)
			e := providers(t, in, channelemu.Options{})
			var log bytes.Buffer
			v := voice(t, e, &log)
			if err := e.FailNext(channelemu.ServiceVoice, tt.fault, 1); err != nil {
				t.Fatal(err)
			}
			sent, err := v.Send(t.Context(), callFor("offer"))
			var transient *activities.TransientError
			if errors.As(err, &transient) != (tt.transient != "") || transient != nil && transient.Reason != tt.transient || sent.Outcome != tt.outcome {
				t.Fatalf("sent %+v, %v", sent, err)
			}
			if tt.transient == "" {
				return
			}
			again, err := v.Send(t.Context(), callFor("offer"))
			if err != nil || again.Outcome != activities.OutcomeAccepted {
				t.Fatalf("again: %+v, %v", again, err)
			}
			if _, err := e.Phone(calledNumber).Hears(within(t), "An officer is needed"); err != nil {
				t.Fatal(err)
			}
			if n := len(e.Phone(calledNumber).Transcript()); n != 1 {
				t.Errorf("rang %d times", n)
			}
			if strings.Contains(log.String(), "812345678") {
				t.Errorf("the log names the number: %s", &log)
			}
		})
	}
}

// What is not for a call reaches nobody this way; a call without a number is our mistake.
func TestVoiceSaysOnlyWhatIsForACall(t *testing.T) {
	e := providers(t, newInbound(t), channelemu.Options{})
	v := voice(t, e, io.Discard)
	for template, want := range map[string]activities.Outcome{"thanks": activities.OutcomeNoContact, "watch_over": activities.OutcomeNoContact, "nothing": activities.OutcomeNoContact} {
		if sent, err := v.Send(t.Context(), callFor(template)); err != nil || sent.Outcome != want {
			t.Errorf("%s: %+v, %v", template, sent, err)
		}
	}
	m := callFor("offer")
	m.To = "0812345678"
	if sent, err := v.Send(t.Context(), m); err != nil || sent.Outcome != activities.OutcomeRefused {
		t.Errorf("no E.164: %+v, %v", sent, err)
	}
}

// alarmArgs are what the watcher says.
func alarmArgs(kind string, count int) activities.Args {
	return activities.Args{Reason: kind, Alarm: &activities.Alarm{Answer: "A17", Runbook: "inbox-waiting", Count: count, Cases: []casefile.CaseID{calledCase}}}
}

// Everything that a call says is in a golden file, and none of it is personal.
func TestWhatCallsSay(t *testing.T) {
	templates := []string{"contact_code", "watch_alarm"}
	for name := range questions {
		templates = append(templates, name)
	}
	slices.Sort(templates)
	var b strings.Builder
	for _, template := range templates {
		for _, l := range []casefile.Language{casefile.Thai, casefile.English} {
			m := callFor(template)
			m.Language = l
			variants := map[string]func(*activities.Args){"1 plain": func(*activities.Args) {}, "2 no call": func(a *activities.Args) { a.NoCall = true }}
			switch template {
			case "contact_code":
				variants = map[string]func(*activities.Args){"1 plain": func(a *activities.Args) { a.Code = "042137" }}
			case "watch_alarm":
				variants = map[string]func(*activities.Args){
					"1 one case":  func(a *activities.Args) { *a = alarmArgs("INBOX_WAITING", 1) },
					"2 many":      func(a *activities.Args) { *a = alarmArgs("CASE_UNACKNOWLEDGED", 40) },
					"3 no answer": func(a *activities.Args) { *a = alarmArgs("DATABASE_AWAY", 1); a.Alarm.Answer, a.Alarm.Cases = "", nil },
				}
			case "offer_desk":
				variants["3 word enough"] = func(a *activities.Args) { a.AckOnly = true }
			case "offer":
				variants["3 Bangkok"] = func(a *activities.Args) { a.Province, a.District, a.Metres = "10", "1001", 420 }
				variants["4 place not known"] = func(a *activities.Args) { a.Province, a.District, a.Metres = "", "", 0 }
			}
			for _, name := range sortedKeys(variants) {
				args := spokenArgs()
				if ofCare(template) {
					args.Owed = &casefile.Obligation{ID: 4, Kind: casefile.OweContact}
				}
				variants[name](&args)
				m.Args = args
				c, ok := newPage(m, thaiNames).speak(template)
				if !ok {
					t.Fatalf("%s is not spoken", template)
				}
				fmt.Fprintf(&b, "== %s, %s, %s (%s)\n%s\n", template, l, name[2:], c.language, c.say)
				for _, k := range c.keys {
					raw, _ := json.Marshal(k)
					fmt.Fprintf(&b, "%s\n", raw)
				}
				fmt.Fprintf(&b, "code %d, unheard: %s\n\n", c.code, c.unheard)
			}
		}
	}
	for _, personal := range []string{"16.8", "100.2", "99999999", "PPS", "ล่วงละเมิด", "sexual", "วิกฤต", "CRITICAL"} {
		if strings.Contains(b.String(), personal) {
			t.Errorf("a call says %q", personal)
		}
	}
	golden(t, "voice", b.String())
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
