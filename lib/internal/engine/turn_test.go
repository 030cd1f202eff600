package engine

import (
	"io"
	"testing"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/ztest"
)

// What is sent in a turn waits for its end, whatever that is, and no longer.
func TestTurnEnds(t *testing.T) {
	woken := make(chan struct{}, 1)
	woken <- struct{}{}
	for name, c := range map[string]struct {
		end     func(e *Engine)
		writers int32 // how often WriteLoop is started
	}{
		"the borrower comes back":      {func(e *Engine) { e.Borrow(woken, true) }, 0},
		"somebody hurries":             {(*Engine).Hurry, 1},
		"nobody comes before ReadLoop": {func(e *Engine) { e.lend() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e, r, peer := borrowable(t)
			e.Start()
			sent := func(text string) {
				t.Helper()
				want := ztest.Frame(0, text)
				got := make([]byte, len(want))
				if _, err := io.ReadFull(peer, got); err != nil || string(got) != string(want) {
					t.Fatalf("the peer got %q, %v, want %q", got, err, want)
				}
			}
			r.sock.Write(&msg.Msg{Body: []byte("first")})
			sent("first")
			e.turn.open.Store(true)
			r.sock.Write(&msg.Msg{Body: []byte("second")})
			r.sock.Write(&msg.Msg{Body: []byte("third")})
			if n := e.port.Pipe.Unsent(); n != 2 || r.writers.Load() != 0 {
				t.Errorf("%d messages are left and WriteLoop was started %d times, want 2 and 0", n, r.writers.Load())
			}
			c.end(e)
			sent("second")
			sent("third")
			if n := r.writers.Load(); n != c.writers {
				t.Errorf("WriteLoop was started %d times, want %d", n, c.writers)
			}
			e.Stop()
			e.Detach()
		})
	}
}

// A turn is over for who sends when its end has looked, and for nobody before.
func TestTurnLeave(t *testing.T) {
	var x turn
	if x.leave() {
		t.Error("left to a turn that did not begin")
	}
	x.open.Store(true)
	if !x.leave() || !x.end() || x.end() {
		t.Error("what was left is not found once")
	}
	if x.leave() {
		t.Error("left to a turn that is over")
	}
}
