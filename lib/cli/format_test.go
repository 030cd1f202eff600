package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// lossless are the formats that keep every byte and boundary.
var lossless = []string{"frames", "json", "hex", "base64", "quoted", "msgpack"}

var samples = [][][]byte{
	{[]byte("hello")},
	{{}},
	{{}, {}},
	{[]byte("topic"), {}, []byte("a\tb\nc\r\n\x00\x1b\xff\xfe")},
	{[]byte(`"quoted" \ {"b64":"x"}`)},
	{bytes.Repeat([]byte("x"), 255)},
	{bytes.Repeat([]byte("y"), 256), bytes.Repeat([]byte{0xff}, 70000)},
	{[]byte("\u2028 \u0085 é 世界 \U0001f600")},
}

func newDecoder(t testing.TB, r io.Reader, l Layout) Decoder {
	t.Helper()
	if l.MaxSize == 0 {
		l.MaxSize = 1 << 20
	}
	d, err := NewDecoder(NewInput(r, l.MaxSize), l)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newEncoder(t testing.TB, l Layout) Encoder {
	t.Helper()
	e, err := NewEncoder(l)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encodeAll(t testing.TB, l Layout, records ...Record) []byte {
	t.Helper()
	e := newEncoder(t, l)
	var out []byte
	for _, r := range records {
		var err error
		if out, err = e(out, &r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// copyOf is what a decoded record holds, in storage of its own.
func copyOf(r Record) Record {
	parts := [][]byte{}
	for _, p := range r.Parts {
		parts = append(parts, append([]byte{}, p...))
	}
	r.Parts = parts
	if r.ID != nil {
		r.ID = append([]byte{}, r.ID...)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	for _, format := range lossless {
		for _, routed := range []bool{false, true} {
			l := Layout{Format: format, Routed: routed}
			var records []Record
			for _, parts := range samples {
				r := Record{Parts: parts}
				if routed {
					r.ID = []byte{0, 0xff, 't', '\t'}
				}
				records = append(records, copyOf(r))
			}
			stream := encodeAll(t, l, records...)
			decode := newDecoder(t, iotest.OneByteReader(bytes.NewReader(stream)), l)
			var got Record
			for i, want := range records {
				if err := decode(&got); err != nil {
					t.Fatalf("%s, message %d: %v", format, i, err)
				}
				if c := copyOf(got); !reflect.DeepEqual(c, want) {
					t.Errorf("%s, message %d: got %q %q, want %q %q", format, i, c.ID, c.Parts, want.ID, want.Parts)
				}
			}
			if err := decode(&got); err != io.EOF {
				t.Errorf("%s: at the end %v, want io.EOF", format, err)
			}
		}
	}
}

func TestJSONKeepsWhatIsKnown(t *testing.T) {
	want := Record{
		Parts: [][]byte{[]byte("a")}, ID: []byte("bob"), Group: "g", Peer: "10.0.0.1:5",
		Time: time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC),
	}
	var got Record
	if err := newDecoder(t, bytes.NewReader(encodeAll(t, Layout{Format: "json"}, want)), Layout{Format: "json"})(&got); err != nil {
		t.Fatal(err)
	}
	if c := copyOf(got); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestEncode(t *testing.T) {
	two := Record{Parts: [][]byte{[]byte("a"), []byte("b\n")}}
	named := Record{ID: []byte("bob"), Parts: [][]byte{[]byte("x")}}
	for _, test := range []struct {
		name   string
		layout Layout
		record Record
		want   string
	}{
		{"lines", Layout{Format: "lines"}, two, "a\tb\n\n"},
		{"delimiters", Layout{Format: "lines", Delim: []byte("||"), PartDelim: []byte(", ")}, two, "a, b\n||"},
		{"no delimiter", Layout{Format: "lines", Delim: []byte{}}, two, "a\tb\n"},
		{"nul", Layout{Format: "nul"}, two, "a\tb\n\x00"},
		{"raw", Layout{Format: "raw"}, two, "ab\n"},
		{"none", Layout{Format: "none"}, two, ""},
		{"frames", Layout{Format: "frames"}, two, "\x01\x01a\x00\x02b\n"},
		{"hex", Layout{Format: "hex"}, two, "61\t620a\n"},
		{"base64", Layout{Format: "base64"}, two, "YQ==\tYgo=\n"},
		{"quoted", Layout{Format: "quoted"}, two, "\"a\"\t\"b\\n\"\n"},
		{"msgpack", Layout{Format: "msgpack"}, two, "\x92\xc4\x01a\xc4\x02b\n"},
		{"json", Layout{Format: "json"}, two, `{"parts":["a","b\n"]}` + "\n"},
		{"terminal", Layout{Format: "lines", Escape: true}, two, "a\tb\\n\n"},
		{"terminal frames", Layout{Format: "frames", Escape: true}, two, "\\x01\\x01a\\x00\\x02b\\n\n"},
		{"terminal controls", Layout{Format: "lines", Escape: true}, Record{Parts: [][]byte{[]byte("\x1b[2J\x7f\xc2\x9b\xffé\r")}}, "\\x1b[2J\\x7f\\xc2\\x9b\\xffé\\r\n"},
		{"routing id", Layout{Format: "lines"}, named, "bob\tx\n"},
		{"binary routing id", Layout{Format: "lines"}, Record{ID: []byte{0, 1}, Parts: named.Parts}, "0x0001\tx\n"},
		{"id that looks binary", Layout{Format: "lines"}, Record{ID: []byte("0xa"), Parts: named.Parts}, "0x307861\tx\n"},
		{"id raw", Layout{Format: "raw"}, named, "x"},
		{"id in JSON", Layout{Format: "json"}, named, `{"parts":["x"],"id":"bob"}` + "\n"},
		{"template", Layout{Template: "{{.Part 1}}{{.Part 9}} {{len .Parts}} {{.Len 2}} {{.Size}} {{.Hex 2}} {{.ID}}"}, two, "a 2 2 3 620a \n"},
		{"template without newline", Layout{Template: `{{join .Parts "+"}}`, Delim: []byte{}}, two, "a+b\n"},
		{"template on a terminal", Layout{Template: "{{.Body}}", Escape: true}, two, "b\\n\n"},
	} {
		if got := string(encodeAll(t, test.layout, test.record)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTemplateTimes(t *testing.T) {
	begin := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	got := encodeAll(t, Layout{Template: "{{.Seq}} {{.Time}} {{.Delta}} {{.Elapsed}}"},
		Record{Seq: 1, Time: begin, Parts: [][]byte{{}}},
		Record{Seq: 2, Time: begin.Add(time.Second), Parts: [][]byte{{}}},
		Record{Seq: 3, Time: begin.Add(3 * time.Second), Parts: [][]byte{{}}})
	want := "1 2026-05-01T12:00:00Z 0s 0s\n2 2026-05-01T12:00:01Z 1s 1s\n3 2026-05-01T12:00:03Z 2s 3s\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name   string
		layout Layout
		stream string
		want   string // parts as %q, one message after the other
	}{
		{"lines", Layout{Format: "lines"}, "a\tb\n\nend", `["a\tb"] [""] ["end"]`},
		{"split", Layout{Format: "lines", Split: true, PartDelim: []byte("::")}, "a::b\n::\n", `["a" "b"] ["" ""]`},
		{"own delimiter", Layout{Format: "lines", Delim: []byte("<>")}, "a<b<>c<>", `["a<b"] ["c"]`},
		{"carriage returns stay", Layout{Format: "lines"}, "a\r\n", `["a\r"]`},
		{"nul", Layout{Format: "nul"}, "a\nb\x00\x00c", `["a\nb"] [""] ["c"]`},
		{"raw", Layout{Format: "raw"}, "a\nb\n", `["a\nb\n"]`},
		{"empty", Layout{Format: "lines"}, "", ``},
		{"empty raw", Layout{Format: "raw"}, "", ``},
		{"none", Layout{Format: "none"}, "a\nb\n", ``},
		{"routed", Layout{Format: "lines", Routed: true}, "bob\tx\ty\n0x00ff\tz\n", `"bob"["x\ty"] "\x00\xff"["z"]`},
		{"JSON", Layout{Format: "json"}, "\n{\"parts\":[\"a\",{\"b64\":\"/w==\"}],\"more\":1}\n", `["a" "\xff"]`},
		{"long frame", Layout{Format: "frames"}, "\x02\x00\x00\x00\x00\x00\x00\x00\x01x", `["x"]`},
		{"MessagePack str", Layout{Format: "msgpack"}, "\xa2hi\xc4\x01x\x92\xa1a\xd9\x01b", `["hi"] ["x"] ["a" "b"]`},
	} {
		decode := newDecoder(t, strings.NewReader(test.stream), test.layout)
		var got []string
		var r Record
		err := decode(&r)
		for ; err == nil; err = decode(&r) {
			got = append(got, describe(r))
		}
		if text := strings.Join(got, " "); err != io.EOF || text != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, text, err, test.want)
		}
	}
}

func describe(r Record) string {
	var b strings.Builder
	if r.ID != nil {
		b.WriteString(strings.TrimSpace(quote(r.ID)))
	}
	b.WriteByte('[')
	for i, p := range r.Parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quote(p))
	}
	b.WriteByte(']')
	return b.String()
}

func quote(b []byte) string { return string(appendQuoted(nil, b)) }

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		layout Layout
		stream string
		want   string
	}{
		{Layout{Format: "lines", MaxSize: 3}, "abcd\n", "longer than --max-size"},
		{Layout{Format: "raw", MaxSize: 3}, "abcd", "longer than --max-size"},
		{Layout{Format: "lines", Routed: true}, "alone\n", "no routing id"},
		{Layout{Format: "lines", Routed: true}, "0xzz\tx\n", "bad hexadecimal"},
		{Layout{Format: "hex"}, "6\n", "odd length"},
		{Layout{Format: "base64"}, "YQ\n", "illegal base64"},
		{Layout{Format: "quoted"}, "a\n", "not in double quotes"},
		{Layout{Format: "quoted"}, "\"\\q\"\n", "bad escape"},
		{Layout{Format: "frames"}, "\x04\x00", "unknown flags 0x04"},
		{Layout{Format: "frames"}, "\x00\x05ab", "unexpected EOF"},
		{Layout{Format: "frames"}, "\x01\x00", "unexpected EOF"},
		{Layout{Format: "frames", MaxSize: 4}, "\x02\xff\xff\xff\xff\xff\xff\xff\xffabcdefgh", "longer than --max-size"},
		{Layout{Format: "frames", Routed: true}, "\x00\x01a", "no routing id"},
		{Layout{Format: "msgpack"}, "\x90", "no parts"},
		{Layout{Format: "msgpack"}, "\x01", "bad MessagePack"},
		{Layout{Format: "msgpack"}, "\xdd\xff\xff\xff\xff\xa0", "unexpected EOF"},
		{Layout{Format: "json"}, "[]\n", "bad JSON"},
		{Layout{Format: "json"}, "{}\n", `needs "parts"`},
		{Layout{Format: "json"}, `{"parts":[1]}`, "bad JSON"},
		{Layout{Format: "json"}, `{"parts":[{"base64":"eA=="}]}`, "neither a string nor"},
		{Layout{Format: "json"}, "{\"parts\":[\"\xff\"]}\n", "must be UTF-8"},
		{Layout{Format: "json", Routed: true}, `{"parts":["x"]}`, `needs an "id"`},
	} {
		var r Record
		err := newDecoder(t, strings.NewReader(test.stream), test.layout)(&r)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: got %v, want %q", test.layout.Format, test.stream, err, test.want)
		}
	}
}

// An announced length makes no room: a frame of 2^62 bytes of which few come
// costs one block.
func TestAnnouncedLengthMakesNoRoom(t *testing.T) {
	in := NewInput(strings.NewReader("\x02\x40\x00\x00\x00\x00\x00\x00\x00abc"), 1<<62)
	decode, err := NewDecoder(in, Layout{Format: "frames"})
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(&Record{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want io.ErrUnexpectedEOF", err)
	}
	if len(in.buf) > 2*inputBlock {
		t.Errorf("the buffer has %d bytes", len(in.buf))
	}
}

// A line goes out as soon as its newline is there, even if more bytes follow
// only later.
func TestLineNeedsNoFullBuffer(t *testing.T) {
	r, w := io.Pipe()
	decode := newDecoder(t, r, Layout{Format: "lines"})
	go w.Write([]byte("one\ntw"))
	var got Record
	if err := decode(&got); err != nil || string(got.Parts[0]) != "one" {
		t.Errorf("got %q, %v", got.Parts, err)
	}
	r.Close()
}

func TestLongLineGivesItsMemoryBack(t *testing.T) {
	long := strings.Repeat("x", 32*inputBlock)
	in := NewInput(io.MultiReader(strings.NewReader(long+"\n"), strings.NewReader("short\n")), 1<<30)
	for _, want := range []string{long, "short"} {
		if got, err := in.Until([]byte("\n")); err != nil || string(got) != want {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	if len(in.buf) > 16*inputBlock {
		t.Errorf("the buffer still has %d bytes", len(in.buf))
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := NewEncoder(Layout{Format: "yaml"})
	var e *Error
	if !errors.As(err, &e) || e.Status != StatusUsage || !strings.Contains(e.Hint, "lines") {
		t.Errorf("got %v", err)
	}
}

// FuzzDecode feeds every decoder any bytes; what it accepts in a lossless
// format must come out the same after another round.
func FuzzDecode(f *testing.F) {
	for i, format := range Formats() {
		for _, parts := range samples[:5] {
			f.Add(uint8(i), false, encodeAll(f, Layout{Format: format}, Record{Parts: parts}))
			f.Add(uint8(i), true, encodeAll(f, Layout{Format: format}, Record{Parts: parts, ID: []byte("id")}))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, routed bool, stream []byte) {
		l := Layout{Format: Formats()[int(which)%len(formats)], Routed: routed}
		decode := newDecoder(t, bytes.NewReader(stream), l)
		var r, again Record
		for decode(&r) == nil {
			if len(r.Parts) == 0 {
				t.Fatal("a message without parts")
			}
			if l.Format == "lines" || l.Format == "nul" || l.Format == "raw" {
				continue
			}
			first := copyOf(r)
			copied := encodeAll(t, l, first)
			if err := newDecoder(t, bytes.NewReader(copied), l)(&again); err != nil {
				t.Fatalf("%s: %q does not read back: %v", l.Format, copied, err)
			}
			if second := copyOf(again); !reflect.DeepEqual(first, second) {
				t.Fatalf("%s: %+v came back as %+v", l.Format, first, second)
			}
		}
	})
}

// BenchmarkManyParts decodes a message of many parts that comes in pieces: each part is
// looked at once, so that the time for a part does not depend on how many there are.
func BenchmarkManyParts(b *testing.B) {
	for _, name := range []string{"frames", "msgpack"} {
		for _, parts := range []int{1000, 30_000} {
			b.Run(fmt.Sprint(name, "/", parts), func(b *testing.B) {
				l := Layout{Format: name}
				r := Record{Parts: slices.Repeat([][]byte{{}}, parts)}
				stream := encodeAll(b, l, r)
				for b.Loop() {
					decode := newDecoder(b, iotest.OneByteReader(bytes.NewReader(stream)), l)
					if err := decode(&r); err != nil || len(r.Parts) != parts {
						b.Fatal(len(r.Parts), err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*parts), "ns/part")
			})
		}
	}
}

func BenchmarkLines(b *testing.B) {
	text := bytes.Repeat([]byte("a line of text\n"), 10000)
	encode := newEncoder(b, Layout{Format: "lines"})
	var out []byte
	var r Record
	b.ReportAllocs()
	for range b.N / 10000 {
		decode := newDecoder(b, bytes.NewReader(text), Layout{Format: "lines"})
		for decode(&r) == nil {
			out, _ = encode(out[:0], &r)
		}
	}
}
