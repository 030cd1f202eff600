package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ztools/lib/curve"
	"ztools/lib/zmq"
)

// secure runs a tool that has the security flags with a prefix, and returns what
// it read and what it printed.
func secure(prefix string, args ...string) (s *Security, status int, stderr string) {
	tool := &Tool{Name: "t", Flags: slices.Concat(SecurityFlags(prefix), CommonFlags), Run: func(a *Args) error {
		s = a.Security(prefix)
		return a.Check()
	}}
	var out bytes.Buffer
	status = tool.Main(append([]string{"t"}, args...), Stdio{In: strings.NewReader(""), Out: io.Discard, Err: &out})
	return s, status, out.String()
}

// write makes a file in a folder of the test.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// applied are options of a socket after Apply.
func applied(t *testing.T, s *Security, ids ...zmq.Option) []any {
	t.Helper()
	z := zmq.NewContext()
	defer z.Close()
	sock, err := z.NewSocket(zmq.Pull)
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	if err := s.Apply(sock); err != nil {
		t.Fatal(err)
	}
	var values []any
	for _, id := range ids {
		v, err := sock.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

func TestSecurityCurve(t *testing.T) {
	own, server := curve.Generate(), curve.Generate()
	key := write(t, "own.key", own.Secret.Text(), 0o600)
	public := write(t, "server.pub", server.Public.Text(), 0o644)
	for _, prefix := range []string{"", "front-"} {
		s, status, text := secure(prefix, "--"+prefix+"curve-key", key, "--"+prefix+"server-key="+server.Public.Text(), "--"+prefix+"zap-domain", "d")
		if status != StatusOK {
			t.Fatalf("client: %s", text)
		}
		got := applied(t, s, zmq.Mechanism, zmq.CurveServer, zmq.CurvePublicKey, zmq.CurveSecretKey, zmq.CurveServerKey, zmq.ZAPDomain)
		want := []any{2, false, own.Public[:], own.Secret[:], server.Public[:], "d"}
		for i := range want {
			if b, ok := got[i].([32]byte); ok {
				got[i] = b[:]
			}
			if w, ok := want[i].([]byte); ok && bytes.Equal(w, got[i].([]byte)) {
				continue
			} else if !ok && got[i] == want[i] {
				continue
			}
			t.Errorf("option %d of the client is %v, want %v", i, got[i], want[i])
		}
	}
	s, status, text := secure("", "--server-key", public)
	if status != StatusOK || s.pair.Verify() != nil || !s.fresh {
		t.Errorf("client without a key: %s", text)
	}
	t.Setenv("ZMQ_CURVE_SECRETKEY", own.Secret.Text())
	t.Setenv("ZTOOLS_SERVER_KEY", public)
	if s, _, text := secure(""); s.pair != own || s.fresh {
		t.Errorf("environment: %v, %s", s.pair, text)
	}
}

// A server with a fresh key tells how to reach it; one with a key of its own is
// silent.
func TestSecurityTell(t *testing.T) {
	key := write(t, "own.key", curve.Generate().Secret.Text(), 0o600)
	for _, test := range []struct {
		args  []string
		lines int
	}{
		{[]string{"--curve-server"}, 2},
		{[]string{"--curve-server", "--curve-key", key}, 0},
		{nil, 0},
	} {
		s, status, text := secure("", test.args...)
		if status != StatusOK {
			t.Fatal(text)
		}
		var out bytes.Buffer
		s.Tell(&Log{prog: "t", w: NewStream(&out, "never")}, "zcat", zmq.XPub, "tcp://127.0.0.1:5555")
		if strings.Count(out.String(), "\n") != test.lines {
			t.Errorf("%q: told %q", test.args, out.String())
		}
		if client := "zcat sub tcp://127.0.0.1:5555 --server-key='" + s.pair.Public.Text() + "'\n"; test.lines > 0 && !strings.HasSuffix(out.String(), client) {
			t.Errorf("told %q", out.String())
		}
	}
	if host, err := os.Hostname(); err == nil && reachable("tcp://0.0.0.0:5") != "tcp://"+host+":5" {
		t.Errorf("a socket at all addresses is reached at %s", reachable("tcp://0.0.0.0:5"))
	}
}

// The name of a file may have the form of a key.
func TestSecurityFileLikeKey(t *testing.T) {
	t.Chdir(t.TempDir())
	pair := curve.Generate()
	name := strings.Repeat("k", len(pair.Public.Text()))
	if err := os.WriteFile(name, []byte(pair.Secret.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, status, text := secure("", "--curve-server", "--curve-key", name); status != StatusOK || s.pair != pair {
		t.Errorf("--curve-key %s: status %d, %s", name, status, text)
	}
	if _, status, text := secure("", "--curve-server", "--curve-key", pair.Secret.Text()); status != StatusUsage || !strings.Contains(text, "not the key itself") {
		t.Errorf("a key as --curve-key: status %d, %s", status, text)
	}
}

func TestSecurityPlain(t *testing.T) {
	file := write(t, "password", "pass word\r\nsecond line\n", 0o600)
	s, status, text := secure("", "--plain-user", "alice", "--plain-password-file", file)
	if status != StatusOK {
		t.Fatal(text)
	}
	if got := applied(t, s, zmq.Mechanism, zmq.PlainUsername, zmq.PlainPassword); !slices.Equal(got, []any{1, "alice", "pass word"}) {
		t.Errorf("options %q", got)
	}
	t.Setenv("ZMQ_PLAIN_PASSWORD", "other")
	s, _, _ = secure("", "--plain-user", "alice")
	if got := applied(t, s, zmq.PlainPassword); got[0] != "other" {
		t.Errorf("password %q of the environment", got)
	}
}

func TestSecurityGSSAPI(t *testing.T) {
	s, status, text := secure("", "--gssapi-service", "zmq@host", "--gssapi-principal", "alice", "--gssapi-nametype", "user", "--gssapi-plaintext")
	if status != StatusOK {
		t.Fatal(text)
	}
	ids := []zmq.Option{zmq.Mechanism, zmq.GSSAPIServicePrincipal, zmq.GSSAPIPrincipal, zmq.GSSAPIPrincipalNametype, zmq.GSSAPIServicePrincipalNametype, zmq.GSSAPIPlaintext, zmq.GSSAPIServer}
	if got := applied(t, s, ids...); !slices.Equal(got, []any{3, "zmq@host", "alice", 1, 0, true, false}) {
		t.Errorf("options %v", got)
	}
	s, _, _ = secure("", "--gssapi-server")
	if got := applied(t, s, zmq.Mechanism, zmq.GSSAPIServer); !slices.Equal(got, []any{3, true}) {
		t.Errorf("server: %v", got)
	}
}

// What is wrong ends the run before anything starts, and no secret is repeated.
func TestSecurityRefuses(t *testing.T) {
	pair := curve.Generate()
	secretText := pair.Secret.Text()
	shared := write(t, "shared.key", secretText, 0o644)
	public := write(t, "key.pub", curve.PublicComment+pair.Public.Text()+"\n"+pair.Public.Text(), 0o600)
	password := write(t, "password", "hunter2", 0o644)
	for _, test := range []struct {
		args   []string
		status int
		text   string
	}{
		{[]string{"--curve-server", "--curve-key", secretText}, StatusUsage, "wants a file"},
		{[]string{"--curve-server", "--curve-key", shared}, StatusFailed, "others can read this secret (mode 0644)\nt: hint: chmod 600 " + shared},
		{[]string{"--curve-server", "--curve-key", public}, StatusFailed, "does not belong"},
		{[]string{"--curve-server", "--curve-key", "none.key"}, StatusFailed, "none.key"},
		{[]string{"--curve-key", shared}, StatusUsage, "one side of CURVE"},
		{[]string{"--curve-server", "--server-key", pair.Public.Text()}, StatusUsage, "one side of CURVE"},
		{[]string{"--server-key", "none.pub"}, StatusFailed, "none.pub"},
		{[]string{"--plain-user", "a"}, StatusUsage, "no password for a"},
		{[]string{"--plain-user", "a", "--plain-password-file", password}, StatusFailed, "hint: chmod 600"},
		{[]string{"--plain-password-file", password}, StatusUsage, "a password needs a user name"},
		{[]string{"--gssapi-server", "--gssapi-service", "x"}, StatusUsage, "one side of GSSAPI"},
		{[]string{"--gssapi-principal", "x"}, StatusUsage, "one side of GSSAPI"},
		{[]string{"--gssapi-server", "--gssapi-nametype", "x"}, StatusUsage, "unknown --gssapi-nametype"},
		{[]string{"--gssapi-service", "x", "--gssapi-allow", password}, StatusUsage, "--gssapi-allow is for --gssapi-server"},
		{[]string{"--gssapi-allow", password}, StatusUsage, "one side of GSSAPI"},
		{[]string{"--curve-server", "--gssapi-server"}, StatusUsage, "CURVE and GSSAPI are two mechanisms"},
	} {
		if runtime.GOOS == "windows" && strings.Contains(test.text, "chmod") {
			continue
		}
		_, status, text := secure("", test.args...)
		if status != test.status || !strings.Contains(text, test.text) || strings.Count(text, "\n") > 2 {
			t.Errorf("%q: status %d, %s", test.args, status, text)
		}
		if strings.Contains(text, secretText) || strings.Contains(text, "hunter2") {
			t.Errorf("%q: the secret is repeated: %s", test.args, text)
		}
	}
	t.Setenv("ZMQ_CURVE_SECRETKEY", secretText[1:])
	if _, status, text := secure("", "--curve-server"); status != StatusUsage || strings.Contains(text, secretText[1:]) {
		t.Errorf("a broken key in the environment: status %d, %s", status, text)
	}
}

// An option that is a secret is not taken from the command line.
func TestSecretOptions(t *testing.T) {
	for _, name := range []string{"curve_secretkey", "ZMQ_CURVE_SECRETKEY", "Plain_Password"} {
		err := SetOptions(nil, []SocketOption{{"option", name, "hunter2"}})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A connection that can only fail again is the end, with status 4 if security is
// the reason, in one sentence.
func TestRefusal(t *testing.T) {
	const (
		unspecified = 0x10000000
		welcome     = 0x10000017
	)
	inHandshake := zmq.HandshakeFailedProtocol
	for _, test := range []struct {
		ev     zmq.Event
		status int // 0: no end
	}{
		{zmq.Event{Kind: zmq.HandshakeFailedAuth, Value: 400}, StatusRefused},
		{zmq.Event{Kind: inHandshake, Code: CodeMechanismMismatch}, StatusRefused},
		{zmq.Event{Kind: inHandshake, Code: CodeCryptographic}, StatusRefused},
		{zmq.Event{Kind: inHandshake, Code: CodeInvalidMetadata}, StatusFailed},
		{zmq.Event{Kind: inHandshake, Code: CodeInvalidMetadata, Secured: true, SocketType: "SUB"}, StatusFailed},
		{zmq.Event{Kind: inHandshake, Code: CodeInvalidMetadata, Secured: true}, StatusRefused},
		{zmq.Event{Kind: inHandshake, Code: welcome, Secured: true}, StatusRefused},
		{zmq.Event{Kind: inHandshake, Code: unspecified}, StatusFailed},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Value: int(zmq.EPIPE), Mechanism: "CURVE"}, StatusRefused},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Value: int(zmq.ECONNRESET), Mechanism: "CURVE"}, StatusRefused},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Mechanism: "GSSAPI"}, StatusRefused},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Value: int(zmq.EPIPE), Mechanism: "NULL"}, 0},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Value: int(zmq.EPIPE)}, 0},
		{zmq.Event{Kind: zmq.HandshakeFailedNoDetail, Value: int(zmq.ETIMEDOUT), Mechanism: "CURVE"}, 0},
		{zmq.Event{Kind: zmq.Disconnected}, 0},
		{zmq.Event{Kind: zmq.Disconnected, Secured: true}, 0},
		{zmq.Event{Kind: zmq.Disconnected, Code: CodeSequence, Secured: true}, StatusRefused},
		{zmq.Event{Kind: zmq.Disconnected, Code: unspecified, Secured: true}, StatusRefused},
		{zmq.Event{Kind: zmq.Disconnected, Code: unspecified}, StatusFailed},
		{zmq.Event{Kind: zmq.Disconnected, Code: unspecified, Secured: true, Err: zmq.EMSGSIZE}, StatusFailed},
	} {
		var out bytes.Buffer
		status := Report(NewStream(&out, "never"), "t", Refusal(test.ev))
		if status != test.status || strings.Count(out.String(), "error:") != min(status, 1) {
			t.Errorf("%v %#x with %q, %v: status %d, %s", test.ev.Kind, test.ev.Code, test.ev.Mechanism, test.ev.Secured, status, &out)
		}
	}
}
