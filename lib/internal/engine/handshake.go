package engine

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// A handshake makes two strangers peers. Its steps, in order:
//
//  1. greet      both sides learn what the other speaks
//     upgrade    or, over ws, agree on that in the way of HTTP
//  2. identify   1.0 and 2.0: each sends a frame with its routing id
//     agree      3.x: the security mechanism exchanges its commands, and may
//     have the authentication asked about the peer (ask.go)
//
// Whatever is sent is collected and written when the peer has to say something,
// so a peer that sends its whole greeting at once costs two writes.

// maxCommand is the largest frame of a handshake, in bytes, where
// ZMQ_MAXMSGSIZE does not set a lower limit: enough for INITIATE with some
// hundred properties, and little for a stranger to make us keep.
const maxCommand = 64 << 10

// firstRead is how much memory a handshake begins with, in bytes. A greeting
// and a READY fit.
const firstRead = 256

// Result is what a handshake found out.
type Result struct {
	Version wire.Version
	Web     wire.Framing // over ws: of what the peer sends; else 0
	// Mechanism protects the frames from here on; nil before ZMTP 3.0, which
	// has none.
	Mechanism security.Mechanism
	// Properties are those of zmq_msg_gets(3): what the peer said about itself,
	// and Peer-Address. They belong to the caller.
	Properties map[string]string
	Identity   []byte // the peer's routing id, at most 255 bytes, often none
	SocketType string // the peer's; empty if it did not say
	Offered    string // the mechanism in the peer's greeting; empty before ZMTP 3.0
	// Rest is what was received behind the handshake: the beginning of the
	// peer's frames.
	Rest []byte
}

// Bare is the Result where there is no handshake: the connection carries frames
// and nothing else, neither commands nor heartbeats.
func Bare() *Result { return &Result{Version: wire.ZMTP20} }

// framing is that of what the peer sends. What it gets is the reverse.
func (r *Result) framing() wire.Framing { return cmp.Or(r.Web, r.Version.Framing()) }

// Handshake speaks with the peer on conn until both may send messages, at most
// as long as ZMQ_HANDSHAKE_IVL. secure is what security.Prepare made of o; auth
// is asked about the peer if o says so. It does not close conn. CauseOf tells
// the kinds of its errors apart; with one comes what was learnt about the peer,
// nil if not even its version. After success conn has no deadline. Whoever closes
// conn to end the handshake ends ctx, too: it may be waiting for somebody else.
func Handshake(ctx context.Context, conn net.Conn, o *option.Options, secure security.Maker, auth Authenticator) (*Result, error) {
	h := &handshake{ctx: ctx, conn: conn, options: o, auth: auth, in: make([]byte, 0, firstRead)}
	if o.HandshakeIvl > 0 {
		h.deadline = time.Now().Add(time.Duration(o.HandshakeIvl) * time.Millisecond)
	}
	if err := conn.SetDeadline(h.deadline); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if err := h.run(secure(peerAddress(conn))); err != nil {
		return h.learnt(), fmt.Errorf("handshake: %w", err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return h.finish(), nil
}

// handshake is the state of one, owned by the goroutine that runs it.
type handshake struct {
	ctx      context.Context
	conn     net.Conn
	options  *option.Options
	auth     Authenticator
	deadline time.Time // none if zero
	in       []byte    // received and not yet consumed
	out      []byte    // to be sent
	known    bool      // what the peer speaks
	result   Result
}

func (h *handshake) run(m security.Mechanism) error {
	var err error
	agrees := false // a mechanism follows
	if c, ok := h.conn.(transport.Upgrader); ok {
		agrees, err = h.upgrade(c)
	} else {
		err = h.greet(m.Name())
		agrees = h.result.Version >= wire.ZMTP30
	}
	if err != nil {
		h.flush() // the peer is to find the same fault
		return err
	}
	if agrees {
		err = h.agree(m)
	} else {
		err = h.identify()
	}
	if err != nil {
		return err
	}
	return h.flush()
}

// upgrade leaves it to the connection to find out what the peer speaks.
func (h *handshake) upgrade(c transport.Upgrader) (agrees bool, err error) {
	u, err := c.Upgrade()
	if err != nil {
		return false, err
	}
	h.known = true
	h.result.Version, h.result.Web, h.in = u.Version, u.Framing, u.Rest
	return u.Mechanism, nil
}

// greet exchanges greetings in libzmq's stages, since a peer of ZMTP 1.0 takes
// the first one for a frame and must not get the others.
func (h *handshake) greet(mechanism string) error {
	h.out = wire.AppendSignature(h.out, len(h.options.RoutingID))
	var versioned bool
	err := h.until(func() (known bool) {
		versioned, known = wire.Versioned(h.in)
		return known
	})
	if err != nil {
		return err
	}
	if versioned {
		h.out = wire.AppendMajor(h.out)
		if err := h.need(wire.SignatureLen + 1); err != nil {
			return err
		}
		h.out = wire.AppendRest(h.out, h.in[wire.SignatureLen], h.options.Type, mechanism)
	}
	return h.learn(mechanism)
}

// learn reads the peer's whole greeting.
func (h *handshake) learn(mechanism string) error {
	v := &h.result.Version
	err := h.until(func() (known bool) {
		*v, known = wire.ConsumeVersion(h.in)
		return known
	})
	if err != nil {
		return err
	}
	h.known = true
	if *v < wire.ZMTP30 && security.Required(h.options) {
		return wire.Quietly(wire.Violation(wire.Unspecified, "peer speaks ZMTP "+v.String()+", which has no security"))
	}
	n := v.GreetingLen()
	if err := h.need(n); err != nil {
		return err
	}
	greeting := h.in[:n]
	h.in = h.in[n:]
	switch {
	case *v >= wire.ZMTP30:
		h.result.Offered = wire.MechanismName(greeting)
		return wire.CheckMechanism(greeting, mechanism)
	case *v == wire.ZMTP20:
		h.result.SocketType = wire.SocketTypeName(int(greeting[n-1]))
	}
	return nil
}

// identify exchanges routing ids with a peer of ZMTP 1.0 or 2.0. Such a peer
// says nothing more about itself, and whether the socket types fit is left to
// the user, as in libzmq.
func (h *handshake) identify() error {
	id := h.options.RoutingID
	if h.result.Version == wire.Unversioned { // our signature was the header
		h.out = append(h.out, id...)
	} else {
		h.out = encode(h.out, h.result.framing().Reverse(), 0, id)
	}
	body, err := h.frame(0, wire.MaxIdentity)
	if err != nil {
		return err
	}
	h.result.Properties, h.result.Identity = map[string]string{wire.PropIdentity: string(body)}, []byte(string(body))
	return nil
}

// agree runs the mechanism.
func (h *handshake) agree(m security.Mechanism) error {
	if s, ok := m.(security.Starter); ok {
		ctx, cancel := h.bounded()
		defer cancel()
		if err := s.Start(ctx); err != nil {
			return err
		}
	}
	for h.commands(m); m.State() != security.Ready; h.commands(m) {
		step := h.command
		if m.State() == security.Waiting {
			step = h.ask
		}
		if err := step(m); err != nil {
			h.result.SocketType = m.Said()[wire.PropSocketType]
			refusal := h.commands(m)
			h.flush() // what the peer did wrong matters more than whether it hears of it
			if refusal {
				h.linger()
			}
			return err
		}
	}
	h.result.Mechanism = m
	h.result.Properties = m.Peer()
	h.result.SocketType, h.result.Identity = m.Said()[wire.PropSocketType], []byte(m.Said()[wire.PropIdentity])
	return nil
}

// bounded is the context with the deadline of the handshake.
func (h *handshake) bounded() (context.Context, context.CancelFunc) {
	if h.deadline.IsZero() {
		return h.ctx, func() {}
	}
	return context.WithDeadline(h.ctx, h.deadline)
}

// command receives a command for the mechanism.
func (h *handshake) command(m security.Mechanism) error {
	body, err := h.frame(msg.Command, maxCommand)
	if err != nil {
		return err
	}
	return m.Handle(body)
}

// linger waits a moment for a peer that was refused to leave: bytes of it that
// nobody reads would make the system withdraw what was sent last.
func (h *handshake) linger() {
	c, ok := h.conn.(interface{ CloseWrite() error })
	if !ok || c.CloseWrite() != nil {
		return
	}
	h.conn.SetReadDeadline(time.Now().Add(lingerRead))
	var unread [firstRead]byte
	for err := error(nil); err == nil; {
		_, err = h.conn.Read(unread[:])
	}
}

// commands collects what the mechanism has to say, if anything.
func (h *handshake) commands(m security.Mechanism) (some bool) {
	for cmd, ok := m.Next(nil); ok; cmd, ok = m.Next(nil) {
		h.out = encode(h.out, h.result.framing().Reverse(), msg.Command, cmd)
		some = true
	}
	return some
}

// learnt is what is known of the peer when the handshake has failed.
func (h *handshake) learnt() *Result {
	if !h.known {
		return nil
	}
	return &Result{Version: h.result.Version, SocketType: h.result.SocketType, Offered: h.result.Offered}
}

// finish fills in what the steps have in common.
func (h *handshake) finish() *Result {
	r := h.result // a copy: h and its buffers may go
	if a := peerAddress(h.conn); a != "" {
		r.Properties[wire.PropPeerAddress] = a
	}
	if len(h.in) > 0 {
		r.Rest = h.in
	}
	return &r
}

// peerAddress is the property Peer-Address: the IP address without the port, or
// what the transport says.
func peerAddress(conn net.Conn) string {
	if c, ok := conn.(interface{ PeerAddress() string }); ok {
		return c.PeerAddress()
	}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return (&net.IPAddr{IP: a.IP, Zone: a.Zone}).String()
	}
	return ""
}

// frame consumes one frame, which must have those flags and a body of at most
// limit bytes, and returns the body. It is valid as long as the handshake.
func (h *handshake) frame(flags msg.Flags, limit int64) ([]byte, error) {
	head, err := h.header()
	if err != nil {
		return nil, err
	}
	if head.Flags != flags || head.Control() {
		return nil, h.unexpected()
	}
	if m := h.options.MaxMsgSize; m >= 0 {
		limit = min(limit, m)
	}
	if err := head.Limit(limit); err != nil {
		return nil, wire.Quietly(err)
	}
	end := head.Len + int(head.Size)
	if err := h.need(end); err != nil {
		return nil, err
	}
	body := h.in[head.Len:end:end]
	head.Unmask(body)
	h.in = h.in[end:]
	return body, nil
}

// unexpected is the error for a frame of the wrong kind.
func (h *handshake) unexpected() error {
	err := wire.Violation(wire.UnexpectedCommand, "unexpected frame in the handshake")
	if h.result.Version < wire.ZMTP30 { // which has no commands
		return wire.Quietly(err)
	}
	return err
}

// header reads the header of the next frame and leaves it where it is.
func (h *handshake) header() (head wire.Header, err error) {
	for {
		var ok bool
		head, ok, err = wire.ConsumeHeader(h.result.framing(), h.in)
		if ok || err != nil {
			return head, wire.Quietly(err)
		}
		if err := h.more(); err != nil {
			return head, err
		}
	}
}

// need receives until n bytes are there.
func (h *handshake) need(n int) error {
	return h.until(func() bool { return len(h.in) >= n })
}

// until receives until done.
func (h *handshake) until(done func() bool) error {
	for !done() {
		if err := h.more(); err != nil {
			return err
		}
	}
	return nil
}

// more sends what there is to send and receives something.
func (h *handshake) more() error {
	if err := h.flush(); err != nil {
		return err
	}
	if len(h.in) == cap(h.in) {
		h.in = slices.Grow(h.in, firstRead)
	}
	n, err := h.conn.Read(h.in[len(h.in):cap(h.in)])
	h.in = h.in[:len(h.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

// flush sends what there is to send.
func (h *handshake) flush() error {
	if len(h.out) == 0 {
		return nil
	}
	_, err := transport.Write(h.conn, h.out)
	h.out = h.out[:0]
	return err
}
