"""What runs where: a network, started and run once, node by node."""

import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ablc.runtime import session
from ablc.runtime.cards import Card
from ablc.settings import Provider

SIDE = 256  # pixels of the picture of zeros that is run


@dataclass(frozen=True, slots=True)
class Report:
    """How a network fares on a provider."""

    provider: str  # "cpu", "cuda" or "tensorrt"
    milliseconds: float  # of the second run
    nodes: int  # that ran
    fallen: tuple[str, ...]  # those of them that ran elsewhere: "3 x Softmax on cpu"


def check(card: Card, provider: Provider, threads: int | None = None) -> Report:
    """Runs a network on a provider; "auto" as Sessions does.

    Raises ModelError for its weights, ProviderError where it does not work.
    """
    sizes = session.named(1, SIDE, SIDE)
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
    short = {its_name: name for name, its_name in session.NAMES.items()}
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
    return Report(chosen, 1000 * seconds, len(ran), fallen)
