package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

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

	mu   sync.Mutex
	upTo map[casefile.CaseID]int // of the cases with a nudge under way
}

func (n *nudges) add(id casefile.CaseID, upTo int) {
	n.mu.Lock()
	last, underWay := n.upTo[id]
	n.upTo[id] = max(last, upTo)
	n.mu.Unlock()
	if underWay {
		return
	}
	if !n.run.try(func() { n.follow(id) }) {
		n.mu.Lock()
		delete(n.upTo, id)
		n.mu.Unlock()
		n.log.Warn("too many nudges at once: left to the relay", "case", id)
	}
}

// follow nudges a case until nothing more has arrived in the meantime.
func (n *nudges) follow(id casefile.CaseID) {
	for sent := 0; ; time.Sleep(n.apart) {
		n.mu.Lock()
		upTo := n.upTo[id]
		if upTo == sent {
			delete(n.upTo, id)
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), nudgePatient)
		err := n.nudger.Nudge(ctx, id, upTo)
		cancel()
		if err != nil { // kept in the inbox: the relay hands it over
			n.log.Warn("nudge failed: left to the relay", "case", id, "error", err)
		}
		sent = upTo
	}
}
