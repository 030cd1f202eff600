package option

// The table against real libzmq: the same orders go to a libzmq socket, through
// testdata/libzmq.py, and to an Options; the answers must be the same.

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
)

// libzmq is the process that holds the real socket.
type libzmq struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
}

func startLibzmq(t *testing.T) *libzmq {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to reach libzmq with")
	}
	if err := exec.Command(python, "-c", `import ctypes; ctypes.CDLL("libzmq.so.5")`).Run(); err != nil {
		t.Skip("no libzmq.so.5 on this machine")
	}
	cmd := exec.Command(python, "testdata/libzmq.py")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &libzmq{t, in, bufio.NewScanner(out)}
}

// ask sends one order and returns the answer.
func (z *libzmq) ask(format string, args ...any) string {
	fmt.Fprintf(z.in, format+"\n", args...)
	if !z.out.Scan() {
		z.t.Fatalf("libzmq is gone after "+format, args...)
	}
	return z.out.Text()
}

// set passes v as C would; nil is NULL.
func (z *libzmq) set(id ID, v any) string {
	if v == nil {
		return z.ask("set %d null", id)
	}
	return z.ask("set %d bytes %x", id, memory(v))
}

// memory is v as C holds it.
func memory(v any) []byte {
	switch v := v.(type) {
	case int:
		return binary.NativeEndian.AppendUint32(nil, uint32(v))
	case int64:
		return binary.NativeEndian.AppendUint64(nil, uint64(v))
	case uint64:
		return binary.NativeEndian.AppendUint64(nil, v)
	case string:
		return []byte(v)
	case []byte:
		return v
	case bool:
		if v {
			return memory(1)
		}
		return memory(0)
	}
	return nil
}

// get reads an option into a buffer of the row's size.
func (z *libzmq) get(e *Row) string {
	size := map[Kind]int{KindInt: 4, KindBool: 4, KindInt64: 8, KindUint64: 8, KindBytes: 256, KindString: 1024, KindKey: 32}[e.Kind]
	answer := z.ask("get %d %d", e.ID, size)
	if e.Kind == KindString {
		answer = strings.TrimSuffix(answer, "00") // the NUL of C's strings
	}
	return answer
}

// typeOf is the number of a socket type that knows the row.
func typeOf(e *Row) int {
	types := []string{"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM"}
	first, _, _ := strings.Cut(e.Scope, " ")
	if number := slices.Index(types, first); number >= 0 {
		return number
	}
	return slices.Index(types, "DEALER")
}

// mayLack reports whether a build of libzmq may come without the option.
func mayLack(e *Row) bool {
	family, _, _ := strings.Cut(e.Name, "_")
	return e.Draft || slices.Contains([]string{"GSSAPI", "NORM", "VMCI", "CURVE", "IPC"}, family)
}

// probes are values in and around the row's range.
func probes(e *Row) []any {
	switch e.Kind {
	case KindUint64:
		return []any{uint64(0), uint64(math.MaxUint64)}
	case KindInt64:
		return []any{int64(math.MinInt64), int64(-1), int64(math.MaxInt64)}
	case KindKey:
		return []any{make([]byte, 32), make([]byte, 31), strings.Repeat("0", 40), strings.Repeat("#", 40), strings.Repeat("0", 40) + "\x00"}
	case KindBytes, KindString:
		var list []any
		for _, n := range []int{1, 16, 17, 255, 256, 1000} {
			list = append(list, strings.Repeat("a", n))
		}
		return list
	}
	var list []any
	for _, n := range []int64{math.MinInt32, -101, -100, -99, -2, -1, 0, 1, 2, e.Valid.Max, e.Valid.Max + 1, e.Valid.Min, e.Valid.Min - 1, math.MaxInt32} {
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			list = append(list, int(n))
		}
	}
	return list
}

// answer is an error or nil as libzmq.py prints it.
func answer(err error) string {
	if code := errno.Errno(0); errors.As(err, &code) {
		return fmt.Sprintf("error %d", int(code))
	}
	return "ok"
}

func TestRangesAreLibzmqs(t *testing.T) {
	z := startLibzmq(t)
	for i := range Table {
		e := &Table[i]
		if e.Access == ReadOnly || e.Kind == KindString && e.field == nil {
			continue // TestTextsAreLibzmqs has the texts with a grammar
		}
		var theirs, ours []string
		for _, v := range probes(e) {
			z.ask("new %d", typeOf(e))
			theirs = append(theirs, fmt.Sprint(v, " ", z.set(e.ID, v)))
			_, err := e.Value(v)
			ours = append(ours, fmt.Sprint(v, " ", answer(err)))
		}
		refused := !slices.ContainsFunc(theirs, func(s string) bool { return strings.HasSuffix(s, "ok") })
		if refused && mayLack(e) {
			t.Logf("%s: not in this build of libzmq", e.Name)
			continue
		}
		if !slices.Equal(theirs, ours) {
			t.Errorf("%s:\nlibzmq %q\nours   %q", e.Name, theirs, ours)
		}
	}
}

func TestDefaultsAreLibzmqs(t *testing.T) {
	z := startLibzmq(t)
	for number := range 12 {
		z.ask("new %d", number)
		o := Defaults(number)
		for i := range Table {
			e := &Table[i]
			ours, err := e.Get(&o)
			if err != nil {
				continue
			}
			theirs := z.get(e)
			if strings.HasPrefix(theirs, "error") && mayLack(e) {
				continue
			}
			if want := "value " + hex.EncodeToString(memory(ours)); strings.TrimSpace(want) != strings.TrimSpace(theirs) {
				t.Errorf("type %d %s: ours %q, libzmq %q", number, e.Name, want, theirs)
			}
		}
	}
}

// A sequence of settings, because some have effects on others; what is readable
// afterwards must be the same.
func TestSideEffectsAreLibzmqs(t *testing.T) {
	type step struct {
		id ID
		v  any
	}
	key := strings.Repeat("0", 40)
	sequences := map[string][]step{
		"plain server":         {{PlainServer, 1}},
		"plain server off":     {{PlainServer, 1}, {PlainServer, 0}},
		"plain client":         {{PlainUsername, "u"}, {PlainPassword, "p"}},
		"plain server, client": {{PlainServer, 1}, {PlainUsername, "u"}},
		"plain off":            {{PlainUsername, "u"}, {PlainUsername, nil}},
		"curve server":         {{CurveServer, 1}, {CurveSecretKey, key}},
		"curve client":         {{CurveServer, 1}, {CurveServerKey, key}},
		"curve off":            {{CurveServer, 1}, {CurveServer, 0}},
		"curve, then plain":    {{CurveServer, 1}, {PlainServer, 1}},
		"ipv4only":             {{IPv4Only, 0}},
		"ipv6":                 {{IPv6, 1}},
		"ttl":                  {{HeartbeatTTL, 1999}},
		"ttl below a step":     {{HeartbeatTTL, -99}},
		"socks off":            {{SocksProxy, "a:1"}, {SocksProxy, nil}},
		"device off":           {{BindToDevice, "lo"}, {BindToDevice, nil}},
		"filters off":          {{IPCFilterPID, 1}, {IPCFilterPID, nil}, {IPCFilterUID, 1}, {IPCFilterUID, nil}, {IPCFilterGID, nil}},
		"numbers are not nil":  {{Backlog, nil}, {Linger, nil}, {Immediate, nil}},
		"domain stays":         {{ZAPDomain, "d"}, {ZAPDomain, nil}},
	}
	z := startLibzmq(t)
	for name, steps := range sequences {
		z.ask("new 5")
		o := Defaults(5)
		for _, s := range steps {
			theirs, ours := z.set(s.id, s.v), answer(Lookup(s.id).Set(&o, s.v))
			if theirs != ours {
				t.Errorf("%s: set %v: ours %s, libzmq %s", name, s, ours, theirs)
			}
		}
		for i := range Table {
			e := &Table[i]
			theirs := z.get(e)
			if v, err := e.Get(&o); err == nil && strings.HasPrefix(theirs, "value") {
				if ours := strings.TrimSpace(fmt.Sprintf("value %x", memory(v))); ours != strings.TrimSpace(theirs) {
					t.Errorf("%s: %s: ours %s, libzmq %s", name, e.Name, ours, theirs)
				}
			}
		}
	}
}

func TestTextsAreLibzmqs(t *testing.T) {
	z := startLibzmq(t)
	for _, tt := range textCases {
		z.ask("new 5")
		z.ask("set %d bytes %x", IPv6, memory(tt.ipv6))
		theirs := z.set(tt.id, tt.text)
		if want := map[bool]string{true: "ok", false: "error"}[tt.ok]; !strings.HasPrefix(theirs, want) {
			t.Errorf("%d %q: libzmq says %s", tt.id, tt.text, theirs)
		}
	}
}
