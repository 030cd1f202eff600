package pattern

import (
	"bytes"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/trie"
)

// xpub sends each message to the peers that subscribed to a prefix of its first
// frame, and lets the user receive the subscriptions (RFC 29).
//
//	peer ──► Readable: into subs, or, in manual mode, into asked ──► pending ──► Recv
//	Send: subs ──match──► dist ──► peers
type xpub struct {
	base
	o       *option.Options
	dist    dist
	subs    trie.Multi[*pipe.Pipe] // who gets what
	asked   trie.Multi[*pipe.Pipe] // manual mode: who asked for what
	welcome []byte                 // XPUB_WELCOME_MSG

	verboseSubs   bool // XPUB_VERBOSE, XPUB_VERBOSER
	verboseUnsubs bool // XPUB_VERBOSER
	manual        bool // XPUB_MANUAL, XPUB_MANUAL_LAST_VALUE
	lastValue     bool // XPUB_MANUAL_LAST_VALUE
	nodrop        bool // XPUB_NODROP
	onlyFirst     bool // ONLY_FIRST_SUBSCRIBE
	deaf          bool // PUB: nobody receives

	pending  []notice         // to be received
	last     *pipe.Pipe       // manual mode: whose subscription was received last
	sending  bool             // in the middle of a message
	mark     func(*pipe.Pipe) // marks a peer to get the message
	markLast func(*pipe.Pipe) // the same, but only the last one
}

// notice is a frame for the user to receive.
type notice struct {
	body   []byte
	meta   *msg.Meta
	flags  msg.Flags
	manual bool       // SUBSCRIBE and UNSUBSCRIBE are for from when it was received
	from   *pipe.Pipe // nil: for nobody
}

func newXPub(o *option.Options) *xpub {
	s := &xpub{o: o, dist: newDist()}
	s.mark = s.dist.match
	s.markLast = func(p *pipe.Pipe) {
		if p == s.last {
			s.dist.match(p)
		}
	}
	return s
}

func (s *xpub) Attach(p *pipe.Pipe) {
	s.dist.attach(p)
	if p.All {
		s.subs.Add(nil, p)
	}
	if len(s.welcome) > 0 {
		p.Write(&msg.Msg{Body: s.welcome})
	}
	s.Readable(p)
}

// Detach also tells the user of subscriptions that end with the peer.
func (s *xpub) Detach(p *pipe.Pipe) {
	s.asked.RemoveAll(p, func(topic []byte, _ trie.Result) {
		if s.manual {
			s.push(notice{body: frame(remove, topic), manual: true})
		}
	})
	s.subs.RemoveAll(p, func(topic []byte, r trie.Result) {
		if !s.manual && (r == trie.Last || s.verboseUnsubs) {
			s.push(notice{body: frame(remove, topic)})
		}
	})
	if s.last == p {
		s.last = nil
	}
	s.dist.remove(p)
}

func (s *xpub) Writable(p *pipe.Pipe) { s.dist.activate(p) }

// Readable reads all that p has: subscriptions take effect when they come, not
// when the user receives them.
func (s *xpub) Readable(p *pipe.Pipe) {
	var m msg.Msg
	for p.Read(&m) {
		s.take(p, &m)
	}
}

// take handles one message, of which m is the first frame.
func (s *xpub) take(p *pipe.Pipe, m *msg.Msg) {
	before := len(s.pending)
	topic, v := parseSubscription(m)
	control := v != data || !s.onlyFirst
	for s.takeFrame(p, m, topic, v); m.HasMore() && p.Read(m); s.takeFrame(p, m, topic, v) {
		if topic, v = nil, data; control {
			topic, v = parseSubscription(m)
		}
	}
	if n := len(s.pending); n > before {
		s.pending[n-1].flags &^= msg.More // the last part was not passed up
	}
}

// takeFrame handles a frame that parseSubscription understood as given.
func (s *xpub) takeFrame(p *pipe.Pipe, m *msg.Msg, topic []byte, v verb) {
	notify := true
	switch {
	case v == data:
		if m.Flags&msg.Command == 0 {
			s.push(notice{body: bytes.Clone(m.Body), meta: m.Meta, flags: m.Flags & msg.More})
		}
		return
	case s.manual && v == add:
		s.asked.Add(topic, p)
	case s.manual:
		s.asked.Remove(topic, p)
	case v == add:
		notify = s.subs.Add(topic, p) || s.verboseSubs
	default:
		notify = s.subs.Remove(topic, p) != trie.Remain || s.verboseUnsubs
	}
	if notify {
		s.push(notice{body: frame(v, topic), meta: m.Meta, manual: s.manual, from: p})
	}
}

// frame is a subscription as the user sees it.
func frame(v verb, topic []byte) []byte {
	body := make([]byte, 1, 1+len(topic))
	body[0] = byte(remove - v)
	return append(body, topic...)
}

// push queues n for the user.
func (s *xpub) push(n notice) {
	if !s.deaf {
		s.pending = append(s.pending, n)
	}
}

func (s *xpub) Recv(m *msg.Msg) error {
	if len(s.pending) == 0 {
		return errno.EAGAIN
	}
	n := s.pending[0]
	s.pending[0] = notice{}
	s.pending = s.pending[1:]
	if n.manual {
		if s.last = n.from; s.last != nil && !s.dist.has(s.last) {
			s.last = nil
		}
	}
	*m = msg.Msg{Body: n.body, Meta: n.meta, Flags: n.flags}
	return nil
}

func (s *xpub) Ready() Events { return events(len(s.pending) > 0, true) }

func (s *xpub) Send(m *msg.Msg) error {
	if !s.sending {
		s.match(m.Body)
		if s.nodrop && !s.manual && s.dist.sendSole(m) {
			s.dist.unmatch()
			return nil
		}
		if s.nodrop && s.dist.full() {
			return errno.EAGAIN
		}
		if s.lastOnly() {
			s.last = nil
		}
	}
	s.dist.send(m)
	if s.sending = m.HasMore(); !s.sending {
		s.dist.unmatch()
	}
	return nil
}

// match marks the peers that get the message whose first frame is topic.
func (s *xpub) match(topic []byte) {
	s.dist.unmatch()
	if s.lastOnly() {
		s.subs.Match(topic, s.markLast)
	} else {
		s.subs.Match(topic, s.mark)
	}
	if s.o.InvertMatching {
		s.dist.invert()
	}
}

// lastOnly reports whether the next message is for the last subscriber alone.
func (s *xpub) lastOnly() bool { return s.manual && s.lastValue && s.last != nil }

func (s *xpub) Set(id option.ID, v any) error {
	switch id {
	case option.XPubVerbose:
		s.verboseUnsubs = false
		return setFlag(&s.verboseSubs, v)
	case option.XPubVerboser:
		err := setFlag(&s.verboseSubs, v)
		s.verboseUnsubs = s.verboseSubs
		return err
	case option.XPubManual:
		return setFlag(&s.manual, v)
	case option.XPubManualLastValue:
		err := setFlag(&s.manual, v)
		s.lastValue = s.manual
		return err
	case option.XPubNoDrop:
		return setFlag(&s.nodrop, v)
	case option.OnlyFirstSubscribe:
		return setFlag(&s.onlyFirst, v)
	}
	return s.setBytes(id, v)
}

// setBytes is Set for the options that are no flags.
func (s *xpub) setBytes(id option.ID, v any) error {
	b, ok := v.([]byte)
	switch {
	case !ok:
		return errno.EINVAL
	case id == option.XPubWelcomeMsg:
		s.welcome = bytes.Clone(b)
	case id == option.Subscribe && s.manual:
		if s.last != nil {
			s.subs.Add(b, s.last)
		}
	case id == option.Unsubscribe && s.manual:
		if s.last != nil {
			s.subs.Remove(b, s.last)
		}
	default:
		return errno.EINVAL
	}
	return nil
}

// Subscribers is the number of peers that subscribe to something now.
func (s *xpub) Subscribers() int {
	if s.manual {
		return s.asked.Holders()
	}
	return s.subs.Holders()
}

func (s *xpub) Get(id option.ID) (any, error) {
	if id == option.TopicsCount {
		return s.subs.Len(), nil
	}
	return nil, errno.EINVAL
}
