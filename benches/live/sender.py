"""Sends the frames of a capture file as fast as one core can, or at a rate. For `load.py`.

tcpreplay and netsniff-ng ask the kernel once for each frame, and are the limit then. This hands over
hundreds of frames at once with sendmmsg(2), from tables that are made before the first is sent.
"""

import ctypes
import mmap
import os
import socket
import struct
import time

SOL_PACKET = 263
PACKET_QDISC_BYPASS = 20
# Frames handed over at once: what the kernel takes at most is 1024.
BATCH = 256
HEADER = struct.Struct("<IIII")
# struct mmsghdr and struct iovec on 64-bit Linux.
MMSGHDR = struct.Struct("<QQQQQQQQ")
IOVEC = struct.Struct("<QQ")

libc = ctypes.CDLL(None, use_errno=True)


class Sender:
    """Frames of a little-endian pcap file, ready to be sent."""

    def __init__(self, path, most):
        with open(path, "rb") as file:
            # Private, so that it has an address that may be taken.
            self.data = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.data))
        places = []
        at, end = 24, len(self.data)
        self.bytes = 0
        while at + HEADER.size <= end and len(places) < most:
            length = HEADER.unpack_from(self.data, at)[2]
            places.append((base + at + HEADER.size, length))
            self.bytes += length
            at += HEADER.size + length
        self.count = len(places)
        self.iovecs = ctypes.create_string_buffer(self.count * IOVEC.size)
        self.headers = ctypes.create_string_buffer(self.count * MMSGHDR.size)
        vectors, headers = ctypes.addressof(self.iovecs), ctypes.addressof(self.headers)
        for i, place in enumerate(places):
            IOVEC.pack_into(self.iovecs, i * IOVEC.size, *place)
            MMSGHDR.pack_into(self.headers, i * MMSGHDR.size, 0, 0, vectors + i * IOVEC.size, 1, 0, 0, 0, 0)
        self.first = headers
        # What is read from the disk meanwhile would be the limit.
        for page in range(0, at, mmap.PAGESIZE):
            self.data[page]

    def send(self, interface, bits_per_second=None):
        """Sends everything; the seconds that it took, and how often the kernel had no room."""
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        sock.bind((interface, 0))
        descriptor, sent, full = sock.fileno(), 0, 0
        pause = 0 if bits_per_second is None else 8 * self.bytes / self.count / bits_per_second
        # Paced traffic comes in smaller pieces.
        batch = BATCH if bits_per_second is None else 32
        begin = time.perf_counter()
        while sent < self.count:
            while time.perf_counter() - begin < sent * pause:
                pass
            wanted = min(batch, self.count - sent)
            done = libc.sendmmsg(descriptor, ctypes.c_void_p(self.first + sent * MMSGHDR.size), wanted, 0)
            if done > 0:
                sent += done
            elif ctypes.get_errno() in (11, 105):
                full += 1
            else:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        took = time.perf_counter() - begin
        sock.close()
        return took, full
