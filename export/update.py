"""One iteration of the latent update of Plug & Play Generative Networks (arXiv:1612.00005, eq. 5).

The loop minimises over the latent code h, for all pictures of a batch at once,

    L(h) = e1/2 |h - E(x_c)|^2 - e2 sum_y label_y log C_y(x_c) + known |e|^2
         + edge |edge_mask (LoG x - edges)|^2
         + sum_l style_l / 4 |Gram F^l(x_c) - gram_l|^2 + content / 2 |F^3(x_c) - content|^2
         + seam sum_p seam_p (|e_p - e_right(p)|^2 + |e_p - e_below(p)|^2) + <push, x>

    x = G(h),  e = mask (known - x),  x_c = x + e = mask known + (1 - mask) x

The gradient of the first term is h - E(x_c), without differentiating E: the direction of a
denoising autoencoder. As e = x_c - x, the seam term is |grad x_c - grad x|^2 (Perez et al. 2003,
eq. 3) at borders of the mask: the gradient that pasting known pixels adds there. push is the
gradient in x, at this h, of terms that the host computes; no output contains those terms.

Terms are sums, so that their weights carry every 1/N and keep gradients within the range of half
precision. Networks run at the precision of their parameters, everything else at that of h. The
graph is called the update graph; ids of models, their cards and streams call it "step", a name
that streams hold and that therefore stays.

Axis letters: L channels of h; N channels of F^l; h w its rows and columns.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import losses
from ablc.export.nets import STRIDE, Condition, Generator, LatentEncoder

TERMS = ("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam")
RATES = (
    "lr",
    "beta1",
    "beta2",
    "eps",  # > 0
    "unbias1",  # 1 / (1 - beta1^t) in iteration t = 1, 2, ...
    "unbias2",  # 1 / (1 - beta2^t)
    "adam",  # 1: Adam; 0: lr d / mean |d|, as in the reference implementation
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
    "label",  # (B, 1000): target shares of the classes; zeros for none
    "seam",  # (B, 1, H, W): weights of the differences from right and lower neighbours
    "push",  # (B, 3, H, W): gradient in x of terms that the host computes; zeros for none
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
STYLES = 3  # features F^l with a style term, of four


class _Squares(torch.autograd.Function):
    """Sums of squares, whose gradient is one product.

    Autograd's own gradient copies every sum back to full size first.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x * x).sum(tuple(range(1, x.dim())))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return (2 * gradient).reshape(-1, *[1] * (x.dim() - 1)) * x


def squares(x: Tensor) -> Tensor:
    """Return the sums of squares, (B,), of (B, ...)."""
    return _Squares.apply(x)  # type: ignore[no-untyped-call]


def jumps(e: Tensor, seam: Tensor) -> Tensor:
    """Return (B,) weighted squared differences of e from its right and lower neighbours.

    e: (B, C, H, W); seam: (B, 1, H, W) >= 0, the weights. The last column has no right neighbour
    and the last row no lower one.
    """
    root = seam.sqrt()
    right = squares((e[:, :, :, 1:] - e[:, :, :, :-1]) * root[:, :, :, :-1])
    below = squares((e[:, :, 1:] - e[:, :, :-1]) * root[:, :, :-1])
    return right + below


class LatentUpdate(nn.Module):
    """One iteration: from h, Adam's moments and targets to the next h and moments."""

    def __init__(self, encoder: LatentEncoder, generator: Generator, condition: Condition) -> None:
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.condition = condition

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the networks."""
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
        """Return OUTPUTS for INPUTS; the comments there give the shapes."""
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
            e1, e3 = torch.split(weights, 1)[0], torch.split(rates, 1)[RATES.index("noise")]
            d = e3 * noise - gradient - e1 * away
            h_next, m_next, v_next = next_code(h, m, v, d, rates)
        parts = torch.stack([squares(away) / 2, *terms], 1)
        return h_next, m_next, v_next, x.detach(), parts.detach()


def next_code(h: Tensor, m: Tensor, v: Tensor, d: Tensor, rates: Tensor) -> tuple[Tensor, ...]:
    """Return h, m and v after a move in direction d.

    Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1), or h + lr d / mean |d| with the mean over
    each picture of the batch; then h is clipped to low..high.
    """
    lr, beta1, beta2, eps, unbias1, unbias2, adam, _, low, high = torch.split(rates, 1)
    m = beta1 * m + (1 - beta1) * d
    v = beta2 * v + (1 - beta2) * (d * d)
    preconditioned = m * unbias1 / ((v * unbias2).sqrt() + eps)
    length = d.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-30)  # d may be all zeros
    move = adam * preconditioned + (1 - adam) * (d / length)
    return torch.minimum(torch.maximum(h + lr * move, low), high), m, v


def example(
    update: LatentUpdate, batch: int, height: int, width: int, seed: int = 0
) -> dict[str, Tensor]:
    """Return random inputs of an update by name, float32, with every term and rate in use.

    height, width: of the picture in pixels, multiples of 32.
    """
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=draw)

    latent = (batch, update.generator.latent, height // STRIDE, width // STRIDE)
    plane = (batch, 1, height, width)
    original = uniform(batch, 3, height, width)
    with torch.no_grad():
        scores, features = update.condition(original.to(update.dtype))
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
