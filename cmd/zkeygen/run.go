package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/curve"
)

// config is a checked command line.
type config struct {
	args   *cli.Args
	log    *cli.Log
	format format
	output string // "-" is stdout
	count  int64
}

// run is zkeygen behind its command line.
func run(a *cli.Args) error {
	c := &config{args: a, log: cli.NewLog(a), output: a.String("output", "-"), count: a.Number("count", 1)}
	c.format = formats[a.Choice("format", "z85")]
	if err := a.Check(); err != nil {
		return err
	}
	if err := c.checkFlags(); err != nil {
		return err
	}
	switch {
	case a.Bool("public"):
		return c.showPublic()
	case a.Bool("check"):
		return c.check()
	}
	return c.generate()
}

// checkFlags refuses what makes no sense together.
func (c *config) checkFlags() error {
	a := c.args
	reading := a.Bool("public") || a.Bool("check")
	switch {
	case a.Bool("public") && a.Bool("check"):
		return cli.Usagef("give one of them", "--public and --check are different jobs")
	case reading && len(a.Words) == 0:
		return cli.Usagef("- is stdin", "no file given")
	case !reading && len(a.Words) > 0:
		return cli.Usagef("-o FILE writes a new key there, -y FILE shows its public key", "what to do with %q?", a.Words[0])
	case reading && a.Given("count"):
		return cli.Usagef("", "--count is for making keys")
	case a.Bool("check") && (a.Given("output") || a.Given("format")):
		return cli.Usagef("it reads every format", "--check writes no keys")
	case a.Bool("public") && a.Given("format") && c.format.public == nil:
		return cli.Usagef("the values are z85 hex", "--public writes one key a line")
	case c.count < 1:
		return cli.Usagef("leave the flag out", "--count cannot be 0")
	case c.count > 1 && c.format.single:
		return cli.Usagef("use --format json", "the format %s holds one pair", a.String("format", ""))
	}
	return nil
}

// generate makes pairs, checks each and only then writes them.
func (c *config) generate() error {
	var text strings.Builder
	var public []curve.Key
	for range c.count {
		pair := curve.Generate()
		if err := pair.Verify(); err != nil {
			return err
		}
		text.WriteString(c.format.pair(pair))
		public = append(public, pair.Public)
	}
	if err := c.write(text.String(), secretMode); err != nil {
		return err
	}
	if c.output == "-" {
		c.warnIfShared()
		return nil
	}
	for _, key := range public {
		c.log.At(0, "public key: %s", key.Text())
	}
	return nil
}

// showPublic derives the public key of each secret key in the files.
func (c *config) showPublic() error {
	var text strings.Builder
	for _, name := range c.args.Words {
		entries, err := c.read(name)
		if err != nil {
			return inFile(name, err)
		}
		if err := checkPrivate(name); err != nil {
			return inFile(name, err)
		}
		for _, e := range entries {
			secret := e.secret
			if secret == nil {
				secret = e.bare
			}
			if secret == nil {
				return inFile(name, errors.New("there is a public key but no secret key"))
			}
			if err := e.verify(); err != nil {
				return inFile(name, err)
			}
			text.WriteString(c.format.public(curve.Public(*secret)) + "\n")
		}
	}
	return c.write(text.String(), publicMode)
}

// check tells about each file on stdout; one that is not in order makes the run
// fail, after all were looked at.
func (c *config) check() error {
	bad := 0
	for _, name := range c.args.Words {
		verdict, err := c.checkFile(name)
		if err != nil {
			bad++
			verdict = "FAILED: " + err.Error()
		}
		if _, err := fmt.Fprintf(c.args.Out, "%s: %s\n", name, verdict); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d files not in order", bad, len(c.args.Words))
	}
	return nil
}

// checkFile is what a file in order holds.
func (c *config) checkFile(name string) (string, error) {
	entries, err := c.read(name)
	if err != nil {
		return "", err
	}
	var pairs, secrets, singles int
	for _, e := range entries {
		if err := e.verify(); err != nil {
			return "", err
		}
		switch {
		case e.secret != nil && e.public != nil:
			pairs++
		case e.secret != nil:
			secrets++
		default:
			singles++
		}
	}
	if pairs+secrets > 0 {
		if err := checkPrivate(name); err != nil {
			return "", err
		}
	}
	return inventory(pairs, secrets, singles), nil
}

// inventory is "2 key pairs, 1 key without its other half".
func inventory(pairs, secrets, singles int) string {
	var list []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			list = append(list, one)
		case n > 1:
			list = append(list, fmt.Sprintf(many, n))
		}
	}
	add(pairs, "key pair", "%d key pairs")
	add(secrets, "secret key", "%d secret keys")
	add(singles, "key without its other half", "%d keys without their other halves")
	return strings.Join(list, ", ")
}

// read parses a file of keys; one without any is an error.
func (c *config) read(name string) ([]entry, error) {
	f, err := c.args.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, errors.New("too large for a file of keys")
	}
	return parse(string(text))
}

// inFile names the file in an error and keeps its hint.
func inFile(name string, err error) error {
	var failed *cli.Error
	if errors.As(err, &failed) {
		return &cli.Error{Status: failed.Status, Hint: failed.Hint, Err: fmt.Errorf("%s: %w", name, failed.Err)}
	}
	if strings.Contains(err.Error(), name) { // as errors of package os do
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
