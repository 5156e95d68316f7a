"""Rate against distortion: ablc beside JPEG, WebP, JPEG XL, AVIF and HEIC, all as whole files.

    python tests/bench/rd.py [--images FOLDER] [--peers AVIF,HEIC] [--option effort=7]

Prints BD-rates by SSIM, PSNR and MS-SSIM (negative: ablc needs fewer bits) and the metrics at fixed
rates. The peers' rows are kept in --cache, so that a rerun measures ablc alone.

bpp      8 * bytes of the whole file / pixels
PSNR     over R, G and B together, dB
SSIM     of luma, Gaussian window 11, sigma 1.5
MS-SSIM  five scales, the mean of R, G and B
BD-rate  package bjontegaard, PCHIP, of each picture on its own, then the mean over the pictures;
         SSIM and MS-SSIM enter as -10 log10(1 - s); only files within --bd-range bits per pixel do
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bjontegaard
import numpy as np
import numpy.typing as npt
from measuring import Cache, add_run_arguments, measure, progress
from peers import (
    PEERS,
    Codec,
    Picture,
    Row,
    ablc_codec,
    markdown,
    pictures,
    write_json,
)
from scipy.interpolate import PchipInterpolator

METRICS = {"ssim": "SSIM", "psnr": "PSNR", "ms_ssim": "MS-SSIM"}
RATES = (0.1, 0.15, 0.25, 0.5, 1.0)  # bits per pixel of the second table

Curve = list[Row]  # one codec on one picture, each row with its bpp
Curves = dict[str, dict[str, Curve]]  # by codec, then by picture
Line = npt.NDArray[np.float64]


# --- figures from curves --------------------------------------------------------------------------


def line(curve: Curve, metric: str) -> tuple[Line, Line]:
    """(bpp, metric) of a curve, bpp rising; of two files of the same size the later counts."""
    points = dict(sorted((row["bpp"], row[metric]) for row in curve if metric in row))
    return np.array(list(points)), np.array(list(points.values()))


def improving(bpp: Line, value: Line) -> tuple[Line, Line]:
    """The points that are better than all cheaper ones."""
    best = np.maximum.accumulate(np.concatenate(([-np.inf], value[:-1])))
    keep = value > best + 1e-9
    return bpp[keep], value[keep]


def bd_rate(anchor: Curve, tested: Curve, metric: str, span: tuple[float, float]) -> float | None:
    """Percent more bits (negative: fewer) that tested needs for the same quality.

    None where the curves hardly overlap.
    """
    lines = []
    for curve in (anchor, tested):
        bpp, value = line(curve, metric)
        within = (bpp >= span[0]) & (bpp <= span[1])
        if metric != "psnr":
            value = -10 * np.log10(np.maximum(1e-9, 1 - value))
        lines.append(improving(bpp[within], value[within]))
    (anchor_bpp, anchor_value), (tested_bpp, tested_value) = lines
    if min(len(anchor_bpp), len(tested_bpp)) < 3:
        return None
    overlap = min(anchor_value[-1], tested_value[-1]) - max(anchor_value[0], tested_value[0])
    if overlap < 0.1 * (anchor_value[-1] - anchor_value[0]):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every partial overlap
        return float(
            bjontegaard.bd_rate(
                anchor_bpp,
                anchor_value,
                tested_bpp,
                tested_value,
                method="pchip",
                require_matching_points=False,
                min_overlap=0,
            )
        )


def at_rate(curve: Curve, metric: str, rate: float) -> float | None:
    """The metric interpolated at rate; None if the curve does not reach it."""
    bpp, value = line(curve, metric)
    if len(bpp) < 2 or rate < bpp[0] * 0.98 or rate > bpp[-1] * 1.02:
        return None
    return float(PchipInterpolator(np.log2(bpp), value)(np.log2(np.clip(rate, bpp[0], bpp[-1]))))


@dataclass(frozen=True, slots=True)
class Mean:
    """Over the pictures on which the figure exists."""

    mean: float
    median: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Mean | None:
        found = [value for value in values if value is not None]
        return cls(float(np.mean(found)), float(np.median(found)), len(found)) if found else None

    def text(self, spec: str, pictures: int) -> str:
        return f"{self.mean:{spec}}" + ("" if self.count == pictures else f" ({self.count})")


def bd_rates(
    curves: Curves, span: tuple[float, float], tested: str = "ablc"
) -> dict[str, dict[str, Mean | None]]:
    """BD-rate of tested against every other codec, by codec and metric."""
    return {
        name: {
            metric: Mean.of(
                bd_rate(anchor[picture], curves[tested][picture], metric, span)
                for picture in anchor
            )
            for metric in METRICS
        }
        for name, anchor in curves.items()
        if name != tested
    }


# --- measuring ------------------------------------------------------------------------------------


def measure_curve(
    codec: Codec | None, options: dict[str, Any], picture: Picture, cache: Path
) -> Curve:
    """One codec's sweep on one picture; None stands for ablc, which is never cached."""
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
    """Curves of ablc and of the named peers on all pictures of a folder."""
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


def worker(name: str, options: dict[str, Any], picture: Picture, cache: Path) -> Curve:
    """measure_curve by the codec's name: codecs do not travel between processes."""
    return measure_curve(PEERS.get(name), options, picture, cache)


# --- printing -------------------------------------------------------------------------------------


def bd_table(curves: Curves, span: tuple[float, float]) -> str:
    rows = []
    for name, by_metric in bd_rates(curves, span).items():
        cells = [
            mean.text("+.1f", len(curves[name])) if mean else "-" for mean in by_metric.values()
        ]
        rows.append([f"{name} ({PEERS[name].settings})", *cells])
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
        spec = ".2f" if metric == "psnr" else ".4f"
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


def report(curves: Curves, span: tuple[float, float]) -> str:
    return "\n\n".join(
        [bd_table(curves, span), *(rate_table(curves, metric) for metric in METRICS)]
    )


def result(curves: Curves, span: tuple[float, float], options: dict[str, Any]) -> dict[str, Any]:
    """All that was measured, for write_json."""
    codecs = (ablc_codec(options), *(PEERS[name] for name in curves if name != "ablc"))
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


def peer_names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PEERS]:
        raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument("--peers", type=peer_names, default=list(PEERS), metavar="NAME,...")


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
