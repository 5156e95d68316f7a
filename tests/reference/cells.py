"""FORMAT.md, section 9, Mask: cells and nodes of a tile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reference.conventions import ceil_divide
from reference.file import Tile

CELL = 8  # luma samples a side
SUPERBLOCK = 32
SUPERBLOCK_CELLS = SUPERBLOCK // CELL


@dataclass(slots=True)
class Cell:
    """What is known of 8x8 luma samples."""

    activity: int
    offset: int = 0  # of the superblock's step
    leaf: int = 0  # block size of the leaf around the cell: 0, 1, 2 for 8, 16, 32 samples
    kept: bool = False
    mode: int = 0  # of luma
    density: list[int] = field(default_factory=lambda: [0, 0, 0])  # by plane
    coded: list[bool] = field(default_factory=lambda: [False, False, False])  # Cb and Cr: 1 and 2


@dataclass(frozen=True, slots=True)
class Node:
    """A square of cells: its top left cell, and its block size, 0..2."""

    x: int
    y: int
    size: int

    @property
    def side(self) -> int:
        """The side in cells."""
        return 1 << self.size

    @property
    def samples(self) -> int:
        """The side in luma samples."""
        return CELL << self.size

    def children(self) -> list["Node"]:
        """Return the quarters, in the order of the document."""
        half = self.side // 2
        return [
            Node(self.x + right, self.y + down, self.size - 1)
            for down in (0, half)
            for right in (0, half)
        ]


class Cells:
    """The visible cells of a tile."""

    def __init__(self, rows: list[list[Cell]]) -> None:
        self.rows = rows
        self.width = len(rows[0])
        self.height = len(rows)

    def superblocks(self) -> Iterator[Node]:
        """Yield the superblocks of the padded tile, row by row."""
        for y in range(0, self.height, SUPERBLOCK_CELLS):
            for x in range(0, self.width, SUPERBLOCK_CELLS):
                yield Node(x, y, 2)

    def is_visible(self, node: Node) -> bool:
        """True if the node's top left cell is visible."""
        return node.x < self.width and node.y < self.height

    def first(self, node: Node) -> Cell:
        """Return the top left cell of a visible node."""
        return self.rows[node.y][node.x]

    def of(self, node: Node) -> list[Cell]:
        """Return the visible cells of a node."""
        rows = self.rows[node.y : node.y + node.side]
        return [cell for row in rows for cell in row[node.x : node.x + node.side]]

    def left(self, node: Node) -> Cell | None:
        """Return the cell left of the node's top left cell, None beyond the tile."""
        return self.rows[node.y][node.x - 1] if node.x > 0 else None

    def above(self, node: Node) -> Cell | None:
        """Return the cell above the node's top left cell, None beyond the tile."""
        return self.rows[node.y - 1][node.x] if node.y > 0 else None

    def neighbours(self, node: Node) -> list[Cell]:
        """Return the left and the above cell, of those that exist."""
        return [cell for cell in (self.left(node), self.above(node)) if cell is not None]

    def beside(self, node: Node, condition: Callable[[Cell], bool]) -> int:
        """Return how many of the left and the above cell fulfil a condition, 0..2."""
        return sum(condition(cell) for cell in self.neighbours(node))


def visible(tile: Tile) -> tuple[int, int]:
    """Return how many cells are visible in a tile, across and down."""
    return ceil_divide(tile.width, CELL), ceil_divide(tile.height, CELL)


def padded(tile: Tile) -> tuple[int, int]:
    """Section 8: the luma width and height of a padded tile."""
    return (
        ceil_divide(tile.width, SUPERBLOCK) * SUPERBLOCK,
        ceil_divide(tile.height, SUPERBLOCK) * SUPERBLOCK,
    )
