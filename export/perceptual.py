"""Perceptual metrics as ONNX files, for ablc.eval.measures.perceptual.

A metric is a graph with the inputs "original" and "shown", (1, 3, H, W) float32 sRGB in 0..1, both
sides at least 32 pixels, and the output "distance", (1,) float32, 0 for equal pictures.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxslim
import torch
from torch import Tensor, nn

from ablc.eval.measures.perceptual import DISTANCES, SIDE_LEAST
from ablc.export.teachers import AlexNet, Lpips, Vgg, texture_distance

TRACED = (224, 256)  # H, W of the pictures in tracing: two sides that differ
SIDE_MOST = 1 << 16  # pixels


class _LpipsMetric(nn.Module):
    def __init__(self, lpips: Lpips) -> None:
        super().__init__()
        self.lpips = lpips

    def forward(self, original: Tensor, shown: Tensor) -> Tensor:
        return self.lpips.distance(shown, original)


class _TextureMetric(nn.Module):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.vgg, self.alexnet = Vgg(folder), AlexNet(folder)

    def forward(self, original: Tensor, shown: Tensor) -> Tensor:
        return texture_distance([self.vgg, self.alexnet], shown, original)


METRICS: dict[str, Callable[[Path], nn.Module]] = {
    "lpips": lambda folder: _LpipsMetric(Lpips(folder, "alex")),
    "lpips_squeeze": lambda folder: _LpipsMetric(Lpips(folder, "squeeze")),
    "texture": _TextureMetric,
}
assert tuple(METRICS) == tuple(DISTANCES)


def export(name: str, weights: Path) -> onnx.ModelProto:
    """Return the graph of a metric of METRICS; weights: folder of the teachers' .npz files.

    Raises FileNotFoundError or ValueError for missing or other weights.
    """
    height, width = (
        torch.export.Dim(side, min=SIDE_LEAST, max=SIDE_MOST) for side in ("height", "width")
    )
    sides = {2: height, 3: width}
    pictures = (torch.zeros(1, 3, *TRACED), torch.zeros(1, 3, *TRACED))
    with warnings.catch_warnings():
        # torch warns of its own internals, and of sizes that both inputs share on purpose.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)
        program = torch.onnx.export(
            METRICS[name](weights).eval(),
            pictures,
            dynamo=True,
            dynamic_shapes=(sides, sides),
            input_names=["original", "shown"],
            output_names=["distance"],
            opset_version=18,
            verbose=False,
        )
    assert program is not None
    model: onnx.ModelProto = onnxslim.slim(program.model_proto)
    for node in model.graph.node:
        del node.metadata_props[:]  # stacks of source lines
    onnx.checker.check_model(model)
    return model


def write(weights: Path, out: Path) -> list[Path]:
    """Write all metrics as out/NAME.onnx, and return the paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in METRICS:
        paths.append(out / f"{name}.onnx")
        onnx.save(export(name, weights), paths[-1])
    return paths
