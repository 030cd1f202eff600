package wire

import "slices"

// socketTypes is a row per socket type, at the type's number in zmq.h: its name
// in Socket-Type, those of the peers that it may talk to, and whether it tells
// its routing id (RFC 28, 29, 30, 31, 41, 48, 49, 51, 52; STREAM speaks no
// ZMTP).
var socketTypes = [...]struct {
	name     string
	peers    []string
	identity bool
}{
	{"PAIR", []string{"PAIR"}, false},
	{"PUB", []string{"SUB", "XSUB"}, false},
	{"SUB", []string{"PUB", "XPUB"}, false},
	{"REQ", []string{"REP", "ROUTER"}, true},
	{"REP", []string{"REQ", "DEALER"}, false},
	{"DEALER", []string{"REP", "DEALER", "ROUTER"}, true},
	{"ROUTER", []string{"REQ", "DEALER", "ROUTER"}, true},
	{"PULL", []string{"PUSH"}, false},
	{"PUSH", []string{"PULL"}, false},
	{"XPUB", []string{"SUB", "XSUB"}, false},
	{"XSUB", []string{"PUB", "XPUB"}, false},
	{"STREAM", nil, false},
	{"SERVER", []string{"CLIENT"}, false},
	{"CLIENT", []string{"SERVER"}, false},
	{"RADIO", []string{"DISH"}, false},
	{"DISH", []string{"RADIO"}, false},
	{"GATHER", []string{"SCATTER"}, false},
	{"SCATTER", []string{"GATHER"}, false},
	{"DGRAM", []string{"DGRAM"}, false},
	{"PEER", []string{"PEER"}, false},
	{"CHANNEL", []string{"CHANNEL"}, false},
}

// SocketTypeName is the name of the socket type with that number in zmq.h, ""
// if there is none.
func SocketTypeName(socketType int) string {
	if !known(socketType) {
		return ""
	}
	return socketTypes[socketType].name
}

// SendsIdentity reports whether a socket of that type tells its routing id in
// its metadata.
func SendsIdentity(socketType int) bool {
	return known(socketType) && socketTypes[socketType].identity
}

// Compatible reports whether a socket of the type with number own may talk to
// one of the type named peer.
func Compatible(own int, peer string) bool {
	return known(own) && slices.Contains(socketTypes[own].peers, peer)
}

func known(socketType int) bool {
	return socketType >= 0 && socketType < len(socketTypes)
}
