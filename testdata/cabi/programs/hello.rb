# ffi-rzmq on the library: requests between threads, parts, a poller, errors.
require 'ffi-rzmq'
require 'timeout'

def check(what, ok)
  abort "failed: #{what}: #{ZMQ::Util.error_string}" unless ok
end

Timeout.timeout(30) do
  check 'version', LibZMQ.version.values_at(:major, :minor, :patch) == [4, 3, 5]
  context = ZMQ::Context.new
  rep = context.socket(ZMQ::REP)
  check 'bind', rep.bind('tcp://127.0.0.1:*').zero?
  endpoint = []
  rep.getsockopt(ZMQ::LAST_ENDPOINT, endpoint)
  server = Thread.new do
    100.times do
      parts = []
      check 'recv', rep.recv_strings(parts) >= 0
      check 'send', rep.send_strings(parts.reverse) >= 0
    end
  end
  req = context.socket(ZMQ::REQ)
  check 'connect', req.connect(endpoint[0].delete("\0")).zero?
  100.times do |i|
    check 'send', req.send_strings([i.to_s, 'x' * 50_000]) >= 0
    parts = []
    check 'recv', req.recv_strings(parts) >= 0
    check 'reply', parts == ['x' * 50_000, i.to_s]
  end
  server.join

  pull, push = context.socket(ZMQ::PULL), context.socket(ZMQ::PUSH)
  check 'bind', pull.bind('inproc://ruby').zero?
  check 'connect', push.connect('inproc://ruby').zero?
  poller = ZMQ::Poller.new
  poller.register_readable(pull)
  check 'nothing', poller.poll(1).zero?
  push.send_string('hello')
  check 'poll', poller.poll(:blocking) == 1 && poller.readables == [pull]
  text = String.new
  check 'recv', pull.recv_string(text) == 5 && text == 'hello'
  check 'error', push.bind('xyz://x') == -1 && ZMQ::Util.errno == Errno::EPROTONOSUPPORT::Errno
  [rep, req, pull, push].each { |s| s.setsockopt(ZMQ::LINGER, 0); s.close }
  context.terminate
end
