package channelemu

import (
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// FaultKind is a way in which a provider fails.
type FaultKind string

// The ways in which a provider fails. The ones that end in After do the work
// first: whoever asks again after them may be served twice.
const (
	RateLimited  FaultKind = "rate_limited"  // too many at once: 429, throttled
	QuotaReached FaultKind = "quota_reached" // the credit is used up: 402
	Refused      FaultKind = "refused"       // for good: 400, invalid destination
	ErrorBefore  FaultKind = "error_before"  // 500, system error; nothing was done
	ErrorAfter   FaultKind = "error_after"   // 500, system error; but it was accepted
	Hang         FaultKind = "hang"          // no answer, nothing was done
	HangAfter    FaultKind = "hang_after"    // no answer, but it was accepted
	Reset        FaultKind = "reset"         // connection lost, nothing was done
	ResetAfter   FaultKind = "reset_after"   // connection lost, but it was accepted
	NotDelivered FaultKind = "not_delivered" // accepted, and reported back as not delivered
	Vanished     FaultKind = "vanished"      // accepted, and never heard of again
)

var faultKinds = []FaultKind{
	RateLimited, QuotaReached, Refused, ErrorBefore, ErrorAfter, Hang, HangAfter, Reset, ResetAfter, NotDelivered, Vanished,
}

// Services that can fail.
const (
	ServiceSMS   = "sms"       // one message by HTTP
	ServiceSMPP  = "smpp"      // one submit_sm
	ServiceBind  = "smpp_bind" // one bind
	ServiceVoice = "voice"     // one call
	ServiceSMTP  = "smtp"      // one mail
)

var services = []string{ServiceSMS, ServiceSMPP, ServiceBind, ServiceVoice, ServiceSMTP}

// Fault makes a service fail: the next so many times, and any later one with a probability.
type Fault struct {
	Service     string    `json:"service"` // empty is every one
	Kind        FaultKind `json:"kind"`
	Next        int       `json:"next,omitempty"`
	Probability float64   `json:"probability,omitempty"`
}

func (f Fault) validate() error {
	var errs []error
	if f.Service != "" && !slices.Contains(services, f.Service) {
		errs = append(errs, fmt.Errorf("channelemu: service: want one of %v", services))
	}
	if !slices.Contains(faultKinds, f.Kind) {
		errs = append(errs, fmt.Errorf("channelemu: kind: want one of %v", faultKinds))
	}
	if !(f.Probability >= 0 && f.Probability <= 1) {
		errs = append(errs, errors.New("channelemu: probability: want one between 0 and 1"))
	}
	return errors.Join(errs...)
}

// SetFaults replaces all faults; none heals everything.
func (e *Emulator) SetFaults(list ...Fault) error {
	for _, f := range list {
		if err := f.validate(); err != nil {
			return err
		}
	}
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.now = slices.Clone(list)
	return nil
}

// Faults returns what is switched on, with what is left of every Next.
func (e *Emulator) Faults() []Fault {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	return slices.Clone(e.faults.now)
}

// FailNext makes a service fail the next n times.
func (e *Emulator) FailNext(service string, kind FaultKind, n int) error {
	f := Fault{Service: service, Kind: kind, Next: n}
	if err := f.validate(); err != nil {
		return err
	}
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.now = append(e.faults.now, f)
	return nil
}

type faults struct {
	mu  sync.Mutex
	now []Fault
}

// take returns the fault that hits a service now, or "".
func (f *faults) take(service string) FaultKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.now {
		a := &f.now[i]
		switch {
		case a.Service != "" && a.Service != service:
		case a.Next > 0:
			kind := a.Kind
			if a.Next--; a.Next == 0 && a.Probability == 0 {
				f.now = slices.Delete(f.now, i, i+1)
			}
			return kind
		case a.Probability > 0 && mrand.Float64() < a.Probability: // #nosec G404 -- a fault, not a secret
			return a.Kind
		}
	}
	return ""
}

// refuses answers as a provider does that is at fault before it takes a message,
// and reports whether it has.
func (e *Emulator) refuses(w http.ResponseWriter, r *http.Request, fault FaultKind) bool {
	switch fault {
	case RateLimited:
		w.Header().Set("Retry-After", "1")
		say(w, http.StatusTooManyRequests, problem("too_many_requests"))
	case QuotaReached:
		say(w, http.StatusPaymentRequired, problem("no_credit"))
	case Refused:
		say(w, http.StatusBadRequest, problem("invalid_number"))
	case ErrorBefore:
		say(w, http.StatusInternalServerError, problem("internal"))
	case Hang:
		e.hang(r)
	case Reset:
		reset(w)
	default:
		return false
	}
	return true
}

// losesAnswer is at fault after a message was taken, and reports whether it was.
func (e *Emulator) losesAnswer(w http.ResponseWriter, r *http.Request, fault FaultKind) bool {
	switch fault {
	case ErrorAfter:
		say(w, http.StatusInternalServerError, problem("internal"))
	case HangAfter:
		e.hang(r)
	case ResetAfter:
		reset(w)
	default:
		return false
	}
	return true
}
