package pattern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Runs of messages must be what Recv and Send make of them one by one, so two sockets
// of the same kind, with the same peers, live through the same random scene.

// runPeers are links of the peers in a scene: each may or may not take part.
func runPeers() []link {
	return []link{id("a"), id("bb"), id(strings.Repeat("c", 255)), id(strings.Repeat("d", 256)), id("e")}
}

// anyMessage is a message of one to three parts.
func anyMessage(r *rand.Rand) string {
	parts := make([]string, 1+r.IntN(3))
	for i := range parts {
		size := []int{0, 5, 255, 256, msg.RefMin - 1, msg.RefMin, 2 * msg.RefMin}[r.IntN(7)]
		parts[i] = strings.Repeat(string("aab-"[r.IntN(4)]), size)
	}
	return strings.Join(parts, "|")
}

// taken moves at most n messages by the run and gives them as texts.
func (r *rig) taken(n int) (texts []string) {
	r.t.Helper()
	r.catchUp()
	var b pipe.Batch
	t := TakerOf(r.Pattern).Take(&b, n, 3*msg.RefMin)
	var parts []string
	size, all := 0, 0
	for c, m := (pipe.Cursor{}), (msg.Msg{}); !c.Done(&b); {
		c.Next(&b, &m)
		size += len(m.Body)
		all++
		if parts = append(parts, string(m.Body)); !m.HasMore() {
			texts = append(texts, strings.Join(parts, "|"))
			parts = nil
		}
	}
	if want := (pipe.Tally{Msgs: len(texts), Parts: all, Bytes: size}); t != want || b.Msgs != len(texts) || t.Msgs > n {
		r.t.Errorf("took %+v, and %d in the batch, want %+v of at most %d", t, b.Msgs, want, n)
	}
	return texts
}

func TestTake(t *testing.T) {
	for _, kind := range []int{Pull, Dealer, Router, XSub} {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, uint64(kind)))
			sides := [2]*rig{newRig(t, kind), newRig(t, kind)}
			var peers [2][]*peer
			for _, l := range runPeers()[:1+r.IntN(5)] {
				for i, s := range sides {
					if kind != Router {
						l = hwm(20)
					}
					peers[i] = append(peers[i], s.connect(hwm(20), l))
				}
			}
			for step := range 200 {
				if r.IntN(3) > 0 {
					text, from := anyMessage(r), r.IntN(len(peers[0]))
					room, want := peers[1][from].Room(), peers[0][from].Room()
					if room != want {
						t.Fatalf("type %d, seed %d, step %d: room for %d, want %d", kind, seed, step, room, want)
					}
					if room == 0 {
						continue
					}
					for i := range sides {
						if kind == Router && step%20 == 0 { // of a connection that was made again
							id("later")(nil, peers[i][from].Pipe)
						}
						peers[i][from].send(text)
					}
					continue
				}
				got := sides[1].taken(1 + r.IntN(8))
				if len(got) == 0 {
					got = []string{sides[1].recv()}
				}
				for _, text := range got {
					if want := sides[0].recv(); text != want {
						t.Fatalf("type %d, seed %d, step %d: took %.20q, want %.20q", kind, seed, step, text, want)
					}
				}
			}
		}
	}
}

// put sends messages by the run as far as that goes, and one by one; after an error
// the rest is dropped.
func (r *rig) put(texts []string) string {
	r.t.Helper()
	r.catchUp()
	var b pipe.Batch
	for _, text := range texts {
		for _, m := range frames(text) {
			b.Add(&m, &msg.Pool{})
		}
	}
	for c := (pipe.Cursor{}); !c.Done(&b); {
		before := c
		if t := PutterOf(r.Pattern).Put(&b, &c); t.Msgs > 0 {
			r.counts(t, texts[:t.Msgs])
			texts = texts[t.Msgs:]
			continue
		}
		if c != before {
			r.t.Fatalf("nothing was put, yet the cursor is at %+v, not at %+v", c, before)
		}
		if err := r.tryBlind(texts[0]); err != nil {
			return err.(errno.Errno).Name()
		}
		texts = texts[1:]
		for m := (msg.Msg{Flags: msg.More}); m.HasMore(); {
			c.Next(&b, &m)
		}
	}
	return ""
}

// counts checks a tally of these messages.
func (r *rig) counts(t pipe.Tally, texts []string) {
	r.t.Helper()
	want := pipe.Tally{Msgs: len(texts)}
	for _, text := range texts {
		want.Parts += 1 + strings.Count(text, "|")
		want.Bytes += len(strings.ReplaceAll(text, "|", ""))
	}
	if t != want {
		r.t.Errorf("put %+v, want %+v", t, want)
	}
}

func TestPut(t *testing.T) {
	mandatory := setting{option.RouterMandatory, 1}
	raw := setting{option.RouterRaw, 1}
	waits := setting{option.XPubNoDrop, 1}
	for name, make := range map[string]func() *rig{
		"push":      func() *rig { return newRig(t, Push) },
		"dealer":    func() *rig { return newRig(t, Dealer) },
		"router":    func() *rig { return newRig(t, Router) },
		"mandatory": func() *rig { return newRig(t, Router, mandatory) },
		"raw":       func() *rig { return newRig(t, Router, raw) },
		"xpub":      func() *rig { return newRig(t, XPub) },
		"waits":     func() *rig { return newRig(t, XPub, waits) },
		"inverse":   func() *rig { r := newRig(t, XPub); r.opts.InvertMatching = true; return r },
	} {
		for seed := range uint64(20) {
			scenePut(t, fmt.Sprintf("%s, seed %d", name, seed), rand.New(rand.NewPCG(seed, 1)), [2]*rig{make(), make()})
		}
	}
}

// scenePut sends to both sides by turns with what their peers do.
func scenePut(t *testing.T, name string, r *rand.Rand, sides [2]*rig) {
	router, routes := sides[0].Pattern.(*router)
	_, publishes := sides[0].Pattern.(*xpub)
	most := 5
	if publishes {
		most = 2
	}
	var peers [2][]*peer
	for _, l := range runPeers()[:1+r.IntN(most)] {
		topics := []string{"+", "+a", "+b"}[:1+r.IntN(3)]
		if r.IntN(2) > 0 {
			topics = topics[1:]
		}
		for i, s := range sides {
			switch {
			case !routes:
				l = hwm(7)
			case router.o.Raw:
				s.set(option.ConnectRoutingID, []string{"a", "bb", "e", "f", "g"}[len(peers[i])])
				l = local
			}
			peers[i] = append(peers[i], s.connect(hwm(7), l))
			if publishes {
				peers[i][len(peers[i])-1].command(topics...)
			}
		}
	}
	routed := []string{"a", "a", "a", "bb", strings.Repeat("c", 255), strings.Repeat("d", 256), "nobody"}
	for step := range 100 {
		texts := make([]string, 1+r.IntN(6))
		for i := range texts {
			if texts[i] = anyMessage(r); routes {
				texts[i] = routed[r.IntN(len(routed))] + "|" + texts[i]
			}
		}
		want := ""
		sides[0].catchUp()
		for _, text := range texts {
			if err := sides[0].tryBlind(text); err != nil {
				want = err.(errno.Errno).Name()
				break
			}
		}
		if got := sides[1].put(texts); got != want {
			t.Fatalf("%s, step %d: %q, want %q", name, step, got, want)
		}
		for k := range peers[0] {
			for range r.IntN(4) {
				if got, want := peers[1][k].recv(), peers[0][k].recv(); got != want {
					t.Fatalf("%s, step %d: peer %d got %.20q, want %.20q", name, step, k, got, want)
				}
			}
		}
		if k := r.IntN(40); k < len(peers[0]) {
			for i := range sides {
				peers[i][k].Close()
				peers[i] = slices.Delete(slices.Clone(peers[i]), k, k+1)
			}
		}
	}
	if routes {
		sides[1].dropped(router.Dropped())
	}
	for k := range peers[0] {
		if got, want := peers[1][k].Peer().Dropped, peers[0][k].Peer().Dropped; got != want {
			t.Errorf("%s: peer %d missed %d, want %d", name, k, got, want)
		}
	}
}
