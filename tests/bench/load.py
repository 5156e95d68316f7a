"""The service under load: throughput beside the bare codec's, memory, overload and recovery.

    PYTHONPATH=tests python tests/bench/load.py [--seconds 60] [--format raw] [--images FOLDER]

Needs wrk and Linux. Pictures of 768x512 (and 512x768) at quality 50 are posted to /decode in turn,
over 32 connections. First the service and the client share the cores; then wrk has the last core to
itself, and service and bare codec have the others, as if the client were on another machine. The
bare codec is a Decoder whose threads, one per core, decode the same streams in the same order; it
is measured before and after, and the mean counts. Other work on the machine affects both, so the
processor time per picture is reported too: of the bare codec, of the service and of wrk. Format raw
is the bare samples, as the codec returns them; png is compressed by Pillow, which takes longer than
decoding. Memory is the service's resident set, once a second. Overload is ten times as many
connections as the queue holds; after it, one request at a time is sent until the response is as
fast as before.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arguments import add_pictures_argument, pictures
from printing import markdown, write_json

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
    """Figures of the codec without a service."""

    rate: float  # pictures a second
    milliseconds: float  # of processor time per picture

    @classmethod
    def mean(cls, first: Bare, second: Bare) -> Bare:
        rate = (first.rate + second.rate) / 2
        return cls(rate, (first.milliseconds + second.milliseconds) / 2)


def bare(streams: list[bytes], seconds: float) -> Bare:
    """Measure the decoder on all cores without a service."""
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
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> float:
    """Return the resident set of a process in MiB."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    )
    return int(line.split()[1]) / 1024


class MemoryReadings:
    """Readings of a process's resident set, once a second."""

    def __init__(self, pid: int) -> None:
        self.readings: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(pid,))

    def __enter__(self) -> MemoryReadings:
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
    """wrk and its requests."""

    prefix: list[str]  # of its command line
    query: str
    files: list[str]

    def run(self, service: Service, connections: int, seconds: int) -> Any:
        """Return the figures of wrk, and its own processor seconds as "spent"."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(SCRIPT)
            script.flush()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
            target = f"http://127.0.0.1:{service.port}/decode?{self.query}"
            printed = subprocess.run(
                [*self.prefix, "wrk", *options, "-s", script.name, target, "--", *self.files],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures = json.loads(printed.splitlines()[-1])
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {**figures, "spent": spent}


@contextmanager
def client_apart() -> Iterator[list[str]]:
    """Leave the last core free; yield the prefix of a command line that runs it there."""
    every = os.sched_getaffinity(0)
    last = max(every)
    os.sched_setaffinity(0, every - {last})
    try:
        yield ["taskset", "--cpu-list", str(last)]
    finally:
        os.sched_setaffinity(0, every)


def load(service: Service, client: Client, seconds: int, streams: list[bytes]) -> dict[str, Any]:
    """Return figures of the service under load and of the bare codec before and after."""
    pid = service.process.pid
    share = max(seconds / 4, 2)
    before = bare(streams, share)
    spent = processor_seconds(pid)
    with MemoryReadings(pid) as memory:
        figures = client.run(service, CONNECTIONS, seconds)
    spent = processor_seconds(pid) - spent
    alone = Bare.mean(before, bare(streams, share))
    count = figures["requests"]
    settled = memory.readings[SETTLED:] or memory.readings[-1:]
    return {
        **figures,
        "rate": count / figures["seconds"],
        "bare_rate": alone.rate,
        "bare_ms": alone.milliseconds,
        "service_ms": 1000 * spent / count,
        "client_ms": 1000 * figures["spent"] / count,
        "memory": [settled[0], settled[-1], max(memory.readings)],
    }


def overload(service: Service, client: Client, seconds: int) -> dict[str, Any]:
    """Return figures of ten times as many connections as may wait, and of the recovery."""
    pid = service.process.pid
    target = f"/decode?{client.query}"
    stream = Path(client.files[0]).read_bytes()
    quiet = _seconds(service, target, stream)
    with MemoryReadings(pid) as memory:
        figures = client.run(service, OVERLOAD, seconds)
    began = time.monotonic()
    while _seconds(service, target, stream) > max(2 * quiet, 0.1):
        pass
    return {
        **figures,
        "rate": (figures["requests"] - figures["refused"]) / figures["seconds"],
        "memory": max(memory.readings),
        "quiet": quiet,
        "recovered": time.monotonic() - began,
    }


def _seconds(service: Service, target: str, stream: bytes) -> float:
    """Return the seconds that one request takes; infinite if it is refused."""
    began = time.monotonic()
    answer = service.post(target, stream)
    return time.monotonic() - began if answer.status == 200 else float("inf")


def run(images: Path, seconds: int, form: str) -> dict[str, dict[str, Any]]:
    """Return the figures of "shared", "apart" and "overload"."""
    streams = [ablc.encode(picture, quality=QUALITY) for picture in pictures(images).values()]
    query = f"format={form}&fill=classical"
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{i}.ablc") for i in range(len(streams))]
        for name, data in zip(files, streams, strict=True):
            Path(name).write_bytes(data)
        client = Client([], query, files)
        with serving(queue=QUEUE) as service:
            shared = load(service, client, seconds, streams)
            crowd = overload(service, client, max(seconds // 4, 3))
        with client_apart() as prefix, serving(queue=QUEUE) as service:
            apart = load(service, Client(prefix, query, files), seconds, streams)
    return {"shared": shared, "apart": apart, "overload": crowd}


def report(figures: dict[str, dict[str, Any]]) -> str:
    """Return two tables: load and overload."""
    ways = [figures["shared"], figures["apart"]]
    rows = [
        ["the bare codec, pictures/s", *(f"{way['bare_rate']:.1f}" for way in ways)],
        ["the service, pictures/s", *(f"{way['rate']:.1f}" for way in ways)],
        ["of the bare codec", *(f"{way['rate'] / way['bare_rate']:.1%}" for way in ways)],
        [
            "a core's time for a picture, ms: bare codec / service / client",
            *(
                f"{way['bare_ms']:.2f} / {way['service_ms']:.2f} / {way['client_ms']:.2f}"
                for way in ways
            ),
        ],
        ["latency, ms: median", *(f"{way['p50']:.0f}" for way in ways)],
        ["latency, ms: 99 %", *(f"{way['p99']:.0f}" for way in ways)],
        ["latency: 99 % over median", *(f"{way['p99'] / way['p50']:.1f}" for way in ways)],
        ["refused / broken", *(f"{way['refused']} / {way['broken']}" for way in ways)],
        [
            f"memory, MiB: after {SETTLED} s / at the end / at most",
            *(" / ".join(f"{reading:.0f}" for reading in way["memory"]) for way in ways),
        ],
    ]
    crowd = figures["overload"]
    more = [
        ["answered with a picture, per second", f"{crowd['rate']:.1f}"],
        ["answered with 503", f"{crowd['refused']}"],
        ["broken", f"{crowd['broken']}"],
        ["memory, MiB, at most", f"{crowd['memory']:.0f}"],
        ["one request alone before, ms", f"{1000 * crowd['quiet']:.0f}"],
        ["as fast again after, s", f"{crowd['recovered']:.2f}"],
    ]
    heads = [
        f"**Service, {CONNECTIONS} connections for {figures['shared']['seconds']:.0f} s**",
        f"**Service, {OVERLOAD} connections for {crowd['seconds']:.0f} s, a queue of {QUEUE}**",
    ]
    columns = ["", "client on the same cores", "client on a core of its own"]
    tables = [markdown(columns, rows), markdown(["", ""], more)]
    return "\n\n".join(text for pair in zip(heads, tables, strict=True) for text in pair)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--format", choices=["raw", "png"], default="raw")
    parser.add_argument(
        "--out", type=Path, default=Path("results/load.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    figures = run(arguments.images, arguments.seconds, arguments.format)
    print(report(figures))
    write_json(arguments.out, figures)


if __name__ == "__main__":
    main()
