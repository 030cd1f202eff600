package ztest

import (
	"os"
	"testing"
)

// Skip ends a test for which this machine lacks what could be there: a program, a
// library, a right. It names that. With ZTOOLS_REQUIRE_PEERS=1, where all has to be
// there, the test fails.
func Skip(t testing.TB, needs string) {
	t.Helper()
	if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
		t.Fatal("needs " + needs)
	}
	t.Skip("skipped: needs " + needs)
}
