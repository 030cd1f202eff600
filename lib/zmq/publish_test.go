package zmq

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
)

var someEvents = []Event{
	{Kind: Listening, Time: time.Unix(1, 5).UTC(), Value: 7, Endpoint: "tcp://127.0.0.1:5555"},
	{Kind: HandshakeSucceeded, Time: time.Unix(2, 0).UTC(), Endpoint: "tcp://a:1", Local: "tcp://b:2", Remote: "tcp://a:1", Conn: 3,
		SocketType: "ROUTER", Version: "3.1", Mechanism: "CURVE", RoutingID: []byte{0, 'x', 0xFF}, UserID: "anna"},
	{Kind: PipesStats, Time: time.Unix(3, 0).UTC(), Value: 4, Queued: 9, RoutingID: []byte("0xyz")},
	{Kind: HandshakeFailedProtocol, Time: time.Unix(4, 0).UTC(), Value: -1, Code: 0x10000001, Err: errors.New("no greeting")},
}

func TestEventsSurviveJSON(t *testing.T) {
	for _, ev := range someEvents {
		text, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseEvent([][]byte{[]byte(TopicJSON), text})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(ev.RoutingID) == 0 {
			got.RoutingID = nil
		}
		if !reflect.DeepEqual(got, ev) {
			t.Errorf("%s: got %+v, want %+v", text, got, ev)
		}
	}
}

func TestEventsSurviveLibzmqsForms(t *testing.T) {
	for _, ev := range someEvents {
		for version, topic := range map[int]string{1: TopicV1, 2: TopicV2} {
			for _, parts := range [][][]byte{ev.frames(version), append([][]byte{[]byte(topic)}, ev.frames(version)...)} {
				got, err := ParseEvent(parts)
				if version == 1 && ev.Kind > AllEvents {
					continue // libzmq has no such event there
				}
				if err != nil || got.Kind != ev.Kind || got.Value != ev.Value {
					t.Errorf("version %d: got %+v, %v, want %+v", version, got, err, ev)
				}
				if version == 2 && (got.Queued != ev.Queued || got.Remote != ev.Remote) {
					t.Errorf("got %+v, want %+v", got, ev)
				}
			}
		}
	}
}

func TestParseEventRefuses(t *testing.T) {
	eight := make([]byte, 8)
	for name, parts := range map[string][][]byte{
		"nothing":                nil,
		"text":                   {[]byte("hello")},
		"broken JSON":            {[]byte(TopicJSON), []byte("{")},
		"JSON with a bad id":     {[]byte(TopicJSON), []byte(`{"time":"2026-01-01T00:00:00Z","routing_id":"0xzz"}`)},
		"a short value":          {eight, eight, eight[:3], nil, nil},
		"no values":              {eight, eight, nil, nil},
		"fewer values than said": {eight, nativeUint64(2), eight, nil, nil},
	} {
		if ev, err := ParseEvent(parts); err == nil {
			t.Errorf("%s: got %+v", name, ev)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, ev := range someEvents {
		v2 := ev.frames(2)
		f.Add(v2[0], v2[1], v2[2], v2[3], v2[4], 5)
		text, _ := json.Marshal(ev)
		f.Add([]byte(TopicJSON), text, []byte{}, []byte{}, []byte{}, 2)
	}
	f.Fuzz(func(t *testing.T, a, b, c, d, e []byte, n int) {
		parts := [][]byte{a, b, c, d, e}
		ev, err := ParseEvent(parts[:min(max(n, 0), len(parts))])
		if err != nil {
			return
		}
		if _, err := json.Marshal(ev); err != nil && ev.Time.Year() < 10000 {
			t.Errorf("%+v: %v", ev, err)
		}
	})
}

func TestPublishEvents(t *testing.T) {
	c := NewContext()
	socket := func(typ Type) *Socket {
		s, err := c.NewSocket(typ)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	watched, pub, sub := socket(Pull), socket(Pub), socket(Sub)
	for _, err := range []error{pub.Bind("inproc://events"), sub.Connect("inproc://events"), sub.Subscribe("")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	done := watched.PublishEvents(pub)
	if err := watched.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	watched.Close()
	<-done
	var got []string
	for range 3 * 3 {
		parts, err := sub.Recv(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ev, err := ParseEvent(parts)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(parts[0])+" "+ev.Kind.String())
	}
	want := []string{
		TopicJSON + " LISTENING", TopicV1 + " LISTENING", TopicV2 + " LISTENING",
		TopicJSON + " CLOSED", TopicV1 + " CLOSED", TopicV2 + " CLOSED",
		TopicJSON + " MONITOR_STOPPED", TopicV1 + " MONITOR_STOPPED", TopicV2 + " MONITOR_STOPPED",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	pub.Close()
	sub.Close()
	c.Close()
}

func TestPublishEventsEndsWithItsSocket(t *testing.T) {
	c := NewContext()
	watched, err := c.NewSocket(Pull)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := c.NewSocket(Pub)
	if err != nil {
		t.Fatal(err)
	}
	done := watched.PublishEvents(pub)
	pub.Close()
	if err := watched.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	<-done
	watched.Close()
	c.Close()
}
