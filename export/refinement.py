"""Trains the refinement filters of the format and writes csrc/refine_tables.inc.

The last stage of the integer decoder filters every 4x4 block of the luma with one of 45 symmetric
filters (docs/FORMAT.md, Refinement). They are fitted here by least squares, one set for each band
of quantisation steps, so that they undo what the quantiser does to photographs. An extension built
with ABLC_STATISTICS gives the decoded pictures before refinement.

    cmake -S . -B build/statistics -DABLC_STATISTICS=ON && cmake --build build/statistics
    python -m ablc.export.refinement --core build/statistics --data FOLDER_OR_TAR ...

Axis letters: H W pixels; R C 4x4 blocks; K classes; P pairs of taps opposite the centre.
"""

import argparse
import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels
from ablc.export.codec_data import (
    BANDS,
    add_arguments,
    load_core,
    load_pictures,
    smaller,
    steps,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DIAMOND = [(dy, dx) for dy in range(-3, 4) for dx in range(-3, 4) if abs(dy) + abs(dx) <= 3]
PAIRS = DIAMOND[:12]  # the half before the centre in reading order, (dy, dx)
CLASSES = 45
STRENGTHS = (2, 4, 8, 16)  # mean second differences of a sample, grey levels
SHIFT = 7  # weights are in 1/128
MOST = 60  # largest clipped difference, grey levels
POWER = 0.5  # of the local variance in the weight of an error: between PSNR and SSIM
STRENGTH = 0.75  # of the least-squares weights: the full weights lower SSIM by smoothing
RIDGE = 0.01  # pull of each class towards the pooled filter


def around(plane: Ints, dy: int, dx: int) -> Ints:
    """Return the samples at an offset from those of a plane that is padded by 3."""
    height, width = plane.shape[0] - 6, plane.shape[1] - 6
    inner: Ints = plane[3 + dy : 3 + dy + height, 3 + dx : 3 + dx + width]
    return inner


def classes(luma: Pixels) -> Ints:
    """Return the class, 0..44, of every pixel, (H, W), as csrc/refine.cpp computes it."""
    height, width = luma.shape
    padded = np.pad(luma.astype(np.int64), 3, mode="edge")
    twice = 2 * around(padded, 0, 0)
    rows, cols = -(-height // 4), -(-width // 4)
    sums = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        bend = np.abs(twice - around(padded, -dy, -dx) - around(padded, dy, dx))
        bend = np.pad(bend, ((2, 2 + 4 * rows - height), (2, 2 + 4 * cols - width)), mode="edge")
        halves = bend.reshape(2 * rows + 2, 2, 2 * cols + 2, 2).sum((1, 3))
        corners = [(i, j) for i in range(4) for j in range(4)]
        sums.append(sum(halves[i : i + 2 * rows : 2, j : j + 2 * cols : 2] for i, j in corners))
    across, down, falling, rising = sums
    strength = np.digitize(across + down, [64 * s for s in STRENGTHS])
    straight_most, straight_least = np.maximum(across, down), np.minimum(across, down)
    oblique_most, oblique_least = np.maximum(falling, rising), np.minimum(falling, rising)
    straight = straight_most * oblique_least > oblique_most * straight_least
    most = np.where(straight, straight_most, oblique_most)
    least = np.where(straight, straight_least, oblique_least)
    direction = np.where(straight, np.where(across > down, 0, 1), np.where(falling > rising, 2, 3))
    directed = 1 + 2 * direction + (most > 3 * least)
    blocks = strength * 9 + np.where(2 * most <= 3 * least, 0, directed)
    pixels: Ints = np.repeat(np.repeat(blocks, 4, 0), 4, 1)[:height, :width]
    return pixels


def clip_of(step: int) -> int:
    """Return the bound of a difference for a step in 1/16 grey level."""
    return min(MOST, max(2, (3 * step + 80) // 160))


def differences(luma: Pixels, most: int) -> Ints:
    """Return (H, W, P) sums of the clipped differences of a pair's taps from the centre."""
    padded = np.pad(luma.astype(np.int64), 3, mode="edge")
    centre = around(padded, 0, 0)

    def clipped(dy: int, dx: int) -> Ints:
        near: Ints = np.clip(around(padded, dy, dx) - centre, -most, most)
        return near

    return np.stack([clipped(dy, dx) + clipped(-dy, -dx) for dy, dx in PAIRS], -1)


def block_weight(luma: Pixels) -> Floats:
    """Return (H, W) weights of errors: SSIM divides by the local variance."""
    plane = luma.astype(np.float64)
    mean = cv2.blur(plane, (9, 9))
    variance = np.maximum(cv2.blur(plane * plane, (9, 9)) - mean * mean, 0)
    weight: Floats = ((2 * variance + 58) / 658) ** -POWER
    return weight


def statistics(job: tuple[Path, Sequence[Pixels], int]) -> tuple[Floats, Floats]:
    """Return normal equations (bands, K, P, P) and (bands, K, P) of some pictures.

    job: path of the extension, grey pictures (H, W), seed.
    """
    core, pictures, seed = job
    os.environ["ABLC_NO_REFINE"] = "1"
    codec = load_core(core)
    rng = np.random.default_rng(seed)
    bands = len(BANDS)
    left = np.zeros((bands, CLASSES, len(PAIRS), len(PAIRS)))
    right = np.zeros((bands, CLASSES, len(PAIRS)))
    for picture in pictures:
        for b, step in enumerate(steps(rng)):
            source = smaller(picture, rng)
            stream = codec.encode(np.ascontiguousarray(source)[..., None], step=step, effort=6)
            decoded = codec.Stream(stream).decode()[0][..., 0]
            of_class, weight = classes(decoded), block_weight(source)
            features = differences(decoded, clip_of(step))
            target = source.astype(np.float64) - decoded
            for k in range(CLASSES):
                here = of_class == k
                f = features[here].astype(np.float64)
                weighted = f * weight[here][:, None]
                left[b, k] += weighted.T @ f
                right[b, k] += weighted.T @ target[here]
    return left, right


def solve(left: Floats, right: Floats) -> Ints:
    """Return weights in 1/128, (bands, K, P).

    Raises ValueError if they do not fit the decoder's 16-bit sums.
    """
    weights = np.zeros(right.shape)
    for b in range(left.shape[0]):
        pooled_left, pooled_right = left[b].sum(0), right[b].sum(0)
        for k in range(CLASSES):
            pull = RIDGE * np.trace(left[b, k]) / np.trace(pooled_left) + 1e-4
            system = left[b, k] + pull * pooled_left + np.eye(len(PAIRS))
            weights[b, k] = np.linalg.solve(system, right[b, k] + pull * pooled_right)
    fixed: Ints = np.round(STRENGTH * weights * (1 << SHIFT)).astype(np.int64)
    # The decoder sums in 16 bits.
    if (np.abs(fixed).sum(-1) * 2 * MOST >= (1 << 15) - 64).any():
        raise ValueError("a filter's weights are too large for the decoder's 16-bit sums")
    return fixed


def source_text(weights: Ints) -> str:
    """Return the text of csrc/refine_tables.inc for weights (bands, K, P)."""
    bands = ["{" + ",\n".join("{" + ", ".join(map(str, r)) + "}" for r in b) + "}" for b in weights]
    size = "".join(f"[{n}]" for n in weights.shape)
    lines = [
        "// Generated by `python -m ablc.export.refinement`; do not edit. Part of the format.",
        "// Refinement filters [step band][class][pair of taps], in 1/128.",
        "// clang-format off",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace ablc {",
        "",
        f"inline constexpr std::int16_t kRefine{size} = {{",
        ",\n".join(bands) + "};",
        "",
        "}  // namespace ablc",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Collect the equations in processes, solve them and write the filters."""
    parser = argparse.ArgumentParser(description="Train the refinement filters of the format.")
    add_arguments(parser, Path("csrc/refine_tables.inc"))
    args = parser.parse_args()
    grey: list[Pixels] = [
        np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8)
        for p in load_pictures(args.data, args.limit)
    ]
    with multiprocessing.Pool(args.jobs) as pool:
        shares = [(args.core, grey[j :: args.jobs], j) for j in range(args.jobs)]
        parts = pool.map(statistics, shares)
    left, right = (np.sum(sides, axis=0) for sides in zip(*parts, strict=True))
    args.out.write_text(source_text(solve(left, right)))


if __name__ == "__main__":
    main()
