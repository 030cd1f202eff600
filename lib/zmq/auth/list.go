package auth

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"ztools/lib/curve"
	"ztools/lib/secret"
)

// recheck is how long a list is taken to be unchanged without another look.
const recheck = time.Second

// list is what a file or directory holds. It is guarded by the lock of its
// Authenticator.
type list[T any] struct {
	path    string
	load    func(path string) (T, error)
	value   T
	state   state     // of the files when they were last read, well or not
	checked time.Time // when state was compared last
}

// newList reads a list for the first time.
func newList[T any](path string, load func(string) (T, error)) (*list[T], error) {
	l := &list[T]{path: path, load: load}
	return l, l.read()
}

// fixed is a list of no file.
func fixed[T any](value T) *list[T] {
	return &list[T]{load: func(string) (T, error) { return value, nil }, value: value}
}

// read reads the list. After an error the old value stays.
func (l *list[T]) read() error {
	l.state = stateOf(l.path)
	value, err := l.load(l.path)
	if err != nil {
		return err
	}
	l.value = value
	return nil
}

// get is the list as of now. Where it has changed and cannot be read, the old one
// counts, and the decision says so once.
func (l *list[T]) get(now time.Time, d *Decision) T {
	if l.path != "" && now.Sub(l.checked) >= recheck {
		l.checked = now
		if !stateOf(l.path).is(l.state) {
			d.Err = l.read()
		}
	}
	return l.value
}

// state is what can be seen of the files of a list without reading them.
type state struct {
	err   string
	files []seen
}

type seen struct {
	name string
	info fs.FileInfo
}

// stateOf looks at the files of a list.
func stateOf(path string) (s state) {
	names, err := curve.AllowedFiles(path)
	for _, name := range names {
		info, statErr := os.Stat(name)
		if statErr != nil {
			err = statErr
			break
		}
		s.files = append(s.files, seen{name, info})
	}
	if err != nil {
		s.err = err.Error()
	}
	return s
}

// is tells whether nothing has changed since other. Another file may have the same
// name, size and time.
func (s state) is(other state) bool {
	return s.err == other.err && slices.EqualFunc(s.files, other.files, func(a, b seen) bool {
		return a.name == b.name && os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() &&
			a.info.ModTime().Equal(b.info.ModTime()) && a.info.Mode() == b.info.Mode()
	})
}

func readKeys(path string) (keys, error) { return curve.LoadAllowed(path) }

// readUsers reads lines of name=password and keeps the sums of the passwords.
func readUsers(name string) (users, error) {
	f, err := secret.ReadFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Wipe()
	if err := f.Private(); err != nil {
		return nil, err
	}
	all, n := users{}, 0
	for line := range bytes.Lines(f.Text) {
		n++
		if err := all.add(bytes.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no name=password", name)
	}
	return all, nil
}

// add reads a line. Errors do not repeat it.
func (u users) add(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 || line[0] == '#' {
		return nil
	}
	name, password, ok := bytes.Cut(line, []byte("="))
	if !ok || len(name) == 0 {
		return errors.New("not name=password")
	}
	if _, twice := u[string(name)]; twice {
		return errors.New("the name is there twice")
	}
	u[string(name)] = sha256.Sum256(password)
	return nil
}

func setOf(names []string) principals {
	all := principals{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

// readPrincipals reads lines of NAME@REALM.
func readPrincipals(name string) (principals, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	all, n := principals{}, 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if who, realm, ok := bytes.Cut(line, []byte("@")); !ok || len(who) == 0 || len(realm) == 0 {
			return nil, fmt.Errorf("%s: line %d: not NAME@REALM", name, n)
		}
		all[string(line)] = true
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no NAME@REALM", name)
	}
	return all, nil
}
