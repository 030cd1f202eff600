package main

import (
	"context"
	"fmt"
)

// cabiWorks are c/peer.c on our C library beside the same program on libzmq.
var cabiWorks = []special{
	cabiRow("thr", 16, 1), cabiRow("thr", kibi, 1), cabiRow("thr", 64*kibi, 1),
	cabiRow("lat", 16, 0.8),
}

func cabiRow(kind string, size int, bound float64) special {
	c := cell{"tcp", kind, size}
	return special{
		name: fmt.Sprintf("cabi/%s/%s", kind, bytesName(size)), target: fmt.Sprintf("%s %g× libzmq", c.sign(), bound),
		judge: compared(func(ratio float64) bool { return c.holds(ratio, bound) }), show: c.show,
		measure: func(b *bench, ctx context.Context) (o outcome, err error) {
			cabi, err := b.program(ctx, "cabi")
			if err != nil {
				return o, err
			}
			libzmq, err := b.program(ctx, "libzmq")
			if err != nil {
				return o, err
			}
			ours, err := b.calibrated(func(n int) (sample, error) { return b.measure(ctx, cabi, c, n) })
			if err != nil {
				return o, err
			}
			other, err := b.calibrated(func(n int) (sample, error) { return b.measure(ctx, libzmq, c, n) })
			if err != nil {
				return o, err
			}
			return outcome{c.value(ours), c.value(other)}, nil
		},
	}
}
