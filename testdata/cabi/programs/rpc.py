"""aiozmq on the library: streams, calls of procedures, published events."""

import asyncio
import signal

import aiozmq
import aiozmq.rpc
import zmq

signal.alarm(30)
assert zmq.zmq_version() == "4.3.5"


class Handler(aiozmq.rpc.AttrHandler):
    heard = []

    @aiozmq.rpc.method
    def add(self, a: int, b: int) -> int:
        return a + b

    @aiozmq.rpc.method
    def note(self, text: str):
        self.heard.append(text)


async def procedures():
    server = await aiozmq.rpc.serve_rpc(Handler(), bind="tcp://127.0.0.1:*")
    client = await aiozmq.rpc.connect_rpc(connect=list(server.transport.bindings())[0])
    sums = await asyncio.gather(*(client.call.add(i, 1) for i in range(200)))
    assert sums == list(range(1, 201))
    for s in (client, server):
        s.close()
        await s.wait_closed()


async def streams():
    router = await aiozmq.create_zmq_stream(zmq.ROUTER, bind="tcp://127.0.0.1:*")
    dealer = await aiozmq.create_zmq_stream(zmq.DEALER, connect=list(router.transport.bindings())[0])
    for i in range(200):
        dealer.write([b"%d" % i, b"x" * 20_000])
        message = await router.read()
        assert message[1] == b"%d" % i
        router.write(message)
        assert await dealer.read() == message[1:]
    dealer.close()
    router.close()


async def main():
    await procedures()
    await streams()


asyncio.run(main())
