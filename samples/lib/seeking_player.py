#!/usr/bin/env python3
"""Plays a recorded stream with libavformat: reads, pauses for a second, goes on, seeks, reads on.

The ffmpeg program can seek but not pause, so the library is called directly.

Usage: seeking_player.py URL
"""

import ctypes
import ctypes.util
import sys
import time

avformat = ctypes.CDLL(ctypes.util.find_library("avformat"))
avcodec = ctypes.CDLL(ctypes.util.find_library("avcodec"))
avcodec.av_packet_alloc.restype = ctypes.c_void_p
avcodec.av_packet_unref.argtypes = [ctypes.c_void_p]
avformat.av_read_frame.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
avformat.av_read_pause.argtypes = avformat.av_read_play.argtypes = [ctypes.c_void_p]
avformat.av_seek_frame.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_int]
MICROSECONDS = 1_000_000


def checked(code, what):
    """Stops with a word about what failed."""
    if code < 0:
        sys.exit(f"seeking_player.py: {what} failed with {code}")


def read(context, packet, count):
    """Reads up to `count` packets."""
    for _ in range(count):
        if avformat.av_read_frame(context, packet) < 0:
            return
        avcodec.av_packet_unref(packet)


def main():
    context = ctypes.c_void_p()
    checked(
        avformat.avformat_open_input(ctypes.byref(context), sys.argv[1].encode(), None, None),
        "opening",
    )
    packet = avcodec.av_packet_alloc()
    read(context, packet, 60)
    checked(avformat.av_read_pause(context), "pausing")
    time.sleep(1)
    checked(avformat.av_read_play(context), "going on")
    read(context, packet, 60)
    checked(avformat.av_seek_frame(context, -1, 5 * MICROSECONDS, 0), "seeking")
    read(context, packet, 100)
    avformat.avformat_close_input(ctypes.byref(context))


main()
