"""One step of the latent update of Plug & Play Generative Networks (arXiv:1612.00005, eq. 5).

Minimises over the latent code h, for all pictures of a batch at once,

    L(h) = e1/2 |h - E(x_c)|^2 - e2 sum_y label_y log C_y(x_c) + known |e|^2
         + edge |edge_mask (LoG x - edges)|^2
         + sum_l style_l / 4 |Gram F^l(x_c) - gram_l|^2 + content / 2 |F^3(x_c) - content|^2
         + seam sum_p seam_p (|e_p - e_right(p)|^2 + |e_p - e_below(p)|^2) + <push, x>

    x = G(h),  e = mask (known - x),  x_c = x + e = mask known + (1 - mask) x

The first term's gradient is h - E(x_c), E not differentiated: the direction of a denoising
autoencoder. As e = x_c - x, the last one is |grad x_c - grad x|^2 (Perez et al. 2003, eq. 3) at
borders of the mask: what pasting known pixels adds to the gradient there. push is the gradient in
x, at this very h, of what else the host wants of the picture; none of the terms given back has it.

Terms are sums, so that their weights carry every 1/N and keep gradients within the range of half
precision. Networks run at the precision of their parameters, everything else at that of h.

Axis letters: L channels of h; N channels of F^l; h w its rows and columns.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import losses
from ablc.export.nets import STRIDE, Condition, Encoder, Generator

TERMS = ("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam")
RATES = (
    "lr",
    "beta1",
    "beta2",
    "eps",  # > 0
    "unbias1",  # 1 / (1 - beta1^t) of step t = 1, 2, ...
    "unbias2",  # 1 / (1 - beta2^t)
    "adam",  # 1: Adam; 0: the reference implementation's lr d / mean |d|
    "noise",  # e3
    "low",  # least h
    "high",  # greatest h
)
INPUTS = (
    "h",  # (B, L, H/16, W/16)
    "m",  # like h: Adam's first moment of d, zeros at first
    "v",  # like h: Adam's second moment of d, zeros at first
    "noise",  # like h: standard normal, or zeros
    "known",  # (B, 3, H, W) sRGB 0..1
    "mask",  # (B, 1, H, W), 1 where known holds, else 0
    "edges",  # (B, 3, H, W): LoG of the original
    "edge_mask",  # (B, 1, H, W), 1 where edges holds, else 0
    "gram1",  # (B, N, N): losses.gram of the original's F^1
    "gram2",
    "gram3",
    "content",  # (B, N, H/16, W/16): the original's F^3
    "label",  # (B, 1000): wanted shares of the classes; zeros for none
    "seam",  # (B, 1, H, W): weights of every pixel's jumps to its right and lower neighbours
    "push",  # (B, 3, H, W): gradient in x of terms that the host keeps; zeros for none
    "weights",  # (9,) of TERMS
    "rates",  # (10,), as RATES names them
)
OUTPUTS = (
    "h_next",
    "m_next",
    "v_next",
    "picture",  # (B, 3, H, W): G(h) of the h that came in, not clipped
    "parts",  # (B, 9): TERMS before their weights
)
STYLES = 3  # of the four F^l


class _Squares(torch.autograd.Function):
    """(B, ...) -> (B,) sums of squares; its gradient multiplies once, where autograd's copies
    every sum back to full size first."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x * x).sum(tuple(range(1, x.dim())))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return (2 * gradient).reshape(-1, *[1] * (x.dim() - 1)) * x


def squares(x: Tensor) -> Tensor:
    return _Squares.apply(x)


def jumps(e: Tensor, seam: Tensor) -> Tensor:
    """(B,) weighted squared differences of e, (B, C, H, W), to the right and lower neighbours.

    seam: (B, 1, H, W) >= 0; what the last column says of the right, and the last row of below, does
    not count.
    """
    root = seam.sqrt()
    right = squares((e[:, :, :, 1:] - e[:, :, :, :-1]) * root[:, :, :, :-1])
    below = squares((e[:, :, 1:] - e[:, :, :-1]) * root[:, :, :-1])
    return right + below


class LatentStep(nn.Module):
    """h, Adam's moments and targets -> their next values, the picture and the terms of L."""

    def __init__(self, encoder: Encoder, generator: Generator, condition: Condition) -> None:
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.condition = condition

    @property
    def dtype(self) -> torch.dtype:
        """The networks' precision."""
        return next(self.generator.parameters()).dtype

    def forward(
        self,
        h: Tensor,
        m: Tensor,
        v: Tensor,
        noise: Tensor,
        known: Tensor,
        mask: Tensor,
        edges: Tensor,
        edge_mask: Tensor,
        gram1: Tensor,
        gram2: Tensor,
        gram3: Tensor,
        content: Tensor,
        label: Tensor,
        seam: Tensor,
        push: Tensor,
        weights: Tensor,
        rates: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """INPUTS to OUTPUTS, whose comments give the shapes."""
        with torch.enable_grad():
            free = h.detach().requires_grad_()
            x = self.generator(free.to(self.dtype)).to(h.dtype)
            e = mask * (known - x)
            x_c = x + e
            scores, features = self.condition(x_c.to(self.dtype))
            f1, f2, f3 = (f.to(h.dtype) for f in features[:STYLES])
            terms = (
                -(label * F.log_softmax(scores.to(h.dtype), 1)).sum(1),
                squares(e),
                squares(edge_mask * (losses.laplacian_of_gaussian(x) - edges)),
                squares(losses.gram(f1) - gram1) / 4,
                squares(losses.gram(f2) - gram2) / 4,
                squares(losses.gram(f3) - gram3) / 4,
                squares(f3 - content) / 2,
                jumps(e, seam),
            )
            each = weights.expand(h.shape[0], -1).unbind(1)  # (B,) per term
            (gradient,) = torch.autograd.grad((*terms, x), free, (*each[1:], push))
        with torch.no_grad():
            away = h - self.encoder(x_c.to(self.dtype)).to(h.dtype)
            e1, e3 = weights.split(1)[0], rates.split(1)[RATES.index("noise")]
            d = e3 * noise - gradient - e1 * away
            h_next, m_next, v_next = move(h, m, v, d, rates)
        parts = torch.stack([squares(away) / 2, *terms], 1)
        return h_next, m_next, v_next, x.detach(), parts.detach()


def move(h: Tensor, m: Tensor, v: Tensor, d: Tensor, rates: Tensor) -> tuple[Tensor, ...]:
    """h, m and v after one step in direction d.

    Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1), or h + lr d / mean |d| with the mean over
    every picture's own d; then clipped to low..high.
    """
    lr, beta1, beta2, eps, unbias1, unbias2, adam, _, low, high = rates.split(1)
    m = beta1 * m + (1 - beta1) * d
    v = beta2 * v + (1 - beta2) * (d * d)
    preconditioned = m * unbias1 / ((v * unbias2).sqrt() + eps)
    length = d.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-30)  # d may be all zeros
    step = adam * preconditioned + (1 - adam) * (d / length)
    return torch.minimum(torch.maximum(h + lr * step, low), high), m, v


def example(
    step: LatentStep, batch: int, height: int, width: int, seed: int = 0
) -> dict[str, Tensor]:
    """Made-up inputs of a step by name, float32, every term and rate at work.

    height, width: multiples of 32.
    """
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=draw)

    latent = (batch, step.generator.body[0].in_channels, height // STRIDE, width // STRIDE)
    plane = (batch, 1, height, width)
    original = uniform(batch, 3, height, width)
    with torch.no_grad():
        scores, features = step.condition(original.to(step.dtype))
        features = [f.float() for f in features]
        grams = [losses.gram(f) for f in features[:STYLES]]
    values = (
        0.5 * normal(*latent),
        0.01 * normal(*latent),
        1e-4 * uniform(*latent),
        normal(*latent),
        original,
        (uniform(*plane) < 0.6).float(),
        losses.laplacian_of_gaussian(original),
        (uniform(*plane) < 0.2).float(),
        *grams,
        features[2],
        torch.softmax(scores.float(), 1),
        (uniform(*plane) < 0.1).float(),
        0.01 * normal(batch, 3, height, width),
        torch.tensor([0.1, 1.0, 1.0, 2.0, 1e3, 1e3, 1e3, 0.1, 0.5]),
        torch.tensor([0.05, 0.9, 0.999, 1e-8, 1.9, 1.8, 1.0, 1e-3, -3.0, 3.0]),
    )
    return dict(zip(INPUTS, values, strict=True))
