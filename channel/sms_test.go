package channel

import (
	"bytes"
	"context"
	"errors"
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

const anns = "+66812345678"

// ears hears what providers hand over, and can be deaf for a while.
type ears struct {
	mu       sync.Mutex
	deaf     int // so many are not taken
	messages []Incoming
	receipts []Receipt
	news     chan struct{}
}

func newEars() *ears { return &ears{news: make(chan struct{}, 1000)} }

var errDeaf = errors.New("not kept")

func (h *ears) message(_ context.Context, in Incoming) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deaf > 0 {
		h.deaf--
		return errDeaf
	}
	h.messages = append(h.messages, in)
	h.news <- struct{}{}
	return nil
}

func (h *ears) receipt(_ context.Context, r Receipt) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.receipts = append(h.receipts, r)
	h.news <- struct{}{}
	return nil
}

// until waits for what is to be true of what was heard.
func (h *ears) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx := within(t)
	for {
		h.mu.Lock()
		ok := done()
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-h.news:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

func (h *ears) receiptOf(id string) (Receipt, bool) {
	i := slices.IndexFunc(h.receipts, func(r Receipt) bool { return r.ID == id })
	if i < 0 {
		return Receipt{}, false
	}
	return h.receipts[i], true
}

// sms is our sender by HTTP, with a door for what comes back.
func sms(t *testing.T, o channelemu.Options, log io.Writer) (*SMS, *channelemu.Emulator, *ears) {
	t.Helper()
	h := newEars()
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(channelemu.SecretHeader) != o.Secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var g *Gateway
		var errs []error
		switch r.URL.Path {
		case "/channels/sms":
			list, err := g.Messages(r.Header.Get("Content-Type"), body)
			errs = append(errs, err)
			for _, in := range list {
				errs = append(errs, h.message(r.Context(), in))
			}
		case "/channels/sms/receipts":
			list, err := g.Receipts(r.Header.Get("Content-Type"), body)
			errs = append(errs, err)
			for _, one := range list {
				errs = append(errs, h.receipt(r.Context(), one))
			}
		}
		if errors.Join(errs...) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(door.Close)
	o.Inbound, o.RetryDelay = door.URL+"/channels", 10*time.Millisecond
	e := providers(t, nil, o)
	g, err := ParseGateway(e.SMSGateway())
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSMS(SMSConfig{
		Gateway: g, Secret: e.APIKey(), AllowLoopback: true, Timeout: time.Minute, Names: thaiNames, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, e, h
}

func offerTo(number string) activities.Outgoing {
	return activities.Outgoing{
		Channel: casefile.ChannelSMS, To: number, Key: "case/7/member:ann/offer/SMS", Template: "offer",
		Args: activities.Args{Code: "A1B2-C3D4", Metres: 1180, Province: "65", District: "6501", Phone: "+66899999999", Pin: &casefile.Pin{Lat: 16.8, Lon: 100.2}},
	}
}

func heardSMS(p *channelemu.Phone) []channelemu.Item {
	return slices.DeleteFunc(p.Transcript(), func(i channelemu.Item) bool { return !i.Incoming })
}

func TestAMessageReachesAPhoneAndItsAnswerReachesUs(t *testing.T) {
	s, e, h := sms(t, channelemu.Options{Secret: "door secret"}, io.Discard)
	sent, err := s.Send(within(t), offerTo(anns))
	if err != nil || sent.Outcome != activities.OutcomeAccepted || sent.Request == "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	ann := e.Phone(anns)
	item, err := ann.Hears(within(t), "ESS A1B2-C3D4")
	if err != nil || item.Coding != "UCS-2" || item.ID != sent.Request || !strings.Contains(item.Text, "ตอบ 1") {
		t.Fatalf("%+v, %v", item, err)
	}
	h.until(t, "a receipt", func() bool { r, ok := h.receiptOf(sent.Request); return ok && r.Delivered })

	id, err := ann.Reply("1 10")
	if err != nil {
		t.Fatal(err)
	}
	h.until(t, "the answer", func() bool { return len(h.messages) == 1 })
	if in := h.messages[0]; in.ID != id || in.From != anns || in.Text != "1 10" || in.At.IsZero() {
		t.Errorf("heard %+v", in)
	}
	if err := ann.Resend(id); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the same again", func() bool { return len(h.messages) == 2 && h.messages[1].ID == id })
}

func TestAnAnswerThatIsNotKeptComesAgain(t *testing.T) {
	_, e, h := sms(t, channelemu.Options{Secret: "door secret"}, io.Discard)
	h.deaf = 2
	id, err := e.Phone(anns).Reply("ช่วยด้วย")
	if err != nil {
		t.Fatal(err)
	}
	h.until(t, "the third try", func() bool { return len(h.messages) == 1 && h.messages[0].ID == id })
	taken := func(i channelemu.Item) bool { return i.ID == id && i.Taken }
	if _, err := e.Phone(anns).Wait(within(t), 0, taken); err != nil {
		t.Error(err)
	}
}

func TestWhatAGatewayAnswers(t *testing.T) {
	tests := []struct {
		name    string
		fault   channelemu.FaultKind
		outcome activities.Outcome
		reason  string // of an error that asks for another try
		reaches int    // messages on the phone after that other try
	}{
		{"all is well", "", activities.OutcomeAccepted, "", 1},
		{"too many at once", channelemu.RateLimited, "", "rate_limit", 1},
		{"no credit left", channelemu.QuotaReached, activities.OutcomeQuota, "", 0},
		{"a number that cannot be", channelemu.Refused, activities.OutcomeRefused, "", 0},
		{"an error, nothing done", channelemu.ErrorBefore, "", "status_500", 1},
		{"an error, but accepted", channelemu.ErrorAfter, "", "status_500", 1},
		{"no answer, nothing done", channelemu.Hang, "", "no_answer", 1},
		{"no answer, but accepted", channelemu.HangAfter, "", "no_answer", 1},
		{"the connection lost, nothing done", channelemu.Reset, "", "no_answer", 1},
		{"the connection lost, but accepted", channelemu.ResetAfter, "", "no_answer", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e, _ := sms(t, channelemu.Options{}, io.Discard)
			if tt.fault != "" {
				if err := e.FailNext(channelemu.ServiceSMS, tt.fault, 1); err != nil {
					t.Fatal(err)
				}
			}
			if tt.reason == "no_answer" {
				s.caller.client.Timeout = 300 * time.Millisecond
			}
			sent, err := s.Send(within(t), offerTo(anns))
			s.caller.client.Timeout = time.Minute
			var again *activities.TransientError
			if errors.As(err, &again) {
				if again.Reason != tt.reason {
					t.Errorf("because of %s, want %s", again.Reason, tt.reason)
				}
				if err := e.SetFaults(); err != nil { // should the first try not have come so far
					t.Fatal(err)
				}
				if sent, err := s.Send(within(t), offerTo(anns)); err != nil || sent.Outcome != activities.OutcomeAccepted {
					t.Errorf("another try: %+v, %v", sent, err)
				}
			} else if err != nil || tt.reason != "" || sent.Outcome != tt.outcome {
				t.Errorf("%+v, %v", sent, err)
			}
			if got := len(heardSMS(e.Phone(anns))); got != tt.reaches {
				t.Errorf("%d messages on the phone, want %d", got, tt.reaches)
			}
		})
	}
}

// Where a provider knows no key, a lost answer costs a message that comes twice, never one that does not come.
func TestWithoutKeysTwiceRatherThanNever(t *testing.T) {
	s, e, _ := sms(t, channelemu.Options{ForgetsKeys: true}, io.Discard)
	if err := e.FailNext(channelemu.ServiceSMS, channelemu.ResetAfter, 1); err != nil {
		t.Fatal(err)
	}
	_, err := s.Send(within(t), offerTo(anns))
	var again *activities.TransientError
	if !errors.As(err, &again) {
		t.Fatal(err)
	}
	if _, err := s.Send(within(t), offerTo(anns)); err != nil {
		t.Fatal(err)
	}
	if got := len(heardSMS(e.Phone(anns))); got != 2 {
		t.Errorf("%d messages on the phone", got)
	}
}

func TestAMessageThatDoesNotArriveIsToldOf(t *testing.T) {
	s, e, h := sms(t, channelemu.Options{}, io.Discard)
	if err := e.FailNext(channelemu.ServiceSMS, channelemu.NotDelivered, 1); err != nil {
		t.Fatal(err)
	}
	sent, err := s.Send(within(t), offerTo(anns))
	if err != nil || sent.Outcome != activities.OutcomeAccepted {
		t.Fatalf("%+v, %v", sent, err)
	}
	h.until(t, "a receipt of failure", func() bool { r, ok := h.receiptOf(sent.Request); return ok && !r.Delivered })
	if len(heardSMS(e.Phone(anns))) != 0 {
		t.Error("it arrived")
	}
}

func TestAPhoneThatIsOffHearsLater(t *testing.T) {
	s, e, h := sms(t, channelemu.Options{}, io.Discard)
	ann := e.Phone(anns)
	ann.SwitchOff()
	sent, err := s.Send(within(t), offerTo(anns))
	if err != nil || len(heardSMS(ann)) != 0 {
		t.Fatalf("%v, %d messages", err, len(heardSMS(ann)))
	}
	ann.SwitchOn()
	if _, err := ann.Hears(within(t), "A1B2-C3D4"); err != nil {
		t.Error(err)
	}
	h.until(t, "the receipt", func() bool { _, ok := h.receiptOf(sent.Request); return ok })
}

func TestABreakerSparesADeadGateway(t *testing.T) {
	s, e, _ := sms(t, channelemu.Options{}, io.Discard)
	if err := e.SetFaults(channelemu.Fault{Service: channelemu.ServiceSMS, Kind: channelemu.ErrorBefore, Probability: 1}); err != nil {
		t.Fatal(err)
	}
	var last *activities.TransientError
	for n := 0; n < 100 && (last == nil || last.Reason != "breaker_open"); n++ {
		if _, err := s.Send(within(t), offerTo(anns)); !errors.As(err, &last) {
			t.Fatal(err)
		}
		if n < breakerAfter && last.Reason != "status_500" {
			t.Errorf("try %d: %+v", n, last)
		}
	}
	if last.Reason != "breaker_open" || last.After <= 0 {
		t.Errorf("%+v", last)
	}
}

func TestAWrongKeyIsTriedAgainAndSaidInTheLog(t *testing.T) {
	var log bytes.Buffer
	s, _, _ := sms(t, channelemu.Options{}, &log)
	s.caller.cfg.Secret = "another"
	var again *activities.TransientError
	if _, err := s.Send(within(t), offerTo(anns)); !errors.As(err, &again) || again.After <= 0 {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "refuses our secret") {
		t.Errorf("the log: %s", log.String())
	}
}

func TestWhatIsNotSentBySMS(t *testing.T) {
	var log bytes.Buffer
	s, e, _ := sms(t, channelemu.Options{}, &log)
	tests := []struct {
		name   string
		change func(*activities.Outgoing)
		want   activities.Outcome
	}{
		{"to no number", func(m *activities.Outgoing) { m.To = "0812345678" }, activities.OutcomeRefused},
		{"without a key", func(m *activities.Outgoing) { m.Key = "" }, activities.OutcomeRefused},
		{"without a sentence", func(m *activities.Outgoing) { m.Template = "card" }, activities.OutcomeRefused},
		{"unasked to somebody who hides", func(m *activities.Outgoing) { m.ReplyOnly = true }, activities.OutcomeWithheld},
		{"the answer to somebody who hides is", func(m *activities.Outgoing) { m.ReplyOnly, m.ReplyToken = true, "MO1" }, activities.OutcomeAccepted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := offerTo(anns)
			tt.change(&m)
			if sent, err := s.Send(within(t), m); err != nil || sent.Outcome != tt.want {
				t.Errorf("%+v, %v", sent, err)
			}
		})
	}
	if got := len(heardSMS(e.Phone(anns))); got != 1 {
		t.Errorf("%d messages on the phone", got)
	}
	for _, personal := range []string{"812345678", "16.8", "899999999"} {
		if strings.Contains(log.String(), personal) {
			t.Errorf("the log holds %s: %s", personal, log.String())
		}
	}
}

func TestTheRouterKnowsItsWays(t *testing.T) {
	s, e, _ := sms(t, channelemu.Options{}, io.Discard)
	r := Router{casefile.ChannelSMS: s}
	if sent, err := r.Send(within(t), offerTo(anns)); err != nil || sent.Outcome != activities.OutcomeAccepted {
		t.Errorf("%+v, %v", sent, err)
	}
	if len(heardSMS(e.Phone(anns))) != 1 {
		t.Error("nothing arrived")
	}
	for _, ch := range []casefile.Channel{"", casefile.ChannelLINE, casefile.ChannelVoice} {
		m := offerTo(anns)
		m.Channel = ch
		if sent, err := r.Send(within(t), m); err != nil || sent.Outcome != activities.OutcomeNoContact {
			t.Errorf("by %q: %+v, %v", ch, sent, err)
		}
	}
}

func TestNumber(t *testing.T) {
	tests := []struct{ give, want string }{
		{"+66812345678", anns}, {"66812345678", anns}, {"0812345678", anns}, {"0066812345678", anns}, {"081-234-5678", anns},
		{"+8562012345678", "+8562012345678"}, {"AIS", ""}, {"1175", ""}, {"", ""}, {"ESS 1300", ""},
	}
	for _, tt := range tests {
		if got, ok := Number(tt.give); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%q is read as %q, %t", tt.give, got, ok)
		}
	}
}
