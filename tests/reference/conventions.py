"""FORMAT.md, section 1, Conventions: arithmetic on integers, and planes of samples."""

Plane = list[list[int]]  # plane[y][x]
Window = tuple[tuple[int, ...], ...]  # a part of a plane that can be the key of a cache


def divide(a: int, b: int) -> int:
    """Return `a / b` as the document writes it: truncated toward zero. `b` must be positive."""
    return a // b if a >= 0 else -(-a // b)


def ceil_divide(a: int, b: int) -> int:
    """Return `ceil(a / b)`."""
    return -(-a // b)


def clip(v: int, lowest: int, highest: int) -> int:
    """Return `v` limited to `lowest..highest`."""
    return lowest if v < lowest else highest if v > highest else v


def clip255(v: int) -> int:
    """Return `v` limited to 0..255."""
    return clip(v, 0, 255)


def sign(v: int) -> int:
    """Return `sgn(v)`: -1, 0 or 1."""
    return (v > 0) - (v < 0)


def filled(width: int, height: int, value: int = 0) -> Plane:
    """Return a plane whose samples are all `value`."""
    return [[value] * width for _ in range(height)]


def extended(plane: Plane, count: int) -> Plane:
    """Return a plane with `count` more samples on every side, each the nearest one inside."""
    rows = [[row[0]] * count + row + [row[-1]] * count for row in plane]
    return [rows[0]] * count + rows + [rows[-1]] * count


def square(plane: Plane, x: int, y: int, side: int) -> Window:
    """Return the square of a plane whose top left sample is at (x, y)."""
    return tuple(tuple(row[x : x + side]) for row in plane[y : y + side])


def crop(plane: Plane, width: int, height: int) -> Plane:
    """Return the upper left part of a plane."""
    return [row[:width] for row in plane[:height]]


def paste(plane: Plane, x: int, y: int, part: Plane) -> None:
    """Replace the samples from (x, y) on by those of `part`."""
    for row, samples in zip(plane[y : y + len(part)], part, strict=True):
        row[x : x + len(samples)] = samples
