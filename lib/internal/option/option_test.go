package option

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"ztools/lib/internal/errno"
)

// testdata/options.tsv states number, name, access, range, default and moment of
// effect of each option, gathered from libzmq's header, manual and code.
func TestTableStatesTheFacts(t *testing.T) {
	data, err := os.ReadFile("testdata/options.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	if len(lines) != len(Table) {
		t.Errorf("%d facts, %d rows", len(lines), len(Table))
	}
	for i, line := range lines {
		if got := facts(&Table[i]); got != line {
			t.Errorf("row %q\nfact %q", got, line)
		}
	}
}

// facts is a row as a line of testdata/options.tsv.
func facts(e *Row) string {
	access := [...]string{"rw", "r", "w"}[e.Access]
	lowest, highest := fmt.Sprint(e.Valid.Min), fmt.Sprint(e.Valid.Max)
	if e.Access == ReadOnly || e.Kind == KindUint64 || e.Kind == KindKey {
		lowest, highest = "-", "-"
	}
	return strings.Join([]string{fmt.Sprint(int(e.ID)), e.Name, access, lowest, highest, defaultFact(e), momentFact(e)}, "\t")
}

func momentFact(e *Row) string {
	if e.Access == ReadOnly {
		return "-"
	}
	return [...]string{AtAttach: "later", Live: "now"}[e.Moment]
}

func defaultFact(e *Row) string {
	switch e.Default {
	case nil:
		return "-"
	case true:
		return "1"
	case false:
		return "0"
	}
	return fmt.Sprint(e.Default)
}

func TestRowsAreWhole(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if e.Doc == "" || e.Scope == "" {
			t.Errorf("%s: no meaning or no scope", e.Name)
		}
		stored := e.field != nil || e.set != nil
		if e.Owner == InOptions && !stored {
			t.Errorf("%s: kept nowhere", e.Name)
		}
		if i > 0 && Table[i-1].ID >= e.ID {
			t.Errorf("%s: not in the order of numbers", e.Name)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, name := range []string{"sndhwm", "SNDHWM", "ZMQ_SNDHWM", "zmq_sndhwm"} {
		if e, ok := ByName(name); !ok || e != Lookup(SndHWM) {
			t.Errorf("ByName(%q) = %v, %v", name, e, ok)
		}
	}
	aliases := map[string]ID{"ZMQ_IDENTITY": RoutingID, "connect_rid": ConnectRoutingID, "fail_unroutable": RouterMandatory,
		"router_behavior": RouterMandatory, "delay_attach_on_connect": Immediate}
	for name, id := range aliases {
		if e, ok := ByName(name); !ok || e.ID != id {
			t.Errorf("ByName(%q) is not %d", name, id)
		}
	}
	if e, ok := ByName("hwm"); ok || Lookup(26) != nil {
		t.Errorf("an unknown option was found: %v", e)
	}
}

func TestDefaults(t *testing.T) {
	for number := range 21 {
		o := Defaults(number)
		linger := -1
		if number == typeSub || number == typeXSub || number == typeDish {
			linger = 0
		}
		if o.Type != number || o.Linger != linger || o.SndHWM != 1000 || o.MaxMsgSize != -1 || !o.MulticastLoop {
			t.Errorf("type %d: %+v", number, o)
		}
	}
}

// onlyOn are options of one socket type that the table keeps.
var onlyOn = map[ID]int{RouterNotify: typeRouter}

func TestSetAndGet(t *testing.T) {
	for _, tt := range []struct {
		id        ID
		set, want any // want nil: EINVAL
	}{
		{SndHWM, 5, 5},
		{SndHWM, int64(5), 5},
		{SndHWM, "5", nil},
		{SndHWM, nil, nil},
		{SndHWM, -1, nil},
		{SndHWM, math.MaxInt32 + 1, nil},
		{SndHWM, uint64(math.MaxUint64), nil},
		{SndHWM, time.Second, nil},
		{Linger, time.Second, 1000},
		{Linger, time.Duration(-1), -1},
		{Linger, time.Nanosecond, 1},
		{Linger, time.Duration(0), 0},
		{RcvTimeo, 30 * 24 * time.Hour, nil},
		{HandshakeIvl, -time.Second, nil},
		{TCPKeepaliveIdle, 90 * time.Second, 90},
		{IPv6, true, true},
		{IPv6, 1, true},
		{IPv6, 2, nil},
		{IPv4Only, false, false},
		{Affinity, uint64(3), uint64(3)},
		{Affinity, 3, uint64(3)},
		{Affinity, -1, nil},
		{MaxMsgSize, 7, int64(7)},
		{RoutingID, "abc", []byte("abc")},
		{RoutingID, []byte("abc"), []byte("abc")},
		{RoutingID, "", nil},
		{RoutingID, 7, nil},
		{SocksProxy, "a:1", "a:1"},
		{SocksProxy, []byte("a:1"), "a:1"},
		{SocksProxy, nil, ""},
		{CurvePublicKey, strings.Repeat("0", 40), make([]byte, 32)},
		{CurvePublicKey, [32]byte{1}, append([]byte{1}, make([]byte, 31)...)},
		{CurvePublicKey, strings.Repeat("#", 40), nil},
		{CurvePublicKey, "short", nil},
		{CurvePublicKey, 1, nil},
		{HeartbeatTTL, 1999, 1900},
		{Type, 1, nil},
		{LastEndpoint, "x", nil},
		{RouterMandatory, 1, nil},
		{RouterNotify, 1, nil}, // on a DEALER
		{RouterNotify, 3, 3},
		{RouterNotify, 4, nil},
		{StreamNotify, 1, nil},
	} {
		o, e := Defaults(5), Lookup(tt.id)
		if only, ok := onlyOn[tt.id]; ok && tt.want != nil {
			o.Type = only
		}
		err := e.Set(&o, tt.set)
		if tt.want == nil {
			if err != errno.EINVAL {
				t.Errorf("%s = %v: %v, want EINVAL", e.Name, tt.set, err)
			}
			continue
		}
		if got, err2 := e.Get(&o); err != nil || err2 != nil || fmt.Sprintf("%T%v", got, got) != fmt.Sprintf("%T%v", tt.want, tt.want) {
			t.Errorf("%s = %v: %v %v, got %T %v", e.Name, tt.set, err, err2, got, got)
		}
	}
}

func TestBytesAreCopied(t *testing.T) {
	o := Defaults(5)
	id := []byte("abc")
	if err := Lookup(RoutingID).Set(&o, id); err != nil {
		t.Fatal(err)
	}
	id[0] = 'x'
	got, _ := Lookup(RoutingID).Get(&o)
	got.([]byte)[1] = 'x'
	if !bytes.Equal(o.RoutingID, []byte("abc")) {
		t.Errorf("routing id is %q", o.RoutingID)
	}
}

// textCases are texts with a grammar and whether libzmq takes them.
var textCases = []struct {
	id   ID
	ipv6 bool
	text string
	ok   bool
}{
	{TCPAcceptFilter, false, "127.0.0.1", true},
	{TCPAcceptFilter, false, "127.0.0.0/8", true},
	{TCPAcceptFilter, false, "127.0.0.0/0", true},
	{TCPAcceptFilter, false, "127.0.0.0/33", false},
	{TCPAcceptFilter, false, "127.0.0.0/-1", false},
	{TCPAcceptFilter, false, "127.0.0.0/", false},
	{TCPAcceptFilter, false, "localhost", false},
	{TCPAcceptFilter, true, "::1/128", true},
	{TCPAcceptFilter, true, "::1/129", false},
	{Metadata, false, "X-key:value", true},
	{Metadata, false, "X-key:a:b", true},
	{Metadata, false, "key:value", false},
	{Metadata, false, "X-:v", false},
	{Metadata, false, "X-:vv", true},
	{Metadata, false, "X-a:", false},
	{Metadata, false, "X-key", false},
	{Metadata, false, "X-key:", false},
	{Metadata, false, ":value", false},
	{Metadata, false, "X-" + strings.Repeat("k", 254) + ":v", false},
}

func TestTexts(t *testing.T) {
	for _, tt := range textCases {
		o := Defaults(5)
		if err := Lookup(tt.id).Set(&o, tt.text); (err == nil) != tt.ok {
			t.Errorf("%s = %q: %v", Lookup(tt.id).Name, tt.text, err)
		}
	}
}

func TestLists(t *testing.T) {
	o := Defaults(5)
	for _, s := range []struct {
		id ID
		v  any
	}{
		{TCPAcceptFilter, "127.0.0.1"}, {TCPAcceptFilter, ""}, {TCPAcceptFilter, "::1"}, {TCPAcceptFilter, "10.0.0.0/8"},
		{IPCFilterUID, 6}, {IPCFilterUID, nil}, {IPCFilterUID, 7}, {IPCFilterUID, 7}, {IPCFilterUID, 8},
		{Metadata, "X-a:1"}, {Metadata, "X-a:2"}, {Metadata, "X-b:1"},
	} {
		if err := Lookup(s.id).Set(&o, s.v); err != nil {
			t.Fatal(s, err)
		}
	}
	got := fmt.Sprint(o.TCPAcceptFilters, o.IPCFilterUID, o.Metadata)
	if want := "[::1 10.0.0.0/8] [7 8] [[X-a 1] [X-b 1]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCopiesShareNoList(t *testing.T) {
	o := Defaults(5)
	o.IPCFilterUID = make([]int, 0, 8)
	a, b := o, o
	_ = Lookup(IPCFilterUID).Set(&a, 1)
	_ = Lookup(IPCFilterUID).Set(&b, 2)
	if a.IPCFilterUID[0] != 1 || b.IPCFilterUID[0] != 2 {
		t.Errorf("a has %v, b has %v", a.IPCFilterUID, b.IPCFilterUID)
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string // want "": EINVAL
	}{
		{"sndhwm", "0", "0"},
		{"sndhwm", "0x10", "16"},
		{"sndhwm", "010", "10"},
		{"sndhwm", "1k", ""},
		{"sndhwm", "", ""},
		{"sndhwm", "-1", ""},
		{"heartbeat_ivl", "5s", "5000"},
		{"heartbeat_ivl", "250", "250"},
		{"heartbeat_ivl", "1h30m", "5400000"},
		{"heartbeat_ivl", "5 parsecs", ""},
		{"linger", "0", "0"},
		{"linger", "-1", "-1"},
		{"tcp_keepalive_idle", "2m", "120"},
		{"rcvbuf", "1M", "1048576"},
		{"rcvbuf", "64k", "65536"},
		{"rcvbuf", "64KiB", "65536"},
		{"rcvbuf", "100", "100"},
		{"rcvbuf", "1B", "1"},
		{"rcvbuf", "M", ""},
		{"rcvbuf", "8G", ""},
		{"ipc_filter_uid", "7", "7"},
		{"ipc_filter_uid", "", "<nil>"},
		{"maxmsgsize", "8G", "8589934592"},
		{"maxmsgsize", "9999999999G", ""},
		{"ipv6", "true", "1"},
		{"ipv6", "off", "0"},
		{"ipv6", "1", "1"},
		{"ipv6", "maybe", ""},
		{"affinity", "0xff", "255"},
		{"affinity", "-1", ""},
		{"routing_id", "abc", "[97 98 99]"},
		{"routing_id", "0x00ff", "[0 255]"},
		{"routing_id", "0x0", ""},
		{"routing_id", "", ""},
		{"socks_proxy", "0x00", "0x00"},
		{"curve_publickey", strings.Repeat("0", 40), fmt.Sprint([32]byte{})},
		{"curve_publickey", "0x" + strings.Repeat("00", 32), fmt.Sprint([32]byte{})},
		{"curve_publickey", "x", ""},
	} {
		e, _ := ByName(tt.name)
		v, err := e.Parse(tt.text)
		switch {
		case tt.want == "":
			if !errors.Is(err, errno.EINVAL) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%s: %v, %v", tt.name, tt.text, v, err)
			}
		case err != nil || fmt.Sprint(v) != tt.want:
			t.Errorf("%s=%s: %v, %v", tt.name, tt.text, v, err)
		}
	}
}

func TestParsedValuesCanBeSet(t *testing.T) {
	o := Defaults(5)
	e, _ := ByName("heartbeat_ivl")
	v, err := e.Parse("5s")
	if err != nil || e.Set(&o, v) != nil || o.HeartbeatIvl != 5000 {
		t.Errorf("%v %v: %d", v, err, o.HeartbeatIvl)
	}
}

func TestParseErrorsKeepSecrets(t *testing.T) {
	for _, name := range []string{"curve_secretkey", "plain_password"} {
		e, _ := ByName(name)
		_, err := e.Parse(strings.Repeat("hunter2", 100))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWant(t *testing.T) {
	for name, want := range map[string]string{
		"sndhwm":          "0 or more",
		"router_notify":   "0 to 3",
		"reconnect_stop":  "any number",
		"linger":          "-1 milliseconds or more, or a time such as 5s",
		"rcvbuf":          "-1 bytes or more, or a size such as 1M",
		"maxmsgsize":      "any number of bytes, or a size such as 1M",
		"ipv6":            "true or false",
		"affinity":        "0 or more",
		"routing_id":      "1 to 255 bytes",
		"subscribe":       "0 bytes or more",
		"curve_serverkey": "a key of 40 Z85 characters, or 0x and 64 hex digits",
	} {
		if e, _ := ByName(name); e.Want() != want {
			t.Errorf("%s: %q, want %q", name, e.Want(), want)
		}
	}
}

func TestContextOptions(t *testing.T) {
	o := ContextDefaults()
	for _, tt := range []struct {
		id        ID
		set, want any // set nil: only read; want nil: EINVAL
	}{
		{IOThreads, nil, 1},
		{MaxSockets, nil, 1023},
		{MaxSockets, 0, nil},
		{MaxSockets, socketLimit, socketLimit},
		{MaxSockets, socketLimit + 1, nil},
		{SocketLimit, nil, socketLimit},
		{ThreadPriority, -1, nil},
		{ThreadPriority, 3, socketLimit}, // the number reads as SOCKET_LIMIT
		{MaxMsgSz, nil, math.MaxInt32},
		{MsgTSize, 1, nil},
		{MsgTSize, nil, 64},
		{ThreadNamePrefix, "", nil},
		{ThreadNamePrefix, "z", "z"},
		{Blocky, nil, true},
		{Blocky, 0, false},
		{IPv6, 5, true},
		{ZeroCopyRecv, nil, true},
		{ThreadAffinityCPURemove, 1, nil},
		{999, 1, nil},
	} {
		var err error
		if tt.set != nil {
			err = o.Set(tt.id, tt.set)
		}
		if tt.want == nil {
			if err != errno.EINVAL {
				t.Errorf("%d = %v: %v", tt.id, tt.set, err)
			}
			continue
		}
		if got, err2 := o.Get(tt.id); err != nil || err2 != nil || got != tt.want {
			t.Errorf("%d = %v: %v %v, got %v", tt.id, tt.set, err, err2, got)
		}
	}
	if o.ThreadPriority != 3 {
		t.Errorf("thread priority %d", o.ThreadPriority)
	}
}

func TestContextCPUs(t *testing.T) {
	o := ContextDefaults()
	for range 2 {
		if err := o.Set(ThreadAffinityCPUAdd, 1); err != nil {
			t.Error(err)
		}
	}
	if len(o.ThreadAffinityCPUs) != 1 {
		t.Errorf("added: %v", o.ThreadAffinityCPUs)
	}
	if err := o.Set(ThreadAffinityCPURemove, 1); err != nil || len(o.ThreadAffinityCPUs) != 0 {
		t.Errorf("removed: %v, %v", o.ThreadAffinityCPUs, err)
	}
	if _, err := o.Get(ThreadAffinityCPUAdd); err != errno.EINVAL {
		t.Errorf("reading a write-only option: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1", "-1", "5s", "1M", "0xff", "true", "X-a:b", "127.0.0.1/8", ""} {
		f.Add(uint8(0), seed)
	}
	f.Fuzz(func(t *testing.T, row uint8, text string) {
		e := &Table[int(row)%len(Table)]
		v, err := e.Parse(text)
		if err != nil {
			return
		}
		if _, err := e.Value(v); err != nil {
			t.Fatalf("%s: %q parsed to %v, which is refused", e.Name, text, v)
		}
	})
}
