"""FORMAT.md, section 10, Blocks: the decoded samples of a tile."""

from reference.cells import CELL, Cell, Cells, Node
from reference.conventions import Plane, clip255, paste
from reference.file import EXPLICIT_MASK, Header
from reference.initial_models import LevelModels, TileModels
from reference.levels import Block, chroma_step, decode_levels, density_of, dequantise
from reference.mask import ModelSets, step_of
from reference.models import decode_bit, decode_tree
from reference.prediction import FIRST_DIRECTION, Place, predict_chroma, predict_luma
from reference.range_coder import RangeDecoder
from reference.transform import inverse


def decode_blocks(
    header: Header, segment: bytes, cells: Cells, sets: ModelSets, p0: list[Plane]
) -> list[Plane]:
    """Section 10, a tile's segment of BLKS: the planes of the padded tile."""
    rec = [[list(row) for row in plane] for plane in p0]
    decoder = RangeDecoder(segment)
    for superblock in cells.superblocks():
        decoder.check_overrun()
        offset = cells.first(superblock).offset
        step = step_of(header.step, offset)
        Blocks(header, decoder, cells, sets.of(offset), step, p0, rec).decode(superblock)
    decoder.finish()
    return rec


class Blocks:
    """The blocks of a superblock."""

    def __init__(
        self,
        header: Header,
        decoder: RangeDecoder,
        cells: Cells,
        models: TileModels,
        step: int,
        p0: list[Plane],
        rec: list[Plane],
    ) -> None:
        self.header = header
        self.decoder = decoder
        self.cells = cells
        self.models = models
        self.step = step
        self.p0 = p0
        self.rec = rec

    def decode(self, node: Node) -> None:
        """Section 10: `blocks(node)`."""
        if not self.cells.is_visible(node):
            return
        first = self.cells.first(node)
        is_leaf = first.leaf == node.size
        if not is_leaf:
            for child in node.children():
                self.decode(child)
        elif first.kept:
            self.luma(node)
        if self.header.planes > 1 and (node.size == 1 or (node.size == 2 and is_leaf)):
            self.chroma(node, 1)
            self.chroma(node, 2)

    # ---- Luma ----------------------------------------------------------------------------------
    def luma(self, node: Node) -> None:
        """Section 10, Luma."""
        mode = self.luma_mode(node)
        class_ = self.density_class(node, 0)
        levels = decode_levels(self.decoder, self.models.luma_levels, node.size, class_)
        density = density_of(levels)
        for cell in self.cells.of(node):
            cell.mode = mode
            cell.density[0] = density
        place = self.place(node, 0)
        self.replace(0, place, predict_luma(place, mode), levels, self.step)

    def luma_mode(self, node: Node) -> int:
        """Return the luma mode, 0..33."""
        models = self.models
        elsewhere = self.cells.beside(node, lambda cell: cell.mode != 0)
        if not decode_bit(self.decoder, models.mode_base[3 * node.size + elsewhere]):
            return 0
        if decode_bit(self.decoder, models.mode_fade[node.size]):
            return 1
        a, b = direction_in(self.cells.left(node)), direction_in(self.cells.above(node))
        if a and decode_bit(self.decoder, models.mode_same[2 * node.size]):
            return a
        if b and b != a and decode_bit(self.decoder, models.mode_same[2 * node.size + 1]):
            return b
        return FIRST_DIRECTION + decode_tree(self.decoder, models.direction, 0, 5)

    # ---- Chroma --------------------------------------------------------------------------------
    def chroma(self, node: Node, plane: int) -> None:
        """Section 10, Chroma: one plane of a unit."""
        visible = self.cells.of(node)
        if self.header.has(EXPLICIT_MASK) and not any(cell.kept for cell in visible):
            return
        p = plane - 1
        kept = self.kept_children(node)
        cb = plane == 2 and self.cells.first(node).coded[1]
        coded = self.cells.beside(node, lambda cell: cell.coded[plane])
        chosen = ((3 * p + (kept + 2) // 3) * 3 + coded) * 2 + cb
        if not decode_bit(self.decoder, self.models.chroma_coded[chosen]):
            return
        mode = decode_tree(self.decoder, self.models.chroma_mode, 8 * p, 3)
        models: LevelModels = self.models.chroma_levels
        size = node.size - self.header.chroma_shift
        levels = decode_levels(self.decoder, models, size, self.density_class(node, plane))
        density = density_of(levels)
        for cell in visible:
            cell.coded[plane] = True
            cell.density[plane] = density
        place, luma = self.place(node, plane), self.place(node, 0)
        luma_mode = self.cells.first(node).mode
        predicted = predict_chroma(place, mode, luma_mode, luma, self.header.chroma_shift)
        self.replace(plane, place, predicted, levels, chroma_step(self.step))

    def kept_children(self, node: Node) -> int:
        """Return the number of visible children whose top left cell is kept."""
        children = [child for child in node.children() if self.cells.is_visible(child)]
        return sum(self.cells.first(child).kept for child in children)

    # ---- Both ----------------------------------------------------------------------------------
    def density_class(self, node: Node, plane: int) -> int:
        """Section 10: the density class of a node, 0..5."""
        densities = [cell.density[plane] for cell in self.cells.neighbours(node)]
        if not densities:
            return 0
        d = 2 * sum(densities) // len(densities)
        return (d > 0) + (d > 2) + (d > 7) + (d > 19) + (d > 51)

    def place(self, node: Node, plane: int) -> Place:
        """Return where the node lies in a plane of the padded tile."""
        shift = self.header.shift(plane)
        x, y, n = CELL * node.x >> shift, CELL * node.y >> shift, node.samples >> shift
        return Place(self.p0[plane], self.rec[plane], x, y, n)

    def replace(self, plane: int, place: Place, predicted: Block, levels: Block, q: int) -> None:
        """Replace the samples of a block by its prediction and residual."""
        residual = inverse(dequantise(levels, q))
        block = [
            [clip255(a + b) for a, b in zip(row, differences, strict=True)]
            for row, differences in zip(predicted, residual, strict=True)
        ]
        paste(self.rec[plane], place.x, place.y, block)


def direction_in(cell: Cell | None) -> int:
    """Return the cell's luma mode if it is a direction, otherwise 0."""
    return cell.mode if cell and cell.mode >= FIRST_DIRECTION else 0
