"""Weights of networks that others trained: .npz files, named as in torchvision's state dicts."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats

Arrays = Mapping[str, npt.NDArray[np.floating]]

# Of ImageNet. LPIPS takes -1..1 and its shifts and scales; that is the same function of 0..1:
# (1 + shift) / 2 and scale / 2 are these numbers.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
LIN_FILE = "lpips_v0.1_lin.npz"  # heads of LPIPS


def load(folder: Path, name: str) -> Arrays:
    """The arrays of a file of weights.

    Raises FileNotFoundError without it, ValueError if it is no .npz file of arrays.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"no {name} in {folder}: it holds the weights of a teacher")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not an .npz file of plain arrays: {error}") from error


def fetch(arrays: Arrays, name: str, shape: Sequence[int], source: str) -> Floats:
    """An array as float32. Raises ValueError, naming it, if missing or not of that shape."""
    if name not in arrays:
        raise ValueError(f"{source} holds no array {name}")
    if arrays[name].shape != tuple(shape):
        raise ValueError(
            f"{name} in {source} has the shape {arrays[name].shape}, not {tuple(shape)}"
        )
    return arrays[name].astype(np.float32)
