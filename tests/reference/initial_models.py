"""FORMAT.md, section 5, Initial models: where the adaptive state of a segment begins."""

from collections.abc import Iterator

from reference.models import UNTRAINED, Model, Start, models
from reference.tables import table

FILE = "starts_tables.inc"


def band(q: int) -> int:
    """Return the band of a step, 0..4."""
    return (q >= 270) + (q >= 480) + (q >= 860) + (q >= 1530)


def mask_starts() -> Iterator[Start]:
    """Return the starts of a cell mask."""
    return iter(table(FILE, "kMaskStarts"))


class LevelModels:
    """The models of the levels of one kind of block (section 9)."""

    def __init__(self, starts: Iterator[Start]) -> None:
        self.count = models(starts, 560)
        self.count_mantissa = models(starts, 210)
        self.significant = models(starts, 960)
        self.above_one = models(starts, 160)
        self.above_two = models(starts, 80)
        self.escape = models(starts, 48)


class TileModels:
    """One set of the models of a tile's blocks (section 8)."""

    def __init__(self, band_of_set: int) -> None:
        starts = iter(table(FILE, "kTileStarts")[band_of_set])
        self.split = models(starts, 288)
        self.keep = models(starts, 120)
        self.mode_planar = models(starts, 15)
        self.mode_probable = models(starts, 20)
        self.mode_index = models(starts, 20)
        self.direction = models(starts, 160)
        self.sine = models(starts, 60)
        self.chroma_same = models(starts, 9)
        self.chroma_mode = models(starts, 96)
        self.kept_levels = LevelModels(starts)
        self.dropped_levels = LevelModels(starts)
        self.chroma_levels = LevelModels(starts)
        assert next(starts, None) is None


class OffsetModels:
    """The models of step offsets, untrained in every tile (section 7)."""

    def __init__(self) -> None:
        self.same = models(UNTRAINED, 3)
        self.above = models(UNTRAINED, 2)
        self.rises: Model = models(UNTRAINED, 1)[0]
        self.larger = models(UNTRAINED, 16)
