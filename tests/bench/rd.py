"""Rate against distortion of ablc, JPEG, WebP, JPEG XL, AVIF and HEIC, all as whole files.

    python tests/bench/rd.py [--images FOLDER] [--peers AVIF,HEIC] [--option effort=7]

Prints BD-rates by SSIM, PSNR and MS-SSIM (negative: ablc needs fewer bits) and the metrics at fixed
rates. Rows of other codecs are kept in --cache, so that a second run measures ablc alone.

bpp      8 * bytes of the whole file / pixels
PSNR     over R, G and B together, dB
SSIM     of luma, Gaussian window 11, sigma 1.5
MS-SSIM  five scales, the mean of R, G and B
BD-rate  package bjontegaard, PCHIP, for each picture separately, then the mean over the pictures;
         SSIM and MS-SSIM enter as -10 log10(1 - s), files within --bd-range bits per pixel only
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from arguments import pictures
from measuring import Cache, add_peers_argument, add_run_arguments, measure, progress
from printing import markdown, write_json

from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import MEASURES
from ablc.eval.rd import curves as curve_figures
from ablc.eval.rd.curves import Curve, Curves, Mean, Span, at_rate
from ablc.peers.ablc_codec import ablc_codec
from ablc.peers.codec import Codec
from ablc.peers.libraries import peer

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


def bd_rates(curves: Curves, span: Span, tested: str = "ablc") -> dict[str, dict[str, Mean | None]]:
    """Return BD-rates of tested against every other codec, by codec and metric."""
    return {
        name: curve_figures.bd_rates(anchor, curves[tested], METRICS, span)
        for name, anchor in curves.items()
        if name != tested
    }


# --- measuring ------------------------------------------------------------------------------------


def measure_curve(
    codec: Codec | None, options: dict[str, Any], picture: Pixels, cache: Path
) -> Curve:
    """Return the curve of a codec on a picture; None stands for ablc, which is never cached."""
    if codec is None:
        codec = ablc_codec(options)
        rows = {quality: measure(codec, picture, quality) for quality in codec.qualities}
    else:
        rows = Cache(cache).measure(codec, picture, codec.qualities)
    pixels = picture.shape[0] * picture.shape[1]
    return [
        {"quality": quality, "bpp": 8 * row["bytes"] / pixels, **row}
        for quality, row in rows.items()
    ]


def run(
    images: Path, peers: Sequence[str], options: dict[str, Any], cache: Path, jobs: int
) -> Curves:
    """Return curves of ablc and of the named peers on all pictures of a folder."""
    curves: Curves = {name: {} for name in ("ablc", *peers)}
    done = progress(len(curves) * len(shown := pictures(images)), "curves")
    with ProcessPoolExecutor(jobs) as pool:
        waiting: dict[tuple[str, str], Future[Curve]] = {
            (name, title): pool.submit(worker, name, options, picture, cache)
            for name in curves
            for title, picture in shown.items()
        }
        for (name, title), future in waiting.items():
            curves[name][title] = future.result()
            next(done)
    return curves


def worker(name: str, options: dict[str, Any], picture: Pixels, cache: Path) -> Curve:
    """Call measure_curve by the codec's name, since codecs cannot be pickled."""
    return measure_curve(None if name == "ablc" else peer(name), options, picture, cache)


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    add_peers_argument(parser, PEERS_SHOWN)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument(
        "--bd-range", type=float, nargs=2, default=(0.05, 0.5), metavar=("LOW", "HIGH")
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/rd.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    options, span = dict(arguments.option), tuple(arguments.bd_range)
    curves = run(arguments.images, arguments.peers, options, arguments.cache, arguments.jobs)
    print(report(curves, span))
    write_json(arguments.out, result(curves, span, options))


if __name__ == "__main__":
    main()
