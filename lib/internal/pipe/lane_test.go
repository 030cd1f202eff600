package pipe

import (
	"encoding/binary"
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
