package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a length of time that is not negative: Go's notation
// ("300ms", "1m30s") and d for days; a bare number is seconds.
func ParseDuration(text string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return durationOf(text, n, time.Second)
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil {
			return durationOf(text, n, 24*time.Hour)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no length of time", text)
	}
	if d < 0 {
		return 0, fmt.Errorf("%q is negative", text)
	}
	return d, nil
}

func durationOf(text string, n float64, unit time.Duration) (time.Duration, error) {
	n *= float64(unit)
	if !(n >= 0 && n < math.MaxInt64) { // NaN fails too
		return 0, fmt.Errorf("%q is out of range", text)
	}
	return time.Duration(n), nil
}

// binaryUnits are powers of 1024, decimalUnits powers of 1000.
var (
	binaryUnits  = map[string]float64{"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20, "g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30, "t": 1 << 40, "tb": 1 << 40, "tib": 1 << 40}
	decimalUnits = map[string]float64{"": 1, "k": 1e3, "m": 1e6, "g": 1e9}
)

// ParseSize reads a number of bytes: k, M, G and T are powers of 1024, with or
// without B or iB behind them.
func ParseSize(text string) (int64, error) {
	return parseUnit(text, "a size", binaryUnits)
}

// ParseCount reads a number of messages: k, M and G are powers of 1000.
func ParseCount(text string) (int64, error) {
	return parseUnit(text, "a number", decimalUnits)
}

func parseUnit(text, what string, units map[string]float64) (int64, error) {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not %s", text, what)
	}
	unit, ok := units[strings.ToLower(text[len(number):])]
	if !ok {
		return 0, fmt.Errorf("%q has the unknown unit %q", text, text[len(number):])
	}
	n *= unit
	if !(n >= 0 && n < math.MaxInt64) || n != math.Trunc(n) {
		return 0, fmt.Errorf("%q is not %s that makes sense here", text, what)
	}
	return int64(n), nil
}

// ParseRate reads messages per time, "100", "10k/s" or "5/m", and returns the
// time between two messages. A bare number is per second.
func ParseRate(text string) (time.Duration, error) {
	number, per, _ := strings.Cut(text, "/")
	spans := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	span, ok := spans[per]
	if !ok {
		return 0, fmt.Errorf("%q has the unknown unit %q", text, per)
	}
	n, err := ParseCount(number)
	if err != nil {
		return 0, err
	}
	if n == 0 || n > int64(span) {
		return 0, fmt.Errorf("%q is out of range", text)
	}
	return span / time.Duration(n), nil
}

// FormatSize writes a number of bytes for people: 312 B, 4.0 KiB, 1.5 GiB.
func FormatSize(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			return formatUnit(n, unit)
		}
		n /= 1024
	}
	return formatUnit(n, "TiB")
}

func formatUnit(n float64, unit string) string {
	if unit == "B" {
		return fmt.Sprintf("%.0f B", n)
	}
	return fmt.Sprintf("%.1f %s", n, unit)
}

// Unescape reads the escapes of a delimiter: \n \t \r \0 \\ and \xNN.
func Unescape(text string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++
		if i == len(text) {
			return nil, fmt.Errorf("%q ends in a lone backslash", text)
		}
		if text[i] == 'x' {
			if i+3 > len(text) {
				return nil, fmt.Errorf("%q has a short \\x escape", text)
			}
			b, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("%q has a bad \\x escape", text)
			}
			out, i = append(out, byte(b)), i+2
			continue
		}
		at := strings.IndexByte(`ntr0\`, text[i])
		if at < 0 {
			return nil, fmt.Errorf("%q has the unknown escape \\%c", text, text[i])
		}
		out = append(out, "\n\t\r\x00\\"[at])
	}
	return out, nil
}
