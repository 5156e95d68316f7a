"""Prediction modes as colours and strokes (docs/FORMAT.md, Prediction)."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc.arrays import CELL, Pixels
from ablc.drawing.panels import ABLATED, FAINT
from ablc.drawing.view import PAPER, View

Modes = npt.NDArray[np.uint8]
Strokes = npt.NDArray[np.float64]  # (K, 4) x0, y0, x1, y1 in pixels of the picture

BASE, FADE, ANGULAR = 0, 1, 2  # ANGULAR + d is direction d
# Offset along the border, in 1/32 pixel per pixel away from it: 16 directions from above, 16 from
# the left.
DISPLACEMENT = (
    *(-26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32),
    *(-32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26),
)

BASE_COLOUR, FADE_COLOUR = (124, 124, 132), (222, 222, 212)
# Of the angles 0, 45, 90, 135 degrees, counterclockwise from a level line; 180 is 0 again.
ANGLE_COLOURS = ((222, 84, 70), (196, 164, 44), (52, 162, 176), (140, 96, 206))
STROKE = (255, 255, 255)
STROKE_LEAST = 7.0  # drawn side of a block that gets a stroke, pixels
FINE = 3  # strokes are drawn that many times larger and reduced, for smooth lines


def angle(direction: int) -> float:
    """Of the lines along which a direction carries samples: radians, 0 level, pi/2 upright."""
    along = DISPLACEMENT[direction]
    if direction < len(DISPLACEMENT) // 2:
        return math.atan2(32, along)
    return math.atan2(-along, -32) % math.pi


def colours(mode: Modes, kept: npt.NDArray[np.bool_]) -> Pixels:
    """(R, C, 3) colours of cells with those prediction modes."""
    table = np.array([BASE_COLOUR, FADE_COLOUR, *map(_angle_colour, _angles())], np.uint8)
    return np.where(kept[..., np.newaxis], table[mode], np.array(ABLATED, np.uint8))


def strokes(mode: Modes, side: npt.NDArray[np.uint8], kept: npt.NDArray[np.bool_]) -> Strokes:
    """One stroke along its direction in every block that has one."""
    rows, columns = np.nonzero(kept & (mode >= ANGULAR))
    sides = side[rows, columns].astype(np.int64)
    first = (rows * CELL % sides == 0) & (columns * CELL % sides == 0)  # one cell of each block
    rows, columns, sides = rows[first], columns[first], sides[first]
    turned = np.array(_angles())[mode[rows, columns] - ANGULAR]
    half = 0.36 * sides
    dx, dy = half * np.cos(turned), -half * np.sin(turned)
    x, y = CELL * columns + sides / 2, CELL * rows + sides / 2
    return np.stack([x - dx, y - dy, x + dx, y + dy], axis=1)


def draw_strokes(picture: Pixels, lines: Strokes, view: View) -> Pixels:
    """(h, w, 3): the drawing with smooth lines over it; those too short to see are left out."""
    ends = lines * view.scale
    long_enough = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]) >= 0.72 * STROKE_LEAST
    ink = Image.new("L", (view.width * FINE, view.height * FINE))
    pen = ImageDraw.Draw(ink)
    for line in ends[long_enough] * FINE:
        pen.line(tuple(line), 230, FINE)
    canvas = Image.fromarray(picture)
    canvas.paste(STROKE, (0, 0), ink.reduce(FINE))
    return np.asarray(canvas)


def key(width: int, size: int) -> Image.Image:
    """Swatches of the modes, eight of the directions among them, width pixels long."""
    canvas = Image.new("RGB", (width, size + size // 2), PAPER)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(max(9, 4 * size // 5))
    x = 0
    for text, colour in (("base", BASE_COLOUR), ("fade", FADE_COLOUR), ("dropped", ABLATED)):
        pen.rectangle((x, 0, x + size, size), colour)
        pen.text((x + size + size // 3, 0), text, FAINT, font)
        x += round(size + size // 3 + pen.textlength(text, font) + size)
    for turn in np.arange(0, math.pi, math.pi / 8):
        _swatch(pen, x, size, float(turn))
        x += size + max(1, size // 8)
    pen.text((x + size // 3, 0), "direction", FAINT, font)
    return canvas


def _swatch(pen: ImageDraw.ImageDraw, x: int, size: int, turn: float) -> None:
    """A square in the colour of an angle, with its stroke."""
    pen.rectangle((x, 0, x + size, size), _angle_colour(turn))
    centre, half = (x + size / 2, size / 2), 0.36 * size
    dx, dy = half * math.cos(turn), -half * math.sin(turn)
    ends = (centre[0] - dx, centre[1] - dy, centre[0] + dx, centre[1] + dy)
    pen.line(ends, STROKE, max(1, size // 12))


def _angles() -> list[float]:
    return [angle(direction) for direction in range(len(DISPLACEMENT))]


def _angle_colour(turn: float) -> tuple[int, int, int]:
    """Colour of an angle in radians; the same half a turn on."""
    place = turn / math.pi * len(ANGLE_COLOURS)
    share = place % 1
    low = ANGLE_COLOURS[int(place) % len(ANGLE_COLOURS)]
    high = ANGLE_COLOURS[(int(place) + 1) % len(ANGLE_COLOURS)]
    red, green, blue = (round((1 - share) * a + share * b) for a, b in zip(low, high, strict=True))
    return red, green, blue
