"""What a live capture can take, and what it costs: rtmpscope beside `tcpdump -w /dev/null`.

    make bench-live

Sends the beginning of the benchmark capture across a veth pair in a network namespace of its own, as
fast as one core can and at some rates below, to each receiver in turn, several rounds of all. Sender
and receiver have a core each and real-time priority, so that what else the machine does is not
measured; both have a kernel buffer of 64 MiB. Offloads are off: every frame comes as it was sent.

Prints a row for each receiver and rate: frames a second and Gb/s of the sender, frames dropped by the
kernel (of all rounds together), processor time of the receiver per frame (median of the rounds, all
threads, as the scheduler counted it from the first frame until the receiver was idle again), and that
time beside tcpdump's.
"""

import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from sender import Sender

RECEIVERS = {
    "tcpdump -w /dev/null": ["tcpdump", "-i", "recv0", "-w", "/dev/null", "-B", "65536"],
    "rtmpscope report": ["{program}", "report", "-i", "recv0", "-B", "64M"],
    "rtmpscope json": ["{program}", "json", "-i", "recv0", "-B", "64M", "--events", "connection,call,anomaly"],
    "rtmpscope json message": ["{program}", "json", "-i", "recv0", "-B", "64M", "--events", "message"],
    "rtmpscope -w /dev/null": ["{program}", "report", "-i", "recv0", "-B", "64M", "-w", "/dev/null"],
}
# As long as this nothing may happen before a receiver is taken to be done: tcpdump lets the kernel
# hold the last frames back for a second.
CALM = 1.2


def enter_namespace():
    """Starts this again in a network namespace with a pair of interfaces, at real-time priority."""
    if os.environ.get("LOAD_INSIDE"):
        return
    how = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script = (
        "ip link add send0 type veth peer name recv0 && ip link set send0 up && ip link set recv0 up &&"
        " for end in send0 recv0; do ethtool -K $end gro off gso off tso off >/dev/null; done;"
        ' exec "$@"'
    )
    os.environ["LOAD_INSIDE"] = "1"
    command = [*how, "sh", "-c", script, "sh", sys.executable, *sys.argv]
    os.execvp(command[0], command)


def favour(cores):
    """The calling process runs on these cores, before all others where that is permitted."""
    os.sched_setaffinity(0, cores)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


def used(pid):
    """Nanoseconds that the threads of a process ran."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass
    return total


class Receiver:
    """A program that captures on the far end."""

    def __init__(self, command, cores, errors):
        self.errors = errors
        self.child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=lambda: favour(cores)
        )
        while "listening on" not in self.said():
            if self.child.poll() is not None:
                sys.exit(self.said())
            time.sleep(0.02)
        time.sleep(0.2)

    def said(self):
        return pathlib.Path(self.errors.name).read_text()

    def rest(self):
        """Waits until it is idle; what it used by then."""
        before = used(self.child.pid)
        while True:
            time.sleep(CALM)
            now = used(self.child.pid)
            # Looking whether there is something costs some microseconds as well.
            if now - before < 4_000_000:
                return now
            before = now

    def end(self):
        """What it counted: frames captured, and dropped by the kernel."""
        self.child.send_signal(signal.SIGINT)
        self.child.wait(timeout=60)
        said = self.said()
        numbers = []
        for what in ("packets? captured", "packets? dropped by kernel"):
            found = re.search(r"([\d  \u2009\u202f]+) " + what, said)
            if found is None:
                sys.exit(said)
            numbers.append(int(re.sub(r"\D", "", found[1])))
        return numbers


def measure(command, sender, rate, cores):
    with tempfile.NamedTemporaryFile() as errors:
        receiver = Receiver(command, cores, errors)
        before = used(receiver.child.pid)
        took, full = sender.send("send0", rate)
        cost = receiver.rest() - before
        captured, dropped = receiver.end()
    if full:
        sys.exit(f"the sender had to wait {full} times: this is not what was asked for")
    # The kernel of the far end says a word of its own now and then (IPv6 neighbours).
    if not 0 <= captured + dropped - sender.count < 100:
        sys.exit(f"{sender.count} frames sent, but {captured} captured and {dropped} dropped")
    return {"frames_per_s": sender.count / took, "dropped": dropped, "cost": cost / max(1, captured)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", default="target/release/rtmpscope")
    parser.add_argument("--data", default="target/bench-data/mtu1500.pcap")
    parser.add_argument("--frames", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rates", default="1,2,3,4", help="Gb/s, beside as fast as possible")
    parser.add_argument("receivers", nargs="*", help="parts of names; all unless given")
    args = parser.parse_args()
    enter_namespace()

    sender = Sender(args.data, args.frames)
    cores = sorted(os.sched_getaffinity(0))
    near, far = {cores[0]}, set(cores[1:2] or cores)
    favour(near)
    chosen = {
        name: [word.format(program=args.program) for word in command]
        for name, command in RECEIVERS.items()
        if not args.receivers or any(part in name for part in args.receivers)
    }
    rates = [float(rate) * 1e9 for rate in args.rates.split(",") if rate] + [None]
    bits = 8 * sender.bytes / sender.count
    print(f"{sender.count} frames of {bits / 8:.0f} bytes on average, {args.rounds} rounds")
    print(f"{'receiver':<24} {'asked':>6} {'kpps':>6} {'Gb/s':>5} {'dropped':>8} {'ns/frame':>9} {'/ first':>8}")
    for rate in rates:
        results = {name: [] for name in chosen}
        for _ in range(args.rounds):
            for name, command in chosen.items():
                results[name].append(measure(command, sender, rate, far))
        reference = None
        for name, rounds in results.items():
            cost = statistics.median(result["cost"] for result in rounds)
            speed = statistics.median(result["frames_per_s"] for result in rounds)
            dropped = sum(result["dropped"] for result in rounds)
            reference = reference or cost
            asked = "most" if rate is None else f"{rate / 1e9:.1f}"
            print(
                f"{name:<24} {asked:>6} {speed / 1e3:6.0f} {speed * bits / 1e9:5.2f} {dropped:8} {cost:9.0f}"
                f" {cost / reference:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
