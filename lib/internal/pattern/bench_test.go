package pattern

import (
	"bytes"
	"strconv"
	"testing"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// batch is how many messages go one way before the other side catches up.
const batch = 128

// unlimited is a pipe without limits.
func unlimited(mine, _ *pipe.Pipe) { mine.SetLimits(pipe.Limit{}, pipe.Limit{}) }

// benchSend sends messages of 16 bytes behind the given frame; the peers take
// them without looking.
func benchSend(b *testing.B, r *rig, first []byte, peers ...*peer) {
	body := make([]byte, 16)
	r.catchUp()
	b.ReportAllocs()
	var m, out msg.Msg
	for i := 0; b.Loop(); i++ {
		if first != nil {
			m.Body, m.Flags = first, msg.More
			r.Pattern.Send(&m)
		}
		m.Body, m.Flags = body, 0
		if err := r.Pattern.Send(&m); err != nil {
			b.Fatal(err)
		}
		if i%batch == batch-1 {
			for _, p := range peers {
				for p.Read(&out) {
				}
			}
			r.catchUp()
		}
	}
}

// benchRecv receives what a peer sends: messages of so many frames.
func benchRecv(b *testing.B, r *rig, p *peer, frames int) {
	body := make([]byte, 16)
	b.ReportAllocs()
	var in, out msg.Msg
	for i := 0; b.Loop(); i++ {
		if i%batch == 0 {
			for range batch {
				for f := 1; f <= frames; f++ {
					in = msg.Msg{Body: body}
					if f < frames {
						in.Flags, in.Body = msg.More, nil
					}
					p.Write(&in)
				}
			}
			r.catchUp()
		}
		for more := true; more; more = out.HasMore() {
			if err := r.Pattern.Recv(&out); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkPushSend(b *testing.B) {
	r := newRig(b, Push)
	benchSend(b, r, nil, r.connect(unlimited))
}

func BenchmarkDealerSend(b *testing.B) {
	r := newRig(b, Dealer)
	benchSend(b, r, nil, r.connect(unlimited), r.connect(unlimited))
}

func BenchmarkRouterSend(b *testing.B) {
	r := newRig(b, Router)
	benchSend(b, r, []byte("peer"), r.connect(unlimited, id("peer")))
}

func BenchmarkPubSend(b *testing.B) {
	r := newRig(b, Pub)
	p := r.connect(unlimited)
	p.command("+")
	benchSend(b, r, nil, p)
}

func BenchmarkPullRecv(b *testing.B) {
	r := newRig(b, Pull)
	benchRecv(b, r, r.connect(unlimited), 1)
}

func BenchmarkSubRecv(b *testing.B) {
	r := newRig(b, Sub, setting{option.Subscribe, "\x00\x00"})
	benchRecv(b, r, r.connect(unlimited), 1)
}

func BenchmarkRouterRecv(b *testing.B) {
	r := newRig(b, Router)
	benchRecv(b, r, r.connect(unlimited, id("peer")), 1)
}

// BenchmarkPutToFull has a proxy's batch for an only subscriber who takes nothing
// more: each message is dropped, and none is looked at more often for those after it.
func BenchmarkPutToFull(b *testing.B) {
	r := newRig(b, XPub)
	p := r.connect()
	p.command("+")
	r.catchUp()
	var batch pipe.Batch
	for range 1000 {
		batch.Add(&msg.Msg{Body: make([]byte, 16)}, &msg.Pool{})
	}
	put := PutterOf(r.Pattern)
	for b.Loop() {
		m := msg.Msg{}
		for c := (pipe.Cursor{}); !c.Done(&batch); {
			if put.Put(&batch, &c).Msgs == 0 {
				c.Next(&batch, &m)
				r.Pattern.Send(&m)
			}
		}
	}
}

// ignore is an owner that hears nothing.
type ignore struct{}

func (ignore) Readable(*pipe.Pipe) {}
func (ignore) Writable(*pipe.Pipe) {}
func (ignore) Closed(*pipe.Pipe)   {}

func BenchmarkReqRep(b *testing.B) {
	q, p := newRig(b, Req).Pattern, newRig(b, Rep).Pattern
	mine, other := pipe.New(pipe.Config{Pool: &msg.Pool{}})
	mine.Own(ignore{})
	other.Own(ignore{})
	id("")(nil, mine)
	q.Attach(mine)
	p.Attach(other)
	m := msg.Msg{Body: make([]byte, 16)}
	b.ReportAllocs()
	for b.Loop() {
		q.Send(&m)
		p.Readable(other)
		err := p.Recv(&m)
		p.Send(&m)
		q.Readable(mine)
		if err2 := q.Recv(&m); err != nil || err2 != nil {
			b.Fatal(err, err2)
		}
	}
}

// BenchmarkPullRecvMany receives from many peers in turn, each of which has sent a
// run of messages: the row peers of make compare.
func BenchmarkPullRecvMany(b *testing.B) {
	const batch = 500
	var body [16]byte
	run := bytes.Repeat(append([]byte{0, 16}, body[:]...), batch)
	for _, n := range []int{1, 100, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			r := newRig(b, Pull)
			peers := make([]*peer, n)
			for i := range peers {
				peers[i] = r.connect(unlimited)
			}
			var m msg.Msg
			for left := 0; b.Loop(); left-- {
				if left == 0 {
					b.StopTimer()
					for _, p := range peers {
						p.WriteRun(run, batch)
					}
					r.catchUp()
					left = n * batch
					b.StartTimer()
				}
				if err := r.Pattern.Recv(&m); err != nil {
					b.Fatal(err)
				}
				copy(body[:], m.Body)
			}
		})
	}
}
