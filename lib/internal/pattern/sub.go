package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// sub is an xsub that filters what it receives and subscribes by option
// (RFC 29).
type sub struct{ *xsub }

func newSub(o *option.Options) sub {
	s := sub{newXSub(o)}
	s.filter = true
	return s
}

func (s sub) Send(*msg.Msg) error { return errno.ENOTSUP }
func (s sub) Ready() Events       { return s.xsub.Ready() & In }

func (s sub) Set(id option.ID, v any) error {
	topic, ok := v.([]byte)
	if !ok {
		return errno.EINVAL
	}
	switch id {
	case option.Subscribe:
		s.change(add, topic)
	case option.Unsubscribe:
		s.change(remove, topic)
	default:
		return errno.EINVAL
	}
	return nil
}

// change updates the set of subscriptions and tells the peers.
func (s sub) change(v verb, topic []byte) {
	if s.update(v, topic) {
		s.forward(command(v, topic))
	}
}
