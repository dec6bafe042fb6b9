package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/casefile"
)

// Work that follows a commit runs beside the request, within these bounds. What
// does not fit is left out: the relay hands over what was not nudged, and who is
// not answered taps again.
const (
	atOnce       = 1024
	nudgeApart   = time.Second
	nudgePatient = 5 * time.Second
)

// background runs work that outlives its request.
type background struct{ group errgroup.Group }

func newBackground() *background {
	b := &background{}
	b.group.SetLimit(atOnce)
	return b
}

// try runs the work unless too much runs already.
func (b *background) try(work func()) bool {
	return b.group.TryGo(func() error { work(); return nil })
}

func (b *background) wait() { _ = b.group.Wait() } // nothing in it returns an error

// nudges wakes workflows for what arrived. A case with a nudge under way gets
// the next after a second at the earliest, so a flood is a few nudges.
type nudges struct {
	nudger Nudger
	run    *background
	apart  time.Duration
	log    *slog.Logger

	mu      sync.Mutex
	waiting map[casefile.CaseID]nudge // of the cases with a nudge under way
}

// nudge is how far a case is to hear, and the trace of what arrived last.
type nudge struct {
	upTo  int
	trace context.Context // of what it holds, never of when it ends
}

func (n *nudges) add(ctx context.Context, id casefile.CaseID, upTo int) {
	n.mu.Lock()
	last, underWay := n.waiting[id]
	if !underWay || upTo > last.upTo {
		n.waiting[id] = nudge{upTo, outliving(ctx)}
	}
	n.mu.Unlock()
	if underWay {
		return
	}
	if !n.run.try(func() { n.follow(id) }) {
		n.mu.Lock()
		delete(n.waiting, id)
		n.mu.Unlock()
		n.log.Warn("too many nudges at once: left to the relay", "case", id)
	}
}

// outliving is the context of a request for work that outlives it. Gin uses its
// own contexts again for other requests: only the request's may be kept.
func outliving(ctx context.Context) context.Context {
	if c, ok := ctx.(*gin.Context); ok {
		ctx = c.Request.Context()
	}
	return context.WithoutCancel(ctx)
}

// follow nudges a case until nothing more has arrived in the meantime.
func (n *nudges) follow(id casefile.CaseID) {
	for sent := 0; ; time.Sleep(n.apart) {
		n.mu.Lock()
		next := n.waiting[id]
		if next.upTo == sent {
			delete(n.waiting, id)
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		ctx, cancel := context.WithTimeout(next.trace, nudgePatient)
		err := n.nudger.Nudge(ctx, id, next.upTo)
		cancel()
		if err != nil { // kept in the inbox: the relay hands it over
			n.log.Warn("nudge failed: left to the relay", "case", id, "error", err)
		}
		sent = next.upTo
	}
}
