// Package channel is every way between people and ESS beside LINE: SMS by a
// provider's HTTP gateway or by SMPP, calls that speak and hear keys, and
// e-mail. A Router picks the way of a message, LINE among them; the sentences of
// these ways are here, in Thai and in English.
//
// It holds no rules about cases, decides for nobody which way is used, and has no
// memory but of messages half sent: what was sent is recorded by the caller. It
// never logs or returns a number, an address, a text or a body.
package channel

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
)

// Router says every message by the messenger of its channel; no channel is LINE.
type Router map[casefile.Channel]activities.Messenger

var _ activities.Messenger = Router{}

// Send hands the message to its channel. Where none is set up nobody is reached
// by it, which is an answer for good: the caller goes on to the next way.
func (r Router) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	ch := m.Channel
	if ch == "" {
		ch = casefile.ChannelLINE
	}
	to, ok := r[ch]
	if !ok {
		return activities.Sent{Outcome: activities.OutcomeNoContact}, nil
	}
	return to.Send(ctx, m)
}

// Hears is who takes what a provider hands over. Nothing is acknowledged before
// the function has returned nil, so what it took must be kept by then.
type Hears struct {
	Message func(context.Context, Incoming) error
	Receipt func(context.Context, Receipt) error
}

var numberPattern = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// Number reads who a message comes from, as providers write it, and returns it in
// E.164 form. A sender that is a name has none. A number that the tables of
// numbers do not know yet is one nevertheless: a cry for help is never dropped.
func Number(s string) (string, bool) {
	if e164, ok := phone.E164(s); ok {
		return e164, true
	}
	s = "+" + strings.TrimLeft(strings.TrimSpace(s), "+0")
	return s, numberPattern.MatchString(s)
}

// sender is who a message comes from: a number, or the name as it came.
func sender(s string) string {
	if number, ok := Number(s); ok {
		return number
	}
	return strings.TrimSpace(s)
}

// keySpace is the namespace of the keys that providers see. It is never changed:
// the same message must always give the same key.
var keySpace = uuid.MustParse("c0a1f7de-2f5b-4a55-8d3c-7d5c9a0e51b2")

// providerKey is the same for every try of the same message. A provider that
// knows keys says the message once. One that knows none may say it twice after an
// answer got lost, which is better than never: every sentence here may be read twice.
func providerKey(key string) string { return uuid.NewSHA1(keySpace, []byte(key)).String() }

// What a provider did, as a code.
const (
	reasonBreaker  = "breaker_open"
	reasonNoAnswer = "no_answer"
	reasonRate     = "rate_limit"
)

var errServer = errors.New("server error")

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
