#!/usr/bin/env python3
"""Measures rtmpscope beside cat, tcpdump and tshark on the same captures, in one run.

Each round runs every command once, so that a noisy minute of the machine hits all of them; what is
compared are medians of CPU seconds (user + system) over the rounds. Peak memory comes from one more
run under /usr/bin/time. tshark runs once, because it takes a minute and 2 GB, and not on captures
named -long.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CAPTURES = ["mtu1500", "lo64k", "flows10k"]


def cpu_seconds(command):
    """CPU seconds and wall seconds of one run; stdout goes to /dev/null."""
    begin = time.perf_counter()
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdout=null, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin


def peak_megabytes(command):
    """Peak resident memory of one run in MB (10^6 bytes)."""
    with tempfile.NamedTemporaryFile() as out, open(os.devnull, "wb") as null:
        subprocess.run(
            ["/usr/bin/time", "-f", "%M", "-o", out.name] + command,
            stdout=null, stderr=subprocess.DEVNULL, check=True,
        )
        return int(out.read().split()[-1]) * 1024 / 1e6


def packets_in(path):
    """Packets in a capture file, as tcpdump counts them."""
    out = subprocess.run(["tcpdump", "-r", path, "--count"], capture_output=True, text=True, check=True)
    return int(re.search(r"(\d+) packets", out.stdout + out.stderr).group(1))


def measure(program, path, rounds, with_tshark):
    commands = {
        "cat": ["cat", path],
        "tcpdump -w /dev/null": ["tcpdump", "-r", path, "-w", "/dev/null"],
        "rtmpscope report": [program, "report", "-q", path],
        "rtmpscope json --events message": [program, "json", "-q", "--events", "message", path],
    }
    for command in commands.values():
        cpu_seconds(command)  # Brings the file and the program into the page cache.
    times = {name: [] for name in commands}
    walls = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            cpu, wall = cpu_seconds(command)
            times[name].append(cpu)
            walls[name].append(wall)
    base = statistics.median(times["tcpdump -w /dev/null"])
    size = os.path.getsize(path)
    packets = packets_in(path)
    print(f"\n{os.path.basename(path)}: {size / 1e6:.0f} MB, {packets} packets, medians of {rounds} rounds")
    print(f"  {'':34}{'CPU s':>8}{'min':>8}{'max':>8}{'wall s':>8}{'MB/s':>8}{'RSS MB':>8}  CPU vs tcpdump")
    for name, command in commands.items():
        cpu = statistics.median(times[name])
        rss = peak_megabytes(command)
        print(
            f"  {name:34}{cpu:8.3f}{min(times[name]):8.3f}{max(times[name]):8.3f}"
            f"{statistics.median(walls[name]):8.3f}{size / 1e6 / cpu:8.0f}{rss:8.1f}  {cpu / base:.2f}"
        )
    if with_tshark:
        cpu, _ = cpu_seconds([
            "tshark", "-r", path, "-o", "rtmpt.max_packet_size:16777215",
            "-Y", "rtmpt", "-T", "fields", "-e", "rtmpt.header.typeid",
        ])
        ours = statistics.median(times["rtmpscope report"])
        print(f"  tshark -Y rtmpt -T fields: {cpu:.1f} s CPU; rtmpscope report takes 1/{cpu / ours:.0f} of it")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the captures of make_captures")
    parser.add_argument("--program", required=True, help="the rtmpscope binary, built for release")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("captures", nargs="*", default=CAPTURES)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} processors, {platform_cpu()}")
    for name in arguments.captures:
        path = os.path.join(arguments.data, f"{name}.pcap")
        with_tshark = shutil.which("tshark") is not None and not name.endswith("-long")
        measure(arguments.program, path, arguments.rounds, with_tshark)


def platform_cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(l.split(":", 1)[1].strip() for l in info if l.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


if __name__ == "__main__":
    main()
