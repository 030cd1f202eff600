package main

import (
	"os"
	"testing"
)

// The file in the tree is what the generator writes.
func TestAssembly(t *testing.T) {
	written, err := os.ReadFile("../../lib/internal/salsa/salsa_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != assembly() {
		t.Error("salsa_amd64.s is another: go generate ./lib/internal/salsa")
	}
}
