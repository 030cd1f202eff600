package pattern

import (
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// all is a row per socket type: what it can do at all, and what it says it can
// do without a peer.
var all = []struct {
	name       string
	number     int
	send, recv errno.Errno // without a peer; 0: works
	ready      Events
}{
	{"PAIR", 0, errno.EAGAIN, errno.EAGAIN, 0},
	{"PUB", 1, 0, errno.ENOTSUP, Out},
	{"SUB", 2, errno.ENOTSUP, errno.EAGAIN, 0},
	{"REQ", 3, errno.EAGAIN, errno.EFSM, 0},
	{"REP", 4, errno.EFSM, errno.EAGAIN, 0},
	{"DEALER", 5, errno.EAGAIN, errno.EAGAIN, 0},
	{"ROUTER", 6, 0, errno.EAGAIN, Out},
	{"PULL", 7, errno.ENOTSUP, errno.EAGAIN, 0},
	{"PUSH", 8, errno.EAGAIN, errno.ENOTSUP, 0},
	{"XPUB", 9, 0, errno.EAGAIN, Out},
	{"XSUB", 10, 0, errno.EAGAIN, Out},
	{"STREAM", 11, errno.EHOSTUNREACH, errno.EAGAIN, Out},
	{"SERVER", 12, errno.EHOSTUNREACH, errno.EAGAIN, Out},
	{"CLIENT", 13, errno.EAGAIN, errno.EAGAIN, 0},
	{"RADIO", 14, 0, errno.ENOTSUP, Out},
	{"DISH", 15, errno.ENOTSUP, errno.EAGAIN, 0},
	{"GATHER", 16, errno.ENOTSUP, errno.EAGAIN, 0},
	{"SCATTER", 17, errno.EAGAIN, errno.ENOTSUP, 0},
	{"DGRAM", 18, errno.EAGAIN, errno.EAGAIN, 0},
	{"PEER", 19, errno.EHOSTUNREACH, errno.EAGAIN, Out},
	{"CHANNEL", 20, errno.EAGAIN, errno.EAGAIN, 0},
}

func TestWithoutPeers(t *testing.T) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			text := "x|y"
			if c.number >= Server && c.number != Dgram {
				text = "x"
			}
			if err := r.try(text); err != error(c.send) && (err != nil || c.send != 0) {
				t.Errorf("send: %v", err)
			}
			if err := r.Recv(&msg.Msg{}); err != error(c.recv) {
				t.Errorf("recv: %v", err)
			}
			r.ready(c.ready)
		})
	}
}

func TestUnknownTypes(t *testing.T) {
	for _, n := range []int{-1, 21, 1 << 30} {
		if _, err := New(n, &option.Options{}); err != errno.EINVAL {
			t.Errorf("type %d: %v", n, err)
		}
	}
}

// TestOptionsBelongToTypes: a type takes its own options and leaves all others
// to the table (EINVAL).
func TestOptionsBelongToTypes(t *testing.T) {
	flags := map[option.ID][]int{
		option.RouterMandatory:        {Router, Rep},
		option.RouterHandover:         {Router, Rep},
		option.RouterRaw:              {Router, Rep},
		option.RouterNotify:           nil,
		option.ProbeRouter:            {Router, Rep, Dealer, Req},
		option.ReqCorrelate:           {Req},
		option.ReqRelaxed:             {Req},
		option.XPubVerbose:            {XPub, Pub},
		option.XPubVerboser:           {XPub, Pub},
		option.XPubManual:             {XPub, Pub},
		option.XPubManualLastValue:    {XPub, Pub},
		option.XPubNoDrop:             {XPub, Pub, Radio},
		option.OnlyFirstSubscribe:     {XPub, Pub, XSub},
		option.XSubVerboseUnsubscribe: {XSub},
		option.SndHWM:                 nil,
		option.TopicsCount:            nil,
	}
	texts := map[option.ID][]int{
		option.ConnectRoutingID: {Router, Rep, Stream},
		option.XPubWelcomeMsg:   {XPub, Pub},
		option.Subscribe:        {Sub}, // not a XPUB that is not manual
		option.Unsubscribe:      {Sub},
		option.RoutingID:        nil,
	}
	check := func(id option.ID, types []int, v any) {
		for _, c := range all {
			want := error(errno.EINVAL)
			for _, n := range types {
				if n == c.number {
					want = nil
				}
			}
			if err := newRig(t, c.number).Set(id, v); err != want {
				t.Errorf("%s, option %d: %v, want %v", c.name, id, err, want)
			}
			if err := newRig(t, c.number).Set(id, struct{}{}); err != errno.EINVAL {
				t.Errorf("%s, option %d of a wrong type: %v", c.name, id, err)
			}
		}
	}
	for id, types := range flags {
		check(id, types, 1)
	}
	for id, types := range texts {
		check(id, types, []byte("x"))
	}
}

func TestTopicsCountBelongsToPubSub(t *testing.T) {
	for _, c := range all {
		_, err := newRig(t, c.number).Get(option.TopicsCount)
		pubsub := c.number == Pub || c.number == Sub || c.number == XPub || c.number == XSub
		if (err == nil) != pubsub {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := newRig(t, c.number).Get(option.Linger); err != errno.EINVAL {
			t.Errorf("%s: linger: %v", c.name, err)
		}
	}
}

// TestStaleEvents: events may come late, for pipes that are gone or are
// active already, or never were in.
func TestStaleEvents(t *testing.T) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			var links []link
			if c.number == Router || c.number == Rep {
				links = append(links, id(""))
			}
			a, b := r.connect(links...).Peer(), r.connect(links...).Peer()
			for range 2 {
				r.Pattern.Readable(a)
				r.Pattern.Writable(a)
				r.Pattern.Readable(b)
				r.Pattern.Writable(b)
			}
			for range 2 {
				r.Detach(a)
				r.Pattern.Readable(a)
				r.Pattern.Writable(a)
			}
			r.Detach(b)
			r.ready(c.ready)
		})
	}
}
