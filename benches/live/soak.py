"""Watches `rtmpscope sensor` while thousands of connections come and go, and says whether its memory
stays flat.

    make soak                      # an hour
    make soak SOAK_TIME=120        # whether it works; too short to judge the memory

Everything happens on the loopback of a network namespace of its own (root, or a user who may make
user namespaces). `traffic.py` makes the connections. Every few seconds resident memory, allocated
memory, processor time, open connections and losses are taken down in soak.tsv, beside soak.log
(what the sensor said) and its records, in the folder that --folder names.

How flat is judged: what is half-open is forgotten by the sensor after a quarter of an hour, so that
a plateau cannot be reached before. Behind a warm-up of 18 minutes the median of the first third of
the samples is held against that of the last third, for resident memory (the process's own: the
kernel's ring of 64 MiB, which is mapped, would hide it) and for allocated memory; neither may have
grown by more than 2 % and 512 KiB. At 150 connections a second some 250 000 lie between the middles
of these thirds in an hour: the verdict also says how many bytes a connection that would be.
"""

import argparse
import asyncio
import collections
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from traffic import Traffic  # noqa: E402

METRICS_PORT = 9464
# Longer than the sensor keeps a connection of which nothing is heard (IDLE_TIMEOUT), by some minutes.
WARM_UP = 18 * 60
MAY_GROW = 0.02
MAY_GROW_BYTES = 512 * 1024
COLUMNS = [
    "seconds", "rss", "own", "allocated", "cpu_s", "traffic_cpu_s", "open", "opened", "ended",
    "begun", "packets", "dropped", "queue_waits", "events_lost", "files",
]  # fmt: skip


def enter_namespace():
    """Starts this again in a network namespace whose loopback is up."""
    if os.environ.get("SOAK_INSIDE"):
        return
    how = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script = 'ip link set lo up && exec "$@"'
    os.environ["SOAK_INSIDE"] = "1"
    command = [*how, "sh", "-c", script, "sh", sys.executable, *sys.argv]
    os.execvp(command[0], command)


def scrape():
    """The sensor's metrics, summed up over their labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    # A series is there once something was counted.
    sums = collections.defaultdict(float)
    for line in text.splitlines():
        if not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            name = series.split("{")[0]
            sums[name] += float(value)
    sums["series"] = sum(not line.startswith("#") for line in text.splitlines())
    return sums


def resident(pid):
    """Resident memory without and with what is mapped: the kernel's ring is 64 MiB of the latter."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(status.split(f"{name}:")[1].split()[0]) * 1024 for name in ("RssAnon", "VmRSS")]


def sample(pid, begin, traffic):
    metrics = scrape()
    own, rss = resident(pid)
    return {
        "seconds": time.monotonic() - begin,
        "rss": rss,
        "own": own,
        "allocated": metrics["rtmpscope_allocated_bytes"],
        "cpu_s": metrics["process_cpu_seconds_total"],
        "traffic_cpu_s": traffic.cpu(),
        "open": metrics["rtmpscope_connections"],
        "opened": metrics["rtmpscope_connections_opened_total"],
        "ended": metrics["rtmpscope_connections_ended_total"],
        "begun": sum(traffic.begun.values()),
        "packets": metrics["rtmpscope_capture_packets_total"],
        "dropped": metrics["rtmpscope_capture_dropped_packets_total"],
        "queue_waits": metrics["rtmpscope_capture_queue_waits_total"],
        "events_lost": metrics["rtmpscope_events_dropped_total"],
        "files": len(os.listdir(f"/proc/{pid}/fd")),
    }


async def watch(pid, args, traffic, table):
    samples = []
    begin = time.monotonic()
    due = begin
    work = asyncio.create_task(traffic.run(args.seconds))
    while not work.done():
        due += args.every
        await asyncio.wait([work], timeout=max(0, due - time.monotonic()))
        row = await asyncio.to_thread(sample, pid, begin, traffic)
        samples.append(row)
        print("\t".join(f"{row[name]:.1f}".removesuffix(".0") for name in COLUMNS), file=table, flush=True)
    await work
    return samples


def curve(samples):
    """Memory over time, for eyes."""
    print("\n  minute   open  ended total  allocated MB  own MB  resident MB")
    most = max(row["own"] for row in samples)
    step = max(1, len(samples) // 40)
    for row in samples[step - 1 :: step]:
        bar = "#" * round(40 * row["own"] / most)
        print(
            f"{row['seconds'] / 60:8.1f} {row['open']:6.0f} {row['ended']:12.0f}"
            f" {row['allocated'] / 1e6:13.2f} {row['own'] / 1e6:7.2f} {row['rss'] / 1e6:12.2f} {bar}"
        )
    print()


def judge(samples):
    """Whether memory was flat behind the warm-up: what fails, as sentences."""
    failures = []
    settled = [row for row in samples if row["seconds"] >= WARM_UP]
    if len(settled) < 30:
        print(f"too short to judge the memory: {WARM_UP // 60} minutes are warm-up")
        return failures
    third = len(settled) // 3
    first, last = settled[:third], settled[-third:]
    connections = statistics.median(row["ended"] for row in last) - statistics.median(row["ended"] for row in first)
    opened = [statistics.median(row["open"] for row in part) for part in (first, last)]
    print(f"open connections: median {opened[0]:.0f} in the first third behind the warm-up, {opened[1]:.0f} in the last")
    for what in ("own", "allocated"):
        before = statistics.median(row[what] for row in first)
        after = statistics.median(row[what] for row in last)
        grown = after - before
        allowed = MAY_GROW * before + MAY_GROW_BYTES
        words = (
            f"{what}: median {before / 1e6:.2f} MB in the first third, {after / 1e6:.2f} MB in the last:"
            f" {grown / 1024:+.0f} KiB, or {grown / max(1, connections):+.2f} bytes for each of"
            f" {connections:.0f} connections (at most {allowed / 1024:.0f} KiB)"
        )
        print(words)
        if grown > allowed:
            failures.append(f"memory is not flat: {words}")
    return failures


def judge_counts(samples, traffic):
    last = samples[-1]
    rtmp = sum(count for kind, count in traffic.begun.items() if kind != "other")
    failures = []
    # What was dropped may be the begin of a connection.
    if last["dropped"] == 0 and last["opened"] != rtmp:
        failures.append(f"{last['opened']:.0f} RTMP connections seen, {rtmp} made")
    if traffic.failed:
        failures.append(f"{traffic.failed} connections of the generator failed")
    if last["dropped"] or last["events_lost"]:
        failures.append(f"{last['dropped']:.0f} packets dropped, {last['events_lost']:.0f} records lost")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", default="target/release/rtmpscope")
    parser.add_argument("--folder", default="target/soak", help="where log, records and samples go")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=150, help="connections a second")
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples")
    args = parser.parse_args()
    enter_namespace()

    folder = pathlib.Path(args.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("events.ndjson*"):
        old.unlink()
    command = [
        args.program, "sensor", "-i", "lo", "-o", folder / "events.ndjson", "--output-size", "64M",
        "--output-files", "2", "--metrics", str(METRICS_PORT), "--interval", "5",
    ]  # fmt: skip
    with open(folder / "soak.log", "wb") as log, open(folder / "soak.tsv", "w") as table:
        sensor = subprocess.Popen([str(word) for word in command], stderr=log)
        try:
            while "listening on" not in (folder / "soak.log").read_text():
                if sensor.poll() is not None:
                    sys.exit((folder / "soak.log").read_text())
                time.sleep(0.05)
            print("\t".join(COLUMNS), file=table, flush=True)
            traffic = Traffic(args.rate, seed=1)
            samples = asyncio.run(watch(sensor.pid, args, traffic, table))
            series = scrape()["series"]
            sensor.send_signal(signal.SIGTERM)
            code = sensor.wait(timeout=60)
        finally:
            sensor.kill()
    curve(samples)
    last = samples[-1]
    print(f"made: {traffic.begun}, failed {traffic.failed}, not begun for want of room {traffic.late}")
    print(
        f"sensor: {last['opened']:.0f} RTMP connections, {last['packets']:.0f} packets, {last['dropped']:.0f} dropped,"
        f" queue full {last['queue_waits']:.0f} times,"
        f" {series} series, {last['files']} open files, {last['cpu_s']:.1f} s CPU in {last['seconds']:.0f} s;"
        f" the generator took {last['traffic_cpu_s']:.1f} s"
    )
    failures = judge(samples) + judge_counts(samples, traffic)
    if code != 0:
        failures.append(f"the sensor ended with {code}")
    for failure in failures:
        print(f"FAILED: {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
