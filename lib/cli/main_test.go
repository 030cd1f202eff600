package cli

import (
	"testing"

	"ztools/lib/internal/ztest"
)

// No test leaves goroutines behind.
func TestMain(m *testing.M) { ztest.Main(m) }
