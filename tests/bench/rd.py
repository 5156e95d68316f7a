"""Rate against distortion of ablc and other codecs, all as whole files.

    python tests/bench/rd.py [--quick] [--images FOLDER] [--peers NAME,...] [--option effort=7]

Prints BD-rates by SSIM, PSNR, MS-SSIM and SSIMULACRA 2 (negative: ablc needs fewer bits) and the
metrics at fixed rates. Pictures are the tuning set of tuning.py unless --images names others. Files
and rows of other codecs are kept in --cache, so that a second run measures ablc alone.

--quick: the seven pictures of the set `quick`, the peers that take less than a second for a file,
ablc at the six rates of QUICK_RATES, and six files of each peer. For everyday work on the codec.

bpp      8 * bytes of the whole file / pixels
PSNR     over R, G and B together, dB
SSIM     of luma, Gaussian window 11, sigma 1.5
MS-SSIM  five scales, the mean of R, G and B
BD-rate  package bjontegaard, PCHIP, for each picture separately, then the mean over the pictures;
         SSIM and MS-SSIM enter as -10 log10(1 - s), SSIMULACRA 2 as it is where it is 0 to 90;
         within --bd-range bits per pixel, at whose ends curves are interpolated
SSIMULACRA 2  100: equal (ablc/eval/measures/ssimulacra2.py)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from arguments import pictures
from measuring import (
    Cache,
    add_peers_argument,
    add_run_arguments,
    bits_per_pixel,
    measure,
    progress,
)
from printing import markdown, write_json

import ablc
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import MEASURES
from ablc.eval.rd import curves as curve_figures
from ablc.eval.rd.curves import Curve, Curves, Mean, Span, at_rate
from ablc.eval.rd.study import available, quick_sweep
from ablc.peers.ablc_codec import ablc_codec
from ablc.peers.codec import Codec
from ablc.peers.libraries import QUICK_PEERS, peer

METRICS = {
    "ssim": "SSIM",
    "psnr": "PSNR",
    "ms_ssim": "MS-SSIM",
    "ssimulacra2": "SSIMULACRA 2",
}
PEERS_SHOWN = [
    *("JPEG", "WebP m6", "JPEG XL e7", "HEIC", "AVIF s6 iq", "AVIF s6 ssim", "AVIF s3 ssim"),
    *("x265 slow", "SVT-AV1 p2", "vvenc medium"),
]
RATES = (0.03, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0)  # bits per pixel of the second table
RATE_MOST = 2.0  # bits per pixel: sweeps of other codecs end at their first file beyond
QUICK_RATES = (0.045, 0.08, 0.14, 0.24, 0.4, 0.65)  # bits per pixel: 0.05 to 0.5 lies within


def bd_rates(curves: Curves, span: Span, tested: str = "ablc") -> dict[str, dict[str, Mean | None]]:
    """Return BD-rates of tested against every other codec, by codec and metric."""
    return {
        name: curve_figures.bd_rates(anchor, curves[tested], METRICS, span)
        for name, anchor in curves.items()
        if name != tested
    }


# --- measuring ------------------------------------------------------------------------------------


def measure_curve(
    codec: Codec | None,
    options: dict[str, Any],
    picture: Pixels,
    cache: Path,
    rates: Sequence[float] = (),
) -> Curve:
    """Return the curve of a codec on a picture; None stands for ablc, which is never cached.

    rates: of ablc's files, bits per pixel, for a quick run, in which peers have as few files; none:
    all codecs have the files of their sweeps of qualities, up to the first beyond RATE_MOST.
    """
    if codec is None:
        codec = at_rates(options, rates) if rates else ablc_codec(options)
        rows = {quality: measure(codec, picture, quality) for quality in codec.qualities}
    else:
        qualities = quick_sweep(codec.qualities) if rates else codec.qualities
        rows = Cache(cache).measure(codec, picture, qualities, RATE_MOST)
    return [
        {"quality": quality, "bpp": bits_per_pixel(row["bytes"], picture), **row}
        for quality, row in rows.items()
    ]


def at_rates(options: dict[str, Any], rates: Sequence[float]) -> Codec:
    """Return ablc with a rate in bits per pixel as its quality."""
    codec = ablc_codec(options)
    how = {"threads": 1, **options}
    return replace(
        codec,
        encode=lambda picture, rate: ablc.encode(picture, bpp=rate, **how),
        qualities=tuple(rates),
    )


def run(
    images: Path,
    peers: Sequence[str],
    options: dict[str, Any],
    cache: Path,
    jobs: int,
    rates: Sequence[float] = (),
) -> Curves:
    """Return curves of ablc and of the named peers that can run here, on all pictures.

    rates: as in measure_curve.
    """
    shown = pictures(images)
    with ProcessPoolExecutor(jobs) as pool:
        # Asked in the pool: libvips, which has threads, must not run before a fork.
        missing = pool.submit(missing_peers, peers).result()
        for name, reason in missing.items():
            print(f"{name} is left out: {reason}", file=sys.stderr)
        chosen = ("ablc", *(name for name in peers if name not in missing))
        curves: Curves = {name: {} for name in chosen}
        done = progress(len(curves) * len(shown), "curves")
        waiting: dict[tuple[str, str], Future[Curve]] = {
            (name, title): pool.submit(worker, name, options, picture, cache, rates)
            for name in curves
            for title, picture in shown.items()
        }
        for (name, title), future in waiting.items():
            curves[name][title] = future.result()
            next(done)
    return curves


def missing_peers(names: Sequence[str]) -> dict[str, str]:
    """Return the codecs that cannot run here, with the reasons."""
    return available(names)[1]


def worker(
    name: str, options: dict[str, Any], picture: Pixels, cache: Path, rates: Sequence[float]
) -> Curve:
    """Call measure_curve by the codec's name, since codecs cannot be pickled."""
    return measure_curve(None if name == "ablc" else peer(name), options, picture, cache, rates)


# --- printing -------------------------------------------------------------------------------------


def bd_table(curves: Curves, span: Span) -> str:
    rows = []
    for name, by_metric in bd_rates(curves, span).items():
        cells = [
            mean.text("+.1f", len(curves[name])) if mean else "-" for mean in by_metric.values()
        ]
        rows.append([f"{name} ({peer(name).settings})", *cells])
    low, high = span
    count = len(curves["ablc"])
    head = f"**BD-rate of ablc, %**, {low:g} to {high:g} bpp, mean over {count} pictures"
    return f"{head} (n: on which the curves overlap)\n\n" + markdown(
        ["against", *METRICS.values()], rows
    )


def rate_table(curves: Curves, metric: str) -> str:
    rows = []
    for name, by_picture in curves.items():
        means = [
            Mean.of(at_rate(curve, metric, rate) for curve in by_picture.values()) for rate in RATES
        ]
        spec = f".{MEASURES[metric].digits}f"
        count = len(by_picture)
        rows.append(
            [
                name,
                *(
                    mean.text(spec, count) if mean and mean.count >= count / 2 else "-"
                    for mean in means
                ),
            ]
        )
    head = f"**{METRICS[metric]} at fixed bits per pixel** (n: pictures that reach the rate)"
    return f"{head}\n\n" + markdown(["bpp", *(f"{rate:g}" for rate in RATES)], rows)


def report(curves: Curves, span: Span) -> str:
    return "\n\n".join(
        [bd_table(curves, span), *(rate_table(curves, metric) for metric in METRICS)]
    )


def result(curves: Curves, span: Span, options: dict[str, Any]) -> dict[str, Any]:
    """Return all measurements, for write_json."""
    codecs = (ablc_codec(options), *(peer(name) for name in curves if name != "ablc"))
    rates = bd_rates(curves, span)
    return {
        "codecs": {
            codec.name: {"settings": codec.settings, "library": codec.library} for codec in codecs
        },
        "bd_range": span,
        "bd_rate": {
            name: {
                metric: mean and [mean.mean, mean.median, mean.count]
                for metric, mean in row.items()
            }
            for name, row in rates.items()
        },
        "curves": curves,
    }


def add_arguments(parser: argparse.ArgumentParser, images: str) -> None:
    """Add the arguments that all.py shares. images: the default, as in arguments.py."""
    add_run_arguments(parser, images)
    add_peers_argument(parser, PEERS_SHOWN)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, "tuning")
    parser.add_argument("--quick", action="store_true", help="seven pictures, six rates")
    parser.add_argument(
        "--bd-range", type=float, nargs=2, default=(0.05, 0.5), metavar=("LOW", "HIGH")
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/rd.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    options, span = dict(arguments.option), tuple(arguments.bd_range)
    images, peers, rates = arguments.images, arguments.peers, ()
    if arguments.quick:
        images = Path("quick") if images == Path("tuning") else images
        peers = list(QUICK_PEERS) if peers == PEERS_SHOWN else peers
        rates = QUICK_RATES
    curves = run(images, peers, options, arguments.cache, arguments.jobs, rates)
    print(report(curves, span))
    write_json(arguments.out, result(curves, span, options))


if __name__ == "__main__":
    main()
