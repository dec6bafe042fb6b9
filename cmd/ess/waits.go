package main

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// waits measures how long people waited, when the fact that ends the wait has
// been recorded. The table by province is the API's, from the record itself;
// here is what alarms are made of: few series, of this worker since its start.
type waits struct {
	activities.Cases
	seconds *prometheus.HistogramVec
}

func newWaits(cases activities.Cases, registry prometheus.Registerer) (waits, error) {
	w := waits{Cases: cases, seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ess_case_wait_seconds",
		Help: "Case time from the report until a case was first alerted, acknowledged, arrived at, handed over or closed; of a reopened case from its first report.",
		Buckets: []float64{
			1, 5, 15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 3 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600,
		},
	}, []string{"until", "type", "severity"})}
	return w, registry.Register(w.seconds)
}

// ends says which kinds of events may end a wait, and where the case keeps when it ended.
var ends = map[string]struct {
	kinds []casefile.Kind
	at    func(casefile.Case) time.Time
}{
	"alert": {[]casefile.Kind{casefile.Offered}, func(c casefile.Case) time.Time { return c.SentAt }},
	"acknowledge": {
		[]casefile.Kind{casefile.Acknowledged, casefile.Accepted, casefile.DeskTaken, casefile.CentreTook, casefile.LeadAcked},
		func(c casefile.Case) time.Time { return c.AckedAt },
	},
	"arrive":    {[]casefile.Kind{casefile.Arrived}, func(c casefile.Case) time.Time { return c.ArrivedAt }},
	"hand_over": {[]casefile.Kind{casefile.HandoverAccepted}, nil}, // the event is the instant
	"close":     {[]casefile.Kind{casefile.CaseClosed, casefile.MarkedFalse}, func(c casefile.Case) time.Time { return c.EndedAt }},
}

// Append records, and then measures what came to its end.
func (w waits) Append(ctx context.Context, after casefile.Case, events []casefile.Event, join *activities.JoinQuery) (activities.JoinResult, error) {
	found, err := w.Cases.Append(ctx, after, events, join)
	if err != nil {
		return found, err
	}
	for until, end := range ends {
		i := slices.IndexFunc(events, func(e casefile.Event) bool {
			return slices.Contains(end.kinds, e.Kind) && (end.at == nil || e.At.Equal(end.at(after)))
		})
		if i < 0 {
			continue
		}
		if took := events[i].At.Sub(after.ReportedAt); took >= 0 {
			w.seconds.WithLabelValues(until, string(after.Type), string(after.Severity)).Observe(took.Seconds())
		}
	}
	return found, nil
}
