package curve_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ztools/lib/curve"
)

// czmq is a program that makes a certificate with CZMQ's zcert, and reads those
// of ours with it and with pyzmq.
const czmq = `
import ctypes, sys
try:
    lib = ctypes.CDLL("libczmq.so.4")
    from zmq.auth import load_certificate, create_certificates
except (OSError, ImportError) as e:
    print(e)
    sys.exit(3)
for name in "zcert_new zcert_load zcert_meta zcert_public_txt zcert_secret_txt".split():
    getattr(lib, name).restype = ctypes.c_void_p
pointer = ctypes.c_void_p
text = lambda p: ctypes.string_at(p).decode()
path = sys.argv[1].encode()

made = pointer(lib.zcert_new())
lib.zcert_set_meta(made, b"name", b"%s", b"alice # x")
lib.zcert_set_meta(made, b"role", b"%s", b"it's")
assert lib.zcert_save(made, path + b"/czmq") == 0
create_certificates(path.decode(), "pyzmq", {"name": "bob"})
print(text(lib.zcert_public_txt(made)), text(lib.zcert_secret_txt(made)))

for name in b"/both", b"/public":
    read = pointer(lib.zcert_load(path + name))
    print(text(lib.zcert_public_txt(read)), text(lib.zcert_secret_txt(read)))
    print(text(lib.zcert_meta(read, b"name")), text(lib.zcert_meta(read, b"role")), sep="|")
print(*(k.decode() for k in load_certificate(path.decode() + "/both_secret")))
print(load_certificate(path.decode() + "/public"))
`

// Certificates go both ways between us and CZMQ, and from and to pyzmq.
func TestCZMQ(t *testing.T) {
	dir := t.TempDir()
	pair := curve.Generate()
	meta := []curve.Property{{Name: "name", Value: `say "hi" # now`}, {Name: "role", Value: "it's"}}
	public, both := certificates(t, pair, meta...)
	write(t, dir, "both", public, 0o644)
	write(t, dir, "both_secret", both, 0o600)
	write(t, dir, "public", public, 0o644)

	out, err := exec.Command("/usr/bin/python3", "-c", czmq, dir).Output()
	if err != nil {
		if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("skipped: needs libczmq4 and python3-zmq (%v: %s)", err, out)
	}
	lines := strings.Split(string(out), "\n")
	keys, empty := pair.Public.Text()+" "+pair.Secret.Text(), strings.Repeat("0", curve.TextSize)
	want := []string{
		keys, `say "hi" # now|it's`,
		pair.Public.Text() + " " + empty, `say "hi" # now|it's`,
		keys, "(b'" + pair.Public.Text() + "', None)", "",
	}
	if !slices.Equal(lines[1:], want) {
		t.Errorf("read from ours: %q, want %q", lines[1:], want)
	}

	theirs, err := curve.LoadPair(filepath.Join(dir, "czmq"))
	if err != nil || theirs.Public.Text()+" "+theirs.Secret.Text() != lines[0] {
		t.Errorf("CZMQ's pair: %v, %v", theirs, err)
	}
	allowed, err := curve.LoadAllowed(filepath.Join(dir, "czmq"))
	if m := allowed[theirs.Public]; err != nil || !slices.Contains(m, curve.Property{Name: "name", Value: "alice # x"}) || !slices.Contains(m, meta[1]) {
		t.Errorf("CZMQ's certificate: %q, %v", m, err)
	}
	if k, err := curve.LoadPublic(filepath.Join(dir, "pyzmq.key")); err != nil || k == (curve.Key{}) {
		t.Errorf("pyzmq's certificate: %v", err)
	}
}
