#!/usr/bin/env python3
"""Takes the options that describe the capturing machine out of a pcapng.

dumpcap writes the processor's name and the kernel's version into the section header and the interface
descriptions. Everything else stays as it is.

Usage: pcapng_forget_host.py FILE (changed in place)
"""

import struct
import sys

SECTION_HEADER, INTERFACE = 0x0A0D0D0A, 1
# Block type: (bytes before the options, the options that go: hardware, operating system).
DESCRIPTIONS = {SECTION_HEADER: (24, (2, 3)), INTERFACE: (16, (12, 15))}


def without_host(block: bytes, order: str, start: int, forgotten: tuple) -> bytes:
    """The block without the options that are to be forgotten."""
    head, options = block[8:start], block[start:-4]
    kept, at = b"", 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        end = at + 4 + (length + 3) // 4 * 4
        if code not in forgotten:
            kept += options[at:end]
        at = end
    total = struct.pack(order + "I", 8 + len(head) + len(kept) + 4)
    return block[:4] + total + head + kept + total


def main() -> None:
    path = sys.argv[1]
    with open(path, "rb") as file:
        data = file.read()
    out, at, order = b"", 0, "<"
    while at < len(data):
        (kind,) = struct.unpack_from(order + "I", data, at)
        if kind == SECTION_HEADER:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        (length,) = struct.unpack_from(order + "I", data, at + 4)
        block = data[at : at + length]
        out += without_host(block, order, *DESCRIPTIONS[kind]) if kind in DESCRIPTIONS else block
        at += length
    with open(path, "wb") as file:
        file.write(out)


main()
