package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ztools/lib/secret"
	"ztools/lib/zmq"
)

// Common is the rows of CommonFlags with these names, for a tool to which the
// others mean nothing.
func Common(names ...string) []Flag {
	return slices.DeleteFunc(slices.Clone(CommonFlags), func(f Flag) bool { return !slices.Contains(names, f.Name) })
}

// SocketOption is one NAME=VALUE of a flag.
type SocketOption struct{ Flag, Name, Value string }

// SocketOptions reads a flag of NAME=VALUE.
func (a *Args) SocketOptions(flag string) []SocketOption {
	var options []SocketOption
	for _, text := range a.Strings(flag) {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			a.Reject(About(flag, Usagef("write NAME=VALUE; "+a.Prog+" -o list shows the names", "--%s %q has no value", flag, text)))
		}
		options = append(options, SocketOption{flag, name, value})
	}
	return options
}

// ListsOptions tells whether the command line is -o list.
func (a *Args) ListsOptions() bool { return slices.Equal(a.Strings("option"), []string{"list"}) }

// secretOptions are those that the command line, which others see, must not
// hold.
var secretOptions = map[string]string{
	"CURVE_SECRETKEY": "--curve-key FILE",
	"PLAIN_PASSWORD":  "--plain-password-file FILE",
}

// fileOptions are those whose value on the command line is the name of a file,
// and whether it is a secret.
var fileOptions = map[string]bool{"WSS_KEY_PEM": true, "WSS_CERT_PEM": false, "WSS_TRUST_PEM": false}

// fromFile is an option with what is in the file that its value names.
func fromFile(o SocketOption, private bool) (SocketOption, error) {
	f, err := secret.ReadFile(o.Value)
	if err == nil && private {
		err = f.Private()
	}
	if err != nil {
		return o, Usagef("its value is the name of a file", "option %s: %w", o.Name, err)
	}
	return SocketOption{o.Flag, o.Name, string(f.Text)}, nil
}

// SetOptions sets options of the command line; errors are usage errors.
func SetOptions(sock *zmq.Socket, options []SocketOption) error {
	for _, o := range options {
		if err := setOption(sock, o); err != nil {
			return About(o.Flag, err)
		}
	}
	return nil
}

func setOption(sock *zmq.Socket, o SocketOption) error {
	name := strings.TrimPrefix(strings.ToUpper(o.Name), "ZMQ_")
	if instead := secretOptions[name]; instead != "" {
		return Usagef("use "+instead, "option %s: a secret does not belong on the command line, which others see", o.Name)
	}
	if private, ok := fileOptions[name]; ok {
		var err error
		if o, err = fromFile(o, private); err != nil {
			return err
		}
	}
	if err := sock.SetByName(o.Name, o.Value); err != nil {
		return optionError(sock, o, err)
	}
	return nil
}

// optionError says why SetByName refused an option: there is none of that name,
// it can only be read, the socket's type does not have it, or its value is not one
// of those it can have.
func optionError(sock *zmq.Socket, o SocketOption, err error) error {
	const list = "-o list shows names, types and defaults"
	name := strings.TrimPrefix(strings.ToLower(o.Name), "zmq_")
	var names []string
	for _, info := range zmq.OptionTable() {
		names = append(names, info.Name)
		names = append(names, info.Aliases...)
		if !slices.Contains(append(info.Aliases, info.Name), name) {
			continue
		}
		switch {
		case !info.Set:
			return Usagef(list, "option %s can only be read", o.Name)
		case errors.Unwrap(err) == error(zmq.EINVAL) && isType(strings.Fields(info.Scope)[0]):
			return Usagef("it is for "+info.Scope, "option %s=%s makes no sense for %s", o.Name, o.Value, sock.Type())
		case errors.Is(err, zmq.EINVAL) && errors.Unwrap(err) != error(zmq.EINVAL):
			return Usagef(list, "option %s=%s: want %s", o.Name, o.Value, info.Want)
		}
		return Usagef(list, "option %s=%s: %w", o.Name, o.Value, errors.Unwrap(err))
	}
	hint := list
	if best := nearest(names, name); best != "" {
		hint = "did you mean " + best + "? " + hint
	}
	return Usagef(hint, "there is no socket option %q", o.Name)
}

// isType tells whether a word of an option's scope is a socket type, such as
// ROUTER; "stream" is transports of that kind.
func isType(word string) bool {
	t, err := zmq.ParseType(word)
	return err == nil && t.String() == word
}

// Attach binds or connects a socket and tells where; a failure comes with what
// helps against it.
func Attach(sock *zmq.Socket, e Endpoint, log *Log) error {
	if !e.Bind {
		if err := sock.Connect(e.Addr); err != nil {
			return endpointError("connect to", e, err)
		}
		log.At(1, "connecting to %s", e.Addr)
		return nil
	}
	if err := sock.Bind(e.Addr); err != nil {
		return endpointError("bind to", e, err)
	}
	level := 1
	if e.Wildcard() {
		level = 0
	}
	log.At(level, "bound to %s", sock.LastEndpoint())
	return nil
}

// endpointErrors are failures of bind and connect with what helps.
var endpointErrors = []struct {
	err    error
	status int
	hint   string
}{
	{zmq.EINVAL, StatusUsage, "an endpoint looks like tcp://localhost:5555 or ipc:///tmp/feed"},
	{zmq.EPROTONOSUPPORT, StatusUsage, "the usual transports are tcp:// and ipc://"},
	{zmq.ENOCOMPATPROTO, StatusUsage, "this transport does not carry this socket type, or not this way: @ binds, > connects"},
	{zmq.ENAMETOOLONG, StatusUsage, "the path of a Unix socket has about 100 bytes at most"},
	{zmq.EADDRINUSE, StatusFailed, "another program is bound there; tcp://*:* lets the system choose a port"},
	{zmq.EADDRNOTAVAIL, StatusFailed, "bind to an address of this machine, or to * for all of them"},
	{zmq.ENODEV, StatusFailed, "bind to an address or interface of this machine, or to * for all of them"},
	{zmq.EACCES, StatusFailed, "ports below 1024 and foreign directories need more rights"},
}

func endpointError(verb string, e Endpoint, err error) error {
	var failed *zmq.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	for _, row := range endpointErrors {
		if errors.Is(err, row.err) {
			return Failf(row.status, row.hint, "cannot %s %s: %w", verb, e.Addr, err)
		}
	}
	return fmt.Errorf("cannot %s %s: %w", verb, e.Addr, err)
}

// The codes of what a peer did wrong that mean more than broken ZMTP
// (ZMQ_PROTOCOL_ERROR_… of zmq_socket_monitor(3)).
const (
	CodeSequence          = 0x10000002 // a message came again
	CodeInvalidMetadata   = 0x10000018 // or a socket type that does not fit
	CodeCryptographic     = 0x11000001
	CodeMechanismMismatch = 0x11000002
)

// violations are those with a sentence of their own, behind the endpoint. They are
// of security in any case.
var violations = map[int]struct{ text, hint string }{
	CodeMechanismMismatch: {"wants another security mechanism", "both sides need the same one: none, CURVE, PLAIN or GSSAPI"},
	CodeCryptographic: {"cannot be trusted: what it sends was not made with the expected key",
		"is --server-key the public key of this server?"},
	CodeSequence: {"cannot be trusted: something on the way there sends its messages again", "is there a proxy or a relay between?"},
}

// Refusal is the error of a connection that has failed for good: it is not made
// again, or, with a mechanism, would only fail again. Behind a mechanism that is a
// matter of security, but for a socket type that does not fit and a message that is
// too long. It is nil for every other event.
func Refusal(ev zmq.Event) error {
	known, security := violations[ev.Code]
	switch {
	case ev.Kind == zmq.HandshakeFailedAuth:
		return Failf(StatusRefused, "ask who runs the peer for access", "%s refused us: %v", ev.Endpoint, ev.Err)
	case ev.Final() && security:
		return Failf(StatusRefused, known.hint, "%s %s", ev.Endpoint, known.text)
	case ev.Refused() && (!ev.Secured || ev.Code == CodeInvalidMetadata && ev.SocketType != ""):
		return Failf(StatusFailed, "is it a ZeroMQ socket of a type that fits?", "handshake with %s failed: %v", ev.Endpoint, ev.Err)
	case ev.Refused():
		return Failf(StatusRefused, "", "no security handshake with %s: %v", ev.Endpoint, ev.Err)
	case ev.Final() && errors.Is(ev.Err, zmq.EMSGSIZE):
		return Failf(StatusFailed, "-o maxmsgsize=SIZE sets the limit", "%s sent too long a message: %v", ev.Endpoint, ev.Err)
	case ev.Final():
		return Failf(broken(ev.Secured), "", "%s broke the protocol: %v", ev.Endpoint, ev.Err)
	}
	return unfinished(ev)
}

// broken is the status of what a peer did wrong.
func broken(secured bool) int {
	if secured {
		return StatusRefused
	}
	return StatusFailed
}

// unfinished is the error of a handshake with a mechanism that the peer did not
// want to finish, or that we could not begin, as without a ticket. nil for every
// other event.
func unfinished(ev zmq.Event) error {
	switch {
	case ev.Kind != zmq.HandshakeFailedNoDetail || ev.Mechanism == "" || ev.Mechanism == "NULL" || ev.Value == int(zmq.ETIMEDOUT):
		return nil
	case ev.Value == int(zmq.EPIPE) || ev.Value == int(zmq.ECONNRESET):
		return Failf(StatusRefused, "is the server's key right, and is ours on its list?", "%s closed the connection in the security handshake", ev.Endpoint)
	}
	return Failf(StatusRefused, "", "no security handshake with %s: %v", ev.Endpoint, ev.Err)
}
