"""FORMAT.md, section 6, Plane code: a predictive code of a rectangle of integers."""

from dataclasses import dataclass

from reference.conventions import Plane, clip, filled, sign
from reference.models import (
    UNTRAINED,
    decode_bit,
    estimates,
    mix,
    models,
    untrained_weights,
)
from reference.range_coder import RangeDecoder


class Kind:
    """The models and weights of one of the three kinds of plane in a segment."""

    def __init__(self) -> None:
        self.by_energy = estimates(UNTRAINED, 16 * 16)
        self.by_gradient = estimates(UNTRAINED, 48 * 16)
        self.by_both = estimates(UNTRAINED, 64 * 16)
        self.by_companion = estimates(UNTRAINED, 64 * 16)
        self.sign = models(UNTRAINED, 9)
        self.mantissa = models(UNTRAINED, 16 * 3 * 4)
        self.weights = untrained_weights(16, 4)


@dataclass(frozen=True)
class Parameters:
    """What is known of a plane before it is decoded."""

    width: int
    height: int
    lowest: int
    highest: int
    start: int


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of a decoded sample."""

    residual: int
    energy: int
    errors: tuple[int, ...]


NOTHING = Past(0, 0, (0, 0, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class Samples:
    """The decoded samples around one."""

    w: int
    n: int
    nw: int
    ne: int
    ww: int
    nn: int


@dataclass(frozen=True, slots=True)
class Around:
    """What is remembered of the decoded samples around one."""

    west: Past
    west2: Past
    north: Past
    northwest: Past
    northeast: Past


@dataclass(frozen=True)
class Decoded:
    """A decoded plane, and the energies that a plane with this companion looks at."""

    samples: Plane
    energies: Plane


def decode_plane(
    decoder: RangeDecoder,
    kind: Kind,
    parameters: Parameters,
    companion: Decoded | None = None,
    known: list[list[int | None]] | None = None,
) -> Decoded:
    """Return a plane. `known` has the samples that are known before, and None for the others."""
    v = filled(parameters.width, parameters.height)
    pasts = [[NOTHING] * parameters.width for _ in range(parameters.height)]
    for y in range(parameters.height):
        decoder.check_overrun()
        for x in range(parameters.width):
            samples = samples_around(v, x, y, parameters.start)
            around = pasts_around(pasts, x, y)
            candidates = predictions(samples)
            predicted = prediction(samples, around, candidates)
            value = known[y][x] if known else None
            if value is not None:
                residual = value - predicted
            else:
                other = companion_class(companion, around, x, y)
                contexts = contexts_of(samples, around, other)
                residual = decode_residual(decoder, kind, contexts)
                value = clip(predicted + residual, parameters.lowest, parameters.highest)
            v[y][x] = value
            errors = tuple(min(2 * abs(value - c), 1023) for c in candidates)
            pasts[y][x] = Past(residual, min(abs(residual), 4096), errors)
    return Decoded(v, [[past.energy for past in row] for row in pasts])


def samples_around(v: Plane, x: int, y: int, start: int) -> Samples:
    """Section 6, the samples W, N, NW, NE, WW and NN."""
    w = v[y][x - 1] if x > 0 else v[y - 1][x] if y > 0 else start
    n = v[y - 1][x] if y > 0 else w
    nw = v[y - 1][x - 1] if y > 0 and x > 0 else n
    ne = v[y - 1][x + 1] if y > 0 and x < len(v[0]) - 1 else n
    ww = v[y][x - 2] if x >= 2 else w
    nn = v[y - 2][x] if y >= 2 else n
    return Samples(w, n, nw, ne, ww, nn)


def pasts_around(pasts: list[list[Past]], x: int, y: int) -> Around:
    """Section 6, Past."""
    if y > 0:
        above = pasts[y - 1]
        north, northwest = above[x], above[max(x - 1, 0)]
        northeast = above[min(x + 1, len(above) - 1)]
        outside = Past(0, above[0].energy, NOTHING.errors)
    else:
        north = northwest = northeast = outside = NOTHING
    west = pasts[y][x - 1] if x > 0 else outside
    west2 = pasts[y][x - 2] if x >= 2 else outside if x == 1 else NOTHING
    return Around(west, west2, north, northwest, northeast)


def predictions(s: Samples) -> tuple[int, ...]:
    """Section 6, Prediction: the candidates `c`."""
    return (
        s.w + s.n - s.nw,
        s.w + ((s.ne - s.n) >> 1),
        s.n + ((s.w - s.nw) >> 1),
        (2 * (s.w + s.n) + s.ne - s.nw + 2) >> 2,
        s.w + s.n - ((s.ww + s.nn + 1) >> 1),
    )


def prediction(samples: Samples, around: Around, candidates: tuple[int, ...]) -> int:
    """Section 6, Prediction: the candidates, weighted by how well they did nearby."""
    total = weighted = 0
    for k, c in enumerate(candidates):
        error = around.west.errors[k] + around.north.errors[k]
        error += around.northwest.errors[k] + around.northeast.errors[k]
        g = (1 << 24) // (min(error, 1023) + 2) ** 2
        total += g
        weighted += g * c
    half = total // 2
    mean = (weighted + half) // total if weighted >= 0 else -((-weighted + half) // total)
    nearby = (samples.w, samples.n, samples.ne)
    return clip(mean, min(nearby), max(nearby))


def magnitude_class(v: int) -> int:
    """Section 6, Contexts: `class(v)`, 0..15."""
    u = v + 1
    b = u.bit_length()
    second = u >> (b - 2) & 1 if b > 1 else 0
    return min(2 * (b - 1) + second, 15)


def companion_class(companion: Decoded | None, around: Around, x: int, y: int) -> int:
    """Section 6, Contexts: `other`."""
    if companion is None:
        return magnitude_class(2 * min(around.north.energy, around.west.energy))
    row = companion.energies[y]
    left = row[x - 1] if x > 0 else 0
    right = row[x + 1] if x + 1 < len(row) else 0
    return magnitude_class(2 * row[x] + left + right)


@dataclass(frozen=True, slots=True)
class Contexts:
    """What selects the models of a residual."""

    energy: int
    unary: tuple[int, int, int, int]  # i0..i3
    sign: int


def contexts_of(s: Samples, around: Around, other: int) -> Contexts:
    """Section 6, Contexts."""
    west, north = around.west, around.north
    energy = magnitude_class(
        2 * west.energy
        + 2 * north.energy
        + around.northwest.energy
        + around.northeast.energy
        + around.west2.energy
    )
    gradient = magnitude_class(abs(s.w - s.nw) + abs(s.n - s.nw) + abs(s.n - s.ne))
    tilt = sign(west.residual) + sign(north.residual)
    unary = (
        16 * energy,
        16 * (3 * gradient + min(abs(tilt), 2)),
        16 * (8 * (energy >> 1) + (gradient >> 1)),
        16 * (4 * other + min(energy // 3, 3)),
    )
    return Contexts(energy, unary, 3 * (sign(west.residual) + 1) + sign(north.residual) + 1)


def decode_residual(decoder: RangeDecoder, kind: Kind, contexts: Contexts) -> int:
    """Section 6, Residual: `res`."""
    i0, i1, i2, i3 = contexts.unary
    length = 0
    while length < 15 and mix(
        decoder,
        (
            kind.by_energy[i0 + length],
            kind.by_gradient[i1 + length],
            kind.by_both[i2 + length],
            kind.by_companion[i3 + length],
        ),
        kind.weights[length],
    ):
        length += 1
    if length == 0:
        return 0
    m = 1
    column = min(contexts.energy // 4, 3)
    for depth in range(length - 1):
        if depth == 0:
            b = decode_bit(decoder, kind.mantissa[3 * length * 4 + column])
        elif depth == 1:
            b = decode_bit(decoder, kind.mantissa[(3 * length + 1 + (m & 1)) * 4 + column])
        else:
            b = decoder.raw(1)
        m = 2 * m + b
    return -m if decode_bit(decoder, kind.sign[contexts.sign]) else m
