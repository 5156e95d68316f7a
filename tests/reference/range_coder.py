"""FORMAT.md, section 3, Range coder."""

from reference.conventions import ceil_divide
from reference.errors import DamageError
from reference.reader import bits

HALF = 16384  # the probability 1/2


class RangeDecoder:
    """The decisions of one segment."""

    def __init__(self, segment: bytes) -> None:
        self._bytes = len(segment)
        self._bits = bits(segment)
        self._range = 65535
        self._value = 0
        self._shifted = 0
        for _ in range(16):
            self._value = 2 * self._value + next(self._bits)

    def decode(self, p: int) -> int:
        """Return a decision that is 1 with probability `p / 32768`."""
        v = self._range * p >> 15
        if self._value < v:
            bit = 1
            self._range = v
        else:
            bit = 0
            self._range -= v
            self._value -= v
        while self._range < 32768:
            self._range *= 2
            self._value = (2 * self._value + next(self._bits)) & 65535
            self._shifted += 1
        return bit

    def raw(self, count: int) -> int:
        """Return a number of `count` bits, the most significant first."""
        value = 0
        for _ in range(count):
            value = 2 * value + self.decode(HALF)
        return value

    def check_overrun(self) -> None:
        """Section 3, Overrun: to be called at least once a row or superblock, and at the end."""
        if self._shifted > 8 * self._bytes + 24:
            raise DamageError("a segment ends before its last decision")

    @property
    def bytes_used(self) -> int:
        """The number of bytes that hold the 16 bits which the last decision looked at."""
        return ceil_divide(self._shifted + 16, 8)

    def finish(self) -> None:
        """Section 3, Overrun and Unused bytes: to be called after the last decision."""
        self.check_overrun()
        if self._bytes > self.bytes_used:
            raise DamageError("a segment has bytes after its last decision")
