"""Distances between pictures as networks see them, computed by ONNX Runtime.

lpips          LPIPS with AlexNet, version 0.1 (Zhang et al., arXiv:1801.03924)
lpips_squeeze  LPIPS with SqueezeNet, on which fills are trained: it shows fills that exploit it
texture        after DISTS (arXiv:2004.07728), on VGG up to relu2_2 and AlexNet, with equal weights

All are 0 for equal pictures. Each is one file, NAME.onnx, in a folder that the user names, with the
inputs "original" and "shown", (1, 3, H, W) float32 sRGB in 0..1, and the output "distance", (1,).
`python -m ablc.export perceptual` makes the files from weights that others trained, which ablc does
not ship.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ablc import forks
from ablc.arrays import Floats, Pixels
from ablc.eval.crop import middle
from ablc.options import check_choice
from ablc.runtime.session import onnxruntime
from ablc.settings import cores

DISTANCES = ("lpips", "lpips_squeeze", "texture")
SIDE_LEAST = 32  # pixels: AlexNet needs 31
PIXELS_MOST = 1 << 19  # of a larger picture the middle is judged: networks take 2 kB for each pixel


class Judges:
    """The networks of some distances."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """names: of DISTANCES.

        Raises FileNotFoundError for a missing file, ValueError for an unknown name or a file that
        is not such a network, ProviderError without ONNX Runtime.
        """
        for name in names:
            check_choice("name", name, DISTANCES)
        self._sessions = {name: _session(folder, name) for name in names}

    def of(self, picture: Pixels) -> "Original":
        """Return a judge of pictures by their distance from this one, (H, W, 3)."""
        return Original(self, picture)

    def distances(self, original: Floats, shown: Floats) -> dict[str, float]:
        """Return the distances, by name, of two pictures, (1, 3, H, W) in 0..1."""
        inputs = {"original": original, "shown": shown}
        return {
            name: float(session.run(["distance"], inputs)[0][0])
            for name, session in self._sessions.items()
        }


class Original:
    """A picture with which others are compared."""

    def __init__(self, judges: Judges, picture: Pixels) -> None:
        self._judges = judges
        self._shape = picture.shape
        self._planes = _planes(picture)

    def distances(self, shown: Pixels) -> dict[str, float]:
        """Return the distances of a picture of the same size, by name.

        There are none if a side is shorter than SIDE_LEAST. Raises ValueError for another size.
        """
        if shown.shape != self._shape:
            raise ValueError(f"pictures must both be {self._shape}, not {shown.shape}")
        if min(shown.shape[:2]) < SIDE_LEAST:
            return {}
        return self._judges.distances(self._planes, _planes(shown))


def _session(folder: Path, name: str) -> Any:
    """Return the onnxruntime.InferenceSession of a distance."""
    path = folder / f"{name}.onnx"
    if not path.is_file():
        raise FileNotFoundError(
            f"no {name}.onnx in {folder}; `python -m ablc.export perceptual` makes it "
            "(docs/TRAINING.md, Perceptual metrics)"
        )
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of ONNX Runtime's own kinds
        raise ValueError(f"{path} is not a network that ONNX Runtime can run: {error}") from error
    forks.never_destroy(session)
    ends = [
        {node.name for node in nodes} for nodes in (session.get_inputs(), session.get_outputs())
    ]
    if ends != [{"original", "shown"}, {"distance"}]:
        raise ValueError(
            f"{path} is not a perceptual metric: expected the inputs original and shown and the "
            "output distance"
        )
    return session


def _planes(picture: Pixels) -> Floats:
    """Return (1, 3, H, W) in 0..1 of (H, W, 3): at most PIXELS_MOST pixels in the middle."""
    part = middle(picture, PIXELS_MOST)
    planes = part.transpose(2, 0, 1)[np.newaxis].astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(planes)
