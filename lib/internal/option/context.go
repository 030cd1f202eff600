package option

import (
	"math"
	"slices"

	"ztools/lib/internal/errno"
)

// ContextOptions are the values of all context options. A new socket takes IPv6
// from here, and Linger 0 if Blocky is off. Those that are Moot are
// kept and change nothing.
type ContextOptions struct {
	IOThreads          int
	MaxSockets         int
	MaxMsgSz           int
	ThreadPriority     int
	ThreadSchedPolicy  int
	ThreadAffinityCPUs []int
	ThreadNamePrefix   string
	ZeroCopyRecv       bool
	IPv6               bool
	Blocky             bool
}

// ContextRow is a row of the table of context options.
type ContextRow = Entry[ContextOptions]

// socketLimit is the largest number of sockets that MAX_SOCKETS allows, as on
// systems where libzmq polls without a limit of its own.
const socketLimit = 65535

// msgTSize is sizeof (zmq_msg_t).
const msgTSize = 64

// ContextTable is the table of context options, as zmq_ctx_set(3) and
// zmq_ctx_get(3) have them. Nobody may change it.
var ContextTable = []ContextRow{
	{ID: IOThreads, Name: "IO_THREADS", Kind: KindInt, Valid: natural, Default: 1, Unit: "threads",
		Doc:   "I/O threads; 0 leaves a context with inproc alone, any other number changes nothing",
		field: func(o *ContextOptions) any { return &o.IOThreads }},
	{ID: MaxSockets, Name: "MAX_SOCKETS", Kind: KindInt, Valid: Range{1, socketLimit}, Default: 1023, Unit: "sockets",
		Doc:   "sockets that may be open at once",
		field: func(o *ContextOptions) any { return &o.MaxSockets }},
	{ID: SocketLimit, Name: "SOCKET_LIMIT", Kind: KindInt, Valid: natural, Default: socketLimit, Unit: "sockets",
		Access: ReadOnly, Doc: "largest value of MAX_SOCKETS",
		get: func(*ContextOptions) any { return socketLimit }},
	{ID: ThreadPriority, Name: "THREAD_PRIORITY", Kind: KindInt, Valid: natural, Default: -1,
		Access: WriteOnly, Doc: "priority of threads in the system", Moot: noThreads,
		field: func(o *ContextOptions) any { return &o.ThreadPriority }},
	{ID: ThreadSchedPolicy, Name: "THREAD_SCHED_POLICY", Kind: KindInt, Valid: natural, Default: -1,
		Doc: "scheduling policy of threads in the system", Moot: noThreads,
		field: func(o *ContextOptions) any { return &o.ThreadSchedPolicy }},
	{ID: MaxMsgSz, Name: "MAX_MSGSZ", Kind: KindInt, Valid: natural, Default: math.MaxInt32, Unit: Bytes,
		Doc: "largest message", Moot: "libzmq does not enforce it either; MAXMSGSIZE of a socket does",
		field: func(o *ContextOptions) any { return &o.MaxMsgSz }},
	{ID: MsgTSize, Name: "MSG_T_SIZE", Kind: KindInt, Valid: natural, Default: msgTSize, Unit: Bytes,
		Access: ReadOnly, Doc: "size of C's zmq_msg_t", Moot: "a message has that size in C only",
		get: func(*ContextOptions) any { return msgTSize }},
	{ID: ThreadAffinityCPUAdd, Name: "THREAD_AFFINITY_CPU_ADD", Kind: KindInt, Valid: natural, Unit: "CPU number",
		Access: WriteOnly, Doc: "add a CPU that threads may use", Moot: noThreads,
		set: addCPU},
	{ID: ThreadAffinityCPURemove, Name: "THREAD_AFFINITY_CPU_REMOVE", Kind: KindInt, Valid: natural, Unit: "CPU number",
		Access: WriteOnly, Doc: "remove a CPU that was added", Moot: noThreads,
		set: removeCPU},
	{ID: ThreadNamePrefix, Name: "THREAD_NAME_PREFIX", Kind: KindString, Valid: lengths(1, 16),
		Doc: "start of the names of threads", Moot: noThreads,
		field: func(o *ContextOptions) any { return &o.ThreadNamePrefix }},
	{ID: ZeroCopyRecv, Name: "ZERO_COPY_RECV", Kind: KindBool, Valid: natural, Default: true, Draft: true,
		Doc: "let received messages point into the buffer of the read", Moot: "large bodies are always read to where they stay",
		field: func(o *ContextOptions) any { return &o.ZeroCopyRecv }},
	{ID: IPv6, Name: "IPV6", Kind: KindBool, Valid: natural,
		Doc:   "value of the socket option for new sockets",
		field: func(o *ContextOptions) any { return &o.IPv6 }},
	{ID: Blocky, Name: "BLOCKY", Kind: KindBool, Valid: natural, Default: true,
		Doc:   "off: new sockets start with LINGER 0",
		field: func(o *ContextOptions) any { return &o.Blocky }},
}

// ContextDefaults is the options of a new context.
func ContextDefaults() ContextOptions {
	var o ContextOptions
	for i := range ContextTable {
		ContextTable[i].reset(&o)
	}
	return o
}

// Set writes option id as zmq_ctx_set(3) does; the error is errno.EINVAL.
func (o *ContextOptions) Set(id ID, v any) error {
	for i := range ContextTable {
		if e := &ContextTable[i]; e.ID == id && e.Access != ReadOnly {
			return e.Set(o, v)
		}
	}
	return errno.EINVAL
}

// Get is the value of option id as zmq_ctx_get(3) has it; the error is
// errno.EINVAL.
func (o *ContextOptions) Get(id ID) (any, error) {
	for i := range ContextTable {
		if e := &ContextTable[i]; e.ID == id && e.Access != WriteOnly {
			return e.Get(o)
		}
	}
	return nil, errno.EINVAL
}

func addCPU(o *ContextOptions, v any) error {
	if !slices.Contains(o.ThreadAffinityCPUs, v.(int)) {
		o.ThreadAffinityCPUs = append(o.ThreadAffinityCPUs, v.(int))
	}
	return nil
}

func removeCPU(o *ContextOptions, v any) error {
	i := slices.Index(o.ThreadAffinityCPUs, v.(int))
	if i < 0 {
		return errno.EINVAL
	}
	o.ThreadAffinityCPUs = slices.Delete(o.ThreadAffinityCPUs, i, i+1)
	return nil
}
