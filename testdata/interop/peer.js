// A libzmq peer for the interop tests, on the npm package zeromq. It speaks the
// protocol described in peer.py, and has the operations that the tests run
// against both.
'use strict'

const readline = require('readline')
const zmq = require('zeromq')
const draft = require('zeromq/draft')
const { Socket } = require('zeromq/lib/native')

// zeromq.js has no classes for these; they wait without a limit.
class Peer extends Socket { constructor() { super(19) } }
class Channel extends Socket { constructor() { super(20) } }

const TYPES = {
  PAIR: zmq.Pair, PUB: zmq.Publisher, SUB: zmq.Subscriber, REQ: zmq.Request, REP: zmq.Reply, DEALER: zmq.Dealer,
  ROUTER: zmq.Router, PULL: zmq.Pull, PUSH: zmq.Push, XPUB: zmq.XPublisher, XSUB: zmq.XSubscriber, STREAM: zmq.Stream,
  SERVER: draft.Server, CLIENT: draft.Client, RADIO: draft.Radio, DISH: draft.Dish, GATHER: draft.Gather,
  SCATTER: draft.Scatter, DGRAM: draft.Datagram, PEER: Peer, CHANNEL: Channel,
}

// Numbers in zmq.h of the options that zeromq.js sets in another way than the rest.
const SUBSCRIBE = 6
const UNSUBSCRIBE = 7
const MAXMSGSIZE = 22

// The events that the tests name, as zeromq.js names them.
const EVENTS = {
  accept: 'ACCEPTED', bind: 'LISTENING', connect: 'CONNECTED', 'connect:delay': 'CONNECT_DELAYED',
  'connect:retry': 'CONNECT_RETRIED', close: 'CLOSED', disconnect: 'DISCONNECTED', handshake: 'HANDSHAKE_SUCCEEDED',
  'handshake:error:other': 'HANDSHAKE_FAILED_NO_DETAIL', 'handshake:error:protocol': 'HANDSHAKE_FAILED_PROTOCOL',
  'handshake:error:auth': 'HANDSHAKE_FAILED_AUTH',
}

const CYCLE = Buffer.from(Array.from({ length: 251 }, (_, i) => 3 + i % 251))
const sockets = {}
const monitors = {}
let handler = null

const pattern = size => Buffer.alloc(size, CYCLE)
const decode = part => 'b64' in part ? Buffer.from(part.b64, 'base64') : pattern(part.pattern)

function encode(part) {
  if (part.length > 4096 && part.equals(pattern(part.length))) return { pattern: part.length }
  return { b64: part.toString('base64') }
}

// A message of RADIO and DISH is its group and its body, one of SERVER and PEER
// the peer's routing id in digits and its body.
function send(sock, parts, wait) {
  if ('sendTimeout' in sock) sock.sendTimeout = wait
  if (sock instanceof draft.Radio) return sock.send(parts[1], { group: parts[0] })
  if (sock instanceof draft.Server || sock instanceof Peer) return sock.send(parts[1], { routingId: Number(parts[0]) })
  return sock.send(parts)
}

async function recv(sock, wait) {
  if ('receiveTimeout' in sock) sock.receiveTimeout = wait
  const parts = await sock.receive()
  const about = parts[parts.length - 1]
  if (Buffer.isBuffer(about)) return parts
  return [Buffer.from(about.group ?? String(about.routingId)), parts[0]]
}

function set(sock, option, value) {
  const bytes = typeof value === 'object' ? decode(value) : null
  if (option === SUBSCRIBE && sock.subscribe) return sock.subscribe(bytes) // not of XPUB
  if (option === UNSUBSCRIBE && sock.unsubscribe) return sock.unsubscribe(bytes)
  if (bytes) return sock.setStringOption(option, bytes)
  return option === MAXMSGSIZE ? sock.setInt64Option(option, value) : sock.setInt32Option(option, value)
}

// next is the next event of a monitor; an event that came too late for one call
// is kept for the following one.
async function next(monitor, wait) {
  monitor.pending ??= monitor.observer.receive()
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no event'), { code: 'EAGAIN' })), wait)
  })
  const event = await Promise.race([monitor.pending, late]).finally(() => clearTimeout(timer))
  monitor.pending = null
  return { name: EVENTS[event.type] ?? event.type, endpoint: event.address ?? '' }
}

const ops = {
  version: () => zmq.version,
  open: req => { sockets[req.socket] = new TYPES[req.type]() },
  set: req => set(sockets[req.socket], req.option, req.value),
  get: req => sockets[req.socket].getInt32Option(req.option),
  bind: async req => {
    await sockets[req.socket].bind(req.endpoint)
    return sockets[req.socket].lastEndpoint
  },
  connect: req => sockets[req.socket].connect(req.endpoint),
  unbind: req => sockets[req.socket].unbind(req.endpoint),
  join: req => Socket.prototype.join.apply(sockets[req.socket], req.parts.map(decode)),
  leave: req => Socket.prototype.leave.apply(sockets[req.socket], req.parts.map(decode)),
  disconnect: req => sockets[req.socket].disconnect(req.endpoint),
  send: req => send(sockets[req.socket], req.parts.map(decode), req.wait),
  recv: async req => (await recv(sockets[req.socket], req.wait)).map(encode),
  produce: async req => {
    for (let n = req.first; n < req.first + req.count; n++) {
      await send(sockets[req.socket], Array(req.copies).fill(String(n)), req.wait)
    }
  },
  consume: async req => {
    const runs = []
    for (let i = 0; i < req.count; i++) {
      const parts = (await recv(sockets[req.socket], req.wait)).map(String)
      if (parts.length !== req.copies || new Set(parts).size !== 1) throw new Error('torn message ' + parts)
      const n = Number(parts[0])
      if (runs.length && runs[runs.length - 1][1] === n - 1) runs[runs.length - 1][1] = n
      else runs.push([n, n])
    }
    return runs
  },
  events: req => Number(sockets[req.socket].readable) + 2 * Number(sockets[req.socket].writable),
  monitor: req => { monitors[req.socket] = { observer: sockets[req.socket].events, pending: null } },
  watch: async req => {
    const seen = []
    do seen.push(await next(monitors[req.socket], req.wait))
    while (!seen[seen.length - 1].name.startsWith(req.until))
    return seen
  },
  // The handler stays until the process ends.
  handle: async req => {
    const running = handler !== null
    handler = { reply: req.parts.map(decode), requests: [] }
    if (running) return
    const zap = new zmq.Reply()
    await zap.bind('inproc://zeromq.zap.01')
    void (async () => {
      for await (const request of zap) {
        handler.requests.push(request)
        await zap.send(handler.reply)
      }
    })()
  },
  unhandle: () => handler.requests.map(r => r.map(encode)),
  close: req => {
    const sock = sockets[req.socket]
    if (req.linger !== null) sock.linger = req.linger
    sock.close()
    delete sockets[req.socket]
  },
}

async function answer(line) {
  const req = JSON.parse(line)
  try {
    return { result: await ops[req.op](req) ?? null }
  } catch (e) {
    return e.code ? { error: e.code } : { fault: String(e) }
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(line)) + '\n')
  }
  process.exit(0)
}

main()
