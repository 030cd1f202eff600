// Package option is the one table of libzmq's options: a row each with number,
// name, type, range, default, scope and moment of effect. The library, the C
// interface, the tools' -o flag and the manual all read it.
//
// Setting an option goes
//
//	text --Parse--> value --Value--> checked value --Set--> Options
//
// where Parse belongs to the tools, Value applies libzmq's range, and Set writes
// the field that the row names. Rows of owner Pattern or Socket have no field:
// their checked value goes to the socket type or to the socket.
package option

// ID is an option's number in zmq.h.
type ID int

// The socket options, zmq_setsockopt(3) and zmq_getsockopt(3).
const (
	Affinity                       ID = 4
	RoutingID                      ID = 5
	Subscribe                      ID = 6
	Unsubscribe                    ID = 7
	Rate                           ID = 8
	RecoveryIvl                    ID = 9
	SndBuf                         ID = 11
	RcvBuf                         ID = 12
	RcvMore                        ID = 13
	FD                             ID = 14
	Events                         ID = 15
	Type                           ID = 16
	Linger                         ID = 17
	ReconnectIvl                   ID = 18
	Backlog                        ID = 19
	ReconnectIvlMax                ID = 21
	MaxMsgSize                     ID = 22
	SndHWM                         ID = 23
	RcvHWM                         ID = 24
	MulticastHops                  ID = 25
	RcvTimeo                       ID = 27
	SndTimeo                       ID = 28
	IPv4Only                       ID = 31
	LastEndpoint                   ID = 32
	RouterMandatory                ID = 33
	TCPKeepalive                   ID = 34
	TCPKeepaliveCnt                ID = 35
	TCPKeepaliveIdle               ID = 36
	TCPKeepaliveIntvl              ID = 37
	TCPAcceptFilter                ID = 38
	Immediate                      ID = 39
	XPubVerbose                    ID = 40
	RouterRaw                      ID = 41
	IPv6                           ID = 42
	Mechanism                      ID = 43
	PlainServer                    ID = 44
	PlainUsername                  ID = 45
	PlainPassword                  ID = 46
	CurveServer                    ID = 47
	CurvePublicKey                 ID = 48
	CurveSecretKey                 ID = 49
	CurveServerKey                 ID = 50
	ProbeRouter                    ID = 51
	ReqCorrelate                   ID = 52
	ReqRelaxed                     ID = 53
	Conflate                       ID = 54
	ZAPDomain                      ID = 55
	RouterHandover                 ID = 56
	TOS                            ID = 57
	IPCFilterPID                   ID = 58
	IPCFilterUID                   ID = 59
	IPCFilterGID                   ID = 60
	ConnectRoutingID               ID = 61
	GSSAPIServer                   ID = 62
	GSSAPIPrincipal                ID = 63
	GSSAPIServicePrincipal         ID = 64
	GSSAPIPlaintext                ID = 65
	HandshakeIvl                   ID = 66
	SocksProxy                     ID = 68
	XPubNoDrop                     ID = 69
	XPubManual                     ID = 71
	XPubWelcomeMsg                 ID = 72
	StreamNotify                   ID = 73
	InvertMatching                 ID = 74
	HeartbeatIvl                   ID = 75
	HeartbeatTTL                   ID = 76
	HeartbeatTimeout               ID = 77
	XPubVerboser                   ID = 78
	ConnectTimeout                 ID = 79
	TCPMaxRT                       ID = 80
	ThreadSafe                     ID = 81
	MulticastMaxTPDU               ID = 84
	VMCIBufferSize                 ID = 85
	VMCIBufferMinSize              ID = 86
	VMCIBufferMaxSize              ID = 87
	VMCIConnectTimeout             ID = 88
	UseFD                          ID = 89
	GSSAPIPrincipalNametype        ID = 90
	GSSAPIServicePrincipalNametype ID = 91
	BindToDevice                   ID = 92
	ZAPEnforceDomain               ID = 93
	LoopbackFastpath               ID = 94
	Metadata                       ID = 95
	MulticastLoop                  ID = 96
	RouterNotify                   ID = 97
	XPubManualLastValue            ID = 98
	SocksUsername                  ID = 99
	SocksPassword                  ID = 100
	InBatchSize                    ID = 101
	OutBatchSize                   ID = 102
	WSSKeyPEM                      ID = 103
	WSSCertPEM                     ID = 104
	WSSTrustPEM                    ID = 105
	WSSHostname                    ID = 106
	WSSTrustSystem                 ID = 107
	OnlyFirstSubscribe             ID = 108
	ReconnectStop                  ID = 109
	HelloMsg                       ID = 110
	DisconnectMsg                  ID = 111
	Priority                       ID = 112
	BusyPoll                       ID = 113
	HiccupMsg                      ID = 114
	XSubVerboseUnsubscribe         ID = 115
	TopicsCount                    ID = 116
	NormMode                       ID = 117
	NormUnicastNACK                ID = 118
	NormBufferSize                 ID = 119
	NormSegmentSize                ID = 120
	NormBlockSize                  ID = 121
	NormNumParity                  ID = 122
	NormNumAutoparity              ID = 123
	NormPush                       ID = 124
)

// The context options, zmq_ctx_set(3) and zmq_ctx_get(3). IPv6 is a context
// option as well. SocketLimit and ThreadPriority share a number: the first is
// read, the second is written.
const (
	IOThreads               ID = 1
	MaxSockets              ID = 2
	SocketLimit             ID = 3
	ThreadPriority          ID = 3
	ThreadSchedPolicy       ID = 4
	MaxMsgSz                ID = 5
	MsgTSize                ID = 6
	ThreadAffinityCPUAdd    ID = 7
	ThreadAffinityCPURemove ID = 8
	ThreadNamePrefix        ID = 9
	ZeroCopyRecv            ID = 10
	Blocky                  ID = 70
)
