package curve_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"ztools/lib/curve"
	"ztools/lib/secret"
)

// write makes a file and returns its name.
func write(t *testing.T, dir, name, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := secret.Create(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificates are the public and the secret certificate of a pair.
func certificates(t *testing.T, pair curve.Pair, meta ...curve.Property) (public, both string) {
	t.Helper()
	p, err := curve.AppendCertificate(nil, pair.Public, meta)
	if err != nil {
		t.Fatal(err)
	}
	s, err := curve.AppendSecretCertificate(nil, pair, meta)
	if err != nil {
		t.Fatal(err)
	}
	return string(p), string(s)
}

func TestLoadPair(t *testing.T) {
	dir := t.TempDir()
	pair, other := curve.Generate(), curve.Generate()
	public, both := certificates(t, pair)
	otherPublic, _ := certificates(t, other)
	own := curve.PublicComment + pair.Public.Text() + "\n" + pair.Secret.Text() + "\n"
	write(t, dir, "named_secret", both, 0o600)
	write(t, dir, "stranger_secret", both, 0o600)
	for _, test := range []struct {
		name, text string
		mode       fs.FileMode
		want       error
	}{
		{"own", own, 0o600, nil},
		{"bare", pair.Secret.Text(), 0o600, nil},
		{"secret certificate", both, 0o600, nil},
		{"named", public, 0o644, nil}, // named_secret stands beside it
		{"shared", own, 0o640, new(secret.SharedError)},
		{"shared bare", pair.Secret.Text(), 0o644, new(secret.SharedError)},
		{"shared certificate", both, 0o604, new(secret.SharedError)},
		{"public only", public, 0o644, curve.ErrNoSecret},
		{"two", own + own, 0o600, curve.ErrMany},
		{"none", "# empty\n", 0o600, curve.ErrNoKey},
		{"stranger", otherPublic, 0o644, errStranger},
	} {
		got, err := curve.LoadPair(write(t, dir, test.name, test.text, test.mode))
		var shared *secret.SharedError
		switch {
		case test.want == nil:
			if err != nil || got != pair {
				t.Errorf("%s: %v", test.name, err)
			}
		case errors.As(test.want, &shared):
			if runtime.GOOS != "windows" && !errors.As(err, &shared) {
				t.Errorf("%s: %v", test.name, err)
			}
		case test.want == errStranger:
			if err == nil || !strings.Contains(err.Error(), "is not that of") {
				t.Errorf("%s: %v", test.name, err)
			}
		case !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.name):
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && strings.Contains(err.Error(), pair.Secret.Text()) {
			t.Errorf("%s: the error repeats the secret", test.name)
		}
	}
}

var errStranger = errors.New("the secret certificate is another's")

func TestLoadPublic(t *testing.T) {
	dir := t.TempDir()
	pair := curve.Generate()
	public, both := certificates(t, pair)
	for name, text := range map[string]string{"bare": pair.Public.Text(), "certificate": public, "secret": both, "env": curve.EnvSecret + "='" + pair.Secret.Text() + "'"} {
		if k, err := curve.LoadPublic(write(t, dir, name, text, 0o600)); err != nil || k != pair.Public {
			t.Errorf("%s: %v, %v", name, k.Text(), err)
		}
	}
	if _, err := curve.LoadPublic(write(t, dir, "two", pair.Public.Text()+"\n"+pair.Public.Text(), 0o600)); !errors.Is(err, curve.ErrMany) {
		t.Errorf("two: %v", err)
	}
}

func TestLoadAllowed(t *testing.T) {
	dir := t.TempDir()
	var keys []curve.Key
	for range 5 {
		keys = append(keys, curve.Generate().Public)
	}
	alice := []curve.Property{{Name: "name", Value: "Alice"}}
	cert, err := curve.AppendCertificate(nil, keys[0], alice)
	if err != nil {
		t.Fatal(err)
	}
	hidden := curve.Generate()
	_, secretCert := certificates(t, hidden)
	write(t, dir, "alice", string(cert), 0o644)
	write(t, dir, "hidden_secret", secretCert, 0o600)
	write(t, dir, ".hidden", hidden.Public.Text(), 0o644)
	write(t, dir, ".git/object", "no key", 0o644)
	list := write(t, dir, "team/list", "# ours\n"+keys[1].Text()+"\n"+keys[2].Text()+"\n", 0o644)
	write(t, dir, "team/more/one.pub", keys[3].Text(), 0o644)
	outside := write(t, t.TempDir(), "linked", keys[4].Text(), 0o644)
	want := map[curve.Key][]curve.Property{keys[0]: alice, keys[1]: nil, keys[2]: nil, keys[3]: nil}
	if os.Symlink(outside, filepath.Join(dir, "link")) == nil { // not everybody may on Windows
		want[keys[4]] = nil
	}
	got, err := curve.LoadAllowed(dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("directory: %v, %v", got, err)
	}
	got, err = curve.LoadAllowed(list)
	if err != nil || !reflect.DeepEqual(got, map[curve.Key][]curve.Property{keys[1]: nil, keys[2]: nil}) {
		t.Errorf("file: %v, %v", got, err)
	}
	write(t, dir, "README", "who may come in", 0o644)
	if got, err := curve.LoadAllowed(dir); got != nil || err == nil || !strings.Contains(err.Error(), "README: line 1") {
		t.Errorf("with a file that holds no key: %v, %v", got, err)
	}
	if _, err := curve.LoadAllowed(filepath.Join(dir, "nobody")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no list: %v", err)
	}
}

// A list is what its links lead to, and one that leads nowhere is no list.
func TestLoadAllowedLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	one, two := curve.Generate().Public, curve.Generate().Public
	write(t, dir, "list/one", one.Text(), 0o644)
	write(t, elsewhere, "two", two.Text(), 0o644)
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skipf("skipped: needs links: %v", err)
		}
	}
	link("list", "to list")
	link(elsewhere, "list/team")
	link("..", "list/loop")
	got, err := curve.LoadAllowed(filepath.Join(dir, "to list"))
	if want := (map[curve.Key][]curve.Property{one: nil, two: nil}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	link("nowhere", "list/gone")
	if got, err := curve.LoadAllowed(filepath.Join(dir, "list")); got != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with a link that leads nowhere: %v, %v", got, err)
	}
	if got, err := curve.LoadAllowed(t.TempDir()); got != nil || !errors.Is(err, curve.ErrNoKey) {
		t.Errorf("an empty folder: %v, %v", got, err)
	}
}
