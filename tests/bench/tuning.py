"""The pictures on which the codec is tuned, so that Kodak is looked at only at the end.

    python tests/bench/tuning.py FOLDER [--quick]

writes them to a folder, as PNG, for `ablc reproduce rd FOLDER` and other programs. Benchmarks take
them by --images tuning, the first seven by --images quick. They come from $ABLC_DATA/train, of
larger ones the middle of as many pixels as a Kodak picture has: landscapes, buildings, faces,
plants, food, water, smooth and busy ones. The tables of the format were trained on these shards
too, as were other pictures: what is tuned here has to be confirmed on Kodak.
"""

from __future__ import annotations

import argparse
import io
import os
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from ablc.arrays import Pixels
from ablc.eval.crop import middle

SHARD = "shard-00.tar"
PIXELS_MOST = 768 * 512
QUICK = (
    "cid_1b4a1358",  # mountains
    "cid_32d87519",  # rhinoceroses in dry grass
    "cid_c8a1d4f3",  # wooden houses
    "clic_3bb7aae0",  # a toy before a smooth wall
    "clic_83ccd2e2",  # a face
    "mdx_105ba6bf",  # a boat among palms
    "ucinn_70915d7e",  # trees
)
OTHERS = (
    "budgie_04d2a93d",  # spices
    "cid_ab25aa29",  # a tiled kitchen
    "cid_d3e8bb07",  # a dish
    "clic_8bc93c46",  # a portrait in the open
    "clic_a721e553",  # a crowd
    "ct_413253cd",  # a town under clouds
    "popos_7d2c39d2",  # a lake
)
SETS = {"tuning": (*QUICK, *OTHERS), "quick": QUICK}


def pictures(name: str) -> dict[str, Pixels]:
    """Return the pictures of one of SETS by name, (H, W, 3). Ends the program without ABLC_DATA."""
    data = os.environ.get("ABLC_DATA")
    if data is None:
        raise SystemExit(f"the {name} set is in $ABLC_DATA/train/{SHARD}: set ABLC_DATA")
    with tarfile.open(Path(data) / "train" / SHARD) as shard:
        return {title: _picture(shard, title) for title in SETS[name]}


def _picture(shard: tarfile.TarFile, title: str) -> Pixels:
    stream = shard.extractfile(f"{title}.jpg")
    if stream is None:
        raise SystemExit(f"{title}.jpg of {SHARD} is not a file")
    pixels = np.asarray(Image.open(io.BytesIO(stream.read())).convert("RGB"))
    return np.ascontiguousarray(middle(pixels, PIXELS_MOST))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="the first seven only")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for title, picture in pictures("quick" if arguments.quick else "tuning").items():
        Image.fromarray(picture).save(arguments.folder / f"{title}.png")


if __name__ == "__main__":
    main()
