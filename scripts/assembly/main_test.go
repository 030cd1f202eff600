package main

import (
	"fmt"
	"os"
	"testing"
)

// The files in the tree are what the generator writes.
func TestAssembly(t *testing.T) {
	for name := range files {
		written, err := os.ReadFile(fmt.Sprintf("../../lib/internal/%[1]s/%[1]s_amd64.s", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != assembly(name) {
			t.Errorf("%s_amd64.s is another: go generate ./lib/internal/%[1]s", name)
		}
	}
}
