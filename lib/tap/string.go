package tap

import (
	"fmt"
	"strings"
)

// String is the item in one line, without who sent it. What peers chose is
// quoted.
func (it Item) String() string {
	switch it.Kind {
	case Greeting:
		return join("greeting", "ZMTP", it.Version, it.Mechanism, it.SocketType)
	case Identity:
		return fmt.Sprintf("identity %q", it.Body)
	case Broken:
		return "broken: " + it.Err.Error()
	}
	var b strings.Builder
	if it.Kind == Command {
		b.WriteString("command")
	} else {
		b.WriteString("frame")
	}
	if it.Name != "" {
		fmt.Fprintf(&b, " %s", printable(it.Name))
	}
	if it.Text != "" || it.subscription() {
		fmt.Fprintf(&b, " %q", it.Text)
	}
	for _, p := range it.Properties {
		fmt.Fprintf(&b, " %s=%q", printable(p.Name), p.Value)
	}
	if it.TTL > 0 {
		fmt.Fprintf(&b, " ttl %v", it.TTL)
	}
	fmt.Fprintf(&b, ", %d bytes", it.Size)
	if it.More {
		b.WriteString(", more")
	}
	if len(it.Body) > 0 && it.Name == "" {
		fmt.Fprintf(&b, ": %q", it.Body)
	}
	if it.Name == "" && it.Size > uint64(len(it.Body)) && len(it.Body) > 0 {
		b.WriteString("…")
	}
	return b.String()
}

// subscription reports whether an empty topic means something.
func (it *Item) subscription() bool { return it.Name == "SUBSCRIBE" || it.Name == "CANCEL" }

// printable is a name as it stands, or quoted if it has other than letters,
// digits and signs.
func printable(name string) string {
	for _, r := range name {
		if r <= ' ' || r > '~' {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}

func join(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}
