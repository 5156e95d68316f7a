"""Numbers as the page writes them."""

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def fixed(value: float | None, places: int) -> str:
    """Return a value with a number of decimal places; a dash for None."""
    return NONE if value is None else f"{value:.{places}f}".replace("-", MINUS)


def signed(value: float | None, places: int) -> str:
    """Return a value with its sign and a number of decimal places; a dash for None."""
    return NONE if value is None else f"{value:+.{places}f}".replace("-", MINUS)


def percent(value: float | None) -> str:
    """Return a change, given in per cent, as a whole number with its sign; a dash for None."""
    return NONE if value is None else f"{value:+.0f} %".replace("-", MINUS)


def whole(value: float | None) -> str:
    """Return a rounded value with separated thousands; a dash for None."""
    return NONE if value is None else f"{value:,.0f}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 picture, 2 pictures."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
