"""The effect of the latent update on dropped blocks, compared with the feed-forward fill.

    python tests/bench/latent_sweep.py [--every 3] [--jobs 2]

For every setting it prints the changes of LPIPS (AlexNet) and SSIM over fill="net" in dropped
blocks alone: all kept pixels of both pictures are replaced by the original's before the comparison.
LPIPS is that of the whole picture, SSIM the mean of its map over centres in dropped blocks. Results
are means over the pictures whose share of dropped blocks is at least DROPPED_LEAST. With "rdo" the
encoder chooses the dropped blocks, with "masked" 60 % of all blocks are dropped at random. share
is that of the detail that is taken from G; "perceptual" is the fill trained for looks instead,
in dropped blocks.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import perceptual
from arguments import add_pictures_argument, add_weights_argument, pictures
from printing import markdown
from regions import SSIM_BORDER

import ablc
from ablc import _core, metrics
from ablc.arrays import Pixels
from ablc.runtime import fill, latent, registry
from ablc.runtime.cards import ModelCard
from ablc.runtime.detail_transfer import transfer_detail
from ablc.runtime.fill import CELL, Part
from ablc.runtime.loss_targets import Targets
from ablc.runtime.painter import Painter
from ablc.runtime.tiles import Window

QUALITIES = (25, 35)  # about .09 and .17 bits per pixel
SHARES = (0.15, 0.25, 0.5, 1.0)
ITERATIONS = (0, 8)  # K
RATES = (0.02, 0.05)
DROPPED_LEAST = 0.01
MASKS: dict[str, ablc.Scheme] = {
    "rdo": ablc.Scheme("rdo"),
    "masked": ablc.Scheme("random-blocks", 0.4),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A setting of the update."""

    k: int
    rate: float
    share: float

    @property
    def name(self) -> str:
        how = f", rate {self.rate:g}" if self.k else ""
        return f"K = {self.k}{how}, share {self.share:g}"


def cases() -> Iterator[Case]:
    for k in ITERATIONS:
        for rate in RATES if k else RATES[:1]:
            for share in SHARES:
                yield Case(k, rate, share)


def measured(picture: Pixels, weights: Path) -> dict[str, dict[str, list[float]]]:
    """Return LPIPS and SSIM of dropped blocks, by stream and setting."""
    painter = Painter("cpu", 1)
    results = {}
    for mask, scheme in MASKS.items():
        for quality in QUALITIES:
            data = ablc.encode(picture, quality=quality, mask=scheme, threads=1)
            shown, dropped = painted(data, painter)
            if dropped.mean() >= DROPPED_LEAST:
                judged = {name: judge(picture, p, dropped, weights) for name, p in shown.items()}
                results[f"{mask}, quality {quality}"] = judged
    return results


def painted(data: bytes, painter: Painter) -> tuple[dict[str, Pixels], np.ndarray]:
    """Return the picture of every setting, and a mask of the pixels in dropped blocks."""
    decoded, _, guide = _core.Stream(data, max_pixels=1 << 24).decode_guided()
    assert guide is not None
    part, window = Part(decoded, guide), Window(0, 0, *decoded.shape[:2])
    run = painter.sessions.get

    def of(name: str) -> ModelCard:
        return registry.card(name)

    (filled,) = fill.run(run(of("fill-small")), [(part, window)])
    (looks,) = fill.run(run(of("fill-small-perceptual")), [(part, window)])
    cells = part.kept
    kept = cells.repeat(CELL, 0).repeat(CELL, 1)
    h0 = run(of("encoder-small")).run({"picture": filled[np.newaxis]})[0][0]
    generated = {(0, RATES[0]): run(of("generator-small")).run({"h": h0[np.newaxis]})[0][0]}
    targets = Targets(known=filled, mask=kept)
    for k in filter(None, ITERATIONS):
        for rate in RATES:
            settings = latent.UpdateSettings(iterations=k, rate=rate)
            generated[k, rate] = latent.run(run(of("step-small")), h0, targets, settings).picture
    planes = {"net": filled, "perceptual": np.where(kept > 0, filled, looks)}
    for case in cases():
        planes[case.name] = transfer_detail(filled, generated[case.k, case.rate], cells, case.share)
    shown = {}
    for name, plane in planes.items():
        shown[name] = decoded.copy()
        guide.project(shown[name], plane)
    return shown, kept == 0


def judge(picture: Pixels, shown: Pixels, dropped: np.ndarray, weights: Path) -> list[float]:
    mixed = np.where(dropped[:, :, np.newaxis], shown, picture)
    inner = dropped[SSIM_BORDER:-SSIM_BORDER, SSIM_BORDER:-SSIM_BORDER]
    similar = metrics.ssim_map(picture, mixed)[inner].mean()
    return [perceptual.lpips(picture, mixed, weights), float(similar), dropped.mean()]


def report(result: list[dict[str, dict[str, list[float]]]]) -> str:
    streams = list(dict.fromkeys(stream for row in result for stream in row))
    parts = []
    for stream in streams:
        rows = [row[stream] for row in result if stream in row]
        means = {name: np.mean([row[name] for row in rows], 0) for name in rows[0]}
        lpips, ssim, dropped = means["net"]
        head = f"**{stream}**: {dropped:.1%} dropped, {len(rows)} pictures; "
        head += f"net: LPIPS {lpips:.4f}, SSIM {ssim:.4f}"
        lines = [
            [name, f"{100 * (mean[0] / lpips - 1):+.2f} %", f"{mean[1] - ssim:+.5f}"]
            for name, mean in means.items()
            if name != "net"
        ]
        parts.append(f"{head}\n\n{markdown(['', 'LPIPS-AlexNet', 'SSIM'], lines)}")
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pictures_argument(parser)
    add_weights_argument(parser)
    parser.add_argument("--every", type=int, default=3, metavar="N", help="take every Nth picture")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    arguments = parser.parse_args()
    chosen = list(pictures(arguments.images).values())[:: arguments.every]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        result = list(pool.map(measured, chosen, [arguments.weights] * len(chosen)))
    print(report(result))


if __name__ == "__main__":
    main()
