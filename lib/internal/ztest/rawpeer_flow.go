package ztest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Flow is a recorded connection. As a file it is text: lines of "key: value",
// an empty line, then what went over the wire as hex, each line behind ">" (the
// side that connected) or "<" (the side that accepted).
type Flow struct {
	// About says who spoke, and how this was recorded.
	About string
	// Client and Server are the ends that connected and accepted.
	Client, Server End
	// Chunks are in the order in which they were seen.
	Chunks []Chunk
}

// End is one side of a Flow.
type End struct {
	Type string // socket type, or "raw" for bytes made by hand
	ID   string // routing id
}

// Chunk is a piece of one direction.
type Chunk struct {
	FromClient bool
	Bytes      []byte
}

// Add appends bytes, to the last chunk if it has the same direction.
func (f *Flow) Add(fromClient bool, b []byte) {
	if n := len(f.Chunks); n > 0 && f.Chunks[n-1].FromClient == fromClient {
		f.Chunks[n-1].Bytes = append(f.Chunks[n-1].Bytes, b...)
		return
	}
	f.Chunks = append(f.Chunks, Chunk{fromClient, bytes.Clone(b)})
}

// Sent is all that one side sent.
func (f *Flow) Sent(byClient bool) []byte {
	var all []byte
	for _, c := range f.Chunks {
		if c.FromClient == byClient {
			all = append(all, c.Bytes...)
		}
	}
	return all
}

// ReadFlow reads a file.
func ReadFlow(t testing.TB, path string) *Flow {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &Flow{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		if err := f.parseLine(lines.Text()); err != nil {
			t.Fatalf("%s:%d: %v", path, n, err)
		}
	}
	return f
}

func (f *Flow) parseLine(line string) error {
	key, value, _ := strings.Cut(line, " ")
	switch key {
	case "":
	case "about:":
		f.About = value
	case "client:":
		f.Client.Type, f.Client.ID, _ = strings.Cut(value, " ")
	case "server:":
		f.Server.Type, f.Server.ID, _ = strings.Cut(value, " ")
	case ">", "<":
		b, err := hex.DecodeString(value)
		if err != nil {
			return err
		}
		f.Add(key == ">", b)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// Write makes a file of the flow.
func (f *Flow) Write(t testing.TB, path string) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "about: %s\n", f.About)
	fmt.Fprintf(&b, "client: %s\n", strings.TrimSpace(f.Client.Type+" "+f.Client.ID))
	fmt.Fprintf(&b, "server: %s\n\n", strings.TrimSpace(f.Server.Type+" "+f.Server.ID))
	for _, c := range f.Chunks {
		mark := "<"
		if c.FromClient {
			mark = ">"
		}
		for from := 0; from < len(c.Bytes); from += 32 {
			fmt.Fprintf(&b, "%s %x\n", mark, c.Bytes[from:min(from+32, len(c.Bytes))])
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
