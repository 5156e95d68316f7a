"""The service under load: throughput beside the bare codec's, memory, overload and recovery.

    PYTHONPATH=tests python tests/bench/load.py [--seconds 60] [--apart] [--format raw]

Needs wrk. Pictures of 768x512 (and 512x768) at quality 50 are posted to /decode over 32 connections
in turn; service and client share the cores. With --apart (Linux) wrk has the last core for itself,
service and bare codec have the others: what a client on another machine would see. The bare codec
is a Decoder whose threads, one per core, decode the same streams in the same turn; it is measured
before and after, and the mean counts. Since other work on the machine moves both, processor time is
given too: of the bare codec, of the service and of wrk, per picture. Format raw is the samples
alone, what the codec itself gives; png is deflated by Pillow, which takes longer than decoding.
Memory is the service's resident set, once a second. Overload is ten times as many connections as
the queue holds; after it one request at a time is sent until it is answered as before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arguments import add_pictures_argument, pictures

import ablc
from ablc.settings import cores
from serving import Service, serving

CONNECTIONS, OVERLOAD = 32, 640
QUEUE = 64
QUALITY = 50
SETTLED = 10  # seconds after which memory counts
TICKS = 100  # of /proc/PID/stat, a second

SCRIPT = """
local requests = {}
local at = 0
function init(arguments)
  for i, name in ipairs(arguments) do
    local file = io.open(name, "rb")
    local headers = {["Content-Type"] = "image/x-ablc"}
    requests[i] = wrk.format("POST", nil, headers, file:read("*a"))
    file:close()
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  io.write("\\n", string.format(
    '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "broken": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout),
    "\\n")
end
"""


@dataclass(frozen=True)
class Bare:
    """The codec alone."""

    rate: float  # pictures a second
    milliseconds: float  # of processor time for one

    @classmethod
    def mean(cls, one: Bare, other: Bare) -> Bare:
        return cls((one.rate + other.rate) / 2, (one.milliseconds + other.milliseconds) / 2)


def bare(streams: list[bytes], seconds: float) -> Bare:
    """What all cores decode without a service."""
    threads = cores()
    decoder = ablc.Decoder(fill="classical", threads=1)
    until = time.monotonic() + seconds

    def decode(start: int) -> int:
        for count in itertools.count():
            if time.monotonic() > until:
                return count
            decoder.decode(streams[(start + count) % len(streams)])
        raise AssertionError

    spent = time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        count = sum(pool.map(decode, range(threads)))
    return Bare(count / seconds, 1000 * (time.process_time() - spent) / count)


def processor_seconds(pid: int) -> float:
    """That a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> float:
    """MiB that a process holds."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    )
    return int(line.split()[1]) / 1024


class Memory:
    """The resident set of a process, once a second."""

    def __init__(self, pid: int) -> None:
        self.readings: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(pid,))

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self, pid: int) -> None:
        while not self._stop.wait(1):
            self.readings.append(resident(pid))


@dataclass(frozen=True)
class Client:
    """wrk, and what it sends."""

    command: list[str]
    query: str
    files: list[str]

    def run(self, service: Service, connections: int, seconds: int) -> Any:
        """What wrk found, and its own processor seconds as "spent"."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(SCRIPT)
            script.flush()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
            target = f"http://127.0.0.1:{service.port}/decode?{self.query}"
            printed = subprocess.run(
                [*self.command, *options, "-s", script.name, target, "--", *self.files],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(printed.splitlines()[-1])
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {**found, "spent": spent}


@dataclass(frozen=True)
class Load:
    """What a number of connections got."""

    found: Any  # by wrk
    seconds: float  # of the service's processor time
    memory: list[float]

    @classmethod
    def of(cls, service: Service, client: Client, connections: int, seconds: int) -> Load:
        pid = service.process.pid
        spent = processor_seconds(pid)
        with Memory(pid) as memory:
            found = client.run(service, connections, seconds)
        return cls(found, processor_seconds(pid) - spent, memory.readings)

    def show(self, alone: Bare) -> None:
        """Prints it beside the bare codec."""
        found = self.found
        count, rate = found["requests"], found["requests"] / found["seconds"]
        server, client = 1000 * self.seconds / count, 1000 * found["spent"] / count
        settled = self.memory[SETTLED:] or self.memory[-1:]
        for line in (
            f"the bare codec: {alone.rate:.1f} pictures/s, {alone.milliseconds:.2f} ms each",
            f"{CONNECTIONS} connections for {found['seconds']:.0f} s: {rate:.1f} pictures/s, "
            f"{rate / alone.rate:.1%} of it",
            f"  a core's time for a picture: service {server:.2f} ms, client {client:.2f} ms; the "
            f"bare codec takes {alone.milliseconds / (server + client):.1%} of both",
            f"  p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms: "
            f"{found['p99'] / found['p50']:.1f} times",
            f"  {found['refused']} refused, {found['broken']} broken",
            f"  memory {settled[0]:.0f} MiB after {SETTLED} s, {settled[-1]:.0f} at the end, "
            f"{max(self.memory):.0f} at most",
        ):
            print(line)


def overload(service: Service, client: Client, seconds: int) -> None:
    """Prints what ten times as many connections as may wait get, and how soon it is over."""
    pid = service.process.pid
    target = f"/decode?{client.query}"
    stream = Path(client.files[0]).read_bytes()
    quiet = _seconds(service, target, stream)
    with Memory(pid) as memory:
        found = client.run(service, OVERLOAD, seconds)
    began = time.monotonic()
    while _seconds(service, target, stream) > max(2 * quiet, 0.1):
        pass
    recovered = time.monotonic() - began
    served = found["requests"] - found["refused"]
    print(f"{OVERLOAD} connections for {seconds} s, a queue of {QUEUE}:")
    print(
        f"  {served / found['seconds']:.1f} pictures/s, {found['refused']} refused with 503,",
        end=" ",
    )
    print(f"{found['broken']} broken; memory {max(memory.readings):.0f} MiB at most")
    print(f"  a request alone took {1000 * quiet:.0f} ms before, and so again", end=" ")
    print(f"{recovered:.2f} s after the end")


def _seconds(service: Service, target: str, stream: bytes) -> float:
    """How long one request takes; endless if it is refused."""
    began = time.monotonic()
    answer = service.post(target, stream)
    return time.monotonic() - began if answer.status == 200 else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pictures_argument(parser)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--apart", action="store_true", help="a core for the client alone")
    parser.add_argument("--format", choices=["raw", "png"], default="raw")
    arguments = parser.parse_args()
    command = ["wrk"]
    if arguments.apart:
        *ours, last = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, ours)
        command = ["taskset", "--cpu-list", str(last), *command]
    streams = [
        ablc.encode(picture, quality=QUALITY) for picture in pictures(arguments.images).values()
    ]
    query = f"format={arguments.format}&fill=classical"
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{i}.ablc") for i in range(len(streams))]
        for name, data in zip(files, streams, strict=True):
            Path(name).write_bytes(data)
        share = max(arguments.seconds / 4, 2)
        client = Client(command, query, files)
        with serving(queue=QUEUE) as service:
            print(f"memory at the start: {resident(service.process.pid):.0f} MiB")
            before = bare(streams, share)
            load = Load.of(service, client, CONNECTIONS, arguments.seconds)
            alone = Bare.mean(before, bare(streams, share))
            load.show(alone)
            overload(service, client, max(arguments.seconds // 4, 3))


if __name__ == "__main__":
    main()
