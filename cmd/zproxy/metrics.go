package main

import (
	"errors"
	"net"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// Metrics are gathered when they are asked for, from counters that are kept anyway:
//
//	1 serveMetrics   HTTP, in the form that the client prefers
//	2 gather         one family a name, one metric for each proxy, side and direction

// metric is one name of the page.
type metric struct {
	name, help string
	kind       dto.MetricType
	values     func(*proxy) []sample
}

// sample is one number with the values of side and direction; an empty one is left out.
type sample struct {
	side, direction string
	value           float64
}

var metrics = []metric{
	{"zproxy_messages_total", "Messages received and sent.", dto.MetricType_COUNTER, func(p *proxy) []sample {
		return traffics(p, func(t zmq.ProxyTraffic) uint64 { return t.Messages })
	}},
	{"zproxy_bytes_total", "Bytes of the messages' parts.", dto.MetricType_COUNTER, func(p *proxy) []sample {
		return traffics(p, func(t zmq.ProxyTraffic) uint64 { return t.Bytes })
	}},
	{"zproxy_dropped_total", "Messages that found no room in a peer's queue, or no peer.", dto.MetricType_COUNTER, func(p *proxy) []sample {
		return sides(p, "", func(s *zmq.Socket) float64 { return float64(s.Stats().Dropped) })
	}},
	{"zproxy_refused_total", "Messages that the rules for topics kept back.", dto.MetricType_COUNTER, func(p *proxy) []sample {
		return []sample{{value: float64(p.relay.Stats().Dropped)}}
	}},
	{"zproxy_peers", "Peers that are connected.", dto.MetricType_GAUGE, func(p *proxy) []sample {
		return sides(p, "", func(s *zmq.Socket) float64 { return float64(s.Peers()) })
	}},
	{"zproxy_subscriptions", "Different subscriptions of the peers, or of this side.", dto.MetricType_GAUGE, subscriptionCounts},
	{"zproxy_queue_messages", "Messages that wait in the queues of all peers.", dto.MetricType_GAUGE, func(p *proxy) []sample {
		return queues(p, func(f zmq.Flow) int { return f.Queued })
	}},
	{"zproxy_queue_high_messages", "The most messages that waited for one peer at once.", dto.MetricType_GAUGE, func(p *proxy) []sample {
		return queues(p, func(f zmq.Flow) int { return f.High })
	}},
}

// traffics are the four counters of a kind.
func traffics(p *proxy, value func(zmq.ProxyTraffic) uint64) []sample {
	s := p.relay.Stats()
	return []sample{
		{"frontend", "received", float64(value(s.FrontReceived))}, {"frontend", "sent", float64(value(s.FrontSent))},
		{"backend", "received", float64(value(s.BackReceived))}, {"backend", "sent", float64(value(s.BackSent))},
	}
}

// sides is a number of both sockets.
func sides(p *proxy, direction string, value func(*zmq.Socket) float64) []sample {
	return []sample{{"frontend", direction, value(p.front)}, {"backend", direction, value(p.back)}}
}

// queues is a number of both queues of both sockets.
func queues(p *proxy, value func(zmq.Flow) int) []sample {
	in := sides(p, "received", func(s *zmq.Socket) float64 { return float64(value(s.Stats().Received)) })
	return append(in, sides(p, "sent", func(s *zmq.Socket) float64 { return float64(value(s.Stats().Sent)) })...)
}

// subscriptionCounts counts on the sides that have subscriptions.
func subscriptionCounts(p *proxy) (list []sample) {
	for _, s := range sides(p, "", func(s *zmq.Socket) float64 {
		if n, err := s.Get(zmq.TopicsCount); err == nil {
			return float64(n.(int)) // as the option table says
		}
		return -1
	}) {
		if s.value >= 0 {
			list = append(list, s)
		}
	}
	return list
}

// gather is the page.
func gather(members []*member) (families []*dto.MetricFamily) {
	for _, m := range metrics {
		f := &dto.MetricFamily{Name: &m.name, Help: &m.help, Type: m.kind.Enum()}
		for _, p := range members {
			for _, s := range m.values(p.proxy) {
				f.Metric = append(f.Metric, s.metric(p.name, m.kind))
			}
		}
		families = append(families, f)
	}
	return families
}

// metric is a sample with its labels.
func (s sample) metric(proxy string, kind dto.MetricType) *dto.Metric {
	m := &dto.Metric{}
	for _, l := range [][2]string{{"direction", s.direction}, {"proxy", proxy}, {"side", s.side}} {
		if l[1] != "" {
			m.Label = append(m.Label, &dto.LabelPair{Name: &l[0], Value: &l[1]})
		}
	}
	if kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &s.value}
	} else {
		m.Gauge = &dto.Gauge{Value: &s.value}
	}
	return m
}

// ServeHTTP writes the page in OpenMetrics or an older form, as the client asks.
func (g *group) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	w.Header().Set("Content-Type", string(format))
	enc := expfmt.NewEncoder(w, format)
	for _, f := range gather(g.running()) {
		if err := enc.Encode(f); err != nil {
			return // the client has left
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		_ = c.Close() // "# EOF"; a client that left does not miss it
	}
}

// listen opens --metrics, before any proxy is.
func (g *group) listen() (err error) {
	if !g.args.Given("metrics") {
		return nil
	}
	addr := g.args.String("metrics", "")
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return cli.Usagef("write it as HOST:PORT, for example localhost:9100", "--metrics %s: %w", addr, err)
	}
	if g.metrics, err = net.Listen("tcp", addr); err != nil {
		return cli.Failf(cli.StatusFailed, "write it as HOST:PORT, for example localhost:9100", "--metrics %s: %w", addr, err)
	}
	return nil
}

// serveMetrics answers at --metrics until the end of the run.
func (g *group) serveMetrics() {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	g.log.At(0, "metrics at http://%s/metrics", g.metrics.Addr())
	g.helpers.Go(func() {
		if err := server.Serve(g.metrics); !errors.Is(err, http.ErrServerClosed) {
			g.log.At(0, "metrics: %v", err)
		}
	})
	g.helpers.Go(func() {
		<-g.over
		_ = server.Close() // its listener is closed with it
	})
}
