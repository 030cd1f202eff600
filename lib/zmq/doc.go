// Package zmq is ZeroMQ in Go: libzmq 4.3.5's sockets, byte-compatible on the
// wire, without cgo.
//
//	ctx := zmq.NewContext()
//	defer ctx.Close()
//	push, _ := ctx.NewSocket(zmq.Push)
//	defer push.Close()
//	push.Connect("tcp://localhost:5555")
//	push.Send(context.Background(), []byte("hello"))
//
// # How the code is laid out
//
// A Context holds Sockets. A Socket has a lock, a pattern (what its type does:
// lib/internal/pattern) and pipes (queues of frames: lib/internal/pipe). At the
// other end of a pipe is another socket of the context (inproc) or a session
// (session.go): one connect with all its reconnects, or one accepted peer. A
// session runs the handshake and then an engine (lib/internal/engine), whose two
// loops move whole batches between the pipe and the network. Where nobody is
// connected to (udp, pgm, norm), a membership (medium.go) is a session whose
// engine has a carrier of messages instead of a connection.
//
// Follow one message out: Socket.Send (send.go), the pattern's Send, Pipe.Write,
// Engine.WriteLoop. And in: Engine.ReadLoop, Pipe.WriteRun, the pattern's Recv,
// Socket.Recv (recv.go).
//
// # Goroutines
//
// One per bind, one per connect, which also reads from its connection, and one
// per accepted connection; a second one per connection from the first time on
// that a sender could not write by itself; one that waits for what a closed
// socket has still to send. All belong to their socket's WaitGroup, and the last
// to the context, whose Close waits for them. There is none per message and none
// per socket.
//
// # Who reads
//
// A Recv that has to wait for its only peer reads from the network itself
// (lib/internal/engine/lend.go), and a Send that answers such a Recv writes by
// itself (Engine.tryFlush). So a round trip changes goroutines no more often than
// one over a bare net.Conn, and a stream is received on one thread. Who waits outside
// Go (lib/libzmq) waits for the connection's descriptor, and reads when that is
// readable. While nobody is in Recv, that a peer has left is noticed after 5 ms, and
// right after many messages one by one after 80 ms at the latest, or by the next Send.
// A Recv that finds hundreds of requests at once writes their answers when it waits
// again (lib/internal/engine/turn.go).
//
// # Who may connect
//
// A security mechanism (lib/internal/security) makes commands of commands and does
// no I/O; the engine's handshake sends and receives them. What it wants to know
// about the peer it gets from the handler at ZAPEndpoint (zap.go), while the
// handshake goes on reading, so that a peer that leaves is noticed.
//
// # Locks
//
// In this order: Socket.mu, Context.mu, session.mu, the locks of pipe and
// monitor, inbox.mu, life.mu and the engine's deadline.mu. Nothing blocks while
// one is held; the engine's locks of who reads and who writes, which are held longer,
// are only tried then. What happens to a socket from outside its calls goes through its
// inbox (inbox.go), so no two sockets' locks are ever held together.
//
// # Where it differs from libzmq
//
// The bytes on the wire and what sockets do are libzmq 4.3.5's; lib/zmq/interop plays
// the same scenes in both. On purpose it is otherwise where libzmq's way helps nobody:
//
//   - A socket may be used by many goroutines at once, whatever its type, and what
//     aborts a program of libzmq is an error here.
//   - SNDHWM and RCVHWM that are raised let a sender that waits go on at once; in
//     libzmq it waits until something is received, or for ever.
//   - REQ and REP say no HELLO_MSG. In libzmq they do, and a REQ that hears one over a
//     network disconnects.
//   - TOPICS_COUNT of a SUB counts a topic once that it has asked for twice. libzmq's
//     draft build, whose tree of topics is another one, counts it twice.
//   - Message.Property knows Routing-Id as well as Identity, and its names of the ZMTP
//     handshake count without regard to case, as RFC 37 says.
//   - tcp: a port that is no number from 0 to 65535, and a source without a port, are
//     EINVAL. A TCP_ACCEPT_FILTER of IPv4 counts its bits in the IPv4 address with
//     IPV6, too. The dialogue with a SOCKS proxy ends after 30 s at the latest.
//   - ipc: a bind does not remove a file that is no socket.
//   - tcp: who has waited for room in a queue for a second, while the connection is full
//     both ways, reads up to 16 MiB more than the queue takes, for without that some Linux
//     never goes on (lib/internal/engine/jam.go).
//   - ws: a client checks the server's answer to its key.
//   - GSSAPI: whoever is refused is told so, and a refusal of the ZAP handler counts.
//   - Options of threads (AFFINITY, THREAD_PRIORITY and their like) are kept and change
//     nothing; OptionTable says so in each such row.
//
// As in libzmq, what subscribers tell an XPUB waits without a limit for somebody to
// receive it: a program that opens one must receive, or use PUB.
//
// # Where it differs from the plan of the house
//
// A pipe's queue holds frames as ZMTP 3 puts them on the wire, not message
// structs: a frame is encoded once, when it is sent, and a NULL connection
// writes the queue as it stands. The garbage collector sees no message at all.
//
// # What was tried and dropped
//
// Two processors of a virtual machine, both ends on it. What was kept, with its
// figures, is in the table "Tried" of README.md; each constant that was chosen names
// the benchmark that shows it.
//
//   - Yielding up to 300 times before a wait sleeps: inproc between 37 and 93 ns a
//     message with it, 55 to 95 without, which is the scatter.
//   - Looking 1,000 or 10,000 times before a wait over inproc sleeps: 30 and 50 ns a
//     message, 28 without. Who is woken mostly runs when the other sleeps, on the same
//     processor, where the messages still are.
//   - A reader that waits until a batch has 64 messages: inproc 55 to 95 ns against
//     58 to 63; the batches were large already.
//   - Reads of 64 KiB or of 128 KiB for large bodies: tcp at 1 MiB no different.
//   - Other options for large bodies. Plain sockets in C pass 6.0 k/s of 1 MiB over tcp, 4.2
//     if BBR paces them; with writes of 64 or 256 KiB 3.5 and 5.1, SNDBUF of 256 KiB 5.0,
//     RCVBUF of 256 KiB or 1 MiB 4.7 and 5.2, MSG_ZEROCOPY 3.3. SO_RCVLOWAT, MSG_WAITALL,
//     TCP_QUICKACK, TCP_NOTSENT_LOWAT, SO_BUSY_POLL and reads from 16 KiB to 1 MiB are within
//     the scatter, 5.3 to 6.5. With both ends on one processor it is 7.4: each line of memory
//     that the other has read costs its writer 28 ns.
//   - Lending the reading to a Recv before anything was delivered: ipc at 1 MiB fell
//     to 0.5 k messages/s, since nobody came to borrow.
//   - sync.Pool alone for buffers: large bodies came from cold memory; they are
//     handed out last in, first out. sync.Pool for all but 4 MiB: it forgot what a
//     waving queue was about to need, so that a proxy of 64 KiB messages took new
//     memory for every second one (24.3 against 21.8 k messages/s).
//   - Only the engine's own loops reading and writing: a round trip over tcp took 50
//     µs, and takes 31 since a Send that answers writes and a Recv that waits reads by
//     itself.
//   - A leg of a proxy that writes large batches by itself, too: a streamer of 64 KiB
//     messages fell from 31 to 23 k/s.
//   - A sender that writes by itself after every 125 or 250 messages that WriteLoop has
//     not fetched, so that a caller's requests go round in several parts: a queue with
//     one caller fell to 0.7 or 0.8 of its rate beside other work, 1.0 on a machine at
//     rest.
//   - Answers left to the end of a turn (engine/turn.go) that had few before, too: p99.9
//     at 20,000 requests/s rose from 4 to 23 ms.
//   - poll(2) for 200 µs before a Recv that reads by itself waits with Go's poller: a
//     queue of 16-byte messages fell from 1.85 to 1.35 M/s, since others wanted the
//     processor that the call had kept.
//   - A writing goroutine for each connection from the start: with its stack, contexts
//     and timers an idle peer took 17.3 KiB; 7.6 since all that comes when needed.
//   - One lock for the socket and one for the pipe in every Send: Send and Recv
//     together 65 ns, 51 with the pipe's alone where there is one peer.
//   - Message structs in the queue of a pipe in place of encoded frames: see above.
//   - The powers of Poly1305 in limbs of 26 bits, as AVX2 wants them: 430 ns for 1
//     KiB, 246 with limbs of 44, and 282 for x/crypto, which takes one block at a time.
//   - A subscriber that leaves by a walk through all prefixes: 256 ms for ten of a
//     million; 29 µs since each holder keeps its own, for 75 bytes a prefix more.
//
// The constants were varied one at a time, by their benchmarks (lib/zmq, loopback), in
// turns, 12 to 20 runs each beside other work; the best runs, since the medians scatter
// by a sixth. Nothing was better beyond that but a longer call of the system. So of those
// above quietMax the scheduler is told now, for which a collection need not wait; the rest
// stayed:
//
//	segmentMax   64, 128, 256*, 512 KiB   16 B 51, 56, 50, 49 ns; 1 KiB 565, 495, 519, 525 ns
//	bufferSize   32, 64, 128*, 256 KiB    16 B 52, 54, 50, 50 ns; 1 KiB 576, 543, 545, 511 ns
//	msg.RefMin   1, 4*, 16 KiB            1 KiB 972, 543, 538 ns; 8 KiB 3.5, 3.4, 5.2 µs
//	direct       8, 32*, 128 KiB          64 KiB 24, 18, 23 µs
//	quietMax     256 KiB each call, 2 MiB 1 MiB over tcp 246, 163 µs; told of the long ones 161
//	segmentLong  256, 1040, 2048 KiB      1 MiB over tcp 197, 183, 172 µs
//	firstTrust   4, 64*, 1024 KiB         1 MiB over tcp 420, 363, 520 µs; ipc 168, 169, 169
package zmq
