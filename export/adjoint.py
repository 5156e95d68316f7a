"""Adjoints of the networks' operators, made of operators that run fast everywhere.

make_fx traces the graph of a gradient and replaces the operators that autograd calls by those in
TABLE. The usual decompositions would give index arithmetic and scatters.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ablc.export.layers import depth_to_space

aten = torch.ops.aten


def _convolution(
    gradient: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    output_mask: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """Return the gradient with respect to x.

    At stride 1 it is a convolution with the flipped kernel; where kernels do not overlap, a
    convolution with kernels of side 1, then depth_to_space.
    """
    outer, inner, *sides = weight.shape
    if transposed or list(dilation) != [1, 1] or any(output_mask[1:]):
        raise NotImplementedError(
            "the adjoint of a transposed or dilated convolution, or with respect to weights"
        )
    if list(stride) == [1, 1]:
        kernel = weight.reshape(groups, outer // groups, inner, *sides).transpose(1, 2)
        kernel = kernel.reshape(groups * inner, outer // groups, *sides).flip(2, 3)
        margin = [side - 1 - pad for side, pad in zip(sides, padding, strict=True)]
        return F.conv2d(gradient, kernel, padding=margin, groups=groups), None, None
    if list(stride) != sides or sides[0] != sides[1] or any(padding) or groups != 1:
        raise NotImplementedError("the adjoint of a strided convolution whose kernels overlap")
    kernel = weight.permute(2, 3, 1, 0).reshape(math.prod(sides) * inner, outer, 1, 1)
    return depth_to_space(F.conv2d(gradient, kernel), sides[0]), None, None


def _silu(gradient: Tensor, x: Tensor) -> Tensor:
    """Return the gradient as s + s (x (1 - s)) with 1 - s = sigmoid(-x).

    ONNX Runtime has kernels for products, sums and sigmoids in its blocked layout, but would change
    the layout back and forth for a subtraction.
    """
    passed = gradient * torch.sigmoid(x)
    return passed + passed * (x * torch.sigmoid(x * -1.0))


def _log_softmax(gradient: Tensor, y: Tensor, dim: int, dtype: torch.dtype) -> Tensor:
    return gradient - y.exp() * gradient.sum(dim, keepdim=True)


def _slice(
    gradient: Tensor, sizes: Sequence[int], dim: int, start: int, end: int, stride: int
) -> Tensor:
    """Return the gradient padded with zeros; slices must be x[start:] or x[:-end]."""
    after = -end if end < 0 else 0
    if stride != 1 or (end >= 0 and end < sizes[dim]):
        raise NotImplementedError("the adjoint of a slice that is not x[start:] or x[:-end]")
    return F.pad(gradient, (0, 0) * (gradient.dim() - 1 - dim) + (start, after))


TABLE: dict[torch._ops.OpOverload, Callable[..., object]] = {
    aten.convolution_backward.default: _convolution,
    aten.silu_backward.default: _silu,
    aten._log_softmax_backward_data.default: _log_softmax,
    aten.slice_backward.default: _slice,
}
