#!/usr/bin/env python3
"""Measures how soon the dashboard shows something and how soon it answers a key.

The program runs on a pseudo terminal of 120 columns and 30 lines. Time to the first frame is the
time from starting it to its first output; time to the first row is the time until the address of a
connection stands in what it wrote. Then keys that change the screen are pressed at random moments
while the capture is being read (or replayed, with --replay), and what is measured is the time from
writing the key to the first output behind it. Beside it stands the same for `cat`, which only
echoes: what the machine and the terminal cost without us.
"""

import argparse
import fcntl
import os
import pty
import random
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

SIZE = (30, 120)
KEYS = [b"5", b"1", b"6", b"1", b"2", b"4", b"3", b"1", b"?", b"\x1b"]
ADDRESS = re.compile(rb"\d+\.\d+\.\d+\.\d+:\d+|\]:\d+")


class Screen:
    """A program on a pseudo terminal."""

    def __init__(self, command):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        environment = dict(os.environ, TERM="xterm-256color", RTMPSCOPE_NO_RECENT="1")
        self.begin = time.perf_counter()
        self.child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=subprocess.DEVNULL, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen = b""

    def read(self, wait):
        """What is written within `wait` seconds; nothing when nothing is."""
        if not select.select([self.master], [], [], wait)[0]:
            return b""
        try:
            return os.read(self.master, 1 << 16)
        except OSError:
            return b""

    def until(self, wanted, limit):
        """Seconds since the start until `wanted` matches what was written."""
        while time.perf_counter() - self.begin < limit:
            self.seen += self.read(0.5)
            if wanted.search(self.seen):
                return time.perf_counter() - self.begin
        sys.exit("the dashboard showed nothing in time")

    def quiet(self, seconds):
        """Takes what is written until nothing is for a while, or a second has passed."""
        end = time.perf_counter() + 1
        while time.perf_counter() < end and self.read(seconds):
            pass

    def press(self, key):
        """Milliseconds from a key to what is written next."""
        begin = time.perf_counter()
        os.write(self.master, key)
        if not self.read(5):
            return None
        took = (time.perf_counter() - begin) * 1000
        return took

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.master)


def figures(times):
    times = sorted(times)
    return (f"median {statistics.median(times):.1f} ms, 95th percentile "
            f"{times[int(len(times) * 0.95)]:.1f} ms, longest {times[-1]:.1f} ms of {len(times)}")


def latency(screen, presses, still_reading):
    """Times of keys, as long as the capture is being read."""
    times = []
    for at in range(presses):
        if not still_reading():
            break
        # Output of its own accord comes ten times a second at most: right behind one there is a gap
        # in which whatever comes is the answer to the key.
        screen.read(0.3)
        time.sleep(random.uniform(0, 0.02))
        while screen.read(0):
            pass
        took = screen.press(KEYS[at % len(KEYS)])
        if took is not None:
            times.append(took)
    return times


def position(child, path):
    """Bytes that the program has read of the capture; `None` when it has closed it."""
    folder = f"/proc/{child.pid}/fd"
    try:
        for fd in os.listdir(folder):
            if os.path.realpath(f"{folder}/{fd}") == os.path.realpath(path):
                with open(f"/proc/{child.pid}/fdinfo/{fd}", encoding="ascii") as info:
                    return int(info.readline().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def measure(program, path, presses, options):
    firsts, rows, times = [], [], []
    while len(times) < presses and len(firsts) < 60:
        screen = Screen([program, "tui", *options, path])
        firsts.append(screen.until(re.compile(rb"."), 20))
        rows.append(screen.until(ADDRESS, 60))
        size = os.path.getsize(path)

        def still_reading():
            at = position(screen.child, path)
            return bool(options) or (at is not None and at < size)

        times += latency(screen, presses - len(times), still_reading)
        screen.end()
    print(f"{os.path.basename(path)} {' '.join(options)}")
    print(f"  first frame after {statistics.median(firsts) * 1000:.0f} ms, first row after "
          f"{statistics.median(rows) * 1000:.0f} ms (medians of {len(firsts)} starts)")
    if times:
        print(f"  a key while reading: {figures(times)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("captures", nargs="*", default=["mtu1500", "flows10k"])
    arguments = parser.parse_args()
    random.seed(7)
    echo = Screen(["cat"])
    time.sleep(0.2)
    print(f"cat echoes a key: {figures([echo.press(b'x') or 0 for _ in range(100)])}")
    echo.end()
    for name in arguments.captures:
        path = os.path.join(arguments.data, f"{name}.pcap")
        with open(path, "rb") as capture:
            while capture.read(1 << 24):
                pass
        measure(arguments.program, path, arguments.presses, [])
    many = os.path.join(arguments.data, "flows10k.pcap")
    if os.path.exists(many):
        measure(arguments.program, many, arguments.presses, ["--replay=1"])


if __name__ == "__main__":
    main()
