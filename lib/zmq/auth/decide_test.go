package auth

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"ztools/lib/curve"
	"ztools/lib/secret"
)

// file makes a file that is its owner's only.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := secret.Create(path, []byte(text), secret.Mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// request is a request with the credentials behind the mechanism.
func request(domain, address, mechanism string, credentials ...string) [][]byte {
	frames := [][]byte{[]byte("1.0"), []byte("1"), []byte(domain), []byte(address), nil, []byte(mechanism)}
	for _, c := range credentials {
		frames = append(frames, []byte(c))
	}
	return frames
}

// everything is an authenticator with a rule of each kind, without a socket.
func everything(t testing.TB) (a *Authenticator, alice, stranger curve.Key) {
	t.Helper()
	alice, stranger = curve.Generate().Public, curve.Generate().Public
	certificate, err := curve.AppendCertificate(nil, alice, []curve.Property{{Name: "name", Value: "Alice"}})
	if err != nil {
		t.Fatal(err)
	}
	a = &Authenticator{rules: newRules(), log: func(Decision) {}}
	a.GSSAPI("open")
	a.GSSAPI(AnyDomain, "alice@REALM")
	a.AnyKey("open")
	a.AnyUser("open")
	for _, err := range []error{
		a.Plain(AnyDomain, file(t, "passwords", "# who\nalice=secret\n\nbob=a=b\n")),
		a.Plain("other", file(t, "passwords", "carol=\n")),
		a.Curve(AnyDomain, file(t, "alice", string(certificate))),
		a.GSSAPIList("other", file(t, "principals", "# who\n\ncarol@REALM\r\n")),
		a.Deny("192.0.2.66", "2001:db8:bad::/48", "localhost:1000:66"),
		a.Allow("192.0.2.0/24", "::1", "2001:db8::/32", "pipe:7", "localhost:1000"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, alice, stranger
}

func TestDecide(t *testing.T) {
	a, alice, stranger := everything(t)
	const here = "192.0.2.1"
	for _, test := range []struct {
		name    string
		request [][]byte
		status  int
		user    string
		reason  string
	}{
		{"NULL", request("", here, "NULL"), 200, "", ""},
		{"NULL from elsewhere", request("", "198.51.100.1", "NULL"), 400, "", "address not allowed"},
		{"NULL from a denied one", request("", "192.0.2.66", "NULL"), 400, "", "address not allowed"},
		{"IPv4 as IPv6", request("", "::ffff:192.0.2.1", "NULL"), 200, "", ""},
		{"denied as IPv6", request("", "::ffff:192.0.2.66", "NULL"), 400, "", "address not allowed"},
		{"IPv6", request("", "2001:db8::1", "NULL"), 200, "", ""},
		{"denied IPv6 network", request("", "2001:db8:bad::1", "NULL"), 400, "", "address not allowed"},
		{"zone", request("", "::1%lo", "NULL"), 200, "", ""},
		{"a text", request("", "pipe:7", "NULL"), 200, "", ""},
		{"another text", request("", "pipe:77", "NULL"), 400, "", "address not allowed"},
		{"user over ipc", request("", "localhost:1000:100:4711", "NULL"), 200, "", ""},
		{"another user", request("", "localhost:10001:100:4711", "NULL"), 400, "", "address not allowed"},
		{"denied group", request("", "localhost:1000:66:4711", "NULL"), 400, "", "address not allowed"},
		{"no address", request("", "", "NULL"), 400, "", "address not allowed"},

		{"PLAIN", request("d", here, "PLAIN", "alice", "secret"), 200, "alice", ""},
		{"password with =", request("d", here, "PLAIN", "bob", "a=b"), 200, "bob", ""},
		{"wrong password", request("d", here, "PLAIN", "alice", "Secret"), 400, "", "wrong name or password"},
		{"no password", request("d", here, "PLAIN", "alice", ""), 400, "", "wrong name or password"},
		{"unknown name", request("d", here, "PLAIN", "mallory", "secret"), 400, "", "wrong name or password"},
		{"a comment", request("d", here, "PLAIN", "# who", ""), 400, "", "wrong name or password"},
		{"empty password", request("other", here, "PLAIN", "carol", ""), 200, "carol", ""},
		{"any user", request("open", here, "PLAIN", "mallory", "x"), 200, "mallory", ""},
		{"name of another domain", request("other", here, "PLAIN", "alice", "secret"), 400, "", "wrong name or password"},
		{"PLAIN from elsewhere", request("d", "198.51.100.1", "PLAIN", "alice", "secret"), 400, "", "address not allowed"},

		{"CURVE", request("d", here, "CURVE", string(alice[:])), 200, alice.Text(), ""},
		{"unknown key", request("d", here, "CURVE", string(stranger[:])), 400, "", "unknown key"},
		{"any key", request("open", here, "CURVE", string(stranger[:])), 200, stranger.Text(), ""},
		{"half a key", request("open", here, "CURVE", string(stranger[:16])), 400, "", "malformed key"},
		{"GSSAPI", request("d", here, "GSSAPI", "alice@REALM"), 200, "alice@REALM", ""},
		{"unknown principal", request("d", here, "GSSAPI", "bob@REALM"), 400, "", "unknown principal"},
		{"any principal", request("open", here, "GSSAPI", "bob@REALM"), 200, "bob@REALM", ""},
		{"principal in a file", request("other", here, "GSSAPI", "carol@REALM"), 200, "carol@REALM", ""},
		{"principal in no file", request("other", here, "GSSAPI", "alice@REALM"), 400, "", "unknown principal"},
		{"principal of another realm", request("other", here, "GSSAPI", "carol@OTHER"), 400, "", "unknown principal"},
		{"a comment for a principal", request("other", here, "GSSAPI", "# who"), 400, "", "unknown principal"},

		{"another mechanism", request("d", here, "BEARER", "x"), 400, "", "unknown mechanism"},
		{"credentials too many", request("d", here, "CURVE", "x", "y"), 500, "", "malformed request"},
		{"credentials too few", request("d", here, "PLAIN", "x"), 500, "", "malformed request"},
		{"short", request("d", here, "NULL")[:5], 500, "", "malformed request"},
		{"nothing", nil, 500, "", "malformed request"},
		{"version", append([][]byte{[]byte("2.0")}, request("d", here, "NULL")[1:]...), 500, "", "malformed request"},
	} {
		d, metadata := a.rules.decide(test.request, time.Now())
		if d.Status != test.status || d.User != test.user || d.Reason != test.reason || d.Err != nil {
			t.Errorf("%s: %+v", test.name, d)
		}
		if want := "\x04name\x00\x00\x00\x05Alice"; (string(metadata) == want) != (test.name == "CURVE") {
			t.Errorf("%s: metadata %q", test.name, metadata)
		}
	}
}

// Without any rule nobody gets in but by NULL.
func TestNoRules(t *testing.T) {
	r := newRules()
	for mechanism, credentials := range map[string][]string{"PLAIN": {"a", "b"}, "CURVE": {strings.Repeat("k", 32)}, "GSSAPI": {"a@R"}} {
		if d, _ := r.decide(request("d", "", mechanism, credentials...), time.Now()); d.Status != 400 {
			t.Errorf("%s: %+v", mechanism, d)
		}
	}
	if d, _ := r.decide(request("d", "", "NULL"), time.Now()); d.Status != 200 {
		t.Errorf("NULL: %+v", d)
	}
}

func TestBadRules(t *testing.T) {
	a := &Authenticator{rules: newRules()}
	if a.Allow("") == nil || a.Deny("127.0.0.1", "") == nil || len(a.rules.denied) > 0 {
		t.Error("an empty address is taken")
	}
	for name, text := range map[string]string{"no equals sign": "alice\n", "no name": "=x\n", "twice": "a=1\na=2\n"} {
		if err := a.Plain("d", file(t, "passwords", text)); err == nil || !strings.Contains(err.Error(), "line ") || strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, path := range map[string]string{"a line that is no key": file(t, "keys", "no key"), "an empty file": file(t, "keys", "# nobody\n"), "an empty folder": t.TempDir()} {
		if err := a.Curve("d", path); err == nil {
			t.Errorf("%s is taken for a list of keys", name)
		}
	}
	if err := a.Plain("d", file(t, "passwords", "# nobody\n")); err == nil {
		t.Error("an empty list of passwords is taken")
	}
	for _, text := range []string{"# nobody\n", "", "alice\n", "@REALM\n", "alice@\n"} {
		if err := a.GSSAPIList("d", file(t, "principals", text)); err == nil {
			t.Errorf("%q is taken for a list of principals", text)
		}
	}
	shared := file(t, "passwords", "alice=secret")
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	var open *secret.SharedError
	if err := a.Plain("d", shared); !errors.As(err, &open) {
		t.Errorf("passwords that others can read: %v", err)
	}
}

// replace puts a new file in the place of another, as editors do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := secret.Create(path, []byte(text), secret.Mode); err != nil {
		t.Fatal(err)
	}
}

// A list is read again when its file has changed, at most once a second, and a
// broken one leaves the old.
func TestReload(t *testing.T) {
	path := file(t, "passwords", "alice=1\n")
	a := &Authenticator{rules: newRules()}
	if err := a.Plain("d", path); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	ask := func(name, password string, after time.Duration) Decision {
		now = now.Add(after)
		d, _ := a.rules.decide(request("d", "", "PLAIN", name, password), now)
		return d
	}
	if d := ask("alice", "1", 0); d.Status != 200 {
		t.Fatalf("at first: %+v", d)
	}
	replace(t, path, "alice=2, longer\n")
	if d := ask("alice", "1", time.Second/2); d.Status != 200 {
		t.Errorf("within the second: %+v", d)
	}
	if d := ask("alice", "2, longer", time.Second); d.Status != 200 || d.Err != nil {
		t.Errorf("after it: %+v", d)
	}
	replace(t, path, "broken")
	if d := ask("alice", "2, longer", time.Second); d.Status != 200 || d.Err == nil {
		t.Errorf("broken: %+v", d)
	}
	if d := ask("alice", "2, longer", time.Second); d.Status != 200 || d.Err != nil {
		t.Errorf("broken is told again: %+v", d)
	}
	if a.Reload() == nil {
		t.Error("Reload does not say that the list is broken")
	}
	replace(t, path, "alice=3\n")
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if d := ask("alice", "3", 0); d.Status != 200 {
		t.Errorf("after Reload: %+v", d)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if d := ask("alice", "3", time.Second); d.Status != 200 || d.Err == nil {
		t.Errorf("removed: %+v", d)
	}
}

// A directory is watched as a whole: a certificate that comes or goes counts.
// A list of principals is read again, and one of the program's own stays.
func TestReloadPrincipals(t *testing.T) {
	path := file(t, "principals", "alice@R\n")
	a := &Authenticator{rules: newRules()}
	if err := a.GSSAPIList("d", path); err != nil {
		t.Fatal(err)
	}
	a.GSSAPI("own", "alice@R")
	replace(t, path, "carol@R\n")
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		domain, name string
		status       int
	}{{"d", "alice@R", 400}, {"d", "carol@R", 200}, {"own", "alice@R", 200}, {"own", "carol@R", 400}} {
		if d, _ := a.rules.decide(request(test.domain, "", "GSSAPI", test.name), time.Unix(2000, 0)); d.Status != test.status {
			t.Errorf("%s in %s: %+v", test.name, test.domain, d)
		}
	}
}

func TestReloadDirectory(t *testing.T) {
	dir := t.TempDir()
	key := curve.Generate().Public
	other := curve.Generate().Public
	if err := secret.Create(filepath.Join(dir, "other.pub"), []byte(other.Text()), secret.PublicMode); err != nil {
		t.Fatal(err)
	}
	a := &Authenticator{rules: newRules()}
	if err := a.Curve(AnyDomain, dir); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	allowed := func() bool {
		now = now.Add(time.Second)
		d, _ := a.rules.decide(request("d", "", "CURVE", string(key[:])), now)
		return d.Status == 200
	}
	path := filepath.Join(dir, "key.pub")
	if allowed() {
		t.Error("allowed before the file is there")
	}
	if err := secret.Create(path, []byte(key.Text()), secret.PublicMode); err != nil {
		t.Fatal(err)
	}
	if !allowed() {
		t.Error("not allowed though the file is there")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if allowed() {
		t.Error("allowed after the file has gone")
	}
}

// A list that a link leads to is followed to the new place of the link, as where
// a directory is replaced as a whole; and one that is empty then leaves the old.
func TestReloadLink(t *testing.T) {
	base, key, other := t.TempDir(), curve.Generate().Public, curve.Generate().Public
	for name, k := range map[string]curve.Key{"one": key, "two": other} {
		dir := filepath.Join(base, name)
		if err := errors.Join(os.Mkdir(dir, 0o755), secret.Create(filepath.Join(dir, "client"), []byte(k.Text()), secret.PublicMode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(base, "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base, "clients")
	lead := func(to string) {
		t.Helper()
		os.Remove(link)
		if err := os.Symlink(to, link); err != nil {
			t.Skipf("skipped: needs links: %v", err)
		}
	}
	lead("one")
	a := &Authenticator{rules: newRules()}
	if err := a.Curve(AnyDomain, link); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	ask := func(k curve.Key) Decision {
		now = now.Add(time.Second)
		d, _ := a.rules.decide(request("d", "", "CURVE", string(k[:])), now)
		return d
	}
	if d := ask(key); d.Status != 200 {
		t.Errorf("at first: %+v", d)
	}
	lead("two")
	if d := ask(other); d.Status != 200 {
		t.Errorf("the link's new place: %+v", d)
	}
	if d := ask(key); d.Status != 400 {
		t.Errorf("who was in the old place: %+v", d)
	}
	lead("none")
	if d := ask(other); d.Status != 200 || !errors.Is(d.Err, curve.ErrNoKey) {
		t.Errorf("an empty folder: %+v", d)
	}
	if err := a.Reload(); !errors.Is(err, curve.ErrNoKey) {
		t.Errorf("Reload of an empty folder: %v", err)
	}
}

func FuzzDecide(f *testing.F) {
	a, alice, _ := everything(f)
	f.Add("1.0", "d", "192.0.2.1", "PLAIN", "alice", "secret", 2)
	f.Add("1.0", "d", "::1", "CURVE", string(alice[:]), "", 1)
	f.Add("1.0", "", "", "GSSAPI", "alice@REALM", "", 1)
	f.Fuzz(func(t *testing.T, version, domain, address, mechanism, first, second string, n int) {
		frames := append(request(domain, address, mechanism), []byte(first), []byte(second))
		frames[frameVersion] = []byte(version)
		frames = frames[:frameCredentials+min(max(n, -6), 2)]
		d, metadata := a.rules.decide(frames, time.Now())
		if d.Status == 200 && (a.rules.denied.has(address) || !a.rules.allowed.has(address) || mechanism == "PLAIN" && domain != "other" && second != "secret" && second != "a=b") {
			t.Errorf("%q passes: %+v", frames, d)
		}
		if d.Status != 200 && (d.User != "" || metadata != nil || d.Reason == "") {
			t.Errorf("%q: %+v", frames, d)
		}
		if r := reply(frames, d, metadata); len(r) != 6 {
			t.Errorf("reply %q", r)
		}
	})
}

func FuzzUsers(f *testing.F) {
	f.Add("alice=secret")
	f.Add("# x")
	f.Fuzz(func(t *testing.T, line string) {
		u := users{}
		if err := u.add([]byte(line)); err != nil && (len(u) > 0 || len(line) > 8 && strings.Contains(err.Error(), line)) {
			t.Errorf("%q: %v", line, err)
		}
	})
}
