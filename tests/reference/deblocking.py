"""FORMAT.md, section 12, Deblocking: filters across the edges between leaves."""

from dataclasses import dataclass

from reference.conventions import Plane, clip, clip255
from reference.file import Header
from reference.mask import step_of
from reference.squares import CELL, Cell

LUMA_REACH, CHROMA_REACH = 4, 2  # samples on each side of an edge that are looked at
GROUP = 4  # rows of luma that are filtered alike


@dataclass(frozen=True)
class Strength:
    """The limits of the filter at an edge."""

    flat: int
    most: int


def deblock(header: Header, planes: list[Plane], cells: list[list[Cell]]) -> list[Plane]:
    """Return the planes of the picture with all vertical edges filtered, then all horizontal."""
    for _ in range(2):
        filter_vertical_edges(header, planes, cells)
        planes = [transposed(plane) for plane in planes]
        cells = [list(column) for column in zip(*cells, strict=True)]
    return planes


def transposed(plane: Plane) -> Plane:
    """Return a plane with rows and columns exchanged."""
    return [list(column) for column in zip(*plane, strict=True)]


def filter_vertical_edges(header: Header, planes: list[Plane], cells: list[list[Cell]]) -> None:
    """Section 12: the edges of one direction."""
    for row, line in enumerate(cells):
        for column in range(1, len(line)):
            before, after = line[column - 1], line[column]
            if column % (1 << (after.leaf - 1)):
                continue
            q = step_of(header.step, (before.offset + after.offset) >> 1)
            strength = Strength(q >> 4, (9 * q + 1024) >> 11)
            filter_luma(planes[0], CELL * column, CELL * row, strength)
            if column % (1 << header.chroma_shift) == 0:
                side = CELL >> header.chroma_shift
                for plane in planes[1:]:
                    filter_chroma(plane, side * column, side * row, side, strength.most)


# ---- Luma --------------------------------------------------------------------------------------
def filter_luma(plane: Plane, x: int, y: int, strength: Strength) -> None:
    """Section 12, Luma: an edge at the left of (x, y), as high as a cell."""
    if x + LUMA_REACH > len(plane[0]):
        return
    for top in range(y, y + CELL, GROUP):
        rows = plane[top : top + GROUP]
        if len(rows) == GROUP:
            filter_group(rows, x, strength)


def filter_group(rows: list[list[int]], x: int, strength: Strength) -> None:
    """Section 12, Luma: four rows, from all old values."""
    flat, most = strength.flat, strength.most
    p = [[row[x - 1 - i] for i in range(LUMA_REACH)] for row in rows]
    q = [[row[x + i] for i in range(LUMA_REACH)] for row in rows]
    bp = [abs(s[2] - 2 * s[1] + s[0]) for s in p]
    bq = [abs(s[2] - 2 * s[1] + s[0]) for s in q]
    if bp[0] + bp[3] + bq[0] + bq[3] >= flat:
        return

    def plain(r: int) -> bool:
        return (
            2 * (bp[r] + bq[r]) < flat >> 2
            and abs(p[r][3] - p[r][0]) + abs(q[r][3] - q[r][0]) < flat >> 3
            and abs(p[r][0] - q[r][0]) < (5 * most + 1) >> 1
        )

    strong = plain(0) and plain(3)
    side = (flat + (flat >> 1)) >> 3
    for r, row in enumerate(rows):
        if strong:
            new_p, new_q = strong_half(p[r], q[r], most), strong_half(q[r], p[r], most)
        else:
            in_p, in_q = bp[0] + bp[3] < side, bq[0] + bq[3] < side
            new_p, new_q = normal(p[r], q[r], most, in_p, in_q)
        for i, value in enumerate(new_p):
            row[x - 1 - i] = value
        for i, value in enumerate(new_q):
            row[x + i] = value


def strong_half(p: list[int], q: list[int], most: int) -> list[int]:
    """Section 12, Luma, strong: the new p0, p1, p2. Those of q are the same with p exchanged."""
    new = (
        (p[2] + 2 * p[1] + 2 * p[0] + 2 * q[0] + q[1] + 4) >> 3,
        (p[2] + p[1] + p[0] + q[0] + 2) >> 2,
        (2 * p[3] + 3 * p[2] + p[1] + p[0] + q[0] + 4) >> 3,
    )
    return [
        clip255(clip(value, old - 2 * most, old + 2 * most))
        for value, old in zip(new, p[:3], strict=True)
    ]


def normal(
    p: list[int], q: list[int], most: int, in_p: bool, in_q: bool
) -> tuple[list[int], list[int]]:
    """Section 12, Luma, otherwise: the new p0, p1 and q0, q1."""
    c = (9 * (q[0] - p[0]) - 3 * (q[1] - p[1]) + 8) >> 4
    if abs(c) >= 10 * most:
        return p[:2], q[:2]
    c = clip(c, -most, most)
    half = most >> 1
    p1, q1 = p[1], q[1]
    if in_p:
        p1 = clip255(p1 + clip((((p[2] + p[0] + 1) >> 1) - p1 + c) >> 1, -half, half))
    if in_q:
        q1 = clip255(q1 + clip((((q[2] + q[0] + 1) >> 1) - q1 - c) >> 1, -half, half))
    return [clip255(p[0] + c), p1], [clip255(q[0] - c), q1]


# ---- Chroma ------------------------------------------------------------------------------------
def filter_chroma(plane: Plane, x: int, y: int, height: int, most: int) -> None:
    """Section 12, Chroma: an edge at the left of (x, y), `height` rows high."""
    if x + CHROMA_REACH > len(plane[0]):
        return
    for row in plane[y : y + height]:
        p1, p0, q0, q1 = row[x - 2 : x + 2]
        c = clip((4 * (q0 - p0) + p1 - q1 + 4) >> 3, -most, most)
        row[x - 1] = clip255(p0 + c)
        row[x] = clip255(q0 - c)
