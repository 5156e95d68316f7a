"""Fits the forecast of stream lengths and prints the table of ablc/size_forecast.py.

python -m ablc.export.size_forecast --data FOLDER_OR_TAR ...
"""

import argparse
import multiprocessing
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablc import _core, size_forecast
from ablc.arrays import Pixels
from ablc.export.codec_data import load_pictures

STEPS = [round(2**knot) for knot in size_forecast.KNOTS]
RIDGE = 1e-3  # keeps the coefficients of neighbouring scales from growing against each other

Floats = npt.NDArray[np.float64]


def measure(picture: Pixels) -> Floats:
    """Return the logarithms of a picture's bits per pixel at each of STEPS."""
    area = picture.shape[0] * picture.shape[1]
    return np.array([np.log(8 * len(_core.encode(picture, step=step)) / area) for step in STEPS])


def fit(features: Floats, measured: Floats) -> Floats:
    """Return coefficients (K, F): measured (N, K) as linear functions of features (N, F)."""
    square = features.T @ features + RIDGE * len(features) * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(square, features.T @ measured).T, np.float64)


def main() -> None:
    """Measure pictures in processes, fit the table and print it."""
    parser = argparse.ArgumentParser(description="Fit the forecast of stream lengths.")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files")
    parser.add_argument("--limit", type=int, default=240, help="number of pictures")
    options = parser.parse_args()
    pictures = load_pictures(options.data, options.limit)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        measured = np.stack(pool.map(measure, pictures))  # (N, K)
    features = np.stack([size_forecast.features(picture) for picture in pictures])  # (N, F)
    table = fit(features, measured)
    error = measured - features @ table.T
    print("rms error of the logarithm by step:", np.round(error.std(axis=0), 3))
    print("TABLE = (")
    for row in table:
        print("    (" + ", ".join(f"{value:.4f}" for value in row) + "),")
    print(")")


if __name__ == "__main__":
    main()
