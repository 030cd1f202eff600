package norm

import (
	"net/netip"
	"time"

	"ztools/lib/internal/transport/multicast"
)

// A receiver is the receiving half for all senders of a session (RFC 5740 section
// 5.3). It is told of messages and of time, and emits NACKs and feedback; whole
// messages are appended to out in ZMTP 2.0 framing:
//
//	Handle   Data: a symbol; Cmd: where the sender stands
//	Poll     what is due by now: NACKs, feedback, senders that fell silent
//	Take     the messages that are whole
//
// What cannot be had any more is skipped; the message that was under way is
// dropped whole. All memory is bounded, whoever sends.
type receiver struct {
	// Constant.
	node   uint32
	buffer int // bytes of a sender's window
	limit  int64
	emit   func(message []byte, to multicast.Target)
	direct bool           // NACKs and feedback go to the sender alone
	random func() float64 // from 0 to below 1
	report func(node uint32)
	marked func() bool // the message at hand came through a congested router
	mode   int         // NORM_MODE

	senders multicast.Crowd[uint32, *sender]
	held    int // bytes of all senders
	out     []byte
	taken   bool    // out was returned by Take
	message Message // scratch
	scratch []byte
}

const (
	maxSenders = 64
	expiry     = 300 * time.Second
	heldBytes  = 128 << 20
	patience   = 60 * time.Second // after which what does not come is given up
)

// receiverConfig is what a receiver is made from.
type receiverConfig struct {
	Node   uint32
	Buffer int   // bytes
	Limit  int64 // MAXMSGSIZE
	Emit   func(message []byte, to multicast.Target)
	Direct bool // NORM_UNICAST_NACK
	Random func() float64
	Report func(node uint32) // data was lost; may be nil
	Marked func() bool       // a congested router has marked the message at hand; nil: never
	Mode   int               // NORM_MODE
}

func newReceiver(c receiverConfig) *receiver {
	return &receiver{
		node: c.Node, buffer: c.Buffer, limit: c.Limit, emit: c.Emit, direct: c.Direct, random: c.Random,
		report: c.Report, marked: c.Marked, mode: c.Mode,
		senders: multicast.NewCrowd[uint32, *sender](),
	}
}

// Handle takes in a message.
func (r *receiver) Handle(now time.Duration, b []byte, from netip.AddrPort, _ netip.Addr) {
	r.fresh()
	m := &r.message
	if m.Parse(b) != nil || m.Type != Data && m.Type != Cmd {
		return
	}
	s := r.sender(m, from.Addr())
	before := s.cost()
	s.heard, s.from = now, from
	s.grtt = unquantizeRTT(m.GRTT)
	s.backoff = time.Duration(max(m.BackoffGS>>4, 1))
	s.rate.packet(now, s.rtt, m.Seq, len(b), r.marked != nil && r.marked())
	if m.Type == Data {
		r.out = s.data(now, m, r.out)
	} else {
		r.out = s.command(now, m, r.node, r.random, r.out)
	}
	s.plan(now, r.random)
	r.settle(s, before)
}

// settle is the end of what may have changed a sender, which cost before.
func (r *receiver) settle(s *sender, before int) {
	if s.stream.broken {
		s.stream.broken = false
		r.tell(s)
	}
	r.account(s.cost() - before)
}

func (r *receiver) tell(s *sender) {
	if r.report != nil {
		r.report(s.node)
	}
}

// Take returns the messages that have become whole.
func (r *receiver) Take() []byte {
	r.taken = true
	return r.out
}

// fresh begins a new out after the last one was taken.
func (r *receiver) fresh() {
	if !r.taken {
		return
	}
	if r.taken = false; cap(r.out) > keep {
		r.out = nil
	}
	r.out = r.out[:0]
}

// sender finds the sender of a message. A restarted one begins anew.
func (r *receiver) sender(m *Message, host netip.Addr) *sender {
	s := r.senders.Sessions[m.From]
	if s != nil && s.instance == m.Instance {
		return s
	}
	if s == nil && len(r.senders.Sessions) >= maxSenders {
		s = r.senders.Weakest()
	}
	if s != nil {
		r.forget(s)
	}
	s = newSender(m.From, m.Instance, r.buffer, r.limit)
	s.rate.ignores, s.rate.tolerates = r.mode == modeECNOnly, r.mode == modeCCL
	s.host = host
	r.senders.Add(m.From, s)
	return s
}

// forget forgets a sender. If something of it was missing that is lost.
func (r *receiver) forget(s *sender) {
	r.senders.Remove(s.node)
	r.held -= s.cost()
	if s.waits() {
		r.tell(s)
	}
}

// account keeps the sum of what is held. Beyond the bound the sender with the most
// loses everything.
func (r *receiver) account(change int) {
	for r.held += change; r.held > heldBytes; {
		var most *sender
		for _, s := range r.senders.Sessions {
			if most == nil || s.cost() > most.cost() {
				most = s
			}
		}
		r.forget(most)
	}
}

// Poll does what is due and returns when to call it again.
func (r *receiver) Poll(now time.Duration) (next time.Duration) {
	r.fresh()
	next = never
	for _, s := range r.senders.Sessions {
		if now-s.heard >= expiry {
			r.forget(s)
			continue
		}
		if now >= s.nackAt {
			before := s.cost()
			r.out = r.nack(now, s)
			r.settle(s, before)
		}
		if now >= s.feedbackAt {
			s.feedbackAt = never
			r.send(s, Message{Type: Ack, AckType: ackCC, Response: s.response(now), Feedback: s.feedback()})
		}
		next = min(next, s.heard+expiry, s.nackAt, s.feedbackAt)
	}
	return next
}

// nack asks for what is missing, and waits for the repair before it asks again.
func (r *receiver) nack(now time.Duration, s *sender) []byte {
	s.nackAt = never
	list := s.missing()
	if len(list) > 0 {
		m := Message{Type: Nack, Response: s.response(now), Requests: list}
		if s.congestion {
			m.Feedback = s.feedback()
		}
		r.send(s, m)
		s.nackAt = now + (s.backoff+2)*max(s.grtt, leastGRTT)
		return s.giveUp(now, r.out)
	}
	return r.out
}

func (r *receiver) send(s *sender, m Message) {
	m.From, m.Sender, m.Instance = r.node, s.node, s.instance
	r.scratch = m.Append(r.scratch[:0])
	var to multicast.Target
	if r.direct {
		to.Host = s.from
	}
	r.emit(r.scratch, to)
}
