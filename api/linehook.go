package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

const (
	intakePatience = 5 * time.Second
	drainEvery     = 2 * time.Second
)

// lineHook is LINE's door: a bounded body, the signature over its raw bytes, one
// durable call for all its events, then 200. What follows comes after.
func (s *Server) lineHook(c *gin.Context) {
	body, ok := bounded(c, maxWebhook)
	if !ok {
		return
	}
	if signatures := c.Request.Header.Values("X-Line-Signature"); len(signatures) != 1 || !line.Verify(s.LINESecrets, signatures[0], body) {
		c.Status(http.StatusUnauthorized)
		return
	}
	// LINE hangs up after two seconds; what we have begun to keep we keep.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), intakePatience)
	defer cancel()
	c.Status(s.keep(ctx, body))
}

// bounded reads a body of at most so many bytes; otherwise it has answered.
func bounded(c *gin.Context, most int64) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, most))
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return body, true
	case errors.As(err, &large):
		c.Status(http.StatusRequestEntityTooLarge)
	default:
		c.Status(http.StatusBadRequest) // the sender went away
	}
	return nil, false
}

// keep puts a signed body into the inbox, or, while that cannot be, into the
// spool, and says what LINE is answered. The body is never logged.
func (s *Server) keep(ctx context.Context, body []byte) int {
	at := s.Now()
	_, raws, err := line.Split(body)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "a signed webhook was not understood: kept in the spool for a human", slog.Int("bytes", len(body)), slog.Any("error", err))
		if err := s.Spool.PutOdd(lineDoor, at, body); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelError, "webhook not kept", slog.Any("error", err))
			return http.StatusServiceUnavailable
		}
		return http.StatusBadRequest
	}
	if err := s.takeIn(ctx, at, raws); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "webhook not taken in: kept in the spool", slog.Int("events", len(raws)), slog.Any("error", err))
		if err := s.Spool.Put(lineDoor, at, body); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelError, "webhook not kept", slog.Any("error", err))
		}
		return http.StatusServiceUnavailable // LINE sends it again; duplicates die on the event ID
	}
	return http.StatusOK
}

// takeIn keeps the events of a body and starts what follows from them.
func (s *Server) takeIn(ctx context.Context, at time.Time, raws []json.RawMessage) error {
	if len(raws) == 0 { // the console's connection test
		return nil
	}
	parsed := make(map[string]line.Arrival, len(raws))
	arrived := make([]Arrival, 0, len(raws))
	for _, raw := range raws {
		a, err := line.Parse(raw)
		if err != nil { // kept all the same; the error holds no part of the event
			s.Log.LogAttrs(ctx, slog.LevelWarn, "webhook event not understood", slog.String("type", a.Type), slog.Any("error", err))
		}
		parsed[string(a.EventID)] = a
		arrived = append(arrived, Arrival{
			EventID: string(a.EventID), Channel: casefile.ChannelLINE, UserID: a.UserID, Raw: raw, In: a.In, At: at,
		})
	}
	ctx, end := s.step(ctx, "intake")
	routed, err := s.Intake.Intake(ctx, arrived)
	if err != nil {
		end(http.StatusServiceUnavailable)
		return err
	}
	end(0)
	for _, r := range routed {
		a := parsed[r.EventID]
		s.metrics.event(a.In.Word, r.Duplicate)
		if r.Concern != "" && r.ConcernN > 0 {
			s.nudgeConcern(ctx, r.Concern, r.ConcernN)
		}
		if r.Aid != "" && r.AidN > 0 {
			s.nudgeAid(ctx, r.Aid, r.AidN)
		}
		switch {
		case r.Case != "":
			s.nudges.add(ctx, r.Case, r.N)
		case r.Door == casefile.Neither && !r.Duplicate:
			s.answer(a, r)
		}
	}
	return nil
}

// drain takes in what waits in the spool, again and again until the context ends.
func (s *Server) drain(ctx context.Context) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for {
		if err := s.Spool.Drain(ctx, s.takeInSpooled); err != nil && ctx.Err() == nil {
			level := slog.LevelWarn // the database is away: the next round tries again
			if errors.Is(err, errPutAside) {
				level = slog.LevelError
			}
			s.Log.LogAttrs(ctx, level, "spool not drained", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) takeInSpooled(ctx context.Context, d spoolDoor, at time.Time, body []byte) error {
	if d != lineDoor {
		ctx, cancel := context.WithTimeout(ctx, intakePatience)
		defer cancel()
		if err := s.takePosted(ctx, d, at, body); !errors.Is(err, errNothing) {
			return err
		}
		return nil // kept; nobody is on the telephone any more
	}
	_, raws, err := line.Split(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, intakePatience)
	defer cancel()
	return s.takeIn(ctx, at, raws)
}
