package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"ztools/lib/cli"
)

const (
	secretMode fs.FileMode = 0o600
	publicMode fs.FileMode = 0o644
	sharedBits fs.FileMode = 0o077

	maxFile = 16 << 20 // bytes; more is no file of keys
)

// write writes to the new file of --output, or to stdout.
func (c *config) write(text string, mode fs.FileMode) error {
	if c.output == "-" {
		_, err := io.WriteString(c.args.Out, text)
		return err
	}
	err := create(c.output, text, mode)
	if errors.Is(err, fs.ErrExist) {
		return cli.Failf(cli.StatusFailed, "a key is never overwritten: take another name, or move the file away", "%s exists", c.output)
	}
	return err
}

// create writes a file that must not exist yet, and has it on the disk when it
// returns. A file that could not be written whole is removed.
func create(name, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// warnIfShared warns when stdout is a file that others can read.
func (c *config) warnIfShared() {
	f, ok := c.args.Out.Writer.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && shared(info) {
		c.log.At(0, "warning: others can read the file that the secret key was written to: chmod 600, or use -o")
	}
}

// checkPrivate refuses a file of secrets that others can read.
func checkPrivate(name string) error {
	if name == "-" {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && shared(info) {
		return cli.Failf(cli.StatusFailed, fmt.Sprintf("chmod 600 %s", name), "others can read this secret key (mode %04o)", info.Mode().Perm())
	}
	return nil
}

// shared tells whether a file's mode lets others in. Windows has no such mode.
func shared(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&sharedBits != 0
}
