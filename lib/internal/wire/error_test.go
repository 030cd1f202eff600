package wire_test

import (
	"errors"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/wire"
)

func TestErrors(t *testing.T) {
	if !errors.Is(wire.ErrSize, errno.EMSGSIZE) || errors.Is(wire.ErrSize, errno.EPROTO) {
		t.Error("ErrSize is no EMSGSIZE")
	}
	err := wire.Violation(wire.KeyExchange, "text")
	if !errors.Is(err, errno.EPROTO) || err.Error() != "text" || err.Code != 0x10000003 {
		t.Errorf("got %#v", err)
	}
}
