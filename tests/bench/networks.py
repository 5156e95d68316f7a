"""Quality of painted pictures, and cost of the networks.

    python tests/bench/networks.py [--models FOLDER] [--fill fill-small ...] [--jobs 2]

Takes ONNX files: fill-*.onnx, encoder-X.onnx with generator-X.onnx, and stage2-small.onnx.
"classical" is the decoded picture as it goes into N. Measures, with those of perceptual.py and
network_graphs.py:

fixed quality   all pictures at each of QUALITIES, default effort: means over the pictures, what a
                fill changes in brackets. Below that PSNR and SSIM of all pixels in kept and of all
                in dropped blocks, over the pixels of all pictures together (of the SSIM map, which
                has no border, the places whose centre lies there)
BD-rate         as rd.py does it, of codec and fill against each peer; LPIPS as -10 log10
G(E(x))         the original through encoder and generator
stage II        a small picture in the file, the rest painted (stage2.py)
cost            multiply-adds and parameters, and seconds of one pass
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import network_cards
import network_graphs as graphs
import network_sheet
import numpy as np
import numpy.typing as npt
import perceptual
import stage2
from arguments import add_weights_argument, pictures
from measuring import Cache, add_run_arguments, each_picture, peer_names, progress
from network_tables import BD_METRICS, SPAN, report
from printing import write_json
from regions import SSIM_BORDER

import ablc
from ablc import metrics
from ablc.arrays import CELL, Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.paper.stage2 import NETWORK
from ablc.eval.rd import curves as curve_figures
from ablc.eval.rd.curves import Curve, Curves
from ablc.peers.ablc_codec import QUALITIES as SWEEP
from ablc.peers.libraries import peer
from ablc.runtime import registry

# About .09, .17 and .29 bits per pixel of the Kodak set, in the mean; and finer ones, to see
# where the networks stop being of use.
QUALITIES = (25, 35, 43, 60, 75)
PEERS_SHOWN = ["JPEG", "WebP m6", "JPEG XL e7", "AVIF s6 iq"]
MODELS = Path(__file__).parents[2] / "runtime" / "models"
PARTS = ("quality", "bd", "latent", "stage2", "cost")

HEAD = """# Networks, measured

By `python tests/bench/networks.py > docs/NETWORKS.md` with ablc {version} on the Kodak pictures,
none of which was seen in training; changes over the classical fill stand in brackets. The networks
run in ONNX Runtime as in `ablc.decode`, so that the pictures keep what the stream guarantees.
LPIPS of SqueezeNet is what `fill-small-perceptual` was trained on, so it judges nothing there;
LPIPS of AlexNet and the texture distance do. Times are those of one run on a shared machine.
"""


@dataclass(frozen=True, slots=True)
class Nets:
    """Files of networks by id, and the folder of the perceptual metrics."""

    fills: dict[str, Path]
    latents: dict[str, tuple[Path, Path]]  # encoder and generator
    stage2: dict[str, Path]  # one or none
    weights: Path

    @property
    def files(self) -> dict[str, Path]:
        pairs = [path for pair in self.latents.values() for path in pair]
        return {**self.fills, **{path.stem: path for path in pairs}, **self.stage2}


def nets_in(folder: Path, fills: Iterable[str] | None, weights: Path) -> Nets:
    """Return the networks of a folder; fills: ids of the fills, None for all."""
    files = {path.stem: path for path in sorted(folder.glob("fill-*.onnx"))}
    if unknown := set(fills or ()) - set(files):
        known = ", ".join(files) or "none"
        raise SystemExit(f"no {', '.join(sorted(unknown))} in {folder}; there are: {known}")
    pairs = {}
    for encoder in sorted(folder.glob("encoder-*.onnx")):
        generator = encoder.with_name(encoder.name.replace("encoder", "generator", 1))
        if generator.is_file():
            pairs[encoder.stem.removeprefix("encoder-")] = (encoder, generator)
    chosen = list(files) if fills is None else list(fills)
    second = folder / f"{NETWORK}.onnx"
    return Nets(
        {name: files[name] for name in chosen},
        pairs,
        {NETWORK: second} if second.is_file() else {},
        weights,
    )


# --- one picture ----------------------------------------------------------------------------------


def at_qualities(
    picture: Pixels, nets: Nets, options: dict[str, Any]
) -> dict[str, dict[str, Measurements]]:
    """Return all measures by quality and fill."""
    outcome = {}
    for quality in QUALITIES:
        data = ablc.encode(picture, quality=quality, **options)
        shown = graphs.painted(data, nets.fills)
        height, width, _ = picture.shape
        kept = ablc.keep_mask(data).repeat(CELL, 0).repeat(CELL, 1)[:height, :width]
        rows = perceptual.compare(picture, list(shown.values()), nets.weights)
        outcome[str(quality)] = {
            name: {"bpp": bpp(data, picture), **row, **sums(picture, shown[name], kept)}
            for name, row in zip(shown, rows, strict=True)
        }
    return outcome


def bpp(data: bytes, picture: Pixels) -> float:
    return 8 * len(data) / (picture.shape[0] * picture.shape[1])


def sums(picture: Pixels, shown: Pixels, kept: npt.NDArray[np.bool_]) -> Measurements:
    """Return sums of squared errors and SSIM over the pixels in kept and in dropped blocks."""
    error = np.square(picture.astype(np.float64) - shown).mean(-1)  # (H, W)
    similar = metrics.ssim_map(picture, shown)  # (H - 10, W - 10)
    outcome: Measurements = {}
    for part, mask in (("kept", kept), ("dropped", ~kept)):
        inner = mask[SSIM_BORDER:-SSIM_BORDER, SSIM_BORDER:-SSIM_BORDER]
        outcome[f"{part}_pixels"] = int(mask.sum())
        outcome[f"{part}_error"] = float(error[mask].sum())
        outcome[f"{part}_places"] = int(inner.sum())
        outcome[f"{part}_similar"] = float(similar[inner].sum())
    return outcome


def curves_of(picture: Pixels, nets: Nets, options: dict[str, Any]) -> dict[str, Curve]:
    """Return the files within SPAN of rd.py's sweep, by fill."""
    outcome: dict[str, Curve] = {graphs.CLASSICAL: [], **{name: [] for name in nets.fills}}
    for quality in SWEEP:
        data = ablc.encode(picture, quality=quality, **options)
        rate = bpp(data, picture)
        if rate > SPAN[1]:
            break
        if rate >= SPAN[0]:
            shown = graphs.painted(data, nets.fills)
            rows = perceptual.compare(picture, list(shown.values()), nets.weights, briefly=True)
            for name, row in zip(shown, rows, strict=True):
                outcome[name].append({"quality": quality, "bpp": rate, **row})
    return outcome


def rebuilt(picture: Pixels, nets: Nets) -> dict[str, Measurements]:
    """Return all measures of G(E(picture)) by pair."""
    shown = {name: graphs.rebuild(*pair, picture) for name, pair in nets.latents.items()}
    rows = perceptual.compare(picture, list(shown.values()), nets.weights)
    return dict(zip(shown, rows, strict=True))


# --- all pictures ---------------------------------------------------------------------------------


def peer_curve(name: str, picture: Pixels, cache: Path, weights: Path) -> Curve:
    kept = Cache(
        cache,
        functools.partial(perceptual.measure_file, weights=weights),
        functools.partial(perceptual.measures_fingerprint, weights),
    )
    size = picture.shape[0] * picture.shape[1]
    codec = peer(name)
    rows = kept.measure(codec, picture, codec.qualities)
    return [
        {"quality": quality, "bpp": 8 * row["bytes"] / size, **row} for quality, row in rows.items()
    ]


def peer_curves(
    images: Path, peers: Iterable[str], cache: Path, weights: Path, jobs: int
) -> Curves:
    shown = pictures(images)
    curves: Curves = {name: {} for name in peers}
    done = progress(len(curves) * len(shown), "curves of peers")
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {
            (name, title): pool.submit(peer_curve, name, picture, cache, weights)
            for name in curves
            for title, picture in shown.items()
        }
        for (name, title), future in waiting.items():
            curves[name][title] = future.result()
            next(done)
    return curves


def run(
    images: Path,
    nets: Nets,
    peers: Iterable[str],
    options: dict[str, Any],
    cache: Path,
    jobs: int,
    parts: Iterable[str] = PARTS,
) -> dict[str, Any]:
    """Return the measurements by part."""
    options = {"threads": 1, **options}
    outcome: dict[str, Any] = {}
    if "quality" in parts:
        outcome["quality"] = each_picture(at_qualities, images, jobs, nets, options)
    if "bd" in parts:
        own = by_codec(each_picture(curves_of, images, jobs, nets, options))
        outcome["bd"] = {"curves": own | peer_curves(images, peers, cache, nets.weights, jobs)}
        outcome["bd"]["rates"] = bd_rates(outcome["bd"]["curves"], list(own))
    if "latent" in parts and nets.latents:
        outcome["latent"] = each_picture(rebuilt, images, jobs, nets)
    if "stage2" in parts and nets.stage2:
        outcome["stage2"] = each_picture(stage2.at_qualities, images, jobs, nets.weights, options)
    if "cost" in parts:
        outcome["cost"] = {name: graphs.cost(path) for name, path in nets.files.items()}
    return outcome


def by_codec(by_picture: Mapping[str, Mapping[str, Curve]]) -> Curves:
    curves: Curves = {}
    for title, of_picture in by_picture.items():
        for name, curve in of_picture.items():
            codec = "ablc" if name == graphs.CLASSICAL else f"ablc + {name}"
            curves.setdefault(codec, {})[title] = curve
    return curves


def bd_rates(curves: Curves, own: list[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return per cent, [mean, median, pictures], of each of our codecs against the others.

    The first of our own counts among the others for the rest of them.
    """
    peers = [name for name in curves if name not in own]
    return {
        tested: {
            anchor: bd_row(curves[anchor], curves[tested])
            for anchor in (peers if tested == own[0] else [own[0], *peers])
        }
        for tested in own
    }


def bd_row(anchor: dict[str, Curve], tested: dict[str, Curve]) -> dict[str, list[float] | None]:
    rates = curve_figures.bd_rates(anchor, tested, BD_METRICS, SPAN)
    return {metric: mean and [mean.mean, mean.median, mean.count] for metric, mean in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser)
    add_weights_argument(parser)
    parser.add_argument("--models", type=Path, default=MODELS, metavar="FOLDER")
    parser.add_argument("--fill", nargs="+", metavar="ID", help="default: all of the folder")
    parser.add_argument("--peers", type=peer_names, default=PEERS_SHOWN, metavar="NAME,...")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="pictures side by side")
    parser.add_argument(
        "--json", type=Path, default=Path("results/networks.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    options, images = dict(arguments.option), arguments.images
    nets = nets_in(arguments.models, arguments.fill, arguments.weights)
    os.environ[registry.VARIABLE] = str(arguments.models)  # where stage II looks
    outcome = run(
        images, nets, arguments.peers, options, arguments.cache, arguments.jobs, arguments.parts
    )
    print(HEAD.format(version=ablc.__version__))
    print(report(outcome))
    write_json(arguments.json, {**outcome, "cards": network_cards.figures(outcome)})
    if arguments.sheet:
        network_sheet.write(arguments.sheet, images, nets.fills, QUALITIES, options)


if __name__ == "__main__":
    main()
