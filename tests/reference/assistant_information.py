"""FORMAT.md, section 20, Assistant information: what helps those who paint dropped blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from reference.conventions import Plane, ceil_divide
from reference.errors import DamageError, OtherDecoderError
from reference.mask import decode_cell_mask
from reference.range_coder import RangeDecoder
from reference.reader import Reader
from reference.squares import CELL
from reference.tensor_code import Places, decode_tensor

GRID = 32  # the sides of the grid are multiples of it
PLACE = 16  # pixels
CLASSES, WHOLE_SHARE = 1000, 255
LARGEST_MASK = 8192

Values = list[list[float]]


@dataclass(frozen=True)
class Grid:
    """The grid that networks see, and which cells of the picture are kept."""

    width: int  # of the picture
    height: int
    kept: list[list[bool]]

    @property
    def columns(self) -> int:
        """`W`, the width of the grid."""
        return ceil_divide(self.width, GRID) * GRID

    @property
    def rows(self) -> int:
        """`H`, the height of the grid."""
        return ceil_divide(self.height, GRID) * GRID

    def dropped_pixels(self) -> Places:
        """Return the pixels of dropped cells."""

        def is_dropped(x: int, y: int) -> bool:
            inside = x < self.width and y < self.height
            return inside and not self.kept[y // CELL][x // CELL]

        return [[is_dropped(x, y) for x in range(self.columns)] for y in range(self.rows)]

    def cells_of_places(self) -> list[list[list[bool]]]:
        """Return, for each place, whether its cells of the picture are kept."""
        side = PLACE // CELL
        return [
            [
                [kept for row in self.kept[y : y + side] for kept in row[x : x + side]]
                for x in range(0, self.columns // CELL, side)
            ]
            for y in range(0, self.rows // CELL, side)
        ]


@dataclass(frozen=True)
class Edges:
    """The section EDGE: values, and the pixels they are given for."""

    values: Values
    pixels: Places


def begin(body: bytes, kinds: Sequence[int]) -> tuple[Reader, int]:
    """Section 20, Fields: return what comes after the kind, and the kind."""
    reader = Reader(body, DamageError)
    kind = reader.u8()
    if kind not in kinds:
        raise OtherDecoderError(f"kind {kind} of assistant information")
    return reader, kind


def read_step(reader: Reader) -> float:
    """Section 20, Fields: a step."""
    return float(2 ** ((reader.u8() - 128) / 8))


def tensor_of(
    segment: bytes, planes: int, rows: int, columns: int, coded: Places | None = None
) -> list[Plane]:
    """Return the levels in a segment that is a tensor code."""
    decoder = RangeDecoder(segment)
    tensor = decode_tensor(decoder, planes, rows, columns, coded)
    decoder.finish()
    return tensor


def scaled(levels: Plane, step: float) -> Values:
    """Return the values of levels."""
    return [[level * step for level in row] for row in levels]


def parse_edges(body: bytes, grid: Grid) -> Edges:
    """Section 20, EDGE."""
    reader, kind = begin(body, (1, 2))
    step = read_step(reader)
    first = reader.take(reader.varint())
    pixels = edge_pixels(first, kind, grid)
    (levels,) = tensor_of(reader.rest(), 1, grid.rows, grid.columns, pixels)
    return Edges(scaled(levels, step), pixels)


def edge_pixels(segment: bytes, kind: int, grid: Grid) -> Places:
    """Section 20, EDGE: the pixels that values are given for."""
    dropped = grid.dropped_pixels()
    if kind == 1:
        (levels,) = tensor_of(segment, 1, grid.rows, grid.columns, dropped)
    else:
        if max(grid.rows, grid.columns) > LARGEST_MASK:
            raise DamageError("a mask of edges has too large sides")
        decoder = RangeDecoder(segment)
        levels = decode_cell_mask(decoder, grid.columns, grid.rows)
        decoder.finish()
    for row, dropped_row in zip(levels, dropped, strict=True):
        for level, is_dropped in zip(row, dropped_row, strict=True):
            if level not in (0, 1) or (level and not is_dropped):
                raise DamageError("edges are given where there can be none")
    return [[bool(level) for level in row] for row in levels]


def parse_style(body: bytes, channels: Sequence[int]) -> list[Values | None]:
    """Section 20, STYL: the Gram matrices; `channels` are those of the condition network."""
    reader, _ = begin(body, (1,))
    present = reader.u8()
    if present >= 1 << len(channels):
        raise DamageError("bits are set that mean nothing")
    matrices: list[Values | None] = []
    for scale, expected in enumerate(channels):
        if not present >> scale & 1:
            matrices.append(None)
            continue
        if (n := reader.u16()) != expected:
            raise DamageError(f"a matrix of {n} channels where there are {expected}")
        step = read_step(reader)
        segment = reader.take(reader.varint())
        coded = [[x >= y for x in range(n)] for y in range(n)]
        (levels,) = tensor_of(segment, 1, n, n, coded)
        symmetric = [[levels[min(x, y)][max(x, y)] for x in range(n)] for y in range(n)]
        matrices.append(scaled(symmetric, step))
    if reader.left:
        raise DamageError("bytes are left")
    return matrices


def parse_content(body: bytes, grid: Grid, channels: int) -> list[Values]:
    """Section 20, CONT: corrections of F^3, by channel."""
    cells = grid.cells_of_places()
    coded = [[bool(kept) and not any(kept) for kept in row] for row in cells]
    return parse_correction(body, coded, channels)


def parse_latent(body: bytes, grid: Grid, channels: int) -> list[Values]:
    """Section 20, LATN: corrections of the latent code, by channel."""
    coded = [[not all(kept) for kept in row] for row in grid.cells_of_places()]
    return parse_correction(body, coded, channels)


def parse_correction(body: bytes, coded: Places, channels: int) -> list[Values]:
    """Section 20, CONT and LATN: values at the coded places, 0 elsewhere."""
    reader, _ = begin(body, (1,))
    if (n := reader.u16()) != channels:
        raise DamageError(f"{n} channels where the network has {channels}")
    step = read_step(reader)
    tensor = tensor_of(reader.rest(), channels, len(coded), len(coded[0]), coded)
    return [scaled(levels, step) for levels in tensor]


def parse_classes(body: bytes) -> dict[int, float]:
    """Section 20, CLSS: the shares of classes, 0..1."""
    reader, _ = begin(body, (1,))
    shares: dict[int, int] = {}
    while reader.left:
        number, share = reader.u16(), reader.u8()
        if number >= CLASSES or not share or number in shares or len(shares) == 5:
            raise DamageError(f"class {number} with share {share}")
        shares[number] = share
    if sum(shares.values()) > WHOLE_SHARE:
        raise DamageError("the shares add up to more than the picture")
    return {number: share / WHOLE_SHARE for number, share in shares.items()}
