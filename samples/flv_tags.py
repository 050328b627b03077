#!/usr/bin/env python3
"""Lists the audio and video tags of an FLV file: type, timestamp in milliseconds, length of the body.

Used for a capture whose publisher wrote the same packets into a file as it sent them: a list of what
was sent that owes nothing to any decoder of RTMP.

Usage: flv_tags.py FILE
"""

import struct
import sys

AUDIO, VIDEO = 8, 9


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    (at,) = struct.unpack_from(">I", data, 5)
    print("type\ttimestamp\tlength")
    at += 4  # the back pointer before the first tag
    while at + 11 <= len(data):
        kind = data[at]
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        timestamp = int.from_bytes(data[at + 7 : at + 8] + data[at + 4 : at + 7], "big")
        if kind in (AUDIO, VIDEO):
            print(kind, timestamp, length, sep="\t")
        at += 11 + length + 4


main()
