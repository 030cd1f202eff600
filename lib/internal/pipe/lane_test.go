package pipe

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sync/atomic"
	"testing"

	"ztools/lib/internal/msg"
)

// appendTo does what code outside Go does with a lane.
func appendTo(l *Lane, body []byte) bool {
	if atomic.LoadUint32(&l.Open) == 0 {
		return false
	}
	l.lock()
	defer l.unlock()
	if l.Open == 0 || l.Room == 0 || LaneSize-int(l.Used) < len(body)+2 {
		return false
	}
	l.Bytes[l.Used], l.Bytes[l.Used+1] = 0, byte(len(body))
	copy(l.Bytes[l.Used+2:], body)
	l.Used += uint32(len(body)) + 2
	l.Msgs++
	l.Room--
	return true
}

// lanePipe is a pipe with a reader that is awake, since it has read a message.
func lanePipe(t *testing.T, hwm int) (writer, reader *Pipe) {
	t.Helper()
	l := Limit{Snd: hwm, Rcv: NoBoost}
	writer, reader = New(Config{Pool: &msg.Pool{}, AtoB: l, BtoA: l})
	var m msg.Msg
	if reader.Read(&m) || !writer.Write(&msg.Msg{Body: []byte("first")}) || !reader.Read(&m) {
		t.Fatal("the pipe does not work")
	}
	return writer, reader
}

func TestLaneIsShutWhileTheReaderSleeps(t *testing.T) {
	l := new(Lane)
	writer, _ := New(Config{Pool: &msg.Pool{}})
	writer.Lend(l)
	if appendTo(l, []byte("x")) {
		t.Error("appended to a queue whose reader must be woken")
	}
}

func TestLaneKeepsOrderAndLimit(t *testing.T) {
	l := new(Lane)
	writer, reader := lanePipe(t, 4) // one message is not acknowledged yet
	writer.Lend(l)
	for i := range 3 {
		if !appendTo(l, []byte{byte(i)}) {
			t.Fatalf("no room for message %d", i)
		}
	}
	if appendTo(l, nil) {
		t.Error("more than the limit")
	}
	if n := writer.Room(); n != 0 { // closes the lane
		t.Errorf("room for %d more", n)
	}
	for i := range 3 {
		var m msg.Msg
		if !reader.Read(&m) || m.Body[0] != byte(i) || m.HasMore() {
			t.Fatalf("message %d is %v", i, m.Body)
		}
	}
	if appendTo(l, nil) {
		t.Error("the lane is open after the queue took it back")
	}
}

// A lane belongs to one queue until that has taken it back, and what is in it is
// not lost when the writer closes.
func TestLaneChangesHands(t *testing.T) {
	l := new(Lane)
	a, readA := lanePipe(t, 0)
	b, _ := lanePipe(t, 0)
	a.Lend(l)
	b.Lend(l)
	appendTo(l, []byte("for a"))
	b.Reclaim()
	a.Shut()
	var m msg.Msg
	if !readA.Read(&m) || string(m.Body) != "for a" {
		t.Errorf("read %q", m.Body)
	}
	b.Lend(l)
	if !appendTo(l, []byte("for b")) {
		t.Error("the lane is not free again")
	}
}

// One side appends, and writes when it cannot; the other reads, and sleeps when
// there is nothing.
func TestLaneLosesNothing(t *testing.T) {
	const count = 200_000
	limit := Limit{Snd: 100, Rcv: NoBoost}
	writer, reader := New(Config{Pool: &msg.Pool{}, AtoB: limit, BtoA: limit})
	from, to := newWaiter(), newWaiter()
	writer.Own(from)
	reader.Own(to)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l := new(Lane)
		var body [4]byte
		for i := range uint32(count) {
			binary.LittleEndian.PutUint32(body[:], i)
			if appendTo(l, body[:]) {
				continue
			}
			for !writer.Write(&msg.Msg{Body: body[:]}) {
				<-from.wake
			}
			writer.Lend(l)
		}
	}()
	for i := range uint32(count) {
		var m msg.Msg
		for !reader.Read(&m) {
			<-to.wake
		}
		if got := binary.LittleEndian.Uint32(m.Body); got != i {
			t.Fatalf("message %d is %d", i, got)
		}
	}
	<-done
}

// readFrom does what code outside Go does with a lane that was laid.
func readFrom(l *Lane) (body []byte, ok bool) {
	if atomic.LoadUint32(&l.Open) == 0 {
		return nil, false
	}
	l.lock()
	defer l.unlock()
	if atomic.LoadUint32(&l.Open) == 0 || l.At == l.Used {
		return nil, false
	}
	at, end := l.At+2, l.At+2+uint32(l.Bytes[l.At+1])
	l.At = end
	l.Msgs++
	return bytes.Clone(l.Bytes[at:end]), true
}

// anyone is a Lay's tell for those who do not ask.
func anyone(*Lane, *msg.Meta) {}

// laid is a pipe with messages in its queue, of which the first was read and what may
// lie in a lane lies there.
func laid(t *testing.T, hwm int, messages ...*msg.Msg) (writer, reader *Pipe, l *Lane) {
	t.Helper()
	limit := Limit{Snd: hwm, Rcv: NoBoost}
	writer, reader = New(Config{Pool: &msg.Pool{}, AtoB: limit, BtoA: limit})
	for i, m := range append([]*msg.Msg{{}}, messages...) {
		if !writer.Write(m) {
			t.Fatalf("no room for message %d", i)
		}
	}
	if !reader.Read(&msg.Msg{}) {
		t.Fatal("nothing to read")
	}
	l = new(Lane)
	reader.Lay(l, anyone)
	return writer, reader, l
}

func short(text string) *msg.Msg { return &msg.Msg{Body: []byte(text)} }

// What does not fit into a lane is read by a call, in its turn.
func TestLayStopsBefore(t *testing.T) {
	for name, m := range map[string]*msg.Msg{
		"a long message":     {Body: make([]byte, 256)},
		"a large message":    {Body: make([]byte, msg.RefMin)},
		"a command":          {Flags: msg.Command, Body: []byte("c")},
		"a routing id":       {Flags: msg.Identity, Body: []byte("id")},
		"a part of a longer": {Flags: msg.More, Body: []byte("p")},
	} {
		t.Run(name, func(t *testing.T) {
			messages := []*msg.Msg{short("1"), short("2"), m}
			if m.HasMore() {
				messages = append(messages, short("last part"))
			}
			_, reader, l := laid(t, 0, append(messages, short("3"))...)
			for _, want := range []string{"1", "2"} {
				if got, ok := readFrom(l); !ok || string(got) != want {
					t.Fatalf("got %q, %v, want %q", got, ok, want)
				}
			}
			if got, ok := readFrom(l); ok {
				t.Fatalf("the lane has %q", got)
			}
			for _, want := range append(messages[2:], short("3")) {
				var got msg.Msg
				if !reader.Read(&got) || !bytes.Equal(got.Body, want.Body) || got.Flags != want.Flags {
					t.Fatalf("read %v, want %v", got, want)
				}
			}
		})
	}
}

// What is in a lane is not read yet: others see it, and get it in its turn.
func TestLaidIsNotRead(t *testing.T) {
	_, reader, l := laid(t, 0, short("1"), short("2"), short("3"))
	readFrom(l)
	if !reader.CheckRead() {
		t.Error("nothing to read")
	}
	if got, ok := readFrom(l); !ok || string(got) != "2" {
		t.Errorf("the look closed the lane: %q, %v", got, ok)
	}
	var m msg.Msg
	if !reader.Read(&m) || string(m.Body) != "3" {
		t.Errorf("read %q", m.Body)
	}
	if got, ok := readFrom(l); ok {
		t.Errorf("the lane has %q after a call", got)
	}
	if reader.CheckRead() {
		t.Error("there is more")
	}
}

// All of a lane may be read without a call; then nothing is there.
func TestLaidIsReadToTheEnd(t *testing.T) {
	writer, reader, l := laid(t, 0, short("1"))
	readFrom(l)
	if reader.CheckRead() {
		t.Error("something is left")
	}
	writer.Write(short("2"))
	var m msg.Msg
	if !reader.Read(&m) || string(m.Body) != "2" {
		t.Errorf("read %q", m.Body)
	}
}

// The message with which the reader acknowledges is read by a call, so that a writer
// has room when it would have without a lane.
func TestLayKeepsAcknowledgements(t *testing.T) {
	messages := []*msg.Msg{short("1"), short("2"), short("3"), short("4"), short("5"), short("6"), short("7")}
	writer, reader, l := laid(t, 8, messages...)
	for range 2 {
		if _, ok := readFrom(l); !ok {
			t.Fatal("the lane is empty")
		}
	}
	if got, ok := readFrom(l); ok || writer.Room() != 0 {
		t.Fatalf("the lane has %q; room for %d", got, writer.Room())
	}
	if !reader.Read(&msg.Msg{}) || writer.Room() != 4 {
		t.Errorf("room for %d after half were read, want 4", writer.Room())
	}
}

// A limit that changes is felt by the next message that is read.
func TestLayEndsWithALimit(t *testing.T) {
	_, reader, l := laid(t, 100, short("1"), short("2"))
	reader.SetLimits(Limit{}, Limit{Snd: 1, Rcv: NoBoost})
	if got, ok := readFrom(l); ok {
		t.Errorf("the lane has %q", got)
	}
}

// Messages of two connections do not lie in one lane.
func TestLayTellsWhose(t *testing.T) {
	first, second := &msg.Meta{}, &msg.Meta{}
	writer, reader := New(Config{Pool: &msg.Pool{}})
	writer.SetMeta(first)
	writer.Write(short("1"))
	writer.Write(short("2"))
	writer.SetMeta(second)
	writer.Write(short("3"))
	writer.Write(short("4"))
	l, told := new(Lane), []*msg.Meta(nil)
	for range 3 {
		if !reader.Read(&msg.Msg{}) {
			t.Fatal("nothing to read")
		}
		reader.Lay(l, func(_ *Lane, meta *msg.Meta) { told = append(told, meta) })
	}
	if len(told) != 1 || told[0] != second {
		t.Errorf("told %v, want %v", told, second)
	}
	if got, ok := readFrom(l); !ok || string(got) != "4" {
		t.Errorf("the lane has %q, %v", got, ok)
	}
}

// A pipe that is closed takes its lane back, and another may have it.
func TestLaidLaneChangesHands(t *testing.T) {
	_, a, l := laid(t, 0, short("a"))
	_, b, _ := laid(t, 0, short("b"))
	a.Close()
	if got, ok := readFrom(l); ok {
		t.Errorf("the lane of a closed pipe has %q", got)
	}
	var m msg.Msg
	b.Read(&m) // it has one of its own
	writer, c := New(Config{Pool: &msg.Pool{}})
	writer.Write(short("1"))
	writer.Write(short("c"))
	c.Read(&m)
	c.Lay(l, anyone)
	if got, ok := readFrom(l); !ok || string(got) != "c" {
		t.Errorf("the lane has %q, %v", got, ok)
	}
}

// One side writes; the other reads from a lane, by a call when it cannot, and sleeps
// when there is nothing. A third closes the lane again and again.
func TestLayLosesNothing(t *testing.T) {
	const count = 200_000
	limit := Limit{Snd: 100, Rcv: NoBoost}
	writer, reader := New(Config{Pool: &msg.Pool{}, AtoB: limit, BtoA: limit})
	from, to := newWaiter(), newWaiter()
	writer.Own(from)
	reader.Own(to)
	go func() {
		var body [4]byte
		for i := range uint32(count) {
			binary.LittleEndian.PutUint32(body[:], i)
			for !writer.Write(&msg.Msg{Body: body[:]}) {
				<-from.wake
			}
		}
	}()
	l := new(Lane)
	done, closed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(closed)
		for {
			select {
			case <-done:
				return
			default:
				l.Close()
				runtime.Gosched()
			}
		}
	}()
	read := func() ([]byte, bool) {
		var m msg.Msg
		if !reader.Read(&m) {
			return nil, false
		}
		body := bytes.Clone(m.Body)
		reader.Lay(l, anyone)
		return body, true
	}
	for i := range uint32(count) {
		body, ok := readFrom(l)
		for !ok {
			if body, ok = read(); !ok {
				<-to.wake
			}
		}
		if got := binary.LittleEndian.Uint32(body); got != i {
			t.Fatalf("message %d is %d", i, got)
		}
	}
	close(done)
	<-closed
}
