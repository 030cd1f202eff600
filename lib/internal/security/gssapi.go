package security

import (
	"encoding/binary"

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
// There is no ERROR: who is refused is disconnected.

const (
	gssName = "GSSAPI"

	gssMore      = 1 << 0 // flags inside the seal
	gssCommand   = 1 << 1
	gssSubscribe = 1 << 2 // the body is a topic (libzmq after 4.3.5)
	gssCancel    = 1 << 3
)

// replays are the requests of clients that servers of this process have
// accepted. Whoever has the keytab must know them all, so the sockets share them.
var replays kerberos.Replays

// gssStep is what happens next.
type gssStep int

const (
	gssSendToken gssStep = iota
	gssRecvToken
	gssSendEmpty // client
	gssRecvEmpty // server
	gssAsk       // server
	gssSendReady
	gssRecvReady
	gssDone
	gssFailed
)

// gssSteps are the steps of each side in their order.
var (
	gssClientSteps = []gssStep{gssSendToken, gssRecvToken, gssSendEmpty, gssRecvReady, gssSendReady, gssDone}
	gssServerSteps = []gssStep{gssRecvToken, gssSendToken, gssRecvEmpty, gssAsk, gssSendReady, gssRecvReady, gssDone}
)

// gssapi is one side of a connection.
type gssapi struct {
	zap
	steps     []gssStep // what is still to be done
	initiator *kerberos.Initiator
	context   *kerberos.Context // once the tokens are exchanged
	token     []byte            // to be sent
	client    string            // the principal of the client, at the server
	peer      map[string]string
}

// newGSSAPI gets a client its ticket, for which it may ask the KDC.
func newGSSAPI(o *option.Options, address string) (Mechanism, error) {
	g := &gssapi{zap: zap{options: o, address: address, mechanism: gssName}, steps: gssServerSteps}
	if o.AsServer {
		return g, nil
	}
	g.steps = gssClientSteps
	var err error
	if g.initiator, err = kerberos.NewInitiator(g.own(), kerberos.Name{Text: o.GSSAPIServicePrincipal, Type: kerberos.NameType(o.GSSAPIServiceNametype)}); err != nil {
		return nil, err
	}
	g.token, err = g.initiator.Token()
	return g, err
}

// own is the name of this side, empty if any will do.
func (g *gssapi) own() kerberos.Name {
	return kerberos.Name{Text: g.options.GSSAPIPrincipal, Type: kerberos.NameType(g.options.GSSAPIPrincipalNametype)}
}

func (g *gssapi) Name() string { return gssName }

func (g *gssapi) step() gssStep { return g.steps[0] }

// done goes on to the next step.
func (g *gssapi) done() { g.steps = g.steps[1:] }

func (g *gssapi) fail(err error) error {
	if err != nil {
		g.steps = []gssStep{gssFailed}
	}
	return err
}

func (g *gssapi) Next(dst []byte) (cmd []byte, ok bool) {
	switch g.step() {
	case gssSendToken:
		dst = appendSized(dst, wire.Initiate, g.token)
	case gssSendEmpty:
	case gssSendReady:
		ready := appendOwn(wire.AppendCommand(nil, wire.Ready, ""), g.options)
		if !g.Transparent() {
			var err error
			if ready, err = g.wrap(0, ready); err != nil {
				g.fail(err)
				return dst, false
			}
		}
		dst = append(dst, ready...)
	default:
		return dst, false
	}
	g.done()
	return dst, true
}

func (g *gssapi) Handle(cmd []byte) error {
	var err error
	switch g.step() {
	case gssRecvToken:
		err = g.takeToken(cmd)
	case gssRecvEmpty:
		if err = g.takeEmpty(cmd); err == nil {
			g.ask([]byte(g.client))
		}
	case gssRecvReady:
		err = g.takeReady(cmd)
	default:
		err = wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
	}
	if err == nil {
		g.done()
	}
	return g.fail(err)
}

// takeToken reads the peer's INITIATE, which makes the context.
func (g *gssapi) takeToken(cmd []byte) error {
	token, err := parseSized(cmd, wire.Initiate, wire.MalformedInitiate)
	if err != nil {
		return err
	}
	if g.options.AsServer {
		accepted, err := kerberos.Accept(g.own(), token, g.address, &replays)
		if err != nil {
			return wire.Violation(wire.Cryptographic, err.Error())
		}
		g.context, g.token, g.client = accepted.Context, accepted.Reply, accepted.Client
		return nil
	}
	if g.context, err = g.initiator.Finish(token); err != nil {
		return wire.Violation(wire.Cryptographic, err.Error())
	}
	return nil
}

// takeEmpty reads the client's last command before READY.
func (g *gssapi) takeEmpty(cmd []byte) error {
	if len(cmd) > 0 {
		return wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
	}
	return nil
}

func (g *gssapi) takeReady(cmd []byte) error {
	if !g.Transparent() {
		var err error
		if _, cmd, err = g.unwrap(cmd); err != nil {
			return err
		}
	}
	name, data, err := wire.ParseCommand(cmd)
	if err != nil {
		return err
	}
	if string(name) != wire.Ready {
		return wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
	}
	g.peer, err = parsePeer(data, g.options.Type)
	return err
}

// Answer lets a client in if nobody answers and no domain is enforced, as libzmq
// does; but unlike libzmq up to 4.3.5 it heeds a refusal.
func (g *gssapi) Answer(reply [][]byte) error {
	err := g.answer(reply, g.options.ZAPEnforceDomain)
	if err == nil {
		g.done()
	}
	return g.fail(err)
}

func (g *gssapi) State() State {
	switch g.step() {
	case gssFailed:
		return Failed
	case gssAsk:
		return Waiting
	case gssDone:
		return Ready
	}
	return Handshaking
}

func (g *gssapi) Peer() map[string]string { return g.known(g.peer) }

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
	sealed, err := g.wrap(flags, m.Body)
	if err != nil {
		return nil, err
	}
	return wire.AppendFrameV2(dst, 0, sealed), nil
}

func (g *gssapi) Open(m *msg.Msg) error {
	if g.Transparent() {
		return nil
	}
	flags, body, err := g.unwrap(m.Body)
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

// wrap is the MESSAGE with a frame.
func (g *gssapi) wrap(flags byte, body []byte) ([]byte, error) {
	token, err := g.context.Wrap(append([]byte{flags}, body...))
	if err != nil {
		return nil, err
	}
	return appendSized(nil, wire.Message, token), nil
}

// unwrap is the frame in a MESSAGE.
func (g *gssapi) unwrap(cmd []byte) (flags byte, body []byte, err error) {
	token, err := parseSized(cmd, wire.Message, wire.MalformedMessage)
	if err != nil {
		return 0, nil, err
	}
	plaintext, err := g.context.Unwrap(token)
	switch {
	case err == kerberos.ErrSequence:
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

// parseSized is the token of such a command.
func parseSized(cmd []byte, want string, malformed wire.Code) ([]byte, error) {
	name, data, err := wire.ParseCommand(cmd)
	if err != nil {
		return nil, err
	}
	if string(name) == wire.Error {
		return nil, refusal(data)
	}
	if string(name) != want {
		return nil, wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
	}
	if len(data) < 4 || uint64(binary.BigEndian.Uint32(data)) != uint64(len(data)-4) {
		return nil, wire.Violation(malformed, "token of another length")
	}
	return data[4:], nil
}
