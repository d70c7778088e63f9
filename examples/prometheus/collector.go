// Package prometheus counts what sighttp.Handler does, for Prometheus:
//
//	responses := prometheus.NewResponses()
//	registry.MustRegister(responses)
//	http.ListenAndServe(addr, sighttp.Handler(mux, sighttp.WithObserver(responses.Observe)))
//
// Its module is its own, so that Sigma does not depend on Prometheus.
package prometheus

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sigmalang/sigma/sigio/sighttp"
)

// Responses is a prometheus.Collector of responses and their bytes before and
// after compression, by content coding. It is safe for concurrent use.
type Responses struct {
	count, raw, encoded *prometheus.CounterVec
}

// NewResponses returns a Responses that has counted nothing.
func NewResponses() *Responses {
	vec := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "sighttp", Name: name, Help: help}, []string{"coding"})
	}
	return &Responses{
		count:   vec("responses_total", "Responses that were sent to their end."),
		raw:     vec("response_raw_bytes_total", "Bytes of body that handlers wrote."),
		encoded: vec("response_encoded_bytes_total", "Bytes of body that were sent."),
	}
}

// Observe counts a response. It is what sighttp.WithObserver takes.
func (r *Responses) Observe(_ *http.Request, s sighttp.Sent) {
	coding := s.Coding.String()
	r.count.WithLabelValues(coding).Inc()
	r.raw.WithLabelValues(coding).Add(float64(s.Raw))
	r.encoded.WithLabelValues(coding).Add(float64(s.Encoded))
}

// Describe implements prometheus.Collector.
func (r *Responses) Describe(ch chan<- *prometheus.Desc) {
	r.count.Describe(ch)
	r.raw.Describe(ch)
	r.encoded.Describe(ch)
}

// Collect implements prometheus.Collector.
func (r *Responses) Collect(ch chan<- prometheus.Metric) {
	r.count.Collect(ch)
	r.raw.Collect(ch)
	r.encoded.Collect(ch)
}
