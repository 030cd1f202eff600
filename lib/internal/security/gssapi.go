package security

import (
	"context"
	"encoding/binary"
	"errors"

	"ztools/lib/internal/kerberos"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// The GSSAPI mechanism, as libzmq has it (RFC 38 is but a sketch), with
// Kerberos 5:
//
//	client  INITIATE token ──►                    a ticket for the service
//	server        ◄── INITIATE token              it could be read
//	client  an empty command ──►                  the client knows the server
//	server  asks ZAP about the principal
//	              ◄── READY metadata
//	client  READY metadata ──►
//	both    MESSAGE
//
// READY travels inside a MESSAGE, as every frame does from then on, unless
// ZMQ_GSSAPI_PLAINTEXT is set:
//
//	07 MESSAGE  length(4)  what Wrap makes of flags(1) body
//
// libzmq sends no ERROR to who is refused, and disconnects; we send it, as with
// the other mechanisms, so that the client knows.

const (
	gssMore      = 1 << 0 // flags inside the seal
	gssCommand   = 1 << 1
	gssSubscribe = 1 << 2 // the body is a topic (libzmq after 4.3.5)
	gssCancel    = 1 << 3
)

// gssapi is one side of a connection.
type gssapi struct {
	dialogue
	acceptor  *kerberos.Acceptor  // the server's, for all connections of the bind or connect
	tickets   *kerberos.Tickets   // those of the context
	initiator *kerberos.Initiator // the client's, after Start
	context   *kerberos.Context   // once the tokens are exchanged
	token     []byte              // to be sent
	client    string              // at the server: the principal of the client
	confirm   bool                // the client's empty command is to come
	ctx       context.Context     // that of Start
}

func prepareGSSAPI(o *option.Options, shared *Memory) (Maker, error) {
	acceptor := kerberos.NewAcceptor(ownName(o), &shared.replays)
	return func(address string) Mechanism {
		g := &gssapi{dialogue: dialogue{zap: zap{options: o, address: address, mechanism: "GSSAPI"}}, acceptor: acceptor, tickets: &shared.tickets}
		if o.AsServer {
			g.expect(wire.Initiate, g.accept)
		}
		return g
	}, nil
}

func (g *gssapi) Name() string { return g.mechanism }

// ownName is the name of this side, empty if any will do.
func ownName(o *option.Options) kerberos.Name {
	return kerberos.Name{Text: o.GSSAPIPrincipal, Type: kerberos.NameType(o.GSSAPIPrincipalNametype)}
}

// The client's steps.

// Start gets the client its ticket, for which it may ask the KDC over the
// network.
func (g *gssapi) Start(ctx context.Context) error {
	g.ctx = ctx
	if g.options.AsServer {
		return nil
	}
	service := kerberos.Name{Text: g.options.GSSAPIServicePrincipal, Type: kerberos.NameType(g.options.GSSAPIServiceNametype)}
	var err error
	if g.initiator, err = kerberos.NewInitiator(ctx, g.tickets, ownName(g.options), service); err != nil {
		return err
	}
	if g.token, err = g.initiator.Token(); err != nil {
		return err
	}
	g.send = func(dst []byte) []byte {
		g.expect(wire.Initiate, g.finish)
		return appendSized(dst, wire.Initiate, g.token)
	}
	return nil
}

func (g *gssapi) finish(data []byte) error {
	token, err := parseSized(data, wire.MalformedInitiate)
	if err != nil {
		return err
	}
	if g.context, err = g.initiator.Finish(token); err != nil {
		return wire.Violation(wire.Cryptographic, err.Error())
	}
	g.send = func(dst []byte) []byte {
		g.expectReady()
		return dst // an empty command
	}
	return nil
}

// The server's steps.

func (g *gssapi) accept(data []byte) error {
	token, err := parseSized(data, wire.MalformedInitiate)
	if err != nil {
		return err
	}
	accepted, err := g.acceptor.Accept(g.ctx, token, g.address)
	if err != nil {
		return wire.Violation(wire.Cryptographic, err.Error())
	}
	g.context, g.token, g.client = accepted.Context, accepted.Reply, accepted.Client
	g.send = func(dst []byte) []byte {
		g.confirm = true
		return appendSized(dst, wire.Initiate, g.token)
	}
	return nil
}

// Handle takes a command of the peer, the empty one among them.
func (g *gssapi) Handle(cmd []byte) error {
	if g.confirm && g.state == Handshaking && len(cmd) == 0 {
		g.confirm = false
		g.wait([]byte(g.client))
		return nil
	}
	if g.confirm {
		g.expect("", nil) // nothing else may come
	}
	return g.dialogue.Handle(cmd)
}

// Answer lets a client in if nobody answers and no domain is enforced, as libzmq
// does; unlike libzmq up to 4.3.5 it heeds a refusal.
func (g *gssapi) Answer(reply [][]byte) error {
	if err := g.dialogue.Answer(reply); err != nil {
		return err
	}
	g.send = g.sendReady
	return nil
}

// READY, of both sides.

func (g *gssapi) sendReady(dst []byte) []byte {
	if g.options.AsServer {
		g.expectReady()
	} else {
		g.state = Ready
	}
	ready := appendOwn(wire.AppendCommand(nil, wire.Ready, ""), g.options)
	if g.Transparent() {
		return append(dst, ready...)
	}
	dst, err := g.wrap(dst, 0, ready)
	if err != nil {
		g.state = Failed
	}
	return dst
}

func (g *gssapi) expectReady() {
	if g.Transparent() {
		g.expect(wire.Ready, g.ready)
	} else {
		g.expect(wire.Message, g.sealedReady)
	}
}

func (g *gssapi) sealedReady(data []byte) error {
	_, body, err := g.unwrap(data)
	if err != nil {
		return err
	}
	name, metadata, err := wire.ParseCommand(body)
	if err != nil {
		return err
	}
	if string(name) != wire.Ready {
		return wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
	}
	return g.ready(metadata)
}

func (g *gssapi) ready(metadata []byte) error {
	if err := g.learn(metadata); err != nil {
		return err
	}
	if g.options.AsServer {
		g.state = Ready
	} else {
		g.send = g.sendReady
	}
	return nil
}

// Messages.

func (g *gssapi) Transparent() bool { return g.options.GSSAPIPlaintext }

func (g *gssapi) Seal(dst []byte, m *msg.Msg) ([]byte, error) {
	if g.Transparent() {
		return wire.AppendFrameV2(dst, m.Flags, m.Body), nil
	}
	var flags byte
	if m.HasMore() {
		flags |= gssMore
	}
	if m.Flags&msg.Command != 0 {
		flags |= gssCommand
	}
	sealed, err := g.wrap(nil, flags, m.Body)
	if err != nil {
		return nil, err
	}
	return wire.AppendFrameV2(dst, 0, sealed), nil
}

func (g *gssapi) Open(m *msg.Msg) error {
	if g.Transparent() {
		return nil
	}
	name, data, err := wire.ParseCommand(m.Body)
	if err != nil {
		return err
	}
	if string(name) != wire.Message {
		return wire.Violation(wire.UnexpectedCommand, "frame is not sealed")
	}
	flags, body, err := g.unwrap(data)
	if err != nil {
		return err
	}
	m.Flags = 0
	if flags&gssMore != 0 {
		m.Flags |= msg.More
	}
	if flags&gssCommand != 0 {
		m.Flags |= msg.Command
	}
	m.Body = m.Body[:0] // what was sealed is shorter than the seal
	switch {
	case flags&gssSubscribe != 0:
		m.Body, m.Flags = append(m.Body, 1), 0 // as before ZMTP 3.1
	case flags&gssCancel != 0:
		m.Body, m.Flags = append(m.Body, 0), 0
	}
	m.Body = append(m.Body, body...)
	return nil
}

// wrap appends the MESSAGE with a frame.
func (g *gssapi) wrap(dst []byte, flags byte, body []byte) ([]byte, error) {
	token, err := g.context.Wrap(append([]byte{flags}, body...))
	if err != nil {
		return dst, err
	}
	return appendSized(dst, wire.Message, token), nil
}

// unwrap is the frame in the data of a MESSAGE.
func (g *gssapi) unwrap(data []byte) (flags byte, body []byte, err error) {
	token, err := parseSized(data, wire.MalformedMessage)
	if err != nil {
		return 0, nil, err
	}
	plaintext, err := g.context.Unwrap(token)
	switch {
	case errors.Is(err, kerberos.ErrSequence):
		return 0, nil, wire.Violation(wire.InvalidSequence, err.Error())
	case err != nil:
		return 0, nil, wire.Violation(wire.Cryptographic, err.Error())
	case len(plaintext) == 0:
		return 0, nil, wire.Violation(wire.MalformedMessage, "message without flags")
	}
	return plaintext[0], plaintext[1:], nil
}

// appendSized appends a command whose data is a token behind its length.
func appendSized(dst []byte, name string, token []byte) []byte {
	dst = wire.AppendCommand(dst, name, "")
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(token)))
	return append(dst, token...)
}

// parseSized is the token in the data of such a command.
func parseSized(data []byte, malformed wire.Code) ([]byte, error) {
	if len(data) < 4 || uint64(binary.BigEndian.Uint32(data)) != uint64(len(data)-4) {
		return nil, wire.Violation(malformed, "token of another length")
	}
	return data[4:], nil
}
