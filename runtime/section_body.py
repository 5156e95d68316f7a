"""Bodies of sections of assistant information: their fields, steps and levels."""

import contextlib
import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.arrays import Flags, Floats
from ablc.errors import StreamError

Levels = npt.NDArray[np.int16]

LEVEL_MAX = 2047
STEP_ONE, STEPS_PER_OCTAVE = 128, 8  # codes of steps: 128 is 1


class SectionReader:
    """Reads a section's body; every fault raises a StreamError that names the section."""

    def __init__(self, name: str, data: bytes, kinds: tuple[int, ...]) -> None:
        """kinds: the known ones; the first byte must be one of them."""
        self.name = name
        self._left = data
        self.kind = self.byte()
        if self.kind not in kinds:
            known = " or ".join(map(str, kinds))
            raise self.error(
                f"needs a newer decoder: it is of kind {self.kind}, this one knows {known}"
            )

    def error(self, what: str) -> StreamError:
        """Return the error to raise, "section NAME what"."""
        return StreamError(f"section {self.name} {what}")

    def take(self, count: int) -> bytes:
        """Return the next count bytes."""
        if count > len(self._left):
            raise self.error(f"is cut short: {len(self._left)} bytes left, expected {count}")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(len(self._left))

    def end(self) -> None:
        """Raise StreamError if bytes are left."""
        if self._left:
            raise self.error(f"is too long: {len(self._left)} bytes left, expected none")

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """Return the next number of seven bits to a byte, the lowest first."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise self.error("has a length of more than 5 bytes")

    def check_channels(self, expected: int) -> None:
        """Read a number of channels. Raises StreamError unless it is the network's."""
        (count,) = struct.unpack("<H", self.take(2))
        if count != expected:
            raise self.error(f"is for {count} channels, the network has {expected}")

    def step(self) -> np.float32:
        """Return the next step."""
        return step_of(self.byte())

    def tensor(self, packed: bytes, planes: int, coded: Flags) -> Levels:
        """Return unpacked levels, (planes, R, C), 0 where coded, (R, C), is False."""
        with self._named_faults():
            return _core.unpack_tensor(packed, planes, coded.shape[0], coded.shape[1], coded)

    def values(self, packed: bytes, planes: int, coded: Flags, step: np.float32) -> Floats:
        """Return dequantised levels, (planes, R, C)."""
        return self.tensor(packed, planes, coded).astype(np.float32) * step

    def mask(self, packed: bytes, rows: int, columns: int) -> Flags:
        """Return an unpacked mask, (rows, columns)."""
        with self._named_faults():
            return _core.unpack_mask(packed, rows, columns)

    @contextlib.contextmanager
    def _named_faults(self) -> Iterator[None]:
        try:
            yield
        except StreamError as error:
            raise self.error(f"is damaged: {error}") from error


def varint(value: int) -> bytes:
    """Return a number as seven bits to a byte, the lowest first."""
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def step_code(step: float) -> int:
    """Return the code, 0..255, whose step is nearest to a step > 0."""
    octaves = np.log2(max(step, 2.0**-STEP_ONE))
    return int(np.clip(round(STEPS_PER_OCTAVE * octaves) + STEP_ONE, 0, 255))


def step_of(code: int) -> np.float32:
    """Return the step of a code, 0..255."""
    return np.float32(2 ** ((code - STEP_ONE) / STEPS_PER_OCTAVE))


def quantise(values: Floats, step: np.float32, rounding: float) -> Levels:
    """Return the levels of finite values.

    rounding: 0.5 rounds to the nearest level; less than that gives a wider dead zone.
    """
    levels = np.sign(values) * np.floor(np.abs(values) / step + np.float32(rounding))
    return np.asarray(np.clip(levels, -LEVEL_MAX, LEVEL_MAX), np.int16)
