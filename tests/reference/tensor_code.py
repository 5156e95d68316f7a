"""FORMAT.md, section 19, Tensor code: planes of levels of which some places are coded."""

from reference.conventions import Plane, filled, sign
from reference.models import UNTRAINED, decode_bit, estimates, mix, models, untrained_weights
from reference.plane_code import magnitude_class
from reference.range_coder import RangeDecoder

Places = list[list[bool]]  # True where a level is coded, in all planes
UNARY = 14  # magnitudes below it are coded decision by decision
LARGEST = 2047


class TensorModels:
    """The estimates, weights and models of a tensor code."""

    def __init__(self) -> None:
        self.by_near = estimates(UNTRAINED, 48 * UNARY)
        self.by_before = estimates(UNTRAINED, 256 * UNARY)
        self.by_plane = estimates(UNTRAINED, 256 * UNARY)
        self.by_lines = estimates(UNTRAINED, 256 * UNARY)
        self.weights = untrained_weights(UNARY, 4)
        self.sign_by_near = estimates(UNTRAINED, 81)
        self.sign_by_plane = estimates(UNTRAINED, 27)
        self.sign_weights = untrained_weights(1, 2)[0]
        self.suffix = models(UNTRAINED, 10)


class Mean:
    """The magnitudes of some coded places."""

    def __init__(self) -> None:
        self.total = 0
        self.count = 0

    def add(self, magnitude: int) -> None:
        """Count a coded place."""
        self.total += magnitude
        self.count += 1

    def class_of(self) -> int:
        """Return `mean(S)`, 0..15."""
        return magnitude_class(16 * self.total // (self.count + 1))


def decode_tensor(
    decoder: RangeDecoder, planes: int, rows: int, columns: int, coded: Places | None = None
) -> list[Plane]:
    """Return planes of levels. Without `coded`, all places are."""
    tensor_models = TensorModels()
    before = filled(columns, rows)
    tensor = []
    for _ in range(planes):
        plane = TensorPlane(decoder, tensor_models, before)
        before = plane.decode(coded or [[True] * columns for _ in range(rows)])
        tensor.append(before)
    return tensor


class TensorPlane:
    """One plane, and what is counted while it is decoded."""

    def __init__(self, decoder: RangeDecoder, tensor_models: TensorModels, before: Plane) -> None:
        self.decoder = decoder
        self.models = tensor_models
        self.before = before
        self.levels = filled(len(before[0]), len(before))
        self.mean = Mean()
        self.mean_of_row = Mean()
        self.mean_of_column = [Mean() for _ in before[0]]
        self.tilt = 0

    def decode(self, coded: Places) -> Plane:
        """Return the levels."""
        for y, row in enumerate(coded):
            self.decoder.check_overrun()
            self.mean_of_row = Mean()
            for x, is_coded in enumerate(row):
                if is_coded:
                    self.levels[y][x] = self.level(x, y)
                    self.count(x, self.levels[y][x])
        return self.levels

    def count(self, x: int, level: int) -> None:
        """Take a level into account for those after it."""
        for mean in (self.mean, self.mean_of_row, self.mean_of_column[x]):
            mean.add(abs(level))
        self.tilt += sign(level)

    def level(self, x: int, y: int) -> int:
        """Return the level at a coded place."""
        magnitude = self.magnitude(x, y)
        return -magnitude if magnitude and self.is_negative(x, y) else magnitude

    def magnitude(self, x: int, y: int) -> int:
        """Section 19: `m`."""

        def a(dx: int, dy: int) -> int:
            return abs(at(self.levels, x + dx, y + dy))

        def a_before(dx: int, dy: int) -> int:
            return abs(at(self.before, x + dx, y + dy))

        near = 2 * a(-1, 0) + 2 * a(0, -1) + a(-1, -1) + a(1, -1) + a(-2, 0) + a(0, -2)
        before = 2 * a_before(0, 0) + a_before(-1, 0) + a_before(1, 0)
        before += a_before(0, -1) + a_before(0, 1)
        around = magnitude_class(near)
        column = self.mean_of_column[x].class_of()
        i0 = UNARY * (3 * around + (a(-1, 0) != 0) + (a(0, -1) != 0))
        i1 = UNARY * (16 * magnitude_class(before) + around)
        i2 = UNARY * (16 * self.mean.class_of() + around)
        i3 = UNARY * (16 * self.mean_of_row.class_of() + column)
        for m in range(UNARY):
            inputs = (
                self.models.by_near[i0 + m],
                self.models.by_before[i1 + m],
                self.models.by_plane[i2 + m],
                self.models.by_lines[i3 + m],
            )
            if not mix(self.decoder, inputs, self.models.weights[m]):
                return m
        n = 0
        while n < 10 and decode_bit(self.decoder, self.models.suffix[n]):
            n += 1
        return min(UNARY + (1 << n) + self.decoder.raw(n) - 1, LARGEST)

    def is_negative(self, x: int, y: int) -> bool:
        """Section 19: `negative`."""
        w, n = sign(at(self.levels, x - 1, y)), sign(at(self.levels, x, y - 1))
        nw, ne = sign(at(self.levels, x - 1, y - 1)), sign(at(self.levels, x + 1, y - 1))
        before = sign(at(self.before, x, y))
        by_near = 27 * w + 9 * n + 3 * nw + ne + 40
        by_plane = 9 * before + 3 * sign(self.tilt) + sign(2 * (w + n) + nw + ne) + 13
        inputs = (self.models.sign_by_near[by_near], self.models.sign_by_plane[by_plane])
        return bool(mix(self.decoder, inputs, self.models.sign_weights))


def at(plane: Plane, x: int, y: int) -> int:
    """Return the level at (x, y), 0 outside the plane."""
    return plane[y][x] if 0 <= y < len(plane) and 0 <= x < len(plane[0]) else 0
