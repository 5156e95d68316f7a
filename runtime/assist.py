"""What a stream says to those who paint it: edges, style, content, latent code, class.

One section each (docs/FORMAT.md, Assistant information). A pack function quantises what the encoder
knows; its parse function gives what the decoder has, which the encoder uses too. No network runs
here: features and codes come from the caller. Of content and latent code the stream holds what the
decoded picture's own are short of.

Axis letters: H W the sides of the grid that networks see, multiples of 32; L N channels.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.runtime import edges as edge_filter
from ablc.runtime.bodies import Body, quantise, step_code, step_of, varint

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SECTIONS = {"edge": "EDGE", "style": "STYL", "content": "CONT", "latent": "LATN", "class": "CLSS"}
NAMES = tuple(SECTIONS)

CELL, PLACE, GRID = 8, 16, 32  # pixels: of a kept flag, of features and codes, of the grid's sides
STYLES = 3  # Gram matrices, of F^1, F^2, F^3
CLASSES, CLASSES_MOST = 1000, 5  # there are, a stream names
MASK_SIDE_MAX = 8192  # of a cell mask

EDGE_SHARE = 1 / 32  # of the dropped pixels that edges are told of
EDGE_STEP, CONTENT_STEP, LATENT_STEP = 1 / 32, 2.0, 0.5
STYLE_STEP = 1 / 8  # of the root mean square of the diagonal
ROUNDING, ROUNDING_SPARSE = 0.5, 0.4  # the latter where most is near 0: a wider dead zone

PLAIN, MASKED = 1, 2  # kinds of a section; edges alone have the second


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture as both sides know it before any assistance."""

    height: int  # pixels
    width: int  # pixels
    kept: Flags  # (R, C) cells, of the whole picture

    def __post_init__(self) -> None:
        wanted = (-(-self.height // CELL), -(-self.width // CELL))
        if self.kept.shape != wanted or self.kept.dtype != np.bool_:
            raise ValueError(f"kept must be {wanted} bool, not {self.kept.shape} {self.kept.dtype}")

    @property
    def sides(self) -> tuple[int, int]:
        """H and W."""
        return -(-self.height // GRID) * GRID, -(-self.width // GRID) * GRID

    @property
    def dropped_pixels(self) -> Flags:
        """(H, W): pixels of the picture in dropped cells."""
        dropped = np.zeros(self.sides, np.bool_)
        grown = np.repeat(np.repeat(~self.kept, CELL, 0), CELL, 1)
        dropped[: self.height, : self.width] = grown[: self.height, : self.width]
        return dropped

    @property
    def touched_places(self) -> Flags:
        """(H/16, W/16): places with a dropped cell."""
        return self._places(~self.kept)

    @property
    def dropped_places(self) -> Flags:
        """(H/16, W/16): places with cells, all of them dropped."""
        with_kept = self._places(self.kept)
        return self.touched_places & ~with_kept

    def _places(self, cells: Flags) -> Flags:
        """(H/16, W/16): places with one of these cells."""
        rows, columns = (side // PLACE for side in self.sides)
        whole = np.zeros((2 * rows, 2 * columns), np.bool_)
        whole[: cells.shape[0], : cells.shape[1]] = cells
        quarters = whole.reshape(rows, 2, columns, 2)
        found: Flags = np.logical_or.reduce(quarters, axis=(1, 3))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Assistance:
    """What a decoder knows of the original beyond the decoded picture; None: nothing of that."""

    edges: Floats | None = None  # (3, H, W) LoG of the original's luma, three times
    edge_mask: Flags | None = None  # (H, W), True where edges holds
    grams: tuple[Floats | None, ...] | None = None  # (N, N) each, of F^1, F^2, F^3
    content: Floats | None = None  # (N, H/16, W/16), to be added to F^3 of the decoded picture
    content_mask: Flags | None = None  # (H/16, W/16), True where content holds
    latent: Floats | None = None  # (L, H/16, W/16), to be added to h of the decoded picture
    classes: Floats | None = None  # (1000,) shares


def parse(
    stream: _core.Stream, frame: Frame, channels: Sequence[int], latent_channels: int
) -> Assistance:
    """All assistant information of a stream.

    channels: of F^1, F^2, F^3; latent_channels: of h. Raises StreamError if the bytes are no
    stream, or a section is damaged, contradicts the picture or the networks, or needs a newer
    decoder.
    """
    found = {name: stream.section(section) for name, section in SECTIONS.items()}
    edge, style, content, latent, classes = (found[name] for name in NAMES)
    edges, edge_mask = (None, None) if edge is None else parse_edges(edge, frame)
    return Assistance(
        edges=edges,
        edge_mask=edge_mask,
        grams=None if style is None else parse_style(style, channels),
        content=None if content is None else parse_content(content, frame, channels[2]),
        content_mask=None if content is None else frame.dropped_places,
        latent=None if latent is None else parse_latent(latent, frame, latent_channels),
        classes=None if classes is None else parse_classes(classes),
    )


# ---- edges -------------------------------------------------------------------------------------
def pack_edges(
    picture: Floats, frame: Frame, share: float = EDGE_SHARE, step: float = EDGE_STEP
) -> bytes:
    """The body of EDGE: the steepest edges of dropped cells.

    picture: (3, H, W) the original, sRGB 0..1, edges repeated beyond the frame; share: of the
    dropped pixels that are told of, at most.
    """
    if picture.shape != (3, *frame.sides) or not np.isfinite(picture).all():
        raise ValueError(f"picture must be (3, H, W) finite floats, H and W {frame.sides}")
    log = edge_filter.laplacian_of_gaussian(edge_filter.luma(picture)[None])[0]
    dropped = frame.dropped_pixels
    chosen = edge_filter.strongest(log, dropped, int(share * np.count_nonzero(dropped)))
    code = step_code(step)
    levels = np.where(chosen, quantise(log, step_of(code), ROUNDING), np.int16(0))
    values = _core.pack_tensor(levels[None], chosen)
    kind, places = PLAIN, _core.pack_tensor(chosen[None].astype(np.int16), dropped)
    if max(frame.sides) <= MASK_SIDE_MAX:
        masked = _core.pack_mask(chosen)
        if len(masked) < len(places):
            kind, places = MASKED, masked
    return b"".join((bytes([kind, code]), varint(len(places)), places, values))


def parse_edges(data: bytes, frame: Frame) -> tuple[Floats, Flags]:
    """edges and edge_mask of Assistance. Raises StreamError."""
    body = Body("EDGE", data, (PLAIN, MASKED))
    step = body.step()
    places = body.take(body.varint())
    dropped = frame.dropped_pixels
    if body.kind == MASKED:
        if max(frame.sides) > MASK_SIDE_MAX:
            raise body.error(f"has a mask of {frame.sides}, wanted at most {MASK_SIDE_MAX} a side")
        chosen = body.mask(places, *frame.sides)
        if (chosen & ~dropped).any():
            raise body.error("names a pixel outside the dropped cells")
    else:
        marks = body.tensor(places, 1, dropped)[0]
        if not ((marks == 0) | (marks == 1)).all():
            raise body.error("marks a pixel by something else than 0 or 1")
        chosen = marks == 1
    return np.repeat(body.values(body.rest(), 1, chosen, step), 3, axis=0), chosen


# ---- style -------------------------------------------------------------------------------------
def pack_style(grams: Sequence[Floats | None], step: float = STYLE_STEP) -> bytes:
    """The body of STYL: Gram matrices (N, N), as losses.gram has them, of F^1, F^2, F^3.

    step: in root mean squares of a matrix' diagonal. None, or a matrix left out at the end, is not
    told of.
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
    """Gram matrices of F^1, F^2, F^3, which have so many channels. Raises StreamError."""
    body = Body("STYL", data, (PLAIN,))
    present = body.byte()
    if present >> STYLES:
        raise body.error(f"holds matrices {present:#x}, wanted at most {STYLES}")
    grams: list[Floats | None] = []
    for i, count in enumerate(channels[:STYLES]):
        if not present >> i & 1:
            grams.append(None)
            continue
        body.channels(count)
        step = body.step()
        packed = body.take(body.varint())
        upper = body.values(packed, 1, _triangle(count), step)[0]
        grams.append(upper + np.triu(upper, 1).T)
    body.end()
    return tuple(grams)


# ---- content and latent code -------------------------------------------------------------------
def pack_content(correction: Floats, frame: Frame, step: float = CONTENT_STEP) -> bytes:
    """The body of CONT: (N, H/16, W/16), F^3 of the original less that of the decoded picture."""
    return _pack_correction(correction, frame.dropped_places, step)


def parse_content(data: bytes, frame: Frame, channels: int) -> Floats:
    """content of Assistance. Raises StreamError."""
    return _parse_correction("CONT", data, frame.dropped_places, channels)


def pack_latent(correction: Floats, frame: Frame, step: float = LATENT_STEP) -> bytes:
    """The body of LATN: (L, H/16, W/16), the wanted h less that of the decoded picture."""
    return _pack_correction(correction, frame.touched_places, step)


def parse_latent(data: bytes, frame: Frame, channels: int) -> Floats:
    """latent of Assistance. Raises StreamError."""
    return _parse_correction("LATN", data, frame.touched_places, channels)


def _pack_correction(correction: Floats, places: Flags, step: float) -> bytes:
    if correction.shape[1:] != places.shape or not np.isfinite(correction).all():
        raise ValueError(
            f"a correction must be (channels, {places.shape[0]}, {places.shape[1]}) finite floats, "
            f"not {correction.shape}"
        )
    code = step_code(step)
    levels = np.where(places, quantise(correction, step_of(code), ROUNDING_SPARSE), np.int16(0))
    head = struct.pack("<BHB", PLAIN, len(correction), code)
    return head + _core.pack_tensor(levels, places)


def _parse_correction(name: str, data: bytes, places: Flags, channels: int) -> Floats:
    body = Body(name, data, (PLAIN,))
    body.channels(channels)
    step = body.step()
    correction: Floats = body.values(body.rest(), channels, places, step)
    return correction


# ---- class -------------------------------------------------------------------------------------
def pack_classes(shares: Floats) -> bytes:
    """The body of CLSS: the largest of (1000,) shares, five at most, each in 1/255."""
    if shares.shape != (CLASSES,) or not (shares >= 0).all() or not shares.sum() < 1.001:
        raise ValueError(f"shares must be ({CLASSES},), at least 0, together at most 1")
    order = np.argsort(-shares, kind="stable")[:CLASSES_MOST]
    parts = np.rint(255 * shares[order]).astype(int)
    parts[0] -= max(parts.sum() - 255, 0)  # what rounding adds
    pairs = zip(order, parts, strict=True)
    return bytes([PLAIN]) + b"".join(struct.pack("<HB", *pair) for pair in pairs if pair[1])


def parse_classes(data: bytes) -> Floats:
    """classes of Assistance. Raises StreamError."""
    body = Body("CLSS", data, (PLAIN,))
    pairs = body.rest()
    if len(pairs) % 3 or len(pairs) > 3 * CLASSES_MOST:
        raise body.error(f"has {len(data)} bytes, wanted 1 + 3 n, n at most {CLASSES_MOST}")
    shares = np.zeros(CLASSES, np.float32)
    total = 0
    for index, share in struct.iter_unpack("<HB", pairs):
        if index >= CLASSES or shares[index] or not share:
            raise body.error(
                f"gives class {index} a share of {share}/255, wanted each of 0..{CLASSES - 1} "
                "once, with a share"
            )
        shares[index] = share / 255
        total += share
    if total > 255:
        raise body.error(f"has shares of {total}/255 together, wanted at most 255/255")
    return shares


def _triangle(count: int) -> Flags:
    """(N, N): the diagonal and what is above."""
    return np.triu(np.ones((count, count), np.bool_))
