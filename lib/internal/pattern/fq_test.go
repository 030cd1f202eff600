package pattern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// A fair queue of many pipes reads through windows, of which nothing may be seen. So
// a PULL and one whose fair queue reads from its pipes alone live through the same
// random scene: the same messages in the same order, and credit at the same time.

// straight is a PULL without windows.
type straight struct{ *pull }

func (s straight) Recv(m *msg.Msg) error {
	for f := &s.fq; f.active > 0; f.suspend() {
		if f.pipes[f.current].Read(m) {
			if !m.HasMore() {
				f.advance()
			}
			return nil
		}
	}
	return errno.EAGAIN
}

// crowd is one of the two, with its peers.
type crowd struct {
	*rig
	peers []*peer
}

// newCrowd has peers with all kinds of limits.
func newCrowd(t *testing.T, n int) *crowd {
	c := &crowd{rig: newRig(t, Pull)}
	for i := range n {
		c.join(i)
	}
	return c
}

func (c *crowd) join(i int) {
	c.peers = append(c.peers, c.connect(hwm([]int{0, 1, 2, 7, 40, 1000}[i%6])))
}

// leave has a peer close, of which what it sent is still received.
func (c *crowd) leave(i int) {
	c.peers[i].Shut()
	c.peers = slices.Delete(c.peers, i, i+1)
}

// offer sends as many messages as there is room for, at most n, and tells how many.
func (c *crowd) offer(i, n int, r *rand.Rand) (sent int) {
	for ; sent < n && c.peers[i].Room() > 0; sent++ {
		c.peers[i].send(crowdMessage(r))
	}
	return sent
}

// own is the PULL itself.
func (c *crowd) own() *pull {
	if s, ok := c.Pattern.(straight); ok {
		return s.pull
	}
	return c.Pattern.(*pull)
}

// next is the frame that peek finds.
func (c *crowd) next() string {
	var m msg.Msg
	c.own().fq.peek(&m)
	return string(m.Body)
}

// receive is recv, which takes the short way as a socket does.
func (c *crowd) receive() string {
	c.catchUp()
	if t := c.own().Turns(); t != nil {
		if body, _, ok := t.ReadShort(); ok {
			return string(body)
		}
	}
	return c.recv()
}

// takes is taken.
func (c *crowd) takes(n int) string {
	r := *c.rig
	r.Pattern = c.own() // a straight one is no Taker
	c.catchUp()
	return strings.Join(r.taken(n), " ")
}

// crowdMessage is mostly short and of one part.
func crowdMessage(r *rand.Rand) string {
	text := fmt.Sprint(r.IntN(1 << 30))
	switch r.IntN(12) {
	case 0:
		return text + "|" + text
	case 1:
		return text + strings.Repeat("l", []int{90, 237, 238, 239, 300, msg.RefMin}[r.IntN(6)])
	}
	return text[:r.IntN(len(text)+1)]
}

// step does the same at random to each of the two, and tells what came of it.
func (c *crowd) step(r *rand.Rand) string {
	switch n := r.IntN(1000); {
	case n < 500:
		sent, each := 0, 1+r.IntN(20)
		for i := range len(c.peers) {
			if r.IntN(2) == 0 {
				sent += c.offer(i, each, r)
			}
		}
		return fmt.Sprint(sent)
	case n < 850:
		var got []string
		for range 1 + r.IntN(2000) {
			got = append(got, c.receive())
		}
		return strings.Join(got, " ")
	case n < 870:
		c.catchUp()
		return fmt.Sprint(c.Ready(), c.next())
	case n < 885:
		return c.takes(r.IntN(20))
	case n < 900:
		c.join(n)
	default:
		c.leave(r.IntN(len(c.peers)))
	}
	return ""
}

func TestWindowsAreNotSeen(t *testing.T) {
	for seed := range uint64(3) {
		a, b := newCrowd(t, cold+20), newCrowd(t, cold+20)
		b.Pattern = straight{b.own()}
		ra, rb := rand.New(rand.NewPCG(seed, 0)), rand.New(rand.NewPCG(seed, 0))
		opened, dropped := false, false
		for n := 0; n < 5000 && len(a.peers) > cold-40; n++ {
			got, want := a.step(ra), b.step(rb)
			if got != want {
				t.Fatalf("seed %d, step %d: %q, want %q", seed, n, got, want)
			}
			windows := a.own().fq.windows
			dropped = opened && (dropped || len(windows) == 0)
			opened = opened || slices.ContainsFunc(windows, func(w pipe.Window) bool { return !w.Empty() })
		}
		if !dropped {
			t.Errorf("seed %d: %d peers are left, windows opened: %v, and dropped: %v", seed, len(a.peers), opened, dropped)
		}
		for got := ""; got != "EAGAIN"; {
			want := b.recv()
			if got = a.recv(); got != want {
				t.Fatalf("seed %d, at the end: %q, want %q", seed, got, want)
			}
		}
	}
}
