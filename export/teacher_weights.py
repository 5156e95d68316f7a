"""Weights of the teachers: .npz files with the arrays of torchvision's and lpips's state dicts.

alexnet_features.npz     features.N.weight, .bias of torchvision's AlexNet
squeezenet1_1.npz        features.N..., classifier.1.weight, .bias of its SqueezeNet 1.1
vgg16_conv1_conv2.npz    features.0, 2, 5 and 7 of its VGG-16
lpips_v0.1_lin.npz       alex.linN, squeeze.linN: (C,) weights of the channels of tap N in LPIPS
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ablc.arrays import Floats

Arrays = Mapping[str, npt.NDArray[np.floating]]

# Of ImageNet. LPIPS takes -1..1 and its shifts and scales; that is the same function of 0..1:
# (1 + shift) / 2 and scale / 2 are these numbers.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
ALEXNET_FILE = "alexnet_features.npz"
SQUEEZENET_FILE = "squeezenet1_1.npz"
VGG_FILE = "vgg16_conv1_conv2.npz"
LIN_FILE = "lpips_v0.1_lin.npz"


def load(folder: Path, name: str) -> Arrays:
    """Return the arrays of a file of weights.

    Raises FileNotFoundError if there is none, ValueError if it is not an .npz file of arrays.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(
            f"no {name} in {folder}; `python -m ablc.export teachers {folder}` writes it"
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not an .npz file of plain arrays: {error}") from error


def fetch(arrays: Arrays, name: str, shape: Sequence[int], source: str) -> Floats:
    """Return an array as float32. Raises ValueError if it is missing or of another shape."""
    if name not in arrays:
        raise ValueError(f"{source} holds no array {name}")
    if arrays[name].shape != tuple(shape):
        raise ValueError(
            f"{name} in {source} has the shape {arrays[name].shape}, not {tuple(shape)}"
        )
    return arrays[name].astype(np.float32)


def write_from_packages(folder: Path) -> list[Path]:
    """Write the files of weights from the installed packages torchvision and lpips.

    torchvision downloads its weights unless they are in its cache. Returns the paths.
    Raises ValueError if one of the packages is not installed.
    """
    try:
        from lpips import LPIPS  # type: ignore[import-not-found]
        from torchvision import models  # type: ignore[import-not-found]
    except ImportError as error:
        raise ValueError(f"{error.name} is not installed: pip install torchvision lpips") from error
    vgg = tuple(f"features.{number}." for number in (0, 2, 5, 7))  # up to relu2_2
    sources = {
        ALEXNET_FILE: (models.alexnet, ("features.",)),
        SQUEEZENET_FILE: (models.squeezenet1_1, ("features.", "classifier.")),
        VGG_FILE: (models.vgg16, vgg),
    }
    files: dict[str, dict[str, Any]] = {}
    for name, (make, starts) in sources.items():
        state = make(weights="IMAGENET1K_V1").state_dict()
        files[name] = {key: _array(x) for key, x in state.items() if key.startswith(starts)}
    files[LIN_FILE] = {
        f"{backbone}.lin{number}": _array(lin.model[-1].weight).ravel()
        for backbone in ("alex", "squeeze")
        for number, lin in enumerate(LPIPS(net=backbone, pnet_rand=True, verbose=False).lins)
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, arrays in files.items():
        np.savez(folder / name, **arrays)
    return [folder / name for name in files]


def _array(value: torch.Tensor) -> Floats:
    return value.detach().float().numpy()
