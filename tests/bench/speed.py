"""Speed in megapixels per second with one thread, of ablc and other codecs in the same run.

    python tests/bench/speed.py [--images FOLDER] [--rounds 9] [--bpp 0.5]

Everything is in memory: from pixels to bytes and from bytes to pixels, on four Kodak pictures. Each
codec works at the quality whose mean rate comes nearest to --bpp. Lossless codecs are compared with
each other, their bytes also over all pictures of the folder. Codecs take turns within a round, so
that all see the machine in the same state; the first round warms up and is not counted. MP/s =
pixels / CPU seconds of the whole process and of the ffmpeg that it starts, summed over threads (a
codec gains nothing by starting them), median of the rounds, best round in brackets; slow codecs
have one round. Ratios within one run are comparable; figures of different runs are not.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from arguments import add_option_argument, add_pictures_argument, pictures
from printing import markdown, write_json
from rd import PEERS_SHOWN

from ablc.arrays import Pixels
from ablc.eval.rd.speed import Timing, mean_bpp, pixels, take_turns
from ablc.eval.rd.study import available
from ablc.peers.ablc_codec import ablc_codec
from ablc.peers.codec import Codec
from ablc.peers.libraries import LOSSLESS_PEERS, lossless_peer

SPEED_PICTURES = ("kodim05", "kodim08", "kodim13", "kodim23")  # three busy ones and a smooth one


def quality_near(codec: Codec, shown: Sequence[Pixels], bpp: float) -> float:
    """Return the quality, between those of the codec's sweep, of the mean rate nearest to bpp."""
    first, last = codec.qualities[0], codec.qualities[-1]
    ladder: list[float]
    if codec.name == "JPEG XL e7":
        ladder = [round(float(distance), 3) for distance in np.geomspace(first, last, 80)]
    else:
        ladder = [float(q) for q in np.linspace(first, last, round(abs(last - first)) + 1)]
    rate = functools.cache(lambda rung: mean_bpp(codec, shown, ladder[rung]))
    low, high = 0, len(ladder) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate(middle) <= bpp else (low, middle)
    return ladder[min((low, high), key=lambda rung: abs(math.log(rate(rung) / bpp)))]


def run(images: Path, bpp: float, rounds: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an entry per codec: MP/s of both directions, median and best, and the rate."""
    everything = pictures(images)
    shown = [everything[name] for name in SPEED_PICTURES]
    others, missing = available(PEERS_SHOWN)
    for name, reason in missing.items():
        print(f"{name} is left out: {reason}", file=sys.stderr)
    lossy = (ablc_codec(options), *others.values())
    at_bpp = [(codec, quality_near(codec, shown, bpp)) for codec in lossy]
    lossless = [
        (codec, 0.0) for codec in (ablc_codec(lossless=True), *map(lossless_peer, LOSSLESS_PEERS))
    ]
    timings = [
        Timing(codec, quality, mean_bpp(codec, shown, quality))
        for codec, quality in at_bpp + lossless
    ]
    take_turns(timings, shown, rounds)
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
        **timing.figures(megapixels),
    }


def table(entries: list[dict[str, Any]]) -> str:
    """Return a table, ablc first; ratios are ablc's speed divided by the codec's."""
    own = entries[0]
    rows = []
    for entry in entries:
        speeds = [f"{entry[way]:.2f} ({entry[way + '_best']:.2f})" for way in ("encode", "decode")]
        ratios = [f"{own[way] / entry[way]:.2f}" for way in ("encode", "decode")]
        rates = [f"{entry[key]:.3f}" for key in ("bpp", "bpp_all") if key in entry]
        rows.append([f"{entry['codec']} ({entry['settings']})", *rates, *speeds, *ratios])
    rates = ["bpp", "bpp, all pictures"] if own["lossless"] else ["bpp"]
    return markdown(
        [
            "codec",
            *rates,
            "encode MP/s",
            "decode MP/s",
            "ablc / codec, encode",
            "ablc / codec, decode",
        ],
        rows,
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
