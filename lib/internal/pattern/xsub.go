package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/trie"
)

// xsub receives from its peers in turn and sends its subscriptions to all of
// them (RFC 29). It keeps them in subs, so that a peer that comes later, or
// comes back, is told too.
//
// Subscriptions never wait: a peer whose pipe is full misses them.
type xsub struct {
	o      *option.Options
	fq     fq
	dist   dist
	subs   trie.Set
	filter bool // SUB: drop what does not match

	onlyFirst     bool // ONLY_FIRST_SUBSCRIBE
	verboseUnsubs bool // XSUB_VERBOSE_UNSUBSCRIBE

	receiving bool // in the middle of a message
	sending   bool // in the middle of a message
	control   bool // the parts of that message may be subscriptions
	staged    bool // a part of that message waits for its last one
}

func newXSub(o *option.Options) *xsub {
	return &xsub{o: o, fq: newFQ(), dist: newDist()}
}

func (s *xsub) Attach(p *pipe.Pipe) {
	s.fq.attach(p)
	s.dist.attach(p)
	s.sendAll(p)
}

func (s *xsub) Detach(p *pipe.Pipe) {
	s.fq.remove(p)
	s.dist.remove(p)
}

func (s *xsub) Readable(p *pipe.Pipe) { s.fq.activate(p) }
func (s *xsub) Writable(p *pipe.Pipe) { s.dist.activate(p) }

func (s *xsub) Hiccup(p *pipe.Pipe) {
	p.Discard()
	s.dist.activate(p)
	s.sendAll(p)
}

// sendAll tells p of all subscriptions.
func (s *xsub) sendAll(p *pipe.Pipe) {
	for topic := range s.subs.All() {
		if !p.Write(command(add, topic)) {
			return
		}
	}
}

// command is a subscription as a frame.
func command(v verb, topic []byte) *msg.Msg {
	return &msg.Msg{Body: appendSubscription(nil, v, topic), Flags: msg.Command}
}

// Send takes subscriptions, in the form that XPUB receives them, and data for
// the peers.
func (s *xsub) Send(m *msg.Msg) error {
	whole := !s.sending && !m.HasMore()
	if !s.sending {
		s.control = true
	}
	topic, v := parseSubscription(m)
	if !s.control {
		v = data
	} else if !s.sending {
		s.control = v != data || !s.onlyFirst
	}
	s.sending = m.HasMore()
	switch {
	case !s.update(v, topic):
		s.finish()
	case v != data && whole:
		s.forward(command(v, topic))
	default:
		s.forward(m)
	}
	return nil
}

// update changes the set of subscriptions and reports whether the peers must be
// told. They are told of every subscribe, so that XPUB_VERBOSE works through
// a proxy.
func (s *xsub) update(v verb, topic []byte) bool {
	switch v {
	case add:
		s.subs.Add(topic)
	case remove:
		return s.subs.Remove(topic) || s.verboseUnsubs
	}
	return true
}

// forward sends one frame to all peers.
func (s *xsub) forward(m *msg.Msg) {
	if !s.staged {
		s.dist.matchAll()
	}
	s.dist.send(m)
	s.staged = m.HasMore()
}

// finish ends a message whose last part is not sent.
func (s *xsub) finish() {
	if s.staged && !s.sending {
		s.forward(&msg.Msg{})
	}
}

func (s *xsub) Recv(m *msg.Msg) error {
	for {
		if _, err := s.fq.recv(m); err != nil {
			return err
		}
		if s.receiving || s.wanted(m) {
			s.receiving = m.HasMore()
			return nil
		}
		s.fq.skip(m)
	}
}

// wanted reports whether the message that begins with m is for the user.
func (s *xsub) wanted(m *msg.Msg) bool {
	return !s.filter || s.subs.Match(m.Body) != s.o.InvertMatching
}

// Ready drops what the user does not want until it finds something else.
func (s *xsub) Ready() Events {
	for m := (msg.Msg{}); s.fq.peek(&m) != nil; {
		if s.wanted(&m) {
			return In | Out
		}
		s.fq.recv(&m)
		s.fq.skip(&m)
	}
	return Out
}

func (s *xsub) Set(id option.ID, v any) error {
	switch id {
	case option.OnlyFirstSubscribe:
		return setFlag(&s.onlyFirst, v)
	case option.XSubVerboseUnsubscribe:
		return setFlag(&s.verboseUnsubs, v)
	}
	return errno.EINVAL
}

func (s *xsub) Get(id option.ID) (any, error) {
	if id == option.TopicsCount {
		return s.subs.Len(), nil
	}
	return nil, errno.EINVAL
}
