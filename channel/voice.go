package channel

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// VoiceConfig is what a Voice is made of.
type VoiceConfig struct {
	Gateway       *Gateway      // required
	Secret        string        // stands for {secret} in the gateway's file
	AllowLoopback bool          // an emulator on loopback may stand in for the provider; never in production
	Timeout       time.Duration // until the gateway has taken a call; default 5 s
	// Names gives the name of a province, district or unit code, or "" if it knows none; nil knows none.
	Names func(code string, lang casefile.Language) string
	Log   *slog.Logger // default slog.Default()
	// Around watches the calls of a transport, to measure them; nil: nobody does.
	Around func(http.RoundTripper) http.RoundTripper
}

// Voice lets a provider's gateway call people, say a sentence and hear keys. The
// gateway posts what came of it; ReadCall reads that. It is safe for concurrent use.
type Voice struct {
	caller *caller
	names  names
}

var _ activities.Messenger = (*Voice)(nil)

// voiceValues are the placeholders that a gateway of calls may use, beside those
// of SMS: {language} is th-TH or en-US; {keys}, alone in its string, is the list
// of keys with their meaning; {code} is how many digits are asked for in their
// place, or 0; {unheard} is said when we did not take a press; {reference} comes
// back with everything that the gateway posts.
var voiceValues = []string{"to", "digits", "national", "text", "key", "language", "keys", "code", "unheard", "reference"}

// NewVoice checks the gateway and returns a Voice.
func NewVoice(cfg VoiceConfig) (*Voice, error) {
	c, err := newCaller(cfg.Gateway, callerConfig{
		Name: "voice", Secret: cfg.Secret, AllowLoopback: cfg.AllowLoopback, Timeout: cfg.Timeout, Log: cfg.Log, Around: cfg.Around,
	}, voiceValues)
	if err != nil {
		return nil, err
	}
	return &Voice{caller: c, names: cfg.Names}, nil
}

// Send asks for one call. A message that is not one for a call reaches nobody
// this way, which is an answer for good.
func (v *Voice) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	c, spoken := newPage(m, v.names).speak(m.Template)
	if !spoken {
		return activities.Sent{Outcome: activities.OutcomeNoContact}, nil
	}
	if !numberPattern.MatchString(m.To) || m.Key == "" {
		v.caller.cfg.Log.ErrorContext(ctx, "call without number or key", "template", m.Template)
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	keys, err := json.Marshal(c.keys)
	if err != nil {
		return activities.Sent{}, err
	}
	return v.caller.call(ctx, m.Template, map[string]any{
		"to": m.To, "digits": m.To[1:], "national": national(m.To), "text": c.say, "key": providerKey(m.Key), "language": c.language,
		"keys": json.RawMessage(keys), "code": strconv.Itoa(c.code), "unheard": c.unheard, "reference": reference(m),
	})
}
