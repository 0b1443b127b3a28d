// Package observe is what an operator sees of a running server: its metrics in
// Prometheus' format and its logger. The composition root feeds it.
package observe

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pintail/internal/delivery"
	"pintail/internal/job"
	"pintail/internal/wire"
)

// Metrics counts and times the server's work.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	jobs     *prometheus.CounterVec
	messages *prometheus.CounterVec
	reports  *prometheus.CounterVec
	streamed *prometheus.CounterVec
}

// NewMetrics returns metrics of a fresh server.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pintail_requests_total", Help: "Requests answered, by operation, status and error code.",
		}, []string{"service", "operation", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pintail_request_seconds", Help: "Time from a request's arrival to its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"service", "operation"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pintail_jobs_total", Help: "What became of runs of background jobs, by kind and outcome.",
		}, []string{"kind", "outcome"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pintail_messages_total", Help: "Attempts to deliver messages, by channel and the state that they left the message in.",
		}, []string{"channel", "state"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pintail_user_pool_reports_total", Help: "What became of the reports of user pools to Pinpoint projects.",
		}, []string{"outcome"}),
		streamed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pintail_event_stream_records_total", Help: "Events that receivers of event streams have taken, and those that are too large for any.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{"recorded", "refused", "failed", "dropped"} {
		m.reports.WithLabelValues(outcome) // so that an alarm can be set before there is one
	}
	m.registry.MustRegister(m.requests, m.seconds, m.jobs, m.messages, m.reports, m.streamed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request records one finished request; it is a wire.Config's Observe.
func (m *Metrics) Request(e wire.Event) {
	service, operation := e.Service, e.Operation
	if service == "" {
		service, operation = "none", "none" // a stranger must not be able to invent label values
	}
	m.requests.WithLabelValues(service, operation, strconv.Itoa(e.Status), e.Code).Inc()
	m.seconds.WithLabelValues(service, operation).Observe(e.Duration.Seconds())
}

// Job records what became of a run of a job; it is a job.Config's Observe.
func (m *Metrics) Job(e job.Event) {
	m.jobs.WithLabelValues(e.Kind, string(e.Outcome)).Inc()
}

// Message records an attempt to deliver a message; it is a delivery.Dispatcher's
// observer.
func (m *Metrics) Message(channel string, state delivery.State) {
	m.messages.WithLabelValues(channel, string(state)).Inc()
}

// Reports counts what became of reports; it is a userpool.Config's ObserveReports.
func (m *Metrics) Reports(outcome string, n int) {
	m.reports.WithLabelValues(outcome).Add(float64(n))
}

// StreamRecords records what became of events on their way to a stream; it is an
// eventstream.Config's Observe.
func (m *Metrics) StreamRecords(taken, tooLarge int) {
	m.streamed.WithLabelValues("taken").Add(float64(taken))
	m.streamed.WithLabelValues("too_large").Add(float64(tooLarge))
}

// Gauges shows numbers that another room measures, by the value of a label.
func (m *Metrics) Gauges(name, help, label string, values func() map[string]float64) {
	m.registry.MustRegister(&gauges{prometheus.NewDesc(name, help, []string{label}, nil), values})
}

// gauges collects numbers when it is asked.
type gauges struct {
	desc   *prometheus.Desc
	values func() map[string]float64
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) { to <- g.desc }

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	for label, value := range g.values() {
		to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, label)
	}
}

// Gauge shows a number that another room measures.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Counter shows a number that another room counts.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
