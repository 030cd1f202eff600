package zmq

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Events that leave the process. PublishEvents sends each of them in three
// forms, so that its readers subscribe to the one they know:
//
//	zmq.event.json | one JSON object           all that an Event tells
//	zmq.event.v1   | 6 bytes | endpoint        as zmq_socket_monitor sends it
//	zmq.event.v2   | 8 bytes | … | addresses   as zmq_socket_monitor_versioned does
//
// ParseEvent reads them, and the last two also without their topic.

// The first parts of what PublishEvents sends.
const (
	TopicJSON = "zmq.event.json"
	TopicV1   = "zmq.event.v1"
	TopicV2   = "zmq.event.v2"
)

// PublishEvents sends what happens to s from this call on through to, in
// general a PUB socket of the same context, until s is closed and has lingered,
// or to is closed; done is closed then. Nobody waits for those who read: what to
// has no room for is lost.
func (s *Socket) PublishEvents(to *Socket) (done <-chan struct{}) {
	ctx, stop := context.WithCancel(context.Background())
	events, ended := s.Events(ctx), make(chan struct{})
	s.ctx.open.Add(1)
	go func() { // the context waits for it
		defer s.ctx.open.Done()
		defer close(ended)
		defer stop()
		for ev := range events {
			if ev.publish(to) != nil {
				return
			}
		}
	}()
	return ended
}

// publish sends the event in all its forms.
func (ev *Event) publish(to *Socket) error {
	text, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	for _, m := range [...][][]byte{
		{[]byte(TopicJSON), text},
		append([][]byte{[]byte(TopicV1)}, ev.frames(1)...),
		append([][]byte{[]byte(TopicV2)}, ev.frames(2)...),
	} {
		if err := to.TrySend(m...); err != nil && err != EAGAIN {
			return err
		}
	}
	return nil
}

// ParseEvent reads a message of PublishEvents or of Monitor. What the form does
// not carry stays empty; the time is then now. Any other message is EINVAL.
func ParseEvent(parts [][]byte) (Event, error) {
	if len(parts) == 0 {
		return Event{}, fmt.Errorf("%w: no event", EINVAL)
	}
	topic, rest := string(parts[0]), parts[1:]
	switch {
	case topic == TopicJSON && len(rest) == 1:
		var ev Event
		err := json.Unmarshal(rest[0], &ev)
		return ev, err
	case topic == TopicV1 || topic == TopicV2:
		parts = rest
	}
	switch {
	case len(parts) == 2 && len(parts[0]) == 6:
		return parseV1(parts), nil
	case len(parts) >= 5 && len(parts[0]) == 8:
		return parseV2(parts)
	}
	return Event{}, fmt.Errorf("%w: not a message of a monitor", EINVAL)
}

func parseV1(parts [][]byte) Event {
	return Event{
		Time:     time.Now(),
		Kind:     EventKind(binary.NativeEndian.Uint16(parts[0])),
		Value:    int(int32(binary.NativeEndian.Uint32(parts[0][2:]))),
		Endpoint: string(parts[1]),
	}
}

func parseV2(parts [][]byte) (Event, error) {
	numbers, addresses := parts[:len(parts)-2], parts[len(parts)-2:]
	var values []int
	for _, p := range numbers {
		if len(p) != 8 {
			return Event{}, fmt.Errorf("%w: a value of %d bytes in a monitor's message", EINVAL, len(p))
		}
		values = append(values, int(binary.NativeEndian.Uint64(p)))
	}
	kind, count, values := values[0], values[1], values[2:]
	if count != len(values) || count == 0 {
		return Event{}, fmt.Errorf("%w: a monitor's message with %d of %d values", EINVAL, len(values), count)
	}
	ev := Event{
		Time: time.Now(), Kind: EventKind(kind), Value: values[0],
		Endpoint: string(addresses[0]), Local: string(addresses[0]), Remote: string(addresses[1]),
	}
	if ev.Kind == PipesStats && count > 1 {
		ev.Queued = values[1]
	}
	return ev, nil
}

// eventJSON is an Event as JSON has it.
type eventJSON struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"`
	Value      int       `json:"value"`
	Queued     int       `json:"queued,omitempty"`
	Endpoint   string    `json:"endpoint,omitempty"`
	Local      string    `json:"local,omitempty"`
	Remote     string    `json:"remote,omitempty"`
	Connection uint64    `json:"connection,omitempty"`
	SocketType string    `json:"socket_type,omitempty"`
	Version    string    `json:"version,omitempty"`
	Mechanism  string    `json:"mechanism,omitempty"`
	RoutingID  string    `json:"routing_id,omitempty"`
	UserID     string    `json:"user_id,omitempty"`
	Code       int       `json:"code,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}

// MarshalJSON is the event as an object with the members time (RFC 3339), event,
// value, queued, endpoint, local, remote, connection, socket_type, version,
// mechanism, routing_id (text, or 0x and hexadecimal), user_id, code and reason.
// All but the first three are left out if empty.
func (ev Event) MarshalJSON() ([]byte, error) {
	out := eventJSON{
		ev.Time, ev.Kind.String(), ev.Value, ev.Queued, ev.Endpoint, ev.Local, ev.Remote, ev.Conn,
		ev.SocketType, ev.Version, ev.Mechanism, idText(ev.RoutingID), ev.UserID, ev.Code, "",
	}
	if ev.Err != nil {
		out.Reason = ev.Err.Error()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. Of Err only the text is left.
func (ev *Event) UnmarshalJSON(text []byte) error {
	var in eventJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	id, err := parseID(in.RoutingID)
	if err != nil {
		return err
	}
	*ev = Event{
		Kind: kindNamed(in.Event), Time: in.Time, Value: in.Value, Queued: in.Queued,
		Endpoint: in.Endpoint, Local: in.Local, Remote: in.Remote, Conn: in.Connection,
		SocketType: in.SocketType, Version: in.Version, Mechanism: in.Mechanism,
		RoutingID: id, UserID: in.UserID, Code: in.Code,
	}
	if in.Reason != "" {
		ev.Err = errors.New(in.Reason)
	}
	return nil
}

// kindNamed is the kind that String calls so; 0 for none.
func kindNamed(name string) EventKind {
	for k, n := range eventNames {
		if n == name {
			return k
		}
	}
	return 0
}

// idText is a routing id as text if it can be read, else in hexadecimal behind
// 0x.
func idText(id []byte) string {
	text := string(id)
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.ValidString(text) && !strings.HasPrefix(text, "0x") && !strings.ContainsFunc(text, unprintable) {
		return text
	}
	return "0x" + hex.EncodeToString(id)
}

func parseID(text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok {
		return []byte(text), nil
	}
	return hex.DecodeString(digits)
}
