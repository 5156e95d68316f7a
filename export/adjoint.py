"""Adjoints of the operators of the networks, in operators that run fast everywhere.

A graph of a gradient is traced by make_fx, which looks here for what autograd calls. The usual
decompositions would give index arithmetic and scatters.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ablc.export.nets import depth_to_space

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
    wanted: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """With respect to x: a convolution by the flipped kernel at stride 1; where kernels do not
    overlap, one of side 1 and depth_to_space."""
    outer, inner, *sides = weight.shape
    if transposed or list(dilation) != [1, 1] or any(wanted[1:]):
        raise NotImplementedError("adjoint of a transposed or dilated convolution, or by weights")
    if list(stride) == [1, 1]:
        kernel = weight.reshape(groups, outer // groups, inner, *sides).transpose(1, 2)
        kernel = kernel.reshape(groups * inner, outer // groups, *sides).flip(2, 3)
        margin = [side - 1 - pad for side, pad in zip(sides, padding, strict=True)]
        return F.conv2d(gradient, kernel, padding=margin, groups=groups), None, None
    if list(stride) != sides or sides[0] != sides[1] or any(padding) or groups != 1:
        raise NotImplementedError("adjoint of a strided convolution whose kernels overlap")
    kernel = weight.permute(2, 3, 1, 0).reshape(math.prod(sides) * inner, outer, 1, 1)
    return depth_to_space(F.conv2d(gradient, kernel), sides[0]), None, None


def _silu(gradient: Tensor, x: Tensor) -> Tensor:
    """By s + s (x (1 - s)), without a difference: ONNX Runtime's blocked layout knows products,
    sums and x sigmoid(-x), but would be left and taken up again for a subtraction."""
    passed = gradient * torch.sigmoid(x)
    return passed + passed * (x * torch.sigmoid(x * -1.0))


def _log_softmax(gradient: Tensor, y: Tensor, dim: int, dtype: torch.dtype) -> Tensor:
    return gradient - y.exp() * gradient.sum(dim, keepdim=True)


def _slice(
    gradient: Tensor, sizes: Sequence[int], dim: int, start: int, end: int, step: int
) -> Tensor:
    """Zeros round the gradient, for slices x[start:] and x[:-end] alone."""
    after = -end if end < 0 else 0
    if step != 1 or (end >= 0 and end < sizes[dim]):
        raise NotImplementedError("adjoint of a slice that ends at a place of its own")
    return F.pad(gradient, (0, 0) * (gradient.dim() - 1 - dim) + (start, after))


TABLE: dict[torch._ops.OpOverload, Callable[..., object]] = {
    aten.convolution_backward.default: _convolution,
    aten.silu_backward.default: _silu,
    aten._log_softmax_backward_data.default: _log_softmax,
    aten.slice_backward.default: _slice,
}
