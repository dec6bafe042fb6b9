package api

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/casefile"
)

// metrics count; their labels are our own words, never what a request held.
type metrics struct {
	requests *prometheus.HistogramVec
	events   *prometheus.CounterVec
	words    *prometheus.CounterVec
	streams  prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry, spool *Spool) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ess_http_request_seconds", Help: "Time to answer, by route and status. Streams last as long as their reader stays.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10},
		}, []string{"method", "route", "status"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ess_line_events_total", Help: "LINE events kept, by what they mean and whether they had arrived before.",
		}, []string{"word", "repeated"}),
		words: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ess_phone_words_total", Help: "Text messages and pressed keys kept, by what they mean and whether they had arrived before.",
		}, []string{"channel", "word", "repeated"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ess_streams", Help: "Readers of the streams."}),
	}
	spooled := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ess_spooled_webhooks", Help: "Webhooks that wait in the spool for the database.",
	}, func() float64 { return float64(spool.Waiting()) })
	return m, errors.Join(registry.Register(m.requests), registry.Register(m.events), registry.Register(m.words), registry.Register(m.streams), registry.Register(spooled))
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) event(w casefile.Word, repeated bool) {
	m.events.WithLabelValues(string(w), strconv.FormatBool(repeated)).Inc()
}

func (m *metrics) word(ch casefile.Channel, w casefile.Word, repeated bool) {
	m.words.WithLabelValues(string(ch), string(w), strconv.FormatBool(repeated)).Inc()
}
