"""Speed of codecs side by side: in turns within one process, with one thread each.

Seconds are CPU seconds of the whole process and of the programs that it starts, summed over their
threads: a codec gains nothing by starting threads. Slow codecs are measured once, without warming
up. Ratios within one run are comparable; figures of different runs are not.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ablc.arrays import Pixels
from ablc.peers.codec import Codec


@dataclass(slots=True)
class Timing:
    """One codec at one quality over some pictures; CPU seconds, one entry per round."""

    codec: Codec
    quality: float
    bpp: float  # mean over the pictures
    encode: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)

    def figures(self, megapixels: float) -> dict[str, float]:
        """Return megapixels per second of both directions: median and best of the rounds."""
        return {
            "quality": self.quality,
            "bpp": self.bpp,
            "encode": megapixels / statistics.median(self.encode),
            "encode_best": megapixels / min(self.encode),
            "decode": megapixels / statistics.median(self.decode),
            "decode_best": megapixels / min(self.decode),
        }


def take_turns(timings: Sequence[Timing], shown: Sequence[Pixels], rounds: int) -> None:
    """Add a number of rounds to each of the timings, after one uncounted round that warms up.

    Codecs take turns within a round, so that all see the machine in the same state.
    """
    for turn in range(rounds + 1):
        for timing in timings:
            if timing.codec.slow and turn != 1:
                continue
            encode, decode = _one_round(timing, shown)
            if turn > 0:
                timing.encode.append(encode)
                timing.decode.append(decode)


def _one_round(timing: Timing, shown: Sequence[Pixels]) -> tuple[float, float]:
    encode = decode = 0.0
    for picture in shown:
        seconds, data = _cpu_seconds(timing.codec.encode, picture, timing.quality)
        encode += seconds
        decode += _cpu_seconds(timing.codec.decode, data)[0]
    return encode, decode


def _cpu_seconds(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = _spent()
    result = work(*arguments)
    return _spent() - start, result


def _spent() -> float:
    """Return CPU seconds of this process and of the programs that it started and that ended."""
    times = os.times()  # Windows does not count programs
    return time.process_time() + times.children_user + times.children_system


def pixels(shown: Sequence[Pixels]) -> int:
    """Return the number of pixels of all pictures together."""
    return sum(picture.shape[0] * picture.shape[1] for picture in shown)


def mean_bpp(codec: Codec, shown: Sequence[Pixels], quality: float) -> float:
    """Return bits per pixel over all pictures together."""
    return 8 * sum(len(codec.encode(picture, quality)) for picture in shown) / pixels(shown)
