"""FORMAT.md, section 17, Windows: which tiles are needed for a part of the picture."""

from dataclasses import dataclass

from reference.file import EXACT_SAMPLES, Header, Tile

REACH = 32  # how far filters look, in luma samples


@dataclass(frozen=True)
class Needed:
    """The numbers of the tiles whose segments are needed."""

    mask_and_blocks: list[int]
    own: list[int]  # for EXCT, ALPH and PLNS


def needed_tiles(header: Header, window: Tile) -> Needed:
    """Return the tiles that a window needs."""
    tiles = header.tiles()
    own = touching(tiles, window)
    area = bounds([tiles[i] for i in own]) if header.has(EXACT_SAMPLES) else window
    return Needed(touching(tiles, grown(area, REACH)), own)


def touching(tiles: list[Tile], area: Tile) -> list[int]:
    """Return the numbers of the tiles that have samples in an area."""
    return [
        i
        for i, tile in enumerate(tiles)
        if tile.x < area.x + area.width
        and area.x < tile.x + tile.width
        and tile.y < area.y + area.height
        and area.y < tile.y + tile.height
    ]


def grown(area: Tile, count: int) -> Tile:
    """Return an area with `count` more samples on every side."""
    return Tile(area.x - count, area.y - count, area.width + 2 * count, area.height + 2 * count)


def bounds(areas: list[Tile]) -> Tile:
    """Return the smallest rectangle that contains all areas."""
    x, y = min(area.x for area in areas), min(area.y for area in areas)
    right = max(area.x + area.width for area in areas)
    bottom = max(area.y + area.height for area in areas)
    return Tile(x, y, right - x, bottom - y)
