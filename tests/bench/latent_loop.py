"""The overhead of the host's loop over the iterations of the latent update.

    python tests/bench/latent_loop.py [--threads 1] [--rounds 5]

It alternates the update of K iterations (K + 1 runs of the graph) and as many bare runs of the same
graph on the same inputs, bound once; the ratio is that of the medians over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from printing import markdown

from ablc.runtime import latent, registry
from ablc.runtime.buffers import PARTS, Buffers
from ablc.runtime.loss_targets import Targets
from ablc.runtime.session import Sessions

CASES = ((256, 256, 50), (512, 768, 8))  # height, width, K


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(sessions: Sessions, height: int, width: int, k: int, rounds: int) -> list[str]:
    update = sessions.get(registry.card("step-small"))
    rng = np.random.default_rng(0)
    picture = rng.random((3, height, width), np.float32)
    mask = (rng.random((height // 8, width // 8)) < 0.7).astype(np.float32)
    targets = Targets(known=picture, mask=mask.repeat(8, 0).repeat(8, 1))
    encoder = sessions.get(registry.card("encoder-small"))
    h0 = encoder.run({"picture": picture[np.newaxis]})[0][0]
    settings = latent.UpdateSettings(iterations=k, rate=1e-3, tolerance=0.0, patience=1000)
    bare = Buffers(update, h0.shape)
    weights = targets.weights(settings.weights)[:PARTS]
    bare.begin(h0, {**targets.inputs(), "weights": weights})
    bare.set("rates", settings.rates(1, -4, 4))

    def bare_runs() -> None:
        for _ in range(k + 1):
            bare.run()

    bare_runs()
    times = [
        (seconds(lambda: latent.run(update, h0, targets, settings)), seconds(bare_runs))
        for _ in range(rounds)
    ]
    loop, alone = (statistics.median(column) for column in zip(*times, strict=True))
    return [f"{width}x{height}", str(k), f"{loop:.2f}", f"{alone:.2f}", f"{loop / alone:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sessions = Sessions("cpu", arguments.threads)
    rows = [ratio(sessions, *case, arguments.rounds) for case in CASES]
    print(markdown(["picture", "K", "loop, s", "bare runs, s", "ratio"], rows))


if __name__ == "__main__":
    main()
