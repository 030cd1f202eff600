package security

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// null is the NULL mechanism (RFC 37, "The NULL Security Mechanism"):
//
//	we    ask, if there is a ZAP domain; READY metadata ──►
//	peer  ◄── READY metadata, or ERROR reason
//
// in any order. Nothing is protected.
type null struct {
	zap
	unsealed
	peer   map[string]string // set by the peer's READY
	sent   bool              // our READY
	failed bool
}

func prepareNull(o *option.Options, _ *Memory) (Maker, error) {
	return func(address string) Mechanism {
		n := &null{zap: zap{options: o, address: address, mechanism: "NULL"}}
		if o.ZAPDomain != "" {
			n.ask()
		}
		return n
	}, nil
}

func (n *null) Name() string { return "NULL" }

func (n *null) Next(dst []byte) (cmd []byte, ok bool) {
	if n.refused() {
		return n.refuse(dst)
	}
	if n.sent || n.failed || n.asking {
		return dst, false
	}
	n.sent = true
	return appendOwn(wire.AppendCommand(dst, wire.Ready, ""), n.options), true
}

func (n *null) Handle(cmd []byte) error {
	err := n.handle(cmd)
	n.failed = n.failed || err != nil
	return err
}

func (n *null) Answer(reply [][]byte) error {
	err := n.answer(reply, n.options.ZAPEnforceDomain)
	n.failed = n.failed || err != nil
	return err
}

func (n *null) handle(cmd []byte) error {
	name, data, err := wire.ParseCommand(cmd)
	first := n.peer == nil && !n.failed
	switch {
	case err != nil: // to libzmq not malformed, but another command
	case first && string(name) == wire.Ready:
		n.peer, err = parsePeer(data, n.options.Type)
		return wire.Quietly(err)
	case first && string(name) == wire.Error:
		return refusal(data)
	}
	return wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
}

func (n *null) State() State {
	switch {
	case n.failed:
		return Failed
	case n.asking:
		return Waiting
	case n.sent && n.peer != nil:
		return Ready
	}
	return Handshaking
}

func (n *null) Peer() map[string]string { return n.known(n.peer) }

func (n *null) Said() map[string]string { return n.peer }

// unsealed is the part of a mechanism that does not protect frames.
type unsealed struct{}

// Seal appends the frame as it is.
func (unsealed) Seal(dst []byte, m *msg.Msg) ([]byte, error) {
	return wire.AppendFrameV2(dst, m.Flags, m.Body), nil
}

// Open changes nothing.
func (unsealed) Open(*msg.Msg) error { return nil }

// Transparent is true.
func (unsealed) Transparent() bool { return true }
