package option

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ztools/lib/internal/errno"
)

// Parse turns the text of a tool's -o NAME=VALUE into a checked value, as Value
// gives it. Times take Go's units ("5s", "100ms") and sizes K, M and G (times
// 1024); a number without a unit counts in the row's own. Switches are true,
// false, on, off, yes, no or a number. Bytes are the text itself, or 0x and hex
// digits. A key is Z85 text, or 0x and hex digits. Where nil clears a list, an
// empty text does. The error is one line that
// says what is wanted, without the text, which may be a secret; it is
// errno.EINVAL.
func (e *Entry[T]) Parse(text string) (any, error) {
	v, ok := e.scan(text)
	if ok {
		if v, err := e.Value(v); err == nil {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s: want %s: %w", strings.ToLower(e.Name), e.Want(), errno.EINVAL)
}

// Want says in words which values the row allows.
func (e *Entry[T]) Want() string {
	switch e.Kind {
	case KindBool:
		return "true or false"
	case KindKey:
		return "a key of 40 Z85 characters, or 0x and 64 hex digits"
	case KindBytes, KindString:
		return e.Valid.words(" bytes", maxLength)
	case KindUint64:
		return "0 or more"
	}
	switch e.Unit {
	case Milliseconds, Seconds:
		return e.Valid.words(" "+string(e.Unit), math.MaxInt32) + ", or a time such as 5s"
	case Bytes:
		return e.Valid.words(" bytes", math.MaxInt32) + ", or a size such as 1M"
	}
	return e.Valid.words("", math.MaxInt32)
}

// words is the range in words, with a noun; most is as good as no limit.
func (r Range) words(noun string, most int64) string {
	switch {
	case r.Max < most:
		return fmt.Sprintf("%d to %d%s", r.Min, r.Max, noun)
	case r.Min <= math.MinInt32 && noun != "":
		return "any number of" + noun
	case r.Min <= math.MinInt32:
		return "any number"
	default:
		return fmt.Sprintf("%d%s or more", r.Min, noun)
	}
}

// scan turns text into something that Value takes.
func (e *Entry[T]) scan(text string) (v any, ok bool) {
	if text == "" && e.clears {
		return nil, true
	}
	switch e.Kind {
	case KindString:
		return text, true
	case KindBytes, KindKey:
		digits, found := strings.CutPrefix(text, "0x")
		if !found {
			return text, true
		}
		raw, err := hex.DecodeString(digits)
		return raw, err == nil
	case KindUint64:
		return integer(strconv.ParseUint, text)
	case KindBool:
		return truth(text)
	}
	switch e.Unit {
	case Milliseconds, Seconds:
		if d, err := time.ParseDuration(text); err == nil && text != "0" {
			return d, true
		}
	case Bytes:
		return size(text)
	}
	return integer(strconv.ParseInt, text)
}

// integer parses decimal digits, or hex digits behind 0x.
func integer[N int64 | uint64](parse func(string, int, int) (N, error), text string) (any, bool) {
	base := 10
	if digits, found := strings.CutPrefix(text, "0x"); found {
		text, base = digits, 16
	}
	n, err := parse(text, base, 64)
	return n, err == nil
}

// truth parses the words of a switch, or a number.
func truth(text string) (any, bool) {
	switch strings.ToLower(text) {
	case "true", "on", "yes":
		return true, true
	case "false", "off", "no":
		return false, true
	}
	return integer(strconv.ParseInt, text)
}

// size parses a number with K, M or G behind it, also written k, KB or KiB.
func size(text string) (any, bool) {
	digits := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	shift := 0
	if digits != "" {
		if i := slices.Index([]byte("KMG"), digits[len(digits)-1]); i >= 0 {
			digits, shift = digits[:len(digits)-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n<<shift>>shift != n {
		return nil, false
	}
	return n << shift, true
}
