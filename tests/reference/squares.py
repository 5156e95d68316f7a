"""FORMAT.md, section 8, Blocks: squares and nodes of a tile, and the cells of a picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reference.conventions import ceil_divide
from reference.file import Tile

SQUARE, CELL, SUPERBLOCK = 4, 8, 64  # luma samples a side
SUPERBLOCK_SIZE = 4
SUPERBLOCK_SQUARES = SUPERBLOCK // SQUARE
DENSITY_CLASSES = (0, 2, 6, 16, 40, 100, 250)  # a class begins above each


@dataclass(slots=True)
class Square:
    """What is known of 4x4 luma samples."""

    leaf: int | None = None  # block size of the leaf around it; None until that is decoded
    kept: bool = False
    mode: int = 0  # of luma
    density: list[int] = field(default_factory=lambda: [0, 0, 0])  # by plane
    unit: list[bool] = field(default_factory=lambda: [False, False, False])  # decoded, by plane
    chroma_mode: int = 0  # of plane 1


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a quadtree: its top left square, and its block size, 0..4."""

    x: int
    y: int
    size: int

    @property
    def side(self) -> int:
        """The side in squares."""
        return 1 << self.size

    @property
    def samples(self) -> int:
        """The side in luma samples."""
        return SQUARE << self.size

    def children(self) -> list["Node"]:
        """Return the quarters, in the order of the document."""
        half = self.side // 2
        return [
            Node(self.x + right, self.y + down, self.size - 1)
            for down in (0, half)
            for right in (0, half)
        ]


class Squares:
    """The squares of a padded tile, of which those in the picture are visible."""

    def __init__(self, tile: Tile) -> None:
        self.width = ceil_divide(tile.width, SQUARE)  # visible squares
        self.height = ceil_divide(tile.height, SQUARE)
        across, down = (length // SQUARE for length in padded(tile))
        self.rows = [[Square() for _ in range(across)] for _ in range(down)]

    def superblocks(self) -> Iterator[Node]:
        """Yield the superblocks of the padded tile, row by row."""
        for y in range(0, self.height, SUPERBLOCK_SQUARES):
            for x in range(0, self.width, SUPERBLOCK_SQUARES):
                yield Node(x, y, SUPERBLOCK_SIZE)

    def visible(self, x: int, y: int) -> Square | None:
        """Return a square, None if it is not visible."""
        inside = 0 <= x < self.width and 0 <= y < self.height
        return self.rows[y][x] if inside else None

    def is_visible(self, node: Node) -> bool:
        """True if the node's top left square is visible."""
        return self.visible(node.x, node.y) is not None

    def first(self, node: Node) -> Square:
        """Return the top left square of a node."""
        return self.rows[node.y][node.x]

    def middle(self, node: Node) -> Square:
        """Return the square in the middle of a node of more than one."""
        half = node.side // 2
        return self.rows[node.y + half][node.x + half]

    def of(self, node: Node) -> list[Square]:
        """Return all squares of a node, visible or not."""
        rows = self.rows[node.y : node.y + node.side]
        return [square for row in rows for square in row[node.x : node.x + node.side]]

    def left(self, node: Node) -> Square | None:
        """Return the square left of the node's top left square, None beyond the tile."""
        return self.visible(node.x - 1, node.y)

    def above(self, node: Node) -> Square | None:
        """Return the square above the node's top left square, None beyond the tile."""
        return self.visible(node.x, node.y - 1)

    def border(self, node: Node) -> list[Square]:
        """Return the border squares of a node."""
        steps = range(node.side)
        at_left = [self.visible(node.x - 1, node.y + i) for i in steps]
        at_top = [self.visible(node.x + i, node.y - 1) for i in steps]
        return [square for square in at_left + at_top if square is not None]

    def share(self, node: Node, condition: Callable[[Square], bool]) -> int:
        """Return the class of the share of border squares that fulfil a condition, 0..2."""
        border = self.border(node)
        count = sum(map(condition, border))
        return 0 if count == 0 else 1 if 2 * count <= len(border) else 2

    def density_class(self, node: Node, plane: int) -> int:
        """Return the density class of a node in a plane, 0..7."""
        border = self.border(node)
        if not border:
            return 0
        d = ceil_divide(sum(square.density[plane] for square in border), len(border))
        return sum(d > most for most in DENSITY_CLASSES)


@dataclass(frozen=True, slots=True)
class Cell:
    """What the filters and the mask need of 8x8 luma samples of the picture."""

    leaf: int  # block size of the leaf around it, 1..4; 1 of four leaves of 4x4
    kept: bool
    offset: int  # of the superblock's step


def padded(tile: Tile) -> tuple[int, int]:
    """Return the luma width and height of a padded tile."""
    return (
        ceil_divide(tile.width, SUPERBLOCK) * SUPERBLOCK,
        ceil_divide(tile.height, SUPERBLOCK) * SUPERBLOCK,
    )


def size_in_cells(tile: Tile) -> tuple[int, int]:
    """Return how many cells a tile has, across and down."""
    return ceil_divide(tile.width, CELL), ceil_divide(tile.height, CELL)
