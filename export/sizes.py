"""Fits the forecast of stream sizes and prints the table of ablc/size_forecast.py.

python -m ablc.export.sizes --data FOLDER_OR_TAR ...
"""

import argparse
import multiprocessing
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablc import _core, size_forecast
from ablc.export import contexts

STEPS = [round(2**knot) for knot in size_forecast.KNOTS]
RIDGE = 1e-3  # keeps the coefficients of neighbouring scales from fighting

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def measure(picture: Picture) -> Floats:
    """Log bits per pixel of a picture at every one of STEPS."""
    area = picture.shape[0] * picture.shape[1]
    return np.array([np.log(8 * len(_core.encode(picture, step=step)) / area) for step in STEPS])


def fit(features: Floats, measured: Floats) -> Floats:
    """Coefficients (K, F) of measured (N, K) as linear functions of features (N, F)."""
    square = features.T @ features + RIDGE * len(features) * np.eye(features.shape[1])
    fitted: Floats = np.linalg.solve(square, features.T @ measured).T
    return fitted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, default=240, help="pictures")
    options = parser.parse_args()
    found = contexts.load_pictures(options)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        measured = np.stack(pool.map(measure, found))  # (N, K)
    features = np.stack([size_forecast.features(picture) for picture in found])  # (N, F)
    table = fit(features, measured)
    error = measured - features @ table.T
    print("rms error of the logarithm by step:", np.round(error.std(axis=0), 3))
    print("TABLE = (")
    for row in table:
        print("    (" + ", ".join(f"{value:.4f}" for value in row) + "),")
    print(")")


if __name__ == "__main__":
    main()
