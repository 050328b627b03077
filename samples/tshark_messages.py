#!/usr/bin/env python3
"""Lists every RTMP message of a capture as tshark decodes it, one per line.

tshark's field output cannot be used for this: a frame in which several messages end has several
values per field, and fields that only some messages have (the extended timestamp) cannot be told
apart. Its PDML keeps one element per message, so that is what is read here.

tshark shows type and length only where the chunk header carries them (fmt 0 and 1). For the others
the type is the one that the last such header of the same chunk stream had, and the length is that of
the body tshark put together, which must then be the length that header declared. Where they differ
tshark has lost its place (it does with extended timestamps): that direction is left out of the list
and a line that starts with "#" says so.

tshark is run with the options that make it honest: messages over 32 KB are dropped and segments
out of order are withheld by default.

Columns, separated by tabs, after a heading line:
  stream      tshark's tcp.stream index
  direction   to_server or to_client; the server is the side that answered the SYN
  type        message type id
  timestamp   milliseconds, absolute (tshark's calculated one where the header carries a delta)
  length      declared payload bytes
  frame       number of the frame in which the message ends

Usage: tshark_messages.py CAPTURE [PORT…]     (ports decoded as RTMP besides 1935)
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HONEST = ["-o", "rtmpt.max_packet_size:16777215", "-o", "tcp.reassemble_out_of_order:TRUE"]
# Ports of the samples that are not RTMP's own.
PORTS = ["1935", "8443"]


def tshark(path, display_filter, *output):
    """A running tshark over the capture."""
    decode = [word for port in PORTS + sys.argv[2:] for word in ("-d", f"tcp.port=={port},rtmpt")]
    return subprocess.Popen(
        ["tshark", "-n", "-r", path, *HONEST, *decode, "-Y", display_filter, *output],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def servers(path):
    """The (address, port) that answered the SYN of each stream."""
    fields = ["-T", "fields", "-e", "tcp.stream", "-e", "tcp.srcport"]
    run = tshark(path, "tcp.flags.syn==1 && tcp.flags.ack==1", *fields)
    out = run.communicate()[0].decode()
    return dict(line.split("\t") for line in out.splitlines())


def number(element, name):
    """The last value of a field inside an element, or None."""
    found = None
    for field in element.iter("field"):
        if field.get("name") == name:
            found = int(field.get("show"), 0)
    return found


def body_length(proto):
    """Bytes of the body that tshark put together, 0 where it shows none."""
    for field in proto.findall("field"):
        if field.get("show") == "RTMP Body":
            return int(field.get("size"))
    return 0


def messages(path, lost):
    """Yields (stream, source port, type, timestamp, length, frame) in tshark's order.

    Fills `lost` with the frame in which tshark first contradicts itself, by (stream, source port).
    """
    declared = {}  # (stream, source port, chunk stream) -> (type, length)
    run = tshark(path, "rtmpt", "-T", "pdml")
    for _, packet in ElementTree.iterparse(run.stdout):
        if packet.tag != "packet":
            continue
        frame = stream = port = None
        for proto in packet.findall("proto"):
            name = proto.get("name")
            if name == "geninfo":
                frame = number(proto, "num")
            elif name == "tcp":
                stream, port = number(proto, "tcp.stream"), number(proto, "tcp.srcport")
            elif name == "rtmpt" and proto.find("field/field[@name='rtmpt.header.format']") is not None:
                channel = (stream, port, number(proto, "rtmpt.header.csid"))
                kind = number(proto, "rtmpt.header.typeid")
                length = number(proto, "rtmpt.header.bodysize")
                if kind is None:
                    kind, length = declared.get(channel, (None, None))
                    if length != body_length(proto):
                        lost.setdefault((stream, port), frame)
                declared[channel] = (kind, length)
                timestamp = number(proto, "rtmpt.header.ets")
                if timestamp is None:
                    timestamp = number(proto, "rtmpt.header.timestamp")
                yield stream, port, kind, timestamp, length, frame
        packet.clear()
    run.wait()


def main():
    path = sys.argv[1]
    with tempfile.TemporaryDirectory() as directory:
        if path.endswith(".zst"):
            # Not every build of tshark reads zstd.
            plain = os.path.join(directory, "capture")
            with open(plain, "wb") as file:
                subprocess.run(["zstd", "-qdc", path], stdout=file, check=True)
            path = plain
        server = servers(path)
        print("stream\tdirection\ttype\ttimestamp\tlength\tframe")
        lost = {}
        found = list(messages(path, lost))

        def direction(stream, port):
            return "to_client" if server.get(str(stream)) == str(port) else "to_server"

        for stream, port, kind, timestamp, length, frame in found:
            if (stream, port) not in lost:
                print(stream, direction(stream, port), kind, timestamp, length, frame, sep="\t")
        for (stream, port), frame in lost.items():
            print(f"# stream {stream} {direction(stream, port)}: tshark loses its place in frame {frame}")


if not shutil.which("tshark"):
    sys.exit("tshark_messages.py: tshark is not installed")
main()
