"""Networks as ONNX files (ablc.export.to_onnx) on the CPU: their results and the cost of a pass.

multiply-adds  multiplications of all convolutions for a picture of 768x512 pixels
parameters     weights and biases of all convolutions
seconds        wall time of one such pass in two threads, median of ROUNDS
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx

from ablc import _core
from ablc.arrays import CELL, Floats, Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.runtime import fill
from ablc.runtime import session as sessions
from ablc.runtime.cards import ModelCard
from ablc.runtime.fill import Part
from ablc.runtime.session import Session
from ablc.runtime.tiles import Window

onnxruntime = sessions.onnxruntime()  # without telemetry

CLASSICAL = "classical"  # name of the decoded picture as it goes into N
MULTIPLE = 32  # of which the sides of a network's pictures are
STRIDE = 16  # pixels of a side of the latent's cells
QUARTER = 4  # pixels of a side of what stage II is given
HEIGHT, WIDTH = 512, 768  # pixels, for the costs
THREADS = 2
ROUNDS = 7


@functools.cache
def session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """Return the session of a file, one for each process."""
    return started(path.read_bytes(), threads)


def started(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(net: onnxruntime.InferenceSession, **inputs: Floats) -> Floats:
    """Return the first output."""
    return np.asarray(net.run(None, inputs)[0])


def painted(data: bytes, fills: Mapping[str, Path]) -> dict[str, Pixels]:
    """Return the decoded picture as it is, and as ablc.decode paints it with each fill."""
    decoded, _, guide = _core.Stream(data, max_pixels=1 << 24).decode_guided()
    part, window = Part(decoded, guide), whole(decoded)
    shown = {CLASSICAL: decoded}
    for name, path in fills.items():
        card = ModelCard.parse(path.with_suffix(".json").read_bytes())
        (planes,) = fill.run(Session(session(path), card, "cpu"), [(part, window)])
        shown[name] = decoded.copy()
        guide.project(shown[name], planes)
    return shown


def rebuild(encoder: Path, generator: Path, picture: Pixels) -> Pixels:
    """Return G(E(picture))."""
    height, width, _ = picture.shape
    h = run(session(encoder), picture=fill.planes_of(picture, whole(picture))[None])
    return pixels(run(session(generator), h=h), height, width)


def whole(picture: Pixels) -> Window:
    """Return the window of a picture, extended to multiples of MULTIPLE."""
    return Window(0, 0, *(-(-side // MULTIPLE) * MULTIPLE for side in picture.shape[:2]))


def pixels(planes: Floats, height: int, width: int) -> Pixels:
    """Return (1, 3, H, W) as an (height, width, 3) uint8 picture."""
    whole = np.clip(np.rint(planes[0] * 255), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole.transpose(1, 2, 0)[:height, :width])


# --- cost -----------------------------------------------------------------------------------------


def blanks(net: onnxruntime.InferenceSession, height: int, width: int) -> dict[str, Floats]:
    """Return grey inputs for a picture of that size."""
    units = {"kept": CELL, "step": CELL, "h": STRIDE, "low": QUARTER}
    result = {}
    for node in net.get_inputs():
        unit, channels = units.get(node.name, 1), node.shape[1]
        sides = (height // unit, width // unit) if len(node.shape) == 4 else ()
        result[node.name] = np.full((1, channels, *sides), 0.5, np.float32)
    return result


def cost(path: Path) -> Measurements:
    """Return multiply_adds, parameters, file_bytes and seconds of a network."""
    net = session(path, THREADS)
    inputs = blanks(net, HEIGHT, WIDTH)
    times = []
    for _ in range(ROUNDS + 1):  # the first warms up
        start = time.perf_counter()
        run(net, **inputs)
        times.append(time.perf_counter() - start)
    return {
        **convolutions(path),
        "file_bytes": path.stat().st_size,
        "seconds": statistics.median(times[1:]),
    }


def convolutions(path: Path) -> Measurements:
    """Return multiply_adds and parameters, from the shapes in a pass over a small picture."""
    model = onnx.load(path)
    nodes = [node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    names = {name for node in nodes for name in (*node.input, node.output[0]) if name}
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    shown = sorted(names - set(shapes) - {entry.name for entry in model.graph.input})
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in shown)
    net = started(model.SerializeToString(), 1)
    small = blanks(net, HEIGHT // 8, WIDTH // 8)
    shapes |= {name: value.shape for name, value in small.items()}
    result = net.run(None, small)
    shapes |= {name: value.shape for name, value in zip(shown, result, strict=True)}
    multiplied = 0
    for node in nodes:
        places = node.output[0] if node.op_type == "Conv" else node.input[0]
        multiplied += np.prod(shapes[places]) * np.prod(shapes[node.input[1]][1:])
    weights = {name for node in nodes for name in node.input[1:] if name}
    return {
        "multiply_adds": int(multiplied) * 8 * 8,
        "parameters": int(sum(np.prod(shapes[name]) for name in weights)),
    }
