"""Input: the only place that indexes the bytes of a file, so that bounds are checked only here."""

from collections.abc import Iterator

from reference.errors import StreamError

VARINT_BYTES = 5  # at most


class Reader:
    """Bytes that are read from the front. Reading more than there is raises `refusal`."""

    def __init__(self, data: bytes, refusal: type[StreamError]) -> None:
        self._data = data
        self._refusal = refusal
        self._at = 0

    @property
    def left(self) -> int:
        """The number of bytes that have not been read."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise self._refusal(f"{count} bytes are needed where {self.left} are left")
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        """Return the bytes that are left."""
        return self.take(self.left)

    def u8(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Return the next two bytes as a number."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """Return the next four bytes as a number."""
        return int.from_bytes(self.take(4), "little")

    def varint(self) -> int:
        """Return a number written in groups of seven bits (section 2, Sections)."""
        value = 0
        for group in range(VARINT_BYTES):
            byte = self.u8()
            value |= (byte & 127) << 7 * group
            if byte < 128:
                return value
        raise self._refusal(f"a varint has more than {VARINT_BYTES} bytes")


def bits(segment: bytes) -> Iterator[int]:
    """Yield the bits of a segment, then zero bits without end (section 3)."""
    for byte in segment:
        for place in range(7, -1, -1):
            yield byte >> place & 1
    while True:
        yield 0
