"""Bodies of sections of assistant information: fields, steps and levels."""

import contextlib
import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.errors import StreamError

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.int16]

LEVEL_MAX = 2047
STEP_ONE, STEPS_PER_OCTAVE = 128, 8  # codes of steps: 128 is 1


class Body:
    """Reads a section's body; every fault becomes a StreamError that names the section."""

    def __init__(self, name: str, data: bytes, kinds: tuple[int, ...]) -> None:
        """kinds: those that are known, of which the first byte has to be one."""
        self.name = name
        self._left = data
        self.kind = self.byte()
        if self.kind not in kinds:
            known = " or ".join(map(str, kinds))
            raise self.error(f"needs a newer decoder: it is of kind {self.kind}, wanted {known}")

    def error(self, what: str) -> StreamError:
        return StreamError(f"section {self.name} {what}")

    def take(self, count: int) -> bytes:
        if count > len(self._left):
            raise self.error(f"is cut short: {len(self._left)} bytes left, wanted {count}")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._left))

    def end(self) -> None:
        if self._left:
            raise self.error(f"is too long: {len(self._left)} bytes left, wanted none")

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise self.error("has a length of more than 5 bytes")

    def channels(self, wanted: int) -> None:
        """A number of channels, which has to be the network's."""
        (found,) = struct.unpack("<H", self.take(2))
        if found != wanted:
            raise self.error(f"is for {found} channels, wanted {wanted}")

    def step(self) -> np.float32:
        return step_of(self.byte())

    def tensor(self, packed: bytes, planes: int, coded: Flags) -> Levels:
        with self._blamed():
            return _core.unpack_tensor(packed, planes, coded.shape[0], coded.shape[1], coded)

    def values(self, packed: bytes, planes: int, coded: Flags, step: np.float32) -> Floats:
        return self.tensor(packed, planes, coded).astype(np.float32) * step

    def mask(self, packed: bytes, rows: int, columns: int) -> Flags:
        with self._blamed():
            return _core.unpack_mask(packed, rows, columns)

    @contextlib.contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except StreamError as error:
            raise self.error(f"is damaged: {error}") from error


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def step_code(step: float) -> int:
    """What a byte can say that comes nearest to a step, > 0."""
    octaves = np.log2(max(step, 2.0**-STEP_ONE))
    return int(np.clip(round(STEPS_PER_OCTAVE * octaves) + STEP_ONE, 0, 255))


def step_of(code: int) -> np.float32:
    return np.float32(2 ** ((code - STEP_ONE) / STEPS_PER_OCTAVE))


def quantise(values: Floats, step: np.float32, rounding: float) -> Levels:
    """Levels of finite values; rounding: 0.5 to the nearest, less for a wider dead zone."""
    levels = np.sign(values) * np.floor(np.abs(values) / step + np.float32(rounding))
    clipped: Levels = np.clip(levels, -LEVEL_MAX, LEVEL_MAX).astype(np.int16)
    return clipped
