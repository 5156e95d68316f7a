"""How long a caller waits for one picture; not part of the default test run.

    pytest tests/bench/test_latency.py --benchmark-only

The pictures are cut or tiled from a Kodak picture; the environment variable ABLC_DATA names the
folder that holds kodak/.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

import ablc

Picture = npt.NDArray[np.uint8]  # (H, W, 3) sRGB

SIZES = ((256, 256), (768, 512), (1920, 1080))  # width, height


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def picture(request: pytest.FixtureRequest) -> Picture:
    if "ABLC_DATA" not in os.environ:
        pytest.skip("ABLC_DATA does not name the folder that holds kodak/")
    width, height = request.param
    source = np.asarray(
        Image.open(Path(os.environ["ABLC_DATA"]) / "kodak" / "kodim23.png").convert("RGB")
    )
    repeats = (-(-height // source.shape[0]), -(-width // source.shape[1]), 1)
    return np.ascontiguousarray(np.tile(source, repeats)[:height, :width])


def test_encode(benchmark: BenchmarkFixture, picture: Picture) -> None:
    data = benchmark(ablc.encode, picture, threads=1)
    benchmark.extra_info["bytes"] = len(data)


def test_decode(benchmark: BenchmarkFixture, picture: Picture) -> None:
    decoded = benchmark(ablc.decode, ablc.encode(picture, threads=1), threads=1)
    assert decoded.shape == picture.shape
