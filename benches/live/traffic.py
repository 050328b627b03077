"""RTMP connections that come and go on the loopback: both ends of each, by a script of turns that
both know. For `soak.py`; runs by itself, too:

    python3 benches/live/traffic.py --seconds 60 --rate 100

Each connection is of one of these kinds:

publish, play   handshake, connect, createStream, publish or play, some audio and video, deleteStream
abort           the same until somewhere in the media, then RST
refused         connect is answered by _error, and closed
half-open       the same as publish until somewhere in the media, then neither end ever says a word
                again (TCP_REPAIR closes a socket without a packet)
other           HTTP or noise: never RTMP

Some publishers stay for the whole time. Names of applications, streams and commands are new in each
connection, and the client's address is any of 127.0.0.0/8: whoever keeps something by name grows.
"""

import argparse
import asyncio
import os
import random
import resource
import socket
import struct
import sys
import time

CHUNK_SIZE = 4096
TCP_REPAIR = 19
HANDSHAKE = 1536

# Of a thousand connections.
SHARES = {"publish": 430, "play": 300, "abort": 120, "refused": 60, "half-open": 10, "other": 80}
BASE_PORT = 1935
# Connections open at once: more are not begun, whatever the rate.
MOST = 1500
# Publishers that stay.
LASTING = 4


def number(value):
    return b"\0" + struct.pack(">d", value)


def string(text):
    data = text.encode()
    return b"\2" + struct.pack(">H", len(data)) + data


def members(pairs):
    parts = []
    for name, value in pairs.items():
        parts.append(struct.pack(">H", len(name)) + name.encode())
        parts.append(string(value) if isinstance(value, str) else number(value))
    return b"".join(parts) + b"\0\0\t"


def record(pairs):
    return b"\3" + members(pairs)


NULL = b"\5"


def chunks(csid, time_ms, kind, stream, body, size):
    """A message as a first chunk of form 0 and further ones of form 3."""
    is_late = time_ms >= 0xFFFFFF
    extended = struct.pack(">I", time_ms) if is_late else b""
    head = struct.pack(">B", csid) + min(time_ms, 0xFFFFFF).to_bytes(3, "big") + len(body).to_bytes(3, "big")
    head += struct.pack(">B", kind) + struct.pack("<I", stream) + extended
    parts = [head, body[:size]]
    for begin in range(size, len(body), size):
        parts += [struct.pack(">B", 0xC0 | csid), extended, body[begin : begin + size]]
    return b"".join(parts)


def command(*values, csid=3, stream=0, kind=20, size=CHUNK_SIZE):
    return chunks(csid, 0, kind, stream, b"".join(values), size)


SET_CHUNK_SIZE = chunks(2, 0, 1, 0, struct.pack(">I", CHUNK_SIZE), 128)
SERVER_SETUP = (
    chunks(2, 0, 5, 0, struct.pack(">I", 2_500_000), 128)
    + chunks(2, 0, 6, 0, struct.pack(">IB", 2_500_000, 2), 128)
    + SET_CHUNK_SIZE
)
AVC_CONFIG = bytes.fromhex("17000000000142c01effe1000a6742c01e95a0280bfe5401000468ce3c80")
AAC_CONFIG = bytes.fromhex("af001210")
AUDIO = b"\xaf\1" + bytes(range(180))
VIDEO_KEY = b"\x17\1\0\0\0" + struct.pack(">I", 6000) + bytes(6000)
VIDEO = b"\x27\1\0\0\0" + struct.pack(">I", 900) + bytes(900)
# 25 frames a second, a keyframe each second, and as many AAC frames as fit: half a second at once.
TURN_MS = 500


def media(turn):
    """Half a second of audio and video."""
    begin = turn * TURN_MS
    parts = []
    if turn == 0:
        info = record({"width": 640.0, "height": 360.0, "encoder": "soak"})
        parts.append(command(string("@setDataFrame"), string("onMetaData"), info, csid=5, stream=1, kind=18))
        parts.append(chunks(6, 0, 9, 1, AVC_CONFIG, CHUNK_SIZE))
        parts.append(chunks(4, 0, 8, 1, AAC_CONFIG, CHUNK_SIZE))
    for at in range(0, TURN_MS, 40):
        frame = VIDEO_KEY if at == 0 and turn % 2 == 0 else VIDEO
        parts.append(chunks(6, begin + at, 9, 1, frame, CHUNK_SIZE))
        parts.append(chunks(4, begin + at, 8, 1, AUDIO, CHUNK_SIZE))
    return b"".join(parts)


# The same for all connections; those that last longer say it again with later times.
MEDIA = [media(turn) for turn in range(20)]


def status(code, level="status"):
    info = record({"level": level, "code": code, "description": code})
    return command(string("onStatus"), number(0), NULL, info, csid=5, stream=1)


class Script:
    """Turns of one connection: who says what, and how long it waits before. Both ends follow it."""

    def __init__(self, kind, dice, lasts=False):
        self.kind = kind
        self.lasts = lasts
        name = f"{dice.getrandbits(64):016x}"
        self.turns = []
        if kind == "other":
            self.say("client", dice.choice([f"GET /{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), dice.randbytes(300)]))
            self.say("server", dice.choice([b"HTTP/1.1 204 No Content\r\n\r\n", dice.randbytes(5000)]))
            return
        c1 = bytes(8) + dice.randbytes(HANDSHAKE - 8)
        s1 = bytes(8) + dice.randbytes(HANDSHAKE - 8)
        self.say("client", b"\3" + c1)
        self.say("server", b"\3" + s1 + c1)
        app = {"app": f"app-{name}", "flashVer": f"soak/{name[:4]}", "tcUrl": f"rtmp://soak/app-{name}"}
        self.say("client", s1 + command(string("connect"), number(1), record(app), size=128))
        if kind == "refused":
            info = record({"level": "error", "code": "NetConnection.Connect.Rejected"})
            self.say("server", SERVER_SETUP + command(string("_error"), number(1), NULL, info))
            return
        info = record({"level": "status", "code": "NetConnection.Connect.Success"})
        self.say("server", SERVER_SETUP + command(string("_result"), number(1), record({"fmsVer": "soak"}), info))
        self.say(
            "client",
            SET_CHUNK_SIZE
            + command(string(f"FC{name}"), number(2), NULL, string(name))
            + command(string("createStream"), number(3), NULL),
        )
        self.say("server", command(string("_result"), number(3), NULL, number(1)))
        sender = "server" if kind == "play" else "client"
        verb = "play" if kind == "play" else "publish"
        self.say("client", command(string(verb), number(4), NULL, string(f"key-{name}"), csid=8, stream=1))
        self.say("server", status("NetStream.Play.Start" if kind == "play" else "NetStream.Publish.Start"))
        count = min(int(dice.expovariate(1 / 5)) + 1, len(MEDIA))
        if kind in ("abort", "half-open"):
            # It breaks off within a message.
            for data in MEDIA[: count - 1]:
                self.say(sender, data, TURN_MS)
            self.say(sender, MEDIA[count - 1][: dice.randrange(40, 3000)], TURN_MS)
            return
        for data in MEDIA[:count]:
            self.say(sender, data, TURN_MS)
        if not lasts:
            self.say("client", command(string("deleteStream"), number(5), NULL, number(1)))

    def say(self, side, data, wait_ms=0):
        self.turns.append((side, data, wait_ms))


class Traffic:
    """Makes connections at a rate, and counts them."""

    def __init__(self, rate, seed):
        self.rate = rate
        self.dice = random.Random(seed)
        self.scripts = {}
        self.open = 0
        self.begun = dict.fromkeys(SHARES, 0)
        self.ended = 0
        self.failed = 0
        self.late = 0
        self.tasks = set()
        self.can_vanish = True
        self.is_over = False

    async def listen(self):
        # asyncio's own backlog is small for bursts.
        await asyncio.start_server(self.serve, "127.0.0.1", BASE_PORT, backlog=1024)

    async def serve(self, reader, writer):
        script = self.scripts.pop(writer.get_extra_info("peername"), None)
        if script is None:
            writer.close()
            return
        await self.follow(script, "server", reader, writer)

    async def follow(self, script, side, reader, writer):
        """Says what is this side's, and takes what is the other's."""
        try:
            for who, data, wait_ms in script.turns:
                if who == side:
                    if wait_ms:
                        await asyncio.sleep(wait_ms / 1000)
                    writer.write(data)
                    await writer.drain()
                else:
                    await reader.readexactly(len(data))
            if script.lasts:
                await self.go_on(side, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, OSError):
            if script.kind != "abort":
                self.failed += 1
        await self.close(script, side, reader, writer)

    async def go_on(self, side, reader, writer):
        """Publishes until the end, in real time: times of media go on."""
        turn = len(MEDIA)
        while not self.is_over:
            data = media(turn)
            if side == "client":
                await asyncio.sleep(TURN_MS / 1000)
                writer.write(data)
                await writer.drain()
            else:
                await reader.readexactly(len(data))
            turn += 1

    async def close(self, script, side, reader, writer):
        sock = writer.get_extra_info("socket")
        try:
            if script.kind == "half-open" and self.can_vanish:
                try:
                    # Let acknowledgements pass, then leave without a packet.
                    await asyncio.sleep(0.3)
                    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
                except OSError as error:
                    self.can_vanish = False
                    print(f"no half-open connections: TCP_REPAIR: {error}", file=sys.stderr)
            elif script.kind == "abort" and side == "client":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif side == "server":
                # Who connects closes first, as it is with most.
                await asyncio.wait_for(reader.read(1), 5)
        except (OSError, asyncio.TimeoutError):
            pass
        writer.close()

    async def connect(self, kind, lasts=False):
        self.open += 1
        self.begun[kind] += 1
        script = Script(kind, self.dice, lasts)
        try:
            sock = socket.socket()
            sock.setblocking(False)
            host = f"127.{self.dice.randrange(1, 255)}.{self.dice.randrange(256)}.{self.dice.randrange(1, 255)}"
            sock.bind((host, 0))
            self.scripts[sock.getsockname()] = script
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", BASE_PORT))
            reader, writer = await asyncio.open_connection(sock=sock)
            await self.follow(script, "client", reader, writer)
        except OSError:
            self.failed += 1
        finally:
            self.open -= 1
            self.ended += 1

    async def run(self, seconds):
        await self.listen()
        kinds, weights = list(SHARES), list(SHARES.values())
        begin = time.monotonic()
        for _ in range(LASTING):
            self.start("publish", lasts=True)
        due = 0
        while (passed := time.monotonic() - begin) < seconds:
            while due < passed * self.rate:
                due += 1
                if self.open >= MOST:
                    self.late += 1
                    continue
                self.start(self.dice.choices(kinds, weights)[0])
            await asyncio.sleep(0.02)
        self.is_over = True
        # What is still open ends by itself within the longest script.
        end = time.monotonic() + 15
        while self.open and time.monotonic() < end:
            await asyncio.sleep(0.1)

    def start(self, kind, lasts=False):
        task = asyncio.create_task(self.connect(kind, lasts))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def cpu(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100, help="connections a second")
    args = parser.parse_args()
    traffic = Traffic(args.rate, seed=os.getpid())
    asyncio.run(traffic.run(args.seconds))
    print(f"{traffic.begun}, failed {traffic.failed}, not begun {traffic.late}, {traffic.cpu():.1f} s CPU")


if __name__ == "__main__":
    main()
