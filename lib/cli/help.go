package cli

import (
	"fmt"
	"io"
	"strings"
)

// printHelp prints the designed help: what it is, examples, forms, flags.
func (t *Tool) printHelp(w *Stream, prog string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", t.Summary, w.Heading("Examples:"))
	for _, e := range t.Examples {
		fmt.Fprintf(&b, "  %s\n", w.Faint("# "+e.Meaning))
		for _, c := range e.Commands {
			fmt.Fprintf(&b, "  %s\n", c)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", w.Heading("Usage:"))
	for _, u := range t.Usage {
		fmt.Fprintf(&b, "  %s\n", u)
	}
	group := ""
	for _, f := range t.Flags {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n%s\n", w.Heading(group+":"))
		}
		fmt.Fprintf(&b, "  %-30s %s\n", f.synopsis(), f.Help)
	}
	fmt.Fprintf(&b, "\n%s\n", t.Footer)
	_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "{}", prog))
	return err
}

// synopsis is `-n, --count N`.
func (f Flag) synopsis() string {
	s := "    --" + f.Name
	if f.Short != "" {
		s = "-" + f.Short + ", --" + f.Name
	}
	if f.Value != "" {
		s += " " + f.Value
	}
	return s
}
