"""FORMAT.md, section 5, Initial models: where the adaptive state of a segment begins."""

from collections.abc import Iterator

from reference.models import UNTRAINED, Model, Start, Weights, models
from reference.tables import table

FILE = "starts_tables.inc"


def band(q: int) -> int:
    """Return the band of a step, 0..4."""
    return (q >= 270) + (q >= 480) + (q >= 860) + (q >= 1530)


def base_starts(q: int, kind: int) -> Iterator[Start]:
    """Return the starts of a plane code of BASE, with the header's step."""
    return iter(table(FILE, "kBaseStarts")[band(q)][kind])


def base_weights(kind: int) -> list[Weights]:
    """Return the 16 sets of four weights of a plane code of BASE."""
    return [list(weights) for weights in table(FILE, "kBaseWeights")[kind]]


def mask_starts() -> Iterator[Start]:
    """Return the starts of a cell mask."""
    return iter(table(FILE, "kMaskStarts"))


class LevelModels:
    """The models of the levels of luma, or of chroma (section 11)."""

    def __init__(self, starts: Iterator[Start]) -> None:
        self.count = models(starts, 216)
        self.count_mantissa = models(starts, 108)
        self.significant = models(starts, 576)
        self.above_one = models(starts, 96)
        self.above_two = models(starts, 48)
        self.escape = models(starts, 48)


class TileModels:
    """One set of the models of a tile, which its MASK and BLKS share."""

    def __init__(self, band_of_set: int) -> None:
        starts = iter(table(FILE, "kTileStarts")[band_of_set])
        self.split = models(starts, 36)
        self.keep = models(starts, 54)
        self.mode_base = models(starts, 9)
        self.mode_fade = models(starts, 3)
        self.mode_same = models(starts, 6)
        self.direction = models(starts, 32)
        self.chroma_coded = models(starts, 36)
        self.chroma_mode = models(starts, 16)
        self.luma_levels = LevelModels(starts)
        self.chroma_levels = LevelModels(starts)


class OffsetModels:
    """The models of step offsets, untrained in every tile (section 9)."""

    def __init__(self) -> None:
        self.same = models(UNTRAINED, 3)
        self.above = models(UNTRAINED, 2)
        self.rises: Model = models(UNTRAINED, 1)[0]
        self.larger = models(UNTRAINED, 16)
