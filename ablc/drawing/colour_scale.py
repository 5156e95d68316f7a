"""Numbers as colours: scales between a few anchor colours, and their bars."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc.arrays import Floats, Pixels
from ablc.drawing.panels import FAINT
from ablc.drawing.view import PAPER

Anchors = tuple[tuple[int, int, int], ...]  # sRGB, evenly spaced along a scale

# Luma rises evenly from the first to the last, so that the order is visible without colour.
GLOW: Anchors = (
    (28, 20, 58),
    (58, 24, 100),
    (124, 32, 110),
    (192, 58, 84),
    (234, 110, 46),
    (248, 178, 48),
    (252, 252, 190),
)
BALANCE: Anchors = ((214, 72, 24), (246, 176, 120), (232, 232, 232), (130, 176, 222), (36, 92, 172))

SHADE = 0.22  # share of the picture's contrast that shows under the colours
NICE = (1.0, 2.0, 5.0)  # in every decade: ends and ticks of scales
LOG_SPAN = 200.0  # largest ratio of the ends of a logarithmic scale
ERROR_TOPS = (8, 16, 32, 64, 128, 255)  # grey levels: upper ends of scales of errors


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from numbers to colours; numbers beyond the ends get the colours of the ends."""

    anchors: Anchors
    low: float
    high: float  # above low
    ticks: tuple[tuple[float, str], ...]  # numbers shown on the bar, in order, and their text
    logarithmic: bool = False  # if True, low is above 0

    def position(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return positions of values on the bar, 0..1."""
        numbers = np.clip(np.asarray(values, np.float64), self.low, self.high)
        if not self.logarithmic:
            return np.asarray((numbers - self.low) / (self.high - self.low))
        return np.asarray(np.log(numbers / self.low) / math.log(self.high / self.low))

    def colours(self, values: npt.ArrayLike) -> Pixels:
        """Return the colours of values, (..., 3) uint8."""
        stops = np.linspace(0, 255, len(self.anchors))
        table = np.stack(
            [np.interp(np.arange(256), stops, part) for part in zip(*self.anchors, strict=True)],
            axis=1,
        )
        index = np.rint(255 * self.position(values)).astype(np.uint8)
        return np.asarray(np.rint(table).astype(np.uint8)[index])

    def bar(self, width: int, letters: int) -> Image.Image:
        """Return the scale as a bar, width pixels long, with numbers `letters` pixels high."""
        thick = max(6, 2 * letters // 3)
        canvas = Image.new("RGB", (width, thick + 2 * (letters // 4) + letters), PAPER)
        ramp = np.linspace(0, 1, width)
        values = (
            self.low * (self.high / self.low) ** ramp
            if self.logarithmic
            else self.low + ramp * (self.high - self.low)
        )
        canvas.paste(Image.fromarray(np.tile(self.colours(values), (thick, 1, 1))), (0, 0))
        pen = ImageDraw.Draw(canvas)
        font = ImageFont.load_default(max(9, 4 * letters // 5))
        for x, text in self._fitting_ticks(pen, font, width):
            length = pen.textlength(text, font)
            pen.line((x, thick, x, thick + letters // 5), FAINT)
            start = min(max(0.0, x - length / 2), width - length)
            pen.text((start, thick + letters // 4), text, FAINT, font)
        return canvas

    def _fitting_ticks(
        self,
        pen: ImageDraw.ImageDraw,
        font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
        width: int,
    ) -> list[tuple[int, str]]:
        """Return positions and texts of evenly chosen ticks whose texts do not touch."""
        places = [round(float(self.position(value)) * (width - 1)) for value, _ in self.ticks]
        texts = [text for _, text in self.ticks]
        room = pen.textlength("0", font) + max(pen.textlength(text, font) for text in texts)
        for stride in range(1, len(places)):
            chosen = places[::stride]
            if all(b - a >= room for a, b in pairwise(chosen)):
                return list(zip(chosen, texts[::stride], strict=True))
        return [(places[0], texts[0])]


def bits_scale(bpp: Floats) -> Scale:
    """Return a logarithmic scale of bits per pixel that spans all but the rarest values."""
    few, many = (float(np.percentile(bpp, share)) for share in (1, 99.5))
    high = _nice(max(many, 1e-3), up=True)
    low = max(_nice(max(few, 1e-9), up=False), _nice(high / LOG_SPAN, up=False))
    low = min(low, high / 10)
    return Scale(GLOW, low, high, tuple(_nice_ticks(low, high)), logarithmic=True)


def error_scale(error: Floats) -> Scale:
    """Return a linear scale from 0; the largest 2 % of the errors get the brightest colour."""
    worst = float(np.percentile(error, 98))
    high = next((top for top in ERROR_TOPS if top >= worst), ERROR_TOPS[-1])
    ticks = [(high * i / 4, f"{high * i / 4:.0f}") for i in range(5)]
    return Scale(GLOW, 0.0, float(high), tuple(ticks))


def offset_scale(offset: npt.NDArray[np.int8]) -> Scale:
    """Return a scale of step offsets in quarter octaves, labelled with factors of the step."""
    octaves = max(1, math.ceil(int(np.abs(offset.astype(np.int64)).max()) / 4))
    ticks = [(4.0 * i, _factor(i)) for i in range(-octaves, octaves + 1)]
    return Scale(BALANCE, -4.0 * octaves, 4.0 * octaves, tuple(ticks))


def shade(colours: Pixels, picture: Pixels) -> Pixels:
    """Return colours, (h, w, 3), with a trace of the picture's luma, for orientation."""
    luma = np.asarray(Image.fromarray(picture).convert("L")).astype(np.int16)  # (h, w)
    trace = np.rint(SHADE * (luma - 128)).astype(np.int16)
    return np.asarray(np.clip(colours + trace[..., np.newaxis], 0, 255).astype(np.uint8))


def _nice(value: float, *, up: bool) -> float:
    """Return the next number above or below value that is 1, 2 or 5 times a power of ten."""
    decade = 10.0 ** math.floor(math.log10(value))
    ends = [part * decade for part in (*NICE, 10.0)]
    if up:
        return next((end for end in ends if end >= value), ends[-1])
    return next(end for end in reversed(ends) if end <= value or end == ends[0])


def _nice_ticks(low: float, high: float) -> Iterable[tuple[float, str]]:
    """Yield every number in low..high that is 1, 2 or 5 times a power of ten, with its text."""
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for part in NICE:
            value = part * 10.0**power
            if low * 0.999 <= value <= high * 1.001:
                yield value, f"{value:g}"


def _factor(octave: int) -> str:
    """Return the factor of a number of octaves as text."""
    return f"1/{2**-octave}" if octave < 0 else f"{2**octave}"
