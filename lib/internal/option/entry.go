package option

import (
	"bytes"
	"math"
	"slices"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/z85"
)

// Kind is the type of an option's value.
type Kind uint8

// The kinds, and the Go type of a checked value and of what Get returns.
const (
	KindInt    Kind = iota // int, of C's 32 bits
	KindBool               // Value: int as C has it, 0 or not; Get: bool
	KindInt64              // int64
	KindUint64             // uint64
	KindBytes              // []byte
	KindString             // string
	KindKey                // a CURVE key. Value: [32]byte; Get: []byte of 32
)

// String is the word for the kind in the tools' option list.
func (k Kind) String() string {
	return [...]string{"int", "bool", "int64", "uint64", "bytes", "string", "key"}[k]
}

// Unit is what an option's number counts.
type Unit string

// The units that Value and Parse treat specially. Others are words for the
// reader only.
const (
	Milliseconds Unit = "milliseconds"
	Seconds      Unit = "seconds"
	Bytes        Unit = "bytes"
)

// Access says which of zmq_getsockopt(3) and zmq_setsockopt(3) know an option.
type Access uint8

// The bits of Access; the zero value is both.
const (
	ReadWrite Access = iota
	ReadOnly
	WriteOnly
)

// Owner says who keeps an option's value.
type Owner uint8

// The owners.
const (
	InOptions Owner = iota // a field of Options
	InPattern              // the socket type, by pattern.Set and pattern.Get
	InSocket               // the socket itself
)

// Moment says from when on a new value counts.
type Moment uint8

// The moments. What can only be read has none.
const (
	AtAttach Moment = iota // for later binds and connects
	Live                   // at once, and for those who come later to a bind made before
)

// Range is the allowed values of a number, or the allowed lengths of bytes and
// strings; both ends belong to it.
type Range struct{ Min, Max int64 }

func (r Range) holds(n int64) bool { return r.Min <= n && n <= r.Max }

// Entry is a row of a table of options that are kept in a T.
type Entry[T any] struct {
	ID      ID
	Name    string   // in zmq.h, without ZMQ_
	Aliases []string // older names for the same number, without ZMQ_
	Kind    Kind
	Valid   Range // of the number or the length; not used by uint64 and key
	Default any   // of the type that Get returns; nil if empty or none
	Unit    Unit
	Scope   string // the socket types or transports that it matters to
	Access  Access
	Owner   Owner
	Moment  Moment
	Draft   bool   // declared in zmq.h's draft part
	Doc     string // the meaning, one line
	Moot    string // why it is kept and changes nothing; empty if it does

	clears bool // nil, C's NULL with length 0, takes back all that was added

	field func(*T) any        // pointer to the value
	set   func(*T, any) error // in place of a store to field, given a checked value
	get   func(*T) any        // in place of a load from field
}

// Row is a row of the table of socket options.
type Row = Entry[Options]

// Set checks v as Value does and writes it into o, with libzmq's side effects on
// the security mechanism. The bytes of v are copied. The error is errno.EINVAL,
// also for options that cannot be written or that another owner keeps.
func (e *Entry[T]) Set(o *T, v any) error {
	if e.Access == ReadOnly || e.Owner != InOptions {
		return errno.EINVAL
	}
	v, err := e.Value(v)
	if err != nil {
		return err
	}
	if e.set != nil {
		return e.set(o, v)
	}
	store(e.field(o), v)
	return nil
}

// Get is the value in o, as the type that the row's Kind names; bytes are a
// copy. The error is errno.EINVAL for options that cannot be read or have no
// field.
func (e *Entry[T]) Get(o *T) (any, error) {
	if e.Access == WriteOnly || e.get == nil && e.field == nil {
		return nil, errno.EINVAL
	}
	if e.get != nil {
		return e.get(o), nil
	}
	return load(e.field(o)), nil
}

// Value turns v into the Go type that the row's Kind names and checks it against
// Valid; the error is errno.EINVAL. Numbers may be int, int32, int64, uint32,
// uint64 or bool, and time.Duration where the unit is a time: a negative
// duration is -1, any other is rounded up to the unit. Bytes and strings stand
// for each other; an empty one is what C calls NULL with length 0. A key is 32
// bytes or the 40 characters of its Z85 text, which may end in a NUL.
func (e *Entry[T]) Value(v any) (any, error) {
	switch e.Kind {
	case KindBytes, KindString:
		return e.text(v)
	case KindKey:
		return key(v)
	case KindUint64:
		return unsigned(v)
	}
	if v == nil && e.clears {
		return nil, nil
	}
	n, ok := e.number(v)
	if !ok || !e.Valid.holds(n) {
		return nil, errno.EINVAL
	}
	if e.Kind == KindInt64 {
		return n, nil
	}
	return int(n), nil
}

// number is v as an integer in the row's unit.
func (e *Entry[T]) number(v any) (n int64, ok bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case uint32:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case time.Duration:
		return e.ticks(v)
	}
	return 0, false
}

// ticks is d in the row's unit, if that is a time.
func (e *Entry[T]) ticks(d time.Duration) (n int64, ok bool) {
	tick := time.Millisecond
	switch {
	case e.Unit == Seconds:
		tick = time.Second
	case e.Unit != Milliseconds:
		return 0, false
	}
	if d < 0 {
		return -1, true
	}
	n = int64(d / tick)
	if d%tick != 0 {
		n++
	}
	return n, true
}

// text is v as a string or as bytes of its own, of an allowed length.
func (e *Entry[T]) text(v any) (any, error) {
	var s string
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case []byte:
		s = string(v)
	default:
		return nil, errno.EINVAL
	}
	if !e.Valid.holds(int64(len(s))) {
		return nil, errno.EINVAL
	}
	if e.Kind == KindString {
		return s, nil
	}
	return []byte(s), nil
}

// unsigned is v as a uint64.
func unsigned(v any) (any, error) {
	switch v := v.(type) {
	case uint64:
		return v, nil
	case int:
		return unsigned(int64(v))
	case int64:
		if v >= 0 {
			return uint64(v), nil
		}
	}
	return nil, errno.EINVAL
}

// key is v as a CURVE key.
func key(v any) (any, error) {
	var raw []byte
	switch v := v.(type) {
	case [32]byte:
		return v, nil
	case []byte:
		raw = v
	case string:
		raw = []byte(v)
	}
	if len(raw) == 41 && raw[40] == 0 {
		raw = raw[:40]
	}
	if len(raw) == 40 {
		raw, _ = z85.Decode(string(raw))
	}
	if len(raw) != 32 {
		return nil, errno.EINVAL
	}
	return [32]byte(raw), nil
}

// store writes a checked value through the pointer of a row's field.
func store(field, v any) {
	switch p := field.(type) {
	case *int:
		*p = v.(int)
	case *bool:
		*p = v.(int) != 0
	case *int64:
		*p = v.(int64)
	case *uint64:
		*p = v.(uint64)
	case *string:
		*p = v.(string)
	case *[]byte:
		*p = v.([]byte)
	case *[32]byte:
		*p = v.([32]byte)
	}
}

// load is the value behind the pointer of a row's field.
func load(field any) any {
	switch p := field.(type) {
	case *int:
		return *p
	case *bool:
		return *p
	case *int64:
		return *p
	case *uint64:
		return *p
	case *string:
		return *p
	case *[]byte:
		return bytes.Clone(*p)
	case *[32]byte:
		return slices.Clone(p[:])
	}
	return nil
}

// reset writes the default into t.
func (e *Entry[T]) reset(t *T) {
	if e.Default == nil || e.field == nil {
		return
	}
	v := e.Default
	if on, ok := v.(bool); ok {
		n, _ := e.number(on)
		v = int(n)
	}
	store(e.field(t), v)
}
