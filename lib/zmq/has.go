package zmq

import "ztools/lib/internal/security"

// capabilities are the names of zmq_has(3) that stand for schemes. The others
// are schemes that every build has, for which libzmq knows no name.
var capabilities = map[string]string{
	"ipc": "ipc", "pgm": "pgm", "tipc": "tipc", "norm": "norm", "vmci": "vmci", "vsock": "vsock", "WS": "ws", "WSS": "wss",
}

// Has reports whether the library has what zmq_has(3) names: a transport, a
// mechanism ("curve", "gssapi") or the draft socket types ("draft").
func Has(capability string) bool {
	switch capability {
	case "draft":
		return true
	case "curve":
		return security.Known(2)
	case "gssapi":
		return security.Known(3)
	}
	_, ok := schemes[capabilities[capability]]
	return ok
}
