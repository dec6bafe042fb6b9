package channel

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// SMSConfig is what an SMS is made of.
type SMSConfig struct {
	Gateway       *Gateway      // required
	Secret        string        // stands for {secret} in the gateway's file
	AllowLoopback bool          // an emulator on loopback may stand in for the provider; never in production
	Timeout       time.Duration // one call; default 5 s
	// Names gives the name of a province, district or unit code, or "" if it knows none; nil knows none.
	Names func(code string, lang casefile.Language) string
	Log   *slog.Logger // default slog.Default()
	// Around watches the calls of a transport, to measure them; nil: nobody does.
	Around func(http.RoundTripper) http.RoundTripper
}

// SMS says messages through a provider's HTTP gateway. It is safe for concurrent use.
type SMS struct {
	caller *caller
	writer writer
}

var _ activities.Messenger = (*SMS)(nil)

// smsValues are the placeholders that a gateway of SMS may use.
var smsValues = []string{"to", "digits", "national", "text", "key"}

// NewSMS checks the gateway and returns an SMS.
func NewSMS(cfg SMSConfig) (*SMS, error) {
	c, err := newCaller(cfg.Gateway, callerConfig{
		Name: "sms", Secret: cfg.Secret, AllowLoopback: cfg.AllowLoopback, Timeout: cfg.Timeout, Log: cfg.Log, Around: cfg.Around,
	}, smsValues)
	if err != nil {
		return nil, err
	}
	return &SMS{caller: c, writer: writer{names: cfg.Names, log: c.cfg.Log}}, nil
}

// Send writes and says one message.
func (s *SMS) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	text, outcome := s.writer.write(ctx, m)
	if outcome != "" {
		return activities.Sent{Outcome: outcome}, nil
	}
	return s.caller.call(ctx, m.Template, map[string]any{
		"to": m.To, "digits": m.To[1:], "national": national(m.To), "text": text, "key": providerKey(m.Key),
	})
}

// national is a Thai number as Thai people write it; of others all that is dialled.
func national(number string) string {
	if thai, ok := strings.CutPrefix(number, "+66"); ok {
		return "0" + thai
	}
	return number[1:]
}

// Text is what a message says by SMS.
func Text(m activities.Outgoing, of func(code string, lang casefile.Language) string) (string, error) {
	say, ok := texts[m.Template]
	if !ok {
		return "", errors.New("channel: not said by SMS")
	}
	return shortened(say(newPage(m, of))), nil
}

// writer writes messages of SMS.
type writer struct {
	names names
	log   *slog.Logger
}

// write returns the text, or the outcome that settles the message without one.
func (w writer) write(ctx context.Context, m activities.Outgoing) (string, activities.Outcome) {
	if !numberPattern.MatchString(m.To) || m.Key == "" {
		w.log.ErrorContext(ctx, "message without number or key", "template", m.Template)
		return "", activities.OutcomeRefused
	}
	if m.ReplyOnly && m.ReplyToken == "" {
		return "", activities.OutcomeWithheld // quiet: no message but as the answer to one
	}
	text, err := Text(m, w.names)
	if err != nil {
		w.log.ErrorContext(ctx, "message not fit to send", "template", m.Template, "error", err)
		return "", activities.OutcomeRefused
	}
	if n, _ := Segments(text); n > mostSegments { // said nevertheless: better dear than never
		w.log.WarnContext(ctx, "message in too many parts", "template", m.Template, "parts", n)
	}
	return text, ""
}
