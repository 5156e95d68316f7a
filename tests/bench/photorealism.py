"""The effect of the latent update's photorealism term on dropped blocks.

    python tests/bench/photorealism.py [--jobs 2]

It compares the picture of fill="net" with those after 8 updates with several weights of the term,
for streams of BPP with the encoder's own mask and with the blocks near edges. LPIPS (AlexNet) and
SSIM are as in latent_sweep.py, PSNR is that of dropped pixels alone; seconds are processor time of
one core.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from arguments import add_pictures_argument, add_weights_argument, pictures
from latent_sweep import judge
from printing import markdown

import ablc
from ablc.arrays import Pixels
from ablc.eval.paper.latent_update import refine
from ablc.runtime.fill import CELL
from ablc.runtime.latent import WEIGHTS, UpdateSettings

BPP = 0.17
NAMES = ("kodim03", "kodim05", "kodim08", "kodim15", "kodim19", "kodim23")
MASKS: dict[str, ablc.Scheme] = {
    "rdo": ablc.Scheme("rdo"),
    "edge-blocks": ablc.Scheme("edge-blocks", 0.3),
}
TERM_WEIGHTS = (0.0, 1.0, 10.0, 100.0, 1000.0)
HEADINGS = ["", "LPIPS-AlexNet", "SSIM", "PSNR, dB", "seconds"]


def measured(picture: Pixels, weights: Path) -> dict[str, dict[str, list[float]]]:
    """Return LPIPS, SSIM, PSNR of dropped blocks, and seconds, by mask and setting."""
    result = {}
    for mask, scheme in MASKS.items():
        data = ablc.encode(picture, bpp=BPP, mask=scheme, threads=1)
        kept = ablc.keep_mask(data).repeat(CELL, 0).repeat(CELL, 1)
        dropped = ~kept[: picture.shape[0], : picture.shape[1]]
        shown = {"net": ablc.decode(data, fill="net", provider="cpu", threads=1)}
        rows = {"net": [*judged(picture, shown["net"], dropped, weights), 0.0, dropped.mean()]}
        refine(data, None, threads=1)  # loads the networks
        for weight in TERM_WEIGHTS:
            settings = UpdateSettings(weights={**WEIGHTS, "photorealism": weight})
            begun = time.process_time()
            refined = refine(data, settings, threads=1)
            seconds = time.process_time() - begun
            figures = judged(picture, refined, dropped, weights)
            rows[f"weight {weight:g}"] = [*figures, seconds, dropped.mean()]
        result[mask] = rows
    return result


def judged(picture: Pixels, shown: Pixels, dropped: np.ndarray, weights: Path) -> list[float]:
    lpips, ssim, _ = judge(picture, shown, dropped, weights)
    error = np.square(picture.astype(float) - shown)[dropped].mean()
    return [lpips, ssim, 10 * np.log10(255**2 / error)]


def report(result: list[dict[str, dict[str, list[float]]]]) -> str:
    parts = []
    for mask in MASKS:
        means = {n: np.mean([row[mask][n] for row in result], 0) for n in result[0][mask]}
        share = means["net"][-1]
        lines = [
            [name, f"{lpips:.4f}", f"{ssim:.4f}", f"{psnr:.2f}", f"{seconds:.1f}"]
            for name, (lpips, ssim, psnr, seconds, _) in means.items()
        ]
        parts.append(f"**{mask}**, {share:.1%} dropped\n\n{markdown(HEADINGS, lines)}")
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pictures_argument(parser)
    add_weights_argument(parser)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    arguments = parser.parse_args()
    chosen = [picture for name, picture in pictures(arguments.images).items() if name in NAMES]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        result = list(pool.map(measured, chosen, [arguments.weights] * len(chosen)))
    print(report(result))


if __name__ == "__main__":
    main()
