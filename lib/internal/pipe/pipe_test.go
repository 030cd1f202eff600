package pipe

import (
	"testing"

	"ztools/lib/internal/msg"
)

func BenchmarkWriteRead(b *testing.B) {
	pool := &msg.Pool{}
	x, y := New(Config{Pool: pool, AtoB: Limit{0, 0}, BtoA: Limit{0, 0}})
	body := make([]byte, 16)
	b.ReportAllocs()
	var in, out msg.Msg
	in.Body = body
	for i := 0; b.Loop(); i++ {
		x.Write(&in)
		if i&127 == 127 {
			for range 128 {
				y.Read(&out)
			}
		}
	}
}

func BenchmarkTwoGoroutines(b *testing.B) {
	pool := &msg.Pool{}
	x, y := New(Config{Pool: pool, AtoB: Limit{1000, NoBoost}, BtoA: Limit{0, 0}})
	w, r := make(chan struct{}, 1), make(chan struct{}, 1)
	x.Own(chanOwner{w: w})
	y.Own(chanOwner{r: r})
	body := make([]byte, 16)
	b.ReportAllocs()
	done := make(chan struct{})
	go func() {
		var out msg.Msg
		for range b.N {
			for !y.Read(&out) {
				<-r
			}
		}
		close(done)
	}()
	in := msg.Msg{Body: body}
	for range b.N {
		for !x.Write(&in) {
			<-w
		}
	}
	<-done
}

type chanOwner struct{ r, w chan struct{} }

func (c chanOwner) Readable(*Pipe) {
	select {
	case c.r <- struct{}{}:
	default:
	}
}
func (c chanOwner) Writable(*Pipe) {
	select {
	case c.w <- struct{}{}:
	default:
	}
}
func (c chanOwner) Closed(*Pipe) {}

// What the reader took and did not read is given back when it closes, at once: the
// memory may be somebody's who waits for it.
func TestCloseGivesBodiesBack(t *testing.T) {
	pool := &msg.Pool{}
	writer, reader := New(Config{Pool: pool})
	freed := 0
	for range 4 {
		m := msg.Msg{Body: make([]byte, 20_000), Buf: msg.Foreign(func() { freed++ })}
		if !writer.Write(&m) {
			t.Fatal("no room")
		}
	}
	var m msg.Msg
	if !reader.Read(&m) || freed != 0 {
		t.Fatalf("not read, or %d bodies freed", freed)
	}
	reader.Close()
	if freed != 3 {
		t.Errorf("%d of 3 bodies were given back", freed)
	}
	pool.Put(m.Buf)
	if freed != 4 {
		t.Errorf("%d of 4 bodies were given back", freed)
	}
}
