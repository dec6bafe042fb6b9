package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// aidFeed is a stream of where one request stands.
type aidFeed struct {
	feed
	id   casefile.AidID
	seen int // the version that the reader knows
}

// StreamAidRequest serves GET /v1/aid-requests/{aid}/stream.
func (s *Server) StreamAidRequest(ctx context.Context, r StreamAidRequestRequestObject) (StreamAidRequestResponseObject, error) {
	if _, err := s.aidOf(ctx, Viewer(ctx).Actor(), r.Aid); err != nil {
		return nil, err
	}
	f := aidFeed{feed: feed{server: s, ctx: ctx}, id: r.Aid, seen: -1}
	if last := r.Params.LastEventID; last != "" {
		n, err := strconv.Atoi(last)
		if err != nil {
			return nil, invalid("Last-Event-ID", "ไม่ใช่ตำแหน่งในกระแส", "not a place in the stream")
		}
		f.seen = n
	}
	return f, nil
}

// VisitStreamAidRequestResponse streams until the reader or the server goes, or the request leaves the reader's scope.
func (f aidFeed) VisitStreamAidRequestResponse(w http.ResponseWriter) error {
	f.server.metrics.streams.Inc()
	defer f.server.metrics.streams.Dec()
	out, err := begin(w)
	if err != nil {
		return nil // the reader has gone; it resumes
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	by := Viewer(f.ctx).Actor()
	for {
		wake := f.server.hub.next() // before reading, so that nothing falls between
		a, err := f.server.aidOf(f.ctx, by, f.id)
		if errors.Is(err, casefile.ErrNotFound) {
			return nil
		}
		if err != nil {
			return f.broken(err)
		}
		if a.Version > f.seen {
			f.seen = a.Version
			if out.send(sse{id: strconv.Itoa(a.Version), event: "aid", data: AidChange{Aid: a.ID, Version: a.Version, State: a.State, DueAt: a.DueAt}}) != nil {
				return nil
			}
		}
		if !f.rest(wake, beat.C, out) {
			return nil
		}
	}
}
