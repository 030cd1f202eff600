package pipe

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
)

// recorder notes what an end is told.
type recorder struct{ readable, writable, closed int }

func (r *recorder) Readable(*Pipe) { r.readable++ }
func (r *recorder) Writable(*Pipe) { r.writable++ }
func (r *recorder) Closed(*Pipe)   { r.closed++ }

// ends makes a pipe with the same limit both ways and a recorder at each end.
func ends(c Config) (a, b *Pipe, ra, rb *recorder) {
	c.Pool = &msg.Pool{}
	a, b = New(c)
	ra, rb = &recorder{}, &recorder{}
	a.Own(ra)
	b.Own(rb)
	return a, b, ra, rb
}

func limit(n int) Config {
	return Config{AtoB: Limit{n, NoBoost}, BtoA: Limit{n, NoBoost}}
}

// write writes one message whose parts stand between the dots of text.
func write(p *Pipe, text string) bool {
	parts := strings.Split(text, ".")
	ok := true
	for i, part := range parts {
		m := msg.Msg{Body: []byte(part)}
		if i < len(parts)-1 {
			m.Flags = msg.More
		}
		ok = p.Write(&m)
	}
	return ok
}

// fill writes messages until one is refused and counts those that were not.
func fill(p *Pipe, atMost int) int {
	for n := range atMost {
		if !write(p, "m") {
			return n
		}
	}
	return atMost
}

// read reads one message in the form that write takes, "" if there is none.
func read(p *Pipe) string {
	var parts []string
	for m := (msg.Msg{}); p.Read(&m); {
		if parts = append(parts, string(m.Body)); !m.HasMore() {
			break
		}
	}
	return strings.Join(parts, ".")
}

func readAll(p *Pipe) (all []string) {
	for s := read(p); s != ""; s = read(p) {
		all = append(all, s)
	}
	return all
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		limit Limit
		want  int
	}{
		{Limit{1000, 1000}, 2000}, {Limit{1, 1}, 2}, {Limit{2, 2}, 4},
		{Limit{0, 1}, 0}, {Limit{1, 0}, 0}, {Limit{0, 0}, 0},
		{Limit{7, NoBoost}, 7}, {Limit{NoBoost, 7}, 7},
		{Limit{0, NoBoost}, 0}, {Limit{NoBoost, 0}, 0},
	} {
		if got := c.limit.hwm(); got != c.want {
			t.Errorf("%v: %d, want %d", c.limit, got, c.want)
		}
	}
}

// TestHighWater: exactly hwm messages fit, and after k were read there is room
// for as many as the last multiple of the low-water mark.
func TestHighWater(t *testing.T) {
	for hwm := 1; hwm <= 12; hwm++ {
		for k := range hwm + 1 {
			a, b, ra, _ := ends(limit(hwm))
			if n := fill(a, 100); n != hwm {
				t.Fatalf("hwm %d: %d messages fit", hwm, n)
			}
			for range k {
				read(b)
			}
			lwm := (hwm + 1) / 2
			room := k / lwm * lwm
			if ra.writable != min(room, 1) {
				t.Errorf("hwm %d, read %d: told writable %d times", hwm, k, ra.writable)
			}
			if n := fill(a, 100); n != room {
				t.Errorf("hwm %d, read %d: room for %d, want %d", hwm, k, n, room)
			}
		}
	}
}

func TestUnlimited(t *testing.T) {
	a, b, ra, _ := ends(limit(0))
	if n := fill(a, 10000); n != 10000 || a.Room() != math.MaxInt {
		t.Fatalf("only %d fit", n)
	}
	if n := len(readAll(b)); n != 10000 || ra.writable != 0 {
		t.Errorf("read %d, writable %d", n, ra.writable)
	}
}

// TestMultipartCounts: a multipart message counts once, when it is whole; a
// routing id never counts.
func TestMultipartCounts(t *testing.T) {
	a, b, _, rb := ends(limit(2))
	a.Write(&msg.Msg{Body: []byte("id"), Flags: msg.Identity})
	b.CheckRead()
	if !write(a, "1.2.3") || a.Room() != 1 {
		t.Fatalf("room %d", a.Room())
	}
	a.Write(&msg.Msg{Body: []byte("4"), Flags: msg.More})
	if a.Room() != 1 {
		t.Error("an unfinished message counts")
	}
	a.Write(&msg.Msg{Body: []byte("5")})
	if write(a, "6.7") || write(a, "8") {
		t.Error("a third message fits")
	}
	if got := fmt.Sprint(readAll(b)); got != "[id 1.2.3 4.5]" {
		t.Errorf("read %s", got)
	}
	if rb.readable != 1 { // a fresh end waits
		t.Errorf("told readable %d times", rb.readable)
	}
}

// TestStaging: parts appear together, and a begun message can be taken back.
func TestStaging(t *testing.T) {
	a, b, _, rb := ends(limit(10))
	b.CheckRead()
	a.Write(&msg.Msg{Body: []byte("lost"), Flags: msg.More})
	if b.CheckRead() || rb.readable != 0 {
		t.Error("half a message is visible")
	}
	a.Rollback()
	a.Rollback()
	write(a, "1.2")
	if rb.readable != 1 {
		t.Errorf("told readable %d times", rb.readable)
	}
	if got := fmt.Sprint(readAll(b)); got != "[1.2]" {
		t.Errorf("read %s", got)
	}
}

func TestPeek(t *testing.T) {
	a, b, _, _ := ends(limit(10))
	var m msg.Msg
	if b.Peek(&m) {
		t.Fatal("peeked into nothing")
	}
	write(a, "1.2")
	for _, want := range []string{"1", "2"} {
		for range 2 {
			if !b.Peek(&m) || string(m.Body) != want {
				t.Fatalf("peek %q, want %q", m.Body, want)
			}
		}
		if !b.Read(&m) || string(m.Body) != want || m.HasMore() != (want == "1") {
			t.Fatalf("read %q, want %q", m.Body, want)
		}
	}
}

// TestEventsOnce: each end is told once per time that it found nothing.
func TestEventsOnce(t *testing.T) {
	a, b, ra, rb := ends(limit(1))
	for i := 1; i < 5; i++ {
		for range 2 {
			if b.CheckRead() {
				t.Fatal("readable too early")
			}
		}
		if fill(a, 9) != 1 || a.CheckWrite() {
			t.Fatal("no limit")
		}
		if rb.readable != i {
			t.Errorf("round %d: readable %d", i, rb.readable)
		}
		read(b)
		if ra.writable != i {
			t.Errorf("round %d: writable %d", i, ra.writable)
		}
	}
}

func TestConflate(t *testing.T) {
	c := limit(1)
	c.Conflate = true
	a, b, ra, rb := ends(c)
	b.CheckRead()
	for i := range 100 {
		if !write(a, fmt.Sprint("n", i)) {
			t.Fatal("refused")
		}
	}
	if out, _ := a.Queued(); out != 1 {
		t.Errorf("%d queued", out)
	}
	if got := fmt.Sprint(readAll(b)); got != "[n99]" || rb.readable != 1 || ra.writable != 0 {
		t.Errorf("read %s, %+v, %+v", got, ra, rb)
	}
	write(a, "1.2.3") // only the last part survives
	if got := fmt.Sprint(readAll(b)); got != "[3]" {
		t.Errorf("read %s", got)
	}
	write(a, "4")
	a.Discard()
	if out, _ := a.Queued(); out != 0 || len(readAll(b)) != 0 {
		t.Errorf("%d queued after Discard", out)
	}
}

// TestSetLimits are the cases of libzmq's test_sockopt_hwm.
func TestSetLimits(t *testing.T) {
	a, _, ra, _ := ends(Config{AtoB: Limit{1, 1}, BtoA: Limit{1, 1}})
	if n := fill(a, 100); n != 2 {
		t.Fatalf("1+1 takes %d", n)
	}
	a.SetLimits(Limit{5, 1}, Limit{1, 1})
	if ra.writable != 1 {
		t.Error("not told of the new room")
	}
	if n := fill(a, 100); n != 4 {
		t.Errorf("5+1 takes %d more", n)
	}
	if out, in := a.Limits(); out != (Limit{5, 1}) || in != (Limit{1, 1}) {
		t.Errorf("limits %v %v", out, in)
	}

	a, b, _, _ := ends(Config{AtoB: Limit{100, 1}, BtoA: Limit{100, 1}})
	if n := fill(a, 200); n != 101 {
		t.Fatalf("100+1 takes %d", n)
	}
	a.SetLimits(Limit{70, 1}, Limit{70, 1})
	if n := len(readAll(b)); n != 101 {
		t.Errorf("%d of 101 left", n)
	}
	if n := fill(a, 200); n > 71 || n < 36 {
		t.Errorf("70+1 takes %d", n)
	}
}

// TestLowerLimitOfEmptyPipe: a reader that has read everything never
// acknowledges again by itself, so lowering the limit must not leave what it
// read counted for ever.
func TestLowerLimitOfEmptyPipe(t *testing.T) {
	for _, from := range []int{0, 100} {
		for _, lookedAgain := range []bool{false, true} {
			a, b, ra, _ := ends(limit(from))
			for range 40 {
				write(a, "m")
			}
			for range 40 {
				read(b)
			}
			if lookedAgain {
				b.CheckRead()
			}
			a.SetLimits(Limit{10, NoBoost}, Limit{10, NoBoost})
			first := fill(a, 100)
			if b.CheckRead() != (first > 0) {
				t.Errorf("from %d: %d written", from, first)
			}
			if first == 0 && ra.writable != 1 {
				t.Errorf("from %d, looked again %v: the writer waits for ever", from, lookedAgain)
			}
			if first == 0 {
				first = fill(a, 100)
			}
			if first != 10 {
				t.Errorf("from %d, looked again %v: room for %d", from, lookedAgain, first)
			}
		}
	}
}

func TestDiscard(t *testing.T) {
	a, b, _, _ := ends(limit(4))
	write(a, "1")
	write(a, "2")
	read(b) // takes both
	write(a, "3")
	a.Write(&msg.Msg{Flags: msg.More})
	a.Discard()
	if room := a.Room(); room != 2 {
		t.Errorf("room %d", room)
	}
	write(a, "4")
	if got := fmt.Sprint(readAll(b)); got != "[2 4]" {
		t.Errorf("read %s", got)
	}
}

// TestShut: what was written is read first, then the end is told, once.
func TestShut(t *testing.T) {
	a, b, _, rb := ends(limit(4))
	write(a, "1")
	a.Write(&msg.Msg{Flags: msg.More}) // never finished
	a.Shut()
	if rb.closed != 0 || b.Ended() {
		t.Error("told before all was read")
	}
	if write(a, "2") || !a.Gone() {
		t.Error("written after the end")
	}
	if got := fmt.Sprint(readAll(b)); got != "[1]" || rb.closed != 1 || !b.Ended() {
		t.Errorf("read %s, %+v", got, rb)
	}
	b.CheckRead()
	a.Shut()
	if rb.closed != 1 {
		t.Errorf("told %d times", rb.closed)
	}

	a, b, _, rb = ends(limit(4))
	b.CheckRead()
	a.Shut()
	if rb.closed != 1 {
		t.Error("an idle end is not told")
	}
}

// TestClose: the closed end hears nothing, the other one learns both that
// nobody reads and that nothing more comes.
func TestClose(t *testing.T) {
	a, b, ra, rb := ends(limit(1))
	write(a, "1")
	write(b, "2")
	fill(b, 1) // b waits for room
	before := *ra
	a.Close()
	if rb.writable != 1 || b.CheckWrite() || !b.Gone() || b.Room() != 0 {
		t.Errorf("%+v, gone %v", rb, b.Gone())
	}
	if got := fmt.Sprint(readAll(b)); got != "[1]" || rb.closed != 1 {
		t.Errorf("read %s, %+v", got, rb)
	}
	b.Write(&msg.Msg{Flags: msg.More})
	b.Close()
	if *ra != before {
		t.Errorf("the closed end was told %+v", ra)
	}
}

// TestCloseInTheMiddle: a message whose reader leaves before its last part is
// lost without an error.
func TestCloseInTheMiddle(t *testing.T) {
	a, b, _, _ := ends(limit(4))
	a.Write(&msg.Msg{Flags: msg.More})
	b.Close()
	if !a.Write(&msg.Msg{Flags: msg.More}) || !a.Write(&msg.Msg{}) {
		t.Error("a later part was refused")
	}
	if a.Write(&msg.Msg{}) {
		t.Error("the next message was not")
	}
}

// TestHangup: the other end cannot write any more, this one reads on.
func TestHangup(t *testing.T) {
	a, b, ra, rb := ends(limit(2))
	write(a, "1")
	write(a, "2")
	fill(a, 1)
	b.Hangup()
	if ra.writable != 1 || !a.Gone() || write(a, "3") {
		t.Errorf("%+v", ra)
	}
	if got := fmt.Sprint(readAll(b)); got != "[1 2]" || rb.closed != 1 {
		t.Errorf("read %s, %+v", got, rb)
	}
	a.CheckRead()
	if ra.closed != 1 {
		t.Errorf("%+v", ra)
	}
}

// TestNoDelay: an end that never reads is told at once, whenever the other end
// closed.
func TestNoDelay(t *testing.T) {
	for _, before := range []bool{false, true} {
		a, b, _, rb := ends(limit(4))
		write(a, "1")
		if before {
			a.Shut()
		}
		b.NoDelay()
		if !before {
			a.Shut()
		}
		if rb.closed != 1 {
			t.Errorf("closed before %v: told %d times", before, rb.closed)
		}
	}
}

// TestLargeBodies travel by reference, in order, with their buffers.
func TestLargeBodies(t *testing.T) {
	pool := &msg.Pool{}
	a, b := New(Config{Pool: pool})
	sizes := []int{0, 1, 255, 256, msg.RefMin - 1, msg.RefMin, 3 * msg.RefMin, 5}
	for i, size := range sizes {
		m := msg.Msg{Body: bytes.Repeat([]byte{byte(i)}, size), Flags: msg.More}
		if size >= msg.RefMin {
			m.Body, m.Buf = pool.Copy(m.Body)
		}
		if i == len(sizes)-1 {
			m.Flags = 0
		}
		a.Write(&m)
	}
	for i, size := range sizes {
		var m msg.Msg
		if !b.Read(&m) || len(m.Body) != size || (m.Buf != nil) != (size >= msg.RefMin) ||
			slices.ContainsFunc(m.Body, func(c byte) bool { return c != byte(i) }) {
			t.Errorf("part %d: %d bytes", i, len(m.Body))
		}
	}
}

// TestMeta: each message has the properties of the connection it came over,
// also when that changes while some wait.
func TestMeta(t *testing.T) {
	a, b, _, _ := ends(limit(0))
	first, second := &msg.Meta{}, &msg.Meta{}
	write(a, "0")
	a.SetMeta(first)
	write(a, "1.1")
	write(a, "1")
	check := func(want ...*msg.Meta) {
		t.Helper()
		for i, meta := range want {
			var m msg.Msg
			if !b.Read(&m) || m.Meta != meta {
				t.Errorf("frame %d: %p, want %p", i, m.Meta, meta)
			}
		}
	}
	check(nil, first, first)
	a.SetMeta(second)
	write(a, "2")
	check(first)
	write(a, "2")
	check(second, second)
	b.CheckRead()
	write(a, "2")
	check(second)
}

// TestPending is how a connection reads: batch by batch.
func TestPending(t *testing.T) {
	a, b, ra, rb := ends(limit(4))
	if batch, _ := b.Pending(); batch != nil {
		t.Fatal("a batch of nothing")
	}
	write(a, "1.2")
	fill(a, 9)
	batch, cur := b.Pending()
	n := 0
	for m := (msg.Msg{}); !cur.Done(batch); n++ {
		cur.Next(batch, &m)
	}
	if n != 5 || batch.Msgs != 4 || rb.readable != 1 {
		t.Errorf("%d frames, %d messages", n, batch.Msgs)
	}
	b.Consumed(1)
	if ra.writable != 0 {
		t.Error("credit too early")
	}
	b.Consumed(3)
	if ra.writable != 1 || a.Room() != 4 {
		t.Errorf("room %d", a.Room())
	}
	if batch, _ := b.Pending(); batch != nil {
		t.Error("the same batch twice")
	}
}

func TestWriteRun(t *testing.T) {
	run := msg.AppendHeader(nil, msg.More, 1)
	run = append(msg.AppendHeader(append(run, 'a'), 0, 1), 'b')
	run = append(msg.AppendHeader(run, 0, 1), 'c')
	a, b, _, rb := ends(limit(4))
	b.CheckRead()
	a.WriteRun(run, 2)
	if a.Room() != 2 || rb.readable != 1 {
		t.Errorf("room %d, %+v", a.Room(), rb)
	}
	if got := fmt.Sprint(readAll(b)); got != "[a.b c]" {
		t.Errorf("read %s", got)
	}
	b.Close()
	a.WriteRun(run, 2)
	c := limit(4)
	c.Conflate = true
	a, b, _, _ = ends(c)
	a.WriteRun(run, 2)
	if got := fmt.Sprint(readAll(b)); got != "[c]" {
		t.Errorf("conflated: %s", got)
	}
}

// TestPush: there is room for it in a full pipe, and it counts.
func TestPush(t *testing.T) {
	a, b, _, rb := ends(limit(2))
	fill(a, 2)
	a.Push(&msg.Msg{Body: []byte("pushed")})
	if a.CheckWrite() {
		t.Error("there is room")
	}
	if got := fmt.Sprint(readAll(b)); got != "[m m pushed]" {
		t.Error(got)
	}
	if out, _ := a.Queued(); out != 0 || fill(a, 9) != 2 {
		t.Errorf("%d are queued", out)
	}
	readAll(b)
	rb.readable = 0
	if a.Push(&msg.Msg{}); rb.readable != 1 {
		t.Error("the reader was not told")
	}
	b.Close()
	a.Push(&msg.Msg{Body: []byte("late")})
	if out, _ := a.Queued(); out != 0 {
		t.Error("kept for nobody")
	}
	c := limit(1)
	c.Conflate = true
	a, b, _, _ = ends(c)
	write(a, "old")
	a.Push(&msg.Msg{Body: []byte("new")})
	if got := fmt.Sprint(readAll(b)); got != "[new]" {
		t.Error(got)
	}
}

// TestLast: the message comes behind all others when the other end closes, and
// not when this one does.
func TestLast(t *testing.T) {
	a, b, _, rb := ends(limit(2))
	b.SetLast(&msg.Msg{Body: []byte("last")})
	write(a, "1")
	write(a, "2")
	a.Write(&msg.Msg{Body: []byte("half"), Flags: msg.More})
	a.Close()
	if got := fmt.Sprint(readAll(b)); got != "[1 2 last]" || rb.closed != 1 {
		t.Error(got, rb.closed)
	}
	a, b, _, rb = ends(limit(2))
	b.SetLast(&msg.Msg{Body: []byte("last")})
	b.CheckRead()
	if a.Shut(); rb.readable != 1 || rb.closed != 0 {
		t.Errorf("told readable %d times, closed %d times", rb.readable, rb.closed)
	}
	if got := fmt.Sprint(readAll(b)); got != "[last]" || rb.closed != 1 {
		t.Error(got, rb.closed)
	}
	a, b, _, _ = ends(limit(2))
	b.SetLast(&msg.Msg{Body: []byte("last")})
	b.Hangup()
	a.Close()
	if got := readAll(b); got != nil {
		t.Error(got)
	}
}
