// Package channelemu is the world of phones without LINE, on loopback: a
// provider of SMS with an HTTP gateway, an SMSC that speaks SMPP, a voice gateway,
// a mail server, and the phones and mailboxes of their people, so that ESS can be
// tested and lived through without a contract with any of them.
//
// It behaves as such providers do, their failures included, and can be told to
// fail. It is none of them: it proves neither a real provider's dialect nor how
// long a network takes. It never listens on, or posts to, anything but loopback,
// and it keeps everything in memory.
package channelemu

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options say what the providers are like.
type Options struct {
	// Inbound is where they hand over what people do: messages to <Inbound>/sms,
	// receipts to <Inbound>/sms/receipts, keys to <Inbound>/voice. Loopback only; may come later.
	Inbound string
	Secret  string // sent with all of these in SecretHeader

	APIKey       string // buys messages and calls; default a fixed one
	SystemID     string // of the SMSC; default ess
	SMPPPassword string // default a fixed one
	Sender       string // our own short number; default 4771300
	// MailTLS makes a mail server that wants STARTTLS and a login (MailUser); without it, it wants neither.
	MailTLS bool
	// ForgetsKeys makes a provider that knows no idempotency keys.
	ForgetsKeys bool

	Now        func() time.Time // what transcripts show; default time.Now
	Retries    int              // of a hand-over that was not taken; default 5
	RetryDelay time.Duration    // before the first of them, doubled each time; default 200 ms
}

// SecretHeader carries the secret that proves a hand-over.
const SecretHeader = "X-ESS-Secret" // #nosec G101 -- the name of a header

// Emulator is all providers and all phones.
type Emulator struct {
	opt    Options
	faults faults
	hook   http.Client
	mail   *tls.Certificate // of the mail server; nil: it speaks in clear

	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	workMu sync.Mutex // guards closed against work.Add after work.Wait
	closed bool
	work   sync.WaitGroup

	mu      sync.Mutex
	inbound string
	base    string // of the HTTP server
	smsc    string // address of the SMSC
	smtp    string // address of the mail server
	phones  map[string]*Phone
	order   []*Phone
	binds   []*bind           // SMPP links that are bound
	mute    bool              // and get no answer
	said    map[string]string // idempotency key → ID of the message that it made
	next    int               // numbers messages, calls and mails
	run     uint16            // tells the names of this run from those of another
}

// New makes the providers. Nothing runs until Listen; Close ends what runs.
func New(o Options) (*Emulator, error) {
	if o.APIKey == "" {
		o.APIKey = "emulated-api-key"
	}
	if o.SystemID == "" {
		o.SystemID = "ess"
	}
	if o.SMPPPassword == "" {
		o.SMPPPassword = "emulated"
	}
	if o.Sender == "" {
		o.Sender = "4771300"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retries == 0 {
		o.Retries = 5
	}
	if o.RetryDelay <= 0 {
		o.RetryDelay = 200 * time.Millisecond
	}
	e := &Emulator{opt: o, phones: map[string]*Phone{}, said: map[string]string{}, run: uint16(mrand.Uint32())} // #nosec G404 G115 -- a name, not a secret
	e.ctx, e.stop = context.WithCancel(context.Background())
	e.hook = http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16}, // no proxy: loopback only
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if o.MailTLS {
		var err error
		if e.mail, err = newCertificate(); err != nil {
			return nil, fmt.Errorf("channelemu: certificate: %w", err)
		}
	}
	if o.Inbound != "" {
		if err := e.SetInbound(o.Inbound); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// SetInbound says where what people do is handed over from now on.
func (e *Emulator) SetInbound(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
		return errors.New("channelemu: what people do is handed to an http URL on loopback only")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inbound = strings.TrimSuffix(raw, "/")
	return nil
}

// Listen serves the HTTP gateways and the page on a loopback address, and the
// SMSC and the mail server on other ports of it, until ctx ends. It returns the base URL. Port 0
// takes a free one.
func (e *Emulator) Listen(ctx context.Context, addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("channelemu: listen: %w", err)
	}
	if !loopback(host) {
		return "", fmt.Errorf("channelemu: %q is not a loopback address", addr)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("channelemu: listen: %w", err)
	}
	smsc, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		_ = l.Close()
		return "", fmt.Errorf("channelemu: listen: %w", err)
	}
	smtp, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		_ = l.Close()
		_ = smsc.Close()
		return "", fmt.Errorf("channelemu: listen: %w", err)
	}
	e.mu.Lock()
	e.base, e.smsc, e.smtp = "http://"+l.Addr().String(), smsc.Addr().String(), smtp.Addr().String()
	e.mu.Unlock()
	srv := &http.Server{Handler: e.Handler(), ReadHeaderTimeout: 5 * time.Second}
	e.spawn(func() {
		select {
		case <-ctx.Done():
		case <-e.ctx.Done():
		}
		_ = srv.Close()
		_ = smsc.Close()
		_ = smtp.Close()
	})
	e.spawn(func() { _ = srv.Serve(l) })
	e.spawn(func() { e.serveSMSC(ctx, smsc) })
	e.spawn(func() { e.serveSMTP(ctx, smtp) })
	return e.base, nil
}

// Handler is the HTTP gateways and the page.
func (e *Emulator) Handler() http.Handler {
	mux := http.NewServeMux()
	e.mountSMS(mux)
	e.mountVoice(mux)
	e.mountPage(mux)
	return mux
}

// Base is the address of the HTTP gateways; empty before Listen.
func (e *Emulator) Base() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.base
}

// Page is the address of the page that shows the phones.
func (e *Emulator) Page() string { return e.Base() + "/phones/" }

// Close stops what runs, drops what was still to be handed over and waits for
// what is in flight.
func (e *Emulator) Close() {
	e.workMu.Lock()
	e.closed = true
	e.workMu.Unlock()
	e.stop()
	e.work.Wait()
	e.hook.CloseIdleConnections()
}

// spawn runs f unless the emulator is closed; Close waits for it.
func (e *Emulator) spawn(f func()) {
	e.workMu.Lock()
	defer e.workMu.Unlock()
	if e.closed {
		return
	}
	e.work.Go(f)
}

// sleep reports whether it slept to the end.
func (e *Emulator) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-e.ctx.Done():
		return false
	}
}

// loopback reports whether host names this machine and no other.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
