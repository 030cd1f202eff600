package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"ztools/lib/zmq"
)

// The socket options as -o list prints them and as man/ztools-options.7 has them,
// both from the library's own tables, and with them the properties of messages.

// PrintOptions answers -o list: the options that -o can set, by name, and what a
// program can ask a message.
func PrintOptions(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tTYPE\tDEFAULT\tVALUE\tFOR\tMEANING")
	for _, o := range byName(zmq.OptionTable()) {
		if o.Set {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, o.Type, defaultText(o), o.Want, o.Scope, meaning(o.Meaning, o.Moot))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(table, "\nMESSAGE PROPERTY\tTYPE\tOF\tMEANING")
	for _, p := range zmq.PropertyTable() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Name, p.Type, p.Scope, inC(p))
	}
	return table.Flush()
}

func byName(list []zmq.OptionInfo) []zmq.OptionInfo {
	slices.SortFunc(list, func(a, b zmq.OptionInfo) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func defaultText(o zmq.OptionInfo) string {
	if o.Default == nil {
		return "-"
	}
	return fmt.Sprint(o.Default)
}

// meaning is an option's line, with the reason if it changes nothing here.
func meaning(line, moot string) string {
	if moot == "" {
		return line
	}
	return line + "; changes nothing: " + moot
}

const optionsHead = `.\" Written by make man from the tables in lib/internal/option. Do not edit.
.TH ZTOOLS-OPTIONS 7 2026-07-01 ztools "Miscellaneous Information"
.SH NAME
ztools-options \- the options of sockets and contexts, and the properties of messages
.SH DESCRIPTION
The tools set a socket option by
.B \-o
.IR NAME = VALUE ,
with libzmq's name in upper or lower case, with or without
.BR ZMQ_ .
A time is a number in the option's own unit or has one of its own
.RB ( 100ms ", " 5s ", " 2m ),
and a size may end in
.BR K ", " M " or " G .
A switch is true, false, on, off, yes, no or a number.
Bytes are the text itself, or
.B 0x
and hexadecimal digits.
.PP
An option counts for later binds and connects, except where it says that it counts at once.
Some are of libzmq's draft interface; here they need no special build.
`

const propertiesHead = `.SH MESSAGE PROPERTIES
A program asks a message that it has received by Message.Property, or by
.BR zmq_msg_get (3)
and
.BR zmq_msg_gets (3).
The case of a name counts.
None can be set.
A message that came over inproc has none but those of C.
`

const optionsFoot = `.SH SEE ALSO
.BR zcat (1),
.BR zproxy (1),
.BR zmonitor (1),
.BR ztools-security (7),
.BR zmq_setsockopt (3),
.BR zmq_ctx_set (3),
.BR zmq_msg_gets (3)
`

// OptionsPage is the manual page ztools-options(7).
func OptionsPage() string {
	var b strings.Builder
	b.WriteString(optionsHead)
	b.WriteString(".SH SOCKET OPTIONS\n")
	for _, o := range byName(zmq.OptionTable()) {
		writeOption(&b, o)
	}
	b.WriteString(".SH CONTEXT OPTIONS\nA program sets them by Context.Set or zmq_ctx_set; the tools leave them at their defaults.\n")
	for _, o := range byName(zmq.ContextOptionTable()) {
		writeOption(&b, o)
	}
	b.WriteString(propertiesHead)
	for _, p := range zmq.PropertyTable() {
		writeProperty(&b, p)
	}
	b.WriteString(optionsFoot)
	return b.String()
}

// writeOption writes the paragraph of one option.
func writeOption(b *strings.Builder, o zmq.OptionInfo) {
	fmt.Fprintf(b, ".TP\n.B %s\n%s\n", o.Name, roff(sentence(meaning(o.Meaning, o.Moot))))
	var facts []string
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	add("Type %s", o.Type)
	if o.Unit != "" {
		add("unit %s", o.Unit)
	}
	if o.Set && o.Type != "bool" {
		add("%s", o.Want)
	}
	if o.Default != nil {
		add("default %v", o.Default)
	}
	for _, a := range o.Aliases {
		add("also called %s", a)
	}
	switch {
	case !o.Set:
		add("can be read only")
	case !o.Get:
		add("can be set only")
	}
	if o.Live {
		add("counts at once")
	}
	if o.Draft {
		add("draft")
	}
	fmt.Fprintf(b, "%s.\n", roff(strings.Join(facts, "; ")))
	if o.Scope != "" {
		fmt.Fprintf(b, "For: %s.\n", roff(o.Scope))
	}
}

// writeProperty writes the paragraph of one message property.
func writeProperty(b *strings.Builder, p zmq.PropertyInfo) {
	fmt.Fprintf(b, ".TP\n.B %s\n%s\nType %s.\nOf: %s.\n", roff(p.Name), roff(sentence(inC(p))), p.Type, roff(p.Scope))
}

// inC is a property's line, with the reason if only C has it.
func inC(p zmq.PropertyInfo) string {
	if p.Moot == "" {
		return p.Meaning
	}
	return p.Meaning + "; in C only: " + p.Moot
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

// roff protects what troff takes for its own.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
}
