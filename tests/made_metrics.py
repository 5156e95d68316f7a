"""Perceptual metrics of random weights, made with the package onnx alone."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ablc.eval.measures.perceptual import DISTANCES

CHANNELS, SIDE = 8, 5  # of the one convolution


def model(seed: int) -> onnx.ModelProto:
    """Return a network: the mean squared difference of a rectified convolution of both pictures."""
    rng = np.random.default_rng(seed)
    kernel = rng.normal(0, 0.2, (CHANNELS, 3, SIDE, SIDE)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["original", "kernel"], ["a"]),
        helper.make_node("Conv", ["shown", "kernel"], ["b"]),
        helper.make_node("Relu", ["a"], ["of_original"]),
        helper.make_node("Relu", ["b"], ["of_shown"]),
        helper.make_node("Sub", ["of_original", "of_shown"], ["difference"]),
        helper.make_node("Mul", ["difference", "difference"], ["square"]),
        helper.make_node("ReduceMean", ["square"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "one"], ["distance"]),
    ]
    pictures = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "height", "width"])
        for name in ("original", "shown")
    ]
    graph = helper.make_graph(
        nodes,
        "metric",
        pictures,
        [helper.make_tensor_value_info("distance", TensorProto.FLOAT, [1])],
        [
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(np.array([1]), "one"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def write(folder: Path) -> Path:
    """Put a metric for each of DISTANCES into a folder, and return it."""
    for seed, name in enumerate(DISTANCES):
        onnx.save(model(seed), folder / f"{name}.onnx")
    return folder
