package main

import (
	"fmt"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// open makes the sockets and sets their options, in which the last mistakes of
// the command line show. Only then files are written, and sockets bound and
// connected.
func (s *session) open() error {
	var err error
	if s.gate, err = cli.Authenticate(s.zctx, s.log, s.security); err != nil {
		return err
	}
	if s.in, err = s.socket(s.kind.typ); err != nil {
		return err
	}
	s.out = s.in
	if s.kind.has(relays) {
		if s.out, err = s.socket(zmq.Push); err != nil {
			return err
		}
	}
	if err := s.openKeepers(); err != nil {
		return err
	}
	if s.monitor, err = cli.OpenMonitor(s.zctx, s.config.monitor, s.log); err != nil {
		return err
	}
	for _, sock := range s.made {
		s.monitor.Watch(sock)
	}
	for i, e := range s.endpoints {
		sock := s.in
		if s.kind.has(relays) && i == 1 {
			sock = s.out
		}
		if err := s.attach(sock, e); err != nil {
			return err
		}
	}
	return nil
}

// socket makes one socket with the options of the tool, then those of the user.
func (s *session) socket(t zmq.Type) (*zmq.Socket, error) {
	sock, err := s.zctx.NewSocket(t)
	if err != nil {
		return nil, err
	}
	s.made = append(s.made, sock)
	s.watchEvents(sock, s.endpointsOf(len(s.made)-1))
	for _, o := range s.presets(t) {
		if err := sock.SetByName(o[0], o[1]); err != nil {
			return nil, err
		}
	}
	if s.identity != nil {
		if err := sock.Set(zmq.RoutingID, s.identity); err != nil {
			return nil, cli.Usagef("a routing id has 1 to 255 bytes", "--identity: %w", err)
		}
	}
	if err := s.security.Apply(sock); err != nil {
		return nil, err
	}
	if err := cli.SetOptions(sock, s.options); err != nil {
		return nil, err
	}
	switch {
	case s.kind.has(subscribes):
		return sock, s.subscribe(sock)
	case s.kind.has(joins):
		return sock, s.join(sock)
	}
	return sock, nil
}

// endpointsOf are those of the nth socket: each of a pipe has one.
func (s *session) endpointsOf(n int) []cli.Endpoint {
	if s.kind.has(relays) {
		return s.endpoints[n : n+1]
	}
	return s.endpoints
}

// presets are the options that make the tool safer than the library's defaults.
func (s *session) presets(t zmq.Type) [][2]string {
	options := [][2]string{{"maxmsgsize", fmt.Sprint(s.maxIn)}, {"linger", "-1"}}
	switch t {
	case zmq.Req:
		if s.replyTimeout > 0 { // so that a late reply answers no later request
			options = append(options, [2]string{"req_relaxed", "1"}, [2]string{"req_correlate", "1"})
		}
	case zmq.Router:
		options = append(options, [2]string{"router_mandatory", "1"})
	}
	return options
}

// prefixes are the subscriptions; without --subscribe, everything.
func (s *session) prefixes() []string {
	if len(s.topics) == 0 {
		return []string{""}
	}
	return s.topics
}

// subscribe uses the option of SUB; XSUB sends subscriptions as messages that
// begin with 1 (zmq_socket(3)).
func (s *session) subscribe(sock *zmq.Socket) error {
	for _, p := range s.prefixes() {
		var err error
		if sock.Type() == zmq.XSub {
			err = sock.TrySend([]byte("\x01" + p))
		} else {
			err = sock.Subscribe(p)
		}
		if err != nil {
			return fmt.Errorf("subscribe to %q: %w", p, err)
		}
	}
	return nil
}

// join joins the groups; without --join, the one without a name.
func (s *session) join(sock *zmq.Socket) error {
	list := s.groups
	if len(list) == 0 {
		list = []string{""}
	}
	for _, group := range list {
		if err := sock.Join(group); err != nil {
			return cli.Usagef("a group has 255 bytes at most and is joined once", "--join %q: %w", group, err)
		}
	}
	return nil
}

// attach binds or connects, and tells clients of a fresh key how.
func (s *session) attach(sock *zmq.Socket, e cli.Endpoint) error {
	if sock.Type() == zmq.Peer && !e.Bind {
		return s.meet(sock, e)
	}
	if err := cli.Attach(sock, e, s.log); err != nil {
		return err
	}
	if e.Bind {
		s.security.Tell(s.log, s.args.Prog, sock.Type(), sock.LastEndpoint())
	}
	return nil
}

// meet connects a PEER, which learns its peer's routing id by that; it is the one
// for messages that name no other, if there is no other.
func (s *session) meet(sock *zmq.Socket, e cli.Endpoint) error {
	id, err := sock.ConnectPeer(e.Addr)
	if err == nil && s.singlePeer() {
		s.first <- peerID(id)
	}
	return err
}

// loops chooses the loops that this type needs.
func (s *session) loops() ([]func() error, error) {
	switch {
	case s.kind.has(asks):
		src, err := s.source()
		return s.loop(func() error { return s.ask(src) }), err
	case s.kind.has(answers):
		answer, err := s.answerer()
		return s.loop(func() error { return s.answer(answer) }), err
	}
	var loops []func() error
	if s.kind.has(sends) && !s.silent() {
		src, err := s.source()
		if err != nil {
			return nil, err
		}
		loops = append(loops, func() error { return s.send(src) })
	}
	if s.kind.has(receives | relays) {
		last, err := s.stages()
		if err != nil {
			return nil, err
		}
		loops = append(loops, func() error { return s.receive(last) })
	}
	return loops, nil
}

func (s *session) loop(f func() error) []func() error { return []func() error{f} }

// silent tells whether a type that can send has nothing to send.
func (s *session) silent() bool {
	told := len(s.data) > 0 || len(s.files) > 0 || s.replay != "" || s.args.Given("in")
	return !told && (s.kind.has(quiet) || s.echo || s.kind.has(routes) && (s.exec != "" || s.filter != ""))
}
