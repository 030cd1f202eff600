package zmq

import (
	"ztools/lib/internal/engine"
	"ztools/lib/internal/transport"
)

// A membership is one bind or connect of a scheme without connections (udp, pgm,
// epgm, norm): a session with one carrier for its whole life, which makes no
// handshake. It makes no events but Disconnected where data was lost for good, of
// which libzmq says nothing.
type membership struct {
	*session
	carrier transport.Carrier
}

// enterLocked is Bind and Connect on a medium. The pipe is there at once, so
// nothing that is sent from now on is lost to a late start.
func (s *Socket) enterLocked(m transport.Medium, ep, rest string, bind bool) error {
	if !bind && s.typ.once() && len(s.endpoints[ep]) > 0 {
		return nil
	}
	o := s.snapshotLocked()
	var carrier transport.Carrier
	var err error
	ended := s.namesLocked(func() { carrier, err = m.Open(rest, bind, o) })
	switch {
	case err != nil:
		return err
	case ended != nil:
		carrier.Close()
		return ended
	case !bind && s.typ.once() && len(s.endpoints[ep]) > 0: // somebody else was faster
		carrier.Close()
		return nil
	}
	j := &membership{s.newSession(o, ep, false), carrier}
	_, end := j.newPipe()
	end.Local, end.All = !bind, true
	s.attachLocked(end, network)
	s.last = carrier.Endpoint()
	s.endpoints[ep] = append(s.endpoints[ep], j)
	s.wg.Add(1)
	go j.run()
	return nil
}

// alias is the endpoint with what a wildcard became, which LastEndpoint told. libzmq
// knows only the text that was given.
func (j *membership) alias() string { return j.carrier.Endpoint() }

// run moves messages until the session ends. It is owned by the socket.
func (j *membership) run() {
	defer j.sock.wg.Done()
	defer j.finish()
	defer j.sock.forget(j.endpoint, j)
	c := &connection{Conn: j.carrier, result: engine.Bare()}
	if r, ok := j.carrier.(transport.Reporter); ok {
		r.Report(func(err error) {
			j.sock.emit(Event{Conn: j.id, Endpoint: j.endpoint, Local: j.carrier.Endpoint()}, Disconnected, noDescriptor, err)
		})
	}
	j.start(c)
	c.engine.ReadLoop()
	j.stop(c)
}
