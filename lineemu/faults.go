package lineemu

import (
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"time"
)

// FaultKind is a way in which a call to LINE goes wrong.
type FaultKind string

// The ways in which a call goes wrong. The ones that end in After do the work
// first, so the caller must find out with its retry key.
const (
	RateLimited  FaultKind = "rate_limited"  // 429, the bucket is empty
	QuotaReached FaultKind = "quota_reached" // 429, the month is used up
	ErrorBefore  FaultKind = "error_before"  // 500, nothing was done
	ErrorAfter   FaultKind = "error_after"   // 500, but it was accepted
	Hang         FaultKind = "hang"          // no answer, nothing was done
	HangAfter    FaultKind = "hang_after"    // no answer, but it was accepted
	Reset        FaultKind = "reset"         // connection reset, nothing was done
	ResetAfter   FaultKind = "reset_after"   // connection reset, but it was accepted
	Slow         FaultKind = "slow"          // the right answer after Delay
)

var faultKinds = []FaultKind{RateLimited, QuotaReached, ErrorBefore, ErrorAfter, Hang, HangAfter, Reset, ResetAfter, Slow}

// APIFault makes calls fail: the next so many, and any later one with a
// probability.
type APIFault struct {
	Endpoint    string        `json:"endpoint"` // push, reply, multicast, profile, token …; empty is every one
	Kind        FaultKind     `json:"kind"`
	Next        int           `json:"next,omitempty"`
	Probability float64       `json:"probability,omitempty"`
	Delay       time.Duration `json:"delay,omitempty"` // of Slow
}

// WebhookFaults disturb the way of events to us. All are probabilities per
// event, except where a comment says otherwise.
type WebhookFaults struct {
	Duplicate float64       `json:"duplicate"` // posted twice, byte for byte
	Reorder   float64       `json:"reorder"`   // held back for Hold while later ones pass
	Hold      time.Duration `json:"hold"`      // default 300 ms
	Delay     time.Duration `json:"delay"`     // before every event
	Batch     int           `json:"batch"`     // so many events, of several people, in one request
	Forged    float64       `json:"forged"`    // a copy under another ID with a wrong signature comes first
	Malformed float64       `json:"malformed"` // a broken event travels in the same request
	Standby   bool          `json:"standby"`   // another module holds the chat: no reply tokens
}

// Faults is everything that can be switched on at run time.
type Faults struct {
	API     []APIFault    `json:"api"`
	Webhook WebhookFaults `json:"webhook"`
	// ContentPreparing is how often each content answers 202 before its bytes.
	ContentPreparing int `json:"contentPreparing"`
	// RefuseUnknownInMulticast chooses between the two answers that LINE
	// documents for an unknown user in a multicast: 400, or 200 without it.
	RefuseUnknownInMulticast bool `json:"refuseUnknownInMulticast"`
}

func (f Faults) validate() error {
	var errs []error
	chance := func(what string, x float64) {
		if !(x >= 0 && x <= 1) {
			errs = append(errs, fmt.Errorf("%s: want a probability between 0 and 1", what))
		}
	}
	for _, a := range f.API {
		if !slices.Contains(faultKinds, a.Kind) {
			errs = append(errs, fmt.Errorf("kind: want one of %v", faultKinds))
		}
		if a.Endpoint != "" && !slices.ContainsFunc(routes, func(r route) bool { return r.name == a.Endpoint }) {
			errs = append(errs, fmt.Errorf("endpoint: %q is not one", a.Endpoint))
		}
		chance("probability", a.Probability)
	}
	w := f.Webhook
	chance("duplicate", w.Duplicate)
	chance("reorder", w.Reorder)
	chance("forged", w.Forged)
	chance("malformed", w.Malformed)
	return errors.Join(errs...)
}

// SetFaults replaces all faults. Faults{} heals the platform.
func (p *Platform) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	if f.Webhook.Hold <= 0 {
		f.Webhook.Hold = 300 * time.Millisecond
	}
	p.faults.mu.Lock()
	f.API = slices.Clone(f.API)
	p.faults.now = f
	p.faults.mu.Unlock()
	p.changed(nil)
	return nil
}

// Faults returns what is switched on, with what is left of every Next.
func (p *Platform) Faults() Faults {
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	f := p.faults.now
	f.API = slices.Clone(f.API)
	return f
}

// FailNext makes the next n calls of an endpoint go wrong.
func (p *Platform) FailNext(endpoint string, kind FaultKind, n int) error {
	a := APIFault{Endpoint: endpoint, Kind: kind, Next: n}
	if err := (Faults{API: []APIFault{a}}).validate(); err != nil {
		return err
	}
	p.faults.mu.Lock()
	p.faults.now.API = append(p.faults.now.API, a)
	p.faults.mu.Unlock()
	p.changed(nil)
	return nil
}

type faults struct {
	mu  sync.Mutex
	now Faults
	rng *mrand.Rand // apart from ids, so that one more fault does not change every ID
}

func newFaults(seed uint64) *faults {
	b := seedBytes(seed)
	b[31] ^= 0xff
	f := &faults{rng: mrand.New(mrand.NewChaCha8(b))} // #nosec G404 -- faults to repeat, not a secret
	f.now.Webhook.Hold = 300 * time.Millisecond
	return f
}

// take returns the fault that hits this call, if any.
func (f *faults) take(endpoint string) (APIFault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.now.API {
		a := &f.now.API[i]
		if a.Endpoint != "" && a.Endpoint != endpoint {
			continue
		}
		if a.Next > 0 {
			a.Next--
			hit := *a
			if a.Next == 0 && a.Probability == 0 {
				f.now.API = slices.Delete(f.now.API, i, i+1)
			}
			return hit, true
		}
		if a.Probability > 0 && f.rng.Float64() < a.Probability {
			return *a, true
		}
	}
	return APIFault{}, false
}

func (f *faults) get() Faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// roll reports true with the given probability. Probability 0 draws nothing,
// so a quiet fault does not shift the others.
func (f *faults) roll(probability float64) bool {
	if probability <= 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rng.Float64() < probability
}

// jitter spreads d over d/2 … d.
func (f *faults) jitter(d time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return d/2 + time.Duration(f.rng.Float64()*float64(d)/2)
}
