package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"ztools/lib/cli/clitest"
	"ztools/lib/secret"
)

// A server of each mechanism and clients whom it lets in: all of ours are either end.
func TestMechanismsTo(t *testing.T) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := secret.Create(path, []byte(text), secret.Mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		mechanism      string
		prepare        func(t *testing.T)
		server, client []string
	}{
		{"curve", func(t *testing.T) { t.Setenv("ZMQ_CURVE_SECRETKEY", curveSecret) },
			[]string{"--curve-server"}, []string{"--server-key", curvePublic}},
		{"plain", func(*testing.T) {},
			[]string{"--plain-allow", file("users", "alice=hunter2\n")},
			[]string{"--plain-user", "alice", "--plain-password-file", file("password", "hunter2\n")}},
		{"gssapi", func(t *testing.T) { clitest.KDC(t, "alice", "zmq/localhost") },
			[]string{"--gssapi-server", "--gssapi-principal", "zmq@localhost"},
			[]string{"--gssapi-service", "zmq@localhost", "--gssapi-principal", "alice", "--gssapi-nametype", "user"}},
	} {
		t.Run(tt.mechanism, func(t *testing.T) {
			tt.prepare(t)
			for _, w := range []struct {
				serve string
				load  []string
				n     int64
			}{
				{"thr", []string{"thr", "-n", "200", "--size", "16"}, 200},
				{"lat", []string{"lat", "-n", "50", "--size", "5k"}, 50},
				{"lat", []string{"load", "--rate", "2k", "-n", "60"}, 60},
				{"lat", []string{"connect", "-n", "20"}, 20},
			} {
				at := "ipc://" + filepath.Join(t.TempDir(), "secure")
				served := reporting(t, slices.Concat([]string{"serve", w.serve, at, "-n", fmt.Sprint(w.n)}, tt.server)...)
				r := reportOf(t, slices.Concat(w.load, []string{"--to", at}, tt.client)...)
				checkForeign(t, &r, w.n, tt.mechanism)
				r = served()
				checkForeign(t, &r, w.n, tt.mechanism)
			}
		})
	}
}
