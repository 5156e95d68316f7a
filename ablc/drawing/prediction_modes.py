"""Prediction modes as colours and strokes (docs/FORMAT.md, Prediction)."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc import _core
from ablc.arrays import CELL, Pixels
from ablc.drawing.panels import ABLATED, FAINT
from ablc.drawing.view import PAPER, View

Modes = npt.NDArray[np.uint8]
Strokes = npt.NDArray[np.float64]  # (K, 4) x0, y0, x1, y1 in pixels of the picture

PLANAR, DC, ANGULAR = 0, 1, 2  # ANGULAR + d stands for direction d
PLANAR_COLOUR, DC_COLOUR = (124, 124, 132), (222, 222, 212)
# Of the angles 0, 45, 90, 135 degrees, counterclockwise from a level line; 180 is 0 again.
ANGLE_COLOURS = ((222, 84, 70), (196, 164, 44), (52, 162, 176), (140, 96, 206))
STROKE = (255, 255, 255)
STROKE_LEAST = 7.0  # least drawn side of a block with a stroke, pixels
FINE = 3  # factor by which strokes are drawn larger, then reduced, for smooth lines


def angle(direction: int) -> float:
    """Return the angle of a direction's lines in radians: 0 level, pi/2 upright."""
    along = _core.DISPLACEMENT[direction]
    if direction < len(_core.DISPLACEMENT) // 2:
        return math.atan2(-along, -32) % math.pi
    return math.atan2(32, along)


def colours(mode: Modes, kept: npt.NDArray[np.bool_]) -> Pixels:
    """Return the colours, (R, C, 3), of cells with prediction modes."""
    table = np.array([PLANAR_COLOUR, DC_COLOUR, *map(_angle_colour, _angles())], np.uint8)
    return np.where(kept[..., np.newaxis], table[mode], np.array(ABLATED, np.uint8))


def strokes(mode: Modes, side: npt.NDArray[np.uint8], kept: npt.NDArray[np.bool_]) -> Strokes:
    """Return a stroke along the direction of every block that has one."""
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
    """Return the drawing, (h, w, 3), with smooth lines over it, except those too short to see."""
    ends = lines * view.scale
    long_enough = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]) >= 0.72 * STROKE_LEAST
    ink = Image.new("L", (view.width * FINE, view.height * FINE))
    pen = ImageDraw.Draw(ink)
    for line in ends[long_enough] * FINE:
        pen.line(tuple(line), 230, FINE)
    canvas = Image.fromarray(picture)
    canvas.paste(STROKE, (0, 0), ink.reduce(FINE))
    return np.asarray(canvas)


def key(width: int, side: int) -> Image.Image:
    """Return swatches of the modes and of eight directions.

    width: of the whole, in pixels. side: of a swatch, also the height of letters.
    """
    canvas = Image.new("RGB", (width, side + side // 2), PAPER)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(max(9, 4 * side // 5))
    x = 0
    for text, colour in (("planar", PLANAR_COLOUR), ("DC", DC_COLOUR), ("dropped", ABLATED)):
        pen.rectangle((x, 0, x + side, side), colour)
        pen.text((x + side + side // 3, 0), text, FAINT, font)
        x += round(side + side // 3 + pen.textlength(text, font) + side)
    for turn in np.arange(0, math.pi, math.pi / 8):
        _swatch(pen, x, side, float(turn))
        x += side + max(1, side // 8)
    pen.text((x + side // 3, 0), "direction", FAINT, font)
    return canvas


def _swatch(pen: ImageDraw.ImageDraw, x: int, side: int, turn: float) -> None:
    """Draw a square in the colour of an angle, with its stroke."""
    pen.rectangle((x, 0, x + side, side), _angle_colour(turn))
    centre, half = (x + side / 2, side / 2), 0.36 * side
    dx, dy = half * math.cos(turn), -half * math.sin(turn)
    ends = (centre[0] - dx, centre[1] - dy, centre[0] + dx, centre[1] + dy)
    pen.line(ends, STROKE, max(1, side // 12))


def _angles() -> list[float]:
    return [angle(direction) for direction in range(len(_core.DISPLACEMENT))]


def _angle_colour(turn: float) -> tuple[int, int, int]:
    """Return the colour of an angle in radians; the same after half a turn."""
    place = turn / math.pi * len(ANGLE_COLOURS)
    share = place % 1
    low = ANGLE_COLOURS[int(place) % len(ANGLE_COLOURS)]
    high = ANGLE_COLOURS[(int(place) + 1) % len(ANGLE_COLOURS)]
    red, green, blue = (round((1 - share) * a + share * b) for a, b in zip(low, high, strict=True))
    return red, green, blue
