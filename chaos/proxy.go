package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/ess-thailand/ess/cmd/ess/local"
)

// Link is the network between two parts.
type Link struct {
	Name  string
	mu    sync.Mutex
	proxy *toxiproxy.Proxy
}

// newLink opens a link to an address.
func newLink(name, upstream string) (*Link, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &Link{Name: name, proxy: toxiproxy.NewProxy(server, name, fmt.Sprintf("127.0.0.1:%d", port), upstream)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("link %s: %w", name, err)
	}
	return l, nil
}

// Address is its near end.
func (l *Link) Address() string { return l.proxy.Listen }

// Refuse cuts every connection, and takes no new ones.
func (l *Link) Refuse() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
	return nil
}

// Reset takes connections and resets each at its first byte.
func (l *Link) Reset() error { return l.toxic("reset_peer", "upstream", `{"timeout": 0}`) }

// BlackHole swallows what is sent. It must be upstream: a hole on the way back
// ends with the far side's patience instead of ours.
func (l *Link) BlackHole() error { return l.toxic("timeout", "upstream", `{"timeout": 0}`) }

// Slow delays everything, both ways, by half to one and a half of the span.
func (l *Link) Slow(span time.Duration) error {
	attributes := fmt.Sprintf(`{"latency": %d, "jitter": %d}`, span.Milliseconds(), span.Milliseconds()/2)
	if err := l.toxic("latency", "upstream", attributes); err != nil {
		return err
	}
	return l.toxic("latency", "downstream", attributes)
}

func (l *Link) toxic(kind, stream, attributes string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(
		fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": %s}`, kind, stream, attributes)))
	if err != nil && !errors.Is(err, toxiproxy.ErrToxicAlreadyExists) { // broken in this way already
		return fmt.Errorf("link %s: %w", l.Name, err)
	}
	return nil
}

// Heal takes every fault of the link away.
func (l *Link) Heal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Toxics.ResetToxics(context.Background())
	if l.proxy.Enabled {
		return nil
	}
	if err := l.proxy.Start(); err != nil {
		return fmt.Errorf("link %s: %w", l.Name, err)
	}
	return nil
}

// Close ends the link.
func (l *Link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
}
