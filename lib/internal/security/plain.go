package security

import (
	"bytes"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// plain is the PLAIN mechanism (RFC 24):
//
//	client  HELLO name password ──►
//	server  ◄── WELCOME, if the authentication allows it, or ERROR status
//	client  INITIATE metadata ──►
//	server  ◄── READY metadata
//
// Nothing is protected, not even the password. A server asks the authentication
// in any case: without a handler nobody gets in.
type plain struct {
	dialogue
	unsealed
}

func preparePlain(o *option.Options, _ *Memory) (Maker, error) {
	if o.AsServer && o.ZAPEnforceDomain && o.ZAPDomain == "" {
		return nil, errno.EINVAL // libzmq aborts
	}
	return func(address string) Mechanism {
		p := &plain{dialogue: dialogue{zap: zap{options: o, address: address, mechanism: "PLAIN"}}}
		if o.AsServer {
			p.expect(wire.Hello, p.hello)
		} else {
			p.send = p.sendHello
		}
		return p
	}, nil
}

// Name is "PLAIN".
func (p *plain) Name() string { return p.mechanism }

// spoiltError is how libzmq spells the name of ERROR in PLAIN, with its length:
// in C, "\x05E" is one character. A client of libzmq knows no other, so we send
// it too, and take both.
const spoiltError = "^RROR"

// Next is the next command, or the ERROR of a refusal.
func (p *plain) Next(dst []byte) (cmd []byte, ok bool) {
	refusing, at := p.refused(), len(dst)
	cmd, ok = p.dialogue.Next(dst)
	if refusing {
		reason := cmd[at+1+len(wire.Error):]
		cmd = append(append(cmd[:at], spoiltError...), reason...)
	}
	return cmd, ok
}

// Handle takes a command of the peer.
func (p *plain) Handle(cmd []byte) error {
	if reason, ok := bytes.CutPrefix(cmd, []byte(spoiltError)); ok {
		cmd = wire.AppendCommand(nil, wire.Error, reason)
	}
	return p.dialogue.Handle(cmd)
}

// The client's steps.

func (p *plain) sendHello(dst []byte) []byte {
	p.expect(wire.Welcome, p.welcome)
	name, password := p.options.PlainUsername, p.options.PlainPassword
	dst = wire.AppendCommand(dst, wire.Hello, []byte{byte(len(name))})
	dst = append(append(dst, name...), byte(len(password)))
	return append(dst, password...)
}

func (p *plain) welcome(data []byte) error {
	if len(data) != 0 {
		return wire.Violation(wire.MalformedWelcome, "malformed welcome command")
	}
	p.send = p.sendInitiate
	return nil
}

func (p *plain) sendInitiate(dst []byte) []byte {
	p.expect(wire.Ready, p.ready)
	return appendOwn(wire.AppendCommand(dst, wire.Initiate, ""), p.options)
}

func (p *plain) ready(data []byte) error {
	if err := p.learn(data); err != nil {
		return err
	}
	p.state = Ready
	return nil
}

// The server's steps.

func (p *plain) hello(data []byte) error {
	name, rest, ok := cutText(data)
	password, rest, ok2 := cutText(rest)
	if !ok || !ok2 || len(rest) > 0 {
		return wire.Violation(wire.MalformedHello, "malformed hello command")
	}
	p.wait(bytes.Clone(name), bytes.Clone(password))
	return nil
}

// cutText takes a text behind a byte with its length off b.
func cutText(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || int(b[0]) >= len(b) {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], true
}

// Answer lets nobody in whom the handler has not allowed.
func (p *plain) Answer(reply [][]byte) error {
	if err := p.answered(reply, true); err != nil {
		return err
	}
	p.send = p.sendWelcome
	return nil
}

func (p *plain) sendWelcome(dst []byte) []byte {
	p.expect(wire.Initiate, p.initiate)
	return wire.AppendCommand(dst, wire.Welcome, "")
}

func (p *plain) initiate(data []byte) error {
	if err := p.learn(data); err != nil {
		return err
	}
	p.send = p.sendReady
	return nil
}

func (p *plain) sendReady(dst []byte) []byte {
	p.state = Ready
	return appendOwn(wire.AppendCommand(dst, wire.Ready, ""), p.options)
}
