package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

// PUB and SUB over multicast, as c/multicast.c does it.
const (
	mcastRecovery = 200 // ms
	mcastLead     = 300 * time.Millisecond
)

// member is one end: its socket, the bytes of a message and for how long. args are
// ENDPOINT SIZE MILLISECONDS RATE, the rate in kbit/s.
func (l library) member(t zmq.Type, args []string) (s *zmq.Socket, size int, d time.Duration, err error) {
	r, err := peer.NewRun(args[0], args[1], args[2])
	if err != nil {
		return nil, 0, 0, err
	}
	rate, err := strconv.Atoi(args[3])
	if err != nil {
		return nil, 0, 0, err
	}
	if s, err = l.ctx.NewSocket(t); err != nil {
		return nil, 0, 0, err
	}
	err = errors.Join(s.Set(zmq.Rate, rate), s.Set(zmq.RecoveryIvl, mcastRecovery))
	if t == zmq.XPub {
		err = errors.Join(err, s.Set(zmq.XPubNoDrop, true))
	} else {
		err = errors.Join(err, s.Subscribe(""))
	}
	return s, r.Size, time.Duration(r.Count) * time.Millisecond, errors.Join(err, s.Connect(r.Endpoint))
}

func (l library) sendFor(args []string) error {
	s, size, d, err := l.member(zmq.XPub, args)
	if err != nil {
		return err
	}
	ctx, body := context.Background(), make([]byte, size)
	for end := time.Now().Add(d + mcastLead); time.Now().Before(end); {
		for range 100 {
			if err := s.Send(ctx, body); err != nil {
				return err
			}
		}
	}
	io.Copy(io.Discard, os.Stdin)
	return nil
}

func (l library) receiveFor(args []string) error {
	s, _, d, err := l.member(zmq.Sub, args)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if err := s.Set(zmq.RcvTimeo, 2000); err != nil {
		return err
	}
	ctx := context.Background()
	var m zmq.Message
	if err := s.RecvMessage(ctx, &m); err != nil {
		return err
	}
	start, n, bytes := time.Now(), 1, m.Size()
	for ; time.Since(start) < d; n++ {
		if s.RecvMessage(ctx, &m) != nil {
			break
		}
		bytes += m.Size()
	}
	_, err = fmt.Printf("%d %d %.9f\n", n, bytes, time.Since(start).Seconds())
	return err
}
