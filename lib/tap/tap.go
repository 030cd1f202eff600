// Package tap tells what two ZeroMQ peers say to each other, from the bytes of
// their connection as a relay sees them (ZMTP 1.0 to 3.1: RFC 13, 15, 23, 37).
//
//	client ──► relay ──► server      relay: Conversation.Feed(Client, bytes)
//	client ◄── relay ◄── server      relay: Conversation.Feed(Server, bytes)
//	                                        │
//	                                        └─► report(Item), one per greeting and frame
//
// What is sealed (CURVE, GSSAPI) is told by its size. A password is never told.
// It keeps at most a few KiB of each direction, whatever the peers announce.
package tap

import (
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/wire"
)

// Side is who has sent something.
type Side int

// The sides: who connected, and who was connected to.
const (
	Client Side = iota
	Server
)

// String is "client" or "server".
func (s Side) String() string { return [...]string{"client", "server"}[s] }

// Kind is what an Item tells of.
type Kind int

// The kinds of Item.
const (
	Greeting Kind = iota // Version, Mechanism, SocketType (ZMTP 1.0 and 2.0 only)
	Identity             // Body: the routing id, as ZMTP 1.0 and 2.0 send it
	Command              // Name, and what the command carries
	Frame                // Size, More, Body
	Broken               // Err: no more is told of this side
)

// String is the kind in lower case.
func (k Kind) String() string {
	return [...]string{"greeting", "identity", "command", "frame", "broken"}[k]
}

// Property is one of READY's.
type Property struct{ Name, Value string }

// Item is one thing that a side has sent.
type Item struct {
	From Side
	Kind Kind

	Version    string // of the greeting, such as "3.1"
	Mechanism  string
	SocketType string

	Name       string        // of the command; SUBSCRIBE or CANCEL also for the message that says so before ZMTP 3.1
	Text       string        // SUBSCRIBE, CANCEL: topic; JOIN, LEAVE: group; ERROR: reason; HELLO of PLAIN: user
	Properties []Property    // READY, INITIATE of PLAIN
	TTL        time.Duration // PING

	Size uint64 // of the frame's body, in bytes
	More bool   // further frames of the same message follow
	Body []byte // its first bytes, at most Shown; valid during the report

	Err error
}

// Shown is how many bytes of a frame an Item has at most.
const Shown = 64

// commandMax is the longest command of which more than the size is told.
const commandMax = 8 << 10

// Conversation is both directions of one connection. It is not safe for use by
// two goroutines at once.
type Conversation struct {
	report func(Item)
	ends   [2]end
}

// end is what one side has sent.
type end struct {
	buf     []byte // not decoded yet
	skip    uint64 // so many bytes of a body are still to come and not to be kept
	greeted bool
	version wire.Version // what this side would speak
	mech    string
	subs    bool // this side is SUB or XSUB
	first   bool // the next frame is the first
	inside  bool // of a message: the last frame had More
	broken  bool
}

// New is a conversation that begins, and whom to tell.
func New(report func(Item)) *Conversation {
	c := &Conversation{report: report}
	c.ends[Client].first, c.ends[Server].first = true, true
	return c
}

// Feed takes the next bytes that a side has sent. It keeps none of them.
func (c *Conversation) Feed(from Side, p []byte) {
	e := &c.ends[from]
	if e.broken {
		return
	}
	if n := min(e.skip, uint64(len(p))); n > 0 {
		e.skip -= n
		p = p[n:]
	}
	e.buf = append(e.buf, p...)
	// What one side says of its version may let the other's bytes be decoded.
	for c.advance(from) || c.advance(1-from) {
	}
}

// advance decodes one more thing of a side; false if it must wait.
func (c *Conversation) advance(from Side) bool {
	e := &c.ends[from]
	switch {
	case e.broken || len(e.buf) == 0:
		return false
	case !e.greeted:
		return c.greeting(from)
	}
	return c.frame(from)
}

// greeting decodes the greeting, which is as long as the older side's.
func (c *Conversation) greeting(from Side) bool {
	e, other := &c.ends[from], &c.ends[1-from]
	v, ok := wire.ConsumeVersion(e.buf)
	if !ok {
		return false
	}
	spoken := v
	if v >= wire.ZMTP30 { // how it goes on depends on the other side
		w, ok := other.version, other.greeted
		if !ok {
			w, ok = wire.ConsumeVersion(other.buf)
		}
		if !ok && len(e.buf) < wire.ZMTP30.GreetingLen() {
			return false
		}
		if ok {
			spoken = min(v, w)
		}
	}
	n := spoken.GreetingLen()
	if len(e.buf) < n {
		return false
	}
	e.version, e.greeted = v, true
	it := Item{From: from, Kind: Greeting, Version: v.String()}
	switch {
	case spoken >= wire.ZMTP30:
		e.mech = wire.MechanismName(e.buf[:n])
		it.Mechanism = e.mech
	case spoken > wire.Unversioned:
		it.SocketType = wire.SocketTypeName(int(e.buf[n-1]))
		e.subs = it.SocketType == "SUB" || it.SocketType == "XSUB"
	}
	e.buf = e.buf[n:]
	c.report(it)
	return true
}

// frame decodes the next frame as the older side's version has it.
func (c *Conversation) frame(from Side) bool {
	e := &c.ends[from]
	spoken := e.version
	if other := &c.ends[1-from]; other.greeted {
		spoken = min(spoken, other.version)
	}
	h, ok, err := wire.ConsumeHeader(spoken.Framing(), e.buf)
	if err != nil {
		e.broken, e.buf = true, nil
		c.report(Item{From: from, Kind: Broken, Err: err})
		return false
	}
	if !ok {
		return false
	}
	command := h.Flags&msg.Command != 0
	need := h.Len + int(min(h.Size, Shown))
	if command && h.Size <= commandMax {
		need = h.Len + int(h.Size)
	}
	if len(e.buf) < need {
		return false
	}
	c.report(e.item(from, spoken, h, e.buf[h.Len:need]))
	rest := uint64(len(e.buf) - h.Len)
	if h.Size >= rest {
		e.skip, e.buf = h.Size-rest, nil
	} else {
		e.buf = e.buf[h.Len+int(h.Size):]
	}
	return true
}

// item is the frame with that header, of whose body the first bytes are there.
func (e *end) item(from Side, spoken wire.Version, h wire.Header, body []byte) Item {
	it := Item{From: from, Kind: Frame, Size: h.Size, More: h.Flags&msg.More != 0, Body: body[:min(len(body), Shown)]}
	first, inside := e.first, e.inside
	e.first, e.inside = false, it.More
	switch {
	case h.Flags&msg.Command != 0:
		it.Kind, it.Body = Command, nil
		it.command(e.mech, body)
		e.subs = e.subs || subscribes(it.Properties)
	case spoken < wire.ZMTP30 && first:
		it.Kind = Identity
	case e.subs && !inside && len(body) > 0 && body[0] <= 1:
		it.Name, it.Text = [...]string{wire.Cancel, wire.Subscribe}[body[0]], string(it.Body[1:])
	}
	return it
}
