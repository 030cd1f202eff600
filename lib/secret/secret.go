// Package secret reads and makes the files that hold secrets: keys and passwords.
//
//	ReadFile   a whole file, small enough to be one of secrets
//	Private    refuse it if others can read it, with what to do about it
//	Wipe       overwrite what was read
//	Create     a new file for the owner only, on the disk when the call returns
package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// MaxSize is the size of the largest file that is read, in bytes.
const MaxSize = 16 << 20

// The modes of files: Mode is that of a secret, PublicMode that of what belongs
// to it and everybody may know.
const (
	Mode       fs.FileMode = 0o600
	PublicMode fs.FileMode = 0o644

	sharedBits fs.FileMode = 0o077
)

// ErrSize says that a file is larger than MaxSize.
var ErrSize = errors.New("too large for a file of keys or passwords")

// SharedError says that others can read a file with a secret.
type SharedError struct {
	Name string
	Mode fs.FileMode
}

// Error names the file and its mode.
func (e *SharedError) Error() string {
	return fmt.Sprintf("%s: others can read this secret (mode %04o)", e.Name, e.Mode.Perm())
}

// Hint is the command that helps.
func (e *SharedError) Hint() string { return "chmod 600 " + e.Name }

// File is a file that was read.
type File struct {
	Name string
	Text []byte // all of it; the caller may change it
	mode fs.FileMode
}

// ReadFile reads a whole file; errors name it. A file larger than MaxSize is
// refused with ErrSize.
func ReadFile(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &File{Name: name, Text: text, mode: info.Mode()}, nil
}

// Read reads a stream to its end, at most MaxSize bytes (ErrSize).
func Read(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err == nil && len(text) > MaxSize {
		err = ErrSize
	}
	if err != nil {
		clear(text)
		return nil, err
	}
	return text, nil
}

// Private is a *SharedError if others can read the file. Only regular files are
// looked at, and none on Windows, where the mode says nothing.
func (f *File) Private() error {
	if !Shared(f.mode) {
		return nil
	}
	return &SharedError{Name: f.Name, Mode: f.mode}
}

// Shared tells whether the mode of a regular file lets others in.
func Shared(mode fs.FileMode) bool {
	return mode.IsRegular() && runtime.GOOS != "windows" && mode&sharedBits != 0
}

// Wipe overwrites what was read.
func (f *File) Wipe() { clear(f.Text) }

// Create writes a file that must not exist yet (fs.ErrExist), and has it on the
// disk, with its name, when it returns. A file that could not be written whole is
// removed.
func Create(name string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = syncFolder(filepath.Dir(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// syncFolder has the names in a folder on the disk. A folder that must not be read,
// and a system that does this by itself or not at all, are no errors.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
