package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// pub is an xpub whose user receives nothing (RFC 29).
type pub struct{ *xpub }

func newPub(o *option.Options) pub {
	s := pub{newXPub(o)}
	s.deaf = true
	return s
}

// Attach also has the end of p told without waiting until all was read.
func (s pub) Attach(p *pipe.Pipe) {
	p.NoDelay()
	s.xpub.Attach(p)
}

func (s pub) Recv(*msg.Msg) error { return errno.ENOTSUP }
func (s pub) Ready() Events       { return Out }
