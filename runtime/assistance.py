"""Assistant information in a stream: edges, style, content, latent code and class of the original.

There is a section for each (docs/FORMAT.md, Assistant information). A pack function quantises the
encoder's values; its parse function returns the decoder's, which the encoder uses too. No network
runs here: features and codes come from the caller. For content and latent code, a stream holds the
difference from those of the decoded picture.

Axis letters: H W sides of the grid that networks see, multiples of 32; L N channels.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Flags, Floats
from ablc.runtime import edges as edge_filter
from ablc.runtime.section_body import SectionReader, quantise, step_code, step_of, varint

SECTIONS = {"edge": "EDGE", "style": "STYL", "content": "CONT", "latent": "LATN", "class": "CLSS"}
NAMES = tuple(SECTIONS)

POSITION = 16  # pixels to a side of a position of features and codes
GRID = 32  # sides of the grid are multiples of it
STYLES = 3  # Gram matrices: of F^1, F^2, F^3
CLASSES, CLASSES_MOST = 1000, 5  # of ImageNet, and at most in a stream
MASK_SIDE_MAX = 8192  # pixels, of a mask of edges

EDGE_SHARE = 1 / 32  # of the dropped pixels whose edges a stream holds
EDGE_STEP, CONTENT_STEP, LATENT_STEP = 1 / 32, 2.0, 0.5
STYLE_STEP = 1 / 8  # of the root mean square of the diagonal
ROUNDING, ROUNDING_SPARSE = 0.5, 0.4  # the latter where most is near 0: a wider dead zone

PLAIN, MASKED = 1, 2  # kinds of a section; only edges have the second


@dataclass(frozen=True, slots=True, eq=False)
class PictureGrid:
    """The grids of a picture, which encoder and decoder know before any assistance."""

    height: int  # pixels
    width: int  # pixels
    kept: Flags  # (R, C) cells, of the whole picture

    def __post_init__(self) -> None:
        cells = (-(-self.height // CELL), -(-self.width // CELL))
        if self.kept.shape != cells or self.kept.dtype != np.bool_:
            raise ValueError(f"kept must be {cells} bool, not {self.kept.shape} {self.kept.dtype}")

    @property
    def sides(self) -> tuple[int, int]:
        """H and W in pixels."""
        return -(-self.height // GRID) * GRID, -(-self.width // GRID) * GRID

    @property
    def dropped_pixels(self) -> Flags:
        """(H, W): True for pixels of the picture in dropped cells."""
        dropped = np.zeros(self.sides, np.bool_)
        grown = np.repeat(np.repeat(~self.kept, CELL, 0), CELL, 1)
        dropped[: self.height, : self.width] = grown[: self.height, : self.width]
        return dropped

    @property
    def touched_positions(self) -> Flags:
        """(H/16, W/16): True for positions with a dropped cell."""
        return self._positions(~self.kept)

    @property
    def dropped_positions(self) -> Flags:
        """(H/16, W/16): True for positions with cells, all of them dropped."""
        return self.touched_positions & ~self._positions(self.kept)

    def _positions(self, cells: Flags) -> Flags:
        """Return (H/16, W/16): True for positions with one of these cells."""
        rows, columns = (side // POSITION for side in self.sides)
        whole = np.zeros((2 * rows, 2 * columns), np.bool_)
        whole[: cells.shape[0], : cells.shape[1]] = cells
        quarters = whole.reshape(rows, 2, columns, 2)
        return np.asarray(quarters.any(axis=(1, 3)))


@dataclass(frozen=True, slots=True, eq=False)
class Assistance:
    """A decoder's knowledge of the original beyond the decoded picture; None where it has none."""

    edges: Floats | None = None  # (3, H, W) LoG of the original's luma, three times
    edge_mask: Flags | None = None  # (H, W), True where edges is known
    grams: tuple[Floats | None, ...] | None = None  # (N, N) each, of F^1, F^2, F^3
    content: Floats | None = None  # (N, H/16, W/16), to be added to F^3 of the decoded picture
    content_mask: Flags | None = None  # (H/16, W/16), True where content is known
    latent: Floats | None = None  # (L, H/16, W/16), to be added to h of the decoded picture
    classes: Floats | None = None  # (1000,) shares


def parse(
    stream: _core.Stream, grid: PictureGrid, channels: Sequence[int], latent_channels: int
) -> Assistance:
    """Return all assistant information of a stream.

    channels: of F^1, F^2, F^3; latent_channels: of h. Raises StreamError if a section is damaged,
    contradicts the picture or the networks, or needs a newer decoder.
    """
    bodies = {name: stream.section(section) for name, section in SECTIONS.items()}
    edge, style, content, latent, classes = (bodies[name] for name in NAMES)
    edges, edge_mask = (None, None) if edge is None else parse_edges(edge, grid)
    return Assistance(
        edges=edges,
        edge_mask=edge_mask,
        grams=None if style is None else parse_style(style, channels),
        content=None if content is None else parse_content(content, grid, channels[2]),
        content_mask=None if content is None else grid.dropped_positions,
        latent=None if latent is None else parse_latent(latent, grid, latent_channels),
        classes=None if classes is None else parse_classes(classes),
    )


# ---- edges -------------------------------------------------------------------------------------
def pack_edges(
    picture: Floats, grid: PictureGrid, share: float = EDGE_SHARE, step: float = EDGE_STEP
) -> bytes:
    """Return the body of EDGE: the steepest edges of dropped cells.

    picture: (3, H, W) the original, sRGB 0..1, with its borders repeated up to the grid's sides;
    share: of the dropped pixels, at most. Raises ValueError for another shape.
    """
    if picture.shape != (3, *grid.sides) or not np.isfinite(picture).all():
        raise ValueError(f"picture must be (3, H, W) finite floats, H and W {grid.sides}")
    log = edge_filter.laplacian_of_gaussian(edge_filter.luma(picture)[None])[0]
    dropped = grid.dropped_pixels
    chosen = edge_filter.strongest(log, dropped, int(share * np.count_nonzero(dropped)))
    code = step_code(step)
    levels = np.where(chosen, quantise(log, step_of(code), ROUNDING), np.int16(0))
    values = _core.pack_tensor(levels[None], chosen)
    kind, marks = PLAIN, _core.pack_tensor(chosen[None].astype(np.int16), dropped)
    if max(grid.sides) <= MASK_SIDE_MAX:
        masked = _core.pack_mask(chosen)
        if len(masked) < len(marks):
            kind, marks = MASKED, masked
    return b"".join((bytes([kind, code]), varint(len(marks)), marks, values))


def parse_edges(data: bytes, grid: PictureGrid) -> tuple[Floats, Flags]:
    """Return edges and edge_mask of Assistance. Raises StreamError."""
    body = SectionReader("EDGE", data, (PLAIN, MASKED))
    step = body.step()
    packed = body.take(body.varint())
    dropped = grid.dropped_pixels
    if body.kind == MASKED:
        if max(grid.sides) > MASK_SIDE_MAX:
            raise body.error(
                f"has a mask of {grid.sides}, expected at most {MASK_SIDE_MAX} to a side"
            )
        chosen = body.mask(packed, *grid.sides)
        if (chosen & ~dropped).any():
            raise body.error("names a pixel outside the dropped cells")
    else:
        marks = body.tensor(packed, 1, dropped)[0]
        if not ((marks == 0) | (marks == 1)).all():
            raise body.error("marks a pixel with a number other than 0 or 1")
        chosen = marks == 1
    return np.repeat(body.values(body.rest(), 1, chosen, step), 3, axis=0), chosen


# ---- style -------------------------------------------------------------------------------------
def pack_style(grams: Sequence[Floats | None], step: float = STYLE_STEP) -> bytes:
    """Return the body of STYL: Gram matrices (N, N) of F^1, F^2, F^3, as losses.gram has them.

    step: in root mean squares of a matrix's diagonal. The stream holds no matrix for None or for
    one that is missing at the end. Raises ValueError for other shapes.
    """
    if len(grams) > STYLES:
        raise ValueError(f"there are at most {STYLES} Gram matrices, not {len(grams)}")
    out = [bytes([PLAIN, sum(1 << i for i, gram in enumerate(grams) if gram is not None)])]
    for gram in grams:
        if gram is None:
            continue
        count = len(gram)
        if gram.shape != (count, count) or not np.isfinite(gram).all():
            raise ValueError(f"a Gram matrix must be (N, N) finite floats, not {gram.shape}")
        code = step_code(step * float(np.sqrt(np.mean(np.square(np.diag(gram))))))
        levels = np.triu(quantise(gram, step_of(code), ROUNDING))
        packed = _core.pack_tensor(levels[None], _triangle(count))
        out.append(struct.pack("<HB", count, code) + varint(len(packed)) + packed)
    return b"".join(out)


def parse_style(data: bytes, channels: Sequence[int]) -> tuple[Floats | None, ...]:
    """Return Gram matrices of F^1, F^2, F^3 with these channels. Raises StreamError."""
    body = SectionReader("STYL", data, (PLAIN,))
    present = body.byte()
    if present >> STYLES:
        raise body.error(f"holds matrices {present:#x}, expected at most {STYLES}")
    grams: list[Floats | None] = []
    for i, count in enumerate(channels[:STYLES]):
        if not present >> i & 1:
            grams.append(None)
            continue
        body.check_channels(count)
        step = body.step()
        packed = body.take(body.varint())
        upper = body.values(packed, 1, _triangle(count), step)[0]
        grams.append(upper + np.triu(upper, 1).T)
    body.end()
    return tuple(grams)


# ---- content and latent code -------------------------------------------------------------------
def pack_content(correction: Floats, grid: PictureGrid, step: float = CONTENT_STEP) -> bytes:
    """Return the body of CONT: (N, H/16, W/16), F^3 of the original minus the decoded picture's."""
    return _pack_correction(correction, grid.dropped_positions, step)


def parse_content(data: bytes, grid: PictureGrid, channels: int) -> Floats:
    """Return content of Assistance. Raises StreamError."""
    return _parse_correction("CONT", data, grid.dropped_positions, channels)


def pack_latent(correction: Floats, grid: PictureGrid, step: float = LATENT_STEP) -> bytes:
    """Return the body of LATN: (L, H/16, W/16), the best h minus the decoded picture's."""
    return _pack_correction(correction, grid.touched_positions, step)


def parse_latent(data: bytes, grid: PictureGrid, channels: int) -> Floats:
    """Return latent of Assistance. Raises StreamError."""
    return _parse_correction("LATN", data, grid.touched_positions, channels)


def _pack_correction(correction: Floats, positions: Flags, step: float) -> bytes:
    if correction.shape[1:] != positions.shape or not np.isfinite(correction).all():
        raise ValueError(
            f"a correction must be (channels, {', '.join(map(str, positions.shape))}) finite "
            f"floats, not {correction.shape}"
        )
    code = step_code(step)
    levels = np.where(positions, quantise(correction, step_of(code), ROUNDING_SPARSE), np.int16(0))
    head = struct.pack("<BHB", PLAIN, len(correction), code)
    return head + _core.pack_tensor(levels, positions)


def _parse_correction(name: str, data: bytes, positions: Flags, channels: int) -> Floats:
    body = SectionReader(name, data, (PLAIN,))
    body.check_channels(channels)
    step = body.step()
    return body.values(body.rest(), channels, positions, step)


# ---- class -------------------------------------------------------------------------------------
def pack_classes(shares: Floats) -> bytes:
    """Return the body of CLSS: the largest of (1000,) shares, five at most, each in 1/255."""
    if shares.shape != (CLASSES,) or not (shares >= 0).all() or not shares.sum() < 1.001:
        raise ValueError(f"shares must be ({CLASSES},), at least 0, together at most 1")
    order = np.argsort(-shares, kind="stable")[:CLASSES_MOST]
    parts = np.rint(255 * shares[order]).astype(int)
    parts[0] -= max(parts.sum() - 255, 0)  # rounding may add up to more than 1
    pairs = zip(order, parts, strict=True)
    return bytes([PLAIN]) + b"".join(struct.pack("<HB", *pair) for pair in pairs if pair[1])


def parse_classes(data: bytes) -> Floats:
    """Return classes of Assistance. Raises StreamError."""
    body = SectionReader("CLSS", data, (PLAIN,))
    pairs = body.rest()
    if len(pairs) % 3 or len(pairs) > 3 * CLASSES_MOST:
        raise body.error(f"has {len(data)} bytes, expected 1 + 3 n, n at most {CLASSES_MOST}")
    shares = np.zeros(CLASSES, np.float32)
    total = 0
    for index, share in struct.iter_unpack("<HB", pairs):
        if index >= CLASSES or shares[index] or not share:
            raise body.error(
                f"gives class {index} a share of {share}/255, expected each of "
                f"0..{CLASSES - 1} once, with a share"
            )
        shares[index] = share / 255
        total += share
    if total > 255:
        raise body.error(f"has shares of {total}/255 together, expected at most 255/255")
    return shares


def _triangle(count: int) -> Flags:
    """Return (N, N): True on the diagonal and above it."""
    return np.triu(np.ones((count, count), np.bool_))
