"""FORMAT.md, section 4, Models and estimates: the probabilities of decisions, as they adapt."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, repeat

from reference.conventions import clip, divide
from reference.range_coder import RangeDecoder

Start = tuple[int, int]  # probability in 1/65536, `seen`
Weights = list[int]  # in 1/65536

UNTRAINED: Iterator[Start] = repeat((32768, 0))
UNTRAINED_WEIGHT = {2: 39321, 3: 26214, 4: 19660}  # by the number of estimates


@dataclass(slots=True)
class Model:
    """The probability of one kind of decision, kept at two rates."""

    fast: int
    slow: int
    seen: int


@dataclass(slots=True)
class Estimate:
    """One input of a mixture."""

    p: int
    seen: int


def models(starts: Iterator[Start], count: int) -> list[Model]:
    """Return models that begin with the next `count` starts."""
    return [Model(p, p, seen) for p, seen in islice(starts, count)]


def estimates(starts: Iterator[Start], count: int) -> list[Estimate]:
    """Return estimates that begin with the next `count` starts."""
    return [Estimate(p, seen) for p, seen in islice(starts, count)]


def untrained_weights(sets: int, count: int) -> list[Weights]:
    """Return sets of `count` weights."""
    return [[UNTRAINED_WEIGHT[count]] * count for _ in range(sets)]


def decode_bit(decoder: RangeDecoder, model: Model) -> int:
    """Section 4, Model: `bit(model)`."""
    b = decoder.decode((model.fast + model.slow >> 2) | 1)
    f = min((model.seen + 1).bit_length(), 4)
    l = min((model.seen + 1).bit_length(), 7)  # noqa: E741 (the document's name)
    if b:
        model.fast += 65535 - model.fast >> f
        model.slow += 65535 - model.slow >> l
    else:
        model.fast -= model.fast >> f
        model.slow -= model.slow >> l
    model.seen = min(model.seen + 1, 63)
    return b


def decode_tree(decoder: RangeDecoder, nodes: Sequence[Model], first: int, bits: int) -> int:
    """Section 8, Blocks: `tree(models, first, k)`, a number of `bits` bits."""
    i = 1
    for _ in range(bits):
        i = 2 * i + decode_bit(decoder, nodes[first + i])
    return i - (1 << bits)


# ---- Stretch and squash ------------------------------------------------------------------------
Q = (
    *(1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047),
    *(2549, 2994, 3348, 3607, 3785, 3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092),
    *(4093, 4094),
)
SQUASH = [  # of x + 2048
    (low * (128 - r) + high * r + 64) >> 7 for low, high in pairwise(Q) for r in range(128)
]
STRETCH = [min(bisect_left(SQUASH, p, lo=1) - 2048, 2047) for p in range(4096)]


# ---- Mixture -----------------------------------------------------------------------------------
RATE = [327680 // (10 * n + 16) for n in range(121)]


def mix(decoder: RangeDecoder, inputs: Sequence[Estimate], weights: Weights) -> int:
    """Section 4, Mixture: `mix(e[0..k-1], w)`."""
    t = [STRETCH[e.p >> 4] for e in inputs]
    d = sum(w * x for w, x in zip(weights, t, strict=True))
    q = SQUASH[clip(d >> 16, -2047, 2047) + 2048]
    b = decoder.decode(8 * q)
    error = (4096 * b - q) * 6
    for i, e in enumerate(inputs):
        weights[i] = clip(weights[i] + ((t[i] * error + 512) >> 10), -(1 << 22), 1 << 22)
        e.p += divide((65535 * b - e.p) * RATE[e.seen], 32768)
        e.seen = min(e.seen + 1, 120)
    return b
