package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ztools/lib/cli"
	"ztools/lib/tap"
	"ztools/lib/zmq"
)

// printer prints data on stdout in the form that the flags ask for.
type printer struct {
	w           *cli.Stream
	json, plain bool
}

func newPrinter(a *cli.Args) *printer {
	return &printer{w: a.Out, json: a.Bool("json"), plain: a.Bool("plain")}
}

// findingJSON is a finding as the man page documents it.
type findingJSON struct {
	Endpoint    string      `json:"endpoint"`
	OK          bool        `json:"ok"`
	SocketType  string      `json:"socket_type,omitempty"`
	Version     string      `json:"zmtp,omitempty"`
	Mechanism   string      `json:"mechanism,omitempty"`
	RoutingID   string      `json:"routing_id,omitempty"`
	ConnectMS   json.Number `json:"connect_ms,omitempty"`
	HandshakeMS json.Number `json:"handshake_ms,omitempty"`
	RoundTripMS json.Number `json:"round_trip_ms,omitempty"`
	Failure     string      `json:"failure,omitempty"`
	Reason      string      `json:"reason,omitempty"`
}

// finding prints what a probe found. A failure is data for --json only; the run
// ends with it as its error.
func (p *printer) finding(f *finding) error {
	if p.json {
		out := findingJSON{Endpoint: f.Endpoint, OK: f.Failure == nil}
		if f.Failure != nil {
			out.Failure, out.Reason = f.Failure.kind, f.Failure.reason
		} else {
			out.SocketType, out.Version, out.Mechanism, out.RoutingID = f.SocketType, f.Version, f.Mechanism, f.RoutingID
			out.ConnectMS, out.HandshakeMS = json.Number(milliseconds(f.Connect)), json.Number(milliseconds(f.Handshake))
			out.RoundTripMS = json.Number(measured(f.RoundTrip, ""))
		}
		return p.object(out)
	}
	if f.Failure != nil {
		return nil
	}
	if p.plain {
		return p.fields(f.Endpoint, f.SocketType, f.Mechanism, f.RoutingID, milliseconds(f.Connect), milliseconds(f.Handshake), f.Version, measured(f.RoundTrip, ""))
	}
	var b strings.Builder
	for _, row := range [][2]string{
		{"endpoint", f.Endpoint},
		{"socket type", p.w.Good(known(f.SocketType))},
		{"zmtp", f.Version},
		{"mechanism", known(f.Mechanism)},
		{"routing id", f.RoutingID},
		{"connect", milliseconds(f.Connect) + " ms"},
		{"handshake", milliseconds(f.Handshake) + " ms"},
		{"round trip", measured(f.RoundTrip, " ms")},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "%-12s %s\n", row[0], row[1])
		}
	}
	_, err := io.WriteString(p.w, b.String())
	return err
}

// measured is a time with its unit, empty if it was not measured.
func measured(d time.Duration, unit string) string {
	if d == 0 {
		return ""
	}
	return milliseconds(d) + unit
}

// known says so when a peer, as one of an old ZMTP, did not tell something.
func known(text string) string { return cmp.Or(text, "not told") }

// event prints one event.
func (p *printer) event(ev zmq.Event) error {
	stamp := ev.Time.Format(time.RFC3339Nano)
	id, reason := cli.EventID(ev), cli.EventReason(ev)
	switch {
	case p.json:
		return p.object(ev)
	case p.plain:
		return p.fields(stamp, ev.Kind.String(), strconv.Itoa(ev.Value), ev.Endpoint, ev.Local, ev.Remote,
			strconv.FormatUint(ev.Conn, 10), ev.SocketType, ev.Mechanism, id, reason)
	}
	line := p.w.Faint(ev.Time.Format("15:04:05.000000")) + " " + p.colored(ev) + " " + ev.Endpoint
	for _, detail := range [][2]string{
		{" from ", remote(ev)}, {" peer ", ev.SocketType}, {" mechanism ", ev.Mechanism}, {" id ", id}, {" in ", retry(ev)}, {": ", reason},
	} {
		if detail[1] != "" {
			line += detail[0] + detail[1]
		}
	}
	_, err := io.WriteString(p.w, line+"\n")
	return err
}

// itemJSON is an item of a tap as the man page documents it.
type itemJSON struct {
	Time       time.Time         `json:"time"`
	Connection int               `json:"connection"`
	From       string            `json:"from"`
	Kind       string            `json:"kind"`
	Version    string            `json:"version,omitempty"`
	Mechanism  string            `json:"mechanism,omitempty"`
	SocketType string            `json:"socket_type,omitempty"`
	Name       string            `json:"name,omitempty"`
	Text       string            `json:"text,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	TTL        float64           `json:"ttl,omitempty"`
	Size       *uint64           `json:"size,omitempty"`
	More       bool              `json:"more,omitempty"`
	Body       any               `json:"body,omitempty"`
	Reason     string            `json:"reason,omitempty"`
}

// item prints one thing that went through a tap.
func (p *printer) item(at time.Time, conn int, it tap.Item) error {
	switch {
	case p.json:
		return p.object(itemObject(at, conn, it))
	case p.plain:
		return p.fields(at.Format(time.RFC3339Nano), strconv.Itoa(conn), it.From.String(), it.Kind.String(),
			it.Name, strconv.FormatUint(it.Size, 10), strconv.FormatBool(it.More), it.String())
	}
	arrow := "→"
	if it.From == tap.Server {
		arrow = "←"
	}
	text := it.String()
	switch it.Kind {
	case tap.Greeting:
		text = p.w.Good(text)
	case tap.Broken:
		text = p.w.Bad(text)
	}
	_, err := fmt.Fprintf(p.w, "%s %d %s %s\n", p.w.Faint(at.Format("15:04:05.000000")), conn, arrow, text)
	return err
}

func itemObject(at time.Time, conn int, it tap.Item) itemJSON {
	out := itemJSON{
		Time: at, Connection: conn, From: it.From.String(), Kind: it.Kind.String(),
		Version: it.Version, Mechanism: it.Mechanism, SocketType: it.SocketType,
		Name: it.Name, Text: it.Text, TTL: it.TTL.Seconds(), More: it.More,
	}
	switch it.Kind {
	case tap.Frame, tap.Command:
		out.Size = &it.Size
	case tap.Broken:
		out.Reason = it.Err.Error()
	}
	for _, property := range it.Properties {
		if out.Properties == nil {
			out.Properties = map[string]string{}
		}
		out.Properties[property.Name] = property.Value
	}
	switch {
	case len(it.Body) == 0:
	case utf8.Valid(it.Body):
		out.Body = string(it.Body)
	default:
		out.Body = map[string][]byte{"b64": it.Body}
	}
	return out
}

// remote is the peer's address where the endpoint does not say it already.
func remote(ev zmq.Event) string {
	if ev.Remote == ev.Endpoint {
		return ""
	}
	return ev.Remote
}

// retry is the time to the next connect.
func retry(ev zmq.Event) string {
	if ev.Kind != zmq.ConnectRetried {
		return ""
	}
	return (time.Duration(ev.Value) * time.Millisecond).String()
}

// colored is the event's name: green for what is good, red for what is not.
func (p *printer) colored(ev zmq.Event) string {
	switch ev.Kind {
	case zmq.Connected, zmq.Listening, zmq.Accepted, zmq.HandshakeSucceeded:
		return p.w.Good(ev.Kind.String())
	case zmq.ConnectDelayed, zmq.ConnectRetried:
		return ev.Kind.String()
	}
	return p.w.Bad(ev.Kind.String())
}

func (p *printer) object(v any) error {
	enc := json.NewEncoder(p.w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// fields prints one line for awk; an empty field is a dash, and no field has a
// tab or a line break.
func (p *printer) fields(fields ...string) error {
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	for i, f := range fields {
		if fields[i] = clean.Replace(f); f == "" {
			fields[i] = "-"
		}
	}
	_, err := io.WriteString(p.w, strings.Join(fields, "\t")+"\n")
	return err
}
