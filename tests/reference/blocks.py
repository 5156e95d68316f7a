"""FORMAT.md, section 8, Blocks: the leaves of a tile and its decoded samples."""

from dataclasses import dataclass

from reference.chroma import Luma, predict_chroma
from reference.conventions import Plane, clip255, filled, paste
from reference.file import Header, Tile
from reference.initial_models import LevelModels, TileModels, band
from reference.levels import Block, Levels, chroma_step, decode_levels, dequantise
from reference.mask import Bits, Mask, step_of
from reference.models import decode_bit
from reference.modes import Modes
from reference.prediction import PLANAR, Border, border_of, predict
from reference.range_coder import RangeDecoder
from reference.squares import CELL, SQUARE, SUPERBLOCK_SQUARES, Cell, Node, Square, Squares, padded
from reference.transform import inverse

LOW = (1, 3, 10, 28, 60)  # coefficients of dropped blocks, by size
CELL_SQUARES = CELL // SQUARE


@dataclass(frozen=True)
class DecodedTile:
    """The planes of a padded tile, and its cells."""

    rec: list[Plane]
    cells: list[list[Cell]]


def decode_blocks(header: Header, tile: Tile, segment: bytes, mask: Mask) -> DecodedTile:
    """Section 8, a tile's segment of BLKS."""
    squares = Squares(tile)
    width, height = padded(tile)
    shifts = [header.shift(plane) for plane in range(header.planes)]
    rec = [filled(width >> shift, height >> shift, 128) for shift in shifts]
    decoder = RangeDecoder(segment)
    sets: dict[int, TileModels] = {}
    for superblock in squares.superblocks():
        decoder.check_overrun()
        column, row = (at // SUPERBLOCK_SQUARES for at in (superblock.x, superblock.y))
        step = step_of(header.step, mask.offsets[row][column])
        models = sets.setdefault(band(step), TileModels(band(step)))
        Blocks(header, decoder, squares, models, step, mask.explicit, rec).decode(superblock)
    decoder.finish()
    return DecodedTile(rec, cells_of(squares, mask.offsets))


def cells_of(squares: Squares, offsets: list[list[int]]) -> list[list[Cell]]:
    """Return the cells of a decoded tile."""
    cells: list[list[Cell]] = []
    for y in range(0, squares.height, CELL_SQUARES):
        cells.append([])
        for x in range(0, squares.width, CELL_SQUARES):
            square = squares.rows[y][x]
            assert square.leaf is not None
            offset = offsets[y // SUPERBLOCK_SQUARES][x // SUPERBLOCK_SQUARES]
            cells[-1].append(Cell(max(square.leaf, 1), square.kept, offset))
    return cells


class Blocks:
    """The blocks of a superblock."""

    def __init__(
        self,
        header: Header,
        decoder: RangeDecoder,
        squares: Squares,
        models: TileModels,
        step: int,
        explicit: Bits | None,
        rec: list[Plane],
    ) -> None:
        self.header = header
        self.decoder = decoder
        self.squares = squares
        self.models = models
        self.modes = Modes(decoder, models, squares)
        self.step = step
        self.explicit = explicit
        self.rec = rec

    def decode(self, node: Node) -> None:
        """Section 8: `blocks(node)`."""
        if not self.squares.is_visible(node):
            return
        is_split = self.split(node)
        if is_split:
            for child in node.children():
                self.decode(child)
        else:
            self.luma(node)
        if self.header.planes > 1 and (node.size == 2 or (node.size > 2 and not is_split)):
            self.chroma(node, 1)
            self.chroma(node, 2)

    # ---- Explicit mask -------------------------------------------------------------------------
    def demanded(self, node: Node) -> set[int]:
        """Return the values of the explicit mask in the cells that a node overlaps."""
        assert self.explicit is not None
        x, y = node.x // CELL_SQUARES, node.y // CELL_SQUARES
        side = max(node.side // CELL_SQUARES, 1)
        return {value for row in self.explicit[y : y + side] for value in row[x : x + side]}

    def all_dropped(self, node: Node) -> bool:
        """True if an explicit mask drops all cells that a node overlaps."""
        return self.explicit is not None and self.demanded(node) == {0}

    def split(self, node: Node) -> bool:
        """Section 8: `split(node)`."""
        if node.size == 0 or self.all_dropped(node):
            return False
        if self.explicit is not None and self.demanded(node) == {0, 1}:
            return True
        smaller = self.squares.share(node, lambda square: leaf_of(square) < node.size)
        larger = self.squares.share(node, lambda square: leaf_of(square) > node.size)
        density = self.squares.density_class(node, 0)
        place = (((node.size - 1) * 3 + smaller) * 3 + larger) * 8 + density
        return bool(decode_bit(self.decoder, self.models.split[place]))

    def keep(self, node: Node) -> bool:
        """Section 8: `keep(node)`."""
        if node.size == 0:
            return True
        if self.explicit is not None:
            return self.demanded(node) == {1}
        kept = self.squares.share(node, lambda square: square.kept)
        place = (3 * node.size + kept) * 8 + self.squares.density_class(node, 0)
        return bool(decode_bit(self.decoder, self.models.keep[place]))

    # ---- Luma ----------------------------------------------------------------------------------
    def luma(self, node: Node) -> None:
        """Section 8: `luma(node)`."""
        kept = self.keep(node)
        mode, sine = PLANAR, False
        if kept:
            mode = self.modes.luma(node)
            levels = self.levels(self.models.kept_levels, node, 0, low=False)
            sine = self.modes.sine(node, mode, levels.count)
        else:
            levels = self.levels(self.models.dropped_levels, node, 0, low=True)
        predicted = predict(mode, self.border(node, 0), node.samples, smooth=True)
        self.replace(node, 0, predicted, inverse(dequantise(levels.block, self.step), sine))
        for square in self.squares.of(node):
            square.leaf = node.size
            square.kept = kept
            square.mode = mode
            square.density[0] = levels.density
            square.unit[0] = True

    # ---- Chroma --------------------------------------------------------------------------------
    def chroma(self, node: Node, plane: int) -> None:
        """Section 8: `chroma(node, plane)`."""
        mode = self.modes.chroma(node, plane)
        levels = self.levels(self.models.chroma_levels, node, plane, self.all_dropped(node))
        x, y, n = self.place(node, plane)
        luma = Luma(self.rec[0], x, y, self.header.chroma_shift)
        luma_mode = self.squares.middle(node).mode
        predicted = predict_chroma(mode, luma_mode, self.border(node, plane), luma, n)
        coefficients = dequantise(levels.block, chroma_step(self.step))
        self.replace(node, plane, predicted, inverse(coefficients, sine=False))
        for square in self.squares.of(node):
            if plane == 1:
                square.chroma_mode = mode
            square.density[plane] = levels.density
            square.unit[plane] = True

    # ---- Both ----------------------------------------------------------------------------------
    def levels(self, models: LevelModels, node: Node, plane: int, low: bool) -> Levels:
        """Return the levels of a block; with `low`, those of its lowest frequencies alone."""
        size = node.size - self.header.shift(plane)
        limit = LOW[size] if low else 16 << 2 * size
        density = self.squares.density_class(node, plane)
        return decode_levels(self.decoder, models, size, density, limit)

    def place(self, node: Node, plane: int) -> tuple[int, int, int]:
        """Return the corner and the side of a node in a plane of the padded tile."""
        shift = self.header.shift(plane)
        return SQUARE * node.x >> shift, SQUARE * node.y >> shift, node.samples >> shift

    def border(self, node: Node, plane: int) -> Border:
        """Return the border of a node in a plane."""
        side = SQUARE >> self.header.shift(plane)

        def available(x: int, y: int) -> bool:
            square = self.squares.visible(x // side, y // side)
            return square is not None and square.unit[plane]

        return border_of(self.rec[plane], available, *self.place(node, plane))

    def replace(self, node: Node, plane: int, predicted: Block, residual: Block) -> None:
        """Replace the samples of a block by its prediction and residual."""
        block = [
            [clip255(a + b) for a, b in zip(row, differences, strict=True)]
            for row, differences in zip(predicted, residual, strict=True)
        ]
        x, y, _ = self.place(node, plane)
        paste(self.rec[plane], x, y, block)


def leaf_of(square: Square) -> int:
    """Return the block size of a decoded square's leaf."""
    assert square.leaf is not None
    return square.leaf
