package option

// Property is a property of a message that was received. None can be set: to
// zmq_msg_set(3) each is EINVAL.
type Property struct {
	Number int    // for zmq_msg_get(3); 0: zmq_msg_gets(3) asks by name
	Name   string // with its case
	Kind   Kind
	Scope  string // the messages that have it
	Doc    string // the meaning, one line
	Moot   string // why Go has no such thing; empty if it does
}

// Properties is the table of message properties. Nobody may change it.
var Properties = []Property{
	{1, "MORE", KindBool, "each part in C",
		"more parts of the message follow", "a Message holds all its parts"},
	{2, "SRCFD", KindInt, "stream transports in C",
		"descriptor that the message came over", "__fd is the same as text"},
	{3, "SHARED", KindBool, "each part in C",
		"another message may share the bytes", "no two messages share bytes; C gets libzmq's answer for its own copies"},
	{0, "Socket-Type", KindString, "ZMTP 3", "socket type of the peer", ""},
	{0, "Identity", KindString, "ZMTP 3", "routing id of the peer, as it said itself", ""},
	{0, "Routing-Id", KindString, "ZMTP 3", "newer name of Identity", ""},
	{0, "User-Id", KindString, "all with a ZAP handler", "whom the handler took the peer for", ""},
	{0, "Peer-Address", KindString, "stream transports", "address of the peer; over ipc its user, group and process", ""},
	{0, "__fd", KindString, "stream transports", "descriptor that the message came over", ""},
	{0, "X-name", KindString, "ZMTP 3", "what the peer said by METADATA, or a ZAP handler of it", ""},
}
