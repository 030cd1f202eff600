package multicast

import (
	"testing"

	"ztools/lib/internal/ztest"
)

// TestMain fails the run if a goroutine is left after it.
func TestMain(m *testing.M) { ztest.Main(m) }
