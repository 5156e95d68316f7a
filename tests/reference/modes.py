"""FORMAT.md, section 8, Blocks: the modes of luma leaves and chroma units."""

from reference.initial_models import TileModels
from reference.models import decode_bit, decode_tree
from reference.prediction import DC, DIRECTIONS, DOWN, FIRST_DIRECTION, PLANAR, RIGHT
from reference.range_coder import RangeDecoder
from reference.squares import Node, Square, Squares

PROBABLE_MODES = 5
OTHERWISE_PROBABLE = (25, 9, 23, 27, 11)
FROM_LUMA = 5  # first of the chroma modes that predict from luma


class Modes:
    """Decodes modes with one set of models."""

    def __init__(self, decoder: RangeDecoder, models: TileModels, squares: Squares) -> None:
        self.decoder = decoder
        self.models = models
        self.squares = squares

    def luma(self, node: Node) -> int:
        """Section 8: `luma_mode(node)`, 0..33."""
        left, above = self.squares.left(node), self.squares.above(node)
        moded = sum(square.mode != PLANAR for square in (left, above) if square)
        if not decode_bit(self.decoder, self.models.mode_planar[3 * node.size + moded]):
            return PLANAR
        a, b = direction_in(left), direction_in(above)
        probable = probable_modes(a, b)
        case = case_of(a, b)
        if not decode_bit(self.decoder, self.models.mode_probable[4 * node.size + case]):
            return FIRST_DIRECTION + self.direction(node, probable)
        i = 0
        while i < 4 and decode_bit(self.decoder, self.models.mode_index[5 * case + i]):
            i += 1
        return probable[i]

    def direction(self, node: Node, probable: list[int]) -> int:
        """Section 8: `direction(node)`, 0..31."""
        left = [FIRST_DIRECTION + d not in probable for d in range(DIRECTIONS)]
        first, i = 0, 1
        for width in (16, 8, 4, 2, 1):
            lower = any(left[first : first + width])
            upper = any(left[first + width : first + 2 * width])
            b = int(upper)
            if lower and upper:
                b = decode_bit(self.decoder, self.models.direction[32 * node.size + i])
            first += width * b
            i = 2 * i + b
        return first

    def sine(self, node: Node, mode: int, count: int) -> bool:
        """Section 8: `sine(node, mode, count)`."""
        if count == 0 or node.size == 4:
            return False
        turn = min(abs(mode - RIGHT), abs(mode - DOWN))
        kind = 0 if mode < FIRST_DIRECTION else 1 if turn < 4 else 2
        many = (count > 2) + (count > 8) + (count > 24)
        return bool(decode_bit(self.decoder, self.models.sine[(3 * node.size + kind) * 4 + many]))

    def chroma(self, node: Node, plane: int) -> int:
        """Section 8: `chroma_mode(node, plane)`, 0..7."""
        square = self.squares.first(node)
        if plane == 2:
            first = square.chroma_mode
            kind = 0 if first == 0 else 1 if first < FROM_LUMA else 2
            if decode_bit(self.decoder, self.models.chroma_same[3 * (node.size - 2) + kind]):
                return first
        directed = square.mode >= FIRST_DIRECTION
        tree = (6 * (plane - 1) + 2 * (node.size - 2) + directed) * 8
        return decode_tree(self.decoder, self.models.chroma_mode, tree, 3)


def direction_in(square: Square | None) -> int | None:
    """Return the square's luma mode if it is a direction."""
    return square.mode if square and square.mode >= FIRST_DIRECTION else None


def case_of(a: int | None, b: int | None) -> int:
    """Return the `case` of two modes, each a direction or absent."""
    if a is None or b is None:
        return (a is not None) + (b is not None)
    return 3 if a == b else 2


def probable_modes(a: int | None, b: int | None) -> list[int]:
    """Return the five probable modes."""
    present = [mode for mode in (a, b) if mode is not None]
    candidates = [*present, DC]
    for distance in (1, 2):
        for mode in present:
            candidates += [turn(mode, -distance), turn(mode, distance)]
    candidates += OTHERWISE_PROBABLE
    return list(dict.fromkeys(candidates))[:PROBABLE_MODES]


def turn(mode: int, t: int) -> int:
    """Return the direction `t` places on from another one."""
    return FIRST_DIRECTION + ((mode - FIRST_DIRECTION + t) & 31)
