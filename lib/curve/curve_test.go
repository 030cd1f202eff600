package curve_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"ztools/lib/curve"
)

// vectors are the test keys of zmq_curve(7).
var vectors = []struct{ name, public, secret string }{
	{"zmq_curve(7), client", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"},
	{"zmq_curve(7), server", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"},
}

func mustParse(t *testing.T, text string) curve.Key {
	t.Helper()
	k, err := curve.ParseKey(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return k
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		public, secret := mustParse(t, v.public), mustParse(t, v.secret)
		if got := curve.Public(secret); got != public {
			t.Errorf("%s: public key %s", v.name, got.Text())
		}
		if err := (curve.Pair{Public: public, Secret: secret}).Verify(); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if public.Text() != v.public {
			t.Errorf("%s: text %q", v.name, public.Text())
		}
	}
}

func TestGenerate(t *testing.T) {
	a, b := curve.Generate(), curve.Generate()
	if a.Verify() != nil || b.Verify() != nil {
		t.Errorf("a fresh pair does not fit: %v, %v", a.Verify(), b.Verify())
	}
	if a.Secret == b.Secret || a.Public == b.Public {
		t.Error("two pairs are the same")
	}
	if again := mustParse(t, a.Public.Text()); again != a.Public || len(a.Public.Text()) != curve.TextSize {
		t.Errorf("%q is read as %q", a.Public.Text(), again.Text())
	}
}

func TestVerifyFindsAStranger(t *testing.T) {
	a, b := curve.Generate(), curve.Generate()
	if err := (curve.Pair{Public: a.Public, Secret: b.Secret}).Verify(); !errors.Is(err, curve.ErrPair) {
		t.Errorf("halves of two pairs: %v", err)
	}
}

func TestBadText(t *testing.T) {
	good := vectors[0].public
	for _, text := range []string{"", good[:39], good[:35], good + "0", good + "00000", good + "\x00", "~" + good[1:], strings.Repeat("#", 40)} {
		if _, err := curve.ParseKey(text); !errors.Is(err, curve.ErrText) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A key that gets into a log by mistake is no leak.
func TestFormat(t *testing.T) {
	pair := curve.Pair{Public: curve.Key{1, 2, 3}, Secret: curve.Key{0xab, 0xcd, 0xef}}
	leaks := []string{pair.Secret.Text(), "abcdef", "ABCDEF", "171 205", "0xab", "\xab", "«"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c"} {
		for _, value := range []any{pair.Secret, &pair.Secret, pair, &pair, []curve.Key{pair.Secret}} {
			text := fmt.Sprintf(verb, value)
			if slices.ContainsFunc(leaks, func(leak string) bool { return strings.Contains(text, leak) }) {
				t.Errorf("%s of %T: %s", verb, value, text)
			}
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.public)
		f.Add(v.secret)
	}
	f.Add(strings.Repeat("#", 40))
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := curve.ParseKey(text); err == nil && k.Text() != text {
			t.Fatalf("%q is written back as %q", text, k.Text())
		}
	})
}

// libzmq derives the same public keys from secrets that we made.
func TestPublicIsLibzmqs(t *testing.T) {
	const script = `
import ctypes, sys
z = ctypes.CDLL("libzmq.so.5")
if not z.zmq_has(b"curve"):
    sys.exit(3)
public = ctypes.create_string_buffer(41)
for line in sys.stdin:
    if z.zmq_curve_public(public, line.strip().encode()) != 0:
        sys.exit("libzmq refused a secret key")
    print(public.value.decode())
`
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "python3 to reach libzmq with")
	}
	if err := exec.Command(python, "-c", `import ctypes; ctypes.CDLL("libzmq.so.5")`).Run(); err != nil {
		missing(t, "libzmq.so.5")
	}
	var secrets, publics strings.Builder
	for range 100 {
		p := curve.Generate()
		secrets.WriteString(p.Secret.Text() + "\n")
		publics.WriteString(p.Public.Text() + "\n")
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = strings.NewReader(secrets.String())
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 3 {
		missing(t, "a libzmq with CURVE")
	}
	if err != nil || string(out) != publics.String() {
		t.Errorf("libzmq derives other public keys (%v)", err)
	}
}

// missing skips a test for what is not on this machine, or fails it with
// ZTOOLS_REQUIRE_PEERS=1.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
		t.Fatalf("needs %s", what)
	}
	t.Skipf("skipped: needs %s", what)
}
