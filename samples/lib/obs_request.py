#!/usr/bin/env python3
"""Sends one request to OBS Studio's web socket on this host (protocol 5, no password).

Usage: obs_request.py REQUEST
"""

import base64
import json
import os
import socket
import sys

HELLO, IDENTIFY, IDENTIFIED, REQUEST, RESPONSE = 0, 1, 2, 6, 7
TEXT_FRAME = 0x81


def send(connection, op, data):
    """A masked text frame, as clients have to send."""
    body = json.dumps({"op": op, "d": data}).encode()
    mask = os.urandom(4)
    # The shortest form of the length is obligatory.
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    head = bytes([TEXT_FRAME]) + size
    connection.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))


def receive(stream, op):
    """The data of the next frame with that op; others are passed over."""
    while True:
        length = stream.read(2)[1] & 0x7F
        if length == 126:
            length = int.from_bytes(stream.read(2), "big")
        elif length == 127:
            length = int.from_bytes(stream.read(8), "big")
        message = json.loads(stream.read(length))
        if message["op"] == op:
            return message["d"]


def main():
    connection = socket.create_connection(("127.0.0.1", 4455), timeout=10)
    stream = connection.makefile("rb")
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:4455\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: obswebsocket.json\r\n\r\n".encode()
    )
    while stream.readline() not in (b"\r\n", b""):
        pass
    receive(stream, HELLO)
    send(connection, IDENTIFY, {"rpcVersion": 1, "eventSubscriptions": 0})
    receive(stream, IDENTIFIED)
    send(connection, REQUEST, {"requestType": sys.argv[1], "requestId": "1"})
    status = receive(stream, RESPONSE)["requestStatus"]
    if not status["result"]:
        sys.exit(f"obs_request.py: {sys.argv[1]}: {status}")


main()
