"""Files of teachers' weights that mean nothing."""

from pathlib import Path

import numpy as np

ALEX = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
VGG = {0: (64, 3, 3), 2: (64, 64, 3), 5: (128, 64, 3), 7: (128, 128, 3)}
FIRES = {
    3: (64, 16, 64),
    4: (128, 16, 64),
    6: (128, 32, 128),
    7: (256, 32, 128),
    9: (256, 48, 192),
    10: (384, 48, 192),
    11: (384, 64, 256),
    12: (512, 64, 256),
}
LINS = {
    "squeeze": (64, 128, 256, 384, 384, 512, 512),
    "alex": (64, 192, 384, 256, 256),
    "vgg": (64, 128, 256, 512, 512),
}

Arrays = dict[str, np.ndarray]


def convolution(name: str, outer: int, inner: int, side: int, rng: np.random.Generator) -> Arrays:
    weights = rng.normal(0, (2 / (inner * side * side)) ** 0.5, (outer, inner, side, side))
    return {f"{name}.weight": weights.astype(np.float32), f"{name}.bias": np.zeros(outer, "f4")}


def made_up() -> dict[str, Arrays]:
    """The files of a folder of weights: He et al.'s initial weights, positive heads."""
    rng = np.random.default_rng(0)
    alex: Arrays = {}
    for number, shape in ALEX.items():
        alex |= convolution(f"features.{number}", *shape, rng)
    vgg: Arrays = {}
    for number, shape in VGG.items():
        vgg |= convolution(f"features.{number}", *shape, rng)
    squeeze = convolution("features.0", 64, 3, 3, rng)
    for number, (inner, squeezed, expanded) in FIRES.items():
        name = f"features.{number}"
        squeeze |= convolution(f"{name}.squeeze", squeezed, inner, 1, rng)
        squeeze |= convolution(f"{name}.expand1x1", expanded, squeezed, 1, rng)
        squeeze |= convolution(f"{name}.expand3x3", expanded, squeezed, 3, rng)
    squeeze |= convolution("classifier.1", 1000, 512, 1, rng)
    squeeze["classifier.1.weight"] = squeeze["classifier.1.weight"].astype(np.float16)
    lins = {
        f"{backbone}.lin{i}": rng.uniform(0, 1, width).astype(np.float32)
        for backbone, widths in LINS.items()
        for i, width in enumerate(widths)
    }
    return {
        "alexnet_features.npz": alex,
        "vgg16_conv1_conv2.npz": vgg,
        "squeezenet1_1.npz": squeeze,
        "lpips_v0.1_lin.npz": lins,
    }


def write(folder: Path) -> Path:
    """Puts the files into a folder, and gives it back."""
    for name, arrays in made_up().items():
        np.savez(folder / name, **arrays)
    return folder
