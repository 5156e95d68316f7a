"""Speed in megapixels per second, one thread, ablc beside its peers in the same run.

    python tests/bench/speed.py [--images FOLDER] [--rounds 9] [--bpp 0.5]

Everything is in memory: from pixels to bytes and from bytes to pixels, on four Kodak pictures. Each
codec works at the quality whose mean rate comes nearest to --bpp; lossless codecs stand beside
lossless ones, their sizes also over all pictures of the folder. Codecs take turns within a round,
so that all of them see the same machine; the first round warms up and is not counted. MP/s = pixels
/ CPU seconds of the whole process, all its threads together (a codec that starts threads gains
nothing by it), median of the rounds, best round in brackets. Figures of different runs do not
compare; the ratios within one run do.
"""

from __future__ import annotations

import argparse
import functools
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers import (
    LOSSLESS_PEERS,
    PEERS,
    Codec,
    Picture,
    ablc_codec,
    add_option_argument,
    add_pictures_argument,
    markdown,
    pictures,
    write_json,
)

SPEED_PICTURES = ("kodim05", "kodim08", "kodim13", "kodim23")  # three busy ones and a smooth one


@dataclass(slots=True)
class Timing:
    """One codec at one quality over all pictures; CPU seconds, one entry per round."""

    codec: Codec
    quality: float
    bpp: float
    encode: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)


def quality_near(codec: Codec, shown: Sequence[Picture], bpp: float) -> float:
    """The whole number 1..100, or JPEG XL distance, whose mean rate comes nearest to bpp."""
    ladder: list[float]
    if codec.name == "JPEG XL":
        ladder = [round(0.3 * 1.06**step, 3) for step in range(80)][::-1]  # rate rising
    else:
        ladder = list(range(1, 101))
    rate = functools.cache(lambda step: mean_bpp(codec, shown, ladder[step]))
    low, high = 0, len(ladder) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate(middle) <= bpp else (low, middle)
    return ladder[min((low, high), key=lambda step: abs(math.log(rate(step) / bpp)))]


def mean_bpp(codec: Codec, shown: Sequence[Picture], quality: float) -> float:
    return 8 * sum(len(codec.encode(picture, quality)) for picture in shown) / pixels(shown)


def pixels(shown: Sequence[Picture]) -> int:
    return sum(picture.shape[0] * picture.shape[1] for picture in shown)


def cpu_seconds(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def one_round(timing: Timing, shown: Sequence[Picture], *, counted: bool) -> None:
    encode = decode = 0.0
    for picture in shown:
        seconds, data = cpu_seconds(timing.codec.encode, picture, timing.quality)
        encode += seconds
        decode += cpu_seconds(timing.codec.decode, data)[0]
    if counted:
        timing.encode.append(encode)
        timing.decode.append(decode)


def run(images: Path, bpp: float, rounds: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry per codec: MP/s of both directions, median and best, and the rate."""
    everything = pictures(images)
    shown = [everything[name] for name in SPEED_PICTURES]
    at_bpp = [
        (codec, quality_near(codec, shown, bpp)) for codec in (ablc_codec(options), *PEERS.values())
    ]
    lossless = [(codec, 0.0) for codec in (ablc_codec(lossless=True), *LOSSLESS_PEERS.values())]
    timings = [
        Timing(codec, quality, mean_bpp(codec, shown, quality))
        for codec, quality in at_bpp + lossless
    ]
    for turn in range(rounds + 1):
        for timing in timings:
            one_round(timing, shown, counted=turn > 0)
    entries = [figures(timing, pixels(shown) / 1e6) for timing in timings]
    for entry, timing in zip(entries, timings, strict=True):
        if entry["lossless"]:
            entry["bpp_all"] = mean_bpp(timing.codec, list(everything.values()), 0.0)
    return entries


def figures(timing: Timing, megapixels: float) -> dict[str, Any]:
    codec = timing.codec
    return {
        "codec": codec.name,
        "settings": codec.settings,
        "library": codec.library,
        "lossless": not codec.qualities,
        "quality": timing.quality,
        "bpp": timing.bpp,
        "encode": megapixels / statistics.median(timing.encode),
        "encode_best": megapixels / min(timing.encode),
        "decode": megapixels / statistics.median(timing.decode),
        "decode_best": megapixels / min(timing.decode),
    }


def table(entries: list[dict[str, Any]]) -> str:
    """ablc first; the ratio columns say how many times ablc's speed is that of the peer."""
    own = entries[0]
    rows = []
    for entry in entries:
        speeds = [f"{entry[way]:.2f} ({entry[way + '_best']:.2f})" for way in ("encode", "decode")]
        ratios = [f"{own[way] / entry[way]:.2f}" for way in ("encode", "decode")]
        sizes = [f"{entry[key]:.3f}" for key in ("bpp", "bpp_all") if key in entry]
        rows.append([f"{entry['codec']} ({entry['settings']})", *sizes, *speeds, *ratios])
    sizes = ["bpp", "bpp, all pictures"] if own["lossless"] else ["bpp"]
    return markdown(
        ["codec", *sizes, "encode MP/s", "decode MP/s", "ablc/it, encode", "ablc/it, decode"], rows
    )


def report(entries: list[dict[str, Any]]) -> str:
    lossy = [entry for entry in entries if not entry["lossless"]]
    lossless = [entry for entry in entries if entry["lossless"]]
    parts = ("**Lossy**", table(lossy), "**Lossless**", table(lossless))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bpp", type=float, default=0.5)
    add_option_argument(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/speed.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    entries = run(arguments.images, arguments.bpp, arguments.rounds, dict(arguments.option))
    print(report(entries))
    write_json(arguments.out, entries)


if __name__ == "__main__":
    main()
