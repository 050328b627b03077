#!/usr/bin/env python3
"""Takes the options that describe the capturing machine out of a pcapng's section headers.

dumpcap writes the processor's name and the kernel's version there. Everything else stays as it is.

Usage: pcapng_forget_host.py FILE (changed in place)
"""

import struct
import sys

SECTION_HEADER = 0x0A0D0D0A
HARDWARE, OPERATING_SYSTEM = 2, 3


def without_host(block: bytes, order: str) -> bytes:
    """The section header block without its hardware and operating system options."""
    head, options = block[8:24], block[24:-4]
    kept, at = b"", 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        end = at + 4 + (length + 3) // 4 * 4
        if code not in (HARDWARE, OPERATING_SYSTEM):
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
        out += without_host(block, order) if kind == SECTION_HEADER else block
        at += length
    with open(path, "wb") as file:
        file.write(out)


main()
