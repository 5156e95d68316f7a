"""The networks and the latent update as ONNX graphs, opset 18.

Inputs and outputs are float32 whatever the networks compute in. A graph is for pictures of any size
or of one size. Dimensions of the former have the names that dimensions() lists, and a session that
fixes all of them

    for name, value in dimensions(1, 512, 768).items():
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

from ablc.arrays import CELL
from ablc.export import adjoint, graphs
from ablc.export import update as latent
from ablc.export.nets import (
    CLASSES,
    MULTIPLE,
    STRIDE,
    Condition,
    Fill,
    Generator,
    LatentEncoder,
)
from ablc.export.stage2 import Stage2

# Tracing takes two equal sizes for one and the same size, whatever they are later. So none of
# these, divided by a stride, equals another one or the number of a layer's channels.
TRACED = (7, 11 * MULTIPLE, 13 * MULTIPLE)  # B, H, W
STRIDES = (1, 4, 8, 16, 32)  # of inputs and outputs
FOLDED = 4096  # bytes; adjoint forms of larger weights are made by sessions, not stored as well
FEATURES = ("f1", "f2", "f3", "f4")

TRANSLATIONS: dict[Callable[..., object], Callable[..., object]] = {
    torch.ops.ablc.depth_to_space.default: lambda x, r: opset18.DepthToSpace(
        x, blocksize=r, mode="DCR"
    ),
    torch.ops.ablc.space_to_depth.default: lambda x, r: opset18.SpaceToDepth(x, blocksize=r),
}


@dataclass(frozen=True, slots=True)
class GraphForm:
    """The size of a graph's inputs and the precision of its arithmetic and weights.

    Raises ValueError for sizes that are not multiples of 32.
    """

    size: tuple[int, int, int] | None = None  # (B, H, W); None: any size
    dtype: Literal["fp32", "fp16"] = "fp32"  # of the networks; the update of h stays in fp32
    storage: Literal["fp32", "fp16"] = "fp32"  # of large weights that compute in fp32

    def __post_init__(self) -> None:
        if self.size and (min(self.size) < 1 or any(n % MULTIPLE for n in self.size[1:])):
            raise ValueError(f"height and width must be multiples of {MULTIPLE}, not {self.size}")


ANY_SIZE = GraphForm()


def dimensions(batch: int, height: int, width: int) -> dict[str, int]:
    """Return the named dimensions: batch, height, width, and height_s = H/s, width_s = W/s."""
    named = {"batch": batch}
    for stride in STRIDES:
        suffix = "" if stride == 1 else f"_{stride}"
        named |= {f"height{suffix}": height // stride, f"width{suffix}": width // stride}
    return named


def export_fill(net: Fill, form: GraphForm = ANY_SIZE, name: str = "") -> onnx.ModelProto:
    """Return N: decoded (B, 3, H, W), kept and step (B, 1, H/8, W/8) -> picture (B, 3, H, W).

    name: the model's id, stored with the graph; likewise in the functions below.
    """
    batch, height, width = form.size or TRACED
    cells = (batch, 1, height // CELL, width // CELL)
    inputs = {
        "decoded": torch.zeros(batch, 3, height, width),
        "kept": torch.zeros(cells),
        "step": torch.zeros(cells),
    }
    return _export(_AtPrecision(net, form), inputs, ("picture",), form, "fill", name)


def export_encoder(
    net: LatentEncoder, form: GraphForm = ANY_SIZE, name: str = ""
) -> onnx.ModelProto:
    """Return E: picture (B, 3, H, W) -> h (B, L, H/16, W/16)."""
    batch, height, width = form.size or TRACED
    inputs = {"picture": torch.zeros(batch, 3, height, width)}
    return _export(_AtPrecision(net, form), inputs, ("h",), form, "encoder", name)


def export_generator(net: Generator, form: GraphForm = ANY_SIZE, name: str = "") -> onnx.ModelProto:
    """Return G: h (B, L, H/16, W/16) -> picture (B, 3, H, W)."""
    batch, height, width = form.size or TRACED
    inputs = {"h": torch.zeros(batch, net.latent, height // STRIDE, width // STRIDE)}
    return _export(_AtPrecision(net, form), inputs, ("picture",), form, "generator", name)


def export_condition(net: Condition, form: GraphForm = ANY_SIZE, name: str = "") -> onnx.ModelProto:
    """Return C: picture (B, 3, H, W) -> log_probabilities (B, 1000), features F^l f1 .. f4."""
    batch, height, width = form.size or TRACED
    inputs = {"picture": torch.zeros(batch, 3, height, width)}
    module = _AtPrecision(_LogCondition(net), form)
    return _export(module, inputs, ("log_probabilities", *FEATURES), form, "condition", name)


def export_stage2(net: Stage2, form: GraphForm = ANY_SIZE, name: str = "") -> onnx.ModelProto:
    """Return S: low (B, 3, H/4, W/4), label (B, 1000) -> picture (B, 3, H, W)."""
    batch, height, width = form.size or TRACED
    inputs = {
        "low": torch.zeros(batch, 3, height // net.FACTOR, width // net.FACTOR),
        "label": torch.zeros(batch, CLASSES),
    }
    return _export(_AtPrecision(net, form), inputs, ("picture",), form, "stage2", name)


def export_update(
    update: latent.LatentUpdate, form: GraphForm = ANY_SIZE, name: str = ""
) -> onnx.ModelProto:
    """Return the latent update with its gradient, update.INPUTS -> update.OUTPUTS."""
    inputs = latent.example(update, *(form.size or TRACED))
    frozen = _frozen(update, form)
    traced = make_fx(
        lambda *values: frozen(*values),
        decomposition_table=adjoint.TABLE,
        tracing_mode="fake" if form.size else "symbolic",
        _allow_non_fake_inputs=True,  # the weights
    )(*inputs.values())
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return _export(traced, inputs, latent.OUTPUTS, form, "step", name)


def _frozen(net: nn.Module, form: GraphForm) -> nn.Module:
    """Return a copy in the form's precision, whose weights have no gradient."""
    net = copy.deepcopy(net).eval().requires_grad_(False)
    return net.half() if form.dtype == "fp16" else net


class _AtPrecision(nn.Module):
    """A network in the form's precision, behind float32 inputs and outputs."""

    def __init__(self, net: nn.Module, form: GraphForm) -> None:
        super().__init__()
        self.net = _frozen(net, form)
        self.dtype = next(self.net.parameters()).dtype

    def forward(self, *inputs: Tensor) -> object:
        outputs = self.net(*(x.to(self.dtype) for x in inputs))
        return tree_map(lambda y: y.float(), outputs)


class _LogCondition(nn.Module):
    """C with log-probabilities, log C_y, in place of scores."""

    def __init__(self, net: Condition) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        scores, features = self.net(x)
        return (torch.log_softmax(scores.float(), 1), *features)


def _symbolic(inputs: dict[str, Tensor]) -> tuple[dict[int, object] | None, ...]:
    """Return the variable dimensions of every input, for torch.export: batch and picture sides."""
    batch, rows, cols = (torch.export.Dim(name, min=1, max=1 << 14) for name in "BRC")
    variable: list[dict[int, object] | None] = []
    for x in inputs.values():
        if x.dim() == 4:
            height = x.shape[2] * MULTIPLE // TRACED[1] * rows
            width = x.shape[3] * MULTIPLE // TRACED[2] * cols
            variable.append({0: batch, 2: height, 3: width})
        else:
            variable.append({0: batch} if x.dim() > 1 else None)
    return tuple(variable)


def _shapes(module: nn.Module, inputs: dict[str, Tensor]) -> list[torch.Size]:
    """Return the shapes of all outputs without computing the outputs."""
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        return [y.shape for y in tree_leaves(module(*map(mode.from_tensor, inputs.values())))]


def _export(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: Sequence[str],
    form: GraphForm,
    kind: str,
    name: str,
) -> onnx.ModelProto:
    """Return the checked graph of a module.

    kind, name: the network's role and id, stored with the graph.
    """
    program = _traced(module, inputs, outputs, any_size=form.size is None)
    model: onnx.ModelProto = onnxslim.slim(program.model_proto, size_threshold=FOLDED)
    shapes = [*(x.shape for x in inputs.values()), *_shapes(module, inputs)]
    names = {} if form.size else {value: name for name, value in dimensions(*TRACED).items()}
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


def _traced(
    module: nn.Module, inputs: dict[str, Tensor], outputs: Sequence[str], *, any_size: bool
) -> torch.onnx.ONNXProgram:
    """Return torch's own export of a module."""
    symbolic: tuple[object, ...] | None = _symbolic(inputs) if any_size else None
    if symbolic and isinstance(module, _AtPrecision):
        symbolic = (symbolic,)  # its inputs are one argument
    with warnings.catch_warnings():
        # torch warns of its own internals, and of derived sizes that inputs share on purpose.
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
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    return program


# By role.
EXPORTERS: dict[str, Callable[..., onnx.ModelProto]] = {
    "fill": export_fill,
    "encoder": export_encoder,
    "generator": export_generator,
    "condition": export_condition,
    "step": export_update,
    "stage2": export_stage2,
}
