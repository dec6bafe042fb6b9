package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
)

// SecretHeader is where a gateway shows our secret.
const SecretHeader = "X-ESS-Secret" // #nosec G101 -- the name of a header

const maxPosted = 64 << 10 // of what a gateway posts

// errNothing says that a press of a key means nothing: the gateway lets the person press again.
var errNothing = errors.New("there is nothing that this answers")

// doors are the doors of gateways.
func (s *Server) doors(r gin.IRoutes) {
	r.POST("/channels/sms", s.posted(smsDoor, func(contentType string, body []byte) ([]byte, error) {
		messages, err := s.SMS.Messages(contentType, body)
		return canonical(messages, err)
	}))
	r.POST("/channels/sms/receipts", s.posted(receiptDoor, func(contentType string, body []byte) ([]byte, error) {
		receipts, err := s.SMS.Receipts(contentType, body)
		return canonical(receipts, err)
	}))
	r.POST("/channels/voice", s.posted(voiceDoor, func(_ string, body []byte) ([]byte, error) {
		event, err := channel.ReadCall(body)
		return canonical(event, err)
	}))
}

// canonical is what was read in one form, whatever the gateway calls its fields.
func canonical(v any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// posted is a gateway's door: a bounded body, our secret, one durable call for
// each thing in it, then 200. What follows comes after.
func (s *Server) posted(d spoolDoor, read func(contentType string, body []byte) ([]byte, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, ok := bounded(c, maxPosted)
		if !ok {
			return
		}
		if shown := c.Request.Header.Values(SecretHeader); len(shown) != 1 || !secretOf(s.ChannelSecrets, shown[0]) {
			c.Status(http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), intakePatience)
		defer cancel()
		at := s.Now()
		said, err := read(c.ContentType(), body)
		if err != nil { // the error quotes nothing
			s.Log.LogAttrs(ctx, slog.LevelError, "a gateway's post was not understood: kept in the spool for a human",
				slog.String("door", string(d)), slog.Int("bytes", len(body)), slog.Any("error", err))
			c.Status(http.StatusBadRequest)
			if err := s.Spool.PutOdd(d, at, body); err != nil {
				s.Log.LogAttrs(ctx, slog.LevelError, "a gateway's post was not kept", slog.Any("error", err))
				c.Status(http.StatusServiceUnavailable)
			}
			return
		}
		c.Status(s.keepPosted(ctx, d, at, said))
	}
}

// secretOf reports whether the secret is one of ours. There are two while one is
// rotated; all are compared, so that time does not tell which one, or how far.
func secretOf(ours []string, shown string) bool {
	given, found := sha256.Sum256([]byte(shown)), 0
	for _, secret := range ours {
		sum := sha256.Sum256([]byte(secret))
		found |= subtle.ConstantTimeCompare(given[:], sum[:])
	}
	return found == 1
}

// keepPosted takes in what a gateway said or, while that cannot be, puts it into
// the spool, and says what the gateway is answered.
func (s *Server) keepPosted(ctx context.Context, d spoolDoor, at time.Time, said []byte) int {
	err := s.takePosted(ctx, d, at, said)
	switch {
	case errors.Is(err, errNothing):
		return http.StatusUnprocessableEntity
	case err == nil:
		return http.StatusOK
	}
	s.Log.LogAttrs(ctx, slog.LevelError, "a gateway's post was not taken in: kept in the spool", slog.String("door", string(d)), slog.Any("error", err))
	if err := s.Spool.Put(d, at, said); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "a gateway's post was not kept", slog.Any("error", err))
	}
	return http.StatusServiceUnavailable // it hands it over again; duplicates die on the event ID
}

// takePosted takes in what a gateway said, in canonical form.
func (s *Server) takePosted(ctx context.Context, d spoolDoor, at time.Time, said []byte) error {
	switch d {
	case smsDoor:
		return each(said, func(in channel.Incoming) error { return s.message(ctx, at, in) })
	case receiptDoor:
		return each(said, func(r channel.Receipt) error { return s.handed(ctx, casefile.ChannelSMS, r.ID, r.Delivered) })
	case voiceDoor:
		var event channel.CallEvent
		if err := json.Unmarshal(said, &event); err != nil {
			return errors.New("channels: not what was kept")
		}
		return s.call(ctx, at, event)
	default:
		return errors.New("channels: no such door")
	}
}

func each[T any](said []byte, take func(T) error) error {
	var list []T
	if json.Unmarshal(said, &list) != nil { // never the parser's words: they may quote
		return errors.New("channels: not what was kept")
	}
	for _, v := range list {
		if err := take(v); err != nil {
			return err
		}
	}
	return nil
}

// TakeSMS takes in a message that a short-message centre handed over. An error
// says that it must hand it over again.
func (s *Server) TakeSMS(ctx context.Context, in channel.Incoming) error {
	return s.taken(ctx, smsDoor, []channel.Incoming{in})
}

// TakeReceipt takes in what became of a message of ours.
func (s *Server) TakeReceipt(ctx context.Context, r channel.Receipt) error {
	return s.taken(ctx, receiptDoor, []channel.Receipt{r})
}

func (s *Server) taken(ctx context.Context, d spoolDoor, list any) error {
	said, err := json.Marshal(list)
	if err != nil {
		return errors.New("channels: cannot be kept")
	}
	ctx, cancel := context.WithTimeout(ctx, intakePatience)
	defer cancel()
	if status := s.keepPosted(ctx, d, s.Now(), said); status != http.StatusOK {
		return errors.New("channels: not kept yet")
	}
	return nil
}

// How often a receipt is looked up that came before its message was on record, real time.
var receiptAgain = []time.Duration{time.Second, 5 * time.Second, 20 * time.Second}

// handed notes what became of a message that a channel had taken. A receipt may
// be quicker than our own record of the message; one that nobody knows later
// either is of something beside the cases.
func (s *Server) handed(ctx context.Context, ch casefile.Channel, request string, arrived bool) error {
	if request == "" {
		return nil
	}
	found, err := s.Addresses.Handed(ctx, ch, request, arrived)
	if err != nil || found {
		return err
	}
	s.run.try(func() {
		for _, wait := range receiptAgain {
			select {
			case <-s.stopping:
				return
			case <-time.After(wait):
			}
			ctx, cancel := context.WithTimeout(context.Background(), intakePatience)
			found, err := s.Addresses.Handed(ctx, ch, request, arrived)
			cancel()
			if err != nil {
				s.Log.LogAttrs(ctx, slog.LevelWarn, "what became of a message was not noted", slog.Any("error", err))
			}
			if found {
				return
			}
		}
	})
	return nil
}
