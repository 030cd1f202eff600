//go:build !linux

package udp

// receiver holds a packet.
type receiver struct{ packet []byte }

// sender has nothing to keep.
type sender struct{}

func (c *carrier) prepare() error {
	c.in.packet = make([]byte, packetMax+1)
	return nil
}

// receive waits for a packet. Without wait it receives none.
func (c *carrier) receive(wait bool) (run, error) {
	if !wait {
		return run{}, nil
	}
	n, from, err := c.ReadFromUDPAddrPort(c.in.packet)
	return run{bytes: c.in.packet[:n], size: max(n, 1), peer: from}, err
}

func (c *carrier) send(r *run) error { return c.sendEach(r) }
