"""Rectangles of a picture."""

import operator
from collections.abc import Iterable
from typing import NamedTuple, Self


class Region(NamedTuple):
    """A rectangle in pixels; x counts from the left and y from the top of the picture."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the region of a text "X,Y,W,H". Raises ValueError for any other text."""
        try:
            x, y, width, height = (int(part) for part in text.split(","))
        except ValueError:
            raise ValueError(f"a region is X,Y,W,H in whole pixels, not {text!r}") from None
        return cls(x, y, width, height)

    @classmethod
    def of(cls, values: Iterable[int]) -> Self:
        """Return the region of four whole numbers. Raises ValueError for anything else."""
        parts = tuple(values)
        try:
            x, y, width, height = (operator.index(part) for part in parts)
        except (TypeError, ValueError):
            raise ValueError(
                f"a region is four whole numbers x, y, width, height, not {parts}"
            ) from None
        if not all(-(2**31) <= part < 2**31 for part in (x, y, width, height)):
            raise ValueError(f"a region must lie inside a picture, which {parts} cannot")
        return cls(x, y, width, height)

    def check(self, height: int, width: int) -> Self:
        """Return the region. Raises ValueError unless it lies inside a picture of this size."""
        right, bottom = self.x + self.width, self.y + self.height
        inside = self.x >= 0 and self.y >= 0 and right <= width and bottom <= height
        if not inside or self.width < 1 or self.height < 1:
            raise ValueError(
                f"region {self.x},{self.y},{self.width},{self.height} is empty or not inside "
                f"the picture of {width}x{height} pixels"
            )
        return self

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the region."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)
