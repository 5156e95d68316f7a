"""FORMAT.md, section 9, Mask: the quadtrees and which leaves are kept."""

from functools import cache

from reference.cells import Cells, Node
from reference.conventions import clip, filled
from reference.file import EXPLICIT_MASK, STEP_OFFSETS, Header
from reference.initial_models import OffsetModels, TileModels, band, mask_starts
from reference.models import Estimate, Weights, decode_bit, estimates, mix, untrained_weights
from reference.range_coder import RangeDecoder

FACTORS = (4096, 4871, 5793, 6889)  # quarters of an octave, in 1/4096
Mask = list[list[int]]


class ModelSets:
    """The sets of models of a tile: one for each band of steps (section 5)."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._sets: dict[int, TileModels] = {}

    def of(self, offset: int) -> TileModels:
        """Return the set of a superblock with that step offset."""
        key = band(step_of(self._step, offset))
        if key not in self._sets:
            self._sets[key] = TileModels(key)
        return self._sets[key]


def decode_mask(header: Header, segment: bytes, cells: Cells, sets: ModelSets) -> None:
    """Section 9, a tile's segment of MASK: sets `offset`, `leaf` and `kept` of the cells."""
    decoder = RangeDecoder(segment)
    explicit = None
    if header.has(EXPLICIT_MASK):
        explicit = decode_cell_mask(decoder, cells.width, cells.height)
    if header.has(STEP_OFFSETS):
        decode_offsets(decoder, cells)
    for superblock in cells.superblocks():
        decoder.check_overrun()
        leaves = Leaves(decoder, cells, sets.of(cells.first(superblock).offset), explicit)
        leaves.decode(superblock)
    decoder.finish()


class Leaves:
    """The quadtree of a superblock."""

    def __init__(
        self, decoder: RangeDecoder, cells: Cells, models: TileModels, explicit: Mask | None
    ) -> None:
        self.decoder = decoder
        self.cells = cells
        self.models = models
        self.explicit = explicit

    def decode(self, node: Node) -> None:
        """Section 9: `leaves(node)`."""
        if not self.cells.is_visible(node):
            return
        if self.split(node):
            for child in node.children():
                self.decode(child)
            return
        kept = self.keep(node)
        for cell in self.cells.of(node):
            cell.leaf = node.size
            cell.kept = kept

    def kept_before(self, node: Node) -> set[int]:
        """Return the values of the explicit mask in the node."""
        assert self.explicit
        rows = self.explicit[node.y : node.y + node.side]
        return {value for row in rows for value in row[node.x : node.x + node.side]}

    def split(self, node: Node) -> bool:
        """Section 9: `split(node)`."""
        if node.size == 0 or (self.explicit and self.kept_before(node) == {0}):
            return False
        if self.explicit and self.kept_before(node) == {0, 1}:
            return True
        smaller = self.cells.beside(node, lambda cell: cell.leaf < node.size)
        place = ((node.size - 1) * 3 + smaller) * 6 + self.activity(node)
        return bool(decode_bit(self.decoder, self.models.split[place]))

    def keep(self, node: Node) -> bool:
        """Section 9: `keep(node)`."""
        if self.explicit:
            return self.kept_before(node) == {1}
        kept = self.cells.beside(node, lambda cell: cell.kept)
        place = (3 * node.size + kept) * 6 + self.activity(node)
        return bool(decode_bit(self.decoder, self.models.keep[place]))

    def activity(self, node: Node) -> int:
        """Return the largest activity of the node's visible cells."""
        return max(cell.activity for cell in self.cells.of(node))


# ---- Step offsets ------------------------------------------------------------------------------
def decode_offsets(decoder: RangeDecoder, cells: Cells) -> None:
    """Section 9, Step offsets: sets `offset` of the cells."""
    models = OffsetModels()
    superblocks = list(cells.superblocks())
    width = sum(node.y == 0 for node in superblocks)
    o: list[list[int]] = []
    for node in superblocks:
        if node.x == 0:
            o.append([])
        offset = decode_offset(decoder, models, o, width)
        o[-1].append(offset)
        for cell in cells.of(node):
            cell.offset = offset


def decode_offset(
    decoder: RangeDecoder, models: OffsetModels, o: list[list[int]], width: int
) -> int:
    """Return the offset that comes after those in `o`, the last row of which is not complete."""
    x, y = len(o[-1]), len(o) - 1
    up = o[y - 1][x] if y > 0 else o[y][x - 1] if x > 0 else 0
    left = o[y][x - 1] if x > 0 else up
    corner = o[y - 1][x - 1] if x > 0 and y > 0 else left
    right = o[y - 1][x + 1] if y > 0 and x < width - 1 else up

    same = 0 if left == up else 1 if left == corner else 2
    if decode_bit(decoder, models.same[same]):
        return left
    if up != left and decode_bit(decoder, models.above[int(up == right)]):
        return up
    rises = decode_bit(decoder, models.rises)
    change = 1
    while change < 64 and decode_bit(decoder, models.larger[min(change - 1, 15)]):
        change += 1
    return clip(left + change if rises else left - change, -32, 32)


@cache
def step_of(q: int, offset: int) -> int:
    """Return `step(o)`, the step of a superblock."""
    x = q * FACTORS[offset & 3]
    octaves = offset >> 2
    x = x << octaves if octaves >= 0 else x >> -octaves
    return clip((x + 2048) >> 12, 16, 16384)


# ---- Cell mask ---------------------------------------------------------------------------------
class CellMaskModels:
    """The estimates and weights of a cell mask."""

    def __init__(self) -> None:
        starts = mask_starts()
        self.wide: list[Estimate] = estimates(starts, 4096)
        self.close: list[Estimate] = estimates(starts, 64)
        self.counts: list[Estimate] = estimates(starts, 324)
        self.weights: list[Weights] = untrained_weights(16, 3)


def decode_cell_mask(decoder: RangeDecoder, width: int, height: int) -> Mask:
    """Section 9, Cell mask: rows of bits."""
    models = CellMaskModels()
    mask = filled(width, height)
    for y in range(height):
        decoder.check_overrun()
        for x in range(width):
            mask[y][x] = decode_cell(decoder, models, mask, x, y)
    return mask


def decode_cell(decoder: RangeDecoder, models: CellMaskModels, mask: Mask, x: int, y: int) -> int:
    """Section 9, Cell mask: one bit."""

    def c(dx: int, dy: int) -> int:
        inside = 0 <= x + dx < len(mask[0]) and y + dy >= 0
        return mask[y + dy][x + dx] if inside else 0

    near = c(-1, 0) + 2 * c(0, -1) + 4 * c(-1, -1) + 8 * c(1, -1)
    six = near + 16 * c(-2, 0) + 32 * c(0, -2)
    twelve = six + 64 * c(2, -1) + 128 * c(-2, -1) + 256 * c(-1, -2) + 512 * c(1, -2)
    twelve += 1024 * c(-3, 0) + 2048 * c(0, -3)
    above = sum(c(d, -1) for d in range(-4, 4)) + c(-4, -2) + c(-3, -2) + c(3, -2)
    left = sum(c(-d, 0) for d in range(1, 9))
    number = (9 * min(above, 8) + left) * 4 + c(-1, 0) + 2 * c(0, -1)
    inputs = (models.wide[twelve], models.close[six], models.counts[number])
    return mix(decoder, inputs, models.weights[near])
