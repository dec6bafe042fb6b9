package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

const (
	streamBatch  = 200
	streamApart  = 200 * time.Millisecond // between two reads of one reader, however much happens
	streamPoll   = 5 * time.Second        // a notification that got lost costs no more
	streamBeat   = 15 * time.Second
	streamWrite  = 10 * time.Second // a reader that takes longer is gone
	listenAgain  = 2 * time.Second
	unreadAtMost = 1000
)

// hub wakes every reader of the streams when something has happened.
type hub struct {
	changes Changes
	log     *slog.Logger

	mu   sync.Mutex
	wake chan struct{} // closed at the next wake
}

func newHub(c Changes, log *slog.Logger) *hub {
	return &hub{changes: c, log: log, wake: make(chan struct{})}
}

// next is closed when something happens after the call.
func (h *hub) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wake
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.wake)
	h.wake = make(chan struct{})
}

// listen passes wake-ups on until the context ends.
func (h *hub) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if err := h.changes.Listen(ctx, h.wakeAll); err != nil && ctx.Err() == nil {
			h.log.Warn("stream: no notifications; readers look every few seconds", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

// sse is one event as Server-Sent Events write it.
type sse struct {
	id    string
	event string // empty: only the ID moves
	data  any
}

// feed is a stream of Server-Sent Events to one reader. It is the response of
// the operations that stream.
type feed struct {
	server *Server
	ctx    context.Context
	after  string
	first  []sse // what the reader is told before anything new
	pick   func(context.Context, Happened) (sse, bool, error)
}

// StreamChanges serves GET /v1/stream.
func (s *Server) StreamChanges(ctx context.Context, r StreamChangesRequestObject) (StreamChangesResponseObject, error) {
	after, err := s.from(ctx, r.Params.LastEventID)
	if err != nil {
		return nil, err
	}
	viewer := Viewer(ctx)
	return feed{server: s, ctx: ctx, after: after, pick: func(ctx context.Context, h Happened) (sse, bool, error) {
		sees := viewer.sees(h.Province)
		if sees && viewer.Unit != "" {
			c, err := s.Cases.Case(ctx, h.Case)
			if err != nil {
				return sse{}, false, err
			}
			sees = viewer.mayHave(c)
		}
		return sse{event: "change", data: h.Change}, sees, nil
	}}, nil
}

// StreamRadio serves GET /v1/radio/{province}/stream.
func (s *Server) StreamRadio(ctx context.Context, r StreamRadioRequestObject) (StreamRadioResponseObject, error) {
	if !Viewer(ctx).sees(r.Province) {
		return nil, casefile.ErrNotFound
	}
	after, err := s.from(ctx, r.Params.LastEventID)
	if err != nil {
		return nil, err
	}
	unit := Viewer(ctx).Unit
	f := feed{server: s, ctx: ctx, after: after, pick: func(ctx context.Context, h Happened) (sse, bool, error) {
		pin, wanted, err := pinOf(ctx, s.Cases, r.Province, unit, h)
		return sse{event: radioEvent, data: pin}, wanted, err
	}}
	if r.Params.LastEventID == "" {
		f.first, err = s.unread(ctx, r.Province, after)
	}
	return f, err
}

// from is where a stream begins: behind what the reader has seen, or now.
func (s *Server) from(ctx context.Context, last string) (string, error) {
	if last == "" {
		return s.Changes.Latest(ctx)
	}
	_, err := s.Changes.Changes(ctx, last, 1) // a cursor that is none is told before the stream begins
	return last, err
}

// unread are the pins of a province that its radio centre has not acknowledged.
func (s *Server) unread(ctx context.Context, province, cursor string) ([]sse, error) {
	var first []sse
	f := CaseFilter{Province: province, Open: true, Limit: streamBatch}
	for len(first) < unreadAtMost {
		cases, err := s.Cases.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if c.Placed() && c.RadioSeen.IsZero() && c.State.BeforeControl() && onScreen(c, province, Viewer(ctx).Unit) {
				first = append(first, sse{id: cursor, event: "pin", data: radioPin(c, c.Moved)})
			}
		}
		if len(cases) < f.Limit {
			break
		}
		f.AfterAt, f.AfterID = cases[len(cases)-1].ReportedAt, cases[len(cases)-1].ID
	}
	return first, nil
}

// radioEvent is what a pin is called in the feeds.
const radioEvent = "pin"

// radioKinds are the changes that a radio centre is told of.
var radioKinds = []casefile.Kind{casefile.PinSet, casefile.PinMoved, casefile.ProvinceSet}

// pinOf is what the radio centre of a province is told of a change, or false
// when it does not concern it. Every feed of pins shows this and nothing else.
func pinOf(ctx context.Context, cases Cases, province string, unit casefile.UnitID, h Happened) (RadioPin, bool, error) {
	if h.Province != province || !slices.Contains(radioKinds, h.Kind) {
		return RadioPin{}, false, nil
	}
	c, err := cases.Case(ctx, h.Case)
	if err != nil {
		return RadioPin{}, false, err
	}
	return radioPin(c, h.Kind == casefile.PinMoved), onScreen(c, province, unit), nil
}

// onScreen reports whether the screen of a province may show a case: not when the
// alleged is of its radio centre, or of the organisation of who looks.
func onScreen(c casefile.Case, province string, unit casefile.UnitID) bool {
	return !c.Blind(casefile.LevelRadio191, province) && !c.Excludes(unit, "")
}

func radioPin(c casefile.Case, moved bool) RadioPin {
	return RadioPin{
		Case: c.ID, Code: c.Code(), State: c.State, Type: c.Type, Guessed: c.Guessed, Severity: c.Severity, District: c.Place.District,
		Station: string(c.Station), Quiet: c.Quiet, NoCall: c.NoCall, ReportedAt: c.ReportedAt, Moved: moved, Seen: !c.RadioSeen.IsZero(),
		NoPin: c.LocatedAt.IsZero(),
	}
}

// VisitStreamChangesResponse streams until the reader or the server goes.
func (f feed) VisitStreamChangesResponse(w http.ResponseWriter) error { return f.stream(w) }

// VisitStreamRadioResponse streams until the reader or the server goes.
func (f feed) VisitStreamRadioResponse(w http.ResponseWriter) error { return f.stream(w) }

func (f feed) stream(w http.ResponseWriter) error {
	f.server.metrics.streams.Inc()
	defer f.server.metrics.streams.Dec()
	out, err := begin(w)
	if err != nil {
		return nil // the reader has gone; it resumes
	}
	for _, e := range f.first {
		if out.send(e) != nil {
			return nil
		}
	}
	after, beat := f.after, time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		wake := f.server.hub.next() // before reading, so that nothing falls between
		batch, err := f.server.Changes.Changes(f.ctx, after, streamBatch)
		if err != nil {
			return f.broken(err)
		}
		for i, h := range batch {
			after = h.Cursor
			e, wanted, err := f.pick(f.ctx, h)
			if err != nil {
				return f.broken(err)
			}
			if e.id = h.Cursor; !wanted {
				if i < len(batch)-1 {
					continue
				}
				e = sse{id: h.Cursor} // a reader who resumes need not read again what was not for them
			}
			if out.send(e) != nil {
				return nil
			}
		}
		if len(batch) == streamBatch {
			continue
		}
		if !f.rest(wake, beat.C, out) {
			return nil
		}
	}
}

// rest waits for something new, and reports whether the stream goes on.
func (f feed) rest(wake <-chan struct{}, beat <-chan time.Time, out reader) bool {
	soonest, latest := time.After(streamApart), time.After(streamPoll)
	for {
		select {
		case <-f.ctx.Done():
			return false
		case <-f.server.stopping:
			return false
		case <-beat:
			if out.raw(": here\n\n") != nil {
				return false
			}
		case <-wake:
			select {
			case <-soonest:
			case <-f.ctx.Done():
			}
			return true
		case <-latest:
			return true
		}
	}
}

// broken is nil when the reader has gone, which is no error.
func (f feed) broken(err error) error {
	if f.ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("stream: %w", err)
}

// reader is the other end of a stream.
type reader struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// begin sends what every stream begins with.
func begin(w http.ResponseWriter) (reader, error) {
	out := reader{w: w, control: http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // else the server's own limit ends the stream; a writer without deadlines has none to lift
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass it on at once
	w.WriteHeader(http.StatusOK)
	return out, out.raw("retry: 2000\n\n")
}

func (r reader) send(e sse) error {
	if e.event == "" {
		return r.raw("id: " + e.id + "\n\n")
	}
	data, err := json.Marshal(e.data)
	if err != nil {
		return err
	}
	return r.raw(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", e.id, e.event, data))
}

func (r reader) raw(text string) error {
	_ = r.control.SetWriteDeadline(time.Now().Add(streamWrite)) // a writer without deadlines waits for its reader
	if _, err := r.w.Write([]byte(text)); err != nil {
		return err
	}
	return r.control.Flush()
}
