"""The networks and the latent step as ONNX graphs, opset 18.

Inputs and outputs are float32 whatever the networks compute in. A graph is for any size or for one;
in the former, sizes have the names that sizes() lists, and a session that fixes all of them

    for name, value in sizes(1, 512, 768).items():
        options.add_free_dimension_override_by_name(name, value)

runs the same operators as a graph exported for that size.
"""

import copy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import onnx
import onnxslim
import torch
from onnxscript import opset18
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_leaves, tree_map

from ablc.export import adjoint, graphs
from ablc.export import step as latent
from ablc.export.nets import (
    CELL,
    CLASSES,
    MULTIPLE,
    STRIDE,
    Condition,
    Encoder,
    Fill,
    Generator,
)
from ablc.export.stage2 import Stage2

# Tracing takes sizes that are equal for the same size, whatever they are later. So none of these,
# divided by a stride, is equal to another, nor to the channels of a layer.
TRACED = (7, 11 * MULTIPLE, 13 * MULTIPLE)  # B, H, W
STRIDES = (1, 4, 8, 16, 32)  # of inputs and outputs
FOLDED = 4096  # bytes: the adjoint's form of larger weights is left to sessions, not stored as well
FEATURES = ("f1", "f2", "f3", "f4")

TRANSLATIONS: dict[Callable[..., object], Callable[..., object]] = {
    torch.ops.ablc.depth_to_space.default: lambda x, r: opset18.DepthToSpace(
        x, blocksize=r, mode="DCR"
    ),
    torch.ops.ablc.space_to_depth.default: lambda x, r: opset18.SpaceToDepth(x, blocksize=r),
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a graph is written.

    Raises ValueError for sizes that are not multiples of 32.
    """

    size: tuple[int, int, int] | None = None  # (B, H, W); None: any
    dtype: Literal["fp32", "fp16"] = "fp32"  # of the networks; the update itself stays in fp32
    storage: Literal["fp32", "fp16"] = "fp32"  # of large weights that compute in fp32

    def __post_init__(self) -> None:
        if self.size and (min(self.size) < 1 or any(n % MULTIPLE for n in self.size[1:])):
            raise ValueError(f"height and width must be multiples of {MULTIPLE}, not {self.size}")


DYNAMIC = Form()


def sizes(batch: int, height: int, width: int) -> dict[str, int]:
    """Every symbolic size by name: batch, height, width, and height_s, width_s = H/s, W/s."""
    named = {"batch": batch}
    for stride in STRIDES:
        suffix = "" if stride == 1 else f"_{stride}"
        named |= {f"height{suffix}": height // stride, f"width{suffix}": width // stride}
    return named


def export_fill(net: Fill, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """N: decoded (B, 3, H, W), kept and step (B, 1, H/8, W/8) -> picture (B, 3, H, W).

    name: the model's id, kept with the graph; likewise below.
    """
    batch, height, width = form.size or TRACED
    cells = (batch, 1, height // CELL, width // CELL)
    inputs = {
        "decoded": torch.zeros(batch, 3, height, width),
        "kept": torch.zeros(cells),
        "step": torch.zeros(cells),
    }
    return _export(_Service(net, form), inputs, ("picture",), form, "fill", name)


def export_encoder(net: Encoder, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """E: picture (B, 3, H, W) -> h (B, L, H/16, W/16)."""
    batch, height, width = form.size or TRACED
    inputs = {"picture": torch.zeros(batch, 3, height, width)}
    return _export(_Service(net, form), inputs, ("h",), form, "encoder", name)


def export_generator(net: Generator, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """G: h (B, L, H/16, W/16) -> picture (B, 3, H, W)."""
    batch, height, width = form.size or TRACED
    inputs = {"h": torch.zeros(batch, net.body[0].in_channels, height // STRIDE, width // STRIDE)}
    return _export(_Service(net, form), inputs, ("picture",), form, "generator", name)


def export_condition(net: Condition, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """C: picture (B, 3, H, W) -> log_probabilities (B, 1000) and f1 .. f4, the features F^l."""
    batch, height, width = form.size or TRACED
    inputs = {"picture": torch.zeros(batch, 3, height, width)}
    module = _Service(_Logarithms(net), form)
    return _export(module, inputs, ("log_probabilities", *FEATURES), form, "condition", name)


def export_stage2(net: Stage2, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """S: low (B, 3, H/4, W/4), label (B, 1000) -> picture (B, 3, H, W)."""
    batch, height, width = form.size or TRACED
    inputs = {
        "low": torch.zeros(batch, 3, height // net.FACTOR, width // net.FACTOR),
        "label": torch.zeros(batch, CLASSES),
    }
    return _export(_Service(net, form), inputs, ("picture",), form, "stage2", name)


def export_step(step: latent.LatentStep, form: Form = DYNAMIC, name: str = "") -> onnx.ModelProto:
    """The latent step with its gradient, step.INPUTS -> step.OUTPUTS."""
    inputs = latent.example(step, *(form.size or TRACED))
    step = _frozen(step, form)
    traced = make_fx(
        lambda *values: step(*values),
        decomposition_table=adjoint.TABLE,
        tracing_mode="fake" if form.size else "symbolic",
        _allow_non_fake_inputs=True,  # the weights
    )(*inputs.values())
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return _export(traced, inputs, latent.OUTPUTS, form, "step", name)


def _frozen(net: nn.Module, form: Form) -> nn.Module:
    """A copy in the precision wanted, for which nothing asks the gradient of a weight."""
    net = copy.deepcopy(net).eval().requires_grad_(False)
    return net.half() if form.dtype == "fp16" else net


class _Service(nn.Module):
    """A network in the precision wanted, behind float32 inputs and outputs."""

    def __init__(self, net: nn.Module, form: Form) -> None:
        super().__init__()
        self.net = _frozen(net, form)
        self.dtype = next(self.net.parameters()).dtype

    def forward(self, *inputs: Tensor) -> object:
        found = self.net(*(x.to(self.dtype) for x in inputs))
        return tree_map(lambda y: y.float(), found)


class _Logarithms(nn.Module):
    """C, with log C_y in place of scores."""

    def __init__(self, net: Condition) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        scores, features = self.net(x)
        return (torch.log_softmax(scores.float(), 1), *features)


def _symbolic(inputs: dict[str, Tensor]) -> tuple[dict[int, object] | None, ...]:
    """What torch.export is to take as variable, per input: batch and the sides of pictures."""
    batch, rows, cols = (torch.export.Dim(name, min=1, max=1 << 14) for name in "BRC")
    found: list[dict[int, object] | None] = []
    for x in inputs.values():
        if x.dim() == 4:
            found.append(
                {
                    0: batch,
                    2: x.shape[2] * MULTIPLE // TRACED[1] * rows,
                    3: x.shape[3] * MULTIPLE // TRACED[2] * cols,
                }
            )
        else:
            found.append({0: batch} if x.dim() > 1 else None)
    return tuple(found)


def _shapes(module: nn.Module, inputs: dict[str, Tensor]) -> list[torch.Size]:
    """Shapes of all outputs, found without computing them."""
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        return [y.shape for y in tree_leaves(module(*map(mode.from_tensor, inputs.values())))]


def _export(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: Sequence[str],
    form: Form,
    kind: str,
    name: str,
) -> onnx.ModelProto:
    symbolic = None if form.size else _symbolic(inputs)
    if symbolic and isinstance(module, _Service):
        symbolic = (symbolic,)  # as its inputs are one argument
    with warnings.catch_warnings():
        # torch on its own insides, and on derived sizes that inputs share on purpose
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes=symbolic,
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=18,
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    model = onnxslim.slim(program.model_proto, size_threshold=FOLDED)
    shapes = [*(x.shape for x in inputs.values()), *_shapes(module, inputs)]
    names = {} if form.size else {value: name for name, value in sizes(*TRACED).items()}
    graphs.tidy(model, [[names.get(size, "") for size in shape] for shape in shapes])
    model.graph.name = kind
    onnx.helper.set_model_props(
        model,
        {"kind": kind, "id": name, "dtype": form.dtype, "storage": form.storage},
    )
    if form.storage == "fp16":
        model = graphs.store_half(model)
    graphs.check_graph(model, fixed=form.size is not None)
    return model


EXPORTERS = {
    "fill": export_fill,
    "encoder": export_encoder,
    "generator": export_generator,
    "condition": export_condition,
    "step": export_step,
    "stage2": export_stage2,
}
