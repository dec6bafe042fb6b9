package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// All of these are real time.
const (
	feedsAtOnce  = 100
	feedsApart   = 200 * time.Millisecond // between two looks for work, however much happens
	feedsPoll    = time.Second            // a wait that is over is found so late at most
	feedsMeasure = 5 * time.Second
	feedLease    = time.Minute // longer than one delivery takes; of a process that died, the next one waits for it
	feedAnswer   = 10 * time.Second
	feedRead     = 64 << 10 // of an answer; it is thrown away
)

// FeedSender posts the pins of provinces to the 191 screens that exist already,
// signed as Standard Webhooks says. Any number of processes may run one: each
// feed is sent by the process that has leased it. A feed is sent in order and
// goes no further before its screen has taken what comes first; the others do
// not wait for it. A process that dies between a delivery and the note of it
// leaves a pin that is sent twice, under the same webhook-id.
type FeedSender struct {
	Queue    FeedQueue
	Changes  Changes
	Cases    Cases
	Client   *http.Client
	Rule     policy.FeedRule
	Wait     func(time.Duration) time.Duration // how long a span of case time takes
	Now      func() time.Time                  // case time
	Registry *prometheus.Registry
	Log      *slog.Logger

	delivered        *prometheus.CounterVec
	waiting, failing *prometheus.GaugeVec
}

// FeedClient posts to public addresses only. The address is checked when it is
// dialled, after the name has become a number, so no name can lead into our own
// network. In a development run screens on this machine are fed, too.
func FeedClient(development bool) *http.Client {
	dialer := &net.Dialer{Timeout: feedAnswer}
	if !development {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return &http.Client{
		Timeout: feedAnswer,
		Transport: &http.Transport{ // no proxy: it would dial for us
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: feedRead, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Run sends until the context ends.
func (s *FeedSender) Run(ctx context.Context) error {
	s.delivered = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ess_feed_deliveries_total", Help: "Tries to give a pin to a 191 screen, by whether it took it.",
	}, []string{"taken"})
	s.waiting = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "ess_feed_waiting_seconds", Help: "How long the oldest pin has waited that a 191 screen has not taken, by feed.",
	}, []string{"feed"})
	s.failing = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "ess_feed_failing", Help: "1 for a feed whose screen has taken nothing for longer than the policy allows.",
	}, []string{"feed"})
	if err := errors.Join(s.Registry.Register(s.delivered), s.Registry.Register(s.waiting), s.Registry.Register(s.failing)); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	news := newHub(s.Changes, s.Log)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { news.listen(ctx) })
	all.Go(func() { s.measure(ctx) })
	for ctx.Err() == nil {
		wake := news.next() // before looking, so that nothing falls between
		leased, err := s.Queue.LeaseFeeds(ctx, feedsAtOnce, feedLease)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "feeds cannot be read", "error", err)
		}
		for _, f := range leased {
			all.Go(func() { s.send(ctx, f) })
		}
		rest(ctx, wake)
	}
	return nil
}

// rest waits a moment, then for something new or for the next look.
func rest(ctx context.Context, wake <-chan struct{}) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(feedsApart):
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-time.After(feedsPoll):
	}
}

// send gives a screen what it has not taken yet, in order, until nothing is left or something fails.
func (s *FeedSender) send(ctx context.Context, f LeasedFeed) {
	fault, err := s.forward(ctx, &f)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // a process that stops gives back what it has
	defer cancel()
	switch {
	case errors.Is(err, casefile.ErrMoved): // another sends, or nobody shall
		return
	case fault != "" && ctx.Err() == nil:
		s.failed(after, f, fault)
		return
	case err != nil && ctx.Err() == nil:
		s.Log.WarnContext(ctx, "feed interrupted on our side", "feed", f.ID, "error", err)
	}
	if err := s.Queue.ReleaseFeed(after, f); err != nil {
		s.Log.WarnContext(ctx, "feed not given back: its lease ends by itself", "feed", f.ID, "error", err)
	}
}

// forward returns what is wrong with the screen, or the error on our side.
func (s *FeedSender) forward(ctx context.Context, f *LeasedFeed) (fault string, err error) {
	for {
		batch, err := s.Changes.Changes(ctx, f.After, streamBatch)
		if err != nil || len(batch) == 0 {
			return "", err
		}
		for _, h := range batch {
			pin, wanted, err := pinOf(ctx, s.Cases, f.Province, "", h)
			if err != nil {
				return "", err
			}
			if wanted {
				if err := s.Queue.HoldFeed(ctx, *f, feedLease); err != nil { // ours for longer than the delivery may take
					return "", err
				}
				if fault := s.deliver(ctx, *f, h, pin); fault != "" {
					return fault, nil
				}
			}
			f.After = h.Cursor
		}
		if err := s.Queue.HoldFeed(ctx, *f, feedLease); err != nil {
			return "", err
		}
	}
}

// failed lets a feed wait, the longer the oftener, and says so aloud when it has been too long.
func (s *FeedSender) failed(ctx context.Context, f LeasedFeed, fault string) {
	again := s.Rule.AgainMost.Duration
	if f.Failures < 30 { // twice as long each time, without an overflow
		again = min(again, s.Rule.Again.Duration<<f.Failures)
	}
	since, err := s.Queue.FailFeed(ctx, f, fault, s.Wait(again))
	if err != nil {
		s.Log.WarnContext(ctx, "fault of a feed not kept: its lease ends by itself", "feed", f.ID, "error", err)
		return
	}
	level, text := slog.LevelInfo, "a 191 screen did not take a pin"
	if s.tooLong(since) {
		level, text = slog.LevelWarn, "a 191 screen takes no pins"
	}
	s.Log.LogAttrs(ctx, level, text, slog.String("feed", f.ID), slog.String("province", f.Province), slog.String("fault", fault),
		slog.Int("failures", f.Failures+1), slog.Duration("after", s.Now().Sub(since)))
}

func (s *FeedSender) tooLong(since time.Time) bool {
	return !since.IsZero() && s.Now().Sub(since) >= s.Rule.Alarm.Duration
}

// deliver posts one pin and returns a code for what went wrong, never the
// screen's or the network's own words.
func (s *FeedSender) deliver(ctx context.Context, f LeasedFeed, h Happened, pin RadioPin) (fault string) {
	defer func() { s.delivered.WithLabelValues(strconv.FormatBool(fault == "")).Inc() }()
	body, err := json.Marshal(map[string]any{"type": radioEvent, "timestamp": h.At, "data": pin})
	if err != nil {
		return "NO_CONNECTION" // a pin is text and numbers
	}
	ctx, cancel := context.WithTimeout(ctx, feedAnswer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(body))
	if err != nil {
		return "ADDRESS_REFUSED"
	}
	id, at := webhookID(h), strconv.FormatInt(time.Now().Unix(), 10) // the receiver compares it with its own clock, so real time
	signature, err := webhookSignature(f.Secret, id, at, body)
	if err != nil {
		return "ADDRESS_REFUSED"
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ess")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", at)
	req.Header.Set("webhook-signature", signature)
	res, err := s.Client.Do(req)
	if err != nil {
		return faultOf(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, feedRead) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return "HTTP_" + strconv.Itoa(res.StatusCode)
	}
	return ""
}

func faultOf(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		return "ADDRESS_REFUSED"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "TIMEOUT"
	default:
		return "NO_CONNECTION"
	}
}

// webhookID is the same for every try of one change and for nothing else.
func webhookID(h Happened) string { return fmt.Sprintf("msg_%s_%d", h.Case, h.Seq) }

// webhookSignature is the signature of a webhook by Standard Webhooks.
func webhookSignature(secret, id, at string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretMark))
	if err != nil {
		return "", errors.New("the secret of a feed is no base64")
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body) // a hash never fails
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// measure keeps the gauges. Every process measures all feeds: it costs little,
// and a feed that nobody sends is seen, too.
func (s *FeedSender) measure(ctx context.Context) {
	for {
		feeds, err := s.Queue.Feeds(ctx, radioKinds)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "feeds cannot be measured", "error", err)
		}
		if err == nil {
			s.waiting.Reset()
			s.failing.Reset()
		}
		for _, f := range feeds {
			wait, failing := 0.0, 0.0
			if !f.WaitingSince.IsZero() {
				wait = max(0, s.Now().Sub(f.WaitingSince).Seconds())
			}
			if s.tooLong(f.FailingSince) {
				failing = 1
			}
			s.waiting.WithLabelValues(f.ID).Set(wait)
			s.failing.WithLabelValues(f.ID).Set(failing)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(feedsMeasure):
		}
	}
}
