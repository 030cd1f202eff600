package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// A schedule begins when the first peer is there: what is behind it does not go in
// one burst. What is made for a message is made when it is due.
func TestScheduleBeginsWithThePeer(t *testing.T) {
	recording := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(recording, []byte(`{"parts":["a"],"time":"2024-05-01T00:00:00Z"}
{"parts":["b"],"time":"2024-05-01T00:00:02Z"}
{"parts":["c"],"time":"2024-05-01T00:00:04Z"}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]config{
		"interval":  {data: []string{"{{.Time}}"}, repeat: 3, interval: 2 * time.Second},
		"recording": {replay: recording, speed: 1, input: cli.Layout{MaxSize: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.peers = 1
				s := &session{config: &c, args: new(cli.Args), log: new(cli.Log), ctx: t.Context()}
				s.out = joinedAfter(t, 10*time.Second)
				src, err := s.source()
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				for n := range int64(3) {
					var r cli.Record
					if err := s.take(src, n, &r); err != nil {
						t.Fatal(err)
					}
					want := time.Duration(10+2*n) * time.Second
					if at := time.Since(begin); at != want {
						t.Errorf("message %d after %v, want %v", n, at, want)
					}
					if now := time.Now().Format(time.RFC3339Nano); name == "interval" && string(r.Parts[0]) != now {
						t.Errorf("message %d says %s at %s", n, r.Parts[0], now)
					}
				}
			})
		})
	}
}

// joinedAfter is a PUSH whose only peer comes after a time.
func joinedAfter(t *testing.T, wait time.Duration) *zmq.Socket {
	z := zmq.NewContext()
	endpoint := "inproc://" + strings.ReplaceAll(t.Name(), "/", "-")
	push, err := z.NewSocket(zmq.Push)
	if err != nil {
		t.Fatal(err)
	}
	pull, err := z.NewSocket(zmq.Pull)
	if err != nil {
		t.Fatal(err)
	}
	if err := push.Bind(endpoint); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(wait, func() {
		if err := pull.Connect(endpoint); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		push.Close()
		pull.Close()
		z.Close()
	})
	return push
}
