"""Which nodes of a network run on a provider, and which elsewhere."""

import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ablc.runtime import session
from ablc.runtime.cards import ModelCard
from ablc.settings import Provider

SIDE = 256  # of the picture of zeros that the network is run on, pixels


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """How a network runs on a provider."""

    provider: str  # "cpu", "cuda" or "tensorrt"
    milliseconds: float  # of the second run
    nodes: int  # number of nodes that ran
    fallen: tuple[str, ...]  # those that ran elsewhere: "3 x Softmax on cpu"


def check(card: ModelCard, provider: Provider, threads: int | None = None) -> ProviderReport:
    """Run a network on a provider and report; "auto" chooses one as Sessions does.

    Raises ModelError for missing or damaged weights, ProviderError if the provider does not work.
    """
    sizes = session.named_sizes(1, SIDE, SIDE)
    chosen = session.Sessions(provider, threads).provider(card)
    with tempfile.TemporaryDirectory() as folder:
        net = session.start(card, chosen, threads, sizes, profile=Path(folder) / "run")
        inputs = net.blank(sizes)
        net.run(inputs)
        begun = time.perf_counter()
        net.run(inputs)
        seconds = time.perf_counter() - begun
        events = json.loads(Path(net.net.end_profiling()).read_bytes())
    ours = session.NAMES[chosen]
    short = {ort_name: name for name, ort_name in session.NAMES.items()}
    ran = {
        (event["name"], arguments["op_name"], arguments["provider"])
        for event in events
        if event.get("cat") == "Node" and (arguments := event["args"]).get("provider")
    }
    elsewhere = Counter((kind, where) for _, kind, where in ran if where != ours)
    fallen = tuple(
        f"{count} x {kind} on {short.get(where, where)}"
        for (kind, where), count in sorted(elsewhere.items())
    )
    return ProviderReport(chosen, 1000 * seconds, len(ran), fallen)
