package security

import "ztools/lib/internal/wire"

// dialogue is a handshake of commands by turns, as in PLAIN and CURVE. A
// mechanism embeds it and says at each step what it sends next and what it
// expects then:
//
//	client  HELLO ──►           ──► INITIATE           READY or ERROR
//	server        ask? WELCOME or ERROR      ask? READY ──►
//
// Whatever else the peer sends ends the connection.
type dialogue struct {
	zap
	state State
	send  func(dst []byte) []byte // appends the next command; nil if it is the peer's turn

	expected string                  // name of the command that may come
	handle   func(data []byte) error // what to do with it
	peer     map[string]string       // set when the peer's metadata has come
}

// expect says what the peer is to send next.
func (d *dialogue) expect(name string, handle func(data []byte) error) {
	d.expected, d.handle = name, handle
}

// Next is the next command, or the ERROR of a refusal.
func (d *dialogue) Next(dst []byte) (cmd []byte, ok bool) {
	if d.refused() {
		return d.refuse(dst)
	}
	send := d.send
	if send == nil || d.state != Handshaking {
		return dst, false
	}
	d.send = nil
	return send(dst), true
}

// Handle takes a command of the peer.
func (d *dialogue) Handle(cmd []byte) error {
	err := d.take(cmd)
	if err != nil {
		d.state = Failed
	}
	return err
}

func (d *dialogue) take(cmd []byte) error {
	if d.state != Handshaking || d.send != nil {
		return wire.Violation(wire.Unspecified, "peer sent a command out of its turn")
	}
	name, data, err := wire.ParseCommand(cmd)
	switch {
	case err != nil:
		return err
	case string(name) == d.expected:
		return d.handle(data)
	case string(name) == wire.Error && !d.options.AsServer:
		return refusal(data)
	}
	return wire.Violation(wire.UnexpectedCommand, "unexpected command in the handshake")
}

// wait has the authentication asked.
func (d *dialogue) wait(credentials ...[]byte) {
	d.ask(credentials...)
	d.state = Waiting
}

// Answer takes the reply of the authentication. Without a handler
// ZAP_ENFORCE_DOMAIN decides.
func (d *dialogue) Answer(reply [][]byte) error {
	return d.answered(reply, d.options.ZAPEnforceDomain)
}

// answered is Answer where compulsory decides.
func (d *dialogue) answered(reply [][]byte, compulsory bool) error {
	err := d.answer(reply, compulsory)
	if err != nil {
		d.state = Failed
	} else if d.state == Waiting {
		d.state = Handshaking
	}
	return err
}

// State is how far the handshake has come.
func (d *dialogue) State() State { return d.state }

// Peer is what is known about the peer.
func (d *dialogue) Peer() map[string]string { return d.known(d.peer) }

// Said is what the peer said.
func (d *dialogue) Said() map[string]string { return d.peer }

// learn reads the peer's metadata.
func (d *dialogue) learn(metadata []byte) (err error) {
	d.peer, err = parsePeer(metadata, d.options.Type)
	return err
}
