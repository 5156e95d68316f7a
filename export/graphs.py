"""Finished ONNX graphs: their operators, the names of their dimensions, the storage of weights."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Every operator has a kernel in ONNX Runtime's CPU and CUDA providers and in TensorRT's parser, and
# none branches, loops or gives a size that depends on values.
# fmt: off
OPERATORS = frozenset({
    "Abs", "Add", "Cast", "Clip", "Concat", "Conv", "DepthToSpace", "Div", "Exp", "Expand",
    "Gather", "Identity", "LeakyRelu", "LogSoftmax", "MatMul", "Max", "Min", "Mul", "Neg",
    "Pad", "ReduceMean", "ReduceSum", "Reshape", "Shape", "Sigmoid", "Slice", "SpaceToDepth",
    "Split", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
})
# fmt: on
ANY_SIZE_ONLY = frozenset({"Gather", "Shape"})  # of OPERATORS, those for graphs of any size alone
# Of these, all inputs but the first are sizes, positions or axes.
SIZED = frozenset({"Expand", "Pad", "Reshape", "Slice", "Split", "Squeeze", "Unsqueeze"})
LARGE = 1024  # numbers: smaller tensors are not worth a Cast


def check_graph(model: onnx.ModelProto, fixed: bool) -> None:
    """Raises ValueError, with the node's name, unless every operator is one of OPERATORS.

    fixed: whether all sizes are known; then the graph may not compute one. It has no Shape or
    Gather, and sizes, positions and axes are constants.
    """
    onnx.checker.check_model(model, full_check=True)
    if model.functions:
        raise ValueError(
            f"function {model.functions[0].name} in the graph: expected operators alone"
        )
    constants = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        called = f"node {node.name!r}: {node.domain or 'ai.onnx'}::{node.op_type}"
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            raise ValueError(f"{called} is not in the set of operators")
        if not fixed:
            continue
        if node.op_type in ANY_SIZE_ONLY:
            raise ValueError(f"{called} in a graph of fixed sizes")
        sizes = node.input[1:] if node.op_type in SIZED else ()
        for name in sizes:
            if name and name not in constants:
                raise ValueError(f"{called} takes {name}, which is not a constant, as a size")
    if fixed:
        for value in (*model.graph.input, *model.graph.output):
            if any(not d.dim_value for d in value.type.tensor_type.shape.dim):
                raise ValueError(f"{value.name} has a size that is not fixed")


def tidy(model: onnx.ModelProto, names: Sequence[Sequence[str]]) -> None:
    """Name the variable dimensions of inputs and outputs, and remove torch's own annotations.

    Shapes of inner values are removed too: sessions infer them, and fixed sizes would contradict
    them. names: for inputs, then outputs, one for each dimension, "" for a constant one.
    Raises ValueError if a dimension is constant and should be variable, or the reverse.
    """
    for value, of_value in zip((*model.graph.input, *model.graph.output), names, strict=True):
        for size, name in zip(value.type.tensor_type.shape.dim, of_value, strict=True):
            if bool(name) == size.HasField("dim_value"):
                present = size.dim_value or size.dim_param
                raise ValueError(f"{value.name} has size {present}, not {name or 'a constant'}")
            if name:
                size.dim_param = name
    for node in model.graph.node:
        del node.metadata_props[:]  # stacks of source lines
        node.ClearField("doc_string")
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose large float32 weights are stored as float16, with a Cast back.

    Sessions fold the Casts when they start. Raises ValueError for weights beyond +-65504.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    casts = []
    for tensor in half.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LARGE:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            raise ValueError(f"{name} has values of {np.abs(values).max():.3g}, beyond float16")
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], f"cast_{name}", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    return half
