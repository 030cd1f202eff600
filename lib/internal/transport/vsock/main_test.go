package vsock

import (
	"testing"

	"ztools/lib/internal/ztest"
)

func TestMain(m *testing.M) { ztest.Main(m) }
