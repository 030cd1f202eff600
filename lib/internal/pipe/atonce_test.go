package pipe

import (
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
)

// WriteParts writes what Write would, or nothing.
func TestWriteParts(t *testing.T) {
	parts := func(text string) (list []msg.Part) {
		for _, part := range strings.Split(text, ".") {
			list = append(list, msg.Part{Body: []byte(part)})
		}
		return list
	}
	a, b, _, rb := ends(limit(4))
	if a.WriteParts(parts("no.room")) {
		t.Error("written without memory for it")
	}
	write(a, "m")
	medium, long := strings.Repeat("n", 300), strings.Repeat("l", msg.RefMin)
	if a.WriteParts(parts("a." + long)) {
		t.Error("a long part was copied")
	}
	for _, text := range []string{"a.b", "a..c", medium + ".b." + medium} {
		if !a.WriteParts(parts(text)) {
			t.Errorf("%.20q not written", text)
		}
	}
	if a.WriteParts(parts("too.much")) {
		t.Error("written beyond the limit")
	}
	if got, want := readAll(b), []string{"m", "a.b", "a..c", medium + ".b." + medium}; !slices.Equal(got, want) {
		t.Errorf("%.80q, want %.80q", got, want)
	}
	write(a, "m") // memory again, and the reader is told
	if read(b); rb.readable != 2 || b.CheckRead() {
		t.Fatalf("told %d times", rb.readable)
	}
}
