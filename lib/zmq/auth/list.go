package auth

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	state   string    // of the files when they were last read, well or not
	checked time.Time // when state was compared last
}

// newList reads a list for the first time.
func newList[T any](path string, load func(string) (T, error)) (*list[T], error) {
	l := &list[T]{path: path, load: load}
	return l, l.read()
}

// read reads the list. After an error the old value stays.
func (l *list[T]) read() error {
	l.state = filesState(l.path)
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
	if now.Sub(l.checked) >= recheck {
		l.checked = now
		if filesState(l.path) != l.state {
			d.Err = l.read()
		}
	}
	return l.value
}

// filesState changes when a file does, or one in a directory: names, sizes and
// times.
func filesState(path string) string {
	var state bytes.Buffer
	note := func(name string) {
		if info, err := os.Stat(name); err != nil {
			fmt.Fprintln(&state, name, err)
		} else if !info.IsDir() {
			fmt.Fprintln(&state, name, info.Size(), info.ModTime().UnixNano(), info.Mode())
		}
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		note(path)
		return state.String()
	}
	// An error is noted by the Stat of its name.
	_ = filepath.WalkDir(path, func(name string, _ fs.DirEntry, _ error) error {
		note(name)
		return nil
	})
	return state.String()
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
