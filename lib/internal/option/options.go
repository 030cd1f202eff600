package option

// Options are the values of all socket options (libzmq's options_t). Fields
// are named as the option is; times are in milliseconds and sizes in bytes
// unless the option's manual entry says otherwise. A bind or connect takes a
// copy, so a change applies to later binds and connects except where the table
// marks an option as live.
type Options struct {
	Type int  // the socket type's number
	Raw  bool // peers send and get bytes, without ZMTP: STREAM, and ROUTER after ROUTER_RAW

	// Queues and time.
	SndHWM, RcvHWM        int
	Linger                int
	SndTimeo, RcvTimeo    int
	Conflate              bool
	Immediate             bool
	Affinity              uint64
	MaxMsgSize            int64
	InBatchSize           int
	OutBatchSize          int
	Priority              int
	RoutingID             []byte
	HandshakeIvl          int
	HeartbeatIvl          int
	HeartbeatTTL          int // kept in steps of 100 ms
	HeartbeatTimeout      int // -1: as HeartbeatIvl
	ReconnectIvl          int
	ReconnectIvlMax       int
	ReconnectStop         int
	ConnectTimeout        int
	HelloMsg              []byte
	DisconnectMsg         []byte
	HiccupMsg             []byte
	Metadata              [][2]string // application properties, X- names, in order
	InvertMatching        bool
	RouterNotify          int
	StreamNotify          bool
	LoopbackFastpath      bool
	MulticastLoop         bool
	MulticastHops         int
	MulticastMaxTPDU      int
	Rate                  int
	RecoveryIvl           int
	UseFD                 int
	Backlog               int
	SndBuf, RcvBuf        int
	IPv6                  bool
	TOS                   int
	TCPKeepalive          int
	TCPKeepaliveCnt       int
	TCPKeepaliveIdle      int
	TCPKeepaliveIntvl     int
	TCPMaxRT              int
	TCPAcceptFilters      []string // CIDR texts
	BusyPoll              int
	BindToDevice          string
	SocksProxy            string
	SocksUsername         string
	SocksPassword         string
	IPCFilterUID          []int
	IPCFilterGID          []int
	IPCFilterPID          []int
	VMCIBufferSize        uint64
	VMCIBufferMinSize     uint64
	VMCIBufferMaxSize     uint64
	VMCIConnectTimeout    int
	NormMode              int
	NormUnicastNACK       bool
	NormBufferSize        int
	NormSegmentSize       int
	NormBlockSize         int
	NormNumParity         int
	NormNumAutoparity     int
	NormPush              bool
	WSSKeyPEM, WSSCertPEM string
	WSSTrustPEM           string
	WSSHostname           string
	WSSTrustSystem        bool

	// Security.
	Mechanism                    int // 0 NULL 1 PLAIN 2 CURVE 3 GSSAPI
	AsServer                     bool
	PlainUsername, PlainPassword string
	CurvePublicKey               [32]byte
	CurveSecretKey               [32]byte
	CurveServerKey               [32]byte
	GSSAPIPrincipal              string
	GSSAPIServicePrincipal       string
	GSSAPIPrincipalNametype      int
	GSSAPIServiceNametype        int
	GSSAPIPlaintext              bool
	ZAPDomain                    string
	ZAPEnforceDomain             bool
}
