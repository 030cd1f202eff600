package main

import (
	"errors"
	"io/fs"
	"os"

	"ztools/lib/cli"
	"ztools/lib/curve"
	"ztools/lib/secret"
)

// writeSecret writes secret keys to the new file of --output. A format of two
// files gets the public one beside it; either both are made or none.
func (c *config) writeSecret(text []byte, public curve.Key) error {
	if !c.format.beside {
		return c.write(text, secret.Mode)
	}
	certificate, err := c.format.public(public, c.meta)
	if err != nil {
		return err
	}
	if err := c.write(certificate, secret.PublicMode); err != nil {
		return err
	}
	if err := create(c.output+curve.SecretSuffix, text, secret.Mode); err != nil {
		return errors.Join(err, os.Remove(c.output))
	}
	return nil
}

// write writes to the new file of --output, or to stdout.
func (c *config) write(text []byte, mode fs.FileMode) error {
	if c.output == "-" {
		_, err := c.args.Out.Write(text)
		return err
	}
	return create(c.output, text, mode)
}

func create(name string, text []byte, mode fs.FileMode) error {
	err := secret.Create(name, text, mode)
	if errors.Is(err, fs.ErrExist) {
		return cli.Failf(cli.StatusFailed, "a key is never overwritten: take another name, or move the file away", "%s exists", name)
	}
	return err
}

// warnIfShared warns when stdout is a file that others can read.
func (c *config) warnIfShared() {
	f, ok := c.args.Out.Writer.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err == nil && secret.Shared(info.Mode()) {
		c.log.At(0, "warning: others can read the file that the secret key was written to: chmod 600, or use -o")
	}
}

// read reads and verifies the keys of a file; - is stdin.
func (c *config) read(name string) ([]curve.Entry, error) {
	if name != "-" {
		return curve.Load(name)
	}
	text, err := secret.Read(c.args.In)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	entries, err := curve.ParseKeys(text)
	for _, e := range entries {
		if err == nil {
			err = e.Verify()
		}
	}
	return entries, err
}

// readSecrets reads key pairs; - is stdin.
func (c *config) readSecrets(name string) ([]curve.Entry, error) {
	if name != "-" {
		return curve.LoadSecrets(name)
	}
	entries, err := c.read(name)
	if err == nil {
		err = curve.Complete(entries)
	}
	return entries, err
}
