//go:build linux && cgo

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ztools/lib/internal/option"
	"ztools/lib/zmq"
)

// writeOptions writes the rows of the table of options as table.c reads them.
func writeOptions(t *testing.T, dir string) {
	t.Helper()
	var numbers, texts strings.Builder
	for _, row := range option.Table {
		head := fmt.Sprintf("{%d, %d, %q, %s, %v", row.ID, typeFor(row), row.Name, accesses[row.Access], row.Draft)
		switch row.Kind {
		case option.KindKey: // option.c
		case option.KindBytes, option.KindString:
			fmt.Fprintf(&texts, "    %s, %d, %d},\n", head, row.Valid.Min, row.Valid.Max)
		default:
			wide := row.Kind == option.KindInt64 || row.Kind == option.KindUint64
			low, high := row.Valid.Min, row.Valid.Max
			if row.Kind == option.KindUint64 {
				low, high = 0, 1<<40
			} else if wide {
				low, high = -1<<40, 1<<40
			}
			preset, known := presetOf(row)
			fmt.Fprintf(&numbers, "    %s, %v, %v, %v, %d, %d, %d},\n", head, wide, fitOf(&row) == exactly, known, preset, low, high)
		}
	}
	text := "static const struct number numbers[] = {\n" + numbers.String() + "};\nstatic const struct text texts[] = {\n" + texts.String() + "};\n"
	if err := os.WriteFile(filepath.Join(dir, "options.h"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var accesses = map[option.Access]string{option.ReadWrite: "READ_WRITE", option.ReadOnly: "READ_ONLY", option.WriteOnly: "WRITE_ONLY"}

// typeFor is a socket type that knows an option.
func typeFor(row option.Row) zmq.Type {
	for _, t := range []zmq.Type{zmq.XPub, zmq.XSub, zmq.Sub, zmq.Router, zmq.Stream, zmq.Req, zmq.Dealer} {
		for word := range strings.FieldsSeq(row.Scope) {
			if word == t.String() {
				return t
			}
		}
	}
	return zmq.Dealer
}

// presetOf is the default of a number, if it is a constant.
func presetOf(row option.Row) (preset int64, known bool) {
	switch v := row.Default.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
